"""Writing files (PS3.10 section 7): whole or not at all, pixels never copied, raw sequences verbatim."""

from __future__ import annotations

import copy
import io
import os
import secrets
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, TypeAlias

from pydicom.charset import convert_encodings
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset, FileMetaDataset, validate_file_meta
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr_element, write_data_element, write_file_meta_info
from pydicom.tag import BaseTag
from pydicom.uid import UID
from pydicom.valuerep import AMBIGUOUS_VR

from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    ConformanceError,
    DicomposerError,
    MissingFileError,
    NotAFileError,
)

from ._items import encode_items
from ._read import BIG_ENDIAN, DEFLATED, IMPLICIT
from ._scan import LONG_VRS, UNDEFINED, vr_of
from ._source import PIXEL_TAGS, FileSlice
from ._table import FrameTable, charsets_of
from ._values import WIDTH

Writable: TypeAlias = "str | os.PathLike[str] | BinaryIO"
_CHUNK = 1 << 23
_LARGE = 1 << 15
# What pydicom raises over values that it can neither decode nor encode.
_PYDICOM_TROUBLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
_OPAQUE = frozenset(("OB", "OW", "OF", "OD", "OL", "OV", "UN"))


def save(dataset: Dataset, fp: Writable, *, overwrite: bool = True, durable: bool = True) -> None:
    """Write a dataset in the DICOM file format, in the encoding of its Transfer Syntax UID.

    Parameters
    ----------
    dataset : pydicom.Dataset
        With file meta information. It is not modified.
    fp : path or binary file-like object
        A path gets the whole file or keeps what it had: the bytes go to a temporary file beside it, which then
        takes its place in one step. A file-like object is written to directly.
    overwrite : bool
        Whether a file at the path may be replaced.
    durable : bool
        Whether to wait until a file has reached the disk.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is false.
    ConformanceError
        If the file meta information cannot be completed.
    ArgumentError
        If the dataset cannot be written in that encoding.
    MissingFileError, NotAFileError, OSError
        If the file cannot be written; what was at the path is untouched.
    """
    if isinstance(fp, (str, os.PathLike)):
        with replacing(fp, overwrite=overwrite, durable=durable) as stream:
            _write(dataset, stream)
    elif hasattr(fp, "write"):
        _write(dataset, fp)
    else:
        raise ArgumentTypeError(f"a path or a binary file-like object is needed, not {type(fp).__name__}")


@contextmanager
def replacing(
    path: str | os.PathLike[str], *, overwrite: bool = True, durable: bool = True
) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of `path` in one step when all went well.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write; it gets the permissions that a new file has.
    overwrite : bool
        Whether a file at the path may be replaced.
    durable : bool
        Whether to wait until the file has reached the disk.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is false.
    MissingFileError
        If its folder does not exist.
    NotAFileError
        If it is a folder.
    """
    given, path = os.fspath(path), os.path.realpath(path)
    folder, name = os.path.split(path)
    if os.path.isdir(path):
        raise NotAFileError(f"{given} is a folder; give the name of a file", given)
    if not os.path.isdir(folder):
        raise MissingFileError(f"there is no folder {os.path.dirname(given) or folder}", folder)
    try:
        special = not stat.S_ISREG(os.stat(path).st_mode)
        if not overwrite:
            raise FileExistsError(17, "the file exists and overwrite=False", path)
    except FileNotFoundError:
        special = False
    if special:  # a pipe or a device is written to, not replaced
        with open(path, "wb") as stream:
            yield stream
        return
    temporary = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(6)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o666), "wb", buffering=1 << 16) as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        if overwrite:
            os.replace(temporary, path)
        else:
            _claim(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if durable:
        _sync_folder(folder)


def _claim(temporary: str, path: str) -> None:
    """Give the file its name unless the name is taken, in one step."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):
        # A file system without hard links: reserve the name, then replace the reservation.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.replace(temporary, path)
        return
    os.unlink(temporary)


