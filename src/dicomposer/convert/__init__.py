"""Masks and images of other formats, as volumes: NIfTI, NRRD, MetaImage, SimpleITK, nibabel, plain arrays."""

from __future__ import annotations

from dicomposer.convert._nifti import save_nifti
from dicomposer.convert._nrrd import NrrdImage, read_nrrd
from dicomposer.convert._reader import SizeLimit, VolumeReader, as_labels
from dicomposer.convert._volumes import read_mask, to_volume, volume_suffixes

__all__ = [
    "NrrdImage",
    "SizeLimit",
    "VolumeReader",
    "as_labels",
    "read_mask",
    "read_nrrd",
    "save_nifti",
    "to_volume",
    "volume_suffixes",
]
