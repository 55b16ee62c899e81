"""Templates of structured reports, as lines of the package data.

The source (PixelMed, BSD) is made for a validator: a template that is included with several relationships or
parameters occurs once for each, parts that share a condition are templates of their own, and some rows were
changed or commented out because the validator could not tell them apart. Here all three are undone by rule, the
last as far as the source itself says it: its comments are read for that, and go no further. What rules do not
reach is in ``templates.toml``. Templates of other organisations are left out.
"""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Any

from tools.tables.codes import Group, title
from tools.tables.xpath import UnreadableError, structure

HAND = Path(__file__).with_name("templates.toml")
Row = dict[str, Any]
_RELATIONSHIPS = {
    "M": "", "IF": "INFERRED FROM", "INFM": "INFERRED FROM", "HP": "HAS PROPERTIES", "CN": "CONTAINS",
    "Contains": "CONTAINS", "HasConceptMod": "HAS CONCEPT MOD", "HasObsContext": "HAS OBS CONTEXT",
    "HasProperties": "HAS PROPERTIES",
}  # fmt: skip
_VARIANT = re.compile(rf"(\d+)({'|'.join(_RELATIONSHIPS)})")
# Included with one set of parameters only, or lettered in the standard as well.
_NAMES = {
    "10003a": "10003A", "10003b": "10003B", "10003c": "10003C", "8182for8101": "8182", "9002for8101": "9002",
    **{f"{tid}MammoParameters": tid for tid in ("4014", "4015", "4016", "4017", "4018")},
}  # fmt: skip
# Parts of a template that stand apart because they share a condition, or several inclusions share them.
_PART = re.compile(r"(300CommonContent|\w+Content|\d+_Children)")
# One container that stands for several templates, told apart by what it holds.
_MERGED = {
    "3902_3920": {"3902Content": "3902", "3920Content": "3920"},
    "3921_3925_3926": {"3921Content": "3921", "3925Content": "3925", "3926Content": "3926"},
}
# Schemes that the source adds to groups of the standard, to accept what other organisations or the past wrote.
_FOREIGN = ("IHERADTF", "99PMP", "SRT")
_ALTERNATIVES = {part for parts in _MERGED.values() for part in parts}
_GRAPHICS = {
    "NOT_MULTIPOINT": ["POINT", "POLYLINE", "CIRCLE", "ELLIPSE"],
    "POLYLINE_CIRCLE_ELLIPSE": ["POLYLINE", "CIRCLE", "ELLIPSE"],
    "ELLIPSE_OR_POLYLINE": ["ELLIPSE", "POLYLINE"],
}
_ACTUAL = re.compile(r"\s*(?:is )?(?:actually|reall?y)\s+(?:real-world condition )?(MC|UC|M|U)\b", re.I)
_ONCE = re.compile(
    r"\s*(?:is )?(?:actually|really)\s+(?:vm \"?1\b|vmmax (?:in document is|of) 1\b|VM is 1\b)"
)
_HIDDEN = re.compile(r"\s*(</?templatecontentitem\b.*?/?>)\s*", re.S)


