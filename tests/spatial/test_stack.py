"""Stacks of planes: what is found, and what is refused with which figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError
from dicomposer.spatial import PlaneStack, StackTolerance, get_volume_positions

AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def axial(heights: list[float], sideways: list[float] | None = None) -> list[list[float]]:
    shifts = sideways or [0.0] * len(heights)
    return [[-100.0, -90.0 + shift, height] for height, shift in zip(heights, shifts, strict=True)]


def test_regular_stack_in_any_order() -> None:
    stack = PlaneStack.of(axial([5.0, 0.0, 2.5, 7.5]), AXIAL)
    # (plane, row, column) is right-handed when planes run from head to feet.
    assert stack.normal.tolist() == [0, 0, -1]
    assert stack.order.tolist() == [3, 0, 2, 1]
    assert stack.slots is not None
    assert stack.slots.tolist() == [1, 3, 2, 0]
    assert stack.distances.tolist() == [2.5, 7.5, 5.0, 0.0]
    assert stack.origin.tolist() == [-100, -90, 7.5]
    assert stack.require_regular() == 2.5
    assert stack.is_regular
    assert stack.is_evenly_spaced
    assert stack.missing == stack.duplicates == stack.problems() == ()


@given(st.integers(2, 300), st.floats(0.0003, 20), st.integers(0, 2**32 - 1))
def test_decimal_noise_is_forgiven(count: int, spacing: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    heights = np.arange(count) * spacing * (1 + generator.uniform(-1e-6, 1e-6, count)) - 321.5
    order = generator.permutation(count)
    stack = PlaneStack.of(axial(heights[order].tolist()), AXIAL)
    assert stack.require_regular() == pytest.approx(spacing, rel=1e-4)
    assert stack.slots is not None
    assert (stack.slots == count - 1 - order).all()


def test_a_single_plane_has_no_spacing_of_its_own() -> None:
    assert PlaneStack.of(axial([3.0]), AXIAL).require_regular() is None
    assert PlaneStack.of(axial([3.0]), AXIAL, spacing=4.0).require_regular() == 4.0


def test_gaps() -> None:
    stack = PlaneStack.of(axial([0.0, 1.0, 2.0, 5.0, 6.0]), AXIAL)
    assert stack.spacing == 1.0
    assert stack.missing == (2, 3)
    assert not stack.is_evenly_spaced
    assert stack.require_regular(allow_missing=True) == 1.0
    with pytest.raises(GeometryError, match=r"2 planes are missing.*spacing of 1 mm.*reach 3 mm.*2, 3"):
        stack.require_regular()


def test_gaps_that_hide_the_spacing_need_it_stated() -> None:
    positions = axial([0.0, 2.0, 5.0])
    with pytest.raises(GeometryError, match="pass the spacing"):
        PlaneStack.of(positions, AXIAL).require_regular(allow_missing=True)
    stack = PlaneStack.of(positions, AXIAL, spacing=1.0)
    assert stack.require_regular(allow_missing=True) == 1.0
    assert stack.slots is not None
    assert stack.slots.tolist() == [5, 3, 0]
    with pytest.raises(GeometryError, match="do not fit the stated spacing of 1.2 mm"):
        PlaneStack.of(positions, AXIAL, spacing=1.2).require_regular(allow_missing=True)


def test_many_jittering_gaps_do_not_add_up() -> None:
    """The smallest step is no measure of the spacing: 100 slices later it is a whole slice off."""
    heights = [0.0, 0.995, *[2.0 + index for index in range(100)]]
    stack = PlaneStack.of(axial(heights), AXIAL)
    assert stack.missing == ()
    assert stack.spacing == pytest.approx(1.0)


def test_irregular_spacing() -> None:
    with pytest.raises(
        GeometryError, match=r"irregular: steps from 1 to 1\.6 mm \(median 1 mm, tolerance 0\.01 mm\)"
    ):
        PlaneStack.of(axial([0.0, 1.0, 2.0, 3.6]), AXIAL).require_regular()
    loose = StackTolerance(atol=0.7)
    assert PlaneStack.of(axial([0.0, 1.0, 2.0, 3.2]), AXIAL, tolerance=loose).is_regular


def test_duplicates() -> None:
    stack = PlaneStack.of(axial([0.0, 1.0, 1.0, 2.0, 0.0, 1.0]), AXIAL)
    assert stack.duplicates == ((1, 2, 5), (0, 4))
    assert stack.require_regular(allow_duplicates=True) == 1.0
    with pytest.raises(GeometryError, match=r"5 planes share 2 places \(for instance planes 1, 2, 5"):
        stack.require_regular()


def test_planes_side_by_side_are_no_duplicates() -> None:
    side_by_side = [[0.0, 0.0, 0.0], [0.0, 50.0, 0.0]]
    stack = PlaneStack.of(side_by_side, AXIAL)
    with pytest.raises(GeometryError, match="displacement up to 50 mm"):
        stack.require_regular(allow_duplicates=True)
    assert get_volume_positions(side_by_side, AXIAL, allow_duplicate_positions=True) == (None, None)


def test_gantry_tilt() -> None:
    angle = np.radians(15)
    heights = [index * 5 * np.cos(angle) for index in range(20)]
    stack = PlaneStack.of(axial(heights, [index * 5 * np.sin(angle) for index in range(20)]), AXIAL)
    assert stack.tilt_degrees == pytest.approx(15)
    assert stack.is_evenly_spaced
    with pytest.raises(GeometryError, match=r"tilt 15 degrees, sideways displacement up to 24\.59 mm"):
        stack.require_regular()


def test_a_small_tilt_adds_up() -> None:
    """2 degrees pass the test of each step, but not when they shift the last plane by 7 mm."""
    positions = axial([float(index) for index in range(200)], [index * 0.035 for index in range(200)])
    assert get_volume_positions(positions, AXIAL)[0] == pytest.approx(1.0)
    stack = PlaneStack.of(positions, AXIAL, pixel_spacing=[0.8, 0.8])
    assert stack.is_perpendicular
    with pytest.raises(GeometryError, match=r"6\.965 mm \(limit 0\.4 mm\)"):
        stack.require_regular()
    assert PlaneStack.of(positions, AXIAL, tolerance=StackTolerance(lateral=8.0)).is_regular


def test_one_plane_out_of_line() -> None:
    stack = PlaneStack.of(axial([0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 0.9, 0.0]), AXIAL)
    assert stack.tilt_degrees == pytest.approx(0)
    assert not stack.is_regular
    assert stack.lateral_offset == pytest.approx(0.9)


def test_all_problems_are_told_at_once() -> None:
    stack = PlaneStack.of(axial([0.0, 1.0, 1.0, 2.7], [0.0, 0.0, 0.0, 3.0]), AXIAL)
    assert len(stack.problems()) == 3


@pytest.mark.parametrize(
    ("positions", "orientation", "message"),
    [
        ([], AXIAL, r"\(N, 3\) array"),
        ([[1.0, 2.0]], AXIAL, r"\(N, 3\) array"),
        ([[1.0, 2.0, float("nan")]], AXIAL, "finite"),
        ([["a", "b", "c"]], AXIAL, "numbers"),
        ([[0.0, 0.0, 0.0]], AXIAL[:5], "length 6"),
        ([[0.0, 0.0, 0.0]], [1, 0, 0, 1, 0, 0], "right angles"),
    ],
)
def test_bad_arguments(positions: list[list[float]], orientation: list[float], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        PlaneStack.of(positions, orientation)


def test_bad_spacings() -> None:
    for spacing in (0.0, -1.0, float("nan")):
        with pytest.raises(ArgumentError, match="positive"):
            PlaneStack.of(axial([0.0]), AXIAL, spacing=spacing)
    with pytest.raises(ArgumentTypeError, match="together"):
        get_volume_positions(axial([0.0]), AXIAL, rtol=0.1, atol=0.1)
    with pytest.raises(ArgumentError, match="requires 'sort'"):
        get_volume_positions(axial([0.0]), AXIAL, sort=False, allow_duplicate_positions=True)


def test_order_as_given() -> None:
    down, up = axial([2.0, 1.0, 0.0]), axial([0.0, 1.0, 2.0])
    assert get_volume_positions(down, AXIAL, sort=False) == (1.0, [0, 1, 2])
    assert get_volume_positions(up, AXIAL, sort=False) == (1.0, [0, 1, 2])
    assert get_volume_positions(down, AXIAL, sort=False, enforce_handedness=True) == (1.0, [0, 1, 2])
    assert get_volume_positions(up, AXIAL, sort=False, enforce_handedness=True) == (None, None)
    assert get_volume_positions(axial([0.0, 2.0, 1.0]), AXIAL, sort=False) == (None, None)


def test_arguments_are_not_modified() -> None:
    positions = np.array(axial([3.0, 1.0, 2.0]))
    orientation = np.array(AXIAL)
    kept = positions.copy()
    PlaneStack.of(positions, orientation).require_regular()
    assert (positions == kept).all()


def test_integers_are_positions_too() -> None:
    assert get_volume_positions([[0, 0, 0], [0, 0, 2], [0, 0, 4]], [1, 0, 0, 0, 1, 0]) == (2.0, [2, 1, 0])


def test_a_hundred_thousand_planes_are_one_numpy_pass() -> None:
    positions = np.zeros((100_000, 3))
    positions[:, 2] = np.arange(100_000) * 0.1
    stack = PlaneStack.of(positions, AXIAL)
    assert stack.require_regular() == pytest.approx(0.1)
