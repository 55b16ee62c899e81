"""Looking at what was made: overlay pictures and summaries, without anything about the patient."""

from __future__ import annotations

from dicomposer.view._overlay import Style, legend, overlay, source_series
from dicomposer.view._png import save_png
from dicomposer.view._summary import ReferencedSeries, SegmentSummary, Summary, summarise

__all__ = [
    "ReferencedSeries",
    "SegmentSummary",
    "Style",
    "Summary",
    "legend",
    "overlay",
    "save_png",
    "source_series",
    "summarise",
]
