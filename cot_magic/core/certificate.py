"""The certificate of a whole notebook: what each of its cells did in a fresh, confined kernel."""

from dataclasses import dataclass
from enum import StrEnum


class CellOutcome(StrEnum):
    """How a cell ended. NOT_RUN: it could not run there, or what it showed does not count."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


class OutputVerdict(StrEnum):
    """How the outputs of a cell compare with the earlier ones. OPEN: they cannot be compared."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    OPEN = "not comparable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedCell:
    """One cell of the notebook, or one of its tests.

    Attributes
    ----------
    place
        Its index among all cells of the notebook, from 0; a test of a fix has that of the cell above it.
    label
        As the person knows it: `cell [4]`, or the name of a test.
    reason
        Why it failed or was not run, or why its outputs cannot be compared; one sentence without a full stop.
    relation
        Of a failure: what it has to do with the fix.
    was, now
        The outputs that differ, as text; empty unless they are CHANGED.
    lineno
        The line of the cell at which it failed.
    """

    place: int
    label: str
    outcome: CellOutcome
    outputs: OutputVerdict = OutputVerdict.OPEN
    reason: str = ""
    relation: str = ""
    was: str = ""
    now: str = ""
    lineno: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a run of the notebook from top to bottom showed.

    Attributes
    ----------
    cells, tests
        In the order of the notebook. Empty cells and those that are tagged to be skipped are not among them.
    state
        `fresh`, or `live` if the values of a cell came from the live kernel.
    python
        The version of Python that ran it.
    packages
        Name and version of the packages that the cells import.
    seed
        The value of PYTHONHASHSEED.
    notes
        Whole sentences: where the notebook came from, what was left out.
    interrupted
        Whether the person stopped it.
    """

    notebook: str
    cells: tuple[CertifiedCell, ...]
    tests: tuple[CertifiedCell, ...] = ()
    seconds: float = 0.0
    state: str = "fresh"
    python: str = ""
    packages: tuple[tuple[str, str], ...] = ()
    seed: str = ""
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def holds(self) -> bool:
        """Whether every cell and every test ran and passed."""
        ran = (*self.cells, *self.tests)
        return not self.interrupted and all(cell.outcome is CellOutcome.PASSED for cell in ran)

    @property
    def passed(self) -> int:
        """The number of cells that passed."""
        return sum(cell.outcome is CellOutcome.PASSED for cell in self.cells)

    @property
    def failed(self) -> tuple[CertifiedCell, ...]:
        """The cells and tests that failed."""
        return tuple(cell for cell in (*self.cells, *self.tests) if cell.outcome is CellOutcome.FAILED)

    @property
    def not_run(self) -> tuple[CertifiedCell, ...]:
        """The cells and tests that are not certified."""
        return tuple(cell for cell in (*self.cells, *self.tests) if cell.outcome is CellOutcome.NOT_RUN)

    def with_outputs(self, verdict: OutputVerdict) -> tuple[CertifiedCell, ...]:
        """The cells that passed and whose outputs compare like this."""
        return tuple(
            cell for cell in self.cells if cell.outcome is CellOutcome.PASSED and cell.outputs is verdict
        )
