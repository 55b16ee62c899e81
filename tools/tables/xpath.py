"""Conditions of the templates: from the XPath of the source to the structure that is packaged.

Read is what occurs there: counts of items at a path, with the concept, value and relationship that they have,
the value of an enclosing item, comparisons of numbers, joined by "and" and "or". Anything else is refused.
"""

from __future__ import annotations

import re
from typing import Any

Node = tuple[Any, ...]
_TOKENS = re.compile(r"\s*(//|\.\.|!=|>=|<=|[/()\[\]=<>]|@?[A-Za-z0-9]+|'[^']*')")
_PARTS = {"concept": "concepts", "value": "values"}


class UnreadableError(ValueError):
    """The text is outside of what is read."""


class Parser:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        text, place = text.strip(), 0
        while place < len(text):
            match = _TOKENS.match(text, place)
            if match is None:
                raise UnreadableError(text[place:])
            self.tokens.append(match.group(1))
            place = match.end()

    def parse(self) -> Node:
        """The whole text."""
        node = self._joined("or")
        if self.tokens:
            raise UnreadableError(self.tokens[0])
        return node

    def _take(self, *wanted: str) -> str | None:
        if self.tokens and (not wanted or self.tokens[0] in wanted):
            return self.tokens.pop(0)
        return None

    def _need(self, token: str) -> None:
        if self._take(token) is None:
            raise UnreadableError(f"no {token}")

    def _joined(self, word: str) -> Node:
        terms = [self._compared() if word == "and" else self._joined("and")]
        while self._take(word):
            terms.append(self._compared() if word == "and" else self._joined("and"))
        return terms[0] if len(terms) == 1 else (word, terms)

    def _compared(self) -> Node:
        left = self._primary()
        operator = self._take("=", "!=", ">", "<", ">=", "<=")
        return ("compare", operator, left, self._primary()) if operator else left

    def _primary(self) -> Node:
        if self._take("("):
            node = self._joined("or")
            self._need(")")
            return node
        if not self.tokens:
            raise UnreadableError("end")
        if self.tokens[0].startswith("'") or self.tokens[0].isdecimal():
            return ("literal", self.tokens.pop(0).strip("'"))
        if self._take("not"):
            return ("not", self._primary())
        if self.tokens[0] in ("count", "number"):
            word = self.tokens.pop(0)
            self._need("(")
            node = (word, self._path())
            self._need(")")
            return node
        return self._path()

    def _path(self) -> Node:
        up, anywhere, steps = 0, bool(self._take("//")), []
        while self._take(".."):
            up += 1
            self._need("/")
        while True:
            name = self._take()
            if name is None or not re.fullmatch(r"@?[A-Za-z0-9]+", name):
                raise UnreadableError(str(name))
            predicate = None
            if self._take("["):
                predicate = self._joined("or")
                self._need("]")
            steps.append((name, predicate))
            if not self._take("/"):
                return ("path", up, anywhere, steps)


def structure(text: str) -> list[Any]:
    """The packaged form of a condition; UnreadableError if it cannot be read."""
    return _truth(Parser(text).parse())


def _truth(node: Node) -> list[Any]:
    kind = node[0]
    if kind in ("and", "or"):
        code = _code_of(node)
        if code is not None:
            return ["=", code[0], [code[2]]]
        terms = [_truth(term) for term in node[1]]
        if kind == "or" and all(term[0] == "=" and term[1] == terms[0][1] for term in terms):
            return ["=", terms[0][1], modern([value for term in terms for value in term[2]])]
        return ["&" if kind == "and" else "|", *terms]
    if kind == "compare":
        return _comparison(*node[1:])
    if kind in ("path", "count"):
        return ["#", *_items(node if kind == "path" else node[1]), ">", 0]
    raise UnreadableError(kind)


