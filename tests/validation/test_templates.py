"""Reports against their templates: good ones, ones with seeded faults, and what the engine does with either."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from tests.validation.report_documents import REPORTS, code, encoded, item, planar
from tests.validation.report_mutations import FAULTS, Outcome, findings, outcomes

from dicomposer import standard
from dicomposer.validation import Finding, validate
from dicomposer.validation._subject import Subject
from dicomposer.validation.content._content import content_tree
from dicomposer.validation.content._templates_match import Matcher
from dicomposer.validation.content._templates_model import place_of, root_entry

IMAGE_REGION, TRACKING = ("111030", "DCM"), ("112039", "DCM")


def read(name: str) -> Dataset:
    dataset: Dataset = dcmread(BytesIO(encoded(name)))
    return dataset


def grave(dataset: Dataset) -> list[Finding]:
    return [one for one in findings(dataset) if one.level in ("error", "warning")]


def name_of(made: Dataset) -> tuple[str, str] | None:
    if "ConceptNameCodeSequence" not in made:
        return None
    first = made.ConceptNameCodeSequence[0]
    return first.CodeValue, first.CodingSchemeDesignator


def group(dataset: Dataset, number: int = 0) -> Dataset:
    """A measurement group of a report."""
    found: Dataset = child(dataset, ("126010", "DCM")).ContentSequence[number]
    return found


def child(parent: Dataset, name: tuple[str, str]) -> Dataset:
    found: Dataset = next(one for one in parent.ContentSequence if name_of(one) == name)
    return found


def place(parent: Dataset, name: tuple[str, str]) -> int:
    return next(index for index, one in enumerate(parent.ContentSequence) if name_of(one) == name)


# -- good reports, and faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_good_reports(name: str) -> None:
    dataset = read(name)
    assert grave(dataset) == []
    assert len({one.path for one in findings(dataset)}) < 8


@pytest.mark.parametrize("name", ["test-SR.dcm", "reportsi.dcm"])
def test_reports_of_others(name: str) -> None:
    assert not [f for f in validate(str(get_testdata_file(name))) if f.rule_id.startswith("sr-template")]


@cache
def mutants() -> tuple[Outcome, ...]:
    return tuple(outcomes())


def test_seeded_faults_are_named_where_they_are() -> None:
    found = mutants()
    missed = [(one.subject, one.fault, one.expected) for one in found if not one.named]
    assert len(found) >= 200 and len({one.subject for one in found}) >= 10
    assert {one.fault for one in found} == set(FAULTS)
    assert len(missed) <= 0.03 * len(found), missed


def test_every_rule_is_seen() -> None:
    rules = {finding.rule_id for one in mutants() for finding in one.found}
    assert rules >= {
        "sr-template-relationship", "sr-template-value-type", "sr-template-missing", "sr-template-multiplicity",
        "sr-template-unit", "sr-template-value", "sr-template-item", "sr-template-nesting", "sr-template-order",
        "sr-template-root", "sr-template-unknown", "sr-template-condition",
    }  # fmt: skip


def test_kept_verdicts_are_those_that_would_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [(one.data, one.found) for one in mutants()[::5]]

    class Forgetful(dict):  # type: ignore[type-arg]
        def __setitem__(self, key: object, value: object) -> None:
            pass

    make = Matcher.__init__

    def forgetful(self: Matcher, nodes: list[object]) -> None:
        make(self, nodes)  # type: ignore[arg-type]
        self._kept = Forgetful()

    monkeypatch.setattr(Matcher, "__init__", forgetful)
    for data, found in known:
        serious = [one for one in found if one.level != "not-evaluated"]
        again = [one for one in findings(dcmread(BytesIO(data))) if one.level != "not-evaluated"]
        assert again == serious


def test_the_same_of_a_dataset_in_memory() -> None:
    for outcome in mutants()[::6]:
        dataset = dcmread(BytesIO(outcome.data))
        dataset.walk(lambda *_: None)  # decodes every element
        assert tuple(findings(dataset)) == outcome.found


# -- rows, each by its number; docs/templates.md refers to these ------------------------------------------------------


def without(name: tuple[str, str]) -> Callable[[Dataset], None]:
    def apply(parent: Dataset) -> None:
        del parent.ContentSequence[place(parent, name)]

    return apply


def twice(name: tuple[str, str]) -> Callable[[Dataset], None]:
    def apply(parent: Dataset) -> None:
        parent.ContentSequence.append(child(parent, name))

    return apply


def related(name: tuple[str, str], relationship: str) -> Callable[[Dataset], None]:
    def apply(parent: Dataset) -> None:
        child(parent, name).RelationshipType = relationship

    return apply


SITE, AREA = ("363698007", "SCT"), ("42798000", "SCT")
#: Report, where, what is broken; row and template that the message has.
ROWS: dict[str, tuple[str, Callable[[Dataset], Dataset], Callable[[Dataset], None], str]] = {
    "1500 row 6": ("planar measurements", lambda d: d, without(("126010", "DCM")), "row 6 of TID 1500"),
    "1500 row 4": (
        "planar measurements", lambda d: d, related(("121058", "DCM"), "CONTAINS"), "row 4 of TID 1500",
    ),
    "1002 row 1": (
        "planar measurements", lambda d: d, related(("121005", "DCM"), "HAS CONCEPT MOD"), "row 1 of TID 1002",
    ),
    "1410 row 2": ("planar measurements", group, twice(TRACKING), "row 2 of TID 1410"),
    "1410 row 5": ("planar measurements", group, without(IMAGE_REGION), "row 5 of TID 1410"),
    "1410 row 7": ("planar measurements", group, without(IMAGE_REGION), "row 7 (Referenced Segmentation Frame)"),
    "1410 row 6": (
        "planar measurements", lambda d: child(group(d), IMAGE_REGION), lambda d: delattr(d, "ContentSequence"),
        "row 6 of TID 1410",
    ),
    "1411 row 7": (
        "volumetric measurements", group, related(("121191", "DCM"), "HAS OBS CONTEXT"), "row 7 of TID 1411",
    ),
    "1411 row 12": ("volumetric measurements", group, without(("121232", "DCM")), "row 12 of TID 1411"),
    "1419 row 2": ("planar measurements", group, related(SITE, "CONTAINS"), "row 2 of TID 1419"),
    "1419 row 8": (
        "planar measurements", lambda d: child(group(d), AREA), twice(("121401", "DCM")), "row 8 of TID 1419",
    ),
    "1501 row 3": ("general measurements", group, twice(("112040", "DCM")), "row 3 of TID 1501"),
    "1501 row 6": ("general measurements", group, related(SITE, "HAS OBS CONTEXT"), "row 6 of TID 1501"),
    "300 row 4": (
        "general measurements", lambda d: child(group(d), AREA), related(("121401", "DCM"), "INFERRED FROM"),
        "row 4 of TID 300",
    ),
    "300 row 5": (
        "general measurements", lambda d: child(group(d), AREA), related(SITE, "HAS PROPERTIES"), "row 5 of TID 300",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    report, where, apply, words = ROWS[name]
    dataset = read(report)
    apply(where(dataset))
    found = grave(dataset)
    assert [one for one in found if words in one.message], found


def test_a_side_that_is_none() -> None:
    dataset = read("planar measurements")
    site = child(group(dataset), SITE)
    site.ContentSequence = [
        item(
            ValueType="CODE", RelationshipType="HAS CONCEPT MOD",
            ConceptNameCodeSequence=[code("272741003", "SCT", "Laterality")],
            ConceptCodeSequence=[code("261183002", "SCT", "Upper")],
        )
    ]  # fmt: skip
    found = grave(dataset)
    assert [(one.rule_id, one.level) for one in found] == [("sr-template-value", "error")]
    assert found[0].section == "PS3.16 TID 1419" and "CID 244" in found[0].message
    site.ContentSequence[0].ConceptCodeSequence = [code("G-A101", "SRT", "Left")]  # as it was written once
    assert grave(dataset) == []


def test_a_region_in_space() -> None:
    dataset = read("planar measurements")
    region = child(group(dataset), IMAGE_REGION)
    del region.ContentSequence
    region.ValueType, region.GraphicData = "SCOORD3D", [0.0, 0, 5, 1, 0, 5, 1, 1, 5, 0, 0, 5]
    region.GraphicType, region.ReferencedFrameOfReferenceUID = "POLYGON", "1.2.3"
    assert grave(dataset) == []
    for kind in ("POLYLINE", "MULTIPOINT"):
        region.GraphicType = kind
        assert [(one.rule_id, one.level) for one in grave(dataset)] == [("sr-template-graphic", "error")]
    region.GraphicType = "POLYGON"
    region.ConceptNameCodeSequence = [
        code("130488", "DCM", "Region in Space")
    ]  # of contours in another object
    assert [one.rule_id for one in grave(dataset)] == ["sr-template-value-type"]


def test_a_region_of_a_structure_set() -> None:
    dataset = read("planar measurements")
    region = child(group(dataset), IMAGE_REGION)
    at = group(dataset).ContentSequence.index(region)
    structure = item(
        ValueType="COMPOSITE", RelationshipType="CONTAINS",
        ConceptNameCodeSequence=[code("130488", "DCM", "Region in Space")],
        ReferencedSOPSequence=[
            item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.481.3", ReferencedSOPInstanceUID="1.2.3")
        ],
    )  # fmt: skip
    group(dataset).ContentSequence[at] = structure
    assert [one.message for one in grave(dataset)] == [
        "row 8c of TID 1410 (Referenced Region of Interest Identifier) is missing"
    ]
    structure.ContentSequence = [
        item(
            ValueType="TEXT", RelationshipType="HAS PROPERTIES", TextValue="3",
            ConceptNameCodeSequence=[code("130489", "DCM", "Referenced Region of Interest Identifier")],
        )
    ]  # fmt: skip
    assert grave(dataset) == []
    structure.ReferencedSOPSequence[0].ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.2"
    assert [(one.rule_id, one.level) for one in grave(dataset)] == [("sr-template-reference", "error")]
    group(dataset).ContentSequence.append(region)
    assert {one.rule_id for one in grave(dataset)} == {"sr-template-reference", "sr-template-condition"}


def test_surfaces_of_a_volume() -> None:
    dataset = read("volumetric measurements")
    one = group(dataset)
    segment = child(one, ("121191", "DCM"))
    surfaces = [
        item(
            ValueType="SCOORD3D", RelationshipType="CONTAINS", GraphicType="POLYGON",
            GraphicData=[0.0, 0, z, 1, 0, z, 1, 1, z, 0, 0, z], ReferencedFrameOfReferenceUID="1.2.3",
            ConceptNameCodeSequence=[code("121231", "DCM", "Volume Surface")],
        )
        for z in (0.0, 1.0)
    ]  # fmt: skip
    at = one.ContentSequence.index(segment)
    one.ContentSequence[at : at + 1] = surfaces
    assert grave(dataset) == []
    surfaces[1].GraphicType = "ELLIPSOID"
    assert [(found.rule_id, found.level) for found in grave(dataset)] == [("sr-template-graphic", "error")]
    surfaces[1].GraphicType = "POLYLINE"
    assert [(found.rule_id, found.level) for found in grave(dataset)] == [("sr-template-graphic", "error")]


def test_what_a_measurement_is_derived_from() -> None:
    dataset = read("planar measurements")
    places = [one.ConceptNameCodeSequence[0].CodeValue for one in dataset.ContentSequence]
    number = item(
        ValueType="NUM", RelationshipType="CONTAINS", ConceptNameCodeSequence=[code("118565006", "SCT", "Volume")],
        MeasuredValueSequence=[
            item(NumericValue="1", MeasurementUnitsCodeSequence=[code("mm3", "UCUM", "cubic millimeter")])
        ],
    )  # fmt: skip
    section = item(
        ValueType="CONTAINER", RelationshipType="CONTAINS", ContinuityOfContent="SEPARATE",
        ConceptNameCodeSequence=[code("126011", "DCM", "Derived Imaging Measurements")], ContentSequence=[number],
    )  # fmt: skip
    dataset.ContentSequence.append(section)
    found = [one for one in grave(dataset) if one.rule_id == "sr-template-missing"]
    assert [one.message for one in found] == [
        "row 2 of TID 1420 (TID 1410) or row 3 (TID 1411) is missing: one of them is due"
    ]
    pointer = item(RelationshipType="INFERRED FROM")
    pointer.ReferencedContentItemIdentifier = [1, places.index("126010") + 1, 1]
    number.ContentSequence = [pointer]
    assert not [one for one in grave(dataset) if one.rule_id == "sr-template-missing"]


@pytest.mark.parametrize(
    ("title", "due"), [(("113013", "Best In Set"), True), (("113000", "Of Interest"), False)]
)
def test_modifiers_of_titles_of_key_objects(title: tuple[str, str], due: bool) -> None:
    dataset = read("TID 2010")
    dataset.ConceptNameCodeSequence = [code(title[0], "DCM", title[1])]
    dataset.ContentSequence = [
        one for one in dataset.ContentSequence if one.get("ConceptNameCodeSequence", [None])[0] is None
        or one.ConceptNameCodeSequence[0].CodeValue != "113011"
    ]  # fmt: skip
    assert [one.message.split(",")[0] for one in grave(dataset)] == (
        ["row 4 of TID 2010 (Document Title Modifier) is missing"] if due else []
    )
    modifier = item(
        ValueType="CODE", RelationshipType="HAS CONCEPT MOD",
        ConceptNameCodeSequence=[code("113011", "DCM", "Document Title Modifier")],
        ConceptCodeSequence=[code("113015", "DCM", "Series")],
    )  # fmt: skip
    dataset.ContentSequence.insert(0, modifier)
    assert grave(dataset) == []
    for value, meaning in (("111207", "Image artifact(s)"), ("111208", "Grid artifact(s)")):
        further = Dataset()
        further.update(modifier)
        further.ConceptCodeSequence = [code(value, "DCM", meaning)]  # row 2: any number of them
        dataset.ContentSequence.insert(1, further)
    assert grave(dataset) == []


def test_both_identifiers_of_a_fetus() -> None:
    dataset = read("planar measurements")
    for name, meaning, scheme in (("121030", "Subject ID", "DCM"), ("11951-1", "Fetus ID", "LN")):
        one = item(
            ValueType="TEXT", RelationshipType="HAS OBS CONTEXT", TextValue="A",
            ConceptNameCodeSequence=[code(name, scheme, meaning)],
        )  # fmt: skip
        dataset.ContentSequence.insert(3, one)
    subject = item(
        ValueType="CODE", RelationshipType="HAS OBS CONTEXT",
        ConceptNameCodeSequence=[code("121024", "DCM", "Subject Class")],
        ConceptCodeSequence=[code("121026", "DCM", "Fetus")],
    )  # fmt: skip
    dataset.ContentSequence.insert(3, subject)
    assert not [one for one in grave(dataset) if one.rule_id == "sr-template-condition"]


# -- the engine -----------------------------------------------------------------------------------------------------


def test_groups_that_do_not_say_what_they_are() -> None:
    for name in ("planar measurements", "volumetric measurements", "general measurements"):
        dataset = read(name)
        for one in child(dataset, ("126010", "DCM")).ContentSequence:
            one.pop("ContentTemplateSequence", None)
        assert grave(dataset) == []


def test_a_report_that_states_no_template_gets_warnings() -> None:
    dataset = read("planar measurements")
    del dataset.ContentTemplateSequence
    assert grave(dataset) == []
    related(SITE, "CONTAINS")(group(dataset))
    assert {one.level for one in grave(dataset)} == {"warning"}


def test_a_key_object_selection_is_bound_by_its_class() -> None:
    dataset = read("TID 2010")
    del dataset.ContentTemplateSequence
    dataset.ContentSequence = [one for one in dataset.ContentSequence if one.ValueType != "IMAGE"]
    assert {(one.level, one.path) for one in grave(dataset)} == {("error", "ContentSequence")}


@pytest.mark.parametrize(
    ("iod", "level"),
    [
        ("chest-cad-sr", "error"), ("mammography-cad-sr", "error"),
        ("macular-grid-thickness-and-volume-report", "error"), ("procedure-log", None), ("comprehensive-sr", None),
    ],
)  # fmt: skip
def test_the_root_that_a_class_asks_for(iod: str, level: str | None) -> None:
    # A.35.6.3.1.1, A.35.11.3.1.3: "shall"; A.35.7.3.1.1: "may"
    dataset = read("planar measurements")
    dataset.ContentTemplateSequence = [Dataset()]
    dataset.ContentTemplateSequence[0].TemplateIdentifier = "1500"
    dataset.ContentTemplateSequence[0].MappingResource = "DCMR"
    dataset.SOPClassUID = next(one.uid for one in standard.sop_classes() if one.iod_name == iod)
    found = [
        one.level for one in findings(dataset)
        if one.rule_id.startswith("sr-template-root") and "asks for" in one.message
    ]  # fmt: skip
    assert found == ([level] if level else [])


def test_purposes_are_not_for_key_objects() -> None:
    dataset = read("TID 2010")
    image = next(one for one in dataset.ContentSequence if one.ValueType == "IMAGE")
    image.ConceptNameCodeSequence = [code("260753009", "SCT", "Source")]
    assert [(one.rule_id, one.level) for one in grave(dataset)] == [("sr-template-name", "warning")]


def test_one_item_may_be_what_two_templates_ask_for() -> None:
    # TID 10002 includes 10004 and 10007, both of which have the total of dose area product
    place_ = place_of((("10002", 0),))
    rows = [
        one for one in place_.entries if one.name is not None and one.name.has(frozenset({("113722", "DCM")}))
    ]
    assert len({one.tid for one in rows}) > 1 and not any(one.sure for one in rows)
    assert grave(read("TID 10001")) == []


def test_templates_of_others_are_left_alone() -> None:
    dataset = read("planar measurements")
    dataset.ContentTemplateSequence[0].MappingResource = "99PRIVATE"
    dataset.ConceptNameCodeSequence = [code("1", "99PRIVATE", "Report")]
    related(SITE, "CONTAINS")(group(dataset))
    # the groups still state theirs
    assert [one.rule_id for one in grave(dataset)] == ["sr-template-relationship"]


def test_a_name_outside_an_open_group_is_no_missing_row() -> None:
    # TID 312 asks for a value of CID 223, which is open; the same name may stand in that of TID 311
    made = planar()
    area = child(group(made, 1), AREA)
    for name, value in (
        (("373098007", "SCT", "Mean"), "NUM"),
        (("121407", "DCM", "Normal Range description"), "TEXT"),
    ):
        one = item(ValueType=value, RelationshipType="HAS PROPERTIES", ConceptNameCodeSequence=[code(*name)])
        if value == "TEXT":
            one.TextValue = "words"
        area.ContentSequence.append(one)
    assert [one.rule_id for one in grave(made)] in ([], ["sr-template-order"])


def test_many_groups_cost_what_their_shapes_cost() -> None:
    dataset = read("planar measurements")
    container = child(dataset, ("126010", "DCM"))
    container.ContentSequence = [container.ContentSequence[index % 2] for index in range(300)]
    stream = BytesIO()
    dataset.save_as(stream)
    nodes = content_tree(Subject(dcmread(BytesIO(stream.getvalue()))))
    matcher = Matcher(nodes)
    entry = root_entry("1500")
    assert entry is not None and matcher.judge(nodes[0], entry.place) == ()
    assert len(nodes) > 3000 and len(matcher._kept) < 120


def test_images_load_no_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(tid: object) -> None:
        raise AssertionError("a template was asked for")

    monkeypatch.setattr(standard, "template", refuse)
    assert validate(str(get_testdata_file("CT_small.dcm"))) is not None


def test_damaged_reports_are_survived() -> None:
    data = bytearray(encoded("planar measurements"))
    at = data.index(b"\x40\x00\x30\xa7SQ")  # Content Sequence
    for offset in range(at + 40, min(len(data), at + 6000), 97):
        broken = bytearray(data)
        broken[offset] ^= 0x15
        validate(bytes(broken))


def test_a_library_of_several_images() -> None:
    # TID 4000 row 4 includes TID 4020 once for each image
    dataset = read("TID 4000")
    library = child(dataset, ("111028", "DCM"))
    library.ContentSequence = [library.ContentSequence[0]] * 4
    assert grave(dataset) == []
