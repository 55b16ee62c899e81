"""Single values and declared attributes."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds, is_valid_ds

from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.record import Module, attribute, format_ds


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimal_strings(number: float) -> None:
    text = format_ds(number)
    assert len(text) <= 16 and is_valid_ds(text)
    if len(repr(number)) <= 16:
        assert float(text) == number
    # Never further from the number than pydicom's text.
    theirs = abs(Decimal(format_number_as_ds(number)) - Decimal(number))
    assert abs(Decimal(text) - Decimal(number)) <= theirs


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.5, "-0.5"),
        (1e-7, "1e-07"),
        (1 / 3, "0.33333333333333"),
        (-1 / 3, "-0.3333333333333"),
        (2, "2"),
    ],
)
def test_decimal_string_examples(number: float, text: str) -> None:
    assert format_ds(number) == text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_decimal_strings_refuse(number: float) -> None:
    with pytest.raises(ArgumentError):
        format_ds(number)


class PatientModule(Module, table="patient"):
    """Some of the patient module."""

    patient_id = attribute("PatientID")
    birth_date = attribute("PatientBirthDate")
    comments = attribute("PatientComments")


class SOPCommonModule(Module, table="sop-common"):
    """Some of the SOP common module."""

    sop_class = attribute("SOPClassUID")
    sop_instance = attribute("SOPInstanceUID")


def test_modules_write_and_read() -> None:
    module = PatientModule(patient_id="7")
    dataset = Dataset()
    module.write_to(dataset)
    assert dataset.PatientID == "7"
    assert dataset["PatientBirthDate"].is_empty  # type 2
    assert "PatientComments" not in dataset  # type 3
    assert PatientModule.read_from(dataset) == module
    assert module.replace(patient_id="8").patient_id == "8"
    assert module != module.replace(patient_id="8")
    assert "7" not in repr(module)


def test_modules_refuse() -> None:
    dataset = Dataset()
    with pytest.raises(ArgumentError, match="SOPInstanceUID"):
        SOPCommonModule(sop_class="1.2").write_to(dataset)
    assert not len(dataset)
    with pytest.raises(ArgumentTypeError):
        PatientModule(name="x")
    with pytest.raises(AttributeError):
        PatientModule().patient_id = "x"
    with pytest.raises(TypeError):
        PatientModule("x")  # type: ignore[misc]
    with pytest.raises(ArgumentError):
        type("Wrong", (Module,), {"rows": attribute("Rows")}, table="patient")().write_to(dataset)
