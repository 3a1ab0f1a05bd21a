"""Turns a traceback into Frames: line, expression and values of each level; deep recursion is shortened."""

import linecache
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from cot_magic.capture.describe import objects
from cot_magic.capture.describe.called import called
from cot_magic.capture.describe.oneline import LONGEST_TEXT, tidy
from cot_magic.capture.describe.operands import (
    Executed,
    SafeEvaluator,
    executed_in_cell,
    executed_in_file,
    names_in,
    operands,
)
from cot_magic.capture.describe.values import mention, variable
from cot_magic.capture.lineage.history import Place
from cot_magic.capture.secrets.redactor import Redactor, bounded
from cot_magic.core.case import Frame, Variable

FIRST_FRAMES = 5  # of a deep recursion: how it started
LAST_FRAMES = 50
MOST_VARIABLES = 30
LONGEST_EXPRESSION = 500
LINES_BEFORE, LINES_AFTER = 14, 4  # of library code around the line that raised
LONGEST_SOURCE = 2_500
MOST_BRIEF_NAMES = 6  # of a library frame that is not the innermost

Places = Callable[[str], Place | None]


@dataclass(frozen=True, slots=True)
class TracebackLevel:
    """One live level of a traceback with the cell it belongs to; never leaves this package."""

    traceback: types.TracebackType
    place: Place | None

    @property
    def frame(self) -> types.FrameType:
        return self.traceback.tb_frame

    def executed(self) -> Executed:
        """What was executing here. Only cells are parsed as a whole."""
        if self.place is None:
            return executed_in_file(self.traceback)
        return executed_in_cell(self.traceback, self.place.compiled)


def levels(error: BaseException, places: Places) -> list[TracebackLevel]:
    """The levels of an error's traceback, outermost first.

    Levels above the first cell are IPython's own and are dropped; if no level is a cell, all are kept. Of
    more than 55 levels, the first 5 and the last 50 are kept.
    """
    found = []
    traceback = BaseException.__dict__["__traceback__"].__get__(error)
    while traceback is not None:
        found.append(TracebackLevel(traceback, places(traceback.tb_frame.f_code.co_filename)))
        traceback = traceback.tb_next
    start = next((at for at, level in enumerate(found) if level.place is not None), 0)
    found = found[start:]
    if len(found) > FIRST_FRAMES + LAST_FRAMES:
        found = found[:FIRST_FRAMES] + found[-LAST_FRAMES:]
    return found


def describe_frames(found: list[TracebackLevel], redactor: Redactor) -> tuple[Frame, ...]:
    """The levels as Frames. Values are described in full for cells and the innermost level."""
    described: list[Frame] = []
    for at, level in enumerate(found):
        last = at == len(found) - 1
        described.append(_frame(level, redactor, full=level.place is not None or last, last=last))
    return tuple(described)


def _frame(level: TracebackLevel, redactor: Redactor, *, full: bool, last: bool) -> Frame:
    code, place = level.frame.f_code, level.place
    lineno = level.traceback.tb_lineno or code.co_firstlineno  # None for generated code
    lines = linecache.getlines(code.co_filename) or (place.compiled.splitlines() if place else [])
    line = lines[lineno - 1] if 0 < lineno <= len(lines) else ""
    executed = level.executed()
    evaluator = SafeEvaluator(level.frame)
    text = bounded(redactor, executed.text, LONGEST_EXPRESSION) if executed.text else None
    seen = operands(executed, evaluator) if full else iter(())
    return Frame(
        function=tidy(redactor.text(code.co_name), 200),
        filename=tidy(redactor.text(code.co_filename), LONGEST_TEXT),
        lineno=lineno + (place.offset if place is not None else 0),
        line=tidy(bounded(redactor, line.strip(), LONGEST_TEXT)),
        cell=place.cell if place is not None else None,
        expression=text,
        operands=tuple(variable(source, value, redactor) for source, value in seen),
        variables=tuple(_variables(level.frame, executed, evaluator, redactor, full=full)),
        called=called(executed, evaluator, redactor) if full else "",
        source=_around(lines, code.co_firstlineno, lineno, redactor) if last and place is None else "",
    )


def _around(lines: list[str], first: int, lineno: int, redactor: Redactor) -> str:
    """The lines of a function around one of them, with their numbers; its head is kept."""
    start = max(first, lineno - LINES_BEFORE)
    wanted = [*([first] if start > first else []), *range(start, lineno + LINES_AFTER + 1)]
    shown = [f"{number:>5}  {lines[number - 1].rstrip()}" for number in wanted if 0 < number <= len(lines)]
    return bounded(redactor, "\n".join(shown), LONGEST_SOURCE)


def _variables(
    frame: types.FrameType, executed: Executed, evaluator: SafeEvaluator, redactor: Redactor, *, full: bool
) -> Iterator[Variable]:
    """The names in the statement, then those of the function: locals before globals."""
    own = evaluator.own
    statement = [name for name in names_in(executed) if name in own]
    if not full:
        for name in statement[:MOST_BRIEF_NAMES]:
            yield mention(name, own[name], redactor)
        return
    code = frame.f_code
    names = [*code.co_varnames, *code.co_cellvars, *code.co_freevars, *code.co_names]
    rest = (name for name in names if name in own)
    for name in islice(dict.fromkeys([*statement, *rest]), MOST_VARIABLES):
        value = own[name]
        # everybody knows the members of built-in types
        is_own = objects.module_name(type(value)) not in ("builtins", "")
        yield (variable if is_own else mention)(name, value, redactor)
