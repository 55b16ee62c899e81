"""Round trips, second opinions from pydicom's decoders, and codestreams that lie."""

from __future__ import annotations

import contextlib
import struct
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    CodecError,
    DamagedFileError,
    MissingDependencyError,
    TruncatedError,
    UnsupportedError,
)
from dicomposer.frame import (
    FrameReader,
    PixelFormat,
    _codecs,
    can_decode,
    can_encode,
    check_legal,
    decode_frame,
    encapsulate,
    encode_frame,
    encode_frames,
    get_lossy_compression_attributes,
    iter_encoded,
    kernels,
    pack_native,
)

NATIVE = "1.2.840.10008.1.2.1"
RLE = "1.2.840.10008.1.2.5"
J2K = "1.2.840.10008.1.2.4.90"
J2K_LOSSY = "1.2.840.10008.1.2.4.91"
JPEG_LS = "1.2.840.10008.1.2.4.80"
DEFLATED = "1.2.840.10008.1.2.8.1"
HTJ2K = "1.2.840.10008.1.2.4.201"
BASELINE = "1.2.840.10008.1.2.4.50"
WRITTEN = [RLE, J2K, JPEG_LS, DEFLATED]


def pixels(fmt, seed=0):
    """A smooth image with noise, using all stored bits."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: fmt.rows, : fmt.columns]
    scale = 2.0**fmt.stored - 1
    base = (np.sin(x / 9) * np.cos(y / 7) + 1) / 2 * scale * 0.8
    values = np.clip(base + rng.normal(0, scale / 50, base.shape), 0, scale)
    if fmt.stored == 1:
        values = base > 0.4
    if fmt.pixel_representation:
        values = values - 2 ** (fmt.stored - 1)
    if fmt.samples == 3:
        values = np.stack([values, values[::-1], values[:, ::-1]], axis=-1)
    return values.astype(fmt.dtype)


FORMATS = [
    PixelFormat(17, 23, 8),
    PixelFormat(17, 23, 8, photometric="PALETTE COLOR"),
    PixelFormat(17, 23, 16),
    PixelFormat(33, 8, 16, pixel_representation=1),
    PixelFormat(16, 16, 8, samples=3, photometric="RGB", planar_configuration=0),
    PixelFormat(1, 1, 8),
    PixelFormat(1, 70, 8),
    PixelFormat(64, 3, 16),
]


@pytest.mark.parametrize("syntax", WRITTEN)
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_round_trip_and_second_opinion(syntax, fmt):
    frames = np.stack([pixels(fmt, i) for i in range(3)])
    before = frames.copy()
    encoded = encode_frames(frames, fmt, syntax)
    assert np.array_equal(frames, before)
    value = encapsulate(encoded).value
    decoded = FrameReader(value, fmt, syntax, 3).arrays()
    assert decoded.dtype == fmt.dtype
    assert np.array_equal(decoded, frames)
    if syntax == DEFLATED:  # PS3.5 A.4.13, with zlib on its own
        assert zlib.decompress(encoded[0], -15) == frames[0].tobytes()
        return
    theirs, _ = get_decoder(UID(syntax)).as_array(bytes(value), raw=True, **options(fmt, 3))
    assert np.array_equal(theirs.reshape(frames.shape), frames)


def options(fmt, frames):
    given = {
        "rows": fmt.rows,
        "columns": fmt.columns,
        "number_of_frames": frames,
        "samples_per_pixel": fmt.samples,
        "bits_allocated": fmt.bits_allocated,
        "bits_stored": fmt.stored,
        "pixel_representation": fmt.pixel_representation,
        "photometric_interpretation": fmt.photometric,
        "pixel_keyword": "PixelData",
    }
    return given | ({"planar_configuration": fmt.planar_configuration or 0} if fmt.samples > 1 else {})


@pytest.mark.parametrize("syntax", [J2K, RLE])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("stored", [9, 12, 15])
def test_bits_stored_below_allocated(syntax, stored, signed):
    fmt = PixelFormat(20, 30, 16, bits_stored=stored, pixel_representation=signed)
    frame = pixels(fmt)
    value = encapsulate(encode_frames(frame[None], fmt, syntax)).value
    assert np.array_equal(FrameReader(value, fmt, syntax, 1).array(0), frame)
    theirs, _ = get_decoder(UID(syntax)).as_array(bytes(value), raw=True, **options(fmt, 1))
    assert np.array_equal(theirs, frame)


@pytest.mark.parametrize("syntax", [J2K, DEFLATED])
@pytest.mark.parametrize("shape", [(8, 8), (5, 7), (64, 65)])
def test_single_bit_frames(syntax, shape):
    fmt = PixelFormat(*shape, 1)
    frame = pixels(fmt)
    for given_frame in (frame, frame.astype(bool)):
        (encoded,) = encode_frames(given_frame[None], fmt, syntax)
        assert np.array_equal(FrameReader(encapsulate([encoded]).value, fmt, syntax, 1).array(0), frame)
    if syntax == J2K:
        siz = encoded.index(b"\xff\x51")
        assert encoded[siz + 40] == 0  # precision of one bit, unsigned (ISO 15444-1 A.5.1)


@pytest.mark.parametrize("packed", [False, True])
def test_single_bit_rle_is_read_either_way(packed):
    fmt = PixelFormat(8, 16, 1)
    frame = pixels(fmt)
    stored = np.packbits(frame, bitorder="little").reshape(1, -1) if packed else frame
    shape = PixelFormat(*stored.shape, 8)
    (encoded,) = encode_frames(stored[None], shape, RLE)
    assert np.array_equal(FrameReader(encapsulate([encoded]).value, fmt, RLE, 1).array(0), frame)


def test_colour_transform_of_jpeg_2000():
    fmt = PixelFormat(16, 16, 8, samples=3, photometric="YBR_RCT", planar_configuration=0)
    frame = pixels(fmt)
    value = encapsulate(encode_frames(frame[None], fmt, J2K)).value
    frames = FrameReader(value, fmt, J2K, 1)
    assert frames.photometric == "RGB"
    assert np.array_equal(frames.array(0), frame)


def test_htj2k_is_read():
    import imagecodecs

    for fmt in (PixelFormat(20, 30, 8), PixelFormat(20, 30, 16)):
        frame = pixels(fmt)
        value = encapsulate([imagecodecs.htj2k_encode(frame, reversible=True)]).value
        assert np.array_equal(FrameReader(value, fmt, HTJ2K, 1).array(0), frame)


def test_near_lossless_jpeg_ls_is_read():
    import imagecodecs

    fmt = PixelFormat(20, 30, 8)
    frame = pixels(fmt)
    value = encapsulate([imagecodecs.jpegls_encode(frame, level=3)]).value
    decoded = FrameReader(value, fmt, "1.2.840.10008.1.2.4.81", 1).array(0)
    assert 0 < np.abs(decoded.astype(int) - frame).max() <= 3


def test_colour_jpeg_lossless_is_read():
    import imagecodecs

    fmt = PixelFormat(20, 30, 8, samples=3, photometric="RGB", planar_configuration=0)
    frame = pixels(fmt)
    value = encapsulate(
        [imagecodecs.jpeg8_encode(frame, lossless=True, colorspace="RGB", outcolorspace="RGB")]
    ).value
    assert np.array_equal(FrameReader(value, fmt, "1.2.840.10008.1.2.4.70", 1).array(0), frame)


# -- legality --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("syntax", "fmt"),
    [
        (RLE, PixelFormat(8, 8, 1)),
        (JPEG_LS, PixelFormat(8, 8, 1)),
        (JPEG_LS, PixelFormat(8, 8, 8, bits_stored=1)),
        (RLE, PixelFormat(8, 8, 32)),
        (JPEG_LS, PixelFormat(8, 8, 32)),
        (J2K, PixelFormat(8, 8, 32, floating=True)),
        (BASELINE, PixelFormat(8, 8, 16)),
        (J2K, PixelFormat(8, 8, 8, samples=3, photometric="YBR_ICT")),
        ("1.2.3", PixelFormat(8, 8, 8)),
    ],
)
def test_illegal_combinations_name_what_is_legal(syntax, fmt):
    with pytest.raises(UnsupportedError, match="Legal: .*Explicit VR Little Endian"):
        check_legal(syntax, fmt)
    with pytest.raises(UnsupportedError):
        encode_frames(np.zeros((1, *fmt.shape), fmt.dtype), fmt, syntax)


def test_legal_but_not_written():
    fmt = PixelFormat(8, 8, 8)
    frame = np.zeros((1, 8, 8), np.uint8)
    for syntax in (BASELINE, HTJ2K, J2K_LOSSY, "1.2.840.10008.1.2.4.81", NATIVE):
        check_legal(syntax, fmt)
        with pytest.raises(UnsupportedError):
            encode_frames(frame, fmt, syntax)
    assert can_decode(BASELINE)
    assert not can_encode(BASELINE)
    assert can_encode(NATIVE)
    assert can_encode(RLE)
    assert not can_decode("1.2.840.10008.1.2.4.100")
    with pytest.raises(UnsupportedError, match="no codec"):
        FrameReader(b"", fmt, "1.2.840.10008.1.2.4.100", 1)


# -- codestreams that lie --------------------------------------------------------------------------

FMT = PixelFormat(32, 48, 16)


def read(data, syntax, fmt=FMT):
    return FrameReader(encapsulate([bytes(data)]).value, fmt, syntax, 1).array(0)


def lying(syntax, **changes):
    (encoded,) = encode_frames(pixels(FMT)[None], FMT, syntax)
    data = bytearray(encoded)
    if syntax == J2K:
        places = {
            "columns": (8, ">I"),
            "rows": (12, ">I"),
            "x0": (16, ">I"),
            "tile": (24, ">II"),
            "samples": (40, ">H"),
            "depth": (42, ">B"),
        }
    else:
        at = data.index(b"\xff\xf7")
        places = {
            "depth": (at + 4, ">B"),
            "rows": (at + 5, ">H"),
            "columns": (at + 7, ">H"),
            "samples": (at + 9, ">B"),
        }
    for name, value in changes.items():
        offset, code = places[name]
        struct.pack_into(code, data, offset, *(value if isinstance(value, tuple) else (value,)))
    return data


@pytest.mark.parametrize(
    ("syntax", "changes"),
    [
        (J2K, {"columns": 30000, "rows": 30000}),
        (J2K, {"columns": 49}),
        (J2K, {"rows": 2**32 - 1}),
        (J2K, {"x0": 48}),
        (J2K, {"tile": (1, 0)}),
        (J2K, {"samples": 16384}),
        (J2K, {"samples": 0}),
        (J2K, {"depth": 37}),
        (JPEG_LS, {"rows": 65535, "columns": 65535}),
        (JPEG_LS, {"samples": 3}),
        (JPEG_LS, {"depth": 0}),
    ],
)
def test_headers_are_compared_before_decoding(syntax, changes, monkeypatch):
    import imagecodecs

    def decoder(*args, **kwargs):
        raise AssertionError("the decoder was reached")

    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", decoder)
    monkeypatch.setattr(imagecodecs, "jpegls_decode", decoder)
    with pytest.raises(CodecError) as caught:
        read(lying(syntax, **changes), syntax)
    assert not isinstance(caught.value.__cause__, AssertionError)


def test_many_tiles_are_refused():
    fmt = PixelFormat(1024, 1024, 8)
    (encoded,) = encode_frames(np.zeros((1, 1024, 1024), np.uint8), fmt, J2K)
    data = bytearray(encoded)
    struct.pack_into(">II", data, 24, 1, 1)
    with pytest.raises(CodecError, match="tiles"):
        read(data, J2K, fmt)


@pytest.mark.parametrize("syntax", WRITTEN)
def test_damage_and_truncation_are_typed(syntax):
    (encoded,) = encode_frames(pixels(FMT)[None], FMT, syntax)
    rng = np.random.default_rng(1)
    for length in [*range(0, 80, 7), len(encoded) // 2]:
        if length:
            with pytest.raises(DamagedFileError):
                read(encoded[:length], syntax)
    for _ in range(60):
        data = bytearray(encoded)
        for position in rng.integers(0, len(data), 3):
            data[position] = rng.integers(0, 256)
        with contextlib.suppress(DamagedFileError):
            assert read(data, syntax).shape == FMT.shape


def test_damaged_jpeg_lossless_is_typed():
    import imagecodecs

    encoded = imagecodecs.ljpeg_encode(pixels(FMT))
    rng = np.random.default_rng(0)
    for _ in range(300):  # a decoder that we do not use crashes the process here
        data = bytearray(encoded)
        for position in rng.integers(0, 120, 3):
            data[position] = rng.integers(0, 256)
        with contextlib.suppress(DamagedFileError):
            assert read(data, "1.2.840.10008.1.2.4.70").shape == FMT.shape


def test_cut_jpeg_ls_scans_do_not_reach_the_decoder():
    """CharLS can search for the rest of a cut scan without end."""
    (encoded,) = encode_frames(pixels(FMT)[None], FMT, JPEG_LS)
    assert encoded.startswith(b"\xff\xd8\xff\xf7")  # no SPIFF header
    for length in range(100, len(encoded) - 2, 97):
        with pytest.raises(TruncatedError):
            read(encoded[:length], JPEG_LS)


@pytest.mark.parametrize("syntax", [J2K, JPEG_LS, RLE, BASELINE, DEFLATED, HTJ2K])
@given(data=st.binary(min_size=1, max_size=100))
def test_garbage_is_typed(syntax, data):
    starts = {
        J2K: b"\xff\x4f\xff\x51",
        HTJ2K: b"\xff\x4f\xff\x51",
        JPEG_LS: b"\xff\xd8\xff",
        BASELINE: b"\xff\xd8\xff",
    }
    fmt = PixelFormat(32, 48, 8)
    for frame in (data, starts.get(syntax, b"") + data):
        with pytest.raises(DamagedFileError):
            read(frame, syntax, fmt)


def test_rle_segments_out_of_order_short_or_running_over():
    (encoded,) = encode_frames(pixels(FMT)[None], FMT, RLE)
    _, first, second = struct.unpack_from("<3L", encoded)
    for header in (
        (3, first, second),
        (1, first, 0),
        (2, second, first),
        (2, first, 2**31),
        (2, 0, second),
        (2, first, first),
    ):
        data = bytearray(encoded)
        struct.pack_into("<3L", data, 0, *header)
        with pytest.raises(CodecError):
            read(data, RLE)
    with pytest.raises(TruncatedError):
        read(encoded[:second] + b"\x81\x00", RLE)
    with pytest.raises(CodecError, match="runs over"):
        read(encoded[:second] + b"\x01\x05\x06" + b"\x81\x00" * (FMT.frame_pixels // 128), RLE)
    fmt = PixelFormat(3, 3, 8)  # the padding byte of an odd frame, compressed too
    assert np.array_equal(
        read(struct.pack("<16L", 1, 64, *[0] * 14) + b"\xf7\x05", RLE, fmt), np.full((3, 3), 5)
    )


def test_deflate_bombs_stop_at_the_size_of_the_frame():
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflate.compress(bytes(1 << 24)) + deflate.flush()
    with pytest.raises(CodecError, match="more than"):
        read(bomb, DEFLATED)


class Panic(BaseException):
    """What extensions written in Rust raise."""


def test_foreign_exceptions_do_not_escape(monkeypatch):
    import imagecodecs

    (encoded,) = encode_frames(pixels(FMT)[None], FMT, J2K)

    def panics(*args, **kwargs):
        raise Panic("secret value")

    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", panics)
    monkeypatch.setattr(imagecodecs, "jpeg2k_encode", panics)
    for workers in (0, 2):
        with pytest.raises(CodecError, match="Panic") as caught:
            FrameReader(encapsulate([encoded] * 3).value, FMT, J2K, 3).arrays(workers=workers)
        assert "secret" not in str(caught.value)
        with pytest.raises(CodecError, match="Panic"):
            encode_frames(pixels(FMT)[None], FMT, J2K, workers=workers)

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read(encoded, J2K)


def test_without_the_extra(monkeypatch):
    (encoded,) = encode_frames(pixels(FMT)[None], FMT, J2K)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(MissingDependencyError, match=r"dicomposer\[codecs\]"):
        encode_frames(pixels(FMT)[None], FMT, J2K)
    with pytest.raises(MissingDependencyError):
        read(encoded, J2K)
    frame = pixels(FMT)
    for syntax in (RLE, DEFLATED):
        (encoded,) = encode_frames(frame[None], FMT, syntax)
        assert np.array_equal(read(encoded, syntax), frame)


# -- on many cores ---------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 1, 2, -1, "executor"])
def test_workers_keep_the_order(workers):
    fmt = PixelFormat(64, 64, 8)
    frames = np.random.default_rng(0).integers(0, 3, (50, 64, 64)).astype(np.uint8)
    with ThreadPoolExecutor(2) as pool:
        chosen = pool if workers == "executor" else workers
        encoded = encode_frames(iter(frames), fmt, J2K, workers=chosen)
        assert encoded == encode_frames(frames, fmt, J2K)
        reader = FrameReader(encapsulate(encoded).value, fmt, J2K, 50)
        out = np.empty((50, 64, 64), np.uint16)
        assert reader.arrays(out=out, workers=chosen) is out
        assert np.array_equal(out, frames)


def test_iterators_are_read_a_few_frames_ahead():
    fmt = PixelFormat(512, 512, 8)
    taken = 0

    def source():
        nonlocal taken
        for _ in range(200):
            taken += 1
            yield np.zeros((512, 512), np.uint8)

    encoded = iter_encoded(source(), fmt, RLE, workers=2)
    assert taken == 0
    next(encoded)
    assert taken <= 32
    encoded.close()
    assert taken <= 32


@pytest.mark.parametrize(
    ("workers", "error"), [(-2, ArgumentError), ("all", ArgumentTypeError), (True, ArgumentTypeError)]
)
def test_workers_must_make_sense(workers, error):
    with pytest.raises(error):
        encode_frames(np.zeros((1, 8, 8), np.uint8), PixelFormat(8, 8, 8), RLE, workers=workers)


def test_frames_that_do_not_fit_are_refused():
    fmt = PixelFormat(8, 8, 8)
    for frame in (
        np.zeros((8, 9), np.uint8),
        np.full((8, 8), 256),
        np.full((8, 8), -1),
        np.zeros((8, 8), np.float32),
    ):
        with pytest.raises(ArgumentError):
            encode_frames(frame[None], fmt, RLE)
    assert encode_frames(np.full((1, 8, 8), 200), fmt, RLE) == encode_frames(
        np.full((1, 8, 8), 200, np.uint8), fmt, RLE
    )


# -- single frames, drop-in ------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [NATIVE, "1.2.840.10008.1.2", *WRITTEN])
def test_single_frames(syntax):
    array = pixels(PixelFormat(9, 11, 16))
    value = encode_frame(array, syntax, 16, 16, "MONOCHROME2")
    assert np.array_equal(decode_frame(value, syntax, 9, 11, 1, 16, 16, "MONOCHROME2"), array)


def test_single_frames_agree_with_highdicom():
    import highdicom.frame as theirs

    array = pixels(PixelFormat(16, 16, 8))
    for syntax in (NATIVE, RLE, J2K, JPEG_LS):
        value = encode_frame(array, syntax, 8, 8, "MONOCHROME2")
        assert np.array_equal(theirs.decode_frame(value, syntax, 16, 16, 1, 8, 8, "MONOCHROME2"), array)
    for syntax in (NATIVE, RLE, J2K, J2K_LOSSY, BASELINE, "1.2.840.10008.1.2.4.81"):
        assert get_lossy_compression_attributes(syntax) == theirs.get_lossy_compression_attributes(syntax)


def test_single_native_bits_may_begin_within_a_byte():
    frames = np.random.default_rng(0).integers(0, 2, (3, 3, 3)).astype(np.uint8)
    value = bytes(pack_native(frames, PixelFormat(3, 3, 1)))
    assert np.array_equal(decode_frame(value[1:3], NATIVE, 3, 3, 1, 1, 1, "MONOCHROME2", index=1), frames[1])


def test_every_codec_of_the_registry_can_be_loaded():
    for module, uids in _codecs._REGISTRY:
        for uid in uids:
            assert callable(_codecs._codec(uid).decode), module


def test_kernels_are_announced(monkeypatch):
    seen = []
    monkeypatch.setattr(kernels, "prepare", seen.append)
    encode_frames(np.zeros((3, 8, 8), np.uint8), PixelFormat(8, 8, 8), RLE)
    assert seen == [192]
