"""Attributes against the tables: presence by type and condition, values, nested items (PS3.5 7.4, PS3.3 5.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from dicomposer import standard
from dicomposer.standard import Attribute, Condition, ModuleUsage
from dicomposer.validation._collect import Collector
from dicomposer.validation._findings import Level
from dicomposer.validation._lookup import lookup_for
from dicomposer.validation._subject import PER_FRAME, SHARED, Subject
from dicomposer.validation._values import element_problem, multiplicity_problem, value_problem
from dicomposer.validation._view import Element, Item

__all__ = ["Block", "Walker", "block_of", "group_block"]

#: Sequences of which "only a single Item shall be included" (PS3.3), where the tables do not say so.
SINGLE_ITEM = frozenset(
    """AnatomicRegionSequence SegmentedPropertyCategoryCodeSequence SegmentedPropertyTypeCodeSequence
    SharedFunctionalGroupsSequence PixelMeasuresSequence PlanePositionSequence PlaneOrientationSequence
    PlanePositionSlideSequence FrameContentSequence SegmentIdentificationSequence FrameAnatomySequence
    PurposeOfReferenceCodeSequence FrameVOILUTSequence PixelValueTransformationSequence
    IrradiationEventIdentificationSequence OpticalPathIdentificationSequence TotalPixelMatrixOriginSequence
    ConceptNameCodeSequence MeasurementUnitsCodeSequence""".split()
)


class Block:
    """A list of attributes that may stand in one item, compiled for checking.

    Attributes
    ----------
    required : tuple of Attribute
        Those of types 1, 1C, 2 and 2C.
    by_tag : dict
        Tag -> attribute (repeating groups: the tag of the first group).
    """

    __slots__ = ("attributes", "by_tag", "required")

    def __init__(self, attributes: Sequence[Attribute]) -> None:
        self.attributes = attributes
        self.required = tuple(one for one in attributes if one.type[:1] in ("1", "2") and not one.repeating)
        self.by_tag = {one.tag: one for one in attributes}


_BLOCKS: dict[int, Block] = {}


def block_of(attributes: tuple[Attribute, ...]) -> Block:
    """The compiled form of a tuple of the tables (which share equal tuples, so identity is enough)."""
    block = _BLOCKS.get(id(attributes))
    if block is None or block.attributes is not attributes:
        block = _BLOCKS[id(attributes)] = Block(attributes)
    return block


_GROUPS: dict[str, Block] = {}


def group_block(iod: standard.IOD) -> Block:
    """The functional groups of an IOD as a block (their usage is checked elsewhere)."""
    block = _GROUPS.get(iod.key)
    if block is None:
        block = _GROUPS[iod.key] = Block(tuple(usage.attribute for usage in iod.functional_groups))
        block.required = ()
    return block


def first_group(tag: int) -> int:
    """The tag under which the tables know an attribute: repeating groups go by their first."""
    return tag & 0xFF00FFFF if tag >> 24 in (0x50, 0x60) and not tag & 0x00010000 else tag


def rule_name(kind: str, attribute: Attribute) -> str:
    """Identifier and section of a rule on an attribute's presence."""
    return f"{kind} PS3.3 {attribute.section}".rstrip()


