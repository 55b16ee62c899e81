"""Good reports of several templates: some as our own constructors write them, some made from the tables alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from dicomposer import sr, standard
from dicomposer.validation._subject import Subject
from dicomposer.validation.content._content import content_tree
from dicomposer.validation.content._templates_match import Matcher
from dicomposer.validation.content._templates_model import Entry, Place, root_entry

STORAGE = "1.2.840.10008.5.1.4.1.1.88."
ROOT = "1.2.826.0.1.3680043.8.498.7"


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def code(value: str, scheme: str, meaning: str) -> Dataset:
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


# -- our own --------------------------------------------------------------------------------------------------------


def _observers() -> sr.ObservationContext:
    device = sr.ObserverContext(codes.DCM.Device, sr.DeviceObserverIdentifyingAttributes(f"{ROOT}.1", "box"))
    person = sr.ObserverContext(
        codes.DCM.Person, sr.PersonObserverIdentifyingAttributes("Doe^J", login_name="jd")
    )
    return sr.ObservationContext(observer_person_context=person, observer_device_context=device)


def _measurements(*, properties: bool = False) -> list[sr.Measurement]:
    made = sr.Measurement(
        codes.SCT.Area, 12.5, codes.UCUM.SquareMillimeter,
        algorithm_id=sr.AlgorithmIdentification("net", "1.0"), derivation=codes.SCT.Mean,
        finding_sites=[sr.FindingSite(codes.SCT.Lung, codes.SCT.Right)],
        properties=sr.MeasurementProperties(normality=codes.SCT.Normal) if properties else None,
    )  # fmt: skip
    return [made, sr.Measurement(codes.SCT.Length, 3.5, codes.UCUM.Millimeter)]


def _common(number: int) -> dict[str, Any]:
    return {
        "tracking_identifier": sr.TrackingIdentifier(f"{ROOT}.2.{number}", f"finding {number}"),
        "finding_type": codes.SCT.Nodule,
        "finding_sites": [sr.FindingSite(codes.SCT.Lung, codes.SCT.Left)],
        "qualitative_evaluations": [
            sr.QualitativeEvaluation(codes.DCM.LevelOfSignificance, codes.SCT.Normal)
        ],
    }


def _report(*groups: Any, evidence: tuple[Dataset, ...] = (), **more: Any) -> Dataset:
    tree = sr.MeasurementReport(
        _observers(), codes.LN.CTUnspecifiedBodyRegion, imaging_measurements=list(groups), **more
    )
    document = sr.Comprehensive3DSR(
        [_image(), *evidence], tree, f"{ROOT}.3", 1, f"{ROOT}.4", 1, manufacturer="m"
    )
    stream = BytesIO()
    document.save_as(stream)
    return dcmread(BytesIO(stream.getvalue()))


def _image() -> Dataset:
    return dcmread(str(get_testdata_file("CT_small.dcm")))


def _region() -> sr.ImageRegion:
    points = np.array([[1.0, 1], [2, 1], [2, 2], [1, 1]])
    return sr.ImageRegion("POLYLINE", points, sr.SourceImageForRegion.from_source_image(_image()))


def planar() -> Dataset:
    group = sr.PlanarROIMeasurementsAndQualitativeEvaluations
    return _report(
        group(referenced_region=_region(), measurements=_measurements(), **_common(1)),
        group(referenced_region=_region(), measurements=_measurements(properties=True), **_common(2)),
    )


def volumetric() -> Dataset:
    segmentation = _image()
    segmentation.SOPClassUID, segmentation.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.4", f"{ROOT}.5"
    segmentation.SeriesInstanceUID = f"{ROOT}.7"
    source = sr.SourceSeriesForSegmentation(_image().SeriesInstanceUID)
    segment = sr.ReferencedSegment(segmentation.SOPClassUID, f"{ROOT}.5", 1, source_series=source)
    group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations
    made = group(referenced_segment=segment, measurements=_measurements(properties=True), **_common(1))
    return _report(made, evidence=(segmentation,))


def general() -> Dataset:
    group = sr.MeasurementsAndQualitativeEvaluations
    return _report(
        group(measurements=_measurements(), **_common(1)), referenced_images=[_image()],
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(
            sr.CodedConcept("en-US", "RFC5646", "English (US)")
        ),
    )  # fmt: skip


# -- from the tables ------------------------------------------------------------------------------------------------


def _first(constraint: standard.CodeConstraint | None, otherwise: tuple[str, str, str]) -> Dataset:
    if constraint is None:
        return code(*otherwise)
    found = constraint.codes
    for cid in constraint.cids:
        if cid in (5000, 5001):
            return (
                code("eng", "ISO639_2", "English")
                if cid == 5000
                else code("US", "ISO3166_1", "United States")
            )
        found = found or standard.context_group(cid).codes
    return code(found[0].value, found[0].scheme, found[0].meaning) if found else code(*otherwise)


_NAMES = {
    "NUM": ("410668003", "SCT", "Length"),
    "CODE": ("121071", "DCM", "Finding"),
    "TEXT": ("121106", "DCM", "Comment"),
    "CONTAINER": ("121070", "DCM", "Findings"),
}
_VALUES: dict[str, Callable[[], dict[str, Any]]] = {
    "TEXT": lambda: {"TextValue": "words"},
    "DATE": lambda: {"Date": "20240131"},
    "TIME": lambda: {"Time": "1200"},
    "DATETIME": lambda: {"DateTime": "20240131120000"},
    "UIDREF": lambda: {"UID": f"{ROOT}.9"},
    "PNAME": lambda: {"PersonName": "A^B"},
    "CONTAINER": lambda: {"ContinuityOfContent": "SEPARATE"},
    "IMAGE": lambda: {"ReferencedSOPSequence": [_reference("1.2.840.10008.5.1.4.1.1.2")]},
    "COMPOSITE": lambda: {"ReferencedSOPSequence": [_reference("1.2.840.10008.5.1.4.1.1.67")]},
    "WAVEFORM": lambda: {"ReferencedSOPSequence": [_reference("1.2.840.10008.5.1.4.1.1.9.1.1")]},
    "SCOORD": lambda: {"GraphicType": "POINT", "GraphicData": [1.0, 2.0]},
    "SCOORD3D": lambda: {
        "GraphicType": "POINT", "GraphicData": [1.0, 2.0, 3.0], "ReferencedFrameOfReferenceUID": f"{ROOT}.8",
    },
    "TCOORD": lambda: {"TemporalRangeType": "POINT", "ReferencedTimeOffsets": [1.0]},
}  # fmt: skip


def _reference(sop_class: str) -> Dataset:
    return item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=f"{ROOT}.10")


def made_for(entry: Entry) -> Dataset:
    """An item as a row asks for it, without what stands below."""
    row = entry.row
    made = item(ValueType=row.value_type)
    if entry.relationship:
        made.RelationshipType = entry.relationship
    if row.concept is not None or row.value_type in _NAMES:
        made.ConceptNameCodeSequence = [_first(row.concept, _NAMES.get(row.value_type, _NAMES["CODE"]))]
    if row.value_type == "CODE":
        made.ConceptCodeSequence = [_first(row.value, ("52988006", "SCT", "Lesion"))]
    elif row.value_type == "NUM":
        units = _first(row.units, ("mm", "UCUM", "mm"))
        made.MeasuredValueSequence = [item(NumericValue="1", MeasurementUnitsCodeSequence=[units])]
    else:
        for keyword, value in _VALUES[row.value_type]().items():
            setattr(made, keyword, value)
    if row.graphic_types and "POINT" not in row.graphic_types:
        made.GraphicType, made.GraphicData = "POLYLINE", [1.0, 1, 2, 1, 2, 2]
        if "POLYLINE" not in row.graphic_types:
            made.GraphicType = row.graphic_types[0]
    if row.sop_classes:
        made.ReferencedSOPSequence[0].ReferencedSOPClassUID = row.sop_classes[0]
    return made


class _Maker:
    """Makes a report from a template: what is required, some of what is not, and what that asks for in turn."""

    def __init__(self, seed: int, share: float) -> None:
        self._random = random.Random(seed)
        self._share = share
        self.places: dict[int, Place] = {}
        self.numbers: dict[int, int] = {}

    def fill(self, made: Dataset, place: Place, depth: int) -> Dataset:
        self.places[id(made)] = place
        children = []
        for entry in place.entries:
            if entry.by_reference or not self._wanted(entry, depth):
                continue
            children.append(self.item(entry, depth + 1))
        if children:
            made.ContentSequence = children
        return made

    def item(self, entry: Entry, depth: int) -> Dataset:
        made = made_for(entry)
        self.numbers[id(made)] = entry.number
        return self.fill(made, entry.place, depth)

    def _wanted(self, entry: Entry, depth: int) -> bool:
        requirements = {entry.row.requirement, *(one.row.requirement for one in entry.chain)}
        if requirements == {"M"}:
            return True
        return (
            depth < 4
            and requirements <= {"M", "U"}
            and not entry.generic
            and self._random.random() < self._share
        )


def _missing(root: Dataset, maker: _Maker, entry: Entry) -> Iterator[tuple[Dataset, Entry]]:
    """Items that lack a row, and the row."""
    nodes = content_tree(Subject(root))
    by_place: dict[tuple[int, ...], Dataset] = {(): root}
    waiting: list[tuple[tuple[int, ...], Dataset]] = [((), root)]
    for where, made in waiting:
        for index, child in enumerate(made.get("ContentSequence", [])):
            by_place[*where, index] = child
            waiting.append(((*where, index), child))
    for problem in Matcher(nodes).judge(nodes[0], entry.place):
        if problem.rule != "sr-template-missing":
            continue
        made = by_place[problem.where]
        for one in maker.places[id(made)].entries:
            if problem.message.startswith(one.label) and not one.by_reference:
                yield made, one
                break


def _document(sop_class: str) -> Dataset:
    return item(
        SOPClassUID=STORAGE + sop_class, SOPInstanceUID=f"{ROOT}.20", StudyInstanceUID=f"{ROOT}.21",
        SeriesInstanceUID=f"{ROOT}.22", StudyDate="20240131", StudyTime="1200", Modality="SR", AccessionNumber="",
        ReferringPhysicianName="", StudyID="1", PatientName="A^B", PatientID="1", PatientBirthDate="", PatientSex="",
        SeriesNumber=1, ReferencedPerformedProcedureStepSequence=[], Manufacturer="M", InstanceNumber=1,
        CompletionFlag="PARTIAL", VerificationFlag="UNVERIFIED", ContentDate="20240131", ContentTime="1200",
        PerformedProcedureCodeSequence=[], ContinuityOfContent="SEPARATE",
    )  # fmt: skip


def from_tables(tid: str, sop_class: str, seed: int = 1, share: float = 0.2) -> Dataset:
    """A report of a root template."""
    entry = root_entry(tid)
    assert entry is not None
    maker = _Maker(seed, share)
    root = _document(sop_class)
    for element in made_for(entry):
        root[element.tag] = element
    root.ContentTemplateSequence = [item(MappingResource="DCMR", TemplateIdentifier=tid)]
    maker.fill(root, entry.place, 0)
    for _ in range(40):
        lacking = list(_missing(root, maker, entry))
        if not lacking:
            break
        done: set[int] = set()
        for made, one in lacking:
            if id(made) in done:  # what is added may be what another row asked for
                continue
            done.add(id(made))
            children = list(made.get("ContentSequence", []))
            children.append(maker.item(one, 9))
            made.ContentSequence = sorted(children, key=lambda child: maker.numbers[id(child)])
    return root


#: Name -> the report. Those named by a template are made from the tables.
REPORTS: dict[str, Callable[[], Dataset]] = {
    "planar measurements": planar,
    "volumetric measurements": volumetric,
    "general measurements": general,
    "TID 2010": lambda: from_tables("2010", "59", share=0.5),
    "TID 3900": lambda: from_tables("3900", "33"),
    "TID 4000": lambda: from_tables("4000", "50"),
    "TID 5000": lambda: from_tables("5000", "33"),
    "TID 5100": lambda: from_tables("5100", "33"),
    "TID 5200": lambda: from_tables("5200", "33"),
    "TID 5220": lambda: from_tables("5220", "33"),
    "TID 10001": lambda: from_tables("10001", "67"),
    "TID 10011": lambda: from_tables("10011", "67"),
    "TID 10021": lambda: from_tables("10021", "68"),
}


@cache
def encoded(name: str) -> bytes:
    """A report as a file, which is read anew for each fault."""
    report = REPORTS[name]()
    stream = BytesIO()
    if not hasattr(report, "file_meta"):
        report.file_meta = FileMetaDataset()
        report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    report.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
