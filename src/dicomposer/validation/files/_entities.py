"""Rules on several files: what is said of one patient, study, series, device or space is the same in all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dicomposer import standard
from dicomposer.validation._collect import Collector
from dicomposer.validation._findings import Finding, Findings, Level
from dicomposer.validation._rules import Issue
from dicomposer.validation._view import keyword_of, tag_of
from dicomposer.validation.files import _links
from dicomposer.validation.files._collection import (
    Collection,
    Found,
    collection_rule,
    collection_rules,
    combined,
    differing,
    grouped,
    has_functional_groups,
    minority,
)
from dicomposer.validation.files._facts import ENTITIES, Facts
from dicomposer.validation.profiles._air import air_across

if TYPE_CHECKING:
    from dicomposer.validation._engine import Options

__all__ = ["across"]

#: Equipment is the same if these are (PS3.3 C.7.5.1); others may change with an upgrade or a room.
_DEVICE = frozenset(map(tag_of, ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber")))
#: What stays with a person from one study to the next.
_PERSON = tuple(map(tag_of, ("PatientName", "PatientBirthDate", "PatientSex")))
#: Of a series of which more files than this are odd in the same way, the first stands for all.
_MANY = 10
#: Within what the attributes of an entity are looked for in all files.
_WHOLE = {"Patient": "study", "Study": "study", "Series": "series", "Equipment": "series"}
#: Frames of reference that many patients share (PS3.6 Annex A: atlases).
_WELL_KNOWN = "1.2.840.10008."


# -- one value per entity -------------------------------------------------------------------------------------------


def _conflicts(
    collection: Collection,
    rows: tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]],
    what: str,
    path: str,
    level: Level | None = None,
) -> Iterator[Found]:
    """Issues at the files whose value is not that of most files with the same key.

    Parameters
    ----------
    collection : Collection
    rows : tuple of ndarray
        Keys, values and numbers of files, parallel.
    what, path : str
        What a key stands for, and the attribute that has the values.
    level : str, optional
        Level of the issues, if it is not that of the rule.
    """
    keys, values, files = rows
    for alike in differing(keys, values):
        others, count = minority(alike, values[alike])
        if not others.size:
            message = f"has {count} different values in files of one {what}"
            yield int(files[alike].min()), Issue(path, message, level, len(alike))
        plural = f"{count} other files" if count > 1 else "another file"
        for file, odd in _spoken(collection, files[others]):
            yield file, Issue(path, f"is not that of {plural} of the {what}", level, odd)


def _spoken(collection: Collection, files: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Files at which to say what holds for several: each, but of a series with many only the first, and how many."""
    for _, rows in _by(collection.series[files]):
        alike = files[rows].tolist()
        if len(alike) > _MANY:
            yield alike[0], len(alike)
        else:
            yield from ((file, 1) for file in alike)


def _compare(
    collection: Collection, entity: str, keys: NDArray[Any], what: str
) -> Iterator[tuple[int, Issue]]:
    """Issues on the attributes of an entity, each entity being known by a key per file."""
    table, files = collection.attributes
    chosen = table["entity"] == ENTITIES.index(entity)
    table, files = table[chosen], files[chosen]
    for tag in np.unique(table["tag"]).tolist():
        here = table["tag"] == tag
        rows = keys[files[here]], table["digest"][here], files[here]
        yield from _conflicts(collection, rows, what, keyword_of(tag), _level(entity, tag))


def _level(entity: str, tag: int) -> Level | None:
    return "warning" if entity == "Equipment" and tag not in _DEVICE else None


@collection_rule("series-attribute", "PS3.3 A.1.2.3")
def _series_attributes(collection: Collection) -> Iterator[Found]:
    """All instances of a series have the same series information and equipment."""
    for entity in ("Series", "Equipment"):
        yield from _compare(collection, entity, collection.series, "series")


@collection_rule("study-attribute", "PS3.3 A.1.2.2", level="warning")
def _study_attributes(collection: Collection) -> Iterator[Found]:
    yield from _compare(collection, "Study", collection.studies, "study")
    yield from _compare(collection, "Patient", collection.studies, "study")


