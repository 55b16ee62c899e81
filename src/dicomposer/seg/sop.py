"""The Segmentation and Label Map Segmentation objects (PS3.3 A.51, A.90)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID as PydicomUID
from pydicom.valuerep import PersonName

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
from dicomposer.seg import _build
from dicomposer.seg._pixels import Encoding
from dicomposer.seg._planes import PlaneOverrides
from dicomposer.seg._reading import SegmentAccess
from dicomposer.seg.content import SegmentDescription
from dicomposer.seg.enum import (
    SegmentationFractionalTypeValues,
    SegmentationTypeValues,
)
from dicomposer.volume import Volume

if TYPE_CHECKING:
    pass

__all__ = ["SOP_CLASS_UIDS", "Segmentation", "segread"]

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"
SOP_CLASS_UIDS = {SEGMENTATION_STORAGE, LABEL_MAP_SEGMENTATION_STORAGE}

_SEGMENT_POINTER = 0x0062000B


class Segmentation(SegmentAccess):
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
        request.sources.refuse_reuse(str(sop_instance_uid), str(series_instance_uid))
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
        self._validate(values=plan.stored_values)

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
