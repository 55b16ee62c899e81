"""What goes in comes out: arrays to objects to bytes to objects to arrays, for every kind of mask and source."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from dicomposer import samples
from dicomposer.errors import OverlapError, UnsupportedError
from dicomposer.seg import Segmentation, segread
from dicomposer.volume import Volume
from segmentations import (
    DEFLATED,
    DEFLATED_FRAMES,
    EXPLICIT,
    IMPLICIT,
    J2K,
    JPEG_LS,
    RLE,
    build,
    stack,
    uids,
)

ALL = [EXPLICIT, IMPLICIT, DEFLATED, RLE, J2K, JPEG_LS, DEFLATED_FRAMES]
SINGLE_BIT = [EXPLICIT, IMPLICIT, DEFLATED, J2K, DEFLATED_FRAMES]


def reopened(segmentation: Segmentation) -> Segmentation:
    buffer = io.BytesIO()
    segmentation.save_as(buffer)
    return segread(buffer.getvalue())


@pytest.mark.parametrize("omit", [True, False])
@pytest.mark.parametrize(
    ("kind", "syntax"),
    [("BINARY", s) for s in SINGLE_BIT] + [(k, s) for k in ("LABELMAP", "FRACTIONAL") for s in ALL],
)
def test_series(ct_phantom: samples.ImageSeries, kind: str, syntax: str, omit: bool) -> None:
    sources, mask = ct_phantom.datasets, ct_phantom.mask
    segments = int(mask.max())
    written = build(sources, mask, kind, segments, transfer_syntax_uid=syntax, omit_empty_frames=omit)
    for segmentation in (written, reopened(written)):
        labels = segmentation.get_pixels_by_source_instance(uids(sources), combine_segments=True)
        np.testing.assert_array_equal(labels, mask)
        split = segmentation.get_pixels_by_source_instance(uids(sources))
        np.testing.assert_array_equal(split, stack(mask, segments))
        frames = {"LABELMAP": len(mask)}.get(kind, len(mask) * segments)
        assert (segmentation.NumberOfFrames == frames) is not omit


@pytest.mark.parametrize("syntax", [RLE, JPEG_LS])
def test_illegal_syntax_of_single_bits(ct_phantom: samples.ImageSeries, syntax: str) -> None:
    with pytest.raises(UnsupportedError, match="PS3.5 8.2"):
        build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2, transfer_syntax_uid=syntax)


@pytest.mark.parametrize("syntax", [EXPLICIT, J2K])
@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 8, 8), (1, 1, 1), (4, 9, 3)])
@settings(max_examples=20)
@given(data=st.data())
def test_any_binary_stack(shape: tuple[int, int, int], syntax: str, data: st.DataObject) -> None:
    """Frames that do not end on byte boundaries, overlapping segments, empty segments and planes."""
    series = samples.phantom_series("CT", shape=shape, labels=1)
    segments = data.draw(st.integers(1, 3))
    masks = data.draw(hnp.arrays(np.bool_, (*shape, segments)))
    segmentation = reopened(
        build(
            series.datasets,
            masks,
            "BINARY",
            segments,
            transfer_syntax_uid=syntax,
            omit_empty_frames=data.draw(st.booleans()),
        )
    )
    read = segmentation.get_pixels_by_source_instance(uids(series.datasets))
    np.testing.assert_array_equal(read, masks)
    overlapping = bool(np.any(masks.sum(axis=-1) > 1))
    assert segmentation.SegmentsOverlap == ("YES" if overlapping else "NO")
    if overlapping:
        with pytest.raises(OverlapError):
            segmentation.get_pixels_by_source_instance(uids(series.datasets), combine_segments=True)
        free = segmentation.get_pixels_by_source_instance(
            uids(series.datasets), combine_segments=True, skip_overlap_checks=True
        )
        highest = (masks * np.arange(1, segments + 1)).max(axis=-1)
        np.testing.assert_array_equal(free, highest)


@settings(max_examples=30)
@given(
    values=hnp.arrays(np.float32, (2, 4, 6, 2), elements=st.floats(0, 1, width=32)),
    maximum=st.integers(1, 255),
)
def test_any_fractions(values: np.ndarray, maximum: int) -> None:
    series = samples.phantom_series("PT", shape=(2, 4, 6), labels=1)
    given_before = values.copy()
    segmentation = reopened(build(series.datasets, values, "FRACTIONAL", 2, max_fractional_value=maximum))
    np.testing.assert_array_equal(values, given_before)
    read = segmentation.get_pixels_by_source_instance(uids(series.datasets))
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, values, atol=0.5 / maximum + 1e-6)
    stored = segmentation.get_pixels_by_source_instance(uids(series.datasets), rescale_fractional=False)
    np.testing.assert_array_equal(stored, np.rint(values * np.float32(maximum)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int64, np.uint32])
@pytest.mark.parametrize("order", ["C", "F"])
def test_types_and_layouts_of_masks(ct_phantom: samples.ImageSeries, dtype: type, order: str) -> None:
    mask = np.asarray(ct_phantom.mask, dtype=dtype, order=order)
    reference = build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2)
    assert build(ct_phantom.datasets, mask, "BINARY", 2).PixelData == reference.PixelData
    assert build(ct_phantom.datasets, stack(ct_phantom.mask, 2), "BINARY", 2).PixelData == reference.PixelData
    floats = stack(ct_phantom.mask, 2).astype(np.float64)
    assert build(ct_phantom.datasets, floats, "BINARY", 2).PixelData == reference.PixelData


def test_wide_labels(ct_phantom: samples.ImageSeries) -> None:
    """A label map takes any numbers and grows to 16 bits; others are numbered without gaps."""
    numbers = [3, 700, 65535]
    mask = np.zeros(ct_phantom.mask.shape, dtype=np.uint16)
    for i, number in enumerate(numbers):
        mask[i + 1, 2 : 5 + i, 3:6] = number
    segmentation = reopened(build(ct_phantom.datasets, mask, "LABELMAP", numbers))
    assert segmentation.BitsAllocated == 16
    assert segmentation.segment_numbers == numbers
    sources = uids(ct_phantom.datasets)
    np.testing.assert_array_equal(
        segmentation.get_pixels_by_source_instance(sources, combine_segments=True), mask
    )
    chosen = segmentation.get_pixels_by_source_instance(
        sources, segment_numbers=[700, 3], combine_segments=True, relabel=True
    )
    np.testing.assert_array_equal(chosen, (mask == 700) * 1 + (mask == 3) * 2)
    with pytest.raises(ValueError, match="without gaps"):
        build(ct_phantom.datasets, mask, "BINARY", numbers)


def test_order_of_sources_does_not_matter(ct_phantom: samples.ImageSeries) -> None:
    shuffle = np.random.default_rng(7).permutation(len(ct_phantom.datasets))
    straight = build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2)
    shuffled = build([ct_phantom.datasets[i] for i in shuffle], ct_phantom.mask[shuffle], "BINARY", 2)
    assert shuffled.PixelData == straight.PixelData
    np.testing.assert_array_equal(
        shuffled.get_volume(combine_segments=True).array, straight.get_volume(combine_segments=True).array
    )


@pytest.mark.parametrize("omit", [True, False])
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "FRACTIONAL"])
def test_volume(mr_phantom: samples.ImageSeries, kind: str, omit: bool) -> None:
    """A volume keeps its place, source frames are found by it, and an oblique series stays oblique."""
    assert mr_phantom.affine is not None
    volume = Volume(
        mr_phantom.mask, mr_phantom.affine, "PATIENT", str(mr_phantom.datasets[0].FrameOfReferenceUID)
    )
    segments = int(mr_phantom.mask.max())
    segmentation = reopened(build(mr_phantom.datasets, volume, kind, segments, omit_empty_frames=omit))
    read = segmentation.get_volume(combine_segments=True)
    matched = read.match_geometry(volume)
    np.testing.assert_array_equal(matched.array, volume.array)
    np.testing.assert_allclose(matched.affine, volume.affine, atol=1e-4)
    by_source = segmentation.get_pixels_by_source_instance(uids(mr_phantom.datasets), combine_segments=True)
    np.testing.assert_array_equal(by_source, mr_phantom.mask)


def test_volume_on_another_grid(ct_phantom: samples.ImageSeries) -> None:
    """A volume that is not on the source's grid is written where it lies and references the whole series."""
    assert ct_phantom.affine is not None
    affine = ct_phantom.affine @ np.diag([1, 2, 2, 1])
    mask = np.ones((3, 5, 6), dtype=np.uint8)
    segmentation = reopened(build(ct_phantom.datasets, Volume(mask, affine, "PATIENT"), "BINARY", 1))
    assert segmentation.get_volume(combine_segments=True).geometry_equal(Volume(mask, affine, "PATIENT")) or (
        segmentation.get_volume(combine_segments=True)
        .match_geometry(Volume(mask, affine, "PATIENT"))
        .array.all()
    )
    with pytest.raises(RuntimeError):
        segmentation.get_pixels_by_source_instance(uids(ct_phantom.datasets))


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "FRACTIONAL"])
def test_enhanced_image(ct_phantom: samples.ImageSeries, kind: str) -> None:
    enhanced = samples.enhanced_image(ct_phantom)
    source = enhanced.datasets[0]
    segments = int(enhanced.mask.max())
    segmentation = reopened(build(enhanced.datasets, enhanced.mask, kind, segments))
    numbers = list(range(1, len(enhanced.mask) + 1))
    read = segmentation.get_pixels_by_source_frame(
        source.SOPInstanceUID, numbers, combine_segments=True, assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(read, enhanced.mask)


@pytest.mark.parametrize("organisation", [None, "TILED_FULL", "TILED_SPARSE"])
@pytest.mark.parametrize("tile", [None, (8, 16), (10, 10), (200, 300)])
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "FRACTIONAL"])
def test_slide(kind: str, tile: tuple[int, int] | None, organisation: str | None) -> None:
    slide = samples.phantom_slide()
    matrix = slide.mask.copy()
    matrix[: matrix.shape[0] // 3, : matrix.shape[1] // 3] = 2
    written = build(
        [slide.dataset], matrix, kind, 2, tile_pixel_array=True, tile_size=tile,
        dimension_organization_type=organisation,
    )  # fmt: skip
    segmentation = reopened(written)
    np.testing.assert_array_equal(segmentation.get_total_pixel_matrix(combine_segments=True), matrix)
    np.testing.assert_array_equal(segmentation.get_total_pixel_matrix(), stack(matrix, 2))
    window = segmentation.get_total_pixel_matrix(
        row_start=5, row_end=-2, column_start=4, column_end=30, combine_segments=True
    )
    np.testing.assert_array_equal(window, matrix[4:-2, 3:29])
    indexed = segmentation.get_total_pixel_matrix(row_start=5, as_indices=True, segment_numbers=[2])
    np.testing.assert_array_equal(indexed[..., 0], matrix[5:] == 2)
    np.testing.assert_array_equal(segmentation.get_volume(combine_segments=True).array[0], matrix)


@pytest.mark.parametrize("tile", [None, (8, 16), (10, 10), (200, 304)])
@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int16])
def test_whole_slide_of_one_segment(tile: tuple[int, int] | None, dtype: type) -> None:
    """Packed without a look before: in the same pass that refuses wrong values."""
    slide = samples.phantom_slide()
    matrix = (slide.mask > 0).astype(dtype)
    options = {"tile_pixel_array": True, "tile_size": tile, "dimension_organization_type": "TILED_FULL"}
    segmentation = reopened(build([slide.dataset], matrix, "BINARY", 1, **options))
    np.testing.assert_array_equal(segmentation.get_total_pixel_matrix(combine_segments=True), matrix)
    if dtype is not bool:
        matrix[-1, -1] = 2
        with pytest.raises(ValueError, match="label 2"):
            build([slide.dataset], matrix, "BINARY", 1, **options)


