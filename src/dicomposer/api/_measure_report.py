"""``measure``: what was measured of the segments of a Segmentation, as a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Unpack, cast

from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.api._measure import (
    STATISTICS,
    SegmentationLike,
    SegmentMeasurements,
    Wanted,
    measured,
)
from dicomposer.api._measure_maps import ValueMapLike
from dicomposer.api._measure_values import Quantity
from dicomposer.api._report_document import (
    ReportOptions,
    SegmentationSource,
    algorithm_of,
    check_options,
    write_report,
)
from dicomposer.api._report_viewer import bidirectional, check_viewer
from dicomposer.api._sources import SourceLike
from dicomposer.coding import Code, new_uid
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import dcm, sct
from dicomposer.seg import SegmentDescription
from dicomposer.sr import (
    FindingSite,
    Measurement,
    ReferencedSegment,
    StructuredReport,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)

__all__ = ["AREA", "MM2", "VOLUME", "VOLUMES", "MeasureOptions", "measure", "sites_of"]

VOLUME, AREA = sct("118565006", "Volume"), sct("42798000", "Area")
_MM, MM2 = Code("mm", "UCUM", "millimeter"), Code("mm2", "UCUM", "square millimeter")
VOLUMES = {
    "mm3": (1.0, Code("mm3", "UCUM", "cubic millimeter")),
    "cm3": (1000.0, Code("cm3", "UCUM", "cubic centimeter")),
}
_VOXELS = Code("{voxels}", "UCUM", "voxels")
_PIXELS = Code("{pixels}", "UCUM", "pixels")
_SUMMED = dcm("126030", "Sum of segmented voxel method for volume")
#: Derivations of the statistics (PS3.16 CID 7464).
_DERIVATIONS = dict(
    zip(
        STATISTICS,
        (
            sct("373098007", "Mean"),
            sct("386136009", "Standard Deviation"),
            sct("255605001", "Minimum"),
            sct("56851009", "Maximum"),
            sct("373099004", "Median"),
        ),
        strict=True,
    )
)


class MeasureOptions(ReportOptions, total=False):
    """What else :func:`measure` takes: options of :func:`report`, and these."""

    volume_unit: str
    source_series: str | int
    value_map: ValueMapLike


def measure(
    segmentation: SegmentationLike,
    source: SourceLike,
    *,
    segments: Sequence[int] | None = None,
    statistics: bool | None = None,
    threshold: float = 0.5,
    viewer: str | None = None,
    **options: Unpack[MeasureOptions],
) -> StructuredReport:
    """Measure the segments of a Segmentation and write what was found as a report (PS3.16 TID 1500, 1411).

    Each segment is a group of measurements that refers to it: volume, largest diameter, long and short axis, and the
    mean, standard deviation, minimum, maximum and median of the values of the images. Segments on slides and single
    images have an area. Empty segments have a volume of 0.

    Parameters
    ----------
    segmentation, source, segments, statistics, threshold
        As :func:`measure_segments` takes them.
    viewer : {"ohif"}, optional
        Also write each segment's axes as an annotation that OHIF shows and edits.
    **options
        ``volume_unit``, "cm3" or "mm3"; ``source_series`` and ``value_map``, as there; and those of :func:`report`:
        ``title``, ``algorithm``, ``observer``...

    Returns
    -------
    StructuredReport
        Checked against the standard; write it with ``save_as``.

    Raises
    ------
    ArgumentError
        See :func:`measure_segments`.

    Examples
    --------
    >>> import dicomposer as dc
    >>> dc.measure("liver.dcm", "ct/").save_as("report.dcm")  # doctest: +SKIP
    """
    extra: dict[str, Any] = dict(options)
    check_options(extra, MeasureOptions.__annotations__, "measure()")
    volume_unit = extra.pop("volume_unit", "cm3")
    if volume_unit not in VOLUMES:
        raise ArgumentError(f"volume_unit must be one of {', '.join(VOLUMES)}, not {volume_unit!r}")
    check_viewer(viewer)
    wanted = Wanted(
        segments, statistics, threshold, extra.pop("source_series", None), extra.pop("value_map", None)
    )
    found = measured(segmentation, source, wanted)
    if found.source is None:
        raise ArgumentTypeError("a report needs the images as source; measure_segments() does without")
    rest = cast("ReportOptions", extra)
    known = SegmentationSource(found.segmentation)
    groups: list[Any] = []
    for one in found.table:
        description = found.segmentation.get_segment_description(one.number)
        uid = one.tracking_uid or new_uid()
        if viewer is not None and one.axes is not None and one.axes.image is not None:
            groups.append(bidirectional(one.axes, description, uid))
        groups.append(
            _group(
                replace(one, tracking_uid=uid),
                description,
                known.reference(one.number),
                found.quantity,
                volume_unit,
                rest,
            )
        )
    return write_report(groups, [*found.source.datasets], [found.segmentation], rest)


def _group(
    one: SegmentMeasurements,
    description: SegmentDescription,
    reference: ReferencedSegment,
    quantity: Quantity | None,
    volume_unit: str,
    options: ReportOptions,
) -> VolumetricROIMeasurementsAndQualitativeEvaluations:
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        TrackingIdentifier(uid=one.tracking_uid, identifier=one.tracking_id or one.label),
        referenced_segment=reference,
        finding_type=description.segmented_property_type,
        finding_category=description.segmented_property_category,
        finding_sites=sites_of(description),
        algorithm_id=algorithm_of(options),
        measurements=list(_written(one, quantity, volume_unit)),
    )


_SIDES = ("7771000", "24028007", "51440002", "66459002")
_OLD_SIDES = {
    "G-A100": sct("24028007", "Right"),
    "G-A101": sct("7771000", "Left"),
    "G-A102": sct("51440002", "Right and left"),
    "G-A103": sct("66459002", "Unilateral"),
}


def sites_of(description: SegmentDescription) -> list[FindingSite] | None:
    """Where a segment lies: its anatomic regions with their side; an organ that has a side, itself."""
    sites = [
        FindingSite(_code(item), _side(item, "AnatomicRegionModifierSequence"))
        for item in record.items_of(description, "AnatomicRegionSequence")
    ]
    if not sites:
        for item in record.items_of(description, "SegmentedPropertyTypeCodeSequence")[:1]:
            side = _side(item, "SegmentedPropertyTypeModifierCodeSequence")
            if side is not None:
                sites.append(FindingSite(_code(item), side))
    return sites or None


def _code(item: Dataset) -> Code:
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue")
    return Code(str(value), str(item.get("CodingSchemeDesignator", "")), str(item.get("CodeMeaning", "")))


def _side(item: Dataset, keyword: str) -> Code | None:
    for modifier in record.items_of(item, keyword):
        value = record.text_value(modifier, "CodeValue") or ""
        if value in _SIDES or value in _OLD_SIDES:  # SNOMED-RT, as older programs write it
            return _OLD_SIDES.get(value) or _code(modifier)
    return None


def _written(one: SegmentMeasurements, quantity: Quantity | None, volume_unit: str) -> Iterator[Measurement]:
    if one.volume is not None:
        scale, unit = VOLUMES[volume_unit]
        yield Measurement(VOLUME, one.volume / scale, unit, method=_SUMMED)
    if one.area is not None:
        yield Measurement(AREA, one.area, MM2)
    if one.volume is None:
        yield Measurement(dcm("130922", "Number of pixels"), one.voxels, _PIXELS)
    else:
        yield Measurement(dcm("130923", "Number of voxels"), one.voxels, _VOXELS)
    if one.diameter is not None:
        yield Measurement(Code("L0JK", "IBSI", "Maximum 3D Diameter of a Mesh"), one.diameter, _MM)
    if one.axes is not None:
        yield Measurement(sct("103339001", "Long Axis"), one.axes.long, _MM)
        yield Measurement(sct("103340004", "Short Axis"), one.axes.short, _MM)
    if one.statistics is not None and quantity is not None and quantity.name is not None:
        for name, derivation in _DERIVATIONS.items():
            yield Measurement(
                quantity.name, getattr(one.statistics, name), quantity.unit, derivation=derivation
            )
