"""A Segmentation of a slide as one small picture, read in bands so that no whole slide is in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import image
from dicomposer.errors import GeometryError
from dicomposer.seg import Segmentation
from dicomposer.view._picture import Picture, painted

_SIDE = 1600  # rows or columns of the picture, at most
_BAND = 64  # rows of the picture that are made at once


def slide_overlay(
    segmentation: Segmentation,
    levels: Sequence[Dataset],
    colours: Mapping[int, tuple[int, int, int]],
    opacity: float,
) -> Picture:
    """Draw the total pixel matrix of a Segmentation on the level of the slide that has its size."""
    size = _size(segmentation)
    level = next((level for level in levels if _size(level) == size), None)
    if level is None:
        raise GeometryError(
            f"the segmentation is {size[0]}x{size[1]} pixels and no level of the slide has that size"
        )
    step = max(1, -(-max(size) // _SIDE))
    labels = _thinned(segmentation, size, step, combine_segments=True, skip_overlap_checks=True)
    slide = image.Image.from_dataset(level, copy=False)
    picture = _thinned(slide, size, step, dtype=np.uint8).astype(np.uint8, copy=False)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., np.newaxis], 3, axis=-1)
    for number, colour in colours.items():
        picture = painted(picture, labels == number, colour, opacity)
    return picture


def _thinned(reader: Any, size: tuple[int, int], step: int, **options: Any) -> NDArray[Any]:
    """Every `step`-th row and column of a total pixel matrix."""
    bands = []
    for top in range(0, size[0], _BAND * step):
        rows = {"row_start": top, "row_end": min(size[0], top + _BAND * step), "as_indices": True}
        bands.append(np.ascontiguousarray(reader.get_total_pixel_matrix(**rows, **options)[::step, ::step]))
    return np.concatenate(bands)


def _size(dataset: Dataset) -> tuple[int, int]:
    return int(dataset.get("TotalPixelMatrixRows", 0)), int(dataset.get("TotalPixelMatrixColumns", 0))
