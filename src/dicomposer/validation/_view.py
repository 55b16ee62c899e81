"""Read-only views of elements and items, whatever they are stored as.

The validator must not change the dataset it looks at, nor decode what is still bytes: pydicom's own access replaces raw
elements by decoded ones, which costs seconds on long sequences and loses verbatim writing. These views read both forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from pydicom import charset as pydicom_charset
from pydicom.datadict import dictionary_VR, keyword_for_tag, private_dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import TEXT_VR_DELIMS

from dicomposer.record import scan_items

__all__ = ["BINARY_FORMATS", "Element", "Item", "keyword_of", "tag_of"]

#: numpy formats of the numeric value representations.
BINARY_FORMATS = {
    "US": "u2", "SS": "i2", "UL": "u4", "SL": "i4", "UV": "u8", "SV": "i8", "FL": "f4", "FD": "f8",
}  # fmt: skip

#: Value representations whose backslash separates values.
MULTI_TEXT = frozenset("AE AS CS DA DS DT IS LO PN SH TM UC UI".split())
#: Value representations whose backslash is a character.
SINGLE_TEXT = frozenset("LT ST UT UR".split())
#: Value representations whose repertoire is that of Specific Character Set (PS3.5 6.1.2.3).
CHARSET_TEXT = frozenset("LO LT PN SH ST UC UT".split())
BULK = frozenset("OB OW OF OD OL OV UN".split())

#: Escape sequences of a value that are looked at.
_MOST_ESCAPES = 20_000
_SPECIFIC_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103


@lru_cache(maxsize=8192)
def keyword_of(tag: int) -> str:
    """Keyword of an attribute, or ``(gggg,eeee)`` where the dictionary has none."""
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


@lru_cache(maxsize=8192)
def tag_of(keyword: str) -> int:
    """Tag of a keyword; -1 if unknown."""
    tag = tag_for_keyword(keyword)
    return -1 if tag is None else int(tag)


@lru_cache(maxsize=8192)
def _dictionary_vr(tag: int) -> str:
    if tag & 0xFFFF == 0:
        return "UL"
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "LO" if (tag >> 16) & 1 and 0x10 <= tag & 0xFFFF <= 0xFF else "UN"


class Element:
    """One element: its VR and values, decoded on demand.

    Attributes
    ----------
    tag : int
    vr : str
        Two letters; ambiguous dictionary entries are resolved by the item.
    raw : bytes or None
        The encoded value, if it is at hand.
    disorder : Sequence of (int, int, bool)
        Of a sequence whose items were asked for: item, tag, and whether it had occurred, of elements out of order.
    """

    __slots__ = ("_items", "_values", "disorder", "item", "little", "raw", "source", "tag", "vr")

    def __init__(self, item: Item, tag: int, source: DataElement | RawDataElement) -> None:
        self.item = item
        self.tag = tag
        self.source = source
        self.little = True
        self.raw: bytes | None = None
        self._values: list[Any] | None = None
        self._items: list[Item] | None = None
        self.disorder: Sequence[tuple[int, int, bool]] = ()
        if isinstance(source, RawDataElement):
            vr: str | None = source.VR
            self.little = source.is_little_endian
            value: Any = source.value
            if value is None:
                self.raw = b""
            elif isinstance(value, (bytes, bytearray, memoryview)):
                self.raw = value if isinstance(value, bytes) else bytes(value)
        else:
            vr = str(source.VR)
            if isinstance(source.value, bytes):
                self.raw = source.value
        self.vr: str = vr if vr is not None and len(vr) == 2 and vr != "UN" else item.resolve_vr(tag, vr)

    @property
    def keyword(self) -> str:
        """Keyword, or the tag in parentheses."""
        return keyword_of(self.tag)

    @property
    def vr_is_known(self) -> bool:
        """False for a private element whose VR no file states: what dictionaries say of it is no rule."""
        if not self.tag >> 16 & 1 or not isinstance(self.source, RawDataElement):
            return True
        return self.source.VR not in (None, "UN") or 0x10 <= self.tag & 0xFFFF <= 0xFF

    @property
    def path(self) -> str:
        """Path from the root."""
        return self.item.path_of(self.keyword)

    @property
    def empty(self) -> bool:
        """Whether the value has zero length (or nothing but padding spaces)."""
        if self.raw is not None:
            if not self.raw:
                return True
            if self.vr == "SQ":
                # A lone delimiter is no item; the items themselves, perhaps thousands, need no look.
                return self.raw[:4] not in (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
            if self.vr not in BULK and self.vr not in BINARY_FORMATS:
                return not self.raw.strip(b" \0")
            return False
        value = self.source.value
        if value is None:
            return True
        if self.vr == "SQ":
            return len(value) == 0
        if isinstance(value, (int, float)):
            return False
        return (
            not str(value).strip()
            if not isinstance(value, (list, tuple)) and not hasattr(value, "read")
            else (hasattr(value, "__len__") and len(value) == 0)
        )

    @property
    def items(self) -> list[Item]:
        """Items of a sequence; empty for anything else."""
        if self._items is None:
            self._items = self._make_items()
        return self._items

    def _make_items(self) -> list[Item]:
        if self.vr != "SQ":
            return []
        if self.raw is not None:
            implicit = isinstance(self.source, RawDataElement) and (
                self.source.is_implicit_VR or self.source.VR == "UN"  # PS3.5 6.2.2, note 4
            )
            self.disorder = []
            mappings: Sequence[Mapping[int, Any]] = scan_items(
                self.raw, implicit=implicit, little=self.little, disorder=self.disorder
            )
        else:
            mappings = [_by_number(dataset) for dataset in self.source.value or ()]
        return [Item(mapping, self.item, self.tag, index) for index, mapping in enumerate(mappings)]

    @property
    def values(self) -> list[Any]:
        """Values: text as ``str`` without padding, numbers as numbers, sequences as :class:`Item`, bulk as bytes."""
        if self._values is None:
            self._values = self._make_values()
        return self._values

    def _make_values(self) -> list[Any]:
        if self.vr == "SQ":
            return list(self.items)
        if self.raw is not None:
            return self._from_bytes(self.raw)
        value = self.source.value
        if value is None or (isinstance(value, str) and value == ""):
            return []
        several = isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue"
        return [_plain(one) for one in value] if several else [_plain(value)]

    def _from_bytes(self, raw: bytes) -> list[Any]:
        if not raw:
            return []
        kind = BINARY_FORMATS.get(self.vr)
        if kind is not None:
            size = int(kind[1])
            usable = len(raw) // size * size
            values: list[Any] = np.frombuffer(raw[:usable], ("<" if self.little else ">") + kind).tolist()
            return values
        if self.vr == "AT":
            half = np.frombuffer(raw[: len(raw) // 4 * 4], "<u2" if self.little else ">u2").astype(np.int64)
            return list((half[0::2] << 16 | half[1::2]).tolist())
        if self.vr in BULK:
            return [raw]
        text = self.item.decode(raw, self.vr)
        if self.vr in SINGLE_TEXT:
            return [text.rstrip(" \0")]
        parts = text.split("\\") if "\\" in text else (text,)
        return [part.strip(" \0") for part in parts]

    @property
    def texts(self) -> list[str]:
        """Values as the text that is (or will be) encoded."""
        return [value if isinstance(value, str) else str(value) for value in self.values]


def _plain(value: Any) -> Any:
    """The value without pydicom's wrapping: what stands in the file, as ``str`` or number."""
    original = getattr(value, "original_string", None)
    if original is not None and not isinstance(original, bytes) and type(value).__name__ != "PersonName":
        return str(original).strip(" \0")
    if isinstance(value, str):
        return str(value).strip(" \0")
    if type(value).__name__ in ("BaseTag", "IS"):
        return int(value)
    if type(value).__name__ in ("DA", "TM", "DT", "PersonName", "DSfloat", "DSdecimal"):
        return str(value)
    return value


