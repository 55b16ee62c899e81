"""Elements that stay bytes until somebody looks at them.

A report has tens of thousands of content items, each with a coded name. Built as pydicom builds datasets each costs
a millisecond; here an item's elements are put into it as the bytes that go into the file (explicit VR, little endian,
ASCII), and pydicom decodes those that are asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as PydicomSequence

from dicomposer.coding import Code, CodedConcept, CodeLike, as_concept, identity_of
from dicomposer.errors import ArgumentTypeError, DamagedFileError
from dicomposer.record import base_tag, item_spans, scan_items

__all__ = [
    "CodeKey",
    "Identity",
    "begin",
    "blank",
    "code_key",
    "concept_below",
    "encoded_code",
    "encoded_item",
    "filled",
    "first_item",
    "identity",
    "key_in",
    "put",
    "put_code",
    "raw",
    "scanned",
    "spans_of",
    "text",
    "text_in",
]

_D = TypeVar("_D", bound=Dataset)
#: Value, scheme, meaning and version of a code.
CodeKey = tuple[str, str, str, str | None]

#: Value, scheme and version, with which codes are compared.
Identity = tuple[str, str, str | None]

_ITEM = b"\xfe\xff\x00\xe0"
_LONG = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

_VALUE, _DESIGNATOR, _VERSION, _MEANING = 0x00080100, 0x00080102, 0x00080103, 0x00080104
_LONG_VALUE, _URN_VALUE = 0x00080119, 0x00080120
_VRS = {_VALUE: "SH", _DESIGNATOR: "SH", _VERSION: "SH", _MEANING: "LO", _LONG_VALUE: "UC", _URN_VALUE: "UR"}
_CACHED = 20_000


def raw(tag: int, vr: str, value: bytes) -> RawDataElement:
    """An element that is not decoded: explicit VR, little endian."""
    return RawDataElement(base_tag(tag), vr, len(value), value, 0, False, True)


def text(value: str, pad: bytes = b" ") -> bytes:
    """ASCII text, padded to an even length."""
    encoded = value.encode("ascii")
    return encoded + pad if len(encoded) % 2 else encoded


def put(target: Dataset, tag: int, vr: str, value: str) -> None:
    """Set an element of text: raw if it is ASCII, else one that is encoded when the character set is known."""
    if value.isascii():
        target._dict[base_tag(tag)] = raw(tag, vr, text(value, b"\0" if vr == "UI" else b" "))
    else:
        target.add_new(base_tag(tag), vr, value)


def _header(tag: int, vr: str, length: int) -> bytes:
    if vr in _LONG:
        return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode(), 0, length)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), length)


def encoded_item(elements: Iterable[tuple[int, str, bytes]]) -> bytes:
    """One item of a sequence with these elements, which are in the order of their tags."""
    content = b"".join([_header(tag, vr, len(value)) + value for tag, vr, value in elements])
    return _ITEM + struct.pack("<I", len(content)) + content


def text_in(element: DataElement | RawDataElement | None) -> str:
    """Text of an element of one of the default repertoire's VRs, without decoding it; "" if absent or empty."""
    if element is None or element.value is None:
        return ""
    value = element.value
    return value.rstrip(b" \0").decode("latin-1") if type(value) is bytes else str(value)


_PROTOTYPE = vars(Dataset())
#: What is each dataset's own; what pydicom keeps of pixels is not, since content items and codes have none.
_MUTABLE = tuple(
    name
    for name, value in _PROTOTYPE.items()
    if isinstance(value, dict | list | set) and not name.startswith("_pixel")
)


def blank(kind: type[_D]) -> _D:
    """An empty dataset of a class, without its constructor: pydicom's sets 20 attributes, one by one, in Python."""
    made = kind.__new__(kind)
    begin(made)
    return made


def filled(kind: type[_D], elements: dict[Any, Any], encodings: Any) -> _D:
    """A dataset of a class that takes over elements; `encodings` are the character sets of what it stands in."""
    made = kind.__new__(kind)
    state = made.__dict__  # pydicom's __setattr__ costs more than all else here
    state.update(_PROTOTYPE)
    for name in _MUTABLE:
        state[name] = _PROTOTYPE[name].copy()
    state["_dict"] = elements
    state["_parent_encoding"] = encodings
    return made


def begin(dataset: Dataset) -> None:
    """Do what pydicom's constructor does: make a dataset that was not initialized an empty one."""
    state = dataset.__dict__
    state.update(_PROTOTYPE)
    for name in _MUTABLE:
        state[name] = _PROTOTYPE[name].copy()


def first_item(element: DataElement | RawDataElement | None) -> Mapping[Any, Any]:
    """Elements of the first item of a sequence, not decoded if it is not; empty if there is none.

    Raises
    ------
    DamagedFileError
        If its bytes do not hold together.
    """
    if element is None:
        return {}
    if isinstance(element, RawDataElement):
        items = scanned(element)
        return items[0] if items else {}
    decoded = _decoded(element)
    return decoded[0]._dict if len(decoded) else {}


def _decoded(element: DataElement) -> Sequence[Dataset]:
    """Items of a sequence that pydicom decoded.

    Raises
    ------
    DamagedFileError
        If it is none.
    """
    if isinstance(element.value, PydicomSequence):
        return element.value
    if element.value is None:
        return ()
    raise DamagedFileError("items are needed", tag=int(element.tag))


