"""A failing test as the cells of a notebook: the modules that it runs through, its arguments, its body."""

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cot_magic.actions.failing_test.failing import FailingTest, ProjectModule
from cot_magic.actions.failing_test.source import (
    SourceCell,
    body_cell,
    bound_at_top,
    can_be_a_body,
    in_order_of_imports,
    module_cell,
)
from cot_magic.core.errors import UsageError

STAGE = "__import__('cot_magic.actions.failing_test.stage', fromlist=['_'])"
TestFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    module: ProjectModule
    path: str  # relative to the project
    text: str
    tree: ast.Module


def cells_of(test: FailingTest, copy: str) -> tuple[SourceCell, ...]:
    """The cells that do what the test does; the last one is to fail.

    Parameters
    ----------
    copy
        The copy of the project that the cells work in.

    Raises UsageError if a source cannot be read or the test is not found in it.
    """
    own = _read(test, test.module, copy)
    function = _function(own.tree, test)
    if function is None:
        raise UsageError(f"{own.path}: the source of {test.function} was not found.")
    others = _without_collisions([_read(test, module, copy) for module in test.modules], own)
    chosen = in_order_of_imports([item.module for item in others], [item.tree for item in others])
    by_name = {item.module.name: item for item in others}
    cells = [_glue(f"{STAGE}.enter({copy!r}, {[_moved(test, copy, item) for item in test.path]!r})")]
    known: dict[str, set[str]] = {}
    for module in chosen:
        read = by_name[module.name]
        cells += [_cell(read, copy, known), _glue(_shown(read, copy))]
        known[module.name] = bound_at_top(read.tree)
    inlined = _can_be_inlined(test, function, own, others)
    # pytest itself runs the fixtures, from the file
    tests = [node for node in _for_pytest(own.tree) if inlined or node is not function]
    cells.append(_cell(own, copy, known, tests))
    if test.arranged:
        names = list(test.arguments)
        left = f"{', '.join(names)} = " if names else ""
        # named, so that the arguments are made anew where one of them is edited
        defined = {name for module in chosen for name in _defines(by_name[module.name].tree)}
        uses = "".join(f", {name}" for name in test.set_up_with if name in defined)
        arranged = f"{left}{STAGE}.arguments({test.test_id!r}, {names!r}, {list(test.options)!r}{uses})"
        cells.append(_glue("\n".join((arranged, *test.sets_up))))
    if inlined:
        # of an assertion that failed; of another failure, its line may be what is to be edited
        asserting = test.arguments[0] if test.sets_up and test.ename == "AssertionError" else ""
        cells.append(body_cell(own.path, own.text, function, cells=known, asserting=asserting))
    else:
        waits = "await " if isinstance(function, ast.AsyncFunctionDef) else ""
        cells.append(_glue(f"{waits}{_call(test)}"))
    return tuple(cells)


def _glue(source: str) -> SourceCell:
    return SourceCell(path="", source=source)


def _cell(read: _Read, copy: str, known: dict[str, set[str]], without: Sequence[ast.stmt] = ()) -> SourceCell:
    here = os.path.join(copy, read.path)
    return module_cell(read.module, read.path, read.text, here=here, cells=known, without=without)


def _shown(read: _Read, copy: str) -> str:
    here, public = os.path.join(copy, read.path), sorted(bound_at_top(read.tree))
    names = [name for name in public if not name.startswith("_")]
    return f"{STAGE}.as_module({read.module.name!r}, {here!r}, {names!r}, package={read.module.package})"


def _call(test: FailingTest) -> str:
    """A call of the test where its body alone would not do the same."""
    owner, _, name = test.function.rpartition(".")
    if owner:
        return f"self.{name}({', '.join(f'{item}={item}' for item in test.arguments[1:])})"
    return f"{name}({', '.join(f'{item}={item}' for item in test.arguments)})"


def _can_be_inlined(test: FailingTest, function: TestFunction, own: _Read, others: list[_Read]) -> bool:
    if test.ename == "UnboundLocalError" or not can_be_a_body(function):
        return False
    if any("mark" not in ast.unparse(item) for item in function.decorator_list):
        return False  # a decorator may do anything
    body = ast.Module(body=list(function.body), type_ignores=[])
    local = bound_at_top(body) | set(test.arguments)
    return not any(local & _bound(item) for item in (own, *others))


def _read(test: FailingTest, module: ProjectModule, copy: str) -> _Read:
    path = os.path.relpath(module.path, test.root)
    try:
        text = Path(copy, path).read_text(encoding="utf-8")
        return _Read(module=module, path=path, text=text, tree=ast.parse(text))
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read ({error}).") from None


def _without_collisions(modules: list[_Read], own: _Read) -> list[_Read]:
    """The modules whose names mean one thing in one namespace; the others are imported as they are."""
    taken, kept = _bound(own), []
    for item in modules:
        names = bound_at_top(item.tree)
        if not names & taken:
            taken |= names
            kept.append(item)
    return kept


def _function(tree: ast.Module, test: FailingTest) -> TestFunction | None:
    owner, _, name = test.function.rpartition(".")
    for node in _defined(tree, owner):
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
        if node.name == name and test.firstlineno in (first, node.lineno):
            return node
    return None


def _defined(tree: ast.Module, owner: str) -> Iterator[TestFunction]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == owner.rpartition(".")[2]:
            yield from (item for item in node.body if isinstance(item, TestFunction))
    if not owner:
        yield from (item for item in tree.body if isinstance(item, TestFunction))


def _defines(tree: ast.Module) -> Iterator[str]:
    """The functions and classes that a module has in any case."""
    return (node.name for node in tree.body if isinstance(node, TestFunction | ast.ClassDef))


def _for_pytest(tree: ast.Module) -> list[ast.stmt]:
    """Tests and fixtures: functions that only pytest calls."""
    return [
        node
        for node in tree.body
        if isinstance(node, TestFunction)
        and (
            node.name.startswith("test")
            or any("fixture" in ast.unparse(item) for item in node.decorator_list)
        )
    ]


def _bound(read: _Read) -> set[str]:
    """Names that a module binds and that code of it may use."""
    left_out = {id(node) for node in _for_pytest(read.tree)}
    kept = [node for node in read.tree.body if id(node) not in left_out]
    return bound_at_top(ast.Module(body=kept, type_ignores=[]))


def _moved(test: FailingTest, copy: str, path: str) -> str:
    relative = os.path.relpath(path, test.root)
    return copy if relative == "." else os.path.join(copy, relative)
