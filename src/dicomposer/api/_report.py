"""``report``: findings and the images that they were made in, out comes a structured report."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.api._measure import as_segmentation
from dicomposer.api._report_document import (
    SEGMENTATIONS,
    ReportOptions,
    SegmentationSource,
    algorithm_of,
    check_options,
    read_images,
    write_report,
)
from dicomposer.api._report_regions import SHAPES, ImageFinder, Region, read_region
from dicomposer.api._report_segments import size_of_segment, tracking_of_segment
from dicomposer.api._report_sides import located
from dicomposer.api._report_table import rows_of
from dicomposer.api._report_terms import evaluation_code, measured
from dicomposer.api._report_tracking import Tracking
from dicomposer.api._report_values import as_number, check_axes, check_number
from dicomposer.api._report_viewer import TOOLS, add_comment, check_viewer, for_viewer, size_of, tracked
from dicomposer.api._sources import SourceLike, read_header
from dicomposer.coding import CodeLike, stack_level
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError, TerminologyError
from dicomposer.image import refuse_several_patients
from dicomposer.items import identity
from dicomposer.seg import Segmentation
from dicomposer.sr import (
    FindingSite,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    StructuredReport,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)

if TYPE_CHECKING:
    import pandas

__all__ = ["FindingLike", "FindingsLike", "ReportFinding", "report"]


@dataclass(frozen=True)
class ReportFinding:
    """One finding of a report.

    Attributes
    ----------
    label : str or code
        What was found: a name of the terminology table (``dicomposer terms``), a name of the standard's codes, or
        a code.
    measurements : Mapping
        ``{"Volume": (12.3, "cm3")}``: name, number and unit (UCUM or a usual spelling; None for none).
    evaluations : Mapping
        ``{"Margin": "Spiculated"}``: names of codes, or codes; a list of several answers.
    region : Mapping, optional
        Where, in an image, in space or as a segment; see :func:`report`.
    site, laterality : str or code, optional
        Where in the body; left, right, bilateral or unilateral.
    tracking_id, tracking_uid : str, optional
        What it is called, and its identity through time; a new one if left out. Two entries of a report have the same
        UID only if they are one finding in two places: of the same label, site, laterality and `tracking_id`.
    comment : str, optional
        Text.
    """

    label: str | CodeLike
    measurements: Mapping[Any, Any] = field(default_factory=dict)
    evaluations: Mapping[Any, Any] = field(default_factory=dict)
    region: Mapping[str, Any] | None = None
    site: str | CodeLike | None = None
    laterality: str | CodeLike | None = None
    tracking_id: str | None = None
    tracking_uid: str | None = None
    comment: str | None = None


FindingLike: TypeAlias = "ReportFinding | Mapping[str, Any]"
FindingsLike: TypeAlias = "FindingLike | Sequence[FindingLike] | str | os.PathLike[str] | pandas.DataFrame"


def report(
    findings: FindingsLike,
    source: SourceLike,
    *,
    viewer: str | None = None,
    source_series: str | int | None = None,
    **options: Unpack[ReportOptions],
) -> StructuredReport:
    """Turn findings and the images that they were made in into a DICOM report (PS3.16 TID 1500).

    Parameters
    ----------
    findings : list of dictionaries or ReportFinding, pandas.DataFrame, or a CSV or JSON file
        A dictionary has the keys of :class:`ReportFinding`: ``label``, ``measurements``, ``evaluations``, ``region``,
        ``site``, ``laterality``, ``tracking_id``, ``tracking_uid``, ``comment``. Columns of tables are those keys,
        those of regions, ``Volume [cm3]`` for measurements and ``evaluation: Calcification`` for evaluations.

        A region is a dictionary with one shape: ``point``, ``points``, ``line``, ``polygon`` (points: column, row),
        ``box`` (left, top, right and bottom edge: of pixels 206 to 229 the edges are 206 and 230), ``circle`` (column,
        row, radius), ``ellipse``
        (column, row, radius, other radius, angle), ``long_axis`` with ``short_axis`` (two points each); in pixels,
        (0, 0) is the corner of the first one (PS3.3 C.18.6.1.1). Or in space: ``point_mm``, ``points_mm``,
        ``polygon_mm`` (x, y, z). Or ``segment``, a number, with ``segmentation``, a Segmentation or its file. Without
        a shape it is the whole image. Which image: ``image`` (SOP Instance UID, file name, or index in a list),
        ``instance_number`` or ``position`` (mm along the normal of the slices; z of axial ones); ``frame`` (from 1) of
        multi-frame images.
    source : str, os.PathLike, pydicom.Dataset or a list of files or datasets
        The images, as :func:`segment` takes them; or one Segmentation alone: then the region of every finding is one of
        its segments, as the images are not there.
    viewer : {"ohif"}, optional
        Write points, lines, axes, boxes, circles, ellipses and polygons in images so that OHIF makes them annotations
        of its own: groups of TID 1501 under the names of its tools, with a length or an area. What a finding is called
        goes to its comment then.
    source_series : str or int, optional
        UID or number of the series, if `source` is a folder with several.
    **options
        ``title``, ``algorithm``, ``algorithm_version``, ``observer`` (a person), ``procedure``, ``language``,
        ``library``; see :class:`ReportOptions`.

    Returns
    -------
    StructuredReport
        A Comprehensive SR; Comprehensive 3D SR if there are points in space. Checked against the standard; write it
        with ``save_as``.

    Raises
    ------
    TerminologyError
        If a name is not known, or means several things; with the choices.
    ArgumentError
        If something else cannot be used. Messages say which finding, or which line and column.

    Examples
    --------
    >>> import dicomposer as dc
    >>> finding = {"label": "Lung nodule", "measurements": {"Diameter": (8.2, "mm")},
    ...            "region": {"circle": (210, 155, 6), "instance_number": 31}}  # doctest: +SKIP
    >>> dc.report([finding], source="ct/").save_as("report.dcm")  # doctest: +SKIP
    """
    check_viewer(viewer)
    check_options(dict(options), ReportOptions.__annotations__, "report()")
    evidence = _Evidence.of(source, source_series)
    made = []
    tracking = Tracking(viewer)
    for where, given in _listed(findings):
        try:
            finding = _as_finding(given)
            tracking.check(where, finding)
            made.append(_group(finding, where, evidence, viewer, options))
        except TerminologyError as error:
            raise TerminologyError(f"{where}: {error}", error.suggestions) from None
        except ArgumentTypeError as error:
            raise ArgumentTypeError(f"{where}: {error}") from None
        except ArgumentError as error:
            kind = GeometryError if isinstance(error, GeometryError) else ArgumentError
            raise kind(f"{where}: {error}") from None
    return write_report(made, evidence.images, list(evidence.segmentations.values()), options)


def _listed(findings: FindingsLike) -> list[tuple[str, FindingLike]]:
    """The findings, each with what it is called in messages."""
    if isinstance(findings, ReportFinding | Mapping):
        return [("the finding", findings)]
    if isinstance(findings, str | os.PathLike) or hasattr(findings, "columns"):
        return rows_of(findings)
    if not isinstance(findings, Sequence):
        raise ArgumentTypeError(f"findings must be a list, a table or a file, not {type(findings).__name__}")
    return [(f"findings[{number}]", one) for number, one in enumerate(findings)]


def _as_finding(given: FindingLike) -> ReportFinding:
    if isinstance(given, ReportFinding):
        return given
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(f"a finding is a dictionary or a ReportFinding, not {type(given).__name__}")
    known = [one.name for one in fields(ReportFinding)]
    check_options(dict(given), known, "a finding")
    if not given.get("label"):
        raise ArgumentError("a finding needs a 'label': what was found")
    return ReportFinding(**{name: value for name, value in given.items() if value is not None})


# -- evidence ----------------------------------------------------------------------------------------------------------


def _refuse_other_space(known: Sequence[Dataset], made: Dataset) -> None:
    """Refuse a Segmentation of another frame of reference than what the report is about (PS3.3 C.7.4.1)."""
    uids = {record.text_value(one, "FrameOfReferenceUID") for one in (*known, made)} - {None, ""}
    if len(uids) > 1:
        raise GeometryError("the segmentation has another frame of reference than the images")


@dataclass
class _Evidence:
    """Images and Segmentations that findings may refer to."""

    images: list[Dataset]
    finder: ImageFinder | None
    segmentations: dict[str, Segmentation]

    @classmethod
    def of(cls, source: SourceLike, series: str | int | None) -> _Evidence:
        alone = source[0] if isinstance(source, list | tuple) and len(source) == 1 else source
        if isinstance(alone, str | os.PathLike) and os.path.isfile(alone):
            alone = read_header(alone)
        if isinstance(alone, Dataset) and record.text_value(alone, "SOPClassUID") in SEGMENTATIONS:
            made = as_segmentation(alone)
            return cls([], None, {str(made.SOPInstanceUID): made})
        images = read_images(source, series)
        return cls(list(images.datasets), ImageFinder(images), {})

    def segmentation(self, given: Any) -> SegmentationSource:
        """A Segmentation that a finding refers to; it becomes evidence."""
        if given is None:
            if len(self.segmentations) != 1:
                raise ArgumentError(
                    "say which Segmentation the segment is of: 'segmentation' is an object or a file"
                )
            return SegmentationSource(next(iter(self.segmentations.values())))
        made = as_segmentation(given)
        uid = str(made.SOPInstanceUID)
        if uid not in self.segmentations:
            known = [*self.images, *self.segmentations.values()][:1]
            refuse_several_patients(known, [made], "images and the segmentation")
            _refuse_other_space(known, made)
            self.segmentations[uid] = made
        return SegmentationSource(self.segmentations[uid])


# -- groups ------------------------------------------------------------------------------------------------------------


def _group(
    finding: ReportFinding, where: str, evidence: _Evidence, viewer: str | None, options: ReportOptions
) -> Any:
    region = None if finding.region is None else read_region(_as_mapping(finding.region), evidence.finder)
    if region is None and evidence.finder is None:
        raise ArgumentError(
            "the source is a Segmentation, whose images are not there: pass the images as source, or say which segment "
            "the finding is with region={'segment': 1}"
        )
    measurements = _measurements(finding.measurements, where)
    rest = _context(finding, options)
    segment = None
    if region is not None and region.segment is not None:
        segment = evidence.segmentation(region.segment[0]), region.segment[1]
        rest["tracking_identifier"] = tracking_of_segment(
            *segment, finding.tracking_uid, finding.tracking_id, rest["tracking_identifier"].identifier
        )
    if viewer is not None and (region is None or region.kind not in TOOLS):
        what = "no region" if region is None else f"a region of the kind {region.kind!r}"
        warnings.warn(
            f"a finding has {what}, which OHIF cannot draw: it may leave the viewport empty for the whole report; its "
            f"annotations are {', '.join(TOOLS)}",
            stacklevel=stack_level(),
        )
    if viewer is not None and region is not None and region.kind in TOOLS:
        text = ": ".join(one for one in (finding.tracking_id, finding.comment) if one is not None) or None
        rest["tracking_identifier"] = tracked(TOOLS[region.kind], finding.tracking_uid)
        group = for_viewer(region, measurements, rest)
        add_comment(group, text)
        return group
    if region is not None and region.kind == "axes":
        # One group has one region (TID 1410), so two lines are the points of two numbers, for everybody
        group = for_viewer(region, measurements, rest)
    else:
        if not measurements:
            rest["algorithm_id"] = None  # qualifies numbers (TID 1419); the report names it as the observer
            if region is not None and rest["finding_sites"] is not None:
                # a site needs a number beside a region (TID 1419, row 5)
                measurements = size_of(region) if segment is None else size_of_segment(*segment)
        rest["measurements"] = [Measurement(*one) for one in measurements]
        group = _of_region(region, segment, rest)
    add_comment(group, finding.comment)
    return group


def _of_region(
    region: Region | None, segment: tuple[SegmentationSource, int] | None, rest: dict[str, Any]
) -> Any:
    if region is None:
        return MeasurementsAndQualitativeEvaluations(**rest)
    if segment is not None:
        reference = segment[0].reference(segment[1])
        return VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=reference, **rest)
    if region.kind == "image":
        assert region.place is not None
        return MeasurementsAndQualitativeEvaluations(source_images=[region.place.for_group()], **rest)
    if region.is_cloud or (not rest["measurements"] and rest["finding_sites"] is not None):
        return MeasurementsAndQualitativeEvaluations(source_coordinates=[region.source()], **rest)
    return PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region.item(), **rest)


def _as_mapping(region: Any) -> Mapping[str, Any]:
    if not isinstance(region, Mapping):
        raise ArgumentTypeError(
            f"a region is a dictionary with one of {', '.join(SHAPES)} or segment, not {type(region).__name__}"
        )
    return region


def _context(finding: ReportFinding, options: ReportOptions) -> dict[str, Any]:
    """What all groups have: who it is, what and where."""
    what, site, side = located(finding.label, finding.site, finding.laterality)
    return {
        "tracking_identifier": TrackingIdentifier(
            uid=finding.tracking_uid, identifier=finding.tracking_id or what.label
        ),
        "finding_type": what.type,
        "finding_category": what.category,
        "finding_sites": None if site is None else [FindingSite(site, side)],
        "algorithm_id": algorithm_of(options),
        "qualitative_evaluations": _evaluations(finding.evaluations) or None,
    }


def _measurements(given: Mapping[Any, Any], where: str) -> list[tuple[Any, float, Any]]:
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(f"measurements must be a dictionary, not {type(given).__name__}")
    found: list[tuple[Any, float, Any]] = []
    names: dict[Any, Any] = {}
    for name, value in given.items():
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise ArgumentError(
                f"measurement {_shown(name)} must be (number, unit), for example (12.3, 'mm')"
            )
        number, unit = as_number(value[0], f"measurement {_shown(name)}"), value[1]
        code, unit = measured(name, unit)
        check_number(code, number, unit)
        first = names.setdefault(identity(code), name)
        if first is not name:
            raise ArgumentError(
                f"measurements {_shown(first)} and {_shown(name)} both are {str(code.meaning)!r} ({code.value}, "
                f"{code.scheme_designator}), of which a finding has one number"
            )
        if not math.isfinite(number):
            warnings.warn(
                f"{where}: measurement {_shown(name)} is {number}, and is written as one without a value; leave it "
                "out if nothing was measured",
                stacklevel=stack_level(),
            )
        found.append((code, number, unit))
    check_axes(found)
    return found


def _evaluations(given: Mapping[Any, Any]) -> list[QualitativeEvaluation]:
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(f"evaluations must be a dictionary, not {type(given).__name__}")
    found = []
    for name, answers in given.items():
        code = evaluation_code(name)
        found += [
            QualitativeEvaluation(code, evaluation_code(answer, f"answer to {_shown(name)}"))
            for answer in (answers if isinstance(answers, list) else [answers])
        ]
    return found


def _shown(name: Any) -> str:
    if isinstance(name, tuple) and len(name) == 3:
        return repr(name[2])
    return repr(name) if isinstance(name, str) else repr(str(getattr(name, "meaning", name)))
