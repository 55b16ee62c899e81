"""Groups that a viewer turns into its own annotations: OHIF, which is made of Cornerstone3D.

It takes groups of TID 1501 whose tracking identifier names one of its tools, with the points below the first number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dicomposer.api._report_regions import Region
from dicomposer.api._report_shapes import crosses_itself
from dicomposer.coding import Code
from dicomposer.errors import ArgumentError
from dicomposer.items import RelationshipTypeValues, TextContentItem, dcm, identity, put_below, sct
from dicomposer.sr import (
    CoordinatesForMeasurement,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    SourceImageForRegion,
    TrackingIdentifier,
)

if TYPE_CHECKING:
    from dicomposer.api._measure import PlaneAxes
    from dicomposer.seg import SegmentDescription

__all__ = ["TOOLS", "add_comment", "bidirectional", "check_viewer", "for_viewer", "size_of", "tracked"]

#: Tool of Cornerstone3D by the kind of a region.
TOOLS = {
    "point": "Probe", "line": "Length", "axes": "Bidirectional", "box": "RectangleROI", "circle": "CircleROI",
    "ellipse": "EllipticalROI", "polygon": "PlanarFreehandROI",
}  # fmt: skip
_TAG = "Cornerstone3DTools@^0.1.0"
_MM, _MM2 = Code("mm", "UCUM", "millimeter"), Code("mm2", "UCUM", "square millimeter")
_LENGTH, _AREA = sct("410668003", "Length"), sct("42798000", "Area")
_LONG, _SHORT = sct("103339001", "Long Axis"), sct("103340004", "Short Axis")


def check_viewer(viewer: str | None) -> None:
    """Refuse viewers that nothing is known of."""
    if viewer is not None and str(viewer).lower() != "ohif":
        raise ArgumentError(f"viewer must be 'ohif' or left out, not {viewer!r}")


def tracked(tool: str, uid: str | None) -> TrackingIdentifier:
    """The identifier that names a tool."""
    return TrackingIdentifier(uid=uid, identifier=f"{_TAG}:{tool}")


def add_comment(group: Any, text: str | None) -> None:
    """Add a text to a group (row 12 of TID 1501, 13 of TID 1410, 17 of TID 1411)."""
    if text:
        comment = TextContentItem(dcm("121106", "Comment"), text, RelationshipTypeValues.CONTAINS)
        put_below(group[0], [comment])


def bidirectional(
    axes: PlaneAxes, description: SegmentDescription, uid: str | None
) -> MeasurementsAndQualitativeEvaluations:
    """Long and short axis of a segment, as an annotation in the image that holds them.

    It is tracked as the segment is: OHIF joins groups of one tracking UID, and shows nothing at all if a group that
    it cannot draw is left by itself.
    """
    assert axes.image is not None
    class_uid, instance_uid, frame = axes.image
    frames = None if frame is None else [frame]

    def points(ends: Any) -> CoordinatesForMeasurement:
        image = SourceImageForRegion(class_uid, instance_uid, frames)
        return CoordinatesForMeasurement("POLYLINE", np.asarray(ends), image)

    group = MeasurementsAndQualitativeEvaluations(
        tracked("Bidirectional", uid),
        finding_type=description.segmented_property_type,
        measurements=[
            Measurement(_LONG, axes.long, _MM, referenced_coordinates=[points(axes.long_pixels)]),
            Measurement(_SHORT, axes.short, _MM, referenced_coordinates=[points(axes.short_pixels)]),
        ],
    )
    add_comment(group, description.segment_label)
    return group


def for_viewer(
    region: Region, measurements: Sequence[tuple[Any, float, Any]], rest: dict[str, Any]
) -> MeasurementsAndQualitativeEvaluations:
    """A group whose first number has the points of a region below it.

    Parameters
    ----------
    region : Region
        Of a kind in TOOLS.
    measurements : Sequence of (name, value, unit)
        Codes and numbers; the length or area that the tool shows is added if it is not among them.
    rest : dict
        Further arguments of the group.
    """
    given = list(measurements)
    if region.kind == "axes":
        leading = [_taken(given, _LONG) or _computed(region, slice(0, 2), _LONG)]
        leading.append(_taken(given, _SHORT) or _computed(region, slice(2, 4), _SHORT))
        halves = [slice(0, 2), slice(2, 4)]
    else:
        halves = [slice(None)]
        if region.kind == "point":
            leading = given[:1]
            del given[:1]
        else:
            wanted = _LENGTH if region.kind == "line" else _AREA
            leading = [_taken(given, wanted) or _computed(region, slice(None), wanted)]
    numbers = [
        Measurement(name, value, unit, referenced_coordinates=[region.coordinates(half)])
        for (name, value, unit), half in zip(leading, halves, strict=False)
    ]
    numbers += [Measurement(name, value, unit) for name, value, unit in given]
    # a point of which nothing was measured stands in the group itself
    points = [] if leading else [region.source()]
    return MeasurementsAndQualitativeEvaluations(measurements=numbers, source_coordinates=points, **rest)


def size_of(region: Region) -> list[tuple[Any, float, Any]]:
    """Length or area of a shape in an image; nothing if it has none, or the image has no spacing."""
    if region.kind not in ("line", "box", "circle", "ellipse", "polygon"):
        return []
    if region.place is None or region.place.spacing() is None or _has_no_area(region):
        return []
    return [_computed(region, slice(None), _LENGTH if region.kind == "line" else _AREA)]


def _taken(given: list[tuple[Any, float, Any]], name: Code) -> tuple[Any, float, Any] | None:
    for place, one in enumerate(given):
        if identity(one[0]) == identity(name):
            return given.pop(place)
    return None


def _has_no_area(region: Region) -> bool:
    return region.kind == "polygon" and region.points is not None and crosses_itself(region.points)


def _computed(region: Region, rows: slice, name: Code) -> tuple[Any, float, Any]:
    assert region.points is not None and region.place is not None
    spacing = region.place.spacing()
    if spacing is None:
        raise ArgumentError(
            f"the image has no pixel spacing, so the {name.meaning} of the {region.kind} must be among the measurements"
        )
    if name is _AREA and _has_no_area(region):
        raise ArgumentError(
            "the polygon crosses itself, so it has no one area: the Area must be among the measurements, or the points "
            "in another order"
        )
    points = region.points[rows] * np.asarray([spacing[1], spacing[0]])
    if name is not _AREA:
        return name, float(np.linalg.norm(points[1] - points[0])), _MM
    if region.kind == "circle":
        radius = region.points[1, 0] - region.points[0, 0]
        area = float(np.pi * radius**2 * spacing[0] * spacing[1])
    elif region.kind == "ellipse":
        axes = region.points[1::2] - region.points[::2]
        area = float(np.pi / 4 * np.prod(np.linalg.norm(axes, axis=1)) * spacing[0] * spacing[1])
    else:
        x, y = points[:-1].T
        area = float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)
    return name, area, _MM2
