"""Reports as nested plain values, text, HTML and the JSON model, and back."""

from __future__ import annotations

import json
from copy import deepcopy
from io import BytesIO

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataelem import RawDataElement
from pydicom.sr.codedict import codes

import dicomposer as dc
import report_matrix
import reports
from dicomposer import sr
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError, MissingAttributeError
from dicomposer.items import CONTENT, attach_content, content_root, walk

FOREIGN = ("reportsi.dcm", "test-SR.dcm", "reportsi_with_empty_number_tags.dcm")
CASES = report_matrix.covering(report_matrix.all_cases())


@pytest.fixture(scope="module")
def document():
    return reports.document(sr)


def again(tree):
    """The tree after it was JSON."""
    return json.loads(json.dumps(tree, allow_nan=False))


def nodes(tree):
    yield tree
    for child in tree.get("children", ()):
        yield from nodes(child)


def named(tree, meaning):
    return next(one for one in nodes(tree) if one.get("name", {}).get("meaning") == meaning)


def with_content(dataset, content):
    """A copy of a document with other content, as a file."""
    made = deepcopy(dataset)
    for tag in (0x0040A040, 0x0040A043, 0x0040A050, 0x0040A504, 0x0040A730):
        made._dict.pop(tag, None)
    attach_content(made, content[0])
    return reports.written(made)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_nested_form_gives_the_same_bytes_again(case):
    dataset = dc.open(BytesIO(reports.written(report_matrix.make(case).document)))
    tree = sr.tree_of(dataset)
    content = sr.content_from_dict(again(tree))
    assert sr.tree_of(content) == tree
    assert with_content(dataset, content) == reports.written(dataset)


def test_highdicoms_report_comes_back(tmp_path):
    import highdicom as hd

    theirs = dcmread(BytesIO(reports.written_plainly(reports.document(hd.sr))))
    tree = sr.tree_of(theirs)
    assert sr.tree_of(sr.content_from_dict(again(tree))) == tree
    assert "attributes" not in named(tree, "Tracking Identifier")


@pytest.mark.parametrize("name", FOREIGN)
def test_nothing_of_foreign_reports_is_lost(name):
    theirs = dcmread(get_testdata_file(name))
    before = Dataset.from_json(theirs.to_json())
    tree = sr.tree_of(sr.srread(get_testdata_file(name)))
    assert sr.tree_of(sr.content_from_dict(again(tree))) == tree
    made = content_of(sr.content_from_dict(again(tree)))
    assert made == before.ContentSequence


def content_of(content):
    """The items below a root as pydicom's datasets."""
    holder = Dataset()
    holder._dict[CONTENT] = content[0]._dict[CONTENT]
    holder.set_original_encoding(False, True, "utf8")
    text = json.dumps(holder.to_json_dict())
    return Dataset.from_json(text).ContentSequence


def test_what_the_nodes_say(document):
    tree = document.tree()
    assert tree["type"] == "CONTAINER"
    assert tree["template"] == "1500"
    assert "relationship" not in tree
    assert tree["name"] == {"value": "126000", "scheme": "DCM", "meaning": "Imaging Measurement Report"}
    number = named(tree, "Volume")
    assert number["value"] == 12.25
    assert number["unit"]["value"] == "mm"
    assert number["qualifier"]["meaning"] == "Value out of range"
    assert list(number)[:3] == ["relationship", "type", "name"]
    region = named(tree, "Image Region")
    assert region["graphic_type"] == "POLYLINE"
    assert region["points"] == reports.SQUARE.tolist()
    assert region["children"][0]["reference"]["sop_instance_uid"] == str(reports.ct().SOPInstanceUID)
    segment = named(tree, "Referenced Segment")
    assert segment["reference"]["segments"] == [1]
    assert "frames" not in segment["reference"]
    assert named(tree, "Referenced Segmentation Frame")["reference"]["frames"] == [1]
    assert named(tree, "Person Observer Name")["value"] == "Doe^Jane"
    assert named(tree, "Finding")["value"]["meaning"] == "Nodule"
    assert not any("attributes" in one for one in nodes(tree))


