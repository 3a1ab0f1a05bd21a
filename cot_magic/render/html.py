"""The outline as static HTML: folds without scripts, inline styles that survive a sanitizer, escaped text.

JupyterLab's sanitizer keeps neither `var()` nor style sheets. So each colour is given twice: first as a plain
value, readable on light and dark backgrounds, then as the theme's variable. Where no style is kept, the tags
alone keep the page readable: spaces between words, `details` for folds, `pre` for code.
"""

from collections.abc import Sequence
from html import escape
from typing import assert_never

from cot_magic.render.blocks import (
    Block,
    Code,
    Diff,
    DiffLine,
    Fold,
    Mark,
    Outline,
    Picture,
    Row,
    Rows,
    RunRow,
    Section,
    State,
    Stream,
    Table,
    Tests,
    Text,
)
from cot_magic.render.prose import Part, ProseKind, Span, parse, spans
from cot_magic.render.safe_text import spaces_shown
from cot_magic.render.timeline import LEGEND, PANEL_ROWS, in_page

_RUNS = 5  # runs of one row shown as a line each; if there are more, all go into one fold
FAINT = "1px solid rgba(128,128,128,0.16)"
_MONO = "font-family:monospace;font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)"
_CODE = f"{_MONO};font-size:12px;background:transparent;color:inherit;padding:0"
_PRE = (
    f"{_CODE};margin:6px 0;padding:8px 10px;line-height:1.45;background-color:rgba(128,128,128,0.09);"
    "border-radius:4px;border:none;overflow:auto;max-height:420px;white-space:pre;text-align:left"
)
_STREAM = "white-space:pre-wrap;word-break:break-word;margin:4px 0;text-align:left"
_WORD = 60  # characters of a word that may be broken
_WORDS = ";word-break:normal;overflow-wrap:normal"  # a table scrolls where its words do not fit
_CELL = f"border:none;border-top:{FAINT};padding:5px 8px 5px 0;vertical-align:top;text-align:left"
QUIET = "opacity:0.75;font-size:12px"
# Signs have the colour of the text on a tint: no coloured sign is readable on light and on dark backgrounds.
_SIGN = "padding:0 4px;border-radius:3px;background-color:rgba({},0.28)"
_SIGNS = {"✗": _SIGN.format("248,81,73"), "?": _SIGN.format("219,154,4"), "·": "padding:0 4px"}
_GOOD = _SIGN.format("46,160,67")
_TINTS_OF_LINES = {
    "+": "background-color:rgba(46,160,67,0.16)",
    "-": "background-color:rgba(248,81,73,0.16)",
    "…": "opacity:0.75",
}
_CHANGED = {"+": "background-color:rgba(46,160,67,0.4)", "-": "background-color:rgba(248,81,73,0.4)"}
_LINE = "1px solid rgba(128,128,128,0.28)"
_CAPS = "font-weight:600;letter-spacing:0.5px;font-size:12px"
_RIGHT = "margin-left:auto;font-variant-numeric:tabular-nums"
_PANEL = (
    f"max-width:880px;border:{_LINE};border-radius:6px;margin:4px 0;overflow:hidden;"
    "font-size:13px;line-height:1.5;text-align:left;overflow-wrap:anywhere;word-break:break-word"
)
_TINTS = {
    "verified": "46,160,67",
    "plausible": "219,154,4",
    "your choice": "219,154,4",
}
_VERDICT = "display:flex;flex-wrap:wrap;align-items:baseline;column-gap:12px;padding:9px 14px 5px 14px"
_CAUSE = "font-size:14px;padding:0 14px 6px 14px"
_SUMMARY = "cursor:pointer;padding:7px 14px"


def html(outline: Outline) -> str:
    """Return the whole session as one `<section>`. All text is escaped; nothing in it can add markup.

    The result is one line: in an export to Markdown, an empty line in code would end the HTML.
    """
    folds = "".join(_section(section, _is_open(outline, section)) for section in outline.sections)
    if outline.badge.word == "no failure" and outline.running is None:  # one line is enough
        review = f'<summary style="{_SUMMARY}">review</summary>{folds}'
        folds = f'<details style="border-top:{_LINE}">{review}</details>'
    label = escape(f"{outline.name}: {outline.title}, {outline.badge.word}")
    above = f"{header(outline)}{_answer(outline)}{_more(outline)}"
    page = f'<section role="region" aria-label="{label}" style="{_PANEL}">{above}{folds}</section>'
    return page.replace("\n", "&#10;")


