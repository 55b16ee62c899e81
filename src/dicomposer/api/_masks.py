"""Masks from whatever holds them: arrays, volumes, files, images of other libraries."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dicomposer import convert
from dicomposer.api._sources import read_header
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    MissingDependencyError,
    MissingFileError,
    OverlapError,
)
from dicomposer.seg import SOP_CLASS_UIDS, Segmentation, SegmentDescription
from dicomposer.volume import Volume, VolumeGeometry

MaskLike: TypeAlias = "NDArray[Any] | Volume | str | os.PathLike[str] | Mapping[str, Any] | Any"

_PICTURE_SUFFIXES = (".png", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True)
class Layer:
    """One mask.

    Attributes
    ----------
    array : numpy.ndarray
        (rows, columns), (planes, rows, columns) or (planes, rows, columns, segments).
    geometry : VolumeGeometry or None
        Where it lies; None for a bare array.
    made : Segmentation or None
        The object that it was read from, which says whose it is.
    """

    array: NDArray[Any]
    geometry: VolumeGeometry | None
    made: Segmentation | None = None


@dataclass(frozen=True)
class Masks:
    """What the caller gave: one mask for everything, or one a structure, read when they are needed.

    Attributes
    ----------
    names : tuple[str, ...] or None
        One name a mask; None when one mask holds all segments.
    items : tuple[object, ...]
        The masks as given.
    descriptions : tuple[SegmentDescription, ...]
        What a mask that is a Segmentation already says about its segments, by their numbers; its channels, if
        it has any, run in this order.
    """

    names: tuple[str, ...] | None
    items: tuple[Any, ...]
    descriptions: tuple[SegmentDescription, ...] = ()

    @classmethod
    def of(cls, mask: MaskLike) -> Masks:
        """Tell one mask from several."""
        if isinstance(mask, Mapping):
            if not mask:
                raise ArgumentError("the dictionary of masks is empty")
            return cls(tuple(str(name) for name in mask), tuple(mask.values()))
        if isinstance(mask, str | os.PathLike) and Path(mask).is_dir():
            return cls.of(_folder(Path(mask)))
        if isinstance(mask, str | os.PathLike) and _is_dicom(Path(mask)):
            mask = _segmentation(Path(mask))
        if isinstance(mask, Segmentation):
            numbers = sorted(mask.segment_numbers)
            return cls(None, (mask,), tuple(mask.get_segment_description(number) for number in numbers))
        return cls(None, (mask,))

    @property
    def channel_numbers(self) -> tuple[int, ...] | None:
        """Segment numbers of the channels of a mask that is a Segmentation, ascending."""
        return tuple(description.segment_number for description in self.descriptions) or None

    def layers(self, voxels: int) -> Iterator[Layer]:
        """Read the masks one by one.

        Parameters
        ----------
        voxels : int
            How many voxels the source images have: far larger masks are refused before they are read.
        """
        for index, item in enumerate(self.items):
            layer = read_layer(item, convert.SizeLimit.around(voxels))
            if self.names is not None and layer.array.ndim > 3:
                raise ArgumentError(
                    f"the mask of {self.names[index]!r} has {layer.array.ndim} dimensions; one structure has "
                    "2 or 3"
                )
            yield layer


def mask_suffixes() -> tuple[str, ...]:
    """Endings of files that hold one mask each."""
    return (*convert.volume_suffixes(), ".npy")


def _folder(folder: Path) -> dict[str, Path]:
    """One file a structure, named after it, as segmentation programs write them."""
    known = mask_suffixes()
    found: dict[str, Path] = {}
    for path in sorted(p for p in folder.iterdir() if _suffix(p) in known):
        name = path.name[: -len(_suffix(path))]
        if name in found:
            raise ArgumentError(
                f"{found[name].name} and {path.name} of {folder} are two masks of one name; keep one, or rename it"
            )
        found[name] = path
    if not found:
        raise ArgumentError(f"the folder {folder} holds no mask ({', '.join(known)})")
    return found


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else path.suffix.lower()


def _is_dicom(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _segmentation(path: Path) -> Segmentation:
    dataset = read_header(path)
    if str(dataset.get("SOPClassUID")) not in SOP_CLASS_UIDS:
        raise ArgumentError(f"{path.name} is a DICOM file, but no Segmentation")
    return Segmentation.from_dataset(dataset, copy=False)


def _of_segmentation(mask: Segmentation) -> Layer:
    """Segment numbers as labels; a channel a segment where segments overlap or are fractions."""
    combine = mask.get("SegmentationType") != "FRACTIONAL"
    try:
        layer = _read_segmentation(mask, combine=combine)
    except OverlapError:
        layer = _read_segmentation(mask, combine=False)
    return replace(layer, made=mask)


def _read_segmentation(mask: Segmentation, *, combine: bool) -> Layer:
    # Files list their segments in any order (PS3.3 C.8.20.2): the channels run by number.
    numbers = None if combine else sorted(mask.segment_numbers)
    if mask.is_tiled:
        return _bare(
            mask.get_total_pixel_matrix(segment_numbers=numbers, combine_segments=combine)[np.newaxis]
        )
    return _of_volume(mask.get_volume(segment_numbers=numbers, combine_segments=combine))


def read_layer(mask: Any, limit: convert.SizeLimit | None = None) -> Layer:
    """Read one mask.

    Parameters
    ----------
    mask : numpy.ndarray, Volume, path, nibabel or SimpleITK image
        Anything that holds numbers on a grid.
    limit : SizeLimit, optional
        How large it may be.

    Raises
    ------
    ArgumentTypeError
        When it is nothing of the kind.
    ArgumentError
        When it has not 2 to 4 dimensions, or the file is of an unknown kind.
    """
    if isinstance(mask, Segmentation):
        return _of_segmentation(mask)
    if hasattr(mask, "__array__") and not _has_geometry(mask):  # tensors, memory maps
        mask = np.asarray(mask)
    if isinstance(mask, str | os.PathLike):
        if not Path(mask).exists():
            raise MissingFileError(f"no such file or folder: {os.fspath(mask)}", mask)
        if _suffix(Path(mask)) in _PICTURE_SUFFIXES:
            return _bare(_picture(Path(mask)))
    try:
        found = convert.read_mask(mask, limit=limit)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            "a mask is a numpy array, a file, a Volume, an image of nibabel, SimpleITK or itk, or a dictionary "
            f"of these, not {type(mask).__name__}"
        ) from None
    return _bare(found) if isinstance(found, np.ndarray) else _of_volume(found)


def _has_geometry(mask: Any) -> bool:
    """Whether an object with pixels says where they lie: nibabel's images turn into arrays as well."""
    return isinstance(mask, Volume) or type(mask).__module__.partition(".")[0] in (
        "nibabel",
        "SimpleITK",
        "itk",
    )


def _bare(array: NDArray[Any]) -> Layer:
    if array.ndim not in (2, 3, 4):
        raise ArgumentError(
            f"the mask has {array.ndim} dimensions; pass (rows, columns), (planes, rows, columns) or "
            "(planes, rows, columns, segments)"
        )
    return Layer(array, None)


def _of_volume(volume: Volume) -> Layer:
    channels = volume.number_of_channel_dimensions
    if channels > 1:
        raise ArgumentError(f"the mask has {channels} channel dimensions; pass one or none")
    return Layer(volume.array, volume.get_geometry())


def _picture(path: Path) -> NDArray[Any]:
    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError(f"reading {path.suffix} masks", "Pillow", "view") from None
    with Image.open(path) as picture:
        if picture.mode not in ("1", "L", "P", "I", "I;16"):
            raise ArgumentError(
                f"{path.name} is a {picture.mode} picture; a mask has one channel whose values are the labels"
            )
        return np.asarray(picture)
