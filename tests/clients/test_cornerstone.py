"""Cornerstone3D's adapter, as OHIF uses it, counts the voxels of what we wrote.

``docs/clients.md`` says what it does not read; that it does not is tested too, so that no agreement goes untested.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clients import cornerstone
from dicomposer import samples
from matrix import Case, all_cases, covering, make, truth
from matrix_sources import saved
from segmentations import RLE, build

SERIES = ("ct", "mr", "pt", "gap", "single")
CASES = [case for name in SERIES for case in covering([case for case in all_cases() if case.source == name])]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, dict[str, Any]]:
    """All cases in one run of node."""
    folder = tmp_path_factory.mktemp("cornerstone")
    jobs = []
    for case in CASES:
        file = folder / f"{case.id}.dcm"
        make(case).save_as(file)
        jobs.append((file, saved(case.source, folder / "sources").files))
    return dict(zip(CASES, cornerstone(jobs), strict=True))


def expected(stack: np.ndarray, numbers: tuple[int, ...], *, wraps: bool = False) -> dict[str, Any]:
    """The answer that (planes, rows, columns, segments) should give."""
    images, sums = {}, {}
    for i, number in enumerate(numbers):
        segment = stack[..., i] > 0
        if not segment.any():
            continue
        _, rows, columns = np.nonzero(segment)
        name = str(number % 256 if wraps else number)
        images[name] = segment.sum(axis=(1, 2)).tolist()
        sums[name] = [int(rows.sum()), int(columns.sum())]
    return {
        "overlapping": bool(((stack > 0).sum(axis=-1) > 1).any()),
        "images": images,
        "sums": sums,
    }


def _frames(case: Case) -> int:
    occupied = truth(case).stack.any(axis=(1, 2))  # (planes, segments)
    if case.kind == "LABELMAP":
        occupied = occupied.any(axis=1)
    return int(occupied.sum() if case.omit_empty else occupied.size)


def refusal(case: Case) -> str:
    """What the adapter says of what it cannot read; "" if it can."""
    if case.syntax in ("J2K", "JPEG-LS", "deflated-frames"):
        # one compressed frame it takes for pixels
        frames = _frames(case)
        return "encapsulated PixelData" if frames > 1 else "out of bounds"
    stack = truth(case).stack
    if case.type == "FRACTIONAL" and not np.isin(stack, (0, 1)).all():
        return "Fractional segmentations are not yet supported"
    if case.type == "BINARY":
        size = -(-_frames(case) * stack.shape[1] * stack.shape[2] // 8)
        if size % 2:  # values have an even length: a byte of padding follows (PS3.5 8.1.1)
            return "Unexpected 1-bit SEG PixelData length"
    return ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, answers: dict[Case, dict[str, Any]]) -> None:
    answer, wanted = answers[case], truth(case)
    reason = refusal(case)
    if reason:
        assert reason in answer.get("error", "it is read after all: compare it")
        return
    labels = {str(number): f"Segment {number}" for number in wanted.numbers}
    if case.kind == "LABELMAP":
        labels["0"] = "Background"
    assert answer.pop("labels") == labels
    # its images have 8 bits: numbers above 255 wrap
    assert answer == expected(wanted.stack, wanted.numbers, wraps=case.type == "LABELMAP16")
    assert answer["images"]


def test_sample_is_what_it_claims() -> None:
    read = {(case.source, case.type, case.syntax, case.style) for case in CASES if not refusal(case)}
    for name in ("ct", "mr"):
        assert {syntax for source, kind, syntax, _ in read if (source, kind) == (name, "LABELMAP")} >= {
            "explicit", "implicit", "deflated", "RLE",
        }  # fmt: skip
        styles = {style for source, kind, _, style in read if (source, kind) == (name, "BINARY")}
        assert {"overlap"} < styles, styles


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_real_tumours(modality: str, tmp_path: Path) -> None:
    series = (samples.ct_series if modality == "CT" else samples.mr_series)(tmp_path / "images")
    jobs = []
    for kind, more in (("BINARY", {}), ("LABELMAP", {}), ("LABELMAP", {"transfer_syntax_uid": RLE})):
        file = tmp_path / f"{len(jobs)}.dcm"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            build(series.datasets, series.mask, kind, 1, **more).save_as(file)
        jobs.append((file, series.files))
    wanted = expected(series.mask[..., None], (1,))
    assert sum(wanted["images"]["1"]) == np.count_nonzero(series.mask) > 800
    for answer in cornerstone(jobs):
        assert {name: answer.get(name) for name in wanted} == wanted, answer.get("error")


def test_page_says_so(page: str) -> None:
    right = [case for case in CASES if not refusal(case) and case.type != "LABELMAP16"]
    assert f"| Cornerstone3D | {len(CASES)} | {len(right)} |" in page


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_comparison_sees_a_shift(axis: int, answers: dict[Case, dict[str, Any]]) -> None:
    case = next(case for case in CASES if case.source == "mr" and not refusal(case))
    wanted = truth(case)
    assert expected(wanted.stack, wanted.numbers)["images"] == answers[case]["images"]
    moved = expected(np.roll(wanted.stack, 1, axis), wanted.numbers)
    assert any(answers[case][name] != moved[name] for name in ("images", "sums"))
