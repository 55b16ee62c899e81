"""Both twins against plain loops over pixels."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from dicomposer.errors import ArgumentError, TruncatedError
from dicomposer.frame import kernels

TWINS = ("numpy", "numba")


@pytest.fixture(params=TWINS, autouse=True, scope="module")
def twin(request):
    kernels.use_kernels(request.param)
    yield request.param
    kernels.use_kernels("auto")


# Sizes on and off whole bytes and words
SHAPES = st.one_of(
    st.sampled_from([(1, 8, 8), (2, 16, 16), (3, 5, 7), (2, 1, 1), (1, 3, 64), (2, 9, 8), (4, 4, 20)]),
    st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 40)),
)
DTYPES = st.sampled_from([np.uint8, np.uint16, np.uint32, np.int32, np.int64])


@st.composite
def label_planes(draw, highest=9):
    shape = draw(SHAPES)
    dtype = draw(DTYPES)
    planes = draw(hnp.arrays(dtype, shape, elements=st.integers(0, highest), fill=st.just(0)))
    layout = draw(st.sampled_from(["C", "F", "step", "read-only"]))
    if layout == "F":
        planes = np.asfortranarray(planes)
    elif layout == "step":
        wide = np.zeros((*shape[:2], 2 * shape[2]), dtype=dtype)
        wide[:, :, ::2] = planes
        planes = wide[:, :, ::2]
    elif layout == "read-only":
        planes.setflags(write=False)
    return planes


def packed(planes, plane_index, label):
    """Bit by bit, as PS3.5 8.1.1 says."""
    masks = [(planes[p] == v).reshape(-1) for p, v in zip(plane_index, label, strict=True)]
    return np.packbits(np.concatenate(masks), bitorder="little")


@given(label_planes())
def test_labels_present_is_what_unique_says(planes):
    present = kernels.labels_present(planes, 9)
    for plane, flags in zip(planes, present, strict=True):
        assert np.array_equal(np.flatnonzero(flags), np.unique(plane))


@given(label_planes(), st.data())
def test_packing_and_merging_are_exact(planes, data):
    p = planes.shape[0]
    pairs = data.draw(st.lists(st.tuples(st.integers(0, p - 1), st.integers(1, 9)), min_size=1, max_size=12))
    plane_index, label = np.array(pairs).T
    size = (planes[0].size * len(pairs) + 7) // 8
    out = bytearray(size + 1)
    kernels.pack_label_frames(planes, plane_index, label, out)
    assert np.array_equal(np.frombuffer(out, np.uint8)[:size], packed(planes, plane_index, label))
    back = np.zeros(planes.shape, data.draw(st.sampled_from([np.uint8, np.uint16, np.uint32])))
    overlapped = kernels.merge_bit_frames(
        out, np.arange(len(pairs)), plane_index, label, back, check_overlap=False
    )
    expected = np.zeros(planes.shape, np.int64)
    for plane, value in pairs:
        expected[plane][planes[plane] == value] = value
    assert np.array_equal(back, expected)
    assert overlapped == any((planes[i] == v).any() for i, v in set(pairs) if pairs.count((i, v)) > 1)


@given(SHAPES, st.integers(0, 2**32 - 1), st.booleans())
def test_merging_overlaps_keeps_the_highest(shape, seed, reverse):
    rng = np.random.default_rng(seed)
    masks = rng.random((4, *shape[1:])) < 0.4
    bits = np.packbits(masks.reshape(-1), bitorder="little")
    labels = np.array([3, 1, 200, 7])[:: -1 if reverse else 1]
    out = np.zeros((1, *shape[1:]), np.uint8)
    overlapped = kernels.merge_bit_frames(bits, range(4), [0] * 4, labels, out, check_overlap=False)
    assert overlapped == bool((masks.sum(axis=0) > 1).any())
    assert np.array_equal(out[0], (masks * labels[:, None, None]).max(axis=0))
    again = np.zeros_like(out)
    assert kernels.merge_bit_frames(bits, range(4), [0] * 4, labels, again) == overlapped


@given(label_planes(highest=200))
def test_labels_beyond_the_described_are_refused(planes):
    if planes.max() > 5:
        with pytest.raises(ArgumentError, match="above the highest"):
            kernels.labels_present(planes, 5)
    else:
        kernels.labels_present(planes, 5)


def test_large_dense_planes_with_many_mixed_bytes(twin):
    rng = np.random.default_rng(0)
    for dtype, noise in ((np.uint8, 0.9), (np.uint16, 0.9), (np.uint8, 0.02), (np.uint16, 0.02)):
        planes = np.where(rng.random((2, 64, 64)) < noise, rng.integers(0, 200, (2, 64, 64)), 0).astype(dtype)
        planes[0, 10:40, 5:50] = 7
        plane, label = np.nonzero(kernels.labels_present(planes, 200))
        keep = label > 0
        out = bytearray(int(keep.sum()) * 512)
        kernels.pack_label_frames(planes, plane[keep], label[keep], out)
        assert np.array_equal(np.frombuffer(out, np.uint8), packed(planes, plane[keep], label[keep]))
        some = keep & (label % 3 == 1)
        out = bytearray(int(some.sum()) * 512)
        kernels.pack_label_frames(planes, plane[some], label[some], out)
        assert np.array_equal(np.frombuffer(out, np.uint8), packed(planes, plane[some], label[some]))


def test_background_can_be_packed_too():
    planes = np.array([[[0, 1, 0, 0, 0, 0, 0, 2]]], np.uint8)
    out = bytearray(2)
    kernels.pack_label_frames(planes, [0, 0], [0, 2], out)
    assert out == bytes([0b01111101, 0b10000000])


def test_bad_arguments_are_refused():
    planes = np.zeros((2, 4, 4), np.uint8)
    with pytest.raises(ArgumentError, match="output buffer"):
        kernels.pack_label_frames(planes, [0, 1], [1, 1], bytearray(3))
    with pytest.raises(ArgumentError, match="writable"):
        kernels.pack_label_frames(planes, [0], [1], bytes(2))
    with pytest.raises(ArgumentError, match="plane_index"):
        kernels.pack_label_frames(planes, [2], [1], bytearray(2))
    with pytest.raises(ArgumentError, match="lengths"):
        kernels.pack_label_frames(planes, [0, 1], [1], bytearray(4))
    with pytest.raises(ArgumentError, match="negative"):
        kernels.labels_present(np.full((1, 2, 2), -1), 3)
    with pytest.raises(ArgumentError, match="whole numbers"):
        kernels.labels_present(np.zeros((1, 2, 2)), 3)
    with pytest.raises(TruncatedError):
        kernels.merge_bit_frames(bytes(3), [1], [0], [1], planes)
    with pytest.raises(ArgumentError, match="do not fit"):
        kernels.merge_bit_frames(bytes(4), [1], [0], [256], planes)
    with pytest.raises(ArgumentError, match="'numpy'"):
        kernels.use_kernels("fortran")


@given(label_planes(), st.data())
def test_remapping(planes, data):
    lut = np.array(data.draw(st.lists(st.integers(-1, 400), min_size=10, max_size=10)))
    used = np.unique(planes)
    if (lut[used] < 0).any():
        with pytest.raises(ArgumentError, match="not described"):
            kernels.remap_labels(planes, lut)
    else:
        assert np.array_equal(kernels.remap_labels(planes, lut), lut[planes])


# -- stacks ----------------------------------------------------------------------------------------


@st.composite
def stacks(draw):
    p, r, c = draw(SHAPES)
    s = draw(st.integers(1, 5))
    dtype = draw(st.sampled_from([bool, np.uint8, np.int16, np.float32, np.float64]))
    stack = draw(hnp.arrays(np.uint8, (p, r, c, s), elements=st.integers(0, 1), fill=st.just(0))).astype(
        dtype
    )
    return (
        np.moveaxis(np.ascontiguousarray(np.moveaxis(stack, -1, 0)), 0, -1) if draw(st.booleans()) else stack
    )


@given(stacks())
def test_stacks_of_masks(stack):
    present = kernels.stack_present(stack)
    assert np.array_equal(present, stack.any(axis=(1, 2)))
    overlaps = bool(((stack != 0).sum(axis=3) > 1).any())
    assert kernels.stack_overlaps(stack) == kernels.stack_overlaps(stack, present) == overlaps
    segment, plane = np.nonzero(np.ones_like(present.T))
    pixels = stack.shape[1] * stack.shape[2]
    out = bytearray((pixels * plane.size + 7) // 8)
    kernels.pack_stack_frames(stack, plane, segment, out)
    masks = np.concatenate([stack[p, :, :, s].reshape(-1) != 0 for p, s in zip(plane, segment, strict=True)])
    assert np.array_equal(np.frombuffer(out, np.uint8), np.packbits(masks, bitorder="little"))
    labels = np.arange(1, stack.shape[3] + 1)
    merged = np.empty(stack.shape[:3], np.uint8)
    kernels.stack_to_labels(stack, labels, merged)
    assert np.array_equal(merged, ((stack != 0) * labels).max(axis=3))


@pytest.mark.parametrize("bad", [2, -1, 0.5, np.nan])
def test_masks_of_other_values_are_refused(bad):
    stack = (
        np.zeros((2, 4, 4, 3), np.float32 if bad != int(bad or 0) else np.int16)
        if bad == bad
        else np.zeros((2, 4, 4, 3))
    )
    stack[1, 2, 3, 1] = bad
    with pytest.raises(ArgumentError, match="plane 1"):
        kernels.stack_present(stack)


@given(
    hnp.arrays(np.float32, (2, 3, 5, 3), elements=st.floats(0, 1, width=32)),
    st.integers(1, 255),
)
def test_fractions(stack, maximum):
    assert np.array_equal(kernels.fractions_present(stack), (stack > 0).any(axis=(1, 2)))
    before = stack.copy()
    out = np.empty(stack.shape, np.uint8)
    kernels.quantise_fractions(stack, maximum, out)
    assert np.array_equal(out, np.rint(stack * np.float32(maximum)))
    assert np.array_equal(stack, before)


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, ">f4"]),
        st.tuples(st.integers(1, 3), st.integers(1, 20), st.sampled_from([1, 3, 16, 700]), st.integers(1, 3)),
        elements=st.sampled_from([0.0, -0.0, 2.0**-13, 0.5, 1.0]),
        fill=st.just(0.0),
    ),
    st.integers(1, 9),
    st.booleans(),
)
def test_bands_of_fractions(stack, height, transposed):
    if transposed:
        stack = np.ascontiguousarray(stack.transpose(0, 3, 2, 1)).transpose(0, 3, 2, 1)
    bands = kernels.fraction_bands(stack, height)
    assert bands.shape == (stack.shape[0], -(-stack.shape[1] // height), stack.shape[3])
    for i in range(bands.shape[1]):
        holds = (stack[:, i * height : (i + 1) * height] > 0).any(axis=(1, 2))
        assert not np.any(holds & ~bands[:, i])  # nothing is lost
        if not np.signbit(stack).any() and stack.dtype in (np.float32, np.float64):
            assert np.array_equal(holds, bands[:, i])
    assert np.array_equal(kernels.fractions_present(stack), (stack > 0).any(axis=(1, 2)))
    out = np.empty(stack.shape, np.uint8)
    kernels.quantise_fractions(stack, 200, out)
    assert np.array_equal(out, np.rint(stack * stack.dtype.type(200)))


@pytest.mark.parametrize("bad", [np.nan, -0.01, 1.01, np.inf])
@pytest.mark.parametrize("segments", [3, 9])
def test_fractions_out_of_range_are_refused(bad, segments):
    stack = np.zeros((2, 3, 5, segments), np.float32)
    stack[1, 2, 4, 2] = bad
    with pytest.raises(ArgumentError, match="segment 3"):
        kernels.fractions_present(stack)
    with pytest.raises(ArgumentError, match="0 to 1"):
        kernels.quantise_fractions(stack, 255, np.empty(stack.shape, np.uint8))


# -- tiles -----------------------------------------------------------------------------------------


@st.composite
def matrices(draw):
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 70)))
    tile = draw(st.sampled_from([(8, 8), (16, 8), (4, 64), (5, 7), (3, 8), (64, 64), (1, 1)]))
    dtype = draw(st.sampled_from([bool, np.uint8, np.uint16, np.int64]))
    highest = 1 if dtype is bool else 4
    return draw(hnp.arrays(dtype, shape, elements=st.integers(0, highest), fill=st.just(0))), tile


def tiled(matrix, tile):
    down, across = kernels.tile_count(matrix.shape, tile)
    padded = np.zeros((down * tile[0], across * tile[1]), matrix.dtype)
    padded[: matrix.shape[0], : matrix.shape[1]] = matrix
    return padded.reshape(down, tile[0], across, tile[1]).swapaxes(1, 2).reshape(-1, *tile)


@given(matrices(), st.randoms(use_true_random=False))
def test_tiles(case, random):
    matrix, tile = case
    tiles = tiled(matrix, tile)
    assert np.array_equal(np.array(list(kernels.cut_tiles(matrix, tile))), tiles)
    present = kernels.label_tiles_present(matrix, tile, 4)
    assert np.array_equal(present, np.array([np.isin(np.arange(5), t) for t in tiles]))
    frames = [(t, v) for t in range(len(tiles)) for v in range(1, 5)]
    random.shuffle(frames)
    index, label = np.array(frames).T
    out = bytearray((tile[0] * tile[1] * len(frames) + 7) // 8)
    kernels.pack_label_tiles(matrix, tile, index, label, out)
    assert np.array_equal(np.frombuffer(out, np.uint8), packed(tiles, index, label))
    row, column = np.divmod(index, kernels.tile_count(matrix.shape, tile)[1])
    # A window that cuts tiles at all four sides
    top, left = random.randint(0, matrix.shape[0] - 1), random.randint(0, matrix.shape[1] - 1)
    bottom, right = random.randint(top + 1, matrix.shape[0]), random.randint(left + 1, matrix.shape[1])
    window = np.zeros((bottom - top, right - left), np.uint8)
    places = (row * tile[0] - top, column * tile[1] - left)
    overlapped = kernels.merge_bit_tiles(out, np.arange(len(frames)), *places, label, window, tile_shape=tile)
    assert not overlapped
    assert np.array_equal(window, matrix[top:bottom, left:right])
    window[:] = 0
    overlapped = kernels.merge_bit_tiles(
        out, np.arange(len(frames)), *places, label, window, tile_shape=tile, blank=True
    )
    assert not overlapped
    assert np.array_equal(window, matrix[top:bottom, left:right])
    window[:] = 9
    first = np.arange(len(tiles))
    row, column = np.divmod(first, kernels.tile_count(matrix.shape, tile)[1])
    kernels.paste_tiles(tiles, row * tile[0] - top, column * tile[1] - left, window)
    assert np.array_equal(window, matrix[top:bottom, left:right])


@given(
    st.sampled_from([(8, 8), (4, 64), (5, 7), (16, 16)]), st.integers(2, 8), st.booleans(), st.booleans(),
    st.integers(0, 9), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_tiles_that_overlap(tile, count, on_grid, blank, start, seed):
    rng = np.random.default_rng(seed)
    tiles = (rng.random((count, *tile)) < rng.choice([0, 0.1, 0.5], (count, 1, 1))).astype(np.uint8)
    step = tile if on_grid else (5, 5)
    rows, columns = (rng.integers(-1, 2, count) * s for s in step)
    label = rng.integers(1, 9, count)
    wanted = rng.integers(0, count, count)
    # A large value of which a few frames are wanted, from any byte on
    source = bytes(start) + np.packbits(np.concatenate([tiles] * 20), bitorder="little").tobytes()
    window, claims = np.zeros((20, 70), np.uint8), np.zeros((20, 70), int)
    for k in range(count):
        for y, x in zip(*np.nonzero(tiles[wanted[k]]), strict=True):
            place = rows[k] + y, columns[k] + x
            if 0 <= place[0] < 20 and 0 <= place[1] < 70:
                window[place] = max(window[place], label[k])
                claims[place] += 1
    for dtype in (np.uint8, np.uint16):
        out = np.zeros(window.shape, dtype)
        more = {"tile_shape": tile, "blank": blank}
        frames = wanted + count * (np.arange(count) % 20)
        overlapped = kernels.merge_bit_tiles(
            source[start:], frames, rows, columns, label, out, check_overlap=False, **more
        )
        assert overlapped == (claims > 1).any()
        assert np.array_equal(out, window)
        out[:] = 0
        view = memoryview(source)[start:]
        assert overlapped == kernels.merge_bit_tiles(view, frames, rows, columns, label, out, **more)


@given(matrices(), st.data())
def test_whole_masks_in_one_pass(case, data):
    matrix, tile = case
    mask = (matrix > 0).astype(data.draw(st.sampled_from([bool, np.uint8, np.int8])))[
        :, :: data.draw(st.sampled_from([1, 2]))
    ]
    tiles = tiled(mask, tile)
    out = bytearray((tiles.size + 7) // 8)
    if tile[1] % 8:
        with pytest.raises(ArgumentError, match="multiple of 8"):
            kernels.pack_mask_tiles(mask, tile, out)
        return
    kernels.pack_mask_tiles(mask, tile, out)
    everything = np.arange(len(tiles))
    assert np.array_equal(np.frombuffer(out, np.uint8), packed(tiles, everything, np.ones_like(everything)))


@pytest.mark.parametrize("bad", [2, 5, 255])
@pytest.mark.parametrize("place", [(0, 0), (69, 98), (12, 50)])
def test_whole_masks_hold_only_0_and_1(bad, place):
    mask = np.zeros((70, 99), np.uint8)
    mask[place] = bad
    with pytest.raises(ArgumentError, match=f"label {bad} is above"):
        kernels.pack_mask_tiles(mask, (64, 64), bytearray(4 * 512))


def test_memory_maps_are_read_in_bands(tmp_path):
    path = tmp_path / "matrix"
    matrix = np.memmap(path, np.uint8, "w+", shape=(700, 900))
    matrix[100:300, 200:800] = 1
    tiles = np.arange(np.prod(kernels.tile_count(matrix.shape, (64, 64))))
    out = bytearray(tiles.size * 512)
    kernels.pack_label_tiles(matrix, (64, 64), tiles, np.ones_like(tiles), out)
    assert np.array_equal(
        np.frombuffer(out, np.uint8), packed(tiled(np.asarray(matrix), (64, 64)), tiles, np.ones_like(tiles))
    )


# -- run lengths and the choice --------------------------------------------------------------------


@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 6), st.sampled_from([1, 2, 3, 5, 127, 128, 129, 255, 256, 300])),
        elements=st.integers(0, 2),
        fill=st.just(0),
    )
)
def test_run_lengths(plane):
    encoded = kernels.rle_encode(plane)
    out = np.empty(plane.size, np.uint8)
    assert kernels.rle_decode(encoded, out) == plane.size
    assert np.array_equal(out, plane.reshape(-1))
    # G.3: rows do not share tokens, -128 does not occur, three equal bytes are a replicate run
    position = total = 0
    while position < len(encoded):
        head = encoded[position]
        assert head != 128
        count = head + 1 if head < 128 else 257 - head
        assert total // plane.shape[1] == (total + count - 1) // plane.shape[1]
        if head < 128:
            literal = encoded[position + 1 : position + 2 + head]
            assert not any(literal[i] == literal[i + 1] == literal[i + 2] for i in range(len(literal) - 2))
        position += head + 2 if head < 128 else 2
        total += count


@given(st.binary(max_size=60), st.integers(1, 200))
def test_twins_agree_on_damaged_run_lengths(data, size):
    results = []
    for name in TWINS:
        module = importlib.import_module(f"dicomposer.frame.kernels._{name}")
        out = np.full(size, 7, np.uint8)
        results.append((module.rle_decode(np.frombuffer(data, np.uint8), out), out.tobytes()))
    assert results[0] == results[1]


def test_environment_chooses(monkeypatch):
    dispatch = importlib.import_module("dicomposer.frame.kernels._dispatch")
    monkeypatch.setattr(dispatch, "_choice", [])
    for name in TWINS:
        monkeypatch.setenv("DICOMPOSER_KERNELS", name)
        assert dispatch.choose_twin(1).__name__.endswith(name)
    monkeypatch.setenv("DICOMPOSER_KERNELS", "fortran")
    with pytest.raises(ArgumentError, match="DICOMPOSER_KERNELS"):
        kernels.prepare(1)
