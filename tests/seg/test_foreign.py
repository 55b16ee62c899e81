"""Segmentations of other writers: vendors' files, dcmqi's and highdicom's, read as their writers meant them."""

from __future__ import annotations

import json
import subprocess
import warnings
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes

from dicomposer import samples
from dicomposer.coding import derived_uid
from dicomposer.errors import DamagedFileError, IndexingError
from dicomposer.seg import Segmentation, segread
from judges import judge
from matrix_sources import Source, saved
from segmentations import EXPLICIT, IMPLICIT, J2K, JPEG_LS, RLE, stack, uids

DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


def on_grid(segmentation: Segmentation, origin: Source) -> np.ndarray:
    """The combined volume on the grid of the source, by its own affine."""
    volume = segmentation.get_volume(combine_segments=True)
    to_grid = np.linalg.inv(origin.affine) @ volume.affine
    np.testing.assert_allclose(to_grid, np.rint(to_grid), atol=1e-4)
    whole = np.rint(to_grid).astype(int)
    target = whole[:3, :3] @ np.indices(volume.array.shape).reshape(3, -1) + whole[:3, 3:]
    out = np.zeros(origin.mask.shape, dtype=volume.array.dtype)
    out[tuple(target)] = volume.array.ravel()
    return out


# ---- files of pydicom's sets -------------------------------------------------------------------------


def sample(name: str) -> str:
    path = get_testdata_file(name)
    assert path is not None, name
    return path


@pytest.mark.parametrize("name", ["liver.dcm", "liver_expb.dcm"])
def test_liver(name: str) -> None:
    """A vendor's binary segmentation, in both byte orders."""
    segmentation = segread(sample(name))
    np.testing.assert_array_equal(segmentation.get_stored_frames(), dcmread(sample(name)).pixel_array)
    volume = segmentation.get_volume()
    theirs = hd.seg.segread(sample("liver.dcm")).get_volume()  # highdicom reads little endian only
    np.testing.assert_array_equal(volume.array, theirs.array)
    np.testing.assert_allclose(volume.affine, theirs.affine)


@pytest.mark.parametrize("name", ["liver_1frame.dcm", "liver_expb_1frame.dcm"])
def test_cut_down_liver(name: str) -> None:
    """One frame of three, with the functional groups of all: nobody can say where it lies."""
    segmentation = segread(sample(name))
    with pytest.raises(DamagedFileError, match="describe 3"):
        segmentation.get_volume()


# ---- dcmqi -------------------------------------------------------------------------------------------


def code(value: str, meaning: str) -> dict[str, str]:
    return {"CodeValue": value, "CodingSchemeDesignator": "SCT", "CodeMeaning": meaning}


def described(labels: list[int]) -> list[dict[str, Any]]:
    return [
        {
            "labelID": n, "SegmentDescription": f"part {n}", "SegmentLabel": f"part {n}",
            "SegmentAlgorithmType": "SEMIAUTOMATIC", "SegmentAlgorithmName": "net",
            "SegmentedPropertyCategoryCodeSequence": code("123037004", "Anatomical Structure"),
            "SegmentedPropertyTypeCodeSequence": code("10200004", "Liver"),
            "recommendedDisplayRGBValue": [221, 130, 10 * n],
        }
        for n in labels
    ]  # fmt: skip


