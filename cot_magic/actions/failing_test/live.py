"""Reads a failing test of the running pytest: which modules of the project it runs through."""

import inspect
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cot_magic.actions.failing_test.failing import FailingTest, ProjectModule
from cot_magic.core.errors import UsageError

MOST_MODULES = 8
DEEPEST = 4  # calls from the test
_NOT_OF_THE_PROJECT = frozenset({"site-packages", "dist-packages", ".venv", "venv", ".tox", ".nox"})


def failing_test(item: Any, error: BaseException) -> FailingTest:
    """The failing test of a pytest item, and its exception. Raises UsageError if it cannot be rebuilt."""
    function = inspect.unwrap(getattr(item.obj, "__func__", item.obj))
    code = getattr(function, "__code__", None)
    root = os.path.realpath(item.config.rootpath)
    if not isinstance(code, types.CodeType):
        raise UsageError("it is no Python function.")
    own = _module(function.__globals__.get("__name__", ""), root)
    if own is None:
        raise UsageError(f"its module is not below {root}.")
    owner = f"{item.cls.__qualname__}." if item.cls is not None else ""
    names = tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    others = [module for module in _modules(function, error, root) if module not in (None, own)]
    return FailingTest(
        root=root,
        test_id=_test_id(item, root),
        module=own,
        function=f"{owner}{function.__name__}",
        firstlineno=code.co_firstlineno,
        ename=type(error).__name__,
        arguments=names,
        arranged=bool(names or item.fixturenames),
        modules=tuple(dict.fromkeys(others))[:MOST_MODULES],
        path=tuple(dict.fromkeys(_path(root, (own, *others)))),
    )


def _test_id(item: Any, root: str) -> str:
    """The name of the test from the root, also where pytest names it from elsewhere."""
    _, colons, inside = item.nodeid.partition("::")
    return f"{os.path.relpath(os.path.realpath(item.path), root)}{colons}{inside}"


def _modules(function: Any, error: BaseException, root: str) -> Iterator[ProjectModule]:
    """Modules of the frames from the innermost on, then of what the test calls."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    names = [frame.f_globals.get("__name__", "") for frame in reversed(frames)]
    for name in (*names, *_called(function.__code__, function.__globals__, root)):
        module = _module(name, root)
        if module is not None:
            yield module


def _called(code: types.CodeType, names: dict[str, Any], root: str) -> Iterator[str]:
    """Names of the modules that hold what a function of the project uses, breadth first."""
    level, seen = [(code, names)], {code}
    for _ in range(DEEPEST):
        following = []
        for outer, known in level:
            for value in _values(outer, known):
                name = (
                    value.__name__
                    if isinstance(value, types.ModuleType)
                    else getattr(value, "__module__", "")
                )
                if not isinstance(name, str) or _module(name, root) is None:
                    continue
                yield name
                for inner, inner_names in _codes(value):
                    if inner not in seen:
                        seen.add(inner)
                        following.append((inner, inner_names))
        level = following


def _values(code: types.CodeType, names: dict[str, Any]) -> Iterator[Any]:
    """What the global names of a function are now, and the attributes of modules that it reads."""
    held = [names[name] for name in code.co_names if name in names]
    for value in held:
        yield value
        if isinstance(value, types.ModuleType):
            yield from (vars(value)[name] for name in code.co_names if name in vars(value))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _values(constant, names)


def _codes(value: Any) -> Iterator[tuple[types.CodeType, dict[str, Any]]]:
    """The code of a function, or of all methods of a class."""
    members = list(vars(value).values()) if isinstance(value, type) else [value]
    for member in members:
        inner = getattr(member, "__func__", member)
        inner = getattr(inner, "fget", None) or inner
        if isinstance(inner, types.FunctionType):
            yield inner.__code__, inner.__globals__


def _module(name: str, root: str) -> ProjectModule | None:
    """The module of that name if its source is in the project; the conftests of pytest are not."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    path = os.path.realpath(file)
    inside = Path(path).parts[len(Path(root).parts) :]
    if not path.startswith(root + os.sep) or _NOT_OF_THE_PROJECT & set(inside) or inside[-1] == "conftest.py":
        return None
    return ProjectModule(name=name, path=path, package=inside[-1] == "__init__.py")


def _path(root: str, modules: tuple[ProjectModule | None, ...]) -> Iterator[str]:
    """Where the modules are imported from, and what else of the project is on the path."""
    for module in modules:
        if module is not None:
            depth = module.name.count(".") + (1 if not module.package else 2)
            top = Path(module.path)
            for _ in range(depth):
                top = top.parent
            if str(top) == root or str(top).startswith(root + os.sep):
                yield str(top)
    for entry in sys.path:
        real = os.path.realpath(entry)
        inside = set(Path(real).parts[len(Path(root).parts) :])
        if (real == root or real.startswith(root + os.sep)) and not _NOT_OF_THE_PROJECT & inside:
            yield real