def header(outline: Outline) -> str:
    """Return the verdict and the cause in one sentence; the notes too, if no answer comes before them."""
    meta = escape(" · ".join(outline.meta))
    notes = "" if outline.answer else _notes(outline)
    cause = f'<div style="{_CAUSE}"><b>{inline(outline.cause)}</b></div>' if outline.cause else ""
    return (
        f'<div role="status" aria-live="polite" style="{_VERDICT}">'
        f"{_badge(outline)} <span>{inline(outline.title)}</span> "
        f'<span style="{_RIGHT};{QUIET}">{meta}</span></div>{cause}{notes}'
    )


def _answer(outline: Outline) -> str:
    """Return what is shown before the first fold: the change that helps, or the facts."""
    if not outline.answer:
        return ""
    found = "".join(map(block_html, outline.answer))
    return f'<div style="padding:0 14px 8px 14px">{found}</div>{_notes(outline)}'


def _more(outline: Outline) -> str:
    if not outline.more:
        return ""
    found = "".join(map(block_html, outline.more))
    return (
        f'<details style="border-top:{_LINE};margin:0;padding:0"><summary style="{_SUMMARY}">'
        f'{escape(outline.more_title)}</summary><div style="padding:0 14px 8px 14px">{found}</div></details>'
    )


def _notes(outline: Outline) -> str:
    return "".join(f'<div style="padding:0 14px 8px 14px">{inline(note)}</div>' for note in outline.notes)


def body(section: Section) -> str:
    """Return the content of one phase, without its fold."""
    return "".join((*map(block_html, section.blocks), *map(stream_html, section.streams)))


def pieces(section: Section) -> tuple[str, ...]:
    """Return the blocks of one phase as independent pieces.

    A piece that has not changed can stay on the screen, with the folds that the person opened.
    """
    return tuple(piece for block in section.blocks for piece in block_pieces(block))


def _badge(outline: Outline) -> str:
    tint = _TINTS.get(outline.badge.word, "128,128,128")
    return (
        f'<span style="background-color:rgba({tint},0.18);padding:1px 9px;border-radius:9px;font-weight:600;'
        f'font-size:12px;white-space:nowrap"><b>{escape(outline.badge.text)}</b></span>'
    )


def _is_open(outline: Outline, section: Section) -> bool:
    if outline.running is not None:
        return section is outline.running
    wanted = section.wanted or section.state is State.INTERRUPTED  # what was cut off is of interest
    return wanted and bool(section.blocks)


def _section(section: Section, is_open: bool) -> str:
    icon = "" if section.state is State.DONE else f"{section.state.icon} "
    faint = ";opacity:0.75" if section.state is State.WAITING else ""
    return (
        f'<details{" open" if is_open else ""} style="border-top:{_LINE};margin:0;padding:0">'
        f'<summary style="{_SUMMARY}{faint}">'
        '<span style="display:inline-flex;width:96%;vertical-align:top;align-items:baseline;column-gap:12px">'
        f'<b role="heading" aria-level="4" style="{_CAPS};min-width:86px">{escape(section.phase.value)}</b> '
        f"<span>{icon}{inline(section.headline)}</span> "
        f'<span style="{_RIGHT};white-space:nowrap;margin-right:-12px;opacity:0.75">{section.time}</span>'
        f'</span></summary><div style="padding:0 14px 10px 34px">{body(section)}</div></details>'
    )


# --- blocks -------------------------------------------------------------------------------------------------


def block_html(block: Block) -> str:
    """Return one block as HTML."""
    match block:
        case Text():
            return _text(block)
        case Code():
            return _pre(block.source, block.title)
        case Rows():
            rows = "".join(_row(row) for row in block.rows)
            return _titled(block.title) + _table(rows)
        case Table():
            return _titled(block.title) + _values(block)
        case Diff():
            return _diff(block)
        case Tests():
            return _table(
                "".join(
                    _test(row.mark, row.name, row.before, row.after, row.source, row.runs)
                    for row in block.rows
                )
            )
        case Picture():
            return _picture(block)
        case Fold():
            return _fold(escape(block.title), "".join(block_html(inner) for inner in block.blocks))
        case _:
            assert_never(block)