def test_stacked_slide_with_overlap() -> None:
    slide = samples.phantom_slide()
    masks = np.stack([slide.mask > 0, np.ones_like(slide.mask, dtype=bool)], axis=-1)[None]
    for tile in (None, (9, 11)):
        segmentation = reopened(
            build([slide.dataset], masks, "BINARY", 2, tile_pixel_array=True, tile_size=tile)
        )
        np.testing.assert_array_equal(segmentation.get_total_pixel_matrix(), masks[0])
        assert segmentation.SegmentsOverlap == "YES"


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_without_frame_of_reference(kind: str) -> None:
    """A cine loop has no positions: frames are told apart by their number in the stack."""
    from pydicom.dataset import Dataset

    series = samples.phantom_series("CT", shape=(1, 16, 24), labels=1)
    loop = Dataset()
    loop.update(series.datasets[0])
    loop.file_meta = series.datasets[0].file_meta
    for keyword in ("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelData"):
        del loop[keyword]
    loop.SOPClassUID, loop.Modality, loop.NumberOfFrames = "1.2.840.10008.5.1.4.1.1.3.1", "US", 5
    mask = np.zeros((5, 16, 24), dtype=np.uint8)
    mask[1, 3:6], mask[4, 9:11] = 1, 1
    segmentation = reopened(build([loop], mask, kind, 1))
    assert segmentation.coordinate_system is None
    read = segmentation.get_pixels_by_source_frame(
        loop.SOPInstanceUID, [1, 2, 3, 4, 5], combine_segments=True, assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(read, mask)
    assert segmentation.get_volume_geometry() is None


def test_empty_mask(ct_phantom: samples.ImageSeries) -> None:
    """Nothing found is a result: all frames are kept."""
    nothing = np.zeros_like(ct_phantom.mask)
    for kind in ("BINARY", "LABELMAP", "FRACTIONAL"):
        segmentation = reopened(build(ct_phantom.datasets, nothing, kind, 1))
        assert not segmentation.get_pixels_by_source_instance(uids(ct_phantom.datasets)).any()


def test_lazy_reading(ct_phantom: samples.ImageSeries, tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "seg.dcm"
    written = build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2)
    written.save_as(path)
    lazy = segread(path, lazy_frame_retrieval=True)
    np.testing.assert_array_equal(lazy.get_stored_frames([3, 1]), written.get_stored_frames([3, 1]))
    np.testing.assert_array_equal(
        lazy.get_volume(combine_segments=True).array, written.get_volume(combine_segments=True).array
    )
    again = io.BytesIO()
    lazy.save_as(again)
    assert again.getvalue() == path.read_bytes()


def test_packing_all_planes_at_once_is_packing_them_one_by_one() -> None:
    """The one-pass way of tiled masks and the general way give the same bytes, and check the same values."""
    from dicomposer.seg._mask import make_mask
    from dicomposer.seg.enum import SegmentationTypeValues

    labels = (np.random.default_rng(5).random((1, 50, 70)) < 0.3).astype(np.uint8)
    tiled = make_mask(labels, SegmentationTypeValues.BINARY, [1], (16, 16))
    assert tiled.packs_whole
    once, general = np.zeros(20 * 32, np.uint8), np.zeros(20 * 32, np.uint8)
    tiled.pack_whole(once)
    super(type(tiled), tiled).pack_whole(general)
    np.testing.assert_array_equal(once, general)
    bad = make_mask(labels * 2, SegmentationTypeValues.BINARY, [1], (16, 16))
    with pytest.raises(ValueError, match="label"):
        bad.pack_whole(once)
    with pytest.raises(ValueError, match="label"):
        super(type(bad), bad).pack_whole(general)
