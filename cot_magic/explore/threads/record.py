"""The record of a threaded run, for its picture."""

import linecache
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType

from cot_magic.core.schedules import Trace, TraceStep
from cot_magic.explore.places import shown
from cot_magic.explore.threads.points import UserCode
from cot_magic.explore.threads.scheduler import Lane, Wait
from cot_magic.explore.touched import only_shared, touched

MOST_STEPS = 2_000  # more than any picture shows


class ThreadRecord:
    """Keeps a step for each line that a thread begins, or resumes when it gets its turn back."""

    def __init__(self, user: UserCode, made: Sequence[int] = ()) -> None:
        self._user, self._made = user, made  # the list of decisions grows during the run
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
        here = (lane.number, lineno, code.co_filename)
        if last is not None and here == (last.lane, last.lineno, last.filename) and not deviation:
            return
        if len(self._steps) >= MOST_STEPS:
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
        """Mark the last step of a lane with the exception that ended it."""
        self._ended.add(lane.number)
        place = self._last.get(lane.number)
        if place is not None:
            text = f"{type(error).__name__}: {error}".splitlines()[0]
            self._steps[place] = replace(self._steps[place], error=text[:200])

    def trace(self, lanes: list[Lane]) -> Trace:
        """The steps so far; they name only those things that more than one lane touches."""
        names = tuple(lane.name if lane.calls < 2 else lane.thread.name for lane in lanes)
        return Trace(lanes=names, steps=tuple(only_shared(self._steps)), left_out=self._left_out)

    def _user_frame(self, frame: FrameType | None) -> FrameType | None:
        while frame is not None and frame.f_code.co_filename not in self._user:
            frame = frame.f_back
        return frame
