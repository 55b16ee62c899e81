"""What a check says: one finding per broken rule and place, and the list of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, overload

from dicomposer.errors import ArgumentError, ConformanceError, MissingDependencyError
from dicomposer.validation._view import tag_of

__all__ = ["LEVELS", "Finding", "Findings", "Level"]

Level = Literal["error", "warning", "advice", "not-evaluated"]

#: Levels, most severe first.
LEVELS: tuple[Level, ...] = ("error", "warning", "advice", "not-evaluated")
#: Columns of findings as a table.
COLUMNS = ("path", "tag", "rule", "section", "level", "message", "count")

_ITEM_NUMBERS = re.compile(r"\[\d+\]")
_TAG = re.compile(r"\([0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that an object breaks, or that could not be evaluated on it.

    Attributes
    ----------
    path : str
        Where: keywords from the root, items counted from 0, for example
        ``PerFrameFunctionalGroupsSequence[3].PlanePositionSequence[0].ImagePositionPatient``.
        The first place, if the rule fails in several.
    rule : str
        Short identifier and section of the standard, for example ``"type-1 PS3.3 C.8.20.2"``.
    level : str
        ``"error"`` (against the standard), ``"warning"`` (probably wrong, or wrong for some readers), ``"advice"``
        (legal, yet some programs will not cope) or ``"not-evaluated"`` (the rule could not be decided).
    message : str
        Plain sentence. Never quotes values that may identify a patient.
    count : int
        In how many places the rule fails.
    """

    path: str
    rule: str
    level: Level
    message: str
    count: int = 1

    @property
    def rule_id(self) -> str:
        """Identifier of the rule, without the section."""
        return self.rule.partition(" ")[0]

    @property
    def section(self) -> str:
        """Section of the standard, for example ``"PS3.3 C.8.20.2"``."""
        return self.rule.partition(" ")[2]

    @property
    def tag(self) -> str:
        """Tag of the attribute at the end of the path, as ``"(gggg,eeee)"``; "" if the path names none."""
        last = self.plain_path.rpartition(".")[2]
        if _TAG.fullmatch(last):
            return last
        tag = tag_of(last) if last else -1
        return "" if tag < 0 else f"({tag >> 16:04X},{tag & 0xFFFF:04X})"

    @property
    def plain_path(self) -> str:
        """Path without the numbers of items."""
        return _ITEM_NUMBERS.sub("", self.path)

    def to_dict(self) -> dict[str, str | int]:
        """Path, tag, rule, section, level, message and count."""
        return {
            "path": self.path,
            "tag": self.tag,
            "rule": self.rule_id,
            "section": self.section,
            "level": self.level,
            "message": self.message,
            "count": self.count,
        }

    def __str__(self) -> str:
        more = f" (and {self.count - 1} more places)" if self.count > 1 else ""
        place = f"{self.path}: " if self.path else ""
        return f"{self.level}: {place}{self.message}{more} [{self.rule}]"


class Findings(Sequence[Finding]):
    """All findings on one object, most severe first.

    An empty list is false, like any empty sequence; ask :attr:`ok` whether the object conforms.

    Parameters
    ----------
    findings : Iterable[Finding]
        The findings, in any order.
    subject : str
        What was checked, for messages (a name of an IOD or a class, never patient data).
    """

    __slots__ = ("_all", "subject")

    def __init__(self, findings: Iterable[Finding] = (), subject: str = "object") -> None:
        self._all = tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level)))
        self.subject = subject

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Findings: ...
    def __getitem__(self, index: int | slice) -> Finding | Findings:
        if isinstance(index, slice):
            return Findings(self._all[index], self.subject)
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Findings) and self._all == other._all

    def __hash__(self) -> int:
        return hash(self._all)

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.at(level))} {level}" for level in LEVELS if self.at(level))
        return f"<Findings on {self.subject}: {counts or 'none'}>"

    def __str__(self) -> str:
        if not self._all:
            return f"{self.subject}: no findings"
        shown = self.down_to("advice")
        places = [f"{f.path or '-'}{f' (x{f.count})' if f.count > 1 else ''}" for f in shown]
        width = max(map(len, places), default=0)
        lines = [
            f"{finding.level:<13} {place:<{width}}  {finding.message} [{finding.rule}]"
            for place, finding in zip(places, shown, strict=True)
        ]
        rest = len(self) - len(shown)  # no fault of the object: a list of them would look like one
        if rest:
            verdict = "" if lines else f"{self.subject}: no findings; "
            conditions = "condition" if rest == 1 else "conditions"
            lines.append(f"{verdict}{rest} {conditions} cannot be judged from the file alone")
        return "\n".join(lines)

    def at(self, level: Level) -> tuple[Finding, ...]:
        """Findings of exactly one level."""
        return tuple(finding for finding in self._all if finding.level == level)

    def down_to(self, level: Level) -> Findings:
        """Findings of a level and the more severe ones.

        Raises
        ------
        ArgumentError
            If the level is none of :data:`LEVELS`.
        """
        kept = LEVELS[: level_rank(level) + 1]
        return Findings((finding for finding in self._all if finding.level in kept), self.subject)

    def without(self, ignore: Iterable[str]) -> Findings:
        """Findings but for those that the patterns name.

        Parameters
        ----------
        ignore : Iterable[str]
            Identifiers of rules (``"type-2"``), which may hold ``*``; with ``@`` and a pattern of paths where only
            findings there are meant (``"type-2@*.Laterality"``). Item numbers in paths do not matter.
        """
        patterns = [pattern.partition("@") for pattern in ignore]
        if not patterns:
            return self
        kept = (one for one in self._all if not any(_named(one, rule, path) for rule, _, path in patterns))
        return Findings(kept, self.subject)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings against the standard."""
        return self.at("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that are probably wrong."""
        return self.at("warning")

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def to_dicts(self) -> list[dict[str, str | int]]:
        """Findings as plain dictionaries, for JSON."""
        return [finding.to_dict() for finding in self._all]

    def to_dataframe(self) -> Any:
        """Findings as a pandas table, one row each.

        Returns
        -------
        pandas.DataFrame
            With the columns path, tag, rule, section, level, message, count.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        return dataframe(self.to_dicts(), COLUMNS)

    def raise_for_errors(self) -> None:
        """Raise if there is an error.

        Raises
        ------
        ConformanceError
            With the first errors in the message and all findings in ``.findings``.
        """
        errors = self.errors
        if not errors:
            return
        shown = "; ".join(f"{f.path}: {f.message} [{f.rule}]" for f in errors[:5])
        more = f"; and {len(errors) - 5} more" if len(errors) > 5 else ""
        raise ConformanceError(f"{self.subject} does not conform: {shown}{more}", self._all)


def _named(finding: Finding, rule: str, path: str) -> bool:
    """Whether a pattern of rules, and one of paths if it is given, name a finding."""
    return fnmatchcase(finding.rule_id, rule) and (not path or fnmatchcase(finding.plain_path, path))


def dataframe(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> Any:
    """Rows as a pandas table, which has its columns even if there are no rows."""
    try:
        import pandas
    except ImportError as error:
        raise MissingDependencyError("a table of findings", "pandas", "pandas") from error
    return pandas.DataFrame(list(rows), columns=list(columns))


def level_rank(level: str) -> int:
    """Position of a level in :data:`LEVELS`, 0 for the most severe."""
    if level not in LEVELS:
        raise ArgumentError(f"level {level!r} is not one of {', '.join(LEVELS)}")
    return LEVELS.index(level)
