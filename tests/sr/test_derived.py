"""Measurements derived from those of several groups (TID 1420): they point to the groups."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.sr.codedict import codes

from dicomposer import samples, sr
from dicomposer.coding import new_uid
from dicomposer.validation import validate
from judges import dciodvfy

MM2 = codes.UCUM.SquareMillimeter
SUM = sr.CodedConcept("255605001", "SCT", "Minimum")


@pytest.fixture(scope="module")
def image():
    return samples.phantom_series("CT", labels=1).datasets[0]


def group(image, number):
    source = sr.SourceImageForRegion.from_source_image(image)
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(identifier=f"finding {number}"),
        sr.ImageRegion("CIRCLE", np.array([[9.0, 9.0], [12.0, 9.0]]), source),
        measurements=[sr.Measurement(codes.SCT.Area, float(number), MM2)],
    )


def content(groups, derived, **more):
    device = sr.ObserverContext(
        codes.DCM.Device, sr.DeviceObserverIdentifyingAttributes(new_uid(), "a model")
    )
    return sr.MeasurementReport(
        sr.ObservationContext(observer_device_context=device),
        sr.CodedConcept("25045-6", "LN", "CT unspecified body region"),
        groups,
        derived_imaging_measurements=derived,
        **more,
    )


def test_pointers_lead_to_the_groups(image, tmp_path):
    groups = [group(image, number) for number in (1, 2, 3)]
    derived = sr.DerivedMeasurement(SUM, 1.0, MM2, groups[::2], derivation=codes.SCT.Minimum)
    before = len(derived[0].children)
    report = content(groups, [sr.DerivedMeasurement(SUM, 9.0, MM2, groups[1:2]), derived])
    assert len(derived[0].children) == before  # the argument is as it was
    document = sr.ComprehensiveSR([image], report, new_uid(), 1, new_uid(), 1, manufacturer="m")
    path = tmp_path / "derived.dcm"
    document.save_as(path)
    assert not dciodvfy(path).errors
    assert not [one for one in validate(path) if one.level in ("error", "warning")]

    plain = dcmread(path)
    sections = [item.ConceptNameCodeSequence[0].CodeValue for item in plain.ContentSequence]
    number = plain.ContentSequence[sections.index("126011")].ContentSequence[1]
    pointers = [
        item.ReferencedContentItemIdentifier
        for item in number.ContentSequence
        if "ReferencedContentItemIdentifier" in item
    ]
    assert len(pointers) == 2
    for pointer, expected in zip(pointers, groups[::2], strict=True):
        root, section, place = pointer
        assert root == 1 and sections[section - 1] == "126010"
        target = plain.ContentSequence[section - 1].ContentSequence[place - 1]
        uid = next(item.UID for item in target.ContentSequence if "UID" in item)
        assert uid == expected.tracking_uid

    read = sr.srread(BytesIO(path.read_bytes()))
    other, summed = read.content.get_derived_measurements()
    assert (other.value, summed.value) == (9.0, 1.0) and summed.derivation == codes.SCT.Minimum
    assert isinstance(summed, sr.DerivedMeasurement)
    assert [one.tracking_uid for one in other.derived_from] == [groups[1].tracking_uid]
    assert [one.tracking_uid for one in summed.derived_from] == [one.tracking_uid for one in groups[::2]]
    assert [one.get_measurements()[0].value for one in summed.derived_from] == [1.0, 3.0]


@pytest.mark.parametrize("position", [[1, 99], [1, 1], [0], [1, 4, 1, 7], [2]])
def test_pointers_that_lead_to_no_group(image, position):
    groups = [group(image, 1)]
    made = content(groups, [sr.DerivedMeasurement(SUM, 1.0, MM2, groups)])
    document = sr.ComprehensiveSR([image], made, new_uid(), 1, new_uid(), 1, manufacturer="m")
    buffer = BytesIO()
    document.save_as(buffer)
    plain = dcmread(BytesIO(buffer.getvalue()))
    for section in plain.ContentSequence:
        if section.ConceptNameCodeSequence[0].CodeValue == "126011":
            section.ContentSequence[0].ContentSequence[0].ReferencedContentItemIdentifier = position
    changed = BytesIO()
    plain.save_as(changed)
    read = sr.srread(BytesIO(changed.getvalue())).content
    with pytest.warns(UserWarning, match="not a group"):
        (found,) = read.get_derived_measurements()
    assert type(found) is sr.Measurement and found.value == 1.0


def test_groups_of_another_report_are_refused(image):
    with pytest.raises(ValueError, match="derived_from"):
        content([group(image, 1)], [sr.DerivedMeasurement(SUM, 1.0, MM2, [group(image, 2)])])
    with pytest.raises(ValueError, match="derived_from"):
        sr.DerivedMeasurement(SUM, 1.0, MM2, [])
    with pytest.raises(TypeError, match="derived_from"):
        sr.DerivedMeasurement(SUM, 1.0, MM2, ["a group"])
    with pytest.raises(TypeError, match="derived_imaging_measurements"):
        content([group(image, 1)], [sr.Measurement(SUM, 1.0, MM2)])


def test_planar_regions_and_volumes_are_not_mixed(image):
    volume = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(new_uid(), "volume"),
        referenced_volume_surface=sr.VolumeSurface(
            "POINT", np.array([[1.0, 2.0, 3.0]]), new_uid(),
            source_series=sr.SourceSeriesForSegmentation(new_uid()),
        ),
    )  # fmt: skip
    sr.DerivedMeasurement(SUM, 1.0, MM2, [volume, volume])
    with pytest.raises(ValueError, match="TID 1420"):
        sr.DerivedMeasurement(SUM, 1.0, MM2, [volume, group(image, 1)])


def test_evaluations_of_the_study(image):
    evaluation = sr.QualitativeEvaluation(codes.DCM.LevelOfSignificance, codes.SCT.Normal)
    report = content([group(image, 1)], None, qualitative_evaluations=[evaluation])
    (found,) = report.get_qualitative_evaluations()
    assert found.name == codes.DCM.LevelOfSignificance and found.value == codes.SCT.Normal
