"""Faults of reports against their templates: a good report, broken in one place, and where that should be said."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple

from pydicom import dcmread
from pydicom.dataset import Dataset
from tests.validation.report_documents import REPORTS, code, encoded, item

from dicomposer.validation import Finding
from dicomposer.validation._collect import Collector
from dicomposer.validation._findings import Findings
from dicomposer.validation._subject import Subject
from dicomposer.validation.content._content import Node, content_tree
from dicomposer.validation.content._templates import check_templates
from dicomposer.validation.content._templates_match import Matcher
from dicomposer.validation.content._templates_model import Entry, Place, root_entry

SEED, COUNT = 20240131, 240


class Target(NamedTuple):
    """An item of a good report, and the row that it is."""

    where: tuple[int, ...]
    entry: Entry
    place: Place
    siblings: int


def findings(dataset: Dataset) -> Findings:
    """What is said of the templates of a report."""
    collector = Collector()
    check_templates(Subject(dataset), collector)
    return Findings(collector)


def steps(node: Node) -> tuple[int, ...]:
    found: list[int] = []
    while node.parent is not None:
        found.append(node.item.index)
        node = node.parent
    return tuple(reversed(found))


@cache
def targets(name: str) -> tuple[Target, ...]:
    """Items of a report with their rows."""
    nodes = content_tree(Subject(dcmread(BytesIO(encoded(name)))))
    matcher = Matcher(nodes)
    entry = root_entry(matcher.shapes.fact(nodes[0]).template)
    assert entry is not None
    found = []
    for node, one, place in matcher.rows(nodes[0], entry.place):
        assert node.parent is not None
        alike = [
            child
            for child in node.parent.children
            if matcher.shapes.fact(child).name == matcher.shapes.fact(node).name
        ]
        found.append(Target(steps(node), one, place, len(alike)))
    return tuple(found)


def path(where: Sequence[int], keyword: str = "") -> str:
    return ".".join([*(f"ContentSequence[{index}]" for index in where), *([keyword] if keyword else [])])


def at(dataset: Dataset, where: Sequence[int]) -> Dataset:
    for index in where:
        dataset = dataset.ContentSequence[index]
    return dataset


#: Breaks the item; gives the paths at which that may be said, or None if it does not apply.
Fault = Callable[[Dataset, Target, random.Random], "tuple[str, ...] | None"]
FAULTS: dict[str, Fault] = {}


def fault(apply: Fault) -> Fault:
    FAULTS[apply.__name__.replace("_", " ")] = apply
    return apply


def _named(target: Target) -> bool:
    """Whether the row has a name of its own, which no other of the level has."""
    name = target.entry.name
    return name is not None and name.pairs is not None and len(name.pairs) <= 8 and target.entry.sure


def _required(target: Target) -> bool:
    return (
        target.entry.row.requirement == "M"
        and all(one.row.requirement == "M" for one in target.entry.chain)
        and target.siblings == 1
        and target.entry.sure
    )


@fault
def wrong_relationship(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    if not _named(target):
        return None
    others = {
        "CONTAINS",
        "HAS OBS CONTEXT",
        "HAS CONCEPT MOD",
        "HAS PROPERTIES",
        "INFERRED FROM",
        "HAS ACQ CONTEXT",
    }
    broken = at(dataset, target.where)
    taken = {
        one.relationship for one in target.place.entries
        if one.name is not None and target.entry.name is not None
        and not (one.name.pairs or frozenset()).isdisjoint(target.entry.name.pairs or frozenset())
    }  # fmt: skip
    broken.RelationshipType = chance.choice(sorted(others - taken))
    return (path(target.where, "RelationshipType"),)


@fault
def wrong_value_type(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    if not _named(target) or target.entry.value_type not in (
        "CODE",
        "TEXT",
        "NUM",
        "UIDREF",
        "DATE",
        "TIME",
        "PNAME",
    ):
        return None
    broken = at(dataset, target.where)
    for keyword in (
        "ConceptCodeSequence",
        "TextValue",
        "MeasuredValueSequence",
        "UID",
        "Date",
        "Time",
        "PersonName",
    ):
        if keyword in broken:
            delattr(broken, keyword)
    broken.ValueType = "DATETIME"
    broken.DateTime = "20240131"
    return (path(target.where, "ValueType"),)


@fault
def required_item_removed(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    if not _required(target):
        return None
    parent = at(dataset, target.where[:-1])
    del parent.ContentSequence[target.where[-1]]
    return (path(target.where[:-1], "ContentSequence"),)


@fault
def required_item_renamed(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    if not _required(target) or target.entry.name is None or not target.entry.name.closed:
        return None
    at(dataset, target.where).ConceptNameCodeSequence = [code("1", "99TEST", "Another thing")]
    return (path(target.where[:-1], "ContentSequence"), path(target.where, "ConceptNameCodeSequence"))


@fault
def single_item_twice(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    if target.entry.most != 1 or target.siblings != 1 or not target.entry.sure:
        return None
    parent = at(dataset, target.where[:-1])
    again = dcmread(BytesIO(_bytes(at(dataset, target.where))), force=True)
    parent.ContentSequence.insert(target.where[-1] + 1, again)
    places = [(*target.where[:-1], target.where[-1] + more) for more in (0, 1)]
    return tuple(
        path(place, keyword) for place in places for keyword in ("ConceptNameCodeSequence", "ValueType")
    )


def _bytes(made: Dataset) -> bytes:
    stream = BytesIO()
    made.save_as(stream, implicit_vr=False, little_endian=True)
    return stream.getvalue()


@fault
def wrong_unit(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    units = target.entry.units
    if units is None or not units.closed:
        return None
    unit = code("[foz_us]", "UCUM", "fluid ounce")
    at(dataset, target.where).MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [unit]
    return (path(target.where, "MeasuredValueSequence[0].MeasurementUnitsCodeSequence"),)


@fault
def value_outside_its_group(
    dataset: Dataset, target: Target, chance: random.Random
) -> tuple[str, ...] | None:
    value = target.entry.value
    if value is None or not value.closed or target.entry.value_type != "CODE":
        return None
    at(dataset, target.where).ConceptCodeSequence = [code("T-A0100", "99TEST", "Another thing")]
    return (path(target.where, "ConceptCodeSequence"),)


@fault
def foreign_item(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    if target.place.extensible or any(one.generic for one in target.place.entries):
        return None
    parent = at(dataset, target.where[:-1])
    relationship = at(dataset, target.where).RelationshipType
    made = item(
        ValueType="TEXT", RelationshipType=relationship, TextValue="words",
        ConceptNameCodeSequence=[code("1", "99TEST", "Another thing")],
    )  # fmt: skip
    parent.ContentSequence.append(made)
    return (path((*target.where[:-1], len(parent.ContentSequence) - 1), "ConceptNameCodeSequence"),)


@fault
def one_level_up(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    if len(target.where) < 2 or not _named(target):
        return None
    holder, above = at(dataset, target.where[:-1]), at(dataset, target.where[:-2])
    if holder.ValueType != "CONTAINER":
        return None
    moved = holder.ContentSequence[target.where[-1]]
    del holder.ContentSequence[target.where[-1]]
    above.ContentSequence.append(moved)
    place = (*target.where[:-2], len(above.ContentSequence) - 1)
    lost = (path(target.where[:-1], "ContentSequence"),) if _required(target) else ()
    return (
        path(place, "ConceptNameCodeSequence"),
        path(place, "RelationshipType"),
        path(place, "ValueType"),
        *lost,
    )


@fault
def wrong_order(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    entry = target.entry
    parent = at(dataset, target.where[:-1])
    index = target.where[-1]
    if not entry.steps or not entry.sure or index == 0:
        return None
    before = next((one for one in _of(dataset, target) if one.where == (*target.where[:-1], index - 1)), None)
    if before is None or not before.entry.sure or before.entry.steps[-1:] == entry.steps[-1:]:
        return None
    owners = {owner: row for owner, row, _ in before.entry.steps}
    if not any(owners.get(owner, row) != row for owner, row, _ in entry.steps):
        return None
    children = list(parent.ContentSequence)
    children[index - 1], children[index] = children[index], children[index - 1]
    parent.ContentSequence = children
    return tuple(
        path((*target.where[:-1], place), "ConceptNameCodeSequence")
        for place in range(index - 1, len(children))
    )


def _of(dataset: Dataset, target: Target) -> tuple[Target, ...]:
    return targets(str(dataset.get("StudyDescription")))


@fault
def condition_not_met(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    """What is present because a condition holds is taken away."""
    entry = target.entry
    if entry.row.requirement != "MC" or target.siblings != 1 or not entry.sure or entry.row.condition is None:
        return None
    if not all(one.row.requirement == "M" for one in entry.chain):
        return None
    if not _holds(str(dataset.get("StudyDescription")), target):
        return None
    parent = at(dataset, target.where[:-1])
    del parent.ContentSequence[target.where[-1]]
    return (path(target.where[:-1], "ContentSequence"),)


def _holds(name: str, target: Target) -> bool:
    nodes = content_tree(Subject(dcmread(BytesIO(encoded(name)))))
    matcher = Matcher(nodes)
    holder = nodes[0]
    for index in target.where[:-1]:
        holder = holder.children[index]
    assert target.entry.row.condition is not None
    return bool(matcher.conditions.holds(target.entry.row.condition, holder))


@fault
def root_with_another_title(
    dataset: Dataset, target: Target, chance: random.Random
) -> tuple[str, ...] | None:
    if target.where != (0,) or dataset.SOPClassUID.endswith(".59"):
        return None
    title = code("113701", "DCM", "X-Ray Radiation Dose Report")
    if dataset.ConceptNameCodeSequence[0].CodeValue in ("113701", "113500"):
        title = code("125200", "DCM", "Adult Echocardiography Procedure Report")
    dataset.ConceptNameCodeSequence = [title]
    return ("ConceptNameCodeSequence",)


@fault
def root_of_another_template(
    dataset: Dataset, target: Target, chance: random.Random
) -> tuple[str, ...] | None:
    if target.where != (0,):
        return None
    others = [tid for tid in ("1500", "5200", "10011", "3900") if tid != _template(dataset)]
    dataset.ContentTemplateSequence = [item(MappingResource="DCMR", TemplateIdentifier=chance.choice(others))]
    return ("ConceptNameCodeSequence", "ContentTemplateSequence", "ContentSequence")


def _template(dataset: Dataset) -> str:
    return str(dataset.ContentTemplateSequence[0].TemplateIdentifier)


@fault
def unknown_template(dataset: Dataset, target: Target, chance: random.Random) -> tuple[str, ...] | None:
    if target.where != (0,):
        return None
    dataset.ContentTemplateSequence = [item(MappingResource="DCMR", TemplateIdentifier="99999")]
    return ("ContentTemplateSequence",)


# -- scoring --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant."""

    subject: str
    fault: str
    expected: tuple[str, ...]
    found: tuple[Finding, ...]
    data: bytes

    @property
    def named(self) -> bool:
        """Whether the fault is said where it is."""
        levels = (
            ("error", "warning", "not-evaluated")
            if self.fault == "unknown template"
            else ("error", "warning")
        )
        return any(one.path in self.expected and one.level in levels for one in self.found)


