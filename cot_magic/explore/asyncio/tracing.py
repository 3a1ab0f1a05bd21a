"""The trace of a run of tasks: which lines ran in which lane, what was disturbed, and how it ended."""

import linecache
import sys
import threading
from dataclasses import replace
from types import FrameType
from typing import Any

from cot_magic.core.schedules import Trace, TraceStep
from cot_magic.explore.asyncio.loop import ExploredLoop, ExploredTask
from cot_magic.explore.asyncio.names import Arguments, name_of, told_apart
from cot_magic.explore.asyncio.waits import Holders
from cot_magic.explore.decisions import OUTSIDE, SLEEP_SCALES, TASK, THREAD, Decisions
from cot_magic.explore.places import of_the_user
from cot_magic.explore.run_result import RunFailure, RunResult
from cot_magic.explore.touched import only_shared, touched

MOST_STEPS = 2_000
HELD_BACK = "goes first: an answer from outside comes later"


class Tracer:
    """While entered, follows the lines of the user's code, stretch by stretch.

    A stretch is what a task or call runs before another has its turn. The trace keeps its first line, and
    each line that touches something that another lane touches as well.
    """

    def __init__(self, decisions: Decisions) -> None:
        self.holders = Holders()
        self._decisions = decisions
        self._loops: list[ExploredLoop] = []
        self._steps: list[TraceStep] = []
        self._firsts: list[bool] = []
        self._left_out = 0
        self._lanes: dict[tuple[int, int], int] = {}
        self._names: list[str] = []
        self._arguments: list[Arguments] = []
        self._lane = 0
        self._begins, self._deviation, self._decided = True, "", 0
        self._held_back = False
        self._kept: Any = None

    def attach(self, loop: ExploredLoop) -> None:
        """Follow this loop."""
        self._loops.append(loop)
        loop.on_step, loop.on_sleep = self._step, self._slept

    def __enter__(self) -> None:
        self.holders.__enter__()
        self._kept = sys.gettrace(), threading.gettrace()
        threading.settrace(self._call)
        sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._kept[0])
        threading.settrace(self._kept[1])
        self.holders.__exit__()

    def trace(self, result: RunResult) -> Trace:
        """The steps worth showing; the last of them says how the run ended."""
        steps = [
            step
            for step, first in zip(only_shared(self._steps), self._firsts, strict=True)
            if first or step.touched or step.deviation
        ]
        if result.failure is not None and self._steps:
            self._mark(steps, result.failure)
        return Trace(
            lanes=tuple(told_apart(self._names, self._arguments)), steps=tuple(steps), left_out=self._left_out
        )

    def _mark(self, steps: list[TraceStep], failure: RunFailure) -> None:
        """Add the failure to the last step at its line, or as a step of its own if there is none."""
        text = f"{failure.ename}: {failure.evalue}".rstrip(": ").splitlines()[0][:200]

        def failed(step: TraceStep) -> bool:
            return (step.filename, step.lineno) == (failure.filename, failure.lineno)

        place = max((place for place, step in enumerate(steps) if failed(step)), default=-1)
        if place >= 0:
            steps[place] = replace(steps[place], error=text)
            while len(steps) > place + 1 and not (steps[-1].touched or steps[-1].deviation):
                steps.pop()  # frames that the exception passes through: some versions report them as lines
            return
        last = next(filter(failed, reversed(self._steps)), self._steps[-1])
        steps.append(replace(last, error=text, touched="", deviation=""))

    # --- called by the loop -------------------------------------------------------------------------------

    def _step(self, owner: Any) -> None:
        log = self._decisions.log or []
        new, self._decided = log[self._decided :], len(log)
        first = any(item.kind in (TASK, THREAD) and item.choice for item in new)
        if any(item.kind == OUTSIDE and item.choice > 0 for item in new):
            self._held_back = True  # noted at the next line: what is delivered first goes to asyncio itself
        self._deviation = "goes first" if first else HELD_BACK if self._held_back else ""
        self._begins = True
        if isinstance(owner, ExploredTask):
            self._lane = self._lane_of(owner.lane, name_of(owner), owner.arguments)
        elif hasattr(owner, "lane"):
            self._lane = self._lane_of(owner.lane, owner.name)

    def _slept(self, choice: int, owner: Any) -> None:
        if not choice or not self._steps:
            return
        how = f"takes {SLEEP_SCALES[choice]:g}x as long"
        lane = (
            self._lane_of(owner.lane, name_of(owner), owner.arguments)
            if isinstance(owner, ExploredTask)
            else self._lane
        )
        for place in range(len(self._steps) - 1, -1, -1):
            if self._steps[place].lane == lane:
                self._steps[place] = replace(self._steps[place], deviation=how)
                return

    def _lane_of(self, number: int, name: str, arguments: Arguments = ()) -> int:
        key = (len(self._loops), number)
        if key not in self._lanes:
            self._lanes[key] = len(self._lanes)
            self._names.append(name)
            self._arguments.append(arguments)
        return self._lanes[key]

    # --- called by the interpreter ------------------------------------------------------------------------

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not self._loops or not of_the_user(frame.f_code.co_filename):
            return None
        return self._line

    def line(self, frame: FrameType) -> None:
        """Add a line of the user's code that begins in a call that takes turns."""
        self._line(frame, "line", None)

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event != "line" or self._loops[-1].on_step is None:  # nothing is kept during the cleanup
            return self._line
        if len(self._steps) >= MOST_STEPS:
            self._left_out += 1
            return self._line
        code, lineno = frame.f_code, frame.f_lineno
        step = TraceStep(
            at=round(self._loops[-1].now, 6),
            lane=self._lane,
            lineno=lineno,
            line=linecache.getline(code.co_filename, lineno).strip(),
            filename=code.co_filename,
            touched=touched(code.co_filename).get(lineno, ""),
            deviation=self._deviation,
            decided=len(self._decisions.made),
        )
        if not self._names:
            self._lane = self._lane_of(0, "main")
        self._steps.append(step)
        self._firsts.append(self._begins)
        self._begins, self._deviation, self._held_back = False, "", False
        return self._line
