"""Moving voxels from grid to grid: exact where it can be done, refused with figures where not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from dicomposer.spatial import GridError, convert_affine_to_convention, match_affines

AXIAL = np.array([[0, 0, 0.7, -120.0], [0, 0.7, 0, -110.0], [-2.5, 0, 0, 45.0], [0, 0, 0, 1.0]])


def tilted(angle: float) -> np.ndarray:
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn @ AXIAL


@given(
    st.permutations([0, 1, 2]),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    st.lists(st.integers(-6, 6), min_size=3, max_size=3),
    st.lists(st.integers(1, 6), min_size=3, max_size=3),
    st.floats(-3, 3),
)
def test_moves_are_found_and_voxels_stay_where_they_are(
    order: list[int], flips: tuple[bool, bool, bool], shift: list[int], size: list[int], angle: float
) -> None:
    target, shape = tilted(angle), (5, 4, 6)
    # The source's voxel i is the target's voxel `place @ i + start`.
    place = np.zeros((4, 4))
    for axis, source_axis in enumerate(order):
        place[axis, source_axis] = -1 if flips[axis] else 1
        place[axis, 3] = shift[axis] + (size[source_axis] - 1 if flips[axis] else 0)
    place[3, 3] = 1
    source = target @ place
    match = match_affines(source, size, target, shape)
    assert match.permutation == tuple(order)
    assert match.offsets == tuple(shift)
    # An axis of one voxel has no visible direction in the array, but has one in the affine matrix.
    assert match.flips == flips
    array = np.arange(1, np.prod(size) + 1).reshape(size)
    moved = match.apply(array, fill=-1)
    assert moved.shape == shape
    lost = 0
    for index in itertools.product(*(range(n) for n in size)):
        goal = (place @ [*index, 1])[:3].astype(int)
        if ((goal >= 0) & (goal < shape)).all():
            assert moved[tuple(goal)] == array[index]
        else:
            lost += 1
    assert match.voxels_lost == lost
    assert (moved >= 0).sum() == array.size - lost


def test_identity_and_reordering_copy_nothing() -> None:
    array = np.zeros((5, 4, 6, 2), dtype=np.uint8)
    match = match_affines(AXIAL, (5, 4, 6), AXIAL, (5, 4, 6))
    assert match.is_identity
    assert np.shares_memory(match.apply(array), array)
    flipped = AXIAL.copy()
    flipped[:3, 3] += flipped[:3, 1] * 3
    flipped[:3, 1] *= -1
    match = match_affines(flipped, (5, 4, 6), AXIAL, (5, 4, 6))
    assert match.is_reordering
    assert not match.is_identity
    assert match.flips == (False, True, False)
    assert np.shares_memory(match.apply(array), array)


def test_a_nifti_affine_in_single_precision() -> None:
    ras = convert_affine_to_convention(tilted(0.3), "LPS", "RAS").astype(np.float32)
    match = match_affines(
        convert_affine_to_convention(ras, "RAS", "LPS"), (300, 512, 512), tilted(0.3), (300, 512, 512)
    )
    assert match.is_identity


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (tilted(np.radians(3.0)), r"axes differ by 3 degrees"),
        (AXIAL @ np.diag([1, 1, 1.1, 1]), r"spacing is 0\.77 mm against 0\.7 mm between columns"),
        (AXIAL @ np.diag([2, 1, 1, 1]), r"spacing is 5 mm against 2\.5 mm between slices"),
        (AXIAL + np.array([[0, 0, 0, 0.35]] + [[0] * 4] * 3), r"\+0\.5 columns beside|-0\.5 columns beside"),
        (AXIAL @ np.diag([1, 1, 1.001, 1]), r"deviation 0\.511 voxels"),
    ],
    ids=["turned", "wider", "twice", "half a voxel", "adds up"],
)
def test_refusals_give_figures(source: np.ndarray, message: str) -> None:
    with pytest.raises(GridError, match=message) as caught:
        match_affines(source, (10, 512, 512), AXIAL, (10, 512, 512))
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, ValueError)
    assert "never resampled" in str(caught.value)


def test_sheared_grids_are_refused() -> None:
    sheared = AXIAL.copy()
    sheared[1, 0] = 0.7
    with pytest.raises(ValueError, match="tilted gantry"):
        match_affines(sheared, (2, 2, 2), AXIAL, (2, 2, 2))
