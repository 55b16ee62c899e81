"""Measurements and what qualifies them: TID 300, 310, 311, 312, 1502, 4019, 4108 (PS3.16 Annex A)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydicom.dataset import Dataset

from dicomposer.coding import UID, Code, CodedConcept, CodeLike, new_uid
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import (
    CodeContentItem,
    ContentItem,
    ContentSequence,
    Include,
    NumContentItem,
    RelationshipTypeValues,
    Row,
    Template,
    TextContentItem,
    UIDRefContentItem,
    dcm,
    identity,
    sct,
)
from dicomposer.sr._regions import (
    CoordinatesForMeasurement,
    CoordinatesForMeasurement3D,
)
from dicomposer.sr._sources import (
    FINDING_SITE,
    REAL_WORLD_VALUE_MAP,
    FindingSite,
    LongitudinalTemporalOffsetFromEvent,
    RealWorldValueMap,
    SourceImageForMeasurement,
)

__all__ = [
    "AlgorithmIdentification",
    "DerivedMeasurement",
    "Measurement",
    "MeasurementProperties",
    "MeasurementStatisticalProperties",
    "NormalRangeProperties",
    "QualitativeEvaluation",
    "TimePointContext",
    "TrackingIdentifier",
]

_CONTAINS = RelationshipTypeValues.CONTAINS
_INFERRED = RelationshipTypeValues.INFERRED_FROM
_MODIFIER = RelationshipTypeValues.HAS_CONCEPT_MOD
_OBSERVATION = RelationshipTypeValues.HAS_OBS_CONTEXT
_PROPERTIES = RelationshipTypeValues.HAS_PROPERTIES

NO_UNITS = Code("1", "UCUM", "no units")
METHOD = sct("370129005", "Measurement Method")
TIME_POINT_ORDER = dcm("126073", "Time Point Order")
_UPPER = sct("371886008", "+, range of upper measurement uncertainty")
_LOWER = sct("371885007", "-, range of lower measurement uncertainty")


class AlgorithmIdentification(Template):
    """The algorithm that made something: TID 4019.

    Parameters
    ----------
    name, version : str
        Its name and version.
    parameters : Sequence[str], optional
        Its parameters.
    family : pydicom.sr.coding.Code or CodedConcept, optional
        What kind of algorithm it is, of CID 7162.
    manufacturer : str, optional
        Who made it.
    """

    tid = "4019"
    name = Row(TextContentItem, dcm("111001", "Algorithm Name"), _MODIFIER, required=True)
    version = Row(TextContentItem, dcm("111003", "Algorithm Version"), _MODIFIER, required=True)
    manufacturer = Row(TextContentItem, dcm("122405", "Algorithm Manufacturer"), _MODIFIER)
    parameters = Row(TextContentItem, dcm("111002", "Algorithm Parameters"), _MODIFIER, many=True)
    family = Row(CodeContentItem, dcm("111000", "Algorithm Family"), _MODIFIER)

    def __init__(
        self,
        name: str,
        version: str,
        parameters: Sequence[str] | None = None,
        family: CodeLike | None = None,
        manufacturer: str | None = None,
    ) -> None:
        super().__init__()
        self._write(
            name=name, version=version, manufacturer=manufacturer, parameters=parameters, family=family
        )


class TrackingIdentifier(Template):
    """What a finding is tracked by, through time and documents: TID 4108.

    Parameters
    ----------
    uid : str, optional
        Unique identifier; a new one if left out.
    identifier : str, optional
        Name for people.
    """

    tid = "4108"
    identifier = Row(TextContentItem, dcm("112039", "Tracking Identifier"), _OBSERVATION)
    uid = Row(UIDRefContentItem, dcm("112040", "Tracking Unique Identifier"), _OBSERVATION)

    def __init__(self, uid: str | UID | None = None, identifier: str | None = None) -> None:
        super().__init__()
        self._write(identifier=identifier, uid=new_uid() if uid is None else uid)


class TimePointContext(Template):
    """When, in the course of a study or treatment: TID 1502.

    Parameters
    ----------
    time_point : str
        Name of the time point.
    time_point_type : pydicom.sr.coding.Code or CodedConcept, optional
        Of CID 6146.
    time_point_order : int, optional
        Its place among the time points.
    subject_time_point_identifier, protocol_time_point_identifier : str, optional
        Identifiers of it within the subject and within the protocol.
    temporal_offset_from_event : LongitudinalTemporalOffsetFromEvent, optional
        Time since an event.
    """

    tid = "1502"
    subject_time_point_identifier = Row(
        TextContentItem, dcm("126070", "Subject Time Point Identifier"), _OBSERVATION
    )
    protocol_time_point_identifier = Row(
        TextContentItem, dcm("126071", "Protocol Time Point Identifier"), _OBSERVATION
    )
    time_point = Row(TextContentItem, Code("C2348792", "UMLS", "Time Point"), _OBSERVATION, required=True)
    time_point_type = Row(CodeContentItem, dcm("126072", "Time Point Type"), _OBSERVATION)
    time_point_order = Row(NumContentItem, TIME_POINT_ORDER, _OBSERVATION, unit=NO_UNITS)
    temporal_offset_from_event = Row(
        LongitudinalTemporalOffsetFromEvent,
        dcm("128740", "Longitudinal Temporal Offset from Event"),
        _OBSERVATION,
    )

    def __init__(
        self,
        time_point: str,
        time_point_type: CodeLike | None = None,
        time_point_order: int | None = None,
        subject_time_point_identifier: str | None = None,
        protocol_time_point_identifier: str | None = None,
        temporal_offset_from_event: LongitudinalTemporalOffsetFromEvent | None = None,
    ) -> None:
        super().__init__()
        self._write(
            time_point=time_point,
            time_point_type=time_point_type,
            time_point_order=time_point_order,
            subject_time_point_identifier=subject_time_point_identifier,
            protocol_time_point_identifier=protocol_time_point_identifier,
            temporal_offset_from_event=temporal_offset_from_event,
        )


class _Population(Template):
    """Numbers about a population, with where they come from."""

    def __init__(
        self,
        values: Sequence[NumContentItem],
        description: str | None = None,
        authority: str | None = None,
    ) -> None:
        super().__init__()
        if not all(isinstance(one, NumContentItem) for one in values):
            raise ArgumentTypeError("values must be a sequence of NumContentItem")
        if not values:
            raise ArgumentError("values must have at least one number")
        self.extend(values)
        self._write(description=description, authority=authority)


class MeasurementStatisticalProperties(_Population):
    """How a measurement compares with a population: TID 311.

    Parameters
    ----------
    values : Sequence[NumContentItem]
        Statistics, of CID 226, with the relationship HAS PROPERTIES.
    description, authority : str, optional
        The population, and who says so.
    """

    tid = "311"
    description = Row(TextContentItem, dcm("121405", "Population description"), _PROPERTIES)
    authority = Row(TextContentItem, dcm("121406", "Reference Authority"), _PROPERTIES)


class NormalRangeProperties(_Population):
    """Which values are normal: TID 312.

    Parameters
    ----------
    values : Sequence[NumContentItem]
        Ends of the range, of CID 223, with the relationship HAS PROPERTIES.
    description, authority : str, optional
        The range, and who says so.
    """

    tid = "312"
    description = Row(TextContentItem, dcm("121407", "Normal Range description"), _PROPERTIES)
    authority = Row(TextContentItem, dcm("121408", "Normal Range Authority"), _PROPERTIES)


class MeasurementProperties(Template):
    """What a measurement says about its subject: TID 310.

    Parameters
    ----------
    normality : pydicom.sr.coding.Code or CodedConcept, optional
        Of CID 222.
    level_of_significance : pydicom.sr.coding.Code or CodedConcept, optional
        Of CID 220.
    selection_status : pydicom.sr.coding.Code or CodedConcept, optional
        Of CID 224.
    measurement_statistical_properties : MeasurementStatisticalProperties, optional
        How it compares with a population.
    normal_range_properties : NormalRangeProperties, optional
        Which values are normal.
    upper_measurement_uncertainty, lower_measurement_uncertainty : int or float, optional
        How far the value may be off, in the unit of the measurement.
    """

    tid = "310"
    normality = Row(CodeContentItem, dcm("121402", "Normality"), _PROPERTIES)
    _statistics = Include(MeasurementStatisticalProperties, argument="measurement_statistical_properties")
    _range = Include(NormalRangeProperties, argument="normal_range_properties")
    level_of_significance = Row(CodeContentItem, dcm("121403", "Level of Significance"), _PROPERTIES)
    upper_measurement_uncertainty = Row(NumContentItem, _UPPER, _PROPERTIES, unit=NO_UNITS)
    lower_measurement_uncertainty = Row(NumContentItem, _LOWER, _PROPERTIES, unit=NO_UNITS)
    selection_status = Row(CodeContentItem, dcm("121404", "Selection Status"), _PROPERTIES)

    def __init__(
        self,
        normality: CodeLike | None = None,
        level_of_significance: CodeLike | None = None,
        selection_status: CodeLike | None = None,
        measurement_statistical_properties: MeasurementStatisticalProperties | None = None,
        normal_range_properties: NormalRangeProperties | None = None,
        upper_measurement_uncertainty: float | None = None,
        lower_measurement_uncertainty: float | None = None,
    ) -> None:
        super().__init__()
        self._write(
            normality=normality,
            level_of_significance=level_of_significance,
            selection_status=selection_status,
            _statistics=measurement_statistical_properties,
            _range=normal_range_properties,
            upper_measurement_uncertainty=upper_measurement_uncertainty,
            lower_measurement_uncertainty=lower_measurement_uncertainty,
        )

    def _in_unit(self, unit: CodeLike) -> ContentSequence:
        """The items, with uncertainties in the unit of the measurement (a number of "no units" would mislead)."""
        uncertain = {identity(_UPPER): _UPPER, identity(_LOWER): _LOWER}
        items: list[ContentItem] = []
        for item in self._items:
            name = uncertain.get(identity(item.name_key)) if item.name_key else None
            if name is not None and isinstance(item, NumContentItem):
                item = NumContentItem(name, item.value, unit, relationship_type=_PROPERTIES)
            items.append(item)
        return MeasurementProperties._of(items)


class Measurement(Template):
    """A number with its unit, and how it came about: TID 300.

    Parameters
    ----------
    name : CodedConcept or pydicom.sr.coding.Code
        What was measured.
    value : float
        The number.
    unit : CodedConcept or pydicom.sr.coding.Code
        Its unit, of UCUM.
    qualifier : CodedConcept or pydicom.sr.coding.Code, optional
        What is particular about the number, of CID 42.
    tracking_identifier : TrackingIdentifier, optional
        What it is tracked by.
    algorithm_id : AlgorithmIdentification, optional
        The algorithm that measured.
    derivation : CodedConcept or pydicom.sr.coding.Code, optional
        How it was derived (mean, maximum...), of CID 7464.
    finding_sites : Sequence[FindingSite], optional
        Where it was measured.
    method : CodedConcept or pydicom.sr.coding.Code, optional
        How it was measured.
    properties : MeasurementProperties, optional
        What it says about its subject.
    referenced_images : Sequence[SourceImageForMeasurement], optional
        Images in which it was measured.
    referenced_coordinates : Sequence[CoordinatesForMeasurement or CoordinatesForMeasurement3D], optional
        Points of which it was measured.
    referenced_real_world_value_map : RealWorldValueMap, optional
        The map that gave the values their unit.
    """

    tid = "300"
    _headed = True
    method = Row(CodeContentItem, METHOD, _MODIFIER)
    derivation = Row(CodeContentItem, dcm("121401", "Derivation"), _MODIFIER)
    finding_sites = Row(FindingSite, FINDING_SITE, _MODIFIER, many=True)
    _properties = Include(MeasurementProperties, argument="properties")
    _images = Row(
        SourceImageForMeasurement,
        dcm("121112", "Source of Measurement"),
        _INFERRED,
        many=True,
        argument="referenced_images",
    )
    _tracking = Include(TrackingIdentifier, argument="tracking_identifier")
    _value_map = Row(
        RealWorldValueMap, REAL_WORLD_VALUE_MAP, _INFERRED, argument="referenced_real_world_value_map"
    )
    _algorithm = Include(AlgorithmIdentification, argument="algorithm_id")

    def __init__(
        self,
        name: CodeLike,
        value: float,
        unit: CodeLike,
        qualifier: CodeLike | None = None,
        tracking_identifier: TrackingIdentifier | None = None,
        algorithm_id: AlgorithmIdentification | None = None,
        derivation: CodeLike | None = None,
        finding_sites: Sequence[FindingSite] | None = None,
        method: CodeLike | None = None,
        properties: MeasurementProperties | None = None,
        referenced_images: Sequence[SourceImageForMeasurement] | None = None,
        referenced_coordinates: Sequence[CoordinatesForMeasurement | CoordinatesForMeasurement3D]
        | None = None,
        referenced_real_world_value_map: RealWorldValueMap | None = None,
    ) -> None:
        super().__init__()
        self._append_all([NumContentItem(name, value, unit, qualifier, _CONTAINS)])
        if properties is not None and not isinstance(properties, MeasurementProperties):
            raise ArgumentTypeError("properties must be MeasurementProperties")
        rows: dict[str, Any] = {
            "method": method,
            "derivation": derivation,
            "finding_sites": finding_sites,
            "_properties": None if properties is None else properties._in_unit(unit),
            "_images": referenced_images,
        }
        last: dict[str, Any] = {
            "_tracking": tracking_identifier,
            "_value_map": referenced_real_world_value_map,
            "_algorithm": algorithm_id,
        }
        if referenced_coordinates is None:
            self._write(**rows, **last)
            return
        # TID 300 has them between its rows (order matters)
        self._write(**rows)
        self._add_below(
            referenced_coordinates,
            (CoordinatesForMeasurement, CoordinatesForMeasurement3D),
            "referenced_coordinates",
        )
        self._write(**last)

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt a measurement.

        Parameters
        ----------
        sequence : Sequence[pydicom.Dataset]
            The number, the only item.
        is_root, is_sr : bool, optional
            Never and always true for a measurement.
        copy : bool, optional
            Whether to leave the item alone and hold a deep copy.

        Raises
        ------
        TypeError
            If it is not a number.
        ValueError
            If there is not one item.
        """
        found = super().from_sequence(sequence, is_root, is_sr, copy)
        _check_one(found, NumContentItem)
        return found

    @property
    def _number(self) -> NumContentItem:
        _check_one(self, NumContentItem)
        head: NumContentItem = self[0]
        return head

    @property
    def name(self) -> CodedConcept:
        """What was measured."""
        return self._number.name

    @property
    def value(self) -> int | float | None:
        """The number; None if there is none, as the qualifier says."""
        return self._number.value

    @property
    def unit(self) -> CodedConcept | None:
        """Its unit; None if there is no number."""
        return self._number.unit

    @property
    def qualifier(self) -> CodedConcept | None:
        """What is particular about the number."""
        return self._number.qualifier

    @property
    def referenced_images(self) -> list[SourceImageForMeasurement]:
        """Images in which it was measured."""
        found: list[SourceImageForMeasurement] = self._images
        return found

    @property
    def referenced_coordinates(self) -> list[CoordinatesForMeasurement | CoordinatesForMeasurement3D]:
        """Points of which it was measured."""
        kinds: dict[str, type[Any]] = {
            "SCOORD": CoordinatesForMeasurement,
            "SCOORD3D": CoordinatesForMeasurement3D,
        }
        return [
            kinds[item.value_type.value]._adopt(item)
            for item in self._scope._items
            if item.value_type.value in kinds and item.relationship_type is _INFERRED
        ]

    @property
    def tracking_identifier(self) -> str | None:
        """Name under which it is tracked."""
        found: str | None = TrackingIdentifier._of(self._scope._items).identifier
        return found

    @property
    def tracking_uid(self) -> UID | None:
        """Unique identifier by which it is tracked."""
        found: UID | None = TrackingIdentifier._of(self._scope._items).uid
        return found


