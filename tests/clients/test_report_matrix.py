"""DCMTK, PixelMed and Cornerstone3D read a covering sample of the reports; ``make matrix-reports`` asks about all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from clients import cornerstone_results, dcmtk, pixelmed
from dicomposer import samples, sr
from dicomposer.coding import counted_uids, injected, new_uid
from matrix_sources import Source, saved
from report_groups import TOOLS, group_parts
from report_judges import Verdicts, cornerstone_says, judge_case, pixelmed_says
from report_matrix import Case, Report, all_cases, covering, make
from report_parts import Scene, dcm

CASES = all_cases()
SAMPLE = covering(CASES)
#: PixelMed's validator takes four seconds a file.
PIXELMED = covering([case for case in CASES if case.single_kind], 15)


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.id)
def test_dsrdump(case: Case, tmp_path: Path) -> None:
    verdicts = judge_case(case, tmp_path, ("dsrdump",))
    assert not verdicts.failed and "dsrdump" in verdicts.errors


def test_dsrdump_sees_faults(tmp_path: Path) -> None:
    document = make(SAMPLE[0]).document
    document.ContentSequence[0].RelationshipType = "SELECTED FROM"
    document.save_as(tmp_path / "a.dcm")
    assert any(line.startswith("E:") for line in dcmtk("dsrdump", tmp_path / "a.dcm")[1])


def test_pixelmed(tmp_path: Path) -> None:
    def says(case: Case) -> list[str]:
        file = tmp_path / f"{case.id}.dcm"
        make(case).document.save_as(file)
        verdicts = Verdicts(case)
        verdicts.hear("pixelmed", pixelmed_says(file))
        return [f"{case.id}: {line}" for line in verdicts.failed]

    assert len(PIXELMED) == 15
    with ThreadPoolExecutor(2) as pool:  # each waits for a program
        assert [line for lines in pool.map(says, PIXELMED) for line in lines] == []


def test_pixelmed_sees_faults(tmp_path: Path) -> None:
    case = next(case for case in CASES if case["kind"] == "image-circle" and case["syntax"] == "explicit")
    document = make(case).document
    group = document.ContentSequence[-1].ContentSequence[0]
    group.ContentSequence = [item for item in group.ContentSequence if item.ValueType != "SCOORD"]
    document.save_as(tmp_path / "a.dcm")
    assert any("111030" in line for line in pixelmed(tmp_path / "a.dcm") if line.startswith("Error"))


def test_cornerstone(tmp_path: Path) -> None:
    cases = [case for case in CASES if case.hydratable]
    reports = [make(case) for case in cases]
    jobs = []
    for case, report in zip(cases, reports, strict=True):
        report.document.save_as(tmp_path / f"{case.id}.dcm")
        jobs.append((tmp_path / f"{case.id}.dcm", saved(case["source"], tmp_path / "sources").files))
    answers = cornerstone_results(jobs)
    assert {case["source"] for case in cases} == {"ct", "mr", "pt"}
    for report, answer in zip(reports, answers, strict=True):
        assert cornerstone_says(report, answer) == []
        assert set(answer["tools"]) == set(TOOLS)
    moved = reports[0].expected["groups"][0]["measurements"][0]
    moved["coordinates"][0][1][0][0] += 0.25
    moved["value"] += 1
    assert len(cornerstone_says(reports[0], answers[0])) == 2


def test_cornerstone_with_square_pixels(tmp_path: Path) -> None:
    """Points are at their place in space, and so is their distance."""
    series = samples.phantom_series("CT", shape=(3, 24, 24), spacing=(2.0, 0.75, 0.75), orientation="oblique")
    origin = Source("ct", "square pixels", series.datasets, series.mask, series.affine, np.arange(3))
    place = Scene(origin, "ascii", "square")
    with injected(uid_source=counted_uids("square")):
        groups = group_parts("image-tools", place, "plain")
        person = sr.PersonObserverIdentifyingAttributes("Doe^Jane")
        context = sr.ObservationContext(sr.ObserverContext(dcm("121006", "Person"), person))
        procedure = dcm("126020", "Multiparametric MRI")
        content = sr.MeasurementReport(context, procedure, [one.made for one in groups])
        document = sr.ComprehensiveSR(place.evidence, content, new_uid(), 1, new_uid(), 1, "Maker")
    document.save_as(tmp_path / "report.dcm")
    files = []
    for i, image in enumerate(series.datasets):
        files.append(tmp_path / f"{i}.dcm")
        image.save_as(files[-1], enforce_file_format=True)
    answer = cornerstone_results([(tmp_path / "report.dcm", files)])[0]
    expected = {"groups": [one.expected for one in groups]}
    assert cornerstone_says(Report(document, expected, place), answer) == []
    length = next(one for one in answer["measurements"] if one["tool"] == "Length")
    np.testing.assert_allclose(length["points"], place.in_space([[2.5, 3.0], [9.0, 3.0]], 0), atol=1e-5)
    assert np.isclose(np.linalg.norm(np.subtract(*length["points"])), 6.5 * 0.75)
