"""What must not become a report that says something else than was meant: sides, places, images, values."""

from __future__ import annotations

import copy
import re
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


def edges(images: list[Dataset]) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the first and the last voxel of axial images."""
    first, last = images[0], images[-1]
    reach = np.asarray(
        [(first.Columns - 1) * first.PixelSpacing[1], (first.Rows - 1) * first.PixelSpacing[0], 0]
    )
    return np.asarray(first.ImagePositionPatient, float), np.asarray(last.ImagePositionPatient, float) + reach


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", ["point_mm", "points_mm", "polygon_mm"])
@pytest.mark.parametrize("multi_frame", [False, True])
def test_points_beyond_the_images(
    axis: int, shape: str, multi_frame: bool, series: samples.ImageSeries
) -> None:
    images = list(series.datasets)
    low, high = edges(images)
    step = abs(float(images[1].ImagePositionPatient[2]) - float(images[0].ImagePositionPatient[2]))
    pixel = float(images[0].PixelSpacing[1 - axis] if axis < 2 else 0)
    source = samples.enhanced_image(series).datasets[0] if multi_frame else images
    room = (pixel, pixel, step)[axis]  # half of the pixel at the edge and half a pixel more; a slice
    for edge, sign in ((low, -1), (high, 1)):
        for excess, allowed in ((-0.1, True), (0.12, False), (80.0, False)):
            point = (low + high) / 2
            point[axis] = edge[axis] + sign * (room + excess)
            points = [point, (low + high) / 2 + [1, 0, 0], (low + high) / 2 - [0, 1, 0]]
            finding = {**NODULE, "region": {shape: point if shape == "point_mm" else points}}
            if allowed:
                assert dc.report(finding, source)
                continue
            outside = room + excess - (pixel / 2, pixel / 2, 0)[axis]
            with pytest.raises(GeometryError, match=rf"findings\[1\]: {shape} .* mm outside") as caught:
                dc.report([NODULE, finding], source)
            told = re.search(r"up to ([0-9.]+) mm", str(caught.value))
            assert told is not None and float(told[1]) == pytest.approx(outside, abs=0.06)


def test_points_of_another_convention_are_told(images: list[Dataset]) -> None:
    for one in images:
        one.ImagePositionPatient = [40.0, 50.0, float(one.ImagePositionPatient[2])]
    inside = np.asarray(images[2].ImagePositionPatient, float) + np.asarray([4, 4, 0])
    assert dc.report({**NODULE, "region": {"point_mm": inside}}, images)
    with pytest.raises(GeometryError, match="look like RAS"):
        dc.report({**NODULE, "region": {"point_mm": inside * [-1, -1, 1]}}, images)
    with pytest.raises(GeometryError, match="is not in the images") as caught:
        dc.report({**NODULE, "region": {"point_mm": inside + np.asarray([500, 0, 0])}}, images)
    assert "RAS" not in str(caught.value)


def test_points_between_tilted_slices_and_crossing_planes(images: list[Dataset]) -> None:
    turn = np.deg2rad(25)
    for one in images:  # tilted: a box along x, y, z would be larger
        one.ImageOrientationPatient = [1, 0, 0, 0, round(np.cos(turn), 8), round(np.sin(turn), 8)]
    middle = np.asarray(images[3].ImagePositionPatient, float)
    down = np.asarray([0, np.cos(turn), np.sin(turn)]) * float(images[0].PixelSpacing[0])
    normal = np.asarray([0, -np.sin(turn), np.cos(turn)])
    rows = images[0].Rows
    assert dc.report({**NODULE, "region": {"point_mm": middle + down * (rows - 1) + normal}}, images)
    with pytest.raises(GeometryError, match="mm outside"):
        dc.report({**NODULE, "region": {"point_mm": middle + down * (rows + 40)}}, images)
    for one in images[::2]:
        one.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    assert dc.report({**NODULE, "region": {"point_mm": middle}}, images)
    with pytest.raises(GeometryError, match="mm outside"):
        dc.report({**NODULE, "region": {"point_mm": middle + np.asarray([0, 400, 0])}}, images)


def test_points_beyond_a_slide() -> None:
    slide = samples.phantom_slide().dataset
    origin = slide.TotalPixelMatrixOriginSequence[0]
    corner = np.asarray(
        [origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem, 0], float
    )
    assert dc.report({**NODULE, "region": {"point_mm": corner}}, slide)
    with pytest.raises(GeometryError, match="mm outside"):
        dc.report({**NODULE, "region": {"point_mm": corner + np.asarray([200, 0, 0])}}, slide)


def test_images_without_a_place_cannot_tell_what_lies_beyond() -> None:
    image = samples.phantom_series("CT", shape=(1, 16, 24)).datasets[0]
    del image.ImagePositionPatient
    assert dc.report({**NODULE, "region": {"point_mm": (1e4, 0, 0)}}, image)


def test_turned_ellipses_reach_further_than_their_axes(images: list[Dataset]) -> None:
    inside, outside = {"ellipse": (8, 8, 7, 7.5, 45)}, {"ellipse": (7.2, 8, 7, 7.5, 45)}
    assert dc.report({**NODULE, "region": {**inside, "image": 0}}, images)
    with pytest.raises(GeometryError, match="ellipse reaches outside the image"):
        dc.report({**NODULE, "region": {**outside, "image": 0}}, images)


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


def mapping(slope: float, unit: str, *, signed: bool = True) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    made = Dataset()
    made.RealWorldValueSlope, made.RealWorldValueIntercept = slope, 0.0
    ends = (-32768, 32767) if signed else (0, 65535)
    made.RealWorldValueFirstValueMapped, made.RealWorldValueLastValueMapped = ends
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


# -- identity ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({}, {}, "and neither has a tracking_id"),
        ({"tracking_id": "a"}, {"tracking_id": "b"}, "which has another tracking_id: one UID is one finding"),
        ({"tracking_id": "a"}, {}, "which has another tracking_id"),
        ({"tracking_id": "a"}, {"tracking_id": "a", "laterality": "right"}, "which has another laterality"),
        (
            {"tracking_id": "a"},
            {"tracking_id": "a", "label": "Mass", "site": "Liver"},
            "which has another label and site",
        ),
    ],
)
@pytest.mark.parametrize("viewer", [None, "ohif"])
def test_a_tracking_uid_is_that_of_one_finding(
    one: dict[str, Any], other: dict[str, Any], said: str, viewer: str | None, images: list[Dataset]
) -> None:
    uid, region = generate_uid(), {"box": (2, 2, 5, 5), "image": 1}
    findings = [{**NODULE, "region": region, "tracking_uid": str(uid), **more} for more in (one, {}, other)]
    findings[1].pop("tracking_uid")
    with pytest.raises(
        ArgumentError, match=rf"^findings\[2\]: the tracking_uid is that of findings\[0\], {said}"
    ):
        dc.report(findings, images, viewer=viewer)


def test_one_finding_in_two_places_keeps_its_tracking_uid(images: list[Dataset], tmp_path: Path) -> None:
    uid = str(generate_uid())
    found = {**NODULE, "tracking_id": "nodule 1", "tracking_uid": uid}
    regions = ({"box": (2, 2, 5, 5), "instance_number": number} for number in (1, 2))
    report = dc.report([{**found, "region": region} for region in regions], images)
    assert {one["tracking_uid"] for one in report.to_rows()} == {uid} and len(report.to_rows()) == 2
    table = tmp_path / "findings.csv"
    table.write_text(f"label,tracking_uid,Diameter [mm]\nLung nodule,{uid},3\nLung nodule,{uid},4\n", "utf-8")
    with pytest.raises(
        ArgumentError, match=r"findings\.csv, line 3: the tracking_uid is that of findings\.csv, line 2"
    ):
        dc.report(table, images)


# -- what a report is about --------------------------------------------------------------------------------------------


def test_a_segmentation_stands_for_its_segments_only(series: samples.ImageSeries, tmp_path: Path) -> None:
    images = list(series.datasets)
    seg = dc.segment(series.mask, images, ["Liver", "Spleen"])
    seg.save_as(tmp_path / "seg.dcm")
    assert dc.validate(dc.report({"label": "Liver", "region": {"segment": 1}}, seg)).ok
    for given in (seg, [seg], tmp_path / "seg.dcm"):
        with pytest.raises(
            ArgumentError, match=r"findings\[1\]: the source is a Segmentation, whose images are not"
        ):
            dc.report([{"label": "Liver", "region": {"segment": 1}}, {"label": "Liver"}], given)
        for region in ({"box": (1, 2, 3, 4)}, {"frame": 1}, {"point_mm": (0, 0, 0)}):
            with pytest.raises(ArgumentError, match="pass the images as source, and segments"):
                dc.report({"label": "Liver", "region": region}, given)
    for mixed in ([*images, seg], [seg, seg], [tmp_path / "seg.dcm", *images]):
        with pytest.raises(
            ArgumentError, match="a Segmentation is among the source; pass the images it was made from"
        ):
            dc.report({"label": "Liver"}, mixed)
    with pytest.raises(ArgumentError, match="a Segmentation is among the source"):
        dc.report({"label": "Liver"}, [*images, seg], source_series=str(seg.SeriesInstanceUID))


def test_a_mask_is_not_measured_in_itself(series: samples.ImageSeries) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    for call in (dc.measure_segments, dc.measure):
        with pytest.raises(ArgumentError, match="a Segmentation is among the source"):
            call(seg, seg)


# -- several real world value maps -------------------------------------------------------------------------------------


def with_maps(series: samples.ImageSeries, multi_frame: bool, where: str) -> Any:
    """Images whose values are halved as 'half' and doubled as 'double' (other units), and what is measured there."""
    images = [copy.deepcopy(one) for one in series.datasets]
    image = samples.enhanced_image(series).datasets[0]
    signed = bool((image if multi_frame else images[0]).PixelRepresentation)
    maps = [mapping(slope, unit, signed=signed) for slope, unit in ((0.5, "g/ml{SUVbw}"), (2.0, "Bq/ml"))]
    maps[0].LUTLabel, maps[1].LUTLabel = "half", "double"
    if not multi_frame:
        for number, one in enumerate(images):
            one.RealWorldValueMappingSequence = maps[:: 1 if number % 2 else -1]  # in no common order
        return images
    if where == "shared":
        image.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = maps
    else:
        for number, frame in enumerate(image.PerFrameFunctionalGroupsSequence):
            frame.RealWorldValueMappingSequence = maps[:: 1 if number % 2 else -1]
    return image


@pytest.mark.parametrize(("multi_frame", "where"), [(False, ""), (True, "shared"), (True, "frames")])
@pytest.mark.parametrize(
    ("chosen", "slope", "unit", "name"),
    [
        ("half", 0.5, "g/ml{SUVbw}", "SUVbw"),
        ("SUV", 0.5, "g/ml{SUVbw}", "SUVbw"),
        ("Bq/mL", 2.0, "Bq/ml", "Nuclear Medicine Tomographic Activity"),
        (("Bq/ml", "UCUM", "becquerels"), 2.0, "Bq/ml", "Nuclear Medicine Tomographic Activity"),
    ],
)
def test_of_several_value_maps_one_is_chosen(
    chosen: Any,
    slope: float,
    unit: str,
    name: str,
    multi_frame: bool,
    where: str,
    series: samples.ImageSeries,
) -> None:
    source = with_maps(series, multi_frame, where)
    mask = np.asarray(series.mask)
    seg = dc.segment(mask, source, ["Liver", "Spleen"])
    stored = np.stack([one.pixel_array for one in (source if isinstance(source, list) else [source])])
    stored = stored.reshape(mask.shape).astype(float)
    (found, _) = dc.measure_segments(seg, source, value_map=chosen)
    assert found.statistics is not None and found.statistics.unit == unit
    assert found.statistics.mean == pytest.approx(stored[mask == 1].mean() * slope)
    rows = [one for one in dc.measure(seg, source, value_map=chosen).to_rows() if one["derivation"] == "Mean"]
    assert {(one["name"], one["unit"]) for one in rows} == {(name, unit)}
    for call in (dc.measure, dc.measure_segments):
        with pytest.raises(
            ArgumentError, match="2 real world value maps: .*'half' in g/ml{SUVbw}.*choose one with"
        ):
            call(seg, source)
        with pytest.raises(ArgumentError, match="value_map 'whole' names none of the 2"):
            call(seg, source, value_map="whole")
    assert dc.measure_segments(seg, source, statistics=False)[0].volume == found.volume


def test_value_maps_that_cannot_be_chosen(series: samples.ImageSeries, images: list[Dataset]) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    with pytest.raises(ArgumentError, match="'half' names no map: the images have no real world value map"):
        dc.measure_segments(seg, images, value_map="half")
    for one in images:
        one.RealWorldValueMappingSequence = [mapping(0.5, "Bq/ml"), mapping(2.0, "Bq/ml")]
    for chosen in ("map", "Bq/ml"):
        with pytest.raises(ArgumentError, match="names 2 of the 2"):
            dc.measure_segments(seg, images, value_map=chosen)


def test_frames_with_maps_to_several_units(series: samples.ImageSeries) -> None:
    image = samples.enhanced_image(series).datasets[0]
    for number, frame in enumerate(image.PerFrameFunctionalGroupsSequence):
        frame.RealWorldValueMappingSequence = [
            mapping(1.0, "Bq/ml" if number else "g/ml{SUVbw}", signed=bool(image.PixelRepresentation))
        ]
    seg = dc.segment(np.asarray(series.mask), image, ["Liver", "Spleen"])
    with pytest.raises(GeometryError, match="values of several kinds"):
        dc.measure_segments(seg, image)


@pytest.mark.parametrize("defined", [True, False])
def test_a_map_says_what_its_values_are(
    defined: bool, series: samples.ImageSeries, images: list[Dataset]
) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    for one in images:
        one.Modality = "MR"
        one.RealWorldValueMappingSequence = [mapping(1.0, "um2/s")]
        if defined:
            said = Dataset()
            said.ValueType = "CODE"
            for keyword, code in (
                ("ConceptNameCodeSequence", ("246205007", "SCT", "Quantity")),
                ("ConceptCodeSequence", ("113041", "DCM", "Apparent Diffusion Coefficient")),
            ):
                item = Dataset()
                item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
                setattr(said, keyword, [item])
            one.RealWorldValueMappingSequence[0].QuantityDefinitionSequence = [said]
    assert dc.measure_segments(seg, images)[0].statistics.unit == "um2/s"
    names = {one["name"] for one in dc.measure(seg, images).to_rows()}
    assert ("Apparent Diffusion Coefficient" in names) == defined and "MR signal intensity" not in names
