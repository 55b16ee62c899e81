"""Channels: the axes of a volume that are not axes of space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Self

import numpy as np
from pydicom.datadict import dictionary_description, dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.tag import BaseTag, Tag

from dicomposer.enum import RGBColorChannels
from dicomposer.errors import ArgumentError, ArgumentTypeError

__all__ = [
    "RGB_COLOR_CHANNEL_DESCRIPTOR",
    "ChannelDescriptor",
    "ChannelIdentifier",
    "ChannelValue",
    "Channels",
    "as_channels",
]

ChannelValue = int | str | float | Enum

_STRINGS = ("AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
_INTEGERS = ("IS", "SL", "SS", "SV", "UL", "US", "UV")
_FLOATS = ("DS", "FD", "FL")
_VALUE_TYPES: dict[str, type] = {
    **dict.fromkeys(_STRINGS, str),
    **dict.fromkeys(_INTEGERS, int),
    **dict.fromkeys(_FLOATS, float),
}


class ChannelDescriptor:
    """What varies along a channel axis: a DICOM attribute, or something of one's own."""

    def __init__(
        self, identifier: str | int | Self, is_custom: bool = False, value_type: type | None = None
    ) -> None:
        """Describe a channel.

        Parameters
        ----------
        identifier : str | int | ChannelDescriptor
            Keyword or tag of a DICOM attribute; with `is_custom` any other string.
        is_custom : bool, optional
            Whether the identifier is one's own.
        value_type : type, optional
            Type of the values, for custom channels only: int, float, str, an Enum, or a subclass of one.
        """
        if isinstance(identifier, ChannelDescriptor):
            self._keyword: str = identifier._keyword
            self._tag: BaseTag | None = identifier._tag
            self._value_type: type = identifier._value_type
        elif is_custom:
            self._keyword, self._value_type = _custom(identifier, value_type)
            self._tag = None
        elif value_type is not None:
            raise ArgumentTypeError("Argument 'value_type' is for custom channel identifiers only.")
        else:
            self._keyword, self._tag, self._value_type = _attribute(identifier)

    @property
    def value_type(self) -> type:
        """type: Python type of the values along the channel."""
        return self._value_type

    @property
    def keyword(self) -> str:
        """String: DICOM keyword or custom identifier."""
        return self._keyword

    @property
    def description(self) -> str | None:
        """String: Name of the attribute in the standard; None for custom channels."""
        return None if self._tag is None else dictionary_description(self._tag)

    @property
    def tag(self) -> BaseTag | None:
        """BaseTag | None: Tag of the attribute; None for custom channels."""
        return self._tag

    @property
    def is_custom(self) -> bool:
        """bool: Whether the identifier is a custom one."""
        return self._tag is None

    @property
    def is_enumerated(self) -> bool:
        """bool: Whether the values are members of an Enum."""
        return issubclass(self._value_type, Enum)

    def __hash__(self) -> int:
        return hash(self._keyword)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChannelDescriptor):
            return NotImplemented
        return (self._keyword, self._tag, self._value_type) == (
            other._keyword,
            other._tag,
            other._value_type,
        )

    def __str__(self) -> str:
        return self._keyword

    def __repr__(self) -> str:
        return self._keyword


def _custom(identifier: object, value_type: type | None) -> tuple[str, type]:
    if not isinstance(identifier, str):
        raise ArgumentTypeError("Custom identifiers must be specified via a string.")
    if tag_for_keyword(identifier) is not None:
        raise ArgumentError(f"'{identifier}' cannot be a custom identifier: it is a DICOM keyword.")
    if value_type is None:
        raise ArgumentTypeError("Argument 'value_type' must be specified for a custom channel identifier.")
    if not issubclass(value_type, str | int | float | Enum):
        raise ArgumentError("Argument 'value_type' must be str, int, float, Enum or a subclass of these.")
    return identifier, value_type


def _attribute(identifier: object) -> tuple[str, BaseTag, type]:
    if isinstance(identifier, str):
        number = tag_for_keyword(identifier)
        if number is None:
            raise ArgumentError(
                f"No attribute has the keyword '{identifier}'; custom channels need 'is_custom' and a type."
            )
        tag = Tag(number)
    elif isinstance(identifier, int):
        tag = Tag(identifier)
    else:
        raise ArgumentTypeError("A channel identifier is a keyword, a tag or a ChannelDescriptor.")
    keyword = keyword_for_tag(tag)
    if not keyword:
        raise ArgumentError(f"No attribute of the standard has the tag {tag}.")
    representation = dictionary_VR(tag)
    if representation not in _VALUE_TYPES:
        raise ArgumentError(
            f"{keyword} cannot tell channels apart: it is of value representation {representation}."
        )
    return keyword, tag, _VALUE_TYPES[representation]


RGB_COLOR_CHANNEL_DESCRIPTOR = ChannelDescriptor(
    "RGBColorChannel", is_custom=True, value_type=RGBColorChannels
)
"""Descriptor of the colour channels red, green and blue."""

ChannelIdentifier = BaseTag | int | str | ChannelDescriptor
Channels = dict[ChannelDescriptor, list[ChannelValue]]


def _value(descriptor: ChannelDescriptor, value: ChannelValue) -> ChannelValue:
    kind = descriptor.value_type
    if descriptor.is_enumerated and not isinstance(value, kind):
        try:
            member: Enum = kind(value)
        except ValueError as error:
            raise ArgumentError(str(error)) from None
        return member
    if isinstance(value, kind):
        return value
    # numpy's numbers are as good as Python's own, but they neither pickle nor compare as plainly.
    plain: ChannelValue = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, kind):
        return plain
    raise ArgumentTypeError(f"Values for channel {descriptor} do not have the expected type ({kind}).")


def as_channels(
    channels: Mapping[ChannelIdentifier, Sequence[ChannelValue]] | None, shape: tuple[int, ...]
) -> Channels:
    """Check channels against the channel axes of an array.

    Parameters
    ----------
    channels : Mapping | None
        Values along each channel axis, in the order of the axes.
    shape : tuple[int, ...]
        Shape of the array without its three spatial axes.
    """
    given = channels or {}
    if len(given) != len(shape):
        raise ArgumentError(
            f"Number of items in the 'channels' parameter ({len(given)}) does not match the number of "
            f"channel dimensions in the array ({len(shape)})."
        )
    found: Channels = {}
    for axis, (identifier, values) in enumerate(given.items()):
        descriptor = ChannelDescriptor(identifier)
        if descriptor in found:
            raise ArgumentError(f"Channel identifiers must be unique; {descriptor} is there twice.")
        if len(values) != shape[axis]:
            raise ArgumentError(
                f"{descriptor} has {len(values)} values, but axis {axis + 3} of the array has size "
                f"{shape[axis]}."
            )
        found[descriptor] = [_value(descriptor, value) for value in values]
    return found
