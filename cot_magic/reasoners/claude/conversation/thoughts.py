"""Thinking that a model writes into its text, between tags at the beginning: told apart from the answer."""

import re
from collections.abc import Iterator

_TAGS = ("think", "thinking", "thought", "reasoning")
_OPEN = re.compile(rf"\s*<({'|'.join(_TAGS)})>")
_CLOSE = re.compile(rf"</(?:{'|'.join(_TAGS)})>\s*")
_LONGEST_TAG = max(len(f"</{tag}>") for tag in _TAGS)


def without_thought(text: str) -> str:
    """The text after the thinking; "" if the thinking has no end.

    The templates of some models put the opening tag before the answer, so that only the closing one is in it.
    """
    if opened := _OPEN.match(text):
        closed = _CLOSE.search(text, opened.end())
        return text[closed.end() :] if closed else ""
    closed = None if text.lstrip().startswith(("{", "[", "`")) else _CLOSE.search(text)
    if closed is None or any(f"<{tag}>" in text[: closed.start()] for tag in _TAGS):
        return text
    return text[closed.end() :]


class TaggedStream:
    """Parts of a text as they arrive, each with whether it is thinking. What may be a tag is kept back."""

    def __init__(self) -> None:
        self._kept = ""
        self._state = "beginning"

    def add(self, text: str) -> Iterator[tuple[bool, str]]:
        """What can be told of the text so far, without tags."""
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
        """What was kept back and turned out to be no tag."""
        text, self._kept = self._kept, ""
        return self._state == "thinking", text


def _may_open(text: str) -> bool:
    begun = text.lstrip()
    return any(f"<{tag}>".startswith(begun) for tag in _TAGS)
