"""Volumes: views, round trips, refusals, and the coordinates that nibabel and SimpleITK see."""

from __future__ import annotations

import sys
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings, strategies as st

from dicomposer.enum import RGBColorChannels
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    GeometryError,
    MissingDependencyError,
)
from dicomposer.spatial import GridError, PlaneStack
from dicomposer.volume import (
    RGB_COLOR_CHANNEL_DESCRIPTOR,
    ChannelDescriptor,
    Volume,
    VolumeGeometry,
    VolumeToVolumeTransformer,
    match_grid,
)

AFFINE = np.array([[0, 0, 0.5, 1], [0, 0.25, 0, 2], [-3, 0, 0, 3], [0, 0, 0, 1.0]])
NAMES = ["LPH", "RAH", "FPL", "HAR", "AFL", "PRF", "LPS", "RAI"]


def volume(shape: tuple[int, ...] = (2, 3, 4), **options: Any) -> Volume:
    array = np.arange(int(np.prod(shape)), dtype=np.int16).reshape(shape)
    return Volume(array, AFFINE, "PATIENT", **options)


@st.composite
def volumes(draw: st.DrawFn) -> Volume:
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    axes = np.linalg.qr(generator.normal(size=(3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3] = axes * generator.uniform(0.1, 6, 3)
    affine[:3, 3] = generator.uniform(-400, 400, 3)
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)))
    array = generator.integers(-1000, 1000, shape).astype(np.int16)
    return Volume(array, affine, "PATIENT", "1.2.3")


def places(one: Volume) -> dict[int, tuple[float, ...]]:
    """Position of every voxel by its value (which must be unique)."""
    indices = np.stack(np.indices(one.spatial_shape), axis=-1).reshape(-1, 3)
    positions = one.map_indices_to_reference(indices).round(6) + 0.0
    return {int(one.array[tuple(i)]): tuple(p) for i, p in zip(indices, positions.tolist(), strict=True)}


def same_places(one: Volume, other: Volume) -> None:
    found, expected = places(one), places(other)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[key] for key in expected], list(expected.values()), atol=1e-5)


@given(volumes(), st.sampled_from(NAMES), st.permutations([0, 1, 2]), st.lists(st.integers(0, 2), max_size=3))
def test_moves_keep_every_voxel_where_it_is(
    one: Volume, name: str, order: list[int], flips: list[int]
) -> None:
    numbered = one.with_array(np.arange(one.array.size).reshape(one.shape))
    moved = numbered.permute_spatial_axes(order).flip_spatial(flips)
    assert np.shares_memory(moved.array, numbered.array)
    same_places(moved, numbered)
    turned = moved.to_patient_orientation(name)
    assert [d.value for d in turned.get_closest_patient_orientation()] == list(
        name.replace("S", "H").replace("I", "F")
    )
    same_places(turned, numbered)
    back = turned.match_geometry(numbered)
    assert back.geometry_equal(numbered)
    np.testing.assert_array_equal(back.array, numbered.array)
    assert back.frame_of_reference_uid == "1.2.3"


@given(volumes(), st.integers(0, 2**32 - 1))
def test_index_to_reference_and_back(one: Volume, seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-50, 50, (6, 3))
    there = one.map_indices_to_reference(points)
    np.testing.assert_allclose(one.map_reference_to_indices(there), points, atol=1e-6)
    assert one.affine.dtype == np.float64


@given(volumes())
def test_nibabel_sees_the_same_places(one: Volume) -> None:
    image = one.to_nibabel()
    index = np.array([size - 1 for size in one.spatial_shape])
    ras = nibabel.affines.apply_affine(image.affine, index)
    lps = one.map_indices_to_reference(index[np.newaxis])[0]
    np.testing.assert_allclose(ras, lps * [-1, -1, 1], atol=1e-9)
    back = Volume.from_nibabel(nibabel.Nifti1Image.from_bytes(image.to_bytes()))
    np.testing.assert_allclose(back.affine, one.affine, atol=1e-3)
    np.testing.assert_array_equal(back.array, one.array)
    assert match_grid(back, one).is_identity


