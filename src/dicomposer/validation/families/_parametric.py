"""Real world values: ranges, tables and labels of the mappings (PS3.3 C.7.6.16.2.11)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._frames import frame_path
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, tag_of

__all__: list[str] = []

PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
_SECTION = "PS3.3 C.7.6.16.2.11"
_MAPPINGS = "RealWorldValueMappingSequence"
_IMAGES = "ReferencedImageRealWorldValueMappingSequence"
_LIMITS = (
    ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"),
    ("DoubleFloatRealWorldValueFirstValueMapped", "DoubleFloatRealWorldValueLastValueMapped"),
)
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def _may_map(subject: Subject) -> bool:
    elements = subject.root.elements
    return subject.shared is not None or tag_of(_MAPPINGS) in elements or tag_of(_IMAGES) in elements


def _holders(subject: Subject) -> list[Item]:
    """Items that hold mappings: the root, the shared groups, those of a mapping object (not each frame)."""
    images = subject.root.items(_IMAGES) if tag_of(_IMAGES) in subject.root else []
    shared = [] if subject.shared is None else [subject.shared]
    return [item for item in (subject.root, *shared, *images) if tag_of(_MAPPINGS) in item]


@rule("real-world-range", _SECTION, applies=_may_map)
def _range(subject: Subject) -> Iterator[Issue]:
    for holder in _holders(subject):
        for item in holder.items(_MAPPINGS):
            for first, last in _LIMITS:
                low, high = item.number(first), item.number(last)
                if low is not None and high is not None and low > high:
                    yield Issue(item.path_of(last), f"is less than {first}")
            if item.number("RealWorldValueSlope") == 0:
                yield Issue(
                    item.path_of("RealWorldValueSlope"), "is 0: all stored values become one", "warning"
                )
            yield from _table(item)
    yield from _frames(subject)


def _frames(subject: Subject) -> Iterator[Issue]:
    """The limits in the frames' own groups, as columns."""
    frames = subject.frames
    if frames is None or not any(path.startswith(_MAPPINGS) for path in frames.paths):
        return
    for first, last in _LIMITS:
        low = subject.frame_numbers(f"{_MAPPINGS}.{first}")
        high = subject.frame_numbers(f"{_MAPPINGS}.{last}")
        if low is None or high is None or low.shape != high.shape:
            continue
        wrong = (low > high).any(axis=1)
        if wrong.any():
            place = frame_path(f"{_MAPPINGS}.{last}", int(wrong.argmax()))
            yield Issue(place, f"is less than {first}", count=int(wrong.sum()))


def _table(item: Item) -> Iterator[Issue]:
    """A table has a value for each stored value of its range."""
    low, high = (item.number(keyword) for keyword in _LIMITS[0])
    element = item.named("RealWorldValueLUTData")
    if element is None or low is None or high is None or high < low:
        return
    if len(element.values) != high - low + 1:
        message = f"has {len(element.values)} values for {high - low + 1:.0f} stored values"
        yield Issue(element.path, message)


@rule("real-world-label", _SECTION, applies=_may_map, level="warning")
def _labels(subject: Subject) -> Iterator[Issue]:
    """Several mappings of the same pixels are told apart by their labels."""
    for holder in _holders(subject):
        seen: set[str] = set()
        for item in holder.items(_MAPPINGS):
            label = item.text("LUTLabel")
            if label and label in seen:
                yield Issue(item.path_of("LUTLabel"), "is the label of another mapping of the same pixels")
            seen.add(label)


@rule("map-pixels", "PS3.3 A.75.3", applies=lambda subject: subject.sop_class == PARAMETRIC_MAP)
def _pixels(subject: Subject) -> Iterator[Issue]:
    if subject.pixel_element is None:
        yield Issue("PixelData", "is missing, and so are Float Pixel Data and Double Float Pixel Data")


@rule("one-pixel-element", "PS3.3 C.7.6.24", applies=lambda subject: subject.pixel_element is not None)
def _one(subject: Subject) -> Iterator[Issue]:
    present = [keyword for keyword in _PIXELS if tag_of(keyword) in subject.root]
    for keyword in present[1:]:
        yield Issue(keyword, f"stands beside {present[0]}: an image has one of them")
