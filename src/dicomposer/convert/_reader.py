"""What one converter is, and which one takes what."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Grid: TypeAlias = "tuple[NDArray[Any], NDArray[np.float64]]"
"""Values, (slices, rows, columns) or with channels last, and the (4, 4) affine of those indices in mm LPS."""


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

    def from_file(self, path: Path) -> Grid:
        """Read a file."""
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
