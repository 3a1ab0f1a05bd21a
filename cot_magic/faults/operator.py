"""What an operator is: a kind of mistake, a lesson about it, and where it can be made in a cell."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cot_magic.faults.cell_code import CellCode, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Makes one kind of mistake.

    Attributes
    ----------
    kind
        Its name on the command line.
    lesson
        The mistake explained, in one or two sentences for somebody who meets it for the first time.
    find
        Every way to make it in a cell, in the order of the text.
    parses
        Whether the result is to be Python still; False for mistakes of syntax, whose result must not be.
    """

    kind: str
    lesson: str
    find: Callable[[CellCode], Iterator[Change]]
    parses: bool = True
