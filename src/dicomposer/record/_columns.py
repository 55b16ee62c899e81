"""Columns of a frame table: what callers give, factorised and encoded once per distinct value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from dicomposer.errors import ArgumentError, ArgumentTypeError

from ._layout import Indices
from ._scan import Leaf
from ._values import BINARY, BYTES, binary_array, encode_value, format_ds

Array = npt.NDArray[Any]


class Categories:
    """A factorised column: one small integer per frame and the distinct values.

    Parameters
    ----------
    codes : ndarray of int, shape (frames,)
        Index into `values` per frame; -1 where the element is absent in that frame.
    values : Sequence
        The distinct values: text, numbers, tuples of them for several values, or None for an empty element.

    Raises
    ------
    ArgumentTypeError
        If the codes are not a one-dimensional array of integers.
    ArgumentError
        If a code is below -1 or beyond the values.
    """

    __slots__ = ("codes", "values")

    def __init__(self, codes: npt.ArrayLike, values: Sequence[object]) -> None:
        array = np.asarray(codes)
        if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
            raise ArgumentTypeError("codes must be a one-dimensional array of integers")
        array = array.astype(np.intp)
        self.values = tuple(values)
        if array.size and (int(array.min()) < -1 or int(array.max()) >= len(self.values)):
            raise ArgumentError(f"codes must lie between -1 and {len(self.values) - 1}")
        array.setflags(write=False)
        self.codes: Indices = array

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        return f"Categories({len(self.codes)} frames, {len(self.values)} distinct values)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Categories):
            return NotImplemented
        return len(self) == len(other) and self.tolist() == other.tolist()

    __hash__ = None  # type: ignore[assignment]

    def select(self, indices: npt.ArrayLike) -> Categories:
        """Return the column of some frames, with the same values."""
        return Categories(self.codes[np.asarray(indices)], self.values)

    def tolist(self) -> list[object]:
        """Return the value of each frame; None where it is absent or empty."""
        table = (*self.values, None)
        return [table[code] for code in self.codes.tolist()]


Column: TypeAlias = "Array | Categories"


def factorise(items: Sequence[Any]) -> tuple[Indices, list[Any]]:
    """Return codes and distinct values, in order of first appearance, of hashable items."""
    seen: dict[Any, int] = {}
    codes = np.fromiter((seen.setdefault(item, len(seen)) for item in items), np.intp, len(items))
    return codes, list(seen)


def combine(codes: Sequence[Indices], sizes: Sequence[int]) -> tuple[Indices, Indices]:
    """Factorise tuples of codes: return a code per frame, and a representative frame per distinct tuple."""
    key = codes[0].astype(np.int64)
    span = sizes[0]
    for more, size in zip(codes[1:], sizes[1:], strict=True):
        if span * size >= 2**62:
            distinct, key = np.unique(key, return_inverse=True)
            span = len(distinct)
        key = key * size + more
        span *= size
    if span <= 1:
        return np.zeros(len(key), np.intp), np.zeros(min(1, len(key)), np.intp)
    if span <= 0xFFFF:
        key = key.astype(np.uint16)  # numpy sorts these by radix
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    fresh = np.empty(len(key), bool)
    fresh[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    result = np.empty(len(key), np.intp)
    result[order] = np.cumsum(fresh) - 1
    return result, order[fresh]


class Encoded:
    """A leaf's column as distinct encoded values, or as one record per frame for binary numbers.

    Attributes
    ----------
    path, tag, vr
        What the column fills.
    codes : ndarray of intp, shape (frames,), or None
        Index into `values`; None when `rows` holds the values.
    values : list of bytes
        Distinct encoded values.
    rows : ndarray, shape (frames, count), or None
        Numbers of the VR's type.
    """

    def __init__(self, path: str, tag: int, vr: str) -> None:
        self.path, self.tag, self.vr = path, tag, vr
        self.codes: Indices | None = None
        self.values: list[bytes] = []
        self.rows: Array | None = None
        self._lengths: tuple[Indices, list[int], list[int]] | None = None

    def select(self, indices: Indices) -> Encoded:
        """Return the column of some frames."""
        chosen = Encoded(self.path, self.tag, self.vr)
        chosen.values = self.values
        chosen.codes = None if self.codes is None else self.codes[indices]
        chosen.rows = None if self.rows is None else np.ascontiguousarray(self.rows[indices])
        return chosen

    def classes(self) -> tuple[Indices | None, int, list[int]]:
        """Return a class per frame (None if all are alike), their number, and the length of each (-1: absent)."""
        if self.rows is not None:
            return None, 1, [self.rows.dtype.itemsize * self.rows.shape[1]]
        assert self.codes is not None
        lengths = [len(value) for value in self.values]
        lengths.append(-1)  # code -1 reaches the last entry
        distinct = sorted({*lengths})
        if distinct[0] == -1 and (not self.codes.size or int(self.codes.min()) >= 0):
            distinct = distinct[1:] or [-1]
        rank = {length: index for index, length in enumerate(distinct)}
        if len(distinct) == 1:
            return None, 1, distinct
        table = np.array([rank.get(length, 0) for length in lengths], np.intp)
        return table[self.codes], len(distinct), distinct

    def taker(self) -> Callable[[Leaf, Indices], Array]:
        """Return the function that gathers the records of frames whose values have the leaf's length."""
        if self.rows is not None:
            rows = self.rows
            records = rows.view(f"V{rows.dtype.itemsize * rows.shape[1]}").ravel()
            return lambda leaf, frames: records if len(frames) == len(records) else records[frames]
        assert self.codes is not None
        codes = self.codes
        tables: dict[int, Array] = {}
        place = np.zeros(len(self.values), np.intp)
        by_length: dict[int, list[bytes]] = {}
        for index, value in enumerate(self.values):
            group = by_length.setdefault(len(value), [])
            place[index] = len(group)
            group.append(value)
        for length, group in by_length.items():
            if length:
                tables[length] = np.frombuffer(b"".join(group), f"V{length}")
        return lambda leaf, frames: tables[leaf.length][place[codes[frames]]]


