"""Withholds the secrets in values of `core` and in streams of events before they are recorded or shown."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, TypeVar

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.events import Event, SessionStarted, Streamed, Withdrawn
from cot_magic.core.facts import Fact

T = TypeVar("T")

# Fields that hold Python source; fields that hold ids and keywords
_SOURCES = frozenset({"source", "before", "after", "line", "expression"})
_IDS = frozenset({"id", "cell", "about", "fix", "hypothesis", "snapshot", "state", "intensity", "rule"})
_PIECE = 40  # characters of streamed text that are redacted together: fewer would cost too much
_LONGEST_WORD = 2_000
_CONTEXT = 160  # characters before a piece that may announce a secret: `the password is`
_LONGEST_BLOCK = 8_000  # characters of a long secret, such as a private key
MOST_PASSES = 3


def withheld(value: T, redactor: Redactor) -> T:
    """A copy of a value (a Case, Evidence, an event) with every secret that the redactor finds withheld.

    Repeated until nothing new is learned, as one field may reveal that a value in another is secret.
    """
    found = value
    for _ in range(MOST_PASSES):
        known = redactor.known
        found = _walked(value, redactor, "")
        if redactor.known == known:
            break
    return found


class Withholding:
    """A stream of events, each with its secrets withheld.

    Streamed text is held back up to the end of a word, so that a secret which arrives in two pieces is seen
    whole.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held: Streamed | None = None
        # a stream, its last characters, and whether a secret may continue after them
        self._before: tuple[tuple[str, bool], str, bool] = (("", False), "", False)
        self._sizes: dict[tuple[str, bool], list[tuple[int, int]]] = {}  # of each piece: received, shown

    def events(self, event: Event) -> Iterator[Event]:
        """The events to pass on after one more event: none, or what was held back and this one."""
        if isinstance(event, Streamed):
            yield from self._streamed(event)
            return
        yield from self.rest()
        if isinstance(event, Withdrawn):
            yield self._withdrawn(event)
        elif isinstance(event, SessionStarted):
            found = withheld(event, self._redactor)
            case = dataclasses.replace(found.case, redactions=self._redactor.count)
            yield dataclasses.replace(found, case=case)
        else:
            yield withheld(event, self._redactor)

    def rest(self) -> Iterator[Event]:
        """Pass on what is still held back."""
        if self._held is not None:
            held, self._held = self._held, None
            yield self._shown(held)

    def _streamed(self, event: Streamed) -> Iterator[Event]:
        held = self._held
        if held is not None and (held.phase, held.thinking) != (event.phase, event.thinking):
            yield from self.rest()
            held = None
        text = (held.text if held is not None else "") + event.text
        end = max(text.rfind(sign) for sign in " \n\t") + 1
        line = text.rfind("\n") + 1
        if text[line:].lstrip().startswith("|"):  # a row of a table is read whole
            end = line
        if len(text) > _LONGEST_WORD:
            end = len(text)
        if end < _PIECE:
            self._held = dataclasses.replace(event, text=text)
            return
        self._held = dataclasses.replace(event, text=text[end:]) if text[end:] else None
        yield self._shown(dataclasses.replace(event, text=text[:end]))

    def _shown(self, event: Streamed) -> Streamed:
        place = (event.phase, event.thinking)
        shown = dataclasses.replace(event, text=self._in_context(place, event.text))
        self._sizes.setdefault(place, []).append((len(event.text), len(shown.text)))
        return shown

    def _in_context(self, place: tuple[str, bool], text: str) -> str:
        """A piece of streamed text, redacted with the pieces before it as context."""
        known, before, goes_on = self._before
        if known != place:
            before, goes_on = "", False
        whole, start = before + text, len(before)
        pieces, done, keep, open_end = [], start, len(whole) - _CONTEXT, False
        for found in self._redactor.spans(whole):
            if found.end <= start:
                continue
            pieces.append(whole[done : max(found.start, start)])
            if not (goes_on and found.start < start):  # else the previous piece showed its mask
                pieces.append(self._redactor.mask_of(found, whole))
            done = found.end
            if not whole[done:].strip():
                open_end, keep = True, max(min(keep, found.start), len(whole) - _LONGEST_BLOCK)
        self._before = place, whole[max(keep, 0) :], open_end
        return self._redactor.text("".join([*pieces, whole[done:]])) if pieces else text

    def _withdrawn(self, event: Withdrawn) -> Withdrawn:
        self._before = (("", False), "", False)
        return dataclasses.replace(
            event,
            text=self._taken_back((event.phase, False), event.text),
            thinking=self._taken_back((event.phase, True), event.thinking),
        )

    def _taken_back(self, place: tuple[str, bool], length: int) -> int:
        """The number of shown characters that the last `length` received characters became."""
        sizes, shown = self._sizes.get(place, []), 0
        while length > 0 and sizes:
            came, size = sizes.pop()
            if came > length:  # only part of this piece is withdrawn
                sizes.append((came - length, max(0, size - length)))
                size = min(size, length)
            shown += size
            length -= came
        return shown


def _walked(value: Any, redactor: Redactor, field: str) -> Any:
    if type(value) is str:
        if field in _IDS:
            return value
        return redactor.source(value) if field in _SOURCES else redactor.text(value)
    if isinstance(value, tuple):
        return tuple(_walked(item, redactor, field) for item in value)
    if isinstance(value, Fact):
        data = json.dumps(_data(value.value, redactor), ensure_ascii=False, separators=(",", ":"))
        return dataclasses.replace(
            value, kind=redactor.text(value.kind), text=redactor.text(value.text), values=data
        )
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        old = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        new = {name: _walked(item, redactor, name) for name, item in old.items()}
        changed = {name: item for name, item in new.items() if item is not old[name] and item != old[name]}
        return dataclasses.replace(value, **changed) if changed else value
    return value


def _data(value: Any, redactor: Redactor) -> Any:
    """JSON data with the secrets in its strings withheld, also those that only the key announces."""
    if type(value) is str:
        return redactor.text(value)
    if isinstance(value, list):
        return [_data(item, redactor) for item in value]
    if isinstance(value, dict):
        return {
            redactor.text(key): redactor.named(key, item) if type(item) is str else _data(item, redactor)
            for key, item in value.items()
        }
    return value
