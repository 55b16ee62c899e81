"""What the viewer made of an object beside what went into it: each check yields its objections.

The checks named in ``FATES`` are those of objects that are shown as they are, and those of what is known to go wrong;
these fail when it no longer does, so that the page and the advice of the validator are kept up to date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.color import CIELabColor
from dicomposer.validation import registered, validate
from tools.viewers.exhibits import Exhibit

Answer = Mapping[str, Any]

#: Per channel, of 255: the viewer takes the white point of a screen for that of the standard's CIELab values.
COLOURS = 12
#: Millimetres: the viewer has 32 bits for a coordinate.
POINTS = 1e-3
#: What the advice says of programs other than the viewer.
_OTHERS = {"label-map-class", "compressed-segmentation", "single-frames"}


def objections(exhibit: Exhibit, answer: Answer) -> list[str]:
    """Everything that is not as it should be."""
    if "error" in answer:
        return [f"the viewer could not be asked: {answer['error']}"]
    return [*_advice(exhibit), *FATES[exhibit.fate][0](exhibit, answer)]


def _advice(exhibit: Exhibit) -> Iterator[str]:
    """The validator must warn of what this viewer does not show, and of nothing else."""
    known = {rule.id for rule in registered() if rule.profile == "viewers"} - _OTHERS
    found = {one.rule_id for one in validate(exhibit.made, pixels=False, level="advice").at("advice")} & known
    if found != exhibit.advice:
        yield f"advice {sorted(found)}, not {sorted(exhibit.advice)}"


# -- segmentations ----------------------------------------------------------------------------------------------------


def _items(exhibit: Exhibit) -> list[Any]:
    return [item for item in exhibit.made.SegmentSequence if item.SegmentNumber]


def _shown(answer: Answer) -> dict[int, Any]:
    """Segments by number, without the background that label maps list."""
    return {
        segment["number"]: segment
        for segmentation in answer["facts"]["segmentations"]
        for segment in segmentation["segments"]
        if segment["number"]
    }


def _mask(exhibit: Exhibit, runs: Mapping[str, list[int]]) -> NDArray[np.bool_]:
    """Pixels as the viewer has them, on the planes of the images that it has them on."""
    assert exhibit.stack is not None
    mask = np.zeros(exhibit.stack.shape[1:], np.bool_)
    uids = [str(image.SOPInstanceUID) for image in exhibit.images]
    for source, pairs in runs.items():
        uid, frame = source.split()
        plane = uids.index(uid) if len(uids) > 1 else int(frame) - 1
        pixels = mask[plane].reshape(-1)
        for start, length in zip(pairs[::2], pairs[1::2], strict=True):
            pixels[start : start + length] = True
    return mask


def _voxels(exhibit: Exhibit, answer: Answer) -> Iterator[str]:
    assert exhibit.stack is not None
    items, shown = _items(exhibit), _shown(answer)
    if not answer["asked"]:
        yield "the viewer did not ask whether to show the segmentation"
    if sorted(shown) != sorted(int(item.SegmentNumber) for item in items):
        yield f"segments {sorted(shown)}"
        return
    for item, wanted in zip(items, exhibit.stack, strict=True):
        segment = shown[int(item.SegmentNumber)]
        if segment["label"] != item.SegmentLabel or not segment["visible"]:
            yield f"segment {item.SegmentNumber} is called {segment['label']!r}, visible: {segment['visible']}"
        mask = _mask(exhibit, segment["voxels"])
        if not np.array_equal(mask, wanted):
            yield f"{item.SegmentLabel}: {np.sum(mask != wanted)} of {wanted.sum()} voxels differ"
        yield from _statistics(exhibit, segment, wanted)


def _statistics(exhibit: Exhibit, segment: Any, wanted: NDArray[np.bool_]) -> Iterator[str]:
    """What the viewer counted itself, if it did: of many voxels it takes its time."""
    found = {name: one["value"] for name, one in segment["statistics"].items()}
    if "count" in found and found["count"] != wanted.sum():
        yield f"{segment['label']}: it counts {found['count']} voxels, not {wanted.sum()}"
    if "mean" in found and len(exhibit.images) > 1:
        first = exhibit.images[0]
        slope, intercept = float(first.get("RescaleSlope", 1)), float(first.get("RescaleIntercept", 0))
        values = np.stack([one.pixel_array for one in exhibit.images])[wanted] * slope + intercept
        for name, value in (("mean", values.mean()), ("min", values.min()), ("max", values.max())):
            if not np.isclose(found[name], value, rtol=1e-6):
                yield f"{segment['label']}: its {name} is {found[name]}, not {value}"


def _colour(item: Any) -> NDArray[np.int_]:
    return np.asarray(CIELabColor.from_dicom_value(item.RecommendedDisplayCIELabValue).to_rgb())


def _colours(exhibit: Exhibit, answer: Answer, items: list[Any]) -> Iterator[str]:
    """The colours are those of `items`, one for each segment in order."""
    shown = _shown(answer)
    for own, item in zip(_items(exhibit), items, strict=True):
        colour = shown.get(int(own.SegmentNumber), {}).get("colour")
        if colour is None or np.abs(np.asarray(colour) - _colour(item)).max() > COLOURS:
            yield f"{own.SegmentLabel} has the colour {colour}, not {_colour(item).tolist()}"


def _segments(exhibit: Exhibit, answer: Answer) -> Iterator[str]:
    yield from _voxels(exhibit, answer)
    yield from _colours(exhibit, answer, _items(exhibit))


def _shifted(exhibit: Exhibit, answer: Answer) -> Iterator[str]:
    yield from _voxels(exhibit, answer)
    yield from _colours(exhibit, answer, list(exhibit.made.SegmentSequence)[:-1])


def _wrapped(_: Exhibit, answer: Answer) -> Iterator[str]:
    for number, segment in _shown(answer).items():
        if number < 256 or segment["voxels"]:
            yield f"segment {number} has voxels: compare them"


def _refused(_: Exhibit, answer: Answer) -> Iterator[str]:
    if answer["asked"] or answer["facts"]["segmentations"] or not answer["errors"]:
        yield "it is shown after all: compare it"


# -- reports ----------------------------------------------------------------------------------------------------------

_TOOLS = {
    "point": "Probe", "line": "Length", "box": "RectangleROI", "circle": "CircleROI", "ellipse": "EllipticalROI",
    "polygon": "PlanarFreehandROI", "long_axis": "Bidirectional",
}  # fmt: skip


_IMAGING_MEASUREMENTS, _TRACKING_UID = "126010", "112040"


def _kind(finding: Mapping[str, Any]) -> str:
    return next(kind for kind in _TOOLS if kind in finding["region"])


def _points(finding: Mapping[str, Any]) -> NDArray[np.float64]:
    """The points that the tool has, as columns and rows."""
    kind, region = _kind(finding), finding["region"]
    given = np.asarray(region[kind], dtype=np.float64)
    if kind == "box":
        left, top, right, bottom = given
        return np.asarray([(left, top), (right, top), (left, bottom), (right, bottom)])
    if kind == "circle":
        return np.asarray([given[:2], given[:2] + np.asarray([given[2], 0.0])])
    if kind == "ellipse":
        angle = np.deg2rad(given[4])
        axes = given[2:4, None] * [(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))]
        return given[:2] + np.concatenate([axes, -axes])
    if kind == "long_axis":
        return np.concatenate([given, np.asarray(region["short_axis"], dtype=np.float64)])
    return given.reshape(-1, 2)


def _sizes(finding: Mapping[str, Any], spacing: float) -> dict[str, float]:
    """What the tool says in numbers; the pixels are square."""
    kind, points = _kind(finding), _points(finding) * spacing
    sides = np.linalg.norm(np.diff(points, axis=0), axis=1)
    if kind == "line":
        return {"length": sides[0]}
    if kind == "long_axis":
        return {"length": sides[0], "width": sides[2]}
    if kind == "box":
        return {"area": sides[0] * np.linalg.norm(points[2] - points[0])}
    if kind == "circle":
        return {"area": np.pi * sides[0] ** 2, "mean": finding["measurements"]["Mean"][0]}
    if kind == "ellipse":
        return {"area": np.pi * float(np.prod(np.asarray(finding["region"]["ellipse"][2:4]) * spacing))}
    if kind == "polygon":
        x, y = points.T
        return {"area": abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2}
    return {}


def _in_space(exhibit: Exhibit, finding: Mapping[str, Any]) -> NDArray[np.float64]:
    """Points in mm; the centre of the first pixel is (0.5, 0.5) in reports (PS3.3 C.18.6.1.1)."""
    image = exhibit.images[finding["region"]["image"]]
    cosines = np.asarray(image.ImageOrientationPatient, dtype=np.float64).reshape(2, 3)
    rows, columns = map(float, image.PixelSpacing)
    origin = np.asarray(image.ImagePositionPatient, dtype=np.float64)
    return origin + (_points(finding) - 0.5) * (columns, rows) @ cosines


def _same_points(found: Any, wanted: NDArray[np.float64]) -> bool:
    """Equal in any order: tools sort theirs."""
    found = np.asarray(found, dtype=np.float64).reshape(-1, 3)
    if found.shape != wanted.shape:
        return False
    distances = np.linalg.norm(found[:, None] - wanted[None], axis=-1)
    return bool((distances.min(axis=0) < POINTS).all() and (distances.min(axis=1) < POINTS).all())


def _tracking(exhibit: Exhibit) -> list[str]:
    """Tracking Unique Identifiers of all groups, from the bare items."""
    (groups,) = (item for item in exhibit.made.ContentSequence if _name(item) == _IMAGING_MEASUREMENTS)
    return sorted(
        str(item.UID)
        for group in groups.ContentSequence
        for item in group.ContentSequence
        if _name(item) == _TRACKING_UID
    )


def _name(item: Any) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def _tracked(exhibit: Exhibit, answer: Answer) -> Iterator[str]:
    if sorted(one["uid"] for one in answer["facts"]["overlays"]) != _tracking(exhibit):
        yield "the tracking UIDs are others"


def _hydrated(exhibit: Exhibit, answer: Answer) -> Iterator[str]:
    found = {one["tool"]: one for one in answer["facts"]["measurements"]}
    if sorted(found) != sorted(_TOOLS.values()) or len(answer["facts"]["measurements"]) != len(_TOOLS):
        yield f"measurements: {[one['tool'] for one in answer['facts']['measurements']]}"
        return
    yield from _tracked(exhibit, answer)
    for finding in exhibit.findings:
        one = found[_TOOLS[_kind(finding)]]
        image = exhibit.images[finding["region"]["image"]]
        if one["image"] != image.SOPInstanceUID:
            yield f"{one['tool']} is in another image"
        if not _same_points(one["points"], _in_space(exhibit, finding)):
            yield f"{one['tool']} has the points {one['points']}"
        for name, value in _sizes(finding, float(image.PixelSpacing[0])).items():
            if not np.isclose(one["statistics"].get(name, np.nan), value, rtol=1e-6):
                yield f"{one['tool']}: {name} is {one['statistics'].get(name)}, not {value}"
        label = finding.get("comment", finding.get("tracking_id"))
        sites = [finding["site"]] if "site" in finding else []
        if (one["label"], one["finding"], one["sites"]) != (label, finding["label"], sites):
            yield f"{one['tool']} is called {one['label']}, {one['finding']}, {one['sites']}"


def _overlaid(exhibit: Exhibit, answer: Answer) -> Iterator[str]:
    """All regions are drawn, but for ellipses that are turned."""
    if answer["facts"]["measurements"] or not answer["asked"]:
        yield "the viewer did not ask, or made measurements all the same"
    yield from _tracked(exhibit, answer)
    overlays = answer["facts"]["overlays"]
    for finding in exhibit.findings:
        wanted = _in_space(exhibit, finding)
        if _kind(finding) == "circle":  # drawn by four points
            centre, edge = wanted
            image = exhibit.images[finding["region"]["image"]]
            across = np.asarray(image.ImageOrientationPatient[3:], float) * np.linalg.norm(edge - centre)
            wanted = np.asarray([edge, 2 * centre - edge, centre + across, centre - across])
        drawn = any(
            _same_points(np.unique(np.concatenate([np.reshape(s, (-1, 3)) for s in shapes]), axis=0), wanted)
            for one in overlays
            for shapes in one["shapes"].values()
        )
        if drawn is (_kind(finding) == "ellipse"):
            yield f"the {_kind(finding)} is {'' if drawn else 'not '}drawn"


def _misread(_: Exhibit, answer: Answer) -> Iterator[str]:
    """A point, and two rectangles: the box and, wrongly, the polygon of four corners. Nothing else."""
    found = Counter(one["tool"] for one in answer["facts"]["measurements"])
    if found != {"Probe": 1, "RectangleROI": 2}:
        yield f"measurements: {dict(found)}"


def _axes(exhibit: Exhibit, answer: Answer) -> Iterator[str]:
    """One annotation with both axes."""
    numbers = {
        item.name.meaning: float(item.value)
        for group in exhibit.made.content.get_image_measurement_groups()
        for item in group.get_measurements()
    }
    found = [(one["tool"], one["statistics"]) for one in answer["facts"]["measurements"]]
    if [tool for tool, _ in found] != ["Bidirectional"]:
        yield f"measurements: {[tool for tool, _ in found]}"
        return
    for name, written in (("length", "Long Axis"), ("width", "Short Axis")):
        if not np.isclose(found[0][1][name], numbers[written], rtol=1e-6):
            yield f"{name} is {found[0][1][name]}, not {numbers[written]}"


def _blank(_: Exhibit, answer: Answer) -> Iterator[str]:
    if answer["facts"]["lit"] or answer["facts"]["images"] or answer["facts"]["measurements"]:
        yield "the viewport is not empty after all: look what is in it"


def _selection(_: Exhibit, answer: Answer) -> Iterator[str]:
    sets = [one for one in answer["facts"]["displaySets"] if one["modality"] == "KO"]
    if [one["unsupported"] for one in sets] != [True]:
        yield "it is not listed as unsupported: look what it does"


Check = Callable[[Exhibit, Answer], Iterator[str]]
_PIXELS = (
    "every voxel on its image, numbers and labels of segments, the viewer's own statistics where it has any"
)
#: By name: the check, what it asserts, and what the result is called.
FATES: dict[str, tuple[Check, str, str]] = {
    "segments": (_segments, f"{_PIXELS}, colours", "equal"),
    "shifted": (_shifted, f"{_PIXELS}; wrong colours", "equal but for colours: those of the item before"),
    "uncoloured": (_voxels, _PIXELS, "equal; the viewer chooses colours"),
    "wrapped": (_wrapped, "the segments have no voxels there", "segments are listed, but empty"),
    "refused": (_refused, "an error, no segmentation, no question", "not shown"),
    "hydrated": (
        _hydrated,
        "tools, images, points, lengths and areas, a mean, labels, findings, sites, tracking UIDs",
        "equal; editable",
    ),
    "axes": (_axes, "tool, length and width", "equal; editable"),
    "overlaid": (_overlaid, "points and tracking UIDs of what is drawn", "equal, without the turned ellipse"),
    "misread": (_misread, "which measurements are made", "a point and two rectangles, one of them a polygon"),
    "blank": (_blank, "no image, no measurement, not one pixel lit", "an empty viewport"),
    "selection": (_selection, "it is listed as unsupported", "listed, not shown"),
}
