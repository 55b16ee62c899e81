"""Every drop-in function gives what highdicom gives, over random geometries."""

from __future__ import annotations

import highdicom
import highdicom.spatial as peer
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from pydicom.dataset import Dataset

from dicomposer import spatial

CONVENTIONS = ["RD", "DR", "LD", "DL", "RU", "UR", "LU", "UL"]
HANDS = ["RIGHT_HANDED", "LEFT_HANDED"]
ORIENTATIONS = ["LPH", "RAH", "FPL", "HAR", "AFL", "PRF"]
quick = settings(max_examples=40, deadline=None)

coordinates = st.floats(-500, 500, allow_nan=False).map(lambda v: round(v, 4))
positions = st.lists(coordinates, min_size=3, max_size=3)
spacings = st.floats(0.05, 8.0).map(lambda v: round(v, 4))
pairs = st.lists(spacings, min_size=2, max_size=2)
triples = st.lists(spacings, min_size=3, max_size=3)


@st.composite
def rotations(draw: st.DrawFn) -> np.ndarray:
    """Rotation matrix from a random quaternion."""
    seed = draw(st.integers(0, 2**32 - 1))
    w, x, y, z = (q := np.random.default_rng(seed).normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


orientations = rotations().map(lambda matrix: [*matrix[:, 0], *matrix[:, 1]])


def same(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-9)


def names(values: object) -> list[str]:
    return [value.value for value in values]  # type: ignore[attr-defined]


def test_constants() -> None:
    for name in (
        "LPS_PATIENT_REFERENCE_CONVENTION",
        "RAS_PATIENT_REFERENCE_CONVENTION",
        "VOLUME_INDEX_CONVENTION",
    ):
        assert names(getattr(spatial, name)) == names(getattr(peer, name))
    ours = {
        key.value: getattr(value, "value", value)
        for key, value in spatial.PATIENT_ORIENTATION_OPPOSITES.items()
    }
    theirs = {
        key.value: getattr(value, "value", value) for key, value in peer.PATIENT_ORIENTATION_OPPOSITES.items()
    }
    assert ours == theirs


@quick
@given(
    orientations,
    st.sampled_from(CONVENTIONS),
    st.sampled_from(HANDS),
    st.booleans(),
    pairs,
    spacings,
    positions,
)
def test_matrices_from_attributes(
    orientation: list[float],
    convention: str,
    hand: str,
    first: bool,
    pair: list[float],
    between: float,
    position: list[float],
) -> None:
    same(
        spatial.get_normal_vector(orientation, convention, hand),
        peer.get_normal_vector(orientation, convention, hand),
    )
    args = (orientation, convention, first, hand, pair, between)
    same(spatial.create_rotation_matrix(*args), peer.create_rotation_matrix(*args))
    args = (position, orientation, pair, between, convention, first, hand)
    if convention in ("RD", "DR"):
        same(
            spatial.create_affine_matrix_from_attributes(*args),
            peer.create_affine_matrix_from_attributes(*args),
        )
    else:
        for module in (spatial, peer):
            with pytest.raises(ValueError, match="ndex|indices"):
                module.create_affine_matrix_from_attributes(*args)


@quick
@given(rotations(), triples, positions, st.sampled_from(ORIENTATIONS), st.sampled_from(ORIENTATIONS))
def test_matrices_from_components(
    matrix: np.ndarray, spacing: list[float], position: list[float], name: str, other: str
) -> None:
    for place in ({"position": position}, {"center_position": position, "spatial_shape": (3, 4, 5)}):
        for direction in (
            {"direction": matrix},
            {"direction": matrix.ravel()},
            {"patient_orientation": name},
        ):
            arguments = {"spacing": spacing, **place, **direction}
            same(
                spatial.create_affine_matrix_from_components(**arguments),
                peer.create_affine_matrix_from_components(**arguments),
            )
    same(
        spatial.rotation_for_patient_orientation(name, spacing),
        peer.rotation_for_patient_orientation(name, spacing),
    )
    affine = peer.create_affine_matrix_from_components(spacing=spacing, position=position, direction=matrix)
    if len(set(np.argmax(np.abs(matrix), axis=0))) == 3:
        # Where two axes are closest to one direction, the peer's answer depends on their order.
        assert names(spatial.get_closest_patient_orientation(affine)) == names(
            peer.get_closest_patient_orientation(affine)
        )
    # The peer cannot permute axes unless all of them are flipped as well.
    for target in ("LPH", "RAH", "LAH", "RPF"):
        same(
            spatial.convert_affine_to_convention(affine, "LPH", target),
            peer.convert_affine_to_convention(affine, "LPH", target),
        )
    back = spatial.convert_affine_to_convention(
        spatial.convert_affine_to_convention(affine, name, other), other, name
    )
    same(back, affine)


@quick
@given(orientations, pairs, positions, spacings, st.integers(0, 2**32 - 1))
def test_transformers(
    orientation: list[float], pair: list[float], position: list[float], between: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    indices = generator.integers(-100, 600, (7, 2))
    points = generator.uniform(-500, 500, (7, 3))
    plane = (position, orientation, pair)
    for name, given_points in (
        ("PixelToReferenceTransformer", indices),
        ("ImageToReferenceTransformer", indices + 0.25),
    ):
        ours, theirs = getattr(spatial, name)(*plane), getattr(peer, name)(*plane)
        same(ours.affine, theirs.affine)
        same(ours(given_points), theirs(given_points))
    for name, options in (
        ("ReferenceToPixelTransformer", (between, False)),
        ("ReferenceToPixelTransformer", (between,)),
        ("ReferenceToImageTransformer", (between,)),
    ):
        ours, theirs = getattr(spatial, name)(*plane, *options), getattr(peer, name)(*plane, *options)
        same(ours.affine, theirs.affine)
        same(ours(points), theirs(points))
        assert ours(points).dtype == theirs(points).dtype
    rows, columns = np.array(orientation[:3]), np.array(orientation[3:])
    elsewhere = (np.array(position) + 3 * rows - 2 * columns).tolist()
    turned = [*(-columns), *rows]
    for name in ("PixelToPixelTransformer", "ImageToImageTransformer"):
        args = (*plane, elsewhere, turned, [2.17, 0.537])
        ours, theirs = getattr(spatial, name)(*args), getattr(peer, name)(*args)
        same(ours.affine, theirs.affine)
        same(ours(indices), theirs(indices))
    same(
        spatial.map_pixel_into_coordinate_system((3, 4), *plane),
        peer.map_pixel_into_coordinate_system((3, 4), *plane),
    )
    place = points[0].tolist()
    assert spatial.map_coordinate_into_pixel_matrix(
        place, *plane, between
    ) == peer.map_coordinate_into_pixel_matrix(place, *plane, between)


@quick
@given(
    orientations,
    positions,
    spacings,
    st.integers(2, 12),
    st.integers(0, 2**32 - 1),
    st.sampled_from(CONVENTIONS),
    st.sampled_from(HANDS),
)
def test_regular_stacks(
    orientation: list[float],
    position: list[float],
    spacing: float,
    count: int,
    seed: int,
    convention: str,
    hand: str,
) -> None:
    generator = np.random.default_rng(seed)
    normal = np.cross(orientation[:3], orientation[3:])
    jitter = generator.uniform(-0.002, 0.002, count) * spacing
    stack = np.array(position) + np.outer(np.arange(count) * spacing + jitter, normal)
    stack = stack[generator.permutation(count)].tolist()
    options = {"index_convention": convention, "handedness": hand}
    assert spatial.get_plane_sort_index(stack, orientation, **options) == peer.get_plane_sort_index(
        stack, orientation, **options
    )
    for more in (
        {},
        {"atol": spacing / 50},
        {"rtol": 0.1},
        {"spacing_hint": spacing},
        {"allow_duplicate_positions": True},
    ):
        ours = spatial.get_volume_positions(stack, orientation, **options, **more)
        theirs = peer.get_volume_positions(stack, orientation, **options, **more)
        assert ours[1] == theirs[1]
        same(ours[0], theirs[0])
    if count > 3:
        gappy = stack[:1] + stack[2:]
        ours = spatial.get_volume_positions(
            gappy, orientation, allow_missing_positions=True, spacing_hint=spacing
        )
        theirs = peer.get_volume_positions(
            gappy, orientation, allow_missing_positions=True, spacing_hint=spacing
        )
        if theirs[1] is not None:
            assert ours[1] == theirs[1]
        assert ours[1] is not None


@quick
@given(orientations, positions, st.integers(3, 8), st.integers(0, 2**32 - 1))
def test_irregular_stacks(orientation: list[float], position: list[float], count: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    normal = np.cross(orientation[:3], orientation[3:])
    steps = np.cumsum(generator.uniform(1.0, 4.0, count))
    stack = (np.array(position) + np.outer(steps, normal)).tolist()
    theirs = peer.get_volume_positions(stack, orientation)
    assert spatial.get_volume_positions(stack, orientation)[1] == theirs[1]
    if theirs[1] is None:  # three random steps are even once in a while
        assert spatial.get_volume_positions(stack, orientation, sort=False) == (None, None)


@pytest.mark.parametrize("tilt", [0.0, 0.02, 0.04, 0.05, 0.3])
def test_tilt(tilt: float) -> None:
    stack = [[0.0, index * tilt, index * 1.0] for index in range(6)]
    ours = spatial.get_volume_positions(stack, [1, 0, 0, 0, 1, 0])
    theirs = peer.get_volume_positions(stack, [1, 0, 0, 0, 1, 0])
    assert ours[1] == theirs[1]


@quick
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 15),
    st.integers(1, 15),
    orientations,
    pairs,
    positions,
)
def test_tiles(
    total_rows: int,
    total_columns: int,
    rows: int,
    columns: int,
    orientation: list[float],
    pair: list[float],
    position: list[float],
) -> None:
    args = (total_rows, total_columns, rows, columns)
    assert list(spatial.tile_pixel_matrix(*args)) == list(peer.tile_pixel_matrix(*args))
    args = (rows, columns, total_rows, total_columns, position, orientation, pair)
    ours, theirs = (module.compute_tile_positions_per_frame(*args) for module in (spatial, peer))
    assert [offset for offset, _ in ours] == [offset for offset, _ in theirs]
    same([place for _, place in ours], [place for _, place in theirs])
    matrix = np.arange(total_rows * total_columns * 2).reshape(total_rows, total_columns, 2)
    for pad in (True, False):
        args = (matrix, total_rows, 1 + total_columns // 2, rows, columns, pad)
        np.testing.assert_array_equal(spatial.get_tile_array(*args), peer.get_tile_array(*args))


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 7), st.floats(0, 0.1))
def test_coplanar(seed: int, count: int, thickness: float) -> None:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(count, 3)) * [10, 10, thickness] + 5
    for tol in (1e-5, 0.05, 1.0):
        assert spatial.are_points_coplanar(points, tol) == bool(peer.are_points_coplanar(points, tol))


