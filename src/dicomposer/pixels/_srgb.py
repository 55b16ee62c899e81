"""The sRGB colour space as an ICC profile, for objects whose colours need one (PS3.3 C.11.15).

Built from the numbers of IEC 61966-2-1 by the layout of ICC.1 (version 2), as a matrix profile of the input class,
which is what DICOM asks for.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Final

__all__ = ["srgb_profile"]

#: Primaries and white of sRGB, adapted to D50 (Bradford): X, Y, Z.
_COLOURS: Final = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
    b"wtpt": (0.9642, 1.0, 0.8249),
}
_CURVE_POINTS: Final = 1024


def _s15fixed16(values: tuple[float, ...]) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _curve() -> bytes:
    """The sRGB transfer function at 1,024 points of 16 bits."""
    points = []
    for i in range(_CURVE_POINTS):
        x = i / (_CURVE_POINTS - 1)
        y = x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
        points.append(round(y * 65535))
    return b"curv" + bytes(4) + struct.pack(f">I{_CURVE_POINTS}H", _CURVE_POINTS, *points)


def _description(text: bytes) -> bytes:
    """A textDescriptionType: ASCII only, with its empty Unicode and ScriptCode parts."""
    return b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + b"\0" + bytes(8 + 3 + 67)


@cache
def srgb_profile() -> bytes:
    """An ICC profile of the sRGB colour space.

    Returns
    -------
    bytes
        About 2.5 kB, always the same.
    """
    curve = _curve()
    tags = {
        b"desc": _description(b"sRGB"),
        b"cprt": b"text" + bytes(4) + b"No copyright\0",
        **{name: b"XYZ " + bytes(4) + _s15fixed16(value) for name, value in _COLOURS.items()},
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    offset = 128 + 4 + 12 * len(tags)
    table, body, placed = struct.pack(">I", len(tags)), b"", {}
    for name, data in tags.items():
        if data not in placed:
            placed[data] = offset + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", placed[data], len(data))
    size = offset + len(body)
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI12s4s44x",
        size, b"\0\0\0\0", 0x02400000, b"scnr", b"RGB ", b"XYZ ",
        2024, 1, 1, 0, 0, 0, b"acsp", b"\0\0\0\0", 0, b"\0\0\0\0", b"\0\0\0\0",
        0, 0, _s15fixed16((0.9642, 1.0, 0.8249)), b"\0\0\0\0",
    )  # fmt: skip
    return header + table + body
