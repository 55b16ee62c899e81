"""Reading files (PS3.10 section 7): our own scan of the top level, values left for pydicom to decode on access."""

from __future__ import annotations

import io
import os
import re
from struct import Struct, pack
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from dicomposer.errors import ArgumentTypeError, DamagedFileError, NotDicomError, TruncatedError

from ._scan import ITEM, KNOWN_VRS, SEQUENCE_END, UNDEFINED, Scanner, Span, inflate, vr_of
from ._source import PIXEL_TAGS, FileSlice, FileSource, MemorySource, Source, StreamSource
from ._table import PER_FRAME, FrameTable
from ._values_of import UNDECODABLE

Readable: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO"
IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
#: Default bound on what a deflated dataset may inflate to.
INFLATE_LIMIT = 512 * 2**20
# Sequences that can hold most of a file and have readers of their own, which check what they walk.
_LEFT_TO_READERS = frozenset((PER_FRAME, 0x0040A730))
_SMALL = 1 << 18
_WINDOW = 1 << 16
# Elements whose header settles everything: no sequences, no fragments, nothing unknown.
_PLAIN = {code: entry for code, entry in KNOWN_VRS.items() if entry[0] != "SQ"}
_NOT_PLAIN: tuple[str | None, bool] = (None, False)
# Where what was odd about a file is kept in its dataset, and most of it that is kept.
_NOTES = "_dicomposer_read_notes"
_MOST_NOTED = 100
_BYTE_VRS = {0x7FE00008: "OF", 0x7FE00009: "OD"}


def read(
    fp: Readable, *, lazy: bool = False, strict: bool = False, inflate_limit: int = INFLATE_LIMIT
) -> FileDataset:
    """Read a DICOM file without decoding its values.

    Parameters
    ----------
    fp : path, bytes-like, or binary file-like object
        What to read; a file-like object from its present position on.
    lazy : bool
        Leave the pixels in the file: the element's value is then a file-like slice of it, which stays open for as
        long as the dataset lives.
    strict : bool
        Refuse what is readable but not right: no preamble, no Transfer Syntax UID, implicit VR where explicit was
        announced or the reverse, elements out of order, trailing bytes.
    inflate_limit : int
        Refuse deflated datasets of more bytes than this.

    Returns
    -------
    pydicom.dataset.FileDataset
        pydicom decodes each element when it is accessed.

    Raises
    ------
    NotDicomError
        If this is not a DICOM file.
    TruncatedError
        If it ends early.
    DamagedFileError
        If it does not hold together otherwise.
    OSError
        If the file cannot be opened or read.
    """
    source, name = _open(fp)
    try:
        reader = _Reader(source, lazy, strict)
        dataset = reader.run(name, inflate_limit)
    except BaseException:
        source.close()
        raise
    if not reader.keep_open:
        source.close()
    return dataset


def _open(fp: Readable) -> tuple[Source, str | None]:
    if isinstance(fp, (str, os.PathLike)):
        path = os.fspath(fp)
        return FileSource(path), path
    if isinstance(fp, (bytes, bytearray, memoryview)):
        return MemorySource(bytes(fp) if isinstance(fp, bytearray) else fp), None
    if not hasattr(fp, "read"):
        raise ArgumentTypeError(
            f"a path, bytes or a binary file-like object is needed, not {type(fp).__name__}"
        )
    name = getattr(fp, "name", None)
    name = name if isinstance(name, str) else None
    if type(fp) is io.BytesIO:
        position = fp.tell()
        data = fp.getvalue()  # shares the memory
        return MemorySource(memoryview(data)[position:] if position else data), name
    try:
        return StreamSource(fp), name
    except (AttributeError, OSError):
        data = fp.read()
        if not isinstance(data, (bytes, bytearray)):
            raise ArgumentTypeError("the file-like object must be opened in binary mode") from None
        return MemorySource(bytes(data)), name


class ReadNotes(NamedTuple):
    """What was odd about a file that could be read all the same.

    Attributes
    ----------
    disorder : tuple of (int, bool)
        Tags at the top level that do not follow in ascending order (PS3.5 7.1), the first hundred of them, and whether
        the tag had occurred before: the dataset holds the last.
    left_over : int
        Bytes behind the last element that are none.
    """

    disorder: tuple[tuple[int, bool], ...] = ()
    left_over: int = 0


