"""Mistakes put into a working notebook on purpose, and what running the notebook with them showed."""

from dataclasses import dataclass

from cot_magic.core.jobs import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A piece of a source, from `start` to `end` in characters, and its replacement `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A mistake that can be made in one cell.

    Attributes
    ----------
    kind
        Name of the operator that makes it (`off-by-one`).
    cell
        Index of the cell among all cells of the notebook, from 0.
    lineno
        1-based first line that is changed, in the cell without the mistake.
    before
        The source of the cell without the mistake.
    """

    kind: str
    lesson: str
    cell: int
    lineno: int
    before: str
    replacements: tuple[Replacement, ...]

    @property
    def after(self) -> str:
        """The source of the cell with the mistake."""
        return replaced(self.before, self.replacements)

    @property
    def lines(self) -> frozenset[int]:
        """The 1-based lines of the cell that change."""
        touched: set[int] = set()
        for item in self.replacements:
            first = self.before.count("\n", 0, item.start) + 1
            touched.update(range(first, first + self.before.count("\n", item.start, item.end) + 1))
        return frozenset(touched)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a run of the cells ended. `cell` is the index of the cell that failed, None if all passed."""

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
        """Whether a cell raised; being stopped from outside does not count."""
        return self.outcome is Outcome.RAISED

    def same_failure(self, other: "Shown") -> bool:
        """Return whether both failed in the same cell with the same exception class."""
        return self.failed and other.failed and (self.cell, self.ename) == (other.cell, other.ename)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMistake:
    """A mistake and the failure that it was seen to cause."""

    mistake: Mistake
    shown: Shown


def replaced(text: str, replacements: tuple[Replacement, ...]) -> str:
    """Return the text with all replacements made; they must not overlap."""
    for item in sorted(replacements, key=lambda item: item.start, reverse=True):
        text = text[: item.start] + item.new + text[item.end :]
    return text


def with_mistakes(source: str, mistakes: tuple[Mistake, ...]) -> str:
    """Return the source of one cell with all these mistakes of it."""
    return replaced(source, tuple(item for mistake in mistakes for item in mistake.replacements))
