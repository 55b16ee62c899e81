"""Registry of whole-object rules: a rule is one function that yields what it finds.

::

    @rule("high-bit", "PS3.5 8.1.1", applies=has_pixels)
    def high_bit(obj):
        if obj.number("HighBit") != obj.number("BitsStored") - 1:
            yield Issue("HighBit", "is not Bits Stored - 1")

Within one rule, issues with the same message and the same path but for item numbers become one finding with a count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomposer.errors import ArgumentError
from dicomposer.validation._findings import LEVELS, Level

if TYPE_CHECKING:
    from dicomposer.validation._subject import Subject

__all__ = [
    "DEFAULT_PROFILES",
    "PROFILES",
    "RULES",
    "STANDARD",
    "Issue",
    "Rule",
    "check_profiles",
    "rule",
]

#: The profile of rules that always hold.
STANDARD = "standard"
#: Profiles that can be asked for beside the standard, and what they are about.
PROFILES: dict[str, str] = {
    "viewers": "advice on what viewers and archives in use will not show or take",
    "ai-results": "what the IHE Radiology AI Results profile asks of a result",
}
DEFAULT_PROFILES: tuple[str, ...] = ("viewers",)


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
    profile : str
        ``"standard"`` for what DICOM itself asks; else the profile (:data:`PROFILES`) that the rule belongs to.
    """

    id: str
    section: str
    level: Level
    applies: Applies
    check: Check
    profile: str = STANDARD


#: Those of the families that were imported; all of them: `_families.registered`.
RULES: dict[str, Rule] = {}


def _always(_: Subject) -> bool:
    return True


def rule(
    id: str,
    section: str,
    *,
    applies: Applies = _always,
    level: Level = "error",
    profile: str = STANDARD,
) -> Callable[[Check], Check]:
    """Register a function as a rule.

    Raises
    ------
    ValueError
        If the identifier is taken or not a plain word, or the level or the profile is unknown.
    """
    if id in RULES or " " in id or level not in LEVELS or profile not in (STANDARD, *PROFILES):
        raise ValueError(f"rule {id!r}: taken, not one word, or of an unknown level or profile")

    def register(check: Check) -> Check:
        RULES[id] = Rule(id, section, level, applies, check, profile)
        return check

    return register


def check_profiles(profiles: Collection[str]) -> tuple[str, ...]:
    """The profiles, each once.

    Raises
    ------
    ArgumentError
        If one is unknown.
    """
    given = (profiles,) if isinstance(profiles, str) else tuple(dict.fromkeys(profiles))
    for name in given:
        if name not in (STANDARD, *PROFILES):
            raise ArgumentError(f"profile {name!r} is not one of {', '.join((STANDARD, *PROFILES))}")
    return given
