"""Reading a segmentation: its segments, and their pixels by source, position, tile or volume."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import DTypeLike, NDArray
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID as PydicomUID

from dicomposer.coding import CodedConcept, as_concept
from dicomposer.errors import (
    ArgumentError,
    DamagedFileError,
    IndexingError,
    SelectionError,
)
from dicomposer.frame import PixelFormat, is_native
from dicomposer.image import (
    FrameAccess,
    Selection,
    by_dimension,
    by_source_frame,
    by_source_instance,
    by_tiles,
)
from dicomposer.record import int_value, required, text_value
from dicomposer.seg import _assemble
from dicomposer.seg._colours import coloured, rgb_channels
from dicomposer.seg._described import (
    Criteria,
    descriptions_of,
    member,
    segment_items,
    segments_of_frames,
    some,
    tracking_pairs,
)
from dicomposer.seg.content import SegmentDescription
from dicomposer.seg.enum import (
    SegmentAlgorithmTypeValues,
    SegmentationFractionalTypeValues,
    SegmentationTypeValues,
)
from dicomposer.volume import Volume, VolumeGeometry

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

__all__ = ["SegmentAccess"]

_SEGMENT_POINTER = 0x0062000B


class SegmentAccess(FrameAccess):
    """What can be read from a segmentation."""

    # ---- segments ----------------------------------------------------------------------------------

    @property
    def segmentation_type(self) -> SegmentationTypeValues:
        """BINARY, FRACTIONAL or LABELMAP."""
        return member(self, SegmentationTypeValues, "SegmentationType")

    @property
    def segmentation_fractional_type(self) -> SegmentationFractionalTypeValues | None:
        """What fractions mean; None unless the type is FRACTIONAL."""
        if text_value(self, "SegmentationFractionalType") is None:
            return None
        return member(self, SegmentationFractionalTypeValues, "SegmentationFractionalType")

    @property
    def _is_labelmap(self) -> bool:
        return self.segmentation_type is SegmentationTypeValues.LABELMAP

    @property
    def _background(self) -> int | None:
        """Value of background pixels in a label map (Pixel Padding Value, 0 where it is not stated)."""
        return (int_value(self, "PixelPaddingValue") or 0) if self._is_labelmap else None

    @property
    def _descriptions(self) -> dict[int, SegmentDescription]:
        """Descriptions by number, background left out, in the order of the file."""
        return descriptions_of(self, self._background)

    @property
    def segment_numbers(self) -> list[int]:
        """Numbers of the segments, background left out."""
        return list(self._descriptions)

    @property
    def number_of_segments(self) -> int:
        """Number of segments, background left out."""
        return len(self.segment_numbers)

    def get_segment_description(self, segment_number: int) -> SegmentDescription:
        """Description of a segment.

        Parameters
        ----------
        segment_number : int
            Number of the segment.

        Raises
        ------
        IndexError
            If there is no such segment.
        """
        for number, item in segment_items(self):
            if number == segment_number:
                return SegmentDescription.from_dataset(item, copy=False)
        raise SelectionError(f"there is no segment number {segment_number}")

    def get_segment_numbers(
        self,
        segment_label: str | None = None,
        segmented_property_category: Code | CodedConcept | None = None,
        segmented_property_type: Code | CodedConcept | None = None,
        algorithm_type: SegmentAlgorithmTypeValues | str | None = None,
        tracking_uid: str | None = None,
        tracking_id: str | None = None,
    ) -> list[int]:
        """Numbers of the segments that match all given criteria.

        Parameters
        ----------
        segment_label, tracking_uid, tracking_id : str, optional
            Exact values.
        segmented_property_category, segmented_property_type : Code or CodedConcept, optional
            Coded properties.
        algorithm_type : SegmentAlgorithmTypeValues or str, optional
            How the segment was made.
        """
        criteria = Criteria(
            segment_label,
            None if segmented_property_category is None else as_concept(segmented_property_category),
            None if segmented_property_type is None else as_concept(segmented_property_type),
            None if algorithm_type is None else SegmentAlgorithmTypeValues(algorithm_type),
            tracking_uid,
            tracking_id,
        )
        return [number for number, item in self._descriptions.items() if criteria.fit(item)]

    def get_tracking_ids(
        self,
        segmented_property_category: Code | CodedConcept | None = None,
        segmented_property_type: Code | CodedConcept | None = None,
        algorithm_type: SegmentAlgorithmTypeValues | str | None = None,
    ) -> list[tuple[str, PydicomUID]]:
        """Distinct (tracking identifier, tracking UID) pairs of the segments that match the criteria."""
        numbers = self.get_segment_numbers(
            segmented_property_category=segmented_property_category,
            segmented_property_type=segmented_property_type,
            algorithm_type=algorithm_type,
        )
        return tracking_pairs(self._descriptions, numbers)

    def _distinct(self, concepts: Iterable[CodedConcept]) -> list[CodedConcept]:
        return list(dict.fromkeys(concepts))

    @property
    def segmented_property_categories(self) -> list[CodedConcept]:
        """Distinct property categories of the segments."""
        return self._distinct(d.segmented_property_category for d in self._descriptions.values())

    @property
    def segmented_property_types(self) -> list[CodedConcept]:
        """Distinct property types of the segments."""
        return self._distinct(d.segmented_property_type for d in self._descriptions.values())

    def iter_segments(self) -> Iterator[tuple[NDArray[Any], tuple[Dataset, ...], Dataset]]:
        """Frames, per-frame functional group items and description of each segment.

        Yields
        ------
        tuple[numpy.ndarray, tuple[Dataset, ...], Dataset]
            Frames of shape (n, rows, columns), their n items, and the item of the Segment Sequence.
        """
        from dicomposer.seg.utils import iter_segments

        return iter_segments(self)

    # ---- dimensions --------------------------------------------------------------------------------

    def get_default_dimension_index_pointers(self) -> list[BaseTag]:
        """Dimension index pointers, the segment number left out."""
        return [Tag(tag) for tag in self._index.pointers if tag != _SEGMENT_POINTER]

    def are_dimension_indices_unique(self, dimension_index_pointers: Sequence[int | BaseTag | str]) -> bool:
        """Whether index values of the given pointers tell all frames of a segment apart.

        Parameters
        ----------
        dimension_index_pointers : Sequence[int, BaseTag or str]
            Tags or keywords; the segment number is always taken into account and must not be among them.

        Raises
        ------
        KeyError
            If one of them is not a dimension index pointer.
        """
        tags = [int(Tag(p)) for p in dimension_index_pointers]
        if _SEGMENT_POINTER in self._index.pointers and not self._is_labelmap:
            tags = list(dict.fromkeys([*tags, _SEGMENT_POINTER]))
        return super().are_dimension_indices_unique(tags)

    # ---- pixels ------------------------------------------------------------------------------------

    def _frames(self) -> _assemble.SegmentFrames:
        """Columns and decoders for assembling."""
        fmt, reader = self._pixel_format, self._reader
        fractional = self.segmentation_type is SegmentationTypeValues.FRACTIONAL
        if fmt.samples != 1 or fmt.floating or (self._is_labelmap and not _holds_labels(fmt)):
            raise DamagedFileError("the pixels are not those of a segmentation of this type (PS3.3 C.8.20.2)")
        single_bits = fmt.bits_allocated == 1 and is_native(str(self.transfer_syntax_uid))
        return _assemble.SegmentFrames(
            reader=reader,
            fmt=fmt,
            segments=None if self._is_labelmap else segments_of_frames(self, self._index),
            maximum=self._maximum if fractional else None,
            native=reader.source.read(0, reader.source.size) if single_bits else None,
            count=self.number_of_frames,
        )

    @property
    def _maximum(self) -> int:
        maximum = required(int_value(self, "MaximumFractionalValue"), "MaximumFractionalValue")
        if maximum < 1:
            raise DamagedFileError("MaximumFractionalValue is less than 1", tag=0x0062000E)
        return maximum

    def _wanted(
        self,
        segment_numbers: Sequence[int] | None,
        combine_segments: bool,
        relabel: bool,
        rescale_fractional: bool,
        skip_overlap_checks: bool,
        dtype: DTypeLike | None,
    ) -> _assemble.Wanted:
        """Check which segments are asked for."""
        known = self.segment_numbers
        numbers = known if segment_numbers is None else [int(n) for n in segment_numbers]
        unknown = [n for n in numbers if n not in known]
        if not numbers or unknown or len(set(numbers)) < len(numbers):
            raise ArgumentError(
                f"segment_numbers must name distinct segments of this object, which are {some(known)}"
            )
        return _assemble.Wanted(
            tuple(numbers), relabel, rescale_fractional, skip_overlap_checks, dtype, segment_numbers is None,
            self._background,
        )  # fmt: skip

    def _assembled(
        self,
        selection: Selection,
        wanted: _assemble.Wanted,
        combine_segments: bool,
        apply_palette_color_lut: bool,
        apply_icc_profile: bool | None,
    ) -> NDArray[Any]:
        if apply_palette_color_lut:
            if not self._is_labelmap or not combine_segments or wanted.relabel:
                raise ArgumentError(
                    "the palette applies to label maps read with combine_segments=True and relabel=False"
                )
            labels = _assemble.combined(self._frames(), selection, wanted)
            return coloured(self, labels, wanted.dtype, apply_icc_profile)
        if apply_icc_profile:
            raise ArgumentError("an ICC profile applies only together with apply_palette_color_lut=True")
        make = _assemble.combined if combine_segments else _assemble.stacked
        return make(self._frames(), selection, wanted)

    def get_pixels_by_source_instance(  # noqa: PLR0913  # drop-in signature
        self,
        source_sop_instance_uids: Sequence[str],
        segment_numbers: Sequence[int] | None = None,
        combine_segments: bool = False,
        relabel: bool = False,
        ignore_spatial_locations: bool = False,
        assert_missing_frames_are_empty: bool = False,
        rescale_fractional: bool = True,
        skip_overlap_checks: bool = False,
        dtype: DTypeLike | None = None,
        apply_palette_color_lut: bool = False,
        apply_icc_profile: bool | None = None,
    ) -> NDArray[Any]:
        """Segments in the planes of given single-frame source images.

        Parameters
        ----------
        source_sop_instance_uids : Sequence[str]
            SOP Instance UIDs; plane i of the result belongs to the i-th.
        segment_numbers : Sequence[int], optional
            Segments to give, all by default.
        combine_segments : bool, optional
            One label map instead of a last axis of segments.
        relabel : bool, optional
            Number the labels 1 to n in the order of ``segment_numbers``.
        ignore_spatial_locations : bool, optional
            Accept frames that do not say that pixel locations were preserved.
        assert_missing_frames_are_empty : bool, optional
            Give empty planes for instances that the object does not reference at all.
        rescale_fractional : bool, optional
            Fractions from 0 to 1 instead of stored values.
        skip_overlap_checks : bool, optional
            Let the highest label win where segments overlap.
        dtype : numpy dtype, optional
            Type of the result; the smallest that fits by default, float32 for fractions.
        apply_palette_color_lut, apply_icc_profile : bool, optional
            Colours of a label map instead of labels.

        Returns
        -------
        numpy.ndarray
            (planes, rows, columns, segments), or (planes, rows, columns) of labels, or (..., 3) of colours.

        Raises
        ------
        KeyError
            If an instance is not referenced.
        RuntimeError
            If segments overlap in a label map, or the object does not reference source frames.
        """
        wanted = self._wanted(
            segment_numbers, combine_segments, relabel, rescale_fractional, skip_overlap_checks, dtype
        )
        selection = by_source_instance(
            self._index,
            source_sop_instance_uids,
            shape=self._frame_shape,
            ignore_spatial_locations=ignore_spatial_locations,
            assert_missing_frames_are_empty=assert_missing_frames_are_empty,
            known=frozenset(str(uid) for _, _, uid in self.get_source_image_uids()),
        )
        return self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )

    def get_pixels_by_source_frame(  # noqa: PLR0913  # drop-in signature
        self,
        source_sop_instance_uid: str,
        source_frame_numbers: Sequence[int] | None = None,
        segment_numbers: Sequence[int] | None = None,
        combine_segments: bool = False,
        relabel: bool = False,
        ignore_spatial_locations: bool = False,
        assert_missing_frames_are_empty: bool = False,
        rescale_fractional: bool = True,
        skip_overlap_checks: bool = False,
        dtype: DTypeLike | None = None,
        apply_palette_color_lut: bool = False,
        apply_icc_profile: bool | None = None,
    ) -> NDArray[Any]:
        """Segments in given frames of one multi-frame source image.

        Parameters
        ----------
        source_sop_instance_uid : str
            The source image.
        source_frame_numbers : Sequence[int], optional
            Its frames, counted from 1; those that the object references by default.

        Other parameters, the result and the errors are those of :meth:`get_pixels_by_source_instance`.
        """
        wanted = self._wanted(
            segment_numbers, combine_segments, relabel, rescale_fractional, skip_overlap_checks, dtype
        )
        selection = by_source_frame(
            self._index,
            source_sop_instance_uid,
            source_frame_numbers,
            shape=self._frame_shape,
            ignore_spatial_locations=ignore_spatial_locations,
            assert_missing_frames_are_empty=assert_missing_frames_are_empty,
        )
        return self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )

    def get_pixels_by_dimension_index_values(  # noqa: PLR0913  # drop-in signature
        self,
        dimension_index_values: Sequence[Sequence[int]],
        dimension_index_pointers: Sequence[int] | None = None,
        segment_numbers: Sequence[int] | None = None,
        combine_segments: bool = False,
        relabel: bool = False,
        assert_missing_frames_are_empty: bool = False,
        rescale_fractional: bool = True,
        skip_overlap_checks: bool = False,
        dtype: DTypeLike | None = None,
        apply_palette_color_lut: bool = False,
        apply_icc_profile: bool | None = None,
    ) -> NDArray[Any]:
        """Segments in the planes with given dimension index values.

        Parameters
        ----------
        dimension_index_values : Sequence[Sequence[int]]
            Plane i of the result has the i-th row of values, one value for each pointer.
        dimension_index_pointers : Sequence[int], optional
            The dimensions meant; all but the segment number by default.

        Other parameters, the result and the errors are those of :meth:`get_pixels_by_source_instance`.
        """
        wanted = self._wanted(
            segment_numbers, combine_segments, relabel, rescale_fractional, skip_overlap_checks, dtype
        )
        selection = by_dimension(
            self._index,
            dimension_index_values,
            None if dimension_index_pointers is None else [int(Tag(p)) for p in dimension_index_pointers],
            shape=self._frame_shape,
            assert_missing_frames_are_empty=assert_missing_frames_are_empty,
        )
        return self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )

    def get_total_pixel_matrix(  # noqa: PLR0913  # drop-in signature
        self,
        row_start: int | None = None,
        row_end: int | None = None,
        column_start: int | None = None,
        column_end: int | None = None,
        segment_numbers: Sequence[int] | None = None,
        combine_segments: bool = False,
        relabel: bool = False,
        rescale_fractional: bool = True,
        skip_overlap_checks: bool = False,
        dtype: DTypeLike | None = None,
        apply_palette_color_lut: bool = False,
        apply_icc_profile: bool | None = None,
        as_indices: bool = False,
    ) -> NDArray[Any]:
        """Segments in a window of the total pixel matrix of a tiled segmentation.

        Parameters
        ----------
        row_start, row_end, column_start, column_end : int, optional
            The window, half-open, counted from 1 (from 0 with ``as_indices``); negative counts from the end. The
            whole matrix by default.

        Other parameters and errors are those of :meth:`get_pixels_by_source_instance`.

        Returns
        -------
        numpy.ndarray
            (rows, columns, segments), or (rows, columns) of labels, or (rows, columns, 3) of colours.

        Raises
        ------
        DamagedFileError
            If tiles lie outside the matrix.
        UnsupportedError
            If the result would take more than 4 GiB and 1000 times what the stored frames take in its type.
        """
        index = self._index
        if index.matrix is None:
            raise IndexingError("the segmentation is not tiled: it has no total pixel matrix")
        if index.matrix.focal_planes > 1:
            raise ArgumentError("the segmentation has several focal planes: read its frames instead")
        wanted = self._wanted(
            segment_numbers, combine_segments, relabel, rescale_fractional, skip_overlap_checks, dtype
        )
        region = self._matrix_region(
            (row_start, row_end),
            (column_start, column_end),
            as_indices,
            (index.matrix.rows, index.matrix.columns),
        )
        selection = by_tiles(index, self._frame_shape, region)
        planes: Any = self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )
        matrix: NDArray[Any] = planes[0]
        return matrix

    # ---- volumes -----------------------------------------------------------------------------------

    def get_volume_geometry(
        self,
        *,
        rtol: float | None = None,
        atol: float | None = None,
        perpendicular_tol: float | None = None,
        allow_missing_positions: bool = True,
        allow_duplicate_positions: bool = True,
    ) -> VolumeGeometry | None:
        """Geometry of the segmentation as a regular volume; gaps are allowed, since empty frames are left out.

        Parameters and result are those of :meth:`dicomposer.image.FrameAccess.get_volume_geometry`.
        """
        return super().get_volume_geometry(
            rtol=rtol,
            atol=atol,
            perpendicular_tol=perpendicular_tol,
            allow_missing_positions=allow_missing_positions,
            allow_duplicate_positions=allow_duplicate_positions,
        )

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
        dtype: DTypeLike | None = None,
        segment_numbers: Sequence[int] | None = None,
        combine_segments: bool = False,
        relabel: bool = False,
        rescale_fractional: bool = True,
        skip_overlap_checks: bool = False,
        apply_palette_color_lut: bool = False,
        apply_icc_profile: bool | None = None,
        allow_missing_positions: bool = True,
        rtol: float | None = None,
        atol: float | None = None,
        perpendicular_tol: float | None = None,
    ) -> Volume:
        """The segmentation as a volume with its geometry.

        Parameters
        ----------
        slice_start, slice_end, row_start, row_end, column_start, column_end : int, optional
            Slices, rows and columns to give, half-open, counted from 1 (from 0 with ``as_indices``); slices count
            along the volume.
        allow_missing_positions : bool, optional
            Give empty slices where no frame is stored (default), or refuse.
        rtol, atol, perpendicular_tol : float, optional
            See :meth:`get_volume_geometry`.

        Other parameters are those of :meth:`get_pixels_by_source_instance`.

        Returns
        -------
        Volume
            Axes (slice, row, column[, segment]); the channel of segments is ``ReferencedSegmentNumber``.

        Raises
        ------
        GeometryError
            If the frames do not form a regular volume, their orientation is none, or they are spread over more than
            10,000 slices and 100 for each frame.
        UnsupportedError
            If the result would take more than 4 GiB and 1000 times what the stored frames take in its type.

        Warns
        -----
        UserWarning
            If all segments are asked for, and the object holds frames or labels that no segment describes.
        """
        wanted = self._wanted(
            segment_numbers, combine_segments, relabel, rescale_fractional, skip_overlap_checks, dtype
        )
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
        array = self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )
        channels: dict[Any, Any] | None = None
        if apply_palette_color_lut:
            channels = rgb_channels()
        elif not combine_segments:
            channels = {"ReferencedSegmentNumber": list(wanted.numbers)}
        return geometry.with_array(array, channels=channels)


def _holds_labels(fmt: PixelFormat) -> bool:
    return fmt.bits_allocated in (8, 16) and fmt.pixel_representation == 0
