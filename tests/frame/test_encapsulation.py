"""Fragments and offset tables, right and wrong."""

from __future__ import annotations

import struct

import numpy as np
import pydicom.encaps
import pytest
from hypothesis import given, strategies as st

from dicomposer.errors import ArgumentError, DamagedFileError, TruncatedError
from dicomposer.frame import BytesSource, FrameReader, PixelFormat, encapsulate, encode_frames

RLE = "1.2.840.10008.1.2.5"
JPEG_LS = "1.2.840.10008.1.2.4.80"
FMT = PixelFormat(rows=4, columns=8, bits_allocated=8)
FRAMES = np.random.default_rng(0).integers(0, 255, (5, 4, 8)).astype(np.uint8)
ENCODED = encode_frames(FRAMES, FMT, RLE)


class CountingSource(BytesSource):
    """A lazy file: what was asked for is counted."""

    def __init__(self, value):
        super().__init__(value)
        self.bytes_read = 0

    def read(self, offset, length):
        found = super().read(offset, length)
        self.bytes_read += len(found)
        return bytes(found)


def reader(value, frames=5, **tables):
    return FrameReader(value, FMT, RLE, frames, **tables)


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8), st.booleans())
def test_the_same_bytes_as_pydicom(frames, extended):
    ours = encapsulate(frames, extended=extended)
    if extended:
        assert tuple(map(bytes, ours)) == pydicom.encaps.encapsulate_extended(frames)
    else:
        assert bytes(ours.value) == pydicom.encaps.encapsulate(frames)
        assert ours.extended_offsets is None
        assert ours.extended_lengths is None


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("delimiter", [b"", b"\xfe\xff\xdd\xe0\0\0\0\0", b"\0"])
def test_round_trip(extended, delimiter):
    value, offsets, lengths = encapsulate(ENCODED, extended=extended)
    frames = reader(bytes(value) + delimiter, extended_offsets=offsets, extended_lengths=lengths)
    assert np.array_equal(frames.arrays(), FRAMES)
    assert np.array_equal(frames.array(-1), FRAMES[-1])
    assert np.array_equal(frames.arrays([3, 0, 3]), FRAMES[[3, 0, 3]])
    frames.verify()
    assert frames.notices == ([] if delimiter != b"\0" else frames.notices)
    with pytest.raises(IndexError):
        frames.array(5)


def test_empty_table():
    value = pydicom.encaps.encapsulate(ENCODED, has_bot=False)
    assert np.array_equal(reader(value).arrays(), FRAMES)


def test_random_access_reads_little():
    value, offsets, lengths = encapsulate(ENCODED * 200, extended=True)
    source = CountingSource(value * 1)
    frames = FrameReader(source, FMT, RLE, 1000, extended_offsets=offsets, extended_lengths=lengths)
    for index in (999, 3, 500):
        assert np.array_equal(frames.array(index), FRAMES[index % 5])
    assert source.bytes_read < len(value) * 2  # a window of 64 KiB for each, here most of the value
    assert frames.notices == []


def broken(table):
    value = bytearray(encapsulate(ENCODED).value)
    value[8 : 8 + 20] = struct.pack("<5L", *table)
    return value


GOOD = list(struct.unpack("<5L", encapsulate(ENCODED).value[8:28]))


@pytest.mark.parametrize(
    "table",
    [
        [GOOD[1], GOOD[0], *GOOD[2:]],  # exchanged
        [GOOD[0], GOOD[2], GOOD[1], *GOOD[3:]],
        [*GOOD[:4], 0xFFFFFFF0],  # out of range
        [*GOOD[:4], GOOD[4] + 2],  # within a fragment
        [*GOOD[:2], GOOD[2] - 4, *GOOD[3:]],
        [*GOOD[:2], GOOD[1], *GOOD[3:]],  # overlapping
        [GOOD[0] + 8, *GOOD[1:]],  # counted from elsewhere
        [g + 28 for g in GOOD],
        [0] * 5,
    ],
)
def test_wrong_tables_are_rebuilt_with_a_notice(table):
    frames = reader(broken(table))
    assert np.array_equal(frames.arrays(), FRAMES)
    assert any("rebuilt" in notice for notice in frames.notices)
    late = reader(broken(table))
    late.verify()
    assert any("rebuilt" in notice for notice in late.notices)
    offsets = np.array(table, "<u8").tobytes()
    bare = pydicom.encaps.encapsulate(ENCODED, has_bot=False)
    extended = reader(bare, extended_offsets=offsets)
    assert np.array_equal(extended.arrays(), FRAMES)
    assert any("rebuilt" in notice for notice in extended.notices)


