"""The commands and their options. What they do is imported when they run, so that ``--help`` is quick."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dicomposer.cli._console import CommandGroup

app = typer.Typer(
    cls=CommandGroup,
    help="Model outputs and image analysis as standard DICOM objects, and back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Kind(StrEnum):
    """Types of segmentations."""

    binary = "binary"
    labelmap = "labelmap"
    fractional = "fractional"


class Level(StrEnum):
    """Levels of findings."""

    error = "error"
    warning = "warning"
    advice = "advice"
    not_evaluated = "not-evaluated"


class FailOn(StrEnum):
    """Levels that can be failures."""

    error = "error"
    warning = "warning"
    advice = "advice"


class By(StrEnum):
    """How findings on many files are put together."""

    file = "file"
    finding = "finding"


class Format(StrEnum):
    """Formats of reports."""

    table = "table"
    json = "json"
    sarif = "sarif"
    junit = "junit"


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"dicomposer {version('dicomposer')}")
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Model outputs and image analysis as standard DICOM objects, and back."""


@app.command()
def segment(  # noqa: PLR0913 - options of a command, bundled at once
    source: Annotated[Path, typer.Argument(help="Folder of the image series, or one image file.")],
    masks: Annotated[
        list[Path],
        typer.Argument(help="The mask: NIfTI, NRRD, MetaImage, .npy, picture; or one file a structure."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="DICOM file to write.")],
    segments: Annotated[
        list[str] | None,
        typer.Option(
            "--segment",
            "-s",
            help="NAME of a structure, or TEXT=NAME for a text of your own; repeat it for labels 1, 2, 3...",
        ),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--label", "-l", help="VALUE=NAME (or VALUE=TEXT=NAME) for labels that are not 1, 2, 3..."
        ),
    ] = None,
    kind: Annotated[
        Kind, typer.Option("--type", "-t", case_sensitive=False, help="How to store the mask.")
    ] = Kind.binary,
    transfer_syntax: Annotated[
        str | None,
        typer.Option(help="native, deflated, rle, jpeg-ls, jpeg2000, or a UID."),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(help="Order of the planes of a bare array, e.g. feet-to-head or instance-number."),
    ] = None,
    series: Annotated[
        str | None, typer.Option(help="UID or number of the series, in a folder with several.")
    ] = None,
    algorithm: Annotated[str | None, typer.Option(help="Name of what made the mask.")] = None,
    algorithm_version: Annotated[str | None, typer.Option(help="Its version.")] = None,
    algorithm_type: Annotated[
        str | None, typer.Option(help="automatic, semiautomatic or manual. [default: automatic]")
    ] = None,
    description: Annotated[str | None, typer.Option(help="Series Description.")] = None,
    keep_empty: Annotated[bool, typer.Option("--keep-empty", help="Store empty frames as well.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output file (never an input).")
    ] = False,
    json: Json = False,
) -> None:
    """Turn a mask and its images into a DICOM Segmentation.

    Example: [bold]dicomposer segment ct/ liver.nii.gz --segment Liver -o liver.dcm[/]
    """
    from dicomposer.cli import _segment

    options = {
        "segmentation_type": kind.value.upper(),
        "transfer_syntax_uid": transfer_syntax,
        "order": order,
        "algorithm": algorithm,
        "algorithm_version": algorithm_version,
        "algorithm_type": algorithm_type,
        "series_description": description,
        "omit_empty_frames": False if keep_empty else None,
    }
    _segment.run(
        _segment.Job(source, tuple(masks), output, series, overwrite),
        _segment.named(masks, segments or [], labels or []),
        {name: value for name, value in options.items() if value is not None},
        as_json=json,
    )


