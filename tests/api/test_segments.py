"""From names to segment descriptions."""

from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes

from dicomposer import seg
from dicomposer.api._segments import Algorithm, default_colour, describe, read_segments, value_of
from dicomposer.content import AlgorithmIdentificationSequence
from dicomposer.errors import ArgumentError, ArgumentTypeError, TerminologyError


def described(segments, names=None, **made_by):
    specs = read_segments(segments, names)
    return describe(specs, range(1, len(specs) + 1), Algorithm(**made_by))


def test_a_name_brings_codes_side_colour_and_tracking():
    (one,) = described(["kidney_left"])
    assert (one.segment_number, one.segment_label) == (1, "Left kidney")
    assert one.segmented_property_type.value == "64033007"
    kind = one.SegmentedPropertyTypeCodeSequence[0]
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue == "7771000"
    assert len(one.RecommendedDisplayCIELabValue) == 3
    assert one.tracking_id == "kidney_left"
    assert one.tracking_uid != described(["kidney_left"])[0].tracking_uid


def test_regions_keep_their_side():
    (one,) = described(["kidney_tumor_right"])
    region = one.AnatomicRegionSequence[0]
    assert region.CodeValue == "64033007"
    assert region.AnatomicRegionModifierSequence[0].CodeValue == "24028007"


def test_unknown_names_bring_near_ones():
    with pytest.raises(TerminologyError) as caught:
        described(["livr"])
    assert "liver" in caught.value.suggestions


@pytest.mark.parametrize(
    "segments",
    [
        ["Liver", "Spleen"],
        ("Liver", "Spleen"),
        {1: "Liver", 2: "Spleen"},
        {"background": 0, "liver": 1, "spleen": 2},
        {0: "background", 1: "liver", 2: "spleen"},
        [{"name": "Liver"}, {"label": "Spleen"}],
        [{"name": "Liver", "value": 1}, {"name": "Spleen", "number": 2}],
    ],
)
def test_all_spellings_say_the_same(segments):
    assert [one.segment_label for one in described(segments)] == ["Liver", "Spleen"]
    values = [value_of(spec) for spec in read_segments(segments, None)]
    assert values in ([None, None], [1, 2])


def test_a_dictionary_says_everything_itself():
    (one,) = described(
        {
            "name": "my thing",
            "category": codes.SCT.Tissue,
            "type": codes.SCT.Fat,
            "region": codes.SCT.Abdomen,
            "color": (255, 0, 0),
            "tracking_id": "t",
            "tracking_uid": "1.2.3",
            "algorithm": "net",
            "algorithm_version": "2",
            "algorithm_type": "semiautomatic",
        },
        name="other",
    )
    assert one.segment_label == "my thing"
    assert one.segmented_property_type == codes.SCT.Fat
    assert one.anatomic_regions[0] == codes.SCT.Abdomen
    assert (one.tracking_id, one.tracking_uid) == ("t", "1.2.3")
    assert one.algorithm_type == seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC
    assert (one.algorithm_identification.name, one.algorithm_identification.version) == ("net", "2")
    assert one.RecommendedDisplayCIELabValue[0] == pytest.approx(0.5429 * 65535, rel=0.01)


def test_descriptions_are_taken_as_they_are_and_not_changed():
    given = described(["Liver"])[0]
    same, moved = describe(read_segments([given], None), [1], Algorithm())[0], None
    assert same is given
    moved = describe(read_segments({5: given}, None), [5], Algorithm())[0]
    assert (moved.segment_number, given.segment_number) == (5, 1)


def test_two_of_a_kind_are_told_apart():
    first, second = described(["Lesion", "Lesion"])
    assert first.tracking_id != second.tracking_id
    assert first.tracking_uid != second.tracking_uid


def test_who_made_it():
    (one,) = described(["Liver"])
    assert one.algorithm_type == seg.SegmentAlgorithmTypeValues.AUTOMATIC
    assert one.algorithm_identification.name == "unspecified"
    (one,) = described(["Liver"], type="manual")
    assert one.algorithm_type == seg.SegmentAlgorithmTypeValues.MANUAL
    assert "SegmentAlgorithmName" not in one
    identification = AlgorithmIdentificationSequence("net", codes.DCM.ArtificialIntelligence, "3")
    (one,) = described(["Liver"], name=identification)
    assert one.algorithm_identification.version == "3"
    with pytest.raises(ArgumentError, match="MANUAL"):
        described(["Liver"], name="net", type="MANUAL")
    with pytest.raises(ArgumentError, match="AUTOMATIC, SEMIAUTOMATIC or MANUAL"):
        described(["Liver"], type="robot")


def test_named_masks_need_no_segments_and_may_say_more():
    specs = read_segments(None, ["liver", "spleen"])
    assert [(spec.name, spec.value) for spec in specs] == [("liver", 1), ("spleen", 2)]
    assert [s.segment_label for s in described(["Spleen", "Liver"], ["a", "b"])] == ["Spleen", "Liver"]
    assert [s.segment_label for s in described({"b": "Liver"}, ["spleen", "b"])] == ["Spleen", "Liver"]
    with pytest.raises(ArgumentError, match="'c'"):
        described({"c": "Liver"}, ["a", "b"])
    with pytest.raises(ArgumentError, match=r"2 masks \(a, b\) and 1 segments"):
        described(["Liver"], ["a", "b"])


@pytest.mark.parametrize(
    ("segments", "error", "what"),
    [
        ([], ArgumentError, "empty"),
        (3, ArgumentTypeError, "int"),
        ([3], ArgumentTypeError, "int"),
        ({"a": "b"}, ArgumentTypeError, "'a'"),
        ({0: "Liver"}, ArgumentError, "0 is background"),
        ([{"names": "Liver"}], ArgumentError, "did you mean 'name'"),
        ([{"colour": "red"}], ArgumentError, "'name'"),
        ([{"name": "Liver", "colour": (1, 2)}], ArgumentError, "three values"),
    ],
)
def test_what_is_no_segment_is_refused(segments, error, what):
    with pytest.raises(error, match=what):
        described(segments)


def test_default_colours_differ():
    colours = {tuple(default_colour(number).value) for number in range(1, 101)}
    assert len(colours) == 100
