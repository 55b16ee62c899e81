"""Every legal combination before every judge; writes docs/matrix.md and fails if any judge objects.

Run it with ``make matrix``. ``--every N`` takes only every N-th case and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from matrix import SYNTAXES, TYPES, Case, all_cases  # noqa: E402  (needs the path above)
from matrix_judges import JUDGES, Verdicts, judge_case, judge_sources  # noqa: E402
from matrix_sources import SOURCES, source  # noqa: E402

PAGE = ROOT / "docs" / "matrix.md"

_HEAD = """\
# The matrix of segmentations

Written by `make matrix`; do not edit. Every legal combination of

- source: {sources};
- type: {types};
- transfer syntax: {syntaxes};
- organisation: the library's choice or 3D, and for slides TILED_SPARSE or TILED_FULL;
- empty frames omitted or kept (TILED_FULL keeps them);

is made of small phantoms, with masks given as labels, stacked segments (disjoint, overlapping, one of them
absent), fractions, or a `Volume` of labels or of stacked segments, in turn. Compressed frames have a basic
offset table where empty frames are omitted, otherwise an extended one. Each object is written to a file and
judged:

- validate: the library's own checker, on the file: no error;
- dciodvfy: `dciodvfy -new`: no error, exit status 0;
- dcentvfy: `dcentvfy` on the object and its source images together: no error, exit status 0;
- dcmqi: `segimage2itkimage`: every voxel of every segment equal and at its place in millimetres; stored
  values of fractions equal;
- highdicom: the same segment numbers, the same pixels by source image, frame or total pixel matrix, the same
  voxels as a volume, at their place;
- dicomposer: the same of our reader, eager and lazy; and the file that it saves again is the same, byte for
  byte.

dicom3tools cannot read a deflated dataset (nor pydicom's own sample of one), and neither it nor highdicom
knows Deflated Image Frame Compression: there an *uncompressed twin* is judged, unpacked from the file by
pydicom and zlib. highdicom 0.28 returns nothing for numbers above 255 when asked for the stacked segments of
a label map, also of its own files: 16-bit label maps are compared by its combined labels.
"""

_TAIL = """\
## What dcmqi cannot read

dcmqi was run on these files too, and each time it must refuse: an object that it reads is compared.

{reasons}

It gives the labels of a 16-bit label map as signed numbers; they are compared bit by bit.
"""


def main() -> int:
    """Run the matrix; 0 if all judges are content."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every N-th case, and no page is written")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    cases = all_cases()[:: options.every]
    with tempfile.TemporaryDirectory() as folder:
        context = get_context("spawn")  # numba's threads do not survive a fork
        with ProcessPoolExecutor(options.workers, context, _quiet, (folder,)) as pool:
            source_errors = dict(zip(SOURCES, pool.map(_of_source, SOURCES), strict=True))
            verdicts = []
            for verdict in pool.map(_of_case, cases, chunksize=4):
                verdicts.append(verdict)
                for line in verdict.failed:
                    print(f"\n{verdict.case.id}: {line}", flush=True)
                if sys.stderr.isatty():
                    print(f"\r{len(verdicts)} of {len(cases)}", end="", file=sys.stderr, flush=True)
    broken = [f"source {name}: {line}" for name, lines in source_errors.items() for line in lines]
    for line in broken:
        print(line)
    if options.every == 1:
        PAGE.write_text(page(verdicts), encoding="utf-8")
    failed = sum(bool(verdict.failed) for verdict in verdicts)
    print(f"{len(verdicts)} objects, {failed} with an objection, {len(broken)} objections to the sources")
    return 1 if failed or broken else 0


_folder: Path


def _quiet(folder: str) -> None:
    """Give each worker a folder of its own; highdicom and pydicom warn about what is meant here."""
    global _folder
    warnings.simplefilter("ignore")
    _folder = Path(folder) / str(os.getpid())
    _folder.mkdir()


def _of_case(case: Case) -> Verdicts:
    return judge_case(case, _folder)


def _of_source(name: str) -> list[str]:
    return judge_sources(name, _folder)


# ---- the page ----------------------------------------------------------------------------------------


def page(verdicts: list[Verdicts]) -> str:
    """The whole page: no dates and no timings, so that a change in it is a change in the results."""
    head = _HEAD.format(
        sources="; ".join(f"{source(name).title} (`{name}`)" for name in SOURCES),
        types=", ".join(TYPES[:-1]) + " (8 and 16 bits)",
        syntaxes=", ".join(SYNTAXES),
    )
    reasons = Counter(v.unsupported["dcmqi"] for v in verdicts if "dcmqi" in v.unsupported)
    groups: list[tuple[str, Callable[[Case], str], Iterable[str]]] = [
        ("source", lambda c: c.source, SOURCES),
        ("type", lambda c: c.type, TYPES),
        ("transfer syntax", lambda c: c.syntax, SYNTAXES),
        ("organisation", lambda c: c.organisation or "any", ("any", "3D", "TILED_SPARSE", "TILED_FULL")),
        ("empty frames", lambda c: "omitted" if c.omit_empty else "kept", ("omitted", "kept")),
        ("mask given as", lambda c: c.style, sorted({v.case.style for v in verdicts})),
    ]
    tables = [_table(title, key, names, verdicts) for title, key, names in groups]
    failures = [f"- `{v.case.id}`: {line}" for v in verdicts for line in v.failed]
    return "\n".join(
        [
            head,
            f"**{len(verdicts)} objects; {sum(bool(v.failed) for v in verdicts)} with an objection.**\n",
            *(["## Objections\n", *failures, ""] if failures else []),
            "A cell says how many objects the judge took, and how many of them it objected to, if any.\n",
            *tables,
            _TAIL.format(
                reasons="\n".join(f"- {reason}: {n} objects" for reason, n in sorted(reasons.items()))
            ),
        ]
    )


def _table(title: str, key: Callable[[Case], str], names: Iterable[str], verdicts: list[Verdicts]) -> str:
    lines = [
        f"## By {title}\n",
        f"| {title} | objects | {' | '.join(JUDGES)} |",
        "|---|" + "---:|" * (len(JUDGES) + 1),
    ]
    for name in names:
        group = [v for v in verdicts if key(v.case) == name]
        lines.append(f"| {name} | {len(group)} | {' | '.join(_cell(group, judge) for judge in JUDGES)} |")
    return "\n".join(lines) + "\n"


def _cell(group: list[Verdicts], judge: str) -> str:
    asked = [v for v in group if judge not in v.unsupported]
    against = sum(bool(v.errors.get(judge)) for v in asked)
    if not asked:
        return "-"
    return f"{len(asked)}" if not against else f"{len(asked)}, **{against} wrong**"


if __name__ == "__main__":
    raise SystemExit(main())
