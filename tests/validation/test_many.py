"""Many files at once: what is read, what is skipped, what goes wrong, and that other processes say the same."""

from __future__ import annotations

import importlib
import inspect
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings, strategies as st

import dicomposer as dc
from dicomposer import samples
from dicomposer.errors import ArgumentError, ArgumentTypeError, ConformanceError, MissingFileError
from dicomposer.validation import (
    FileFindings,
    Finding,
    Findings,
    Report,
    validate,
    validate_files,
)
from dicomposer.validation.files import _inputs, _many, _workers


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    return samples.phantom_series("CT").save(folder / "ct")


@pytest.fixture
def ct(series):
    return Path(series.files[0]).parent


@pytest.fixture(scope="module")
def good(series):
    return Path(series.files[0]).read_bytes()


@pytest.fixture(scope="module")
def broken(series):
    dataset = pydicom.dcmread(series.files[0])
    del dataset.PatientSex
    stream = io.BytesIO()
    dataset.save_as(stream)
    return stream.getvalue()


def only(report):
    """The findings of the only file."""
    (file,) = report
    return file.findings


def archive(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


class TestInputs:
    def test_a_folder_and_what_is_below(self, tmp_path, good):
        (tmp_path / "b" / "deep").mkdir(parents=True)
        for name in ("b/deep/1.dcm", "b/2", "a.dcm"):
            (tmp_path / name).write_bytes(good)
        (tmp_path / "notes.txt").write_text("hello")
        (tmp_path / "empty.dcm").write_bytes(b"")
        report = validate_files(tmp_path, together=False)
        assert [os.path.relpath(one.path, tmp_path) for one in report] == ["a.dcm", "b/2", "b/deep/1.dcm"]
        assert [os.path.basename(path) for path in report.skipped] == ["empty.dcm", "notes.txt"]
        assert report.ok and not report.errors and not any(one.named for one in report)

    def test_the_findings_are_those_of_validate(self, ct, series):
        report = validate_files(ct, together=False)
        assert len(report) == len(series.files)
        for one in report:
            assert one.findings == validate(one.path)

    def test_what_is_named_and_no_dicom_is_an_error(self, tmp_path):
        for name, data in (("notes.txt", b"hello world, this is no DICOM"), ("empty", b"")):
            path = tmp_path / name
            path.write_bytes(data)
            (finding,) = only(validate_files([path]))
            assert (finding.level, finding.rule_id) == ("error", "readable")
            assert len(validate_files(tmp_path)) == 0

    def test_a_file_is_checked_once(self, ct, series):
        first = series.files[0]
        report = validate_files([first, ct, first, str(first)], together=False)
        assert len(report) == len(series.files) and report[0].named

    def test_paths_that_are_none(self, tmp_path, series):
        with pytest.raises(MissingFileError, match="nowhere"):
            validate_files([series.files[0], tmp_path / "nowhere"])
        for wrong in (5, None):
            with pytest.raises(TypeError):
                validate_files(wrong)
        with pytest.raises(ArgumentTypeError, match="int"):
            validate_files([5])
        with pytest.raises(ArgumentTypeError, match="binary"):
            validate_files(io.StringIO("text"))

    def test_arguments(self, ct):
        for wrong in ({"level": "fatal"}, {"profiles": ("none",)}, {"workers": -2}):
            with pytest.raises(ArgumentError):
                validate_files(ct, **wrong)
        for workers in (True, 1.5, "2"):
            with pytest.raises(ArgumentTypeError, match="workers"):
                validate_files(ct, workers=workers)

    def test_streams(self, good, broken):
        named = io.BytesIO(broken)
        named.name = "broken.dcm"
        report = validate_files([io.BytesIO(good), named])
        assert [(one.path, one.ok) for one in report] == [("-", True), ("broken.dcm", False)]
        assert not validate_files(io.BytesIO(b"no DICOM at all, nothing")).ok
        assert [one.ok for one in validate_files([io.BytesIO(good), io.BytesIO(broken)])] == [True, False]
        behind = io.BytesIO(b"something else" + good)
        behind.seek(14)
        assert only(validate_files(behind)).ok
        closed = io.BytesIO(good)
        closed.close()
        assert "cannot be read" in only(validate_files(closed))[0].message

    def test_a_stream_that_cannot_seek(self, good):
        class Pipe(io.RawIOBase):
            def __init__(self):
                self.data = io.BytesIO(good)

            def readable(self):
                return True

            def readinto(self, into):
                return self.data.readinto(into)

        assert only(validate_files(io.BufferedReader(Pipe()))).ok

    def test_links(self, tmp_path, good):
        (tmp_path / "real.dcm").write_bytes(good)
        (tmp_path / "link.dcm").symlink_to(tmp_path / "real.dcm")
        (tmp_path / "itself.dcm").symlink_to(tmp_path / "itself.dcm")
        (tmp_path / "round").symlink_to(tmp_path)
        (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
        report = validate_files(tmp_path, together=False)
        assert [os.path.basename(one.path) for one in report] == ["link.dcm", "real.dcm"]
        assert {os.path.basename(path) for path in report.skipped} == {"itself.dcm", "dangling", "round"}
        (finding,) = only(validate_files(tmp_path / "itself.dcm"))
        assert "cannot be opened" in finding.message and str(tmp_path) not in finding.message
        assert validate_files(tmp_path / "round", together=False).ok

    def test_what_is_no_regular_file_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "fifo")
        assert len(validate_files(tmp_path).skipped) == 1
        (finding,) = only(validate_files(tmp_path / "fifo"))
        assert finding.message == "is not a regular file"

    def test_what_cannot_be_read(self, tmp_path, good, monkeypatch):
        (tmp_path / "a.dcm").write_bytes(good)
        (tmp_path / "b.dcm").write_bytes(good)
        real = os.open

        def refuse(path, *arguments, **more):
            if str(path).endswith("a.dcm"):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *arguments, **more)

        monkeypatch.setattr(os, "open", refuse)
        report = validate_files(tmp_path, workers=1)
        assert [one.ok for one in report] == [False, True]
        assert report[0].findings[0].message == "cannot be read: permission denied"

    def test_a_folder_that_cannot_be_listed(self, tmp_path, good, monkeypatch):
        (tmp_path / "secret").mkdir()
        (tmp_path / "a.dcm").write_bytes(good)
        real = os.scandir

        def refuse(path):
            if str(path).endswith("secret"):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        monkeypatch.setattr(os, "scandir", refuse)
        report = validate_files(tmp_path)
        assert [one.ok for one in report] == [True, False]
        assert "cannot be listed: permission denied" in report[1].findings[0].message

    def test_names_that_are_no_text(self, tmp_path, good):
        name = os.fsencode(str(tmp_path)) + b"/\xff\x1b[31m\n.dcm"
        Path(os.fsdecode(name)).write_bytes(good[:900])
        report = validate_files(tmp_path)
        assert not report.ok and "\x1b" not in str(report)
        str(report).encode()
        long = tmp_path / ("x" * 250 + ".dcm")
        long.write_bytes(good)
        assert only(validate_files(long)).ok
        (finding,) = only(validate_files([io.BytesIO(b"")]))
        assert finding.level == "error"
        with pytest.raises(MissingFileError):
            validate_files("x" * 5000)

    def test_a_damaged_file_is_a_finding(self, tmp_path, good):
        (tmp_path / "cut.dcm").write_bytes(good[: len(good) // 2])
        (finding,) = only(validate_files(tmp_path)).errors
        assert finding.rule_id == "damaged-file"


class TestArchives:
    def test_members(self, tmp_path, good, broken):
        path = archive(
            tmp_path / "a.zip",
            **{"x/good.dcm": good, "broken.dcm": broken, "notes.txt": b"hello", "x/y/": b""},
        )
        inner = archive(tmp_path / "inner.zip", **{"good.dcm": good}).read_bytes()
        with zipfile.ZipFile(path, "a") as out:
            out.writestr("nested.zip", inner)
        os.remove(tmp_path / "inner.zip")
        for place in (path, tmp_path):
            report = validate_files(place, together=False)
            assert [(one.path, one.ok) for one in report] == [
                (f"{path}!/x/good.dcm", True),
                (f"{path}!/broken.dcm", False),
            ]
            assert report.skipped == (f"{path}!/notes.txt", f"{path}!/nested.zip")
        assert report[0].findings == validate(good)
        assert [one.path for one in validate_files(io.BytesIO(path.read_bytes()), together=False)] == [
            "-!/x/good.dcm",
            "-!/broken.dcm",
        ]

    def test_without_the_name_of_an_archive(self, tmp_path, good):
        path = archive(tmp_path / "a.download", **{"good.dcm": good})
        assert only(validate_files(path)).ok
        disguised = tmp_path / "dicom.zip"
        disguised.write_bytes(b"PK\3\4" + good[4:])
        assert only(validate_files(disguised)).ok

    def test_a_damaged_archive(self, tmp_path, good):
        path = archive(tmp_path / "a.zip", **{"a.dcm": good, "b.dcm": good})
        data = bytearray(path.read_bytes())
        path.write_bytes(data[:-40])
        (finding,) = only(validate_files(path))
        assert finding.level == "error" and "archive is damaged" in finding.message
        assert only(validate_files(tmp_path))[0].level == "warning"
        data[60:90] = bytes(30)
        path.write_bytes(data)
        report = validate_files(path)
        assert [one.ok for one in report] == [False, True]
        assert "cannot be unpacked" in report[0].findings[0].message
        assert not validate_files(io.BytesIO(bytes(data[:-40]))).ok

    def test_bombs_are_refused(self, tmp_path, good, monkeypatch):
        path = archive(tmp_path / "a.zip", **{"good.dcm": good, "large.dcm": bytes(20 << 20)})
        monkeypatch.setattr(_inputs, "RATIO_LIMIT", 500)
        report = validate_files(path)
        assert [one.ok for one in report] == [True, False]
        assert "zip bomb" in report[1].findings[0].message
        monkeypatch.setattr(_inputs, "RATIO_LIMIT", 2000)
        monkeypatch.setattr(_inputs, "MEMBER_LIMIT", 10 << 20)
        assert "unpack the archive" in validate_files(path)[1].findings[0].message

    def test_members_that_overlap_are_refused(self, tmp_path, good):
        path = archive(tmp_path / "a.zip", **{"a.dcm": good})
        data = path.read_bytes()
        with zipfile.ZipFile(path) as opened:
            directory = opened.start_dir
        entry, end = data[directory:-22], bytearray(data[-22:])
        many = 50
        end[8:10] = end[10:12] = many.to_bytes(2, "little")
        end[12:16] = (len(entry) * many).to_bytes(4, "little")
        path.write_bytes(data[:directory] + entry * many + bytes(end))
        (finding,) = only(validate_files(path))
        assert "overlap" in finding.message

    def test_a_member_larger_than_it_says(self, tmp_path, good):
        path = archive(tmp_path / "a.zip", **{"a.dcm": good})
        data = bytearray(path.read_bytes())
        at = data.rindex(b"PK\1\2")
        data[at + 24 : at + 28] = (2000).to_bytes(4, "little")
        path.write_bytes(data)
        assert "cannot be unpacked" in only(validate_files(path))[0].message

    def test_an_encrypted_member(self, tmp_path, good):
        path = archive(tmp_path / "a.zip", **{"a.dcm": good})
        data = bytearray(path.read_bytes())
        data[data.rindex(b"PK\1\2") + 8] |= 1
        path.write_bytes(data)
        assert "encrypted" in only(validate_files(path))[0].message

    @settings(max_examples=40)
    @given(data=st.data())
    def test_hostile_archives(self, tmp_path_factory, good, data):
        path = tmp_path_factory.mktemp("zip") / "a.zip"
        whole = bytearray(archive(path, **{"a.dcm": good[:3000], "b/c.txt": b"text" * 9}).read_bytes())
        for _ in range(data.draw(st.integers(1, 6))):
            at = data.draw(st.integers(0, len(whole) - 1))
            whole[at] = data.draw(st.integers(0, 255))
        path.write_bytes(whole[: data.draw(st.integers(1, len(whole)))])
        for given_ in (path, path.parent, io.BytesIO(path.read_bytes())):
            assert isinstance(validate_files(given_, workers=1), Report)


@settings(max_examples=60)
@given(data=st.data())
def test_hostile_files(tmp_path_factory, good, data):
    folder = tmp_path_factory.mktemp("files")
    whole = bytearray(good[:4000])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    (folder / "a.dcm").write_bytes(whole)
    for report in (validate_files(folder), validate_files([folder / "a.dcm"])):
        assert not [f for one in report for f in one.findings if f.rule_id == "not-checked"]


class TestProcesses:
    def test_they_say_the_same(self, tmp_path, ct, good, broken):
        (tmp_path / "broken.dcm").write_bytes(broken)
        (tmp_path / "cut.dcm").write_bytes(good[:900])
        (tmp_path / "notes.txt").write_text("hello")
        archive(tmp_path / "a.zip", **{"good.dcm": good, "notes.txt": b"hello"})
        paths = [tmp_path, ct]
        here = validate_files(paths, workers=1)
        assert len(here) > 8 and not here.ok and len(here.skipped) == 2
        assert validate_files(paths, workers=2) == here
        assert validate_files(paths, workers=2, level="error", ignore=["type-*"]) == validate_files(
            paths, workers=0, level="error", ignore=["type-*"]
        )

    def test_progress(self, ct):
        for workers in (1, 2):
            seen = []
            validate_files(ct, workers=workers, progress=lambda *step, seen=seen: seen.append(step))
            assert seen == [(number, 8) for number in range(1, 9)]

    def test_others_are_started_when_it_takes_long(self, ct, monkeypatch):
        started = []
        real = _many.in_processes

        def note(tasks, work, count, limit):
            started.append((len(tasks), count))
            return real(tasks, work, count, limit)

        monkeypatch.setattr(_many, "in_processes", note)
        monkeypatch.setattr(_many, "cores", lambda: 2)
        assert validate_files(ct).ok and not started
        monkeypatch.setattr(_many, "_ALONE", 0)
        assert validate_files(ct).ok and started == [(8, 2)]

    def test_where_no_process_can_be_started(self, ct, monkeypatch):
        here = validate_files(ct, workers=1)
        for executable in ("", "/no/such/program", "/bin/false"):
            monkeypatch.setattr(sys, "executable", executable)
            assert validate_files(ct, workers=2) == here

    def test_the_script_of_the_caller_is_not_run_again(self, tmp_path, ct):
        script = tmp_path / "script.py"
        script.write_text(
            "import sys\nfrom dicomposer import validate_files\n"
            "print('started')\nprint(len(validate_files(sys.argv[1], workers=2)))\n"
        )
        done = subprocess.run([sys.executable, script, ct], capture_output=True, text=True, check=True)
        assert done.stdout == "started\n8\n" and not done.stderr


class Trouble:
    """Work that ends its process at a certain task."""

    def __call__(self, task):
        if task == "die":
            os._exit(3)
        if task == "kill":
            os.kill(os.getpid(), 9)
        if task == "print":
            print("in the way", flush=True)
        if task == "wait":
            time.sleep(60)
        if task == "soon":
            time.sleep(0.05)
        return task, os.getpid()


class TestCrashes:
    @pytest.fixture
    def work(self, tmp_path, monkeypatch):
        source = "import os, time\n\n\n" + inspect.getsource(Trouble)
        (tmp_path / "trouble_of_tests.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        module = importlib.import_module("trouble_of_tests")
        yield module.Trouble()
        sys.modules.pop("trouble_of_tests")

    @pytest.mark.parametrize("count", [1, 2])
    def test_one_task_is_lost_and_named(self, work, count):
        tasks = [*"abcdefgh", "die", *"ijklm", "kill", "print", *"nopqrstuvwxyz", "die"]
        results = dict(_workers.in_processes(tasks, work, count))
        assert sorted(results) == list(range(len(tasks)))
        crashes = {tasks[n]: r.how for n, r in results.items() if isinstance(r, _workers.Crash)}
        assert crashes == {"die": "exit status 3", "kill": "signal SIGKILL"}
        assert all(r[0] == tasks[n] for n, r in results.items() if not isinstance(r, _workers.Crash))
        assert os.getpid() not in {r[1] for r in results.values() if not isinstance(r, _workers.Crash)}

    def test_whoever_stops_early_leaves_nothing_behind(self, work):
        before = threading.active_count()
        started = time.monotonic()
        results = _workers.in_processes(["a", *["wait"] * 20], work, 2)
        _, (_, pid) = next(results)
        results.close()
        assert time.monotonic() - started < 20 and threading.active_count() == before
        with pytest.raises(OSError):
            os.kill(pid, 0)

    @pytest.mark.parametrize("count", [1, 2])
    def test_a_task_that_does_not_end_is_lost_and_named(self, work, count):
        tasks = [*"abc", "wait", *"defghijklmnop", "wait", "die", *"qrs"]
        started = time.monotonic()
        results = dict(_workers.in_processes(tasks, work, count, 1.5))
        assert time.monotonic() - started < 30 and sorted(results) == list(range(len(tasks)))
        crashes = {n: r.how for n, r in results.items() if isinstance(r, _workers.Crash)}
        late = "no result after 1.5 s"
        assert crashes == {3: late, tasks.index("wait", 4): late, tasks.index("die"): "exit status 3"}
        assert all(r[0] == tasks[n] for n, r in results.items() if n not in crashes)

    def test_tasks_that_end_at_the_last_moment_do_no_harm(self, work):
        tasks = ["soon"] * 40
        results = dict(_workers.in_processes(tasks, work, 2, 0.05))
        assert sorted(results) == list(range(40))
        for result in results.values():
            assert (
                result[0] == "soon" if isinstance(result, tuple) else result.how == "no result after 0.05 s"
            )

    @pytest.mark.parametrize("workers", [None, 0, 2])
    def test_a_file_that_takes_too_long_is_a_finding(self, tmp_path, good, workers):
        for name in "abc":
            (tmp_path / f"{name}.dcm").write_bytes(good)
        report = validate_files(tmp_path, workers=workers, timeout=1e-5)
        assert [str(f) for one in report for f in one.findings] == [
            "error: the check of this file ended with no result after 1e-05 s [not-checked]"
        ] * 3

    def test_files_that_take_no_longer_have_the_same_findings(self, ct):
        assert validate_files(ct, timeout=60) == validate_files(ct, workers=0)

    @pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
    def test_timeouts_that_are_none(self, ct, timeout):
        with pytest.raises(ArgumentError, match="timeout must be a number of seconds above 0"):
            validate_files(ct, timeout=timeout)

    def test_a_crash_is_a_finding(self, tmp_path, good, monkeypatch):
        for name in "abc":
            (tmp_path / f"{name}.dcm").write_bytes(good)

        def one_dies(tasks, work, count, limit):
            yield 0, work(tasks[0])
            yield 2, work(tasks[2])
            yield 1, _workers.Crash("signal SIGSEGV")

        monkeypatch.setattr(_many, "in_processes", one_dies)
        report = validate_files(tmp_path, workers=2, together=False)
        assert [one.ok for one in report] == [True, False, True]
        assert str(report[1].findings[0]) == (
            "error: the check of this file ended with signal SIGSEGV [not-checked]"
        )

    def test_a_fault_of_ours_is_a_finding(self, ct, monkeypatch):
        def stumble(*_):
            raise KeyError("secret")

        monkeypatch.setattr(_many, "check", stumble)
        report = validate_files(ct, workers=1)
        assert len(report) == 8 and not report.ok
        assert report[0].findings[0].message == "the check stumbled over this file (KeyError)"

    def test_a_fault_of_ours_across_files_is_a_finding(self, ct, monkeypatch):
        alone = validate_files(ct, together=False)

        def stumble(*_):
            raise KeyError("secret")

        monkeypatch.setattr(_many, "across", stumble)
        report = validate_files(ct, workers=1)
        (more,) = [f for one in report for f in one.findings if f not in alone[0].findings]
        assert (more.level, more.message) == (
            "warning",
            "the check of the files against each other stumbled (KeyError)",
        )


class TestReport:
    def test_shared_findings(self, tmp_path, good, broken):
        for number in range(3):
            (tmp_path / f"{number}.dcm").write_bytes(broken)
        (tmp_path / "4.dcm").write_bytes(good)
        report = validate_files(tmp_path, together=False)
        (one,) = report.shared("error")
        assert (one.finding.path, one.files, one.alike) == ("PatientSex", 3, True)
        assert one.first == str(tmp_path / "0.dcm")
        assert "3 files, first" in str(report) and "4 files checked, 3 with errors" in str(report)
        assert repr(report) == "<Report: 4 files checked, 3 with errors>"
        assert len(report[1:]) == 3 and report[3].ok and bool(report) and not Report()
        with pytest.raises(ConformanceError, match="3 with errors.*PatientSex") as caught:
            report.raise_for_errors()
        assert len(caught.value.findings) == 3
        assert [len(one.findings) for one in report.errors] == [1, 1, 1]
        assert report.counts()["error"] == 3 and report.down_to("error").counts()["advice"] == 0

    def test_figures_and_item_numbers_do_not_tell_findings_apart(self):
        def file(name, *messages):
            found = [Finding(f"A[{n}].B", "r PS3.3", "warning", m) for n, m in enumerate(messages)]
            return FileFindings(name, Findings(found))

        report = Report([file("1", "has 3.5", "has 4"), file("2", "has 10"), file("3", "is odd")])
        shared = report.shared()
        assert [(s.files, s.first, s.alike) for s in shared] == [(2, "1", False), (1, "3", True)]
        Report().raise_for_errors()

    def test_tables(self, tmp_path, good, broken):
        (tmp_path / "a.dcm").write_bytes(broken)
        report = validate_files(tmp_path / "a.dcm", level="error")
        table = report.to_dataframe()
        columns = ["path", "tag", "rule", "section", "level", "message", "count"]
        assert list(table.columns) == ["file", *columns]
        assert table.rule.tolist() == ["type-2"] and table.tag.tolist() == ["(0010,0040)"]
        own = report[0].findings.to_dataframe()
        assert list(own.columns) == columns and len(own) == 1
        assert list(validate(good, level="error").to_dataframe().columns) == columns
        assert report.to_dicts()[0]["findings"][0]["path"] == "PatientSex"

    def test_without_pandas(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ImportError, match=r"pip install 'dicomposer\[pandas\]'"):
            Report().to_dataframe()


def test_files_are_checked_together(ct, tmp_path, series):
    dataset = pydicom.dcmread(series.files[1])
    dataset.PatientID = "somebody else"
    dataset.save_as(tmp_path / "other.dcm")
    paths = [ct, tmp_path / "other.dcm"]
    apart = validate_files(paths, together=False)
    both = validate_files(paths)
    assert apart.counts()["error"] == 0
    more = [f for one in both for f in one.findings if f not in apart[0].findings]
    assert more and not any("somebody" in f.message for f in more)
    assert [f for one in validate_files(paths, level="error") for f in one.findings] == [
        f for one in both for f in one.findings.errors
    ]
    ignored = {f.rule_id for f in more}
    assert not [
        f for one in validate_files(paths, ignore=ignored) for f in one.findings if f.rule_id in ignored
    ]
    assert validate_files(paths, workers=2) == both


def test_the_front_door():
    assert dc.validate_files is validate_files and "validate_files" in dir(dc)
