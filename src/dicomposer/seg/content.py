"""Descriptions of segments and of the dimensions that order frames (PS3.3 C.8.20.2, C.7.6.17)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID as PydicomUID

from dicomposer.coding import UID, CodedConcept, as_concept, new_uid
from dicomposer.content import (
    AlgorithmIdentificationSequence,
    PlanePositionSequence,
    plane_positions_of_image,
    plane_positions_of_series,
)
from dicomposer.enum import AxisHandedness, CoordinateSystemNames, PixelIndexDirections
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from dicomposer.record import int_value, items_of, required, text_value, understood, value_of
from dicomposer.seg.enum import SegmentAlgorithmTypeValues
from dicomposer.spatial import get_plane_sort_index

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

    from dicomposer.pixels import CIELabColor

__all__ = ["DimensionIndexSequence", "SegmentDescription"]

_LARGEST_SEGMENT_NUMBER = 65535


def _text(value: str, what: str, limit: int) -> str:
    """Check a short text against its VR (PS3.5 6.2)."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{what} must be a string, not {type(value).__name__}")
    if not value.strip():
        raise ArgumentError(f"{what} must not be empty")
    if len(value) > limit:
        raise ArgumentError(f"{what} has {len(value)} characters; at most {limit} are allowed")
    if "\\" in value:
        raise ArgumentError(f"{what} must not contain a backslash")
    return value


