"""A reader for NRRD, the format in which 3D Slicer keeps masks, with nothing but numpy.

NRRD is a text header and a block of numbers: the commonest desktop tool's masks need no optional package.
Covered is what Slicer, ITK and pynrrd write: attached or detached data; raw, gzip, bzip2 or text.
"""

from __future__ import annotations

import bz2
import gzip
import io
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.convert._reader import Grid, SizeLimit
from dicomposer.errors import DamagedFileError, GeometryError, TruncatedError, UnsupportedError

_TYPES = {
    name: code
    for code, names in {
        "i1": "signed char,int8,int8_t",
        "u1": "uchar,unsigned char,uint8,uint8_t",
        "i2": "short,short int,signed short,signed short int,int16,int16_t",
        "u2": "ushort,unsigned short,unsigned short int,uint16,uint16_t",
        "i4": "int,signed int,int32,int32_t",
        "u4": "uint,unsigned int,uint32,uint32_t",
        "i8": "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t",
        "u8": "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
        "f4": "float",
        "f8": "double",
    }.items()
    for name in names.split(",")
}
# What turns the file's axes into left-posterior-superior, the axes of DICOM (PS3.3 C.7.6.2.1.1).
_SPACES = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}


@dataclass(frozen=True)
class NrrdImage:
    """What an NRRD file holds.

    Attributes
    ----------
    array : numpy.ndarray
        Values; the file's fastest axis last, so (slices, rows, columns) or (slices, rows, columns, channels).
    affine : numpy.ndarray
        (4, 4) float64: (slice, row, column) indices to millimetres, LPS.
    header : dict[str, str]
        Fields and key/value pairs as text, names in lower case for fields.
    """

    array: NDArray[Any]
    affine: NDArray[np.float64]
    header: dict[str, str]


def read_nrrd(path: Path, *, limit: SizeLimit | None = None) -> NrrdImage:
    """Read a 3D, or a 3D and channels, NRRD file.

    Parameters
    ----------
    path : pathlib.Path
        A ``.nrrd`` file, or an ``.nhdr`` header beside its data.
    limit : SizeLimit, optional
        How many voxels it may announce.

    Raises
    ------
    DamagedFileError
        When it is not an NRRD file, or its header does not hold together.
    TruncatedError
        When there are fewer values than the header announces.
    GeometryError
        When it does not say where its voxels are in the patient.
    UnsupportedError
        For a block of pixels in several files, other rare forms, and more voxels than `limit`.
    """
    content = path.read_bytes()
    header, data_start = _parse_header(content)
    sizes = _integers(header, "sizes")
    if not sizes or min(sizes) < 1:
        raise DamagedFileError("an NRRD image has sizes of 1 and more")
    dtype = _dtype(header)
    affine, channel_axis = _geometry(header, len(sizes))
    if limit is not None:
        channels = 1 if channel_axis is None else sizes[channel_axis]
        limit.check([size for axis, size in enumerate(sizes) if axis != channel_axis], channels)
    raw = _data(path, content, data_start, header, math.prod(sizes), dtype)
    array = raw.reshape(sizes[::-1])
    if channel_axis is not None:
        array = np.moveaxis(array, len(sizes) - 1 - channel_axis, -1)
    return NrrdImage(array, affine, header)


def _parse_header(content: bytes) -> tuple[dict[str, str], int]:
    if not content.startswith(b"NRRD000"):
        raise DamagedFileError("the file does not start with the NRRD magic", position=0)
    header: dict[str, str] = {}
    position = content.find(b"\n") + 1
    while position:
        end = content.find(b"\n", position)
        line = content[position : end if end >= 0 else len(content)].decode("utf-8", "replace").rstrip("\r")
        position = end + 1  # 0 when the header is all there is: detached data
        if not line:
            break
        if line.startswith("#"):
            continue
        key, separator, value = line.partition(":=")
        if separator:
            header[key] = value
            continue
        key, separator, value = line.partition(":")
        if not separator:
            raise DamagedFileError("an NRRD header line has no colon", position=position)
        header[key.strip().lower()] = value.strip()
    return header, position


def _field(header: dict[str, str], *names: str, default: str | None = None) -> str:
    for name in names:
        if name in header:
            return header[name]
    if default is None:
        raise DamagedFileError(f"the NRRD header has no field '{names[0]}'")
    return default


def _dtype(header: dict[str, str]) -> np.dtype[Any]:
    name = _field(header, "type").lower()
    if name not in _TYPES:
        raise UnsupportedError(f"NRRD files of type '{name}' cannot be read; save the mask as integers")
    endian = _field(header, "endian", default="little").lower()
    return np.dtype(_TYPES[name]).newbyteorder(">" if endian == "big" else "<")


def _integers(header: dict[str, str], *names: str, default: str | None = None) -> list[int]:
    text = _field(header, *names, default=default)
    try:
        return [int(word) for word in text.split()]
    except ValueError as error:
        raise DamagedFileError(f"the NRRD field '{names[0]}' does not hold whole numbers") from error