class Walker:
    """One walk over an object: presence, values and nested items.

    Parameters
    ----------
    subject : Subject
    collector : Collector
    """

    def __init__(self, subject: Subject, collector: Collector) -> None:
        self.subject = subject
        self.collector = collector
        self._modules: dict[str, bool | None] = {}
        self._faint: set[int] = set()
        self._clean: set[tuple[tuple[int, ...], bytes]] = set()
        self._good: set[tuple[str, Any]] = set()
        iod = subject.iod
        usages = () if iod is None else iod.modules
        self._usages = {usage.module.key: usage for usage in usages}
        self._alone = _attributes_of_one_module(usages)

    # -- the whole object -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Check the root and everything below it, but for the per-frame functional groups."""
        root = self.subject.root
        blocks = []
        for usage in self._usages.values():
            if self._wanted(usage):
                block = block_of(usage.module.attributes)
                blocks.append(block)
                if usage.usage != "M" and not self._shows(usage):
                    self._faint.add(id(block))
                self._repeating(root, block)
        self.walk(root, blocks)
        if self.subject.meta is not None:
            self.walk(self.subject.meta, ())

    def _wanted(self, usage: ModuleUsage) -> bool:
        """Whether a module's attributes are to be checked; says so if that cannot be told."""
        present = self.module_present(usage.module.key)
        if present is None:
            self.collector.add(
                f"module-condition PS3.3 {usage.module.section}",
                "not-evaluated",
                "",
                f"whether the {usage.module.name} module is required cannot be told from the object",
            )
        return bool(present)

    def module_present(self, key: str) -> bool | None:
        """Whether a module of the IOD is present (or has to be); None if that cannot be told."""
        if key not in self._usages:
            return False
        if key not in self._modules:
            self._modules[key] = None  # a condition that hangs on itself is not evaluable
            self._modules[key] = self._module_present(self._usages[key])
        return self._modules[key]

    def _module_present(self, usage: ModuleUsage) -> bool | None:
        if usage.usage == "M":
            return True
        if self._alone[usage.module.key] & self.subject.root.elements.keys():
            return True
        if usage.usage == "U":
            return False
        return self._evaluate(usage.condition, self.subject.root)

    def _shows(self, usage: ModuleUsage) -> bool:
        """Whether a module that need not be there shows by more than optional attributes.

        Those may stand in a Standard Extended SOP Class (PS3.2 3) without the rest of their module.
        """
        if usage.usage == "C" and self._evaluate(usage.condition, self.subject.root):
            return True
        alone = self._alone[usage.module.key]
        needed = {one.tag for one in usage.module.attributes if one.type in ("1", "2")}
        return bool(alone & needed & self.subject.root.elements.keys())

    def _evaluate(self, condition: Condition | None, item: Item) -> bool | None:
        if condition is None:
            return None
        return condition.evaluate(lookup_for(self.subject, item, self.module_present))

    # -- one item ---------------------------------------------------------------------------------------------------

    def walk(self, item: Item, blocks: Sequence[Block], *, values: bool = True) -> None:
        """Check an item against the blocks that hold for it.

        Parameters
        ----------
        item : Item
        blocks : sequence of Block
            The attributes that may stand in it; several modules may each have a say.
        values : bool
            Whether to check value representations (False for a frame that stands for many: its columns are checked).
        """
        for block in blocks:
            for attribute in block.required:
                element = item.get(attribute.tag)
                if element is None:
                    self._absent(item, attribute, "warning" if id(block) in self._faint else "error")
                elif attribute.type[0] == "1" and element.empty:
                    self._empty(element, attribute)
        for element in item:
            if values:
                self._encoding(element)
            attributes = self._known(element, blocks)
            if attributes:
                self._content(item, element, attributes)
            if element.vr == "SQ" and element.tag not in (SHARED, PER_FRAME):
                self._nested(element, attributes, values)

    def _known(self, element: Element, blocks: Sequence[Block]) -> list[Attribute]:
        tag = first_group(element.tag)
        return [block.by_tag[tag] for block in blocks if tag in block.by_tag]

    def _absent(self, item: Item, attribute: Attribute, level: Level = "error") -> None:
        kind = attribute.type
        if kind in ("1", "2"):
            path = item.path_of(attribute.keyword)
            self.collector.add(rule_name(f"type-{kind}", attribute), level, path, "is missing")
            return
        required = self._evaluate(attribute.condition, item)
        if required:
            message = "is missing, and the condition under which it is required holds"
            path = item.path_of(attribute.keyword)
            self.collector.add(rule_name(f"type-{kind.lower()}", attribute), level, path, message)
        elif required is None and self.collector.wants("not-evaluated"):
            message = "is absent; whether it is required cannot be told from the object"
            path = item.path_of(attribute.keyword)
            self.collector.add(rule_name("condition", attribute), "not-evaluated", path, message)

    def _empty(self, element: Element, attribute: Attribute) -> None:
        self.collector.add(
            rule_name(f"type-{attribute.type.lower()}", attribute),
            "error",
            element.path,
            "has no items" if element.vr == "SQ" else "has no value",
        )

    def _repeating(self, root: Item, block: Block) -> None:
        """Presence in each repeating group that the object has (overlays, curves)."""
        attributes = [one for one in block.attributes if one.repeating and one.type[:1] in ("1", "2")]
        if not attributes:
            return
        bases = {int(tag) & 0xFFFF0000 for tag in root.elements if first_group(int(tag)) in block.by_tag}
        for base in sorted(base for base in bases if base >> 24 in (0x50, 0x60)):
            for attribute in attributes:
                tag = base | attribute.tag & 0xFFFF
                element = root.get(tag)
                if element is None and attribute.type in ("1", "2"):
                    self._absent(root, attribute)
                elif element is not None and attribute.type[0] == "1" and element.empty:
                    self._empty(element, attribute)

    # -- values -----------------------------------------------------------------------------------------------------

    def _encoding(self, element: Element) -> None:
        """VR of every value, whether the IOD knows the attribute or not."""
        if element.vr == "SQ":
            return
        problem = element_problem(element)
        if problem:
            self.collector.add("encoding PS3.5 6.2", "error", element.path, problem)
        for value in element.values if element.raw is None or element.vr not in ("OB", "OW", "UN") else ():
            key = (element.vr, value)
            if element.vr in ("UI", "CS") and key in self._good:
                continue
            problem = value_problem(element.vr, value)
            if problem:
                self.collector.add("value-representation PS3.5 6.2", "error", element.path, problem)
                break
            if element.vr in ("UI", "CS"):
                self._good.add(key)
        if element.tag >> 16 & 1 == 0 and not element.empty:
            problem = multiplicity_problem(element.vr, _dictionary_vm(element.tag), len(element.values))
            if problem:
                self.collector.add("value-multiplicity PS3.6 6", "error", element.path, problem)

    def _content(self, item: Item, element: Element, attributes: Sequence[Attribute]) -> None:
        """Conditions that forbid the attribute, the VR of the dictionary, and enumerated values and defined terms."""
        for attribute in attributes:
            condition = attribute.condition
            if condition is not None and condition.otherwise is not True:
                self._forbidden(item, element, attribute, condition, len(attributes) > 1)
        rules = [rule for attribute in attributes for rule in attribute.values]
        if rules and not element.empty:
            self._terms(item, element, rules)
        if not _vr_fits(element.vr, attributes[0].vr):
            message = f"is encoded as {element.vr} where {attributes[0].vr} is due"
            self.collector.add("value-representation PS3.6 6", "error", element.path, message)

    def _forbidden(
        self, item: Item, element: Element, attribute: Attribute, condition: Condition, shared: bool
    ) -> None:
        if shared or attribute.type not in ("1C", "2C"):
            return
        permitted = condition.permits(lookup_for(self.subject, item, self.module_present))
        if permitted is False:
            self.collector.add(
                rule_name(f"type-{attribute.type.lower()}", attribute),
                "warning",
                element.path,
                "is present, although the condition under which it may be does not hold",
            )

    def _terms(self, item: Item, element: Element, rules: Iterable[standard.ValueRule]) -> None:
        defined: dict[int | None, set[str]] = {}
        for rule in rules:
            if rule.condition is not None and not self._evaluate(rule.condition, item):
                continue
            if rule.kind == "defined":
                defined.setdefault(rule.index, set()).update(rule.values)
                continue
            if not _among(element, rule.index, rule.values):
                message = f"has a value that is not among {_listed(rule.values)}"
                self._term(element, f"enumerated-value PS3.3 {rule.section}".rstrip(), "error", message, rule.index)
        for index, values in defined.items():
            if not _among(element, index, values):
                message = "has a value that is not among the defined terms"
                self._term(element, "defined-term PS3.3", "warning", message, index)

    def _term(self, element: Element, rule: str, level: Level, message: str, index: int | None) -> None:
        if index is not None:
            message = f"value {index + 1} {message.removeprefix('has a value that ')}"
        self.collector.add(rule, level, element.path, message)

    # -- sequences --------------------------------------------------------------------------------------------------

    def _nested(self, element: Element, attributes: Sequence[Attribute], values: bool) -> None:
        blocks = tuple(block_of(attribute.items) for attribute in attributes if attribute.items)
        key = (tuple(id(block) for block in blocks), element.raw) if element.raw is not None else None
        if key is not None and key in self._clean:
            return
        before = self.collector.events
        items = element.items
        if len(items) > 1 and element.keyword in SINGLE_ITEM and blocks:
            message = "has more than the single item that is permitted"
            self.collector.add(rule_name("single-item", attributes[0]), "error", element.path, message, 1)
        for inner in items:
            self.walk(inner, blocks, values=values)
            if inner.outer:
                key = None
        if key is not None and self.collector.events == before:
            self._clean.add(key)  # type: ignore[arg-type]


