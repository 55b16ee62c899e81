"""Frames against one another and against what the image says of all of them: types, stacks, times, increments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.validation._frames import frame_path
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import tag_of
from dicomposer.validation.families._dimensions import SAME

__all__: list[str] = []

#: IODs whose Image Type and Frame Type are those of C.8.16.1 (legacy converted ones have rules of their own).
_TYPED = frozenset(
    """enhanced-ct-image enhanced-mr-image enhanced-mr-color-image mr-spectroscopy enhanced-pet-image
    enhanced-us-volume x-ray-3d-angiographic-image x-ray-3d-craniofacial-image breast-tomosynthesis-image
    enhanced-xa-image enhanced-xrf-image intravascular-optical-coherence-tomography-image
    photoacoustic-image""".split()
)
_DUE = 4
#: Numbers (from 0) of the values that Image Type has from the frames, or MIXED where they differ.
_SUMMARISED = (0, 3)
_CONTENT = "FrameContentSequence"
_POSITION = "PlanePositionSequence.ImagePositionPatient"
_ORIENTATION = "PlaneOrientationSequence.ImageOrientationPatient"


def _is_typed(subject: Subject) -> bool:
    return subject.iod is not None and subject.iod.key in _TYPED


@rule("frame-type", "PS3.3 C.8.16.1", applies=_is_typed)
def _frame_type(subject: Subject) -> Iterator[Issue]:
    """Four values each; what all frames have is that of the image, and where they differ, it is MIXED."""
    image = [str(value) for value in subject.values("ImageType")]
    if 0 < len(image) < _DUE:
        yield Issue("ImageType", f"has {len(image)} values where {_DUE} are due")
    kinds = list(_frame_types(subject))
    for path, kind in kinds:
        if 0 < len(kind) < _DUE:
            yield Issue(path, f"has {len(kind)} values where {_DUE} are due")
    for number in _SUMMARISED:
        found = {kind[number] for _, kind in kinds if len(kind) > number}
        if not found or len(image) <= number:
            continue
        if len(found) > 1 and image[number] != "MIXED":
            yield Issue("ImageType", f"value {number + 1} is not MIXED, although the frames differ in it")
        elif len(found) == 1 and image[number] not in found:
            yield Issue("ImageType", f"value {number + 1} is not that of Frame Type, which all frames share")


def _frame_types(subject: Subject) -> Iterator[tuple[str, list[str]]]:
    """(path, values) of each distinct Frame Type."""
    frames = subject.frames
    for path in () if frames is None else sorted(frames.paths):
        if frames is not None and path.endswith(".FrameType") and path.count(".") == 1:
            known = frames.categories(path)
            for code, value in enumerate(known.values):
                several = value if isinstance(value, (list, tuple)) else str(value or "").split("\\")
                frame = int(np.argmax(known.codes == code))
                yield frame_path(path, frame), [str(one) for one in several]
    if subject.shared is not None:
        for element in subject.shared:
            for item in element.items if element.keyword.endswith(_TYPE_GROUPS) else ():
                if tag_of("FrameType") in item:
                    yield item.path_of("FrameType"), [str(value) for value in item.values("FrameType")]


#: Ends of the names of the groups that hold Frame Type.
_TYPE_GROUPS = ("FrameTypeSequence", "FrameCharacteristicsSequence", "DescriptionSequence")


def _has_stacks(subject: Subject) -> bool:
    return subject.frames is not None and f"{_CONTENT}.StackID" in subject.frames.paths


@rule("stack-position", "PS3.3 C.7.6.16.2.2.4", applies=_has_stacks)
def _stacks(subject: Subject) -> Iterator[Issue]:
    """Frames of one place in one stack lie in one plane."""
    frames, path = subject.frames, f"{_CONTENT}.InStackPositionNumber"
    numbers = subject.frame_numbers(path)
    if frames is None or numbers is None or numbers.shape[1] != 1 or len(numbers) != frames.count:
        return
    stacks = np.asarray(frames.categories(f"{_CONTENT}.StackID").codes, np.int64)
    usable = (stacks >= 0) & np.isfinite(numbers[:, 0])
    place = np.unique(np.where(usable, numbers[:, 0], 0), return_inverse=True)[1]
    keys = stacks * (int(place.max(initial=0)) + 1) + place
    for column in (_POSITION, _ORIENTATION):
        values = subject.frame_numbers(column) if column in frames.paths else None
        if values is None or len(values) != frames.count:
            continue
        wrong = usable & _elsewhere(keys, values)
        if wrong.any():
            name = column.rpartition(".")[2]
            message = f"is that of an earlier frame of the stack, whose {name} is another"
            yield Issue(frame_path(path, int(np.argmax(wrong))), message, count=int(wrong.sum()))
            return


def _elsewhere(keys: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows whose values are not those of the first row with the same key."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    with np.errstate(invalid="ignore"):
        away = np.abs(values - values[first[inverse]]) > SAME
    return np.asarray(away.any(axis=1))


@rule("temporal-position", "PS3.3 C.7.6.16.2.2.6", applies=lambda subject: subject.has_frames)
def _temporal(subject: Subject) -> Iterator[Issue]:
    """Temporal positions are ordinals, from 1."""
    path = f"{_CONTENT}.TemporalPositionIndex"
    if subject.frames is None or path not in subject.frames.paths:
        return
    numbers = subject.frame_numbers(path)
    if numbers is None:
        return
    with np.errstate(invalid="ignore"):
        low = (numbers < 1).any(axis=1)
    if low.any():
        yield Issue(frame_path(path, int(np.argmax(low))), "counts from less than 1", count=int(low.sum()))
    used = np.unique(numbers[np.isfinite(numbers)])
    whole = subject.root.named("ConcatenationUID") is None
    if whole and used.size and not low.any() and used[-1] != used.size:
        message = "skips numbers: not 1, 2, 3 and so on over the frames"
        yield Issue(frame_path(path, 0), message, "warning")


# -- attributes that have a value for each frame ----------------------------------------------------------------------

#: Attribute -> whether one value may stand for all frames; level, section.
_PER_FRAME: dict[str, tuple[bool, Any, str]] = {
    "PositionerPrimaryAngleIncrement": (True, None, "C.8.7.5.1.3"),
    "PositionerSecondaryAngleIncrement": (True, None, "C.8.7.5.1.3"),
    "FrameTimeVector": (False, "warning", "C.7.6.5.1.2"),
}


def _has_increments(subject: Subject) -> bool:
    elements = subject.root.elements
    return tag_of("NumberOfFrames") in elements and any(tag_of(name) in elements for name in _PER_FRAME)


@rule("frame-increments", "PS3.3 C.7.6.5", applies=_has_increments)
def _increments(subject: Subject) -> Iterator[Issue]:
    for keyword, (one, level, section) in _PER_FRAME.items():
        count = len(subject.values(keyword))
        if count and count != subject.frame_count and not (one and count == 1):
            due = f"{subject.frame_count} frames" + (", or one for all," if one else "")
            yield Issue(keyword, f"has {count} values for {due} ({section})", level)


@rule(
    "frame-pointer",
    "PS3.3 C.7.6.6.1.1",
    applies=lambda subject: tag_of("FrameIncrementPointer") in subject.root,
    level="warning",
)
def _pointers(subject: Subject) -> Iterator[Issue]:
    """What Frame Increment Pointer names is there."""
    for tag in subject.values("FrameIncrementPointer"):
        if isinstance(tag, int) and tag and tag not in subject.root and not subject.has_frames:
            yield Issue("FrameIncrementPointer", "points to an attribute that the object does not have")
            return


# -- regions of ultrasound --------------------------------------------------------------------------------------------

_REGIONS = "SequenceOfUltrasoundRegions"
_BOUNDS = (
    ("RegionLocationMinX0", "RegionLocationMaxX1", "Columns"),
    ("RegionLocationMinY0", "RegionLocationMaxY1", "Rows"),
)


@rule(
    "ultrasound-region",
    "PS3.3 C.8.5.5.1.14",
    applies=lambda subject: tag_of(_REGIONS) in subject.root,
    level="warning",
)
def _regions(subject: Subject) -> Iterator[Issue]:
    """Regions lie within the image, their upper left corner before the lower right one."""
    for item in subject.root.items(_REGIONS):
        for low, high, size in _BOUNDS:
            start, end, whole = item.number(low), item.number(high), subject.integer(size)
            if start is None or end is None:
                continue
            if start > end:
                yield Issue(item.path_of(high), f"is less than {low}", "error")
            elif whole is not None and end == whole:
                message = f"is the number of {size}, but counts from 0: one too many"
                yield Issue(item.path_of(high), message, "advice")
            elif whole is not None and (start < 0 or end > whole):
                yield Issue(
                    item.path_of(low if start < 0 else high), f"is not within the {size} of the image"
                )
        for axis in "XY":
            units, delta = item.number(f"PhysicalUnits{axis}Direction"), item.number(f"PhysicalDelta{axis}")
            if units and delta == 0:
                yield Issue(item.path_of(f"PhysicalDelta{axis}"), "is 0: all places measure the same")
