"""The arrays of look-up tables: descriptor and data <-> numpy (PS3.3 C.11.1.1.1, C.7.6.3.1.5)."""

from __future__ import annotations

import operator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError
from dicomposer.pixels import apply_lut

Array: TypeAlias = npt.NDArray[Any]

_MOST = 65536


def checked_table(data: object, name: str) -> Array:
    """Return an array that may be a table, or say why not."""
    if not isinstance(data, np.ndarray):
        raise ArgumentTypeError(f"{name} must be a numpy array, found {type(data).__name__}")
    if data.dtype not in (np.dtype("u1"), np.dtype("u2")):
        raise ArgumentError(f"{name} must be of uint8 or uint16, found {data.dtype}")
    if data.ndim != 1:
        raise ArgumentError(f"{name} must have one dimension, found shape {data.shape}")
    if not 0 < data.size <= _MOST:
        raise ArgumentError(f"{name} must have 1 to {_MOST} entries, found {data.size}")
    return data


def check_first(value: object, count: int) -> tuple[int, str]:
    """Return the first mapped value and the value representation that its descriptor then has."""
    try:
        first = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentTypeError("first_mapped_value must be an integer") from None
    if first < 0:  # the descriptor is SS, so that the number of entries is limited as well
        if first < -32768 or count > 32767:
            raise ArgumentError(
                f"first_mapped_value {first} with {count} entries: negative values go to -32768, "
                "with at most 32767 entries"
            )
        return first, "SS"
    if first > 65535:
        raise ArgumentError(f"first_mapped_value may be 65535 at most, found {first}")
    return first, "US"


def table_bytes(table: Array) -> bytes:
    """Return the entries as they stand in an element of VR OW."""
    value = table.astype(table.dtype.newbyteorder("<")).tobytes()
    return value + b"\0" if len(value) % 2 else value


def set_table(
    dataset: Dataset, keywords: tuple[str, str], first: int, table: Array, count: int | None = None
) -> None:
    """Write descriptor and data, in concrete value representations (the dictionary leaves a choice)."""
    number = table.size if count is None else count
    first, vr = check_first(first, number)
    dataset.add_new(keywords[0], vr, [number % _MOST, first, table.dtype.itemsize * 8])
    dataset.add_new(keywords[1], "OW", table_bytes(table))


def entries(dataset: Dataset, descriptor: str, data: str) -> Array:
    """Read the entries of a table, also of a writer that stores 8 bits in 16, or words as a list."""
    number, _, bits = (int(value) for value in dataset[descriptor].value)
    number = number % _MOST or _MOST
    value = dataset[data].value
    kind = np.uint8 if bits <= 8 else np.uint16
    if not isinstance(value, bytes | bytearray | memoryview):
        words = np.asarray(value).reshape(-1)
        if bits <= 8 and words.size < number:  # two entries in a word
            words = words.astype("<u2").view(np.uint8)
    elif bits <= 8 and len(value) < 2 * number:
        words = np.frombuffer(value, np.uint8)
    else:
        words = np.frombuffer(value, "<u2", count=len(value) // 2)
    if words.size < number:
        raise DamagedFileError(f"a look-up table of {number} entries holds {words.size}")
    return words[:number].astype(kind)


def words_of(value: object, bits: int) -> Array:
    """Return all words of a value, for tables whose descriptor counts something else."""
    if isinstance(value, bytes | bytearray | memoryview):
        return np.frombuffer(value, np.uint8 if bits <= 8 else np.dtype("<u2")).astype(
            f"u{1 if bits <= 8 else 2}"
        )
    words = np.asarray(value).reshape(-1).astype("<u2")
    return words.view(np.uint8) if bits <= 8 else words.astype(np.uint16)


def apply_table(array: Array, table: Array, first: int, dtype: npt.DTypeLike | None) -> Array:
    """Look pixels up; see :meth:`LUT.apply`."""
    if dtype is not None and not np.can_cast(table.dtype, dtype, "safe"):
        raise ArgumentTypeError(f"{np.dtype(dtype)} cannot hold every entry of a table of {table.dtype}")
    return apply_lut(np.asarray(array), table, first, dtype)


def scaled(
    table: Array, output_range: tuple[float, float], dtype: npt.DTypeLike | None, *, invert: bool
) -> Array:
    """Stretch the entries to a range; see :meth:`LUT.get_scaled_lut_data`."""
    low, high = output_range
    if not low < high:
        raise ArgumentError(f"output_range must grow, found {low} to {high}")
    wanted = np.dtype(np.float64 if dtype is None else dtype)
    if wanted.kind != "f":
        raise ArgumentError(f"the type must be of floating point, not {wanted}")
    least, greatest = float(table.min()), float(table.max())
    part = (table.astype(np.float64) - least) / (
        greatest - least or 1.0
    )  # a constant table becomes the lower end
    if invert:
        part = 1.0 - part
    return np.asarray(low + (high - low) * part).astype(wanted)


def inverted(table: Array) -> Array:
    """Mirror the entries within their own range."""
    total = int(table.min()) + int(table.max())
    return (total - table.astype(np.int64)).astype(table.dtype)
