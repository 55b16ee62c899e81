"""Templates: every argument that is written is read back, whatever it is."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from dicomposer import sr
from dicomposer.errors import ArgumentError, ArgumentTypeError
from reports import (
    BALL,
    CT,
    FRAME_OF_REFERENCE,
    LENGTH,
    MM,
    NAME,
    SEGMENTATION,
    SQUARE,
    UIDS,
    U,
    algorithm,
    common,
    context,
    document,
    groups,
    measurement,
    read_again,
    report,
    simple,
    site,
)

D = codes.DCM
CODES = st.builds(
    Code,
    st.sampled_from(["1", "T-04000", "1" * 30, "urn:oid:1.2"]),
    st.sampled_from(["99X", "DCM", "SCT"]),
    st.sampled_from(["one", "Größe"]),
    st.sampled_from([None, "2.0"]),
)
TEXTS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P"], exclude_characters="\\"), min_size=1, max_size=20
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64) | st.integers(-(10**9), 10**9)


def optional(**strategies: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=strategies)


@given(
    NUMBERS,
    CODES,
    CODES,
    optional(qualifier=CODES, derivation=CODES, method=CODES),
    st.lists(CODES, max_size=3),
)
def test_measurements(value: Any, name: Code, unit: Code, more: dict[str, Any], sites: list[Code]) -> None:
    made = sr.Measurement(name, value, unit, finding_sites=[sr.FindingSite(one) for one in sites], **more)
    again = sr.Measurement.from_sequence(made)
    for one in (made, again):
        assert (one.name, one.value, one.unit) == (name, value, unit)
        assert {key: getattr(one, key) for key in ("qualifier", "derivation", "method")} == {
            "qualifier": None,
            "derivation": None,
            "method": None,
            **more,
        }
        assert [found.value for found in one.finding_sites] == sites
        assert one.referenced_images == []
        assert one.referenced_coordinates == []


@given(CODES, optional(laterality=CODES, topographical_modifier=CODES))
def test_sites(location: Code, more: dict[str, Any]) -> None:
    made = sr.FindingSite(location, **more)
    for one in (made, sr.FindingSite.from_dataset(made)):
        assert one.value == location
        assert one.laterality == more.get("laterality")
        assert one.topographical_modifier == more.get("topographical_modifier")


@given(TEXTS, optional(parameters=st.lists(TEXTS, min_size=1, max_size=3), family=CODES, manufacturer=TEXTS))
def test_algorithms(text: str, more: dict[str, Any]) -> None:
    made = sr.AlgorithmIdentification(text, text, **more)
    expected = {"parameters": [], "family": None, "manufacturer": None, **more}
    assert {name: getattr(made, name) for name in expected} == expected
    assert (made.name, made.version) == (text, text)


@given(
    TEXTS,
    optional(
        time_point_type=CODES,
        time_point_order=st.integers(0, 99),
        subject_time_point_identifier=TEXTS,
        protocol_time_point_identifier=TEXTS,
    ),
)
def test_time_points(text: str, more: dict[str, Any]) -> None:
    offset = sr.LongitudinalTemporalOffsetFromEvent(3.5, codes.UCUM.Day, NAME)
    made = sr.TimePointContext(text, temporal_offset_from_event=offset, **more)
    assert made.time_point == text
    assert {name: getattr(made, name) for name in more} == more
    assert made.temporal_offset_from_event.value == 3.5


@given(CODES, CODES)
def test_evaluations(name: Code, value: Code) -> None:
    made = sr.QualitativeEvaluation(name, value)
    for one in (made, sr.QualitativeEvaluation.from_sequence(made)):
        assert (one.name, one.value) == (name, value)


@settings(max_examples=25)
@given(
    optional(
        finding_type=CODES, method=CODES, session=TEXTS, finding_category=CODES, geometric_purpose=CODES
    ),
    st.lists(NUMBERS, max_size=4),
    TEXTS,
)
def test_groups(more: dict[str, Any], numbers: list[Any], text: str) -> None:
    region = sr.ImageRegion("POLYLINE", SQUARE, sr.SourceImageForRegion(CT, U))
    made = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier("1.2.3", text),
        region,
        measurements=[sr.Measurement(LENGTH, number, MM) for number in numbers],
        **more,
    )
    again = sr.PlanarROIMeasurementsAndQualitativeEvaluations.from_sequence(made)
    for one in (made, again):
        assert (one.tracking_identifier, one.tracking_uid) == (text, "1.2.3")
        assert {name: getattr(one, name) for name in more} == more
        assert [found.value for found in one.get_measurements()] == numbers
        assert one.reference_type == NAME
        np.testing.assert_array_equal(one.roi.value, SQUARE)
        assert one.roi.source_image.referenced_sop_instance_uid == U
        assert one.referenced_segmentation_frame is None


# -- everything at once, out of a file --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full() -> Any:
    return read_again(sr, document(sr)).content


def check_group(group: Any, name: str) -> None:
    assert (group.tracking_identifier, group.tracking_uid) == (f"lesion {name}", UIDS[name])
    assert group.finding_type == codes.SCT.Nodule
    assert group.finding_category == codes.SCT.MorphologicallyAbnormalStructure
    assert group.method == Code("126030", "DCM", "Sum")
    assert group.session == "session 1"
    assert [one.value for one in group.finding_sites] == [codes.SCT.Lung, codes.SCT.Liver]
    assert group.finding_sites[0].laterality == codes.SCT.Right
    assert group.finding_sites[0].topographical_modifier.meaning == "Upper lobe"
    assert [one.value for one in group.get_measurements()] == [12.25, 3]
    assert [one.value for one in group.get_measurements(LENGTH)] == [3]
    assert len(group.get_qualitative_evaluations()) == 2
    wanted = Code("112023", "DCM", "Attenuation Coefficient")
    assert [one.value for one in group.get_qualitative_evaluations(wanted)] == [codes.SCT.Moderate]
    check_measurement(group.get_measurements()[0])


def check_measurement(one: Any) -> None:
    assert one.unit == codes.UCUM.Millimeter
    assert one.qualifier.meaning == "Value out of range"
    assert one.derivation == codes.SCT.Mean
    assert one.method.meaning == "ITK"
    assert (one.tracking_identifier, one.tracking_uid) == ("lesion 1 volume", "1.2.826.0.2.1")
    assert one.finding_sites[0].value == codes.SCT.Lung
    assert [image.referenced_sop_class_uid for image in one.referenced_images] == [CT]
    properties = sr.MeasurementProperties.from_sequence(one[0].ContentSequence, copy=False)
    assert properties.normality == codes.SCT.Normal
    assert properties.level_of_significance == codes.SCT.Moderate
    assert properties.selection_status.meaning == "User chosen value"
    assert properties.upper_measurement_uncertainty == 1.5
    assert properties.lower_measurement_uncertainty == 0.5
    assert sr.MeasurementStatisticalProperties.from_sequence(one[0].ContentSequence).description == "everyone"
    assert sr.NormalRangeProperties.from_sequence(one[0].ContentSequence).authority == "you"
    found = sr.AlgorithmIdentification.from_sequence(one[0].ContentSequence)
    assert (found.name, found.version, found.parameters) == ("a net", "1.0", ["a=1", "b=2"])


def test_planar_groups(full: Any) -> None:
    region, frame = full.get_planar_roi_measurement_groups()
    check_group(region, "planar")
    check_group(frame, "frame")
    assert region.geometric_purpose.meaning == "Bounded by"
    assert region.roi.graphic_type is sr.GraphicTypeValues.POLYLINE
    assert frame.roi is None
    assert frame.reference_type.meaning == "Referenced Segmentation Frame"
    found = frame.referenced_segmentation_frame
    assert found.referenced_frame_numbers == [1]
    assert found.referenced_segment_numbers is None  # one or the other (PS3.3 C.18.4)
    assert (found.referenced_sop_class_uid, found.referenced_sop_instance_uid) == (
        SEGMENTATION,
        UIDS["segmentation"],
    )
    assert found.source_image_for_segmentation.referenced_sop_class_uid == CT


def test_volumetric_groups(full: Any) -> None:
    segment, regions, surface = full.get_volumetric_roi_measurement_groups()
    check_group(segment, "segment")
    check_group(regions, "regions")
    check_group(surface, "surface")
    assert segment.roi is None
    assert segment.reference_type.meaning == "Referenced Segment"
    assert segment.referenced_segment.referenced_segment_numbers == [1]
    assert segment.referenced_segment.referenced_frame_numbers is None  # one or the other (PS3.3 C.18.4)
    assert segment.referenced_segment.source_series_for_segmentation.value == "1.2.3.88"
    assert not segment.referenced_segment.has_source_images()
    assert [one.graphic_type.value for one in regions.roi] == ["POLYLINE", "CIRCLE"]
    assert regions.reference_type == NAME
    assert surface.roi.graphic_type is sr.GraphicTypeValues3D.ELLIPSOID
    assert surface.roi.frame_of_reference_uid == FRAME_OF_REFERENCE
    np.testing.assert_array_equal(surface.roi.graphic_data, [BALL])
    assert surface.reference_type.meaning == "Volume Surface"
    assert surface.referenced_segment is None


def test_groups_of_images(full: Any) -> None:
    (group,) = full.get_image_measurement_groups()
    check_group(group, "image")
    assert [one.referenced_sop_class_uid for one in group.source_images] == [CT]
    flat, deep = group.get_measurements()[0].referenced_coordinates
    assert (type(flat), type(deep)) == (sr.CoordinatesForMeasurement, sr.CoordinatesForMeasurement3D)
    assert flat.source_image.referenced_sop_class_uid == CT
    assert deep.value.tolist() == [[1, 2, 3]]


def test_the_report_itself(full: Any) -> None:
    assert full.procedures_reported == [Code("25045-6", "LN", "CT unspecified body region")]
    assert full[0].name.meaning == "Imaging Measurement Report"
    language = sr.LanguageOfContentItemAndDescendants.from_sequence(
        full[0].ContentSequence, copy=False
    ).language
    assert language.value == "de-DE"


# -- reports ----------------------------------------------------------------------------------------------------------


def sections(made: Any) -> list[str]:
    return [one.name.meaning for one in made[0].children if isinstance(one, sr.ContainerContentItem)]


def test_reports_without_groups():
    made = sr.MeasurementReport(
        context(sr),
        NAME,
        qualitative_evaluations=[sr.QualitativeEvaluation(Code("1", "99X", "Quality"), codes.SCT.Normal)],
    )
    assert sections(made) == ["Qualitative Evaluations"]
    assert made.get_planar_roi_measurement_groups() == []
    assert sections(sr.MeasurementReport(context(sr), NAME, [])) == ["Imaging Measurements"]
    assert sections(sr.MeasurementReport(context(sr), NAME)) == ["Imaging Measurements"]


def test_all_sections():
    group = simple(sr)
    made = sr.MeasurementReport(
        context(sr),
        [NAME, LENGTH],
        [group],
        title=Code("126001", "DCM", "Oncology Measurement Report"),
        derived_imaging_measurements=[sr.DerivedMeasurement(LENGTH, 2.5, MM, [group])],
        qualitative_evaluations=[sr.QualitativeEvaluation(Code("1", "99X", "Quality"), codes.SCT.Normal)],
    )
    assert sections(made) == [
        "Imaging Measurements",
        "Derived Imaging Measurements",
        "Qualitative Evaluations",
    ]
    assert made.procedures_reported == [NAME, LENGTH]
    assert made[0].name.meaning == "Oncology Measurement Report"


def test_a_report_that_does_not_name_its_template():
    found = read_again(sr, document(sr, report(sr, [simple(sr)])))
    del found.ContentTemplateSequence
    for group in found.content[0].ContentSequence[-1].children:
        del group.ContentTemplateSequence
    again = read_again(sr, found).content
    assert isinstance(again, sr.MeasurementReport)
    assert again.get_planar_roi_measurement_groups()[0].tracking_identifier == "planar"


@pytest.mark.parametrize("index", range(6))
def test_groups_that_do_not_name_their_template(index: int) -> None:
    group = groups(sr)[index]
    made = report(sr, [group])
    for item in made[0].ContentSequence[-1].children:
        del item.ContentTemplateSequence
    found = [
        *made.get_planar_roi_measurement_groups(),
        *made.get_volumetric_roi_measurement_groups(),
        *made.get_image_measurement_groups(),
    ]
    assert [type(one) for one in found] == [type(group)]


def test_uncertainties_have_the_unit_of_the_measurement():
    items = measurement(sr)[0].ContentSequence
    found = [one for one in items if one.name.meaning.endswith("measurement uncertainty")]
    assert [(one.value, one.unit) for one in found] == [(1.5, MM), (0.5, MM)]


def test_arguments_keep_their_own_items():
    sites, algorithms = [site(sr)], algorithm(sr)
    before = (sites[0].to_json(), [one.to_json() for one in algorithms])
    rows = common(sr, "planar")
    rows |= {"finding_sites": sites, "algorithm_id": algorithms}
    made = sr.MeasurementsAndQualitativeEvaluations(**rows)
    document(sr, report(sr, [made]))
    assert (sites[0].to_json(), [one.to_json() for one in algorithms]) == before


MISTAKES = {
    "tracking_identifier": "x",
    "time_point_context": "x",
    "finding_type": "x",
    "algorithm_id": "x",
    "finding_sites": sr.FindingSite(LENGTH),
    "session": 3,
    "measurements": sr.Measurement(LENGTH, 1, MM),
    "qualitative_evaluations": [sr.Measurement(LENGTH, 1, MM)],
    "referenced_real_world_value_map": "x",
    "source_images": [sr.SourceImageForRegion(CT, U)],
}


@pytest.mark.parametrize("name", MISTAKES)
def test_wrong_types_are_named(name: str) -> None:
    given_rows = {"tracking_identifier": sr.TrackingIdentifier(), name: MISTAKES[name]}
    with pytest.raises(ArgumentTypeError, match=name):
        sr.MeasurementsAndQualitativeEvaluations(**given_rows)


def region() -> sr.ImageRegion:
    return sr.ImageRegion("POINT", SQUARE[:1], sr.SourceImageForRegion(CT, U))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: sr.PlanarROIMeasurementsAndQualitativeEvaluations(sr.TrackingIdentifier()), ArgumentError),
        (
            lambda: sr.PlanarROIMeasurementsAndQualitativeEvaluations(sr.TrackingIdentifier(), "x"),
            ArgumentTypeError,
        ),
        (
            lambda: sr.VolumetricROIMeasurementsAndQualitativeEvaluations(sr.TrackingIdentifier()),
            ArgumentError,
        ),
        (
            lambda: sr.VolumetricROIMeasurementsAndQualitativeEvaluations(sr.TrackingIdentifier(), []),
            ArgumentError,
        ),
        (lambda: sr.Measurement.from_sequence([]), ArgumentError),
        (lambda: sr.Measurement.from_sequence([region()]), ArgumentTypeError),
        (lambda: sr.QualitativeEvaluation.from_sequence([region()]), ArgumentTypeError),
        (lambda: sr.PlanarROIMeasurementsAndQualitativeEvaluations.from_sequence([region()]), ArgumentError),
        (lambda: sr.MeasurementReport.from_sequence([region()]), ArgumentError),
        (lambda: sr.MeasurementReport("x", NAME, []), ArgumentTypeError),
        (lambda: sr.MeasurementReport(context(sr), None, []), ArgumentTypeError),
        (lambda: sr.MeasurementReport(context(sr), "x", []), ArgumentTypeError),
        (lambda: sr.MeasurementReport(context(sr), NAME, [sr.Measurement(LENGTH, 1, MM)]), ArgumentTypeError),
        (lambda: sr.MeasurementReport(context(sr), NAME, simple(sr)), ArgumentTypeError),
        (lambda: sr.MeasurementStatisticalProperties([]), ArgumentError),
        (
            lambda: sr.ReferencedSegment(CT, U, 1, source_series=sr.SourceSeriesForSegmentation(U)),
            ArgumentError,
        ),
        (lambda: sr.ReferencedSegment(SEGMENTATION, U, 1), ArgumentError),
        (
            lambda: sr.VolumeSurface("POLYLINE", BALL, U, source_series=sr.SourceSeriesForSegmentation(U)),
            ArgumentError,
        ),
        (lambda: sr.ImageRegion3D("ELLIPSOID", BALL, U), ArgumentError),
        (lambda: sr.ImageRegion("POINT", SQUARE[:1], "x"), ArgumentTypeError),
        (lambda: sr.FindingSite("lung"), ArgumentTypeError),
        (lambda: sr.TrackingIdentifier("no uid"), ArgumentError),
        (lambda: sr.AlgorithmIdentification("a", None), ArgumentTypeError),
        (lambda: sr.TimePointContext("x", time_point_order="first"), ArgumentTypeError),
    ],
)
def test_mistakes(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def referring(segment: Any, images: list[Any], segmentation: Any) -> Any:
    group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(identifier="a"),
        referenced_segment=segment,
        finding_type=codes.SCT.Liver,
        measurements=[sr.Measurement(codes.SCT.Volume, 3.0, codes.UCUM.CubicMillimeter)],
    )
    observer = sr.ObserverContext(
        codes.DCM.Device, sr.DeviceObserverIdentifyingAttributes(uid="1.2.826.0.4", name="a net")
    )
    content = sr.MeasurementReport(
        sr.ObservationContext(observer_device_context=observer),
        procedure_reported=Code("25045-6", "LN", "CT unspecified body region"),
        imaging_measurements=[group],
    )
    return sr.ComprehensiveSR(
        [*images, segmentation], content, "1.2.826.0.6.1", 1, "1.2.826.0.6.2", 1, "maker", is_complete=True
    )


def test_a_reference_to_a_segment_has_no_frames() -> None:
    import dicomposer as dc
    from dicomposer import samples

    series = samples.phantom_series("CT")
    images = list(series.datasets)
    seg = dc.segment(series.mask, images, ["Liver", "Spleen"])
    numbers = [int(one.SegmentIdentificationSequence[0].ReferencedSegmentNumber) for one in
               seg.PerFrameFunctionalGroupsSequence]  # fmt: skip
    every = [place + 1 for place, number in enumerate(numbers) if number == 2]
    source = sr.SourceSeriesForSegmentation(images[0].SeriesInstanceUID)
    with pytest.warns(UserWarning, match="frame_numbers are not written"):
        plain = sr.ReferencedSegment(seg.SOPClassUID, seg.SOPInstanceUID, 2, every[:2], source_series=source)
    with pytest.warns(UserWarning, match="frame_numbers are not written"):
        some = sr.ReferencedSegment.from_segmentation(seg, 2, every[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = sr.ReferencedSegment.from_segmentation(seg, 2, every)
        assert sr.ReferencedSegment.from_segmentation(seg, 2).referenced_segment_numbers == [2]
    assert len(some.source_images_for_segmentation) == 2
    assert len(whole.source_images_for_segmentation) == len(every)
    for segment in (plain, some, whole):
        assert (segment.referenced_segment_numbers, segment.referenced_frame_numbers) == ([2], None)
        report = referring(segment, images, seg)
        assert not dc.validate(report).down_to("warning")
    for wrong in ([0], [1.5], ["1"]):
        with pytest.raises(ArgumentError, match="frame_numbers must be whole numbers from 1"):
            sr.ReferencedSegment(seg.SOPClassUID, seg.SOPInstanceUID, 2, wrong, source_series=source)
