"""How many conditions of each IOD are predicates; ``python -m tools.coverage`` writes docs/conditions.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from dicomposer import standard
from dicomposer.standard import Attribute, Condition, NotEvaluated

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conditions.md"
KINDS = ("evaluated", "in part", "not evaluable", "not worked through")

_HEAD = """\
# Conditions of each IOD

Written by `python -m tools.coverage`; do not edit. Counted are the conditions of modules and functional groups of usage
C, and of attributes of types 1C and 2C wherever they stand (those of a code sequence count in each). *evaluated*: a
predicate decides from the dataset; *in part*: a predicate decides some cases, others hang on what no dataset tells;
*not evaluable*: nothing in the dataset tells, and the finding says why; *not worked through*: a finding says so.
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


def page() -> str:
    """The whole page."""
    lines = [_HEAD, "| IOD | " + " | ".join(KINDS) + " | total |", "|---" * 6 + "|"]
    for key in standard.iods():
        counts = Counter(kind(condition) for condition in conditions(standard.iod(key)))
        lines.append(f"| {key} | " + " | ".join(str(counts[one]) for one in KINDS) + f" | {counts.total()} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
