"""The writing side of a frame table: columns grouped by layout, then laid into bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dicomposer.errors import ArgumentError, ArgumentTypeError

from ._columns import Categories, Encoded, Given, combine, encode_column
from ._layout import Group, Indices, Layout, Shape, assemble, merge_layouts
from ._scan import Leaf, Nest, Node, tag_of, vr_of

_COMPONENT = re.compile(r"(\w+)(?:\[(\d+)\])?\Z")
_ABSENT, _EMPTY, _PRESENT = 0, 1, 2


class Step(NamedTuple):
    """One sequence on the way to a leaf: its tag, which item, and the paths of both."""

    tag: int
    number: int
    sequence: str
    item: str


class Branch(NamedTuple):
    """Per frame, whether a sequence (or item) is absent, empty or present."""

    steps: tuple[Step, ...]
    states: Indices


def parse_path(path: str) -> tuple[str, tuple[Step, ...], int]:
    """Return the canonical path (item 0 implied), the steps, and the tag of the last component."""
    steps: list[Step] = []
    prefix = ""
    tag = 0
    components = path.split(".")
    for position, component in enumerate(components):
        match = _COMPONENT.match(component)
        if match is None:
            raise ArgumentError(f"{path!r} is not a path of keywords")
        name, index = match[1], int(match[2] or 0)
        tag = tag_of(name)
        sequence = prefix + name
        item = f"{sequence}[{index}]" if index else sequence
        if position < len(components) - 1 or vr_of(tag) == "SQ":
            if vr_of(tag) not in ("SQ", None):
                raise ArgumentError(f"{path!r}: {name} is not a sequence")
            steps.append(Step(tag, index, sequence, item))
        elif index:
            raise ArgumentError(f"{path!r}: {name} is not a sequence")
        prefix = item + "."
    return prefix[:-1], tuple(steps), tag


def _branch_states(column: Any, frames: int, path: str) -> Indices:
    """Return _ABSENT, _EMPTY or _PRESENT per frame from whatever a caller gave for a sequence's path."""
    if isinstance(column, Categories):
        values = [_PRESENT if value else _EMPTY for value in column.values]
        states = np.array([*values, _ABSENT], np.intp)[column.codes]
    elif isinstance(column, np.ndarray):
        if column.ndim != 1 or column.dtype.kind != "b":
            raise ArgumentTypeError(f"{path}: a sequence takes Categories, booleans per frame, or ()")
        states = np.where(column, _PRESENT, _ABSENT).astype(np.intp)
    elif column is None or column is True or (isinstance(column, (list, tuple)) and not column):
        states = np.full(frames, _PRESENT if column else _EMPTY, np.intp)
    else:
        raise ArgumentTypeError(f"{path}: a sequence takes Categories, booleans per frame, or ()")
    if len(states) != frames:
        raise ArgumentError(f"{path}: the column has {len(states)} frames, the table {frames}")
    return states


