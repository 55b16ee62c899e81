"""Small objects for the tests of dicomposer.record."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom.data
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_sequence
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

NOT_IMAGES = {".py", ".pyc", ".txt", ".json", ".xml", ".html", ".csv", ".zip", ".gz", ".icc", ".dump", ".md"}


def pydicom_files() -> list[Path]:
    """Return the files that come with pydicom."""
    root = Path(pydicom.data.__file__).parent
    found = (path for path in root.rglob("*") if path.is_file() and path.suffix not in NOT_IMAGES)
    return sorted(path for path in found if path.name not in ("README", "no_meta.dcm"))


def make_dataset(syntax: str = ExplicitVRLittleEndian) -> FileDataset:
    """Return a small dataset with the usual kinds of elements."""
    dataset = FileDataset("", {}, preamble=None, file_meta=FileMetaDataset())
    dataset.filename = None
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    dataset.SOPInstanceUID = "1.2.3.4.5"
    dataset.PatientName = "Müller^Jörg"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.StudyDate = ""
    dataset.Rows = dataset.Columns = 4
    dataset.BitsAllocated = 16
    dataset.PixelRepresentation = 0
    dataset.SmallestImagePixelValue = 3
    dataset.PixelSpacing = [0.5, 0.25]
    item = Dataset()
    item.CodeValue = "T-D0050"
    item.CodeMeaning = "Tissue"
    dataset.AnatomicRegionSequence = [item]
    dataset.ReferencedSeriesSequence = []
    dataset.PixelData = np.arange(16, dtype="<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def encode_items(items: list[Dataset], *, implicit: bool, little: bool = True) -> bytes:
    """Encode items with pydicom."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, little
    write_sequence(buffer, pydicom.DataElement(0x52009230, "SQ", Sequence(items)), ["utf-8"])
    return buffer.getvalue()


def to_bytes(dataset: Dataset) -> bytes:
    """Write with pydicom."""
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()
