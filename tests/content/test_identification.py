from __future__ import annotations

from copy import deepcopy
from datetime import datetime

import highdicom as hd
import highdicom.content as peer
import pydicom
import pytest
from hypothesis import given, strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes

from dicomposer import content
from dicomposer.coding import CodedConcept, injected
from dicomposer.content import (
    AlgorithmIdentificationSequence,
    ContentCreatorIdentificationCodeSequence,
    ContributingEquipment,
    IssuerOfIdentifier,
)
from dicomposer.enum import UniversalEntityIDTypeValues
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError

AI = codes.DCM.ArtificialIntelligence
WORD = st.text("abcdefghij0123456789.- ", min_size=1).map(str.strip).filter(bool)


def same(ours: Dataset, theirs: Dataset) -> bool:
    return ours.to_json_dict() == theirs.to_json_dict()


@pytest.mark.parametrize(
    "arguments", [("n", AI, "1"), ("n", AI, "1", "me"), ("n", AI, "1", None, {"a": "b", "c": "d"})]
)
def test_algorithms_are_those_of_the_peer(arguments: tuple[object, ...]) -> None:
    ours = AlgorithmIdentificationSequence(*arguments)  # type: ignore[arg-type]
    theirs = peer.AlgorithmIdentificationSequence(*arguments)
    assert same(ours[0], theirs[0])
    for name in ("name", "version", "source", "parameters"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.family == AI


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text("abc=1.[] ", max_size=9), min_size=1
    )
)
def test_parameters_read_back(parameters: dict[str, str]) -> None:
    if list(parameters.values())[-1].endswith(" "):
        parameters[list(parameters)[-1]] += "x"  # spaces at the end of a value are padding
    made = AlgorithmIdentificationSequence("n", AI, "1", parameters=parameters)
    assert made.parameters == parameters


def test_parameters_with_commas_in_values() -> None:
    made = AlgorithmIdentificationSequence("n", AI, "1", parameters={"spacing": "[1, 2, 3]", "flag": "on"})
    assert made.parameters == {"spacing": "[1, 2, 3]", "flag": "on"}


def test_adopted_algorithms_have_a_family() -> None:
    plain = Sequence(deepcopy(list(peer.AlgorithmIdentificationSequence("n", AI, "1"))))
    adopted = AlgorithmIdentificationSequence.from_sequence(plain)
    assert isinstance(adopted.family, CodedConcept)
    assert adopted.family == AI
    assert adopted == AlgorithmIdentificationSequence("n", AI, "1")
    assert adopted != AlgorithmIdentificationSequence("n", AI, "2")
    with pytest.raises(MissingAttributeError):
        AlgorithmIdentificationSequence.from_sequence(Sequence([Dataset()]))


@pytest.mark.parametrize(
    "arguments",
    [
        ("n" * 65, AI, "1"),
        ("", AI, "1"),
        ("n", AI, "1\\2"),
        ("n", AI, "1", None, {"a=b": "c"}),
        ("n", AI, "1", None, {"a,b": "c"}),
    ],
)
def test_bad_algorithms(arguments: tuple[object, ...]) -> None:
    with pytest.raises(ArgumentError):
        AlgorithmIdentificationSequence(*arguments)  # type: ignore[arg-type]


def test_the_code_given_stays_the_callers() -> None:
    family = CodedConcept.from_code(AI)
    made = AlgorithmIdentificationSequence("n", family, "1")
    made[0].AlgorithmFamilyCodeSequence[0].CodeMeaning = "changed"
    assert family.meaning == "Artificial Intelligence"


def test_creators_are_those_of_the_peer() -> None:
    arguments = ([AI], "inst", "addr", ["1", "2"], "tel", AI, "ia", "idn", AI)
    ours = ContentCreatorIdentificationCodeSequence(*arguments)
    concept = hd.sr.CodedConcept.from_code(AI)  # the peer takes no plain code where one is optional
    theirs = peer.ContentCreatorIdentificationCodeSequence(
        [AI], *arguments[1:5], concept, "ia", "idn", concept
    )
    assert same(ours[0], theirs[0])
    assert len(ContentCreatorIdentificationCodeSequence([AI], "inst")[0]) == 2
    assert ContentCreatorIdentificationCodeSequence.from_sequence(Sequence(list(theirs)))[0] == theirs[0]


