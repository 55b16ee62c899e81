"""Bad input gets an error that says what was found and what to do; nothing is guessed, nothing is modified."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from dicomposer import samples
from dicomposer.errors import ArgumentError, ConformanceError, GeometryError, OverlapError
from dicomposer.seg import Segmentation, SegmentDescription
from dicomposer.volume import Volume
from segmentations import build, describe, stack


def test_labels_without_description(ct_phantom: samples.ImageSeries) -> None:
    for kind in ("BINARY", "LABELMAP", "FRACTIONAL"):
        with pytest.raises(ArgumentError, match="label 2|labels without a segment description: 2"):
            build(ct_phantom.datasets, ct_phantom.mask, kind, 1)
    with pytest.raises(ArgumentError, match="labels without a segment description: 2"):
        build(ct_phantom.datasets, ct_phantom.mask, "LABELMAP", [1, 5])


@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "NaN"), (-0.1, "0 to 1"), (1.5, "0 to 1"), (np.inf, "0 to 1")]
)
def test_bad_fractions(ct_phantom: samples.ImageSeries, value: float, message: str) -> None:
    fractions = stack(ct_phantom.mask, 2).astype(np.float32)
    fractions[3, 4, 5, 1] = value
    with pytest.raises(ArgumentError, match=message):
        build(ct_phantom.datasets, fractions, "FRACTIONAL", 2)


def test_fractions_are_not_labels(ct_phantom: samples.ImageSeries) -> None:
    half = np.full(ct_phantom.mask.shape, 0.5)
    for kind in ("BINARY", "LABELMAP"):
        with pytest.raises(ArgumentError, match=r"other than 0\.0 and 1\.0"):
            build(ct_phantom.datasets, half, kind, 1)
    with pytest.raises(ArgumentError, match="0 to 1|negative"):
        build(ct_phantom.datasets, ct_phantom.mask.astype(np.float32) * 2, "FRACTIONAL", 1)


def test_negative_labels(ct_phantom: samples.ImageSeries) -> None:
    with pytest.raises(ArgumentError, match="negative"):
        build(ct_phantom.datasets, -ct_phantom.mask.astype(np.int16), "BINARY", 2)


def test_overlap_in_a_label_map(ct_phantom: samples.ImageSeries) -> None:
    masks = np.ones((*ct_phantom.mask.shape, 2), dtype=bool)
    with pytest.raises(OverlapError, match="BINARY or FRACTIONAL"):
        build(ct_phantom.datasets, masks, "LABELMAP", 2)


def test_wrong_shapes(ct_phantom: samples.ImageSeries) -> None:
    sources, mask = ct_phantom.datasets, ct_phantom.mask
    for bad in (
        mask[:-1],
        mask[:, 1:],
        mask[:, :, 2:],
        mask[0],
        np.zeros((0, 4, 4), np.uint8),
        mask[None, None],
    ):
        with pytest.raises(ArgumentError):
            build(sources, bad, "BINARY", 2)
    with pytest.raises(ArgumentError, match="3 segments on its last axis, but 2"):
        build(sources, stack(mask, 3), "BINARY", 2)
    with pytest.raises(ArgumentError, match="tiled source"):
        build(sources, mask[0], "BINARY", 2, tile_pixel_array=True)
    with pytest.raises(TypeError):
        build(sources, mask.tolist(), "BINARY", 2)
    with pytest.raises(TypeError):
        build(sources, np.full(mask.shape, "1"), "BINARY", 2)


def changed(series: samples.ImageSeries, position: int, **values: object) -> list[object]:
    """The datasets of a series, one of them changed."""
    datasets = [deepcopy(d) for d in series.datasets]
    for keyword, value in values.items():
        setattr(datasets[position], keyword, value)
    return datasets


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"FrameOfReferenceUID": "1.2.3"}, GeometryError, "frames of reference"),
        ({"SeriesInstanceUID": "1.2.3"}, ArgumentError, "2 different series"),
        ({"StudyInstanceUID": "1.2.3"}, ArgumentError, "2 different studies"),
        ({"PatientID": "somebody else"}, ArgumentError, "2 different patients"),
        ({"PixelSpacing": [3, 3]}, GeometryError, "pixel spacing"),
        ({"Rows": 7}, GeometryError, "rows and columns"),
        ({"Rows": None}, ArgumentError, "no Rows"),
        ({"ImagePositionPatient": None}, GeometryError, "Image Position"),
        ({"SOPInstanceUID": ""}, ArgumentError, "no SOPInstanceUID"),
    ],
)
def test_mixed_sources(
    ct_phantom: samples.ImageSeries, values: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        build(changed(ct_phantom, 2, **values), ct_phantom.mask, "BINARY", 2)
    assert "somebody" not in str(caught.value)  # no patient data in messages


def test_duplicate_slices() -> None:
    series = samples.phantom_series("CT", flaws=samples.Flaws(duplicate=True))
    with pytest.raises(GeometryError, match="where another one does"):
        build(series.datasets, series.mask, "BINARY", 2)
    with pytest.raises(ArgumentError, match="twice"):
        build([series.datasets[0]] * 2, series.mask[:2], "BINARY", 2)


@pytest.mark.parametrize(
    "flaws", [samples.Flaws(tilt=15.0), samples.Flaws(gap=True), samples.Flaws(jitter=0.2)], ids=str
)
def test_irregular_series(flaws: samples.Flaws) -> None:
    """Positions are copied as they are, with advice; what needs a regular grid is refused."""
    from dicomposer.validation import validate

    series = samples.phantom_series("CT", flaws=flaws)
    segmentation = build(series.datasets, series.mask, "BINARY", 2, omit_empty_frames=False)
    read = segmentation.get_pixels_by_source_instance(
        [d.SOPInstanceUID for d in series.datasets], combine_segments=True
    )
    np.testing.assert_array_equal(read, series.mask)
    findings = validate(segmentation)
    assert findings.ok
    assert any(f.level == "advice" for f in findings)
    for i, dataset in enumerate(series.datasets):
        written = [
            item
            for item in segmentation.PerFrameFunctionalGroupsSequence
            if item.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
            == dataset.SOPInstanceUID
        ]
        position = written[0].PlanePositionSequence[0].ImagePositionPatient
        assert list(position) == list(dataset.ImagePositionPatient), i
    with pytest.raises(GeometryError):
        segmentation.get_volume(allow_missing_positions=False)
    if not flaws.gap:
        with pytest.raises(GeometryError):
            segmentation.get_volume()


def test_volumes_that_do_not_fit(ct_phantom: samples.ImageSeries) -> None:
    assert ct_phantom.affine is not None
    with pytest.raises(GeometryError, match="frames of reference"):
        build(
            ct_phantom.datasets, Volume(ct_phantom.mask, ct_phantom.affine, "PATIENT", "1.2.3"), "BINARY", 2
        )
    with pytest.raises(GeometryError, match="SLIDE"):
        build(ct_phantom.datasets, Volume(ct_phantom.mask, ct_phantom.affine, "SLIDE"), "BINARY", 2)


def test_descriptions() -> None:
    series = samples.phantom_series("CT", labels=1)
    with pytest.raises(ArgumentError, match="at least one"):
        build(series.datasets, series.mask, "BINARY", [])
    with pytest.raises(ArgumentError, match="unique"):
        build(series.datasets, series.mask, "BINARY", [1, 1])
    with pytest.raises(ArgumentError, match="without gaps"):
        build(series.datasets, series.mask, "BINARY", [1, 3])
    for bad in ("", "x" * 65, "a\\b"):
        with pytest.raises(ArgumentError):
            describe(1, bad or " ")
    for number in (-1, 65536, 1.5):
        with pytest.raises(ArgumentError):
            describe(number)  # type: ignore[arg-type]
    good = describe(1)
    with pytest.raises(TypeError, match="algorithm_identification"):
        SegmentDescription(
            1, "x", good.segmented_property_category, good.segmented_property_type, "AUTOMATIC"
        )
    with pytest.raises(TypeError, match="together"):
        SegmentDescription(
            1, "x", good.segmented_property_category, good.segmented_property_type, "MANUAL", tracking_id="x"
        )


def test_nothing_is_modified(ct_phantom: samples.ImageSeries) -> None:
    sources = [deepcopy(d) for d in ct_phantom.datasets]
    mask = ct_phantom.mask.copy()
    mask.setflags(write=False)
    description = describe(1)
    before = deepcopy(description)
    Segmentation(
        sources, (mask == 1), "BINARY", [description], "1.2.3", 1, "1.2.4", 1, "m", "mm", "1", "sn"
    )  # fmt: skip
    assert sources == list(ct_phantom.datasets)
    assert description == before


def test_result_that_would_not_conform(ct_phantom: samples.ImageSeries) -> None:
    with pytest.raises(ConformanceError) as caught:
        build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2, content_label="not a code string")
    assert any("ContentLabel" in finding.path for finding in caught.value.findings)
    with pytest.raises(ValueError, match="sop_instance_uid"):
        Segmentation(
            ct_phantom.datasets, ct_phantom.mask, "BINARY", [describe(1), describe(2)],
            "1.2.3", 1, "../../etc/passwd", 1, "m", "mm", "1", "sn",
        )  # fmt: skip


def test_faults_of_the_source_are_warned_about(ct_phantom: samples.ImageSeries) -> None:
    """A misspelt date of the source must not cost the user the mask."""
    import pydicom.config
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    sources = [deepcopy(d) for d in ct_phantom.datasets]
    tag = Tag("StudyDate")
    for source in sources:
        source._dict[tag] = RawDataElement(tag, "DA", 8, b"2020-1-1", 0, False, True, True)
    with (
        pytest.warns(UserWarning, match="StudyDate"),
        pydicom.config.disable_value_validation(),
    ):
        build(sources, ct_phantom.mask, "BINARY", 2)


def test_reading_refuses_what_is_not_there(ct_phantom: samples.ImageSeries) -> None:
    segmentation = build(ct_phantom.datasets, ct_phantom.mask, "BINARY", 2)
    with pytest.raises(KeyError):
        segmentation.get_pixels_by_source_instance(["1.2.3"])
    with pytest.raises(ValueError, match="segment_numbers"):
        segmentation.get_volume(segment_numbers=[3])
    with pytest.raises(RuntimeError):
        segmentation.get_total_pixel_matrix()
    with pytest.raises(ValueError, match="uint8 cannot hold"):
        build(
            ct_phantom.datasets, ct_phantom.mask.astype(np.uint16) * 300, "LABELMAP", [300, 600]
        ).get_volume(combine_segments=True, dtype=np.uint8)
    with pytest.raises(IndexError):
        segmentation.get_segment_description(3)
    with pytest.raises(ValueError, match="run from 1 to"):
        segmentation.get_stored_frame(0)
    with pytest.raises(AttributeError):
        segmentation.add_segments(ct_phantom.mask, [describe(3)])
    with pytest.raises(ValueError, match="not a Segmentation"):
        Segmentation.from_dataset(ct_phantom.datasets[0])


def test_uids_of_the_source_are_not_reused(ct_phantom: samples.ImageSeries) -> None:
    """Also where the source image has no frame in the result."""
    source = ct_phantom.datasets[0]
    for uids in (("1.2.3", source.SOPInstanceUID), (source.SeriesInstanceUID, "1.2.4")):
        with pytest.raises(ArgumentError, match="that of"):
            Segmentation(
                ct_phantom.datasets, ct_phantom.mask == 1, "BINARY", [describe(1)],
                uids[0], 1, uids[1], 1, "m", "mm", "1", "sn",
            )  # fmt: skip


def test_patients_without_an_id(ct_phantom: samples.ImageSeries) -> None:
    nameless = [deepcopy(d) for d in ct_phantom.datasets]
    for dataset in nameless:
        dataset.PatientID = ""
    build(nameless, ct_phantom.mask, "BINARY", 2)
    nameless[3].PatientName = "Somebody^Else"
    with pytest.raises(ArgumentError, match="2 different patients"):
        build(nameless, ct_phantom.mask, "BINARY", 2)
    issued = [deepcopy(d) for d in ct_phantom.datasets]
    issued[0].IssuerOfPatientID = "A"
    with pytest.raises(ArgumentError, match="2 different patients"):
        build(issued, ct_phantom.mask, "BINARY", 2)
    issued[1].IssuerOfPatientID = "B"
    with pytest.raises(ArgumentError, match="3 different patients"):
        build(issued, ct_phantom.mask, "BINARY", 2)
