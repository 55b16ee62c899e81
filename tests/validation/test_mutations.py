"""Seeded mutations of good segmentations: at least 95 % are named in the right place."""

from __future__ import annotations

import pytest
from tests.validation import mutations
from tests.validation.objects import SEGMENTATIONS


def test_there_are_many() -> None:
    assert len(mutations.MUTATIONS) >= 60
    assert len({one.name for one in mutations.MUTATIONS}) == len(mutations.MUTATIONS)


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_score(name: str) -> None:
    outcomes = mutations.score({name: SEGMENTATIONS[name]()})
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
