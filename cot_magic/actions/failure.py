"""The failure that actions work on, with its live exception."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cot_magic.core.case import Cell, Raised

if TYPE_CHECKING:
    from cot_magic.sandbox.rehearsal import RehearsalCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedCell:
    """What is raised in place of a cell that was stopped before it ran.

    Attributes
    ----------
    lineno
        Of the failing statement, in the code that IPython compiles.
    raised
        The failure as the copy had it; None if it was foreseen and nothing was run.
    copy
        The copy in which it failed.
    """

    error: BaseException
    lineno: int
    raised: Raised | None = None
    copy: "RehearsalCopy | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The last cell that failed, with its live exception (which a Case never holds).

    `unparsed`: nothing of it has run, because it is no Python.
    """

    cell: Cell
    error: BaseException
    timed_out: bool = False
    unparsed: bool = False
    stopped: StoppedCell | None = None
