"""Encoded elements in the standard's JSON model (PS3.18 Annex F), and back, without building datasets."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.charset import decode_bytes, encode_string
from pydicom.dataelem import RawDataElement
from pydicom.valuerep import TEXT_VR_DELIMS

from dicomposer.errors import ArgumentError
from dicomposer.items import CONTENT
from dicomposer.record import base_tag
from dicomposer.sr._nodes import CHARSET, Node, root_node, scanned, vr_of

__all__ = ["LOCALISED", "content_json", "elements_from_json", "exactly_same", "item_bytes", "item_json"]

#: VRs whose text is in the character set of the dataset.
LOCALISED = frozenset("LO LT PN SH ST UC UT".split())
#: VRs of one value: a backslash is part of it.
_UNDIVIDED = frozenset("LT ST UT UR".split())
_NUMBERS = {
    "FL": "f4",
    "FD": "f8",
    "US": "u2",
    "SS": "i2",
    "UL": "u4",
    "SL": "i4",
    "UV": "u8",
    "SV": "i8",
}
_TEXT = frozenset("AE AS CS DA DS DT IS LO LT SH ST TM UC UI UR UT".split())
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def item_json(node: Node, exact: bool = False, leave_out: frozenset[int] = frozenset()) -> dict[str, Any]:
    """Elements of an item in the JSON model.

    Parameters
    ----------
    node : Node
        The item.
    exact : bool
        Keep decimal and integer strings as they are written, so that nothing is lost; else they are numbers.
    leave_out : frozenset of int
        Tags that are left out.
    """
    return {
        f"{int(tag):08X}": _element_json(int(tag), element, node, exact)
        for tag, element in node.elements.items()
        if tag not in leave_out
    }


def _element_json(tag: int, element: RawDataElement, node: Node, exact: bool) -> dict[str, Any]:
    vr = vr_of(tag, element)
    made: dict[str, Any] = {"vr": vr}
    if vr == "SQ":
        made["Value"] = [item_json(Node(one, node.charsets), exact) for one in scanned(element)]
        return made
    value = element.value or b""
    if not value:
        return made
    kind = _NUMBERS.get(vr)
    if exact and vr in _TEXT and vr not in LOCALISED and not value.isascii():
        made["InlineBinary"] = base64.b64encode(value).decode("ascii")  # bytes that the VR does not have
    elif kind is not None:
        order = "<" if element.is_little_endian else ">"
        found = np.frombuffer(value[: len(value) // int(kind[1]) * int(kind[1])], order + kind).tolist()
        made["Value"] = [_finite(one) for one in found]
    elif vr == "AT":
        pairs = np.frombuffer(value, "<u2" if element.is_little_endian else ">u2").tolist()
        made["Value"] = [f"{high:04X}{low:04X}" for high, low in zip(pairs[::2], pairs[1::2], strict=False)]
    elif vr == "PN":
        made["Value"] = [_name_json(one) for one in _decoded(value, vr, node, exact).split("\\")]
    elif vr in _TEXT:
        made["Value"] = _texts(_decoded(value, vr, node, exact), vr, exact)
    else:
        made["InlineBinary"] = base64.b64encode(value).decode("ascii")
    return made


def content_json(document: Any) -> dict[str, Any]:
    """The content sequence of a document in the JSON model.

    Parameters
    ----------
    document : pydicom.Dataset
        Not modified.
    """
    root = root_node(document)
    return _element_json(int(CONTENT), root.elements[CONTENT], root, exact=False)


def _finite(number: float) -> float | str:
    """A number, or what stands for one that JSON does not have (PS3.18 F.2.3)."""
    if isinstance(number, int) or math.isfinite(number):
        return number
    return next(name for name, one in _SPECIAL.items() if str(one) == str(number))


def _decoded(value: bytes, vr: str, node: Node, exact: bool) -> str:
    """Text without padding: one character where nothing may be lost."""
    pad = b"\0" if vr == "UI" else b" "
    if exact:
        value = value[:-1] if value.endswith(pad) and not len(value) % 2 else value
    else:
        value = value.rstrip(b" \0")
    if vr not in LOCALISED or value.isascii():
        return value.decode("latin-1")
    return decode_bytes(value, list(node.charsets), TEXT_VR_DELIMS)


def _texts(text: str, vr: str, exact: bool) -> list[Any]:
    if vr in _UNDIVIDED:
        return [text]
    parts: list[Any] = text.split("\\")
    if exact:
        return parts
    if vr not in ("DS", "IS"):
        return [one.strip(" ") if vr != "UC" else one for one in parts]
    return [_number(one.strip(), vr) for one in parts]


def _number(text: str, vr: str) -> Any:
    try:
        return int(text) if vr == "IS" else float(text)
    except ValueError:
        return text or None


def _name_json(text: str) -> dict[str, str]:
    keys = ("Alphabetic", "Ideographic", "Phonetic")
    return {key: part for key, part in zip(keys, text.split("="), strict=False) if part or key == keys[0]}


def exactly_same(element: RawDataElement, made: RawDataElement, node: Node, is_ascii: bool) -> bool:
    """Whether an element of a node says just what one says that was made of plain values, of ASCII text or UTF-8."""
    plain = is_ascii and not element.is_implicit_VR and element.is_little_endian
    if plain and element.VR == made.VR and element.value == made.value:
        return True
    tag = int(element.tag)
    mine = _element_json(tag, element, node, exact=True)
    return mine == _element_json(tag, made, Node({}, ["utf8"]), exact=True)


# -- back --------------------------------------------------------------------------------------------------------------


def elements_from_json(model: Mapping[str, Any], charsets: Sequence[str]) -> dict[int, RawDataElement]:
    """Elements of an item in the JSON model as bytes: explicit VR, little endian.

    Raises
    ------
    ArgumentError
        If it is not the JSON model.
    """
    found: dict[int, RawDataElement] = {}
    try:
        for key, value in sorted(model.items()):
            tag = base_tag(int(key, 16))
            if tag == CHARSET:
                probe = Node(
                    {tag: RawDataElement(tag, "CS", 0, _encoded(value, charsets), 0, False, True)}, charsets
                )
                charsets = probe.charsets
            encoded = _encoded(value, charsets)
            found[tag] = RawDataElement(tag, value["vr"], len(encoded), encoded, 0, False, True)
    except (AttributeError, KeyError, TypeError, ValueError, struct.error, UnicodeError) as error:
        raise ArgumentError(
            f"attributes are not in the JSON model of PS3.18 F: {type(error).__name__}"
        ) from None
    return found


def _encoded(element: Mapping[str, Any], charsets: Sequence[str]) -> bytes:
    vr = element["vr"]
    if "InlineBinary" in element:
        return base64.b64decode(element["InlineBinary"])
    values = element.get("Value", [])
    if vr == "SQ":
        return b"".join(item_bytes(elements_from_json(one, charsets)) for one in values)
    kind = _NUMBERS.get(vr)
    if kind is not None:
        return np.array([_SPECIAL.get(one, one) for one in values], "<" + kind).tobytes()
    if vr == "AT":
        return b"".join(struct.pack("<HH", int(one[:4], 16), int(one[4:], 16)) for one in values)
    if vr == "PN":
        values = [
            "=".join(one.get(key, "") for key in ("Alphabetic", "Ideographic", "Phonetic")) for one in values
        ]
        values = [one.rstrip("=") for one in values]
    text = "\\".join("" if one is None else str(one) for one in values)
    encoded = text.encode("ascii") if text.isascii() else encode_string(text, list(charsets))
    pad = b"\0" if vr == "UI" else b" "
    return encoded + pad if len(encoded) % 2 else encoded


_LONG = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


def item_bytes(elements: Mapping[Any, RawDataElement]) -> bytes:
    """An item with these elements, whose tags ascend."""
    parts = []
    for tag, element in sorted(elements.items()):
        value, vr = element.value or b"", element.VR or "UN"
        if vr in _LONG:
            parts.append(struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode(), 0, len(value)))
        else:
            parts.append(struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(value)))
        parts.append(value)
    content = b"".join(parts)
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(content)) + content
