"""Tiles of a total pixel matrix (PS3.3 C.7.6.17.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomposer.errors import ArgumentError

from ._dispatch import Array, Buffer, bits_of, choose_twin, groups, indices, spans, within, writable
from ._planes import check_merge, mark, pack

__all__ = [
    "cut_tiles",
    "label_tiles_present",
    "merge_bit_tiles",
    "pack_label_tiles",
    "pack_mask_tiles",
    "paste_tiles",
    "tile_count",
]


_CHUNK_BYTES = 1 << 21  # rows read at a time stay in the cache for both passes over them


def tile_count(matrix_shape: tuple[int, int], tile_shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of tiles that cover a total pixel matrix (PS3.3 C.7.6.17.3)."""
    return -(-matrix_shape[0] // tile_shape[0]), -(-matrix_shape[1] // tile_shape[1])


def _tiles(
    matrix: Array, tile_shape: tuple[int, int], tile_index: NDArray[np.int64]
) -> Iterator[tuple[Array, NDArray[np.intp]]]:
    """Each wanted tile, cut at the edges of the matrix, with the frames that want it; bands are read once."""
    down, across = tile_count((matrix.shape[0], matrix.shape[1]), tile_shape)
    within("tile_index", tile_index, down * across)
    height, width = tile_shape
    at = -1
    band: Array = np.empty((0, 0))
    for tile, frames in groups(tile_index):
        row, column = divmod(tile, across)
        if row != at:
            at, band = row, np.asarray(matrix[row * height : (row + 1) * height])
        yield band[:, column * width : (column + 1) * width], frames


def label_tiles_present(matrix: Array, tile_shape: tuple[int, int], n_labels: int) -> NDArray[np.bool_]:
    """Which labels occur in which tile, tiles counted row by row; (tiles, n_labels + 1).

    Parameters
    ----------
    matrix : ndarray
        Labels (h, w), whole numbers or booleans; read in bands of a row of tiles.
    tile_shape : tuple of int
        Rows and columns of a tile.
    n_labels : int
        The highest label allowed.

    Raises
    ------
    ArgumentError
        If a label is negative or above ``n_labels``.
    """
    down, across = tile_count((matrix.shape[0], matrix.shape[1]), tile_shape)
    present = np.zeros((down * across, n_labels + 1), dtype=bool)
    twin = choose_twin(matrix.shape[0] * matrix.shape[1])
    height, width = tile_shape
    for row in range(down):
        band = np.asarray(matrix[row * height : (row + 1) * height])
        # Most of a slide is background: one quick pass finds the tiles worth a closer look
        used = np.bitwise_or.reduce(band, axis=0)
        for column in range(across):
            part = slice(column * width, (column + 1) * width)
            flags = present[row * across + column]
            if used[part].any():
                mark(twin, band[:, part], flags)
                flags[0] |= len(band) < height or used[part].size < width  # padding
            else:
                flags[0] = True
    return present


def pack_label_tiles(
    matrix: Array,
    tile_shape: tuple[int, int],
    tile_index: ArrayLike,
    label: ArrayLike,
    out: bytearray | memoryview | NDArray[np.uint8],
) -> None:
    """Pack single-bit frames from tiles of a label matrix, padded with background at the right and bottom.

    Parameters
    ----------
    matrix : ndarray
        Labels (h, w), whole numbers or booleans; read in bands of a row of tiles.
    tile_shape : tuple of int
        Rows and columns of a tile.
    tile_index, label : array_like of int
        For each frame: its tile, counted row by row, and the label whose pixels are set (not 0).
    out : bytearray, memoryview or ndarray
        Zeroed and writable, at least (f * rows * columns + 7) // 8 bytes.

    Raises
    ------
    ArgumentError
        If shapes, indices or the buffer do not fit.
    """
    tile_index, label = indices(tile_index, label)
    pixels = tile_shape[0] * tile_shape[1]
    target = writable(out, pixels * tile_index.size)
    twin = choose_twin(matrix.shape[0] * matrix.shape[1])
    for tile, frames in _tiles(matrix, tile_shape, tile_index):
        pack(twin, tile, tile_shape[1], label[frames], frames * pixels, target)


def pack_mask_tiles(
    matrix: Array, tile_shape: tuple[int, int], out: bytearray | memoryview | NDArray[np.uint8]
) -> None:
    """Pack all tiles of a mask of one segment, row by row, and check on the way that it holds only 0 and 1.

    Each byte of the mask is read once, which is what matters for a slide.

    Parameters
    ----------
    matrix : ndarray
        Booleans or whole numbers of one byte (h, w); read in bands of rows.
    tile_shape : tuple of int
        Rows and columns of a tile; columns a multiple of 8.
    out : bytearray, memoryview or ndarray
        Zeroed and writable, at least (tiles * rows * columns) / 8 bytes.

    Raises
    ------
    ArgumentError
        If there are other values, or shapes and the buffer do not fit.
    """
    height, width = tile_shape
    if matrix.dtype.itemsize != 1 or width % 8:
        raise ArgumentError("a mask of bytes and tiles of a multiple of 8 columns are needed")
    down, across = tile_count((matrix.shape[0], matrix.shape[1]), tile_shape)
    target = writable(out, down * across * height * width)[: down * across * height * width // 8]
    tiles = target.reshape(down, across, height, width // 8)
    step = max(1, _CHUNK_BYTES // max(1, matrix.shape[1]))
    for row in range(down):
        for top in range(0, min(height, matrix.shape[0] - row * height), step):
            start = row * height + top
            band = np.ascontiguousarray(matrix[start : min(start + step, (row + 1) * height)]).view(np.uint8)
            used = _tiles_used(band, width)
            # Tiles without pixels are not touched: the system need not find memory for them
            for first, end in spans(used):
                bits = np.packbits(band[:, first * width : end * width], axis=1, bitorder="little")
                _spread(bits, tiles[row, first:end, top : top + len(band)])


def _tiles_used(band: NDArray[np.uint8], width: int) -> NDArray[np.bool_]:
    """Which tiles of a band of a mask hold any 1; refuses everything but 0 and 1."""
    merged = np.bitwise_or.reduce(band, axis=0)
    highest = np.maximum.reduceat(merged, np.arange(0, merged.size, width))
    if highest.max(initial=0) > 1:
        raise ArgumentError(f"label {int(band.max())} is above the highest that is described, 1")
    return np.asarray(highest != 0)


def _spread(bits: NDArray[np.uint8], tiles: NDArray[np.uint8]) -> None:
    """Distribute packed rows (r, bytes) over the same rows of neighbouring tiles (tiles, r, bytes of a tile)."""
    width = tiles.shape[2]
    full = bits.shape[1] // width
    tiles[:full] = bits[:, : full * width].reshape(len(bits), full, width).transpose(1, 0, 2)
    if full < len(tiles):
        rest = bits[:, full * width :]
        tiles[full, :, : rest.shape[1]] = rest


def cut_tiles(
    matrix: Array, tile_shape: tuple[int, int], tile_index: ArrayLike | None = None
) -> Iterator[Array]:
    """Yield tiles of a matrix (h, w[, s]), padded with 0 at the right and the bottom, in the order asked for.

    Whole tiles are views. By default all tiles, row by row.
    """
    down, across = tile_count((matrix.shape[0], matrix.shape[1]), tile_shape)
    wanted = np.arange(down * across) if tile_index is None else indices(tile_index)[0]
    within("tile_index", wanted, down * across)
    height, width = tile_shape
    at, band = -1, matrix[:0]
    for index in wanted.tolist():
        row, column = divmod(index, across)
        if row != at:
            at, band = row, np.asarray(matrix[row * height : (row + 1) * height])
        tile = band[:, column * width : (column + 1) * width]
        if tile.shape[:2] != (height, width):
            padded = np.zeros((height, width, *tile.shape[2:]), dtype=tile.dtype)
            padded[: tile.shape[0], : tile.shape[1]] = tile
            tile = padded
        yield tile


def _window(
    row: int, column: int, tile_shape: tuple[int, int], out_shape: tuple[int, ...]
) -> tuple[slice, slice, int, int]:
    """Where a tile at (row, column) of the output falls in it, and its first row and column inside.

    The slices are empty where the tile lies outside.
    """
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + tile_shape[0], out_shape[0]), min(column + tile_shape[1], out_shape[1])
    return slice(top, max(top, bottom)), slice(left, max(left, right)), top - row, left - column


def _with_pixels(bits: NDArray[np.uint8], frames: NDArray[np.int64], pixels: int) -> NDArray[np.bool_]:
    """Which frames have any bit set; all of them where they do not consist of whole words."""
    if pixels % 64 or not frames.size:
        return np.ones(frames.size, dtype=bool)
    first, size = int(frames.min()), pixels // 8
    count = int(frames.max()) + 1 - first
    words = bits[first * size : (first + count) * size].view(np.uint64).reshape(count, -1)
    if count > 4 * frames.size:  # a few of many
        return np.array([np.bitwise_or.reduce(words[i]) != 0 for i in (frames - first).tolist()])
    return np.asarray((np.bitwise_or.reduce(words, axis=1) != 0)[frames - first])


def _first_of_place(
    rows: NDArray[np.int64], columns: NDArray[np.int64], tile_shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Which tiles are the first at their place; none where they do not lie on one grid and may overlap in part."""
    first = np.zeros(rows.size, dtype=bool)
    if not rows.size:
        return first
    down, top = np.divmod(rows - rows.min(), tile_shape[0])
    across, left = np.divmod(columns - columns.min(), tile_shape[1])
    if not (top.any() or left.any()):
        first[np.unique(down * (int(across.max()) + 1) + across, return_index=True)[1]] = True
    return first


def merge_bit_tiles(  # noqa: PLR0913 - columns of the frame table
    source: Buffer,
    frame_index: ArrayLike,
    rows: ArrayLike,
    columns: ArrayLike,
    label: ArrayLike,
    out: Array,
    *,
    tile_shape: tuple[int, int],
    check_overlap: bool = True,
    blank: bool = False,
) -> bool:
    """Merge single-bit tiles into a window of the total pixel matrix; the highest label stays.

    Parameters
    ----------
    source : bytes-like
        Native single-bit pixel data.
    frame_index : array_like of int
        Number of each tile's frame in ``source``.
    rows, columns : array_like of int
        Position of each tile's first pixel in ``out``, from 0; may be negative or beyond: tiles are cut.
    label : array_like of int
        Label that each tile means.
    out : ndarray
        (h, w), unsigned; usually zeroed.
    tile_shape : tuple of int
        Rows and columns of a frame.
    check_overlap : bool
        Stop at the first overlap.
    blank : bool
        ``out`` is all zeros: it need not be read where the first tile comes.

    Returns
    -------
    bool
        Whether any pixel belonged to two frames.
    """
    given = indices(frame_index, rows, columns, label)
    bits = bits_of(source)
    height, width = tile_shape
    check_merge(bits, given[0], height * width, given[3], out)
    frames, tops, lefts, labels = _worth_merging(bits, given, tile_shape, out.shape)
    fresh = _first_of_place(tops, lefts, tile_shape) if blank else np.zeros(tops.size, dtype=bool)
    twin = choose_twin(height * width * frames.size)
    overlapped = False
    table = (frames, tops, lefts, labels, fresh)
    for frame, row, column, value, first in zip(*(c.tolist() for c in table), strict=True):
        down, across, top, left = _window(row, column, tile_shape, out.shape)
        target, offset = out[down, across], (frame * height + top) * width + left
        if first:
            twin.write_bits(bits, offset, width, value, target)
            continue
        overlapped |= twin.merge_bits(bits, offset, width, value, target)
        if overlapped and check_overlap:
            return True
    return overlapped


def _worth_merging(
    bits: NDArray[np.uint8],
    given: list[NDArray[np.int64]],
    tile_shape: tuple[int, int],
    out_shape: tuple[int, ...],
) -> list[NDArray[np.int64]]:
    """Columns of the tiles (frame, row, column, label) that lie in the window and hold pixels."""
    frames, tops, lefts, _ = given
    height, width = tile_shape
    inside = (tops < out_shape[0]) & (tops > -height) & (lefts < out_shape[1]) & (lefts > -width)
    inside[inside] = _with_pixels(bits, frames[inside], height * width)
    return [column[inside] for column in given]


def paste_tiles(tiles: Iterable[Array], rows: ArrayLike, columns: ArrayLike, out: Array) -> None:
    """Copy tiles to their places in a window (h, w[, s]) of the total pixel matrix, cut at its edges."""
    rows, columns = indices(rows, columns)
    for tile, row, column in zip(tiles, rows.tolist(), columns.tolist(), strict=True):
        down, across, top, left = _window(row, column, (tile.shape[0], tile.shape[1]), out.shape)
        part = tile[top : top + down.stop - down.start, left : left + across.stop - across.start]
        out[down, across] = part
