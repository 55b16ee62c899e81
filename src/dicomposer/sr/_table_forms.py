"""The forms that rows take: columns, tables of pandas and Arrow, shapes as well-known text."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import MissingDependencyError

__all__ = ["CODED", "COLUMNS", "Shape", "to_arrow", "to_dataframe", "well_known_text"]

Row = dict[str, Any]

CODED = (
    "finding",
    "finding_category",
    "finding_site",
    "laterality",
    "name",
    "qualifier",
    "coded_value",
    "derivation",
    "method",
    "time_point_type",
)


def _code_columns(name: str) -> tuple[str, str, str]:
    return name, f"{name}_code", f"{name}_scheme"


#: Columns, in order.
COLUMNS: tuple[str, ...] = (
    "study_instance_uid",
    "series_instance_uid",
    "sop_instance_uid",
    "kind",
    "path",
    "group",
    "group_kind",
    "tracking_id",
    "tracking_uid",
    *_code_columns("finding"),
    *_code_columns("finding_category"),
    *_code_columns("finding_site"),
    *_code_columns("laterality"),
    "finding_sites",
    *_code_columns("name"),
    "value",
    "unit",
    "unit_scheme",
    "unit_meaning",
    *_code_columns("qualifier"),
    *_code_columns("coded_value"),
    "text",
    *_code_columns("derivation"),
    *_code_columns("method"),
    "algorithm_name",
    "algorithm_version",
    "time_point",
    *_code_columns("time_point_type"),
    "time_point_order",
    "region_type",
    "region",
    "pixel_origin",
    "frame_of_reference_uid",
    "segmentation_uid",
    "segment_number",
    "segmentation_frames",
    "source_image_uids",
    "source_image_frames",
    "source_series_uid",
    "coordinates_type",
    "coordinates",
    "coordinates_frame_of_reference_uid",
    "measurement_tracking_id",
    "measurement_tracking_uid",
    "context",
)
_INTEGERS = ("group", "time_point_order", "segment_number")
_NUMBERS = ("value",)
_NESTED = (
    "finding_sites",
    "segmentation_frames",
    "source_image_uids",
    "source_image_frames",
    "region",
    "coordinates",
    "context",
)


class Shape(NamedTuple):
    """A shape, and what it is drawn in."""

    kind: str
    points: NDArray[np.float64]
    frame_of_reference: str
    origin: str
    images: list[tuple[str, list[int]]]


# -- shapes as text ----------------------------------------------------------------------------------------------------


def well_known_text(shapes: list[Shape]) -> str:
    """Shapes as well-known text; circles and ellipses as the points that define them."""
    texts = [_one_text(shape) for shape in shapes]
    return texts[0] if len(texts) == 1 else f"GEOMETRYCOLLECTION ({', '.join(texts)})"


def _one_text(shape: Shape) -> str:
    points = shape.points
    dimension = " Z" if points.shape[1] == 3 else ""
    if not len(points):
        return f"POINT{dimension} EMPTY"
    inner = ", ".join(" ".join(f"{one:.9g}" for one in point) for point in points.tolist())
    if shape.kind == "POINT" and len(points) == 1:
        return f"POINT{dimension} ({inner})"
    if shape.kind in ("POLYLINE", "POLYGON"):
        if len(points) > 3 and np.array_equal(points[0], points[-1]):
            return f"POLYGON{dimension} (({inner}))"
        if len(points) > 1:
            return f"LINESTRING{dimension} ({inner})"
    return f"MULTIPOINT{dimension} ({inner})"


# -- tables ------------------------------------------------------------------------------------------------------------


def to_dataframe(rows: list[Row], columns: tuple[str, ...] = COLUMNS) -> Any:
    """Rows as a pandas DataFrame; whole numbers are nullable integers.

    Raises
    ------
    MissingDependencyError
        Without pandas.
    """
    try:
        import pandas
    except ImportError:
        raise MissingDependencyError("tables of measurements", "pandas", "pandas") from None
    series: dict[str, Any] = {}
    for column in columns:
        values = [row.get(column) for row in rows]
        if column in _INTEGERS:
            series[column] = pandas.array(values, dtype="Int64")
        elif column in _NUMBERS:
            series[column] = np.array([np.nan if one is None else one for one in values], np.float64)
        elif column in _NESTED:
            filled = np.empty(len(values), object)
            for index, value in enumerate(values):
                filled[index] = value
            series[column] = filled
        else:
            series[column] = values
    return pandas.DataFrame(series)


def to_arrow(rows: list[Row], columns: tuple[str, ...] = COLUMNS) -> Any:
    """Rows as an Arrow table: shapes as well-known text, context and finding sites as JSON text.

    Parameters
    ----------
    rows : list of dict
        With shapes as well-known text.
    columns : tuple of str
        Which ones, in this order.

    Raises
    ------
    MissingDependencyError
        Without pyarrow.
    """
    try:
        import pyarrow
    except ImportError:
        raise MissingDependencyError("Arrow tables of measurements", "pyarrow", "arrow") from None
    kinds: dict[str, Any] = dict.fromkeys(_INTEGERS, pyarrow.int64())
    kinds["value"] = pyarrow.float64()
    kinds["segmentation_frames"] = pyarrow.list_(pyarrow.int64())
    kinds["source_image_uids"] = pyarrow.list_(pyarrow.string())
    kinds["source_image_frames"] = pyarrow.list_(pyarrow.list_(pyarrow.int64()))
    arrays = []
    for column in columns:
        values = [row.get(column) for row in rows]
        if column in ("finding_sites", "context"):
            values = [None if one is None else json.dumps(one) for one in values]
        arrays.append(pyarrow.array(values, kinds.get(column, pyarrow.string())))
    return pyarrow.Table.from_arrays(arrays, names=list(columns))
