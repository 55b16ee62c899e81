"""What every sample object shares: invented patients, deterministic UIDs, equipment, saving.

Written with pydicom alone, on purpose: samples are the input of the tests of everything else, so they must
not be made by what they test.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

_NAMESPACE = uuid.UUID("6b2b2b6e-5d1f-5c8e-9a45-0d1c0f0e7a11")
DATE = "20240102"
TIME = "030405"


def sample_uid(*parts: object) -> str:
    """Make a UID that depends on nothing but its arguments (a name-based UUID under 2.25, PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(map(str, parts))).int}"


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """One item of a code sequence (PS3.3 section 8)."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item


def new_image(name: str, instance: int, sop_class: str, modality: str) -> Dataset:
    """Start an image: patient, study, series, equipment and SOP Common modules, with nobody real in them.

    Parameters
    ----------
    name : str
        Name of the series; images of one name share patient, study, series and frame of reference.
    instance : int
        Instance Number, from 1.
    sop_class : str
        SOP Class UID.
    modality : str
        Modality (PS3.3 C.7.3.1.1.1).
    """
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = sample_uid(name, "instance", instance)
    ds.InstanceCreationDate, ds.InstanceCreationTime = DATE, TIME
    ds.PatientName = f"Sample^{name.split('-')[-1].capitalize()}"
    ds.PatientID = f"SAMPLE-{name.upper()}"
    ds.PatientBirthDate = "19600229"
    ds.PatientSex = "O"
    ds.StudyInstanceUID = sample_uid(name, "study")
    ds.StudyDate, ds.StudyTime = DATE, TIME
    ds.StudyID = "1"
    ds.AccessionNumber = ""
    ds.ReferringPhysicianName = ""
    ds.StudyDescription = f"Sample study {name}"
    ds.Modality = modality
    ds.SeriesInstanceUID = sample_uid(name, "series")
    ds.SeriesNumber = 1
    ds.SeriesDate, ds.SeriesTime = DATE, TIME
    ds.SeriesDescription = f"Sample series {name}"
    ds.Manufacturer = "dicomposer"
    ds.ManufacturerModelName = "samples"
    ds.DeviceSerialNumber = "1"
    ds.SoftwareVersions = "1"
    ds.InstanceNumber = instance
    ds.ContentDate, ds.ContentTime = DATE, TIME
    ds.AcquisitionDate, ds.AcquisitionTime = DATE, TIME
    return ds


def add_file_meta(ds: Dataset, syntax: str = ExplicitVRLittleEndian) -> None:
    """Give the dataset the File Meta Information it is saved with (PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(ds.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(sample_uid("implementation"))
    meta.ImplementationVersionName = "DICOMPOSER"
    ds.file_meta = meta


def save(ds: Dataset, path: Path) -> Path:
    """Write the dataset to a file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    ds.save_as(part, enforce_file_format=True)
    return part.replace(path)