class Templates:
    """One reading of the source. `counts` tells what could not be taken over."""

    def __init__(
        self, document: bytes, private: dict[str, Group], known: dict[str, list[list[Any]]] | None = None
    ) -> None:
        builder = ElementTree.TreeBuilder(insert_comments=True)
        root = ElementTree.fromstring(document, ElementTree.XMLParser(target=builder))
        self._elements = {entry.get("tid", ""): entry for entry in root.iter("definetemplate")}
        self._private = private
        self._meanings = {
            (scheme, row[0]): row[1][0] for scheme, rows in (known or {}).items() for row in rows
        }
        self.counts: Counter[str] = Counter()
        self.codes: list[list[str]] = []

    def build(self, hand: dict[str, Any] | None = None) -> dict[str, list[Any]]:
        """All templates by identifier: name, extensible, order significant, root, general form, rows."""
        found: dict[str, list[Any]] = {}
        for tid, element in self._elements.items():
            if tid[:1].isdigit() and not _PART.fullmatch(tid) and tid not in _MERGED:
                self._add(found, tid, element)
        for whole, parts in _MERGED.items():
            if whole in self._elements:
                for part, tid in parts.items():
                    self._add(found, tid, self._elements[whole], part)
        self._generalise(found)
        if hand is None:
            hand = tomllib.loads(HAND.read_text("utf-8"))
        for tid, name in hand.get("name", {}).items():
            if tid in found:
                found[tid][0] = name
        for made in hand.get("template", []):
            if made["tid"] in found and found[made["tid"]][5]:
                raise RuntimeError(f"the source has TID {made['tid']} by now")
            flags = [made[flag] for flag in ("extensible", "ordered", "root")]
            found[made["tid"]] = [made["name"], *flags, "", made["rows"]]
            self.codes += named(made["rows"])
        for patch in hand.get("row", []):
            self.codes += named(patch.get("after", []))
            for tid, template in found.items():
                if re.fullmatch(patch["tid"], tid):
                    correct(template[5], patch)
        return dict(sorted(found.items(), key=lambda item: (int(re.match(r"\d+", item[0])[0]), item[0])))  # type: ignore[index]

    def _add(
        self, found: dict[str, list[Any]], tid: str, element: ElementTree.Element, part: str = ""
    ) -> None:
        variant = _VARIANT.fullmatch(tid)
        key = variant.group(1) if variant else _NAMES.get(tid, tid)
        if key in found or (variant and key in self._elements):
            return
        rows = self._rows(element, 0, part)
        if part:  # the source lets the one container occur once for each template
            rows[0]["m"] = [1, 1]
        if variant:  # the relationship is that of the row that includes it
            for row in rows:
                if row["d"] == 0:
                    row.pop("r", None)
        name = (self._elements[part].get("name", "") if part else element.get("name", "")).removesuffix(
            "Content"
        )
        flags = [int(element.get(flag) == "T") for flag in ("extensible", "ordersignificant", "root")]
        general = "" if key.isdigit() or key in _NAMES.values() else re.match(r"\d+", key)[0]  # type: ignore[index]
        found[key] = [title(name), *flags, general, rows]

    def _generalise(self, found: dict[str, list[Any]]) -> None:
        """Where only forms with parameters occur, the first without the values that they gave it."""
        for key in [key for key, template in found.items() if template[4] and template[4] not in found]:
            template = found[key]
            if template[4] not in found:
                rows = [{name: value for name, value in row.items() if name != "v"} for row in template[5]]
                found[template[4]] = [template[0], *template[1:4], "", rows]
                self.counts["templates known with parameters only"] += 1

    # -- rows ------------------------------------------------------------------------------------------------

    def _rows(self, element: ElementTree.Element, depth: int, part: str = "") -> list[Row]:
        rows: list[Row] = []
        hidden = 0  # how deep among rows that are commented out
        for child in element:
            if child.tag is ElementTree.Comment:
                match = _HIDDEN.fullmatch(child.text or "")
                if match and match.group(1).startswith("</"):
                    hidden -= 1
                elif match:
                    opening = match.group(1).removesuffix(">").removesuffix("/") + "/>"
                    rows.append(self._item(ElementTree.fromstring(opening), depth + hidden))
                    hidden += not match.group(1).endswith("/>")
                    self.counts["rows commented out, restored"] += 1
            elif child.tag == "templatecontentitem":
                rows.append(self._corrected(self._item(child, depth), remarks(element, child)))
                rows += self._rows(child, depth + 1, part)
            elif child.tag == "includetemplate":
                said = remarks(element, child)
                rows += [self._corrected(row, said) for row in self._inclusions(child, depth, part)]
            elif child.tag == "verify":
                self.counts["further checks left out"] += 1
        return rows

    def _inclusions(self, element: ElementTree.Element, depth: int, part: str) -> list[Row]:
        tid = element.get("tid", "")
        if tid == part or (_PART.fullmatch(tid) and not (part and tid in _ALTERNATIVES)):
            return self._rows(self._elements[tid], depth)
        if _PART.fullmatch(tid):
            return []
        return [self._inclusion(element, depth, target) for target in _MERGED.get(tid, {tid: tid}).values()]

    def _corrected(self, row: Row, said: list[str]) -> Row:
        """The row as the source says it should be."""
        for text in said:
            actual = _ACTUAL.match(text)
            if actual and actual.group(1) != row["q"]:
                row["q"] = actual.group(1)
                self.counts["requirements corrected"] += 1
                if row["q"] in ("M", "U"):
                    row.pop("if", None)
                    row.pop("o", None)
            elif _ONCE.match(text):
                row["m"] = [1, 1]
                self.counts["multiplicities corrected"] += 1
        return row

    def _common(self, element: ElementTree.Element, depth: int) -> Row:
        row: Row = {"n": element.get("row", ""), "d": depth}
        relationship = " ".join(element.get("relationship", "").split())
        if relationship:
            row["r"] = relationship.removeprefix("R-")
        if relationship.startswith("R-"):
            row["by"] = 1
        most = (element.get("vmmax") or "1").removeprefix("1-")
        row["m"] = [int(element.get("vmmin") or 1), 0 if most == "n" else int(most)]
        row["q"] = element.get("requiredType") or "U"
        text = element.get("condition", "")
        if text and element.get("matchCondition") != "T" and row["q"] in ("MC", "UC"):
            try:
                row["if"] = structure(text)
            except UnreadableError:
                self.counts["conditions not worked through"] += 1
            if element.get("mbpo"):
                row["o"] = int(element.get("mbpo") == "T")
        elif text:
            self.counts["conditions that serve the validator alone"] += 1
        return row

    def _inclusion(self, element: ElementTree.Element, depth: int, tid: str) -> Row:
        row = self._common(element, depth)
        if "vmmax" not in element.attrib:
            row["m"][1] = 0  # the source has it in the included template, or nowhere: the wider reading
            self.counts["inclusions without multiplicity"] += 1
        variant = _VARIANT.fullmatch(tid)
        if variant:
            row["t"] = variant.group(1)
            if _RELATIONSHIPS[variant.group(2)]:
                row["r"] = _RELATIONSHIPS[variant.group(2)]
        elif tid in _NAMES or tid.isdigit():
            row["t"] = _NAMES.get(tid, tid)
        else:
            row["t"], row["s"] = re.match(r"\d+", tid)[0], tid  # type: ignore[index]
        return row

    def _item(self, element: ElementTree.Element, depth: int) -> Row:
        row = self._common(element, depth)
        row["vt"] = element.get("valueType", "").upper()
        for key, part in (("c", "ConceptName"), ("v", "Value"), ("u", "Units")):
            group = element.get({"c": "conceptNameCID", "v": "valueSetCID", "u": "unitsCID"}[key])
            binding = element.get({"c": "conceptNameBDE", "v": "valueSetBDE", "u": "unitsBDE"}[key]) or "D"
            if element.get("cv" + part):
                code = self._code(*(element.get(kind + part, "") for kind in ("csd", "cv", "cm")), key == "u")
                self.codes.append(code)
                row[key] = ["E", [code], []]
            elif group:
                codes, cids = self._group(group)
                if codes or cids:
                    row[key] = [binding, codes, cids]
                else:
                    self.counts["value sets not resolved"] += 1
        graphic = element.get("graphicType")
        if graphic:
            row["g"] = _GRAPHICS.get(graphic, [graphic])
            most = element.get("numpointsmax", "n")
            row["p"] = [int(element.get("numpointsmin", 1)), 0 if most == "n" else int(most)]
        return row

    def _code(self, scheme: str, value: str, meaning: str, units: bool) -> list[str]:
        """A code; what the source forgot is filled in."""
        scheme = scheme or ("UCUM" if units else "")
        return [scheme, value, meaning or self._meanings.get((scheme, value), value)]

    def _group(self, group: str) -> tuple[list[list[str]], list[int]]:
        """Codes and groups of the standard for which a group of the source stands."""
        if group.isdigit():
            return [], [int(group)]
        if group not in self._private:
            return [], []
        codes = [code for code in self._private[group][6] if code[0] not in _FOREIGN]
        cids: list[int] = []
        for inner in self._private[group][5]:
            more = self._group(str(inner))
            codes += more[0]
            cids += more[1]
        self.codes += codes
        return codes, cids


def remarks(parent: ElementTree.Element, element: ElementTree.Element) -> list[str]:
    """Comments that stand on the line of `element`: within it, or after it."""
    found = []
    place = list(parent).index(element)
    for gap, others in ((element.text, list(element)), (element.tail, list(parent)[place + 1 :])):
        for other in others:
            if other.tag is not ElementTree.Comment or "\n" in (gap or ""):
                break
            found.append(other.text or "")
            gap = other.tail
    return found


def named(rows: list[Row]) -> list[list[str]]:
    """Codes that rows name."""
    return [code for row in rows for key in "cuv" for code in row.get(key, ["", []])[1]]


def correct(rows: list[Row], patch: dict[str, Any]) -> None:
    """Change a row as `patch` says, drop it, or put new ones after it; RuntimeError if there is none."""
    places = [place for place, row in enumerate(rows) if row["n"] == patch["number"]]
    if len(places) != 1:
        raise RuntimeError(f"TID {patch['tid']} has {len(places)} rows {patch['number']}")
    (place,) = places
    if "set" in patch:
        rows[place].update(patch["set"])
    for key in patch.get("without", []):
        rows[place].pop(key, None)
    if "after" in patch:
        rows[place + 1 : place + 1] = patch["after"]