def test_the_document_as_plain_values(document):
    plain = again(document.to_dict())
    assert plain["sop_class"] == "Comprehensive 3D SR Storage"
    assert plain["content"] == again(document.tree())
    assert {one["sop_instance_uid"] for one in plain["evidence"]} == {
        str(one.SOPInstanceUID) for one in reports.evidence()
    }
    assert str(document.PatientName) not in json.dumps(plain)
    made = sr.content_from_dict(plain)
    assert isinstance(made, sr.MeasurementReport)
    assert made.get_planar_roi_measurement_groups()[0].finding_type == codes.SCT.Nodule


def test_content_by_hand_becomes_a_document():
    finding = {
        "relationship": "CONTAINS",
        "type": "CODE",
        "name": ("121071", "DCM", "Finding"),
        "value": ("27925004", "SCT", "Nodule"),
    }
    number = {
        "relationship": "CONTAINS",
        "type": "NUM",
        "name": ("410668003", "SCT", "Length"),
        "value": 0.1 + 0.2,
        "unit": ("mm", "UCUM", "millimeter"),
    }
    words = {
        "relationship": "CONTAINS",
        "type": "TEXT",
        "name": ("121071", "DCM", "Finding"),
        "value": "größer 変化",
    }
    tree = {
        "type": "CONTAINER",
        "name": ("126000", "DCM", "Imaging Measurement Report"),
        "continuity": "SEPARATE",
        "children": [finding, number, words],
    }
    made = sr.ComprehensiveSR(
        reports.evidence()[:1],
        sr.content_from_dict(tree),
        "1.2.3.4",
        1,
        "1.2.3.5",
        1,
        manufacturer="m",
    )
    read = reports.read_again(sr, made)
    found = list(walk([content_root(read)]))
    assert [str(item.value) for item in found[1:]] == [
        str(found[1].value),
        repr(0.1 + 0.2),
        "größer 変化",
    ]
    assert read.tree()["children"][2]["value"] == "größer 変化"
    assert "decimal" not in read.tree()["children"][1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "unknown key: 'colour'"),
        ({"type": "NUM", "value": "twelve"}, "finite number"),
        ({"type": "NUM", "value": float("nan")}, "finite number"),
        ({"type": "CONTAINER", "value": "x"}, "no value belongs"),
        ({"type": "TEXT", "value": 3}, "text is needed"),
        ({"name": {"code": "1"}}, "a code has no 'code'"),
        ({"reference": {"uid": "1.2"}}, "a reference has no 'uid'"),
        ({"attributes": {"0040A032": {"Value": ["x"]}}}, "JSON model"),
    ],
)
def test_what_cannot_be_content_is_refused_with_its_place(change, message):
    tree = {
        "type": "CONTAINER",
        "name": ("1", "99X", "x"),
        "children": [{"relationship": "CONTAINS"} | change],
    }
    with pytest.raises(ArgumentError, match=message):
        sr.content_from_dict(tree)
    if "attributes" not in change:
        with pytest.raises(ArgumentError, match=r"content\.children\[0\]"):
            sr.content_from_dict(tree)


def test_children_are_dictionaries():
    with pytest.raises(ArgumentTypeError, match="must be a dictionary"):
        sr.content_from_dict({"type": "CONTAINER", "children": ["x"]})


def test_odd_encodings_are_kept(document):
    dataset = dcmread(BytesIO(reports.written(document)))
    item = next(one for one in walk([content_root(dataset)]) if one.value_type.value == "NUM")
    item.MeasuredValueSequence[0].NumericValue = "12.250"
    item.ObservationDateTime = "20260102030405.5"
    del item.RelationshipType
    tree = sr.tree_of(dataset)
    node = next(one for one in nodes(tree) if one["type"] == "NUM" and "decimal" in one)
    assert node["decimal"] == "12.250"
    assert "relationship" not in node
    assert node["attributes"] == {"0040A032": {"vr": "DT", "Value": ["20260102030405.5"]}}
    made = sr.content_from_dict(again(tree))
    assert sr.tree_of(made) == tree


def test_changes_to_items_are_seen(document):
    read = reports.read_again(sr, document)
    before = read.tree()
    item = next(one for one in walk([content_root(read)]) if one.value_type.value == "TEXT")
    item.TextValue = "another"
    after = read.tree()
    assert before != after
    assert "another" in json.dumps(after)


