"""Profile ``ai-results``: what the IHE Radiology profile AI Results (AIR) asks of a result, and of several together.

Rules with a section "IHE RAD AIR 6.5.3..." say what the supplement demands: Rev. 1.1, as public writers of results
quote it (6.5.3.1 on algorithms; class, root template and Procedure Reported of findings). It is a trial
implementation, and its later text was not at hand: they warn. Rules with the section "recommended" say what makes a
result useful without being demanded by a text that was checked: they advise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from dicomposer.validation._findings import Finding
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item
from dicomposer.validation.content._content_items import (
    TRACKING_IDENTIFIER,
    TRACKING_UID,
    child,
    children,
    code_of,
    is_report,
    measurement_groups,
    root_of,
    segments_of,
    walk,
)

__all__ = ["AirFacts", "air_across", "air_facts"]

PROFILE = "ai-results"
_GENERAL = "IHE RAD AIR 6.5.3.1"
_ENCODING = "IHE RAD AIR 6.5.3"
_RECOMMENDED = "recommended"
_PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
_KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
#: Comprehensive 3D SR, and the classes that are subsets of it.
_COMPREHENSIVE_3D = "1.2.840.10008.5.1.4.1.1.88.34"
_SUBSETS = ("1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.88.33")
_PROCEDURE_REPORTED = "121058"
_OBSERVER_TYPE, _DEVICE, _DEVICE_UID = "121005", "121007", "121012"
#: What the profile wants to know of every algorithm, in an item of Contributing Equipment Sequence.
_OF_AN_ALGORITHM = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "DeviceUID")
#: By the meaning of the code: its value is a placeholder in the supplement's first revisions.
_ALGORITHM = "processing algorithm"

Kind = Literal["report", "segmentation", "map", "key objects", ""]


def kind_of(subject: Subject) -> Kind:
    """Which kind of result an object is; "" if it is none."""
    if subject.is_segmentation:
        return "segmentation"
    if is_report(subject):
        return "report"
    if subject.sop_class == _PARAMETRIC_MAP:
        return "map"
    return "key objects" if subject.sop_class == _KEY_OBJECTS else ""


def _is_result(subject: Subject) -> bool:
    return bool(kind_of(subject))


# -- every result ---------------------------------------------------------------------------------------------------


@rule("air-algorithm", _GENERAL, applies=_is_result, level="warning", profile=PROFILE)
def _algorithm(subject: Subject) -> Iterator[Issue]:
    """Every algorithm is described as contributing equipment."""
    name = "ContributingEquipmentSequence"
    algorithms = [item for item in subject.root.items(name) if _is_algorithm(item)]
    if not algorithms:
        yield Issue(name, 'describes no algorithm (an item whose purpose is "Processing Algorithm")')
    for item in algorithms:
        for keyword in _OF_AN_ALGORITHM:
            if not item.text(keyword):
                yield Issue(item.path_of(keyword), "is missing, but the item describes an algorithm")


def _is_algorithm(item: Item) -> bool:
    purposes = item.items("PurposeOfReferenceCodeSequence")
    return any(_ALGORITHM in purpose.text("CodeMeaning").lower() for purpose in purposes)


@rule("air-equipment", _RECOMMENDED, applies=_is_result, level="advice", profile=PROFILE)
def _equipment(subject: Subject) -> Iterator[Issue]:
    for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions"):
        if not subject.text(keyword):
            yield Issue(keyword, "is missing: nobody can tell which product and version made the result")


@rule("air-series", _RECOMMENDED, applies=_is_result, level="advice", profile=PROFILE)
def _series(subject: Subject) -> Iterator[Issue]:
    if not subject.text("SeriesDescription"):
        yield Issue("SeriesDescription", "is missing: worklists show results by it")


@rule("air-images", _RECOMMENDED, applies=_is_result, level="advice", profile=PROFILE)
def _images(subject: Subject) -> Iterator[Issue]:
    if kind_of(subject) in ("report", "key objects"):
        name = "CurrentRequestedProcedureEvidenceSequence"
        other = "PertinentOtherEvidenceSequence"
    else:
        name, other = "ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence"
    if not subject.root.items(name) and not subject.root.items(other):
        yield Issue(name, "names no image that was analysed")


@rule("air-semantics", _RECOMMENDED, applies=_is_result, level="advice", profile=PROFILE)
def _burned_in(subject: Subject) -> Iterator[Issue]:
    if subject.text("BurnedInAnnotation") == "YES":
        yield Issue("BurnedInAnnotation", "is YES: what is drawn into pixels, no program can use")


# -- segmentations --------------------------------------------------------------------------------------------------


def _is_segmentation(subject: Subject) -> bool:
    return subject.is_segmentation


@rule("air-segment-tracking", _RECOMMENDED, applies=_is_segmentation, level="advice", profile=PROFILE)
def _segment_tracking(subject: Subject) -> Iterator[Issue]:
    for item in subject.root.items("SegmentSequence"):
        if item.number("SegmentNumber") != 0 and not (item.text("TrackingUID") and item.text("TrackingID")):
            message = "is missing: reports and later studies cannot name this finding"
            yield Issue(item.path_of("TrackingUID"), message)


@rule("air-segment-algorithm", _RECOMMENDED, applies=_is_segmentation, level="advice", profile=PROFILE)
def _segment_algorithm(subject: Subject) -> Iterator[Issue]:
    name = "SegmentationAlgorithmIdentificationSequence"
    for item in subject.root.items("SegmentSequence"):
        if item.text("SegmentAlgorithmType") in ("AUTOMATIC", "SEMIAUTOMATIC") and not item.items(name):
            yield Issue(item.path_of(name), "is missing: family and version of the algorithm are not said")


# -- reports --------------------------------------------------------------------------------------------------------


@rule("air-report-class", _ENCODING, applies=is_report, level="warning", profile=PROFILE)
def _report_class(subject: Subject) -> Iterator[Issue]:
    if subject.sop_class in _SUBSETS:
        message = "is a subset of Comprehensive 3D SR, the class that the profile names"
        yield Issue("SOPClassUID", message, level="advice")
    elif subject.sop_class != _COMPREHENSIVE_3D:
        yield Issue("SOPClassUID", "is not Comprehensive 3D SR, the class in which results are encoded")


@rule("air-report-template", _ENCODING, applies=is_report, level="warning", profile=PROFILE)
def _report_template(subject: Subject) -> Iterator[Issue]:
    stated = [item.text("TemplateIdentifier") for item in subject.root.items("ContentTemplateSequence")]
    if "1500" not in stated:
        yield Issue("ContentTemplateSequence", "does not name TID 1500, the root template of results")


@rule("air-procedure", _ENCODING, applies=is_report, level="warning", profile=PROFILE)
def _procedure(subject: Subject) -> Iterator[Issue]:
    if not children(root_of(subject), _PROCEDURE_REPORTED):
        message = "has no Procedure Reported, which tells the imaging procedure that was analysed"
        yield Issue("ContentSequence", message)


@rule("air-observer", _RECOMMENDED, applies=is_report, level="advice", profile=PROFILE)
def _observer(subject: Subject) -> Iterator[Issue]:
    types = children(root_of(subject), _OBSERVER_TYPE)
    devices = [node for node in types if code_of(node.item, "ConceptCodeSequence") == (_DEVICE, "DCM")]
    if not devices:
        yield Issue(
            "ContentSequence", "names no device as observer: readers cannot tell that a program found this"
        )
    elif not children(root_of(subject), _DEVICE_UID):
        yield Issue("ContentSequence", "has no Device Observer UID")


@rule("air-tracking", _RECOMMENDED, applies=is_report, level="advice", profile=PROFILE)
def _tracking(subject: Subject) -> Iterator[Issue]:
    for group in measurement_groups(subject):
        if child(group, TRACKING_UID) is None or child(group, TRACKING_IDENTIFIER) is None:
            yield Issue(group.item.path, "has no tracking identifier and UID: the finding cannot be followed")


# -- several results ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AirFacts:
    """What the rules on several results need of one; UIDs are keyed digests.

    Attributes
    ----------
    kind : str
        ``"report"``, ``"segmentation"``, ``"map"`` or ``"key objects"``.
    root : bool
        Whether it is a report after TID 1500.
    study, instance : int
    referred : frozenset of int
        Instances to which its content refers (reports and key objects).
    segments : tuple of (segment number, digest of the tracking UID)
        Of a segmentation; 0 where a segment has none.
    links : tuple of (instance, segment number, digest of the tracking UID, path)
        Of a report: segments to which groups with a tracking UID refer.
    """

    kind: Kind
    root: bool
    study: int
    instance: int
    referred: frozenset[int]
    segments: tuple[tuple[int, int], ...]
    links: tuple[tuple[int, int, int, str], ...]


def air_facts(subject: Subject, key: bytes = b"dicomposer") -> AirFacts | None:
    """What the rules on several results need of an object; None if it is no result.

    Parameters
    ----------
    subject : Subject
    key : bytes
        Key of the digests, the same for all objects that are compared.
    """
    kind = kind_of(subject)
    if not kind:
        return None
    root = subject.root
    templates = [item.text("TemplateIdentifier") for item in root.items("ContentTemplateSequence")]
    return AirFacts(
        kind=kind,
        root=kind == "report" and "1500" in templates,
        study=_digest(root.uid("StudyInstanceUID"), key),
        instance=_digest(root.uid("SOPInstanceUID"), key),
        referred=_referred(subject, key) if kind in ("report", "key objects") else frozenset(),
        segments=_segments(root, key) if kind == "segmentation" else (),
        links=tuple(_links(subject, key)) if kind == "report" else (),
    )


def _digest(uid: str, key: bytes) -> int:
    if not uid:
        return 0
    return int.from_bytes(blake2b(uid.encode(), digest_size=8, key=key).digest(), "little") or 1


def _referred(subject: Subject, key: bytes) -> frozenset[int]:
    """Instances below the root's content items, and those that the evidence lists."""
    root = subject.root
    nodes = {
        id(node.form): node for node in walk(root_of(subject))
    }  # what is referred to is part of the form
    found = {
        reference.uid("ReferencedSOPInstanceUID")
        for node in nodes.values()
        for reference in node.item.items("ReferencedSOPSequence")
    }
    for name in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in root.items(name):
            for series in study.items("ReferencedSeriesSequence"):
                found |= {
                    item.uid("ReferencedSOPInstanceUID") for item in series.items("ReferencedSOPSequence")
                }
    return frozenset(_digest(uid, key) for uid in found if uid)


