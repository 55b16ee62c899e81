"""The value types (PS3.3 C.17.3.2, C.18)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM, PersonName

from dicomposer.coding import (
    UID,
    CodedConcept,
    CodeLike,
    check_person_name,
    check_text,
    check_uid,
    date_text,
    datetime_text,
    time_text,
)
from dicomposer.errors import ArgumentError, MissingAttributeError
from dicomposer.items._item import ContentItem
from dicomposer.items._raw import (
    concept_below,
    encoded_item,
    first_item,
    put,
    put_code,
    raw,
    text,
    text_in,
)
from dicomposer.items.enum import (
    RelationshipTypeValues,
    ValueTypeValues,
)
from dicomposer.record import base_tag, float_values, items_of, required, text_value, understood, value_of

__all__ = [
    "CodeContentItem",
    "CompositeContentItem",
    "ContainerContentItem",
    "DateContentItem",
    "DateTimeContentItem",
    "ImageContentItem",
    "PnameContentItem",
    "TextContentItem",
    "TimeContentItem",
    "UIDRefContentItem",
    "WaveformContentItem",
    "numbers_of",
    "whole_numbers",
]

Relationship = str | RelationshipTypeValues | None

_CONCEPT_CODES = base_tag(0x0040A168)
_REFERENCES, _CLASS, _INSTANCE = 0x00081199, 0x00081150, 0x00081155
_FRAMES, _SEGMENTS, _CHANNELS = 0x00081160, 0x0062000B, 0x0040A0B0
_PLAIN_UID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII)


class CodeContentItem(ContentItem):
    """A code (PS3.3 C.17.3.2, CODE).

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    value : pydicom.sr.coding.Code or CodedConcept
        The value.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.CODE

    def __init__(self, name: CodeLike, value: CodeLike, relationship_type: Relationship = None) -> None:
        super().__init__(ValueTypeValues.CODE, name, relationship_type)
        put_code(self, _CONCEPT_CODES, value, "value")

    def _check(self) -> None:
        self._need("ConceptCodeSequence")

    @property
    def value(self) -> CodedConcept:
        """The value."""
        element = self._dict.get(_CONCEPT_CODES)
        found = concept_below(element, self)
        if found is None:
            raise MissingAttributeError("the content item has no code")
        return found


class PnameContentItem(ContentItem):
    """The name of a person.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    value : str or pydicom.valuerep.PersonName
        The name, components separated by ``^``.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.PNAME

    def __init__(
        self, name: CodeLike, value: str | PersonName, relationship_type: Relationship = None
    ) -> None:
        super().__init__(ValueTypeValues.PNAME, name, relationship_type)
        check_person_name(value)
        self.PersonName = PersonName(value)

    def _check(self) -> None:
        self._need("PersonName")

    @property
    def value(self) -> PersonName:
        """The name."""
        with understood("PersonName"):
            return PersonName(required(value_of(self, "PersonName"), "PersonName"))


class TextContentItem(ContentItem):
    """Text of any length.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    value : str
        The text; lines are separated by CR LF, CR or LF. No other control characters may be in it.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.TEXT

    def __init__(self, name: CodeLike, value: str, relationship_type: Relationship = None) -> None:
        super().__init__(ValueTypeValues.TEXT, name, relationship_type)
        written = check_text(value, "UT", "value")
        if "\t" in written or "\f" in written:
            raise ArgumentError("value must have no tabs and form feeds (PS3.3 C.17.3, Text Value)")
        put(self, 0x0040A160, "UT", written)

    def _check(self) -> None:
        self._need("TextValue")

    @property
    def value(self) -> str:
        """The text."""
        return str(value_of(self, "TextValue") or "")


class TimeContentItem(ContentItem):
    """A time of the day.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    value : str or datetime.time or pydicom.valuerep.TM
        The time.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.TIME

    def __init__(
        self, name: CodeLike, value: str | datetime.time | TM, relationship_type: Relationship = None
    ) -> None:
        super().__init__(ValueTypeValues.TIME, name, relationship_type)
        put(self, 0x0040A122, "TM", time_text(value, "value"))

    def _check(self) -> None:
        self._need("Time")

    @property
    def value(self) -> TM:
        """The time."""
        with understood("Time"):
            return TM(required(text_value(self, "Time"), "Time"))


class DateContentItem(ContentItem):
    """A date.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    value : str or datetime.date or pydicom.valuerep.DA
        The date.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.DATE

    def __init__(
        self, name: CodeLike, value: str | datetime.date | DA, relationship_type: Relationship = None
    ) -> None:
        super().__init__(ValueTypeValues.DATE, name, relationship_type)
        put(self, 0x0040A121, "DA", date_text(value, "value"))

    def _check(self) -> None:
        self._need("Date")

    @property
    def value(self) -> DA:
        """The date."""
        with understood("Date"):
            return DA(required(text_value(self, "Date"), "Date"))


