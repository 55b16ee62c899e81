"""``dicomposer demo``: the main job on real images, judged by programs that none of us wrote."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from dicomposer import api, record, samples, seg, view
from dicomposer.cli._console import out, working
from dicomposer.cli._judges import Verdict, dciodvfy, itk_voxels
from dicomposer.validation import Findings

_GOOD, _BAD = "[green]✔[/]", "[bold red]✘[/]"


@dataclass(frozen=True)
class Case:
    """A mask, its images, and how to store it.

    Attributes
    ----------
    name : str
        Of the files that are written.
    mask : Any
        As the front door takes it.
    source : Path
        Folder or file of the images.
    expected : numpy.ndarray
        (planes, rows, columns) labels that must come back, planes in the order of `uids`.
    segments : dict[int, str]
        What the labels mean.
    kind : str
        Type of segmentation.
    uids : tuple[str, ...]
        SOP Instance UIDs of the planes; empty for a slide.
    """

    name: str
    mask: Any
    source: Path
    expected: NDArray[Any]
    segments: dict[int, str]
    kind: str
    uids: tuple[str, ...] = ()

    @property
    def is_slide(self) -> bool:
        """Whether the images are a slide."""
        return not self.uids


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes
    ----------
    case : Case
        The case.
    file, picture : Path
        What was written.
    summary : view.Summary
        What it is.
    findings : Findings
        What our validator says.
    dciodvfy : Verdict
        What the judge says.
    same : bool
        Whether every voxel came back.
    given, by_itk : dict[int, int] or None
        Voxels of each segment: in the mask, and as dcmqi reads them (None where it cannot).
    """

    case: Case
    file: Path
    picture: Path
    summary: view.Summary
    findings: Findings
    dciodvfy: Verdict
    same: bool
    given: dict[int, int]
    by_itk: dict[int, int] | None

    @property
    def good(self) -> bool:
        """Whether all verdicts are good."""
        return (
            self.findings.ok
            and self.dciodvfy.good
            and self.same
            and self.by_us == self.given
            and self.by_itk in (None, self.given)
        )

    @property
    def by_us(self) -> dict[int, int]:
        """Voxels of each segment as read back from the file."""
        return {one.number: one.voxels for one in self.summary.segments}


def run(output: Path) -> bool:
    """Do all of it; true when every verdict is good."""
    output.mkdir(parents=True, exist_ok=True)
    console = out()
    console.print(
        Panel.fit(
            "Real images from public packages, masks turned into DICOM Segmentations,\n"
            "read back by us and by others.",
            title="dicomposer demo",
        )
    )
    outcomes = []
    for case in _cases(output):
        with working(f"{case.name}: composing, judging, reading back", quiet=False):
            outcomes.append(_outcome(case, output))
        _print(outcomes[-1])
    _print_table(outcomes)
    good = all(outcome.good for outcome in outcomes)
    console.print(
        f"{_GOOD} all verdicts are good" if good else f"{_BAD} [bold red]a verdict is bad[/]", highlight=False
    )
    return good


def _cases(output: Path) -> list[Case]:
    cases = []
    with working("Fetching images (once)", quiet=False):
        for name, images in (("ct", samples.ct_series()), ("mr", samples.mr_series())):
            saved = images.save(_emptied(output / name))
            mask = saved.save_mask(output / f"{name}-mask.nii.gz")
            uids = tuple(str(ds.SOPInstanceUID) for ds in saved.datasets)
            for kind in ("BINARY", "LABELMAP") if name == "ct" else ("BINARY",):
                labels = dict(saved.labels)
                case = Case(f"{name}-{kind.lower()}", mask, saved.folder, saved.mask, labels, kind, uids)
                cases.append(case)
        slide = samples.slide_image(output / "slide.dcm")
    assert slide.file is not None
    labels = dict(slide.labels)
    cases.append(Case("slide-binary", slide.mask, slide.file, slide.mask[np.newaxis], labels, "BINARY"))
    return cases


def _emptied(folder: Path) -> Path:
    """A folder without the images of an earlier run, which would be a second series."""
    if folder.exists():
        shutil.rmtree(folder)
    return folder


def _outcome(case: Case, output: Path) -> Outcome:
    file, picture = output / f"{case.name}.dcm", output / f"{case.name}.png"
    made = api.segment(
        case.mask,
        case.source,
        case.segments,
        segmentation_type=case.kind,
        algorithm="sample mask",
        content_description="dicomposer demo",
    )
    record.save(made, file)
    opened = api.open(file)
    assert isinstance(opened, seg.Segmentation)
    view.save_png(view.overlay(opened, case.source), picture, legend=view.legend(opened))
    return Outcome(
        case,
        file,
        picture,
        view.summarise(opened),
        api.validate(file),
        dciodvfy(file),
        np.array_equal(_read_back(opened, case), case.expected),
        {number: int(np.count_nonzero(case.expected == number)) for number in case.segments},
        None if case.is_slide else itk_voxels(file, list(case.segments)),
    )


def _read_back(segmentation: seg.Segmentation, case: Case) -> NDArray[Any]:
    if case.is_slide:
        return segmentation.get_total_pixel_matrix(combine_segments=True)[np.newaxis]
    return segmentation.get_pixels_by_source_instance(
        case.uids, combine_segments=True, assert_missing_frames_are_empty=True
    )


def _print(outcome: Outcome) -> None:
    """What was written, and where."""
    console, one = out(), outcome.summary
    size = f"{one.frames} frames of {one.rows}x{one.columns}, {outcome.file.stat().st_size / 1e6:.2f} MB"
    console.print(f"\n[bold]{outcome.case.name}[/]  {escape(one.sop_class)}, {size}")
    console.print(f"  object    {escape(str(outcome.file))}\n  picture   {escape(str(outcome.picture))}")
    for text in (*map(str, outcome.findings.errors), *outcome.dciodvfy.complaints):
        console.print(f"  {_BAD} {escape(text)}", soft_wrap=True)


def _print_table(outcomes: Sequence[Outcome]) -> None:
    console = out()
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in ("object", "segment"):
        table.add_column(heading, overflow="fold")
    for heading in ("given", "by us", "by dcmqi"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("equal", "validator", "dciodvfy"):
        table.add_column(heading, justify="center", no_wrap=True)
    for outcome in outcomes:
        for index, one in enumerate(outcome.summary.segments):
            given = outcome.given[one.number]
            table.add_row(
                "" if index else outcome.case.name,
                escape(one.label),
                f"{given:,}",
                _count(one.voxels, given),
                "-" if outcome.by_itk is None else _count(outcome.by_itk.get(one.number, 0), given),
                *(("", "", "") if index else _marks(outcome)),
            )
    console.print("\n[bold]Voxels and verdicts[/]")
    console.print(table)
    console.print(
        "[dim]given: in the mask; by us, by dcmqi: read from the file (dcmqi reads no slides);\n"
        "equal: every voxel came back where it was[/]"
    )


def _count(voxels: int, expected: int) -> str:
    return f"[green]{voxels:,}[/]" if voxels == expected else f"[bold red]{voxels:,} ✘[/]"


def _marks(outcome: Outcome) -> tuple[str, str, str]:
    verdicts = (outcome.same, outcome.findings.ok, outcome.dciodvfy.good)
    same, ok, iod = (_GOOD if verdict else _BAD for verdict in verdicts)
    return same, ok, iod
