"""Which side a finding is on: what label, site and laterality say together, and where they contradict each other."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from dicomposer import standard
from dicomposer.api._report_terms import What, finding_of, site_of
from dicomposer.coding import Code, as_concept
from dicomposer.errors import ArgumentError

__all__ = ["located"]

#: Of PS3.16 CID 244.
_SIDES = {"7771000": "left", "24028007": "right", "51440002": "bilateral", "66459002": "unilateral"}
_WORDS = re.compile(r"\b(left|right|bilateral)\b", re.IGNORECASE)
#: Category of structures of the body (PS3.16 CID 7150).
_ANATOMY = "91723000"


def located(label: Any, site: Any, laterality: Any) -> tuple[What, Any, Any]:
    """What was found, where, and on which side, as codes.

    Parameters
    ----------
    label, site, laterality : str, code or None
        As the finding has them.

    Raises
    ------
    ArgumentError
        If one says another side than the other, or the side of the label would be lost.
    TerminologyError
        If a name is not known.
    """
    what = finding_of(label)
    where, side = site_of(site, laterality)
    said = [
        (f"label {_shown(label)}", _side_of(what.side) or _side_in(what.type)),
        (f"site {_shown(site)}", _side_in(where)),
        # The side of a name such as kidney_left, or what laterality says: one of them, or both say the same
        (f"laterality {_shown(laterality)}" if laterality else f"site {_shown(site)}", _side_of(side)),
    ]
    _refuse_two_sides([(name, one) for name, one in said if one is not None])
    of_label = what.side is not None and (where is None or as_concept(where) == as_concept(what.site))
    if what.side is not None and not of_label and side is None and _side_in(where) is None:
        raise ArgumentError(
            f"label {_shown(label)} is {_side_of(what.side)}, and site {_shown(site)} is another place, of which "
            "no side is said: the side would be lost; give the laterality of the site, or leave out the site"
        )
    where = what.site if where is None else where
    side = what.side if side is None and of_label else side  # the left kidney, at the site of the kidney
    if side is not None and where is None:
        where = what.type if what.category is not None and str(what.category.value) == _ANATOMY else None
        if where is None:
            raise ArgumentError("laterality needs a site: the left or right of what?")
    return what, where, side


def _refuse_two_sides(said: list[tuple[str, str]]) -> None:
    for place, (name, side) in enumerate(said):
        for other, another in said[place + 1 :]:
            if side == another or {side, another} in ({"left", "unilateral"}, {"right", "unilateral"}):
                continue
            raise ArgumentError(f"{name} and {other} contradict each other: {side} and {another}")


def _side_of(code: Any) -> str | None:
    """The side that a code of a laterality is."""
    if code is None:
        return None
    concept = as_concept(code)
    for fact in standard.context_group(244).codes:
        if concept == as_concept(Code(fact.value, fact.scheme, fact.meaning)):
            return _SIDES[fact.value]
    return _side_in(code)


def _side_in(code: Any) -> str | None:
    """The side that the meaning of a code has a word of; None without one, or with several (left to right shunt)."""
    if code is None:
        return None
    concept = as_concept(code)
    texts = [str(concept.meaning)]
    with contextlib.suppress(KeyError):  # the caller may have other words, or another language
        texts += standard.code(str(concept.value), str(concept.scheme_designator)).meanings
    found = {word.lower() for text in texts for word in _WORDS.findall(text)}
    return found.pop() if len(found) == 1 else None


def _shown(given: Any) -> str:
    if isinstance(given, tuple | list) and len(given) == 3:
        return repr(given[2])
    return repr(given) if isinstance(given, str) else repr(str(getattr(given, "meaning", given)))
