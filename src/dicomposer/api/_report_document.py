"""Groups of measurements in, a report out: who observed, which procedure, which evidence."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypedDict

from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.api._headers import whole_number_or_none
from dicomposer.api._report_terms import looked_up
from dicomposer.api._sources import SourceImages, SourceLike, read_header, read_source
from dicomposer.coding import Code, CodedConcept, CodeLike, derived_uid, new_uid
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import DEVICE, PERSON, sct
from dicomposer.seg import Segmentation
from dicomposer.sr import (
    AlgorithmIdentification,
    Comprehensive3DSR,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    ReferencedSegment,
    SourceSeriesForSegmentation,
    StructuredReport,
    SubjectContext,
)

__all__ = [
    "SEGMENTATIONS",
    "ReportOptions",
    "SegmentationSource",
    "check_options",
    "document_defaults",
    "observers",
    "read_images",
    "write_report",
]


#: Segmentation and Label Map Segmentation Storage.
SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
#: What refers to images and is none that something was found or measured in; Height Map Segmentation, too.
_RESULTS = (*SEGMENTATIONS, "1.2.840.10008.5.1.4.1.1.66.8")


class ReportOptions(TypedDict, total=False):
    """What else :func:`report` and :func:`measure` take.

    Attributes
    ----------
    title : str or code
        Of PS3.16 CID 7021; "Imaging Measurement Report" if left out.
    algorithm, algorithm_version : str
        Name and version of what found and measured.
    observer : str
        Name of the person who did, components separated by ``^``.
    procedure : str or code
        The procedure that is reported; that of the images, or a general one of their modality (CID 100), if left out.
    language : str
        "en-US" if left out, "de-DE" and the like; others as a code of RFC5646.
    library : bool
        Whether to describe each image in an Image Library (TID 1600).
    """

    title: str | CodeLike
    algorithm: str
    algorithm_version: str
    observer: str
    procedure: str | CodeLike
    language: str | CodeLike
    library: bool
    series_instance_uid: str
    series_number: int
    series_description: str
    sop_instance_uid: str
    instance_number: int
    manufacturer: str
    manufacturer_model_name: str
    software_versions: str | tuple[str]
    device_serial_number: str
    institution_name: str
    is_complete: bool
    is_final: bool
    is_verified: bool
    verifying_observer_name: str
    verifying_organization: str
    previous_versions: Sequence[Dataset]


#: Procedure reported by modality, of PS3.16 CID 100.
_PROCEDURES = {
    "CT": Code("25045-6", "LN", "CT unspecified body region"),
    "MR": Code("25056-3", "LN", "MRI unspecified body region"),
    "NM": Code("49118-3", "LN", "NM unspecified body region"),
    "PT": Code("44136-0", "LN", "PET unspecified body region"),
    **dict.fromkeys(("CR", "DX", "RF", "XA"), Code("43468-8", "LN", "XR unspecified body region")),
}
_ANY_PROCEDURE = sct("363679005", "Imaging procedure")
_TITLES = 7021
_LANGUAGES = {
    "de-DE": "German (Germany)",
    "en-GB": "English (United Kingdom)",
    "en-US": "English (United States)",
    "es-ES": "Spanish (Spain)",
    "fr-FR": "French (France)",
    "it-IT": "Italian (Italy)",
    "ja-JP": "Japanese (Japan)",
    "ko-KR": "Korean (South Korea)",
    "nl-NL": "Dutch (Netherlands)",
    "pt-BR": "Portuguese (Brazil)",
    "zh-CN": "Chinese (China)",
}


@dataclass(frozen=True)
class SegmentationSource:
    """A Segmentation that groups refer to."""

    segmentation: Segmentation

    @property
    def series(self) -> str:
        """The series that was segmented."""
        for item in record.items_of(self.segmentation, "ReferencedSeriesSequence"):
            uid = record.text_value(item, "SeriesInstanceUID")
            if uid:
                return uid
        raise ArgumentError(
            "the Segmentation does not say which series it was made from (Referenced Series Sequence)"
        )

    def check(self, number: int) -> None:
        """Refuse a segment that is not there."""
        if number not in self.segmentation.segment_numbers:
            known = ", ".join(map(str, self.segmentation.segment_numbers[:12]))
            raise ArgumentError(f"the Segmentation has no segment {number}; it has {known}")

    def reference(self, number: int) -> ReferencedSegment:
        """Refer to a segment, and to the series that was segmented: one item, however many images that are."""
        self.check(number)
        return ReferencedSegment(
            str(self.segmentation.SOPClassUID),
            str(self.segmentation.SOPInstanceUID),
            number,
            source_series=SourceSeriesForSegmentation(self.series),
        )


def read_images(source: SourceLike, series: str | int | None) -> SourceImages:
    """Read the images in which something was found or measured, which a Segmentation is none of.

    Parameters
    ----------
    source : folder, file, dataset or list of them
        The images.
    series : str or int, optional
        UID or number of the series to take.

    Raises
    ------
    ArgumentError
        If a Segmentation is among them; else as :func:`read_source`.
    """
    try:
        found = read_source(source, series=series)
    except ArgumentError:
        if isinstance(source, list | tuple) and any(map(_is_result, source)):
            raise _not_images() from None
        raise
    if any(map(_is_result, found.datasets)):
        raise _not_images()
    return found


def _is_result(given: Any) -> bool:
    dataset = given if isinstance(given, Dataset) else read_header(given)
    return record.text_value(dataset, "SOPClassUID") in _RESULTS


def _not_images() -> ArgumentError:
    return ArgumentError(
        "a Segmentation is among the source; pass the images it was made from. A finding of report() refers to its "
        "segments by the region {'segment': 1, 'segmentation': object or file}"
    )


def write_report(
    groups: Sequence[Any],
    images: Sequence[Dataset],
    segmentations: Sequence[Dataset],
    options: ReportOptions,
) -> StructuredReport:
    """Put groups of measurements into a document.

    Parameters
    ----------
    groups : Sequence of groups
        What was found.
    images, segmentations : Sequence[pydicom.Dataset]
        The evidence; patient and study are those of the first.
    options : ReportOptions
        Everything else.

    Returns
    -------
    StructuredReport
        Comprehensive 3D if there are coordinates in space; else Comprehensive, which more programs open.
    """
    extra: dict[str, Any] = dict(options)
    check_options(extra, ReportOptions.__annotations__, "report()")
    evidence = [*images, *segmentations]
    first = evidence[0]
    algorithm = extra.pop("algorithm", None)
    extra.pop("algorithm_version", None)  # stands in the groups
    title = extra.pop("title", None)
    content = MeasurementReport(
        _context(first, algorithm, extra.pop("observer", None)),
        _procedures(first, extra.pop("procedure", None)),
        groups,
        title=None if title is None else looked_up(title, "title", cids=(_TITLES,)),
        language_of_content_item_and_descendants=_language(extra.pop("language", None)),
        referenced_images=list(images) if extra.pop("library", False) and images else None,
    )
    in_space = any(_in_space(group) for group in groups)
    kind: type[Comprehensive3DSR] | type[ComprehensiveSR] = Comprehensive3DSR if in_space else ComprehensiveSR
    defaults = document_defaults(first, 2) | {"is_complete": True, "series_description": "Measurements"}
    return kind(evidence, content, **(defaults | extra))


def algorithm_of(options: ReportOptions) -> AlgorithmIdentification | None:
    """The algorithm that is named, for each group (TID 4019)."""
    name, its_version = options.get("algorithm"), options.get("algorithm_version")
    if name is None:
        if its_version is not None:
            raise ArgumentError("algorithm_version= needs algorithm=")
        return None
    return AlgorithmIdentification(name, its_version or "unspecified")


def check_options(options: dict[str, Any], known: Sequence[str] | dict[str, Any], what: str) -> None:
    """Name the keyword that nobody takes, before any work."""
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, list(known), n=1)
            raise ArgumentTypeError(
                f"{what} takes no {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
            )


def document_defaults(first: Dataset, step: int) -> dict[str, Any]:
    """Identity and equipment of a document; its series sorts behind that of the images."""
    number = whole_number_or_none(first, "SeriesNumber")
    return {
        "series_instance_uid": new_uid(),
        "series_number": 100 * number + step if number is not None and 0 <= number < 10**7 else 1000 + step,
        "sop_instance_uid": new_uid(),
        "instance_number": 1,
        "manufacturer": "dicomposer",
        "manufacturer_model_name": "dicomposer",
        "software_versions": version("dicomposer"),
        "device_serial_number": "unspecified",
    }


def observers(name: str | None, person: str | None) -> tuple[ObserverContext | None, ObserverContext]:
    """The person, if one is named, and the program that observed; the same program has the same UID everywhere."""
    program = name or "dicomposer"
    device = ObserverContext(
        DEVICE,
        DeviceObserverIdentifyingAttributes(
            uid=derived_uid("device-observer", program),
            name=program,
            manufacturer_name=None if name else "dicomposer",
            model_name=program,
        ),
    )
    if person is None:
        return None, device
    return ObserverContext(PERSON, PersonObserverIdentifyingAttributes(name=person)), device


def _context(first: Dataset, algorithm: str | None, person: str | None) -> ObservationContext:
    someone, device = observers(algorithm, person)
    return ObservationContext(someone, device, SubjectContext.from_image(first))


def _procedures(first: Dataset, given: Any) -> list[Any]:
    if given is not None:
        return [looked_up(given, "procedure", cids=(100,))]
    stated = record.items_of(first, "ProcedureCodeSequence")
    codes = [one for one in map(_code, stated) if one is not None]
    modality = record.text_value(first, "Modality")
    if modality == "SEG":
        modality = None
    return codes or [_PROCEDURES.get(modality or "", _ANY_PROCEDURE)]


def _code(item: Dataset) -> CodedConcept | None:
    """A code of an image, if it is whole: nobody is served by half of one."""
    if not all(
        record.text_value(item, name) for name in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
    ):
        return None
    return CodedConcept.from_dataset(item)


def _language(given: str | CodeLike | None) -> LanguageOfContentItemAndDescendants | None:
    if given is None:
        return None
    if not isinstance(given, str):
        return LanguageOfContentItemAndDescendants(looked_up(given, "language"))
    for tag, meaning in _LANGUAGES.items():
        if tag.lower() == given.lower():
            return LanguageOfContentItemAndDescendants(Code(tag, "RFC5646", meaning))
    raise ArgumentError(
        f"language {given!r} is none of {', '.join(_LANGUAGES)}; pass another as a code: (tag, 'RFC5646', name)"
    )


def _in_space(group: Any) -> bool:
    pending = list(group)
    while pending:
        item = pending.pop()
        if item.value_type.value == "SCOORD3D":
            return True
        pending.extend(item.children)
    return False
