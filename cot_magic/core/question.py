"""The question that only the person can answer: fixes that pass and behave differently."""

import ast
import math
import re
from dataclasses import dataclass

from cot_magic.core.findings import Evidence, Fix, FixVerdict, Stage
from cot_magic.core.jobs import SHOWN
from cot_magic.core.session import Session
from cot_magic.core.verdict import can_be_meant, differ, run_of, values_left

MOST_CHOICES = 4
_LONG = 120
_WARNED = re.compile(r"^[^\n]*:\d+: \w*Warning: (?P<message>[^\n]*)\n(?: +[^\n]*\n?)?", re.MULTILINE)
"""A warning as Python prints it: the place, class and message, and the line of code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """One fix, and what it does where it differs from the others."""

    fix: Fix
    does: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """A question in one sentence, and at least two choices, the likeliest first."""

    text: str
    choices: tuple[Meant, ...]


def question(session: Session) -> OpenQuestion | None:
    """The question of a session, or None if its best fix is VERIFIED or nothing else passes differently."""
    best = session.best_fix
    if best is None or session.judge_fix(best).verdict is not FixVerdict.PLAUSIBLE:
        return None
    mine = run_of(best.id, Stage.AFTER, session.evidence)
    if mine is None:
        return None
    fixes, runs = [best], [mine]
    for fix in session.fixes:
        run = run_of(fix.id, Stage.AFTER, session.evidence)
        if (
            run is not None
            and len(fixes) < MOST_CHOICES
            and session.judge_fix(fix).verdict is FixVerdict.PLAUSIBLE
            and can_be_meant(session.case, fix)
            and all(
                differ(other, run) or _set_apart(known, fix) for known, other in zip(fixes, runs, strict=True)
            )
        ):
            fixes.append(fix)
            runs.append(run)
    if len(fixes) < 2:
        return None
    does = _told_apart(runs)
    told = "; ".join(f"{number}: {text}" for number, text in enumerate(does, 1))
    text = f"Which did you mean? {told}"
    examples = [fix.example for fix in fixes if fix.example is not None]
    if len(examples) == len(fixes) and len({item.call for item in examples}) == 1:
        does = [f"gives {item.gives} for `{item.call}`" for item in examples]
        text = f"What should `{examples[0].call}` give? {' or '.join(item.gives for item in examples)}?"
    choices = tuple(Meant(fix=fix, does=text) for fix, text in zip(fixes, does, strict=True))
    return OpenQuestion(text=text, choices=choices)


def _set_apart(one: Fix, other: Fix) -> bool:
    """Whether they give different results on the same call."""
    mine, theirs = one.example, other.example
    if mine is None or theirs is None or mine.call != theirs.call or mine.gives == theirs.gives:
        return False
    return not _differ_by_rounding(mine.gives, theirs.gives)


def _differ_by_rounding(one: str, other: str) -> bool:
    """Whether two results are floats that differ in their last digits only: nobody can mean one of them."""
    try:
        mine, theirs = ast.literal_eval(one), ast.literal_eval(other)
    except (ValueError, SyntaxError):
        return False
    kinds = {type(mine), type(theirs)}
    return float in kinds and kinds <= {int, float} and math.isclose(mine, theirs)


def _told_apart(runs: list[Evidence]) -> list[str]:
    """What each run does; where two do the same in that respect, also another one in which they differ."""
    does = [_does(run, [other for other in runs if other is not run]) for run in runs]
    found = []
    for place, text in enumerate(does):
        alike = [other for at, other in enumerate(runs) if at != place and does[at] == text]
        more = _does(runs[place], alike) if alike else ""
        found.append(f"{text}; {more}" if more and more != text else text)
    return found


def _does(run: Evidence, others: list[Evidence]) -> str:
    """What a run raised or printed, or which value it set, where another one differs."""
    if run.raised is not None:
        return _short(f"then raises {run.raised.ename}: {run.raised.evalue}")
    if any(other.output != run.output for other in others):
        warned = _WARNED.search(run.output)
        printed = " ".join(_WARNED.sub("", run.output).split())
        if warned is not None:
            shown = f"prints {_short(printed)}, and " if printed else ""
            return f"{shown}warns: {_short(warned['message'])}"
        return f"prints {_short(printed)}" if printed else "prints nothing"
    theirs = [{item.expression: item.text for item in values_left(other)} for other in others]
    for item in values_left(run):
        if any(known.get(item.expression) != item.text for known in theirs):
            verb = "shows" if item.name == SHOWN else f"{item.expression} is"
            return f"{verb} {_short(item.text)}"
    return "leaves out a value that the others set"


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
