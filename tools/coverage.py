"""How many conditions of each IOD are predicates; ``python -m tools.coverage`` writes docs/conditions.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dicomposer import standard
from dicomposer.standard import Attribute, Condition, NotEvaluated

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conditions.md"
KINDS = ("evaluated", "in part", "not evaluable", "not worked through")

_HEAD = """\
# Conditions of each IOD

Written by `python -m tools.coverage`; do not edit. What each number counts is said in [editions.md](editions.md).
*evaluated*: a predicate decides from the dataset; *in part*: a predicate decides some cases, others hang on what no
dataset tells; *not evaluable*: nothing in the dataset tells, and the finding says why; *not worked through*: nobody has
read the text yet (newer than the tables of 2020), and the finding says that. *%*: evaluated and in part, of the total.
"""


def kind(condition: Condition | None) -> str:
    """Which of `KINDS` a condition is."""
    if condition is None:
        return KINDS[3]
    if not condition.reason:
        return KINDS[0]
    return KINDS[2] if isinstance(condition.predicate, NotEvaluated) else KINDS[1]


def conditions(iod: standard.IOD) -> Iterator[Condition | None]:
    """Every condition of an IOD, at each place where it stands."""
    for usage in iod.modules:
        if usage.usage == "C":
            yield usage.condition
        yield from _below(usage.module.attributes)
    for group in iod.functional_groups:
        if group.usage == "C":
            yield group.condition
        yield from _below([group.attribute])


def _below(attributes: Sequence[Attribute]) -> Iterator[Condition | None]:
    for attribute in attributes:
        if attribute.type in ("1C", "2C"):
            yield attribute.condition
        yield from _below(attribute.items)


def _row(name: str, counts: Mapping[str, int], total: int) -> str:
    # rounded down, so that 100 means all
    share = 100 * (counts[KINDS[0]] + counts[KINDS[1]]) // total if total else 100
    return f"| {name} | " + " | ".join(str(counts[one]) for one in KINDS) + f" | {total} | {share} |"


def page() -> str:
    """The whole page."""
    rows, all_counts, distinct, places = [], Counter[str](), set[Condition](), 0
    for key in standard.iods():
        found = list(conditions(standard.iod(key)))
        counts = Counter(kind(condition) for condition in found)
        rows.append(_row(key, counts, len(found)))
        all_counts.update(counts)
        distinct.update(condition for condition in found if condition is not None)
        places += len(found)
    each = Counter(kind(condition) for condition in distinct)
    lines = [_HEAD, "| IOD | " + " | ".join(KINDS) + " | total | % |", "|---" * 7 + "|"]
    lines.append(_row(f"**all {len(rows)}**", all_counts, places))
    lines.append(_row("**different conditions**", each, each.total()))
    return "\n".join(lines + rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
