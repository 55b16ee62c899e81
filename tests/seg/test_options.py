"""Pyramids, palettes, further sources, given positions, references, equipment: what callers may add."""

from __future__ import annotations

import io
from copy import deepcopy

import highdicom
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from pydicom.sr.codedict import codes

from dicomposer import samples
from dicomposer.coding import counted_uids, injected
from dicomposer.content import (
    ContributingEquipment,
    PaletteColorLUTTransformation,
    PixelMeasuresSequence,
    PlaneOrientationSequence,
    PlanePositionSequence,
)
from dicomposer.pixels import CIELabColor
from dicomposer.seg import (
    DimensionIndexSequence,
    Segmentation,
    SegmentDescription,
    create_segmentation_pyramid,
    segread,
)
from dicomposer.validation import validate
from judges import as_file, dciodvfy
from segmentations import RLE, build, describe, stack, uids


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "FRACTIONAL"])
def test_pyramid_by_factors(kind: str, tmp_path: object) -> None:
    from pathlib import Path

    slide = samples.phantom_slide(shape=(96, 128), tile=(32, 32))
    mask = (slide.mask > 0).astype(np.float32 if kind == "FRACTIONAL" else np.uint8)
    levels = create_segmentation_pyramid(
        [slide.dataset], [mask[None]], kind, [describe(1)], None, 5, "m", "mm", "1", "sn",
        downsample_factors=[2, 4], pyramid_label="Levels",
    )  # fmt: skip
    extent = {(level.TotalPixelMatrixRows, level.TotalPixelMatrixColumns) for level in levels}
    assert extent == {(96, 128), (48, 64), (24, 32)}
    assert len({level.PyramidUID for level in levels}) == 1
    assert len({level.SeriesInstanceUID for level in levels}) == 1
    area = []
    for level in levels:
        path = as_file(level, Path(str(tmp_path)), f"{level.InstanceNumber}.dcm")
        assert not dciodvfy(path).errors
        matrix = segread(path).get_total_pixel_matrix()[..., 0]
        area.append(float(matrix.mean()))
        geometry = level.get_volume_geometry()
        # the same physical area: the outer corner of the first pixel stays where it is
        corner = geometry.map_indices_to_reference(np.array([[0, -0.5, -0.5]]))
        first = levels[0].get_volume_geometry().map_indices_to_reference(np.array([[0, -0.5, -0.5]]))
        np.testing.assert_allclose(corner, first, atol=1e-6)
    np.testing.assert_allclose(area, area[0], atol=0.05)


def test_pyramid_refusals() -> None:
    slide = samples.phantom_slide()
    arguments = ("BINARY", [describe(1)], None, 5, "m", "mm", "1", "sn")
    mask = (slide.mask > 0).astype(np.uint8)
    for sources, arrays, more in (
        ([slide.dataset], [mask], {}),
        ([slide.dataset], [mask], {"downsample_factors": [0.5]}),
        ([slide.dataset], [mask], {"downsample_factors": [4, 2]}),
        ([slide.dataset], [mask[:-1]], {"downsample_factors": [2]}),
        ([slide.dataset], [mask, mask], {}),
        ([slide.dataset], [mask], {"downsample_factors": [2], "instance_number": 3}),
    ):
        with pytest.raises((ValueError, TypeError)):
            create_segmentation_pyramid(sources, arrays, *arguments, **more)


