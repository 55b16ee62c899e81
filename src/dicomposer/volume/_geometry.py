"""Grids of voxels without voxels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from dicomposer.enum import CoordinateSystemNames, PadModes
from dicomposer.errors import ArgumentError
from dicomposer.spatial import (
    VOLUME_INDEX_CONVENTION,
    FloatArray,
    PatientConvention,
    PlaneStack,
    create_affine_matrix_from_attributes,
    create_affine_matrix_from_components,
)

from ._channels import ChannelIdentifier, ChannelValue
from ._located import as_coordinate_system, reference_affine
from ._movable import Movable, SpatialIndex

if TYPE_CHECKING:
    from ._volume import Volume

__all__ = ["VolumeGeometry", "attributes_affine", "components_affine"]


def attributes_affine(
    image_position: Sequence[float],
    image_orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    spacing_between_slices: float,
) -> FloatArray:
    """Affine matrix from (slice, row, column) of a right-handed stack that begins with the given plane."""
    return create_affine_matrix_from_attributes(
        image_position,
        image_orientation,
        pixel_spacing,
        spacing_between_slices,
        VOLUME_INDEX_CONVENTION,
        slices_first=True,
    )


def components_affine(
    coordinate_system: CoordinateSystemNames | str,
    patient_orientation: PatientConvention | None,
    **components: Any,
) -> FloatArray:
    """Affine matrix from components; patient directions exist in the patient coordinate system only."""
    in_patient = as_coordinate_system(coordinate_system) is CoordinateSystemNames.PATIENT
    if patient_orientation is not None and not in_patient:
        raise ArgumentError(
            "Argument 'patient_orientation' should be provided only for volumes in the patient coordinate "
            "system."
        )
    return create_affine_matrix_from_components(patient_orientation=patient_orientation, **components)


class VolumeGeometry(Movable):
    """Shape and place of a regular grid of voxels, without their values.

    Axes are (slice, row, column). Objects are never changed: operations return new ones.
    """

    def __init__(
        self,
        affine: np.ndarray,
        spatial_shape: Sequence[int],
        coordinate_system: CoordinateSystemNames | str,
        frame_of_reference_uid: str | None = None,
        from_reference_convention: PatientConvention | None = None,
    ) -> None:
        """Construct the geometry.

        Parameters
        ----------
        affine : numpy.ndarray
            ``(4, 4)`` matrix from (slice, row, column) to (x, y, z) in mm; its axes are orthogonal.
        spatial_shape : Sequence[int]
            Number of voxels along the three axes.
        coordinate_system : CoordinateSystemNames | str
            ``"PATIENT"`` or ``"SLIDE"``.
        frame_of_reference_uid : str, optional
            Frame of reference, where known.
        from_reference_convention : str | Sequence, optional
            Directions of x, y and z of the affine where they are not LPS, such as ``"RAS"`` for NIfTI.

        Raises
        ------
        ValueError
            When the affine is not one of a grid, or the shape is not three positive numbers.
        TypeError
            When a reference convention is given for a slide.
        """
        if len(spatial_shape) != 3:
            raise ArgumentError("Argument 'spatial_shape' must have length 3.")
        first, second, third = (int(size) for size in spatial_shape)
        if min(first, second, third) < 1 or tuple(spatial_shape) != (first, second, third):
            raise ArgumentError(
                f"Argument 'spatial_shape' must hold positive whole numbers, not {spatial_shape}."
            )
        system = as_coordinate_system(coordinate_system)
        self._locate(
            reference_affine(affine, system, from_reference_convention), system, frame_of_reference_uid
        )
        self._spatial_shape = (first, second, third)

    @classmethod
    def from_attributes(  # noqa: PLR0913
        cls,
        *,
        image_position: Sequence[float],
        image_orientation: Sequence[float],
        rows: int,
        columns: int,
        pixel_spacing: Sequence[float],
        spacing_between_slices: float,
        number_of_frames: int,
        coordinate_system: CoordinateSystemNames | str,
        frame_of_reference_uid: str | None = None,
    ) -> Self:
        """Construct the geometry from attributes of the first plane of a right-handed stack.

        Parameters
        ----------
        image_position, image_orientation, pixel_spacing : Sequence[float]
            Attributes of the first plane.
        rows, columns : int
            Size of a plane.
        spacing_between_slices : float
            Distance in mm between planes.
        number_of_frames : int
            Number of planes.
        coordinate_system : CoordinateSystemNames | str
            ``"PATIENT"`` or ``"SLIDE"``.
        frame_of_reference_uid : str, optional
            Frame of reference, where known.
        """
        affine = attributes_affine(image_position, image_orientation, pixel_spacing, spacing_between_slices)
        return cls(affine, (number_of_frames, rows, columns), coordinate_system, frame_of_reference_uid)

    @classmethod
    def from_components(  # noqa: PLR0913
        cls,
        spatial_shape: Sequence[int],
        *,
        spacing: Sequence[float] | float,
        coordinate_system: CoordinateSystemNames | str,
        position: Sequence[float] | None = None,
        center_position: Sequence[float] | None = None,
        direction: Sequence[float] | None = None,
        patient_orientation: PatientConvention | None = None,
        frame_of_reference_uid: str | None = None,
        from_reference_convention: PatientConvention | None = None,
    ) -> Self:
        """Construct the geometry from components of its affine matrix.

        Parameters are those of :func:`~dicomposer.spatial.create_affine_matrix_from_components` and of the
        constructor.
        """
        affine = components_affine(
            coordinate_system,
            patient_orientation,
            spacing=spacing,
            position=position,
            center_position=center_position,
            direction=direction,
            spatial_shape=spatial_shape,
        )
        return cls(
            affine, spatial_shape, coordinate_system, frame_of_reference_uid, from_reference_convention
        )

    @classmethod
    def from_stack(
        cls,
        stack: PlaneStack,
        *,
        rows: int,
        columns: int,
        pixel_spacing: Sequence[float] | None = None,
        coordinate_system: CoordinateSystemNames | str = CoordinateSystemNames.PATIENT,
        frame_of_reference_uid: str | None = None,
        allow_missing: bool = False,
    ) -> Self:
        """Construct the geometry of a regular stack of planes; ``stack.slots`` says which plane lies where.

        Parameters
        ----------
        stack : PlaneStack
            Planes in any order.
        rows, columns : int
            Size of a plane.
        pixel_spacing : Sequence[float], optional
            Spacing in mm between rows and columns; that of the stack by default.
        coordinate_system, frame_of_reference_uid
            As in the constructor.
        allow_missing : bool, optional
            Accept gaps; the grid covers them.

        Raises
        ------
        GeometryError
            When the planes do not fill a regular grid, or a single plane has no spacing.
        """
        spacing = stack.require_regular(allow_missing=allow_missing)
        pixels = pixel_spacing or stack.pixel_spacing
        if pixels is None:
            raise ArgumentError("The stack of planes has no pixel spacing: pass 'pixel_spacing'.")
        affine = attributes_affine(stack.origin.tolist(), stack.orientation.tolist(), pixels, 1.0)
        # A single plane has a thickness only by convention.
        affine[:3, 0] = stack.normal * (1.0 if spacing is None else spacing)
        count = int(stack.slots.max()) + 1 if stack.slots is not None else len(stack)
        return cls(affine, (count, rows, columns), coordinate_system, frame_of_reference_uid)

    def _with(self, affine: FloatArray, spatial_shape: tuple[int, int, int]) -> Self:
        """Geometry in the same space; nothing needs to be checked again."""
        new = type(self).__new__(type(self))
        new._locate(affine, self._coordinate_system, self._frame_of_reference_uid)
        new._spatial_shape = spatial_shape
        return new

    def copy(self) -> Self:
        """Copy of the geometry."""
        return self._with(self._affine.copy(), self._spatial_shape)

    @property
    def spatial_shape(self) -> tuple[int, int, int]:
        """tuple[int, int, int]: Number of voxels along the three axes."""
        return self._spatial_shape

    @property
    def shape(self) -> tuple[int, ...]:
        """tuple[int, ...]: The spatial shape: a geometry has no channels."""
        return self._spatial_shape

    @property
    def ndim(self) -> int:
        """int: 3, the number of axes."""
        return 3

    def __getitem__(self, index: SpatialIndex) -> Self:
        """Part of the grid.

        Parameters
        ----------
        index : int | slice | tuple[int | slice, ...]
            As for an array of three axes; integers keep their axis, with size 1.
        """
        parts, affine = self._slices(index)
        first, second, third = (
            len(range(*part.indices(size))) for part, size in zip(parts, self._spatial_shape, strict=True)
        )
        return self._with(affine, (first, second, third))

    def pad(
        self,
        pad_width: int | Sequence[int] | Sequence[Sequence[int]],
        *,
        mode: PadModes | str = PadModes.CONSTANT,
        constant_value: float = 0.0,
        per_channel: bool = False,
    ) -> Self:
        """Geometry with voxels added around it.

        Parameters
        ----------
        pad_width : int | Sequence[int] | Sequence[Sequence[int]]
            A number for all sides; [before, after] for all axes; or for each axis [width] or [before, after].
        mode, constant_value, per_channel
            Without meaning for a geometry; there for the sake of :meth:`Volume.pad`.
        """
        widths, affine = self._padded(pad_width)
        first, second, third = (
            size + before + after for size, (before, after) in zip(self._spatial_shape, widths, strict=True)
        )
        return self._with(affine, (first, second, third))

    def permute_spatial_axes(self, indices: Sequence[int]) -> Self:
        """Geometry with its axes in another order.

        Parameters
        ----------
        indices : Sequence[int]
            Present axis that becomes each axis: 0, 1 and 2 in some order.
        """
        order, affine = self._permuted(indices)
        first, second, third = (self._spatial_shape[axis] for axis in order)
        return self._with(affine, (first, second, third))

    def with_array(
        self,
        array: np.ndarray,
        channels: Mapping[ChannelIdentifier, Sequence[ChannelValue]] | None = None,
    ) -> Volume:
        """Volume of this geometry.

        Parameters
        ----------
        array : numpy.ndarray
            ``(slices, rows, columns, ...)``; it is not copied.
        channels : Mapping, optional
            Meaning of axes beyond the third; see :class:`Volume`.
        """
        from ._volume import Volume  # a volume is built from a geometry, and the other way round

        if array.shape[:3] != self._spatial_shape:
            raise ArgumentError(
                f"Array must match the spatial shape of the geometry, {self._spatial_shape}; its shape is "
                f"{array.shape}."
            )
        return Volume(array, self._affine, self._coordinate_system, self._frame_of_reference_uid, channels)

    def __repr__(self) -> str:
        spacing = ", ".join(f"{value:.6g}" for value in self.spacing)
        return f"<{type(self).__name__} of {self.spatial_shape} voxels, {spacing} mm apart>"
