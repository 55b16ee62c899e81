"""``dicomposer.io`` and ``dicomposer.utils``."""

from __future__ import annotations

from pathlib import Path

import highdicom.utils as theirs
import numpy as np
import pydicom
import pytest
from hypothesis import given, strategies as st
from pydicom.data import get_testdata_file
from pydicom.filebase import DicomFileLike

import dicomposer as dc
from dicomposer import samples, utils
from dicomposer.content import PlanePositionSequence
from dicomposer.io import ImageFileReader


def _file(name: str) -> str:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return path


class TestImageFileReader:
    def test_frames_one_by_one(self) -> None:
        path = _file("emri_small_RLE.dcm")
        image = dc.imread(path)
        for source in (path, Path(path)):
            with ImageFileReader(source) as reader:
                assert reader.number_of_frames == 10 and reader.filename == path
                assert reader.transfer_syntax_uid == "1.2.840.10008.1.2.5"
                assert "PixelData" not in reader.metadata and reader.metadata.Rows == 64
                np.testing.assert_array_equal(reader.read_frame(9), image.get_stored_frame(10))
                assert reader.read_frame_raw(0) == image.get_raw_frame(1)
                for index in (-1, 10):
                    with pytest.raises(ValueError):
                        reader.read_frame(index)

    def test_an_open_file(self) -> None:
        with (
            open(_file("CT_small.dcm"), "rb") as stream,
            ImageFileReader(DicomFileLike(stream)) as reader,
        ):
            assert reader.read_frame(0).shape == (128, 128)

    def test_colours(self, tmp_path: Path) -> None:
        slide = samples.phantom_slide()
        file = tmp_path / "slide.dcm"
        dataset = slide.dataset
        dataset.ICCProfile = dataset.OpticalPathSequence[0].ICCProfile
        dataset.save_as(file)
        with ImageFileReader(file) as reader:
            plain = reader.read_frame(0, correct_color=False)
            assert reader.read_frame(0).shape == plain.shape == (32, 32, 3)
        with ImageFileReader(_file("SC_rgb.dcm")) as reader:
            assert reader.read_frame(0)[0, 0].tolist() == [255, 0, 0]

    def test_refusals(self, tmp_path: Path) -> None:
        with pytest.raises(TypeError):
            ImageFileReader(b"bytes")  # type: ignore[arg-type]
        reader = ImageFileReader(_file("CT_small.dcm"))
        for ask in (lambda: reader.metadata, lambda: reader.number_of_frames, lambda: reader.read_frame(0)):
            with pytest.raises(OSError):
                ask()
        with pytest.raises(FileNotFoundError):
            ImageFileReader(tmp_path / "none.dcm").open()
        with pytest.raises(ValueError):
            ImageFileReader(_file("reportsi.dcm")).open()
        (tmp_path / "text").write_text("no DICOM at all, but long enough to hold a header of some kind")
        with pytest.raises(OSError):
            ImageFileReader(tmp_path / "text").open()


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 30), st.integers(1, 30), st.randoms())
def test_the_order_of_tiled_full(across: int, down: int, rows: int, columns: int, random: object) -> None:
    tiles = [(1 + c * columns, 1 + r * rows) for r in range(down) for c in range(across)]
    positions = [PlanePositionSequence("SLIDE", (0.1 * c, 0.1 * r, 0.0), (c, r)) for c, r in tiles]
    assert utils.are_plane_positions_tiled_full(positions, rows, columns)
    shuffled = list(positions)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    same = [p[0].ColumnPositionInTotalImagePixelMatrix for p in shuffled] == [c for c, _ in tiles] and [
        p[0].RowPositionInTotalImagePixelMatrix for p in shuffled
    ] == [r for _, r in tiles]
    assert utils.are_plane_positions_tiled_full(shuffled, rows, columns) is same
    assert not utils.are_plane_positions_tiled_full(positions + positions, rows, columns)


def test_positions_of_tiles_agree_with_highdicom() -> None:
    common = {
        "row_index": 2, "column_index": 3, "x_offset": 1.5, "y_offset": -2.0, "rows": 10, "columns": 5,
        "image_orientation": (0, 1, 0, 1, 0, 0), "pixel_spacing": (0.5, 0.25),
    }  # fmt: skip
    for more in ({}, {"slice_index": 3, "spacing_between_slices": 4.0}):
        ours = utils.compute_plane_position_tiled_full(**common, **more)[0]
        expected = theirs.compute_plane_position_tiled_full(**common, **more)[0]
        for element in expected:
            assert float(ours[element.tag].value) == pytest.approx(float(element.value)), element.keyword
    with pytest.raises(TypeError):
        utils.compute_plane_position_tiled_full(**common, slice_index=1)
    with pytest.raises(ValueError):
        utils.compute_plane_position_tiled_full(**{**common, "row_index": 0})


def test_positions_of_images() -> None:
    slide = samples.phantom_slide().dataset
    ours = utils.compute_plane_position_slide_per_frame(slide)
    expected = theirs.compute_plane_position_slide_per_frame(slide)
    assert len(ours) == len(expected) == slide.NumberOfFrames
    for one, other in zip(ours, expected, strict=True):
        for element in other[0]:
            assert float(one[0][element.tag].value) == pytest.approx(float(element.value), abs=1e-6)
    ct = pydicom.dcmread(_file("CT_small.dcm"))
    multi = pydicom.dcmread(_file("eCT_Supplemental.dcm"))
    assert utils.get_plane_positions_of_series([ct])[0][0].ImagePositionPatient == ct.ImagePositionPatient
    assert len(utils.get_plane_positions_of_image(multi)) == 2
    for function, argument in (
        (utils.get_plane_positions_of_image, ct),
        (utils.get_plane_positions_of_series, [multi]),
        (utils.get_plane_positions_of_series, [pydicom.dcmread(_file("SC_rgb.dcm"))]),
        (utils.compute_plane_position_slide_per_frame, ct),
    ):
        with pytest.raises(ValueError):
            function(argument)
