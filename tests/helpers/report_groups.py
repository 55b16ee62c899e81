"""The groups of the reports of the matrix, by kind of region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dicomposer import sr
from report_parts import (
    AREA,
    INTENSITY,
    LENGTH,
    MM,
    MM2,
    MM3,
    VOLUME,
    Part,
    Scene,
    code,
    dcm,
    details,
    evaluation,
    measurement,
    sct,
)

__all__ = ["GROUPS", "HYDRATABLE", "TOOLS", "group_parts"]

HYDRATABLE = "image-tools"

_SQUARE = np.array([[2.5, 3.0], [9.0, 3.0], [9.0, 8.5], [2.5, 8.5]])
_CLOSED = np.vstack([_SQUARE, _SQUARE[:1]])
#: End points of the long and of the short axis.
_AXES = np.array([[2.0, 6.0], [10.0, 6.0], [6.0, 3.0], [6.0, 9.0]])
_SHAPES = {
    "POINT": _SQUARE[:1], "MULTIPOINT": _SQUARE, "POLYLINE": _CLOSED, "POLYGON": _CLOSED,
    "CIRCLE": np.array([[6.0, 6.0], [6.0, 9.0]]), "ELLIPSE": _AXES,
}  # fmt: skip


def group_parts(kind: str, place: Scene, detail: str) -> list[Part]:
    """The groups of a document."""
    return GROUPS[kind](place, detail)


def _two(make: Callable[[Scene, str, int], Part]) -> Callable[[Scene, str], list[Part]]:
    return lambda place, detail: [make(place, detail, turn) for turn in range(2)]


def _group(
    cls: Any, place: Scene, detail: str, turn: int, region: dict[str, Any], expected: dict[str, Any]
) -> Part:
    """A group with two measurements and an evaluation."""
    image = cls is sr.MeasurementsAndQualitativeEvaluations
    volume = cls is sr.VolumetricROIMeasurementsAndQualitativeEvaluations
    said = details(place, detail, turn, purpose=not image)
    size = (VOLUME, MM3) if volume else (LENGTH, MM) if image else (AREA, MM2)
    names = (size, INTENSITY[place.origin.name])
    numbers = [
        measurement(place, name, unit, detail, 2 * turn + i, region=not image)
        for i, (name, unit) in enumerate(names)
    ]
    judged = evaluation(turn, place.text)
    made = cls(
        **said.made, **region, measurements=[one.made for one in numbers],
        qualitative_evaluations=[judged.made],
    )  # fmt: skip
    whole = {
        "template": cls.tid, **said.expected, **expected,
        "measurements": [one.expected for one in numbers],
        "evaluations": [judged.expected["evaluation"]],
    }  # fmt: skip
    return Part(made, whole)


# ---- regions in a plane ------------------------------------------------------------------------------

_Planar = sr.PlanarROIMeasurementsAndQualitativeEvaluations
_Volumetric = sr.VolumetricROIMeasurementsAndQualitativeEvaluations
_Image = sr.MeasurementsAndQualitativeEvaluations


def _region(place: Scene, shape: str, turn: int) -> Part:
    points = _SHAPES[shape] + turn
    image = sr.SourceImageForRegion.from_source_image(*place.plane(turn))
    made = sr.ImageRegion(shape, points, image)
    origin = "VOLUME" if place.origin.tiled else None
    return Part(made, {"region": (shape, points.tolist(), place.reference(turn), origin)})


def _in_image(shape: str) -> Callable[[Scene, str, int], Part]:
    def make(place: Scene, detail: str, turn: int) -> Part:
        region = _region(place, shape, turn)
        expected = {"regions": [region.expected["region"]]}
        return _group(_Planar, place, detail, turn, {"referenced_region": region.made}, expected)

    return make


def _in_space(shape: str) -> Callable[[Scene, str, int], Part]:
    def make(place: Scene, detail: str, turn: int) -> Part:
        points = place.in_space(_SHAPES[shape] + turn, turn)
        region = sr.ImageRegion3D(shape, points, place.frame_of_reference)
        expected = {"space": (shape, [points.tolist()], place.frame_of_reference)}
        return _group(_Planar, place, detail, turn, {"referenced_region": region}, expected)

    return make


def _planes_of(place: Scene, label: int) -> list[int]:
    """Planes in which a segment has pixels."""
    return [i for i, plane in enumerate(place.origin.mask) if (plane == label).any()]


def _frame(place: Scene, detail: str, turn: int) -> Part:
    found, frame = place.segmentation, 1 + turn
    made = sr.ReferencedSegmentationFrame.from_segmentation(found, frame_number=frame)
    derived = found.PerFrameFunctionalGroupsSequence[turn].DerivationImageSequence[0].SourceImageSequence[0]
    expected = {
        "segment": (str(found.SOPClassUID), str(found.SOPInstanceUID), (frame,), ()),
        "sources": [(str(derived.ReferencedSOPClassUID), str(derived.ReferencedSOPInstanceUID))],
    }
    return _group(_Planar, place, detail, turn, {"referenced_segment": made}, expected)


# ---- volumes -----------------------------------------------------------------------------------------


def _regions(place: Scene, detail: str, turn: int) -> Part:
    regions = [_region(place, "POLYLINE", plane) for plane in (turn, turn + 1, turn + 2)]
    expected = {"regions": [one.expected["region"] for one in regions]}
    given = {"referenced_regions": [one.made for one in regions]}
    return _group(_Volumetric, place, detail, turn, given, expected)


def _sources(place: Scene, turn: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Images or the series that was segmented, in turn."""
    if turn % 2:
        series = str(place.images[0].SeriesInstanceUID)
        return {"source_series": sr.SourceSeriesForSegmentation(series)}, {"series": series}
    images = [sr.SourceImageForSegmentation.from_source_image(one) for one in place.images]
    expected = {"sources": sorted((str(one.SOPClassUID), str(one.SOPInstanceUID)) for one in place.images)}
    return {"source_images": images}, expected


