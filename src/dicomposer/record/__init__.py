"""Building blocks over pydicom: the element scanner, the frame table, file reading and writing, declarations."""

from __future__ import annotations

from ._columns import Categories, Column
from ._declare import Module, attribute
from ._items import encode_items
from ._layout import Layout
from ._level import base_tag, item_spans, scan_items
from ._read import ReadNotes, read, read_notes
from ._save import replacing, save
from ._source import FileSlice, PixelSource, pixel_source
from ._table import FrameTable
from ._values import format_ds
from ._values_of import (
    fetch_deferred,
    float_values,
    has,
    int_value,
    items_of,
    required,
    text_value,
    text_values,
    undecoded,
    understood,
    value_of,
)

__all__ = [
    "Categories",
    "Column",
    "FileSlice",
    "FrameTable",
    "Layout",
    "Module",
    "PixelSource",
    "ReadNotes",
    "attribute",
    "base_tag",
    "encode_items",
    "fetch_deferred",
    "float_values",
    "format_ds",
    "has",
    "int_value",
    "item_spans",
    "items_of",
    "pixel_source",
    "read",
    "read_notes",
    "replacing",
    "required",
    "save",
    "scan_items",
    "text_value",
    "text_values",
    "undecoded",
    "understood",
    "value_of",
]
