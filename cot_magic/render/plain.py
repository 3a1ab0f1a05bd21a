"""The outline as plain text: for terminals without colour, logs and viewers of a saved notebook."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from cot_magic.render.blocks import (
    Block,
    Code,
    Diff,
    Fold,
    Mark,
    Outline,
    Picture,
    Row,
    Rows,
    Section,
    State,
    Table,
    TestRow,
    Tests,
    Text,
)
from cot_magic.render.prose import Part, ProseKind, Span, parse, spans
from cot_magic.render.safe_text import spaces_shown
from cot_magic.render.timeline import LEGEND, PANEL_ROWS
from cot_magic.render.timeline import text as picture

_INDENT = "    "


def plain(outline: Outline, width: int = 100) -> str:
    """Return the whole session, lines wrapped at `width` columns where possible; ends in a newline."""
    lines = [f"{_first_line(outline)}  {outline.name}  {'  '.join(outline.meta)}"]
    lines += [*_cause(outline, width), *(words(note) for note in outline.notes)]
    lines += _lines(outline.answer, max(40, width - len(_INDENT)))
    if outline.more:
        lines += _lines([Fold(title=outline.more_title, blocks=outline.more)], max(40, width - len(_INDENT)))
    for section in outline.sections:
        lines += ["", heading(section), *_lines(section.blocks, max(40, width - len(_INDENT)))]
        lines += [f"{_INDENT}{line}" for stream in section.streams for line in _verbatim(stream.text)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def short(outline: Outline, width: int, most: int, below: str) -> str:
    """Return verdict, cause and notes, then what helps, last: it is above the prompt. At most `most` lines.

    `below` says how to see the rest.
    """
    room = max(40, width - len(_INDENT))
    change = [block for block in outline.answer if isinstance(block, Diff)]
    rest = [block for block in outline.answer if not isinstance(block, Diff)]
    head = [_first_line(outline), *_cause(outline, width), *(words(note) for note in outline.notes)]
    head += [*_lines(rest, room), *([below] if below else [])]
    lines = [*head, *_lines(change, room)]
    left = len(lines) - most
    if left > 0:
        lines = [*lines[: most - 1], f"… {left + 1} more lines"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _first_line(outline: Outline) -> str:
    return f"[{outline.badge.text}]  {words(outline.title)}"


def _cause(outline: Outline, width: int) -> Iterator[str]:
    if outline.cause:
        yield from _wrapped(words(outline.cause), width)


def heading(section: Section) -> str:
    """Return `VALIDATE   1 confirmed, 2 refuted  (34 s)`."""
    icon = "" if section.state is State.DONE else f"{section.state.icon} "
    time = f"  ({section.time})" if section.time else ""
    return f"{section.phase.value:<10} {icon}{words(section.headline)}{time}"


def words(text: str) -> str:
    """Return light Markdown without its markup, on one line."""
    return _spans(spans(" ".join(text.split())))


def _spans(found: Sequence[Span]) -> str:
    return "".join(spaces_shown(span.text) for span in found)


def _lines(blocks: Sequence[Block], width: int) -> Iterator[str]:
    for block in blocks:
        for line in _block(block, width):
            yield f"{_INDENT}{line}"


def _block(block: Block, width: int) -> Iterator[str]:
    match block:
        case Text():
            yield from _text(block, width)
        case Code():
            yield from [words(block.title)] if block.title else []
            yield from _verbatim(block.source)
        case Rows():
            yield from ["", block.title] if block.title else []
            for row in block.rows:
                yield from _row(row, width)
        case Table():
            yield from _columns([block.headers, *block.rows], width)
        case Diff():
            yield words(block.title)
            yield from (f"  {line.sign} {line.text}" for line in block.lines)
        case Tests():
            for test in block.rows:
                yield from _test(test, width)
        case Picture():
            yield from _picture(block, width)
        case Fold():
            yield f"{block.title}:"
            yield from _lines(block.blocks, width - len(_INDENT))
        case _:
            assert_never(block)


def _picture(block: Picture, width: int) -> Iterator[str]:
    yield from ["", block.title] if block.title else []
    yield from _wrapped(LEGEND, width)
    drawn = picture(block.trace, width=width - 2, most=PANEL_ROWS, inevitable_after=block.inevitable_after)
    yield from _verbatim(drawn)


def _text(block: Text, width: int) -> Iterator[str]:
    lead = f"{block.topic}: " if block.topic else ""
    for part in parse(block.text):
        yield from _part(part, lead, width)
        lead = ""


def _part(part: Part, lead: str, width: int) -> Iterator[str]:
    match part.kind:
        case ProseKind.PARAGRAPH | ProseKind.HEADING:
            yield from _wrapped(lead + _spans(part.items[0]), width)
        case ProseKind.BULLETS | ProseKind.NUMBERS:
            yield from [lead.strip()] if lead else []
            for number, item in enumerate(part.items, 1):
                sign = f"{number}. " if part.kind is ProseKind.NUMBERS else "- "
                yield from _wrapped(_spans(item), width, first=sign, rest=" " * len(sign))
        case ProseKind.CODE:
            yield from [lead.strip()] if lead else []
            yield from _verbatim(part.source)
        case ProseKind.TABLE:
            yield from [lead.strip()] if lead else []
            yield from _columns([tuple(_spans(cell) for cell in row) for row in part.rows], width)
        case _:
            assert_never(part.kind)


def _row(row: Row, width: int) -> Iterator[str]:
    text = f"{words(row.claim)} {words(row.detail)}".strip()
    yield from _marked(row.mark, text, width)
    for run in row.runs:
        yield from _wrapped(run.label, width, first="    ", rest="    ")


def _test(test: TestRow, width: int) -> Iterator[str]:
    yield from _marked(test.mark, f"{test.name}  before: {test.before}  after: {test.after}", width)


def _marked(mark: Mark, text: str, width: int) -> Iterator[str]:
    yield from _wrapped(text, width, first=f"{mark.sign:<2}", rest="  ")


def _columns(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield rows with columns as wide as needed, the widest one cut to fit."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    over = sum(widths) + 2 * (len(widths) - 1) - width
    if over > 0:
        widest = widths.index(max(widths))
        widths[widest] = max(12, widths[widest] - over)
    for row in rows:
        yield "  ".join(_fit(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip()


def _fit(cell: str, size: int) -> str:
    return f"{cell:<{size}}" if len(cell) <= size else cell[: size - 1] + "…"


def _verbatim(source: str) -> Iterator[str]:
    return (f"  {line}" for line in source.rstrip().split("\n"))


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> Iterator[str]:
    """Yield lines that end at a space, or within a word that is longer than a line.

    `textwrap` works word by word: too slow for a model's paragraph of 20,000 words.
    """
    text = text.replace("\n", " ").expandtabs().rstrip()
    lead, start = first, 0
    while len(lead) + len(text) - start > width:
        full = start + max(1, width - len(lead))
        end = text.rfind(" ", start + 1, full + 1)
        end = full if end < 0 else end
        yield f"{lead}{text[start:end].rstrip()}"
        lead, start = rest, end
        while text[start] == " ":
            start += 1
    yield f"{lead}{text[start:]}".rstrip()
