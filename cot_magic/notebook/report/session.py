"""The recorded events of a session: redacted for a report, kept in its metadata, and read back."""

import dataclasses
import enum
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from cot_magic.core.codec import decode, encode
from cot_magic.core.errors import RecordingError, UsageError
from cot_magic.core.events import Event, Faulted, Interrupted, SessionEnded, SessionStarted, Stamped
from cot_magic.core.session import Session

KEY = "cot"
V = TypeVar("V")
_TEMPORARY = re.compile(r"ipykernel_\d+[/\\](\d+\.py)")
_BEFORE_A_PATH = frozenset(" \t\n'\"<>()[],=")
LEAST_PARTS = 3
"""A folder path with fewer parts (`/`, `/work`) may also be an ordinary word."""


def redacted(value: V, redact: Callable[[str], str]) -> V:
    """Return a value of `core` with every string in it passed through `redact`."""
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return redact(value)  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple(redacted(item, redact) for item in value)  # type: ignore[return-value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed: dict[str, Any] = {}
        for field in dataclasses.fields(value):
            old = getattr(value, field.name)
            new = redacted(old, redact)
            if new is not old:
                changed[field.name] = new
        return dataclasses.replace(value, **changed) if changed else value
    return value


def without_machine(stampeds: Sequence[Stamped], cwd: str) -> list[Stamped]:
    """Return the events without this machine's paths of cell files and of the working directory."""
    named = len(Path(cwd).parts) >= LEAST_PARTS

    def told(text: str) -> str:
        text = _without_folders(text)
        return text.replace(cwd, ".") if named else text

    return [redacted(stamped, told) for stamped in stampeds]


def _without_folders(text: str) -> str:
    """Remove the folders of the kernel's cell files, in linear time since strings may be long."""
    parts, end = [], 0
    for found in _TEMPORARY.finditer(text):
        start = found.start()
        while start > end and text[start - 1] not in _BEFORE_A_PATH:
            start -= 1
        parts += [text[end:start], found[1]]
        end = found.end()
    return "".join([*parts, text[end:]])


def folded(stampeds: Sequence[Stamped]) -> Session:
    """Return the session that the events make up."""
    session = Session()
    for stamped in stampeds:
        session = session.evolve(stamped)
    return session


def without_recording(session: Session) -> list[Stamped]:
    """Return events for a session that was lost when its kernel died: its case and what went wrong."""
    if session.case is None or session.budget is None:
        return []
    started = SessionStarted(
        case=session.case,
        intensity=session.intensity,
        reasoner=session.reasoner,
        budget=session.budget,
        sandbox=session.sandbox,
        id=session.id,
    )
    faults = [Faulted(phase=None, message=fault) for fault in session.faults]
    events: tuple[Event, ...] = (started, *faults, SessionEnded())
    return [
        Stamped(order=order, seconds=session.seconds if order else 0.0, event=event)
        for order, event in enumerate(events)
    ]


def metadata(stampeds: Sequence[Stamped]) -> list[str]:
    """Return the events as lines of JSON, as in a recording."""
    return [encode(stamped) for stamped in stampeds]


def events_of(path: Path, read: Callable[[Path], Iterable[Stamped]]) -> list[Stamped]:
    """Return the events of a recording, read by `read`, or of the session in a report.

    A session whose recording breaks off, as when its kernel was killed, ends as interrupted. Raises
    RecordingError if there is no session, or more than one.
    """
    events = list(embedded(path) if path.suffix == ".ipynb" else read(path))
    if not events or not isinstance(events[0].event, SessionStarted):
        raise RecordingError(f"{path} holds no session. Give a file written with --save.")
    for one, other in itertools.pairwise(events):
        if other.order <= one.order:
            raise RecordingError(
                f"{path}: event {other.order} comes after event {one.order}: it is damaged, or holds more "
                "than one session."
            )
    last = events[-1]
    if not isinstance(last.event, SessionEnded):
        ends: tuple[Event, ...] = (Interrupted(phase=None), SessionEnded())
        events += [replace(last, order=last.order + n, event=event) for n, event in enumerate(ends, 1)]
    return events


def embedded(path: Path) -> Iterator[Stamped]:
    """Yield the events of the session in a report.

    Raises UsageError if the file cannot be read or has no session, RecordingError if an event is damaged.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}. Give the path of a report.") from None
    except ValueError:
        raise UsageError(f"cannot read {path}: it is not a notebook.") from None
    kept = data.get("metadata", {}).get(KEY) if isinstance(data, dict) else None
    lines = kept.get("session") if isinstance(kept, dict) else None
    if not isinstance(lines, list) or not lines:
        raise UsageError(f"{path} contains no session: only a report written by cot-magic does.")
    for number, line in enumerate(lines, 1):
        try:
            yield decode(line)
        except RecordingError as error:
            raise RecordingError(f"{path}, event {number}: {error}") from None
