"""What the README and the guide show works: their Python blocks run, in order, in an empty folder."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
# Readers do not see <!-- setup ... -->, which makes the files that a block takes for granted.
_CODE = re.compile(
    r"^```python\n(?P<block>.*?)^```$|^<!-- setup\n(?P<setup>.*?)^-->$", re.MULTILINE | re.DOTALL
)


def code(page: Path) -> str:
    """The page's Python as one program whose line numbers are those of the page."""
    text = page.read_text(encoding="utf-8")
    lines = [""] * (text.count("\n") + 1)
    for match in _CODE.finditer(text):
        group = "block" if match["block"] is not None else "setup"
        start = text.count("\n", 0, match.start(group))
        for offset, line in enumerate(match[group].splitlines()):
            lines[start + offset] = line
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = tmp_path / f"{page.stem}.py"
    program.write_text(code(page), encoding="utf-8")
    runpy.run_path(str(program), run_name="__main__")


def test_there_are_pages_with_code():
    assert len(PAGES) >= 2
    assert all(code(page).strip() for page in PAGES)


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_make_targets_that_are_mentioned_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in [*PAGES, *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(
            r"\bmake ([a-z]+)\b(?=[ `\n]*(?:#|`|$|ARGS|$))", page.read_text(encoding="utf-8")
        ):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name} mentions make {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_that_are_shown_work(page, tmp_path, monkeypatch):
    """The ``dicomposer`` lines of shell blocks, on the files that the page's Python makes."""
    from typer.testing import CliRunner

    from dicomposer.cli._app import app

    monkeypatch.chdir(tmp_path)
    program = tmp_path / f"{page.stem}.py"
    program.write_text(code(page), encoding="utf-8")
    runpy.run_path(str(program), run_name="__main__")
    for block in re.findall(
        r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["dicomposer"]:
                result = CliRunner().invoke(app, words[1:])
                assert result.exit_code == 0, f"{line}\n{result.output}"
