"""Critical sections: a function reads shared state, lets others run, and writes it based on the old value."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.races.access import (
    READ,
    SWITCH,
    WRITE,
    Access,
    AccessReading,
    covering,
    reading,
    uses,
)
from cot_magic.reasoners.offline.races.edits import Draft, enclose, lock_of
from cot_magic.reasoners.offline.races.program import ConcurrentCode, Function
from cot_magic.reasoners.offline.races.rule import line_of
from cot_magic.reasoners.offline.rule import Repair

CHECK, UPDATE, TAKE = "check", "update", "take"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CriticalSection:
    """A read of a place, a switch after it, and a write that depends on what was read.

    Attributes
    ----------
    kind
        `CHECK`: it is read for a decision; `UPDATE`: the new value depends on the old one; `TAKE`: an element
        is picked.
    """

    kind: str
    place: str
    function: Function
    reading: AccessReading
    read: Access
    switch: Access
    write: Access

    @property
    def range(self) -> tuple[list[ast.stmt], int, int]:
        """The statements that must run as one step."""
        return covering(self.reading, self.read, self.write)

    @property
    def text(self) -> str:
        """The source of the read, for a sentence."""
        return src.text_of(self.function.cell.source, self.read.node)


def sections(program: ConcurrentCode, function: Function) -> list[CriticalSection]:
    """The unprotected critical sections of one function, one for each place and kind."""
    awaits = function.is_async
    found = reading(program, function, awaits=awaits)
    result: list[CriticalSection] = []
    for place in dict.fromkeys(item.place for item in found.found if item.kind == WRITE):
        section = _section(function, found, place)
        if section is not None:
            result.append(section)
    return result


def _section(function: Function, found: AccessReading, place: str) -> CriticalSection | None:
    events = found.found
    for start, read in enumerate(events):
        if read.kind != READ or read.place != place:
            continue
        switch = None
        for event in events[start + 1 :]:
            if event.kind == SWITCH and switch is None:
                switch = event
            if event.kind != WRITE or event.place != place or switch is None:
                continue
            if set(read.locks) & set(event.locks):
                break
            kind = _kind(read, event, switch)
            if kind:
                return CriticalSection(
                    kind=kind,
                    place=place,
                    function=function,
                    reading=found,
                    read=read,
                    switch=switch,
                    write=event,
                )
    return None


def _kind(read: Access, write: Access, switch: Access) -> str:
    if read.test:
        return CHECK
    if read.statement is write.statement:
        return UPDATE if isinstance(read.statement, ast.Assign | ast.AugAssign) else ""
    if read.into and uses(write.statement, read.into):
        return UPDATE
    return TAKE if read.into and isinstance(read.node, ast.Subscript) else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineSpan:
    """Statements of a function that go under the lock."""

    function: Function
    block: list[ast.stmt]
    first: int
    last: int

    @property
    def text(self) -> str:
        source = self.function.cell.source
        start = src.span(source, self.block[self.first])[0]
        return source[start : src.span(source, self.block[self.last])[1]]

    def enters(self, other: "LineSpan") -> bool:
        """Whether the statements call the function of another span, and so would acquire its lock again."""
        name = other.function.name
        for node in self.block[self.first : self.last + 1]:
            for call in [item for item in ast.walk(node) if isinstance(item, ast.Call)]:
                if other.function.self_name is None:
                    found = isinstance(call.func, ast.Name) and call.func.id == name
                else:
                    found = isinstance(call.func, ast.Attribute) and call.func.attr == name
                if found:
                    return True
        return False


def locked(
    program: ConcurrentCode, spans: Sequence[LineSpan], why: str, *, within: str = ""
) -> Repair | None:
    """Put all spans under one lock; None if one of them would acquire it while it holds it.

    The spans belong to functions of one class, or of one block of functions.
    """
    if not spans or any(one.enters(other) for one in spans for other in spans):
        return None
    is_async = spans[0].function.is_async
    if any(span.function.is_async != is_async for span in spans):
        return None
    draft = Draft(program=program)
    text = within + "".join(span.text for span in spans)
    lock = lock_of(draft, spans[0].function, "asyncio" if is_async else "threading", text)
    for span in spans:
        name = lock
        if span.function.self_name is not None and spans[0].function.self_name is not None:
            name = lock.replace(f"{spans[0].function.self_name}.", f"{span.function.self_name}.", 1)
        header = f"{'async ' if is_async else ''}with {name}:"
        draft.change(
            span.function.cell, *enclose(span.function.cell, span.block, span.first, span.last, header)
        )
    return Repair(edits=draft.edits(), why=why)


def span_of(section: CriticalSection) -> LineSpan:
    block, first, last = section.range
    return LineSpan(function=section.function, block=block, first=first, last=last)


def others(program: ConcurrentCode, section: CriticalSection) -> Iterator[LineSpan]:
    """Where other functions of the same class or block write the place or have a section on it."""
    functions = program.tasks if section.function.is_async else program.threaded
    for function in functions:
        if function is section.function or function.owner is not section.function.owner:
            continue
        found = reading(program, function, awaits=function.is_async)
        mine = [item for item in found.found if item.place == section.place]
        if any(item.kind == WRITE and not item.locks for item in mine):
            block, first, last = covering(found, mine[0], mine[-1])
            yield LineSpan(function=function, block=block, first=first, last=last)


def lock_repairs(program: ConcurrentCode, section: CriticalSection) -> Iterator[Repair]:
    """The section under a lock: together with all other uses of the place, and alone."""
    mine = span_of(section)
    rest = list(others(program, section))
    what = f"`{section.place}`"
    if rest:
        repair = locked(program, [mine, *rest], f"Make every change of {what} one step, with one lock.")
        if repair is not None:
            yield repair
    alone = locked(program, [mine], f"Hold a lock from the read of {what} to its change.")
    if alone is not None:
        yield alone


AGAIN = "In some order of the {0}s the cell fails like this; with the change it passes in the same order."


def all_sections(program: ConcurrentCode) -> Iterator[CriticalSection]:
    """The sections of all functions that run concurrently."""
    for function in (*program.tasks, *program.threaded):
        yield from sections(program, function)


def near(program: ConcurrentCode, section: CriticalSection) -> float:
    """How much likelier a section is, by what the failure names and where it happens."""
    return near_place(program, section.place, section.function)


def near_place(program: ConcurrentCode, place: str, function: Function) -> float:
    """The same for a place in a function."""
    raised = program.case.raised
    name = place.rpartition(".")[2]
    frames = raised.frames if raised is not None else ()
    said = any(name in (frame.line + (frame.expression or "")) for frame in frames)
    inside = any(frame.function == function.name for frame in frames)
    return 0.15 * said + 0.05 * inside


def point(section: CriticalSection) -> str:
    """What lets others run, for a sentence."""
    line = line_of(section.switch.node)
    return f"the `await` in line {line}" if section.function.is_async else f"the call in line {line}"


def lazy(section: CriticalSection) -> bool:
    """`if x is None: x = make()` and similar code, in threads."""
    guard = section.read.statement
    if section.function.is_async or not isinstance(guard, ast.If):
        return False
    test = guard.test
    empty = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    if isinstance(test, ast.Compare):
        empty = isinstance(test.ops[0], ast.Is | ast.NotIn | ast.Eq)
    return empty and section.write.statement in guard.body and isinstance(section.write.statement, ast.Assign)
