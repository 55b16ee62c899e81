"""Second opinions: independent tools that read what we wrote. A missing judge is a failure, never a skip."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

__all__ = [
    "Verdict",
    "as_file",
    "dcentvfy",
    "dciodvfy",
    "judge",
    "run_segimage2itkimage",
    "segimage2itkimage",
    "tid1500reader",
]


@dataclass(frozen=True)
class Verdict:
    """What a judge said."""

    returncode: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    text: str

    @property
    def clean(self) -> bool:
        return not self.errors and self.returncode == 0


def judge(name: str) -> Path:
    """The judge's program in this environment's own folder."""
    suffix = ".exe" if os.name == "nt" else ""
    program = Path(sysconfig.get_path("scripts")) / f"{name}{suffix}"
    if not program.exists():
        raise FileNotFoundError(f"the judge {name} is missing from this environment: install the group 'dev'")
    return program


def _run(name: str, *arguments: str | Path, timeout: float = 300.0) -> Verdict:
    done = subprocess.run(
        [judge(name), *map(str, arguments)],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines()]
    return Verdict(
        done.returncode,
        tuple(line for line in lines if line.startswith("Error")),
        tuple(line for line in lines if line.startswith("Warning")),
        text,
    )


def as_file(item: Dataset | str | Path, folder: Path, name: str = "object.dcm") -> Path:
    """The item as a file: itself when it is one, else written into `folder`."""
    if isinstance(item, Dataset):
        path = folder / name
        item.save_as(path, enforce_file_format=True)
        return path
    return Path(item)


def dciodvfy(path: str | Path) -> Verdict:
    """``dciodvfy -new``: the attributes of one file against its IOD."""
    return _run("dciodvfy", "-new", path)


def dcentvfy(paths: Iterable[str | Path]) -> Verdict:
    """``dcentvfy``: whether files agree on patient, study, series, frame of reference; pass sources."""
    return _run("dcentvfy", *paths)


def run_segimage2itkimage(path: str | Path, folder: Path) -> Verdict:
    """dcmqi's ``segimage2itkimage``: writes one NRRD file a segment, or one of a label map, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return _run(
        "segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nrrd"
    )


def segimage2itkimage(path: str | Path, folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """What dcmqi reads out of a Segmentation.

    Returns
    -------
    list of (array, affine)
        One a file that dcmqi writes, in the order of its names: (slices, rows, columns) values; (4, 4) affine
        of those indices, LPS.
    """
    from dicomposer.convert import read_nrrd

    verdict = run_segimage2itkimage(path, folder)
    if verdict.returncode:
        raise AssertionError(f"segimage2itkimage failed:\n{verdict.text[-2000:]}")
    images = [
        read_nrrd(file)
        for file in sorted(folder.glob("*.nrrd"), key=lambda file: (len(file.name), file.name))
    ]
    return [(image.array, image.affine) for image in images]


def tid1500reader(path: str | Path, output: Path) -> Verdict:
    """dcmqi's ``tid1500reader``: writes what it reads of a measurement report as JSON."""
    return _run("tid1500reader", "--inputDICOM", path, "--outputMetadata", output)
