"""The outline as Markdown (GitHub's dialect): for exports, for readers without HTML, and for summaries."""

import itertools
import re
from collections.abc import Sequence
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
    RunRow,
    Section,
    State,
    Table,
    Tests,
    Text,
)
from cot_magic.render.prose import Part, ProseKind, Span, parse, spans
from cot_magic.render.safe_text import code_span, longest_run
from cot_magic.render.timeline import LEGEND, PANEL_ROWS
from cot_magic.render.timeline import text as picture

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&@])")
_BARE_PIPE = re.compile(r"(?<!\\)\|")  # it ends a cell even inside code
_LIST_LIKE = re.compile(r"^(\s*\d*)([-+=.)])(?=\s|$|[-=])")


def markdown(outline: Outline) -> str:
    """Return the whole session, ending in a newline. Foreign text is escaped or fenced."""
    meta = " · ".join(outline.meta)
    lines = [
        f"## {escaped(outline.name)}: {inline(outline.title)}",
        f"**{outline.badge.text}** · {escaped(meta)}",
    ]
    lines += [f"**{inline(outline.cause)}**"] if outline.cause and "**" not in outline.cause else []
    lines += [f"> {inline(note)}" for note in outline.notes]
    lines += [text for block in outline.answer if (text := _block(block))]
    lines += [_fold(outline.more_title, _blocks(outline.more))] if outline.more else []
    lines += [f"{heading(section)}\n\n{body(section)}".rstrip() for section in outline.sections]
    return "\n\n".join(lines) + "\n"


def heading(section: Section) -> str:
    """Return `### VALIDATE: 1 confirmed, 2 refuted (34 s)`."""
    icon = "" if section.state is State.DONE else f"{section.state.icon} "
    headline = f": {icon}{inline(section.headline)}" if section.headline else ""
    time = f" ({section.time})" if section.time else ""
    return f"### {section.phase.value}{headline}{time}"


def body(section: Section) -> str:
    """Return the blocks of one phase."""
    arriving = [fence(stream.text) for stream in section.streams]
    return "\n\n".join(part for part in (_blocks(section.blocks), *arriving) if part)


def escaped(text: str) -> str:
    """Escape plain text so that Markdown shows it unchanged, on one line."""
    line = " ".join(text.split())
    return _LIST_LIKE.sub(r"\1\\\2", _SPECIAL.sub(_escape, line))


def inline(text: str) -> str:
    """Convert light Markdown to Markdown: code and bold are kept, all else is escaped."""
    return _spans(spans(" ".join(text.split())))


def fence(source: str, language: str = "") -> str:
    """Return a fenced block; its fence is longer than any run of backquotes inside (CommonMark 4.5)."""
    ticks = "`" * max(3, longest_run(source) + 1)
    return f"{ticks}{language}\n{source.rstrip()}\n{ticks}"


def _escape(found: re.Match[str]) -> str:
    sign = found.group(1)
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(sign, f"\\{sign}")


def _blocks(blocks: Sequence[Block]) -> str:
    return "\n\n".join(text for block in blocks if (text := _block(block)))


def _block(block: Block) -> str:
    match block:
        case Text():
            return _text(block)
        case Code():
            title = f"{inline(block.title)}\n\n" if block.title else ""
            return title + fence(block.source, block.language)
        case Rows():
            return _titled(block.title, "\n".join(_row(row) for row in block.rows))
        case Table():
            return _titled(block.title, _table(block))
        case Diff():
            lines = "\n".join(f"{line.sign} {line.text}" for line in block.lines)
            return f"{inline(block.title)}\n\n{fence(lines, 'diff')}"
        case Tests():
            return "\n".join(
                _item(
                    row.mark,
                    f"{code_span(row.name)} before: {escaped(row.before)}, after: {escaped(row.after)}",
                    [fence(row.source, "python")] + [_run(run, with_code=False) for run in row.runs],
                )
                for row in block.rows
            )
        case Picture():
            drawn = picture(block.trace, most=PANEL_ROWS, inevitable_after=block.inevitable_after)
            return _titled(block.title, f"{LEGEND}\n\n{fence(drawn)}")
        case Fold():
            return _fold(block.title, _blocks(block.blocks))
        case _:
            assert_never(block)


