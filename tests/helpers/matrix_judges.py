"""What every judge says of one case of the matrix.

``dciodvfy``, ``dcentvfy`` and highdicom do not know every transfer syntax; for those an *uncompressed twin* is judged:
the same dataset, unpacked by pydicom and zlib and saved in Explicit VR Little Endian, not by the code under test.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian

from dicomposer.seg import segread
from dicomposer.validation import validate
from judges import dcentvfy, dciodvfy, run_segimage2itkimage, segimage2itkimage
from matrix import MAXIMUM, Case, Truth, make, truth
from matrix_sources import Source, saved

__all__ = ["JUDGES", "Verdicts", "judge_case", "judge_sources"]

#: Names of the judges, in the order of the tables.
JUDGES = ("validate", "dciodvfy", "dcentvfy", "dcmqi", "highdicom", "dicomposer")

_TWIN = {
    "dciodvfy": ("deflated", "deflated-frames"),
    "dcentvfy": ("deflated", "deflated-frames"),
    "highdicom": ("deflated-frames",),
}


@dataclass
class Verdicts:
    """Errors by judge (an empty list: content), and why a judge could not be asked."""

    case: Case
    errors: dict[str, list[str]] = field(default_factory=dict)
    unsupported: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        """``judge: error`` lines."""
        return [f"{judge}: {text}" for judge, texts in self.errors.items() for text in texts]


@dataclass(frozen=True)
class _Written:
    """The object of a case on disk, beside its source and what must come back."""

    case: Case
    origin: Source
    wanted: Truth
    file: Path
    twin: Path

    def of(self, judge: str) -> Path:
        """The file that a judge gets."""
        return self.twin if self.case.syntax in _TWIN.get(judge, ()) else self.file


def judge_case(case: Case, folder: Path) -> Verdicts:
    """Make the object of a case, write it, and ask all judges."""
    verdicts = Verdicts(case)
    origin = saved(case.source, folder / "sources")
    file, twin = folder / f"{case.id}.dcm", folder / f"{case.id}-twin.dcm"
    written = _Written(case, origin, truth(case), file, twin)
    judges: dict[str, Callable[[_Written], list[str]]] = {
        "validate": _validate, "dciodvfy": _dciodvfy, "dcentvfy": _dcentvfy, "dcmqi": _dcmqi,
        "highdicom": _highdicom, "dicomposer": _dicomposer,
    }  # fmt: skip
    try:
        make(case).save_as(file)
        if case.syntax.startswith("deflated"):
            _save_twin(file, twin)
    except Exception as error:  # noqa: BLE001  (one case must not end the whole matrix)
        verdicts.errors["dicomposer"] = [f"cannot be written: {error!r}"]
        return verdicts
    for name in JUDGES:
        reason = _dcmqi_cannot(case, origin) if name == "dcmqi" else ""
        if reason:
            verdicts.unsupported[name] = reason
        try:
            verdicts.errors[name] = _dcmqi_refuses(written) if reason else judges[name](written)
        except Exception as error:  # noqa: BLE001
            verdicts.errors[name] = [f"{type(error).__name__}: {error}"]
    file.unlink()
    twin.unlink(missing_ok=True)
    return verdicts


def judge_sources(name: str, folder: Path) -> list[str]:
    """What dciodvfy and dcentvfy say of a source itself: a bad source would prove nothing."""
    files = saved(name, folder / "sources").files
    problems = [f"dciodvfy: {line}" for file in files for line in dciodvfy(file).errors]
    return problems + [f"dcentvfy: {line}" for line in dcentvfy(files).errors]


def _save_twin(file: Path, twin: Path) -> None:
    dataset = dcmread(file)
    if dataset.PixelData[:4] == b"\xfe\xff\x00\xe0":  # an item: encapsulated
        frames = int(dataset.NumberOfFrames)
        raw = [
            zlib.decompress(f, wbits=-15) for f in generate_frames(dataset.PixelData, number_of_frames=frames)
        ]
        if dataset.BitsAllocated == 1:  # frames follow one another bit by bit (PS3.5 8.1.1)
            pixels = dataset.Rows * dataset.Columns
            bits = [np.unpackbits(np.frombuffer(f, np.uint8), bitorder="little", count=pixels) for f in raw]
            value = np.packbits(np.concatenate(bits), bitorder="little").tobytes()
        else:
            size = dataset.Rows * dataset.Columns * dataset.BitsAllocated // 8
            value = b"".join(f[:size] for f in raw)
        dataset.PixelData = value + b"\x00" * (len(value) % 2)
        dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
        dataset["PixelData"].is_undefined_length = False
        for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
            if keyword in dataset:
                del dataset[keyword]
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(twin, enforce_file_format=True)


# ---- conformance -------------------------------------------------------------------------------------


def _validate(written: _Written) -> list[str]:
    return [str(finding) for finding in validate(written.file).errors]


def _dciodvfy(written: _Written) -> list[str]:
    verdict = dciodvfy(written.of("dciodvfy"))
    return [*verdict.errors, *([] if verdict.clean or verdict.errors else ["exit status is not 0"])]


def _dcentvfy(written: _Written) -> list[str]:
    verdict = dcentvfy([*written.origin.files, written.of("dcentvfy")])
    return [*verdict.errors, *([] if verdict.clean or verdict.errors else ["exit status is not 0"])]


# ---- comparison --------------------------------------------------------------------------------------


def _stored(written: _Written) -> np.ndarray:
    """The truth as stored values: 0 and 1, or 0 to MAXIMUM; (planes, rows, columns, segments)."""
    stack = written.wanted.stack
    if written.case.kind == "FRACTIONAL":
        return np.rint(stack * np.float64(MAXIMUM)).astype(np.uint8)
    return stack.astype(np.uint8)


def _on_grid(written: _Written) -> np.ndarray:
    """The stored truth on the source's whole grid: (slots, rows, columns, segments)."""
    slots = written.origin.slots
    assert slots is not None
    stored = _stored(written)
    grid = np.zeros((int(slots.max()) + 1, *stored.shape[1:]), dtype=stored.dtype)
    grid[slots] = stored
    return grid


