"""How many faults of reports against their templates are named, in the right place; writes docs/report-mutations.md.

``python -m tools.report_mutations`` breaks the good reports of the tests in one place each: 240 mutants by a seed,
evenly over kinds of faults and reports. A fault counts as named if an error or a warning stands at the path at which
the report was broken. ``--seed N`` takes others, ``--count N`` more; ``--verbose`` prints what was missed.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "report-mutations.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

from tests.validation.report_mutations import COUNT, SEED, Outcome, outcomes, said  # noqa: E402


def _table(head: str, names: Sequence[str], found: Sequence[tuple[str, bool]]) -> list[str]:
    made, named = Counter(name for name, _ in found), Counter(name for name, good in found if good)
    lines = [f"| {head} | mutants | named |", "| --- | ---: | ---: |"]
    return lines + [f"| {name} | {made[name]} | {named[name]} |" for name in names if made[name]]


def page(found: Sequence[Outcome], seed: int) -> str:
    """The page as Markdown."""
    named = sum(one.named for one in found)
    faults = list(dict.fromkeys(one.fault for one in found))
    reports = sorted({one.subject for one in found})
    missed = [
        f"- {one.subject}: {one.fault}, expected at `{one.expected[0]}`" for one in found if not one.named
    ]
    return "\n".join(
        [
            "# Seeded faults of reports",
            "",
            "Good reports are broken in one place each, and judged by the templates of PS3.16 alone. A fault is",
            "*named* if an error or a warning stands at that very path (for a template that no table has: that it was",
            "not looked at). Reports named by a template are made from its table; the others are as our constructors",
            "write them. Written by `python -m tools.report_mutations`; a test holds the figures.",
            "",
            f"{len(found)} mutants of {len(reports)} reports, {len(faults)} kinds of faults, seed {seed}:"
            f" **{named} named at the right path ({100 * named / len(found):.1f} %)**.",
            "",
            *_table("fault", faults, [(one.fault, one.named) for one in found]),
            "",
            *_table("report", reports, [(one.subject, one.named) for one in found]),
            "",
            *(["## What was missed", "", *missed, ""] if missed else []),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    found = list(outcomes(options.count, options.seed))
    for one in found if options.verbose else ():
        if not one.named:
            print(f"{one.subject} / {one.fault}: {', '.join(one.expected)}", *said(one), sep="\n    ")
    named = sum(one.named for one in found)
    print(f"{len(found)} mutants, {named} named, {100 * named / len(found):.1f} %")
    if (options.seed, options.count) == (SEED, COUNT):
        PAGE.write_text(page(found, options.seed), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
