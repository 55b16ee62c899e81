from __future__ import annotations

import numpy as np
import pytest

from dicomposer import samples
from dicomposer.errors import ArgumentError
from judges import dciodvfy


@pytest.mark.parametrize("organization", ["TILED_FULL", "TILED_SPARSE"])
@pytest.mark.parametrize("shape", [(70, 90), (64, 64), (33, 31)])
def test_phantom_is_valid_and_holds_its_pixels(organization, shape, tmp_path):
    slide = samples.phantom_slide(shape=shape, organization=organization).save(tmp_path / "slide.dcm")
    verdict = dciodvfy(slide.file)
    assert verdict.clean, verdict.text
    tiles = slide.dataset.pixel_array.reshape(-1, 32, 32, 3)
    down, across = -(-shape[0] // 32), -(-shape[1] // 32)
    matrix = tiles.reshape(down, across, 32, 32, 3).swapaxes(1, 2).reshape(down * 32, across * 32, 3)
    assert (matrix[: shape[0], : shape[1]] == slide.pixels).all()
    assert slide.mask.shape == shape
    assert set(np.unique(slide.mask)) == {0, 1, 2}


def test_sparse_positions():
    groups = samples.phantom_slide(organization="TILED_SPARSE").dataset.PerFrameFunctionalGroupsSequence
    last = groups[-1].PlanePositionSlideSequence[0]
    assert len(groups) == 9
    assert (last.RowPositionInTotalImagePixelMatrix, last.ColumnPositionInTotalImagePixelMatrix) == (65, 65)
    assert float(last.XOffsetInSlideCoordinateSystem) == pytest.approx(20 - 64 * 0.0005)


def test_unknown_organization():
    with pytest.raises(ArgumentError, match="TILED_FULL"):
        samples.phantom_slide(organization="3D")


def test_the_real_slide(tmp_path):
    slide = samples.slide_image(tmp_path / "slide.dcm")
    verdict = dciodvfy(slide.file)
    assert verdict.clean, verdict.text
    assert slide.pixels.shape == (2967, 2220, 3)
    assert slide.dataset.NumberOfFrames == 130
    tile = slide.dataset.pixel_array[14]  # second row of tiles, fifth column
    difference = np.abs(tile.astype(int) - slide.pixels[240:480, 960:1200])
    assert difference.max() <= 2  # decoders round differently
    nuclei, tissue = (slide.mask == 2).mean(), (slide.mask > 0).mean()
    assert 0.02 < nuclei < 0.1 < tissue < 0.4
    assert slide.pixels[slide.mask == 2].mean() < slide.pixels[slide.mask == 1].mean() < 200