def test_bad_creators() -> None:
    with pytest.raises(ArgumentError):
        ContentCreatorIdentificationCodeSequence([], "inst")
    for wrong in (AI, ["x"]):
        with pytest.raises(ArgumentTypeError):
            ContentCreatorIdentificationCodeSequence(wrong, "inst")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments", [("x",), ("1.2.3", "ISO"), ("http://a", UniversalEntityIDTypeValues.URI)]
)
def test_issuers_are_those_of_the_peer(arguments: tuple[object, ...]) -> None:
    kinds = [getattr(kind, "value", kind) for kind in arguments[1:]]
    ours, theirs = IssuerOfIdentifier(*arguments), peer.IssuerOfIdentifier(arguments[0], *kinds)  # type: ignore[arg-type]
    assert same(ours, theirs)
    adopted = IssuerOfIdentifier.from_dataset(theirs)
    assert adopted.issuer_of_identifier == arguments[0]
    assert (adopted.issuer_of_identifier_type and adopted.issuer_of_identifier_type.value) == (
        kinds[0] if kinds else None
    )


def test_bad_issuers() -> None:
    for call in (
        lambda: IssuerOfIdentifier(""),
        lambda: IssuerOfIdentifier("x", "ISO"),
        lambda: IssuerOfIdentifier("x", "y"),
    ):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(AttributeError):
        IssuerOfIdentifier.from_dataset(Dataset())
    with pytest.raises(TypeError):
        IssuerOfIdentifier.from_dataset("x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {
            "manufacturer_model_name": "m",
            "software_versions": ["1", "2"],
            "device_serial_number": "3",
            "institution_name": "i",
            "institutional_department_name": "d",
            "institution_address": "a",
            "station_name": "s",
            "contribution_datetime": datetime(2024, 5, 17, 1, 2, 3),
            "contribution_description": "c",
        },
        {"software_versions": "1", "contribution_datetime": "20240517"},
    ],
)
def test_equipment_is_that_of_the_peer(more: dict[str, object]) -> None:
    purpose = codes.DCM.ProcessingEquipment
    ours = ContributingEquipment("maker", purpose, **more)  # type: ignore[arg-type]
    theirs = hd.ContributingEquipment("maker", purpose, **more)
    assert {e.tag for e in ours} == {e.tag for e in theirs}
    for element in ours:
        if element.keyword == "ContributionDateTime":
            assert (
                theirs.ContributionDateTime == element.value
                or str(theirs.ContributionDateTime)[:14] == element.value[:14]
            )
        else:
            assert element.value == theirs[element.tag].value


def test_purposes_are_those_of_the_context_group() -> None:
    for value, meaning in content._identification._PURPOSES.items():
        ContributingEquipment("m", CodedConcept(value, "DCM", meaning))
    assert ContributingEquipment("m", codes.DCM.SynthesizingEquipment)
    with pytest.raises(ArgumentError):
        ContributingEquipment("m", codes.SCT.Liver)


def test_acquisition_equipment_of_an_image() -> None:
    image = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    before = deepcopy(image)
    assert same(
        ContributingEquipment.for_image_acquisition(image),
        hd.ContributingEquipment.for_image_acquisition(image),
    )
    assert image == before
    with pytest.raises(AttributeError):
        ContributingEquipment.for_image_acquisition(Dataset())
    image.Manufacturer = ""
    with pytest.raises(AttributeError):
        ContributingEquipment.for_image_acquisition(image)
    del image.Rows
    with pytest.raises(ValueError):
        ContributingEquipment.for_image_acquisition(image)


def test_values_of_an_image_that_are_not_legal_are_left_behind() -> None:
    image = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    with pytest.warns(UserWarning, match="VR"):
        image.StationName = "x" * 17
    assert "StationName" not in ContributingEquipment.for_image_acquisition(image)


def test_the_library_itself() -> None:
    with injected(clock=lambda: datetime(2024, 5, 17, 1, 2, 3)):
        ours = ContributingEquipment.for_dicomposer()
        assert ContributingEquipment.for_highdicom() == ours
    assert ours.ContributionDateTime == "20240517010203"
    assert ours.ManufacturerModelName == "dicomposer"
    assert ours.PurposeOfReferenceCodeSequence[0] == codes.DCM.ProcessingEquipment
    other = ContributingEquipment.for_dicomposer(purpose_of_reference=codes.DCM.SynthesizingEquipment)
    assert other.PurposeOfReferenceCodeSequence[0] == codes.DCM.SynthesizingEquipment
