"""Templates of structured reports, prepared for matching: rows of a level with what they include (PS3.16 Annex A).

A :class:`Place` is what may stand below one content item: the rows of a template at one level, those of the templates
that they include in their stead. It is made when a report first needs it and kept for the life of the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from typing import NamedTuple

from dicomposer import standard
from dicomposer.standard import CodeConstraint, Template, TemplateRow

__all__ = [
    "Allowed",
    "Code",
    "Entry",
    "Fact",
    "Inclusion",
    "Place",
    "place_of",
    "plain",
    "root_entry",
    "today",
]

#: (value, scheme) of a code and of those that stand for it today.
Code = frozenset[tuple[str, str]]
NO_CODE: Code = frozenset()
#: Rows of a template that stand below one of its rows (-1: the topmost ones).
Rows = tuple[tuple[str, int], ...]

_MOST_DEEP = 12


class Fact(NamedTuple):
    """What matters of a content item for its row."""

    value_type: str
    relationship: str
    by_reference: bool
    name: Code
    value: Code
    units: Code
    graphic: str
    template: str
    sop_class: str = ""


@cache
def today(value: str, scheme: str) -> Code:
    """A code with those that have replaced it."""
    return frozenset((*standard.current_codes(value, scheme), (value, scheme)))


class Allowed:
    """Which codes a constraint has.

    Attributes
    ----------
    closed : bool
        Whether no other code is allowed.
    pairs : frozenset or None
        All codes of it; None if the tables do not have all.
    label : str
        For messages.
    """

    __slots__ = ("closed", "label", "pairs", "suggestion")

    def __init__(self, constraint: CodeConstraint) -> None:
        pairs = {pair for code in constraint.codes for pair in today(code.value, code.scheme)}
        complete, extensible = True, constraint.binding == "defined" and not constraint.cids
        names = [code.meaning for code in constraint.codes[:3]]
        if len(constraint.codes) > 3:
            names.append("...")
        for cid in constraint.cids:
            names.append(f"CID {cid}")
            try:
                group = standard.context_group(cid)
            except KeyError:
                complete = False
                continue
            complete &= group.complete
            extensible |= group.extensible
            pairs.update(pair for code in group.codes for pair in today(code.value, code.scheme))
        self.pairs = frozenset(pairs) if complete else None
        self.suggestion = constraint.binding == "baseline"
        self.closed = complete and not extensible and not self.suggestion
        self.label = " or ".join(names) if len(constraint.codes) <= 3 else ", ".join(names)

    def has(self, code: Code) -> bool | None:
        """Whether a code is one of them; None if that cannot be told."""
        return None if self.pairs is None or not code else not self.pairs.isdisjoint(code)


@cache
def _allowed(constraint: CodeConstraint | None) -> Allowed | None:
    return None if constraint is None else Allowed(constraint)


class Inclusion:
    """A row that includes a template, at one level."""

    __slots__ = ("members", "owner", "row", "tid")

    def __init__(self, tid: str, row: TemplateRow, owner: str) -> None:
        self.tid = tid
        #: Template that has the row.
        self.owner = owner
        self.row = row
        #: Entries that it brings.
        self.members: list[int] = []


class Entry:
    """A row that items of a level are matched with.

    Attributes
    ----------
    tid : str
        Template that has the row.
    relationship : str
        That of the row, or of the row that includes its template.
    most : int or None
        How often it may occur, all inclusions considered; None for any number.
    chain : tuple of Inclusion
        How it came here, outermost first.
    """

    def __init__(
        self, number: int, tid: str, place: int, row: TemplateRow, relationship: str, chain: tuple[Inclusion, ...],
        extra: Rows,
    ) -> None:  # fmt: skip
        self.number = number
        self.tid = tid
        self.row = row
        self.relationship = relationship
        self.by_reference = row.by_reference or any(one.row.by_reference for one in chain)
        self.value_type = row.value_type
        self.name = _allowed(row.concept)
        self.value = _allowed(row.value)
        self.units = _allowed(row.units)
        self.chain = chain
        ranges = [row.vm[1], *(one.row.vm[1] for one in chain)]
        self.most = None if None in ranges else _product([one for one in ranges if one is not None])
        # A row without a concept may have one by parameter, which the tables do not tell.
        nameless = self.name is None and self.value_type in ("NUM", "CODE", "TEXT", "CONTAINER")
        if nameless and (chain or number):
            self.most = None
        self.generic = nameless
        #: Whether nothing is asked of the codes of its items.
        self.plain = (
            self.name is None and self.value is None and self.units is None and not row.graphic_types
            and self.value_type not in ("IMAGE", "WAVEFORM", "COMPOSITE")
        )  # fmt: skip
        self.below: Rows = ((tid, place), *extra)
        self.repeated = any(one.row.vm[1] != 1 for one in chain)
        #: Whether no other row of the level could be what an item is that fits.
        self.sure = True
        #: Templates whose order matters, by the inclusion that brings them, and the row of each that leads here.
        self.steps: tuple[tuple[int, int, str], ...] = ()

    @cached_property
    def place(self) -> Place:
        """What may stand below the item."""
        return place_of(() if self.by_reference else self.below)

    @cached_property
    def label(self) -> str:
        """How the row is called in messages."""
        what = f" ({self.name.label})" if self.name is not None else ""
        return f"row {self.row.number} of TID {plain(self.tid)}{what}"

    @cached_property
    def section(self) -> str:
        """Section of the standard."""
        return f"PS3.16 TID {plain(self.tid)}"


def plain(tid: str) -> str:
    """Number of a template in the standard, of a form with parameters as well."""
    form_of = standard.template(tid).form_of
    return form_of or tid


def _product(numbers: list[int]) -> int:
    result = 1
    for number in numbers:
        result *= number
    return result


class Place:
    """What may stand below a content item.

    Attributes
    ----------
    entries : tuple of Entry
    extensible : bool
        Whether other items may be there.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.entries: tuple[Entry, ...] = ()
        self.inclusions: list[Inclusion] = []
        tids = {tid for tid, _ in rows}
        self.extensible = not tids or any(standard.template(tid).extensible for tid in tids)
        found: list[Entry] = []
        for tid, place in rows:
            self._expand(found, tid, place, "", (), (), ())
        self.entries = tuple(found)
        for entry in found:
            entry.sure = not any(_alike(entry, other) for other in found if other is not entry)

    def _expand(
        self, found: list[Entry], tid: str, place: int, relationship: str, chain: tuple[Inclusion, ...], extra: Rows,
        steps: tuple[tuple[int, int, str], ...],
    ) -> None:  # fmt: skip
        # An inclusion that may occur several times has no order of its own: its items may come by turns.
        ordered = standard.template(tid).order_significant and not (chain and chain[-1].row.vm[1] != 1)
        owner = id(chain[-1]) if chain else place
        for index, row in _below(tid, place):
            own = row.relationship or relationship
            here = (*steps, (owner, index, tid)) if ordered else steps
            if row.includes is None:
                entry = Entry(len(found), tid, index, row, own, chain, extra)
                entry.steps = here
                found.append(entry)
                for one in chain:
                    one.members.append(len(found) - 1)
                continue
            target = row.form or row.includes
            known = _known(target)
            if known is None or len(chain) > _MOST_DEEP or any(one.tid == target for one in chain):
                continue
            inclusion = Inclusion(target, row, tid)
            self.inclusions.append(inclusion)
            self.extensible |= known.extensible
            beneath: Rows = ((tid, index),) if any(True for _ in _below(tid, index)) else ()
            self._expand(found, target, -1, own, (*chain, inclusion), (*beneath, *extra), here)

    @cached_property
    def names(self) -> Code:
        """Codes that some row names."""
        return frozenset().union(*(one.name.pairs or () for one in self.entries if one.name is not None))

    @cached_property
    def values(self) -> Code:
        """Codes that some row has as values."""
        return frozenset().union(*(one.value.pairs or () for one in self.entries if one.value is not None))

    @cached_property
    def described(self) -> bool:
        """Whether the rows say anything."""
        return bool(self.entries)

    @cached_property
    def inner(self) -> tuple[Entry, ...]:
        """Rows one level below: where an item may have slipped from."""
        return tuple(
            inner
            for entry in self.entries
            if entry.value_type == "CONTAINER"
            for inner in entry.place.entries
        )


