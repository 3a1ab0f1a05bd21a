"""What a model wrote, bounded while it arrives and whole once its phase has ended; and what it cost."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.findings import Usage
from cot_magic.core.session import PhaseView
from cot_magic.core.streaming import Transcript
from cot_magic.render.blocks import Block, Fold, Stream, Text
from cot_magic.render.safe_text import phrase, said

_LIVE = 2_000  # characters shown at least while text arrives, which keeps messages small
_STEP = 1_000  # the shown part moves on in steps of this size, so that lines do not jump
_OPEN = 4_000  # longer text goes into a fold once its phase has ended
_WHOLE = 400_000  # characters kept: three times the longest answer of a model

# A structured answer begins at the start of the text or of a line, or right after a sentence.
_OBJECT = re.compile(r'\{\s*"')
_BEFORE_ANSWER = re.compile(r"(?:^|(?<=[.!?:)\n]))[ \t]*(?:```(?:json)?\s*)?\Z", re.MULTILINE)
_BEGINNING = re.compile(r"(?:```(?:json)?\s*)?\{\Z|```(?:json)?\Z")  # perhaps the start of an answer
_MEMBER = re.compile(r'"(\w{1,40})"\s*:\s*"((?:[^"\\]|\\.)*)"?')
_OVERLAP = 40  # characters looked at again, in case the start of an answer was cut in two


class StreamReader:
    """Follows the text of one phase, looking at each character about once."""

    def __init__(self) -> None:
        self._seen = 0
        self._answer: int | None = None  # where the structured answer begins

    def read(self, written: Transcript) -> Stream | None:
        """Return the part of the text to show; None while there is none."""
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
    """Return the text and the thinking shown of a running phase; a `reader` kept between calls saves time."""
    text = (reader or StreamReader()).read(view.written)
    thoughts = _latest(view.thoughts)
    parts = [text] if text is not None else []
    if thoughts is not None:
        parts.append(Stream(text=thoughts.text, above=thoughts.above, thinking=True))
    return tuple(parts)


def written(view: PhaseView | None) -> tuple[Block, ...]:
    """Return what a model wrote in a finished phase, except the structured answer, which became findings."""
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
    """Return the strings of a structured answer, even a cut one, as lines: `claim: the key is misspelt`."""
    return "\n".join(f"{key}: {_unescaped(value)}" for key, value in _MEMBER.findall(answer) if value.strip())


def _answer_in(text: str) -> int | None:
    """Return where a structured answer begins. Objects are searched first, since there are few."""
    for found in _OBJECT.finditer(text):
        begins = _BEFORE_ANSWER.search(text, max(0, found.start() - _OVERLAP), found.start())
        if begins is not None:
            return begins.start()
    return None


def _unescaped(value: str) -> str:
    try:
        text: str = json.loads(f'"{value}"', strict=False)
    except ValueError:  # a cut or unknown escape: keep it as it came
        return value
    return text


def _latest(written: Transcript) -> Stream | None:
    """Return the end of the transcript, from the start of a line or word."""
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
    """Return the stream without a final brace that may begin an answer; None if nothing is left."""
    if stream is None:
        return None
    written = stream.text.rstrip()
    begun = _BEGINNING.search(written, max(0, len(written) - _OVERLAP))  # only the end can begin one
    if begun is None:
        return stream
    text = written[: begun.start()]
    return replace(stream, text=text) if text else None


def _above(length: int) -> int:
    """Return how many characters of so long a transcript are not shown."""
    return max(0, (length - _LIVE) // _STEP * _STEP)


def _before(written: Transcript, end: int) -> Transcript:
    return Transcript(rest=written.head(end), length=end) if end else Transcript()


def _counted(title: str, text: str) -> str:
    return f"{title} ({len(text):,} characters)"


# --- cost ---------------------------------------------------------------------------------------------------


def totals(usage: Usage) -> tuple[str, ...]:
    """Return tokens and price as short facts."""
    if not _reported(usage):
        return ("tokens not reported", price(usage))
    facts = [f"in {usage.input_tokens:,} · out {usage.output_tokens:,} tokens"]
    if usage.thinking_tokens:
        facts.append(f"{usage.thinking_tokens:,} of them thinking")
    if usage.cache_read_tokens:
        facts.append(f"{usage.cache_read_tokens:,} read from cache")
    return (*facts, price(usage))


def price(usage: Usage) -> str:
    """Return the list price in US dollars, or say that it is unknown."""
    if usage.usd is None:
        return "price unknown"
    return f"${usage.usd:.2f}" if usage.usd >= 0.01 else f"${usage.usd:.4f}"


def asking(view: PhaseView | None) -> tuple[Block, ...]:
    """Return remarks about asking the model in a phase, and what it used."""
    if view is None:
        return ()
    found = [Text(text=remark, topic="model", quiet=True) for remark in _remarks(view)]
    if view.usage is not None:
        found.append(Text(text=_cost(view, view.usage), topic="cost", quiet=True))
    return tuple(found)


def _reported(usage: Usage) -> bool:
    """Return whether the server reported tokens: neither input nor output can be zero."""
    return bool(usage.input_tokens or usage.output_tokens)


def _cost(view: PhaseView, usage: Usage) -> str:
    if not _reported(usage):
        return f"The server did not report tokens; {price(usage)}."
    cached = f", {usage.cache_read_tokens:,} of them from cache" if usage.cache_read_tokens else ""
    known = "price unknown" if usage.usd is None else f"{price(usage)} at {_list_price(usage)} (an estimate)"
    text = f"{usage.input_tokens:,} tokens in{cached}; {usage.output_tokens:,} out{_thinking(view, usage)}; "
    return f"{text}{known}."


def _list_price(usage: Usage) -> str:
    """Return what the price is: batches cost half of the list price."""
    if not usage.batch_usd:
        return "list price"
    if usage.batch_usd == usage.usd:
        return "half the list price, in batches"
    return f"list price, ${usage.batch_usd:.4f} of it at half, in batches"


def _thinking(view: PhaseView, usage: Usage) -> str:
    if not view.target and not usage.thinking_tokens:
        return ""
    used = f", {usage.thinking_tokens:,} of them thinking"
    if view.thinking and not usage.thinking_tokens:
        used = ", thinking tokens not reported"
    if not view.target:
        return used
    kind = "limit" if view.enforced else "target, not a limit"
    return f"{used} ({view.target:,} a request is a {kind})"


def _remarks(view: PhaseView) -> Iterator[str]:
    """Yield the remarks of a phase; a repeated one once, with its count."""
    for remark, same in itertools.groupby(view.remarks):
        count = len(list(same))
        yield phrase(remark, 600) if count == 1 else f"{phrase(remark, 600)} ({count} times)"
