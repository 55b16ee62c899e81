"""What a check of many files says: findings by file, and those that many files share as one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from dicomposer.errors import ConformanceError
from dicomposer.validation._findings import COLUMNS, LEVELS, Finding, Findings, Level, dataframe, level_rank

__all__ = ["FileFindings", "Report", "SharedFinding"]

_FIGURES = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class FileFindings:
    """A file and its findings.

    Attributes
    ----------
    path : str
        As the caller named the file or its folder; ``archive.zip!/member`` in an archive, ``-`` for a stream
        without a name.
    findings : Findings
        Most severe first.
    named : bool
        Whether the caller named the file, rather than a folder or an archive that it is in.
    """

    path: str
    findings: Findings
    named: bool = False

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return self.findings.ok


@dataclass(frozen=True, slots=True)
class SharedFinding:
    """A finding that is the same in one or more files, but for item numbers and figures.

    Attributes
    ----------
    finding : Finding
        As it is in the first file.
    files : int
        How many files have it.
    first : str
        Path of the first of them.
    alike : bool
        Whether the message is the same to the letter in all of them.
    """

    finding: Finding
    files: int
    first: str
    alike: bool


class Report(Sequence[FileFindings]):
    """Findings on many files, in the order in which they were named; in folders, in that of their paths.

    An empty report is false, like any empty sequence; ask :attr:`ok` whether the files conform.

    Parameters
    ----------
    files : Iterable[FileFindings]
        The files that were checked.
    skipped : Iterable[str]
        Paths of what was found in folders and archives and is no DICOM.
    """

    __slots__ = ("_files", "skipped")

    def __init__(self, files: Iterable[FileFindings] = (), skipped: Iterable[str] = ()) -> None:
        self._files = tuple(files)
        #: Paths of what was found in folders and archives and is no DICOM.
        self.skipped = tuple(skipped)

    @overload
    def __getitem__(self, index: int) -> FileFindings: ...
    @overload
    def __getitem__(self, index: slice) -> Report: ...
    def __getitem__(self, index: int | slice) -> FileFindings | Report:
        return Report(self._files[index]) if isinstance(index, slice) else self._files[index]

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[FileFindings]:
        return iter(self._files)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Report) and (self._files, self.skipped) == (other._files, other.skipped)

    def __hash__(self) -> int:
        return hash((self._files, self.skipped))

    def __repr__(self) -> str:
        return f"<Report: {self.verdict}>"

    def __str__(self) -> str:
        lines = []
        for one in self.shared("advice"):
            first = printable(one.first, line=True)
            where = first if one.files == 1 else f"{one.files} files, first {first}"
            lines.append(f"{one.finding}\n    in {where}")
        return "\n".join([*map(printable, lines), self.verdict])

    @property
    def verdict(self) -> str:
        """How many files were checked, are wrong and were skipped, in words."""
        bad, skipped = len(self.errors), len(self.skipped)
        return (
            f"{len(self)} file{'s' * (len(self) != 1)} checked, {bad or 'none'} with errors"
            + f"; {skipped} file{'s' * (skipped != 1)} skipped (not DICOM)" * bool(skipped)
        )

    @property
    def ok(self) -> bool:
        """Whether no file has an error."""
        return all(one.ok for one in self._files)

    @property
    def errors(self) -> tuple[FileFindings, ...]:
        """Files with errors, each with its errors only."""
        bad = (one for one in self._files if not one.ok)
        return tuple(FileFindings(one.path, one.findings.down_to("error"), one.named) for one in bad)

    def counts(self) -> dict[Level, int]:
        """How many findings there are of each level, over all files."""
        counted = Counter(finding.level for one in self._files for finding in one.findings)
        return {level: counted[level] for level in LEVELS}

    def down_to(self, level: Level) -> Report:
        """The same files with findings of a level and the more severe ones.

        Raises
        ------
        ArgumentError
            If the level is none of :data:`LEVELS`.
        """
        level_rank(level)
        files = (FileFindings(one.path, one.findings.down_to(level), one.named) for one in self._files)
        return Report(files, self.skipped)

    def shared(self, level: Level = "not-evaluated") -> list[SharedFinding]:
        """Findings that are the same in several files taken together, most severe and most frequent first.

        The same rule, attribute and message, whatever the numbers of items and other figures in it.

        Parameters
        ----------
        level : {"not-evaluated", "advice", "warning", "error"}
            Lowest level to give.
        """
        lowest = level_rank(level)
        keys: dict[Finding, tuple[str, ...]] = {}  # of many files most findings are equal
        found: dict[tuple[str, ...], SharedFinding] = {}
        for one in self._files:
            seen = set()
            for finding in one.findings:
                if level_rank(finding.level) > lowest:
                    continue
                key = keys.get(finding) or keys.setdefault(finding, _kind(finding))
                known = found.get(key)
                if known is None:
                    found[key] = SharedFinding(finding, 1, one.path, True)
                elif key not in seen:
                    alike = known.alike and known.finding.message == finding.message
                    found[key] = SharedFinding(known.finding, known.files + 1, known.first, alike)
                seen.add(key)
        return sorted(found.values(), key=lambda one: (level_rank(one.finding.level), -one.files))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Files and their findings as plain dictionaries, for JSON."""
        return [{"path": one.path, "ok": one.ok, "findings": one.findings.to_dicts()} for one in self._files]

    def to_dataframe(self) -> Any:
        """Findings as a pandas table, one row each.

        Returns
        -------
        pandas.DataFrame
            With the columns file, path, tag, rule, section, level, message, count.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        rows = [{"file": one.path, **finding.to_dict()} for one in self._files for finding in one.findings]
        return dataframe(rows, ("file", *COLUMNS))

    def to_json(self) -> str:
        """The report as JSON; see :func:`dicomposer.validation.as_json`."""
        from dicomposer.validation.files._formats import as_json

        return as_json(self)

    def to_sarif(self) -> str:
        """The report as SARIF 2.1.0, for code scanning; see :func:`dicomposer.validation.as_sarif`."""
        from dicomposer.validation.files._formats import as_sarif

        return as_sarif(self)

    def to_junit(self, fail_on: Level = "error") -> str:
        """The report as JUnit XML, a test case a file; see :func:`dicomposer.validation.as_junit`."""
        from dicomposer.validation.files._formats import as_junit

        return as_junit(self, fail_on)

    def raise_for_errors(self) -> None:
        """Raise if a file has an error.

        Raises
        ------
        ConformanceError
            With the first errors in the message and the errors of all files in ``.findings``.
        """
        if self.ok:
            return
        shared = self.shared("error")
        shown = "; ".join(f"{printable(one.first, line=True)}: {one.finding}" for one in shared[:5])
        more = f"; and {len(shared) - 5} more" if len(shared) > 5 else ""
        errors = [finding for one in self.errors for finding in one.findings]
        raise ConformanceError(f"{self.verdict}: {printable(shown)}{more}", errors)


def _kind(finding: Finding) -> tuple[str, ...]:
    """What equal findings of several files have in common."""
    return finding.rule, finding.level, finding.plain_path, figureless(finding.message)


def figureless(message: str) -> str:
    """A message without the figures in it."""
    return _FIGURES.sub("#", message)


def printable(text: str, *, line: bool = False) -> str:
    """Text that any stream takes: names of files may hold control characters and bytes that are no text.

    Parameters
    ----------
    text : str
    line : bool
        Whether it stands in one line, which a line end in the name of a file must not break.
    """
    if text.isprintable():
        return text
    kept = "" if line else "\n\t"
    return "".join(
        one if one.isprintable() or one in kept else one.encode("unicode_escape").decode() for one in text
    )