@collection_rule("patient-attribute", "PS3.3 A.1.2.1", level="warning")
def _patient_attributes(collection: Collection) -> Iterator[Found]:
    """A patient has the same name, birth date and sex in all studies."""
    table, files = collection.attributes
    # What differs within a study was said there: one file speaks for each study and value.
    for tag in _PERSON:
        here = np.flatnonzero(table["tag"] == tag)
        study = combined(collection.studies[files[here]], table["digest"][here])
        here = here[np.unique(study, return_index=True)[1]]
        odd = list(differing(collection.studies[files[here]], table["digest"][here]))
        here = np.delete(here, np.concatenate(odd)) if odd else here
        rows = collection.patients[files[here]], table["digest"][here], files[here]
        yield from _conflicts(collection, rows, "patient", keyword_of(tag))


@collection_rule("frame-of-reference-attribute", "PS3.3 C.7.4.1", level="warning")
def _space_attributes(collection: Collection) -> Iterator[Found]:
    yield from _compare(collection, "Frame of Reference", collection.spaces, "frame of reference")


@lru_cache(maxsize=256)
def _mandatory(sop_class: str) -> dict[int, str]:
    """Entity of the attributes of modules that every instance of a class has."""
    if standard.sop_class(sop_class) is None:
        return {}
    return {
        attribute.tag: usage.entity
        for usage in standard.iod(sop_class).modules
        if usage.usage == "M" and usage.entity in _WHOLE
        for attribute in usage.module.attributes
    }


@collection_rule("unsaid-attribute", "PS3.3 A.1.2", level="advice")
def _unsaid(collection: Collection) -> Iterator[Found]:
    """What most files of a study or series say, and some do not, though their class has the module."""
    table, files = collection.attributes
    said = table["digest"] != 0
    for entity, whole in _WHOLE.items():
        keys = collection.series if whole == "series" else collection.studies
        members = {int(keys[rows[0]]): rows for rows in grouped(keys)}
        chosen = said & (table["entity"] == ENTITIES.index(entity))
        pairs = combined(table["tag"][chosen], keys[files[chosen]])
        for _, rows in _by(pairs):
            tag = int(table["tag"][chosen][rows[0]])
            holders = files[chosen][rows]
            group = members.get(int(keys[holders[0]]))
            if group is None or len(holders) == len(group) or 2 * len(holders) < len(group):
                continue
            plural = f"{len(holders)} other files" if len(holders) > 1 else "another file"
            message = f"has no value, but one in {plural} of the {whole}"
            due = [
                file
                for file in np.setdiff1d(group, holders).tolist()
                if _mandatory(collection.facts[file].sop_class).get(tag) == entity
            ]
            for file, count in _spoken(collection, np.array(due, np.int64)):
                yield file, Issue(keyword_of(tag), message, count=count)


