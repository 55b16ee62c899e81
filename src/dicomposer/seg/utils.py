"""Walking over the segments of a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.errors import IndexingError
from dicomposer.image import FrameIndex

__all__ = ["iter_segments"]


def iter_segments(dataset: Dataset) -> Iterator[tuple[NDArray[Any], tuple[Dataset, ...], Dataset]]:
    """Walk over the segments of a binary or fractional segmentation.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The segmentation.

    Yields
    ------
    tuple[numpy.ndarray, tuple[Dataset, ...], Dataset]
        Frames of the segment, shape (n, rows, columns), as stored; their items of the Per-Frame Functional Groups
        Sequence; and the item of the Segment Sequence. Segments without frames are left out.

    Raises
    ------
    AttributeError
        If the dataset has no pixel data.
    RuntimeError
        If frames do not state their segment, as in a label map.
    """
    from dicomposer.seg.sop import Segmentation

    column = FrameIndex(dataset).numbers("SegmentIdentificationSequence.ReferencedSegmentNumber")
    if column is None:
        raise IndexingError("the frames of this segmentation do not belong to one segment each")
    image = dataset if isinstance(dataset, Segmentation) else Segmentation.from_dataset(dataset, copy=True)
    numbers = column[:, 0].astype(np.int64)
    items = (
        dataset.PerFrameFunctionalGroupsSequence if "PerFrameFunctionalGroupsSequence" in dataset else None
    )
    for description in dataset.SegmentSequence:
        frames = np.flatnonzero(numbers == int(description.SegmentNumber))
        if len(frames):
            groups = () if items is None else tuple(items[i] for i in frames.tolist())
            yield image.get_stored_frames(frames.tolist(), as_indices=True), groups, description
