"""Findings that would become another report than was meant, without a word: shapes, sides, names, numbers."""

from __future__ import annotations

import copy
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

import dicomposer as dc
from dicomposer import samples
from dicomposer.api._report_shapes import crosses_itself
from dicomposer.errors import ArgumentError, GeometryError, TerminologyError

NODULE: dict[str, Any] = {"label": "Lung nodule", "measurements": {"Diameter": (8.2, "mm")}}
KIDNEY = ("18639004", "SCT", "Left kidney")


@pytest.fixture
def images() -> list[Dataset]:
    return [copy.deepcopy(one) for one in samples.phantom_series("CT", shape=(6, 32, 40)).datasets]


def items(report: Any, value_type: str) -> list[Any]:
    found: list[Any] = []

    def walk(item: Any) -> None:
        for child in item.get("ContentSequence", ()):
            if child.ValueType == value_type:
                found.append(child)
            walk(child)

    walk(report)
    return found


def region(images: list[Dataset], given: dict[str, Any], **more: Any) -> Any:
    return dc.report({**NODULE, "region": given, **more}, images)


# -- places ------------------------------------------------------------------------------------------------------------

COLUMNS = [[10, 20, 20, 10], [11, 11, 21, 21]]
POINTS = np.transpose(COLUMNS).tolist()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"polygon": COLUMNS}, r"shape \(2, 4\), and needs \(points, 2\).*transposed"),
        ({"polygon": np.asarray(COLUMNS)}, r"shape \(2, 4\)"),
        ({"polygon": [POINTS, POINTS]}, r"shape \(2, 4, 2\)"),
        ({"polygon": json.dumps(COLUMNS)}, "2 numbers between brackets, found '10, 20, 20, 10'"),
        ({"polygon": str(np.asarray(COLUMNS))}, "2 numbers between brackets"),
        ({"polygon": json.dumps([POINTS, POINTS])}, "lists in lists of lists"),
        ({"polygon": [(1, 2), (3, 4, 5), (6, 7)]}, "of one length"),
        ({"points": [(1, 2, 3), (4, 5, 6)]}, r"shape \(2, 3\), and needs \(points, 2\)"),
        ({"line": [[1, 2, 3, 4]]}, r"shape \(1, 4\)"),
        ({"long_axis": [[1, 2, 3, 4]], "short_axis": (1, 1, 2, 2)}, "long_axis has the shape"),
        ({"points_mm": [(-10, -20), (12, -11), (-21, 13)]}, r"shape \(3, 2\), and needs \(points, 3\)"),
        ({"polygon_mm": np.zeros((2, 6))}, r"shape \(2, 6\)"),
        ({"box": [[1, 5], [2, 6]]}, r"in one row, found the shape \(2, 2\)"),
        ({"ellipse": [[8, 8], [3, 2]]}, "in one row"),
    ],
)
def test_nested_numbers_are_points_as_they_are_nested(
    given: dict[str, Any], said: str, images: list[Dataset]
) -> None:
    place = {} if any(key.endswith("_mm") for key in given) else {"image": 1}
    with pytest.raises(ArgumentError, match=said):
        region(images, {**given, **place})


@pytest.mark.parametrize(
    "given",
    [
        POINTS, np.ravel(POINTS).tolist(), np.asarray(POINTS)[:, None], " ".join(map(str, np.ravel(POINTS))),
        json.dumps(POINTS), json.dumps(np.ravel(POINTS).tolist()), str(np.asarray(POINTS)),
        "; ".join(f"{x},{y}" for x, y in POINTS),
    ],
)  # fmt: skip
def test_ways_to_write_points(given: Any, images: list[Dataset]) -> None:
    (found,) = items(region(images, {"polygon": given, "image": 1}), "SCOORD")
    assert list(found.GraphicData) == np.ravel([*POINTS, POINTS[0]]).tolist()


