"""Names of measurements, units, findings and sites in, codes out. Nothing is guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dicomposer import standard
from dicomposer.api._report_names import certainty, is_measurable, unknown
from dicomposer.api._report_values import DIMENSIONS, check_unit
from dicomposer.coding import Code, CodedConcept, as_concept, is_code, terminology
from dicomposer.errors import ArgumentError, TerminologyError

__all__ = [
    "What",
    "evaluation_code",
    "finding_of",
    "laterality_code",
    "looked_up",
    "measured",
    "measurement_code",
    "site_of",
    "unit_code",
]

#: Where names of measurements are looked for when they mean several things (PS3.16).
_MEASUREMENTS = (7469, 7464, 218, 7465, 7466, 3488, 7180)
_SIDES = 244
#: Laterality as attributes have it. U is no side: it means unpaired, not unilateral.
_LETTERS = {"l": "left", "r": "right", "b": "bilateral", "both": "bilateral"}
_SUPERSCRIPTS = str.maketrans({"²": "2", "³": "3", "µ": "u", "μ": "u", "°": "deg", "⁻": "-", "¹": "1"})
#: Spellings of units that are not UCUM's.
_SPELLINGS = {
    "": "1", "none": "1", "no units": "1", "unitless": "1",
    "hu": "[hnsf'U]", "hounsfield": "[hnsf'U]", "hounsfield units": "[hnsf'U]",
    "cc": "cm3", "ccm": "cm3", "mm^2": "mm2", "mm^3": "mm3", "cm^2": "cm2", "cm^3": "cm3", "um^2": "um2",
    "millilitre": "ml", "milliliter": "ml", "degree": "deg", "degrees": "deg", "percent": "%",
    "suv": "g/ml{SUVbw}", "suvbw": "g/ml{SUVbw}", "suvlbm": "g/ml{SUVlbm}", "suvbsa": "cm2/ml{SUVbsa}",
    "pixel": "{pixels}", "pixels": "{pixels}", "voxel": "{voxels}", "voxels": "{voxels}", "px": "{pixels}",
    "counts": "{counts}", "ratio": "{ratio}", "bq/ml": "Bq/ml", "sec": "s", "seconds": "s", "micron": "um",
    "microns": "um",
}  # fmt: skip
#: UCUM codes that the standard's tables do not list.
_MORE_UNITS = {
    "mL": ("ml", "milliliter"), "L": ("L", "liter"), "l": ("l", "liter"), "{voxels}": ("{voxels}", "voxels"),
    "/mm2": ("/mm2", "per square millimeter"), "m": ("m", "meter"), "m2": ("m2", "square meter"),
}  # fmt: skip


@dataclass(frozen=True)
class What:
    """What was found and where, as codes.

    Attributes
    ----------
    type : code
        The finding.
    category : code or None
        Its category, if the terminology table has it.
    site, side : code or None
        Where it is.
    label : str
        For people.
    """

    type: Any
    category: Any
    site: Any
    side: Any
    label: str


def looked_up(name: Any, argument: str, *, cids: Sequence[int] = ()) -> Any:
    """The code that a name means.

    Parameters
    ----------
    name : str or code
        A Code Meaning of the standard's tables, its keyword, or a code, which is returned as it is. A triple is
        (value, scheme, meaning).
    argument : str
        What it is for, for messages.
    cids : Sequence[int]
        Context groups that settle what a name means that has several meanings.

    Raises
    ------
    TerminologyError
        If the tables do not know the name, or it means several things; with the choices.
    """
    if not isinstance(name, str):
        return _given(name, argument)
    text = name.strip()
    found = _no_units(standard.codes(text)) or _no_units(standard.codes(keyword=text))
    if found:
        return _the_one(found, name, argument, cids)
    near = _near(text, cids)
    raise TerminologyError(
        f"{argument} {name!r} is not in the standard's code tables; "
        + (f"near: {_choices(near)}; or " if near else "")
        + "pass a code: (value, scheme, meaning)",
        [match.code.meaning for match in near],
    )


def _the_one(found: tuple[standard.CodeMatch, ...], name: str, argument: str, cids: Sequence[int]) -> Code:
    """The code among those that answer to a name; an error with the choices if there are several."""
    if len(found) > 1:
        preferred = [match for match in found if _within(match.code, cids)]
        # What the standard's groups and templates have goes before what only dictionaries list
        listed = [match for match in preferred or found if match.origin != "dictionary"]
        found = tuple(listed or preferred or found)
    if len(found) == 1:
        fact = found[0].code
        return Code(fact.value, fact.scheme, fact.meaning)
    raise TerminologyError(
        f"{argument} {name!r} has {len(found)} meanings; pass the code of one as (value, scheme, meaning): "
        f"{_choices(found)}",
        [match.code.meaning for match in found],
    )


def _no_units(matches: Sequence[standard.CodeMatch]) -> tuple[standard.CodeMatch, ...]:
    """Without units, which no other name means."""
    return tuple(match for match in matches if match.code.scheme != "UCUM")


def _near(text: str, cids: Sequence[int]) -> list[standard.CodeMatch]:
    found: list[standard.CodeMatch] = []
    for cid in cids:
        found += standard.codes(text, fuzzy=True, cid=cid, limit=4)
    if not found:
        found = list(_no_units(standard.codes(text, fuzzy=True, limit=8)))
    best = {
        (match.code.scheme, match.code.value): match for match in sorted(found, key=lambda one: one.score)
    }
    return sorted(best.values(), key=lambda one: -one.score)[:4]


def _given(code: Any, argument: str) -> Any:
    if is_code(code):
        return as_concept(code, argument)  # items of code sequences, as well
    if isinstance(code, tuple | list) and len(code) == 3 and all(isinstance(part, str) for part in code):
        return CodedConcept(*code)
    if isinstance(code, Mapping) and {"value", "scheme", "meaning"} <= set(code):
        return CodedConcept(str(code["value"]), str(code["scheme"]), str(code["meaning"]))
    raise ArgumentError(
        f"{argument} must be a name or a code (value, scheme, meaning), not {type(code).__name__}"
    )


def _within(fact: standard.CodeFact, cids: Sequence[int]) -> bool:
    return any(standard.context_group(cid).find(fact.value, fact.scheme) for cid in cids)


def _choices(matches: Sequence[standard.CodeMatch]) -> str:
    return ", ".join(f"{one.code.meaning!r} ({one.code.value}, {one.code.scheme})" for one in matches)


def measurement_code(name: Any) -> Any:
    """The code of what was measured."""
    if not isinstance(name, str):
        return _given(name, "measurement")
    text = name.strip()
    found = tuple(
        match for match in standard.codes(text) or standard.codes(keyword=text) if is_measurable(match, text)
    )
    if not found:
        raise unknown(text)
    return _the_one(found, name, "measurement", _MEASUREMENTS)


def measured(name: Any, unit: Any) -> tuple[Any, Any]:
    """The codes of what was measured and of its unit, which must not be of another dimension.

    Raises
    ------
    TerminologyError
        If either is not known, or lengths, areas and volumes are mixed up ("Volume" in mm).
    """
    unit = unit_code(unit)
    code = certainty(name) or measurement_code(name)
    check_unit(code, unit)
    return code, unit


def evaluation_code(name: Any, argument: str = "evaluation") -> Any:
    """The code of what was evaluated, or of the answer; a name of the terminology table will do, too."""
    try:
        return looked_up(name, argument)
    except TerminologyError:
        if isinstance(name, str) and name in terminology.TERMINOLOGY:
            return terminology.look_up(name).type
        raise


def laterality_code(name: Any) -> Any:
    """The code of a side (PS3.16 CID 244): a name, or L, R and B as images have them (PS3.3 C.7.2.1, 10.30)."""
    if not isinstance(name, str):
        return _given(name, "laterality")
    wanted = _LETTERS.get(name.strip().lower(), name.strip().lower())
    for fact in standard.context_group(_SIDES).codes:
        if fact.meaning.lower() == wanted:
            return Code(fact.value, fact.scheme, fact.meaning)
    raise TerminologyError(
        f"laterality {name!r} is none of left, right, bilateral, unilateral, L, R, B",
        ["left", "right", "bilateral", "unilateral"],
    )


def unit_code(name: Any) -> Any:
    """The code of a unit, of UCUM.

    Parameters
    ----------
    name : str, code or None
        A UCUM code ("mm3"), a usual spelling ("mm³", "HU", "mL"), or a code; None and "" for numbers without a unit.

    Raises
    ------
    TerminologyError
        If it is no known unit; with near ones.
    """
    if name is not None and not isinstance(name, str):
        return _given(name, "unit")
    return _unit("" if name is None else name.strip())


@cache
def _unit(name: str) -> Code:
    plain = name.translate(_SUPERSCRIPTS)
    for one in (name, plain, _SPELLINGS.get(plain.lower(), plain)):
        if one in _MORE_UNITS:
            return Code(_MORE_UNITS[one][0], "UCUM", _MORE_UNITS[one][1])
        try:
            fact = standard.code(one, "UCUM").code
        except KeyError:
            continue
        return Code(fact.value, fact.scheme, fact.meaning)
    in_words = _units_in_words().get(plain.lower().replace("metre", "meter").replace("litre", "liter"))
    if in_words is not None:
        return in_words
    known = _known_units()
    near = difflib.get_close_matches(plain, known, n=3, cutoff=0.4) or difflib.get_close_matches(
        plain.lower(), [one.lower() for one in known], n=3, cutoff=0.4
    )
    raise TerminologyError(
        f"unit {name!r} is not in the tables"
        + (f"; near: {', '.join(near)}" if near else "")
        + "; another unit of UCUM is passed as a code: ('[in_i]', 'UCUM', 'inch')",
        near,
    )


@cache
def _units_in_words() -> dict[str, Code]:
    """Units by their names: "millimeter", "square millimeters"."""
    found: dict[str, Code] = {}
    for cid in (7181, *(units for _, units in DIMENSIONS.values())):
        for fact in standard.context_group(cid).codes:
            for word in (fact.meaning.lower(), fact.meaning.lower() + "s"):
                found.setdefault(word, Code(fact.value, fact.scheme, fact.meaning))
    return found


@cache
def _known_units() -> tuple[str, ...]:
    listed = [
        fact.value for cid in (7181, 7460, 7461, 7462, 84) for fact in standard.context_group(cid).codes
    ]
    return tuple(dict.fromkeys([*listed, "ml", "deg", "HU", *_MORE_UNITS]))


# -- findings and sites ------------------------------------------------------------------------------------------------


def finding_of(label: Any) -> What:
    """What a label says: a name of the terminology table with all that it knows, else one of the standard's."""
    if isinstance(label, str) and label in terminology.TERMINOLOGY:
        term = terminology.look_up(label)
        side = next((one for one in (*term.modifiers, *term.region_modifiers)), None)
        site = term.region
        if site is None and term.modifiers:
            site = term.type  # the left kidney: a kidney, at the site of the kidney, left
        return What(term.type, term.category, site, side, term.label)
    if isinstance(label, str):
        try:
            code = looked_up(label, "label")
        except TerminologyError as error:
            raise _unknown_label(label, error) from None
        return What(code, None, None, None, code.meaning)
    code = _given(label, "label")
    return What(code, None, None, None, str(code.meaning))


