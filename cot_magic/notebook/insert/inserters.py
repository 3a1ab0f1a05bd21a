"""Inserts new cells into the notebook, in whichever way the front end allows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cot_magic.core.case import CellRole, NewCell
from cot_magic.core.protocols import Inserter
from cot_magic.core.session import Session
from cot_magic.notebook.front_end import COLAB, LAB, TERMINAL, VSCODE, message_type

if TYPE_CHECKING:
    from cot_magic.notebook.bridge import Bridge

_REMOVE = "To remove it, click next to the cell and press Esc, then z; or delete the cell."


def choose(
    shell: Any, front_end: str, bridge: "Bridge | None" = None, session: Session | None = None
) -> Inserter:
    """Return the inserter for that front end (a name from `front_end`): the bridge if the page has our
    extension, one that prints if cells cannot be inserted."""
    if bridge is not None and session is not None and bridge.connected:
        return BridgeInserter(bridge, session)
    if front_end == VSCODE:
        return VSCodeInserter(shell)
    if front_end == TERMINAL:
        return TerminalInserter(shell)
    if front_end in (LAB, COLAB):
        return PayloadInserter(shell)
    return PrintInserter()


class BridgeInserter:
    """Tagged cells below the failing one, inserted by the front-end extension as one undo step."""

    def __init__(self, bridge: "Bridge", session: Session) -> None:
        self._bridge, self._session = bridge, session

    def insert(self, cells: Sequence[NewCell]) -> str:
        """Ask the page to insert the cells. It answers when the kernel is idle, and reports errors itself."""
        from cot_magic.notebook.insert.offer import offer_of

        self._bridge.ask("insert", what="all", offer=offer_of(tuple(cells), self._session))
        case = self._session.case
        where = case.label(case.cell.id) if case is not None else "the cell"
        verb = "is" if {cell.role for cell in cells} == {CellRole.FIX} else "are"
        return f"{_what(cells)} {verb} inserted below {where}. %cot_undo reverts it."

    def undo(self) -> str:
        from cot_magic.notebook.insert.offer import offer

        self._bridge.ask("undo", offer=offer(self._session))
        return "What the session put into the notebook is removed; cells that you changed are kept."


class PayloadInserter:
    """One new cell below with all the code: JupyterLab and Notebook use one payload, of an `ok` reply."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._asked = False

    def insert(self, cells: Sequence[NewCell]) -> str:
        """Ask for the new cell. After a failed cell, print the code instead: the payload would be dropped."""
        if _reply_is_an_error(self._shell):
            return PrintInserter().insert(cells)
        first, rest = _joined(cells)
        self._shell.set_next_input(first)
        self._asked = True
        said = f"{_what(cells)} will be inserted in a new cell {_when(self._shell)}."
        if rest:
            said += f" {PrintInserter().insert(rest)}"
        return said

    def undo(self) -> str:
        return _REMOVE if self._asked else "Nothing was inserted."


class VSCodeInserter:
    """A new cell for each: VS Code inserts each payload directly below, so the last one ends up first."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._count = 0

    def insert(self, cells: Sequence[NewCell]) -> str:
        """Ask for the new cells in reverse order: tests first, then the fix, which ends up on top."""
        for cell in reversed(cells):
            payload = {"source": "set_next_input", "text": cell.source, "replace": False}
            self._shell.payload_manager.write_payload(payload, single=False)
        self._count = len(cells)
        return f"{_what(cells)} will be inserted in {_count(len(cells))} {_when(self._shell)}."

    def undo(self) -> str:
        if not self._count:
            return "Nothing was inserted."
        return f"To remove {_count(self._count)}, press Esc, then z in the notebook; or delete them."


class TerminalInserter:
    """The code at the next prompt, to edit or run."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def insert(self, cells: Sequence[NewCell]) -> str:
        first, rest = _joined(cells)
        self._shell.set_next_input(first)
        said = f"{_what(cells)} will be at your next prompt: Enter runs the code, Ctrl-C discards it."
        if rest:
            said += f" {PrintInserter().insert(rest)}"
        return said

    def undo(self) -> str:
        self._shell.rl_next_input = None
        return "The next prompt is empty again."


class PrintInserter:
    """The code on standard output, if nothing can be inserted."""

    def insert(self, cells: Sequence[NewCell]) -> str:
        for cell in cells:
            print(f"\n{cell.source}\n")
        return f"{_what(cells)} printed above: copy the code into a cell (none can be inserted here)."

    def undo(self) -> str:
        return "Nothing was inserted: the code was only printed."


def _joined(cells: Sequence[NewCell]) -> tuple[str, Sequence[NewCell]]:
    """Return all cells as one source, and the rest: a cell magic takes its whole cell."""
    if any(cell.source.startswith("%%") for cell in cells):
        return cells[0].source, cells[1:]
    return "\n\n\n".join(cell.source for cell in cells), ()


def _what(cells: Sequence[NewCell]) -> str:
    roles = {cell.role for cell in cells}
    names = {CellRole.FIX: "the fix", CellRole.TEST: "the tests", CellRole.PROBE: "the probes"}
    text = " and ".join(name for role, name in names.items() if role in roles) or "nothing"
    return text[0].upper() + text[1:]


def _count(cells: int) -> str:
    return "a new cell" if cells == 1 else f"{cells} new cells"


def _when(shell: Any) -> str:
    return "below this one when it ends" if _is_running(shell) else "below the next cell that you run"


def _is_running(shell: Any) -> bool:
    """Return whether the cell of the current request, or a hook after it, is still running.

    Told from IPython's counters: IPython 8 counts up when a cell ends, after its input was stored; IPython 9
    counts up when it starts.
    """
    counted, last = int(shell.execution_count), shell.last_execution_result
    if last is None or len(shell.history_manager.input_hist_parsed) > counted:
        return True
    return last.execution_count is not None and counted > last.execution_count + 1


def _reply_is_an_error(shell: Any) -> bool:
    """Return whether a payload would go out with an error reply, as in a hook after a failed cell."""
    result = shell.last_execution_result
    if message_type(shell) != "execute_request" or _is_running(shell) or result is None:
        return False
    return (result.error_before_exec or result.error_in_exec) is not None
