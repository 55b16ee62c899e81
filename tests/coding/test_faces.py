from __future__ import annotations

import importlib
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import dicomposer


@pytest.mark.parametrize(
    ("face", "home"),
    [
        ("base_content", "content"),
        ("coding_schemes", "coding"),
        ("color", "pixels"),
        ("uid", "coding"),
        ("valuerep", "coding"),
    ],
)
def test_faces_show_the_very_objects_of_their_homes(face: str, home: str) -> None:
    shown, owner = (
        importlib.import_module(f"dicomposer.{face}"),
        importlib.import_module(f"dicomposer.{home}"),
    )
    assert shown.__all__
    for name in shown.__all__:
        assert getattr(shown, name) is getattr(owner, name)


def test_the_version_is_that_of_the_project_file() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    from dicomposer.version import __version__

    assert __version__ == project["project"]["version"] == version("dicomposer") == dicomposer.__version__