def test_palette(ct_phantom: samples.ImageSeries) -> None:
    palette = PaletteColorLUTTransformation.from_colors(["black", "red", "lime"])
    segmentation = build(
        ct_phantom.datasets, ct_phantom.mask, "LABELMAP", 2, palette_color_lut_transformation=palette
    )
    # the palette gives the colours: no others may stand in the descriptions (PS3.3 C.8.20.2)
    assert not any("RecommendedDisplayCIELabValue" in item for item in segmentation.SegmentSequence)
    segmentation.SegmentSequence[1].RecommendedDisplayCIELabValue = [1, 2, 3]
    assert any("RecommendedDisplayCIELabValue" in finding.path for finding in validate(segmentation).errors)
    del segmentation.SegmentSequence[1].RecommendedDisplayCIELabValue
    buffer = io.BytesIO()
    segmentation.save_as(buffer)
    read = segread(buffer.getvalue())
    colours = read.get_pixels_by_source_instance(
        uids(ct_phantom.datasets),
        combine_segments=True,
        apply_palette_color_lut=True,
        apply_icc_profile=False,
    )
    expected = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0]])[ct_phantom.mask]
    np.testing.assert_array_equal(colours, expected)
    managed = read.get_pixels_by_source_instance(
        uids(ct_phantom.datasets), combine_segments=True, apply_palette_color_lut=True
    )
    np.testing.assert_allclose(managed, expected, atol=1)  # the profile that was added is sRGB
    volume = read.get_volume(combine_segments=True, apply_palette_color_lut=True)
    assert volume.shape[-1] == 3
    with pytest.raises(ValueError, match="palette"):
        read.get_volume(apply_palette_color_lut=True)
    with pytest.raises(ValueError, match="LABELMAP"):
        build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2, palette_color_lut_transformation=palette)


def test_further_sources(ct_phantom: samples.ImageSeries) -> None:
    further = deepcopy(samples.phantom_series("PT").datasets[0])
    further.StudyInstanceUID = ct_phantom.datasets[0].StudyInstanceUID
    further.PatientID = ct_phantom.datasets[0].PatientID
    segmentation = build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2, further_source_images=[further])
    references = segmentation.get_source_image_uids()
    assert len(references) == len(ct_phantom.datasets) + 1
    assert {str(series) for _, series, _ in references} == {
        ct_phantom.datasets[0].SeriesInstanceUID,
        further.SeriesInstanceUID,
    }
    further.StudyInstanceUID = "1.2.3"
    with pytest.raises(ValueError, match="2 different studies"):
        build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2, further_source_images=[further])


def test_given_geometry(ct_phantom: samples.ImageSeries) -> None:
    """Planes between the slices of the source, of another size: placed where the caller says."""
    first = [float(v) for v in ct_phantom.datasets[0].ImagePositionPatient]
    positions = [PlanePositionSequence("PATIENT", (first[0], first[1], first[2] + 0.5 + i)) for i in range(3)]
    mask = np.zeros((3, 10, 12), dtype=np.uint8)
    mask[:, 2:5, 3:7] = 1
    segmentation = build(
        ct_phantom.datasets, mask, "BINARY", 1,
        plane_positions=positions,
        pixel_measures=PixelMeasuresSequence((2.0, 2.5), 1.0, 1.0),
        plane_orientation=PlaneOrientationSequence("PATIENT", (1, 0, 0, 0, 1, 0)),
    )  # fmt: skip
    volume = segmentation.get_volume(combine_segments=True)
    np.testing.assert_allclose(volume.spacing, (1.0, 2.0, 2.5))
    np.testing.assert_array_equal(volume.array, mask)
    assert sorted(volume.map_indices_to_reference(np.array([[i, 0, 0] for i in range(3)]))[:, 2]) == [
        pytest.approx(first[2] + 0.5 + i) for i in range(3)
    ]
    with pytest.raises(ValueError, match="plane_positions"):
        build(ct_phantom.datasets, mask, "BINARY", 1, plane_positions=positions[:2])
    # the source's own positions, in another order, are recognised
    own = [PlanePositionSequence("PATIENT", d.ImagePositionPatient) for d in reversed(ct_phantom.datasets)]
    again = build(ct_phantom.datasets, ct_phantom.mask[::-1], "BINARY", 2, plane_positions=own)
    read = again.get_pixels_by_source_instance(uids(ct_phantom.datasets), combine_segments=True)
    np.testing.assert_array_equal(read, ct_phantom.mask)


