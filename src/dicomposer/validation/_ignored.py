"""Patterns of findings to leave out: those that name no rule are mistyped, and would leave out nothing."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from fnmatch import fnmatchcase
from functools import cache

from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.validation._families import registered

__all__ = ["check_ignored", "known_rules"]

#: Rules that are no functions of a family: presence, values, codes, groups, templates, what cannot be read.
_BUILT_IN = frozenset(
    """
    type-1 type-1c type-2 type-2c type-3 condition module-condition single-item item-count functional-group combinations
    value-form value-multiplicity value-representation encoding enumerated-value defined-term element-order
    damaged-file damaged-sequence readable not-checked sop-class content
    code-meaning coding-scheme context-group context-identifier retired-scheme unknown-code units
    fractional-value pixel-values stored-value undescribed-value
    sr-template sr-template-condition sr-template-graphic sr-template-item sr-template-missing sr-template-multiplicity
    sr-template-name sr-template-nesting sr-template-order sr-template-reference sr-template-relationship
    sr-template-root sr-template-unit sr-template-unknown sr-template-value sr-template-value-type air-root
    air-tracking-link
    """.split()
)


@cache
def known_rules() -> frozenset[str]:
    """Identifiers of all rules, of all profiles and on several files."""
    from dicomposer.validation.files import _entities, _links  # noqa: F401 - they register theirs
    from dicomposer.validation.files._collection import collection_rules

    return _BUILT_IN | {one.id for one in registered()} | {one.id for one in collection_rules()}


def check_ignored(ignore: Collection[str]) -> tuple[str, ...]:
    """The patterns, each of which names a rule.

    Parameters
    ----------
    ignore : Collection[str]
        Patterns as :meth:`Findings.without` takes them; one may be given as plain text.

    Raises
    ------
    ArgumentError
        If a pattern names no rule; with near ones.
    ArgumentTypeError
        If it is no text.
    """
    patterns = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ArgumentTypeError(f"ignore must hold names of rules, not {type(pattern).__name__}")
        name = pattern.partition("@")[0]
        if name in _BUILT_IN or any(fnmatchcase(rule, name) for rule in known_rules()):
            continue
        plain = name.partition(" ")[0].strip("*?").lower().replace("_", "-")
        near = difflib.get_close_matches(plain, sorted(known_rules()), n=3, cutoff=0.6)
        raise ArgumentError(
            f"ignore: {pattern!r} names no rule"
            + (
                f"; near: {', '.join(near)}"
                if near
                else "; the rule of a finding stands at the end of its line"
            )
        )
    return patterns
