"""What every multi-frame image can do: give its frames, say where they lie, and find them."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from dicomposer.base import SOPClass
from dicomposer.coding import UID, CodedConcept
from dicomposer.content import VOILUTTransformation
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import (
    ArgumentError,
    GeometryError,
    SelectionError,
)
from dicomposer.frame import FrameReader, PixelFormat
from dicomposer.image import _select
from dicomposer.image._fill import fill
from dicomposer.image._index import FrameIndex
from dicomposer.image._stored import ReaderCache, frame_reader, pixel_element, pixel_format
from dicomposer.image._transforms import pipeline, stored_colours
from dicomposer.image._volumes import matrix_volume, place_of, stack_tolerance, stack_volume
from dicomposer.image._wanted import Wanted
from dicomposer.record import int_value, items_of, read, required, text_value
from dicomposer.volume import VolumeGeometry

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

__all__ = ["FrameAccess"]

_INSTANCE = "ReferencedSOPInstanceUID"


def _uid(dataset: Dataset, keyword: str) -> UID:
    return UID(required(text_value(dataset, keyword), keyword))


class FrameAccess(SOPClass):
    """Base of all images: frames, geometry and references.

    Nothing is decoded before it is asked for. The dataset is the one truth: what is derived from it is worked out
    again at each call, except the decoded frame table, which is kept while its element stays untouched.
    """

    # ---- opening -----------------------------------------------------------------------------------

    @classmethod
    def _check_dataset(cls, dataset: Dataset) -> None:
        """Refuse a dataset that is not an image."""
        if "Rows" not in dataset or "Columns" not in dataset:
            raise ArgumentError("the dataset is not an image: it has no Rows and Columns")

    @classmethod
    def from_file(
        cls, fp: str | bytes | os.PathLike[str] | BinaryIO, lazy_frame_retrieval: bool = False
    ) -> Self:
        """Read an image from a file.

        Parameters
        ----------
        fp : str, PathLike, bytes or file-like
            The file: its path, its content, or a binary stream.
        lazy_frame_retrieval : bool, optional
            Leave the pixel data in the file and read frames when they are asked for.

        Returns
        -------
        Self

        Raises
        ------
        NotDicomError, TruncatedError, DamagedFileError
            If the bytes do not hold together.
        """
        return cls.from_dataset(read(fp, lazy=lazy_frame_retrieval), copy=False)

    # ---- stored frames -----------------------------------------------------------------------------

    @property
    def _index(self) -> FrameIndex:
        return FrameIndex(self)

    @property
    def _pixel_format(self) -> PixelFormat:
        return pixel_format(self)

    @property
    def _frame_shape(self) -> tuple[int, int]:
        """Rows and columns of a frame."""
        rows, columns = (required(int_value(self, keyword), keyword) for keyword in ("Rows", "Columns"))
        return rows, columns

    @property
    def _reader(self) -> FrameReader:
        """The decoder of this image's frames; made again when pixel data or its description changed."""
        element = pixel_element(self)
        key = (element.value, self._pixel_format, str(self.transfer_syntax_uid), self.number_of_frames)
        cache = self.__dict__.setdefault("_frame_cache", ReaderCache())
        if cache.reader is None or cache.reader[0][0] is not key[0] or cache.reader[0][1:] != key[1:]:
            cache.reader = (key, frame_reader(self, *key[1:]))
        return cast(FrameReader, cache.reader[1])

    @property
    def number_of_frames(self) -> int:
        """Number of frames."""
        return int_value(self, "NumberOfFrames") or 1

    def _frame_indices(self, numbers: Iterable[int] | None, as_indices: bool) -> NDArray[np.intp]:
        """0-based indices of frames named by number or index."""
        count = self.number_of_frames
        if numbers is None:
            return np.arange(count, dtype=np.intp)
        indices = np.asarray([operator.index(number) for number in numbers], dtype=np.intp)
        if not as_indices:
            indices = indices - 1
        if len(indices) and (indices.min() < 0 or indices.max() >= count):
            first, last = (0, count - 1) if as_indices else (1, count)
            raise SelectionError(f"frame {'indices' if as_indices else 'numbers'} run from {first} to {last}")
        return indices

    def get_raw_frame(self, frame_number: int, as_index: bool = False) -> bytes:
        """Encoded bytes of one frame.

        Parameters
        ----------
        frame_number : int
            Frame number, counted from 1 (from 0 with ``as_index``).
        as_index : bool, optional
            Take ``frame_number`` as a zero-based index.

        Returns
        -------
        bytes
            The compressed bit stream, or the native bytes. With one bit a pixel and frames that do not end on a
            byte boundary: the smallest run of bytes that holds the frame.
        """
        return bytes(self._reader.raw(int(self._frame_indices([frame_number], as_index)[0])))

    def get_stored_frame(self, frame_number: int, as_index: bool = False) -> NDArray[Any]:
        """One frame of stored values, decoded, without any transform.

        Parameters
        ----------
        frame_number : int
            Frame number, counted from 1 (from 0 with ``as_index``).
        as_index : bool, optional
            Take ``frame_number`` as a zero-based index.

        Returns
        -------
        numpy.ndarray
            Shape (rows, columns) or (rows, columns, samples); dtype as stored (uint8 for single bits). Colours are
            RGB: what is stored as luminance and chrominance (YBR_FULL, YBR_FULL_422) is converted. May be read-only.

        Raises
        ------
        IndexError
            If there is no such frame.
        """
        reader = self._reader
        frame = reader.array(int(self._frame_indices([frame_number], as_index)[0]))
        return stored_colours(frame, reader.photometric)

    def get_stored_frames(
        self, frame_numbers: Iterable[int] | None = None, as_indices: bool = False
    ) -> NDArray[Any]:
        """Several frames of stored values.

        Parameters
        ----------
        frame_numbers : Iterable[int], optional
            Frame numbers, counted from 1 (from 0 with ``as_indices``); all frames if omitted.
        as_indices : bool, optional
            Take ``frame_numbers`` as zero-based indices.

        Returns
        -------
        numpy.ndarray
            Shape (n, rows, columns) or (n, rows, columns, samples); see :meth:`get_stored_frame`.
        """
        reader = self._reader
        frames = reader.arrays(self._frame_indices(frame_numbers, as_indices), workers=-1)
        return stored_colours(frames, reader.photometric)

    # ---- frames for people and programs ------------------------------------------------------------

    def _transformed(self, selection: _select.Selection, wanted: Wanted) -> NDArray[Any]:
        """Selected frames, transformed and placed: (planes, rows, columns[, 3])."""
        reader = self._reader
        chain = pipeline(self._index, reader.format, reader.photometric, wanted, selection.frames)
        return fill(reader, chain, selection)

    def get_frame(  # noqa: PLR0913  # drop-in signature
        self,
        frame_number: int,
        as_index: bool = False,
        *,
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
        """One frame, with its pixel transforms applied.

        Each ``apply_*`` is True (the transform must be there), None (applied if it is there) or False (not applied).

        Parameters
        ----------
        frame_number : int
            Frame number, counted from 1 (from 0 with ``as_index``).
        as_index : bool, optional
            Take ``frame_number`` as a zero-based index.
        dtype : numpy dtype, optional
            Type of the result. Integer types are for results that are whole numbers and fit; values of interest need
            a floating-point type.
        apply_real_world_transform : bool or None, optional
            Real world value map (PS3.3 C.7.6.16.2.11), which takes the place of all transforms of grey values below.
        real_world_value_map_selector : int or str or Code or CodedConcept, optional
            Which map: its index (also from the end), LUT Label or unit.
        apply_modality_transform : bool or None, optional
            Rescale slope and intercept, or modality look-up table.
        apply_voi_transform : bool or None, optional
            Window or table to values of interest. A table is taken before a window where there are both.
        voi_transform_selector : int or str or VOILUTTransformation, optional
            Which window or table: its index (also from the end) or explanation; or one of the caller's.
        voi_output_range : tuple of float, optional
            What values of interest are stretched to.
        apply_presentation_lut : bool, optional
            Invert where small values are meant to be light: Presentation LUT Shape INVERSE, or MONOCHROME1 without
            that attribute.
        apply_palette_color_lut : bool or None, optional
            Colours of a PALETTE COLOR image.
        apply_icc_profile : bool or None, optional
            Bring colours to sRGB.

        Returns
        -------
        numpy.ndarray
            (rows, columns), or (rows, columns, 3) of colours: red, green, blue.

        Raises
        ------
        IndexError
            If there is no such frame, or a selector names nothing.
        RuntimeError
            If a transform is required that this image does not have.
        ValueError
            If arguments contradict each other or the kind of image, or results do not fit ``dtype``.
        TypeError
            If ``dtype`` cannot hold every entry of a look-up table.
        """
        wanted = Wanted.of(
            dtype, apply_real_world_transform, real_world_value_map_selector, apply_modality_transform,
            apply_voi_transform, voi_transform_selector, voi_output_range, apply_presentation_lut,
            apply_palette_color_lut, apply_icc_profile,
        )  # fmt: skip
        selection = self._chosen(self._frame_indices([frame_number], as_index))
        frame: NDArray[Any] = self._transformed(selection, wanted)[0]
        return frame

    def get_frames(  # noqa: PLR0913  # drop-in signature
        self,
        frame_numbers: Iterable[int] | None = None,
        as_indices: bool = False,
        *,
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
        """Several frames, with their pixel transforms applied.

        Parameters
        ----------
        frame_numbers : Iterable[int], optional
            Frame numbers, counted from 1 (from 0 with ``as_indices``); all frames if omitted.
        as_indices : bool, optional
            Take ``frame_numbers`` as zero-based indices.

        Other parameters and the errors are those of :meth:`get_frame`.

        Returns
        -------
        numpy.ndarray
            (n, rows, columns) or (n, rows, columns, 3).
        """
        wanted = Wanted.of(
            dtype, apply_real_world_transform, real_world_value_map_selector, apply_modality_transform,
            apply_voi_transform, voi_transform_selector, voi_output_range, apply_presentation_lut,
            apply_palette_color_lut, apply_icc_profile,
        )  # fmt: skip
        return self._transformed(self._chosen(self._frame_indices(frame_numbers, as_indices)), wanted)

    def _chosen(self, frames: NDArray[np.intp]) -> _select.Selection:
        """Whole frames, one after the other."""
        if not len(frames):
            raise ArgumentError("no frame was asked for")
        whole = _select.Region(0, int(self.Rows), 0, int(self.Columns))
        return _select.Selection(frames, np.arange(len(frames), dtype=np.intp), len(frames), whole)

    @property
    def pixel_array(self) -> NDArray[Any]:
        """All stored frames: (frames, rows, columns[, samples]), or without the first axis for a single frame."""
        frames = self.get_stored_frames()
        return frames[0] if len(frames) == 1 else frames

    # ---- what the image is -------------------------------------------------------------------------

    @property
    def is_tiled(self) -> bool:
        """Whether the frames are tiles of a total pixel matrix."""
        return self._index.matrix is not None

    @property
    def coordinate_system(self) -> CoordinateSystemNames | None:
        """PATIENT, SLIDE, or None where there is no frame of reference."""
        return self._index.coordinate_system

    @property
    def dimension_index_pointers(self) -> list[BaseTag]:
        """Tags that the dimension index values stand for, in order (PS3.3 C.7.6.17)."""
        return [Tag(tag) for tag in self._index.pointers]

    def are_dimension_indices_unique(self, dimension_index_pointers: Sequence[int | BaseTag | str]) -> bool:
        """Whether index values of the given pointers tell all frames apart.

        Parameters
        ----------
        dimension_index_pointers : Sequence[int, BaseTag or str]
            Tags or keywords of dimension index pointers.

        Raises
        ------
        KeyError
            If one of them is not a dimension index pointer of this image.
        """
        columns = _select.dimension_columns(self._index, [int(Tag(p)) for p in dimension_index_pointers])
        return len(np.unique(columns, axis=0)) == len(columns)

    def get_source_image_uids(self) -> list[tuple[UID, UID, UID]]:
        """Study, Series and SOP Instance UIDs of every instance that the image references.

        Returns
        -------
        list[tuple[UID, UID, UID]]
            From the Common Instance Reference module (PS3.3 C.12.2), in the order of the file.
        """
        others = items_of(self, "StudiesContainingOtherReferencedInstancesSequence")
        return [
            (_uid(study, "StudyInstanceUID"), _uid(series, "SeriesInstanceUID"), _uid(item, _INSTANCE))
            for study in (self, *others)
            for series in items_of(study, "ReferencedSeriesSequence")
            for item in items_of(series, "ReferencedInstanceSequence")
        ]

    def is_indexable_as_total_pixel_matrix(self) -> bool:
        """Whether :meth:`get_total_pixel_matrix` can work: a tiled image whose tile positions are known."""
        index = self._index
        return index.matrix is not None and index.matrix_positions is not None

    # ---- geometry ----------------------------------------------------------------------------------

    def _volume_stack(
        self,
        *,
        rtol: float | None,
        atol: float | None,
        perpendicular_tol: float | None,
        allow_missing_positions: bool,
        allow_duplicate_positions: bool,
    ) -> tuple[VolumeGeometry, NDArray[np.intp] | None]:
        """Geometry of the regular volume and the slice that each frame lies in (None: tiles of one plane)."""
        index = self._index
        place = place_of(index, text_value(self, "FrameOfReferenceUID"))
        if index.matrix is not None:
            return matrix_volume(index, place), None
        return stack_volume(
            index,
            place,
            self._frame_shape,
            stack_tolerance(rtol, atol, perpendicular_tol),
            allow_missing=allow_missing_positions,
            allow_duplicates=allow_duplicate_positions,
        )

    def get_volume_geometry(
        self,
        *,
        rtol: float | None = None,
        atol: float | None = None,
        perpendicular_tol: float | None = None,
        allow_missing_positions: bool = False,
        allow_duplicate_positions: bool = True,
    ) -> VolumeGeometry | None:
        """Geometry of the frames as a volume with regular spacing.

        Parameters
        ----------
        rtol, atol : float, optional
            Relative (default 0.01) or absolute (mm) tolerance of the slice spacing; give one of them.
        perpendicular_tol : float, optional
            How far the direction of stacking may lie from the slice normal, as 1 - cosine (default 1e-3).
        allow_missing_positions : bool, optional
            Accept gaps of whole slices.
        allow_duplicate_positions : bool, optional
            Accept several frames at one position.

        Returns
        -------
        VolumeGeometry or None
            None if the frames do not form a regular volume. Axis 0 runs over slices so that (slice, row, column)
            is right-handed; distances in mm.
        """
        try:
            geometry, _ = self._volume_stack(
                rtol=rtol,
                atol=atol,
                perpendicular_tol=perpendicular_tol,
                allow_missing_positions=allow_missing_positions,
                allow_duplicate_positions=allow_duplicate_positions,
            )
        except GeometryError:
            return None
        return geometry

    def _matrix_region(
        self,
        rows: tuple[int | None, int | None],
        columns: tuple[int | None, int | None],
        as_indices: bool,
        shape: tuple[int, int],
    ) -> _select.Region:
        first_row, last_row = _select.window(*rows, shape[0], as_indices=as_indices, name="row")
        first_column, last_column = _select.window(*columns, shape[1], as_indices=as_indices, name="column")
        return _select.Region(first_row, last_row, first_column, last_column)

    def _select_volume(
        self,
        slices: tuple[int | None, int | None],
        rows: tuple[int | None, int | None],
        columns: tuple[int | None, int | None],
        as_indices: bool,
        **tolerances: Any,
    ) -> tuple[_select.Selection, VolumeGeometry]:
        """Frames of a (cropped) volume and the geometry of that crop."""
        geometry, of_frame = self._volume_stack(allow_duplicate_positions=True, **tolerances)
        depth, height, width = geometry.spatial_shape
        region = self._matrix_region(rows, columns, as_indices, (height, width))
        first, last = _select.window(*slices, depth, as_indices=as_indices, name="slice")
        crop = geometry[
            first:last, region.row_start : region.row_end, region.column_start : region.column_end
        ]
        if of_frame is None:
            return _select.by_tiles(self._index, self._frame_shape, region), crop
        inside = (of_frame >= first) & (of_frame < last)
        frames = np.flatnonzero(inside)
        return _select.Selection(
            frames, (of_frame[inside] - first).astype(np.intp), last - first, region
        ), crop
