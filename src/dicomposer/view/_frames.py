"""What lies in the frames of a Segmentation, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicomposer import record
from dicomposer.seg import Segmentation

_NUMBER = "SegmentIdentificationSequence.ReferencedSegmentNumber"
_POSITION = "PlanePositionSequence.ImagePositionPatient"


@dataclass(frozen=True)
class FrameContents:
    """One row a frame and segment in it.

    Attributes
    ----------
    frame : numpy.ndarray
        (n,) index of the frame, from 0.
    segment : numpy.ndarray
        (n,) segment number.
    voxels : numpy.ndarray
        (n,) how many pixels of the frame belong to the segment; for fractions, how many are not 0.
    weight : numpy.ndarray
        (n,) sum of the fractions; equal to `voxels` otherwise.
    """

    frame: NDArray[np.intp]
    segment: NDArray[np.intp]
    voxels: NDArray[np.int64]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, segmentation: Segmentation) -> FrameContents:
        """Count the pixels of every frame, one frame at a time."""
        numbers = segment_of_frames(segmentation)
        largest = record.int_value(segmentation, "MaximumFractionalValue") or 1
        rows: list[tuple[int, int, int, float]] = []
        for index in range(segmentation.number_of_frames):
            pixels = segmentation.get_stored_frame(index, as_index=True)
            if numbers is not None:
                voxels = int(np.count_nonzero(pixels))
                weight = float(pixels.sum(dtype=np.int64)) / largest if largest > 1 else float(voxels)
                rows.append((index, int(numbers[index]), voxels, weight))
                continue
            counts = np.bincount(pixels.ravel())
            rows.extend(
                (index, int(n), int(counts[n]), float(counts[n])) for n in np.flatnonzero(counts) if n
            )
        columns = np.asarray(rows, dtype=np.float64).reshape(-1, 4)
        return cls(
            columns[:, 0].astype(np.intp),
            columns[:, 1].astype(np.intp),
            columns[:, 2].astype(np.int64),
            columns[:, 3],
        )

    def totals(self, segment: int) -> tuple[int, float, int]:
        """Voxels, sum of fractions and number of frames with something in them, of one segment."""
        rows = (self.segment == segment) & (self.voxels > 0)
        return int(self.voxels[rows].sum()), float(self.weight[rows].sum()), int(np.count_nonzero(rows))


def segment_of_frames(segmentation: Segmentation) -> NDArray[np.intp] | None:
    """(frames,) segment number of each frame; None where a frame holds several (label maps)."""
    if segmentation.segmentation_type.value == "LABELMAP":
        return None
    numbers = _numbers(segmentation, _NUMBER)
    if numbers is None:  # one segment for all frames may stand in the shared groups
        numbers = np.full((segmentation.number_of_frames, 1), segmentation.segment_numbers[0])
    return numbers[:, 0].astype(np.intp)


def positions_of_frames(segmentation: Segmentation) -> NDArray[np.float64] | None:
    """(frames, 3) centre of the first pixel of each frame in millimetres; None where there is none."""
    positions = _numbers(segmentation, _POSITION)
    if positions is not None:
        return positions
    shared = record.items_of(segmentation, "SharedFunctionalGroupsSequence")
    macro = record.items_of(shared[0], "PlanePositionSequence") if shared else ()
    position = record.float_values(macro[0], "ImagePositionPatient") if macro else None
    if position is None:
        return None
    return np.tile(np.asarray(position), (segmentation.number_of_frames, 1))


def _numbers(segmentation: Segmentation, path: str) -> NDArray[np.float64] | None:
    if "PerFrameFunctionalGroupsSequence" not in segmentation:
        return None  # slides in TILED_FULL order (PS3.3 C.7.6.17.3)
    table = record.FrameTable.of_dataset(segmentation)
    return np.asarray(table.numbers(path), dtype=np.float64) if path in table.paths else None
