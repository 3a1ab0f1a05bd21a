"""What is attached to one IPython shell: the history of its cells, the parked snapshot, the last failure and
session."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cot_magic.core.errors import CotError, UsageError
from cot_magic.notebook.bridge import Bridge
from cot_magic.settings import Settings

if TYPE_CHECKING:  # loaded when the first cell runs or fails: a start of the kernel must cost next to nothing
    from cot_magic.actions.teach import Teaching
    from cot_magic.capture.lineage.history import History
    from cot_magic.capture.secrets.redactor import Redactor
    from cot_magic.core.case import Case, Cell
    from cot_magic.core.events import Stamped
    from cot_magic.core.protocols import Inserter, Listener, Reasoner, Renderer, Sandbox
    from cot_magic.core.session import Session
    from cot_magic.run.interrupts import Watchdog

ROOM_AFTER_A_FAILURE = 8  # times the size limit of copies that are made before a cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The last cell that failed, with its live exception (which a Case never holds)."""

    cell: "Cell"
    error: BaseException
    timed_out: bool = False


class Heard:
    """A Listener that keeps the events of the latest session, so that it can be exported."""

    def __init__(self) -> None:
        self.events: list[Stamped] = []

    def hear(self, stamped: "Stamped") -> None:
        from cot_magic.core.events import SessionStarted

        if isinstance(stamped.event, SessionStarted):
            self.events = []
        self.events.append(stamped)


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
        self.reasoner: tuple[Settings, Reasoner] | None = None  # and who worked on it
        self.renderer: str | None = None  # None: what suits the front end
        self.listeners: tuple[Listener, ...] = ()  # to what is found about armed cells, secrets withheld
        self.verbatim: tuple[Listener, ...] = ()  # to the same with the sources as they are
        self._redactor: Redactor | None = None
        # a cell may run cells (%%capture): innermost last
        self._running: list[tuple[Cell, Settings | None]] = []
        self._failed_inside: BaseException | None = None  # in a cell that the running cell ran
        self._asked = False  # whether the running cell is a line magic of ours, about the last failure
        self._watchdog: Watchdog | None = None
        self.tell: Callable[[str], object] = print  # takes what --preview shows
        self.bridge = Bridge(shell)
        self.heard = Heard()
        self.teaching: Teaching | None = None  # the lesson, also one that has ended
        self.has_row = False  # whether the last panel has a row of buttons that the front end draws

    @property
    def history(self) -> "History":
        """Which cells ran, from the first one after the extension was loaded."""
        if self._history is None:
            from cot_magic.capture.lineage.history import History

            self._history = History()
        return self._history

    @property
    def redactor(self) -> "Redactor":
        """What has been found to be secret in this kernel; it is never forgotten."""
        import os

        redactor = self._known_secrets()
        redactor.read_environment(os.environ)
        return redactor

    def _known_secrets(self) -> "Redactor":
        """The same as it is, without a look at the environment: that takes time, and a cell is to start."""
        if self._redactor is None:
            from cot_magic.capture.secrets.redactor import Redactor

            self._redactor = Redactor({})
        return self._redactor

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
        self._failed_inside, self._asked = None, keep
        if not keep and (settings is not None or not self._cut_short):
            self.release()
        if settings is not None and settings.snapshots:
            self.snapshot = self._park("fork", settings)
        if cell_timeout is not None:
            from cot_magic.run.interrupts import Watchdog

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
        stopped = self._asked and isinstance(error, KeyboardInterrupt)
        if stopped or (error is not None and isinstance(error.__cause__, CotError)):
            return None  # a magic of ours was stopped or refused its line: not a failure of the person's code
        failure = None if error is None else Failure(cell=cell, error=error, timed_out=timed_out)
        if failure is not None:
            self.failure = failure
        if settings is None:
            if failure is not None:
                self.release()  # what is parked is the state before another cell
            return None
        try:
            lesson = self.teaching if settings.teach else None
            if lesson is not None and lesson.ran_again(cell, error):
                return self.session if lesson.lesson.ended else None
            asked = settings.prompt or (settings.explores and not self.listeners)
            if failure is None and not asked:
                return None
            return self.investigate(settings, cell=cell, failure=failure, listeners=self.listeners)
        finally:
            if failure is None:
                self.release()  # kept only for more questions about a failure

    def post_mortem(self, settings: Settings) -> "Session | None":
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
    ) -> "Session | None":
        """Capture the case, run the session on the parked copy and show it. With `preview` only what would be
        sent is shown, and there is no session."""
        from cot_magic.run import run_session as investigation
        from cot_magic.run.choose_reasoner import (
            Sending,
            choose_reasoner,
            nothing_to_preview,
            request_text,
        )

        self.settings = settings
        reasoner = choose_reasoner(settings, self.redactor)
        sending = reasoner if isinstance(reasoner, Sending) else None
        if settings.preview:
            nothing_to_preview(reasoner)
        if sending is not None and not settings.preview:
            sending.warm()
        case = self._capture(cell, failure, settings.prompt)
        if settings.preview and sending is not None:
            self.tell(request_text(sending.preview(case, settings.effective_budget())))
            return None
        if sending is not None:
            sending.settle()
        self.reasoner = (settings, reasoner)
        self.snapshot = sandbox = self.sandbox(settings)
        if settings.teach:
            from cot_magic.actions.teach import begin

            begin(self, settings, case, reasoner, sandbox)
            return None
        self.session = investigation.investigate(
            case,
            sandbox,
            settings,
            reasoner=reasoner,
            renderer=self.screen(),
            redactor=self.redactor,
            listeners=(*listeners, self.heard),
            verbatim=self.verbatim,
        )
        return self.session

    def resume(self, settings: Settings) -> "Session | None":
        """Go on with the last session where it was cut short. Raises UsageError if it was not."""
        from cot_magic.actions.resume import go_on

        return go_on(self, settings)

    def teach(self, teaching: "Teaching") -> None:
        """Start a lesson in the place of an earlier one."""
        self.end_lesson()
        self.teaching = teaching
        teaching.start()

    def end_lesson(self) -> None:
        """Let go of a lesson that is under way; what was revealed stays."""
        if self.teaching is not None and self.teaching.under_way:
            self.teaching.close()
        self.teaching = None

    def insert(self, what: str) -> str:
        """Insert `fix`, `tests` or `all` of the last session; returns one sentence for the person."""
        from cot_magic.actions.insert import insert

        return insert(self, what)

    def undo(self) -> str:
        """Take back the last insertion, also one that was made by a click."""
        from cot_magic.actions.insert import undo

        return undo(self)

    def export(self, line: str) -> str:
        """Write the last session as a report; returns one sentence."""
        from cot_magic.actions.insert import export

        return export(self, line)

    @property
    def front_end(self) -> str:
        """The kind of front end that the cells come from."""
        from cot_magic.notebook.front_end import front_end

        return front_end(self.shell)

    @property
    def draws_offers(self) -> bool:
        """Whether a page that shows this output, now or when it is opened again, may have our extension."""
        from cot_magic.notebook.front_end import LAB, UNKNOWN

        return self.front_end in (LAB, UNKNOWN)

    def release(self) -> None:
        """Let the parked copy go."""
        if self.snapshot is not None:
            if self.teaching is None or not self.teaching.holds(self.snapshot):
                self.snapshot.close()
            self.snapshot = None

    @property
    def _cut_short(self) -> bool:
        """Whether the last session can go on: a key is renewed in a cell, and that one takes away nothing."""
        return self.session is not None and bool(self.session.interrupted or self.session.faults)

    def _capture(self, cell: "Cell", failure: Failure | None, prompt: str) -> "Case":
        from cot_magic.capture.case import capture_case
        from cot_magic.core.verdict import TIMEOUT

        error = failure.error if failure is not None else None
        case = capture_case(
            self.shell,
            self.history,
            cell,
            error,
            prompt=prompt,
            redactor=self.redactor,
            front_end=self.front_end,
        )
        if failure is not None and failure.timed_out and case.raised is not None:
            hung = replace(case.raised, ename=TIMEOUT, evalue="the cell did not end in the time allowed")
            case = replace(case, raised=hung)
        return case

    def sandbox(self, settings: Settings) -> "Sandbox":
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
            describe=sandbox_describe(self.history, self._known_secrets()),
            allow=settings.allow,
            size_limit_mb=settings.snapshot_limit_mb,
        )
        return sandbox

    def screen(self) -> "Renderer":
        from cot_magic import plugins

        by_front_end = {"terminal": "terminal", "colab": "static"}
        name = self.renderer or by_front_end.get(self.front_end, "accordion")
        renderer: Renderer = plugins.load("renderers", name)()
        self.has_row = name == "accordion" and self.bridge.connected
        if self.has_row:
            from cot_magic.notebook.insert.controls import WithControls

            return WithControls(renderer, self.bridge, offers=self.settings.insert != "none")
        return renderer


def in_copy() -> bool:
    """Whether this process is a copy of the kernel, in which hooks return at once; without loading what
    makes copies."""
    snapshot = sys.modules.get("cot_magic.sandbox.snapshot")
    return snapshot is not None and bool(snapshot.in_child())
