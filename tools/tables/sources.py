"""The pinned packages from which the tables are made, and reading of their data files."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "tables"


@dataclass(frozen=True)
class Source:
    """A wheel of the package index, by version and content."""

    package: str
    version: str
    file: str
    sha256: str
    edition: str

    def path(self, folder: Path = CACHE) -> Path:
        """Where the wheel lies, fetched by pip if it is not there; RuntimeError if its content is another."""
        path = folder / self.file
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            wanted = f"{self.package}=={self.version}"
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
            subprocess.run([*command, wanted, "-d", str(folder)], check=True)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise RuntimeError(f"{self.file} has SHA-256 {found}, not {self.sha256}")
        return path


STRUCTURE = Source(
    "highdicom", "0.28.2", "highdicom-0.28.2-py3-none-any.whl",
    "8864c7632e2c28c44ffaa3fe302d58cc68112b3b18a2b34e96e47252427cf6e4", "2026b",
)  # fmt: skip
RULES = Source(
    "dicom-standard", "0.1.0", "dicom_standard-0.1.0-py3-none-any.whl",
    "648aad3e57229c8891c7970533638584237b2347001cfcc78f84d7d19e8bdeac", "2020",
)  # fmt: skip


class Wheel:
    """The data files (JSON) of a wheel below one folder."""

    def __init__(self, source: Source, folder: str) -> None:
        self.source = source
        self._folder = folder

    @cached_property
    def _archive(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.source.path())

    def json(self, name: str) -> Any:
        """The content of the data file `name`."""
        return json.loads(self._archive.read(f"{self._folder}/{name}.json"))


def structure() -> Wheel:
    """IODs, modules and attributes with their types (only data files of that package are read, no code)."""
    return Wheel(STRUCTURE, "highdicom/_standard")


def rules() -> Wheel:
    """Conditions, enumerated values and sections."""
    return Wheel(RULES, "dicom_standard-0.1.0.data/data/standard")
