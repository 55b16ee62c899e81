"""Each row of the templates of measurement reports: what it describes is taken for it, and what breaks it is named.

docs/templates.md has the same rows, beside what the standard's text says of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from tests.validation.report_documents import item, made_for

from dicomposer import standard
from dicomposer.standard import TemplateRow
from dicomposer.validation._subject import Subject
from dicomposer.validation.content._content import content_tree
from dicomposer.validation.content._templates_match import Matcher, Problem
from dicomposer.validation.content._templates_model import Entry, Place, place_of

REVIEWED = ("1500", "1501", "1410", "1411", "300", "1419", "1420", "1502", "320", "321", "4019", "4108")
ROWS = [
    (tid, row.number)
    for tid in REVIEWED
    for row in standard.template(tid).rows
    if not (row.by_reference and row.includes)  # tests/sr/test_derived.py
]
OTHER = {
    "CONTAINS": "HAS OBS CONTEXT", "HAS OBS CONTEXT": "CONTAINS", "HAS CONCEPT MOD": "HAS ACQ CONTEXT",
    "HAS PROPERTIES": "HAS ACQ CONTEXT", "INFERRED FROM": "HAS ACQ CONTEXT", "SELECTED FROM": "INFERRED FROM",
    "": "CONTAINS",
}  # fmt: skip
PAGE = Path(__file__).parents[2] / "docs" / "templates.md"


def row_of(tid: str, number: str) -> TemplateRow:
    return standard.template(tid).row(number)


def path_to(place: Place, tid: str, number: str, above: tuple[Entry, ...] = ()) -> tuple[Entry, ...]:
    """Rows from the top of a template to one of it; of a row that includes another template, to that one's first."""
    for entry in place.entries:
        own = entry.tid == tid and not entry.chain
        if own and entry.row.number == number:
            return (*above, entry)
        if entry.chain and entry.chain[0].owner == tid and entry.chain[0].row.number == number:
            return (*above, entry)
        if own:
            found = path_to(entry.place, tid, number, (*above, entry))
            if found:
                return found
    return ()


def tree(path: Sequence[Entry]) -> tuple[Dataset, list[Dataset]]:
    """A container that holds items for rows one below the other, and these."""
    top = item(ValueType="CONTAINER", ContinuityOfContent="SEPARATE")
    items, above = [], top
    for entry in path:
        made = made_for(entry)
        if entry.chain and entry.row.value_type == "CONTAINER":  # groups differ by what they say they are
            made.ContentTemplateSequence = [item(MappingResource="DCMR", TemplateIdentifier=entry.tid)]
        if entry.by_reference:
            above.ContentSequence = [made]  # what the row points to stands beside it
            made.RelationshipType = "CONTAINS"
            where = [1] * (len(items) + 2)
            made = item(RelationshipType=entry.relationship, ReferencedContentItemIdentifier=where)
            above.ContentSequence.append(made)
        else:
            above.ContentSequence = [made]
        items.append(made)
        above = made
    return top, items


def judged(top: Dataset, place: Place) -> tuple[list[tuple[Dataset, Entry]], list[Problem]]:
    """Which rows the items were taken for, and what is wrong with them."""
    document = Dataset()
    document.update(top)
    stream = BytesIO()
    document.save_as(stream, implicit_vr=False, little_endian=True)
    again = dcmread(BytesIO(stream.getvalue()), force=True)
    nodes = content_tree(Subject(again))
    matcher = Matcher(nodes)
    taken = [(node, entry) for node, entry, _ in matcher.rows(nodes[0], place)]
    return taken, list(matcher.judge(nodes[0], place))


def faults(entry: Entry, items: list[Dataset], top: Dataset) -> Iterator[str]:
    """Break the last of the items in one way after the other, and say which rule has to see it."""
    last, row = items[-1], entry.row
    above = items[-2] if len(items) > 1 else top
    named = entry.name is not None and not entry.name.suggestion and len(entry.name.pairs or ()) <= 8
    if named and entry.relationship and not entry.by_reference:
        last.RelationshipType = OTHER[entry.relationship]
        yield "sr-template-relationship"
        last.RelationshipType = entry.relationship
    if named and entry.most == 1:
        above.ContentSequence.append(last)
        yield "sr-template-multiplicity"
        del above.ContentSequence[-1]
    if row.requirement == "M" and not entry.chain and len(items) > 1:
        del above.ContentSequence
        yield "sr-template-missing"
        above.ContentSequence = [last]
    if row.sop_classes:
        last.ReferencedSOPSequence[0].ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        yield "sr-template-reference"
        last.ReferencedSOPSequence[0].ReferencedSOPClassUID = row.sop_classes[0]
    if row.graphic_types:
        before, last.GraphicType = last.GraphicType, "MULTIPOINT"
        yield "sr-template-graphic"
        last.GraphicType = before


@pytest.mark.parametrize(("tid", "number"), ROWS)
def test_every_row(tid: str, number: str) -> None:
    place = place_of(((tid, -1),))
    path = path_to(place, tid, number)
    assert path, "the row is nowhere"
    top, items = tree(path)
    taken, problems = judged(top, place)
    wanted = path[-1]
    found = [entry for _, entry in taken if entry.label == wanted.label]
    same = [entry for _, entry in taken if entry.row.value_type == wanted.row.value_type]
    # a row without a name takes what no other row names; one that says the same may come before it
    assert found or (wanted.name is None and same), [entry.label for _, entry in taken]
    about = [
        one
        for one in problems
        if one.message.startswith(f"{wanted.label} is") and "missing" not in one.message
    ]
    assert not [one for one in about if "condition" not in one.message], about
    # what rows have in common, since some say the same of one name; templates side by side look alike
    label = "" if wanted.chain else wanted.name.label if wanted.name is not None else wanted.label
    for rule in faults(wanted, items, top):
        broken = judged(top, place)[1]
        assert [one for one in broken if one.rule == rule and label in one.message], (rule, broken)


def test_the_page_has_every_row() -> None:
    text = PAGE.read_text("utf-8")
    for tid in ("1500", "1501", "1410", "1411", "300"):
        rows = set(re.findall(rf"^\| {tid} \| ([0-9]+[a-z]*) \|", text, re.MULTILINE))
        assert rows == {row.number for row in standard.template(tid).rows}, tid
    for tid, number in re.findall(r"`test_every_row\[([0-9]+)-([0-9]+[a-z]*)\]`", text):
        assert (tid, number) in ROWS
