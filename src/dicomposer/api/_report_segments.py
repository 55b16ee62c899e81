"""Findings that are a segment of a Segmentation: how they are tracked, and how large they are."""

from __future__ import annotations

from typing import Any

from dicomposer.api._measure import Wanted, measured
from dicomposer.api._report_document import SegmentationSource
from dicomposer.coding import Code
from dicomposer.errors import ArgumentError
from dicomposer.items import sct
from dicomposer.sr import TrackingIdentifier

#: From which fraction on a voxel of a FRACTIONAL segmentation counts.
_THRESHOLD = 0.5

__all__ = ["size_of_segment", "tracking_of_segment"]


def tracking_of_segment(
    known: SegmentationSource, number: int, uid: str | None, name: str | None, label: str
) -> TrackingIdentifier:
    """What a group is tracked by that refers to a segment: as the segment is, if it is (PS3.16 TID 1411).

    Parameters
    ----------
    known : SegmentationSource
        The Segmentation.
    number : int
        Number of the segment.
    uid, name : str or None
        What the caller said.
    label : str
        What to call it if nobody said anything.

    Raises
    ------
    ArgumentError
        If the caller said something else than the Segmentation.
    """
    segment = known.segmentation.get_segment_description(number)
    own_uid = None if segment.tracking_uid is None else str(segment.tracking_uid)
    for what, own, given in (("tracking_uid", own_uid, uid), ("tracking_id", segment.tracking_id, name)):
        if own and given and str(given).strip() != own:
            raise ArgumentError(
                f"the {what} is not that of segment {number}; leave it out: what refers to a segment is tracked as that"
            )
    return TrackingIdentifier(uid=own_uid or uid, identifier=segment.tracking_id or name or label)


def size_of_segment(known: SegmentationSource, number: int) -> list[tuple[Any, float, Any]]:
    """Volume of a segment, or its area in images that are no volume; nothing if the Segmentation does not tell."""
    (found,) = measured(known.segmentation, None, Wanted([number], False, _THRESHOLD, None, None)).table
    if found.volume is not None:
        return [(sct("118565006", "Volume"), found.volume / 1000, Code("cm3", "UCUM", "cubic centimeter"))]
    if found.area is not None:
        return [(sct("42798000", "Area"), found.area, Code("mm2", "UCUM", "square millimeter"))]
    return []
