"""The one checker: tables, functional groups and whole-object rules on a file or dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.errors import ArgumentTypeError, DamagedFileError, DicomposerError, NotDicomError
from dicomposer.validation._collect import Collector
from dicomposer.validation._families import registered
from dicomposer.validation._findings import Findings, Level, level_rank
from dicomposer.validation._groups import check_groups
from dicomposer.validation._ignored import check_ignored
from dicomposer.validation._presence import Walker
from dicomposer.validation._rules import DEFAULT_PROFILES, Rule, check_profiles
from dicomposer.validation._subject import PIXEL_TAGS, Subject
from dicomposer.validation.content._content import check_content, has_content, root_blocks
from dicomposer.validation.content._templates import check_templates
from dicomposer.validation.families._pixels import check_pixel_values, stored_values

__all__ = ["validate"]


def validate(
    file_or_dataset: Any,
    *,
    level: Level = "not-evaluated",
    sources: Sequence[Dataset] | None = None,
    pixels: bool | Collection[int] = True,
    profiles: Collection[str] = DEFAULT_PROFILES,
    ignore: Collection[str] = (),
) -> Findings:
    """Check an object against the standard and against itself.

    Presence of attributes by type and condition, values, nested items and functional groups against the tables of
    the edition (:data:`dicomposer.standard.EDITION`); pixel length and attributes, dimension indices, geometry,
    tiles, segments and references against one another.

    Parameters
    ----------
    file_or_dataset : str, PathLike, bytes, binary file-like or pydicom.Dataset
        What to check. A dataset is neither changed nor decoded.
    level : {"not-evaluated", "advice", "warning", "error"}
        Lowest level to report.
    sources : Sequence[pydicom.Dataset], optional
        Images from which the object was made: patient, study, classes and references are compared with them.
    pixels : bool or Collection[int]
        Whether to read the pixels of segmentations whose stored values mean something (label maps, fractions); or
        the distinct stored values, if the caller has counted them.
    profiles : Collection[str]
        What to check beside the standard: names of :data:`PROFILES`. None of them with an empty collection.
    ignore : Collection[str]
        Findings to leave out, see :meth:`Findings.without`; what names no rule is refused.

    Returns
    -------
    Findings
        Most severe first. ``.ok`` tells whether there is no error. A damaged file gives an error finding.

    Raises
    ------
    NotDicomError
        If a file is not DICOM at all.
    ArgumentTypeError
        If the argument is nothing that can be read.
    ArgumentError
        If a level, a profile or a rule to ignore is unknown.
    """
    level_rank(level)
    options = Options(level, pixels, check_profiles(profiles), check_ignored(ignore))
    if isinstance(file_or_dataset, Dataset):
        return check(Subject(file_or_dataset, tuple(sources or ())), options)
    try:
        with opened(file_or_dataset, tuple(sources or ())) as subject:
            return check(subject, options)
    except NotDicomError:
        raise
    except (DamagedFileError, NotImplementedError) as error:
        return damaged(error, options)


@dataclass(frozen=True, slots=True)
class Options:
    """How a check is done; the parameters of :func:`validate`."""

    level: Level = "not-evaluated"
    pixels: bool | Collection[int] = True
    profiles: tuple[str, ...] = DEFAULT_PROFILES
    ignore: tuple[str, ...] = ()


@contextmanager
def opened(file: Any, sources: tuple[Dataset, ...] = ()) -> Iterator[Subject]:
    """The object in a file, which is closed afterwards.

    Raises
    ------
    NotDicomError, DamagedFileError
        If the file cannot be read as far as its elements.
    ArgumentTypeError
        If the argument is nothing that can be read.
    """
    source = BytesIO(file) if isinstance(file, (bytes, bytearray)) else file
    if not isinstance(source, (str, os.PathLike)) and not hasattr(source, "read"):
        raise ArgumentTypeError(f"cannot validate a {type(file).__name__}: give a path, bytes or a Dataset")
    # Pixels stay in the file: most rules need their length only.
    dataset = record.read(source, lazy=isinstance(source, (str, os.PathLike)))
    try:
        yield Subject(dataset, sources, from_file=True)
    finally:
        _close(dataset)


def damaged(error: Exception, options: Options) -> Findings:
    """What there is to say of a file that cannot be read."""
    collector = Collector(options.level)
    collector.add("damaged-file PS3.10 7", "error", "", str(error))
    return Findings(collector, "damaged file").without(options.ignore)


def _close(dataset: Dataset) -> None:
    """Close the file in which the pixels stayed."""
    for tag in PIXEL_TAGS:
        value = getattr(dataset._dict.get(tag), "value", None)  # type: ignore[call-overload]
        if isinstance(value, record.FileSlice):
            value.source.close()


def check(subject: Subject, options: Options) -> Findings:
    """Check an object that is at hand."""
    collector = Collector(options.level)
    walker = Walker(subject, collector)
    if has_content(subject):
        walker.content = root_blocks(subject.root)
    if subject.iod is None:
        what = (
            "has no SOP Class UID"
            if not subject.sop_class
            else "is of a SOP Class that the tables do not know"
        )
        message = f"the object {what}: presence of attributes is not checked"
        collector.add(
            "sop-class PS3.4 B.5", "not-evaluated" if subject.sop_class else "error", "SOPClassUID", message
        )
    checks: dict[str, Callable[[], None]] = {
        "attributes": walker.run,
        "functional groups": partial(check_groups, subject, collector, walker),
        "content items": partial(check_content, subject, collector, walker),
        "templates": partial(check_templates, subject, collector),
    }
    for what, check in checks.items():
        try:
            check()
        except (
            DicomposerError,
            NotImplementedError,
        ) as error:  # pydicom knows not every VR a damaged file has
            where = _WHERE.get(what, "") if _WHERE.get(what, "") in subject.dataset else ""
            message = f"{what} cannot be read further: {error}"
            collector.add("damaged-sequence PS3.5 7.5", "error", where, message)
    for rule in registered(options.profiles):
        # Rules that warn may find errors as well, those that advise do not.
        if rule.level != "advice" or collector.wants("advice"):
            _apply(rule, subject, collector)
    _pixel_values(subject, collector, options.pixels)
    return Findings(collector, subject.subject_name).without(options.ignore)


#: Where that stands which a part of the check is about.
_WHERE = {
    "functional groups": "PerFrameFunctionalGroupsSequence",
    "content items": "ContentSequence",
    "templates": "ContentSequence",
}


def _pixel_values(subject: Subject, collector: Collector, pixels: bool | Collection[int]) -> None:
    """Stored values of label maps and fractions: given, read, or said not to have been looked at."""
    if not subject.is_segmentation or subject.text("SegmentationType") not in ("LABELMAP", "FRACTIONAL"):
        return
    if subject.pixel_element is None or subject.syntax is None:
        return
    name = "pixel-values PS3.3 C.8.20.2.3.3"
    if pixels is False:
        collector.add(name, "not-evaluated", "PixelData", "stored values were not looked at")
        return
    try:
        values = stored_values(subject) if pixels is True else {int(value) for value in pixels}
    except DicomposerError as error:
        message = f"stored values cannot be looked at ({type(error).__name__})"
        collector.add(name, "not-evaluated", "PixelData", message)
        return
    check_pixel_values(subject, collector, values)


def _apply(rule: Rule, subject: Subject, collector: Collector) -> None:
    """Run one rule. What it stumbles over is another rule's to report, but nothing passes silently."""
    name = f"{rule.id} {rule.section}"
    try:
        if rule.applies(subject):
            for issue in rule.check(subject):
                collector.add(name, issue.level or rule.level, issue.path, issue.message, issue.count)
    except (
        DamagedFileError,
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
        NotImplementedError,
    ) as error:
        message = f"the rule could not be evaluated on these values ({type(error).__name__})"
        collector.add(name, "not-evaluated", "", message)