def _surface(shape: str) -> Callable[[Scene, str, int], Part]:
    def make(place: Scene, detail: str, turn: int) -> Part:
        if shape == "ELLIPSOID":
            first, last = place.in_space([[6.0, 6.0]], 0), place.in_space([[6.0, 6.0]], 2)
            parts = [np.vstack([place.in_space(_AXES, 1), first, last])]
        elif shape == "POINT":
            parts = [place.in_space(_SQUARE[:1], 1)]
        else:
            parts = [place.in_space(_SHAPES[shape] + turn, plane) for plane in range(3)]
        given, expected = _sources(place, turn)
        surface = sr.VolumeSurface(shape, parts, place.frame_of_reference, **given)
        expected["space"] = (shape, [part.tolist() for part in parts], place.frame_of_reference)
        return _group(_Volumetric, place, detail, turn, {"referenced_volume_surface": surface}, expected)

    return make


def _segment(place: Scene, detail: str, turn: int) -> Part:
    found, number = place.segmentation, turn + 1
    made = sr.ReferencedSegment.from_segmentation(found, number)
    images = [place.images[0]]
    if not place.origin.tiled and not place.origin.multi_frame:
        images = [place.images[i] for i in _planes_of(place, number)]
    expected = {
        "segment": (str(found.SOPClassUID), str(found.SOPInstanceUID), (), (number,)),
        "sources": sorted((str(one.SOPClassUID), str(one.SOPInstanceUID)) for one in images),
    }
    return _group(_Volumetric, place, detail, turn, {"referenced_segment": made}, expected)


def _segment_of_series(place: Scene, detail: str, turn: int) -> Part:
    found, number = place.segmentation, turn + 1
    series = str(place.images[0].SeriesInstanceUID)
    made = sr.ReferencedSegment(
        str(found.SOPClassUID), str(found.SOPInstanceUID), number,
        source_series=sr.SourceSeriesForSegmentation(series),
    )  # fmt: skip
    expected = {
        "segment": (str(found.SOPClassUID), str(found.SOPInstanceUID), (), (number,)),
        "series": series,
    }
    return _group(_Volumetric, place, detail, turn, {"referenced_segment": made}, expected)


# ---- images as a whole -------------------------------------------------------------------------------


