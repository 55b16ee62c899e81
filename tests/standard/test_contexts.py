"""Context groups of code sequences and item counts of sequences: spot checks against the text of PS3.3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.tables import contexts
from tools.tables.contexts import Contexts, _place, count_of

from dicomposer import standard
from dicomposer.standard import Attribute


def at(place: str) -> Attribute:
    """The attribute at "module:Path.Of.Keywords", or "iod/Path" within the functional groups of an IOD."""
    if "/" in place:
        iod, _, path = place.partition("/")
        first, *names = path.split(".")
        attribute = standard.iod(iod).functional_group(first).attribute
    else:
        module, _, path = place.partition(":")
        first, *names = path.split(".")
        attribute = standard.module(module).attribute(first)
    for name in names:
        attribute = attribute.item(name)
    return attribute


def everywhere() -> Iterator[Attribute]:
    def visit(attributes: tuple[Attribute, ...]) -> Iterator[Attribute]:
        for attribute in attributes:
            yield attribute
            yield from visit(attribute.items)

    for key in standard.modules():
        yield from visit(standard.module(key).attributes)


@pytest.mark.parametrize(
    ("place", "groups"),
    [
        ("mammography-image:ViewCodeSequence", "D4014"),
        ("mammography-image:ViewCodeSequence.ViewModifierCodeSequence", "D4015"),
        ("mammography-image:AnatomicRegionSequence", "D4013"),
        ("mammography-image:PartialViewCodeSequence", "D4005"),
        ("general-image:AnatomicRegionSequence", "B4031 B7483"),
        ("dx-positioning:ViewCodeSequence", "B4010"),
        ("dx-positioning:PatientOrientationCodeSequence.PatientOrientationModifierCodeSequence", "B20"),
        ("dx-anatomy-imaged:AnatomicRegionSequence", "D4009 D7482"),
        ("intra-oral-image:AnatomicRegionSequence.AnatomicRegionModifierSequence", "D4017"),
        ("intra-oral-image:PrimaryAnatomicStructureSequence", "D4026"),
        ("manufacturing-3d-model:MeasurementUnitsCodeSequence", "D7063"),
        ("manufacturing-3d-model:ModelUsageCodeSequence", "B7064"),
        ("sop-common:ContributingEquipmentSequence.PurposeOfReferenceCodeSequence", "D7005"),
        ("sop-common:DigitalSignaturesSequence.DigitalSignaturePurposeCodeSequence", "B7007"),
        ("general-equipment:InstitutionalDepartmentTypeCodeSequence", "B7030"),
        ("device:DeviceSequence", "B4051"),
        ("rt-dose:DerivationCodeSequence", "D7220"),
        ("general-reference:SourceImageSequence.PurposeOfReferenceCodeSequence", "D7202"),
        ("general-reference:DerivationCodeSequence", "D7203"),
        ("ct-image:CTDIPhantomTypeCodeSequence", "D4052"),
        ("contrast-bolus:ContrastBolusAgentSequence", "B12"),
        ("nm-isotope:RadiopharmaceuticalInformationSequence.RadionuclideCodeSequence", "B18"),
        ("pet-isotope:RadiopharmaceuticalInformationSequence.RadionuclideCodeSequence", "B4020"),
        ("nm-pet-patient-orientation:PatientGantryRelationshipCodeSequence", "B21"),
        ("spatial-registration:RegistrationSequence.MatrixRegistrationSequence.RegistrationTypeCodeSequence", "B7100"),
        ("ocular-region-imaged:AnatomicRegionSequence", "D4209"),
        ("ct-image:AnatomicRegionSequence.AnatomicRegionModifierSequence", "D2"),
        ("patient:PatientSpeciesCodeSequence", "D7454"),
        ("patient:DeidentificationMethodCodeSequence", "D7050"),
        ("acquisition-context:AcquisitionContextSequence.MeasurementUnitsCodeSequence", "B82"),
        ("segmentation-image:SegmentSequence.SegmentedPropertyCategoryCodeSequence", "B7150"),
        ("segmentation-image:SegmentSequence.SegmentedPropertyTypeCodeSequence", "B7151"),
        (
            "segmentation-image:SegmentSequence.SegmentedPropertyTypeCodeSequence"
            ".SegmentedPropertyTypeModifierCodeSequence",
            "D244",
        ),
        ("surface-mesh:SurfaceSequence.SegmentedPropertyTypeCodeSequence", "B7151"),
        ("optical-path:OpticalPathSequence.IlluminationTypeCodeSequence", "B8123"),
        ("microscopy-bulk-simple-annotations:AnnotationGroupSequence.AnnotationPropertyTypeCodeSequence", "B8135"),
        ("specimen:SpecimenDescriptionSequence.SpecimenTypeCodeSequence", "B8103"),
        ("segmentation/DerivationImageSequence.DerivationCodeSequence", "D7203"),
        ("general-study:ProcedureCodeSequence", ""),
    ],
)  # fmt: skip
def test_groups_are_those_of_the_text(place: str, groups: str) -> None:
    found = " ".join(f"{one.strength[0].upper()}{one.cid}" for one in at(place).context_groups)
    assert found == groups


def test_groups_that_hang_on_the_kind_of_object_have_a_condition() -> None:
    (binding,) = at("optical-path:OpticalPathSequence.IlluminationTypeCodeSequence").context_groups
    assert binding.condition is not None
    slides, others = ["1.2.840.10008.5.1.4.1.1.77.1.6"], ["1.2.840.10008.5.1.4.1.1.77.1.2"]
    assert binding.condition.evaluate(lambda reference: slides)
    assert not binding.condition.evaluate(lambda reference: others)


def test_all_groups_exist_and_stand_on_code_sequences() -> None:
    known = {82, 5000, 5001, 7007, 7020, *standard.context_groups()}  # these have no list in our source
    bound = [attribute for attribute in everywhere() if attribute.context_groups]
    assert len(bound) > 600
    for attribute in bound:
        assert {one.cid for one in attribute.context_groups} <= known, attribute.keyword
        keywords = {one.keyword for one in attribute.items}
        assert {"CodeValue", "CodeMeaning"} <= keywords, attribute.keyword


@pytest.mark.parametrize(
    ("place", "count"),
    [
        ("general-image:AnatomicRegionSequence", (1, 1)),
        ("general-reference:SourceImageSequence", (1, None)),
        ("mammography-image:PartialViewCodeSequence", (1, 2)),
        ("mammography-image:ViewCodeSequence", (1, 1)),
        ("mammography-image:ViewCodeSequence.ViewModifierCodeSequence", (0, None)),
        ("segmentation-image:SegmentSequence", (1, None)),
        ("segmentation-image:SegmentSequence.SegmentedPropertyTypeCodeSequence", (1, 1)),
        ("segmentation/PixelMeasuresSequence", (1, 1)),
        ("general-series:ReferencedPerformedProcedureStepSequence", (1, 1)),
        ("general-series:RequestAttributesSequence", (1, None)),
        ("acquisition-context:AcquisitionContextSequence", (0, None)),
        # hangs on Multi-energy CT Acquisition
        ("enhanced-ct-image/CTExposureSequence", None),
    ],
)
def test_counts_are_those_of_the_text(place: str, count: tuple[int, int | None] | None) -> None:
    assert at(place).item_count == count


def test_nothing_but_sequences_has_a_count() -> None:
    counted = [attribute for attribute in everywhere() if attribute.item_count is not None]
    assert {attribute.vr for attribute in counted} == {"SQ"}
    sequences = [attribute for attribute in everywhere() if attribute.vr == "SQ"]
    assert len(counted) / len(sequences) > 0.8


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (["What it is for.", "Only a single Item shall be included in this Sequence."], "1"),
        (["What it is for. One or more Items are permitted in this Sequence."], "1-n"),
        (["Zero or one Item shall be included in this Sequence"], "0-1"),
        (["One or two Items shall be included in this Sequence."], "1-2"),
        (["Two or more Items shall be present."], "2-n"),
        (["If it is raining, only a single Item shall be included in this Sequence."], ""),
        (["Only a single Item shall be included in this Sequence, unless it is raining."], ""),
        (["The number of Items shall equal the number of clouds."], ""),
        (["Only a single Item shall be present.", "One or more Items shall be present."], ""),
    ],
)
def test_counts_are_read(text: list[str], count: str) -> None:
    assert count_of(text) == count


@pytest.mark.parametrize("scheme", ["SRT", "SNM3", "99SDM"])
def test_codes_of_retired_schemes_have_successors(scheme: str) -> None:
    assert standard.current_codes("T-62000", scheme) == (("10200004", "SCT"),)
    assert standard.current_codes("no such code", scheme) == ()


def test_codes_that_the_groups_gave_up_stand_for_those_they_chose() -> None:
    both = (("51185008", "SCT"), ("816094009", "SCT"))
    assert standard.current_codes("T-D3000", "SRT") == standard.current_codes("51185008", "SCT") == both
    group = {(one.value, one.scheme) for one in standard.context_group(4031).codes}
    assert set(both) & group


def test_other_codes_stand_for_themselves() -> None:
    assert standard.current_codes("121071", "DCM") == (("121071", "DCM"),)


def test_places_by_hand_are_found_exact_first_then_by_the_longest_end() -> None:
    known = {"m:A.B": 1, "*:A.B": 2, "*:B": 3}
    assert _place(known, "m", ("A", "B")) == "m:A.B"
    assert _place(known, "n", ("A", "B")) == "*:A.B"
    assert _place(known, "n", ("C", "B")) == "*:B"
    assert _place(known, "n", ("B", "C")) == ""


def test_what_is_written_by_hand_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overlay = tmp_path / "overlay.toml"
    monkeypatch.setattr(contexts, "OVERLAY", overlay)
    overlay.write_text('[context.2020]\n"m:A" = ["D 1", "B 2 | Modality == \'CT\'"]\n', "utf-8")
    made = Contexts()
    (first, none), (second, condition) = made.of("m", ("A",), "C.1")
    assert first == [1, "defined", "", "2020", "C.1"]
    assert none is None
    assert second[:2] == [2, "baseline"]
    assert condition is not None
    assert made.unused() == []
    assert made.of("n", ("A",), "C.1") == []
    overlay.write_text('[context.2020]\n"m:A" = "E 1"\n', "utf-8")
    with pytest.raises(ValueError, match="no context group"):
        Contexts().of("m", ("A",), "")
    assert Contexts().unused() == ["m:A"]
    overlay.write_text('[context.2020]\n"m:A" = "D 1"\n[context.2021]\n"m:A" = "D 2"\n', "utf-8")
    with pytest.raises(ValueError, match="twice"):
        Contexts()
