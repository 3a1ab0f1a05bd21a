"""The few steps of a failing schedule that a reader needs: those on what is disputed, and the failing one."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from cot_magic.core.schedules import Trace, TraceStep

STEPS = 14
LANES = 4


def disputed(trace: Trace) -> Trace:
    """Return the trace with at most `STEPS` steps in at most `LANES` lanes; lanes without a step are gone.

    Kept first are steps that fail or that the schedule disturbed, then those that wait,
    then those that touch what is disputed. Where nothing tells them apart, the last ones stay.
    """
    steps = trace.steps
    wanted = _disputed_name(steps)
    ranked = sorted(range(len(steps)), key=lambda place: (_rank(steps[place], wanted), -place))
    telling = [place for place in ranked if _rank(steps[place], wanted) < _OTHER]
    kept = (telling if len(telling) > 1 else ranked)[:STEPS]
    lanes = sorted(list(dict.fromkeys(steps[place].lane for place in kept))[:LANES])
    numbers = {lane: number for number, lane in enumerate(lanes)}
    shown = [
        replace(steps[place], lane=numbers[steps[place].lane])
        for place in sorted(kept)
        if steps[place].lane in numbers
    ]
    names = tuple(trace.lanes[lane] if lane < len(trace.lanes) else f"lane {lane + 1}" for lane in lanes)
    return replace(trace, lanes=names, steps=tuple(shown))


_OTHER = 3


def _disputed_name(steps: Sequence[TraceStep]) -> str:
    """Return what the failing and the disturbed steps touch, else what most lanes touch; "" if unknown."""
    near = [step.touched for step in steps if step.touched and (step.error or step.deviation)]
    if near:
        return near[-1]
    lanes: Counter[str] = Counter()
    for name in {(step.touched, step.lane) for step in steps if step.touched}:
        lanes[name[0]] += 1
    return max(sorted(lanes), key=lambda name: lanes[name], default="")


def _rank(step: TraceStep, wanted: str) -> int:
    if step.error or step.deviation:
        return 0
    if step.waits:
        return 1
    named = bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", step.line) is not None
    return 2 if (wanted and step.touched == wanted) or (not step.touched and named) else _OTHER