def read_notes(dataset: Dataset) -> ReadNotes:
    """What :func:`read` noted of the file of a dataset; nothing of a dataset from elsewhere."""
    notes = dataset.__dict__.get(_NOTES)
    return notes if isinstance(notes, ReadNotes) else ReadNotes()


class _Reader:
    """One pass over the top level of a file, through a window that moves and grows as needed."""

    def __init__(self, source: Source, lazy: bool, strict: bool) -> None:
        self.source = source
        self.lazy = lazy
        self.strict = strict
        self.keep_open = False
        self.base = 0  # position of the window in the source
        self.window: bytes | memoryview = b""
        self.scanner = Scanner(b"", True)
        self.position = 0  # in the source
        self.table: FrameTable | None = None
        self.disorder: list[tuple[int, bool]] = []
        self.left_over = 0

    def run(self, name: str | None, inflate_limit: int) -> FileDataset:
        """Read meta information and dataset."""
        self._load(0, _WINDOW, True)
        preamble = self._preamble()
        meta = self._elements(False, True, group=2)
        syntax = self._syntax(meta)
        elements = self._elements(True, True, group=0)
        implicit, little = self._encoding(syntax)
        if syntax == DEFLATED:
            packed = self.source.read(self.position, self.source.size - self.position)
            self.source.close()
            self.source = MemorySource(inflate(packed, inflate_limit, self.position))
            self._load(0, _WINDOW, little)
            self.position = 0
        implicit = self._check_encoding(implicit, little)
        elements.update(self._elements(implicit, little))
        return self._dataset(name, elements, preamble, meta, implicit, little)

    def _load(self, position: int, size: int, little: bool) -> None:
        """Put the window at a position; memory is one window."""
        if isinstance(self.source, MemorySource):
            data = self.source.data
            self.base, self.window = (
                0,
                data if isinstance(data, bytes) else self.source.read(0, self.source.size),
            )
        else:
            self.base = position
            self.window = self.source.read(position, min(size, self.source.size - position))
        self.scanner = Scanner(self.window, little, self.base, keep=False)

    def _whole(self) -> bool:
        return self.base + len(self.window) >= self.source.size

    def _grow(self, little: bool) -> bool:
        """Move the window to the position, larger if it is there already; False if there is nothing more."""
        if self._whole():
            return False
        size = len(self.window) * 8 if self.base == self.position else max(_WINDOW, len(self.window))
        self._load(self.position, min(size, len(self.window) + (1 << 26)), little)
        return True

    def _preamble(self) -> bytes | None:
        head = bytes(self.window[:132])
        if head[128:132] == b"DICM":
            self.position = 132
            return head[:128]
        if self.strict:
            raise NotDicomError("the preamble of a DICOM file is missing", position=128)
        if head[:4] == b"DICM":
            self.position = 4
            return None
        if len(head) < 8 or not self._plausible():
            raise NotDicomError("neither a preamble nor a data element is at the start", position=0)
        return None

    def _plausible(self) -> bool:
        """Tell whether a file without preamble starts with an element that a dataset can start with."""
        for little in (True, False):
            scanner = Scanner(self.window, little)
            implicit = scanner.looks_implicit(0)
            try:
                tag, _, length, start = scanner.header(0, implicit)
            except DamagedFileError:
                continue
            known = length == 4 if tag & 0xFFFF == 0 else vr_of(tag) is not None
            if (
                known
                and (tag >> 16) in (0, 2, 4, 8)
                and (start + length <= self.source.size or length == UNDEFINED)
            ):
                return True
        return False

    def _syntax(self, meta: dict[BaseTag, Any]) -> str | None:
        element = meta.get(BaseTag(0x00020010))
        if element is None or not element.value:
            if self.strict:
                raise DamagedFileError("the Transfer Syntax UID is missing", position=self.position)
            return None
        return bytes(element.value).rstrip(b"\0 ").decode("ascii", "replace")

    def _encoding(self, syntax: str | None) -> tuple[bool, bool]:
        """Return (implicit, little) of a syntax; without one, judge by the first element (as pydicom does)."""
        if syntax is None:
            if self.position + 6 > self.base + len(self.window):
                return True, True
            at = self.position - self.base
            implicit = self.scanner.looks_implicit(at)
            group = int.from_bytes(self.window[at : at + 2], "little")
            return implicit, implicit or group < 1024
        if syntax == IMPLICIT:
            return True, True
        if syntax == BIG_ENDIAN:
            return False, False
        uid = UID(syntax)
        if uid.is_private and uid.is_transfer_syntax:
            return bool(uid.is_implicit_VR), bool(uid.is_little_endian)
        return False, True

    def _check_encoding(self, implicit: bool, little: bool) -> bool:
        """Compare the announced encoding with the first element's header."""
        if self.position - self.base + 8 > len(self.window) or self.base > self.position:
            self._load(self.position, _WINDOW, little)
        if self.position + 8 > self.source.size:
            return implicit
        found = self.scanner.looks_implicit(self.position - self.base)
        if found != implicit and self.strict:
            raise DamagedFileError("headers are not those of the transfer syntax", position=self.position)
        return found

    def _elements(self, implicit: bool, little: bool, group: int | None = None) -> dict[BaseTag, Any]:
        """Read elements up to the end, or for as long as they belong to `group`."""
        elements: dict[BaseTag, Any] = {}
        size = self.source.size
        if self.scanner.little != little or not self.base <= self.position <= self.base + len(self.window):
            self._load(self.position, _WINDOW, little)
        while self.position < size:
            if group is None:
                self._plain(elements, implicit, little)
            if size - self.position < 8:
                if size == self.position:
                    break
                self._trailing()
                break
            try:
                tag, vr, length, start = self.scanner.header(self.position - self.base, implicit)
            except TruncatedError:
                if self._grow(little):
                    continue
                raise
            if group is not None and tag >> 16 != group:
                break
            if tag >> 16 == 0xFFFE or (tag == 0 and length == 0 and vr is None):
                self._trailing()
                break
            if elements and tag <= next(reversed(elements)):
                if self.strict:
                    raise DamagedFileError("elements are out of order", position=self.position, tag=tag)
                if len(self.disorder) < _MOST_NOTED:
                    self.disorder.append((tag, tag in elements))
            element = self._element(tag, vr, length, start + self.base, implicit, little)
            elements[BaseTag(tag)] = element
        return elements

    def _plain(self, elements: dict[BaseTag, Any], implicit: bool, little: bool) -> None:
        """Read on while elements are ordinary and lie inside the window: the same as below, without the questions.

        A header by header loop with a call per question is half the time of reading a slice of a series.
        """
        window, base = self.window, self.base
        at, end = self.position - base, len(window) - 12
        unpack = Struct("<HH2sH" if little else ">HH2sH").unpack_from
        unpack_long = Struct("<L" if little else ">L").unpack_from
        make, kind = tuple.__new__, RawDataElement
        last = int(next(reversed(elements))) if elements else -1  # comparing BaseTags is slow
        while 0 <= at <= end:
            group, number, code, length = unpack(window, at)
            tag = group << 16 | number
            start = at + 8
            if implicit:
                length, vr = unpack_long(window, at + 4)[0], None
                plain = vr_of(tag) != "SQ"
            else:
                vr, long = _PLAIN.get(code, _NOT_PLAIN)
                plain = vr is not None and (vr != "UN" or vr_of(tag) != "SQ")
                if long:
                    length = unpack_long(window, start)[0]
                    start += 4
            if not plain or tag in PIXEL_TAGS or tag <= last or start + length > end:
                break
            at = start + length
            value = window[start:at]
            if type(value) is not bytes:
                value = bytes(value)
            last, key = tag, BaseTag(tag)
            elements[key] = make(kind, (key, vr, length, value, base + start, implicit, little, True, False))
        self.position = base + at if at >= 0 else self.position

    def _trailing(self) -> None:
        if self.strict:
            raise DamagedFileError("bytes follow the last element", position=self.position)
        self.left_over = self.source.size - self.position

    def _element(
        self, tag: int, vr: str | None, length: int, start: int, implicit: bool, little: bool
    ) -> Any:
        """Read one element whose header was read, and move on."""
        if length == UNDEFINED:
            return self._undefined(tag, vr, start, implicit, little)
        if start + length > self.source.size:
            raise TruncatedError(
                f"a value of {length} bytes has only {self.source.size - start} left",
                position=self.position,
                tag=tag,
            )
        self.position = start + length
        if tag in PIXEL_TAGS:
            return self._pixels(tag, vr, start, length, False, implicit, little)
        value = self._bytes(start, length)
        hidden = vr == "UN" and vr_of(tag) == "SQ"  # pydicom decodes it as what the dictionary says
        if length and (hidden or self.scanner.is_sequence(tag, vr, length)):
            self._verify(tag, vr, value, start, implicit, little)
        return RawDataElement(BaseTag(tag), vr, length, value, start, implicit or vr is None, little)

    def _bytes(self, start: int, length: int) -> bytes:
        at = start - self.base
        if at >= 0 and at + length <= len(self.window):
            return bytes(self.window[at : at + length])
        return bytes(self.source.read(start, length))

    def _verify(
        self, tag: int, vr: str | None, value: bytes, start: int, implicit: bool, little: bool
    ) -> None:
        """Walk a sequence, so that pydicom meets nothing unbounded or cut in it later."""
        if tag in _LEFT_TO_READERS and len(value) > _SMALL and not self.strict:
            return
        span = Span(0, len(value), len(value))
        Scanner(value, little, start, keep=False).sequence(tag, vr, span, implicit or vr is None)

    def _undefined(self, tag: int, vr: str | None, start: int, implicit: bool, little: bool) -> Any:
        """Read an element of undefined length: find its delimiter by walking what is before it."""
        pixels = tag in PIXEL_TAGS
        if tag == PER_FRAME and vr in ("SQ", None):
            element = self._per_frame(vr, start, implicit or vr is None, little)
            if element is not None:
                return element
        if pixels and not self._whole():
            return self._fragments(tag, vr, start, implicit, little)
        while True:
            scanner, at = self.scanner, start - self.base
            try:
                if not pixels and self._holds_items(tag, vr, at):
                    span = Span(at, None, len(self.window))
                    _, stop = scanner.sequence(tag, vr, span, implicit or vr is None)
                    pixels = False
                    sequence = True
                else:
                    stop = scanner.fragments(at, tag)
                    sequence = False
                break
            except TruncatedError:
                if not self._grow(little):
                    raise
        self.position = stop + self.base
        length = stop - 8 - at
        if not sequence:
            if pixels:
                return self._pixels(tag, vr, start, length, True, implicit, little)
            value = bytes(self.window[at : at + length])
            return RawDataElement(BaseTag(tag), vr, UNDEFINED, value, start, implicit or vr is None, little)
        value = bytes(self.window[at : at + length])
        if vr == "UN":
            # Its items are usually implicit inside an explicit file: written verbatim they would be wrong, so it is
            # decoded here, as pydicom does. pydicom looks at each item's encoding itself.
            raw = RawDataElement(BaseTag(tag), "SQ", length, value, start, implicit, little)
            return _decode_now(raw)
        return RawDataElement(
            BaseTag(tag),
            vr or ("SQ" if vr_of(tag) is None else None),
            length,
            value,
            start,
            implicit or vr is None,
            little,
        )

    def _per_frame(self, vr: str | None, start: int, implicit: bool, little: bool) -> Any:
        """Find the end of many frames by trying delimiters; None if an element by element walk has to.

        A delimiter is the right one if the items before it, taken as a frame table, end exactly there. The table is
        kept for the dataset, so that nothing is walked twice.
        """
        delimiter = pack("<HHL" if little else ">HHL", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
        # Inside an item, what follows a sequence is a lower tag or a delimiter; here it is a higher tag.
        higher = rb"(?!\xfe\xff)(?=[\x00-\xff][\x52-\xff])" if little else rb"(?!\xff\xfe)(?=[\x52-\xff])"
        pattern = re.compile(re.escape(delimiter) + rb"(?:" + higher + rb"|\Z)", re.DOTALL)
        while True:
            found = pattern.search(self.window, start - self.base)
            if found is None or (found.end() + 4 > len(self.window) and not self._whole()):
                if not self._grow(little):
                    return None
                continue
            at = found.start()
            value = bytes(self.window[start - self.base : at])
            try:
                self.table = FrameTable.decode(value, implicit=implicit, little=little)
            except DamagedFileError:
                return None
            self.position = at + self.base + 8
            return RawDataElement(
                BaseTag(PER_FRAME), "SQ" if vr else None, len(value), value, start, implicit, little
            )

    def _holds_items(self, tag: int, vr: str | None, at: int) -> bool:
        if not self.scanner.is_sequence(tag, vr, UNDEFINED):
            return False
        if vr is not None or vr_of(tag) is not None:
            return True
        order = "little" if self.scanner.little else "big"
        data = self.window[at : at + 4]
        mark = int.from_bytes(data[:2], order) << 16 | int.from_bytes(data[2:], order)  # type: ignore[arg-type]
        return mark in (ITEM, SEQUENCE_END)

    def _fragments(self, tag: int, vr: str | None, start: int, implicit: bool, little: bool) -> Any:
        """Walk encapsulated pixels in the file, reading fragment headers only."""
        order = "little" if little else "big"
        at = start
        while True:
            if at + 8 > self.source.size:
                raise TruncatedError("the bytes end inside encapsulated data", position=at, tag=tag)
            head = bytes(self.source.read(at, 8))
            mark = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)  # type: ignore[arg-type]
            length = int.from_bytes(head[4:], order)  # type: ignore[arg-type]
            if mark == SEQUENCE_END:
                break
            if mark != ITEM or length == UNDEFINED:
                raise DamagedFileError("a fragment was expected", position=at, tag=tag)
            at += 8 + length
        self.position = at + 8
        return self._pixels(tag, vr, start, at - start, True, implicit, little)

    def _pixels(
        self, tag: int, vr: str | None, start: int, length: int, undefined: bool, implicit: bool, little: bool
    ) -> Any:
        """Make the pixel data element: a slice if lazy, otherwise bytes that are read once."""
        if self.lazy:
            self.keep_open = not isinstance(self.source, MemorySource)
            concrete = _BYTE_VRS.get(tag) or (vr if vr in ("OB", "OW") else "OB" if undefined else "OW")
            value = FileSlice(self.source, start, length)
            return _LazyPixels(BaseTag(tag), concrete, value, start, undefined, already_converted=True)
        return RawDataElement(
            BaseTag(tag),
            vr,
            UNDEFINED if undefined else length,
            self._bytes(start, length),
            start,
            implicit or vr is None,
            little,
        )

    def _dataset(
        self,
        name: str | None,
        elements: dict[BaseTag, Any],
        preamble: bytes | None,
        meta: dict[BaseTag, Any],
        implicit: bool,
        little: bool,
    ) -> FileDataset:
        """Wrap up as pydicom's reader does."""
        file_meta = FileMetaDataset(meta)
        file_meta.set_original_encoding(False, True, "iso8859")
        dataset = FileDataset(name or "", elements, preamble, file_meta, implicit, little)
        dataset.filename = name
        try:
            charset = dataset._character_set
        except UNDECODABLE as error:
            raise DamagedFileError("Specific Character Set cannot be understood", tag=0x00080005) from error
        dataset.set_original_encoding(implicit, little, charset)
        if self.table is not None:
            self.table.keep_with(dataset)
        if self.disorder or self.left_over:
            dataset.__dict__[_NOTES] = ReadNotes(tuple(self.disorder), self.left_over)
        return dataset


class _LazyPixels(DataElement):
    """Pixels that stayed in the file, for pydicom's JSON, which takes bytes only."""

    def to_json_dict(self, bulk_data_element_handler: Any, bulk_data_threshold: int) -> dict[str, Any]:
        if bulk_data_element_handler is not None and len(self.value) > bulk_data_threshold // 4 * 3:
            return {"vr": self.VR, "BulkDataURI": bulk_data_element_handler(self)}
        whole = DataElement(self.tag, self.VR, bytes(self.value), already_converted=True)
        return whole.to_json_dict(None, bulk_data_threshold)


def _decode_now(raw: RawDataElement) -> DataElement:
    try:
        return convert_raw_data_element(raw)
    except UNDECODABLE as error:
        raise DamagedFileError(
            "the sequence cannot be decoded", position=raw.value_tell, tag=int(raw.tag)
        ) from error
