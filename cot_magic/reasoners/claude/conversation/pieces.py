"""A model's text as it arrives: passed on in few pieces, with thinking told apart from the answer.

Some models write their thinking into the text, in tags at its beginning.
"""

import math
import re
import time
from collections.abc import Callable, Generator, Iterator

from cot_magic.core.events import Reply, Step, Streamed, Withdrawn
from cot_magic.core.findings import Phase
from cot_magic.reasoners.claude.messages.turn import Delta

PIECE_S = 0.1  # how often arriving text is passed on
PIECE = 400  # characters that are passed on at once
_TAGS = ("think", "thinking", "thought", "reasoning")
_OPEN = re.compile(rf"\s*<({'|'.join(_TAGS)})>")
_CLOSE = re.compile(rf"</(?:{'|'.join(_TAGS)})>\s*")
_LONGEST_TAG = max(len(f"</{tag}>") for tag in _TAGS)


class Pieces:
    """Gathers small pieces of text into few events, and counts the characters passed on in a phase."""

    def __init__(self, phase: Phase, clock: Callable[[], float] = time.monotonic) -> None:
        self._phase, self._clock = phase, clock
        self._earlier = {False: 0, True: 0}  # characters of text and of thinking in earlier turns
        self._counts = {False: 0, True: 0}
        self.begin()

    def begin(self) -> None:
        """Begin a turn."""
        for thinking, count in self._counts.items():
            self._earlier[thinking] += count
        self._start()

    def _start(self) -> None:
        self._tagged = TaggedStream()
        self._kept: list[str] = []
        self._size = 0
        self._thinking = False
        self._passed = self._clock()
        self._counts = {False: 0, True: 0}

    def add(self, delta: Delta) -> Generator[Step, Reply, None]:
        """Take in what has arrived, and pass on what is due."""
        parts = [(True, delta.text)] if delta.kind == "thinking" else self._tagged.add(delta.text)
        for thinking, text in parts:
            if text and thinking is not self._thinking:
                yield from self._pass_on()
                # at once: a few words before a tool call would otherwise wait until the call is written
                self._thinking, self._passed = thinking, -math.inf
            self._kept.append(text)
            self._size += len(text)
        if self._size >= PIECE or self._clock() - self._passed >= PIECE_S:
            yield from self._pass_on()

    def flush(self) -> Generator[Step, Reply, None]:
        """Pass on everything that has arrived."""
        thinking, text = self._tagged.rest()
        if text and thinking is not self._thinking:
            yield from self._pass_on()
            self._thinking = thinking
        self._kept.append(text)
        yield from self._pass_on()

    def _pass_on(self) -> Generator[Step, Reply, None]:
        text = "".join(self._kept)
        self._kept, self._size, self._passed = [], 0, self._clock()
        if text:
            if self._earlier[self._thinking] and not self._counts[self._thinking]:
                text = f"\n\n{text}"
            self._counts[self._thinking] += len(text)
            yield Streamed(phase=self._phase, text=text, thinking=self._thinking)

    def withdrawn(self) -> Withdrawn:
        """The event that takes back everything the turn passed on."""
        text, thinking = self._counts[False], self._counts[True]
        self._start()
        return Withdrawn(phase=self._phase, text=text, thinking=thinking)


class TaggedStream:
    """Splits arriving text into thinking and answer. What may turn out to be a tag is held back."""

    def __init__(self) -> None:
        self._kept = ""
        self._state = "beginning"

    def add(self, text: str) -> Iterator[tuple[bool, str]]:
        """The parts that can be told apart so far, without tags, each with whether it is thinking."""
        text, self._kept = self._kept + text, ""
        if self._state == "beginning":
            if opened := _OPEN.match(text):
                text, self._state = text[opened.end() :], "thinking"
            elif _may_open(text):
                self._kept = text
                return
            else:
                self._state = "answer"
        if self._state == "thinking":
            closed = _CLOSE.search(text)
            if closed is None:
                place = text.rfind("<", max(0, len(text) - _LONGEST_TAG))
                place = len(text) if place < 0 else place
                yield True, text[:place]
                self._kept = text[place:]
                return
            yield True, text[: closed.start()]
            text, self._state = text[closed.end() :], "answer"
        yield False, text

    def rest(self) -> tuple[bool, str]:
        """What was held back and turned out not to be a tag."""
        text, self._kept = self._kept, ""
        return self._state == "thinking", text


def without_thought(text: str) -> str:
    """The text after the thinking; "" if the thinking is not closed.

    The templates of some models put the opening tag before the answer, so the text has only the closing tag.
    """
    if opened := _OPEN.match(text):
        closed = _CLOSE.search(text, opened.end())
        return text[closed.end() :] if closed else ""
    closed = None if text.lstrip().startswith(("{", "[", "`")) else _CLOSE.search(text)
    if closed is None or any(f"<{tag}>" in text[: closed.start()] for tag in _TAGS):
        return text
    return text[closed.end() :]


def _may_open(text: str) -> bool:
    begun = text.lstrip()
    return any(f"<{tag}>".startswith(begun) for tag in _TAGS)
