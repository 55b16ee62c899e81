"""Maps between pixel indices, image coordinates and the frame of reference.

*Pixel indices* are (column, row) integers, (0, 0) being the **centre** of the top left pixel. *Image
coordinates* are (column, row) floats, (0, 0) being the **outer corner** of that pixel (PS3.3 C.18.6.1.1),
hence half a pixel apart. *Reference coordinates* are (x, y, z) in mm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, cast

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError

from ._affines import are_points_coplanar, create_affine_matrix_from_attributes
from ._conventions import FloatArray, as_vector
from ._errors import GridError
from ._planes import Plane, plane_of, require_same_frame_of_reference

__all__ = [
    "ImageToImageTransformer",
    "ImageToReferenceTransformer",
    "PixelToPixelTransformer",
    "PixelToReferenceTransformer",
    "ReferenceToImageTransformer",
    "ReferenceToPixelTransformer",
    "map_coordinate_into_pixel_matrix",
    "map_pixel_into_coordinate_system",
]

# From image coordinates to (continuous) pixel indices: half a pixel along rows and columns.
_HALF_PIXEL = np.eye(4)
_HALF_PIXEL[:2, 3] = -0.5
_TO_CORNER = np.eye(4)
_TO_CORNER[:2, 3] = 0.5


def _columns(values: np.ndarray, name: str, width: int, *, integers: bool = False) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[1] != width:
        raise ArgumentError(f'Argument "{name}" must be a two-dimensional array with shape [n, {width}].')
    if integers and array.dtype.kind not in "ui":
        raise ArgumentTypeError(f'Argument "{name}" must be a two-dimensional array of integers.')
    return array


def _apply(affine: FloatArray, points: np.ndarray) -> FloatArray:
    """Map points ``(n, 2)`` (in the plane) or ``(n, 3)``; no homogeneous copies are made."""
    width = points.shape[1]
    mapped: FloatArray = points @ affine[:3, :width].T + affine[:3, 3]
    return mapped


def _rounded(values: FloatArray) -> npt.NDArray[np.int64]:
    return np.around(values).astype(np.int64)


def _in_plane(mapped: FloatArray, what: str) -> FloatArray:
    """Drop the slice coordinate, after checking that the points lie within the plane's own slice."""
    if len(mapped) and float(np.abs(mapped[:, 2]).max()) > 0.5:
        raise GridError(
            f"Output {what} do not lie within the given image plane: the farthest is "
            f"{float(np.abs(mapped[:, 2]).max()):.6g} slices away from it."
        )
    return mapped[:, :2]


class _Transformer:
    """An affine map; subclasses say what goes in and what comes out."""

    _affine: FloatArray

    @property
    def affine(self) -> FloatArray:
        """numpy.ndarray: Copy of the affine transformation matrix, float64 ``(4, 4)``."""
        return self._affine.copy()


class _FromPlane(_Transformer):
    """Transformers out of one image plane."""

    def __init__(
        self,
        image_position: Sequence[float],
        image_orientation: Sequence[float],
        pixel_spacing: Sequence[float],
    ) -> None:
        """Construct the transformer from the plane's attributes.

        Parameters
        ----------
        image_position : Sequence[float]
            Centre of the top left pixel, (x, y, z) in mm.
        image_orientation : Sequence[float]
            Direction cosines of the rows, then of the columns.
        pixel_spacing : Sequence[float]
            Spacing in mm between rows, then between columns.

        Raises
        ------
        TypeError
            When an argument is not a sequence.
        ValueError
            When an argument has a wrong length.
        """
        spacing = as_vector(pixel_spacing, "pixel_spacing", 2)
        self._affine = create_affine_matrix_from_attributes(
            image_position, image_orientation, spacing.tolist()
        )

    @classmethod
    def for_image(
        cls, dataset: Dataset, frame_number: int | None = None, for_total_pixel_matrix: bool = False
    ) -> Self:
        """Construct the transformer of an image, of one of its frames, or of its total pixel matrix.

        Parameters
        ----------
        dataset : pydicom.Dataset
            An image with a frame of reference.
        frame_number : int, optional
            Number of the frame, from 1; needed if and only if the image is a multi-frame image.
        for_total_pixel_matrix : bool, optional
            Use the total pixel matrix of a tiled image instead of a frame.
        """
        plane = plane_of(dataset, frame_number, for_total_pixel_matrix)
        return cls(plane.position, plane.orientation, plane.pixel_spacing)


