"""Columns <-> bytes, with pydicom as the second opinion."""

from __future__ import annotations

import copy
import pickle
import struct
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from pydicom.dataset import Dataset
from pydicom.values import convert_SQ

from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    DamagedFileError,
    DicomposerError,
    TruncatedError,
)
from dicomposer.record import Categories, FrameTable, read, save
from record_samples import encode_items, make_dataset, to_bytes

D = "DerivationImageSequence."
S = D + "SourceImageSequence."
P = S + "PurposeOfReferenceCodeSequence."


def columns(frames: int, seed: int = 0) -> dict[str, Any]:
    """Return columns as a segmentation has them."""
    rng = np.random.default_rng(seed)
    planes = rng.integers(0, 7, frames)
    uids = [f"1.2.3.{10 ** int(k)}" for k in range(7)]
    return {
        S + "ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        S + "ReferencedSOPInstanceUID": Categories(planes, uids),
        S + "SpatialLocationsPreserved": "YES",
        P + "CodeValue": "121322",
        P + "CodingSchemeDesignator": "DCM",
        P + "CodeMeaning": "Source image",
        "FrameContentSequence.DimensionIndexValues": np.stack([planes + 1, np.arange(frames) + 1], 1),
        "PlanePositionSequence.ImagePositionPatient": np.stack(
            [np.full(frames, -10.5), planes * 0.1, planes * 123.456789], 1
        ),
        "PlanePositionSlideSequence.XOffsetInSlideCoordinateSystem": planes / 3,
        "PlanePositionSlideSequence.RowPositionInTotalImagePixelMatrix": planes * 256 + 1,
        "SegmentIdentificationSequence.ReferencedSegmentNumber": planes + 1,
    }


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("frames", [0, 1, 2, 50, 700])
def test_pydicom_reads_what_we_encode(frames: int, implicit: bool) -> None:
    given_columns = columns(frames)
    value = FrameTable.of(frames, given_columns).encode(implicit=implicit)
    items = convert_SQ(value, implicit, True)
    assert len(items) == frames
    positions = given_columns["PlanePositionSequence.ImagePositionPatient"]
    uids = given_columns[S + "ReferencedSOPInstanceUID"].tolist()
    for index, item in enumerate(items):
        source = item.DerivationImageSequence[0].SourceImageSequence[0]
        assert source.ReferencedSOPInstanceUID == uids[index]
        assert source.PurposeOfReferenceCodeSequence[0].CodeMeaning == "Source image"
        assert item.FrameContentSequence[0].DimensionIndexValues[1] == index + 1
        assert np.allclose(item.PlanePositionSequence[0].ImagePositionPatient, positions[index])
        assert list(item.keys()) == sorted(item.keys())
    # pydicom encodes the same items to the same bytes.
    assert encode_items(list(items), implicit=implicit) == value


@pytest.mark.parametrize("implicit", [False, True])
def test_decode_gives_the_columns_back(implicit: bool) -> None:
    table = FrameTable.of(300, columns(300))
    again = FrameTable.decode(table.encode(implicit=implicit), implicit=implicit)
    assert again.frames == 300
    assert set(again.paths) == set(table.paths)
    for path in table.paths:
        assert table.categories(path) == again.categories(path), path
    assert again == table
    numbers = again.numbers("SegmentIdentificationSequence.ReferencedSegmentNumber")
    assert numbers.dtype == np.uint16 and numbers.shape == (300, 1)
    assert np.array_equal(
        again.column("FrameContentSequence.DimensionIndexValues"),
        columns(300)["FrameContentSequence.DimensionIndexValues"],
    )
    assert again.encode(implicit=not implicit) == table.encode(implicit=not implicit)
    assert again.column("PixelMeasuresSequence.PixelSpacing") is None


VALUES: dict[str, Any] = {
    "PatientID": st.text("abc é", max_size=9).map(str.strip),
    "ImagePositionPatient": st.lists(st.sampled_from([0.5, -3.25, 100.0, 1e-7]), min_size=0, max_size=3),
    "ReferencedFrameNumber": st.integers(-5, 2000),
    "ReferencedSegmentNumber": st.integers(0, 65535),
    "DimensionIndexValues": st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3),
    "RecommendedDisplayFrameRateInFloat": st.floats(allow_nan=False, width=32),
    "FrameAcquisitionDuration": st.floats(allow_nan=False),
    "ReferencedSOPInstanceUID": st.sampled_from(["1.2.3", "1.2.34", ""]),
    "DimensionIndexPointer": st.sampled_from([0x00200032, 0x0062000A]),
}
leaves = st.fixed_dictionaries({}, optional=VALUES)
SEQUENCES = ["FrameContentSequence", "DerivationImageSequence", "SourceImageSequence"]


