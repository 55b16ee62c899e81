"""Tiles and plane positions: drop-in names of :mod:`dicomposer.content` and :mod:`dicomposer.spatial`."""

from __future__ import annotations

from dicomposer.content import (
    are_plane_positions_tiled_full,
    compute_plane_position_slide_per_frame,
    compute_plane_position_tiled_full,
    get_plane_positions_of_image,
    get_plane_positions_of_series,
)
from dicomposer.spatial import (
    get_tile_array,
    is_tiled_image,
    iter_tiled_full_frame_data,
    tile_pixel_matrix,
)

__all__ = [
    "are_plane_positions_tiled_full",
    "compute_plane_position_slide_per_frame",
    "compute_plane_position_tiled_full",
    "get_plane_positions_of_image",
    "get_plane_positions_of_series",
    "get_tile_array",
    "is_tiled_image",
    "iter_tiled_full_frame_data",
    "tile_pixel_matrix",
]
