"""
Rules that users write as expressions over the fields of one message: `last >= ceiling * 0.99`.

Evaluated by simpleeval, and only what is listed here passes at all: fields, numbers, texts, None,
+ - * / %, comparisons, and, or, not, `a if b else c`, abs, min, max, round.
"""

import ast
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect
from simpleeval import InvalidExpression, SimpleEval

from schemas.alerts import AlertSide
from services.analytics.core.memory import Memory
from services.analytics.core.rules import Numbers, Text
from services.analytics.core.texts import fill

LONGEST = 500
_OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_FUNCTIONS = {"abs": abs, "min": min, "max": max, "round": round}
_NODES = (ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.BinOp, ast.Compare, ast.IfExp)
_LEAVES = (ast.Name, ast.Load, ast.Constant, *_OPERATORS)
_UNKNOWN = (TypeError, ZeroDivisionError, OverflowError)
"""What null, and a division by 0, make of an expression: it is unknown, so no alert."""


class _Fields:
    """The names of an expression: the fields of the message at hand."""

    __slots__ = ("message",)

    def __init__(self) -> None:
        self.message: Any = None

    def __getitem__(self, name: str) -> Any:
        return getattr(self.message, name)


class Expression:
    """
    A compiled expression over the fields of `kind`.

    Attributes:
        names: the fields in it, in their order.

    Raises:
        ValueError: it is none; the text says what is wrong with it.
    """

    def __init__(self, text: str, kind: type[msgspec.Struct]) -> None:
        self.text = text
        if len(text) > LONGEST:
            raise ValueError(f"an expression has at most {LONGEST} characters")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
            why = e.msg if isinstance(e, SyntaxError) else type(e).__name__
            raise ValueError(f"no expression: {why}") from e
        types = {f.name: f.type for f in inspect.type_info(kind).fields}  # type: ignore[attr-defined]
        self.names = _checked(self._tree, types)
        self._fields = _Fields()
        self._evaluator = SimpleEval(_OPERATORS, _FUNCTIONS, self._fields)
        self._try(kind, types)

    def value(self, message: Any) -> Any:
        """Its value; None where it is unknown."""
        self._fields.message = message
        try:
            return self._evaluator.eval(self.text, self._tree)
        except _UNKNOWN:
            return None

    def _try(self, kind: type[msgspec.Struct], types: Mapping[str, inspect.Type]) -> None:
        """With a value for every field, so that a text compared with a number is seen now."""
        samples = type("Sample", (), {name: _sample(t) for name, t in types.items()})
        self._fields.message = samples
        try:
            self._evaluator.eval(self.text, self._tree)
        except (TypeError, InvalidExpression) as e:
            raise ValueError(f"it cannot be computed from {kind.__name__}: {e}") from e
        except (ZeroDivisionError, OverflowError):
            return


def _checked(tree: ast.AST, types: Mapping[str, inspect.Type]) -> tuple[str, ...]:
    """The fields; ValueError for whatever else stands there."""
    names: dict[str, None] = {}
    functions = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
                raise ValueError(f"the functions are {', '.join(_FUNCTIONS)}")
            if node.keywords:
                raise ValueError("a function takes values without names")
            functions.add(id(node.func))
        elif isinstance(node, ast.Constant):
            if type(node.value) not in (int, float, str, bool, type(None)):
                raise ValueError(f"{node.value!r} is neither a number nor a text")
        elif not isinstance(node, (*_NODES, *_LEAVES)):
            raise ValueError(f"{type(node).__name__} is not allowed here")  # noqa: TRY004  pydantic's
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in functions:
            if node.id not in types:
                raise ValueError(f"there is no field {node.id!r}; there are {', '.join(types)}")
            names[node.id] = None
    return tuple(names)


def _sample(kind: inspect.Type) -> Any:
    if isinstance(kind, inspect.UnionType):
        kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
    match kind:
        case inspect.IntType() | inspect.FloatType():
            return 1
        case inspect.BoolType():
            return True
        case inspect.StrType() | inspect.LiteralType():
            return "x"
    return None


@dataclass(frozen=True)
class Holds:
    """1 while the expression holds, else 0; None while it is unknown."""

    expression: Expression
    types: tuple[type[Any], ...]
    rule: str
    text_vi: str | None
    text_en: str | None
    remembers: None = None

    def value(self, message: Any, memory: Memory | None) -> float | None:
        del memory
        found = self.expression.value(message)
        return None if found is None else float(bool(found))

    def numbers(self, message: Any, value: float, memory: Memory) -> Numbers:
        del value, memory
        found = {name: getattr(message, name) for name in self.expression.names}
        return {k: v for k, v in found.items() if isinstance(v, int | float)}

    def text(self, message: Any, side: AlertSide, numbers: Numbers) -> Text:
        del message, side
        vi, en = self.text_vi, self.text_en
        return fill(vi or en or self.rule, numbers)[0], fill(en or vi or self.rule, numbers)[1]
