"""What one kind of image asks beyond its tables: bits, frames of nuclear medicine, display of values."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from dicomposer.validation._frames import frame_path
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import tag_of

__all__: list[str] = []

_BYTE = ((8, 8),)
_WORD = ((16, 16),)
#: IOD -> (bits allocated, bits stored) that its images have, and the section.
_DEPTHS: dict[str, tuple[tuple[tuple[int, int], ...], str]] = {
    "positron-emission-tomography-image": (_WORD, "C.8.9.4"),
    "enhanced-pet-image": (_WORD, "C.8.22.3"),
    "legacy-converted-enhanced-pet-image": (_WORD, "C.8.22.3"),
    "nuclear-medicine-image": ((*_BYTE, *_WORD), "C.8.4.8"),
    "multi-frame-grayscale-byte-secondary-capture-image": (_BYTE, "A.8.3.4"),
    "multi-frame-true-color-secondary-capture-image": (_BYTE, "A.8.5.4"),
    "vl-endoscopic-image": (_BYTE, "C.8.12.1.1.2"),
    "vl-microscopic-image": (_BYTE, "C.8.12.1.1.2"),
    "vl-slide-coordinates-microscopic-image": (_BYTE, "C.8.12.1.1.2"),
    "vl-photographic-image": (_BYTE, "C.8.12.1.1.2"),
    "video-endoscopic-image": (_BYTE, "C.8.12.1.1.2"),
    "video-microscopic-image": (_BYTE, "C.8.12.1.1.2"),
    "video-photographic-image": (_BYTE, "C.8.12.1.1.2"),
    "vl-whole-slide-microscopy-image": ((*_BYTE, *_WORD), "C.8.12.4"),
}
_ULTRASOUND = ("ultrasound-image", "ultrasound-multi-frame-image")


def _has_depth(subject: Subject) -> bool:
    key = "" if subject.iod is None else subject.iod.key
    return (key in _DEPTHS or key in _ULTRASOUND) and subject.pixel_element is not None


@rule("pixel-depth", "PS3.3 C.7.6.3.1", applies=_has_depth)
def _depth(subject: Subject) -> Iterator[Issue]:
    key = "" if subject.iod is None else subject.iod.key
    allowed, section = _DEPTHS.get(key, ((), ""))
    if key in _ULTRASOUND and subject.text("PhotometricInterpretation") != "PALETTE COLOR":
        allowed, section = _BYTE, "C.8.5.6.1"
    allocated, stored = subject.integer("BitsAllocated"), subject.integer("BitsStored")
    if not allowed or allocated is None or stored is None or (allocated, stored) in allowed:
        return
    keyword = "BitsAllocated" if allocated not in {one for one, _ in allowed} else "BitsStored"
    due = " or ".join(f"{each} of {whole}" for whole, each in allowed)
    yield Issue(
        keyword, f"makes {stored} of {allocated} bits, but images of this kind have {due} ({section})"
    )


#: Vector of nuclear medicine -> attribute that counts what it indexes (PS3.3 C.8.4.8).
_VECTORS = {
    "EnergyWindowVector": "NumberOfEnergyWindows",
    "DetectorVector": "NumberOfDetectors",
    "PhaseVector": "NumberOfPhases",
    "RotationVector": "NumberOfRotations",
    "SliceVector": "NumberOfSlices",
}


@rule(
    "frame-vector",
    "PS3.3 C.8.4.8",
    applies=lambda subject: subject.iod is not None and subject.iod.key == "nuclear-medicine-image",
)
def _vectors(subject: Subject) -> Iterator[Issue]:
    for keyword, counter in _VECTORS.items():
        values = [value for value in subject.values(keyword) if isinstance(value, int)]
        if not values:
            continue
        if len(values) != subject.frame_count:
            yield Issue(keyword, f"has {len(values)} values for {subject.frame_count} frames")
        most = subject.integer(counter)
        if min(values) < 1 or most is not None and max(values) > most:
            yield Issue(keyword, f"has a value that is not between 1 and {counter}")


#: A direction is up to three of these, each axis once (PS3.3 C.7.6.1.1.1); of quadrupeds, abbreviations.
_DIRECTION = re.compile(r"(?!.*A.*P|.*P.*A|.*R.*L|.*L.*R|.*H.*F|.*F.*H)[APRLHF]{1,3}")
_QUADRUPED = re.compile(r"(?:LE|RT|D|V|CR|CD|R|M|L|PR|DI|PA|PL)+")


@rule(
    "patient-orientation",
    "PS3.3 C.7.6.1.1.1",
    applies=lambda subject: tag_of("PatientOrientation") in subject.root,
    level="warning",
)
def _orientation(subject: Subject) -> Iterator[Issue]:
    for value in subject.values("PatientOrientation"):
        text = str(value)
        if text and not _DIRECTION.fullmatch(text) and not _QUADRUPED.fullmatch(text):
            yield Issue("PatientOrientation", "has a value that names no direction of a patient")


_CENTER, _WIDTH = "FrameVOILUTSequence.WindowCenter", "FrameVOILUTSequence.WindowWidth"


@rule(
    "window-pairs",
    "PS3.3 C.11.2.1.2",
    applies=lambda subject: tag_of("WindowCenter") in subject.root or subject.shared is not None,
)
def _windows(subject: Subject) -> Iterator[Issue]:
    """Centers and widths come in pairs."""
    centers, widths = len(subject.values("WindowCenter")), len(subject.values("WindowWidth"))
    if centers and widths and centers != widths:
        yield Issue("WindowWidth", f"has {widths} values for {centers} of Window Center")
    if subject.shared is None:
        return
    center, width = subject.frame_numbers(_CENTER), subject.frame_numbers(_WIDTH)
    if center is None or width is None or len(center) != len(width):
        return
    wrong = np.isfinite(center).sum(axis=1) != np.isfinite(width).sum(axis=1)
    wrong &= np.isfinite(center).any(axis=1) & np.isfinite(width).any(axis=1)
    if wrong.any():
        path = subject.group_path(_WIDTH, int(wrong.argmax()))
        yield Issue(path, "has another number of values than Window Center", count=int(wrong.sum()))


_SLOPE = "PixelValueTransformationSequence.RescaleSlope"


@rule("rescale-slope", "PS3.3 C.11.1.1.2", level="warning")
def _slope(subject: Subject) -> Iterator[Issue]:
    """A slope of 0 makes one value of all pixels."""
    if tag_of("RescaleSlope") in subject.root and subject.number("RescaleSlope") == 0:
        yield Issue("RescaleSlope", "is 0: all stored values become one")
    slopes = subject.frame_numbers(_SLOPE) if subject.shared is not None else None
    if slopes is not None and (slopes == 0).any():
        frame = int((slopes == 0).any(axis=1).argmax())
        in_frames = subject.frames is not None and _SLOPE in subject.frames.paths
        path = frame_path(_SLOPE, frame) if in_frames else subject.group_path(_SLOPE)
        yield Issue(path, "is 0: all stored values become one")


@rule(
    "slice-thickness",
    "PS3.3 C.7.6.2.1",
    applies=lambda subject: tag_of("SliceThickness") in subject.root,
    level="warning",
)
def _thickness(subject: Subject) -> Iterator[Issue]:
    number = subject.number("SliceThickness")
    if number is not None and number < 0:
        yield Issue("SliceThickness", "is negative")


#: IOD -> modalities of its series, where the tables have no enumerated values.
_MODALITIES: dict[str, tuple[str, ...]] = {
    "vl-endoscopic-image": ("ES",),
    "video-endoscopic-image": ("ES",),
    "vl-microscopic-image": ("GM",),
    "video-microscopic-image": ("GM",),
    "vl-slide-coordinates-microscopic-image": ("SM",),
    "vl-photographic-image": ("XC", "DMS", "OP"),
    "video-photographic-image": ("XC", "DMS", "OP"),
    "dermoscopic-photography-image": ("DMS",),
    "encapsulated-stl": ("M3D",),
    "encapsulated-obj": ("M3D",),
    "encapsulated-mtl": ("M3D",),
    "photoacoustic-image": ("PA",),
}


@rule(
    "modality",
    "PS3.3 C.7.3.1.1.1",
    applies=lambda subject: subject.iod is not None and subject.iod.key in _MODALITIES,
    level="warning",
)
def _modality(subject: Subject) -> Iterator[Issue]:
    due = _MODALITIES["" if subject.iod is None else subject.iod.key]
    stated = subject.text("Modality")
    if stated and stated not in due:
        yield Issue("Modality", f"is not {' or '.join(due)}, which series of this kind of object have")
