"""Groups of measurements: TID 1410, 1411, 1501 (PS3.16 Annex A)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from pydicom.dataset import Dataset

from dicomposer.coding import Code, CodeLike
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import (
    CodeContentItem,
    ContainerContentItem,
    ContentItem,
    Include,
    RelationshipTypeValues,
    Row,
    Scoord3DContentItem,
    ScoordContentItem,
    Template,
    TextContentItem,
    UIDRefContentItem,
    ValueTypeValues,
    dcm,
    identity,
    put_below,
    sct,
)
from dicomposer.sr._measurements import (
    METHOD,
    AlgorithmIdentification,
    Measurement,
    QualitativeEvaluation,
    TimePointContext,
    TrackingIdentifier,
)
from dicomposer.sr._regions import (
    IMAGE_REGION,
    CoordinatesForMeasurement,
    CoordinatesForMeasurement3D,
    ImageRegion,
    ImageRegion3D,
)
from dicomposer.sr._sources import (
    FINDING_SITE,
    REAL_WORLD_VALUE_MAP,
    FindingSite,
    RealWorldValueMap,
    SourceImageForMeasurementGroup,
)
from dicomposer.sr._volumes import (
    REFERENCED_SEGMENT,
    REFERENCED_SEGMENTATION_FRAME,
    VOLUME_SURFACE,
    ReferencedSegment,
    ReferencedSegmentationFrame,
    VolumeSurface,
)

__all__ = [
    "MEASUREMENT_GROUP",
    "MeasurementsAndQualitativeEvaluations",
    "PlanarROIMeasurementsAndQualitativeEvaluations",
    "VolumetricROIMeasurementsAndQualitativeEvaluations",
    "group_kind",
]

_CONTAINS = RelationshipTypeValues.CONTAINS
_MODIFIER = RelationshipTypeValues.HAS_CONCEPT_MOD
_OBSERVATION = RelationshipTypeValues.HAS_OBS_CONTEXT

MEASUREMENT_GROUP = dcm("125007", "Measurement Group")
TRACKING_IDENTIFIER = dcm("112039", "Tracking Identifier")
TRACKING_UID = dcm("112040", "Tracking Unique Identifier")
_FINDING_CATEGORY = sct("276214006", "Finding category")
_FINDING = dcm("121071", "Finding")
_PURPOSE = dcm("130400", "Geometric purpose of region")


class _MeasurementsAndQualitativeEvaluations(Template):
    """What the groups have in common."""

    _headed = True
    session = Row(TextContentItem, Code("C67447", "NCIt", "Activity Session"), _OBSERVATION)
    tracking_identifier = Row(TextContentItem, TRACKING_IDENTIFIER, _OBSERVATION)
    tracking_uid = Row(UIDRefContentItem, TRACKING_UID, _OBSERVATION)
    finding_category = Row(CodeContentItem, _FINDING_CATEGORY, _CONTAINS)
    finding_type = Row(CodeContentItem, _FINDING, _CONTAINS)
    geometric_purpose = Row(CodeContentItem, _PURPOSE, _CONTAINS)
    _time_point = Include(TimePointContext, argument="time_point_context")
    method = Row(CodeContentItem, METHOD, _MODIFIER)
    finding_sites = Row(FindingSite, FINDING_SITE, _MODIFIER, many=True)
    _algorithm = Include(AlgorithmIdentification, argument="algorithm_id")
    _value_map = Row(
        RealWorldValueMap, REAL_WORLD_VALUE_MAP, _CONTAINS, argument="referenced_real_world_value_map"
    )
    _measurements = Include(Measurement, many=True, argument="measurements")
    _evaluations = Include(QualitativeEvaluation, many=True, argument="qualitative_evaluations")

    #: Names of codes in a group that are no evaluations.
    _OWN: ClassVar[frozenset[Any]] = frozenset(map(identity, (_FINDING_CATEGORY, _FINDING, _PURPOSE, METHOD)))

    def _begin(self, tracking: TrackingIdentifier, **rows: Any) -> None:
        """Write the container and the rows that all groups have."""
        if not isinstance(tracking, TrackingIdentifier):
            raise ArgumentTypeError(
                f"tracking_identifier must be a TrackingIdentifier, found {type(tracking).__name__}"
            )
        container = ContainerContentItem(MEASUREMENT_GROUP, template_id=self.tid, relationship_type=_CONTAINS)
        self._append_all([container])
        self._write(tracking_identifier=tracking.identifier, tracking_uid=tracking.uid, **rows)

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt a group.

        Parameters
        ----------
        sequence : Sequence[pydicom.Dataset]
            The container of the group, the only item.
        is_root, is_sr : bool, optional
            Never and always true for a group.
        copy : bool, optional
            Whether to leave the item alone and hold a deep copy.

        Raises
        ------
        ValueError
            If it is no group of this kind.
        """
        found = super().from_sequence(sequence, is_root, is_sr, copy)
        if len(found) != 1 or not _is_group(found._items[0]):
            raise ArgumentError("a group is one container named Measurement Group")
        kind = group_kind(found._items[0])
        if kind not in (cls, None):
            raise ArgumentError(f"the group is not one of template {cls.tid}")
        return found

    def get_measurements(self, name: CodeLike | None = None) -> list[Measurement]:
        """Measurements of the group, in order.

        Parameters
        ----------
        name : pydicom.sr.coding.Code or CodedConcept, optional
            Only those of this quantity.
        """
        wanted = None if name is None else identity(name)
        return [
            Measurement._of([item])
            for item in self._scope._items
            if item.value_type is ValueTypeValues.NUM
            and item.relationship_type is _CONTAINS
            and (wanted is None or _identity(item) == wanted)
        ]

    def get_qualitative_evaluations(self, name: CodeLike | None = None) -> list[QualitativeEvaluation]:
        """Evaluations of the group, in order.

        Parameters
        ----------
        name : pydicom.sr.coding.Code or CodedConcept, optional
            Only those of this concept.
        """
        wanted = None if name is None else identity(name)
        return [
            QualitativeEvaluation._of([item])
            for item in self._scope._items
            if item.value_type is ValueTypeValues.CODE
            and item.relationship_type is _CONTAINS
            and _identity(item) not in self._OWN
            and (wanted is None or _identity(item) == wanted)
        ]