class PixelToReferenceTransformer(_FromPlane):
    """Maps pixel indices to reference coordinates.

    Examples
    --------
    >>> transformer = PixelToReferenceTransformer([56.0, 34.2, 1.0], [1, 0, 0, 0, 1, 0], [0.5, 0.5])
    >>> transformer(np.array([[0, 10], [5, 5]]))
    array([[56. , 39.2,  1. ],
           [58.5, 36.7,  1. ]])
    """

    def __call__(self, indices: np.ndarray) -> FloatArray:
        """Map (column, row) integers ``(n, 2)`` to (x, y, z) in mm, ``(n, 3)``."""
        return _apply(self._affine, _columns(indices, "indices", 2, integers=True))


class ImageToReferenceTransformer(_FromPlane):
    """Maps image coordinates (as in SCOORD) to reference coordinates (as in SCOORD3D).

    Examples
    --------
    >>> transformer = ImageToReferenceTransformer([56.0, 34.2, 1.0], [1, 0, 0, 0, 1, 0], [0.5, 0.5])
    >>> transformer(np.array([[0.0, 10.0], [5.0, 5.0]]))
    array([[55.75, 38.95,  1.  ],
           [58.25, 36.45,  1.  ]])
    """

    def __init__(
        self,
        image_position: Sequence[float],
        image_orientation: Sequence[float],
        pixel_spacing: Sequence[float],
    ) -> None:
        super().__init__(image_position, image_orientation, pixel_spacing)
        self._affine = self._affine @ _HALF_PIXEL

    def __call__(self, coordinates: np.ndarray) -> FloatArray:
        """Map (column, row) image coordinates ``(n, 2)`` to (x, y, z) in mm, ``(n, 3)``."""
        return _apply(self._affine, _columns(coordinates, "coordinates", 2))


def _to_plane(
    image_position: object, image_orientation: object, pixel_spacing: object, spacing_between_slices: float
) -> FloatArray:
    spacing = as_vector(pixel_spacing, "pixel_spacing", 2).tolist()
    affine = create_affine_matrix_from_attributes(
        image_position,  # type: ignore[arg-type]
        image_orientation,  # type: ignore[arg-type]
        spacing,
        spacing_between_slices,
    )
    try:
        return cast(FloatArray, np.linalg.inv(affine))
    except np.linalg.LinAlgError:
        raise GeometryError(
            "The image plane has no inverse: its row and column directions are parallel, or the spacing "
            "between slices is 0."
        ) from None


