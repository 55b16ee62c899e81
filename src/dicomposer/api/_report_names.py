"""Names of measurements: what people who train models call them, and what the standard does."""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import Any

from dicomposer import standard
from dicomposer.coding import Code, terminology
from dicomposer.errors import TerminologyError

__all__ = ["certainty", "is_measurable", "unknown"]

#: Where near names of measurements are looked for first (PS3.16).
_NEAR = (7469, 7464, 218, 7465, 7466, 3488, 7180, 7470, 7471, 7472, 281, 6048, 7477)
#: Below these, names of measurements, and of anything, have little in common with a name; short ones with all of them.
_ALIKE, _ALIKE_ANYWHERE, _SHORT = 0.7, 0.8, 4
#: Names of context groups of which the codes are names of numbers, and of which they are not.
_QUANTITIES = re.compile(
    r"\b(measure(ments?)?|propert(y|ies)|parameter|quantity|ratio|index|score|volume|area|velocity|distance|thickness|"
    r"flow|fraction|pressure|reserve|biometry|statistics|metric|numeric|calculated value|scoring scale|"
    r"radiation dose type|hemodynamic assessment|pulmonary vein|fetus summary)\b"
)
_NO_QUANTITIES = re.compile(
    r"\b(method|technique|site|orientation|modifier|reason|device|descriptor|unit|function|equation|description|"
    r"nonspecific|location|direction|objective|segmentation|source|origin|qualifier|map)\b"
)
#: How a response is judged, in no group: RECIST.
_METHODS = frozenset((("DCM", "112022"),))
_CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
#: A certainty in per cent (PS3.16 TID 4006), by the names that models give it.
_CERTAINTIES = frozenset("certainty confidence confidencescore detectionconfidence".split())
#: Names that others use, and names of the standard for what they may mean.
_RELATED = {
    **dict.fromkeys(
        (*_CERTAINTIES, "likelihood", "softmax", "logit"), ("Certainty of Finding", "Probability")
    ),
    **dict.fromkeys(("prob", "p", "proba", "pvalue"), ("Probability",)),
    **dict.fromkeys(
        (
            "malignancy",
            "malignancyscore",
            "malignancyprobability",
            "probabilityofmalignancy",
            "cancerprobability",
        ),
        ("Probability of cancer",),
    ),
    **dict.fromkeys(("dice", "dsc", "dicescore", "dicecoefficient"), ("Dice Similarity Coefficient",)),
    **dict.fromkeys(("iou", "jaccard", "jaccardscore"), ("Jaccard Index",)),
    **dict.fromkeys(("max", "maximumvalue"), ("Maximum",)),
    **dict.fromkeys(("min", "minimumvalue"), ("Minimum",)),
    **dict.fromkeys(("avg", "average", "meanvalue"), ("Mean",)),
    **dict.fromkeys(("std", "stdev", "stddev", "sd"), ("Standard Deviation",)),
    **dict.fromkeys(
        ("hu", "density", "meanhu", "maxhu", "minhu", "hounsfield", "attenuation"),
        ("Attenuation Coefficient", "Mean"),
    ),
    **dict.fromkeys(("suv", "suvmax", "suvmean", "suvpeak"), ("SUVbw", "SUVlbm", "SUVbsa")),
    **dict.fromkeys(("size", "diameter3d", "thickness"), ("Diameter", "Length", "Long Axis", "Volume")),
    **dict.fromkeys(("vol", "volumeml", "volumecc"), ("Volume",)),
    **dict.fromkeys(("adc",), ("Apparent Diffusion Coefficient",)),
}


