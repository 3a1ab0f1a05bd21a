"""Values of expressions in the failing frame, calls included; each expression is evaluated at most once."""

import ast
import builtins
import copy
import io
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from cot_magic.autopsy.alarm import OutOfTime

UNKNOWN: Any = type("Unknown", (), {"__repr__": lambda _: "UNKNOWN"})()
"""Stands for a value that could not be had."""
_FILE = "<cot autopsy>"
_WHOLE = (
    ast.BoolOp,
    ast.IfExp,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.JoinedStr,
)
"""Expressions whose parts are not all evaluated, or in another scope."""
_NEVER = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
_CHANGING_NAMES = """
    append extend insert pop popitem popleft appendleft remove add discard update clear sort reverse
    setdefault send throw close write writelines read readline readlines execute executemany commit
    fetchone fetchall fetchmany next __next__ seek shuffle seed to_csv to_excel to_parquet to_sql
    savefig show unlink mkdir rename run start fit fit_transform fit_predict partial_fit input system
    sleep
"""
CHANGING = frozenset(_CHANGING_NAMES.split())
"""Functions and methods whose second call would do or give something else, or take long."""


@dataclass(slots=True)
class Evaluation:
    """The expressions of one frame and what they gave.

    `raised` has the exceptions of expressions that raised, by the place of the node.
    """

    frame: types.FrameType
    raised: dict[int, BaseException] = field(default_factory=dict)
    _known: dict[int, tuple[ast.expr, Any]] = field(default_factory=dict)  # by the place of the node
    _names: dict[str, Any] | None = None

    @property
    def names(self) -> dict[str, Any]:
        """Local names before global ones."""
        if self._names is None:
            self._names = {**self.frame.f_globals, **self.frame.f_locals}
        return self._names

    def name(self, name: str) -> Any:
        """The value of a name; UNKNOWN if it is not bound."""
        return self.names.get(name, vars(builtins).get(name, UNKNOWN))

    def value(self, node: ast.AST | None) -> Any:
        """The value of an expression, or UNKNOWN if it raises, would change something, or is not known."""
        if not isinstance(node, ast.expr):
            return UNKNOWN
        if id(node) not in self._known:
            self._known[id(node)] = node, UNKNOWN  # if time runs out in it, it is not tried again
            self._known[id(node)] = node, self._evaluated(node)
        return self._known[id(node)][1]

    def prepared(self, node: ast.expr, places: Sequence[ast.expr]) -> Callable[..., Any]:
        """A function of values for some parts of the expression, and perhaps of other names than the frame's.

        It returns what the expression then gives, or the exception that it raises. Nothing is remembered, and
        calls that change something are made: what they change is thrown away.
        """
        names_of = {id(part): f"_cot_part_{number}" for number, part in enumerate(places)}
        whole = _Replacing(names_of).visit(node)
        code = compile(ast.fix_missing_locations(ast.Expression(body=whole)), _FILE, "eval")

        def run(values: Sequence[Any], names: Mapping[str, Any] | None = None) -> Any:
            given = dict(zip(names_of.values(), values, strict=True))
            try:
                with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                    return eval(code, {**(names or self.names), **given})  # noqa: S307 - in a confined copy
            except OutOfTime:
                raise
            except BaseException as error:  # the person's code may raise anything, also SystemExit
                return error

        return run

    def _evaluated(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self.name(node.id)
            case ast.Starred() | ast.Slice():
                return UNKNOWN
        if any(isinstance(part, _NEVER) for part in ast.walk(node)) or changes(node):
            return UNKNOWN
        names = dict(self.names)
        whole: Any = copy.copy(node)
        if not isinstance(node, _WHOLE) and not self._filled(whole, names):
            return UNKNOWN
        return self._run(node, whole, names)

    def _run(self, node: ast.expr, whole: Any, names: dict[str, Any]) -> Any:
        try:
            code = compile(ast.fix_missing_locations(ast.Expression(body=whole)), _FILE, "eval")
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                return eval(code, names)  # noqa: S307 - in a confined copy
        except OutOfTime:
            raise
        except BaseException as error:  # the person's code may raise anything, also SystemExit
            self.raised[id(node)] = error
            return UNKNOWN

    def _filled(self, whole: Any, names: dict[str, Any]) -> bool:
        """Put the values of its parts in place of them; False if one of them is not known."""
        for name, part in list(ast.iter_fields(whole)):
            if isinstance(part, ast.expr):
                replaced = self._placed(part, names)
                if replaced is None:
                    return False
                setattr(whole, name, replaced)
            elif isinstance(part, list):
                items = [self._placed(item, names) for item in part]
                if None in items and any(
                    item is None and old is not None for item, old in zip(items, part, strict=True)
                ):
                    return False
                setattr(whole, name, items)
        return True

    def _placed(self, part: Any, names: dict[str, Any]) -> Any:
        match part:
            case ast.keyword():
                inner = self._placed(part.value, names)
                return None if inner is None else ast.keyword(arg=part.arg, value=inner)
            case ast.Starred():
                inner = self._placed(part.value, names)
                return None if inner is None else ast.Starred(value=inner, ctx=ast.Load())
            case ast.Slice() | ast.Tuple() if not isinstance(part, ast.Tuple) or any(
                isinstance(item, ast.Slice | ast.Starred) for item in part.elts
            ):
                whole: Any = copy.copy(part)
                return whole if self._filled(whole, names) else None
            case ast.expr():
                value = self.value(part)
                if value is UNKNOWN:
                    return None
                if isinstance(part, ast.Constant):
                    return ast.Constant(value=part.value)
                name = f"_cot_{len(names)}"
                names[name] = value
                return ast.Name(id=name, ctx=ast.Load())
        return part


class _Replacing(ast.NodeVisitor):
    """A copy of an expression in which some parts are names."""

    def __init__(self, places: Mapping[int, str]) -> None:
        self._places = places

    def visit(self, node: ast.AST) -> Any:
        if id(node) in self._places:
            return ast.Name(id=self._places[id(node)], ctx=ast.Load())
        whole = copy.copy(node)
        for name, part in ast.iter_fields(node):
            if isinstance(part, ast.AST):
                setattr(whole, name, self.visit(part))
            elif isinstance(part, list):
                copies = [self.visit(item) if isinstance(item, ast.AST) else item for item in part]
                setattr(whole, name, copies)
        return whole


def changes(node: ast.AST) -> bool:
    """Whether a call in the expression has a name of `CHANGING`."""
    return any(called_name(part) in CHANGING for part in ast.walk(node) if isinstance(part, ast.Call))


def called_name(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def parts(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions in a node that are evaluated in its own scope, inner ones first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.keyword):
            child = child.value
        if isinstance(child, ast.expr | ast.comprehension) and not isinstance(
            node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
        ):
            yield from parts(child)
    if isinstance(node, ast.expr) and not isinstance(node, ast.Starred | ast.Slice):
        yield node
