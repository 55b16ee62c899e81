"""Templates of structured reports (PS3.16 Annex A) as rows, with structured conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias

from dicomposer.standard._codes import CodeFact
from dicomposer.standard._store import STORE

__all__ = [
    "AllItems",
    "AnyItems",
    "CodeConstraint",
    "ItemCount",
    "ItemPath",
    "ItemPattern",
    "ItemValue",
    "NumberComparison",
    "Template",
    "TemplateCondition",
    "TemplateRow",
    "template",
    "templates",
]

Binding: TypeAlias = Literal["baseline", "defined", "enumerated"]
Requirement: TypeAlias = Literal["M", "MC", "U", "UC"]
Operator: TypeAlias = Literal["=", "!=", ">", "<", ">=", "<="]
_BINDINGS: dict[str, Binding] = {"B": "baseline", "D": "defined", "E": "enumerated"}


@dataclass(frozen=True, slots=True)
class CodeConstraint:
    """Which codes may stand in a place.

    Attributes
    ----------
    binding
        "enumerated": no other; "defined": no other unless the group is extensible; "baseline": a suggestion.
    codes
        Codes that are named.
    cids
        Context groups whose codes are meant; with `codes`, both.
    """

    binding: Binding
    codes: tuple[CodeFact, ...]
    cids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ItemPattern:
    """Content items that are meant in a condition; empty means any.

    Attributes
    ----------
    value_type
        Value type; empty for any.
    by_reference
        True if the relationship is by reference.
    concepts, values
        (scheme, value) of concept names and of code values, one of which the item has.
    excluded
        Code values that it does not have.
    relationship
        Relationship to its parent.
    """

    value_type: str = ""
    by_reference: bool = False
    concepts: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    excluded: tuple[tuple[str, str], ...] = ()
    relationship: str = ""


@dataclass(frozen=True, slots=True)
class ItemPath:
    """Where items are looked for.

    Attributes
    ----------
    up
        Levels above the item that holds (or would hold) the row: 0 for its children, which are the row's
        siblings; 1 for those of its parent; None for anywhere in the document.
    steps
        Patterns from there downwards.
    """

    up: int | None
    steps: tuple[ItemPattern, ...]


@dataclass(frozen=True, slots=True)
class ItemCount:
    """So many items match the path."""

    path: ItemPath
    operator: Operator
    number: int


@dataclass(frozen=True, slots=True)
class ItemValue:
    """The item `up` levels above that which holds the row has one of these code values (scheme, value)."""

    up: int
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NumberComparison:
    """The number of the item at a path, compared with that of another or with a constant."""

    left: ItemPath
    operator: Operator
    right: ItemPath | float


@dataclass(frozen=True, slots=True)
class AllItems:
    """All terms hold."""

    terms: tuple[TemplateCondition, ...]


@dataclass(frozen=True, slots=True)
class AnyItems:
    """At least one term holds."""

    terms: tuple[TemplateCondition, ...]


TemplateCondition: TypeAlias = ItemCount | ItemValue | NumberComparison | AllItems | AnyItems


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One row of a template.

    Attributes
    ----------
    number
        As in the standard ("5"); with a letter ("6b") where the source counts rows that came later, a range
        ("4-7") where it does not tell rows apart.
    nesting
        0 for the topmost rows.
    relationship
        With its parent: "CONTAINS", ...; empty if the row that includes the template says it, or at the root.
    by_reference
        True if the relationship is by reference.
    value_type
        "CODE", "NUM", ...; "INCLUDE" for a row that includes a template.
    concept, value, units
        Constraints on concept name, on the code that is the value, and on units; None if there is none (or
        if a parameter says it, see the decision record 0009).
    vm
        Least and greatest number; the latter None for n.
    requirement
        "M", "MC", "U" or "UC".
    condition
        Of MC and UC; None if no data set can tell, or if the source does not say it.
    otherwise
        True if the item may be present although the condition does not hold; None if not said.
    includes
        Template that the row includes.
    form
        Key of the form of that template with the parameters that the row passes; empty if there is none.
    graphic_types, points
        Of coordinates: types that are allowed; least and greatest number of points (None for n).
    sop_classes
        Of references: SOP classes of which the object must be; empty for any.
    """

    number: str
    nesting: int
    relationship: str
    by_reference: bool
    value_type: str
    concept: CodeConstraint | None
    vm: tuple[int, int | None]
    requirement: Requirement
    condition: TemplateCondition | None
    otherwise: bool | None
    includes: str | None
    form: str
    value: CodeConstraint | None
    units: CodeConstraint | None
    graphic_types: tuple[str, ...]
    points: tuple[int, int | None] | None
    sop_classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A template of PS3.16 Annex A.

    Attributes
    ----------
    tid
        Its identifier: "1500", "10003A"; forms with parameters have a word of their own ("300ECHO").
    name
        Its name (words of the source's keyword).
    extensible, order_significant, root
        As the standard has it.
    form_of
        The template of which this is a form with parameters; empty for those of the standard.
    rows
        In order; nesting by :attr:`TemplateRow.nesting`.
    edition
        Edition of the standard that is described.
    """

    tid: str
    name: str
    extensible: bool
    order_significant: bool
    root: bool
    form_of: str
    rows: tuple[TemplateRow, ...] = field(repr=False)
    edition: str

    def row(self, number: str | int) -> TemplateRow:
        """The first row with that number; KeyError if there is none."""
        for row in self.rows:
            if row.number == str(number):
                return row
        raise KeyError(number)


def templates() -> tuple[str, ...]:
    """Identifiers of all templates of the standard (not of forms with parameters)."""
    lines = STORE.lines("terms/templates")
    return tuple(key for key in lines if key.rstrip("ABC").isdigit())


def template(tid: int | str) -> Template:
    """The template with that identifier.

    Raises
    ------
    KeyError
        The tables have none.
    """
    return _template(str(tid))


@cache
def _template(tid: str) -> Template:
    if tid.startswith("@"):
        raise KeyError(tid)
    lines = STORE.lines("terms/templates")
    name, extensible, ordered, root, form_of, rows = lines[tid]
    return Template(
        tid, name, bool(extensible), bool(ordered), bool(root), form_of,
        tuple(_row(row) for row in rows), lines["@edition"],
    )  # fmt: skip


def _row(row: dict[str, Any]) -> TemplateRow:
    return TemplateRow(
        number=row["n"],
        nesting=row["d"],
        relationship=row.get("r", ""),
        by_reference="by" in row,
        value_type=row.get("vt", "INCLUDE"),
        concept=_constraint(row.get("c")),
        vm=_range(row["m"]),
        requirement=row["q"],
        condition=_condition(row["if"]) if "if" in row else None,
        otherwise=bool(row["o"]) if "o" in row else None,
        includes=row.get("t"),
        form=row.get("s", ""),
        value=_constraint(row.get("v")),
        units=_constraint(row.get("u")),
        graphic_types=tuple(row.get("g", ())),
        points=_range(row["p"]) if "p" in row else None,
        sop_classes=tuple(row.get("k", ())),
    )


def _range(pair: list[int]) -> tuple[int, int | None]:
    return pair[0], pair[1] or None


def _constraint(packed: list[Any] | None) -> CodeConstraint | None:
    if packed is None:
        return None
    binding, named, cids = packed
    facts = tuple(CodeFact(value, scheme, meaning) for scheme, value, meaning in named)
    return CodeConstraint(_BINDINGS[binding], facts, tuple(cids))


def _condition(packed: list[Any]) -> TemplateCondition:
    kind, *rest = packed
    if kind in "&|":
        terms = tuple(_condition(term) for term in rest)
        return AllItems(terms) if kind == "&" else AnyItems(terms)
    if kind == "=":
        return ItemValue(rest[0], _pairs(rest[1]))
    up, steps, operator, right = rest
    if kind == "#":
        return ItemCount(_path(up, steps), operator, right)
    other = _path(*right) if isinstance(right, list) else float(right)
    return NumberComparison(_path(up, steps), operator, other)


def _path(up: int, steps: list[dict[str, Any]]) -> ItemPath:
    return ItemPath(None if up < 0 else up, tuple(_pattern(step) for step in steps))


def _pattern(step: dict[str, Any]) -> ItemPattern:
    reference = step["type"] == "REFERENCE"
    return ItemPattern(
        "" if reference else step["type"],
        reference,
        _pairs(step.get("concepts", [])),
        _pairs(step.get("values", [])),
        _pairs(step.get("excluded", [])),
        step.get("relationship", ""),
    )


def _pairs(codes: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((scheme, value) for scheme, value in codes)
