"""``open``: a file as the class that suits it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, BinaryIO

from pydicom.dataset import Dataset

from dicomposer import image, ko, record, seg, sr
from dicomposer.api._sources import read_header


def _segmentation(dataset: Dataset) -> Dataset:
    return seg.Segmentation.from_dataset(dataset, copy=False)


def _key_objects(dataset: Dataset) -> Dataset:
    return ko.KeyObjectSelectionDocument.from_dataset(dataset, copy=False)


# SOP Class UID -> what makes an object of it. A new family is one line here.
_CLASSES: dict[str, Callable[[Any], Dataset]] = {
    "1.2.840.10008.5.1.4.1.1.66.4": _segmentation,
    "1.2.840.10008.5.1.4.1.1.66.7": _segmentation,
    **dict.fromkeys(ko.SOP_CLASS_UIDS, _key_objects),
    **dict.fromkeys(sr.SOP_CLASS_UIDS, sr.as_report),
}


def open(path: str | os.PathLike[str] | BinaryIO) -> Dataset:
    """Read a DICOM file as the class that suits its SOP Class.

    Parameters
    ----------
    path : str, os.PathLike or binary file
        What to read. Pixel data stay in the file until they are asked for.

    Returns
    -------
    pydicom.Dataset
        A :class:`~dicomposer.seg.Segmentation`, a :class:`~dicomposer.sr.StructuredReport`, a
        :class:`~dicomposer.ko.KeyObjectSelectionDocument`, an :class:`~dicomposer.Image` when it is another image, or
        the plain dataset.

    Raises
    ------
    NotDicomError, DamagedFileError
        When it is not a DICOM file, or does not hold together.
    """
    dataset = read_header(path) if isinstance(path, str | os.PathLike) else record.read(path, lazy=True)
    known = _CLASSES.get(str(dataset.get("SOPClassUID", "")))
    if known is not None:
        return known(dataset)
    return image.Image.from_dataset(dataset, copy=False) if "Rows" in dataset else dataset
