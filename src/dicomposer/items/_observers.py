"""Who observed what of whom: TID 1001 to 1010 and TID 1204 (PS3.16 Annex A)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeVar

from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from dicomposer.coding import UID, Code, CodedConcept, CodeLike
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from dicomposer.items._codes import dcm, sct
from dicomposer.items._raw import identity
from dicomposer.items._template import Include, Row, Template
from dicomposer.items._types import (
    CodeContentItem,
    PnameContentItem,
    TextContentItem,
    UIDRefContentItem,
)
from dicomposer.items.enum import RelationshipTypeValues
from dicomposer.record import items_of

__all__ = [
    "DEVICE",
    "DEVICE_SUBJECT",
    "FETUS",
    "PERSON",
    "SPECIMEN",
    "DeviceObserverIdentifyingAttributes",
    "LanguageOfContentItemAndDescendants",
    "ObservationContext",
    "ObserverContext",
    "PersonObserverIdentifyingAttributes",
    "SubjectContext",
    "SubjectContextDevice",
    "SubjectContextFetus",
    "SubjectContextSpecimen",
    "observer_contexts",
    "subject_contexts",
]

_OBSERVATION = RelationshipTypeValues.HAS_OBS_CONTEXT
_MODIFIER = RelationshipTypeValues.HAS_CONCEPT_MOD

PERSON = dcm("121006", "Person")
DEVICE = dcm("121007", "Device")
FETUS = dcm("121026", "Fetus")
SPECIMEN = dcm("121027", "Specimen")
DEVICE_SUBJECT = dcm("121192", "Device Subject")


def _text(value: str, meaning: str, *, argument: str = "", required: bool = False) -> Row:
    return Row(TextContentItem, dcm(value, meaning), _OBSERVATION, argument=argument, required=required)


class LanguageOfContentItemAndDescendants(Template):
    """The language of an item and what is below it: TID 1204.

    Parameters
    ----------
    language : CodedConcept
        A language of CID 5000, for example en-US of RFC5646.
    """

    tid = "1204"
    language = Row(CodeContentItem, dcm("121049", "Language of Content Item and Descendants"), _MODIFIER)

    def __init__(self, language: CodeLike) -> None:
        super().__init__()
        self._write(language=language)


class PersonObserverIdentifyingAttributes(Template):
    """A person who observed: TID 1003.

    Parameters
    ----------
    name : str
        Name, components separated by ``^``.
    login_name, organization_name : str, optional
        Login name; name of the organization.
    role_in_organization : pydicom.sr.coding.Code or CodedConcept, optional
        Of CID 7452.
    role_in_procedure : pydicom.sr.coding.Code or CodedConcept, optional
        Of CID 7453.
    """

    tid = "1003"
    name = Row(PnameContentItem, dcm("121008", "Person Observer Name"), _OBSERVATION, required=True)
    login_name = _text("128774", "Person Observer's Login Name")
    organization_name = _text("121009", "Person Observer's Organization Name")
    role_in_organization = Row(
        CodeContentItem, dcm("121010", "Person Observer's Role in the Organization"), _OBSERVATION
    )
    role_in_procedure = Row(
        CodeContentItem, dcm("121011", "Person Observer's Role in this Procedure"), _OBSERVATION
    )

    def __init__(
        self,
        name: str | PersonName,
        login_name: str | None = None,
        organization_name: str | None = None,
        role_in_organization: CodeLike | None = None,
        role_in_procedure: CodeLike | None = None,
    ) -> None:
        super().__init__()
        self._write(
            name=name,
            login_name=login_name,
            organization_name=organization_name,
            role_in_organization=role_in_organization,
            role_in_procedure=role_in_procedure,
        )

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt the items that identify a person."""
        return _of_rows(cls, super().from_sequence(sequence, is_root, is_sr, copy), "name")


