from __future__ import annotations

import itertools
from collections import defaultdict

import pytest
from hypothesis import given, strategies as st
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts
from pydicom.sr.codedict import codes

from dicomposer.coding import TERMINOLOGY, CodedConcept, Term, Terminology, terminology
from dicomposer.errors import ArgumentTypeError, TerminologyError

# Codes of SNOMED CT that PS3.16's context groups (as pydicom 3.0.2 has them) lack. Those without a note are the ones
# that TotalSegmentator publishes for the same structure (resources/totalsegmentator_snomed_mapping.csv).
OUTSIDE_THE_CONTEXT_GROUPS = {
    "110765007": "Portal vein and splenic vein",
    "3572006": "Vertebral body",
    "65985001": "S1 vertebra",
    "360499006": "Intervertebral disc",  # SNOMED CT "Intervertebral disc structure"
    "48535007": "First rib",
    "78247007": "Second rib",
    "25888004": "Third rib",
    "25523003": "Fourth rib",
    "15339008": "Fifth rib",
    "59558009": "Sixth rib",
    "24915002": "Seventh rib",
    "5953002": "Eighth rib",
    "22565002": "Ninth rib",
    "77644006": "Tenth rib",
    "58830002": "Eleventh rib",
    "43993008": "Twelfth rib",
    "83936004": "Carpus",
    "28641004": "Phalanx",
    "181674001": "Gluteus maximus muscle",
    "78333006": "Gluteus medius muscle",
    "75297007": "Gluteus minimus muscle",
    "244849004": "Deep muscle of back",
    "68455001": "Iliopsoas muscle",
    "67769002": "Subcutaneous fatty tissue",
    "56972008": "Lymphocyte",  # as in the public collections of nuclei annotations (Imaging Data Commons)
    "115240006": "Glioma",  # value set eHDSI Morphologic Abnormality 8.1.0 (terminology.ehdsi.eu)
    # Release notes of the International Edition: new concept "Meningioma (morphologic abnormality)", under which the
    # subtypes of the WHO classification of 2021 are grouped.
    "1373614004": "Meningioma",
}

BONES = (
    "sacrum|humerus_left|scapula_right|clavicula_left|femur_right|hip_left|skull|sternum|costal_cartilages"
)
TOTAL = (
    "spleen|kidney_right|kidney_left|gallbladder|liver|stomach|pancreas|adrenal_gland_right|adrenal_gland_left|"
    "lung_upper_lobe_left|lung_lower_lobe_left|lung_upper_lobe_right|lung_middle_lobe_right|lung_lower_lobe_right|"
    "esophagus|trachea|thyroid_gland|small_bowel|duodenum|colon|urinary_bladder|prostate|kidney_cyst_left|"
    "kidney_cyst_right|vertebrae_S1|heart|aorta|pulmonary_vein|brachiocephalic_trunk|subclavian_artery_right|"
    "subclavian_artery_left|common_carotid_artery_right|common_carotid_artery_left|brachiocephalic_vein_left|"
    "brachiocephalic_vein_right|atrial_appendage_left|superior_vena_cava|inferior_vena_cava|"
    "portal_vein_and_splenic_vein|iliac_artery_left|iliac_artery_right|iliac_vena_left|iliac_vena_right|spinal_cord|"
    "gluteus_maximus_left|gluteus_medius_right|gluteus_minimus_left|autochthon_right|iliopsoas_left|brain|"
    + BONES
).split("|")
TOTAL += [f"rib_{side}_{number}" for side in ("left", "right") for number in range(1, 13)]
TOTAL += [
    f"vertebrae_{kind}{n}" for kind, count in (("C", 7), ("T", 12), ("L", 5)) for n in range(1, count + 1)
]
TOTAL_MR = ["lung_left", "lung_right", "vertebrae", "intervertebral_discs"]
BRAIN = (
    "Left-Cerebral-White-Matter|Left-Cerebral-Cortex|Left-Lateral-Ventricle|Left-Inf-Lat-Vent|Right-Caudate|"
    "Left-Cerebellum-White-Matter|Left-Cerebellum-Cortex|Left-Thalamus|Left-Thalamus-Proper|Right-Putamen|"
    "Right-Pallidum|3rd-Ventricle|4th-Ventricle|Brain-Stem|Left-Hippocampus|Left-Amygdala|CSF|Left-Accumbens-area|"
    "Left-VentralDC|WM-hypointensities|Optic-Chiasm"
).split("|")
OTHERS = (
    "tumor|lesion|nodule|edema|cyst|necrosis|nuclei|cell|tissue|stroma|body|background|enhancing tumor|glioma|"
    "glioblastoma|GBM|meningioma|metastasis|whole tumour|WT|tumour core|TC|enhancing tumour|ET|necrotic core|NCR|"
    "edema|oedema|ED".split("|")
)


@pytest.mark.parametrize("name", TOTAL + TOTAL_MR + BRAIN + OTHERS)
def test_the_names_of_common_models_are_known(name: str) -> None:
    term = terminology.look_up(name)
    sides = [side for side in ("left", "right") if side in name.lower().replace("-", "_").split("_")]
    if sides and term.side is None:  # a structure that exists on one side only carries it in its code
        assert sides[0] in term.type.meaning.lower()
    else:
        assert term.side == (sides[0] if sides else None)


def test_there_are_many() -> None:
    assert len(TERMINOLOGY) >= 120
    assert len(set(TERMINOLOGY.names())) == len(TERMINOLOGY) == len(terminology.terms())


def _known(code: CodedConcept) -> bool:
    scheme = concepts[code.scheme_designator]
    return any(
        value == code.value and meaning == code.meaning and cids
        for entry in scheme.values()
        for value, (meaning, cids) in entry.items()
    )


