"""Which level of a slide a mask belongs to: the one whose total pixel matrix has its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.api._headers import check_same_matrix, check_same_patient, size, whole_number
from dicomposer.api._masks import Layer
from dicomposer.api._sources import SourceImages
from dicomposer.errors import ArgumentError, UnsupportedError


@dataclass(frozen=True)
class OnSlide:
    """A mask on one level of a slide.

    Attributes
    ----------
    array : numpy.ndarray
        (1, rows, columns[, segments]) of the total pixel matrix, or (frames, rows, columns[, segments]) of
        tiles.
    level : pydicom.Dataset
        The image.
    whole : bool
        Whether `array` is the total pixel matrix, still to be tiled.
    """

    array: NDArray[Any]
    level: Dataset
    whole: bool


def place_on_slide(layer: Layer, source: SourceImages) -> OnSlide:
    """Find the level that a mask was made on.

    Raises
    ------
    ArgumentError
        When no level, or more than one, has the size of the mask, or the mask is a Segmentation of another slide.
    UnsupportedError
        When the mask carries a patient geometry.
    """
    if layer.geometry is not None:
        raise UnsupportedError(
            "a mask of a slide is an array of rows and columns, without a geometry of its own"
        )
    array = layer.array
    if layer.made is not None:
        check_same_patient(layer.made, source.datasets[0])
    if len(source.datasets) == 1 and _is_tiles(array, source.datasets[0]):
        return OnSlide(array, source.datasets[0], whole=False)
    if array.ndim == 2 or (array.ndim == 3 and _levels(source.datasets, array.shape[:2])):
        array = array[None]  # (rows, columns) or (rows, columns, segments)
    found = _levels(source.datasets, array.shape[1:3]) if len(array) == 1 else []
    if len(found) != 1:
        sizes = ", ".join(sorted({"x".join(map(str, matrix_size(ds))) for ds in source.datasets}))
        problem = f"{len(found)} images have" if found else "no image of the slide has"
        raise ArgumentError(
            f"{problem} the size of the mask, {array.shape[-2]}x{array.shape[-1]} (shape {array.shape}); "
            f"the levels are {sizes} (rows x columns). Pass (rows, columns) of one level, or that level's "
            "file"
        )
    if layer.made is not None:
        check_same_matrix(layer.made, found[0])
    return OnSlide(array, found[0], whole=True)


def _is_tiles(array: NDArray[Any], level: Dataset) -> bool:
    tiles = (whole_number(level, "NumberOfFrames") or 1, *size(level))
    return tiles[0] > 1 and array.shape[:3] == tiles


def _levels(datasets: Sequence[Dataset], size: tuple[int, ...]) -> list[Dataset]:
    """The levels of a size; labels and overviews share the series but show no tissue at a known scale."""
    fitting = [ds for ds in datasets if matrix_size(ds) == size]
    return [ds for ds in fitting if "VOLUME" in ds.get("ImageType", ())] or fitting


def matrix_size(level: Dataset) -> tuple[int, int]:
    """Rows and columns of the total pixel matrix, or of an image that has none."""
    if "TotalPixelMatrixRows" not in level:
        return size(level)
    return size(level, "TotalPixelMatrixRows", "TotalPixelMatrixColumns")