def _titled(title: str, text: str) -> str:
    return f"**{escaped(title)}**\n\n{text}" if title else text


def _text(block: Text) -> str:
    parts = [_part(part) for part in parse(block.text)]
    if block.topic:
        lead = f"*{escaped(block.topic)}*"
        first = parse(block.text)[:1]
        if first and first[0].kind is ProseKind.PARAGRAPH:
            parts[0] = f"{lead} {parts[0]}"
        else:
            parts.insert(0, lead)
    return "\n\n".join(parts)


def _part(part: Part) -> str:
    match part.kind:
        case ProseKind.PARAGRAPH:
            return _spans(part.items[0])
        case ProseKind.HEADING:
            return f"**{_spans(part.items[0])}**" if part.items[0] else ""
        case ProseKind.BULLETS:
            return "\n".join(f"- {_spans(item)}" for item in part.items)
        case ProseKind.NUMBERS:
            return "\n".join(f"{n}. {_spans(item)}" for n, item in enumerate(part.items, 1))
        case ProseKind.CODE:
            return fence(part.source)
        case ProseKind.TABLE:
            rows = [[_BARE_PIPE.sub(r"\\|", _spans(cell)) for cell in row] for row in part.rows]
            lines = [f"| {' | '.join(row)} |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]]]
            return "\n".join(lines)
        case _:
            assert_never(part.kind)


def _spans(found: Sequence[Span]) -> str:
    text = ""
    for bold, group in itertools.groupby(found, key=lambda span: span.bold):
        piece = "".join(_span(span) for span in group)
        inner = piece.strip()
        # emphasis marks must touch the words; white space goes outside
        text += piece.replace(inner, f"**{inner}**", 1) if bold and inner else piece
    return _LIST_LIKE.sub(r"\1\\\2", text)


def _span(span: Span) -> str:
    if span.code:
        return code_span(span.text, max(1, len(span.text)))
    return _SPECIAL.sub(_escape, span.text)


def _row(row: Row) -> str:
    claim = f"**{inline(row.claim)}**" if row.strong and "**" not in row.claim else inline(row.claim)
    detail = f" {inline(row.detail)}" if row.detail else ""
    return _item(row.mark, f"{claim}{detail}", [_run(run) for run in row.runs])


def _item(mark: Mark, text: str, below: Sequence[str]) -> str:
    """Return a list item with the blocks that belong to it indented below."""
    inner = "".join(f"\n\n{_indented(block)}" for block in below if block)
    return f"- {mark.sign} {text}{inner}" + ("\n" if inner else "")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.split("\n"))


def _run(run: RunRow, with_code: bool = True) -> str:
    parts = [fence(run.code, "python")] if with_code and run.code.strip() else []
    if run.output.strip():
        parts.append(fence(run.output))
    if run.note:
        parts.append(inline(run.note))
    return _fold(run.label, "\n\n".join(parts)) if parts else f"*{escaped(run.label)}*"


def _fold(title: str, text: str) -> str:
    summary = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<details><summary>{' '.join(summary.split())}</summary>\n\n{text}\n\n</details>"


def _table(table: Table) -> str:
    lines = ["| " + " | ".join(escaped(head) for head in table.headers) + " |"]
    lines.append("|" + " --- |" * len(table.headers))
    for row in table.rows:
        cells = [_cell(cell, index in table.code) for index, cell in enumerate(row)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(cell: str, code: bool) -> str:
    if code and cell.strip():
        return _BARE_PIPE.sub(r"\\|", code_span(cell))
    return escaped(cell)