def _image(place: Scene, detail: str, turn: int) -> Part:
    images = [sr.SourceImageForMeasurementGroup.from_source_image(*place.plane(turn))]
    expected = {"images": [place.reference(turn)]}
    return _group(_Image, place, detail, turn, {"source_images": images}, expected)


#: Tools of Cornerstone3D -> measurements: name, unit, shape and points of each.
TOOLS: dict[str, tuple[tuple[Any, Any, str, np.ndarray], ...]] = {
    "Length": ((LENGTH, MM, "POLYLINE", _SQUARE[:2]),),
    "Bidirectional": (
        (sct("103339001", "Long Axis"), MM, "POLYLINE", _AXES[:2]),
        (sct("103340004", "Short Axis"), MM, "POLYLINE", _AXES[2:]),
    ),
    "Probe": ((dcm("112031", "Attenuation Coefficient"), None, "POINT", _SQUARE[:1]),),
    "EllipticalROI": ((AREA, MM2, "ELLIPSE", _AXES),),
    "CircleROI": ((AREA, MM2, "CIRCLE", _SHAPES["CIRCLE"]),),
    "RectangleROI": ((sct("42798000", "Area"), MM2, "POLYLINE", _CLOSED),),
    "PlanarFreehandROI": (
        (AREA, MM2, "POLYLINE", np.array([[2.0, 2.0], [8.0, 3.0], [7.0, 9.0], [2.0, 2.0]])),
    ),
}


def _tools(place: Scene, detail: str) -> list[Part]:
    """Groups as Cornerstone3D's tools write them: coordinates below the measurements."""
    return [_tool(place, detail, turn, tool) for turn, tool in enumerate(TOOLS)]


def _tool(place: Scene, detail: str, turn: int, tool: str) -> Part:
    said = details(place, detail, turn, purpose=False)
    said.made["tracking_identifier"] = sr.TrackingIdentifier(
        said.expected["tracking_uid"], f"Cornerstone3DTools@^0.1.0:{tool}"
    )
    made, expected = [], []
    for i, (name, unit, shape, points) in enumerate(TOOLS[tool]):
        if unit is None:
            name, unit = INTENSITY[place.origin.name]
        moved = points + turn / 4
        image = sr.SourceImageForRegion.from_source_image(*place.plane(turn))
        where = sr.CoordinatesForMeasurement(shape, moved, image)
        value = 10.25 + turn + i
        made.append(sr.Measurement(name, value, unit, referenced_coordinates=[where]))
        expected.append({
            "name": code(name), "value": value, "unit": code(unit), "rows": [],
            "coordinates": [(shape, moved.tolist())],
        })  # fmt: skip
    whole = {
        "template": _Image.tid, **said.expected, "measurements": expected, "evaluations": [],
        "tracking_identifier": f"Cornerstone3DTools@^0.1.0:{tool}", "tool": tool, "image": place.reference(turn),
    }  # fmt: skip
    return Part(_Image(**said.made, measurements=made), whole)


def _mixed(place: Scene, detail: str) -> list[Part]:
    made = [_in_image("CIRCLE")(place, detail, 0), _segment(place, detail, 0), _image(place, detail, 1)]
    return [*made, _in_image("POLYLINE")(place, detail, 1)]


#: Kind -> its groups.
GROUPS: dict[str, Callable[[Scene, str], list[Part]]] = {
    **{f"image-{shape.lower()}": _two(_in_image(shape))
       for shape in ("POINT", "POLYLINE", "CIRCLE", "ELLIPSE")},
    **{f"space-{shape.lower()}": _two(_in_space(shape))
       for shape in ("POINT", "POLYGON", "ELLIPSE")},
    "segmentation-frame": _two(_frame),
    "volume-regions": _two(_regions),
    **{f"surface-{shape.lower()}": _two(_surface(shape)) for shape in ("POINT", "ELLIPSOID", "ELLIPSE", "POLYGON")},
    "segment-images": _two(_segment),
    "segment-series": _two(_segment_of_series),
    "images": _two(_image),
    HYDRATABLE: _tools,
    "mixed": _mixed,
}  # fmt: skip
