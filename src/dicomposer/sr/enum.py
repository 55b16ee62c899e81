"""Enumerated values of structured reports."""

from __future__ import annotations

from dicomposer.items import (
    GraphicTypeValues,
    GraphicTypeValues3D,
    PixelOriginInterpretationValues,
    RelationshipTypeValues,
    TemporalRangeTypeValues,
    ValueTypeValues,
)

__all__ = [
    "GraphicTypeValues",
    "GraphicTypeValues3D",
    "PixelOriginInterpretationValues",
    "RelationshipTypeValues",
    "TemporalRangeTypeValues",
    "ValueTypeValues",
]
