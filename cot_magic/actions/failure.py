"""The failure that actions work on, with its live exception."""

from dataclasses import dataclass

from cot_magic.core.case import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The last cell that failed, with its live exception (which a Case never holds)."""

    cell: Cell
    error: BaseException
    timed_out: bool = False
