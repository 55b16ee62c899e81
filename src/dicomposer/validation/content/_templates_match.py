"""Matching content items with the rows of templates: what stands where, what is missing, what is too much.

What is found of an item is kept for its shape and the rows that it was matched with, with paths relative to it; so a
report costs what its distinct shapes cost. Conditions that look above an item make its verdict hang on the shapes
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from dicomposer import standard
from dicomposer.standard import AllItems, ItemCount, TemplateCondition
from dicomposer.validation._findings import Level
from dicomposer.validation.content._content import Node
from dicomposer.validation.content._content_relations import RELATIONSHIPS, VALUE_TYPES
from dicomposer.validation.content._templates_conditions import Conditions
from dicomposer.validation.content._templates_model import (
    Allowed,
    Entry,
    Fact,
    Inclusion,
    Place,
    place_of,
    plain,
    root_entry,
)
from dicomposer.validation.content._templates_shapes import Shapes

__all__ = ["Matcher", "Problem", "Verdict", "weight"]


class Problem(NamedTuple):
    """What is wrong, and where: numbers of items below the one that was judged, and an attribute."""

    where: tuple[int, ...]
    keyword: str
    rule: str
    section: str
    level: Level
    message: str


Verdict: TypeAlias = tuple[Problem, ...]

_CLEAN: Verdict = ()
_NOWHERE = place_of(())
_WEIGHT: dict[Level, int] = {"error": 1000, "warning": 10, "advice": 1, "not-evaluated": 0}
#: How well a row fits: named exactly; by a context group; by none; by leave to use others than its group has.
_EXACT, _VALUED, _GROUP, _ANY, _OTHER = 8, 4, 3, 2, 1
#: So many codes, with their twins, are still a name rather than a group.
_FEW = 8
_MOST_KEPT = 8192
#: Templates whose conditions were compared with the text: in others, one that forbids a row may only not ask for it.
COLLATED = frozenset(
    """300 310 311 312 315 320 321 350 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1015 1204 1210 1400 1402 1404
    1410 1411 1419 1420 1500 1501 1502 1600 1601 1602 1603 1604 1605 1606 1607 1608 2000 2001 2002 2010 4019 4108
    """.split()
)
#: Rows whose requirement is not certain (docs/templates.md): that they are missing is a warning.
DOUBTFUL = frozenset((("1419", "5"),))
#: Rows whose items have no name: a purpose of reference is not for key objects.
SURFACE = ("1411", "10")
NAMELESS = frozenset((("2010", "8"), ("2010", "9"), ("2010", "10")))
_FITS: dict[Any, Fit] = {}
_REMARKS: dict[tuple[int, Fact], Verdict] = {}


class Fit(NamedTuple):
    """Rows that an item fits best; if none, the row that it misses nearly, and by what."""

    entries: tuple[Entry, ...]
    missed: Entry | None
    problem: Problem | None


def _share(code: Allowed | None, fact: Fact) -> int:
    """How well the name of an item fits; 0 if it does not."""
    if code is None:
        return _ANY
    has = code.has(fact.name)
    if has:
        return _EXACT if len(code.pairs or ()) <= _FEW else _GROUP
    if has is None and code.pairs is None:
        return _ANY
    return 0 if code.closed or has is None else _OTHER


def _fit(place: Place, fact: Fact) -> Fit:
    """Rows of a place for an item."""
    best = 0
    found: list[Entry] = []
    for entry in place.entries:
        if (entry.value_type, entry.relationship, entry.by_reference) != fact[:3]:
            continue
        rank = _share(entry.name, fact)
        if rank and entry.value is not None and fact.value:
            has = entry.value.has(fact.value)
            if has:
                rank += _VALUED
            elif has is False and entry.value.closed:
                rank -= _VALUED if rank > _VALUED else 0
        if rank and entry.row.graphic_types and fact.graphic in entry.row.graphic_types:
            rank += _VALUED
        if rank > best:
            best, found = rank, []
        if rank and rank == best:
            found.append(entry)
    if best > _VALUED or (found and all(entry.name is None and not entry.generic for entry in found)):
        return Fit(tuple(found), None, None)
    missed = _nearly(place, fact)
    if missed is None:
        return Fit(tuple(found), None, None)
    problem = _near_miss(missed, fact, "warning" if found else "error")
    return Fit((), missed, problem)


def _nearly(place: Place, fact: Fact) -> Entry | None:
    """The row with the very name of an item, which asks for another relationship or value type."""
    nearest, least = None, 4
    for entry in place.entries:
        if entry.name is None or not fact.name or not entry.name.has(fact.name) or entry.name.suggestion:
            continue
        wrong = (
            (entry.value_type != fact.value_type)
            + (entry.relationship != fact.relationship)
            + (entry.by_reference != fact.by_reference)
        )
        if wrong and wrong < least:
            nearest, least = entry, wrong
    return nearest if least < 3 else None


def _near_miss(entry: Entry, fact: Fact, level: Level) -> Problem | None:
    if fact.relationship != entry.relationship:
        if fact.relationship not in RELATIONSHIPS:
            return None  # what is no relationship at all is the tables' to say
        message = f"{entry.label} is {entry.relationship}, not {fact.relationship}"
        return Problem((), "RelationshipType", "sr-template-relationship", entry.section, level, message)
    if fact.by_reference != entry.by_reference:
        how = "by reference" if entry.by_reference else "by value"
        keyword = "ValueType" if entry.by_reference else "ReferencedContentItemIdentifier"
        message = f"{entry.label} is {how}"
        return Problem((), keyword, "sr-template-relationship", entry.section, level, message)
    if fact.value_type not in VALUE_TYPES:
        return None
    message = f"{entry.label} is {entry.value_type}, not {fact.value_type}"
    return Problem((), "ValueType", "sr-template-value-type", entry.section, level, message)


def _remarks(entry: Entry, fact: Fact) -> Iterator[Problem]:
    """What is to be said of the codes of an item that has been matched with a row."""
    yield from _code_remark(entry, entry.name, fact.name, "ConceptNameCodeSequence", "concept name")
    yield from _code_remark(entry, entry.value, fact.value, "ConceptCodeSequence", "value")
    yield from _code_remark(
        entry, entry.units, fact.units, "MeasuredValueSequence[0].MeasurementUnitsCodeSequence", "unit"
    )
    if fact.name and (entry.tid, entry.row.number) in NAMELESS:
        message = f"{entry.label} has no concept name"
        yield Problem((), "ConceptNameCodeSequence", "sr-template-name", entry.section, "warning", message)
    types = entry.row.graphic_types
    if types and fact.graphic and fact.graphic not in types and not fact.by_reference:
        message = f"{entry.label} is {' or '.join(types)}"
        yield Problem((), "GraphicType", "sr-template-graphic", entry.section, "error", message)
    classes = entry.row.sop_classes
    if classes and fact.sop_class and fact.sop_class not in classes:
        keyword = "ReferencedSOPSequence[0].ReferencedSOPClassUID"
        message = f"{entry.label} refers to {' or '.join(map(_class_name, classes))} only"
        yield Problem((), keyword, "sr-template-reference", entry.section, "error", message)


def _class_name(uid: str) -> str:
    return standard.uid_name(uid).removesuffix(" Storage")


def _code_remark(
    entry: Entry, allowed: Allowed | None, code: frozenset[tuple[str, str]], keyword: str, what: str
) -> Iterator[Problem]:
    if allowed is None or allowed.suggestion or allowed.has(code) is not False:
        return
    if any(scheme in ("SRT", "SNM3", "99SDM") for _, scheme in code) and len(code) == 1:
        return  # retired, and without a known successor
    rule = f"sr-template-{what.rpartition(' ')[2]}"
    if allowed.closed:
        message = f"{entry.label}: the {what} is not {_among(allowed)}"
        yield Problem((), keyword, rule, entry.section, "error", message)
    elif not all(scheme.startswith("99") for _, scheme in code):
        message = (
            f"{entry.label}: the {what} is not {_among(allowed)}; others only where that has none that fits"
        )
        yield Problem((), keyword, rule, entry.section, "advice", message)


def _among(allowed: Allowed) -> str:
    return f"in {allowed.label}" if allowed.label.startswith("CID") else allowed.label


class Matcher:
    """Judges one report.

    Parameters
    ----------
    nodes : list of Node
        All content items, the root first.

    Attributes
    ----------
    undecided : dict
        Rows whose conditions could not be told, with the number of places.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.shapes = Shapes(nodes)
        self.conditions = Conditions(nodes[0], self.shapes)
        self._kept: dict[tuple[int, int], tuple[int, dict[tuple[int, ...], Verdict]]] = {}
        self.undecided: dict[Entry | Inclusion, int] = {}
        self.unknown: dict[str, tuple[Node, int]] = {}

    def judge(self, node: Node, place: Place) -> Verdict:
        """What is wrong below an item, of which the rows that may stand there are given."""
        shape = self.shapes.shape[id(node)]
        key = (id(place), shape)
        known = self._kept.get(key)
        if known is not None:
            levels, verdicts = known
            verdict = verdicts.get(self._above(node, levels)) if levels else verdicts.get(())
            if verdict is not None:
                if levels:
                    self.conditions.outermost = min(self.conditions.outermost, node.depth - levels)
                return verdict
        outer = self.conditions.outermost
        self.conditions.outermost = node.depth
        verdict = self._judge(node, place)
        levels = node.depth - self.conditions.outermost
        if self.conditions.outermost >= 0:
            levels, verdicts = known if known is not None and known[0] >= levels else (levels, {})
            verdicts[self._above(node, levels)] = verdict
            self._kept[key] = (levels, verdicts)
        self.conditions.outermost = min(outer, self.conditions.outermost)
        return verdict

    def judge_loosely(self, node: Node) -> Verdict:
        """What is wrong with the items below one of which no template is known, as far as they state their own."""
        return self.judge(node, _NOWHERE)

    def _above(self, node: Node, levels: int) -> tuple[int, ...]:
        shapes = []
        place = node.parent
        for _ in range(levels):
            if place is None:
                break
            shapes.append(self.shapes.shape[id(place)])
            place = place.parent
        return tuple(shapes)

    def _judge(self, node: Node, place: Place) -> Verdict:
        found: list[Problem] = []
        counts: dict[int, int] = {}
        last: dict[int, int] = {}
        order: list[tuple[int, Entry]] = []
        missed = False
        for index, child in enumerate(node.children):
            entry, verdict = self._match(child, place, counts)
            if verdict:
                found += [problem._replace(where=(index, *problem.where)) for problem in verdict]
            if entry is not None:
                counts[entry.number] = counts.get(entry.number, 0) + 1
                last[entry.number] = index
                if entry.steps and entry.sure:
                    order.append((index, entry))
                missed |= (entry.value_type, entry.relationship) != self.shapes.fact(child)[:2]
        for entry in place.entries:
            count = counts.get(entry.number, 0)
            if count and entry.most is not None and count > entry.most:
                found.append(_too_many(entry, count, last[entry.number]))
        found += _disorder(order)
        found += self._surfaces(node, place, counts)
        found += self._presence(node, place, counts, certain=not missed)
        return tuple(found) or _CLEAN

    # -- items ----------------------------------------------------------------------------------------------------

    def _match(self, child: Node, place: Place, counts: dict[int, int]) -> tuple[Entry | None, Verdict]:
        fact = self.shapes.fact(child)
        fit = _fit_of(place, fact)
        if not fit.entries:
            verdict: Verdict = () if fit.problem is None else (fit.problem,)
            missed = fit.missed
            if missed is None:
                return None, self._stray(child, place, fact)
            if missed.value_type != fact.value_type:
                return missed, verdict + self.judge(child, _NOWHERE)
            return missed, verdict + self._descend(child, missed, fact)
        entry, verdict = self._choose(child, fit.entries, fact, counts)
        remarks = _remarks_of(entry, fact)
        return entry, remarks + verdict if remarks else verdict

    def rows(self, node: Node, place: Place) -> Iterator[tuple[Node, Entry, Place]]:
        """Items with the rows that they were matched with, and the place of each."""
        counts: dict[int, int] = {}
        for child in node.children:
            entry, _ = self._match(child, place, counts)
            if entry is None:
                continue
            counts[entry.number] = counts.get(entry.number, 0) + 1
            yield child, entry, place
            yield from self.rows(child, self._inside(child, entry, self.shapes.fact(child)))

    def _choose(
        self, child: Node, entries: tuple[Entry, ...], fact: Fact, counts: dict[int, int]
    ) -> tuple[Entry, Verdict]:
        if len(entries) > 1 and fact.template:
            entries = tuple(one for one in entries if one.tid == fact.template) or entries
        if len(entries) > 1:
            entries = tuple(
                one for one in entries if one.most is None or counts.get(one.number, 0) < one.most
            ) or (entries[0],)
        if len(entries) == 1 or len({one.below for one in entries}) == 1:
            return entries[0], self._descend(child, entries[0], fact)
        verdicts = [(one, self._descend(child, one, fact)) for one in entries]
        return min(verdicts, key=lambda pair: weight(pair[1]))

    def _descend(self, child: Node, entry: Entry, fact: Fact) -> Verdict:
        """Judge what stands below an item, by its row and by the template that it states itself."""
        return self.judge(child, self._inside(child, entry, fact))

    def _inside(self, child: Node, entry: Entry, fact: Fact) -> Place:
        if fact.template and fact.template != entry.tid:
            stated = self._stated(child, fact)
            if stated is not None:
                return place_of((*stated.below, *entry.below))
        return entry.place

    def _stated(self, child: Node, fact: Fact) -> Entry | None:
        stated = root_entry(fact.template)
        if stated is None:
            first, count = self.unknown.get(fact.template, (child, 0))
            self.unknown[fact.template] = (first, count + 1)
        return stated

    def _stray(self, child: Node, place: Place, fact: Fact) -> Verdict:
        """An item that no row describes."""
        found: list[Problem] = []
        if place.described and fact.value_type in VALUE_TYPES and fact.relationship in RELATIONSHIPS:
            found += self._strayed(child, place, fact)
        stated = self._stated(child, fact) if fact.template else None
        return (*found, *self.judge(child, stated.place if stated is not None else _NOWHERE))

    def _strayed(self, child: Node, place: Place, fact: Fact) -> Iterator[Problem]:
        if not place.extensible:
            message = "is described by no row, and the template does not allow for others"
            section = f"PS3.16 TID {plain(place.rows[0][0])}"
            yield Problem((), "ConceptNameCodeSequence", "sr-template-item", section, "error", message)
            return
        for entry in place.inner:
            name = entry.name
            if name is None or entry.value_type != fact.value_type or len(name.pairs or ()) > _FEW:
                continue
            if name.has(fact.name):
                message = f"{entry.label} belongs one level below"
                rule, section = "sr-template-nesting", entry.section
                yield Problem((), "ConceptNameCodeSequence", rule, section, "warning", message)
                return

    def _surfaces(self, node: Node, place: Place, counts: dict[int, int]) -> Iterator[Problem]:
        """Surfaces of a volume: one point or ellipsoid, or several polygons or ellipses (TID 1411 row 10)."""
        for entry in place.entries:
            if (entry.tid, entry.row.number) != SURFACE or counts.get(entry.number, 0) < 2:
                continue
            for index, child in enumerate(node.children):
                fact = self.shapes.fact(child)
                if fact.value_type == "SCOORD3D" and fact.graphic in ("ELLIPSOID", "POINT"):
                    message = f"{entry.label} is one {fact.graphic}, or several of POLYGON or ELLIPSE"
                    rule = "sr-template-graphic"
                    yield Problem((index,), "GraphicType", rule, entry.section, "error", message)
                    return

    # -- rows -------------------------------------------------------------------------------------------------------

    def _presence(
        self, node: Node, place: Place, counts: dict[int, int], *, certain: bool
    ) -> Iterator[Problem]:
        """Rows that are missing, and those that should be; `certain` is whether the level has no near misses."""
        there: dict[int, bool | None] = {}
        choices: dict[str, list[tuple[Entry | Inclusion, Entry]]] = {}
        for entry in place.entries:
            requirement = entry.row.requirement
            if counts.get(entry.number):
                forbidden = requirement == "UC" or (requirement == "MC" and entry.row.otherwise is False)
                if forbidden and entry.sure and not entry.repeated and entry.row.condition is not None:
                    due = self._due(entry, node, place, counts, there)
                    if due is not False and self._truth(entry, node) is False:
                        yield _not_due(entry)
                continue
            if requirement not in ("M", "MC") or not self._due(entry, node, place, counts, there):
                continue
            if requirement == "MC" and not (self._truth(entry, node) and certain):
                continue
            if self._fitting(entry, node, place):
                continue
            inclusion = next((one for one in entry.chain if one.row.requirement == "MC"), None)
            if requirement == "MC" and _is_choice(entry.row.condition):
                choices.setdefault(entry.tid, []).append((entry, entry))
            elif requirement == "M" and inclusion is not None and _is_choice(inclusion.row.condition):
                choices.setdefault(inclusion.owner, []).append((inclusion, entry))
            else:
                yield _missing(entry)
        for found in choices.values():
            rows = list(dict.fromkeys(row for row, _ in found))
            if len(rows) > 1:
                yield _missing_choice(rows)
            else:
                yield from (_missing(entry) for _, entry in found)

    def _fitting(self, entry: Entry, node: Node, place: Place) -> bool:
        """Whether an item fits that was matched with another row.

        One item may be what two templates ask for, and one whose name is in no group may stand for any that is open.
        """
        open_ = entry.name is not None and not entry.name.closed
        if entry.sure and not open_:
            return False
        for child in node.children:
            fact = self.shapes.fact(child)
            if fact[:3] != (entry.value_type, entry.relationship, entry.by_reference):
                continue
            other = entry.value is not None and entry.value.closed and entry.value.has(fact.value) is False
            share = _share(entry.name, fact)
            if not other and (share > _OTHER or (share == _OTHER and _loosely(_fit_of(place, fact)))):
                return True
        return False

    def _due(
        self, entry: Entry, node: Node, place: Place, counts: dict[int, int], there: dict[int, bool | None]
    ) -> bool | None:
        """Whether the template that brings a row is in use."""
        for one in entry.chain:
            if id(one) not in there:
                there[id(one)] = self._in_use(one, node, place, counts)
            if not there[id(one)]:
                return there[id(one)]
        return True

    def _in_use(self, one: Inclusion, node: Node, place: Place, counts: dict[int, int]) -> bool | None:
        if one.row.requirement == "M":
            return True
        for number in one.members:
            if counts.get(number) and place.entries[number].sure and not place.entries[number].generic:
                return True
        return self._truth(one, node) if one.row.requirement == "MC" else False

    def _truth(self, one: Entry | Inclusion, node: Node) -> bool | None:
        condition = one.row.condition
        truth = None if condition is None else self.conditions.holds(condition, node)
        if truth is None:
            self.undecided[one] = self.undecided.get(one, 0) + 1
        return truth


