"""What must not become a report that says something else than was meant: sides, places, images, values."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

import dicomposer as dc
from dicomposer import samples
from dicomposer.errors import ArgumentError, GeometryError

NODULE: dict[str, Any] = {"label": "Lung nodule", "measurements": {"Diameter": (8.2, "mm")}}


@pytest.fixture
def series() -> samples.ImageSeries:
    return samples.phantom_series("CT", shape=(6, 16, 24))


@pytest.fixture
def images(series: samples.ImageSeries) -> list[Dataset]:
    return [copy.deepcopy(one) for one in series.datasets]


def row(finding: dict[str, Any], source: Any, **options: Any) -> dict[str, Any]:
    return dc.report(finding, source, **options).to_rows()[0]


# -- sides -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", [{"laterality": "right"}, {"site": "kidney_right"}, {"site": "Kidney", "laterality": "right"}]
)
def test_a_label_with_a_side_has_no_other_one(given: dict[str, str], images: list[Dataset]) -> None:
    with pytest.raises(ArgumentError, match="label 'kidney_left' and .* contradict each other"):
        row({**NODULE, "label": "kidney_left", **given}, images)


@pytest.mark.parametrize("given", [{}, {"laterality": "left"}, {"site": "Kidney"}, {"site": "kidney_left"}])
def test_a_label_keeps_its_side(given: dict[str, str], images: list[Dataset]) -> None:
    found = row({**NODULE, "label": "kidney_left", **given}, images)
    assert (found["finding_site"], found["laterality"]) == ("Kidney", "Left")


@pytest.mark.parametrize(("scheme", "old", "new"), [("SRT", "G-A100", "Right"), ("SNM3", "G-A101", "Left")])
def test_sides_of_older_programs(scheme: str, old: str, new: str, series: samples.ImageSeries) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["kidney_left", "Spleen"])
    side = (
        seg.SegmentSequence[0]
        .SegmentedPropertyTypeCodeSequence[0]
        .SegmentedPropertyTypeModifierCodeSequence[0]
    )
    side.CodeValue, side.CodingSchemeDesignator = old, scheme
    assert dc.measure(seg, list(series.datasets)).to_rows()[0]["laterality"] == new


# -- places ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [[1, 0, 0, 0, 1, 0], [1, 0, 0, 0, -1, 0], [-1, 0, 0, 0, 1, 0]])
def test_positions_are_z_of_axial_images_however_their_rows_run(
    turned: list[int], images: list[Dataset]
) -> None:
    for number, one in enumerate(images):
        one.ImageOrientationPatient, one.ImagePositionPatient = turned, [0, 0, 3 * number - 9]
    found = row({**NODULE, "region": {"point": (3, 4), "position": 3}}, images)
    assert found["source_image_uids"] == [images[4].SOPInstanceUID]


def test_a_position_with_several_images(images: list[Dataset]) -> None:
    again = [copy.deepcopy(one) for one in images]
    for one in again:
        one.SOPInstanceUID = generate_uid()
    with pytest.raises(GeometryError, match="several images lie at position"):
        row({**NODULE, "region": {"point": (3, 4), "position": 1.5}}, images + again)


def test_names_that_are_numbers(images: list[Dataset], tmp_path: Path) -> None:
    files = [tmp_path / str(number + 1) for number in range(len(images))]
    for one, file in zip(images, files, strict=True):
        one.save_as(file, enforce_file_format=True)
    with pytest.raises(ArgumentError, match="may be a file name or an index"):
        row({**NODULE, "region": {"point": (3, 4), "image": "3"}}, files)
    found = row({**NODULE, "region": {"point": (3, 4), "image": 3}}, files)
    assert found["source_image_uids"] == [images[3].SOPInstanceUID]


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ({"box": (10, 10, 3, 4)}, "width and height are not meant"),
        ({"box": (10, 10, 10, 14)}, "width and height are not meant"),
        ({"polygon": "1,5 2,5; 3,5 2,5; 4,5 8,5"}, "2 numbers between semicolons, found '1,5 2,5'"),
        ({"point": (1, 2), "image": None, "instance_number": "inf"}, "must be a whole number"),
        ({"point": (1, 2), "image": None, "instance_number": float("nan")}, "must be a whole number"),
        ({"point": (1, 2), "image": None, "position": float("nan")}, "must be a finite number"),
        ({"point": (1, 2), "image": None, "position": "head"}, "must be a finite number"),
    ],
)
def test_places_that_are_none(region: dict[str, Any], said: str, images: list[Dataset]) -> None:
    with pytest.raises(ArgumentError, match=said):
        row({**NODULE, "region": {"image": 1, **region}}, images)


def test_points_in_a_tile_count_from_its_corner() -> None:
    slide = samples.phantom_slide().dataset
    found = row({**NODULE, "region": {"point": (10.25, 3), "frame": 2}}, slide)
    assert (found["pixel_origin"], found["source_image_frames"]) == ("FRAME", [[2]])
    report = dc.report({**NODULE, "region": {"point": (10.25, 3), "frame": 2}}, slide, viewer="ohif")
    assert "FRAME" in str(report.tree()) and "VOLUME" not in str(report.tree())


# -- patients ----------------------------------------------------------------------------------------------------------


def test_segmentations_of_two_patients(series: samples.ImageSeries) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    other = copy.deepcopy(seg)
    other.PatientID, other.SOPInstanceUID = "another", generate_uid()
    findings = [
        {**NODULE, "region": {"segment": 1}},
        {**NODULE, "region": {"segment": 1, "segmentation": other}},
    ]
    with pytest.raises(ArgumentError, match="2 different patients"):
        dc.report(findings, seg)


# -- values ------------------------------------------------------------------------------------------------------------


def mapping(slope: float, unit: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    made = Dataset()
    made.RealWorldValueSlope, made.RealWorldValueIntercept = slope, 0.0
    made.RealWorldValueFirstValueMapped, made.RealWorldValueLastValueMapped = -32768, 32767
    made.LUTLabel, made.LUTExplanation = "map", "map"
    made.MeasurementUnitsCodeSequence = [code]
    return made


@pytest.mark.parametrize("how", ["map", "kind", "unit"])
def test_values_of_several_quantities_have_no_mean(
    how: str, series: samples.ImageSeries, images: list[Dataset]
) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    if how == "map":
        images[3].RealWorldValueMappingSequence = [mapping(2.0, "g/ml{SUVbw}")]
    elif how == "kind":
        images[3].RescaleType = "MGML"
    else:
        for number, one in enumerate(images):
            one.Modality, one.Units = "PT", "GML" if number == 3 else "BQML"
    with pytest.raises(GeometryError, match="not all of one quantity"):
        dc.measure_segments(seg, images)
    assert dc.measure_segments(seg, images, statistics=False)[0].volume


@pytest.mark.parametrize(("kind", "unit"), [("HU", "[hnsf'U]"), ("MGML", "mg/ml"), ("Z_EFF", "1")])
def test_kinds_of_ct_values(kind: str, unit: str, series: samples.ImageSeries, images: list[Dataset]) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    for one in images:
        one.RescaleType = kind
    found = dc.measure_segments(seg, images)[0].statistics
    assert found is not None and found.unit == unit
    names = {one["name"] for one in dc.measure(seg, images).to_rows()}
    assert ("Attenuation Coefficient" in names) == (kind == "HU")


@pytest.mark.parametrize("kind", ["HU", "MGML"])
def test_kinds_of_enhanced_ct_values(kind: str, series: samples.ImageSeries) -> None:
    image = samples.enhanced_image(series).datasets[0]
    for group in (*image.SharedFunctionalGroupsSequence, *image.PerFrameFunctionalGroupsSequence):
        for item in group.get("PixelValueTransformationSequence", ()):
            item.RescaleType = kind
    mask = np.asarray(series.mask)
    found = dc.measure_segments(dc.segment(mask, image, ["Liver", "Spleen"]), image)[0].statistics
    assert found is not None and found.unit == {"HU": "[hnsf'U]", "MGML": "mg/ml"}[kind]


def test_values_of_another_series_are_told(series: samples.ImageSeries, images: list[Dataset]) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    uid = generate_uid()
    for one in images:
        one.SeriesInstanceUID, one.SOPInstanceUID = uid, generate_uid()
    with pytest.warns(UserWarning, match="another series than the one that was segmented"):
        dc.measure_segments(seg, images)


def test_padding_is_no_part_of_statistics():
    phantom = samples.phantom_series("CT", labels=1)
    images = [copy.deepcopy(one) for one in phantom.datasets]
    mask = np.zeros((len(images), images[0].Rows, images[0].Columns), np.uint8)
    mask[1, 4:8, 4:8] = 1
    made = dc.segment(mask, source=images, segments=["Liver"], order="instance-number")
    (before,) = dc.measure_segments(made, images)
    for image in images:
        stored = image.pixel_array.copy()
        stored[4:6, 4:8] = -2000 if image.PixelRepresentation else 0
        image.PixelData = stored.tobytes()
        image.PixelPaddingValue = int(stored[4, 4])
    with pytest.warns(UserWarning, match="padding"):
        (after,) = dc.measure_segments(made, images)
    assert before.statistics.voxels == 16 and after.statistics.voxels == 8
    stored = images[1].pixel_array
    slope, intercept = float(images[1].RescaleSlope), float(images[1].RescaleIntercept)
    assert after.statistics.mean == pytest.approx((stored[6:8, 4:8] * slope + intercept).mean())


def test_a_segmentation_of_another_space_is_refused():
    phantom = samples.phantom_series("CT", labels=1)
    images = list(phantom.datasets)
    moved = [copy.deepcopy(one) for one in images]
    for image in moved:
        image.FrameOfReferenceUID = "1.2.3.4"
    mask = np.zeros((len(images), images[0].Rows, images[0].Columns), np.uint8)
    mask[1, 4:8, 4:8] = 1
    made = dc.segment(mask, source=moved, segments=["Liver"], order="instance-number")
    finding = {"label": "Liver", "region": {"segment": 1, "segmentation": made}}
    with pytest.raises(ValueError, match="frame of reference"):
        dc.report([finding], source=images, algorithm="a model")
