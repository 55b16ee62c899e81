"""Structure sets: numbers of regions and their contours (PS3.3 C.8.8.5, C.8.8.6, C.8.8.8)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item
from dicomposer.validation.families._bulk import value_count

__all__: list[str] = []

STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_CONTOURS = "PS3.3 C.8.8.6"
_POINTS = "NumberOfContourPoints"
#: Points of a contour may leave its plane by so many mm before it is said.
FLAT = 0.1


def _is_set(subject: Subject) -> bool:
    return subject.sop_class == STRUCTURE_SET


def _repeated(items: list[Item], keyword: str, message: str) -> Iterator[Issue]:
    seen: set[float] = set()
    for item in items:
        number = item.number(keyword)
        if number is not None and number in seen:
            yield Issue(item.path_of(keyword), message)
        if number is not None:
            seen.add(number)


@rule("region-number", "PS3.3 C.8.8.5", applies=_is_set)
def _numbers(subject: Subject) -> Iterator[Issue]:
    regions = subject.root.items("StructureSetROISequence")
    yield from _repeated(regions, "ROINumber", "is the number of another region")
    observations = subject.root.items("RTROIObservationsSequence")
    yield from _repeated(observations, "ObservationNumber", "is the number of another observation")


@rule("referenced-region", _CONTOURS, applies=_is_set)
def _referenced(subject: Subject) -> Iterator[Issue]:
    known = {item.number("ROINumber") for item in subject.root.items("StructureSetROISequence")}
    for sequence in ("ROIContourSequence", "RTROIObservationsSequence"):
        for item in subject.root.items(sequence):
            number = item.number("ReferencedROINumber")
            if number is not None and number not in known:
                yield Issue(
                    item.path_of("ReferencedROINumber"), "is not a region of Structure Set ROI Sequence"
                )


@rule("contour", _CONTOURS, applies=_is_set)
def _contours(subject: Subject) -> Iterator[Issue]:
    for region in subject.root.items("ROIContourSequence"):
        colour = [value for value in region.values("ROIDisplayColor") if isinstance(value, int | float | str)]
        if any(not 0 <= _whole(value) <= 255 for value in colour):
            yield Issue(region.path_of("ROIDisplayColor"), "is beyond 0 to 255")
        for contour in region.items("ContourSequence"):
            yield from _contour(contour)


def _whole(value: object) -> int:
    try:
        return int(float(str(value)))
    except ValueError:
        return 0


def _contour(contour: Item) -> Iterator[Issue]:
    values, stated = value_count(contour, "ContourData"), contour.number(_POINTS)
    if values is None:
        return
    if values % 3:
        yield Issue(contour.path_of("ContourData"), f"has {values} values, no whole number of points")
    elif stated is not None and stated * 3 != values:
        yield Issue(contour.path_of(_POINTS), f"is {stated:.0f}, but Contour Data holds {values // 3} points")
    elif contour.text("ContourGeometricType") == "POINT" and values != 3:
        yield Issue(
            contour.path_of("ContourGeometricType"), f"is POINT, but the contour has {values // 3} points"
        )


@rule("planar-contour", "PS3.3 C.8.8.6.1", applies=_is_set, level="warning")
def _planar(subject: Subject) -> Iterator[Issue]:
    for region in subject.root.items("ROIContourSequence"):
        for contour in region.items("ContourSequence"):
            if contour.text("ContourGeometricType") in ("CLOSED_PLANAR", "OPEN_PLANAR"):
                away = _thickness(contour)
                if away > FLAT:
                    message = f"leaves its plane by {away:.2g} mm, though the contour is a planar one"
                    yield Issue(contour.path_of("ContourData"), message)


def _thickness(contour: Item) -> float:
    """How far the points lie from one plane, in mm; 0 if they are no points."""
    element = contour.named("ContourData")
    if element is None:
        return 0.0
    # Most contours lie in an axial plane: their third coordinates are one text
    if element.raw is not None and len(set(element.raw.split(b"\\")[2::3])) == 1:
        return 0.0
    try:
        points = np.array([float(value) for value in element.values], float)
    except (TypeError, ValueError):
        return 0.0
    if points.size % 3 or points.size < 12 or not np.isfinite(points).all():
        return 0.0
    points = points.reshape(-1, 3)
    normal = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][2]
    return float(np.ptp(points @ normal)) / 2
