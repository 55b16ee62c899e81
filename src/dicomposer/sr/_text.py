"""Reports for people: text and HTML, without what identifies the patient unless asked for."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydicom.dataset import Dataset

from dicomposer import standard
from dicomposer.items import dcm
from dicomposer.record import base_tag, text_value
from dicomposer.sr._nodes import (
    CODE,
    FRAME_OF_REFERENCE,
    GRAPHIC_TYPE,
    QUALIFIER,
    CodeKey,
    Node,
    concept,
    root_node,
    walk_nodes,
)

__all__ = ["Line", "facts_of", "html_of", "lines_of", "text_of"]

_LEFT_OUT = "(left out)"
_UNNAMED = "-"  # an item with neither name nor value: a heading without a title
_POINTS = 6  # points of a shape that are shown
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_REFERS_TO = base_tag(0x0040DB73)
_RANGE, _SAMPLES, _OFFSETS, _MOMENTS = map(base_tag, (0x0040A130, 0x0040A132, 0x0040A138, 0x0040A13A))


def _names(*codes: Any) -> frozenset[tuple[str, str]]:
    return frozenset(concept((one.value, one.scheme_designator, one.meaning, None)) for one in codes)


#: Context items that say who the patient is (PS3.16 TID 1007).
_PATIENT = _names(
    dcm("121028", "Subject UID"),
    dcm("121029", "Subject Name"),
    dcm("121030", "Subject ID"),
    dcm("121031", "Subject Birth Date"),
)
_TRACKING = _names(dcm("112039", "Tracking Identifier"))
#: People whose names are no patient's; other names are left out, whatever they are called.
_OBSERVER = _names(dcm("121008", "Person Observer Name"))


class Line(NamedTuple):
    """One content item for people.

    Attributes
    ----------
    depth : int
        0 at the root.
    kind : str
        Value Type.
    name : str
        Meaning of its name; "" if it has none.
    value : str
        Its value; may have several lines.
    codes : str
        The codes of name and value.
    place : str
        Its position in the document (PS3.3 C.17.3.2.5), such as "1.6.1", if another item refers to it.
    refers_to : str
        The position of the item that it refers to.
    """

    depth: int
    kind: str
    name: str
    value: str
    codes: str
    place: str = ""
    refers_to: str = ""

    @property
    def text(self) -> str:
        """Name and value."""
        return ": ".join(filter(None, (self.name, self.value))) or _UNNAMED


def lines_of(document: Any, patient: bool = False) -> Iterator[Line]:
    """One line for each content item, in order.

    Parameters
    ----------
    document : pydicom.Dataset
        A document of any template, or a content item; not modified.
    patient : bool
        Whether to say who the patient is, and names of persons other than observers.

    Raises
    ------
    DamagedFileError
        If the content does not hold together.
    """
    nodes = list(walk_nodes(root_node(document)))
    wanted = {_position(node) for _, node in nodes if _REFERS_TO in node.elements}
    places = _places(nodes, wanted) if wanted else {}
    targets = {place: nodes[number][1] for number, place in places.items()}
    for number, (depth, node) in enumerate(nodes):
        kind, name = node.value_type, node.name
        refers_to = _position(node) if _REFERS_TO in node.elements else ""
        value = _referred(refers_to, targets, patient) if refers_to else _shown(node, kind, patient)
        codes = [name, node.code(CODE)] if kind == "CODE" else [name]
        yield Line(
            depth,
            kind,
            printable(name[2] or name[0]),
            printable(value),
            printable("; ".join(_code(one) for one in codes if one[0])),
            places.get(number, ""),
            refers_to if refers_to in targets else "",
        )


def _shown(node: Node, kind: str, patient: bool) -> str:
    return _LEFT_OUT if not patient and _identifies(kind, concept(node.name)) else _value(node, kind)


# -- references to other items -----------------------------------------------------------------------------------------


def _position(node: Node) -> str:
    """Where the item stands that an item refers to."""
    return ".".join(f"{one:g}" for one in node.numbers(_REFERS_TO))


def _places(nodes: Sequence[tuple[int, Node]], wanted: set[str]) -> dict[int, str]:
    """Positions of the nodes that others refer to, by their numbers."""
    found: dict[int, str] = {}
    counts: list[int] = []
    for number, (depth, _) in enumerate(nodes):
        del counts[depth + 1 :]
        if depth == len(counts):
            counts.append(0)
        counts[depth] += 1
        place = ".".join(map(str, counts))
        if place in wanted:
            found[number] = place
    return found


def _referred(place: str, targets: Mapping[str, Node], patient: bool) -> str:
    """What an item refers to, as people call it: a group by what it is tracked as, others by name and value."""
    node = targets.get(place)
    if node is None:
        return f"see item {place}, which is not there"
    kind, name = node.value_type, node.name[2] or node.name[0]
    tracked = next((one.simple() for one in node.children() if concept(one.name) in _TRACKING), "")
    if tracked:
        return f"see {name} '{tracked}'".replace("  ", " ")
    value = "" if _REFERS_TO in node.elements else _shown(node, kind, patient)
    said = ": ".join(filter(None, (name, *value.splitlines()[:1])))
    return f"see {said}" if value else f"see {said or 'item'} ({place} in the document)"


def _identifies(kind: str, name: tuple[str, str]) -> bool:
    return name in _PATIENT or (kind == "PNAME" and name not in _OBSERVER)


def printable(text: str) -> str:
    """Text without characters that steer a terminal; ends of lines as LF."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _code(key: CodeKey) -> str:
    version = f" [{key[3]}]" if key[3] else ""
    return f"{key[0]}, {key[1]}{version}"


