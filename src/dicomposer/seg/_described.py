"""What a segmentation says of its segments, and of which segment each frame is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID as PydicomUID

from dicomposer.coding import UID, CodedConcept
from dicomposer.errors import ArgumentError, DamagedFileError, MissingAttributeError
from dicomposer.image import FrameIndex, whole_numbers
from dicomposer.record import int_value, items_of, required, text_value
from dicomposer.seg.content import SegmentDescription
from dicomposer.seg.enum import SegmentAlgorithmTypeValues

__all__ = [
    "Criteria",
    "descriptions_of",
    "member",
    "segment_items",
    "segments_of_frames",
    "some",
    "tracking_pairs",
]

_Kind = TypeVar("_Kind", bound=Enum)


class Criteria(NamedTuple):
    """What is asked of a segment; None is not asked."""

    label: str | None
    category: CodedConcept | None
    kind: CodedConcept | None
    algorithm: SegmentAlgorithmTypeValues | None
    tracking_uid: str | None
    tracking_id: str | None

    def fit(self, item: SegmentDescription) -> bool:
        """Whether a segment is as asked."""
        return (
            (self.label is None or item.segment_label == self.label)
            and (self.category is None or item.segmented_property_category == self.category)
            and (self.kind is None or item.segmented_property_type == self.kind)
            and (self.algorithm is None or item.algorithm_type is self.algorithm)
            and (self.tracking_uid is None or item.tracking_uid == self.tracking_uid)
            and (self.tracking_id is None or item.tracking_id == self.tracking_id)
        )


def segment_items(dataset: Dataset) -> list[tuple[int, Dataset]]:
    """Items of the Segment Sequence with their numbers.

    Raises
    ------
    MissingAttributeError
        If there is none, or one has no number.
    """
    items = items_of(dataset, "SegmentSequence")
    if not items:
        raise MissingAttributeError("the segmentation has no SegmentSequence")
    return [(required(int_value(item, "SegmentNumber"), "SegmentNumber"), item) for item in items]


def descriptions_of(dataset: Dataset, background: int | None) -> dict[int, SegmentDescription]:
    """Descriptions by number, background left out, in the order of the file."""
    return {
        number: SegmentDescription.from_dataset(item, copy=False)
        for number, item in segment_items(dataset)
        if number != background
    }


def tracking_pairs(
    descriptions: Mapping[int, SegmentDescription], numbers: Iterable[int]
) -> list[tuple[str, PydicomUID]]:
    """Distinct (tracking identifier, tracking UID) of the segments with some numbers that have both."""
    pairs = [
        (one.tracking_id, UID(one.tracking_uid))
        for one in (descriptions[number] for number in numbers)
        if one.tracking_id is not None and one.tracking_uid is not None
    ]
    return list(dict.fromkeys(pairs))


def segments_of_frames(dataset: Dataset, index: FrameIndex) -> NDArray[np.int64]:
    """Segment number of every frame.

    Raises
    ------
    DamagedFileError
        If one is missing or no number.
    ArgumentError
        If the object does not tell.
    """
    column = index.numbers("SegmentIdentificationSequence.ReferencedSegmentNumber")
    if column is not None:
        return whole_numbers(column[:, 0], "a Referenced Segment Number")
    numbers = np.asarray([number for number, _ in segment_items(dataset)], dtype=np.int64)
    if len(numbers) == 1:
        return np.full(index.frames, numbers[0])
    if index.is_tiled_full and index.frames % len(numbers) == 0:
        # Implied by the order of frames: all tiles of one segment, then of the next (PS3.3 C.7.6.17.3)
        return np.repeat(numbers, index.frames // len(numbers))
    raise ArgumentError("the frames do not say which segment they belong to")


def member(dataset: Dataset, kind: type[_Kind], keyword: str) -> _Kind:
    """Member of an enumeration that an attribute names."""
    value = required(text_value(dataset, keyword), keyword)
    if value not in kind.__members__:
        raise DamagedFileError(
            f"{keyword} is not one of {', '.join(kind.__members__)}", tag=int(Tag(keyword))
        )
    return kind(value)


def some(numbers: Sequence[int]) -> str:
    """The first ten numbers, for a message."""
    shown = ", ".join(map(str, numbers[:10]))
    return f"{shown}, ... ({len(numbers)} in all)" if len(numbers) > 10 else shown
