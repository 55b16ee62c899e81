"""Voxels with their place in space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from dicomposer.enum import CoordinateSystemNames, NiBabelImageClasses, PadModes
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.spatial import FloatArray, PatientConvention

from . import _exchange
from ._channels import ChannelDescriptor, ChannelIdentifier, Channels, ChannelValue, as_channels
from ._geometry import VolumeGeometry, attributes_affine, components_affine
from ._located import as_coordinate_system, reference_affine
from ._movable import Movable, SpatialIndex
from ._padding import pad_array

if TYPE_CHECKING:
    import itk
    import nibabel
    import SimpleITK

__all__ = ["Volume"]

ChannelMapping = Mapping[ChannelIdentifier, Sequence[ChannelValue]]


class Volume(Movable):
    """An array of voxels on a regular grid in space.

    Its first three axes are (slice, row, column); each further axis is a channel, with a meaning and values.
    Operations return new volumes; those that only move voxels share memory with this one where numpy can.
    """

    def __init__(
        self,
        array: np.ndarray,
        affine: np.ndarray,
        coordinate_system: CoordinateSystemNames | str,
        frame_of_reference_uid: str | None = None,
        channels: ChannelMapping | None = None,
        from_reference_convention: PatientConvention | None = None,
    ) -> None:
        """Construct the volume.

        Parameters
        ----------
        array : numpy.ndarray
            ``(slices, rows, columns, ...)`` of any dtype; it is not copied.
        affine : numpy.ndarray
            ``(4, 4)`` matrix from (slice, row, column) to (x, y, z) in mm; its axes are orthogonal.
        coordinate_system : CoordinateSystemNames | str
            ``"PATIENT"`` or ``"SLIDE"``.
        frame_of_reference_uid : str, optional
            Frame of reference, where known.
        channels : Mapping, optional
            For each axis beyond the third, in order, its descriptor (or keyword, or tag) and its values.
        from_reference_convention : str | Sequence, optional
            Directions of x, y and z of the affine where they are not LPS, such as ``"RAS"`` for NIfTI.

        Raises
        ------
        ValueError
            When array, affine and channels do not fit each other.
        TypeError
            When a channel's value is of the wrong type, or a reference convention is given for a slide.
        """
        if not isinstance(array, np.ndarray):
            raise ArgumentTypeError("Argument 'array' must be a numpy array.")
        if array.ndim < 3:
            raise ArgumentError("Argument 'array' must be at least three dimensional.")
        if array.size == 0:
            raise ArgumentError(f"Argument 'array' has no voxels: its shape is {array.shape}.")
        system = as_coordinate_system(coordinate_system)
        self._locate(
            reference_affine(affine, system, from_reference_convention), system, frame_of_reference_uid
        )
        self._array = array
        self._channels: Channels = as_channels(channels, array.shape[3:])

    @classmethod
    def from_attributes(  # noqa: PLR0913
        cls,
        *,
        array: np.ndarray,
        image_position: Sequence[float],
        image_orientation: Sequence[float],
        pixel_spacing: Sequence[float],
        spacing_between_slices: float,
        coordinate_system: CoordinateSystemNames | str,
        frame_of_reference_uid: str | None = None,
        channels: ChannelMapping | None = None,
    ) -> Self:
        """Construct the volume from attributes of the first plane of a right-handed stack.

        Parameters are those of :meth:`VolumeGeometry.from_attributes` and of the constructor.
        """
        affine = attributes_affine(image_position, image_orientation, pixel_spacing, spacing_between_slices)
        return cls(array, affine, coordinate_system, frame_of_reference_uid, channels)

    @classmethod
    def from_components(  # noqa: PLR0913
        cls,
        array: np.ndarray,
        *,
        spacing: Sequence[float] | float,
        coordinate_system: CoordinateSystemNames | str,
        position: Sequence[float] | None = None,
        center_position: Sequence[float] | None = None,
        direction: Sequence[float] | None = None,
        patient_orientation: PatientConvention | None = None,
        frame_of_reference_uid: str | None = None,
        channels: ChannelMapping | None = None,
        from_reference_convention: PatientConvention | None = None,
    ) -> Self:
        """Construct the volume from components of its affine matrix.

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
            spatial_shape=array.shape[:3],
        )
        return cls(
            array, affine, coordinate_system, frame_of_reference_uid, channels, from_reference_convention
        )

    def _with(
        self, array: np.ndarray, *, affine: FloatArray | None = None, channels: Channels | None = None
    ) -> Self:
        """Volume in the same space; nothing needs to be checked again."""
        new = type(self).__new__(type(self))
        new._locate(
            self._affine.copy() if affine is None else affine,
            self._coordinate_system,
            self._frame_of_reference_uid,
        )
        new._array = array
        kept = self._channels if channels is None else channels
        new._channels = {descriptor: list(values) for descriptor, values in kept.items()}
        return new

    def get_geometry(self) -> VolumeGeometry:
        """Geometry of the volume."""
        return VolumeGeometry(
            self._affine, self.spatial_shape, self._coordinate_system, self._frame_of_reference_uid
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """numpy.dtype: Type of the voxels."""
        return self._array.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """tuple[int, ...]: Shape of the array, channels included."""
        return self._array.shape

    @property
    def spatial_shape(self) -> tuple[int, int, int]:
        """tuple[int, int, int]: Number of voxels along the three spatial axes."""
        first, second, third = self._array.shape[:3]
        return first, second, third

    @property
    def ndim(self) -> int:
        """int: Number of axes, channels included."""
        return self._array.ndim

    @property
    def number_of_channel_dimensions(self) -> int:
        """int: Number of channel axes."""
        return self._array.ndim - 3

    @property
    def channel_shape(self) -> tuple[int, ...]:
        """tuple[int, ...]: Sizes of the channel axes."""
        return self._array.shape[3:]

    @property
    def channel_descriptors(self) -> tuple[ChannelDescriptor, ...]:
        """tuple[ChannelDescriptor, ...]: What varies along each channel axis."""
        return tuple(self._channels)

    @property
    def array(self) -> np.ndarray:
        """numpy.ndarray: The voxels; may be replaced by an array of the same shape."""
        return self._array

    @array.setter
    def array(self, value: np.ndarray) -> None:
        if value.shape != self._array.shape:
            raise ArgumentError(
                f"Array must match the shape of the existing array, {self._array.shape}, not {value.shape}."
            )
        self._array = value

    def astype(self, dtype: type) -> Self:
        """Volume with voxels of another type.

        Raises
        ------
        ValueError
            When values lie outside of the range of an integer type, and would wrap around.
        """
        target = np.dtype(dtype)
        if target.kind in "ui" and not np.can_cast(self.dtype, target):
            limits, low, high = np.iinfo(target.str), self._array.min(), self._array.max()
            # Written so that NaN fails too.
            if not (low >= limits.min and high <= limits.max):
                raise ArgumentError(
                    f"Values from {low} to {high} do not fit {target}, which goes from {limits.min} to "
                    f"{limits.max}."
                )
        return self._with(self._array.astype(target))

    def copy(self) -> Self:
        """Copy of the volume, voxels included."""
        return self._with(self._array.copy())

    def with_array(self, array: np.ndarray, channels: ChannelMapping | None = None) -> Self:
        """Volume with other voxels in the same place.

        Parameters
        ----------
        array : numpy.ndarray
            ``(slices, rows, columns, ...)`` of the same spatial shape; it is not copied.
        channels : Mapping, optional
            Channels of the new array; by default those of this volume, or none for an array of three axes.
        """
        if array.shape[:3] != self.spatial_shape:
            raise ArgumentError(
                f"Array must match the spatial shape of the existing array, {self.spatial_shape}; its shape "
                f"is {array.shape}."
            )
        if channels is None and array.ndim == 3:
            channels = {}
        if channels is None:
            if array.shape != self.shape:
                raise ArgumentError(
                    f"Array must match the shape of the existing array, {self.shape}, not {array.shape}; "
                    "pass 'channels' where they differ."
                )
            return self._with(array)
        return self._with(array, channels=as_channels(channels, array.shape[3:]))

    def __getitem__(self, index: SpatialIndex) -> Self:
        """Part of the volume: a view.

        Parameters
        ----------
        index : int | slice | tuple[int | slice, ...]
            Of the spatial axes; integers keep their axis, with size 1.
        """
        parts, affine = self._slices(index)
        return self._with(self._array[parts], affine=affine)

    def pad(
        self,
        pad_width: int | Sequence[int] | Sequence[Sequence[int]],
        *,
        mode: PadModes | str = PadModes.CONSTANT,
        constant_value: float = 0.0,
        per_channel: bool = False,
    ) -> Self:
        """Volume with voxels added around it.

        Parameters
        ----------
        pad_width : int | Sequence[int] | Sequence[Sequence[int]]
            A number for all sides; [before, after] for all axes; or for each axis [width] or [before, after].
        mode : PadModes | str, optional
            What to pad with: a constant, the nearest voxel, or a statistic of all voxels.
        constant_value : float | Sequence[float], optional
            The constant; with `per_channel` one for each channel.
        per_channel : bool, optional
            Use the statistic of each channel by itself.
        """
        try:
            chosen = PadModes(mode.upper() if isinstance(mode, str) else mode)
        except ValueError as error:
            raise ArgumentError(str(error)) from None
        widths, affine = self._padded(pad_width)
        padded = pad_array(self._array, widths, chosen, constant_value, per_channel)
        return self._with(padded, affine=affine)

    def permute_spatial_axes(self, indices: Sequence[int]) -> Self:
        """Volume with its spatial axes in another order: a view.

        Parameters
        ----------
        indices : Sequence[int]
            Present axis that becomes each axis: 0, 1 and 2 in some order.
        """
        order, affine = self._permuted(indices)
        return self._with(self._array.transpose((*order, *range(3, self.ndim))), affine=affine)

    def permute_channel_axes_by_index(self, indices: Sequence[int]) -> Self:
        """Volume with its channel axes in another order: a view.

        Parameters
        ----------
        indices : Sequence[int]
            Present channel axis, from 0, that becomes each channel axis.
        """
        if len(set(indices)) != len(indices):
            raise ArgumentError("Set of channel indices must not contain duplicates.")
        if set(indices) != set(range(self.number_of_channel_dimensions)):
            raise ArgumentError("Set of channel indices must match exactly those present in the volume.")
        pairs = list(self._channels.items())
        array = self._array.transpose((0, 1, 2, *(index + 3 for index in indices)))
        return self._with(array, channels=dict(pairs[index] for index in indices))

    def permute_channel_axes(self, channel_identifiers: Sequence[ChannelIdentifier]) -> Self:
        """Volume with its channel axes in another order: a view.

        Parameters
        ----------
        channel_identifiers : Sequence
            Identifiers of all channels in the order to have.
        """
        present = list(self._channels)
        indices = [self._channel_axis(identifier) for identifier in channel_identifiers]
        if sorted(indices) != list(range(len(present))):
            raise ArgumentError("Set of channel identifiers must match exactly those present in the volume.")
        return self.permute_channel_axes_by_index(indices)

    def _channel_axis(self, identifier: ChannelIdentifier) -> int:
        """Number, from 0, of a channel axis, by descriptor, keyword (custom ones too) or tag."""
        for axis, descriptor in enumerate(self._channels):
            same_tag = descriptor.tag is not None and descriptor.tag == identifier
            if identifier == descriptor or identifier == descriptor.keyword or same_tag:
                return axis
        raise ArgumentError(f"No channel identifier with keyword '{identifier}' found in volume.")

    def get_channel_values(
        self, channel_identifier: int | str | ChannelDescriptor
    ) -> list[str | int | float | Enum]:
        """Values along a channel axis, as a new list."""
        return list(list(self._channels.values())[self._channel_axis(channel_identifier)])

    def get_channel(self, *, keepdims: bool = False, **kwargs: ChannelValue) -> Self:
        """Volume of one channel along one or more channel axes: a view.

        Parameters
        ----------
        keepdims : bool, optional
            Keep the channel axes, with size 1.
        **kwargs
            Keyword of a channel = value to choose.
        """
        array, channels = self._array, dict(self._channels)
        index: list[int | slice] = [slice(None)] * self.ndim
        for keyword, chosen in kwargs.items():
            axis = self._channel_axis(keyword)
            descriptor = list(self._channels)[axis]
            value: Any = chosen
            if descriptor.is_enumerated and not isinstance(chosen, descriptor.value_type):
                value = descriptor.value_type(chosen)
            if not isinstance(value, descriptor.value_type):
                raise ArgumentTypeError(
                    f"Value for argument '{keyword}' must be of type '{descriptor.value_type}'."
                )
            values = channels[descriptor]
            if value not in values:
                raise ArgumentError(f"Channel {keyword} has no such value; it has {values[:10]}.")
            place = values.index(value)
            if keepdims:
                index[axis + 3] = slice(place, place + 1)
                channels[descriptor] = [value]
            else:
                index[axis + 3] = place
                del channels[descriptor]
        return self._with(array[tuple(index)], channels=channels)

    def squeeze_channel(self, channel_descriptors: Sequence[ChannelIdentifier] | None = None) -> Self:
        """Volume without channel axes of size 1: a view.

        Parameters
        ----------
        channel_descriptors : Sequence, optional
            Identifiers of the axes to remove, which must be of size 1; all such axes by default.
        """
        if channel_descriptors is None:
            axes = [axis for axis, size in enumerate(self.channel_shape) if size == 1]
        else:
            axes = [self._channel_axis(identifier) for identifier in channel_descriptors]
        descriptors = list(self._channels)
        for axis in axes:
            if self.channel_shape[axis] != 1:
                raise ArgumentError(
                    f"Channel {descriptors[axis]} has size {self.channel_shape[axis]}: it cannot be squeezed."
                )
        kept = {d: v for axis, (d, v) in enumerate(self._channels.items()) if axis not in axes}
        return self._with(self._array.squeeze(tuple(axis + 3 for axis in axes)), channels=kept)

    def _statistic(self, function: Any, per_channel: bool) -> np.ndarray:
        per = per_channel and self.number_of_channel_dimensions > 0
        return np.asarray(function(self._array, axis=(0, 1, 2) if per else None))

    def normalize_mean_std(
        self, per_channel: bool = True, output_mean: float = 0.0, output_std: float = 1.0
    ) -> Self:
        """Volume scaled to a mean and a standard deviation, as floats.

        Parameters
        ----------
        per_channel : bool, optional
            Scale each channel by itself.
        output_mean, output_std : float, optional
            Mean and standard deviation to have. Constant channels are only shifted.
        """
        mean = self._statistic(np.mean, per_channel)
        spread = self._statistic(np.std, per_channel)
        scale = output_std / np.where(spread == 0, 1.0, spread).astype(mean.dtype)
        return self._with((self._array - mean) * scale.astype(mean.dtype) + mean.dtype.type(output_mean))

    def normalize_min_max(
        self, output_min: float = 0.0, output_max: float = 1.0, per_channel: bool = False
    ) -> Self:
        """Volume scaled linearly to a range, as floats.

        Parameters
        ----------
        output_min, output_max : float, optional
            Range to have; constant arrays or channels get `output_min`.
        per_channel : bool, optional
            Scale each channel by itself.
        """
        kind = np.result_type(self._array.dtype, np.float16) if self.dtype.kind == "f" else np.dtype(float)
        low = self._statistic(np.min, per_channel).astype(kind)
        width = self._statistic(np.max, per_channel).astype(kind) - low
        scale = ((output_max - output_min) / np.where(width == 0, 1.0, width)).astype(kind)
        return self._with((self._array - low) * scale + kind.type(output_min))

    def clip(self, a_min: float | None, a_max: float | None) -> Self:
        """Volume with voxels limited to a range; None leaves an end open."""
        if a_min is None and a_max is None:
            return self.copy()
        return self._with(np.clip(self._array, a_min, a_max))

    def to_simpleitk(self) -> SimpleITK.Image:
        """Image of SimpleITK (extra ``itk``).

        bool, float16 and long double become uint8, float32 and float64; anything but 3 axes is refused.
        """
        image: SimpleITK.Image = _exchange.to_simpleitk(self)
        return image

    @classmethod
    def from_simpleitk(
        cls,
        simpleitk_image: SimpleITK.Image,
        coordinate_system: CoordinateSystemNames | str = "PATIENT",
        frame_of_reference_uid: str | None = None,
    ) -> Self:
        """Volume from an image of SimpleITK of three axes and one component (extra ``itk``)."""
        array, affine = _exchange.from_simpleitk(simpleitk_image)
        return cls(array, affine, coordinate_system, frame_of_reference_uid)

    def to_itk(self) -> itk.Image:
        """Image of ITK (package ``itk``); types that it lacks are cast where no value changes."""
        image: itk.Image = _exchange.to_itk(self)
        return image

    @classmethod
    def from_itk(
        cls,
        itk_image: itk.Image,
        coordinate_system: CoordinateSystemNames | str = "PATIENT",
        frame_of_reference_uid: str | None = None,
    ) -> Self:
        """Volume from an image of ITK of three axes and one component (package ``itk``)."""
        array, affine = _exchange.from_itk(itk_image)
        return cls(array, affine, coordinate_system, frame_of_reference_uid)

    def to_nibabel(
        self, image_class: str | NiBabelImageClasses = NiBabelImageClasses.NIFTI1IMAGE
    ) -> nibabel.spatialimages.SpatialImage:
        """Image of nibabel, with an affine matrix to RAS.

        Parameters
        ----------
        image_class : NiBabelImageClasses | str, optional
            Kind of image; types that it lacks are cast where no value changes.
        """
        image: nibabel.spatialimages.SpatialImage = _exchange.to_nibabel(self, image_class)
        return image

    @classmethod
    def from_nibabel(
        cls,
        nibabel_image: nibabel.spatialimages.SpatialImage,
        coordinate_system: CoordinateSystemNames | str = "PATIENT",
        frame_of_reference_uid: str | None = None,
    ) -> Self:
        """Volume from an image of nibabel of three axes; its affine matrix is to RAS."""
        array, affine = _exchange.from_nibabel(nibabel_image)
        return cls(array, affine, coordinate_system, frame_of_reference_uid, None, "RAS")

    def __repr__(self) -> str:
        spacing = ", ".join(f"{value:.6g}" for value in self.spacing)
        channels = "".join(f", {d} x {len(v)}" for d, v in self._channels.items())
        voxels = f"{self.spatial_shape} voxels ({self.dtype}{channels})"
        return f"<{type(self).__name__} of {voxels}, {spacing} mm apart>"
