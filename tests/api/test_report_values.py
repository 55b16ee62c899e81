"""Numbers of findings: what cannot be is refused, and what models give is written as they mean it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import dicomposer as dc
from dicomposer import samples
from dicomposer.errors import ArgumentError, TerminologyError


@pytest.fixture(scope="module")
def images() -> list[Any]:
    return list(samples.phantom_series("CT").datasets)


def number(images: list[Any], name: Any, value: Any, unit: Any) -> tuple[float, str]:
    report = dc.report({"label": "Neoplasm", "measurements": {name: (value, unit)}}, images)
    (group,) = report.content.get_image_measurement_groups()
    (found,) = group.get_measurements()
    return found.value, found.unit.value


@pytest.mark.parametrize("unit", ["", None, "%", "HU", "s"])
@pytest.mark.parametrize("name", ["Diameter", "Volume", "Area"])
def test_sizes_need_a_unit_of_their_dimension(name: str, unit: str | None, images: list[Any]) -> None:
    with pytest.raises(TerminologyError, match="is a measurement of"):
        number(images, name, 8.0, unit)


@pytest.mark.parametrize(
    ("name", "unit", "code"),
    [
        ("Diameter", "nm", None), ("Diameter", "millimeters", "mm"), ("Diameter", "centimetre", "cm"),
        ("Volume", "cubic millimeter", "mm3"), ("Volume", "dl", None), ("Area", "square millimetres", "mm2"),
        ("Diameter", "px", "{pixels}"),
    ],
)  # fmt: skip
def test_units_that_fit(name: str, unit: str, code: str | None, images: list[Any]) -> None:
    if code is None:  # not in the tables: a code of UCUM
        given: Any = (unit, "UCUM", unit)
    else:
        given = unit
    assert number(images, name, 8.0, given) == (8.0, code or unit)


@pytest.mark.parametrize("name", ["Diameter", "Volume", ("42798000", "SCT", "Area")])
def test_sizes_are_not_negative(name: Any, images: list[Any]) -> None:
    unit = {"Diameter": "mm", "Volume": "ml"}.get(name, "mm2") if isinstance(name, str) else "mm2"
    assert number(images, name, 0, unit)[0] == 0
    with pytest.raises(ArgumentError, match="negative"):
        number(images, name, -1, unit)


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("Confidence", 0.93, ""), ("Certainty of Finding", 0.9, ""), (("111012", "DCM", "certain"), 0.93, "1"),
        ("Probability of cancer", 0.71, ""), ("Probability", 93, ""), ("Probability", 2.5, ""),
        ("Probability", -0.5, ""), ("Certainty of Finding", 150, "%"), ("Probability", float("inf"), ""),
        ("Probability", -1, "%"),
    ],
)  # fmt: skip
def test_probabilities_that_cannot_be(name: Any, value: float, unit: str, images: list[Any]) -> None:
    with pytest.raises(ArgumentError):
        number(images, name, value, unit)


def test_probabilities(images: list[Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert number(images, "Confidence", 93, "%") == (93, "%")
        assert number(images, "Probability", 0.93, "") == (0.93, "1")
        assert number(images, "Probability", 93, "%") == (93, "%")
        assert number(images, "Probability of cancer", 0, "%") == (0, "%")
    with pytest.warns(UserWarning, match="write 93 if a fraction"):
        assert number(images, "Confidence", 0.93, "%") == (0.93, "%")


@pytest.mark.parametrize(
    ("value", "due"),
    [
        (np.float32(8.2), 8.2), (np.float16(0.1), 0.1), (np.array(8.2, np.float32), 8.2), (np.float64(1 / 3), 1 / 3),
        (np.int64(7), 7), (np.array(3), 3), (np.float32(1e-7), 1e-7),
    ],
)  # fmt: skip
def test_numbers_of_numpy(value: Any, due: float, images: list[Any]) -> None:
    assert number(images, "Mean", value, "HU") == (due, "[hnsf'U]")


@pytest.mark.parametrize("value", [True, np.bool_(True), np.array([1.0]), "8.2", None])
def test_no_numbers(value: Any, images: list[Any]) -> None:
    with pytest.raises(ArgumentError, match="must have a number"):
        number(images, "Mean", value, "HU")


@pytest.mark.parametrize(
    ("name", "near"), [("Confidense", "Certainty of Finding"), ("Likelihod", "Certainty of Finding")]
)
def test_misspelt_names_of_models(name: str, near: str, images: list[Any]) -> None:
    with pytest.raises(TerminologyError, match=near):
        number(images, name, 1, "%")


def test_an_image_given_as_such(images: list[Any]) -> None:
    report = dc.report({"label": "Neoplasm", "region": {"point": (1, 1), "image": images[3]}}, images)
    (group,) = report.content.get_planar_roi_measurement_groups()
    assert group.roi.source_image.referenced_sop_instance_uid == images[3].SOPInstanceUID
    with pytest.raises(ArgumentError, match="not list") as error:
        dc.report({"label": "Neoplasm", "region": {"point": (1, 1), "image": [images[3]]}}, images)
    assert len(str(error.value)) < 300


def test_numbers_beyond_any_double(images: list[Any]) -> None:
    with pytest.raises(ArgumentError, match="too large"):
        number(images, "Mean", 10**400, "HU")


# -- segments ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def segmentation(images: list[Any]) -> Any:
    mask = np.zeros((len(images), images[0].Rows, images[0].Columns), np.uint8)
    mask[2:5, 4:9, 4:9] = 1
    return dc.segment(mask, source=images, segments=["Lung nodule"])


def finding(segmentation: Any, **more: Any) -> dict[str, Any]:
    return {"label": "Nodule", "region": {"segment": 1, "segmentation": segmentation}, **more}


def test_a_segment_is_tracked_as_it_is(images: list[Any], segmentation: Any) -> None:
    described = segmentation.get_segment_description(1)
    report = dc.report([finding(segmentation)], images)
    (group,) = report.content.get_volumetric_roi_measurement_groups()
    assert group.tracking_uid == described.tracking_uid and group.tracking_identifier == described.tracking_id
    same = {"tracking_uid": str(described.tracking_uid), "tracking_id": described.tracking_id}
    dc.report([finding(segmentation, **same)], images)
    for wrong in ({"tracking_uid": "1.2.3"}, {"tracking_id": "another"}):
        with pytest.raises(ArgumentError, match="not that of segment 1"):
            dc.report([finding(segmentation, **wrong)], images)


def test_a_site_beside_a_segment_has_its_volume(images: list[Any], segmentation: Any) -> None:
    report = dc.report([finding(segmentation, site="Lung", laterality="L")], images)
    assert not dc.validate(report).down_to("warning")
    (group,) = report.content.get_volumetric_roi_measurement_groups()
    (volume,) = group.get_measurements()
    (measured,) = dc.measure_segments(segmentation)
    assert volume.unit.value == "cm3" and volume.value == pytest.approx(measured.volume / 1000, rel=1e-12)


def test_two_findings_of_one_name(images: list[Any]) -> None:
    with pytest.warns(UserWarning, match=r"findings\[1\] has the tracking_id of findings\[0\]"):
        dc.report([{"label": "Neoplasm", "tracking_id": "lesion"}] * 2, images)
