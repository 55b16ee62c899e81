from __future__ import annotations

import pickle
import subprocess
import sys
from copy import deepcopy

import highdicom as hd
import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from dicomposer.coding import CodedConcept, as_concept
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError

LIVER = CodedConcept("10200004", "SCT", "Liver")
# printable, without backslash, and without spaces at the ends
TEXT = st.text(
    st.characters(codec="ascii", min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=1
)


@given(
    value=TEXT.filter(lambda s: ":" not in s),
    scheme=TEXT.map(lambda s: s[:16]),
    meaning=TEXT.map(lambda s: s[:64]),
)
def test_what_goes_in_comes_out_in_the_attribute_for_its_length(
    value: str, scheme: str, meaning: str
) -> None:
    concept = CodedConcept(value, scheme, meaning, "1")
    assert (concept.value, concept.scheme_designator, concept.meaning, concept.scheme_version) == (
        value,
        scheme,
        meaning,
        "1",
    )
    assert ("LongCodeValue" in concept) == (len(value) > 16)
    assert ("CodeValue" in concept) == (len(value) <= 16)


@pytest.mark.parametrize("value", ["urn:oid:1.2.3", "http://example.org/x", "URN:uuid:5"])
def test_urns_and_urls_have_their_own_attribute(value: str) -> None:
    concept = CodedConcept(value, "X", "x")
    assert concept.URNCodeValue == value
    assert concept.value == value
    assert "CodeValue" not in concept


@pytest.mark.parametrize("code", [codes.SCT.Liver, Code("123", "99X", "y"), Code("1", "DCM", "m", "2")])
def test_equality_and_hash_agree_with_pydicom_and_with_the_peer(code: Code) -> None:
    ours, theirs = CodedConcept.from_code(code), hd.sr.CodedConcept.from_code(code)
    assert ours == code
    assert code == ours
    assert hash(ours) == hash(code) == hash(theirs)
    assert ours == CodedConcept.from_dataset(theirs)
    assert ours != Code(code.value + "0", code.scheme_designator, code.meaning, code.scheme_version)
    assert [(e.tag, e.VR, e.value) for e in ours] == [(e.tag, e.VR, e.value) for e in theirs]


def test_the_meaning_does_not_count_but_the_version_does() -> None:
    assert CodedConcept("1", "X", "a") == CodedConcept("1", "X", "b")
    assert CodedConcept("1", "X", "a", "1") != CodedConcept("1", "X", "a")


def test_snomed_rt_equals_snomed_ct_and_hashes_alike() -> None:
    old = CodedConcept("T-62000", "SRT", "Liver")
    assert old == LIVER
    assert old == codes.SCT.Liver
    assert codes.SCT.Liver == old
    assert len({old, LIVER, codes.SCT.Liver}) == 1
    assert CodedConcept("T-00000", "SRT", "none") != LIVER


def test_other_things_are_not_equal() -> None:
    for other in (5, "10200004", None, Dataset(), ("10200004", "SCT", "Liver")):
        assert other != LIVER


def test_an_item_of_a_code_sequence_is_compared_by_its_code() -> None:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "10200004", "SCT", "Hepar"
    assert item == LIVER
    assert item == LIVER


def test_copies_and_pickles() -> None:
    for other in (deepcopy(LIVER), pickle.loads(pickle.dumps(LIVER))):
        assert isinstance(other, CodedConcept)
        assert other == LIVER


def test_from_dataset_leaves_its_argument_alone_unless_told() -> None:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "X", "m"
    assert CodedConcept.from_dataset(item) is not item
    assert type(item) is Dataset
    assert CodedConcept.from_dataset(item, copy=False) is item
    assert type(item) is CodedConcept


@pytest.mark.parametrize("missing", ["CodeValue", "CodingSchemeDesignator", "CodeMeaning"])
def test_from_dataset_names_what_is_missing(missing: str) -> None:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "X", "m"
    delattr(item, missing)
    with pytest.raises(MissingAttributeError):
        CodedConcept.from_dataset(item)
    with pytest.raises(AttributeError):
        CodedConcept.from_dataset(item)


def test_a_urn_needs_no_scheme() -> None:
    item = Dataset()
    item.URNCodeValue, item.CodeMeaning = "urn:oid:1.2", "m"
    assert CodedConcept.from_dataset(item).scheme_designator == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("", "X", "m"),
        ("1", "", "m"),
        ("1", "X", ""),
        ("1", "X" * 17, "m"),
        ("1", "X", "m" * 65),
        ("1\\2", "X", "m"),
        ("1", "X", "a\nb"),
        ("1", "X", "m", "v" * 17),
    ],
)
def test_values_that_no_file_may_hold_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ArgumentError):
        CodedConcept(*arguments)


def test_wrong_types_are_refused() -> None:
    with pytest.raises(ArgumentTypeError):
        CodedConcept(5, "X", "m")  # type: ignore[arg-type]
    for wrong in (5, "liver", None, ("1", "2")):
        with pytest.raises(ArgumentTypeError, match="organ"):
            as_concept(wrong, "organ")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            CodedConcept.from_code(wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError):
        CodedConcept.from_dataset("x")  # type: ignore[arg-type]


def test_as_concept_never_returns_the_callers_object() -> None:
    assert as_concept(LIVER) is not LIVER
    assert as_concept(LIVER) == LIVER
    assert as_concept(codes.SCT.Liver) == LIVER
    assert CodedConcept.from_code(LIVER) is LIVER


def test_pydicoms_half_second_of_code_dictionaries_is_not_imported() -> None:
    program = (
        "import sys; from dicomposer.coding import CodedConcept as C, terminology;"
        "assert C('1','SCT','x') != C('2','SCT','y'); terminology.look_up('liver');"
        "assert not any(name.startswith('pydicom.sr') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
