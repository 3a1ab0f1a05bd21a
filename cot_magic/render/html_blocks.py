"""The blocks of an outline as HTML: inline styles that survive a sanitizer, every text escaped.

Lab's sanitizer keeps neither `var()` nor style sheets. So a colour stands twice: first as a plain value that
reads on light and on dark, then as the variable of the theme. Where no style is kept at all, the tags alone
still make it readable: words are kept apart by spaces, folds by `details`, code by `pre`.
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
    Picture,
    Row,
    Rows,
    Run,
    Stream,
    Table,
    Tests,
    Text,
)
from cot_magic.render.prose import Kind, Part, Span, parse, spans
from cot_magic.render.timeline import LEGEND, PANEL_ROWS, in_page

_RUNS = 5  # of one row that stand open as one line each; more go behind a fold of their own
FAINT = "1px solid rgba(128,128,128,0.16)"
_MONO = "font-family:monospace;font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)"
_CODE = f"{_MONO};font-size:12px;background:transparent;color:inherit;padding:0"
_PRE = (
    f"{_CODE};margin:6px 0;padding:8px 10px;line-height:1.45;background-color:rgba(128,128,128,0.09);"
    "border-radius:4px;border:none;overflow:auto;max-height:420px;white-space:pre;text-align:left"
)
_STREAM = "white-space:pre-wrap;word-break:break-word;margin:4px 0;text-align:left"
_CELL = f"border:none;border-top:{FAINT};padding:5px 8px 5px 0;vertical-align:top;text-align:left"
QUIET = "opacity:0.72;font-size:12px"
_SIGNS = {
    "✗": "color:#d32f2f;color:var(--jp-error-color1,#d32f2f)",
    "?": "color:#b7791f;color:var(--jp-warn-color1,#b7791f)",
    "·": "opacity:0.6",
}
_GOOD = "color:#388e3c;color:var(--jp-success-color1,#388e3c)"
_TINTS_OF_LINES = {
    "+": "background-color:rgba(46,160,67,0.16)",
    "-": "background-color:rgba(248,81,73,0.16)",
    "…": "opacity:0.6",
}


def block_html(block: Block) -> str:
    """One block."""
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
    """One block in parts that stand by themselves, each row of evidence one."""
    match block:
        case Rows(rows=rows) if len(rows) > 1:
            title = (_titled(block.title),) if block.title else ()
            return (*title, *(_table(_row(row)) for row in rows))
        case Tests(rows=tests) if len(tests) > 1:
            return tuple(block_html(Tests(rows=(test,))) for test in tests)
        case _:
            return (block_html(block),)


def stream_html(item: Stream) -> str:
    """The text that arrives, as it is."""
    above = f'<div style="{QUIET}">… {item.above:,} characters above</div>' if item.above else ""
    quiet = ";opacity:0.72" if item.thinking else ""
    return f'{above}<div style="{_STREAM}{quiet}">{escape(item.text)}</div>'


def _text(block: Text) -> str:
    lead = f'<span style="opacity:0.6;margin-right:8px">{escape(block.topic)}</span> ' if block.topic else ""
    parts = parse(block.text)
    inline = bool(parts) and parts[0].kind is Kind.PARAGRAPH
    text = "".join(_part(part, lead if inline and not index else "") for index, part in enumerate(parts))
    if lead and not inline:
        text = f'<p style="margin:6px 0 0 0">{lead}</p>{text}'
    return f'<div style="{QUIET}">{text}</div>' if block.quiet else text


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


def inline(text: str) -> str:
    """One run of light Markdown."""
    return _spans(spans(text))


def _spans(found: Sequence[Span]) -> str:
    return "".join(_span(span) for span in found)


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.code:
        text = f'<code style="{_CODE}" dir="ltr">{text}</code>'
    return f"<b>{text}</b>" if span.bold else text


def _pre(source: str, title: str) -> str:
    lead = f'<div style="{QUIET};margin-top:6px">{inline(title)}</div>' if title else ""
    return f'{lead}<pre style="{_PRE}" dir="ltr">{escape(source)}</pre>'


def _titled(title: str) -> str:
    return f'<div style="margin:10px 0 2px 0;font-weight:600"><b>{escape(title)}</b></div>' if title else ""


def _table(rows: str) -> str:
    return (
        '<table style="border-collapse:collapse;border:none;width:100%;margin:4px 0;font-size:13px;'
        f'table-layout:auto">{rows}</table>'
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
    # as wide as what is left and no wider: a long line of code in it scrolls instead of stretching the table
    fit = "width:100%;max-width:0;white-space:normal"
    return f'<tr style="background:transparent">{sign}<td style="{_CELL};{fit}">{content}</td></tr>'


def _runs(runs: Sequence[Run]) -> str:
    shown = "".join(_run(run) for run in runs)
    return _fold(f"{len(runs)} runs", shown) if len(runs) > _RUNS else shown


def _run(run: Run) -> str:
    inner = _pre(run.code, "") if run.code.strip() else ""
    if run.output.strip():
        inner += _pre(run.output, "output")
    if run.note:
        inner += f'<div style="{QUIET}">{inline(run.note)}</div>'
    return _fold(escape(run.label), inner)


def _fold(title: str, inner: str) -> str:
    if not inner:
        return f'<div style="{QUIET}">{title}</div>'
    return (
        f'<details style="margin:2px 0;padding:0"><summary style="cursor:pointer;{QUIET}">{title}</summary>'
        f'<div style="padding-left:14px">{inner}</div></details>'
    )


def _test(mark: Mark, name: str, before: str, after: str, source: str, runs: Sequence[Run]) -> str:
    words = f'<code style="{_CODE}">{escape(name)}</code>'
    ends = (
        f' <span style="{QUIET};margin-left:10px">before: {escape(before)}</span>'
        f' <span style="{QUIET};margin-left:10px">after: {escape(after)}</span>'
    )
    inner = _pre(source, "") + _runs([_without_code(run) for run in runs])
    return _line(_sign(mark), f"{words}{ends}{_fold('source and runs', inner)}")


def _without_code(run: Run) -> Run:
    return Run(evidence=run.evidence, label=run.label, output=run.output, note=run.note)


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
        f'<div style="{QUIET};margin-top:6px">{escape(diff.title)}</div>'
        f'<pre style="{_PRE}" dir="ltr" aria-label="changes in {escape(diff.title)}">{lines}</pre>'
    )