def _plain(name: str) -> str:
    """A name without what people write differently."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _related(name: str) -> tuple[standard.CodeMatch, ...]:
    """Codes of what a name may mean that the standard does not have."""
    found = [standard.codes(one) for one in _RELATED.get(_plain(name), ())]
    return tuple(matches[0] for matches in found if matches)


def certainty(name: Any) -> Code | None:
    """The certainty of a model, if its name is one of those; in per cent, which the check of its number sees to."""
    return _CERTAINTY if isinstance(name, str) and _plain(name) in _CERTAINTIES else None


def is_measurable(match: standard.CodeMatch, name: str) -> bool:
    """Whether a code that answers to a name can be what a person measured under it.

    Electrodes of an EEG (F1), organs and findings cannot; nor substances (iron), methods (RECIST) and questions that
    have a code as their answer (Margin, HER2); nor what bears the name only in groups of another technique (the
    thickness of a region by ultrasound), nor names that mean something else to most people (density).
    """
    fact = match.code
    if any(standard.context_group(cid).find(fact.value, fact.scheme) for cid in _NEAR):
        return True
    if fact.scheme in ("UCUM", "MDC") or (fact.scheme, fact.value) in _things() or not _is_number(match):
        return False
    return _plain(name) in (_plain(fact.meaning), _plain(fact.keyword)) and _plain(name) not in _RELATED


def _is_number(match: standard.CodeMatch) -> bool:
    """Whether the standard has numbers under a code, or says nothing of it."""
    key = (match.code.scheme, match.code.value)
    numbers, others = _of_templates()
    if key in numbers:
        return True
    if key in _METHODS or key in others:
        return False
    return not match.cids or key in _of_groups()


@cache
def _of_groups() -> frozenset[tuple[str, str]]:
    """Codes of groups that are names of numbers, as the names of the groups tell."""
    found: set[tuple[str, str]] = set()
    for cid in standard.context_groups():
        name = standard.context_group(cid).name.casefold()
        if _QUANTITIES.search(name) and not _NO_QUANTITIES.search(name):
            found |= _listed(cid)
    return frozenset(found)


@cache
def _of_templates() -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    """Names of numbers in the rows of templates, and names of other items (PS3.16 Annex A)."""
    numbers: set[tuple[str, str]] = set()
    others: set[tuple[str, str]] = set()
    for row in (row for tid in standard.templates() for row in standard.template(tid).rows):
        if row.concept is None or row.value_type == "INCLUDE":
            continue
        found = numbers if row.value_type == "NUM" else others
        found |= {(fact.scheme, fact.value) for fact in row.concept.codes}
        if row.value_type == "NUM":
            found |= {key for cid in row.concept.cids for key in _listed(cid)}
    return frozenset(numbers), frozenset(others - numbers)


@cache
def _listed(cid: int) -> frozenset[tuple[str, str]]:
    return frozenset((fact.scheme, fact.value) for fact in standard.context_group(cid).codes)


@cache
def _things() -> frozenset[tuple[str, str]]:
    """What can be segmented: organs, tissues, findings, devices."""
    types = [term.type for term in terminology.terms()]
    return frozenset((str(one.scheme_designator), str(one.value)) for one in types)


def unknown(name: str) -> TerminologyError:
    """The error for a name that no measurement has, with names that are near, and how to give a code of one's own."""
    known = list(_related(name))
    if not known and len(_plain(name)) >= _SHORT:
        for cid in _NEAR:
            known += [
                one for one in standard.codes(name, fuzzy=True, cid=cid, limit=3) if one.score >= _ALIKE
            ]
        anywhere = standard.codes(name, fuzzy=True, limit=12)
        known += [
            one for one in anywhere if one.score >= _ALIKE_ANYWHERE and is_measurable(one, one.code.meaning)
        ]
        known.sort(key=lambda one: -one.score)
    if not known and len(_plain(name)) >= _SHORT:
        for alias in difflib.get_close_matches(_plain(name), [*_RELATED], n=1, cutoff=_ALIKE_ANYWHERE):
            known = list(_related(alias))
    near = list({(one.code.scheme, one.code.value): one for one in known}.values())[:4]
    said = ", ".join(f"{one.code.meaning!r} ({one.code.value}, {one.code.scheme})" for one in near)
    own = _plain(name)[:16] or "own"
    return TerminologyError(
        f"measurement {name!r} is not among those of the standard's code tables; "
        + (f"near: {said}; or " if near else "")
        + f"pass a code (value, scheme, meaning), of your own scheme if there is none: ({own!r}, '99LOCAL', {name!r})",
        [one.code.meaning for one in near],
    )
