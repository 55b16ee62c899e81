"""The order of the planes of a bare array."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from dicomposer import api
from dicomposer.api._order import plane_order
from dicomposer.api._planes import PlaneColumns, SourcePlanes
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def planes_at(distances, orientation=AXIAL, numbers=None):
    """Planes at distances along the patient axis that their normal is nearest to."""
    normal = np.cross(orientation[:3], orientation[3:])
    axis = np.abs(normal)
    positions = np.outer(distances, axis / np.linalg.norm(axis))
    count = len(distances)
    columns = PlaneColumns(positions, np.tile(orientation, (count, 1)), np.ones((count, 2)))
    uids = tuple(f"1.2.{index}" for index in range(count))
    return SourcePlanes((4, 5), count, columns, uids, None if numbers is None else np.asarray(numbers))


@pytest.mark.parametrize(
    ("orientation", "rising", "falling"),
    [
        (AXIAL, "feet-to-head", "head-to-feet"),
        (CORONAL, "anterior-to-posterior", "posterior-to-anterior"),
        (SAGITTAL, "right-to-left", "left-to-right"),
    ],
)
@given(st.permutations(range(6)))
def test_directions_mean_what_they_say(orientation, rising, falling, places):
    distances = np.asarray(places) * 2.5 - 7
    planes = planes_at(distances, orientation)
    np.testing.assert_array_equal(distances[plane_order(rising, planes, ordered=False)], sorted(distances))
    np.testing.assert_array_equal(
        distances[plane_order(falling, planes, ordered=True)], sorted(distances, reverse=True)
    )


def test_the_normal_is_that_of_rows_and_columns():
    planes = planes_at([0.0, 1.0, 2.0])
    assert plane_order("along-normal", planes, ordered=False).tolist() == [0, 1, 2]
    assert plane_order("against-normal", planes, ordered=False).tolist() == [2, 1, 0]
    turned = planes_at([0.0, 1.0, 2.0], (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    assert plane_order("along-normal", turned, ordered=False).tolist() == [2, 1, 0]


def test_oblique_stacks_have_a_direction_within_sixty_degrees():
    tilt = np.radians(30)
    planes = planes_at([0.0, 1.0], (1.0, 0.0, 0.0, 0.0, np.cos(tilt), np.sin(tilt)))
    assert len(plane_order("feet-to-head", planes, ordered=False)) == 2
    with pytest.raises(GeometryError, match="90 degrees.*along-normal"):
        plane_order("left-to-right", planes, ordered=False)


def test_a_folder_has_no_order_and_the_message_says_what_to_pass():
    planes = planes_at([0.0, 1.0])
    for order in (None, "given"):
        with pytest.raises(ArgumentError) as caught:
            plane_order(order, planes, ordered=False)
        for word in (
            "order=",
            "feet-to-head",
            "head-to-feet",
            "instance-number",
            "SOP Instance UIDs",
            "NIfTI",
        ):
            assert word in str(caught.value)
    assert plane_order(None, planes, ordered=True).tolist() == [0, 1]


def test_half_an_answer_is_refused():
    with pytest.raises(ArgumentError, match="which end comes first"):
        plane_order("geometric", planes_at([0.0, 1.0]), ordered=True)
    with pytest.raises(ArgumentError, match="unknown order 'upwards'"):
        plane_order("upwards", planes_at([0.0, 1.0]), ordered=True)
    assert "geometric" not in api.ORDERS


def test_equal_places_have_no_order():
    with pytest.raises(GeometryError, match="2 of 4 planes"):
        plane_order("feet-to-head", planes_at([0.0, 0.0, 1.0, 1.0]), ordered=False)


def test_instance_numbers():
    assert plane_order(
        "instance-number", planes_at([0, 1, 2], numbers=[7, 3, 5]), ordered=False
    ).tolist() == [
        1,
        2,
        0,
    ]
    with pytest.raises(ArgumentError, match="share"):
        plane_order("instance-number", planes_at([0, 1], numbers=[4, 4]), ordered=False)
    with pytest.raises(ArgumentError, match="every source image"):
        plane_order("instance-number", planes_at([0, 1]), ordered=False)


def test_uids_one_by_one():
    planes = planes_at([0, 1, 2])
    assert plane_order(["1.2.2", "1.2.0"], planes, ordered=False).tolist() == [2, 0]
    with pytest.raises(ArgumentError, match="1 of the 2"):
        plane_order(["1.2.2", "1.2.9"], planes, ordered=False)
    with pytest.raises(ArgumentError, match="twice"):
        plane_order(["1.2.2", "1.2.2"], planes, ordered=False)
    with pytest.raises(ArgumentTypeError):
        plane_order([1, 2], planes, ordered=False)


def test_planes_without_positions():
    planes = SourcePlanes((4, 5), 2, PlaneColumns(None, None, None), ("1", "2"), np.array([2, 1]))
    with pytest.raises(ArgumentError, match="instance-number"):
        plane_order(None, planes, ordered=False)
    with pytest.raises(GeometryError, match=r"Image Position \(Patient\)"):
        plane_order("feet-to-head", planes, ordered=False)
    assert plane_order("instance-number", planes, ordered=False).tolist() == [1, 0]
