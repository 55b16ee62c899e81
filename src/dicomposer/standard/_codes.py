"""Context groups and codes: look-up by identifier, by scheme and value, by keyword and by meaning."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache
from heapq import nsmallest
from typing import Any, Literal, TypeAlias

from dicomposer.errors import ArgumentError
from dicomposer.standard._store import STORE

__all__ = [
    "CodeFact",
    "CodeMatch",
    "ContextGroup",
    "code",
    "codes",
    "context_group",
    "context_groups",
    "current_codes",
]

Origin: TypeAlias = Literal["context group", "template", "dictionary"]
_Entry: TypeAlias = tuple[str, list[Any]]  # scheme; value, meanings, groups, origin, keyword if not by rule
_ORIGINS: tuple[Origin, ...] = ("context group", "template", "dictionary")
_CANDIDATES = 150  # similarity is measured for so many at most, which bounds the time of a fuzzy look-up
_LONGEST = 200  # letters of what is looked for; no meaning is longer
_SIMILAR = 0.55
_RETIRED_SCHEMES = frozenset(("SRT", "SNM3", "99SDM"))


def keyword_of(meaning: str) -> str:
    """The keyword that follows from a meaning by rule; the tables hold those that do not."""
    words = (word if word.isupper() else word.capitalize() for word in re.split(r"\W+", meaning) if word)
    name = "".join(words)
    return "_" + name if name[:1].isdigit() else name


def _keyword_of(row: list[Any]) -> str:
    return str(row[4]) if len(row) > 4 else keyword_of(row[1][0])


@dataclass(frozen=True, slots=True)
class CodeFact:
    """A code and its meaning.

    Attributes
    ----------
    value, scheme, meaning
        Code Value, Coding Scheme Designator and Code Meaning of PS3.3 8.
    """

    value: str
    scheme: str
    meaning: str

    @property
    def keyword(self) -> str:
        """The name under which pydicom's ``codes`` have it: "Imaging Measurements" is ``ImagingMeasurements``.

        Codes that pydicom does not know get theirs from the meaning. Two codes may have the same.
        """
        row = _scheme(self.scheme).get(self.value)
        return _keyword_of(row) if row else keyword_of(self.meaning)


@dataclass(frozen=True, slots=True)
class ContextGroup:
    """A context group of PS3.16 Annex B.

    Attributes
    ----------
    cid
        Its number.
    name, keyword
        Name (words of the keyword) and keyword.
    extensible
        True if other codes are allowed where the group is used.
    version
        Date of its last change, YYYYMMDD.
    uid
        Context Group UID of PS3.6.
    codes
        All codes, those of included groups first; each once.
    own
        Codes that it lists itself.
    includes
        Groups that it includes directly.
    complete
        False if it includes, directly or not, a group that has no list (whole vocabularies of others): then
        `codes` are not all.
    edition
        Edition of the standard that is described.
    """

    cid: int
    name: str
    keyword: str
    extensible: bool
    version: str
    uid: str
    codes: tuple[CodeFact, ...] = field(repr=False)
    own: tuple[CodeFact, ...] = field(repr=False)
    includes: tuple[int, ...]
    complete: bool
    edition: str

    def find(self, value: str, scheme: str) -> CodeFact | None:
        """The code of the group with that value and scheme, or None."""
        return _by_key(self.cid).get((value, scheme))


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """A code that was looked up.

    Attributes
    ----------
    code
        The code, with the meaning that is used most.
    meanings
        All meanings with which it occurs, the most frequent first.
    cids
        Context groups that list it themselves (those that include one of these hold it as well).
    origin
        Where it comes from: a context group, a template, or only pydicom's dictionary.
    score
        1 for an exact match; less for similar meanings.
    """

    code: CodeFact
    meanings: tuple[str, ...]
    cids: tuple[int, ...]
    origin: Origin
    score: float = 1.0


# -- context groups ------------------------------------------------------------------------------------------


def context_groups() -> tuple[int, ...]:
    """Numbers of all context groups."""
    return tuple(int(key) for key in STORE.lines("terms/groups") if not key.startswith("@"))


@cache
def _by_key(cid: int) -> dict[tuple[str, str], CodeFact]:
    """Codes of a group by value and scheme."""
    return {(code.value, code.scheme): code for code in context_group(cid).codes}


@cache
def context_group(cid: int) -> ContextGroup:
    """The context group with that number.

    Raises
    ------
    KeyError
        The tables have none.
    """
    lines = STORE.lines("terms/groups")
    name, keyword, extensible, version, uid, includes, own = lines[str(int(cid))]
    facts = _facts(own)
    found: dict[tuple[str, str], CodeFact] = {}
    inner_groups = _closure(int(cid))
    listed = [inner for inner in inner_groups if str(inner) in lines]
    for inner in listed:
        for fact in _facts(lines[str(inner)][6]):
            found.setdefault((fact.scheme, fact.value), fact)
    for fact in facts:
        found[fact.scheme, fact.value] = fact
    return ContextGroup(
        int(cid), name, keyword, bool(extensible), version, uid,
        tuple(found.values()), facts, tuple(includes), listed == inner_groups, lines["@edition"],
    )  # fmt: skip


def _facts(rows: list[list[str]]) -> tuple[CodeFact, ...]:
    return tuple(CodeFact(value, scheme, meaning) for scheme, value, meaning in rows)


def _closure(cid: int) -> list[int]:
    """Groups that `cid` includes, directly or not, each after those that it includes itself."""
    lines = STORE.lines("terms/groups")
    found: dict[int, None] = {}
    seen = {cid}

    def visit(group: int) -> None:
        for inner in lines[str(group)][5] if str(group) in lines else ():
            if inner not in seen:
                seen.add(inner)
                visit(inner)
                found[inner] = None

    visit(cid)
    return list(found)


# -- codes ---------------------------------------------------------------------------------------------------


def _match(scheme: str, row: list[Any], score: float = 1.0) -> CodeMatch:
    value, meanings, cids, origin = row[:4]
    return CodeMatch(
        CodeFact(value, scheme, meanings[0]), tuple(meanings), tuple(cids), _ORIGINS[origin], score
    )


@cache
def _scheme(scheme: str) -> dict[str, list[Any]]:
    """Rows of one coding scheme by value; empty if the tables do not know it."""
    lines = STORE.lines("terms/codes")
    return {row[0]: row for row in lines[scheme]} if scheme in lines else {}


def current_codes(value: str, scheme: str) -> tuple[tuple[str, str], ...]:
    """(value, scheme) of the codes that stand for a code today.

    Of a retired scheme of SNOMED ("SRT", "SNM3", "99SDM") those of "SCT" that replaced it, in DICOM's context groups
    or in SNOMED itself (PS3.16 8.3, Annex O); none if the tables know none. Other codes stand for themselves, and some
    of "SCT" also for the one that DICOM's context groups have chosen in their place.
    """
    if scheme in _RETIRED_SCHEMES:
        return tuple((twin, "SCT") for twin in _twins("SRT").get(value, ()))
    if scheme == "SCT" and value in _twins("SCT"):
        return tuple((twin, "SCT") for twin in _twins("SCT")[value])
    return ((value, scheme),)


@cache
def _twins(scheme: str) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in STORE.lines("terms/twins")[scheme]}


def code(value: str, scheme: str) -> CodeMatch:
    """The code with that value in that coding scheme.

    Raises
    ------
    KeyError
        The tables have none.
    """
    return _match(scheme, _scheme(scheme)[value])


def codes(
    meaning: str | None = None,
    *,
    keyword: str | None = None,
    value: str | None = None,
    scheme: str | None = None,
    cid: int | None = None,
    fuzzy: bool = False,
    limit: int = 20,
) -> tuple[CodeMatch, ...]:
    """Codes that answer to all that is given.

    Parameters
    ----------
    meaning
        Code Meaning, or one of several under which the code occurs; letter case and spaces do not matter.
    keyword
        Keyword (:attr:`CodeFact.keyword`).
    value, scheme
        Code Value; Coding Scheme Designator.
    cid
        Only codes of this context group, or of those that it includes.
    fuzzy
        Also meanings that resemble `meaning`, best first.
    limit
        So many at most.

    Returns
    -------
    tuple of CodeMatch
        Exact matches first; among equals those of most context groups, then by scheme and value.

    Raises
    ------
    ArgumentError
        Neither meaning nor keyword nor value is given; or `fuzzy` without a meaning.
    KeyError
        There is no context group `cid`.
    """
    if meaning is None and keyword is None and value is None:
        raise ArgumentError("a meaning, a keyword or a value is needed to look up codes")
    if fuzzy and meaning is None:
        raise ArgumentError("fuzzy needs a meaning")
    allowed = {(fact.scheme, fact.value) for fact in context_group(cid).codes} if cid is not None else None

    def fits(entry: _Entry) -> bool:
        name, row = entry
        return (
            (scheme is None or name == scheme)
            and (value is None or row[0] == value)
            and (allowed is None or (name, row[0]) in allowed)
            and (keyword is None or _keyword_of(row) == keyword)
        )

    if value is not None and scheme is not None:
        row = _scheme(scheme).get(value)
        found: Iterable[_Entry] = [(scheme, row)] if row else []
    elif value is not None:
        found = _by_value().get(value, ())
    elif keyword is not None:
        found = _by_keyword().get(keyword, ())
    else:
        found = _entries() if fuzzy else _by_meaning().get(_plain(str(meaning)), ())
    chosen = [entry for entry in found if fits(entry)]
    if meaning is not None:
        scored = _similar(meaning, chosen) if fuzzy else _equal(meaning, chosen)
    else:
        scored = [(1.0, entry) for entry in chosen]
    scored.sort(key=lambda pair: (-pair[0], -len(pair[1][1][2]), pair[1][0], pair[1][1][0]))
    return tuple(_match(name, row, score) for score, (name, row) in scored[: max(0, limit)])


def _plain(meaning: str) -> str:
    return " ".join(meaning.casefold().split())


def _equal(meaning: str, entries: list[_Entry]) -> list[tuple[float, _Entry]]:
    wanted = _plain(meaning)
    return [(1.0, entry) for entry in entries if wanted in map(_plain, entry[1][1])]


@cache
def _entries() -> list[_Entry]:
    return [(scheme, row) for scheme in STORE.lines("terms/codes") for row in _scheme(scheme).values()]


@cache
def _by_value() -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = defaultdict(list)
    for entry in _entries():
        found[entry[1][0]].append(entry)
    return found


@cache
def _by_keyword() -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = defaultdict(list)
    for entry in _entries():
        found[_keyword_of(entry[1])].append(entry)
    return found


@cache
def _by_meaning() -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = defaultdict(list)
    for entry in _entries():
        for text in dict.fromkeys(map(_plain, entry[1][1])):
            found[text].append(entry)
    return found


# -- similarity ----------------------------------------------------------------------------------------------


def _pieces(text: str) -> set[str]:
    """Pairs of neighbouring letters of the words of a text, their ends included."""
    return {
        word[start : start + 2]
        for word in (f" {part} " for part in re.findall(r"\w+", text))
        for start in range(len(word) - 1)
    }


@cache
def _meanings() -> tuple[list[str], dict[str, list[int]], list[int]]:
    """All meanings in plain form; by each pair of letters the places of those that have it; their numbers of pairs."""
    texts = list(_by_meaning())
    holders: dict[str, list[int]] = defaultdict(list)
    sizes = []
    for place, text in enumerate(texts):
        pieces = _pieces(text)
        sizes.append(len(pieces))
        for piece in pieces:
            holders[piece].append(place)
    return texts, holders, sizes


def _similar(meaning: str, entries: list[_Entry]) -> list[tuple[float, _Entry]]:
    """Those of `entries` whose meanings resemble `meaning`, with their scores."""
    wanted = _plain(meaning)[:_LONGEST]
    texts, holders, sizes = _meanings()
    allowed = None
    if len(entries) < len(_entries()):
        allowed = {_plain(text) for entry in entries for text in entry[1][1]}
    pieces = _pieces(wanted)
    shared: Counter[int] = Counter()
    for piece in pieces:
        shared.update(holders.get(piece, ()))
    ranked = nsmallest(
        _CANDIDATES,
        (
            (-2 * count / (len(pieces) + sizes[place]), place)
            for place, count in shared.items()
            if allowed is None or texts[place] in allowed
        ),
    )
    best: dict[tuple[str, str], tuple[float, _Entry]] = {}
    for overlap, place in ranked:
        score = _score(wanted, texts[place], -overlap)
        for entry in _by_meaning()[texts[place]] if score >= _SIMILAR else ():
            key = (entry[0], entry[1][0])
            if score > best.get(key, (0.0,))[0]:
                best[key] = (score, entry)
    if allowed is None:
        return list(best.values())
    kept = {(entry[0], entry[1][0]) for entry in entries}
    return [pair for key, pair in best.items() if key in kept]


def _score(wanted: str, text: str, overlap: float) -> float:
    """1 if the texts are equal; the order of words and additional words cost little."""
    if wanted == text:
        return 1.0
    words, others = (re.findall(r"\w+", part) for part in (wanted, text))
    score = (SequenceMatcher(None, wanted, text, autojunk=False).ratio() + overlap) / 2
    ordered = SequenceMatcher(None, " ".join(sorted(words)), " ".join(sorted(others)), autojunk=False).ratio()
    score = max(score, 0.49 * (ordered + overlap))
    if words and set(words) <= set(others):
        score = max(score, 0.7 + 0.25 * len(words) / len(others))
    return round(min(score, 0.99), 4)
