"""Elements of a file: twice, out of order, wrong lengths, what is before and behind them."""

from __future__ import annotations

from io import BytesIO
from struct import pack

import pytest
from pydicom import dcmread
from pydicom.dataelem import DataElement
from tests.validation.objects import ct_series, encoded

from dicomposer.record import read, read_notes
from dicomposer.validation import validate


@pytest.fixture(scope="module")
def data() -> bytes:
    return encoded(ct_series()[0])


def named(data: bytes, rule: str) -> list[tuple[str, str, str]]:
    return [(f.path, f.level, f.message.split(";")[0]) for f in validate(data) if f.rule_id == rule]


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    return pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def find(data: bytes, tag: int) -> int:
    return data.index(pack("<HH", tag >> 16, tag & 0xFFFF), 132)


def test_a_good_file(data: bytes) -> None:
    for rule in ("element-order", "trailing-bytes", "preamble", "meta-length", "group-length"):
        assert not named(data, rule)
    assert read_notes(read(data)).disorder == ()


def test_an_element_that_stands_twice(data: bytes) -> None:
    at = find(data, 0x00080060)
    twice = data[:at] + element(0x00080060, b"CS", b"MR") + data[at:]
    assert named(twice, "element-order") == [("Modality", "error", "stands twice")]


def test_an_element_out_of_order(data: bytes) -> None:
    at = find(data, 0x00080060)
    early = data[:at] + element(0x00100020, b"LO", b"12") + data[at:]
    assert ("Modality", "error", "stands behind a higher tag") in named(early, "element-order")


def test_many_are_noted_up_to_a_bound(data: bytes) -> None:
    at = find(data, 0x00080060)
    many = data[:at] + element(0x00080008, b"CS", b"A ") * 500 + data[at:]
    assert len(read_notes(read(many)).disorder) == 100
    assert [f.count for f in validate(many) if f.rule_id == "element-order"] == [100]


def test_order_in_items(data: bytes) -> None:
    item = element(0x00081150, b"UI", b"1.2\0") + element(0x00081155, b"UI", b"1.2\0")
    for extra, tag, message in (
        (element(0x00081155, b"UI", b"1.3\0"), "ReferencedSOPInstanceUID", "stands twice"),
        (element(0x00081140, b"SH", b"1 "), "ReferencedImageSequence", "stands behind a higher tag"),
    ):
        inner = pack("<HHL", 0xFFFE, 0xE000, len(item + extra)) + item + extra
        sequence = pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, len(inner)) + inner
        at = find(data, 0x00100010)
        found = named(data[:at] + sequence + data[at:], "element-order")
        assert (f"ReferencedImageSequence[0].{tag}", "error", message) in found


def test_bytes_behind_the_last_element(data: bytes) -> None:
    assert named(data + b"\0\0\0", "trailing-bytes")


def test_no_preamble(data: bytes) -> None:
    assert [level for _, level, _ in named(data[132:], "preamble")] == ["error"]


def test_length_of_the_file_meta_information(data: bytes) -> None:
    at = find(data, 0x00020000) + 8
    wrong = data[:at] + pack("<L", 7) + data[at + 4 :]
    assert [path for path, _, _ in named(wrong, "meta-length")] == ["FileMetaInformationGroupLength"]


def test_group_lengths(data: bytes) -> None:
    dataset = dcmread(BytesIO(data))
    right = sum(8 + len(one.value or b"") for one in read(data)._dict.values() if one.tag >> 16 == 0x0028)
    for length, levels in ((right, ["advice"]), (right + 2, ["warning", "advice"])):
        at = min(find(data, tag) for tag in (0x00280002,))
        there = data[:at] + element(0x00280000, b"UL", pack("<L", length)) + data[at:]
        assert [level for _, level, _ in named(there, "group-length")] == levels
    dataset.add(DataElement(0x00280000, "UL", 1))
    assert [f.level for f in validate(dataset) if f.rule_id == "group-length"] == ["advice"]