class ReferenceToPixelTransformer(_Transformer):
    """Maps reference coordinates to pixel indices and the slice's distance.

    Examples
    --------
    >>> transformer = ReferenceToPixelTransformer([56.0, 34.2, 1.0], [1, 0, 0, 0, 1, 0], [0.5, 0.5])
    >>> transformer(np.array([[56.0, 39.2, 1.0], [58.5, 36.7, 1.0]]))
    array([[ 0, 10,  0],
           [ 5,  5,  0]])
    """

    def __init__(
        self,
        image_position: Sequence[float],
        image_orientation: Sequence[float],
        pixel_spacing: Sequence[float],
        spacing_between_slices: float = 1.0,
        round_output: bool = True,
        drop_slice_index: bool = False,
    ) -> None:
        """Construct the transformer from the plane's attributes.

        Parameters
        ----------
        image_position, image_orientation, pixel_spacing
            As for :class:`PixelToReferenceTransformer`.
        spacing_between_slices : float, optional
            Unit in mm of the slice index.
        round_output : bool, optional
            Round to the nearest pixel (int64) instead of returning floats.
        drop_slice_index : bool, optional
            Return (column, row) only; raises when a point lies more than half a slice off the plane.
        """
        self._affine = _to_plane(image_position, image_orientation, pixel_spacing, spacing_between_slices)
        self._round_output = round_output
        self._drop_slice_index = drop_slice_index

    def __call__(self, coordinates: np.ndarray) -> np.ndarray:
        """Map (x, y, z) ``(n, 3)`` in mm to (column, row, slice) ``(n, 3)``, or (column, row) ``(n, 2)``."""
        mapped = _apply(self._affine, _columns(coordinates, "coordinates", 3))
        if self._drop_slice_index:
            mapped = _in_plane(mapped, "indices")
        return _rounded(mapped) if self._round_output else mapped

    @classmethod
    def for_image(
        cls,
        dataset: Dataset,
        frame_number: int | None = None,
        for_total_pixel_matrix: bool = False,
        round_output: bool = True,
        drop_slice_index: bool = False,
    ) -> Self:
        """Construct the transformer of an image, a frame or a total pixel matrix.

        See :meth:`PixelToReferenceTransformer.for_image`. The slice index counts the image's Spacing Between
        Slices, or mm where it has none.
        """
        plane = plane_of(dataset, frame_number, for_total_pixel_matrix)
        return cls(
            plane.position,
            plane.orientation,
            plane.pixel_spacing,
            plane.slice_unit,
            round_output,
            drop_slice_index,
        )


class ReferenceToImageTransformer(_Transformer):
    """Maps reference coordinates (as in SCOORD3D) to image coordinates (as in SCOORD).

    Examples
    --------
    >>> transformer = ReferenceToImageTransformer([56.0, 34.2, 1.0], [1, 0, 0, 0, 1, 0], [0.5, 0.5])
    >>> transformer(np.array([[56.0, 39.2, 1.0], [58.5, 36.7, 1.0]]))
    array([[ 0.5, 10.5,  0. ],
           [ 5.5,  5.5,  0. ]])
    """

    def __init__(
        self,
        image_position: Sequence[float],
        image_orientation: Sequence[float],
        pixel_spacing: Sequence[float],
        spacing_between_slices: float = 1.0,
        drop_slice_coord: bool = False,
    ) -> None:
        """Construct the transformer; parameters as for :class:`ReferenceToPixelTransformer`."""
        inverse = _to_plane(image_position, image_orientation, pixel_spacing, spacing_between_slices)
        self._affine = _TO_CORNER @ inverse
        self._drop_slice_coord = drop_slice_coord

    def __call__(self, coordinates: np.ndarray) -> FloatArray:
        """Map (x, y, z) ``(n, 3)`` in mm to (column, row, slice) ``(n, 3)``, or (column, row) ``(n, 2)``."""
        mapped = _apply(self._affine, _columns(coordinates, "coordinates", 3))
        return _in_plane(mapped, "coordinates") if self._drop_slice_coord else mapped

    @classmethod
    def for_image(
        cls,
        dataset: Dataset,
        frame_number: int | None = None,
        for_total_pixel_matrix: bool = False,
        drop_slice_coord: bool = False,
    ) -> Self:
        """Construct the transformer of an image, a frame or a total pixel matrix.

        See :meth:`ReferenceToPixelTransformer.for_image`.
        """
        plane = plane_of(dataset, frame_number, for_total_pixel_matrix)
        return cls(plane.position, plane.orientation, plane.pixel_spacing, plane.slice_unit, drop_slice_coord)


