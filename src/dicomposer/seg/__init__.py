"""Segmentations: binary, fractional and label maps (PS3.3 A.51, A.90, C.8.20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomposer.lazy import lazy_names

if TYPE_CHECKING:
    from dicomposer.seg import utils
    from dicomposer.seg.content import DimensionIndexSequence, SegmentDescription
    from dicomposer.seg.enum import (
        SegmentAlgorithmTypeValues,
        SegmentationFractionalTypeValues,
        SegmentationTypeValues,
        SegmentsOverlapValues,
        SpatialLocationsPreservedValues,
    )
    from dicomposer.seg.pyramid import create_segmentation_pyramid
    from dicomposer.seg.sop import SOP_CLASS_UIDS, Segmentation, segread
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "": "utils",
            "content": "DimensionIndexSequence SegmentDescription",
            "enum": (
                "SegmentAlgorithmTypeValues SegmentationFractionalTypeValues SegmentationTypeValues "
                "SegmentsOverlapValues SpatialLocationsPreservedValues"
            ),
            "pyramid": "create_segmentation_pyramid",
            "sop": "SOP_CLASS_UIDS Segmentation segread",
        },
    )

__all__ = [
    "SOP_CLASS_UIDS",
    "DimensionIndexSequence",
    "SegmentAlgorithmTypeValues",
    "SegmentDescription",
    "Segmentation",
    "SegmentationFractionalTypeValues",
    "SegmentationTypeValues",
    "SegmentsOverlapValues",
    "SpatialLocationsPreservedValues",
    "create_segmentation_pyramid",
    "segread",
    "utils",
]
