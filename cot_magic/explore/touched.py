"""What the lines of a source read or write that tasks and threads could share; for traces."""

import ast
import linecache
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cot_magic.core.schedules import TraceStep

_CHANGERS = {
    "list": "append appendleft extend insert pop popleft remove clear",
    "dict": "popitem update setdefault",
    "set": "add discard",
    "queue": "put put_nowait get_nowait",
    "lock": "acquire release",
    "event": "set notify notify_all wait",
}
_CHANGING = {name for names in _CHANGERS.values() for name in names.split()}
_TOUCHED: dict[str, dict[int, str]] = {}


def only_shared(steps: Sequence[TraceStep]) -> Iterator[TraceStep]:
    """The same steps; each names what it touches only if steps of another lane touch it as well."""
    users: dict[str, set[int]] = {}
    for step in steps:
        if step.touched:
            users.setdefault(_last_part(step.touched), set()).add(step.lane)
    for step in steps:
        alone = step.touched and len(users[_last_part(step.touched)]) == 1
        yield replace(step, touched="") if alone else step


def _last_part(expression: str) -> str:
    return expression.rpartition(".")[2].partition("[")[0]


def touched(filename: str) -> dict[int, str]:
    """For each line of a file the expression that it reads or writes and that others could share.

    Writes come before reads; plain local names are not shared. Empty if the source of the file is not known.
    """
    known = _TOUCHED.get(filename)
    if known is None:
        known = _TOUCHED[filename] = _things("".join(linecache.getlines(filename)))
    return known


def _things(source: str) -> dict[int, str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # magics of a notebook, or not Python at all
        return {}
    found: dict[int, tuple[int, str]] = {}
    shared = {
        name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
    }
    for rank, node, text in _candidates(tree, shared):
        lineno = node.lineno
        if lineno not in found or rank < found[lineno][0]:
            found[lineno] = (rank, text)
    return {lineno: text for lineno, (_, text) in found.items()}


def _candidates(tree: ast.AST, shared: set[str]) -> Iterator[tuple[int, ast.expr, str]]:
    """Ranked expressions that could be shared: 0 for assignments to 3 for plain reads."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in shared:
            yield (0 if isinstance(node.ctx, ast.Store) else 2), node, node.id
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield 0, node, _shortened(node)
        elif isinstance(node, ast.Attribute) and id(node) in called and node.attr in _CHANGING:
            yield 1, node, _shortened(node.value)
        elif isinstance(node, ast.withitem):
            if isinstance(node.context_expr, ast.Name | ast.Attribute):
                yield 1, node.context_expr, _shortened(node.context_expr)
        elif isinstance(node, ast.Attribute | ast.Subscript) and id(node) not in called:
            yield 3, node, _shortened(node)


def _shortened(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else text[:39] + "…"
