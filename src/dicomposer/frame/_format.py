"""How the pixels of one frame are laid out: the attributes of the Image Pixel module as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from dicomposer.errors import ArgumentError

__all__ = ["ByteSource", "PixelFormat"]

# Colour spaces that JPEG 2000 decoders undo by themselves (PS3.5 8.2.4)
_UNDONE_BY_THE_CODEC = frozenset({"YBR_RCT", "YBR_ICT"})


@runtime_checkable
class ByteSource(Protocol):
    """Random access to the bytes of a pixel data value (``record.PixelSource`` is one)."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    def read(self, offset: int, length: int) -> bytes | memoryview:
        """Return ``length`` bytes from ``offset``, or fewer where the value ends."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Layout of the frames of one image (PS3.3 C.7.6.3).

    Parameters
    ----------
    rows, columns : int
        Size of a frame in pixels.
    bits_allocated : int
        1, 8, 16, 32 or 64.
    bits_stored : int, optional
        Significant bits; all of them by default.
    samples : int
        Samples per Pixel, 1 or 3 (4 is accepted for reading).
    photometric : str
        Photometric Interpretation of the stored frames.
    pixel_representation : int
        0 unsigned, 1 two's complement.
    planar_configuration : int, optional
        0 colour by pixel, 1 colour by plane; only for several samples.
    floating : bool
        Float Pixel Data or Double Float Pixel Data instead of Pixel Data.

    Raises
    ------
    ArgumentError
        If a value is outside what the standard defines.
    """

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int | None = None
    samples: int = 1
    photometric: str = "MONOCHROME2"
    pixel_representation: int = 0
    planar_configuration: int | None = None
    floating: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.rows <= 0xFFFF and 0 < self.columns <= 0xFFFF):
            raise ArgumentError(f"Rows and Columns must be 1 to 65535, not {self.rows} and {self.columns}")
        allowed = (32, 64) if self.floating else (1, 8, 16, 32, 64)
        if self.bits_allocated not in allowed:
            raise ArgumentError(f"Bits Allocated must be one of {allowed}, not {self.bits_allocated}")
        if self.bits_stored is None:
            object.__setattr__(self, "bits_stored", self.bits_allocated)
        if not 0 < self.stored <= self.bits_allocated:
            raise ArgumentError(f"Bits Stored must be 1 to {self.bits_allocated}, not {self.bits_stored}")
        if self.samples not in (1, 3, 4):
            raise ArgumentError(f"Samples per Pixel must be 1, 3 or 4, not {self.samples}")
        if self.pixel_representation not in (0, 1):
            raise ArgumentError(f"Pixel Representation must be 0 or 1, not {self.pixel_representation}")
        if self.planar_configuration not in (None, 0, 1):
            raise ArgumentError(f"Planar Configuration must be 0 or 1, not {self.planar_configuration}")

    @property
    def stored(self) -> int:
        """Bits Stored, as a plain number."""
        return self.bits_allocated if self.bits_stored is None else self.bits_stored

    @property
    def frame_pixels(self) -> int:
        """Pixels in a frame."""
        return self.rows * self.columns

    @property
    def subsampled(self) -> bool:
        """Whether native frames share chrominance between two neighbours (YBR_FULL_422)."""
        return self.samples == 3 and self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")

    @property
    def frame_bits(self) -> int:
        """Bits of one native frame; a multiple of 8 except for single-bit images."""
        samples = 2 if self.subsampled else self.samples
        return self.frame_pixels * samples * self.bits_allocated

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a decoded frame: (rows, columns) or (rows, columns, samples)."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy type of a decoded frame, in native byte order; single-bit images decode to uint8."""
        if self.floating:
            return np.dtype(f"f{self.bits_allocated // 8}")
        kind = "i" if self.pixel_representation else "u"
        return np.dtype(f"{kind}{max(1, self.bits_allocated // 8)}")

    @property
    def array_bytes(self) -> int:
        """Bytes of one decoded frame."""
        return self.frame_pixels * self.samples * self.dtype.itemsize

    @property
    def decoded_photometric(self) -> str:
        """Colour space of the decoded frames: decoders of JPEG 2000 undo YBR_RCT and YBR_ICT."""
        return "RGB" if self.photometric in _UNDONE_BY_THE_CODEC else self.photometric

    def native_size(self, frames: int) -> int:
        """Bytes that ``frames`` native frames need, before padding to an even length."""
        return (self.frame_bits * frames + 7) // 8