def _loosely(fit: Fit) -> bool:
    """Whether an item has no row of its very name."""
    return all(one.name is None or not one.name.closed for one in fit.entries)


def weight(verdict: Verdict) -> int:
    """How grave it is."""
    return sum(_WEIGHT[problem.level] for problem in verdict)


def _too_many(entry: Entry, count: int, last: int) -> Problem:
    times = "once" if entry.most == 1 else f"{entry.most} times"
    message = f"{entry.label} may be there {times}, and is {count} times"
    keyword = "ConceptNameCodeSequence" if entry.name is not None else "ValueType"
    return Problem((last,), keyword, "sr-template-multiplicity", entry.section, "error", message)


def _disorder(order: list[tuple[int, Entry]]) -> Iterator[Problem]:
    """Items of a template that stand in another order than its rows, where that matters (PS3.16 6)."""
    furthest: dict[int, tuple[int, Entry]] = {}
    for index, entry in order:
        for owner, row, tid in entry.steps:
            most = furthest.get(owner)
            if most is None or row >= most[0]:
                furthest[owner] = (row, entry)
                continue
            message = f"{entry.label} stands after {most[1].label}; the order of TID {plain(tid)} matters"
            section = f"PS3.16 TID {plain(tid)}"
            yield Problem(
                (index,), "ConceptNameCodeSequence", "sr-template-order", section, "warning", message
            )
            return


