"""Specimens and how they were prepared (PS3.3 C.7.6.22, PS3.16 TID 8001 to 8004)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from pydicom.dataset import Dataset
from pydicom.valuerep import DT

from dicomposer.coding import UID, Code, CodedConcept, CodeLike, as_concept, check_text, check_uid, is_code
from dicomposer.content._identification import IssuerOfIdentifier
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from dicomposer.items import (
    CodeContentItem,
    ContentItem,
    ContentSequence,
    DateTimeContentItem,
    NumContentItem,
    TextContentItem,
    ValueTypeValues,
    dcm,
    sct,
)
from dicomposer.record import items_of, required, text_value

__all__ = [
    "SpecimenCollection",
    "SpecimenDescription",
    "SpecimenPreparationStep",
    "SpecimenProcessing",
    "SpecimenSampling",
    "SpecimenStaining",
]

_IDENTIFIER = dcm("121041", "Specimen Identifier")
_ISSUER = dcm("111724", "Issuer of Specimen Identifier")
_TYPE_OF_PROCESSING = dcm("111701", "Processing type")
_MOMENT = dcm("111702", "DateTime of processing")
_DESCRIPTION = dcm("111703", "Processing step description")
_METHOD = dcm("111704", "Sampling Method")
_PARENT = dcm("111705", "Parent Specimen Identifier")
_PARENT_ISSUER = dcm("111706", "Issuer of Parent Specimen Identifier")
_PARENT_TYPE = dcm("111707", "Parent specimen type")
_COLLECTION = sct("17636008", "Specimen collection")
_SAMPLING = sct("433465004", "Sampling of tissue specimen")
_STAINING = sct("127790008", "Staining")
_PROCESSING = sct("9265001", "Specimen processing")
_SUBSTANCE = sct("424361007", "Using substance")
_FIXATIVE = sct("430864009", "Tissue Fixative")
_EMBEDDING = sct("430863003", "Embedding medium")
_CONTAINER = sct("434711009", "Specimen container")
_SPECIMEN_TYPE = sct("371439000", "Specimen Type")
_LOCATION = dcm("111718", "Location of Specimen")
_OFFSETS = (
    dcm("111719", "Location of Specimen X offset"),
    dcm("111720", "Location of Specimen Y offset"),
    dcm("111721", "Location of Specimen Z offset"),
)
_OFFSET_UNITS = (Code("mm", "UCUM", "mm"), Code("mm", "UCUM", "mm"), Code("um", "UCUM", "micrometer"))


class _Procedure(ContentSequence):
    """What was done to a specimen: items without relationships."""

    #: Processing type of PS3.16 CID 8111.
    _kind: Code

    def __init__(self, items: Sequence[ContentItem]) -> None:
        super().__init__(items, is_sr=False)

    def _value(self, name: Code) -> Any:
        found = self.find(name)._items
        if not found:
            return None
        item: Any = found[0]
        return item.value


class SpecimenCollection(_Procedure):
    """How a specimen was taken from the patient (TID 8002).

    Parameters
    ----------
    procedure : pydicom.sr.coding.Code or CodedConcept
        The surgical procedure, of CID 8109.
    """

    _kind = _COLLECTION

    def __init__(self, procedure: CodeLike) -> None:
        super().__init__([CodeContentItem(_COLLECTION, procedure)])

    @property
    def procedure(self) -> CodedConcept:
        """The surgical procedure."""
        found: CodedConcept = self._value(_COLLECTION)
        return found


class SpecimenSampling(_Procedure):
    """How a specimen was taken from another one (TID 8002).

    Parameters
    ----------
    method : pydicom.sr.coding.Code or CodedConcept
        How, of CID 8110.
    parent_specimen_id : str
        Identifier of the other specimen.
    parent_specimen_type : pydicom.sr.coding.Code or CodedConcept
        What it is, of CID 8103.
    issuer_of_parent_specimen_id : IssuerOfIdentifier, optional
        Who gave it its identifier.
    """

    _kind = _SAMPLING

    def __init__(
        self,
        method: CodeLike,
        parent_specimen_id: str,
        parent_specimen_type: CodeLike,
        issuer_of_parent_specimen_id: IssuerOfIdentifier | None = None,
    ) -> None:
        items: list[ContentItem] = [
            CodeContentItem(_METHOD, method),
            TextContentItem(_PARENT, parent_specimen_id),
        ]
        if issuer_of_parent_specimen_id is not None:
            items.append(TextContentItem(_PARENT_ISSUER, _issuer_text(issuer_of_parent_specimen_id)))
        items.append(CodeContentItem(_PARENT_TYPE, parent_specimen_type))
        super().__init__(items)

    @property
    def method(self) -> CodedConcept:
        """How the specimen was taken."""
        found: CodedConcept = self._value(_METHOD)
        return found

    @property
    def parent_specimen_id(self) -> str:
        """Identifier of the other specimen."""
        found: str = self._value(_PARENT)
        return found

    @property
    def parent_specimen_type(self) -> CodedConcept:
        """What the other specimen is."""
        found: CodedConcept = self._value(_PARENT_TYPE)
        return found


class SpecimenStaining(_Procedure):
    """How a specimen was stained (TID 8003).

    Parameters
    ----------
    substances : Sequence[pydicom.sr.coding.Code or CodedConcept or str]
        The stains, of CID 8112 or as text.
    """

    _kind = _STAINING

    def __init__(self, substances: Sequence[CodeLike | str]) -> None:
        if isinstance(substances, str) or not isinstance(substances, Sequence):
            raise ArgumentTypeError("substances must be a sequence of codes or texts")
        if not substances:
            raise ArgumentError("substances must have at least one stain")
        super().__init__([_code_or_text(_SUBSTANCE, one, "substances") for one in substances])

    @property
    def substances(self) -> list[CodedConcept | str]:
        """The stains."""
        items: list[Any] = self.find(_SUBSTANCE)._items
        return [item.value for item in items]


class SpecimenProcessing(_Procedure):
    """Anything else that was done to a specimen.

    Parameters
    ----------
    description : pydicom.sr.coding.Code or CodedConcept or str
        What was done.
    """

    _kind = _PROCESSING

    def __init__(self, description: CodeLike | str) -> None:
        super().__init__([_code_or_text(_DESCRIPTION, description, "description")])

    @property
    def description(self) -> CodedConcept | str:
        """What was done."""
        found: CodedConcept | str = self._value(_DESCRIPTION)
        return found


Procedure = SpecimenCollection | SpecimenSampling | SpecimenStaining | SpecimenProcessing
_PROCEDURES: tuple[type[Procedure], ...] = (
    SpecimenCollection,
    SpecimenSampling,
    SpecimenStaining,
    SpecimenProcessing,
)
#: Names of the items that belong to each kind of procedure.
_OWN = {
    SpecimenCollection: (_COLLECTION,),
    SpecimenSampling: (_METHOD, _PARENT, _PARENT_ISSUER, _PARENT_TYPE),
    SpecimenStaining: (_SUBSTANCE,),
    SpecimenProcessing: (_DESCRIPTION,),
}


class SpecimenPreparationStep(Dataset):
    """One step in the preparation of a specimen: an item of Specimen Preparation Sequence (TID 8001).

    Parameters
    ----------
    specimen_id : str
        Identifier of the specimen that was processed.
    processing_procedure : SpecimenCollection, SpecimenSampling, SpecimenStaining or SpecimenProcessing
        What was done.
    processing_description : str or pydicom.sr.coding.Code or CodedConcept, optional
        More about it.
    processing_datetime : datetime.datetime, optional
        When.
    issuer_of_specimen_id : IssuerOfIdentifier, optional
        Who gave the specimen its identifier.
    fixative, embedding_medium : pydicom.sr.coding.Code or CodedConcept, optional
        What it was fixed with (CID 8114) and embedded in (CID 8115).
    specimen_container : pydicom.sr.coding.Code or CodedConcept, optional
        What held it, of CID 8101.
    specimen_type : pydicom.sr.coding.Code or CodedConcept, optional
        What it is, of CID 8103.
    """

    def __init__(
        self,
        specimen_id: str,
        processing_procedure: Procedure,
        processing_description: str | CodeLike | None = None,
        processing_datetime: datetime.datetime | None = None,
        issuer_of_specimen_id: IssuerOfIdentifier | None = None,
        fixative: CodeLike | None = None,
        embedding_medium: CodeLike | None = None,
        specimen_container: CodeLike | None = None,
        specimen_type: CodeLike | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(processing_procedure, _PROCEDURES):
            raise ArgumentTypeError(
                "processing_procedure must be a SpecimenCollection, SpecimenSampling, SpecimenStaining or "
                f"SpecimenProcessing, found {type(processing_procedure).__name__}"
            )
        if isinstance(processing_procedure, SpecimenProcessing) and processing_description is not None:
            raise ArgumentError("a SpecimenProcessing is itself the description of the step")
        items: list[ContentItem] = [TextContentItem(_IDENTIFIER, specimen_id)]
        if issuer_of_specimen_id is not None:
            items.append(TextContentItem(_ISSUER, _issuer_text(issuer_of_specimen_id)))
        items.append(CodeContentItem(_TYPE_OF_PROCESSING, processing_procedure._kind))
        if processing_datetime is not None:
            items.append(DateTimeContentItem(_MOMENT, processing_datetime))
        if processing_description is not None:
            items.append(_code_or_text(_DESCRIPTION, processing_description, "processing_description"))
        items.extend(processing_procedure._items)
        more = (
            (_FIXATIVE, fixative),
            (_EMBEDDING, embedding_medium),
            (_CONTAINER, specimen_container),
            (_SPECIMEN_TYPE, specimen_type),
        )
        items.extend(CodeContentItem(name, code) for name, code in more if code is not None)
        self.SpecimenPreparationStepContentItemSequence = ContentSequence(items, is_sr=False)

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Self:
        """Adopt an item of Specimen Preparation Sequence; it is copied.

        Raises
        ------
        TypeError
            If it is no dataset.
        AttributeError
            If it has no content items.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"a dataset is needed, found {type(dataset).__name__}")
        if not items_of(dataset, "SpecimenPreparationStepContentItemSequence"):
            raise MissingAttributeError("the preparation step has no content items")
        step = deepcopy(dataset)
        step.__class__ = cls
        assert isinstance(step, cls)
        items = ContentSequence.from_sequence(step.SpecimenPreparationStepContentItemSequence, is_sr=False)
        step.SpecimenPreparationStepContentItemSequence = items
        return step

    @property
    def _content(self) -> ContentSequence:
        found: ContentSequence = self.SpecimenPreparationStepContentItemSequence
        return found

    def _value(self, name: Code) -> Any:
        found: list[Any] = self._content.find(name)._items
        return found[0].value if found else None

    @property
    def specimen_id(self) -> str:
        """Identifier of the specimen that was processed."""
        return str(required(self._value(_IDENTIFIER), "Specimen Identifier"))

    @property
    def processing_type(self) -> CodedConcept:
        """What kind of step it is, of CID 8111."""
        found: CodedConcept = required(self._value(_TYPE_OF_PROCESSING), "Processing type")
        return found

    @property
    def processing_procedure(self) -> Procedure:
        """What was done."""
        kind = next((one for one in _PROCEDURES if self.processing_type == one._kind), SpecimenProcessing)
        items = [item for name in _OWN[kind] for item in self._content.find(name)._items]
        return kind._of(items, False, False)

    @property
    def processing_description(self) -> str | CodedConcept | None:
        """More about it."""
        found: str | CodedConcept | None = self._value(_DESCRIPTION)
        return found

    @property
    def processing_datetime(self) -> DT | None:
        """When it was done."""
        found: DT | None = self._value(_MOMENT)
        return found

    @property
    def issuer_of_specimen_id(self) -> str | None:
        """Who gave the specimen its identifier."""
        found: str | None = self._value(_ISSUER)
        return found

    @property
    def fixative(self) -> CodedConcept | None:
        """What it was fixed with."""
        found: CodedConcept | None = self._value(_FIXATIVE)
        return found

    @property
    def embedding_medium(self) -> CodedConcept | None:
        """What it was embedded in."""
        found: CodedConcept | None = self._value(_EMBEDDING)
        return found

    @property
    def specimen_container(self) -> CodedConcept | None:
        """What held it."""
        found: CodedConcept | None = self._value(_CONTAINER)
        return found

    @property
    def specimen_type(self) -> CodedConcept | None:
        """What it is."""
        found: CodedConcept | None = self._value(_SPECIMEN_TYPE)
        return found


