"""Elements of the items of a sequence that is still bytes (PS3.5 7.5), without building datasets.

One level is scanned at a time: a nested sequence stays bytes until somebody asks for its items. Lengths are never
trusted: an element that claims more than there is ends the scan with a DamagedFileError.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from dicomposer.errors import DamagedFileError, TruncatedError

__all__ = ["base_tag", "item_spans", "scan_items"]

_ITEM = 0xFFFEE000
_ITEM_END = 0xFFFEE00D
_SEQUENCE_END = 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_MAX_DEPTH = 64
#: VRs whose explicit header has a 4-byte length (PS3.5 7.1.2).
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

_SHORT = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_NAMES = {vr: vr.decode() for vr in _SHORT | _LONG}

_Elements = dict[int, RawDataElement]
_made = tuple.__new__


@lru_cache(maxsize=8192)
def base_tag(number: int) -> BaseTag:
    """The tag as pydicom has it, the same object each time: two that are equal are compared in Python, slowly."""
    return BaseTag(number)


class _Scanner:
    """Cursor-free reader of element headers in one byte string."""

    def __init__(self, data: bytes, implicit: bool, little: bool) -> None:
        order = "<" if little else ">"
        self.data = data
        self.implicit = implicit
        self.little = little
        #: (tag, whether it had occurred) of elements that do not ascend, in the item at hand.
        self.disorder: list[tuple[int, bool]] = []
        self.head = Struct(order + "HHI").unpack_from
        self.short = Struct(order + "H").unpack_from
        self.long = Struct(order + "I").unpack_from

    def header(self, at: int, end: int) -> tuple[int, bytes | None, int, int]:
        """(tag, VR, length, start of the value) of the element at a position."""
        if at + 8 > end:
            raise TruncatedError("an element's header ends too early in a sequence", position=at)
        group, number, length = self.head(self.data, at)
        tag = group << 16 | number
        if self.implicit or group == 0xFFFE:
            return tag, None, length, at + 8
        vr = self.data[at + 4 : at + 6]
        if vr in _LONG:
            if at + 12 > end:
                raise TruncatedError("an element's header ends too early in a sequence", position=at)
            return tag, vr, self.long(self.data, at + 8)[0], at + 12
        if not vr.isalpha():
            raise DamagedFileError("no value representation where one is due", position=at, tag=tag)
        return tag, vr, self.short(self.data, at + 6)[0], at + 8

    def end_of(self, start: int, end: int, depth: int, closing: int) -> int:
        """Position of the delimiter that closes a value of undefined length begun at `start`."""
        if depth > _MAX_DEPTH:
            raise DamagedFileError("sequences are nested too deeply", position=start)
        at = start
        while True:
            tag, _, length, value = self.header(at, end)
            if tag == closing:
                return at
            if length != _UNDEFINED:
                at = value + length
            else:
                inner = _ITEM_END if tag == _ITEM else _SEQUENCE_END
                at = self.end_of(value, end, depth + 1, inner) + 8

    def item(self, at: int, end: int) -> tuple[int, int | None] | None:
        """Start and end of the item at a position, no end if it is undefined; None at the sequence's delimiter."""
        tag, _, length, value = self.header(at, end)
        if tag == _SEQUENCE_END:
            return None
        if tag != _ITEM:
            raise DamagedFileError("something other than an item in a sequence", position=at, tag=tag)
        if length == _UNDEFINED:
            return value, None
        if value + length > end:
            raise TruncatedError("an item claims more bytes than its sequence has", position=at)
        return value, value + length

    def elements(self, at: int, end: int) -> tuple[_Elements, int]:
        """Elements of one item, and where it ended (at its delimiter or at `end`)."""
        found: _Elements = {}
        data, head, implicit, little = self.data, self.head, self.implicit, self.little
        last = -1
        while at < end:
            # The common case, a short explicit header, without a call; everything else below.
            vr: bytes | None = None if implicit else data[at + 4 : at + 6]
            if vr in _SHORT and at + 8 <= end:
                group, number, _ = head(data, at)
                tag, length, value = group << 16 | number, self.short(data, at + 6)[0], at + 8
                stop = value + length
            elif vr == b"SQ" and at + 12 <= end:
                group, number, _ = head(data, at)
                tag, length, value = group << 16 | number, self.long(data, at + 8)[0], at + 12
                stop = value + length
                if length == _UNDEFINED:
                    stop = self.end_of(value, end, 0, _SEQUENCE_END)
            else:
                tag, vr, length, value = self.header(at, end)
                if tag == _ITEM_END:
                    return found, at
                stop = value + length
                if length == _UNDEFINED:
                    stop = self.end_of(value, end, 0, _SEQUENCE_END)
                    vr = b"SQ" if vr in (None, b"UN") else vr
            if stop > end:
                raise TruncatedError("an element claims more bytes than its item has", position=at, tag=tag)
            if tag <= last:
                self.disorder.append((tag, tag in found))
            last = tag
            name = None if vr is None else _NAMES.get(vr) or vr.decode("latin-1")
            key = base_tag(tag)
            # as RawDataElement(...) does, without its constructor in Python
            found[key] = _made(
                RawDataElement, (key, name, stop - value, data[value:stop], value, implicit, little)
            )
            at = stop + (8 if length == _UNDEFINED else 0)
        return found, end


def scan_items(
    data: bytes, *, implicit: bool, little: bool, disorder: list[tuple[int, int, bool]] | None = None
) -> list[_Elements]:
    """Elements of each item of a sequence's value.

    Parameters
    ----------
    data : bytes
        Value of the sequence.
    implicit, little : bool
        How it is encoded.
    disorder : list, optional
        Gets (number of the item, tag, whether it had occurred) of elements that do not ascend (PS3.5 7.1).

    Raises
    ------
    DamagedFileError
        If the bytes do not hold together.
    """
    scanner = _Scanner(data, implicit, little)
    items: list[_Elements] = []
    at, end = 0, len(data)
    while at < end:
        begun = scanner.item(at, end)
        if begun is None:
            break
        value, stop = begun
        elements, at = scanner.elements(value, end if stop is None else stop)
        at += 8 if stop is None else 0
        if scanner.disorder:
            if disorder is not None:
                disorder += [(len(items), tag, twice) for tag, twice in scanner.disorder]
            scanner.disorder.clear()
        items.append(elements)
    return items


def item_spans(data: bytes, *, implicit: bool, little: bool) -> list[tuple[int, int]]:
    """Where each item of a sequence's value stands, with its header, so that one can be scanned without the others.

    Parameters
    ----------
    data : bytes
        Value of the sequence.
    implicit, little : bool
        How it is encoded.

    Raises
    ------
    DamagedFileError
        If the bytes do not hold together, as far as items go.
    """
    scanner = _Scanner(data, implicit, little)
    spans: list[tuple[int, int]] = []
    at, end = 0, len(data)
    while at < end:
        begun = scanner.item(at, end)
        if begun is None:
            break
        value, stop = begun
        if stop is None:
            stop = scanner.end_of(value, end, 0, _ITEM_END) + 8
        spans.append((at, stop))
        at = stop
    return spans
