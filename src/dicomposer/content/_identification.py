"""Who and what made an object: algorithms, people, issuers, equipment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import ClassVar, Final, Self

from pydicom.dataset import Dataset
from pydicom.valuerep import DT

from dicomposer.coding import (
    CodedConcept,
    CodeLike,
    as_concept,
    check_text,
    check_texts,
    check_uid,
    datetime_text,
    now,
)
from dicomposer.content._macro import MacroSequence, require
from dicomposer.enum import UniversalEntityIDTypeValues
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError

_NEXT_PARAMETER: Final = re.compile(r",(?=[^,=]+=)")


class AlgorithmIdentificationSequence(MacroSequence):
    """Which algorithm made something (Algorithm Identification Macro, PS3.3 10.16).

    Parameters
    ----------
    name : str
        Name of the algorithm, at most 64 characters.
    family : pydicom.sr.coding.Code | CodedConcept
        Kind of algorithm (PS3.16 CID 7162), for example (123109, DCM, "Artificial Intelligence").
    version : str
        Version of the algorithm.
    source : str | None
        Who provides the algorithm.
    parameters : Mapping[str, str] | None
        Names and values of the parameters with which it ran; written as ``name=value,name=value``. Names must
        have neither comma nor equals sign.

    Raises
    ------
    ArgumentError
        If a text is empty, too long or has characters that are not allowed.
    """

    _layouts: ClassVar = (("AlgorithmName", "AlgorithmVersion", "AlgorithmFamilyCodeSequence"),)

    def __init__(
        self,
        name: str,
        family: CodeLike,
        version: str,
        source: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        item = Dataset()
        item.AlgorithmName = check_text(name, "LO", "name")
        item.AlgorithmVersion = check_text(version, "LO", "version")
        item.AlgorithmFamilyCodeSequence = [as_concept(family, "family")]
        if source is not None:
            item.AlgorithmSource = check_text(source, "LO", "source")
        if parameters is not None:
            if any(set(",=") & set(key) for key in parameters):
                raise ArgumentError("names of parameters must have neither comma nor equals sign")
            text = ",".join(f"{key}={value}" for key, value in parameters.items())
            item.AlgorithmParameters = check_text(text, "LT", "parameters")
        super().__init__([item])

    @classmethod
    def _adopt(cls, item: Dataset) -> None:
        for code in item.AlgorithmFamilyCodeSequence:
            CodedConcept.from_dataset(code, copy=False)

    @classmethod
    def _compared(cls) -> tuple[str, ...]:
        return (*cls._layouts[0], "AlgorithmSource", "AlgorithmParameters")

    @property
    def name(self) -> str:
        """Name of the algorithm."""
        return str(self[0].AlgorithmName)

    @property
    def family(self) -> CodedConcept:
        """Kind of algorithm."""
        return CodedConcept.from_dataset(self[0].AlgorithmFamilyCodeSequence[0], copy=False)

    @property
    def version(self) -> str:
        """Version of the algorithm."""
        return str(self[0].AlgorithmVersion)

    @property
    def source(self) -> str | None:
        """Who provides the algorithm, if stated."""
        source = self[0].get("AlgorithmSource")
        return None if source is None else str(source)

    @property
    def parameters(self) -> dict[str, str] | None:
        """Names and values of the parameters, if stated."""
        text = self[0].get("AlgorithmParameters")
        if text is None:
            return None
        pairs = (part.partition("=") for part in _NEXT_PARAMETER.split(str(text)))
        return {key: value for key, _, value in pairs}


class ContentCreatorIdentificationCodeSequence(MacroSequence):
    """Who created the content (Person Identification Macro, PS3.3 10.1).

    Parameters
    ----------
    person_identification_codes : Sequence[pydicom.sr.coding.Code | CodedConcept]
        At least one code that identifies the person.
    institution_name : str
        The institution to which the person is responsible.
    person_address, person_telecom_information : str | None
        How the person can be reached.
    person_telephone_numbers : Sequence[str] | None
        Telephone numbers of the person.
    institution_code : pydicom.sr.coding.Code | CodedConcept | None
        Code of the institution.
    institution_address : str | None
        Address of the institution.
    institutional_department_name : str | None
        Department, unit or service.
    institutional_department_type_code : pydicom.sr.coding.Code | CodedConcept | None
        Kind of department (PS3.16 CID 7030).

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If a value is of the wrong type, empty, too long or not legal.
    """

    _layouts: ClassVar = (("PersonIdentificationCodeSequence",),)

    def __init__(  # noqa: PLR0913
        self,
        person_identification_codes: Sequence[CodeLike],
        institution_name: str,
        person_address: str | None = None,
        person_telephone_numbers: Sequence[str] | None = None,
        person_telecom_information: str | None = None,
        institution_code: CodeLike | None = None,
        institution_address: str | None = None,
        institutional_department_name: str | None = None,
        institutional_department_type_code: CodeLike | None = None,
    ) -> None:
        if hasattr(person_identification_codes, "scheme_designator"):  # one code, also a tuple
            raise ArgumentTypeError("person_identification_codes must be a sequence of codes")
        if not person_identification_codes:
            raise ArgumentError("person_identification_codes must not be empty")
        item = Dataset()
        item.PersonIdentificationCodeSequence = [
            as_concept(code, "person_identification_codes") for code in person_identification_codes
        ]
        item.InstitutionName = check_text(institution_name, "LO", "institution_name")
        _set_text(item, "PersonAddress", "ST", person_address)
        if person_telephone_numbers is not None:
            numbers = check_texts(person_telephone_numbers, "LO", "person_telephone_numbers")
            item.PersonTelephoneNumbers = numbers
        _set_text(item, "PersonTelecomInformation", "LT", person_telecom_information)
        _set_code(item, "InstitutionCodeSequence", institution_code)
        _set_text(item, "InstitutionAddress", "ST", institution_address)
        _set_text(item, "InstitutionalDepartmentName", "LO", institutional_department_name)
        _set_code(item, "InstitutionalDepartmentTypeCodeSequence", institutional_department_type_code)
        super().__init__([item])

    @classmethod
    def _adopt(cls, item: Dataset) -> None:
        for code in item.PersonIdentificationCodeSequence:
            CodedConcept.from_dataset(code, copy=False)


class IssuerOfIdentifier(Dataset):
    """Who issued an identifier (HL7v2 Hierarchic Designator Macro, PS3.3 10.14).

    Parameters
    ----------
    issuer_of_identifier : str
        The issuer: a name of local meaning, or a universal identifier if a type is given.
    issuer_of_identifier_type : str | UniversalEntityIDTypeValues | None
        What kind of universal identifier it is.
    """

    def __init__(
        self,
        issuer_of_identifier: str,
        issuer_of_identifier_type: str | UniversalEntityIDTypeValues | None = None,
    ) -> None:
        super().__init__()
        issuer = check_text(issuer_of_identifier, "UT", "issuer_of_identifier")
        if issuer_of_identifier_type is None:
            self.LocalNamespaceEntityID = issuer
            return
        kind = UniversalEntityIDTypeValues(issuer_of_identifier_type)
        if kind is UniversalEntityIDTypeValues.ISO:
            check_uid(issuer, "issuer_of_identifier")
        self.UniversalEntityID = issuer
        self.UniversalEntityIDType = kind.value

    @property
    def issuer_of_identifier(self) -> str:
        """The issuer."""
        return str(self.get("UniversalEntityID") or self.LocalNamespaceEntityID)

    @property
    def issuer_of_identifier_type(self) -> UniversalEntityIDTypeValues | None:
        """What kind of universal identifier it is; None for a name of local meaning."""
        kind = self.get("UniversalEntityIDType")
        return UniversalEntityIDTypeValues(kind) if kind else None

    @classmethod
    def from_dataset(cls, dataset: Dataset, copy: bool = True) -> Self:
        """Adopt an item that is already there.

        Parameters
        ----------
        dataset : pydicom.dataset.Dataset
            The item.
        copy : bool
            Whether to return a deep copy; otherwise `dataset` itself becomes an instance of this class.

        Raises
        ------
        MissingAttributeError
            If it names no issuer.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"a dataset is needed, found {type(dataset).__name__}")
        if not dataset.get("UniversalEntityID") and not dataset.get("LocalNamespaceEntityID"):
            raise MissingAttributeError("an issuer needs LocalNamespaceEntityID or UniversalEntityID")
        if dataset.get("UniversalEntityID"):
            require(dataset, ["UniversalEntityIDType"], "an issuer with UniversalEntityID")
        adopted = deepcopy(dataset) if copy else dataset
        adopted.__class__ = cls
        assert isinstance(adopted, cls)
        return adopted


