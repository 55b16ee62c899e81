"""Attributes against the tables: presence by type and condition, values, nested items (PS3.5 7.4, PS3.3 5.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from pydicom.uid import UID

from dicomposer import standard
from dicomposer.errors import DamagedFileError
from dicomposer.standard import Attribute, Condition, ModuleUsage
from dicomposer.validation._codes import Codes, bindings_of, code_items, is_code
from dicomposer.validation._collect import Collector
from dicomposer.validation._findings import Level
from dicomposer.validation._lookup import lookup_for
from dicomposer.validation._subject import PER_FRAME, SHARED, Subject
from dicomposer.validation._values import (
    element_notes,
    element_problem,
    is_hollow,
    is_plain,
    multiplicity_problem,
    value_problem,
)
from dicomposer.validation._view import BULK, Element, Item, keyword_of, tag_of
from dicomposer.validation.content._content_tree import CONTENT_SEQUENCE
from dicomposer.validation.families._inventory import first_group, inventory_of, is_retired

__all__ = ["Block", "Plan", "Walker", "block_of", "group_block"]


class Block:
    """A list of attributes that may stand in one item, compiled for checking.

    Attributes
    ----------
    required : tuple of Attribute
        Those of types 1, 1C, 2 and 2C.
    by_tag : dict
        Tag -> attribute (repeating groups: the tag of the first group).
    compared : tuple of int
        Tags of the item's own attributes whose values the conditions of the required ones ask for.
    foreign : bool
        Whether those conditions look beyond the item.
    """

    __slots__ = ("attributes", "by_tag", "compared", "foreign", "required")

    def __init__(self, attributes: Sequence[Attribute]) -> None:
        self.attributes = attributes
        self.required = tuple(one for one in attributes if one.type[:1] in ("1", "2") and not one.repeating)
        self.by_tag = {one.tag: one for one in attributes}
        conditions = [one.condition for one in self.required if one.condition is not None]
        references = [reference for condition in conditions for reference in condition.references]
        self.foreign = any(not reference.startswith("./") for reference in references)
        names = [
            reference.removeprefix("./").partition(".")[0]
            for condition in conditions
            for reference in _asked_for_values(condition)
        ]
        self.compared = tuple(dict.fromkeys(tag_of(name) for name in names if name))


def _asked_for_values(condition: Condition) -> Iterable[str]:
    """References of which more is asked than whether an attribute of the item is present."""
    presence = {
        one.path for one in _predicates(condition) if type(one) is standard.Present and not one.filled
    }
    more = {one.path for one in _predicates(condition) if type(one) is not standard.Present or one.filled}
    for reference in condition.references:
        only = reference in presence and reference not in more and "." not in reference.removeprefix("./")
        if not only and reference[0] not in "@/" and not reference.startswith(".."):
            yield reference


def _predicates(condition: Condition) -> Iterator[Any]:
    """All predicates of a condition that ask for an attribute."""
    waiting: list[Any] = [condition.predicate]
    if not isinstance(condition.otherwise, bool):
        waiting.append(condition.otherwise)
    while waiting:
        one = waiting.pop()
        waiting.extend(one.parts())
        if hasattr(one, "path"):
            yield one


class Plan:
    """How one attribute is checked where certain blocks hold.

    Attributes
    ----------
    attributes : list of Attribute
        What the blocks say of it.
    filled : Attribute or None
        The one that forbids an empty value.
    static : bool
        Whether the check hangs on nothing but the value.
    simple : bool
        Whether a single value is right if only its representation is.
    """

    __slots__ = ("attributes", "contexts", "count", "filled", "forbidding", "inner", "judged", "multiplicity",
                 "noted", "rules", "simple", "static", "tag", "vr")  # fmt: skip

    def __init__(self, tag: int, blocks: Sequence[Block]) -> None:
        self.tag = tag
        known = first_group(tag)
        self.attributes = [block.by_tag[known] for block in blocks if known in block.by_tag]
        self.inner = tuple(block_of(one.items) for one in self.attributes if one.items)
        self.contexts = bindings_of(self.attributes)
        self.count = _count_due(self.attributes)
        self.filled = next((one for one in self.attributes if one.type[:1] == "1"), None)
        self.rules = [rule for one in self.attributes for rule in one.values]
        # Where several modules list an attribute, the one that permits it decides: each has to forbid it.
        forbidding = [one for one in self.attributes if _may_forbid(one)]
        self.forbidding = forbidding if len(forbidding) == len(self.attributes) else []
        # What the tables do not know here, and what is retired, is noted each time.
        self.judged = bool(blocks)
        self.noted = not self.attributes or is_retired(tag)
        self.static = (
            not self.noted and not self.forbidding and all(rule.condition is None for rule in self.rules)
        )
        self.multiplicity = "" if tag >> 16 & 1 else _dictionary_vm(tag)
        self.vr = self.attributes[0].vr if self.attributes else ""
        # A single value, of which only the representation has to be right.
        self.simple = bool(
            self.static and self.attributes and not self.rules and self.multiplicity[:1] == "1"
        )

    def section_of(self, rule: standard.ValueRule) -> str:
        """Section of a list of values: lists that several tables share have what their sections begin with."""
        exact = [one.section for one in self.attributes if one.section.startswith(rule.section)]
        return max(exact, key=len, default=rule.section)


#: Its attributes hang on the value type of each content item, which the tables do not tell (see `_content`).
_CONTENT = "sr-document-content"
#: Types whose values identify themselves, and the longest encoded value worth remembering.
_PLAIN = frozenset((str, int, float, UID))
_SHORT = 128
#: Most attributes of which is remembered how they are checked, where the tables do not have them.
_MOST_PLANS = 4096

_BLOCKS: dict[int, Block] = {}
#: Identities of blocks -> tag -> plan; blocks live as long as the tables.
_PLANS: dict[tuple[int, ...], dict[int, Plan]] = {}


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
        self._inventory = inventory_of(subject)
        #: Blocks of the root as a content item, if the object is a structured report.
        self.content: Sequence[Block] = ()
        self._faint: set[Block] = set()
        self.codes = Codes(subject, collector, self.module_present)
        #: Values with which nothing was wrong, with their plan and VR.
        self._good: set[tuple[Plan, str | None, Any]] = set()
        self._lacking: dict[Any, tuple[Item | None, bool, list[tuple[str, Level, str, str]]]] = {}
        iod = subject.iod
        usages = () if iod is None else iod.modules
        self._usages = {usage.module.key: usage for usage in usages}
        self._alone = _attributes_of_one_module(iod.key) if iod is not None else {}

    # -- the whole object -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Check the root and everything below it, but for the per-frame functional groups."""
        root = self.subject.root
        blocks: list[Block] = []
        for usage in self._usages.values():
            if usage.module.key == _CONTENT:
                blocks += self.content
            elif self._wanted(usage):
                block = block_of(usage.module.attributes)
                blocks.append(block)
                if usage.usage != "M" and not self._shows(usage):
                    self._faint.add(block)
                self._repeating(root, block)
        self.walk(root, tuple(blocks))
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

    def walk(self, item: Item, blocks: tuple[Block, ...], *, values: bool = True) -> None:
        """Check an item against the blocks that hold for it.

        Parameters
        ----------
        item : Item
        blocks : tuple of Block
            The attributes that may stand in it; several modules may each have a say.
        values : bool
            Whether to check value representations (False for a frame that stands for many: its columns are checked).
        """
        for block in blocks:
            if block.required:
                self._presence(item, block)
        plans = _PLANS.setdefault(tuple(map(id, blocks)), {})
        good = self._good
        for tag, source in item.elements.items():
            plan = plans.get(tag) or self.plan_of(tag, blocks)
            token = _token(plan, source) if plan.static else None
            if (
                token is None
                or token not in good
                and not (plan.simple and is_plain(plan.vr, token[1], token[2]))
            ):
                self._element(item, plan, values, token)

    def plan_of(self, tag: int, blocks: tuple[Block, ...]) -> Plan:
        """How an attribute is checked where certain blocks hold."""
        plans = _PLANS.setdefault(tuple(map(id, blocks)), {})
        plan = plans.get(tag)
        if plan is None:
            plan = Plan(tag, blocks)
            if plan.attributes or len(plans) < _MOST_PLANS:  # private ones could be any number
                plans[tag] = plan
        return plan

    def trust(self, plan: Plan, trail: str, value: bytes) -> None:
        """Take an encoded sequence for one with which nothing is wrong, as another like it."""
        self._good.add((plan, trail, value))

    def _element(self, item: Item, plan: Plan, values: bool, token: Any) -> None:
        """Check one element; remember a value with which nothing was wrong."""
        element = item.get(plan.tag)
        assert element is not None
        before = self.collector.events
        if element.vr == "SQ":
            if plan.tag not in (SHARED, PER_FRAME, CONTENT_SEQUENCE):
                self._nested(element, plan, values)
        elif values:
            self._encoding(element, plan)
        empty = element.empty
        if plan.filled is not None and (empty or is_hollow(element)):
            self._empty(element, plan.filled)
        if plan.attributes:
            self._content(item, element, plan, empty)
        if plan.noted and self._inventory.note(item, plan.tag, plan.judged):
            self.collector.events += 1  # so that the sequence around it is not taken for a known good one
        if token is not None and values and self.collector.events == before:
            self._good.add(token)

    def _presence(self, item: Item, block: Block) -> None:
        """Required attributes that an item lacks.

        What is lacking hangs on which attributes the item has, on the values that conditions compare, and on its
        surroundings: items alike in these, such as hundreds of codes or segments, are judged once.
        """
        elements = item.elements
        state = tuple([_state(item, tag) for tag in block.compared])
        parent = item.parent if block.foreign else None
        key = (block, id(parent), tuple(elements), state)
        known = self._lacking.get(key)
        if known is None:
            level: Level = "warning" if block in self._faint else "error"
            lacking = [(one, self._lacks(item, one)) for one in block.required if one.tag not in elements]
            notes = [_note(one, what, level) for one, what in lacking if what is not None]
            wanted = [note for note in notes if self.collector.wants(note[1])]
            # The parent is kept so that its identity is not taken by another.
            known = self._lacking[key] = (parent, item.outer, wanted)
        item.outer |= known[1]
        for rule, level, keyword, message in known[2]:
            self.collector.note(rule, level, item, keyword, message)

    def _lacks(self, item: Item, attribute: Attribute) -> str | None:
        """What is to be said of an attribute that is absent: it is "missing", "due", "unknown" whether due, or None."""
        if attribute.type in ("1", "2"):
            return "missing"
        required = self._evaluate(attribute.condition, item)
        return "due" if required else "unknown" if required is None else None

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
                    self.collector.add(
                        *_note(attribute, "missing", "error")[:2], keyword_of(tag), "is missing"
                    )
                elif element is not None and attribute.type[0] == "1" and element.empty:
                    self._empty(element, attribute)

    # -- values -----------------------------------------------------------------------------------------------------

    def _encoding(self, element: Element, plan: Plan) -> None:
        """VR of every value, whether the IOD knows the attribute or not."""
        problem = element_problem(element)
        if problem:
            self.collector.add("encoding PS3.5 6.2", "error", element.path, problem)
        if element.vr in BULK or not element.vr_is_known:
            return
        for level, message in element_notes(element):
            self.collector.add("value-form PS3.5 6.2", level, element.path, message)
        for value in element.values:
            problem = value_problem(element.vr, value)
            if problem:
                self.collector.add("value-representation PS3.5 6.2", "error", element.path, problem)
                break
        if plan.multiplicity and not element.empty:
            problem = multiplicity_problem(element.vr, plan.multiplicity, len(element.values))
            if problem:
                self.collector.add("value-multiplicity PS3.6 6", "error", element.path, problem)

    def _content(self, item: Item, element: Element, plan: Plan, empty: bool) -> None:
        """Conditions that forbid the attribute, the VR of the dictionary, and enumerated values and defined terms."""
        if plan.forbidding:
            self._forbidden(item, element, plan.forbidding)
        if plan.rules and not empty:
            self._terms(item, element, plan)
        due = plan.attributes[0].vr
        if element.vr != due and not _vr_fits(element.vr, due):
            message = f"is encoded as {element.vr} where {due} is due"
            self.collector.add("value-representation PS3.6 6", "error", element.path, message)

    def _forbidden(self, item: Item, element: Element, attributes: Sequence[Attribute]) -> None:
        lookup = lookup_for(self.subject, item, self.module_present)
        if any(one.condition is None or one.condition.permits(lookup) is not False for one in attributes):
            return
        # An optional attribute has a condition only where the standard says that it shall not be present
        level: Level = "error" if all(one.type == "3" for one in attributes) else "warning"
        message = "is present, although the condition under which it may be does not hold"
        self.collector.add(
            rule_name(f"type-{attributes[0].type.lower()}", attributes[0]), level, element.path, message
        )

    def _terms(self, item: Item, element: Element, plan: Plan) -> None:
        defined: dict[int | None, set[str]] = {}
        sections: dict[int | None, str] = {}
        for rule in plan.rules:
            if rule.condition is not None and not self._evaluate(rule.condition, item):
                continue
            if rule.kind == "defined":
                defined.setdefault(rule.index, set()).update(rule.values)
                sections.setdefault(rule.index, plan.section_of(rule))
                continue
            if not _among(element, rule.index, rule.values):
                message = f"has a value that is not among {_listed(rule.values)}"
                name = f"enumerated-value PS3.3 {plan.section_of(rule)}".rstrip()
                self._term(element, name, "error", message, rule.index)
        for index, values in defined.items():
            if not _among(element, index, values):
                message = "has a value that is not among the defined terms"
                name = f"defined-term PS3.3 {sections[index]}".rstrip()
                self._term(element, name, "warning", message, index)

    def _term(self, element: Element, rule: str, level: Level, message: str, index: int | None) -> None:
        if index is not None:
            message = f"value {index + 1} {message.removeprefix('has a value that ')}"
        self.collector.add(rule, level, element.path, message)

    # -- sequences --------------------------------------------------------------------------------------------------

    def check_order(self, element: Element) -> None:
        """Elements of a sequence's items that stand twice or do not ascend; its items have been asked for."""
        for index, tag, twice in element.disorder:
            path = element.items[index].path_of(keyword_of(tag))
            message = "stands twice; the last one counts here" if twice else "stands behind a higher tag"
            self.collector.add("element-order PS3.5 7.1", "error", path, message)

    def _nested(self, element: Element, plan: Plan, values: bool) -> None:
        key = (plan, element.item.trail, element.raw) if element.raw is not None else None
        if key is not None and key in self._good:
            return
        before = self.collector.events
        try:
            items = element.items
        except DamagedFileError:
            message = "is damaged: its bytes do not hold together as items"
            self.collector.add("damaged-sequence PS3.5 7.5", "error", element.path, message)
            return
        self.check_order(element)
        problem = _count_problem(len(items), plan.count)
        if problem:
            rule = rule_name("single-item" if plan.count == (1, 1) else "item-count", plan.attributes[0])
            self.collector.add(rule, "error", element.path, problem)
        for inner in items:
            coded = is_code(inner)
            blocks = plan.inner
            if coded and not blocks and not plan.tag >> 16 & 1:
                blocks = (block_of(code_items()),)
            self.walk(inner, blocks, values=values)
            if coded:
                self.codes.check(inner, plan.contexts)
            if inner.outer:
                key = None
        if key is not None and self.collector.events == before:
            self._good.add(key)


