"""Reads a failing test of the running pytest: which modules of the project it runs through."""

import inspect
import os
import sys
import types
import unittest
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
    others = [module for module in _modules(item, function, error, root) if module not in (None, own)]
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
        options=tuple(_options(item.config)),
        sets_up=tuple(_sets_up(item.cls)),
        set_up_with=tuple(sorted({name for code, _ in _set_up_by(item) for name in _names(code)})),
    )


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _sets_up(owner: type | None) -> Iterator[str]:
    if owner is not None and issubclass(owner, unittest.TestCase):
        yield "self.setUp()"
        if issubclass(owner, unittest.IsolatedAsyncioTestCase):
            yield "await self.asyncSetUp()"


def _options(config: Any) -> Iterator[str]:
    """The options of the project stay, whose plugins and markers a test may need; none of them is to choose
    other tests, to stop early, or to start workers or this plugin."""
    yield from ("-q", "-s", "-p", "no:cacheprovider", "-k", "", "-m", config.option.markexpr, "--maxfail=0")
    named = [name for name in config.option.plugins or () if name != "no:terminal"]  # which workers are told
    for name in named:
        yield from ("-p", name)
    loaded = config.pluginmanager.hasplugin
    if any(loaded(name) for name in ("xdist", "xdist.plugin")):
        yield from ("-n0", "--dist=no")
    if loaded("cot-magic") or "cot_magic.cli.pytest_plugin" in named:
        yield "--no-cot"


def _test_id(item: Any, root: str) -> str:
    """The name of the test from the root, also where pytest names it from elsewhere."""
    _, colons, inside = item.nodeid.partition("::")
    return f"{os.path.relpath(os.path.realpath(item.path), root)}{colons}{inside}"


def _modules(item: Any, function: Any, error: BaseException, root: str) -> Iterator[ProjectModule]:
    """Modules of the frames from the innermost on, then of what the test calls, then of what sets it up."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    names = [frame.f_globals.get("__name__", "") for frame in reversed(frames)]
    own = (function.__code__, function.__globals__)
    for name in (*names, *_called([own], root), *_called([*_set_up_by(item)], root)):
        module = _module(name, root)
        if module is not None:
            yield module


Code = tuple[types.CodeType, dict[str, Any]]
"""The code of a function with its global names."""


def _set_up_by(item: Any) -> Iterator[Code]:
    """What runs before a test and is of its project: its fixtures, `setUp` and `setup_method`."""
    names = ("setUp", "asyncSetUp", "setUpClass", "setup_method", "setup_class")
    for function in (getattr(item.cls, name, None) for name in names if item.cls is not None):
        yield from _codes(function)
    definitions = getattr(item, "_fixtureinfo", None)
    for fixtures in getattr(definitions, "name2fixturedefs", {}).values():
        for fixture in fixtures:
            yield from _codes(inspect.unwrap(fixture.func))


def _called(level: list[Code], root: str) -> Iterator[str]:
    """Names of the modules that hold what functions of the project use, breadth first."""
    seen = {code for code, _ in level}
    for _ in range(DEEPEST):
        following = []
        for outer, known in level:
            for value in _values(outer, known):
                name = _home(value)
                if _module(name, root) is None:
                    continue
                yield name
                for inner, inner_names in _codes(value):
                    if inner not in seen:
                        seen.add(inner)
                        following.append((inner, inner_names))
        level = following


def _home(value: Any) -> str:
    """The name of the module that holds the definition of a value; "" if it does not say."""
    try:
        name = value.__name__ if _is_module(value) else getattr(value, "__module__", "")
    except Exception:  # a proxy that stands for nothing now
        return ""
    return name if isinstance(name, str) else ""


def _is_module(value: Any) -> bool:
    """By its type: `isinstance` also asks the value, and a proxy may raise."""
    return issubclass(type(value), types.ModuleType)


def _values(code: types.CodeType, names: dict[str, Any]) -> Iterator[Any]:
    """What the global names of a function are now, and the attributes of modules that it reads."""
    held = [names[name] for name in code.co_names if name in names]
    for value in held:
        yield value
        if _is_module(value):
            yield from (vars(value)[name] for name in code.co_names if name in vars(value))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _values(constant, names)


def _codes(value: Any) -> Iterator[Code]:
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
