"""A bounded scanner of encoded data elements (PS3.5 sections 7.1 to 7.5).

It never trusts a length: each is compared, in Python integers, with the bytes that are there, and nesting is
counted. Values are not decoded, only located. Whatever does not hold together raises an error of
:mod:`dicomposer.errors` with the position and the tag.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from struct import Struct
from typing import NamedTuple, TypeAlias

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from dicomposer.errors import ArgumentError, DamagedFileError, TruncatedError

MAX_DEPTH = 100
UNDEFINED = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD

#: VRs whose explicit header has a 16-bit length (PS3.5 table 7.1-2) and those with a 32-bit one (7.1-1).
SHORT_VRS = frozenset("AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG_VRS = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
#: What the two VR bytes of an explicit header say: the VR, and whether its length field has 32 bits.
KNOWN_VRS = {vr.encode(): (vr, vr in LONG_VRS) for vr in SHORT_VRS | LONG_VRS}
_CONCRETE = {"US or SS": "US", "OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW"}

Buffer: TypeAlias = "bytes | memoryview"


class Leaf(NamedTuple):
    """One located element that is not a sequence; `start` counts from the start of the scanned buffer."""

    path: str
    tag: int
    vr: str
    start: int
    length: int
    undefined: bool = False
    value: bytes | None = None


class Nest(NamedTuple):
    """One sequence: a list of items, each a list of elements."""

    path: str
    tag: int
    items: list[list[Leaf | Nest]]


class Span(NamedTuple):
    """Where a value starts, where it ends (None: at its delimiter), and where what surrounds it ends."""

    start: int
    end: int | None
    bound: int


Node: TypeAlias = Leaf | Nest


@lru_cache(maxsize=4096)
def vr_of(tag: int) -> str | None:
    """Return the dictionary's VR of a tag; None if unknown. Ambiguous ones become their usual choice."""
    try:
        vr = str(dictionary_VR(tag))
    except KeyError:
        return None
    return _CONCRETE.get(vr, vr)


@lru_cache(maxsize=4096)
def name_of(tag: int) -> str:
    """Return the path component of a tag: its keyword, or eight hexadecimal digits."""
    return keyword_for_tag(tag) or f"{tag:08X}"


@lru_cache(maxsize=4096)
def tag_of(name: str) -> int:
    """Return the tag of a path component; ArgumentError if there is none."""
    tag = tag_for_keyword(name)
    if tag is None and len(name) == 8:
        try:
            tag = int(name, 16)
        except ValueError:
            tag = None
    if tag is None:
        raise ArgumentError(f"{name!r} is not the keyword of an attribute")
    return int(tag)