def _comparison(operator: str, left: Node, right: Node) -> list[Any]:
    if left[0] == "count" and right[0] == "literal":
        return ["#", *_items(left[1]), operator, int(right[1])]
    if left[0] == "number" and right[0] in ("literal", "number"):
        other = float(right[1]) if right[0] == "literal" else _items(_owner(right[1]))
        return ["<>", *_items(_owner(left[1])), operator, other]
    raise UnreadableError(f"{left[0]} {operator} {right[0]}")


def _owner(path: Node) -> Node:
    """The path of the items of whose numbers `path` speaks."""
    _, up, anywhere, steps = path
    if len(steps) < 2 or steps[-1] != ("value", None):
        raise UnreadableError("number of what")
    return ("path", up, anywhere, steps[:-1])


def _items(path: Node) -> list[Any]:
    _, up, anywhere, steps = path
    return [-1 if anywhere else up, [_step(name, predicate) for name, predicate in steps]]


def _step(name: str, predicate: Node | None) -> dict[str, Any]:
    if name.startswith("@") or name in _PARTS:
        raise UnreadableError(name)
    facts = {} if predicate is None else _facts(predicate)
    return {"type": name.upper(), **facts}


def _facts(node: Node) -> dict[str, Any]:
    """What a predicate demands of an item."""
    code = _code_of(node)
    if code is not None:
        return {_PARTS[code[1]]: [code[2]]}
    kind = node[0]
    if kind == "not":
        inner = _facts(node[1])
        if inner.keys() == {"values"}:
            return {"excluded": inner["values"]}
    if (
        kind == "compare"
        and node[1] == "="
        and node[2][0] == "path"
        and node[2][3] == [("@relationship", None)]
    ):
        return {"relationship": node[3][1]}
    if kind == "or":
        excluded = _code_of(("and", node[1]), "!=")
        if excluded is not None and excluded[1] == "value":
            return {"excluded": [excluded[2]]}
        found = [_facts(term) for term in node[1]]
        if (
            len({tuple(facts) for facts in found}) == 1
            and len(found[0]) == 1
            and "relationship" not in found[0]
        ):
            (key,) = found[0]
            return {key: modern([code for facts in found for code in facts[key]])}
        raise UnreadableError("or")
    if kind == "and":
        merged: dict[str, Any] = {}
        for facts in map(_facts, _pairs(node[1])):
            if "excluded" in merged and "excluded" in facts:
                merged["excluded"] += facts["excluded"]
            elif merged.keys() & facts.keys():
                raise UnreadableError("and")
            else:
                merged |= facts
        return merged
    raise UnreadableError(kind)


def _pairs(terms: list[Node]) -> list[Node]:
    """Terms, those of one code (its value and its scheme) put together."""
    found: list[Node] = []
    left = list(terms)
    while left:
        if len(left) > 1 and _code_of(("and", left[:2])) is not None:
            found.append(("and", left[:2]))
            left = left[2:]
        else:
            found.append(left.pop(0))
    return found


def _code_of(node: Node, operator: str = "=") -> tuple[int, str, list[str]] | None:
    """(levels up, part, [scheme, value]) if the node says that a part of an item is that code."""
    if node[0] != "and" or len(node[1]) != 2:
        return None
    found: dict[str, tuple[int, str, str]] = {}
    for term in node[1]:
        if term[0] != "compare" or term[1] != operator or term[2][0] != "path" or term[3][0] != "literal":
            return None
        _, up, anywhere, steps = term[2]
        if anywhere or len(steps) != 2 or steps[0][0] not in _PARTS:
            return None
        found[steps[1][0]] = (up, steps[0][0], term[3][1])
    if found.keys() != {"@cv", "@csd"} or found["@cv"][:2] != found["@csd"][:2]:
        return None
    return (*found["@cv"][:2], [found["@csd"][2], found["@cv"][2]])


def modern(codes: list[list[str]]) -> list[list[str]]:
    """Alternatives without those of SRT, if there are others."""
    return [code for code in codes if code[0] != "SRT"] or codes
