"""Pixel attributes against one another, the transfer syntax and the bytes that are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from dicomposer.frame import FrameReader, PixelFormat, kernels
from dicomposer.record import pixel_source
from dicomposer.validation._collect import Collector
from dicomposer.validation._findings import Findings
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import tag_of

__all__ = ["pixel_findings"]

_EXTENDED = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
_UNDESCRIBED = "undescribed-value PS3.3 C.8.20.2.3.3"
_BEYOND_MAXIMUM = "fractional-value PS3.3 C.8.20.2"

#: Photometric interpretations with three samples; all others that images use have one (PS3.3 C.7.6.3.1.2).
_COLOUR = frozenset("RGB YBR_FULL YBR_FULL_422 YBR_PARTIAL_420 YBR_PARTIAL_422 YBR_ICT YBR_RCT HSV".split())
_GREY = frozenset(("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"))
#: Transfer syntaxes that keep single-bit pixels (PS3.5 8.2): JPEG 2000 and its high-throughput kin; deflated frames.
_JPEG_2000 = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 92, 93, 201, 202, 203))
_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
_JPEG_8_BIT = "1.2.840.10008.1.2.4.50"
_JPEG_LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
_RLE = "1.2.840.10008.1.2.5"


def _has_pixels(subject: Subject) -> bool:
    return subject.pixel_element is not None


@rule("high-bit", "PS3.5 8.1.1", applies=_has_pixels)
def _bits(subject: Subject) -> Iterator[Issue]:
    allocated, stored, high = (subject.integer(k) for k in ("BitsAllocated", "BitsStored", "HighBit"))
    if stored is not None and allocated is not None and stored > allocated:
        yield Issue("BitsStored", "is greater than Bits Allocated")
    if stored is not None and stored < 1:
        yield Issue("BitsStored", "is less than 1")
    if allocated is not None and allocated != 1 and (allocated < 8 or allocated % 8):
        yield Issue("BitsAllocated", "is neither 1 nor a multiple of 8")
    if high is not None and stored is not None and high != stored - 1:
        yield Issue("HighBit", "is not Bits Stored less one")


@rule("samples", "PS3.3 C.7.6.3.1.2", applies=_has_pixels)
def _samples(subject: Subject) -> Iterator[Issue]:
    samples, photometric = subject.integer("SamplesPerPixel"), subject.text("PhotometricInterpretation")
    due = 3 if photometric in _COLOUR else 1 if photometric in _GREY else None
    if due is not None and samples is not None and samples != due:
        yield Issue("SamplesPerPixel", f"is {samples}, but the photometric interpretation has {due}")


@rule("image-size", "PS3.3 C.7.6.3", applies=_has_pixels)
def _size(subject: Subject) -> Iterator[Issue]:
    for keyword in ("Rows", "Columns", "NumberOfFrames"):
        number = subject.integer(keyword)
        if number is not None and number < 1:
            yield Issue(keyword, "is less than 1")


@rule("single-frame", "PS3.3 C.7.6.6", applies=_has_pixels)
def _single_frame(subject: Subject) -> Iterator[Issue]:
    iod = subject.iod
    if iod is None or subject.frame_count == 1:
        return
    # Number of Frames belongs to modules for several frames only
    if not any(one.keyword == "NumberOfFrames" for usage in iod.modules for one in usage.module.attributes):
        yield Issue("NumberOfFrames", f"is {subject.frame_count}, but the {iod.name} IOD has one frame")


@rule("photometric-syntax", "PS3.5 8.2", applies=_has_pixels)
def _syntax(subject: Subject) -> Iterator[Issue]:
    syntax = subject.syntax
    if syntax is None:
        return
    photometric, allocated = subject.text("PhotometricInterpretation"), subject.integer("BitsAllocated")
    jpeg_2000 = syntax.uid in _JPEG_2000
    if photometric in ("YBR_RCT", "YBR_ICT") and not jpeg_2000:
        yield Issue("PhotometricInterpretation", f"{photometric} needs a JPEG 2000 transfer syntax")
    legal_bits = jpeg_2000 or syntax.uid == _DEFLATED_FRAMES
    if syntax.encapsulated and allocated == 1 and not legal_bits:
        yield Issue("BitsAllocated", f"1 is not possible with the transfer syntax {syntax.name}")
    if syntax.uid in _JPEG_LOSSY and photometric in ("YBR_FULL", "YBR_PARTIAL_422", "YBR_PARTIAL_420"):
        message = f"{photometric} is not one of the colour models of lossy JPEG (YBR_FULL_422, RGB)"
        yield Issue("PhotometricInterpretation", message)
    if syntax.uid == _JPEG_8_BIT and (subject.integer("BitsStored") or 8) != 8:
        yield Issue("BitsStored", "JPEG baseline holds 8 bits")
    tag = subject.pixel_element.tag if subject.pixel_element else 0
    if syntax.encapsulated and tag in (0x7FE00008, 0x7FE00009) and syntax.uid not in (_DEFLATED_FRAMES, _RLE):
        yield Issue(subject.pixel_element.keyword, f"float pixels are not possible with {syntax.name}")  # type: ignore[union-attr]


@rule("pixel-length", "PS3.5 8.1.1", applies=_has_pixels)
def _length(subject: Subject) -> Iterator[Issue]:
    if subject.syntax is not None and subject.syntax.encapsulated:
        return
    due, size = native_length(subject), subject.pixel_size
    element = subject.pixel_element
    if due is None or size is None or element is None:
        return
    if size != due + due % 2:
        yield Issue(element.keyword, f"has {size} bytes where the image attributes make {due + due % 2}")


def native_length(subject: Subject) -> int | None:
    """Bytes of the uncompressed pixel data without padding, or None if an attribute is missing."""
    rows, columns, samples = (subject.integer(k) for k in ("Rows", "Columns", "SamplesPerPixel"))
    element = subject.pixel_element
    bits = subject.integer("BitsAllocated")
    if element is not None and element.tag in (0x7FE00008, 0x7FE00009):
        bits, samples = 32 if element.tag == 0x7FE00008 else 64, 1
    if rows is None or columns is None or bits is None:
        return None
    samples = 1 if samples is None else samples
    total = rows * columns * samples * subject.frame_count
    if subject.text("PhotometricInterpretation") == "YBR_FULL_422":
        total = rows * (columns // 2 * 2) * 2 * subject.frame_count
    return (total * bits + 7) // 8


@rule(
    "encapsulation", "PS3.5 A.4", applies=lambda subject: bool(subject.syntax and subject.syntax.encapsulated)
)
def _encapsulated(subject: Subject) -> Iterator[Issue]:
    element = subject.pixel_element
    layout = subject.fragments
    if element is None or layout is None:
        return
    if isinstance(layout, str):
        yield Issue(element.keyword, layout)
        return
    table, fragments = layout
    frames = subject.frame_count
    if len(fragments) < frames:
        yield Issue(element.keyword, f"has {len(fragments)} fragments for {frames} frames")
    elif table and len(table) != frames:
        yield Issue(element.keyword, f"its basic offset table has {len(table)} entries for {frames} frames")
    elif table and not set(table) <= {start for start, _ in fragments}:
        yield Issue(element.keyword, "its basic offset table points between fragments")
    if any(length % 2 for _, length in fragments):
        yield Issue(element.keyword, "has a fragment of odd length")
    yield from _extended(subject, table, fragments, frames)


def _extended(
    subject: Subject, table: tuple[int, ...], fragments: list[tuple[int, int]], frames: int
) -> Iterator[Issue]:
    """The Extended Offset Table (PS3.3 C.7.6.3.1.8, .9)."""
    for keyword in _EXTENDED:
        element = subject.root.named(keyword)
        if element is None or element.raw is None:
            continue
        if table:
            yield Issue(keyword, "stands beside a basic offset table, which has to be empty then")
        entries = np.frombuffer(element.raw[: len(element.raw) // 8 * 8], "<u8")
        if entries.size != frames:
            yield Issue(keyword, f"has {entries.size} entries for {frames} frames")
        elif keyword == "ExtendedOffsetTable" and not set(entries.tolist()) <= {
            start for start, _ in fragments
        }:
            yield Issue(keyword, "points between fragments")


@rule("pixel-vr", "PS3.5 A.4", applies=_has_pixels)
def _vr(subject: Subject) -> Iterator[Issue]:
    element, syntax = subject.pixel_element, subject.syntax
    if (
        element is None
        or element.tag != 0x7FE00010
        or syntax is None
        or not subject.from_file
        or syntax.implicit_vr
    ):
        return
    allocated = subject.integer("BitsAllocated") or 8
    if syntax.encapsulated and element.vr != "OB":
        yield Issue(element.keyword, f"is encoded as {element.vr}; encapsulated pixel data is OB")
    elif not syntax.encapsulated and allocated > 8 and element.vr != "OW":
        yield Issue(element.keyword, f"is encoded as {element.vr}; more than 8 bits per sample need OW")


@rule("lossy", "PS3.3 C.7.6.1.1.5", applies=_has_pixels, level="warning")
def _lossy(subject: Subject) -> Iterator[Issue]:
    lossy = subject.syntax is not None and subject.syntax.lossy and not subject.syntax.lossless
    if lossy and subject.text("LossyImageCompression") == "00":
        yield Issue(
            "LossyImageCompression", "says that nothing was lost, but the transfer syntax is a lossy one"
        )


#: Attributes that hold one stored value.
_STORED = ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue", "PixelPaddingRangeLimit")
_STORED_TAGS = tuple(tag_of(keyword) for keyword in _STORED)


def _has_stored(subject: Subject) -> bool:
    elements = subject.root.elements
    return any(tag in elements for tag in _STORED_TAGS) and 0x7FE00010 in elements


@rule("stored-range", "PS3.3 C.7.6.3", applies=_has_stored, level="warning")
def _stored_range(subject: Subject) -> Iterator[Issue]:
    """Stored values that attributes name are values that the bits can hold, the smallest below the largest."""
    stored = subject.integer("BitsStored")
    signed = subject.integer("PixelRepresentation") == 1
    if stored is None or not 0 < stored <= 32:
        return
    low, high = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
    known: dict[str, int] = {}
    for keyword in _STORED:
        number = subject.integer(keyword)
        if number is None:
            continue
        # US for SS, and the other way round, is said elsewhere: here the 16 bits count.
        if not low <= number <= high and -(1 << 15) <= number < 1 << 16:
            number += (
                -(1 << 16) if number >= 1 << 15 and signed else 1 << 16 if number < 0 and not signed else 0
            )
        known[keyword] = number
        if not low <= number <= high:
            yield Issue(keyword, "is not a value that the stored bits can hold")
    if len(_STORED_PAIR & known.keys()) == 2 and known[_STORED[0]] > known[_STORED[1]]:
        yield Issue(_STORED[1], "is less than Smallest Image Pixel Value")


_STORED_PAIR = frozenset(_STORED[:2])


@rule("padding-range", "PS3.3 C.7.5.1.1.2", applies=_has_stored)
def _padding(subject: Subject) -> Iterator[Issue]:
    """The padding value is the darker end of its range."""
    padding, limit = subject.integer(_STORED[2]), subject.integer(_STORED[3])
    if padding is None or limit is None:
        return
    photometric = subject.text("PhotometricInterpretation")
    if (photometric == "MONOCHROME2" and padding > limit) or (
        photometric == "MONOCHROME1" and padding < limit
    ):
        yield Issue(
            _STORED[3], "lies on the wrong side of Pixel Padding Value for the photometric interpretation"
        )


@rule("maximum-fraction", "PS3.3 C.8.20.2", applies=lambda s: s.is_segmentation)
def _maximum_fraction(subject: Subject) -> Iterator[Issue]:
    maximum, stored = subject.integer("MaximumFractionalValue"), subject.integer("BitsStored")
    if maximum is not None and (maximum < 1 or stored is not None and maximum >= 2**stored):
        yield Issue(
            "MaximumFractionalValue", "is not between 1 and the greatest value that Bits Stored can hold"
        )


def pixel_findings(dataset: object, values: Collection[int]) -> Findings:
    """Check a segmentation's stored pixel values, counted by somebody who passed over the pixels anyhow.

    Parameters
    ----------
    dataset : pydicom.Dataset
        A Segmentation or Label Map Segmentation.
    values : Collection[int]
        The distinct stored values that occur in its pixel data.

    Returns
    -------
    Findings
        Label values without an item in Segment Sequence (PS3.3 C.8.20.2.3.3), fractions beyond Maximum Fractional
        Value, values beyond Bits Stored.
    """
    subject = Subject(dataset)  # type: ignore[arg-type]
    collector = Collector()
    check_pixel_values(subject, collector, {int(value) for value in values})
    return Findings(collector, subject.subject_name)


def stored_values(subject: Subject) -> set[int]:
    """Distinct stored values of the pixel data of a segmentation, read frame by frame.

    Raises
    ------
    DicomposerError
        If frames cannot be decoded.
    """
    rows, columns, bits = (subject.integer(k) or 0 for k in ("Rows", "Columns", "BitsAllocated"))
    fmt = PixelFormat(
        rows=rows, columns=columns, bits_allocated=bits, bits_stored=subject.integer("BitsStored")
    )
    tables = [element.raw if (element := subject.root.named(k)) else None for k in _EXTENDED]
    assert subject.syntax is not None
    reader = FrameReader(
        pixel_source(subject.dataset), fmt, subject.syntax.uid, subject.frame_count,
        extended_offsets=tables[0], extended_lengths=tables[1],
    )  # fmt: skip
    seen = np.zeros(1 << bits, bool)
    for number in range(subject.frame_count):
        seen |= kernels.labels_present(reader.array(number)[None], seen.size - 1)[0]
    return set(np.flatnonzero(seen).tolist())


def check_pixel_values(subject: Subject, collector: Collector, values: set[int]) -> None:
    """Collect what is wrong with the distinct stored values."""
    kind = subject.text("SegmentationType")
    stored = subject.integer("BitsStored")
    if stored is not None and values and max(values) >= 2**stored:
        collector.add("stored-value PS3.5 8.1.1", "error", "PixelData", "holds values beyond Bits Stored")
    if kind == "LABELMAP":
        missing = sorted(values - set(subject.segment_numbers))
        if missing:
            shown = ", ".join(map(str, missing[:8])) + (", ..." if len(missing) > 8 else "")
            message = f"the pixel data holds values that no item describes: {shown}"
            collector.add(_UNDESCRIBED, "error", "SegmentSequence", message, len(missing))
    maximum = subject.integer("MaximumFractionalValue")
    if kind == "FRACTIONAL" and maximum is not None and values and max(values) > maximum:
        message = "holds values above Maximum Fractional Value"
        collector.add(_BEYOND_MAXIMUM, "error", "PixelData", message)
