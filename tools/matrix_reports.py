"""The matrix of structured reports before every judge; writes docs/matrix-reports.md and fails if any judge objects.

Run it with ``make matrix-reports``. ``--every N`` takes only every N-th document and writes nothing; ``--no-pixelmed``
leaves out the slowest judge, and writes nothing either.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from clients import cornerstone_results  # noqa: E402  (needs the path above)
from matrix_sources import saved  # noqa: E402
from report_judges import JUDGES, Verdicts, cornerstone_says, judge_case, pixelmed_says  # noqa: E402
from report_matrix import FACTORS, KINDS, Case, all_cases, make, pairs  # noqa: E402

PAGE = ROOT / "docs" / "matrix-reports.md"
_ALL = (*JUDGES, "pixelmed", "cornerstone")

_HEAD = """\
# The matrix of structured reports

Written by `make matrix-reports`; do not edit. Every document makes one choice of each of

{factors}

and all {pairs} pairs of choices that are legal occur; what is legal is said in
`tests/helpers/report_matrix.py`. Groups hold two measurements and an evaluation each; details are those of measurements
(derivation, method, properties, algorithm, value map, tracking, sites, references to images and coordinates, qualifiers
instead of values, numbers that a decimal string rounds off) and of groups (method, algorithm, value map, sites with
laterality and topography, time point, session, category). Identifiers and times are counted, so the bytes are the same
in every run. Each document is written to a file and judged:

- validate: the library's own checker, on the file: no error and no warning;
- dciodvfy: `dciodvfy -new`: no error, exit status 0 (of a deflated document on a twin, unpacked by pydicom);
- dsrdump: DCMTK's `dsrdump` writes nothing to the standard error;
- dcmqi: `tid1500reader`: tracking, findings, sites, quantities, values, units and derivations, segments and series
  equal;
- highdicom: all getters that it has equal: context, groups, measurements, evaluations, regions to the last bit;
- pydicom: the bare items: algorithms, properties, value maps, tracking, time points, numbers, procedures, language,
  flags, image library;
- dicomposer: all getters of our reader equal; and the file that it saves again is the same, byte for byte;
- pixelmed: PixelMed's `DicomSRValidator` finds no error in documents with groups of one template (it is wrong about
  others);
- cornerstone: the adapters of Cornerstone3D give the same points, lengths and areas of groups that they hydrate (its
  tools in CT, MR and PET images).
"""


def main() -> int:
    """Run the matrix; 0 if all judges are content."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--every", type=int, default=1, help="only every N-th document, and no page is written"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--no-pixelmed", action="store_true", help="without the slowest judge, and no page is written"
    )
    options = parser.parse_args()
    cases = all_cases()[:: options.every]
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        kept.mkdir()
        verdicts = _ask(cases, Path(folder), options.workers)
        _ask_cornerstone(verdicts, kept, Path(folder))
        if not options.no_pixelmed:
            _ask_pixelmed(verdicts, kept, options.workers)
    failed = [verdict for verdict in verdicts if verdict.failed]
    for verdict in failed:
        for line in verdict.failed:
            print(f"{verdict.case.id}: {line}")
    if options.every == 1 and not options.no_pixelmed:
        PAGE.write_text(page(verdicts), encoding="utf-8")
    print(f"{len(verdicts)} documents, {len(failed)} with an objection")
    return 1 if failed else 0


_folder: Path
_kept: Path


def _quiet(folder: str) -> None:
    """Give each worker a folder of its own; highdicom and pydicom warn about what is meant here."""
    global _folder, _kept
    warnings.simplefilter("ignore")
    _folder, _kept = Path(folder) / str(os.getpid()), Path(folder) / "kept"
    _folder.mkdir()


def _of_case(case: Case) -> Verdicts:
    return judge_case(case, _folder, keep=_kept)


def _ask(cases: Sequence[Case], folder: Path, workers: int) -> list[Verdicts]:
    verdicts = []
    context = get_context("spawn")  # numba's threads do not survive a fork
    with ProcessPoolExecutor(workers, context, _quiet, (str(folder),)) as pool:
        for verdict in pool.map(_of_case, cases, chunksize=4):
            verdicts.append(verdict)
            _progress("documents", len(verdicts), len(cases))
    return verdicts


def _ask_cornerstone(verdicts: Sequence[Verdicts], kept: Path, folder: Path) -> None:
    """Ask Cornerstone3D's adapters about all documents at once."""
    asked = [verdict for verdict in verdicts if verdict.case.hydratable]
    jobs = [
        (kept / f"{one.case.id}.dcm", saved(one.case["source"], folder / "sources").files) for one in asked
    ]
    for verdict, answer in zip(asked, cornerstone_results(jobs) if jobs else [], strict=True):
        verdict.hear("cornerstone", cornerstone_says(make(verdict.case), answer))


