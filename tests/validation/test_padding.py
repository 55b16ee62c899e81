"""Padding, roots of UIDs and private elements, in files as bytes."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO

import pytest
from pydicom import dcmwrite
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from tests.validation.objects import ct_series

from dicomposer.validation import validate


def written(dataset: Dataset, *, implicit: bool = False) -> bytes:
    dataset = deepcopy(dataset)
    dataset.file_meta = FileMetaDataset(dataset.file_meta)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    out = BytesIO()
    dcmwrite(out, dataset, implicit_vr=implicit, little_endian=True, enforce_file_format=True)
    return out.getvalue()


def image() -> Dataset:
    return deepcopy(ct_series()[0])


def named(data: bytes) -> dict[str, str]:
    return {finding.path: finding.message for finding in validate(data, pixels=False).errors}


def test_a_uid_is_padded_with_nul_and_text_with_a_space() -> None:
    dataset = image()
    dataset.FrameOfReferenceUID, dataset.StationName = "1.2.3.44", "AB"
    dataset.FrameOfReferenceUID = "1.2.3.444"
    dataset.StationName = "ABC"
    good = written(dataset)
    assert not named(good).keys() & {"FrameOfReferenceUID", "StationName"}
    broken = good.replace(b"1.2.3.444\0", b"1.2.3.444 ").replace(b"SH\x04\0ABC ", b"SH\x04\0ABC\0")
    found = named(broken)
    assert "space" in found["FrameOfReferenceUID"] and "NUL" in found["StationName"]


def test_several_dates_may_need_a_space_at_the_end() -> None:
    dataset = image()
    dataset.DateOfLastCalibration = ["20090304", "20090305"]
    assert "DateOfLastCalibration" not in named(written(dataset))


@pytest.mark.parametrize("uid", ["0.0.0.0", "0.0.27.1", "0.6.1", "3.1", "999.999"])
def test_a_root_that_nobody_has_given_out(uid: str) -> None:
    dataset = image()
    dataset.FrameOfReferenceUID = uid
    assert "root" in named(written(dataset))["FrameOfReferenceUID"]


@pytest.mark.parametrize("uid", ["0.0.24.751.1", "0.4.0.1", "1.2.3", "2.25.7"])
def test_roots_that_are_given_out(uid: str) -> None:
    dataset = image()
    dataset.FrameOfReferenceUID = uid
    assert "FrameOfReferenceUID" not in named(written(dataset))


def test_a_creator_has_the_vr_lo() -> None:
    dataset = image()
    dataset.add(DataElement(0x00990010, "LO", "ABCD"))
    dataset.add(DataElement(0x00991001, "SH", "x"))
    good = written(dataset)
    assert not any("(0099" in path for path in named(good))
    broken = good.replace(b"LO\x04\0ABCD", b"SH\x04\0ABCD")
    assert broken != good
    assert "VR SH" in named(broken)["(0099,0010)"]


@pytest.mark.filterwarnings("ignore:The value length")
def test_the_vr_that_a_dictionary_gives_a_private_element_is_no_rule() -> None:
    dataset = image()
    dataset.add(DataElement(0x00510010, "LO", "SIEMENS MR HEADER"))
    dataset.add(DataElement(0x0051100E, "SH", "longer than sixteen characters"))
    assert "(0051,100E)" in named(written(dataset))
    assert "(0051,100E)" not in named(written(dataset, implicit=True))


def test_the_file_meta_information_says_its_version() -> None:
    good = written(image())
    assert "FileMetaInformationVersion" not in named(good)
    start = good.index(b"\x02\0\x01\0OB")
    broken = good[:start] + good[start + 14 :]
    length = broken.index(b"UL\x04\0") + 4
    size = int.from_bytes(broken[length : length + 4], "little") - 14
    broken = broken[:length] + size.to_bytes(4, "little") + broken[length + 4 :]
    assert named(broken)["FileMetaInformationVersion"] == "is missing"
