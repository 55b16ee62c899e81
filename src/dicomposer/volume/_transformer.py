"""Maps between the voxels of two volumes."""

from __future__ import annotations

import numpy as np

from dicomposer.errors import ArgumentError
from dicomposer.spatial import FloatArray, GridError

from ._geometry import VolumeGeometry
from ._located import require_inside, same_space
from ._volume import Volume

__all__ = ["VolumeToVolumeTransformer"]


class VolumeToVolumeTransformer:
    """Maps voxel indices of one volume to those of another."""

    def __init__(
        self,
        volume_from: Volume | VolumeGeometry,
        volume_to: Volume | VolumeGeometry,
        round_output: bool = False,
        check_bounds: bool = False,
    ) -> None:
        """Construct the transformer.

        Parameters
        ----------
        volume_from, volume_to : Volume | VolumeGeometry
            Volumes whose indices go in and come out.
        round_output : bool, optional
            Round to the nearest voxel instead of returning floats.
        check_bounds : bool, optional
            Refuse points that lie in no voxel of `volume_to`.

        Raises
        ------
        GridError
            When the volumes are in different coordinate systems or frames of reference.
        """
        if not same_space(volume_from, volume_to):
            raise GridError(
                "The volumes are in different coordinate systems or frames of reference: their voxels have "
                "no known relation."
            )
        self._affine: FloatArray = volume_to.inverse_affine @ volume_from.affine
        self._shape = volume_to.spatial_shape
        self._round_output = round_output
        self._check_bounds = check_bounds

    @property
    def affine(self) -> FloatArray:
        """numpy.ndarray: Copy of the matrix ``(4, 4)`` between the voxel indices."""
        return self._affine.copy()

    def __call__(self, indices: np.ndarray) -> np.ndarray:
        """Map voxel indices.

        Parameters
        ----------
        indices : numpy.ndarray
            ``(n, 3)``, (slice, row, column) of the first volume; integers or floats.

        Returns
        -------
        numpy.ndarray
            ``(n, 3)``, of the second volume; integers if rounded, of the input's type where it is of that
            kind (and can hold the values).
        """
        points = np.asarray(indices)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ArgumentError('Argument "indices" must be a two-dimensional array with shape [n, 3].')
        mapped = points @ self._affine[:3, :3].T + self._affine[:3, 3]
        if self._check_bounds:
            require_inside(mapped, self._shape)
        if not self._round_output:
            return mapped.astype(points.dtype) if points.dtype.kind == "f" else mapped
        rounded = np.around(mapped).astype(np.int64)
        if points.dtype.kind not in "ui" or not len(rounded):
            return rounded
        limits = np.iinfo(points.dtype)
        fits = rounded.min() >= limits.min and rounded.max() <= limits.max
        return rounded.astype(points.dtype) if fits else rounded