def _between(plane_from: Plane, plane_to: Plane) -> FloatArray:
    """Affine map from the pixels of one plane to those of another in the same plane of space."""
    matrix_from = create_affine_matrix_from_attributes(*plane_from.attributes)
    matrix_to = create_affine_matrix_from_attributes(*plane_to.attributes)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    points = np.concatenate([_apply(matrix_from, corners), _apply(matrix_to, corners)])
    if not are_points_coplanar(points):
        normal = matrix_to[:3, 2]
        offset = float((points[0] - matrix_to[:3, 3]) @ normal)
        cosine = abs(float(matrix_from[:3, 2] @ normal))
        raise GeometryError(
            "The two images do not lie in the same plane of the frame of reference, so that pixels of one "
            f"are not pixels of the other: offset along the normal {offset:.6g} mm, angle between the "
            f"planes {np.degrees(np.arccos(min(cosine, 1.0))):.4g} degrees."
        )
    return np.linalg.inv(matrix_to) @ matrix_from


class _BetweenPlanes(_Transformer):
    """Transformers between two image planes; the parameters of both kinds."""

    def __init__(
        self,
        image_position_from: Sequence[float],
        image_orientation_from: Sequence[float],
        pixel_spacing_from: Sequence[float],
        image_position_to: Sequence[float],
        image_orientation_to: Sequence[float],
        pixel_spacing_to: Sequence[float],
    ) -> None:
        self._affine = _between(
            Plane.of(image_position_from, image_orientation_from, pixel_spacing_from),
            Plane.of(image_position_to, image_orientation_to, pixel_spacing_to),
        )


def _two_planes(
    dataset_from: Dataset, dataset_to: Dataset, frames: tuple[int | None, int | None], tpm: tuple[bool, bool]
) -> tuple[Plane, Plane]:
    require_same_frame_of_reference(dataset_from, dataset_to)
    return plane_of(dataset_from, frames[0], tpm[0]), plane_of(dataset_to, frames[1], tpm[1])


class PixelToPixelTransformer(_BetweenPlanes):
    """Maps pixel indices of one image to those of another image in the same plane.

    Examples
    --------
    >>> transformer = PixelToPixelTransformer(
    ...     [0.0, 0.0, 0.0], [1, 0, 0, 0, 1, 0], [1.0, 1.0],
    ...     [0.0, 100.0, 0.0], [1, 0, 0, 0, -1, 0], [1.0, 1.0],
    ... )
    >>> transformer(np.array([[0, 0], [50, 50]]))
    array([[  0, 100],
           [ 50,  50]])
    """

    def __init__(
        self,
        image_position_from: Sequence[float],
        image_orientation_from: Sequence[float],
        pixel_spacing_from: Sequence[float],
        image_position_to: Sequence[float],
        image_orientation_to: Sequence[float],
        pixel_spacing_to: Sequence[float],
        round_output: bool = True,
    ) -> None:
        """Construct the transformer from the attributes of both planes.

        Parameters
        ----------
        image_position_from, image_orientation_from, pixel_spacing_from
            Plane whose indices go in, as for :class:`PixelToReferenceTransformer`.
        image_position_to, image_orientation_to, pixel_spacing_to
            Plane whose indices come out.
        round_output : bool, optional
            Round to the nearest pixel (int64) instead of returning floats.

        Raises
        ------
        ValueError
            When an argument has a wrong length or the images are not coplanar (to 1e-5 mm).
        """
        super().__init__(
            image_position_from,
            image_orientation_from,
            pixel_spacing_from,
            image_position_to,
            image_orientation_to,
            pixel_spacing_to,
        )
        self._round_output = round_output

    def __call__(self, indices: np.ndarray) -> np.ndarray:
        """Map (column, row) integers ``(n, 2)`` to (column, row) of the other image, ``(n, 2)``."""
        mapped = _apply(self._affine, _columns(indices, "indices", 2, integers=True))[:, :2]
        return _rounded(mapped) if self._round_output else mapped

    @classmethod
    def for_images(
        cls,
        dataset_from: Dataset,
        dataset_to: Dataset,
        frame_number_from: int | None = None,
        frame_number_to: int | None = None,
        for_total_pixel_matrix_from: bool = False,
        for_total_pixel_matrix_to: bool = False,
        round_output: bool = True,
    ) -> Self:
        """Construct the transformer between two images of one frame of reference.

        Parameters are those of :meth:`PixelToReferenceTransformer.for_image`, for each image.
        """
        one, other = _two_planes(
            dataset_from,
            dataset_to,
            (frame_number_from, frame_number_to),
            (for_total_pixel_matrix_from, for_total_pixel_matrix_to),
        )
        return cls(*one.attributes, *other.attributes, round_output)


