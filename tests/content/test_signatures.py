from __future__ import annotations

import inspect
from typing import Any

import highdicom as hd
import pytest
from highdicom import base_content, coding_schemes, content as peer, valuerep

from dicomposer import coding, content

# Specimen classes stand on SR content items, which come later.
CONTENT = [name for name, kind in vars(peer).items() if getattr(kind, "__module__", "") == peer.__name__]
CONTENT = [
    name
    for name in CONTENT
    if not name.startswith(("Specimen", "_")) and inspect.isclass(getattr(peer, name))
]

PAIRS: list[tuple[Any, Any]] = [
    *((getattr(content, name, None), getattr(peer, name)) for name in CONTENT),
    (content.ContributingEquipment, base_content.ContributingEquipment),
    (coding.CodedConcept, hd.sr.CodedConcept),
    (coding.CodingSchemeIdentificationItem, coding_schemes.CodingSchemeIdentificationItem),
    (coding.CodingSchemeResourceItem, coding_schemes.CodingSchemeResourceItem),
    (coding.check_person_name, valuerep.check_person_name),
    (coding.UID.from_uuid, hd.UID.from_uuid),
]


def shape(function: Any) -> list[tuple[str, Any, Any]]:
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default) for p in parameters]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_every_public_call_of_the_peer_works_here(ours: Any, theirs: Any) -> None:
    assert ours is not None
    assert shape(ours) == shape(theirs)
    if not inspect.isclass(theirs):
        return
    assert [base.__name__ for base in theirs.__mro__ if base.__module__.startswith("pydicom")] == [
        base.__name__ for base in ours.__mro__ if base.__module__.startswith("pydicom")
    ]
    for name, member in vars(theirs).items():
        if name.startswith("_"):
            continue
        mine = inspect.getattr_static(ours, name)
        assert isinstance(mine, property) == isinstance(member, property), name
        if not isinstance(member, property):
            assert shape(getattr(ours, name)) == shape(getattr(theirs, name)), name
