"""Reports with a value in every row that the object API can write, by this library or by highdicom."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from io import BytesIO
from types import ModuleType
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from dicomposer.record import save

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
VALUE_MAP = "1.2.840.10008.5.1.4.1.1.67"
CT = "1.2.840.10008.5.1.4.1.1.2"
FRAME_OF_REFERENCE = "1.2.826.0.1.99"
UIDS = {
    name: f"1.2.826.0.1.{number}"
    for number, name in enumerate("segmentation map planar frame segment regions surface image".split(), 1)
}
IMPLICIT, EXPLICIT, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"

NAME = Code("111030", "DCM", "Image Region")
MM = Code("mm", "UCUM", "mm")
U = "1.2.3.4"
PROCEDURE = Code("25045-6", "LN", "CT unspecified body region")
VOLUME = Code("118565006", "SCT", "Volume")
LENGTH = Code("410668003", "SCT", "Length")
SQUARE = np.array([[1.0, 1.0], [5.0, 1.0], [5.0, 4.0], [1.0, 1.0]])
BALL = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]) * 10


@cache
def _ct() -> Dataset:
    return dcmread(get_testdata_file("CT_small.dcm"))


def ct() -> Dataset:
    """A CT image that may be changed."""
    return deepcopy(_ct())


def other(class_uid: str, instance_uid: str) -> Dataset:
    """An object of the study of the CT image: what evidence needs of it."""
    made = Dataset()
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "StudyDate", "StudyTime"):
        made[keyword] = deepcopy(_ct()[keyword])
    made.SeriesInstanceUID = instance_uid + ".9"
    made.SOPClassUID, made.SOPInstanceUID = class_uid, instance_uid
    return made


def evidence() -> list[Dataset]:
    """Everything that the full report refers to."""
    return [ct(), other(SEGMENTATION, UIDS["segmentation"]), other(VALUE_MAP, UIDS["map"])]


def context(S: ModuleType) -> Any:
    """Person, program and specimen."""
    D = codes.DCM
    return S.ObservationContext(
        observer_person_context=S.ObserverContext(
            D.Person,
            S.PersonObserverIdentifyingAttributes(
                "Doe^Jane",
                "jdoe",
                "A hospital",
                Code("121081", "DCM", "Physician"),
                Code("121094", "DCM", "Performing"),
            ),
        ),
        observer_device_context=S.ObserverContext(
            D.Device,
            S.DeviceObserverIdentifyingAttributes(
                "1.2.3",
                "net",
                "a maker",
                "model 1",
                "77",
                "room 3",
                Code("113859", "DCM", "Irradiating Device"),
            ),
        ),
        subject_context=S.SubjectContext(
            D.Specimen,
            S.SubjectContextSpecimen("1.2.3.4", "S1", "C1", Code("119376003", "SCT", "Tissue specimen")),
        ),
    )


def algorithm(S: ModuleType) -> Any:
    return S.AlgorithmIdentification(
        "a net", "1.0", ["a=1", "b=2"], Code("123109", "DCM", "Artificial Intelligence"), "a maker"
    )


def site(S: ModuleType) -> Any:
    return S.FindingSite(codes.SCT.Lung, codes.SCT.Right, Code("43799004", "SCT", "Upper lobe"))


def measurement(S: ModuleType, name: Any = VOLUME, *, points: bool = False, value: float = 12.25) -> Any:
    """A measurement with everything that qualifies it."""
    share = S.NumContentItem(codes.SCT.Mean, 11.5, codes.UCUM.Millimeter, relationship_type="HAS PROPERTIES")
    limit = S.NumContentItem(
        Code("371933006", "SCT", "Normal Range Upper Limit"),
        20,
        codes.UCUM.Millimeter,
        relationship_type="HAS PROPERTIES",
    )
    points3d = S.CoordinatesForMeasurement3D("POINT", np.array([[1.0, 2, 3]]), FRAME_OF_REFERENCE)
    points2d = S.CoordinatesForMeasurement(
        "POLYLINE", SQUARE[:2], S.SourceImageForRegion.from_source_image(_ct())
    )
    return S.Measurement(
        name,
        value,
        codes.UCUM.Millimeter,
        qualifier=Code("114009", "DCM", "Value out of range"),
        tracking_identifier=S.TrackingIdentifier("1.2.826.0.2.1", "lesion 1 volume"),
        algorithm_id=algorithm(S),
        derivation=codes.SCT.Mean,
        finding_sites=[site(S)],
        method=Code("126034", "DCM", "ITK"),
        properties=S.MeasurementProperties(
            normality=codes.SCT.Normal,
            level_of_significance=codes.SCT.Moderate,
            selection_status=Code("121410", "DCM", "User chosen value"),
            upper_measurement_uncertainty=1.5,
            lower_measurement_uncertainty=0.5,
            measurement_statistical_properties=S.MeasurementStatisticalProperties([share], "everyone", "me"),
            normal_range_properties=S.NormalRangeProperties([limit], "the usual", "you"),
        ),
        referenced_images=[S.SourceImageForMeasurement.from_source_image(_ct())],
        referenced_coordinates=[points2d, points3d] if points else None,
        referenced_real_world_value_map=S.RealWorldValueMap(UIDS["map"]),
    )


def common(S: ModuleType, name: str, *, points: bool = False) -> dict[str, Any]:
    """Arguments that all groups take."""
    return {
        "tracking_identifier": S.TrackingIdentifier(UIDS[name], f"lesion {name}"),
        "time_point_context": S.TimePointContext(
            "visit 2",
            Code("126080", "DCM", "RECIST Baseline"),
            2,
            "S2",
            "P2",
            S.LongitudinalTemporalOffsetFromEvent(3, codes.UCUM.Day, Code("126206", "DCM", "Enrollment")),
        ),
        "finding_type": codes.SCT.Nodule,
        "method": Code("126030", "DCM", "Sum"),
        "algorithm_id": algorithm(S),
        "finding_sites": [site(S), S.FindingSite(codes.SCT.Liver)],
        "session": "session 1",
        "measurements": [measurement(S, points=points), S.Measurement(LENGTH, 3, codes.UCUM.Millimeter)],
        "qualitative_evaluations": [
            S.QualitativeEvaluation(Code("111009", "DCM", "Calcification Distribution"), codes.SCT.Normal),
            S.QualitativeEvaluation(Code("112023", "DCM", "Attenuation Coefficient"), codes.SCT.Moderate),
        ],
        "finding_category": codes.SCT.MorphologicallyAbnormalStructure,
        "referenced_real_world_value_map": S.RealWorldValueMap(UIDS["map"]),
    }


def groups(S: ModuleType) -> list[Any]:
    """One group for each way of saying what was measured."""
    image = _ct()
    region = S.ImageRegion("POLYLINE", SQUARE, S.SourceImageForRegion.from_source_image(image))
    circle = S.ImageRegion("CIRCLE", SQUARE[:2], S.SourceImageForRegion.from_source_image(image))
    source = S.SourceImageForSegmentation.from_source_image(image)
    purpose = Code("75958009", "SCT", "Bounded by")
    planar = S.PlanarROIMeasurementsAndQualitativeEvaluations
    volumetric = S.VolumetricROIMeasurementsAndQualitativeEvaluations
    segmentation = UIDS["segmentation"]
    return [
        planar(referenced_region=region, geometric_purpose=purpose, **common(S, "planar")),
        planar(
            referenced_segment=S.ReferencedSegmentationFrame(SEGMENTATION, segmentation, 1, 2, source),
            **common(S, "frame"),
        ),
        volumetric(
            referenced_segment=S.ReferencedSegment(
                SEGMENTATION, segmentation, 1, [1, 2], source_series=S.SourceSeriesForSegmentation("1.2.3.88")
            ),
            geometric_purpose=purpose,
            **common(S, "segment"),
        ),
        volumetric(referenced_regions=[region, circle], **common(S, "regions")),
        volumetric(
            referenced_volume_surface=S.VolumeSurface(
                "ELLIPSOID",
                BALL,
                FRAME_OF_REFERENCE,
                source_series=S.SourceSeriesForSegmentation("1.2.3.88"),
            ),
            **common(S, "surface"),
        ),
        S.MeasurementsAndQualitativeEvaluations(
            source_images=[S.SourceImageForMeasurementGroup.from_source_image(image)],
            **common(S, "image", points=True),
        ),
    ]


def report(S: ModuleType, parts: list[Any] | None = None, **more: Any) -> Any:
    """The full report."""
    return S.MeasurementReport(
        context(S),
        PROCEDURE,
        groups(S) if parts is None else parts,
        language_of_content_item_and_descendants=S.LanguageOfContentItemAndDescendants(
            S.CodedConcept("de-DE", "RFC5646", "German (Germany)")
        ),
        referenced_images=[_ct()],
        **more,
    )


def document(S: ModuleType, content: Any = None, **more: Any) -> Any:
    """The full report as a document."""
    return S.Comprehensive3DSR(
        evidence(),
        report(S) if content is None else content,
        "1.2.826.0.3.1",
        5,
        "1.2.826.0.3.2",
        7,
        manufacturer="a maker",
        **more,
    )


def simple(S: ModuleType, name: str = "planar", **more: Any) -> Any:
    """A group with a region, a measurement and nothing else."""
    region = S.ImageRegion("POLYLINE", SQUARE, S.SourceImageForRegion.from_source_image(_ct()))
    return S.PlanarROIMeasurementsAndQualitativeEvaluations(
        S.TrackingIdentifier(UIDS[name], name),
        region,
        measurements=[S.Measurement(VOLUME, 1.5, codes.UCUM.Millimeter)],
        **more,
    )


def written(dataset: Any) -> bytes:
    """The document as a file."""
    buffer = BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def written_plainly(dataset: Dataset) -> bytes:
    """The document as a file, written by pydicom."""
    buffer = BytesIO()
    Dataset.save_as(dataset, buffer, enforce_file_format=True)
    return buffer.getvalue()


def read_again(S: ModuleType, dataset: Any) -> Any:
    """The document after it was written and read."""
    return S.srread(BytesIO(written(dataset)))


def round_trip(item: Any, syntax: str = EXPLICIT) -> Any:
    """A content item after it was written in a file and read by pydicom."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ContentSequence = [item]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = "1.2"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2"
    buffer = BytesIO()
    save(dataset, buffer)
    buffer.seek(0)
    return type(item).from_dataset(dcmread(buffer).ContentSequence[0], copy=False)
