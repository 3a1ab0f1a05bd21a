"""What the cells of a rebuilt test call in its kernel: modules that are cells, and the arguments of the test.

The modules of the project are cells of one namespace. So that other code finds in them what the cells define
now, also after one of them was edited and ran again, a view of that namespace is in their place.
"""

import asyncio
import os
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

from IPython.core.getipython import get_ipython

from cot_magic.core.errors import CotError


class ModuleOfCells(types.ModuleType):
    """A module whose names are those of the notebook."""

    def __init__(self, name: str, file: str, public: Sequence[str]) -> None:
        super().__init__(name)
        object.__setattr__(self, "__file__", file)
        object.__setattr__(self, "__all__", list(public))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return _names()[name]
        except KeyError:
            message = f"module {self.__name__!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__"):
            object.__setattr__(self, name, value)
        else:
            _names()[name] = value

    def __delattr__(self, name: str) -> None:
        if _names().pop(name, self) is self:
            raise AttributeError(name)


def enter(root: str, path: Sequence[str]) -> None:
    """Work in a copy of the project, and import from it before anything else."""
    os.chdir(root)
    sys.path[:0] = path
    sys.dont_write_bytecode = True


def as_module(name: str, file: str, public: Sequence[str], *, package: bool) -> None:
    """From now on, importing that module gives what the cells define."""
    module = ModuleOfCells(name, file, public)
    if package:
        object.__setattr__(module, "__path__", [os.path.dirname(file)])
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(__import__(parent, fromlist=["_"]), last, module)
    sys.modules[name] = module


@contextmanager
def outside_the_loop() -> Iterator[None]:
    """Let a loop run in here although the cell itself runs in one: asynchronous fixtures bring their own."""
    loop: Any = asyncio._get_running_loop()
    swap = getattr(asyncio.tasks, "_swap_current_task", None)  # since Python 3.12
    task = swap(loop, None) if loop is not None and swap is not None else None
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
        if task is not None and swap is not None:
            swap(loop, task)


def arguments(test_id: str, names: Sequence[str], options: Sequence[str], *uses: object) -> Any:
    """The arguments of a test as pytest makes them: fixtures, parameters, and `self`.

    `options` are those of the run of pytest; `uses` is what the fixtures use, on which the cell then depends.
    Nothing is torn down: the test is about to run. Raises CotError if pytest does not find it.
    """
    _forget(test_id)
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(out), outside_the_loop():
        item = _set_up(test_id, options)
    if item is None:
        raise CotError(f"pytest does not find {test_id} in the copy: {out.getvalue().strip()[-300:]}")
    found = [_argument(item, name) for name in names]
    return found[0] if len(found) == 1 else found


def _set_up(test_id: str, options: Sequence[str]) -> Any:
    import _pytest.config
    from _pytest.main import Session

    config = _pytest.config._prepareconfig([*options, "-p", "no:randomly", test_id])
    config._do_configure()
    session = Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    session.perform_collect()
    item = next((item for item in session.items), None)
    if item is not None:
        config.hook.pytest_runtest_setup(item=item)
    return item


def _argument(item: Any, name: str) -> Any:
    if name in item.funcargs:
        return item.funcargs[name]
    return item.obj.__self__  # the first argument of a method


def _forget(test_id: str) -> None:
    """Have the test's module and the conftests imported anew: they hold what the cells defined before."""
    test = os.path.realpath(test_id.partition("::")[0])
    for name, module in list(sys.modules.items()):
        file = module.__dict__.get("__file__") if isinstance(module, types.ModuleType) else None
        if isinstance(file, str) and not isinstance(module, ModuleOfCells):
            real = os.path.realpath(file)
            if real == test or os.path.basename(real) == "conftest.py":
                del sys.modules[name]


def _names() -> dict[str, Any]:
    shell: Any = get_ipython()
    names: dict[str, Any] = shell.user_ns
    return names
