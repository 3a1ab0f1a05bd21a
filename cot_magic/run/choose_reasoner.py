"""Which reasoner a run gets, and why, in one sentence; imports nothing heavy."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from cot_magic import plugins
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Case
from cot_magic.core.errors import UsageError
from cot_magic.core.events import Stamped
from cot_magic.core.jobs import Budget
from cot_magic.core.protocols import Reasoner
from cot_magic.core.session import NO_CREDENTIAL
from cot_magic.settings import DEFAULT_MODEL, Settings

RECORDED = "replay:"  # show a recording again
AFRESH = "verify:"  # run its experiments again
_ELSEWHERE = (
    " ANTHROPIC_BASE_URL is not an http address of this machine, so set ANTHROPIC_API_KEY too (any string if "
    "that server needs none)."
)


@runtime_checkable
class RecordedReasoner(Protocol):
    """A reasoner that repeats a recording."""

    recorded: tuple[Stamped, ...]

    @property
    def case(self) -> Case: ...


@runtime_checkable
class Closing(Protocol):
    """A reasoner whose connection is closed when the session ends."""

    def close(self) -> None: ...


@runtime_checkable
class Sending(Protocol):
    """A reasoner that sends requests: they can be previewed, and the connection takes time to load.

    `first` looks at the case before the first request, and `preview` is None if it left nothing to send.
    """

    @property
    def first(self) -> Reasoner: ...

    def preview(self, case: Case, budget: Budget) -> Any: ...

    def warm(self) -> None: ...

    def settle(self) -> None: ...


def chosen(settings: Settings) -> tuple[str, str]:
    """The name of the reasoner for these settings, and why it was chosen ("" if the person named it)."""
    if settings.reasoner != "auto":
        return settings.reasoner, ""
    if settings.mailbox is not None:
        return "claude", "The model is asked in batches, where the offline reasoner verifies no fix."
    from cot_magic.reasoners.claude.messages.credentials import credential_source, what_is_missing

    source, missing = credential_source(settings.platform), what_is_missing(settings.platform)
    if missing and settings.platform != "anthropic":
        return "offline", f"{settings.platform} cannot be asked: using the offline reasoner. {missing}"
    if source is None:
        elsewhere = os.environ.get("ANTHROPIC_BASE_URL")
        return "offline", NO_CREDENTIAL + (_ELSEWHERE if elsewhere else "")
    return "claude", (
        f"A credential was found ({source}): using claude where the offline reasoner verifies no fix. "
        "--reasoner offline sends nothing."
    )


def choose_reasoner(settings: Settings, redactor: Redactor | None = None) -> Reasoner:
    """The reasoner for these settings.

    `redactor` withholds what a reasoner must not send. Raises UnknownPlugin, and UsageError for a recording
    that cannot be read or a model without a credential.
    """
    name, _ = chosen(settings)
    reasoner: Reasoner
    if name == "offline":
        reasoner = plugins.load("reasoners", "offline")(rules=plugins.rules)
    elif name == "claude":
        from cot_magic.reasoners.offline_first import OfflineFirst

        offline = plugins.load("reasoners", "offline")(rules=plugins.rules)
        model = _claude(settings, leaving(redactor or Redactor(), settings))
        reasoner = OfflineFirst(offline, model, settles=settings.reasoner == "auto")
    elif name.startswith((RECORDED, AFRESH)):
        from cot_magic.notebook.report.session import events_of
        from cot_magic.run.recording import read

        path = Path(name.partition(":")[2])
        reasoner = plugins.load("reasoners", "replay")(tuple(events_of(path, read)))
    elif name == "replay":
        raise UsageError("--reasoner replay needs a recording: --reasoner replay:FILE.cot.jsonl")
    else:
        reasoner = plugins.load("reasoners", name)()
    return reasoner


def leaving(redactor: Redactor, settings: Settings) -> Redactor:
    """The redactor of what leaves: personal data is withheld unless the person said otherwise."""
    return redactor.leaving(personal=settings.personal != "show")


def absolute(settings: Settings) -> Settings:
    """The settings for a process in another folder: the path of a recording is made absolute."""
    role, sign, path = settings.reasoner.partition(":")
    return replace(settings, reasoner=f"{role}:{Path(path).resolve()}") if sign else settings


def nothing_to_preview(reasoner: Reasoner) -> None:
    """Raises UsageError for a reasoner that sends nothing."""
    if not isinstance(reasoner, Sending):
        raise UsageError(
            f"the {reasoner.name} reasoner sends nothing: there is nothing to preview. Nothing was run."
        )


def request_text(body: Any) -> str:
    """The whole request as it would be sent, for people to read."""
    if body is None:
        return "Nothing would be sent: the offline reasoner's fix is verified."
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return f"{text}\nThis is the first request as it would be sent. Nothing was sent."


def _claude(settings: Settings, redactor: Redactor) -> Any:
    from cot_magic.reasoners.claude.messages.credentials import what_is_missing

    if not settings.preview and settings.mailbox is None and (missing := what_is_missing(settings.platform)):
        raise UsageError(
            f"--reasoner claude: no credential for the platform {settings.platform} was found. {missing}"
        )
    return plugins.load("reasoners", "claude")(
        model=settings.model or DEFAULT_MODEL,
        platform=settings.platform,
        max_usd=settings.max_cost,
        redactor=redactor,
        **({} if settings.mailbox is None else {"mailbox": settings.mailbox}),
    )
