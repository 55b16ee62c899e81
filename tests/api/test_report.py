"""``report``: names, units, regions, tables, errors; what highdicom, dcmqi and the validators read."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest

import dicomposer as dc
from dicomposer import samples
from dicomposer.api import ReportFinding
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError, TerminologyError
from judges import dciodvfy, judge

SPICULATED = {"Margin": "Spiculated"}
REGIONS: dict[str, dict[str, Any]] = {
    "point": {"point": (3, 4)},
    "points": {"points": [(3, 4)]},
    "line": {"line": [(3, 4), (10, 11)]},
    "polygon": {"polygon": [(1, 1), (10, 1), (10, 12)]},
    "box": {"box": (1, 2, 10, 12)},
    "circle": {"circle": (20, 15, 6)},
    "ellipse": {"ellipse": (20, 15, 4, 8, 30)},
}


@pytest.fixture
def images() -> list[Any]:
    return list(samples.phantom_series("CT").datasets)


def group(report: Any) -> Any:
    content = report.content
    found = [
        *content.get_planar_roi_measurement_groups(),
        *content.get_volumetric_roi_measurement_groups(),
        *content.get_image_measurement_groups(),
    ]
    (one,) = found
    return one


# -- regions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", REGIONS)
def test_regions_read_back_in_highdicom(kind: str, images: list[Any], tmp_path: Path) -> None:
    finding = {
        "label": "Lung nodule", "measurements": {"Diameter": (8.2, "mm"), "Mean": (33.1, "HU")},
        "evaluations": SPICULATED, "region": {**REGIONS[kind], "image": 2}, "comment": "near the fissure",
    }  # fmt: skip
    report = dc.report([finding], images, algorithm="finder", algorithm_version="1.2", observer="Doe^Jane")
    assert type(report).__name__ == "ComprehensiveSR"
    assert not dc.validate(report).down_to("warning")
    path = tmp_path / "report.dcm"
    report.save_as(path)
    assert not dciodvfy(path).errors
    (theirs,) = hd.sr.srread(path).content.get_planar_roi_measurement_groups()
    ours = group(report)
    assert theirs.roi.graphic_type.value == ours.roi.graphic_type.value
    assert np.array_equal(theirs.roi.value, ours.roi.value)
    assert (
        theirs.roi.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        == images[2].SOPInstanceUID
    )
    found = {one.name.meaning: (one.value, one.unit.value) for one in theirs.get_measurements()}
    assert found == {"Diameter": (8.2, "mm"), "Mean": (33.1, "[hnsf'U]")}
    answers = {one.name.meaning: one.value.meaning for one in theirs.get_qualitative_evaluations()}
    assert answers["Margin"] == "Spiculated"  # highdicom counts the category of the finding as one, too
    assert theirs.finding_type.meaning == "Nodule" and theirs.finding_sites[0].value.meaning == "Lung"


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({"box": (1, 2, 10, 12)}, [(1, 2), (10, 2), (10, 12), (1, 12), (1, 2)]),
        ({"circle": "20 15 6"}, [(20, 15), (26, 15)]),
        ({"ellipse": (20, 15, 4, 8)}, [(20, 7), (20, 23), (24, 15), (16, 15)]),
        ({"polygon": "1 1; 10 1; 10 12"}, [(1, 1), (10, 1), (10, 12), (1, 1)]),
        ({"polygon": [1, 1, 10, 1, 10, 12, 1, 1]}, [(1, 1), (10, 1), (10, 12), (1, 1)]),
    ],
)
def test_points_of_shapes(region: dict[str, Any], expected: list[Any], images: list[Any]) -> None:
    report = dc.report({"label": "Neoplasm", "region": {**region, "image": 0}}, images)
    points = group(report).roi.value
    if "ellipse" in region:  # ends of an axis come in either order
        points, wanted = (
            np.sort(points.reshape(2, 2, 2), axis=1),
            np.sort(np.reshape(expected, (2, 2, 2)), axis=1),
        )
        assert np.allclose(points, wanted)
    else:
        assert points.tolist() == [list(map(float, one)) for one in expected]


@pytest.mark.parametrize(
    "region",
    [
        {"point_mm": (1, 2, 3)},
        {"points_mm": [(1, 2, 3)]},
        {"polygon_mm": [(1, 2, 3), (4, 2, 3), (4, 8, 3)]},
    ],
)
def test_regions_in_space(region: dict[str, Any], images: list[Any], tmp_path: Path) -> None:
    report = dc.report(
        [{"label": "Neoplasm", "region": region, "measurements": {"Area": (1, "mm²")}}], images
    )
    assert type(report).__name__ == "Comprehensive3DSR" and dc.validate(report).ok
    path = tmp_path / "report.dcm"
    report.save_as(path)
    assert not dciodvfy(path).errors
    (theirs,) = hd.sr.srread(path).content.get_planar_roi_measurement_groups()
    assert np.allclose(
        theirs.roi.value[: len(np.reshape(next(iter(region.values())), (-1, 3)))], next(iter(region.values()))
    )
    assert theirs.roi.frame_of_reference_uid == images[0].FrameOfReferenceUID


@pytest.mark.parametrize(
    "region",
    [{"points": [(3, 4), (5, 6), (7.5, 8.5)], "image": 2}, {"points_mm": [(1, 2, 3), (4, 5, 6)]}],
    ids=["in an image", "in space"],
)
def test_several_points_are_what_was_measured(
    region: dict[str, Any], images: list[Any], tmp_path: Path
) -> None:
    """PS3.16 TID 1410 has no region of several points; TID 1501 rows 10c and 10e have any points."""
    report = dc.report(
        [{"label": "Lung nodule", "region": region, "measurements": {"Diameter": (8.2, "mm")}}], images
    )
    assert not dc.validate(report).down_to("warning")
    path = tmp_path / "report.dcm"
    report.save_as(path)
    assert not dciodvfy(path).errors
    ((kind, points),) = [(kind, points) for kind, points in region.items() if kind != "image"]
    (item,) = dc.open(path).content.get_image_measurement_groups()[0].source_coordinates
    assert item.graphic_type.value == "MULTIPOINT" and np.allclose(item.value, points)
    if kind == "points":
        (image,) = item.children
        assert image.referenced_sop_instance_uid == images[2].SOPInstanceUID
    (row,) = dc.measurement_rows([path])
    assert row["region_type"] == "MULTIPOINT" and np.allclose(row["region"], points)
    (theirs,) = hd.sr.srread(path).content.get_image_measurement_groups()
    assert [one.value for one in theirs.get_measurements()] == [8.2]


def test_the_one_frame_of_an_image(images: list[Any]) -> None:
    images[2].NumberOfFrames = 1
    report = dc.report({"label": "Neoplasm", "region": {"point": (1, 1), "image": 2, "frame": 1}}, images)
    assert group(report).roi.source_image.referenced_frame_numbers is None


@pytest.mark.parametrize("how", ["image", "uid", "instance_number", "position"])
def test_ways_to_name_an_image(how: str, images: list[Any]) -> None:
    chosen = images[3]
    region = {
        "image": {"image": 3},
        "uid": {"image": chosen.SOPInstanceUID},
        "instance_number": {"instance_number": chosen.InstanceNumber},
        "position": {"position": float(chosen.ImagePositionPatient[2]) + 0.4},
    }[how]
    report = dc.report({"label": "Neoplasm", "region": {"point": (1, 1), **region}}, images)
    assert str(group(report).roi.source_image.referenced_sop_instance_uid) == chosen.SOPInstanceUID


def test_frames_of_an_image() -> None:
    image = samples.enhanced_image(samples.phantom_series("CT")).datasets[0]
    report = dc.report({"label": "Neoplasm", "region": {"point": (1, 1), "frame": 2}}, image)
    assert group(report).roi.source_image.referenced_frame_numbers == [2]
    with pytest.raises(ArgumentError, match="say which with frame="):
        dc.report({"label": "Neoplasm", "region": {"point": (1, 1)}}, image)
    with pytest.raises(ArgumentError, match="frame 99 is not one of"):
        dc.report({"label": "Neoplasm", "region": {"point": (1, 1), "frame": 99}}, image)


def test_slides_count_in_the_total_pixel_matrix() -> None:
    slide = samples.phantom_slide().dataset
    report = dc.report({"label": "Neoplasm", "region": {"box": (1, 2, 80, 60)}}, slide)
    assert dc.validate(report).ok
    assert group(report).roi.PixelOriginInterpretation == "VOLUME"


def test_segments(images: list[Any], tmp_path: Path) -> None:
    series = samples.phantom_series("CT")
    seg = dc.segment(series.mask, images, ["Liver", "Spleen"])
    seg.save_as(tmp_path / "seg.dcm")
    for source, segmentation in (
        (images, tmp_path / "seg.dcm"),
        (seg, None),
        (str(tmp_path / "seg.dcm"), None),
    ):
        region = {"segment": 2} if segmentation is None else {"segment": 2, "segmentation": segmentation}
        report = dc.report(
            [{"label": "Spleen", "region": region, "measurements": {"Volume": (12, "mL")}}], source
        )
        assert dc.validate(report).ok
        assert group(report).referenced_segment.referenced_segment_numbers == [2]
        assert str(group(report).referenced_segment.referenced_sop_instance_uid) == seg.SOPInstanceUID
    with pytest.raises(ArgumentError, match=r"findings\[0\]: the Segmentation has no segment 3; it has 1, 2"):
        dc.report([{"label": "Spleen", "region": {"segment": 3}}], seg)


def test_a_site_without_a_number_gets_the_size(images: list[Any]) -> None:
    finding = {"label": "Lung nodule", "region": {"box": (1, 2, 11, 12), "image": 0}}
    report = dc.report(finding, images)
    spacing = images[0].PixelSpacing
    (area,) = group(report).get_measurements()
    assert area.name.meaning == "Area" and area.value == pytest.approx(100 * spacing[0] * spacing[1])
    assert not dc.validate(report).down_to("warning")
    point = dc.report({**finding, "region": {"point": (1, 2), "image": 0}}, images)
    assert not dc.validate(point).down_to("warning")


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("mm²", "mm2"), ("mm^3", "mm3"), ("cc", "cm3"), ("mL", "ml"), ("HU", "[hnsf'U]"), ("SUV", "g/ml{SUVbw}"),
        (None, "1"),
        ("", "1"), ("%", "%"), ("µm", "um"), ("°", "deg"), ("degrees", "deg"), ("Bq/mL", "Bq/ml"), ("mm", "mm"),
        (("mm/min", "UCUM", "millimeter per minute"), "mm/min"),
    ],
)  # fmt: skip
def test_units(given: Any, code: str, images: list[Any]) -> None:
    report = dc.report({"label": "Neoplasm", "measurements": {"Mean": (1, given)}}, images)
    (found,) = group(report).get_measurements()
    assert found.unit.value == code and found.unit.scheme_designator == "UCUM"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Long Axis", "103339001"),
        ("longaxis", None),
        ("LongAxis", "103339001"),
        ("volume", "118565006"),
        ("Median", "373099004"),
    ],
)
def test_names_of_measurements(name: str, value: str | None, images: list[Any]) -> None:
    unit = "1" if name == "Median" else "mm3" if name == "volume" else "mm"
    finding = {"label": "Neoplasm", "measurements": {name: (1, unit)}}
    if value is None:
        with pytest.raises(TerminologyError, match="near: 'Long [Aa]xis'"):
            dc.report(finding, images)
        return
    assert group(dc.report(finding, images)).get_measurements()[0].name.value == value


@pytest.mark.parametrize(
    ("name", "unit", "said"),
    [
        (
            "Volume",
            "mm",
            "measurement of volume, and mm was given: a unit of length; units of volume: dm3, cm3, mm3, um3, ml",
        ),
        ("Diameter", "mL", "measurement of length, and ml was given: a unit of volume"),
        (("42798000", "SCT", "Area"), "cm³", "measurement of area, and cm3 was given: a unit of volume"),
    ],
)
def test_units_of_another_dimension(name: Any, unit: str, said: str, images: list[Any]) -> None:
    with pytest.raises(TerminologyError, match=said):
        dc.report({"label": "Neoplasm", "measurements": {name: (1, unit)}}, images)
    dc.report({"label": "Neoplasm", "measurements": {name: (1, "px")}}, images)


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        ({"label": "Neplasm"}, "is not a known name; near: "),
        ({"label": "Neoplasm", "measurements": {"Volum": (1, "cm3")}}, "near: 'Volume'"),
        ({"label": "Neoplasm", "measurements": {"Volume": (1, "cm33")}}, "unit 'cm33'.* near: cm3"),
        ({"label": "Neoplasm", "evaluations": {"Shape": "Round"}}, "'Shape' has 2 meanings"),
        ({"label": "Neoplasm", "evaluations": {"Margin": "Spicy"}}, "answer to 'Margin' 'Spicy'"),
        ({"label": "Neoplasm", "site": "Lung", "laterality": "lfet"}, "none of left, right"),
    ],
)
def test_names_that_nobody_knows(finding: dict[str, Any], said: str, images: list[Any]) -> None:
    with pytest.raises(TerminologyError, match=said) as caught:
        dc.report([{"label": "Neoplasm"}, finding], images)
    assert str(caught.value).startswith("findings[1]: ")


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        ({"label": "Neoplasm", "region": {"circle": (1, 1, 5), "image": 0}}, "reaches outside the image"),
        ({"label": "Neoplasm", "region": {"cicle": (1, 1, 5), "image": 0}}, "a region has no 'cicle'"),
        ({"label": "Neoplasm", "region": {"point": (1, 1)}}, "the source has 8 images"),
        ({"label": "Neoplasm", "region": {"point": (1, 1), "image": 8}}, "not one of the 8"),
        ({"label": "Neoplasm", "region": {"point": (1, 1), "image": 0, "position": 3}}, "give one"),
        (
            {"label": "Neoplasm", "region": {"point": (1, 1), "position": 300}},
            "no image lies at position 300",
        ),
        ({"label": "Neoplasm", "region": {"point": (1, float("nan")), "image": 0}}, "finite"),
        ({"label": "Neoplasm", "region": {"point": (1, 1, 1), "image": 0}}, "2 numbers a point"),
        ({"label": "Neoplasm", "region": {"polygon": (1, 1, 2, 2), "image": 0}}, "three points or more"),
        ({"label": "Neoplasm", "region": {"line": "a b", "image": 0}}, "must hold numbers"),
        ({"label": "Neoplasm", "region": {"long_axis": [(1, 1), (2, 2)], "image": 0}}, "go together"),
        ({"label": "Neoplasm", "region": {"point": (1, 1), "circle": (5, 5, 1), "image": 0}}, "one shape"),
        ({"label": "Neoplasm", "region": {"segment": 1}}, "say which Segmentation"),
        ({"label": "Neoplasm", "laterality": "left"}, "laterality needs a site"),
        ({"label": "Neoplasm", "measurements": {"Volume": 12}}, r"must be \(number, unit\)"),
        ({"label": "Neoplasm", "measurements": {"Volume": ("12", "mm3")}}, "must have a number"),
        ({"measurements": {}}, "needs a 'label'"),
    ],
)
def test_findings_that_cannot_be(finding: dict[str, Any], said: str, images: list[Any]) -> None:
    with pytest.raises(ArgumentError, match=said):
        dc.report(finding, images)


def test_keywords(images: list[Any]) -> None:
    with pytest.raises(ArgumentTypeError, match="did you mean 'measurements'"):
        dc.report({"label": "Neoplasm", "measurement": {}}, images)
    with pytest.raises(ArgumentTypeError, match="did you mean 'observer'"):
        dc.report({"label": "Neoplasm"}, images, obsever="x")  # type: ignore[call-arg]
    with pytest.raises(ArgumentTypeError, match="did you mean 'measurements'"):
        dc.report(ReportFinding("Neoplasm"), images) and dc.report([{"label": "x", "measurments": 1}], images)


def test_a_folder_has_no_order(images: list[Any], tmp_path: Path) -> None:
    samples.phantom_series("CT").save(tmp_path / "ct")
    with pytest.raises(ArgumentError, match="an order that nobody gave"):
        dc.report({"label": "Neoplasm", "region": {"point": (1, 1), "image": 0}}, tmp_path / "ct")
    dc.report({"label": "Neoplasm", "region": {"point": (1, 1), "instance_number": 1}}, tmp_path / "ct")


# -- the document ------------------------------------------------------------------------------------------------------


def test_context_of_the_document(images: list[Any]) -> None:
    report = dc.report(
        {"label": "left kidney", "measurements": {"Volume": (1, "ml")}}, images, algorithm="finder",
        observer="Doe^Jane", title="Oncology Measurement Report", library=True, language="de-DE",
        series_number=77, is_final=True,
    )  # fmt: skip
    content = report.content
    assert content[0].name.meaning == "Oncology Measurement Report"
    kinds = [context.observer_type.meaning for context in content.get_observer_contexts()]
    assert kinds == ["Person", "Device"]
    assert report.SeriesNumber == 77 and report.PreliminaryFlag == "FINAL"
    assert {uid for _, _, uid, _ in report.get_evidence()} == {one.SOPInstanceUID for one in images}
    names = [item.name.meaning for item in content[0].ContentSequence]
    assert "Image Library" in names
    assert [
        item.value.value for item in content[0].ContentSequence if item.name.meaning == "Procedure reported"
    ] == ["25045-6"]
    assert group(report).finding_sites[0].laterality.meaning == "Left"
    again = dc.report({"label": "Liver"}, images, algorithm="finder")
    devices = [
        one.content.get_observer_contexts()[-1].observer_identifying_attributes.uid for one in (report, again)
    ]
    assert devices[0] == devices[1]  # one program, one UID


def test_procedure_of_the_images(images: list[Any]) -> None:
    code = {"value": "24627-2", "scheme": "LN", "meaning": "CT chest"}
    item = dc.sr.CodedConcept(*code.values())
    images[0].ProcedureCodeSequence = [item]
    for given in (None, code):
        report = dc.report({"label": "Liver"}, images, **({} if given is None else {"procedure": given}))
        found = [one for one in report.content[0].ContentSequence if one.name.meaning == "Procedure reported"]
        assert [one.value.value for one in found] == ["24627-2"]


def test_dcmqi_reads_segments(images: list[Any], tmp_path: Path) -> None:
    seg = dc.segment(samples.phantom_series("CT").mask, images, ["Liver", "Spleen"])
    path, output = tmp_path / "report.dcm", tmp_path / "report.json"
    report = dc.measure(seg, images, volume_unit="mm3", algorithm="meter")
    report.save_as(path)
    command = [judge("tid1500reader"), "--inputDICOM", path, "--outputMetadata", output]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    read = json.loads(output.read_text(encoding="utf-8"))["Measurements"]
    table = dc.measure_segments(seg, images)
    for one, theirs in zip(table, read, strict=True):
        assert theirs["ReferencedSegment"] == one.number
        assert theirs["TrackingUniqueIdentifier"] == one.tracking_uid
        found = {
            (item["quantity"]["CodeMeaning"], item.get("derivationModifier", {}).get("CodeMeaning")): float(
                item["value"]
            )
            for item in theirs["measurementItems"]
        }
        assert found["Volume", None] == pytest.approx(one.volume, rel=1e-12)
        assert found["Attenuation Coefficient", "Mean"] == pytest.approx(one.statistics.mean, rel=1e-12)
        assert found["Long Axis", None] == pytest.approx(one.axes.long, rel=1e-12)


# -- tables ------------------------------------------------------------------------------------------------------------

CSV = """\
label,site,laterality,Volume [cm3],Mean [HU],evaluation: Margin,circle,instance_number,comment,tracking_id
Nodule,Lung,left,12.5,-33,Spiculated,20 15 6,3,"one, two",A
Liver,,,,,,,,,

