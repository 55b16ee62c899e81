"""Advice on parametric maps, reports and slides."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation.content._content_items import (
    TRACKING_IDENTIFIER,
    TRACKING_UID,
    child,
    is_report,
    measurement_groups,
    text_of,
    walk,
)
from dicomposer.validation.content._content_tree import Node

__all__: list[str] = []

PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
#: Syntaxes that openslide 4.0.1 refuses.
_NOT_FOR_OPENSLIDE = {
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1.99": "a deflated dataset",
    "1.2.840.10008.1.2.4.80": "JPEG-LS",
    "1.2.840.10008.1.2.5": "RLE",
}
_COORDINATES = ("SCOORD", "SCOORD3D")


def _is_map(subject: Subject) -> bool:
    return subject.sop_class == PARAMETRIC_MAP


def _is_slide(subject: Subject) -> bool:
    return subject.sop_class == _SLIDE


@rule("map-anatomy", "viewers", applies=_is_map, level="advice", profile="viewers")
def _map_anatomy(subject: Subject) -> Iterator[Issue]:
    name = "FrameAnatomySequence"
    shared = subject.shared
    if shared is not None and shared.items(name):
        return
    if subject.frames is not None and any(path.startswith(f"{name}.") for path in subject.frames.paths):
        return
    message = "is absent: paramap2itkimage of dcmqi 1.5 ends with a memory fault"
    yield Issue(f"SharedFunctionalGroupsSequence[0].{name}", message)


@rule("map-values", "viewers", applies=_is_map, level="advice", profile="viewers")
def _map_values(subject: Subject) -> Iterator[Issue]:
    element = subject.pixel_element
    if element is None:
        return
    bits = subject.integer("BitsAllocated")
    if element.tag == 0x7FE00009:
        yield Issue("DoubleFloatPixelData", "64-bit maps are neither shown by OHIF nor read by dcmqi")
    elif element.tag == 0x7FE00010 and bits == 16 and subject.integer("PixelRepresentation") == 0:
        message = (
            "16-bit maps are not read by dcmqi, and Cornerstone3D (OHIF) takes values above 32767 as negative"
        )
        yield Issue("PixelData", message)
    elif element.tag == 0x7FE00010:
        yield Issue(
            "PixelData", "maps of whole numbers are not read by dcmqi; OHIF shows maps of 32-bit floats"
        )


@rule("report-tools", "viewers", applies=is_report, level="advice", profile="viewers")
def _report_tools(subject: Subject) -> Iterator[Issue]:
    """Groups that the adapters of OHIF pass over."""
    groups = measurement_groups(subject)
    if groups and not any(map(_is_known_to_cornerstone, groups)):
        message = (
            "has no tracking identifier of Cornerstone3DTools, nor has any other group: OHIF makes no measurements "
            'of the report that can be edited; viewer="ohif" of report() and measure() writes groups for it'
        )
        yield Issue(groups[0].item.path, message, count=len(groups))


def _is_known_to_cornerstone(group: Node) -> bool:
    identifier = child(group, TRACKING_IDENTIFIER)
    return identifier is not None and text_of(identifier).lower().startswith("cornerstone")


@rule("report-coordinates", "viewers", applies=is_report, level="advice", profile="viewers")
def _coordinates(subject: Subject) -> Iterator[Issue]:
    """Groups without coordinates of their own, nor of another group that tracks the same: OHIF reads these as one."""
    groups = measurement_groups(subject)
    tracked = [child(group, TRACKING_UID) for group in groups]
    uids = [None if item is None else item.item.uid("UID") for item in tracked]
    located = {
        uid
        for uid, group in zip(uids, groups, strict=True)
        if any(node.value_type in _COORDINATES for node in walk(group))
    }
    bare = [group for uid, group in zip(uids, groups, strict=True) if uid is None or uid not in located]
    if bare:
        message = (
            "has no coordinates, nor has another group of its tracking UID: OHIF's viewport stays empty, "
            "whatever else the report holds"
        )
        yield Issue(bare[0].item.path, message, count=len(bare))


@rule("slide-syntax", "viewers", applies=_is_slide, level="advice", profile="viewers")
def _slide_syntax(subject: Subject) -> Iterator[Issue]:
    uid = "" if subject.syntax is None else subject.syntax.uid
    if uid in _NOT_FOR_OPENSLIDE:
        also = ", nor by wsidicom" if uid == "1.2.840.10008.1.2.1.99" else ""
        yield Issue("TransferSyntaxUID", f"{_NOT_FOR_OPENSLIDE[uid]} is not read by openslide{also}")
