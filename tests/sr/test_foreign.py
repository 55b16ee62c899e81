"""Reports of other programs, and files with faults: opened, or refused with an error of ours."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.sr.coding import Code

from dicomposer import sr
from dicomposer.errors import DicomposerError
from dicomposer.items import walk
from judges import judge, tid1500reader
from reports import SEGMENTATION, UIDS, ct, document, evidence, other, report, simple, written

# -- dcmqi ------------------------------------------------------------------------------------------------------------


def code(value: str, scheme: str, meaning: str) -> dict[str, str]:
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


def instructions() -> dict[str, Any]:
    """What dcmqi's tid1500writer takes."""
    image, site = ct(), code("39607008", "SCT", "Lung")
    return {
        "@schema": "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/schemas/sr-tid1500-schema.json#",
        "SeriesDescription": "Measurements",
        "SeriesNumber": "1001",
        "InstanceNumber": "1",
        "compositeContext": ["segmentation.dcm"],
        "imageLibrary": ["image.dcm"],
        "observerContext": {"ObserverType": "PERSON", "PersonObserverName": "Doe^Jane"},
        "VerificationFlag": "UNVERIFIED",
        "CompletionFlag": "PARTIAL",
        "activitySession": "1",
        "timePoint": "1",
        "Measurements": [
            {
                "MeasurementGroup": {"TrackingIdentifier": "lesion", "TrackingUniqueIdentifier": "1.2.3"},
                "TrackingIdentifier": "lesion",
                "TrackingUniqueIdentifier": "1.2.3",
                "ReferencedSegment": 1,
                "SourceSeriesForImageSegmentation": str(image.SeriesInstanceUID),
                "segmentationSOPInstanceUID": UIDS["segmentation"],
                "Finding": code("4147007", "SCT", "Mass"),
                "FindingSite": site,
                "measurementItems": [
                    {
                        "value": "37.5",
                        "quantity": code("118565006", "SCT", "Volume"),
                        "units": code("mm3", "UCUM", "cubic millimeter"),
                    },
                    {
                        "value": "70.97",
                        "quantity": code("112031", "DCM", "Attenuation Coefficient"),
                        "units": code("[hnsf'U]", "UCUM", "Hounsfield unit"),
                        "derivationModifier": code("373098007", "SCT", "Mean"),
                    },
                ],
            }
        ],
    }


