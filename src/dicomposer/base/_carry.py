"""What an object takes over from the image it was made from.

Only what identifies the patient, the study and the specimen is carried over, as the standard's tables group it
(modules of the entities Patient and Study). Free text about the patient, history and comments stay behind.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Final

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from dicomposer import standard

__all__ = ["CARRIED_MODULES", "LEFT_BEHIND", "carry_over"]

#: Modules of the Patient and Study entities whose attributes are carried over (PS3.3 C.7.1, C.7.2).
CARRIED_MODULES: Final = (
    "patient",
    "clinical-trial-subject",
    "general-study",
    "patient-study",
    "clinical-trial-study",
)

#: Attributes of these modules that are not: narrative, reasons, contacts, and what another object refers to.
LEFT_BEHIND: Final = frozenset(
    {
        "AdditionalPatientHistory",
        "AdmittingDiagnosesCodeSequence",
        "AdmittingDiagnosesDescription",
        "Allergies",
        "MedicalAlerts",
        "Occupation",
        "PatientComments",
        "PatientState",
        "ReasonForPerformedProcedureCodeSequence",
        "ReasonForVisit",
        "ReasonForVisitCodeSequence",
        "ReferencedPatientPhotoSequence",
        "ServiceEpisodeDescription",
        "SpecialNeeds",
    }
)


def carry_over(source: Dataset, target: Dataset, modules: tuple[str, ...] = CARRIED_MODULES) -> None:
    """Copy the attributes of some modules; mandatory ones that the source lacks become empty.

    Parameters
    ----------
    source : pydicom.Dataset
        Not modified.
    target : pydicom.Dataset
        What it already has with a value stays.
    modules : tuple[str, ...], optional
        Keys of modules in :mod:`dicomposer.standard`.
    """
    for key in modules:
        for attribute in standard.module(key).attributes:
            # By tag: the tables know attributes that pydicom's dictionary does not
            tag = Tag(attribute.tag)
            if attribute.keyword in LEFT_BEHIND or (tag in target and target[tag].value):
                continue
            if tag in source:
                target[tag] = deepcopy(source[tag])
            elif attribute.type == "2" and tag not in target and key in ("patient", "general-study"):
                target.add_new(tag, attribute.vr, [] if attribute.vr == "SQ" else None)