def _by(keys: NDArray[Any]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each key and the numbers of its rows."""
    if len(keys):
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1
        for rows in np.split(order, starts):
            yield int(keys[rows[0]]), rows


# -- what belongs to what -------------------------------------------------------------------------------------------


def _one_each(
    collection: Collection, keys: NDArray[Any], values: NDArray[Any], what: str, path: str
) -> Iterator[Found]:
    yield from _conflicts(collection, (keys, values, np.arange(len(collection))), what, path)


@collection_rule("series-modality", "PS3.3 A.1.2.3")
def _modality(collection: Collection) -> Iterator[Found]:
    values = np.array([one.digest(one.modality) for one in collection.facts], np.uint64)
    yield from _one_each(collection, collection.series, values, "series", "Modality")


@collection_rule("series-study", "PS3.3 A.1.2.3")
def _series_study(collection: Collection) -> Iterator[Found]:
    yield from _one_each(collection, collection.series, collection.studies, "series", "StudyInstanceUID")


@collection_rule("series-frame-of-reference", "PS3.3 A.1.2.3")
def _series_space(collection: Collection) -> Iterator[Found]:
    yield from _one_each(collection, collection.series, collection.spaces, "series", "FrameOfReferenceUID")


@collection_rule("study-patient", "PS3.3 A.1.2.2")
def _study_patient(collection: Collection) -> Iterator[Found]:
    yield from _one_each(collection, collection.studies, collection.patients, "study", "PatientID")


@collection_rule("series-patient", "PS3.3 A.1.2.3")
def _series_patient(collection: Collection) -> Iterator[Found]:
    """A series that says it is of two patients in two studies; within a study, the rule above speaks."""
    spread = np.zeros(len(collection), bool)
    for rows in differing(collection.series, collection.studies):
        spread[rows] = True
    series = np.where(spread, collection.series, 0)
    yield from _one_each(collection, series, collection.patients, "series", "PatientID")


@collection_rule("frame-of-reference-patient", "PS3.3 C.7.4.1", level="warning")
def _space_patient(collection: Collection) -> Iterator[Found]:
    """Two patients do not share a space, but for those of atlases; a study of two patients is said elsewhere."""
    shared = [one.frame_of_reference.startswith(_WELL_KNOWN) for one in collection.facts]
    for rows in differing(collection.studies, collection.patients):
        for row in rows.tolist():
            shared[row] = True
    spaces = np.where(shared, 0, collection.spaces)
    yield from _one_each(collection, spaces, collection.patients, "frame of reference", "PatientID")


@collection_rule("uid-kinds", "PS3.5 9")
def _kinds(collection: Collection) -> Iterator[Found]:
    """One UID names one thing."""
    columns = {
        "StudyInstanceUID": collection.studies,
        "SeriesInstanceUID": collection.series,
        "SOPInstanceUID": collection.instances,
        "FrameOfReferenceUID": collection.spaces,
    }
    first: dict[int, str] = {}
    for keyword, column in columns.items():
        known, places, counts = np.unique(column, return_index=True, return_counts=True)
        for digest, place, count in zip(known.tolist(), places.tolist(), counts.tolist(), strict=True):
            other = first.setdefault(digest, keyword)
            if digest and other != keyword:
                message = f"is the {other} of a file as well"
                # Old equipment names the space of a study by the study's UID: nothing is mistaken for anything.
                level: Level | None = "advice" if keyword == "FrameOfReferenceUID" else None
                yield place, Issue(keyword, message, level, count)


@collection_rule("duplicate-instance", "PS3.5 9")
def _duplicates(collection: Collection) -> Iterator[Found]:
    """An instance is there once; a copy of it is odd, something else under its UID is wrong."""
    copies: list[int] = []
    for rows in grouped(collection.instances):
        first = collection.facts[rows[0]]
        for row in rows[1:].tolist():
            other = collection.facts[row]
            if other.sop_class != first.sop_class or (
                other.syntax == first.syntax and other.content != first.content
            ):
                yield row, Issue("SOPInstanceUID", "is that of another file, whose contents differ")
            else:
                copies.append(row)
    for file, count in _spoken(collection, np.array(copies, np.int64)):
        message = "is that of another file: a copy, or the same in another transfer syntax"
        yield file, Issue("SOPInstanceUID", message, "warning", count)


@collection_rule("instance-number", "PS3.3 C.7.6.1", level="warning")
def _instance_numbers(collection: Collection) -> Iterator[Found]:
    """Numbers of the instances of a series tell them apart; with functional groups, they have to."""
    numbers = np.array([one.number or 0 for one in collection.facts], np.int64)
    usable = np.array(
        [one.number is not None and one.concatenation is None for one in collection.facts], bool
    )
    usable &= collection.series != 0
    pairs = np.where(usable, combined(collection.series, numbers), 0)
    repeated: dict[int, list[int]] = {}
    for rows in grouped(pairs):
        if len(set(collection.instances[rows].tolist())) > 1:
            found = repeated.setdefault(int(collection.series[rows[0]]), [int(rows[1]), 0])
            found[1] += len(rows) - 1
    for file, count in repeated.values():
        level: Level | None = None
        if not has_functional_groups(collection.facts[file].sop_class):
            level = "advice"
        yield file, Issue("InstanceNumber", "is that of another instance of the series", level, count)


# -- concatenations -------------------------------------------------------------------------------------------------


@collection_rule("concatenation", "PS3.3 C.7.6.16.2.2.4")
def _concatenations(collection: Collection) -> Iterator[Found]:
    parts = [
        0 if one.concatenation is None else one.digest(one.concatenation.uid) for one in collection.facts
    ]
    for key, rows in _by(np.array(parts, np.uint64)):
        if key:
            yield from _concatenation(collection, rows.tolist())


def _concatenation(collection: Collection, files: list[int]) -> Iterator[Found]:
    seen: dict[int, int] = {}
    totals, sources = set(), set()
    for file in files:
        part = collection.facts[file].concatenation
        assert part is not None
        totals.add(part.total)
        sources.add(part.source)
        if part.number is None:
            continue
        if part.number in seen and collection.instances[file] != collection.instances[seen[part.number]]:
            yield file, Issue("InConcatenationNumber", "is that of another part of the concatenation")
        if part.number < 1 or (part.total is not None and part.number > part.total):
            yield file, Issue("InConcatenationNumber", "is not between 1 and the total number")
        seen.setdefault(part.number, file)
    for keyword, values in (
        ("InConcatenationTotalNumber", totals - {None}),
        ("SOPInstanceUIDOfConcatenationSource", sources - {""}),
    ):
        if len(values) > 1:
            yield files[-1], Issue(keyword, "is not the same in all parts of the concatenation")
    yield from _offsets(collection, seen)
    due = next(iter(totals)) if len(totals) == 1 else None
    if due is not None and len(seen) < min(due, 2**31):
        message = f"of the {due} parts of the concatenation, {due - len(seen)} are not among the files"
        yield files[0], Issue("InConcatenationTotalNumber", message, "warning")


def _offsets(collection: Collection, seen: dict[int, int]) -> Iterator[Found]:
    """Offsets of parts follow from the frames of those before, as far as none is missing."""
    offset = 0
    for number in sorted(seen):
        facts = collection.facts[seen[number]]
        part = facts.concatenation
        assert part is not None
        if number > 1 and number - 1 not in seen:
            return
        if part.offset is not None and part.offset != offset:
            message = "is not the number of frames in the parts before"
            yield seen[number], Issue("ConcatenationFrameOffsetNumber", message)
            return
        offset += facts.frames


# -- all of them ----------------------------------------------------------------------------------------------------


def across(facts: Sequence[Facts], options: Options) -> list[list[Finding]]:
    """Compare what several files say of one another and of what they share.

    Takes time in proportion to the number of files and of their references.

    Parameters
    ----------
    facts : Sequence[Facts]
        Of each file, with digests of one key.
    options : Options
        How the check is done: level, and findings to leave out.

    Returns
    -------
    list of list of Finding
        Per file, parallel to `facts`.
    """
    collectors = [Collector(options.level) for _ in facts]
    collection = Collection(facts)
    for rule in collection_rules() if facts else ():
        name = f"{rule.id} {rule.section}"
        if rule.level == "advice" and not collectors[0].wants("advice"):
            continue
        try:
            for file, issue in rule.check(collection):
                collectors[file].add(name, issue.level or rule.level, issue.path, issue.message, issue.count)
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            message = f"the rule could not be evaluated on these files ({type(error).__name__})"
            collectors[0].add(name, "not-evaluated", "", message)
    if "ai-results" in options.profiles:
        for collector, results in zip(collectors, air_across([one.air for one in facts]), strict=True):
            for one in results:
                collector.add(one.rule, one.level, one.path, one.message, one.count)
    return [list(Findings(one).without(options.ignore)) for one in collectors]


#: The families register themselves; their order is that of the checks.
FAMILIES = (_links,)