@pytest.mark.parametrize("name", FOREIGN[:2])
def test_the_json_model_is_pydicoms(name, document):
    ours, theirs = sr.srread(get_testdata_file(name)), dcmread(get_testdata_file(name))
    assert json.loads(ours.to_json()) == json.loads(theirs.to_json())
    assert json.loads(document.to_json()) == json.loads(dcmread(BytesIO(reports.written(document))).to_json())


def test_the_json_model_of_changed_and_bulky_documents(document):
    read = reports.read_again(sr, document)
    read.content[0].children[0].name  # noqa: B018 - items are typed now
    assert json.loads(read.to_json()) == json.loads(Dataset.to_json(document))
    uris = read.to_json_dict(1, lambda element: f"uri:{element.tag}")
    assert "0040A730" in uris


# -- damage ------------------------------------------------------------------------------------------------------------


def test_content_that_does_not_hold_together(document):
    read = reports.read_again(sr, document)
    element = read._dict[CONTENT]
    read._dict[CONTENT] = RawDataElement(CONTENT, "SQ", 99, element.value[:-7], 0, False, True)
    for reader in (sr.tree_of, sr.rows_of, sr.text_of, sr.html_of):
        with pytest.raises(DamagedFileError):
            reader(read)


def test_trees_that_are_too_deep_are_refused():
    content = sr.content_from_dict({"type": "CONTAINER", "name": ("1", "99X", "x")})
    value = b""
    for _ in range(200):
        value = b"\x40\x00\x30\xa7SQ\0\0" + len(value).to_bytes(4, "little") + value
        value = b"\xfe\xff\x00\xe0" + len(value).to_bytes(4, "little") + value
    content[0]._dict[CONTENT] = RawDataElement(CONTENT, "SQ", len(value), value, 0, False, True)
    for reader in (sr.tree_of, sr.rows_of, sr.text_of):
        with pytest.raises(DamagedFileError, match="too deeply"):
            reader(content)
    tree = {"type": "CONTAINER"}
    for _ in range(200):
        tree = {"type": "CONTAINER", "children": [tree]}
    with pytest.raises(ArgumentError, match="too deeply"):
        sr.content_from_dict(tree)


def test_what_has_no_content():
    with pytest.raises(MissingAttributeError, match="no content"):
        sr.tree_of(reports.ct())
    with pytest.raises(ArgumentTypeError, match="needed, not int"):
        sr.tree_of(3)


# -- for people --------------------------------------------------------------------------------------------------------


def test_text(document):
    lines = document.to_text().splitlines()
    assert lines[0] == "Imaging Measurement Report"
    assert "  Person Observer Name: Doe^Jane" in lines
    assert "      Volume: 12.25 mm (Value out of range)" in lines
    assert "      Image Region: POLYLINE (1, 1) (5, 1) (5, 4) (1, 1)" in lines
    assert any(line.startswith("      Referenced Segment: Segmentation Storage 1.2") for line in lines)


def patient_tree():
    named_items = [
        ("PNAME", ("121029", "DCM", "Subject Name"), "Secret^Name"),
        ("TEXT", ("121030", "DCM", "Subject ID"), "secret-id"),
        ("DATE", ("121031", "DCM", "Subject Birth Date"), "19310417"),
        ("PNAME", ("9", "99X", "Operator"), "Other^Person"),
        ("PNAME", ("121008", "DCM", "Person Observer Name"), "Doe^Jane"),
        ("TEXT", ("9", "99X", "Note"), "<script>alert('x')</script>\r\nsecond\x1b[31m line"),
    ]
    return {
        "type": "CONTAINER",
        "name": ("9", "99X", "<b>Title</b>"),
        "children": [
            {"relationship": "HAS OBS CONTEXT", "type": kind, "name": name, "value": value}
            for kind, name, value in named_items
        ],
    }


@pytest.mark.parametrize("render", [sr.text_of, sr.html_of])
def test_patients_are_left_out_unless_asked_for(render, document):
    made = reports.read_again(sr, document)
    attach_content(made, sr.content_from_dict(patient_tree())[0])
    made.PatientName, made.PatientID = "Top^Secret", "top-secret-id"
    secrets = ["Secret^Name", "secret-id", "Other^Person", "Top^Secret", "19310417", "1931-04-17"]
    text = render(made)
    assert not [one for one in secrets if one in text]
    assert "Doe^Jane" in text
    full = render(made, patient=True)
    assert "Secret^Name" in full and "1931-04-17" in full and "Other^Person" in full
    assert ("Top^Secret" in full) == (render is sr.html_of)