class Item:
    """One item of a sequence, or the root dataset.

    Parameters
    ----------
    elements : Mapping[int, DataElement | RawDataElement]
        What the item holds.
    parent : Item, optional
        The item that encloses it.
    tag : int
        Tag of the enclosing sequence.
    index : int
        Number of the item in it, from 0.
    """

    __slots__ = ("_cache", "_encodings", "_trail", "elements", "index", "outer", "parent", "tag")

    def __init__(
        self, elements: Mapping[int, Any], parent: Item | None = None, tag: int = 0, index: int = 0
    ) -> None:
        self.elements = elements
        self.parent = parent
        self.tag = tag
        self.index = index
        self._cache: dict[int, Element | None] = {}
        self._encodings: tuple[str, ...] | None = None
        self._trail: str | None = None
        #: Set once a condition's look-up had to leave this item: what was found of it then hangs on the place.
        self.outer = False

    @classmethod
    def of(cls, dataset: Dataset) -> Item:
        """View of a dataset."""
        return cls(_by_number(dataset))

    def get(self, tag: int) -> Element | None:
        """Element of a tag, or None if it is absent."""
        try:
            return self._cache[tag]
        except KeyError:
            pass
        source = self.elements.get(tag)
        element = None if source is None else Element(self, tag, source)
        self._cache[tag] = element
        return element

    def __contains__(self, tag: int) -> bool:
        return tag in self.elements

    def __iter__(self) -> Iterator[Element]:
        for tag in self.elements:
            element = self.get(int(tag))
            if element is not None:
                yield element

    def named(self, keyword: str) -> Element | None:
        """Element of a keyword."""
        return self.get(tag_of(keyword))

    def values(self, keyword: str) -> list[Any]:
        """Values of an element; empty if absent."""
        element = self.get(tag_of(keyword))
        return [] if element is None else element.values

    def first(self, keyword: str) -> Any:
        """First value of an element, or None."""
        values = self.values(keyword)
        return values[0] if values else None

    def text(self, keyword: str) -> str:
        """First value as text; "" if absent."""
        value = self.first(keyword)
        return "" if value is None else str(value)

    def uid(self, keyword: str) -> str:
        """A UID as text; "" if absent. Cheaper than :meth:`text` where there are hundreds."""
        source = self.elements.get(tag_of(keyword))
        if source is None or source.value is None:
            return ""
        value = source.value
        return value.rstrip(b"\0 ").decode("latin-1") if type(value) is bytes else str(value)

    def number(self, keyword: str) -> float | None:
        """First value as a number, or None where there is none."""
        try:
            return float(self.first(keyword))
        except (TypeError, ValueError):
            return None

    def items(self, keyword: str) -> list[Item]:
        """Items of a sequence; empty if absent."""
        element = self.get(tag_of(keyword))
        return [] if element is None else element.items

    @property
    def path(self) -> str:
        """Path from the root; "" for the root."""
        if self.parent is None:
            return ""
        return f"{self.parent.path_of(keyword_of(self.tag))}[{self.index}]"

    @property
    def trail(self) -> str:
        """Path from the root without item numbers."""
        if self._trail is None:
            above = self.parent.trail if self.parent is not None else ""
            own = keyword_of(self.tag) if self.parent is not None else ""
            self._trail = f"{above}.{own}" if above else own
        return self._trail

    def path_of(self, keyword: str) -> str:
        """Path of an element of this item."""
        path = self.path
        return f"{path}.{keyword}" if path else keyword

    @property
    def encodings(self) -> tuple[str, ...]:
        """Python names of the item's character sets, inherited from the enclosing item (PS3.5 6.1.2.3)."""
        if self._encodings is None:
            declared = self.get(_SPECIFIC_CHARACTER_SET)
            if declared is not None and declared.values:
                self._encodings = _encodings(tuple(str(value) for value in declared.values))
            else:
                self._encodings = self.parent.encodings if self.parent is not None else ("ascii",)
        return self._encodings

    @property
    def charset(self) -> tuple[str, ...]:
        """Values of Specific Character Set that hold for the item, its own or inherited (PS3.5 6.1.2.3)."""
        item: Item | None = self
        while item is not None:
            declared = item.get(_SPECIFIC_CHARACTER_SET)
            if declared is not None and declared.values:
                return tuple(map(str, declared.values))
            item = item.parent
        return ()

    def decode(self, raw: bytes, vr: str) -> str:
        """Text of an encoded value; undecodable bytes become U+FFFD."""
        if vr not in CHARSET_TEXT:
            return raw.decode("latin-1")
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        encodings = self.encodings
        if len(encodings) == 1 and b"\x1b" not in raw:
            return raw.decode(encodings[0], "replace")
        if raw.count(b"\x1b") > _MOST_ESCAPES:  # no text: decoding it would take seconds
            return raw.decode("latin-1")
        return str(pydicom_charset.decode_bytes(raw, list(encodings), TEXT_VR_DELIMS))

    def resolve_vr(self, tag: int, stated: str | None) -> str:
        """VR of an element whose encoding or dictionary entry leaves it open."""
        vr = stated or _dictionary_vr(tag)
        if vr == "UN":
            # A writer that did not know the attribute (PS3.5 6.2.2): its bytes are still those of the VR due.
            vr = self._private_vr(tag) if (tag >> 16) & 1 else _dictionary_vr(tag)
        if " or " not in vr:
            return vr
        if vr.startswith("US or SS"):
            item: Item | None = self
            while item is not None and _PIXEL_REPRESENTATION not in item.elements:
                item = item.parent
            signed = item is not None and item.number("PixelRepresentation") == 1
            return "SS" if signed else "US"
        return "OW"

    def _private_vr(self, tag: int) -> str:
        creator = self.get((tag & 0xFFFF0000) | ((tag >> 8) & 0xFF)) if tag & 0xFFFF > 0xFF else None
        if creator is None or not creator.values:
            return "UN"
        try:
            vr = private_dictionary_VR(tag, str(creator.values[0]))
        except KeyError:
            return "UN"
        return "UN" if vr == "SQ" else vr


def _by_number(dataset: Any) -> dict[int, Any]:
    """Elements by plain numbers: pydicom's tags compare themselves in Python, which makes every look-up slow."""
    elements = dataset._dict
    return dict(zip(map(int, elements), elements.values(), strict=True))


@lru_cache(maxsize=64)
def _encodings(terms: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(pydicom_charset.convert_encodings(list(terms)))
    except (LookupError, ValueError):
        return ("ascii",)
