"""The programs that the advice of the profile ``viewers`` names fail as it says.

A test that fails here means that a program was mended: drop the rule, or say up to which version it holds. What only a
browser, a network or an archive shows is listed in ``docs/clients.md`` with the version that was tried.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from tests.validation import bundle
from tests.validation.good import MAKER, _identity, parametric_map, report, small_ct
from tests.validation.objects import ct_series, encoded, label_pixels

from clients import cornerstone, cornerstone_results, dcmtk, program
from dicomposer.validation import registered, validate
from judges import judge
from segmentations import DEFLATED_FRAMES, EXPLICIT, J2K, JPEG_LS, RLE, build


def advised(dataset: Dataset) -> set[str]:
    """The advice given for an object, by rule."""
    found = validate(dataset, pixels=False, level="advice")
    return {one.rule_id for one in found.at("advice") if one.section == "viewers"}


def stored(dataset: Dataset, folder: Path, name: str = "object.dcm") -> Path:
    path = folder / name
    path.write_bytes(encoded(dataset))
    return path


def images(sources: tuple[Dataset, ...], folder: Path) -> list[Path]:
    return [stored(one, folder, f"source {number}.dcm") for number, one in enumerate(sources)]


def pixel_map(kind: Any) -> Dataset:
    """A parametric map of a pixel format, with the anatomy of its frames."""
    highest = 1.0 if np.dtype(kind).kind == "f" else int(np.iinfo(kind).max)
    mapping = hd.pm.RealWorldValueMapping(
        lut_label="1",
        lut_explanation="value",
        unit=codes.UCUM.NoUnits,
        value_range=(type(highest)(0), highest),
        intercept=0,
        slope=1,
    )
    values = np.zeros((3, 16, 16), kind)
    values[1, 4, 5] = highest
    made = hd.pm.ParametricMap(
        list(small_ct()),
        values,
        **_identity(51),
        **MAKER,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        window_center=0.5,
        window_width=1.0,
    )
    anatomy = parametric_map().SharedFunctionalGroupsSequence[0].FrameAnatomySequence
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = deepcopy(anatomy)
    return made


# -- dcmqi ----------------------------------------------------------------------------------------------------------


def dcmqi(program: str, file: Path, folder: Path) -> bool:
    """Whether a program of dcmqi turns the object into images."""
    folder.mkdir()
    command = [judge(program), "--inputDICOM", file, "--outputDirectory", folder, "-t", "nrrd"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.returncode == 0 and any(folder.glob("*.nrrd"))


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE, J2K, JPEG_LS, DEFLATED_FRAMES])
def test_dcmqi_on_compressed_segmentations(syntax: str, tmp_path: Path) -> None:
    made = build(ct_series(), label_pixels(6, 128, 128), "LABELMAP", 3, transfer_syntax_uid=syntax)
    read = dcmqi("segimage2itkimage", stored(made, tmp_path), tmp_path / "out")
    assert read is ("compressed-segmentation" not in advised(made))


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint16, np.uint8])
def test_dcmqi_on_values_of_maps(kind: Any, tmp_path: Path) -> None:
    made = pixel_map(kind)
    read = dcmqi("paramap2itkimage", stored(made, tmp_path), tmp_path / "out")
    assert read is ("map-values" not in advised(made))


@pytest.mark.parametrize("where", ["shared", "per-frame", "nowhere"])
def test_dcmqi_on_the_anatomy_of_maps(where: str, tmp_path: Path) -> None:
    made = pixel_map(np.float32)
    if where != "shared":
        shared = made.SharedFunctionalGroupsSequence[0]
        anatomy = shared.FrameAnatomySequence
        del shared.FrameAnatomySequence
        for frame in made.PerFrameFunctionalGroupsSequence if where == "per-frame" else ():
            frame.FrameAnatomySequence = anatomy
    read = dcmqi("paramap2itkimage", stored(made, tmp_path), tmp_path / "out")
    assert read is (where != "nowhere") is ("map-anatomy" not in advised(made))


# -- DCMTK ----------------------------------------------------------------------------------------------------------


@contextmanager
def receiver(folder: Path) -> Iterator[int]:
    """A DCMTK receiver of everything, at a port of this machine."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program("storescp"), "-pm", "+xa", "-od", folder, str(port)]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline and process.poll() is None, "storescp does not start"
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def test_storescu_on_label_maps(tmp_path: Path) -> None:
    with receiver(tmp_path / "received") as port:
        for kind in ("BINARY", "LABELMAP"):
            made = build(ct_series(), label_pixels(6, 128, 128), kind, 3)
            file = stored(made, tmp_path, f"{kind}.dcm")
            _, complaints = dcmtk("storescu", "--required", "127.0.0.1", str(port), file)
            refused = any("unknown storage SOP class" in line for line in complaints)
            assert refused is bool(complaints) is (kind == "LABELMAP") is ("label-map-class" in advised(made))
    assert len(list((tmp_path / "received").iterdir())) == 1


