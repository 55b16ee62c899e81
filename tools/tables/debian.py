"""A pinned source package of Debian, fetched by apt into a folder of its own, and reading of its files."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.tables.sources import CACHE

SYSTEM = Path("/etc/apt")


@dataclass(frozen=True)
class SourcePackage:
    """The upstream archive of a source package, by version and content."""

    package: str
    version: str
    suite: str
    file: str
    sha256: str
    edition: str

    def path(self, folder: Path = CACHE) -> Path:
        """Where the archive lies, fetched by apt if it is not there; RuntimeError if its content is another."""
        path = folder / self.file
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as scratch:
                shutil.move(self._fetch(Path(scratch)), path)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise RuntimeError(f"{self.file} has SHA-256 {found}, not {self.sha256}")
        return path

    def members(self, *names: str) -> list[bytes]:
        """The content of the files `names` of the archive, in one pass."""
        found: dict[str, bytes] = {}
        with tarfile.open(self.path()) as archive:
            for entry in archive:
                name = entry.name.removeprefix("./")
                opened = archive.extractfile(entry) if name in names else None
                if opened is not None:
                    found[name] = opened.read()
        if missing := set(names) - found.keys():
            raise RuntimeError(f"{self.file} has no {', '.join(sorted(missing))}")
        return [found[name] for name in names]

    def _fetch(self, scratch: Path) -> Path:
        """Download into `scratch`: own lists and own cache, so that the system's are left alone."""
        for part in ("lists/partial", "cache/archives/partial", "parts", "out"):
            (scratch / part).mkdir(parents=True)
        entry = [
            "Types: deb-src", f"URIs: {mirror()}", f"Suites: {self.suite}", "Components: main",
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
        ]  # fmt: skip
        (scratch / "parts" / "own.sources").write_text("\n".join(entry) + "\n", "utf-8")
        settings = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": scratch / "parts",
            "Dir::State::lists": scratch / "lists",
            "Dir::Cache": scratch / "cache",
        }
        command = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
        if shutil.which("apt-get") is None:
            raise RuntimeError(f"{self.file} is not in {CACHE}, and there is no apt-get to fetch it")
        subprocess.run([*command, "update"], check=True)
        wanted = f"{self.package}={self.version}"
        subprocess.run([*command, "source", "--download-only", wanted], check=True, cwd=scratch / "out")
        return scratch / "out" / self.file


def mirror(system: Path = SYSTEM) -> str:
    """The Debian mirror that this machine's apt uses; RuntimeError if it names none."""
    for file in [*sorted(system.glob("sources.list.d/*.sources")), system / "sources.list"]:
        text = file.read_text("utf-8") if file.exists() else ""
        for address in re.findall(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+)", text, re.M):
            if address.rstrip("/").endswith("/debian"):
                return str(address)
    raise RuntimeError("apt on this machine names no Debian mirror")


PIXELMED = SourcePackage(
    "pixelmed", "20250211+dfsg-2", "trixie", "pixelmed_20250211+dfsg.orig.tar.xz",
    "1dadd5f032ad15321bb49c07fbc7b5dc83ee856e6e69193211fe838280ed68c5", "2024e",
)  # fmt: skip
