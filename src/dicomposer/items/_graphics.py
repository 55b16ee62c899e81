"""Points of shapes: how many, and in which arrangement (PS3.3 C.18.6.1.2, C.18.9.1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items.enum import GraphicTypeValues, GraphicTypeValues3D

__all__ = ["check_graphic", "check_graphic_3d", "coplanar"]

#: Least and greatest number of points.
_POINTS = {
    "POINT": (1, 1),
    "CIRCLE": (2, 2),
    "ELLIPSE": (4, 4),
    "MULTIPOINT": (1, None),
    "POLYLINE": (2, None),
}
_POINTS_3D = {
    "POINT": (1, 1),
    "ELLIPSE": (4, 4),
    "ELLIPSOID": (6, 6),
    "MULTIPOINT": (1, None),
    "POLYLINE": (2, None),
    "POLYGON": (4, None),
}
#: Distance from the plane, relative to the size of the shape, that rounding to single precision explains.
_FLAT = 1e-3
_GREATEST = float(np.finfo(np.float32).max)


def check_graphic(shape: GraphicTypeValues, points: NDArray[Any]) -> NDArray[np.float64]:
    """Points of a shape in an image as float64, shape (n, 2).

    Raises
    ------
    ArgumentError
        If their number is not that of the shape, or one is not finite.
    """
    return _checked(shape.value, points, 2, _POINTS)


def check_graphic_3d(shape: GraphicTypeValues3D, points: NDArray[Any]) -> NDArray[np.float64]:
    """Points of a shape in space as float64, shape (n, 3).

    Raises
    ------
    ArgumentError
        If their number is not that of the shape, one is not finite, or a polygon is not closed or not flat.
    """
    checked = _checked(shape.value, points, 3, _POINTS_3D)
    if shape is GraphicTypeValues3D.POLYGON and not np.array_equal(checked[0], checked[-1]):
        raise ArgumentError("a POLYGON must be closed: its last point is not its first")
    flat = shape in (GraphicTypeValues3D.POLYGON, GraphicTypeValues3D.ELLIPSE)
    if flat and not coplanar(checked):
        raise ArgumentError(f"the points of a {shape.value} must lie in one plane")
    return checked


def _checked(
    shape: str, points: NDArray[Any], width: int, counts: dict[str, tuple[int, int | None]]
) -> NDArray[np.float64]:
    array = np.asarray(points)
    if array.dtype.kind not in "iuf":
        raise ArgumentTypeError("graphic_data must be an array of numbers")
    if array.ndim != 2 or array.shape[1] != width:
        raise ArgumentError(f"graphic_data must have the shape (n, {width}), found {array.shape}")
    least, most = counts[shape]
    if len(array) < least or (most is not None and len(array) > most):
        due = str(least) if most == least else f"at least {least}"
        raise ArgumentError(f"a {shape} needs {due} points, found {len(array)}")
    if not (np.isfinite(array).all() and np.abs(array, dtype=np.float64).max() <= _GREATEST):
        raise ArgumentError("graphic_data must be finite, in single precision")
    return array.astype(np.float64)


def coplanar(points: NDArray[np.float64]) -> bool:
    """Whether points, shape (n, 3), lie in one plane but for rounding."""
    centred = points - points.mean(axis=0)
    sizes = np.linalg.svd(centred, compute_uv=False)
    return len(sizes) < 3 or bool(sizes[2] <= _FLAT * max(sizes[0], 1e-6))
