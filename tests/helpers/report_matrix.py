"""The matrix of structured reports: what stands in them, of which images, in which class, how described and encoded.

Kinds of content meet all sources that have them twice or more, and kinds of groups all details; every other choice is
made so that all pairs of choices occur that are legal (greedy, always the same). What is legal is said here from the
standard:

- Enhanced and Comprehensive SR have no coordinates in space (PS3.3 A.35.2, A.35.3), and in Enhanced SR a number has no
  observation context, so no tracking of its own, and no item points to another one (PS3.3 A.35.2.3.1.2);
- volumes of contours and surfaces are not made of slides;
- key objects have a class of their own, without flags, details and image library (PS3.3 A.35.4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from dicomposer import ko, sr
from dicomposer.coding import counted_uids, derived_uid, injected
from matrix import SYNTAXES
from report_groups import GROUPS, HYDRATABLE, group_parts
from report_parts import DETAILS, MEAN, MM, TEXTS, Expected, Part, Scene, code, dcm, evaluation, scene, sct

__all__ = ["FACTORS", "KINDS", "Case", "Report", "all_cases", "covering", "make", "pairs"]

_NOW = datetime(2026, 2, 3, 4, 5, 6)
_SOURCES = ("ct", "mr", "pt", "enhanced-ct", "slide-full")
_SPACE = tuple(kind for kind in GROUPS if kind.startswith(("space-", "surface-")))
#: Kinds of content; those of groups first.
KINDS = (*GROUPS, "none", "derived", "evaluations", "key-objects")
#: What groups those are from which measurements are derived, in turn.
_DERIVED_FROM = ("image-polyline", "segment-images", "segmentation-frame", "volume-regions")
#: Choices that every document makes, with their possibilities.
FACTORS: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "source": _SOURCES,
    "detail": DETAILS,
    "class": ("enhanced", "comprehensive", "comprehensive-3d", "key-objects"),
    "observer": ("person", "device", "both"),
    "subject": ("patient", "fetus", "specimen", "device"),
    "language": ("en-US", "de-DE", "ja"),
    "library": ("without", "with"),
    "flags": (
        "partial",
        "final",
        "verified",
        "predecessors",
        "requests",
        "other-study",
        "other-study-unlisted",
    ),
    "text": tuple(TEXTS),
    "syntax": ("explicit", "implicit", "deflated"),
}
_FREE = tuple(FACTORS)[2:]
_LANGUAGES = {"en-US": "English (United States)", "de-DE": "German (Germany)", "ja": "Japanese"}
#: What a key object selection has no choice about.
_FIXED = {"detail": "plain", "library": "without", "flags": "partial", "subject": "patient"}
_CLASSES: dict[str, type[sr.StructuredReport]] = {
    "enhanced": sr.EnhancedSR, "comprehensive": sr.ComprehensiveSR, "comprehensive-3d": sr.Comprehensive3DSR,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One document: a choice of each of :data:`FACTORS`, in their order."""

    number: int
    choices: tuple[str, ...]

    def __getitem__(self, factor: str) -> str:
        return self.choices[tuple(FACTORS).index(factor)]

    @property
    def id(self) -> str:
        return f"{self.number:03d}-{self['kind']}-{self['source']}-{self['class']}-{self['detail']}"

    @property
    def hydratable(self) -> bool:
        """Whether Cornerstone3D's adapters read its groups: tools in single-frame images with a geometry.

        They take the first number of a group for that of the tool, so none of a time point may be there.
        """
        timed = self["detail"] in ("time-point", "everything")
        return self["kind"] == HYDRATABLE and self["source"] in ("ct", "mr", "pt") and not timed

    @property
    def single_kind(self) -> bool:
        """Whether groups of one template only stand in it: PixelMed's validator is wrong about others."""
        return self["kind"] != "mixed"


@dataclass(frozen=True)
class Report:
    """A document, and what must be read of it."""

    document: Dataset
    expected: Expected
    place: Scene


# ---- which documents ---------------------------------------------------------------------------------


