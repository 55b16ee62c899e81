"""``SOPClass``: the base of everything that can be stored."""

from __future__ import annotations

import datetime
import os
import warnings
from collections.abc import Collection, Sequence
from copy import deepcopy
from typing import Any, BinaryIO, Self, cast

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID as PydicomUID
from pydicom.valuerep import PersonName

from dicomposer import standard
from dicomposer.base._carry import CARRIED_MODULES, carry_over
from dicomposer.coding import (
    CodingSchemeIdentificationItem,
    check_person_name,
    check_uid,
    date_text,
    now,
    time_text,
)
from dicomposer.content import (
    ContributingEquipment,
    GeneralEquipmentModule,
    GeneralSeriesModule,
    GeneralStudyModule,
    PatientModule,
    SOPCommonModule,
)
from dicomposer.enum import ContentQualificationValues, PatientSexValues, SpecificCharacterSetValues
from dicomposer.errors import ArgumentError, ArgumentTypeError, ConformanceError, UnsupportedError
from dicomposer.record import fetch_deferred, required, save, text_value

__all__ = ["IMPLEMENTATION_CLASS_UID", "SOPClass"]

#: Identifies this library as the writer of a file (PS3.7 D.3.3.2); from a UUID (PS3.5 B.2), so it is ours alone.
IMPLEMENTATION_CLASS_UID = "2.25.32680288757943180761878478288935925439"
IMPLEMENTATION_VERSION = "DICOMPOSER"

_LITTLE_ENDIAN_REQUIRED = "transfer syntaxes are little endian"


