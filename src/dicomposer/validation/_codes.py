"""Items of code sequences: context groups, meanings, schemes and units (PS3.3 8, PS3.16).

Whether the attributes of an item are all there is for the tables to say. Here is asked whether its code is one that may
stand in that place, and whether it means what it says. A code is looked at once per process: what was found is kept by
its values and the context groups of its place, and the dictionaries are loaded by the first code that needs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from dicomposer import standard
from dicomposer.standard import Attribute, ContextBinding
from dicomposer.validation._collect import Collector
from dicomposer.validation._findings import Level
from dicomposer.validation._frames import Frames
from dicomposer.validation._lookup import lookup_for
from dicomposer.validation._subject import Subject
from dicomposer.validation._units import unit_problem
from dicomposer.validation._view import Item, keyword_of, tag_of

__all__ = ["Codes", "bindings_of", "code_items", "is_code"]

Note: TypeAlias = tuple[str, Level, str, str]

CODE_VALUE, DESIGNATOR, MEANING = 0x00080100, 0x00080102, 0x00080104
LONG_VALUE, URN_VALUE = 0x00080119, 0x00080120
RESOURCE, IDENTIFIER, EXTENDED = 0x00080105, 0x0008010F, 0x0008010B
_READ = (CODE_VALUE, DESIGNATOR, MEANING, LONG_VALUE, URN_VALUE, RESOURCE, IDENTIFIER, EXTENDED)
_RETIRED = frozenset(("SRT", "SNM3", "99SDM"))
#: Designators of PS3.16 Tables 8-1 and 8-2; the codes of some are in our dictionaries.
_DESIGNATORS = frozenset(
    """99SDM ACR ASTM-sigpurpose BARI BI C4 C5 CADSR CD2 CDT CTCAE CVX DC DCM DCMUID FMA HCPT HGNC HPC HRC I10 I10C
    I10P I11 I9 I9C IBSI ICDO ICDO3 IHE ISO3166_1 ISO639_1 ISO639_2 ISO_3166-1 ITIS_TSN LN MA MAYOASRG MDC MDNS MGI MSH
    MTHICD9 NCBI_TAXON NCDR NCIt NCIMETA NDC NDFRT NEU NICIP NYUMCCG OPS PATHLEX POS PUBCHEM_CID RADELEMENT RADLEX
    RFC3066 RFC5646 RO RXNORM SCPECG SCT SNM3 SRT UBERON UCUM UMD UMLS UNII UNS UPC Unibase XCPT
    ABCCODES ACTCODE ActCode ActPriority ActReason AdministrativeGender Confidentiality EntityCode HL7V3 mediaType
    ObservationInterpretation ObservationMethod ParticipationMode ParticipationType PurposeOfUse RoleClass
    RoleCode""".split()
)
_SIDES = frozenset(("left", "right"))
#: Words that say where in a structure, and their opposites; a meaning that has one for the other is another.
_OPPOSITES = tuple(
    map(frozenset, (
        ("left", "right"), ("upper", "lower"), ("superior", "inferior"), ("anterior", "posterior"),
        ("medial", "lateral"), ("proximal", "distal"), ("internal", "external"), ("ventral", "dorsal"),
        ("ascending", "descending"), ("maxillary", "mandibular"), ("arterial", "venous"), ("systolic", "diastolic"),
    ))
)  # fmt: skip
#: Words that many meanings share, whatever they mean: of sides and places, and of grammar.
_COMMON = frozenset(word for pair in _OPPOSITES for word in pair) | frozenset(
    """both bilateral structure structures entire whole part parts region body organ system tissue area of the and in
    to or a an total first second third fourth fifth artery arteries vein veins joint nerve muscle
    gland""".split()
)
#: Words by which terminologies lengthen a name: "Kidney structure", "Entire kidney".
_LENGTHENING = frozenset("structure structures entire whole of the".split())
#: Letters shared, below which a meaning is worth a look; and one that is known to belong to another code.
_DISSIMILAR, _UNLIKE = 0.35, 0.7
_MOST_KEPT = 8192
_KEPT: dict[Any, tuple[Note, ...]] = {}


def is_code(item: Item) -> bool:
    """Whether an item is a coded entry."""
    elements = item.elements
    return CODE_VALUE in elements or MEANING in elements and (LONG_VALUE in elements or URN_VALUE in elements)


def code_items() -> tuple[Attribute, ...]:
    """Attributes of a coded entry, for places of which the tables do not tell (content items of reports)."""
    return standard.module("general-study").attribute("ProcedureCodeSequence").items


def bindings_of(attributes: Iterable[Attribute]) -> tuple[ContextBinding, ...]:
    """Context groups of a place that several modules may describe."""
    return tuple(dict.fromkeys(one for attribute in attributes for one in attribute.context_groups))


class Codes:
    """Checks of the coded entries of one object.

    Parameters
    ----------
    subject : Subject
    collector : Collector
    module_present : callable
        As for the look-up of conditions.
    """

    def __init__(self, subject: Subject, collector: Collector, module_present: Any) -> None:
        self._subject = subject
        self._collector = collector
        self._module_present = module_present
        self._declared: frozenset[str] | None = None
        self._said: set[str] = set()

    def check(self, item: Item, bindings: tuple[ContextBinding, ...]) -> None:
        """Check one coded entry."""
        if bindings and any(one.condition is not None for one in bindings):
            bindings = self._holding(item, bindings)
        elements = item.elements
        key = (*map(id, bindings), *[_stored(elements.get(tag)) for tag in _READ])
        try:
            notes = _KEPT.get(key)
        except TypeError:  # several values where one is due: the tables' to say
            return
        if notes is None:
            if len(_KEPT) >= _MOST_KEPT:
                _KEPT.clear()
            notes = _KEPT[key] = tuple(_notes(item, bindings))
        for rule, level, keyword, message in notes:
            if keyword == _SCHEME and not self._wanted(item, rule):
                continue
            self._collector.note(rule, level, item, keyword, message)

    def _holding(self, item: Item, bindings: tuple[ContextBinding, ...]) -> tuple[ContextBinding, ...]:
        """Those whose conditions hold; none if that cannot be told of all."""
        lookup = lookup_for(self._subject, item, self._module_present)
        truths = [one.condition is None or one.condition.evaluate(lookup) for one in bindings]
        if None in truths:
            return ()
        return tuple(one for one, holds in zip(bindings, truths, strict=True) if holds)

    def _wanted(self, item: Item, rule: str) -> bool:
        """Whether something is to be said of a scheme: once per object, and not if the object says what it is."""
        scheme = item.text("CodingSchemeDesignator")
        if self._declared is None:
            listed = self._subject.root.items("CodingSchemeIdentificationSequence")
            self._declared = frozenset(one.text("CodingSchemeDesignator") for one in listed)
        if scheme in self._said or rule == _UNKNOWN_SCHEME and scheme in self._declared:
            return False
        self._said.add(scheme)
        return True

    def columns(self, frames: Frames, iod: standard.IOD) -> None:
        """Check the codes that differ by frame: each distinct one of each layout once."""
        for layout in frames.layouts:
            paths = [path for path, _ in layout.elements]
            present = set(paths)
            for path in paths:
                prefix, _, keyword = path.rpartition(".")
                if keyword != "CodeMeaning" or not prefix:
                    continue
                beside = [f"{prefix}.{keyword_of(tag)}" for tag in _READ]
                columns = [frames.categories(name).codes[layout.frames] for name in beside if name in present]
                table = np.stack(columns, axis=1)
                if not (table != table[0]).any():
                    continue  # all the same: the frame that stands for the layout was looked at
                bindings = bindings_of(_attribute_at(iod, prefix))
                for row in np.unique(table, axis=0, return_index=True)[1].tolist():
                    inner = _descend(frames.item(layout, int(layout.frames[row])), prefix)
                    if inner is not None:
                        self.check(inner, bindings)


def _stored(source: Any) -> Any:
    return None if source is None else source.value


def _attribute_at(iod: standard.IOD, path: str) -> Sequence[Attribute]:
    """The attribute at a path of the functional groups, as a sequence of one or none."""
    names = re.sub(r"\[\d+\]", "", path).split(".")
    try:
        attribute = iod.functional_group(names[0]).attribute
        for name in names[1:]:
            attribute = attribute.item(name)
    except KeyError:
        return ()
    return (attribute,)


def _descend(item: Item, path: str) -> Item | None:
    """The item at a path of a frame table."""
    for step in path.split("."):
        name, _, number = step.partition("[")
        element = item.get(tag_of(name))
        index = int(number.rstrip("]") or 0) if number else 0
        if element is None or index >= len(element.items):
            return None
        item = element.items[index]
    return item


# -- one code -------------------------------------------------------------------------------------------------------

_SCHEME = "CodingSchemeDesignator"
_UNKNOWN_SCHEME = "coding-scheme PS3.16 8"


def _notes(item: Item, bindings: tuple[ContextBinding, ...]) -> Iterable[Note]:
    """What there is to say of a code in a place."""
    value = next((text for text in map(item.text, ("CodeValue", "LongCodeValue")) if text), "")
    scheme, meaning = item.text("CodingSchemeDesignator"), item.text("CodeMeaning")
    if not value or not scheme:
        return
    yield from _scheme_notes(scheme)
    yield from _value_notes(value, scheme, meaning)
    yield from _group_notes(value, scheme, bindings)
    yield from _claim_notes(item, value, scheme)


def _scheme_notes(scheme: str) -> Iterable[Note]:
    if scheme in _RETIRED:
        message = (
            f"{scheme} is retired: its codes were replaced by those of SCT, which newer programs look for"
        )
        yield "retired-scheme PS3.16 8.3", "advice", _SCHEME, message
    elif not scheme.startswith("99") and scheme not in _DESIGNATORS:
        message = (
            "is not one that PS3.16 lists; Coding Scheme Identification Sequence should tell what it is, "
            "unless HL7 has registered it"
        )
        yield _UNKNOWN_SCHEME, "advice", _SCHEME, message


def _value_notes(value: str, scheme: str, meaning: str) -> Iterable[Note]:
    if scheme == "UCUM":
        yield from _unit_notes(value)
        return
    known = _meanings_of(value, scheme)
    if known is None:
        if scheme == "DCM":
            message = "is not a code of DCM in the tables (up to edition 2024e)"
            yield "unknown-code PS3.16 D", "warning", "CodeValue", message
        return
    if not meaning or not known:
        return
    rule = "code-meaning PS3.3 8.3"
    if _other_side(meaning, known):
        yield rule, "warning", "CodeMeaning", "names the other side than its code does"
    elif _turned(meaning, known) and _means_another(meaning, scheme, known):
        yield rule, "warning", "CodeMeaning", "is that of another code, which lies opposite to its own"
    elif _akin(meaning, known):
        return
    elif not _similar(meaning, known, _UNLIKE) and _means_another(meaning, scheme, known):
        message = (
            "contradicts its code: the code means something else, and the meaning belongs to another code"
        )
        yield rule, "warning", "CodeMeaning", message
    elif scheme == "DCM" and meaning.isascii() and not _similar(meaning, known, _DISSIMILAR):
        message = "does not resemble what its code means (in another language, or another concept?)"
        yield rule, "advice", "CodeMeaning", message


def _unit_notes(value: str) -> Iterable[Note]:
    problem = None if _meanings_of(value, "UCUM") else unit_problem(value)
    if problem == "malformed":
        yield "units PS3.16 7.2.2", "warning", "CodeValue", "is not a well-formed UCUM unit"
    elif problem == "unknown":
        yield "units PS3.16 7.2.2", "advice", "CodeValue", "names a unit that UCUM does not have"


def _meanings_of(value: str, scheme: str) -> tuple[str, ...] | None:
    """Meanings of a code in our dictionaries; None if they do not have it."""
    found: list[str] = []
    for today in standard.current_codes(value, scheme):
        with suppress(KeyError):
            found += standard.code(*today).meanings
    return tuple(found) or None


# -- meanings -------------------------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _akin(meaning: str, known: Iterable[str]) -> bool:
    """Whether a meaning shares a word, the beginning of one or its initials with one that is known."""
    mine = _words(meaning)
    stems = _stems(mine)
    for text in known:
        theirs = _words(text)
        if mine == theirs or stems & _stems(theirs):
            return True
        # abbreviations: "MR" for "Magnetic Resonance"
        if _initials(theirs) == "".join(mine) or _initials(mine) == "".join(theirs):
            return True
    return False


def _stems(words: list[str]) -> set[str]:
    """Beginnings of the words that tell something; of all, if none does."""
    telling = [word for word in words if word not in _COMMON]
    return {word[:4] for word in telling or words}


def _turned(meaning: str, known: Iterable[str]) -> bool:
    """Whether a meaning says upper where all that are known say lower, and so on."""
    mine = set(_words(meaning))
    for pair in _OPPOSITES:
        here = pair & mine
        if len(here) == 1 and all(pair & set(_words(text)) == pair - here for text in known):
            return True
    return False


def _initials(words: list[str]) -> str:
    return "".join(word[0] for word in words)


def _similar(meaning: str, known: Iterable[str], least: float) -> bool:
    """Whether a meaning has so many letters of one that is known."""
    mine = " ".join(_words(meaning))
    return any(
        SequenceMatcher(None, mine, " ".join(_words(text)), autojunk=False).ratio() >= least for text in known
    )


def _other_side(meaning: str, known: Iterable[str]) -> bool:
    """Whether a meaning says left where all that are known say right, or the other way round."""
    side = _SIDES & set(_words(meaning))
    return len(side) == 1 and all(_SIDES & set(_words(text)) == _SIDES - side for text in known)


def _means_another(meaning: str, scheme: str, known: Iterable[str]) -> bool:
    """Whether a meaning is that of other codes of the scheme, none of which could also mean what is known."""
    scheme = "SCT" if scheme in _RETIRED else scheme
    others = standard.codes(meaning, scheme=scheme)
    if not others:
        words = _words(meaning)
        short = [word for word in words if word not in _LENGTHENING]
        others = standard.codes(" ".join(short), scheme=scheme) if 0 < len(short) < len(words) else ()
    ours = {" ".join(_words(text)) for text in known}
    return bool(others) and not any(
        ours & {" ".join(_words(text)) for text in other.meanings} for other in others
    )


# -- context groups -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _group(cid: int) -> frozenset[tuple[str, str]] | None:
    """Codes of a context group, as of today; None if the tables do not have all of them."""
    try:
        group = standard.context_group(cid)
    except KeyError:
        return None
    if not group.complete:
        return None
    return frozenset(
        today
        for one in group.codes
        for today in standard.current_codes(one.value, one.scheme) or ((one.value, one.scheme),)
    )


def _outside(value: str, scheme: str, cids: Iterable[int]) -> bool | None:
    """Whether a code is in none of the groups; None if that cannot be told."""
    today = {*standard.current_codes(value, scheme), (value, scheme)}
    groups = [_group(cid) for cid in cids]
    if None in groups or (scheme in _RETIRED and len(today) == 1):
        return None
    return not any(today & group for group in groups if group)


def _group_notes(value: str, scheme: str, bindings: tuple[ContextBinding, ...]) -> Iterable[Note]:
    """A code against the context groups of its place.

    Of an extensible group nothing but advice can be said, since other codes may stand in for what it lacks; a private
    code is just such an extension. A binding that was not compared with the text never makes an error, and advice
    neither. Baseline groups are suggestions.
    """
    defined = [one for one in bindings if one.strength == "defined"]
    cids = [one.cid for one in defined]
    if not defined or not _outside(value, scheme, cids):
        return
    collated = all(one.edition != "uncollated" for one in defined)
    extensible = any(standard.context_group(cid).extensible for cid in cids)
    names = " or ".join(f"CID {cid}" for cid in cids)
    rule = f"context-group PS3.3 {defined[0].section}".rstrip()
    if not extensible:
        level: Level = "error" if collated else "warning"
        yield rule, level, "CodeValue", f"is not in {names}, from which it has to come"
    elif collated and not scheme.startswith("99"):
        message = f"is not in {names}; another code may be used only where that has none that fits"
        yield rule, "advice", "CodeValue", message


def _claim_notes(item: Item, value: str, scheme: str) -> Iterable[Note]:
    """The context group that the item itself names (PS3.3 8.6, 8.7)."""
    claimed = item.text("ContextIdentifier")
    if not claimed.isdigit() or item.text("MappingResource") != "DCMR":
        return
    extended = item.text("ContextGroupExtensionFlag") == "Y"
    if extended or not _outside(value, scheme, [int(claimed)]):
        return
    message = "names a context group that does not have the code, and does not say that it was extended"
    yield "context-identifier PS3.3 8.7", "advice", "ContextIdentifier", message
