"""Results that satisfy the profile ``ai-results``, and reports to break."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from io import BytesIO

import highdicom as hd
import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from tests.validation.good import MAKER, _identity, _observation, small_ct
from tests.validation.objects import encoded, segment, uid


def _described(made: Dataset) -> Dataset:
    """With the algorithm as contributing equipment, and what people sort results by."""
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "Newcode1", "99IHE"
    purpose.CodeMeaning = "Processing Algorithm"
    algorithm = Dataset()
    algorithm.PurposeOfReferenceCodeSequence = [purpose]
    algorithm.Manufacturer, algorithm.ManufacturerModelName = "maker", "net"
    algorithm.SoftwareVersions, algorithm.DeviceUID = "1.0", uid(41)
    made.ContributingEquipmentSequence = [algorithm]
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = "maker", "model", "1"
    made.SeriesDescription = "AI result"
    return dcmread(BytesIO(encoded(made)))


@cache
def segmentation() -> Dataset:
    """One tracked segment."""
    description = segment(1, "lesion")
    description.TrackingID, description.TrackingUID = "lesion 1", uid(42)
    pixels = np.zeros((3, 16, 16), np.uint8)
    pixels[1, 4:8, 4:8] = 1
    made = hd.seg.Segmentation(list(small_ct()), pixels, "BINARY", [description], **_identity(31), **MAKER)
    return _described(made)


def _report(group: object, evidence: list[Dataset], number: int) -> Dataset:
    content = hd.sr.MeasurementReport(
        observation_context=_observation(),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        title=codes.DCM.ImagingMeasurementReport,
        imaging_measurements=[group],
    )
    made = hd.sr.Comprehensive3DSR(
        evidence=evidence, content=content, **_identity(number), manufacturer="maker", is_complete=True
    )
    return _described(made)


@cache
def segment_report() -> Dataset:
    """A report whose only group refers to the segment."""
    frames = [1]
    reference = hd.sr.ReferencedSegmentationFrame(
        sop_class_uid=segmentation().SOPClassUID,
        sop_instance_uid=segmentation().SOPInstanceUID,
        frame_number=frames,
        segment_number=1,
        source_image=hd.sr.SourceImageForSegmentation.from_source_image(small_ct()[1]),
    )
    group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        referenced_segment=reference,
        tracking_identifier=hd.sr.TrackingIdentifier(uid=uid(42), identifier="lesion 1"),
        measurements=[hd.sr.Measurement(codes.SCT.Diameter, 6.0, codes.UCUM.Millimeter)],
        finding_type=codes.SCT.Neoplasm,
    )
    return _report(group, [segmentation(), small_ct()[1]], 32)


def length_report(identifier: str) -> Dataset:
    """A report with a length between two points (TID 1501), under a tracking identifier."""
    image = small_ct()[0]
    points = hd.sr.CoordinatesForMeasurement(
        graphic_type=hd.sr.GraphicTypeValues.POLYLINE,
        graphic_data=np.array([[2.0, 2.0], [8.0, 8.0]]),
        source_image=hd.sr.SourceImageForMeasurement.from_source_image(image),
    )
    points.ContentSequence[0].RelationshipType = "SELECTED FROM"  # highdicom 0.28 writes INFERRED FROM
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=uid(43), identifier=identifier),
        measurements=[
            hd.sr.Measurement(codes.SCT.Length, 6.0, codes.UCUM.Millimeter, referenced_coordinates=[points])
        ],
        finding_type=codes.SCT.Neoplasm,
    )
    return _report(group, [image], 33)


def group_of(report: Dataset) -> Dataset:
    """The first measurement group."""
    measurements = next(
        item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010"
    )
    return measurements.ContentSequence[0]


def without(dataset: Dataset, *keywords: str) -> Dataset:
    """A copy without attributes."""
    copy = deepcopy(dataset)
    for keyword in keywords:
        delattr(copy, keyword)
    return copy