@given(volumes())
def test_simpleitk_sees_the_same_places(one: Volume) -> None:
    image = one.to_simpleitk()
    index = [size - 1 for size in one.spatial_shape]
    place = image.TransformContinuousIndexToPhysicalPoint([float(i) for i in index])
    np.testing.assert_allclose(place, one.map_indices_to_reference(np.array([index]))[0], atol=1e-6)
    assert image.GetPixel(*index) == one.array[tuple(index)]
    back = Volume.from_simpleitk(image)
    np.testing.assert_allclose(back.affine, one.affine, atol=1e-9)
    np.testing.assert_array_equal(back.array, one.array)


def test_nifti_without_orientation_is_refused() -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), dtype=np.uint8), None)
    with pytest.raises(GeometryError, match="sform and qform"):
        Volume.from_nibabel(image)
    with_time = nibabel.Nifti1Image(np.zeros((2, 3, 4, 1), dtype=np.uint8), np.eye(4))
    assert Volume.from_nibabel(with_time).shape == (2, 3, 4)
    with pytest.raises(ArgumentError, match="4 axes"):
        Volume.from_nibabel(nibabel.Nifti1Image(np.zeros((2, 3, 4, 2), dtype=np.uint8), np.eye(4)))


def test_exchange_never_changes_a_value() -> None:
    big = volume().with_array(np.full((2, 3, 4), 2**40))
    with pytest.raises(ArgumentError, match="do not fit int32"):
        big.to_nibabel("MGHImage")
    with pytest.warns(UserWarning, match="cast to int32"):
        assert volume().astype(np.int64).to_nibabel("MGHImage").get_data_dtype() == np.dtype(">i4")
    with pytest.raises(ArgumentError, match="dtype, not complex64"):
        volume().with_array(np.zeros((2, 3, 4), dtype=np.complex64)).to_simpleitk()
    with pytest.raises(ArgumentError, match="choose one first"):
        volume((2, 3, 4, 1), channels={"SegmentNumber": [1]}).to_nibabel()
    with pytest.raises(ArgumentError, match="2 components"):
        Volume.from_simpleitk(sitk.Image([3, 4, 5], sitk.sitkVectorUInt8, 2))


def test_missing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("SimpleITK", "itk"):
        monkeypatch.setitem(sys.modules, package, None)
    for call in (volume().to_simpleitk, volume().to_itk):
        with pytest.raises(MissingDependencyError, match=r"dicomposer\[itk\]"):
            call()


class FakeItk:
    """The few calls of ITK's Python package that are used, over SimpleITK."""

    @staticmethod
    def image_from_array(array: np.ndarray) -> Any:
        image = sitk.GetImageFromArray(array)
        set_direction = image.SetDirection
        image.SetDirection = lambda matrix: set_direction(matrix.ravel().tolist())
        return image

    @staticmethod
    def array_from_image(image: Any) -> np.ndarray:
        return sitk.GetArrayFromImage(image)

    @staticmethod
    def array_from_matrix(matrix: Any) -> np.ndarray:
        return np.array(matrix).reshape(3, 3)


def test_itk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "itk", FakeItk)
    image = volume().to_itk()
    np.testing.assert_allclose(image.GetOrigin(), volume().position)
    assert image.GetSize() == (2, 3, 4)

    class Region:
        def GetSize(self) -> tuple[int, ...]:
            return tuple(image.GetSize())

    image.GetLargestPossibleRegion = Region
    back = Volume.from_itk(image)
    np.testing.assert_allclose(back.affine, AFFINE)
    np.testing.assert_array_equal(back.array, volume().array)


