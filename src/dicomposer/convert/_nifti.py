"""NIfTI (and what else nibabel reads), with the checks that the format itself leaves open."""

from __future__ import annotations

import math
import zlib
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.convert._reader import Grid, SizeLimit, module_of
from dicomposer.errors import DamagedFileError, DicomposerError, GeometryError, UnsupportedError
from dicomposer.volume import Volume

# NIfTI is right-anterior-superior, DICOM left-posterior-superior.
_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
_MILLIMETRES = {"meter": 1000.0, "mm": 1.0, "micron": 0.001, "unknown": 1.0}


class NibabelReader:
    """NIfTI and MGH files, and nibabel's images.

    A NIfTI image places its voxels by the sform, the qform or neither. An image with neither is refused
    (readers make up different places for it), and so is one whose two forms contradict each other, since
    programs disagree on which of them counts.
    """

    suffixes: tuple[str, ...] = (".nii", ".nii.gz", ".mgh", ".mgz")

    def accepts(self, image: object) -> bool:
        """Whether `image` is one of nibabel's."""
        return module_of(image) == "nibabel"

    def from_file(self, path: Path, limit: SizeLimit | None = None) -> Grid:
        """Read a file."""
        import nibabel
        from nibabel.filebasedimages import ImageFileError
        from nibabel.spatialimages import HeaderDataError, ImageDataError

        try:
            image: Any = nibabel.load(path)
            if limit is not None:
                limit.check(image.shape[:3], math.prod(image.shape[3:]))
            return self.from_object(image)
        except (DicomposerError, FileNotFoundError, PermissionError):
            raise
        except (
            ImageFileError,
            HeaderDataError,
            ImageDataError,
            EOFError,
            OSError,
            LookupError,
            ValueError,
            ArithmeticError,
            zlib.error,
        ) as error:
            raise DamagedFileError(f"{path.name} cannot be read as an image of its suffix") from error

    def from_object(self, image: Any) -> Grid:
        """Take one of nibabel's images: (slices, rows, columns) is its (k, j, i)."""
        affine = _FLIP @ _affine(image)
        values = np.asanyarray(image.dataobj)
        if values.ndim == 5 and values.shape[3] == 1:  # NIfTI keeps axis 4 for time and axis 5 for vectors
            values = values[:, :, :, 0, :]
        if values.ndim == 4 and values.shape[3] == 1:
            values = values[..., 0]
        if values.ndim not in (3, 4):
            raise UnsupportedError(
                f"a mask has three axes in space and one of channels; this one has {values.ndim}"
            )
        reordered = values.transpose(2, 1, 0, *range(3, values.ndim))
        return reordered, affine[:, [2, 1, 0, 3]]


def _affine(image: Any) -> NDArray[np.float64]:
    """(i, j, k) indices to millimetres RAS."""
    if image.affine is None:
        raise GeometryError("the image has no affine: nothing says where its voxels are in the patient")
    header = image.header
    if not hasattr(header, "get_sform"):
        return np.asarray(image.affine, dtype=np.float64)
    sform, sform_code = header.get_sform(coded=True)
    qform, qform_code = header.get_qform(coded=True)
    if not sform_code and not qform_code:
        raise GeometryError(
            "the NIfTI image does not say where its voxels are in the patient: sform_code and qform_code "
            "are 0. If its planes are the images' slices, pass its array and the images in the order of the "
            "planes; else save it again with its orientation"
        )
    if sform_code and qform_code:
        _refuse_contradiction(sform, qform, image.shape[:3])
    scale = np.diag([*3 * [_MILLIMETRES[header.get_xyzt_units()[0]]], 1.0])
    return np.asarray(scale @ image.affine, dtype=np.float64)


def _refuse_contradiction(
    sform: NDArray[np.float64], qform: NDArray[np.float64], shape: tuple[int, ...]
) -> None:
    corners = np.array([(*corner, 1.0) for corner in product(*((0, size - 1) for size in shape))]).T
    apart = float(np.linalg.norm(((sform - qform) @ corners)[:3], axis=0).max())
    voxel = float(np.linalg.norm(sform[:3, :3], axis=0).min())
    if not apart <= voxel / 2:
        raise GeometryError(
            "the two placements in the NIfTI header contradict each other: sform and qform put a corner "
            f"{apart:.3f} apart, with voxels of {voxel:.3f}. Decide which is right, with nibabel: "
            "image.set_qform(image.affine)"
        )


def save_nifti(volume: Volume, path: str | Path) -> Path:
    """Write a volume as a NIfTI file.

    The axes are written from the last to the first, so that a volume of (slices, rows, columns) becomes the
    (columns, rows, slices) that NIfTI tools expect, placed by sform and qform in millimetres RAS.

    Parameters
    ----------
    volume : Volume
        Three axes in space and at most one of channels; boolean values are written as 0 and 1.
    path : str or pathlib.Path
        File name ending in ``.nii`` or ``.nii.gz``. The file appears whole or not at all.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnsupportedError
        For another suffix, more axes, or a type of values that NIfTI does not know.
    """
    import nibabel

    path = Path(path)
    suffix = ".nii.gz" if path.name.endswith(".nii.gz") else path.suffix
    if suffix not in (".nii", ".nii.gz"):
        raise UnsupportedError(f"a NIfTI file ends in .nii or .nii.gz, not {suffix or 'nothing'}")
    array = np.asarray(volume.array)
    if array.ndim > 4:
        raise UnsupportedError("a NIfTI file holds three axes in space and one of channels")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    values = array.transpose(2, 1, 0, *range(3, array.ndim))
    affine = _FLIP @ np.asarray(volume.affine, dtype=np.float64)[:, [2, 1, 0, 3]]
    # Without a dtype, nibabel refuses 64-bit integers, which few programs read.
    image = nibabel.Nifti1Image(values, affine, dtype=values.dtype)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    part = path.with_name(f".part-{path.name}")
    try:
        nibabel.save(image, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
