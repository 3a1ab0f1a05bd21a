"""The scene of a failure: the live exception, the frame of the person's code, the expression, the cells."""

import ast
import linecache
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from cot_magic.autopsy.evaluation import UNKNOWN, Evaluation
from cot_magic.capture.describe import objects
from cot_magic.capture.describe.oneline import oneline, tidy
from cot_magic.capture.describe.operands import Executed, source_of
from cot_magic.capture.failure import message_of, original
from cot_magic.capture.frames import TracebackLevel, levels
from cot_magic.capture.lineage.history import History
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Case, Cell, CellId

LONGEST_VALUE = 160
LONGEST_SOURCE = 120
LARGEST_FILE = 200_000  # characters of a file that is parsed
S = TypeVar("S", bound=ast.stmt)


@dataclass(kw_only=True)
class Scene:
    """What an analyser is given. It lives in the copy; only facts leave it.

    Attributes
    ----------
    globals
        The user's names.
    """

    error: BaseException
    case: Case
    history: History
    redactor: Redactor
    globals: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def raised(self) -> BaseException:
        """The exception of the person's code."""
        return original(self.error)

    @cached_property
    def message(self) -> str:
        """The whole message."""
        return message_of(self.raised)

    @cached_property
    def levels(self) -> list[TracebackLevel]:
        """The levels of the traceback from the first cell on, outermost first."""
        return levels(self.raised, self.history.place_of)

    @cached_property
    def spots(self) -> list["Spot"]:
        """The levels in cells, innermost first: where the person's own code failed, and what called it."""
        return [Spot.of(item) for item in reversed(self.levels) if item.place is not None]

    @property
    def spot(self) -> "Spot | None":
        """The innermost one."""
        return self.spots[0] if self.spots else None

    @property
    def node(self) -> ast.AST | None:
        """The failing expression; else the statement."""
        return self.spot.node if self.spot is not None else None

    @property
    def statement(self) -> ast.AST | None:
        """The statement around it; None if several are possible."""
        return self.spot.executed.statement if self.spot is not None else None

    @property
    def call(self) -> ast.Call | None:
        """The failing expression if it is a call."""
        return self.node if isinstance(self.node, ast.Call) else None

    def value(self, node: ast.AST | None) -> Any:
        """The value of an expression of the failing frame, or UNKNOWN."""
        return self.spot.evaluation.value(node) if self.spot is not None else UNKNOWN

    def name(self, name: str) -> Any:
        """The value of a name in the failing frame, or UNKNOWN."""
        return self.spot.evaluation.name(name) if self.spot is not None else self.globals.get(name, UNKNOWN)

    def source(self, node: ast.AST, most: int = LONGEST_SOURCE) -> str:
        """The source of an expression of the innermost spot as written, on one line."""
        return self.spot.source(node, most) if self.spot is not None else tidy(ast.unparse(node), most)

    def text(self, value: Any, most: int = LONGEST_VALUE, name: str = "value") -> str:
        """A value as one redacted line; `name` tells whether it is secret."""
        if is_instance(value, "numpy.generic") and not is_instance(value, "numpy.datetime64", "numpy.void"):
            value = value.item()  # `4` and not `int64(4)`
        return self.redactor.named(name, oneline(value, self.redactor, most))

    def is_a(self, *names: str) -> bool:
        """Whether the exception is of one of these classes or a subclass."""
        return any(objects.class_name(cls) in names for cls in objects.mro(type(self.raised)))

    def library_locals(self, *names: str) -> Iterator[dict[str, Any]]:
        """The local names of the levels below the person's code that have all of these, innermost first."""
        for item in reversed(self.levels):
            if item.place is not None:
                return
            found = dict(item.frame.f_locals)
            if all(name in found for name in names):
                yield found

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that ran, by the order of their latest run; the failing one is the last."""
        latest: dict[CellId, Cell] = {}
        for run in self.history.runs:
            latest.pop(run.cell, None)
            known = self.case.cell_by_id(run.cell)
            index = known.index if known is not None else None
            latest[run.cell] = Cell(id=run.cell, source=run.source, index=index, execution_count=run.count)
        return tuple(latest.values())

    def label(self, cell: CellId | None) -> str:
        """The name of a cell for a sentence."""
        return self.case.label(cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One level of the traceback that is in a cell: what it was executing, and values in its frame."""

    level: TracebackLevel
    executed: Executed
    evaluation: Evaluation

    @classmethod
    def of(cls, level: TracebackLevel) -> "Spot":
        return cls(level=level, executed=level.executed(), evaluation=Evaluation(frame=level.frame))

    @property
    def node(self) -> ast.AST | None:
        """The failing expression; else the statement."""
        return self.executed.node or self.executed.statement

    @property
    def cell(self) -> CellId | None:
        place = self.level.place
        return place.cell if place is not None else None

    @property
    def lineno(self) -> int:
        """The line in that cell."""
        place = self.level.place
        return self.level.traceback.tb_lineno + (place.offset if place is not None else 0)

    @property
    def text(self) -> str:
        """The whole source of the cell or file."""
        place, file = self.level.place, self.level.frame.f_code.co_filename
        return place.compiled if place is not None else "".join(linecache.getlines(file))

    @property
    def tree(self) -> ast.AST | None:
        """That source, parsed; None if it cannot be."""
        text = self.text
        try:
            return ast.parse(text) if len(text) <= LARGEST_FILE else None
        except (SyntaxError, ValueError, RecursionError):  # a cell with magics, a file that is being written
            return None

    @property
    def around(self) -> ast.stmt | None:
        """The innermost statement on the line."""
        return self._smallest(ast.stmt)

    @property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost function around the line."""
        return self._smallest(ast.FunctionDef) or self._smallest(ast.AsyncFunctionDef)

    def _smallest(self, kind: type[S]) -> S | None:
        line, tree = self.level.traceback.tb_lineno, self.tree
        nodes = ast.walk(tree) if tree is not None else iter(())
        found = [node for node in nodes if isinstance(node, kind)]
        covering = [node for node in found if node.lineno <= line <= (node.end_lineno or node.lineno)]
        return max(covering, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)

    def source(self, node: ast.AST, most: int = LONGEST_SOURCE) -> str:
        """The source of an expression as written, on one line."""
        return tidy(source_of(node, self.executed.source), most)

    def value(self, node: ast.AST | None) -> Any:
        """The value of an expression in this frame, or UNKNOWN."""
        return self.evaluation.value(node)


def loaded(name: str) -> types.ModuleType | None:
    """A module if the person's code has imported it; the autopsy imports no library."""
    return sys.modules.get(name)


def is_instance(value: Any, *places: str) -> bool:
    """Whether the value is of one of these classes, given as `module.Class`, if the module is loaded."""
    for place in places:
        module, _, name = place.rpartition(".")
        found = getattr(loaded(module), name, None)
        if isinstance(found, type) and objects.is_a(value, found):
            return True
    return False
