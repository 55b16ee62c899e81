from __future__ import annotations

import pickle
from copy import deepcopy

import highdicom as hd
import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicomposer.content import PixelMeasuresSequence, PlaneOrientationSequence, PlanePositionSequence
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError, MissingAttributeError

MM = st.floats(-1e4, 1e4)
POSITION = st.tuples(MM, MM, MM)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def assert_same(ours: Sequence, theirs: Sequence) -> None:
    """Same attributes; values agree to the digits that the peer keeps, which may be fewer than 16 characters hold."""
    assert [(e.tag, e.VR) for e in ours[0]] == [(e.tag, e.VR) for e in theirs[0]]
    for element in ours[0]:
        expected = np.atleast_1d(theirs[0][element.tag].value).astype(float)
        np.testing.assert_allclose(
            np.atleast_1d(element.value).astype(float), expected, rtol=1e-8, atol=1e-11
        )


@given(POSITION, st.tuples(st.integers(1, 9999), st.integers(1, 9999)))
def test_positions_are_those_of_the_peer(
    position: tuple[float, float, float], pixel: tuple[int, int]
) -> None:
    for arguments in (
        ("PATIENT", position),
        ("SLIDE", position, pixel),
        (CoordinateSystemNames.SLIDE, position, pixel),
    ):
        system = getattr(arguments[0], "value", arguments[0])
        ours, theirs = PlanePositionSequence(*arguments), hd.PlanePositionSequence(system, *arguments[1:])
        assert_same(ours, theirs)
        assert ours.coordinate_system.value == system


@given(POSITION)
def test_positions_read_back_to_sixteen_characters(position: tuple[float, float, float]) -> None:
    made = PlanePositionSequence("PATIENT", position)
    assert [float(x) for x in made[0].ImagePositionPatient] == pytest.approx(position, rel=1e-9, abs=1e-9)
    assert all(len(str(x.original_string)) <= 16 for x in made[0].ImagePositionPatient)


def test_equality() -> None:
    a = PlanePositionSequence("PATIENT", (1, 2, 3))
    assert a == PlanePositionSequence("PATIENT", np.array([1.0, 2.0, 3.0], np.float32))
    assert a != PlanePositionSequence("PATIENT", (1, 2, 3.0001))
    assert a != PlanePositionSequence("SLIDE", (1, 2, 3), (1, 1))
    assert a == Sequence(a)
    assert Sequence(a) == a
    assert a != 5
    assert a != Sequence([])
    with pytest.raises(TypeError):
        hash(a)


def test_copies_and_pickles() -> None:
    for made in (
        PlanePositionSequence("PATIENT", (1, 2, 3)),
        PlaneOrientationSequence("SLIDE", AXIAL),
        PixelMeasuresSequence((1, 2), 3),
    ):
        for other in (deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert type(other) is type(made)
            assert other == made


@pytest.mark.parametrize("system", ["PATIENT", "SLIDE"])
def test_orientations_are_those_of_the_peer(system: str) -> None:
    half = 0.5**0.5
    for cosines in (AXIAL, (half, half, 0, -half, half, 0)):
        ours, theirs = PlaneOrientationSequence(system, cosines), hd.PlaneOrientationSequence(system, cosines)
        assert_same(ours, theirs)
        assert ours.cosines == pytest.approx(cosines)
        assert all(type(x) is float for x in ours.cosines)
        assert ours.coordinate_system.value == system
    assert ours != PlaneOrientationSequence({"PATIENT": "SLIDE", "SLIDE": "PATIENT"}[system], cosines)


@pytest.mark.parametrize("cosines", [(1, 0, 0, 1, 0, 0), (2, 0, 0, 0, 1, 0), (1, 0, 0, 0.1, 1, 0), (0,) * 6])
def test_orientations_that_are_none(cosines: tuple[float, ...]) -> None:
    with pytest.raises(GeometryError):
        PlaneOrientationSequence("PATIENT", cosines)


def test_measures_are_those_of_the_peer() -> None:
    for arguments in (((1, 2), 3, 4), ((0.25, 1 / 3), None), ((1, 2), 0.1), ((1, 2), None, 2.5)):
        ours, theirs = PixelMeasuresSequence(*arguments), hd.PixelMeasuresSequence(*arguments)
        assert_same(ours, theirs)
    assert PixelMeasuresSequence((1, 0.5), 3) == hd.PixelMeasuresSequence((1, 0.5), 3)
    assert PixelMeasuresSequence((1, 2), 3) != PixelMeasuresSequence((1, 2), None)
    assert PixelMeasuresSequence((1, 2), 3) != PixelMeasuresSequence((2, 1), 3)


@pytest.mark.parametrize(
    "call",
    [
        lambda: PlanePositionSequence("PATIENT", (1, 2)),
        lambda: PlanePositionSequence("PATIENT", (1, 2, float("nan"))),
        lambda: PlanePositionSequence("HERE", (1, 2, 3)),
        lambda: PlanePositionSequence("SLIDE", (1, 2, 3), (1, 2, 3)),
        lambda: PlaneOrientationSequence("PATIENT", AXIAL[:5]),
        lambda: PixelMeasuresSequence((1, 2, 3), None),
        lambda: PixelMeasuresSequence((-1, 2), None),
        lambda: PixelMeasuresSequence((1, 2), float("inf")),
        lambda: PixelMeasuresSequence((1, 2), 1, -3),
    ],
)
def test_bad_values(call: object) -> None:
    with pytest.raises(ValueError):
        call()  # type: ignore[operator]


@pytest.mark.parametrize(
    "call",
    [
        lambda: PlanePositionSequence("SLIDE", (1, 2, 3)),
        lambda: PlanePositionSequence("SLIDE", (1, 2, 3), (1.5, 2)),
        lambda: PlanePositionSequence("PATIENT", "123"),
        lambda: PlanePositionSequence("PATIENT", 1.0),
        lambda: PixelMeasuresSequence(("1", "2"), None),
    ],
)
def test_wrong_types(call: object) -> None:
    with pytest.raises(ArgumentTypeError):
        call()  # type: ignore[operator]


@pytest.mark.parametrize(
    "made",
    [
        PlanePositionSequence("PATIENT", (1, 2, 3)),
        PlanePositionSequence("SLIDE", (1, 2, 3), (4, 5)),
        PlaneOrientationSequence("PATIENT", AXIAL),
        PixelMeasuresSequence((1, 2), 3),
    ],
)
def test_adopting(made: Sequence) -> None:
    kind = type(made)
    plain = Sequence(deepcopy(list(made)))
    copied = kind.from_sequence(plain)  # type: ignore[attr-defined]
    assert copied == made
    assert type(plain) is Sequence
    assert copied[0] is not plain[0]
    adopted = kind.from_sequence(plain, copy=False)  # type: ignore[attr-defined]
    assert adopted is plain
    assert type(plain) is kind
    for wrong, error in (
        ([1], ArgumentTypeError),
        (Sequence([]), ArgumentError),
        (Sequence([Dataset(), Dataset()]), ArgumentError),
        (Sequence([Dataset()]), MissingAttributeError),
    ):
        with pytest.raises(error):
            kind.from_sequence(wrong)  # type: ignore[attr-defined]


def test_a_dataset_keeps_the_very_object() -> None:
    made = PlanePositionSequence("PATIENT", (1, 2, 3))
    dataset = Dataset()
    dataset.PlanePositionSequence = made
    assert dataset.PlanePositionSequence is made