def write_nrrd(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    """A raw NRRD file of (slices, rows, columns) in LPS."""
    axes = " ".join("({:.17g},{:.17g},{:.17g})".format(*affine[:3, i]) for i in (2, 1, 0))
    head = (
        f"NRRD0004\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {array.shape[2]} {array.shape[1]} {array.shape[0]}\nspace directions: {axes}\n"
        f"kinds: domain domain domain\nencoding: raw\n"
        "space origin: ({:.17g},{:.17g},{:.17g})\n\n".format(*affine[:3, 3])
    )
    path.write_bytes(head.encode() + np.ascontiguousarray(array, dtype=np.uint8).tobytes())
    return path


def dcmqi(folder: Path, origin: Source, masks: list[np.ndarray], **options: object) -> Segmentation:
    """What dcmqi writes of masks, one file each."""
    images = [write_nrrd(folder / f"mask{i}.nrrd", mask, origin.affine) for i, mask in enumerate(masks)]
    meta = {
        "ContentCreatorName": "Reader1", "SeriesDescription": "Segmentation", "SeriesNumber": "300",
        "InstanceNumber": "1", "BodyPartExamined": "HEAD", "ContentLabel": "SEGMENTATION",
        "ContentDescription": "by dcmqi", "ClinicalTrialSeriesID": "1", "ClinicalTrialTimePointID": "1",
        "ClinicalTrialCoordinatingCenterName": "none",
        "segmentAttributes": [described(np.unique(mask[mask > 0]).tolist()) for mask in masks],
    }  # fmt: skip
    (folder / "meta.json").write_text(json.dumps(meta))
    arguments = {
        "inputImageList": ",".join(map(str, images)), "inputDICOMList": ",".join(map(str, origin.files)),
        "inputMetadata": folder / "meta.json", "outputDICOM": folder / "dcmqi.dcm", **options,
    }  # fmt: skip
    line = [str(part) for name, value in arguments.items() for part in (f"--{name}", value)]
    done = subprocess.run([judge("itkimage2segimage"), *line], capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return segread(folder / "dcmqi.dcm")


@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize(
    ("kind", "compress"),
    [("binary", "none"), ("binary", "deflate"), ("labelmap", "none"), ("labelmap", "deflate")],
)
@pytest.mark.parametrize("name", ["ct", "mr"])
def test_dcmqi(folder: Path, name: str, kind: str, compress: str, skip: int) -> None:
    origin = saved(name, folder)
    segmentation = dcmqi(folder, origin, [origin.mask], segmentationType=kind, compress=compress, skip=skip)
    assert segmentation.segment_numbers == [1, 2, 3]
    assert segmentation.get_segment_description(2).segment_label == "part 2"
    assert segmentation.file_meta.TransferSyntaxUID == (DEFLATED if compress == "deflate" else EXPLICIT)
    np.testing.assert_array_equal(on_grid(segmentation, origin), origin.mask)
    with pytest.raises(IndexingError, match="ignore_spatial_locations"):
        segmentation.get_pixels_by_source_instance(uids(origin.datasets))
    labels = segmentation.get_pixels_by_source_instance(
        uids(origin.datasets), combine_segments=True, ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )  # fmt: skip
    np.testing.assert_array_equal(labels, origin.mask)


def test_dcmqi_overlap(folder: Path) -> None:
    """Segments of different files may overlap."""
    origin = saved("mr", folder)
    whole = (origin.mask > 0).astype(np.uint8)
    segmentation = dcmqi(folder, origin, [whole, np.where(origin.mask == 2, 1, 0)])
    read = segmentation.get_pixels_by_source_instance(
        uids(origin.datasets), ignore_spatial_locations=True, assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(read, np.stack([whole, origin.mask == 2], axis=-1))


# ---- highdicom ---------------------------------------------------------------------------------------


def highdicom(
    folder: Path, origin: Source, pixels: Any, kind: str, numbers: tuple[int, ...] = (1, 2, 3), **more: Any
) -> tuple[Segmentation, hd.seg.Segmentation]:
    """What highdicom writes: read by us and by highdicom."""
    algorithm = hd.AlgorithmIdentificationSequence("net", codes.DCM.ArtificialIntelligence, "1.0")
    segments = [
        hd.seg.SegmentDescription(n, f"part {n}", codes.SCT.Organ, codes.SCT.Liver, "AUTOMATIC", algorithm)
        for n in numbers
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = hd.seg.Segmentation(
            list(origin.datasets), pixels, kind, segments, derived_uid("series"), 5, derived_uid("instance"), 1,
            "maker", "model", "1", "7", **more,
        )  # fmt: skip
    path = folder / "highdicom.dcm"
    made.save_as(path)
    return segread(path), hd.seg.segread(path)


@pytest.mark.parametrize("omit", [True, False])
@pytest.mark.parametrize(
    ("kind", "syntax"),
    [("BINARY", s) for s in (EXPLICIT, IMPLICIT)]
    + [(k, s) for k in ("FRACTIONAL", "LABELMAP") for s in (EXPLICIT, IMPLICIT, RLE, JPEG_LS)],
)
@pytest.mark.parametrize("name", ["mr", "enhanced-ct"])
def test_highdicom(folder: Path, name: str, kind: str, syntax: str, omit: bool) -> None:
    origin = saved(name, folder)
    ours, theirs = highdicom(
        folder, origin, origin.mask, kind, transfer_syntax_uid=syntax, omit_empty_frames=omit
    )
    assert ours.segment_numbers == theirs.segment_numbers == [1, 2, 3]
    np.testing.assert_array_equal(ours.get_stored_frames(), theirs.get_stored_frames())
    expected = stack(origin.mask, 3)
    if origin.multi_frame:
        frames = list(range(1, len(expected) + 1))
        read = ours.get_pixels_by_source_frame(
            uids(origin.datasets)[0], frames, assert_missing_frames_are_empty=True
        )
    else:
        read = ours.get_pixels_by_source_instance(uids(origin.datasets), assert_missing_frames_are_empty=True)
    np.testing.assert_array_equal(read, expected)
    volume, reference = ours.get_volume(), theirs.get_volume()
    np.testing.assert_array_equal(volume.array, reference.array)
    np.testing.assert_allclose(volume.affine, reference.affine, atol=1e-9)
    np.testing.assert_array_equal(on_grid(ours, origin), origin.mask)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_highdicom_jpeg_2000(folder: Path, kind: str) -> None:
    """Its encoder takes no images below 32 pixels; single bits with a precision of one bit."""
    series = samples.phantom_series("MR", shape=(4, 33, 37), labels=3, orientation="oblique")
    origin = Source("large", "", series.datasets, series.mask, series.affine, np.arange(4))
    ours, theirs = highdicom(folder, origin, origin.mask, kind, transfer_syntax_uid=J2K)
    np.testing.assert_array_equal(ours.get_stored_frames(), theirs.get_stored_frames())
    np.testing.assert_array_equal(ours.get_volume().array, theirs.get_volume().array)
    np.testing.assert_array_equal(on_grid(ours, origin), origin.mask)


def test_highdicom_fractions(folder: Path) -> None:
    origin = saved("pt", folder)
    fractions = stack(origin.mask, 3) * np.linspace(0, 1, origin.mask.shape[2])[None, None, :, None]
    ours, theirs = highdicom(folder, origin, fractions, "FRACTIONAL", max_fractional_value=100)
    read = ours.get_pixels_by_source_instance(uids(origin.datasets), assert_missing_frames_are_empty=True)
    np.testing.assert_allclose(read, fractions, atol=0.5 / 100 + 1e-6)
    for rescale in (True, False):
        volume = ours.get_volume(rescale_fractional=rescale)
        np.testing.assert_array_equal(volume.array, theirs.get_volume(rescale_fractional=rescale).array)


def test_highdicom_wide_labels(folder: Path) -> None:
    origin = saved("ct", folder)
    values = np.array([0, 2, 300, 40000], dtype=np.uint16)
    ours, theirs = highdicom(folder, origin, values[origin.mask], "LABELMAP", (2, 300, 40000))
    read = ours.get_volume(combine_segments=True)
    assert read.array.dtype == np.uint16
    np.testing.assert_array_equal(read.array, theirs.get_volume(combine_segments=True).array)
    np.testing.assert_array_equal(on_grid(ours, origin), values[origin.mask])


def test_highdicom_overlap(folder: Path) -> None:
    origin = saved("single", folder)
    masks = stack(origin.mask, 3)
    masks[..., 1] |= masks[..., 0]
    ours, _ = highdicom(folder, origin, masks, "BINARY")
    np.testing.assert_array_equal(ours.get_pixels_by_source_instance(uids(origin.datasets)), masks)


@pytest.mark.parametrize("name", ["slide-full", "slide-sparse"])
@pytest.mark.parametrize(
    ("kind", "syntax"),
    [("BINARY", EXPLICIT), ("LABELMAP", JPEG_LS), ("LABELMAP", RLE), ("FRACTIONAL", EXPLICIT)],
)
@pytest.mark.parametrize("organisation", ["TILED_FULL", "TILED_SPARSE"])
def test_highdicom_slide(folder: Path, name: str, kind: str, syntax: str, organisation: str) -> None:
    origin = saved(name, folder)
    ours, theirs = highdicom(
        folder, origin, origin.mask, kind, transfer_syntax_uid=syntax, tile_pixel_array=True,
        dimension_organization_type=organisation, omit_empty_frames=organisation == "TILED_SPARSE",
    )  # fmt: skip
    np.testing.assert_array_equal(ours.get_total_pixel_matrix(combine_segments=True), origin.mask[0])
    np.testing.assert_array_equal(ours.get_total_pixel_matrix(), theirs.get_total_pixel_matrix())
    np.testing.assert_allclose(ours.get_volume().affine, theirs.get_volume().affine, atol=1e-9)


def test_highdicom_without_frame_of_reference(folder: Path) -> None:
    """One frame only: of cine loops it does not write segmentations."""
    origin = saved("cr", folder)
    ours, theirs = highdicom(folder, origin, origin.mask, "BINARY")
    np.testing.assert_array_equal(ours.get_stored_frames(), theirs.get_stored_frames())
    assert ours.coordinate_system is None and ours.get_volume_geometry() is None


def test_highdicom_volume(folder: Path) -> None:
    """A volume of highdicom's, crop of the source's grid, in another direction."""
    origin = saved("mr", folder)
    grid = hd.Volume(
        origin.mask, origin.affine, "PATIENT", frame_of_reference_uid=origin.datasets[0].FrameOfReferenceUID
    )
    crop = grid[1:4, 2:15, ::-1]
    ours, _ = highdicom(folder, origin, crop, "BINARY")
    mask = np.zeros_like(origin.mask)
    mask[1:4, 2:15] = origin.mask[1:4, 2:15]
    np.testing.assert_array_equal(on_grid(ours, origin), mask)
