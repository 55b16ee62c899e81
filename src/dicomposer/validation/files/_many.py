"""Checking many files: folders, archives and streams, on all cores."""

from __future__ import annotations

import io
import math
import os
import secrets
import time
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError, NotDicomError
from dicomposer.validation._engine import Options, check, damaged, opened
from dicomposer.validation._findings import Finding, Findings, Level, level_rank
from dicomposer.validation._ignored import check_ignored
from dicomposer.validation._rules import DEFAULT_PROFILES, check_profiles
from dicomposer.validation.files._entities import across
from dicomposer.validation.files._facts import Facts, facts_of
from dicomposer.validation.files._inputs import (
    Entry,
    PathLike,
    archive_entries,
    entries,
    reason,
    starts_archive,
    zip_errors,
)
from dicomposer.validation.files._report import FileFindings, Report
from dicomposer.validation.files._workers import Crash, cores, in_processes

__all__ = ["validate_files"]

#: Seconds of work for which no other process is started.
_ALONE = 0.5
_UNREAD = "readable PS3.10 7"


def validate_files(  # noqa: PLR0913 - options of one job
    paths: Iterable[PathLike | BinaryIO] | PathLike | BinaryIO,
    *,
    level: Level = "not-evaluated",
    profiles: Collection[str] = DEFAULT_PROFILES,
    ignore: Collection[str] = (),
    pixels: bool = True,
    together: bool = True,
    workers: int | None = None,
    timeout: float | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Report:
    """Check files, folders and archives against the standard, each by itself and against each other.

    Parameters
    ----------
    paths : str, PathLike, binary file-like, or several of them
        Files; folders with all that is below them; zip archives, named or in folders, whose members are read where
        they are; binary streams. Links to folders are not followed. A file is checked once.
    level : {"not-evaluated", "advice", "warning", "error"}
        Lowest level to report.
    profiles : Collection[str]
        What to check beside the standard: names of :data:`PROFILES`. None of them with an empty collection.
    ignore : Collection[str]
        Findings to leave out, see :meth:`Findings.without`; what names no rule is refused.
    pixels : bool
        Whether to read the pixels of segmentations whose stored values mean something.
    together : bool
        Whether to check also what several files say of the same patient, study, series and instance, and whether
        what they refer to is there.
    workers : int, optional
        How many processes: 0 or 1 for this one alone, -1 for one a core. By default one a core, as soon as the
        work turns out to be worth it. They do not run the caller's script again.
    timeout : float, optional
        Seconds for one file, after which its check is ended and a finding (``not-checked``) says so; no limit by
        default. Files are checked in other processes then, whatever `workers` says. Streams have no limit.
    progress : Callable, optional
        Called with the number of files done and the number of all.

    Returns
    -------
    Report
        A file each, in the order given. What is no DICOM is in ``.skipped`` if it is in a folder or an archive, and
        an error if it was named itself. What cannot be read, and what ends the check, gives an error finding too.

    Raises
    ------
    MissingFileError
        If a path does not exist.
    ArgumentTypeError
        If one is neither a path nor a binary stream.
    ArgumentError
        If a level, a profile, a rule to ignore or the number of workers is none.
    """
    level_rank(level)
    options = Options(level, bool(pixels), check_profiles(profiles), check_ignored(ignore))
    count = _process_count(workers)
    if timeout is not None and not 0 < timeout < math.inf:
        raise ArgumentError(f"timeout must be a number of seconds above 0, not {timeout}")
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pydicom says about odd values is findings here
        found = [settled for entry in entries(paths) for settled in _settled(entry, stack)]
        outcomes = _Outcomes(found, Examiner(options, together))
        outcomes.gather(_Means(count, workers is None, timeout), progress or _unseen)
    return outcomes.report(options)


def _unseen(done: int, total: int) -> None:
    """Progress that nobody watches."""


def _process_count(workers: int | None) -> int:
    if workers is None or (workers == -1 and not isinstance(workers, bool)):
        return cores()
    if isinstance(workers, bool) or not isinstance(workers, int):
        raise ArgumentTypeError(f"workers must be a number, not {type(workers).__name__}")
    if workers < 0:
        raise ArgumentError(f"workers must be -1 (all cores), 0 or more, not {workers}")
    return workers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to say of one file: findings, or that it is no DICOM and why."""

    findings: Findings | None
    facts: Facts | None = None
    why: str = ""


class Examiner:
    """Checks a file or a member of an archive; never raises over what is in it.

    Parameters
    ----------
    options : Options
        How to check.
    together : bool
        Whether facts for the checks across files are wanted.
    """

    def __init__(self, options: Options, together: bool) -> None:
        self._options = options
        self._together = together
        self._key = secrets.token_bytes(16)
        self._archive: zipfile.ZipFile | None = None

    def __getstate__(self) -> tuple[Options, bool, bytes]:
        return self._options, self._together, self._key

    def __setstate__(self, state: tuple[Options, bool, bytes]) -> None:
        self._options, self._together, self._key = state
        self._archive = None

    def __call__(self, entry: Entry) -> Outcome:
        """Check one."""
        try:
            return self._check(self._source(entry), entry.shown)
        except NotDicomError as error:
            return Outcome(None, why=str(error))
        except (DamagedFileError, NotImplementedError) as error:
            return Outcome(damaged(error, self._options))
        except OSError as error:
            return Outcome(unread(f"cannot be read: {reason(error)}", self._options))
        except Exception as error:  # noqa: BLE001 - one file must not take the findings on all others along
            message = f"the check stumbled over this file ({type(error).__name__})"
            return Outcome(unread(message, self._options, "not-checked"))

    def _source(self, entry: Entry) -> Any:
        """What to read."""
        if entry.task is None:
            return entry.stream
        path, member = entry.task
        return path if member is None else self._member(path, member)

    def _check(self, source: Any, shown: str) -> Outcome:
        with opened(source) as subject:
            findings = check(subject, self._options)
            if not self._together:
                return Outcome(findings)
            facts = facts_of(
                subject,
                location=shown.replace(os.sep, "/"),
                key=self._key,
                profiles=self._options.profiles,
            )
            return Outcome(findings, facts)

    def _member(self, path: str, member: str) -> io.BytesIO:
        """Unpack a member; zipfile reads no more than the size that was looked at."""
        if self._archive is None or self._archive.filename != path:
            if self._archive is not None:
                self._archive.close()
            self._archive = None
            self._archive = zipfile.ZipFile(path)
        try:
            return io.BytesIO(self._archive.read(member))
        except (*zip_errors, KeyError) as error:
            raise DamagedFileError("the member cannot be unpacked") from error


def unread(message: str, options: Options, rule: str = _UNREAD, level: Level = "error") -> Findings:
    """The only finding on a file that was not looked at."""
    findings = Findings([Finding("", rule, level, message)], "file")
    return findings.down_to(options.level).without(options.ignore)


@dataclass(frozen=True, slots=True)
class _Means:
    """How many processes, whether to see first if they are worth it, and how long they may take for a file."""

    count: int
    hesitate: bool
    limit: float | None

    def are_here(self, early: bool) -> bool:
        """Whether the next file is checked in this process, which nobody can end."""
        return self.limit is None and (self.count < 2 or (self.hesitate and early))


class _Outcomes:
    """Outcomes of all entries, as they come."""

    def __init__(self, found: Sequence[Entry], examiner: Examiner) -> None:
        self._found = found
        self._examiner = examiner
        self._outcomes: list[Outcome | None] = [None] * len(found)
        self._equal: dict[Findings, Findings] = {}  # slices of a series mostly have the same

    def gather(self, means: _Means, progress: Callable[[int, int], object]) -> None:
        """Check everything, in this process for the first moments and then in others."""
        for done, (index, outcome) in enumerate(self._all(means), start=1):
            if outcome.findings is not None:
                known = self._equal.setdefault(outcome.findings, outcome.findings)
                outcome = Outcome(known, outcome.facts)
            self._outcomes[index] = outcome
            progress(done, len(self._found))

    def _all(self, means: _Means) -> Iterator[tuple[int, Outcome]]:
        options = self._examiner._options
        tasks = []
        for index, entry in enumerate(self._found):
            if entry.task is not None:
                tasks.append(index)
            elif entry.stream is not None:
                yield index, self._examiner(entry)
            elif entry.problem:
                yield index, Outcome(unread(entry.problem, options, level=entry.level))
            else:
                yield index, Outcome(None)
        until = time.monotonic() + _ALONE
        at = 0
        while at < len(tasks) and means.are_here(time.monotonic() < until):
            yield tasks[at], self._examiner(self._found[tasks[at]])
            at += 1
        rest = tasks[at:]
        if rest:
            work = [self._found[index] for index in rest]
            count = max(1, min(means.count, len(rest)))
            for number, outcome in in_processes(work, self._examiner, count, means.limit):
                if isinstance(outcome, Crash):
                    message = f"the check of this file ended with {outcome.how}"
                    outcome = Outcome(unread(message, options, "not-checked"))
                yield rest[number], outcome

    def report(self, options: Options) -> Report:
        """Findings by file, with those of the files taken together."""
        known = [
            index for index, outcome in enumerate(self._outcomes) if outcome and outcome.facts is not None
        ]
        facts = [outcome.facts for outcome in self._outcomes if outcome and outcome.facts is not None]
        more = dict(zip(known, self._across(facts, options), strict=True))
        files, skipped = [], []
        for index, (entry, outcome) in enumerate(zip(self._found, self._outcomes, strict=True)):
            if outcome is None or (outcome.findings is None and not entry.named):
                skipped.append(entry.shown)
                continue
            findings = outcome.findings
            if findings is None:
                findings = unread(outcome.why, options)
            if more.get(index):
                findings = Findings([*findings, *more[index]], findings.subject)
            files.append(FileFindings(entry.shown, findings, entry.named))
        return Report(files, skipped)

    @staticmethod
    def _across(facts: Sequence[Facts], options: Options) -> list[list[Finding]]:
        """Findings of files taken together; a fault of ours must not take those of each alone along."""
        try:
            return across(facts, options) if facts else []
        except Exception as error:  # noqa: BLE001
            message = f"the check of the files against each other stumbled ({type(error).__name__})"
            return [list(unread(message, options, "not-checked", "warning")), *([] for _ in facts[1:])]


def _settled(entry: Entry, stack: ExitStack) -> Iterator[Entry]:
    """A stream as bytes, or the members of the archive that comes in it; any other entry as it is."""
    if entry.stream is None:
        yield entry
        return
    try:
        data, whole = _begun(entry.stream)
    except (OSError, ValueError) as error:
        yield Entry(entry.shown, True, problem=f"cannot be read: {reason(error)}")
        return
    if not isinstance(data, (bytes, bytearray)):
        raise ArgumentTypeError("a stream must be opened in binary mode")
    if not starts_archive(bytes(data[:132])):
        yield Entry(entry.shown, True, stream=io.BytesIO(data) if whole else entry.stream)
        return
    data = data if whole else entry.stream.read()
    folder = stack.enter_context(TemporaryDirectory(prefix="dicomposer-"))
    path = os.path.join(folder, "stream.zip")
    with open(path, "wb") as file:
        file.write(data)
    yield from archive_entries(path, entry.shown, True)


def _begun(stream: Any) -> tuple[Any, bool]:
    """The first bytes of a stream that can go back, which stays where it was; else all of them, and that it is all."""
    try:
        position = stream.tell()
        head = stream.read(132)
        stream.seek(position)
    except (OSError, AttributeError):
        return stream.read(), True
    return head, False
