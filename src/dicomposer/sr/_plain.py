"""Reports as plain nested values, and back: nothing is lost, whoever wrote the report.

What an item says under a key of its own is written so that the key gives the same bytes again. Everything else,
odd encodings included, stands under ``attributes`` in the standard's JSON model and wins when the item is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from dicomposer import standard
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError
from dicomposer.items import CONTENT, ContentItem, ContentSequence, evidence_of, walk
from dicomposer.record import base_tag, format_ds, text_value
from dicomposer.sr._json import LOCALISED, elements_from_json, exactly_same, item_bytes, item_json
from dicomposer.sr._nodes import (
    CHANNELS,
    CHARSET,
    CODE,
    CODE_VALUE,
    CONTINUITY,
    FIDUCIAL,
    FLOATING,
    FRAME_OF_REFERENCE,
    FRAMES,
    GRAPHIC_DATA,
    GRAPHIC_TYPE,
    LONG_VALUE,
    MAX_DEPTH,
    MEANING,
    MEASURED,
    NAME,
    NUMERIC,
    ORIGIN,
    QUALIFIER,
    REFERENCED,
    RELATIONSHIP,
    SCHEME,
    SEGMENTS,
    SIMPLE,
    SOP_CLASS,
    SOP_INSTANCE,
    TEMPLATE,
    TEMPLATE_ID,
    UNITS,
    URN_VALUE,
    VALUE_TYPE,
    VERSION,
    Node,
    root_node,
)
from dicomposer.sr._report import MeasurementReport, is_report

__all__ = ["content_from_dict", "document_dict", "tree_of"]

_UTF8 = ["utf8"]
_CHARSET_DEPENDENT = LOCALISED | {"PN", "SQ"}
_RESOURCE = base_tag(0x00080105)
_REFERS_TO = base_tag(0x0040DB73)
_RANGE, _SAMPLES, _OFFSETS, _MOMENTS = map(base_tag, (0x0040A130, 0x0040A132, 0x0040A138, 0x0040A13A))
_SIMPLE_VRS = {"TEXT": "UT", "DATE": "DA", "TIME": "TM", "DATETIME": "DT", "UIDREF": "UI", "PNAME": "PN"}
_CODE_TEXT = ((SCHEME, "SH", "scheme"), (VERSION, "SH", "version"), (MEANING, "LO", "meaning"))
#: Plain key of an item -> tag and VR, for values that are one text.
_TEXTS = {
    "relationship": (RELATIONSHIP, "CS"),
    "type": (VALUE_TYPE, "CS"),
    "continuity": (CONTINUITY, "CS"),
    "graphic_type": (GRAPHIC_TYPE, "CS"),
    "frame_of_reference_uid": (FRAME_OF_REFERENCE, "UI"),
    "pixel_origin": (ORIGIN, "CS"),
    "fiducial_uid": (FIDUCIAL, "UI"),
    "temporal_range_type": (_RANGE, "CS"),
}
#: Plain key -> tag, VR and kind of numpy, for values that are a list of numbers.
_LISTS = {
    "sample_positions": (_SAMPLES, "UL", "<u4"),
    "refers_to": (_REFERS_TO, "UL", "<u4"),
}
_CODES = {"name": NAME, "qualifier": QUALIFIER}
_CODE_DICTS: dict[tuple[bytes, bool, bool], dict[str, str]] = {}
_CACHED = 20_000
_KEYS = frozenset(
    (
        *(*_TEXTS, *_LISTS, *_CODES),
        *("value", "unit", "decimal", "points", "reference", "template", "time_offsets", "moments"),
        *("attributes", "children"),
    )
)


# -- to plain values ---------------------------------------------------------------------------------------------------


def tree_of(document: Any) -> dict[str, Any]:
    """The content of a document, or a content item, as nested dictionaries that JSON can hold.

    Parameters
    ----------
    document : pydicom.Dataset
        A document of any template, or a content item; not modified.

    Returns
    -------
    dict
        ``relationship``, ``type``, ``name`` (``value``, ``scheme``, ``meaning``), what the type asks for (``value``,
        ``unit``, ``reference``, ``points``...), ``attributes`` (all else, in the JSON model) and ``children``; keys
        without a value are left out.

    Raises
    ------
    DamagedFileError
        If the content does not hold together, or is nested too deeply.
    """
    return _plain(root_node(document), 0)


def _plain(node: Node, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise DamagedFileError("the content tree is nested too deeply", tag=int(CONTENT))
    made = _readable(node)
    maker = _Maker()
    built = maker.elements(made)
    odd = frozenset(
        tag
        for tag, element in node.elements.items()
        if tag != CONTENT
        and not (depth == 0 and tag == CHARSET)
        and not (tag in built and exactly_same(element, built[tag], node, not maker.beyond_ascii))
    )
    if odd:
        left = frozenset(int(tag) for tag in node.elements if tag not in odd)
        made["attributes"] = item_json(node, exact=True, leave_out=left)
    if CONTENT in node.elements:
        made["children"] = [_plain(one, depth + 1) for one in node.children()]
    return made


def _readable(node: Node) -> dict[str, Any]:
    """The keys of an item, as far as its elements can be understood."""
    elements = node.elements
    made: dict[str, Any] = {
        key: node.text(tag) for key, (tag, _) in _TEXTS.items() if tag in elements and elements[tag].value
    }
    for key, tag in _CODES.items():
        if tag in elements:
            made[key] = _code_dict(node, tag)
    kind = made.get("type", "")
    if kind in SIMPLE and SIMPLE[kind] in elements:
        made["value"] = node.text(SIMPLE[kind])
    elif kind == "CODE" and CODE in elements:
        made["value"] = _code_dict(node, CODE)
    elif kind == "NUM":
        made |= _number_dict(node)
    if REFERENCED in elements:
        made["reference"] = _reference_dict(node)
    if GRAPHIC_DATA in elements:
        points = node.points()
        if np.isfinite(points).all():
            # The shortest decimals that give the same single precision numbers
            made["points"] = points.astype("f4").astype("U").astype(float).tolist()
    if TEMPLATE in elements and node.template:
        made["template"] = node.template
    if kind == "TCOORD" or _REFERS_TO in elements:
        made |= _lists(node)
    order = ("relationship", "type", "name", "value", "unit", "decimal", "qualifier")
    return {key: made[key] for key in order if key in made} | made


def _code_dict(node: Node, tag: int) -> dict[str, str]:
    element = node.elements[tag]
    place = (element.value or b"", bool(element.is_implicit_VR), element.is_little_endian)
    known = _CODE_DICTS.get(place)
    if known is not None:
        return dict(known)
    item = node.first(tag)
    made = {}
    for one in (CODE_VALUE, LONG_VALUE, URN_VALUE):
        if one in item and "value" not in made:
            made["value"] = node.text(one, item)
    made |= {key: node.text(one, item) for one, _, key in _CODE_TEXT if one in item}
    if len(_CODE_DICTS) < _CACHED and "".join(made.values()).isascii():
        _CODE_DICTS[place] = dict(made)
    return made


def _number_dict(node: Node) -> dict[str, Any]:
    item = node.first(MEASURED)
    if not item:
        return {}
    number, _ = node.measured()
    made: dict[str, Any] = {}
    if number is not None and np.isfinite(number):
        made["value"] = number
    if UNITS in item:
        made["unit"] = _code_dict(Node(item, node.charsets), UNITS)
    written = node.text(NUMERIC, item)
    if "value" in made and written != _decimal(made["value"]):
        made["decimal"] = written
    return made


def _reference_dict(node: Node) -> dict[str, Any]:
    item = node.first(REFERENCED)
    sop_class, instance, frames, segments = node.reference()
    channels = node.whole_numbers(CHANNELS, item)
    made: dict[str, Any] = {"sop_class_uid": sop_class, "sop_instance_uid": instance}
    numbered = {"frames": frames, "segments": segments, "channels": channels}
    return made | {key: numbers for key, numbers in numbered.items() if numbers}


def _lists(node: Node) -> dict[str, Any]:
    made: dict[str, Any] = {
        key: node.whole_numbers(tag) for key, (tag, _, _) in _LISTS.items() if tag in node.elements
    }
    if _OFFSETS in node.elements:
        made["time_offsets"] = node.numbers(_OFFSETS)
    if _MOMENTS in node.elements:
        made["moments"] = node.text(_MOMENTS).split("\\")
    return made


def _decimal(number: float) -> str:
    if isinstance(number, int) and len(str(number)) <= 16:
        return str(number)
    return format_ds(float(number))


def document_dict(document: Dataset) -> dict[str, Any]:
    """A document as plain values: what it is, its content and its evidence; nothing about the patient.

    The content may still name people, see :func:`tree_of`.
    """
    made: dict[str, Any] = {"sop_class": standard.uid_name(text_value(document, "SOPClassUID") or "")}
    for key, keyword in (
        ("sop_class_uid", "SOPClassUID"),
        ("sop_instance_uid", "SOPInstanceUID"),
        ("series_instance_uid", "SeriesInstanceUID"),
        ("study_instance_uid", "StudyInstanceUID"),
        ("completion", "CompletionFlag"),
        ("preliminary", "PreliminaryFlag"),
        ("verification", "VerificationFlag"),
    ):
        value = text_value(document, keyword)
        if value:
            made[key] = value
    made["content"] = tree_of(document)
    keys = ("study_instance_uid", "series_instance_uid", "sop_instance_uid", "sop_class_uid")
    made["evidence"] = [dict(zip(keys, one, strict=True)) for one in evidence_of(document)]
    return made


# -- and back ----------------------------------------------------------------------------------------------------------


def content_from_dict(tree: Mapping[str, Any]) -> ContentSequence:
    """Content for a document from plain values.

    Parameters
    ----------
    tree : Mapping
        What :meth:`StructuredReport.tree` or :meth:`StructuredReport.to_dict` gives, or the same by hand. Codes may
        be ``(value, scheme, meaning)`` as well.

    Returns
    -------
    ContentSequence
        The root, to be given to a document; a :class:`MeasurementReport` if it follows TID 1500. The document checks
        it against the standard.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it has a key or a value that it cannot have; the message says where.
    """
    if "content" in tree and "type" not in tree:
        tree = tree["content"]
    maker = _Maker()
    elements = maker.whole(tree, 0, "content")
    root = ContentItem._of_elements(elements, _UTF8)
    if maker.beyond_ascii:
        for item in list(walk([root])):
            _settle(item)
    kind = MeasurementReport if is_report(root) else ContentSequence
    return kind._of([root], is_root=True)


def _settle(dataset: Dataset) -> None:
    """Decode what is not ASCII: the document that it is put into may have another character set."""
    for tag, element in list(dataset._dict.items()):
        if tag == CONTENT:
            continue
        if isinstance(element, RawDataElement) and (
            element.VR not in _CHARSET_DEPENDENT or (element.value or b"").isascii()
        ):
            continue
        decoded = dataset[tag]
        if decoded.VR == "SQ":
            for item in decoded.value:
                _settle(item)


class _Maker:
    """Makes elements of plain values: explicit VR, little endian, UTF-8."""

    def __init__(self) -> None:
        self.beyond_ascii = False

    def whole(self, made: Mapping[str, Any], depth: int, path: str) -> dict[Any, RawDataElement]:
        """Elements of an item with those below it."""
        if not isinstance(made, Mapping):
            raise ArgumentTypeError(f"{path} must be a dictionary, found {type(made).__name__}")
        if depth > MAX_DEPTH:
            raise ArgumentError(f"{path} is nested too deeply")
        unknown = made.keys() - _KEYS
        if unknown:
            raise ArgumentError(f"{path} has an unknown key: {min(unknown, key=str)!r}")
        try:
            elements = self.elements(made)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise ArgumentError(f"{path} has a value that it cannot have: {error}") from None
        if "attributes" in made:
            found = elements_from_json(made["attributes"], _UTF8)
            self.beyond_ascii |= any(not (one.value or b"").isascii() for one in found.values())
            elements.update(found)
        if "children" in made:
            items = [
                item_bytes(self.whole(one, depth + 1, f"{path}.children[{number}]"))
                for number, one in enumerate(made["children"])
            ]
            elements[CONTENT] = _raw(CONTENT, "SQ", b"".join(items))
        return elements

    def elements(self, made: Mapping[str, Any]) -> dict[Any, RawDataElement]:
        """Elements of the keys of an item."""
        found: dict[Any, RawDataElement] = {}
        for key, value in made.items():
            if key in _TEXTS:
                tag, vr = _TEXTS[key]
                found[tag] = self.text(tag, vr, value)
            elif key in _CODES:
                found[_CODES[key]] = self.code(_CODES[key], value)
            elif key in _LISTS:
                tag, vr, kind = _LISTS[key]
                found[tag] = _raw(tag, vr, np.array(value, kind).tobytes())
        self.value(made, found)
        if "reference" in made:
            found[REFERENCED] = self.reference(made["reference"])
        if "points" in made:
            found[GRAPHIC_DATA] = _raw(GRAPHIC_DATA, "FL", np.array(made["points"], "<f4").tobytes())
        if "template" in made:
            item = {
                _RESOURCE: self.text(_RESOURCE, "CS", "DCMR"),
                TEMPLATE_ID: self.text(TEMPLATE_ID, "CS", made["template"]),
            }
            found[TEMPLATE] = _raw(TEMPLATE, "SQ", item_bytes(item))
        if "time_offsets" in made:
            offsets = "\\".join(_decimal(one) for one in made["time_offsets"])
            found[_OFFSETS] = self.text(_OFFSETS, "DS", offsets)
        if "moments" in made:
            found[_MOMENTS] = self.text(_MOMENTS, "DT", "\\".join(made["moments"]))
        return found

    def value(self, made: Mapping[str, Any], found: dict[Any, RawDataElement]) -> None:
        """What the value type asks for."""
        kind = made.get("type", "")
        if kind == "NUM":
            if made.keys() & {"value", "unit", "decimal"}:
                found[MEASURED] = self.number(made)
        elif "value" in made:
            if kind == "CODE":
                found[CODE] = self.code(CODE, made["value"])
            elif kind in SIMPLE:
                found[SIMPLE[kind]] = self.text(SIMPLE[kind], _SIMPLE_VRS[kind], made["value"])
            else:
                raise ValueError(f"no value belongs to the type {kind!r}")

    def text(self, tag: Any, vr: str, value: str) -> RawDataElement:
        """An element of text."""
        if not isinstance(value, str):
            raise TypeError(f"text is needed, found {type(value).__name__}")
        encoded = value.encode("utf-8")
        self.beyond_ascii |= not encoded.isascii()
        return _raw(tag, vr, encoded + (b"\0" if vr == "UI" else b" ") if len(encoded) % 2 else encoded)

    def code(self, tag: Any, value: Mapping[str, str] | Sequence[str]) -> RawDataElement:
        """A sequence whose only item is a code."""
        if not isinstance(value, Mapping):
            value = dict(zip(("value", "scheme", "meaning", "version"), value, strict=False))
        unknown = value.keys() - {"value", "scheme", "meaning", "version"}
        if unknown:
            raise ValueError(f"a code has no {min(unknown)!r}")
        item = {}
        if "value" in value:
            one, vr = _code_place(value["value"])
            item[one] = self.text(one, vr, value["value"])
        for one, vr, key in _CODE_TEXT:
            if key in value:
                item[one] = self.text(one, vr, value[key])
        return _raw(tag, "SQ", item_bytes(item) if item else b"")

    def number(self, made: Mapping[str, Any]) -> RawDataElement:
        """A measured value."""
        item = {UNITS: self.code(UNITS, made["unit"])} if "unit" in made else {}
        number = made.get("value")
        if number is not None:
            if isinstance(number, bool) or not isinstance(number, int | float) or not np.isfinite(number):
                raise TypeError("a finite number is needed")
            written = made.get("decimal", _decimal(number))
            if _as_float(written) != float(number):
                item[FLOATING] = _raw(FLOATING, "FD", np.float64(number).tobytes())
            item[NUMERIC] = self.text(NUMERIC, "DS", written)
        return _raw(MEASURED, "SQ", item_bytes(item))

    def reference(self, made: Mapping[str, Any]) -> RawDataElement:
        """A reference to an object."""
        unknown = made.keys() - {"sop_class_uid", "sop_instance_uid", "frames", "segments", "channels"}
        if unknown:
            raise ValueError(f"a reference has no {min(unknown)!r}")
        item = {
            SOP_CLASS: self.text(SOP_CLASS, "UI", made["sop_class_uid"]),
            SOP_INSTANCE: self.text(SOP_INSTANCE, "UI", made["sop_instance_uid"]),
        }
        if made.get("frames"):
            item[FRAMES] = self.text(FRAMES, "IS", "\\".join(str(int(one)) for one in made["frames"]))
        for tag, key in ((SEGMENTS, "segments"), (CHANNELS, "channels")):
            if made.get(key):
                item[tag] = _raw(tag, "US", np.array(made[key], "<u2").tobytes())
        return _raw(REFERENCED, "SQ", item_bytes(item))


def _raw(tag: Any, vr: str, value: bytes) -> RawDataElement:
    return RawDataElement(tag, vr, len(value), value, 0, False, True)


def _as_float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _code_place(value: str) -> tuple[Any, str]:
    """Where a code's value goes (PS3.3 8.1)."""
    if len(value) <= 16:
        return CODE_VALUE, "SH"
    return (URN_VALUE, "UR") if value.startswith("urn:") or "://" in value else (LONG_VALUE, "UC")
