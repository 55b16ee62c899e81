"""The images that a report is about: TID 1600 to 1607 (PS3.16 Annex A)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pydicom.dataset import Dataset

from dicomposer import standard
from dicomposer.coding import Code, CodedConcept
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import (
    CodeContentItem,
    ContainerContentItem,
    ContentItem,
    DateContentItem,
    ImageContentItem,
    NumContentItem,
    RelationshipTypeValues,
    Template,
    TextContentItem,
    TimeContentItem,
    UIDRefContentItem,
    dcm,
    put_below,
    sct,
)
from dicomposer.record import float_values, items_of, required, text_value, text_values

__all__ = ["ImageLibrary", "ImageLibraryEntry", "ImageLibraryEntryDescriptors"]

_CONTAINS = RelationshipTypeValues.CONTAINS
_ACQUISITION = RelationshipTypeValues.HAS_ACQ_CONTEXT

_SOURCE = sct("260753009", "Source")
_MM = Code("mm", "UCUM", "mm")
_PIXELS = Code("{pixels}", "UCUM", "pixels")
_COSINE = Code("{-1:1}", "UCUM", "{-1:1}")
_DEGREE = Code("deg", "UCUM", "degrees of plane angle")

#: Attribute, its component, concept name, unit: numbers of images of cross sections (TID 1604).
_CROSS_SECTION = (
    ("PixelSpacing", 1, dcm("111026", "Horizontal Pixel Spacing"), _MM),
    ("PixelSpacing", 0, dcm("111066", "Vertical Pixel Spacing"), _MM),
    ("SpacingBetweenSlices", 0, dcm("112226", "Spacing between slices"), _MM),
    ("SliceThickness", 0, dcm("112225", "Slice Thickness"), _MM),
    *(
        ("ImagePositionPatient", i, dcm(f"11090{i + 1}", f"Image Position (Patient) {axis}"), _MM)
        for i, axis in enumerate("XYZ")
    ),
    *(
        (
            "ImageOrientationPatient",
            i,
            dcm(
                f"11090{i + 4}", f"Image Orientation (Patient) {'Row' if i < 3 else 'Column'} {'XYZ'[i % 3]}"
            ),
            _COSINE,
        )
        for i in range(6)
    ),
)
#: The same for projections (TID 1603).
_PROJECTION = (
    ("ImagerPixelSpacing", 1, dcm("111026", "Horizontal Pixel Spacing"), _MM),
    ("ImagerPixelSpacing", 0, dcm("111066", "Vertical Pixel Spacing"), _MM),
    ("PositionerPrimaryAngle", 0, dcm("112011", "Positioner Primary Angle"), _DEGREE),
    ("PositionerSecondaryAngle", 0, dcm("112012", "Positioner Secondary Angle"), _DEGREE),
)
_DATES = (
    ("StudyDate", dcm("111060", "Study Date"), DateContentItem),
    ("StudyTime", dcm("111061", "Study Time"), TimeContentItem),
    ("ContentDate", dcm("111018", "Content Date"), DateContentItem),
    ("ContentTime", dcm("111019", "Content Time"), TimeContentItem),
    ("AcquisitionDate", dcm("126201", "Acquisition Date"), DateContentItem),
    ("AcquisitionTime", dcm("126202", "Acquisition Time"), TimeContentItem),
)
_PROJECTIONS = frozenset(("CR", "DX", "MG", "PX", "RF", "RG", "XA"))
#: Context group of modalities of TID 1602, row 1.
_MODALITIES = 29


class ImageLibraryEntryDescriptors(Template):
    """What there is to know of an image: TID 1602 and, by modality, 1603, 1604 and 1606.

    Parameters
    ----------
    image : pydicom.Dataset
        The image; not modified.
    additional_descriptors : Sequence[ContentItem], optional
        More of it, with the relationship HAS ACQ CONTEXT.

    Raises
    ------
    AttributeError
        If the image does not tell its modality.
    ValueError
        If PS3.16 has no code for the modality.
    """

    tid = "1602"

    def __init__(self, image: Dataset, additional_descriptors: Sequence[ContentItem] | None = None) -> None:
        super().__init__()
        self._append_all(_described(image))
        for item in additional_descriptors or ():
            if not isinstance(item, ContentItem):
                raise ArgumentTypeError("additional_descriptors must hold content items")
            self.append(item)


def _described(image: Dataset) -> Iterator[ContentItem]:
    modality = required(text_value(image, "Modality"), "Modality")
    fact = standard.context_group(_MODALITIES).find(modality, "DCM")
    if fact is None:
        raise ArgumentError("PS3.16 CID 29 has no code for the modality of the image")
    yield CodeContentItem(
        dcm("121139", "Modality"), Code(fact.value, fact.scheme, fact.meaning), _ACQUISITION
    )
    regions = items_of(image, "AnatomicRegionSequence")
    if regions:
        yield CodeContentItem(
            dcm("123014", "Target Region"), CodedConcept.from_dataset(regions[0]), _ACQUISITION
        )
    for keyword, name, kind in _DATES:
        written = text_value(image, keyword)
        if written:
            yield kind(name, written, _ACQUISITION)
    frame_of_reference = text_value(image, "FrameOfReferenceUID")
    if frame_of_reference:
        yield UIDRefContentItem(dcm("112227", "Frame of Reference UID"), frame_of_reference, _ACQUISITION)
    numbers: tuple[tuple[str, int, Code, Code], ...] = (
        ("Rows", 0, dcm("110910", "Pixel Data Rows"), _PIXELS),
        ("Columns", 0, dcm("110911", "Pixel Data Columns"), _PIXELS),
    )
    if modality in _PROJECTIONS:
        orientation = text_values(image, "PatientOrientation") or ()
        if len(orientation) == 2 and all(orientation):
            yield TextContentItem(dcm("111044", "Patient Orientation Row"), orientation[0], _ACQUISITION)
            yield TextContentItem(dcm("111043", "Patient Orientation Column"), orientation[1], _ACQUISITION)
        numbers += _PROJECTION
    else:
        numbers += _CROSS_SECTION
    for keyword, index, name, unit in numbers:
        values = float_values(image, keyword) or ()
        if len(values) > index:
            value = values[index]
            number = int(value) if unit is _PIXELS else value
            yield NumContentItem(name, number, unit, relationship_type=_ACQUISITION)
    if modality == "MR" and text_value(image, "PulseSequenceName"):
        name = dcm("128230", "Pulse Sequence Name")
        yield TextContentItem(
            name, required(text_value(image, "PulseSequenceName"), "PulseSequenceName"), _ACQUISITION
        )


class ImageLibraryEntry(Template):
    """An image of the library, with what there is to know of it: TID 1601.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The image; not modified.
    """

    tid = "1601"

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        item = _image(dataset)
        put_below(item, ImageLibraryEntryDescriptors(dataset)._items)
        self._append_all([item])


def _image(dataset: Dataset) -> ImageContentItem:
    return ImageContentItem(
        _SOURCE,
        required(text_value(dataset, "SOPClassUID"), "SOPClassUID"),
        required(text_value(dataset, "SOPInstanceUID"), "SOPInstanceUID"),
        relationship_type=_CONTAINS,
    )


class ImageLibrary(Template):
    """The images that a report is about: TID 1600.

    Images of one series stand in one group, and what they have in common is said once, of the group.

    Parameters
    ----------
    datasets : Sequence[pydicom.Dataset]
        The images; not modified.
    """

    tid = "1600"
    _headed = True

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        super().__init__()
        library = ContainerContentItem(dcm("111028", "Image Library"), relationship_type=_CONTAINS)
        self._append_all([library])
        series: dict[Any, list[Dataset]] = defaultdict(list)
        for dataset in datasets:
            series[text_value(dataset, "SeriesInstanceUID")].append(dataset)
        put_below(library, [_group(images) for images in series.values()])


def _group(images: Sequence[Dataset]) -> ContainerContentItem:
    """One group: descriptors that all images share are those of the group."""
    group = ContainerContentItem(dcm("126200", "Image Library Group"), relationship_type=_CONTAINS)
    described = [list(_described(image)) for image in images]
    states = [{_state(item): item for item in items} for items in described]
    common = set(states[0]).intersection(*states[1:]) if len(images) > 1 else set()
    put_below(group, [item for state, item in states[0].items() if state in common])
    entries = []
    for image, own in zip(images, states, strict=True):
        entry = _image(image)
        put_below(entry, [item for state, item in own.items() if state not in common])
        entries.append(entry)
    put_below(group, entries)
    return group


def _state(item: ContentItem) -> tuple[Any, ...]:
    return tuple((int(tag), element.value) for tag, element in item._dict.items())