@pytest.mark.parametrize(
    "given",
    [
        {"polygon": [(3, 3)] * 4}, {"polygon": [(1, 1), (2, 2), (3, 3)]}, {"polygon": [(1, 1), (9, 2), (1, 1)]},
        {"line": [(3, 3), (3, 3)]}, {"long_axis": [(3, 3)] * 2, "short_axis": [(3, 3)] * 2},
        {"long_axis": [(3, 3), (9, 9)], "short_axis": [(3, 3)] * 2},
    ],
)  # fmt: skip
def test_shapes_without_an_extent(given: dict[str, Any], images: list[Dataset]) -> None:
    with pytest.raises(ArgumentError, match="has no length|encloses nothing"):
        region(images, {**given, "image": 1})


def middle(images: list[Dataset]) -> np.ndarray:
    """A point in the third image."""
    spacing = np.asarray([*images[0].PixelSpacing[::-1], 0], float)
    return np.asarray(images[2].ImagePositionPatient, float) + 10 * spacing


@pytest.mark.parametrize("steps", [(0, 0, 0), (1, 2, 3)])
def test_polygons_in_space_without_an_area(steps: tuple[int, ...], images: list[Dataset]) -> None:
    points = middle(images) + np.outer([*steps, steps[0]], [1, 0, 0])
    with pytest.raises(ArgumentError, match="polygon_mm encloses nothing"):
        region(images, {"polygon_mm": points})


@pytest.mark.parametrize("named", [{"instance_number": 1}, {"position": 3.0}, {"image": 2}, {"frame": 1}])
def test_a_point_in_space_has_no_image(named: dict[str, Any], images: list[Dataset]) -> None:
    assert region(images, {"point_mm": middle(images)})
    with pytest.raises(ArgumentError, match=f"leave out {next(iter(named))}"):
        region(images, {"point_mm": middle(images), **named})


def slabs(images: list[Dataset], step: float, jump: float, thickness: float) -> list[Dataset]:
    for number, one in enumerate(images):
        one.ImagePositionPatient = [0, 0, number * step + (jump if number > 2 else 0)]
        one.SliceThickness = thickness
    return images


@pytest.mark.parametrize(
    ("jump", "thickness", "z", "allowed"),
    [
        (200, 2, 100, False), (200, 2, 5.9, True), (200, 2, 6.2, False), (200, 2, 206.0, True), (200, 2, 203.0, False),
        (0, 2, 5, True), (2, 2, 5, True), (0, 5000, 2000, False), (0, 5000, 10.9, True), (0, 5000, 11.2, False),
        (0, 10, 19.9, True),
    ],
)  # fmt: skip
def test_points_between_slabs(
    jump: float, thickness: float, z: float, allowed: bool, images: list[Dataset]
) -> None:
    source = slabs(images, 2.0, jump, thickness)
    if allowed:
        assert region(source, {"point_mm": (3, 3, z)})
        return
    with pytest.raises(GeometryError, match="mm outside"):
        region(source, {"point_mm": (3, 3, z)})


def test_images_far_apart_reach_no_gap_beyond_themselves(images: list[Dataset]) -> None:
    source = slabs(images[:2], 50.0, 0, 2)
    assert region(
        source, {"point_mm": (3, 3, 25)}
    )  # two images may be all there is: nothing says that it is a gap
    with pytest.raises(GeometryError, match="35.0 mm outside"):
        region(source, {"point_mm": (3, 3, 85)})


def test_sizes_on_slides_and_messages_in_their_digits() -> None:
    slide = samples.phantom_slide().dataset
    spacing = slide.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    for place in ({}, {"frame": 1}):
        report = dc.report({**NODULE, "region": {"box": (1, 1, 5, 4), **place}}, slide, viewer="ohif")
        area = items(report, "NUM")[0].MeasuredValueSequence[0].NumericValue
        assert float(area) == pytest.approx(4 * 3 * float(spacing[0]) * float(spacing[1]))
    with pytest.raises(GeometryError) as caught:
        dc.report({**NODULE, "region": {"point_mm": (20.0, 40.1, 0)}}, slide)
    assert "x 19.9653 to 20.0003" in str(caught.value)


