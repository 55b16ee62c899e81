"""Microscopy bulk simple annotations: coordinates, indices and counts of each group (PS3.3 C.37.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item
from dicomposer.validation.families._bulk import byte_count, numbers

__all__: list[str] = []

_SECTION = "PS3.3 C.37.1.2"
BULK_ANNOTATIONS = "1.2.840.10008.5.1.4.1.1.91.1"
_COORDINATES = (("PointCoordinatesData", "f4"), ("DoublePointCoordinatesData", "f8"))
_INDICES = "LongPrimitivePointIndexList"
#: Points of each annotation, where the kind of graphic fixes them.
_POINTS = {"POINT": 1, "RECTANGLE": 4, "ELLIPSE": 4}


def _is_annotation(subject: Subject) -> bool:
    return subject.sop_class == BULK_ANNOTATIONS


def _groups(subject: Subject) -> list[Item]:
    return subject.root.items("AnnotationGroupSequence")


@rule("annotation-group", _SECTION, applies=_is_annotation)
def _numbering(subject: Subject) -> Iterator[Issue]:
    """Group numbers are 1, 2, 3...; UIDs differ."""
    seen: set[str] = set()
    for number, group in enumerate(_groups(subject), 1):
        stated = group.number("AnnotationGroupNumber")
        if stated is not None and stated != number:
            path = group.path_of("AnnotationGroupNumber")
            yield Issue(path, "is not the place of the group, counted from 1")
        uid = group.uid("AnnotationGroupUID")
        if uid and uid in seen:
            yield Issue(group.path_of("AnnotationGroupUID"), "is the UID of another group")
        seen.add(uid)


def _dimensions(subject: Subject, group: Item) -> int:
    """Values per point."""
    flat = group.named("CommonZCoordinateValue") is not None
    return 2 if subject.text("AnnotationCoordinateType") == "2D" or flat else 3


@rule("annotation-coordinates", _SECTION, applies=_is_annotation)
def _coordinates(subject: Subject) -> Iterator[Issue]:
    for group in _groups(subject):
        for keyword, kind in _COORDINATES:
            size = byte_count(group, keyword)
            if size is None:
                continue
            width = _dimensions(subject, group)
            values, rest = divmod(size, int(kind[1]))
            if rest or values % width:
                yield Issue(group.path_of(keyword), f"is not a whole number of points of {width} coordinates")
                continue
            points, count = values // width, group.number("NumberOfAnnotations")
            each = _POINTS.get(group.text("GraphicType"))
            if each is not None and count is not None and points != each * count:
                message = (
                    f"is {count:.0f}, but the coordinates hold {points} points of {each} for each annotation"
                )
                yield Issue(group.path_of("NumberOfAnnotations"), message)


@rule("annotation-indices", _SECTION, applies=_is_annotation)
def _indices(subject: Subject) -> Iterator[Issue]:
    for group in _groups(subject):
        indices = numbers(group, _INDICES, "u4")
        if indices is None or not indices.size or group.text("GraphicType") in _POINTS:
            continue
        count = group.number("NumberOfAnnotations")
        if count is not None and indices.size != count:
            path = group.path_of(
                "NumberOfAnnotations" if indices.size > 0 and count > indices.size else _INDICES
            )
            yield Issue(path, f"does not agree: {indices.size} indices for {count:.0f} annotations")
        values = sum(found.size for k, kind in _COORDINATES if (found := numbers(group, k, kind)) is not None)
        problem = _index_problem(indices, values, _dimensions(subject, group))
        if problem:
            yield Issue(group.path_of(_INDICES), problem)


def _index_problem(indices: NDArray[Any], values: int, width: int) -> str | None:
    """What is wrong with the places at which annotations begin, counted from 1."""
    steps = indices.astype(np.int64)
    if steps[0] != 1:
        return "does not begin with 1, the first coordinate"
    if (np.diff(steps) <= 0).any():
        return "does not rise from annotation to annotation"
    if values and steps[-1] > values:
        return "points beyond the coordinates"
    if ((steps - 1) % width).any():
        return f"points between the {width} coordinates of a point"
    return None


@rule("annotation-measurements", _SECTION, applies=_is_annotation)
def _measurements(subject: Subject) -> Iterator[Issue]:
    for group in _groups(subject):
        count = group.number("NumberOfAnnotations")
        for measurement in group.items("MeasurementsSequence"):
            for values in measurement.items("MeasurementValuesSequence"):
                found = byte_count(values, "FloatingPointValues")
                listed = numbers(values, "AnnotationIndexList", "u4")
                due = count if listed is None else listed.size
                if found is not None and due is not None and found != 4 * due:
                    path = values.path_of("FloatingPointValues")
                    yield Issue(path, f"has {found // 4} values for {due:.0f} annotations")
                if listed is not None and count is not None and listed.size:
                    beyond = (listed < 1) | (listed > count)
                    if beyond.any():
                        yield Issue(
                            values.path_of("AnnotationIndexList"), "points to annotations that are not there"
                        )
