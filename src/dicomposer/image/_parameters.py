"""Parameters of pixel transforms for every frame: from functional groups or from the top level of the dataset.

Whatever the layout, the result is the same: the distinct items (few, as a rule one) and which of them holds for each
frame. Numbers that differ between frames (a slope, a window) are taken from columns; a frame's item is decoded only
where it holds more than that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.image._index import FrameIndex
from dicomposer.record import FrameTable

__all__ = ["ALTERNATIVES", "Item", "PerFrame", "joined", "parameters"]

T = TypeVar("T")
U = TypeVar("U")

#: Attributes by keyword: a Dataset, or a dict of a frame's columns.
Item: TypeAlias = "Dataset | dict[str, Any]"

ALTERNATIVES = "RealWorldValueMappingSequence"
_PER_FRAME = "PerFrameFunctionalGroupsSequence"


@dataclass(frozen=True)
class PerFrame(Generic[T]):
    """Distinct values and, for every frame, the index of its own."""

    values: tuple[T, ...]
    codes: NDArray[np.intp]

    @classmethod
    def shared(cls, value: T, frames: int) -> PerFrame[T]:
        """One value for all frames."""
        return cls((value,), np.zeros(frames, dtype=np.intp))

    def map(self, function: Callable[[T], U]) -> PerFrame[U]:
        """Apply a function to the distinct values."""
        return PerFrame(tuple(function(value) for value in self.values), self.codes)

    def used(self, frames: NDArray[np.intp]) -> PerFrame[T]:
        """Only what the given frames need; their order becomes that of the result."""
        kept, codes = np.unique(self.codes[frames], return_inverse=True)
        return PerFrame(tuple(self.values[i] for i in kept.tolist()), codes.reshape(-1).astype(np.intp))


def joined(first: PerFrame[T], second: PerFrame[U]) -> PerFrame[tuple[T, U]]:
    """Pairs of values that occur together in a frame."""
    if len(second.values) == 1:
        return first.map(lambda value: (value, second.values[0]))
    pairs, codes = np.unique(np.stack([first.codes, second.codes], axis=1), axis=0, return_inverse=True)
    values = tuple((first.values[i], second.values[j]) for i, j in pairs.tolist())
    return PerFrame(values, codes.reshape(-1).astype(np.intp))


def parameters(index: FrameIndex, group: str, marks: tuple[str, ...]) -> PerFrame[Item]:
    """Attributes of a functional group macro, for each frame.

    Parameters
    ----------
    index : FrameIndex
        Of the image.
    group : str
        Keyword of the macro's sequence, such as ``"FrameVOILUTSequence"``.
    marks : tuple[str, ...]
        Attributes of which one at least must be at the top level of the dataset for that to count.

    Returns
    -------
    PerFrame[Item]
        Attributes of the frame's own group, else of the shared one, else of the image itself (images of one frame have
        them at the top level); empty where there is nothing. Real World Value Mapping Sequence, whose items are
        alternatives, is an attribute of the result; of other groups the first item is the result.
    """
    table = index.table
    if table is not None:
        paths = [path for path in table.paths if path.split(".")[0].split("[")[0] == group]
        if paths:
            return _of_columns(table, group, paths)
    items = index.shared.get(group)
    if items:
        return PerFrame.shared(index.shared if group == ALTERNATIVES else items[0], index.frames)
    dataset = index.dataset
    return PerFrame.shared(dataset if any(mark in dataset for mark in marks) else {}, index.frames)


def _of_columns(table: FrameTable, group: str, paths: list[str]) -> PerFrame[Item]:
    columns = [table.categories(path) for path in paths]
    codes, firsts = _distinct([np.asarray(column.codes, dtype=np.intp) for column in columns])
    if all(path.count(".") == 1 and "[" not in path for path in paths):
        keywords = [path.split(".")[1] for path in paths]
        rows = [
            {
                keyword: column.values[column.codes[first]]
                for keyword, column in zip(keywords, columns, strict=True)
                if column.codes[first] >= 0
            }
            for first in firsts.tolist()
        ]
        if group == ALTERNATIVES:
            rows = [{group: [row]} if row else {} for row in rows]
        return PerFrame(tuple(rows), codes)
    # Something nested, a look-up table as a rule: decode one frame of each kind
    holder = Dataset()
    table.select(firsts).attach(holder)
    items: list[Item] = []
    for frame in holder[_PER_FRAME].value:
        inner = frame.get(group)
        items.append(({} if not inner else frame) if group == ALTERNATIVES else (inner[0] if inner else {}))
    return PerFrame(tuple(items), codes)


def _distinct(columns: list[NDArray[np.intp]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Code of every row of some columns, and the first row of each code."""
    if all((column == column[0]).all() for column in columns):
        return np.zeros(len(columns[0]), dtype=np.intp), np.zeros(1, dtype=np.intp)
    _, firsts, codes = np.unique(np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True)
    return codes.reshape(-1).astype(np.intp), firsts.astype(np.intp)
