"""What is known of any grid of voxels in space, with or without voxels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, cast

import numpy as np

from dicomposer.coding import UID
from dicomposer.content import PixelMeasuresSequence, PlaneOrientationSequence, PlanePositionSequence
from dicomposer.enum import AxisHandedness, CoordinateSystemNames, PatientOrientationValuesBiped
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.spatial import (
    LPS_PATIENT_REFERENCE_CONVENTION,
    FloatArray,
    GridError,
    PatientConvention,
    as_affine,
    as_vector,
    convert_affine_to_convention,
    get_closest_patient_orientation,
)

if TYPE_CHECKING:
    from ._geometry import VolumeGeometry
    from ._volume import Volume

__all__ = ["Located", "as_coordinate_system", "reference_affine"]

Triple = tuple[float, float, float]


def as_coordinate_system(value: CoordinateSystemNames | str) -> CoordinateSystemNames:
    """Member from itself or its value."""
    try:
        return CoordinateSystemNames(value)
    except ValueError as error:
        raise ArgumentError(str(error)) from None


def reference_affine(
    affine: object, coordinate_system: CoordinateSystemNames, convention: PatientConvention | None
) -> FloatArray:
    """Checked copy of an affine matrix, brought to DICOM's reference coordinates."""
    matrix = as_affine(affine)
    if convention is None:
        return matrix
    if coordinate_system is not CoordinateSystemNames.PATIENT:
        raise ArgumentTypeError(
            "Argument 'from_reference_convention' may not be used with the 'SLIDE' coordinate system."
        )
    return convert_affine_to_convention(matrix, convention, LPS_PATIENT_REFERENCE_CONVENTION)


def _triple(values: np.ndarray) -> Triple:
    first, second, third = values.tolist()
    return first, second, third


