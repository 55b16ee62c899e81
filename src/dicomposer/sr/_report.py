"""The measurement report: TID 1500 (PS3.16 Annex A)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydicom.dataset import Dataset

from dicomposer.coding import Code, CodeLike, is_code, stack_level
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import (
    CONTENT,
    CodeContentItem,
    ContainerContentItem,
    ContentItem,
    ContentSequence,
    DocumentTemplate,
    GraphicTypeValues,
    GraphicTypeValues3D,
    ImageContentItem,
    Include,
    LanguageOfContentItemAndDescendants,
    NumContentItem,
    ObservationContext,
    RelationshipTypeValues,
    Row,
    Scoord3DContentItem,
    ScoordContentItem,
    SubjectContext,
    Template,
    by_reference,
    dcm,
    identity,
    put_below,
    subject_contexts,
)
from dicomposer.sr._groups import (
    Group,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
    group_kind,
)
from dicomposer.sr._library import ImageLibrary
from dicomposer.sr._measurements import DerivedMeasurement, Measurement, QualitativeEvaluation
from dicomposer.sr._regions import IMAGE_REGION
from dicomposer.sr._volumes import REFERENCED_SEGMENT, REFERENCED_SEGMENTATION_FRAME, VOLUME_SURFACE
from dicomposer.sr.coding import DEFAULT_LANGUAGE

__all__ = ["MeasurementReport", "is_report"]

_G = TypeVar("_G", bound=Group)
_CONTAINS = RelationshipTypeValues.CONTAINS
_MODIFIER = RelationshipTypeValues.HAS_CONCEPT_MOD

TITLE = dcm("126000", "Imaging Measurement Report")
_MEASUREMENTS = dcm("126010", "Imaging Measurements")
_DERIVED = dcm("126011", "Derived Imaging Measurements")
_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")

#: Names of the items that can be the region of a group.
_PLANAR_REFERENCES = (IMAGE_REGION, REFERENCED_SEGMENTATION_FRAME)
_VOLUME_REFERENCES = (IMAGE_REGION, REFERENCED_SEGMENT, VOLUME_SURFACE)
_SEGMENTS = (identity(REFERENCED_SEGMENT), identity(REFERENCED_SEGMENTATION_FRAME))


class MeasurementReport(DocumentTemplate):
    """Measurements and evaluations made in images: TID 1500.

    Parameters
    ----------
    observation_context : ObservationContext
        Who observed what of whom.
    procedure_reported : pydicom.sr.coding.Code or CodedConcept or Sequence of them
        The imaging procedures that are reported, of CID 100.
    imaging_measurements : Sequence of groups, optional
        Groups of measurements: of planar regions, of volumes, or of images.
    title : pydicom.sr.coding.Code or CodedConcept, optional
        Title of the report, of CID 7021; "Imaging Measurement Report" if left out.
    language_of_content_item_and_descendants : LanguageOfContentItemAndDescendants, optional
        Language; English of the United States if left out.
    referenced_images : Sequence[pydicom.Dataset], optional
        Images for the image library; not modified.
    derived_imaging_measurements : Sequence[DerivedMeasurement], optional
        Measurements derived from those of several groups, to which they point (TID 1420).
        Not in other libraries.
    qualitative_evaluations : Sequence[QualitativeEvaluation], optional
        Evaluations of the study as a whole; not in other libraries.
    """

    tid = "1500"
    _headed = True
    _language = Include(
        LanguageOfContentItemAndDescendants, argument="language_of_content_item_and_descendants"
    )
    _context = Include(ObservationContext, argument="observation_context")
    procedures_reported = Row(
        CodeContentItem,
        dcm("121058", "Procedure reported"),
        _MODIFIER,
        many=True,
        argument="procedure_reported",
    )
    _library = Include(ImageLibrary, argument="referenced_images")

    def __init__(
        self,
        observation_context: ObservationContext,
        procedure_reported: CodeLike | Sequence[CodeLike],
        imaging_measurements: Sequence[
            PlanarROIMeasurementsAndQualitativeEvaluations
            | VolumetricROIMeasurementsAndQualitativeEvaluations
            | MeasurementsAndQualitativeEvaluations
        ]
        | None = None,
        title: CodeLike | None = None,
        language_of_content_item_and_descendants: LanguageOfContentItemAndDescendants | None = None,
        referenced_images: Sequence[Dataset] | None = None,
        *,
        derived_imaging_measurements: Sequence[DerivedMeasurement] | None = None,
        qualitative_evaluations: Sequence[QualitativeEvaluation] | None = None,
    ) -> None:
        super().__init__(is_root=True)
        self._append_all([ContainerContentItem(TITLE if title is None else title, template_id=self.tid)])
        if not isinstance(observation_context, ObservationContext):
            raise ArgumentTypeError("observation_context must be an ObservationContext")
        if procedure_reported is None:
            raise ArgumentTypeError("procedure_reported must be a code or a sequence of codes")
        one = is_code(procedure_reported)
        self._write(
            _language=language_of_content_item_and_descendants
            or LanguageOfContentItemAndDescendants(DEFAULT_LANGUAGE),
            _context=observation_context,
            procedures_reported=[procedure_reported] if one else procedure_reported,
            _library=ImageLibrary(referenced_images) if referenced_images else None,
        )
        self._sections(imaging_measurements, derived_imaging_measurements, qualitative_evaluations)

    def _sections(
        self,
        groups: Sequence[Group] | None,
        derived: Sequence[DerivedMeasurement] | None,
        evaluations: Sequence[QualitativeEvaluation] | None,
    ) -> None:
        # TID 1500: Imaging Measurements unless one of the other two sections is there
        if groups is not None or not (derived or evaluations):
            self._section(_MEASUREMENTS, groups or (), Group, "imaging_measurements")
        if derived:
            self._section(_DERIVED, derived, DerivedMeasurement, "derived_imaging_measurements")
            self._point_to_groups(derived, groups or ())
        if evaluations:
            self._section(_EVALUATIONS, evaluations, QualitativeEvaluation, "qualitative_evaluations")

    def _section(self, name: Code, parts: Sequence[Template], kind: type[Template], argument: str) -> None:
        if hasattr(parts, "is_sr") or not hasattr(parts, "__len__"):
            raise ArgumentTypeError(f"{argument} must be a sequence, found {type(parts).__name__}")
        if not all(isinstance(part, kind) for part in parts):
            raise ArgumentTypeError(f"{argument} holds something else than it should")
        if len({id(part) for part in parts}) < len(parts):
            raise ArgumentError(f"{argument} holds one thing twice")
        container = ContainerContentItem(name, relationship_type=_CONTAINS)
        put_below(container, [item for part in parts for item in part._items])
        put_below(self._items[0], [container])

    def _point_to_groups(self, derived: Sequence[DerivedMeasurement], groups: Sequence[Group]) -> None:
        """Say from which groups measurements are derived, by reference (TID 1420, rows 2 and 3)."""
        places = {id(group): place for place, group in enumerate(groups, start=1)}
        sections = self._scope._items
        names = [identity(section.name) for section in sections]
        section, target = names.index(identity(_DERIVED)), None
        if identity(_MEASUREMENTS) in names:
            target = names.index(identity(_MEASUREMENTS)) + 1
        container = sections[section]
        items = list(container.children)
        for place, measurement in enumerate(derived):
            missing = [group for group in measurement.derived_from if id(group) not in places]
            if missing or target is None:
                raise ArgumentError("derived_from must name groups that are among imaging_measurements")
            pointers = [
                by_reference(RelationshipTypeValues.INFERRED_FROM, (1, target, places[id(group)]))
                for group in measurement.derived_from
            ]
            # The measurement is the caller's: its copy in the report gets the pointers
            item = items[place]._related(_CONTAINS)
            item.add_new(CONTENT, "SQ", ContentSequence._of([*pointers, *item.children]))
            items[place] = item
        container.add_new(CONTENT, "SQ", ContentSequence._of(items))

    # -- context ------------------------------------------------------------------------------------------------------

    def get_subject_contexts(self, subject_class: CodeLike | None = None) -> list[SubjectContext]:
        """Of whom or what the observations are, if not of the patient.

        Parameters
        ----------
        subject_class : pydicom.sr.coding.Code or CodedConcept, optional
            Only subjects of this class.
        """
        return subject_contexts(self._scope._items, subject_class)

    def get_derived_measurements(self) -> list[Measurement]:
        """Measurements that were derived from those of several groups, in order; not in other libraries.

        Returns
        -------
        list of Measurement
            Those that say from which groups they are derived are of :class:`DerivedMeasurement`.
        """
        return [
            self._derived(item)
            for section in self._scope.find(_DERIVED)._items
            for item in section.children
            if isinstance(item, NumContentItem)
        ]

    def _derived(self, item: NumContentItem) -> Measurement:
        """Make a measurement of its item, with the groups to which it points (TID 1420, rows 2 and 3)."""
        groups: list[Group] = []
        for pointer in item.children:
            position = pointer.referenced_position
            target = None if position is None else self._pointed(position)
            kind = None if target is None else group_kind(target)
            if target is not None and kind is not None:
                groups.append(kind._of([target]))
            elif position is not None:
                warnings.warn(
                    "a derived measurement points to an item that is not a group; it says where the group stood, which "
                    "changes when items before it are added or removed",
                    stacklevel=stack_level(),
                )
        if not groups:
            return Measurement._of([item])
        derived = DerivedMeasurement._of([item])
        derived.derived_from = tuple(groups)
        return derived

    def _pointed(self, position: Sequence[int]) -> ContentItem | None:
        """The item at a position of the document (PS3.3 C.17.3.2.5); None if there is none."""
        level, found = self._items, None
        for number in position:
            if not 1 <= number <= len(level):
                return None
            found = level[number - 1]
            level = list(found.children)
        return found

    def get_qualitative_evaluations(self) -> list[QualitativeEvaluation]:
        """Evaluations of the study as a whole, in order; not in other libraries."""
        return [
            QualitativeEvaluation._of([item])
            for section in self._scope.find(_EVALUATIONS)._items
            for item in section.children
            if isinstance(item, CodeContentItem)
        ]

    # -- groups -------------------------------------------------------------------------------------------------------

    def get_planar_roi_measurement_groups(
        self,
        tracking_uid: str | None = None,
        finding_type: CodeLike | None = None,
        finding_site: CodeLike | None = None,
        reference_type: CodeLike | None = None,
        graphic_type: GraphicTypeValues | GraphicTypeValues3D | None = None,
        referenced_sop_instance_uid: str | None = None,
        referenced_sop_class_uid: str | None = None,
    ) -> list[PlanarROIMeasurementsAndQualitativeEvaluations]:
        """Groups of planar regions, in order; all filters that are given must hold.

        Parameters
        ----------
        tracking_uid : str, optional
            Unique identifier by which the finding is tracked.
        finding_type, finding_site : pydicom.sr.coding.Code or CodedConcept, optional
            What was found, and where.
        reference_type : pydicom.sr.coding.Code or CodedConcept, optional
            Name of the item that is the region.
        graphic_type : GraphicTypeValues or GraphicTypeValues3D, optional
            Shape of the region.
        referenced_sop_instance_uid, referenced_sop_class_uid : str, optional
            An object that the region refers to, or its class.
        """
        return self._groups(
            PlanarROIMeasurementsAndQualitativeEvaluations,
            (tracking_uid, referenced_sop_instance_uid, referenced_sop_class_uid),
            _finding_filters(finding_type, finding_site)
            + _region_filters(reference_type, graphic_type, _PLANAR_REFERENCES),
        )

    def get_volumetric_roi_measurement_groups(
        self,
        tracking_uid: str | None = None,
        finding_type: CodeLike | None = None,
        finding_site: CodeLike | None = None,
        reference_type: CodeLike | None = None,
        graphic_type: GraphicTypeValues3D | None = None,
        referenced_sop_instance_uid: str | None = None,
        referenced_sop_class_uid: str | None = None,
    ) -> list[VolumetricROIMeasurementsAndQualitativeEvaluations]:
        """Groups of volumes, in order; all filters that are given must hold.

        Parameters
        ----------
        tracking_uid : str, optional
            Unique identifier by which the finding is tracked.
        finding_type, finding_site : pydicom.sr.coding.Code or CodedConcept, optional
            What was found, and where.
        reference_type : pydicom.sr.coding.Code or CodedConcept, optional
            Name of the item that is the region.
        graphic_type : GraphicTypeValues3D, optional
            Shape of the region.
        referenced_sop_instance_uid, referenced_sop_class_uid : str, optional
            An object that the region refers to, or its class.
        """
        return self._groups(
            VolumetricROIMeasurementsAndQualitativeEvaluations,
            (tracking_uid, referenced_sop_instance_uid, referenced_sop_class_uid),
            _finding_filters(finding_type, finding_site)
            + _region_filters(reference_type, graphic_type, _VOLUME_REFERENCES),
        )

    def get_image_measurement_groups(
        self,
        tracking_uid: str | None = None,
        finding_type: CodeLike | None = None,
        finding_site: CodeLike | None = None,
        referenced_sop_instance_uid: str | None = None,
        referenced_sop_class_uid: str | None = None,
    ) -> list[MeasurementsAndQualitativeEvaluations]:
        """Groups of images as a whole, in order; all filters that are given must hold.

        Parameters
        ----------
        tracking_uid : str, optional
            Unique identifier by which the finding is tracked.
        finding_type, finding_site : pydicom.sr.coding.Code or CodedConcept, optional
            What was found, and where.
        referenced_sop_instance_uid, referenced_sop_class_uid : str, optional
            An image that was measured, or its class.
        """
        return self._groups(
            MeasurementsAndQualitativeEvaluations,
            (tracking_uid, referenced_sop_instance_uid, referenced_sop_class_uid),
            _finding_filters(finding_type, finding_site),
        )

    def _groups(
        self, kind: type[_G], uids: tuple[str | None, str | None, str | None], filters: list[Filter]
    ) -> list[_G]:
        tracking, instance, class_uid = uids
        wanted = [str(uid) for uid in uids if uid is not None]
        found: list[_G] = []
        for item in self._group_items(wanted):
            if group_kind(item) is not kind:
                continue
            group = kind._of([item])
            if tracking is not None and group.tracking_uid != str(tracking):
                continue
            if (instance or class_uid) and not _refers(item, instance, class_uid):
                continue
            if all(holds(group) for holds in filters):
                found.append(group)
        return found

    def _group_items(self, uids: Sequence[str]) -> list[ContentItem]:
        # Bytes are looked at first: of a thousand groups, one has the UID.
        sections = self._scope.find(_MEASUREMENTS)._items
        return [item for section in sections for item in section.children_with(uids)]


def is_report(root: ContentItem) -> bool:
    """Whether a root is that of a measurement report: by what it says or, if it does not, by its sections."""
    if not isinstance(root, ContainerContentItem):
        return False
    template = root.template_id
    if template is not None:
        return template == MeasurementReport.tid
    sections = [identity(name) for name in (_MEASUREMENTS, _DERIVED, _EVALUATIONS)]
    return any(
        isinstance(item, ContainerContentItem)
        and item.name_key is not None
        and identity(item.name_key) in sections
        for item in root.children
    )


Filter = Callable[[Any], bool]


def _finding_filters(finding_type: CodeLike | None, finding_site: CodeLike | None) -> list[Filter]:
    filters: list[Filter] = []
    if finding_type is not None:
        kind = identity(finding_type)
        filters.append(lambda group: group.finding_type is not None and identity(group.finding_type) == kind)
    if finding_site is not None:
        site = identity(finding_site)
        filters.append(lambda group: any(identity(one.value) == site for one in group.finding_sites))
    return filters


def _region_filters(
    reference_type: CodeLike | None, graphic_type: Any, possible: Sequence[Code]
) -> list[Filter]:
    filters: list[Filter] = []
    if graphic_type is not None and not isinstance(graphic_type, GraphicTypeValues | GraphicTypeValues3D):
        raise ArgumentTypeError(
            f"graphic_type must be of GraphicTypeValues or GraphicTypeValues3D, found {type(graphic_type).__name__}"
        )
    if reference_type is not None:
        kind = identity(reference_type)
        if kind not in map(identity, possible):
            raise ArgumentError("reference_type is not the name of a region of such groups")
        if graphic_type is not None and kind in _SEGMENTS:
            raise ArgumentError("segments have no graphic_type")
        filters.append(lambda group: identity(group.reference_type) == kind)
    if graphic_type is not None:
        filters.append(lambda group: graphic_type in _graphic_types(group))
    return filters


def _graphic_types(group: Group) -> set[Any]:
    return {
        item.graphic_type
        for item in group._scope._items
        if isinstance(item, ScoordContentItem | Scoord3DContentItem)
    }


def _refers(item: ContentItem, instance: str | None, class_uid: str | None) -> bool:
    """Whether an item below refers to an object, or to one of a class."""
    pending = list(item.children)
    while pending:
        one = pending.pop()
        if isinstance(one, NumContentItem):
            continue  # what its measurements refer to is not what a group refers to
        if (
            isinstance(one, ImageContentItem)
            and (instance is None or str(one.referenced_sop_instance_uid) == str(instance))
            and (class_uid is None or str(one.referenced_sop_class_uid) == str(class_uid))
        ):
            return True
        pending.extend(one.children)
    return False