class Scanner:
    """Locate elements in a buffer of one byte order.

    Parameters
    ----------
    buffer : bytes or memoryview
        What is scanned.
    little : bool
        Byte order.
    origin : int
        Position of the buffer in the file, for messages.
    keep : bool
        Whether to return what is found; otherwise it is only checked, and lists stay empty.
    """

    def __init__(self, buffer: Buffer, little: bool, origin: int = 0, *, keep: bool = True) -> None:
        self.keep = keep
        self.buffer = buffer
        self.little = little
        self.origin = origin
        self.limit = len(buffer)
        order = "<" if little else ">"
        self._implicit = Struct(order + "HHL").unpack_from
        self._explicit = Struct(order + "HH2sH").unpack_from
        self._long = Struct(order + "L").unpack_from

    def header(self, position: int, implicit: bool) -> tuple[int, str | None, int, int]:
        """Return tag, VR (None if the header has none), length and position of the value."""
        if position + 8 > self.limit:
            raise TruncatedError("the bytes end inside an element header", position=self.origin + position)
        if implicit:
            group, element, length = self._implicit(self.buffer, position)
            return group << 16 | element, None, length, position + 8
        group, element, code, length = self._explicit(self.buffer, position)
        tag = group << 16 | element
        known = KNOWN_VRS.get(code)
        if known is None:
            # Delimiters have no VR. Some writers fall back to implicit headers inside explicit files; an unknown
            # VR of two capitals is read as a short one (PS3.5 6.2.2 leaves no other choice to old readers).
            if group == 0xFFFE or not (65 <= code[0] <= 90 and 65 <= code[1] <= 90):
                return tag, None, self._long(self.buffer, position + 4)[0], position + 8
            return tag, code.decode("ascii"), length, position + 8
        vr, long = known
        if not long:
            return tag, vr, length, position + 8
        if position + 12 > self.limit:
            raise TruncatedError(
                "the bytes end inside an element header", position=self.origin + position, tag=tag
            )
        return tag, vr, self._long(self.buffer, position + 8)[0], position + 12

    def looks_implicit(self, position: int) -> bool:
        """Tell whether the header at `position` has no VR (pydicom uses the same test)."""
        code = bytes(self.buffer[position + 4 : position + 6])
        return not (len(code) == 2 and 65 <= code[0] <= 90 and 65 <= code[1] <= 90)

    def is_sequence(self, tag: int, vr: str | None, length: int) -> bool:
        """Tell from its header whether an element holds items."""
        if vr is None:
            vr = vr_of(tag)
        if vr == "SQ":
            return True
        if length != UNDEFINED:
            return False
        # PS3.5 6.2.2: UN of undefined length is a sequence. Undefined length elsewhere means fragments, except for
        # unknown elements of implicit files.
        if vr == "UN" or vr is None:
            return True
        return vr not in ("OB", "OW", "OF", "OD", "OL", "OV")

    def items(
        self, position: int, end: int | None, implicit: bool, depth: int = 1, path: str = "", tag: int = 0
    ) -> tuple[list[list[Node]], int]:
        """Walk the items of a sequence.

        Parameters
        ----------
        position, end : int
            Where the value starts, and ends (None: at its delimiter).
        implicit : bool
            Whether headers lack a VR.
        depth : int
            How many sequences are open, this one included.
        path, tag
            Path of the sequence (prefix of the paths of its elements) and its tag.

        Returns
        -------
        list of items, position after the sequence
        """
        if depth > MAX_DEPTH:
            raise DamagedFileError(
                f"sequences are nested deeper than {MAX_DEPTH} levels",
                position=self.origin + position,
                tag=tag,
            )
        items: list[list[Node]] = []
        bound = self.limit if end is None else end
        while position != end:
            if position + 8 > bound:
                raise TruncatedError(
                    "the bytes end inside a sequence", position=self.origin + position, tag=tag
                )
            group, element, length = self._implicit(self.buffer, position)
            mark = group << 16 | element
            position += 8
            if mark == ITEM:
                index = len(items)
                prefix = f"{path}[{index}]." if index else f"{path}." if path else ""  # item 0 is implied
                if length == UNDEFINED:
                    nodes, position = self.elements(position, None, implicit, depth, prefix, bound)
                else:
                    nodes, position = self.elements(
                        position, position + length, implicit, depth, prefix, bound
                    )
                if self.keep:
                    items.append(nodes)
            elif mark == SEQUENCE_END and (end is None or position == end):
                return items, position
            else:
                raise DamagedFileError("an item was expected", position=self.origin + position - 8, tag=tag)
        return items, position

    def elements(
        self, position: int, end: int | None, implicit: bool, depth: int, prefix: str, bound: int
    ) -> tuple[list[Node], int]:
        """Walk the elements of one item up to `end` (None: its delimiter), nowhere beyond `bound`."""
        if end is not None:
            if end > bound:
                raise TruncatedError(
                    f"an item of {end - position} bytes has only {bound - position} left",
                    position=self.origin + position - 8,
                )
            bound = end
        nodes: list[Node] = []
        while position != end:
            start = position
            tag, vr, length, position = self.header(position, implicit)
            if tag == ITEM_END and (end is None or position == end):
                return nodes, position
            if position > bound or (length != UNDEFINED and position + length > bound):
                raise TruncatedError(
                    "the element's value is longer than what is left", position=self.origin + start, tag=tag
                )
            if tag >> 16 == 0xFFFE:
                raise DamagedFileError("a delimiter out of place", position=self.origin + start, tag=tag)
            path = prefix + name_of(tag) if self.keep else ""
            if self.is_sequence(tag, vr, length):
                stop = None if length == UNDEFINED else position + length
                span = Span(position, stop, bound)
                nested, position = self.sequence(tag, vr, span, implicit, depth + 1, path)
                if self.keep:
                    nodes.append(Nest(path, tag, nested))
                continue
            stop = self.fragments(position, tag, bound) if length == UNDEFINED else position + length
            if self.keep:
                undefined = length == UNDEFINED
                size = stop - 8 - position if undefined else length
                nodes.append(Leaf(path, tag, vr or vr_of(tag) or "UN", position, size, undefined))
            position = stop
        return nodes, position

    def sequence(
        self, tag: int, vr: str | None, span: Span, implicit: bool, depth: int = 1, path: str = ""
    ) -> tuple[list[list[Node]], int]:
        """Walk a sequence whose header was read."""
        position, end, bound = span
        if vr == "UN" and position + 16 <= bound:
            # PS3.5 6.2.2 note: the items of a UN sequence are implicit; some writers keep them explicit.
            implicit = implicit or self.looks_implicit(position + 8)
        if end is not None or bound == self.limit:
            return self.items(position, end, implicit, depth, path, tag)
        whole, self.limit = self.limit, bound
        try:
            return self.items(position, end, implicit, depth, path, tag)
        finally:
            self.limit = whole

    def fragments(self, position: int, tag: int, bound: int | None = None) -> int:
        """Walk encapsulated fragments (PS3.5 A.4); return the position after their delimiter."""
        bound = self.limit if bound is None else bound
        while True:
            if position + 8 > bound:
                raise TruncatedError(
                    "the bytes end inside encapsulated data", position=self.origin + position, tag=tag
                )
            group, element, length = self._implicit(self.buffer, position)
            mark = group << 16 | element
            position += 8
            if mark == SEQUENCE_END:
                return position
            if mark != ITEM or length == UNDEFINED:
                raise DamagedFileError(
                    "a fragment was expected", position=self.origin + position - 8, tag=tag
                )
            if position + length > bound:
                raise TruncatedError(
                    f"a fragment of {length} bytes has only {bound - position} left",
                    position=self.origin + position - 8,
                    tag=tag,
                )
            position += length


def inflate(data: Buffer, limit: int, origin: int = 0) -> bytes:
    """Inflate a deflated dataset (PS3.5 A.5), refusing more than `limit` bytes of result."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        result = engine.decompress(data, limit + 1)
    except zlib.error as error:
        raise DamagedFileError("the deflated dataset is damaged", position=origin) from error
    if len(result) > limit:
        raise DamagedFileError(
            f"the deflated dataset holds more than the allowed {limit} bytes", position=origin
        )
    if not engine.eof:
        raise TruncatedError("the deflated dataset ends too early", position=origin + len(data))
    return result
