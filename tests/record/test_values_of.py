"""Values of damaged datasets: typed errors that name the attribute and quote nothing."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag

from dicomposer.errors import DamagedFileError, MissingAttributeError
from dicomposer.record import (
    float_values,
    has,
    int_value,
    items_of,
    pixel_source,
    read,
    required,
    save,
    text_value,
    text_values,
    undecoded,
    understood,
    value_of,
)


def raw(keyword: str, vr: str | None, value: bytes) -> Dataset:
    tag = Tag(keyword)
    return Dataset({tag: RawDataElement(tag, vr, len(value), value, 0, vr is None, True)})


def test_plain_values() -> None:
    dataset = Dataset()
    dataset.Rows, dataset.PixelSpacing, dataset.ImageType = 7, [1.5, 2], ["A", "B"]
    dataset.PatientID, dataset.NumberOfFrames = "", "12"
    assert int_value(dataset, "Rows") == 7 and int_value(dataset, "NumberOfFrames") == 12
    assert float_values(dataset, "PixelSpacing") == (1.5, 2.0)
    assert text_values(dataset, "ImageType") == ("A", "B") and text_value(dataset, "ImageType") == "A"
    for absent in ("PatientID", "Columns"):
        assert value_of(dataset, absent) is None and text_value(dataset, absent) is None
    assert int_value(dataset, "Columns") is None and float_values(dataset, "ImagePositionPatient") is None
    assert len(items_of(dataset, "SegmentSequence")) == 0


def test_undecoded_values() -> None:
    assert int_value(raw("Rows", "US", b"\x07\0"), "Rows") == 7
    assert float_values(raw("PixelSpacing", "DS", b"1.5\\2 "), "PixelSpacing") == (1.5, 2.0)
    spacing = raw("SpacingBetweenSlices", "FD", b"\0\0\0\0\0\0\xf8?")
    assert float_values(spacing, "SpacingBetweenSlices") == (1.5,)
    assert undecoded(raw("PatientID", "LO", b"AB "), "PatientID") == b"AB "
    assert undecoded(raw("Rows", None, b"\x07\0"), "Rows") == 7
    assert undecoded(spacing, "PatientID") is None


def test_presence() -> None:
    dataset = raw("PatientID", "LO", b"")
    dataset.PatientName = None
    assert has(dataset, "PatientID") and has(dataset, "PatientName") and not has(dataset, "Rows")


@pytest.mark.parametrize(
    ("keyword", "vr", "value"),
    [
        ("Rows", "PS", b"SECRET"),
        ("Rows", "US", b"\1\0\2\0"),
        ("Rows", "US", b"\1"),
        ("Rows", "LO", b"SECRET"),
        ("Rows", "FD", b"\0\0\0\0\0\0\xf8\x7f"),
        ("NumberOfFrames", "IS", b"SECRET"),
        ("NumberOfFrames", "IS", b"1.5"),
        ("NumberOfFrames", "IS", b"1\\2"),
    ],
)
def test_no_whole_number(keyword: str, vr: str, value: bytes) -> None:
    with pytest.raises(DamagedFileError, match=keyword) as caught:
        int_value(raw(keyword, vr, value), keyword)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("value", [b"SECRET", b"1\\SECRET", b"\x138.05", b"1\\\\2"])
def test_no_numbers(value: bytes) -> None:
    with pytest.raises(DamagedFileError, match="PixelSpacing") as caught:
        float_values(raw("PixelSpacing", "DS", value), "PixelSpacing")
    assert "SECRET" not in str(caught.value)


def test_no_sequence() -> None:
    for vr, value in (("LO", b"SECRET"), ("DS", b"1\\2"), ("US", b"\1\0"), ("SQ", b"SECRET")):
        with pytest.raises(DamagedFileError, match="SegmentSequence") as caught:
            items_of(raw("SegmentSequence", vr, value), "SegmentSequence")
        assert "SECRET" not in str(caught.value)


def test_helpers() -> None:
    assert required(0, "Rows") == 0
    with pytest.raises(MissingAttributeError, match="Rows"):
        required(None, "Rows")
    with pytest.raises(DamagedFileError, match="the palette") as caught, understood("the palette"):
        raise KeyError("SECRET")
    assert "SECRET" not in str(caught.value)
    with pytest.raises(MissingAttributeError), understood("the palette"):
        raise MissingAttributeError("typed already")


def test_unknown_representation_of_the_character_set(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    dataset = _image()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    save(dataset, path)
    data = path.read_bytes()
    with pytest.raises(DamagedFileError, match="Specific Character Set"):
        read(data.replace(b"\x08\x00\x05\x00CS", b"\x08\x00\x05\x00PS"))


def _image() -> Dataset:
    from dicomposer import samples

    return samples.phantom_series("CT", shape=(1, 8, 8)).datasets[0]


def test_file_rewritten_in_place(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    save(_image(), path)
    lazy = read(path, lazy=True)
    source = pixel_source(lazy)
    assert len(source.read(0, 32)) == 32
    frozen = pickle.dumps(lazy)
    data = bytearray(path.read_bytes())
    data[-8:] = b"\1" * 8
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(1, 1))  # the clock of file systems ticks slowly
    for use in (
        lambda: source.read(0, 32),
        lambda: lazy.PixelData.read(),
        lambda: bytes(lazy.PixelData),
        lambda: pickle.loads(frozen),
    ):
        with pytest.raises(DamagedFileError, match="changed since it was opened"):
            use()


def test_file_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    save(_image(), path)
    lazy = read(path, lazy=True)
    before = bytes(lazy.PixelData)
    other = _image()
    other.PixelData = b"\1" * len(before)
    save(other, path)
    assert bytes(lazy.PixelData) == before


def test_lazy_pixels_as_bytes_and_json(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    save(_image(), path)
    whole, lazy = read(path), read(path, lazy=True)
    assert len(lazy.PixelData) == len(whole.PixelData) == 128
    assert bytes(lazy.PixelData) == whole.PixelData
    assert lazy.to_json_dict() == whole.to_json_dict()
    bulk = lazy.to_json_dict(bulk_data_threshold=16, bulk_data_element_handler=lambda element: "where")
    assert bulk["7FE00010"] == {"vr": "OW", "BulkDataURI": "where"}


@pytest.mark.parametrize(
    "keyword", ["CodeValue", "CodeMeaning", "CodingSchemeDesignator", "CodingSchemeVersion"]
)
def test_codes_that_cannot_be_decoded(keyword: str) -> None:
    from dicomposer.coding import CodedConcept

    concept = CodedConcept("10200004", "SCT", "Liver", "1")
    concept._dict[Tag(keyword)] = raw(keyword, "KO", b"SECRET")._dict[Tag(keyword)]
    names = {"CodeValue": "value", "CodeMeaning": "meaning", "CodingSchemeDesignator": "scheme_designator"}
    with pytest.raises(DamagedFileError, match=keyword) as caught:
        getattr(concept, names.get(keyword, "scheme_version"))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
def test_binary_numbers_that_nobody_has_decoded(tmp_path: Path, syntax: str) -> None:
    dataset = Dataset()
    dataset.GraphicData, dataset.ReferencedSegmentNumber = [1.5, 8224.0], 8224  # 8224: two spaces
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(tmp_path / "a.dcm", implicit_vr=syntax.endswith("1.2"), little_endian=True)
    found = dcmread(tmp_path / "a.dcm", force=True)
    assert float_values(found, "GraphicData") == (1.5, 8224.0)
    assert float_values(found, "ReferencedSegmentNumber") == (8224.0,)
