"""What one converter is, and which one takes what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import UnsupportedError

Grid: TypeAlias = "tuple[NDArray[Any], NDArray[np.float64]]"
"""Values, (slices, rows, columns) or with channels last, and the (4, 4) affine of those indices in mm LPS."""


# Masks of this many values are taken whatever they belong to: a usual series, with room.
_ALWAYS_TAKEN = 2**27


@dataclass(frozen=True)
class SizeLimit:
    """How large an image may be, told from its header: a small compressed file can hold more than the memory.

    Attributes
    ----------
    voxels : int
        Voxels in space.
    values : int
        Voxels times channels.
    """

    voxels: int
    values: int

    @classmethod
    def around(cls, voxels: int) -> SizeLimit:
        """Room for masks of images with that many voxels.

        Eight times as many, for masks of a whole scan with some of its images; 256 channels of as many; and
        always 134 million.
        """
        return cls(max(8 * voxels, _ALWAYS_TAKEN), max(256 * voxels, _ALWAYS_TAKEN))

    def check(self, space: Sequence[int], channels: int = 1) -> None:
        """Compare with what a header announces.

        Parameters
        ----------
        space : Sequence[int]
            Voxels along the axes in space.
        channels : int
            Values of a voxel.

        Raises
        ------
        UnsupportedError
            When it is too large, with the figures.
        """
        voxels = math.prod(int(size) for size in space)
        if voxels > self.voxels or voxels * int(channels) > self.values:
            shape = "x".join(str(size) for size in space) + (
                f" with {channels} channels" if channels > 1 else ""
            )
            raise UnsupportedError(
                f"the file announces {shape} voxels, far more than the images that its mask could belong to: at "
                f"most {self.voxels} voxels and {self.values} values are read"
            )


class VolumeReader(Protocol):
    """One format or one library whose images know where they are.

    A new one is a file in this package and a line in :data:`dicomposer.convert._volumes.READERS`.
    """

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings of file names, lower case, with their dot."""
        ...

    def accepts(self, image: object) -> bool:
        """Whether `image` is this library's; must not import the library."""
        ...

    def from_file(self, path: Path, limit: SizeLimit | None = None) -> Grid:
        """Read a file, unless its header announces more than the limit."""
        ...

    def from_object(self, image: Any) -> Grid:
        """Take an image in memory; its values are not copied where that can be avoided, and never changed."""
        ...


def module_of(image: object) -> str:
    """Name of the package that an object's class comes from."""
    return type(image).__module__.partition(".")[0]


def as_labels(array: NDArray[Any]) -> NDArray[Any]:
    """Floats that are whole numbers as integers; anything else as it is.

    Many programs store labels as floats. Fractions (probabilities) stay floats, as do NaN and infinities,
    which whoever uses the mask refuses with the place where they are.

    Parameters
    ----------
    array : numpy.ndarray
        Values of any numeric type and shape.

    Returns
    -------
    numpy.ndarray
        The same array, or its values in the smallest unsigned (else signed) integer type that holds them.
    """
    if not np.issubdtype(array.dtype, np.floating) or not array.size:
        return array
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)) or max(-low, high) >= 2**31:
        return array
    for plane in array:  # plane by plane: a whole-array comparison would need as much memory again
        if not np.array_equal(plane, np.rint(plane)):
            return array
    return array.astype(np.result_type(np.min_scalar_type(int(low)), np.min_scalar_type(int(high))))
