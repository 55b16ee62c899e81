"""Datasets of which pydicom put off reading large values: they are as good as others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

import dicomposer as dc
from dicomposer import samples, sr
from dicomposer.errors import DamagedFileError


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("deferred")
    images: list[Any] = list(samples.phantom_series("CT").datasets)
    mask = np.zeros((len(images), images[0].Rows, images[0].Columns), np.uint8)
    mask[2:5, 4:9, 4:9] = 1
    made = {
        "segmentation": dc.segment(mask, source=images, segments=["Liver"]),
        "report": dc.report({"label": "Neoplasm", "measurements": {"Volume": (1, "ml")}}, images),
    }
    paths = {name: folder / f"{name}.dcm" for name in made}
    for name, document in made.items():
        document.save_as(paths[name])
    return paths


@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize("size", [10, 200, 1000])
def test_nothing_is_lost(size: int, copy: bool, files: dict[str, Path], tmp_path: Path) -> None:
    read = dcmread(files["report"], defer_size=size)
    report = sr.ComprehensiveSR.from_dataset(read, copy=copy)
    assert len(report.content.get_image_measurement_groups()) == 1
    report.save_as(tmp_path / "again.dcm")
    assert (tmp_path / "again.dcm").read_bytes() == files["report"].read_bytes()
    found = dc.seg.Segmentation.from_dataset(dcmread(files["segmentation"], defer_size=size), copy=copy)
    assert found.get_volume().array.sum() == 75


@pytest.mark.parametrize("name", ["segmentation", "report"])
@pytest.mark.parametrize("size", [10, 200, 1000])
def test_the_checker_reads_them(size: int, name: str, files: dict[str, Path]) -> None:
    plain = [str(one) for one in dc.validate(dcmread(files[name]))]
    assert [str(one) for one in dc.validate(dcmread(files[name], defer_size=size))] == plain


def test_a_file_that_is_gone(files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "moved.dcm"
    path.write_bytes(files["report"].read_bytes())
    read = dcmread(path, defer_size=100)
    path.unlink()
    with pytest.raises(DamagedFileError, match="put off"):
        sr.ComprehensiveSR.from_dataset(read)