class Given(NamedTuple):
    """How a column is to be encoded."""

    path: str
    tag: int
    vr: str
    frames: int
    charsets: Sequence[str]


def encode_column(column: Any, given: Given) -> Encoded:
    """Encode whatever a caller gave as the column of a leaf, little endian."""
    result = Encoded(given.path, given.tag, given.vr)
    if isinstance(column, Categories):
        _check_frames(len(column), given)
        result.codes, result.values = column.codes, _encode_distinct(column.values, given)
        return result
    if not isinstance(column, np.ndarray):  # a constant
        result.codes = np.zeros(given.frames, np.intp)
        result.values = _encode_distinct((column,), given)
        return result
    if column.ndim not in (1, 2):
        raise ArgumentError(f"{given.path}: a column has the shape (frames,) or (frames, values)")
    _check_frames(len(column), given)
    width = column.shape[1] if column.ndim == 2 else 1
    if given.vr in BINARY and column.dtype.kind in "iufb":
        rows = np.ascontiguousarray(binary_array(column, given.vr, given.path).reshape(len(column), width))
        if rows.shape[1]:
            result.rows = rows
            return result
    if given.vr in ("DS", "IS") and column.dtype.kind in "iuf":
        result.codes, result.values = _encode_decimals(column.reshape(len(column), width), given)
        return result
    codes, distinct = factorise([tuple(v) if isinstance(v, list) else v for v in column.tolist()])
    result.codes, result.values = codes, _encode_distinct(distinct, given)
    return result


def _check_frames(count: int, given: Given) -> None:
    if count != given.frames:
        raise ArgumentError(f"{given.path}: the column has {count} frames, the table {given.frames}")


def _encode_distinct(values: Sequence[Any], given: Given) -> list[bytes]:
    return [encode_value(value, given.vr, given.path, "<", given.charsets) for value in values]


def _encode_decimals(rows: Array, given: Given) -> tuple[Indices, list[bytes]]:
    """Factorise decimal rows component by component: distinct numbers are few even when rows are many."""
    codes: list[Indices] = []
    texts: list[list[str]] = []
    for component in rows.T:
        first = component[:1]
        if (component == first).all():
            code, distinct = np.zeros(len(component), np.intp), first  # also for no frames at all
        else:
            distinct, code = np.unique(component, return_inverse=True)
        try:
            texts.append([_decimal(number, given.vr, given.path) for number in distinct.tolist()])
        except ArgumentError as error:
            raise ArgumentError(f"{given.path}: {error}") from error
        codes.append(code)
    if not codes:
        return np.zeros(len(rows), np.intp), [b""]
    code, representative = combine(codes, [len(text) for text in texts])
    parts = [
        [text[index] for index in column[representative]] for text, column in zip(texts, codes, strict=True)
    ]
    values = ["\\".join(row).encode("ascii") for row in zip(*parts, strict=True)]
    return code, [value + b" " if len(value) % 2 else value for value in values]


def _decimal(number: float, vr: str, path: str) -> str:
    return format_ds(number) if vr == "DS" else encode_value(number, "IS", path).decode("ascii").strip()


def is_number(vr: str) -> bool:
    """Tell whether values of a VR are numbers."""
    return vr in BINARY or vr in ("DS", "IS") or (vr == "AT" and vr not in BYTES)
