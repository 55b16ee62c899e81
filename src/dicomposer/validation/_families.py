"""All rules: the families, which register theirs when they are imported."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dicomposer.validation import _rules
from dicomposer.validation._rules import STANDARD, Rule
from dicomposer.validation.content import _content_rules
from dicomposer.validation.families import (
    _annotations,
    _dimensions,
    _display,
    _documents,
    _geometry,
    _inventory,
    _kinds,
    _laterality,
    _meta,
    _multiframe,
    _order,
    _parametric,
    _pixels,
    _presentation,
    _private,
    _references,
    _registration,
    _segments,
    _structure_set,
    _tiles,
    _waveform,
)
from dicomposer.validation.profiles import _air, _viewers

__all__ = ["FAMILIES", "registered"]

#: In the order in which their findings are listed, those of one level.
FAMILIES = (
    _inventory,
    _content_rules,
    _annotations,
    _dimensions,
    _display,
    _documents,
    _geometry,
    _kinds,
    _laterality,
    _meta,
    _multiframe,
    _order,
    _parametric,
    _pixels,
    _presentation,
    _private,
    _air,
    _references,
    _registration,
    _segments,
    _structure_set,
    _tiles,
    _waveform,
    *_viewers.FAMILIES,
)
_PLACES = {family.__name__: place for place, family in enumerate(FAMILIES)}


def registered(profiles: Collection[str] | None = None) -> Iterator[Rule]:
    """Rules in the order of the families: all, or those of the standard and of certain profiles."""
    wanted = None if profiles is None else {STANDARD, *profiles}
    rules = [one for one in _rules.RULES.values() if wanted is None or one.profile in wanted]
    # Not that of the registrations: which family was imported first hangs on what was asked for first
    return iter(sorted(rules, key=lambda one: _PLACES.get(one.check.__module__, len(_PLACES))))
