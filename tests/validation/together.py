"""Good collections of files, and ways in which one file breaks faith with the others.

Run as a program, it prints how many of the faults we name::

    PYTHONPATH=tests/helpers python -m tests.validation.together          # all kinds, all collections
    PYTHONPATH=tests/helpers python -m tests.validation.together --judge  # with dcentvfy beside
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import pydicom.data
from pydicom import dcmread
from pydicom.dataset import Dataset
from tests.validation import good, objects
from tests.validation.objects import encoded, uid

import dicomposer
from dicomposer import samples
from dicomposer.validation import Finding
from dicomposer.validation._engine import Options
from dicomposer.validation._subject import Subject
from dicomposer.validation.files._entities import across
from dicomposer.validation.files._facts import facts_of
from judges import judge

Files = dict[str, Dataset]
CT = "1.2.840.10008.5.1.4.1.1.2"


def read(made: Dataset) -> Dataset:
    """The object as it comes out of a file."""
    return dcmread(BytesIO(encoded(made)))


def found(files: Files) -> dict[str, list[Finding]]:
    """What the comparison says of each file."""
    facts = [facts_of(Subject(one, from_file=True), location=name) for name, one in files.items()]
    return dict(zip(files, across(facts, Options()), strict=True))


# -- good collections -----------------------------------------------------------------------------------------------


def named(stem: str, datasets: Iterable[Dataset]) -> Files:
    return {f"{stem}{number}": one for number, one in enumerate(datasets)}


@cache
def phantom() -> Files:
    """A CT series with segmentations of both kinds, and structures that a planning system drew."""
    series = samples.phantom_series()
    files = named("ct", series.datasets)
    names = ["liver"] * int(series.mask.max())
    for kind in ("BINARY", "LABELMAP"):
        files[kind] = read(dicomposer.segment(series.mask, series.datasets, names, segmentation_type=kind))
    files["structures"] = structures(series.datasets)
    return files


def structures(images: Iterable[Dataset]) -> Dataset:
    """An RT Structure Set on images (what is said of them; no contours)."""
    images = list(images)
    made = Dataset()
    for keyword in (
        "PatientID PatientName PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyTime AccessionNumber"
        " ReferringPhysicianName StudyID StudyDescription SpecificCharacterSet FrameOfReferenceUID"
    ).split():
        made[keyword] = images[0][keyword]
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.3", uid(30, 2)
    made.SeriesInstanceUID, made.Modality, made.InstanceNumber = uid(30, 1), "RTSTRUCT", 1
    made.Manufacturer = "maker"
    contour_images = []
    for image in images:
        one = Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
        contour_images.append(one)
    series, study, space = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID, series.ContourImageSequence = images[0].SeriesInstanceUID, contour_images
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = images[0].StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    space.FrameOfReferenceUID = images[0].FrameOfReferenceUID
    space.RTReferencedStudySequence = [study]
    made.ReferencedFrameOfReferenceSequence = [space]
    made.file_meta = deepcopy(images[0].file_meta)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return read(made)


@cache
def results() -> Files:
    """CT slices with what highdicom writes on them."""
    makers = (good.parametric_map, good.report, good.key_objects, good.presentation)
    return {**named("ct", good.small_ct()), **{make.__name__: make() for make in makers}}


@cache
def segmented() -> Files:
    """CT slices with segmentations written by highdicom."""
    makers = (objects.binary, objects.fractional, objects.label_map)
    return {**named("ct", objects.ct_series()), **{make.__name__: make() for make in makers}}


@cache
def enhanced() -> Files:
    """An enhanced CT with a segmentation, and a report on a segment of it."""
    image = objects.test_file("eCT_Supplemental.dcm")
    made = objects.of_enhanced()
    report = deepcopy(good.key_objects())
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID"):
        report[keyword] = made[keyword]
    for keyword in ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        if keyword in made:
            report[keyword] = made[keyword]
    report.SeriesInstanceUID, report.SOPInstanceUID = uid(31, 1), uid(31, 2)
    one = Dataset()
    one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
    content = deepcopy(one)
    content.ReferencedSegmentNumber = 2
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = made.SeriesInstanceUID, [one]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = made.StudyInstanceUID, [series]
    report.CurrentRequestedProcedureEvidenceSequence = [study]
    item = Dataset()
    item.RelationshipType, item.ValueType, item.ReferencedSOPSequence = "CONTAINS", "IMAGE", [content]
    report.ContentSequence = [item]
    return {"image": image, "segmentation": made, "report": read(report)}


@cache
def slides() -> Files:
    """A slide with segmentations and annotations."""
    makers = (objects.slide, objects.tiled_sparse, objects.tiled_full, good.annotations)
    return {make.__name__: make() for make in makers}


@cache
def parts() -> Files:
    """An enhanced CT as a concatenation, an instance for each frame."""
    image = objects.test_file("eCT_Supplemental.dcm")
    count = int(image.NumberOfFrames)
    size = len(image.PixelData) // count
    files: Files = {}
    for number in range(count):
        part = deepcopy(image)
        part.PerFrameFunctionalGroupsSequence = [part.PerFrameFunctionalGroupsSequence[number]]
        part.NumberOfFrames, part.PixelData = 1, image.PixelData[number * size : (number + 1) * size]
        part.SOPInstanceUID = part.file_meta.MediaStorageSOPInstanceUID = uid(32, number + 1)
        part.ConcatenationUID, part.SOPInstanceUIDOfConcatenationSource = uid(32, 9), image.SOPInstanceUID
        part.InConcatenationNumber, part.InConcatenationTotalNumber = number + 1, count
        part.ConcatenationFrameOffsetNumber = number
        files[f"part{number}"] = part
    return files


@cache
def directory() -> Files:
    """A media directory with its files: several patients, studies and modalities."""
    folder = Path(pydicom.data.__file__).parent / "test_files" / "dicomdirtests"
    paths = [folder / "DICOMDIR", *sorted(p for p in folder.glob("[0-9]*/**/*") if p.is_file())]
    return {path.relative_to(folder).as_posix(): dcmread(path) for path in paths}


COLLECTIONS: dict[str, Callable[[], Files]] = {
    made.__name__: made for made in (phantom, results, segmented, enhanced, slides, parts, directory)
}


# -- faults ---------------------------------------------------------------------------------------------------------


class NotApplicable(Exception):
    """The collection has not what the fault is about."""


@dataclass(frozen=True)
class Fault:
    """One way to break a collection.

    Attributes
    ----------
    name : str
    apply : callable
        Breaks the files in place; returns a pattern of the path that has to be named.
    """

    name: str
    apply: Callable[[Files, random.Random], str]


FAULTS: list[Fault] = []


def fault(name: str) -> Callable[[Callable[[Files, random.Random], str]], None]:
    def register(apply: Callable[[Files, random.Random], str]) -> None:
        FAULTS.append(Fault(name, apply))

    return register


def together_in(files: Files, keyword: str, rng: random.Random) -> list[Dataset]:
    """Files that share a study (or series, space), at random, of those groups that have several."""
    groups: dict[str, list[Dataset]] = {}
    for one in files.values():
        if value := one.get(keyword):
            groups.setdefault(str(value), []).append(one)
    several = [group for group in groups.values() if len(group) > 1]
    if not several:
        raise NotApplicable(keyword)
    return rng.choice(several)


def _set(within: str, keyword: str, value: str) -> Callable[[Files, random.Random], str]:
    """Give one file of a group another value of what all of them have."""

    def apply(files: Files, rng: random.Random) -> str:
        having = [one for one in together_in(files, within, rng) if one.get(keyword)]
        if len(having) < 2:
            raise NotApplicable(keyword)
        setattr(rng.choice(having), keyword, value)
        return keyword

    return apply


for _within, _keyword, _value in (
    ("StudyInstanceUID", "PatientID", "SOMEBODY-ELSE"),
    ("StudyInstanceUID", "PatientName", "Else^Somebody"),
    ("StudyInstanceUID", "PatientBirthDate", "19110911"),
    ("StudyInstanceUID", "PatientSex", "F"),
    ("StudyInstanceUID", "StudyDate", "20010203"),
    ("StudyInstanceUID", "StudyTime", "010203"),
    ("StudyInstanceUID", "AccessionNumber", "X1"),
    ("StudyInstanceUID", "StudyID", "X2"),
    ("StudyInstanceUID", "StudyDescription", "another"),
    ("SeriesInstanceUID", "StudyInstanceUID", uid(40, 1)),
    ("SeriesInstanceUID", "SeriesDescription", "another"),
    ("SeriesInstanceUID", "SeriesNumber", "4711"),
    ("SeriesInstanceUID", "Modality", "NM"),
    ("SeriesInstanceUID", "FrameOfReferenceUID", uid(40, 2)),
    ("SeriesInstanceUID", "Manufacturer", "another"),
    ("SeriesInstanceUID", "ManufacturerModelName", "another"),
    ("SeriesInstanceUID", "SoftwareVersions", "another"),
    ("SeriesInstanceUID", "InstitutionName", "another"),
    ("FrameOfReferenceUID", "PositionReferenceIndicator", "another"),
):
    FAULTS.append(Fault(f"another {_keyword}", _set(_within, _keyword, _value)))


@fault("empty attribute")
def _(files: Files, rng: random.Random) -> str:
    group = together_in(files, "SeriesInstanceUID", rng)
    keyword = rng.choice(["StudyDate", "SeriesNumber", "Manufacturer", "PatientSex"])
    if len(group) < 3 or not all(one.get(keyword) for one in group):
        raise NotApplicable(keyword)
    setattr(rng.choice(group), keyword, None if keyword == "SeriesNumber" else "")
    return keyword


@fault("attribute left out")
def _(files: Files, rng: random.Random) -> str:
    group = together_in(files, "SeriesInstanceUID", rng)
    keyword = rng.choice(["StudyDescription", "SeriesDescription", "DeviceSerialNumber"])
    if len(group) < 3 or not all(one.get(keyword) for one in group):
        raise NotApplicable(keyword)
    delattr(rng.choice(group), keyword)
    return keyword


@fault("same instance, other contents")
def _(files: Files, rng: random.Random) -> str:
    one, other = rng.sample(together_in(files, "SeriesInstanceUID", rng), 2)
    other.SOPInstanceUID = one.SOPInstanceUID
    return "SOPInstanceUID"


@fault("a copy")
def _(files: Files, rng: random.Random) -> str:
    name = rng.choice([name for name, one in files.items() if "SOPInstanceUID" in one])
    files["copy"] = deepcopy(files[name])
    return "SOPInstanceUID"


@fault("same instance number")
def _(files: Files, rng: random.Random) -> str:
    one, other = rng.sample(together_in(files, "SeriesInstanceUID", rng), 2)
    if "ConcatenationUID" in one or one.InstanceNumber == other.InstanceNumber:
        raise NotApplicable("InstanceNumber")
    other.InstanceNumber = one.InstanceNumber
    return "InstanceNumber"


@fault("series named as the study")
def _(files: Files, rng: random.Random) -> str:
    one = rng.choice([one for one in files.values() if "SeriesInstanceUID" in one])
    series = one.SeriesInstanceUID
    for other in files.values():
        if other.get("SeriesInstanceUID") == series:
            other.SeriesInstanceUID = one.StudyInstanceUID
    return "SeriesInstanceUID"


# -- faults of references -------------------------------------------------------------------------------------------


def references(item: Dataset, path: str = "") -> Iterator[tuple[str, Dataset]]:
    """Path and item of each reference to an instance."""
    for element in item:
        if element.VR != "SQ" or element.tag.is_private or element.keyword == "DirectoryRecordSequence":
            continue
        for number, inner in enumerate(element.value):
            here = f"{path}{element.keyword}[{number}]."
            known = str(inner.get("ReferencedSOPClassUID", ""))
            if known and not known.startswith("1.2.840.10008.3."):
                yield here, inner
            yield from references(inner, here)


def some_reference(files: Files, rng: random.Random) -> tuple[str, Dataset, Dataset]:
    """Path and item of a reference, and the instance that it means, which is there."""
    known = {str(one.get("SOPInstanceUID")): one for one in files.values()}
    every = [
        (path, item, known[str(item.ReferencedSOPInstanceUID)])
        for one in files.values()
        for path, item in references(one)
        if str(item.ReferencedSOPInstanceUID) in known
    ]
    if not every:
        raise NotApplicable("references")
    return rng.choice(every)


@fault("reference: class")
def _(files: Files, rng: random.Random) -> str:
    path, item, _ = some_reference(files, rng)
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
    return f"{path}ReferencedSOPClassUID"


@fault("reference: frame number")
def _(files: Files, rng: random.Random) -> str:
    path, item, target = some_reference(files, rng)
    if "Rows" not in target:
        raise NotApplicable("frames")
    item.ReferencedFrameNumber = int(target.get("NumberOfFrames", 1)) + rng.randint(1, 5)
    return f"{path}ReferencedFrameNumber"


@fault("reference: frame number 0")
def _(files: Files, rng: random.Random) -> str:
    path, item, target = some_reference(files, rng)
    if "Rows" not in target:
        raise NotApplicable("frames")
    item.ReferencedFrameNumber = [0, 1]
    return f"{path}ReferencedFrameNumber"


@fault("reference: segment number")
def _(files: Files, rng: random.Random) -> str:
    path, item, target = some_reference(files, rng)
    if "SegmentSequence" not in target:
        raise NotApplicable("segments")
    item.ReferencedSegmentNumber = 77
    return f"{path}ReferencedSegmentNumber"


def listing(files: Files, rng: random.Random, keyword: str) -> Dataset:
    """An item (of a series, or study) above a reference to an instance that is there, which names it."""
    known = {str(one.get(keyword)) for one in files.values()}
    instances = {str(one.get("SOPInstanceUID")) for one in files.values()}
    every: list[Dataset] = []

    def walk(item: Dataset) -> None:
        for element in item:
            for inner in element.value if element.VR == "SQ" and not element.tag.is_private else ():
                meant = {str(item.ReferencedSOPInstanceUID) for _, item in references(inner)}
                if str(inner.get(keyword, "")) in known and meant & instances:
                    every.append(inner)
                walk(inner)

    for one in files.values():
        walk(one)
    if not every:
        raise NotApplicable(keyword)
    return rng.choice(every)


@fault("reference: series")
def _(files: Files, rng: random.Random) -> str:
    listing(files, rng, "SeriesInstanceUID").SeriesInstanceUID = uid(40, 3)
    return r"\w*SeriesSequence\[\d+\]\.SeriesInstanceUID"


@fault("reference: study")
def _(files: Files, rng: random.Random) -> str:
    listing(files, rng, "StudyInstanceUID").StudyInstanceUID = uid(40, 4)
    return r"\w*Sequence\[\d+\]\.StudyInstanceUID"


@fault("reference: missing instance")
def _(files: Files, rng: random.Random) -> str:
    listed: dict[str, set[str]] = {}
    for one in files.values():
        for path, item in references(one):
            if "ReferencedSeriesSequence" in path:
                listed.setdefault(str(item.ReferencedSOPInstanceUID), set()).add(path)
    names = [
        name
        for name, one in files.items()
        if str(one.get("SOPInstanceUID")) in listed
        and sum(other.get("SeriesInstanceUID") == one.SeriesInstanceUID for other in files.values()) > 1
    ]
    if not names:
        raise NotApplicable("a series of several")
    del files[rng.choice(names)]
    return "ReferencedSOPInstanceUID"


@fault("result in another study")
def _(files: Files, rng: random.Random) -> str:
    results = [
        one
        for one in files.values()
        if any(path.startswith("ReferencedSeriesSequence[") for path, _ in references(one))
        and sum(other.get("SeriesInstanceUID") == one.SeriesInstanceUID for other in files.values()) == 1
    ]
    if not results:
        raise NotApplicable("results")
    rng.choice(results).StudyInstanceUID = uid(40, 5)
    return r"ReferencedSOPInstanceUID"


@fault("result of another patient in another study")
def _(files: Files, rng: random.Random) -> str:
    results = [one for one in files.values() if any(True for _ in references(one)) and one.get("PatientID")]
    alone = [
        one
        for one in results
        if sum(other.get("SeriesInstanceUID") == one.SeriesInstanceUID for other in files.values()) == 1
    ]
    if not alone:
        raise NotApplicable("results")
    one = rng.choice(alone)
    one.StudyInstanceUID, one.PatientID = uid(40, 6), "SOMEBODY-ELSE"
    return "(ReferencedSOPInstanceUID|PatientID)"


@fault("result in another frame of reference")
def _(files: Files, rng: random.Random) -> str:
    results = [
        one
        for one in files.values()
        if one.get("Modality") in ("SEG", "OT", "RTSTRUCT") and one.get("FrameOfReferenceUID")
    ]
    if not results:
        raise NotApplicable("results")
    one = rng.choice(results)
    if one.Modality == "RTSTRUCT":
        one.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = uid(40, 7)
        return "ReferencedSOPInstanceUID"
    one.FrameOfReferenceUID = uid(40, 7)
    return "FrameOfReferenceUID"


# -- faults of concatenations and directories -----------------------------------------------------------------------


def _part(keyword: str, value: object) -> Callable[[Files, random.Random], str]:
    def apply(files: Files, rng: random.Random) -> str:
        parts = [one for one in files.values() if "ConcatenationUID" in one]
        if not parts:
            raise NotApplicable("parts")
        setattr(rng.choice(parts[1:]), keyword, value)
        return keyword

    return apply


for _keyword, _number in (
    ("InConcatenationNumber", 1),
    ("InConcatenationNumber", 9),
    ("InConcatenationTotalNumber", 8),
    ("ConcatenationFrameOffsetNumber", 99),
    ("SOPInstanceUIDOfConcatenationSource", uid(40, 8)),
):
    FAULTS.append(Fault(f"concatenation: {_keyword} {_number}", _part(_keyword, _number)))


@fault("concatenation: missing part")
def _(files: Files, rng: random.Random) -> str:
    names = [name for name, one in files.items() if "ConcatenationUID" in one]
    if not names:
        raise NotApplicable("parts")
    del files[rng.choice(names)]
    return "InConcatenationTotalNumber"


def record(files: Files, rng: random.Random) -> Dataset:
    if "DICOMDIR" not in files:
        raise NotApplicable("directory")
    return rng.choice([one for one in files["DICOMDIR"].DirectoryRecordSequence if "ReferencedFileID" in one])


@fault("directory: file")
def _(files: Files, rng: random.Random) -> str:
    record(files, rng).ReferencedFileID = ["NO", "WHERE"]
    return r"DirectoryRecordSequence\[\d+\]\.ReferencedFileID"


@fault("directory: class")
def _(files: Files, rng: random.Random) -> str:
    record(files, rng).ReferencedSOPClassUIDInFile = "1.2.840.10008.5.1.4.1.1.128"
    return r"DirectoryRecordSequence\[\d+\]\.ReferencedSOPClassUIDInFile"


@fault("directory: instance")
def _(files: Files, rng: random.Random) -> str:
    record(files, rng).ReferencedSOPInstanceUIDInFile = uid(40, 9)
    return r"DirectoryRecordSequence\[\d+\]\.ReferencedSOPInstanceUIDInFile"


# -- score ----------------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What became of one fault in one collection."""

    collection: str
    fault: str
    path: str
    named: bool
    findings: dict[str, list[Finding]]
    judge: bool | None = None


