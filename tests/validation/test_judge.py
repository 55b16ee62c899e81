"""Against dciodvfy: no error of ours on files that it passes, and what it says of sources we say too."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from tests.validation.judge import compare
from tests.validation.objects import SEGMENTATIONS, encoded

from dicomposer.validation import validate
from judges import dciodvfy

SOURCES = """CT_small.dcm MR_small.dcm MR_small_RLE.dcm examples_overlay.dcm 693_UNCI.dcm MR2_UNCI.dcm RG1_UNCI.dcm
eCT_Supplemental.dcm emri_small.dcm US1_UNCI.dcm liver.dcm OBXXXX1A.dcm JPGLosslessP14SV1_1s_1f_8b.dcm""".split()


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_segmentations_that_both_pass(name: str, tmp_path: Path) -> None:
    path = tmp_path / "seg.dcm"
    path.write_bytes(encoded(SEGMENTATIONS[name]()))
    assert not dciodvfy(path).errors
    assert not validate(path).errors


@pytest.mark.parametrize("name", SOURCES)
def test_no_error_that_the_judge_does_not_see(name: str) -> None:
    only_ours, _ = compare(Path(str(get_testdata_file(name))))
    assert not only_ours
