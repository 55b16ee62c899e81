"""The front door: the common jobs in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomposer.lazy import lazy_names

if TYPE_CHECKING:
    from dicomposer.api._masks import MaskLike
    from dicomposer.api._measure import MeasurementTable, PlaneAxes, SegmentMeasurements, measure_segments
    from dicomposer.api._measure_report import MeasureOptions, measure
    from dicomposer.api._measure_values import Statistics
    from dicomposer.api._measurements import MEASUREMENT_COLUMNS, ReportLike, measurement_rows, measurements
    from dicomposer.api._open import open
    from dicomposer.api._order import ORDERS
    from dicomposer.api._planes import PlaneColumns, SourcePlanes
    from dicomposer.api._report import FindingLike, FindingsLike, ReportFinding, report
    from dicomposer.api._report_document import ReportOptions
    from dicomposer.api._report_lookup import measurement_names
    from dicomposer.api._segment import SegmentOptions, segment
    from dicomposer.api._segments import SegmentLike, SegmentsLike, default_colour
    from dicomposer.api._select import SelectOptions, select
    from dicomposer.api._sources import SourceImages, SourceLike, read_source
    from dicomposer.api._syntax import TRANSFER_SYNTAXES
    from dicomposer.validation import validate, validate_files
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "_masks": "MaskLike",
            "_measure": "MeasurementTable PlaneAxes SegmentMeasurements measure_segments",
            "_measure_report": "MeasureOptions measure",
            "_measure_values": "Statistics",
            "_measurements": "MEASUREMENT_COLUMNS ReportLike measurement_rows measurements",
            "_open": "open",
            "_order": "ORDERS",
            "_planes": "PlaneColumns SourcePlanes",
            "_report": "FindingLike FindingsLike ReportFinding report",
            "_report_document": "ReportOptions",
            "_report_lookup": "measurement_names",
            "_segment": "SegmentOptions segment",
            "_segments": "SegmentLike SegmentsLike default_colour",
            "_select": "SelectOptions select",
            "_sources": "SourceImages SourceLike read_source",
            "_syntax": "TRANSFER_SYNTAXES",
            "dicomposer.validation": "validate validate_files",
        },
    )

__all__ = [
    "MEASUREMENT_COLUMNS",
    "ORDERS",
    "TRANSFER_SYNTAXES",
    "FindingLike",
    "FindingsLike",
    "MaskLike",
    "MeasureOptions",
    "MeasurementTable",
    "PlaneAxes",
    "PlaneColumns",
    "ReportFinding",
    "ReportLike",
    "ReportOptions",
    "SegmentLike",
    "SegmentMeasurements",
    "SegmentOptions",
    "SegmentsLike",
    "SelectOptions",
    "SourceImages",
    "SourceLike",
    "SourcePlanes",
    "Statistics",
    "default_colour",
    "measure",
    "measure_segments",
    "measurement_names",
    "measurement_rows",
    "measurements",
    "open",
    "read_source",
    "report",
    "segment",
    "select",
    "validate",
    "validate_files",
]
