"""600 seeded faults in good objects of many kinds: at least 95 % are named in the right place."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from tests.validation import mutations
from tests.validation.good import MINIMAL, OBJECTS
from tests.validation.mutation_tools import iod_of
from tests.validation.objects import SEGMENTATIONS

from dicomposer.validation import validate
from judges import as_file, dciodvfy  # tests/helpers

SEED = 1


def test_there_are_many() -> None:
    assert len(mutations.ALL) >= 300
    assert len({one.name for one in mutations.ALL}) == len(mutations.ALL)
    assert len({iod_of(make()).key for make in OBJECTS.values()}) >= 30


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_are_good(name: str) -> None:
    good = OBJECTS[name]()
    # The smallest report follows no template, and highdicom names the references of key objects (TID 2010 does not)
    ignored = ("sr-template-*",) if name in (*MINIMAL, "key objects") else ()
    findings = validate(good, profiles=(), ignore=ignored)
    assert [str(one) for one in findings if one.level in ("error", "warning")] == []


@pytest.mark.parametrize(
    "name", [*sorted(set(OBJECTS) - set(MINIMAL)), "enhanced-mr-image", "rt-dose", "12-lead-ecg"]
)
def test_another_judge_finds_them_good(name: str, tmp_path: Path) -> None:
    assert dciodvfy(as_file(OBJECTS[name](), tmp_path)).errors == ()


@pytest.fixture(scope="module")
def outcomes() -> list[mutations.Outcome]:
    """What becomes of the 600."""
    return mutations.score(seed=SEED, count=mutations.COUNT)


def test_score(outcomes: list[mutations.Outcome]) -> None:
    assert len(outcomes) == mutations.COUNT
    missed = [(one.subject, one.mutation) for one in outcomes if not one.named]
    assert len(missed) <= 0.05 * len(outcomes), missed


def test_score_of_each_object(outcomes: list[mutations.Outcome]) -> None:
    by_subject: dict[str, list[mutations.Outcome]] = defaultdict(list)
    for one in outcomes:
        by_subject[one.subject].append(one)
    assert len(by_subject) >= 15
    for subject, found in by_subject.items():
        missed = [one.mutation for one in found if not one.named]
        assert len(missed) <= 0.1 * len(found), (subject, missed)


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_score_of_segmentations(name: str) -> None:
    outcomes = mutations.score({name: SEGMENTATIONS[name]()}, mutations.MUTATIONS)
    assert len(outcomes) >= 60
    missed = [outcome.mutation for outcome in outcomes if not outcome.named]
    assert len(missed) <= 0.05 * len(outcomes), missed


@pytest.mark.parametrize(
    ("name", "mutation"),
    [
        ("binary", "two frames of one index"),
        ("binary", "a frame moved off its stack"),
        ("binary", "an unknown source UID"),
        ("label_map", "an undescribed label value"),
    ],
)
def test_what_other_checkers_do_not_see(name: str, mutation: str) -> None:
    (one,) = (each for each in mutations.MUTATIONS if each.name == mutation)
    outcome = mutations.run(name, SEGMENTATIONS[name](), one)
    assert outcome is not None and outcome.named
