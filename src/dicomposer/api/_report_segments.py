"""Findings that are a segment of a Segmentation: how they are tracked, and how large they are."""

from __future__ import annotations

from typing import Any

from dicomposer.api._measure import Wanted, measured
from dicomposer.api._measure_report import AREA, MM2, VOLUME, VOLUMES
from dicomposer.api._report_document import SegmentationSource
from dicomposer.errors import ArgumentError
from dicomposer.sr import TrackingIdentifier

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
    known.check(number)
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
    (found,) = measured(known.segmentation, None, Wanted([number])).table
    if found.volume is not None:
        scale, unit = VOLUMES["cm3"]
        return [(VOLUME, found.volume / scale, unit)]
    if found.area is not None:
        return [(AREA, found.area, MM2)]
    return []
