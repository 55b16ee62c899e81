"""Geometry: affines, directions, stacks of planes, tiles, and maps between pixels and space.

All positions are in mm, in the patient (LPS) or slide coordinate system; all matrices are float64 and
multiply column vectors. Nothing here resamples: what does not fit is refused with a
:class:`~dicomposer.errors.GeometryError` that gives the figures.
"""

from ._affines import (
    are_points_coplanar,
    as_affine,
    convert_affine_to_convention,
    create_affine_matrix_from_attributes,
    create_affine_matrix_from_components,
    create_rotation_matrix,
    get_closest_patient_orientation,
    get_normal_vector,
    rotation_for_patient_orientation,
)
from ._conventions import (
    LPS_PATIENT_REFERENCE_CONVENTION,
    PATIENT_ORIENTATION_OPPOSITES,
    RAS_PATIENT_REFERENCE_CONVENTION,
    VOLUME_INDEX_CONVENTION,
    FloatArray,
    IndexConvention,
    PatientConvention,
    as_patient_convention,
    as_vector,
    direction_cosines,
)
from ._errors import GridError
from ._grid import GRID_TOLERANCE, GridMatch, match_affines
from ._planes import Plane, get_image_coordinate_system, is_tiled_image, plane_of
from ._series import get_dataset_sort_index, get_series_volume_positions, sort_datasets, stack_of_series
from ._stack import PlaneStack, StackTolerance, get_plane_sort_index, get_volume_positions
from ._tiles import (
    TiledFrames,
    TileGrid,
    compute_tile_positions_per_frame,
    get_tile_array,
    iter_tiled_full_frame_data,
    tile_pixel_matrix,
)
from ._transformers import (
    ImageToImageTransformer,
    ImageToReferenceTransformer,
    PixelToPixelTransformer,
    PixelToReferenceTransformer,
    ReferenceToImageTransformer,
    ReferenceToPixelTransformer,
    map_coordinate_into_pixel_matrix,
    map_pixel_into_coordinate_system,
)

__all__ = [
    "GRID_TOLERANCE",
    "LPS_PATIENT_REFERENCE_CONVENTION",
    "PATIENT_ORIENTATION_OPPOSITES",
    "RAS_PATIENT_REFERENCE_CONVENTION",
    "VOLUME_INDEX_CONVENTION",
    "FloatArray",
    "GridError",
    "GridMatch",
    "ImageToImageTransformer",
    "ImageToReferenceTransformer",
    "IndexConvention",
    "PatientConvention",
    "PixelToPixelTransformer",
    "PixelToReferenceTransformer",
    "Plane",
    "PlaneStack",
    "ReferenceToImageTransformer",
    "ReferenceToPixelTransformer",
    "StackTolerance",
    "TileGrid",
    "TiledFrames",
    "are_points_coplanar",
    "as_affine",
    "as_patient_convention",
    "as_vector",
    "compute_tile_positions_per_frame",
    "convert_affine_to_convention",
    "create_affine_matrix_from_attributes",
    "create_affine_matrix_from_components",
    "create_rotation_matrix",
    "direction_cosines",
    "get_closest_patient_orientation",
    "get_dataset_sort_index",
    "get_image_coordinate_system",
    "get_normal_vector",
    "get_plane_sort_index",
    "get_series_volume_positions",
    "get_tile_array",
    "get_volume_positions",
    "is_tiled_image",
    "iter_tiled_full_frame_data",
    "map_coordinate_into_pixel_matrix",
    "map_pixel_into_coordinate_system",
    "match_affines",
    "plane_of",
    "rotation_for_patient_orientation",
    "sort_datasets",
    "stack_of_series",
    "tile_pixel_matrix",
]
