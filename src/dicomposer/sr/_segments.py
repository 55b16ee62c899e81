"""What a segment of a segmentation was made from, by the segmentation's own word (PS3.3 C.7.6.16.2.6, C.8.20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from dicomposer.errors import ArgumentError, MissingAttributeError
from dicomposer.record import FrameTable, items_of, text_value

__all__ = ["SegmentSources", "sources_of_segment"]

_BINARY, _LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
_NUMBER = "SegmentIdentificationSequence.ReferencedSegmentNumber"
_SOURCE = "DerivationImageSequence.SourceImageSequence"


@dataclass(frozen=True)
class SegmentSources:
    """Where a segment comes from.

    Attributes
    ----------
    segment : int
        Its number.
    frames : list of int
        Frames of the segmentation that are meant, from 1.
    images : list of (class UID, instance UID, frame numbers or None)
        Images that the frames were made from; empty if the segmentation does not say.
    series : str
        The series that was segmented.
    are_all : bool
        Whether these are all frames of the segment.
    """

    segment: int
    frames: list[int]
    images: list[tuple[str, str, list[int] | None]]
    series: str
    are_all: bool


def sources_of_segment(
    segmentation: Dataset, segment_number: int | None, frame_numbers: Sequence[int] | None
) -> SegmentSources:
    """Look up the sources of a segment, or of some of its frames.

    Parameters
    ----------
    segmentation : pydicom.Dataset
        Not modified.
    segment_number : int, optional
        The segment; that of the frames if left out.
    frame_numbers : Sequence[int], optional
        Frames, from 1; all of the segment if left out.

    Raises
    ------
    ArgumentError
        If it is no segmentation, or has no such segment or frames.
    MissingAttributeError
        If it does not say what it was made from.
    """
    if text_value(segmentation, "SOPClassUID") not in (_BINARY, _LABEL_MAP):
        raise ArgumentError("a Segmentation is needed")
    table = FrameTable.of_dataset(segmentation)
    frames = _frames(segmentation, table, segment_number, frame_numbers)
    segment = _segment(segmentation, table, segment_number, frames)
    series = items_of(segmentation, "ReferencedSeriesSequence")
    images = _images(table, frames)
    if not images and not series:
        raise MissingAttributeError("the segmentation does not say what it was made from")
    uid = text_value(series[0], "SeriesInstanceUID") if series else None
    if not images and uid is None:
        raise MissingAttributeError("the segmentation does not say what it was made from")
    every = _frames(segmentation, table, segment, None)
    numbers = [int(frame) + 1 for frame in frames]
    return SegmentSources(segment, numbers, images, uid or "", bool(np.isin(every, frames).all()))


def _numbers(table: FrameTable) -> np.ndarray | None:
    return table.numbers(_NUMBER)[:, 0].astype(int) if _NUMBER in table.paths else None


def _described(segmentation: Dataset) -> set[int]:
    return {int(item.SegmentNumber) for item in items_of(segmentation, "SegmentSequence")}


def _frames(
    segmentation: Dataset, table: FrameTable, segment: int | None, given: Sequence[int] | None
) -> np.ndarray:
    if segment is not None and segment not in _described(segmentation):
        raise ArgumentError(f"the segmentation has no segment {segment}")
    of_frames = _numbers(table)
    if given is None:
        if segment is None or of_frames is None:
            return np.arange(table.frames)
        return np.flatnonzero(of_frames == segment)
    frames = np.asarray(given, int) - 1
    if frames.size == 0 or frames.min() < 0 or frames.max() >= table.frames:
        raise ArgumentError(f"frame numbers must be from 1 to {table.frames}")
    if segment is not None and of_frames is not None and (of_frames[frames] != segment).any():
        raise ArgumentError(f"not all of the frames are of segment {segment}")
    return frames


def _segment(segmentation: Dataset, table: FrameTable, segment: int | None, frames: np.ndarray) -> int:
    if segment is not None:
        return segment
    of_frames = _numbers(table)
    found = set(of_frames[frames].tolist()) if of_frames is not None else _described(segmentation) - {0}
    if len(found) != 1:
        raise ArgumentError(f"frames of one segment are needed; these are of {len(found)}")
    return int(found.pop())


def _images(table: FrameTable, frames: np.ndarray) -> list[tuple[str, str, list[int] | None]]:
    """Distinct source images of frames, in their order; frames of one image are put together."""
    found: dict[tuple[str, str], list[int]] = {}
    number = 0
    while True:
        base = _SOURCE if number == 0 else f"{_SOURCE}[{number}]"
        if f"{base}.ReferencedSOPInstanceUID" not in table.paths:
            break
        columns = [
            table.categories(f"{base}.{keyword}") if f"{base}.{keyword}" in table.paths else None
            for keyword in ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID", "ReferencedFrameNumber")
        ]
        codes = np.stack(
            [np.full(len(frames), -1) if one is None else one.codes[frames] for one in columns], axis=1
        )
        for row in dict.fromkeys(map(tuple, codes.tolist())):
            values = [
                None if one is None or code < 0 else one.values[code]
                for one, code in zip(columns, row, strict=True)
            ]
            if values[0] is None or values[1] is None:
                continue
            numbers = found.setdefault((str(values[0]), str(values[1])), [])
            if values[2] is not None:
                given = values[2] if isinstance(values[2], (list, tuple)) else [values[2]]
                numbers.extend(int(one) for one in given if int(one) not in numbers)
        number += 1
    return [(*uids, sorted(numbers) or None) for uids, numbers in found.items()]