def _value(node: Node, kind: str) -> str:
    if kind == "CODE":
        key = node.code(CODE)
        return key[2] or key[0]
    if kind == "NUM":
        return _number(node)
    if kind in ("SCOORD", "SCOORD3D"):
        return _shape(node)
    if kind in ("IMAGE", "COMPOSITE", "WAVEFORM"):
        return _reference(node)
    if kind == "TCOORD":
        tags = (_SAMPLES, _OFFSETS)
        numbers = [f"{one:g}" for tag in tags for one in node.numbers(tag)] or [node.text(_MOMENTS)]
        return f"{node.text(_RANGE)} {', '.join(numbers)}"
    value = node.simple()
    return _moment(value, kind) if kind in ("DATE", "TIME", "DATETIME") else value


def _number(node: Node) -> str:
    number, unit = node.measured()
    qualifier = node.code(QUALIFIER)
    parts = [] if number is None else [f"{number:.10g}", "" if unit[0] == "1" else unit[0]]
    if qualifier[0]:
        parts.append(f"({qualifier[2] or qualifier[0]})")
    return " ".join(filter(None, parts)) or "(no value)"


def _shape(node: Node) -> str:
    points = node.points()
    shown = " ".join(f"({', '.join(f'{one:.6g}' for one in point)})" for point in points[:_POINTS].tolist())
    more = f" and {len(points) - _POINTS} more points" if len(points) > _POINTS else ""
    frame = node.text(FRAME_OF_REFERENCE)
    where = f" mm in frame of reference {frame}" if frame else ""
    return f"{node.text(GRAPHIC_TYPE)} {shown}{more}{where}"


def _reference(node: Node) -> str:
    sop_class, instance, frames, segments = node.reference()
    parts = [standard.uid_name(sop_class) if sop_class else "", instance]
    for word, numbers in (("frame", frames), ("segment", segments)):
        if numbers:
            parts.append(f"{word}{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}")
    return " ".join(filter(None, parts))


def _moment(text: str, kind: str) -> str:
    """A date or time as ISO 8601 writes it; as it stands if it is none."""
    date, time = (text[:8], text[8:]) if kind == "DATETIME" else (text, "") if kind == "DATE" else ("", text)
    if (date and not re.fullmatch(r"\d{8}", date)) or (time and not re.fullmatch(r"\d{4,6}(\.\d+)?.*", time)):
        return text
    parts = [f"{date[:4]}-{date[4:6]}-{date[6:]}"] if date else []
    if time:
        parts.append(f"{time[:2]}:{time[2:4]}" + (f":{time[4:]}" if time[4:5].isdigit() else time[4:]))
    return " ".join(parts)


