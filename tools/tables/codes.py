"""Context groups and code dictionaries, as lines of the package data.

From the context groups of PixelMed (BSD) and, for codes that stand in no group, pydicom's dictionary (MIT).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from typing import Any

from pydicom.sr._concepts_dict import concepts as pydicom_concepts
from pydicom.sr._snomed_dict import mapping as pydicom_twins

from dicomposer.standard._codes import keyword_of

Group = list[Any]  # name, keyword, extensible, version, uid, included groups, codes [scheme, value, meaning]
_WORDS = re.compile(r"[A-Z]+s?(?=[A-Z][a-z]|$|_)|[A-Z]?[a-z]+|[A-Z]+\d*|\d+")


#: Codes of SCT that DICOM's context groups gave up for others of the same meaning (chest, abdomen, pelvis, both).
SUPERSEDED = {
    "51185008": "816094009",
    "113345001": "818981001",
    "12921003": "816092008",
    "416949008": "818982008",
}


def title(keyword: str) -> str:
    """The words of a keyword: "PlanarROIMeasurements" becomes "Planar ROI Measurements"."""
    return " ".join(_WORDS.findall(keyword)).replace("X Ray", "X-Ray")


def without_twins(codes: list[list[str]]) -> list[list[str]]:
    """Codes in their order, each once, without those of SRT (retired) that stand beside one of SCT."""
    modern = {meaning for scheme, _, meaning in codes if scheme != "SRT"}
    kept: dict[tuple[str, str], list[str]] = {}
    for scheme, value, meaning in codes:
        if scheme != "SRT" or meaning not in modern:
            kept.setdefault((scheme, value), [scheme, value, meaning])
    return list(kept.values())


def number(cid: str) -> int | str:
    """Identifier of a group: a number in the standard, a word where the source has its own."""
    return int(cid) if cid.isdigit() else cid


def groups(document: bytes) -> dict[str, Group]:
    """The context groups of an XML document in PixelMed's form, by identifier."""
    found = {}
    for group in ElementTree.fromstring(document):
        codes = [
            [code.get("csd", ""), code.get("cv", ""), code.get("cm", "")]
            for code in group.findall("{*}contextgroupcode")
            if code.get("cv")  # CID 12300 has one without a value
        ]
        keyword = group.get("keyword") or group.get("name", "")
        found[group.get("cid", "")] = [
            title(keyword),
            keyword,
            int(group.get("extensible") == "T"),
            group.get("version", ""),
            group.get("uid", ""),
            [number(include.get("cid", "")) for include in group.findall("{*}include")],
            without_twins(codes),
        ]
    return found


def twins(document: bytes) -> list[list[str]]:
    """Codes of SRT, each with those of SCT that stand for it today.

    Those beside which it stood in a context group, under the same meaning, go before SNOMED's own successor (pydicom's
    mapping): DICOM has chosen other concepts here and there.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for group in ElementTree.fromstring(document):
        rows = [
            (code.get("csd"), code.get("cv", ""), code.get("cm"))
            for code in group.findall("{*}contextgroupcode")
        ]
        modern = {meaning: value for scheme, value, meaning in rows if scheme == "SCT"}
        for scheme, value, meaning in rows:
            if scheme == "SRT" and meaning in modern:
                found[value][modern[meaning]] += 1
    for old, new in pydicom_twins["SRT"].items():
        found[old].setdefault(new, 0)
        if new in SUPERSEDED:
            found[old].setdefault(SUPERSEDED[new], 0)
    return [[old, *(new for new, _ in counts.most_common())] for old, counts in sorted(found.items())]


def dictionary(groups: dict[str, Group], others: list[list[str]]) -> dict[str, list[list[Any]]]:
    """By scheme: [value, meanings (most frequent first), groups that list it themselves, origin, keyword].

    The keyword is that of pydicom, and left out where it follows from the first meaning by rule. Origin is 0
    for codes of context groups, 1 for those of templates, 2 for those that pydicom alone has.
    """
    meanings: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    listed: dict[tuple[str, str], list[int]] = defaultdict(list)
    origin: dict[tuple[str, str], int] = {}
    for cid, group in groups.items():
        for scheme, value, meaning in group[6]:
            meanings[scheme, value][meaning] += 1
            listed[scheme, value].append(int(cid))
            origin[scheme, value] = 0
    for scheme, value, meaning in others:
        if origin.setdefault((scheme, value), 1) == 1 and meaning:
            meanings[scheme, value][meaning] += 1
    names: dict[tuple[str, str], str] = {}
    for scheme, keywords in pydicom_concepts.items():
        for keyword, codes in keywords.items():
            for value, (meaning, _) in codes.items():
                names.setdefault((scheme, value), keyword)
                if origin.setdefault((scheme, value), 2) == 2:
                    meanings[scheme, value][meaning] += 1
    lines: dict[str, list[list[Any]]] = {}
    for scheme, value in sorted(origin):
        key = (scheme, value)
        ranked = [meaning for meaning, _ in meanings[key].most_common()]
        row: list[Any] = [value, ranked, listed.get(key, []), origin[key]]
        if names.get(key, keyword_of(ranked[0])) != keyword_of(ranked[0]):
            row.append(names[key])
        lines.setdefault(scheme, []).append(row)
    return lines
