"""One schedule as a picture: a lane for each task or thread, a row for each step; as SVG and as text.

The SVG is static: no script, no style sheet, no reference to anything outside. Within a page, text and lines
have the colour of the text around it, so that it reads on light and on dark.
"""

import itertools
from collections.abc import Iterator, Sequence
from html import escape

from cot_magic.core.trace import Trace, TraceStep
from cot_magic.render.safe_text import one_line
from cot_magic.render.schedule_rows import (
    INEVITABLE,
    LANES,
    LEGEND,
    MOST_ROWS,
    PANEL_ROWS,
    Row,
    letter,
    more,
    name,
    notes,
    place,
    rail,
    rows,
    touches,
)

__all__ = ["LEGEND", "MOST_ROWS", "PANEL_ROWS", "in_page", "rows", "svg", "text"]

_ROW, _LANE, _LEFT, _TOP = 22, 20, 18, 30
_WIDTH, _CHAR = 820, 7.5  # the room that a panel leaves; a character of the font
_WHO = 19  # characters of a lane's name
_ORANGE, _RED = "#e8850c", "#d64545"
_MONO = "ui-monospace,Menlo,Consolas,monospace"


def text(
    trace: Trace, *, width: int = 100, most: int = MOST_ROWS, inevitable_after: int | None = None
) -> str:
    """The picture in characters, for a terminal and for those who cannot see the other.

    `●` is a step that touches something shared, `○` another, `◆` one that the schedule disturbed, `✗` one
    that raised. A row of `┄` is where the failure has become inevitable.
    """
    if not trace.steps:
        return "No step was recorded."
    count = min(len(trace.lanes), LANES)
    lines = [f"{letter(number)} = {name(trace, number)}" for number in range(count)]
    if len(trace.lanes) > LANES:
        lines[-1] += f" and {len(trace.lanes) - LANES} more"
    lines += ["", " ".join(letter(number) for number in range(count))]
    shown = rows(trace, most, inevitable_after)
    where = max(14, _places(shown))
    for row in shown:
        lines += _lines(row, count, width, where)
    if trace.left_out:
        lines.append(f"{trace.left_out:,} later steps were not recorded.")
    return "\n".join(lines)


def _lines(row: Row, count: int, width: int, where: int) -> Iterator[str]:
    lanes = rail(row, count)
    if row.step is None:
        yield _cut(f"{lanes}  {INEVITABLE if row.inevitable else more(row.hidden)}", width)
        return
    step = row.step
    code = one_line(step.line, width) if step.line else ""
    yield _cut(f"{lanes}  {place(step):>{where}}  {code}", width)
    pad = " ".join("│" for _ in range(count)) + " " * (where + 4)
    yield from (_cut(f"{pad}{note}", width) for note in (*filter(None, [touches(step)]), *notes(step)))


def _cut(line: str, width: int) -> str:
    return line.rstrip() if len(line) <= width else line[: width - 1] + "…"


def svg(trace: Trace, *, most: int = MOST_ROWS, inevitable_after: int | None = None) -> str:
    """The picture as an image by itself, on its own light ground; empty if the trace has no steps.

    JupyterLab shows an SVG as an image, where no colour of the page reaches it.
    """
    if not trace.steps:
        return ""
    shown = rows(trace, most, inevitable_after)
    width, height = _size(trace, shown)
    summary = escape(text(trace, most=most, inevitable_after=inevitable_after))
    ground = f'<rect width="{width}" height="{height}" rx="6" fill="#fff"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" style="max-width:100%;height:auto;display:block;color:#1f1f1f" '
        f'font-family="{_MONO}" font-size="12" fill="currentColor">'
        f"<title>The schedule, step by step</title><desc>{summary}</desc>{ground}"
        f"{_drawn(trace, shown, width, height)}</svg>"
    )


