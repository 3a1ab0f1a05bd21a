"""Resumes a session that a fault or Ctrl-C cut short."""

from dataclasses import replace
from typing import Any

from cot_magic.actions.investigate import post_mortem, screen
from cot_magic.actions.parking import parked, release
from cot_magic.actions.state import ActionState, redactor_of
from cot_magic.core.errors import UsageError
from cot_magic.core.protocols import Resumable
from cot_magic.core.session import Session
from cot_magic.run.choose_reasoner import Sending, choose_reasoner
from cot_magic.run.last_session import LAST
from cot_magic.run.run_session import resume_session
from cot_magic.settings import Settings


def resume_last(state: ActionState, settings: Settings) -> Session | None:
    """Continue the last session from its first unfinished phase; it remains one session.

    With the same settings the same conversation continues, otherwise a new one that is told the finished
    phases. A reasoner without a conversation runs again. Raises UsageError if the last session finished.
    """
    session = LAST.session
    if session is None or session.case is None:
        raise UsageError("there is no session yet: run %%cot on a failing cell first.")
    if not session.interrupted and not session.faults:
        raise UsageError("the last session finished; there is nothing to resume.")
    settings = replace(settings, intensity=session.intensity, preview=False)
    earlier, reasoner = state.reasoner or (None, None)
    if reasoner is None or earlier is None or _asked_for(earlier) != _asked_for(settings):
        reasoner = choose_reasoner(settings, redactor_of(state))
    if not isinstance(reasoner, Resumable):
        print(f"The {reasoner.name} reasoner has no conversation to continue: it runs again.")
        return post_mortem(state, settings)
    if isinstance(reasoner, Sending):
        reasoner.settle()
    state.settings, state.reasoner = settings, (settings, reasoner)
    if state.failure is None or state.failure.cell.id != session.case.cell.id:
        release(state)  # what is parked is the state before another cell
    state.snapshot = sandbox = parked(state, settings)
    return resume_session(
        session,
        sandbox,
        settings,
        reasoner=reasoner,
        renderer=screen(state),
        redactor=redactor_of(state),
        listeners=state.listeners,
        verbatim=state.verbatim,
    )


def _asked_for(settings: Settings) -> tuple[Any, ...]:
    """What has to be the same for a conversation to continue."""
    thinking = settings.effective_budget().thinking_tokens
    return (settings.reasoner, settings.model, settings.platform, thinking, settings.max_cost)