def test_spacing_of_the_frame_that_is_meant() -> None:
    image = samples.enhanced_image(samples.phantom_series("CT")).datasets[0]
    shared = image.SharedFunctionalGroupsSequence[0]
    measures = shared.PixelMeasuresSequence[0]
    del shared.PixelMeasuresSequence
    for number, frame in enumerate(image.PerFrameFunctionalGroupsSequence):
        frame.PixelMeasuresSequence = [copy.deepcopy(measures)]
        frame.PixelMeasuresSequence[0].PixelSpacing = [1.0 + number, 1.0 + number]
    finding = {"label": "Neoplasm", "region": {"line": [(1, 1), (6, 1)], "frame": 3}}
    report = dc.report(finding, image, viewer="ohif")
    assert float(items(report, "NUM")[0].MeasuredValueSequence[0].NumericValue) == pytest.approx(15.0)


# -- axes and areas ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", [[1.0, 1.0], [0.2, 3.0], None])
def test_swapped_axes(spacing: list[float] | None, images: list[Dataset]) -> None:
    for one in images:
        del one.PixelSpacing
        if spacing:
            one.PixelSpacing = spacing
    across, down = [(5, 9), (15, 9)], [(10, 5), (10, 17)]
    longer, shorter = (across, down) if spacing == [0.2, 3.0] else (down, across)
    sizes = {"Long Axis": (9, "mm"), "Short Axis": (9, "mm")}
    good = {"long_axis": longer, "short_axis": shorter, "image": 1}
    assert region(images, good, measurements=sizes)
    with pytest.raises(ArgumentError, match="long_axis is shorter than short_axis.*swapped"):
        region(images, {**good, "long_axis": shorter, "short_axis": longer}, measurements=sizes)


@pytest.mark.parametrize(
    ("long", "short", "fits"),
    [
        ((9, "mm"), (8, "mm"), True), ((8, "mm"), (9, "mm"), False), ((1, "cm"), (9, "mm"), True),
        ((0.8, "cm"), (9, "mm"), False), ((9, "mm"), (1, "cm"), False), ((8, "px"), (9, "px"), False),
        ((8, "px"), (9, "mm"), True), ((9, "mm"), (0.9, "cm"), True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("names", [("Long Axis", "Short Axis"), ("Major Axis", "Minor Axis")])
def test_numbers_of_swapped_axes(
    long: Any, short: Any, fits: bool, names: tuple[str, str], images: list[Dataset]
) -> None:
    finding = {**NODULE, "measurements": dict(zip(names, (long, short), strict=True))}
    if fits:
        assert dc.report(finding, images)
        return
    with pytest.raises(ArgumentError, match="is shorter than"):
        dc.report(finding, images)


BOW = [(5, 5), (15, 15), (15, 5), (5, 15)]


def test_areas_of_polygons_that_cross_themselves(images: list[Dataset]) -> None:
    place = {"polygon": BOW, "image": 1}
    with pytest.raises(ArgumentError, match="crosses itself.*Area must be among"):
        dc.report({"label": "Neoplasm", "region": place}, images, viewer="ohif")
    given = {"label": "Neoplasm", "region": place, "measurements": {"Area": (50, "mm2")}}
    for viewer in (None, "ohif"):
        assert items(dc.report(given, images, viewer=viewer), "SCOORD")
    beside = dc.report({"label": "Neoplasm", "region": place, "site": "Lung"}, images)
    assert not items(beside, "NUM") and items(beside, "SCOORD") and not dc.validate(beside).errors


@pytest.mark.parametrize(
    ("points", "crosses"),
    [
        ([(0, 0), (4, 0), (4, 4), (0, 4)], False),
        (BOW, True),
        ([(0, 0), (2, 2), (4, 0), (4, 4), (2, 2), (0, 4)], False),  # two parts at a point, one way around
        ([(0, 0), (2, 2), (4, 4), (4, 0), (2, 2), (0, 4)], True),  # through one point twice, around both ways
        ([(0, 0), (8, 0), (8, 8), (0, 8), (0, 0), (8, 0), (8, 8), (0, 8)], True),  # around twice
        ([(0, 0), (4, 0), (9, 0), (4, 0), (4, 4), (0, 4)], False),  # a spike
        ([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (3, 3), (3, 6), (6, 6), (6, 3), (3, 3)], False),  # a seam to a hole
        ([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (3, 3), (6, 3), (6, 6), (3, 6), (3, 3)], True),  # around it twice
        ([(0, 0), (4, 0), (4, 0), (4, 4), (0, 4)], False),  # a point twice
        ([(0, 0), (4, 0), (4, 4), (5, 5), (4, 5), (4, 4), (0, 4)], False),  # two parts at a corner, one way around
    ],
)  # fmt: skip
def test_outlines_that_cross_themselves(points: list[tuple[int, int]], crosses: bool) -> None:
    closed = np.asarray([*points, points[0]], float)
    for turn in np.deg2rad([0, 33, 90]):
        turned = closed @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] + 1000
        assert crosses_itself(turned) == crosses == crosses_itself(turned[::-1])


def test_long_outlines() -> None:
    angles = np.linspace(0, 2 * np.pi, 3001)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (20 + np.cos(40 * angles))[:, None]
    ring[-1] = ring[0]
    start = time.process_time()
    assert not crosses_itself(ring)
    assert time.process_time() - start < 10
    ring[[700, 1900]] = ring[[1900, 700]]
    assert crosses_itself(ring)


# -- sides -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"site": "Left ventricle", "laterality": "R"},
        {"site": "Left ventricle", "laterality": "both"},
        {"site": "Right coronary artery", "laterality": "L"},
        {"site": KIDNEY, "laterality": "R"},
        {
            "site": ("87878005", "SCT", "linke Herzkammer"),
            "laterality": "R",
        },  # the standard has the word, if the caller has not
        {"site": KIDNEY, "laterality": ("24028007", "SCT", "Right")},
        {"site": KIDNEY, "laterality": ("G-A100", "SRT", "Right")},
        {"label": KIDNEY, "site": "Kidney", "laterality": "R"},
        {"label": KIDNEY, "site": ("9846003", "SCT", "Right kidney")},
        {"label": "Left kidney", "site": "Liver", "laterality": "R"},
    ],
)
def test_sides_that_contradict_each_other(given: dict[str, Any], images: list[Dataset]) -> None:
    with pytest.raises(ArgumentError, match="contradict each other"):
        dc.report({**NODULE, **given}, images)


