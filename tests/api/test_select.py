"""``select``: key objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highdicom as hd
import pytest

import dicomposer as dc
from dicomposer import samples
from dicomposer.errors import ArgumentError, ArgumentTypeError, NotDicomError, TerminologyError
from judges import dciodvfy


@pytest.fixture
def ct(tmp_path: Path) -> samples.ImageSeries:
    return samples.phantom_series("CT").save(tmp_path / "ct")


def test_selection_reads_back_in_highdicom(ct: samples.ImageSeries, tmp_path: Path) -> None:
    selection = dc.select(
        ct.files[2:4], "for teaching", description="see the margin", observer="Doe^Jane", algorithm="p"
    )
    assert dc.validate(selection).ok
    path = tmp_path / "key.dcm"
    selection.save_as(path)
    assert not dciodvfy(path).errors
    read = hd.ko.KeyObjectSelectionDocument.from_dataset(dc.open(path))
    assert read.content[0].name.meaning == "For Teaching"
    found = [str(one.referenced_sop_instance_uid) for one in read.content.get_references()]
    assert found == [one.SOPInstanceUID for one in ct.datasets[2:4]]
    kinds = [one.observer_type.meaning for one in read.content.get_observer_contexts()]
    assert kinds == ["Person", "Device"]


@pytest.mark.parametrize("how", ["folder", "file", "dataset", "twice"])
def test_what_can_be_selected(how: str, ct: samples.ImageSeries) -> None:
    given: Any = {
        "folder": ct.files[0].parent, "file": ct.files[0], "dataset": ct.datasets[0],
        "twice": [ct.files[0], ct.datasets[0]],
    }[how]  # fmt: skip
    assert len(dc.select(given).content.get_references()) == (8 if how == "folder" else 1)


def test_results_can_be_selected(ct: samples.ImageSeries) -> None:
    images = list(ct.datasets)
    seg = dc.segment(ct.mask, images, ["Liver", "Spleen"])
    report = dc.measure(seg, images)
    assert dc.validate(dc.select([images[0], seg, report], ("113004", "DCM", "For Teaching"))).ok


def test_refusals(ct: samples.ImageSeries, tmp_path: Path) -> None:
    images = list(ct.datasets)
    with pytest.raises(TerminologyError, match="near: 'Of Interest'"):
        dc.select(images, "Of interst")
    with pytest.raises(ArgumentError, match="not a title of key objects"):
        dc.select(images, "Volume")
    with pytest.raises(ArgumentError, match="nothing to select"):
        dc.select([])
    with pytest.raises(ArgumentTypeError, match="not int"):
        dc.select([1])  # type: ignore[list-item]
    with pytest.raises(ArgumentTypeError, match="did you mean 'observer'"):
        dc.select(images, obsever="x")  # type: ignore[call-arg]
    other = samples.phantom_series("CT").datasets[0]
    other.PatientID = "another"
    with pytest.raises(ArgumentError, match="patients"):
        dc.select([images[0], other])
    elsewhere = samples.phantom_series("CT").datasets[0]
    elsewhere.StudyInstanceUID, elsewhere.SOPInstanceUID = "1.2.3", "1.2.4"
    with pytest.raises(ArgumentError, match="are of 2 studies .*select those of each study by themselves"):
        dc.select([*images, elsewhere])
    (tmp_path / "a.txt").write_text("no")
    with pytest.raises(NotDicomError):
        dc.select(tmp_path / "a.txt")