def _data(
    path: Path, content: bytes, start: int, header: dict[str, str], count: int, dtype: np.dtype[Any]
) -> NDArray[Any]:
    if _integers(header, "line skip", "lineskip", default="0") != [0]:
        raise UnsupportedError("NRRD data after skipped lines cannot be read")
    skip = _integers(header, "byte skip", "byteskip", default="0")[0]
    size = count * dtype.itemsize
    detached = _field(header, "data file", "datafile", default="")
    block = _detached(path, detached) if detached else content[start:]
    block = _unpack(block, _field(header, "encoding").lower(), dtype, size + max(skip, 0))
    block = block[max(len(block) - size, 0) :] if skip == -1 else block[skip:]
    if len(block) < size:
        raise TruncatedError(f"the NRRD file holds {len(block)} bytes of values; its header announces {size}")
    return np.frombuffer(block, dtype=dtype, count=count).astype(dtype.newbyteorder("="), copy=False)


def _detached(header_file: Path, name: str) -> bytes:
    if name.upper().startswith("LIST") or "%" in name:
        raise UnsupportedError("NRRD data spread over several files cannot be read; save one file")
    if Path(name).name != name:  # a header from elsewhere must not point at any file of this machine
        raise UnsupportedError("NRRD data must lie in the folder of their header")
    try:
        return (header_file.parent / name).read_bytes()
    except FileNotFoundError as error:
        raise DamagedFileError("the data file that the NRRD header names is not there") from error


def _unpack(block: bytes, encoding: str, dtype: np.dtype[Any], size: int) -> bytes:
    """Undo the encoding, but never beyond `size` bytes: a small file must not fill all of the memory."""
    try:
        if encoding == "raw":
            return block
        if encoding in ("gzip", "gz"):
            return gzip.GzipFile(fileobj=io.BytesIO(block)).read(size)
        if encoding in ("bzip2", "bz2"):
            return bz2.BZ2File(io.BytesIO(block)).read(size)
        if encoding in ("text", "txt", "ascii"):
            return np.array(block.split(), dtype=dtype).tobytes()
    except (zlib.error, EOFError, OSError, ValueError, OverflowError) as error:
        raise DamagedFileError("the block of values of the NRRD file is damaged") from error
    raise UnsupportedError(f"the NRRD encoding '{encoding}' cannot be read")


def _vector(text: str) -> NDArray[np.float64] | None:
    """One ``(x,y,z)``; None for ``none``, the axis that is not in space."""
    if text.strip().lower() == "none":
        return None
    try:
        values = np.array([float(value) for value in text.strip().strip("()").split(",")])
    except ValueError as error:
        raise DamagedFileError("an NRRD direction does not hold numbers") from error
    if values.shape != (3,):
        raise DamagedFileError("an NRRD direction does not have three components")
    return values


def _geometry(header: dict[str, str], dimensions: int) -> tuple[NDArray[np.float64], int | None]:
    """The affine in LPS and the number of the axis that is not in space, if any."""
    space = _field(header, "space", default="").lower()
    if space not in _SPACES or "space directions" not in header or "space origin" not in header:
        raise GeometryError(
            "the NRRD file does not say where its voxels are in the patient "
            f"(space: '{space or 'absent'}'; needed: space, space directions and space origin). "
            "Save it again with its geometry, or pass the bare array"
        )
    flip = np.array(_SPACES[space])
    directions = [_vector(text) for text in header["space directions"].replace(", ", ",").split()]
    origin = _vector(header["space origin"].replace(" ", ""))
    spatial = [vector for vector in directions if vector is not None]
    if len(directions) != dimensions or len(spatial) != 3 or origin is None:
        raise UnsupportedError(
            f"an NRRD mask needs three axes in space; this one has {len(spatial)} of {dimensions}"
        )
    others = [axis for axis, vector in enumerate(directions) if vector is None]
    if len(others) > 1:
        raise UnsupportedError("an NRRD mask may have one axis beside those in space")
    affine = np.eye(4)
    affine[:3, :3] = np.stack(spatial[::-1], axis=1) * flip[:, None]
    affine[:3, 3] = origin * flip
    return affine, others[0] if others else None


class NrrdReader:
    """NRRD files; there is no library whose objects they become."""

    suffixes: tuple[str, ...] = (".nrrd", ".nhdr")

    def accepts(self, image: object) -> bool:
        """Whether `image` came from :func:`read_nrrd`."""
        return isinstance(image, NrrdImage)

    def from_file(self, path: Path, limit: SizeLimit | None = None) -> Grid:
        """Read a file."""
        return self.from_object(read_nrrd(path, limit=limit))

    def from_object(self, image: NrrdImage) -> Grid:
        """Take what was read."""
        return image.array, image.affine
