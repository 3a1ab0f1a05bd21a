"""Mistakes in statements: a missing `return` or import, a mutable default, wrong indentation."""

import ast
from collections.abc import Iterator

from cot_magic.faults.mistakes import Replacement
from cot_magic.faults.operator import CellCode, Change, Functions, Operator

_EMPTY = frozenset({"[]", "{}", "list()", "dict()", "set()"})
_LOOPS = (ast.For, ast.While, ast.AsyncFor)


def lost_return(code: CellCode) -> Iterator[Change]:
    """`return total` becomes `total`."""
    for node in code.nodes(ast.Return):
        if node.value is not None and not isinstance(node.value, ast.Constant):
            yield code.between(code.start(node), code.start(node.value), "")


def lost_import(code: CellCode) -> Iterator[Change]:
    """An import is left out of a cell that has other statements, or one name out of an import."""
    for node in code.nodes(ast.Import, ast.ImportFrom):
        assert isinstance(node, ast.Import | ast.ImportFrom)
        others = code.tree is not None and len(code.tree.body) > 1
        named = node.names[0]
        if others and len(node.names) == 1 and named.name != "*" and code.alone(node):
            yield _without_lines(code, node)
        elif len(node.names) > 1 and node.lineno == node.end_lineno:
            last, before = node.names[-1], node.names[-2]
            begin = code.line_start(node.lineno) + (before.end_col_offset or 0)
            end = code.line_start(node.lineno) + (last.end_col_offset or 0)
            if code.line(node.lineno).isascii():
                yield code.between(begin, end, "")


def shared_defaults(code: CellCode) -> Iterator[Change]:
    """`def add(x, to=None)` with a guard for None becomes `def add(x, to=[])` without it."""
    for function in code.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(function, Functions)
        for default, guard, empty in _guarded(code, function):
            if len(function.body) < 2 or guard.end_lineno is None:
                continue
            begin, end = code.line_start(guard.lineno), code.line_start(guard.end_lineno + 1)
            yield code.change(
                Replacement(start=code.start(default), end=code.end(default), new=empty),
                Replacement(start=begin, end=end, new=""),
            )


def wrong_level(code: CellCode) -> Iterator[Change]:
    """The statement after a loop moves into it, or the last statement of a loop moves out of it."""
    for loop in code.nodes(*_LOOPS):
        assert isinstance(loop, _LOOPS)
        below = _next(code, loop)
        depth, inner = loop.col_offset, loop.body[0].col_offset
        if below is not None and code.alone(below) and inner > depth:
            begin = code.line_start(below.lineno)
            yield code.between(begin, begin + below.col_offset, " " * inner)
        last = loop.body[-1]
        movable = not isinstance(last, ast.Continue | ast.Break | ast.Pass)
        if len(loop.body) > 1 and not loop.orelse and code.alone(last) and movable:
            begin = code.line_start(last.lineno)
            yield code.between(begin, begin + last.col_offset, " " * depth)


def _guarded(code: CellCode, function: Functions) -> Iterator[tuple[ast.expr, ast.If, str]]:
    """Yield each None default, the statement that replaces it with an empty container, and that container."""
    given = (*function.args.posonlyargs, *function.args.args)
    pairs = zip(reversed(given), reversed(function.args.defaults), strict=False)
    nones = {item.arg: default for item, default in pairs if isinstance(default, ast.Constant)}
    for statement in function.body:
        if not isinstance(statement, ast.If) or statement.orelse or len(statement.body) != 1:
            continue
        test, assign = statement.test, statement.body[0]
        if not isinstance(assign, ast.Assign) or not isinstance(assign.targets[0], ast.Name):
            continue
        name, text = assign.targets[0].id, code.piece(assign.value)
        if name in nones and ast.unparse(test) == f"{name} is None" and text in _EMPTY:
            yield nones[name], statement, text


def _next(code: CellCode, node: ast.stmt) -> ast.stmt | None:
    """Return the next statement at the same level."""
    around = code.parent(node)
    body = getattr(around, "body", None)
    if not isinstance(body, list) or node not in body or node is body[-1]:
        return None
    following: ast.stmt = body[body.index(node) + 1]
    return following


def _without_lines(code: CellCode, node: ast.stmt) -> Change:
    return code.between(code.line_start(node.lineno), code.line_start((node.end_lineno or 0) + 1), "")


OPERATORS = (
    Operator(
        kind="return",
        lesson="A function computes its result but does not return it, so callers get None.",
        find=lost_return,
    ),
    Operator(kind="import", lesson="A name is used that was not imported.", find=lost_import),
    Operator(
        kind="mutable-default",
        lesson="A default value is created once, when the function is defined; a list or dict used as a "
        "default is shared by all calls.",
        find=shared_defaults,
    ),
    Operator(
        kind="indentation",
        lesson="A line is indented one level too much or too little, so it runs in every iteration of the "
        "loop, or only once.",
        find=wrong_level,
    ),
)