class DerivedMeasurement(Measurement):
    """A measurement derived from those of several groups: TID 1420. Other libraries do not have it.

    Parameters
    ----------
    name : CodedConcept or pydicom.sr.coding.Code
        What it is, of CID 7465 (a sum of volumes, for example).
    value : float
        The number.
    unit : CodedConcept or pydicom.sr.coding.Code
        Its unit, of UCUM.
    derived_from : Sequence of groups
        Groups of planar regions or of volumes, not of both; they have to be among the imaging measurements of the
        report.
    **more
        What else a :class:`Measurement` takes.

    Raises
    ------
    ValueError
        If no group is given, or planar regions and volumes are.
    TypeError
        If something is no group of a region.
    """

    tid = "1420"

    def __init__(
        self, name: CodeLike, value: float, unit: CodeLike, derived_from: Sequence[Template], **more: Any
    ) -> None:
        super().__init__(name, value, unit, **more)
        self.derived_from = tuple(derived_from)
        if not self.derived_from:
            raise ArgumentError("derived_from must have at least one group")
        kinds = {getattr(group, "tid", "") for group in self.derived_from}
        if not kinds <= {"1410", "1411"}:
            raise ArgumentTypeError("derived_from must hold groups of regions (TID 1410, TID 1411)")
        if len(kinds) > 1:
            raise ArgumentError("derived_from holds planar regions and volumes: either is allowed (TID 1420)")


