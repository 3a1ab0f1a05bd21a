"""One schedule as a picture: a lane for each task or thread, a row for each step; as SVG and as text.

The SVG is static: no script, no style sheet, no external reference. In a page, its text and lines take the
colour of the surrounding text, so that it is readable on light and dark backgrounds.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePath

from cot_magic.core.schedules import Trace, TraceStep
from cot_magic.render.safe_text import one_line

MOST_ROWS = 40  # what a reader can follow; a minimised schedule seldom needs more
PANEL_ROWS = 28  # the same in a panel with other content
_LONGEST_FILE = 24  # characters; a longer file name is not shown with each line
LANES = 12  # further tasks or threads share the last lane
LEGEND = (
    "Each lane is a task or thread; time goes down. ● touches something shared, ○ any other step, "
    "◆ disturbed by the schedule, ✗ fails."
)
INEVITABLE = "from here on, every continuation that was tried fails"
_ROW, _LANE, _LEFT, _TOP = 22, 20, 18, 30
_WIDTH, _CHAR = 820, 7.5  # the width of a panel; of a character of the font
_WHO = 19  # characters of a lane's name
_ORANGE, _RED = "#e8850c", "#d64545"
_MONO = "ui-monospace,Menlo,Consolas,monospace"


# --- what is shown of a trace -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step, or with `hidden` how many steps of the lane are left out; with neither, the line from which on
    the failure is inevitable."""

    lane: int
    step: TraceStep | None = None
    hidden: int = 0
    turn: bool = False  # another lane ran before, or the step before is not shown

    @property
    def inevitable(self) -> bool:
        return self.step is None and not self.hidden

    @property
    def column(self) -> int:
        """The lane in which it is drawn."""
        return min(self.lane, LANES - 1)


def rows(trace: Trace, most: int = MOST_ROWS, inevitable_after: int | None = None) -> tuple[StepRow, ...]:
    """Return what is shown of a trace: at most about `most` steps, the important ones first.

    Disturbed, failing and waiting steps are kept first, then those that touch something shared, then switches
    to another lane, then the rest from the end backwards.

    Parameters
    ----------
    inevitable_after
        After how many decisions every continuation fails; None if unknown.
    """
    steps = trace.steps
    since = _since(steps, inevitable_after)
    ranked = sorted(range(len(steps)), key=lambda place: (place != since and _rank(steps, place), -place))
    kept = set(ranked[:most])
    found: list[StepRow] = []
    hidden = 0
    for place, step in enumerate(steps):
        turn = place == 0 or steps[place - 1].lane != step.lane
        if (turn or place in kept) and hidden:
            found.append(StepRow(lane=steps[place - 1].lane, hidden=hidden))
            hidden = 0
        if place not in kept:
            hidden += 1
            continue
        if place == since:
            found.append(StepRow(lane=step.lane))
        new = not found or found[-1].step is None or found[-1].lane != step.lane
        found.append(StepRow(lane=step.lane, step=step, turn=new))
    if hidden:
        found.append(StepRow(lane=steps[-1].lane, hidden=hidden))
    return tuple(_joined(found))


def _since(steps: Sequence[TraceStep], decisions: int | None) -> int | None:
    """Return the index of the first step after so many decisions; None if unknown or there is none."""
    if decisions is None:
        return None
    return next((place for place, step in enumerate(steps) if step.decided >= decisions), None)


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


def _joined(found: Sequence[StepRow]) -> Iterator[StepRow]:
    """Join consecutive hidden stretches into one row of the last lane."""
    waiting: StepRow | None = None
    for row in found:
        if row.hidden:
            waiting = row if waiting is None else StepRow(lane=row.lane, hidden=waiting.hidden + row.hidden)
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        yield row
    if waiting is not None:
        yield waiting


def rail(row: StepRow, count: int) -> str:
    """Return the lanes of a row in characters: `│ ● │`."""
    if row.inevitable:
        return " ".join("┄" for _ in range(count))
    own = ":" if row.step is None else sign(row.step)
    return " ".join(own if number == row.column else "│" for number in range(count))


def sign(step: TraceStep) -> str:
    """Return the character of a step."""
    if step.error:
        return "✗"
    if step.deviation:
        return "◆"
    return "●" if step.touched else "○"


def letter(number: int) -> str:
    """Return the letter of a lane."""
    return chr(ord("A") + number)


def name(trace: Trace, number: int) -> str:
    """Return the name of a lane."""
    return one_line(trace.lanes[number], 40) if number < len(trace.lanes) else f"lane {number + 1}"


def place(step: TraceStep) -> str:
    """Return `line 4` in the cell, `cell [2]:4` with code of several cells, `bank.py:4` in a file."""
    known = step.filename
    if not known.startswith("cell "):
        known = "" if step.cell is not None else PurePath(known).name
    known = one_line(known, 100)
    temporary = any(part.startswith("ipykernel") for part in PurePath(step.filename).parts)
    if temporary or known.startswith("<") or len(known) > _LONGEST_FILE:
        known = ""
    return f"{known}:{step.lineno}" if known and step.lineno else f"line {step.lineno}" if step.lineno else ""


def notes(step: TraceStep) -> list[str]:
    """Return the notes below a step, except what it touches."""
    found = []
    if step.deviation:
        found.append(f"◆ {one_line(step.deviation, 120)}")
    if step.waits:
        found.append(f"waits for {one_line(step.waits, 120)}")
    if step.error:
        found.append(f"raises {one_line(step.error, 160)}")
    return found


def touches(step: TraceStep) -> str:
    """Return `touches self.free` if the line itself does not show it."""
    return f"touches {one_line(step.touched, 60)}" if step.touched and step.touched not in step.line else ""


