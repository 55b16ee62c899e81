"""Content trees as bytes: nodes that look at encoded elements, for readers that go through whole documents.

A report of a thousand groups has tens of thousands of items. Reading it as a table, a tree or text needs a few values
of each: those are taken from the bytes, and no dataset is built.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.charset import decode_bytes
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.valuerep import TEXT_VR_DELIMS

from dicomposer.coding import UID
from dicomposer.errors import ArgumentTypeError, DamagedFileError, MissingAttributeError
from dicomposer.items import CONTENT, identity
from dicomposer.record import base_tag, encode_items, scan_items

__all__ = ["MAX_DEPTH", "NO_CODE", "CodeKey", "Node", "dataset_of", "root_node"]

#: Value, scheme, meaning and version.
CodeKey = tuple[str, str, str, str | None]
NO_CODE: CodeKey = ("", "", "", None)

#: Levels of a content tree; what is deeper is a damaged or hostile file.
MAX_DEPTH = 128

RELATIONSHIP, VALUE_TYPE, NAME, CODE, CONTINUITY, TEMPLATE = map(
    base_tag, (0x0040A010, 0x0040A040, 0x0040A043, 0x0040A168, 0x0040A050, 0x0040A504)
)
MEASURED, NUMERIC, FLOATING, UNITS, QUALIFIER = map(
    base_tag, (0x0040A300, 0x0040A30A, 0x0040A161, 0x004008EA, 0x0040A301)
)
REFERENCED, SOP_CLASS, SOP_INSTANCE, FRAMES, SEGMENTS, CHANNELS = map(
    base_tag, (0x00081199, 0x00081150, 0x00081155, 0x00081160, 0x0062000B, 0x0040A0B0)
)
GRAPHIC_TYPE, GRAPHIC_DATA, FRAME_OF_REFERENCE, ORIGIN, FIDUCIAL = map(
    base_tag, (0x00700023, 0x00700022, 0x30060024, 0x00480301, 0x0070031A)
)
CODE_VALUE, SCHEME, VERSION, MEANING, LONG_VALUE, URN_VALUE = map(
    base_tag, (0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120)
)
CHARSET = base_tag(0x00080005)
TEMPLATE_ID = base_tag(0x0040DB00)
#: Where the value of a type stands that is text.
SIMPLE = {
    "TEXT": base_tag(0x0040A160),
    "DATE": base_tag(0x0040A121),
    "TIME": base_tag(0x0040A122),
    "DATETIME": base_tag(0x0040A120),
    "UIDREF": base_tag(0x0040A124),
    "PNAME": base_tag(0x0040A123),
}
_ROOT = (CHARSET, VALUE_TYPE, NAME, CONTINUITY, TEMPLATE, CONTENT)
_ITEM_KEYS = {"FL": "f4", "FD": "f8", "US": "u2", "UL": "u4", "SS": "i2", "SL": "i4"}
_CODES: dict[tuple[bytes, bool, bool], CodeKey] = {}
_CACHED = 20_000

Elements = Mapping[Any, RawDataElement]


class Node:
    """One content item, as the bytes of its elements.

    Parameters
    ----------
    elements : Mapping
        Tag to raw element.
    charsets : Sequence[str]
        Python names of the character sets.
    """

    __slots__ = ("charsets", "elements")

    def __init__(self, elements: Elements, charsets: Sequence[str]) -> None:
        self.elements = elements
        self.charsets = charsets
        if CHARSET in elements:
            own = Dataset()
            own.SpecificCharacterSet = _plain_text(elements[CHARSET]).split("\\")
            self.charsets = own._character_set

    @property
    def value_type(self) -> str:
        """Value Type; "" if it has none."""
        return _plain_text(self.elements.get(VALUE_TYPE))

    @property
    def relationship(self) -> str:
        """Relationship Type; "" if it has none."""
        return _plain_text(self.elements.get(RELATIONSHIP))

    @property
    def name(self) -> CodeKey:
        """Concept Name."""
        return self.code(NAME)

    @property
    def template(self) -> str:
        """Number of the template that it follows; "" if it does not say."""
        element = self.elements.get(TEMPLATE)
        return "" if element is None else _plain_text(self.first(TEMPLATE).get(TEMPLATE_ID))

    def children(self) -> list[Node]:
        """Items below it.

        Raises
        ------
        DamagedFileError
            If their bytes do not hold together.
        """
        element = self.elements.get(CONTENT)
        if element is None:
            return []
        return [Node(one, self.charsets) for one in scanned(element)]

    def items(self, tag: int) -> list[Elements]:
        """Elements of the items of a sequence."""
        element = self.elements.get(tag)
        return [] if element is None else list(scanned(element))

    def first(self, tag: int) -> Elements:
        """Elements of the first item of a sequence; empty if there is none."""
        items = self.items(tag)
        return items[0] if items else {}

    def text(self, tag: int, elements: Elements | None = None) -> str:
        """Text of an element, in its character set; "" if there is none."""
        element = (self.elements if elements is None else elements).get(tag)
        if element is None:
            return ""
        value = element.value or b""
        if value.isascii():
            return value.decode("ascii").rstrip(" \0")
        return decode_bytes(value, list(self.charsets), TEXT_VR_DELIMS).rstrip(" \0")

    def code(self, tag: int, elements: Elements | None = None) -> CodeKey:
        """The code in a code sequence; empty if there is none that can be read."""
        element = (self.elements if elements is None else elements).get(tag)
        if element is None:
            return NO_CODE
        place = (element.value or b"", bool(element.is_implicit_VR), element.is_little_endian)
        known = _CODES.get(place)
        if known is not None:
            return known
        try:
            items = scanned(element)
        except DamagedFileError:
            return NO_CODE
        if not items:
            return NO_CODE
        found = items[0]
        value = next(
            (self.text(one, found) for one in (CODE_VALUE, LONG_VALUE, URN_VALUE) if one in found), ""
        )
        key = (
            value,
            self.text(SCHEME, found),
            self.text(MEANING, found),
            self.text(VERSION, found) or None,
        )
        if len(_CODES) < _CACHED and "".join(filter(None, key)).isascii():
            _CODES[place] = key
        return key

    def numbers(self, tag: int, elements: Elements | None = None) -> list[float]:
        """Numbers of an element; those that are none are left out."""
        element = (self.elements if elements is None else elements).get(tag)
        return [] if element is None else list(numbers_of(element))

    def whole_numbers(self, tag: int, elements: Elements | None = None) -> list[int]:
        """The same, of elements that count."""
        return [int(one) for one in self.numbers(tag, elements) if math.isfinite(one)]

    # -- values -------------------------------------------------------------------------------------------------------

    def simple(self) -> str:
        """Value of the types that are text: TEXT, DATE, TIME, DATETIME, UIDREF, PNAME; "" for others."""
        tag = SIMPLE.get(self.value_type)
        return "" if tag is None else self.text(tag)

    def measured(self) -> tuple[float | None, CodeKey]:
        """The number, as exact as it is stored, and its unit; None if there is none."""
        item = self.first(MEASURED)
        unit = self.code(UNITS, item) if item else NO_CODE
        for tag in (FLOATING, NUMERIC):
            found = self.numbers(tag, item)
            if found:
                return found[0], unit
        return None, unit

    def reference(self) -> tuple[str, str, list[int], list[int]]:
        """Class UID, instance UID, frames and segments of the object that the item refers to."""
        item = self.first(REFERENCED)
        return (
            _plain_text(item.get(SOP_CLASS)),
            _plain_text(item.get(SOP_INSTANCE)),
            self.whole_numbers(FRAMES, item),
            self.whole_numbers(SEGMENTS, item),
        )

    def points(self) -> NDArray[np.float64]:
        """Points of a shape, shape (n, 2) or (n, 3); what does not fill a point is left out."""
        width = 3 if self.value_type == "SCOORD3D" else 2
        element = self.elements.get(GRAPHIC_DATA)
        if element is None:
            return np.empty((0, width))
        value = np.asarray(numbers_of(element), float)
        return value[: len(value) // width * width].reshape(-1, width)


def _plain_text(element: RawDataElement | None) -> str:
    """Text of the default repertoire."""
    if element is None or not element.value:
        return ""
    return element.value.rstrip(b" \0").decode("latin-1").strip()


def scanned(element: RawDataElement) -> Sequence[Elements]:
    implicit = element.is_implicit_VR or element.VR == "UN"
    return scan_items(element.value or b"", implicit=implicit, little=element.is_little_endian)


_VRS = {GRAPHIC_DATA: "FL", FLOATING: "FD", SEGMENTS: "US", CHANNELS: "US"}


def vr_of(tag: int, element: RawDataElement) -> str:
    """VR of an element, from the dictionary where the bytes do not say."""
    if element.VR and element.VR != "UN":
        return element.VR
    from pydicom.datadict import dictionary_VR

    known = _VRS.get(base_tag(tag))
    if known:
        return known
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return "UN"


def numbers_of(element: RawDataElement) -> Sequence[float]:
    """Numbers of an element, binary or text; of text, those that are none are left out."""
    kind = _ITEM_KEYS.get(vr_of(element.tag, element))
    value = element.value or b""
    if kind is not None:
        size = int(kind[1])
        order = "<" if element.is_little_endian else ">"
        found: list[float] = np.frombuffer(value[: len(value) // size * size], order + kind).tolist()
        return found
    numbers: list[float] = []
    for one in _plain_text(element).split("\\"):
        try:
            number = float(one)
        except ValueError:
            continue
        if not math.isfinite(number) or "_" in one:  # what Python understands, and DICOM does not
            continue
        plain = one.strip()
        numbers.append(int(plain) if plain.lstrip("+-").isdecimal() and len(plain) < 20 else number)
    return numbers


# -- the root ----------------------------------------------------------------------------------------------------------


def dataset_of(document: Any) -> Dataset:
    """A document or content item.

    Raises
    ------
    ArgumentTypeError
        If it is no dataset, nor a sequence of one.
    MissingAttributeError
        If it has no content.
    """
    alone = hasattr(document, "is_sr") and len(document) == 1
    found = document[0] if alone else document
    if not isinstance(found, Dataset):
        raise ArgumentTypeError(
            f"a document or the root of its content is needed, not {type(found).__name__}"
        )
    if VALUE_TYPE not in found._dict:
        raise MissingAttributeError("the dataset has no ValueType, so no content")
    return found


def root_node(document: Any) -> Node:
    """The root of a document's content, or a content item; nothing is decoded in it.

    Parameters
    ----------
    document : pydicom.Dataset
        Not modified.
    """
    dataset = dataset_of(document)
    elements = dataset._dict
    wanted = [tag for tag in _ROOT if tag in elements] if "SOPClassUID" in dataset else list(elements)
    if all(isinstance(elements[tag], RawDataElement) for tag in wanted):
        return Node({tag: elements[tag] for tag in wanted}, dataset._character_set)  # type: ignore[misc]
    charsets = dataset._character_set
    part = Dataset()
    part._dict.update({tag: elements[tag] for tag in wanted})
    raw_part = _encoded(part, charsets, _is_implicit(elements.values()))
    return Node(scanned(raw_part)[0], charsets)


def _is_implicit(elements: Any) -> bool:
    """How the elements that are still bytes are encoded."""
    for element in elements:
        if isinstance(element, RawDataElement):
            return bool(element.is_implicit_VR)
        if element.VR == "SQ":
            for item in element.value:
                if item._dict:
                    return _is_implicit(item._dict.values())
    return False


def _encoded(part: Dataset, charsets: Any, implicit: bool) -> RawDataElement:
    """A dataset as the only item of a sequence, encoded."""
    element = DataElement(CONTENT, "SQ", [part])
    value = encode_items(element, implicit=implicit, charsets=charsets, same_text=True)
    if value is None:
        # Undefined lengths, big endian, mixed encodings: pydicom writes it.
        buffer = DicomBytesIO()
        buffer.is_implicit_VR, buffer.is_little_endian = False, True
        write_data_element(buffer, element, charsets)
        value, implicit = buffer.getvalue()[12:], False
    return RawDataElement(CONTENT, "SQ", len(value), value, 0, implicit, True)


def uid_of(document: Dataset, tag: int) -> str | None:
    """A UID of a document; None if it has none."""
    element = document._dict.get(base_tag(tag))
    if isinstance(element, RawDataElement):
        return _plain_text(element) or None
    if element is None or not element.value:
        return None
    value = element.value
    return str(UID(value if isinstance(value, str) else "\\".join(map(str, value))))


#: Names of SNOMED RT that old writers used.
_SNOMED_RT = frozenset(("SNM3", "99SDM"))
_CONCEPTS: dict[CodeKey, tuple[str, str]] = {}


def concept(key: CodeKey) -> tuple[str, str]:
    """Value and scheme of a code, whatever its version and meaning; SNOMED RT replaced by SNOMED CT."""
    known = _CONCEPTS.get(key)
    if known is None:
        scheme = "SRT" if key[1] in _SNOMED_RT else key[1]
        known = identity((key[0], scheme, key[2], None))[:2]
        if len(_CONCEPTS) < _CACHED:
            _CONCEPTS[key] = known
    return known


def walk_nodes(root: Node) -> Iterator[tuple[int, Node]]:
    """Every node with its depth, each before those below it.

    Raises
    ------
    DamagedFileError
        If the tree is deeper than :data:`MAX_DEPTH`, or does not hold together.
    """
    pending = [(0, root)]
    while pending:
        depth, node = pending.pop()
        yield depth, node
        children = node.children()
        if children and depth >= MAX_DEPTH:
            raise DamagedFileError("the content tree is nested too deeply", tag=int(CONTENT))
        pending += [(depth + 1, one) for one in reversed(children)]
