"""A covering sample of the matrix before all its judges; ``make matrix`` runs the whole of it."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from matrix import SYNTAXES, TYPES, Case, all_cases, covering, make
from matrix_judges import JUDGES, judge_case, judge_sources
from matrix_sources import SOURCES

CASES = all_cases()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("matrix")


@pytest.mark.parametrize("case", covering(CASES), ids=lambda case: case.id)
def test_case(case: Case, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # highdicom's, about what is meant
        verdicts = judge_case(case, folder)
    assert not verdicts.failed
    assert set(verdicts.errors) == set(JUDGES)


@pytest.mark.parametrize("name", SOURCES)
def test_sources(name: str, folder: Path) -> None:
    assert judge_sources(name, folder) == []


def test_matrix_is_what_it_claims() -> None:
    assert len(CASES) >= 80 and len({case.id for case in CASES}) == len(CASES)
    sample = covering(CASES)
    for part in (CASES, sample):
        assert {case.source for case in part} == set(SOURCES)
        assert {case.type for case in part} == set(TYPES)
        assert {case.syntax for case in part} == set(SYNTAXES)
        assert {case.organisation for case in part} == {"", "3D", "TILED_SPARSE", "TILED_FULL"}
        assert {case.omit_empty for case in part} == {True, False}
    page = (Path(__file__).parents[2] / "docs" / "matrix.md").read_text(encoding="utf-8")
    assert f"**{len(CASES)} objects; 0 with an objection.**" in page, "run `make matrix`"


def test_same_bytes_every_time() -> None:
    for case in covering(CASES)[::7]:
        assert make(case).PixelData == make(case).PixelData
        assert make(case) == make(case)
