"""Files: read as pydicom reads them, written as pydicom writes them, and no damage gets through untyped."""

from __future__ import annotations

import copy
import io
import os
import pickle
import random
import struct
import threading
import time
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    ConformanceError,
    DamagedFileError,
    DicomposerError,
    NotDicomError,
    TruncatedError,
)
from dicomposer.record import FileSlice, FrameTable, PixelSource, pixel_source, read, save
from record_samples import encode_items, make_dataset, pydicom_files, to_bytes

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
DEFLATED, BIG, RLE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5"
# Cut, or an item that is longer than its sequence: pydicom opens them in silence, we refuse.
CUT = {
    "rtplan_truncated.dcm",
    "MR_truncated.dcm",
    "DICOMDIR-nooffset",
    "emri_small_jpeg_2k_lossless_too_short.dcm",
}


def assert_equal(ours: Dataset, theirs: Dataset) -> None:
    assert list(ours.keys()) == list(theirs.keys())
    for tag in list(theirs.keys()):
        try:
            expected: Any = theirs[tag]
        except Exception as error:  # noqa: BLE001 - pydicom's own trouble with a value must be the same with ours
            with pytest.raises(type(error)):
                ours[tag]
            continue
        element = ours[tag]
        assert element.VR == expected.VR or element.is_buffered
        if element.VR == "SQ":
            assert len(element.value) == len(expected.value)
            for item, other in zip(element.value, expected.value, strict=True):
                assert_equal(item, other)
        elif element.is_buffered:
            assert element.value.read() == expected.value
        else:
            assert element.value == expected.value or repr(element.value) == repr(expected.value)


@pytest.mark.parametrize("path", pydicom_files(), ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_pydicom_files(path: Path) -> None:
    if path.name in CUT:
        with pytest.raises(TruncatedError):
            read(path)
        return
    theirs = pydicom.dcmread(path, force=True)
    for lazy in (False, True):
        ours = read(path, lazy=lazy)
        assert_equal(ours, theirs)
        assert_equal(ours.file_meta, theirs.file_meta)
        assert ours.preamble == theirs.preamble
        assert ours.original_character_set == theirs.original_character_set
    from_memory = read(path.read_bytes())
    assert from_memory.keys() == theirs.keys()
    try:
        expected = to_bytes(pydicom.dcmread(path, force=True))
        syntax = theirs.file_meta.TransferSyntaxUID
    except (AttributeError, TypeError, ValueError):
        return
    if syntax == BIG:
        return
    for source in (pydicom.dcmread(path, force=True), read(path), read(path, lazy=True)):
        stream = io.BytesIO()
        save(source, stream)
        # Ours gives sequences defined lengths; pydicom keeps undefined ones. Otherwise the bytes are the same.
        if stream.getvalue() != expected:
            assert_equal(
                pydicom.dcmread(io.BytesIO(stream.getvalue())), pydicom.dcmread(io.BytesIO(expected))
            )


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED])
def test_bytes_are_pydicoms(syntax: str) -> None:
    dataset = make_dataset(syntax)
    expected = to_bytes(make_dataset(syntax))
    stream = io.BytesIO()
    save(dataset, stream)
    assert stream.getvalue() == expected
    for lazy in (False, True):
        stream = io.BytesIO()
        save(read(expected, lazy=lazy), stream)
        assert stream.getvalue() == expected


def test_encapsulated_pixels(tmp_path: Path) -> None:
    dataset = make_dataset(RLE)
    dataset.PixelData = encapsulate([b"ab" * 100, b"cd" * 70])
    dataset["PixelData"].VR = "OB"
    expected = to_bytes(dataset)
    path = tmp_path / "a.dcm"
    save(dataset, path)
    assert path.read_bytes() == expected
    for source in (read(path), read(path, lazy=True), read(expected, lazy=True)):
        assert bytes(pixel_source(source).read(0, pixel_source(source).size)) == dataset.PixelData
        stream = io.BytesIO()
        save(source, stream)
        assert stream.getvalue() == expected
    with pytest.raises(TruncatedError):
        read(expected[:-9])
    path.write_bytes(expected[:-30])
    with pytest.raises(TruncatedError):
        read(path, lazy=True)
    dataset.PixelData = b"no fragments"
    with pytest.raises(ArgumentError):
        save(dataset, io.BytesIO())


