"""Shapes of findings as numbers: points, circles, boxes in, points of the standard's graphic types out."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError

__all__ = ["SHAPES", "axes_of", "crosses_itself", "shape_of"]

Floats = NDArray[np.float64]

#: Keys that are shapes, and how many numbers make a point of one.
SHAPES = {
    "point": 2, "points": 2, "line": 2, "polygon": 2, "box": 2, "circle": 0, "ellipse": 0,
    "long_axis": 2, "short_axis": 2, "point_mm": 3, "points_mm": 3, "polygon_mm": 3,
}  # fmt: skip
#: Of the extent of a shape: what is thinner than this is a line.
_THIN = 1e-9
#: How far beside an edge it is asked what lies inside, of the extent of the polygon.
_BESIDE = 1e-7
#: Pairs of edges that are compared at once.
_PAIRS = 1 << 20
_ROW = re.compile(r"\[([^\[\]]*)\]")


def shape_of(shape: str, value: Any) -> Floats:
    """Points of a shape, as the standard has them for its graphic type (PS3.3 C.18.6.1.2, C.18.9.1.2).

    Parameters
    ----------
    shape : str
        A key of SHAPES, but for the axes.
    value : list, array or str
        Numbers; see :func:`report`.

    Returns
    -------
    numpy.ndarray
        (n, 2) columns and rows, or (n, 3) millimetres.

    Raises
    ------
    ArgumentError
        If the numbers are none, too many or too few, nested in another way than point by point, or enclose nothing.
    """
    if shape == "circle":
        x, y, radius = _numbers(value, shape, 3, "column, row, radius")
        _positive(radius, shape)
        return np.asarray([[x, y], [x + radius, y]])
    if shape == "ellipse":
        return _ellipse(value)
    if shape == "box":
        x0, y0, x1, y1 = _numbers(value, shape, 4, "left, top, right, bottom edge")
        if x1 <= x0 or y1 <= y0:
            raise ArgumentError(
                "a box has a left, a top, a right and a bottom edge; the last ones do not lie behind the first (width "
                "and height are not meant)"
            )
        return np.asarray([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
    exactly = {"point": 1, "point_mm": 1, "line": 2}.get(shape)
    points = _points(value, SHAPES[shape], shape, exactly=exactly)
    if shape == "line":
        _refuse_no_length(points, shape)
    if shape.startswith("polygon"):
        if len(points) < 3:
            raise ArgumentError(f"a {shape} has three points or more, found {len(points)}")
        if not np.array_equal(points[0], points[-1]):
            points = np.concatenate([points, points[:1]])
        _refuse_no_area(points, shape)
    return points


def axes_of(long: Any, short: Any) -> Floats:
    """Ends of the long and of the short axis, (4, 2)."""
    named = {"long_axis": long, "short_axis": short}
    points = {key: _points(value, 2, key, exactly=2) for key, value in named.items()}
    for key, ends in points.items():
        _refuse_no_length(ends, key)
    return np.concatenate([*points.values()])


def _refuse_no_length(points: Floats, shape: str) -> None:
    if np.array_equal(points[0], points[1]):
        raise ArgumentError(f"the {shape} has no length: both its ends are one point")


def _refuse_no_area(points: Floats, shape: str) -> None:
    """Refuse polygons whose points all are one, or on one line."""
    reach = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if reach[1] <= _THIN * max(reach[0], 1.0):
        raise ArgumentError(f"the {shape} encloses nothing: all its points are one, or lie on one line")


def _ellipse(value: Any) -> Floats:
    """Ends of the longer axis, then of the shorter one (PS3.3 C.18.6.1.2)."""
    numbers = _flat(value, "ellipse")
    if len(numbers) not in (4, 5):
        raise ArgumentError(
            "an ellipse has four or five numbers: column, row, radius, other radius, angle in degrees"
        )
    x, y, first, second = numbers[:4]
    turn = np.deg2rad(numbers[4] if len(numbers) == 5 else 0.0)
    _positive(min(first, second), "ellipse")
    axes = [
        np.asarray([np.cos(turn), np.sin(turn)]) * first,
        np.asarray([-np.sin(turn), np.cos(turn)]) * second,
    ]
    if second > first:
        axes.reverse()
    centre = np.asarray([x, y])
    return np.stack([centre - axes[0], centre + axes[0], centre - axes[1], centre + axes[1]])


def _positive(number: float, shape: str) -> None:
    if number <= 0:
        raise ArgumentError(f"the radius of a {shape} must be more than 0")


# -- numbers -----------------------------------------------------------------------------------------------------------


def _points(value: Any, width: int, shape: str, exactly: int | None = None) -> Floats:
    """Points of numbers in a row, or nested point by point; nested in another way, they would be other points."""
    if isinstance(value, str):
        _check_text(value, width, shape)
    numbers = _array(value, shape)
    leading = [size for size in numbers.shape[:-1] if size != 1]  # OpenCV has contours as (n, 1, 2)
    if numbers.ndim > 1 and (numbers.shape[-1] != width or len(leading) > 1):
        raise ArgumentError(
            f"{shape} has the shape {numbers.shape}, and needs (points, {width}): "
            f"{'column, row' if width == 2 else 'x, y, z'} of each point"
            + ("; it may have to be transposed" if numbers.shape[0] == width and numbers.ndim == 2 else "")
        )
    if not numbers.size or numbers.size % width:
        raise ArgumentError(f"{shape} needs {width} numbers a point, found {numbers.size} numbers")
    points: Floats = numbers.reshape(-1, width)
    if exactly is not None and len(points) != exactly:
        raise ArgumentError(f"{shape} has {exactly} point{'s' * (exactly > 1)}, found {len(points)}")
    return points


def _check_text(text: str, width: int, shape: str) -> None:
    """Refuse text whose groups are no points: decimal commas make more numbers, and lists of columns other points."""
    rows = _ROW.findall(text)
    depth = max(np.cumsum([(letter == "[") - (letter == "]") for letter in text]), default=0)
    if depth > 2:
        raise ArgumentError(f"{shape} needs one list of points, found lists in lists of lists")
    if ";" in text:  # which part points, if there are any
        rows, within = list(filter(str.strip, text.split(";"))), "semicolons"
    else:
        rows, within = (rows if depth == 2 or len(rows) > 1 else []), "brackets"
    for part in rows:
        if len(_flat(part, shape)) != width:
            raise ArgumentError(f"{shape} needs {width} numbers between {within}, found {part.strip()!r}")


def _numbers(value: Any, shape: str, count: int, meaning: str) -> list[float]:
    numbers = _flat(value, shape)
    if len(numbers) != count:
        raise ArgumentError(f"a {shape} has {count} numbers ({meaning}), found {len(numbers)}")
    return numbers


def _flat(value: Any, shape: str) -> list[float]:
    """Numbers in one row: what they mean is said by their order."""
    numbers = _array(value, shape)
    if sum(size != 1 for size in numbers.shape) > 1:
        raise ArgumentError(f"{shape} needs its numbers in one row, found the shape {numbers.shape}")
    return [float(number) for number in numbers.ravel()]


def _array(value: Any, shape: str) -> Floats:
    """Numbers of lists, arrays or text ("10 20; 30 40"), nested as they are given; those of text are not."""
    if isinstance(value, str):
        value = value.replace(";", " ").replace(",", " ").replace("[", " ").replace("]", " ").split()
    try:
        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{shape} must hold numbers, a list of them or a list of points of one length"
        ) from None
    if not np.isfinite(numbers).all():
        raise ArgumentError(f"{shape} holds something else than finite numbers")
    return numbers


# -- areas -------------------------------------------------------------------------------------------------------------


def crosses_itself(points: Floats) -> bool:
    """Whether a polygon has no one area: its outline crosses itself, or it goes around something twice or both ways.

    Outlines that touch themselves, as those of masks do (a spike of one pixel, a seam to a hole), have an area.

    Parameters
    ----------
    points : numpy.ndarray
        (n, 2), closed.
    """
    keep = np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))
    points = points[keep] - points.mean(axis=0)
    starts, ends = points[:-1], points[1:]
    if _edges_cross(starts, ends):
        return True
    across = (ends - starts)[:, ::-1] * [1, -1]
    across *= _BESIDE * np.abs(points).max() / np.linalg.norm(across, axis=1, keepdims=True)
    middle = (starts + ends) / 2
    around = _windings(np.concatenate([middle + across, middle - across]), starts, ends)
    return len(set(around.tolist()) - {0}) > 1 or bool(np.abs(around).max() > 1)


def _edges_cross(starts: Floats, ends: Floats) -> bool:
    """Whether two edges cross between their ends."""
    step = max(1, _PAIRS // len(starts))
    for first in range(0, len(starts), step):  # of a few thousand edges, some hundred at a time
        a, b = starts[first : first + step, None], ends[first : first + step, None]
        of_ends = _side(a, b, starts[None]) * _side(a, b, ends[None])
        of_edge = _side(starts[None], ends[None], a) * _side(starts[None], ends[None], b)
        if ((of_ends < 0) & (of_edge < 0)).any():
            return True
    return False


def _side(a: Floats, b: Floats, points: Floats) -> Floats:
    """On which side of lines from a to b points lie: 1, -1, or 0 on the line."""
    along, to = b - a, points - a
    area = along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]
    most = np.abs(along).max(axis=-1) * np.abs(to).max(axis=-1)
    signs: Floats = np.sign(np.where(np.abs(area) <= 1e-12 * most, 0.0, area))
    return signs


def _windings(points: Floats, starts: Floats, ends: Floats) -> NDArray[np.int64]:
    """How often edges go around points."""
    found, step = np.zeros(len(points), np.int64), max(1, _PAIRS // len(starts))
    for first in range(0, len(points), step):
        x, y = points[first : first + step, :1], points[first : first + step, 1:]
        up, down = starts[:, 1] <= y, ends[:, 1] <= y
        width, height = (ends - starts).T
        left = width * (y - starts[:, 1]) - (x - starts[:, 0]) * height
        found[first : first + step] = (up & ~down & (left > 0)).sum(axis=1) - (~up & down & (left < 0)).sum(
            axis=1
        )
    return found
