"""Shapes of content items: what two of them have in common if the same can be said of both by templates.

A report with a thousand measurement groups has a handful of shapes. The bytes of names, values and units tell them
apart; they are decoded once for each that differs.
"""

from __future__ import annotations

from typing import Any

from dicomposer.validation._view import Item
from dicomposer.validation.content._content import Node
from dicomposer.validation.content._content_rules import target_of
from dicomposer.validation.content._content_tree import Form
from dicomposer.validation.content._templates_model import NO_CODE, Code, Fact, today

__all__ = ["Shapes"]

_VALUE_TYPE, _RELATIONSHIP, _NAME, _CODE = 0x0040A040, 0x0040A010, 0x0040A043, 0x0040A168
_MEASURED, _GRAPHIC, _TEMPLATE = 0x0040A300, 0x00700023, 0x0040A504
_REFERENCED = 0x00081199
#: Referenced SOP Class UID and Instance UID begin so, in little endian.
_CLASS, _INSTANCE = b"\x08\x00\x50\x11", b"\x08\x00\x55\x11"
#: Numeric Value begins so, in little endian; what stands before it are the units.
_NUMERIC_VALUE = b"\x40\x00\x0a\xa3"
_ITEM_HEADER = 8
_REFERENCES = frozenset(("COMPOSITE", "IMAGE", "WAVEFORM"))
#: In place of bytes, of what has been decoded.
_DECODED = object()


class Shapes:
    """Shapes of all content items of one report.

    Attributes
    ----------
    facts : list of Fact
        By number of what an item itself holds.
    own, shape : dict
        By identity of the node: number of what the item itself holds; of its shape, its children included.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.facts: list[Fact] = []
        self.own: dict[int, int] = {}
        self.shape: dict[int, int] = {}
        self._root = nodes[0]
        self._known: dict[Any, int] = {}
        self._forms: dict[Form, int] = {}
        self._shapes: dict[Any, int] = {}
        self._references: dict[int, tuple[int, ...]] = {}
        own, shape, shapes = self.own, self.shape, self._shapes
        for node in reversed(nodes):
            number = self._own_number(node)
            name = id(node)
            own[name] = number
            key = (number, *[shape[id(child)] for child in node.children]) if node.children else number
            found = shapes.get(key)
            if found is None:
                found = shapes[key] = len(shapes)
            shape[name] = found

    def fact(self, node: Node) -> Fact:
        """What matters of an item."""
        return self.facts[self.own[id(node)]]

    def _own_number(self, node: Node) -> int:
        if not node.shared:
            return self._number_of(node)
        number = self._forms.get(node.form)
        if number is None:
            number = self._forms[node.form] = self._number_of(node)
        return number

    def _number_of(self, node: Node) -> int:
        key: Any
        if node.reference is not None and not node.value_type:
            key = (node.relationship, node.reference)
        else:
            get = node.item.elements.get
            measured = _stored(get(_MEASURED)) if _MEASURED in node.item.elements else None
            if type(measured) is bytes:
                end = measured.find(_NUMERIC_VALUE)
                measured = measured[_ITEM_HEADER:end] if end > 0 else measured
            stored = (
                _stored(get(_NAME)),
                _stored(get(_CODE)),
                measured,
                _stored(get(_TEMPLATE)),
                _class_in(get(_REFERENCED)),
            )
            if _DECODED in stored:
                return self._add(node)
            key = (
                node.value_type,
                node.relationship,
                node.item.text("GraphicType") if _GRAPHIC in node.item else "",
                *stored,
            )
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = self._add(node)
        return number

    def _add(self, node: Node) -> int:
        fact = self._fact(node)
        number: int | None = self._known.get(fact)
        if number is None:
            number = self._known[fact] = len(self.facts)
            self.facts.append(fact)
        return number

    def _fact(self, node: Node) -> Fact:
        if node.reference is not None and not node.value_type:
            target = target_of(self._root, node.reference)
            if target is None or target is node:
                return Fact("", node.relationship, True, NO_CODE, NO_CODE, NO_CODE, "", "")
            return _fact(target, node.relationship, by_reference=True)
        return _fact(node, node.relationship, by_reference=False)


def _stored(source: Any) -> Any:
    """The bytes of an element; None if it is absent, and :data:`_DECODED` if it has none."""
    if source is None:
        return None
    value = source.value
    return value if type(value) is bytes else _DECODED


def _class_in(source: Any) -> Any:
    """What stands before the instance that an item refers to: its class, still encoded."""
    stored = _stored(source)
    if type(stored) is not bytes:
        return stored
    at = stored.find(_CLASS)
    stop = stored.find(_INSTANCE, at)
    return stored[at:stop] if 0 <= at < stop else _DECODED


def _fact(node: Node, relationship: str, *, by_reference: bool) -> Fact:
    item = node.item
    measured = item.items("MeasuredValueSequence") if node.value_type == "NUM" else []
    return Fact(
        node.value_type,
        relationship,
        by_reference,
        code_of(item, "ConceptNameCodeSequence"),
        code_of(item, "ConceptCodeSequence") if node.value_type == "CODE" else NO_CODE,
        code_of(measured[0], "MeasurementUnitsCodeSequence") if measured else NO_CODE,
        item.text("GraphicType"),
        template_of(item),
        _class_of(item) if node.value_type in _REFERENCES else "",
    )


def _class_of(item: Item) -> str:
    """Class of the object that an item refers to; "" if it does not say."""
    found = item.items("ReferencedSOPSequence")
    return found[0].text("ReferencedSOPClassUID") if found else ""


def code_of(item: Item, keyword: str) -> Code:
    """The code that the first item of a sequence holds."""
    found = item.items(keyword)
    if not found:
        return NO_CODE
    names = ("CodeValue", "LongCodeValue", "URNCodeValue")
    value = next((text for text in map(found[0].text, names) if text), "")
    return today(value, found[0].text("CodingSchemeDesignator")) if value else NO_CODE


def template_of(item: Item) -> str:
    """Identifier of the standard's template that an item states; "" if it states none of the standard's."""
    found = item.items("ContentTemplateSequence")
    if not found or found[0].text("MappingResource") not in ("DCMR", ""):
        return ""
    return found[0].text("TemplateIdentifier")
