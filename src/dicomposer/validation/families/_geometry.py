"""Positions, orientations and spacings (PS3.3 C.7.6.2, C.7.6.16.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.validation._findings import Level
from dicomposer.validation._frames import explicit, frame_path
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject

__all__: list[str] = []

POSITION = "PlanePositionSequence.ImagePositionPatient"
ORIENTATION = "PlaneOrientationSequence.ImageOrientationPatient"
SPACING = "PixelMeasuresSequence.PixelSpacing"
BETWEEN = "PixelMeasuresSequence.SpacingBetweenSlices"
THICKNESS = "PixelMeasuresSequence.SliceThickness"
STACK = "FrameContentSequence.StackID"
#: Deviation of a direction cosine that Decimal Strings of six digits may bring.
COSINE = 1e-3
#: Deviation that three digits bring, and that other validators take for wrong.
NEAR = 1e-4
#: A frame is off its stack beyond this part of a pixel in the plane, of a slice across it.
OFF = 0.1

Array = NDArray[np.float64]


def _root_or_groups(subject: Subject, keyword: str, path: str) -> list[tuple[str, Array, int]]:
    """(path, distinct values, frames that have the first of them) of an attribute at the root or in the groups."""
    found = []
    top = _floats(subject.values(keyword))
    if top is not None:
        found.append((keyword, top[None], 1))
    numbers = subject.frame_numbers(path)
    if numbers is not None:
        found.append((path, numbers, len(numbers)))
    return found


def _floats(values: Sequence[object]) -> Array | None:
    try:
        return np.array([float(value) for value in values], float) if values else None  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _report(
    subject: Subject, path: str, wrong: Any, message: str, level: Level | None = None
) -> Iterator[Issue]:
    if wrong.any():
        place = subject.group_path(path, int(np.argmax(wrong))) if "." in path else path
        yield Issue(place, message, level, count=int(wrong.sum()) if "Per" in place else 1)


@rule("orientation", "PS3.3 C.7.6.2.1.1")
def _orientation(subject: Subject) -> Iterator[Issue]:
    found = _root_or_groups(subject, "ImageOrientationPatient", ORIENTATION)
    slide = _floats(subject.values("ImageOrientationSlide"))
    if slide is not None:
        found.append(("ImageOrientationSlide", slide[None], 1))
    for path, cosines, _ in found:
        if cosines.shape[1] != 6:
            continue  # the multiplicity is another rule's
        row, column = cosines[:, :3], cosines[:, 3:]
        with np.errstate(invalid="ignore"):
            length = np.abs(np.stack([np.linalg.norm(row, axis=1), np.linalg.norm(column, axis=1)]) - 1).max(
                axis=0
            )
            angle = np.abs((row * column).sum(axis=1))
            yield from _report(subject, path, length > COSINE, "has a direction that is not of unit length")
            near = (length > NEAR) & (length <= COSINE)
            yield from _report(
                subject, path, near, "has a direction that is not quite of unit length", "warning"
            )
            yield from _report(subject, path, angle > COSINE, "has directions that are not at right angles")


#: Directions that are one vector, in the functional groups (PS3.3 C.7.6.2.1.1).
DIRECTIONS = (
    "MRVelocityEncodingSequence.VelocityEncodingDirection",
    "MRDiffusionSequence.DiffusionGradientDirectionSequence.DiffusionGradientOrientation",
    "MRSpatialSaturationSequence.SlabOrientation",
)


@rule("direction", "PS3.3 C.7.6.2.1.1")
def _directions(subject: Subject) -> Iterator[Issue]:
    for group in DIRECTIONS:
        for path, vectors, _ in _root_or_groups(subject, group.rpartition(".")[2], group):
            if vectors.shape[1] == 3:
                with np.errstate(invalid="ignore"):
                    wrong = np.abs(np.linalg.norm(vectors, axis=1) - 1) > COSINE
                none = (vectors == 0).all(axis=1)  # how writers say that there is no direction
                yield from _report(subject, path, wrong & ~none, "is a direction that is not of unit length")
                yield from _report(subject, path, none, "is 0, 0, 0, which is not a direction", "warning")


@rule("pixel-spacing", "PS3.3 10.7.1")
def _pixel_spacing(subject: Subject) -> Iterator[Issue]:
    places = [("PixelSpacing", SPACING), ("ImagerPixelSpacing", ""), ("NominalScannedPixelSpacing", "")]
    for keyword, path in places:
        for where, spacing, _ in _root_or_groups(subject, keyword, path):
            with np.errstate(invalid="ignore"):
                # of a single row or column the distance to the next may be 0
                wrong = (spacing < 0) | ((spacing == 0) & ~_single(subject, spacing.shape[1]))
                yield from _report(subject, where, wrong.any(axis=1), "is not greater than 0")


def _single(subject: Subject, count: int) -> Any:
    """Whether there is but one row, and one column."""
    single = [subject.number("Rows") == 1, subject.number("Columns") == 1]
    return np.array(single if count == 2 else [False] * count, bool)


@rule("slice-spacing", "PS3.3 C.7.6.16.2.1")
def _slice_spacing(subject: Subject) -> Iterator[Issue]:
    for path in (BETWEEN, THICKNESS):
        numbers = subject.frame_numbers(path)
        if numbers is not None:
            with np.errstate(invalid="ignore"):
                yield from _report(subject, path, (numbers < 0).any(axis=1), "is negative")


#: What a frame needs of geometry once it has a position: (group, attribute).
_PATIENT: tuple[tuple[str, str], ...] = (
    ("PlanePositionSequence", "ImagePositionPatient"),
    ("PlaneOrientationSequence", "ImageOrientationPatient"),
    ("PixelMeasuresSequence", "PixelSpacing"),
)
_SLIDE: tuple[tuple[str, str], ...] = (("PixelMeasuresSequence", "PixelSpacing"),)


@rule(
    "geometry-complete",
    "PS3.3 C.7.6.16.2",
    applies=lambda subject: subject.shared is not None,
    level="warning",
)
def _geometry_complete(subject: Subject) -> Iterator[Issue]:
    """A position says where a frame lies only together with its directions and the size of its pixels."""
    layouts = [] if subject.frames is None else subject.frames.layouts
    groups = {path for layout in layouts for path in layout.sequences}
    if "PlanePositionSequence" in groups:
        needed = _PATIENT
    elif "PlanePositionSlideSequence" in groups or subject.is_tiled_full:
        needed = _SLIDE
    else:
        return
    for group, keyword in needed:
        path = f"{group}.{keyword}"
        if subject.shared_values(path):
            continue
        lacking = [
            layout for layout in layouts if path in layout.empty or (path, "DS") not in layout.elements
        ]
        if len(lacking) < len(layouts):
            for layout in lacking:
                place = frame_path(path if group in layout.sequences else group, int(layout.frames[0]))
                yield Issue(place, "is missing, though other frames have it", count=len(layout.frames))
            continue
        in_frames = group in groups
        in_shared = subject.shared is not None and subject.shared.named(group) is not None
        name = path if in_frames or in_shared else group
        place = frame_path(name, 0) if in_frames else f"SharedFunctionalGroupsSequence[0].{explicit(name)}"
        yield Issue(place, "is missing: positions say nothing without it")


def _has_positions(subject: Subject) -> bool:
    frames = subject.frames
    return frames is not None and POSITION in frames.paths and frames.count > 1


@rule(
    "frame-position", "PS3.3 C.7.6.17, Dimension Organization Type", applies=_has_positions, level="warning"
)
def _stacks(subject: Subject) -> Iterator[Issue]:
    """Frames of one orientation form a stack: one line of positions; its steps are multiples of the spacing."""
    positions, cosines = subject.frame_numbers(POSITION), subject.frame_numbers(ORIENTATION)
    if positions is None or cosines is None or positions.shape[1] != 3 or cosines.shape[1] != 6:
        return
    spacing, between = subject.frame_numbers(SPACING), subject.frame_numbers(BETWEEN)
    pixel = float(np.nanmin(spacing)) if spacing is not None and spacing.size else 1.0
    declared = float(between[0, 0]) if between is not None and between.size else None
    for members in _stack_members(subject, cosines):
        if np.isnan(positions[members]).any() or np.isnan(cosines[members]).any():
            continue
        yield from _stack(subject, members, positions[members], cosines[members[0]], (pixel, declared))


def _stack_members(subject: Subject, cosines: Array) -> list[NDArray[np.intp]]:
    """Frames of each stack: same orientation, and same Stack ID where there is one."""
    codes = np.zeros(len(cosines), np.intp)
    if (cosines != cosines[0]).any():
        codes = np.unique(np.round(cosines, 4), axis=0, return_inverse=True)[1].ravel()
    if subject.frames is not None and STACK in subject.frames.paths:
        stacks = subject.frames.categories(STACK).codes
        codes = codes * (int(stacks.max()) + 2) + stacks + 1
    if not codes.any():
        return [np.arange(len(codes))]
    return [np.flatnonzero(codes == code) for code in np.unique(codes)]


def _stack(
    subject: Subject,
    members: NDArray[np.intp],
    positions: Array,
    cosines: Array,
    steps: tuple[float, float | None],
) -> Iterator[Issue]:
    pixel, declared = steps
    row, column = cosines[:3], cosines[3:]
    normal = np.cross(row, column)
    depth = positions @ normal
    plane = np.stack([positions @ row, positions @ column], axis=1)
    places, first, inverse = _distinct_depths(depth)
    if len(places) < 2:
        off = np.abs(plane - np.median(plane, axis=0)).max(axis=1) > OFF * pixel
    else:
        slope, offset = _line(places, plane[first])
        off = np.abs(plane - (offset + depth[:, None] * slope)).max(axis=1) > OFF * pixel
        if not off.any() and np.linalg.norm(slope) > COSINE:
            angle = float(np.degrees(np.arctan(np.linalg.norm(slope))))
            message = f"the stack is tilted by {angle:.2f} degrees against its normal"
            yield Issue(subject.group_path(POSITION, int(members[0])), message, "advice")
    level = "error" if subject.text("DimensionOrganizationType") in ("3D", "3D_TEMPORAL") else None
    if off.any():
        if off.mean() < 0.5:
            frame = int(members[np.argmax(off)])
            message = "lies off the line of the other frames of its stack"
            yield Issue(subject.group_path(POSITION, frame), message, level, int(off.sum()))  # type: ignore[arg-type]
        else:
            yield Issue(subject.group_path(POSITION), "frames of one orientation form no stack", "advice")
        return
    yield from _steps(subject, members, (places, first, inverse), declared, level)


def _distinct_depths(depth: Array) -> tuple[Array, NDArray[np.intp], NDArray[np.intp]]:
    """Distinct depths in ascending order, a frame at each, and the number of its depth for every frame."""
    order = np.argsort(depth, kind="stable")
    fresh = np.concatenate([[True], np.diff(depth[order]) > 1e-3])
    inverse = np.empty(len(depth), np.intp)
    inverse[order] = np.cumsum(fresh) - 1
    return depth[order][fresh], order[fresh], inverse


def _line(places: Array, plane: Array) -> tuple[Array, Array]:
    """In-plane movement per depth and offset, robust against a few frames that lie elsewhere."""
    slopes = np.diff(plane, axis=0) / np.diff(places)[:, None]
    slope = np.median(slopes, axis=0)
    return slope, np.median(plane - places[:, None] * slope, axis=0)


def _steps(
    subject: Subject,
    members: NDArray[np.intp],
    depths: tuple[Array, NDArray[np.intp], NDArray[np.intp]],
    declared: float | None,
    level: str | None,
) -> Iterator[Issue]:
    """Steps between slices against Spacing Between Slices, and against one another."""
    places, first, _ = depths
    if len(places) < 2:
        return
    gaps = np.diff(places)
    unit = declared if declared and declared > 0 else float(np.median(gaps))
    multiple = np.round(gaps / unit)
    stray = np.abs(gaps - multiple * unit) > OFF * unit
    if stray.any():
        frame = int(members[first[_culprit(stray)]])
        path = subject.group_path(POSITION, frame)
        common = float(np.median(gaps)) / unit
        if declared and abs(common - round(common)) > OFF:
            path = subject.group_path(BETWEEN)
            yield Issue(path, f"is {declared:g} mm, but slices lie {np.median(gaps):g} mm apart")
            return
        message = f"is not a whole number of steps of {unit:g} mm from its neighbours"
        grave = level or ("warning" if declared or stray.sum() <= 2 < len(gaps) else "advice")
        yield Issue(path, message, grave, int(stray.sum()))  # type: ignore[arg-type]
    elif (multiple > 1).any():
        frame = int(members[first[int(np.argmax(multiple > 1)) + 1]])
        message = "follows a gap in the stack: readers that want a regular grid will refuse or fill it"
        yield Issue(subject.group_path(POSITION, frame), message, "advice", int((multiple > 1).sum()))


def _culprit(stray: NDArray[np.bool_]) -> int:
    """The slice between two steps that are both wrong, else the one after the first wrong step."""
    both = stray[1:] & stray[:-1]
    if both.any():
        return int(np.argmax(both)) + 1
    step = int(np.argmax(stray))
    return 0 if step == 0 else step + 1
