"""References between instances (PS3.3 C.12.2), and agreement with the sources where they are at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, tag_of
from dicomposer.validation.files._gather import outside_references

if TYPE_CHECKING:
    from dicomposer.validation.files._collection import Collection

__all__: list[str] = []

#: Functional groups that refer to images, up to the item number of the referenced image.
_GROUPS = ("DerivationImageSequence", "ReferencedImageSequence")
_LISTS = ("ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence")
_SECTION = "PS3.3 C.12.2"
_MODULE = "common-instance-reference"


def _refers(subject: Subject) -> bool:
    return any(subject.root.named(keyword) is not None for keyword in _LISTS)


def _listed_items(subject: Subject) -> Iterator[Item]:
    """Items of every Referenced Instance Sequence of the Common Instance Reference module."""
    series = list(subject.root.items(_LISTS[0]))
    for study in subject.root.items(_LISTS[1]):
        series += study.items("ReferencedSeriesSequence")
    for one in series:
        yield from one.items("ReferencedInstanceSequence")


def _listed(subject: Subject) -> dict[str, str]:
    """SOP Class UID of every instance that the module lists."""
    return subject.once("listed", lambda: dict(map(_identity, _listed_items(subject))))


def _identity(item: Item) -> tuple[str, str]:
    return item.uid("ReferencedSOPInstanceUID"), item.uid("ReferencedSOPClassUID")


def _used(subject: Subject) -> list[tuple[Callable[[], str], str]]:
    """(path, spelt on demand, and UID) of each distinct instance that functional groups or the root refer to."""
    return subject.once("used", lambda: list(_gather(subject)))


def _gather(subject: Subject) -> Iterator[tuple[Callable[[], str], str]]:
    frames = subject.frames
    if frames is not None:
        for path in frames.paths:
            if path.endswith(".ReferencedSOPInstanceUID") and path.startswith(_GROUPS):
                categories = frames.categories(path)
                codes, first = np.unique(categories.codes, return_index=True)
                for code, frame in zip(codes.tolist(), first.tolist(), strict=True):
                    if code >= 0:
                        yield partial(subject.group_path, path, frame), str(categories.values[code] or "")
    for item in (subject.root, subject.shared):
        for keyword in ("SourceImageSequence", *_GROUPS):
            yield from _below(item.items(keyword) if item is not None else ())


def _below(items: Iterable[Item]) -> Iterator[tuple[Callable[[], str], str]]:
    for item in items:
        uid = item.uid("ReferencedSOPInstanceUID")
        if uid:
            yield partial(item.path_of, "ReferencedSOPInstanceUID"), uid
        yield from _below(item.items("SourceImageSequence"))


@rule("unlisted-reference", _SECTION, applies=_refers)
def _unlisted(subject: Subject) -> Iterator[Issue]:
    listed = _listed(subject)
    for path, uid in _used(subject):
        if uid and uid not in listed:
            yield Issue(path(), "refers to an instance that Referenced Series Sequence does not list")


#: Whose references are looked at elsewhere (functional groups, the lists themselves), or lead to no list.
_LOOKED_AT = frozenset(
    tag_of(keyword)
    for keyword in (
        *_LISTS,
        *_GROUPS,
        "SourceImageSequence",
        "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence",
        "ContentSequence",
        "HL7StructuredDocumentReferenceSequence",
        "ReferencedPatientSequence",
        "ReferencedStudySequence",
        "ReferencedPerformedProcedureStepSequence",
        "RequestAttributesSequence",
    )
)


def _outside(subject: Subject) -> list[tuple[Item, str]]:
    """(item, UID) of references in other modules, once per sequence and instance."""

    def found() -> list[tuple[Item, str]]:
        first: dict[tuple[str, str], Item] = {}
        for item, uid in outside_references(subject.root, _LOOKED_AT):
            first.setdefault((item.trail, uid), item)
        return [(item, uid) for (_, uid), item in first.items()]

    return subject.once("outside", found)


@rule("unlisted-elsewhere", _SECTION, applies=_refers, level="warning")
def _unlisted_elsewhere(subject: Subject) -> Iterator[Issue]:
    """The lists are of all instances that other modules refer to, not only of those of the frames."""
    if subject.iod is None or all(usage.module.key != _MODULE for usage in subject.iod.modules):
        return
    listed = _listed(subject)
    for item, uid in _outside(subject):
        if uid not in listed:
            message = "refers to an instance that Referenced Series Sequence does not list"
            yield Issue(item.path_of("ReferencedSOPInstanceUID"), message)


@rule("own-reference", _SECTION)
def _own(subject: Subject) -> Iterator[Issue]:
    own = subject.text("SOPInstanceUID")
    for path, uid in _used(subject):
        if uid and uid == own:
            yield Issue(path(), "refers to the object itself as its source")
    if not _refers(subject):
        return
    for item, uid in _outside(subject):
        if uid == own:
            path_of_item = item.path_of("ReferencedSOPInstanceUID")
            yield Issue(path_of_item, "refers to the object itself", "warning")
    if own in _listed(subject):
        yield Issue(_LISTS[0], "lists the object itself", "warning")


@rule("repeated-reference", _SECTION, applies=_refers, level="warning")
def _repeated(subject: Subject) -> Iterator[Issue]:
    seen: dict[str, str] = {}
    for item in _listed_items(subject):
        uid, sop_class = item.uid("ReferencedSOPInstanceUID"), item.uid("ReferencedSOPClassUID")
        if uid in seen:
            yield Issue(item.path_of("ReferencedSOPInstanceUID"), "is listed more than once")
            if seen[uid] != sop_class:
                yield Issue(
                    item.path_of("ReferencedSOPClassUID"), "differs from that of an earlier item", "error"
                )
        seen.setdefault(uid, sop_class)


@rule("reference-class", _SECTION, applies=_refers)
def _classes(subject: Subject) -> Iterator[Issue]:
    """The class that frames state for an instance is the one that the list states."""
    frames = subject.frames
    if frames is None:
        return
    listed = _listed(subject)
    for path in frames.paths:
        class_path = path.removesuffix("InstanceUID") + "ClassUID"
        if not path.startswith(_GROUPS) or not path.endswith(".ReferencedSOPInstanceUID"):
            continue
        if class_path not in frames.paths:
            continue
        instances, classes = frames.categories(path), frames.categories(class_path)
        pairs, first = np.unique(np.stack([instances.codes, classes.codes]), axis=1, return_index=True)
        for (instance, sop_class), frame in zip(pairs.T.tolist(), first.tolist(), strict=True):
            if instance >= 0 and sop_class >= 0:
                due = listed.get(str(instances.values[instance]))
                if due is not None and due != str(classes.values[sop_class]):
                    message = "is another class than Referenced Series Sequence states for the instance"
                    yield Issue(subject.group_path(class_path, frame), message)


@rule("repeated-series", _SECTION, applies=_refers, level="warning")
def _series(subject: Subject) -> Iterator[Issue]:
    seen: set[str] = set()
    for item in subject.root.items("ReferencedSeriesSequence"):
        uid = item.text("SeriesInstanceUID")
        if uid and uid in seen:
            yield Issue(item.path_of("SeriesInstanceUID"), "is listed more than once")
        seen.add(uid)


# -- against the sources themselves ---------------------------------------------------------------------------------


def _has_sources(subject: Subject) -> bool:
    return bool(subject.sources)


def _together(subject: Subject) -> Collection:
    """The object, which is number 0, and its sources."""
    # What compares files is loaded when there are several of them
    from dicomposer.validation.files._collection import Collection
    from dicomposer.validation.files._facts import brief_of, links_of

    return subject.once(
        "together", lambda: Collection([links_of(subject), *(brief_of(source) for source in subject.sources)])
    )


@rule("source-entity", "PS3.3 A.1.4", applies=_has_sources)
def _entities(subject: Subject) -> Iterator[Issue]:
    """Patient, study and frame of reference are those of the sources."""
    together = _together(subject)
    for keyword, what, values in (
        ("PatientID", "patient", together.patients),
        ("PatientName", "patient", together.names),
        ("StudyInstanceUID", "study", together.studies),
        ("FrameOfReferenceUID", "frame of reference", together.spaces),
    ):
        others = values[1:][values[1:] != 0]
        if values[0] and others.size and values[0] not in others:
            yield Issue(keyword, f"is not that of the sources: another {what}")


@rule("source-reference", _SECTION, applies=_has_sources)
def _sources(subject: Subject) -> Iterator[Issue]:
    """What is said of each source (class, series, frames, segments) is so, and no frame comes from elsewhere."""
    from dicomposer.validation.files._links import LINKS, other_studies

    together = _together(subject)
    listed = bool(_listed(subject))
    for check in LINKS:
        for file, issue in check(together):
            # Of frames that contradict the list, the rule on classes above speaks.
            elsewhere = listed and issue.path.endswith("ClassUID") and not issue.path.startswith(_LISTS)
            if file == 0 and not elsewhere:
                yield issue
    if together.studies[0] in together.studies[1:]:  # else the rule above has said so
        yield from (issue for file, issue in other_studies(together) if file == 0)
    known = {source.instance for source in together.facts[1:]}
    for path, uid in _used(subject):
        if uid and uid not in known:
            yield Issue(path(), "refers to none of the sources that were given", "warning")


@rule("frame-of-reference", "PS3.3 C.7.4.1")
def _frame_of_reference(subject: Subject) -> Iterator[Issue]:
    positions = "PlanePositionSequence.ImagePositionPatient"
    if subject.frames is None or positions not in subject.frames.paths:
        return
    if subject.root.named("FrameOfReferenceUID") is None:
        yield Issue("FrameOfReferenceUID", "is missing, but frames have positions in patient coordinates")
