"""Faults that are put into a working notebook on purpose, and what running it with them showed."""

from dataclasses import dataclass

from cot_magic.core.jobs import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A piece of a text, from `start` to `end` in characters, that gives way to `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A mistake that can be made in one cell.

    Attributes
    ----------
    kind
        Name of the operator that makes it (`off-by-one`).
    cell
        Place of the cell among all cells of the notebook, from 0.
    lineno
        1-based line of the cell, as it is without the mistake, that is changed first.
    before
        The source of the cell without it.
    """

    kind: str
    lesson: str
    cell: int
    lineno: int
    before: str
    replacements: tuple[Replacement, ...]

    @property
    def after(self) -> str:
        """The source of the cell with the mistake in it."""
        return replaced(self.before, self.replacements)

    @property
    def lines(self) -> frozenset[int]:
        """1-based lines of the cell that it touches."""
        touched: set[int] = set()
        for item in self.replacements:
            first = self.before.count("\n", 0, item.start) + 1
            touched.update(range(first, first + self.before.count("\n", item.start, item.end) + 1))
        return frozenset(touched)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a run of the cells ended. `cell` is the place of the cell that failed, None if all passed."""

    outcome: Outcome
    cell: int | None = None
    ename: str = ""
    evalue: str = ""
    lineno: int = 0
    seconds: float = 0.0
    effects: tuple[str, ...] = ()
    note: str = ""

    @property
    def failed(self) -> bool:
        """Whether the code of a cell raised; what stopped it from outside does not count."""
        return self.outcome is Outcome.RAISED

    def same_failure(self, other: "Shown") -> bool:
        """Whether both failed in the same cell with the same class of error."""
        return self.failed and other.failed and (self.cell, self.ename) == (other.cell, other.ename)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFault:
    """A fault with the failure that it was seen to cause."""

    fault: Fault
    shown: Shown


def replaced(text: str, replacements: tuple[Replacement, ...]) -> str:
    """The text with all replacements made; they must not overlap."""
    for item in sorted(replacements, key=lambda item: item.start, reverse=True):
        text = text[: item.start] + item.new + text[item.end :]
    return text


def with_faults(source: str, faults: tuple[Fault, ...]) -> str:
    """The source of one cell with several mistakes of it made at once."""
    return replaced(source, tuple(item for fault in faults for item in fault.replacements))
