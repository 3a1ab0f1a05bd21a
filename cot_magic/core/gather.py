"""Small pieces of a text that arrive close together, made one event."""

from collections.abc import Callable, Iterable, Iterator

from cot_magic.core.events import Event, Streamed

INTERVAL = 0.105  # seconds: a little more than between two looks at a screen, so that each piece is one look


def gathered(
    events: Iterable[Event], clock: Callable[[], float], interval: float = INTERVAL
) -> Iterator[Event]:
    """The same events, in order, with pieces of one text joined that come within `interval` seconds.

    A model may write a thousand pieces in a second, and each event is folded, searched for secrets, recorded
    and shown. A piece that comes after a pause is passed on at once; what is held back goes out before any
    other event.
    """
    kept: list[str] = []
    last: Streamed | None = None
    passed: float | None = None
    for event in events:
        if not isinstance(event, Streamed):
            if last is not None and kept:
                yield _joined(last, kept)
            yield event
            continue
        if last is not None and kept and (last.phase, last.thinking) != (event.phase, event.thinking):
            yield _joined(last, kept)
        kept.append(event.text)
        last = event
        now = clock()
        if passed is None or now - passed >= interval:
            passed = now
            yield _joined(last, kept)
    if last is not None and kept:
        yield _joined(last, kept)


def _joined(last: Streamed, kept: list[str]) -> Streamed:
    """What was kept, as one piece; nothing is kept any more."""
    text = "".join(kept)
    kept.clear()
    return Streamed(phase=last.phase, text=text, thinking=last.thinking)
