"""Enumerated values of segmentations (PS3.3 C.8.20.2)."""

from __future__ import annotations

from enum import Enum

__all__ = [
    "SegmentAlgorithmTypeValues",
    "SegmentationFractionalTypeValues",
    "SegmentationTypeValues",
    "SegmentsOverlapValues",
    "SpatialLocationsPreservedValues",
]


class SegmentAlgorithmTypeValues(Enum):
    """How a segment was made: Segment Algorithm Type (0062,0008)."""

    AUTOMATIC = "AUTOMATIC"
    SEMIAUTOMATIC = "SEMIAUTOMATIC"
    MANUAL = "MANUAL"


class SegmentationFractionalTypeValues(Enum):
    """What a fractional value means: Segmentation Fractional Type (0062,0010)."""

    PROBABILITY = "PROBABILITY"
    OCCUPANCY = "OCCUPANCY"


class SegmentationTypeValues(Enum):
    """How presence is encoded: Segmentation Type (0062,0001)."""

    BINARY = "BINARY"
    FRACTIONAL = "FRACTIONAL"
    LABELMAP = "LABELMAP"


class SegmentsOverlapValues(Enum):
    """Whether a pixel may belong to two segments: Segments Overlap (0062,0013)."""

    YES = "YES"
    UNDEFINED = "UNDEFINED"
    NO = "NO"


class SpatialLocationsPreservedValues(Enum):
    """Whether pixels stayed where they were: Spatial Locations Preserved (0028,135A)."""

    YES = "YES"
    NO = "NO"
    REORIENTED_ONLY = "REORIENTED_ONLY"
