"""Enumerated values of content items (PS3.3 C.17.3, C.18)."""

from __future__ import annotations

from enum import Enum

__all__ = [
    "GraphicTypeValues",
    "GraphicTypeValues3D",
    "PixelOriginInterpretationValues",
    "RelationshipTypeValues",
    "TemporalRangeTypeValues",
    "ValueTypeValues",
]


class GraphicTypeValues(Enum):
    """Shapes in an image: Graphic Type (0070,0023) of PS3.3 C.18.6."""

    CIRCLE = "CIRCLE"
    ELLIPSE = "ELLIPSE"
    MULTIPOINT = "MULTIPOINT"
    POINT = "POINT"
    POLYLINE = "POLYLINE"


class GraphicTypeValues3D(Enum):
    """Shapes in a frame of reference: Graphic Type (0070,0023) of PS3.3 C.18.9."""

    ELLIPSE = "ELLIPSE"
    ELLIPSOID = "ELLIPSOID"
    MULTIPOINT = "MULTIPOINT"
    POINT = "POINT"
    POLYLINE = "POLYLINE"
    POLYGON = "POLYGON"


class PixelOriginInterpretationValues(Enum):
    """What coordinates in a tiled image count from: Pixel Origin Interpretation (0048,0301)."""

    FRAME = "FRAME"
    VOLUME = "VOLUME"


class RelationshipTypeValues(Enum):
    """How an item relates to the one above it: Relationship Type (0040,A010)."""

    CONTAINS = "CONTAINS"
    HAS_ACQ_CONTEXT = "HAS ACQ CONTEXT"
    HAS_CONCEPT_MOD = "HAS CONCEPT MOD"
    HAS_OBS_CONTEXT = "HAS OBS CONTEXT"
    HAS_PROPERTIES = "HAS PROPERTIES"
    INFERRED_FROM = "INFERRED FROM"
    SELECTED_FROM = "SELECTED FROM"


class TemporalRangeTypeValues(Enum):
    """Extent in time: Temporal Range Type (0040,A130)."""

    BEGIN = "BEGIN"
    END = "END"
    MULTIPOINT = "MULTIPOINT"
    MULTISEGMENT = "MULTISEGMENT"
    POINT = "POINT"
    SEGMENT = "SEGMENT"


class ValueTypeValues(Enum):
    """What kind of value an item has: Value Type (0040,A040)."""

    CODE = "CODE"
    COMPOSITE = "COMPOSITE"
    CONTAINER = "CONTAINER"
    DATE = "DATE"
    DATETIME = "DATETIME"
    IMAGE = "IMAGE"
    NUM = "NUM"
    PNAME = "PNAME"
    SCOORD = "SCOORD"
    SCOORD3D = "SCOORD3D"
    TABLE = "TABLE"
    TCOORD = "TCOORD"
    TEXT = "TEXT"
    TIME = "TIME"
    UIDREF = "UIDREF"
    WAVEFORM = "WAVEFORM"
