"""Parameters of pixel transforms for every frame: from functional groups or from the top level of the dataset.

Whatever the layout, the result is the same: the distinct items (few, as a rule one) and which of them holds for each
frame. Numbers that differ between frames (a slope, a window) are taken from columns; a frame's item is decoded only
where it holds more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.image._index import FrameIndex

__all__ = ["PerFrame", "joined", "parameters"]

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V", bound=Hashable)

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


def parameters(index: FrameIndex, dataset: Dataset, group: str, marks: tuple[str, ...]) -> PerFrame[Dataset]:
    """Items of a functional group macro, one for each frame.

    Parameters
    ----------
    index : FrameIndex
        Of the image.
    dataset : pydicom.Dataset
        The image.
    group : str
        Keyword of the macro's sequence, such as ``"FrameVOILUTSequence"``.
    marks : tuple[str, ...]
        Attributes of which one at least must be there for the item (or the top level) to count.

    Returns
    -------
    PerFrame[Dataset]
        Datasets with the macro's attributes: of the frame, else shared, else the image itself (single-frame images
        have them at the top level); an empty one where there is nothing.
    """
    table = index.table
    if table is not None:
        paths = [path for path in table.paths if path.split(".")[0].split("[")[0] == group]
        if paths:
            return _of_columns(index, dataset, group, paths)
    items = index.shared.get(group)
    if items:
        # A sequence of which only the first item counts, except where the items are alternatives.
        found = items[0] if group != "RealWorldValueMappingSequence" else index.shared
        return PerFrame.shared(found, index.frames)
    found = dataset if any(mark in dataset for mark in marks) else Dataset()
    return PerFrame.shared(found, index.frames)


def _of_columns(index: FrameIndex, dataset: Dataset, group: str, paths: list[str]) -> PerFrame[Dataset]:
    table = index.table
    assert table is not None
    columns = [np.asarray(table.categories(path).codes, dtype=np.intp) for path in paths]
    if all((column == column[0]).all() for column in columns):
        codes, firsts = np.zeros(index.frames, dtype=np.intp), np.zeros(1, dtype=np.intp)
    else:
        _, firsts, inverse = np.unique(
            np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True
        )
        codes = inverse.reshape(-1).astype(np.intp)
    holder = Dataset()
    table.select(firsts).attach(holder)
    items = []
    for frame in holder[_PER_FRAME].value:
        inner = frame.get(group)
        if not inner:
            items.append(Dataset())
        else:
            items.append(frame if group == "RealWorldValueMappingSequence" else inner[0])
    del dataset
    return PerFrame(tuple(items), codes)
