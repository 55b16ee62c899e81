"""Frames against one another: what is right stays silent, and what is wrong in some frames is named there."""

from __future__ import annotations

from copy import deepcopy

import pytest
from pydicom.dataset import Dataset
from tests.validation.good import OBJECTS
from tests.validation.mutations import put
from tests.validation.objects import ct_series

from dicomposer.validation import validate


def rules(dataset: Dataset) -> set[tuple[str, str]]:
    return {(finding.rule_id, finding.level) for finding in validate(dataset, profiles=())}


def typed(*kinds: str, image: str) -> Dataset:
    """An image whose frames have types that begin with `kinds`."""
    dataset = deepcopy(OBJECTS["enhanced-ct-image"]())
    shared = dataset.SharedFunctionalGroupsSequence[0]
    group = shared.CTImageFrameTypeSequence
    del shared.CTImageFrameTypeSequence
    for kind, frame in zip(kinds, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        frame.CTImageFrameTypeSequence = deepcopy(group)
        frame.CTImageFrameTypeSequence[0].FrameType = [kind, "PRIMARY", "VOLUME", "NONE"]
    dataset.ImageType = [image, "PRIMARY", "VOLUME", "NONE"]
    return dataset


@pytest.mark.parametrize(
    ("kinds", "image", "wrong"),
    [
        (("DERIVED", "DERIVED"), "DERIVED", False),
        (("ORIGINAL", "DERIVED"), "MIXED", False),
        (("ORIGINAL", "DERIVED"), "DERIVED", True),
        (("DERIVED", "DERIVED"), "MIXED", True),
    ],
)
def test_the_type_of_the_image_follows_from_its_frames(
    kinds: tuple[str, str], image: str, wrong: bool
) -> None:
    assert (("frame-type", "error") in rules(typed(*kinds, image=image))) is wrong


def test_frames_of_one_plane_may_share_a_place() -> None:
    dataset = deepcopy(OBJECTS["enhanced-mr-image"]())
    first, last = dataset.PerFrameFunctionalGroupsSequence
    last.PlanePositionSequence = deepcopy(first.PlanePositionSequence)
    for number, frame in enumerate((first, last), 1):
        frame.FrameContentSequence[0].InStackPositionNumber = 1
        frame.FrameContentSequence[0].TemporalPositionIndex = number
    assert not {"stack-position", "temporal-position"} & {rule for rule, _ in rules(dataset)}


@pytest.mark.parametrize(
    ("signed", "padding", "wrong"), [(0, 4095, False), (0, 4096, True), (1, -2048, False), (1, -2049, True)]
)
def test_padding_within_twelve_bits(signed: int, padding: int, wrong: bool) -> None:
    dataset = deepcopy(ct_series()[0])
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, signed
    put(dataset, "PixelPaddingValue", "SS" if signed else "US", (padding & 0xFFFF).to_bytes(2, "little"))
    assert (("stored-range", "warning") in rules(dataset)) is wrong


@pytest.mark.parametrize(
    ("age", "wrong"), [("054Y", False), ("053Y", False), ("012Y", True), ("000Y", False)]
)
def test_ages(age: str, wrong: bool) -> None:
    dataset = deepcopy(ct_series()[0])
    dataset.PatientBirthDate, dataset.StudyDate, dataset.PatientAge = "19700101", "20240102", age
    assert (("patient-age", "warning") in rules(dataset)) is wrong


@pytest.mark.parametrize(
    ("name", "noted"), [("Miller, Anna", True), ("Miller^Anna", False), ("Phantom 7", False)]
)
def test_names_of_former_times(name: str, noted: bool) -> None:
    dataset = deepcopy(ct_series()[0])
    dataset.PatientName = name
    assert (("value-form", "advice") in rules(dataset)) is noted


def test_values_that_are_all_empty() -> None:
    dataset = deepcopy(ct_series()[0])
    put(dataset, "PixelSpacing", "DS", b"\\")
    found = {(finding.rule_id, finding.path) for finding in validate(dataset).errors}
    assert ("type-1", "PixelSpacing") in found


def test_text_of_frames_is_looked_at_as_it_is_encoded() -> None:
    dataset = deepcopy(OBJECTS["enhanced-ct-image"]())
    frames = dataset.PerFrameFunctionalGroupsSequence
    for number, frame in enumerate(frames):
        put(frame.FrameContentSequence[0], "FrameComments", "LT", b"caf\xe9" if number else b"cafe")
    dataset.pop("SpecificCharacterSet", None)
    found = {finding.path for finding in validate(dataset).errors if finding.rule_id == "encoding"}
    assert found == {"PerFrameFunctionalGroupsSequence[1].FrameContentSequence[0].FrameComments"}


def test_representations_that_differ_between_frames_have_a_place() -> None:
    dataset = deepcopy(OBJECTS["enhanced-ct-image"]())
    put(dataset.PerFrameFunctionalGroupsSequence[1].FrameContentSequence[0], "StackID", "LO", b"1 ")
    found = [finding for finding in validate(dataset).errors if finding.rule_id == "damaged-sequence"]
    assert [finding.path for finding in found] == ["PerFrameFunctionalGroupsSequence"]
    assert "StackID" in found[0].message
