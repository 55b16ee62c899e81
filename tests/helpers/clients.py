"""Readers that no Python package brings: DCMTK, Orthanc, Cornerstone3D's adapter. A missing one is a failure."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["cornerstone", "cornerstone_results", "dcmtk", "dcmtk_frame", "orthanc", "pixelmed", "program"]

_NODE = Path(__file__).parents[1] / "clients" / "node"
_PACKAGES = {
    "node": "nodejs npm",
    "Orthanc": "orthanc orthanc-dicomweb",
    "java": "libpixelmed-java libsaxonhe-java default-jre-headless",
}
#: Where Debian puts what is written in Java.
_JAVA = Path("/usr/share/java")


def program(name: str) -> str:
    """The program's path."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        package = _PACKAGES.get(name, "dcmtk")
        raise FileNotFoundError(f"the client {name} is missing: on Debian, apt-get install {package}")
    return found


def _run(
    *command: str | Path, given: bytes = b"", timeout: float = 120
) -> subprocess.CompletedProcess[bytes]:
    arguments = [str(part) for part in command]
    return subprocess.run(arguments, input=given, capture_output=True, timeout=timeout, check=False)


def dcmtk(name: str, *arguments: str | Path) -> tuple[str, list[str]]:
    """What a DCMTK program prints, and its complaints: it may exit with status 0 in spite of errors."""
    done = _run(program(name), *arguments)
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    complaints = [line for line in lines if line.startswith(("E:", "F:", "W:"))]
    if done.returncode and not complaints:
        complaints = [f"exit status {done.returncode}", *lines]
    return done.stdout.decode("utf-8", "replace"), complaints


def dcmtk_frame(file: Path, number: int, bits: int, program_name: str) -> tuple[np.ndarray | None, list[str]]:
    """The stored values of a frame (from 1), or None and why DCMTK does not show them."""
    text, complaints = dcmtk(
        program_name, "--no-modality", "--no-windowing", "--no-overlays",
        "--write-n-bit-pnm", str(bits), "--frame", str(number), file,
    )  # fmt: skip
    words = text.split()
    if not words:
        return None, complaints
    assert words[0] == "P2" and int(words[3]) == 2**bits - 1, words[:4]
    columns, rows = int(words[1]), int(words[2])
    return np.array(words[4:], dtype=np.int64).reshape(rows, columns), complaints


def pixelmed(file: Path) -> list[str]:
    """What PixelMed's validator of structured reports says, line by line.

    It remembers one document in the next, so it gets a machine of its own each time; the first compiler is enough
    for the four seconds that one takes.
    """
    jars = [_JAVA / "pixelmed.jar", _JAVA / "Saxon-HE.jar"]
    missing = [jar.name for jar in jars if not jar.exists()]
    if missing:
        raise FileNotFoundError(f"{missing[0]} is missing: on Debian, apt-get install {_PACKAGES['java']}")
    done = _run(
        program("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
        "-Djavax.xml.transform.TransformerFactory=net.sf.saxon.TransformerFactoryImpl",
        "-cp", os.pathsep.join(map(str, jars)), "com.pixelmed.validate.DicomSRValidator", file,
    )  # fmt: skip
    lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
    if done.returncode or "IOD validation complete" not in lines:
        lines.append(f"Error: exit status {done.returncode}, and it did not come to its end")
    return lines


def cornerstone(jobs: Sequence[tuple[Path, Sequence[Path]]]) -> list[dict[str, Any]]:
    """What Cornerstone3D's adapter reads out of Segmentations, given with the files of their source images.

    The answers are those of ``tests/clients/node/cornerstone.mjs``.
    """
    return _node("cornerstone.mjs", jobs)


def cornerstone_results(jobs: Sequence[tuple[Path, Sequence[Path]]]) -> list[dict[str, Any]]:
    """What Cornerstone3D's adapters read out of reports and parametric maps, given with their source images.

    The answers are those of ``tests/clients/node/results.mjs``.
    """
    return _node("results.mjs", jobs)


def _node(name: str, jobs: Sequence[tuple[Path, Sequence[Path]]]) -> list[dict[str, Any]]:
    if not (_NODE / "node_modules").exists():
        raise FileNotFoundError("the packages of tests/clients/node are missing: run `make clients`")
    given = [{"file": str(file), "sources": [str(source) for source in sources]} for file, sources in jobs]
    script = ("--import", (_NODE / "hooks.mjs").as_uri(), _NODE / name)
    done = _run(program("node"), *script, given=json.dumps(given).encode())
    if done.returncode:
        raise AssertionError(done.stderr.decode("utf-8", "replace")[-2000:])
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(answers) == len(jobs)
    return answers


def orthanc(files: Sequence[Path], folder: Path) -> Mapping[str, Any]:
    """Store files in a new Orthanc and fetch them again; the answers are those of ``orthanc_exchange.py``.

    Where the system allows it, server and client have a network of their own, without a way out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("orthanc_exchange.py")
    command = [sys.executable, script, program("Orthanc"), folder, *files]
    alone = ("unshare", "--map-root-user", "--net")
    if shutil.which("unshare") and _run(*alone, "true").returncode == 0:
        command = [*alone, *command]
    done = _run(*command)
    if done.returncode:
        raise AssertionError((done.stdout + done.stderr).decode("utf-8", "replace")[-2000:])
    answers: Mapping[str, Any] = json.loads(done.stdout)
    return answers
