"""At most sixty words before the first fold; what does not fit is whole in a fold of its own."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from cot_magic.render.blocks import Block, Code, Diff, DiffLine, Outline, Rows, Text
from cot_magic.render.prose import spans
from cot_magic.render.safe_text import code_span, counted

MOST_WORDS = 60
_OF_TITLE = 12
_OF_CAUSE = 28
_OF_CODE = 6  # words of code inside a sentence that is too long
_OF_LINE = 14  # words of a changed line in a diff that is too long
_BEFORE = 3  # words of a line before its first change
_LEFT_OUT = 4  # words that say how many lines are left out
_BUTTON = 2  # words on the button beside a choice
_WORD = re.compile(r"\S+")


def bounded(drawn: Outline, most: int = MOST_WORDS, *, urgent: Collection[str] = ()) -> Outline:
    """Return the outline with at most `most` words before its first fold; urgent notes always have room.

    The verdict and its cell come first, then the cause, the first change or failing line, the notes, and the
    other blocks in their order. What does not fit is in `more`; the lines of a change are in IMPLEMENT too.
    """
    asked = any(isinstance(block, Diff) and block.choice for block in drawn.answer)
    title = shorter(drawn.title, _OF_TITLE)
    cause = shorter(drawn.cause, _OF_CAUSE // 2 if asked else _OF_CAUSE)  # two choices need the room
    room = _Room(most - sum(map(words_in, (drawn.badge.text, title, *drawn.meta, cause))))
    pieces = list(_pieces(drawn.answer))
    first: list[Block] = []
    for place, piece in enumerate(pieces[:2]):  # one choice alone would be none
        wanted = (
            isinstance(piece, Diff | Code) if place == 0 else isinstance(piece, Diff) and piece.choice == 2
        )
        if wanted and isinstance(piece, Diff | Code):
            first.append(_fitted(piece, room.left))
            room.left -= words_of(first[-1])
    below: list[Block] = [] if cause == drawn.cause else [Text(text=drawn.cause)]
    notes, kept = [], list(first)
    for note in drawn.notes:
        if note in urgent:
            notes.append(note)
            room.left -= words_in(note)
        elif room.takes(words_in(note), Text):
            notes.append(note)
        else:
            below.append(Text(text=note))
    for piece in pieces[len(first) :]:
        (kept if room.takes(words_of(piece), type(piece)) else below).append(piece)
    return replace(
        drawn, title=title, cause=cause, answer=_joined(kept), notes=tuple(notes), more=_joined(below)
    )


class _Room:
    """The words that are left. After one thing that did not fit, no other of its kind is shown."""

    def __init__(self, left: int) -> None:
        self.left = left
        self._full: set[type[Block]] = set()

    def takes(self, words: int, kind: type[Block]) -> bool:
        if words > self.left or kind in self._full:
            self._full.add(kind)
            return False
        self.left -= words
        return True


def words_in(text: str) -> int:
    """Return how many words a reader sees; signs alone are none."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def words_of(block: Block) -> int:
    """Return the words of a block of the answer."""
    match block:
        case Diff():
            button = _BUTTON if block.choice else 0
            return button + words_in(block.title) + sum(words_in(line.text) for line in block.lines)
        case Rows():
            return sum(words_in(f"{row.claim} {row.detail}") for row in block.rows)
        case Text():
            return words_in(f"{block.topic} {block.text}")
        case Code():
            return words_in(f"{block.title} {block.source}")
        case _:
            raise TypeError(f"{type(block).__name__} is not shown above the folds")


def shorter(text: str, most: int) -> str:
    """Return light Markdown of at most `most` words: whole clauses, else shorter code and a cut end."""
    if words_in(text) <= most:
        return text
    clause = text.rpartition("; ")[0]
    while clause and (words_in(clause) > most or clause.count("`") % 2):
        clause = clause.rpartition("; ")[0]
    if clause:
        return f"{clause}."
    found, left = "", most
    for span in spans(text):
        if left <= 0 and words_in(span.text):
            return found if found.endswith("…") else f"{found.rstrip()} …"
        part = _head(span.text, min(left, _OF_CODE) if span.code else left)
        found += code_span(part, len(part) + 1) if span.code else part
        left -= words_in(part)
    return found


def _head(text: str, most: int) -> str:
    """Return the text up to the end of its word `most`."""
    ends = [word.end() for word in _WORD.finditer(text) if any(map(str.isalnum, word.group()))]
    return text if len(ends) <= most else f"{text[: ends[most - 1] if most > 0 else 0]}…"


def _pieces(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Rows):
            yield from (replace(block, rows=(row,)) for row in block.rows)
        else:
            yield block


def _joined(pieces: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks with rows that follow one another in one table again."""
    found: list[Block] = []
    for piece in pieces:
        above = found[-1] if found else None
        if isinstance(piece, Rows) and isinstance(above, Rows):
            found[-1] = replace(above, rows=above.rows + piece.rows)
        else:
            found.append(piece)
    return tuple(found)


def _fitted(block: Diff | Code, room: int) -> Block:
    """Return a change or a failing line with the words that there is room for, and at least its beginning."""
    if words_of(block) <= room:
        return block
    if isinstance(block, Code):
        top, *below = block.source.split("\n")
        lines = [_head(top, room)]
        for text in below:
            if sum(map(words_in, (*lines, text))) > room:
                break
            lines.append(text)
        return replace(block, source="\n".join(lines))
    title = shorter(block.title, _OF_LINE)
    room -= words_in(title) + (_BUTTON if block.choice else 0)
    shown: list[DiffLine] = []
    most = min(_OF_LINE, max(_BEFORE + 1, (room - _LEFT_OUT) // max(1, len(block.lines))))
    for line in (_around(line, most) for line in block.lines):
        if sum(words_in(item.text) for item in (*shown, line)) > room - _LEFT_OUT:
            break
        shown.append(line)
    left = len(block.lines) - len(shown)
    ending = (DiffLine(sign="…", text=f"{counted(left, 'more line')} in IMPLEMENT"),) if left else ()
    return replace(block, title=title, lines=(*shown, *ending))


def _around(line: DiffLine, most: int) -> DiffLine:
    """Return at most so many words of a line: those at its first change."""
    words = list(_WORD.finditer(line.text))
    if len(words) <= most:
        return line
    changed = line.marks[0][0] if line.marks else 0
    at = next((place for place, word in enumerate(words) if word.end() > changed), 0)
    start = max(0, at - _BEFORE)
    begin = words[start].start() if start else 0
    end = words[min(len(words), start + most) - 1].end()
    lead, tail = "…" * (start > 0), "…" * (end < len(line.text))
    moved = len(lead) - begin
    marks = tuple(
        (max(a, begin) + moved, min(b, end) + moved) for a, b in line.marks if a < end and b > begin
    )
    return replace(line, text=f"{lead}{line.text[begin:end]}{tail}", marks=marks)
