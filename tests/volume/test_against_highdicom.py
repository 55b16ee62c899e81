"""Volumes behave as highdicom's, over random geometries."""

from __future__ import annotations

from typing import Any

import highdicom
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from dicomposer import volume

quick = settings(max_examples=40, deadline=None)
NAMES = ["LPH", "RAH", "FPL", "HAR", "AFL", "PRF", "LPS", "RAI"]


@st.composite
def affines(draw: st.DrawFn) -> np.ndarray:
    """Affine matrix of random place, spacing, handedness; turned by less than 30 degrees off the patient axes."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x, y, z = generator.uniform(-0.29, 0.29, 3)
    turn = np.eye(3)
    for (first, second), angle in zip([(1, 2), (0, 2), (0, 1)], (x, y, z), strict=True):
        step = np.eye(3)
        step[[first, first, second, second], [first, second, first, second]] = (
            np.cos(angle),
            -np.sin(angle),
            np.sin(angle),
            np.cos(angle),
        )
        turn = turn @ step
    axes = turn[:, generator.permutation(3)] * generator.choice([-1, 1], 3)
    matrix = np.eye(4)
    matrix[:3, :3] = axes * generator.uniform(0.2, 5, 3)
    matrix[:3, 3] = generator.uniform(-300, 300, 3)
    return matrix


shapes = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))


def pair(affine: np.ndarray, shape: tuple[int, ...], channels: bool = False) -> tuple[Any, Any]:
    full = (*shape, 2, 3) if channels else shape
    array = np.arange(int(np.prod(full)), dtype=np.int32).reshape(full)
    both = []
    for module in (volume, highdicom):
        own = module.ChannelDescriptor("mine", is_custom=True, value_type=str)
        named = {"SegmentNumber": [3, 4], own: ["a", "b", "c"]} if channels else None
        both.append(module.Volume(array, affine, "PATIENT", "1.2.3", named))
    return both[0], both[1]


def same(ours: Any, theirs: Any) -> None:
    """Equal voxels, affine, shape and channels of volumes or geometries."""
    np.testing.assert_allclose(ours.affine, theirs.affine, rtol=1e-12, atol=1e-9)
    assert ours.shape == theirs.shape
    assert ours.spatial_shape == theirs.spatial_shape
    assert ours.coordinate_system.value == theirs.coordinate_system.value
    assert ours.frame_of_reference_uid == theirs.frame_of_reference_uid
    if hasattr(theirs, "array"):
        np.testing.assert_array_equal(ours.array, theirs.array)
        assert ours.dtype == theirs.dtype
        assert [str(d) for d in ours.channel_descriptors] == [str(d) for d in theirs.channel_descriptors]
        for one, other in zip(ours.channel_descriptors, theirs.channel_descriptors, strict=True):
            assert ours.get_channel_values(one) == theirs.get_channel_values(other)


@quick
@given(affines(), shapes)
def test_facts(affine: np.ndarray, shape: tuple[int, int, int]) -> None:
    for ours, theirs in (pair(affine, shape), [v.get_geometry() for v in pair(affine, shape)]):
        same(ours, theirs)
        for name in (
            "spacing", "pixel_spacing", "spacing_between_slices", "position", "direction", "direction_cosines",
            "center_indices", "nearest_center_indices", "center_position", "physical_extent", "physical_volume",
            "voxel_volume", "inverse_affine", "ndim",
        ):  # fmt: skip
            np.testing.assert_allclose(
                np.array(getattr(ours, name)), np.array(getattr(theirs, name)), rtol=1e-9, atol=1e-9
            )
        assert ours.handedness.value == theirs.handedness.value
        for name in ("spacing_vectors", "unit_vectors"):
            np.testing.assert_allclose(getattr(ours, name)(), getattr(theirs, name)(), atol=1e-12)
        points = np.array([[0, 1, 2], [3, -1, 0.5]])
        np.testing.assert_allclose(
            ours.map_indices_to_reference(points), theirs.map_indices_to_reference(points), atol=1e-9
        )
        for rounded in (True, False):
            np.testing.assert_allclose(
                ours.map_reference_to_indices(points * 10, rounded),
                theirs.map_reference_to_indices(points * 10, rounded),
                atol=1e-9,
            )
        assert [d.value for d in ours.get_closest_patient_orientation()] == [
            d.value for d in theirs.get_closest_patient_orientation()
        ]
        np.testing.assert_allclose(ours.get_affine("RAS"), theirs.get_affine("RAS"), atol=1e-12)


@quick
@given(affines(), shapes, st.booleans(), st.sampled_from(NAMES), st.permutations([0, 1, 2]), st.data())
def test_moves(
    affine: np.ndarray,
    shape: tuple[int, int, int],
    channels: bool,
    name: str,
    order: list[int],
    data: st.DataObject,
) -> None:
    volumes = pair(affine, shape, channels)
    flips = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
    index = tuple(
        slice(*sorted(data.draw(st.tuples(st.integers(0, size - 1), st.just(size)))))
        if data.draw(st.booleans())
        else data.draw(st.integers(-size, size - 1))
        for size in shape
    )
    target = data.draw(shapes)
    bigger = [max(a, b) for a, b in zip(target, shape, strict=True)]
    smaller = [min(a, b) for a, b in zip(target, shape, strict=True)]
    for ours, theirs in (volumes, [v.get_geometry() for v in volumes]):
        same(ours.permute_spatial_axes(order), theirs.permute_spatial_axes(order))
        same(ours.swap_spatial_axes(0, 2), theirs.swap_spatial_axes(0, 2))
        same(ours.flip_spatial(flips), theirs.flip_spatial(flips))
        same(ours.to_patient_orientation(name), theirs.to_patient_orientation(name))
        same(ours[index], theirs[index])
        same(ours[::-1, :, ::-2], theirs[::-1, :, ::-2])
        same(ours.pad_to_spatial_shape(bigger), theirs.pad_to_spatial_shape(bigger))
        same(ours.crop_to_spatial_shape(smaller), theirs.crop_to_spatial_shape(smaller))
        same(ours.pad_or_crop_to_spatial_shape(target), theirs.pad_or_crop_to_spatial_shape(target))
        for hand in ("LEFT_HANDED", "RIGHT_HANDED"):
            same(ours.ensure_handedness(hand, flip_axis=1), theirs.ensure_handedness(hand, flip_axis=1))
            same(
                ours.ensure_handedness(hand, swap_axes=[0, 1]),
                theirs.ensure_handedness(hand, swap_axes=[0, 1]),
            )
        moved = theirs.permute_spatial_axes(order).flip_spatial(flips)
        goal = moved.pad([[1, 2], [0, 1], [3, 0]])[1:, :, 1:]
        mine = volume.VolumeGeometry(goal.affine, goal.spatial_shape, "PATIENT", "1.2.3")
        for mode in ("CONSTANT", "EDGE", "MEAN"):
            same(
                ours.match_geometry(mine, mode=mode),
                theirs.match_geometry(goal, mode=mode),
            )
        same(ours.match_orientation(mine), theirs.match_orientation(goal))
        assert ours.match_geometry(mine).geometry_equal(mine)
        assert ours.geometry_equal(mine) == theirs.geometry_equal(goal)
    transform = volume.VolumeToVolumeTransformer(volumes[0], mine)
    peer = highdicom.VolumeToVolumeTransformer(volumes[1], goal)
    np.testing.assert_allclose(transform.affine, peer.affine, atol=1e-9)
    for points in (np.array([[0, 1, 2]]), np.array([[0.5, 1, 2]]), np.array([[0.5, 1, 2]], dtype=np.float32)):
        np.testing.assert_allclose(transform(points), peer(points), atol=1e-5)
        assert transform(points).dtype == peer(points).dtype


@quick
@given(
    affines(),
    shapes,
    st.booleans(),
    st.sampled_from(["CONSTANT", "EDGE", "MINIMUM", "MAXIMUM", "MEAN", "MEDIAN"]),
    st.sampled_from([1, [1, 2], [[1], [0], [2]], [[0, 1], [2, 0], [0, 0]]]),
    st.booleans(),
)
def test_padding(
    affine: np.ndarray, shape: tuple[int, int, int], channels: bool, mode: str, width: Any, per_channel: bool
) -> None:
    ours, theirs = pair(affine, shape, channels)
    options = {"mode": mode, "constant_value": 7, "per_channel": per_channel and channels}
    same(ours.pad(width, **options), theirs.pad(width, **options))
    same(ours.get_geometry().pad(width), theirs.get_geometry().pad(width))


@quick
@given(affines(), shapes, st.booleans())
def test_values(affine: np.ndarray, shape: tuple[int, int, int], per_channel: bool) -> None:
    ours, theirs = pair(affine, shape, channels=True)
    for kind in (np.int32, np.float32, np.uint8):
        if ours.array.max() > 255 and kind is np.uint8:
            for v in (ours, theirs):
                with pytest.raises(ValueError, match="255"):
                    v.astype(kind)
            continue
        one, other = ours.astype(kind), theirs.astype(kind)
        same(one, other)
        same(one.clip(3, 9), other.clip(3, 9))
        for name in ("normalize_mean_std", "normalize_min_max"):
            a = getattr(one, name)(per_channel=per_channel).array
            b = getattr(other, name)(per_channel=per_channel).array
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
            assert a.dtype == b.dtype


def test_channels() -> None:
    ours, theirs = pair(np.eye(4), (2, 3, 4), channels=True)
    for call in (
        lambda v: v.get_channel(SegmentNumber=4),
        lambda v: v.get_channel(mine="b", SegmentNumber=3),
        lambda v: v.get_channel(mine="b", keepdims=True),
        lambda v: v.get_channel(mine="b", keepdims=True).squeeze_channel(),
        lambda v: v.permute_channel_axes(["mine", "SegmentNumber"]),
        lambda v: v.permute_channel_axes_by_index([1, 0]),
        lambda v: v.with_array(np.zeros((2, 3, 4))),
        lambda v: v.with_array(np.zeros((2, 3, 4, 1)), channels={"EchoTime": [1.5]}),
    ):
        same(call(ours), call(theirs))
    assert ours.channel_shape == theirs.channel_shape
    assert ours.number_of_channel_dimensions == theirs.number_of_channel_dimensions
    for identifier in ("SegmentNumber", 0x00620004, "EchoTime"):
        one, other = volume.ChannelDescriptor(identifier), highdicom.ChannelDescriptor(identifier)
        for name in ("keyword", "tag", "description", "value_type", "is_custom", "is_enumerated"):
            assert getattr(one, name) == getattr(other, name)
        assert str(one) == str(other)
    colours = volume.RGB_COLOR_CHANNEL_DESCRIPTOR
    assert str(colours) == str(highdicom.RGB_COLOR_CHANNEL_DESCRIPTOR)
    assert colours.is_enumerated


@quick
@given(affines(), st.sampled_from(["PATIENT", "SLIDE"]))
def test_sequences(affine: np.ndarray, system: str) -> None:
    array = np.zeros((3, 4, 5), dtype=np.uint8)
    ours, theirs = volume.Volume(array, affine, system), highdicom.Volume(array, affine, system)
    sequences = [
        (ours.get_plane_position(2), theirs.get_plane_position(2)),
        (ours.get_plane_orientation(), theirs.get_plane_orientation()),
        (ours.get_pixel_measures(), theirs.get_pixel_measures()),
        *zip(ours.get_plane_positions(), theirs.get_plane_positions(), strict=True),
    ]
    for one, other in sequences:
        assert [element.tag for element in one[0]] == [element.tag for element in other[0]]
        for element in one[0]:
            np.testing.assert_allclose(
                np.array(element.value, dtype=float),
                np.array(other[0][element.tag].value, dtype=float),
                rtol=1e-6,
                atol=1e-6,
            )


@pytest.mark.parametrize(
    "kind", ["bool", "int8", "uint16", "uint32", "int64", "float16", "float32", "float64"]
)
@pytest.mark.filterwarnings("ignore")
@given(affines())
@settings(max_examples=5, deadline=None)
def test_exchange(kind: str, affine: np.ndarray) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(kind)
    ours, theirs = volume.Volume(array, affine, "PATIENT"), highdicom.Volume(array, affine, "PATIENT")
    for name in ("Nifti1Image", "Nifti2Image", "MGHImage", "AnalyzeImage", "Minc1Image"):
        one, other = ours.to_nibabel(name), theirs.to_nibabel(name)
        assert type(one) is type(other)
        assert one.get_data_dtype() == other.get_data_dtype()
        np.testing.assert_allclose(one.affine, other.affine, atol=1e-9)
        np.testing.assert_array_equal(np.asanyarray(one.dataobj), np.asanyarray(other.dataobj))
    one, other = ours.to_simpleitk(), theirs.to_simpleitk()
    assert one.GetPixelID() == other.GetPixelID()
    for name in ("GetOrigin", "GetSpacing", "GetDirection", "GetSize"):
        np.testing.assert_allclose(getattr(one, name)(), getattr(other, name)(), atol=1e-9)
    same(volume.Volume.from_simpleitk(other), highdicom.Volume.from_simpleitk(one))
    image = theirs.to_nibabel()
    np.testing.assert_allclose(volume.Volume.from_nibabel(image).affine, affine, atol=1e-6)


@quick
@given(affines(), shapes, st.sampled_from(NAMES[:6]))
def test_constructors(affine: np.ndarray, shape: tuple[int, int, int], name: str) -> None:
    array = np.zeros(shape)
    facts = highdicom.Volume(array, affine, "PATIENT")
    attributes = {
        "image_position": facts.position,
        "image_orientation": facts.direction_cosines,
        "pixel_spacing": facts.pixel_spacing,
        "spacing_between_slices": facts.spacing_between_slices,
        "coordinate_system": "PATIENT",
    }
    frames, rows, columns = shape
    counts = {"number_of_frames": frames, "rows": rows, "columns": columns}
    same(
        volume.VolumeGeometry.from_attributes(**attributes, **counts),
        highdicom.VolumeGeometry.from_attributes(**attributes, **counts),
    )
    same(
        volume.Volume.from_attributes(array=array, **attributes),
        highdicom.Volume.from_attributes(array=array, **attributes),
    )
    for components in (
        {"position": facts.position, "direction": facts.direction},
        {"center_position": facts.position, "patient_orientation": name},
    ):
        given_all = {"spacing": facts.spacing, "coordinate_system": "PATIENT", **components}
        same(
            volume.VolumeGeometry.from_components(shape, **given_all),
            highdicom.VolumeGeometry.from_components(shape, **given_all),
        )
        same(
            volume.Volume.from_components(array, **given_all, from_reference_convention="RAS"),
            highdicom.Volume.from_components(array, **given_all, from_reference_convention="RAS"),
        )
