"""Content items of structured reports: their tree, and what each of them holds (PS3.3 C.17.3).

The tree is read once, without recursion, into a flat list of :class:`Node`; the attributes of each item are then
checked against the block of its value type, as any other item. Rules on the tree: `_content_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dicomposer import standard
from dicomposer.errors import DamagedFileError
from dicomposer.standard import Attribute
from dicomposer.validation._collect import Collector
from dicomposer.validation._content_relations import VALUE_TYPES
from dicomposer.validation._presence import CONTENT_SEQUENCE, Block, Walker
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, tag_of

__all__ = ["CONTENT", "Node", "check_content", "content_tree", "has_content", "root_blocks"]

#: Key of the module.
CONTENT = "sr-document-content"
#: Deeper ones are said to be too deep and not looked at: no template nests half as far.
MOST_DEEP = 100

_VALUE_TYPE = tag_of("ValueType")
_RELATIONSHIP = tag_of("RelationshipType")
_REFERENCE = tag_of("ReferencedContentItemIdentifier")

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


class Node:
    """One content item.

    Attributes
    ----------
    item : Item
    value_type, relationship : str
        "" where absent.
    reference : tuple of int or None
        Of an item by reference: where its target stands.
    parent : Node or None
    children : list of Node
    depth : int
        0 for the root.
    problem : str
        What is wrong with its sequence of items, if that cannot be read.
    """

    __slots__ = ("children", "depth", "item", "parent", "problem", "reference", "relationship", "value_type")

    def __init__(self, item: Item, parent: Node | None) -> None:
        self.item = item
        self.parent = parent
        self.children: list[Node] = []
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.problem = ""
        self.value_type = item.text("ValueType") if _VALUE_TYPE in item.elements else ""
        self.relationship = item.text("RelationshipType") if _RELATIONSHIP in item.elements else ""
        self.reference: tuple[int, ...] | None = None
        if _REFERENCE in item.elements:
            values = item.values("ReferencedContentItemIdentifier")
            self.reference = tuple(value for value in values if isinstance(value, int))

    def path_of(self, keyword: str) -> str:
        """Path of an attribute of the item."""
        return self.item.path_of(keyword)


def has_content(subject: Subject) -> bool:
    """Whether the object is a structured report (or a key object or rendition selection)."""
    iod = subject.iod
    return iod is not None and subject.once(
        "has content", lambda: any(usage.module.key == CONTENT for usage in iod.modules)
    )


def content_tree(subject: Subject) -> list[Node]:
    """All content items, the root first, parents before children; read at the first call."""
    return subject.once("content tree", lambda: list(_read(subject.root)))


def _read(root: Item) -> Iterator[Node]:
    waiting = [Node(root, None)]
    while waiting:
        node = waiting.pop()
        yield node
        element = node.item.get(CONTENT_SEQUENCE)
        if element is None:
            continue
        if node.depth >= MOST_DEEP:
            node.problem = f"is nested deeper than {MOST_DEEP} levels, which is not looked at"
            continue
        try:
            node.children = [Node(item, node) for item in element.items]
        except DamagedFileError:
            node.problem = "is damaged: its bytes do not hold together as items"
        waiting += reversed(node.children)


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
    for node in content_tree(subject):
        if node.problem:
            level = "error" if node.problem.startswith("is damaged") else "not-evaluated"
            rule = "damaged-sequence PS3.5 7.5" if level == "error" else "content PS3.3 C.17.3"
            collector.add(rule, level, node.path_of("ContentSequence"), node.problem)  # type: ignore[arg-type]
        element = node.item.get(CONTENT_SEQUENCE)
        if element is not None:
            walker.check_order(element)
        if node.parent is not None:
            place = "value" if node.reference is None or node.value_type else "reference"
            walker.walk(node.item, (content_block(node.value_type, place),))


def root_blocks(root: Item) -> Sequence[Block]:
    """The block of the root, which is a content item beside all else."""
    return (content_block(root.text("ValueType"), "root"),)
