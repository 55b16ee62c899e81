"""Every value type: what is given comes back, also out of a file, and what cannot be is refused."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import DA, DT, TM, PersonName

from dicomposer import sr
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError, MissingAttributeError
from reports import CT, DEFLATED, EXPLICIT, IMPLICIT, MM, NAME, U, round_trip

LUNG = Code("39607008", "SCT", "Lung")


VALUES: list[tuple[str, dict[str, Any], Any]] = [
    ("CodeContentItem", {"value": LUNG}, LUNG),
    ("CodeContentItem", {"value": sr.CodedConcept("1", "99X", "Größe")}, Code("1", "99X", "Größe")),
    ("CodeContentItem", {"value": Code("1" * 40, "99X", "long")}, Code("1" * 40, "99X", "long")),
    ("CodeContentItem", {"value": Code("urn:a:b", "99X", "urn")}, Code("urn:a:b", "99X", "urn")),
    ("CodeContentItem", {"value": Code("1", "99X", "a", "2.0")}, Code("1", "99X", "a", "2.0")),
    ("PnameContentItem", {"value": "Doe^Jane"}, PersonName("Doe^Jane")),
    (
        "PnameContentItem",
        {"value": PersonName("Yamada^Tarou=山田^太郎")},
        PersonName("Yamada^Tarou=山田^太郎"),
    ),
    ("TextContentItem", {"value": "two\r\nlines"}, "two\r\nlines"),
    ("TextContentItem", {"value": "a\\b; Größe 5 µm"}, "a\\b; Größe 5 µm"),
    ("TextContentItem", {"value": "x" * 70_000}, "x" * 70_000),
    ("TimeContentItem", {"value": "10:20:30"}, TM("102030")),
    ("TimeContentItem", {"value": datetime.time(1, 2, 3, 400)}, TM("010203.000400")),
    ("DateContentItem", {"value": datetime.date(2024, 5, 17)}, DA("20240517")),
    ("DateContentItem", {"value": "2024-05-17"}, DA("20240517")),
    ("DateTimeContentItem", {"value": datetime.datetime(2024, 5, 17, 1, 2, 3)}, DT("20240517010203")),
    ("DateTimeContentItem", {"value": "20240517010203+0200"}, DT("20240517010203+0200")),
    ("UIDRefContentItem", {"value": U}, U),
    ("NumContentItem", {"value": 5, "unit": MM}, 5),
    ("CompositeContentItem", {"referenced_sop_class_uid": CT, "referenced_sop_instance_uid": U}, (CT, U)),
    ("ImageContentItem", {"referenced_sop_class_uid": CT, "referenced_sop_instance_uid": U}, (CT, U)),
    ("WaveformContentItem", {"referenced_sop_class_uid": CT, "referenced_sop_instance_uid": U}, (CT, U)),
    ("TcoordContentItem", {"temporal_range_type": "POINT", "referenced_sample_positions": [3]}, [3]),
    (
        "TcoordContentItem",
        {"temporal_range_type": "SEGMENT", "referenced_time_offsets": [0.5, 2]},
        [0.5, 2.0],
    ),
    (
        "TcoordContentItem",
        {"temporal_range_type": "BEGIN", "referenced_date_time": [datetime.datetime(2024, 1, 2)]},
        [DT("20240102000000")],
    ),
]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED])
@pytest.mark.parametrize(("kind", "given_values", "expected"), VALUES)
def test_values_come_back(kind: str, given_values: dict[str, Any], expected: Any, syntax: str) -> None:
    item = getattr(sr, kind)(name=NAME, relationship_type="CONTAINS", **given_values)
    for one in (item, round_trip(item, syntax)):
        assert one.value == expected
        assert one.name == NAME
        assert one.name.meaning == "Image Region"
        assert one.relationship_type is sr.RelationshipTypeValues.CONTAINS
        assert one.value_type.name + "CONTENTITEM" == kind.upper()
        assert type(one) is getattr(sr, kind)


def test_no_relationship_at_the_root():
    assert sr.ContainerContentItem(NAME).relationship_type is None
    assert "RelationshipType" not in sr.ContainerContentItem(NAME)


@pytest.mark.parametrize(("given_value", "due"), [(True, "CONTINUOUS"), (False, "SEPARATE")])
def test_containers(given_value: bool, due: str) -> None:
    item = sr.ContainerContentItem(NAME, given_value, "1500")
    again = round_trip(item)
    assert again.ContinuityOfContent == due
    assert again.template_id == "1500"
    assert again.ContentTemplateSequence[0].MappingResource == "DCMR"
    assert sr.ContainerContentItem(NAME).template_id is None


def test_frames_and_segments():
    one = round_trip(sr.ImageContentItem(NAME, CT, U, [3, 1], None))
    assert (one.referenced_frame_numbers, one.referenced_segment_numbers) == ([3, 1], None)
    one = round_trip(sr.ImageContentItem(NAME, CT, U, None, np.int64(2)))
    assert (one.referenced_frame_numbers, one.referenced_segment_numbers) == (None, [2])
    many = list(range(1, 5000))
    assert round_trip(sr.ImageContentItem(NAME, CT, U, many)).referenced_frame_numbers == many


def test_waveform_channels():
    one = round_trip(sr.WaveformContentItem(NAME, CT, U, [(1, 2), (2, 1)]))
    assert one.referenced_waveform_channels == [(1, 2), (2, 1)]
    assert sr.WaveformContentItem(NAME, CT, U).referenced_waveform_channels is None


COORDINATES = st.floats(-1e6, 1e6, width=32)


@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=30))
def test_polylines_come_back(points: list[tuple[float, float]]) -> None:
    item = sr.ScoordContentItem(NAME, "POLYLINE", np.array(points, float), relationship_type="CONTAINS")
    again = round_trip(item)
    np.testing.assert_array_equal(again.value, points)
    assert again.value.dtype == np.float64
    assert again.graphic_type is sr.GraphicTypeValues.POLYLINE


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, np.uint8])
def test_coordinates_of_any_number_type(dtype: type) -> None:
    item = sr.ScoordContentItem(NAME, "POINT", np.array([[1, 2]], dtype), "VOLUME", U)
    assert item.value.tolist() == [[1.0, 2.0]]
    assert item.PixelOriginInterpretation == "VOLUME"
    assert item.FiducialUID == U


def test_coordinates_in_space():
    square = np.array([[0.0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]])
    item = round_trip(sr.Scoord3DContentItem(NAME, "POLYGON", square, U, "1.2.5", "CONTAINS"))
    np.testing.assert_array_equal(item.value, square)
    assert item.frame_of_reference_uid == U
    assert item.graphic_type is sr.GraphicTypeValues3D.POLYGON


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: sr.ScoordContentItem(NAME, "POINT", np.ones((2, 2))), ArgumentError),
        (lambda: sr.ScoordContentItem(NAME, "ELLIPSE", np.ones((3, 2))), ArgumentError),
        (lambda: sr.ScoordContentItem(NAME, "POINT", np.ones((1, 3))), ArgumentError),
        (lambda: sr.ScoordContentItem(NAME, "POINT", np.full((1, 2), np.nan)), ArgumentError),
        (lambda: sr.ScoordContentItem(NAME, "POINT", np.full((1, 2), 1e39)), ArgumentError),
        (lambda: sr.ScoordContentItem(NAME, "SPLINE", np.ones((1, 2))), ValueError),
        (lambda: sr.ScoordContentItem(NAME, "POINT", np.array([["a", "b"]])), ArgumentTypeError),
        (lambda: sr.Scoord3DContentItem(NAME, "POLYGON", np.eye(4, 3), U), ArgumentError),
        (lambda: sr.Scoord3DContentItem(NAME, "POINT", np.ones((1, 3)), None), ArgumentTypeError),
        (lambda: sr.TcoordContentItem(NAME, "POINT"), ArgumentError),
        (lambda: sr.TcoordContentItem(NAME, "POINT", [1], [1.0]), ArgumentError),
        (lambda: sr.WaveformContentItem(NAME, CT, U, [1, 1]), ArgumentError),
        (lambda: sr.ImageContentItem(NAME, CT, U, 0), ArgumentError),
        (lambda: sr.ImageContentItem(NAME, CT, U, [1.5]), ArgumentError),
        (lambda: sr.TextContentItem(NAME, "a\x0cb"), ArgumentError),
        (lambda: sr.TextContentItem(NAME, "x", "BELOW"), ValueError),
        (lambda: sr.UIDRefContentItem(NAME, "1..2"), ArgumentError),
        (lambda: sr.CodeContentItem(NAME, None), ArgumentTypeError),
        (lambda: sr.CodeContentItem("name", LUNG), ArgumentTypeError),
    ],
)
def test_what_cannot_be_is_refused(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


# -- from_dataset -----------------------------------------------------------------------------------------------------


def plain(item: Dataset) -> Dataset:
    """The same, as pydicom has it."""
    return Dataset.from_json(item.to_json())


def test_copies_leave_the_dataset_alone():
    dataset = plain(sr.CodeContentItem(NAME, LUNG, "CONTAINS"))
    item = sr.CodeContentItem.from_dataset(dataset)
    item.ConceptCodeSequence[0].CodeMeaning = "changed"
    assert type(dataset) is Dataset
    assert dataset.ConceptCodeSequence[0].CodeMeaning == "Lung"


def test_without_a_copy_the_dataset_is_the_item():
    dataset = plain(sr.CodeContentItem(NAME, LUNG, "CONTAINS"))
    assert sr.ContentItem.from_dataset(dataset, copy=False) is dataset
    assert isinstance(dataset, sr.CodeContentItem)


def test_the_class_follows_the_value_type():
    dataset = plain(sr.UIDRefContentItem(NAME, U, "CONTAINS"))
    assert type(sr.ContentItem.from_dataset(dataset)) is sr.UIDRefContentItem
    assert type(sr.SourceSeriesForSegmentation.from_dataset(dataset)) is sr.SourceSeriesForSegmentation
    with pytest.raises(ArgumentError, match="ValueType is not CODE"):
        sr.CodeContentItem.from_dataset(dataset)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("CodeContentItem", "ConceptCodeSequence"),
        ("TextContentItem", "TextValue"),
        ("NumContentItem", "MeasuredValueSequence"),
        ("TimeContentItem", "Time"),
        ("UIDRefContentItem", "UID"),
        ("ImageContentItem", "ReferencedSOPSequence"),
    ],
)
def test_what_has_no_value_is_no_item(kind: str, missing: str) -> None:
    values = next(given_values for name, given_values, _ in VALUES if name == kind)
    dataset = plain(getattr(sr, kind)(name=NAME, relationship_type="CONTAINS", **values))
    del dataset[missing]
    with pytest.raises(MissingAttributeError, match=missing):
        sr.ContentItem.from_dataset(dataset)


def test_no_value_type():
    with pytest.raises(MissingAttributeError):
        sr.ContentItem.from_dataset(Dataset())
    with pytest.raises(ArgumentTypeError):
        sr.ContentItem.from_dataset("TEXT")


def test_value_types_without_a_class_are_kept():
    dataset = Dataset()
    dataset.ValueType, dataset.RelationshipType = "TABLE", "CONTAINS"
    cells = Dataset()
    cells.NumberOfTableRows = 1
    dataset.TabulatedValuesSequence = [cells]
    item = round_trip(sr.ContentItem.from_dataset(dataset))
    assert item.value_type is sr.ValueTypeValues.TABLE
    assert item.TabulatedValuesSequence[0].NumberOfTableRows == 1
    dataset.ValueType = "SOUND"
    with pytest.raises(DamagedFileError, match="ValueType"):
        assert sr.ContentItem.from_dataset(dataset).value_type


def test_no_arguments_are_changed():
    name, value = sr.CodedConcept(*NAME[:3]), sr.CodedConcept(*LUNG[:3])
    item = sr.CodeContentItem(name, value, "CONTAINS")
    item.value.CodeMeaning = "changed"
    item.ConceptCodeSequence[0].CodeMeaning = "changed"
    assert (name.meaning, value.meaning) == ("Image Region", "Lung")
    points = np.ones((1, 2))
    sr.ScoordContentItem(NAME, "POINT", points).value[:] = 7
    assert points.tolist() == [[1, 1]]


def test_snomed_twins_are_equal():
    old = sr.CodeContentItem(Code("T-28000", "SRT", "Lung"), Code("T-28000", "SRT", "Lung"), "CONTAINS")
    assert old.value == LUNG
    assert sr.ContentSequence([old]).find(LUNG)[0] is old
    assert hash(old.value) == hash(sr.CodedConcept(*LUNG[:3]))