class ImageToImageTransformer(_BetweenPlanes):
    """Maps image coordinates of one image to those of another image in the same plane.

    Examples
    --------
    >>> transformer = ImageToImageTransformer(
    ...     [0.0, 0.0, 0.0], [1, 0, 0, 0, 1, 0], [1.0, 1.0],
    ...     [0.0, 100.0, 0.0], [1, 0, 0, 0, -1, 0], [1.0, 1.0],
    ... )
    >>> transformer(np.array([[0, 0], [50, 50]]))
    array([[  0., 101.],
           [ 50.,  51.]])
    """

    def __init__(
        self,
        image_position_from: Sequence[float],
        image_orientation_from: Sequence[float],
        pixel_spacing_from: Sequence[float],
        image_position_to: Sequence[float],
        image_orientation_to: Sequence[float],
        pixel_spacing_to: Sequence[float],
    ) -> None:
        """Construct the transformer; parameters as for :class:`PixelToPixelTransformer`."""
        super().__init__(
            image_position_from,
            image_orientation_from,
            pixel_spacing_from,
            image_position_to,
            image_orientation_to,
            pixel_spacing_to,
        )
        self._affine = _TO_CORNER @ self._affine @ _HALF_PIXEL

    def __call__(self, coordinates: np.ndarray) -> FloatArray:
        """Map (column, row) image coordinates ``(n, 2)`` to those of the other image, ``(n, 2)``."""
        return _apply(self._affine, _columns(coordinates, "coordinates", 2))[:, :2]

    @classmethod
    def for_images(
        cls,
        dataset_from: Dataset,
        dataset_to: Dataset,
        frame_number_from: int | None = None,
        frame_number_to: int | None = None,
        for_total_pixel_matrix_from: bool = False,
        for_total_pixel_matrix_to: bool = False,
    ) -> Self:
        """Construct the transformer between two images; see :meth:`PixelToPixelTransformer.for_images`."""
        one, other = _two_planes(
            dataset_from,
            dataset_to,
            (frame_number_from, frame_number_to),
            (for_total_pixel_matrix_from, for_total_pixel_matrix_to),
        )
        return cls(*one.attributes, *other.attributes)


def map_pixel_into_coordinate_system(
    index: Sequence[int],
    image_position: Sequence[float],
    image_orientation: Sequence[float],
    pixel_spacing: Sequence[float],
) -> tuple[float, float, float]:
    """Map one (column, row) index to (x, y, z) in mm; see :class:`PixelToReferenceTransformer` for many."""
    transformer = PixelToReferenceTransformer(image_position, image_orientation, pixel_spacing)
    point = as_vector(index, "index", 2)
    if (point != np.around(point)).any():
        raise ArgumentError("Argument 'index' must hold whole numbers; map image coordinates for sub-pixels.")
    x, y, z = transformer(point.astype(np.int64)[np.newaxis])[0].tolist()
    return x, y, z


def map_coordinate_into_pixel_matrix(
    coordinate: Sequence[float],
    image_position: Sequence[float],
    image_orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    spacing_between_slices: float = 1.0,
) -> tuple[int, int, int]:
    """Map one (x, y, z) in mm to (column, row, slice); see :class:`ReferenceToPixelTransformer` for many."""
    transformer = ReferenceToPixelTransformer(
        image_position, image_orientation, pixel_spacing, spacing_between_slices
    )
    column, row, slice_index = transformer(as_vector(coordinate, "coordinate", 3)[np.newaxis])[0].tolist()
    return column, row, slice_index