def _not_due(entry: Entry) -> Problem:
    """A row whose condition does not hold, and that is there."""
    sure = entry.row.otherwise is False and plain(entry.tid) in COLLATED
    level: Level = "error" if sure else "warning"
    message = f"{entry.label} is there, and its condition does not hold"
    return Problem((), "ContentSequence", "sr-template-condition", entry.section, level, message)


def _missing(entry: Entry) -> Problem:
    """A row that should be there."""
    message = f"{entry.label} is missing"
    if entry.row.requirement == "MC":
        message += ", and its condition holds"
    level: Level = "warning" if (entry.tid, entry.row.number) in DOUBTFUL else "error"
    return Problem((), "ContentSequence", "sr-template-missing", entry.section, level, message)


def _missing_choice(rows: list[Entry | Inclusion]) -> Problem:
    """Several rows of which one should be there."""
    first = rows[0]
    tid = plain(first.tid if isinstance(first, Entry) else first.owner)
    names = [f"row {one.row.number}{_what(one)}" for one in rows[1:]]
    label = first.label if isinstance(first, Entry) else f"row {first.row.number} of TID {tid}{_what(first)}"
    message = f"{label} or {' or '.join(names)} is missing: one of them is due"
    return Problem((), "ContentSequence", "sr-template-missing", f"PS3.16 TID {tid}", "error", message)


