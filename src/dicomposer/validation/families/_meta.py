"""The file meta information against the dataset (PS3.10 7.1), and the number of frames."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import PER_FRAME, Subject

__all__: list[str] = []


def _has_meta(subject: Subject) -> bool:
    return subject.meta is not None and len(subject.meta.elements) > 0


@rule("meta-identity", "PS3.10 7.1", applies=_has_meta)
def _identity(subject: Subject) -> Iterator[Issue]:
    assert subject.meta is not None
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        stated = subject.meta.text(f"MediaStorage{keyword}")
        if stated and subject.text(keyword) and stated != subject.text(keyword):
            yield Issue(f"MediaStorage{keyword}", f"differs from {keyword} in the dataset")


@rule("meta-syntax", "PS3.10 7.1", applies=_has_meta)
def _syntax(subject: Subject) -> Iterator[Issue]:
    assert subject.meta is not None
    uid = subject.meta.text("TransferSyntaxUID")
    if not uid:
        yield Issue("TransferSyntaxUID", "is missing")
    elif subject.syntax is None:
        yield Issue("TransferSyntaxUID", "is not a transfer syntax in the tables", "warning")


@rule("meta-encoding", "PS3.5 10", applies=lambda subject: _has_meta(subject) and subject.from_file)
def _encoding(subject: Subject) -> Iterator[Issue]:
    implicit, _ = getattr(subject.dataset, "original_encoding", (None, None))
    if subject.syntax is not None and implicit is not None and implicit != subject.syntax.implicit_vr:
        found, stated = ("implicit", "explicit") if implicit else ("explicit", "implicit")
        message = f"says {stated} value representations, but the dataset is encoded with {found} ones"
        yield Issue("TransferSyntaxUID", message)


@rule("meta-presence", "PS3.10 7.1", applies=lambda subject: _has_meta(subject) and subject.from_file)
def _presence(subject: Subject) -> Iterator[Issue]:
    assert subject.meta is not None
    for keyword in ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "ImplementationClassUID"):
        element = subject.meta.named(keyword)
        if element is None or element.empty:
            yield Issue(keyword, "is missing" if element is None else "has no value")
    for keyword in ("FileMetaInformationGroupLength", "FileMetaInformationVersion"):
        if subject.meta.named(keyword) is None:
            yield Issue(keyword, "is missing")


@rule("number-of-frames", "PS3.3 C.7.6.16", applies=lambda subject: subject.has_frames)
def _frames(subject: Subject) -> Iterator[Issue]:
    stated, frames = subject.integer("NumberOfFrames"), subject.frames
    if frames is None or stated is None:
        return
    if stated != frames.count and PER_FRAME in subject.root:
        message = f"is {stated}, but Per-Frame Functional Groups Sequence has {frames.count} items"
        yield Issue("NumberOfFrames", message)


@rule("shared-groups", "PS3.3 C.7.6.16", applies=lambda subject: subject.has_frames)
def _shared(subject: Subject) -> Iterator[Issue]:
    if subject.root.named("SharedFunctionalGroupsSequence") is None:
        yield Issue("SharedFunctionalGroupsSequence", "is missing beside per-frame functional groups")


#: Attributes whose UIDs identify different things.
_IDENTITIES = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")


@rule("uid-reuse", "PS3.5 9", applies=lambda subject: bool(subject.sop_class))
def _reuse(subject: Subject) -> Iterator[Issue]:
    seen: dict[str, str] = {subject.sop_class: "SOPClassUID"}
    for keyword in _IDENTITIES:
        uid = subject.text(keyword)
        if uid and uid in seen:
            yield Issue(keyword, f"is the same UID as {seen[uid]}, though UIDs identify one thing")
        seen.setdefault(uid, keyword)