def test_extended_offsets_beyond_64_bits_of_sense():
    bare = pydicom.encaps.encapsulate(ENCODED, has_bot=False)
    frames = reader(bare, extended_offsets=np.full(5, 2**64 - 2, "<u8").tobytes())
    assert np.array_equal(frames.arrays(), FRAMES)
    assert frames.notices
    frames = reader(bare, extended_offsets=b"\0" * 8)
    assert np.array_equal(frames.arrays(), FRAMES)
    assert frames.notices


def test_tables_of_the_wrong_length_do_not_count():
    # Fewer frames announced than there are fragments, and nothing says where frames begin
    with pytest.raises(DamagedFileError, match="5 fragments cannot be assigned to 4 frames"):
        reader(encapsulate(ENCODED).value, frames=4)
    with pytest.raises(TruncatedError, match="6 frames but 5 fragments"):
        reader(encapsulate(ENCODED).value, frames=6)


def fragmented(pieces, table=True):
    """Frames in several fragments each."""
    offsets, body = [], b""
    for frame in pieces:
        offsets.append(len(body))
        for piece in frame:
            body += b"\xfe\xff\x00\xe0" + struct.pack("<L", len(piece)) + piece
    head = struct.pack(f"<{len(offsets)}L", *offsets) if table else b""
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(head)) + head + body


def test_frames_in_several_fragments():
    pieces = [(f[:20], f[20:40], f[40:]) if i % 2 else (f,) for i, f in enumerate(ENCODED)]
    assert np.array_equal(reader(fragmented(pieces)).arrays(), FRAMES)
    with pytest.raises(DamagedFileError, match="cannot be assigned"):
        reader(fragmented(pieces, table=False))
    single = FrameReader(fragmented([(ENCODED[0][:30], ENCODED[0][30:])], table=False), FMT, RLE, 1)
    assert np.array_equal(single.array(0), FRAMES[0])


def test_start_markers_separate_frames_without_a_table():
    encoded = encode_frames(FRAMES, FMT, JPEG_LS)
    even = [f + b"\0" * (len(f) % 2) for f in encoded]
    value = fragmented([(f[:16], f[16:]) for f in even], table=False)
    assert np.array_equal(FrameReader(value, FMT, JPEG_LS, 5).arrays(), FRAMES)


def test_truncation_anywhere_is_an_error_or_the_whole_frame():
    value = bytes(encapsulate(ENCODED).value)
    for length in range(len(value)):
        try:
            frames = reader(value[:length])
            arrays = frames.arrays()
        except DamagedFileError:
            continue
        assert np.array_equal(arrays, FRAMES), length


def test_announced_sizes_are_checked_before_anything_is_made():
    value = encapsulate(ENCODED).value
    with pytest.raises(TruncatedError, match="2147483647 frames"):
        reader(value, frames=2**31 - 1)
    huge = bytearray(value)
    huge[4:8] = struct.pack("<L", 0xFFFFFFF0)
    with pytest.raises(TruncatedError):
        reader(huge)
    with pytest.raises(TruncatedError):
        FrameReader(bytes(100), PixelFormat(65535, 65535, 8), "1.2.840.10008.1.2.1", 2**31 - 1)
    with pytest.raises(ArgumentError):
        reader(value, frames=0)


@given(st.binary(max_size=200))
def test_garbage_is_a_typed_error(data):
    try:
        reader(b"\xfe\xff\x00\xe0\0\0\0\0" + data, frames=2).arrays()
    except DamagedFileError:
        pass
    else:
        raise AssertionError("two frames out of garbage")


@given(st.data())
def test_damaged_bytes_give_typed_errors_or_arrays(data):
    value = bytearray(encapsulate(ENCODED).value)
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        arrays = reader(value).arrays()
    except DamagedFileError:
        return
    assert arrays.shape == FRAMES.shape


def test_empty_frames_are_refused():
    with pytest.raises(ArgumentError):
        encapsulate([])
    with pytest.raises(ArgumentError):
        encapsulate([b"ab", b""])
