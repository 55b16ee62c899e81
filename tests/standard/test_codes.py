"""Context groups and codes: facts checked by hand against PS3.16, consistency, look-ups, agreement with pydicom."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

from dicomposer import standard
from dicomposer.errors import ArgumentError

# PS3.16 Annex B, one table per group; read in 2024e.
GROUPS = [
    (4, "AnatomicRegion", True, "20220922", (4030, 4040, 4042), "1.2.840.10008.6.1.2"),
    (218, "QuantitativeImageFeature", True, "20200920", (7468, 7469, 7477, 7550), "1.2.840.10008.6.1.1269"),
    (244, "Laterality", False, "20030108", (247,), "1.2.840.10008.6.1.37"),
    (7150, "SegmentationPropertyCategory", True, "20191110", (), "1.2.840.10008.6.1.496"),
    (7151, "SegmentationPropertyType", True, "20170914",
     (7191, 7192, 7193, 7194, 7195, 7196, 7197, 4273), "1.2.840.10008.6.1.497"),
]  # fmt: skip


@pytest.mark.parametrize(("cid", "keyword", "extensible", "version", "includes", "uid"), GROUPS)
def test_groups_are_as_the_standard_has_them(
    cid: int, keyword: str, extensible: bool, version: str, includes: tuple[int, ...], uid: str
) -> None:
    group = standard.context_group(cid)
    assert (group.cid, group.keyword, group.extensible, group.version) == (cid, keyword, extensible, version)
    assert group.includes == includes
    assert group.uid == uid
    assert group.edition == "2024e"


def test_laterality_is_complete() -> None:
    """PS3.16 CID 244, which includes CID 247."""
    found = {(code.value, code.scheme, code.meaning) for code in standard.context_group(244).codes}
    assert found == {
        ("7771000", "SCT", "Left"),
        ("24028007", "SCT", "Right"),
        ("51440002", "SCT", "Bilateral"),
        ("66459002", "SCT", "Unilateral"),
    }
    assert [code.meaning for code in standard.context_group(244).own] == ["Bilateral", "Unilateral"]


def test_segmentation_property_categories_are_complete() -> None:
    """PS3.16 CID 7150."""
    found = {code.value: code.meaning for code in standard.context_group(7150).codes}
    assert found == {
        "85756007": "Tissue",
        "91723000": "Anatomical Structure",
        "260787004": "Physical object",
        "49755003": "Morphologically Abnormal Structure",
        "246464006": "Function",
        "309825002": "Spatial and Relational Concept",
        "91720002": "Body Substance",
        "105590001": "Substance",
    }


@pytest.mark.parametrize(
    ("cid", "value", "scheme", "meaning"),
    [
        (4, "10200004", "SCT", "Liver"),
        (4, "39607008", "SCT", "Lung"),
        (218, "118565006", "SCT", "Volume"),
        (7151, "10200004", "SCT", "Liver"),
        (7151, "108369006", "SCT", "Neoplasm"),
    ],
)
def test_codes_are_found_in_groups(cid: int, value: str, scheme: str, meaning: str) -> None:
    found = standard.context_group(cid).find(value, scheme)
    assert found is not None
    assert found.meaning == meaning
    assert standard.context_group(cid).find(value, "99X") is None


def test_every_group_is_sound() -> None:
    cids = standard.context_groups()
    assert len(cids) == len(set(cids)) == 1365
    for cid in cids:
        group = standard.context_group(cid)
        keys = [(code.scheme, code.value) for code in group.codes]
        assert len(keys) == len(set(keys))
        assert set(group.own) <= set(group.codes)
        assert all(code.value and code.scheme and code.meaning for code in group.own)
        assert len(group.version) == 8
        assert group.version.isdecimal()
        # what they hold is held; the groups that CID 101 includes are whole vocabularies
        assert set(group.includes) <= set(cids) or cid == 101
        assert group.complete == (cid != 101)
        for inner in set(group.includes) & set(cids):
            assert {(code.scheme, code.value) for code in standard.context_group(inner).codes} <= set(keys)


def test_codes_of_srt_are_gone() -> None:
    assert all(
        code.scheme != "SRT" for cid in standard.context_groups() for code in standard.context_group(cid).own
    )


def test_agreement_with_pydicom() -> None:
    """Counted; pydicom's dictionary is of another edition, so that some groups differ."""
    count: Counter[str] = Counter()
    for cid, schemes in cid_concepts.items():
        theirs = {
            (scheme, value)
            for scheme, keywords in schemes.items()
            for keyword in keywords
            for value, (_, cids) in concepts[scheme][keyword].items()
            if cid in cids
        }
        try:
            ours = {(code.scheme, code.value) for code in standard.context_group(cid).codes}
        except KeyError:
            count["absent"] += 1
            continue
        count["equal" if ours == theirs else "different"] += 1
    print(dict(count))
    assert count["equal"] > 0.95 * len(cid_concepts)


