"""Where the voxels of a segmentation lie: its grid, and the mask of each segment within its bounding box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicomposer import record
from dicomposer.api._measure_shapes import Crop
from dicomposer.api._planes import SourcePlanes
from dicomposer.errors import ArgumentError, DamagedFileError, GeometryError
from dicomposer.seg import Segmentation

__all__ = ["Grid", "SegmentMask", "planar_masks", "volume_masks"]

Floats = NDArray[np.float64]

_NUMBER = "SegmentIdentificationSequence.ReferencedSegmentNumber"
_CHUNK = 1 << 28  # so many pixels of a segment are unpacked at a time


@dataclass(frozen=True)
class Grid:
    """Planes at which a segmentation has frames, as part of a regular stack.

    Attributes
    ----------
    slots : numpy.ndarray
        (frames,) place of each frame in the stack.
    origin : numpy.ndarray
        (3,) centre of the first voxel of place 0, millimetres in patient coordinates.
    directions : numpy.ndarray
        (3, 3) unit vectors, in rows: from plane to plane, row to row, column to column.
    pixel : tuple[float, float]
        Distances between rows and between columns.
    between : float or None
        Distance between planes; None if nothing tells it.
    """

    slots: NDArray[np.intp]
    origin: Floats
    directions: Floats
    pixel: tuple[float, float]
    between: float | None

    @classmethod
    def of(cls, planes: SourcePlanes, between: float | None) -> Grid:
        """Lay the frames of a segmentation on a stack.

        Parameters
        ----------
        planes : SourcePlanes
            Of the segmentation.
        between : float, optional
            Distance between planes, if it is known; otherwise that of the frames themselves.

        Raises
        ------
        GeometryError
            If the frames are not parallel, not above one another, or unevenly spaced.
        """
        normal, positions = planes.normal, planes.positions
        along = positions @ normal
        first = int(along.argmin())
        aside = (positions - positions[first]) - np.outer(along - along[first], normal)
        pixel = planes.pixel_spacing
        if np.abs(aside).max() > 0.05 * min(pixel):
            raise GeometryError(
                "the frames of the segmentation do not lie above one another (they are shifted by up to "
                f"{np.abs(aside).max():.3g} mm within their planes, as with a tilted gantry), so their voxels "
                "are no boxes"
            )
        places = np.unique(np.round(along - along[first], 3))
        step = between if between is not None else _step(places)
        slots = np.zeros(len(along), dtype=np.intp)
        if step is not None:
            exact = (along - along[first]) / step
            slots = np.rint(exact).astype(np.intp)
            if np.abs(exact - slots).max() > 0.05 + 0.01 * slots.max():
                raise GeometryError(
                    f"the frames of the segmentation are unevenly spaced: {_gaps(places)} mm apart, no multiples of "
                    f"{step:.4g} mm"
                )
        orientation = planes.orientation
        directions = np.stack([normal, orientation[3:], orientation[:3]])
        return cls(slots, positions[first], directions, pixel, step)

    @property
    def spacing(self) -> Floats:
        """(3,) distances between planes, rows and columns; 1 where that between planes is not known."""
        return np.asarray([self.between or 1.0, *self.pixel])

    def points(self, indices: NDArray[np.floating] | Sequence[float]) -> Floats:
        """Plane, row and column as points in patient coordinates."""
        found: Floats = self.origin + (np.asarray(indices) * self.spacing) @ self.directions
        return found


def _step(places: Floats) -> float | None:
    gaps = np.diff(places)
    return float(gaps.min()) if len(gaps) else None


def _gaps(places: Floats) -> str:
    gaps = np.diff(places)
    return f"{gaps.min():.4g} to {gaps.max():.4g}"


@dataclass(frozen=True)
class SegmentMask:
    """The voxels of one segment.

    Attributes
    ----------
    number : int
        Segment Number.
    voxels : int
        How many belong to it: of fractions, those that reach the threshold.
    weight : float
        Sum of its fractions, if they are shares of voxels; the number of voxels otherwise.
    crop : Crop or None
        Where they are; None if there are none.
    """

    number: int
    voxels: int
    weight: float
    crop: Crop | None


def volume_masks(
    segmentation: Segmentation, grid: Grid, numbers: Sequence[int], threshold: float
) -> Iterator[SegmentMask]:
    """The masks of segments, one after the other.

    Parameters
    ----------
    segmentation : Segmentation
        Not tiled.
    grid : Grid
        Its frames.
    numbers : Sequence[int]
        Segments.
    threshold : float
        From which fraction on a voxel belongs to a segment.
    """
    if segmentation.segmentation_type.value == "LABELMAP":
        yield from _of_labels(segmentation, grid, numbers)
        return
    of_frames = frame_segments(segmentation)
    for number in numbers:
        frames = np.flatnonzero(of_frames == number)
        yield _of_frames(segmentation, grid.slots[frames], frames, number, threshold)


def planar_masks(
    segmentation: Segmentation, numbers: Sequence[int], threshold: float
) -> Iterator[SegmentMask]:
    """How much there is of each segment, without where: for tiles and for images without a place in space."""
    frames = range(segmentation.number_of_frames)
    if segmentation.segmentation_type.value == "LABELMAP":
        counts = np.zeros(max(numbers, default=0) + 1, dtype=np.int64)
        for index in frames:
            found = np.bincount(segmentation.get_stored_frame(index, as_index=True).ravel())
            size = min(len(found), len(counts))
            counts[:size] += found[:size]
        for number in numbers:
            yield SegmentMask(number, int(counts[number]), float(counts[number]), None)
        return
    of_frames, scale = frame_segments(segmentation), _Fractions.of(segmentation, threshold)
    voxels, weights = dict.fromkeys(numbers, 0), dict.fromkeys(numbers, 0.0)
    for index in frames:
        number = int(of_frames[index])
        if number in voxels:
            stored = segmentation.get_stored_frame(index, as_index=True)
            voxels[number] += int(np.count_nonzero(scale.mask(stored)))
            weights[number] += scale.weight(stored)
    for number in numbers:
        yield SegmentMask(number, voxels[number], weights[number], None)


def frame_segments(segmentation: Segmentation) -> NDArray[np.intp]:
    """(frames,) the segment that each frame belongs to."""
    count, numbers = segmentation.number_of_frames, segmentation.segment_numbers
    if "PerFrameFunctionalGroupsSequence" in segmentation:
        table = record.FrameTable.of_dataset(segmentation)
        if _NUMBER in table.paths:
            return np.asarray(table.numbers(_NUMBER), dtype=np.float64)[:, 0].astype(np.intp)
    if count % len(numbers):
        raise DamagedFileError("the frames do not say which segment they belong to")
    # One segment for all frames, or all tiles of one segment and then of the next (PS3.3 C.7.6.17.3)
    return np.repeat(np.asarray(numbers, dtype=np.intp), count // len(numbers))


@dataclass(frozen=True)
class _Fractions:
    """What stored values of frames mean: 0 and 1, or fractions of a maximum."""

    maximum: int
    threshold: float
    occupancy: bool

    @classmethod
    def of(cls, segmentation: Segmentation, threshold: float) -> _Fractions:
        if segmentation.segmentation_type.value != "FRACTIONAL":
            return cls(1, 0.5, False)
        maximum = record.int_value(segmentation, "MaximumFractionalValue") or 0
        if maximum < 1:
            raise DamagedFileError("MaximumFractionalValue is less than 1", tag=0x0062000E)
        occupancy = record.text_value(segmentation, "SegmentationFractionalType") == "OCCUPANCY"
        return cls(maximum, threshold, occupancy)

    def mask(self, stored: NDArray[np.generic]) -> NDArray[np.bool_]:
        if self.maximum == 1:
            return np.asarray(stored).astype(bool, copy=False)
        mask: NDArray[np.bool_] = np.asarray(stored) >= max(self.threshold * self.maximum, 1)
        return mask

    def weight(self, stored: NDArray[np.generic]) -> float:
        if not self.occupancy:
            return float(np.count_nonzero(self.mask(stored)))
        return float(stored.sum(dtype=np.int64)) / self.maximum


def _of_frames(
    segmentation: Segmentation,
    slots: NDArray[np.intp],
    frames: NDArray[np.intp],
    number: int,
    threshold: float,
) -> SegmentMask:
    if not len(frames):
        return SegmentMask(number, 0, 0.0, None)
    scale = _Fractions.of(segmentation, threshold)
    if len(set(slots.tolist())) != len(slots):
        raise ArgumentError(
            f"segment {number} has several frames at one position (several points in time, for example), so there is "
            "no one shape to measure"
        )
    weight, parts = 0.0, []
    step = max(1, _CHUNK // (int(segmentation.Rows) * int(segmentation.Columns)))
    for some in (slice(start, start + step) for start in range(0, len(frames), step)):
        stored = segmentation.get_stored_frames(frames[some].tolist(), as_indices=True)
        weight += scale.weight(stored)
        crop = Crop.of(scale.mask(stored))
        if crop is not None:
            parts.append(Crop(crop.mask, (crop.origin[0] + (some.start or 0), *crop.origin[1:])))
    placed = [(slots[part.origin[0] : part.origin[0] + len(part.mask)], part) for part in parts]
    crop = _put_together(placed)
    voxels = 0 if crop is None else int(np.count_nonzero(crop.mask))
    return SegmentMask(number, voxels, weight if scale.occupancy else float(voxels), crop)


def _put_together(parts: Sequence[tuple[NDArray[np.intp], Crop]]) -> Crop | None:
    """Planes in the order of their places, with empty ones where no frame is."""
    if not parts:
        return None
    low = [min(crop.origin[axis] for _, crop in parts) for axis in (1, 2)]
    high = [max(crop.origin[axis] + crop.mask.shape[axis] for _, crop in parts) for axis in (1, 2)]
    first = int(min(slots.min() for slots, _ in parts))
    last = int(max(slots.max() for slots, _ in parts))
    whole = np.zeros((last - first + 1, high[0] - low[0], high[1] - low[1]), dtype=bool)
    for slots, crop in parts:
        row, column = crop.origin[1] - low[0], crop.origin[2] - low[1]
        rows, columns = crop.mask.shape[1:]
        whole[slots - first, row : row + rows, column : column + columns] = crop.mask
    return Crop.of(whole, (first, low[0], low[1]))


def _of_labels(segmentation: Segmentation, grid: Grid, numbers: Sequence[int]) -> Iterator[SegmentMask]:
    """One pass for the bounding boxes of all labels, then the box of each."""
    if len(set(grid.slots.tolist())) != len(grid.slots):
        raise ArgumentError(
            "the label map has several frames at one position, so there is no one shape to measure"
        )
    labels = segmentation.get_stored_frames()
    order = np.argsort(grid.slots)
    slots = grid.slots[order]
    boxes: dict[int, list[tuple[int, int, int, int, int]]] = {number: [] for number in numbers}
    for place, frame in enumerate(order.tolist()):
        for number, box in _boxes(labels[frame]):
            if number in boxes:
                boxes[number].append((place, *box))
    for number in numbers:
        if not boxes[number]:
            yield SegmentMask(number, 0, 0.0, None)
            continue
        found = np.asarray(boxes[number])
        places = found[:, 0]
        top, bottom, left, right = found[:, 1].min(), found[:, 2].max(), found[:, 3].min(), found[:, 4].max()
        planes = labels[order[places], top:bottom, left:right] == number
        crop = _put_together([(slots[places], Crop(planes, (0, int(top), int(left))))])
        voxels = int(np.count_nonzero(planes))
        yield SegmentMask(number, voxels, float(voxels), crop)


def _boxes(frame: NDArray[np.integer]) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
    """Each label of a frame with the rows and columns (half-open) that hold it."""
    flat = frame.ravel()
    where = np.flatnonzero(flat)
    if not len(where):
        return
    values = flat[where]
    order = np.argsort(values, kind="stable")  # a radix sort, for the types that labels have
    where, values = where[order], values[order]
    starts = np.flatnonzero(np.diff(values.astype(np.int64), prepend=-1))
    rows, columns = np.divmod(where, frame.shape[1])
    left, right = np.minimum.reduceat(columns, starts), np.maximum.reduceat(columns, starts)
    top = rows[starts]  # within a label the order of pixels is kept
    bottom = rows[[*(starts[1:] - 1), len(rows) - 1]]
    for box in zip(values[starts].tolist(), top, bottom, left, right, strict=True):
        yield int(box[0]), (int(box[1]), int(box[2]) + 1, int(box[3]), int(box[4]) + 1)
