"""Sequences of content items: found by name, kept consistent, one root."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sr.coding import Code

from dicomposer import sr
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from reports import NAME

OTHER = Code("121071", "DCM", "Finding")


def text(value: str, name: Any = NAME, relationship: Any = "CONTAINS") -> sr.TextContentItem:
    return sr.TextContentItem(name, value, relationship)


def values(items: Any) -> list[str]:
    return [item.value for item in items]


@pytest.fixture
def sequence() -> sr.ContentSequence:
    return sr.ContentSequence([text("a"), text("b", OTHER), text("c")])


def test_as_a_list(sequence: sr.ContentSequence) -> None:
    a, _, c = list(sequence)
    assert len(sequence) == 3
    assert (sequence[0], sequence[-1]) == (a, c)
    assert values(sequence[1:]) == ["b", "c"]
    assert sequence.index(c) == 2
    assert a in sequence
    assert text("a") in sequence
    assert text("z") not in sequence
    with pytest.raises(ValueError, match="not in the sequence"):
        sequence.index(text("z"))


def test_found_by_name(sequence: sr.ContentSequence) -> None:
    found = sequence.find(NAME)
    assert isinstance(found, sr.ContentSequence)
    assert values(found) == ["a", "c"]
    assert found[0] is sequence[0]
    assert values(sequence.find(sr.CodedConcept("121071", "DCM", "whatever it is called"))) == ["b"]
    assert len(sequence.find(Code("0", "DCM", "nothing"))) == 0
    with pytest.raises(ArgumentTypeError):
        sequence.find("Finding")


CHANGES = {
    "append": lambda s: s.append(text("d", OTHER)),
    "extend": lambda s: s.extend([text("d", OTHER)]),
    "insert": lambda s: s.insert(0, text("d", OTHER)),
    "+=": lambda s: s.__iadd__([text("d", OTHER)]),
    "[0]": lambda s: s.__setitem__(0, text("d", OTHER)),
    "[0:1]": lambda s: s.__setitem__(slice(0, 1), [text("d", OTHER)]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_added_is_found(sequence: sr.ContentSequence, change: str) -> None:
    assert values(sequence.find(OTHER)) == ["b"]
    CHANGES[change](sequence)
    assert sorted(values(sequence.find(OTHER))) == ["b", "d"]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.__delitem__(1),
        lambda s: s.pop(1),
        lambda s: s.remove(s[1]),
        lambda s: s.__delitem__(slice(1, 2)),
        lambda s: s.clear(),
    ],
)
def test_what_is_taken_away_is_not_found(sequence: sr.ContentSequence, change: Any) -> None:
    assert values(sequence.find(OTHER)) == ["b"]
    change(sequence)
    assert values(sequence.find(OTHER)) == []


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("wrong", "error"),
    [("text", TypeError), (Dataset(), TypeError), (sr.TextContentItem(NAME, "x"), AttributeError)],
)
def test_only_items_with_relationships(
    sequence: sr.ContentSequence, change: str, wrong: Any, error: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "text", lambda *_: wrong)
    with pytest.raises(error):
        CHANGES[change](sequence)
    assert len(sequence) == 3


def test_nodes(sequence: sr.ContentSequence) -> None:
    assert len(sequence.get_nodes()) == 0
    sequence[1].ContentSequence = sr.ContentSequence([text("below")])
    assert values(sequence.get_nodes()) == ["b"]
    assert values(sequence[1].children) == ["below"]


def test_the_root():
    root = sr.ContainerContentItem(NAME)
    sequence = sr.ContentSequence([root], is_root=True)
    assert (sequence.is_root, sequence.is_sr) == (True, True)
    with pytest.raises(MissingAttributeError):
        sr.ContentSequence([sr.ContainerContentItem(NAME, relationship_type="CONTAINS")], is_root=True)
    with pytest.raises(ArgumentTypeError):
        sr.ContentSequence([sr.TextContentItem(NAME, "x")], is_root=True)
    with pytest.raises(ArgumentError):
        sr.ContentSequence([], is_root=True, is_sr=False)


def test_outside_reports():
    sequence = sr.ContentSequence([sr.TextContentItem(NAME, "x")], is_sr=False)
    assert not sequence.is_sr
    with pytest.raises(MissingAttributeError):
        sequence.append(text("y"))


def test_a_sequence_of_a_sequence(sequence: sr.ContentSequence) -> None:
    again = sr.ContentSequence(sequence)
    assert values(again) == ["a", "b", "c"]
    again.append(text("d"))
    assert len(sequence) == 3


def test_adopted_with_and_without_copies():
    datasets = [Dataset.from_json(text("a").to_json())]
    copied = sr.ContentSequence.from_sequence(datasets)
    assert type(datasets[0]) is Dataset
    assert type(copied[0]) is sr.TextContentItem
    same = sr.ContentSequence.from_sequence(datasets, copy=False)
    assert same[0] is datasets[0]


def test_deep_and_pickled_copies(sequence: sr.ContentSequence) -> None:
    sequence[1].ContentSequence = sr.ContentSequence([text("below")])
    for again in (copy.deepcopy(sequence), pickle.loads(pickle.dumps(sequence))):
        assert values(again) == ["a", "b", "c"]
        again[1].children[0].TextValue = "changed"
        again.find(NAME)[0].TextValue = "changed"
    assert values(sequence[1].children) == ["below"]
    assert values(sequence) == ["a", "b", "c"]


def test_items_that_pydicom_put_below_are_typed():
    item = text("a")
    below = Dataset.from_json(text("below").to_json())
    item.ContentSequence = [below]
    assert type(item.ContentSequence[0]) is sr.TextContentItem
    assert isinstance(item.ContentSequence, sr.ContentSequence)
    assert values(item.children) == ["below"]
