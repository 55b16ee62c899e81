"""Sides and times that contradict one another: laterality, patient orientation, dates (never quoted)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from dicomposer.validation._findings import Level
from dicomposer.validation._frames import frame_path
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, tag_of

__all__: list[str] = []

#: (scheme, code) of modifiers that tell the side (PS3.16 CID 244).
_SIDES = {
    ("SCT", "24028007"): "R", ("SCT", "7771000"): "L", ("SRT", "G-A100"): "R", ("SRT", "G-A101"): "L",
    ("99SDM", "G-A100"): "R", ("99SDM", "G-A101"): "L", ("SNM3", "G-A100"): "R", ("SNM3", "G-A101"): "L",
}  # fmt: skip
_MODIFIERS = (
    ("AnatomicRegionSequence", "AnatomicRegionModifierSequence"),
    ("PrimaryAnatomicStructureSequence", "PrimaryAnatomicStructureModifierSequence"),
)
_FRAME = "FrameAnatomySequence.FrameLaterality"


def _tells_a_side(subject: Subject) -> bool:
    root = subject.root
    return any(tag_of(name) in root for name in ("Laterality", "ImageLaterality")) or (
        subject.shared is not None and tag_of("FrameAnatomySequence") in subject.shared
        or subject.frames is not None and _FRAME in subject.frames.paths
    )  # fmt: skip


@rule("laterality", "PS3.3 C.7.3.1", applies=_tells_a_side, level="warning")
def _laterality(subject: Subject) -> Iterator[Issue]:
    """Wherever the side is told, left and right have to be the same."""
    told = list(_told(subject))
    for path, side in told[1:]:
        first, known = told[0]
        if side != known:
            yield Issue(path, f"tells another side than {first.rpartition('.')[2]}")


def _told(subject: Subject) -> Iterator[tuple[str, str]]:
    """(path, "L" or "R") of what tells the side of the whole object."""
    root = subject.root
    for keyword in ("ImageLaterality", "Laterality"):
        if subject.text(keyword) in ("L", "R"):
            yield keyword, subject.text(keyword)
    yield from _modified(root)
    if subject.shared is not None:
        for item in subject.shared.items("FrameAnatomySequence")[:1]:
            if item.text("FrameLaterality") in ("L", "R"):
                yield item.path_of("FrameLaterality"), item.text("FrameLaterality")
            yield from _modified(item)
    if subject.frames is not None and _FRAME in subject.frames.paths:
        # One side for all frames is that of the object; where frames differ, Image Laterality is B.
        sides = {str(value) for value in subject.frames.distinct(_FRAME) or ()}
        if sides in ({"L"}, {"R"}):
            yield frame_path(_FRAME, 0), sides.pop()
        elif sides == {"L", "R"} and subject.text("ImageLaterality") in ("L", "R"):
            yield frame_path(_FRAME, 0), "both"


def _modified(item: Item) -> Iterator[tuple[str, str]]:
    """Sides that modifiers of the anatomy name; none if they name both."""
    for keyword, modifiers in _MODIFIERS:
        for region in item.items(keyword)[:1]:
            codes = [
                (one.text("CodingSchemeDesignator"), one.text("CodeValue")) for one in region.items(modifiers)
            ]
            sides = {_SIDES[code] for code in codes if code in _SIDES}
            if len(sides) == 1:
                yield region.path_of(modifiers), sides.pop()


# -- orientation ----------------------------------------------------------------------------------------------------

_AXES = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}
_WORD = re.compile("[APRLHF]{1,3}")
#: A direction that a letter names may not be turned away from it by more than this.
_AWAY = -0.1


@rule(
    "orientation-match",
    "PS3.3 C.7.6.1.1.1",
    applies=lambda subject: tag_of("PatientOrientation") in subject.root,
    level="warning",
)
def _orientation(subject: Subject) -> Iterator[Issue]:
    words = [str(word) for word in subject.values("PatientOrientation")]
    if subject.text("AnatomicalOrientationType") == "QUADRUPED" or len(words) != 2 or not all(words):
        return
    if not all(_WORD.fullmatch(word) for word in words):  # said by another rule
        return
    if _AXES[words[0][0]] in (_AXES[words[1][0]], tuple(-one for one in _AXES[words[1][0]])):
        yield Issue("PatientOrientation", "has rows and columns along the same axis")
    try:
        cosines = np.array([float(value) for value in subject.values("ImageOrientationPatient")]).reshape(
            2, 3
        )
    except ValueError:
        return
    for word, direction, name in zip(words, cosines, ("rows", "columns"), strict=True):
        if any(float(direction @ np.array(_AXES[letter])) < _AWAY for letter in word):
            message = f"says another direction of {name} than Image Orientation (Patient)"
            yield Issue("PatientOrientation", message)


# -- dates ----------------------------------------------------------------------------------------------------------

_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "InstanceCreationDate")


def _date(item: Item, keyword: str) -> date | None:
    try:
        text = item.text(keyword)
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    except ValueError:
        return None


@rule("date-sanity", "PS3.3 C.7.2.1", applies=lambda subject: bool(subject.sop_class), level="warning")
def _dates(subject: Subject) -> Iterator[Issue]:
    """Dates of an examination lie behind the birth of the patient, and not in the future."""
    root = subject.root
    birth = _date(root, "PatientBirthDate") if tag_of("PatientBirthDate") in root else None
    tomorrow = date.today() + timedelta(days=1)  # somewhere it is tomorrow already
    for keyword in _DATES:
        if tag_of(keyword) not in root:
            continue
        day = _date(root, keyword)
        if day is None:
            continue
        if day > tomorrow:
            yield Issue(keyword, "lies in the future")
        if birth is not None and day < birth:
            yield Issue(keyword, "lies before Patient's Birth Date")


#: Days of the units of Patient's Age (PS3.5 6.2).
_UNITS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
_LONGEST_LIFE = 150 * 366
_SHIFTED = 10 * 366
_AGE = re.compile(r"(\d{3})([DWMY])")


@rule(
    "patient-age",
    "PS3.3 C.7.2.2",
    applies=lambda subject: (
        tag_of("PatientAge") in subject.root and tag_of("PatientBirthDate") in subject.root
    ),
    level="warning",
)
def _age(subject: Subject) -> Iterator[Issue]:
    """The age is that at the time of the study."""
    root = subject.root
    stated = _AGE.fullmatch(root.text("PatientAge"))
    birth, day = _date(root, "PatientBirthDate"), _date(root, "StudyDate")
    if stated is None or birth is None or day is None or day < birth or stated[1] == "000":
        return  # an age of nothing is what anonymizers leave
    if (day - birth).days > _LONGEST_LIFE:
        return  # a date of birth that stands for none
    unit = _UNITS[stated[2]]
    away = abs((day - birth).days / unit - int(stated[1]) - 0.5)
    if away > 2:
        # Dates are shifted, and ages rounded, when people are made unknown: some years are no more than advice.
        level: Level = "advice" if away * unit <= _SHIFTED else "warning"
        yield Issue("PatientAge", "does not go with Patient's Birth Date and Study Date", level)
