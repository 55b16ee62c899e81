"""Content items that are alike are checked once: what is wrong with a later one is found all the same."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes

import dicomposer.sr as sr
from dicomposer.validation import validate
from dicomposer.validation.content import _content_tree


@pytest.fixture(scope="module")
def report() -> bytes:
    """A report of ten groups that differ in numbers, texts, UIDs and points."""
    image = dcmread(str(get_testdata_file("CT_small.dcm")))
    source = sr.SourceImageForRegion.from_source_image(image)
    device = sr.DeviceObserverIdentifyingAttributes("1.2.3", "net")
    observer = sr.ObserverContext(codes.DCM.Device, device)
    groups = [
        sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            sr.TrackingIdentifier(f"2.25.7770{i}", f"finding {i}"),
            referenced_region=sr.ImageRegion("POLYLINE", np.array([[1.0, 1], [9, 1], [9, 9]]) + i, source),
            finding_type=codes.SCT.Nodule,
            measurements=[sr.Measurement(codes.SCT.Length, 4000.25 + i, codes.UCUM.Millimeter)],
        )
        for i in range(10)
    ]
    content = sr.MeasurementReport(
        sr.ObservationContext(observer_device_context=observer), codes.SCT.Chest, imaging_measurements=groups
    )
    document = sr.Comprehensive3DSR([image], content, "2.25.1", 1, "2.25.2", 1, manufacturer="m")
    buffer = io.BytesIO()
    document.save_as(buffer)
    return buffer.getvalue()


def _findings(data: bytes) -> list[tuple[Any, ...]]:
    return [(one.level, one.rule, one.path, one.message, one.count) for one in validate(data)]


@pytest.mark.parametrize(
    ("right", "wrong", "keyword"),
    [
        (b"finding 7 ", b"find\x02ng 7 ", "TextValue"),
        (b"2.25.77707", b"2.25.07707", "UID"),
        (b"4007.25 ", b"4007,25 ", "NumericValue"),
    ],
)
def test_a_later_item_of_a_known_form(report: bytes, right: bytes, wrong: bytes, keyword: str) -> None:
    assert report.count(right) == 1
    assert not [one for one in _findings(report) if one[0] == "error"]
    errors = [one for one in _findings(report.replace(right, wrong)) if one[0] == "error"]
    assert [one[2].rpartition(".")[2] for one in errors] == [keyword]
    assert ".ContentSequence[7]." in errors[0][2]


@pytest.mark.parametrize("wrong", [b"", b"find\x02ng 7 ", b"finding 7\xe4"])
def test_findings_are_those_of_each_item_by_itself(
    report: bytes, wrong: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = report.replace(b"finding 7 ", wrong) if wrong else report
    shared = _findings(data)
    monkeypatch.setattr(_content_tree, "_is_usual", lambda element: False)
    assert _findings(data) == shared
