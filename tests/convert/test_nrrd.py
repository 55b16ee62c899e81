from __future__ import annotations

import bz2
import gzip

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, strategies as st

from dicomposer import convert
from dicomposer.errors import DamagedFileError, GeometryError, TruncatedError, UnsupportedError

HEADER = {
    "type": "uint8",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "4 3 2",
    "space directions": "(0.5,0,0) (0,0.6,0) (0,0,2)",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(1,2,3)",
}


def write(path, data=bytes(range(24)), **changes):
    fields = {**HEADER, **{key.replace("_", " "): value for key, value in changes.items()}}
    lines = "".join(f"{key}: {value}\n" for key, value in fields.items() if value is not None)
    path.write_bytes(b"NRRD0004\n# a comment\n" + lines.encode() + b"key:=value\n\n" + data)
    return path


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_itk_writes_we_read(tmp_path, compressed, dtype):
    values = np.random.default_rng(3).integers(0, 100, (5, 6, 7)).astype(dtype)
    image = SimpleITK.GetImageFromArray(values)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-12.5, 30.25, 7))
    image.SetDirection((0.96, -0.168, 0.224, 0.28, 0.576, -0.768, 0, 0.8, 0.6))
    SimpleITK.WriteImage(image, str(tmp_path / "image.nrrd"), compressed)
    read = convert.read_nrrd(tmp_path / "image.nrrd")
    assert read.array.dtype == dtype
    assert (read.array == values).all()
    place = read.affine @ [4, 3, 2, 1]
    np.testing.assert_allclose(place[:3], image.TransformIndexToPhysicalPoint((2, 3, 4)), atol=1e-9)


@pytest.mark.parametrize(
    ("space", "flip"),
    [("right-anterior-superior", (-1, -1, 1)), ("left-anterior-superior", (1, -1, 1)), ("RAS", (-1, -1, 1))],
)
def test_other_spaces_as_itk_sees_them(tmp_path, space, flip):
    path = write(tmp_path / "image.nrrd", space=space)
    affine = convert.read_nrrd(path).affine
    np.testing.assert_allclose((affine @ [1, 2, 3, 1])[:3], np.array([1 + 1.5, 2 + 1.2, 3 + 2]) * flip)
    if "-" in space:
        image = SimpleITK.ReadImage(str(path))
        np.testing.assert_allclose(
            (affine @ [1, 2, 3, 1])[:3], image.TransformIndexToPhysicalPoint((3, 2, 1))
        )


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("raw", bytes),
        ("gzip", gzip.compress),
        ("bzip2", bz2.compress),
        ("ascii", lambda data: " ".join(map(str, data)).encode()),
    ],
)
def test_encodings(tmp_path, encoding, pack):
    path = write(tmp_path / "image.nrrd", pack(bytes(range(24))), encoding=encoding)
    array = convert.read_nrrd(path).array
    assert array.shape == (2, 3, 4)
    assert array.ravel().tolist() == list(range(24))


def test_big_endian_detached_and_skipped_bytes(tmp_path):
    values = np.arange(24, dtype=">i2")
    (tmp_path / "values.raw").write_bytes(b"1234" + values.tobytes())
    header = write(
        tmp_path / "image.nhdr", b"", type="short", endian="big", data_file="values.raw", byte_skip="4"
    )
    assert convert.read_nrrd(header).array.ravel().tolist() == list(range(24))
    last = write(
        tmp_path / "image.nhdr", b"", type="short", endian="big", data_file="values.raw", byte_skip="-1"
    )
    array = convert.read_nrrd(last).array
    assert array.ravel().tolist() == list(range(24))
    assert array.dtype == np.int16


@pytest.mark.parametrize("first", [True, False])
def test_channels_come_last(tmp_path, first):
    """3D Slicer writes overlapping segments as a first axis that is not in space."""
    directions = (
        ["none", *HEADER["space directions"].split()]
        if first
        else [*HEADER["space directions"].split(), "none"]
    )
    sizes = "2 4 3 2" if first else "4 3 2 2"
    path = write(
        tmp_path / "image.nrrd",
        bytes(range(48)),
        dimension="4",
        sizes=sizes,
        space_directions=" ".join(directions),
    )
    image = convert.read_nrrd(path)
    assert image.array.shape == (2, 3, 4, 2)
    expected = np.arange(48, dtype=np.uint8)
    second = expected.reshape(2, 3, 4, 2)[..., 1] if first else expected[24:].reshape(2, 3, 4)
    assert (image.array[..., 1] == second).all()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"space": None}, GeometryError),
        ({"space": "scanner-xyz"}, GeometryError),
        ({"space_origin": None}, GeometryError),
        ({"space_directions": None}, GeometryError),
        ({"space_directions": "none (0,1,0) (0,0,1)"}, UnsupportedError),
        ({"space_directions": "(1,0) (0,1,0) (0,0,1)"}, DamagedFileError),
        ({"space_directions": "(1,0,x) (0,1,0) (0,0,1)"}, DamagedFileError),
        ({"type": "block"}, UnsupportedError),
        ({"encoding": "hex"}, UnsupportedError),
        ({"encoding": "zstd"}, UnsupportedError),
        ({"encoding": "gzip"}, DamagedFileError),
        ({"encoding": "ascii"}, DamagedFileError),
        ({"data_file": "LIST"}, UnsupportedError),
        ({"data_file": "absent.raw"}, DamagedFileError),
        ({"sizes": "4 3 200000"}, TruncatedError),
        ({"sizes": "4 3 x"}, DamagedFileError),
        ({"sizes": "4 3 -2"}, DamagedFileError),
        ({"sizes": None}, DamagedFileError),
        ({"byte_skip": "many"}, DamagedFileError),
    ],
)
def test_refusals(tmp_path, changes, error):
    with pytest.raises(error):
        convert.read_nrrd(write(tmp_path / "image.nrrd", **changes))


def test_a_small_file_does_not_unpack_into_all_of_the_memory(tmp_path):
    path = write(tmp_path / "image.nrrd", gzip.compress(bytes(50_000_000)), encoding="gzip")
    assert convert.read_nrrd(path).array.nbytes == 24


@given(st.binary(max_size=300))
def test_damaged_headers_raise_our_errors(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("nrrd") / "image.nrrd"
    path.write_bytes(b"NRRD0004\n" + data)
    with pytest.raises((DamagedFileError, GeometryError, UnsupportedError)):
        convert.read_nrrd(path)


def test_not_nrrd(tmp_path):
    (tmp_path / "image.nrrd").write_bytes(b"NIfTI?")
    with pytest.raises(DamagedFileError, match="magic"):
        convert.read_nrrd(tmp_path / "image.nrrd")
    with pytest.raises(FileNotFoundError):
        convert.read_nrrd(tmp_path / "absent.nrrd")