@app.command()
def report(  # noqa: PLR0913 - options of a command, bundled at once
    findings: Annotated[Path, typer.Argument(help="The findings: a CSV, TSV or JSON file.")],
    source: Annotated[
        Path, typer.Option("--source", help="Folder of the image series, one image file, or a Segmentation.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="DICOM file to write.")],
    title: Annotated[
        str | None, typer.Option(help="Of PS3.16 CID 7021. [default: Imaging Measurement Report]")
    ] = None,
    series: Annotated[
        str | None, typer.Option(help="UID or number of the series, in a folder with several.")
    ] = None,
    algorithm: Annotated[str | None, typer.Option(help="Name of what found and measured.")] = None,
    algorithm_version: Annotated[str | None, typer.Option(help="Its version.")] = None,
    observer: Annotated[str | None, typer.Option(help="Person who did, as Family^Given.")] = None,
    viewer: Annotated[
        str | None, typer.Option(help="ohif: findings become annotations that OHIF edits.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output file (never an input).")
    ] = False,
    json: Json = False,
) -> None:
    r"""Turn findings in a table into a DICOM structured report.

    Columns: label, site, laterality, tracking_id, tracking_uid, comment; 'Volume \[cm3]' for measurements (names:
    dicomposer terms --measurements), 'evaluation: Margin'; image, instance_number, position, frame; point, points,
    line, polygon, box, circle, ellipse, long_axis, short_axis (in pixels); point_mm, points_mm, polygon_mm (LPS);
    segment, segmentation.

    Example: [bold]dicomposer report findings.csv --source ct/ -o report.dcm[/]
    """
    from dicomposer.cli import _report

    options = {
        "title": title,
        "algorithm": algorithm,
        "algorithm_version": algorithm_version,
        "observer": observer,
        "viewer": viewer,
    }
    _report.run(
        _report.Job((findings,), source, output, series, overwrite),
        {name: value for name, value in options.items() if value is not None},
        as_json=json,
    )


@app.command()
def measure(  # noqa: PLR0913 - options of a command
    segmentation: Annotated[Path, typer.Argument(help="A DICOM Segmentation.")],
    source: Annotated[
        Path, typer.Option("--source", help="Folder of the images it was made from, or one file.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the measurements as a DICOM report.")
    ] = None,
    series: Annotated[
        str | None, typer.Option(help="UID or number of the series, in a folder with several.")
    ] = None,
    viewer: Annotated[str | None, typer.Option(help="ohif: axes become annotations that OHIF edits.")] = None,
    value_map: Annotated[
        str | None, typer.Option(help="Label or unit of the real world value map, if images have several.")
    ] = None,
    no_statistics: Annotated[
        bool, typer.Option("--no-statistics", help="Leave out the values of the images.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output file (never an input).")
    ] = False,
    json: Json = False,
) -> None:
    """Measure the segments of a Segmentation: volumes, diameters, values of the images.

    Example: [bold]dicomposer measure liver.dcm --source ct/ -o report.dcm[/]
    """
    from dicomposer.cli import _report

    options = {"viewer": viewer, "value_map": value_map, "statistics": False if no_statistics else None}
    _report.measure(
        _report.Job((segmentation,), source, output, series, overwrite),
        {name: value for name, value in options.items() if value is not None},
        as_json=json,
    )


@app.command()
def select(
    images: Annotated[
        list[Path], typer.Argument(help="The DICOM files that are selected, and folders of them.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="DICOM file to write.")],
    title: Annotated[str, typer.Option(help="Why: of PS3.16 CID 7010, as For Teaching.")] = "Of Interest",
    description: Annotated[str | None, typer.Option(help="More about it.")] = None,
    observer: Annotated[str | None, typer.Option(help="Person who selected, as Family^Given.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output file (never an input).")
    ] = False,
    json: Json = False,
) -> None:
    """Flag images as key objects, with a reason.

    Example: [bold]dicomposer select ct/31.dcm ct/32.dcm --title "For Conference" -o key.dcm[/]
    """
    from dicomposer.cli import _report, _select

    options = {"title": title, "description": description, "observer": observer}
    _select.run(
        images,
        _report.Job(tuple(images[:-1]), images[-1], output, None, overwrite),
        {name: value for name, value in options.items() if value is not None},
        as_json=json,
    )


@app.command()
def show(  # noqa: PLR0913 - options of a command, bundled at once
    file: Annotated[Path, typer.Argument(help="A DICOM file.")],
    png: Annotated[Path | None, typer.Option(help="Write an overlay picture here.")] = None,
    source: Annotated[Path | None, typer.Option(help="The source images, for --png.")] = None,
    planes: Annotated[int, typer.Option(min=1, help="How many planes the picture shows.")] = 6,
    html: Annotated[Path | None, typer.Option(help="Write a report as an HTML page here.")] = None,
    table: Annotated[
        bool, typer.Option("--table", help="Show the measurements of a report as a table.")
    ] = False,
    patient: Annotated[
        bool, typer.Option("--patient", help="Show of a report also who the patient is.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what a DICOM object is, without anything about the patient; draw it on its images.

    Structured reports and key objects are shown with their content.
    """
    from dicomposer.cli import _show

    if (png is None) != (source is None):
        raise typer.BadParameter("--png and --source go together")
    picture = _show.PictureJob(png, source, planes) if png and source else None
    _show.run(file, picture, _show.ReportJob(html, table, patient), as_json=json)


@app.command()
def measurements(
    paths: Annotated[list[Path], typer.Argument(help="Structured reports, and folders of them.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write them here: .csv, .json or .parquet.")
    ] = None,
    skip_damaged: Annotated[
        bool, typer.Option("--skip-damaged", help="Leave out reports that do not hold together.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output file (never an input).")
    ] = False,
    json: Json = False,
) -> None:
    """Put the measurements and evaluations of structured reports into one table.

    Example: [bold]dicomposer measurements reports/ -o measurements.csv[/]
    """
    from dicomposer.cli import _measurements

    _measurements.run(paths, output, skip_damaged=skip_damaged, overwrite=overwrite, as_json=json)


@app.command()
def validate(  # noqa: PLR0913 - options of a command, bundled at once
    paths: Annotated[
        list[Path], typer.Argument(help="DICOM files, folders of them, zip archives; - for standard input.")
    ],
    level: Annotated[
        Level, typer.Option(case_sensitive=False, help="Show findings of this level and more severe ones.")
    ] = Level.advice,
    profile: Annotated[
        list[str] | None,
        typer.Option(help="What to check beside the standard: viewers, ai-results; standard for nothing."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Leave out RULE, RULE@PATH; both may hold *, as in type-2@*.Laterality."),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(case_sensitive=False, help="Exit status 1 with findings of this level.")
    ] = FailOn.error,
    by: Annotated[
        By | None,
        typer.Option(case_sensitive=False, help="A table of each file, or of the findings over all files."),
    ] = None,
    format: Annotated[
        Format, typer.Option("--format", "-f", case_sensitive=False, help="What to print.")
    ] = Format.table,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Do not check the files against each other.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=0, help="How many processes; by default one a core.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds for one file, after which its check is given up.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
) -> None:
    """Check DICOM objects against the standard, and against each other.

    The exit status is 1 when there is an error (see --fail-on), and 2 when there is nothing to check.

    Example: [bold]dicomposer validate study/ --ignore type-2 --format sarif -o findings.sarif[/]
    """
    from dicomposer.cli import _validate

    if json and format not in (Format.table, Format.json):
        raise typer.BadParameter("--json and --format contradict each other")
    job = _validate.Job(paths, tuple(profile or ()), tuple(ignore or ()), jobs, not alone, timeout)
    shown = _validate.Output(
        Format.json.value if json else format.value,
        level.value,
        fail_on.value,
        None if by is None else by is By.file,
        output,
    )
    raise typer.Exit(_validate.run(job, shown))


@app.command()
def terms(
    query: Annotated[str, typer.Argument(help="Part of a name; everything when left out.")] = "",
    measurements: Annotated[
        bool, typer.Option("--measurements", help="List names of measurements instead.")
    ] = False,
    json: Json = False,
) -> None:
    """List the names of structures that --segment understands, and their codes; or names of measurements.

    Example: [bold]dicomposer terms --measurements diameter[/]
    """
    from dicomposer.cli import _terms

    if not (_terms.run_measurements if measurements else _terms.run)(query, as_json=json):
        raise typer.Exit(1)


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")] = Path("demo-output"),
) -> None:
    """Make Segmentations of real CT, MR and slide images, judge them, read them back, draw them."""
    from dicomposer.cli import _demo

    if not _demo.run(output):
        raise typer.Exit(1)
