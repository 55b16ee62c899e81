"""Encapsulated pixel data: fragments and offset tables, basic and extended (PS3.5 A.4, PS3.3 C.7.6.3.1.8)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, DamagedFileError, TruncatedError

from ._format import ByteSource

__all__ = ["Encapsulated", "FragmentMap", "encapsulate"]

_ITEM = b"\xfe\xff\x00\xe0"
_DELIMITER = b"\xfe\xff\xdd\xe0"
_HEADER = struct.Struct("<4sL")
_PIXEL_DATA = 0x7FE00010
_LIMIT = 0xFFFFFFFF
_WINDOW = 1 << 16
# What the first fragment of a frame begins with: JPEG and JPEG-LS (SOI), JPEG 2000 (SOC SIZ)
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")


class Encapsulated(NamedTuple):
    """Encapsulated pixel data, ready to be written.

    ``value`` goes into Pixel Data (OB, undefined length; the writer adds the sequence delimiter), the two
    tables into Extended Offset Table (7FE0,0001) and Extended Offset Table Lengths (7FE0,0002), if any.
    """

    value: bytearray
    extended_offsets: bytes | None
    extended_lengths: bytes | None


def encapsulate(frames: Sequence[bytes | memoryview], *, extended: bool | None = False) -> Encapsulated:
    """Put compressed frames into fragments, one for each frame (PS3.5 A.4).

    Parameters
    ----------
    frames : Sequence[bytes]
        Compressed frames; odd ones are padded with a null byte.
    extended : bool, optional
        Write an extended offset table and leave the basic one empty. With None that is done only
        where the basic table cannot hold the offsets (4 GiB and more).

    Returns
    -------
    Encapsulated
        The value in one allocation. The extended lengths are those of the items, padding included.

    Raises
    ------
    ArgumentError
        If there is no frame, one is empty or too long for a fragment, or offsets need the extended table.
    """
    if not frames:
        raise ArgumentError("at least one frame is needed")
    lengths = np.fromiter((len(frame) for frame in frames), dtype=np.int64, count=len(frames))
    if int(lengths.min()) == 0 or int(lengths.max()) >= _LIMIT - 1:
        raise ArgumentError("a frame is empty or longer than a fragment can be (4 GiB)")
    lengths += lengths & 1
    ends = np.cumsum(lengths + 8)
    offsets = np.concatenate(([0], ends[:-1]))
    too_far = int(offsets[-1]) > _LIMIT or 4 * len(frames) > _LIMIT
    if extended is None:
        extended = too_far
    if too_far and not extended:
        raise ArgumentError(
            "frames beyond 4 GiB need an extended offset table (PS3.5 A.4): pass extended=True"
        )
    table = b"" if extended else offsets.astype("<u4").tobytes()
    value = bytearray(8 + len(table) + int(ends[-1]))
    view = memoryview(value)
    _HEADER.pack_into(value, 0, _ITEM, len(table))
    view[8 : 8 + len(table)] = table
    position = 8 + len(table)
    for frame, length in zip(frames, lengths.tolist(), strict=True):
        _HEADER.pack_into(value, position, _ITEM, length)
        view[position + 8 : position + 8 + len(frame)] = frame
        position += 8 + length
    if not extended:
        return Encapsulated(value, None, None)
    return Encapsulated(value, offsets.astype("<u8").tobytes(), lengths.astype("<u8").tobytes())


class _Fragment(NamedTuple):
    start: int  # of the item's value, in the source
    length: int


@dataclass(slots=True)
class _Window:
    """Reads the little item headers through a window, so that a lazy file is not asked for every 8 bytes."""

    source: ByteSource
    start: int = 0
    data: bytes = b""

    def header(self, position: int) -> tuple[bytes, int]:
        """Tag and length of the item at ``position``."""
        inside = position - self.start
        if inside < 0 or inside + 8 > len(self.data):
            self.start, inside = position, 0
            self.data = bytes(self.source.read(position, min(_WINDOW, self.source.size - position)))
        if inside + 8 > len(self.data):
            raise TruncatedError(
                "pixel data end within the header of a fragment", position=position, tag=_PIXEL_DATA
            )
        tag, length = _HEADER.unpack_from(self.data, inside)
        return tag, length


class FragmentMap:
    """Where the bytes of each frame lie in encapsulated pixel data.

    Offset tables are a promise of the writer, so nothing is taken from them unchecked: offsets must ascend
    from the first fragment, stay inside, and the items from one offset on must end exactly at the next.
    Where they do not, the map is made from the fragments themselves and ``notices`` says so.

    Parameters
    ----------
    source : ByteSource
        The value of Pixel Data: items from the basic offset table on, with or without the delimiter.
    frames : int
        Number of Frames.
    extended_offsets, extended_lengths : bytes, optional
        The extended tables.

    Raises
    ------
    TruncatedError
        If the value ends before all frames.
    DamagedFileError
        If the fragments cannot be assigned to the frames.
    """

    def __init__(
        self,
        source: ByteSource,
        frames: int,
        *,
        extended_offsets: bytes | None = None,
        extended_lengths: bytes | None = None,
    ) -> None:
        self.source = source
        self.frames = frames
        self.notices: list[str] = []
        self._window = _Window(source)
        self._known: dict[int, tuple[_Fragment, ...]] = {}
        # A frame takes 10 bytes at least: a Number of Frames that the bytes cannot hold is refused before any
        # table of that size is made.
        if frames * 10 > source.size:
            raise TruncatedError(
                f"{frames} frames cannot lie in {source.size} bytes of pixel data", tag=_PIXEL_DATA
            )
        tag, length = self._window.header(0)
        if tag != _ITEM:
            raise DamagedFileError(
                "pixel data do not begin with a basic offset table", position=0, tag=_PIXEL_DATA
            )
        if 8 + length > source.size:
            raise TruncatedError("pixel data end within the basic offset table", position=8, tag=_PIXEL_DATA)
        self._first = 8 + length
        self._offsets = self._extended(extended_offsets, extended_lengths)
        if self._offsets is None and length:
            self._offsets = self._basic(length)
        if self._offsets is None:
            self._survey()

    def fragments(self, index: int) -> tuple[_Fragment, ...]:
        """The fragments of frame ``index``, checked against the item headers."""
        if self._offsets is None:
            return self._known[index]
        found = self._known.get(index)
        if found is None:
            found = self._between(index)
            if found is None:
                self._survey()
                return self._known[index]
            self._known[index] = found
        return found

    def verify(self) -> None:
        """Compare the offset table with all fragments now, instead of frame by frame as they are read."""
        if self._offsets is not None:
            self._survey()

    def read(self, index: int) -> bytes | memoryview:
        """Bytes of frame ``index``, padding included; not copied where it is one fragment in memory."""
        parts = []
        for fragment in self.fragments(index):
            data = self.source.read(fragment.start, fragment.length)
            if len(data) < fragment.length:
                raise TruncatedError(
                    "pixel data end within a fragment", position=fragment.start, tag=_PIXEL_DATA
                )
            parts.append(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _basic(self, length: int) -> NDArray[np.int64] | None:
        if length != 4 * self.frames:
            self.notices.append(f"basic offset table of {length} bytes for {self.frames} frames ignored")
            return None
        table = np.frombuffer(bytes(self.source.read(8, length)), dtype="<u4").astype(np.int64)
        return self._plausible(table, "basic")

    def _extended(self, offsets: bytes | None, lengths: bytes | None) -> NDArray[np.int64] | None:
        if not offsets:
            return None
        if len(offsets) != 8 * self.frames or (lengths is not None and len(lengths) != 8 * self.frames):
            self.notices.append(
                f"extended offset table of {len(offsets)} bytes for {self.frames} frames ignored"
            )
            return None
        table = np.frombuffer(offsets, dtype="<u8")
        if int(table.max()) > self.source.size:
            self.notices.append("extended offset table points outside the pixel data and was rebuilt")
            return None
        return self._plausible(table.astype(np.int64), "extended")

    def _plausible(self, table: NDArray[np.int64], name: str) -> NDArray[np.int64] | None:
        """Offsets with the end appended, or None if they are not in order or not inside."""
        room = self.source.size - self._first
        if (
            int(table[0]) != 0
            or (len(table) > 1 and int(np.diff(table).min()) < 8)
            or int(table[-1]) > room - 8
        ):
            self.notices.append(f"{name} offset table does not fit the fragments and was rebuilt")
            return None
        return np.append(table, room)

    def _between(self, index: int) -> tuple[_Fragment, ...] | None:
        """Fragments from this frame's offset to the next one's; None if they do not end there."""
        assert self._offsets is not None
        position = self._first + int(self._offsets[index])
        end = self._first + int(self._offsets[index + 1])
        found = []
        last = index == self.frames - 1
        while position < end:
            if last and end - position < 8:
                break
            tag, length = self._window.header(position)
            if last and tag == _DELIMITER:
                break
            if tag != _ITEM or position + 8 + length > end:
                return None
            found.append(_Fragment(position + 8, length))
            position += 8 + length
        return tuple(found) if found and (last or position == end) else None

    def _survey(self) -> None:
        """Walk all fragments once, and compare with or replace the offset table."""
        fragments = list(self._walk())
        if self._offsets is not None:
            starts = np.fromiter((f.start - 8 - self._first for f in fragments), np.int64, len(fragments))
            if np.isin(self._offsets[:-1], starts).all():
                edges = [*np.searchsorted(starts, self._offsets[:-1]).tolist(), len(fragments)]
                self._assign(fragments, edges)
                self._offsets = None
                return
            self.notices.append("offset table does not fit the fragments and was rebuilt")
        self._offsets = None
        self._assign(fragments, self._edges(fragments))

    def _assign(self, fragments: list[_Fragment], edges: list[int]) -> None:
        self._known = {i: tuple(fragments[edges[i] : edges[i + 1]]) for i in range(self.frames)}

    def _walk(self) -> Iterator[_Fragment]:
        position, size = self._first, self.source.size
        while position < size:
            if size - position < 8:  # a stray padding byte, which some writers leave
                self.notices.append(f"{size - position} bytes after the last fragment ignored")
                return
            tag, length = self._window.header(position)
            if tag == _DELIMITER:
                return
            if tag != _ITEM:
                raise DamagedFileError(
                    "a fragment does not begin with an item tag", position=position, tag=_PIXEL_DATA
                )
            if position + 8 + length > size:
                raise TruncatedError("pixel data end within a fragment", position=position, tag=_PIXEL_DATA)
            yield _Fragment(position + 8, length)
            position += 8 + length

    def _edges(self, fragments: list[_Fragment]) -> list[int]:
        """Index of the first fragment of each frame, and the number of fragments."""
        count = len(fragments)
        if count < self.frames:
            raise TruncatedError(f"{self.frames} frames but {count} fragments of pixel data", tag=_PIXEL_DATA)
        if count == self.frames:
            return list(range(count + 1))
        if self.frames == 1:
            return [0, count]
        begins = [
            i
            for i, f in enumerate(fragments)
            if bytes(self.source.read(f.start, min(4, f.length))).startswith(_STARTS)
        ]
        if len(begins) != self.frames or begins[0] != 0:
            raise DamagedFileError(
                f"{count} fragments cannot be assigned to {self.frames} frames: no valid offset table, and "
                f"{len(begins)} fragments begin a frame",
                tag=_PIXEL_DATA,
            )
        return [*begins, count]
