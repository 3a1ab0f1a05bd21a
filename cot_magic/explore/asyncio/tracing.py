"""A detailed run of tasks: which lines ran in which lane, what was decided otherwise, and how it ended."""

import linecache
import sys
import threading
from collections import Counter
from dataclasses import replace
from types import FrameType
from typing import Any

from cot_magic.core.trace import Trace, TraceStep
from cot_magic.explore.asyncio.loop import SCALES, ExploredLoop, ExploredTask
from cot_magic.explore.asyncio.waits import Holders, name_of
from cot_magic.explore.decisions import OUTSIDE, TASK, THREAD, Decisions, RunResult
from cot_magic.explore.failures import of_the_user
from cot_magic.explore.threads.trace import touched

MOST_STEPS = 2_000
HELD_BACK = "goes first: an answer from outside comes later"


class Tracer:
    """Follows the lines of the user's code while it is entered, stretch by stretch.

    A stretch is what a task or thread runs before another has its turn. Of a stretch the first line is kept,
    and each that touches something which another lane touches too.
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
        self._lane = 0
        self._begins, self._deviation, self._decided = True, "", 0
        self._held_back = False
        self._kept: Any = None

    def attach(self, loop: ExploredLoop) -> None:
        """Follow the steps of this loop."""
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
        """The steps that tell something, with how the run ended at the last of them."""
        users: dict[str, set[int]] = {}
        for step in self._steps:
            if step.touched:
                users.setdefault(_last_part(step.touched), set()).add(step.lane)
        steps = []
        for step, first in zip(self._steps, self._firsts, strict=True):
            shared = step.touched and len(users[_last_part(step.touched)]) > 1
            if first or shared or step.deviation:
                steps.append(step if shared else replace(step, touched=""))
        failure = result.failure
        if failure is not None and self._steps:
            self._mark(
                steps, f"{failure.ename}: {failure.evalue}".rstrip(": ").splitlines()[0][:200], failure
            )
        return Trace(lanes=tuple(_told_apart(self._names)), steps=tuple(steps), left_out=self._left_out)

    def _mark(self, steps: list[TraceStep], text: str, failure: Any) -> None:
        places = [
            place
            for place, step in enumerate(steps)
            if (step.filename, step.lineno) == (failure.filename, failure.lineno)
        ]
        if places:
            steps[places[-1]] = replace(steps[places[-1]], error=text)
            while len(steps) > places[-1] + 1 and not (steps[-1].touched or steps[-1].deviation):
                steps.pop()  # frames that the exception passes through: some versions report them as lines
            return
        last = next(
            (
                s
                for s in reversed(self._steps)
                if (s.filename, s.lineno) == (failure.filename, failure.lineno)
            ),
            self._steps[-1],
        )
        steps.append(replace(last, error=text, touched="", deviation=""))

    # --- told by the loop ---------------------------------------------------------------------------------

    def _step(self, owner: Any) -> None:
        log = self._decisions.log or []
        new, self._decided = log[self._decided :], len(log)
        first = any(item.kind in (TASK, THREAD) and item.choice for item in new)
        if any(item.kind == OUTSIDE and item.choice > 0 for item in new):
            self._held_back = True  # told at the next line: what is delivered first goes to asyncio itself
        self._deviation = "goes first" if first else HELD_BACK if self._held_back else ""
        self._begins = True
        if isinstance(owner, ExploredTask):
            self._lane = self._lane_of(owner.lane, name_of(owner))
        elif hasattr(owner, "lane"):
            self._lane = self._lane_of(owner.lane, owner.name)

    def _slept(self, choice: int, owner: Any) -> None:
        if not choice or not self._steps:
            return
        scale = SCALES[choice]
        how = f"takes {scale:g}x longer" if scale > 1 else f"takes {scale:g} of its time"
        lane = self._lane_of(owner.lane, name_of(owner)) if isinstance(owner, ExploredTask) else self._lane
        for place in range(len(self._steps) - 1, -1, -1):
            if self._steps[place].lane == lane:
                self._steps[place] = replace(self._steps[place], deviation=how)
                return

    def _lane_of(self, number: int, name: str) -> int:
        key = (len(self._loops), number)
        if key not in self._lanes:
            self._lanes[key] = len(self._lanes)
            self._names.append(name)
        return self._lanes[key]

    # --- told by the interpreter --------------------------------------------------------------------------

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not self._loops or not of_the_user(frame.f_code.co_filename):
            return None
        return self._line

    def line(self, frame: FrameType) -> None:
        """A line of the user's code begins in a call that takes turns."""
        self._line(frame, "line", None)

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event != "line" or self._loops[-1].on_step is None:  # while it is tidied up nothing is kept
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


def _last_part(text: str) -> str:
    return text.rpartition(".")[2].partition("[")[0]


def _told_apart(names: list[str]) -> list[str]:
    """`client (Task-2)` is `client` where no other lane has that name, else `client #2`."""
    short = [name.partition(" (Task-")[0] for name in names]
    many, seen, told = Counter(short), Counter[str](), []
    for name in short:
        seen[name] += 1
        told.append(name if many[name] == 1 else f"{name} #{seen[name]}")
    return told
