"""Drafts: the candidate edits of one source, and what is known around the place where they are made."""

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cot_magic.reasoners.offline.repair.edits import Edit, Splice, line_starts
from cot_magic.reasoners.offline.repair.meant import brings_in, conversions, missing
from cot_magic.reasoners.offline.repair.tables import COST, METHOD_RETURNS, METHODS, RETURNS

TextSplice = tuple[int, int, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = ast.expr | ast.stmt | ast.keyword
ATOMIC = (
    *(ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Call),
    *(ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp),
)
COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.FunctionDef, ast.ClassDef)
LONGEST_DONOR = 60  # characters of an expression that is tried elsewhere
AS_SAID = 1.0  # what an edit costs less that brings in what the docstring says and the code does not do
DOUBLE = 1.5  # what an edit of a function costs more that stands in for another one in an assert
LEAST, GREATEST = "-float('inf')", "float('inf')"
FAR = 1.5  # what the least suspicious line costs more than the most suspicious


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The variables where a call returned whose result a check compares with an expected value."""

    function: str
    line: int
    values: Mapping[str, Any]
    returned: Any
    expected: Any = None
    passed: bool = False


@dataclass(slots=True, kw_only=True)
class Hints:
    """What running the asserts showed.

    Attributes
    ----------
    types
        For each function, the type names that each of its variables had.
    suspicion
        For each line that a failing assert executed, its Ochiai coefficient; None: no line is known.
    columns
        Names of the columns of tables that hold few different values.
    factors, offsets
        By what all failing results differ from the expected ones, if it is by the same.
    given
        The functions that the asserts give to others, and never call.
    contexts
        Where functions returned what checks compare.
    """

    types: Mapping[str, Mapping[str, set[str]]] = field(default_factory=dict)
    suspicion: Mapping[int, float] | None = None
    columns: Sequence[str] = ()
    factors: Sequence[float] = ()
    offsets: Sequence[float] = ()
    literals: Sequence[str] = ()
    strings: Sequence[str] = ()
    ints: Sequence[int] = ()
    functions: Sequence[str] = ()
    given: frozenset[str] = frozenset()
    contexts: Sequence[Context] = ()
    globals: frozenset[str] = frozenset()
    attributes: Sequence[str] = ()


class Drafts:
    """Collects edits; holds the scope of the function in which they are made."""

    def __init__(self, source: bytes, tree: ast.Module, hints: Hints) -> None:
        self.source, self.tree, self.hints = source, tree, hints
        self.starts = line_starts(source)
        self.parent = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}  # type: dict[ast.AST, ast.AST]
        self.found: list[Edit] = []
        self._seen: set[tuple[Splice, ...]] = set()
        self.penalty, self.line = 0.0, 1
        self.builtins = frozenset(dir(builtins))
        self.enter(None, [])

    # --- the scope ----------------------------------------------------------------------------------------

    def enter(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef | None, nodes: Sequence[ast.AST]
    ) -> None:
        """Work in that function, or in those statements of the cell."""
        self.function = function
        self._missing = missing(function) if function is not None else frozenset[str]()
        self.docstring = (ast.get_docstring(function) or "") if function is not None else ""
        self.conversions = conversions(function) if function is not None else ()
        self.function_name = function.name if function is not None else ""
        self.params: list[str] = []
        self.locals: set[str] = set()
        self.names: list[str] = []
        known = self.hints.types.get(self.function_name or "<module>", {})
        self.types: Mapping[str, set[str]] = known
        if function is not None:
            given = function.args
            self.params = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            stored = [
                node.id
                for node in ast.walk(function)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]
            names = dict.fromkeys([*self.params, *stored])
            self.locals = set(names)
            for node in ast.walk(function):
                if isinstance(node, ast.FunctionDef) and node is not function:
                    names.setdefault(node.name)
                    self.locals |= {node.name, *(arg.arg for arg in node.args.args)}
                elif isinstance(node, ast.Name) and node.id in self.hints.globals:
                    names.setdefault(node.id)
            self.names = list(names)
            nodes = [function]
        else:
            found = [node.id for root in nodes for node in ast.walk(root) if isinstance(node, ast.Name)]
            self.names = [name for name in dict.fromkeys(found) if name not in self.builtins]
        subscripts = [n.slice for root in nodes for n in ast.walk(root) if isinstance(n, ast.Subscript)]
        self.indices = {n.id for index in subscripts for n in ast.walk(index) if isinstance(n, ast.Name)}
        for node in (node for root in nodes for node in ast.walk(root)):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in self.indices:
                    read = {item.id for item in ast.walk(value) if isinstance(item, ast.Name)}
                    self.indices |= {other for other in read if self.types_of(other) == {"int"}}
        self.stale = frozenset(_never_moved(function)) if function is not None else frozenset[str]()
        self.extremes = dict(_extremes(function)) if function is not None else dict[str, str]()
        self._donors(nodes)

    def _donors(self, roots: Sequence[ast.AST]) -> None:
        self.ints: list[int | float] = []
        self.strings: list[str] = []
        self.expressions: dict[str, ast.expr] = {}
        self.tests: list[str] = []
        kinds = (ast.Compare, ast.Call, ast.Subscript, ast.BinOp, ast.Attribute, ast.BoolOp)
        for node in (node for root in roots for node in ast.walk(root)):
            if isinstance(node, ast.Constant):
                if type(node.value) in (int, float) and node.value not in self.ints:
                    self.ints.append(node.value)  # type: ignore[arg-type]
                elif isinstance(node.value, str) and len(node.value) < 30:
                    self.strings.append(node.value)
            loaded = isinstance(node, kinds) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
            if loaded and isinstance(node, kinds) and self._short(text := self.text(node)):
                self.expressions.setdefault(text, node)
            if isinstance(node, ast.If | ast.While | ast.IfExp) and self._short(text := self.text(node.test)):
                self.tests.append(text)
        self.near = {text: node for owner in self.expressions.values() for text, node in self._nearly(owner)}
        self.strings = list(dict.fromkeys(self.strings))
        self.tests = list(dict.fromkeys(self.tests))

    def _nearly(self, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
        """The expression with the element beside, or with another method of the same family."""
        match node:
            case ast.Subscript(value=owner, slice=ast.Name() | ast.BinOp() as index):
                for step in ("- 1", "+ 1"):
                    yield f"{self.text(owner)}[{self.text(index)} {step}]", node
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=[], keywords=[]):
                for other in next((group for group in METHODS if name in group), ()):
                    if other != name:
                        yield f"{self.text(owner)}.{other}()", node

    @staticmethod
    def _short(text: str) -> bool:
        return len(text) < LONGEST_DONOR and "\n" not in text

    def types_of(self, name: str) -> set[str]:
        """The type names that the variable had."""
        return self.types.get(name) or set()

    def some_names(self, most: int = 12) -> list[str]:
        """The first names of the scope, parameters first."""
        return self.names[:most]

    def suspicion(self, statement: ast.stmt) -> float | None:
        """How suspicious its own lines are; None if no failing assert executed them."""
        lines = self.hints.suspicion
        if lines is None:
            return 0.6
        end = statement.end_lineno or statement.lineno
        if isinstance(statement, COMPOUND):
            end = max(statement.lineno, statement.body[0].lineno - 1)
        return max((lines[n] for n in range(statement.lineno, end + 1) if n in lines), default=None)

    def at(self, statement: ast.stmt, suspicion: float) -> None:
        """Make the next edits at that statement."""
        self.penalty, self.line = FAR * (1 - suspicion), statement.lineno
        if self.function_name in self.hints.given:
            self.penalty += DOUBLE

    # --- the source ---------------------------------------------------------------------------------------

    def span(self, node: Node) -> tuple[int, int]:
        """Start and end of the node, in bytes."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def between(self, start: int, end: int) -> str:
        """The source between two offsets."""
        return self.source[start:end].decode()

    def text(self, node: Node) -> str:
        """The source of the node."""
        return self.between(*self.span(node))

    def operand(self, node: ast.expr) -> str:
        """Its source, in parentheses unless it is atomic."""
        return self.text(node) if isinstance(node, ATOMIC) else f"({self.text(node)})"

    def clause(self, node: ast.expr) -> str:
        """Its source as an operand of `and` or `or`."""
        loose = isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda)
        return f"({self.text(node)})" if loose else self.text(node)

    def alone(self, statement: ast.stmt) -> bool:
        """Whether it begins its line."""
        return not self.source[self.starts[statement.lineno - 1] : self.span(statement)[0]].strip()

    def lines(self, statement: ast.stmt) -> tuple[int, int]:
        """Start and end of its lines, decorators included."""
        decorators = getattr(statement, "decorator_list", None)
        first = decorators[0].lineno if decorators else statement.lineno
        last = statement.end_lineno or first
        end = self.starts[last] if last < len(self.starts) else len(self.source)
        return self.starts[first - 1], end

    def block(self, start: int, end: int) -> str:
        """The lines between two offsets, with a newline at their end."""
        text = self.between(start, end)
        return text if text.endswith("\n") else text + "\n"

    def indentation(self, statement: ast.stmt) -> str:
        """The blanks before it."""
        match = re.match(rb"[ \t]*", self.source[self.starts[statement.lineno - 1] :])
        return match.group().decode() if match else ""

    def type_of(self, node: ast.expr) -> str | None:
        """The type name of an expression, where its form or the values seen tell it."""
        match node:
            case ast.Name():
                seen = self.types_of(node.id) - {"NoneType"}
                return next(iter(seen)) if len(seen) == 1 else None
            case ast.Constant():
                return type(node.value).__name__
            case ast.List() | ast.ListComp():
                return "list"
            case ast.Compare():
                return "bool"
            case ast.JoinedStr():
                return "str"
            case ast.Call(func=ast.Name(id=name)):
                return RETURNS.get(name)
            case ast.Call(func=ast.Attribute(attr=name)):
                return METHOD_RETURNS.get(name)
            case ast.BinOp():
                return self.type_of(node.left) or self.type_of(node.right)
            case ast.Subscript(slice=ast.Slice()):
                return self.type_of(node.value)
        return None

    # --- the edits ----------------------------------------------------------------------------------------

    def add(
        self, kind: str, node: ast.expr | ast.stmt | tuple[int, int], new: str, extra: float = 0.0
    ) -> None:
        """Replace a node or a range."""
        start, end = node if isinstance(node, tuple) else self.span(node)
        self.add_all(kind, [(start, end, new)], extra)

    def add_all(self, kind: str, splices: Iterable[TextSplice], extra: float = 0.0) -> None:
        """Replace several ranges in one edit, unless nothing would change."""
        made = tuple((start, end, new.encode()) for start, end, new in splices)
        if made in self._seen or all(self.source[start:end] == new for start, end, new in made):
            return
        self._seen.add(made)
        cost = COST[kind] + extra + self.penalty
        if any(
            brings_in(self._missing, self.source[start:end].decode(errors="ignore"), new.decode())
            for start, end, new in made
        ):
            cost -= AS_SAID
        self.found.append(Edit(cost=cost, kind=kind, splices=made, line=self.line))


