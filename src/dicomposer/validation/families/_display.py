"""What an image says about its kind and its display: Image Type, Window Width."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject

__all__: list[str] = []

#: SOP classes whose modules give a third value of Image Type its meaning (PS3.3 C.8.2.1.1.1 and C.8.3.1.1.1).
_THREE_VALUES = {"1.2.840.10008.5.1.4.1.1.2": "CT", "1.2.840.10008.5.1.4.1.1.4": "MR"}
_WIDTH = "FrameVOILUTSequence.WindowWidth"
_FUNCTION = "FrameVOILUTSequence.VOILUTFunction"
#: VOI LUT Functions for which a width below 1 is allowed (PS3.3 C.11.2.1.3).
_EXACT = ("LINEAR_EXACT", "SIGMOID")


@rule("image-type", "PS3.3 C.7.6.1.1.2", applies=lambda subject: subject.sop_class in _THREE_VALUES)
def _image_type(subject: Subject) -> Iterator[Issue]:
    values = subject.values("ImageType")
    if len(values) >= 2 and not (len(values) > 2 and values[2]):
        yield Issue("ImageType", f"has no value 3, which {_THREE_VALUES[subject.sop_class]} images need")


@rule("window-width", "PS3.3 C.11.2.1.2.1")
def _window_width(subject: Subject) -> Iterator[Issue]:
    if subject.root.named("WindowWidth") is not None:
        smallest = _smallest(subject.values("WindowWidth"))
        if smallest is not None and _too_small(smallest, subject.text("VOILUTFunction")):
            yield Issue("WindowWidth", _message(subject.text("VOILUTFunction")))
    if not subject.has_frames or (widths := subject.frame_numbers(_WIDTH)) is None or not widths.size:
        return
    function = _function_of_frames(subject)
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero((widths <= 0 if function in _EXACT else widths < 1).any(axis=1))
    if wrong.size:
        yield Issue(subject.group_path(_WIDTH, int(wrong[0])), _message(function), count=wrong.size)


def _function_of_frames(subject: Subject) -> str:
    """VOI LUT Function of the frames; where they differ, the one that allows most."""
    found = subject.shared_values(_FUNCTION) or []
    if subject.frames is not None and _FUNCTION in subject.frames.paths:
        found = subject.frames.distinct(_FUNCTION) or []
    names = [str(value) for value in found]
    return next((name for name in names if name in _EXACT), "")


def _smallest(values: list[object]) -> float | None:
    try:
        return min((float(str(value)) for value in values), default=None)
    except ValueError:
        return None


def _too_small(width: float, function: str) -> bool:
    return width <= 0 if function in _EXACT else width < 1


def _message(function: str) -> str:
    return "is not greater than 0" if function in _EXACT else "is less than 1, the least of a linear window"
