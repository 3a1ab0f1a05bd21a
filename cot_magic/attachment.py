"""What is attached to one IPython shell: the history of its cells, the parked snapshot, the last failure and
session."""

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cot_magic.core.errors import CotError, UsageError
from cot_magic.settings import Settings

if TYPE_CHECKING:  # loaded when the first cell runs or fails: a start of the kernel must cost next to nothing
    from cot_magic.capture.history import History
    from cot_magic.core.case import Case, Cell
    from cot_magic.core.protocols import Inserter, Listener, Renderer, Sandbox
    from cot_magic.core.session import Session
    from cot_magic.watchdog import Watchdog

ROOM_AFTER_A_FAILURE = 8  # times the size limit of copies that are made before a cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The last cell that failed, with its live exception (which a Case never holds)."""

    cell: "Cell"
    error: BaseException
    timed_out: bool = False


class Attachment:
    """Follows the cells of one shell. Its two hooks return at once in a copy of the kernel."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.defaults = Settings()
        self.auto = False
        self._history: History | None = None
        self.failure: Failure | None = None
        self.session: Session | None = None  # of the last investigation
        self.snapshot: Sandbox | None = None
        self.inserter: Inserter | None = None
        self.settings = self.defaults  # of the last investigation
        self.renderer: str | None = None  # None: what suits the front end
        self.listeners: tuple[Listener, ...] = ()  # to what is found about armed cells
        # a cell may run cells (%%capture): innermost last
        self._running: list[tuple[Cell, Settings | None]] = []
        self._failed_inside: BaseException | None = None  # in a cell that the running cell ran
        self._watchdog: Watchdog | None = None

    @property
    def history(self) -> "History":
        """Which cells ran, from the first one after the extension was loaded."""
        if self._history is None:
            from cot_magic.capture.history import History

            self._history = History()
        return self._history

    def before(
        self, info: Any, settings: Settings | None, *, keep: bool, cell_timeout: float | None = None
    ) -> None:
        """A cell is about to run. With settings, a copy of the kernel is parked first; `keep` leaves the
        last one parked."""
        if in_copy():
            return
        nested = bool(self._running)
        self._running.append((self.history.begin(self.shell, info), settings))
        if nested:
            return
        self._failed_inside = None
        if not keep:
            self.release()
        if settings is not None and settings.snapshots:
            self.snapshot = self._park("fork", settings)
        if cell_timeout is not None:
            from cot_magic.watchdog import Watchdog

            self._watchdog = Watchdog(cell_timeout)

    def after(self, result: Any) -> "Session | None":
        """A cell has run. If it was armed and failed (or was asked about), the investigation runs; returns
        its session."""
        if in_copy() or not self._running:
            return None
        cell, settings = self._running.pop()
        self.history.finish(self.shell, result)
        error = result.error_in_exec or result.error_before_exec
        if self._running:
            self._failed_inside = error if error is not None else self._failed_inside
            return None
        timed_out = self._watchdog is not None and self._watchdog.stop()
        self._watchdog = None
        error = error if error is not None else self._failed_inside
        if error is not None and isinstance(error.__cause__, CotError):
            return None  # a magic of ours refused its line: not a failure of the person's code
        failure = None if error is None else Failure(cell=cell, error=error, timed_out=timed_out)
        if failure is not None:
            self.failure = failure
        if settings is None:
            if failure is not None:
                self.release()  # what is parked is the state before another cell
            return None
        try:
            if failure is None and not settings.prompt:
                return None
            return self.investigate(settings, cell=cell, failure=failure, listeners=self.listeners)
        finally:
            if failure is None:
                self.release()  # kept only for more questions about a failure

    def post_mortem(self, settings: Settings) -> "Session":
        """Debug the last failure. Raises UsageError if nothing has failed yet."""
        if self.failure is None:
            raise UsageError("nothing has failed yet in this kernel: put %%cot on top of a cell that fails.")
        return self.investigate(settings, cell=self.failure.cell, failure=self.failure)

    def investigate(
        self,
        settings: Settings,
        *,
        cell: "Cell",
        failure: Failure | None,
        listeners: "tuple[Listener, ...]" = (),
    ) -> "Session":
        """Capture the case, run the session on the parked copy, show it, and insert what the settings say."""
        if settings.teach:
            raise UsageError("--teach is not part of this version yet. Nothing was run.")
        from cot_magic import investigation

        self.settings = settings
        reasoner = investigation.choose_reasoner(settings)
        if settings.preview:
            raise UsageError(
                f"the {reasoner.name} reasoner sends nothing: there is nothing to preview. Nothing was run."
            )
        case = self._capture(cell, failure, settings.prompt)
        self.snapshot = sandbox = self._sandbox(settings)
        self.session = investigation.investigate(
            case,
            sandbox,
            settings,
            reasoner=reasoner,
            renderer=self._renderer(),
            listeners=listeners,
        )
        return self.session

    def insert(self, what: str) -> str:
        """Insert `fix`, `tests` or `all` of the last session; returns one sentence for the person."""
        from cot_magic import investigation
        from cot_magic.notebook.cells import fix_cells, test_cells
        from cot_magic.notebook.insert import choose

        session = investigation.last()
        if session is None or session.case is None:
            raise UsageError("there is no session yet: run %%cot on a failing cell first.")
        wanted = {"fix": fix_cells, "tests": test_cells}
        cells = [cell for name, make in wanted.items() if what in (name, "all") for cell in make(session)]
        if not cells:
            return "There is nothing to insert: this session offers no fix and no tests."
        self.inserter = self.inserter or choose(self.shell, self.front_end)
        return self.inserter.insert(cells)

    def undo(self) -> str:
        """Take back the last insertion."""
        return self.inserter.undo() if self.inserter is not None else "Nothing was inserted."

    @property
    def front_end(self) -> str:
        """The kind of front end that the cells come from."""
        from cot_magic.notebook.front_end import front_end

        return front_end(self.shell)

    def release(self) -> None:
        """Let the parked copy go."""
        if self.snapshot is not None:
            self.snapshot.close()
            self.snapshot = None

    def _capture(self, cell: "Cell", failure: Failure | None, prompt: str) -> "Case":
        from cot_magic.capture.case import capture_case
        from cot_magic.core.verdict import TIMEOUT

        error = failure.error if failure is not None else None
        case = capture_case(self.shell, self.history, cell, error, prompt=prompt, front_end=self.front_end)
        if failure is not None and failure.timed_out and case.raised is not None:
            hung = replace(case.raised, ename=TIMEOUT, evalue="the cell did not end in the time allowed")
            case = replace(case, raised=hung)
        return case

    def _sandbox(self, settings: Settings) -> "Sandbox":
        """The copy from before the cell; where there is none, one of the state that the failure left."""
        if self.snapshot is not None and self.snapshot.status().available:
            return self.snapshot
        # a kernel too large to be copied before each cell can still be copied once, after a failure
        roomy = replace(settings, snapshot_limit_mb=settings.snapshot_limit_mb * ROOM_AFTER_A_FAILURE)
        late = self._park("fork-after", roomy)
        return late if late.status().available or self.snapshot is None else self.snapshot

    def _park(self, name: str, settings: Settings) -> "Sandbox":
        from cot_magic import plugins
        from cot_magic.capture.failure import sandbox_describe

        sandbox: Sandbox = plugins.load("sandboxes", name)(
            self.shell,
            describe=sandbox_describe(self.history),
            allow=settings.allow,
            size_limit_mb=settings.snapshot_limit_mb,
        )
        return sandbox

    def _renderer(self) -> "Renderer":
        from cot_magic import plugins

        by_front_end = {"terminal": "terminal", "colab": "static"}
        name = self.renderer or by_front_end.get(self.front_end, "accordion")
        renderer: Renderer = plugins.load("renderers", name)()
        return renderer


def in_copy() -> bool:
    """Whether this process is a copy of the kernel, in which hooks return at once; without loading what
    makes copies."""
    snapshot = sys.modules.get("cot_magic.sandbox.snapshot")
    return snapshot is not None and bool(snapshot.in_child())
