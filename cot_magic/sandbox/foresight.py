"""Errors that a cell shows before it runs: unknown names, refused keywords, missing modules.

It works inside a copy of the kernel, on live objects, and runs no statement of the cell. `certain` means that
the cell reaches that place, or fails before it: everything that could make it otherwise turns the word into a
hint.
"""

import abc
import ast
import builtins
import importlib.util
import re
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

CO_VARARGS, CO_VARKEYWORDS = 0x04, 0x08
MOST = 20
MOST_CODES = 5_000
DYNAMIC = frozenset({
    "exec", "eval", "globals", "locals", "vars", "setattr", "get_ipython", "__import__", "compile",
})  # fmt: skip
"""Names whose use may define other names."""
REACHES_CALLER = frozenset(
    {"_getframe", "currentframe", "stack", "get_ipython", "user_ns", "user_global_ns", "__main__"}
)
"""Names in the code of a function that may define names of its caller."""
LEAVES = frozenset({"exit", "quit", "sys.exit", "os._exit", "os.abort"})
CHANGES_IMPORTS = re.compile(
    r"\b(sys\s*\.\s*(path|modules|meta_path|path_hooks)|importlib|subprocess|site|pip|conda|system|chdir|runpy|zipimport)\b"
)
UNKNOWN: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One error that a cell will raise, or may raise, at this line of its code."""

    ename: str
    evalue: str
    lineno: int
    certain: bool


def foresee(source: str, names: Mapping[str, Any]) -> tuple[Foreseen, ...]:
    """What is foreseen of a cell, in its order, at most 20; nothing if it cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    cell = _Cell(tree, source, names)
    found: list[Foreseen] = []
    for node, sure in _reached(tree.body, True):
        for item in (*cell.unknown_name(node), *cell.refused_keyword(node), *cell.missing_module(node)):
            found.append(
                Foreseen(ename=item[0], evalue=item[1], lineno=node.lineno, certain=sure and item[2])
            )
        if len(found) >= MOST:
            break
    return tuple(found)


Said = tuple[str, str, bool]
"""The class of an error, its message, and whether it is certain where the place is reached."""


