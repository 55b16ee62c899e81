"""Regions with what they were segmented from: segments and surfaces (PS3.16 TID 1410, 1411)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.coding import UID, Code
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from dicomposer.items import (
    ContentSequence,
    GraphicTypeValues3D,
    ImageContentItem,
    RelationshipTypeValues,
    Scoord3DContentItem,
    dcm,
)
from dicomposer.sr._segments import sources_of_segment
from dicomposer.sr._sources import (
    SOURCE_IMAGE_FOR_SEGMENTATION,
    SOURCE_SERIES_FOR_SEGMENTATION,
    SourceImageForSegmentation,
    SourceSeriesForSegmentation,
    adopted,
    uids_of,
)

__all__ = [
    "REFERENCED_SEGMENT",
    "REFERENCED_SEGMENTATION_FRAME",
    "VOLUME_SURFACE",
    "ReferencedSegment",
    "ReferencedSegmentationFrame",
    "VolumeSurface",
]

_CONTAINS = RelationshipTypeValues.CONTAINS

VOLUME_SURFACE = dcm("121231", "Volume Surface")
REFERENCED_SEGMENT = dcm("121191", "Referenced Segment")
REFERENCED_SEGMENTATION_FRAME = dcm("121214", "Referenced Segmentation Frame")

_LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", _LABEL_MAP)


class _WithSources(ContentSequence):
    """A region and what it was segmented from."""

    def has_source_images(self) -> bool:
        """Whether the images that were segmented are named (else the series is)."""
        return bool(self.source_images_for_segmentation)

    @property
    def source_images_for_segmentation(self) -> list[SourceImageForSegmentation]:
        """Images that were segmented."""
        found = self.find(SOURCE_IMAGE_FOR_SEGMENTATION)
        return [adopted(item, SourceImageForSegmentation) for item in found]

    @property
    def source_series_for_segmentation(self) -> SourceSeriesForSegmentation | None:
        """The series that was segmented."""
        found = self.find(SOURCE_SERIES_FOR_SEGMENTATION)
        return adopted(found[0], SourceSeriesForSegmentation) if len(found) else None

    def _add_sources(
        self,
        images: Sequence[SourceImageForSegmentation] | None,
        series: SourceSeriesForSegmentation | None,
    ) -> None:
        if (images is None or not len(images)) == (series is None):
            raise ArgumentError("either source_images or source_series is needed")
        for image in images or ():
            if not isinstance(image, SourceImageForSegmentation):
                raise ArgumentTypeError("source_images must hold SourceImageForSegmentation items")
        if series is not None and not isinstance(series, SourceSeriesForSegmentation):
            raise ArgumentTypeError("source_series must be a SourceSeriesForSegmentation item")
        self._append_all((images or ()) if series is None else [series])

    @classmethod
    def _selected(cls, sequence: Sequence[Dataset], *names: Code) -> Self:
        items = ContentSequence.from_sequence(sequence, copy=False)
        found = cls._of(item for name in names for item in items.find(name))
        if not len(found) or not len(found.find(names[0])):
            raise MissingAttributeError(f"the content item {names[0].meaning} is missing")
        return found


class ReferencedSegment(_WithSources):
    """A segment of a segmentation, and what was segmented.

    Parameters
    ----------
    sop_class_uid, sop_instance_uid : str
        The segmentation.
    segment_number : int
        Number of the segment.
    frame_numbers : Sequence[int], optional
        Frames of the segment, from 1; checked, but not written: a reference has frames or segments (PS3.3 C.18.4), and
        this one is to a segment (PS3.16 TID 1411). A warning says so.
    source_images : Sequence[SourceImageForSegmentation], optional
        Images that were segmented.
    source_series : SourceSeriesForSegmentation, optional
        The series that was segmented; either this or the images.
    """

    def __init__(
        self,
        sop_class_uid: str,
        sop_instance_uid: str,
        segment_number: int,
        frame_numbers: Sequence[int] | None = None,
        source_images: Sequence[SourceImageForSegmentation] | None = None,
        source_series: SourceSeriesForSegmentation | None = None,
    ) -> None:
        super().__init__()
        _check_segmentation(sop_class_uid)
        given: Any = [] if frame_numbers is None else frame_numbers
        if not all(isinstance(one, int | np.integer) and one > 0 for one in given):
            raise ArgumentError("frame_numbers must be whole numbers from 1")
        if len(given):
            warnings.warn(
                "frame_numbers are not written, as a reference has a segment or frames: it is to the whole segment; "
                "what was measured in some of its frames belongs to a ReferencedSegmentationFrame",
                stacklevel=2,
            )
        self.append(
            ImageContentItem(
                REFERENCED_SEGMENT,
                sop_class_uid,
                sop_instance_uid,
                referenced_segment_numbers=segment_number,
                relationship_type=_CONTAINS,
            )
        )
        self._add_sources(source_images, source_series)

    @classmethod
    def from_sequence(cls, sequence: Sequence[Dataset], *_: Any, **__: Any) -> Self:
        """Take the items that refer to a segment from those of a group."""
        return cls._selected(
            sequence, REFERENCED_SEGMENT, SOURCE_IMAGE_FOR_SEGMENTATION, SOURCE_SERIES_FOR_SEGMENTATION
        )

    @classmethod
    def from_segmentation(
        cls, segmentation: Dataset, segment_number: int, frame_numbers: Sequence[int] | None = None
    ) -> Self:
        """Refer to a segment of a segmentation, and to what it says it was made from.

        Parameters
        ----------
        segmentation : pydicom.Dataset
            Not modified.
        segment_number : int
            Number of the segment.
        frame_numbers : Sequence[int], optional
            Frames of the segmentation, from 1: only the images that these were made from are named. Other frames of the
            segment are referred to nevertheless, with a warning; see the class. All of the segment if left out.

        Raises
        ------
        ValueError
            If it is no segmentation, or has no such segment or frames.
        AttributeError
            If it does not say what it was made from.
        """
        sources = sources_of_segment(segmentation, segment_number, frame_numbers)
        if frame_numbers is not None and sources.are_all:
            frame_numbers = None
        images = [SourceImageForSegmentation(*image) for image in sources.images]
        series = None if images else SourceSeriesForSegmentation(sources.series)
        return cls(*uids_of(segmentation), segment_number, frame_numbers, images or None, series)

    @property
    def _reference(self) -> ImageContentItem:
        found: ImageContentItem = adopted(self.find(REFERENCED_SEGMENT)[0], ImageContentItem)
        return found

    @property
    def referenced_sop_class_uid(self) -> UID:
        """SOP Class UID of the segmentation."""
        return self._reference.referenced_sop_class_uid

    @property
    def referenced_sop_instance_uid(self) -> UID:
        """SOP Instance UID of the segmentation."""
        return self._reference.referenced_sop_instance_uid

    @property
    def referenced_frame_numbers(self) -> list[int] | None:
        """Frames of the segmentation, from 1, that other writers give as well; None if all are meant."""
        return self._reference.referenced_frame_numbers

    @property
    def referenced_segment_numbers(self) -> list[int] | None:
        """Number of the segment."""
        return self._reference.referenced_segment_numbers


class ReferencedSegmentationFrame(_WithSources):
    """Frames of a segmentation, and the image that was segmented.

    Parameters
    ----------
    sop_class_uid, sop_instance_uid : str
        The segmentation.
    frame_number : int or Sequence[int]
        Frames, from 1.
    segment_number : int
        Number of the segment. Written for label maps only, whose frames hold several segments: PS3.16 TID 1410 row 7
        asks for it beside the frames, PS3.3 C.18.4 (and dciodvfy) allows one or the other.
    source_image : SourceImageForSegmentation
        The image that was segmented.
    """

    def __init__(
        self,
        sop_class_uid: str,
        sop_instance_uid: str,
        frame_number: int | Sequence[int],
        segment_number: int,
        source_image: SourceImageForSegmentation,
    ) -> None:
        super().__init__()
        _check_segmentation(sop_class_uid)
        if not isinstance(source_image, SourceImageForSegmentation):
            raise ArgumentTypeError("source_image must be a SourceImageForSegmentation item")
        given: Any = segment_number
        if not isinstance(given, int | np.integer) or given < 0:
            raise ArgumentError("segment_number must be a whole number from 0")
        self.append(
            ImageContentItem(
                REFERENCED_SEGMENTATION_FRAME,
                sop_class_uid,
                sop_instance_uid,
                frame_number,
                segment_number if str(sop_class_uid) == _LABEL_MAP else None,
                relationship_type=_CONTAINS,
            )
        )
        self.append(source_image)

    @classmethod
    def from_sequence(cls, sequence: Sequence[Dataset], *_: Any, **__: Any) -> Self:
        """Take the items that refer to frames of a segmentation from those of a group."""
        return cls._selected(sequence, REFERENCED_SEGMENTATION_FRAME, SOURCE_IMAGE_FOR_SEGMENTATION)

    @classmethod
    def from_segmentation(
        cls,
        segmentation: Dataset,
        frame_number: int | Sequence[int] | None = None,
        segment_number: int | None = None,
    ) -> Self:
        """Refer to frames of a segmentation, and to the image it says they were made from.

        Parameters
        ----------
        segmentation : pydicom.Dataset
            Not modified.
        frame_number : int or Sequence[int], optional
            Frames, from 1; all of the segment if left out.
        segment_number : int, optional
            Number of the segment; that of the frames if left out.

        Raises
        ------
        ValueError
            If it is no segmentation, has no such frames, or they are not of one segment and image.
        AttributeError
            If it does not say what it was made from.
        """
        frames = [frame_number] if isinstance(frame_number, int) else frame_number
        sources = sources_of_segment(segmentation, segment_number, frames)
        if len(sources.images) != 1:
            raise ArgumentError(
                f"frames of one source image are needed; these were made from {len(sources.images)}"
            )
        image = SourceImageForSegmentation(*sources.images[0])
        return cls(*uids_of(segmentation), sources.frames, sources.segment, image)

    @property
    def _reference(self) -> ImageContentItem:
        found: ImageContentItem = adopted(self.find(REFERENCED_SEGMENTATION_FRAME)[0], ImageContentItem)
        return found

    @property
    def referenced_sop_class_uid(self) -> UID:
        """SOP Class UID of the segmentation."""
        return self._reference.referenced_sop_class_uid

    @property
    def referenced_sop_instance_uid(self) -> UID:
        """SOP Instance UID of the segmentation."""
        return self._reference.referenced_sop_instance_uid

    @property
    def referenced_frame_numbers(self) -> list[int] | None:
        """Frames, from 1."""
        return self._reference.referenced_frame_numbers

    @property
    def referenced_segment_numbers(self) -> list[int] | None:
        """Number of the segment, if it was written; else the frames tell."""
        return self._reference.referenced_segment_numbers

    @property
    def source_image_for_segmentation(self) -> SourceImageForSegmentation:
        """The image that was segmented."""
        images = self.source_images_for_segmentation
        if not images:
            raise MissingAttributeError("the source image of the segmentation is missing")
        return images[0]


class VolumeSurface(_WithSources):
    """The surface of a volume in space, and what was segmented.

    Parameters
    ----------
    graphic_type : GraphicTypeValues3D or str
        POINT, ELLIPSOID, ELLIPSE or POLYGON.
    graphic_data : numpy.ndarray or Sequence[numpy.ndarray]
        Points, shape (n, 3), in mm: one array for POINT and ELLIPSOID; two or more, one a plane, for the others.
    frame_of_reference_uid : str
        The frame of reference.
    source_images : Sequence[SourceImageForSegmentation], optional
        Images that were segmented.
    source_series : SourceSeriesForSegmentation, optional
        The series that was segmented; either this or the images.
    """

    def __init__(
        self,
        graphic_type: GraphicTypeValues3D | str,
        graphic_data: NDArray[Any] | Sequence[NDArray[Any]],
        frame_of_reference_uid: str,
        source_images: Sequence[SourceImageForSegmentation] | None = None,
        source_series: SourceSeriesForSegmentation | None = None,
    ) -> None:
        super().__init__()
        shape = GraphicTypeValues3D(graphic_type)
        one = (GraphicTypeValues3D.POINT, GraphicTypeValues3D.ELLIPSOID)
        several = (GraphicTypeValues3D.ELLIPSE, GraphicTypeValues3D.POLYGON)
        if shape not in (*one, *several):
            raise ArgumentError(f"a volume surface cannot be of type {shape.value}")
        parts = [graphic_data] if isinstance(graphic_data, np.ndarray) else list(graphic_data)
        if shape in one and len(parts) != 1:
            raise ArgumentError(f"a surface of {shape.value} has one part, found {len(parts)}")
        if shape in several and len(parts) < 2:
            raise ArgumentError(f"a surface of {shape.value} has two or more parts, found {len(parts)}")
        self._append_all(
            Scoord3DContentItem(
                VOLUME_SURFACE, shape, part, frame_of_reference_uid, relationship_type=_CONTAINS
            )
            for part in parts
        )
        self._add_sources(source_images, source_series)

    @classmethod
    def from_sequence(cls, sequence: Sequence[Dataset], *_: Any, **__: Any) -> Self:
        """Take the items of a volume surface from those of a group."""
        return cls._selected(
            sequence, VOLUME_SURFACE, SOURCE_IMAGE_FOR_SEGMENTATION, SOURCE_SERIES_FOR_SEGMENTATION
        )

    @property
    def _surfaces(self) -> list[Scoord3DContentItem]:
        return [adopted(item, Scoord3DContentItem) for item in self.find(VOLUME_SURFACE)]

    @property
    def graphic_type(self) -> GraphicTypeValues3D:
        """The shape of its parts."""
        return self._surfaces[0].graphic_type

    @property
    def frame_of_reference_uid(self) -> UID:
        """The frame of reference."""
        return self._surfaces[0].frame_of_reference_uid

    @property
    def graphic_data(self) -> list[NDArray[np.float64]]:
        """Points of its parts, each of shape (n, 3), in mm."""
        return [item.value for item in self._surfaces]


def _check_segmentation(sop_class_uid: str) -> None:
    if str(sop_class_uid) not in _SEGMENTATIONS:
        raise ArgumentError("sop_class_uid must be that of a Segmentation")
