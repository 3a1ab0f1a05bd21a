"""A live shell whose cells a History follows, as the extension will follow them."""

import atexit
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cot_magic.capture.case import capture_case
from cot_magic.capture.lineage.history import History
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core import codec
from cot_magic.core.case import Case, Cell, Raised


@dataclass
class Notebook:
    """Runs cells in a shell and captures the case of the last one."""

    shell: Any
    history: History = field(default_factory=History)
    cell: Cell | None = None
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self.shell.events.register("pre_run_cell", self._before)
        self.shell.events.register("post_run_cell", self._after)

    def close(self) -> None:
        self.shell.events.unregister("pre_run_cell", self._before)
        self.shell.events.unregister("post_run_cell", self._after)

    def _before(self, info: Any) -> None:
        self.cell = self.history.begin(self.shell, info)

    def _after(self, result: Any) -> None:
        self.history.finish(self.shell, result)

    def run(self, source: str, cell_id: str | None = None) -> None:
        self.error = None
        result = self.shell.run_cell(source, store_history=True, cell_id=cell_id)
        self.error = result.error_in_exec or result.error_before_exec
        self.cell = next(cell for cell in self.history.cells if cell.id == self.history.runs[-1].cell)

    def case(self, *sources: str, prompt: str = "", redactor: Redactor | None = None) -> Case:
        """Run the cells and capture the last one. Every case goes through the codec, so it must be plain
        data."""
        for source in sources:
            self.run(source)
        assert self.cell is not None
        found = capture_case(
            self.shell,
            self.history,
            self.cell,
            self.error,
            prompt=prompt,
            redactor=redactor or Redactor({}),
        )
        assert codec.from_json(Case, codec.to_json(found)) == found
        return found

    def raised(self, *sources: str) -> Raised:
        raised = self.case(*sources).raised
        assert raised is not None
        return raised


@pytest.fixture(params=["nocolor"])
def shell(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A shell of its own, taken down again; its parameter is IPython's colour theme."""
    main = sys.modules["__main__"]
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = request.param
    shell = InteractiveShell(config=config)
    getattr(shell.history_manager, "outputs", {}).clear()  # IPython keeps those of all shells of a process
    yield shell
    atexit.unregister(shell.atexit_operations)
    sys.modules["__main__"] = main


@pytest.fixture
def notebook(shell: Any) -> Iterator[Notebook]:
    book = Notebook(shell)
    yield book
    book.close()


@pytest.fixture
def shallow() -> Callable[[], AbstractContextManager[None]]:
    return low_recursion_limit


@contextmanager
def low_recursion_limit() -> Iterator[None]:
    """A lower recursion limit, as IPython takes half a minute to show the usual one."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 200)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)