class ContributingEquipment(Dataset):
    """Equipment that had a part in an object: an item of the Contributing Equipment Sequence (PS3.3 C.12.1).

    Parameters
    ----------
    manufacturer : str
        Manufacturer of the equipment.
    purpose_of_reference : pydicom.sr.coding.Code | CodedConcept
        Which part it had: one of the codes 109100 to 109106 of DCM (PS3.16 CID 7005).
    manufacturer_model_name, device_serial_number, station_name : str | None
        Which equipment it is.
    software_versions : str | Sequence[str] | None
        Versions of its software.
    institution_name, institutional_department_name, institution_address : str | None
        Where it stands.
    contribution_datetime : str | datetime.datetime | pydicom.valuerep.DT | None
        When it contributed.
    contribution_description : str | None
        What it contributed.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If a value is of the wrong type or not legal.
    """

    def __init__(  # noqa: PLR0913
        self,
        manufacturer: str,
        purpose_of_reference: CodeLike,
        *,
        manufacturer_model_name: str | None = None,
        software_versions: str | Sequence[str] | None = None,
        device_serial_number: str | None = None,
        institution_name: str | None = None,
        institutional_department_name: str | None = None,
        institution_address: str | None = None,
        station_name: str | None = None,
        contribution_datetime: str | datetime | DT | None = None,
        contribution_description: str | None = None,
    ) -> None:
        super().__init__()
        self.Manufacturer = check_text(manufacturer, "LO", "manufacturer")
        purpose = as_concept(purpose_of_reference, "purpose_of_reference")
        if purpose.scheme_designator != "DCM" or purpose.value not in _PURPOSES:
            raise ArgumentError(
                "purpose_of_reference must be one of the equipment codes of DCM (PS3.16 CID 7005): "
                + ", ".join(f"{value} {meaning}" for value, meaning in _PURPOSES.items())
            )
        self.PurposeOfReferenceCodeSequence = [purpose]
        _set_text(self, "ManufacturerModelName", "LO", manufacturer_model_name)
        if software_versions is not None:
            self.SoftwareVersions = check_texts(software_versions, "LO", "software_versions")
        _set_text(self, "DeviceSerialNumber", "LO", device_serial_number)
        _set_text(self, "InstitutionName", "LO", institution_name)
        _set_text(self, "InstitutionalDepartmentName", "LO", institutional_department_name)
        _set_text(self, "InstitutionAddress", "ST", institution_address)
        _set_text(self, "StationName", "SH", station_name)
        if contribution_datetime is not None:
            self.ContributionDateTime = datetime_text(contribution_datetime, "contribution_datetime")
        _set_text(self, "ContributionDescription", "ST", contribution_description)

    @classmethod
    def for_image_acquisition(cls, dataset: Dataset) -> Self:
        """Describe the equipment that acquired an image.

        Parameters
        ----------
        dataset : pydicom.dataset.Dataset
            The image. What it says about its equipment is taken over; values that are empty or not legal are
            not, except for the manufacturer, which is needed.

        Raises
        ------
        ArgumentError
            If the dataset is not an image.
        MissingAttributeError
            If it does not name the manufacturer.
        """
        require(dataset, ["SOPClassUID"], "an image")
        if "Rows" not in dataset:
            raise ArgumentError("the dataset is not an image")
        if not dataset.get("Manufacturer"):
            raise MissingAttributeError("the image does not name its manufacturer")
        known = {name: _legal(dataset, keyword, vr) for name, (keyword, vr) in _EQUIPMENT.items()}
        return cls(
            str(dataset.Manufacturer),
            CodedConcept("109101", "DCM", _PURPOSES["109101"]),
            contribution_description="Acquisition equipment of the source image(s)",
            **known,  # type: ignore[arg-type]  # one string each, but for the versions
        )

    @classmethod
    def for_dicomposer(cls, *, purpose_of_reference: CodeLike | None = None) -> Self:
        """Describe this library's part in an object, now.

        Parameters
        ----------
        purpose_of_reference : pydicom.sr.coding.Code | CodedConcept | None
            Which part it had; by default (109102, DCM, "Processing Equipment").
        """
        return cls(
            "dicomposer contributors",
            purpose_of_reference or CodedConcept("109102", "DCM", _PURPOSES["109102"]),
            manufacturer_model_name="dicomposer",
            software_versions=_library_version(),
            contribution_datetime=now(),
            contribution_description="Software library used to create this instance",
        )

    @classmethod
    def for_highdicom(cls, *, purpose_of_reference: CodeLike | None = None) -> Self:
        """Do the same as :meth:`for_dicomposer`: existing code calls it to name the library in use."""
        return cls.for_dicomposer(purpose_of_reference=purpose_of_reference)


