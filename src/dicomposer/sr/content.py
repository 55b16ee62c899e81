"""Content items with a meaning of their own, where users of the drop-in names look for them."""

from __future__ import annotations

from dicomposer.sr._regions import (
    CoordinatesForMeasurement,
    CoordinatesForMeasurement3D,
    ImageRegion,
    ImageRegion3D,
)
from dicomposer.sr._sources import (
    FindingSite,
    LongitudinalTemporalOffsetFromEvent,
    RealWorldValueMap,
    SourceImageForMeasurement,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    SourceImageForSegmentation,
    SourceSeriesForSegmentation,
)
from dicomposer.sr._volumes import ReferencedSegment, ReferencedSegmentationFrame, VolumeSurface

__all__ = [
    "CoordinatesForMeasurement",
    "CoordinatesForMeasurement3D",
    "FindingSite",
    "ImageRegion",
    "ImageRegion3D",
    "LongitudinalTemporalOffsetFromEvent",
    "RealWorldValueMap",
    "ReferencedSegment",
    "ReferencedSegmentationFrame",
    "SourceImageForMeasurement",
    "SourceImageForMeasurementGroup",
    "SourceImageForRegion",
    "SourceImageForSegmentation",
    "SourceSeriesForSegmentation",
    "VolumeSurface",
]
