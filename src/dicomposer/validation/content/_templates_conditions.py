"""Conditions of template rows (MC, UC) on the content items of a report."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from dicomposer.standard import (
    AllItems,
    AnyItems,
    ItemCount,
    ItemPath,
    ItemPattern,
    ItemValue,
    NumberComparison,
    TemplateCondition,
)
from dicomposer.validation.content._content import Node
from dicomposer.validation.content._templates_model import Code, Fact, today
from dicomposer.validation.content._templates_shapes import Shapes

__all__ = ["Conditions"]

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
#: Depth above the root: what hangs on numbers is never taken from another item of the same shape.
NOWHERE = -1


class Conditions:
    """Evaluates conditions on one report.

    Attributes
    ----------
    outermost : int
        Depth of the outermost item that was looked at since it was last set; :data:`NOWHERE` if values mattered that
        shapes do not tell.
    """

    def __init__(self, root: Node, shapes: Shapes) -> None:
        self._root = root
        self._shapes = shapes
        self._anywhere: dict[int, list[Node]] = {}
        self.outermost = 0

    def holds(self, condition: TemplateCondition, holder: Node) -> bool | None:
        """Whether a condition holds for a row below an item; None if it cannot be told."""
        if isinstance(condition, AllItems | AnyItems):
            truths = [self.holds(term, holder) for term in condition.terms]
            decisive = isinstance(condition, AnyItems)
            if decisive in truths:
                return decisive
            return None if None in truths else not decisive
        if isinstance(condition, ItemCount):
            found = self._find(condition.path, holder)
            return None if found is None else _OPERATORS[condition.operator](len(found), condition.number)
        if isinstance(condition, ItemValue):
            place = self._above(holder, condition.up)
            return None if place is None else _meets(self._shapes.fact(place).value, condition.values)
        return self._compare(condition, holder)

    def _compare(self, condition: NumberComparison, holder: Node) -> bool | None:
        left = self._number(condition.left, holder)
        right = condition.right
        other = self._number(right, holder) if isinstance(right, ItemPath) else right
        self.outermost = NOWHERE
        if left is None or other is None:
            return None
        return _OPERATORS[condition.operator](left, other)

    def _number(self, path: ItemPath, holder: Node) -> float | None:
        found = self._find(path, holder)
        measured = found[0].item.items("MeasuredValueSequence") if found else []
        return measured[0].number("NumericValue") if measured else None

    def _above(self, holder: Node, up: int) -> Node | None:
        place: Node | None = holder
        for _ in range(up):
            place = place.parent if place is not None else None
        if place is not None:
            self.outermost = min(self.outermost, place.depth)
        return place

    def _find(self, path: ItemPath, holder: Node) -> Sequence[Node] | None:
        if path.up is None:
            self.outermost = min(self.outermost, 0)
            known = self._anywhere.get(id(path))
            if known is None:
                every = self._descendants()
                known = self._anywhere[id(path)] = self._follow(every, path.steps)
            return known
        place = self._above(holder, path.up)
        return None if place is None else self._follow(place.children, path.steps)

    def _descendants(self) -> list[Node]:
        found = [self._root]
        for node in found:
            found += node.children
        return found

    def _follow(self, nodes: Iterable[Node], steps: tuple[ItemPattern, ...]) -> list[Node]:
        fact = self._shapes.fact
        found = [node for node in nodes if _matches(fact(node), steps[0])] if steps else []
        for step in steps[1:]:
            found = [child for node in found for child in node.children if _matches(fact(child), step)]
        return found


@cache
def _codes(pairs: tuple[tuple[str, str], ...]) -> Code:
    return frozenset(one for scheme, value in pairs for one in today(value, scheme))


def _meets(code: Code, pairs: tuple[tuple[str, str], ...]) -> bool:
    return not _codes(pairs).isdisjoint(code)


def _matches(fact: Fact, pattern: ItemPattern) -> bool:
    return (
        fact.by_reference == pattern.by_reference
        and (not pattern.value_type or fact.value_type == pattern.value_type)
        and (not pattern.relationship or fact.relationship == pattern.relationship)
        and (not pattern.concepts or _meets(fact.name, pattern.concepts))
        and (not pattern.values or _meets(fact.value, pattern.values))
        and (not pattern.excluded or not _meets(fact.value, pattern.excluded))
    )
