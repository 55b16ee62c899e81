"""Grids of voxels compared: how one becomes the other without resampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dicomposer.spatial import GRID_TOLERANCE, GridError, GridMatch, match_affines

from ._located import Located, same_space

if TYPE_CHECKING:
    from ._geometry import VolumeGeometry
    from ._volume import Volume

__all__ = ["decimation", "match_grid", "moves"]


def match_grid(
    mask_geometry: Volume | VolumeGeometry,
    target_geometry: Volume | VolumeGeometry,
    tol: float = GRID_TOLERANCE,
) -> GridMatch:
    """Find how voxels of a mask become voxels of an image by permuting, flipping, cutting and filling.

    Nothing is ever resampled. ``match_grid(mask, image).apply(mask.array)`` is the mask on the image's grid.

    Parameters
    ----------
    mask_geometry : Volume | VolumeGeometry
        Grid of the mask, for instance of a NIfTI file.
    target_geometry : Volume | VolumeGeometry
        Grid of the image.
    tol : float, optional
        Largest distance along an axis between corresponding voxels, anywhere in the mask, as a fraction of a
        voxel.

    Raises
    ------
    GridError
        When the grids differ by more; says by how much in spacing, angle and offset.
    """
    if not same_space(mask_geometry, target_geometry):
        raise GridError(
            "The grids are in different coordinate systems or frames of reference: their positions cannot "
            "be compared."
        )
    return match_affines(
        mask_geometry.affine,
        mask_geometry.spatial_shape,
        target_geometry.affine,
        target_geometry.spatial_shape,
        tol=tol,
    )


def moves(one: Located, other: Located, *, step_tol: float) -> GridMatch:
    """Moves between grids whose steps and start agree within `step_tol` voxels."""
    return match_affines(one.affine, one.spatial_shape, other.affine, other.spatial_shape, step_tol=step_tol)


def decimation(one: Located, other: Located, tol: float) -> tuple[slice, slice, slice]:
    """Slices that leave out voxels of `one` so that its spacing is that of `other`.

    Axes whose spacing in `other` is a whole multiple, above 1, are thinned, from the voxel that lies on the
    other grid; all other axes are left whole.
    """
    steps = np.linalg.solve(one.affine[:3, :3], other.affine[:3, :3])
    start = np.linalg.solve(one.affine[:3, :3], other.affine[:3, 3] - one.affine[:3, 3])
    parts = [slice(None), slice(None), slice(None)]
    for axis in range(3):
        along = int(np.argmax(np.abs(steps[axis])))
        every = abs(float(steps[axis, along]))
        factor = round(every)
        # Oblique or finer grids are left for the match to refuse, with figures.
        if factor > 1 and abs(every - factor) <= tol * factor:
            phase = round(float(start[axis])) % factor
            if phase >= one.spatial_shape[axis]:
                raise GridError(
                    f"No voxel along axis {axis} lies on the other grid, which has every {factor}th voxel "
                    "only."
                )
            parts[axis] = slice(phase, None, factor)
    return parts[0], parts[1], parts[2]
