"""Presentation states and look-up tables: graphics, layers, areas displayed, tables against their descriptors."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, tag_of
from dicomposer.validation.families._bulk import byte_count

__all__: list[str] = []

_GRAPHICS = "PS3.3 C.10.5"
#: Points that a kind of graphic has (PS3.3 C.10.5.1.2).
_POINTS = {"POINT": 1, "CIRCLE": 2, "ELLIPSE": 4}
_COLOURS = ("Red", "Green", "Blue")
_DESCRIPTOR = "PaletteColorLookupTableDescriptor"
_TABLES = ("ModalityLUTSequence", "VOILUTSequence", "PresentationLUTSequence")
_VOI = "SoftcopyVOILUTSequence"
_LUT_PLACES = frozenset(tag_of(keyword) for keyword in (*_TABLES, _VOI, f"Red{_DESCRIPTOR}"))


def _has_graphics(subject: Subject) -> bool:
    return (
        tag_of("GraphicAnnotationSequence") in subject.root or tag_of("GraphicLayerSequence") in subject.root
    )


@rule("graphic-layer", "PS3.3 C.10.7", applies=_has_graphics)
def _layers(subject: Subject) -> Iterator[Issue]:
    layers: set[str] = set()
    for item in subject.root.items("GraphicLayerSequence"):
        name = item.text("GraphicLayer")
        if name and name in layers:
            yield Issue(item.path_of("GraphicLayer"), "is the name of another layer", "warning")
        layers.add(name)
    for item in subject.root.items("GraphicAnnotationSequence"):
        name = item.text("GraphicLayer")
        if name and name not in layers:
            yield Issue(item.path_of("GraphicLayer"), "is not a layer of Graphic Layer Sequence")


@rule("graphic-points", _GRAPHICS, applies=_has_graphics)
def _graphics(subject: Subject) -> Iterator[Issue]:
    for annotation in subject.root.items("GraphicAnnotationSequence"):
        for item in annotation.items("GraphicObjectSequence"):
            stated, width = item.number("NumberOfGraphicPoints"), item.number("GraphicDimensions") or 2
            values = len(item.values("GraphicData"))
            if stated is not None and values and values != stated * width:
                message = f"is {stated:.0f}, but Graphic Data holds {values} values"
                yield Issue(item.path_of("NumberOfGraphicPoints"), message)
            due = _POINTS.get(item.text("GraphicType"))
            if due is not None and stated is not None and stated != due:
                message = f"is {stated:.0f}, but a graphic of this type has {due}"
                yield Issue(item.path_of("NumberOfGraphicPoints"), message)


def _turned(subject: Subject) -> bool:
    return bool(subject.number("ImageRotation")) or subject.text("ImageHorizontalFlip") == "Y"


@rule(
    "displayed-area",
    "PS3.3 C.10.4",
    applies=lambda subject: tag_of("DisplayedAreaSelectionSequence") in subject.root,
)
def _area(subject: Subject) -> Iterator[Issue]:
    if _turned(subject):  # the corners are those after the transformation
        return
    for item in subject.root.items("DisplayedAreaSelectionSequence"):
        corners = [item.values(f"DisplayedArea{one}HandCorner") for one in ("TopLeft", "BottomRight")]
        first, last = ([number for number in one if isinstance(number, int)] for one in corners)
        if len(first) == len(last) == 2 and (first[0] > last[0] or first[1] > last[1]):
            path = item.path_of("DisplayedAreaBottomRightHandCorner")
            yield Issue(path, "is not below and to the right of the other corner")


_PLACED = ("GraphicAnnotationSequence", "DisplayedAreaSelectionSequence", "SoftcopyVOILUTSequence")


def _is_state(subject: Subject) -> bool:
    return tag_of("DisplayedAreaSelectionSequence") in subject.root


@rule("presented-image", "PS3.3 C.11.11", applies=_is_state, level="warning")
def _presented(subject: Subject) -> Iterator[Issue]:
    """What graphics, areas and windows are for is among the images of the state."""
    known: set[str] = set()
    own = subject.text("SOPInstanceUID")
    for series in subject.root.items("ReferencedSeriesSequence"):
        for image in series.items("ReferencedImageSequence"):
            uid = image.uid("ReferencedSOPInstanceUID")
            known.add(uid)
            if uid and uid == own:
                yield Issue(
                    image.path_of("ReferencedSOPInstanceUID"), "refers to the presentation state itself"
                )
    for keyword in _PLACED if known else ():
        for item in subject.root.items(keyword):
            for image in item.items("ReferencedImageSequence"):
                uid = image.uid("ReferencedSOPInstanceUID")
                if uid and uid not in known:
                    path = image.path_of("ReferencedSOPInstanceUID")
                    yield Issue(path, "is not an image of Referenced Series Sequence")


# -- look-up tables ----------------------------------------------------------------------------------------------------


@rule(
    "lut-length",
    "PS3.3 C.7.6.3.1.6",
    applies=lambda subject: bool(_LUT_PLACES & subject.root.elements.keys()),
)
def _tables(subject: Subject) -> Iterator[Issue]:
    root = subject.root
    entries: set[int] = set()
    for colour in _COLOURS:
        descriptor = f"{colour}{_DESCRIPTOR}"
        found = _descriptor(root, descriptor)
        if found is None:
            continue
        count, bits = found
        entries.add(count)
        if bits not in (8, 16):
            yield Issue(root.path_of(descriptor), "has a third value other than 8 and 16")
        else:
            yield from _length(root, f"{colour}PaletteColorLookupTableData", count, bits)
    if len(entries) > 1:
        yield Issue(
            root.path_of(f"Blue{_DESCRIPTOR}"), "differs in its number of entries from another colour's"
        )
    for holder in (root, *(root.items(_VOI) if tag_of(_VOI) in root else ())):
        for keyword in _TABLES:
            for item in holder.items(keyword) if tag_of(keyword) in holder else ():
                found = _descriptor(item, "LUTDescriptor")
                if found is not None:
                    yield from _length(item, "LUTData", *found)


def _descriptor(item: Item, keyword: str) -> tuple[int, int] | None:
    """(entries, bits) of a descriptor; None if it is absent or incomplete."""
    values = item.values(keyword)
    if len(values) != 3 or not all(isinstance(value, int) for value in values):
        return None
    return (values[0] & 0xFFFF) or 65536, values[2]


def _length(item: Item, keyword: str, entries: int, bits: int) -> Iterator[Issue]:
    size = byte_count(item, keyword)
    if not size:
        return
    packed = entries + entries % 2
    if bits <= 8 and size == packed:
        return
    if size != 2 * entries:
        due = f"{packed} or {2 * entries}" if bits <= 8 else str(2 * entries)
        message = f"has {size} bytes where its descriptor makes {due}"
        yield Issue(item.path_of(keyword), message, None if size < packed else "warning")
