"""Direction cosines that are not of unit length, or skewed, would scale or shear volumes: refused everywhere."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

import dicomposer
from dicomposer import samples, spatial
from dicomposer.errors import GeometryError
from dicomposer.volume import VolumeGeometry

BAD = [
    [2, 0, 0, 0, 2, 0],
    [1, 0, 0, 0, 1.01, 0],
    [0.99, 0, 0, 0, 1, 0],
    [1, 0, 0, 0.5, 0.8660254, 0],
    [1, 0, 0, 1, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [1e300, 0, 0, 0, 1e300, 0],
]


@pytest.mark.parametrize("orientation", BAD)
def test_refused_with_figures(orientation: list[float]) -> None:
    for use in (
        spatial.direction_cosines,
        spatial.get_normal_vector,
        spatial.create_rotation_matrix,
        lambda o: spatial.create_affine_matrix_from_attributes([0, 0, 0], o, [1, 1]),
        lambda o: spatial.PlaneStack.of([[0, 0, 0]], o),
        lambda o: spatial.PixelToReferenceTransformer([0, 0, 0], o, [1, 1]),
        lambda o: spatial.TileGrid(4, 4, 8, 8, [0, 0, 0], o, [1, 1]).positions(),
        lambda o: VolumeGeometry.from_attributes(
            image_position=[0, 0, 0],
            image_orientation=o,
            rows=2,
            columns=2,
            pixel_spacing=[1, 1],
            spacing_between_slices=1.0,
            number_of_frames=1,
            coordinate_system="PATIENT",
        ),
    ):
        with pytest.raises(GeometryError, match="unit vectors at right angles"):
            use(orientation)


def test_rounded_cosines_are_made_exact() -> None:
    row, column = np.array([0.985, 0.174, 0.0]), np.array([-0.174, 0.985, 0.0])
    cosines = spatial.direction_cosines([*row, *column])
    np.testing.assert_allclose(np.linalg.norm(cosines.reshape(2, 3), axis=1), 1.0, atol=1e-15)
    stack = spatial.PlaneStack.of([[0, 0, 0], [0, 0, 2]], [*row, *column])
    np.testing.assert_array_equal(stack.orientation, cosines)
    exact = [1.0, 0.0, 0.0, 0.0, 0.6, -0.8]
    assert spatial.direction_cosines(exact).tolist() == exact


def _scaled(datasets: list, orientation: list[float]) -> list:
    copies = [deepcopy(dataset) for dataset in datasets]
    for dataset in copies:
        dataset.ImageOrientationPatient = orientation
    return copies


def test_series_segments_and_volumes() -> None:
    series = samples.phantom_series("CT", shape=(4, 8, 8))
    segments = {1: "Liver", 2: "Spleen"}
    mask = dicomposer.Volume(series.mask, series.affine, "PATIENT")
    for orientation in ([2, 0, 0, 0, 2, 0], [0.99, 0, 0, 0, 0.99, 0]):
        bad = _scaled(list(series.datasets), orientation)
        with pytest.raises(GeometryError, match="unit vectors"):
            dicomposer.get_volume_from_series(bad)
        for kind in (mask, series.mask):
            with pytest.raises(GeometryError, match="unit vectors"):
                dicomposer.segment(kind, bad, segments)
        assert spatial.get_series_volume_positions(bad) == (None, None)


def test_segmentation_and_its_validation() -> None:
    series = samples.phantom_series("CT", shape=(4, 8, 8))
    seg = dicomposer.segment(series.mask, list(series.datasets), {1: "Liver", 2: "Spleen"})
    plane = seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    plane.ImageOrientationPatient = [2, 0, 0, 0, 2, 0]
    with pytest.raises(GeometryError, match="lengths are 2 and 2"):
        seg.get_volume()
    assert seg.get_volume_geometry() is None
    assert "orientation PS3.3 C.7.6.2.1.1" in {finding.rule for finding in dicomposer.validate(seg)}


def test_slide() -> None:
    slide = samples.phantom_slide().dataset
    mask = np.zeros((int(slide.TotalPixelMatrixRows), int(slide.TotalPixelMatrixColumns)), np.uint8)
    mask[3:9, 4:20] = 1
    seg = dicomposer.segment(mask, slide, ["Liver"])
    seg.ImageOrientationSlide = [0, -2, 0, -2, 0, 0]
    with pytest.raises(GeometryError, match="unit vectors"):
        seg.get_volume()
    assert "orientation PS3.3 C.7.6.2.1.1" in {finding.rule for finding in dicomposer.validate(seg)}


def test_planes_spread_over_too_many_places() -> None:
    axial = [1.0, 0, 0, 0, 1, 0]
    for far in (2**40, 1e9):
        stack = spatial.PlaneStack.of([[0, 0, 0], [0, 0, 3], [0, 0, far]], axial)
        assert stack.slots is None and stack.missing == () and stack.missing_count == 0
        with pytest.raises(GeometryError, match="limit 10300 places"):
            stack.require_regular(allow_missing=True)
        positions = [[0, 0, 0], [0, 0, 3], [0, 0, far]]
        assert spatial.get_volume_positions(positions, axial, allow_missing_positions=True) == (None, None)
    with pytest.raises(GeometryError, match="tell planes apart"):
        spatial.PlaneStack.of([[0, 0, 0], [0, 0, 3], [0, 0, 1e300]], axial)
    near = spatial.PlaneStack.of([[0, 0, 0], [0, 0, 3], [0, 0, 3000]], axial)
    assert near.missing_count == len(near.missing) == 998
    assert near.require_regular(allow_missing=True) == 3.0


def test_a_wide_gap_does_not_merge_neighbours() -> None:
    axial = [1.0, 0, 0, 0, 1, 0]
    for spacing in (None, 1.0):
        stack = spatial.PlaneStack.of([[0, 0, 0], [0, 0, 1], [0, 0, 201]], axial, spacing=spacing)
        assert not stack.duplicates and stack.slots is not None and stack.slots.tolist() == [201, 200, 0]
    jitter = spatial.PlaneStack.of([[0, 0, 0], [0, 0, 0.004], [0, 0, 3], [0, 0, 6]], axial)
    assert jitter.duplicates == ((0, 1),)
