"""Going on with a session that a fault or the person cut short."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cot_magic.core.errors import UsageError
from cot_magic.core.protocols import Resumable
from cot_magic.core.session import Session
from cot_magic.run import run_session as investigation
from cot_magic.run.choose_reasoner import Sending, choose_reasoner
from cot_magic.settings import Settings

if TYPE_CHECKING:
    from cot_magic.ipython.attachment import Attachment


def go_on(attachment: "Attachment", settings: Settings) -> Session | None:
    """The last session from its first phase that is not finished, as one session.

    With the same settings the same conversation goes on, else a new one that is told the finished phases. A
    reasoner without a conversation runs again. Raises UsageError if the last session was not cut short.
    """
    session = investigation.last()
    if session is None or session.case is None:
        raise UsageError("there is no session yet: run %%cot on a failing cell first.")
    if not session.interrupted and not session.faults:
        raise UsageError("the last session came to its end: there is nothing to go on with.")
    settings = replace(settings, intensity=session.intensity, preview=False)
    earlier, reasoner = attachment.reasoner or (None, None)
    if reasoner is None or earlier is None or _asked_for(earlier) != _asked_for(settings):
        reasoner = choose_reasoner(settings, attachment.redactor)
    if not isinstance(reasoner, Resumable):
        print(f"The {reasoner.name} reasoner keeps no conversation: it simply runs again.")
        return attachment.post_mortem(settings)
    if isinstance(reasoner, Sending):
        reasoner.settle()
    attachment.settings, attachment.reasoner = settings, (settings, reasoner)
    if attachment.failure is None or attachment.failure.cell.id != session.case.cell.id:
        attachment.release()  # what is parked is the state before another cell
    attachment.snapshot = sandbox = attachment.sandbox(settings)
    attachment.session = investigation.resume(
        session,
        sandbox,
        settings,
        reasoner=reasoner,
        renderer=attachment.screen(),
        redactor=attachment.redactor,
        earlier=tuple(attachment.heard.events),
        listeners=(*attachment.listeners, attachment.heard),
        verbatim=attachment.verbatim,
    )
    return attachment.session


def _asked_for(settings: Settings) -> tuple[Any, ...]:
    """What has to be the same for a conversation to go on."""
    thinking = settings.effective_budget().thinking_tokens
    return (settings.reasoner, settings.model, settings.platform, thinking, settings.max_cost)
