"""What the look-ups return: immutable facts of the standard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dicomposer.standard._condition import Condition

Usage: TypeAlias = Literal["M", "C", "U"]
Type: TypeAlias = Literal["1", "1C", "2", "2C", "3", ""]
Placement: TypeAlias = Literal["shared", "per-frame", "any"]


@dataclass(frozen=True, slots=True)
class ValueRule:
    """Values that an attribute may have.

    Attributes
    ----------
    kind
        "enumerated": no other value is allowed; "defined": others are allowed if none of these fits.
    values
        As text; numbers in their shortest decimal form ("8").
    index
        0-based place among several values; None if the rule holds for each of them.
    condition
        When the rule holds; None if always.
    edition, section
        Where it stands.
    """

    kind: Literal["enumerated", "defined"]
    values: frozenset[str]
    index: int | None
    condition: Condition | None
    edition: str
    section: str


@dataclass(frozen=True, slots=True)
class ContextBinding:
    """The context group from which the codes of a sequence come (PS3.3 8, PS3.16 6).

    Attributes
    ----------
    cid
        Number of the group, see :func:`dicomposer.standard.context_group`.
    strength
        "defined": codes shall come from the group, unless it is extensible; "baseline": a suggestion.
    condition
        When the binding holds; None if always.
    edition, section
        Where it stands; edition "uncollated" if it was not compared with the text yet.
    """

    cid: int
    strength: Literal["defined", "baseline"]
    condition: Condition | None
    edition: str
    section: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a module, a sequence item or a functional group.

    Attributes
    ----------
    tag, keyword, vr, vm
        As in PS3.6; ``tag`` of a repeating group (overlays) is that of its first group. ``vr`` may name
        alternatives ("US or SS").
    type
        "1", "1C", "2", "2C", "3"; empty where the standard gives none (normalized services, directories).
    condition
        Of types 1C and 2C; None if not worked through: then it cannot be evaluated.
    values
        Rules on its values; all hold together.
    items
        Attributes of its items, if it is a sequence.
    edition, section
        Of the type and nesting: edition, and section of PS3.3 of the table in which it stands (may be empty).
    item_count
        Of a sequence: fewest and most items where it has any; most is None if there is no limit. None if unknown.
    context_groups
        Of a code sequence: groups for its codes; a code of any whose condition holds will do.
    """

    tag: int
    keyword: str
    vr: str
    vm: str
    type: Type
    condition: Condition | None
    values: tuple[ValueRule, ...]
    items: tuple[Attribute, ...] = field(repr=False)
    edition: str
    section: str
    item_count: tuple[int, int | None] | None = None
    context_groups: tuple[ContextBinding, ...] = ()

    @property
    def repeating(self) -> bool:
        """True if the attribute stands in a repeating group (60xx, 50xx)."""
        return self.tag >> 24 in (0x50, 0x60)

    def item(self, keyword: str) -> Attribute:
        """The attribute `keyword` of its items; KeyError if the standard has none there."""
        for attribute in self.items:
            if attribute.keyword == keyword:
                return attribute
        raise KeyError(keyword)


@dataclass(frozen=True, slots=True)
class Module:
    """A module: its attributes in the standard's order, those of nested sequences below them.

    Shared and Per-Frame Functional Groups Sequence have no ``items`` here: what they may hold depends on the
    IOD, see :attr:`IOD.functional_groups`.
    """

    key: str
    name: str
    section: str
    attributes: tuple[Attribute, ...] = field(repr=False)
    edition: str

    def attribute(self, keyword: str) -> Attribute:
        """The top-level attribute `keyword`; KeyError if the module has none."""
        for attribute in self.attributes:
            if attribute.keyword == keyword:
                return attribute
        raise KeyError(keyword)


@dataclass(frozen=True, slots=True)
class ModuleUsage:
    """How an IOD uses a module.

    Attributes
    ----------
    usage
        "M", "C" or "U".
    condition
        Of usage C; None if not worked through: then it cannot be evaluated.
    entity
        Information Entity: "Patient", "Study", "Series", "Frame of Reference", "Equipment", "Image"...
    """

    module: Module
    usage: Usage
    condition: Condition | None
    entity: str


@dataclass(frozen=True, slots=True)
class FunctionalGroupUsage:
    """How an IOD uses a functional group macro (PS3.3 C.7.6.16).

    Attributes
    ----------
    name
        Name of the macro.
    attribute
        Its sequence; ``type`` is that of the sequence within the functional groups.
    usage, condition
        As for modules; usage is empty if it was not worked through for the IOD.
    placement
        Whether it may stand in the shared item, in the per-frame items, or in either (never both).
    section
        Section of PS3.3 of the macro.
    """

    name: str
    attribute: Attribute
    usage: Usage | Literal[""]
    condition: Condition | None
    placement: Placement
    section: str

    @property
    def tag(self) -> int:
        """Tag of its sequence."""
        return self.attribute.tag

    @property
    def keyword(self) -> str:
        """Keyword of its sequence."""
        return self.attribute.keyword

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """Attributes of the items of its sequence."""
        return self.attribute.items


@dataclass(frozen=True, slots=True)
class IOD:
    """An Information Object Definition: modules with their usage, and functional groups if it has them."""

    key: str
    name: str
    section: str
    modules: tuple[ModuleUsage, ...] = field(repr=False)
    functional_groups: tuple[FunctionalGroupUsage, ...] = field(repr=False)
    edition: str

    def module(self, key: str) -> ModuleUsage:
        """How the module `key` is used; KeyError if it is not."""
        for usage in self.modules:
            if usage.module.key == key:
                return usage
        raise KeyError(key)

    def functional_group(self, keyword: str) -> FunctionalGroupUsage:
        """How the functional group with the sequence `keyword` is used; KeyError if it is not."""
        for usage in self.functional_groups:
            if usage.keyword == keyword:
                return usage
        raise KeyError(keyword)

    def entities_of(self, keyword: str) -> frozenset[str]:
        """Information Entities whose modules have the top-level attribute `keyword` (often one)."""
        return frozenset(
            usage.entity
            for usage in self.modules
            if any(attribute.keyword == keyword for attribute in usage.module.attributes)
        )


@dataclass(frozen=True, slots=True)
class DictionaryEntry:
    """What PS3.6 says of an attribute, wherever it is used."""

    tag: int
    keyword: str
    name: str
    vr: str
    vm: str
    retired: bool
