"""Concurrent code as the rules about races read it: its functions, and which of them run concurrently."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cot_magic.core.case import Case, Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.order import TASKS, THREADS

Def = ast.FunctionDef | ast.AsyncFunctionDef
_HANDS_OVER = {
    "submit",
    "map",
    "to_thread",
    "run_in_executor",
    "imap",
    "imap_unordered",
    "apply_async",
    "starmap",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Function:
    """A function of the program, its cell, and where it is defined in it.

    `owner` is the class of a method, the enclosing function of a nested one, else the tree of the cell.
    """

    cell: Cell
    node: Def
    owner: ast.ClassDef | Def | ast.Module
    block: list[ast.stmt]  # the block that contains its definition

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def self_name(self) -> str | None:
        """The name of a method's first parameter, usually `self`."""
        names = src.parameters(self.node)
        static = any(
            isinstance(item, ast.Name) and item.id == "staticmethod" for item in self.node.decorator_list
        )
        return names[0] if isinstance(self.owner, ast.ClassDef) and names and not static else None


@dataclass(frozen=True, kw_only=True, eq=False)
class ConcurrentCode:
    """The failing cell and the cells that it depends on, if they contain concurrent code."""

    case: Case
    units: tuple[tuple[Cell, ast.Module], ...]

    @classmethod
    def of(cls, case: Case) -> "ConcurrentCode | None":
        """The program of a case; None if nothing in it runs concurrently."""
        units: list[tuple[Cell, ast.Module]] = []
        for cell in (case.cell, *(item.cell for item in case.lineage)):
            tree = src.parse(cell.source)
            if tree is not None and all(cell.id != other.id for other, _ in units):
                units.append((cell, tree))
        program = cls(case=case, units=tuple(units))
        return program if program.has_tasks or program.has_threads else None

    @cached_property
    def _called(self) -> frozenset[str]:
        return frozenset(name for _, tree in self.units for name in called_names(tree))

    @property
    def has_tasks(self) -> bool:
        """Whether coroutines run concurrently."""
        return bool(self._called & TASKS)

    @property
    def has_threads(self) -> bool:
        return bool(self._called & THREADS)

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """All functions, those of the failing cell first."""
        found: list[Function] = []
        for cell, tree in self.units:
            found += _functions(cell, tree, tree)
        return tuple(found)

    @cached_property
    def tasks(self) -> tuple[Function, ...]:
        """Coroutine functions, which may run concurrently with others and with themselves."""
        return tuple(item for item in self.functions if item.is_async) if self.has_tasks else ()

    @cached_property
    def threaded(self) -> tuple[Function, ...]:
        """Functions that threads run, directly or through other functions."""
        if not self.has_threads:
            return ()
        names = {name for _, tree in self.units for name in _handed_over(tree)}
        reached: list[Function] = []
        while True:
            new = [item for item in self.functions if item.name in names and item not in reached]
            if not new:
                return tuple(item for item in reached if not item.is_async)
            reached += new
            names |= {name for item in new for name in called_names(item.node)}

    @cached_property
    def imported(self) -> dict[str, str]:
        """Names that imports bind, and what they refer to: `Lock` -> `threading.Lock`."""
        names: dict[str, str] = {}
        for _, tree in self.units:
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    names |= {item.asname or item.name.split(".")[0]: item.name for item in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names |= {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}
        for variable in self.case.namespace:
            if variable.type == "module" and variable.name in ("asyncio", "threading"):
                names.setdefault(variable.name, variable.name)
        return names

    def module(self, name: str) -> str | None:
        """The name under which the program imports a whole module."""
        return next((alias for alias, whole in self.imported.items() if whole == name), None)

    def reads(self, cell: Cell) -> ast.Module | None:
        """The tree of a cell of the program."""
        return next((tree for other, tree in self.units if other.id == cell.id), None)

    def named(self, name: str) -> list[Function]:
        return [item for item in self.functions if item.name == name]


def _functions(cell: Cell, owner: ast.ClassDef | Def | ast.Module, tree: ast.AST) -> Iterator[Function]:
    for block in _blocks(tree):
        for node in block:
            if isinstance(node, Def):
                yield Function(cell=cell, node=node, owner=owner, block=block)
                yield from _functions(cell, node, node)
            elif isinstance(node, ast.ClassDef):
                yield from _functions(cell, node, node)


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Blocks of a scope, without those of its functions and classes."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(tree, field, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            yield block
            for node in block:
                if not isinstance(node, Def | ast.ClassDef):
                    yield from _blocks(node)
    for handler in getattr(tree, "handlers", ()):
        yield from _blocks(handler)


def called_names(tree: ast.AST) -> set[str]:
    """The last parts of the names of everything that is called."""
    return {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for name in [last_part(node.func)]
        if name
    }


def last_part(node: ast.AST) -> str:
    """`b` of `a.b`, the name itself for a name, else empty."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _handed_over(tree: ast.AST) -> Iterator[str]:
    """Names of functions that are passed to a thread or to a pool of threads."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = last_part(node.func)
        if name in ("Thread", "Timer"):
            given = [item.value for item in node.keywords if item.arg in ("target", "function")]
            given += node.args[1:2]
        elif name in _HANDS_OVER:
            given = node.args[:2]
        else:
            continue
        for item in given:
            if isinstance(item, ast.Lambda):
                yield from called_names(item)
            elif isinstance(item, ast.Call):  # functools.partial(f, …)
                yield from (last_part(part) for part in item.args[:1])
            elif (part := last_part(item)) != "":
                yield part
    yield from _run_methods(tree)


def _run_methods(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(last_part(item) == "Thread" for item in node.bases):
            yield "run"


def own_blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Blocks of one scope, without those of its functions and classes."""
    for node in src.own_scope(tree):
        if node is not tree and isinstance(node, Def | ast.ClassDef | ast.Lambda):
            continue
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block
