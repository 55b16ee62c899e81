"""What is asked of paths before the work begins, and what must never be written over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dicomposer import api
from dicomposer.errors import ArgumentError


def problem_of_input(path: Path) -> Iterator[str]:
    """Say that there is no such file or folder."""
    if not path.exists():
        yield f"no such file or folder: {path}"


def problem_of_output(path: Path) -> Iterator[str]:
    """Say that a file cannot be written there."""
    if path.is_dir():
        yield f"{path} is a folder; give the name of a file"
    elif not path.parent.is_dir():
        yield f"there is no folder {path.parent}"


def refuse(problems: Iterable[str]) -> None:
    """All problems at once: who mistyped two paths need not come back twice."""
    found = list(dict.fromkeys(problems))
    if found:
        raise ArgumentError("\n".join(found))


def keep_inputs(output: Path, files: Iterable[Path], source: api.SourceImages | None = None) -> None:
    """Refuse an output that is one of the inputs, by whatever name: nobody wants to lose those.

    Parameters
    ----------
    output : Path
        The file to write.
    files : Iterable[Path]
        Masks and objects that are read; of a folder, all files directly in it.
    source : SourceImages, optional
        The images that are read.
    """
    if not output.exists():
        return
    read = [inner for file in files for inner in (file.iterdir() if file.is_dir() else [file])]
    if source is not None:
        read += [
            Path(str(dataset.filename)) for dataset in source.datasets if getattr(dataset, "filename", None)
        ]
    for one in read:
        if one.exists() and output.samefile(one):
            raise ArgumentError(f"{output} is one of the inputs and is never replaced; choose another output")
