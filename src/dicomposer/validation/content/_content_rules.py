"""Rules on the tree of content items: relationships, references, coordinates, evidence (PS3.3 A.35, C.17.3, C.18)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer import standard
from dicomposer.errors import DamagedFileError
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import PIXEL_TAGS, Subject
from dicomposer.validation._view import Item, tag_of
from dicomposer.validation.content._content import Node, content_tree, has_content
from dicomposer.validation.content._content_relations import RELATIONSHIPS, VALUE_TYPES, permitted
from dicomposer.validation.content._content_tree import GRAPHIC

__all__ = ["target_of"]


def _by_value(subject: Subject, *value_types: str) -> Iterator[Node]:
    """Content items of certain value types, in the order of the tree."""
    return (
        node
        for node in subject.once("items with values", lambda: _valued(subject))
        if node.value_type in value_types
    )


def _valued(subject: Subject) -> list[Node]:
    return [node for node in content_tree(subject) if node.value_type in _OF_INTEREST]


#: Value types that one of the rules is about.
_OF_INTEREST = frozenset("SCOORD SCOORD3D TCOORD IMAGE COMPOSITE WAVEFORM".split())


# -- relationships --------------------------------------------------------------------------------------------------


@rule("sr-relationship", "PS3.3 A.35", applies=has_content)
def _relationships(subject: Subject) -> Iterator[Issue]:
    assert subject.iod is not None
    rules = permitted(subject.iod.key)
    if rules is None:
        message = "the relationships that this kind of document permits are not known"
        yield Issue("ContentSequence", message, "not-evaluated")
        return
    section, allowed = rules
    nodes = content_tree(subject)
    for node in nodes:
        if node.parent is None or node.relationship not in RELATIONSHIPS:
            continue
        source = node.parent.value_type
        by_reference = node.reference is not None
        place = target_of(nodes[0], node.reference) if node.reference is not None else node
        if place is None or source not in VALUE_TYPES or place.value_type not in VALUE_TYPES:
            continue
        if (source, node.relationship, place.value_type, by_reference) not in allowed:
            how = " by reference" if by_reference else ""
            message = f"{source} {node.relationship} {place.value_type}{how} is not permitted ({section})"
            yield Issue(node.path_of("RelationshipType"), message)


def target_of(root: Node, reference: tuple[int, ...]) -> Node | None:
    """The content item at a place, each number of which counts from 1; the first is the root."""
    if not reference or reference[0] != 1:
        return None
    node = root
    for number in reference[1:]:
        if not 1 <= number <= len(node.children):
            return None
        node = node.children[number - 1]
    return node


@rule("sr-by-reference", "PS3.3 C.17.3.2.5", applies=has_content)
def _by_reference(subject: Subject) -> Iterator[Issue]:
    nodes = content_tree(subject)
    for node in nodes:
        if node.reference is None:
            continue
        path = node.path_of("ReferencedContentItemIdentifier")
        target = target_of(nodes[0], node.reference)
        if node.value_type:
            yield Issue(path, "stands in an item that has a value of its own")
        elif target is None:
            yield Issue(path, "leads to no content item")
        elif target.reference is not None:
            yield Issue(path, "leads to an item that is itself a reference")
        elif _encloses(target, node):
            yield Issue(path, "leads to an item that encloses the reference: a loop")


def _encloses(outer: Node, node: Node) -> bool:
    place: Node | None = node
    while place is not None and place is not outer:
        place = place.parent
    return place is outer


@rule("sr-root", "PS3.3 C.17.3.1", applies=has_content)
def _root(subject: Subject) -> Iterator[Issue]:
    root = content_tree(subject)[0]
    if root.value_type and root.value_type != "CONTAINER":
        yield Issue("ValueType", "of the root is not CONTAINER")


def _items(item: Item, keyword: str) -> list[Item]:
    """Items of a sequence; none if it is damaged, which is said elsewhere."""
    try:
        return item.items(keyword)
    except DamagedFileError:
        return []


# -- coordinates ----------------------------------------------------------------------------------------------------

#: Graphic type -> fewest and most points, None where there is no end.
_SCOORD = {
    "POINT": (1, 1),
    "MULTIPOINT": (1, None),
    "POLYLINE": (1, None),
    "CIRCLE": (2, 2),
    "ELLIPSE": (4, 4),
}
_SCOORD3D = {
    "POINT": (1, 1),
    "MULTIPOINT": (1, None),
    "POLYLINE": (1, None),
    "POLYGON": (3, None),
    "ELLIPSE": (4, 4),
    "ELLIPSOID": (6, 6),
}
#: How far points may be off a plane, or the axes of an ellipse off one another's middle, as a part of the extent.
_TOLERANCE = 0.01


@rule("sr-coordinates", "PS3.3 C.18.6.1.2", applies=has_content)
def _coordinates(subject: Subject) -> Iterator[Issue]:
    for node in _by_value(subject, "SCOORD"):
        yield from _shape(node, 2, _SCOORD)


@rule("sr-coordinates-3d", "PS3.3 C.18.9.1.2", applies=has_content)
def _coordinates_3d(subject: Subject) -> Iterator[Issue]:
    for node in _by_value(subject, "SCOORD3D"):
        yield from _shape(node, 3, _SCOORD3D)


def _shape(node: Node, axes: int, counts: dict[str, tuple[int, int | None]]) -> Iterator[Issue]:
    """Number of coordinates, and what the kind of graphic asks of the points."""
    kind, values = _graphic(node)
    if not kind or not len(values):
        return
    if kind not in counts:
        yield Issue(node.path_of("GraphicType"), f"is not among {', '.join(sorted(counts))}")
        return
    if len(values) % axes:
        yield Issue(
            node.path_of("GraphicData"), f"has a number of coordinates that is not a multiple of {axes}"
        )
        return
    points = np.asarray(values, float).reshape(-1, axes)
    if not np.isfinite(points).all():
        yield Issue(node.path_of("GraphicData"), "holds coordinates that are not finite numbers")
        return
    fewest, most = counts[kind]
    if len(points) < fewest or most is not None and len(points) > most:
        need = f"{fewest}" if most == fewest else f"at least {fewest}"
        yield Issue(node.path_of("GraphicData"), f"has not the number of points that a {kind} needs: {need}")
        return
    if kind in ("POLYGON", "ELLIPSE", "ELLIPSOID"):
        yield from _form(kind, points, node.path_of("GraphicData"))


def _graphic(node: Node) -> tuple[str, Any]:
    """Graphic type and coordinates, without a view of the item where its form tells."""
    if node.own is None or node.form.free != GRAPHIC:
        return node.item.text("GraphicType"), node.item.values("GraphicData")
    kind = node.form.kept.get("graphic type")
    if kind is None:
        kind = node.form.kept["graphic type"] = node.item.text("GraphicType")
    return kind, np.frombuffer(node.own, "<f4")


def _form(kind: str, points: NDArray[np.float64], path: str) -> Iterator[Issue]:
    extent = float(np.ptp(points, axis=0).max())
    if kind == "POLYGON" and not np.array_equal(points[0], points[-1]):
        yield Issue(path, "is a polygon whose first and last points are not the same")
    if points.shape[1] == 3 and kind in ("POLYGON", "ELLIPSE") and _off_plane(points) > _TOLERANCE * extent:
        yield Issue(path, f"is a {kind} whose points do not lie in one plane", "warning")
    if kind in ("ELLIPSE", "ELLIPSOID"):
        middles = points.reshape(-1, 2, points.shape[1]).mean(1)
        # Ends of axes are often rounded to whole pixels.
        if float(np.ptp(middles, axis=0).max()) > max(1.0, 5 * _TOLERANCE * extent):
            yield Issue(path, f"is an {kind} whose axes do not share a middle", "warning")


def _off_plane(points: NDArray[np.float64]) -> float:
    """Greatest distance of points to the plane that fits them best."""
    centred = points - points.mean(0)
    normal = np.linalg.svd(centred, full_matrices=False)[2][-1] if len(points) > 3 else None
    return 0.0 if normal is None else float(np.abs(centred @ normal).max())


@rule("sr-selected-from", "PS3.3 C.17.3.2.4", applies=has_content, level="warning")
def _selected_from(subject: Subject) -> Iterator[Issue]:
    for node in _by_value(subject, "SCOORD", "TCOORD"):
        if not any(child.relationship == "SELECTED FROM" for child in node.children):
            yield Issue(
                node.path_of("ContentSequence"), "does not say what the coordinates are selected from"
            )


@rule("sr-time-coordinates", "PS3.3 C.18.7", applies=has_content)
def _time_coordinates(subject: Subject) -> Iterator[Issue]:
    for node in _by_value(subject, "TCOORD"):
        names = ("ReferencedSamplePositions", "ReferencedTimeOffsets", "ReferencedDateTime")
        given = [name for name in names if tag_of(name) in node.item]
        if not given:
            yield Issue(node.path_of(names[0]), "is missing, and so are time offsets and date and time")
        elif len(given) > 1:
            yield Issue(
                node.path_of(given[1]), f"stands beside {given[0]}, though one of them is due", "warning"
            )


# -- references -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _nature(uid: str) -> tuple[bool, bool, bool] | None:
    """Whether instances of a storage SOP Class have pixels, can have several frames, are waveforms."""
    if standard.sop_class(uid) is None:
        return None
    iod = standard.iod(uid)
    tags = {one.tag for usage in iod.modules for one in usage.module.attributes}
    frames = tag_of("NumberOfFrames") in tags or bool(iod.functional_groups)
    return bool(tags.intersection(PIXEL_TAGS)), frames, tag_of("WaveformSequence") in tags


@rule("sr-image-reference", "PS3.3 C.18.4", applies=has_content)
def _image_references(subject: Subject) -> Iterator[Issue]:
    yield from _once_of_each_form(
        _by_value(subject, "IMAGE", "WAVEFORM"), "image reference", _image_reference
    )


def _once_of_each_form(
    nodes: Iterable[Node], name: str, judge: Callable[[Node], Iterable[Issue]]
) -> Iterator[Issue]:
    """Issues of nodes; of those of a form with which nothing was wrong, one is looked at."""
    for node in nodes:
        if node.shared and name in node.form.kept:
            continue
        issues = list(judge(node))
        yield from issues
        if node.shared and not issues:
            node.form.kept[name] = True


def _image_reference(node: Node) -> Iterator[Issue]:
    for item in _items(node.item, "ReferencedSOPSequence")[:1]:
        nature = _nature(item.uid("ReferencedSOPClassUID"))
        framed = tag_of("ReferencedFrameNumber") in item
        if framed and tag_of("ReferencedSegmentNumber") in item:
            # Frames of label maps have several segments: neither number says it all, and writers give both.
            message = "stands beside Referenced Segment Number, though only one of them may"
            yield Issue(item.path_of("ReferencedFrameNumber"), message, "warning")
        if nature is None:
            continue
        pixels, frames, waveform = nature
        if framed and pixels and not frames and node.value_type == "IMAGE":
            message = "refers to frames of a class whose images have but one"
            yield Issue(item.path_of("ReferencedFrameNumber"), message)
        if not (pixels if node.value_type == "IMAGE" else waveform):
            message = (
                f"is of a class that is not of type {node.value_type.lower()}, though the value type says so"
            )
            yield Issue(item.path_of("ReferencedSOPClassUID"), message, "warning")


def _evidence(subject: Subject, keyword: str) -> set[str]:
    """SOP Instance UIDs that an evidence sequence lists."""
    return {
        instance.uid("ReferencedSOPInstanceUID")
        for study in _items(subject.root, keyword)
        for series in _items(study, "ReferencedSeriesSequence")
        for instance in _items(series, "ReferencedSOPSequence")
    } - {""}


def _referenced(node: Node) -> Iterator[Item]:
    """Items that refer to instances: the one of the content item, and those of presentation states and the like."""
    for item in _items(node.item, "ReferencedSOPSequence")[:1]:
        yield item
        for keyword in ("ReferencedSOPSequence", "ReferencedRealWorldValueMappingInstanceSequence"):
            if tag_of(keyword) in item:
                yield from _items(item, keyword)


@rule("sr-evidence", "PS3.3 C.17.2.3", applies=has_content)
def _listed(subject: Subject) -> Iterator[Issue]:
    """What the tree refers to is evidence, listed in one of two sequences."""
    names = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
    current, other = (_evidence(subject, name) for name in names)
    if current & other:
        message = "lists instances that Current Requested Procedure Evidence Sequence lists as well"
        yield Issue(names[1], message, count=len(current & other))
    known = current | other

    def judge(node: Node) -> Iterator[Issue]:
        for item in _referenced(node):
            uid = item.uid("ReferencedSOPInstanceUID")
            if uid and uid not in known:
                message = "refers to an instance that no evidence sequence lists"
                yield Issue(item.path_of("ReferencedSOPInstanceUID"), message)

    yield from _once_of_each_form(_by_value(subject, "IMAGE", "COMPOSITE", "WAVEFORM"), "evidence", judge)
