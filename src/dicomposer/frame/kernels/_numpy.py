"""Reference kernels: what numpy can do in a pass or two over one plane.

All work on one two-dimensional plane (or a window of a matrix) and on bits counted from the least
significant bit of the first byte (PS3.5 8.1.1 and Annex D). ``columns`` is the width of the *frame* in
which row ``y``, column ``x`` is bit ``offset + y * columns + x``; the plane may be smaller than the frame,
as a tile at the edge is.

Masks are mostly background, so the work goes into bytes of eight pixels that hold any label.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["mark_labels", "merge_bits", "pack_labels", "rle_decode", "rle_encode", "write_bits"]

U8 = NDArray[np.uint8]
Labels = NDArray[Any]

# The bits of a byte as eight bytes of 0 or 1, in memory order, and the same as one word
_SPREAD: U8 = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
_SPREAD_WORD = _SPREAD.view(np.uint64).ravel()
_SPREAD_PAIR = _SPREAD.astype(np.uint16).view(np.uint64)
# Multiplying a label by this repeats it through a word
_REPEAT = {
    1: np.uint64(0x0101010101010101),
    2: np.uint64(0x0001000100010001),
    4: np.uint64(0x0000000100000001),
}


def mark_labels(plane: Labels, flags: NDArray[np.bool_]) -> int:
    """Set ``flags[label]`` for each label of an unsigned plane; return the highest label.

    Nothing is marked if that is beyond ``flags``.
    """
    if plane.shape[1] * plane.itemsize % 8 or not plane.size or plane.strides[1] != plane.itemsize:
        return _mark(np.ascontiguousarray(plane).reshape(-1), flags)
    words = plane.view(np.uint64)
    # Most words are equal to those above them, and what is left to its neighbour: one of each is enough
    changes = np.empty(words.shape, dtype=bool)
    changes[0] = True
    np.not_equal(words[1:], words[:-1], out=changes[1:])
    return _mark(words[changes].view(plane.dtype), flags)


def _mark(flat: Labels, flags: NDArray[np.bool_]) -> int:
    """Mark labels in a row; neighbouring words of several labels that are equal are looked at once."""
    per_word = 8 // flat.itemsize
    whole = flat.size - flat.size % per_word
    words = flat[:whole].view(np.uint64)
    changes = np.empty(words.size, dtype=bool)
    changes[:1] = True
    np.not_equal(words[1:], words[:-1], out=changes[1:])
    values = np.concatenate((words[changes].view(flat.dtype), flat[whole:]))
    highest = int(values.max(initial=0))
    if highest < flags.size:
        flags[values] = True
    return highest


def pack_labels(
    plane: Labels, columns: int, labels: NDArray[np.int64], offsets: NDArray[np.int64], out: U8
) -> None:
    """For each label, set in zeroed ``out`` the bits, from its offset on, of the pixels that have it."""
    dense = plane.shape[1] == columns and plane.flags.c_contiguous and plane.size % 8 == 0
    if dense and labels.size > 1 and labels.all() and not (offsets & 7).any():
        where = np.full(int(labels.max()) + 1, -1, dtype=np.int64)
        where[labels] = offsets >> 3
        if _pack_groups(plane.reshape(-1, 8), where, out):
            return
    for label, offset in zip(labels.tolist(), offsets.tolist(), strict=True):
        _pack_one(plane, columns, label, offset, out)


def _pack_groups(groups: Labels, where: NDArray[np.int64], out: U8) -> bool:
    """Bytes of all labels at once; False where so many are mixed that one label after the other is faster.

    ``where`` is the first byte of each label's frame, -1 for labels that nobody wants.
    """
    words = groups.view(np.uint64)
    used = np.flatnonzero(np.bitwise_or.reduce(words.T, axis=0))
    first = groups[used, 0]
    repeated = first.astype(np.uint64) * _REPEAT[groups.itemsize]
    mixed = np.bitwise_or.reduce((words[used] ^ repeated[:, None]).T, axis=0) != 0
    count = int(np.count_nonzero(mixed))
    if count * 32 > used.size * np.count_nonzero(where >= 0):
        return False
    start = _where(first[~mixed], where)
    wanted = start >= 0
    out[start[wanted] + used[~mixed][wanted]] = 255
    # A byte with several labels: lane by lane, so that no byte is written twice in one step
    lanes, position = groups[used[mixed]], used[mixed]
    for lane in range(8):
        start = _where(lanes[:, lane], where)
        wanted = start >= 0
        out[start[wanted] + position[wanted]] |= np.uint8(1 << lane)
    return True


def _where(labels: Labels, where: NDArray[np.int64]) -> NDArray[np.int64]:
    if int(labels.max(initial=0)) < where.size:
        return where[labels]
    return np.where(labels < where.size, where[np.minimum(labels, where.size - 1)], -1)


def _pack_one(plane: Labels, columns: int, label: int, offset: int, out: U8) -> None:
    height, width = plane.shape
    start, shift = offset >> 3, offset & 7
    if shift == 0 and columns % 8 == 0:
        bits = np.packbits(plane == label, axis=1, bitorder="little")
        rows = out[start : start + height * columns // 8].reshape(height, columns // 8)
        rows[:, : bits.shape[1]] = bits
        return
    pixels = np.zeros(shift + height * columns, dtype=bool)
    np.equal(plane, label, out=pixels[shift:].reshape(height, columns)[:, :width])
    bits = np.packbits(pixels, bitorder="little")
    out[start : start + bits.size] |= bits[: out.size - start]


def merge_bits(source: U8, offset: int, columns: int, label: int, out: Labels) -> bool:
    """Write ``label`` where bits are set, the highest winning; return whether anything was there before."""
    height, width = out.shape
    start, shift = offset >> 3, offset & 7
    if (
        shift == 0
        and width == columns
        and out.flags.c_contiguous
        and out.size % 64 == 0
        and out.itemsize <= 2
    ):
        packed = source[start : start + out.size // 8].reshape(-1, 8)
        # A word stands for 64 pixels, most of them background
        used = np.flatnonzero(packed.view(np.uint64))
        return _merge_words(packed[used], used, label, out.reshape(-1, 64))
    if shift == 0 and columns % 8 == 0 and (height * columns) // 8 + start <= source.size:
        packed = source[start : start + height * columns // 8]
        if not packed.any():
            return False
        window = np.unpackbits(packed.reshape(height, -1), axis=1, count=width, bitorder="little")
    else:
        count = shift + (height - 1) * columns + width
        bits = np.zeros(shift + height * columns, dtype=np.uint8)
        bits[:count] = np.unpackbits(source[start : start + (count + 7) // 8], count=count, bitorder="little")
        window = bits[shift:].reshape(height, columns)[:, :width]
    if not out.any():
        np.multiply(window, out.dtype.type(label), out=out)
        return False
    overlapped = bool(np.any(window.astype(bool) & (out != 0)))
    np.maximum(out, window * out.dtype.type(label), out=out)
    return overlapped


def write_bits(source: U8, offset: int, columns: int, label: int, out: Labels) -> None:
    """What :func:`merge_bits` does to an ``out`` that is all zeros, which is not read."""
    height, width = out.shape
    start, shift = offset >> 3, offset & 7
    packed = source[start : start + height * columns // 8]
    if shift or columns % 8 or packed.size < height * columns // 8:
        merge_bits(source, offset, columns, label, out)
        return
    window = np.unpackbits(packed.reshape(height, -1), axis=1, count=width, bitorder="little")
    if label == 1:
        out[...] = window
    else:
        np.multiply(window, out.dtype.type(label), out=out)


def _merge_words(packed: U8, used: NDArray[np.intp], label: int, target: Labels) -> bool:
    """Merge words of eight bytes, (k, 8), into rows ``used`` of ``target``, (n, 64)."""
    narrow = target.itemsize == 1
    spread = _SPREAD_WORD[packed] if narrow else _SPREAD_PAIR[packed].reshape(-1, 16)
    words = target.view(np.uint64)
    before = words[used]
    value = spread * np.uint64(label)
    if before.any() and np.any(before & (spread * np.uint64(0xFF if narrow else 0xFFFF))):
        words[used] = np.maximum(before.view(target.dtype), value.view(target.dtype)).view(np.uint64)
        return True
    words[used] = before | value
    return False


def rle_encode(plane: U8) -> bytes:
    """Encode one byte segment, a (rows, columns) plane, row by row (PS3.5 G.3)."""
    columns = plane.shape[1]
    flat = np.ascontiguousarray(plane).reshape(-1)
    edge = np.empty(flat.size, dtype=bool)
    edge[0] = True
    np.not_equal(flat[1:], flat[:-1], out=edge[1:])
    edge[::columns] = True
    starts = np.flatnonzero(edge)
    lengths = np.diff(starts, append=flat.size)
    row_first = starts % columns == 0
    # Two equal bytes are worth a run of their own only where no literal bytes stand beside them in the row
    single = lengths == 1
    beside = np.zeros(starts.size, dtype=bool)
    beside[1:] = single[:-1] & ~row_first[1:]
    beside[:-1] |= single[1:] & ~row_first[1:]
    replicate = (lengths > 2) | ((lengths == 2) & ~beside)
    # Neighbouring runs that are not replicated become one literal token
    new = np.ones(starts.size, dtype=bool)
    new[1:] = replicate[1:] | replicate[:-1] | row_first[1:]
    first = np.flatnonzero(new)
    starts, replicate = starts[first], replicate[first]
    lengths = np.diff(starts, append=flat.size)
    # No token stands for more than 128 bytes
    pieces = (lengths + 127) >> 7
    if starts.size != int(pieces.sum()):
        token = np.repeat(np.arange(starts.size), pieces)
        piece = np.arange(token.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        starts, replicate = starts[token] + 128 * piece, replicate[token]
        lengths = np.minimum(lengths[token] - 128 * piece, 128)
    return _rle_tokens(flat, starts, lengths, replicate)


def _rle_tokens(
    flat: U8, starts: NDArray[np.intp], lengths: NDArray[np.intp], replicate: NDArray[np.bool_]
) -> bytes:
    sizes = np.where(replicate, 2, lengths + 1)
    ends = np.cumsum(sizes)
    at = ends - sizes
    out = np.empty(int(ends[-1]), dtype=np.uint8)
    out[at] = np.where(replicate, (257 - lengths) & 0xFF, lengths - 1)  # a run of one is a literal of one
    out[at[replicate] + 1] = flat[starts[replicate]]
    literal = ~replicate
    counts = lengths[literal]
    if counts.size:
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        out[np.repeat(at[literal] + 1, counts) + within] = flat[np.repeat(starts[literal], counts) + within]
    return out.tobytes()


# What background is encoded as, many runs of 128 zeros, and what that means
_BLANK_RUNS = b"\x81\0" * 64
_BLANK = bytes(64 * 128)


def rle_decode(source: U8, out: U8) -> int:
    """Decode an RLE segment into ``out``; return how many bytes it stands for, counted until ``out`` is full.

    More than ``out.size`` means that the last token runs over; a token cut short counts what is there.
    """
    data = source.tobytes()
    size, end = out.size, len(data)
    parts = []
    position = total = 0
    while position < end and total < size:
        head = data[position]
        if head == 129 and data.startswith(_BLANK_RUNS, position) and total + len(_BLANK) <= size:
            part = _BLANK
            position += len(_BLANK_RUNS)
        elif head < 128:
            part = data[position + 1 : position + head + 2]
            position += head + 2
        elif head > 128:
            part = data[position + 1 : position + 2] * (257 - head)
            position += 2
        else:
            position += 1
            continue
        parts.append(part)
        total += len(part)
    decoded = b"".join(parts)[:size]
    out[: len(decoded)] = np.frombuffer(decoded, dtype=np.uint8)
    return total
