"""Native pixel data of all widths and orders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from dicomposer.errors import ArgumentError, TruncatedError, UnsupportedError
from dicomposer.frame import BytesSource, FrameReader, PixelFormat, pack_native

LITTLE = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"


@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 4),
    st.sampled_from([(1, 0), (8, 0), (8, 1), (16, 0), (16, 1), (32, 0), (32, 1)]), st.sampled_from([1, 3]),
    st.sampled_from([0, 1]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_round_trip(rows, columns, frames, kind, samples, planar, seed):
    if kind[0] == 1:
        samples = 1
    fmt = PixelFormat(
        rows, columns, kind[0], samples=samples, pixel_representation=kind[1],
        photometric="RGB" if samples == 3 else "MONOCHROME2", planar_configuration=planar if samples == 3 else None,
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    info = np.iinfo(fmt.dtype)
    limits = (0, 1) if kind[0] == 1 else (info.min, info.max)
    array = rng.integers(*limits, (frames, *fmt.shape), dtype=fmt.dtype, endpoint=True)
    value = pack_native(array, fmt)
    assert len(value) % 2 == 0
    reader = FrameReader(value, fmt, LITTLE, frames)
    assert np.array_equal(reader.arrays(), array)
    assert np.array_equal(reader.array(-1), array[-1])
    assert reader.notices == []
    for index in range(frames):
        raw = reader.raw(index)
        one = FrameReader(bytes(raw) + b"\0" * (len(raw) % 2), fmt, LITTLE, 1)
        assert np.array_equal(one.array(0), array[index])
    if samples == 3:
        wanted = array if planar == 0 else np.moveaxis(array, -1, 1)
        assert value[: array.nbytes] == wanted.astype(fmt.dtype.newbyteorder("<")).tobytes()


@given(
    st.sampled_from([(8, 8), (16, 64), (5, 7), (4, 24), (64, 128)]), st.integers(1, 6), st.integers(0, 9),
    st.sampled_from([0, 1]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_several_frames_of_bits_are_each_of_them(shape, frames, start, signed, seed):
    rng = np.random.default_rng(seed)
    array = np.zeros((frames, *shape), np.uint8)
    for frame in array[: rng.integers(frames)]:  # the others stay empty
        frame.reshape(-1)[rng.integers(0, frame.size, rng.integers(0, 4))] = 1
    array[-1, rng.integers(shape[0]) :, rng.integers(shape[1])] = 1
    fmt = PixelFormat(*shape, 1, pixel_representation=signed)
    # from any byte of a larger value on: words need not lie on their boundaries
    value = memoryview(bytes(start) + bytes(pack_native(array, fmt)))[start:]
    reader = FrameReader(value, fmt, LITTLE, frames)
    wanted = rng.integers(0, frames, 8).tolist()
    found = reader.arrays(wanted)
    assert found.dtype == fmt.dtype
    assert np.array_equal(found, array[wanted])
    assert np.array_equal(found, [reader.array(i) for i in wanted])


def test_bits_are_the_least_significant_first():
    frames = np.zeros((2, 1, 5), np.uint8)
    frames[0, 0, 0] = frames[1, 0, 1] = 1
    assert pack_native(frames, PixelFormat(1, 5, 1)) == bytes([0b0100_0001, 0])


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("syntax", [LITTLE, BIG])
def test_floats(bits, syntax):
    fmt = PixelFormat(2, 3, bits, floating=True)
    array = np.array([[[0.1, -np.inf, 3], [1e-30, np.nan, 5]]], fmt.dtype)
    order = ">" if syntax == BIG else "<"
    reader = FrameReader(array.astype(fmt.dtype.newbyteorder(order)).tobytes(), fmt, syntax, 1)
    assert np.array_equal(reader.arrays(), array, equal_nan=True)
    assert reader.array(0).dtype.isnative


@pytest.mark.parametrize("bits", [16, 32])
def test_big_endian_numbers(bits):
    fmt = PixelFormat(2, 2, bits, pixel_representation=1)
    array = np.array([[[1, -2], [3, -30000]]], fmt.dtype)
    reader = FrameReader(array.astype(fmt.dtype.newbyteorder(">")).tobytes(), fmt, BIG, 1, vr="OW")
    assert np.array_equal(reader.arrays(), array)


@pytest.mark.parametrize(("bits", "shape"), [(8, (3, 2, 3)), (8, (3, 3, 3)), (1, (3, 4, 8)), (1, (3, 3, 5))])
def test_big_endian_words_of_small_pixels(bits, shape):
    """PS3.5 Annex D: in OW the bytes of each word are exchanged, in OB they are not."""
    fmt = PixelFormat(*shape[1:], bits)
    array = np.random.default_rng(0).integers(0, 2, shape).astype(np.uint8)
    value = bytes(pack_native(array, fmt))
    swapped = np.frombuffer(value, np.uint8).reshape(-1, 2)[:, ::-1].tobytes()
    assert np.array_equal(FrameReader(swapped, fmt, BIG, 3, vr="OW").arrays(), array)
    assert np.array_equal(FrameReader(value, fmt, BIG, 3, vr="OB").arrays(), array)


def test_bits_above_bits_stored_do_not_count():
    unsigned = PixelFormat(1, 2, 16, bits_stored=12)
    value = np.array([0xF123, 0x0FFF], "<u2").tobytes()
    assert FrameReader(value, unsigned, LITTLE, 1).array(0).tolist() == [[0x123, 0xFFF]]
    signed = PixelFormat(1, 2, 16, bits_stored=12, pixel_representation=1)
    assert FrameReader(value, signed, LITTLE, 1).array(0).tolist() == [[0x123, -1]]


def test_shared_chrominance_is_expanded():
    fmt = PixelFormat(1, 4, 8, samples=3, photometric="YBR_FULL_422", planar_configuration=0)
    reader = FrameReader(bytes([1, 2, 100, 200, 3, 4, 101, 201]), fmt, LITTLE, 1)
    assert reader.array(0).tolist() == [[[1, 100, 200], [2, 100, 200], [3, 101, 201], [4, 101, 201]]]


def test_native_frames_are_views():
    value = bytes(2 * 64 * 64)
    reader = FrameReader(BytesSource(value), PixelFormat(64, 64, 8), LITTLE, 2)
    assert np.shares_memory(reader.array(1), np.frombuffer(value, np.uint8))


def test_lengths_are_checked():
    fmt = PixelFormat(3, 3, 8)
    with pytest.raises(TruncatedError, match="need 18 bytes"):
        FrameReader(bytes(17), fmt, LITTLE, 2)
    assert FrameReader(bytes(18), fmt, LITTLE, 2).notices == []
    assert FrameReader(bytes(10), fmt, LITTLE, 1).notices == []
    assert FrameReader(bytes(22), fmt, LITTLE, 2).notices == ["4 bytes after the last frame ignored"]


class Shrinking(BytesSource):
    """A file that was cut after it was opened."""

    def read(self, offset, length):
        return super().read(offset, length)[: length // 2]


def test_a_file_that_shrinks_is_an_error():
    for bits in (1, 8):
        with pytest.raises(TruncatedError):
            FrameReader(Shrinking(bytes(64)), PixelFormat(8, 8, bits), LITTLE, 1).array(0)


def test_native_bits():
    fmt = PixelFormat(3, 3, 1)
    value = pack_native(np.ones((3, 3, 3), np.uint8), fmt)
    assert bytes(FrameReader(value, fmt, LITTLE, 3).native_bits()) == bytes(value[:4])
    with pytest.raises(UnsupportedError):
        FrameReader(bytes(18), PixelFormat(3, 3, 8), LITTLE, 2).native_bits()


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0}, {"columns": 65536}, {"bits_allocated": 12}, {"bits_stored": 9}, {"bits_stored": 0},
        {"samples": 2}, {"pixel_representation": 2}, {"planar_configuration": 3},
        {"floating": True},
    ],
)  # fmt: skip
def test_formats_that_do_not_exist(change):
    with pytest.raises(ArgumentError):
        PixelFormat(**{"rows": 8, "columns": 8, "bits_allocated": 8} | change)


def test_wrong_shapes_are_refused():
    with pytest.raises(ArgumentError, match="frames of"):
        pack_native(np.zeros((2, 3, 4)), PixelFormat(3, 3, 8))
    with pytest.raises(ArgumentError, match="output of"):
        FrameReader(bytes(10), PixelFormat(3, 3, 8), LITTLE, 1).arrays(out=np.zeros((2, 3, 3)))
