"""Waveforms: samples, channels and their bits (PS3.3 C.10.9)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, tag_of
from dicomposer.validation.families._bulk import byte_count

__all__: list[str] = []

_SECTION = "PS3.3 C.10.9"
_WAVEFORMS = "WaveformSequence"
#: Sample interpretation -> bits of a sample (PS3.3 C.10.9.1.5).
_BITS = {
    "SB": 8, "UB": 8, "MB": 8, "AB": 8, "SS": 16, "US": 16, "SL": 32, "UL": 32, "SV": 64, "UV": 64,
}  # fmt: skip


def _has_waveform(subject: Subject) -> bool:
    return tag_of(_WAVEFORMS) in subject.root


@rule("waveform-length", _SECTION, applies=_has_waveform)
def _length(subject: Subject) -> Iterator[Issue]:
    for group in subject.root.items(_WAVEFORMS):
        channels, samples = group.number("NumberOfWaveformChannels"), group.number("NumberOfWaveformSamples")
        bits, size = group.number("WaveformBitsAllocated"), byte_count(group, "WaveformData")
        if None in (channels, samples, bits, size) or bits is None or bits % 8:
            continue
        due = int(channels * samples * bits // 8)  # type: ignore[operator]
        if size != due + due % 2:
            yield Issue(
                group.path_of("WaveformData"), f"has {size} bytes where its attributes make {due + due % 2}"
            )


@rule("waveform-channels", _SECTION, applies=_has_waveform)
def _channels(subject: Subject) -> Iterator[Issue]:
    for group in subject.root.items(_WAVEFORMS):
        stated, described = group.number("NumberOfWaveformChannels"), group.items("ChannelDefinitionSequence")
        if stated is not None and described and stated != len(described):
            message = f"describes {len(described)} channels, but there are {stated:.0f}"
            yield Issue(group.path_of("ChannelDefinitionSequence"), message)
        frequency = group.number("SamplingFrequency")
        if frequency is not None and frequency <= 0:
            yield Issue(group.path_of("SamplingFrequency"), "is not greater than 0")
        yield from _sample_bits(group, described)


def _sample_bits(group: Item, channels: list[Item]) -> Iterator[Issue]:
    allocated = group.number("WaveformBitsAllocated")
    due = _BITS.get(group.text("WaveformSampleInterpretation"))
    if allocated is None:
        return
    if allocated <= 0 or allocated % 8:
        yield Issue(group.path_of("WaveformBitsAllocated"), "is not a multiple of 8")
    elif due is not None and due != allocated:
        message = f"is {allocated:.0f}, but the sample interpretation is one of {due} bits"
        yield Issue(group.path_of("WaveformBitsAllocated"), message)
    for channel in channels:
        stored = channel.number("WaveformBitsStored")
        if stored is not None and (stored > allocated or stored < 1):
            yield Issue(channel.path_of("WaveformBitsStored"), "is beyond Waveform Bits Allocated")
