"""No message of the front door speaks of arguments on the command line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from dicomposer import api
from dicomposer.cli._wording import for_the_command_line


def messages():
    """What the front door raises, with placeholders for the values."""
    for file in sorted(Path(api.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise | ast.Return) and node.lineno:
                for text in ast.walk(node):
                    if isinstance(text, ast.JoinedStr):
                        parts = (p.value if isinstance(p, ast.Constant) else "'x'" for p in text.values)
                        yield "".join(map(str, parts))
                    elif isinstance(text, ast.Constant) and isinstance(text.value, str):
                        yield text.value


ARGUMENTS = [
    text for text in messages() if re.search(r"\b(order|segments|statistics|algorithm\w*|\w+_\w+)=", text)
]


@pytest.mark.parametrize("message", ARGUMENTS)
def test_arguments_become_options(message):
    assert not re.search(r"\b[a-z]\w*=", for_the_command_line(message).replace("--label 1=Liver", ""))


def test_there_are_such_messages():
    assert len(ARGUMENTS) >= 10


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("segments= is missing", "--segment or --label is missing"),
        ("segments=['Liver'] or segments={1: 'Liver'}", "--segment Liver, or --label 1=Liver"),
        ("order='geometric' does not say", "--order geometric does not say"),
        ("choose one with source_series= (its UID", "choose one with --series (its UID"),
        ("ask for segmentation_type='FRACTIONAL'", "ask for --type FRACTIONAL"),
        ("with a spacing of 3 mm", "with a spacing of 3 mm"),
    ],
)
def test_examples(message, words):
    assert for_the_command_line(message) == words
