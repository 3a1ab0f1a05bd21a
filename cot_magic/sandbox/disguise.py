"""Makes a copy look like the kernel: without our modules, environment, folders and names of files.

Code that behaves well only where it is judged behaves in another way here, and the two runs differ.
"""

import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

OURS = "cot_magic"


class HiddenModules:
    """Our modules, taken out of `sys.modules` and not to be found while the code of a job runs."""

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}
        self._finder = _other_finder()

    def hide(self) -> None:
        """Take them out; an import of them fails as if cot-magic were not installed."""
        for name in [name for name in sys.modules if _is_ours(name)]:
            self._modules[name] = sys.modules.pop(name)
        finders = sys.meta_path
        place = next((i for i, finder in enumerate(finders) if finder is PathFinder), 0)
        finders[place : place + (PathFinder in finders)] = [self._finder]

    def show(self) -> None:
        """Put them back, for our own work after the last step."""
        sys.meta_path[:] = [PathFinder if finder is self._finder else finder for finder in sys.meta_path]
        sys.modules.update(self._modules)


def _is_ours(name: str) -> bool:
    return name == OURS or name.startswith(f"{OURS}.")


def _other_finder() -> Any:
    """The finder of modules on `sys.path`, which does not find ours."""

    class Finder(PathFinder):
        @classmethod
        def find_spec(
            cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            if _is_ours(fullname):
                raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
            return super().find_spec(fullname, path, target)

    Finder.__name__ = Finder.__qualname__ = PathFinder.__name__
    Finder.__module__ = PathFinder.__module__
    return Finder


def environment(names: Sequence[str]) -> dict[str, str | None]:
    """What these variables are now; None if they are not set."""
    return {name: os.environ.get(name) for name in names}


def set_environment(variables: Mapping[str, str | None]) -> None:
    """Set the variables to these values, or remove them."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def new_scratch(recorded_in: str) -> str:
    """A path like those of `tempfile`; it is written down, so that it is removed if nobody else does."""
    path = os.path.join(tempfile.gettempdir(), f"tmp{secrets.token_hex(4)}")
    with open(recorded_in, "a", encoding="utf-8") as file:
        file.write(f"{path}\n")
    return path


def kernel_file_names(shell: Any, kernel_pid: int) -> Callable[[int, str], str]:
    """The names that the kernel itself would give to the code of cells."""
    naming, count = type(shell.compile).get_code_name, shell.execution_count
    known = [name for name in getattr(shell.compile, "_filename_map", ()) if name.startswith("/")]
    folder = os.path.dirname(known[-1]) if known else f"{tempfile.gettempdir()}/ipykernel_{kernel_pid}"

    def name_of(index: int, source: str) -> str:
        name = str(naming(shell.compile, source, source, count + index))
        return f"{folder}/{os.path.basename(name)}" if name.startswith("/") else name

    return name_of
