"""Frames of label maps hold several segments: a reference to one says which segment is meant."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from pydicom.sr.codedict import codes

import dicomposer as dc
from dicomposer import samples, sr
from dicomposer.coding import new_uid


@pytest.mark.parametrize("kind", ["LABELMAP", "BINARY"])
def test_the_segment_is_not_lost(kind: str) -> None:
    images = list(samples.phantom_series("CT").datasets)
    mask = np.zeros((len(images), images[0].Rows, images[0].Columns), np.uint8)
    mask[2:5, 4:9, 4:9], mask[3, 10:14, 10:14] = 1, 2
    found = dc.segment(mask, source=images, segments=["Liver", "Spleen"], segmentation_type=kind)
    if kind == "BINARY":
        reference = sr.ReferencedSegmentationFrame.from_segmentation(found, segment_number=2)
    else:
        with pytest.raises(ValueError, match="one segment"):
            sr.ReferencedSegmentationFrame.from_segmentation(found, 2)
        reference = sr.ReferencedSegmentationFrame.from_segmentation(found, 2, 2)
    group = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(new_uid(), "spleen"), referenced_segment=reference,
        measurements=[sr.Measurement(codes.SCT.Area, 16.0, codes.UCUM.SquareMillimeter)],
    )  # fmt: skip
    device = sr.ObserverContext(codes.DCM.Device, sr.DeviceObserverIdentifyingAttributes(new_uid(), "box"))
    content = sr.MeasurementReport(
        sr.ObservationContext(observer_device_context=device), codes.LN.CTUnspecifiedBodyRegion, [group]
    )
    document = sr.ComprehensiveSR([*images, found], content, new_uid(), 1, new_uid(), 1, manufacturer="m")
    stream = BytesIO()
    document.save_as(stream)
    (again,) = sr.srread(BytesIO(stream.getvalue())).content.get_planar_roi_measurement_groups()
    item = again.referenced_segmentation_frame[0]
    assert item.referenced_frame_numbers == [2 if kind == "LABELMAP" else 4]
    assert item.referenced_segment_numbers == ([2] if kind == "LABELMAP" else None)
    warned = {one.rule_id for one in dc.validate(BytesIO(stream.getvalue())).down_to("warning")}
    assert warned == ({"type-1c", "sr-image-reference"} if kind == "LABELMAP" else set())
