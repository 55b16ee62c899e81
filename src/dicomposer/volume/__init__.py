"""Volumes: arrays of voxels, and grids without voxels, with their place in space.

Axes are (slice, row, column), then channels. Affine matrices are float64 and map to DICOM's reference
coordinates (LPS) in mm.
"""

from dicomposer.spatial import (
    LPS_PATIENT_REFERENCE_CONVENTION,
    PATIENT_ORIENTATION_OPPOSITES,
    VOLUME_INDEX_CONVENTION,
)

from ._channels import RGB_COLOR_CHANNEL_DESCRIPTOR, ChannelDescriptor
from ._geometry import VolumeGeometry
from ._match import match_grid
from ._transformer import VolumeToVolumeTransformer
from ._volume import Volume

__all__ = [
    "LPS_PATIENT_REFERENCE_CONVENTION",
    "PATIENT_ORIENTATION_OPPOSITES",
    "RGB_COLOR_CHANNEL_DESCRIPTOR",
    "VOLUME_INDEX_CONVENTION",
    "ChannelDescriptor",
    "Volume",
    "VolumeGeometry",
    "VolumeToVolumeTransformer",
    "match_grid",
]
