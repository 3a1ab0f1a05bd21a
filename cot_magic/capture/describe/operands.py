"""Which expression a frame was executing, and the values of its parts, evaluated without side effects."""

import ast
import builtins
import functools
import linecache
import types
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from executing import Source
from pure_eval import CannotEval, Evaluator

from cot_magic.capture.describe import objects

MOST_OPERANDS = 20
MOST_SLICED = 100_000  # items of a container that a slice may copy
LARGEST_NUMBER = 10**12
_HEADERLESS = frozenset({"body", "orelse", "finalbody", "handlers", "cases", "decorator_list"})
_OTHER_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_PLACE = ("lineno", "end_lineno", "col_offset", "end_col_offset")
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What a frame was executing: the node if it is known, its source, and the statement around it."""

    node: ast.AST | None = None
    text: str | None = None
    statement: ast.AST | None = None
    source: str = ""


class SafeEvaluator(Evaluator):
    """pure_eval, limited to what is cheap: names, attributes, subscripts of built-in containers, `len`, and
    arithmetic on small numbers. It would also evaluate `10 ** 10 ** 10` or sort a list of millions.
    """

    def __init__(self, frame: types.FrameType) -> None:
        spaces = [dict(space) if _is_plain(space) else {} for space in (frame.f_locals, frame.f_globals)]
        self.own: ChainMap[str, Any] = ChainMap(*spaces)  # without the builtins
        builtin = frame.f_builtins if _is_plain(frame.f_builtins) else vars(builtins)
        super().__init__(ChainMap(*spaces, builtin))

    def _handle(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name() | ast.Attribute():
                return super()._handle(node)
            case ast.Subscript():
                container = self[node.value]
                if isinstance(node.slice, ast.Slice) and not _is_short(container):
                    raise CannotEval
                return super()._handle(node)
            case ast.Tuple() | ast.List():
                items = [self[item] for item in node.elts]
                return items if isinstance(node, ast.List) else tuple(items)
            case ast.Dict() | ast.Set():
                try:
                    return ast.literal_eval(node)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    raise CannotEval from None
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
                operand = self[node.operand]
                if not objects.exactly(operand, int, float, bool):
                    raise CannotEval
                return super()._handle(node)
            case ast.BinOp(op=op) if isinstance(op, _ARITHMETIC):
                if not _is_number(self[node.left]) or not _is_number(self[node.right]):
                    raise CannotEval
                return super()._handle(node)
            case ast.Call(func=ast.Name(id="len"), args=[argument], keywords=[]):
                if self[node.func] is not len or not objects.exactly(
                    self[argument], str, bytes, list, tuple, dict, set
                ):
                    raise CannotEval
                return len(self[argument])
        raise CannotEval


def executed_in_cell(traceback: types.TracebackType, source: str) -> Executed:
    """What a cell was executing, by `executing`, which checks the bytecode, else by instruction positions.

    `source` is used if linecache has none.
    """
    if not linecache.getlines(traceback.tb_frame.f_code.co_filename):
        return executed_in_file(traceback, source.splitlines(keepends=True))
    try:
        found = Source.executing(traceback)
    except (SyntaxError, ValueError, RecursionError):  # the source is not what was compiled
        return executed_in_file(traceback)
    text = found.source.text if found.source is not None else ""
    statements = found.statements
    statement = next(iter(statements)) if statements and len(statements) == 1 else None
    node = found.node or _node_at(statement, _positions(traceback))
    if node is None:
        return replace(executed_in_file(traceback), statement=None)
    node = _head(node)
    return Executed(node=node, text=ast.get_source_segment(text, node), statement=statement, source=text)


def executed_in_file(traceback: types.TracebackType, lines: Sequence[str] | None = None) -> Executed:
    """What a library was executing, by instruction positions alone: parsing pandas takes a second."""
    line, end_line, column, end_column = _positions(traceback)
    if line is None or end_line is None or column is None or end_column is None or end_line - line > 50:
        return Executed()
    if lines is None:
        lines = linecache.getlines(traceback.tb_frame.f_code.co_filename)
    part = list(lines[line - 1 : end_line])
    if len(part) != end_line - line + 1:
        return Executed()
    # columns count bytes of UTF-8
    part[-1] = part[-1].encode()[:end_column].decode(errors="ignore")
    part[0] = part[0].encode()[column:].decode(errors="ignore")
    text = "".join(part)
    node = _parsed(text)
    return Executed(node=node, text=text or None, statement=node, source=text)


Positions = tuple[int | None, int | None, int | None, int | None]


def _positions(traceback: types.TracebackType) -> Positions:
    """First and last line, first and last column of the current instruction."""
    instructions = traceback.tb_frame.f_code.co_positions()
    return next(islice(instructions, traceback.tb_lasti // 2, None), (None, None, None, None))


def _head(node: ast.AST) -> ast.AST:
    """The expression in the header of a compound statement; any other node unchanged."""
    match node:
        case ast.For() | ast.AsyncFor():
            return node.iter
        case ast.With() | ast.AsyncWith():
            return node.items[0].context_expr
    return node


def _node_at(statement: ast.AST | None, positions: Positions) -> ast.AST | None:
    """The outermost node of the statement at exactly these positions."""
    for node in ast.walk(statement) if statement is not None else ():
        place = tuple(getattr(node, name, None) for name in _PLACE)
        if place == positions and isinstance(node, ast.expr | ast.stmt):
            return node
    return None


@functools.lru_cache(maxsize=512)
def _parsed(text: str) -> ast.AST | None:
    for mode in ("eval", "exec"):
        try:
            tree: Any = ast.parse(text.strip() if mode == "eval" else text, mode=mode)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return tree.body if isinstance(tree, ast.Expression) else next(iter(tree.body), None)
    return None


def operands(executed: Executed, evaluator: SafeEvaluator) -> Iterator[tuple[str, Any]]:
    """Source and value of each part of the expression that can be evaluated, outer parts first."""
    root = _root(executed)
    if root is None:
        return
    seen: set[str] = set()
    for node, direct in _parts(root):
        if isinstance(node, ast.Constant) and not direct:
            continue
        try:
            value = evaluator[node]
        except (CannotEval, RecursionError):
            continue
        text = source_of(node, executed.source)
        if text not in seen:
            seen.add(text)
            yield text, value
        if len(seen) >= MOST_OPERANDS:
            return


def source_of(node: ast.AST, source: str) -> str:
    """The source of a node as written; unparsed if unknown or on several lines."""
    text = ast.get_source_segment(source, node) if source else None
    return text if text and "\n" not in text else ast.unparse(node)


def value_of(node: ast.expr, evaluator: SafeEvaluator) -> Any:
    """The value of a node if it can be evaluated safely, else MISSING."""
    try:
        return evaluator[node]
    except (CannotEval, TypeError, RecursionError):
        return objects.MISSING


def names_in(executed: Executed) -> list[str]:
    """The names in the failing statement, in order; of a compound statement, only those in its header."""
    statement = executed.statement or executed.node
    if statement is None:
        return []
    names = [node for node in _walk_head(statement) if isinstance(node, ast.Name)]
    names.sort(key=lambda name: (name.lineno, name.col_offset))
    return list(dict.fromkeys(name.id for name in names))


def _root(executed: Executed) -> ast.AST | None:
    """The node whose parts matter: for an assignment or `assert`, the value that is assigned or tested."""
    node, statement = executed.node, executed.statement
    stores = isinstance(getattr(node, "ctx", None), ast.Store)
    target: ast.AST | None = statement if node is None or (stores and statement is not None) else node
    match target:
        case ast.For() | ast.AsyncFor():
            return ast.Expr(value=target.iter)
        case ast.Assert():
            return target.test
        case ast.Assign() | ast.AnnAssign() if node is None or (
            stores and isinstance(node, ast.Tuple | ast.List)
        ):
            return ast.Expr(value=target.value) if target.value is not None else None
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Module() | ast.Import():
            return None
    return node if stores and not isinstance(node, ast.Tuple | ast.List) else target


def _parts(root: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """The expressions below the root in this scope, breadth first; True for its direct parts."""
    if isinstance(root, ast.Name):
        yield root, True
        return
    waiting = [(child, True) for child in _children(root)]
    while waiting:
        node, direct = waiting.pop(0)
        if isinstance(node, ast.expr) and not isinstance(node, ast.Slice | ast.Starred):
            yield node, direct
        waiting += [(child, direct and not isinstance(node, ast.expr)) for child in _children(node)]


def _children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, _OTHER_SCOPE):
        generators = getattr(node, "generators", None)
        return [generators[0].iter] if generators else []  # the only part in this scope
    found: list[ast.AST] = []
    for name, value in ast.iter_fields(node):
        if name in _HEADERLESS and isinstance(node, ast.stmt | ast.match_case):
            continue
        found += [
            item for item in (value if isinstance(value, list) else [value]) if isinstance(item, ast.AST)
        ]
    return [item for item in found if not isinstance(item, ast.expr_context | ast.operator | ast.cmpop)]


def _walk_head(statement: ast.AST) -> Iterator[ast.AST]:
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name in _HEADERLESS and isinstance(node, ast.stmt):
                continue
            waiting += [
                item for item in (value if isinstance(value, list) else [value]) if isinstance(item, ast.AST)
            ]


def _is_plain(space: Mapping[str, Any]) -> bool:
    kind = type(space)
    # FrameLocalsProxy: f_locals of a function since Python 3.13
    return kind is dict or objects.qualified(kind) == "FrameLocalsProxy"


def _is_short(container: Any) -> bool:
    return objects.exactly(container, str, bytes, list, tuple) and len(container) <= MOST_SLICED


def _is_number(value: Any) -> bool:
    return objects.exactly(value, int, float, bool) and abs(value) < LARGEST_NUMBER