# -- Cornerstone3D, of which OHIF is made ---------------------------------------------------------------------------


def test_cornerstone_on_label_numbers(tmp_path: Path) -> None:
    sources = images(ct_series(), tmp_path)
    pixels = label_pixels(6, 128, 128).astype(np.uint16) * 200  # 200, 400, 600
    made = build(ct_series(), pixels, "LABELMAP", [200, 400, 600])
    assert "wide-label" in advised(made)
    (answer,) = cornerstone([(stored(made, tmp_path), sources)])
    assert set(answer["images"]) == {"200", str(400 % 256), str(600 % 256)}


@pytest.mark.parametrize(("columns", "frames"), [(16, 1), (10, 1), (9, 1), (9, 3), (5, 1), (5, 3), (1, 3)])
def test_cornerstone_on_packed_frames(columns: int, frames: int, tmp_path: Path) -> None:
    sources = []
    for one in small_ct():
        source = deepcopy(one)
        source.Rows, source.Columns = 8, columns
        source.PixelData = bytes(2 * 8 * columns)
        sources.append(source)
    mask = np.zeros((3, 8, columns), np.uint8)
    mask[:frames, 3:6, 0] = 1
    made = build(sources, mask, "BINARY", 1)
    (answer,) = cornerstone([(stored(made, tmp_path), images(tuple(sources), tmp_path))])
    refused = "Unexpected 1-bit SEG PixelData length" in answer.get("error", "")
    assert refused is (columns * frames % 2 == 1) is ("odd-packed-length" in advised(made))
    assert refused or answer["images"] == {"1": [3] * frames + [0] * (3 - frames)}


def test_cornerstone_on_fractions(tmp_path: Path) -> None:
    stack = np.stack([(label_pixels(6, 128, 128) == n) * 0.5 for n in (1, 2, 3)], axis=-1)
    made = build(ct_series(), stack, "FRACTIONAL", 3)
    assert "fractional" in advised(made)
    (answer,) = cornerstone([(stored(made, tmp_path), images(ct_series(), tmp_path))])
    assert "Fractional segmentations are not yet supported" in answer["error"]


def test_cornerstone_on_whole_numbers_in_maps(tmp_path: Path) -> None:
    files = images(small_ct(), tmp_path)
    jobs = [
        (stored(pixel_map(kind), tmp_path, f"{kind.__name__}.dcm"), files) for kind in (np.float32, np.uint16)
    ]
    floats, numbers = cornerstone_results(jobs)
    assert floats == {"type": "Float32Array", "low": 0, "high": 1}
    assert numbers == {"type": "Int16Array", "low": -1, "high": 0}  # 65535 was written


def test_cornerstone_on_reports(tmp_path: Path) -> None:
    files = images(small_ct(), tmp_path)
    known = bundle.length_report("Cornerstone3DTools@^0.1.0:Length")
    objects = [known, bundle.length_report("lesion 1"), report(), bundle.segment_report()]
    jobs = [(stored(one, tmp_path, f"{number}.dcm"), files) for number, one in enumerate(objects)]
    answers = [answer["tools"] for answer in cornerstone_results(jobs)]
    assert answers == [{"Length": 1}, {}, {}, {}]
    assert ["report-tools" in advised(one) for one in objects] == [False, True, True, True]


def test_page_names_every_rule(page: str) -> None:
    section = page.partition("## What the advice rests on")[2]
    rules = {rule.id for rule in registered() if rule.profile == "viewers"}
    assert {rule for rule in rules if f"| `{rule}` |" in section} == rules
