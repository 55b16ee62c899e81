"""Volumes to and from images of nibabel, SimpleITK and ITK.

The axes of nibabel's arrays are those of its affine matrix, so that only the reference coordinates differ (RAS). The
axes of ITK's images are those of their spacings and directions, in LPS; the arrays that it hands out have them in
reverse, and are turned back here.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from dicomposer.enum import NiBabelImageClasses
from dicomposer.errors import ArgumentError, GeometryError, MissingDependencyError
from dicomposer.spatial import FloatArray

if TYPE_CHECKING:
    from ._volume import Volume

__all__ = ["from_itk", "from_nibabel", "from_simpleitk", "to_itk", "to_nibabel", "to_simpleitk"]

# What each format lacks, and what holds the same values. bool goes to uint8 everywhere, without a word.
_NIFTI = {"float16": "float32", "longdouble": "float64"}
_SIMPLEITK = _NIFTI
_ITK = {**_NIFTI, "int8": "int16", "int64": "int32"}
_ANALYZE = {
    **_NIFTI,
    "int8": "int16",
    "int64": "int32",
    "uint16": "int16",
    "uint32": "int32",
    "uint64": "int32",
}
_MGH = {**_ANALYZE, "float64": "float32", "longdouble": "float32"}
del _MGH["uint16"]
_CASTS = {
    NiBabelImageClasses.NIFTI1IMAGE: _NIFTI,
    NiBabelImageClasses.NIFTI2IMAGE: _NIFTI,
    NiBabelImageClasses.MGHIMAGE: _MGH,
    NiBabelImageClasses.MINC1IMAGE: {},
    NiBabelImageClasses.MINC2IMAGE: {},
    NiBabelImageClasses.ANALYZEIMAGE: _ANALYZE,
}


def _package(name: str, feature: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingDependencyError(feature, name, extra) from None


def _exportable(volume: Volume, casts: dict[str, str], name: str) -> np.ndarray:
    """Array of a volume in a type that a format can hold, without changing a value."""
    array = volume.array
    if array.ndim != 3:
        raise ArgumentError(
            f"{name} conversion does not support volumes with channels: choose one first "
            "(volume.get_channel(...)), or read the segments as labels (get_volume(combine_segments=True))."
        )
    if array.dtype.kind not in "biuf":
        raise ArgumentError(
            f"Array must have an integer, floating point, or boolean dtype, not {array.dtype}."
        )
    if array.dtype == bool:
        return array.astype(np.uint8)
    long_double = array.dtype == np.longdouble and array.dtype != np.float64
    target = casts.get("longdouble" if long_double else array.dtype.name)
    if target is None:
        return array
    with np.errstate(over="ignore"):
        cast = array.astype(target)
    kind = np.dtype(target)
    if kind.kind == "f":
        # Rounding is expected of a narrower float; losing the magnitude is not.
        fits = bool(np.array_equal(np.isfinite(cast), np.isfinite(array)))
    else:
        fits = bool(np.array_equal(cast, array))
    if not fits:
        raise ArgumentError(f"{name} does not support {array.dtype}, and its values do not fit {target}.")
    warnings.warn(f"{name} does not support {array.dtype}; cast to {target}.", UserWarning, stacklevel=4)
    return cast


def _require_3d(shape: tuple[int, ...], components: int, name: str) -> None:
    if len(shape) != 3 or components != 1:
        raise ArgumentError(
            f"{name} conversion needs an image of 3 axes and 1 component; this one has {len(shape)} axes "
            f"and {components} components."
        )


def to_nibabel(volume: Volume, image_class: str | NiBabelImageClasses) -> Any:
    """Image of nibabel from a volume."""
    try:
        kind = NiBabelImageClasses(image_class)
    except ValueError as error:
        raise ArgumentError(str(error)) from None
    nibabel = _package("nibabel", "Converting to nibabel images", "all")
    array = _exportable(volume, _CASTS[kind], f"NiBabel's {kind.value}")
    affine = volume.get_affine("RAS")
    if _CASTS[kind] is _NIFTI and array.dtype.name in ("int64", "uint64"):
        # nibabel wants to be told that 64 bits are meant: few other readers take them.
        return getattr(nibabel, kind.value)(array, affine, dtype=array.dtype)
    return getattr(nibabel, kind.value)(array, affine)


def from_nibabel(image: Any) -> tuple[np.ndarray, FloatArray]:
    """Array and affine matrix (to RAS) of an image of nibabel."""
    shape = tuple(image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    _require_3d(shape, 1, "NiBabel")
    header = image.header
    if (
        hasattr(header, "get_sform")
        and header.get_sform(coded=True)[1] == header.get_qform(coded=True)[1] == 0
    ):
        raise GeometryError(
            "The NIfTI image does not say where it lies: both of its sform and qform codes are 0. Set its "
            "affine matrix (in RAS) if you know it."
        )
    return np.asanyarray(image.dataobj).reshape(shape), np.asarray(image.affine, dtype=np.float64)


def _itk_affine(origin: Any, spacing: Any, direction: Any) -> FloatArray:
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(direction, dtype=np.float64).reshape(3, 3) * np.asarray(spacing)
    affine[:3, 3] = origin
    return affine


def to_simpleitk(volume: Volume) -> Any:
    """Image of SimpleITK from a volume."""
    sitk = _package("SimpleITK", "Converting to SimpleITK images", "itk")
    image = sitk.GetImageFromArray(_exportable(volume, _SIMPLEITK, "SimpleITK").T)
    image.SetOrigin(volume.position)
    image.SetSpacing(volume.spacing)
    image.SetDirection(volume.direction.ravel().tolist())
    return image


def from_simpleitk(image: Any) -> tuple[np.ndarray, FloatArray]:
    """Array and affine matrix (to LPS) of an image of SimpleITK."""
    sitk = _package("SimpleITK", "Converting from SimpleITK images", "itk")
    _require_3d(tuple(image.GetSize()), image.GetNumberOfComponentsPerPixel(), "SimpleITK")
    affine = _itk_affine(image.GetOrigin(), image.GetSpacing(), image.GetDirection())
    return sitk.GetArrayFromImage(image).T, affine


def to_itk(volume: Volume) -> Any:
    """Image of ITK from a volume."""
    itk = _package("itk", "Converting to ITK images", "itk")
    image = itk.image_from_array(np.ascontiguousarray(_exportable(volume, _ITK, "ITK").T))
    image.SetOrigin(volume.position)
    image.SetSpacing(volume.spacing)
    image.SetDirection(np.ascontiguousarray(volume.direction))
    return image


def from_itk(image: Any) -> tuple[np.ndarray, FloatArray]:
    """Array and affine matrix (to LPS) of an image of ITK."""
    itk = _package("itk", "Converting from ITK images", "itk")
    _require_3d(
        tuple(image.GetLargestPossibleRegion().GetSize()), image.GetNumberOfComponentsPerPixel(), "ITK"
    )
    direction = itk.array_from_matrix(image.GetDirection())
    affine = _itk_affine(tuple(image.GetOrigin()), tuple(image.GetSpacing()), direction)
    return itk.array_from_image(image).T, affine