def _attributes_of_one_module(usages: Iterable[ModuleUsage]) -> dict[str, set[int]]:
    """Top-level tags that belong to one module of the IOD only: their presence tells of the module's."""
    owners: dict[int, list[str]] = {}
    for usage in usages:
        for attribute in usage.module.attributes:
            owners.setdefault(attribute.tag, []).append(usage.module.key)
    alone: dict[str, set[int]] = {usage.module.key: set() for usage in usages}
    for tag, keys in owners.items():
        if len(keys) == 1:
            alone[keys[0]].add(tag)
    return alone


def _dictionary_vm(tag: int) -> str:
    try:
        return standard.attribute(tag).vm
    except KeyError:
        return ""


def _vr_fits(actual: str, due: str) -> bool:
    return actual == due or actual == "UN" or actual in due.split(" or ") or actual in ("OB", "OW") and "O" in due


def _among(element: Element, index: int | None, allowed: Collection[str]) -> bool:
    """Whether all values (or the one at an index) are among those allowed; numbers are compared as numbers."""
    values = element.values if index is None else element.values[index : index + 1]
    for value in values:
        text = value if isinstance(value, str) else str(value)
        if not text or text in allowed:
            continue
        if isinstance(value, str) or not any(_is_number(value, one) for one in allowed):
            return False
    return True


def _is_number(value: Any, text: str) -> bool:
    try:
        return bool(float(text) == value)
    except ValueError:
        return False


def _listed(values: Iterable[str]) -> str:
    names = sorted(values)
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")

