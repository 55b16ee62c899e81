"""Padding of arrays along their three spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dicomposer.enum import PadModes
from dicomposer.errors import ArgumentError, ArgumentTypeError

__all__ = ["PadWidths", "as_pad_widths", "pad_array"]

PadWidths = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def as_pad_widths(pad_width: int | Sequence[int] | Sequence[Sequence[int]]) -> PadWidths:
    """Width before and after each spatial axis, from any of the forms that ``pad`` takes."""
    try:
        array = np.asarray(pad_width)
    except ValueError:
        raise ArgumentError("Invalid arrangement in 'pad_width': its items differ in length.") from None
    if array.dtype.kind not in "ui":
        raise ArgumentTypeError("Invalid format for 'pad_width': whole numbers are needed.")
    if (array < 0).any():
        raise ArgumentError("Argument 'pad_width' cannot contain negative values.")
    if array.shape not in ((), (2,), (3, 1), (3, 2)):
        raise ArgumentError(
            f"Invalid arrangement in 'pad_width': shape {array.shape} is none of a number, [before, after], "
            "three of [width], three of [before, after]."
        )
    first, second, third = np.broadcast_to(array, (3, 2)).tolist()
    return (first[0], first[1]), (second[0], second[1]), (third[0], third[1])


def _fill_value(array: np.ndarray, mode: PadModes, constant_value: Any, per_channel: bool) -> np.ndarray:
    if mode is PadModes.CONSTANT:
        # One value for all, or one for each channel.
        return np.asarray(constant_value)
    statistics: dict[PadModes, Any] = {
        PadModes.MINIMUM: np.min,
        PadModes.MAXIMUM: np.max,
        PadModes.MEAN: np.mean,
        PadModes.MEDIAN: np.median,
    }
    return np.asarray(statistics[mode](array, axis=(0, 1, 2) if per_channel else None))


def pad_array(
    array: np.ndarray, widths: PadWidths, mode: PadModes, constant_value: Any, per_channel: bool
) -> np.ndarray:
    """Pad ``(a, b, c, ...)`` along its first three axes; returns `array` itself where nothing is added."""
    if not np.any(widths):
        return array
    full = (*widths, *[(0, 0)] * (array.ndim - 3))
    if mode is PadModes.EDGE:
        return np.pad(array, full, mode="edge")
    shape = [size + before + after for size, (before, after) in zip(array.shape, full, strict=True)]
    fill = _fill_value(array, mode, constant_value, per_channel).astype(array.dtype)
    if fill.ndim and fill.shape != array.shape[3:]:
        raise ArgumentError(f"'constant_value' has shape {fill.shape}, the channels have {array.shape[3:]}.")
    padded = np.empty(shape, dtype=array.dtype)
    padded[...] = fill
    inside = tuple(slice(before, before + size) for size, (before, _) in zip(array.shape, full, strict=True))
    padded[inside] = array
    return padded
