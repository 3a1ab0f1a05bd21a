"""The text of a model as it is handed on: in few pieces, thinking apart, each turn of a phase by itself."""

import math
import time
from collections.abc import Callable, Generator

from cot_magic.core.events import Reply, Step, Streamed, Withdrawn
from cot_magic.core.findings import Phase
from cot_magic.reasoners.claude.conversation.thoughts import TaggedStream
from cot_magic.reasoners.claude.messages.turn import Delta

PIECE_S = 0.1  # how often text that arrives is handed on
PIECE = 400  # characters that are handed on at once


class Pieces:
    """Gathers small pieces of text into few events, and counts what it handed on in a phase."""

    def __init__(self, phase: Phase, clock: Callable[[], float] = time.monotonic) -> None:
        self._phase, self._clock = phase, clock
        self._earlier = {False: 0, True: 0}  # characters of text and of thinking by turns before
        self._counts = {False: 0, True: 0}
        self.begin()

    def begin(self) -> None:
        """A turn begins."""
        for thinking, count in self._counts.items():
            self._earlier[thinking] += count
        self._start()

    def _start(self) -> None:
        self._tagged = TaggedStream()
        self._kept: list[str] = []
        self._size = 0
        self._thinking = False
        self._handed = self._clock()
        self._counts = {False: 0, True: 0}

    def add(self, delta: Delta) -> Generator[Step, Reply, None]:
        """Take in what has arrived, and hand on what is due."""
        parts = [(True, delta.text)] if delta.kind == "thinking" else self._tagged.add(delta.text)
        for thinking, text in parts:
            if text and thinking is not self._thinking:
                yield from self._hand_on()
                # at once: a short text before a tool call would wait until the call is written
                self._thinking, self._handed = thinking, -math.inf
            self._kept.append(text)
            self._size += len(text)
        if self._size >= PIECE or self._clock() - self._handed >= PIECE_S:
            yield from self._hand_on()

    def flush(self) -> Generator[Step, Reply, None]:
        """Hand on all that has arrived."""
        thinking, text = self._tagged.rest()
        if text and thinking is not self._thinking:
            yield from self._hand_on()
            self._thinking = thinking
        self._kept.append(text)
        yield from self._hand_on()

    def _hand_on(self) -> Generator[Step, Reply, None]:
        text = "".join(self._kept)
        self._kept, self._size, self._handed = [], 0, self._clock()
        if text:
            if self._earlier[self._thinking] and not self._counts[self._thinking]:
                text = f"\n\n{text}"
            self._counts[self._thinking] += len(text)
            yield Streamed(phase=self._phase, text=text, thinking=self._thinking)

    def withdrawn(self) -> Withdrawn:
        """What takes back all that the turn handed on."""
        text, thinking = self._counts[False], self._counts[True]
        self._start()
        return Withdrawn(phase=self._phase, text=text, thinking=thinking)
