"""What ``measure_segments`` says of real tumours beside SimpleITK and pyradiomics; writes docs/measurements.md.

    python -m tools.measurements [--radiomics /path/to/python]

pyradiomics is compiled when it is installed, so it is not among what the project needs: make an environment with
``pip install numpy SimpleITK pyradiomics`` and name its Python. Without it the figures of the last run that had it are
kept (``tools/measurements.json``), as they are for the tests.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

import dicomposer as dc
from dicomposer import samples

ROOT = Path(__file__).parent.parent
PAGE, RECORD = ROOT / "docs/measurements.md", Path(__file__).parent / "measurements.json"
NAMES = ("lung1", "lung2", "brain1", "brain2")

#: Runs in the environment of pyradiomics: the image and mask of an .npz file in, features out.
WORKER = """
import json, sys, logging
import numpy as np, SimpleITK as sitk
import radiomics
from radiomics import firstorder, shape
logging.disable(logging.CRITICAL)
held = np.load(sys.argv[1])
def image(array):
    made = sitk.GetImageFromArray(array)
    made.SetSpacing([float(v) for v in held["spacing"][::-1]])
    return made
pair = image(held["values"].astype(np.float64)), image(held["mask"].astype(np.uint8))
found = {"version": radiomics.__version__}
for kind in (shape.RadiomicsShape, firstorder.RadiomicsFirstOrder):
    one = kind(*pair)
    one.enableAllFeatures()
    found.update({name: float(value) for name, value in one.execute().items()})
print(json.dumps(found))
"""
#: Our name, pyradiomics' feature, SimpleITK's; unit; how far apart values may be, relative.
ROWS: tuple[tuple[str, str | None, str | None, str, float], ...] = (
    ("voxels", None, "voxels", "", 0.0),
    ("volume", "VoxelVolume", "volume", "mm3", 1e-9),
    ("diameter", "Maximum3DDiameter", "feret", "mm", 1e-9),
    ("long_axis", "Maximum2DDiameterSlice", None, "mm", 1e-9),
    ("x", None, "x", "mm", 1e-6),
    ("y", None, "y", "mm", 1e-6),
    ("z", None, "z", "mm", 1e-6),
    ("mean", "Mean", "mean", "value", 1e-9),
    ("std", "std", "sigma", "value", 1e-9),
    ("minimum", "Minimum", "minimum", "value", 0.0),
    ("maximum", "Maximum", "maximum", "value", 0.0),
    ("median", "Median", None, "value", 1e-9),
    ("p10", "10Percentile", None, "value", 1e-9),
    ("p90", "90Percentile", None, "value", 1e-9),
)


def tumour(name: str) -> tuple[dict[str, Any], Any, Any]:
    """Our measurements of a sample's tumour, by way of a DICOM Segmentation; the series; a volume of its values."""
    make = samples.ct_series if name.startswith("lung") else samples.mr_series
    series = make(name=name)
    images = list(series.datasets)
    segmentation = dc.segment(series.mask, images, ["Neoplasm"])
    row = dc.measure_segments(segmentation, images).to_dataframe().iloc[0].to_dict()
    return row, series, dc.get_volume_from_series(images, apply_presentation_lut=False)


def by_simpleitk(mask: Any, volume: Any) -> dict[str, float]:
    """The same by SimpleITK, in the volume's own order of planes."""

    def image(array: Any) -> sitk.Image:
        made = sitk.GetImageFromArray(array)
        made.SetSpacing([float(one) for one in volume.spacing[::-1]])
        made.SetOrigin([float(one) for one in volume.position])
        made.SetDirection(np.stack(volume.unit_vectors()[::-1], axis=1).ravel().tolist())
        return made

    label, values = image(mask.astype(np.uint8)), image(volume.array)
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.ComputeFeretDiameterOn()
    shape.Execute(label)
    found = sitk.LabelStatisticsImageFilter()
    found.Execute(values, label)
    x, y, z = shape.GetCentroid(1)
    return {
        "voxels": shape.GetNumberOfPixels(1), "volume": shape.GetPhysicalSize(1), "feret": shape.GetFeretDiameter(1),
        "x": x, "y": y, "z": z, "mean": found.GetMean(1), "sigma": found.GetSigma(1),
        "minimum": found.GetMinimum(1), "maximum": found.GetMaximum(1),
    }  # fmt: skip


def by_pyradiomics(python: str, mask: Any, volume: Any) -> dict[str, Any]:
    """The same by pyradiomics, in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "volume.npz"
        np.savez(file, values=volume.array, mask=mask, spacing=np.asarray(volume.spacing))
        done = subprocess.run([python, "-c", WORKER, file], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["std"] = found["Variance"] ** 0.5
    kept = {"version", *(row[1] for row in ROWS if row[1])}
    return {name: value for name, value in found.items() if name in kept}


def in_order(series: Any, volume: Any) -> Any:
    """The mask in the order of the volume's planes."""
    normal = volume.unit_vectors()[0]
    places = [float(np.asarray(one.ImagePositionPatient, float) @ normal) for one in series.datasets]
    return np.asarray(series.mask)[np.argsort(places)]


def rows(
    name: str, record: dict[str, Any]
) -> Iterable[tuple[str, str, str, float, float | None, float | None]]:
    """Lines of the page for one tumour."""
    ours, series, volume = tumour(name)
    itk, radiomics = by_simpleitk(in_order(series, volume), volume), record.get(name, {})
    for row, feature, theirs, unit, _ in ROWS:
        yield name, row, unit, ours[row], itk.get(theirs or ""), radiomics.get(feature or "")


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def page(record: dict[str, Any]) -> str:
    """The page."""
    known = {one["version"] for one in record.values() if "version" in one}
    lines = [
        "# Measurements beside those of others",
        "",
        "<!-- written by tools/measurements.py -->",
        "",
        "Tumours of the samples, written as DICOM images and a Segmentation and read back by "
        f"`dicomposer.measure_segments`; the same masks measured by SimpleITK {version('SimpleITK')} and pyradiomics "
        f"{', '.join(sorted(known)) or '(not run)'}.",
        "",
        "- *volume* is voxels times their volume: pyradiomics' VoxelVolume (not MeshVolume), SimpleITK's PhysicalSize.",
        "- *diameter* is the longest distance between two points of the surface mesh (IBSI L0JK): pyradiomics'",
        "  Maximum3DDiameter. SimpleITK's Feret diameter goes from centre to centre of voxels, so it is shorter.",
        "- *long_axis* has both ends in one plane. pyradiomics' Maximum2DDiameterSlice also goes from a voxel of one",
        "  plane to a voxel of the next, and is longer then. *short_axis*, the longest line across, is in neither.",
        "- *std* has the number of voxels as its denominator, as with IBSI and pyradiomics; SimpleITK's has one less.",
        "- values are HU for lungs (CT) and without unit for brains (MR).",
        "",
        "| tumour | | unit | dicomposer | SimpleITK | pyradiomics |",
        "|---|---|---|--:|--:|--:|",
    ]
    for name in NAMES:
        for tumour_name, row, unit, *values in rows(name, record):
            lines.append(f"| {tumour_name} | {row} | {unit} | {' | '.join(map(_shown, values))} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run pyradiomics if its Python is named, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--radiomics", help="a Python that has pyradiomics")
    chosen = parser.parse_args()
    record: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    if chosen.radiomics:
        for name in NAMES:
            _, series, volume = tumour(name)
            record[name] = by_pyradiomics(chosen.radiomics, in_order(series, volume), volume)
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PAGE.write_text(page(record), encoding="utf-8")


if __name__ == "__main__":
    main()
