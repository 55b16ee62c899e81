"""Images of different patients must never end up in one object."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from dicomposer.errors import ArgumentError
from dicomposer.record import undecoded, value_of

__all__ = ["refuse_several_patients"]


def _patient_text(dataset: Dataset, keyword: str) -> str:
    value = undecoded(dataset, keyword)
    if isinstance(value, bytes) and value.isascii():
        return value.decode("ascii").strip(" \0")
    # Other bytes mean something only together with the character set
    return str((value_of(dataset, keyword) if isinstance(value, bytes) else value) or "").strip()


def refuse_several_patients(
    datasets: Sequence[Dataset], further: Sequence[Dataset] = (), what: str = "source images"
) -> None:
    """Refuse images that say that they are of different patients.

    By Patient ID and its issuer, or, where there is no ID, by name and birth date.

    Parameters
    ----------
    datasets : Sequence[pydicom.Dataset]
        Images of one series: what one says, all say.
    further : Sequence[pydicom.Dataset], optional
        Images of other series of the study, whose equipment may leave the issuer out.
    what : str
        What they are, for the message.

    Raises
    ------
    ArgumentError
        Says how many patients there are, and nothing about them.
    """
    patients = {_patient(d) for d in datasets}
    issuers = {issuer for kind, _, issuer in patients if kind == "ID"}
    for dataset in further:
        kind, name, rest = _patient(dataset)
        if kind == "ID" and not rest and len(issuers) == 1:
            rest = next(iter(issuers))
        patients.add((kind, name, rest))
    if len(patients) > 1:
        raise ArgumentError(f"the {what} belong to {len(patients)} different patients")


def _patient(dataset: Dataset) -> tuple[str, str, str]:
    if number := _patient_text(dataset, "PatientID"):
        return "ID", number, _patient_text(dataset, "IssuerOfPatientID")
    return "name", _patient_text(dataset, "PatientName"), _patient_text(dataset, "PatientBirthDate")
