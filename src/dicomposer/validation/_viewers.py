"""Advice: what programs in use will not show although the standard allows it."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject

__all__: list[str] = []

_SECTION = "viewers"
_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")


def _is_segmentation(subject: Subject) -> bool:
    return subject.is_segmentation


@rule("no-colour", _SECTION, applies=_is_segmentation, level="advice", profile="viewers")
def _colour(subject: Subject) -> Iterator[Issue]:
    if subject.text("PhotometricInterpretation") == "PALETTE COLOR":
        return
    for item in subject.root.items("SegmentSequence"):
        if item.named("RecommendedDisplayCIELabValue") is None:
            yield Issue(
                item.path_of("RecommendedDisplayCIELabValue"), "is absent: OHIF stops on segments without it"
            )


@rule("fractional", _SECTION, applies=_is_segmentation, level="advice", profile="viewers")
def _fractional(subject: Subject) -> Iterator[Issue]:
    if subject.text("SegmentationType") == "FRACTIONAL":
        yield Issue("SegmentationType", "FRACTIONAL is not shown by OHIF")


@rule("background-item", _SECTION, applies=_is_segmentation, level="advice", profile="viewers")
def _background(subject: Subject) -> Iterator[Issue]:
    if subject.text("SegmentationType") == "LABELMAP" and 0 in subject.segment_numbers:
        index = subject.segment_numbers.index(0)
        message = "describes the background, as C.8.20.2.3.3 wants; OHIF up to 3.13 then shows colours shifted by one"
        yield Issue(f"SegmentSequence[{index}]", message)


@rule("label-map-slide", _SECTION, applies=_is_segmentation, level="advice", profile="viewers")
def _label_map_slide(subject: Subject) -> Iterator[Issue]:
    if subject.text("SegmentationType") == "LABELMAP" and subject.is_tiled:
        yield Issue("SegmentationType", "LABELMAP on a slide is not shown by the dicom-microscopy-viewer")


@rule("compressed-segmentation", _SECTION, applies=_is_segmentation, level="advice", profile="viewers")
def _compressed(subject: Subject) -> Iterator[Issue]:
    if subject.syntax is not None and subject.syntax.uid in _JPEG_2000:
        yield Issue("PixelData", "JPEG 2000 segmentations are not read by dcmqi")
