"""An ICC profile (ICC.1:2001-04), without which a colour image of a slide is not valid (PS3.3 C.8.12.5)."""

from __future__ import annotations


def srgb_profile() -> bytes:
    """An ICC profile of sRGB (IEC 61966-2-1) with gamma 2.2, written here so that no package has to."""

    def s15(*values: float) -> bytes:
        return b"".join(round(value * 65536).to_bytes(4, "big", signed=True) for value in values)

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + s15(*values)

    text = b"text\0\0\0\0No copyright\0"
    description = b"desc\0\0\0\0" + (5).to_bytes(4, "big") + b"sRGB\0" + bytes(78)
    curve = b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(2.2 * 256).to_bytes(2, "big")
    tags = {
        b"desc": description,
        b"cprt": text,
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.4360, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = len(tags).to_bytes(4, "big"), b""
    for signature, data in tags.items():
        start = 128 + 4 + 12 * len(tags) + len(body)
        table += signature + start.to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data + bytes(-len(data) % 4)
    header = bytearray(128)
    header[0:4] = (128 + len(table) + len(body)).to_bytes(4, "big")
    header[8:12] = b"\x02\x40\x00\x00"
    header[12:24] = b"mntrRGB XYZ "
    for position, number in zip(range(24, 36, 2), (2024, 1, 2, 3, 4, 5), strict=True):
        header[position : position + 2] = number.to_bytes(2, "big")
    header[36:40] = b"acsp"
    header[68:80] = s15(0.9642, 1.0, 0.8249)
    return bytes(header) + table + body
