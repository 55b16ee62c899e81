"""Shapes of masks in physical space: volumes, diameters, centroids.

Diameters are those of the surface mesh of a mask (IBSI L0JK). The vertices of that mesh are the centres of the voxel
faces that bound the mask, so no mesh is made; and of those on one line through the mask only the outermost can be
ends of a diameter, so few points are compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Axes", "Crop", "farthest", "in_plane_axes", "largest_diameter"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_FEW = 1500  # so many points are compared all with all
_CELLS = 16


@dataclass(frozen=True)
class Crop:
    """A mask within its bounding box.

    Attributes
    ----------
    mask : numpy.ndarray
        (planes, rows, columns), true inside; some of it is true on each of the six sides.
    origin : tuple[int, int, int]
        Plane, row and column of its first voxel in the grid it was cut from.
    """

    mask: Bools
    origin: tuple[int, int, int]

    @classmethod
    def of(cls, mask: Bools, origin: tuple[int, int, int] = (0, 0, 0)) -> Crop | None:
        """Cut a mask down to what is in it; None if nothing is."""
        slices = []
        for axis in range(3):
            others = tuple(other for other in range(3) if other != axis)
            there = np.flatnonzero(mask.any(axis=others))
            if not len(there):
                return None
            slices.append(slice(int(there[0]), int(there[-1]) + 1))
        start = tuple(first + part.start for first, part in zip(origin, slices, strict=True))
        return cls(mask[tuple(slices)], (start[0], start[1], start[2]))

    @property
    def centroid(self) -> Floats:
        """Mean plane, row and column of the voxels, in the grid."""
        mean = []
        for axis in range(3):
            others = tuple(other for other in range(3) if other != axis)
            counts = self.mask.sum(axis=others, dtype=np.int64)
            mean.append(float(counts @ np.arange(len(counts)) / counts.sum()))
        return np.asarray(mean) + self.origin


@dataclass(frozen=True)
class Axes:
    """The longest line within one plane of a mask, and the longest one across it.

    Attributes
    ----------
    plane : int
        Plane in the grid.
    long, short : float
        Lengths in millimetres.
    long_ends, short_ends : numpy.ndarray
        (2, 2) row and column of their ends in the grid; voxels have their centres at whole numbers.
    """

    plane: int
    long: float
    short: float
    long_ends: Floats
    short_ends: Floats


def largest_diameter(crop: Crop, spacing: Floats) -> float:
    """Longest distance between two points of the surface, in millimetres.

    Parameters
    ----------
    crop : Crop
        The mask.
    spacing : numpy.ndarray
        (3,) distances between planes, rows and columns.
    """
    points = np.concatenate([_ends(crop.mask, axis) for axis in range(3)])
    length, _ = farthest(points * spacing)
    return length


def in_plane_axes(crop: Crop, spacing: Floats) -> Axes:
    """Long and short axis in the plane whose long axis is longest.

    Parameters
    ----------
    crop : Crop
        The mask.
    spacing : numpy.ndarray
        (2,) distances between rows and between columns.
    """
    found = [np.concatenate([_ends(plane[None], axis)[:, 1:] for axis in (1, 2)]) for plane in crop.mask]
    bounds = [
        float(np.linalg.norm(np.ptp(points, axis=0) * spacing)) if len(points) else -1.0 for points in found
    ]
    best, ends, chosen = -1.0, np.zeros((2, 2)), 0
    for plane in np.argsort(-np.asarray(bounds), kind="stable"):
        if bounds[plane] <= best:
            break
        length, pair = farthest(found[plane] * spacing)
        if length > best:
            best, ends, chosen = length, pair, int(plane)
    short, across = _across(found[chosen] * spacing, ends, float(spacing.min()))
    shift = np.asarray(crop.origin[1:])
    return Axes(crop.origin[0] + chosen, best, short, ends / spacing + shift, across / spacing + shift)


def _ends(mask: Bools, axis: int) -> Floats:
    """Centres of the first and last face of every line of voxels along an axis, in voxels."""
    lines = np.moveaxis(mask, axis, -1)
    held = lines.any(axis=-1)
    where = np.stack(np.nonzero(held), axis=1).astype(np.float64)
    kept = lines[held]
    first = kept.argmax(axis=-1) - 0.5
    last = kept.shape[-1] - 0.5 - kept[:, ::-1].argmax(axis=-1)
    points = np.concatenate([np.column_stack([where, first]), np.column_stack([where, last])])
    order = [one for one in range(3) if one != axis]
    order.append(axis)
    return points[:, np.argsort(order)]


def farthest(points: Floats) -> tuple[float, Floats]:
    """The two points that lie farthest apart, exactly.

    Parameters
    ----------
    points : numpy.ndarray
        (n, dimensions), n at least 1.

    Returns
    -------
    float, numpy.ndarray
        Their distance, and the two.
    """
    best, pair = _sweep(points)
    for _ in range(3):
        # Who lies so near to some centre that nobody is far enough away cannot be an end.
        centre = pair.mean(axis=0)
        distances = np.linalg.norm(points - centre, axis=1)
        points = points[distances >= (best - distances.max()) * (1 - 1e-12)]
        again, other = _sweep(points)
        if again <= best:
            break
        best, pair = again, other
    if len(points) > _FEW:
        return _by_cells(points, best, pair)
    return _all_with_all(points, points, best, pair)


def _sweep(points: Floats) -> tuple[float, Floats]:
    """A long distance, found by going to the farthest point a few times."""
    best, pair = 0.0, points[[0, 0]]
    start = points[0]
    for _ in range(8):
        distances = np.linalg.norm(points - start, axis=1)
        end = int(distances.argmax())
        if distances[end] <= best:
            break
        best, pair = float(distances[end]), np.stack([start, points[end]])
        start = points[end]
    return best, pair


def _all_with_all(one: Floats, other: Floats, best: float, pair: Floats) -> tuple[float, Floats]:
    squares = np.zeros((len(one), len(other)))
    for axis in range(one.shape[1]):
        squares += (one[:, None, axis] - other[None, :, axis]) ** 2
    place = np.unravel_index(int(squares.argmax()), squares.shape)
    length = float(np.sqrt(squares[place]))
    return (length, np.stack([one[place[0]], other[place[1]]])) if length > best else (best, pair)


def _by_cells(points: Floats, best: float, pair: Floats) -> tuple[float, Floats]:
    """The same for many points: boxes of points first, the points of those that are far enough apart then."""
    low = points.min(axis=0)
    size = np.maximum(np.ptp(points, axis=0).max() / _CELLS, 1e-9)
    cells = ((points - low) / size).astype(np.int64)
    _, cell = np.unique(cells, axis=0, return_inverse=True)
    order = np.argsort(cell.ravel(), kind="stable")
    starts = np.flatnonzero(np.diff(cell.ravel()[order], prepend=-1))
    parts = np.split(points[order], starts[1:])
    lows, highs = np.array([part.min(axis=0) for part in parts]), np.array([p.max(axis=0) for p in parts])
    reach = np.maximum(np.abs(highs[:, None] - lows[None]), np.abs(highs[None] - lows[:, None]))
    bounds = np.triu(np.sqrt((reach**2).sum(axis=-1)))
    left, right = np.nonzero(bounds > best)
    for place in np.argsort(bounds[left, right])[::-1]:
        if bounds[left[place], right[place]] <= best:
            break
        best, pair = _all_with_all(parts[left[place]], parts[right[place]], best, pair)
    return best, pair


def _across(points: Floats, ends: Floats, width: float) -> tuple[float, Floats]:
    """The longest line across another, between points that lie within half a voxel of it along the other."""
    length = float(np.linalg.norm(ends[1] - ends[0]))
    along = (ends[1] - ends[0]) / length if length else np.asarray([1.0, 0.0])
    across = np.asarray([-along[1], along[0]])
    place, offset = points @ along, points @ across
    order = np.argsort(place)
    place, offset, points = place[order], offset[order], points[order]
    first = np.searchsorted(place, place - 1e-9, side="left")
    last = np.searchsorted(place, place + width / 2 + 1e-9, side="right")
    best, pair = 0.0, (0, 0)
    for start, stop in zip(first, last, strict=True):
        part = offset[start:stop]
        low, high = int(part.argmin()), int(part.argmax())
        if part[high] - part[low] > best:
            best, pair = float(part[high] - part[low]), (start + low, start + high)
    middle = place[[pair[0], pair[1]]].mean()
    foot = ends[0] + along * (middle - ends[0] @ along)
    base = foot @ across
    return best, np.stack([foot + across * (offset[one] - base) for one in pair])