def test_views_and_arguments() -> None:
    array = np.zeros((2, 3, 4), dtype=np.uint8)
    affine = AFFINE.copy()
    one = Volume(array, affine, "PATIENT")
    assert np.shares_memory(one.array, array)
    for view in (one[0], one[::-1, 1:], one.permute_spatial_axes([2, 0, 1]), one.pad(0), one.flip_spatial(1)):
        assert np.shares_memory(view.array, array)
    affine[0, 3] = 99
    one.affine[0, 3] = 99
    assert one.position == (1, 2, 3)
    one.pad(1, constant_value=5)
    one.normalize_min_max()
    one.clip(1, 2)
    assert not array.any()
    assert not np.shares_memory(one.copy().array, array)
    values = [1, 2]
    channelled = Volume(np.zeros((1, 1, 1, 2)), AFFINE, "PATIENT", channels={"SegmentNumber": values})
    channelled.get_channel_values("SegmentNumber").append(3)
    values.append(4)
    assert channelled.get_channel_values("SegmentNumber") == [1, 2]


@pytest.mark.parametrize(
    ("affine", "message"),
    [
        (AFFINE[:3], r"shape \(4, 4\)"),
        (AFFINE + np.eye(4)[[3, 3, 3, 0]].T, "Final row|finite|orthogonal"),
        (np.diag([0, 1, 1, 1.0]), "length 0"),
        (AFFINE + np.array([[0, 0.25, 0, 0]] + [[0] * 4] * 3), "two axes meet at 45.00 degrees"),
        (np.full((4, 4), np.nan), "finite"),
    ],
)
def test_bad_affines(affine: np.ndarray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        VolumeGeometry(affine, (2, 3, 4), "PATIENT")


def test_bad_arguments() -> None:
    for shape in ((1, 2), (1, 2, 0), (1, 2, 1.5)):
        with pytest.raises(ArgumentError, match="spatial_shape"):
            VolumeGeometry(AFFINE, shape, "PATIENT")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="FOO"):
        VolumeGeometry(AFFINE, (1, 1, 1), "FOO")
    with pytest.raises(ArgumentTypeError, match="SLIDE"):
        VolumeGeometry(AFFINE, (1, 1, 1), "SLIDE", from_reference_convention="RAS")
    with pytest.raises(ArgumentError, match="three dimensional"):
        Volume(np.zeros((2, 2)), AFFINE, "PATIENT")
    with pytest.raises(ArgumentTypeError, match="numpy array"):
        Volume([[[1]]], AFFINE, "PATIENT")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="no voxels"):
        Volume(np.zeros((0, 2, 2)), AFFINE, "PATIENT")
    with pytest.raises(ArgumentError, match="from 0 to 23 do not fit|300"):
        volume().with_array(np.full((2, 3, 4), 300)).astype(np.uint8)
    for index in (5, -3, (0, 0, 0, 0), slice(2, 2), slice(5, 9)):
        with pytest.raises(IndexError):
            volume()[index]
    for index in ("a", None, [0, 1], ...):
        with pytest.raises(TypeError):
            volume()[index]  # type: ignore[index]
    for width in (-1, [1, 2, 3], [[1, 2]], [[1, 2], [3], [4]]):
        with pytest.raises(ArgumentError, match="pad_width"):
            volume().pad(width)
    with pytest.raises(TypeError):
        volume().pad(1.5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="WRAP"):
        volume().pad(1, mode="WRAP")


def test_handedness() -> None:
    one = volume()
    assert one.ensure_handedness("RIGHT_HANDED", flip_axis=0) is one
    assert one.ensure_handedness("LEFT_HANDED", swap_axes=(0, 1)).spatial_shape == (3, 2, 4)
    for options in ({}, {"flip_axis": 0, "swap_axes": (0, 1)}):
        with pytest.raises(TypeError, match="Exactly one"):
            one.ensure_handedness("LEFT_HANDED", **options)  # type: ignore[arg-type]


def test_random_moves_follow_numpys_seed() -> None:
    one = volume((4, 5, 6))
    results = []
    for _ in range(2):
        np.random.seed(7)  # noqa: NPY002
        moved = one.random_permute_spatial_axes().random_flip_spatial().random_spatial_crop((2, 2, 2))
        results.append(moved)
    assert results[0].geometry_equal(results[1])
    assert set(places(results[0]).items()) <= set(places(one).items())
    assert one.random_permute_spatial_axes([0, 1]).spatial_shape[2] == 6


