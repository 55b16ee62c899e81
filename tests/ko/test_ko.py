"""Key object selections (TID 2010) and their documents."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import highdicom
import pytest
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

import dicomposer as hd
from dicomposer.errors import ArgumentError, ArgumentTypeError
from reports import CT, EXPLICIT, IMPLICIT, SEGMENTATION, ct, other, written, written_plainly

D = codes.DCM
WAVEFORM = "1.2.840.10008.5.1.4.1.1.9.1.1"
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"


def observers(library: Any) -> tuple[Any, Any]:
    S = library.sr
    return (
        S.ObserverContext(D.Person, S.PersonObserverIdentifyingAttributes("Doe^Jane")),
        S.ObserverContext(D.Device, S.DeviceObserverIdentifyingAttributes("1.2.3")),
    )


def objects() -> list[Dataset]:
    return [ct(), other(SEGMENTATION, "1.2.4"), other(WAVEFORM, "1.2.5"), other(REPORT, "1.2.6")]


def document(library: Any, chosen: list[Dataset] | None = None, **more: Any) -> Any:
    chosen = objects() if chosen is None else chosen
    person, device = observers(library)
    content = library.ko.KeyObjectSelection(D.OfInterest, chosen, person, device, "look at these")
    return library.ko.KeyObjectSelectionDocument(chosen, content, "1.2.7", 1, "1.2.8", 2, "maker", **more)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_everything_comes_back(syntax: str) -> None:
    data = written(document(hd, transfer_syntax_uid=syntax))
    found = hd.ko.KeyObjectSelectionDocument.from_dataset(dcmread(BytesIO(data)))
    content = found.content
    assert isinstance(content, hd.ko.KeyObjectSelection)
    assert content[0].name == D.OfInterest
    assert content.description == "look at these"
    assert [one.observer_type for one in content.get_observer_contexts()] == [D.Person, D.Device]
    assert len(content.get_observer_contexts(D.Device)) == 1
    assert [one.value_type.value for one in content.get_references()] == [
        "IMAGE",
        "IMAGE",
        "WAVEFORM",
        "COMPOSITE",
    ]
    assert [one.referenced_sop_instance_uid for one in content.get_references()] == [
        one.SOPInstanceUID for one in objects()
    ]
    assert len(content.get_references(hd.sr.ValueTypeValues.IMAGE)) == 2
    assert len(content.get_references(sop_class_uid=CT)) == 1
    assert len(content.get_references(hd.sr.ValueTypeValues.WAVEFORM, CT)) == 0
    assert found.Modality == "KO"


def test_resolve_reference():
    made = document(hd)
    image = ct()
    assert made.resolve_reference(image.SOPInstanceUID) == (
        image.StudyInstanceUID,
        image.SeriesInstanceUID,
        image.SOPInstanceUID,
    )
    with pytest.raises(ValueError, match="does not list"):
        made.resolve_reference("1.2.9.9")


def test_modifiers_and_language():
    reason = Code("113036", "DCM", "Group of frames for display")
    content = hd.ko.KeyObjectSelection(
        D.OfInterest,
        [ct()],
        document_title_modifiers=[reason],
        language_of_content_item_and_descendants=hd.sr.LanguageOfContentItemAndDescendants(
            hd.sr.coding.DEFAULT_LANGUAGE
        ),
    )
    assert content.document_title_modifiers == [reason]
    assert content.description is None


@pytest.mark.parametrize("writer", [hd, highdicom])
def test_both_libraries_read_the_same(writer: Any) -> None:
    made = document(writer, [ct()])
    data = written(made) if writer is hd else written_plainly(made)
    found = [
        library.ko.KeyObjectSelectionDocument.from_dataset(dcmread(BytesIO(data))).content
        for library in (hd, highdicom)
    ]
    ours, theirs = (
        (
            [str(one.referenced_sop_instance_uid) for one in content.get_references()],
            [one.observer_type.meaning for one in content.get_observer_contexts()],
            content[0].name.value,
        )
        for content in found
    )
    assert ours == theirs


def test_arguments_are_not_changed():
    image = ct()
    before = image.to_json()
    content = hd.ko.KeyObjectSelection(D.OfInterest, [image])
    tree = content[0].to_json()
    made = hd.ko.KeyObjectSelectionDocument([image], content, "1.2.7", 1, "1.2.8", 2)
    del made.content[0].ContentSequence[0]
    assert image.to_json() == before
    assert content[0].to_json() == tree


def test_copies():
    plain = dcmread(BytesIO(written(document(hd))))
    assert hd.ko.KeyObjectSelectionDocument.from_dataset(plain) is not plain
    assert type(plain) is not hd.ko.KeyObjectSelectionDocument
    assert hd.ko.KeyObjectSelectionDocument.from_dataset(plain, copy=False) is plain


PERSON, DEVICE = observers(hd)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: hd.ko.KeyObjectSelection(D.OfInterest, []), ArgumentError),
        (lambda: hd.ko.KeyObjectSelection(D.OfInterest, ["x"]), ArgumentTypeError),
        (lambda: hd.ko.KeyObjectSelection("x", [ct()]), ArgumentTypeError),
        (lambda: hd.ko.KeyObjectSelection(D.OfInterest, [ct()], "x"), ArgumentTypeError),
        (lambda: hd.ko.KeyObjectSelection(D.OfInterest, [ct()], DEVICE), ArgumentError),
        (lambda: hd.ko.KeyObjectSelection(D.OfInterest, [ct()], None, PERSON), ArgumentError),
        (lambda: hd.ko.KeyObjectSelection.from_sequence([]), ArgumentError),
        (lambda: document(hd, [ct()], transfer_syntax_uid="1.2.840.10008.1.2.5"), ArgumentError),
        (lambda: document(hd, [ct()], contributing_equipment=["x"]), ArgumentTypeError),
        (lambda: hd.ko.KeyObjectSelectionDocument([ct()], "x", "1.2", 1, "1.3", 1), ArgumentTypeError),
        (lambda: hd.ko.KeyObjectSelectionDocument.from_dataset(ct()), ArgumentError),
        (lambda: hd.ko.KeyObjectSelectionDocument.from_dataset("x"), ArgumentTypeError),
        (
            lambda: hd.ko.KeyObjectSelectionDocument(
                [other(CT, "1.2.99")],
                hd.ko.KeyObjectSelection(D.OfInterest, [ct()]),
                "1.2",
                1,
                "1.3",
                1,
            ),
            ArgumentError,
        ),
    ],
)
def test_mistakes(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()
