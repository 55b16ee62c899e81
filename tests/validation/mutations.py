"""Seeded faults in good objects: how many does the validator name, in the right place?

Each mutation breaks one thing in a copy of a good object and says where a finding has to stand. The score, and what
dciodvfy says of the same files, is written by ``python -m tools.mutations``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from tests.validation import mutation_frames
from tests.validation.good import OBJECTS
from tests.validation.mutation_general import GENERAL
from tests.validation.mutation_images import IMAGES
from tests.validation.mutation_kinds import KINDS
from tests.validation.mutation_multiframe import MULTIFRAME
from tests.validation.mutation_segmentations import SEGMENTATIONS
from tests.validation.mutation_tools import (
    Mutation,
    NotApplicable,
    Outcome,
    applies,
    as_file,
    put,
    remove,
    run,
)

__all__ = [
    "ALL",
    "COUNT",
    "MUTATIONS",
    "NotApplicable",
    "Outcome",
    "as_file",
    "put",
    "remove",
    "run",
    "score",
]

#: Registers more of those of segmentations.
assert mutation_frames
_WIDER = (*GENERAL, *IMAGES, *KINDS, *MULTIFRAME)
_NAMES = frozenset(one.name for one in _WIDER)
#: Every kind of fault, each once: those of segmentations that others are as well are left out.
ALL: tuple[Mutation, ...] = (*_WIDER, *(one for one in SEGMENTATIONS if one.name not in _NAMES))
#: Those of segmentations.
MUTATIONS = SEGMENTATIONS
#: Mutants that are scored.
COUNT = 600


def sample(
    objects: Mapping[str, Dataset], kinds: Sequence[Mutation], seed: int, count: int | None
) -> list[tuple[str, Mutation]]:
    """Pairs of object and fault: all (that may apply or not), or so many by a seed, evenly over the objects."""
    rng = random.Random(f"sample/{seed}")
    left = {name: list(kinds) for name in objects}
    for own in left.values():
        rng.shuffle(own)
    if count is None:
        return [(name, one) for name, own in left.items() for one in own]
    chosen: list[tuple[str, Mutation]] = []
    while len(chosen) < count and any(left.values()):
        for name, own in left.items():
            while own and len(chosen) < count:
                one = own.pop()
                if applies(name, objects[name], one, seed):
                    chosen.append((name, one))
                    break
    return chosen


def score(
    objects: Mapping[str, Dataset] | None = None,
    kinds: Sequence[Mutation] = ALL,
    *,
    seed: int = 1,
    count: int | None = None,
    judge: bool = False,
) -> list[Outcome]:
    """What becomes of mutants: every fault of every object that it applies to, or so many of them by a seed."""
    good = {name: make() for name, make in OBJECTS.items()} if objects is None else dict(objects)
    outcomes = [
        run(name, good[name], one, seed, judge=judge) for name, one in sample(good, kinds, seed, count)
    ]
    return [outcome for outcome in outcomes if outcome is not None]