def block_pieces(block: Block) -> tuple[str, ...]:
    """Return one block in independent pieces, one for each row of evidence."""
    match block:
        case Rows(rows=rows) if len(rows) > 1:
            title = (_titled(block.title),) if block.title else ()
            return (*title, *(_table(_row(row)) for row in rows))
        case Tests(rows=tests) if len(tests) > 1:
            return tuple(block_html(Tests(rows=(test,))) for test in tests)
        case _:
            return (block_html(block),)


def stream_html(item: Stream) -> str:
    """Return the text that is arriving, without formatting."""
    above = f'<div style="{QUIET}">… {item.above:,} characters above</div>' if item.above else ""
    quiet = ";opacity:0.72" if item.thinking else ""
    return f'{above}<div style="{_STREAM}{quiet}">{escape(item.text)}</div>'


def _text(block: Text) -> str:
    faint = "" if block.quiet else "opacity:0.75;"  # twice as faint would be too faint to read
    lead = f'<span style="{faint}margin-right:8px">{escape(block.topic)}</span> ' if block.topic else ""
    parts = parse(block.text)
    inline = bool(parts) and parts[0].kind is ProseKind.PARAGRAPH
    text = "".join(_part(part, lead if inline and not index else "") for index, part in enumerate(parts))
    if lead and not inline:
        text = f'<p style="margin:6px 0 0 0">{lead}</p>{text}'
    return f'<div style="{QUIET}">{text}</div>' if block.quiet else text


def _part(part: Part, lead: str) -> str:
    match part.kind:
        case ProseKind.PARAGRAPH:
            return f'<p style="margin:6px 0">{lead}{_spans(part.items[0])}</p>'
        case ProseKind.HEADING:
            return f'<p style="margin:8px 0 4px 0;font-weight:600">{_spans(part.items[0])}</p>'
        case ProseKind.BULLETS | ProseKind.NUMBERS:
            tag = "ol" if part.kind is ProseKind.NUMBERS else "ul"
            items = "".join(f"<li>{_spans(item)}</li>" for item in part.items)
            return f'<{tag} style="margin:4px 0;padding-left:22px">{items}</{tag}>'
        case ProseKind.CODE:
            return _pre(part.source, "")
        case ProseKind.TABLE:
            rows = [[f'<td style="{_CELL}">{_spans(cell)}</td>' for cell in row] for row in part.rows]
            return _table("".join(f'<tr style="background:transparent">{"".join(row)}</tr>' for row in rows))
        case _:
            assert_never(part.kind)


def inline(text: str) -> str:
    """Return one line of light Markdown as HTML."""
    return _spans(spans(text))


def _spans(found: Sequence[Span]) -> str:
    return "".join(_span(span) for span in found)


def _span(span: Span) -> str:
    text = escape(spaces_shown(span.text))
    if span.code:
        text = f'<code style="{_CODE}" dir="ltr">{text}</code>'
    return f"<b>{text}</b>" if span.bold else text


def _pre(source: str, title: str) -> str:
    lead = f'<div style="{QUIET};margin-top:6px">{inline(title)}</div>' if title else ""
    return f'{lead}<pre style="{_PRE}" dir="ltr">{escape(source)}</pre>'


def _titled(title: str) -> str:
    return f'<div style="margin:10px 0 2px 0;font-weight:600"><b>{escape(title)}</b></div>' if title else ""


def _table(rows: str, wrap: str = "") -> str:
    return (  # it scrolls by itself where the panel is narrow
        '<div style="overflow:auto;margin:4px 0">'
        '<table style="border-collapse:collapse;border:none;width:100%;margin:0;font-size:13px;'
        f'table-layout:auto{wrap}">{rows}</table></div>'
    )


def _sign(mark: Mark) -> str:
    style = _SIGNS.get(mark.sign, _GOOD)
    title = f' title="evidence: {escape(", ".join(mark.evidence))}"' if mark.evidence else ""
    sign = f'<span{title} style="{style}">{escape(mark.sign)}</span>'
    return f'<td valign="top" style="{_CELL};width:20px;min-width:20px;font-weight:700">{sign}</td>'


