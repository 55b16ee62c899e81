"""Modules that most objects have, as declarations: types and conditions are the standard's (PS3.3 C.7, C.12.1)."""

from __future__ import annotations

from typing import Any

from dicomposer.record import Module, attribute

__all__ = [
    "FrameOfReferenceModule",
    "GeneralEquipmentModule",
    "GeneralSeriesModule",
    "GeneralStudyModule",
    "PatientModule",
    "SOPCommonModule",
]


class PatientModule(Module, table="patient"):
    """Who was examined (PS3.3 C.7.1.1)."""

    patient_name: Any = attribute("PatientName")
    patient_id: Any = attribute("PatientID")
    patient_birth_date: Any = attribute("PatientBirthDate")
    patient_sex: Any = attribute("PatientSex")


class GeneralStudyModule(Module, table="general-study"):
    """The examination (PS3.3 C.7.2.1)."""

    study_instance_uid: Any = attribute("StudyInstanceUID")
    study_date: Any = attribute("StudyDate")
    study_time: Any = attribute("StudyTime")
    study_id: Any = attribute("StudyID")
    accession_number: Any = attribute("AccessionNumber")
    referring_physician_name: Any = attribute("ReferringPhysicianName")


class GeneralSeriesModule(Module, table="general-series"):
    """What was made together (PS3.3 C.7.3.1)."""

    modality: Any = attribute("Modality")
    series_instance_uid: Any = attribute("SeriesInstanceUID")
    series_number: Any = attribute("SeriesNumber")
    series_description: Any = attribute("SeriesDescription")
    series_date: Any = attribute("SeriesDate")
    series_time: Any = attribute("SeriesTime")


class GeneralEquipmentModule(Module, table="general-equipment"):
    """What made it, and where (PS3.3 C.7.5.1)."""

    manufacturer: Any = attribute("Manufacturer")
    manufacturer_model_name: Any = attribute("ManufacturerModelName")
    device_serial_number: Any = attribute("DeviceSerialNumber")
    software_versions: Any = attribute("SoftwareVersions")
    institution_name: Any = attribute("InstitutionName")
    institutional_department_name: Any = attribute("InstitutionalDepartmentName")


class SOPCommonModule(Module, table="sop-common"):
    """The object itself (PS3.3 C.12.1)."""

    specific_character_set: Any = attribute("SpecificCharacterSet")
    sop_class_uid: Any = attribute("SOPClassUID")
    sop_instance_uid: Any = attribute("SOPInstanceUID")
    instance_creation_date: Any = attribute("InstanceCreationDate")
    instance_creation_time: Any = attribute("InstanceCreationTime")
    instance_number: Any = attribute("InstanceNumber")
    content_qualification: Any = attribute("ContentQualification")
    coding_schemes: Any = attribute("CodingSchemeIdentificationSequence")


class FrameOfReferenceModule(Module, table="frame-of-reference"):
    """The space in which positions are given (PS3.3 C.7.4.1)."""

    frame_of_reference_uid: Any = attribute("FrameOfReferenceUID")
    position_reference_indicator: Any = attribute("PositionReferenceIndicator")
