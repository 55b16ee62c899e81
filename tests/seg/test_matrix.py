"""A covering sample of the matrix before all its judges; ``make matrix`` runs the whole of it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import matrix_judges
from dicomposer.seg import Segmentation
from matrix import SYNTAXES, TYPES, Case, all_cases, covering, make, truth
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


@pytest.mark.parametrize("name", ["mr", "gap", "slide-full", "us"])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_comparisons_see_one_voxel(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, shift: int
) -> None:
    """A mask shifted by one plane, row or column: whoever compares must object."""
    case = Case(name, "BINARY", "explicit", "TILED_FULL" if "slide" in name else "", False, "labels")
    if truth(case).stack.shape[shift] == 1:
        shift = 1
    shifted = replace(truth(case), stack=np.roll(truth(case).stack, 1, axis=shift))
    monkeypatch.setattr(matrix_judges, "truth", lambda _: shifted)
    verdicts = judge_case(case, folder)
    comparing = {"highdicom", "dicomposer", *(["dcmqi"] if name in ("mr", "gap") else [])}
    assert {judge for judge, errors in verdicts.errors.items() if errors} == comparing


def test_checks_see_faults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(case: Case) -> Segmentation:
        made = make(case)
        del made.ContentLabel
        made.PatientName = "Somebody^Else"
        return made

    monkeypatch.setattr(matrix_judges, "make", faulty)
    for syntax in ("explicit", "deflated", "deflated-frames"):
        case = Case("ct", "LABELMAP", syntax, "", True, "labels")
        errors = judge_case(case, folder).errors
        assert {judge for judge, lines in errors.items() if lines} == {"validate", "dciodvfy", "dcentvfy"}


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
