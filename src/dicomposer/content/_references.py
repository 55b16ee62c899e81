"""References to images (Image SOP Instance Reference Macro, PS3.3 10.3)."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import ClassVar

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicomposer.content._macro import require
from dicomposer.errors import ArgumentError, ArgumentTypeError

_SEGMENTATIONS = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})


class ReferencedImageSequence(DicomSequence):
    """The images to which something applies.

    Parameters
    ----------
    referenced_images : Sequence[pydicom.dataset.Dataset]
        The images.
    referenced_frame_number : int | Sequence[int] | None
        Frames of the image, from 1; only with a single multi-frame image.
    referenced_segment_number : int | Sequence[int] | None
        Segments of the image; only with a single segmentation.

    Raises
    ------
    ArgumentTypeError
        If the images are no sequence of datasets, or cannot have frames or segments.
    ArgumentError
        If there is no image, one is there twice, or a frame or segment does not exist.
    """

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __init__(
        self,
        referenced_images: Sequence[Dataset] | None = None,
        referenced_frame_number: int | Sequence[int] | None = None,
        referenced_segment_number: int | Sequence[int] | None = None,
    ) -> None:
        images = _checked_images(referenced_images)
        if len(images) > 1 and (referenced_frame_number is not None or referenced_segment_number is not None):
            raise ArgumentError("frames and segments can be given for a single image only")
        items = [_reference(image) for image in images]
        frames = _numbers(referenced_frame_number, "referenced_frame_number")
        segments = _numbers(referenced_segment_number, "referenced_segment_number")
        if frames:
            _check_frames(images[0], frames)
            items[0].ReferencedFrameNumber = frames if len(frames) > 1 else frames[0]
        if segments:
            _check_segments(images[0], segments, frames)
            items[0].ReferencedSegmentNumber = segments if len(segments) > 1 else segments[0]
        super().__init__(items)


def _checked_images(images: object) -> list[Dataset]:
    if isinstance(images, Dataset) or not isinstance(images, Iterable):
        raise ArgumentTypeError("referenced_images must be a sequence of datasets")
    found = list(images)
    if not all(isinstance(image, Dataset) for image in found):
        raise ArgumentTypeError("referenced_images must be a sequence of datasets")
    if not found:
        raise ArgumentError("referenced_images must not be empty")
    for image in found:
        require(image, ["SOPClassUID", "SOPInstanceUID"], "a referenced image")
    if len({str(image.SOPInstanceUID) for image in found}) < len(found):
        raise ArgumentError("referenced_images has the same image more than once")
    return found


def _reference(image: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = image.SOPClassUID
    item.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return item


def _numbers(values: int | Sequence[int] | None, name: str) -> list[int]:
    if values is None:
        return []
    try:
        found = [operator.index(x) for x in (values if isinstance(values, Iterable) else [values])]
    except TypeError:
        raise ArgumentTypeError(f"{name} must be an integer or a sequence of integers") from None
    if not found:
        raise ArgumentError(f"{name} must not be empty")
    return found


def _check_frames(image: Dataset, frames: list[int]) -> None:
    if "NumberOfFrames" not in image:
        raise ArgumentTypeError("referenced_frame_number is for multi-frame images only")
    count = int(image.NumberOfFrames)
    wrong = [frame for frame in frames if not 1 <= frame <= count]
    if wrong:
        raise ArgumentError(f"the referenced image has {count} frames and no frame {wrong[0]}")


def _check_segments(image: Dataset, segments: list[int], frames: list[int]) -> None:
    if image.SOPClassUID not in _SEGMENTATIONS:
        raise ArgumentTypeError("referenced_segment_number is for segmentations only")
    known = {int(item.SegmentNumber) for item in image.get("SegmentSequence", [])}
    wrong = [segment for segment in segments if segment not in known]
    if wrong:
        raise ArgumentError(f"the referenced segmentation has no segment {wrong[0]}")
    if frames and "PerFrameFunctionalGroupsSequence" in image:
        shown = {_segment_of(image, frame) for frame in frames} - {None}
        strangers = shown - set(segments)
        if strangers:
            raise ArgumentError(
                f"a referenced frame shows segment {min(x for x in strangers if x)}, not referenced"
            )


def _segment_of(image: Dataset, frame: int) -> int | None:
    groups = [image.PerFrameFunctionalGroupsSequence[frame - 1]]
    groups += list(image.get("SharedFunctionalGroupsSequence", []))
    for group in groups:
        for item in group.get("SegmentIdentificationSequence", []):
            return int(item.ReferencedSegmentNumber)
    return None  # a label map: each frame shows all segments
