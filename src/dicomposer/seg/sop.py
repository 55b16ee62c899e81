"""The Segmentation and Label Map Segmentation objects (PS3.3 A.51, A.90)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID as PydicomUID
from pydicom.valuerep import PersonName

from dicomposer.coding import UID, CodedConcept, as_concept
from dicomposer.content import (
    ContentCreatorIdentificationCodeSequence,
    ContributingEquipment,
    PaletteColorLUTTransformation,
    PixelMeasuresSequence,
    PlaneOrientationSequence,
    PlanePositionSequence,
)
from dicomposer.enum import DimensionOrganizationTypeValues
from dicomposer.errors import ArgumentError
from dicomposer.frame import is_native
from dicomposer.image import (
    FrameAccess,
    Selection,
    by_dimension,
    by_source_frame,
    by_source_instance,
    by_tiles,
)
from dicomposer.seg import _assemble, _build
from dicomposer.seg._pixels import Encoding
from dicomposer.seg._planes import PlaneOverrides
from dicomposer.seg.content import SegmentDescription
from dicomposer.seg.enum import (
    SegmentAlgorithmTypeValues,
    SegmentationFractionalTypeValues,
    SegmentationTypeValues,
)
from dicomposer.volume import Volume, VolumeGeometry

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

__all__ = ["SOP_CLASS_UIDS", "Segmentation", "segread"]

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"
SOP_CLASS_UIDS = {SEGMENTATION_STORAGE, LABEL_MAP_SEGMENTATION_STORAGE}

_SEGMENT_POINTER = 0x0062000B


class Segmentation(FrameAccess):
    """A segmentation: binary, fractional or a label map."""

    def __init__(
        self,
        source_images: Sequence[Dataset],
        pixel_array: NDArray[Any] | Volume,
        segmentation_type: str | SegmentationTypeValues,
        segment_descriptions: Sequence[SegmentDescription],
        series_instance_uid: str,
        series_number: int,
        sop_instance_uid: str,
        instance_number: int,
        manufacturer: str,
        manufacturer_model_name: str,
        software_versions: str | tuple[str],
        device_serial_number: str,
        fractional_type: None
        | str
        | SegmentationFractionalTypeValues = SegmentationFractionalTypeValues.PROBABILITY,
        max_fractional_value: int = 255,
        content_description: str | None = None,
        content_creator_name: str | PersonName | None = None,
        transfer_syntax_uid: str | PydicomUID = "1.2.840.10008.1.2.1",
        pixel_measures: PixelMeasuresSequence | None = None,
        plane_orientation: PlaneOrientationSequence | None = None,
        plane_positions: Sequence[PlanePositionSequence] | None = None,
        omit_empty_frames: bool = True,
        content_label: str | None = None,
        content_creator_identification: None | ContentCreatorIdentificationCodeSequence = None,
        workers: int | Executor = 0,
        dimension_organization_type: DimensionOrganizationTypeValues | str | None = None,
        tile_pixel_array: bool = False,
        tile_size: Sequence[int] | None = None,
        pyramid_uid: str | None = None,
        pyramid_label: str | None = None,
        further_source_images: Sequence[Dataset] | None = None,
        palette_color_lut_transformation: None | PaletteColorLUTTransformation = None,
        icc_profile: bytes | None = None,
        contributing_equipment: Sequence[ContributingEquipment] | None = None,
        use_extended_offset_table: bool = False,
        **kwargs: Any,
    ) -> None:
        """Make a segmentation of a mask and the images it was made from.

        Parameters
        ----------
        source_images : Sequence[pydicom.Dataset]
            One multi-frame image, or single-frame images of one series; pixel data need not be present. The planes
            of an array correspond to them in the order given.
        pixel_array : numpy.ndarray or Volume
            The mask, never modified:

            - labels, shape (planes, rows, columns) or (rows, columns), whole numbers: the value of a pixel is its
              segment number, 0 is background;
            - stacked segments, shape (planes, rows, columns, segments): 0 and 1 (any number type), or fractions from
              0 to 1 (float) for FRACTIONAL. Index i of the last axis is segment i + 1. Segments may overlap unless
              the type is LABELMAP;
            - a :class:`~dicomposer.volume.Volume` of either, which carries its own geometry; source frames at the
              same place and grid are referenced.
        segmentation_type : SegmentationTypeValues or str
            BINARY, FRACTIONAL or LABELMAP.
        segment_descriptions : Sequence[SegmentDescription]
            One for each segment. BINARY and FRACTIONAL: numbered 1 to n. LABELMAP: any numbers; a background item is
            added where none is given (PS3.3 C.8.20.2.3.3).
        series_instance_uid, series_number, sop_instance_uid, instance_number
            Identity of the new object and its series.
        manufacturer, manufacturer_model_name, software_versions, device_serial_number
            The equipment or program that made the mask.
        fractional_type : SegmentationFractionalTypeValues or str, optional
            PROBABILITY or OCCUPANCY; used for FRACTIONAL.
        max_fractional_value : int, optional
            Stored value that means 1.0, 1 to 255.
        content_description, content_creator_name, content_label, content_creator_identification : optional
            What the object is and who made it. The label defaults to ``<MODALITY>_SEG``.
        transfer_syntax_uid : str, optional
            Explicit or Implicit VR Little Endian, JPEG 2000 Lossless, and, except for BINARY, RLE Lossless and
            JPEG-LS Lossless (PS3.5 8.2).
        pixel_measures, plane_orientation, plane_positions : optional
            Geometry of the planes where it is not that of the source images; positions in mm.
        omit_empty_frames : bool, optional
            Leave out frames without pixels (default). Never so for TILED_FULL; and a mask without any pixel keeps
            all its frames.
        workers : int or concurrent.futures.Executor, optional
            Workers for compression: 0 none, negative all cores.
        dimension_organization_type : DimensionOrganizationTypeValues or str, optional
            TILED_SPARSE (default for tiles), TILED_FULL, or 3D.
        tile_pixel_array : bool, optional
            The mask is one total pixel matrix, to be cut into tiles.
        tile_size : Sequence[int], optional
            Rows and columns of the tiles; those of the source image by default.
        pyramid_uid, pyramid_label : str, optional
            The multi-resolution pyramid that the object belongs to.
        further_source_images : Sequence[pydicom.Dataset], optional
            More images of the study to reference.
        palette_color_lut_transformation : PaletteColorLUTTransformation, optional
            Colours of a LABELMAP.
        icc_profile : bytes, optional
            Colour space of those colours.
        contributing_equipment : Sequence[ContributingEquipment], optional
            More equipment that had a part in this object.
        use_extended_offset_table : bool, optional
            For compressed frames: an extended instead of a basic offset table.
        **kwargs
            Passed to :class:`~dicomposer.base.SOPClass`.

        Raises
        ------
        ValueError
            If the mask, its descriptions and the images do not fit one another, or the result would not conform
            (:class:`~dicomposer.errors.ConformanceError`).
        TypeError
            If an argument has the wrong type.
        """
        kind = SegmentationTypeValues(segmentation_type)
        request = _build.Request(
            kind=kind,
            sources=_build.SourceImages(source_images, further_source_images),
            pixel_array=pixel_array,
            segments=_build.Segments.of(segment_descriptions, kind),
            overrides=PlaneOverrides(
                pixel_measures,
                plane_orientation,
                plane_positions,
                tile_pixel_array,
                _build.tile_shape(tile_size),
            ),
            encoding=Encoding(
                str(transfer_syntax_uid), kind, max_fractional_value, workers, use_extended_offset_table
            ),
            fractional_type=fractional_type,
            omit_empty_frames=omit_empty_frames,
            organisation=_build.organisation(dimension_organization_type),
            content=_build.Content(
                content_label, content_description, content_creator_name, content_creator_identification
            ),
            palette=_build.Palette(palette_color_lut_transformation, icc_profile),
            pyramid=_build.Pyramid(pyramid_uid, pyramid_label),
        )
        plan = _build.plan(request)
        first = request.sources.first
        super().__init__(
            series_instance_uid=series_instance_uid,
            series_number=series_number,
            sop_instance_uid=sop_instance_uid,
            sop_class_uid=LABEL_MAP_SEGMENTATION_STORAGE
            if kind is SegmentationTypeValues.LABELMAP
            else SEGMENTATION_STORAGE,
            instance_number=instance_number,
            modality="SEG",
            manufacturer=manufacturer,
            manufacturer_model_name=manufacturer_model_name,
            software_versions=software_versions,
            device_serial_number=device_serial_number,
            transfer_syntax_uid=transfer_syntax_uid,
            **_build.inherited(first, kwargs),
        )
        self.copy_patient_and_study_information(first)
        self.copy_specimen_information(first)
        _build.add_equipment(self, first, contributing_equipment)
        _build.write(self, request, plan)
        self._validate(
            sources=[*request.sources.datasets, *request.sources.further], values=plan.stored_values
        )

    def add_segments(
        self,
        pixel_array: NDArray[Any],
        segment_descriptions: Sequence[SegmentDescription],
        plane_positions: Sequence[PlanePositionSequence] | None = None,
        omit_empty_frames: bool = True,
    ) -> NoReturn:
        """Not supported: objects are immutable once stored. Make a new Segmentation of all segments."""
        raise AttributeError("add_segments is not supported: make a new Segmentation of all segments")

    # ---- opening -----------------------------------------------------------------------------------

    @classmethod
    def _check_dataset(cls, dataset: Dataset) -> None:
        if str(dataset.get("SOPClassUID")) not in SOP_CLASS_UIDS:
            raise ArgumentError("the dataset is not a Segmentation or Label Map Segmentation")
        super()._check_dataset(dataset)
        if "SegmentSequence" not in dataset or "SegmentationType" not in dataset:
            raise ArgumentError("the segmentation has no Segment Sequence or Segmentation Type")

    # ---- segments ----------------------------------------------------------------------------------

    @property
    def segmentation_type(self) -> SegmentationTypeValues:
        """BINARY, FRACTIONAL or LABELMAP."""
        return SegmentationTypeValues(self.SegmentationType)

    @property
    def segmentation_fractional_type(self) -> SegmentationFractionalTypeValues | None:
        """What fractions mean; None unless the type is FRACTIONAL."""
        value = self.get("SegmentationFractionalType")
        return None if value is None else SegmentationFractionalTypeValues(value)

    @property
    def _is_labelmap(self) -> bool:
        return self.segmentation_type is SegmentationTypeValues.LABELMAP

    @property
    def _background(self) -> int | None:
        """Value of background pixels in a label map (Pixel Padding Value, 0 where it is not stated)."""
        return int(self.get("PixelPaddingValue") or 0) if self._is_labelmap else None

    @property
    def _descriptions(self) -> dict[int, SegmentDescription]:
        """Descriptions by number, background left out, in the order of the file."""
        background = self._background
        return {
            int(item.SegmentNumber): SegmentDescription.from_dataset(item, copy=False)
            for item in self.SegmentSequence
            if background is None or int(item.SegmentNumber) != background
        }

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
        for item in self.SegmentSequence:
            if int(item.SegmentNumber) == segment_number:
                return SegmentDescription.from_dataset(item, copy=False)
        raise IndexError(f"there is no segment number {segment_number}")

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
        category = None if segmented_property_category is None else as_concept(segmented_property_category)
        kind = None if segmented_property_type is None else as_concept(segmented_property_type)
        algorithm = None if algorithm_type is None else SegmentAlgorithmTypeValues(algorithm_type)
        return [
            number
            for number, item in self._descriptions.items()
            if (segment_label is None or item.segment_label == segment_label)
            and (category is None or item.segmented_property_category == category)
            and (kind is None or item.segmented_property_type == kind)
            and (algorithm is None or item.algorithm_type is algorithm)
            and (tracking_uid is None or item.tracking_uid == tracking_uid)
            and (tracking_id is None or item.tracking_id == tracking_id)
        ]

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
        descriptions = self._descriptions
        pairs = [
            (description.tracking_id, UID(description.tracking_uid))
            for description in (descriptions[number] for number in numbers)
            if description.tracking_id is not None and description.tracking_uid is not None
        ]
        return list(dict.fromkeys(pairs))

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
        single_bits = fmt.bits_allocated == 1 and is_native(str(self.transfer_syntax_uid))
        return _assemble.SegmentFrames(
            reader=reader,
            fmt=fmt,
            segments=None if self._is_labelmap else self._segments_of_frames(),
            maximum=int(self.MaximumFractionalValue) if fractional else None,
            native=reader.source.read(0, reader.source.size) if single_bits else None,
        )

    def _segments_of_frames(self) -> NDArray[np.int64]:
        """Segment number of every frame."""
        index = self._index
        column = index.numbers("SegmentIdentificationSequence.ReferencedSegmentNumber")
        if column is not None:
            return column[:, 0].astype(np.int64)
        numbers = np.asarray([int(item.SegmentNumber) for item in self.SegmentSequence], dtype=np.int64)
        if len(numbers) == 1:
            return np.full(index.frames, numbers[0])
        if index.is_tiled_full and index.frames % len(numbers) == 0:
            # Implied by the order of frames: all tiles of one segment, then of the next (PS3.3 C.7.6.17.3)
            return np.repeat(numbers, index.frames // len(numbers))
        raise ArgumentError("the frames do not say which segment they belong to")

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
                f"segment_numbers must name distinct segments of this object, which are {_some(known)}"
            )
        return _assemble.Wanted(tuple(numbers), relabel, rescale_fractional, skip_overlap_checks, dtype)

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
            return _build.coloured(self, labels, wanted.dtype, apply_icc_profile)
        if apply_icc_profile:
            raise ArgumentError("an ICC profile applies only together with apply_palette_color_lut=True")
        make = _assemble.combined if combine_segments else _assemble.stacked
        return make(self._frames(), selection, wanted)

    def get_pixels_by_source_instance(
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
            shape=(int(self.Rows), int(self.Columns)),
            ignore_spatial_locations=ignore_spatial_locations,
            assert_missing_frames_are_empty=assert_missing_frames_are_empty,
            known=frozenset(str(uid) for _, _, uid in self.get_source_image_uids()),
        )
        return self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )

    def get_pixels_by_source_frame(
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
            shape=(int(self.Rows), int(self.Columns)),
            ignore_spatial_locations=ignore_spatial_locations,
            assert_missing_frames_are_empty=assert_missing_frames_are_empty,
        )
        return self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )

    def get_pixels_by_dimension_index_values(
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
            shape=(int(self.Rows), int(self.Columns)),
            assert_missing_frames_are_empty=assert_missing_frames_are_empty,
        )
        return self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )

    def get_total_pixel_matrix(
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
        """
        index = self._index
        if index.matrix is None:
            raise _build.not_tiled()
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
        selection = by_tiles(index, (int(self.Rows), int(self.Columns)), region)
        array = self._assembled(
            selection, wanted, combine_segments, apply_palette_color_lut, apply_icc_profile
        )
        return array[0]

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

    def get_volume(
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
        slice_start, slice_end : int, optional
            Slices to give, half-open, counted from 0.
        row_start, row_end, column_start, column_end : int, optional
            Window to give, half-open, counted from 1 (from 0 with ``as_indices``).
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
            If the frames do not form a regular volume.
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
            channels = _build.rgb_channels()
        elif not combine_segments:
            channels = {"ReferencedSegmentNumber": list(wanted.numbers)}
        return geometry.with_array(array, channels=channels)


def _some(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return f"{shown}, ... ({len(numbers)} in all)" if len(numbers) > 10 else shown


def segread(
    fp: str | bytes | os.PathLike[str] | BinaryIO, lazy_frame_retrieval: bool = False
) -> Segmentation:
    """Read a segmentation from a file.

    Parameters
    ----------
    fp : str, PathLike, bytes or file-like
        The file: its path, its content, or a binary stream.
    lazy_frame_retrieval : bool, optional
        Leave the pixel data in the file and read frames when they are asked for.

    Returns
    -------
    Segmentation

    Raises
    ------
    NotDicomError, TruncatedError, DamagedFileError
        If the bytes do not hold together.
    ValueError
        If the file holds something else than a segmentation.
    """
    return Segmentation.from_file(fp, lazy_frame_retrieval=lazy_frame_retrieval)