Neoplasm,,,7,,,,4,,
"""


@pytest.mark.parametrize("kind", ["csv", "semicolons", "tsv", "json", "frame"])
def test_tables(kind: str, images: list[Any], tmp_path: Path) -> None:
    path: Any = (
        tmp_path
        / {"csv": "a.csv", "semicolons": "a.csv", "tsv": "a.tsv", "json": "a.json", "frame": "a"}[kind]
    )
    if kind == "csv":
        path.write_text(CSV, encoding="utf-8-sig")
    elif kind in ("semicolons", "tsv"):
        path.write_text(
            CSV.replace('"one, two"', '"one two"').replace(",", ";" if kind == "semicolons" else "\t")
        )
    elif kind == "frame":
        import pandas

        (tmp_path / "a.csv").write_text(CSV)
        path = pandas.read_csv(tmp_path / "a.csv")
    else:
        nodule = {
            "label": "Nodule", "site": "Lung", "laterality": "left", "tracking_id": "A", "comment": "one, two",
            "measurements": {"Volume": [12.5, "cm3"], "Mean": [-33, "HU"]}, "evaluations": SPICULATED,
            "region": {"circle": [20, 15, 6], "instance_number": 3},
        }  # fmt: skip
        neoplasm = {
            "label": "Neoplasm",
            "measurements": {"Volume": [7, "cm3"]},
            "region": {"instance_number": 4},
        }
        path.write_text(json.dumps({"findings": [nodule, {"label": "Liver"}, neoplasm]}))
    report = dc.report(path, images)
    assert not dc.validate(report).down_to("warning")
    (nodule,) = report.content.get_planar_roi_measurement_groups()
    found = {one.name.meaning: (one.value, one.unit.value) for one in nodule.get_measurements()}
    assert found == {"Volume": (12.5, "cm3"), "Mean": (-33, "[hnsf'U]")}
    assert nodule.tracking_identifier == "A" and nodule.finding_sites[0].laterality.meaning == "Left"
    assert nodule.get_qualitative_evaluations()[0].value.meaning == "Spiculated"
    assert len(report.content.get_image_measurement_groups()) == 2


def test_codes_of_ones_own_in_json(images: list[Any], tmp_path: Path) -> None:
    code = ["malignancy", "99LOCAL", "Malignancy score"]
    finding = {
        "label": "Lung nodule",
        "measurements": [["Diameter", 8.2, "mm"], [code, 0.71, ""]],
        "evaluations": [["Margin", "Spiculated"], [["kind", "99LOCAL", "Kind"], "Smooth"]],
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps([finding]))
    (group,) = dc.report(path, images).content.get_image_measurement_groups()
    assert [(one.name.value, one.value) for one in group.get_measurements()] == [
        ("81827009", 8.2),
        ("malignancy", 0.71),
    ]
    assert [one.name.value for one in group.get_qualitative_evaluations()][1] == "kind"
    for wrong, said in (
        ([["Diameter", 8.2]], r"each of 'measurements' must be \[name, number, unit\]"),
        ([[["a", "b"], 1, "mm"]], "text or a code"),
        ([["Diameter", 1, "mm"], ["Diameter", 2, "mm"]], "twice in 'measurements'"),
    ):
        path.write_text(json.dumps([finding | {"measurements": wrong}]))
        with pytest.raises(ArgumentError, match=f"finding 1: .*{said}"):
            dc.report(path, images)
    (tmp_path / "a.csv").write_text("label,Malignancy score []\nLung nodule,0.7\n")
    with pytest.raises(TerminologyError, match="give findings with codes as JSON or in Python"):
        dc.report(tmp_path / "a.csv", images)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("label,Volum [cm3]\nLiver,1\n", "column 'Volum .cm3.': measurement 'Volum'"),
        ("label,Volume [cm33]\nLiver,1\n", "column 'Volume .cm33.': unit 'cm33'"),
        ("label,Volume [mm]\nLiver,1\n", "column 'Volume .mm.': 'Volume' is a measurement of volume"),
        ("label,Volume [cm3]\nLiver,NaN\n", "not finite; leave the field empty"),
        ("label,Volume\nLiver,1\n", "column 'Volume' is not known"),
        ("label,Volume [cm3]\nLiver,1\nSpleen,big\n", "line 3, column 'Volume .cm3.': a number is needed"),
        ("label,Volume [cm3]\nLiver,1\nSplean,2\n", "line 3: label 'Splean'"),
        ("label,evaluation: Margin\nLiver,Spicy\n", "line 2, column 'evaluation: Margin': answer 'Spicy'"),
        ("label,comment\nLiver,a,b\n", "line 2 has more fields"),
        ("name\nLiver\n", "column 'name' is not known"),
        ("site\nLiver\n", "no column 'label'"),
        ("label,label\nLiver,x\n", "twice"),
        ("", "is empty"),
    ],
)
def test_errors_by_line_and_column(text: str, said: str, images: list[Any], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ArgumentError, match=said):
        dc.report(tmp_path / "a.csv", images)


def test_geometry_errors_are_such(images: list[Any]) -> None:
    for image in images:
        del image.FrameOfReferenceUID
    with pytest.raises(GeometryError, match=r"the finding: .* Frame of Reference"):
        dc.report({"label": "Liver", "region": {"point_mm": (1, 2, 3)}}, images)


# -- names that models use ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "meaning"),
    [
        ("L", "Left"),
        ("R", "Right"),
        ("l", "Left"),
        (" right ", "Right"),
        ("B", "Bilateral"),
        ("both", "Bilateral"),
    ],
)
def test_lateralities(given: str, meaning: str, images: list[Any]) -> None:
    report = dc.report({"label": "Neoplasm", "site": "Lung", "laterality": given}, images)
    assert group(report).finding_sites[0].laterality.meaning == meaning


@pytest.mark.parametrize("given", ["U", "LR", "rechts", "0"])
def test_lateralities_that_are_none(given: str, images: list[Any]) -> None:
    with pytest.raises(TerminologyError, match="none of left, right, bilateral, unilateral, L, R, B"):
        dc.report({"label": "Neoplasm", "site": "Lung", "laterality": given}, images)


@pytest.mark.parametrize("name", ["Confidence", "confidence_score", "Certainty"])
def test_certainties_are_percentages(name: str, images: list[Any], tmp_path: Path) -> None:
    report = dc.report({"label": "Neoplasm", "measurements": {name: (93, "%")}}, images)
    assert dc.validate(report).ok
    (found,) = report.to_rows()
    assert (found["name_code"], found["value"], found["unit"]) == ("111012", 93, "%")
    for unit in ("", None, "1"):
        with pytest.raises(
            TerminologyError, match=r"in per cent: \(93, '%'\).*\"Probability\": \(0.93, ''\)"
        ):
            dc.report({"label": "Neoplasm", "measurements": {name: (0.93, unit)}}, images)
    table = tmp_path / "findings.csv"
    table.write_text(f"label,{name} [%]\nNeoplasm,93\n", "utf-8")
    assert dc.report(table, images).to_rows()[0]["name_code"] == "111012"


def test_probabilities_and_scores(images: list[Any]) -> None:
    report = dc.report(
        {"label": "Neoplasm", "measurements": {"Probability": (0.9, ""), "Score": (3, "")}}, images
    )
    assert [one["name_code"] for one in report.to_rows()] == ["122157", "246262008"]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Dice", ["Dice Similarity Coefficient"]),
        ("IoU", ["Jaccard Index"]),
        ("Malignancy", ["Probability of cancer"]),
        ("likelihood", ["Certainty of Finding", "Probability"]),
        ("std", ["Standard Deviation"]),
        ("Max", ["Maximum"]),
        ("SUVmax", ["SUVbw", "SUVlbm", "SUVbsa"]),
        ("Density", ["Attenuation Coefficient", "Mean"]),  # else a finding of mammography
        ("Thickness", ["Diameter", "Length", "Long axis", "Volume"]),  # else that of a region by ultrasound
        ("F1", []),  # else an electrode
        ("Precision", []),
        ("Lung-RADS", []),
        ("Liver", []),
        ("Diamter", ["Diameter"]),
        ("Heigth", ["Height"]),
    ],
)
def test_near_names_of_measurements(name: str, near: list[str], images: list[Any]) -> None:
    with pytest.raises(TerminologyError) as caught:
        dc.report({"label": "Neoplasm", "measurements": {name: (0.5, "")}}, images)
    assert list(caught.value.suggestions) == near
    assert f"'99LOCAL', {name!r})" in str(caught.value)


def test_a_code_of_ones_own_is_taken_as_the_error_says_it(images: list[Any]) -> None:
    with pytest.raises(TerminologyError) as caught:
        dc.report({"label": "Neoplasm", "measurements": {"My index": (0.5, "")}}, images)
    own = ast.literal_eval(str(caught.value)[str(caught.value).rindex("(") :])
    report = dc.report({"label": "Neoplasm", "measurements": {own: (0.5, "")}}, images)
    assert not dc.validate(report).down_to("warning")
    assert report.to_rows()[0]["name"] == "My index"