@pytest.fixture(scope="module")
def dcmqi_report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("dcmqi")
    ct().save_as(folder / "image.dcm")
    segmentation = other(SEGMENTATION, UIDS["segmentation"])
    segmentation.file_meta = ct().file_meta
    segmentation.file_meta.MediaStorageSOPClassUID = SEGMENTATION
    segmentation.file_meta.MediaStorageSOPInstanceUID = UIDS["segmentation"]
    segmentation.save_as(folder / "segmentation.dcm", enforce_file_format=True)
    (folder / "report.json").write_text(json.dumps(instructions()), encoding="utf-8")
    done = subprocess.run(
        [
            judge("tid1500writer"),
            *"--inputMetadata report.json --inputCompositeContextDirectory .".split(),
            *"--inputImageLibraryDirectory . --outputDICOM report.dcm".split(),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (folder / "report.dcm").exists(), done.stdout + done.stderr
    return sr.srread(folder / "report.dcm")


def test_dcmqi(dcmqi_report: Any) -> None:
    content = dcmqi_report.content
    assert isinstance(content, sr.MeasurementReport)
    (group,) = content.get_volumetric_roi_measurement_groups()
    assert (group.tracking_identifier, group.tracking_uid) == ("lesion", "1.2.3")
    assert group.finding_type == Code("4147007", "SCT", "Mass")
    assert [one.value for one in group.finding_sites] == [Code("39607008", "SCT", "Lung")]
    assert [one.value for one in group.get_measurements()] == [37.5, 70.97]
    assert [one.unit.value for one in group.get_measurements()] == ["mm3", "[hnsf'U]"]
    assert group.get_measurements()[1].derivation == Code("373098007", "SCT", "Mean")
    assert group.referenced_segment.referenced_segment_numbers == [1]
    assert group.referenced_segment.referenced_sop_instance_uid == UIDS["segmentation"]
    assert group.referenced_segment.source_series_for_segmentation.value == ct().SeriesInstanceUID
    assert content.get_observer_contexts()[0].observer_identifying_attributes.name == "Doe^Jane"
    assert len(content.get_volumetric_roi_measurement_groups(tracking_uid="1.2.3")) == 1
    assert len(content.get_volumetric_roi_measurement_groups(tracking_uid="1.2.4")) == 0


def test_dcmqi_reads_ours(tmp_path: Path) -> None:
    group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier("1.2.3", "lesion"),
        referenced_segment=sr.ReferencedSegment(
            SEGMENTATION, UIDS["segmentation"], 1, source_series=sr.SourceSeriesForSegmentation("1.2.88")
        ),
        finding_type=Code("4147007", "SCT", "Mass"),
        measurements=[
            sr.Measurement(Code("118565006", "SCT", "Volume"), 37.5, Code("mm3", "UCUM", "cubic millimeter"))
        ],
    )
    (tmp_path / "ours.dcm").write_bytes(
        written(sr.EnhancedSR(evidence(), report(sr, [group]), "1.2.3.1", 1, "1.2.3.2", 1))
    )
    tid1500reader(tmp_path / "ours.dcm", tmp_path / "ours.json")
    found = json.loads((tmp_path / "ours.json").read_text("utf-8"))["Measurements"][0]
    assert found["TrackingIdentifier"] == "lesion"
    assert float(found["measurementItems"][0]["value"]) == 37.5
    assert found["measurementItems"][0]["quantity"]["CodeValue"] == "118565006"


# -- others -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reportsi.dcm", "reportsi_with_empty_number_tags.dcm", "test-SR.dcm"])
def test_samples_of_other_toolkits(name: str) -> None:
    path = get_testdata_file(name)
    found = sr.srread(path)
    items = list(walk(found.content))
    plain = dcmread(path)
    assert len(items) == 1 + sum(count(item) for item in plain.ContentSequence)
    assert found.content[0].name.meaning == plain.ConceptNameCodeSequence[0].CodeMeaning
    assert items[1].name_key is not None
    again = sr.srread(BytesIO(written(found)))
    assert len(list(walk(again.content))) == len(items)


def count(item: Dataset) -> int:
    return 1 + sum(count(one) for one in item.get("ContentSequence", ()))


# -- faults -----------------------------------------------------------------------------------------------------------


def first_group(dataset: Dataset) -> Dataset:
    return dataset.ContentSequence[-1].ContentSequence[0]


def drop(keyword: str) -> Callable[[Dataset], None]:
    return lambda item: item.__delitem__(keyword)


FAULTS: dict[str, Callable[[Dataset], None]] = {
    "no relationship": lambda d: drop("RelationshipType")(first_group(d).ContentSequence[0]),
    "no name": lambda d: drop("ConceptNameCodeSequence")(first_group(d).ContentSequence[0]),
    "empty name": lambda d: setattr(first_group(d).ContentSequence[0], "ConceptNameCodeSequence", []),
    "no template": lambda d: drop("ContentTemplateSequence")(first_group(d)),
    "empty template": lambda d: setattr(first_group(d), "ContentTemplateSequence", []),
    "unknown value type": lambda d: setattr(first_group(d).ContentSequence[-1], "ValueType", "SOUND"),
    "no measured value": lambda d: setattr(first_group(d).ContentSequence[-1], "MeasuredValueSequence", []),
    "empty content": lambda d: setattr(first_group(d).ContentSequence[0], "ContentSequence", []),
    "other order": lambda d: setattr(
        first_group(d), "ContentSequence", list(reversed(first_group(d).ContentSequence))
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_leave_the_rest_readable(fault: str) -> None:
    plain = dcmread(
        BytesIO(written(document(sr, report(sr, [simple(sr, finding_type=Code("4147007", "SCT", "Mass"))]))))
    )
    FAULTS[fault](plain)
    buffer = BytesIO()
    plain.save_as(buffer)
    content = sr.srread(buffer.getvalue()).content
    assert isinstance(content, sr.MeasurementReport)
    assert content.get_observer_contexts()
    try:
        groups = content.get_planar_roi_measurement_groups()
        assert [one.tracking_uid for one in groups] == [UIDS["planar"]]
        assert groups[0].finding_type.meaning == "Mass"
        assert len(groups[0].get_measurements()) <= 1
    except DicomposerError:
        assert fault == "unknown value type"


ITEM = (
    "name value value_type relationship_type unit qualifier rational template_id graphic_type "
    "frame_of_reference_uid temporal_range_type referenced_frame_numbers referenced_segment_numbers "
    "referenced_waveform_channels laterality source_image children"
).split()
GROUP = (
    "session tracking_identifier tracking_uid finding_category finding_type method finding_sites reference_type roi "
    "referenced_segmentation_frame referenced_segment source_images geometric_purpose"
).split()


def everything(data: bytes) -> None:
    """Ask for all that a file has; errors of ours are answers."""

    def ask(question: Callable[[], Any]) -> Any:
        try:
            return question()
        except DicomposerError:
            return None

    found = ask(lambda: sr.srread(data))
    content = ask(lambda: found.content) if found is not None else None
    if content is None:
        return
    ask(found.get_evidence)
    pending = list(content)
    while pending:
        item = pending.pop()
        for name in ITEM:
            if hasattr(type(item), name):
                ask(lambda name=name, item=item: getattr(item, name))
        pending.extend(ask(lambda item=item: item.children) or ())
    if isinstance(content, sr.MeasurementReport):
        ask(content.get_observer_contexts)
        ask(content.get_subject_contexts)
        for kind in ("planar_roi", "volumetric_roi", "image"):
            for group in ask(getattr(content, f"get_{kind}_measurement_groups")) or ():
                for name in GROUP:
                    if hasattr(type(group), name):
                        ask(lambda name=name, group=group: getattr(group, name))
                ask(group.get_measurements)
                ask(group.get_qualitative_evaluations)
    ask(lambda: written(found))


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes_give_no_errors_of_others(seed: int) -> None:
    chance = random.Random(seed)
    whole = written(document(sr, report(sr, [simple(sr)])))
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 8))):
            place = chance.randrange(300, len(data))
            data[place] = chance.choice((0, 0x20, 0x5C, 0xFF, chance.randrange(256)))
        everything(bytes(data))