def test_what_is_carried_over(ct_phantom: samples.ImageSeries) -> None:
    sources = [deepcopy(d) for d in ct_phantom.datasets]
    for source in sources:
        source.PatientComments = "private remark"
        source.AdditionalPatientHistory = "private remark"
        source.PatientAge = "050Y"
        source.IssuerOfPatientID = "issuer"
        source.InstitutionName = "institution"
    segmentation = build(sources, ct_phantom.mask, "BINARY", 2)
    for keyword in (
        "PatientID",
        "PatientName",
        "StudyInstanceUID",
        "StudyDate",
        "PatientAge",
        "IssuerOfPatientID",
    ):
        assert segmentation[keyword].value == sources[0][keyword].value, keyword
    assert "private remark" not in str(segmentation)
    assert "InstitutionName" not in segmentation


def test_equipment_and_colour(ct_phantom: samples.ImageSeries) -> None:
    extra = ContributingEquipment("Somebody", codes.DCM.ProcessingEquipment)
    red = CIELabColor.from_rgb(255, 0, 0)
    good = describe(1, display_color=red, anatomic_regions=[codes.SCT.Liver])
    segmentation = Segmentation(
        ct_phantom.datasets, ct_phantom.mask == 1, "BINARY", [good], "1.2.3", 1, "1.2.4", 1, "m", "mm", "1", "sn",
        contributing_equipment=[extra], series_description="Livers", content_description="all of it",
        content_label="LIVER", content_creator_name="Doe^Jane",
    )  # fmt: skip
    makers = [item.Manufacturer for item in segmentation.ContributingEquipmentSequence]
    assert "Somebody" in makers
    assert segmentation.SeriesDescription == "Livers"
    description = segmentation.get_segment_description(1)
    assert isinstance(description, SegmentDescription)
    assert description.anatomic_regions == [codes.SCT.Liver]
    assert list(description.RecommendedDisplayCIELabValue) == list(red.value)
    assert segmentation.get_segment_numbers(segmented_property_type=codes.SCT.Liver) == [1]
    assert segmentation.get_segment_numbers(algorithm_type="MANUAL") == []
    assert segmentation.get_tracking_ids()[0][0] == "tracking 1"


def test_lossy_sources_leave_their_mark(ct_phantom: samples.ImageSeries) -> None:
    sources = [deepcopy(d) for d in ct_phantom.datasets]
    sources[3].LossyImageCompression = "01"
    sources[3].LossyImageCompressionRatio = 12.5
    sources[3].LossyImageCompressionMethod = "ISO_10918_1"
    segmentation = build(sources, ct_phantom.mask, "BINARY", 2)
    assert segmentation.LossyImageCompression == "01"
    assert segmentation.LossyImageCompressionRatio == 12.5
    del sources[3].LossyImageCompressionMethod, sources[3].LossyImageCompression
    sources[3].file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    segmentation = build(sources, ct_phantom.mask, "BINARY", 2)  # its transfer syntax tells
    assert segmentation.LossyImageCompressionMethod == "ISO_10918_1"
    del sources[3].LossyImageCompressionRatio
    with pytest.warns(UserWarning, match="LossyImageCompressionRatio"):
        build(sources, ct_phantom.mask, "BINARY", 2)


def test_edits_are_obeyed(ct_phantom: samples.ImageSeries) -> None:
    """The dataset is the one truth: columns follow what a user changes."""
    segmentation = build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2)
    before = segmentation.get_volume(segment_numbers=[2], combine_segments=True).array.sum()
    assert before
    for item in segmentation.PerFrameFunctionalGroupsSequence:
        item.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 1
        break
    segmentation.PixelData = bytes(len(segmentation.PixelData))
    assert not segmentation.get_stored_frames().any()
    copied = Segmentation.from_dataset(segmentation)
    assert copied is not segmentation
    assert Segmentation.from_dataset(segmentation, copy=False) is segmentation