def in_page(trace: Trace, *, most: int = MOST_ROWS, inevitable_after: int | None = None) -> str:
    """The picture as part of a page, in the colours of its text; empty if the trace has no steps.

    Sanitizers take the tags of an SVG away and leave its text. So the text stands in lines within a `pre`,
    with the lanes in characters that are not displayed: what is left reads like `text`.
    """
    if not trace.steps:
        return ""
    shown = rows(trace, most, inevitable_after)
    width, height = _size(trace, shown)
    return (
        '<pre dir="ltr" style="margin:6px 0;padding:4px 0;border:none;background:transparent;color:inherit;'
        'overflow:auto;white-space:pre;text-align:left;font-size:12px">'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="figure" aria-label="The schedule, step by step" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'style="display:block;max-width:none;color:inherit" font-family="{_MONO}" font-size="12" '
        f'fill="currentColor">{_drawn(trace, shown, width, height)}</svg></pre>'
    )


def _size(trace: Trace, shown: Sequence[Row]) -> tuple[int, int]:
    """Width and height: as wide as the longest line needs, within bounds."""
    where = _places(shown)
    longest = max((_length(row.step, where) for row in shown if row.step is not None), default=0)
    wide = int(_code_column(trace) + (max(longest, len(INEVITABLE)) + 1) * _CHAR)
    return min(_WIDTH, wide), _TOP + sum(map(_height, shown)) + _ROW // 2


def _places(shown: Sequence[Row]) -> int:
    """How many characters the places of the steps need."""
    return max((len(place(row.step)) for row in shown if row.step is not None), default=0)


def _length(step: TraceStep, where: int) -> int:
    code = where + 2 + len(step.line) + (2 + len(touches(step)) if touches(step) else 0)
    return max(code, *(len(note) for note in ("", *notes(step))))


def _height(row: Row) -> int:
    return _ROW * (1 + (len(notes(row.step)) if row.step is not None else 0))


def _names_column(trace: Trace) -> int:
    return _LEFT + min(len(trace.lanes), LANES) * _LANE + 4


def _longest_name(trace: Trace) -> int:
    return min(_WHO, 2 + max(len(name(trace, lane)) for lane in range(len(trace.lanes))))


def _code_column(trace: Trace) -> int:
    return _names_column(trace) + int((_longest_name(trace) + 1.5) * _CHAR)


def _drawn(trace: Trace, shown: Sequence[Row], width: int, height: int) -> str:
    """Lanes and turns, then row by row. White space between elements is not displayed."""
    count, where = min(len(trace.lanes), LANES), _places(shown)
    tops = [_TOP + sum(map(_height, shown[:number])) for number in range(len(shown))]
    parts = [*_lanes(trace, shown, tops, count, height), *_turns(shown, tops)]
    for row, top in zip(shown, tops, strict=True):
        parts.append(f'\n<text display="none">{rail(row, count)}  </text>')
        parts += _row(trace, row, top, width, where)
    return "".join(parts)


def _x(row: Row) -> int:
    return _LEFT + row.column * _LANE


def _y(top: int) -> int:
    return top + _ROW // 2


def _lanes(trace: Trace, shown: Sequence[Row], tops: Sequence[int], count: int, height: int) -> Iterator[str]:
    for lane in range(count):
        mine = [
            top for row, top in zip(shown, tops, strict=True) if row.column == lane and not row.inevitable
        ]
        x = _LEFT + lane * _LANE
        yield f'<text x="{x}" y="18" text-anchor="middle" opacity="0.75">{letter(lane)}</text> '
        yield (
            f'<line x1="{x}" x2="{x}" y1="24" y2="{height - _ROW // 4}" stroke="currentColor" '
            'stroke-opacity="0.15"/>'
        )
        if mine:
            yield (
                f'<line x1="{x}" x2="{x}" y1="{_y(mine[0])}" y2="{_y(mine[-1])}" '
                'stroke="currentColor" stroke-opacity="0.35" stroke-width="2"/>'
            )


def _turns(shown: Sequence[Row], tops: Sequence[int]) -> Iterator[str]:
    """Where the turn goes from one lane to another."""
    steps = [(row, top) for row, top in zip(shown, tops, strict=True) if not row.inevitable]
    for (before, above), (row, top) in itertools.pairwise(steps):
        if before.column == row.column:
            continue
        x1, y1, x2, y2 = _x(before), _y(above), _x(row), _y(top)
        disturbed = row.step is not None and bool(row.step.deviation)
        colour = f'stroke="{_ORANGE}"' if disturbed else 'stroke="currentColor" stroke-opacity="0.4"'
        curve = f"M{x1} {y1} C{x1} {y2 - 4} {x2} {y1 + 4} {x2} {y2}"
        yield f'<path d="{curve}" fill="none" {colour} stroke-width="1.5"/>'


