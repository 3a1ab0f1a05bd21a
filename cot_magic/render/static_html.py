"""The outline as static HTML: folds that need no script, and inline styles that survive a sanitizer.

Lab's sanitizer keeps neither `var()` nor style sheets. So a colour stands twice: first as a plain value that
reads on light and on dark, then as the variable of the theme.
"""

from collections.abc import Sequence
from html import escape
from typing import assert_never

from cot_magic.render.blocks import (
    Block,
    Code,
    Diff,
    Fold,
    Mark,
    Outline,
    Row,
    Rows,
    Run,
    Section,
    State,
    Table,
    Tests,
    Text,
)
from cot_magic.render.prose import Kind, Part, Span, parse, spans
from cot_magic.render.safe_text import seconds

_LINE = "1px solid rgba(128,128,128,0.28)"
_FAINT = "1px solid rgba(128,128,128,0.16)"
_MONO = "font-family:monospace;font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)"
_CODE = f"{_MONO};font-size:12px;background:transparent;color:inherit;padding:0"
_PRE = (
    f"{_CODE};margin:6px 0;padding:8px 10px;line-height:1.45;background-color:rgba(128,128,128,0.09);"
    "border-radius:4px;border:none;overflow:auto;max-height:420px;white-space:pre;text-align:left"
)
_CELL = f"border:none;border-top:{_FAINT};padding:5px 8px 5px 0;vertical-align:top;text-align:left"
_QUIET = "opacity:0.72;font-size:12px"
_CAPS = "font-weight:600;letter-spacing:0.5px;font-size:12px"
_RIGHT = "margin-left:auto;white-space:nowrap;font-variant-numeric:tabular-nums"
_PANEL = (
    f"max-width:880px;border:{_LINE};border-radius:6px;margin:4px 0;overflow:hidden;"
    "font-size:13px;line-height:1.5;text-align:left"
)
_SIGNS = {
    "✗": "color:#d32f2f;color:var(--jp-error-color1,#d32f2f)",
    "?": "color:#b7791f;color:var(--jp-warn-color1,#b7791f)",
    "·": "opacity:0.6",
}
_GOOD = "color:#388e3c;color:var(--jp-success-color1,#388e3c)"
_TINTS = {
    "verified": "46,160,67",
    "plausible": "219,154,4",
    "unresolved": "219,154,4",
    "interrupted": "128,128,128",
}
_TINTS_OF_LINES = {
    "+": "background-color:rgba(46,160,67,0.16)",
    "-": "background-color:rgba(248,81,73,0.16)",
    "…": "opacity:0.6",
}
_OPEN = ("VALIDATE", "IMPLEMENT", "CONFIRM")  # the phases whose folds are open in the final page


def html(outline: Outline) -> str:
    """The whole session as one `<section>`. Every text is escaped; nothing in it can add markup."""
    folds = "".join(_section(section, _is_open(outline, section)) for section in outline.sections)
    label = escape(f"{outline.name}: {outline.title}, {outline.badge.word}")
    return f'<section role="region" aria-label="{label}" style="{_PANEL}">{header(outline)}{folds}</section>'


def header(outline: Outline) -> str:
    """The verdict line and the notes below it."""
    meta = escape(" · ".join(outline.meta))
    notes = "".join(f'<div style="padding:0 14px 8px 14px">{_inline(note)}</div>' for note in outline.notes)
    return (
        '<div style="display:flex;align-items:baseline;padding:9px 14px">'
        f'<b style="font-size:14px;margin-right:12px">{escape(outline.name)}</b>'
        f'<span style="margin-right:12px">{_inline(outline.title)}</span>{_badge(outline)}'
        f'<span style="{_RIGHT};padding-left:12px;opacity:0.65">{meta}</span></div>{notes}'
    )


def body(section: Section) -> str:
    """The blocks of one phase, without its fold."""
    return "".join(_block(block) for block in section.blocks)


