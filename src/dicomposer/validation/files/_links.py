"""Rules on several files: what an object says of another one that is at hand is so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.validation._findings import Level
from dicomposer.validation._rules import Issue
from dicomposer.validation._subject import LABEL_MAP_SEGMENTATION, SEGMENTATION
from dicomposer.validation.files._collection import Collection, Found, collection_rule, combined, has_module

__all__ = ["LINKS", "other_studies"]

#: What an object was made from, which lies in its own space (PS3.3 C.7.6.16.2.6).
_SOURCES = "SourceImageSequence"
#: What need not be where the object is.
_KEPT_ELSEWHERE = ("PredecessorDocuments", "IdenticalDocuments", "ReferencedRawData")
#: Classes whose frames are planes in the space of the images that they were made from.
_DERIVED = (SEGMENTATION, LABEL_MAP_SEGMENTATION, "1.2.840.10008.5.1.4.1.1.30")


def _conflicting(collection: Collection, said: NDArray[Any], real: NDArray[Any]) -> NDArray[np.int64]:
    """Rows whose target is at hand and not what the reference says of it; 0 stands for nothing said."""
    targets = collection.targets
    actual = real[targets] if len(real) else np.zeros(len(targets), np.uint64)
    return np.flatnonzero((targets >= 0) & (said != 0) & (actual != 0) & (said != actual))


def _issues(collection: Collection, rows: NDArray[np.int64], keyword: str, message: str) -> Iterator[Found]:
    table, files = collection.references
    for row in rows.tolist():
        yield (
            int(files[row]),
            Issue(collection.path(row, keyword), message, count=int(table["count"][row])),
        )


@collection_rule("link-class", "PS3.3 10.8")
def _classes(collection: Collection) -> Iterator[Found]:
    rows = _conflicting(collection, collection.references[0]["sop_class"], collection.sop_classes)
    yield from _issues(
        collection, rows, "ReferencedSOPClassUID", "is not the class of the instance referred to"
    )


@collection_rule("link-series", "PS3.3 10.4")
def _series(collection: Collection) -> Iterator[Found]:
    rows = _conflicting(collection, collection.references[0]["series"], collection.series)
    message = "is another series than the one that an instance listed below it is in"
    yield from _above(collection, rows, "SeriesInstanceUID", message)


@collection_rule("link-study", "PS3.3 C.17.2.1")
def _studies(collection: Collection) -> Iterator[Found]:
    """Instances and series are in the studies below which they are listed."""
    table, _ = collection.references
    rows = _conflicting(collection, table["study"], collection.studies)
    message = "is another study than the one that an instance listed below it is in"
    yield from _above(collection, rows, "StudyInstanceUID", message)
    # Of instances that are not at hand, the series may be.
    series, first = np.unique(collection.series, return_index=True)
    place = np.minimum(np.searchsorted(series, table["series"]), series.size - 1)
    known = (collection.targets < 0) & (table["series"] != 0) & (series[place] == table["series"])
    real = collection.studies[first[place]]
    rows = np.flatnonzero(known & (table["study"] != 0) & (real != 0) & (real != table["study"]))
    message = "is another study than the one that a series listed below it is in"
    yield from _above(collection, rows, "StudyInstanceUID", message)


def _above(collection: Collection, rows: NDArray[np.int64], keyword: str, message: str) -> Iterator[Found]:
    """Issues on the series, or study, that is stated around references."""
    _, files = collection.references
    for row in rows.tolist():
        path = collection.path(row, keyword)
        steps = path.split(".")[:-1]
        listing = [index for index, step in enumerate(steps) if "SeriesSequence[" in step]
        if listing:  # a series lists its instances, a study its series
            depth = listing[-1] + 1 if keyword.startswith("Series") else listing[-1]
            # In radiotherapy, the study is referred to like an instance (PS3.3 C.8.8.5).
            name = "ReferencedSOPInstanceUID" if depth and steps[depth - 1].startswith("RTRef") else keyword
            path = ".".join([*steps[:depth], name if keyword.startswith("Study") else keyword])
        yield int(files[row]), Issue(path, message)


@collection_rule("link-other-study", "PS3.3 C.12.2")
def other_studies(collection: Collection) -> Iterator[Found]:
    """Referenced Series Sequence lists instances of the object's study; of presentation states, one expects it."""
    table, files = collection.references
    levels = [_own_study(one.sop_class) for one in collection.facts]
    bound = np.array([level is not None for level in levels], bool)
    own = np.where(bound[files], collection.studies[files], 0)
    for row in _conflicting(collection, own, collection.studies).tolist():
        file = int(files[row])
        if collection.facts[file].places[table["place"][row]].startswith("ReferencedSeriesSequence["):
            message = "is in another study than the object, but is listed as one of the same"
            yield file, Issue(collection.path(row, "ReferencedSOPInstanceUID"), message, levels[file])


