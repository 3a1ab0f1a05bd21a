"""One schedule as a picture: a lane for each task or thread, a row for each step; as SVG and as text.

The SVG is static: no script, no style sheet, no reference to anything outside. Text and lines have the
colour of the text around it, so that it reads on light and on dark.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePath

from cot_magic.core.trace import Trace, TraceStep
from cot_magic.render.safe_text import one_line

MOST_ROWS = 40  # what a reader follows; a schedule that was shrunk seldom needs more
LANES = 12  # lanes of their own; later ones share the last
_ROW, _LANE, _LEFT, _TOP = 22, 20, 18, 34
_WIDTH, _WHO, _CHAR = 880, 150, 7.5
_ORANGE, _RED = "#e8850c", "#d64545"
_MONO = "ui-monospace,Menlo,Consolas,monospace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A step that is shown, or, with `hidden`, how many steps of the lane are not."""

    lane: int
    step: TraceStep | None = None
    hidden: int = 0
    turn: bool = False  # another lane ran before


def rows(trace: Trace, most: int = MOST_ROWS) -> tuple[Row, ...]:
    """What is shown of a trace: at most about `most` steps, those that tell the story before the others.

    What was disturbed, failed or waits comes first, then what lanes share, then where the turn goes to
    another lane, then the rest from its end backward.
    """
    steps = trace.steps
    ranked = sorted(range(len(steps)), key=lambda place: (_rank(steps, place), -place))
    kept = set(ranked[:most])
    found: list[Row] = []
    hidden = 0
    for place, step in enumerate(steps):
        turn = place == 0 or steps[place - 1].lane != step.lane
        if turn and hidden:
            found.append(Row(lane=steps[place - 1].lane, hidden=hidden))
            hidden = 0
        if place not in kept:
            hidden += 1
            continue
        if hidden:
            found.append(Row(lane=step.lane, hidden=hidden))
            hidden = 0
        found.append(Row(lane=step.lane, step=step, turn=not found or found[-1].lane != step.lane))
    if hidden:
        found.append(Row(lane=steps[-1].lane, hidden=hidden))
    return tuple(_joined(found))


def _rank(steps: Sequence[TraceStep], place: int) -> int:
    step = steps[place]
    if step.deviation or step.error:
        return 0
    after = steps[place + 1] if place + 1 < len(steps) else step
    if step.waits or after.deviation:
        return 1
    if step.touched:
        return 2
    return 3 if place == 0 or steps[place - 1].lane != step.lane else 4


def _joined(found: Sequence[Row]) -> Iterator[Row]:
    """Stretches that are hidden one after the other become one row of the last lane, if they are many."""
    waiting: Row | None = None
    for row in found:
        if row.hidden:
            waiting = row if waiting is None else Row(lane=row.lane, hidden=waiting.hidden + row.hidden)
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        yield row
    if waiting is not None:
        yield waiting


def text(trace: Trace, *, width: int = 100, most: int = MOST_ROWS) -> str:
    """The picture in characters, for a terminal and for those who cannot see the other.

    `●` is a step that touches something shared, `○` another, `◆` one that the schedule disturbed, `✗` one
    that raised.
    """
    if not trace.steps:
        return "No step was recorded."
    count = min(len(trace.lanes), LANES)
    shown = rows(trace, most)
    lines = [f"{_letter(number)} = {_name(trace, number)}" for number in range(count)]
    if len(trace.lanes) > LANES:
        lines[-1] += f" and {len(trace.lanes) - LANES} more"
    lines += ["", " ".join(_letter(number) for number in range(count))]
    for row in shown:
        lane = min(row.lane, LANES - 1)
        sign = ":" if row.step is None else _sign(row.step)
        rail = " ".join(sign if number == lane else "│" for number in range(count))
        if row.step is None:
            lines.append(f"{rail}  … {_more(row.hidden)}")
            continue
        lines.append(_cut(f"{rail}  {_place(row.step):>14}  {_code(row.step, width)}", width))
        pad = " ".join("│" for _ in range(count)) + " " * 18
        lines += [_cut(f"{pad}{note}", width) for note in _notes(row.step)]
    if trace.left_out:
        lines.append(f"{trace.left_out:,} later steps were not recorded.")
    return "\n".join(lines)


def _sign(step: TraceStep) -> str:
    if step.error:
        return "✗"
    if step.deviation:
        return "◆"
    return "●" if step.touched else "○"


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _name(trace: Trace, number: int) -> str:
    return one_line(trace.lanes[number], 40) if number < len(trace.lanes) else f"lane {number + 1}"


def _cut(line: str, width: int) -> str:
    return line.rstrip() if len(line) <= width else line[: width - 1] + "…"


def _place(step: TraceStep) -> str:
    name = one_line(PurePath(step.filename).name, 24) if step.filename and step.cell is None else ""
    if name.startswith(("<", "ipykernel", "cell")) or len(name) > 14:
        name = ""
    return f"{name}:{step.lineno}" if name and step.lineno else f"line {step.lineno}" if step.lineno else ""


def _code(step: TraceStep, limit: int) -> str:
    return one_line(step.line, limit) if step.line else ""


def _notes(step: TraceStep) -> list[str]:
    notes = []
    if step.deviation:
        notes.append(f"◆ {one_line(step.deviation, 120)}")
    if step.touched and step.touched not in step.line:
        notes.append(f"touches {one_line(step.touched, 60)}")
    if step.waits:
        notes.append(f"waits for {one_line(step.waits, 120)}")
    if step.error:
        notes.append(f"raises {one_line(step.error, 160)}")
    return notes


def _more(hidden: int) -> str:
    return f"{hidden:,} more step{'s' if hidden != 1 else ''}"


