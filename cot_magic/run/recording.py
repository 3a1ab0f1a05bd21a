"""Sessions as `.cot.jsonl`: stamp events with order and time, write them line by line, read them back."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cot_magic.core.codec import decode, encode
from cot_magic.core.errors import RecordingError, UsageError
from cot_magic.core.events import Event, Stamped
from cot_magic.core.session import Session


def stamp(
    events: Iterable[Event], clock: Callable[[], float], *, order: int = 0, seconds: float = 0.0
) -> Iterator[Stamped]:
    """Each event with its number and the seconds since the first one; both continue when a session is
    resumed."""
    started: float | None = None
    for place, event in enumerate(events, order):
        now = clock()
        started = now - seconds if started is None else started
        yield Stamped(order=place, seconds=round(now - started, 4), event=event)


class Recording:
    """A Listener that appends each event to a file at once, so that it survives the death of the kernel.

    If the disk is full it says so, and the session continues.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lost = False
        try:
            # a lone surrogate, as models write them, becomes its escape, which JSON reads as the same
            self._file = path.open("w", encoding="utf-8", errors="backslashreplace", buffering=1)
        except OSError as error:
            raise UsageError(
                f"cannot write {path}: {error.strerror}. Choose another path with --save."
            ) from None

    def hear(self, stamped: Stamped) -> None:
        if self._lost:
            return
        try:
            self._file.write(encode(stamped) + "\n")
        except OSError as error:
            self._tell(error)

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:  # closing tries once more to write what is buffered
            self._tell(error)

    def _tell(self, error: OSError) -> None:
        if not self._lost:
            print(f"cot-magic: the recording {self.path} ends early: {error.strerror}.")
        self._lost = True


def read(path: Path) -> Iterator[Stamped]:
    """The events of a recording. A truncated last line, as a killed kernel leaves it, is no error.

    Raises UsageError if there is no such file, RecordingError naming a damaged line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # some editors write a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(f"cannot read {path}: {reason}. Give the path of a .cot.jsonl file.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield decode(line)
        except RecordingError as error:
            if number == len(lines):
                return
            raise RecordingError(f"{path}, line {number}: {error}") from None


def fold(stampeds: Iterable[Stamped]) -> Session:
    """The session that the events add up to."""
    session = Session()
    for stamped in stampeds:
        session = session.evolve(stamped)
    return session
