"""DCMTK reads every element of what we wrote without a complaint, and shows the frames that it can decode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clients import dcmtk, dcmtk_frame
from dicomposer import samples
from dicomposer.seg import segread
from matrix import Case, all_cases, covering, make
from matrix_sources import SOURCES, saved
from segmentations import RLE, build

CASES = covering(all_cases())
#: The program of DCMTK that decodes a transfer syntax.
PROGRAMS = {"JPEG-LS": "dcml2pnm"}
UNKNOWN = {"J2K": "PhotometricInterpretation", "deflated-frames": "no pixel data found"}


def listed(file: Path, uid: str) -> None:
    """``dcmftest`` and ``dcmdump`` are content, and the latter lists the first and the last element."""
    text, complaints = dcmtk("dcmftest", file)
    assert text.startswith("yes:") and not complaints
    text, complaints = dcmtk("dcmdump", "--print-all", file)
    assert not complaints
    assert uid in text and "(7fe0,0010)" in text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "object.dcm"
    make(case).save_as(file)
    segmentation = segread(file)
    listed(file, str(segmentation.SOPInstanceUID))
    program = PROGRAMS.get(case.syntax, "dcmj2pnm")
    shown = 0
    for number in range(1, int(segmentation.NumberOfFrames) + 1):
        values, complaints = dcmtk_frame(file, number, segmentation.BitsStored, program)
        if case.syntax in UNKNOWN:
            assert values is None and UNKNOWN[case.syntax] in "\n".join(complaints)
            continue
        assert values is not None and not complaints, complaints
        np.testing.assert_array_equal(values, segmentation.get_stored_frame(number))
        shown += bool(values.any())
    assert shown or case.syntax in UNKNOWN


@pytest.mark.parametrize("name", SOURCES)
def test_sources(name: str, tmp_path: Path) -> None:
    source = saved(name, tmp_path)
    for file, dataset in zip(source.files, source.datasets, strict=True):
        listed(file, str(dataset.SOPInstanceUID))


@pytest.mark.parametrize(("kind", "more"), [("BINARY", {}), ("LABELMAP", {"transfer_syntax_uid": RLE})])
def test_real_tumour(kind: str, more: dict[str, str], ct_sample: samples.ImageSeries, tmp_path: Path) -> None:
    file = tmp_path / "tumour.dcm"
    build(ct_sample.datasets, ct_sample.mask, kind, 1, **more).save_as(file)
    read = segread(file)
    planes = [plane for plane in ct_sample.mask if plane.any()]
    planes_of = {d.SOPInstanceUID: plane for d, plane in zip(ct_sample.datasets, ct_sample.mask, strict=True)}
    assert len(planes) == read.NumberOfFrames
    for number, groups in enumerate(read.PerFrameFunctionalGroupsSequence, 1):
        origin = groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        values, complaints = dcmtk_frame(file, number, read.BitsStored, "dcmj2pnm")
        assert not complaints
        np.testing.assert_array_equal(values, planes_of[origin])


def test_page_says_so(page: str) -> None:
    shown = sum(case.syntax not in UNKNOWN for case in CASES)
    assert f"| DCMTK | {len(CASES)} | all; frames of {shown} |" in page