def mutants() -> list[tuple[str, str, int]]:
    """Report, fault and number of the item, of all that might apply."""
    return [
        (name, kind, number) for name in REPORTS for kind in FAULTS for number in range(len(targets(name)))
    ]


def outcomes(count: int | None = COUNT, seed: int = SEED) -> Iterator[Outcome]:
    """Mutants, evenly over the kinds of faults and then over the reports."""
    chance = random.Random(seed)
    waiting: dict[tuple[str, str], list[int]] = {}
    for name, kind, number in mutants():
        waiting.setdefault((kind, name), []).append(number)
    for numbers in waiting.values():
        chance.shuffle(numbers)
    made = 0
    while waiting:
        for key in list(waiting):
            outcome = None
            while waiting[key] and outcome is None:
                outcome = attempt(key[1], key[0], waiting[key].pop(), chance)
            if outcome is None:
                del waiting[key]
                continue
            yield outcome
            made += 1
            if count is not None and made >= count:
                return


def attempt(name: str, kind: str, number: int, chance: random.Random) -> Outcome | None:
    """One mutant, or None if the fault does not apply."""
    dataset = dcmread(BytesIO(encoded(name)))
    dataset.StudyDescription = name
    expected = FAULTS[kind](dataset, targets(name)[number], chance)
    if expected is None:
        return None
    stream = BytesIO()
    dataset.save_as(stream)
    again = dcmread(BytesIO(stream.getvalue()))
    return Outcome(name, kind, expected, tuple(findings(again)), stream.getvalue())


def said(outcome: Outcome) -> list[Any]:
    """For people: what was found of a mutant."""
    return [str(one) for one in outcome.found if one.level in ("error", "warning")]