class DeviceObserverIdentifyingAttributes(Template):
    """A device or program that observed: TID 1004.

    Parameters
    ----------
    uid : str
        Its UID.
    name, manufacturer_name, model_name, serial_number, physical_location : str, optional
        What it is and where it stood.
    role_in_procedure : pydicom.sr.coding.Code or CodedConcept, optional
        Of CID 7445.
    """

    tid = "1004"
    uid = Row(UIDRefContentItem, dcm("121012", "Device Observer UID"), _OBSERVATION, required=True)
    name = _text("121013", "Device Observer Name")
    manufacturer_name = _text("121014", "Device Observer Manufacturer")
    model_name = _text("121015", "Device Observer Model Name")
    serial_number = _text("121016", "Device Observer Serial Number")
    physical_location = _text("121017", "Device Observer Physical Location During Observation")
    role_in_procedure = Row(CodeContentItem, dcm("113876", "Device Role in Procedure"), _OBSERVATION)

    def __init__(
        self,
        uid: str | UID,
        name: str | None = None,
        manufacturer_name: str | None = None,
        model_name: str | None = None,
        serial_number: str | None = None,
        physical_location: str | None = None,
        role_in_procedure: CodeLike | None = None,
    ) -> None:
        super().__init__()
        self._write(
            uid=uid,
            name=name,
            manufacturer_name=manufacturer_name,
            model_name=model_name,
            serial_number=serial_number,
            physical_location=physical_location,
            role_in_procedure=role_in_procedure,
        )

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt the items that identify a device."""
        return _of_rows(cls, super().from_sequence(sequence, is_root, is_sr, copy), "uid")


class ObserverContext(Template):
    """Who or what observed: TID 1002.

    Parameters
    ----------
    observer_type : CodedConcept
        Person or device, of CID 270.
    observer_identifying_attributes : PersonObserverIdentifyingAttributes or DeviceObserverIdentifyingAttributes
        Which one.

    Raises
    ------
    TypeError
        If the two do not fit each other.
    """

    tid = "1002"
    observer_type = Row(CodeContentItem, dcm("121005", "Observer Type"), _OBSERVATION)
    _attributes = Include(
        PersonObserverIdentifyingAttributes,
        DeviceObserverIdentifyingAttributes,
        argument="observer_identifying_attributes",
    )

    def __init__(
        self,
        observer_type: CodeLike,
        observer_identifying_attributes: PersonObserverIdentifyingAttributes
        | DeviceObserverIdentifyingAttributes,
    ) -> None:
        super().__init__()
        kinds = {
            identity(PERSON): PersonObserverIdentifyingAttributes,
            identity(DEVICE): DeviceObserverIdentifyingAttributes,
        }
        kind = kinds.get(identity(observer_type))
        if kind is None:
            raise ArgumentError("observer_type must be Person or Device (PS3.16 CID 270)")
        if not isinstance(observer_identifying_attributes, kind):
            raise ArgumentTypeError(f"observer_identifying_attributes must be {kind.__name__}")
        self._write(observer_type=observer_type, _attributes=observer_identifying_attributes)

    @property
    def observer_identifying_attributes(
        self,
    ) -> PersonObserverIdentifyingAttributes | DeviceObserverIdentifyingAttributes:
        """Which person or device."""
        # An observer is a person unless it says otherwise (TID 1002, row 1).
        stated = self.observer_type
        if stated is not None and identity(stated) == identity(DEVICE):
            return DeviceObserverIdentifyingAttributes.from_sequence(self._items, copy=False)
        return PersonObserverIdentifyingAttributes.from_sequence(self._items, copy=False)


class SubjectContextFetus(Template):
    """A fetus as the subject: TID 1008.

    Parameters
    ----------
    subject_id : str
        Identifier of the fetus.
    """

    tid = "1008"
    subject_id = _text("121030", "Subject ID", required=True)

    def __init__(self, subject_id: str) -> None:
        super().__init__()
        self._write(subject_id=subject_id)

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt the items that identify a fetus."""
        return _of_rows(cls, super().from_sequence(sequence, is_root, is_sr, copy), "subject_id")


