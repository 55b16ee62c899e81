"""The SOP classes of structured reports (PS3.3 A.35)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, BinaryIO

from pydicom.dataset import Dataset
from pydicom.uid import UID as PydicomUID
from pydicom.valuerep import PersonName

from dicomposer.coding import CodeLike
from dicomposer.content import ContributingEquipment
from dicomposer.errors import ArgumentError
from dicomposer.record import read, text_value
from dicomposer.sr._document import DocumentOptions, StructuredReport

__all__ = [
    "SOP_CLASS_UIDS",
    "Comprehensive3DSR",
    "ComprehensiveSR",
    "EnhancedSR",
    "StructuredReport",
    "as_report",
    "srread",
]


class EnhancedSR(StructuredReport):
    """A report with references to images and regions in them, as a tree (PS3.3 A.35.2)."""

    _class_uid = "1.2.840.10008.5.1.4.1.1.88.22"

    def __init__(
        self,
        evidence: Sequence[Dataset],
        content: Dataset | Sequence[Dataset],
        series_instance_uid: str,
        series_number: int,
        sop_instance_uid: str,
        instance_number: int,
        manufacturer: str | None = None,
        is_complete: bool = False,
        is_final: bool = False,
        is_verified: bool = False,
        institution_name: str | None = None,
        institutional_department_name: str | None = None,
        verifying_observer_name: str | PersonName | None = None,
        verifying_organization: str | None = None,
        performed_procedure_codes: Sequence[CodeLike] | None = None,
        requested_procedures: Sequence[Dataset] | None = None,
        previous_versions: Sequence[Dataset] | None = None,
        record_evidence: bool = True,
        transfer_syntax_uid: str | PydicomUID = "1.2.840.10008.1.2.1",
        contributing_equipment: Sequence[ContributingEquipment] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a document of a content tree.

        Parameters
        ----------
        evidence : Sequence[pydicom.Dataset]
            Objects that the document rests on, with all that its content refers to; patient and study are taken over
            from the first.
        content : pydicom.Dataset or Sequence[pydicom.Dataset]
            Root of the content tree, or a sequence with it alone (a MeasurementReport, for example).
        series_instance_uid, series_number, sop_instance_uid, instance_number
            Identity of the document and its series.
        manufacturer : str, optional
            Maker of the program or device that writes the document.
        is_complete : bool, optional
            Whether the content is complete.
        is_final : bool, optional
            Whether the document is final, not preliminary.
        is_verified : bool, optional
            Whether a person who is accountable has verified it.
        institution_name, institutional_department_name : str, optional
            Where it was written.
        verifying_observer_name, verifying_organization : str, optional
            Who verified it; needed if it is verified.
        performed_procedure_codes : Sequence[pydicom.sr.coding.Code or CodedConcept], optional
            Procedures that were performed.
        requested_procedures : Sequence[pydicom.Dataset], optional
            Items of Referenced Request Sequence.
        previous_versions : Sequence[pydicom.Dataset], optional
            Documents that this one replaces.
        record_evidence : bool, optional
            Whether evidence of other studies is listed even if the content does not refer to it.
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
        self._begin(
            evidence,
            series_instance_uid=series_instance_uid,
            series_number=series_number,
            sop_instance_uid=sop_instance_uid,
            instance_number=instance_number,
            manufacturer=manufacturer,
            institution_name=institution_name,
            institutional_department_name=institutional_department_name,
            transfer_syntax_uid=transfer_syntax_uid,
            **kwargs,
        )
        self._write(
            evidence,
            content,
            DocumentOptions(
                is_complete=is_complete,
                is_final=is_final,
                is_verified=is_verified,
                verifying_observer_name=verifying_observer_name,
                verifying_organization=verifying_organization,
                performed_procedure_codes=performed_procedure_codes,
                requested_procedures=requested_procedures,
                previous_versions=previous_versions,
                record_evidence=record_evidence,
                contributing_equipment=contributing_equipment,
            ),
        )


class ComprehensiveSR(StructuredReport):
    """A report whose items may refer to one another (PS3.3 A.35.3)."""

    _class_uid = "1.2.840.10008.5.1.4.1.1.88.33"

    def __init__(
        self,
        evidence: Sequence[Dataset],
        content: Dataset | Sequence[Dataset],
        series_instance_uid: str,
        series_number: int,
        sop_instance_uid: str,
        instance_number: int,
        manufacturer: str | None = None,
        is_complete: bool = False,
        is_final: bool = False,
        is_verified: bool = False,
        institution_name: str | None = None,
        institutional_department_name: str | None = None,
        verifying_observer_name: str | PersonName | None = None,
        verifying_organization: str | None = None,
        performed_procedure_codes: Sequence[CodeLike] | None = None,
        requested_procedures: Sequence[Dataset] | None = None,
        previous_versions: Sequence[Dataset] | None = None,
        record_evidence: bool = True,
        transfer_syntax_uid: str | PydicomUID = "1.2.840.10008.1.2.1",
        contributing_equipment: Sequence[ContributingEquipment] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a document of a content tree.

        Parameters
        ----------
        evidence : Sequence[pydicom.Dataset]
            Objects that the document rests on, with all that its content refers to; patient and study are taken over
            from the first.
        content : pydicom.Dataset or Sequence[pydicom.Dataset]
            Root of the content tree, or a sequence with it alone (a MeasurementReport, for example).
        series_instance_uid, series_number, sop_instance_uid, instance_number
            Identity of the document and its series.
        manufacturer : str, optional
            Maker of the program or device that writes the document.
        is_complete : bool, optional
            Whether the content is complete.
        is_final : bool, optional
            Whether the document is final, not preliminary.
        is_verified : bool, optional
            Whether a person who is accountable has verified it.
        institution_name, institutional_department_name : str, optional
            Where it was written.
        verifying_observer_name, verifying_organization : str, optional
            Who verified it; needed if it is verified.
        performed_procedure_codes : Sequence[pydicom.sr.coding.Code or CodedConcept], optional
            Procedures that were performed.
        requested_procedures : Sequence[pydicom.Dataset], optional
            Items of Referenced Request Sequence.
        previous_versions : Sequence[pydicom.Dataset], optional
            Documents that this one replaces.
        record_evidence : bool, optional
            Whether evidence of other studies is listed even if the content does not refer to it.
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
        self._begin(
            evidence,
            series_instance_uid=series_instance_uid,
            series_number=series_number,
            sop_instance_uid=sop_instance_uid,
            instance_number=instance_number,
            manufacturer=manufacturer,
            institution_name=institution_name,
            institutional_department_name=institutional_department_name,
            transfer_syntax_uid=transfer_syntax_uid,
            **kwargs,
        )
        self._write(
            evidence,
            content,
            DocumentOptions(
                is_complete=is_complete,
                is_final=is_final,
                is_verified=is_verified,
                verifying_observer_name=verifying_observer_name,
                verifying_organization=verifying_organization,
                performed_procedure_codes=performed_procedure_codes,
                requested_procedures=requested_procedures,
                previous_versions=previous_versions,
                record_evidence=record_evidence,
                contributing_equipment=contributing_equipment,
            ),
        )


class Comprehensive3DSR(StructuredReport):
    """A report with coordinates in space as well (PS3.3 A.35.13)."""

    _class_uid = "1.2.840.10008.5.1.4.1.1.88.34"

    def __init__(
        self,
        evidence: Sequence[Dataset],
        content: Dataset | Sequence[Dataset],
        series_instance_uid: str,
        series_number: int,
        sop_instance_uid: str,
        instance_number: int,
        manufacturer: str | None = None,
        is_complete: bool = False,
        is_final: bool = False,
        is_verified: bool = False,
        institution_name: str | None = None,
        institutional_department_name: str | None = None,
        verifying_observer_name: str | PersonName | None = None,
        verifying_organization: str | None = None,
        performed_procedure_codes: Sequence[CodeLike] | None = None,
        requested_procedures: Sequence[Dataset] | None = None,
        previous_versions: Sequence[Dataset] | None = None,
        record_evidence: bool = True,
        contributing_equipment: Sequence[ContributingEquipment] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a document of a content tree.

        Parameters
        ----------
        evidence : Sequence[pydicom.Dataset]
            Objects that the document rests on, with all that its content refers to; patient and study are taken over
            from the first.
        content : pydicom.Dataset or Sequence[pydicom.Dataset]
            Root of the content tree, or a sequence with it alone (a MeasurementReport, for example).
        series_instance_uid, series_number, sop_instance_uid, instance_number
            Identity of the document and its series.
        manufacturer : str, optional
            Maker of the program or device that writes the document.
        is_complete : bool, optional
            Whether the content is complete.
        is_final : bool, optional
            Whether the document is final, not preliminary.
        is_verified : bool, optional
            Whether a person who is accountable has verified it.
        institution_name, institutional_department_name : str, optional
            Where it was written.
        verifying_observer_name, verifying_organization : str, optional
            Who verified it; needed if it is verified.
        performed_procedure_codes : Sequence[pydicom.sr.coding.Code or CodedConcept], optional
            Procedures that were performed.
        requested_procedures : Sequence[pydicom.Dataset], optional
            Items of Referenced Request Sequence.
        previous_versions : Sequence[pydicom.Dataset], optional
            Documents that this one replaces.
        record_evidence : bool, optional
            Whether evidence of other studies is listed even if the content does not refer to it.
        contributing_equipment : Sequence[ContributingEquipment], optional
            More equipment that had a part in it.
        **kwargs
            More for :class:`dicomposer.SOPClass`.

        Raises
        ------
        ValueError
            If the content refers to an object that is not in the evidence, or the document would not conform.
        """
        self._begin(
            evidence,
            series_instance_uid=series_instance_uid,
            series_number=series_number,
            sop_instance_uid=sop_instance_uid,
            instance_number=instance_number,
            manufacturer=manufacturer,
            institution_name=institution_name,
            institutional_department_name=institutional_department_name,
            **kwargs,
        )
        self._write(
            evidence,
            content,
            DocumentOptions(
                is_complete=is_complete,
                is_final=is_final,
                is_verified=is_verified,
                verifying_observer_name=verifying_observer_name,
                verifying_organization=verifying_organization,
                performed_procedure_codes=performed_procedure_codes,
                requested_procedures=requested_procedures,
                previous_versions=previous_versions,
                record_evidence=record_evidence,
                contributing_equipment=contributing_equipment,
            ),
        )