class MeasurementsAndQualitativeEvaluations(_MeasurementsAndQualitativeEvaluations):
    """Measurements and evaluations of an image as a whole: TID 1501.

    Parameters
    ----------
    tracking_identifier : TrackingIdentifier
        What the finding is tracked by.
    referenced_real_world_value_map : RealWorldValueMap, optional
        The map that gave the values their unit.
    time_point_context : TimePointContext, optional
        When.
    finding_type : pydicom.sr.coding.Code or CodedConcept, optional
        What was found.
    method : pydicom.sr.coding.Code or CodedConcept, optional
        How it was measured.
    algorithm_id : AlgorithmIdentification, optional
        The algorithm that measured.
    finding_sites : Sequence[FindingSite], optional
        Where it was found.
    session : str, optional
        The session in which it was measured.
    measurements : Sequence[Measurement], optional
        Measurements.
    qualitative_evaluations : Sequence[QualitativeEvaluation], optional
        Evaluations.
    finding_category : pydicom.sr.coding.Code or CodedConcept, optional
        Category of what was found.
    source_images : Sequence[SourceImageForMeasurementGroup], optional
        Images in which it was measured.
    source_coordinates : Sequence of CoordinatesForMeasurement or CoordinatesForMeasurement3D, optional
        Points of which all numbers were measured, of any shape (rows 10c and 10e). Other libraries do not have it.
    """

    tid = "1501"
    _images = Row(
        SourceImageForMeasurementGroup,
        dcm("121112", "Source of Measurement"),
        _CONTAINS,
        many=True,
        argument="source_images",
    )

    def __init__(
        self,
        tracking_identifier: TrackingIdentifier,
        referenced_real_world_value_map: RealWorldValueMap | None = None,
        time_point_context: TimePointContext | None = None,
        finding_type: CodeLike | None = None,
        method: CodeLike | None = None,
        algorithm_id: AlgorithmIdentification | None = None,
        finding_sites: Sequence[FindingSite] | None = None,
        session: str | None = None,
        measurements: Sequence[Measurement] | None = None,
        qualitative_evaluations: Sequence[QualitativeEvaluation] | None = None,
        finding_category: CodeLike | None = None,
        source_images: Sequence[SourceImageForMeasurementGroup] | None = None,
        source_coordinates: Sequence[CoordinatesForMeasurement | CoordinatesForMeasurement3D] | None = None,
    ) -> None:
        super().__init__()
        self._begin(
            tracking_identifier,
            _value_map=referenced_real_world_value_map,
            _time_point=time_point_context,
            finding_type=finding_type,
            method=method,
            _algorithm=algorithm_id,
            finding_sites=finding_sites,
            session=session,
            _measurements=measurements,
            _evaluations=qualitative_evaluations,
            finding_category=finding_category,
            _images=source_images,
        )
        kinds = (CoordinatesForMeasurement, CoordinatesForMeasurement3D)
        if not all(isinstance(one, kinds) for one in source_coordinates or ()):
            raise ArgumentTypeError(
                "source_coordinates must be of CoordinatesForMeasurement or CoordinatesForMeasurement3D"
            )
        put_below(self._items[0], [one._related(_CONTAINS) for one in source_coordinates or ()])

    @property
    def source_coordinates(self) -> list[ContentItem]:
        """Points of which all numbers were measured."""
        kinds = (ScoordContentItem, Scoord3DContentItem)
        return [item for item in self._scope._items if isinstance(item, kinds)]

    @property
    def source_images(self) -> list[SourceImageForMeasurementGroup]:
        """Images in which it was measured."""
        found: list[SourceImageForMeasurementGroup] = self._images
        return found