class ColumnStore:
    """A frame table that holds columns.

    Parameters
    ----------
    frames : int
        Number of frames.
    leaves : sequence of (Encoded, steps)
        Columns of elements.
    branches : dict of str to Branch
        Columns of sequences, by canonical path.
    charsets : Sequence[str]
        Python names of the character sets of the encoded text.
    """

    little = True

    def __init__(
        self,
        frames: int,
        leaves: Sequence[tuple[Encoded, tuple[Step, ...]]],
        branches: Mapping[str, Branch],
        charsets: Sequence[str],
    ) -> None:
        self.frames = frames
        self.leaves = tuple(leaves)
        self.branches = dict(branches)
        self.charsets = tuple(charsets)
        self._by_path = {encoded.path: encoded for encoded, _ in self.leaves}

    @classmethod
    def of(cls, frames: int, columns: Mapping[str, Any], charsets: Sequence[str]) -> ColumnStore:
        """Check and encode what a caller gave."""
        leaves: list[tuple[Encoded, tuple[Step, ...]]] = []
        branches: dict[str, Branch] = {}
        seen: set[str] = set()
        for path, column in columns.items():
            canonical, steps, tag = parse_path(path)
            if canonical in seen:
                raise ArgumentError(f"{path!r} is given twice")
            seen.add(canonical)
            if steps and steps[-1].item == canonical:
                branches[canonical] = Branch(steps, _branch_states(column, frames, canonical))
            else:
                given = Given(canonical, tag, vr_of(tag) or "UN", frames, charsets)
                leaves.append((encode_column(column, given), steps))
        leaves.sort(key=lambda leaf: [*((step.tag, step.number) for step in leaf[1]), (leaf[0].tag, 0)])
        return cls(frames, leaves, branches, charsets)

    @property
    def paths(self) -> tuple[str, ...]:
        empty = [path for path, branch in self.branches.items() if (branch.states == _EMPTY).any()]
        return (*self._by_path, *empty)

    def leaf(self, path: str) -> Encoded | None:
        """Return the column of an element; absent where a sequence around it is."""
        encoded = self._by_path.get(path)
        if encoded is None or not self.branches:
            return encoded
        steps = next(steps for candidate, steps in self.leaves if candidate is encoded)
        hidden = np.zeros(self.frames, bool)
        for key in _keys(steps):
            if key in self.branches:
                hidden |= self.branches[key].states != _PRESENT
        if not hidden.any():
            return encoded
        masked = Encoded(encoded.path, encoded.tag, encoded.vr)
        if encoded.rows is not None:
            data = [row.tobytes() for row in encoded.rows]
            masked.values, masked.codes = data, np.where(hidden, -1, np.arange(self.frames))
        else:
            assert encoded.codes is not None
            masked.values, masked.codes = encoded.values, np.where(hidden, -1, encoded.codes)
        return masked

    def branch(self, path: str) -> Categories | None:
        """Return whether a sequence is absent (-1), empty (value ()) or present (True) per frame."""
        branch = self.branches.get(path)
        if branch is not None:
            return Categories(branch.states - 1, ((), True))
        for layout in self.layouts():
            if path in layout.sequences:
                break
        else:
            return None
        codes = np.full(self.frames, -1)
        for layout in self.layouts():
            if path in layout.sequences:
                codes[layout.frames] = 1 if layout.sequences[path] else 0
        return Categories(codes, ((), True))

    def select(self, indices: Indices) -> ColumnStore:
        """Return the table of some frames."""
        leaves = [(encoded.select(indices), steps) for encoded, steps in self.leaves]
        branches = {path: Branch(b.steps, b.states[indices]) for path, b in self.branches.items()}
        return ColumnStore(len(indices), leaves, branches, self.charsets)

    def encode(self, implicit: bool, little: bool) -> bytes:
        """Return the value of the sequence."""
        if not little:
            raise ArgumentError("frame tables are written little endian only (PS3.5 retired big endian)")
        takers = {encoded.path: encoded.taker() for encoded, _ in self.leaves}
        groups = [
            Group(frames, nodes, lambda leaf, frames: takers[leaf.path](leaf, frames))
            for frames, nodes in self._groups
        ]
        return assemble(self.frames, groups, implicit, little)

    def layouts(self) -> list[Layout]:
        """Return the distinct structures."""
        return self._layouts

    @cached_property
    def _layouts(self) -> list[Layout]:
        shapes = [Shape(_sorted(nodes), 0) for _, nodes in self._groups]
        return merge_layouts(shapes, [frames for frames, _ in self._groups])

    @cached_property
    def _groups(self) -> list[tuple[Indices, list[Node]]]:
        """Frames of equal layout and lengths, with their elements."""
        leaf_classes = [encoded.classes() for encoded, _ in self.leaves]
        keys: list[Indices] = [codes for codes, _, _ in leaf_classes if codes is not None]
        sizes = [size for codes, size, _ in leaf_classes if codes is not None]
        for branch in self.branches.values():
            keys.append(branch.states)
            sizes.append(3)
        if not keys:
            groups = np.zeros(self.frames, np.intp)
            representatives = np.zeros(min(1, self.frames), np.intp)
        else:
            groups, representatives = combine(keys, sizes)
        order = np.argsort(groups, kind="stable")
        bounds = np.searchsorted(groups[order], np.arange(len(representatives) + 1))
        result = []
        for number, frame in enumerate(representatives.tolist()):
            present = []
            for (encoded, steps), (codes, _, lengths) in zip(self.leaves, leaf_classes, strict=True):
                length = lengths[0 if codes is None else int(codes[frame])]
                if length >= 0:
                    present.append((encoded, steps, length))
            states = {path: int(branch.states[frame]) for path, branch in self.branches.items()}
            result.append((order[bounds[number] : bounds[number + 1]], self._nodes(present, states)))
        return result

    def _nodes(
        self, present: Sequence[tuple[Encoded, tuple[Step, ...], int]], states: Mapping[str, int]
    ) -> list[Node]:
        """Build the elements of one item from the leaves that are there and the state of the branches."""
        root: dict[Any, Any] = {}
        for path, state in states.items():
            steps = self.branches[path].steps
            if state == _ABSENT or _blocked(steps, states, path):
                continue
            container = _descend(root, steps[:-1])
            last = container.setdefault(steps[-1].tag, (steps[-1].sequence, {}))[1]
            if state == _PRESENT:
                last.setdefault(steps[-1].number, {})
        for encoded, steps, length in present:
            if states and _blocked(steps, states):
                continue
            constant = encoded.values[0] if encoded.codes is not None and len(encoded.values) == 1 else None
            leaf = Leaf(encoded.path, encoded.tag, encoded.vr, 0, length, value=constant)
            _descend(root, steps)[encoded.tag] = leaf
        return _to_nodes(root)


def _keys(steps: Sequence[Step]) -> list[str]:
    """Return the paths of all branches that can hide what lies below these steps."""
    keys = []
    for step in steps:
        keys.append(step.sequence)
        if step.number:
            keys.append(step.item)
    return keys


def _blocked(steps: Sequence[Step], states: Mapping[str, int], own: str = "") -> bool:
    return any(states.get(key, _PRESENT) != _PRESENT for key in _keys(steps) if key != own)


def _descend(root: dict[Any, Any], steps: Sequence[Step]) -> dict[Any, Any]:
    for step in steps:
        root = root.setdefault(step.tag, (step.sequence, {}))[1].setdefault(step.number, {})
    return root


def _to_nodes(level: Mapping[Any, Any]) -> list[Node]:
    nodes: list[Node] = []
    for tag in sorted(level):
        entry = level[tag]
        if isinstance(entry, Leaf):
            nodes.append(entry)
        else:
            path, items = entry
            nodes.append(Nest(path, tag, [_to_nodes(items[index]) for index in sorted(items)]))
    return nodes


def _sorted(nodes: list[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: node.tag)


def as_indices(indices: npt.ArrayLike, frames: int) -> Indices:
    """Return frame indices as non-negative integers; a boolean mask counts as the frames where it is true."""
    array = np.asarray(indices)
    if array.dtype.kind == "b":
        if array.shape != (frames,):
            raise ArgumentError(f"a mask of {array.shape} does not fit {frames} frames")
        return np.flatnonzero(array)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ArgumentTypeError("frames are selected by a one-dimensional array of integers or booleans")
    array = array.astype(np.intp)
    if array.size and (int(array.min()) < -frames or int(array.max()) >= frames):
        raise ArgumentError(f"frame indices must lie between {-frames} and {frames - 1}")
    return np.where(array < 0, array + frames, array)