def _possible(factor: str, so_far: Sequence[str]) -> tuple[str, ...]:
    """Choices that those already made leave; the first is the kind of content, the third the detail."""
    kind = so_far[0]
    if kind == "key-objects":
        if factor == "class":
            return ("key-objects",)
        return (_FIXED[factor],) if factor in _FIXED else FACTORS[factor]
    if factor == "detail" and kind not in GROUPS:
        return ("plain",)
    if factor == "class":
        if kind in _SPACE:
            return ("comprehensive-3d",)
        if kind == "derived":
            return FACTORS["class"][1:3]
        return FACTORS["class"][1 if so_far[2] in ("tracking", "everything") else 0 : 3]
    return FACTORS[factor]


def _begun() -> Iterator[tuple[str, str]]:
    """Kinds with their sources, each kind of group as often as there are details, other kinds twice a source."""
    for i, kind in enumerate(KINDS):
        volume = kind == "volume-regions" or kind.startswith("surface-")
        names = [name for name in _SOURCES if not (volume and name == "slide-full")]
        for j in range(len(DETAILS) if kind in GROUPS else 2 * len(names)):
            yield kind, names[(i + j) % len(names)]


def pairs(choices: Sequence[str]) -> set[tuple[tuple[int, str], tuple[int, str]]]:
    """All pairs of choices of a document."""
    return set(combinations(enumerate(choices), 2))


def all_cases() -> list[Case]:
    """All documents of the matrix, always the same and in the same order."""
    seen: Counter[Any] = Counter()
    cases = []
    for number, (kind, name) in enumerate(_begun(), 1):
        choices = [kind, name]
        for place, factor in enumerate(_FREE, 2):
            possible = _possible(factor, choices)

            def rank(one: str, place: int = place, so_far: Sequence[str] = choices) -> tuple[int, int, int]:
                met = [seen[(i, other), (place, one)] for i, other in enumerate(so_far)]
                return -met.count(0), sum(met), (FACTORS[_FREE[place - 2]].index(one) + number) % 7  # noqa: B023

            choices.append(min(possible, key=rank))
        seen.update(pairs(choices))
        cases.append(Case(number, tuple(choices)))
    return cases


def covering(cases: Sequence[Case], limit: int | None = None) -> list[Case]:
    """A small part of the cases with every choice of every factor, as different as can be."""
    missing = {one for case in cases for one in enumerate(case.choices)}
    chosen: list[Case] = []
    while missing and (limit is None or len(chosen) < limit):
        best = max(cases, key=lambda case: (len(missing & set(enumerate(case.choices))), -case.number))
        chosen.append(best)
        missing -= set(enumerate(best.choices))
    return chosen


# ---- documents ---------------------------------------------------------------------------------------


def make(case: Case) -> Report:
    """Build the document of a case: the same bytes in every run."""
    place = scene(case["source"], case["text"], f"report {case.id}")
    with injected(uid_source=counted_uids(f"report {case.id}"), clock=lambda: _NOW):
        if case["kind"] == "key-objects":
            return _key_objects(case, place)
        content, expected = _content(case, place)
        evidence, more = _flags(case, place, expected)
        identity = [place.uid(), 7, place.uid(), case.number]
        document = _CLASSES[case["class"]](
            evidence, content, *identity, manufacturer="Maker", institution_name=f"Hospital {place.words}",
            transfer_syntax_uid=SYNTAXES[case["syntax"]], manufacturer_model_name="Model",
            software_versions="1.0", device_serial_number="42", series_description=f"series {place.words}",
            **more,
        )  # fmt: skip
    return Report(document, expected, place)


