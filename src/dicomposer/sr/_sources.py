"""Where findings come from: source images and series, value maps, sites, events (PS3.16 TID 300, 1410, 1411, 1502)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydicom.dataset import Dataset

from dicomposer.coding import Code, CodedConcept, CodeLike
from dicomposer.errors import ArgumentError
from dicomposer.items import (
    CodeContentItem,
    CompositeContentItem,
    ContentItem,
    ContentSequence,
    ImageContentItem,
    NumContentItem,
    RelationshipTypeValues,
    UIDRefContentItem,
    dcm,
    put_below,
    sct,
)
from dicomposer.record import required, text_value

__all__ = [
    "FINDING_SITE",
    "REAL_WORLD_VALUE_MAP",
    "SOURCE",
    "SOURCE_IMAGE_FOR_SEGMENTATION",
    "SOURCE_SERIES_FOR_SEGMENTATION",
    "FindingSite",
    "LongitudinalTemporalOffsetFromEvent",
    "RealWorldValueMap",
    "SourceImageForMeasurement",
    "SourceImageForMeasurementGroup",
    "SourceImageForRegion",
    "SourceImageForSegmentation",
    "SourceSeriesForSegmentation",
    "adopted",
    "uids_of",
]

_CONTAINS = RelationshipTypeValues.CONTAINS
_INFERRED = RelationshipTypeValues.INFERRED_FROM
_MODIFIER = RelationshipTypeValues.HAS_CONCEPT_MOD
_SELECTED = RelationshipTypeValues.SELECTED_FROM

SOURCE = sct("260753009", "Source")
SOURCE_IMAGE_FOR_SEGMENTATION = dcm("121233", "Source image for segmentation")
SOURCE_SERIES_FOR_SEGMENTATION = dcm("121232", "Source series for segmentation")
FINDING_SITE = sct("363698007", "Finding Site")
_LATERALITY = sct("272741003", "Laterality")
_TOPOGRAPHY = sct("106233006", "Topographical modifier")
REAL_WORLD_VALUE_MAP = dcm("126100", "Real World Value Map used for measurement")

_REAL_WORLD_VALUE_MAPPING_STORAGE = "1.2.840.10008.5.1.4.1.1.67"


def uids_of(image: Dataset) -> tuple[str, str]:
    """SOP Class UID and SOP Instance UID of an object."""
    return (
        required(text_value(image, "SOPClassUID"), "SOPClassUID"),
        required(text_value(image, "SOPInstanceUID"), "SOPInstanceUID"),
    )


class _SourceImage(ImageContentItem):
    """A reference to an image, with a fixed name and relationship."""

    _concept: Code
    _relationship: RelationshipTypeValues

    def __init__(
        self,
        referenced_sop_class_uid: str,
        referenced_sop_instance_uid: str,
        referenced_frame_numbers: Sequence[int] | None = None,
    ) -> None:
        super().__init__(
            self._concept,
            referenced_sop_class_uid,
            referenced_sop_instance_uid,
            referenced_frame_numbers,
            relationship_type=self._relationship,
        )

    @classmethod
    def from_source_image(cls, image: Dataset, referenced_frame_numbers: Sequence[int] | None = None) -> Self:
        """Refer to an image.

        Parameters
        ----------
        image : pydicom.Dataset
            The image; not modified.
        referenced_frame_numbers : Sequence[int], optional
            Frames that are meant, from 1; all if left out.

        Raises
        ------
        ValueError
            If the image does not have the frames.
        """
        given: Any = referenced_frame_numbers  # one number is taken as well
        frames = [given] if isinstance(given, int) else given
        if frames is not None:
            count = int(text_value(image, "NumberOfFrames") or 1)
            if any(frame < 1 or frame > count for frame in frames):
                raise ArgumentError(f"referenced_frame_numbers must be from 1 to {count}")
            if "NumberOfFrames" not in image:
                frames = None  # a single-frame image has no frame numbers (PS3.3 Table 10-3)
        return cls(*uids_of(image), frames)


class SourceImageForRegion(_SourceImage):
    """The image in which a region is drawn."""

    _concept, _relationship = SOURCE, _SELECTED


class SourceImageForMeasurement(_SourceImage):
    """The image in which a measurement was made."""

    _concept, _relationship = dcm("121112", "Source of Measurement"), _INFERRED


class SourceImageForMeasurementGroup(_SourceImage):
    """The image in which the measurements of a group were made."""

    _concept, _relationship = dcm("121112", "Source of Measurement"), _CONTAINS


class SourceImageForSegmentation(_SourceImage):
    """The image that was segmented."""

    _concept, _relationship = SOURCE_IMAGE_FOR_SEGMENTATION, _CONTAINS


class SourceSeriesForSegmentation(UIDRefContentItem):
    """The series that was segmented.

    Parameters
    ----------
    referenced_series_instance_uid : str
        Series Instance UID.
    """

    def __init__(self, referenced_series_instance_uid: str) -> None:
        super().__init__(SOURCE_SERIES_FOR_SEGMENTATION, referenced_series_instance_uid, _CONTAINS)

    @classmethod
    def from_source_image(cls, image: Dataset) -> Self:
        """Refer to the series of an image, which is not modified."""
        return cls(required(text_value(image, "SeriesInstanceUID"), "SeriesInstanceUID"))


class RealWorldValueMap(CompositeContentItem):
    """The real world value map that measurements used.

    Parameters
    ----------
    referenced_sop_instance_uid : str
        SOP Instance UID of the Real World Value Mapping object.
    """

    def __init__(self, referenced_sop_instance_uid: str) -> None:
        super().__init__(
            REAL_WORLD_VALUE_MAP, _REAL_WORLD_VALUE_MAPPING_STORAGE, referenced_sop_instance_uid, _CONTAINS
        )

    @classmethod
    def from_source_value_map(cls, value_map_dataset: Dataset) -> Self:
        """Refer to a Real World Value Mapping object.

        Raises
        ------
        ValueError
            If it is something else.
        """
        class_uid, instance_uid = uids_of(value_map_dataset)
        if class_uid != _REAL_WORLD_VALUE_MAPPING_STORAGE:
            raise ArgumentError("a Real World Value Mapping object is needed")
        return cls(instance_uid)


class FindingSite(CodeContentItem):
    """Where in the body.

    Parameters
    ----------
    anatomic_location : pydicom.sr.coding.Code or CodedConcept
        The structure.
    laterality : pydicom.sr.coding.Code or CodedConcept, optional
        Its side, of CID 244.
    topographical_modifier : pydicom.sr.coding.Code or CodedConcept, optional
        Part of it, of CID 2 for example.
    """

    def __init__(
        self,
        anatomic_location: CodeLike,
        laterality: CodeLike | None = None,
        topographical_modifier: CodeLike | None = None,
    ) -> None:
        super().__init__(FINDING_SITE, anatomic_location, _MODIFIER)
        given = ((_LATERALITY, laterality), (_TOPOGRAPHY, topographical_modifier))
        put_below(self, [CodeContentItem(name, code, _MODIFIER) for name, code in given if code is not None])

    @property
    def laterality(self) -> CodedConcept | None:
        """Its side."""
        return _code_below(self, _LATERALITY)

    @property
    def topographical_modifier(self) -> CodedConcept | None:
        """Part of it."""
        return _code_below(self, _TOPOGRAPHY)


class LongitudinalTemporalOffsetFromEvent(NumContentItem):
    """Time since an event.

    Parameters
    ----------
    value : float
        How much time.
    unit : pydicom.sr.coding.Code or CodedConcept
        Its unit, of UCUM.
    event_type : pydicom.sr.coding.Code or CodedConcept
        What the event was.
    """

    def __init__(self, value: float, unit: CodeLike, event_type: CodeLike) -> None:
        relationship = RelationshipTypeValues.HAS_OBS_CONTEXT
        name = dcm("128740", "Longitudinal Temporal Offset from Event")
        super().__init__(name, value, unit, relationship_type=relationship)
        event = dcm("128741", "Longitudinal Temporal Event Type")
        put_below(self, [CodeContentItem(event, event_type, _MODIFIER)])


def adopted(item: ContentItem, kind: type[Any]) -> Any:
    """The item as one of a class."""
    return item if isinstance(item, kind) else kind._adopt(item)


def _code_below(item: ContentItem, name: Code) -> CodedConcept | None:
    found = ContentSequence._of(item.children).find(name)._items
    return found[0].value if found and isinstance(found[0], CodeContentItem) else None
