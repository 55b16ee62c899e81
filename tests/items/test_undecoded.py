"""Items that are still bytes: one is decoded without the others, and stays the same object when all are."""

from __future__ import annotations

import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomposer import sr
from dicomposer.errors import DamagedFileError
from reports import NAME

UIDS = [f"1.2.3.{number}" for number in (4, 45, 6, 45, 456)]


def holder(syntax: str, undefined: bool = False) -> sr.ContainerContentItem:
    """A container that was read from a file, with containers below that hold a UID each."""
    plain = Dataset()
    plain.ValueType, plain.ContinuityOfContent, plain.RelationshipType = "CONTAINER", "SEPARATE", "CONTAINS"
    below = [sr.ContainerContentItem(NAME, relationship_type="CONTAINS") for _ in UIDS]
    for item, uid in zip(below, UIDS, strict=True):
        item.ContentSequence = [sr.UIDRefContentItem(NAME, uid, "HAS OBS CONTEXT")]
        item.is_undefined_length_sequence_item = undefined
    plain.ContentSequence = below
    plain["ContentSequence"].is_undefined_length = undefined
    document = Dataset()
    document.ContentSequence = [plain]
    buffer = BytesIO()
    dcmwrite(
        buffer,
        document,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=True,
    )
    read = dcmread(BytesIO(buffer.getvalue()), force=True)
    (adopted,) = sr.ContentSequence.from_sequence(read.ContentSequence, copy=False)
    return adopted


def uids_of(items: Any) -> list[str]:
    return [str(item.children[0].value) for item in items]


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_only_what_may_hold_a_text(syntax: str, undefined: bool) -> None:
    # a UID may be the beginning of another one: what is found is a superset
    assert uids_of(holder(syntax, undefined).children_with(["1.2.3.45"])) == [
        "1.2.3.45",
        "1.2.3.45",
        "1.2.3.456",
    ]
    assert uids_of(holder(syntax, undefined).children_with(["1.2.3.456", "1.2.3.45"])) == ["1.2.3.456"]
    assert holder(syntax, undefined).children_with(["1.2.3.7"]) == []
    assert holder(syntax, undefined).children_with(["1.2.3.\u00e4"]) == []
    assert uids_of(holder(syntax, undefined).children_with([])) == UIDS


def test_one_truth() -> None:
    """What was found and changed is what is read afterwards, and there is one object of each item."""
    item = holder(ExplicitVRLittleEndian)
    (found,) = item.children_with(["1.2.3.6"])
    found.children[0].UID = "1.2.3.77"
    assert found in item.children_with(["1.2.3.77"])
    assert item.children_with(["1.2.3.6"])[0] is found
    found.children[0].UID = "1.2.3.99"
    assert item.children[2] is found
    assert uids_of(item.children) == [*UIDS[:2], "1.2.3.99", *UIDS[3:]]
    assert "1.2.3.99" in uids_of(item.children_with(["1.2.3.99"]))
    item.ContentSequence.append(found)
    assert len(item.children) == 6 and type(item.ContentSequence) is sr.ContentSequence


@pytest.mark.parametrize("look", [True, False])
def test_copies(look: bool) -> None:
    item = holder(ExplicitVRLittleEndian)
    if look:
        item.children_with(["1.2.3.6"])[0].children[0].UID = "1.2.3.99"
    due = [*UIDS[:2], "1.2.3.99" if look else UIDS[2], *UIDS[3:]]
    for again in (copy.deepcopy(item), pickle.loads(pickle.dumps(item))):
        assert uids_of(again.children) == due
        again.children[0].children[0].UID = "1.2.3.1"
    assert uids_of(item.children) == due
    assert len(item.ContentSequence.find(NAME)) == len(item.ContentSequence.get_nodes()) == 5


def test_nothing_below() -> None:
    assert sr.ContainerContentItem(NAME).children_with(["1.2"]) == []


def test_damage_is_named() -> None:
    item = holder(ExplicitVRLittleEndian)
    raw = item._dict[item_tag := next(iter(set(item._dict) & {0x0040A730}))]
    item._dict[item_tag] = raw._replace(value=raw.value[:-3])
    with pytest.raises(DamagedFileError):
        item.children_with(["1.2.3.6"])
    with pytest.raises(DamagedFileError):
        _ = item.children


def test_threads_share_one_object_of_each_item() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(60):
            item = holder(ExplicitVRLittleEndian)
            with ThreadPoolExecutor(8) as pool:
                jobs = [
                    pool.submit(item.children_with, [uid] if turn % 3 else [])
                    for turn, uid in enumerate(UIDS * 4)
                ]
                found = [one for job in jobs for one in job.result()]
            assert {id(one) for one in found} == {id(one) for one in item.children}
            assert len(item.ContentSequence.find(NAME)) == len(UIDS)
    finally:
        sys.setswitchinterval(before)