def _row(row: Row) -> str:
    claim = f"<b>{inline(row.claim)}</b>" if row.strong else inline(row.claim)
    detail = f" {inline(row.detail)}" if row.detail else ""
    return _line(_sign(row.mark), f"{claim}{detail}{_runs(row.runs)}")


def _line(sign: str, content: str) -> str:
    # no wider than the space left: a long line of code scrolls instead of stretching the table
    fit = "width:100%;max-width:0;white-space:normal"
    return f'<tr style="background:transparent">{sign}<td style="{_CELL};{fit}">{content}</td></tr>'


def _runs(runs: Sequence[RunRow]) -> str:
    shown = "".join(_run(run) for run in runs)
    return _fold(f"{len(runs)} runs", shown) if len(runs) > _RUNS else shown


def _run(run: RunRow) -> str:
    inner = _pre(run.code, "") if run.code.strip() else ""
    if run.output.strip():
        inner += _pre(run.output, "output")
    if run.note:
        inner += f'<div style="{QUIET}">{inline(run.note)}</div>'
    return _fold(f'<span title="evidence: {escape(run.evidence)}">{escape(run.label)}</span>', inner)


def _fold(title: str, inner: str) -> str:
    if not inner:
        return f'<div style="{QUIET}">{title}</div>'
    return (
        f'<details style="margin:2px 0;padding:0"><summary style="cursor:pointer;{QUIET}">{title}</summary>'
        f'<div style="padding-left:14px">{inner}</div></details>'
    )


def _test(mark: Mark, name: str, before: str, after: str, source: str, runs: Sequence[RunRow]) -> str:
    words = f'<code style="{_CODE}">{escape(name)}</code>'
    ends = (
        f' <span style="{QUIET};margin-left:10px">before: {escape(before)}</span>'
        f' <span style="{QUIET};margin-left:10px">after: {escape(after)}</span>'
    )
    inner = _pre(source, "") + _runs([_without_code(run) for run in runs])
    return _line(_sign(mark), f"{words}{ends}{_fold('source and runs', inner)}")


def _without_code(run: RunRow) -> RunRow:
    return RunRow(evidence=run.evidence, label=run.label, output=run.output, note=run.note)


def _picture(block: Picture) -> str:
    drawn = in_page(block.trace, most=PANEL_ROWS, inevitable_after=block.inevitable_after)
    return f'{_titled(block.title)}<div style="{QUIET}">{LEGEND}</div>{drawn}'


def _values(table: Table) -> str:
    heads = "".join(
        f'<th style="{_CELL};border-top:none;font-weight:400;{QUIET}">{escape(head)}</th>'
        for head in table.headers
    )
    rows = "".join(
        '<tr style="background:transparent">'
        + "".join(_value(cell, index in table.code) for index, cell in enumerate(row))
        + "</tr>"
        for row in table.rows
    )
    return _table(f'<tr style="background:transparent">{heads}</tr>{rows}', wrap=_WORDS)


def _value(cell: str, code: bool) -> str:
    fit = "white-space:nowrap" if len(cell) <= 30 else "white-space:pre-wrap"
    if max(map(len, cell.split()), default=0) > _WORD:
        fit += ";word-break:break-all"
    text = f'<code style="{_CODE};{fit}" dir="ltr">{escape(cell)}</code>' if code else escape(cell)
    return f'<td style="{_CELL};{fit if not code else "white-space:normal"}">{text}</td>'


def _marked(line: DiffLine) -> str:
    """Return a line of a diff with the changed parts in a stronger tint."""
    text, done = "", 0
    for start, end in line.marks:
        part = escape(line.text[start:end])
        text += f'{escape(line.text[done:start])}<span style="{_CHANGED.get(line.sign, "")}">{part}</span>'
        done = end
    return text + escape(line.text[done:])


def _diff(diff: Diff) -> str:
    title = f'<span style="display:block;opacity:0.75">{inline(diff.title)}\n</span>' if diff.title else ""
    lines = "".join(
        f'<span style="display:block;{_TINTS_OF_LINES.get(line.sign, "opacity:1")}">'
        f"{escape(line.sign)} {_marked(line)}\n</span>"
        for line in diff.lines
    )
    label = escape(f"choice {diff.title}" if diff.choice else f"changes in {diff.title}")
    return f'<pre style="{_PRE}" dir="ltr" aria-label="{label}">{title}{lines}</pre>'