def _row(trace: Trace, row: Row, top: int, width: int, where: int) -> Iterator[str]:
    y, names, code, who = _y(top), _names_column(trace), _code_column(trace), _longest_name(trace)
    if row.inevitable:
        yield (
            f'<line x1="{_LEFT // 2}" x2="{width}" y1="{top + _ROW - 3}" y2="{top + _ROW - 3}" '
            f'stroke="{_RED}" stroke-width="1.5" stroke-dasharray="6 4"/>'
            f'<text x="{names + 2}" y="{y + 2}" font-style="italic">{INEVITABLE}</text>'
        )
        return
    if row.step is None:
        yield f'<g aria-hidden="true">{_dots(_x(row), y)}</g>'
        yield f'<text x="{names + 2}" y="{y + 4}" opacity="0.7">{more(row.hidden)}</text>'
        return
    step = row.step
    if step.deviation or step.error:
        yield _tint(row, _RED if step.error else _ORANGE, names - 6, top, width)
    label = one_line(f"{letter(row.column)} {name(trace, row.lane)}", who) if row.turn else ""
    if label:
        yield f'<text x="{names + 2}" y="{y + 4}" font-weight="600">{escape(label)}</text>'
    yield " " * (who + 2 - len(label))
    yield _dot(step, _x(row), y)
    room = int((width - code) / _CHAR)
    yield _source(step, code, y + 4, room, where)
    for number, note in enumerate(notes(step), 1):
        yield "\n" + " " * (2 * min(len(trace.lanes), LANES) + who + 3)
        yield f'<text x="{code}" y="{y + 4 + number * _ROW}">{escape(one_line(note, room))}</text>'


def _tint(row: Row, colour: str, x: int, top: int, width: int) -> str:
    tall = _height(row) - 2
    return (
        f'<rect x="{x}" y="{top + 1}" width="{width - x}" height="{tall}" rx="4" '
        f'fill="{colour}" fill-opacity="0.16"/>'
        f'<rect x="{x}" y="{top + 1}" width="3" height="{tall}" fill="{colour}"/>'
    )


def _dots(x: int, y: int) -> str:
    return "".join(f'<circle cx="{x}" cy="{y + up}" r="1.3" fill="currentColor"/>' for up in (-5, 0, 5))


def _dot(step: TraceStep, x: int, y: int) -> str:
    colour = _RED if step.error else _ORANGE if step.deviation else "currentColor"
    if step.error:
        cross = f"M{x - 5} {y - 5} L{x + 5} {y + 5} M{x + 5} {y - 5} L{x - 5} {y + 5}"
        return f'<path d="{cross}" stroke="{colour}" stroke-width="3" fill="none"/>'
    if step.deviation:
        return f'<path d="M{x} {y - 7} L{x + 7} {y} L{x} {y + 7} L{x - 7} {y} Z" fill="{colour}"/>'
    if step.touched:
        return f'<circle cx="{x}" cy="{y}" r="5" fill="currentColor"/>'
    return (
        f'<circle cx="{x}" cy="{y}" r="3" fill="currentColor" fill-opacity="0.55"/>'
        if not step.waits
        else f'<circle cx="{x}" cy="{y}" r="5" fill="none" stroke="currentColor" stroke-dasharray="2 2"/>'
    )


def _source(step: TraceStep, x: int, y: int, room: int, width: int) -> str:
    """The source line with its place; what is shared in it stands out."""
    where, tail = f"{place(step):<{width}}", touches(step)
    line = one_line(step.line, max(8, room - len(where) - 2 - (len(tail) + 2 if tail else 0)))
    touched = one_line(step.touched, 60)
    before, found, after = line.partition(touched) if touched else (line, "", "")
    middle = f'<tspan font-weight="700" text-decoration="underline">{escape(found)}</tspan>' if found else ""
    last = f'<tspan opacity="0.75">  {escape(tail)}</tspan>' if tail else ""
    return (
        f'<text x="{x}" y="{y}" xml:space="preserve"><tspan opacity="0.6">{escape(where)}  </tspan>'
        f"{escape(before)}{middle}{escape(after)}{last}</text>"
    )