class SubjectContextSpecimen(Template):
    """A specimen as the subject: TID 1009.

    Parameters
    ----------
    uid : str
        Its UID.
    identifier, container_identifier : str, optional
        Identifiers of the specimen and of its container.
    specimen_type : pydicom.sr.coding.Code or CodedConcept, optional
        Of CID 8103.
    """

    tid = "1009"
    specimen_uid = Row(
        UIDRefContentItem, dcm("121039", "Specimen UID"), _OBSERVATION, argument="uid", required=True
    )
    specimen_identifier = _text("121041", "Specimen Identifier")
    specimen_type = Row(CodeContentItem, sct("371439000", "Specimen Type"), _OBSERVATION)
    container_identifier = _text("111700", "Specimen Container Identifier")

    def __init__(
        self,
        uid: str | UID,
        identifier: str | None = None,
        container_identifier: str | None = None,
        specimen_type: CodeLike | None = None,
    ) -> None:
        super().__init__()
        self._write(
            specimen_uid=uid,
            specimen_identifier=identifier,
            specimen_type=specimen_type,
            container_identifier=container_identifier,
        )

    @classmethod
    def from_image(cls, image: Dataset) -> Self:
        """The specimen of an image.

        Parameters
        ----------
        image : pydicom.Dataset
            An image of a specimen; not modified.

        Raises
        ------
        ValueError
            If it does not describe exactly one specimen.
        """
        specimens = items_of(image, "SpecimenDescriptionSequence")
        if len(specimens) != 1:
            raise ArgumentError(f"the image must describe one specimen, found {len(specimens)}")
        described: Dataset = specimens[0]
        kind: Any = described.get("SpecimenTypeCodeSequence")
        return cls(
            uid=described.SpecimenUID,
            identifier=described.get("SpecimenIdentifier") or None,
            container_identifier=image.get("ContainerIdentifier") or None,
            specimen_type=CodedConcept.from_dataset(kind[0]) if kind else None,
        )

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt the items that identify a specimen."""
        return _of_rows(cls, super().from_sequence(sequence, is_root, is_sr, copy))


class SubjectContextDevice(Template):
    """A device as the subject: TID 1010.

    Parameters
    ----------
    name : str
        Its name.
    uid, manufacturer_name, model_name, serial_number, physical_location : str, optional
        What it is and where it stands.
    """

    tid = "1010"
    device_name = _text("121193", "Device Subject Name", argument="name", required=True)
    device_uid = Row(UIDRefContentItem, dcm("121198", "Device Subject UID"), _OBSERVATION)
    device_manufacturer_name = _text("121194", "Device Subject Manufacturer")
    device_model_name = _text("121195", "Device Subject Model Name")
    device_serial_number = _text("121196", "Device Subject Serial Number")
    device_physical_location = _text("121197", "Device Subject Physical Location during observation")

    def __init__(
        self,
        name: str,
        uid: str | UID | None = None,
        manufacturer_name: str | None = None,
        model_name: str | None = None,
        serial_number: str | None = None,
        physical_location: str | None = None,
    ) -> None:
        super().__init__()
        self._write(
            device_name=name,
            device_uid=uid,
            device_manufacturer_name=manufacturer_name,
            device_model_name=model_name,
            device_serial_number=serial_number,
            device_physical_location=physical_location,
        )

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt the items that identify a device."""
        return _of_rows(cls, super().from_sequence(sequence, is_root, is_sr, copy), "device_name")


_T = TypeVar("_T", bound=Template)
SpecificContext = SubjectContextFetus | SubjectContextSpecimen | SubjectContextDevice


class SubjectContext(Template):
    """Of whom or what the observations are, if not of the patient: TID 1006.

    Parameters
    ----------
    subject_class : CodedConcept
        Fetus, specimen or device, of CID 271.
    subject_class_specific_context : SubjectContextFetus, SubjectContextSpecimen or SubjectContextDevice
        Which one.

    Raises
    ------
    TypeError
        If the two do not fit each other.
    """

    tid = "1006"
    subject_class = Row(CodeContentItem, dcm("121024", "Subject Class"), _OBSERVATION)
    _context = Include(
        SubjectContextFetus,
        SubjectContextSpecimen,
        SubjectContextDevice,
        argument="subject_class_specific_context",
    )

    def __init__(self, subject_class: CodeLike, subject_class_specific_context: SpecificContext) -> None:
        super().__init__()
        kind = _SUBJECTS.get(identity(subject_class))
        if kind is None:
            raise ArgumentError("subject_class must be Fetus, Specimen or Device Subject (PS3.16 CID 271)")
        if not isinstance(subject_class_specific_context, kind):
            raise ArgumentTypeError(f"subject_class_specific_context must be {kind.__name__}")
        # CID 271 has Device Subject; Device, which other libraries write, is an observer (CID 270).
        written = DEVICE_SUBJECT if kind is SubjectContextDevice else subject_class
        self._write(subject_class=written, _context=subject_class_specific_context)

    @classmethod
    def from_image(cls, image: Dataset) -> Self | None:
        """The subject of an image; None if it is the patient.

        Parameters
        ----------
        image : pydicom.Dataset
            Not modified.
        """
        if len(image.get("SpecimenDescriptionSequence") or ()) != 1:
            return None
        return cls(SPECIMEN, SubjectContextSpecimen.from_image(image))

    @property
    def subject_class_specific_context(self) -> SpecificContext:
        """Which fetus, specimen or device."""
        kind = _SUBJECTS.get(identity(self.subject_class)) if self.subject_class is not None else None
        if kind is None:
            raise MissingAttributeError("the subject is not a fetus, specimen or device")
        return kind.from_sequence(self._items, copy=False)


