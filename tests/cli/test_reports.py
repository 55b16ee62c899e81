"""``show`` of reports and key objects, and ``measurements``."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from rich.console import Console
from typer.testing import CliRunner

import report_matrix
import reports
from dicomposer import api, sr
from dicomposer.cli._app import app
from dicomposer.cli._reports import content_tree


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments, status=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == status, result.output
        return result

    return call


@pytest.fixture
def report(tmp_path):
    reports.document(sr).save_as(tmp_path / "report.dcm")
    return tmp_path / "report.dcm"


def test_show_prints_the_content(run, report):
    text = run("show", report).output
    assert "SOP class         Comprehensive 3D SR Storage" in text
    assert "      Volume: 12.25 mm (Value out of range)" in text
    assert str(reports.ct().PatientName) not in text
    assert str(reports.ct().PatientName) in run("show", report, "--patient").output


def test_show_as_json(run, report):
    plain = json.loads(run("show", report, "--json").output)
    assert plain == json.loads(json.dumps(sr.srread(report).to_dict()))
    rows = json.loads(run("show", report, "--table", "--json").output)
    assert len(rows) == 24


def test_show_as_table(run, report):
    lines = run("show", report, "--table").output.splitlines()
    assert lines[0].split() == "group tracking finding site name derivation value unit region".split()
    assert len(lines) == 25
    assert lines[1].split() == "0 lesion planar Nodule Lung, Right Volume Mean 12.25 mm POLYLINE".split()


def test_show_as_html(run, report, tmp_path):
    assert "wrote page.html" in run("show", report, "--html", "page.html").output
    assert (tmp_path / "page.html").read_text() == sr.srread(report).to_html()
    assert "name end in .html" in run("show", report, "--html", "page.txt", status=1).output
    report.rename(tmp_path / "report.html")
    assert "one of the inputs" in run("show", "report.html", "--html", "report.html", status=1).output


def test_show_of_key_objects(run, tmp_path):
    case = next(case for case in report_matrix.all_cases() if case["kind"] == "key-objects")
    report_matrix.make(case).document.save_as(tmp_path / "ko.dcm")
    text = run("show", "ko.dcm").output
    assert "Key Object Selection Document Storage" in text
    assert json.loads(run("show", "ko.dcm", "--json").output)["content"]["type"] == "CONTAINER"
    run("show", "ko.dcm", "--html", "ko.html")
    assert (tmp_path / "ko.html").read_text().count("<div class") > 2
    assert "name" not in run("show", "ko.dcm", "--table").output


@pytest.mark.parametrize("name", ["reportsi.dcm", "test-SR.dcm"])
def test_show_of_foreign_reports(run, name):
    assert "SR Storage" in run("show", get_testdata_file(name)).output


def test_options_of_reports_are_for_reports(run):
    image = get_testdata_file("CT_small.dcm")
    assert "for structured reports" in run("show", image, "--table", status=1).output


def test_the_tree_on_a_terminal(report, monkeypatch):
    document = sr.srread(report)

    def rendered():
        stream = StringIO()
        Console(file=stream, force_terminal=True, width=160, color_system=None).print(
            content_tree(document, False)
        )
        return stream.getvalue()

    text = rendered()
    assert text.count("\n") >= sum(1 for _ in sr.lines_of(document))
    assert "Volume: 12.25 mm (Value out of range)" in text
    monkeypatch.setattr("dicomposer.cli._reports._LINES", 10)
    text = rendered()
    assert text.count("\n") == 11
    assert "more items" in text


def test_measurements_on_the_terminal(run, report):
    lines = run("measurements", report).output.splitlines()
    assert lines[0].split()[0] == "file"
    assert len(lines) == 25
    assert len(json.loads(run("measurements", report, "--json").output)) == 24


def test_measurements_as_csv(run, report, tmp_path):
    assert "24 rows" in run("measurements", tmp_path, "-o", "out.csv").output
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == api.MEASUREMENT_COLUMNS
    assert (rows[0]["value"], rows[0]["unit"], rows[0]["segment_number"]) == ("12.25", "mm", "")
    assert rows[0]["region"] == "POLYGON ((1 1, 5 1, 5 4, 1 1))"
    assert json.loads(rows[0]["context"])["Normality"] == "Normal"
    assert json.loads(rows[0]["source_image_uids"]) == [str(reports.ct().SOPInstanceUID)]


def test_measurements_as_json_and_parquet(run, report, tmp_path):
    from pyarrow import parquet

    run("measurements", report, "-o", "out.json")
    rows = json.loads((tmp_path / "out.json").read_text())
    assert rows[0]["region"] == reports.SQUARE.tolist()
    run("measurements", report, "-o", "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.column_names == list(api.MEASUREMENT_COLUMNS)
    assert table["value"].to_pylist() == [row["value"] for row in rows]


def test_nothing_is_lost_by_mistake(run, report, tmp_path):
    before = report.read_bytes()
    assert "--output writes" in run("measurements", report, "-o", "out.xlsx", status=1).output
    report.rename(tmp_path / "report.csv")
    message = run("measurements", "report.csv", "-o", "report.csv", "--overwrite", status=1).output
    assert "one of the inputs" in message
    assert (tmp_path / "report.csv").read_bytes() == before
    (tmp_path / "out.csv").write_text("mine")
    assert "--overwrite" in run("measurements", "report.csv", "-o", "out.csv", status=1).output
    assert (tmp_path / "out.csv").read_text() == "mine"
    run("measurements", "report.csv", "-o", "out.csv", "--overwrite")


def test_measurements_of_what_is_no_report(run, report, tmp_path):
    dcmread(get_testdata_file("CT_small.dcm")).save_as(tmp_path / "ct.dcm")
    assert "ct.dcm is no structured report" in run("measurements", "ct.dcm", status=1).output
    assert "no such file" in run("measurements", "none.dcm", status=1).output
    (tmp_path / "half.dcm").write_bytes(report.read_bytes()[:3000])
    assert "half.dcm" in run("measurements", ".", status=1).output
    assert "24 rows" in run("measurements", ".", "--skip-damaged", "-o", "out.csv").output


def test_parquet_without_pyarrow(run, report, monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert "dicomposer[arrow]" in run("measurements", report, "-o", "out.parquet", status=1).output
    assert not (tmp_path / "out.parquet").exists()