def slide(sop_class: str, **attributes: object) -> Dataset:
    """A tiled image with 2 optical paths and 3 focal planes."""
    dataset, origin, measures, shared = Dataset(), Dataset(), Dataset(), Dataset()
    dataset.SOPClassUID = sop_class
    dataset.FrameOfReferenceUID = "1.2.3"
    dataset.Rows, dataset.Columns = 4, 3
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = 9, 10
    dataset.TotalPixelMatrixFocalPlanes, dataset.NumberOfOpticalPaths = 3, 2
    dataset.OpticalPathSequence = [Dataset(), Dataset()]
    dataset.NumberOfFrames = 3 * 4 * 3 * 4
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 20.5, 41.25
    dataset.TotalPixelMatrixOriginSequence = [origin]
    measures.PixelSpacing, measures.SliceThickness, measures.SpacingBetweenSlices = [0.5, 0.25], 0.001, 0.002
    shared.PixelMeasuresSequence = [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def segments(count: int) -> list[Dataset]:
    items = [Dataset() for _ in range(count)]
    for number, item in enumerate(items, 1):
        item.SegmentNumber = number
    return items


@pytest.mark.parametrize(
    "dataset",
    [
        slide("1.2.840.10008.5.1.4.1.1.77.1.6"),
        slide("1.2.840.10008.5.1.4.1.1.66.4", SegmentationType="BINARY", SegmentSequence=segments(4)),
        slide("1.2.840.10008.5.1.4.1.1.66.7", SegmentationType="LABELMAP", SegmentSequence=segments(4)),
        slide("1.2.840.10008.5.1.4.1.1.30"),
    ],
    ids=["slide", "segmentation", "label map", "parametric map"],
)
def test_tiled_full_frames(dataset: Dataset) -> None:
    ours, theirs = (list(module.iter_tiled_full_frame_data(dataset)) for module in (spatial, peer))
    assert [row[:4] for row in ours] == [row[:4] for row in theirs]
    same([row[4:] for row in ours], [row[4:] for row in theirs])
    assert spatial.is_tiled_image(dataset)
    assert peer.is_tiled_image(dataset)
    assert spatial.get_image_coordinate_system(dataset).value == "SLIDE"
    for frame in (1, 2, 17, len(ours)):
        for name in ("PixelToReferenceTransformer", "ReferenceToImageTransformer"):
            same(
                getattr(spatial, name).for_image(dataset, frame).affine,
                getattr(peer, name).for_image(dataset, frame).affine,
            )
    same(
        spatial.ReferenceToPixelTransformer.for_image(dataset, for_total_pixel_matrix=True).affine,
        peer.ReferenceToPixelTransformer.for_image(dataset, for_total_pixel_matrix=True).affine,
    )
    arguments = {"frame_number_from": 3, "for_total_pixel_matrix_to": True}
    for name in ("PixelToPixelTransformer", "ImageToImageTransformer"):
        same(
            getattr(spatial, name).for_images(dataset, dataset, **arguments).affine,
            getattr(peer, name).for_images(dataset, dataset, **arguments).affine,
        )


def test_enumerations_of_the_peer_are_understood_by_value() -> None:
    """Code that mixes both libraries passes values, not members."""
    value = highdicom.PatientOrientationValuesBiped.H.value
    assert spatial.as_patient_convention(["L", "P", value]) == spatial.LPS_PATIENT_REFERENCE_CONVENTION
