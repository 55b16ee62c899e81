"""From stored values to what is displayed: look-up tables, windows, colour spaces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dicomposer.enum import VOILUTFunctionValues
from dicomposer.errors import ArgumentError, UnsupportedError

__all__ = ["apply_lut", "apply_palette", "apply_voi_window", "to_rgb"]


def apply_lut(
    array: NDArray[Any],
    lut_data: NDArray[Any],
    first_mapped_value: int,
    dtype: DTypeLike | None = None,
    clip: bool = True,
) -> NDArray[Any]:
    """Look values up in a table (PS3.3 C.11.1.1 and C.11.2.1.1).

    Parameters
    ----------
    array : ndarray
        Whole numbers, any shape.
    lut_data : ndarray
        Entries along the first axis; further axes are appended to the result's shape.
    first_mapped_value : int
        Input value of the first entry.
    dtype : dtype, optional
        Type of the result; that of the table by default.
    clip : bool
        Values outside the table take its first or last entry; otherwise they are refused.

    Returns
    -------
    ndarray
        ``array.shape + lut_data.shape[1:]``.

    Raises
    ------
    ArgumentError
        If ``array`` is not of whole numbers, the table is empty or would not fit ``dtype`` safely, or values lie
        outside of it and ``clip`` is False.
    """
    if array.dtype.kind not in "iu":
        raise ArgumentError(f"a look-up needs whole numbers, not {array.dtype}")
    table = np.asarray(lut_data)
    if table.shape[0] == 0:
        raise ArgumentError("the look-up table is empty")
    if dtype is not None and not np.can_cast(table.dtype, dtype, "safe"):
        raise ArgumentError(f"a table of {table.dtype} does not fit {np.dtype(dtype)} safely")
    if dtype is not None:
        table = table.astype(dtype, copy=False)
    index = array.astype(np.int64) - first_mapped_value
    if not clip and index.size and (int(index.min()) < 0 or int(index.max()) >= table.shape[0]):
        raise ArgumentError("the array has values outside the look-up table")
    return np.asarray(table[np.clip(index, 0, table.shape[0] - 1, out=index)])


def apply_palette(
    array: NDArray[Any],
    red: NDArray[Any],
    green: NDArray[Any],
    blue: NDArray[Any],
    first_mapped_value: int = 0,
) -> NDArray[Any]:
    """Look up the colours of a PALETTE COLOR image (PS3.3 C.7.6.3.1.5); (..., 3) in the type of the tables."""
    return apply_lut(array, np.stack([red, green, blue], axis=-1), first_mapped_value)


def apply_voi_window(
    array: NDArray[Any],
    window_center: float,
    window_width: float,
    voi_lut_function: str | VOILUTFunctionValues = VOILUTFunctionValues.LINEAR,
    output_range: tuple[float, float] = (0.0, 1.0),
    dtype: DTypeLike | None = np.float64,
    invert: bool = False,
) -> NDArray[Any]:
    """Apply a window to values of interest (PS3.3 C.11.2.1.2 and C.11.2.1.3).

    Parameters
    ----------
    array : ndarray
        Any shape; not modified.
    window_center, window_width : float
        The window, in the units of ``array``. The width is at least 1 for LINEAR, above 0 otherwise.
    voi_lut_function : str or VOILUTFunctionValues
        LINEAR (whose window of width 2^n and centre 2^(n-1) is the identity of n bits), LINEAR_EXACT or SIGMOID.
    output_range : tuple of float
        Lowest and highest output.
    dtype : dtype
        A floating-point type; float64 if None.
    invert : bool
        Exchange the ends of the output range.

    Returns
    -------
    ndarray
        Same shape.

    Raises
    ------
    ArgumentError
        If the width, the output range or the type makes no sense.
    """
    function = VOILUTFunctionValues(voi_lut_function)
    low, high = output_range
    kind: np.dtype[Any] = np.dtype(np.float64 if dtype is None else dtype)
    if kind.kind != "f":
        raise ArgumentError(f"the result needs a floating-point type, not {kind}")
    if not low < high:
        raise ArgumentError("the second value of output_range must be above the first")
    linear = function is VOILUTFunctionValues.LINEAR
    if not (window_width >= 1 if linear else window_width > 0):
        raise ArgumentError(f"a window width of {window_width} is not possible for {function.value}")
    if linear and window_width == 1:  # a threshold
        out = (array > window_center - 0.5).astype(kind)
    else:
        # A half less in centre and width for LINEAR: they count whole numbers, not a continuous range
        centre, width = (window_center - 0.5, window_width - 1) if linear else (window_center, window_width)
        out = array.astype(kind)
        out -= kind.type(centre)
        out /= kind.type(width)
        if function is VOILUTFunctionValues.SIGMOID:
            with np.errstate(
                over="ignore"
            ):  # far below the window exp() overflows to infinity: the output is low
                out = np.asarray(1 / (1 + np.exp(-4 * out)), dtype=kind)
        else:
            out += kind.type(0.5)
            np.clip(out, 0, 1, out=out)
    if invert:
        np.subtract(1, out, out=out)
    out *= kind.type(high - low)
    out += kind.type(low)
    return out


def to_rgb(array: NDArray[np.uint8], photometric: str) -> NDArray[np.uint8]:
    """Colour pixels as RGB (PS3.3 C.7.6.3.1.2).

    Parameters
    ----------
    array : ndarray of uint8
        (..., 3), as :meth:`dicomposer.frame.FrameReader.array` gives them.
    photometric : str
        Their Photometric Interpretation.

    Raises
    ------
    UnsupportedError
        If there is no conversion from it.
    """
    if photometric in ("RGB", "YBR_RCT", "YBR_ICT"):  # decoders of JPEG 2000 have undone the latter two
        return array
    if photometric not in ("YBR_FULL", "YBR_FULL_422") or array.dtype != np.uint8:
        raise UnsupportedError(f"no conversion of {photometric} in {array.dtype} to RGB")
    y = array[..., 0].astype(np.float32)
    blue = array[..., 1].astype(np.float32) - 128
    red = array[..., 2].astype(np.float32) - 128
    rgb = np.stack([y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue], axis=-1)
    return np.asarray(np.clip(np.rint(rgb, out=rgb), 0, 255, out=rgb).astype(np.uint8))
