"""``Image``: any image, read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dicomposer.coding import CodedConcept
from dicomposer.content import VOILUTTransformation
from dicomposer.errors import GeometryError, IndexingError
from dicomposer.image._base import FrameAccess
from dicomposer.image._fill import refuse_ambiguous
from dicomposer.image._select import Selection, by_source_frame, by_source_instance, by_tiles
from dicomposer.image._wanted import Wanted
from dicomposer.spatial import GridError
from dicomposer.volume import RGB_COLOR_CHANNEL_DESCRIPTOR, Volume

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

__all__ = ["Image", "imread", "rgb_channels"]


def rgb_channels(array: NDArray[Any]) -> dict[Any, Any] | None:
    """Channel description of an array of voxels: None for grey values."""
    return {RGB_COLOR_CHANNEL_DESCRIPTOR: ["R", "G", "B"]} if array.ndim == 4 else None


class Image(FrameAccess):
    """Any image, of one or many frames.

    Make one with :func:`imread`, :meth:`from_file` or :meth:`from_dataset`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: images are read, not constructed.

        Raises
        ------
        RuntimeError
            Always.
        """
        del args, kwargs
        raise IndexingError(
            "an Image is not constructed: read one with imread() or make one of a dataset with Image.from_dataset()"
        )

    def _unambiguous(self, selection: Selection, wanted: Wanted) -> NDArray[Any]:
        refuse_ambiguous(selection)
        return self._transformed(selection, wanted)

    def get_volume(  # noqa: PLR0913  # drop-in signature
        self,
        *,
        slice_start: int | None = None,
        slice_end: int | None = None,
        row_start: int | None = None,
        row_end: int | None = None,
        column_start: int | None = None,
        column_end: int | None = None,
        as_indices: bool = False,
        dtype: DTypeLike = np.float64,
        apply_real_world_transform: bool | None = None,
        real_world_value_map_selector: int | str | Code | CodedConcept = 0,
        apply_modality_transform: bool | None = None,
        apply_voi_transform: bool | None = False,
        voi_transform_selector: int | str | VOILUTTransformation = 0,
        voi_output_range: tuple[float, float] = (0.0, 1.0),
        apply_presentation_lut: bool = True,
        apply_palette_color_lut: bool | None = None,
        apply_icc_profile: bool | None = None,
        allow_missing_positions: bool = False,
        rtol: float | None = None,
        atol: float | None = None,
        perpendicular_tol: float | None = None,
    ) -> Volume:
        """The frames as a volume: slices of a regular grid, or the one plane of a total pixel matrix.

        Parameters
        ----------
        slice_start, slice_end, row_start, row_end, column_start, column_end : int, optional
            What to give, half-open, counted from 1 (from 0 with ``as_indices``); negative counts from the end. Slices
            are counted along the volume, whatever the order of frames; rows and columns are those of the total pixel
            matrix of a tiled image. Everything by default.
        as_indices : bool, optional
            Count from 0.
        allow_missing_positions : bool, optional
            Fill whole missing slices with 0 instead of refusing.
        rtol, atol, perpendicular_tol : float, optional
            See :meth:`get_volume_geometry`.

        Other parameters are those of :meth:`get_frame`.

        Returns
        -------
        Volume
            Axes (slice, row, column), and a channel of red, green and blue for colours.

        Raises
        ------
        GeometryError
            If the frames do not form a regular volume; a ``ValueError`` and a ``RuntimeError``.
        RuntimeError
            If several frames lie at one place, or a transform is required that the image does not have.
        """
        wanted = Wanted.of(
            dtype, apply_real_world_transform, real_world_value_map_selector, apply_modality_transform,
            apply_voi_transform, voi_transform_selector, voi_output_range, apply_presentation_lut,
            apply_palette_color_lut, apply_icc_profile,
        )  # fmt: skip
        try:
            selection, geometry = self._select_volume(
                (slice_start, slice_end),
                (row_start, row_end),
                (column_start, column_end),
                as_indices,
                rtol=rtol,
                atol=atol,
                perpendicular_tol=perpendicular_tol,
                allow_missing_positions=allow_missing_positions,
            )
        except GeometryError as error:
            raise GridError(str(error)) from error
        array = self._unambiguous(selection, wanted)
        return geometry.with_array(array, channels=rgb_channels(array))

    def get_total_pixel_matrix(  # noqa: PLR0913  # drop-in signature
        self,
        row_start: int | None = None,
        row_end: int | None = None,
        column_start: int | None = None,
        column_end: int | None = None,
        dtype: DTypeLike = np.float64,
        apply_real_world_transform: bool | None = None,
        real_world_value_map_selector: int | str | Code | CodedConcept = 0,
        apply_modality_transform: bool | None = None,
        apply_voi_transform: bool | None = False,
        voi_transform_selector: int | str | VOILUTTransformation = 0,
        voi_output_range: tuple[float, float] = (0.0, 1.0),
        apply_presentation_lut: bool = True,
        apply_palette_color_lut: bool | None = None,
        apply_icc_profile: bool | None = None,
        as_indices: bool = False,
    ) -> NDArray[Any]:
        """A window of the total pixel matrix of a tiled image.

        Parameters
        ----------
        row_start, row_end, column_start, column_end : int, optional
            The window, half-open, counted from 1 (from 0 with ``as_indices``); negative counts from the end. The
            whole matrix by default.

        Other parameters are those of :meth:`get_frame`.

        Returns
        -------
        numpy.ndarray
            (rows, columns), or (rows, columns, 3) of colours; 0 where no tile is stored.

        Raises
        ------
        RuntimeError
            If the image is not tiled, or several tiles lie at one place.
        """
        wanted = Wanted.of(
            dtype, apply_real_world_transform, real_world_value_map_selector, apply_modality_transform,
            apply_voi_transform, voi_transform_selector, voi_output_range, apply_presentation_lut,
            apply_palette_color_lut, apply_icc_profile,
        )  # fmt: skip
        index = self._index
        if index.matrix is None:
            raise IndexingError("the image is not tiled: it has no total pixel matrix")
        if index.matrix.focal_planes > 1:
            raise IndexingError("the image has several focal planes: read its frames instead")
        region = self._matrix_region(
            (row_start, row_end),
            (column_start, column_end),
            as_indices,
            (index.matrix.rows, index.matrix.columns),
        )
        selection = by_tiles(index, self._frame_shape, region)
        matrix: NDArray[Any] = self._unambiguous(selection, wanted)[0]
        return matrix

    def get_pixels_by_source_instance(  # noqa: PLR0913  # drop-in signature
        self,
        source_sop_instance_uids: Sequence[str],
        ignore_spatial_locations: bool = False,
        assert_missing_frames_are_empty: bool = False,
        dtype: DTypeLike = np.float64,
        apply_real_world_transform: bool | None = None,
        real_world_value_map_selector: int | str | Code | CodedConcept = 0,
        apply_modality_transform: bool | None = None,
        apply_voi_transform: bool | None = False,
        voi_transform_selector: int | str | VOILUTTransformation = 0,
        voi_output_range: tuple[float, float] = (0.0, 1.0),
        apply_presentation_lut: bool = True,
        apply_palette_color_lut: bool | None = None,
        apply_icc_profile: bool | None = None,
    ) -> NDArray[Any]:
        """The frames that were derived from given single-frame source images.

        Parameters
        ----------
        source_sop_instance_uids : Sequence[str]
            SOP Instance UIDs; plane i of the result belongs to the i-th.
        ignore_spatial_locations : bool, optional
            Accept frames that do not say that pixel locations were preserved.
        assert_missing_frames_are_empty : bool, optional
            Give planes of 0 for instances that the image does not reference at all.

        Other parameters are those of :meth:`get_frame`.

        Returns
        -------
        numpy.ndarray
            (planes, rows, columns) or (planes, rows, columns, 3).

        Raises
        ------
        KeyError
            If an instance is not referenced.
        RuntimeError
            If the image does not say what its frames were derived from, or several belong to one instance.
        """
        wanted = Wanted.of(
            dtype, apply_real_world_transform, real_world_value_map_selector, apply_modality_transform,
            apply_voi_transform, voi_transform_selector, voi_output_range, apply_presentation_lut,
            apply_palette_color_lut, apply_icc_profile,
        )  # fmt: skip
        selection = by_source_instance(
            self._index,
            source_sop_instance_uids,
            shape=self._frame_shape,
            ignore_spatial_locations=ignore_spatial_locations,
            assert_missing_frames_are_empty=assert_missing_frames_are_empty,
            known=frozenset(str(uid) for _, _, uid in self.get_source_image_uids()),
        )
        return self._unambiguous(selection, wanted)

    def get_pixels_by_source_frame(  # noqa: PLR0913  # drop-in signature
        self,
        source_sop_instance_uid: str,
        source_frame_numbers: Sequence[int] | None = None,
        ignore_spatial_locations: bool = False,
        assert_missing_frames_are_empty: bool = False,
        dtype: DTypeLike = np.float64,
        apply_real_world_transform: bool | None = None,
        real_world_value_map_selector: int | str | Code | CodedConcept = 0,
        apply_modality_transform: bool | None = None,
        apply_voi_transform: bool | None = False,
        voi_transform_selector: int | str | VOILUTTransformation = 0,
        voi_output_range: tuple[float, float] = (0.0, 1.0),
        apply_presentation_lut: bool = True,
        apply_palette_color_lut: bool | None = None,
        apply_icc_profile: bool | None = None,
    ) -> NDArray[Any]:
        """The frames that were derived from given frames of one multi-frame source image.

        Parameters
        ----------
        source_sop_instance_uid : str
            The source image.
        source_frame_numbers : Sequence[int], optional
            Its frames, counted from 1; those that the image references by default.

        Other parameters, the result and the errors are those of :meth:`get_pixels_by_source_instance`.
        """
        wanted = Wanted.of(
            dtype, apply_real_world_transform, real_world_value_map_selector, apply_modality_transform,
            apply_voi_transform, voi_transform_selector, voi_output_range, apply_presentation_lut,
            apply_palette_color_lut, apply_icc_profile,
        )  # fmt: skip
        selection = by_source_frame(
            self._index,
            source_sop_instance_uid,
            source_frame_numbers,
            shape=self._frame_shape,
            ignore_spatial_locations=ignore_spatial_locations,
            assert_missing_frames_are_empty=assert_missing_frames_are_empty,
        )
        return self._unambiguous(selection, wanted)


def imread(fp: str | bytes | os.PathLike[str] | BinaryIO, lazy_frame_retrieval: bool = False) -> Image:
    """Read an image from a file.

    Parameters
    ----------
    fp : str, PathLike, bytes or file-like
        The file: its path, its content, or a binary stream.
    lazy_frame_retrieval : bool, optional
        Leave the pixel data in the file and read frames when they are asked for.

    Returns
    -------
    Image

    Raises
    ------
    NotDicomError, TruncatedError, DamagedFileError
        If the bytes do not hold together.
    ArgumentError
        If the file is not an image.
    """
    return Image.from_file(fp, lazy_frame_retrieval)