def test_channels() -> None:
    own = ChannelDescriptor("mine", is_custom=True, value_type=str)
    one = volume((2, 3, 4, 2, 3), channels={"SegmentNumber": [np.int64(3), 4], own: ["a", "b", "c"]})
    assert one.get_channel_values("SegmentNumber") == [3, 4]
    assert type(one.get_channel_values("SegmentNumber")[0]) is int
    assert one.get_channel_values("mine") == one.get_channel_values(own)
    single = one.get_channel(SegmentNumber=3, keepdims=True)
    assert single.squeeze_channel(["SegmentNumber"]).shape == (2, 3, 4, 3)
    assert single.get_channel(mine="c", keepdims=True).squeeze_channel([own]).shape == (2, 3, 4, 1)
    assert np.shares_memory(one.get_channel(mine="a").array, one.array)
    with pytest.raises(ArgumentError, match="size 3"):
        one.squeeze_channel(["mine"])
    with pytest.raises(ArgumentError, match="no such value"):
        one.get_channel(SegmentNumber=9)
    with pytest.raises(ArgumentTypeError, match="of type"):
        one.get_channel(SegmentNumber="x")
    with pytest.raises(ArgumentError, match="found in volume"):
        one.get_channel(EchoTime=1.0)
    colours = volume((1, 1, 1, 3), channels={RGB_COLOR_CHANNEL_DESCRIPTOR: ["R", "G", "B"]})
    assert colours.get_channel(RGBColorChannel="G").array.item() == 1
    assert colours.get_channel(RGBColorChannel=RGBColorChannels.B).array.item() == 2
    padded = one.pad(1, constant_value=[[1, 2, 3], [4, 5, 6]], per_channel=True)  # type: ignore[arg-type]
    assert padded.array[0, 0, 0].tolist() == [[1, 2, 3], [4, 5, 6]]
    for identifier in ("SegmentSequence", "FrameIncrementPointer", "foo", 0x00110011):
        with pytest.raises(ArgumentError):
            ChannelDescriptor(identifier)
    assert ChannelDescriptor("EchoTime") != "EchoTime"
    assert ChannelDescriptor("PatientName").value_type is str


def test_frames_of_reference_are_not_mixed() -> None:
    one, other = volume(frame_of_reference_uid="1.2.3"), volume(frame_of_reference_uid="1.2.4")
    assert not one.geometry_equal(other)
    assert one.geometry_equal(volume())
    slide = Volume(one.array, AFFINE, "SLIDE")
    for second in (other, slide):
        for call in (
            one.match_geometry,
            lambda v: match_grid(one, v),
            lambda v: VolumeToVolumeTransformer(one, v),
        ):
            with pytest.raises(GridError, match="cannot be compared|no known relation"):
                call(second)
    for refused in (slide.get_closest_patient_orientation, lambda: slide.get_affine("RAS")):
        with pytest.raises(RuntimeError, match="not defined in the patient coordinate system"):
            refused()


def test_matching_is_refused_with_figures() -> None:
    one = volume()
    shifted = VolumeGeometry(AFFINE + np.array([[0, 0, 0, 0.1]] + [[0] * 4] * 3), (2, 3, 4), "PATIENT")
    with pytest.raises(RuntimeError, match="0.2 voxels"):
        one.match_geometry(shifted)
    with pytest.raises(ValueError, match="0.2 voxels"):
        match_grid(one, shifted)
    finer = VolumeGeometry(AFFINE @ np.diag([1, 1, 0.5, 1]), (2, 3, 8), "PATIENT")
    with pytest.raises(GridError, match="0.5 mm against 0.25 mm"):
        one.match_geometry(finer)


def test_matching_leaves_out_voxels_of_a_coarser_grid() -> None:
    one = volume((4, 5, 6))
    for goal in (one[1::2, ::2, 2::3], one.pad(2)[::-2, 1::2, ::3], one[::-1, ::-2]):
        matched = one.match_geometry(goal.get_geometry())
        assert matched.geometry_equal(goal)
    # The mask of an image is never thinned behind its back.
    with pytest.raises(GridError, match="6 mm"):
        match_grid(one, one[::2])


