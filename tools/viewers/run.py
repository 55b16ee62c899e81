"""Finds the programs, fetches OHIF, and has every object opened; the answers are those of ``ohif.mjs``."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from tools.viewers.exhibits import Exhibit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from clients import program  # noqa: E402  (needs the path above)

HERE = Path(__file__).parent
OHIF = "3.13.2"
#: As the registry of npm had it when this version was chosen.
_INTEGRITY = "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
_UNPACKED = HERE / "node_modules" / f".ohif-{OHIF}"
_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


class MissingProgramError(Exception):
    """Something that must be installed is not; the message says how."""


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise MissingProgramError("chromium is missing: on Debian, apt-get install chromium")


def _orthanc() -> str:
    if not _PLUGIN.exists():
        raise MissingProgramError(
            f"{_PLUGIN} is missing: on Debian, apt-get install orthanc orthanc-dicomweb"
        )
    return program("Orthanc")


def viewer() -> Path:
    """The folder with the built viewer, fetched from npm unless it is there.

    The package is not installed, since that would bring the hundreds that it was built with; it is only unpacked.
    """
    if not (HERE / "node_modules" / "playwright-core").exists():
        raise MissingProgramError(
            "playwright-core is missing: run `make viewers`, or `npm ci` in tools/viewers"
        )
    dist = _UNPACKED / "package" / "dist"
    if dist.exists():
        return dist
    _UNPACKED.mkdir(parents=True, exist_ok=True)
    npm = program("node").removesuffix("node") + "npm"
    command = [npm, "pack", f"@ohif/app@{OHIF}", "--pack-destination", str(_UNPACKED)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise MissingProgramError(f"OHIF cannot be fetched: {done.stderr.strip()[-500:]}")
    archive = _UNPACKED / f"ohif-app-{OHIF}.tgz"
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != _INTEGRITY:
        archive.unlink()
        raise MissingProgramError(f"what npm gave as OHIF {OHIF} is something else: {found}")
    with tarfile.open(archive) as opened:
        opened.extractall(_UNPACKED / "new", filter="data")
    (_UNPACKED / "new" / "package").rename(_UNPACKED / "package")
    archive.unlink()
    return dist


def _alone() -> Sequence[str]:
    """A network of its own, without a way out, where the system allows it."""
    command = ("unshare", "--map-root-user", "--net")
    if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
        return command
    return ()


def _stored(datasets: Sequence[Dataset], folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    files = [folder / f"{number:04d}.dcm" for number in range(len(datasets))]
    for dataset, file in zip(datasets, files, strict=True):
        dataset.save_as(file, enforce_file_format=True)
    return list(map(str, files))


def _job(exhibit: Exhibit, folder: Path, pictures: Path) -> dict[str, Any]:
    own = folder / exhibit.name
    return {
        "files": [*_stored(list(exhibit.images), own / "images"), *_stored([exhibit.made], own / "object")],
        "study": str(exhibit.made.StudyInstanceUID),
        "series": str(exhibit.made.SeriesInstanceUID),
        "sets": 2,
        "picture": str(pictures / f"{exhibit.name}.png"),
        "reply": exhibit.reply,
    }


def answers(exhibits: Sequence[Exhibit], folder: Path, pictures: Path) -> Iterator[dict[str, Any]]:
    """First {"browser": version}, then what OHIF made of each object."""
    orders = {
        "dist": str(viewer()),
        "chromium": _chromium(),
        "orthanc": _orthanc(),
        "node": program("node"),
        "folder": str(folder),
        "jobs": [_job(exhibit, folder, pictures) for exhibit in exhibits],
    }
    file = folder / "orders.json"
    file.write_text(json.dumps(orders), encoding="utf-8")
    command = [*_alone(), sys.executable, "-m", "tools.viewers.session", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8") as session:
        assert session.stdout is not None
        for line in session.stdout:
            yield json.loads(line)
    if session.returncode:
        raise RuntimeError(f"the session ended with status {session.returncode}")