class QualitativeEvaluation(Template):
    """A finding that is a code.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        What was evaluated.
    value : pydicom.sr.coding.Code or CodedConcept
        What was found.
    """

    def __init__(self, name: CodeLike, value: CodeLike) -> None:
        super().__init__()
        self._append_all([CodeContentItem(name, value, _CONTAINS)])

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt an evaluation.

        Parameters
        ----------
        sequence : Sequence[pydicom.Dataset]
            The code, the only item.
        is_root, is_sr : bool, optional
            Never and always true for an evaluation.
        copy : bool, optional
            Whether to leave the item alone and hold a deep copy.

        Raises
        ------
        TypeError
            If it is not a code.
        ValueError
            If there is not one item.
        """
        found = super().from_sequence(sequence, is_root, is_sr, copy)
        _check_one(found, CodeContentItem)
        return found

    @property
    def name(self) -> CodedConcept:
        """What was evaluated."""
        return self._code.name

    @property
    def value(self) -> CodedConcept:
        """What was found."""
        return self._code.value

    @property
    def _code(self) -> CodeContentItem:
        _check_one(self, CodeContentItem)
        head: CodeContentItem = self[0]
        return head


def _check_one(items: Template, kind: type[ContentItem]) -> None:
    if len(items) != 1:
        raise ArgumentError(f"one content item is needed, found {len(items)}")
    if not isinstance(items[0], kind):
        raise ArgumentTypeError(f"a {kind.__name__} is needed")
