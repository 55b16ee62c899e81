"""Our errors beside those of dciodvfy on the files of pydicom and pydicom-data; writes docs/agreement.md.

``python -m tools.agreement`` runs both on every file, one process per core. An error is told by the attribute that it
is about: the same attribute of the same file, named as an error by both, is agreement. What only one of the two says
is grouped, and explained by hand in ``agreement.toml``; a difference without explanation is printed as such and makes
the exit status 1. ``--raw FILE`` keeps what was found, as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "agreement.md"
NOTES = Path(__file__).with_name("agreement.toml")

#: Rules of ours after which the rest of a file means little.
DAMAGES = {"damaged-file", "meta-encoding"}
_PATH_KEYWORD = re.compile(r"([A-Za-z0-9]+)\([0-9a-f]{4},[0-9a-f]{4}\)")
_ELEMENT = re.compile(r"Element=<([A-Za-z0-9]+)>")
_MODULE = re.compile(r"Module=<([A-Za-z0-9]+)>")


@dataclass
class Comparison:
    """What both say of one file: keyword of the attribute (or "") -> messages."""

    name: str
    iod: str
    ours: dict[str, list[str]] = field(default_factory=dict)
    weaker: dict[str, list[str]] = field(default_factory=dict)
    theirs: dict[str, list[str]] = field(default_factory=dict)
    failure: str = ""  # why the file is not compared


def sample_files() -> list[Path]:
    """The DICOM files that pydicom and pydicom-data bring along, each once."""
    import data_store  # type: ignore[import-untyped]
    import pydicom

    data = Path(pydicom.__file__).parent / "data"
    folders = [
        data / "test_files",
        data / "charset_files",
        data / "palettes",
        Path(data_store.__file__).parent,
    ]
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and is_dicom(path):
                found.setdefault(path.name, path)
    return list(found.values())


def is_dicom(path: Path) -> bool:
    """Whether a file is a DICOM file, or was meant to be one."""
    if path.suffix == ".dcm":
        return True
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def attribute_of(line: str) -> str:
    """Keyword of the attribute that a line of dciodvfy is about; "" if it names none."""
    place = line.split("> - ")[0]
    names = _PATH_KEYWORD.findall(place)
    element = _ELEMENT.search(line)
    private = re.search(r"</\(([0-9a-f]{4},[0-9a-f]{4})\)", place)
    if element or names:
        return element[1] if element else names[-1]
    return f"({private[1].upper()})" if private else ""


def class_of(path: Path) -> str:
    """SOP Class UID of a file, or what its file meta information says; "" if it has none."""
    import pydicom

    try:
        dataset = pydicom.dcmread(path, force=True, specific_tags=["SOPClassUID"])
    except Exception:  # noqa: BLE001  some of the files are broken on purpose
        return ""
    stated = getattr(dataset.file_meta, "MediaStorageSOPClassUID", "")
    return str(dataset.get("SOPClassUID", "") or stated)


def compare(path: Path) -> Comparison:
    """Run both on a file."""
    from dicomposer.errors import DicomposerError
    from dicomposer.standard import sop_class
    from dicomposer.validation import validate

    warnings.simplefilter("ignore")
    result = Comparison(path.name, "")
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "dciodvfy", "-new", path],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1):
        result.failure = "dciodvfy aborts"
    for line in (done.stdout + done.stderr).decode("utf-8", "replace").splitlines():
        if line.startswith("Error"):
            result.theirs.setdefault(attribute_of(line), []).append(line.strip())
    try:
        findings = validate(path)
    except DicomposerError as error:
        result.failure = f"we: {type(error).__name__}"
        return result
    known = sop_class(class_of(path))
    result.iod = known.iod_name if known else "none"
    if result.theirs and {finding.rule_id for finding in findings.errors} & DAMAGES:
        result.failure = "damaged, both say"
    for finding in findings:
        keyword = finding.path.rpartition(".")[2].partition("[")[0]
        place = {"error": result.ours, "warning": result.weaker, "not-evaluated": result.weaker}.get(
            finding.level
        )
        if place is not None:
            place.setdefault(keyword, []).append(f"{finding.path}: {finding.message} [{finding.rule}]")
    return result


def compare_all(paths: Iterable[Path]) -> list[Comparison]:
    """Every file, on all cores."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return list(pool.map(compare, paths, chunksize=4))


# -- differences -----------------------------------------------------------------------------------------------------


@dataclass
class Difference:
    """What only one of the two says, in how many files."""

    side: str
    iod: str
    keyword: str
    example: str
    file: str
    files: int = 0
    note: dict[str, str] = field(default_factory=dict)


def shorten(side: str, message: str) -> str:
    """The gist of a message, without values, item numbers and places."""
    if side == "ours":
        path, _, text = message.partition(": ")
        return re.sub(r"\[\d+\]", "", path) + ": " + text
    text = re.sub(r"^Error - ", "", message)
    if module := _MODULE.search(text):
        return f"{text.split(' Element')[0].split('> - ')[-1]} (module {module[1]})"
    return re.sub(r"= <.*?>|<[^<>]*[0-9][^<>]*>|'[^']*'", "<...>", text.split("> - ")[-1])[:160]


