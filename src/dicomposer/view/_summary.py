"""What an object is, without anything about the patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from dicomposer import standard
from dicomposer.errors import GeometryError
from dicomposer.record import float_values, int_value, items_of, text_value, value_of
from dicomposer.seg import Segmentation, SegmentDescription
from dicomposer.view._frames import FrameContents
from dicomposer.view._overlay import colours_of


@dataclass(frozen=True)
class SegmentSummary:
    """One segment.

    Attributes
    ----------
    number, label : int, str
        As in the object.
    category, type : str
        Code meanings; the type with its modifiers (left, right).
    algorithm : str
        Algorithm type and, where there is one, name.
    colour : tuple[int, int, int]
        RGB, 0 to 255.
    voxels : int
        How many; for fractions, how many are not 0.
    frames : int
        Frames that hold some of it.
    volume : float or None
        Millilitres; fractions count as such. None without a spacing, and on slides.
    area : float or None
        Square millimetres, on slides.
    """

    number: int
    label: str
    category: str
    type: str
    algorithm: str
    colour: tuple[int, int, int]
    voxels: int
    frames: int
    volume: float | None
    area: float | None


@dataclass(frozen=True)
class ReferencedSeries:
    """A series that an object refers to: its UID, and how many instances of it."""

    series_instance_uid: str
    instances: int


@dataclass(frozen=True)
class Summary:
    """What an object is.

    Attributes
    ----------
    sop_class, sop_instance_uid, series_instance_uid, modality, transfer_syntax : str
        Identity and encoding; names where the standard has names.
    rows, columns, frames : int
        Of the pixel data; 0 without.
    facts : Mapping[str, str]
        What else there is to say: name and text.
    segments : tuple[SegmentSummary, ...]
        Of a Segmentation.
    references : tuple[ReferencedSeries, ...]
        The series it refers to.
    """

    sop_class: str
    sop_instance_uid: str
    series_instance_uid: str
    modality: str
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    facts: Mapping[str, str]
    segments: tuple[SegmentSummary, ...]
    references: tuple[ReferencedSeries, ...]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        return asdict(self)


def summarise(dataset: Dataset) -> Summary:
    """Say what an object is; names, dates and identifiers of patients are left out.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Any object; see :func:`dicomposer.open`.
    """
    meta = getattr(dataset, "file_meta", None)
    syntax = "" if meta is None else text_value(meta, "TransferSyntaxUID") or ""
    return Summary(
        sop_class=standard.uid_name(text_value(dataset, "SOPClassUID") or ""),
        sop_instance_uid=text_value(dataset, "SOPInstanceUID") or "",
        series_instance_uid=text_value(dataset, "SeriesInstanceUID") or "",
        modality=text_value(dataset, "Modality") or "",
        transfer_syntax=standard.uid_name(syntax) if syntax else "",
        rows=int_value(dataset, "Rows") or 0,
        columns=int_value(dataset, "Columns") or 0,
        frames=(int_value(dataset, "NumberOfFrames") or 1) if "Rows" in dataset else 0,
        facts=_facts(dataset),
        segments=_segments(dataset) if isinstance(dataset, Segmentation) else (),
        references=_references(dataset),
    )


def _facts(dataset: Dataset) -> dict[str, str]:
    facts: dict[str, str] = {}
    for name, keyword in (
        ("Type", "SegmentationType"),
        ("Fractional type", "SegmentationFractionalType"),
        ("Segments overlap", "SegmentsOverlap"),
        ("Image type", "ImageType"),
        ("Organisation", "DimensionOrganizationType"),
        ("Series number", "SeriesNumber"),
        ("Manufacturer", "Manufacturer"),
        ("Software", "SoftwareVersions"),
    ):
        value = value_of(dataset, keyword)
        if value is not None:
            facts[name] = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
    if "TotalPixelMatrixRows" in dataset:
        facts["Total pixel matrix"] = (
            f"{int_value(dataset, 'TotalPixelMatrixRows')} x {int_value(dataset, 'TotalPixelMatrixColumns')} pixels"
        )
    return facts | _geometry(dataset)


def _geometry(dataset: Dataset) -> dict[str, str]:
    spacing = _spacing(dataset)
    if spacing is None:
        return {}
    facts = {"Pixel spacing": f"{spacing[1]:.6g} x {spacing[2]:.6g} mm"}
    if spacing[0] is not None and "TotalPixelMatrixRows" not in dataset:
        facts["Slice spacing"] = f"{spacing[0]:.6g} mm"
    return facts


def _spacing(dataset: Dataset) -> tuple[float | None, float, float] | None:
    """Distances between planes, rows and columns in millimetres, as far as they are known."""
    shared = items_of(dataset, "SharedFunctionalGroupsSequence")
    measures = items_of(shared[0], "PixelMeasuresSequence") if shared else ()
    holder = measures[0] if measures else dataset
    pixel = float_values(holder, "PixelSpacing")
    if pixel is None or len(pixel) != 2:
        return None
    between = float_values(holder, "SpacingBetweenSlices") or float_values(holder, "SliceThickness")
    return _grid_spacing(dataset) or (None if between is None else between[0]), *pixel


def _grid_spacing(dataset: Dataset) -> float | None:
    """The distance at which the frames really lie; the header's may be a slice thickness."""
    if not isinstance(dataset, Segmentation) or "TotalPixelMatrixRows" in dataset:
        return None
    try:
        geometry = dataset.get_volume_geometry()
    except GeometryError:
        return None
    return None if geometry is None else float(geometry.spacing_between_slices)


def _segments(segmentation: Segmentation) -> tuple[SegmentSummary, ...]:
    contents, colours, spacing = (
        FrameContents.of(segmentation),
        colours_of(segmentation),
        _spacing(segmentation),
    )
    on_slide = "TotalPixelMatrixRows" in segmentation
    found = []
    for number in segmentation.segment_numbers:
        description = segmentation.get_segment_description(number)
        voxels, weight, frames = contents.totals(number)
        volume = area = None
        if spacing is not None and on_slide:
            area = weight * spacing[1] * spacing[2]
        elif spacing is not None and spacing[0] is not None:
            volume = weight * float(np.prod([spacing[0], spacing[1], spacing[2]])) / 1000
        found.append(
            SegmentSummary(
                number,
                description.segment_label,
                description.segmented_property_category.meaning,
                _type_of(description),
                _algorithm_of(description),
                colours[number],
                voxels,
                frames,
                volume,
                area,
            )
        )
    return tuple(found)


def _type_of(description: SegmentDescription) -> str:
    kinds = items_of(description, "SegmentedPropertyTypeCodeSequence")
    modifiers = items_of(kinds[0], "SegmentedPropertyTypeModifierCodeSequence") if kinds else ()
    return ", ".join(str(value_of(code, "CodeMeaning") or "") for code in (*kinds[:1], *modifiers))


def _algorithm_of(description: SegmentDescription) -> str:
    return " ".join(
        str(part)
        for part in (
            value_of(description, "SegmentAlgorithmType"),
            value_of(description, "SegmentAlgorithmName"),
        )
        if part
    )


def _references(dataset: Dataset) -> tuple[ReferencedSeries, ...]:
    counts: Counter[str] = Counter()
    for series in items_of(dataset, "ReferencedSeriesSequence"):
        uid = text_value(series, "SeriesInstanceUID") or ""
        counts[uid] += len(items_of(series, "ReferencedInstanceSequence"))
    return tuple(ReferencedSeries(uid, count) for uid, count in counts.items())
