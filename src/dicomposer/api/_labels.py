"""The values in a mask: which there are, and how they become segment numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, ArgumentTypeError

_LARGEST_LABEL = 65535  # Segment Number is US (PS3.3 C.8.20.4)
_ROUNDING = 1e-5  # how far a label may lie from its whole number


def as_labels(array: NDArray[Any]) -> NDArray[Any]:
    """The mask as unsigned integers of 8 or 16 bits; the same memory where it is that already.

    Floats within 1e-5 of a whole number are that number, as programs that resample masks leave 0.9999999.

    Raises
    ------
    ArgumentError
        When values are negative, above 65535, not finite or not whole.
    ArgumentTypeError
        When the array holds no real numbers.
    """
    if array.dtype == np.bool_ or (array.dtype.itemsize == 1 and array.dtype.kind == "u"):
        return array.view(np.uint8)
    if array.dtype.kind not in "uif":
        raise ArgumentTypeError(f"a mask holds integers, booleans or fractions, not {array.dtype}")
    if not array.size:
        return array.astype(np.uint8)
    lowest, highest = array.min(), array.max()
    if array.dtype.kind == "f":
        _check_whole(array, lowest, highest)
        lowest, highest = np.rint(lowest), np.rint(highest)
    lowest, highest = lowest.item(), highest.item()  # half floats overflow in the comparison
    if lowest < 0 or highest > _LARGEST_LABEL:
        raise ArgumentError(
            f"labels must lie between 0 (background) and {_LARGEST_LABEL}; the mask holds {lowest:g} to "
            f"{highest:g}"
        )
    dtype = np.uint8 if highest < 256 else np.uint16
    if array.dtype.kind != "f":
        return array.astype(dtype, copy=False)
    whole = np.empty(array.shape, dtype=dtype)
    np.rint(array, out=whole, casting="unsafe")
    return whole


def _check_whole(array: NDArray[Any], lowest: Any, highest: Any) -> None:
    if not np.isfinite(lowest) or not np.isfinite(highest):  # minimum and maximum carry NaN along
        raise ArgumentError("the mask holds NaN or infinite values")
    for plane in array if array.ndim > 2 else [array]:  # plane by plane: no second copy of a large mask
        if np.abs(plane - np.rint(plane)).max(initial=0) > _ROUNDING:
            raise ArgumentError(
                f"the mask holds fractions between {lowest:g} and {highest:g}; threshold it, or ask for "
                "segmentation_type='FRACTIONAL'"
            )


def labels_in(labels: NDArray[Any]) -> list[int]:
    """The values other than 0 that occur, ascending."""
    present = np.zeros(int(np.iinfo(labels.dtype).max) + 1, dtype=np.bool_)
    for plane in labels if labels.ndim > 2 else [labels]:
        present[plane] = True
    present[0] = False
    return [int(value) for value in np.flatnonzero(present)]


def relabel(labels: NDArray[Any], values: Sequence[int]) -> NDArray[Any]:
    """Number the labels 1, 2, 3... in the order of `values`; the same array when they are so already."""
    if list(values) == list(range(1, len(values) + 1)):
        return labels
    table = np.zeros(int(np.iinfo(labels.dtype).max) + 1, dtype=np.uint8 if len(values) < 256 else np.uint16)
    known = [value for value in values if value < len(table)]
    table[known] = [number for number, value in enumerate(values, start=1) if value < len(table)]
    numbered: NDArray[Any] = table[labels]
    return numbered


def as_binary(labels: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """The mask of one structure as 0 and 1; its one value other than 0 may be any (255 in pictures)."""
    values = labels_in(labels)
    if len(values) > 1:
        raise ArgumentError(
            f"the mask of {name!r} holds {len(values)} labels ({_few(values)}); the mask of one structure "
            "holds one"
        )
    return (labels if values in ([], [1]) else labels > 0).astype(np.uint8, copy=False)


def _few(values: Sequence[int]) -> str:
    return ", ".join(str(value) for value in values[:8]) + (", ..." if len(values) > 8 else "")
