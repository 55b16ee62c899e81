"""Functional groups: usage and placement, and their contents by layout and by column (PS3.3 C.7.6.16)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer import standard
from dicomposer.standard import Attribute, FunctionalGroupUsage
from dicomposer.validation._collect import Collector
from dicomposer.validation._frames import Frames, frame_path
from dicomposer.validation._lookup import lookup_for
from dicomposer.validation._presence import Walker, group_block
from dicomposer.validation._subject import Subject
from dicomposer.validation._values import encoded_problem, format_problem, multiplicity_problem

__all__ = ["check_groups"]

_SECTION = "PS3.3 C.7.6.16"
#: Most frames that stand for the others of their layout; beyond, combinations of values are not all looked at.
_MOST_SAMPLES = 64
_NUMBERS = re.compile(r"\[\d+\]")
#: Groups that TILED_FULL implies (PS3.3 C.7.6.17.3).
_IMPLIED = frozenset(
    """FrameContentSequence PlanePositionSlideSequence OpticalPathIdentificationSequence
    SegmentIdentificationSequence""".split()
)
#: Groups that differ by frame by their nature, for the path of one that is missing everywhere.
_BY_FRAME = _IMPLIED | {"PlanePositionSequence", "DerivationImageSequence"}


def check_groups(subject: Subject, collector: Collector, walker: Walker) -> None:
    """Check the functional groups of a multi-frame object."""
    iod = subject.iod
    if iod is None or not iod.functional_groups or (subject.shared is None and not subject.has_frames):
        return
    block = group_block(iod)
    shared = subject.shared
    if shared is not None:
        walker.walk(shared, (block,))
        items = subject.root.items("SharedFunctionalGroupsSequence")
        if len(items) > 1:
            path = "SharedFunctionalGroupsSequence"
            collector.add(
                f"single-item {_SECTION}", "error", path, "has more than the single item that is permitted"
            )
    frames = subject.frames
    for usage in iod.functional_groups:
        _usage(subject, collector, walker, usage)
    _strangers(subject, collector)
    if frames is None or not frames.count:
        return
    sampled = _attributes_by_path(iod)
    for layout in frames.layouts:
        for frame in _samples(frames, layout, sampled, collector):
            walker.walk(frames.item(layout, frame), (block,), values=False)
    _columns(frames, collector)
    walker.codes.columns(frames, iod)


def _usage(subject: Subject, collector: Collector, walker: Walker, usage: FunctionalGroupUsage) -> None:
    """Where a group may stand and must."""
    name = usage.keyword
    in_shared = subject.shared is not None and usage.tag in subject.shared
    frames = subject.frames
    having = _frames_with(frames, name) if frames is not None else np.zeros(0, bool)
    rule = f"functional-group PS3.3 {usage.section}".rstrip()
    if in_shared and having.any():
        path = frame_path(name, int(np.argmax(having)))
        collector.add(rule, "error", path, "stands in the shared groups as well", int(having.sum()))
    if in_shared and usage.placement == "per-frame":
        path = f"SharedFunctionalGroupsSequence[0].{name}"
        collector.add(rule, "error", path, "may stand in per-frame groups only")
    if having.any() and usage.placement == "shared":
        path = frame_path(name, int(np.argmax(having)))
        collector.add(rule, "error", path, "may stand in the shared groups only", int(having.sum()))
    if in_shared or having.size and having.all():
        return
    if having.any():
        path = frame_path(name, int(np.argmin(having)))
        count = int((~having).sum())
        level = "error" if usage.usage == "M" or usage.placement != "any" else "warning"
        collector.add(rule, level, path, "is missing, though other frames have it", count)  # type: ignore[arg-type]
        return
    if subject.is_tiled_full and name in _IMPLIED:
        return
    _missing(subject, collector, walker, usage)


def _missing(subject: Subject, collector: Collector, walker: Walker, usage: FunctionalGroupUsage) -> None:
    """A group that neither the shared item nor any frame has."""
    rule = f"functional-group PS3.3 {usage.section}".rstrip()
    name = usage.keyword
    by_frame = name in _BY_FRAME or usage.placement == "per-frame"
    path = frame_path(name, 0) if by_frame else f"SharedFunctionalGroupsSequence[0].{name}"
    if usage.usage == "M":
        collector.add(rule, "error", path, "is missing from the shared groups and from every frame")
    elif usage.usage == "C":
        lookup = lookup_for(subject, subject.root, walker.module_present)
        required = None if usage.condition is None else usage.condition.evaluate(lookup)
        if required:
            message = "is missing, and the condition under which it is required holds"
            collector.add(rule, "error", path, message)
        elif required is None:
            message = "is absent; whether it is required cannot be told from the object"
            collector.add(f"condition PS3.3 {usage.section}".rstrip(), "not-evaluated", path, message)


def _frames_with(frames: Frames, name: str) -> NDArray[np.bool_]:
    having = np.zeros(frames.count, bool)
    for layout in frames.layouts:
        if name in layout.sequences:
            having[layout.frames] = True
    return having


def _strangers(subject: Subject, collector: Collector) -> None:
    """Groups that the IOD does not know."""
    known = {usage.keyword for usage in subject.iod.functional_groups} if subject.iod else set()
    found: dict[str, str] = {}
    for element in subject.shared or ():
        found.setdefault(element.keyword, element.path)
    frames = subject.frames
    for layout in frames.layouts if frames is not None else ():
        for name, _ in layout.elements:
            if "." not in name:
                found.setdefault(name, frame_path(name, int(layout.frames[0])))
    for name, path in found.items():
        if name in known or name.startswith("(") or re.fullmatch("[0-9A-F]{8}", name):
            continue
        rule = f"functional-group {_SECTION}"
        collector.add(rule, "warning", path, "is not a functional group of this kind of object")


# -- frames that stand for others -----------------------------------------------------------------------------------

_BY_PATH: dict[str, dict[str, Attribute]] = {}


def _attributes_by_path(iod: standard.IOD) -> dict[str, Attribute]:
    """Attributes of the functional groups whose values matter: path without item numbers -> attribute."""
    if iod.key not in _BY_PATH:
        found: dict[str, Attribute] = {}
        asked: set[str] = set()
        for usage in iod.functional_groups:
            _gather("", usage.attribute, found, asked)
        _BY_PATH[iod.key] = {
            path: attribute
            for path, attribute in found.items()
            if attribute.values or attribute.keyword in asked and attribute.vr not in ("UI", "SQ")
        }
    return _BY_PATH[iod.key]


def _gather(prefix: str, attribute: Attribute, found: dict[str, Attribute], asked: set[str]) -> None:
    path = f"{prefix}{attribute.keyword}"
    found[path] = attribute
    conditions = [attribute.condition, *(rule.condition for rule in attribute.values)]
    for condition in conditions:
        if condition is not None:
            asked |= {name for node in _nodes(condition.predicate) for name in _compared(node)}
    for inner in attribute.items:
        if path.count(".") < 8:
            _gather(f"{path}.", inner, found, asked)


def _nodes(predicate: Any) -> Iterator[Any]:
    yield predicate
    for part in predicate.parts():
        yield from _nodes(part)


def _compared(node: Any) -> Iterable[str]:
    """Keywords whose values (not only whose presence) a predicate asks for."""
    if isinstance(node, (standard.OneOf, standard.Compare)):
        yield node.path.rpartition(".")[2].lstrip("/")


def _samples(frames: Frames, layout: Any, sampled: dict[str, Attribute], collector: Collector) -> list[int]:
    """Frames of a layout that show every combination of the values that matter."""
    columns = []
    for path, vr in layout.elements:
        if vr == "SQ" or _NUMBERS.sub("", path) not in sampled:
            continue
        codes = frames.categories(path).codes[layout.frames]
        if (codes != codes[0]).any():
            columns.append(codes)
    if not columns:
        return [int(layout.frames[0])]
    table = np.stack(columns, axis=1)
    first = np.unique(table, axis=0, return_index=True)[1]
    if first.size > _MOST_SAMPLES:
        single = np.unique(np.concatenate([np.unique(column, return_index=True)[1] for column in columns]))
        message = "too many combinations of values; only each value by itself was looked at"
        path = frame_path("", int(layout.frames[0])).rstrip(".")
        collector.add(f"combinations {_SECTION}", "not-evaluated", path, message)
        first = single[: 8 * _MOST_SAMPLES]
    return [int(frame) for frame in layout.frames[first]]


# -- columns --------------------------------------------------------------------------------------------------------


def _columns(frames: Frames, collector: Collector) -> None:
    """Format and multiplicity of the values of every column, once per distinct value."""
    for path, vr in sorted({element for layout in frames.layouts for element in layout.elements}):
        if vr == "SQ":
            continue
        for code, raw in frames.raw(path):
            problem = encoded_problem(raw, vr, frames.root.charset)
            if problem:
                where = frames.having(path, code)
                place = frame_path(path, int(np.argmax(where)))
                collector.add("encoding PS3.5 6.2", "error", place, problem, int(where.sum()))
        keyword = path.rpartition(".")[2]
        multiplicity = _multiplicity(keyword)
        fitting: set[int] = set()
        for code, parts in frames.encoded(path, vr):
            problem = None
            for part in parts:
                if part is not None and problem is None:
                    problem = format_problem(vr, part)
            rule = "value-representation PS3.5 6.2"
            if problem is None and len(parts) not in fitting:
                problem = multiplicity_problem(vr, multiplicity, len(parts))
                rule = "value-multiplicity PS3.6 6"
                if problem is None:
                    fitting.add(len(parts))
            if problem:
                where = frames.having(path, code)
                collector.add(
                    rule, "error", frame_path(path, int(np.argmax(where))), problem, int(where.sum())
                )


def _multiplicity(keyword: str) -> str:
    try:
        return standard.attribute(keyword).vm
    except KeyError:
        return ""