def test_every_code_is_in_a_context_group_or_a_listed_exception() -> None:
    found = {}
    for term in terminology.terms():
        used = [term.category, term.type, *term.modifiers, *term.region_modifiers]
        found.update(
            {(code.value, code.meaning): code for code in used + ([term.region] if term.region else [])}
        )
    unknown = {code.value: code.meaning for code in found.values() if not _known(code)}
    assert unknown == OUTSIDE_THE_CONTEXT_GROUPS


def test_categories_are_those_of_cid_7150() -> None:
    legal = {value for keyword in cid_concepts[7150]["SCT"] for value in concepts["SCT"][keyword]}
    assert {term.category.value for term in terminology.terms()} <= legal


def test_no_two_terms_share_a_name() -> None:
    owners = defaultdict(set)
    for term in terminology.terms():
        for name in (term.name, term.label, *term.aliases):
            owners[terminology._key(name)].add(term.name)
    assert {name: sorted(terms) for name, terms in owners.items() if len(terms) > 1} == {}


def test_every_name_label_and_alias_finds_its_term() -> None:
    for term in terminology.terms():
        for name in (term.name, term.label, *term.aliases, term.name.upper(), term.label.replace(" ", "-")):
            assert TERMINOLOGY.look_up(name).name == term.name


def test_colours_differ_and_labels_fit() -> None:
    terms = {term.name: term for term in terminology.terms()}
    shown = [
        term
        for name, term in terms.items()
        if not name.endswith(("_left", "_right")) and name != "background"
    ]
    assert all(a.colour != b.colour for a, b in itertools.combinations(shown, 2))
    for name, term in terms.items():
        assert len(term.label) <= 64
        assert all(0 <= channel <= 255 for channel in term.colour)
        if name.endswith("_left") and name[:-5] + "_right" in terms:
            assert term.colour != terms[name[:-5] + "_right"].colour or term.side is None


def test_sides_qualify_the_type_or_the_region_of_a_lesion() -> None:
    kidney, cyst = terminology.look_up("kidney_left"), terminology.look_up("kidney_cyst_left")
    assert [code.value for code in kidney.modifiers] == ["7771000"]
    assert kidney.region is None
    assert cyst.modifiers == ()
    assert cyst.region == codes.SCT.Kidney
    assert [code.value for code in cyst.region_modifiers] == ["7771000"]
    assert cyst.label == "Cyst of left kidney"


@pytest.mark.parametrize(
    "spelling",
    [
        "kidney_left",
        "Kidney Left",
        "left kidney",
        "LEFT KIDNEY",
        "Kidney, left",
        "KidneyLeft",
        "lt kidney",
        "kidney-L",
    ],
)
def test_spellings(spelling: str) -> None:
    assert TERMINOLOGY.look_up(spelling).name == "kidney_left"
    assert spelling in TERMINOLOGY


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [("livr", "liver"), ("left kidny", "kidney_left"), ("vertebrae_L6", "vertebrae_L5")],
)
def test_unknown_names_are_refused_with_near_ones(wrong: str, expected: str) -> None:
    with pytest.raises(TerminologyError, match=expected) as caught:
        terminology.look_up(wrong)
    assert expected in caught.value.suggestions
    assert wrong not in TERMINOLOGY


@given(st.text())
def test_any_text_is_known_or_refused(text: str) -> None:
    if text in TERMINOLOGY:
        assert terminology.look_up(text).name in TERMINOLOGY.names()
    else:
        with pytest.raises(TerminologyError) as caught:
            terminology.look_up(text)
        assert set(caught.value.suggestions) <= set(TERMINOLOGY.names())


@pytest.mark.parametrize(
    "code", [codes.SCT.Liver, CodedConcept("10200004", "SCT", "x"), ("T-62000", "SRT", "Liver")]
)
def test_codes_of_types(code: object) -> None:
    assert terminology.look_up(code).name == "liver"  # type: ignore[arg-type]


def test_the_code_of_a_type_gives_the_term_without_region() -> None:
    assert terminology.look_up(codes.SCT.Neoplasm).name == "tumor"


def test_unknown_and_ambiguous_codes() -> None:
    with pytest.raises(TerminologyError):
        terminology.look_up(CodedConcept("1", "99X", "x"))
    with pytest.raises(TerminologyError, match="phalanges_hand"):
        terminology.look_up(CodedConcept("28641004", "SCT", "Phalanx"))
    with pytest.raises(ArgumentTypeError):
        terminology.look_up(5)  # type: ignore[arg-type]


def test_terms_given_out_can_be_changed_without_harm() -> None:
    term = terminology.look_up("liver")
    term.type.CodeMeaning = "changed"
    assert terminology.look_up("liver").type.meaning == "Liver"


def test_own_terms() -> None:
    mine = Term(
        "ganglion", "Ganglion", codes.SCT.AnatomicalStructure, CodedConcept("1", "99X", "Ganglion"), (1, 2, 3)
    )
    extended = TERMINOLOGY.extended({"my ganglion": mine, "Liver": mine})
    assert extended.look_up("My_Ganglion").type.value == "1"
    assert extended.look_up("ganglion").colour == (1, 2, 3)
    assert extended.look_up("liver").label == "Ganglion"
    assert extended.look_up("spleen").label == "Spleen"
    assert "ganglion" not in TERMINOLOGY
    assert TERMINOLOGY.look_up("liver").label == "Liver"
    assert len(Terminology([mine])) == 1
    with pytest.raises(ArgumentTypeError):
        TERMINOLOGY.extended({"x": "liver"})  # type: ignore[dict-item]
