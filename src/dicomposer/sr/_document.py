"""What all structured reports share: SR Document Series, General and Content modules (PS3.3 C.17)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID as PydicomUID
from pydicom.valuerep import PersonName

from dicomposer.base import SOPClass
from dicomposer.coding import CodeLike, as_concept, check_person_name, check_text, datetime_text, now
from dicomposer.content import ContributingEquipment
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    DamagedFileError,
    DicomposerError,
    MissingAttributeError,
)
from dicomposer.items import (
    CONTENT,
    ContainerContentItem,
    ContentItem,
    ContentSequence,
    attach_content,
    collect_evidence,
    content_root,
    evidence_of,
    first_evidence,
    hierarchy,
    references,
)
from dicomposer.record import required, text_value
from dicomposer.sr._json import content_json
from dicomposer.sr._plain import document_dict, tree_of
from dicomposer.sr._report import MeasurementReport, is_report
from dicomposer.sr._table_forms import to_arrow, to_dataframe
from dicomposer.sr._tables import Points, rows_of
from dicomposer.sr._text import html_of, text_of

__all__ = ["DocumentOptions", "StructuredReport"]


@dataclass(frozen=True)
class DocumentOptions:
    """What a document says of itself; the parameters of the constructors."""

    is_complete: bool = False
    is_final: bool = False
    is_verified: bool = False
    verifying_observer_name: str | PersonName | None = None
    verifying_organization: str | None = None
    performed_procedure_codes: Sequence[CodeLike] | None = None
    requested_procedures: Sequence[Dataset] | None = None
    previous_versions: Sequence[Dataset] | None = None
    record_evidence: bool = True
    contributing_equipment: Sequence[ContributingEquipment] | None = None
    more: dict[str, Any] = field(default_factory=dict)


class StructuredReport(SOPClass):
    """A structured report of any class: what stands in it, and the evidence it rests on."""

    #: SOP Class that the class stands for; None for all of them.
    _class_uid: ClassVar[str | None] = None

    def _begin(self, evidence: Sequence[Dataset], **options: Any) -> None:
        """Write what every object has; patient and study are those of the first evidence."""
        first = first_evidence(evidence, options.get("transfer_syntax_uid"))
        assert self._class_uid is not None
        super().__init__(
            study_instance_uid=_uid(first, "StudyInstanceUID"),
            sop_class_uid=self._class_uid,
            modality="SR",
            **options,
        )
        self.copy_patient_and_study_information(first)
        self.copy_specimen_information(first)

    def _write(
        self,
        evidence: Sequence[Dataset],
        content: Dataset | Sequence[Dataset],
        options: DocumentOptions,
    ) -> None:
        """Write everything but what every object has, and check the result."""
        root = _root(content)
        current, other = collect_evidence(evidence, root, str(self.StudyInstanceUID))
        self._write_general(options)
        if current:
            self.CurrentRequestedProcedureEvidenceSequence = current
        used = references([root])
        if options.record_evidence and other:
            self.PertinentOtherEvidenceSequence = other
        elif other:
            kept = [one for one in evidence if str(one.SOPInstanceUID) in used]
            kept = [one for one in kept if one.StudyInstanceUID != self.StudyInstanceUID]
            if kept:
                self.PertinentOtherEvidenceSequence = hierarchy(kept)
        attach_content(self, root)
        self._add_contributing_equipment(options.contributing_equipment)
        self._validate(sources=())

    def _write_general(self, options: DocumentOptions) -> None:
        self.add_new(0x00081111, "SQ", [])  # Referenced Performed Procedure Step Sequence, type 2
        self.CompletionFlag = "COMPLETE" if options.is_complete else "PARTIAL"
        self.PreliminaryFlag = "FINAL" if options.is_final else "PRELIMINARY"
        self.VerificationFlag = "VERIFIED" if options.is_verified else "UNVERIFIED"
        if options.is_verified:
            self.VerifyingObserverSequence = [_verifier(options)]
        codes = options.performed_procedure_codes or ()
        self.PerformedProcedureCodeSequence = [
            as_concept(code, "performed_procedure_codes") for code in codes
        ]
        if options.requested_procedures:
            self.ReferencedRequestSequence = [deepcopy(one) for one in options.requested_procedures]
        if options.previous_versions:
            self.PredecessorDocumentsSequence = hierarchy(options.previous_versions)

    # -- reading ------------------------------------------------------------------------------------------------------

    @classmethod
    def _check_dataset(cls, dataset: Dataset) -> None:
        if cls._class_uid is not None and text_value(dataset, "SOPClassUID") != cls._class_uid:
            raise ArgumentError("the dataset is of another SOP Class")

    @property
    def content(self) -> ContentSequence:
        """The content tree: its root, a container; a MeasurementReport if it follows TID 1500.

        Items are those of the document: who changes one changes the document.
        """
        for keyword in ("ValueType", "ConceptNameCodeSequence"):
            if keyword not in self:
                raise MissingAttributeError(f"the document has no {keyword}, so no content")
        root = content_root(self)
        kind = MeasurementReport if is_report(root) else ContentSequence
        return kind._of([root], is_root=True)

    def tree(self) -> dict[str, Any]:
        """The content as nested dictionaries that JSON can hold; nothing is lost.

        Returns
        -------
        dict
            An item: ``relationship``, ``type``, ``name`` (``value``, ``scheme``, ``meaning``), what its type asks for
            (``value``, ``unit``, ``qualifier``, ``reference``, ``graphic_type``, ``points``...), ``attributes`` (all
            else, in the JSON model of the standard) and ``children``. Keys without a value are left out.
            :func:`dicomposer.sr.content_from_dict` makes content of it again.
        """
        return tree_of(self)

    def to_dict(self) -> dict[str, Any]:
        """The document as plain values: what it is, its :meth:`tree` as ``content``, and its ``evidence``."""
        return document_dict(self)

    def to_rows(self, points: Points = "array") -> list[dict[str, Any]]:
        """One row for each measurement and evaluation, in order; of reports of other templates, for each number.

        Parameters
        ----------
        points : {"array", "list", "wkt"}, optional
            Shapes as arrays of shape (n, 2) (column, row) or (n, 3) (x, y, z in mm), nested lists, or well-known
            text; a list of them where a group has several.

        Returns
        -------
        list of dict
            Each with all of :data:`dicomposer.sr.COLUMNS`; None where the document does not say.
        """
        return rows_of(self, points)

    def to_dataframe(self, points: Points = "array") -> Any:
        """The rows of :meth:`to_rows` as a pandas DataFrame.

        Parameters
        ----------
        points : {"array", "list", "wkt"}, optional
            How shapes are given.

        Raises
        ------
        MissingDependencyError
            Without pandas.
        """
        return to_dataframe(rows_of(self, points))

    def to_arrow(self) -> Any:
        """The rows of :meth:`to_rows` as a pyarrow Table: shapes as well-known text, what is nested as JSON.

        Raises
        ------
        MissingDependencyError
            Without pyarrow.
        """
        return to_arrow(rows_of(self, "wkt"))

    def to_text(self, patient: bool = False) -> str:
        """The content as indented text.

        Parameters
        ----------
        patient : bool, optional
            Whether to show what says who the patient is, and the names of persons other than observers.
        """
        return text_of(self, patient)

    def to_html(self, patient: bool = False) -> str:
        """The document as one HTML page that needs nothing else.

        Parameters
        ----------
        patient : bool, optional
            Whether to show what says who the patient is, and the names of persons other than observers.
        """
        return html_of(self, patient)

    def to_json_dict(
        self,
        bulk_data_threshold: int = 1024,
        bulk_data_element_handler: Callable[[DataElement], str] | None = None,
        suppress_invalid_tags: bool = False,
    ) -> dict[str, Any]:
        """The document in the JSON model of PS3.18 Annex F, as pydicom gives it, but without decoding the content.

        Parameters
        ----------
        bulk_data_threshold, bulk_data_element_handler, suppress_invalid_tags
            As for :meth:`pydicom.Dataset.to_json_dict`.
        """
        rest = Dataset()
        rest.__dict__.update({**self.__dict__, "_dict": dict(self._dict)})
        if bulk_data_element_handler is None and CONTENT in rest._dict:
            del rest._dict[CONTENT]
        try:
            made = rest.to_json_dict(bulk_data_threshold, bulk_data_element_handler, suppress_invalid_tags)
        except (ValueError, TypeError, IndexError, NotImplementedError) as error:
            if bulk_data_element_handler is not None or isinstance(error, DicomposerError):
                raise
            raise DamagedFileError("an element holds a value that its VR cannot have") from error
        if len(rest._dict) < len(self._dict):
            made[f"{CONTENT:08X}"] = content_json(self)
        return dict(sorted(made.items()))

    def get_evidence(
        self, current_procedure_only: bool = False
    ) -> list[tuple[PydicomUID, PydicomUID, PydicomUID, PydicomUID]]:
        """Objects that the document lists as evidence.

        Parameters
        ----------
        current_procedure_only : bool, optional
            Leave out what is not of the current requested procedure.

        Returns
        -------
        list of tuples
            Study, series, instance and class UID.
        """
        return [
            (PydicomUID(study), PydicomUID(series), PydicomUID(instance), PydicomUID(kind))
            for study, series, instance, kind in evidence_of(self, current_procedure_only)
        ]

    def get_evidence_series(
        self, current_procedure_only: bool = False
    ) -> list[tuple[PydicomUID, PydicomUID]]:
        """Series of the evidence.

        Parameters
        ----------
        current_procedure_only : bool, optional
            Leave out what is not of the current requested procedure.

        Returns
        -------
        list of tuples
            Study and series UID.
        """
        pairs = [evidence[:2] for evidence in self.get_evidence(current_procedure_only)]
        return list(dict.fromkeys(pairs))


def _uid(dataset: Dataset, keyword: str) -> PydicomUID:
    return PydicomUID(required(text_value(dataset, keyword), keyword))


def _root(content: Dataset | Sequence[Dataset]) -> ContentItem:
    if isinstance(content, Dataset):
        item = content
    elif not isinstance(content, Sequence):
        raise ArgumentTypeError(
            f"content must be a content item or a sequence with one, found {type(content).__name__}"
        )
    else:
        if len(content) != 1:
            raise ArgumentError(f"the content must have one item at its root, found {len(content)}")
        item = content[0]
    if not isinstance(item, ContentItem):
        item = ContentItem.from_dataset(item)
    if not isinstance(item, ContainerContentItem):
        raise ArgumentError("the item at the root of the content must be a container")
    if item.relationship_type is not None:
        raise ArgumentError("the item at the root of the content must have no relationship type")
    return item


def _verifier(options: DocumentOptions) -> Dataset:
    if options.verifying_observer_name is None or options.verifying_organization is None:
        raise ArgumentError(
            "verifying_observer_name and verifying_organization are needed if is_verified (PS3.3 C.17.2)"
        )
    check_person_name(options.verifying_observer_name)
    item = Dataset()
    item.VerifyingObserverName = options.verifying_observer_name
    item.VerifyingOrganization = check_text(options.verifying_organization, "LO", "verifying_organization")
    item.VerificationDateTime = datetime_text(now())
    item.VerifyingObserverIdentificationCodeSequence = []
    return item