def _alike(entry: Entry, other: Entry) -> bool:
    """Whether an item could be either, named rows before nameless ones."""
    if (entry.value_type, entry.relationship) != (other.value_type, other.relationship):
        return False
    if entry.name is None or other.name is None:
        return entry.name is other.name
    mine, theirs = entry.name.pairs, other.name.pairs
    return mine is None or theirs is None or not mine.isdisjoint(theirs)


def _known(tid: str) -> Template | None:
    try:
        return standard.template(tid)
    except KeyError:
        return None


def _below(tid: str, place: int) -> Iterator[tuple[int, TemplateRow]]:
    """Rows directly below one."""
    rows = standard.template(tid).rows
    depth = 0 if place < 0 else rows[place].nesting + 1
    for index in range(place + 1, len(rows)):
        nesting = rows[index].nesting
        if nesting < depth:
            return
        if nesting == depth:
            yield index, rows[index]


@cache
def place_of(rows: Rows) -> Place:
    """The place below certain rows."""
    return Place(rows)


@cache
def root_entry(tid: str) -> Entry | None:
    """The row that is the topmost item of a template; None if the tables have none, or it is no single item."""
    if _known(tid) is None:
        return None
    entries = place_of(((tid, -1),)).entries
    return entries[0] if entries and entries[0].value_type == "CONTAINER" and entries[0].tid == tid else None
