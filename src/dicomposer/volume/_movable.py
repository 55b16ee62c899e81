"""Operations that move voxels without resampling: reorder, flip, cut, pad, match.

All are composed of three that subclasses supply: ``__getitem__``, ``pad`` and ``permute_spatial_axes``. Those
return views wherever numpy can.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from dicomposer.enum import AxisHandedness, PadModes, PatientOrientationValuesBiped
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.spatial import (
    PATIENT_ORIENTATION_OPPOSITES,
    FloatArray,
    GridError,
    GridMatch,
    PatientConvention,
    as_patient_convention,
)

from ._located import Located, same_space
from ._match import decimation, moves
from ._padding import PadWidths, as_pad_widths

if TYPE_CHECKING:
    from ._geometry import VolumeGeometry
    from ._volume import Volume

__all__ = ["Movable", "SpatialIndex"]

SpatialIndex = int | slice | tuple[int | slice, ...]
_AXES = (0, 1, 2)


class Movable(Located):
    """A grid of voxels whose parts can be moved."""

    @abstractmethod
    def __getitem__(self, index: SpatialIndex) -> Self:
        """Part of the grid; integers keep their axis, with size 1."""

    @abstractmethod
    def pad(
        self,
        pad_width: int | Sequence[int] | Sequence[Sequence[int]],
        *,
        mode: PadModes | str = PadModes.CONSTANT,
        constant_value: float = 0.0,
        per_channel: bool = False,
    ) -> Self:
        """Grid with voxels added around it."""

    @abstractmethod
    def permute_spatial_axes(self, indices: Sequence[int]) -> Self:
        """Grid with its spatial axes in another order."""

    def _slices(self, index: SpatialIndex) -> tuple[tuple[slice, slice, slice], FloatArray]:
        """Slices of the three axes, and the affine matrix of what they select."""
        items = index if isinstance(index, tuple) else (index,)
        if len(items) > 3:
            raise IndexError(
                f"Too many indices: {len(items)} for the 3 spatial axes; channels are not indexed."
            )
        items += (slice(None),) * (3 - len(items))
        affine = self._affine.copy()
        parts = []
        for axis, (item, size) in enumerate(zip(items, self.spatial_shape, strict=True)):
            places = _range(item, axis, size)
            affine[:3, 3] += self._affine[:3, axis] * places.start
            affine[:3, axis] *= places.step
            # A backwards slice down to 0 has no end that can be written as a number.
            stop = places.stop if places.stop >= 0 else None
            parts.append(slice(places.start, stop, places.step))
        return (parts[0], parts[1], parts[2]), affine

    def _padded(
        self, pad_width: int | Sequence[int] | Sequence[Sequence[int]]
    ) -> tuple[PadWidths, FloatArray]:
        """Widths of each axis, and the affine matrix after padding."""
        widths = as_pad_widths(pad_width)
        affine = self._affine.copy()
        affine[:3, 3] -= self._affine[:3, :3] @ np.array([before for before, _ in widths], dtype=np.float64)
        return widths, affine

    def _permuted(self, indices: Sequence[int]) -> tuple[tuple[int, int, int], FloatArray]:
        """Order of the axes, and the affine matrix in that order."""
        if sorted(indices) != [0, 1, 2]:
            raise ArgumentError('Argument "indices" must consist of the values 0, 1, and 2 in some order.')
        first, second, third = (int(index) for index in indices)
        affine = self._affine.copy()
        affine[:3, :3] = self._affine[:3, [first, second, third]]
        return (first, second, third), affine

    def swap_spatial_axes(self, axis_1: int, axis_2: int) -> Self:
        """Swap two spatial axes (0, 1 or 2)."""
        if axis_1 not in _AXES or axis_2 not in _AXES:
            raise ArgumentError("Axis values must be one of 0, 1 or 2.")
        if axis_1 == axis_2:
            raise ArgumentError("Arguments 'axis_1' and 'axis_2' must be different.")
        order = [0, 1, 2]
        order[axis_1], order[axis_2] = axis_2, axis_1
        return self.permute_spatial_axes(order)

    def flip_spatial(self, axes: int | Sequence[int]) -> Self:
        """Reverse spatial axes; the voxels stay where they are in space.

        Parameters
        ----------
        axes : int | Sequence[int]
            Axes to reverse: 0, 1 and/or 2.
        """
        chosen = {int(axis) for axis in ([axes] if isinstance(axes, int | np.integer) else axes)}
        if not chosen <= set(_AXES):
            raise ArgumentError('Argument "axes" must contain only values 0, 1, and/or 2.')
        if not chosen:
            return self
        first, second, third = (slice(None, None, -1 if axis in chosen else 1) for axis in _AXES)
        return self[first, second, third]

    def random_permute_spatial_axes(self, axes: Sequence[int] = (0, 1, 2)) -> Self:
        """Permute spatial axes at random (numpy's global random state).

        Parameters
        ----------
        axes : Sequence[int], optional
            Two or three axes among which to permute; others keep their place.
        """
        if len(axes) not in (2, 3):
            raise ArgumentError("Argument 'axes' must contain 2 or 3 items.")
        _require_axes(axes)
        order = [0, 1, 2]
        # Callers make this reproducible with numpy.random.seed: the signature leaves no other way.
        for place, axis in zip(axes, np.random.permutation(list(axes)).tolist(), strict=True):  # noqa: NPY002
            order[place] = axis
        return self.permute_spatial_axes(order)

    def random_flip_spatial(self, axes: Sequence[int] = (0, 1, 2)) -> Self:
        """Reverse each of the spatial `axes` with probability one half (numpy's global random state)."""
        _require_axes(axes)
        return self.flip_spatial([axis for axis in axes if np.random.randint(2)])  # noqa: NPY002

    def random_spatial_crop(self, spatial_shape: Sequence[int]) -> Self:
        """Cut out a part of the given shape at random (numpy's global random state)."""
        shape = _shape(spatial_shape)
        if any(size > room for size, room in zip(shape, self.spatial_shape, strict=True)):
            raise ArgumentError("Crop shape is larger than volume in at least one dimension.")
        starts = [
            int(np.random.randint(room - size + 1))  # noqa: NPY002
            for size, room in zip(shape, self.spatial_shape, strict=True)
        ]
        first, second, third = (slice(start, start + size) for start, size in zip(starts, shape, strict=True))
        return self[first, second, third]

    def ensure_handedness(
        self,
        handedness: AxisHandedness | str,
        *,
        flip_axis: int | None = None,
        swap_axes: Sequence[int] | None = None,
    ) -> Self:
        """Give the axes a handedness, by a flip or a swap where needed.

        Parameters
        ----------
        handedness : AxisHandedness | str
            Handedness to have.
        flip_axis : int, optional
            Axis to reverse if needed. Either this or `swap_axes`.
        swap_axes : Sequence[int], optional
            Two axes to swap if needed.
        """
        if (flip_axis is None) == (swap_axes is None):
            raise ArgumentTypeError("Exactly one of either 'flip_axis' or 'swap_axes' must be specified.")
        if swap_axes is not None and len(swap_axes) != 2:
            raise ArgumentError("Argument 'swap_axes' must have length 2.")
        try:
            wanted = AxisHandedness(handedness)
        except ValueError as error:
            raise ArgumentError(str(error)) from None
        if self.handedness is wanted:
            return self
        if swap_axes is not None:
            return self.swap_spatial_axes(swap_axes[0], swap_axes[1])
        return self.flip_spatial(flip_axis if flip_axis is not None else ())

    def to_patient_orientation(self, patient_orientation: PatientConvention) -> Self:
        """Reorder and reverse axes so that they run as closely as possible along named patient directions.

        Parameters
        ----------
        patient_orientation : str | Sequence
            Directions of the three axes, such as ``"FPL"``.

        Raises
        ------
        GridError
            When the volume is not in the patient coordinate system.
        """
        wanted = as_patient_convention(patient_orientation)
        present: tuple[PatientOrientationValuesBiped, ...] = self.get_closest_patient_orientation()
        order, flips = [], []
        for place, direction in enumerate(wanted):
            opposite = PATIENT_ORIENTATION_OPPOSITES[direction]
            order.append(present.index(direction if direction in present else opposite))
            if direction not in present:
                flips.append(place)
        return self.permute_spatial_axes(order).flip_spatial(flips)

    def match_orientation(self, other: Volume | VolumeGeometry) -> Self:
        """Reorder and reverse axes so that they run as closely as possible along those of another volume.

        Parameters
        ----------
        other : Volume | VolumeGeometry
            Volume in the patient coordinate system.
        """
        self._require_patient()
        return self.to_patient_orientation(other.get_closest_patient_orientation())

    def pad_to_spatial_shape(
        self,
        spatial_shape: Sequence[int],
        *,
        mode: PadModes = PadModes.CONSTANT,
        constant_value: float = 0.0,
        per_channel: bool = False,
    ) -> Self:
        """Pad on both sides to a shape no smaller than the present one; see :meth:`pad`.

        An odd number of voxels puts one more at the end.
        """
        shape = _shape(spatial_shape)
        extra = [size - room for size, room in zip(shape, self.spatial_shape, strict=True)]
        if min(extra) < 0:
            raise ArgumentError("Shape is smaller than existing shape along at least one axis.")
        widths = [(more // 2, more - more // 2) for more in extra]
        return self.pad(widths, mode=mode, constant_value=constant_value, per_channel=per_channel)

    def crop_to_spatial_shape(self, spatial_shape: Sequence[int]) -> Self:
        """Cut out the middle, of a shape no larger than the present one."""
        shape = _shape(spatial_shape)
        if any(size > room for size, room in zip(shape, self.spatial_shape, strict=True)):
            raise ArgumentError("Shape is larger than existing shape along at least one axis.")
        first, second, third = (
            slice((room - size) // 2, (room - size) // 2 + size)
            for size, room in zip(shape, self.spatial_shape, strict=True)
        )
        return self[first, second, third]

    def pad_or_crop_to_spatial_shape(
        self,
        spatial_shape: Sequence[int],
        *,
        mode: PadModes = PadModes.CONSTANT,
        constant_value: float = 0.0,
        per_channel: bool = False,
    ) -> Self:
        """Pad and cut out the middle to reach a shape; see the two methods of that name."""
        shape = _shape(spatial_shape)
        smaller = [min(size, room) for size, room in zip(shape, self.spatial_shape, strict=True)]
        return self.crop_to_spatial_shape(smaller).pad_to_spatial_shape(
            shape, mode=mode, constant_value=constant_value, per_channel=per_channel
        )

    def match_geometry(
        self,
        other: Volume | VolumeGeometry,
        *,
        mode: PadModes = PadModes.CONSTANT,
        constant_value: float = 0.0,
        per_channel: bool = False,
        tol: float = 1e-5,
    ) -> Self:
        """Permute, flip, pad and crop to have the voxels of another volume, without resampling.

        Every voxel of the result is a voxel of this volume or padding. Where the other volume's spacing is a
        whole multiple of this one's, voxels are left out.

        Parameters
        ----------
        other : Volume | VolumeGeometry
            Volume whose voxels to have.
        mode, constant_value, per_channel
            How to pad; see :meth:`pad`.
        tol : float, optional
            Largest deviation of a step or of the start from whole voxels, in voxels.

        Raises
        ------
        GridError
            A ``ValueError`` and ``RuntimeError``: the volumes cannot be matched; says in figures why not.
        """
        if not same_space(self, other):
            raise GridError(
                "Volumes do not exist in the same coordinate system or frame of reference: their positions "
                "cannot be compared."
            )
        thinned = self[decimation(self, other, tol)]
        match = moves(thinned, other, step_tol=tol)
        moved = thinned._moved(match)
        source, target = match.overlap
        widths = [
            (part.start, room - part.stop) for part, room in zip(target, match.target_shape, strict=True)
        ]
        apart = any(part.start == part.stop for part in target)
        if apart or PadModes(mode) not in (PadModes.CONSTANT, PadModes.EDGE):
            # Nothing would be left to pad; or what is cut off belongs to the statistics that are padded with.
            return moved._padded_then_cut(match, mode, constant_value, per_channel)
        return moved[source].pad(widths, mode=mode, constant_value=constant_value, per_channel=per_channel)

    def _moved(self, match: GridMatch) -> Self:
        flips = [axis for axis in _AXES if match.flips[axis]]
        return self.permute_spatial_axes(match.permutation).flip_spatial(flips)

    def _padded_then_cut(
        self, match: GridMatch, mode: PadModes, constant_value: Any, per_channel: bool
    ) -> Self:
        """Moved grid, padded until it reaches around the target, then cut to it."""
        widths, cut = [], []
        for offset, size, room in zip(match.offsets, match.source_shape, match.target_shape, strict=True):
            before, after = max(offset, 0), max(room - offset - size, 0)
            widths.append((before, after))
            start = max(-offset, 0)
            cut.append(slice(start, start + room))
        padded = self.pad(widths, mode=mode, constant_value=constant_value, per_channel=per_channel)
        return padded[cut[0], cut[1], cut[2]]


def _range(item: Any, axis: int, size: int) -> range:
    """Indices that an integer or slice selects from an axis; never empty."""
    if isinstance(item, int | np.integer):
        if not -size <= item < size:
            raise IndexError(f"Index {item} is out of bounds for axis {axis} with size {size}.")
        start = int(item) % size
        return range(start, start + 1)
    if not isinstance(item, slice):
        raise ArgumentTypeError(f'Items within "index" must be ints, or slices. Got {type(item)}.')
    places = range(*item.indices(size))
    if not len(places):
        raise IndexError(f"Indexing would result in an empty array along axis {axis} with size {size}.")
    return places


def _require_axes(axes: Sequence[int]) -> None:
    if not set(axes) <= set(_AXES):
        raise ArgumentError("Argument 'axes' should contain only 0, 1, and 2.")
    if len(set(axes)) != len(axes):
        raise ArgumentError("Argument 'axes' should contain unique values.")


def _shape(spatial_shape: Sequence[int]) -> tuple[int, int, int]:
    if len(spatial_shape) != 3:
        raise ArgumentError("Argument 'spatial_shape' must have length 3.")
    first, second, third = (int(size) for size in spatial_shape)
    if min(first, second, third) < 1:
        raise IndexError("Indexing would result in an empty array: 'spatial_shape' must be positive.")
    return first, second, third
