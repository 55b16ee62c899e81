"""Advice on segmentations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dicomposer.validation._rules import Check, Issue, rule
from dicomposer.validation._subject import LABEL_MAP_SEGMENTATION, Subject

__all__: list[str] = []

#: Syntaxes of which dcmqi 1.5.7 thinks that they lose something, or that it does not know.
_NOT_FOR_DCMQI = {
    "1.2.840.10008.1.2.4.80": "JPEG-LS",
    "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.90": "JPEG 2000",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
}
_DEFLATED = "1.2.840.10008.1.2.1.99"
_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"


def _advice(id: str) -> Callable[[Check], Check]:
    return rule(id, "viewers", applies=_is_segmentation, level="advice", profile="viewers")


def _is_segmentation(subject: Subject) -> bool:
    return subject.is_segmentation


def _kind(subject: Subject) -> str:
    return subject.text("SegmentationType")


def _is_native(subject: Subject) -> bool:
    return subject.syntax is not None and not subject.syntax.encapsulated


@_advice("no-colour")
def _colour(subject: Subject) -> Iterator[Issue]:
    if subject.text("PhotometricInterpretation") == "PALETTE COLOR":
        return
    for item in subject.root.items("SegmentSequence"):
        if item.named("RecommendedDisplayCIELabValue") is None:
            yield Issue(item.path_of("RecommendedDisplayCIELabValue"), "is absent: OHIF chooses a colour")


@_advice("fractional")
def _fractional(subject: Subject) -> Iterator[Issue]:
    if _kind(subject) == "FRACTIONAL":
        yield Issue("SegmentationType", "FRACTIONAL is not shown by OHIF")


@_advice("background-item")
def _background(subject: Subject) -> Iterator[Issue]:
    if _kind(subject) == "LABELMAP" and 0 in subject.segment_numbers:
        index = subject.segment_numbers.index(0)
        message = "describes the background, as C.8.20.2.3.3 wants; OHIF up to 3.13 then shows colours shifted by one"
        yield Issue(f"SegmentSequence[{index}]", message)


@_advice("wide-label")
def _wide(subject: Subject) -> Iterator[Issue]:
    if _kind(subject) != "LABELMAP":
        return
    for item in subject.root.items("SegmentSequence"):
        number = item.number("SegmentNumber")
        if number is not None and number > 255:
            message = "is above 255: Cornerstone3D (OHIF) keeps 8 bits of it and shows another segment"
            yield Issue(item.path_of("SegmentNumber"), message)


@_advice("label-map-class")
def _label_map_class(subject: Subject) -> Iterator[Issue]:
    if subject.sop_class == LABEL_MAP_SEGMENTATION:
        message = (
            "is younger than some archives: Orthanc 1.10 takes it by C-STORE only with UnknownSopClassAccepted, and "
            "storescu of DCMTK 3.6.7 does not send it"
        )
        yield Issue("SOPClassUID", message)


@_advice("label-map-slide")
def _label_map_slide(subject: Subject) -> Iterator[Issue]:
    if _kind(subject) == "LABELMAP" and subject.is_tiled:
        yield Issue("SegmentationType", "LABELMAP on a slide is not shown by the dicom-microscopy-viewer")


@_advice("odd-packed-length")
def _odd_length(subject: Subject) -> Iterator[Issue]:
    if _kind(subject) != "BINARY" or subject.is_tiled or not _is_native(subject):
        return
    rows, columns = subject.integer("Rows"), subject.integer("Columns")
    if rows and columns and -(-rows * columns * subject.frame_count // 8) % 2:
        message = (
            "has the byte of padding that PS3.5 8.1.1 asks for: Cornerstone3D (OHIF) refuses the segmentation"
        )
        yield Issue("PixelData", message)


@_advice("single-frames")
def _single_frames(subject: Subject) -> Iterator[Issue]:
    syntax = "" if subject.syntax is None else subject.syntax.uid
    columns = subject.integer("Columns")
    if syntax in (_DEFLATED, _DEFLATED_FRAMES):
        yield Issue(
            "TransferSyntaxUID", "is deflated: the DICOMweb plugin of Orthanc 1.10 gives no single frames"
        )
    elif _kind(subject) == "BINARY" and _is_native(subject) and columns and columns % 8:
        message = (
            "is not a multiple of 8: the DICOMweb plugin of Orthanc 1.10 does not give single frames of 1 bit"
        )
        yield Issue("Columns", message)


@_advice("compressed-segmentation")
def _compressed(subject: Subject) -> Iterator[Issue]:
    name = _NOT_FOR_DCMQI.get(subject.syntax.uid) if subject.syntax is not None else None
    if name:
        yield Issue("PixelData", f"{name} segmentations are not read by dcmqi")
