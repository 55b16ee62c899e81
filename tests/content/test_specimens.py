"""Specimens: what is written is what highdicom writes, what is read is what was given."""

from __future__ import annotations

import datetime
from io import BytesIO

import highdicom as hd
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

import dicomposer
from dicomposer.content import (
    IssuerOfIdentifier,
    SpecimenCollection,
    SpecimenDescription,
    SpecimenPreparationStep,
    SpecimenProcessing,
    SpecimenSampling,
    SpecimenStaining,
)

SCT = codes.SCT
MOMENT = datetime.datetime(2020, 1, 2, 3, 4, 5)


def procedures(package):
    return {
        "collection": package.SpecimenCollection(SCT.Excision),
        "sampling": package.SpecimenSampling(
            SCT.Dissection, "P1", SCT.GrossSpecimen, package.IssuerOfIdentifier("lab")
        ),
        "staining": package.SpecimenStaining([SCT.HematoxylinStain, "a stain of our own"]),
        "processing": package.SpecimenProcessing(SCT.Tissue),
        "told": package.SpecimenProcessing("washed"),
    }


def step_of(package, kind):
    return package.SpecimenPreparationStep(
        "S1",
        procedures(package)[kind],
        processing_description="as always" if kind not in ("told", "processing") else None,
        processing_datetime=MOMENT,
        issuer_of_specimen_id=package.IssuerOfIdentifier("lab"),
        fixative=SCT.Formalin,
        embedding_medium=SCT.ParaffinWax,
        specimen_container=SCT.Tissue,
        specimen_type=SCT.Tissue,
    )


def description_of(package, location):
    return package.SpecimenDescription(
        "S1",
        "1.2.3",
        specimen_location=location,
        specimen_preparation_steps=[step_of(package, kind) for kind in procedures(package)],
        issuer_of_specimen_id=package.IssuerOfIdentifier("lab"),
        primary_anatomic_structures=[SCT.Lung],
        specimen_type=SCT.Tissue,
        specimen_short_description="short",
        specimen_detailed_description="in\r\ndetail",
    )


def plain(item):
    """Codes and values of a content item; meanings may be worded in other ways."""
    name = item.ConceptNameCodeSequence[0]
    value = None
    for keyword in ("TextValue", "DateTime"):
        if keyword in item:
            value = str(item[keyword].value)
    if "ConceptCodeSequence" in item:
        value = item.ConceptCodeSequence[0].CodeValue
    if "MeasuredValueSequence" in item:
        measured = item.MeasuredValueSequence[0]
        value = (float(measured.NumericValue), measured.MeasurementUnitsCodeSequence[0].CodeValue)
    return item.ValueType, name.CodeValue, name.CodingSchemeDesignator, value


@pytest.mark.parametrize("kind", ["collection", "sampling", "staining", "processing", "told"])
def test_a_step_is_that_of_the_peer(kind):
    ours, theirs = step_of(dicomposer.content, kind), step_of(hd, kind)
    mine = [plain(item) for item in ours.SpecimenPreparationStepContentItemSequence]
    assert mine == [plain(item) for item in theirs.SpecimenPreparationStepContentItemSequence]


@pytest.mark.parametrize("location", ["top left", (1.5, 2.0, 30.0)])
def test_what_is_read_is_what_was_given(location):
    dataset = Dataset()
    dataset.SpecimenDescriptionSequence = [description_of(dicomposer.content, location)]
    stream = BytesIO()
    dataset.save_as(stream, implicit_vr=False, little_endian=True)
    stream.seek(0)
    item = dcmread(stream, force=True).SpecimenDescriptionSequence[0]
    read = SpecimenDescription.from_dataset(item)
    assert (read.specimen_id, read.specimen_uid, read.specimen_location) == ("S1", "1.2.3", location)
    assert read.specimen_short_description == "short"
    assert read.specimen_detailed_description == "in\r\ndetail"
    assert read.primary_anatomic_structures == [SCT.Lung] and read.specimen_type == SCT.Tissue
    assert read.issuer_of_specimen_id.issuer_of_identifier == "lab"
    steps = read.specimen_preparation_steps
    assert [type(step.processing_procedure) for step in steps] == [
        SpecimenCollection,
        SpecimenSampling,
        SpecimenStaining,
        SpecimenProcessing,
        SpecimenProcessing,
    ]
    first = steps[0]
    assert first.specimen_id == "S1" and first.issuer_of_specimen_id == "lab"
    assert first.fixative == SCT.Formalin and first.embedding_medium == SCT.ParaffinWax
    assert first.specimen_container == SCT.Tissue and first.specimen_type == SCT.Tissue
    assert first.processing_description == "as always" and first.processing_datetime == MOMENT
    assert first.processing_procedure.procedure == SCT.Excision
    sampling = steps[1].processing_procedure
    assert sampling.method == SCT.Dissection and sampling.parent_specimen_id == "P1"
    assert sampling.parent_specimen_type == SCT.GrossSpecimen
    assert steps[2].processing_procedure.substances == [SCT.HematoxylinStain, "a stain of our own"]
    assert steps[3].processing_procedure.description == SCT.Tissue
    assert steps[4].processing_procedure.description == "washed"


def test_the_peer_reads_it():
    dataset = Dataset()
    described = description_of(dicomposer.content, "top left")
    for step in described.SpecimenPreparationSequence:  # the peer cannot read issuers of parents back
        items = step.SpecimenPreparationStepContentItemSequence
        step.SpecimenPreparationStepContentItemSequence = [
            item for item in items if item.name.value != "111706"
        ]
    dataset.SpecimenDescriptionSequence = [described]
    theirs = hd.SpecimenDescription.from_dataset(dataset.SpecimenDescriptionSequence[0])
    assert theirs.specimen_location == "top left"
    assert [step.processing_type.value for step in theirs.specimen_preparation_steps] == [
        "17636008",
        "433465004",
        "127790008",
        "9265001",
        "9265001",
    ]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: SpecimenStaining([]), ValueError),
        (lambda: SpecimenStaining([1]), TypeError),
        (lambda: SpecimenStaining("hematoxylin"), TypeError),
        (lambda: SpecimenProcessing(5), TypeError),
        (lambda: SpecimenPreparationStep("S1", SpecimenProcessing("a"), "b"), ValueError),
        (lambda: SpecimenPreparationStep("S1", "x"), TypeError),
        (lambda: SpecimenDescription("S1", "1.2.3", specimen_location=(1, 2)), ValueError),
        (lambda: SpecimenDescription("S1", "1.2.3", specimen_preparation_steps=[1]), TypeError),
        (lambda: SpecimenDescription("S1", "1.02.3"), ValueError),
        (lambda: SpecimenDescription.from_dataset(Dataset()), AttributeError),
        (lambda: SpecimenPreparationStep.from_dataset(Dataset()), AttributeError),
        (lambda: SpecimenSampling(SCT.Dissection, "P", SCT.Tissue, "lab"), TypeError),
    ],
)
def test_what_is_refused(make, error):
    with pytest.raises(error):
        make()


def test_universal_issuers():
    step = SpecimenPreparationStep(
        "S1", SpecimenProcessing("washed"), issuer_of_specimen_id=IssuerOfIdentifier("1.2.3", "ISO")
    )
    assert step.issuer_of_specimen_id == "1.2.3"
