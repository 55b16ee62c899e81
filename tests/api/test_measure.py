"""``measure_segments`` and ``measure``: against SimpleITK, pyradiomics, brute force; refusals; reports."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom.dataset import Dataset

import dicomposer as dc
from dicomposer import samples
from dicomposer.api._measure_shapes import Crop, farthest, in_plane_axes, largest_diameter
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError
from judges import dciodvfy

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools import measurements as tool  # noqa: E402


@pytest.fixture
def series() -> samples.ImageSeries:
    return samples.phantom_series("CT")


def measured(series: samples.ImageSeries, **options: Any) -> Any:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"], **options)
    return dc.measure_segments(seg, list(series.datasets))


# -- others' figures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", tool.NAMES)
def test_tumours_as_simpleitk_and_pyradiomics_measure_them(name: str) -> None:
    ours, series, volume = tool.tumour(name)
    itk = tool.by_simpleitk(tool.in_order(series, volume), volume)
    radiomics = json.loads(tool.RECORD.read_text(encoding="utf-8"))[name]
    voxel = math.hypot(*volume.spacing)
    for row, feature, theirs, _, tolerance in tool.ROWS:
        value = ours[row]
        if row == "long_axis":  # theirs may go from one plane to the next
            assert value <= radiomics[feature] + 1e-9 <= math.hypot(value, 2 * voxel) + 2 * voxel
            continue
        if feature is not None:
            assert value == pytest.approx(radiomics[feature], rel=max(tolerance, 1e-12)), row
        if row == "diameter":
            assert itk[theirs] <= value <= itk[theirs] + 2 * voxel
        elif row == "std":
            count = ours["voxels"]
            assert value == pytest.approx(itk[theirs] * math.sqrt((count - 1) / count), rel=1e-9)
        elif theirs is not None:
            assert value == pytest.approx(itk[theirs], rel=max(tolerance, 1e-12)), row


def test_the_page_is_up_to_date() -> None:
    record = json.loads(tool.RECORD.read_text(encoding="utf-8"))
    pages = (tool.PAGE.read_text(encoding="utf-8"), tool.page(record))
    held, made = ([line for line in page.splitlines() if line.startswith("|")] for page in pages)
    assert held == made


# -- shapes ------------------------------------------------------------------------------------------------------------


def faces(mask: np.ndarray) -> np.ndarray:
    """Centres of all faces between inside and outside."""
    padded = np.pad(mask, 1).astype(np.int8)
    found = []
    for axis in range(3):
        where = np.argwhere(np.diff(padded, axis=axis) != 0).astype(float) - 1
        where[:, axis] += 0.5
        found.append(where)
    return np.concatenate(found)


def largest(points: np.ndarray) -> float:
    return float(np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1)).max())


@pytest.mark.parametrize("seed", range(12))
def test_diameters_of_any_mask_are_those_of_all_faces(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((5, 9, 8)) < (0.03, 0.2, 0.6)[seed % 3]
    mask[2, 4, 4] = True
    spacing = rng.uniform(0.5, 4, 3)
    crop = Crop.of(mask)
    assert crop is not None
    assert largest_diameter(crop, spacing) == pytest.approx(largest(faces(mask) * spacing))
    axes = in_plane_axes(crop, spacing[1:])
    planes = []
    for plane in mask:
        edge = faces(plane[None])
        edge = edge[edge[:, 0] == 0][:, 1:]  # faces within the plane
        planes.append(largest(edge * spacing[1:]) if len(edge) else 0.0)
    assert axes.long == pytest.approx(max(planes)) and planes[axes.plane] == pytest.approx(max(planes))
    long = (axes.long_ends[1] - axes.long_ends[0]) * spacing[1:]
    short = (axes.short_ends[1] - axes.short_ends[0]) * spacing[1:]
    assert np.linalg.norm(long) == pytest.approx(axes.long)
    assert np.linalg.norm(short) == pytest.approx(axes.short)
    assert abs(long @ short) < 1e-6 * axes.long * max(axes.short, 1) and axes.short <= axes.long + 1e-9


@pytest.mark.parametrize("size", [1, 2, 3, 40, 1600, 5000])
@pytest.mark.parametrize("shape", ["cloud", "sphere"])
def test_farthest_points_among_few_and_many(size: int, shape: str) -> None:
    points = np.random.default_rng(size).normal(size=(size, 3))
    if shape == "sphere":
        points /= np.linalg.norm(points, axis=1)[:, None]
    length, pair = farthest(points)
    assert length == pytest.approx(max(np.linalg.norm(points - one, axis=1).max() for one in points))
    assert np.linalg.norm(pair[1] - pair[0]) == pytest.approx(length)


def test_axes_of_an_ellipse() -> None:
    rows, columns = np.indices((121, 121)) - 60
    turn = np.deg2rad(30)
    along, across = columns * np.cos(turn) + rows * np.sin(turn), rows * np.cos(turn) - columns * np.sin(turn)
    crop = Crop.of(((along / 50) ** 2 + (across / 25) ** 2 <= 1)[None])
    assert crop is not None
    axes = in_plane_axes(crop, np.ones(2))
    assert axes.long == pytest.approx(100, abs=1.5) and axes.short == pytest.approx(50, abs=1.5)


# -- kinds of segmentations --------------------------------------------------------------------------------------------


def test_all_types_give_the_same(series: samples.ImageSeries) -> None:
    binary, labels = measured(series), measured(series, segmentation_type="LABELMAP")
    for one, other in zip(binary, labels, strict=True):
        for name in ("voxels", "volume", "diameter", "centroid", "bounding_box", "statistics"):
            assert getattr(one, name) == getattr(other, name), name
        assert one.axes.long_ends == other.axes.long_ends
    mask = np.asarray(series.mask)
    values = np.stack(
        [ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in series.datasets]
    )
    for one in binary:
        inside = values[mask == one.number]
        assert one.voxels == inside.size
        found = one.statistics
        assert (found.mean, found.std) == (pytest.approx(inside.mean()), pytest.approx(inside.std()))
        assert (found.minimum, found.maximum, found.median) == (inside.min(), inside.max(), np.median(inside))
        assert found.percentiles[90] == pytest.approx(np.percentile(inside, 90))
        assert found.unit == "[hnsf'U]"


def test_overlapping_segments_each_count(series: samples.ImageSeries) -> None:
    mask = np.asarray(series.mask)
    both = np.stack([mask > 0, mask == 2], axis=-1)
    seg = dc.segment(both, list(series.datasets), ["Liver", "Spleen"])
    whole, part = dc.measure_segments(seg, list(series.datasets))
    assert whole.voxels == (mask > 0).sum() and part.voxels == (mask == 2).sum()


@pytest.mark.parametrize(("kind", "expected"), [("OCCUPANCY", 0.6), ("PROBABILITY", 0.5)])
def test_fractions(series: samples.ImageSeries, kind: str, expected: float) -> None:
    mask = np.asarray(series.mask) == 1
    fractions = np.zeros(mask.shape)
    fractions[mask] = 0.2
    half = mask & (np.arange(mask.shape[2]) % 2 == 0)
    fractions[half] = 1.0
    seg = dc.segment(
        fractions[..., None], list(series.datasets), ["Liver"], segmentation_type="FRACTIONAL", fractional_type=kind,
        max_fractional_value=250,
    )  # fmt: skip
    (found,) = dc.measure_segments(seg, list(series.datasets))
    assert found.voxels == half.sum() == found.statistics.voxels
    voxel = found.volume / (fractions.sum() if kind == "OCCUPANCY" else half.sum())
    spacing = [*map(float, series.datasets[0].PixelSpacing)]
    assert voxel == pytest.approx(np.prod(spacing) * 3.0)
    (all_of_it,) = dc.measure_segments(seg, list(series.datasets), threshold=0.1)
    assert all_of_it.voxels == mask.sum()
    assert expected > 0


def test_empty_segments(series: samples.ImageSeries) -> None:
    mask = (np.asarray(series.mask) == 1).astype(np.uint8)
    with pytest.warns(dc.errors.EmptySegmentWarning):
        seg = dc.segment(mask, list(series.datasets), ["Liver", "Spleen"])
    _, empty = dc.measure_segments(seg, list(series.datasets))
    assert (empty.voxels, empty.volume, empty.diameter, empty.axes, empty.statistics) == (
        0,
        0.0,
        None,
        None,
        None,
    )
    report = dc.measure(seg, list(series.datasets))
    assert dc.validate(report).ok
    assert len(report.content.get_volumetric_roi_measurement_groups()) == 2


def test_slides_have_areas() -> None:
    slide = samples.phantom_slide()
    image = slide.dataset
    seg = dc.segment(slide.mask, image, dict(slide.labels))
    found = dc.measure_segments(seg, image)
    mask = np.asarray(slide.mask)
    spacing = image.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    for one in found:
        assert one.voxels == (mask == one.number).sum()
        assert one.area == pytest.approx(one.voxels * float(spacing[0]) * float(spacing[1]))
        assert one.volume is None and one.statistics is None
    report = dc.measure(seg, image)
    assert dc.validate(report).ok


def test_without_images(series: samples.ImageSeries) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    with_images = dc.measure_segments(seg, list(series.datasets))
    for one, other in zip(dc.measure_segments(seg), with_images, strict=True):
        assert one.volume == pytest.approx(other.volume) and one.statistics is None
        assert one.diameter == pytest.approx(other.diameter)


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_images_that_lack_planes(series: samples.ImageSeries) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    some = list(series.datasets)[:4]
    with pytest.raises(GeometryError, match=r"the images lack \d of the \d planes"):
        dc.measure_segments(seg, some)
    assert dc.measure_segments(seg, some, statistics=False)[0].volume > 0


def test_images_on_another_grid(series: samples.ImageSeries) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    coarse = [Dataset.from_json(ds.to_json()) for ds in series.datasets]
    for ds in coarse:
        ds.PixelSpacing = [2.0, 2.0]
    with pytest.warns(UserWarning, match="no statistics of values: the pixels of the images are 2 x 2 mm"):
        found = dc.measure_segments(seg, coarse)
    assert found[0].statistics is None
    assert found[0].volume == pytest.approx(dc.measure_segments(seg, list(series.datasets))[0].volume)
    with pytest.raises(GeometryError, match="pass statistics=False"):
        dc.measure_segments(seg, coarse, statistics=True)


def test_uneven_planes_have_no_volume(series: samples.ImageSeries) -> None:
    images = [Dataset.from_json(ds.to_json()) for ds in series.datasets]
    position = list(images[-1].ImagePositionPatient)
    images[-1].ImagePositionPatient = [*position[:2], float(position[2]) + 1.3]
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    with pytest.raises(GeometryError, match="unevenly spaced"):
        dc.measure_segments(seg, images)


@pytest.mark.parametrize(
    ("keyword", "value", "said"),
    [("PatientID", "another", "patients"), ("FrameOfReferenceUID", "1.2.3", "frames of reference")],
)
def test_images_of_somebody_else(series: samples.ImageSeries, keyword: str, value: str, said: str) -> None:
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    images = [Dataset.from_json(ds.to_json()) for ds in series.datasets]
    for ds in images:
        setattr(ds, keyword, value)
    with pytest.raises(ArgumentError, match=said):
        dc.measure_segments(seg, images)


def test_arguments(series: samples.ImageSeries) -> None:
    images = list(series.datasets)
    seg = dc.segment(series.mask, images, ["Liver", "Spleen"])
    with pytest.raises(ArgumentError, match="no segment 7; it has 1, 2"):
        dc.measure_segments(seg, images, segments=[7])
    with pytest.raises(ArgumentError, match="no Segmentation"):
        dc.measure_segments(images[0], images)
    with pytest.raises(ArgumentError, match="volume_unit"):
        dc.measure(seg, images, volume_unit="pint")
    with pytest.raises(ArgumentError, match="viewer"):
        dc.measure(seg, images, viewer="paper")
    with pytest.raises(ArgumentTypeError, match="did you mean 'algorithm'"):
        dc.measure(seg, images, algoritm="x")  # type: ignore[call-arg]
    assert [one.number for one in dc.measure_segments(seg, images, segments=[2])] == [2]


def test_arguments_stay_as_they_are(series: samples.ImageSeries) -> None:
    images = list(series.datasets)
    plain = Dataset()
    made = dc.segment(series.mask, images, ["Liver", "Spleen"])
    plain.update(made)
    plain.file_meta = made.file_meta
    plain.set_original_encoding(False, True)
    kinds = [type(one) for one in (plain, *images)]
    dc.measure(plain, images)
    assert [type(one) for one in (plain, *images)] == kinds


# -- the report --------------------------------------------------------------------------------------------------------


def test_report_reads_back_in_highdicom(series: samples.ImageSeries, tmp_path: Path) -> None:
    images = list(series.datasets)
    seg = dc.segment(series.mask, images, ["Liver", "kidney_left"])
    report = dc.measure(seg, images, algorithm="meter", algorithm_version="3", volume_unit="mm3")
    assert dc.validate(report).ok
    path = tmp_path / "report.dcm"
    report.save_as(path)
    assert not dciodvfy(path).errors
    table = dc.measure_segments(seg, images)
    groups = hd.sr.srread(path).content.get_volumetric_roi_measurement_groups()
    for one, group in zip(table, groups, strict=True):
        assert group.tracking_uid == one.tracking_uid
        assert group.referenced_segment.referenced_segment_numbers == [one.number] or (
            list(group.referenced_segment.referenced_segment_numbers) == [one.number]
        )
        found = {}
        for item in group.get_measurements():
            key = (item.name.meaning, item.derivation.meaning if item.derivation else None)
            found[key] = (item.value, item.unit.value)
        assert (
            found["Volume", None][0] == pytest.approx(one.volume, rel=1e-12)
            and found["Volume", None][1] == "mm3"
        )
        assert found["Maximum 3D Diameter of a Mesh", None][0] == pytest.approx(one.diameter, rel=1e-12)
        assert found["Attenuation Coefficient", "Mean"][0] == pytest.approx(one.statistics.mean, rel=1e-12)
        assert found["Attenuation Coefficient", "Median"][1] == "[hnsf'U]"
    assert groups[1].finding_sites[0].laterality.meaning == "Left"


@pytest.mark.parametrize(
    ("changes", "name", "unit"),
    [
        ({"Modality": "PT", "Units": "BQML"}, "Nuclear Medicine Tomographic Activity", "Bq/ml"),
        ({"Modality": "PT", "Units": "GML", "SUVType": "LBM"}, "SUVlbm", "g/ml{SUVlbm}"),
        ({"Modality": "PT", "Units": "GML"}, "SUVbw", "g/ml{SUVbw}"),
        ({"Modality": "MR"}, "MR signal intensity", "1"),
        ({"Modality": "CT", "RescaleType": "US"}, "Attenuation Coefficient", "1"),
        ({"Modality": "DX"}, "X-Ray Attenuation", "1"),
        ({"Modality": "US"}, None, "1"),
    ],
)
def test_units_of_values(
    series: samples.ImageSeries, changes: dict[str, str], name: str | None, unit: str
) -> None:
    from dicomposer.api._measure_values import quantity_of

    image = Dataset.from_json(series.datasets[0].to_json())
    for keyword, value in changes.items():
        setattr(image, keyword, value)
    found = quantity_of(image)
    assert (None if found.name is None else found.name.meaning, found.unit.value) == (name, unit)


def test_table(series: samples.ImageSeries) -> None:
    table = measured(series)
    frame = table.to_dataframe()
    assert list(frame["label"]) == ["Liver", "Spleen"] and {
        "volume",
        "long_axis",
        "mean",
        "p95",
        "unit",
    } <= set(frame)
    assert json.loads(json.dumps(table.to_dicts()))[0]["number"] == 1
