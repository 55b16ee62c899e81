"""Segments: their numbers, the frames that refer to them, what label maps need (PS3.3 C.8.20)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import LABEL_MAP_SEGMENTATION, SEGMENTATION, Subject

__all__: list[str] = []

REFERENCED = "SegmentIdentificationSequence.ReferencedSegmentNumber"


def _is_segmentation(subject: Subject) -> bool:
    return subject.is_segmentation


def _is_label_map(subject: Subject) -> bool:
    return subject.is_segmentation and subject.text("SegmentationType") == "LABELMAP"


@rule("segment-number", "PS3.3 C.8.20.2.4", applies=_is_segmentation)
def _numbers(subject: Subject) -> Iterator[Issue]:
    numbers = [item.number("SegmentNumber") for item in subject.root.items("SegmentSequence")]
    seen: set[float] = set()
    for index, number in enumerate(numbers):
        path = f"SegmentSequence[{index}].SegmentNumber"
        if number is None:
            continue
        if number in seen:
            yield Issue(path, "is the number of an earlier segment")
        elif not _is_label_map(subject) and number != index + 1:
            yield Issue(path, "does not follow on: segments are numbered from 1, increasing by 1")
        seen.add(number)
    stored = subject.integer("BitsStored")
    if _is_label_map(subject) and stored and any(number >= 2**stored for number in seen):
        yield Issue("SegmentSequence", "numbers a segment beyond what Bits Stored can hold")


@rule("referenced-segment", "PS3.3 C.8.20.3.1", applies=_is_segmentation)
def _referenced(subject: Subject) -> Iterator[Issue]:
    numbers = subject.frame_numbers(REFERENCED)
    if numbers is None:
        return
    known = np.isin(numbers, subject.segment_numbers) | np.isnan(numbers)
    wrong = ~known.all(axis=1)
    if wrong.any():
        path = subject.group_path(REFERENCED, int(np.argmax(wrong)))
        yield Issue(path, "is the number of no segment in Segment Sequence", count=int(wrong.sum()))
    several = (~np.isnan(numbers)).sum(axis=1) > 1
    if several.any():
        path = subject.group_path(REFERENCED, int(np.argmax(several)))
        yield Issue(path, "has several values where one is permitted", count=int(several.sum()))


@rule("segmentation-class", "PS3.3 C.8.20.2.3", applies=_is_segmentation)
def _class(subject: Subject) -> Iterator[Issue]:
    kind = subject.text("SegmentationType")
    if kind == "LABELMAP" and subject.sop_class == SEGMENTATION:
        yield Issue("SegmentationType", "LABELMAP belongs to the Label Map Segmentation SOP Class")
    if kind in ("BINARY", "FRACTIONAL") and subject.sop_class == LABEL_MAP_SEGMENTATION:
        yield Issue("SegmentationType", f"{kind} belongs to the Segmentation SOP Class")
    if kind == "LABELMAP" and subject.text("SegmentsOverlap") == "YES":
        yield Issue("SegmentsOverlap", "is YES, but the segments of a label map cannot overlap")


@rule("palette", "PS3.3 C.8.20.2", applies=_is_label_map)
def _palette(subject: Subject) -> Iterator[Issue]:
    tables = [f"{colour}PaletteColorLookupTableDescriptor" for colour in ("Red", "Green", "Blue")]
    present = [keyword for keyword in tables if subject.root.named(keyword) is not None]
    if subject.text("PhotometricInterpretation") == "PALETTE COLOR" and len(present) < len(tables):
        yield Issue(next(k for k in tables if k not in present), "is missing, but pixels are PALETTE COLOR")


@rule("padding-value", "PS3.3 C.8.20.2.3.3", applies=_is_label_map, level="warning")
def _padding(subject: Subject) -> Iterator[Issue]:
    padding = subject.integer("PixelPaddingValue")
    if padding is None:
        if 0 in subject.segment_numbers:
            yield Issue(
                "PixelPaddingValue", "is absent: readers cannot tell background from segments", "advice"
            )
    elif padding not in subject.segment_numbers:
        yield Issue("PixelPaddingValue", "is described by no item of Segment Sequence")


@rule("tracking", "PS3.3 C.8.20.4.1", applies=_is_segmentation, level="warning")
def _tracking(subject: Subject) -> Iterator[Issue]:
    items = subject.root.items("SegmentSequence")
    uses = Counter(text for item in items if (text := item.text("TrackingUID")))
    for index, item in enumerate(items):
        if uses.get(item.text("TrackingUID"), 0) > 1:
            message = "is the tracking UID of several segments"
            yield Issue(f"SegmentSequence[{index}].TrackingUID", message)