def _what(one: Entry | Inclusion) -> str:
    """What a row is, for messages."""
    if isinstance(one, Inclusion):
        return f" (TID {plain(one.tid)})"
    return f" ({one.name.label})" if one.name else ""


def _is_choice(condition: TemplateCondition | None) -> bool:
    """Whether a condition is that others are not there: then one of several is due."""
    terms = condition.terms if isinstance(condition, AllItems) else (condition,)
    return all(
        isinstance(term, ItemCount) and (term.operator, term.number, term.path.up) == ("=", 0, 0)
        for term in terms
    )


def _fit_of(place: Place, fact: Fact) -> Fit:
    # Codes that no row of the place has are all alike. Places are kept for the life of the process.
    name = fact.name if not place.names.isdisjoint(fact.name) else bool(fact.name)
    value = fact.value if not place.values.isdisjoint(fact.value) else bool(fact.value)
    key = (id(place), *fact[:3], name, value, fact.graphic)
    fit = _FITS.get(key)
    if fit is None:
        if len(_FITS) >= _MOST_KEPT:
            _FITS.clear()
        fit = _FITS[key] = _fit(place, fact)
    return fit


def _remarks_of(entry: Entry, fact: Fact) -> Verdict:
    if entry.plain:
        return _CLEAN
    key = (id(entry), fact)
    known = _REMARKS.get(key)
    if known is None:
        if len(_REMARKS) >= _MOST_KEPT:
            _REMARKS.clear()
        known = _REMARKS[key] = tuple(_remarks(entry, fact))
    return known