def _placed(array: np.ndarray, affine: np.ndarray, written: _Written) -> np.ndarray:
    """Put an array (slices, rows, columns, segments) where its affine says on the grid of the source."""
    origin = written.origin
    assert origin.affine is not None and origin.slots is not None
    shape = (int(origin.slots.max()) + 1, *origin.mask.shape[1:])
    to_grid = np.linalg.inv(origin.affine) @ affine
    if array.shape[0] == 1:
        to_grid[:3, 0] = (1, 0, 0)  # of one slice only the place matters
    whole = np.rint(to_grid)
    off = float(np.abs(to_grid - whole).max())
    if off > 1e-3 or not np.array_equal(np.abs(whole[:3, :3]), np.eye(3)):
        raise AssertionError(
            f"voxels are not those of the source: off by {off:.3g} voxels, axes {whole[:3, :3]}"
        )
    indices = np.indices(array.shape[:3]).reshape(3, -1)
    target = (whole[:3, :3] @ indices + whole[:3, 3:]).astype(int)
    values = array.reshape(-1, array.shape[3])
    inside = np.all((target >= 0) & (target < np.array(shape)[:, None]), axis=0)
    if values[~inside].any():
        raise AssertionError("there are segmented voxels outside of the source")
    out = np.zeros((*shape, array.shape[3]), dtype=np.int64)
    out[tuple(target[:, inside])] = values[inside]
    return out


def _differences(what: str, found: np.ndarray, expected: np.ndarray) -> list[str]:
    if found.shape != expected.shape:
        return [f"{what}: shape {found.shape} instead of {expected.shape}"]
    wrong = int(np.count_nonzero(found != expected))
    return [f"{what}: {wrong} of {expected.size} values differ"] if wrong else []


# ---- dcmqi -------------------------------------------------------------------------------------------


def _dcmqi_cannot(case: Case, origin: Source) -> str:
    """Why dcmqi cannot read an object; "" if it can."""
    if origin.tiled:
        return "it does not read slides"
    if origin.affine is None:
        return "it needs a frame of reference"
    if case.syntax in ("J2K", "JPEG-LS", "deflated-frames"):
        return f"it does not decode {case.syntax}"
    return ""


def _dcmqi_refuses(written: _Written) -> list[str]:
    """Hold dcmqi to it: what is called unsupported must fail, or the table would hide an agreement never tested."""
    folder = written.file.with_suffix("")
    verdict = run_segimage2itkimage(written.file, folder)
    made = list(folder.glob("*.nrrd"))
    return [] if verdict.returncode and not made else ["reads what is said to be unsupported: compare it"]


