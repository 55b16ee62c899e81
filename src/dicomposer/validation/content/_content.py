"""Content items of structured reports: their tree, and what each of them holds (PS3.3 C.17.3).

The attributes of each item are checked against the block of its value type, as those of any other item. What holds of
one item holds of all of the same form (see `_content_tree`) at the same depth: those are checked once.
Rules on the tree: `_content_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from dicomposer import standard
from dicomposer.standard import Attribute
from dicomposer.validation._collect import Collector
from dicomposer.validation._presence import Block, Plan, Walker
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item
from dicomposer.validation.content._content_relations import VALUE_TYPES
from dicomposer.validation.content._content_tree import (
    FLOATING,
    GRAPHIC,
    MEASURED,
    NUMERIC,
    Form,
    Node,
    content_tree,
)

__all__ = ["CONTENT", "Node", "check_content", "content_tree", "has_content", "root_blocks"]

#: Key of the module.
CONTENT = "sr-document-content"

#: Attributes of any content item.
_COMMON = """ObservationDateTime ObservationUID ValueType ConceptNameCodeSequence ContentTemplateSequence
    ContentSequence"""
#: Value type -> attributes, "!" required with a value, "?" required but perhaps empty (PS3.3 C.17.3, C.18).
_OWN = {
    "TEXT": "TextValue!",
    "CODE": "ConceptCodeSequence!",
    "NUM": "MeasuredValueSequence? NumericValueQualifierCodeSequence",
    "DATETIME": "DateTime!",
    "DATE": "Date!",
    "TIME": "Time!",
    "UIDREF": "UID!",
    "PNAME": "PersonName!",
    "COMPOSITE": "ReferencedSOPSequence!",
    "IMAGE": "ReferencedSOPSequence!",
    "WAVEFORM": "ReferencedSOPSequence!",
    "SCOORD": "GraphicType! GraphicData! PixelOriginInterpretation FiducialUID",
    "SCOORD3D": "GraphicType! GraphicData! ReferencedFrameOfReferenceUID! FiducialUID",
    "TCOORD": "TemporalRangeType! ReferencedSamplePositions ReferencedTimeOffsets ReferencedDateTime",
    "CONTAINER": "ContinuityOfContent!",
    "TABLE": "TabulatedValuesSequence!",
}
#: Value types whose concept name is required (PS3.3 Table C.17-5).
_NAMED = frozenset("TEXT NUM CODE DATETIME DATE TIME UIDREF PNAME".split())
#: Whether these are required no data set tells; only at the root it is said that it cannot be told.
_OPTIONAL = frozenset("ObservationDateTime ContentTemplateSequence NumericValueQualifierCodeSequence".split())


def has_content(subject: Subject) -> bool:
    """Whether the object is a structured report (or a key object or rendition selection)."""
    iod = subject.iod
    return iod is not None and subject.once(
        "has content", lambda: any(usage.module.key == CONTENT for usage in iod.modules)
    )


# -- attributes -----------------------------------------------------------------------------------------------------

_BLOCKS: dict[tuple[str, str], Block] = {}


def content_block(value_type: str, place: str) -> Block:
    """The attributes of a content item.

    Parameters
    ----------
    value_type : str
        One that is none of the standard's may hold anything of the module.
    place : {"root", "value", "reference"}
        The root of the tree, an item by value, or one that refers to another.
    """
    key = (value_type if value_type in VALUE_TYPES else "", place)
    block = _BLOCKS.get(key)
    if block is None:
        block = _BLOCKS[key] = Block(tuple(_attributes(*key)))
    return block


def _attributes(value_type: str, place: str) -> Iterator[Attribute]:
    module = standard.module(CONTENT)
    known = {one.keyword: one for one in (*module.attribute("ContentSequence").items, *module.attributes)}
    if place != "root":
        yield replace(known["RelationshipType"], condition=None)
    if place == "reference":
        yield replace(known["ReferencedContentItemIdentifier"], type="1", condition=None)
        return
    for name in _COMMON.split():
        one = known[name]
        if name == "ConceptNameCodeSequence":
            required = place == "root" or value_type in _NAMED
            yield replace(one, type="1" if required else "3", condition=None)
        elif name == "ContentSequence" or name in _OPTIONAL and place != "root":
            yield replace(one, type="3", condition=None, items=())
        else:
            yield one
    names = _OWN.get(value_type) or " ".join(_OWN.values()).replace("!", "").replace("?", "")
    for name in dict.fromkeys(names.split()):
        yield _own(known, name)


def _own(known: dict[str, Attribute], name: str) -> Attribute:
    one = known[name.rstrip("!?")]
    if name.endswith("!"):
        return replace(one, type="1", condition=None)
    return replace(one, type="2" if name.endswith("?") else "3", condition=None)


def check_content(subject: Subject, collector: Collector, walker: Walker) -> None:
    """Check the attributes of every content item but the root, which is checked with the rest of the object."""
    if not has_content(subject):
        return
    known = _Known(walker, collector)
    for node in content_tree(subject):
        if node.problem:
            level = "error" if node.problem.startswith("is damaged") else "not-evaluated"
            rule = "damaged-sequence PS3.5 7.5" if level == "error" else "content PS3.3 C.17.3"
            collector.add(rule, level, node.path_of("ContentSequence"), node.problem)  # type: ignore[arg-type]
        if node.listed is not None:
            walker.check_order(node.listed)
        if node.parent is not None and not known.holds(node):
            known.judge(node)


class _Known:
    """Forms of items with which nothing is wrong, by depth: paths without numbers are the same there.

    Parameters
    ----------
    walker : Walker
    collector : Collector
    """

    def __init__(self, walker: Walker, collector: Collector) -> None:
        self._walker = walker
        self._collector = collector
        self._good: set[tuple[int, Form]] = set()
        #: Measured values that were met; what is noted of each that differs, by depth and what they have in common.
        self._met: set[tuple[int, bytes]] = set()
        self._noted: dict[tuple[int, Any], tuple[Plan, str, list[Any]]] = {}

    def holds(self, node: Node) -> bool:
        """Whether nothing is wrong with an item, for all that is known."""
        if node.own is None or (node.depth, node.form) not in self._good:
            return False
        if node.form.free == MEASURED and (node.depth, node.own) not in self._met:
            known = self._noted.get((node.depth, node.form.measured))
            if known is None:
                return False
            plan, trail, notes = known
            self._met.add((node.depth, node.own))
            self._walker.trust(plan, trail, node.own)
            for note in notes:
                self._collector.again(note)
        return True

    def judge(self, node: Node) -> None:
        """Check an item, and remember its form if nothing is wrong."""
        place = "value" if node.reference is None or node.value_type else "reference"
        blocks = (content_block(node.value_type, place),)
        item, collector = node.item, self._collector
        before, collector.noted = collector.events, []
        try:
            self._walker.walk(item, blocks)
        finally:
            noted, collector.noted = collector.noted, None
        if node.value_type == "NUM":
            self._meet(node, blocks, noted)
        own = any("." not in one[2][len(item.trail) + 1 :] for one in noted)
        good = node.shared and collector.events == before and not own and not item.outer
        if good and self._is_free(node.form, blocks):
            self._good.add((node.depth, node.form))

    def _meet(self, node: Node, blocks: tuple[Block, ...], noted: list[Any]) -> None:
        """Remember measured values, and what was noted of the first that has this in common."""
        source = node.item.elements.get(MEASURED)
        value = None if source is None else source.value
        if type(value) is not bytes or (node.depth, value) in self._met:
            return
        self._met.add((node.depth, value))
        if node.shared and node.form.free == MEASURED:
            trail = node.item.trail
            inner = f"{trail}.MeasuredValueSequence."
            notes = [one for one in noted if one[2].startswith(inner) and "." not in one[2][len(inner) :]]
            self._noted[node.depth, node.form.measured] = (
                self._walker.plan_of(MEASURED, blocks),
                trail,
                notes,
            )

    def _is_free(self, form: Form, blocks: tuple[Block, ...]) -> bool:
        """Whether nothing but their representation is asked of the values that items of a form have of their own."""
        tag = form.free
        if not tag:
            return True
        plan = self._walker.plan_of(tag, blocks)
        if any(tag in block.compared for block in blocks) or not plan.attributes:
            return False
        if tag != MEASURED:
            return (
                plan.static
                and not plan.rules
                and (plan.multiplicity == "2-n" if tag == GRAPHIC else plan.simple)
            )
        if form.value_type != "NUM":
            return False
        numbers = [one for one in (NUMERIC, FLOATING) if one in form.measured]
        compared = any(one in block.compared for block in plan.inner for one in numbers)
        return not compared and all(self._walker.plan_of(one, plan.inner).simple for one in numbers)


def root_blocks(root: Item) -> Sequence[Block]:
    """The block of the root, which is a content item beside all else."""
    return (content_block(root.text("ValueType"), "root"),)
