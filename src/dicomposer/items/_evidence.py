"""The evidence that a document rests on (PS3.3 C.17.2.1, C.17.2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset

from dicomposer import standard
from dicomposer.coding import new_uid
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items._item import ContentItem
from dicomposer.items._references import references
from dicomposer.record import items_of, required, text_value

__all__ = ["collect_evidence", "evidence_of", "first_evidence", "hierarchy"]

_SEQUENCES = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")


def collect_evidence(
    evidence: Sequence[Dataset], content: Dataset, study_instance_uid: str | None = None
) -> tuple[list[Dataset], list[Dataset]]:
    """Sort evidence for a document: that of its own study, and the rest.

    Parameters
    ----------
    evidence : Sequence[pydicom.Dataset]
        Objects that the document rests on; not modified.
    content : pydicom.Dataset
        Root of the content tree.
    study_instance_uid : str, optional
        Study of the document; that of the first object if left out.

    Returns
    -------
    current_requested_procedure_evidence, pertinent_other_evidence : list of pydicom.Dataset
        Items for the two sequences, by study and series.

    Raises
    ------
    TypeError
        If something else than datasets is given.
    ValueError
        If the tree refers to an object that is not given as evidence.
    """
    _check_datasets(evidence)
    root = content if isinstance(content, ContentItem) else ContentItem.from_dataset(content)
    given = {_uid(one, "SOPInstanceUID"): one for one in evidence}
    missing = [uid for uid in references([root]) if uid not in given]
    if missing:
        raise ArgumentError(
            f"the content refers to {len(missing)} objects that are not given as evidence, "
            f"for example {missing[0]}"
        )
    if study_instance_uid is None:
        study_instance_uid = _uid(evidence[0], "StudyInstanceUID") if len(evidence) else new_uid()
    studies = {uid: _uid(one, "StudyInstanceUID") for uid, one in given.items()}
    current = [one for uid, one in given.items() if studies[uid] == study_instance_uid]
    other = [one for uid, one in given.items() if studies[uid] != study_instance_uid]
    return hierarchy(current), hierarchy(other)


def first_evidence(evidence: Sequence[Dataset], transfer_syntax_uid: str | None) -> Dataset:
    """The object that a document takes patient and study over from.

    Raises
    ------
    TypeError
        If something else than datasets is given.
    ValueError
        If nothing is given, or a document cannot be in the transfer syntax.
    """
    _check_datasets(evidence)
    if not len(evidence):
        raise ArgumentError("evidence must have at least one object")
    syntax = None if transfer_syntax_uid is None else standard.transfer_syntax(str(transfer_syntax_uid))
    if syntax is not None and syntax.encapsulated:
        raise ArgumentError("a document has no pixels, so none of the transfer syntaxes of compressed pixels")
    return evidence[0]


def hierarchy(datasets: Sequence[Dataset]) -> list[Dataset]:
    """Items of the Hierarchical SOP Instance Reference Macro for objects, by study and series."""
    studies: dict[str, dict[str, list[Dataset]]] = {}
    for dataset in datasets:
        series = studies.setdefault(_uid(dataset, "StudyInstanceUID"), {})
        series.setdefault(_uid(dataset, "SeriesInstanceUID"), []).append(dataset)
    found = []
    for study_uid, of_series in studies.items():
        study = Dataset()
        study.StudyInstanceUID = study_uid
        study.ReferencedSeriesSequence = []
        for series_uid, instances in of_series.items():
            item = Dataset()
            item.SeriesInstanceUID = series_uid
            item.ReferencedSOPSequence = [_reference(instance) for instance in instances]
            study.ReferencedSeriesSequence.append(item)
        found.append(study)
    return found


def evidence_of(document: Dataset, current_only: bool = False) -> Iterator[tuple[str, str, str, str]]:
    """Study, series, instance and class UID of every object that a document lists as evidence."""
    for keyword in _SEQUENCES[: 1 if current_only else 2]:
        for study in items_of(document, keyword):
            for series in items_of(study, "ReferencedSeriesSequence"):
                for one in items_of(series, "ReferencedSOPSequence"):
                    yield (
                        _uid(study, "StudyInstanceUID"),
                        _uid(series, "SeriesInstanceUID"),
                        _uid(one, "ReferencedSOPInstanceUID"),
                        _uid(one, "ReferencedSOPClassUID"),
                    )


def _check_datasets(evidence: object) -> None:
    if not isinstance(evidence, Sequence) or not all(isinstance(one, Dataset) for one in evidence):
        raise ArgumentTypeError("evidence must be a sequence of datasets")


def _reference(dataset: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = _uid(dataset, "SOPClassUID")
    item.ReferencedSOPInstanceUID = _uid(dataset, "SOPInstanceUID")
    return item


def _uid(dataset: Dataset, keyword: str) -> str:
    return required(text_value(dataset, keyword), keyword)