def _dcmqi(written: _Written) -> list[str]:
    images = segimage2itkimage(written.file, written.file.with_suffix(""))
    expected, numbers = _on_grid(written), written.wanted.numbers
    if written.case.kind == "LABELMAP":
        if len(images) != 1:
            return [f"{len(images)} images instead of one label map"]
        array, affine = images[0]
        # 16-bit labels come as Int16: the same bits
        labels = array.astype(np.uint16) if array.dtype == np.int16 else array
        stack = np.stack([labels == number for number in numbers], axis=-1)
        if np.isin(labels, (0, *numbers), invert=True).any():
            return ["there are labels that were not written"]
        return _differences("label map", _placed(stack, affine, written), expected)
    if len(images) != len(numbers):
        return [f"{len(images)} images instead of {len(numbers)} segments"]
    problems = []
    for i, (array, affine) in enumerate(images):  # a segment without frames is an empty image
        values = array if written.case.kind == "FRACTIONAL" else (array == numbers[i])
        if written.case.kind == "BINARY" and np.isin(array, (0, numbers[i]), invert=True).any():
            problems.append(f"segment {numbers[i]} has other values")
        problems += _differences(
            f"segment {numbers[i]}", _placed(values[..., None], affine, written), expected[..., i : i + 1]
        )
    return problems


# ---- readers: highdicom, and the library itself -------------------------------------------------------


def _highdicom(written: _Written) -> list[str]:
    # Asked for stacked segments of a label map with numbers above 255, highdicom 0.28 returns nothing for those, also
    # from its own files; its combined labels are right.
    combined = written.case.type == "LABELMAP16"
    return _reader(highdicom.seg.segread(written.of("highdicom")), written, combined)


def _dicomposer(written: _Written) -> list[str]:
    """Our own reader: eager and lazy, stacked and combined, and saving again what was read."""
    problems = _reader(segread(written.file), written, combined=False)
    problems += _reader(segread(written.file, lazy_frame_retrieval=True), written, combined=False)
    if written.case.kind == "LABELMAP":
        problems += _reader(segread(written.file), written, combined=True)
    saved_again = BytesIO()
    segread(written.file).save_as(saved_again)
    if saved_again.getvalue() != written.file.read_bytes():
        problems.append("saving what was read gives other bytes")
    return problems


def _reader(segmentation: Any, written: _Written, combined: bool) -> list[str]:
    """Pixels by source and as a volume, and geometry, through the interface that both libraries share."""
    origin, numbers, stored = written.origin, written.wanted.numbers, _stored(written)
    problems = []
    if list(segmentation.segment_numbers) != list(numbers):
        problems.append(f"segment numbers {list(segmentation.segment_numbers)}")
    for rescale in (False, True) if written.case.kind == "FRACTIONAL" else (False,):
        found = _by_source(segmentation, origin, combine_segments=combined, rescale_fractional=rescale)
        expected = stored.astype(np.float32) / np.float32(MAXIMUM) if rescale else stored
        found = _split(found, numbers) if combined else found
        problems += _differences("fractions by source" if rescale else "by source", found, expected)
    if origin.affine is None:
        return problems
    volume = segmentation.get_volume(combine_segments=combined, rescale_fractional=False)
    array = _split(volume.array, numbers) if combined else np.asarray(volume.array)
    found = _placed(array, np.asarray(volume.affine), written)
    return problems + _differences("volume", found, _on_grid(written))


def _split(labels: np.ndarray, numbers: tuple[int, ...]) -> np.ndarray:
    if np.isin(labels, (0, *numbers), invert=True).any():
        raise AssertionError("there are labels that were not written")
    return np.stack([labels == number for number in numbers], axis=-1)


def _by_source(segmentation: Any, origin: Source, **how: bool) -> np.ndarray:
    """(planes, rows, columns[, segments]) in the order of the source's planes."""
    if origin.tiled:
        return np.asarray(segmentation.get_total_pixel_matrix(**how))[None]
    uids = [str(d.SOPInstanceUID) for d in origin.datasets]
    how["assert_missing_frames_are_empty"] = True
    if origin.multi_frame:
        numbers = list(range(1, len(origin.mask) + 1))
        return np.asarray(segmentation.get_pixels_by_source_frame(uids[0], numbers, **how))
    return np.asarray(segmentation.get_pixels_by_source_instance(uids, **how))
