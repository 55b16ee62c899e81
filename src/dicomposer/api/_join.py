"""One array of many masks, one a structure, without holding all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.api._labels import as_binary, as_labels
from dicomposer.errors import ArgumentError


def join(arrays: Iterable[NDArray[Any]], names: Sequence[str] | None, kind: str) -> NDArray[Any]:
    """One label array (1, 2, 3... in the order of the masks), or a channel a mask where they overlap.

    Parameters
    ----------
    arrays : Iterable[numpy.ndarray]
        Masks of one shape (planes, rows, columns), consumed one by one.
    names : Sequence[str] or None
        What they show; None when there is one mask, which is returned as it is.
    kind : str
        Type of the segmentation: only FRACTIONAL keeps fractions, only LABELMAP refuses overlap.

    Raises
    ------
    ArgumentError
        When a mask holds more than one label, shapes differ, or masks overlap in a LABELMAP.
    """
    masks = iter(arrays)
    if names is None:
        return next(masks)
    if kind == "FRACTIONAL":
        layers = list(masks)
        if any(layer.dtype.kind == "f" for layer in layers):
            return np.stack(layers, axis=-1)
        masks = iter(layers)
    return _merge(masks, names, may_overlap=kind != "LABELMAP")


def _merge(masks: Iterator[NDArray[Any]], names: Sequence[str], *, may_overlap: bool) -> NDArray[Any]:
    merged: NDArray[Any] | None = None
    for number, (name, mask) in enumerate(zip(names, masks, strict=True), start=1):
        inside = as_binary(as_labels(mask), name)
        if merged is None:
            merged = np.zeros(inside.shape, dtype=np.uint8 if len(names) < 256 else np.uint16)
        if inside.shape != merged.shape:
            raise ArgumentError(
                f"the mask of {name!r} has shape {inside.shape}, those before it {merged.shape}"
            )
        selected = inside.view(np.bool_)
        covered = merged[selected]
        if covered.any():
            if not may_overlap:
                other = int(np.bincount(covered)[1:].argmax()) + 1
                raise ArgumentError(
                    f"the masks of {names[other - 1]!r} and {name!r} share "
                    f"{np.count_nonzero(covered == other)} voxels; "
                    "a LABELMAP cannot hold them, a BINARY segmentation can"
                )
            rest = (as_binary(as_labels(m), n) for n, m in zip(names[number:], masks, strict=True))
            return _stack(merged, number - 1, chain([inside], rest), len(names))
        merged[selected] = number
    assert merged is not None
    return merged


def _stack(
    merged: NDArray[Any], done: int, rest: Iterator[NDArray[np.uint8]], channels: int
) -> NDArray[np.uint8]:
    """A channel a structure: the first ones out of the labels made so far, the others as they come."""
    stacked = np.empty((*merged.shape, channels), dtype=np.uint8)
    for channel in range(done):
        stacked[..., channel] = merged == channel + 1
    for channel, mask in enumerate(rest, start=done):
        stacked[..., channel] = mask
    return stacked