def test_keywords_are_those_of_pydicom() -> None:
    for scheme, keywords in concepts.items():
        held = {(keyword, value) for keyword, codes in keywords.items() for value in codes}
        for value in {value for _, value in held}:
            assert (standard.code(value, scheme).code.keyword, value) in held


# -- look-ups ------------------------------------------------------------------------------------------------


def test_by_scheme_and_value() -> None:
    found = standard.code("121071", "DCM")
    assert found.code.meaning == "Finding"
    assert found.code.keyword == "Finding"
    assert standard.codes(value="121071", scheme="DCM") == (found,)
    assert standard.codes(value="121071") == (found,)
    assert 6303 not in found.cids
    assert standard.codes(value="none", scheme="DCM") == standard.codes(value="1", scheme="99X") == ()


def test_codes_of_templates_and_of_the_dictionary_are_found_too() -> None:
    assert standard.code("126010", "DCM").code.meaning == "Imaging Measurements"
    assert standard.code("10200004", "SCT").origin == "context group"
    assert 7151 not in standard.code("10200004", "SCT").cids  # only those that list it themselves
    assert 7192 in standard.context_group(7151).includes


def test_by_keyword_and_by_meaning() -> None:
    (found,) = standard.codes(keyword="ImagingMeasurements")
    assert found.code.value == "126010"
    assert standard.codes("  imaging   MEASUREMENTS ") == (found,)
    assert standard.codes("imaging measurement") == ()
    assert standard.codes("liver", scheme="SCT", cid=7151)[0].code.value == "10200004"
    assert standard.codes("liver", scheme="LN") == ()


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("imaging measurments", "Imaging Measurements"),
        ("livr", "Liver"),
        ("measurement group", "Measurement Group"),
        ("site, finding", "Finding Site"),
        ("trackng identifier", "Tracking Identifier"),
        ("reported procedure", "Procedure reported"),
    ],
)
def test_by_similar_meaning(text: str, meaning: str) -> None:
    best = standard.codes(text, fuzzy=True, limit=3)
    assert best[0].code.meaning.casefold() == meaning.casefold()
    assert [match.score for match in best] == sorted((match.score for match in best), reverse=True)


def test_similar_meanings_within_a_group() -> None:
    found = standard.codes("kidny", fuzzy=True, cid=7151)
    held = {(code.scheme, code.value) for code in standard.context_group(7151).codes}
    assert found[0].code.meaning == "Kidney"
    assert all((match.code.scheme, match.code.value) in held for match in found)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=400))
def test_any_text_may_be_looked_for_in_bounded_time(text: str) -> None:
    standard.codes("heart", fuzzy=True)
    start = time.process_time()
    found = standard.codes(text * 20, fuzzy=True, limit=5)
    assert time.process_time() - start < 1
    assert len(found) <= 5
    assert all(0 < match.score <= 1 for match in found)


def test_an_exact_meaning_comes_first() -> None:
    for meaning in ("Volume", "Finding Site", "Left"):
        assert standard.codes(meaning, fuzzy=True)[0].score == 1


def test_refusals() -> None:
    for cid in (0, 99999, 5000):  # CID 5000 is BCP 47, and has no list
        with pytest.raises(KeyError):
            standard.context_group(cid)
    with pytest.raises(KeyError):
        standard.code("1", "DCM")
    with pytest.raises(ArgumentError, match="needed"):
        standard.codes(scheme="DCM")
    with pytest.raises(ArgumentError, match="meaning"):
        standard.codes(keyword="Liver", fuzzy=True)
    with pytest.raises(KeyError):
        standard.codes("Liver", cid=99999)


def test_facts_cannot_be_changed() -> None:
    group = standard.context_group(244)
    with pytest.raises(dataclasses.FrozenInstanceError):
        group.cid = 1  # type: ignore[misc]
    assert standard.context_group(244) is group


def test_nothing_is_read_at_import_and_one_look_up_reads_one_file() -> None:
    script = (
        "from dicomposer import standard; from dicomposer.standard._store import STORE;"
        "before = sorted(STORE._files); standard.context_group(244); one = sorted(STORE._files);"
        "standard.template(1500); print(before, one, sorted(STORE._files))"
    )
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[] ['terms/groups'] ['terms/groups', 'terms/templates']"