class DateTimeContentItem(ContentItem):
    """A moment.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    value : str or datetime.datetime or pydicom.valuerep.DT
        The moment.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.DATETIME

    def __init__(
        self, name: CodeLike, value: str | datetime.datetime | DT, relationship_type: Relationship = None
    ) -> None:
        super().__init__(ValueTypeValues.DATETIME, name, relationship_type)
        put(self, 0x0040A120, "DT", datetime_text(value, "value"))

    def _check(self) -> None:
        self._need("DateTime")

    @property
    def value(self) -> DT:
        """The moment."""
        with understood("DateTime"):
            return DT(required(text_value(self, "DateTime"), "DateTime"))


class UIDRefContentItem(ContentItem):
    """A UID.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    value : str or UID
        The UID.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.UIDREF

    def __init__(self, name: CodeLike, value: str | UID, relationship_type: Relationship = None) -> None:
        super().__init__(ValueTypeValues.UIDREF, name, relationship_type)
        _check_uid(value, "value")
        put(self, 0x0040A124, "UI", str(value))

    def _check(self) -> None:
        self._need("UID")

    @property
    def value(self) -> UID:
        """The UID."""
        return UID(required(text_value(self, "UID"), "UID"))


class ContainerContentItem(ContentItem):
    """A heading with items below it.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    is_content_continuous : bool, optional
        Whether the items below read as one text.
    template_id : str, optional
        Number of the template of PS3.16 that the items follow.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.CONTAINER

    def __init__(
        self,
        name: CodeLike,
        is_content_continuous: bool = True,
        template_id: str | None = None,
        relationship_type: Relationship = None,
    ) -> None:
        super().__init__(ValueTypeValues.CONTAINER, name, relationship_type)
        put(self, 0x0040A050, "CS", "CONTINUOUS" if is_content_continuous else "SEPARATE")
        if template_id is not None:
            template = ((0x00080105, "CS", b"DCMR"), (0x0040DB00, "CS", text(str(template_id))))
            self._dict[base_tag(0x0040A504)] = raw(0x0040A504, "SQ", encoded_item(template))

    @property
    def template_id(self) -> str | None:
        """Number of the template that the items follow; None if it does not say."""
        items = items_of(self, "ContentTemplateSequence")
        return text_value(items[0], "TemplateIdentifier") if items else None


class _ReferenceItem(ContentItem):
    """An item that refers to an object."""

    def _refer(self, class_uid: str, instance_uid: str, *more: tuple[int, str, bytes]) -> None:
        _check_uid(class_uid, "referenced_sop_class_uid")
        _check_uid(instance_uid, "referenced_sop_instance_uid")
        elements = (
            (_CLASS, "UI", text(str(class_uid), b"\0")),
            (_INSTANCE, "UI", text(str(instance_uid), b"\0")),
            *more,
        )
        self._dict[base_tag(_REFERENCES)] = raw(_REFERENCES, "SQ", encoded_item(elements))

    def _check(self) -> None:
        self._need("ReferencedSOPSequence")

    @property
    def _reference(self) -> Dataset:
        items = items_of(self, "ReferencedSOPSequence")
        if not items:
            raise MissingAttributeError("the content item refers to nothing")
        return items[0]

    @property
    def value(self) -> tuple[UID, UID]:
        """SOP Class UID and SOP Instance UID of the object."""
        return self.referenced_sop_class_uid, self.referenced_sop_instance_uid

    @property
    def referenced_sop_class_uid(self) -> UID:
        """SOP Class UID of the object."""
        return self._uid(_CLASS, "ReferencedSOPClassUID")

    @property
    def referenced_sop_instance_uid(self) -> UID:
        """SOP Instance UID of the object."""
        return self._uid(_INSTANCE, "ReferencedSOPInstanceUID")

    def _uid(self, tag: int, keyword: str) -> UID:
        element = self._dict.get(base_tag(_REFERENCES))
        if isinstance(element, RawDataElement):
            found = text_in(first_item(element).get(base_tag(tag)))
            if found and "\\" not in found:
                return UID(found.strip())
        return UID(required(text_value(self._reference, keyword), keyword))


class CompositeContentItem(_ReferenceItem):
    """A reference to an object that is neither an image nor a waveform.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    referenced_sop_class_uid, referenced_sop_instance_uid : str or UID
        The object.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.COMPOSITE

    def __init__(
        self,
        name: CodeLike,
        referenced_sop_class_uid: str | UID,
        referenced_sop_instance_uid: str | UID,
        relationship_type: Relationship = None,
    ) -> None:
        super().__init__(ValueTypeValues.COMPOSITE, name, relationship_type)
        self._refer(referenced_sop_class_uid, referenced_sop_instance_uid)


