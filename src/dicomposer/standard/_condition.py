"""Conditions of the standard (types 1C and 2C, usage C) as predicates over a data set.

A predicate is a small immutable tree. It never touches a data set itself: it asks a *lookup*, so that the
same condition works on a data set, on columns of a frame table or on a plain dictionary. The logic has three
values:
``None`` means "cannot be told from the data set", and spreads by Kleene's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Lookup: TypeAlias = Callable[[str], "Sequence[Any] | None"]
"""Answers for the reference of a predicate (see :class:`Condition`): its values, or None if it is absent."""


class Predicate(Protocol):
    """What every node of a condition can do."""

    def evaluate(self, lookup: Lookup) -> bool | None:
        """Truth over what `lookup` answers; None if it cannot be told."""

    def parts(self) -> tuple[Predicate, ...]:
        """Predicates directly below this one."""


def _ask(lookup: Lookup, path: str) -> tuple[bool, Sequence[Any] | None]:
    """(known, values): a lookup that raises LookupError says that it cannot know."""
    try:
        return True, lookup(path)
    except LookupError:
        return False, None


def _same(value: Any, wanted: str | float) -> bool:
    if isinstance(wanted, str):
        return str(value).strip() == wanted
    try:
        return float(value) == wanted
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute (or module, written ``@module.key``) is present; with ``filled``, it also has a value."""

    path: str
    filled: bool = False

    def evaluate(self, lookup: Lookup) -> bool | None:
        """True, False, or None if the lookup cannot know."""
        known, values = _ask(lookup, self.path)
        if not known:
            return None
        return values is not None and (len(values) > 0 or not self.filled)

    def parts(self) -> tuple[Predicate, ...]:
        """No predicate below."""
        return ()


@dataclass(frozen=True, slots=True)
class OneOf:
    """Some value (or the value at 0-based ``index``) of the attribute is among ``values``; False if absent.

    With ``negated``: the attribute has a value, and none of those asked for is among ``values``.
    """

    path: str
    values: tuple[str | float, ...]
    index: int | None = None
    negated: bool = False

    def evaluate(self, lookup: Lookup) -> bool | None:
        """True, False, or None if the lookup cannot know."""
        known, found = _ask(lookup, self.path)
        if not known:
            return None
        if found is not None and self.index is not None:
            found = found[self.index : self.index + 1]
        if not found:
            return False
        hit = any(_same(value, wanted) for value in found for wanted in self.values)
        return hit != self.negated

    def parts(self) -> tuple[Predicate, ...]:
        """No predicate below."""
        return ()


@dataclass(frozen=True, slots=True)
class Compare:
    """Some value of the attribute is above or below a number; False if it is absent or no number."""

    path: str
    above: bool
    limit: float
    index: int | None = None

    def evaluate(self, lookup: Lookup) -> bool | None:
        """True, False, or None if the lookup cannot know."""
        known, found = _ask(lookup, self.path)
        if not known:
            return None
        if found is not None and self.index is not None:
            found = found[self.index : self.index + 1]
        for value in found or ():
            try:
                number = float(value)
            except (TypeError, ValueError):
                continue
            if number > self.limit if self.above else number < self.limit:
                return True
        return False

    def parts(self) -> tuple[Predicate, ...]:
        """No predicate below."""
        return ()


