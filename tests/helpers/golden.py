"""Golden dumps: what a few objects of the matrix consist of, attribute by attribute, so that a change in them is seen.

Rewrite them with ``python tests/helpers/golden.py``, and read the difference as carefully as code.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

from pydicom import dcmread

import dicomposer
from matrix import Case, make

__all__ = ["FOLDER", "GOLDEN", "dump"]

FOLDER = Path(__file__).parents[1] / "seg" / "golden"

#: File name -> case. Native pixels only: the bytes of a compressed frame belong to its encoder.
GOLDEN = {
    "ct-binary-overlap": Case("ct", "BINARY", "explicit", "", True, "overlap"),
    "pt-fractional": Case("pt", "FRACTIONAL", "implicit", "", True, "fractions"),
    "mr-labelmap": Case("mr", "LABELMAP", "explicit", "", True, "labels"),
    "enhanced-ct-volume": Case("enhanced-ct", "BINARY", "explicit", "3D", False, "volume-one"),
    "slide-tiled-full": Case("slide-full", "BINARY", "explicit", "TILED_FULL", False, "labels"),
    "slide-sparse-wide-labels": Case("slide-sparse", "LABELMAP16", "explicit", "TILED_SPARSE", True, "stack"),
    "us-labelmap": Case("us", "LABELMAP", "explicit", "", True, "labels"),
}


def dump(case: Case) -> str:
    """The object as a file, read by pydicom, as text; the pixels as their number and SHA-256."""
    buffer = BytesIO()
    make(case).save_as(buffer)
    buffer.seek(0)
    dataset = dcmread(buffer)
    pixels = bytes(dataset.PixelData)
    del dataset.PixelData
    text = f"{dataset}\npixels: {len(pixels)} bytes, SHA-256 {hashlib.sha256(pixels).hexdigest()}\n"
    text = text.replace(dicomposer.__version__, "<version>")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def main() -> None:
    """Write all golden files."""
    for old in FOLDER.glob("*.txt"):
        old.unlink()
    for name, case in GOLDEN.items():
        (FOLDER / f"{name}.txt").write_text(dump(case), encoding="utf-8")
        print(FOLDER / f"{name}.txt")


if __name__ == "__main__":
    main()