def test_a_side_of_a_label_is_not_lost(images: list[Dataset]) -> None:
    with pytest.raises(ArgumentError, match="the side would be lost"):
        dc.report({**NODULE, "label": "Left kidney", "site": "Liver"}, images)


@pytest.mark.parametrize(
    "given",
    [
        {"site": "Left ventricle", "laterality": "L"},
        {"site": "Left ventricle"},
        {"site": "Right coronary artery", "laterality": "right"},
        {"site": KIDNEY, "laterality": "unilateral"},
        {"site": ("1", "99X", "Left to right shunt"), "laterality": "R"},
        {"site": ("1", "99X", "Leftover"), "laterality": "R"},
        {"label": "Left kidney", "site": "Liver", "laterality": "L"},
        {"label": KIDNEY, "site": "Kidney", "laterality": "L"},
        {"label": KIDNEY, "site": "Liver"},
        {"site": "Kidney", "laterality": "R"},
    ],
)
def test_sides_that_agree(given: dict[str, Any], images: list[Dataset]) -> None:
    assert not dc.validate(dc.report({**NODULE, **given}, images)).errors


# -- names and numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["Diameter [mm],Diameter [cm]", "Diameter [mm],diameter [mm]"])
def test_two_columns_of_one_code(names: str, images: list[Dataset], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"label,{names}\nNodule,3,\nNodule,,4\n")
    report = dc.report(path, images)
    assert [float(one.MeasuredValueSequence[0].NumericValue) for one in items(report, "NUM")] == [3, 4]
    path.write_text(f"label,{names}\nNodule,3,\nNodule,3,4\n")
    first, second = names.split(",")
    with pytest.raises(ArgumentError) as caught:
        dc.report(path, images)
    assert f"line 3: columns {first!r} and {second!r} both are 'Diameter'" in str(caught.value)


