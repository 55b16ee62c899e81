"""Orthanc takes what we wrote by DICOMweb and gives it back, whole and frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from clients import orthanc
from dicomposer import samples
from dicomposer.seg import segread
from matrix import Case, all_cases, covering, make
from matrix_sources import source
from segmentations import EXPLICIT, J2K, RLE, build

CASES = covering(all_cases())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The cases, and a real tumour."""
    folder = tmp_path_factory.mktemp("objects")
    made = {case.id: folder / f"{case.id}.dcm" for case in CASES}
    for case in CASES:
        make(case).save_as(made[case.id])
    series = samples.ct_series()
    for kind, syntax in (("BINARY", EXPLICIT), ("BINARY", J2K), ("LABELMAP", RLE)):
        file = made[f"real-{kind}-{syntax}"] = folder / f"real-{kind}-{syntax}.dcm"
        build(series.datasets, series.mask, kind, 1, transfer_syntax_uid=syntax).save_as(file)
    return made


@pytest.fixture(scope="module")
def answers(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    answer = orthanc(list(files.values()), tmp_path_factory.mktemp("orthanc"))
    assert answer["stored"] == len(files) == len(answer["files"])
    return dict(zip(files, answer["files"], strict=True))


def same_frames(file: Path, answer: Mapping[str, Any]) -> None:
    assert "error" not in answer, answer["error"]
    segmentation = segread(file)
    for name, number in (("first", 1), ("last", int(segmentation.NumberOfFrames))):
        assert bytes.fromhex(answer[name]) == segmentation.get_raw_frame(number), name


def refusal(case: Case) -> str:
    """What Orthanc says when asked for single frames that it cannot find; "" if it can."""
    if case.syntax == "deflated":
        return "Internal error"
    if case.syntax == "deflated-frames":
        return "Unknown transfer syntax"
    if case.type == "BINARY" and source(case.source).mask.shape[-1] % 8:
        return "Bad file format"  # its log: "Bad number of columns for a black-and-white image"
    return ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, files: dict[str, Path], answers: Mapping[str, Any]) -> None:
    answer = answers[case.id]
    assert answer.get("identical"), answer.get("error")
    reason = refusal(case)
    if reason:
        assert reason in answer.get("error", "it gives frames after all: compare them")
    else:
        same_frames(files[case.id], answer)


def test_real_tumour(files: dict[str, Path], answers: Mapping[str, Any]) -> None:
    names = [name for name in files if name.startswith("real-")]
    for name in names:
        assert answers[name]["identical"]
        same_frames(files[name], answers[name])
    assert len(names) == 3


def test_page_says_so(page: str) -> None:
    given = sum(not refusal(case) for case in CASES)
    assert f"| Orthanc | {len(CASES)} | all; frames of {given} |" in page
