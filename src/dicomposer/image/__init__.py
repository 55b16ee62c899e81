"""Reading and writing images of one or many frames."""

from __future__ import annotations

from dicomposer.image._base import FrameAccess
from dicomposer.image._fill import zeros
from dicomposer.image._image import Image, imread
from dicomposer.image._index import FrameIndex, SourceColumn, TotalPixelMatrix, whole_numbers
from dicomposer.image._patients import refuse_several_patients
from dicomposer.image._select import (
    Region,
    Selection,
    by_dimension,
    by_source_frame,
    by_source_instance,
    by_tiles,
    dimension_columns,
    window,
)
from dicomposer.image._series import get_volume_from_series
from dicomposer.image._stored import pixel_format
from dicomposer.image._volumes import stack_tolerance
from dicomposer.record import float_values, text_value, text_values

__all__ = [
    "FrameAccess",
    "FrameIndex",
    "Image",
    "Region",
    "Selection",
    "SourceColumn",
    "TotalPixelMatrix",
    "by_dimension",
    "by_source_frame",
    "by_source_instance",
    "by_tiles",
    "dimension_columns",
    "float_values",
    "get_volume_from_series",
    "imread",
    "pixel_format",
    "refuse_several_patients",
    "stack_tolerance",
    "text_value",
    "text_values",
    "whole_numbers",
    "window",
    "zeros",
]
