"""From anything that holds a mask to a Volume, by the name of a file or the type of an object."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.convert._itk import ITKReader, SimpleITKReader
from dicomposer.convert._nifti import NibabelReader
from dicomposer.convert._nrrd import NrrdReader
from dicomposer.convert._reader import Grid, SizeLimit, VolumeReader, as_labels
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    DamagedFileError,
    GeometryError,
    UnsupportedError,
)
from dicomposer.volume import Volume

READERS: tuple[VolumeReader, ...] = (NibabelReader(), NrrdReader(), SimpleITKReader(), ITKReader())
_ARRAYS = (".npy", ".npz")


def volume_suffixes() -> tuple[str, ...]:
    """Endings of the files that :func:`to_volume` reads, longest first."""
    return tuple(sorted((s for reader in READERS for s in reader.suffixes), key=lambda s: (-len(s), s)))


def to_volume(source: Any, *, limit: SizeLimit | None = None) -> Volume:
    """Read a mask or an image that knows where it is.

    Axes: the file's slowest axis in space first, so an axial NIfTI, NRRD or MetaImage file becomes (slices,
    rows, columns), as SimpleITK gives it; channels (one a segment) last. Floats that are all whole numbers
    become integers: they are labels. Other floats stay: they are fractions.

    Parameters
    ----------
    source : str, os.PathLike, Volume, or an image of nibabel, SimpleITK or itk
        A file (:func:`volume_suffixes`) or an image in memory, which is not changed.
    limit : SizeLimit, optional
        How large a file may be; its header is looked at before its values are read.

    Returns
    -------
    Volume
        Values and affine (indices to millimetres LPS). Channels are numbered from 1 as Segment Number.

    Raises
    ------
    GeometryError
        When the source does not say, or contradicts itself on, where its voxels are; also for a bare array.
    UnsupportedError
        For a format that no reader takes, too many or too few axes, or more voxels than `limit`.
    DamagedFileError
        When the file is not what its name says.
    MissingDependencyError
        When the format needs a package that is not installed.
    ArgumentTypeError
        For an object that is no image.
    FileNotFoundError
        When there is no such file.
    """
    if isinstance(source, Volume):
        return source
    values, affine = _grid(source, limit)
    channels: dict[Any, Any] | None = None
    if values.ndim == 4:
        channels = {"SegmentNumber": list(range(1, values.shape[3] + 1))}
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise GeometryError("the affine of the image is not usable: it is singular or not finite")
    return Volume(as_labels(values), affine, "PATIENT", channels=channels)


def read_mask(source: Any, *, limit: SizeLimit | None = None) -> Volume | NDArray[Any]:
    """Read a mask, with its place when it has one.

    Parameters
    ----------
    source : str, os.PathLike, numpy.ndarray, or what :func:`to_volume` takes
        Also ``.npy`` files and ``.npz`` files of one array.
    limit : SizeLimit, optional
        As for :func:`to_volume`.

    Returns
    -------
    Volume or numpy.ndarray
        A bare array for sources that do not know where they are: its planes go with the images in their
        order.

    Raises
    ------
    ArgumentError
        When an ``.npz`` file holds more than one array.
    DicomposerError
        As :func:`to_volume`.
    """
    if isinstance(source, np.ndarray):
        return source
    if isinstance(source, str | os.PathLike) and Path(source).suffix.lower() in _ARRAYS:
        return _bare(Path(source), limit)
    return to_volume(source, limit=limit)


def _grid(source: Any, limit: SizeLimit | None) -> Grid:
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        name = path.name.lower()
        for reader in READERS:
            if name.endswith(reader.suffixes):
                return reader.from_file(path, limit)
        raise UnsupportedError(
            f"{path.name} does not have the name of a known image format; known are {', '.join(volume_suffixes())}"
        )
    for reader in READERS:
        if reader.accepts(source):
            return reader.from_object(source)
    if isinstance(source, np.ndarray):
        raise GeometryError("a bare array does not say where its voxels are; pass a Volume or an image")
    raise ArgumentTypeError(
        f"a mask is a file, a Volume, or an image of nibabel, SimpleITK or itk, not {type(source).__name__}"
    )


def _bare(path: Path, limit: SizeLimit | None) -> NDArray[Any]:
    try:
        if path.suffix.lower() == ".npy":
            return np.load(path, allow_pickle=False, mmap_mode="r")  # type: ignore[no-any-return]
        with np.load(path, allow_pickle=False) as archive:
            if len(archive.files) != 1:
                raise ArgumentError(f"{path.name} holds {len(archive.files)} arrays; save the mask alone")
            _check_member(archive, limit)
            return archive[archive.files[0]]  # type: ignore[no-any-return]
    except FileNotFoundError:
        raise
    except (OSError, EOFError, ValueError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise DamagedFileError(f"{path.name} cannot be read as a file of a numeric array") from error


def _check_member(archive: Any, limit: SizeLimit | None) -> None:
    """Look at the header of the only array of an ``.npz`` file."""
    if limit is None:
        return
    with archive.zip.open(archive.zip.namelist()[0]) as member:
        version = np.lib.format.read_magic(member)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape = read_header(member)[0]
    limit.check(shape[:3], math.prod(shape[3:]))
