"""Messages of the library in the words of the command line: the one place where arguments become options."""

from __future__ import annotations

import re

# What reads differently as a whole; first, since the options below occur in it.
_PHRASES = (
    (r"segments=\['Liver'\] or segments=\{1: 'Liver'\}", "--segment Liver, or --label 1=Liver"),
    (
        r"your own text for a known name: \{'name': 'Lesion', 'label': ('.*?'|\".*?\")\}; your own codes: \{.*?\}",
        r"your own text for a known name: --segment \1=lesion; your own codes: in Python, see the guide",
    ),
    (r", or a list of datasets in the array's order, or a mask", ", or pass a mask"),
    (r" \(NIfTI, NRRD, SimpleITK, Volume\)", " (NIfTI, NRRD, MetaImage)"),
    (
        r", or the mask as an array with one plane for each image and order=",
        ", or the mask as .npy with --order",
    ),
    (r": leave order= out", ": leave --order out"),
    (r" or a list of SOP Instance UIDs", ""),
    (r", or the SOP Instance UIDs in the array's order", ""),
    (r"\bstatistics=False", "--no-statistics"),
    (r"which segments does not describe", "which no --segment or --label describes"),
)
_OPTIONS = {
    "source_series": "--series",
    "algorithm_version": "--algorithm-version",
    "algorithm_type": "--algorithm-type",
    "algorithm": "--algorithm",
    "segmentation_type": "--type",
    "segments": "--segment or --label",
    "order": "--order",
    "transfer_syntax_uid": "--transfer-syntax",
    "series_description": "--description",
    "value_map": "--value-map",
}
_ASSIGNED = re.compile(rf"\b({'|'.join(_OPTIONS)})=(?:'([^']*)')?")


def for_the_command_line(message: str) -> str:
    """Say ``--order feet-to-head`` where the library says ``order='feet-to-head'``."""
    for pattern, words in _PHRASES:
        message = re.sub(pattern, words, message)
    return _ASSIGNED.sub(lambda found: " ".join(filter(None, (_OPTIONS[found[1]], found[2]))), message)