def more(hidden: int) -> str:
    """Return `… 3 more steps`."""
    return f"… {hidden:,} more step{'s' if hidden != 1 else ''}"


# --- in characters ------------------------------------------------------------------------------------------


def text(
    trace: Trace, *, width: int = 100, most: int = MOST_ROWS, inevitable_after: int | None = None
) -> str:
    """Return the picture in characters, for terminals and for readers who cannot see the SVG.

    `●` is a step that touches something shared, `○` any other step, `◆` one that the schedule disturbed,
    `✗` one that raised. From a row of `┄` on, the failure is inevitable.
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


def _lines(row: StepRow, count: int, width: int, where: int) -> Iterator[str]:
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


# --- as SVG -------------------------------------------------------------------------------------------------


def svg(trace: Trace, *, most: int = MOST_ROWS, inevitable_after: int | None = None) -> str:
    """Return the picture as an image on a light background; empty if the trace has no steps.

    JupyterLab shows an SVG as an image, which does not get the colours of the page.
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
    """Return the picture as part of a page, in the colours of its text; empty if the trace has no steps.

    Sanitizers remove the tags of an SVG and leave its text. So the text comes in lines within a `pre`, with
    the lanes in characters that are not displayed: what remains reads like the result of `text`.
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


def _size(trace: Trace, shown: Sequence[StepRow]) -> tuple[int, int]:
    """Return width and height: as wide as the longest line needs, within bounds."""
    where = _places(shown)
    longest = max((_length(row.step, where) for row in shown if row.step is not None), default=0)
    wide = int(_code_column(trace) + (max(longest, len(INEVITABLE)) + 1) * _CHAR)
    return min(_WIDTH, wide), _TOP + sum(map(_height, shown)) + _ROW // 2


def _places(shown: Sequence[StepRow]) -> int:
    """Return how many characters the places of the steps need."""
    return max((len(place(row.step)) for row in shown if row.step is not None), default=0)


def _length(step: TraceStep, where: int) -> int:
    code = where + 2 + len(step.line) + (2 + len(touches(step)) if touches(step) else 0)
    return max(code, *(len(note) for note in ("", *notes(step))))


def _height(row: StepRow) -> int:
    return _ROW * (1 + (len(notes(row.step)) if row.step is not None else 0))


def _names_column(trace: Trace) -> int:
    return _LEFT + min(len(trace.lanes), LANES) * _LANE + 4


def _longest_name(trace: Trace) -> int:
    return min(_WHO, 2 + max(len(name(trace, lane)) for lane in range(len(trace.lanes))))


def _code_column(trace: Trace) -> int:
    return _names_column(trace) + int((_longest_name(trace) + 1.5) * _CHAR)


def _drawn(trace: Trace, shown: Sequence[StepRow], width: int, height: int) -> str:
    """Return lanes and turns, then the rows. White space between elements is not displayed."""
    count, where = min(len(trace.lanes), LANES), _places(shown)
    tops = [_TOP + sum(map(_height, shown[:number])) for number in range(len(shown))]
    parts = [*_lanes(trace, shown, tops, count, height), *_turns(shown, tops)]
    for row, top in zip(shown, tops, strict=True):
        parts.append(f'\n<text display="none">{rail(row, count)}  </text>')
        parts += _row(trace, row, top, width, where)
    return "".join(parts)


def _x(row: StepRow) -> int:
    return _LEFT + row.column * _LANE


def _y(top: int) -> int:
    return top + _ROW // 2


def _lanes(
    trace: Trace, shown: Sequence[StepRow], tops: Sequence[int], count: int, height: int
) -> Iterator[str]:
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


def _turns(shown: Sequence[StepRow], tops: Sequence[int]) -> Iterator[str]:
    """Yield a curve for each switch from one lane to another."""
    steps = [(row, top) for row, top in zip(shown, tops, strict=True) if not row.inevitable]
    for (before, above), (row, top) in itertools.pairwise(steps):
        if before.column == row.column:
            continue
        x1, y1, x2, y2 = _x(before), _y(above), _x(row), _y(top)
        disturbed = row.step is not None and bool(row.step.deviation)
        colour = f'stroke="{_ORANGE}"' if disturbed else 'stroke="currentColor" stroke-opacity="0.4"'
        curve = f"M{x1} {y1} C{x1} {y2 - 4} {x2} {y1 + 4} {x2} {y2}"
        yield f'<path d="{curve}" fill="none" {colour} stroke-width="1.5"/>'


def _row(trace: Trace, row: StepRow, top: int, width: int, where: int) -> Iterator[str]:
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
        yield f'<text x="{names + 2}" y="{y + 4}" opacity="0.75">{more(row.hidden)}</text>'
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


def _tint(row: StepRow, colour: str, x: int, top: int, width: int) -> str:
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
    """Return the source line with its place; what is shared in it is bold and underlined."""
    where, tail = f"{place(step):<{width}}", touches(step)
    line = one_line(step.line, max(8, room - len(where) - 2 - (len(tail) + 2 if tail else 0)))
    touched = one_line(step.touched, 60)
    before, found, after = line.partition(touched) if touched else (line, "", "")
    middle = f'<tspan font-weight="700" text-decoration="underline">{escape(found)}</tspan>' if found else ""
    last = f'<tspan opacity="0.75">  {escape(tail)}</tspan>' if tail else ""
    return (
        f'<text x="{x}" y="{y}" xml:space="preserve"><tspan opacity="0.75">{escape(where)}  </tspan>'
        f"{escape(before)}{middle}{escape(after)}{last}</text>"
    )
