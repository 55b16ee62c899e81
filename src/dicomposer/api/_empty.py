"""Segments that are described, but of which the mask holds nothing: legal, and mostly a mistake."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer import record
from dicomposer.api._labels import labels_in
from dicomposer.errors import EmptySegmentWarning
from dicomposer.seg import Segmentation

_NUMBER = "SegmentIdentificationSequence.ReferencedSegmentNumber"


def warn_of_empty_segments(made: Segmentation, array: NDArray[Any], *, empty_frames_kept: bool) -> None:
    """Warn of segments without voxels.

    Parameters
    ----------
    made : Segmentation
        The object.
    array : numpy.ndarray
        The mask it was made from: labels, fractions, or a channel a segment.
    empty_frames_kept : bool
        Whether there may be frames without voxels, so that the frames do not tell.
    """
    numbers = made.segment_numbers
    if not array.any():
        warnings.warn(
            "the mask is empty: no segment has a voxel (is it the right file?)",
            EmptySegmentWarning,
            stacklevel=3,
        )
        return
    present = _present(made, array, empty_frames_kept=empty_frames_kept)
    empty = [number for number in numbers if number not in present]
    if empty:
        labels = ", ".join(repr(made.get_segment_description(n).segment_label) for n in empty)
        some = "segments" if len(empty) > 1 else "segment"
        warnings.warn(f"the mask has no voxel of the {some} {labels}", EmptySegmentWarning, stacklevel=3)


def _present(made: Segmentation, array: NDArray[Any], *, empty_frames_kept: bool) -> Collection[int]:
    """Numbers of the segments that have voxels."""
    numbers = made.segment_numbers
    if len(numbers) == 1:
        return numbers
    if made.segmentation_type.value != "LABELMAP" and not empty_frames_kept:
        found = record.FrameTable.of_dataset(made).numbers(_NUMBER)  # columns; no pixel is looked at
        return {int(number) for number in np.unique(found)}
    if array.ndim == 4:
        return [number for number, channel in enumerate(np.moveaxis(array, -1, 0), start=1) if channel.any()]
    if "TotalPixelMatrixRows" in made:
        return numbers  # a whole slide is not read once more for a hint
    return labels_in(array)
