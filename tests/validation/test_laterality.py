"""Sides, orientations and dates that contradict one another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from pydicom.dataset import Dataset
from tests.validation.objects import SEGMENTATIONS, clone, ct_series

from dicomposer.validation import validate

Break = Callable[[Dataset], None]


def image() -> Dataset:
    made = clone(ct_series()[0])
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    return made


def named(dataset: Dataset, rule: str) -> list[tuple[str, str]]:
    return [(f.path, f.level) for f in validate(dataset, profiles=()) if f.rule_id == rule]


def region(*codes: str) -> list[Dataset]:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = "76752008", "SCT", "Breast"
    modifiers = []
    for value in codes:
        modifier = Dataset()
        modifier.CodeValue, modifier.CodingSchemeDesignator, modifier.CodeMeaning = value, "SCT", "side"
        modifiers.append(modifier)
    made.AnatomicRegionModifierSequence = modifiers
    return [made]


def put(**values: object) -> Break:
    def apply(dataset: Dataset) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return apply


RIGHT, LEFT = "24028007", "7771000"
MODIFIER = "AnatomicRegionSequence[0].AnatomicRegionModifierSequence"


@pytest.mark.parametrize(
    ("apply", "path"),
    [
        (put(Laterality="L"), ""),
        (put(Laterality="L", ImageLaterality="L"), ""),
        (put(Laterality="L", ImageLaterality="B"), ""),
        (put(Laterality="L", ImageLaterality="R"), "Laterality"),
        (put(Laterality="R", AnatomicRegionSequence=region(RIGHT)), ""),
        (put(Laterality="R", AnatomicRegionSequence=region(LEFT)), MODIFIER),
        (put(Laterality="R", AnatomicRegionSequence=region(LEFT, RIGHT)), ""),
    ],
)
def test_sides(apply: Break, path: str) -> None:
    dataset = image()
    apply(dataset)
    assert named(dataset, "laterality") == ([(path, "warning")] if path else [])


def test_sides_of_frames() -> None:
    dataset = clone(SEGMENTATIONS["binary"]())
    dataset.Laterality = "R"
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        anatomy = Dataset()
        anatomy.FrameLaterality, anatomy.AnatomicRegionSequence = "R", region()
        frame.FrameAnatomySequence = [anatomy]
    assert not named(dataset, "laterality")
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.FrameAnatomySequence[0].FrameLaterality = "L"
    path = "PerFrameFunctionalGroupsSequence[0].FrameAnatomySequence[0].FrameLaterality"
    assert named(dataset, "laterality") == [(path, "warning")]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [(["L", "P"], 0), (["LP", "PR"], 0), (["R", "P"], 1), (["R", "A"], 2), (["L", "R"], 1), (["", ""], 0)],
)
def test_words_for_directions(words: list[str], wrong: int) -> None:
    dataset = image()
    dataset.PatientOrientation = words
    assert sum(f.count for f in validate(dataset) if f.rule_id == "orientation-match") == wrong


def test_a_quadruped_has_other_words() -> None:
    dataset = image()
    dataset.PatientOrientation, dataset.AnatomicalOrientationType = ["RT", "D"], "QUADRUPED"
    assert not named(dataset, "orientation-match")


def test_dates() -> None:
    dataset = image()
    assert not named(dataset, "date-sanity")
    dataset.StudyDate = (date.today() + timedelta(days=3)).strftime("%Y%m%d")
    dataset.PatientBirthDate, dataset.AcquisitionDate = "20000101", "19991231"
    found = [f for f in validate(dataset) if f.rule_id == "date-sanity"]
    assert {f.path for f in found} >= {"StudyDate", "AcquisitionDate"}
    assert not any("1999" in f.message or "2000" in f.message for f in found)
