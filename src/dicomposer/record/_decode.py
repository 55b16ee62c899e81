"""The reading side of a frame table: one walk over the bytes, then columns are gathered when asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cached_property
from struct import Struct
from typing import Any

import numpy as np
import numpy.typing as npt

from dicomposer.errors import DamagedFileError, TruncatedError

from ._columns import Categories, Encoded, combine, factorise
from ._layout import Bytes, Group, Indices, Layout, Shape, assemble, merge_layouts, void_view
from ._scan import ITEM, SEQUENCE_END, UNDEFINED, Leaf, Nest, Node, Scanner
from ._values import BINARY, WIDTH

_PATIENCE = 16


class ByteStore:
    """A frame table that holds the encoded items.

    Parameters
    ----------
    buffer : ndarray of uint8
        The encoded value and at least 8 more bytes, so that whole words can be compared.
    starts : ndarray of intp
        Where each frame's item starts.
    numbers : ndarray of intp
        Which shape each frame has.
    shapes : list of Shape
        The distinct shapes.
    implicit, little : bool
        Encoding of the buffer.
    charsets : Sequence[str]
        Python names of the character sets of text.
    """

    def __init__(
        self,
        buffer: Bytes,
        starts: Indices,
        numbers: Indices,
        shapes: list[Shape],
        implicit: bool,
        little: bool,
        charsets: Sequence[str],
    ) -> None:
        self.buffer = buffer
        self.starts = starts
        self.numbers = numbers
        self.shapes = shapes
        self.implicit = implicit
        self.little = little
        self.charsets = tuple(charsets)
        self.frames = len(starts)

    @classmethod
    def of(cls, value: bytes, implicit: bool, little: bool, charsets: Sequence[str]) -> ByteStore:
        """Walk an encoded sequence value."""
        buffer = np.empty(len(value) + 8, np.uint8)
        buffer[: len(value)] = np.frombuffer(value, np.uint8)
        buffer[len(value) :] = 0
        starts, numbers, shapes = Walk(value, buffer, implicit, little).run()
        return cls(buffer, starts, numbers, shapes, implicit, little, charsets)

    @cached_property
    def _used(self) -> list[int]:
        return np.flatnonzero(np.bincount(self.numbers, minlength=len(self.shapes))).tolist()

    @property
    def paths(self) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for number in self._used:
            names.update(dict.fromkeys(self.shapes[number].leaves))
        for number in self._used:
            empty = [path for path, items in self.shapes[number].sequences.items() if not items]
            names.update(dict.fromkeys(empty))
        return tuple(names)

    def leaf(self, path: str) -> Encoded | None:
        """Gather the values of one element."""
        found = [(number, self.shapes[number].leaves.get(path)) for number in self._used]
        leaves = [(number, leaf) for number, leaf in found if leaf is not None]
        if not leaves:
            return None
        vrs = {leaf.vr for _, leaf in leaves}
        if len(vrs) > 1:
            raise DamagedFileError(f"{path} has different value representations in different frames")
        column = Encoded(path, leaves[0][1].tag, vrs.pop())
        offsets = np.zeros(len(self.shapes), np.intp)
        lengths = np.full(len(self.shapes), -1, np.intp)
        for number, leaf in leaves:
            offsets[number], lengths[number] = leaf.start, leaf.length
        distinct = sorted({leaf.length for _, leaf in leaves})
        places = self.starts + offsets[self.numbers]
        if len(distinct) == 1 and len(leaves) == len(self._used):
            self._uniform(column, places, distinct[0])
            return column
        per_frame = lengths[self.numbers]
        column.codes = np.full(self.frames, -1, np.intp)
        for length in distinct:
            frames = np.flatnonzero(per_frame == length)
            codes, values = self._distinct(places[frames], length)
            column.codes[frames] = codes + len(column.values)
            column.values += values
        return column

    def _uniform(self, column: Encoded, places: Indices, length: int) -> None:
        """Fill a column whose values all have one length."""
        kind = BINARY.get(column.vr)
        if kind and length and length % int(kind[1]) == 0:
            rows = self._gather(places, length).view(("<" if self.little else ">") + kind)
            column.rows = rows.reshape(len(places), -1).astype(kind, copy=False)
        else:
            column.codes, column.values = self._distinct(places, length)

    def _gather(self, places: Indices, length: int) -> npt.NDArray[Any]:
        records = void_view(self.buffer, length, len(self.buffer) - length + 1, 0, 1)
        return records[places]

    def _distinct(self, places: Indices, length: int) -> tuple[Indices, list[bytes]]:
        """Factorise the values of `length` bytes at some places."""
        if not length:
            return np.zeros(len(places), np.intp), [b""]
        records = self._gather(places, length)
        if len(places) > 256:
            codes, first = _factorise_records(records, length)
            if codes is not None:
                return codes, [bytes(record) for record in records[first].tolist()]
        codes, values = factorise(records.tolist())
        return codes, values

    def branch(self, path: str) -> Categories | None:
        """Return whether a sequence is absent (-1), empty (value ()) or present (True) per frame."""
        table = np.full(len(self.shapes), -1, np.intp)
        for number in self._used:
            items = self.shapes[number].sequences.get(path)
            if items is not None:
                table[number] = 1 if items else 0
        return Categories(table[self.numbers], ((), True)) if (table >= 0).any() else None

    def select(self, indices: Indices) -> ByteStore:
        """Return the table of some frames; the bytes are shared."""
        return ByteStore(
            self.buffer,
            self.starts[indices],
            self.numbers[indices],
            self.shapes,
            self.implicit,
            self.little,
            self.charsets,
        )

    def _frames_of(self) -> list[tuple[int, Indices]]:
        order = np.argsort(self.numbers, kind="stable")
        bounds = np.searchsorted(self.numbers[order], np.arange(len(self.shapes) + 1)).tolist()
        return [(number, order[bounds[number] : bounds[number + 1]]) for number in self._used]

    def layouts(self) -> list[Layout]:
        """Return the distinct structures."""
        members = self._frames_of()
        return merge_layouts(
            [self.shapes[number] for number, _ in members], [frames for _, frames in members]
        )

    def encode(self, implicit: bool, little: bool) -> bytes:
        """Return the value of the sequence, all lengths defined."""
        groups = []
        for number, frames in self._frames_of():
            shape = self.shapes[number]
            groups.append(
                Group(frames, _unique(shape), lambda leaf, frames: self._values(leaf, frames, little))
            )
        return assemble(self.frames, groups, implicit, little)

    def _values(self, leaf: Leaf, frames: Indices, little: bool) -> npt.NDArray[Any]:
        # `leaf` comes with its place in the new template; the place in the old bytes is in the path's own shape.
        source = self.shapes[int(self.numbers[frames[0]])].leaves[leaf.path]
        records = self._gather(self.starts[frames] + source.start, leaf.length)
        width = WIDTH.get(leaf.vr, 1)
        if little != self.little and width > 1 and leaf.length % width == 0:
            swapped = records.view(f"u{width}").byteswap()
            return swapped.view(f"V{leaf.length}").ravel()
        return records


def _unique(shape: Shape) -> list[Node]:
    """Return a shape's elements with the last of any that occur twice, as a reader of datasets sees them."""

    def clean(nodes: list[Node]) -> list[Node]:
        last = {node.tag: node for node in nodes}
        return [
            node._replace(items=[clean(item) for item in node.items]) if isinstance(node, Nest) else node
            for node in last.values()
        ]

    return clean(shape.nodes)