@pytest.mark.parametrize("source_syntax", [IMPLICIT, EXPLICIT])
@pytest.mark.parametrize("target", [IMPLICIT, EXPLICIT, DEFLATED])
@pytest.mark.parametrize("undefined", [False, True])
def test_conversion(source_syntax: str, target: str, undefined: bool) -> None:
    dataset = make_dataset(source_syntax)
    dataset["AnatomicRegionSequence"].is_undefined_length = undefined
    dataset.AnatomicRegionSequence[0].is_undefined_length_sequence_item = undefined
    FrameTable.of(5, {"SegmentIdentificationSequence.ReferencedSegmentNumber": np.arange(5)}).attach(dataset)
    source = read(to_bytes(dataset))
    source.file_meta.TransferSyntaxUID = target
    theirs = pydicom.dcmread(io.BytesIO(to_bytes(dataset)))
    theirs.file_meta.TransferSyntaxUID = target
    stream = io.BytesIO()
    save(source, stream)
    again = pydicom.dcmread(io.BytesIO(stream.getvalue()))
    assert_equal(again, pydicom.dcmread(io.BytesIO(to_bytes(theirs))))
    assert again.original_encoding == (target == IMPLICIT, True)


def test_change_of_character_set() -> None:
    dataset = read(to_bytes(make_dataset()))
    dataset.SpecificCharacterSet = "ISO_IR 100"
    stream = io.BytesIO()
    save(dataset, stream)
    assert "Müller^Jörg".encode("latin-1") in stream.getvalue()
    assert read(stream.getvalue()).PatientName == "Müller^Jörg"


def test_save_is_whole_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    save(make_dataset(), path)
    before = path.read_bytes()
    broken = make_dataset()
    broken.add_new(0x00091001, "LO", "x")
    broken.PixelData = b"x"
    broken.file_meta.TransferSyntaxUID = RLE
    with pytest.raises(ArgumentError):
        save(broken, path)
    assert path.read_bytes() == before
    with pytest.raises(FileExistsError):
        save(make_dataset(), path, overwrite=False)
    assert os.listdir(tmp_path) == ["a.dcm"]
    save(make_dataset(), tmp_path / "b.dcm", overwrite=False)
    assert (tmp_path / "b.dcm").read_bytes() == before
    link = tmp_path / "link.dcm"
    link.symlink_to(path)
    other = make_dataset()
    other.PatientID = "7"
    save(other, link)
    assert link.is_symlink() and read(path).PatientID == "7"
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        save(other, tmp_path / "none" / "a.dcm")
    assert sorted(os.listdir(tmp_path)) == ["a.dcm", "b.dcm", "link.dcm"]


