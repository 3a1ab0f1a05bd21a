"""What actions know of one kernel: data only, changed by the actions and by the hooks of the kernel."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cot_magic.notebook.bridge import Bridge
from cot_magic.settings import Settings

if TYPE_CHECKING:  # loaded when the first cell runs or fails: starting a kernel must cost next to nothing
    from cot_magic.actions.failure import Failure
    from cot_magic.capture.lineage.history import History
    from cot_magic.capture.secrets.redactor import Redactor
    from cot_magic.core.case import Cell
    from cot_magic.core.protocols import Inserter, Listener, Reasoner, Sandbox
    from cot_magic.core.session import Session
    from cot_magic.sandbox.rehearsal import RehearsalCopy


class RunningLesson(Protocol):
    """A lesson as the other actions see it; it may also have ended."""

    @property
    def under_way(self) -> bool: ...

    def holds(self, sandbox: "Sandbox") -> bool:
        """Whether that copy is still needed for answers."""
        ...

    def refusal(self, session: "Session | None") -> str:
        """Why the fix of a session is not available yet; "" if it is."""
        ...

    def ran_again(self, cell: "Cell", error: BaseException | None) -> bool:
        """Take note that the cell of the lesson ran again; False if another cell ran."""
        ...

    def step(self, line: str, body: str | None) -> "Session | None":
        """Take an answer, `--hint` or `--show`, and show what changed; return the session at the end."""
        ...

    def show(self) -> None: ...

    def close(self) -> None: ...


@dataclass(kw_only=True, eq=False, repr=False)
class ActionState:
    """One kernel: its shell, its cells, the parked copy, the last failure and who worked on it.

    The last session itself is in `run.last_session.LAST`.

    Attributes
    ----------
    settings
        Those of the last investigation; `defaults` are what `%cot_config` sets.
    renderer
        Name of the renderer; None chooses one for the front end.
    listeners, verbatim
        Hear what is found in armed cells, with secrets withheld and with sources as they are.
    tell
        Takes what `--preview` shows.
    reasoner
        The reasoner of the last session with the settings that chose it, so that it can be resumed.
    has_row
        Whether the front-end extension draws a row of buttons below the last panel.
    lesson
        The last lesson, also after it has ended.
    rehearsals, no_rehearsals
        The copy in which cells are rehearsed, and why there is none.
    """

    shell: Any
    bridge: Bridge
    defaults: Settings = field(default_factory=Settings)
    settings: Settings = field(default_factory=Settings)
    history: "History | None" = None
    redactor: "Redactor | None" = None
    failure: "Failure | None" = None
    snapshot: "Sandbox | None" = None
    inserter: "Inserter | None" = None
    reasoner: "tuple[Settings, Reasoner] | None" = None
    renderer: str | None = None
    listeners: "tuple[Listener, ...]" = ()
    verbatim: "tuple[Listener, ...]" = ()
    tell: Callable[[str], object] = print
    has_row: bool = False
    lesson: RunningLesson | None = None
    rehearsals: "RehearsalCopy | None" = None
    no_rehearsals: str = ""


def history_of(state: ActionState) -> "History":
    """Which cells ran, from the first one after the extension was loaded."""
    if state.history is None:
        from cot_magic.capture.lineage.history import History

        state.history = History()
    return state.history


def secrets_so_far(state: ActionState) -> "Redactor":
    """What has been found to be secret in this kernel; nothing is ever forgotten."""
    if state.redactor is None:
        from cot_magic.capture.secrets.redactor import Redactor

        state.redactor = Redactor({})
    return state.redactor


def redactor_of(state: ActionState) -> "Redactor":
    """The same with the environment as it is now, which takes time to read."""
    redactor = secrets_so_far(state)
    redactor.read_environment(os.environ)
    return redactor
