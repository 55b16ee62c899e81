"""Structured reports against the templates of PS3.16: which one is due, and whether its rows are kept.

A template that a report states is binding. One that is only inferred, from the title of a report that states none,
makes warnings at most, unless the kind of document asks for it (PS3.3 A.35).
"""

from __future__ import annotations

from functools import cache

from dicomposer import standard
from dicomposer.errors import DamagedFileError
from dicomposer.validation._collect import Collector
from dicomposer.validation._findings import Level
from dicomposer.validation._subject import Subject
from dicomposer.validation.content._content import Node, content_tree, has_content
from dicomposer.validation.content._templates_match import Matcher, Problem, Verdict, weight
from dicomposer.validation.content._templates_model import Entry, Fact, root_entry, today

__all__ = ["check_templates"]

#: IOD -> section of PS3.3, the root template that it asks for, and how sure that is (docs/templates.md).
_DUE: dict[str, tuple[str, str, Level]] = {
    "key-object-selection-document": ("A.35.4.3", "2010", "error"),
    "mammography-cad-sr": ("A.35.5.3", "4000", "error"),
    "chest-cad-sr": ("A.35.6.3", "4100", "error"),
    "spectacle-prescription-report": ("A.35.9.3", "2020", "error"),
    "colon-cad-sr": ("A.35.10.3", "4120", "error"),
    "macular-grid-thickness-and-volume-report": ("A.35.11.3", "2100", "error"),
}
_RULE = "sr-template-root"


def check_templates(subject: Subject, collector: Collector) -> None:
    """Check the content of a report against its templates."""
    if not has_content(subject):
        return
    try:
        _Check(subject, collector).run()
    except (DamagedFileError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        message = f"the templates could not be evaluated on these values ({type(error).__name__})"
        collector.add("sr-template PS3.16 A", "not-evaluated", "ContentSequence", message)


class _Check:
    """The check of one report."""

    def __init__(self, subject: Subject, collector: Collector) -> None:
        self._collector = collector
        self._nodes = content_tree(subject)
        self._iod = subject.iod
        self._matcher = Matcher(self._nodes)

    def run(self) -> None:
        """Find the template of the root, and judge the report by it."""
        root = self._nodes[0]
        fact = self._matcher.shapes.fact(root)
        if not fact.value_type or not fact.name:
            return  # what the root lacks is the tables' to say
        entry, stated = self._entry(root, fact)
        strict = stated or (entry is not None and self._due == entry.tid)
        for problem in self._verdict(root, fact, entry):
            self._report(problem, strict=strict)
        for tid, (node, count) in self._matcher.unknown.items():
            message = f"TID {tid} is not in the tables: its rows were not looked at"
            path = node.path_of("ContentTemplateSequence")
            self._collector.add(
                f"sr-template-unknown PS3.16 TID {tid}", "not-evaluated", path, message, count
            )
        for one, count in self._matcher.undecided.items():
            label = one.label if isinstance(one, Entry) else f"the inclusion of TID {one.tid}"
            message = f"{label}: whether its condition holds cannot be told"
            section = one.section if isinstance(one, Entry) else f"PS3.16 TID {one.tid}"
            self._collector.add(
                f"sr-template-condition {section}", "not-evaluated", "ContentSequence", message, count
            )

    @property
    def _due(self) -> str:
        """The root template that the kind of document asks for; "" if it leaves that open."""
        return _DUE[self._iod.key][1] if self._iod is not None and self._iod.key in _DUE else ""

    def _verdict(self, root: Node, fact: Fact, entry: Entry | None) -> Verdict:
        if entry is None:
            if fact.template:
                self._matcher.unknown.setdefault(fact.template, (root, 1))
            return self._matcher.judge_loosely(root)
        return self._matcher.judge(root, entry.place)

    def _inferred(self, root: Node, due: str, fact: Fact) -> Entry | None:
        """The template that a report seems to follow which states none."""
        found = [root_entry(tid) for tid in ([due] if due else _roots_of(fact) or _measurement_report(fact))]
        known = [entry for entry in found if entry is not None]
        if len(known) < 2:
            return known[0] if known else None
        return min(known, key=lambda entry: weight(self._matcher.judge(root, entry.place)))

    def _entry(self, root: Node, fact: Fact) -> tuple[Entry | None, bool]:
        """The row that the root is, and whether the report itself says so."""
        add = self._collector.add
        due = self._due
        if due and fact.template and fact.template != due:
            section, _, grave = _DUE[self._iod.key if self._iod is not None else ""]
            message = f"TID {fact.template} stands at the root of a document that asks for TID {due}"
            add(f"{_RULE} PS3.3 {section}", grave, "ContentTemplateSequence", message)
        if not fact.template:
            return self._inferred(root, due, fact), False
        entry = root_entry(fact.template)
        if entry is None:
            return None, True
        section = f"PS3.16 TID {entry.tid}"
        if not standard.template(entry.tid).root:
            message = f"TID {entry.tid} is no template for a root"
            add(f"{_RULE} {section}", "warning", "ContentTemplateSequence", message)
        if entry.name is not None and entry.name.has(fact.name) is False:
            others = [tid for tid in _roots_of(fact) if tid != entry.tid]
            message = f"the title is not {entry.name.label}"
            if others:
                message += f", but that of TID {' or '.join(others)}"
            level: Level = "error" if entry.name.closed or others else "advice"
            add(f"{_RULE} {section}", level, "ConceptNameCodeSequence", message)
        return entry, True

    def _report(self, problem: Problem, *, strict: bool) -> None:
        steps = [f"ContentSequence[{index}]" for index in problem.where]
        path = ".".join([*steps, problem.keyword])
        level: Level = "warning" if problem.level == "error" and not strict else problem.level
        self._collector.add(f"{problem.rule} {problem.section}", level, path, problem.message)


@cache
def _titles() -> dict[tuple[str, str], list[str]]:
    """Root templates by titles of their own."""
    found: dict[tuple[str, str], list[str]] = {}
    for tid in standard.templates():
        if not standard.template(tid).root:
            continue
        entry = root_entry(tid)
        concept = entry.row.concept if entry is not None else None
        for code in concept.codes if concept is not None and not concept.cids else ():
            for pair in today(code.value, code.scheme):
                found.setdefault(pair, []).append(tid)
    return found


def _roots_of(fact: Fact) -> list[str]:
    return list(dict.fromkeys(tid for pair in fact.name for tid in _titles().get(pair, ())))


def _measurement_report(fact: Fact) -> list[str]:
    """TID 1500 if the title is one of its group."""
    entry = root_entry("1500")
    return ["1500"] if entry is not None and entry.name is not None and entry.name.has(fact.name) else []