def differences(results: Iterable[Comparison], notes: list[dict[str, str]]) -> list[Difference]:
    """Distinct differences, most frequent first."""
    found: dict[tuple[str, ...], Difference] = {}
    for result in results:
        if result.failure:
            continue
        for side, mine, other in (
            ("ours", result.ours, result.theirs),
            ("theirs", result.theirs, result.ours),
        ):
            for keyword in mine.keys() - other.keys():
                for gist in {shorten(side, message): None for message in mine[keyword]}:
                    key = (side, result.iod, keyword, gist)
                    one = found.setdefault(key, Difference(side, result.iod, keyword, gist, result.name))
                    one.files += 1
    for one in found.values():
        one.note = next((note for note in notes if fits(note, one)), {})
    return sorted(found.values(), key=lambda one: (one.side, -one.files, one.iod, one.keyword))


def fits(note: dict[str, str], one: Difference) -> bool:
    """Whether a note explains a difference: each of its patterns is found."""
    return (
        note["side"] == one.side
        and re.search(note.get("iod", ""), one.iod) is not None
        and re.search(note.get("file", ""), one.file) is not None
        and re.fullmatch(note.get("keyword", ".*"), one.keyword) is not None
        and re.search(note.get("message", ""), one.example) is not None
    )


# -- page ------------------------------------------------------------------------------------------------------------

_HEAD = """\
# Agreement with dciodvfy

Written by `python -m tools.agreement`; do not edit (explanations: `tools/agreement.toml`). Both checkers read every
DICOM file of pydicom and pydicom-data, unchanged. An error is told by its attribute: *found* are the attributes that
dciodvfy names in an error of a file and that we name in an error of the same file, or whose fault we name at another
attribute (verdict *same*). Other verdicts: *warning* (we say it, as a warning), *theirs* (a section that we cite says
otherwise, or does not say so), *scope* (no matter of a dataset), *later* (we do not check it yet), and for what only we
say *ours* (a section that we cite proves it).
"""


COLUMNS = ("files", "theirs", "found", "warning", "unsettled", "scope", "missing", "only ours")
_TITLES = "| IOD | files | errors of dciodvfy | found | as a warning | theirs | scope | not yet | only ours |"


def table(results: list[Comparison], found: list[Difference]) -> tuple[list[str], Counter[str]]:
    """(rows of the table per IOD, their sum)."""
    verdicts = {(one.side, one.iod, one.keyword): one.note.get("verdict", "open") for one in found}
    column = {"same": "found", "theirs": "unsettled", "scope": "scope", "warning": "warning"}
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        if result.failure:
            continue
        row = rows[result.iod]
        row["files"] += 1
        for keyword in result.theirs:
            verdict = "same" if keyword in result.ours else verdicts["theirs", result.iod, keyword]
            row["theirs"] += 1
            row[column.get(verdict, "missing")] += 1
        only = result.ours.keys() - result.theirs.keys()
        row["only ours"] += sum(verdicts["ours", result.iod, keyword] != "same" for keyword in only)
    total = sum(rows.values(), Counter())
    lines = [_TITLES, "|---" * 9 + "|"]
    for iod, row in [*sorted(rows.items()), ("**all**", total)]:
        lines.append(f"| {iod} | " + " | ".join(str(row[key]) for key in COLUMNS) + " |")
    return lines, total


def page(results: list[Comparison], found: list[Difference]) -> str:
    """The whole page."""
    rows, total = table(results, found)
    due = total["theirs"] - total["unsettled"] - total["scope"]
    share, wider = (
        100 * number / max(due, 1) for number in (total["found"], total["found"] + total["warning"])
    )
    summary = (
        f"Of {total['theirs']} errors, {total['unsettled']} contradict a section that we cite and {total['scope']} are "
        f"out of scope. Of the other {due}, {total['found']} are found as errors: {share:.1f} %; with those that we "
        f"call a warning, {wider:.1f} %. Of all {total['theirs']}, the former are "
        f"{100 * total['found'] / max(total['theirs'], 1):.1f} %."
    )
    lines = [_HEAD, *rows, "", summary, ""]
    kinds: dict[str, list[str]] = defaultdict(list)
    for result in results:
        if result.failure:
            kinds[result.failure].append(result.name)
    lines += ["Files that are not compared:", ""]
    lines += [f"- {kind}: {', '.join(sorted(names))}" for kind, names in sorted(kinds.items())]
    lines.append("")
    for side, title in (("theirs", "Only dciodvfy says"), ("ours", "Only we say")):
        lines += [f"## {title}", "", "| IOD | attribute | what | files | verdict | why |", "|---" * 6 + "|"]
        for one in found:
            if one.side == side:
                verdict, why = one.note.get("verdict", "**open**"), one.note.get("why", "")
                what = one.example.replace("|", "/").replace("<...>", "…")
                lines.append(f"| {one.iod} | {one.keyword} | {what} | {one.files} | {verdict} | {why} |")
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--raw", type=Path, metavar="FILE", help="keep what was found, as JSON")
    parser.add_argument(
        "--again", type=Path, metavar="FILE", help="take what was found from FILE, run nothing"
    )
    arguments = parser.parse_args()
    if arguments.again:
        results = [Comparison(**entry) for entry in json.loads(arguments.again.read_text("utf-8"))]
    else:
        results = compare_all(sample_files())
    if arguments.raw:
        arguments.raw.write_text(json.dumps([asdict(result) for result in results], indent=1), "utf-8")
    notes = tomllib.loads(NOTES.read_text("utf-8")).get("difference", []) if NOTES.exists() else []
    found = differences(results, notes)
    PAGE.write_text(page(results, found), "utf-8")
    left = [one for one in found if not one.note]
    for one in left:
        print(f"open: {one.side}: {one.iod}: {one.keyword}: {one.example} ({one.files} files, {one.file})")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
