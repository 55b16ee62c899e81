"""A covering sample of the matrix of reports before its judges; ``make matrix-reports`` runs the whole of it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import report_judges
from report_judges import PYPI, judge_case
from report_matrix import FACTORS, KINDS, Case, Report, all_cases, covering, make, pairs

CASES = all_cases()
SAMPLE = covering(CASES)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # highdicom's, about what is meant
        yield


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    verdicts = judge_case(case, tmp_path, PYPI)
    assert not verdicts.failed
    assert set(verdicts.errors) == set(PYPI)


def _of(kind: str, syntax: str = "") -> Case:
    """A document of a kind whose first measurement is a plain number."""
    return next(
        case
        for case in CASES
        if case["kind"] == kind
        and case["detail"] not in ("qualifier", "numbers")
        and case["syntax"] in (syntax, *([] if syntax else FACTORS["syntax"]))
    )


def _first(report: Report, *names: Any) -> Any:
    found: Any = report.expected["groups"][0]
    for name in names:
        found = found[name]
    return found


@pytest.mark.parametrize(
    ("kind", "names", "due", "comparing"),
    [
        ("images", ("measurements", 0, "value"), 0.5, {"dcmqi", "highdicom", "pydicom", "dicomposer"}),
        (
            "images",
            ("measurements", 0, "unit"),
            ("cm", "UCUM", "cm"),
            {"dcmqi", "highdicom", "pydicom", "dicomposer"},
        ),
        ("images", ("evaluations", 0), (), {"highdicom", "dicomposer"}),
        ("images", ("tracking_identifier",), "other", {"dcmqi", "highdicom", "dicomposer"}),
        ("image-circle", ("regions", 0), (), {"highdicom", "dicomposer"}),
        ("space-polygon", ("space",), (), {"highdicom", "dicomposer"}),
        ("surface-ellipsoid", ("space",), (), {"highdicom", "dicomposer"}),
        ("segment-images", ("segment",), ("1.2", "1.2", (), (3,)), {"dcmqi", "highdicom", "dicomposer"}),
        ("segmentation-frame", ("sources",), [("1.2", "1.2")], {"highdicom", "dicomposer"}),
    ],
)
def test_comparisons_see_a_difference(
    kind: str,
    names: tuple[Any, ...],
    due: Any,
    comparing: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Something else is expected than what was written: whoever compares must object."""

    def other(case: Case) -> Report:
        report = make(case)
        _first(report, *names[:-1])[names[-1]] = due
        return report

    monkeypatch.setattr(report_judges, "make", other)
    verdicts = judge_case(_of(kind), tmp_path, PYPI)
    assert {judge for judge, lines in verdicts.errors.items() if lines} == comparing


def test_checks_see_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(case: Case) -> Report:
        report = make(case)
        report.document.CompletionFlag = "DONE"
        return report

    monkeypatch.setattr(report_judges, "make", faulty)
    for syntax in FACTORS["syntax"]:
        verdicts = judge_case(_of("images", syntax), tmp_path, ("validate", "dciodvfy"))
        assert all(verdicts.errors.values())


def test_matrix_is_what_it_claims() -> None:
    assert len(CASES) >= 240 and len({case.id for case in CASES}) == len(CASES)
    names = list(FACTORS)
    for part in (CASES, SAMPLE):
        for name, choices in FACTORS.items():
            assert {case[name] for case in part} == set(choices)
    met = set().union(*(pairs(case.choices) for case in CASES))
    due = {
        ((i, one), (j, other))
        for i, j in combinations(range(len(names)), 2)
        for one in FACTORS[names[i]]
        for other in FACTORS[names[j]]
    }
    assert {one for one in due - met if not _excluded(*one)} == set()


def _excluded(first: tuple[int, str], second: tuple[int, str]) -> bool:
    """Whether a pair of choices is not legal, or makes no sense."""
    names = list(FACTORS)
    pair = {names[first[0]]: first[1], names[second[0]]: second[1]}
    kind, source = pair.get("kind", ""), pair.get("source", "")
    if "key-objects" in pair.values():
        return True
    space = kind.startswith(("space-", "surface-"))
    if space and pair.get("class", "comprehensive-3d") != "comprehensive-3d":
        return True
    if kind.startswith(("surface-", "volume-")) and source == "slide-full":
        return True
    if pair.get("class") == "enhanced" and pair.get("detail") in ("tracking", "everything"):
        return True
    if kind == "derived" and pair.get("class") == "enhanced":
        return True
    return kind in ("none", "derived", "evaluations") and pair.get("detail", "plain") != "plain"


def test_page_says_so() -> None:
    page = (Path(__file__).parents[2] / "docs" / "matrix-reports.md").read_text(encoding="utf-8")
    assert f"**{len(CASES)} documents; 0 with an objection.**" in page, "run `make matrix-reports`"
    assert all(f"| {kind} |" in page for kind in KINDS)


def test_same_bytes_every_time(tmp_path: Path) -> None:
    for case in SAMPLE[:4]:
        first, second = make(case).document, make(case).document
        assert first == second
        changed = replace(case, number=case.number + 1000)
        assert make(changed).document.SOPInstanceUID != first.SOPInstanceUID