def _sync_folder(folder: str) -> None:
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write(dataset: Dataset, stream: Any) -> None:
    try:
        _write_all(dataset, stream)
    except DicomposerError:
        raise
    except _PYDICOM_TROUBLE as error:
        raise ArgumentError("the dataset holds an element that pydicom cannot write") from error


def _write_all(dataset: Dataset, stream: Any) -> None:
    meta = _file_meta(dataset)
    syntax = UID(str(meta.TransferSyntaxUID))
    implicit = syntax == IMPLICIT
    if syntax == BIG_ENDIAN:
        raise ArgumentError("explicit VR big endian is retired (PS3.5) and not written")
    preamble = getattr(dataset, "preamble", None) or bytes(128)
    if len(preamble) != 128:
        raise ArgumentError("the preamble must have 128 bytes")
    head = DicomBytesIO()
    head.is_implicit_VR, head.is_little_endian = False, True
    head.write(bytes(preamble) + b"DICM")
    write_file_meta_info(head, meta, enforce_standard=True)
    stream.write(head.getvalue())
    if syntax == DEFLATED:
        deflater = _Deflater(stream)
        _Writer(dataset, implicit, _is_encapsulated(syntax), deflater.write).run()
        deflater.finish()
    else:
        _Writer(dataset, implicit, _is_encapsulated(syntax), stream.write).run()


def _file_meta(dataset: Dataset) -> FileMetaDataset:
    """Return complete file meta information as pydicom completes it, leaving the dataset's own alone."""
    for tag in dataset._dict:
        if tag >> 16 in (0, 2):
            raise ConformanceError(
                "command set and file meta elements do not belong into the dataset (PS3.10 7.1)"
            )
    own = getattr(dataset, "file_meta", None)
    meta = FileMetaDataset() if own is None else copy.deepcopy(own)
    if not meta.get("TransferSyntaxUID", None):
        if dataset.original_encoding == (True, True):
            meta.TransferSyntaxUID = UID(IMPLICIT)
        else:
            raise ConformanceError("file_meta.TransferSyntaxUID is needed to write a file")
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        value = dataset.get(keyword, None)
        if value and meta.get("MediaStorage" + keyword, None) != value:
            setattr(meta, "MediaStorage" + keyword, value)
    try:
        validate_file_meta(meta, enforce_standard=True)
    except (AttributeError, ValueError) as error:
        raise ConformanceError("the dataset lacks SOP Class UID or SOP Instance UID (PS3.10 7.1)") from error
    return meta


def _is_encapsulated(syntax: UID) -> bool:
    if syntax.is_transfer_syntax:
        return bool(syntax.is_compressed)
    from dicomposer import standard

    known = standard.transfer_syntax(str(syntax))
    if known is None:
        raise ArgumentError("file_meta.TransferSyntaxUID is not a transfer syntax")
    return bool(known.encapsulated)


