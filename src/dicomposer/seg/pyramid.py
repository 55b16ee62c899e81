"""Multi-resolution pyramids of segmentations (PS3.3 C.8.12.14): the same mask at several resolutions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.coding import new_uid
from dicomposer.content import PixelMeasuresSequence, PlanePositionSequence
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.image import FrameIndex
from dicomposer.seg.content import SegmentDescription
from dicomposer.seg.enum import SegmentationTypeValues
from dicomposer.seg.sop import Segmentation

__all__ = ["create_segmentation_pyramid"]

_OURS = frozenset(
    {
        "instance_number",
        "sop_instance_uid",
        "plane_orientation",
        "plane_positions",
        "pixel_measures",
        "pixel_array",
        "tile_pixel_array",
    }
)

Array = NDArray[Any]


def create_segmentation_pyramid(  # noqa: PLR0913  # drop-in signature
    source_images: Sequence[Dataset],
    pixel_arrays: Sequence[Array],
    segmentation_type: str | SegmentationTypeValues,
    segment_descriptions: Sequence[SegmentDescription],
    series_instance_uid: str | None,
    series_number: int,
    manufacturer: str,
    manufacturer_model_name: str,
    software_versions: str | tuple[str],
    device_serial_number: str,
    downsample_factors: Sequence[float] | None = None,
    sop_instance_uids: list[str] | None = None,
    pyramid_uid: str | None = None,
    pyramid_label: str | None = None,
    **kwargs: Any,
) -> list[Segmentation]:
    """Make the segmentations of a multi-resolution pyramid, finest first.

    Parameters
    ----------
    source_images : Sequence[pydicom.Dataset]
        Tiled images of one pyramid, finest first; or the finest alone.
    pixel_arrays : Sequence[numpy.ndarray]
        Total pixel matrices, finest first, of shape (rows, columns), (1, rows, columns) or
        (1, rows, columns, segments); or the finest alone, from which the others are sampled: the nearest pixel for
        BINARY and LABELMAP, linear interpolation of fractions.
    segmentation_type : SegmentationTypeValues or str
        BINARY, FRACTIONAL or LABELMAP.
    segment_descriptions : Sequence[SegmentDescription]
        One for each segment.
    series_instance_uid : str or None
        UID of the new series; None makes one.
    series_number, manufacturer, manufacturer_model_name, software_versions, device_serial_number
        See :class:`Segmentation`.
    downsample_factors : Sequence[float], optional
        With one source image and one array: how much coarser each further level is, ascending, above 1.
    sop_instance_uids : list[str], optional
        UIDs of the levels.
    pyramid_uid, pyramid_label : str, optional
        Identity of the pyramid.
    **kwargs
        Passed to :class:`Segmentation`, except geometry and instance identity, which differ by level.

    Returns
    -------
    list[Segmentation]

    Raises
    ------
    ValueError
        If images, arrays and factors do not fit one another.
    TypeError
        If an argument is given that differs by level.
    """
    clash = sorted(_OURS & set(kwargs))
    if clash:
        raise ArgumentTypeError(f"{clash[0]} differs between the levels of a pyramid and cannot be given")
    kind = SegmentationTypeValues(segmentation_type)
    arrays = [_matrix(array) for array in pixel_arrays]
    shapes = _level_shapes(source_images, arrays, downsample_factors)
    uids = sop_instance_uids or [str(new_uid()) for _ in shapes]
    if len(uids) != len(shapes):
        raise ArgumentError(f"{len(uids)} sop_instance_uids were given for {len(shapes)} levels")
    series_uid = series_instance_uid or str(new_uid())
    identity = pyramid_uid or str(new_uid())
    levels = []
    for i, shape in enumerate(shapes):
        source = source_images[i if len(source_images) > 1 else 0]
        array = arrays[i] if len(arrays) > 1 else _sampled(arrays[0], shape, kind)
        geometry = {} if array.shape[1:3] == _source_shape(source) else _coarser(source, shape)
        levels.append(
            Segmentation(
                source_images=[source],
                pixel_array=array,
                segmentation_type=kind,
                segment_descriptions=segment_descriptions,
                series_instance_uid=series_uid,
                series_number=series_number,
                sop_instance_uid=uids[i],
                instance_number=i + 1,
                manufacturer=manufacturer,
                manufacturer_model_name=manufacturer_model_name,
                software_versions=software_versions,
                device_serial_number=device_serial_number,
                tile_pixel_array=True,
                pyramid_uid=identity,
                pyramid_label=pyramid_label,
                **geometry,
                **kwargs,
            )
        )
    return levels


def _matrix(array: Array) -> Array:
    """A total pixel matrix with its axis of planes."""
    array = array[None] if array.ndim == 2 else array
    if array.ndim not in (3, 4) or array.shape[0] != 1:
        raise ArgumentError(
            "each of pixel_arrays must be one total pixel matrix: (rows, columns), (1, rows, columns) or "
            "(1, rows, columns, segments)"
        )
    return array


def _source_shape(source: Dataset) -> tuple[int, int]:
    matrix = FrameIndex(source).matrix
    if matrix is None:
        raise ArgumentError("a pyramid needs tiled source images: one has no total pixel matrix")
    return matrix.rows, matrix.columns


def _level_shapes(
    sources: Sequence[Dataset], arrays: Sequence[Array], factors: Sequence[float] | None
) -> list[tuple[int, int]]:
    """Rows and columns of every level, checked against images, arrays and factors."""
    if not sources or not arrays:
        raise ArgumentError("a pyramid needs at least one source image and one pixel array")
    if (factors is not None) != (len(sources) == 1 and len(arrays) == 1):
        raise ArgumentTypeError(
            "downsample_factors is needed with one source image and one pixel array, and only then"
        )
    images = [_source_shape(source) for source in sources]
    given = [(array.shape[1], array.shape[2]) for array in arrays]
    if given[0] != images[0]:
        raise ArgumentError(
            f"the first pixel array is {given[0][0]} x {given[0][1]}, "
            f"the first source image {images[0][0]} x {images[0][1]}"
        )
    if factors is not None:
        shapes = [images[0], *_scaled(images[0], factors)]
    elif len(sources) > 1 and len(arrays) > 1:
        if images != given:
            raise ArgumentError("pixel arrays and source images differ in number or size")
        shapes = given
    else:
        shapes = images if len(sources) > 1 else given
    if any(b[0] >= a[0] or b[1] >= a[1] for a, b in pairwise(shapes)):
        raise ArgumentError(
            "levels must become smaller: sort source images and pixel arrays from fine to coarse"
        )
    return shapes


def _scaled(shape: tuple[int, int], factors: Sequence[float]) -> list[tuple[int, int]]:
    if not factors or any(f <= 1 for f in factors) or list(factors) != sorted(factors):
        raise ArgumentError("downsample_factors must be above 1 and ascending")
    return [(max(1, round(shape[0] / f)), max(1, round(shape[1] / f))) for f in factors]


def _coarser(source: Dataset, shape: tuple[int, int]) -> dict[str, Any]:
    """Geometry of a level that covers the same area with larger pixels.

    Positions are those of pixel centres, so that of the first pixel moves inwards as pixels grow.
    """
    index = FrameIndex(source)
    matrix, spacing = index.matrix, index.pixel_spacing
    if matrix is None or spacing is None:
        raise ArgumentError("a pyramid needs tiled source images with a pixel spacing")
    new = (spacing[0] * matrix.rows / shape[0], spacing[1] * matrix.columns / shape[1])
    along_row, along_column = np.asarray(matrix.orientation[:3]), np.asarray(matrix.orientation[3:])
    shift = along_column * (new[0] - spacing[0]) / 2 + along_row * (new[1] - spacing[1]) / 2
    origin = (np.asarray(matrix.origin) + shift).tolist()
    return {
        "pixel_measures": PixelMeasuresSequence(new, index.slice_thickness, index.spacing_between_slices),
        "plane_positions": [PlanePositionSequence(CoordinateSystemNames.SLIDE, origin, (1, 1))],
    }


def _sampled(array: Array, shape: tuple[int, int], kind: SegmentationTypeValues) -> Array:
    """The matrix at another resolution."""
    if array.shape[1:3] == shape:
        return array
    if kind is SegmentationTypeValues.FRACTIONAL and array.dtype.kind == "f":
        return _linear(_linear(array, 1, shape[0]), 2, shape[1])
    rows, columns = (
        np.minimum(((np.arange(n) + 0.5) * size / n).astype(np.intp), size - 1)
        for n, size in zip(shape, array.shape[1:3], strict=True)
    )
    return np.ascontiguousarray(array[:, _steps(rows)][:, :, _steps(columns)])


def _steps(places: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """Places at equal distances as a slice, which picks pixels ten times faster."""
    step = int(places[1] - places[0]) if len(places) > 1 else 1
    if np.all(np.diff(places) == step):
        return slice(int(places[0]), int(places[-1]) + 1, step)
    return places


def _linear(array: Array, axis: int, count: int) -> Array:
    """Interpolate pixel centres along one axis."""
    size = array.shape[axis]
    place = np.clip((np.arange(count) + 0.5) * size / count - 0.5, 0, size - 1)
    low = np.minimum(place.astype(np.intp), size - 1)
    high = np.minimum(low + 1, size - 1)
    weight = (place - low).astype(array.dtype).reshape([-1 if i == axis else 1 for i in range(array.ndim)])
    mixed: Array = array.take(low, axis) * (1 - weight) + array.take(high, axis) * weight
    return mixed