def _factorise_records(records: npt.NDArray[Any], length: int) -> tuple[Indices | None, Indices]:
    """Factorise records by a random hash of their words; None if two different records collide."""
    words = -(-length // 8)
    padded = np.zeros((len(records), words), np.uint64)
    void_view(padded, length, len(records), 0, words * 8)[...] = records
    if (padded == padded[0]).all():
        return np.zeros(len(records), np.intp), np.zeros(1, np.intp)
    # Unpredictable odd multipliers: nobody can prepare values that collide
    factors = np.frombuffer(os.urandom(8 * words), np.uint64) | np.uint64(1)
    hashes = np.zeros(len(records), np.uint64)
    for word in range(words):
        hashes += (padded[:, word] ^ (padded[:, word] >> np.uint64(32))) * factors[word]
        hashes ^= hashes >> np.uint64(29)
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    fresh = np.empty(len(records), bool)
    fresh[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    codes = np.empty(len(records), np.intp)
    codes[order] = np.cumsum(fresh) - 1
    first = order[fresh]
    if (padded[first[codes]] != padded).any():
        return None, first
    return codes, first


class _WrongGuess(Exception):
    """An item does not end where the next one was thought to start."""


class Walk:
    """One pass over an encoded sequence: item starts, then shapes learnt once and recognised by comparison.

    A frame is recognised when every byte of its structure (tags, VRs, lengths, delimiters) equals that of a frame
    which was walked element by element; walking it too would give the same result, so nothing is guessed.
    """

    def __init__(self, value: bytes, buffer: Bytes, implicit: bool, little: bool) -> None:
        self.value = value
        self.buffer = buffer
        self.implicit = implicit
        self.scanner = Scanner(value, little)
        self.item = Struct("<HHL" if little else ">HHL").unpack_from
        self.shapes: list[Shape] = []
        self.guessed = False

    def run(self) -> tuple[Indices, Indices, list[Shape]]:
        """Return starts, shape numbers and shapes."""
        starts, ends = self._bounds()
        if starts is None or ends is None:
            return self._sequentially()
        if not len(starts):
            return starts, starts, []
        numbers = np.full(len(starts), -1, np.intp)
        lengths = ends - starts
        codes, representatives = combine([lengths], [int(lengths.max()) + 1])
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(representatives) + 1)).tolist()
        try:
            for number in range(len(representatives)):
                frames = order[bounds[number] : bounds[number + 1]]
                self._recognise(starts, frames, int(lengths[frames[0]]), numbers)
        except _WrongGuess:
            return self._sequentially()
        except DamagedFileError:
            if not self.guessed:
                raise
            return self._sequentially()
        return starts, numbers, self.shapes

    def _bounds(self) -> tuple[Indices | None, Indices | None]:
        """Return where items start and end, or None when only a walk can tell."""
        value, unpack, end = self.value, self.item, len(self.value)
        starts: list[int] = []
        position = 0
        while position < end:
            if position + 8 > end:
                raise TruncatedError("the bytes end inside a sequence", position=position)
            group, element, length = unpack(value, position)
            if group != 0xFFFE or element != 0xE000:
                mark = group << 16 | element
                if mark == SEQUENCE_END and position + 8 == end:
                    end = position
                    break
                raise DamagedFileError("an item was expected", position=position)
            if length == UNDEFINED:
                self.guessed = not starts
                return self._guess(end) if not starts else (None, None)
            starts.append(position)
            position += 8 + length
        if position > end:
            raise TruncatedError("the last item is longer than what is left", position=starts[-1])
        array = np.array(starts, np.intp)
        return array, np.append(array[1:], np.intp(end))[: len(array)]

    def _guess(self, end: int) -> tuple[Indices | None, Indices | None]:
        """Guess the starts of items of undefined length: like the first, up to its first element's tag and VR.

        A wrong guess costs time only: the walk of each shape checks that the item ends where the next one starts.
        """
        if self.value.endswith(self.item_bytes(SEQUENCE_END)):
            end -= 8
        pattern = re.escape(self.value[:14])
        starts = np.array(
            [match.start() for match in re.finditer(pattern, self.value[:end], re.DOTALL)], np.intp
        )
        return starts, np.append(starts[1:], np.intp(end))

    def item_bytes(self, tag: int) -> bytes:
        """Return a delimiter with length 0."""
        order = "little" if self.scanner.little else "big"
        return (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order) + b"\0\0\0\0"  # type: ignore[arg-type]

    def _recognise(self, starts: Indices, frames: Indices, size: int, numbers: Indices) -> None:
        """Find the shapes of frames whose items have `size` bytes."""
        words = -(-size // 8)
        records = void_view(self.buffer, words * 8, len(self.buffer) - words * 8 + 1, 0, 1)
        rows = records[starts[frames]].view(np.uint64).reshape(len(frames), words)
        learnt, total = 0, len(frames)
        while len(frames):
            shape = self._learn(int(starts[frames[0]]))
            if shape.size != size:
                raise _WrongGuess
            learnt += 1
            # Comparing pays while it recognises more frames than could be walked in the time (about 50 us each,
            # against 2 ns a word): otherwise structures made to differ in every frame would take quadratic time.
            if learnt > _PATIENCE and (total - len(frames)) * 25_000 < learnt * len(frames) * words:
                numbers[frames[0]] = len(self.shapes) - 1
                rows, frames = rows[1:], frames[1:]
                continue
            mask = np.zeros(words * 8, np.uint8)
            mask[:size] = shape.mask()
            masked = mask.view(np.uint64)
            used = np.flatnonzero(masked)
            if len(used) < words:
                differs = ((rows[:, used] ^ rows[0, used]) & masked[used]).any(axis=1)
            else:
                differs = ((rows ^ rows[0]) & masked).any(axis=1)
            numbers[frames[~differs]] = len(self.shapes) - 1
            frames, rows = frames[differs], rows[differs]

    def _learn(self, start: int) -> Shape:
        """Walk one item element by element."""
        _, _, length = self.item(self.value, start)
        position = start + 8
        end = None if length == UNDEFINED else position + length
        nodes, stop = self.scanner.elements(position, end, self.implicit, 1, "", len(self.value))
        shape = Shape([_shift(node, start) for node in nodes], stop - start)
        self.shapes.append(shape)
        return shape

    def _sequentially(self) -> tuple[Indices, Indices, list[Shape]]:
        """Walk every item; shapes of equal bytes are not looked for."""
        self.shapes = []
        starts: list[int] = []
        numbers: list[int] = []
        known: dict[Any, int] = {}
        position, end = 0, len(self.value)
        while position < end:
            if position + 8 > end:
                raise TruncatedError("the bytes end inside a sequence", position=position)
            group, element, _ = self.item(self.value, position)
            mark = group << 16 | element
            if mark == SEQUENCE_END and position + 8 == end:
                break
            if mark != ITEM:
                raise DamagedFileError("an item was expected", position=position)
            shape = self._learn(position)
            key = (shape.size, tuple(shape.sequences.items()), tuple(shape.leaves.values()))
            number = known.setdefault(key, len(self.shapes) - 1)
            if number != len(self.shapes) - 1:
                self.shapes.pop()
            starts.append(position)
            numbers.append(number)
            position += shape.size
        return np.array(starts, np.intp), np.array(numbers, np.intp), self.shapes


def _shift(node: Node, start: int) -> Node:
    if isinstance(node, Nest):
        return node._replace(items=[[_shift(child, start) for child in item] for item in node.items])
    return node._replace(start=node.start - start)