class SOPClass(Dataset):
    """An information object that can be stored and exchanged.

    Parameters
    ----------
    study_instance_uid, series_instance_uid, sop_instance_uid, sop_class_uid : str
        Identity of the object.
    series_number, instance_number : int
        Numbers for people.
    modality : str
        Modality of the series.
    manufacturer, manufacturer_model_name, software_versions, device_serial_number : str, optional
        What made the object.
    transfer_syntax_uid : str, optional
        How it is encoded; Explicit VR Little Endian by default.
    patient_id, patient_name, patient_birth_date, patient_sex : optional
        The patient; empty where not given.
    accession_number, study_id, study_date, study_time, referring_physician_name : optional
        The study; empty where not given.
    content_qualification : ContentQualificationValues or str, optional
        PRODUCT, RESEARCH or SERVICE.
    coding_schemes : Sequence[CodingSchemeIdentificationItem], optional
        Private or uncommon coding schemes that are used.
    series_description, institution_name, institutional_department_name : str, optional
        More about the series and the place.
    content_date, content_time, series_date, series_time : optional
        When content and series were made; the content is made now by default.
    specific_character_set : SpecificCharacterSetValues or str or Sequence, optional
        Character repertoire; UTF-8 by default.

    Raises
    ------
    ValueError
        If a value is not allowed.
    TypeError
        If an argument has the wrong type.
    """

    def __init__(
        self,
        study_instance_uid: str,
        series_instance_uid: str,
        series_number: int,
        sop_instance_uid: str,
        sop_class_uid: str,
        instance_number: int,
        modality: str,
        manufacturer: str | None = None,
        transfer_syntax_uid: str | None = None,
        patient_id: str | None = None,
        patient_name: str | PersonName | None = None,
        patient_birth_date: str | None = None,
        patient_sex: str | PatientSexValues | None = None,
        accession_number: str | None = None,
        study_id: str | None = None,
        study_date: str | datetime.date | None = None,
        study_time: str | datetime.time | None = None,
        referring_physician_name: str | PersonName | None = None,
        content_qualification: None | str | ContentQualificationValues = None,
        coding_schemes: None | Sequence[CodingSchemeIdentificationItem] = None,
        series_description: str | None = None,
        manufacturer_model_name: str | None = None,
        software_versions: str | tuple[str] | None = None,
        device_serial_number: str | None = None,
        institution_name: str | None = None,
        institutional_department_name: str | None = None,
        content_date: str | datetime.date | None = None,
        content_time: str | datetime.time | None = None,
        series_date: str | datetime.date | None = None,
        series_time: str | datetime.time | None = None,
        specific_character_set: SpecificCharacterSetValues
        | str
        | Sequence[str | SpecificCharacterSetValues]
        | None = None,
    ) -> None:
        super().__init__()
        for uid, name in (
            (study_instance_uid, "study_instance_uid"),
            (series_instance_uid, "series_instance_uid"),
            (sop_instance_uid, "sop_instance_uid"),
            (sop_class_uid, "sop_class_uid"),
        ):
            check_uid(uid, name)
        self._write_file_meta(sop_class_uid, sop_instance_uid, transfer_syntax_uid)
        moment = now()
        for person in (patient_name, referring_physician_name):
            if person is not None:
                check_person_name(person)
        modules = (
            SOPCommonModule(
                specific_character_set=_charset(specific_character_set),
                sop_class_uid=str(sop_class_uid),
                sop_instance_uid=str(sop_instance_uid),
                instance_creation_date=date_text(moment.date()),
                instance_creation_time=time_text(moment),
                instance_number=_number(instance_number, "instance_number", 1),
                content_qualification=content_qualification
                and ContentQualificationValues(content_qualification).value,
                coding_schemes=_coding_schemes(coding_schemes),
            ),
            PatientModule(
                patient_id=patient_id,
                patient_name=patient_name,
                patient_birth_date=patient_birth_date,
                patient_sex=patient_sex and PatientSexValues(patient_sex).value,
            ),
            GeneralStudyModule(
                study_instance_uid=str(study_instance_uid),
                accession_number=accession_number,
                study_id=study_id,
                study_date=_date(study_date),
                study_time=_time(study_time),
                referring_physician_name=referring_physician_name,
            ),
            GeneralSeriesModule(
                series_instance_uid=str(series_instance_uid),
                series_number=_number(series_number, "series_number", 0),
                modality=str(modality),
                series_description=series_description,
                series_date=_date(series_date),
                series_time=_time(series_time),
            ),
            GeneralEquipmentModule(
                manufacturer=manufacturer,
                manufacturer_model_name=manufacturer_model_name,
                device_serial_number=device_serial_number,
                software_versions=_versions(software_versions),
                institution_name=institution_name,
                institutional_department_name=institutional_department_name,
            ),
        )
        for module in modules:
            module.write_to(self)
        self.ContentDate = _date(content_date) or date_text(moment.date())
        self.ContentTime = _time(content_time) or time_text(moment)

    def _write_file_meta(
        self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str | None
    ) -> None:
        uid = str(transfer_syntax_uid or "1.2.840.10008.1.2.1")
        syntax = standard.transfer_syntax(uid)
        if syntax is None or not syntax.little_endian:
            raise UnsupportedError(
                f"{uid} is not a transfer syntax that can be written: {_LITTLE_ENDIAN_REQUIRED}"
            )
        meta = FileMetaDataset()
        meta.FileMetaInformationVersion = b"\x00\x01"
        meta.MediaStorageSOPClassUID = PydicomUID(str(sop_class_uid))
        meta.MediaStorageSOPInstanceUID = PydicomUID(str(sop_instance_uid))
        meta.TransferSyntaxUID = PydicomUID(uid)
        meta.ImplementationClassUID = PydicomUID(IMPLEMENTATION_CLASS_UID)
        meta.ImplementationVersionName = IMPLEMENTATION_VERSION
        self.file_meta = meta
        self.preamble = bytes(128)  # so that pydicom's own writer makes a complete file as well

    @classmethod
    def from_dataset(cls, dataset: Dataset, copy: bool = True) -> Self:
        """Make an object of a dataset that was read or made elsewhere.

        Parameters
        ----------
        dataset : pydicom.Dataset
            An object of a SOP Class that this class stands for.
        copy : bool, optional
            Leave the dataset alone and return a deep copy (default); otherwise the caller's own object becomes one of
            this class and is returned.

        Returns
        -------
        Self

        Raises
        ------
        TypeError
            If it is no dataset.
        ValueError
            If it is an object that this class cannot hold.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"dataset must be a pydicom Dataset, not {type(dataset).__name__}")
        fetch_deferred(dataset)
        cls._check_dataset(dataset)
        adopted = deepcopy(dataset) if copy else dataset
        adopted.__class__ = cls
        return cast(Self, adopted)

    @classmethod
    def _check_dataset(cls, dataset: Dataset) -> None:
        """Refuse, with a ValueError, a dataset that the class cannot hold. This one holds any."""

    @property
    def transfer_syntax_uid(self) -> PydicomUID:
        """How the object is encoded."""
        meta = getattr(self, "file_meta", None)
        uid = None if meta is None else text_value(meta, "TransferSyntaxUID")
        return PydicomUID(required(uid, "TransferSyntaxUID"))

    def copy_patient_and_study_information(self, dataset: Dataset) -> None:
        """Take over what identifies the patient and the study.

        Parameters
        ----------
        dataset : pydicom.Dataset
            Another object of the study; not modified. Of the modules of the Patient and Study entities all
            attributes are taken but narrative ones, such as comments and history.
        """
        carry_over(dataset, self, CARRIED_MODULES)

    def copy_specimen_information(self, dataset: Dataset) -> None:
        """Take over what identifies the specimen and its container (PS3.3 C.7.6.22).

        Parameters
        ----------
        dataset : pydicom.Dataset
            The image of the specimen; not modified. Nothing happens if it is none.
        """
        if "SpecimenDescriptionSequence" in dataset and "ContainerIdentifier" in dataset:
            carry_over(dataset, self, ("specimen",))

    def _add_contributing_equipment(self, equipment: Sequence[ContributingEquipment] | None) -> None:
        """Write what else had a part in the object (PS3.3 C.12.1); nothing if there is nothing to say."""
        if equipment is None:
            return
        if not all(isinstance(one, ContributingEquipment) for one in equipment):
            raise ArgumentTypeError("contributing_equipment must hold ContributingEquipment")
        self.ContributingEquipmentSequence = list(equipment)

    def save_as(  # type: ignore[override]  # pydicom allows more kinds of names and writers
        self, filename: str | os.PathLike[str] | BinaryIO, /, *args: Any, **kwargs: Any
    ) -> None:
        """Write the object to a file, whole or not at all.

        Parameters
        ----------
        filename : str, PathLike or binary file-like
            Where to. A path is replaced in one step when all bytes are on disk.
        overwrite : bool, optional
            Replace an existing file (default).
        *args, **kwargs
            The other arguments of :meth:`pydicom.dataset.Dataset.save_as` are accepted; the file format is always
            complete (preamble, file meta information) and the encoding that of the transfer syntax.
        """
        save(self, filename, overwrite=bool(kwargs.get("overwrite", True)))

    def _validate(self, *, sources: Sequence[Dataset] = (), values: bool | Collection[int] = False) -> None:
        """Check the finished object; refuse to return one that breaks the standard.

        Faults in attributes that were carried over from a source are its faults: they are warned about, since
        refusing a mask because of a misspelt date would help nobody.
        """
        from dicomposer.validation import validate  # at the first object: importing takes as long as a check

        findings = validate(self, level="error", sources=sources or None, pixels=values)
        carried = _carried_keywords()
        errors = [f for f in findings if f.level == "error"]
        own = [f for f in errors if f.path.split(".")[0].split("[")[0] not in carried]
        if own:
            shown = "; ".join(f"{f.path}: {f.message} ({f.rule})" for f in own[:5])
            more = f" and {len(own) - 5} more" if len(own) > 5 else ""
            raise ConformanceError(
                f"the object would not conform to the standard: {shown}{more}", tuple(findings)
            )
        if errors:
            names = ", ".join(sorted({f.path for f in errors}))
            warnings.warn(
                f"taken over from the source images, but not valid: {names}; see dicomposer.validate()",
                stacklevel=3,
            )


def _carried_keywords() -> frozenset[str]:
    return frozenset(
        attribute.keyword
        for key in (*CARRIED_MODULES, "specimen")
        for attribute in standard.module(key).attributes
        if attribute.keyword != "StudyInstanceUID"
    ) | {"LossyImageCompressionRatio", "LossyImageCompressionMethod", "PositionReferenceIndicator"}


def _charset(value: Any) -> list[str] | str:
    """Specific Character Set: UTF-8 unless something else is asked for (PS3.3 C.12.1.1.2)."""
    if value is None:
        return "ISO_IR 192"
    if isinstance(value, str | SpecificCharacterSetValues):
        return SpecificCharacterSetValues(value).value
    return [v if v == "" else SpecificCharacterSetValues(v).value for v in value]


def _coding_schemes(
    items: Sequence[CodingSchemeIdentificationItem] | None,
) -> Sequence[CodingSchemeIdentificationItem] | None:
    if items is None:
        return None
    for item in items:
        if not isinstance(item, CodingSchemeIdentificationItem):
            raise ArgumentTypeError("coding_schemes must hold CodingSchemeIdentificationItem objects")
    return list(items)


def _number(value: int, name: str, least: int) -> int:
    number = int(value)
    if number != value or number < least:
        raise ArgumentError(f"{name} must be a whole number from {least}")
    return number


def _versions(value: str | Sequence[str] | None) -> str | list[str] | None:
    return value if value is None or isinstance(value, str) else [str(v) for v in value]


def _date(value: str | datetime.date | None) -> str | None:
    return None if value is None else date_text(value)


def _time(value: str | datetime.time | None) -> str | None:
    return None if value is None else time_text(value)