def _badge(outline: Outline) -> str:
    tint = _TINTS.get(outline.badge.word, "128,128,128")
    return (
        f'<span style="background-color:rgba({tint},0.18);padding:1px 9px;border-radius:9px;font-weight:600;'
        f'font-size:12px;white-space:nowrap">{escape(outline.badge.text)}</span>'
    )


def _is_open(outline: Outline, section: Section) -> bool:
    if outline.running is not None:
        return section is outline.running
    return section.phase in _OPEN and bool(section.blocks)


def _section(section: Section, is_open: bool) -> str:
    time = "" if section.seconds is None else seconds(section.seconds)
    icon = "" if section.state is State.DONE else f"{section.state.icon} "
    faint = ";opacity:0.55" if section.state is State.WAITING else ""
    return (
        f'<details{" open" if is_open else ""} style="border-top:{_LINE};margin:0;padding:0">'
        f'<summary style="cursor:pointer;padding:7px 14px{faint}">'
        '<span style="display:inline-flex;width:96%;vertical-align:top;align-items:baseline">'
        f'<span style="{_CAPS};min-width:92px">{escape(section.phase.value)}</span>'
        f'<span style="margin-right:12px">{icon}{_inline(section.headline)}</span>'
        f'<span style="{_RIGHT};margin-right:-12px;opacity:0.6">{time}</span>'
        f'</span></summary><div style="padding:0 14px 10px 34px">{body(section)}</div></details>'
    )


def _block(block: Block) -> str:
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
        case Fold():
            return _fold(escape(block.title), "".join(_block(inner) for inner in block.blocks))
        case _:
            assert_never(block)


def _text(block: Text) -> str:
    lead = f'<span style="opacity:0.6;margin-right:8px">{escape(block.topic)}</span>' if block.topic else ""
    parts = parse(block.text)
    inline = bool(parts) and parts[0].kind is Kind.PARAGRAPH
    text = "".join(_part(part, lead if inline and not index else "") for index, part in enumerate(parts))
    if lead and not inline:
        text = f'<p style="margin:6px 0 0 0">{lead}</p>{text}'
    return f'<div style="{_QUIET}">{text}</div>' if block.quiet else text


def _part(part: Part, lead: str) -> str:
    match part.kind:
        case Kind.PARAGRAPH:
            return f'<p style="margin:6px 0">{lead}{_spans(part.items[0])}</p>'
        case Kind.HEADING:
            return f'<p style="margin:8px 0 4px 0;font-weight:600">{_spans(part.items[0])}</p>'
        case Kind.BULLETS | Kind.NUMBERS:
            tag = "ol" if part.kind is Kind.NUMBERS else "ul"
            items = "".join(f"<li>{_spans(item)}</li>" for item in part.items)
            return f'<{tag} style="margin:4px 0;padding-left:22px">{items}</{tag}>'
        case Kind.CODE:
            return _pre(part.source, "")
        case Kind.TABLE:
            rows = [[f'<td style="{_CELL}">{_spans(cell)}</td>' for cell in row] for row in part.rows]
            return _table("".join(f'<tr style="background:transparent">{"".join(row)}</tr>' for row in rows))
        case _:
            assert_never(part.kind)


def _inline(text: str) -> str:
    return _spans(spans(text))


def _spans(found: Sequence[Span]) -> str:
    return "".join(_span(span) for span in found)


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.code:
        text = f'<code style="{_CODE}" dir="ltr">{text}</code>'
    return f"<b>{text}</b>" if span.bold else text


def _pre(source: str, title: str) -> str:
    lead = f'<div style="{_QUIET};margin-top:6px">{_inline(title)}</div>' if title else ""
    return f'{lead}<pre style="{_PRE}" dir="ltr">{escape(source)}</pre>'


def _titled(title: str) -> str:
    return f'<div style="margin:10px 0 2px 0;font-weight:600">{escape(title)}</div>' if title else ""


