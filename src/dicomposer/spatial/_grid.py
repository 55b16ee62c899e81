"""Putting voxels of one grid onto another by moving them, never by resampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ._affines import as_affine
from ._conventions import FloatArray, as_vector
from ._errors import GridError

__all__ = ["GRID_TOLERANCE", "GridMatch", "match_affines"]

GRID_TOLERANCE = 0.05
"""Largest deviation, in voxels, of a grid that counts as the same.

Rounded spacings add up over hundreds of slices (decimal strings in DICOM, single precision in NIfTI):
hundredths of a voxel are noise. Mistakes of convention show as half a voxel or more."""

_AXIS_NAMES = ("slices", "rows", "columns")  # of the target, whose axes run so everywhere here


@dataclass(frozen=True)
class GridMatch:
    """How an array of one grid is moved onto another grid: permute, flip, then cut or fill.

    Attributes
    ----------
    permutation : tuple[int, int, int]
        Axis of the source that becomes each axis of the target.
    flips : tuple[bool, bool, bool]
        Whether each axis runs backwards, after the permutation.
    offsets : tuple[int, int, int]
        Index in the target, along each axis, of the first voxel of the permuted and flipped source; negative
        where the source begins before the target.
    source_shape : tuple[int, int, int]
        Spatial shape of the permuted source.
    target_shape : tuple[int, int, int]
        Spatial shape of the target.
    """

    permutation: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    offsets: tuple[int, int, int]
    source_shape: tuple[int, int, int]
    target_shape: tuple[int, int, int]

    @property
    def is_identity(self) -> bool:
        """Whether the array is on the target's grid already."""
        return self.is_reordering and self.permutation == (0, 1, 2) and not any(self.flips)

    @property
    def is_reordering(self) -> bool:
        """Whether nothing is cut or filled: every voxel of one grid is one of the other."""
        return self.offsets == (0, 0, 0) and self.source_shape == self.target_shape

    @property
    def overlap(self) -> tuple[tuple[slice, slice, slice], tuple[slice, slice, slice]]:
        """Slices of the permuted, flipped source and of the target that hold the same voxels."""
        source, target = [], []
        for offset, size, room in zip(self.offsets, self.source_shape, self.target_shape, strict=True):
            start = min(max(offset, 0), room)
            stop = max(min(offset + size, room), start)
            target.append(slice(start, stop))
            source.append(slice(start - offset, stop - offset) if stop > start else slice(0, 0))
        return (source[0], source[1], source[2]), (target[0], target[1], target[2])

    @property
    def voxels_lost(self) -> int:
        """Number of voxels of the source that lie outside the target."""
        kept = int(np.prod([part.stop - part.start for part in self.overlap[1]]))
        return int(np.prod(self.source_shape)) - kept

    def reorder(self, array: np.ndarray) -> np.ndarray:
        """View of `array` ``(a, b, c, ...)`` with its axes permuted and flipped; no pixels are copied."""
        axes = (*self.permutation, *range(3, array.ndim))
        return array.transpose(axes)[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]

    def apply(self, array: np.ndarray, fill: float = 0) -> np.ndarray:
        """Move an array onto the target's grid.

        Parameters
        ----------
        array : numpy.ndarray
            ``(a, b, c, ...)`` on the source's grid; never modified.
        fill : float, optional
            Value of target voxels that the source does not reach.

        Returns
        -------
        numpy.ndarray
            ``(*target_shape, ...)``; a view of `array` where nothing had to be filled.
        """
        moved = self.reorder(array)
        source, target = self.overlap
        if all(part == slice(0, room) for part, room in zip(target, self.target_shape, strict=True)):
            return moved[source]
        result = np.full((*self.target_shape, *array.shape[3:]), fill, dtype=array.dtype)
        result[target] = moved[source]
        return result


