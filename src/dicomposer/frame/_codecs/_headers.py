"""What a compressed frame says about itself, read before a decoder may believe it."""

from __future__ import annotations

import struct
from typing import NamedTuple

from dicomposer.errors import CodecError, TruncatedError
from dicomposer.frame._format import PixelFormat

__all__ = ["CodestreamHeader", "jpeg2000_header", "jpeg_header", "require_match"]

_SIZ = struct.Struct(">HHIIIIIIIIH")
_SEARCH = 1 << 16  # JP2 boxes before the codestream are smaller than this in practice
_MAX_TILES = 65535


class CodestreamHeader(NamedTuple):
    """Size and depth of a coded frame."""

    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool
    start: int  # of the codestream in the data


def jpeg2000_header(data: bytes | memoryview) -> CodestreamHeader:
    """Read the SIZ segment of a JPEG 2000 codestream (ISO 15444-1 A.5.1), also inside a JP2 file."""
    head = bytes(data[:_SEARCH])
    start = head.find(b"\xff\x4f\xff\x51")
    if start < 0:
        raise CodecError("a JPEG 2000 frame has no codestream header")
    if len(head) < start + 4 + _SIZ.size + 3:
        raise TruncatedError("a JPEG 2000 frame ends within its header")
    _, _, x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0, samples = _SIZ.unpack_from(head, start + 4)
    components = head[start + 4 + _SIZ.size : start + 4 + _SIZ.size + 3 * samples]
    if x1 <= x0 or y1 <= y0 or not tile_x or not tile_y or len(components) < 3 * samples or not samples:
        raise CodecError("a JPEG 2000 frame has an impossible size in its header")
    if tile_x0 > x0 or tile_y0 > y0:
        raise CodecError("a JPEG 2000 frame has an impossible tile origin")
    tiles = -(-(x1 - tile_x0) // tile_x) * -(-(y1 - tile_y0) // tile_y)
    if tiles > _MAX_TILES:
        raise CodecError(f"a JPEG 2000 frame claims {tiles} tiles; {_MAX_TILES} are possible")
    depths = set(components[0::3])
    if len(depths) != 1 or set(components[1::3]) | set(components[2::3]) != {1}:
        raise CodecError("a JPEG 2000 frame has components of different depth or size")
    depth = depths.pop()
    return CodestreamHeader(y1 - y0, x1 - x0, samples, (depth & 0x7F) + 1, bool(depth & 0x80), start)


def jpeg_header(data: bytes | memoryview) -> tuple[CodestreamHeader, int]:
    """Read the frame header of a JPEG or JPEG-LS frame (ISO 10918-1 B.2.2), and its marker."""
    if bytes(data[:2]) != b"\xff\xd8":
        raise CodecError("a JPEG frame does not begin with its start marker")
    position, end = 2, len(data)
    while position + 4 <= end:
        if data[position] != 0xFF:
            raise CodecError("a JPEG frame has no marker where one must be", position=position)
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            if position + 10 > end:
                break
            precision, rows, columns, samples = struct.unpack(">BHHB", data[position + 4 : position + 10])
            return CodestreamHeader(rows, columns, samples, precision, signed=False, start=0), marker
        if marker == 0xDA or length < 2:
            raise CodecError("a JPEG frame has no frame header before its scan", position=position)
        position += 2 + length
    raise TruncatedError("a JPEG frame ends within its header")


def require_match(header: CodestreamHeader, fmt: PixelFormat) -> None:
    """Refuse a codestream that is not of the size that the attributes announce."""
    if (header.rows, header.columns, header.samples) != (fmt.rows, fmt.columns, fmt.samples):
        raise CodecError(
            f"a compressed frame of {header.rows} x {header.columns} x {header.samples} lies where Rows, "
            f"Columns and Samples per Pixel announce {fmt.rows} x {fmt.columns} x {fmt.samples}"
        )
    if not 0 < header.precision <= max(8, fmt.bits_allocated):
        raise CodecError(
            f"a compressed frame of {header.precision} bits lies in {fmt.bits_allocated} bits allocated"
        )
