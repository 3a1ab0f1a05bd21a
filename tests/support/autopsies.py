"""Cells that run in a shell of this process, and the autopsy of the last one."""

import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cot_magic.autopsy.examination import UNFINISHED, autopsy
from cot_magic.capture.case import capture_case
from cot_magic.capture.lineage.history import History
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Case, Cell
from cot_magic.core.codec import from_json, to_json
from cot_magic.core.facts import Fact, Facts


@dataclass
class Mortuary:
    """Runs cells, and examines the failure of the last one as a copy of the kernel does."""

    shell: Any
    history: History = field(default_factory=History)
    redactor: Redactor = field(default_factory=lambda: Redactor({}))
    cell: Cell | None = None
    case: Case | None = None

    def before(self, info: Any) -> None:
        self.cell = self.history.begin(self.shell, info)

    def after(self, result: Any) -> None:
        self.history.finish(self.shell, result)

    def facts(self, *sources: str) -> Facts:
        """Run the cells; each fact of the last one's failure has been through the codec."""
        error: BaseException | None = None
        for place, source in enumerate(sources):
            result = self.shell.run_cell(source, store_history=True, cell_id=f"c{place}")
            error = result.error_in_exec or result.error_before_exec
            assert error is None or place == len(sources) - 1, error
        assert error is not None, "the last cell did not fail"
        return self.examined(error)

    def examined(self, error: BaseException) -> Facts:
        cell = next(cell for cell in self.history.cells if cell.id == self.history.runs[-1].cell)
        self.case = capture_case(self.shell, self.history, cell, error, redactor=self.redactor)
        found = []
        for fact in autopsy(error, self.case, self.history, self.redactor, self.shell.user_ns):
            assert from_json(Fact, to_json(fact)) == fact
            found.append(fact)
        unfinished = tuple(str(item.value) for item in found if item.kind == UNFINISHED)
        return Facts(found=tuple(item for item in found if item.kind != UNFINISHED), unfinished=unfinished)


@contextmanager
def mortuary_open() -> Iterator[Mortuary]:
    """A shell of its own, taken down again."""
    main = sys.modules["__main__"]
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell(config=config)
    book = Mortuary(shell)
    shell.events.register("pre_run_cell", book.before)
    shell.events.register("post_run_cell", book.after)
    yield book
    atexit.unregister(shell.atexit_operations)
    sys.modules["__main__"] = main
    shell.user_ns.clear()
    for name in ("last_type", "last_value", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)
