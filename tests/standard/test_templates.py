"""Templates: rows checked by hand against PS3.16 Annex A, consistency of all, structure of conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dicomposer import standard
from dicomposer.standard import AllItems, AnyItems, CodeConstraint, ItemCount, ItemPath, ItemPattern

VALUE_TYPES = {
    "CODE", "NUM", "TEXT", "CONTAINER", "IMAGE", "SCOORD", "SCOORD3D", "TCOORD", "DATETIME", "DATE", "TIME",
    "UIDREF", "PNAME", "COMPOSITE", "WAVEFORM", "INCLUDE",
}  # fmt: skip
RELATIONSHIPS = {
    "", "CONTAINS", "HAS PROPERTIES", "HAS OBS CONTEXT", "HAS CONCEPT MOD", "HAS ACQ CONTEXT", "INFERRED FROM",
    "SELECTED FROM",
}  # fmt: skip


def every() -> Iterator[tuple[str, standard.TemplateRow]]:
    for tid in standard.templates():
        for row in standard.template(tid).rows:
            yield tid, row


def concept(tid: int, number: str) -> tuple[str, str]:
    constraint = standard.template(tid).row(number).concept
    assert constraint is not None
    (code,) = constraint.codes
    return code.value, code.scheme


@pytest.mark.parametrize(
    ("tid", "name", "extensible", "ordered", "root"),
    [
        (300, "Measurement", True, True, False),
        (1410, "Planar ROI Measurements", True, False, False),
        (1500, "Measurement Report", True, False, True),
        (1501, "Measurement Group", True, False, False),
        ("10001", "Projection X-Ray Radiation Dose", True, False, True),
    ],
)
def test_templates_are_as_the_standard_has_them(
    tid: int | str, name: str, extensible: bool, ordered: bool, root: bool
) -> None:
    template = standard.template(tid)
    assert (template.tid, template.name) == (str(tid), name)
    assert (template.extensible, template.order_significant, template.root) == (extensible, ordered, root)


# PS3.16 Table TID 1500, 1410, 1411, 1501, 300, 4019: row, nesting, relationship, value type, concept, VM,
# requirement.
ROWS: list[tuple[int, str, int, str, str, tuple[str, str], tuple[int, int | None], str]] = [
    (1500, "4", 1, "HAS CONCEPT MOD", "CODE", ("121058", "DCM"), (1, None), "U"),
    (1500, "6", 1, "CONTAINS", "CONTAINER", ("126010", "DCM"), (1, 1), "MC"),
    (1500, "10", 1, "CONTAINS", "CONTAINER", ("126011", "DCM"), (1, 1), "MC"),
    (1500, "12", 1, "CONTAINS", "CONTAINER", ("C0034375", "UMLS"), (1, 1), "MC"),
    (1410, "1", 0, "", "CONTAINER", ("125007", "DCM"), (1, 1), "M"),
    (1410, "1b", 1, "HAS OBS CONTEXT", "TEXT", ("C67447", "NCIt"), (1, 1), "U"),
    (1410, "5", 1, "CONTAINS", "SCOORD", ("111030", "DCM"), (1, 1), "MC"),
    (1410, "7", 1, "CONTAINS", "IMAGE", ("121214", "DCM"), (1, 1), "MC"),
    (1410, "8", 1, "CONTAINS", "IMAGE", ("121233", "DCM"), (1, 1), "MC"),
    (1411, "5", 1, "CONTAINS", "SCOORD", ("111030", "DCM"), (1, None), "MC"),
    (1411, "7", 1, "CONTAINS", "IMAGE", ("121191", "DCM"), (1, 1), "MC"),
    (1411, "10", 1, "CONTAINS", "SCOORD3D", ("121231", "DCM"), (1, None), "MC"),
    (1411, "12", 1, "CONTAINS", "UIDREF", ("121232", "DCM"), (1, 1), "MC"),
    (1501, "2", 1, "HAS OBS CONTEXT", "TEXT", ("112039", "DCM"), (1, 1), "U"),
    (1501, "3", 1, "HAS OBS CONTEXT", "UIDREF", ("112040", "DCM"), (1, 1), "U"),
    (1501, "6", 1, "HAS CONCEPT MOD", "CODE", ("363698007", "SCT"), (1, None), "U"),
    (300, "3", 1, "HAS CONCEPT MOD", "CODE", ("370129005", "SCT"), (1, 1), "U"),
    (300, "4", 1, "HAS CONCEPT MOD", "CODE", ("121401", "DCM"), (1, 1), "U"),
    (300, "5", 1, "HAS CONCEPT MOD", "CODE", ("363698007", "SCT"), (1, None), "U"),
    (300, "6", 2, "HAS CONCEPT MOD", "CODE", ("272741003", "SCT"), (1, 1), "U"),
    (300, "16", 1, "HAS CONCEPT MOD", "TEXT", ("121050", "DCM"), (1, 1), "U"),
    (300, "18", 1, "INFERRED FROM", "COMPOSITE", ("126100", "DCM"), (1, 1), "U"),
    (4019, "1", 0, "", "TEXT", ("111001", "DCM"), (1, 1), "M"),
    (4019, "2", 0, "", "TEXT", ("111003", "DCM"), (1, 1), "M"),
    (4019, "3", 0, "", "TEXT", ("111002", "DCM"), (1, None), "U"),
    (4019, "4", 0, "", "CODE", ("111000", "DCM"), (1, 1), "U"),
]


@pytest.mark.parametrize(("tid", "number", "nesting", "relationship", "kind", "code", "vm", "need"), ROWS)
def test_rows_are_as_the_standard_has_them(
    tid: int,
    number: str,
    nesting: int,
    relationship: str,
    kind: str,
    code: tuple[str, str],
    vm: tuple[int, int | None],
    need: str,
) -> None:
    row = standard.template(tid).row(number)
    assert (row.nesting, row.relationship, row.value_type) == (nesting, relationship, kind)
    assert concept(tid, number) == code
    assert (row.vm, row.requirement, row.by_reference) == (vm, need, False)


@pytest.mark.parametrize(
    ("tid", "number", "relationship", "included", "vm", "need"),
    [
        (1500, "2", "HAS CONCEPT MOD", "1204", (1, 1), "U"),
        (1500, "3", "HAS OBS CONTEXT", "1001", (1, 1), "M"),
        (1500, "5", "CONTAINS", "1600", (1, 1), "U"),
        # without the conditions that the source has only to tell these three apart
        (1500, "7", "CONTAINS", "1410", (1, None), "U"),
        (1500, "8", "CONTAINS", "1411", (1, None), "U"),
        (1500, "9", "CONTAINS", "1501", (1, None), "U"),
        (1500, "11", "CONTAINS", "1420", (1, None), "U"),
        (1410, "4", "HAS OBS CONTEXT", "1502", (1, 1), "U"),
        (1410, "11", "CONTAINS", "1419", (1, 1), "U"),
        (1411, "15", "CONTAINS", "1419", (1, 1), "U"),
        (1501, "10", "CONTAINS", "300", (1, None), "U"),
        (300, "8", "HAS PROPERTIES", "310", (1, 1), "U"),
        (300, "19", "HAS CONCEPT MOD", "4019", (1, 1), "U"),
    ],
)
def test_inclusions_are_as_the_standard_has_them(
    tid: int, number: str, relationship: str, included: str, vm: Any, need: str
) -> None:
    row = standard.template(tid).row(number)
    assert (row.value_type, row.includes, row.relationship) == ("INCLUDE", included, relationship)
    assert (row.vm, row.requirement, row.condition) == (vm, need, None)


def test_constraints_name_groups() -> None:
    title = standard.template(1500).row(1).concept
    laterality = standard.template(300).row("6").value
    assert title == CodeConstraint("defined", (), (7021,))
    assert laterality == CodeConstraint("defined", (), (244,))
    procedure = standard.template(1500).row("4").value
    assert procedure == CodeConstraint("baseline", (), (100,))
    path = standard.template(1400).row(2)
    assert path.graphic_types == ("POLYLINE", "CIRCLE", "ELLIPSE")
    assert path.points == (2, None)
    assert standard.template(1400).row(3).by_reference


def test_conditions_are_structured() -> None:
    # TID 1410: one of rows 5, 7, 7b and 8b; row 8 iff row 7
    rows = (standard.template(1410).row(number) for number in ("5", "7", "7b", "8b", "8"))
    region, segment, space, structure, source = rows
    frames = ItemPath(0, (ItemPattern("IMAGE", concepts=(("DCM", "121214"),)),))
    in_space = ItemPath(0, (ItemPattern("SCOORD3D", concepts=(("DCM", "111030"),)),))
    contours = ItemPath(0, (ItemPattern("COMPOSITE", concepts=(("DCM", "130488"),)),))
    regions = ItemPath(0, (ItemPattern("SCOORD", concepts=(("DCM", "111030"),)),))
    every_form = {region: regions, segment: frames, space: in_space, structure: contours}
    for row in every_form:
        others = {path for other, path in every_form.items() if other is not row}
        assert row.requirement == "MC" and row.otherwise is False
        assert isinstance(row.condition, AllItems)
        assert set(row.condition.terms) == {ItemCount(path, "=", 0) for path in others}
    assert source.condition == ItemCount(frames, ">", 0)
    # TID 1500: at least one of three containers
    first = standard.template(1500).row("6")
    assert isinstance(first.condition, AllItems)
    assert first.otherwise is True
    # TID 300: rows 11 and 12 exclude each other
    assert standard.template(300).row(11).condition != standard.template(300).row(12).condition


def test_every_template_is_sound() -> None:
    tids = standard.templates()
    assert len(tids) == len(set(tids)) == 182 + 3 + 2  # 10003A, B and C have letters; two by hand
    cids = set(standard.context_groups())
    for tid, row in every():
        assert row.value_type in VALUE_TYPES, (tid, row.number)
        assert row.relationship in RELATIONSHIPS, (tid, row.number)
        assert row.requirement in ("M", "MC", "U", "UC")
        assert (row.includes is None) == (row.value_type != "INCLUDE")
        assert row.condition is None or row.requirement in ("MC", "UC")
        assert row.vm[1] is None or 0 < row.vm[0] <= row.vm[1]
        for constraint in (row.concept, row.value, row.units):
            if constraint is not None:
                assert constraint.codes or constraint.cids
                # languages and countries (RFC 5646, ISO 3166) have no list
                assert set(constraint.cids) - {5000, 5001} <= cids, (tid, row.number)


def test_every_inclusion_is_resolvable() -> None:
    for tid, row in every():
        if row.includes is not None:
            assert standard.template(row.includes).form_of == "", (tid, row.number)
        if row.form:
            assert standard.template(row.form).form_of == row.includes, (tid, row.number)


def test_nesting_never_skips_a_level() -> None:
    for tid in standard.templates():
        depth = -1
        for row in standard.template(tid).rows:
            assert 0 <= row.nesting <= depth + 1, (tid, row.number)
            depth = row.nesting


def test_every_named_code_is_in_the_dictionary() -> None:
    for _, row in every():
        for constraint in (row.concept, row.value, row.units):
            for code in constraint.codes if constraint else ():
                assert standard.code(code.value, code.scheme).code.scheme == code.scheme


def test_conditions_hold_nothing_but_structure() -> None:
    def leaves(condition: Any) -> Iterator[Any]:
        if isinstance(condition, (AllItems, AnyItems)):
            assert len(condition.terms) > 1
            for term in condition.terms:
                yield from leaves(term)
        else:
            yield condition

    kinds = {type(leaf).__name__ for _, row in every() if row.condition for leaf in leaves(row.condition)}
    assert kinds == {"ItemCount", "ItemValue", "NumberComparison"}


def test_refusals() -> None:
    for tid in (1, "x", "@edition"):
        with pytest.raises(KeyError):
            standard.template(tid)
    with pytest.raises(KeyError):
        standard.template(1500).row("99")
    assert standard.template("1500") is standard.template(1500)
