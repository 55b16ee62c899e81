"""What is shown to the viewer, and what was put into it: objects of all kinds that dicomposer writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

import dicomposer as dc
from dicomposer import samples

DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"


@dataclass(frozen=True)
class Exhibit:
    """One object, with the images it belongs to and what went into it.

    ``stack`` holds the segments as (segments, planes, rows, columns), in the order of their numbers; ``findings`` what
    a report was made of. ``fate`` names the check of ``tools.viewers.checks`` that the answer must pass; ``advice`` the
    rules of the profile ``viewers`` that must warn of it, ``reply`` the button of its question.
    """

    name: str
    title: str
    images: Sequence[Dataset]
    made: Dataset
    fate: str
    stack: NDArray[np.bool_] | None = None
    findings: Sequence[Mapping[str, Any]] = ()
    advice: frozenset[str] = field(default_factory=frozenset)
    reply: str = "Yes"


def exhibits() -> list[Exhibit]:
    """All of them; the phantoms are quick, real series show that size does not matter."""
    return [made for make in (_segmentations, _flawed, _reports, _selections) for made in make()]


def _classes(series: samples.ImageSeries, thresholds: Sequence[float]) -> NDArray[np.uint8]:
    """Labels by value, from 1, of pixels above each threshold."""
    values = np.stack([one.pixel_array for one in series.datasets]).astype(np.float64)
    first = series.datasets[0]
    values = values * float(first.get("RescaleSlope", 1)) + float(first.get("RescaleIntercept", 0))
    return np.digitize(values, thresholds).astype(np.uint8)


def _split(labels: NDArray[np.uint8], count: int) -> NDArray[np.bool_]:
    return labels[None] == np.arange(1, count + 1)[:, None, None, None]


def _segmentations() -> list[Exhibit]:
    ct, mr = samples.ct_series(), samples.mr_series()
    tissue = _classes(ct, (-250.0, 150.0))  # soft tissue, bone
    body = np.stack([ct.mask > 0, tissue > 0, tissue == 2])
    head = np.where(mr.mask > 0, 1, 2 * (_classes(mr, (60.0,)) > 0)).astype(np.uint8)
    parts = ["Neoplasm", "Brain"]

    def on_mr(name: str, title: str, kind: str, syntax: str = "native") -> Exhibit:
        made = dc.segment(head, list(mr.datasets), parts, segmentation_type=kind, transfer_syntax_uid=syntax)
        shown = kind == "BINARY"
        advice = frozenset(() if shown else {"background-item"})
        return Exhibit(
            name, f"{kind}, {title}; real MR", mr.datasets, made, "segments" if shown else "shifted",
            _split(head, 2), advice=advice,
        )  # fmt: skip

    found = [
        Exhibit("binary", "BINARY, 2 segments; real CT", ct.datasets,
                dc.segment(tissue, list(ct.datasets), ["Fat", "Bone"]), "segments", _split(tissue, 2)),
        Exhibit("overlapping", "BINARY, 3 segments that overlap; real CT", ct.datasets,
                dc.segment(np.moveaxis(body, 0, -1), list(ct.datasets), ["Neoplasm", "Fat", "Bone"]),
                "segments", body),
        on_mr("binary-mr", "2 segments", "BINARY"),
        on_mr("labelmap", "native", "LABELMAP"),
        on_mr("labelmap-rle", "RLE", "LABELMAP", "rle"),
        on_mr("labelmap-j2k", "JPEG 2000", "LABELMAP", "jpeg2000"),
        on_mr("labelmap-jpegls", "JPEG-LS", "LABELMAP", "jpeg-ls"),
    ]  # fmt: skip
    for orientation in ("sagittal", "oblique"):
        series = samples.phantom_series("MR", orientation=orientation)
        made = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
        found.append(
            Exhibit(orientation, f"BINARY, 2 segments; {orientation} MR phantom", series.datasets, made,
                    "segments", _split(series.mask, 2))
        )  # fmt: skip
    series = samples.enhanced_image(samples.phantom_series("CT"))
    made = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    found.append(
        Exhibit("enhanced", "BINARY, 2 segments; enhanced (multi-frame) CT phantom", series.datasets, made,
                "segments", _split(series.mask, 2))
    )  # fmt: skip
    return found


def _flawed() -> list[Exhibit]:
    """Legal objects that the viewer is known not to show as they are."""
    series = samples.phantom_series("CT")
    images, parts = list(series.datasets), ["Liver", "Spleen"]

    def flawed(name: str, title: str, made: Dataset, fate: str, *rules: str, labels: Any = None) -> Exhibit:
        labels = series.mask if labels is None else labels
        return Exhibit(
            name, f"{title}; CT phantom", images, made, fate, _split(labels, 2), advice=frozenset(rules)
        )

    fractions = np.stack([(series.mask == n) * 0.5 for n in (1, 2)], axis=-1)
    colourless = dc.segment(series.mask, images, parts)
    for item in colourless.SegmentSequence:
        del item.RecommendedDisplayCIELabValue
    odd = samples.phantom_series("CT", shape=(7, 31, 41))
    wide = (series.mask > 0) * (series.mask.astype(np.uint16) + 299)
    return [
        flawed("fractional", "FRACTIONAL, halves", dc.segment(fractions, images, parts, segmentation_type="FRACTIONAL"),
               "refused", "fractional"),
        flawed("no-colour", "BINARY without colours", colourless, "uncoloured", "no-colour"),
        flawed("wide-label", "LABELMAP, segments 300 and 301",
               dc.segment(wide, images, {300: "Liver", 301: "Spleen"}, segmentation_type="LABELMAP"), "wrapped",
               "wide-label", "background-item"),
        flawed("deflated-frames", "BINARY, Deflated Image Frame Compression",
               dc.segment(series.mask, images, parts, transfer_syntax_uid=DEFLATED_FRAMES), "refused"),
        Exhibit("odd-length", "BINARY, frames of 31 x 41; CT phantom", odd.datasets,
                dc.segment(odd.mask, list(odd.datasets), parts), "refused", _split(odd.mask, 2),
                advice=frozenset({"odd-packed-length"})),
    ]  # fmt: skip


def _findings(label: str) -> list[dict[str, Any]]:
    """A finding for every tool."""
    return [
        {"label": label, "region": {"point": (103, 94), "image": 4}, "comment": "a point"},
        {"label": label, "region": {"line": [(80, 74), (110, 131)], "image": 5}, "tracking_id": "L1"},
        {"label": label, "region": {"box": (81, 92, 120, 132), "image": 6}, "comment": "a box"},
        {
            "label": label,
            "region": {"circle": (120, 115, 26), "image": 7},
            "measurements": {"Mean": (33.1, "")},
        },
        {"label": label, "region": {"ellipse": (120, 115, 14, 38, 30), "image": 8}, "site": "Brain"},
        {"label": label, "region": {"polygon": [(81, 81), (110, 90), (120, 152), (70, 100)], "image": 9}},
        {
            "label": label,
            "region": {
                "long_axis": [(80, 84), (120, 124)],
                "short_axis": [(115, 99), (95, 119)],
                "image": 10,
            },
        },
    ]


def _reports() -> list[Exhibit]:
    mr = samples.mr_series()
    images = list(mr.datasets)
    findings = _findings("Neoplasm")
    tumour = dc.segment(mr.mask, images, ["Neoplasm"])
    options = {"algorithm": "finder", "algorithm_version": "1"}
    plain = dc.report(deepcopy(findings), images, **options)
    return [
        Exhibit("report-ohif", '`report(viewer="ohif")`: seven tools; real MR', images,
                dc.report(deepcopy(findings), images, viewer="ohif", **options), "hydrated", findings=findings),
        Exhibit("measure-ohif", '`measure(viewer="ohif")`: axes of a tumour; real MR', images,
                dc.measure(tumour, images, viewer="ohif"), "axes"),
        Exhibit("report", "`report()`: seven regions (TID 1410), as it is; real MR", images, plain, "overlaid",
                findings=findings, advice=frozenset({"report-tools"}), reply="No"),
        Exhibit("report-taken", "the same, to be made editable", images, plain, "misread",
                findings=findings, advice=frozenset({"report-tools"})),
        Exhibit("measure", "`measure()`: a segment (TID 1411); real MR", images,
                dc.measure(tumour, images), "blank", advice=frozenset({"report-tools", "report-coordinates"})),
    ]  # fmt: skip


def _selections() -> list[Exhibit]:
    series = samples.phantom_series("CT")
    chosen = dc.select(list(series.datasets)[2:4], "For Conference", description="the margin")
    return [
        Exhibit("key-objects", "key objects: two images; CT phantom", series.datasets, chosen, "selection")
    ]