def _own_study(sop_class: str) -> Level | None:
    """How wrong it is if Referenced Series Sequence lists an instance of another study; None if it is not."""
    if has_module(sop_class, "common-instance-reference"):
        return "error"
    return "warning" if has_module(sop_class, "presentation-state-relationship") else None


@collection_rule("link-patient", "PS3.3 A.1.2.1", level="warning")
def _patients(collection: Collection) -> Iterator[Found]:
    """Objects refer to the same patient; atlases, parents and phantoms are why this is no error."""
    table, files = collection.references
    own = collection.patients[files]
    rows = _conflicting(collection, own, collection.patients)
    # Once per object and sequence; a study of two patients has been said.
    rows = rows[collection.studies[files[rows]] != collection.studies[collection.targets[rows]]]
    for row, count in _once(files, table["place"], rows):
        message = "refers to an instance of another patient"
        yield int(files[row]), Issue(collection.path(row, "ReferencedSOPInstanceUID"), message, count=count)


def _once(files: NDArray[Any], places: NDArray[Any], rows: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """The first of the rows of one file and place, and how many there are."""
    if len(rows):
        keys = combined(files[rows], places[rows])
        _, first, counts = np.unique(keys, return_index=True, return_counts=True)
        yield from zip(rows[first].tolist(), counts.tolist(), strict=True)


@collection_rule("link-frame", "PS3.3 10.3")
def _frames(collection: Collection) -> Iterator[Found]:
    """Frame numbers are those of the image, from 1."""
    table, _ = collection.references
    targets = collection.targets
    frames = collection.frames[targets] if len(collection) else targets
    wrong = (targets >= 0) & (frames > 0) & ((table["low"] != 0) | (table["high"] != 0))
    wrong &= (table["low"] < 1) | (table["high"] > frames)
    rows = np.flatnonzero(wrong)
    yield from _issues(collection, rows, "ReferencedFrameNumber", "is not a frame of the image referred to")


@collection_rule("link-segment", "PS3.3 10.3")
def _segments(collection: Collection) -> Iterator[Found]:
    """Segment numbers are those of the segmentation."""
    start = 0
    for file, facts in enumerate(collection.facts):
        count = len(facts.reference_rows())
        if facts.segment_numbers:
            for row, number in facts.segment_rows().tolist():
                target = int(collection.targets[start + row])
                known = collection.facts[target].segments if target >= 0 else ()
                if known and number not in known:
                    path = collection.path(start + row, "ReferencedSegmentNumber")
                    yield file, Issue(path, "is not a segment of the segmentation referred to")
        start += count


@collection_rule("link-frame-of-reference", "PS3.3 C.7.4.1", level="warning")
def _spaces(collection: Collection) -> Iterator[Found]:
    """Images lie in the space that is stated with the reference; what is made of images lies in the space of one."""
    table, files = collection.references
    rows = _conflicting(collection, table["frame_of_reference"], collection.spaces)
    for row, count in _once(files, table["place"], rows):
        message = "is in another frame of reference than is stated for it"
        yield int(files[row]), Issue(collection.path(row, "ReferencedSOPInstanceUID"), message, count=count)
    spaces = collection.spaces
    used = _made_from(collection)
    used = used[(spaces[collection.targets[used]] != 0) & (spaces[files[used]] != 0)]
    agreeing = files[used[spaces[collection.targets[used]] == spaces[files[used]]]]
    for file in np.setdiff1d(files[used], agreeing).tolist():
        message = "is that of none of the images that the object was made from"
        yield file, Issue("FrameOfReferenceUID", message)


def _made_from(collection: Collection) -> NDArray[np.int64]:
    """Rows that refer to what segmentations and maps were made from, as far as it is at hand."""
    derived = np.array([one.sop_class in _DERIVED for one in collection.facts], bool)
    _, files = collection.references
    sources = collection.at_places(lambda place: _SOURCES in place)
    return np.flatnonzero(sources & derived[files] & (collection.targets >= 0))


@collection_rule("link-size", "PS3.3 A.51.2", level="warning")
def _sizes(collection: Collection) -> Iterator[Found]:
    """Without a space of its own, a segmentation lies on its source pixel by pixel."""
    _, files = collection.references
    used = _made_from(collection)
    used = used[collection.spaces[files[used]] == 0]
    agreeing: set[int] = set()
    others: set[int] = set()
    for row in used.tolist():
        own, source = collection.facts[files[row]], collection.facts[collection.targets[row]]
        same = (own.rows, own.columns) == (source.rows, source.columns)
        (agreeing if same else others).add(int(files[row]))
    for file in sorted(others - agreeing):
        message = "is not that of the images, and no frame of reference says how the planes lie on them"
        yield file, Issue("Rows", message)


@collection_rule("link-missing", "PS3.3 10.4", level="warning")
def _missing(collection: Collection) -> Iterator[Found]:
    """Of a series that is at hand, an instance referred to is not."""
    table, files = collection.references
    # Raw data and earlier versions of a document are kept elsewhere, if at all.
    elsewhere = collection.at_places(lambda place: place.startswith(_KEPT_ELSEWHERE))
    missing = (collection.targets < 0) & (table["series"] != 0) & ~elsewhere
    rows = np.flatnonzero(missing & np.isin(table["series"], collection.series))
    rows = rows[np.unique(combined(files[rows], table["instance"][rows]), return_index=True)[1]]
    rows.sort()
    keys, first, counts = np.unique(files[rows], return_index=True, return_counts=True)
    for file, row, count in zip(keys.tolist(), rows[first].tolist(), counts.tolist(), strict=True):
        message = "refers to an instance that is not among the files, while others of its series are"
        yield file, Issue(collection.path(row, "ReferencedSOPInstanceUID"), message, count=count)


#: What an object says of each instance that it refers to.
LINKS = (_classes, _series, _studies, _frames, _segments)


# -- media directories ----------------------------------------------------------------------------------------------


@collection_rule("directory-file", "PS3.3 F.3.2.2")
def _directories(collection: Collection) -> Iterator[Found]:
    """Files that records of a media directory name are there, and are what the records say."""
    if not any(one.files for one in collection.facts):
        return
    known = {one.location.upper(): index for index, one in enumerate(collection.facts) if one.location}
    for file, facts in enumerate(collection.facts):
        if not facts.files or not facts.location:
            continue
        folder = PurePosixPath(facts.location.upper()).parent
        for entry in facts.files:
            target = known.get(str(folder / entry.file.upper()))
            stem = entry.path.removesuffix("ReferencedFileID")
            if target is None:
                yield file, Issue(entry.path, "names a file that is not among the files", "warning")
                continue
            if entry.sop_class and entry.sop_class != collection.sop_classes[target]:
                path = f"{stem}ReferencedSOPClassUIDInFile"
                yield file, Issue(path, "is not the class of the instance in the file")
            if entry.instance and entry.instance != collection.instances[target]:
                path = f"{stem}ReferencedSOPInstanceUIDInFile"
                yield file, Issue(path, "is not the instance in the file")


@collection_rule("directory-key", "PS3.3 F.5")
def _directory_keys(collection: Collection) -> Iterator[Found]:
    """Files are of patients, studies and series that the directory has a record of."""
    known = {one.location.upper(): index for index, one in enumerate(collection.facts) if one.location}
    columns = (
        ("Series Instance UID", "series", collection.series),
        ("Study Instance UID", "studies", collection.studies),
        ("Patient ID", "patients", collection.patients),
    )
    for file, facts in enumerate(collection.facts):
        if facts.records is None or not facts.location:
            continue
        folder = PurePosixPath(facts.location.upper()).parent
        for entry in facts.files:
            target = known.get(str(folder / entry.file.upper()))
            if target is None:
                continue
            for name, attribute, column in columns:
                # A directory with no record of a level at all is another kind of file set.
                listed = getattr(facts.records, attribute) - {0}
                if listed and column[target] and int(column[target]) not in listed:
                    message = f"names a file whose {name} no record of the directory has"
                    yield file, Issue(entry.path, message)
                    break
