"""A live shell whose cells a History follows, as the extension will follow them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from cot_magic.capture.case import capture_case
from cot_magic.capture.history import History
from cot_magic.capture.redact import Redactor
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
        self.error = result.error_before_exec or result.error_in_exec
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


@pytest.fixture
def shell() -> Iterator[Any]:
    yield from _shell(InteractiveShell)


@pytest.fixture
def notebook(shell: Any) -> Iterator[Notebook]:
    book = Notebook(shell)
    yield book
    book.close()


def _shell(kind: Any) -> Iterator[Any]:
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = kind(config=config)
    shell.builtin_trap.activate()
    yield shell
    shell.builtin_trap.deactivate()
    shell.atexit_operations() if hasattr(shell, "atexit_operations") else None