def _content(case: Case, place: Scene) -> tuple[sr.MeasurementReport, Expected]:
    kind, detail = case["kind"], case["detail"]
    observation, expected = _context(case, place)
    groups: list[Part] = []
    more: dict[str, Any] = {}
    if kind in GROUPS:
        groups = group_parts(kind, place, detail)
    elif kind == "evaluations":
        found = [evaluation(turn, case["text"]) for turn in range(2)]
        more["qualitative_evaluations"] = [one.made for one in found]
    elif kind == "derived":
        groups = group_parts(_derived_from(case, place), place, detail)
        more["derived_imaging_measurements"] = [
            sr.DerivedMeasurement(MEAN, 12.5, MM, [groups[0].made]),
            sr.DerivedMeasurement(MEAN, 7.25, MM, [one.made for one in groups]),
        ]
        uids = [one.expected["tracking_uid"] for one in groups]
        expected["derived"] = [*uids[:1], *uids]
    procedures = [Code("25045-6", "LN", "CT unspecified body region"), sct("363679005", "Imaging procedure")]
    procedures = procedures[: 1 + case.number % 2]
    language = Code(
        case["language"],
        "RFC5646",
        _LANGUAGES[case["language"]],
    )
    titles = (dcm("126000", "Imaging Measurement Report"), dcm("126001", "Oncology Measurement Report"))
    title = titles[case.number // 2 % 2]
    content = sr.MeasurementReport(
        observation, procedures if len(procedures) > 1 else procedures[0],
        None if more and not groups else [one.made for one in groups], title,
        sr.LanguageOfContentItemAndDescendants(language),
        list(place.images) if case["library"] == "with" else None, **more,
    )  # fmt: skip
    expected |= {
        "title": code(title), "procedures": [code(one) for one in procedures], "language": code(language),
        "groups": [one.expected for one in groups],
        "library": [str(one.SOPInstanceUID) for one in place.images] if case["library"] == "with" else [],
    }  # fmt: skip
    return content, expected


def _derived_from(case: Case, place: Scene) -> str:
    """Kind of the groups from which measurements are derived; contours of a slide make no volume."""
    kind = _DERIVED_FROM[case.number % len(_DERIVED_FROM)]
    return _DERIVED_FROM[0] if place.origin.tiled and kind == "volume-regions" else kind


def _observers(case: Case, place: Scene) -> tuple[dict[str, sr.ObserverContext], list[tuple[str, ...]]]:
    """Arguments of an observation context, and what must be read of the observers."""
    given, expected = {}, []
    if case["observer"] in ("person", "both"):
        person = sr.PersonObserverIdentifyingAttributes(
            place.person,
            "login",
            f"Org {place.words}",
            dcm("128670", "Head of Radiology"),
            dcm("121094", "Performing"),
        )
        given["observer_person_context"] = sr.ObserverContext(dcm("121006", "Person"), person)
        expected.append(("person", place.person, "login", f"Org {place.words}"))
    if case["observer"] in ("device", "both"):
        uid = derived_uid("device")
        device = sr.DeviceObserverIdentifyingAttributes(
            uid, f"Device {place.words}", "Maker", "Model", "42", "Room 1", dcm("121097", "Recording")
        )
        given["observer_device_context"] = sr.ObserverContext(dcm("121007", "Device"), device)
        expected.append(("device", uid, f"Device {place.words}", "Maker", "Model", "42", "Room 1"))
    return given, expected


def _context(case: Case, place: Scene) -> tuple[sr.ObservationContext, Expected]:
    given, observers = _observers(case, place)
    subject: Any = None
    expected: tuple[str, ...] = ()
    if case["subject"] == "fetus":
        subject = sr.SubjectContext(dcm("121026", "Fetus"), sr.SubjectContextFetus(f"Fetus {place.words}"))
        expected = ("fetus", f"Fetus {place.words}")
    elif case["subject"] == "specimen":
        uid, kind = derived_uid("specimen"), sct("309548003", "breast duct sample")
        context = sr.SubjectContextSpecimen(uid, "S-1", "C-1", kind)
        subject = sr.SubjectContext(dcm("121027", "Specimen"), context)
        expected = ("specimen", uid, "S-1", "C-1")
    elif case["subject"] == "device":
        uid = derived_uid("device subject")
        context = sr.SubjectContextDevice(f"Phantom {place.words}", uid, "Maker", "Model", "43", "Room 2")
        subject = sr.SubjectContext(dcm("121192", "Device Subject"), context)
        expected = ("device", f"Phantom {place.words}", uid)
    made = sr.ObservationContext(**given, subject_context=subject)
    return made, {"observers": observers, "subject": expected}


def _flags(case: Case, place: Scene, expected: Expected) -> tuple[list[Dataset], dict[str, Any]]:
    """Evidence and more arguments, and what must be read of them."""
    flags, evidence = case["flags"], place.evidence
    more: dict[str, Any] = {}
    if flags in ("final", "verified"):
        more |= {"is_complete": True, "is_final": True}
    if flags == "verified":
        more |= {
            "is_verified": True,
            "verifying_observer_name": place.person,
            "verifying_organization": "Org",
        }
        more["performed_procedure_codes"] = [sct("363679005", "Imaging procedure")]
    if flags == "predecessors":
        more["previous_versions"] = [_elsewhere(place, "earlier", "1.2.840.10008.5.1.4.1.1.88.33", here=True)]
    if flags == "requests":
        more["requested_procedures"] = [_request(place)]
    other: list[str] = []
    if flags.startswith("other-study"):
        prior = _elsewhere(place, "prior", str(place.images[0].SOPClassUID))
        evidence.append(prior)
        more["record_evidence"] = flags == "other-study"
        other = [str(prior.SOPInstanceUID)] if more["record_evidence"] else []
    current = str(place.images[0].StudyInstanceUID)
    expected["evidence"] = sorted(
        [str(one.SOPInstanceUID) for one in evidence if one.StudyInstanceUID == current] + other
    )
    expected["flags"] = tuple(
        name for name, given in (
            ("COMPLETE", more.get("is_complete")), ("FINAL", more.get("is_final")),
            ("VERIFIED", more.get("is_verified")),
        ) if given
    )  # fmt: skip
    return evidence, more


def _elsewhere(place: Scene, name: str, class_uid: str, *, here: bool = False) -> Dataset:
    """An object that exists only by its identifiers, of another study or (`here`) of this one."""
    made, first = Dataset(), place.images[0]
    made.PatientID, made.PatientName = first.PatientID, first.PatientName
    made.StudyInstanceUID = first.StudyInstanceUID if here else derived_uid(place.origin.name, name, "study")
    made.SeriesInstanceUID = derived_uid(place.origin.name, name, "series")
    made.SOPClassUID, made.SOPInstanceUID = class_uid, derived_uid(place.origin.name, name)
    return made


def _request(place: Scene) -> Dataset:
    """An item of Referenced Request Sequence (PS3.3 C.17.2)."""
    request, procedure = Dataset(), Dataset()
    procedure.CodeValue, procedure.CodingSchemeDesignator = "363679005", "SCT"
    procedure.CodeMeaning = "Imaging procedure"
    request.StudyInstanceUID = place.images[0].StudyInstanceUID
    request.ReferencedStudySequence = []
    request.AccessionNumber = "A-1"
    request.PlacerOrderNumberImagingServiceRequest = "P-1"
    request.FillerOrderNumberImagingServiceRequest = "F-1"
    request.RequestedProcedureID = "R-1"
    request.RequestedProcedureDescription = "Imaging"
    request.RequestedProcedureCodeSequence = [procedure]
    return request


def _key_objects(case: Case, place: Scene) -> Report:
    """A selection of images and a segmentation."""
    given, observers = _observers(case, place)
    objects = [*place.images[:3], place.segmentation]
    titles = (
        (dcm("113000", "Of Interest"), ()),
        (dcm("113001", "Rejected for Quality Reasons"), (dcm("111207", "Image artifact(s)"),)),
        (dcm("113013", "Best In Set"), (dcm("113015", "Series"),)),
    )
    title, modifiers = titles[case.number % 3]
    language = Code(case["language"], "RFC5646", _LANGUAGES[case["language"]])
    content = ko.KeyObjectSelection(
        title, objects, **given, description=f"about {place.words}",
        document_title_modifiers=modifiers or None,
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(language),
    )  # fmt: skip
    more = {"requested_procedures": [_request(place)]} if case.number % 2 else {}
    document = ko.KeyObjectSelectionDocument(
        objects, content, place.uid(), 7, place.uid(), case.number, manufacturer="Maker",
        institution_name=f"Hospital {place.words}", transfer_syntax_uid=SYNTAXES[case["syntax"]],
        manufacturer_model_name="Model", software_versions="1.0", device_serial_number="42", **more,
    )  # fmt: skip
    expected = {
        "title": code(title), "language": code(language), "modifiers": [code(one) for one in modifiers],
        "observers": observers, "description": f"about {place.words}",
        "references": [(str(one.SOPClassUID), str(one.SOPInstanceUID)) for one in objects],
        "evidence": sorted(str(one.SOPInstanceUID) for one in objects),
    }  # fmt: skip
    return Report(document, expected, place)
