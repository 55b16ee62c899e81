"""Segmentations whose values make no sense: typed errors, bounded memory, and nothing left out in silence."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

import dicomposer
from dicomposer import samples
from dicomposer.errors import DamagedFileError, DicomposerError, GeometryError, UnsupportedError
from dicomposer.image import zeros
from dicomposer.seg import Segmentation, segread
from dicomposer.view import summarise

SEGMENTS = {1: "Liver", 2: "Spleen"}


@pytest.fixture(scope="module")
def series() -> samples.ImageSeries:
    return samples.phantom_series("CT", shape=(4, 8, 8))


def made(series: samples.ImageSeries, kind: str) -> Segmentation:
    mask = series.mask.copy()
    mask[0, 0, :2] = 1, 2
    return dicomposer.segment(mask, list(series.datasets), SEGMENTS, segmentation_type=kind)


@pytest.fixture(scope="module")
def binary(series: samples.ImageSeries) -> Segmentation:
    return made(series, "BINARY")


@pytest.fixture(scope="module")
def labels(series: samples.ImageSeries) -> Segmentation:
    return made(series, "LABELMAP")


def changed(seg: Segmentation, change: Callable[[Any], None]) -> Segmentation:
    copy = deepcopy(seg)
    change(copy)
    return copy


def everything(seg: Segmentation) -> list[Callable[[], object]]:
    return [
        seg.get_volume,
        lambda: seg.get_volume(combine_segments=True),
        seg.get_volume_geometry,
        seg.get_stored_frames,
        seg.get_source_image_uids,
        lambda: [seg.get_segment_description(n).segmented_property_type for n in seg.segment_numbers],
        lambda: summarise(seg),
    ]


def shared(keyword: str, **values: Any) -> Callable[[Any], None]:
    def change(seg: Any) -> None:
        item = seg.SharedFunctionalGroupsSequence[0][keyword].value[0]
        for name, value in values.items():
            item[name]._value = value

    return change


def without(*path: str) -> Callable[[Any], None]:
    def change(seg: Any) -> None:
        item = seg
        for keyword in path[:-1]:
            item = item[keyword].value[0]
        del item[path[-1]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        shared("PixelMeasuresSequence", PixelSpacing=["SECRET", "1"]),
        shared("PixelMeasuresSequence", PixelSpacing="1"),
        shared("PlaneOrientationSequence", ImageOrientationPatient=["SECRET"] * 6),
        without("SegmentSequence"),
        without("SegmentSequence", "SegmentNumber"),
        without("SegmentSequence", "SegmentedPropertyTypeCodeSequence"),
        without("SegmentSequence", "SegmentedPropertyTypeCodeSequence", "CodeMeaning"),
        without("SegmentSequence", "SegmentedPropertyCategoryCodeSequence", "CodeValue"),
        without("StudyInstanceUID"),
        without("ReferencedSeriesSequence", "SeriesInstanceUID"),
        without("ReferencedSeriesSequence", "ReferencedInstanceSequence", "ReferencedSOPInstanceUID"),
        without("SegmentationType"),
        without("Rows"),
        without("BitsAllocated"),
        lambda seg: delattr(seg.file_meta, "TransferSyntaxUID"),
        lambda seg: setattr(seg["SegmentationType"], "_value", "SECRET"),
        lambda seg: setattr(seg["NumberOfFrames"], "_value", "SECRET"),
        lambda seg: setattr(seg["Rows"], "_value", [8, 8]),
        lambda seg: setattr(seg["SamplesPerPixel"], "_value", 3),
        lambda seg: setattr(seg["SharedFunctionalGroupsSequence"], "_value", "SECRET"),
        lambda seg: setattr(seg["SegmentSequence"], "_value", "SECRET"),
    ],
)
@pytest.mark.parametrize("kind", ["binary", "labels"])
def test_only_typed_errors(change: Callable[[Any], None], kind: str, request: pytest.FixtureRequest) -> None:
    seg = changed(request.getfixturevalue(kind), change)
    for use in everything(seg):
        message = ""
        try:
            use()
        except DicomposerError as error:
            message = str(error)
        assert "SECRET" not in message


def test_segment_number_beyond_the_pixels(labels: Segmentation) -> None:
    seg = changed(labels, lambda s: setattr(s.SegmentSequence[-1], "SegmentNumber", 4864))
    with pytest.warns(UserWarning, match="does not describe"):
        assert seg.get_volume(combine_segments=True).array.max() == 1
    with pytest.warns(UserWarning, match="does not describe"):
        assert not seg.get_volume().array[..., -1].any()


def test_far_away_plane(binary: Segmentation) -> None:
    for far in (3e9, 3 * 2.0**40):
        seg = deepcopy(binary)
        position = seg.PerFrameFunctionalGroupsSequence[-1].PlanePositionSequence[0].ImagePositionPatient
        position[2] = float(position[2]) - far
        with pytest.raises(GeometryError, match="limit .* places"):
            seg.get_volume(combine_segments=True)


def slide() -> Segmentation:
    image = samples.phantom_slide().dataset
    mask = np.zeros((int(image.TotalPixelMatrixRows), int(image.TotalPixelMatrixColumns)), np.uint8)
    mask[3:20, 4:50] = 1
    return dicomposer.segment(mask, image, ["Liver"])


@pytest.mark.parametrize("size", [2**31 - 1, 2**32 - 1])
def test_huge_total_pixel_matrix(size: int) -> None:
    seg = slide()
    seg.TotalPixelMatrixRows = seg.TotalPixelMatrixColumns = size
    for combine in (False, True):
        with pytest.raises(UnsupportedError, match="the limit is"):
            seg.get_total_pixel_matrix(combine_segments=combine)
    assert seg.get_total_pixel_matrix(1, 33, 1, 33, combine_segments=True).any()


def test_tiles_outside_the_total_pixel_matrix() -> None:
    seg = slide()
    seg.TotalPixelMatrixRows = seg.TotalPixelMatrixColumns = 8
    with pytest.raises(DicomposerError, match="outside the total pixel matrix|do not fill"):
        seg.get_total_pixel_matrix(combine_segments=True)
    seg.TotalPixelMatrixRows = 0
    with pytest.raises(DamagedFileError, match="no rows"):
        seg.get_total_pixel_matrix(combine_segments=True)


def test_no_memory(binary: Segmentation, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "zeros", full)
    with pytest.raises(UnsupportedError, match="more than there is"):
        zeros((2, 8, 8), np.uint8, binary._pixel_format, 2)


# ---- nothing is left out in silence ---------------------------------------------------------------------


def quiet(use: Callable[[], object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        use()


def test_frames_of_an_undescribed_segment(binary: Segmentation) -> None:
    seg = deepcopy(binary)
    item = seg.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence[0]
    item.ReferencedSegmentNumber = 9
    for combine in (False, True):
        with pytest.warns(UserWarning, match="1 frames of 1 segment that") as caught:
            seg.get_volume(combine_segments=combine)
        assert caught[0].filename == __file__
        quiet(lambda combine=combine: seg.get_volume(combine_segments=combine, segment_numbers=[1]))  # type: ignore[misc]
        quiet(lambda combine=combine: binary.get_volume(combine_segments=combine))  # type: ignore[misc]


@pytest.mark.parametrize("numbers", [(1, 2), (3, 700)])
def test_undescribed_labels(
    labels: Segmentation, series: samples.ImageSeries, numbers: tuple[int, int]
) -> None:
    seg: Any = labels
    if numbers != (1, 2):  # numbers with gaps, in 16 bits
        mask = np.zeros(series.mask.shape, np.uint16)
        mask[0, 0, :2] = numbers
        seg = dicomposer.segment(
            mask, list(series.datasets), dict(zip(numbers, ("Liver", "Spleen"), strict=True)),
            segmentation_type="LABELMAP",
        )  # fmt: skip
    size = int(seg.BitsAllocated) // 8
    stream = io.BytesIO()
    seg.save_as(stream)
    found = segread(stream.getvalue())
    value = bytearray(found.PixelData)
    value[:size] = (5).to_bytes(size, "little")
    value[size : 2 * size] = (7).to_bytes(size, "little")
    found.PixelData = bytes(value)
    first = [found.segment_numbers[0]]
    for combine in (False, True):
        with pytest.warns(UserWarning, match="pixels of 2 segments that") as caught:
            found.get_volume(combine_segments=combine)
        assert caught[0].filename == __file__
        quiet(lambda combine=combine: found.get_volume(combine_segments=combine, segment_numbers=first))  # type: ignore[misc]
        quiet(lambda combine=combine: seg.get_volume(combine_segments=combine))  # type: ignore[misc]


def test_json_of_a_lazy_object(binary: Segmentation, tmp_path: Any) -> None:
    binary.save_as(tmp_path / "a.dcm")
    lazy = segread(tmp_path / "a.dcm", lazy_frame_retrieval=True)
    assert lazy.to_json() == segread(tmp_path / "a.dcm").to_json()
    assert Dataset.from_json(lazy.to_json()).PixelData == bytes(lazy.PixelData)