class Located(ABC):
    """Position, direction and spacing of a grid of voxels; axes are (slice, row, column)."""

    _affine: FloatArray
    _coordinate_system: CoordinateSystemNames
    _frame_of_reference_uid: UID | None

    def _locate(
        self,
        affine: FloatArray,
        coordinate_system: CoordinateSystemNames,
        frame_of_reference_uid: str | None,
    ) -> None:
        self._affine = affine
        self._coordinate_system = coordinate_system
        self._frame_of_reference_uid = None if frame_of_reference_uid is None else UID(frame_of_reference_uid)

    @property
    @abstractmethod
    def spatial_shape(self) -> tuple[int, int, int]:
        """tuple[int, int, int]: Number of voxels along the three spatial axes."""

    @property
    def coordinate_system(self) -> CoordinateSystemNames:
        """CoordinateSystemNames: Coordinate system of positions."""
        return self._coordinate_system

    @property
    def frame_of_reference_uid(self) -> UID | None:
        """UID | None: Frame of reference of positions, where known."""
        return self._frame_of_reference_uid

    @property
    def affine(self) -> FloatArray:
        """numpy.ndarray: Matrix ``(4, 4)`` from (slice, row, column) to (x, y, z) in mm (LPS); a copy."""
        return self._affine.copy()

    @property
    def inverse_affine(self) -> FloatArray:
        """numpy.ndarray: Matrix ``(4, 4)`` from (x, y, z) to (slice, row, column)."""
        return cast(FloatArray, np.linalg.inv(self._affine))

    def get_affine(self, output_convention: PatientConvention | None) -> FloatArray:
        """Affine matrix to coordinates along other patient directions.

        Parameters
        ----------
        output_convention : str | Sequence | None
            Directions of x, y and z, such as ``"RAS"``; None for DICOM's own.
        """
        if output_convention is None:
            return self.affine
        self._require_patient()
        return convert_affine_to_convention(self._affine, LPS_PATIENT_REFERENCE_CONVENTION, output_convention)

    def _require_patient(self) -> None:
        if self._coordinate_system is not CoordinateSystemNames.PATIENT:
            raise GridError(
                "Volume is not defined in the patient coordinate system: it has no such directions."
            )

    @property
    def spacing(self) -> Triple:
        """tuple[float, float, float]: Spacing in mm along the three axes."""
        return _triple(np.linalg.norm(self._affine[:3, :3], axis=0))

    @property
    def spacing_between_slices(self) -> float:
        """float: Spacing in mm along the first axis."""
        return self.spacing[0]

    def spacing_along(self, direction: object) -> float:
        """Spacing in mm along the axis that runs most nearly along a direction ``(3,)`` in space, either way."""
        cosines = np.abs(as_vector(direction, "direction", 3) @ self.direction)
        return self.spacing[int(np.argmax(cosines))]

    @property
    def pixel_spacing(self) -> tuple[float, float]:
        """tuple[float, float]: Spacing in mm between rows, then between columns."""
        return self.spacing[1:]

    @property
    def position(self) -> Triple:
        """tuple[float, float, float]: Centre of the voxel (0, 0, 0)."""
        return _triple(self._affine[:3, 3])

    @property
    def direction(self) -> FloatArray:
        """numpy.ndarray: ``(3, 3)``, whose columns are the unit vectors of the axes."""
        return cast(FloatArray, self._affine[:3, :3] / np.linalg.norm(self._affine[:3, :3], axis=0))

    @property
    def direction_cosines(self) -> tuple[float, float, float, float, float, float]:
        """tuple[float, ...]: Six cosines of Image Orientation: of the rows, then of the columns."""
        axes = self.direction
        (a, b, c), (d, e, f) = _triple(axes[:, 2]), _triple(axes[:, 1])
        return a, b, c, d, e, f

    def spacing_vectors(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Steps ``(3,)`` in mm along the three axes."""
        first, second, third = self._affine[:3, :3].T.copy()
        return first, second, third

    def unit_vectors(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Unit vectors ``(3,)`` along the three axes."""
        first, second, third = self.direction.T.copy()
        return first, second, third

    @property
    def voxel_volume(self) -> float:
        """float: Volume of a voxel in cubic mm."""
        return float(np.prod(self.spacing))

    @property
    def physical_extent(self) -> Triple:
        """tuple[float, float, float]: Length of the sides in mm, outer edge to outer edge."""
        return _triple(np.array(self.spatial_shape) * self.spacing)

    @property
    def physical_volume(self) -> float:
        """float: Volume of all voxels in cubic mm."""
        return self.voxel_volume * float(np.prod(self.spatial_shape))

    @property
    def center_indices(self) -> Triple:
        """tuple[float, float, float]: Continuous indices of the centre."""
        return _triple((np.array(self.spatial_shape) - 1) / 2.0)

    @property
    def nearest_center_indices(self) -> tuple[int, int, int]:
        """tuple[int, int, int]: Indices of the voxel at the centre, rounded down."""
        first, second, third = ((size - 1) // 2 for size in self.spatial_shape)
        return first, second, third

    @property
    def center_position(self) -> Triple:
        """tuple[float, float, float]: Centre, (x, y, z) in mm."""
        return _triple(self.map_indices_to_reference(np.array([self.center_indices]))[0])

    @property
    def handedness(self) -> AxisHandedness:
        """AxisHandedness: Handedness of the three axes in space."""
        right = np.linalg.det(self._affine[:3, :3]) > 0
        return AxisHandedness.RIGHT_HANDED if right else AxisHandedness.LEFT_HANDED

    def map_indices_to_reference(self, indices: np.ndarray) -> FloatArray:
        """Map voxel indices to positions.

        Parameters
        ----------
        indices : numpy.ndarray
            ``(n, 3)``, (slice, row, column) from 0; fractions are allowed.

        Returns
        -------
        numpy.ndarray
            ``(n, 3)``, (x, y, z) in mm.
        """
        points = _points(indices, "indices")
        return points @ self._affine[:3, :3].T + self._affine[:3, 3]

    def map_reference_to_indices(
        self, coordinates: np.ndarray, round_output: bool = False, check_bounds: bool = False
    ) -> np.ndarray:
        """Map positions to voxel indices.

        Parameters
        ----------
        coordinates : numpy.ndarray
            ``(n, 3)``, (x, y, z) in mm.
        round_output : bool, optional
            Round to the nearest voxel (int64) instead of returning floats.
        check_bounds : bool, optional
            Refuse positions that lie in no voxel.

        Returns
        -------
        numpy.ndarray
            ``(n, 3)``, (slice, row, column) from 0.

        Raises
        ------
        GridError
            A ``ValueError`` and ``RuntimeError``: a position lies outside and `check_bounds` is set.
        """
        points = _points(coordinates, "coordinates")
        inverse = self.inverse_affine
        indices = points @ inverse[:3, :3].T + inverse[:3, 3]
        if check_bounds:
            require_inside(indices, self.spatial_shape)
        return np.around(indices).astype(np.int64) if round_output else indices

    def get_plane_position(self, plane_index: int) -> PlanePositionSequence:
        """Plane position of one plane along the first axis.

        Parameters
        ----------
        plane_index : int
            Index from 0.
        """
        if not 0 <= plane_index < self.spatial_shape[0]:
            raise ArgumentError(
                f"Invalid plane number: {plane_index}; planes are 0 to {self.spatial_shape[0] - 1}."
            )
        return self._plane_position(self._affine[:3, 3] + plane_index * self._affine[:3, 0])

    def get_plane_positions(self) -> list[PlanePositionSequence]:
        """Plane positions of all planes along the first axis."""
        return [self._plane_position(position) for position in self.plane_positions()]

    def plane_positions(self) -> FloatArray:
        """Positions ``(planes, 3)`` of the top left voxels of all planes along the first axis, in mm."""
        planes = np.arange(self.spatial_shape[0])[:, np.newaxis]
        return self._affine[:3, 3] + planes * self._affine[:3, 0]

    def _plane_position(self, position: FloatArray) -> PlanePositionSequence:
        # Each plane of a slide is its own total pixel matrix, which starts at column 1 and row 1.
        corner = (1, 1) if self._coordinate_system is CoordinateSystemNames.SLIDE else None
        return PlanePositionSequence(self._coordinate_system, position.tolist(), corner)

    def get_plane_orientation(self) -> PlaneOrientationSequence:
        """Plane orientation of all planes along the first axis."""
        return PlaneOrientationSequence(self._coordinate_system, self.direction_cosines)

    def get_pixel_measures(self) -> PixelMeasuresSequence:
        """Pixel measures of planes along the first axis; they are as thick as they are apart."""
        return PixelMeasuresSequence(
            self.pixel_spacing, self.spacing_between_slices, self.spacing_between_slices
        )

    def get_closest_patient_orientation(
        self,
    ) -> tuple[PatientOrientationValuesBiped, PatientOrientationValuesBiped, PatientOrientationValuesBiped]:
        """Patient directions that lie closest to the three axes.

        Raises
        ------
        GridError
            When the volume is not in the patient coordinate system.
        """
        self._require_patient()
        return get_closest_patient_orientation(self._affine)

    def geometry_equal(self, other: Volume | VolumeGeometry, tol: float | None = 1e-5) -> bool:
        """Whether two grids have the same voxels in the same places.

        Parameters
        ----------
        other : Volume | VolumeGeometry
            The other grid.
        tol : float | None, optional
            Largest difference between items of the affine matrices; None for exact equality.

        Returns
        -------
        bool
            False also where the frames of reference are known and differ.
        """
        if self.spatial_shape != other.spatial_shape or not same_space(self, other):
            return False
        if tol is None:
            return bool(np.array_equal(self._affine, other._affine))
        return bool(np.allclose(self._affine, other._affine, rtol=0.0, atol=tol))


def same_space(one: Located, other: Located) -> bool:
    """Whether positions of two grids can be compared: one coordinate system, no two frames of reference."""
    if one.coordinate_system is not other.coordinate_system:
        return False
    uids = {one.frame_of_reference_uid, other.frame_of_reference_uid} - {None}
    return len(uids) < 2


def require_inside(indices: FloatArray, shape: tuple[int, int, int]) -> None:
    """Refuse continuous indices ``(n, 3)`` that lie in no voxel."""
    outside = ((indices < -0.5) | (indices > np.array(shape) - 0.5)).any(axis=1)
    if outside.any():
        raise GridError(
            f"Bounds check failed: {int(outside.sum())} of {len(indices)} points lie outside the {shape} "
            "voxels."
        )


def _points(values: np.ndarray, name: str) -> np.ndarray:
    points = np.asarray(values)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ArgumentError(f'Argument "{name}" must be a two-dimensional array with shape [n, 3].')
    return points