def test_same_uids_same_bytes(ct_phantom: samples.ImageSeries) -> None:
    from datetime import UTC, datetime

    def make() -> bytes:
        with injected(uid_source=counted_uids("same"), clock=lambda: datetime(2024, 5, 17, tzinfo=UTC)):
            buffer = io.BytesIO()
            build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2).save_as(buffer)
            return buffer.getvalue()

    assert make() == make()


@pytest.mark.parametrize("workers", [-1, 2])
def test_workers(ct_phantom: samples.ImageSeries, workers: int) -> None:
    one = build(ct_phantom.datasets, ct_phantom.mask, "FRACTIONAL", 2, transfer_syntax_uid=RLE)
    many = build(
        ct_phantom.datasets, ct_phantom.mask, "FRACTIONAL", 2, transfer_syntax_uid=RLE, workers=workers
    )
    assert one.PixelData == many.PixelData
    extended = build(
        ct_phantom.datasets,
        ct_phantom.mask,
        "FRACTIONAL",
        2,
        transfer_syntax_uid=RLE,
        use_extended_offset_table=True,
    )
    assert len(extended.ExtendedOffsetTable) == 8 * extended.NumberOfFrames
    np.testing.assert_array_equal(extended.get_stored_frames(), one.get_stored_frames())


@settings(max_examples=25)
@given(data=st.data())
def test_selection_agrees_with_highdicom(data: st.DataObject) -> None:
    """Segment choice, order, relabelling and cropping, against the peer on the same file."""
    series = samples.phantom_series("CT", labels=3)
    buffer = io.BytesIO()
    kind = data.draw(st.sampled_from(["BINARY", "LABELMAP", "FRACTIONAL"]))
    build(series.datasets, series.mask, kind, 3).save_as(buffer)
    ours = segread(buffer.getvalue())
    theirs = highdicom.seg.segread(io.BytesIO(buffer.getvalue()))
    numbers = data.draw(st.permutations([1, 2, 3]))[: data.draw(st.integers(1, 3))]
    combine = data.draw(st.booleans())
    options = {
        "segment_numbers": list(numbers),
        "combine_segments": combine,
        "relabel": combine and data.draw(st.booleans()),
        "rescale_fractional": combine or data.draw(st.booleans()),
    }

    def included(array: np.ndarray) -> np.ndarray:
        """The peer leaves labels in a label map that were not asked for (docs/differences.md)."""
        if kind == "LABELMAP" and combine and not options["relabel"]:
            return np.where(np.isin(array, numbers), array, 0).astype(array.dtype)
        return array

    sources = data.draw(st.lists(st.sampled_from(uids(series.datasets)), min_size=1, unique=True))
    a = ours.get_pixels_by_source_instance(sources, **options)
    b = theirs.get_pixels_by_source_instance(sources, **options)
    np.testing.assert_array_equal(a, included(b))
    assert a.dtype == b.dtype
    crop = {
        "slice_start": data.draw(st.sampled_from([None, 1, -2])),
        "row_start": data.draw(st.sampled_from([None, 3, -20])),
        "row_end": data.draw(st.sampled_from([None, 30, -1])),
        "column_end": data.draw(st.sampled_from([None, 20])),
    }
    v, w = ours.get_volume(**options, **crop), theirs.get_volume(**options, **crop)
    np.testing.assert_array_equal(v.array, included(w.array))
    np.testing.assert_allclose(v.affine, w.affine, atol=1e-6)
    rows = sorted({tuple(r) for r in ours._index.dimension_indices[:, -1:].tolist()})
    chosen = data.draw(st.lists(st.sampled_from(rows), min_size=1, unique=True))
    np.testing.assert_array_equal(
        ours.get_pixels_by_dimension_index_values(chosen, **options),
        included(theirs.get_pixels_by_dimension_index_values(chosen, **options)),
    )
    assert ours.are_dimension_indices_unique(ours.get_default_dimension_index_pointers())