class ImageContentItem(_ReferenceItem):
    """A reference to an image, or to frames or segments of one.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    referenced_sop_class_uid, referenced_sop_instance_uid : str or UID
        The image.
    referenced_frame_numbers : int or Sequence[int], optional
        Frames that are meant, from 1; all of them if left out.
    referenced_segment_numbers : int or Sequence[int], optional
        Segments that are meant, of a segmentation.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.IMAGE

    def __init__(
        self,
        name: CodeLike,
        referenced_sop_class_uid: str | UID,
        referenced_sop_instance_uid: str | UID,
        referenced_frame_numbers: None | int | Sequence[int] = None,
        referenced_segment_numbers: None | int | Sequence[int] = None,
        relationship_type: Relationship = None,
    ) -> None:
        super().__init__(ValueTypeValues.IMAGE, name, relationship_type)
        more: list[tuple[int, str, bytes]] = []
        frames = numbers_of(referenced_frame_numbers, "referenced_frame_numbers", 1)
        if frames:
            more.append((_FRAMES, "IS", text("\\".join(map(str, frames)))))
        segments = numbers_of(referenced_segment_numbers, "referenced_segment_numbers", 0)
        if segments:
            more.append((_SEGMENTS, "US", np.array(segments, "<u2").tobytes()))
        self._refer(referenced_sop_class_uid, referenced_sop_instance_uid, *more)

    @property
    def referenced_frame_numbers(self) -> list[int] | None:
        """Frames that are meant, from 1; None if all are."""
        return whole_numbers(self._reference, "ReferencedFrameNumber")

    @property
    def referenced_segment_numbers(self) -> list[int] | None:
        """Segments that are meant; None if it does not say."""
        return whole_numbers(self._reference, "ReferencedSegmentNumber")


class WaveformContentItem(_ReferenceItem):
    """A reference to a waveform, or to channels of one.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    referenced_sop_class_uid, referenced_sop_instance_uid : str or UID
        The waveform.
    referenced_waveform_channels : Sequence[tuple[int, int]], optional
        Pairs of multiplex group and channel, both from 1.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.WAVEFORM

    def __init__(
        self,
        name: CodeLike,
        referenced_sop_class_uid: str | UID,
        referenced_sop_instance_uid: str | UID,
        referenced_waveform_channels: Sequence[tuple[int, int]] | None = None,
        relationship_type: Relationship = None,
    ) -> None:
        super().__init__(ValueTypeValues.WAVEFORM, name, relationship_type)
        more: list[tuple[int, str, bytes]] = []
        if referenced_waveform_channels is not None:
            pairs = np.asarray(referenced_waveform_channels)
            if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu" or (pairs < 0).any():
                raise ArgumentError("referenced_waveform_channels must be pairs of group and channel")
            more.append((_CHANNELS, "US", pairs.astype("<u2").tobytes()))
        self._refer(referenced_sop_class_uid, referenced_sop_instance_uid, *more)

    @property
    def referenced_waveform_channels(self) -> list[tuple[int, int]] | None:
        """Pairs of multiplex group and channel; None if all are meant."""
        numbers = whole_numbers(self._reference, "ReferencedWaveformChannels")
        return None if numbers is None else list(zip(numbers[0::2], numbers[1::2], strict=False))


# -- parts -------------------------------------------------------------------------------------------------------------


def _check_uid(value: Any, name: str) -> None:
    """Raise unless it is a UID; pydicom's class, which looks at each several times, is not asked about plain ones."""
    if not isinstance(value, str) or len(value) > 64 or _PLAIN_UID.fullmatch(value) is None:
        check_uid(value, name)


def numbers_of(given: None | int | Sequence[int], name: str, least: int) -> list[int]:
    """Whole numbers that a caller gave, one or several; none for None."""
    if given is None:
        return []
    numbers = [given] if isinstance(given, int | np.integer) else list(given)
    if not all(isinstance(one, int | np.integer) for one in numbers) or min(numbers, default=least) < least:
        raise ArgumentError(f"{name} must be whole numbers from {least}")
    return [int(one) for one in numbers]


def whole_numbers(dataset: Dataset, keyword: str) -> list[int] | None:
    """Whole numbers of an attribute; None if it is absent or empty."""
    found = float_values(dataset, keyword) if keyword in dataset else None
    return [int(number) for number in found] if found else None