def _segments(root: Item, key: bytes) -> tuple[tuple[int, int], ...]:
    items = (
        (item.number("SegmentNumber"), item.uid("TrackingUID")) for item in root.items("SegmentSequence")
    )
    return tuple((int(number), _digest(uid, key)) for number, uid in items if number is not None)


def _links(subject: Subject, key: bytes) -> Iterator[tuple[int, int, int, str]]:
    for group in measurement_groups(subject):
        tracking = child(group, TRACKING_UID)
        if tracking is None:
            continue
        uid = _digest(tracking.item.uid("UID"), key)
        for node in walk(group):
            for instance, number in segments_of(node):
                yield _digest(instance, key), number, uid, tracking.path_of("UID")


def air_across(facts: Sequence[AirFacts | None]) -> list[list[Finding]]:
    """Compare the results of a bundle.

    Parameters
    ----------
    facts : Sequence[AirFacts or None]
        Of each file, with digests of one key; None for what is no result.

    Returns
    -------
    list of list of Finding
        Per file, parallel to `facts`.
    """
    found: list[list[Finding]] = [[] for _ in facts]
    roots = {one.study for one in facts if one is not None and one.root}
    referred = {uid for one in facts if one is not None and one.root for uid in one.referred}
    tracking = {
        (one.instance, number): uid for one in facts if one is not None for number, uid in one.segments
    }
    for place, one in enumerate(facts):
        if one is None:
            continue
        found[place] += _rootless(one, roots, referred)
        found[place] += _strays(one, tracking)
    return found


def _rootless(one: AirFacts, roots: set[int], referred: set[int]) -> Iterator[Finding]:
    """A result to which no measurement report leads."""
    if one.root or one.kind == "report":
        return
    if one.study not in roots:
        message = (
            "is a result of a study of which there is no measurement report (TID 1500) here that leads to it"
        )
        yield Finding("SOPInstanceUID", f"air-root {_RECOMMENDED}", "advice", message)
    elif one.instance not in referred:
        message = "is referred to by no measurement report of its study"
        yield Finding("SOPInstanceUID", f"air-root {_RECOMMENDED}", "advice", message)


def _strays(one: AirFacts, tracking: dict[tuple[int, int], int]) -> Iterator[Finding]:
    """Groups whose tracking UID is not that of the segment to which they refer."""
    name = "air-tracking-link PS3.3 C.8.20.4"
    wrong: list[str] = []
    for instance, number, uid, path in one.links:
        if tracking.get((instance, number), uid) not in (uid, 0):
            wrong.append(path)
    if wrong:
        message = "is not the Tracking UID of the segment that the group refers to"
        yield Finding(wrong[0], name, "warning", message, len(wrong))
