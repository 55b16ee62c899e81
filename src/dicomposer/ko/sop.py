"""The Key Object Selection Document (PS3.3 A.35.4)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID as PydicomUID

from dicomposer.base import SOPClass
from dicomposer.content import ContributingEquipment
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import attach_content, collect_evidence, content_root, evidence_of, first_evidence
from dicomposer.ko.content import KeyObjectSelection
from dicomposer.record import required, text_value

__all__ = ["SOP_CLASS_UIDS", "KeyObjectSelectionDocument"]

_CLASS_UID = "1.2.840.10008.5.1.4.1.1.88.59"
SOP_CLASS_UIDS: set[str] = {_CLASS_UID}


class KeyObjectSelectionDocument(SOPClass):
    """A selection of objects, with a reason."""

    def __init__(
        self,
        evidence: Sequence[Dataset],
        content: KeyObjectSelection,
        series_instance_uid: str,
        series_number: int,
        sop_instance_uid: str,
        instance_number: int,
        manufacturer: str | None = None,
        institution_name: str | None = None,
        institutional_department_name: str | None = None,
        requested_procedures: Sequence[Dataset] | None = None,
        transfer_syntax_uid: str | PydicomUID = "1.2.840.10008.1.2.1",
        contributing_equipment: Sequence[ContributingEquipment] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a document of a selection.

        Parameters
        ----------
        evidence : Sequence[pydicom.Dataset]
            The objects that are selected; patient and study are taken over from the first.
        content : KeyObjectSelection
            The selection.
        series_instance_uid, series_number, sop_instance_uid, instance_number
            Identity of the document and its series.
        manufacturer : str, optional
            Maker of the program or device that writes the document.
        institution_name, institutional_department_name : str, optional
            Where it was written.
        requested_procedures : Sequence[pydicom.Dataset], optional
            Items of Referenced Request Sequence.
        transfer_syntax_uid : str, optional
            How it is encoded.
        contributing_equipment : Sequence[ContributingEquipment], optional
            More equipment that had a part in it.
        **kwargs
            More for :class:`dicomposer.SOPClass`.

        Raises
        ------
        ValueError
            If the content refers to an object that is not in the evidence, or the document would not conform.
        """
        if not isinstance(content, KeyObjectSelection):
            raise ArgumentTypeError(f"content must be a KeyObjectSelection, found {type(content).__name__}")
        first = first_evidence(evidence, transfer_syntax_uid)
        super().__init__(
            study_instance_uid=required(text_value(first, "StudyInstanceUID"), "StudyInstanceUID"),
            series_instance_uid=series_instance_uid,
            series_number=series_number,
            sop_instance_uid=sop_instance_uid,
            sop_class_uid=_CLASS_UID,
            instance_number=instance_number,
            modality="KO",
            manufacturer=manufacturer,
            institution_name=institution_name,
            institutional_department_name=institutional_department_name,
            transfer_syntax_uid=str(transfer_syntax_uid),
            **kwargs,
        )
        self.copy_patient_and_study_information(first)
        self.copy_specimen_information(first)
        self.add_new(0x00081111, "SQ", [])  # Referenced Performed Procedure Step Sequence, type 2
        root = content._items[0]
        current, other = collect_evidence(evidence, root, str(self.StudyInstanceUID))
        # The evidence of key objects is one sequence, whatever the study (PS3.3 C.17.6.2.1)
        self.CurrentRequestedProcedureEvidenceSequence = [*current, *other]
        if requested_procedures:
            self.ReferencedRequestSequence = [deepcopy(one) for one in requested_procedures]
        attach_content(self, root)
        self._add_contributing_equipment(contributing_equipment)
        self._validate(sources=())

    @classmethod
    def _check_dataset(cls, dataset: Dataset) -> None:
        if text_value(dataset, "SOPClassUID") not in SOP_CLASS_UIDS:
            raise ArgumentError("the dataset is not a key object selection document")

    @property
    def content(self) -> KeyObjectSelection:
        """The selection; who changes it changes the document."""
        return KeyObjectSelection._of([content_root(self)], is_root=True)

    def resolve_reference(self, sop_instance_uid: str) -> tuple[str, str, str]:
        """Study and series of an object that is referred to.

        Parameters
        ----------
        sop_instance_uid : str
            The object.

        Returns
        -------
        tuple of str
            Study, series and SOP Instance UID.

        Raises
        ------
        ValueError
            If the evidence does not list the object.
        """
        for study, series, instance, _ in evidence_of(self):
            if instance == str(sop_instance_uid):
                return study, series, instance
        raise ArgumentError("the document does not list an object with that UID as evidence")