def test_no_overlap_is_all_padding() -> None:
    far = VolumeGeometry(AFFINE + np.array([[0, 0, 0, 10.0]] + [[0] * 4] * 3), (2, 3, 4), "PATIENT")
    matched = volume().match_geometry(far, constant_value=9)
    assert (matched.array == 9).all()
    assert matched.geometry_equal(far)
    moves = match_grid(volume(), far)
    assert moves.voxels_lost == 24
    assert not moves.apply(volume().array).any()


def test_mask_on_an_images_grid() -> None:
    """A NIfTI mask in RAS, axes (x, y, z), lands on the (slice, row, column) grid of its CT."""
    positions = [[-100.0, -120.0, 40 + 2.5 * index] for index in range(7)]
    stack = PlaneStack.of(positions[::-1], [1, 0, 0, 0, 1, 0], pixel_spacing=[0.8, 0.6])
    image = VolumeGeometry.from_stack(stack, rows=5, columns=6)
    assert image.spatial_shape == (7, 5, 6)
    assert image.position == (-100, -120, 55)
    assert image.spacing == pytest.approx((2.5, 0.8, 0.6))
    np.testing.assert_allclose(image.plane_positions(), np.array(positions)[::-1])
    truth = np.random.default_rng(0).integers(0, 3, image.spatial_shape).astype(np.uint8)
    nifti = image.with_array(truth).to_patient_orientation("RAS").to_nibabel()
    assert nifti.shape == (6, 5, 7)
    mask = Volume.from_nibabel(nibabel.Nifti1Image.from_bytes(nifti.to_bytes()))
    moves = match_grid(mask, image)
    assert moves.is_reordering
    np.testing.assert_array_equal(moves.apply(mask.array), truth)
    np.testing.assert_array_equal(mask.match_geometry(image, tol=0.01).array, truth)


def test_stacks_that_are_no_grid_make_no_geometry() -> None:
    def heights(*values: float) -> PlaneStack:
        return PlaneStack.of([[0.0, 0.0, value] for value in values], [1, 0, 0, 0, 1, 0])

    with pytest.raises(GeometryError, match="missing"):
        VolumeGeometry.from_stack(heights(0, 1, 3), rows=2, columns=2, pixel_spacing=[1, 1])
    gappy = VolumeGeometry.from_stack(
        heights(0, 1, 3), rows=2, columns=2, pixel_spacing=[1, 1], allow_missing=True
    )
    assert gappy.spatial_shape == (4, 2, 2)
    with pytest.raises(ArgumentError, match="pixel_spacing"):
        VolumeGeometry.from_stack(heights(0, 1), rows=2, columns=2)
    assert VolumeGeometry.from_stack(heights(5), rows=2, columns=2, pixel_spacing=[1, 1]).spatial_shape == (
        1,
        2,
        2,
    )


@settings(max_examples=20)
@given(volumes())
def test_planes(one: Volume) -> None:
    positions = one.plane_positions()
    for index, sequence in enumerate(one.get_plane_positions()):
        np.testing.assert_allclose(
            [float(v) for v in sequence[0].ImagePositionPatient], positions[index], rtol=1e-6, atol=1e-6
        )
    with pytest.raises(ArgumentError, match="Invalid plane number"):
        one.get_plane_position(one.spatial_shape[0])


def test_spacing_along_a_direction() -> None:
    one = volume()
    assert one.spacing_along([0, 0.1, 1]) == 3.0
    assert one.spacing_along([-1, 0, 0]) == 0.5
    assert one.permute_spatial_axes([2, 1, 0]).spacing_along([0, 0, 1]) == 3.0


def test_reprs_say_what_it_is() -> None:
    assert repr(volume()) == "<Volume of (2, 3, 4) voxels (int16), 3, 0.25, 0.5 mm apart>"
    assert repr(volume().get_geometry()) == "<VolumeGeometry of (2, 3, 4) voxels, 3, 0.25, 0.5 mm apart>"