class _ROIMeasurementsAndQualitativeEvaluations(_MeasurementsAndQualitativeEvaluations):
    """What the groups of regions have in common."""

    def _begin_region(self, regions: Sequence[ContentItem], measurements: Any, **rows: Any) -> None:
        for one in measurements or ():
            if isinstance(one, Measurement) and one.referenced_coordinates:
                # The measurements are of the region (TID 1419 has no row for coordinates).
                raise ArgumentError("measurements of a region must not refer to coordinates of their own")
        self._begin(_measurements=measurements, **rows)
        put_below(self._items[0], regions)

    def _first(self, name: Code, *types: ValueTypeValues) -> list[ContentItem]:
        return [item for item in self._scope.find(name)._items if item.value_type in types]


class PlanarROIMeasurementsAndQualitativeEvaluations(_ROIMeasurementsAndQualitativeEvaluations):
    """Measurements and evaluations of a region in a plane: TID 1410.

    Parameters
    ----------
    tracking_identifier : TrackingIdentifier
        What the finding is tracked by.
    referenced_region : ImageRegion or ImageRegion3D, optional
        The region.
    referenced_segment : ReferencedSegmentationFrame, optional
        The frame of a segmentation that is the region; either this or `referenced_region`.
    referenced_real_world_value_map : RealWorldValueMap, optional
        The map that gave the values their unit.
    time_point_context : TimePointContext, optional
        When.
    finding_type : pydicom.sr.coding.Code or CodedConcept, optional
        What was found.
    method : pydicom.sr.coding.Code or CodedConcept, optional
        How it was measured.
    algorithm_id : AlgorithmIdentification, optional
        The algorithm that measured.
    finding_sites : Sequence[FindingSite], optional
        Where it was found.
    session : str, optional
        The session in which it was measured.
    measurements : Sequence[Measurement], optional
        Measurements.
    qualitative_evaluations : Sequence[QualitativeEvaluation], optional
        Evaluations.
    geometric_purpose : pydicom.sr.coding.Code or CodedConcept, optional
        How the region relates to what was found, of CID 219.
    finding_category : pydicom.sr.coding.Code or CodedConcept, optional
        Category of what was found.

    Raises
    ------
    ValueError
        If none or both of region and segment are given.
    """

    tid = "1410"

    def __init__(
        self,
        tracking_identifier: TrackingIdentifier,
        referenced_region: ImageRegion | ImageRegion3D | None = None,
        referenced_segment: ReferencedSegmentationFrame | None = None,
        referenced_real_world_value_map: RealWorldValueMap | None = None,
        time_point_context: TimePointContext | None = None,
        finding_type: CodeLike | None = None,
        method: CodeLike | None = None,
        algorithm_id: AlgorithmIdentification | None = None,
        finding_sites: Sequence[FindingSite] | None = None,
        session: str | None = None,
        measurements: Sequence[Measurement] | None = None,
        qualitative_evaluations: Sequence[QualitativeEvaluation] | None = None,
        geometric_purpose: CodeLike | None = None,
        finding_category: CodeLike | None = None,
    ) -> None:
        super().__init__()
        if (referenced_region is None) == (referenced_segment is None):
            raise ArgumentError("exactly one of referenced_region and referenced_segment is needed")
        if referenced_region is not None and not isinstance(referenced_region, ImageRegion | ImageRegion3D):
            raise ArgumentTypeError("referenced_region must be an ImageRegion or ImageRegion3D")
        if referenced_segment is not None and not isinstance(referenced_segment, ReferencedSegmentationFrame):
            raise ArgumentTypeError("referenced_segment must be a ReferencedSegmentationFrame")
        regions: list[ContentItem] = [] if referenced_region is None else [referenced_region]
        if referenced_segment is not None:
            regions = referenced_segment._items
        self._begin_region(
            regions,
            measurements,
            tracking=tracking_identifier,
            _value_map=referenced_real_world_value_map,
            _time_point=time_point_context,
            finding_type=finding_type,
            method=method,
            _algorithm=algorithm_id,
            finding_sites=finding_sites,
            session=session,
            _evaluations=qualitative_evaluations,
            geometric_purpose=geometric_purpose,
            finding_category=finding_category,
        )

    @property
    def reference_type(self) -> Code:
        """Name of the item that is the region: Image Region or Referenced Segmentation Frame."""
        if self.roi is not None:
            return IMAGE_REGION
        return REFERENCED_SEGMENTATION_FRAME

    @property
    def roi(self) -> ImageRegion | ImageRegion3D | None:
        """The region; None if it is a frame of a segmentation."""
        found = self._first(IMAGE_REGION, ValueTypeValues.SCOORD, ValueTypeValues.SCOORD3D)
        if not found:
            return None
        kind: type[Any] = ImageRegion if found[0].value_type is ValueTypeValues.SCOORD else ImageRegion3D
        return kind._adopt(found[0])  # type: ignore[no-any-return]

    @property
    def referenced_segmentation_frame(self) -> ReferencedSegmentationFrame | None:
        """The frame of a segmentation that is the region; None if there are coordinates."""
        if not self._first(REFERENCED_SEGMENTATION_FRAME, ValueTypeValues.IMAGE):
            return None
        return ReferencedSegmentationFrame.from_sequence(self._scope)