def svg(trace: Trace, *, most: int = MOST_ROWS) -> str:
    """The picture as one `<svg>` element; empty if the trace has no steps.

    Each row names its lane where the turn changes. Orange is what the schedule disturbed, red is where it
    failed, a filled dot touches something that several lanes share, a dashed ring waits.
    """
    if not trace.steps:
        return ""
    shown = rows(trace, most)
    count = min(len(trace.lanes), LANES)
    heights = [_ROW * (1 + _extra(row)) for row in shown]
    tops = [_TOP + sum(heights[:place]) for place in range(len(shown))]
    height = _TOP + sum(heights) + _ROW
    parts = [*_lane_lines(trace, shown, tops, count, height), *_turns(shown, tops)]
    for row, top in zip(shown, tops, strict=True):
        parts += _row(trace, row, top, count)
    summary = escape(text(trace, most=most))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {height}" '
        f'style="max-width:{_WIDTH}px;width:100%;height:auto;display:block;color:inherit" '
        f'font-family="{_MONO}" font-size="12" fill="currentColor">'
        f"<title>The schedule, step by step</title><desc>{summary}</desc>{''.join(parts)}</svg>"
    )


def _extra(row: Row) -> int:
    """Lines under the code of a row."""
    if row.step is None:
        return 0
    return sum(bool(item) for item in (row.step.deviation, row.step.waits, row.step.error))


def _x(lane: int) -> int:
    return _LEFT + min(lane, LANES - 1) * _LANE


def _y(top: int) -> int:
    return top + _ROW // 2


def _lane_lines(
    trace: Trace, shown: Sequence[Row], tops: Sequence[int], count: int, height: int
) -> Iterator[str]:
    for lane in range(count):
        mine = [top for row, top in zip(shown, tops, strict=True) if min(row.lane, LANES - 1) == lane]
        yield (
            f'<text x="{_x(lane)}" y="16" text-anchor="middle" opacity="0.75">'
            f"<title>{escape(_name(trace, lane))}</title>{_letter(lane)}</text>"
        )
        yield (
            f'<line x1="{_x(lane)}" x2="{_x(lane)}" y1="22" y2="{height - _ROW // 2}" stroke="currentColor" '
            'stroke-opacity="0.15"/>'
        )
        if mine:
            yield (
                f'<line x1="{_x(lane)}" x2="{_x(lane)}" y1="{_y(mine[0])}" y2="{_y(mine[-1])}" '
                'stroke="currentColor" stroke-opacity="0.35" stroke-width="2"/>'
            )


def _turns(shown: Sequence[Row], tops: Sequence[int]) -> Iterator[str]:
    """Where the turn goes from one lane to another."""
    for place in range(1, len(shown)):
        before, row = shown[place - 1], shown[place]
        if before.lane == row.lane:
            continue
        x1, y1, x2, y2 = _x(before.lane), _y(tops[place - 1]), _x(row.lane), _y(tops[place])
        disturbed = row.step is not None and bool(row.step.deviation)
        colour = f'stroke="{_ORANGE}"' if disturbed else 'stroke="currentColor" stroke-opacity="0.4"'
        curve = f"M{x1} {y1} C{x1} {y2 - 4} {x2} {y1 + 4} {x2} {y2}"
        yield f'<path d="{curve}" fill="none" {colour} stroke-width="1.5"/>'


def _row(trace: Trace, row: Row, top: int, count: int) -> Iterator[str]:
    x, y = _x(row.lane), _y(top)
    start = _LEFT + count * _LANE + 4
    code = start + _WHO
    if row.step is None:
        yield f'<text x="{x}" y="{y + 4}" text-anchor="middle">⋮</text>'
        yield f'<text x="{code}" y="{y + 4}" opacity="0.6">… {_more(row.hidden)}</text>'
        return
    step = row.step
    if step.deviation or step.error:
        colour = _RED if step.error else _ORANGE
        tall = _ROW * (1 + _extra(row)) - 2
        yield (
            f'<rect x="{start - 6}" y="{top + 1}" width="{_WIDTH - start + 2}" height="{tall}" rx="4" '
            f'fill="{colour}" fill-opacity="0.16"/>'
            f'<rect x="{start - 6}" y="{top + 1}" width="3" height="{tall}" fill="{colour}"/>'
        )
    if row.turn:
        name = f"{_letter(min(row.lane, LANES - 1))} {_name(trace, row.lane)}"
        yield f'<text x="{start + 2}" y="{y + 4}" font-weight="600">{escape(one_line(name, 19))}</text>'
    yield _dot(step, x, y)
    room = int((_WIDTH - code) / _CHAR)
    yield _source(step, code, y + 4, room)
    note_top = y + 4
    for note in _svg_notes(step):
        note_top += _ROW
        yield f'<text x="{code}" y="{note_top}" opacity="0.9">{escape(one_line(note, room))}</text>'


def _svg_notes(step: TraceStep) -> list[str]:
    return [note for note in _notes(step) if not note.startswith("touches ")]


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


def _source(step: TraceStep, x: int, y: int, room: int) -> str:
    """The source line with its place; what is shared in it stands out."""
    place = _place(step)
    line = one_line(step.line, room - len(place) - 2)
    touched = one_line(step.touched, 60)
    before, found, after = line.partition(touched) if touched else (line, "", "")
    middle = f'<tspan font-weight="700" text-decoration="underline">{escape(found)}</tspan>' if found else ""
    tail = f'<tspan opacity="0.75">  touches {escape(touched)}</tspan>' if touched and not found else ""
    title = f"<title>{escape(one_line(f'{place}  {step.line}', 400))}</title>"
    return (
        f'<text x="{x}" y="{y}" xml:space="preserve">{title}<tspan opacity="0.6">{escape(place)}  </tspan>'
        f"{escape(before)}{middle}{escape(after)}{tail}</text>"
    )