def match_affines(
    affine_from: np.ndarray,
    shape_from: Sequence[int],
    affine_to: np.ndarray,
    shape_to: Sequence[int],
    *,
    tol: float = GRID_TOLERANCE,
    step_tol: float | None = None,
) -> GridMatch:
    """Find how voxels of one grid become voxels of another without resampling.

    Parameters
    ----------
    affine_from, affine_to : numpy.ndarray
        ``(4, 4)`` matrices of both grids to the same reference coordinates.
    shape_from, shape_to : Sequence[int]
        Their shapes along three axes.
    tol : float, optional
        Largest distance along an axis between corresponding voxels, anywhere in the source, as a fraction of
        a voxel.
    step_tol : float, optional
        Judge by the deviation of the first voxel and of the steps along the axes, each in voxels, instead.

    Raises
    ------
    GridError
        When the grids differ by more; says by how much in spacing, angle and offset.
    """
    source, target = as_affine(affine_from), as_affine(affine_to)
    size_from = as_vector(shape_from, "shape_from", 3).astype(int)
    size_to = as_vector(shape_to, "shape_to", 3).astype(int)
    # Columns: a step along an axis of the source, in voxels of the target.
    steps = np.linalg.solve(target[:3, :3], source[:3, :3])
    rounded = np.around(steps).astype(int)
    if (
        not np.array_equal(np.sort(np.abs(rounded), axis=0), np.array([[0] * 3, [0] * 3, [1] * 3]))
        or (np.abs(rounded).sum(axis=1) != 1).any()
    ):
        raise GridError(_difference(source, target, None))
    axis_of = np.argmax(np.abs(rounded), axis=1)
    flips = rounded[np.arange(3), axis_of] < 0
    start = np.linalg.solve(target[:3, :3], source[:3, 3] - target[:3, 3])
    # Where the index along an axis runs backwards, the source's last voxel comes first.
    last = (size_from[axis_of] - 1) * flips
    offsets = np.around(start - last).astype(int)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in size_from], indexing="ij")).reshape(3, -1)
    exact = steps @ corners + start[:, np.newaxis]
    ideal = rounded @ corners + (offsets + last)[:, np.newaxis]
    error, limit = float(np.abs(exact - ideal).max()), tol
    if step_tol is not None:
        deviation = np.column_stack([steps - rounded, start - np.around(start)])
        error, limit = float(np.abs(deviation).max()), step_tol
    if error > limit:
        raise GridError(_difference(source, target, (error, limit)))
    return GridMatch(
        _triple(axis_of), _flags(flips), _triple(offsets), _triple(size_from[axis_of]), _triple(size_to)
    )


def _triple(values: np.ndarray) -> tuple[int, int, int]:
    first, second, third = (int(value) for value in values)
    return first, second, third


def _flags(values: np.ndarray) -> tuple[bool, bool, bool]:
    first, second, third = (bool(value) for value in values)
    return first, second, third


def _difference(source: FloatArray, target: FloatArray, error: tuple[float, float] | None) -> str:
    """Say in figures how two grids differ."""
    spacings = [np.linalg.norm(affine[:3, :3], axis=0) for affine in (source, target)]
    axes = [affine[:3, :3] / spacing for affine, spacing in zip((source, target), spacings, strict=True)]
    cosines = np.abs(axes[1].T @ axes[0])
    best = np.argmax(cosines, axis=0)
    angle = float(np.degrees(np.arccos(np.clip(cosines[best, np.arange(3)], 0, 1))).max())
    matched = [
        f"{spacings[0][axis]:.6g} mm against {spacings[1][best[axis]]:.6g} mm between "
        f"{_AXIS_NAMES[best[axis]]}"
        for axis in range(3)
        if abs(spacings[0][axis] - spacings[1][best[axis]]) > 1e-6 * spacings[1][best[axis]]
    ]
    shift = np.linalg.solve(target[:3, :3], source[:3, 3] - target[:3, 3])
    fraction = shift - np.around(shift)
    parts = [f"the axes differ by {angle:.4g} degrees"]
    parts.append(f"the spacing is {', '.join(matched)}" if matched else "the spacing is the same")
    parts.append(
        "the first voxel lies "
        + ", ".join(
            f"{round(value, 4) + 0.0:+.4g} {name}" for value, name in zip(fraction, _AXIS_NAMES, strict=True)
        )
        + " beside the nearest one of the target"
    )
    text = "The grid differs from the one asked for: " + "; ".join(parts)
    if error is not None:
        text += f"; deviation {error[0]:.4g} voxels (tolerance {error[1]:.3g})"
    return text + ". Voxels are never resampled here: resample the mask onto the image first."