class VolumetricROIMeasurementsAndQualitativeEvaluations(_ROIMeasurementsAndQualitativeEvaluations):
    """Measurements and evaluations of a region in space: TID 1411.

    Parameters
    ----------
    tracking_identifier : TrackingIdentifier
        What the finding is tracked by.
    referenced_regions : Sequence[ImageRegion], optional
        Regions in the images of a series that make up the volume.
    referenced_volume_surface : VolumeSurface, optional
        The surface of the volume.
    referenced_segment : ReferencedSegment, optional
        The segment that is the volume; exactly one of the three.
    referenced_real_world_value_map : RealWorldValueMap, optional
        The map that gave the values their unit.
    time_point_context : TimePointContext, optional
        When.
    finding_type : pydicom.sr.coding.Code or CodedConcept, optional
        What was found.
    method : pydicom.sr.coding.Code or CodedConcept, optional
        How it was measured.
    algorithm_id : AlgorithmIdentification, optional
        The algorithm that measured.
    finding_sites : Sequence[FindingSite], optional
        Where it was found.
    session : str, optional
        The session in which it was measured.
    measurements : Sequence[Measurement], optional
        Measurements.
    qualitative_evaluations : Sequence[QualitativeEvaluation], optional
        Evaluations.
    geometric_purpose : pydicom.sr.coding.Code or CodedConcept, optional
        How the region relates to what was found, of CID 219.
    finding_category : pydicom.sr.coding.Code or CodedConcept, optional
        Category of what was found.

    Raises
    ------
    ValueError
        If none or several of regions, surface and segment are given.
    """

    tid = "1411"

    def __init__(
        self,
        tracking_identifier: TrackingIdentifier,
        referenced_regions: Sequence[ImageRegion] | None = None,
        referenced_volume_surface: VolumeSurface | None = None,
        referenced_segment: ReferencedSegment | None = None,
        referenced_real_world_value_map: RealWorldValueMap | None = None,
        time_point_context: TimePointContext | None = None,
        finding_type: CodeLike | None = None,
        method: CodeLike | None = None,
        algorithm_id: AlgorithmIdentification | None = None,
        finding_sites: Sequence[FindingSite] | None = None,
        session: str | None = None,
        measurements: Sequence[Measurement] | None = None,
        qualitative_evaluations: Sequence[QualitativeEvaluation] | None = None,
        geometric_purpose: CodeLike | None = None,
        finding_category: CodeLike | None = None,
    ) -> None:
        super().__init__()
        self._begin_region(
            _volume_items(referenced_regions, referenced_volume_surface, referenced_segment),
            measurements,
            tracking=tracking_identifier,
            _value_map=referenced_real_world_value_map,
            _time_point=time_point_context,
            finding_type=finding_type,
            method=method,
            _algorithm=algorithm_id,
            finding_sites=finding_sites,
            session=session,
            _evaluations=qualitative_evaluations,
            geometric_purpose=geometric_purpose,
            finding_category=finding_category,
        )

    @property
    def reference_type(self) -> Code:
        """Name of the item that is the region: Image Region, Volume Surface or Referenced Segment."""
        if self._first(VOLUME_SURFACE, ValueTypeValues.SCOORD3D):
            return VOLUME_SURFACE
        if self._first(IMAGE_REGION, ValueTypeValues.SCOORD):
            return IMAGE_REGION
        return REFERENCED_SEGMENT

    @property
    def roi(self) -> VolumeSurface | list[ImageRegion] | None:
        """The surface or the regions; None if the region is a segment."""
        if self._first(VOLUME_SURFACE, ValueTypeValues.SCOORD3D):
            return VolumeSurface.from_sequence(self._scope)
        regions = self._first(IMAGE_REGION, ValueTypeValues.SCOORD)
        return [ImageRegion._adopt(item) for item in regions] or None

    @property
    def referenced_segment(self) -> ReferencedSegment | None:
        """The segment that is the region; None if there are coordinates."""
        if not self._first(REFERENCED_SEGMENT, ValueTypeValues.IMAGE):
            return None
        return ReferencedSegment.from_sequence(self._scope)