def test_two_writers_without_overwriting(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    outcomes: list[str] = []

    def write() -> None:
        try:
            save(make_dataset(), path, overwrite=False, durable=False)
            outcomes.append("written")
        except FileExistsError:
            outcomes.append("refused")

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 7 + ["written"]
    assert path.read_bytes() == to_bytes(make_dataset())
    assert os.listdir(tmp_path) == ["a.dcm"]


def test_saving_onto_the_file_being_read(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    save(make_dataset(), path)
    lazy = read(path, lazy=True)
    lazy.PatientID = "changed"
    save(lazy, path)
    again = read(path)
    assert again.PatientID == "changed"
    assert again.PixelData == make_dataset().PixelData
    assert bytes(pixel_source(lazy).read(0, 32)) == again.PixelData


def test_save_refuses() -> None:
    dataset = make_dataset()
    del dataset.SOPInstanceUID
    with pytest.raises(ConformanceError):
        save(dataset, io.BytesIO())
    dataset = make_dataset(BIG)
    with pytest.raises(ArgumentError):
        save(dataset, io.BytesIO())
    dataset = make_dataset()
    del dataset.file_meta.TransferSyntaxUID
    dataset.set_original_encoding(False, True)
    with pytest.raises(ConformanceError):
        save(dataset, io.BytesIO())
    with pytest.raises(ArgumentTypeError):
        save(make_dataset(), 7)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError):
        read(7)  # type: ignore[arg-type]


def test_arguments_are_not_modified() -> None:
    dataset = make_dataset()
    del dataset.file_meta.TransferSyntaxUID
    dataset.file_meta.TransferSyntaxUID = EXPLICIT
    meta = copy.deepcopy(dataset.file_meta)
    before = copy.deepcopy(dataset)
    save(dataset, io.BytesIO())
    assert dataset == before and dataset.file_meta == meta


class Stream(io.RawIOBase):
    """A file-like object that returns a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.inner.seek(offset, whence)

    def tell(self) -> int:
        return self.inner.tell()

    def read(self, size: int = -1) -> bytes:
        return self.inner.read(min(size, 1000) if size > 0 else size)


def test_kinds_of_sources(tmp_path: Path) -> None:
    data = to_bytes(make_dataset())
    path = tmp_path / "a.dcm"
    path.write_bytes(data)
    expected = make_dataset().PixelData
    shifted = io.BytesIO(b"xyz" + data)
    shifted.seek(3)
    with path.open("rb") as handle:
        sources = [
            data,
            bytearray(data),
            memoryview(data),
            io.BytesIO(data),
            shifted,
            Stream(data),
            handle,
            path,
            str(path),
        ]
        for source in sources:
            for lazy in (False, True):
                if hasattr(source, "seek"):
                    source.seek(3 if source is shifted else 0)
                dataset = read(source, lazy=lazy)  # type: ignore[arg-type]
                assert dataset.PatientName == "Müller^Jörg"
                pixels = pixel_source(dataset)
                assert pixels.size == 32 and bytes(pixels.read(4, 6)) == expected[4:10]
                with pytest.raises(TruncatedError):
                    pixels.read(30, 3)
                if lazy:
                    assert isinstance(dataset["PixelData"].value, FileSlice)
                    assert dataset["PixelData"].value.read() == expected
                    dataset["PixelData"].value.seek(0)
                    assert read(to_bytes(dataset)).PixelData == expected  # pydicom writes the slice


def test_lazy_copies_and_pickles(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    save(make_dataset(), path)
    lazy = read(path, lazy=True)
    expected = make_dataset().PixelData
    assert copy.deepcopy(lazy)["PixelData"].value.read() == expected
    assert pickle.loads(pickle.dumps(lazy))["PixelData"].value.read() == expected
    assert lazy == copy.deepcopy(lazy)
    frozen = pickle.dumps(lazy)
    slice_ = lazy["PixelData"].value
    assert slice_.seek(-4, 2) == 28 and slice_.read(10) == expected[28:] and slice_.read() == b""
    slice_.source.close()
    with pytest.raises(ArgumentError):
        slice_.source.read(0, 1)
    save(make_dataset(IMPLICIT), path)
    with pytest.raises(DamagedFileError):
        pickle.loads(frozen)
    stream = read(Stream(path.read_bytes()), lazy=True)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError):
        pickle.dumps(stream["PixelData"].value)
    memory = read(path.read_bytes(), lazy=True)
    assert pickle.loads(pickle.dumps(memory["PixelData"].value)).read() == expected


def test_pixel_sources() -> None:
    assert bytes(PixelSource.of(bytearray(b"abcd")).read(1, 2)) == b"bc"
    dataset = make_dataset()
    dataset["PixelData"].value = io.BytesIO(b"abcd")
    assert bytes(pixel_source(dataset).read(0, 4)) == b"abcd"
    dataset["PixelData"].value = io.BufferedReader(io.BytesIO(b"abcd"))  # type: ignore[arg-type]
    assert bytes(pixel_source(dataset).read(1, 2)) == b"bc"
    stream = io.BytesIO()
    save(dataset, stream)
    assert read(stream.getvalue()).PixelData == b"abcd"
    del dataset.PixelData
    with pytest.raises(KeyError):
        pixel_source(dataset)


def test_file_changed_under_a_lazy_dataset(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    save(make_dataset(), path)
    lazy = read(path, lazy=True)
    os.truncate(path, 200)
    with pytest.raises(TruncatedError):
        pixel_source(lazy).read(0, 32)


def test_not_dicom(tmp_path: Path) -> None:
    for data in (
        b"",
        b"x",
        b"hello world, this is a text file. " * 20,
        bytes(1000),
        os.urandom(64) + b"\xff" * 600,
    ):
        with pytest.raises(DamagedFileError):
            read(data)
    with pytest.raises(NotDicomError):
        read(b"<html>" * 100)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_without_preamble_and_strict() -> None:
    data = to_bytes(make_dataset())
    assert read(data[132:]).PatientName == "Müller^Jörg"
    with pytest.raises(NotDicomError):
        read(data[132:], strict=True)
    assert read(data, strict=True).Rows == 4
    with pytest.raises(DamagedFileError):
        read(data + b"\0\0\0", strict=True)
    assert read(data + b"\0\0\0").Rows == 4
    wrong = data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0")
    assert read(wrong).Rows == 4
    with pytest.raises(DamagedFileError):
        read(wrong, strict=True)


def nested(depth: int, undefined: bool) -> bytes:
    value = b""
    for _ in range(depth):
        item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF if undefined else len(value)) + value
        item += b"\xfe\xff\x0d\xe0\0\0\0\0" if undefined else b""
        value = (
            struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF if undefined else len(item)) + item
        )
        value += b"\xfe\xff\xdd\xe0\0\0\0\0" if undefined else b""
    return value


@pytest.mark.parametrize("undefined", [False, True])
def test_nesting(undefined: bool) -> None:
    data = to_bytes(make_dataset())
    head = data[: _dataset_start(data)]
    level = read(head + nested(100, undefined))
    for _ in range(99):
        level = level.ReferencedImageSequence[0]
    started = time.perf_counter()
    for depth in (101, 5000):
        with pytest.raises(DamagedFileError, match="nested deeper"):
            read(head + nested(depth, undefined))
    with pytest.raises(DamagedFileError, match="nested deeper"):
        FrameTable.decode(nested(150, undefined)[12:], implicit=False)
    assert time.perf_counter() - started < 1


def test_deflate_bomb() -> None:
    start = to_bytes(make_dataset(DEFLATED))
    engine = zlib.compressobj(wbits=-15)
    bomb = engine.compress(bytes(50_000_000)) + engine.flush()
    assert read(start).Rows == 4
    with pytest.raises(DamagedFileError, match="allowed"):
        read(start[: _dataset_start(start)] + bomb, inflate_limit=1_000_000)
    with pytest.raises(TruncatedError):
        read(start[:-8])
    with pytest.raises(DamagedFileError):
        read(start[: _dataset_start(start)] + b"\xff" * 50)


def _dataset_start(data: bytes) -> int:
    length = struct.unpack_from("<L", data, 140)[0]
    return 144 + int(length)


def test_lies_about_lengths() -> None:
    data = to_bytes(make_dataset())
    start = _dataset_start(data)
    for lie in (0xFFFFFFF0, 0x7FFFFFFF, 0xFFFFFFFE):
        element = struct.pack("<HH2sHL", 0x0042, 0x0011, b"OB", 0, lie) + b"ab"
        with pytest.raises(TruncatedError):
            read(data[:start] + element)
        pixels = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, lie) + b"ab"
        for lazy in (False, True):
            with pytest.raises(TruncatedError):
                read(data[:start] + pixels, lazy=lazy)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED, RLE])
def test_truncated_anywhere(syntax: str, tmp_path: Path) -> None:
    dataset = make_dataset(syntax)
    if syntax == RLE:
        dataset.PixelData = encapsulate([b"ab" * 10, b"cd" * 7])
        dataset["PixelData"].VR = "OB"
    data = to_bytes(dataset)
    whole = read(data)
    path = tmp_path / "cut.dcm"
    for length in range(0, len(data)):
        try:
            ours = read(data[:length])
        except DamagedFileError:
            continue
        assert len(ours) < len(whole) or syntax == DEFLATED  # a cut between two elements cannot be seen
        path.write_bytes(data[:length])
        assert read(path, lazy=True).keys() == ours.keys()


def mutants() -> list[bytes]:
    """Seeded byte damage to a few small files."""
    chance = random.Random(20)
    sequence = encode_items([make_item() for _ in range(3)], implicit=False)
    dataset = make_dataset()
    FrameTable.decode(sequence, implicit=False).attach(dataset)
    compressed = make_dataset(RLE)
    compressed.PixelData = encapsulate([b"ab" * 10, b"cd" * 7])
    compressed["PixelData"].VR = "OB"
    whole = [
        to_bytes(dataset),
        to_bytes(make_dataset(IMPLICIT)),
        to_bytes(make_dataset(DEFLATED)),
        to_bytes(compressed),
    ]
    small = [path.read_bytes() for path in pydicom_files() if path.stat().st_size < 6000][:12]
    result = []
    for data in whole * 40 + small * 15:
        mutant = bytearray(data)
        for _ in range(chance.choice([1, 1, 2, 8])):
            mutant[chance.randrange(len(mutant))] = chance.choice([0, 0xFF, chance.randrange(256)])
        if chance.random() < 0.2:
            del mutant[chance.randrange(len(mutant)) :]
        result.append(bytes(mutant))
    return result


def make_item() -> Dataset:
    item = Dataset()
    item.PatientID = "x"
    item.FrameContentSequence = [Dataset()]
    item.FrameContentSequence[0].DimensionIndexValues = [1, 2]
    return item


@pytest.mark.filterwarnings("ignore")
def test_damaged_bytes(tmp_path: Path) -> None:
    opened = 0
    path = tmp_path / "mutant.dcm"
    for data in mutants():
        for lazy in (False, True):
            source: Any = data
            if lazy:
                path.write_bytes(data)
                source = path
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    dataset = read(source, lazy=lazy)
                    opened += 1
                    table = FrameTable.of_dataset(dataset)
                    for name in table.paths:
                        table.column(name)
                    if "PixelData" in dataset:
                        pixels = pixel_source(dataset)
                        pixels.read(0, pixels.size)
            except DicomposerError:
                continue
    assert opened > 100


def test_large_sequence_of_undefined_length(tmp_path: Path) -> None:
    dataset = make_dataset()
    items = [make_item() for _ in range(3000)]
    for item in items:
        item.is_undefined_length_sequence_item = True
    dataset.PerFrameFunctionalGroupsSequence = items
    dataset["PerFrameFunctionalGroupsSequence"].is_undefined_length = True
    path = tmp_path / "a.dcm"
    path.write_bytes(to_bytes(dataset))
    for lazy in (False, True):
        ours = read(path, lazy=lazy)
        table = FrameTable.of_dataset(ours)
        assert table.frames == 3000
        assert table.column("FrameContentSequence.DimensionIndexValues")[2999].tolist() == [1, 2]
        assert bytes(pixel_source(ours).read(0, 32)) == make_dataset().PixelData
