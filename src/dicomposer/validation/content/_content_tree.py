"""The tree of content items of a structured report (PS3.3 C.17.3), read once, without recursion, into a flat list.

A report of a thousand measurement groups has tens of thousands of items, but few that differ in more than a number, a
UID or a text. Items are therefore read from the bytes of the tree, without building views of their elements: what they
hold is a :class:`Form`, shared by all that are alike, and at most one value of their own. A view is built for the
first item of each form, for what is not encoded in the usual way, and for what somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from struct import Struct
from typing import Any

from pydicom.dataelem import RawDataElement

from dicomposer.errors import DamagedFileError
from dicomposer.record import scan_items
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Element, Item, tag_of

__all__ = ["CONTENT_SEQUENCE", "MEASURED", "MOST_DEEP", "Form", "Node", "content_tree"]

CONTENT_SEQUENCE = 0x0040A730

#: Deeper ones are said to be too deep and not looked at: no template nests half as far.
MOST_DEEP = 100

_VALUE_TYPE = tag_of("ValueType")
_RELATIONSHIP = tag_of("RelationshipType")
_REFERENCE = tag_of("ReferencedContentItemIdentifier")
#: Specific Character Set: what holds of an item may then not hold of one that has the same bytes elsewhere.
_ELSEWHERE = frozenset((0x00080005,))
MEASURED, TEXT, UID, GRAPHIC = 0x0040A300, 0x0040A160, 0x0040A124, 0x00700022
NUMERIC, FLOATING = 0x0040A30A, 0x0040A161

#: Of up to 64 bytes, in pairs.
_EVEN_UID = rb"(?=(?:[\d.\x00]{2}){1,32}\Z)"
#: Values that one item has and others like it have not, with what is surely right as such a value.
_PLAIN: dict[int, tuple[bytes, Callable[[bytes], Any]]] = {
    UID: (b"UI", re.compile(_EVEN_UID + rb"(?:1\.[0-3]|2\.[1-9]?\d)(?:\.(?:0|[1-9]\d*)){1,30}\x00?").fullmatch),
    TEXT: (b"UT", re.compile(rb"[!-\[\]-~][ -\[\]-~](?:[ -\[\]-~]{2})*").fullmatch),
    GRAPHIC: (b"FL", lambda value: len(value) >= 8 and not len(value) % 4),
    NUMERIC: (b"DS", re.compile(rb"(?=(?:..){1,8}\Z)-?\d{1,12}(?:\.\d{1,12})?(?:[eE][+-]?\d{1,3})? ?").fullmatch),
    FLOATING: (b"FD", lambda value: len(value) == 8),
}  # fmt: skip
_ITEM = 0xE000FFFE
_UNDEFINED = 0xFFFFFFFF
#: VRs whose header has a length of 4 bytes, and all others (PS3.5 7.1.2).
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_KNOWN = _LONG | frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())

_head = Struct("<HH2sH").unpack_from
_long = Struct("<I").unpack_from
_pair = Struct("<II").unpack_from


class _Unusual(Exception):
    """Bytes that are left to the scanner that knows all encodings, and says what is damaged."""


class Form:
    """What content items have in common that differ in at most one value.

    Attributes
    ----------
    value_type, relationship : str
    reference : tuple of int or None
        As of :class:`Node`.
    free : int
        Tag of the element whose value is each item's own; 0 if there is none.
    measured : object
        What is common of the measured values, for numbers.
    kept : dict
        What others found out about the form.
    """

    __slots__ = ("free", "kept", "measured", "reference", "relationship", "value_type")

    def __init__(self, item: Item, free: int, measured: Any) -> None:
        self.free = free
        self.measured = measured
        self.kept: dict[str, Any] = {}
        self.value_type = item.text("ValueType") if _VALUE_TYPE in item.elements else ""
        self.relationship = item.text("RelationshipType") if _RELATIONSHIP in item.elements else ""
        self.reference: tuple[int, ...] | None = None
        if _REFERENCE in item.elements:
            values = item.values("ReferencedContentItemIdentifier")
            self.reference = tuple(value for value in values if isinstance(value, int))


class Node:
    """One content item.

    Attributes
    ----------
    value_type, relationship : str
        "" where absent.
    reference : tuple of int or None
        Of an item by reference: where its target stands.
    parent : Node or None
    children : Sequence of Node
    depth : int
        0 for the root.
    form : Form
        What it has in common with others.
    own : bytes or None
        The value that only it has, if that is surely right; None if it has to be looked at.
    problem : str
        What is wrong with its sequence of items, if that cannot be read.
    """

    __slots__ = ("_end", "_index", "_item", "_start", "_tree", "below", "children", "depth", "form", "listed", "own",
                 "parent", "problem", "reference", "relationship", "value_type")  # fmt: skip

    _tree: _Bytes
    _index: int
    _start: int
    _end: int

    def __init__(self, form: Form, parent: Node | None, own: bytes | None) -> None:
        self.form = form
        self.parent = parent
        self.own = own
        self.children: Sequence[Node] = ()
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.problem = ""
        self.value_type = form.value_type
        self.relationship = form.relationship
        self.reference = form.reference
        self._item: Item | None = None
        #: Where its content sequence begins and ends in the bytes of the tree; None if it has none, or is not bytes.
        self.below: tuple[int, int] | None = None
        #: Its content sequence, if that was not read from the bytes of the tree.
        self.listed: Element | None = None

    @property
    def item(self) -> Item:
        """The item itself, built when somebody asks for it."""
        if self._item is None:
            assert self.parent is not None
            self._item = self._tree.view(self.parent.item, self._index, self._start, self._end)
        return self._item

    @property
    def shared(self) -> bool:
        """Whether its form is shared, so that what holds of one item of the form holds of all."""
        return self.own is not None

    def path_of(self, keyword: str) -> str:
        """Path of an attribute of the item."""
        return self.item.path_of(keyword)


def content_tree(subject: Subject) -> list[Node]:
    """All content items, the root first, parents before children; read at the first call."""
    return subject.once("content tree", lambda: _read(subject.root))


def _alone(item: Item, parent: Node | None) -> Node:
    """A node of an item that is at hand, and whose form is taken for its own."""
    node = Node(Form(item, 0, None), parent, None)
    node._item = item
    return node


def _read(root: Item) -> list[Node]:
    found: list[Node] = []
    waiting = [_alone(root, None)]
    tree: _Bytes | None = None
    element = root.get(CONTENT_SEQUENCE)
    if element is not None and _is_usual(element):
        tree = _Bytes(element.raw or b"")
        waiting[0].below = 0, len(tree.data)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if node._item is None and node.below is None:
            continue
        if node._item is not None and CONTENT_SEQUENCE not in node._item.elements:
            continue
        if node.depth >= MOST_DEEP:
            node.problem = f"is nested deeper than {MOST_DEEP} levels, which is not looked at"
            continue
        node.children = _children(node, tree)
        waiting += reversed(node.children)
    return found


def _is_usual(element: Element) -> bool:
    """Whether a sequence is still bytes, of explicit VR and little endian."""
    source = element.source
    usual = isinstance(source, RawDataElement) and source.VR == "SQ" and not source.is_implicit_VR
    return usual and element.little and element.raw is not None


def _children(node: Node, tree: _Bytes | None) -> Sequence[Node]:
    if tree is not None and node.below is not None:
        try:
            return list(tree.children(node, *node.below))
        except _Unusual:
            pass
    try:
        node.listed = node.item.get(CONTENT_SEQUENCE)
        return [] if node.listed is None else [_alone(item, node) for item in node.listed.items]
    except DamagedFileError:
        node.problem = "is damaged: its bytes do not hold together as items"
        return []


class _Bytes:
    """The encoded tree: explicit VR, little endian, lengths defined. Whatever else it is, is :class:`_Unusual`.

    Parameters
    ----------
    data : bytes
        Value of the topmost content sequence.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.forms: dict[Any, Form] = {}

    def view(self, parent: Item, index: int, start: int, end: int) -> Item:
        """View of one item."""
        elements = scan_items(self.data[start:end], implicit=False, little=True)[0]
        return Item(elements, parent, CONTENT_SEQUENCE, index)

    def children(self, parent: Node, at: int, end: int) -> Iterator[Node]:
        """Nodes of the items of a content sequence."""
        data, forms = self.data, self.forms
        index = 0
        while at < end:
            if at + 8 > end:
                raise _Unusual
            mark, length = _pair(data, at)
            stop = at + 8 + length
            if mark != _ITEM or stop > end:
                raise _Unusual
            key, free, own, below = self._elements(at + 8, stop)
            form = forms.get(key)
            if form is None:
                item = self.view(parent.item, index, at, stop)
                form = forms[key] = Form(item, free, key[-1] if free == MEASURED else None)
            node = Node(form, parent, own)
            node.below = below
            node._tree, node._index, node._start, node._end = self, index, at, stop
            yield node
            at = stop
            index += 1

    def _elements(self, at: int, end: int) -> tuple[Any, int, bytes | None, tuple[int, int] | None]:
        """Of one item: key of its form, tag and value of what is its own, and where its content sequence is."""
        data = self.data
        begin, last, free = at, -1, 0
        own: bytes | None = b""
        below: tuple[int, int] | None = None
        measured: tuple[Any, ...] | None = None
        parts: list[Any] = []
        while at < end:
            if at + 8 > end:
                raise _Unusual
            group, number, vr, length = _head(data, at)
            tag = group << 16 | number
            start = at + 8
            if vr in _LONG:
                if at + 12 > end:
                    raise _Unusual
                length, start = _long(data, start)[0], at + 12
            stop = start + length
            if tag <= last or stop > end or vr not in _KNOWN or tag in _ELSEWHERE or group == 0xFFFE:
                raise _Unusual
            last = tag
            if tag == CONTENT_SEQUENCE:
                if vr != b"SQ":
                    raise _Unusual
                # whether there is anything in it is part of the form, what is in it is not
                parts.append((data[begin : start - 4], stop > start))
                below, begin = (start, stop), stop
            elif not free and (tag in _PLAIN or tag == MEASURED):
                free, own = tag, data[start:stop]
                parts.append(data[begin:at])
                begin = stop
                if tag == MEASURED:
                    measured = _measured(own) if vr == b"SQ" else None
                    parts.append((vr, own) if measured is None else None)
                elif vr != _PLAIN[tag][0] or not _PLAIN[tag][1](own):
                    parts.append((vr, own))
                    own = None
            at = stop
        parts.append(data[begin:end])
        if free == MEASURED:
            if measured is None:
                own = None
            parts.append(measured)
        return (free, *parts), free, own, below


def _measured(data: bytes) -> tuple[Any, ...] | None:
    """What is common of measured values: all but the number; None if they are not as usual."""
    if len(data) < 8:
        return None
    mark, length = _pair(data, 0)
    if mark != _ITEM or length != len(data) - 8:
        return None
    parts: list[Any] = []
    at, begin, last = 8, 8, -1
    while at < len(data):
        if at + 8 > len(data):
            return None
        group, number, vr, length = _head(data, at)
        tag = group << 16 | number
        start = at + 8
        if vr in _LONG:
            if at + 12 > len(data):
                return None
            length, start = _long(data, start)[0], at + 12
        stop = start + length
        if tag <= last or stop > len(data) or vr not in _KNOWN or tag in _ELSEWHERE or group == 0xFFFE:
            return None
        last = tag
        if tag in (NUMERIC, FLOATING):
            if vr != _PLAIN[tag][0] or not _PLAIN[tag][1](data[start:stop]):
                return None
            parts += [data[begin:at], tag]
            begin = stop
        at = stop
    parts.append(data[begin:])
    return tuple(parts)