def level(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    if not depth:
        return leaves
    nested = st.lists(level(depth - 1), max_size=2)
    return st.builds(
        lambda a, b: a | b, leaves, st.dictionaries(st.sampled_from(SEQUENCES), nested, max_size=2)
    )


def build(content: dict[str, Any], undefined: bool) -> Dataset:
    item = Dataset()
    for keyword, value in content.items():
        if keyword in SEQUENCES:
            setattr(item, keyword, [build(child, undefined) for child in value])
            item[keyword].is_undefined_length = undefined
        else:
            setattr(item, keyword, value)
    item.is_undefined_length_sequence_item = undefined
    return item


def plain(value: Any) -> Any:
    if value is None or value == "" or (isinstance(value, (list, tuple)) and not len(value)):
        return None
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "__iter__"):
        return tuple(plain(part) for part in value)
    return float(value) if isinstance(value, float) else int(value)


def compare(table: FrameTable, index: int, content: Dataset, prefix: str = "") -> None:
    for element in content:
        path = prefix + element.keyword
        if element.VR == "SQ":
            state = table.column(path)
            if not element.value:
                assert state.tolist()[index] == ()
            for number, child in enumerate(element.value):
                compare(table, index, child, f"{path}[{number}]." if number else f"{path}.")
        else:
            assert plain(table.categories(path).tolist()[index]) == plain(element.value), path


@settings(max_examples=120)
@given(st.lists(level(2), max_size=6), st.booleans(), st.booleans(), st.booleans())
def test_decode_agrees_with_pydicom(
    contents: list[dict[str, Any]], implicit: bool, little: bool, undefined: bool
) -> None:
    little = little or implicit
    items = [build(content, undefined) for content in contents]
    value = encode_items(items, implicit=implicit, little=little)
    table = FrameTable.decode(value, implicit=implicit, little=little, charsets=["utf-8"])
    assert table.frames == len(items)
    read_back = convert_SQ(value, implicit, little, ["utf-8"])
    for index, item in enumerate(read_back):
        compare(table, index, item)
    # Our encoding is pydicom's encoding with defined lengths, in any target encoding.
    for target in (False, True):
        expected = encode_items([build(content, False) for content in contents], implicit=target)
        assert table.encode(implicit=target) == expected
    assert sorted(np.concatenate([layout.frames for layout in table.layouts] or [[]])) == list(
        range(len(items))
    )


def test_absence_and_empty_sequences() -> None:
    present = np.array([True, False, True, False])
    table = FrameTable.of(
        4,
        {
            "DerivationImageSequence": Categories([1, 0, 1, -1], [(), True]),
            S + "ReferencedSOPInstanceUID": Categories([0, 0, 1, 1], ["1.2", "1.2.3.4"]),
            D + "DerivationCodeSequence.CodeValue": "113076",
            "PlanePositionSequence.ImagePositionPatient": Categories([0, -1, -1, 0], [(1.0, 2.0, 3.0)]),
            "FrameContentSequence": present,
            "FrameContentSequence.FrameComments": None,
            "UnassignedSharedConvertedAttributesSequence": (),
        },
    )
    items = convert_SQ(table.encode(implicit=False), False, True)
    assert [len(item.get("DerivationImageSequence", "absent")) for item in items] == [1, 0, 1, 6]
    assert ["PlanePositionSequence" in item for item in items] == [True, False, False, True]
    assert ["FrameContentSequence" in item for item in items] == present.tolist()
    assert items[0].FrameContentSequence[0].FrameComments in ("", None)
    again = FrameTable.decode(table.encode(implicit=True), implicit=True)
    assert again == table
    assert again.column("DerivationImageSequence").tolist() == [True, (), True, None]
    assert again.column("UnassignedSharedConvertedAttributesSequence").tolist() == [()] * 4
    assert "UnassignedSharedConvertedAttributesSequence" in again
    for path in again.paths:
        assert table.categories(path) == again.categories(path), path
    numbers = again.numbers("PlanePositionSequence.ImagePositionPatient")
    assert np.array_equal(np.isnan(numbers[:, 0]), [False, True, True, False])
    assert {layout.elements for layout in again.layouts} == {layout.elements for layout in table.layouts}
    assert len(again.layouts) == 4
    assert again.layouts[1].sequences["DerivationImageSequence"] == 0


