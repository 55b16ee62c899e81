"""Attributes that an object should not have, or that not everybody knows: foreign, retired, unknown, private."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from tests.validation.objects import SEGMENTATIONS, clone, ct_series

from dicomposer.validation import validate

Break = Callable[[Dataset], None]


def image() -> Dataset:
    """A CT image without anything private or retired."""
    made = clone(ct_series()[0])
    for tag in [tag for tag in made.keys() if tag.is_private]:  # noqa: SIM118  values stay undecoded
        del made[tag]
    for keyword in ("OtherPatientIDs",):
        if keyword in made:
            delattr(made, keyword)
    return made


def named(dataset: Dataset, *rules: str) -> list[tuple[str, str, str]]:
    return [(f.rule_id, f.path, f.level) for f in validate(dataset, profiles=()) if f.rule_id in rules]


RULES = (
    "attribute-of-no-module", "retired-attribute", "unknown-attribute", "reserved-group", "retired-uid",
    "private-class", "private-group", "private-elements", "private-creator",
)  # fmt: skip


def put(keyword: str, value: object) -> Break:
    return lambda dataset: setattr(dataset, keyword, value)


def raw(tag: int, vr: str, value: object) -> Break:
    return lambda dataset: dataset.add(DataElement(tag, vr, value))


def private(dataset: Dataset) -> None:
    block = dataset.private_block(0x0019, "GEMS_ACQU_01", create=True)
    block.add_new(0x02, "SL", 1)
    block.add_new(0x03, "DS", "1")
    dataset.private_block(0x0021, "SOMEBODY'S NAME", create=True).add_new(1, "LO", "x")


def nested_private(dataset: Dataset) -> None:
    inner = Dataset()
    inner.ReferencedSOPClassUID, inner.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    inner.add(DataElement(0x00191001, "LO", "x"))
    dataset.ReferencedImageSequence = [inner]


def in_item(keyword: str, value: object) -> Break:
    def apply(dataset: Dataset) -> None:
        inner = Dataset()
        inner.ReferencedSOPClassUID, inner.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
        setattr(inner, keyword, value)
        dataset.ReferencedImageSequence = [inner, inner]

    return apply


CASES: list[tuple[Break, list[tuple[str, str, str]]]] = [
    (put("ConversionType", "WSD"), [("attribute-of-no-module", "ConversionType", "advice")]),
    (put("CodeMeaning", "x"), [("attribute-of-no-module", "CodeMeaning", "warning")]),
    (put("SharedFunctionalGroupsSequence", []), [
        ("attribute-of-no-module", "SharedFunctionalGroupsSequence", "warning")]),
    (in_item("PatientID", "1"), [
        ("attribute-of-no-module", "ReferencedImageSequence[0].PatientID", "advice")]),
    (in_item("RecognitionCode", "x"), [("retired-attribute", "ReferencedImageSequence[0].RecognitionCode", "advice")]),
    (put("OtherPatientIDs", "1"), [("retired-attribute", "OtherPatientIDs", "advice")]),
    (raw(0x00189ABC, "LO", "x"), [("unknown-attribute", "(0018,9ABC)", "warning")]),
    (raw(0x00020003, "UI", "1.2.3"), [("reserved-group", "MediaStorageSOPInstanceUID", "error")]),
    (raw(0x00000100, "US", 1), [("reserved-group", "CommandField", "error")]),
    (raw(0x00031001, "LO", "x"), [("private-group", "(0003,1001)", "error")]),
    (raw(0x00191001, "LO", "x"), [("private-creator", "(0019,1001)", "warning")]),
    (nested_private, [("private-creator", "ReferencedImageSequence[0].(0019,1001)", "warning")]),
    (private, [("private-elements", "(0019,1002)", "advice"), ("private-elements", "(0021,1001)", "advice")]),
    (put("SOPClassUID", "1.2.3.4.5"), [("private-class", "SOPClassUID", "advice")]),
    (put("SOPClassUID", "1.2.840.10008.5.1.4.1.1.6"), [("retired-uid", "SOPClassUID", "advice")]),
]  # fmt: skip


@pytest.mark.parametrize(("apply", "expected"), CASES)
def test_named(apply: Break, expected: list[tuple[str, str, str]]) -> None:
    dataset = image()
    assert not named(dataset, *RULES)
    apply(dataset)
    assert named(dataset, *RULES) == expected


def test_what_may_stand_anywhere_is_not_named() -> None:
    dataset = image()
    dataset.TimezoneOffsetFromUTC = "+0100"
    dataset.add(DataElement(0xFFFCFFFC, "OB", b"\0\0"))
    in_item("SpecificCharacterSet", "ISO_IR 100")(dataset)
    assert not named(dataset, *RULES)


def test_names_of_creators_that_nobody_knows_are_not_shown() -> None:
    dataset = image()
    private(dataset)
    found = [f.message for f in validate(dataset) if f.rule_id == "private-elements"]
    assert "GEMS_ACQU_01" in found[0] and "2 elements" in found[0]
    assert not any("SOMEBODY" in message for message in found)


def test_an_attribute_of_many_frames_is_one_finding() -> None:
    dataset = clone(SEGMENTATIONS["binary"]())
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.FrameContentSequence[0].PatientID = "1"
    found = [f for f in validate(dataset) if f.rule_id == "attribute-of-no-module"]
    assert [f.path for f in found] == [
        "PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0].PatientID"
    ]


def test_pixels_of_a_document() -> None:
    dataset = image()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    found = {f.path: f for f in validate(dataset) if f.rule_id == "attribute-of-no-module"}
    assert found["PixelData"].level == found["Rows"].level == "warning"
    assert found["KVP"].level == "advice"
