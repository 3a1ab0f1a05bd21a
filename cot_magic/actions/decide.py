"""The answer to the question of a session: which of the fixes that pass was meant."""

from cot_magic.core.errors import UsageError
from cot_magic.core.events import Decided, Stamped
from cot_magic.core.question import question
from cot_magic.core.session import Session
from cot_magic.render.safe_text import one_line
from cot_magic.run.last_session import LAST

_DOES = 80  # characters of what the choice does


def decide(line: str) -> Session:
    """Take the answer `1`, `2`, … to the question of the last session, and say what it changes.

    Raises UsageError if there is no question, or the answer is not one of its numbers.
    """
    decided, said = _decided(line)
    print(f"{said} %cot_insert puts it in.")
    return decided


def choose(session_id: str, number: int) -> str:
    """Take the answer that a person clicked in the panel of that session, and return what it changes.

    Raises UsageError if it is not the last session any more, or as `decide` does.
    """
    if LAST.session is None or LAST.session.id != session_id:
        raise UsageError("the kernel has another session now, so the choice is not recorded.")
    return _decided(str(number))[1]


def _decided(line: str) -> tuple[Session, str]:
    session, shown = LAST.session, LAST.shown
    asked = question(session) if session is not None else None
    if session is None or shown is None or asked is None:
        raise UsageError("there is no question: nothing was changed.")
    count = len(asked.choices)
    if not line.strip().isdigit() or not 1 <= int(line) <= count:
        raise UsageError(f"%cot_answer {line.strip()[:40]}: expected a number from 1 to {count}.")
    meant = asked.choices[int(line) - 1]
    event = Decided(fix=meant.fix.id)
    order = LAST.events[-1].order + 1 if LAST.events else 0
    stamped = Stamped(order=order, seconds=session.seconds, event=event)
    LAST.hear(stamped)
    decided = session.evolve(stamped)
    LAST.remember(decided, shown.evolve(stamped))
    verdict = decided.judge_fix(meant.fix).verdict.lower()
    does = one_line(meant.does, _DOES)
    return decided, f"{int(line)} is what was meant ({does}): that fix is {verdict}."
