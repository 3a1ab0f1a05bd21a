"""The Case: what is known of a failure, as described copies without live objects."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from cot_magic.core.language import worded

_FIRST_LINE = 40  # characters of a cell that has not run, by which it is named

CellId = NewType("CellId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A code cell as it was executed, or as it is in the notebook if it was not.

    `index` counts all cells of the notebook from 0; None if the front end does not say (a plain kernel).
    `execution_count` is None for a cell that has not run in this kernel.
    """

    id: CellId
    source: str
    index: int | None = None
    execution_count: int | None = None


class CellRole(StrEnum):
    """What an inserted cell is for; its tag is `cot-<role>`."""

    FIX = "fix"
    TEST = "test"
    PROBE = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCell:
    """A cell to insert below the failing one."""

    source: str
    role: CellRole
    markdown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A described copy of one value: bounded, redacted, made without running any code of the user.

    Attributes
    ----------
    name
        The name, or the source of the expression that has this value (`order.user`, `rows[3]`).
    type
        Qualified type name without `builtins.`: `int`, `pandas.core.frame.DataFrame`, `__main__.Order`.
    text
        Bounded one-line rendering of the value (at most 400 characters).
    facts
        Pairs such as `("shape", "(3, 2)")`, `("dtypes", "a int64, b object")`, `("len", "12")`, `("head",
        "…")`.
    members
        What can be looked up in it: attribute names of an object or module, at most 500.
    keys
        reprs of the keys of a mapping or of the columns of a DataFrame, at most 500.
    """

    name: str
    type: str
    text: str
    facts: tuple[tuple[str, str], ...] = ()
    members: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One level of the call stack at the moment of the failure, outermost first in `Raised.frames`.

    Attributes
    ----------
    cell
        Id of the cell whose code this is; None for library code.
    lineno
        1-based line in that cell (or file).
    line
        That source line, without indentation or newline.
    expression
        Source of the expression that was executing, if it is known (`executing`).
    operands
        The values of the parts of that expression that can be evaluated without side effects, keyed by their
        source.
    variables
        The names that the surrounding statement and function use, with their values.
    called
        Signature and beginning of the documentation of what the expression calls, if it is a call.
    source
        For the innermost frame, if it is library code: its lines around `lineno`, each with its number.
    """

    function: str
    filename: str
    lineno: int
    line: str = ""
    cell: CellId | None = None
    expression: str | None = None
    operands: tuple[Variable, ...] = ()
    variables: tuple[Variable, ...] = ()
    called: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxDetail:
    """Where the parser stopped. `offset` columns are 1-based as in CPython's SyntaxError, 0 where unknown."""

    lineno: int
    offset: int = 0
    end_lineno: int = 0
    end_offset: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An exception, described.

    Attributes
    ----------
    ename
        Class name (`KeyError`); the qualified name is in `qualname` (`sqlite3.OperationalError`).
    evalue
        Bounded message (at most 2,000 characters, the middle left out).
    bases
        Class names of the MRO up to `BaseException`, so that a rule for LookupError fits a subclass.
    subject
        The object that the operation failed on, if it is known: `AttributeError.obj`, the container of a
        KeyError.
    name
        `NameError.name`, `AttributeError.name`, `ImportError.name`; the repr of the key of a KeyError.
    group
        Members of an ExceptionGroup, at most 10.
    """

    ename: str
    evalue: str
    qualname: str = ""
    bases: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    notes: tuple[str, ...] = ()
    cause: "Raised | None" = None
    context: "Raised | None" = None
    group: tuple["Raised", ...] = ()
    syntax: SyntaxDetail | None = None
    subject: Variable | None = None
    name: str | None = None

    @property
    def innermost_in_cells(self) -> Frame | None:
        """The deepest frame that is the user's own code in a cell; the place where a rule looks first."""
        return next((frame for frame in reversed(self.frames) if frame.cell is not None), None)


class Freshness(StrEnum):
    """How a cell that the failing one depends on relates to what is in the kernel."""

    FRESH = "fresh"
    STALE = "stale"  # edited since it ran, or something that it depends on ran again after it
    OUT_OF_ORDER = "out-of-order"  # is below the failing cell, or ran after a cell below it
    NOT_RUN = "not-run"  # defines a needed name, but has not been executed


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A cell that the failing cell depends on, directly or through others, and the names it provides."""

    cell: Cell
    names: tuple[str, ...]
    freshness: Freshness = Freshness.FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where it happened: versions as `(name, version)` pairs, only of packages that the case touches."""

    python: str
    platform: str
    cwd: str = ""
    front_end: str = "unknown"
    packages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The facts of one failure (or, with `raised` None, of a cell that passed and was asked about).

    Attributes
    ----------
    cell
        The failing cell; its source is what ran (the `%%cot` line as a comment, so that line numbers hold).
    cells
        All known cells, in notebook order if it is known, else in order of execution.
    namespace
        The user's global names with types and short values, at most 300; modules and functions included.
    redactions
        How many values were withheld because they look like secrets.
    outputs
        What the cells printed, displayed and warned of when they last ran, where it is known; bounded.
    untouched
        Whether the cell was stopped before it ran: it failed in a copy, and the kernel is as it was.
    """

    cell: Cell
    raised: Raised | None
    environment: Environment
    lineage: tuple[Dependency, ...] = ()
    cells: tuple[Cell, ...] = ()
    namespace: tuple[Variable, ...] = ()
    prompt: str = ""
    redactions: int = 0
    untouched: bool = False
    outputs: tuple[tuple[CellId, str], ...] = ()

    def cell_by_id(self, cell_id: CellId) -> Cell | None:
        """The known cell of that id; the failing cell itself included."""
        if cell_id == self.cell.id:
            return self.cell
        return next((cell for cell in self.cells if cell.id == cell_id), None)

    def label(self, cell_id: CellId | None) -> str:
        """The name of the cell: `cell [7]` by prompt number, as on the screen; else `the cell`.

        Positions are counted only where no cell has a prompt number: `cell 2` and `cell [2]` are not mixed.
        """
        cell = self.cell_by_id(cell_id) if cell_id is not None else None
        if cell is None:
            return worded("the cell")
        if cell.execution_count is not None:
            return worded("cell [{count}]", count=cell.execution_count)
        if any(known.execution_count is not None for known in (self.cell, *self.cells)):
            first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
            quoted = f" `{first[:_FIRST_LINE]}`" if first and "`" not in first else ""
            return worded("cell [ ]{quoted}", quoted=quoted)
        return worded("the cell") if cell.index is None else worded("cell {index}", index=cell.index)
