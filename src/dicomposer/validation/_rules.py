"""Registry of whole-object rules: a rule is one function that yields what it finds.

::

    @rule("high-bit", "PS3.5 8.1.1", applies=has_pixels)
    def high_bit(obj):
        if obj.number("HighBit") != obj.number("BitsStored") - 1:
            yield Issue("HighBit", "is not Bits Stored - 1")

Within one rule, issues with the same message and the same path but for item numbers become one finding with a count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomposer.validation._findings import LEVELS, Level

if TYPE_CHECKING:
    from dicomposer.validation._subject import Subject

__all__ = ["Issue", "Rule", "registered", "rule"]


@dataclass(frozen=True, slots=True)
class Issue:
    """What a rule found, before the rule's name is put to it."""

    path: str
    message: str
    level: Level | None = None
    count: int = 1


Check = Callable[["Subject"], Iterable[Issue]]
Applies = Callable[["Subject"], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A registered rule.

    Attributes
    ----------
    id, section : str
        Short name, unique among rules; section of the standard.
    level : str
        Level of its findings, unless an issue says otherwise.
    applies : callable
        Whether the rule has anything to say on a subject.
    check : callable
        Yields issues.
    """

    id: str
    section: str
    level: Level
    applies: Applies
    check: Check


_RULES: dict[str, Rule] = {}


def _always(_: Subject) -> bool:
    return True


def rule(
    id: str, section: str, *, applies: Applies = _always, level: Level = "error"
) -> Callable[[Check], Check]:
    """Register a function as a rule.

    Raises
    ------
    ValueError
        If the identifier is taken or not a plain word, or the level is unknown.
    """
    if id in _RULES or " " in id or level not in LEVELS:
        raise ValueError(f"rule {id!r}: taken, not one word, or of an unknown level")

    def register(check: Check) -> Check:
        _RULES[id] = Rule(id, section, level, applies, check)
        return check

    return register


def registered() -> Iterator[Rule]:
    """All rules, in the order of registration."""
    return iter(tuple(_RULES.values()))