def test_dimension_index() -> None:
    patient = DimensionIndexSequence("PATIENT")
    assert patient.get_index_keywords() == ["ImagePositionPatient"]
    assert patient.get_index_position("ReferencedSegmentNumber") == 0
    positions = [PlanePositionSequence("PATIENT", (0, 0, z)) for z in (5.0, 1.0, 3.0)]
    theirs = highdicom.seg.DimensionIndexSequence("PATIENT")
    peers = [highdicom.PlanePositionSequence("PATIENT", (0, 0, z)) for z in (5.0, 1.0, 3.0)]
    for orientation in (None, (1, 0, 0, 0, 1, 0)):
        values, order = patient.get_index_values(positions, orientation)
        expected_values, expected_order = theirs.get_index_values(peers, orientation)
        np.testing.assert_array_equal(order, expected_order)
        np.testing.assert_array_equal(values, expected_values)
    with pytest.raises(ValueError, match="not a dimension"):
        patient.get_index_position("Rows")


def test_iter_segments(ct_phantom: samples.ImageSeries) -> None:
    segmentation = build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2)
    for frames, items, description in segmentation.iter_segments():
        number = description.SegmentNumber
        assert frames.sum() == (ct_phantom.mask == number).sum()
        assert {i.SegmentIdentificationSequence[0].ReferencedSegmentNumber for i in items} == {number}
    with pytest.raises(RuntimeError):
        next(build(ct_phantom.datasets, ct_phantom.mask, "LABELMAP", 2).iter_segments())
    assert stack(ct_phantom.mask, 2).any()


@pytest.mark.parametrize("thickness", [None, "", "varying"])
def test_slice_thickness_of_the_source(
    ct_phantom: samples.ImageSeries, thickness: str | None, tmp_path: object
) -> None:
    """Slice Thickness may be absent, empty (type 2 in CT) or different between slices."""
    from pathlib import Path

    sources = [deepcopy(d) for d in ct_phantom.datasets]
    for i, source in enumerate(sources):
        if thickness is None:
            del source.SliceThickness
        else:
            source.SliceThickness = None if thickness == "" else 2.5 + (i % 2)
    segmentation = build(sources, ct_phantom.mask, "BINARY", 2)
    path = as_file(segmentation, Path(str(tmp_path)))
    assert not dciodvfy(path).errors
    volume = segread(path).get_volume(combine_segments=True)
    assert (volume.array > 0).sum() == (ct_phantom.mask > 0).sum()
    if thickness == "varying":
        frame = segmentation.PerFrameFunctionalGroupsSequence[0]
        source = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        expected = next(d for d in sources if source == d.SOPInstanceUID).SliceThickness
        assert frame.PixelMeasuresSequence[0].SliceThickness == expected


def test_single_frame_images_that_count_their_frame(
    ct_phantom: samples.ImageSeries, tmp_path: object
) -> None:
    from pathlib import Path

    sources = [deepcopy(d) for d in ct_phantom.datasets]
    for source in sources:
        source.NumberOfFrames = 1
    for chosen in (slice(None), slice(2, 3)):
        segmentation = build(sources[chosen], ct_phantom.mask[chosen], "BINARY", 2)
        assert not dciodvfy(as_file(segmentation, Path(str(tmp_path)))).errors
        read = segmentation.get_pixels_by_source_instance(uids(sources[chosen]), combine_segments=True)
        np.testing.assert_array_equal(read, ct_phantom.mask[chosen])


def test_pydicom_writes_and_describes_it(ct_phantom: samples.ImageSeries, tmp_path: object) -> None:
    import json
    from pathlib import Path

    import pydicom

    segmentation = build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2)
    path = Path(str(tmp_path)) / "a.dcm"
    pydicom.dcmwrite(path, segmentation)
    assert pydicom.dcmread(path).PixelData == segmentation.PixelData
    assert json.loads(segmentation.to_json())["00080060"]["Value"] == ["SEG"]
