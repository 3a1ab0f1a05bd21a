"""Localisation: which lines each check executes, and the types that variables have there."""

import ast
import builtins
import copy
import math
import sys
import types
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from cot_magic.reasoners.offline.repair.bench import Bench, TrialEnd
from cot_magic.reasoners.offline.repair.drafts import Context, Hints
from cot_magic.reasoners.offline.repair.program import (
    CHECK_FILE,
    DEFINITIONS,
    FILE,
    FUNCTIONS,
    IMPORTS,
    CheckedProgram,
    Key,
)

MOST_COLUMNS = 12
MOST_EVENTS = 60_000
MOST_CONTEXTS = 60
MOST_OF_ENDLESS = 8_000
COLLECTIONS = (list, tuple, dict, set)
SMALL = (None, True, False, 0, 1, -1, 2, "", b"")  # results of a special case, however often expected
CALLABLE = (types.FunctionType, types.BuiltinFunctionType, type)
NO_DATA = (*CALLABLE, types.ModuleType)
Unit = tuple[Key, bool, frozenset[int]]


class LineTrace:
    """Follows one run of a program line by line.

    A check has executed the lines since the check before it, and those of the statements that gave the names
    that it reads their values; for an object of the program, also those of the checks before that used it.
    """

    def __init__(self, bench: Bench, names: Iterable[str], *, endless: bool) -> None:
        self.units: list[Unit] = []
        self.contexts: list[Context] = []
        self._returned: list[Context] = []
        self._recorder = bench.recorder
        program = bench.program
        self._statements = iter(program.plan)
        self._program, self._checking = program, False
        self._namespace = bench.namespace
        tops = (program.tree.body[place] for place in program.definitions)
        self._classes = {top.name for top in tops if isinstance(top, ast.ClassDef)}
        self._made: dict[str, set[int]] = defaultdict(set)  # for each name, the lines that its value is from
        self._given: dict[str, set[int]] = defaultdict(set)  # the lines of checks that got it
        self._inside = {line for place in program.definitions for line in inside(program, place)}
        self._whole: set[int] = set()  # the lines of the present statement
        self._used: set[str] = set()
        self._data = {name for name, value in bench.namespace.items() if not isinstance(value, NO_DATA)}
        self._data |= {
            node.id
            for place, _ in program.plan
            if not isinstance(top := program.tree.body[place], (*DEFINITIONS, *IMPORTS))
            for node in ast.walk(top)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        self.types: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.attributes: dict[str, None] = {}
        self.lines: set[int] = set()
        self._names, self._endless = frozenset(names), endless
        self._most = MOST_OF_ENDLESS if endless else MOST_EVENTS
        self._events = 0
        self._seen: Counter[tuple[str, int]] = Counter()

    def checked(self, key: Key, passed: bool) -> None:
        """One check ended. If it only looks at a value that was made elsewhere, an earlier check may have
        changed that value.
        """
        self._compared(key, passed)
        reached = self.reached
        made_elsewhere = reached.isdisjoint(self._inside)
        reached = reached.union(
            *(self._given[name] for name in self._used if made_elsewhere or self._keeps_state(name))
        )
        self.units.append((key, passed, frozenset(reached)))
        self.lines = set()

    def _keeps_state(self, name: str) -> bool:
        """Whether it is an object of the program: a method works on what earlier calls have left."""
        return type(self._namespace.get(name)).__name__ in self._classes

    def _compared(self, key: Key, passed: bool) -> None:
        """Remember what the call knew whose result was compared."""
        value, expected = (kept.get(key) for kept in (self._recorder.values, self._recorder.expected))
        call = next((item for item in reversed(self._returned) if item.returned is value), None)
        if call is not None and key in self._recorder.expected:
            self.contexts.append(replace(call, expected=expected, passed=passed))

    def _left(self, frame: types.FrameType, value: Any) -> None:
        """A function that no other one of the program has called returns."""
        caller = frame.f_back
        if caller is None or len(self._returned) >= MOST_CONTEXTS or frame.f_code.co_name == "<module>":
            return
        if caller.f_code.co_name != "<module>" and caller.f_code.co_filename != CHECK_FILE:
            return
        try:
            values = copy.deepcopy(dict(frame.f_locals))
        except Exception:  # it holds what cannot be copied
            return
        self._returned.append(
            Context(function=frame.f_code.co_name, line=frame.f_lineno, values=values, returned=value)
        )

    @property
    def reached(self) -> set[int]:
        """What was executed since the last check, or for what is checked now."""
        return (self.lines or self._whole).union(*(self._made[name] for name in self._used))

    def _next_statement(self) -> None:
        """A top-level statement begins: what the one before has executed is what its names are from."""
        reached, kept = self.reached, self._given if self._checking else self._made
        for name in self._used:
            kept[name] |= reached
        place = next(self._statements)[0]
        statement = self._program.tree.body[place]
        self._used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} & self._data
        self._checking = place in self._program.checks
        self.lines, self._whole = set(), set()

    def __call__(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename in (FILE, CHECK_FILE):
            self._next_statement()
        return self._line if frame.f_code.co_filename == FILE else None

    def _line(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        if self._events > self._most:
            if self._endless:
                raise StopIteration
            return None
        self._events += 1
        self.lines.add(frame.f_lineno)
        self._whole.add(frame.f_lineno)
        place = frame.f_code.co_name, frame.f_lineno
        self._seen[place] += 1
        if event == "return":
            self._left(frame, argument)
        if self._seen[place] <= 12 or (event == "return" and self._seen[place] < 40):
            self._look(frame)
        return self._line

    def _look(self, frame: types.FrameType) -> None:
        owner: types.FrameType | None = frame
        while owner is not None and owner.f_code.co_name.startswith("<") and owner.f_back is not None:
            if owner.f_code.co_name == "<module>":
                break
            owner = owner.f_back
        known = self.types[owner.f_code.co_name if owner is not None else "?"]
        for name, value in frame.f_locals.items():
            if name in self._names:
                known[name].add(self._type_of(value))

    def _type_of(self, value: Any) -> str:
        if isinstance(value, CALLABLE):
            return "function"
        name = type(value).__name__
        attributes = getattr(value, "__dict__", None) if type(value).__module__ == "__main__" else None
        if not isinstance(attributes, dict):
            return name
        self.attributes.update(dict.fromkeys(list(attributes)[:20]))
        return "object"


def hints_of(bench: Bench, *, endless: bool) -> tuple[Hints, TrialEnd]:
    """Run the program once under a trace: what it showed, and how it ended."""
    program = bench.program
    names = {node.id for node in ast.walk(program.tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(program.tree) if isinstance(node, ast.arg)}
    trace = LineTrace(bench, names, endless=endless)
    bench.recorder.heard = trace.checked
    sys.settrace(trace)
    try:
        outcome = bench.run(lines=True)
    finally:
        sys.settrace(None)
        bench.recorder.heard = None
    if outcome is None:
        raise ValueError("the program cannot be compiled")
    units = trace.units
    failed = any(not passed for _, passed, _ in units)
    if outcome.stopped and (trace.lines or not failed):
        units = [*units, ("crash", False, frozenset(trace.reached))]
    suspicion = ochiai(units)
    if any(line in suspicion for place in program.editable for line in inside(program, place)):
        return _hints(bench, trace, suspicion), outcome
    program.edit_statements()
    return _hints(bench, trace, None), outcome


def inside(program: CheckedProgram, place: int) -> range:
    """The lines of a definition after its header, which runs when it is defined."""
    lines = program.lines_of(place)
    return lines[1:] if place in program.definitions and len(lines) > 1 else lines


def ochiai(units: Sequence[Unit]) -> dict[int, float]:
    """The suspicion of each line that a failing check executes (Ochiai; Abreu et al., 2007)."""
    failing = [lines for _, passed, lines in units if not passed]
    passing = [lines for _, passed, lines in units if passed]
    found = {}
    for line in set().union(*failing):
        bad = sum(line in lines for lines in failing)
        good = sum(line in lines for lines in passing)
        found[line] = bad / math.sqrt(len(failing) * (bad + good))
    return found


def _hints(bench: Bench, trace: LineTrace, suspicion: dict[int, float] | None) -> Hints:
    program = bench.program
    literals, strings, ints = expected_values(program)
    body = program.tree.body
    functions = [item.name for item in (body[place] for place in program.definitions)
                 if isinstance(item, FUNCTIONS)]  # fmt: skip
    factors, offsets = bench.recorder.constant_differences()
    return Hints(
        columns=list(_grouping_columns(bench)),
        factors=factors,
        offsets=offsets,
        types={name: dict(known) for name, known in trace.types.items()},
        suspicion=suspicion,
        literals=literals,
        strings=strings,
        ints=ints,
        functions=functions,
        contexts=trace.contexts,
        given=_given(program, functions),
        globals=frozenset(_global_names(bench)),
        attributes=sorted(trace.attributes),
    )


def _given(program: CheckedProgram, functions: Sequence[str]) -> frozenset[str]:
    """The functions that checks mention without calling them."""
    nodes = [node for place in program.checks for node in ast.walk(program.tree.body[place])]
    called = {
        node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return (
        frozenset(node.id for node in nodes if isinstance(node, ast.Name) and node.id in functions) - called
    )


def _grouping_columns(bench: Bench) -> Iterator[str]:
    """The columns of the tables of the notebook by which rows can be grouped: several rows for some value."""
    pandas = sys.modules.get("pandas")
    tables = [
        value for value in bench.namespace.values() if pandas is not None and type(value) is pandas.DataFrame
    ]
    seen: dict[str, None] = {}
    for table in tables[:4]:
        for name in table.columns[:MOST_COLUMNS]:
            if type(name) is str and table[name].dtype.kind != "f":
                try:
                    if table[name].nunique() < len(table):
                        seen[name] = None
                except (TypeError, ValueError):  # values that cannot be compared, or two columns of one name
                    continue
    yield from seen


def _global_names(bench: Bench) -> set[str]:
    found = {name for name in bench.namespace if not name.startswith("__")}
    for statement in bench.program.tree.body:
        if isinstance(statement, IMPORTS):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.Assign):
            targets = (node for target in statement.targets for node in ast.walk(target))
            found |= {node.id for node in targets if isinstance(node, ast.Name)}
        elif isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            found.add(statement.name)
    return found - vars(builtins).keys()


def expected_values(program: CheckedProgram) -> tuple[list[str], list[str], list[int]]:
    """Literals that the asserts compare with; strings and numbers to use in edits, some always.

    A value that only one assert expects is the answer to one question: an edit that contains it has learnt
    that answer by heart.
    """
    expected: list[Any] = []
    for node in (node for place in sorted(program.checks) for node in ast.walk(program.tree.body[place])):
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            continue
        try:
            expected.append(ast.literal_eval(node.comparators[0]))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
    times = Counter(map(repr, expected))
    strings = dict.fromkeys([" ", ".", ",", ""])
    for value in (value for value in expected if isinstance(value, str)):
        strings |= dict.fromkeys(letter for letter in value if not letter.isalnum())
    kept = {repr(value): value for value in expected if not _is_one_answer(value, times[repr(value)])}
    strings |= dict.fromkeys(value for value in kept.values() if isinstance(value, str) and len(value) < 16)
    ints = [value for value in kept.values() if type(value) is int and abs(value) < 1000]
    return [text for text in kept if len(text) < 40][:8], list(strings)[:14], ints[:4]


def _is_one_answer(value: Any, times: int) -> bool:
    if isinstance(value, COLLECTIONS):
        return len(value) > 1
    return times < 2 and value not in SMALL