def test_html_is_escaped_and_alone(document):
    made = reports.read_again(sr, document)
    attach_content(made, sr.content_from_dict(patient_tree())[0])
    page = made.to_html()
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page and "<b>" not in page and "\x1b" not in page
    assert "http" not in page and "src=" not in page
    page = document.to_html()
    assert page.count("<details") == page.count("</details>") > 5
    assert "12.25 mm" in page


def test_html_is_well_formed(document):
    from html.parser import HTMLParser

    class Parser(HTMLParser):
        def __init__(self):
            super().__init__()
            self.stack = []

        def handle_starttag(self, tag, attrs):
            if tag != "meta":
                self.stack.append(tag)

        def handle_endtag(self, tag):
            assert self.stack.pop() == tag

    parser = Parser()
    parser.feed(document.to_html())
    assert parser.stack == []


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_reports_are_readable(name):
    read = sr.srread(get_testdata_file(name))
    assert len(read.to_text().splitlines()) >= sum(1 for _ in walk([content_root(read)]))
    assert read.to_html()


def test_all_value_types_as_text():
    text = sr.text_of(sr.srread(get_testdata_file("test-SR.dcm")))
    for expected in (
        "SCoord Code: CIRCLE (0, 0) (255, 255)",
        "TCoord Code: SEGMENT 1, 2.5",
        "    TCoord Code: SEGMENT 1, 2.5\n      see SCoord Code: CIRCLE (0, 0) (255, 255)\n",
        "see Code: Sample Code\n",
        "\n  Basic Text SR Storage 9.8.7.6\n",
        "Time: 12:00:00",
        "DateTime: 2000-12-06 12:00:00",
        "frames 5, 2",
        "Hemodynamic Waveform Storage 1.2.3.4.5",
        "Diameter: 3 cm",
        "New line.",
        "&%$§",
    ):
        assert expected in text


def referring(*places, patient=()):
    """A document of two groups, and items that refer to places in it."""
    one = {"relationship": "CONTAINS"}
    group = one | {"type": "CONTAINER", "name": ("125007", "DCM", "Measurement Group")}
    tracking = ("112039", "DCM", "Tracking Identifier")
    named = {"relationship": "HAS OBS CONTEXT", "type": "TEXT", "name": tracking, "value": "lesion <1>"}
    number = one | {"type": "NUM", "name": ("1", "99X", "Sum"), "value": 3, "unit": ("mm", "UCUM", "mm")}
    number["children"] = [
        {"relationship": "INFERRED FROM", "refers_to": list(map(int, place.split(".")))} for place in places
    ]
    children = [group | {"children": [named]}, group, *patient, number]
    return {"type": "CONTAINER", "name": ("9", "99X", "Title"), "children": children}


def test_references_to_items_say_what_they_mean(document):
    made = reports.read_again(sr, document)
    name = {"relationship": "HAS OBS CONTEXT", "type": "PNAME", "name": ("121029", "DCM", "Subject Name")}
    tree = referring("1.1", "1.2", "1.3", "1.9", patient=[name | {"value": "Secret^Name"}])
    attach_content(made, sr.content_from_dict(tree)[0])
    text, page = made.to_text(), made.to_html()
    for said in (
        "see Measurement Group 'lesion <1>'",
        "see Measurement Group (1.2 in the document)",
        "see Subject Name: (left out)",
        "see item 1.9, which is not there",
    ):
        assert f"    {said}\n" in text
    assert "see Subject Name: Secret^Name" in made.to_text(patient=True)
    for place in ("1.1", "1.2", "1.3"):
        assert page.count(f'id="item-{place}"') == page.count(f'href="#item-{place}"') == 1
    assert "item-1.9" not in page and "lesion &lt;1&gt;" in page
    assert "(no name)" not in text + page


def test_points_survive_in_single_precision(document):
    exact = np.array([[0.1, 0.2], [1 / 3, 2 / 3]], np.float32)
    tree = {
        "type": "SCOORD",
        "name": ("1", "99X", "x"),
        "graphic_type": "POLYLINE",
        "points": exact.astype(float).tolist(),
    }
    found = sr.tree_of(sr.content_from_dict(tree))
    assert found["points"][0] == [0.1, 0.2]
    assert np.array_equal(np.array(found["points"], np.float32), exact)