def _may_forbid(attribute: Attribute) -> bool:
    """Whether a definition has a condition without which the attribute may not be there."""
    condition = attribute.condition
    return attribute.type in ("1C", "2C", "3") and condition is not None and condition.otherwise is not True


def _count_problem(found: int, due: tuple[int, int | None] | None) -> str:
    """What is wrong with the number of items of a sequence; whether it may be empty is for its type to say."""
    if due is None or not found:
        return ""
    low, high = due
    if high is not None and found > high:
        return (
            "has more than the single item that is permitted" if high == 1 else f"has more than {high} items"
        )
    return f"has fewer than {low} items" if found < low else ""


def _count_due(attributes: Sequence[Attribute]) -> tuple[int, int | None] | None:
    """How many items a sequence may have where several modules may each have a say: the most liberal."""
    counts = [one.item_count for one in attributes]
    if not counts or None in counts:
        return None
    known = [count for count in counts if count is not None]
    highs = [high for _, high in known if high is not None]
    return min(low for low, _ in known), max(highs) if len(highs) == len(known) else None


def _state(item: Item, tag: int) -> tuple[Any, ...] | None:
    """Values of an attribute, in a form that can be compared; None if it is absent."""
    element = item.get(tag)
    if element is None:
        return None
    return (len(element.items),) if element.vr == "SQ" else tuple(element.values)


