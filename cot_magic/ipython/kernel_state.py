"""What is attached to one IPython shell: data only."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cot_magic.actions.state import ActionState
from cot_magic.ipython.guard_state import Guard
from cot_magic.ipython.held_traceback import HeldTraceback
from cot_magic.settings import Settings

if TYPE_CHECKING:  # loaded when the first cell runs: starting a kernel must cost next to nothing
    from cot_magic.core.case import Cell
    from cot_magic.run.interrupts import Watchdog


@dataclass(kw_only=True, eq=False, repr=False)
class KernelState(ActionState):
    """The state of a kernel with what the hooks know of the cell that is running.

    Attributes
    ----------
    auto
        Whether every failing cell is investigated (`%cot_auto`).
    running
        The running cells with the settings they were armed with; a cell may run cells (`%%capture`), the
        innermost is last.
    failed_inside
        The error of a cell that the running cell ran.
    asked
        Whether the running cell is a line magic of ours about the last failure.
    traceback
        What IPython would have shown of the running cell's failure, until the panel is there.
    guard
        Whether cells are rehearsed before they run, and what is known of the running one.
    """

    auto: bool = False
    running: "list[tuple[Cell, Settings | None]]" = field(default_factory=list)
    failed_inside: BaseException | None = None
    asked: bool = False
    guard: Guard = field(default_factory=Guard)
    watchdog: "Watchdog | None" = None
    traceback: HeldTraceback | None = None
