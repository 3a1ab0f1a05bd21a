"""A model's text as it arrives: a bounded part while it grows, all of it when its phase has ended."""

import json
import re
from dataclasses import replace

from cot_magic.core.session import PhaseView
from cot_magic.core.transcript import Transcript
from cot_magic.render.blocks import Block, Fold, Stream, Text
from cot_magic.render.safe_text import said

_LIVE = 2_000  # characters that are shown at least while a text grows; a message stays this small
_STEP = 1_000  # the beginning of the part shown moves on in such steps, so that lines stay where they are
_OPEN = 4_000  # a longer text goes behind a fold when its phase has ended
_WHOLE = 400_000  # characters of a text that are kept: the longest answer of a model, three times over

# A structured answer begins at the start of a text or line, or right after a sentence of an earlier turn.
_OBJECT = re.compile(r'\{\s*"')
_BEFORE_ANSWER = re.compile(r"(?:^|(?<=[.!?:)\n]))[ \t]*(?:```(?:json)?\s*)?\Z", re.MULTILINE)
_BEGINNING = re.compile(r"(?:```(?:json)?\s*)?\{\Z|```(?:json)?\Z")  # perhaps that of an answer
_MEMBER = re.compile(r'"(\w{1,40})"\s*:\s*"((?:[^"\\]|\\.)*)"?')
_OVERLAP = 40  # characters in which the start of an answer may be cut by the end of what was looked at


class StreamReader:
    """Follows the text of one phase: what to show of it now, looking at each character about once."""

    def __init__(self) -> None:
        self._seen = 0
        self._answer: int | None = None  # where the structured answer begins

    def read(self, written: Transcript) -> Stream | None:
        """The part of the text to show; None while there is none."""
        if written.length < self._seen:  # an attempt was withdrawn
            self._seen, self._answer = 0, None
        if self._answer is None:
            start = max(0, self._seen - _OVERLAP)
            found = _answer_in(written.tail(written.length - start))
            self._answer = start + found if found is not None else None
        self._seen = written.length
        if self._answer is None:
            return _unbegun(_latest(written))
        size = written.length - self._answer
        members = readable(written.tail(size - _above(size)))
        if members:
            return Stream(text=said(members))
        return _latest(_before(written, self._answer)) or Stream(text="writing its findings")


def streams(view: PhaseView, reader: StreamReader | None = None) -> tuple[Stream, ...]:
    """What is shown of a phase under way: its text, and its thinking. A reader that saw the beginning saves
    time."""
    text = (reader or StreamReader()).read(view.written)
    thoughts = _latest(view.thoughts)
    parts = [text] if text is not None else []
    if thoughts is not None:
        parts.append(Stream(text=thoughts.text, above=thoughts.above, thinking=True))
    return tuple(parts)


def written(view: PhaseView | None) -> tuple[Block, ...]:
    """What a model wrote in a phase that has ended: all of it, but not the structured answer, which is shown
    as the findings made of it."""
    if view is None or view.ended is None:
        return ()
    whole = str(view.written)
    start = _answer_in(whole)
    prose = whole[:start]
    if start is not None and not view.headline:  # the phase was cut short: what can be read of it
        prose = f"{prose}\n\n{readable(whole[start:])}"
    parts: list[Block] = []
    if prose.strip():
        text = Text(text=said(prose.strip(), _WHOLE))
        folded = bool(view.findings) or len(prose) > _OPEN
        parts.append(Fold(title=_counted("what the model wrote", prose), blocks=(text,)) if folded else text)
    thoughts = str(view.thoughts).strip()
    if thoughts:
        text = Text(text=said(thoughts, _WHOLE), quiet=True)
        parts.append(Fold(title=_counted("thinking", thoughts), blocks=(text,)))
    return tuple(parts)


def readable(answer: str) -> str:
    """The texts in a structured answer, also in one that is cut: `claim: the key is misspelt`, one a line."""
    return "\n".join(f"{key}: {_unescaped(value)}" for key, value in _MEMBER.findall(answer) if value.strip())


def _answer_in(text: str) -> int | None:
    """Where a structured answer begins. Objects are looked for first, since there are few of them."""
    for found in _OBJECT.finditer(text):
        begins = _BEFORE_ANSWER.search(text, max(0, found.start() - _OVERLAP), found.start())
        if begins is not None:
            return begins.start()
    return None


def _unescaped(value: str) -> str:
    try:
        text: str = json.loads(f'"{value}"', strict=False)
    except ValueError:  # cut in the middle of an escape, or none that JSON knows: as it came
        return value
    return text


def _latest(written: Transcript) -> Stream | None:
    """The end of a text, from the beginning of a line or word on."""
    if not written:
        return None
    above = _above(written.length)
    text = written.tail(written.length - above)
    if above:
        cut = re.search(r"\n|\s", text[:_STEP])
        above += cut.end() if cut is not None else 0
        text = text[cut.end() :] if cut is not None else text
    return Stream(text=said(text, _LIVE + _STEP), above=above)


def _unbegun(stream: Stream | None) -> Stream | None:
    """The text without a last brace that may turn out to begin an answer; None if nothing is left."""
    if stream is None:
        return None
    written = stream.text.rstrip()
    begun = _BEGINNING.search(written, max(0, len(written) - _OVERLAP))  # only the end can be one
    if begun is None:
        return stream
    text = written[: begun.start()]
    return replace(stream, text=text) if text else None


def _above(length: int) -> int:
    """How much of a text that long is not shown."""
    return max(0, (length - _LIVE) // _STEP * _STEP)


def _before(written: Transcript, end: int) -> Transcript:
    return Transcript(rest=written.head(end), length=end) if end else Transcript()


def _counted(title: str, text: str) -> str:
    return f"{title} ({len(text):,} characters)"
