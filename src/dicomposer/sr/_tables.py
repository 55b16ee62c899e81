"""Reports as tables: one row a measurement or evaluation (PS3.16 TID 300, 1410, 1411, 1420, 1500, 1501)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pydicom.dataset import Dataset

from dicomposer.coding import Code
from dicomposer.errors import ArgumentError, DamagedFileError
from dicomposer.items import CONTENT, dcm, sct
from dicomposer.sr._nodes import (
    CODE,
    FRAME_OF_REFERENCE,
    GRAPHIC_TYPE,
    MAX_DEPTH,
    NO_CODE,
    ORIGIN,
    QUALIFIER,
    CodeKey,
    Node,
    concept,
    dataset_of,
    root_node,
    uid_of,
)
from dicomposer.sr._table_forms import CODED, COLUMNS, Shape, well_known_text

__all__ = ["Points", "rows_of"]

#: How shapes are given: arrays of shape (n, 2) or (n, 3), nested lists, or well-known text.
Points = Literal["array", "list", "wkt"]

_EMPTY: dict[str, Any] = dict.fromkeys(COLUMNS)

Row = dict[str, Any]


def _names(*codes: Any) -> frozenset[tuple[str, str]]:
    return frozenset(concept((one.value, one.scheme_designator, one.meaning, None)) for one in codes)


def _umls(value: str, scheme: str = "UMLS") -> Code:
    return Code(value, scheme, value)


_GROUP = _names(dcm("125007", "Measurement Group"))
_LIBRARY = _names(dcm("111028", "Image Library"))
_DERIVED = _names(dcm("126011", "Derived Imaging Measurements"))
_EVALUATIONS = _names(_umls("C0034375"))
_SITE = _names(sct("363698007", "Finding Site"))
_LATERALITY = _names(sct("272741003", "Laterality"))
_TOPOGRAPHY = _names(sct("106233006", "Topographical modifier"))
_SEGMENT = _names(dcm("121191", "Referenced Segment"))
_SEGMENT_FRAME = _names(dcm("121214", "Referenced Segmentation Frame"))
_SURFACE = _names(dcm("121231", "Volume Surface"))
_SOURCE_SERIES = _names(dcm("121232", "Source series for segmentation"))
_SOURCE_FOR_SEGMENTATION = _names(dcm("121233", "Source image for segmentation"))

#: Items whose value is one column, or the three of a code.
_SINGLE: dict[tuple[str, str], str] = {
    name: column
    for column, code in (
        ("tracking_id", dcm("112039", "Tracking Identifier")),
        ("tracking_uid", dcm("112040", "Tracking Unique Identifier")),
        ("finding", dcm("121071", "Finding")),
        ("finding_category", sct("276214006", "Finding category")),
        ("method", sct("370129005", "Measurement Method")),
        ("derivation", dcm("121401", "Derivation")),
        ("algorithm_name", dcm("111001", "Algorithm Name")),
        ("algorithm_version", dcm("111003", "Algorithm Version")),
        ("time_point", _umls("C2348792")),
        ("time_point_type", dcm("126072", "Time Point Type")),
        ("time_point_order", dcm("126073", "Time Point Order")),
    )
    for name in _names(code)
}
#: Items that describe a group and are no evaluation or measurement, whatever relationship they are given.
_DESCRIBING = _names(
    dcm("130400", "Geometric purpose of region"),
    dcm("128740", "Longitudinal Temporal Offset from Event"),
    dcm("126070", "Subject Time Point Identifier"),
    dcm("126071", "Protocol Time Point Identifier"),
    dcm("111000", "Algorithm Family"),
    dcm("111002", "Algorithm Parameters"),
    dcm("122405", "Algorithm Manufacturer"),
    dcm("121106", "Comment"),
    _umls("C67447", "NCIt"),
)
_ABOUT = frozenset(("HAS OBS CONTEXT", "HAS ACQ CONTEXT", "HAS CONCEPT MOD", "HAS PROPERTIES"))
#: Numbers under these relationships describe the subject, the acquisition or another number.
_NO_MEASUREMENT = frozenset(("HAS OBS CONTEXT", "HAS ACQ CONTEXT", "HAS CONCEPT MOD"))
_SHAPES = frozenset(("SCOORD", "SCOORD3D"))
_REFERENCES = frozenset(("IMAGE", "COMPOSITE", "WAVEFORM"))
#: What says more about the numbers beside and below it.
_TELLING = frozenset(("CODE", "TEXT", "UIDREF", "DATE", "TIME", "DATETIME"))
_KINDS = {"1410": "planar", "1411": "volumetric", "1501": "image", "1420": "derived"}


@dataclass
class _Part:
    """What the items below a group or a number say, sorted."""

    columns: Row = field(default_factory=dict)
    sites: list[Row] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    images: list[tuple[str, list[int]]] = field(default_factory=list)
    sources: list[tuple[str, list[int]]] = field(default_factory=list)
    context: dict[str, Any] = field(default_factory=dict)
    names: set[tuple[str, str]] = field(default_factory=set)
    numbers: list[Node] = field(default_factory=list)
    evaluations: list[Node] = field(default_factory=list)
    inner: list[Node] = field(default_factory=list)

    def note(self, name: CodeKey, value: Any) -> None:
        """Keep what has no column of its own, under the meaning of its name; a list if several have the same name."""
        key = _title(name)
        known = self.context.get(key)
        if known is None:
            self.context[key] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            self.context[key] = [known, value]


# -- rows --------------------------------------------------------------------------------------------------------------


def rows_of(document: Any, points: Points = "array") -> list[Row]:
    """One row for each measurement and evaluation of a document, in its order.

    Parameters
    ----------
    document : pydicom.Dataset
        A structured report of any template; not modified.
    points : {"array", "list", "wkt"}
        How shapes are given.

    Returns
    -------
    list of dict
        Each with all of :data:`COLUMNS`; None where the document does not say.

    Raises
    ------
    ArgumentError
        If `points` is none of the three.
    DamagedFileError
        If the content does not hold together.
    """
    if points not in ("array", "list", "wkt"):
        raise ArgumentError(f"points must be 'array', 'list' or 'wkt', not {points!r}")
    root = root_node(document)
    reader = _Reader(dataset_of(document), points)
    return list(reader.below(root, (_title(root.name),), reader.start))


def _title(name: CodeKey) -> str:
    return name[2] or name[0] or "(no name)"


class _Reader:
    """One pass over a document."""

    def __init__(self, document: Dataset, points: Points) -> None:
        self.points = points
        self.groups = 0
        self.start = dict(_EMPTY)
        for column, tag in (
            ("study_instance_uid", 0x0020000D),
            ("series_instance_uid", 0x0020000E),
            ("sop_instance_uid", 0x00080018),
        ):
            self.start[column] = uid_of(document, tag)
        self.start["group_kind"] = "none"

    def below(self, node: Node, path: tuple[str, ...], base: Row) -> Iterator[Row]:
        """Rows of what stands below a node that is no group; `base` is what they inherit."""
        if len(path) > MAX_DEPTH:
            raise DamagedFileError("the content tree is nested too deeply", tag=int(CONTENT))
        children = node.children()
        name = concept(node.name)
        if len(path) > 1:  # what the root says is of the whole document
            part = _sorted_part(children)
            part.context = {**(base["context"] or {}), **_telling(node, children, part)}
            base = self.inherited(part, "derived" if name in _DERIVED else base["group_kind"], base)
        seen: dict[str, int] = {}
        evaluations = name in _EVALUATIONS
        for child in children:
            kind = child.value_type
            if kind == "NUM" and child.relationship not in _NO_MEASUREMENT:
                yield self.number(child, path, base)
            elif evaluations and kind in ("CODE", "TEXT") and child.relationship not in _ABOUT:
                yield self.evaluation(child, path, base)
            if CONTENT not in child.elements:
                continue
            child_name = concept(child.name)
            if kind == "CONTAINER" and child_name in _GROUP:
                yield from self.group(child, (*path, _title(child.name)), base)
            elif child_name not in _LIBRARY:
                title = _title(child.name)
                seen[title] = seen.get(title, 0) + 1
                step = title if seen[title] == 1 else f"{title}[{seen[title]}]"
                walk = self.inferred if kind == "NUM" else self.below
                yield from walk(child, (*path, step), base)

    def inferred(self, number: Node, path: tuple[str, ...], base: Row) -> Iterator[Row]:
        """Rows of the numbers that a number was computed from; its properties are its own."""
        if len(path) > MAX_DEPTH:
            raise DamagedFileError("the content tree is nested too deeply", tag=int(CONTENT))
        for child in number.children():
            if child.value_type == "NUM" and child.relationship == "INFERRED FROM":
                yield self.number(child, path, base)
                yield from self.inferred(child, (*path, _title(child.name)), base)

    def group(self, node: Node, path: tuple[str, ...], outer: Row) -> Iterator[Row]:
        """Rows of a measurement group."""
        part = _sorted_part(node.children())
        base = self.inherited(part, _group_kind(node, part), outer)
        base["group"] = self.groups
        self.groups += 1
        for child in part.numbers:
            yield self.number(child, path, base)
            if CONTENT in child.elements:
                yield from self.inferred(child, (*path, _title(child.name)), base)
        for child in part.evaluations:
            yield self.evaluation(child, path, base)
        for child in part.inner:
            yield from self.below(child, (*path, _title(child.name)), base)

    # -- one row ------------------------------------------------------------------------------------------------------

    def inherited(self, part: _Part, group_kind: str, outer: Row) -> Row:
        """What all rows below a node have in common: what it says, and what those above it say."""
        row = dict(outer)
        row["group_kind"] = group_kind
        row.update(part.columns)
        if part.context:
            row["context"] = part.context
        _put_sites(row, part.sites)
        self._put_shapes(row, part.shapes, ("region_type", "region", "frame_of_reference_uid"))
        if part.shapes:
            row["pixel_origin"] = part.shapes[0].origin or None
        drawn = [image for shape in part.shapes for image in shape.images]
        _put_images(row, drawn or part.sources or part.images)
        return row

    def number(self, node: Node, path: tuple[str, ...], base: Row) -> Row:
        """The row of a measurement."""
        row = dict(base)
        row["kind"] = "measurement"
        row["path"] = " / ".join(path)
        _put_code(row, "name", node.name)
        number, unit = node.measured()
        row["value"] = number if number is None or math.isfinite(number) else None
        row["unit"], row["unit_scheme"], row["unit_meaning"] = (
            unit[0] or None,
            unit[1] or None,
            unit[2] or None,
        )
        _put_code(row, "qualifier", node.code(QUALIFIER))
        if CONTENT in node.elements:
            self._put_own(row, _sorted_part(node.children(), of_number=True))
        return row

    def evaluation(self, node: Node, path: tuple[str, ...], base: Row) -> Row:
        """The row of an evaluation."""
        row = dict(base)
        row["kind"] = "evaluation"
        row["path"] = " / ".join(path)
        _put_code(row, "name", node.name)
        if node.value_type == "CODE":
            _put_code(row, "coded_value", node.code(CODE))
        else:
            row["text"] = node.simple()
        if CONTENT in node.elements:
            self._put_own(row, _sorted_part(node.children(), of_number=True))
        return row

    def _put_own(self, row: Row, own: _Part) -> None:
        """What an item says of itself goes before what its group says."""
        for column in ("tracking_id", "tracking_uid"):
            if column in own.columns:
                row[f"measurement_{column}"] = own.columns.pop(column)
        row.update(own.columns)
        if own.sites:
            _put_sites(row, own.sites)
        if own.context:
            row["context"] = {**(row["context"] or {}), **own.context}
        if own.shapes:
            columns = "coordinates_type", "coordinates", "coordinates_frame_of_reference_uid"
            self._put_shapes(row, own.shapes, columns)
        images = own.images + [image for shape in own.shapes for image in shape.images]
        if images:
            _put_images(row, images)

    def _put_shapes(self, row: Row, shapes: list[Shape], columns: tuple[str, str, str]) -> None:
        if not shapes:
            return
        kind, data, frame_of_reference = columns
        row[kind] = shapes[0].kind or None
        row[frame_of_reference] = shapes[0].frame_of_reference or None
        if self.points == "wkt":
            row[data] = well_known_text(shapes)
            return
        parts = [one.points if self.points == "array" else one.points.tolist() for one in shapes]
        row[data] = parts[0] if len(parts) == 1 else parts


def _group_kind(node: Node, part: _Part) -> str:
    stated = _KINDS.get(node.template)
    if stated:
        return stated
    if part.names & (_SEGMENT | _SURFACE) or len(part.shapes) > 1:
        return "volumetric"
    return "planar" if part.shapes or part.names & _SEGMENT_FRAME else "image"


def _telling(node: Node, children: list[Node], part: _Part) -> Row:
    """What an item and those below it that are no numbers say about those that are, by the meaning of their name."""
    told = _Part()
    if node.value_type in _TELLING:
        told.note(node.name, _said(node))
    for child in children:
        kind = child.value_type
        beside = kind in _TELLING and child.relationship in ("CONTAINS", "")
        if beside and concept(child.name) not in _DESCRIBING and not _is_heading(child):
            told.note(child.name, _said(child))
    for name, value in part.context.items():
        known = told.context.get(name)
        told.context[name] = value if known is None else [*_listed(known), *_listed(value)]
    return told.context


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_heading(node: Node) -> bool:
    """Whether an item has numbers or containers below it: it is about those, not about what stands beside it."""
    return CONTENT in node.elements and any(one.value_type in ("NUM", "CONTAINER") for one in node.children())


def _said(node: Node) -> str:
    """Value of an item that is text or a code."""
    return _title(node.code(CODE)) if node.value_type == "CODE" else node.simple()


def _sorted_part(children: list[Node], of_number: bool = False) -> _Part:
    """Sort the items below a group, a container or a number by what they say."""
    part = _Part()
    for child in children:
        kind = child.value_type
        if kind in _SHAPES:
            part.shapes.append(_shape(child))
            part.names.add(concept(child.name))
        elif kind in _REFERENCES:
            _sort_reference(child, part)
        elif kind == "CONTAINER":
            part.inner.append(child)
        else:
            _sort_value(child, kind, part, of_number)
    return part


def _sort_value(child: Node, kind: str, part: _Part, of_number: bool) -> None:
    key = child.name
    name = concept(key)
    column = _SINGLE.get(name)
    relationship = child.relationship
    if column is not None and column not in part.columns:
        _put_single(part.columns, column, child, kind)
    elif name in _SITE and kind == "CODE":
        part.sites.append(_site(child))
    elif name in _SOURCE_SERIES:
        part.columns["source_series_uid"] = child.simple()
    elif kind == "NUM":
        if relationship not in _NO_MEASUREMENT and name not in _DESCRIBING and not of_number:
            part.numbers.append(child)
        elif relationship != "INFERRED FROM":
            number, unit = child.measured()
            part.note(key, f"{number:g} {unit[0]}".strip() if number is not None else None)
    elif kind in _TELLING:
        if relationship in _ABOUT or of_number or name in _DESCRIBING:
            part.note(key, _said(child))
        elif kind in ("CODE", "TEXT"):
            part.evaluations.append(child)


def _put_single(row: Row, column: str, child: Node, kind: str) -> None:
    if column in CODED:
        if kind == "CODE":
            _put_code(row, column, child.code(CODE))
        else:
            row[column] = child.simple() or None
    elif kind == "NUM":
        number, _ = child.measured()
        if column == "time_point_order" and number is not None and abs(number) < 2**63:
            row[column] = int(number)
    elif column != "time_point_order":  # a number, whatever is damaged
        row[column] = (_said(child) if kind in _TELLING else "") or None


def _sort_reference(child: Node, part: _Part) -> None:
    name = concept(child.name)
    part.names.add(name)
    _, instance, frames, segments = child.reference()
    if name in _SEGMENT or name in _SEGMENT_FRAME:
        part.columns["segmentation_uid"] = instance or None
        part.columns["segment_number"] = segments[0] if segments else None
        part.columns["segmentation_frames"] = frames or None
    elif child.value_type != "IMAGE":
        part.note(child.name, instance)
    elif name in _SOURCE_FOR_SEGMENTATION:
        part.sources.append((instance, frames))
    else:
        part.images.append((instance, frames))


def _site(node: Node) -> Row:
    code = node.code(CODE)
    site: Row = {}
    _put_code(site, "finding_site", code)
    for child in node.children():
        name = concept(child.name)
        if name in _LATERALITY:
            _put_code(site, "laterality", child.code(CODE))
        elif name in _TOPOGRAPHY:
            _put_code(site, "topography", child.code(CODE))
    return site


def _shape(node: Node) -> Shape:
    images = []
    for child in node.children():
        if child.value_type == "IMAGE":
            _, instance, frames, _ = child.reference()
            images.append((instance, frames))
    return Shape(
        node.text(GRAPHIC_TYPE), node.points(), node.text(FRAME_OF_REFERENCE), node.text(ORIGIN), images
    )


def _put_code(row: Row, column: str, key: CodeKey) -> None:
    if key is NO_CODE:
        return
    row[column], row[f"{column}_code"], row[f"{column}_scheme"] = (
        key[2] or None,
        key[0] or None,
        key[1] or None,
    )


def _put_sites(row: Row, sites: list[Row]) -> None:
    if not sites:
        return
    for column in ("laterality", "laterality_code", "laterality_scheme"):
        row[column] = None
    row.update((column, value) for column, value in sites[0].items() if not column.startswith("topography"))
    row["finding_sites"] = sites


def _put_images(row: Row, images: list[tuple[str, list[int]]]) -> None:
    images = (
        [one for number, one in enumerate(images) if one not in images[:number]]
        if len(images) < 9
        else images
    )
    if images:
        row["source_image_uids"] = [instance for instance, _ in images]
        row["source_image_frames"] = [frames or None for _, frames in images]
