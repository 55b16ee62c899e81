"""Where source images come from."""

from __future__ import annotations

import shutil

import pytest

from dicomposer import api, samples
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError


def test_a_folder_is_searched_and_what_is_no_image_counted(ct):
    (ct.folder / "notes.txt").write_text("hello")
    (ct.folder / "deep").mkdir()
    shutil.move(ct.files[3], ct.folder / "deep" / "x")
    shutil.copy(ct.files[0], ct.folder / "again.dcm")
    seen = []
    found = api.read_source(ct.folder, progress=lambda done, total: seen.append((done, total)))
    assert {ds.SOPInstanceUID for ds in found.datasets} == {ds.SOPInstanceUID for ds in ct.datasets}
    assert (found.skipped, found.ordered) == (2, False)
    assert seen[-1] == (10, 10)


def test_lists_keep_their_order_and_may_mix(ct):
    found = api.read_source([ct.files[2], ct.datasets[0], str(ct.files[1])])
    assert [int(ds.InstanceNumber) for ds in found.datasets] == [3, 1, 2]
    assert found.ordered
    assert api.read_source(found) is found


def test_several_series_are_listed_and_can_be_chosen(ct, tmp_path):
    other = samples.phantom_series("MR").save(ct.folder / "mr")
    uid, number = other.datasets[0].SeriesInstanceUID, other.datasets[0].SeriesNumber
    with pytest.raises(ArgumentError, match="2 series") as caught:
        api.read_source(ct.folder)
    message = str(caught.value)
    assert "MR" in message and "CT" in message and uid in message
    assert str(ct.datasets[0].PatientID) not in message
    assert str(ct.datasets[0].PatientName) not in message
    found = api.read_source(ct.folder, series=uid)
    assert len(found.datasets) == len(other.datasets)
    assert found.skipped == len(ct.datasets)
    with pytest.raises(ArgumentError, match="1.2.3"):
        api.read_source(ct.folder, series="1.2.3")
    if number != ct.datasets[0].SeriesNumber:
        assert api.read_source(ct.folder, series=int(number)).datasets[0].Modality == "MR"


def test_a_damaged_slice_is_not_left_out_silently(ct):
    data = ct.files[2].read_bytes()
    ct.files[2].write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(DamagedFileError, match=ct.files[2].name):
        api.read_source(ct.folder)


def test_a_localizer_among_the_slices_is_refused_with_figures(ct):
    odd = ct.datasets[0].copy()
    odd.Rows = 64
    with pytest.raises(ArgumentError, match=r"7 of 32x40, 1 of 64x40"):
        api.read_source([odd, *ct.datasets[1:]])


def test_nothing_to_read(tmp_path):
    (tmp_path / "readme.txt").write_text("no image")
    with pytest.raises(ArgumentError, match="no DICOM image.*1 other file"):
        api.read_source(tmp_path)
    with pytest.raises(ArgumentError, match="no DICOM image"):
        api.read_source([])
    with pytest.raises(ArgumentTypeError, match="int"):
        api.read_source(3)
    with pytest.raises(ArgumentTypeError, match="float"):
        api.read_source([0.5])
