"""What the layers cannot say: packages use each other by their public surface, which is one sorted list."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

import dicomposer

ROOT = Path(dicomposer.__file__).parent
PACKAGES = sorted(path.parent for path in ROOT.rglob("__init__.py"))


@pytest.fixture(scope="session")
def graph():
    return grimp.build_graph("dicomposer", cache_dir=None)


def package_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_private_modules_stay_private(graph):
    broken = []
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            private = any(part.startswith("_") for part in imported.split(".")[1:])
            if private and package_of(importer) != package_of(imported):
                broken.append(f"{importer} -> {imported}")
    assert not broken, "\n".join(sorted(broken))


def test_nobody_inside_imports_the_faces_or_the_top(graph):
    faces = {"io", "uid", "utils", "valuerep", "color", "base_content", "coding_schemes", "version"}
    broken = [
        f"{importer} -> {imported}"
        for imported in ["dicomposer", *(f"dicomposer.{face}" for face in faces)]
        if imported in graph.modules
        for importer in graph.find_modules_that_directly_import(imported)
        if importer != "dicomposer" and package_of(importer).split(".")[-1] not in faces
    ]
    assert not broken, "\n".join(sorted(broken))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(ROOT.parent).as_posix())
def test_the_public_surface_is_one_sorted_list(package):
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    lists = [
        ast.literal_eval(node.value)
        for node in tree.body
        if (isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["__all__"])
        or (isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "__all__" and node.value)
    ]
    assert len(lists) == 1, "an __init__.py has one __all__"
    (names,) = lists
    assert len(names) == len(set(names))
    assert all(not name.startswith("_") or name == "__version__" for name in names)


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_files_stay_small(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    limit = 820 if path.name == "sop.py" else 650  # drop-in signatures are as wide as the standard
    assert lines <= limit, f"{lines} lines: split it"


def test_nothing_heavy_at_import():
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", "import sys, dicomposer; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"nibabel", "SimpleITK", "itk", "PIL", "numba", "typer", "rich", "imagecodecs", "pandas", "scipy"}
    loaded = heavy & {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded


@pytest.mark.parametrize(
    "use",
    [
        "import dicomposer.seg",
        "import dicomposer.sr",
        "import dicomposer.ko",
        "import dicomposer; dicomposer.report, dicomposer.segment, dicomposer.open",
        "from dicomposer import SOPClass; from dicomposer.validation import Findings",
    ],
)
def test_import_stays_light(use):
    # pydicom's code dictionaries cost a quarter of a second; the checker and the tables wait for the first object
    script = f"{use}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {
        "dicomposer.standard._store",
        "dicomposer.standard._templates",
        "dicomposer.validation._engine",
        "pydicom.sr.codedict",
    }
    assert not heavy & set(done.stdout.split())


def lazy_homes(package):
    """Homes of the names of a package that is lazy: as it tells type checkers, and as it tells Python."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    name = ".".join(package.relative_to(ROOT.parent).parts)
    for branch in (node for node in tree.body if isinstance(node, ast.If)):
        imports = {
            alias.name: node.module
            for node in branch.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for call in (node for node in ast.walk(branch) if isinstance(node, ast.Call)):
            if getattr(call.func, "id", "") == "lazy_names":
                homes = {
                    member: home if home.startswith("dicomposer.") else f"{name}.{home}".rstrip(".")
                    for home, members in ast.literal_eval(call.args[1]).items()
                    for member in members.split()
                }
                return imports, homes
    return None


LAZY = [package for package in PACKAGES if lazy_homes(package)]


def test_some_packages_are_lazy():
    assert {"dicomposer", "standard", "validation"} <= {package.name for package in LAZY}


@pytest.mark.parametrize("package", LAZY, ids=lambda path: path.relative_to(ROOT.parent).as_posix())
def test_lazy_packages_have_what_they_list(package):
    imports, homes = lazy_homes(package)
    assert homes == imports
    module = importlib.import_module(".".join(package.relative_to(ROOT.parent).parts))
    assert set(homes) <= set(module.__all__)
    assert dir(module) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is getattr(module, name), name  # each is there, and fetched once
    for name in ("nothing", ""):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(module, name)


def test_public_modules_of_lazy_packages_are_there_without_being_imported():
    script = "import dicomposer as hd; print(hd.seg.content.SegmentDescription, hd.sr.coding.CodedConcept)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "SegmentDescription" in done.stdout and "CodedConcept" in done.stdout