def facts_of(document: Dataset, patient: bool = False) -> dict[str, str]:
    """What a document is: name and text.

    Parameters
    ----------
    document : pydicom.Dataset
        Not modified.
    patient : bool
        Whether to say whom and which study it is about.
    """
    wanted = [
        ("Completion", "CompletionFlag"),
        ("Preliminary", "PreliminaryFlag"),
        ("Verification", "VerificationFlag"),
        ("Manufacturer", "Manufacturer"),
        ("SOP instance UID", "SOPInstanceUID"),
        ("Series UID", "SeriesInstanceUID"),
        ("Study UID", "StudyInstanceUID"),
    ]
    if patient:
        wanted += [
            ("Patient", "PatientName"),
            ("Patient ID", "PatientID"),
            ("Birth date", "PatientBirthDate"),
            ("Sex", "PatientSex"),
            ("Accession number", "AccessionNumber"),
            ("Study date", "StudyDate"),
            ("Content date", "ContentDate"),
        ]
    facts = {"SOP class": standard.uid_name(text_value(document, "SOPClassUID") or "")}
    for name, keyword in wanted:
        value = str(document.get(keyword, "") or "") if keyword in document else ""
        if value:
            facts[name] = printable(_moment(value, "DATE") if "date" in name else value)
    return facts


def text_of(document: Dataset, patient: bool = False) -> str:
    """A document as indented text; see :meth:`StructuredReport.to_text`."""
    parts = []
    for line in lines_of(document, patient):
        indent = "  " * line.depth
        first, *more = line.text.split("\n")
        parts.append(f"{indent}{first}")
        parts += [f"{indent}  {one}" for one in more]
    return "\n".join(parts) + "\n"


# -- HTML --------------------------------------------------------------------------------------------------------------

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; }
table { border-collapse: collapse; margin-bottom: 1.5rem; }
th { text-align: left; padding-right: 1.5rem; font-weight: 600; vertical-align: top; }
td { overflow-wrap: anywhere; }
details, .item { margin: .15rem 0 .15rem 1.25rem; }
summary { cursor: pointer; }
.name { font-weight: 600; }
.NUM > .value, .NUM > summary > .value { font-weight: 600; color: #064; }
.value { white-space: pre-wrap; overflow-wrap: anywhere; }
.SCOORD > .value, .SCOORD3D > .value, .IMAGE > .value, .UIDREF > .value, .COMPOSITE > .value { color: #667; }
""".strip()


def html_of(document: Dataset, patient: bool = False) -> str:
    """A document as one HTML page; see :meth:`StructuredReport.to_html`."""
    lines = list(lines_of(document, patient))
    title = html.escape(lines[0].name or "Structured report")
    rows = "\n".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
        for name, text in facts_of(document, patient).items()
    )
    body: list[str] = []
    open_ = 0
    for line, following in zip(lines[1:], [*lines[2:], None], strict=False):  # a root alone has none
        while open_ >= line.depth:
            body.append("</details>")
            open_ -= 1
        shown = _html_line(line)
        if following is not None and following.depth > line.depth:
            body.append(f"<details open {_html_attributes(line)}><summary>{shown}</summary>")
            open_ = line.depth
        else:
            body.append(f"<div {_html_attributes(line, 'item ')}>{shown}</div>")
    body += ["</details>"] * open_
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n<table>\n{rows}\n</table>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _html_attributes(line: Line, classes: str = "") -> str:
    """Class, and the anchor of what others refer to."""
    anchor = f'id="item-{line.place}" ' if line.place else ""
    return f'{anchor}class="{classes}{line.kind if line.kind.isalnum() else ""}"'


def _html_line(line: Line) -> str:
    name = line.name or ("" if line.value else _UNNAMED)
    parts = (
        [f'<span class="name" title="{html.escape(line.codes)}">{html.escape(name)}</span>'] if name else []
    )
    if line.value:
        text = html.escape(line.value)
        link = f'<a href="#item-{html.escape(line.refers_to)}">{text}</a>' if line.refers_to else text
        parts.append(f'<span class="value">{link}</span>')
    return " ".join(parts)
