"""``dicomposer report``, ``measure`` and ``select``."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from typer.testing import CliRunner, Result

import dicomposer as dc
from dicomposer import samples
from dicomposer.cli._app import app

CSV = "label,Volume [cm3],circle,instance_number\nNeoplasm,12.5,20 15 6,3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    series = samples.phantom_series("CT").save(tmp_path / "ct")
    dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"]).save_as(tmp_path / "seg.dcm")
    (tmp_path / "findings.csv").write_text(CSV)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_report(folder: Path) -> None:
    out = folder / "report.dcm"
    done = run(
        "report", folder / "findings.csv", "--source", folder / "ct", "-o", out, "--observer", "Doe^Jane"
    )
    assert done.exit_code == 0, done.output
    report = dc.sr.srread(out)
    (group,) = report.content.get_planar_roi_measurement_groups()
    assert group.get_measurements()[0].value == 12.5
    again = run("report", folder / "findings.csv", "--source", folder / "ct", "-o", out)
    assert again.exit_code != 0
    told = run(
        "report", folder / "findings.csv", "--source", folder / "ct", "-o", out, "--overwrite", "--json"
    )
    assert json.loads(told.output)["file"] == str(out)


def test_errors_name_the_line(folder: Path) -> None:
    (folder / "findings.csv").write_text(CSV + "Neplasm,1,20 15 6,3\n")
    done = run("report", folder / "findings.csv", "--source", folder / "ct", "-o", folder / "report.dcm")
    assert done.exit_code != 0 and not (folder / "report.dcm").exists()
    assert "line 3: label" in done.output


def test_measure(folder: Path) -> None:
    out = folder / "report.dcm"
    done = run("measure", folder / "seg.dcm", "--source", folder / "ct", "-o", out, "--viewer", "ohif")
    assert done.exit_code == 0, done.output
    assert "Liver" in done.output and "mm3" in done.output and out.exists()
    told = run("measure", folder / "seg.dcm", "--source", folder / "ct", "--json")
    assert [one["label"] for one in json.loads(told.output)["segments"]] == ["Liver", "Spleen"]


def test_several_value_maps(folder: Path) -> None:
    for file in (folder / "ct").iterdir():
        image = pydicom.dcmread(file)
        image.RealWorldValueMappingSequence = [Dataset(), Dataset()]
        for item, (label, slope, unit) in zip(
            image.RealWorldValueMappingSequence,
            (("one", 1.0, "Bq/ml"), ("two", 2.0, "g/ml{SUVbw}")),
            strict=True,
        ):
            item.LUTLabel, item.RealWorldValueSlope, item.RealWorldValueIntercept = label, slope, 0.0
            ends = (-32768, 32767) if image.PixelRepresentation else (0, 65535)
            item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = ends
            item.MeasurementUnitsCodeSequence = [Dataset()]
            code = item.MeasurementUnitsCodeSequence[0]
            code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
        image.save_as(file)
    command = ("measure", folder / "seg.dcm", "--source", folder / "ct")
    refused = run(*command)
    assert refused.exit_code == 1 and "--value-map" in refused.output and "--no-statistics" in refused.output
    means = []
    for chosen in ("one", "SUV"):
        done = run(*command, "--value-map", chosen, "--json")
        assert done.exit_code == 0, done.output
        means.append(json.loads(done.output)["segments"][0]["statistics"]["mean"])
    assert means[1] == pytest.approx(2 * means[0])
    done = run(*command, "--no-statistics", "--json", "-o", folder / "report.dcm")
    assert json.loads(done.output)["segments"][0]["statistics"] is None and (folder / "report.dcm").exists()


def test_select(folder: Path) -> None:
    out = folder / "key.dcm"
    images = sorted((folder / "ct").iterdir())[:2]
    done = run("select", *images, "--title", "for teaching", "-o", out)
    assert done.exit_code == 0, done.output
    assert dc.validate(out).ok
    assert run("select", *images, "-o", images[0], "--overwrite").exit_code != 0
    everything = folder / "everything.dcm"
    done = run("select", folder / "ct", "-o", everything)
    assert done.exit_code == 0, done.output
    whole = dc.select(folder / "ct")
    counts = [len(dc.open(one).content.get_references()) for one in (everything, out)]
    assert counts == [len(whole.content.get_references()), 2] and counts[0] > 2
    assert run("select", folder / "nothing.dcm", "-o", folder / "other.dcm").exit_code != 0