def score(names: Iterable[str], seed: int = 0, judge: bool = False) -> list[Outcome]:
    """Break each collection in each way that applies to it."""
    outcomes = []
    for name in names:
        good_files = COLLECTIONS[name]()
        before = dcentvfy(good_files) if judge else set()
        for number, one in enumerate(FAULTS):
            files = deepcopy(good_files)
            try:
                path = one.apply(files, random.Random(f"{seed} {name} {number}"))
            except NotApplicable:
                continue
            # Item numbers of the first of many places may be others.
            pattern = re.compile(rf"(^|.*\.){path}$" if "[" not in path or "\\" in path else _anywhere(path))
            after = found(files)
            hits = any(pattern.match(f.path) for findings in after.values() for f in findings)
            theirs = bool(dcentvfy(files) - before) if judge else None
            outcomes.append(Outcome(name, one.name, path, hits, after, theirs))
    return outcomes


def _anywhere(path: str) -> str:
    return r"\[\d+\]".join(re.escape(part) for part in re.split(r"\[\d+\]", path)) + "$"


def dcentvfy(files: Files) -> set[str]:
    """Lines of dcentvfy on a collection."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (name, one) in enumerate(sorted(files.items())):
            if name != "DICOMDIR":
                path = Path(folder) / f"{number:03}"
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    one.save_as(path, enforce_file_format=True)
                paths.append(str(path))
        run = subprocess.run(
            [judge("dcentvfy"), *paths], capture_output=True, text=True, errors="replace", check=False
        )
        lines = (run.stdout + run.stderr).replace(folder, "").splitlines()
        return {re.sub(r" for file .*", "", line) for line in lines}


def main(arguments: list[str]) -> None:
    """Print the score."""
    judge = "--judge" in arguments
    outcomes = [one for seed in range(3) for one in score(COLLECTIONS, seed, judge)]
    for one in outcomes:
        if not one.named:
            said = {f"{f.rule_id} {f.path}" for findings in one.findings.values() for f in findings}
            print(f"not named: {one.collection}: {one.fault}: {one.path}: {sorted(said)[:4]}")
    print(
        f"{sum(one.named for one in outcomes)} of {len(outcomes)} named, {len({o.fault for o in outcomes})} kinds"
    )
    if judge:
        kinds: dict[str, list[int]] = {}
        for one in outcomes:
            tally = kinds.setdefault(one.fault, [0, 0, 0])
            tally[0] += 1
            tally[1] += one.named
            tally[2] += bool(one.judge)
        for kind, (count, ours, theirs) in kinds.items():
            print(f"{kind:45} {count:3} ours {ours:3} dcentvfy {theirs:3}")
        print(f"dcentvfy: {sum(bool(one.judge) for one in outcomes)}")


if __name__ == "__main__":
    main(sys.argv[1:])
