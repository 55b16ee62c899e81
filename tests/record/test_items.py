"""Decoded sequences, written by us byte for byte as pydicom writes them."""

from __future__ import annotations

import io
from typing import Any

import pydicom
import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite

from dicomposer.errors import ArgumentError
from dicomposer.record import Categories, FrameTable, read, save
from record_samples import make_dataset

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "CodeValue": st.sampled_from(["", None, "T-D0050", "odd"]),
    "CodeMeaning": st.sampled_from(["Tissue", "Gewebe über", "日本"]),
    "LongCodeValue": st.sampled_from(["x" * 70_001, "short"]),
    "ReferencedSOPInstanceUID": st.sampled_from(["1.2.3", "1.2.34", ""]),
    "SegmentNumber": st.sampled_from([1, 65535, None]),
    "RecommendedDisplayCIELabValue": st.just([0, 32896, 65535]),
    "ImageType": st.sampled_from([["DERIVED", "PRIMARY"], "ORIGINAL"]),
    "PixelSpacing": st.just([0.5, 0.25]),
    "SliceThickness": st.sampled_from(["1.250", None, 3]),
    "PatientName": st.sampled_from(["A^B", "Ä^B"]),
    "StudyDate": st.sampled_from(["20240517", ""]),
    "XOffsetInSlideCoordinateSystem": st.just("12.5"),
    "ReferencedFrameNumber": st.sampled_from([3, [1, 2, 3]]),
    "FloatingPointValue": st.sampled_from([1.5, 2]),
    "TextValue": st.sampled_from(["free text", "a\\b"]),
    "URNCodeValue": st.just("urn:lex:br"),
    "SpecificCharacterSet": st.sampled_from(["ISO_IR 100", "ISO_IR 192"]),
}


def items(depth: int = 2) -> st.SearchStrategy[Dataset]:
    def build(values: dict[str, Any], inner: list[Dataset] | None) -> Dataset:
        item = Dataset()
        for keyword, value in values.items():
            setattr(item, keyword, value)
        if inner is not None:
            item.ConceptNameCodeSequence = inner
        return item

    nested = st.none() if depth == 0 else st.none() | st.lists(items(depth - 1), max_size=2)
    return st.builds(build, st.fixed_dictionaries({}, optional=VALUES), nested)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
@given(content=st.lists(items(), max_size=3))
def test_sequences_are_written_as_pydicom_writes_them(syntax: str, content: list[Dataset]) -> None:
    dataset = make_dataset(syntax)
    dataset.AnatomicRegionSequence = content
    ours, theirs = io.BytesIO(), io.BytesIO()
    save(dataset, ours)
    dcmwrite(theirs, dataset, enforce_file_format=True)
    assert ours.getvalue() == theirs.getvalue()


@pytest.mark.filterwarnings("ignore")
def test_numbers_that_do_not_fit_are_refused() -> None:
    dataset = make_dataset()
    item = Dataset()
    item.add_new("SegmentNumber", "US", 70_000)
    dataset.AnatomicRegionSequence = [item]
    with pytest.raises(ArgumentError, match="cannot be written"):
        save(dataset, io.BytesIO())


@pytest.mark.parametrize("encoded", [IMPLICIT, EXPLICIT])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_a_table_in_an_item(encoded: str, syntax: str) -> None:
    """References as bytes: the same file in either encoding, ours or pydicom's, and items for who looks."""
    uids = [f"1.2.3.{i}" for i in range(5)]
    columns = {
        "ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "ReferencedSOPInstanceUID": Categories(range(5), uids),
    }
    table = FrameTable.of(5, columns)
    dataset = make_dataset(syntax)
    series = Dataset()
    series.SeriesInstanceUID = "1.2.3"
    table.attach_to_item(series, "ReferencedInstanceSequence", implicit=encoded == IMPLICIT)
    dataset.ReferencedSeriesSequence = [series]
    ours, theirs = io.BytesIO(), io.BytesIO()
    save(dataset, ours)
    dcmwrite(theirs, dataset, enforce_file_format=True)
    assert ours.getvalue() == theirs.getvalue()
    for back in (read(io.BytesIO(ours.getvalue())), pydicom.dcmread(io.BytesIO(ours.getvalue()))):
        references = back.ReferencedSeriesSequence[0].ReferencedInstanceSequence
        assert [item.ReferencedSOPInstanceUID for item in references] == uids
    assert len(dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 5
