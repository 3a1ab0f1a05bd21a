"""Light Markdown, parsed once for all renderings: paragraphs, lists, fences, `code` and **bold**."""

import re
from dataclasses import dataclass
from enum import StrEnum

_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})\s*([\w+-]*)\s*$")
_ITEM = re.compile(r"^\s{0,8}(?:[-*+•]|(\d{1,3})[.)])\s+(.*)$")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s(.*)$")
_RULE = re.compile(r"^\s{0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?\s*$")
_PIPE = re.compile(r"(?<!\\)\|")
_RUN = re.compile("`+")


class ProseKind(StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    BULLETS = "bullets"
    NUMBERS = "numbers"
    CODE = "code"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    text: str
    code: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One block: `items` are its lines of spans (one for a paragraph), `source` is the code of a fence,
    `rows` are the cells of a table, header first."""

    kind: ProseKind
    items: tuple[tuple[Span, ...], ...] = ()
    source: str = ""
    rows: tuple[tuple[tuple[Span, ...], ...], ...] = ()


def parse(text: str) -> tuple[Part, ...]:
    """Return the parts of the text, in linear time; what is not understood is kept unchanged."""
    parts: list[Part] = []
    paragraph: list[str] = []
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        line = lines[place]
        if fence := _FENCE.match(line):
            _flush(parts, paragraph)
            end = _closing(lines, place + 1, fence.group(1))
            parts.append(Part(kind=ProseKind.CODE, source="\n".join(lines[place + 1 : end])))
            place = end + 1
            continue
        if "|" in line and place + 1 < len(lines) and _RULE.match(lines[place + 1]):
            _flush(parts, paragraph)
            end = next((n for n in range(place + 2, len(lines)) if "|" not in lines[n]), len(lines))
            parts.append(_table([line, *lines[place + 2 : end]]))
            place = end
            continue
        if heading := _HEADING.match(line):
            _flush(parts, paragraph)
            parts.append(
                Part(kind=ProseKind.HEADING, items=(spans(heading.group(1).strip().rstrip("#").rstrip()),))
            )
        elif item := _ITEM.match(line):
            _flush(parts, paragraph)
            _add_item(parts, ProseKind.NUMBERS if item.group(1) else ProseKind.BULLETS, item.group(2))
        elif not line.strip():
            _flush(parts, paragraph)
        else:
            paragraph.append(line.strip())
        place += 1
    _flush(parts, paragraph)
    return tuple(parts)


def spans(text: str) -> tuple[Span, ...]:
    """Return the spans of one line. A code span ends at the next equal run of backquotes (CommonMark 6.1)."""
    runs = list(_RUN.finditer(text))
    closing = _partners([len(run.group()) for run in runs])
    pieces: list[tuple[str, bool]] = []
    start = place = 0
    while place < len(runs):
        end = closing[place]
        if end is None:
            place += 1
            continue
        pieces.append((text[start : runs[place].start()], False))
        pieces.append((_unpadded(text[runs[place].end() : runs[end].start()]), True))
        start, place = runs[end].end(), end + 1
    pieces.append((text[start:], False))
    return _bolded(pieces)


def _partners(lengths: list[int]) -> list[int | None]:
    """Return for each run of backquotes the index of the next one of the same length."""
    latest: dict[int, int] = {}
    partners: list[int | None] = [None] * len(lengths)
    for index in range(len(lengths) - 1, -1, -1):
        partners[index] = latest.get(lengths[index])
        latest[lengths[index]] = index
    return partners


def _bolded(pieces: list[tuple[str, bool]]) -> tuple[Span, ...]:
    marks = sum(piece.count("**") for piece, code in pieces if not code)
    bold, found = False, []
    for piece, code in pieces:
        if code:
            found.append(Span(text=piece, code=True, bold=bold))
            continue
        for index, text in enumerate(piece.split("**")):
            if index:
                marks -= 1
                if marks or bold:  # the last of an odd number has no partner: it is literal
                    bold = not bold
                else:
                    text = "**" + text
            if text:
                found.append(Span(text=text, bold=bold))
    return tuple(found)


def _unpadded(code: str) -> str:
    return code[1:-1] if len(code) > 2 and code[0] == code[-1] == " " and code.strip() else code


def _closing(lines: list[str], start: int, fence: str) -> int:
    """Return the index of the line that closes the fence, or the number of lines."""
    for index in range(start, len(lines)):
        line = lines[index].strip()
        if len(line) >= len(fence) and set(line) == {fence[0]}:
            return index
    return len(lines)


def _table(lines: list[str]) -> Part:
    """Return a table (GitHub's dialect); each row is as wide as the header. `\\|` is a pipe in a cell."""
    rows = []
    for line in lines:
        inner = line.strip().removeprefix("|")
        inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
        cells = [cell.strip().replace("\\|", "|") for cell in _PIPE.split(inner)]
        rows.append(tuple(spans(cell) for cell in cells))
    width = len(rows[0])
    return Part(kind=ProseKind.TABLE, rows=tuple((*row, *[()] * width)[:width] for row in rows))


def _flush(parts: list[Part], paragraph: list[str]) -> None:
    if paragraph:
        parts.append(Part(kind=ProseKind.PARAGRAPH, items=(spans(" ".join(paragraph)),)))
        paragraph.clear()


def _add_item(parts: list[Part], kind: ProseKind, text: str) -> None:
    item = spans(text)
    if parts and parts[-1].kind is kind:
        parts[-1] = Part(kind=kind, items=(*parts[-1].items, item))
    else:
        parts.append(Part(kind=kind, items=(item,)))
