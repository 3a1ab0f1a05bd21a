"""The few steps of a failing schedule that a reader needs: those on what is disputed, and the failing one."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cot_magic.core.schedules import Trace, TraceStep

STEPS = 14
LANES = 4
_OTHER = 4


def disputed(trace: Trace, cause: str = "") -> Trace:
    """Return the trace with at most `STEPS` steps in at most `LANES` lanes; lanes without a step are gone.

    Kept first are the failing step and the last access of each other lane before it, then what the schedule
    disturbed, then all other accesses, then waits. Where nothing tells steps apart, the last ones stay.

    Parameters
    ----------
    cause
        What was confirmed as the cause: what it names is disputed.
    """
    steps = trace.steps
    wanted = _disputed_name(steps, cause)
    culprits = set(_last_accesses(steps, wanted))
    rank = {place: 0 if place in culprits else _rank(steps[place], wanted) for place in range(len(steps))}
    ranked = sorted(rank, key=lambda place: (rank[place], -place))
    telling = [place for place in ranked if rank[place] < _OTHER]
    kept = (telling if len(telling) > 1 else ranked)[:STEPS]
    lanes = sorted(list(dict.fromkeys(steps[place].lane for place in kept))[:LANES])
    numbers = {lane: number for number, lane in enumerate(lanes)}
    shown = [steps[place] for place in sorted(kept) if steps[place].lane in numbers]
    names = tuple(trace.lanes[lane] if lane < len(trace.lanes) else f"lane {lane + 1}" for lane in lanes)
    return replace(trace, lanes=names, steps=tuple(replace(step, lane=numbers[step.lane]) for step in shown))


def _disputed_name(steps: Sequence[TraceStep], cause: str) -> str:
    """Return what the cause names, else what the failing and the disturbed steps touch, else what most lanes
    touch; "" if unknown."""
    touched = dict.fromkeys(step.touched for step in steps if step.touched)
    named = [name for name in touched if f"`{name}`" in cause]
    if named:
        return named[0]
    near = [step.touched for step in steps if step.touched and (step.error or step.deviation)]
    if near:
        return near[-1]
    lanes = Counter(name for name, _ in {(step.touched, step.lane) for step in steps if step.touched})
    return max(sorted(lanes), key=lambda name: lanes[name], default="")


def _last_accesses(steps: Sequence[TraceStep], wanted: str) -> Iterator[int]:
    """Yield the last access of each lane other than the failing one, before it fails: one is the culprit."""
    failing = next((place for place, step in enumerate(steps) if step.error), len(steps))
    seen = {steps[failing].lane} if failing < len(steps) else set()
    for place in range(failing - 1, -1, -1):
        if steps[place].lane not in seen and _touches(steps[place], wanted):
            seen.add(steps[place].lane)
            yield place


def _rank(step: TraceStep, wanted: str) -> int:
    if step.error:
        return 0
    if step.deviation:
        return 1
    if _touches(step, wanted):
        return 2
    return 3 if step.waits else _OTHER


def _touches(step: TraceStep, wanted: str) -> bool:
    if not wanted:
        return False
    _, dot, name = wanted.rpartition(".")  # an attribute is `self.seats` here and `office.seats` there
    if step.touched:
        return step.touched == wanted or (bool(dot) and step.touched.rpartition(".")[1:] == (dot, name))
    before = r"\." if dot else r"(?<![\w.])"
    return re.search(rf"{before}{re.escape(name)}(?!\w)", step.line) is not None