_PURPOSES: Final = {
    "109100": "Synthesizing Equipment",
    "109101": "Acquisition Equipment",
    "109102": "Processing Equipment",
    "109103": "Modifying Equipment",
    "109104": "De-identifying Equipment",
    "109105": "Frame Extracting Equipment",
    "109106": "Enhanced Multi-frame Conversion Equipment",
}

_EQUIPMENT: Final = {
    "manufacturer_model_name": ("ManufacturerModelName", "LO"),
    "software_versions": ("SoftwareVersions", "LO"),
    "device_serial_number": ("DeviceSerialNumber", "LO"),
    "institution_name": ("InstitutionName", "LO"),
    "institutional_department_name": ("InstitutionalDepartmentName", "LO"),
    "institution_address": ("InstitutionAddress", "ST"),
    "station_name": ("StationName", "SH"),
}


def _legal(dataset: Dataset, keyword: str, vr: str) -> list[str] | str | None:
    value = dataset.get(keyword)
    if not value:
        return None
    try:
        texts = check_texts(value if isinstance(value, str) else list(value), vr, keyword)
    except ValueError:
        return None
    return texts if keyword == "SoftwareVersions" else texts[0]


def _library_version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import, seldom needed

    try:
        return version("dicomposer")
    except PackageNotFoundError:  # used from a source tree that is not installed
        return "unknown"


def _set_text(item: Dataset, keyword: str, vr: str, value: str | None) -> None:
    if value is not None:
        setattr(item, keyword, check_text(value, vr, keyword))


def _set_code(item: Dataset, keyword: str, code: CodeLike | None) -> None:
    if code is not None:
        setattr(item, keyword, [as_concept(code, keyword)])