class SpecimenDescription(Dataset):
    """A specimen: an item of Specimen Description Sequence (PS3.3 C.7.6.22).

    Parameters
    ----------
    specimen_id, specimen_uid : str
        Its identifier and UID.
    specimen_location : str or tuple[float, float, float], optional
        Where in the container: text, or offsets X and Y in mm, Z in micrometres.
    specimen_preparation_steps : Sequence[SpecimenPreparationStep], optional
        How it was prepared, first step first.
    issuer_of_specimen_id : IssuerOfIdentifier, optional
        Who gave it its identifier.
    primary_anatomic_structures : Sequence[pydicom.sr.coding.Code or CodedConcept], optional
        Where in the body it is from.
    specimen_type : pydicom.sr.coding.Code or CodedConcept, optional
        What it is, of CID 8103.
    specimen_short_description, specimen_detailed_description : str, optional
        What it is, in words.
    """

    def __init__(
        self,
        specimen_id: str,
        specimen_uid: str,
        specimen_location: str | tuple[float, float, float] | None = None,
        specimen_preparation_steps: Sequence[SpecimenPreparationStep] | None = None,
        issuer_of_specimen_id: IssuerOfIdentifier | None = None,
        primary_anatomic_structures: Sequence[CodeLike] | None = None,
        specimen_type: CodeLike | None = None,
        specimen_short_description: str | None = None,
        specimen_detailed_description: str | None = None,
    ) -> None:
        super().__init__()
        self.SpecimenIdentifier = check_text(specimen_id, "LO", "specimen_id")
        check_uid(specimen_uid, "specimen_uid")
        self.SpecimenUID = str(specimen_uid)
        issuers = [] if issuer_of_specimen_id is None else [_issuer(issuer_of_specimen_id)]
        self.add_new(0x00400562, "SQ", issuers)  # Issuer of the Specimen Identifier Sequence
        steps = list(specimen_preparation_steps or ())
        if not all(isinstance(step, SpecimenPreparationStep) for step in steps):
            raise ArgumentTypeError("specimen_preparation_steps must hold SpecimenPreparationStep items")
        self.SpecimenPreparationSequence = steps
        if specimen_location is not None:
            self.SpecimenLocalizationContentItemSequence = _location(specimen_location)
        if primary_anatomic_structures is not None:
            self.PrimaryAnatomicStructureSequence = [
                as_concept(code, "primary_anatomic_structures") for code in primary_anatomic_structures
            ]
        if specimen_type is not None:
            self.SpecimenTypeCodeSequence = [as_concept(specimen_type, "specimen_type")]
        if specimen_short_description is not None:
            self.SpecimenShortDescription = check_text(
                specimen_short_description, "LO", "specimen_short_description"
            )
        if specimen_detailed_description is not None:
            self.SpecimenDetailedDescription = check_text(
                specimen_detailed_description, "UT", "specimen_detailed_description"
            )

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Self:
        """Adopt an item of Specimen Description Sequence; it is copied.

        Raises
        ------
        TypeError
            If it is no dataset.
        AttributeError
            If it has no identifier or UID.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"a dataset is needed, found {type(dataset).__name__}")
        for keyword in ("SpecimenIdentifier", "SpecimenUID"):
            if keyword not in dataset:
                raise MissingAttributeError(f"the specimen needs the attribute {keyword}")
        described = deepcopy(dataset)
        described.__class__ = cls
        assert isinstance(described, cls)
        steps = items_of(described, "SpecimenPreparationSequence")
        described.SpecimenPreparationSequence = [SpecimenPreparationStep.from_dataset(step) for step in steps]
        return described

    @property
    def specimen_id(self) -> str:
        """Its identifier."""
        return required(text_value(self, "SpecimenIdentifier"), "SpecimenIdentifier")

    @property
    def specimen_uid(self) -> UID:
        """Its UID."""
        return UID(required(text_value(self, "SpecimenUID"), "SpecimenUID"))

    @property
    def specimen_location(self) -> str | tuple[float, float, float] | None:
        """Where in the container: text, or offsets X and Y in mm, Z in micrometres."""
        items = items_of(self, "SpecimenLocalizationContentItemSequence")
        if not items:
            return None
        found = ContentSequence.from_sequence(items, is_sr=False)
        words: list[Any] = found.find(_LOCATION)._items
        if words and words[0].value_type is ValueTypeValues.TEXT:
            return str(words[0].value)
        offsets: list[list[Any]] = [found.find(name)._items for name in _OFFSETS]
        if not all(offsets):
            return None
        x, y, z = (float(one[0].value) for one in offsets)
        return x, y, z

    @property
    def specimen_preparation_steps(self) -> list[SpecimenPreparationStep]:
        """How it was prepared, first step first."""
        return [
            step if isinstance(step, SpecimenPreparationStep) else SpecimenPreparationStep.from_dataset(step)
            for step in items_of(self, "SpecimenPreparationSequence")
        ]

    @property
    def specimen_type(self) -> CodedConcept | None:
        """What it is."""
        items = items_of(self, "SpecimenTypeCodeSequence")
        return CodedConcept.from_dataset(items[0]) if items else None

    @property
    def specimen_short_description(self) -> str | None:
        """What it is, in few words."""
        return text_value(self, "SpecimenShortDescription")

    @property
    def specimen_detailed_description(self) -> str | None:
        """What it is, in words."""
        return text_value(self, "SpecimenDetailedDescription")

    @property
    def issuer_of_specimen_id(self) -> IssuerOfIdentifier | None:
        """Who gave it its identifier."""
        items = items_of(self, "IssuerOfTheSpecimenIdentifierSequence")
        return IssuerOfIdentifier.from_dataset(items[0]) if items else None

    @property
    def primary_anatomic_structures(self) -> list[CodedConcept] | None:
        """Where in the body it is from."""
        if "PrimaryAnatomicStructureSequence" not in self:
            return None
        items = items_of(self, "PrimaryAnatomicStructureSequence")
        return [CodedConcept.from_dataset(item) for item in items]


# -- parts -------------------------------------------------------------------------------------------------------------


def _code_or_text(name: Code, value: CodeLike | str, argument: str) -> ContentItem:
    if isinstance(value, str):
        return TextContentItem(name, value)
    if not is_code(value):
        raise ArgumentTypeError(f"{argument} must be a code or text, found {type(value).__name__}")
    return CodeContentItem(name, value)


def _issuer(issuer: IssuerOfIdentifier) -> IssuerOfIdentifier:
    if not isinstance(issuer, IssuerOfIdentifier):
        raise ArgumentTypeError(f"an IssuerOfIdentifier is needed, found {type(issuer).__name__}")
    return issuer


def _issuer_text(issuer: IssuerOfIdentifier) -> str:
    checked = _issuer(issuer)
    local, universal = text_value(checked, "LocalNamespaceEntityID"), text_value(checked, "UniversalEntityID")
    return required(local or universal, "LocalNamespaceEntityID")


def _location(location: str | tuple[float, float, float]) -> ContentSequence:
    if isinstance(location, str):
        return ContentSequence([TextContentItem(_LOCATION, location)], is_sr=False)
    offsets = np.asarray(location, float)
    if offsets.shape != (3,):
        raise ArgumentError("specimen_location must be text, or offsets in x, y and z")
    return ContentSequence(
        [
            NumContentItem(name, float(value), unit)
            for name, value, unit in zip(_OFFSETS, offsets, _OFFSET_UNITS, strict=True)
        ],
        is_sr=False,
    )
