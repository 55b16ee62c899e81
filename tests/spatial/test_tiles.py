"""TILED_FULL frames by arithmetic, against nested loops as the standard words them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset

from dicomposer.errors import ArgumentError, GeometryError
from dicomposer.spatial import TileGrid, get_tile_array, iter_tiled_full_frame_data

sizes = st.integers(1, 9)


def reference(grid: TileGrid) -> list[tuple[int | None, int, int, int, list[float]]]:
    """PS3.3 C.7.6.17.3: rows of tiles, columns of tiles, depth, then optical paths or segments."""
    row_cosines, column_cosines = np.array(grid.orientation[:3]), np.array(grid.orientation[3:])
    frames = []
    for channel in grid.channels or (None,):
        for plane in range(grid.focal_planes):
            for row in range(0, grid.total_rows, grid.rows):
                for column in range(0, grid.total_columns, grid.columns):
                    place = np.array(grid.origin) + row_cosines * column * grid.pixel_spacing[1]
                    place = place + column_cosines * row * grid.pixel_spacing[0]
                    place[2] += plane * (grid.focal_plane_spacing or 0.0)
                    frames.append((channel, plane + 1, column + 1, row + 1, place.tolist()))
    return frames


@st.composite
def grids(draw: st.DrawFn) -> TileGrid:
    return TileGrid(
        draw(sizes),
        draw(sizes),
        draw(st.integers(1, 30)),
        draw(st.integers(1, 30)),
        (12.5, 40.25, draw(st.sampled_from([0.0, 0.01]))),
        draw(st.sampled_from([(0.0, -1.0, 0.0, -1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)])),
        (0.00025, 0.0005),
        draw(st.sampled_from([None, (1,), (1, 2, 5)])),
        draw(st.integers(1, 3)),
        0.001,
    )


@given(grids())
def test_frames(grid: TileGrid) -> None:
    expected = reference(grid)
    data = grid.frame_data()
    assert len(data) == grid.frames == len(expected)
    channels = [None] * len(data) if data.channel is None else data.channel.tolist()
    found = zip(channels, data.focal_plane, data.column_position, data.row_position, strict=True)
    assert list(found) == [frame[:4] for frame in expected]
    np.testing.assert_allclose(data.positions, [frame[4] for frame in expected], rtol=0, atol=1e-12)
    some = np.arange(grid.frames)[::-2]
    np.testing.assert_array_equal(grid.positions(some), data.positions[some])
    np.testing.assert_array_equal(grid.offsets(some)[:, 1] + 1, data.column_position[some])


@given(grids(), st.integers(0, 30), st.integers(0, 30), sizes, sizes)
def test_frames_in_a_region(grid: TileGrid, row: int, column: int, rows: int, columns: int) -> None:
    offsets = grid.offsets()[: grid.tiles]
    touching = (
        (offsets[:, 0] < row + rows)
        & (offsets[:, 0] + grid.rows > row)
        & (offsets[:, 1] < column + columns)
        & (offsets[:, 1] + grid.columns > column)
    )
    np.testing.assert_array_equal(grid.frames_in(row, column, rows, columns), np.flatnonzero(touching))
    last = grid.focal_planes - 1
    np.testing.assert_array_equal(
        grid.frames_in(row, column, rows, columns, focal_plane=last),
        np.flatnonzero(touching) + last * grid.tiles,
    )


def test_a_million_tiles() -> None:
    grid = TileGrid(256, 256, 256_000, 256_000, pixel_spacing=(0.00025, 0.00025), channels=(1,))
    data = grid.frame_data()
    assert len(data) == 1_000_000
    np.testing.assert_allclose(data.positions[-1], [-999 * 256 * 0.00025, -999 * 256 * 0.00025, 0.0])


def test_refusals() -> None:
    with pytest.raises(GeometryError, match="3 focal planes but no Spacing Between Slices"):
        TileGrid(2, 2, 4, 4, focal_planes=3)
    with pytest.raises(ArgumentError, match="'rows'"):
        TileGrid(0, 2, 4, 4)
    with pytest.raises(ArgumentError, match="from 0 to 3"):
        TileGrid(2, 2, 4, 4).positions([4])
    dataset = Dataset()
    with pytest.raises(ArgumentError, match="TILED_FULL"):
        next(iter_tiled_full_frame_data(dataset))
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    with pytest.raises(ArgumentError, match="Expected a VL Whole Slide"):
        TileGrid.of_dataset(dataset)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.6"
    with pytest.raises(GeometryError, match="no total pixel matrix"):
        TileGrid.of_dataset(dataset)


def test_tile_arrays_are_views_and_never_modify_the_matrix() -> None:
    matrix = np.arange(35).reshape(5, 7)
    assert np.shares_memory(get_tile_array(matrix, 1, 4, 2, 2), matrix)
    padded = get_tile_array(matrix, 5, 7, 2, 3)
    assert padded.tolist() == [[34, 0, 0], [0, 0, 0]]
    assert get_tile_array(matrix, 5, 7, 2, 3, pad=False).tolist() == [[34]]
    for row in (0, 6, -1):
        with pytest.raises(ArgumentError, match="Row offset"):
            get_tile_array(matrix, row, 1, 2, 2)
    with pytest.raises(ArgumentError, match="two dimensions"):
        get_tile_array(matrix[0], 1, 1, 2, 2)
