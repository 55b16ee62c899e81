"""How many faults in good objects the validator names, in the right place; writes docs/mutations.md.

``python -m tools.mutations`` breaks every good object of the tests in every way that applies to it, and takes 600 of
these mutants by a seed, evenly over the objects. A mutant counts as named if an error or a warning stands at the path
at which it was broken. dciodvfy is shown the same 600 files; it counts if it finds any error. ``--seed N`` takes
others, ``--all`` scores all, ``--no-judge`` leaves dciodvfy out, ``--verbose`` prints what was missed.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "mutations.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

from tests.validation.mutations import ALL, COUNT, Outcome, score  # noqa: E402


def _line(name: str, outcomes: Sequence[Outcome]) -> str:
    named = sum(one.named for one in outcomes)
    cells = [name, str(len(outcomes)), str(named), f"{100 * named / len(outcomes):.1f} %"]
    judged = [one.judge for one in outcomes if one.judge is not None]
    if judged:
        cells.append(str(sum(judged)))
    return f"| {' | '.join(cells)} |"


def page(outcomes: Sequence[Outcome], total: Sequence[Outcome], seed: int) -> str:
    """The page as Markdown."""
    named = sum(one.named for one in outcomes)
    judged = sum(bool(one.judge) for one in outcomes)
    by_subject: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_subject[one.subject].append(one)
    kinds = len({one.mutation for one in outcomes})
    everything = sum(one.named for one in total)
    lines = [
        "# Seeded faults",
        "",
        "Good objects, clean by our validator and by dciodvfy, are broken in one place each. A fault is *named* if an",
        "error or a warning stands at that very path (an advice, where the fault is legal: a retired attribute, one of",
        "another kind of object). Written by `python -m tools.mutations`; a test holds the figures.",
        "",
        f"- {len(outcomes)} mutants of {len(by_subject)} objects, {kinds} of {len(ALL)} kinds of faults, seed {seed}:"
        f" **{named} named at the right path ({100 * named / len(outcomes):.1f} %)**.",
        f"- dciodvfy finds an error in {judged} of the same {len(outcomes)} files"
        f" ({100 * judged / len(outcomes):.1f} %), wherever it stands.",
        f"- Every fault on every object it applies to: {len(total)} mutants,"
        f" {everything} named ({100 * everything / len(total):.1f} %).",
        "",
        "| object | mutants | named | | dciodvfy |",
        "| --- | ---: | ---: | ---: | ---: |",
        *[_line(name, found) for name, found in sorted(by_subject.items())],
        "",
        "## What was missed",
        "",
        "Of all mutants, by kind of fault:",
        "",
        "| fault | missed | of | objects |",
        "| --- | ---: | ---: | --- |",
    ]
    tried = Counter(one.mutation for one in total)
    missed: dict[str, list[str]] = defaultdict(list)
    for one in total:
        if not one.named:
            missed[one.mutation].append(one.subject)
    for name, subjects in sorted(missed.items(), key=lambda pair: -len(pair[1])):
        shown = ", ".join(subjects[:4]) + (", ..." if len(subjects) > 4 else "")
        lines.append(f"| {name} | {len(subjects)} | {tried[name]} | {shown} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="print the score of all mutants only")
    parser.add_argument("--no-judge", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    total = score(seed=options.seed, count=None)
    outcomes = [] if options.all else score(seed=options.seed, count=COUNT, judge=not options.no_judge)
    if options.verbose:
        for one in total:
            if not one.named:
                found = "".join(f"\n    {finding}" for finding in one.findings)
                print(f"{one.subject} / {one.mutation}: {', '.join(one.expected)}{found}")
    for name, each in (("all", total), ("sample", outcomes)):
        if each:
            named = sum(one.named for one in each)
            print(f"{name}: {len(each)} mutants, {named} named, {100 * named / len(each):.1f} %")
    if outcomes and not options.no_judge:
        PAGE.write_text(page(outcomes, total, options.seed), "utf-8")
        print(f"dciodvfy: {sum(bool(one.judge) for one in outcomes)} of {len(outcomes)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