def _unknown_label(label: str, error: TerminologyError) -> TerminologyError:
    try:
        terminology.look_up(label)
    except TerminologyError as unknown:
        near = unknown.suggestions
        if near:
            return TerminologyError(
                f"label {label!r} is not a known name; near: {', '.join(near)} (see `dicomposer terms`); a text "
                "of your own goes to tracking_id",
                near,
            )
    return error


def site_of(site: Any, laterality: Any) -> tuple[Any, Any]:
    """Site and side as codes."""
    side = None if laterality in (None, "") else laterality_code(laterality)
    if site in (None, ""):
        return None, side
    if isinstance(site, str) and site in terminology.TERMINOLOGY:
        term = terminology.look_up(site)
        own = next((one for one in (*term.modifiers, *term.region_modifiers)), None)
        if own is not None and side is not None and as_concept(side) != own:
            raise ArgumentError(f"site {site!r} and laterality {laterality!r} contradict each other")
        return term.type, own if side is None else side
    return looked_up(site, "site"), side


_COLUMN = re.compile(r"(?P<name>.+?)\s*\[(?P<unit>[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*)\]")


def column_parts(title: str) -> tuple[str, str] | None:
    """Name and unit of a column such as "Volume [cm3]"; None if it has no unit in brackets."""
    match = _COLUMN.fullmatch(title.strip())
    return None if match is None else (match["name"], match["unit"])