def _never_moved(function: Function) -> Iterator[str]:
    """Variables that get a value once, and that a loop only looks at in its comparisons; so too what starts
    empty and is only asked for what is in it."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    stored = Counter(node.id for node in names if not isinstance(node.ctx, ast.Load))
    compared = [node for node in ast.walk(function) if isinstance(node, ast.Compare)]
    seen = Counter(_read(compared))
    reads = Counter(node.id for node in names if isinstance(node.ctx, ast.Load))
    for node in ast.walk(function):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Call(func=ast.Name(id="set"), args=[]),
            ) if stored[name] == 1 and 0 < seen[name] == reads[name]:
                yield name
    loops = [node for node in ast.walk(function) if isinstance(node, ast.For | ast.While)]
    inside = [node for loop in loops for node in ast.walk(loop)]
    moved = {node.id for node in inside if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    moved |= {
        node.func.value.id
        for node in inside
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
    }
    for name in _read(node for node in inside if isinstance(node, ast.Compare)):
        if stored[name] == 1 and name not in moved:
            yield name


def _read(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        yield from (item.id for item in ast.walk(node) if isinstance(item, ast.Name))


def _extremes(function: Function) -> Iterator[tuple[str, str]]:
    """Variables that hold the largest or the smallest so far, and what they start with."""
    for node in ast.walk(function):
        match node:
            case ast.If():
                assigned = [item for item in node.body if isinstance(item, ast.Assign)]
                names = {
                    target.id for item in assigned for target in item.targets if isinstance(target, ast.Name)
                }
                for test in ast.walk(node.test):
                    yield from ((name, start) for name, start in _surpassed(test) if name in names)
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="max" | "min" as way), args=[one, other]),
            ) if any(isinstance(item, ast.Name) and item.id == name for item in (one, other)):
                yield name, LEAST if way == "max" else GREATEST


def _surpassed(test: ast.AST) -> Iterator[tuple[str, str]]:
    """The variable that a comparison tells to be less (or more) than something, and what always is."""
    match test:
        case ast.Compare(left=left, ops=[ast.Gt() | ast.GtE()], comparators=[right]):
            pass
        case ast.Compare(left=right, ops=[ast.Lt() | ast.LtE()], comparators=[left]):
            pass
        case _:
            return
    if isinstance(right, ast.Name):
        yield right.id, LEAST
    if isinstance(left, ast.Name):
        yield left.id, GREATEST


def reindented(text: str, old: str, new: str) -> str:
    """The lines with another indentation, with a newline at their end."""
    moved = "".join(
        new + line[len(old) :] if line.startswith(old) else line for line in text.splitlines(keepends=True)
    )
    return moved if moved.endswith("\n") else moved + "\n"


def exchanged_heads(
    drafts: Drafts, one: ast.For | ast.comprehension, other: ast.For | ast.comprehension
) -> None:
    """What two loops go through, exchanged: `for i in a: for j in b` becomes `for j in b: for i in a`."""
    spans = [(drafts.span(loop.target)[0], drafts.span(loop.iter)[1]) for loop in (one, other)]
    texts = [drafts.between(*span) for span in spans]
    drafts.add_all("argswap", [(*span, new) for span, new in zip(spans, reversed(texts), strict=True)])