def test_several_items() -> None:
    table = FrameTable.of(
        3,
        {
            S + "ReferencedSOPInstanceUID": Categories([0, 1, 0], ["1.2", "1.3"]),
            D + "SourceImageSequence[1].ReferencedSOPInstanceUID": Categories([0, -1, 0], ["1.4"]),
        },
    )
    items = convert_SQ(table.encode(implicit=True), True, True)
    assert [len(item.DerivationImageSequence[0].SourceImageSequence) for item in items] == [2, 1, 2]


def test_private_and_unknown_elements_survive() -> None:
    item = Dataset()
    block = item.private_block(0x0021, "ACME", create=True)
    block.add_new(1, "SH", "x")
    block.add_new(2, "FD", 2.5)
    value = encode_items([item, item], implicit=False)
    table = FrameTable.decode(value, implicit=False)
    assert table.encode(implicit=False) == value
    assert table.categories("00211001").values == ("x",)
    assert np.array_equal(table.column("00211002"), [2.5, 2.5])
    assert table.select([1]).encode(implicit=False) == value[: len(value) // 2]


def test_select() -> None:
    table = FrameTable.of(40, columns(40))
    for source in (table, FrameTable.decode(table.encode(implicit=False), implicit=False)):
        chosen = source.select([5, -1, 5])
        items = convert_SQ(source.encode(implicit=False), False, True)
        assert chosen.encode(implicit=False) == encode_items([items[5], items[39], items[5]], implicit=False)
        assert source.select(np.arange(40) < 3).frames == 3
        with pytest.raises(ArgumentError):
            source.select([40])


@pytest.mark.parametrize(
    ("frames", "wrong", "error"),
    [
        (2, {"NoSuchKeyword": "x"}, ArgumentError),
        (2, {"PatientID.CodeValue": "x"}, ArgumentError),
        (2, {"FrameContentSequence.FrameAcquisitionNumber": np.array([1, 70000])}, ArgumentError),
        (2, {"FrameContentSequence.FrameAcquisitionNumber": np.array([1, -1])}, ArgumentError),
        (2, {"FrameContentSequence.FrameAcquisitionNumber": np.array([1.5, 1.0])}, ArgumentError),
        (2, {"FrameContentSequence.FrameAcquisitionNumber": np.array([1, 2, 3])}, ArgumentError),
        (2, {"FrameContentSequence.FrameAcquisitionNumber": "one"}, ArgumentTypeError),
        (2, {"PlanePositionSequence.ImagePositionPatient": np.array([np.nan, 1.0])}, ArgumentError),
        (2, {S + "ReferencedSOPInstanceUID": "é"}, ArgumentError),
        (2, {"FrameContentSequence": "x"}, ArgumentTypeError),
        (-1, {}, ArgumentError),
        (2, {"PatientID": "a", "PatientID ": "b"}, ArgumentError),
    ],
)
def test_wrong_columns(frames: int, wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        FrameTable.of(frames, wrong)


def test_wrong_categories() -> None:
    with pytest.raises(ArgumentError):
        Categories([0, 2], ["a", "b"])
    with pytest.raises(ArgumentTypeError):
        Categories([0.5], ["a"])
    with pytest.raises(KeyError):
        FrameTable.of(1, {}).numbers("PatientID")
    with pytest.raises(ArgumentTypeError):
        FrameTable.of(1, {"PatientID": "x"}).numbers("PatientID")


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
def test_attach_and_of_dataset(syntax: str) -> None:
    dataset = make_dataset(syntax)
    table = FrameTable.of(30, columns(30))
    table.attach(dataset)
    assert FrameTable.of_dataset(dataset) is table
    raw = to_bytes(dataset)
    assert table.encode(implicit=syntax == "1.2.840.10008.1.2") in raw
    again = read(raw)
    first = FrameTable.of_dataset(again)
    assert first == table and FrameTable.of_dataset(again) is first
    assert FrameTable.of_dataset(copy.deepcopy(again)) is first
    assert FrameTable.of_dataset(pickle.loads(pickle.dumps(again))) == table
    assert pydicom.dcmread(BytesIO(raw)).PatientName == "Müller^Jörg"
    # The dataset is the truth: an edit through pydicom is seen.
    again.PerFrameFunctionalGroupsSequence[3].SegmentIdentificationSequence[0].ReferencedSegmentNumber = 999
    edited = FrameTable.of_dataset(again)
    assert edited.numbers("SegmentIdentificationSequence.ReferencedSegmentNumber")[3, 0] == 999
    again.PerFrameFunctionalGroupsSequence = again.PerFrameFunctionalGroupsSequence[:2]
    assert FrameTable.of_dataset(again).frames == 2
    del again.PerFrameFunctionalGroupsSequence
    assert FrameTable.of_dataset(again).frames == 0


def test_deferred_by_pydicom(tmp_path: Path) -> None:
    dataset = make_dataset()
    FrameTable.of(30, columns(30)).attach(dataset)
    path = tmp_path / "a.dcm"
    save(dataset, path)
    assert FrameTable.of_dataset(pydicom.dcmread(path, defer_size=100)).frames == 30
    assert FrameTable.of_dataset(pydicom.dcmread(path)).frames == 30


def test_attach_after_reading_in_another_encoding() -> None:
    first = make_dataset("1.2.840.10008.1.2")
    again = read(to_bytes(first))
    again.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    FrameTable.of(3, columns(3)).attach(again)
    stream = BytesIO()
    save(again, stream)
    result = pydicom.dcmread(BytesIO(stream.getvalue()))
    assert result.AnatomicRegionSequence[0].CodeMeaning == "Tissue"
    assert len(result.PerFrameFunctionalGroupsSequence) == 3
    assert result.SmallestImagePixelValue == 3


def test_undefined_lengths_with_lookalikes() -> None:
    """Values that look like the start of an item mislead the guess of item starts, not the result."""
    items = []
    for index in range(40):
        item = Dataset()
        item.add_new(0x00080018, "UI", f"1.2.{index}")
        item.add_new(
            0x00420011, "OB", bytes.fromhex("feff00e0ffffffff08001800554906"[:28]) + bytes([index, 0])
        )
        item.is_undefined_length_sequence_item = True
        items.append(item)
    value = encode_items(items, implicit=False)
    table = FrameTable.decode(value, implicit=False)
    assert table.categories("SOPInstanceUID").tolist() == [f"1.2.{index}" for index in range(40)]


def test_many_distinct_lengths_stay_linear() -> None:
    frames = 3000
    texts = ["x" * (2 * (index % 500)) for index in range(frames)]
    table = FrameTable.of(
        frames,
        {
            "FrameContentSequence.FrameComments": np.array(texts, object),
            "FrameContentSequence.FrameLabel": np.array([t[::-1] for t in texts], object),
        },
    )
    again = FrameTable.decode(table.encode(implicit=False), implicit=False)
    assert again.categories("FrameContentSequence.FrameComments").tolist() == [t or None for t in texts]


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("undefined", [False, True])
def test_truncated_anywhere(implicit: bool, undefined: bool) -> None:
    items = [
        build({"FrameContentSequence": [{"PatientID": "ab"}], "PatientID": "x"}, undefined) for _ in range(3)
    ]
    value = encode_items(items, implicit=implicit)
    whole = {0} | {len(encode_items(items[:n], implicit=implicit)) for n in (1, 2, 3)}
    for length in range(len(value)):
        if length in whole:
            continue
        with pytest.raises(DamagedFileError):
            FrameTable.decode(value[:length], implicit=implicit)
    with pytest.raises(TruncatedError):
        FrameTable.decode(value[:-3], implicit=implicit)


@settings(max_examples=300)
@given(st.data())
def test_damage_gives_typed_errors(data: st.DataObject) -> None:
    implicit = data.draw(st.booleans())
    undefined = data.draw(st.booleans())
    content = {
        "FrameContentSequence": [{"PatientID": "ab", "ImagePositionPatient": [1.5, 2]}],
        "PatientID": "x",
    }
    value = bytearray(encode_items([build(content, undefined) for _ in range(4)], implicit=implicit))
    for _ in range(data.draw(st.integers(1, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = FrameTable.decode(bytes(value), implicit=implicit)
        for path in table.paths:
            table.column(path)
        table.encode(implicit=False)
    except DicomposerError:
        pass


def test_every_frame_of_another_structure_stays_linear() -> None:
    """Items of one size, no two of the same structure: the tags differ."""
    frames = 4000
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 96)
    value = b"".join(
        item + struct.pack("<HH2sH", 0x0009, index, b"LO", 88) + bytes(88) for index in range(1, frames + 1)
    )
    started = time.process_time()
    table = FrameTable.decode(value, implicit=False)
    assert table.frames == frames and len(table.layouts) == frames
    assert table.encode(implicit=False) == value
    assert time.process_time() - started < 10
