"""Workloads of structured reports: measurement groups of planar regions, written and read."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
from pydicom.sr.codedict import codes

from benchmarks.workloads import Side, Workload, ct_series

#: Names of the measurements of each group.
QUANTITIES = ("Volume", "Mean", "Maximum", "Minimum", "Length")


def uid_of(number: int) -> str:
    """Tracking UID of a group."""
    return f"2.25.900{number}"


def made(side: Side, sources: list[Any], count: int) -> Any:
    """A report of groups with 5 measurements and 2 evaluations each, written into memory."""
    sr = side.lib.sr
    observer = sr.ObserverContext(
        codes.DCM.Device, sr.DeviceObserverIdentifyingAttributes("2.25.77", "bench")
    )
    groups = [_group(sr, sources[i % len(sources)], i) for i in range(count)]
    report = sr.MeasurementReport(
        sr.ObservationContext(observer_device_context=observer),
        codes.LN.CTUnspecifiedBodyRegion if "CTUnspecifiedBodyRegion" in dir(codes.LN) else codes.SCT.Chest,
        imaging_measurements=groups,
    )
    lib = side.lib
    return sr.Comprehensive3DSR(sources, report, lib.UID(), 1, lib.UID(), 1, manufacturer="m")


def _group(sr: Any, source: Any, number: int) -> Any:
    points = np.array([[1.0, 1], [20, 1], [20, 20], [1, 1]]) + number % 50
    region = sr.ImageRegion("POLYLINE", points, sr.SourceImageForRegion.from_source_image(source))
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(uid_of(number), f"finding {number}"),
        referenced_region=region,
        finding_type=codes.SCT.Nodule,
        finding_sites=[sr.FindingSite(codes.SCT.Lung)],
        measurements=[
            sr.Measurement(getattr(codes.SCT, name), 12.5 + number + place, codes.UCUM.Millimeter)
            for place, name in enumerate(QUANTITIES)
        ],
        qualitative_evaluations=[
            sr.QualitativeEvaluation(codes.DCM.LevelOfSignificance, codes.SCT.Normal),
            sr.QualitativeEvaluation(codes.DCM.Normality, codes.SCT.Normal),
        ],
    )


def _digest(groups: Any) -> str:
    """What groups hold: tracking, region, measurements and evaluations."""
    state = hashlib.blake2b()
    for group in groups:
        state.update(f"{group.tracking_uid} {group.tracking_identifier} {group.finding_type.value}".encode())
        state.update(np.asarray(group.roi.value, "<f4").tobytes())
        for one in group.get_measurements():
            state.update(f"{one.name.value} {float(one.value)} {one.unit.value}".encode())
        for one in group.get_qualitative_evaluations():
            state.update(f"{one.name.value} {one.value.value}".encode())
    return f"{len(groups)}:{state.hexdigest()[:16]}"


def _create(count: int) -> Any:
    def prepare(side: Side) -> Any:
        sources = ct_series(20)
        side.saved(made(side, sources, 3))  # warm up
        return sources

    def measured(side: Side, sources: Any) -> bytes:
        return side.saved(made(side, sources, count))

    return prepare, measured


def _written(side: Side, data: bytes) -> str:
    """Values of a document, read by our reader whoever wrote it."""
    report = Side("ours").lib.sr.srread(io.BytesIO(data)).content
    return _digest(report.get_planar_roi_measurement_groups())


def _open(side: Side, data: bytes) -> Any:
    return side.lib.sr.srread(io.BytesIO(data)).content


def _file(count: int) -> Any:
    """Bytes that our side writes for both to read."""

    def prepare(side: Side) -> Any:
        ours, sources = Side("ours"), ct_series(20)
        small = _open(side, ours.saved(made(ours, sources, 3)))
        _digest(small.get_planar_roi_measurement_groups(tracking_uid=uid_of(1)))  # warm up
        return ours.saved(made(ours, sources, count))

    return prepare


def _opened(count: int) -> Any:
    prepare = _file(count)
    return lambda side: _open(side, prepare(side))


def _values(side: Side, report: Any) -> list[float]:
    groups = report.get_planar_roi_measurement_groups()
    return [float(one.value) for group in groups for one in group.get_measurements()]


def all_reports() -> list[Workload]:
    """The rows of structured reports."""
    rows = []
    for count in (1000, 5000):
        name, heavy = f"SR {count:,} groups: ", count > 1000
        middle = uid_of(count // 2)

        def one(side: Side, report: Any, uid: str = middle) -> Any:
            return report.get_planar_roi_measurement_groups(tracking_uid=uid)

        def every(side: Side, report: Any) -> Any:
            return report.get_planar_roi_measurement_groups()

        def groups_of(side: Side, groups: Any) -> str:
            return _digest(groups)

        def opened(side: Side, report: Any) -> str:
            return str(len(report[0].ContentSequence))

        def numbers(side: Side, values: Any) -> str:
            return f"{len(values)}:{sum(values)}"

        rows += [
            Workload(name + "create + save", *_create(count), _written, (15, 15), heavy=heavy),
            Workload(name + "open", _file(count), _open, opened, (20, 20), heavy=heavy),
            Workload(name + "all groups", _opened(count), every, groups_of, (20, 20), heavy=heavy),
            Workload(name + "all measured values", _opened(count), _values, numbers, (20, 20), heavy=heavy),
            Workload(name + "one by tracking UID", _opened(count), one, groups_of, (100, 100), heavy=heavy),
        ]
    return rows
