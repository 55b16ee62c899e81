"""The notation in which conditions are written by hand, and its translation to the codes of the package data.

A Python expression, read with :mod:`ast` and never run::

    PixelSpacing                          the attribute is present
    filled(PixelSpacing)                  ... and has a value
    ImageType[1] == 'ORIGINAL'            value 1 (counted from 1, as in the standard); several: in ('A', 'B')
    ImageType[1] != 'DERIVED'             it has a value 1, and that is not DERIVED; several: not in (...)
    NumberOfFrames > 1                    numeric
    count(SegmentSequence) > 1            number of values or items
    Sequence.Attribute                    in any item
    item.Attribute                        of the same item only (a plain name is also looked for further out)
    root.Attribute / outer.Attribute      of the data set / of the enclosing item
    frame.Attribute                       in the functional groups of the frame
    module('contrast-bolus')              the module is present
    unknown('why')                        no data set tells
    a and b, a or b, not a
    DimensionIndexPointer in some_name    one of a list of values that the caller gives under that name

after which may stand ``; may`` (may be present otherwise) or ``; may if <expression>``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

Code = list[Any]
Names = Mapping[str, Sequence[Any]]


def parse(text: str, names: Names | None = None) -> tuple[Code, bool | Code]:
    """(predicate, otherwise) of a condition in that notation; SyntaxError or ValueError if it is none."""
    main, _, rest = text.partition(";")
    rest = rest.strip()
    if rest and rest != "may" and not rest.startswith("may if "):
        raise ValueError(f"after ';' stands {rest!r}")
    otherwise: bool | Code = rest == "may"
    if rest.startswith("may if "):
        otherwise = _code(rest.removeprefix("may if "), names or {})
    return _code(main, names or {}), otherwise


def _code(text: str, names: Names) -> Code:
    return _translate(ast.parse(text.strip(), mode="eval").body, names)


def _translate(node: ast.expr, names: Names) -> Code:
    match node:
        case ast.BoolOp(op=op, values=values):
            return ["&" if isinstance(op, ast.And) else "|", *(_translate(value, names) for value in values)]
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return ["!", _translate(part, names)]
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _comparison(left, op, right, names)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _call(name, argument)
        case ast.Name() | ast.Attribute():
            return ["+", _path(node)]
    raise ValueError(f"not a predicate: {ast.unparse(node)}")


def _call(name: str, argument: ast.expr) -> Code:
    match name:
        case "filled":
            return ["++", _path(argument)]
        case "module":
            return ["+", "@module." + ast.literal_eval(argument)]
        case "unknown":
            return ["?", ast.literal_eval(argument)]
    raise ValueError(f"no function {name!r}")


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr, names: Names) -> Code:
    if isinstance(right, ast.Name) and right.id in names:
        value: Any = names[right.id]
    else:
        value = ast.literal_eval(right)
    if isinstance(left, ast.Call) and ast.unparse(left.func) == "count" and isinstance(op, ast.Gt):
        return ["#", _path(left.args[0]), value]
    index = None
    if isinstance(left, ast.Subscript):
        index = ast.literal_eval(left.slice) - 1
        left = left.value
    match op:
        case ast.Eq() | ast.NotEq():
            return ["=" if isinstance(op, ast.Eq) else "!=", _path(left), [value], index]
        case ast.In() | ast.NotIn():
            return ["=" if isinstance(op, ast.In) else "!=", _path(left), list(value), index]
        case ast.Gt() | ast.Lt():
            return [">" if isinstance(op, ast.Gt) else "<", _path(left), value, index]
    raise ValueError(f"no comparison {ast.unparse(left)} {op}")


def _path(node: ast.expr) -> str:
    words = ast.unparse(node).split(".")
    prefix = {"root": "/", "item": "./", "outer": "../", "frame": "@frame."}.get(words[0])
    path = ".".join(words) if prefix is None else prefix + ".".join(words[1:])
    if not all(word.isidentifier() for word in words):
        raise ValueError(f"not a reference: {path}")
    return path


def references(code: Any) -> list[str]:
    """Every reference in a code."""
    if not isinstance(code, list) or not code:
        return []
    if code[0] in ("+", "++", "=", "!=", ">", "<", "#"):
        return [code[1]]
    return [path for part in code[1:] for path in references(part)]