def scanned(
    element: RawDataElement, span: tuple[int, int] | None = None
) -> Sequence[Mapping[int, RawDataElement]]:
    """Elements of each item of a sequence that is still bytes, or of the one at a span.

    Raises
    ------
    DamagedFileError
        If they do not hold together.
    """
    data = element.value or b""
    if span is not None:
        data = data[slice(*span)]
    return scan_items(data, implicit=_implicit(element), little=element.is_little_endian)


def spans_of(element: RawDataElement) -> list[tuple[int, int]]:
    """Where each item of a sequence that is still bytes stands.

    Raises
    ------
    DamagedFileError
        If they do not hold together, as far as items go.
    """
    return item_spans(element.value or b"", implicit=_implicit(element), little=element.is_little_endian)


def _implicit(element: RawDataElement) -> bool:
    return bool(element.is_implicit_VR or element.VR == "UN")


# -- codes -----------------------------------------------------------------------------------------------------------

_ENCODED: dict[CodeKey, bytes] = {}
#: Elements, which nobody can change, by tag and code.
_ELEMENTS: dict[tuple[int, CodeKey], RawDataElement] = {}
_IDENTITIES: dict[CodeKey, Identity] = {}
_KEYS: dict[tuple[bytes, bool, bool], CodeKey] = {}


def code_key(code: Any) -> CodeKey | None:
    """What identifies a code, its meaning included; None if it has more to it than that, or is none."""
    if isinstance(code, tuple) and 3 <= len(code) <= 4:
        return code[0], code[1], code[2], code[3] if len(code) == 4 else None
    if isinstance(code, CodedConcept) and _VRS.keys() >= code._dict.keys():
        return code.value, code.scheme_designator, code.meaning, code.scheme_version
    return None


def identity(code: CodeLike | CodeKey) -> Identity:
    """What decides about equality of codes.

    Raises
    ------
    ArgumentTypeError
        If it is no code.
    """
    key: Any = code if type(code) is tuple and len(code) == 4 else None
    known = _IDENTITIES.get(key) if key else None
    if known is not None:
        return known
    found = identity_of(Code(key[0], key[1], key[2], key[3]) if key is not None else code)
    if found is None:
        raise ArgumentTypeError(f"a code or coded concept is needed, found {type(code).__name__}")
    if key is not None and len(_IDENTITIES) < _CACHED:
        _IDENTITIES[key] = found
    return found


def encoded_code(code: CodeLike, name: str = "code") -> bytes | None:
    """The value of a sequence whose only item is the code; None if it is not plain ASCII, or has more attributes.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If it is no code, or not a valid one.
    """
    key = code_key(code)
    if key is None:
        return None
    known = _ENCODED.get(key)
    if known is not None:
        return known
    concept = as_concept(code, name)
    elements = [(int(tag), str(concept[tag].value)) for tag in sorted(concept._dict)]
    if not all(value.isascii() for _, value in elements):
        return None
    encoded = encoded_item((tag, _VRS[tag], text(value)) for tag, value in elements)
    if len(_ENCODED) < _CACHED:
        _ENCODED[key] = encoded
    return encoded


def put_code(target: Dataset, tag: int, code: CodeLike, name: str = "code") -> None:
    """Set a code sequence with one item."""
    key = code_key(code)
    element = None if key is None else _ELEMENTS.get((tag, key))
    if element is None:
        encoded = encoded_code(code, name)
        if encoded is None:
            target.add_new(base_tag(tag), "SQ", [as_concept(code, name)])
            return
        element = raw(tag, "SQ", encoded)
        if key is not None and len(_ELEMENTS) < _CACHED:
            _ELEMENTS[tag, key] = element
    target._dict[element.tag] = element


def concept_below(element: DataElement | RawDataElement | None, holder: Dataset) -> CodedConcept | None:
    """The first item of a code sequence as a concept: the item itself, or a new one where it is still bytes.

    Parameters
    ----------
    element : DataElement or RawDataElement, optional
        The sequence.
    holder : pydicom.Dataset
        What it stands in, whose character set holds for it.

    Raises
    ------
    DamagedFileError
        If the bytes do not hold together.
    """
    if element is None:
        return None
    if not isinstance(element, RawDataElement):
        decoded = _decoded(element)
        if not len(decoded):
            return None
        item = decoded[0]
        return item if isinstance(item, CodedConcept) else CodedConcept.from_dataset(item, copy=False)
    items = scanned(element)
    if not items:
        return None
    concept = blank(CodedConcept)
    concept._dict.update(items[0])  # type: ignore[arg-type]  # tags are numbers
    written = (element.value or b"")[8:]  # what comes before is the tag and length of the item
    if not written.isascii() or b"\x1b" in written:
        concept._parent_encoding = holder._character_set
    return concept


def key_in(element: DataElement | RawDataElement | None, holder: Dataset) -> CodeKey | None:
    """What identifies the code in a code sequence; None if there is none that can be read."""
    if element is None:
        return None
    place = None
    if isinstance(element, RawDataElement):
        place = (element.value or b"", element.is_implicit_VR, element.is_little_endian)
        known = _KEYS.get(place)
        if known is not None:
            return known
    try:
        concept = concept_below(element, holder)
        if concept is None:
            return None
        key = (concept.value, concept.scheme_designator, concept.meaning, concept.scheme_version)
    except (ValueError, LookupError, AttributeError):
        return None
    if place is not None and len(_KEYS) < _CACHED and "".join(filter(None, key)).isascii():
        _KEYS[place] = key
    return key
