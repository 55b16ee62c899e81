"""Reports for OHIF: Cornerstone3D's adapters make annotations of them, with equal points and numbers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dicomposer as dc
from clients import program
from dicomposer import samples

NODE = Path(__file__).parent / "node"
FINDINGS: list[dict[str, Any]] = [
    {"label": "Neoplasm", "region": {"point": (3, 4), "image": 4}},
    {
        "label": "Neoplasm",
        "region": {"line": [(3, 4), (10, 11)], "image": 0},
        "measurements": {"Length": (9.9, "mm")},
        "tracking_id": "L1",
    },
    {"label": "Lung nodule", "region": {"box": (1, 2, 10, 12), "image": 1}, "comment": "spiculated"},
    {
        "label": "Neoplasm",
        "region": {"circle": (20, 15, 6), "image": 2},
        "measurements": {"Mean": (33.1, "HU")},
    },
    {"label": "Neoplasm", "region": {"ellipse": (20, 15, 4, 8, 30), "image": 3}},
    {"label": "Neoplasm", "region": {"polygon": [(1, 1), (10, 1), (10, 12)], "image": 5}},
    {
        "label": "Neoplasm",
        "region": {"long_axis": [(3, 4), (10, 11)], "short_axis": [(5, 9), (9, 5)], "image": 6},
    },
]


@pytest.fixture
def ct(tmp_path: Path) -> samples.ImageSeries:
    series = samples.phantom_series("CT")
    for one in series.datasets:
        one.PixelSpacing = [0.8, 0.8]  # Cornerstone3D exchanges the two distances (see the last test)
    return series.save(tmp_path / "ct")


def annotations(report: Any, ct: samples.ImageSeries, folder: Path) -> dict[str, list[dict[str, Any]]]:
    report.save_as(folder / "report.dcm")
    job = [{"file": str(folder / "report.dcm"), "sources": [str(one) for one in ct.files]}]
    command = [program("node"), "--import", (NODE / "hooks.mjs").as_uri(), "reports.mjs"]
    done = subprocess.run(
        command, cwd=NODE, input=json.dumps(job).encode(), capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    (answer,) = json.loads(done.stdout)
    return answer


def in_space(ct: samples.ImageSeries, image: int, points: Any) -> np.ndarray:
    """Columns and rows as the standard counts them: (0.5, 0.5) is the centre of the first pixel."""
    dataset = ct.datasets[image]
    cosines = np.asarray(dataset.ImageOrientationPatient, float)
    rows, columns = map(float, dataset.PixelSpacing)
    points = np.asarray(points, float) - 0.5
    origin = np.asarray(dataset.ImagePositionPatient, float)
    return origin + points[:, :1] * columns * cosines[:3] + points[:, 1:] * rows * cosines[3:]


def test_findings_become_annotations(ct: samples.ImageSeries, tmp_path: Path) -> None:
    images = list(ct.datasets)
    report = dc.report(FINDINGS, images, viewer="ohif")
    assert not dc.validate(report).down_to("advice")
    found = annotations(report, ct, tmp_path)
    tools = (
        "Probe",
        "Length",
        "RectangleROI",
        "CircleROI",
        "EllipticalROI",
        "PlanarFreehandROI",
        "Bidirectional",
    )
    assert {tool: len(all_of_it) for tool, all_of_it in found.items()} == dict.fromkeys(tools, 1)
    groups = report.content.get_image_measurement_groups()
    for tool, finding, group in zip(tools, FINDINGS, groups, strict=True):
        (one,) = found[tool]
        image = finding["region"]["image"]
        assert one["image"] == images[image].SOPInstanceUID and one["uid"] == str(group.tracking_uid)
        drawn = [
            point
            for item in (group.get_measurements() or [])[:2]
            for part in item.referenced_coordinates
            for point in part.value
        ] or [(3, 4)]
        if tool == "RectangleROI":  # the tool's order of corners, without the first one again
            drawn = [drawn[0], drawn[1], drawn[3], drawn[2]]
        if tool == "PlanarFreehandROI":
            drawn = drawn[:-1]
        assert np.allclose(one["points"], in_space(ct, image, drawn), atol=1e-4)
        numbers = {item.name.meaning.lower(): item.value for item in group.get_measurements()}
        shown = {"long axis": "length", "short axis": "width"}
        for name, value in numbers.items():
            assert one["stats"][shown.get(name, name)] == pytest.approx(value, rel=1e-12), name
    assert found["Length"][0]["label"] == "L1" and found["RectangleROI"][0]["label"] == "spiculated"
    assert found["RectangleROI"][0]["finding"] == "Nodule" and found["RectangleROI"][0]["sites"] == ["Lung"]
    spacing = images[2].PixelSpacing
    assert found["CircleROI"][0]["stats"]["area"] == pytest.approx(np.pi * 36 * spacing[0] * spacing[1])


def test_segments_become_axes(ct: samples.ImageSeries, tmp_path: Path) -> None:
    images = list(ct.datasets)
    seg = dc.segment(ct.mask, images, ["Liver", "Spleen"])
    found = annotations(dc.measure(seg, images, viewer="ohif"), ct, tmp_path)
    assert list(found) == ["Bidirectional"]
    for one, measured in zip(found["Bidirectional"], dc.measure_segments(seg, images), strict=True):
        assert one["label"] == measured.label
        assert one["stats"]["length"] == pytest.approx(measured.axes.long, rel=1e-12)
        assert one["stats"]["width"] == pytest.approx(measured.axes.short, rel=1e-12)
        ends = [*measured.axes.long_ends, *measured.axes.short_ends]
        assert np.allclose(one["points"], ends, atol=1e-4)
        assert np.linalg.norm(np.subtract(*one["points"][:2])) == pytest.approx(measured.axes.long, abs=1e-3)


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    """Cornerstone3D exchanges the distances of rows and columns; once it does not, mend the guide's words on OHIF."""
    ct = samples.phantom_series("CT").save(tmp_path / "ct")
    finding = {"label": "Neoplasm", "region": {"point": (3, 4), "image": 4}}
    (one,) = annotations(dc.report(finding, list(ct.datasets), viewer="ohif"), ct, tmp_path)["Probe"]
    assert not np.allclose(one["points"], in_space(ct, 4, [(3, 4)]), atol=1e-4)
    for dataset in ct.datasets:
        dataset.PixelSpacing = dataset.PixelSpacing[::-1]
    assert np.allclose(one["points"], in_space(ct, 4, [(3, 4)]), atol=1e-4)