def _volume_items(regions: Any, surface: Any, segment: Any) -> list[ContentItem]:
    given = [one for one in (regions, surface, segment) if one is not None]
    if len(given) != 1:
        raise ArgumentError(
            "exactly one of referenced_regions, referenced_volume_surface and referenced_segment is needed"
        )
    if regions is not None:
        if not len(regions):
            raise ArgumentError("referenced_regions must have at least one region")
        if not all(isinstance(one, ImageRegion) for one in regions):
            raise ArgumentTypeError("referenced_regions must hold ImageRegion items")
    elif surface is not None and not isinstance(surface, VolumeSurface):
        raise ArgumentTypeError("referenced_volume_surface must be a VolumeSurface")
    elif segment is not None and not isinstance(segment, ReferencedSegment):
        raise ArgumentTypeError("referenced_segment must be a ReferencedSegment")
    return list(given[0])


# -- reading -----------------------------------------------------------------------------------------------------------

Group = _MeasurementsAndQualitativeEvaluations
_KINDS: dict[str, type[Group]] = {
    kind.tid: kind
    for kind in (
        MeasurementsAndQualitativeEvaluations,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )
}
_GROUP = identity(MEASUREMENT_GROUP)


def _identity(item: ContentItem) -> Any:
    key = item.name_key
    return None if key is None else identity(key)


def _is_group(item: ContentItem) -> bool:
    return item.value_type is ValueTypeValues.CONTAINER and _identity(item) == _GROUP


def group_kind(item: ContentItem) -> type[Group] | None:
    """Class of the group that a container is; None if it is no group.

    Many writers leave the template identification out: then what stands in the group tells.
    """
    if not isinstance(item, ContainerContentItem) or not _is_group(item):
        return None
    stated = item.template_id
    if stated in _KINDS:
        return _KINDS[stated]
    regions = 0
    for child in item.children:
        name = _identity(child)
        if name in (identity(REFERENCED_SEGMENT), identity(VOLUME_SURFACE)):
            return VolumetricROIMeasurementsAndQualitativeEvaluations
        if name == identity(REFERENCED_SEGMENTATION_FRAME):
            return PlanarROIMeasurementsAndQualitativeEvaluations
        regions += name == identity(IMAGE_REGION) and child.value_type in (
            ValueTypeValues.SCOORD,
            ValueTypeValues.SCOORD3D,
        )
    if regions:
        several = regions > 1
        return _KINDS["1411" if several else "1410"]
    return MeasurementsAndQualitativeEvaluations
