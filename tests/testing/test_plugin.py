"""The fixture that other projects use, and its options."""

from __future__ import annotations

import copy
import io
import subprocess
import sys
import unittest
import warnings
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from dicomposer import record, samples
from dicomposer.errors import ArgumentError, MissingFileError
from dicomposer.testing import assert_valid_dicom as function

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return samples.phantom_series("CT").save(tmp_path_factory.mktemp("ct") / "ct")


@pytest.fixture
def bad(series):
    dataset = copy.deepcopy(series.datasets[0])
    del dataset.PatientSex
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.BodyPartExamined = "SOMEWHERE TOO LONG FOR A CODE STRING"
    return dataset


def test_everything_that_is_right(series, tmp_path, assert_valid_dicom):
    first = Path(series.files[0])
    for check in (assert_valid_dicom, function):
        for what in (
            first,
            str(first),
            first.parent,
            list(series.files),
            first.read_bytes(),
            io.BytesIO(first.read_bytes()),
            series.datasets[0],
            series.datasets,
        ):
            check(what)


def test_what_is_wrong_is_said(bad, tmp_path, assert_valid_dicom):
    for what in (bad, [bad]):
        with pytest.raises(
            AssertionError, match=r"not valid DICOM:\n(.*\n)*.*PatientSex: is missing \[type-2"
        ):
            assert_valid_dicom(what)
    for name in ("a.dcm", "b.dcm"):
        record.save(bad, tmp_path / name)
    with pytest.raises(AssertionError, match=r"2 of 2 objects are not.*\n(.*\n)*.*a.dcm, and 1 more: error"):
        assert_valid_dicom(tmp_path)
    with pytest.raises(AssertionError, match="BodyPartExamined"):
        assert_valid_dicom(bad, ignore=["type-2"])
    assert_valid_dicom(bad, ignore=["type-2", "*@BodyPartExamined"])


def test_levels_and_profiles(series, assert_valid_dicom, monkeypatch):
    dataset = series.datasets[0]
    with pytest.raises(AssertionError, match="advice"):
        assert_valid_dicom(bytes_with_private(series), "advice")
    with pytest.raises(ArgumentError, match="profile"):
        assert_valid_dicom(dataset, profiles=["unknown"])
    with pytest.raises(ArgumentError, match="level"):
        assert_valid_dicom(dataset, "fatal")


def bytes_with_private(series):
    dataset = copy.deepcopy(series.datasets[0])
    block = dataset.private_block(0x11, "SOMEBODY", create=True)
    block.add_new(1, "LO", "x")
    stream = io.BytesIO()
    record.save(dataset, stream)
    return stream.getvalue()


def test_nothing_to_check_is_a_failure(tmp_path, assert_valid_dicom):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(AssertionError, match="no DICOM file among 1"):
        assert_valid_dicom(tmp_path)
    with pytest.raises(AssertionError, match="readable"):
        assert_valid_dicom(tmp_path / "notes.txt")
    with pytest.raises(MissingFileError):
        assert_valid_dicom(tmp_path / "nothing.dcm")


class TestProject:
    """Another project, which knows only that dicomposer is installed."""

    @pytest.fixture
    def project(self, pytester, bad):
        record.save(bad, pytester.path / "bad.dcm")
        pytester.makepyfile("def test_it(assert_valid_dicom):\n    assert_valid_dicom('bad.dcm')\n")
        return pytester

    def test_fails(self, project):
        result = project.runpytest_subprocess("-p", "no:cacheprovider")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*AssertionError: not valid DICOM:*", "*bad.dcm: error: PatientSex*"])
        result.stdout.no_fnmatch_line("*_assertion.py*")

    def test_options(self, project):
        project.makeini(
            "[pytest]\ndicomposer_profiles = standard\ndicomposer_ignore =\n    type-2\n    *@BodyPartExamined\n"
        )
        project.runpytest_subprocess("--strict-config").assert_outcomes(passed=1)
        project.makeini("[pytest]\ndicomposer_profiles = unknown\n")
        result = project.runpytest_subprocess("--strict-config")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*profile 'unknown' is not one of*"])

    def test_options_in_toml(self, project):
        project.makepyprojecttoml(
            '[tool.pytest.ini_options]\ndicomposer_ignore = ["type-2", "*@BodyPartExamined"]\n'
            'dicomposer_profiles = ["viewers"]\n'
        )
        project.runpytest_subprocess("--strict-config").assert_outcomes(passed=1)

    def test_fixture_is_listed(self, pytester):
        result = pytester.runpytest_subprocess("--fixtures")
        result.stdout.fnmatch_lines(["assert_valid_dicom*", "*conforms to the DICOM standard*"])

    def test_costs_nothing_until_it_is_used(self):
        program = "import sys, dicomposer.testing.plugin; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        heavy = {"pydicom", "numpy", "dicomposer.validation", "multiprocessing"}
        assert not heavy & set(done.stdout.split())


class TestWithoutPytest(unittest.TestCase):
    def test_the_function(self):
        with pytest.raises(AssertionError, match="SOPClassUID"):
            function(Dataset())
