"""The commands, as a user types them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pydicom
import pytest
from typer.testing import CliRunner

import dicomposer as dc
from dicomposer import record, samples
from dicomposer.cli._app import app


@pytest.fixture
def ct(tmp_path):
    series = samples.phantom_series("CT").save(tmp_path / "ct")
    series.save_mask(tmp_path / "mask.nii.gz")
    np.save(tmp_path / "mask.npy", series.mask)
    return series


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments, status=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, result.output
        return result

    return call


@pytest.mark.usefixtures("ct")
class TestSegment:
    def test_the_example_of_the_readme(self, run, ct):
        result = run("segment", "ct", "mask.nii.gz", "--segment", "Liver", "-s", "Spleen", "-o", "out.dcm")
        assert "wrote out.dcm" in result.output
        assert "Spleen" in result.output
        assert "Traceback" not in result.output
        made = dc.open("out.dcm")
        pixels = made.get_pixels_by_source_instance(
            [ds.SOPInstanceUID for ds in ct.datasets],
            combine_segments=True,
            assert_missing_frames_are_empty=True,
        )
        np.testing.assert_array_equal(pixels, ct.mask)

    def test_json_is_nothing_but_json(self, run, ct):
        result = run(
            *("segment", "ct", "mask.npy", "--order", "feet-to-head", "-l", "1=Liver", "-l", "2=Spleen"),
            *(
                "--type",
                "LabelMap",
                "-o",
                "out.dcm",
                "--json",
                "--algorithm",
                "net",
                "--algorithm-version",
                "2",
            ),
        )
        report = json.loads(result.stdout)
        assert report["facts"]["Type"] == "LABELMAP"
        assert [one["voxels"] for one in report["segments"]] == [int((ct.mask == n).sum()) for n in (1, 2)]
        assert report["source_images"] == 8
        assert not [finding for finding in report["findings"] if finding["level"] == "error"]

    def test_one_file_a_structure(self, run, ct, tmp_path):
        for value, name in ct.labels.items():
            one = samples.ImageSeries(ct.datasets, (ct.mask == value).astype(np.uint8), {1: name}, ct.affine)
            one.save_mask(tmp_path / f"{name.lower()}.nii.gz")
        run("segment", "ct", "spleen.nii.gz", "liver.nii.gz", "-o", "out.dcm")
        assert [d.SegmentLabel for d in dc.open("out.dcm").SegmentSequence] == ["Spleen", "Liver"]

    def test_existing_files_are_kept(self, run, tmp_path):
        (tmp_path / "out.dcm").write_text("precious")
        command = ("segment", "ct", "mask.nii.gz", "-s", "Liver", "-s", "Spleen", "-o", "out.dcm")
        assert "--overwrite" in run(*command, status=1).output
        assert (tmp_path / "out.dcm").read_text() == "precious"
        run(*command, "--overwrite")
        assert dc.open("out.dcm").number_of_segments == 2

    def test_inputs_are_never_replaced(self, run, ct, tmp_path):
        (tmp_path / "link.dcm").hardlink_to(ct.files[2])
        (tmp_path / "link.nii.gz").symlink_to(tmp_path / "mask.nii.gz")
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        for output in ("mask.nii.gz", "link.nii.gz", "link.dcm", ct.files[0], "ct/../mask.nii.gz"):
            command = ("segment", "ct", "mask.nii.gz", "-s", "Liver", "-s", "Spleen", "-o", output)
            for more in ((), ("--overwrite",)):
                result = run(*command, *more, status=1)
                assert "one of the inputs" in result.output or (not more and "--overwrite" in result.output)
        assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def test_own_texts(self, run):
        run("segment", "ct", "mask.nii.gz", "-s", "GBM 1=Glioblastoma", "-s", "Spleen", "-o", "a.dcm")
        run("segment", "ct", "mask.nii.gz", "-l", "1=GBM 1=glioblastoma", "-l", "2=Spleen", "-o", "b.dcm")
        for name in ("a.dcm", "b.dcm"):
            first, second = dc.open(name).SegmentSequence
            assert (first.SegmentLabel, second.SegmentLabel) == ("GBM 1", "Spleen")
            assert first.SegmentedPropertyTypeCodeSequence[0].CodeValue == "1163375002"

    def test_the_verdict_is_plain(self, run):
        command = ("segment", "ct", "mask.nii.gz", "-s", "Liver", "-s", "Spleen", "-o")
        output = run(*command, "out.dcm").output
        assert re.search(
            r"^valid \(\d+ conditions cannot be judged from the file alone\)$", output, re.MULTILINE
        )
        ours = json.loads(run(*command, "same.dcm", "--json").stdout)
        (theirs,) = json.loads(run("validate", "same.dcm", "--json").stdout)["files"]
        assert ours["findings"] == theirs["findings"] == []
        assert ours["not_evaluated"] == theirs["not_evaluated"] > 0
        (all_,) = json.loads(run("validate", "same.dcm", "--json", "--level", "not-evaluated").stdout)[
            "files"
        ]
        assert len(all_["findings"]) == theirs["not_evaluated"]

    def test_empty_segments_are_mentioned(self, run, ct, tmp_path):
        np.save(tmp_path / "one.npy", (ct.mask == 1).astype(np.uint8))
        command = ("segment", "ct", "one.npy", "--order", "feet-to-head", "-s", "Liver", "-s", "Spleen", "-o")
        assert "warning: the mask has no voxel of the segment 'Spleen'" in run(*command, "out.dcm").stderr

    def test_fractions_are_called_so(self, run, ct, tmp_path):
        np.save(tmp_path / "half.npy", (ct.mask == 1) * 0.5)
        command = ("segment", "ct", "half.npy", "--order", "feet-to-head", "-s", "Liver", "-t", "fractional")
        output = run(*command, "-o", "out.dcm").output
        assert "voxels above 0" in output and "weighted size" in output
        assert "1 advice" in output and "dicomposer validate out.dcm" in output

    @pytest.mark.parametrize(
        ("arguments", "status", "what"),
        [
            (("mask.npy", "-s", "Liver", "-s", "Spleen"), 1, "Pass --order"),
            (("mask.nii.gz", "-s", "Livr", "-s", "Spleen"), 1, "--segment 'Livr'=lesion"),
            (("mask.nii.gz", "-s", "=Liver"), 2, "TEXT=NAME"),
            (("mask.nii.gz",), 1, "--segment or --label"),
            (("mask.nii.gz", "-s", "Livr", "-s", "Spleen"), 1, "did you mean liver"),
            (("mask.nii.gz", "-s", "Liver"), 1, "label 2"),
            (("nothing.nii.gz", "-s", "Liver"), 1, "nothing.nii.gz"),
            (("mask.nii.gz", "-l", "Liver"), 2, "VALUE=NAME"),
            (("mask.nii.gz", "-l", "1=Liver", "-s", "Spleen"), 2, "not both"),
            (("mask.nii.gz", "mask.npy", "-s", "Liver"), 2, "2 masks"),
            (("mask.nii.gz", "-s", "Liver", "--type", "surface"), 2, "surface"),
            (("mask.nii.gz", "-s", "Liver", "-s", "Spleen", "--transfer-syntax", "zip"), 1, "jpeg2000"),
            (("mask.nii.gz", "-s", "Liver", "-s", "Spleen", "--series", "99"), 1, "99"),
        ],
        ids=str,
    )
    def test_refusals_leave_nothing_behind(self, run, tmp_path, arguments, status, what):
        before = sorted(tmp_path.rglob("*"))
        result = run("segment", "ct", *arguments, "-o", "out.dcm", status=status)
        assert what in result.output
        assert "Traceback" not in result.output
        assert sorted(tmp_path.rglob("*")) == before

    def test_wrong_paths_are_all_named_at_once(self, run):
        result = run("segment", "ct", "mask.nii.gz", "-s", "Liver", "-o", "ct", status=1)
        assert "ct is a folder" in result.output
        result = run("segment", "cd", "mask.nii", "-s", "Liver", "-o", "no/where.dcm", status=1)
        for text in ("no such file or folder: cd\n", "no such file or folder: mask.nii\n", "no folder no\n"):
            assert text in result.output

    def test_exchanged_arguments(self, run):
        result = run("segment", "mask.nii.gz", "ct", "-s", "Liver", "-o", "out.dcm", status=1)
        assert "the images come first, then the mask" in result.output

    def test_several_series_are_listed(self, run, tmp_path):
        samples.phantom_series("MR").save(tmp_path / "ct" / "mr")
        result = run("segment", "ct", "mask.nii.gz", "-s", "Liver", "-o", "o.dcm", status=1)
        assert "--series" in result.output and "MR" in result.output


@pytest.fixture
def made(run, ct):
    run("segment", "ct", "mask.nii.gz", "-s", "Liver", "-s", "Spleen", "-o", "out.dcm")
    return ct


class TestShow:
    def test_tables(self, run, made):
        output = run("show", "out.dcm").output
        for text in ("Segmentation Storage", "BINARY", "Liver", "Spleen", "0.8 x 0.7 mm", "8 instances"):
            assert text in output
        assert str(made.datasets[0].PatientID) not in output

    def test_json_and_other_images(self, run, made):
        assert json.loads(run("show", "out.dcm", "--json").stdout)["modality"] == "SEG"
        assert "CT Image Storage" in run("show", made.files[0]).output

    def test_a_picture(self, run, made, tmp_path):
        assert "wrote out.png" in run("show", "out.dcm", "--png", "out.png", "--source", "ct").output
        assert (tmp_path / "out.png").read_bytes()[:4] == b"\x89PNG"

    def test_refusals(self, run, made, tmp_path):
        assert "together" in run("show", "out.dcm", "--png", "out.png", status=2).output
        assert (
            "segmentations" in run("show", made.files[0], "--png", "x.png", "--source", "ct", status=1).output
        )
        assert "not a DICOM file" in run("show", "mask.npy", status=1).output
        assert "nowhere" in run("show", "nowhere.dcm", status=1).output
        assert "is a folder" in run("show", "ct", status=1).output
        picture = ("show", "out.dcm", "--source", "ct", "--png")
        assert ".png" in run(*picture, "x.jpg", status=1).output
        assert "no folder nodir" in run(*picture, "nodir/x.png", status=1).output
        assert not list(tmp_path.glob("*.png"))

    def test_a_picture_replaces_no_input(self, run, made, tmp_path):
        data = made.files[0].read_bytes()
        (tmp_path / "trap.png").hardlink_to(made.files[0])
        (tmp_path / "self.png").hardlink_to(tmp_path / "out.dcm")
        for name in ("trap.png", "self.png"):
            refused = run("show", "out.dcm", "--source", "ct", "--png", name, status=1)
            assert "one of the inputs" in refused.output
        assert made.files[0].read_bytes() == data


class TestValidate:
    def test_good_files(self, run, made):
        output = run("validate", "ct", "out.dcm").output
        assert "9 files checked, none with errors" in output
        assert len(output.splitlines()) == 2  # the file that was named, and the sum
        assert run("validate", "ct").output == "8 files checked, none with errors\n"

    def test_errors_give_status_1(self, run, made, tmp_path):
        broken = dc.open("out.dcm")
        del broken.SegmentationType
        broken.save_as(tmp_path / "broken.dcm")
        output = run("validate", "broken.dcm", status=1).output
        assert "SegmentationType" in output
        report = json.loads(run("validate", "out.dcm", "broken.dcm", "--json", status=1).stdout)
        assert [file["ok"] for file in report["files"]] == [True, False]
        assert report["errors"] >= 1
        shown = json.loads(run("validate", "broken.dcm", "--json", "--level", "error", status=1).stdout)
        assert {one["level"] for one in shown["files"][0]["findings"]} == {"error"}

    def test_what_is_no_dicom(self, run, made, tmp_path):
        (tmp_path / "ct" / "notes.txt").write_text("hello")
        assert "1 file skipped (not DICOM)" in run("validate", "ct").output
        assert "error" in run("validate", "mask.npy", status=1).output
        data = made.files[0].read_bytes()
        (tmp_path / "cut.dcm").write_bytes(data[: len(data) // 2])
        assert "1 with errors" in run("validate", "cut.dcm", status=1).output
        (tmp_path / "empty").mkdir()
        assert "nothing to check" in run("validate", "empty", status=2).output
        assert "no such file or folder: nowhere" in run("validate", "nowhere", status=1).output


@pytest.fixture
def trouble(tmp_path, ct):
    """Three slices that lack something, among eight that do not."""
    for number, path in enumerate(ct.files[:3]):
        dataset = pydicom.dcmread(path)
        del dataset.PatientSex
        dataset.SOPInstanceUID += f".{number}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        record.save(dataset, tmp_path / "ct" / f"x{number}.dcm")
    return tmp_path


class TestValidateMany:
    def test_what_many_files_share_is_one_line(self, run, trouble):
        result = run("validate", "ct", "--alone", status=1)
        heading, line, verdict = result.output.splitlines()
        assert heading.split() == ["level", "files", "where", "what", "rule", "first", "file"]
        assert re.split(" {2,}", line) == [
            *("error", "3", "PatientSex", "is missing", "type-2 PS3.3 C.7.1.1", "ct/x0.dcm")
        ]
        assert verdict == "11 files checked, 3 with errors"
        lines = run("validate", "ct", "--alone", "--by", "file", status=1).output.splitlines()
        assert [line.split()[0] for line in lines if line.startswith("ct/")] == [
            f"ct/x{number}.dcm" for number in range(3)
        ]
        assert len(lines) == 10
        short = run("validate", "ct/x0.dcm", "--by", "finding", status=1).output
        assert "first file" in short

    def test_advice_of_one_kind_shares_a_line(self, run, trouble):
        dataset = pydicom.dcmread(trouble / "ct" / "x0.dcm")
        for keyword in ("CountRate", "DetectorVector", "ImageID", "BorderDensity", "NumberOfDetectors"):
            setattr(dataset, keyword, None)
        del dataset.PatientName, dataset.PatientBirthDate, dataset.StudyID
        record.save(dataset, trouble / "odd.dcm")
        for by in ("file", "finding"):
            lines = run("validate", "odd.dcm", "--by", by, status=1).output.splitlines()
            assert sum("of no module" in line for line in lines) == 1
            assert any("and 4 more" in line for line in lines)
            assert sum(line.startswith("error") for line in lines) == 4  # each for itself

    def test_names_of_files_do_not_break_lines(self, run, trouble):
        odd = trouble / "a\nb\x1b[31m.dcm"
        odd.write_bytes((trouble / "ct" / "x0.dcm").read_bytes())
        for by in ("file", "finding"):
            output = run("validate", odd, "--by", by, status=1).output
            assert r"a\nb\x1b[31m.dcm" in output and "\x1b" not in output

    def test_few_named_files_get_a_verdict_each(self, run, trouble, ct):
        output = run("validate", "--alone", "ct/x0.dcm", ct.files[0], status=1).output
        assert "ct/x0.dcm  not valid, 1 error" in output and f"{ct.files[0]}  valid" in output
        more = [*ct.files, "ct/x0.dcm", "ct/x1.dcm", "ct/x2.dcm"]
        assert " valid" not in run("validate", "--alone", *more, status=1).output

    def test_formats(self, run, trouble):
        made = json.loads(run("validate", "ct", "--format", "json", status=1).stdout)
        assert made == json.loads(run("validate", "ct", "--json", status=1).stdout)
        assert len(made["files"]) == 11 and made["version"] == 1
        (scan,) = json.loads(run("validate", "ct", "-f", "sarif", status=1).stdout)["runs"]
        assert {one["level"] for one in scan["results"]} >= {"error"}
        suites = ElementTree.fromstring(run("validate", "ct", "-f", "junit", status=1).stdout)
        assert suites.get("tests") == "11" and suites.get("failures") == "3"
        for wrong in (("--json", "-f", "sarif"), ("-f", "xml"), ("--jobs", "-1"), ("--fail-on", "x")):
            run("validate", "ct", *wrong, status=2)

    def test_an_output_file(self, run, trouble, ct):
        for name in ("table", "json", "sarif", "junit"):
            for _ in range(2):  # a report may be replaced
                shown = run("validate", "ct", "-f", name, "-o", "report.txt", status=1).output
                assert shown == "11 files checked, 3 with errors\n"
            whole = (trouble / "report.txt").read_text()
            assert "PatientSex" in whole and whole.endswith("\n")
            assert whole == run("validate", "ct", "-f", name, status=1).stdout

    def test_an_output_file_replaces_no_input(self, run, trouble, ct):
        (trouble / "odd.dcm").write_bytes(b"damaged")
        (trouble / "a.zip").write_bytes(b"PK\3\4 damaged")
        (trouble / "link.txt").hardlink_to(ct.files[2])
        before = {path: path.read_bytes() for path in trouble.rglob("*") if path.is_file()}
        for name in (ct.files[0], "odd.dcm", "a.zip", "link.txt"):
            assert "one of the inputs" in run("validate", "ct", "odd.dcm", "-o", name, status=1).output
        assert "no folder" in run("validate", "ct", "-o", "no/report.json", status=1).output
        assert before == {path: path.read_bytes() for path in trouble.rglob("*") if path.is_file()}

    def test_ignore_profile_and_fail_on(self, run, trouble):
        for pattern in ("type-2", "type*", "type-2@PatientSex"):
            assert "11 files checked, none with errors" in run("validate", "ct", "--ignore", pattern).output
        run("validate", "ct", "--ignore", "type-2@Laterality", status=1)
        output = run("validate", "ct", "--profile", "unknown", status=1).output
        assert "'unknown' is not one of standard, viewers" in output
        output = run("validate", "ct", "--ignore", "tpye-2", status=1).output
        assert "'tpye-2' names no rule; near: type-2" in output
        run("validate", "ct", "--ignore", "type-2", "--timeout", "60")
        run("validate", "ct", "--ignore", "type-2", "--profile", "standard", "--profile", "viewers")
        dataset = pydicom.dcmread(trouble / "ct" / "x0.dcm")
        dataset.PatientSex = "O"
        dataset.private_block(0x11, "SOMEBODY", create=True).add_new(1, "LO", "x")
        record.save(dataset, trouble / "private.dcm")
        command = ("validate", "private.dcm", "--profile", "standard")
        assert "advice" in run(*command).output
        run(*command, "--fail-on", "warning")
        run(*command, "--fail-on", "advice", status=1)
        run(*command, "--fail-on", "advice", "--ignore", "private*")
        suites = ElementTree.fromstring(run(*command, "--fail-on", "advice", "-f", "junit", status=1).stdout)
        assert suites.get("failures") == "1"

    def test_archives_and_standard_input(self, run, trouble, monkeypatch):
        with zipfile.ZipFile(trouble / "a.zip", "w") as out:
            out.write(trouble / "ct" / "x0.dcm", "inner/x0.dcm")
            out.write(trouble / "mask.npy", "mask.npy")
        output = run("validate", "a.zip", status=1).output
        assert "a.zip!/inner/x0.dcm" in output and "1 file skipped (not DICOM)" in output
        for name, path in (("ct/x0.dcm", "-"), ("a.zip", "-!/inner/x0.dcm")):
            result = CliRunner().invoke(app, ["validate", "-", "--json"], input=(trouble / name).read_bytes())
            assert result.exit_code == 1
            (file,) = json.loads(result.stdout)["files"]
            assert file["path"] == path
        assert CliRunner().invoke(app, ["validate", "-"], input=b"nothing of the sort").exit_code == 1

    def test_processes(self, run, trouble):
        one = run("validate", "ct", "--jobs", "1", "--json", status=1).stdout
        assert one == run("validate", "ct", "-j", "2", "--json", status=1).stdout

    def test_files_are_checked_together(self, run, trouble):
        dataset = pydicom.dcmread(trouble / "ct" / "x0.dcm")
        dataset.PatientSex, dataset.PatientID = "O", "another"
        record.save(dataset, trouble / "ct" / "y.dcm")
        together = json.loads(run("validate", "ct", "--json", status=1).stdout)["counts"]
        alone = json.loads(run("validate", "ct", "--json", "--alone", status=1).stdout)["counts"]
        assert sum(together.values()) > sum(alone.values())


def test_interrupted(tmp_path, ct):
    """Ctrl-C ends the command and the processes that it started."""
    data = (tmp_path / "ct" / ct.files[0].name).read_bytes()
    for number in range(3000):
        (tmp_path / "ct" / f"z{number}.dcm").write_bytes(data)
    command = [sys.executable, "-m", "dicomposer", "validate", str(tmp_path / "ct"), "-j", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    threads = Path(f"/proc/{process.pid}/task")
    found: list[str] = []
    while len(found) < 2:
        assert process.poll() is None
        found = [child for one in threads.glob("*/children") for child in one.read_text().split()]
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=20)
    assert process.returncode not in (0, 1, 2) or "Aborted" in words
    assert "Traceback" not in words
    assert not [child for child in found if Path(f"/proc/{child}").exists()]


class TestTerms:
    def test_search(self, run):
        output = run("terms", "kidney").output
        assert "kidney_left" in output and "liver" not in output
        found = json.loads(run("terms", "left kidney", "--json").stdout)
        assert found[0]["name"] == "kidney_left"

    def test_measurements(self, run):
        output = run("terms", "--measurements", "long axis").output
        assert re.split(" {2,}", output.splitlines()[1])[:3] == ["Long axis", "103339001", "SCT"]
        found = json.loads(run("terms", "--measurements", "malignancy", "--json").stdout)
        assert {"name": "Probability of cancer", "value": "111047", "scheme": "DCM"} in found
        usual = json.loads(run("terms", "--measurements", "--json").stdout)
        assert {"Volume", "Area", "Diameter", "Mean"} <= {one["name"] for one in usual}
        assert "no measurement" in run("terms", "--measurements", "xyzzyq", status=1).output

    def test_all_and_none(self, run):
        assert len(json.loads(run("terms", "--json").stdout)) > 120
        assert "no term" in run("terms", "xyzzy", status=1).output


def test_help_is_quick_and_loads_nothing_heavy():
    program = (
        "import sys; sys.argv = ['dicomposer', '--help']\n"
        "from dicomposer.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print(sorted({'numpy', 'pydicom', 'nibabel', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("segment", "show", "validate", "terms", "demo"):
        assert command in done.stdout


def test_piped_output_has_one_record_a_line(run, made, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    name = "a rather long name of a file that would be folded somewhere.dcm"
    (tmp_path / "out.dcm").rename(tmp_path / name)
    broken = dc.open(name)
    del broken.SegmentationType
    broken.save_as(tmp_path / ("broken " + name))
    outputs = [
        run("show", name).output,
        run("terms", "lobe of lung").output,
        run("validate", name, "broken " + name, status=1).output,
    ]
    lines = [line for output in outputs for line in output.splitlines()]
    assert lines and all(line == line.rstrip() for line in lines)
    assert any(line.startswith("SOP instance UID") and line[-5:].isdigit() for line in lines)
    assert any("SegmentationType" in line and "PS3.3" in line for line in lines)
    assert any(line.startswith(name) for line in lines)


def test_as_a_program(tmp_path):
    def call(*arguments):
        command = [sys.executable, "-m", "dicomposer", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    assert call("--version").stdout.startswith("dicomposer ")
    assert call("show").returncode == 2
    failed = call("show", "nowhere.dcm")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("error:") and "Traceback" not in failed.stderr
    assert "Traceback" in call("--debug", "show", "nowhere.dcm").stderr
