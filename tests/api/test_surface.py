"""The package itself: cheap to import, complete, and what highdicom's users expect."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dicomposer


def test_import_loads_nothing():
    program = (
        "import sys; before = set(sys.modules); import dicomposer; "
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(loaded & {'numpy', 'pydicom', 'rich', 'typer', 'PIL', 'nibabel'}), "
        "[name for name in sys.modules if name.startswith('dicomposer.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['dicomposer.lazy']"


@pytest.mark.parametrize("name", dicomposer.__all__)
def test_every_public_name_is_there(name):
    assert getattr(dicomposer, name) is not None
    assert name in dir(dicomposer)


def test_only_public_names_are_listed():
    assert dir(dicomposer) == sorted(dicomposer.__all__)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no_such_thing"):
        dicomposer.no_such_thing  # noqa: B018


def test_type_checkers_see_what_runs():
    tree = ast.parse(Path(dicomposer.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == set(dicomposer.__all__)