def _table(rows: str) -> str:
    return (
        '<table style="border-collapse:collapse;border:none;width:100%;margin:4px 0;font-size:13px;'
        f'table-layout:auto">{rows}</table>'
    )


def _sign(mark: Mark) -> str:
    style = _SIGNS.get(mark.sign, _GOOD)
    title = f' title="evidence: {escape(", ".join(mark.evidence))}"' if mark.evidence else ""
    sign = f'<span{title} style="{style}">{escape(mark.sign)}</span>'
    return f'<td style="{_CELL};width:20px;font-weight:700">{sign}</td>'


def _row(row: Row) -> str:
    claim = f"<b>{_inline(row.claim)}</b>" if row.strong else _inline(row.claim)
    detail = f" {_inline(row.detail)}" if row.detail else ""
    return _line(_sign(row.mark), f"{claim}{detail}{_runs(row.runs)}")


def _line(sign: str, content: str) -> str:
    return (
        f'<tr style="background:transparent">{sign}<td style="{_CELL};white-space:normal">{content}</td></tr>'
    )


def _runs(runs: Sequence[Run]) -> str:
    return "".join(_run(run) for run in runs)


def _run(run: Run) -> str:
    inner = _pre(run.code, "") if run.code.strip() else ""
    if run.output.strip():
        inner += _pre(run.output, "output")
    if run.note:
        inner += f'<div style="{_QUIET}">{_inline(run.note)}</div>'
    return _fold(escape(run.label), inner)


def _fold(title: str, inner: str) -> str:
    if not inner:
        return f'<div style="{_QUIET}">{title}</div>'
    return (
        f'<details style="margin:2px 0;padding:0"><summary style="cursor:pointer;{_QUIET}">{title}</summary>'
        f'<div style="padding-left:14px">{inner}</div></details>'
    )


def _test(mark: Mark, name: str, before: str, after: str, source: str, runs: Sequence[Run]) -> str:
    words = f'<code style="{_CODE}">{escape(name)}</code>'
    ends = (
        f'<span style="{_QUIET};margin-left:10px">before: {escape(before)}</span>'
        f'<span style="{_QUIET};margin-left:10px">after: {escape(after)}</span>'
    )
    inner = _pre(source, "") + _runs([_without_code(run) for run in runs])
    return _line(_sign(mark), f"{words}{ends}{_fold('source and runs', inner)}")


def _without_code(run: Run) -> Run:
    return Run(evidence=run.evidence, label=run.label, output=run.output, note=run.note)


def _values(table: Table) -> str:
    heads = "".join(
        f'<th style="{_CELL};border-top:none;font-weight:400;{_QUIET}">{escape(head)}</th>'
        for head in table.headers
    )
    rows = "".join(
        '<tr style="background:transparent">'
        + "".join(_value(cell, index in table.code) for index, cell in enumerate(row))
        + "</tr>"
        for row in table.rows
    )
    return _table(f'<tr style="background:transparent">{heads}</tr>{rows}')


def _value(cell: str, code: bool) -> str:
    fit = "white-space:nowrap" if len(cell) <= 30 else "word-break:break-all;white-space:pre-wrap"
    text = f'<code style="{_CODE};{fit}" dir="ltr">{escape(cell)}</code>' if code else escape(cell)
    return f'<td style="{_CELL};{fit if not code else "white-space:normal"}">{text}</td>'


def _diff(diff: Diff) -> str:
    lines = "".join(
        f'<span style="display:block;{_TINTS_OF_LINES.get(line.sign, "opacity:1")}">'
        f"{escape(line.sign)} {escape(line.text)}\n</span>"
        for line in diff.lines
    )
    return (
        f'<div style="{_QUIET};margin-top:6px">{escape(diff.title)}</div>'
        f'<pre style="{_PRE}" dir="ltr" aria-label="changes in {escape(diff.title)}">{lines}</pre>'
    )
