"""The record of a threaded run, for the picture and for the report of a deadlock."""

import ast
import linecache
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import FrameType

from cot_magic.core.trace import Trace, TraceStep
from cot_magic.explore.places import shown
from cot_magic.explore.threads.points import UserCode
from cot_magic.explore.threads.scheduler import Lane, Wait

STEPS = 2_000  # more than any picture shows
_CHANGERS = {
    "list": "append appendleft extend insert pop popleft remove clear",
    "dict": "popitem update setdefault",
    "set": "add discard",
    "queue": "put put_nowait get_nowait",
    "lock": "acquire release",
    "event": "set notify notify_all wait",
}
_CHANGING = {name for names in _CHANGERS.values() for name in names.split()}


class Recording:
    """Keeps a step for each line that a thread begins, or goes on with when it gets its turn back."""

    def __init__(self, user: UserCode, made: Sequence[int] = ()) -> None:
        self._user, self._made = user, made  # the decisions so far: a list that grows
        self._steps: list[TraceStep] = []
        self._left_out = 0
        self._ended: set[int] = set()
        self._next: dict[int, str] = {}
        self._last: dict[int, int] = {}

    def at(self, lane: Lane, frame: FrameType | None, now: float) -> None:
        frame = self._user_frame(frame)
        if frame is None or lane.number in self._ended:
            return
        code, lineno = frame.f_code, frame.f_lineno
        if lineno == code.co_firstlineno and (caller := self._user_frame(frame.f_back)) is not None:
            code, lineno = caller.f_code, caller.f_lineno  # it is about to enter a function
        deviation = self._next.pop(lane.number, "")
        last = self._steps[-1] if self._steps else None
        same = last is not None and (last.lane, last.lineno, last.filename) == (
            lane.number,
            lineno,
            code.co_filename,
        )
        if same and not deviation:
            return
        if len(self._steps) >= STEPS:
            self._left_out += 1
            return
        self._last[lane.number] = len(self._steps)
        step = TraceStep(
            at=round(now, 6),
            lane=lane.number,
            lineno=lineno,
            line=linecache.getline(code.co_filename, lineno).strip(),
            filename=code.co_filename,
            touched=touched(code.co_filename).get(lineno, ""),
            deviation=deviation,
            decided=len(self._made),
        )
        self._steps.append(step)

    def deviates(self, lane: Lane, how: str, now: float) -> None:
        self._next[lane.number] = how
        self.at(lane, lane.frame, now)

    def blocks(self, lane: Lane, wait: Wait, now: float) -> None:
        self.at(lane, lane.frame, now)
        place = self._last.get(lane.number)
        if place is None:
            return
        self._steps[place] = replace(self._steps[place], waits=wait.text(lane))

    def where(self, frame: FrameType | None) -> str:
        frame = self._user_frame(frame)
        if frame is None:
            return ""
        code = frame.f_code
        return f"{shown(code.co_filename)}:{frame.f_lineno} {code.co_name}"

    def failed(self, lane: Lane, error: BaseException) -> None:
        """Mark the last step of a lane with how it ended."""
        self._ended.add(lane.number)
        place = self._last.get(lane.number)
        if place is not None:
            text = f"{type(error).__name__}: {error}".splitlines()[0]
            self._steps[place] = replace(self._steps[place], error=text[:200])

    def trace(self, lanes: list[Lane]) -> Trace:
        """The steps so far, with only those things named as touched that more than one lane touches."""
        users: dict[str, set[int]] = {}
        for step in self._steps:
            if step.touched:
                users.setdefault(_last_part(step.touched), set()).add(step.lane)
        steps = tuple(
            step
            if not step.touched or len(users[_last_part(step.touched)]) > 1
            else replace(step, touched="")
            for step in self._steps
        )
        return Trace(lanes=tuple(lane.name for lane in lanes), steps=steps, left_out=self._left_out)

    def _user_frame(self, frame: FrameType | None) -> FrameType | None:
        while frame is not None and frame.f_code.co_filename not in self._user:
            frame = frame.f_back
        return frame


def _last_part(text: str) -> str:
    return text.rpartition(".")[2].partition("[")[0]


_TOUCHED: dict[str, dict[int, str]] = {}


def touched(filename: str) -> dict[int, str]:
    """For each line of a file the thing that it reads or writes and that another thread could share.

    What is changed comes before what is read; plain local names are no shared things. Empty for a file whose
    source is not known.
    """
    known = _TOUCHED.get(filename)
    if known is None:
        known = _TOUCHED[filename] = things("".join(linecache.getlines(filename)))
    return known


def things(source: str) -> dict[int, str]:
    """The same for a source."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # magics of a notebook, or no Python
        return {}
    found: dict[int, tuple[int, str]] = {}
    shared = {
        name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
    }
    for rank, node, text in _candidates(tree, shared):
        lineno = node.lineno
        if lineno not in found or rank < found[lineno][0]:
            found[lineno] = (rank, text)
    return {lineno: text for lineno, (_, text) in found.items()}


def _candidates(tree: ast.AST, shared: set[str]) -> Iterator[tuple[int, ast.expr, str]]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in shared:
            yield (0 if isinstance(node.ctx, ast.Store) else 2), node, node.id
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield 0, node, _text(node)
        elif isinstance(node, ast.Attribute) and id(node) in called and node.attr in _CHANGING:
            yield 1, node, _text(node.value)
        elif isinstance(node, ast.withitem):
            if isinstance(node.context_expr, ast.Name | ast.Attribute):
                yield 1, node.context_expr, _text(node.context_expr)
        elif isinstance(node, ast.Attribute | ast.Subscript) and id(node) not in called:
            yield 3, node, _text(node)


def _text(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else text[:39] + "…"