class _Deflater:
    """Compress what is written (PS3.5 A.5)."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._count = 0

    def write(self, data: Any) -> None:
        """Compress more."""
        self._put(self._engine.compress(data))

    def finish(self) -> None:
        """Write what is left, and pad to an even length."""
        self._put(self._engine.flush())
        if self._count % 2:
            self._put(b"\0")

    def _put(self, data: bytes) -> None:
        if data:
            self._stream.write(data)
            self._count += len(data)


class _Writer:
    """Write elements in tag order; small ones are collected, large values go straight to the stream."""

    def __init__(
        self, dataset: Dataset, implicit: bool, encapsulated: bool, put: Callable[[Any], Any]
    ) -> None:
        self.dataset = dataset
        self.implicit = implicit
        self.encapsulated = encapsulated
        self.put = put
        charsets = dataset.get("SpecificCharacterSet", "iso8859")
        self.charsets = convert_encodings(charsets or "iso8859")
        read, now = dataset.original_character_set, dataset._character_set
        self.same_text = (read or now) == now
        self.buffer = self._fresh()

    def _fresh(self) -> DicomBytesIO:
        buffer = DicomBytesIO()
        buffer.is_implicit_VR, buffer.is_little_endian = self.implicit, True
        return buffer

    def run(self) -> None:
        """Write all elements."""
        for tag in sorted(self.dataset._dict):
            if tag.element == 0 and tag.group > 6:
                continue  # group lengths are retired (PS3.5 7.2)
            element = self.dataset._dict[tag]
            if tag in PIXEL_TAGS:
                self._pixels(tag, element)
            elif isinstance(element, RawDataElement):
                self._raw(tag, element)
            else:
                self._decoded(element)
        self._flush()

    def _flush(self) -> None:
        data = self.buffer.getvalue()
        if data:
            self.put(data)
        self.buffer = self._fresh()

    def _header(self, tag: int, vr: str, length: int) -> None:
        self.buffer.write_tag(BaseTag(tag))
        if self.implicit:
            self.buffer.write_UL(length)
            return
        self.buffer.write(vr.encode("ascii"))
        if vr in LONG_VRS:
            self.buffer.write_US(0)
            self.buffer.write_UL(length)
        else:
            self.buffer.write_US(length)

    def _value(self, value: Any) -> None:
        """Write a value; a large one without collecting it first."""
        if len(value) < _LARGE:
            self.buffer.write(value)
            return
        self._flush()
        self.put(value)

    def _raw(self, tag: BaseTag, element: RawDataElement) -> None:
        vr = element.VR if element.VR or not self.implicit else vr_of(tag)
        value = element.value
        if value is None:
            self._decoded(self.dataset[tag])  # deferred by pydicom
            return
        verbatim = element.is_implicit_VR == self.implicit and element.is_little_endian
        hidden = vr == "UN" and not value and vr_of(tag)  # pydicom gives empty known elements their VR
        if not verbatim and (element.VR or vr_of(tag)) == "SQ":
            self._convert(tag, element, value)
        elif (
            verbatim
            and not hidden
            and (self.same_text or (vr in WIDTH or vr == "UI"))
            and self._fits(vr, element)
        ):
            self._header(tag, vr or "UN", element.length if element.length == UNDEFINED else len(value))
            self._value(value)
            if element.length == UNDEFINED:
                self._delimit()
        else:
            self._decoded(
                convert_raw_data_element(
                    element,
                    encoding=self.dataset.original_character_set or self.dataset._character_set,
                    ds=self.dataset,
                )
            )

    def _fits(self, vr: str | None, element: RawDataElement) -> bool:
        """Tell whether a raw element can be written with its VR as it is."""
        if self.implicit:
            return True
        return vr is not None and len(vr) == 2 and (vr in LONG_VRS or len(element.value or b"") <= 0xFFFF)

    def _convert(self, tag: BaseTag, element: RawDataElement, value: bytes) -> None:
        """Write a raw sequence that is encoded in another way."""
        table = FrameTable.decode(
            value,
            implicit=element.is_implicit_VR,
            little=element.is_little_endian,
            charsets=charsets_of(self.dataset),
        )
        converted = table.encode(implicit=self.implicit)
        self._header(tag, "SQ", len(converted))
        self._value(converted)

    def _delimit(self) -> None:
        self.buffer.write_tag(BaseTag(0xFFFEE0DD))
        self.buffer.write_UL(0)

    def _decoded(self, element: Any) -> None:
        """Write a decoded element; let pydicom do it where it is not of the usual kind."""
        if element.VR in AMBIGUOUS_VR:
            element = correct_ambiguous_vr_element(copy.copy(element), self.dataset, True)
        elif element.VR == "SQ":
            if self._sequence(element):
                return
            if self.dataset.original_encoding != (self.implicit, True):
                _settle(element, [self.dataset])
        value = getattr(element, "value", None)
        if element.VR in _OPAQUE and isinstance(value, (bytes, bytearray)) and len(value) >= _LARGE:
            self._header(element.tag, element.VR, len(value) + len(value) % 2)
            self._value(value)
            self.buffer.write(b"\0" * (len(value) % 2))
            return
        try:
            write_data_element(self.buffer, element, self.charsets)
        except (*_PYDICOM_TROUBLE, OSError) as error:
            raise ArgumentError(f"({element.tag:08X}) cannot be written as {element.VR}") from error
        if self.buffer.tell() > _LARGE:
            self._flush()

    def _sequence(self, element: Any) -> bool:
        """Write a decoded sequence; False where pydicom has to."""
        try:
            items = encode_items(
                element, implicit=self.implicit, charsets=self.charsets, same_text=self.same_text
            )
        except (*_PYDICOM_TROUBLE, OSError) as error:
            raise ArgumentError(f"({element.tag:08X}) cannot be written as SQ") from error
        if items is None:
            return False
        self._header(element.tag, "SQ", len(items))
        self._value(items)
        return True

    def _pixels(self, tag: BaseTag, element: Any) -> None:
        """Write pixel data: bytes as they are, slices of files in chunks."""
        value = element.value
        if value is None and isinstance(element, RawDataElement) and element.length:
            value = self.dataset[tag].value  # deferred by pydicom
        value = b"" if value is None else value
        vr = self._pixel_vr(tag, element)
        encapsulated = self.encapsulated and tag == PIXEL_TAGS[0]
        size, chunks = _chunks(value)
        chunk = next(chunks, b"")
        if encapsulated and bytes(chunk[:4]) != b"\xfe\xff\x00\xe0":
            raise ArgumentError(
                "the Pixel Data of an encapsulated transfer syntax are not encapsulated (PS3.5 A.4)"
            )
        if size + size % 2 >= UNDEFINED and not encapsulated:
            raise ArgumentError("native Pixel Data of 4 GiB or more cannot be written (PS3.5 7.1)")
        self._header(tag, vr, UNDEFINED if encapsulated else size + size % 2)
        while len(chunk):
            self._value(chunk)
            chunk = next(chunks, b"")
        if size % 2:
            self.buffer.write(b"\0")
        if encapsulated:
            self._delimit()

    def _pixel_vr(self, tag: BaseTag, element: Any) -> str:
        vr = element.VR
        if vr is None or vr in AMBIGUOUS_VR:
            if tag != PIXEL_TAGS[0]:
                return vr_of(tag) or "OW"
            if self.encapsulated:
                return "OB"
            bits = self.dataset.get("BitsAllocated", 16)
            # PS3.5 A.1, A.2: OW for implicit and for more than 8 bits; pydicom keeps OB for 8 bits and fewer.
            return (
                "OB" if not self.implicit and bits is not None and int(bits) <= 8 and vr is not None else "OW"
            )
        return str(vr)


def _chunks(value: Any) -> tuple[int, Iterator[Any]]:
    """Return the size of a value and its pieces, without copying what is in memory."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        view = value if isinstance(value, bytes) else memoryview(value).cast("B")
        return len(view), iter((view,))
    if isinstance(value, FileSlice):
        source, offset, size = value.source, value.offset, value.size
        return size, (source.read(offset + at, min(_CHUNK, size - at)) for at in range(0, size, _CHUNK))
    if isinstance(value, io.BufferedIOBase):
        return _stream_chunks(value)
    raise ArgumentTypeError("pixel data must be bytes or a file-like object")


def _stream_chunks(value: Any) -> tuple[int, Iterator[Any]]:
    start = value.tell()
    size = value.seek(0, io.SEEK_END) - start

    def pieces() -> Iterator[bytes]:
        for at in range(0, size, _CHUNK):
            value.seek(start + at)
            yield value.read(min(_CHUNK, size - at))
        value.seek(start)

    value.seek(start)
    return size, pieces()


def _settle(element: DataElement, ancestors: list[Dataset]) -> None:
    """Make VRs concrete inside a sequence that pydicom decoded, as pydicom does when it writes."""
    for item in element.value:
        for child in list(item.elements()):
            if child.VR == "SQ":
                _settle(item[child.tag], [item, *ancestors])
            elif child.VR in AMBIGUOUS_VR:
                correct_ambiguous_vr_element(item[child.tag], item, True, [item, *ancestors])
