from __future__ import annotations

import pickle
import threading
from datetime import UTC, datetime
from uuid import uuid4

import highdicom as hd
import pytest
from hypothesis import given, strategies as st

from dicomposer.coding import UID, check_uid, counted_uids, derived_uid, injected, new_uid, now
from dicomposer.errors import ArgumentError, ArgumentTypeError


def test_new_ones_are_legal_and_differ() -> None:
    made = [UID() for _ in range(50)] + [new_uid() for _ in range(50)]
    assert len(set(made)) == 100
    for uid in made:
        assert check_uid(uid, "x") == uid
        assert uid.is_valid


def test_given_ones_are_kept_as_they_are() -> None:
    assert UID("1.2.3") == "1.2.3"
    assert isinstance(pickle.loads(pickle.dumps(UID("1.2.3"))), UID)


@given(st.uuids())
def test_of_a_uuid_as_the_peer_does(uuid: object) -> None:
    assert UID.from_uuid(str(uuid)) == hd.UID.from_uuid(str(uuid)) == f"2.25.{uuid.int}"  # type: ignore[attr-defined]


def test_not_a_uuid() -> None:
    with pytest.raises(ArgumentError):
        UID.from_uuid("x")


@pytest.mark.parametrize(
    "wrong", ["", "a", "../1", "/1", "1.", ".1", "1..2", "1.02", "1 2", "1" * 65, "1.2\n"]
)
def test_hostile_identifiers_are_refused(wrong: str) -> None:
    with pytest.raises(ArgumentError):
        check_uid(wrong, "sop_instance_uid")


def test_injected_sources_make_everything_deterministic() -> None:
    moment = datetime(2024, 5, 17, 12, tzinfo=UTC)

    def run() -> tuple[list[UID], datetime]:
        with injected(uid_source=counted_uids("seed"), clock=lambda: moment):
            return [UID(), new_uid(), UID("1.2")], now()

    first, second = run(), run()
    assert first == second
    assert first[1] is moment
    assert len(set(first[0])) == 3
    assert all(check_uid(uid, "x") for uid in first[0])
    assert UID() not in first[0]


def test_injection_nests_and_ends_with_the_block_even_after_an_error() -> None:
    with injected(uid_source=lambda: "1.1"):
        with injected(uid_source=lambda: "1.2"):
            assert UID() == "1.2"
        assert UID() == "1.1"
        with pytest.raises(RuntimeError), injected(uid_source=lambda: "1.3"):
            raise RuntimeError
        assert UID() == "1.1"
    assert UID().startswith("2.25.")


def test_injection_does_not_reach_other_threads() -> None:
    found = []
    with injected(uid_source=lambda: "1.1"):
        thread = threading.Thread(target=lambda: found.append(UID()))
        thread.start()
        thread.join()
    assert found[0].startswith("2.25.")


def test_sources_must_be_callable() -> None:
    with pytest.raises(ArgumentTypeError), injected(clock=datetime.now(UTC)):  # type: ignore[arg-type]
        pass


def test_the_clock_knows_its_time_zone() -> None:
    assert abs(now() - datetime.now(UTC)).total_seconds() < 5


def test_derived_ones_depend_on_every_part() -> None:
    assert derived_uid("a", "b") == derived_uid("a", "b")
    assert (
        len({derived_uid("a", "b"), derived_uid("ab"), derived_uid("a", "b", ""), derived_uid(str(uuid4()))})
        == 4
    )
    assert check_uid(derived_uid("a"), "x")