def test_two_answers_in_columns(images: list[Dataset], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,evaluation: Margin,evaluation: margin\nNodule,Spiculated,Smooth\n")
    with pytest.raises(ArgumentError, match="both are 'Margin'"):
        dc.report(path, images)


@pytest.mark.parametrize("second", ["diameter", ("81827009", "SCT", "diam."), ("M-02550", "SRT", "Diameter")])
def test_one_code_under_two_names(second: Any, images: list[Dataset]) -> None:
    with pytest.raises(ArgumentError, match=r"measurements 'Diameter' and '.*' both are '.*'"):
        dc.report({**NODULE, "measurements": {"Diameter": (3, "mm"), second: (4, "mm")}}, images)


def test_keys_twice_in_json(images: list[Dataset], tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"label": "Nodule", "measurements": {"Diameter": [3, "mm"], "Diameter": [4, "mm"]}}]')
    with pytest.raises(ArgumentError, match="'Diameter' twice"):
        dc.report(path, images)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_written_as_none_are_told(value: float, images: list[Dataset]) -> None:
    finding = {**NODULE, "measurements": {"Diameter": (value, "mm")}}
    with pytest.warns(UserWarning, match=rf"findings\[1\]: measurement 'Diameter' is {value}") as caught:
        dc.report([NODULE, finding], images)
    assert {one.filename for one in caught} == {__file__}


@pytest.mark.parametrize(
    "name",
    ["EDD", "RECIST", "RANO", "HER2", "iron", "orientation", "index", "surface", "Margin", "Stage", "Shape"],
)
def test_names_of_what_is_no_number(name: str, images: list[Dataset]) -> None:
    with pytest.raises(TerminologyError, match="is not among those"):
        dc.report({**NODULE, "measurements": {name: (3, "")}}, images)


@pytest.mark.parametrize(
    ("name", "unit", "value"),
    [
        ("Diameter", "mm", "81827009"), ("Ktrans", "/min", "126312"), ("Heart rate", "", "8867-4"),
        ("Kurtosis", "", "126052"), ("Stroke Volume", "ml", "90096001"), ("Wall Thickness", "mm", "122445"),
        ("Standard Deviation", "HU", None), ("Calcium score", "", "112058"), ("Angle", "deg", "1483009"),
        ("Fractional flow reserve", "", None), ("Mean", "HU", "373098007"), ("Jaccard Index", "", None),
        ("Right ventricular ejection fraction by MR", "%", None), ("Glomerular Filtration Rate (MDRD)", "", None),
    ],
)  # fmt: skip
def test_names_of_numbers(name: str, unit: str, value: str | None, images: list[Dataset]) -> None:
    (found,) = items(dc.report({**NODULE, "measurements": {name: (3, unit)}}, images), "NUM")
    assert found.ConceptNameCodeSequence[0].CodeMeaning.lower() == name.lower()
    assert value is None or found.ConceptNameCodeSequence[0].CodeValue == value


# -- identity ----------------------------------------------------------------------------------------------------------


def twice(one: dict[str, Any], other: dict[str, Any]) -> list[dict[str, Any]]:
    uid = str(generate_uid())
    base = {**NODULE, "tracking_uid": uid, "tracking_id": "a"}
    return [
        {**base, "region": {"circle": (9, 9, 3), "image": n}, **more} for n, more in enumerate((one, other))
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"site": "Lung"}, {"site": "lung"}),
        ({"site": "Lung"}, {"site": ("39607008", "SCT", "Lung structure")}),
        ({"site": "Kidney", "laterality": "L"}, {"site": "Kidney", "laterality": "left"}),
        ({"site": "Kidney", "laterality": "L"}, {"site": "kidney_left"}),
        ({"label": "Mass"}, {"label": "mass"}),
    ],
)
def test_one_finding_in_two_spellings(
    one: dict[str, Any], other: dict[str, Any], images: list[Dataset]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dc.report(twice(one, other), images)


def test_one_uid_is_one_annotation(images: list[Dataset]) -> None:
    line = {"region": {"line": [(3, 3), (9, 9)], "image": 2}}
    assert dc.report(twice({}, line), images)
    assert dc.report(twice({}, {}), images, viewer="ohif")
    for other in (line, {"region": {"image": 2}}):
        with pytest.raises(
            ArgumentError, match=r"findings\[1\]: .*one UID is one kind of annotation: CircleROI and"
        ):
            dc.report(twice({}, other), images, viewer="ohif")