@dataclass(frozen=True, slots=True)
class Count:
    """The attribute has more than ``limit`` values (a sequence: items); False if absent."""

    path: str
    limit: int

    def evaluate(self, lookup: Lookup) -> bool | None:
        """True, False, or None if the lookup cannot know."""
        known, found = _ask(lookup, self.path)
        return (len(found or ()) > self.limit) if known else None

    def parts(self) -> tuple[Predicate, ...]:
        """No predicate below."""
        return ()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; unknown stays unknown."""

    part: Predicate

    def evaluate(self, lookup: Lookup) -> bool | None:
        """True, False, or None if the part cannot be told."""
        truth = self.part.evaluate(lookup)
        return None if truth is None else not truth

    def parts(self) -> tuple[Predicate, ...]:
        """The part that is negated."""
        return (self.part,)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; one that fails decides even if others are unknown."""

    items: tuple[Predicate, ...]

    def evaluate(self, lookup: Lookup) -> bool | None:
        """True, False, or None if it hangs on a part that cannot be told."""
        truth: bool | None = True
        for part in self.items:
            answer = part.evaluate(lookup)
            if answer is False:
                return False
            if answer is None:
                truth = None
        return truth

    def parts(self) -> tuple[Predicate, ...]:
        """The parts."""
        return self.items


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part holds; one that does decides even if others are unknown."""

    items: tuple[Predicate, ...]

    def evaluate(self, lookup: Lookup) -> bool | None:
        """True, False, or None if it hangs on a part that cannot be told."""
        truth: bool | None = False
        for part in self.items:
            answer = part.evaluate(lookup)
            if answer is True:
                return True
            if answer is None:
                truth = None
        return truth

    def parts(self) -> tuple[Predicate, ...]:
        """The parts."""
        return self.items


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """Hangs on what no data set tells (how an image was acquired), or was not worked through; says why."""

    reason: str

    def evaluate(self, lookup: Lookup) -> bool | None:
        """Always None."""
        return None

    def parts(self) -> tuple[Predicate, ...]:
        """No predicate below."""
        return ()


@dataclass(frozen=True, slots=True)
class Condition:
    """When an attribute, a module or a functional group is required, and whether it may be present otherwise.

    A reference, as handed to the lookup, is one of

    ====================  =============================================================================
    ``Keyword``           the attribute in the same item, else in the enclosing ones, up to the data set
    ``./Keyword``         the attribute in the same item only
    ``Sequence.Keyword``  the values of all items of that sequence together (None if no item has it)
    ``/Keyword``          the attribute of the data set itself
    ``../Keyword``        the attribute of the item (or data set) that encloses the item at hand
    ``@frame.Keyword``    in the functional groups of the frame at hand (shared and per-frame item
                          together; at the level of the data set or of the shared item: of any frame):
                          a group, by the keyword of its sequence, or an attribute in the items of
                          whichever group has it
    ``@module.key``       not None if the module is present
    ====================  =============================================================================

    The lookup answers the list of values (of a sequence: one per item; of an empty attribute: an empty
    list), or None if it is absent; it raises LookupError if it cannot know, which makes the predicate
    unknown.

    Attributes
    ----------
    predicate
        When the subject is required.
    otherwise
        Whether it may be present when not required: a bool, or a predicate of its own.
    edition
        Edition of the standard that states it.
    """

    predicate: Predicate
    otherwise: bool | Predicate
    edition: str

    def evaluate(self, lookup: Lookup) -> bool | None:
        """Whether the subject is required; None if that cannot be told from the data set."""
        return self.predicate.evaluate(lookup)

    def permits(self, lookup: Lookup) -> bool | None:
        """Whether the subject may be present, required or not; None if that cannot be told."""
        if self.otherwise is True:
            return True
        required = self.evaluate(lookup)
        if required is not False or self.otherwise is False:
            return required
        return self.otherwise.evaluate(lookup)

    @property
    def may_be_present(self) -> bool:
        """True if "may be present otherwise" holds without a condition of its own."""
        return self.otherwise is True

    @property
    def reason(self) -> str:
        """Why (part of) it cannot be evaluated; empty if it can."""
        return "; ".join(
            dict.fromkeys(node.reason for node in walk(self.predicate) if isinstance(node, NotEvaluated))
        )

    @property
    def references(self) -> tuple[str, ...]:
        """The references that evaluation may ask for, each once."""
        nodes = list(walk(self.predicate))
        if not isinstance(self.otherwise, bool):
            nodes += walk(self.otherwise)
        paths = (node.path for node in nodes if isinstance(node, (Present, OneOf, Compare, Count)))
        return tuple(dict.fromkeys(paths))


def walk(predicate: Predicate) -> Iterator[Predicate]:
    """The predicate and all below it, depth first."""
    yield predicate
    for part in predicate.parts():
        yield from walk(part)


def decode(code: list[Any]) -> Predicate:
    """The predicate written as nested lists in the package data.

    ``["+", path]``, ``["++", path]`` (has a value), ``["=", path, values, index]``, ``["!=", ...]``,
    ``[">", path, number, index]``, ``["<", ...]``, ``["#", path, number]``, ``["!", part]``,
    ``["&", part...]``, ``["|", part...]``, ``["?", reason]``.

    Raises
    ------
    ValueError
        The first element names no predicate.
    """
    kind, *rest = code
    match kind:
        case "+" | "++":
            return Present(rest[0], filled=kind == "++")
        case "=" | "!=":
            return OneOf(rest[0], tuple(rest[1]), rest[2], negated=kind == "!=")
        case ">" | "<":
            return Compare(rest[0], kind == ">", rest[1], rest[2])
        case "#":
            return Count(rest[0], rest[1])
        case "!":
            return Not(decode(rest[0]))
        case "&":
            return AllOf(tuple(decode(part) for part in rest))
        case "|":
            return AnyOf(tuple(decode(part) for part in rest))
        case "?":
            return NotEvaluated(rest[0])
    raise ValueError(f"no predicate is written {kind!r}")