_CLASSES: dict[str, type[StructuredReport]] = {
    kind._class_uid: kind for kind in (EnhancedSR, ComprehensiveSR, Comprehensive3DSR) if kind._class_uid
}

#: Structured reports that are read: the three that are written, and the others of PS3.3 A.35.
SOP_CLASS_UIDS: frozenset[str] = frozenset(
    (
        *_CLASSES,
        "1.2.840.10008.5.1.4.1.1.88.11",  # Basic Text
        "1.2.840.10008.5.1.4.1.1.88.35",  # Extensible
        "1.2.840.10008.5.1.4.1.1.88.40",  # Procedure Log
        "1.2.840.10008.5.1.4.1.1.88.50",  # Mammography CAD
        "1.2.840.10008.5.1.4.1.1.88.65",  # Chest CAD
        "1.2.840.10008.5.1.4.1.1.88.67",  # X-Ray Radiation Dose
        "1.2.840.10008.5.1.4.1.1.88.68",  # Radiopharmaceutical Radiation Dose
        "1.2.840.10008.5.1.4.1.1.88.69",  # Colon CAD
        "1.2.840.10008.5.1.4.1.1.88.70",  # Implantation Plan
        "1.2.840.10008.5.1.4.1.1.88.71",  # Acquisition Context
        "1.2.840.10008.5.1.4.1.1.88.72",  # Simplified Adult Echo
        "1.2.840.10008.5.1.4.1.1.88.73",  # Patient Radiation Dose
        "1.2.840.10008.5.1.4.1.1.88.74",  # Planned Imaging Agent Administration
        "1.2.840.10008.5.1.4.1.1.88.75",  # Performed Imaging Agent Administration
        "1.2.840.10008.5.1.4.1.1.88.76",  # Enhanced X-Ray Radiation Dose
    )
)


def srread(fp: str | bytes | os.PathLike[str] | BinaryIO) -> StructuredReport:
    """Read a structured report of any class.

    Parameters
    ----------
    fp : str, PathLike, bytes or binary file-like
        The file, or its bytes.

    Returns
    -------
    StructuredReport
        EnhancedSR, ComprehensiveSR or Comprehensive3DSR; :class:`StructuredReport` itself for other classes.

    Raises
    ------
    ValueError
        If it is no structured report.
    """
    return as_report(read(fp))


def as_report(dataset: Dataset) -> StructuredReport:
    """A structured report as the class that suits its SOP Class; the dataset itself, which becomes one.

    Raises
    ------
    ValueError
        If it is no structured report.
    """
    class_uid = text_value(dataset, "SOPClassUID") or ""
    if class_uid not in SOP_CLASS_UIDS:
        raise ArgumentError("the file is not a structured report")
    return _CLASSES.get(class_uid, StructuredReport).from_dataset(dataset, copy=False)
