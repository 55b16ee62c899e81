"""What a newcomer gets wrong, and what is said then."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from pydicom.sr.codedict import codes

import dicomposer as dc
from dicomposer import api, record, samples
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    EmptySegmentWarning,
    GeometryError,
    MissingFileError,
    NotAFileError,
    TerminologyError,
    TruncatedError,
)


@pytest.fixture(scope="module")
def phantom():
    return samples.phantom_series("CT")


def liver(phantom, segments, **options):
    return api.segment((phantom.mask == 1).astype(np.uint8), list(phantom.datasets), segments, **options)


class TestNames:
    def test_an_unknown_name_leads_on(self, phantom):
        with pytest.raises(TerminologyError) as caught:
            liver(phantom, ["Livre"])
        for text in ("did you mean liver", "`dicomposer terms <word>`", "'category': code, 'type': code"):
            assert text in str(caught.value)
        assert caught.value.suggestions == ("liver",)

    @pytest.mark.parametrize(
        ("given", "lacking"),
        [
            ({}, "lacks 'category' and 'type'"),
            ({"category": codes.SCT.Tissue}, "lacks 'type'"),
            ({"type": codes.SCT.Lesion}, "lacks 'category'"),
        ],
        ids=str,
    )
    def test_missing_keys_are_named(self, phantom, given, lacking):
        with pytest.raises(TerminologyError, match=lacking):
            liver(phantom, [{"label": "My lesion", **given}])

    @pytest.mark.parametrize(
        "given",
        [
            {"name": "liver_lesion"},
            {"type": "liver_lesion"},
            {"type": "Lesion of liver", "category": "morphologically abnormal structure"},
        ],
        ids=str,
    )
    def test_own_text_for_a_term(self, phantom, given):
        (one,) = liver(phantom, [{"label": "My lesion", **given}]).SegmentSequence
        assert (one.SegmentLabel, one.TrackingID) == ("My lesion", "My lesion")
        assert one.SegmentedPropertyTypeCodeSequence[0].CodeValue == "52988006"
        assert one.AnatomicRegionSequence[0].CodeMeaning == "Liver"

    def test_own_codes(self, phantom):
        own = ("0001", "99LAB", "Thing")
        (one,) = liver(phantom, {"label": "My thing", "category": own, "type": own}).SegmentSequence
        assert (one.SegmentLabel, one.SegmentedPropertyTypeCodeSequence[0].CodeValue) == ("My thing", "0001")

    @pytest.mark.parametrize(
        ("given", "error", "what"),
        [
            ({"type": "lesoin"}, TerminologyError, "'type' is a code.*did you mean lesion"),
            ({"category": "stuff", "type": codes.SCT.Lesion}, TerminologyError, "'category' is.*tissue"),
            ({"category": codes.SCT.Tissue, "type": 7}, ArgumentTypeError, "'type' must be a code"),
        ],
        ids=str,
    )
    def test_wrong_values_name_the_key(self, phantom, given, error, what):
        with pytest.raises(error, match=what):
            liver(phantom, [{"label": "My lesion", **given}])


class TestEmptySegments:
    @pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "FRACTIONAL"])
    @pytest.mark.parametrize("omit", [True, False])
    def test_a_segment_without_voxels(self, phantom, kind, omit):
        mask = np.where(phantom.mask == 1, 1, 0).astype(np.uint8)
        with pytest.warns(EmptySegmentWarning, match="no voxel of the segment 'Spleen'") as caught:
            api.segment(
                mask,
                list(phantom.datasets),
                ["Liver", "Spleen"],
                segmentation_type=kind,
                omit_empty_frames=omit,
            )
        assert len(caught) == 1 and caught[0].filename == __file__

    def test_channels_and_nothing_at_all(self, phantom):
        channels = np.stack([phantom.mask == 1, phantom.mask == 9], axis=-1).astype(np.uint8)
        for omit in (True, False):
            with pytest.warns(EmptySegmentWarning, match="'Spleen'"):
                api.segment(channels, list(phantom.datasets), ["Liver", "Spleen"], omit_empty_frames=omit)
        with pytest.warns(EmptySegmentWarning, match="the mask is empty"):
            api.segment(phantom.mask * 0, list(phantom.datasets), ["Liver", "Spleen"])

    @pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
    def test_silence_otherwise(self, phantom, kind):
        slide = samples.phantom_slide()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            api.segment(phantom.mask, list(phantom.datasets), ["Liver", "Spleen"], segmentation_type=kind)
            for organised in ("TILED_SPARSE", "TILED_FULL"):
                api.segment(
                    slide.mask,
                    slide.dataset,
                    {1: "Tissue", 2: "Nuclei"},
                    segmentation_type=kind,
                    dimension_organization_type=organised,
                )


class TestPlaces:
    def test_the_mask_of_another_scan(self, phantom):
        far = phantom.affine.copy()
        far[:3, 3] += (200.3, 0, 0)
        with pytest.raises(GeometryError, match=r"lies 200\.3 mm from .* of another scan\?"):
            api.segment(dc.Volume(phantom.mask, far, "PATIENT"), list(phantom.datasets), ["Liver", "Spleen"])
        wide = phantom.affine @ np.diag([1, 1.5, 1.5, 1])
        with pytest.raises(GeometryError, match=r"mm between rows, .* mm between columns.*another scan"):
            api.segment(dc.Volume(phantom.mask, wide, "PATIENT"), list(phantom.datasets), ["Liver", "Spleen"])
        near = phantom.affine.copy()
        near[:3, 3] += 0.4 * phantom.affine[:3, 2]
        with pytest.raises(GeometryError) as caught:
            api.segment(dc.Volume(phantom.mask, near, "PATIENT"), list(phantom.datasets), ["Liver", "Spleen"])
        assert "another scan" not in str(caught.value)

    def test_a_gap_has_a_position(self, phantom):
        gap = samples.phantom_series("CT", flaws=samples.Flaws(gap=True))
        there = {tuple(ds.ImagePositionPatient) for ds in gap.datasets}
        (lost,) = (p for ds in phantom.datasets if (p := tuple(ds.ImagePositionPatient)) not in there)
        with pytest.raises(GeometryError) as caught:
            api.segment(
                dc.Volume(phantom.mask, phantom.affine, "PATIENT"), list(gap.datasets), ["Liver", "Spleen"]
            )
        assert "x, y, z = (" + ", ".join(f"{float(value):g}" for value in lost) + ") mm" in str(caught.value)
        assert "tolerance" not in str(caught.value) and "allow gaps" not in str(caught.value)

    def test_back_on_the_grid_of_the_scan(self, phantom):
        volume = api.segment(phantom.mask, list(phantom.datasets), ["Liver", "Spleen"]).get_volume(
            combine_segments=True
        )
        scan = dc.get_volume_from_series(phantom.datasets)
        assert volume.spatial_shape != scan.spatial_shape
        np.testing.assert_array_equal(volume.match_geometry(scan).array, phantom.mask)


class TestFiles:
    def test_missing_files_and_folders(self, phantom, tmp_path):
        made = liver(phantom, ["Liver"])
        for call in (
            lambda: dc.open(tmp_path / "no.dcm"),
            lambda: dc.validate(tmp_path / "no.dcm"),
            lambda: api.segment(phantom.mask, tmp_path / "no", ["Liver"]),
            lambda: api.segment(tmp_path / "no.nii.gz", list(phantom.datasets), ["Liver"]),
            lambda: api.segment(tmp_path / "no.png", list(phantom.datasets), ["Liver"]),
        ):
            with pytest.raises(MissingFileError, match="^no such file or folder: .*no") as caught:
                call()
            assert isinstance(caught.value, FileNotFoundError) and caught.value.errno == 2
        with pytest.raises(MissingFileError, match="^there is no folder .*none$"):
            made.save_as(tmp_path / "none" / "a.dcm")
        for call in (lambda: dc.open(tmp_path), lambda: made.save_as(tmp_path)):
            with pytest.raises(NotAFileError, match="is a folder") as folder:
                call()
            assert isinstance(folder.value, IsADirectoryError)
        assert not list(tmp_path.iterdir())

    def test_a_slice_that_was_cut_off(self, ct, tmp_path):
        slices = sorted((tmp_path / "ct").iterdir())
        whole = slices[3].read_bytes()
        for length in (800, len(whole) - 100):
            slices[3].write_bytes(whole[:length])
            with pytest.raises(
                TruncatedError, match=rf"{slices[3].name}.*\(damaged or incompletely copied\)"
            ):
                api.read_source(tmp_path / "ct")

    def test_exchanged_arguments(self, ct, tmp_path):
        ct.save_mask(tmp_path / "mask.nii.gz")
        with pytest.raises(ArgumentError, match="the mask comes first, then the images"):
            api.segment(tmp_path / "ct", tmp_path / "mask.nii.gz", ["Liver"])

    def test_nothing_temporary_has_other_permissions(self, tmp_path):
        (tmp_path / "plain").write_bytes(b"")
        with record.replacing(tmp_path / "ours") as file:
            file.write(b"x")
        assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("kind", ["labelmap", "LabelMap", dc.seg.SegmentationTypeValues.LABELMAP], ids=str)
def test_types_in_any_case(phantom, kind):
    assert liver(phantom, ["Liver"], segmentation_type=kind).SegmentationType == "LABELMAP"


def test_half_floats_need_no_warning(phantom):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = api.segment(phantom.mask.astype(np.float16), list(phantom.datasets), ["Liver", "Spleen"])
    assert made.number_of_segments == 2


@pytest.mark.parametrize(
    ("mask", "options", "error", "what"),
    [
        ([[1]], {}, ArgumentTypeError, "a mask is a numpy array, .* not list"),
        (None, {"algoritm": "net"}, ArgumentTypeError, "did you mean 'algorithm'"),
        (None, {"segmentation_typ": "net"}, ArgumentTypeError, "did you mean 'segmentation_type'"),
        (-0.5, {"segmentation_type": "FRACTIONAL"}, ArgumentError, "segment 1 of .* logits"),
        (200.0, {"segmentation_type": "FRACTIONAL"}, ArgumentError, "segment 1 of .* 255"),
    ],
    ids=str,
)
def test_hints(phantom, mask, options, error, what):
    given = mask if isinstance(mask, list) else (phantom.mask == 1) * (mask or 1)
    with pytest.raises(error, match=what):
        api.segment(given, list(phantom.datasets), ["Liver"], **options)


def test_labels_in_place_of_channels(phantom):
    volume = api.segment(phantom.mask, list(phantom.datasets), ["Liver", "Spleen"]).get_volume()
    with pytest.raises(ArgumentError, match="get_channel.*combine_segments=True"):
        volume.to_nibabel()


def test_fractions_of_several_segments_need_an_axis(phantom):
    with pytest.raises(ArgumentError, match=r"\(planes, rows, columns, segments\)"):
        api.segment(
            phantom.mask * 0.25, list(phantom.datasets), ["Liver", "Spleen"], segmentation_type="FRACTIONAL"
        )
