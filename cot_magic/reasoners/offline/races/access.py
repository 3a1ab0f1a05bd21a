"""How a function uses shared state, in the order of evaluation, and where others may run in between."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Function, last_part

READ, WRITE, SWITCH = "read", "write", "switch"
CHANGERS = {
    *("append", "appendleft", "extend", "insert", "pop", "popleft", "popitem", "remove", "clear", "update"),
    *("add", "discard", "setdefault", "sort", "reverse"),
}
REMOVERS = ("pop", "clear", "delete", "invalidate", "evict", "expire", "remove", "discard")
GUARDS = ("lock", "mutex", "sem", "guard", "cond")
Path = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A read or write of a shared place (`self.balance`, `stock`), or a switch: a point where others may run.

    Attributes
    ----------
    path
        The id of each block that contains the statement, and the index in it, outermost first.
    test
        Whether it is read for a decision: in the condition of an `if`, `while`, `assert` or comprehension.
    into
        The local name that the value is assigned to.
    """

    kind: str
    place: str
    node: ast.AST
    statement: ast.stmt
    path: Path
    test: bool = False
    into: str = ""
    locks: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class AccessReading:
    """Walks one function in the order of evaluation."""

    function: Function
    shared: frozenset[str]  # names in the function through which others share state
    rebound: frozenset[str]  # names of an outer scope that the function rebinds
    awaits: bool  # whether others run only at an `await`; else at every call
    found: list[Access] = field(default_factory=list)
    blocks: dict[int, list[ast.stmt]] = field(default_factory=dict)
    _path: tuple[tuple[int, int], ...] = ()
    _statement: ast.stmt | None = None
    _test: bool = False
    _into: str = ""
    _locks: tuple[str, ...] = ()

    def block(self, block: list[ast.stmt]) -> None:
        self.blocks[id(block)] = block
        outer = self._path
        for index, node in enumerate(block):
            self._path = (*outer, (id(block), index))
            self._statement = node
            self.one(node)
        self._path = outer

    def one(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return
            case ast.If() | ast.While():
                self._decide(node.test)
                self._inner(node, node.body, node.orelse)
            case ast.For() | ast.AsyncFor():
                self.value(node.iter)
                if isinstance(node, ast.AsyncFor):
                    self._note(SWITCH, "", node)
                self._inner(node, node.body, node.orelse)
            case ast.With() | ast.AsyncWith():
                self._with(node)
            case ast.Try():
                handlers = [handler.body for handler in node.handlers]
                self._inner(node, node.body, *handlers, node.orelse, node.finalbody)
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if node.value is not None:
                    self._into = targets[0].id if isinstance(targets[0], ast.Name) else ""
                    self.value(node.value)
                    self._into = ""
                for target in targets:
                    self.target(target)
            case ast.AugAssign():
                self._place(READ, node.target)
                self.value(node.value)
                self.target(node.target)
            case ast.Delete():
                for target in node.targets:
                    self.target(target)
            case ast.Assert():
                self._decide(node.test)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.value(child)

    def _inner(self, node: ast.stmt, *blocks: list[ast.stmt]) -> None:
        for block in blocks:
            self.block(block)
        self._statement = node

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        names = tuple(ast.unparse(item.context_expr) for item in node.items)
        for item in node.items:
            self.value(item.context_expr)
        if isinstance(node, ast.AsyncWith):
            self._note(SWITCH, "", node)
        outer = self._locks
        self._locks = (*outer, *(name for name in names if guards(name)))
        self._inner(node, node.body)
        self._locks = outer

    def _decide(self, node: ast.expr) -> None:
        self._test = True
        self.value(node)
        self._test = False

    def value(self, node: ast.expr) -> None:
        """Visit an expression that is evaluated."""
        match node:
            case ast.Await():
                self.value(node.value)
                self._note(SWITCH, "", node)
            case ast.Lambda():
                return
            case ast.Call():
                self._call(node)
            case ast.IfExp():
                self._decide(node.test)
                self.value(node.body)
                self.value(node.orelse)
            case ast.Attribute() | ast.Subscript() | ast.Name():
                if not self._place(READ, node) and not isinstance(node, ast.Name):
                    self.value(node.value)
                if isinstance(node, ast.Subscript):
                    self.value(node.slice)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for item in node.generators:
                    self.value(item.iter)
                    for test in item.ifs:
                        self._decide(test)
                parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                for part in parts:
                    self.value(part)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.value(child)

    def _call(self, node: ast.Call) -> None:
        func = node.func
        for argument in (*node.args, *(item.value for item in node.keywords)):
            self.value(argument)
        if isinstance(func, ast.Attribute):
            changes = func.attr in CHANGERS
            if changes and func.attr in ("pop", "popleft", "setdefault", "popitem"):
                self._place(READ, func.value)
            if not self._place(WRITE if changes else READ, func.value):
                self.value(func.value)
        if not self.awaits:
            self._note(SWITCH, "", node)

    def target(self, node: ast.expr) -> None:
        if isinstance(node, ast.Tuple | ast.List):
            for item in node.elts:
                self.target(item)
        elif isinstance(node, ast.Starred):
            self.target(node.value)
        else:
            if isinstance(node, ast.Subscript):
                self.value(node.slice)
            if not isinstance(node, ast.Name) or node.id in self.rebound:
                self._place(WRITE, node)

    def _place(self, kind: str, node: ast.expr) -> bool:
        place = self.place(node)
        if place:
            self._note(kind, place, node)
        return bool(place)

    def place(self, node: ast.expr) -> str:
        """The shared place that an expression refers to, up to its first subscript; empty if it is local."""
        root, parts = node, []
        while isinstance(root, ast.Attribute | ast.Subscript):
            parts.append(root)
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in self.shared:
            return ""
        text = root.id
        for part in reversed(parts):
            if not isinstance(part, ast.Attribute):
                break
            text += f".{part.attr}"
        if text == self.function.self_name or guards(text):
            return ""
        return text

    def _note(self, kind: str, place: str, node: ast.AST) -> None:
        if self._statement is not None:
            self.found.append(
                Access(
                    kind=kind,
                    place=place,
                    node=node,
                    statement=self._statement,
                    path=self._path,
                    test=self._test,
                    into=self._into,
                    locks=self._locks,
                )
            )


def guards(text: str) -> bool:
    """Whether a name looks like the name of a lock."""
    return any(word in text.rpartition(".")[2].lower() for word in GUARDS)


def reading(program: ConcurrentCode, function: Function, *, awaits: bool) -> AccessReading:
    """The accesses of one function."""
    rebound = frozenset(
        name
        for item in src.own_scope(function.node)
        if isinstance(item, ast.Global | ast.Nonlocal)
        for name in item.names
    )
    shared = frozenset(_shared(program, function, rebound))
    found = AccessReading(function=function, shared=shared, rebound=rebound, awaits=awaits)
    found.block(function.node.body)
    return found


def _shared(program: ConcurrentCode, function: Function, declared: frozenset[str]) -> Iterator[str]:
    """Names through which the function accesses what others can access too: parameters, outer and global
    names."""
    node = function.node
    local = src.local_names(node)
    parameters = set(src.parameters(node))
    known = {item.name for item in program.functions} | set(program.imported)
    known |= {
        item.name for _, tree in program.units for item in ast.walk(tree) if isinstance(item, ast.ClassDef)
    }
    for name in {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}:
        free = name not in local and name not in known and not hasattr(builtins, name)
        if free or name in declared or name in parameters:
            yield name


def covering(reading_: AccessReading, first: Access, last: Access) -> tuple[list[ast.stmt], int, int]:
    """The innermost block that contains both, and the indices of its statements from the first to the
    last."""
    block, start, end = reading_.function.node.body, 0, len(reading_.function.node.body) - 1
    for (one, i), (other, j) in zip(first.path, last.path, strict=False):
        if one != other:
            break
        block, start, end = reading_.blocks[one], i, j
        if i != j:
            break
    return block, min(start, end), max(start, end)


def uses(node: ast.AST, name: str) -> bool:
    return any(isinstance(item, ast.Name) and item.id == name for item in ast.walk(node))


def calls(node: ast.AST, names: set[str]) -> set[str]:
    """The names that are called in a node."""
    return {last_part(item.func) for item in ast.walk(node) if isinstance(item, ast.Call)} & names