@dataclass
class _Cell:
    """One cell with what its names mean before it runs."""

    tree: ast.Module
    source: str
    names: Mapping[str, Any]
    bound: set[str] = field(init=False)
    imported: dict[str, str] = field(init=False)
    strings: str = field(init=False)
    stored_attributes: set[str] = field(init=False)
    dynamic: bool = field(init=False)

    def __post_init__(self) -> None:
        nodes = list(ast.walk(self.tree))
        self.bound = {name for node in nodes for name in _bindings(node)}
        self.imported = {
            alias.asname or alias.name: alias.name
            for node in self.tree.body
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.asname or "." not in alias.name
        }
        self.strings = " ".join(
            node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        self.stored_attributes = {
            node.attr
            for node in nodes
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        }
        loaded = {node.id for node in nodes if isinstance(node, ast.Name)}
        self.dynamic = bool(loaded & DYNAMIC) or "*" in self.bound or self._calls_what_reaches_here(nodes)

    # --- names ----------------------------------------------------------------------------------------------

    def unknown_name(self, node: ast.AST) -> Iterator[Said]:
        """A name that is in no state and that nothing in the cell defines."""
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            return
        name = node.id
        if name in self.bound or name in self.names or hasattr(builtins, name) or "*" in self.bound:
            return
        certain = not self.dynamic and re.search(rf"\b{re.escape(name)}\b", self.strings) is None
        certain = certain and not _set_by_a_function(name, self.names)
        yield "NameError", f"name '{name}' is not defined", certain

    def _calls_what_reaches_here(self, nodes: list[ast.AST]) -> bool:
        """Whether a function that the cell calls looks at its caller: it may define names (`sympy.var`)."""
        for node in nodes:
            function = self._resolved(node.func) if isinstance(node, ast.Call) else UNKNOWN
            code = getattr(function, "__code__", None)
            if isinstance(code, types.CodeType) and REACHES_CALLER & set(code.co_names):
                return True
        return False

    # --- keywords -------------------------------------------------------------------------------------------

    def refused_keyword(self, node: ast.AST) -> Iterator[Said]:
        """A keyword argument that a function in Python refuses before its first line runs."""
        if not isinstance(node, ast.Call):
            return
        function = _in_python(self._resolved(node.func))
        if function is None or function.__code__.co_flags & CO_VARKEYWORDS:
            return
        code = function.__code__
        count = code.co_argcount + code.co_kwonlyargcount
        takes = set(code.co_varnames[code.co_posonlyargcount : count])
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg not in takes:
                yield "TypeError", _refusal(function, keyword.arg), True
                return

    def _resolved(self, node: ast.expr) -> Any:
        """The object that an expression names, found without running code; else UNKNOWN."""
        if isinstance(node, ast.Name):
            if node.id in self.imported and not self._bound_twice(node.id):
                return sys.modules.get(self.imported[node.id], UNKNOWN)
            if node.id in self.bound or "*" in self.bound:
                return UNKNOWN
            return self.names[node.id] if node.id in self.names else vars(builtins).get(node.id, UNKNOWN)
        if not isinstance(node, ast.Attribute) or node.attr in self.stored_attributes:
            return UNKNOWN
        owner = self._resolved(node.value)
        return UNKNOWN if owner is UNKNOWN else _static_attribute(owner, node.attr)

    def _bound_twice(self, name: str) -> bool:
        return sum(name in _bindings(node) for node in ast.walk(self.tree)) > 1

    # --- modules --------------------------------------------------------------------------------------------

    def missing_module(self, node: ast.AST) -> Iterator[Said]:
        """A module that no finder finds; nothing is imported to look for it."""
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            wanted = [node.module]
        else:
            return
        for name in wanted:
            missing = _missing(name)
            if missing is not None:
                certain = not self.dynamic and CHANGES_IMPORTS.search(self.source) is None
                yield "ModuleNotFoundError", missing, certain
                return


def _reached(body: list[ast.stmt], sure: bool) -> Iterator[tuple[Any, bool]]:
    """The nodes of these statements, and whether the cell reaches them for sure, in order of evaluation."""
    for statement in body:
        if isinstance(statement, ast.Try | ast.TryStar):
            continue  # what fails there may be expected
        inner: list[ast.stmt] = []
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement, sure
        for name, value in ast.iter_fields(statement):
            if name in ("body", "orelse") and isinstance(value, list):
                inner += value
            else:
                first = name == "items" and isinstance(value, list)
                for part in value[:1] if first else value if isinstance(value, list) else [value]:
                    yield from _evaluated(part, sure and not isinstance(statement, ast.Match))
        if isinstance(statement, ast.If | ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith):
            yield from _reached(inner, False)
        if _may_leave(statement):
            sure = False


def _evaluated(node: Any, sure: bool) -> Iterator[tuple[Any, bool]]:
    """The parts of an expression, and whether evaluating it evaluates them for sure."""
    if not isinstance(node, ast.AST) or isinstance(
        node, ast.Lambda | ast.stmt | ast.match_case | ast.excepthandler
    ):
        return
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        yield from _evaluated(node.generators[0].iter, sure)
        return
    for name, value in ast.iter_fields(node):
        if isinstance(node, ast.arguments) and name not in ("defaults", "kw_defaults"):
            continue  # annotations may never be evaluated
        if name in ("annotation", "returns", "type_params"):
            continue
        for place, part in enumerate(value if isinstance(value, list) else [value]):
            skipped = (
                (isinstance(node, ast.BoolOp) and place > 0)
                or (isinstance(node, ast.IfExp) and name != "test")
                or (isinstance(node, ast.Compare) and name == "comparators" and place > 0)
            )
            yield from _evaluated(part, sure and not skipped)
    if isinstance(node, ast.Name | ast.Call):
        yield node, sure


def _may_leave(statement: ast.stmt) -> bool:
    """Whether what is below may never be reached although nothing fails."""
    if isinstance(statement, ast.While) and isinstance(statement.test, ast.Constant):
        return True
    return any(
        (isinstance(node, ast.Call) and ast.unparse(node.func) in LEAVES) or isinstance(node, ast.Raise)
        for node in ast.walk(statement)
    )


def _bindings(node: ast.AST) -> list[str]:
    """The names that this node itself binds, in any scope."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.arg(arg=name):
            return [name]
        case ast.Import(names=aliases):
            return [alias.asname or alias.name.partition(".")[0] for alias in aliases]
        case ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name for alias in aliases]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return list(names)
        case _:
            return []


def _set_by_a_function(name: str, names: Mapping[str, Any]) -> bool:
    """Whether code of the person may set that global name: a function that the cell calls may do so."""
    todo = [code for value in list(names.values()) for code in _codes(value)]
    for _ in range(MOST_CODES):
        if not todo:
            return False
        code = todo.pop()
        if name in code.co_names or name in code.co_consts:
            return True
        todo.extend(item for item in code.co_consts if isinstance(item, types.CodeType))
    return True


def _codes(value: Any) -> list[types.CodeType]:
    """The code of a function of the person, or of the functions of a class of the person."""
    if type(value) is types.FunctionType and value.__module__ == "__main__":
        return [value.__code__]
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__ != "__main__":
        return []
    members = [getattr(item, "__func__", item) for item in vars(kind).values()]
    return [item.__code__ for item in members if type(item) is types.FunctionType]


def _static_attribute(owner: Any, name: str) -> Any:
    """An attribute of a module, of a class, or a method of an object; UNKNOWN if code would have to run."""
    if type(owner) is types.ModuleType:
        return vars(owner).get(name, UNKNOWN)
    kind = owner if isinstance(owner, type) else type(owner)
    if type(kind) not in (type, abc.ABCMeta):
        return UNKNOWN
    if owner is not kind:
        if any("__getattribute__" in vars(base) for base in kind.__mro__[:-1]):
            return UNKNOWN
        if name in (getattr(owner, "__dict__", None) or {}):
            return UNKNOWN
    for base in kind.__mro__:
        if name in vars(base):
            found = vars(base)[name]
            return (
                getattr(found, "__func__", found) if isinstance(found, staticmethod | classmethod) else found
            )
    return UNKNOWN


def _in_python(function: Any) -> types.FunctionType | None:
    """The function in Python that a call runs first, or None."""
    if isinstance(function, type):
        if type(function) not in (type, abc.ABCMeta) or "__new__" in _defined(function):
            return None
        function = function.__init__  # type: ignore[misc]
    if type(function) is types.MethodType:
        function = function.__func__
    return function if type(function) is types.FunctionType else None


def _defined(kind: type) -> set[str]:
    """The names that a class and its bases define, without `object`."""
    return {name for base in kind.__mro__[:-1] for name in vars(base)}


def _refusal(function: types.FunctionType, keyword: str) -> str:
    """What Python says: it binds the arguments before a line of the function runs, so none runs here."""
    try:
        function(**{keyword: None})
    except TypeError as error:
        return str(error)
    return f"{function.__qualname__}() got an unexpected keyword argument '{keyword}'"


def _missing(name: str) -> str | None:
    """What the import of a missing module says; None if it is there, or only an import could tell."""
    if type(builtins.__import__) is not types.BuiltinFunctionType:
        return None
    parent, _, _ = name.rpartition(".")
    if name in sys.modules:
        return None
    if not parent:
        return None if _found(name) else f"No module named '{name}'"
    package = sys.modules.get(parent)
    if package is None:
        return _missing(parent)
    if not hasattr(package, "__path__"):
        return f"No module named '{name}'; '{parent}' is not a package"
    return None if hasattr(package, "__getattr__") or _found(name) else f"No module named '{name}'"


def _found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except Exception:  # a finder of somebody else's that fails says nothing about the module
        return True
