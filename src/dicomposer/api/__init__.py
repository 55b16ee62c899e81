"""The front door: the common jobs in a few lines."""

from __future__ import annotations

from dicomposer.api._masks import MaskLike
from dicomposer.api._open import open
from dicomposer.api._order import ORDERS
from dicomposer.api._planes import PlaneColumns, SourcePlanes
from dicomposer.api._segment import SegmentOptions, segment
from dicomposer.api._segments import SegmentLike, SegmentsLike, default_colour
from dicomposer.api._sources import SourceImages, SourceLike, read_source
from dicomposer.api._syntax import TRANSFER_SYNTAXES
from dicomposer.validation import validate, validate_files

__all__ = [
    "ORDERS",
    "TRANSFER_SYNTAXES",
    "MaskLike",
    "PlaneColumns",
    "SegmentLike",
    "SegmentOptions",
    "SegmentsLike",
    "SourceImages",
    "SourceLike",
    "SourcePlanes",
    "default_colour",
    "open",
    "read_source",
    "segment",
    "validate",
    "validate_files",
]
