"""Sessions of many failing notebooks, made by one kernel that is armed anew for each of them."""

import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
from kernels import python_kernel, started

from cot_magic.core.events import Stamped
from cot_magic.run.notebook import arming
from cot_magic.run.recording import read
from cot_magic.settings import Settings

# the kernel as it was before it was armed: without the extension, its hooks, and the names of the notebook
FRESH = """
_shell = get_ipython()
_hooks = _shell.events.callbacks["pre_run_cell"]
_hooks[:] = [hook for hook in _hooks if hook.__module__ != "cot_magic.ipython.armed"]
_hooks.append(_shell._cot_magics.before)
__import__("cot_magic").unload_ipython_extension(_shell)
_shell.reset(new_session=False)
"""


@pytest.fixture(scope="session")
def failing_notebooks() -> ModuleType:
    """The module of the failing notebooks (tests are imported one by one, so it is loaded by its path)."""
    spec = spec_from_file_location("failing_notebooks", Path(__file__).parent / "failing_notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def investigated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., list[Stamped]]]:
    """A function from the cells of a failing notebook, and its folder, to the events of its session (none if all passed)."""
    manager, client = started(python_kernel, cwd=str(tmp_path_factory.mktemp("kernel")))
    plain = client.session.msg
    current: dict[str, Any] = {}

    def with_cell_id(kind: str, *arguments: Any, **more: Any) -> dict[str, Any]:
        message = plain(kind, *arguments, **more)
        if kind == "execute_request":
            message["metadata"] = dict(current)
        return message

    client.session.msg = with_cell_id

    def silently(code: str) -> None:
        reply = client.execute(code, silent=True, store_history=False, reply=True, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]

    def investigate(cells: tuple[str, ...], folder: Path) -> list[Stamped]:
        sources = [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(cells)]
        book = nbformat.v4.new_notebook(cells=sources)
        events = folder / "session.cot.jsonl"
        silently(f"import os\nos.chdir({str(folder)!r})\ndel os")
        silently(arming(book, Settings(intensity="cot+"), events))
        for cell in sources:
            current["cellId"] = cell.id
            reply = client.execute(
                cell.source, reply=True, timeout=90, allow_stdin=False, stop_on_error=False
            )
            if reply["content"]["status"] == "error":
                break
        silently(FRESH)
        return list(read(events)) if events.exists() else []

    yield investigate
    client.stop_channels()
    manager.shutdown_kernel(now=True)
