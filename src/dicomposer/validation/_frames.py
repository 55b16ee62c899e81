"""Columns of the per-frame functional groups, as the rules need them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.errors import DamagedFileError
from dicomposer.record import Categories, FrameTable
from dicomposer.validation._view import BINARY_FORMATS, BULK, MULTI_TEXT, SINGLE_TEXT, Item, tag_of

__all__ = ["Frames", "explicit", "frame_path", "frames_of"]

_PER_FRAME = 0x52009230
_STEP = re.compile(r"(?<!\])\.")
_PART = re.compile(r"([^\[]+)(?:\[(\d+)\])?$")


@lru_cache(maxsize=1024)
def explicit(path: str) -> str:
    """A table's path with the item numbers that it leaves out: ``A.B`` -> ``A[0].B``."""
    return _STEP.sub("[0].", path)


def frame_path(path: str, frame: int) -> str:
    """Full path of a table's path in one frame."""
    return f"PerFrameFunctionalGroupsSequence[{frame}].{explicit(path)}"


class _Value:
    """A column's value in one frame, in the form of an element that a program has set."""

    __slots__ = ("VR", "value")

    def __init__(self, vr: str, value: Any) -> None:
        self.VR = vr
        self.value = value


class _Node:
    """An item put together from columns."""

    __slots__ = ("_dict",)

    def __init__(self) -> None:
        self._dict: dict[int, _Value] = {}


class Frames:
    """A frame table with the questions that rules ask.

    Attributes
    ----------
    table : FrameTable
    count : int
        Number of items of the sequence.
    paths : frozenset of str
        Paths of the elements that hold values (no sequences).
    """

    def __init__(self, table: FrameTable, root: Item) -> None:
        self.table = table
        self.root = root
        self.count: int = table.frames
        self.paths = frozenset(table.paths)
        self._categories: dict[str, Categories] = {}

    @cached_property
    def layouts(self) -> Sequence[Any]:
        """Distinct layouts: ``elements`` (path, VR), ``sequences`` (path -> items), ``empty`` paths, ``frames``."""
        return list(self.table.layouts)

    def categories(self, path: str) -> Categories:
        """Codes per frame (-1: absent) and distinct values; as text if they are not what their VR says."""
        if path not in self._categories:
            self._categories[path] = self._read(path)
        return self._categories[path]

    def _read(self, path: str) -> Categories:
        try:
            return self.table.categories(path)
        except DamagedFileError:
            column = self.table.encoded(path)
            if column is None or column.codes is None:
                raise
            return Categories(column.codes, [value.decode("latin-1") for value in column.values])

    def encoded(self, path: str, vr: str) -> Iterator[tuple[int, list[str | None]]]:
        """(code, values) of each distinct value as it is encoded; None stands for a number or bytes."""
        column = self.table.encoded(path)
        if column is None:
            return
        if column.rows is not None:
            yield 0, [None] * column.rows.shape[1]
            return
        text = vr in MULTI_TEXT or vr in SINGLE_TEXT
        for code, value in enumerate(column.values):
            if not text:
                size = int(BINARY_FORMATS.get(vr, "x1")[1]) if vr != "AT" else 4
                yield code, [None] * (1 if vr in BULK else len(value) // size)
            elif value:
                decoded = self.root.decode(value, vr)
                parts = [decoded] if vr in SINGLE_TEXT else decoded.split("\\")
                yield code, [part.strip(" \0") for part in parts]

    def raw(self, path: str) -> Iterator[tuple[int, bytes]]:
        """(code, bytes) of each distinct value of text as it is encoded; nothing of numbers."""
        column = self.table.encoded(path)
        if column is not None and column.rows is None:
            yield from enumerate(column.values)

    def having(self, path: str, code: int) -> NDArray[np.bool_]:
        """Frames that have a distinct value of :meth:`encoded`."""
        column = self.table.encoded(path)
        if column is None or column.codes is None:
            return np.ones(self.count, bool)
        return np.asarray(column.codes == code)

    def numbers(self, path: str) -> NDArray[np.float64]:
        """Numbers per frame, shape (frames, values); NaN where absent."""
        try:
            return np.asarray(self.table.numbers(path), np.float64).reshape(self.count, -1)
        except DamagedFileError:
            rows = [_numbers(value) for value in self.categories(path).values]
            table = np.full((len(rows) + 1, max(map(len, rows), default=0)), np.nan)
            for index, row in enumerate(rows):
                table[index, : len(row)] = row
            return np.asarray(table[self.categories(path).codes])

    def distinct(self, path: str) -> list[Any] | None:
        """Distinct values over all frames, or None if no frame has the element (or sequence)."""
        if path not in self.paths:
            return [path] if any(path in layout.sequences for layout in self.layouts) else None
        return [one for value in self.categories(path).values for one in _many(value)]

    def item(self, layout: Any, frame: int) -> Item:
        """One frame's functional groups as an item."""
        top = _Node()
        nodes: dict[str, _Node] = {"": top}
        for path, vr in layout.elements:
            prefix, _, name = path.rpartition(".")
            node = nodes[prefix]
            if vr == "SQ":
                items = [_Node() for _ in range(layout.sequences[path])]
                for index, inner in enumerate(items):
                    nodes[f"{path}[{index}]" if index else path] = inner
                node._dict[_tag(name)] = _Value(vr, items)
            else:
                node._dict[_tag(name)] = _Value(vr, self._value(path, frame))
        return Item(top._dict, self.root, _PER_FRAME, frame)

    def _value(self, path: str, frame: int) -> Any:
        column = self.table.encoded(path)
        if column is not None and column.rows is not None:
            return column.rows[frame].tolist()
        categories = self.categories(path)
        code = int(categories.codes[frame])
        return None if code < 0 else categories.values[code]


def _numbers(value: Any) -> list[float]:
    """Numbers of an encoded text; NaN for what is none."""
    numbers = []
    for part in str(value).split("\\"):
        try:
            numbers.append(float(part))
        except ValueError:
            numbers.append(np.nan)
    return numbers


def _many(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, (tuple, list)) else (value,)


def _tag(name: str) -> int:
    tag = tag_of(name)
    return int(name, 16) if tag < 0 else tag


def frames_of(dataset: Dataset, root: Item) -> Frames | None:
    """The frame table of a dataset, or None if it has no frames."""
    table = FrameTable.of_dataset(dataset)
    return Frames(table, root) if table.frames else None