_SUBJECTS: dict[Any, type[SpecificContext]] = {
    identity(FETUS): SubjectContextFetus,
    identity(SPECIMEN): SubjectContextSpecimen,
    identity(DEVICE_SUBJECT): SubjectContextDevice,
    identity(DEVICE): SubjectContextDevice,
}


class ObservationContext(Template):
    """Who observed what of whom: TID 1001.

    Parameters
    ----------
    observer_person_context, observer_device_context : ObserverContext, optional
        The person and the device or program that observed.
    subject_context : SubjectContext, optional
        The subject, if it is not the patient.
    """

    tid = "1001"
    _person = Include(ObserverContext, argument="observer_person_context")
    _device = Include(ObserverContext, argument="observer_device_context")
    _subject = Include(SubjectContext, argument="subject_context")

    def __init__(
        self,
        observer_person_context: ObserverContext | None = None,
        observer_device_context: ObserverContext | None = None,
        subject_context: SubjectContext | None = None,
    ) -> None:
        super().__init__()
        self._write(
            _person=observer_person_context, _device=observer_device_context, _subject=subject_context
        )


# -- reading -----------------------------------------------------------------------------------------------------------


def _of_rows(cls: type[_T], sequence: _T, *needed: str) -> _T:
    """Of a sequence, the items that are rows of a template."""
    rows = [row for row in cls.rows().values() if isinstance(row, Row)]
    wanted = {row._identity for row in rows}
    kept = [
        item for item in sequence._items if item.name_key is not None and identity(item.name_key) in wanted
    ]
    made = cls._of(kept)
    for name in needed:
        if getattr(made, name) is None:
            meaning = next(row.concept.meaning for row in rows if row.name == name)
            raise MissingAttributeError(f"{cls.__name__} needs the content item {meaning}")
    return made


_OBSERVER_START = identity(dcm("121005", "Observer Type"))
_SUBJECT_START = identity(dcm("121024", "Subject Class"))
_PERSON_NAME = identity(dcm("121008", "Person Observer Name"))


def _parts(items: Sequence[Any], start: Code | Any, also: Any = None) -> list[list[Any]]:
    """Items of observation context, cut where a new observer or subject begins."""
    found: list[list[Any]] = []
    begun = False
    for item in items:
        key = item.name_key
        if key is None or item.relationship_type is not _OBSERVATION:
            begun = False
            continue
        name = identity(key)
        other = _SUBJECT_START if start == _OBSERVER_START else _OBSERVER_START
        if name == start or (also is not None and name == also and not begun):
            found.append([item])
            begun = True
        elif name == other:
            begun = False
        elif begun:
            found[-1].append(item)
    return found


def observer_contexts(items: Sequence[Any], observer_type: CodeLike | None = None) -> list[ObserverContext]:
    """Observers that the items below a root name, in order.

    Parameters
    ----------
    items : Sequence[ContentItem]
        Items of one level.
    observer_type : pydicom.sr.coding.Code or CodedConcept, optional
        Only persons, or only devices.
    """
    found = [ObserverContext._of(part) for part in _parts(items, _OBSERVER_START, _PERSON_NAME)]
    if observer_type is None:
        return found
    wanted = identity(observer_type)
    return [one for one in found if identity(one.observer_type or PERSON) == wanted]


def subject_contexts(items: Sequence[Any], subject_class: CodeLike | None = None) -> list[SubjectContext]:
    """Subjects that the items below a root name, in order; of one class only, if that is given."""
    found = [SubjectContext._of(part) for part in _parts(items, _SUBJECT_START)]
    if subject_class is None:
        return found
    return [one for one in found if identity(one.subject_class) == identity(subject_class)]
