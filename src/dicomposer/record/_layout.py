"""Layouts of items: from located elements to templates, and frames of equal layout to bytes in one stroke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dicomposer.errors import ArgumentError

from ._scan import ITEM, LONG_VRS, UNDEFINED, Leaf, Nest, Node

Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.intp]


class Layout(NamedTuple):
    """One distinct structure of items and the frames that have it.

    Attributes
    ----------
    elements : tuple of (str, str)
        Path and VR of each element in the order of the bytes, sequences included (VR "SQ").
    sequences : dict of str to int
        How many items each sequence has; 0 for an empty one.
    empty : frozenset of str
        Paths of elements (not sequences) without a value in some of these frames.
    frames : ndarray of intp
        Indices of the frames, ascending.
    """

    elements: tuple[tuple[str, str], ...]
    sequences: dict[str, int]
    empty: frozenset[str]
    frames: Indices


class Shape:
    """The structure of one item down to the lengths of its values; frames of equal shape differ in values only.

    Parameters
    ----------
    nodes : list
        The item's elements.
    size : int
        Bytes of the whole item with its header (and delimiter).
    """

    def __init__(self, nodes: list[Node], size: int) -> None:
        self.nodes = nodes
        self.size = size
        self.leaves: dict[str, Leaf] = {}
        self.sequences: dict[str, int] = {}
        elements: list[tuple[str, str]] = []
        self._collect(nodes, elements)
        self.elements = tuple(elements)

    def _collect(self, nodes: list[Node], elements: list[tuple[str, str]]) -> None:
        for node in nodes:
            if isinstance(node, Nest):
                elements.append((node.path, "SQ"))
                self.sequences[node.path] = len(node.items)
                for item in node.items:
                    self._collect(item, elements)
            else:
                elements.append((node.path, node.vr))
                self.leaves[node.path] = node

    @property
    def structure(self) -> tuple[Any, ...]:
        """What makes two shapes one layout: elements, item counts, and which values are empty."""
        empty = frozenset(path for path, leaf in self.leaves.items() if leaf.length == 0)
        return self.elements, tuple(self.sequences.items()), empty

    def mask(self) -> Bytes:
        """Return 0xFF for each byte that belongs to the structure and 0 for each byte of a value."""
        mask = np.full(self.size, 0xFF, np.uint8)
        for leaf in self.leaves.values():
            if not leaf.undefined:
                mask[leaf.start : leaf.start + leaf.length] = 0
        return mask


def merge_layouts(shapes: Sequence[Shape], frames: Sequence[Indices]) -> list[Layout]:
    """Put shapes that differ in lengths only together."""
    merged: dict[tuple[Any, ...], list[int]] = {}
    for index, shape in enumerate(shapes):
        merged.setdefault(shape.structure, []).append(index)
    result = []
    for (elements, sequences, empty), members in merged.items():
        used = np.sort(np.concatenate([frames[index] for index in members]))
        if used.size:
            result.append(Layout(elements, dict(sequences), empty, used))
    result.sort(key=lambda layout: int(layout.frames[0]))
    return result


class Composer:
    """Write an item's elements, with room for the values, in one encoding (always with defined lengths)."""

    def __init__(self, implicit: bool, little: bool) -> None:
        order = "<" if little else ">"
        self.implicit = implicit
        self._tag = Struct(order + "HH").pack
        self._u16 = Struct(order + "H").pack
        self._u32 = Struct(order + "L").pack
        self._patch = Struct(order + "L").pack_into

    def item(self, nodes: list[Node]) -> tuple[bytes, list[Leaf]]:
        """Return the item's bytes and its leaves, with `start` counted from the start of the item."""
        out = bytearray()
        leaves: list[Leaf] = []
        self._item(out, nodes, leaves)
        return bytes(out), leaves

    def _item(self, out: bytearray, nodes: list[Node], leaves: list[Leaf]) -> None:
        out += self._tag(ITEM >> 16, ITEM & 0xFFFF) + b"\0\0\0\0"
        start = len(out)
        for node in sorted(nodes, key=lambda node: node.tag):
            if isinstance(node, Nest):
                self._nest(out, node, leaves)
            else:
                self._leaf(out, node, leaves)
        self._set_length(out, start)

    def _set_length(self, out: bytearray, start: int) -> None:
        if len(out) - start >= UNDEFINED:
            raise ArgumentError("an item would be longer than 4 GiB")
        self._patch(out, start - 4, len(out) - start)

    def _nest(self, out: bytearray, node: Nest, leaves: list[Leaf]) -> None:
        out += self._tag(node.tag >> 16, node.tag & 0xFFFF)
        if not self.implicit:
            out += b"SQ\0\0"
        out += b"\0\0\0\0"
        start = len(out)
        for item in node.items:
            self._item(out, item, leaves)
        self._set_length(out, start)

    def _leaf(self, out: bytearray, node: Leaf, leaves: list[Leaf]) -> None:
        out += self._tag(node.tag >> 16, node.tag & 0xFFFF)
        length = UNDEFINED if node.undefined else node.length
        if self.implicit:
            out += self._u32(length)
        else:
            # PS3.5 6.2.2: a value too long for the 16-bit length of its VR is written as UN.
            long = node.vr in LONG_VRS
            vr = node.vr if long or length <= 0xFFFF else "UN"
            out += vr.encode("ascii")
            out += b"\0\0" + self._u32(length) if vr in LONG_VRS else self._u16(length)
        leaves.append(node._replace(start=len(out)))
        out += bytes(node.length) if node.value is None else node.value
        if node.undefined:
            out += self._tag(0xFFFE, 0xE0DD) + b"\0\0\0\0"


class Group(NamedTuple):
    """Frames that share one shape, and where their values come from.

    `values(leaf, frames)` returns a contiguous array (frames,) of dtype ``V{leaf.length}``.
    """

    frames: Indices
    nodes: list[Node]
    values: Callable[[Leaf, Indices], npt.NDArray[Any]]


def void_view(buffer: Any, size: int, count: int, offset: int, stride: int) -> npt.NDArray[Any]:
    """View a buffer as `count` opaque records of `size` bytes, `stride` apart (they may overlap)."""
    return np.ndarray((count,), f"V{size}", buffer, offset, (stride,))


def assemble(frames: int, groups: Sequence[Group], implicit: bool, little: bool) -> bytes:
    """Lay items of all groups into one value, in the order of the frames."""
    composer = Composer(implicit, little)
    templates = []
    sizes = np.zeros(frames, np.int64)
    for group in groups:
        template, leaves = composer.item(group.nodes)
        templates.append((template, leaves))
        sizes[group.frames] = len(template)
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if frames else 0
    if total >= UNDEFINED:
        raise ArgumentError("the sequence would be longer than 4 GiB")
    out = np.empty(total, np.uint8)
    starts = ends - sizes
    for group, (template, leaves) in zip(groups, templates, strict=True):
        size, count = len(template), len(group.frames)
        if count == frames:
            rows = out
        else:
            rows = np.empty(size * count, np.uint8)
        rows.reshape(count, size)[:] = np.frombuffer(template, np.uint8)
        for leaf in leaves:
            if leaf.value is None and leaf.length:
                target = void_view(rows, leaf.length, count, leaf.start, size)
                target[...] = group.values(leaf, group.frames)
        if rows is not out:
            # Rows of one size, laid at their places: every possible start is a record of this overlapping view.
            places = void_view(out, size, total - size + 1, 0, 1)
            places[starts[group.frames]] = void_view(rows, size, count, 0, size)
    return out.tobytes()