def _note(attribute: Attribute, what: str, level: Level) -> tuple[str, Level, str, str]:
    """Rule, level, keyword and message for an attribute that is absent: "missing", "due" or "unknown" whether due."""
    if what == "unknown":
        message = "is absent; whether it is required cannot be told from the object"
        return rule_name("condition", attribute), "not-evaluated", attribute.keyword, message
    message = "is missing" + (", and the condition under which it is required holds" if what == "due" else "")
    return rule_name(f"type-{attribute.type.lower()}", attribute), level, attribute.keyword, message


def _token(plan: Plan, source: Any) -> tuple[Plan, str | None, Any] | None:
    """What identifies an element's value cheaply; None if nothing does."""
    value = source.value
    if type(value) is bytes:
        return (plan, source.VR, value) if len(value) <= _SHORT and value.isascii() else None
    return (plan, source.VR, value) if type(value) in _PLAIN else None


@cache
def _attributes_of_one_module(key: str) -> dict[str, set[int]]:
    """Top-level tags that belong to one module of an IOD only: their presence tells of the module's."""
    usages = standard.iod(key).modules
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
    return (
        actual == due
        or actual == "UN"
        or actual in due.split(" or ")
        or actual in ("OB", "OW")
        and "O" in due
    )


def _among(element: Element, index: int | None, allowed: Collection[str]) -> bool:
    """Whether all values (or the one at an index) are among those allowed; numbers are compared as numbers."""
    values = element.values if index is None else element.values[index : index + 1]
    for value in values:
        text = value if isinstance(value, str) else str(value)
        if not text or text in allowed:
            continue
        text_value = isinstance(value, str) and element.vr not in ("DS", "IS")
        if text_value or not any(_is_number(value, one) for one in allowed):
            return False
    return True


def _is_number(value: Any, text: str) -> bool:
    try:
        return float(text) == float(value)
    except (TypeError, ValueError):  # a value of another kind: an item, bytes
        return False


def _listed(values: Iterable[str]) -> str:
    names = sorted(values)
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
