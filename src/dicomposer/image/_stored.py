"""How the pixels of an image are stored, and what decodes them."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from dicomposer.errors import DamagedFileError, MissingAttributeError
from dicomposer.frame import FrameReader, PixelFormat
from dicomposer.record import int_value, pixel_source, text_value, value_of

__all__ = ["ReaderCache", "frame_reader", "pixel_element", "pixel_format"]

_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def pixel_format(dataset: Dataset) -> PixelFormat:
    """Describe the stored pixels of an image (PS3.3 C.7.6.3.1).

    Raises
    ------
    DamagedFileError
        If an attribute that is needed to decode pixels is missing.
    """
    found = [int_value(dataset, keyword) for keyword in ("Rows", "Columns", "BitsAllocated")]
    for keyword, value in zip(("Rows", "Columns", "BitsAllocated"), found, strict=True):
        if value is None:
            raise DamagedFileError(f"{keyword} is missing: the pixels cannot be decoded")
    rows, columns, allocated = (value or 0 for value in found)
    return PixelFormat(
        rows=rows,
        columns=columns,
        bits_allocated=allocated,
        bits_stored=int_value(dataset, "BitsStored") or allocated,
        samples=int_value(dataset, "SamplesPerPixel") or 1,
        photometric=text_value(dataset, "PhotometricInterpretation") or "MONOCHROME2",
        pixel_representation=int_value(dataset, "PixelRepresentation") or 0,
        planar_configuration=int_value(dataset, "PlanarConfiguration"),
        floating="PixelData" not in dataset and any(k in dataset for k in _PIXEL_KEYWORDS[1:]),
    )


def pixel_element(dataset: Dataset) -> Any:
    """The undecoded element that holds the pixels."""
    for keyword in _PIXEL_KEYWORDS:
        if keyword in dataset:
            return dataset.get_item(keyword)
    raise MissingAttributeError("the image has no pixel data")


def frame_reader(dataset: Dataset, fmt: PixelFormat, syntax_uid: str, frames: int) -> FrameReader:
    """The decoder of an image's frames.

    Raises
    ------
    MissingAttributeError
        If the image has no pixel data.
    """
    element = pixel_element(dataset)
    return FrameReader(
        pixel_source(dataset),
        fmt,
        syntax_uid,
        frames,
        extended_offsets=value_of(dataset, "ExtendedOffsetTable"),
        extended_lengths=value_of(dataset, "ExtendedOffsetTableLengths"),
        vr=element.VR,
    )


class ReaderCache:
    """Decoders kept with an image. Never copied: a copy of the image makes its own."""

    def __init__(self) -> None:
        self.reader: tuple[Any, FrameReader] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> ReaderCache:
        return ReaderCache()

    def __reduce__(self) -> tuple[type[ReaderCache], tuple[()]]:
        return ReaderCache, ()