class SegmentDescription(Dataset):
    """One segment: what it is, how it was found, how to show it (PS3.3 C.8.20.2, Table C.8.20-4).

    Parameters
    ----------
    segment_number : int
        Number of the segment, from 1; it is the value of its pixels in a label map.
    segment_label : str
        Name for people, at most 64 characters.
    segmented_property_category, segmented_property_type : Code or CodedConcept
        What kind of thing, and which thing (CID 7150 and CID 7151).
    algorithm_type : SegmentAlgorithmTypeValues or str
        AUTOMATIC, SEMIAUTOMATIC or MANUAL.
    algorithm_identification : AlgorithmIdentificationSequence, optional
        Name, family and version of the algorithm; needed unless the type is MANUAL.
    tracking_uid, tracking_id : str, optional
        Identify the thing over several objects; both or neither.
    anatomic_regions : Sequence[Code or CodedConcept], optional
        Where it lies (CID 4).
    primary_anatomic_structures : Sequence[Code or CodedConcept], optional
        The structure it belongs to.
    display_color : CIELabColor, optional
        Recommended colour.

    Raises
    ------
    ValueError
        If a number, text or combination is not allowed.
    TypeError
        If an argument has the wrong type.
    """

    def __init__(  # noqa: PLR0913  # drop-in signature
        self,
        segment_number: int,
        segment_label: str,
        segmented_property_category: Code | CodedConcept,
        segmented_property_type: Code | CodedConcept,
        algorithm_type: SegmentAlgorithmTypeValues | str,
        algorithm_identification: AlgorithmIdentificationSequence | None = None,
        tracking_uid: str | None = None,
        tracking_id: str | None = None,
        anatomic_regions: Sequence[Code | CodedConcept] | None = None,
        primary_anatomic_structures: Sequence[Code | CodedConcept] | None = None,
        display_color: CIELabColor | None = None,
    ) -> None:
        super().__init__()
        number = int(segment_number)
        if number != segment_number or not 0 <= number <= _LARGEST_SEGMENT_NUMBER:
            raise ArgumentError(f"segment_number must be a whole number from 1 to {_LARGEST_SEGMENT_NUMBER}")
        if (tracking_uid is None) != (tracking_id is None):
            raise ArgumentTypeError("give tracking_uid and tracking_id together, or neither")
        self.SegmentNumber = number
        self.SegmentLabel = _text(segment_label, "segment_label", 64)
        self.SegmentedPropertyCategoryCodeSequence = [as_concept(segmented_property_category)]
        self.SegmentedPropertyTypeCodeSequence = [as_concept(segmented_property_type)]
        self._set_algorithm(SegmentAlgorithmTypeValues(algorithm_type), algorithm_identification)
        if tracking_uid is not None and tracking_id is not None:
            if not PydicomUID(tracking_uid).is_valid:
                raise ArgumentError("tracking_uid is not a valid UID")
            self.TrackingID = tracking_id
            self.TrackingUID = str(tracking_uid)
        if anatomic_regions is not None:
            self.AnatomicRegionSequence = [as_concept(code) for code in anatomic_regions]
        if primary_anatomic_structures is not None:
            self.PrimaryAnatomicStructureSequence = [as_concept(code) for code in primary_anatomic_structures]
        if display_color is not None:
            self.RecommendedDisplayCIELabValue = list(display_color.value)

    def _set_algorithm(
        self, kind: SegmentAlgorithmTypeValues, identification: AlgorithmIdentificationSequence | None
    ) -> None:
        self.SegmentAlgorithmType = kind.value
        if identification is not None and not isinstance(identification, AlgorithmIdentificationSequence):
            raise ArgumentTypeError("algorithm_identification must be an AlgorithmIdentificationSequence")
        if kind is SegmentAlgorithmTypeValues.MANUAL:
            if identification is not None:
                self.SegmentationAlgorithmIdentificationSequence = identification
            return
        if identification is None:
            raise ArgumentTypeError(
                f"algorithm_identification is needed when the algorithm type is {kind.value} (PS3.3 C.8.20.2)"
            )
        self.SegmentAlgorithmName = identification[0].AlgorithmName
        self.SegmentationAlgorithmIdentificationSequence = identification

    @classmethod
    def from_dataset(cls, dataset: Dataset, copy: bool = True) -> Self:
        """Make a description of an item of a Segment Sequence.

        Parameters
        ----------
        dataset : pydicom.Dataset
        copy : bool, optional
            Copy first (default), or turn the given object into a description.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"dataset must be a pydicom Dataset, not {type(dataset).__name__}")
        if "SegmentNumber" not in dataset:
            raise MissingAttributeError("the dataset is not a segment description: it has no Segment Number")
        description = deepcopy(dataset) if copy else dataset
        description.__class__ = cls
        return cast(Self, description)

    def _concepts(self, keyword: str) -> list[CodedConcept]:
        with understood(keyword):
            return [CodedConcept.from_dataset(item, copy=False) for item in items_of(self, keyword)]

    def _concept(self, keyword: str) -> CodedConcept:
        concepts = self._concepts(keyword)
        if not concepts:
            raise MissingAttributeError(f"the segment has no {keyword}")
        return concepts[0]

    @property
    def segment_number(self) -> int:
        """Number of the segment."""
        return required(int_value(self, "SegmentNumber"), "SegmentNumber")

    @property
    def segment_label(self) -> str:
        """Name of the segment."""
        return str(required(value_of(self, "SegmentLabel"), "SegmentLabel"))

    @property
    def segmented_property_category(self) -> CodedConcept:
        """What kind of thing the segment is."""
        return self._concept("SegmentedPropertyCategoryCodeSequence")

    @property
    def segmented_property_type(self) -> CodedConcept:
        """Which thing the segment is."""
        return self._concept("SegmentedPropertyTypeCodeSequence")

    @property
    def algorithm_type(self) -> SegmentAlgorithmTypeValues:
        """How the segment was made."""
        value = required(text_value(self, "SegmentAlgorithmType"), "SegmentAlgorithmType")
        with understood("SegmentAlgorithmType"):
            return SegmentAlgorithmTypeValues(value)

    @property
    def algorithm_identification(self) -> AlgorithmIdentificationSequence | None:
        """The algorithm that made it, if stated."""
        sequence = self.get("SegmentationAlgorithmIdentificationSequence")
        if not sequence:
            return None
        return AlgorithmIdentificationSequence.from_sequence(sequence, copy=False)

    @property
    def tracking_uid(self) -> str | None:
        """Unique tracking identifier, if any."""
        value = self.get("TrackingUID")
        return None if value is None else UID(str(value))

    @property
    def tracking_id(self) -> str | None:
        """Tracking identifier for people, if any."""
        value = self.get("TrackingID")
        return None if value is None else str(value)

    @property
    def anatomic_regions(self) -> list[CodedConcept]:
        """Where the segment lies."""
        return self._concepts("AnatomicRegionSequence")

    @property
    def primary_anatomic_structures(self) -> list[CodedConcept]:
        """The structures that the segment belongs to."""
        return self._concepts("PrimaryAnatomicStructureSequence")


_SEGMENT = ("ReferencedSegmentNumber", "SegmentIdentificationSequence")
_PATIENT = (("ImagePositionPatient", "PlanePositionSequence"),)
_SLIDE = (
    ("RowPositionInTotalImagePixelMatrix", "PlanePositionSlideSequence"),
    ("ColumnPositionInTotalImagePixelMatrix", "PlanePositionSlideSequence"),
)
_NOWHERE = (("InStackPositionNumber", "FrameContentSequence"),)


def _words(keyword: str) -> str:
    return "".join(f" {c}" if c.isupper() else c for c in keyword).strip()


class DimensionIndexSequence(DicomSequence):
    """The dimensions by which frames are ordered (PS3.3 C.7.6.17).

    Parameters
    ----------
    coordinate_system : CoordinateSystemNames or str or None
        PATIENT: frames are ordered by position; SLIDE: by row and column in the total pixel matrix; None: by their
        number in the stack, since there is no frame of reference.
    include_segment_number : bool, optional
        Make the segment number the first dimension.
    """

    def __init__(
        self, coordinate_system: str | CoordinateSystemNames | None, include_segment_number: bool = True
    ) -> None:
        super().__init__()
        self._coordinate_system = (
            None if coordinate_system is None else CoordinateSystemNames(coordinate_system)
        )
        dimensions = {
            CoordinateSystemNames.PATIENT: _PATIENT,
            CoordinateSystemNames.SLIDE: _SLIDE,
            None: _NOWHERE,
        }[self._coordinate_system]
        organization = new_uid()
        for pointer, group in ((_SEGMENT,) if include_segment_number else ()) + dimensions:
            item = Dataset()
            item.DimensionIndexPointer = tag_for_keyword(pointer)
            item.FunctionalGroupPointer = tag_for_keyword(group)
            item.DimensionOrganizationUID = str(organization)
            item.DimensionDescriptionLabel = _words(pointer)
            self.append(item)

    @staticmethod
    def _pointer(keyword: str) -> int:
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise ArgumentError(f"{keyword} is not the keyword of an attribute")
        return int(tag)

    def get_plane_positions_of_image(self, image: Dataset) -> list[PlanePositionSequence]:
        """Plane position of every frame of a multi-frame image."""
        return list(plane_positions_of_image(image))

    def get_plane_positions_of_series(self, images: Sequence[Dataset]) -> list[PlanePositionSequence]:
        """Plane position of every image of a series of single-frame images."""
        return list(plane_positions_of_series(images))

    def get_index_position(self, pointer: str) -> int:
        """Place of a dimension in the index, from 0.

        Parameters
        ----------
        pointer : str
            Keyword of the attribute, e.g. ``"ReferencedSegmentNumber"``.
        """
        tag = self._pointer(pointer)
        for i, item in enumerate(self):
            if int(item.DimensionIndexPointer) == tag:
                return i
        raise ArgumentError(f"{pointer} is not a dimension of this index")

    def get_index_keywords(self) -> list[str]:
        """Keywords of the dimensions that say where a plane lies (the segment number is left out)."""
        positions = {int(cast(int, tag_for_keyword(k))): k for k, _ in (*_PATIENT, *_SLIDE, *_NOWHERE)}
        tags = [int(item.DimensionIndexPointer) for item in self]
        return [positions[tag] for tag in tags if tag in positions]

    def get_index_values(
        self,
        plane_positions: Sequence[PlanePositionSequence],
        image_orientation: Sequence[float] | None = None,
        index_convention: str | Sequence[PixelIndexDirections | str] = (
            PixelIndexDirections.R,
            PixelIndexDirections.D,
        ),
        handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Values of the position dimensions of planes, and the order of the planes.

        Parameters
        ----------
        plane_positions : Sequence[PlanePositionSequence]
        image_orientation : Sequence[float], optional
            Order planes along the normal of this orientation instead of by their raw values (patient positions only).
        index_convention, handedness : optional
            Which way along the normal counts as forward.

        Returns
        -------
        values : numpy.ndarray
            Shape (planes, dimensions) or (planes, dimensions, multiplicity).
        order : numpy.ndarray
            Indices that sort the planes.
        """
        if self._coordinate_system is None:
            raise IndexError("planes without a frame of reference have no positions")
        keywords = self.get_index_keywords()
        values = np.stack(
            [
                np.asarray([np.asarray(p[0][keyword].value, dtype=np.float64) for p in plane_positions])
                for keyword in keywords
            ],
            axis=1,
        )
        if image_orientation is not None:
            if keywords != ["ImagePositionPatient"]:
                raise ArgumentError("image_orientation orders planes by Image Position (Patient) only")
            order = get_plane_sort_index(
                [list(v) for v in values[:, 0]],
                image_orientation,
                index_convention=index_convention,
                handedness=handedness,
            )
            return values, np.asarray(order)
        flat = values.reshape(len(values), -1)
        return values, np.lexsort(flat.T[::-1])
