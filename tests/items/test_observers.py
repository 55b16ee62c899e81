"""Observers and subjects, also as other programs write them (TID 1001 to 1010)."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from dicomposer import sr
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from reports import NAME, context, document, read_again, report, simple

D = codes.DCM
TEXT = {"login_name": "jd", "organization_name": "Größe & Co"}
ROLES = {
    "role_in_organization": Code("121081", "DCM", "Physician"),
    "role_in_procedure": Code("121094", "DCM", "Performing"),
}
DEVICE = {
    "uid": "1.2.3",
    "name": "net",
    "manufacturer_name": "a",
    "model_name": "b",
    "serial_number": "c",
    "physical_location": "d",
    "role_in_procedure": Code("113859", "DCM", "Irradiating Device"),
}


def person(**more: Any) -> Any:
    return sr.ObserverContext(D.Person, sr.PersonObserverIdentifyingAttributes("Doe^Jane", **more))


def device(**more: Any) -> Any:
    return sr.ObserverContext(D.Device, sr.DeviceObserverIdentifyingAttributes(**{"uid": "1.2.3", **more}))


def read(observation: Any) -> Any:
    made = sr.MeasurementReport(observation, NAME, [simple(sr)])
    return read_again(sr, document(sr, made)).content


def test_persons_come_back():
    for found in (
        person(**TEXT, **ROLES),
        *read(sr.ObservationContext(person(**TEXT, **ROLES))).get_observer_contexts(),
    ):
        assert found.observer_type == D.Person
        attributes = found.observer_identifying_attributes
        assert isinstance(attributes, sr.PersonObserverIdentifyingAttributes)
        assert attributes.name == "Doe^Jane"
        assert {name: getattr(attributes, name) for name in TEXT} == TEXT
        assert {name: getattr(attributes, name) for name in ROLES} == ROLES


def test_what_is_not_given_is_none():
    attributes = (
        read(sr.ObservationContext(person())).get_observer_contexts()[0].observer_identifying_attributes
    )
    assert [getattr(attributes, name) for name in (*TEXT, *ROLES)] == [None] * 4


def test_devices_come_back():
    found = read(sr.ObservationContext(observer_device_context=device(**DEVICE))).get_observer_contexts(
        D.Device
    )
    attributes = found[0].observer_identifying_attributes
    assert isinstance(attributes, sr.DeviceObserverIdentifyingAttributes)
    assert {name: getattr(attributes, name) for name in DEVICE} == DEVICE


SUBJECTS = [
    (D.Fetus, sr.SubjectContextFetus("f 1"), {"subject_id": "f 1"}),
    (
        D.Specimen,
        sr.SubjectContextSpecimen("1.2.3", "S1", "C1", codes.SCT.Lung),
        {
            "specimen_uid": "1.2.3",
            "specimen_identifier": "S1",
            "container_identifier": "C1",
            "specimen_type": codes.SCT.Lung,
        },
    ),
    (
        D.DeviceSubject if hasattr(D, "DeviceSubject") else Code("121192", "DCM", "Device Subject"),
        sr.SubjectContextDevice("a phantom", "1.2.3", "m", "n", "s", "there"),
        {
            "device_name": "a phantom",
            "device_uid": "1.2.3",
            "device_manufacturer_name": "m",
            "device_model_name": "n",
            "device_serial_number": "s",
            "device_physical_location": "there",
        },
    ),
]


@pytest.mark.parametrize(("kind", "specific", "values"), SUBJECTS)
def test_subjects_come_back(kind: Any, specific: Any, values: dict[str, Any]) -> None:
    found = read(sr.ObservationContext(person(), None, sr.SubjectContext(kind, specific)))
    subjects = found.get_subject_contexts()
    assert len(subjects) == 1
    assert subjects[0].subject_class == kind
    again = subjects[0].subject_class_specific_context
    assert type(again) is type(specific)
    assert {name: getattr(again, name) for name in values} == values
    assert len(found.get_subject_contexts(kind)) == 1
    assert len(found.get_subject_contexts(NAME)) == 0


def test_the_class_device_of_other_libraries_becomes_that_of_the_standard():
    made = sr.SubjectContext(D.Device, sr.SubjectContextDevice("a phantom"))
    assert made.subject_class == Code("121192", "DCM", "Device Subject")  # CID 271
    assert isinstance(made.subject_class_specific_context, sr.SubjectContextDevice)


def test_observers_of_each_kind():
    found = read(context(sr))
    assert [one.observer_type for one in found.get_observer_contexts()] == [D.Person, D.Device]
    assert len(found.get_observer_contexts(D.Person)) == 1
    assert len(found.get_observer_contexts(D.Device)) == 1
    assert found.get_subject_contexts()[0].subject_class == D.Specimen


def test_several_observers_of_one_kind():
    made = report(sr, [simple(sr)])
    children = made[0].ContentSequence
    for item in reversed(list(person(login_name="second"))):
        children.insert(1, item)
    names = [one.observer_identifying_attributes.login_name for one in made.get_observer_contexts(D.Person)]
    assert names == ["second", "jdoe"]


def test_an_observer_without_a_type_is_a_person():
    made = sr.MeasurementReport(sr.ObservationContext(person(**TEXT)), NAME, [simple(sr)])
    children = made[0].ContentSequence
    del children[children.index(children.find(Code("121005", "DCM", "Observer Type"))[0])]
    found = made.get_observer_contexts()
    assert len(found) == 1
    assert found[0].observer_identifying_attributes.name == "Doe^Jane"
    assert found[0].observer_identifying_attributes.login_name == "jd"
    assert made.get_observer_contexts(D.Person)
    assert not made.get_observer_contexts(D.Device)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: sr.ObserverContext(D.Device, person().observer_identifying_attributes), ArgumentTypeError),
        (lambda: sr.ObserverContext(NAME, person().observer_identifying_attributes), ArgumentError),
        (lambda: sr.ObserverContext("x", person().observer_identifying_attributes), ArgumentTypeError),
        (lambda: sr.SubjectContext(D.Specimen, sr.SubjectContextFetus("1")), ArgumentTypeError),
        (lambda: sr.SubjectContext(NAME, sr.SubjectContextFetus("1")), ArgumentError),
        (lambda: sr.ObservationContext(person().observer_identifying_attributes), ArgumentTypeError),
        (lambda: sr.ObservationContext(subject_context=person()), ArgumentTypeError),
        (lambda: sr.DeviceObserverIdentifyingAttributes("no uid"), ArgumentError),
        (lambda: sr.PersonObserverIdentifyingAttributes.from_sequence([]), MissingAttributeError),
        (lambda: sr.SubjectContextFetus.from_sequence([]), MissingAttributeError),
    ],
)
def test_mistakes(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def test_messages_name_the_argument():
    with pytest.raises(TypeError, match="^observer_person_context must be ObserverContext, found str"):
        sr.ObservationContext("Doe^Jane")