def _ask_pixelmed(verdicts: Sequence[Verdicts], kept: Path, workers: int) -> None:
    asked = [verdict for verdict in verdicts if verdict.case.single_kind]
    with ThreadPoolExecutor(workers) as pool:  # each waits for a program
        files = (kept / f"{verdict.case.id}.dcm" for verdict in asked)
        for i, (verdict, lines) in enumerate(zip(asked, pool.map(pixelmed_says, files), strict=True), 1):
            verdict.hear("pixelmed", lines)
            _progress("files before PixelMed", i, len(asked))


def _progress(what: str, done: int, due: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {due} {what} ", end="", file=sys.stderr, flush=True)


# ---- the page ----------------------------------------------------------------------------------------


def page(verdicts: Sequence[Verdicts]) -> str:
    """The whole page: no dates and no timings, so that a change in it is a change in the results."""
    met = set().union(*(pairs(verdict.case.choices) for verdict in verdicts))
    factors = "\n".join(f"- {name}: {', '.join(choices)};" for name, choices in FACTORS.items())
    failures = [f"- `{verdict.case.id}`: {line}" for verdict in verdicts for line in verdict.failed]
    failed = sum(bool(verdict.failed) for verdict in verdicts)
    return "\n".join([
        _HEAD.format(factors=factors.replace("slide-full", "slide-full (a slide)"), pairs=len(met)),
        f"**{len(verdicts)} documents; {failed} with an objection.**\n",
        *(["## Objections\n", *failures, ""] if failures else []),
        "A cell says how many documents the judge took, and how many of them it objected to, if any.\n",
        *(_table(name, choices, verdicts) for name, choices in (("kind", KINDS), *list(FACTORS.items())[1:])),
        _explained(verdicts),
        _unsupported(verdicts),
        _TAIL,
    ])  # fmt: skip


_TAIL = """\
## What the judges do not see

- highdicom reads no Device Subject (PS3.16 CID 271; it writes and reads the Device of CID 270). It counts the order of
  a time point and its offset as measurements, and the category of a finding and the family of an algorithm as
  evaluations; these are left out of its answers.
- dcmqi has no names for frames of a segmentation, nor for regions; the method and sites of a single measurement it
  passes over.
- PixelMed's tables are of 2022: of derived measurements (TID 1420) it checks nothing. Its warnings, which are about
  items that later editions of templates have, are not counted.
- Cornerstone3D reads no group with the order of a time point, which it takes for the number of the tool. It takes the
  distance of rows for that of columns when it places points in space, so they are right only where pixels are square
  (`tests/clients/test_report_matrix.py` has such images, too).
"""


def _table(name: str, choices: Sequence[str], verdicts: Sequence[Verdicts]) -> str:
    head = f"| {name} | documents | {' | '.join(_ALL)} |"
    lines = [head, "|---" * (len(_ALL) + 2) + "|"]
    for choice in choices:
        own = [verdict for verdict in verdicts if verdict.case[name] == choice]
        lines.append(f"| {choice} | {len(own)} | {' | '.join(_cell(judge, own) for judge in _ALL)} |")
    lines.append(f"| **all** | {len(verdicts)} | {' | '.join(_cell(judge, verdicts) for judge in _ALL)} |")
    return "\n".join([*lines, ""])


def _cell(judge: str, verdicts: Sequence[Verdicts]) -> str:
    asked = [one for one in verdicts if judge in one.errors and judge not in one.unsupported]
    objected = sum(bool(one.errors[judge]) for one in asked)
    return f"{len(asked)}" + (f", **{objected} objected to**" if objected else "") if asked else ""


def _explained(verdicts: Sequence[Verdicts]) -> str:
    found = Counter(
        (judge, reason)
        for one in verdicts
        for judge, reasons in one.explained.items()
        for reason in set(reasons)
    )
    lines = [f"- {judge}, of {n} documents: {reason}." for (judge, reason), n in sorted(found.items())]
    return "\n".join(["## Objections that are none\n", *lines, ""])


def _unsupported(verdicts: Sequence[Verdicts]) -> str:
    found = Counter(item for one in verdicts for item in one.unsupported.items())
    lines = [f"- {judge}, of {n} documents: {reason}." for (judge, reason), n in sorted(found.items())]
    text = "## What judges cannot read\n\nThey were asked about these documents too, and each time they must fail.\n"
    return "\n".join([text, *lines, ""])


if __name__ == "__main__":
    sys.exit(main())
