"""Reports for people: text and HTML, without what identifies the patient unless asked for."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
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
_NO_NAME = "(no name)"
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
        Meaning of its name.
    value : str
        Its value; may have several lines.
    codes : str
        The codes of name and value.
    """

    depth: int
    kind: str
    name: str
    value: str
    codes: str


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
    for depth, node in walk_nodes(root_node(document)):
        kind, name = node.value_type, node.name
        hidden = not patient and _identifies(kind, concept(name))
        value = _LEFT_OUT if hidden else _value(node, kind)
        codes = [name, node.code(CODE)] if kind == "CODE" else [name]
        yield Line(
            depth,
            kind,
            printable(name[2] or name[0]) or ("" if _REFERS_TO in node.elements else _NO_NAME),
            printable(value),
            printable("; ".join(_code(one) for one in codes if one[0])),
        )


def _identifies(kind: str, name: tuple[str, str]) -> bool:
    return name in _PATIENT or (kind == "PNAME" and name not in _OBSERVER)


def printable(text: str) -> str:
    """Text without characters that steer a terminal; ends of lines as LF."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _code(key: CodeKey) -> str:
    version = f" [{key[3]}]" if key[3] else ""
    return f"{key[0]}, {key[1]}{version}"


def _value(node: Node, kind: str) -> str:
    if _REFERS_TO in node.elements:
        return "see item " + ".".join(f"{one:g}" for one in node.numbers(_REFERS_TO))
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
        head = f"{indent}{line.name}"
        if not line.value:
            parts.append(head)
            continue
        first, *more = line.value.split("\n")
        parts.append(f"{head}: {first}" if line.name else f"{indent}{first}")
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
    title = html.escape(lines[0].name)
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
            body.append(f'<details open class="{_html_class(line)}"><summary>{shown}</summary>')
            open_ = line.depth
        else:
            body.append(f'<div class="item {_html_class(line)}">{shown}</div>')
    body += ["</details>"] * open_
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n<table>\n{rows}\n</table>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _html_class(line: Line) -> str:
    return line.kind if line.kind.isalnum() else ""


def _html_line(line: Line) -> str:
    name = f'<span class="name" title="{html.escape(line.codes)}">{html.escape(line.name)}</span>'
    value = f' <span class="value">{html.escape(line.value)}</span>' if line.value else ""
    return name + value
