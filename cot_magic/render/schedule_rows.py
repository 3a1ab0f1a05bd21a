"""What is shown of a schedule's trace: which steps, in which lanes, with which words beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from cot_magic.core.trace import Trace, TraceStep
from cot_magic.render.safe_text import one_line

MOST_ROWS = 40  # what a reader follows; a schedule that was shrunk seldom needs more
PANEL_ROWS = 28  # the same where other things stand beside it
_LONGEST_FILE = 24  # characters; a longer name of a file is not shown beside each line
LANES = 12  # lanes of their own; later ones share the last
LEGEND = (
    "Each lane is a task or thread, time goes down. ● touches something shared, ○ another step, "
    "◆ disturbed by the schedule, ✗ fails."
)
INEVITABLE = "from here on every continuation that was tried fails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A step that is shown, or, with `hidden`, how many steps of the lane are not; with neither, the line
    after which the failure is inevitable."""

    lane: int
    step: TraceStep | None = None
    hidden: int = 0
    turn: bool = False  # another lane ran before, or it is not shown which

    @property
    def inevitable(self) -> bool:
        return self.step is None and not self.hidden

    @property
    def column(self) -> int:
        """The lane that it is drawn in."""
        return min(self.lane, LANES - 1)


def rows(trace: Trace, most: int = MOST_ROWS, inevitable_after: int | None = None) -> tuple[Row, ...]:
    """What is shown of a trace: at most about `most` steps, those that tell the story before the others.

    What was disturbed, failed or waits comes first, then what lanes share, then where the turn goes to
    another lane, then the rest from its end backward.

    Parameters
    ----------
    inevitable_after
        After how many decisions every continuation fails; None if that is not known.
    """
    steps = trace.steps
    since = _since(steps, inevitable_after)
    ranked = sorted(range(len(steps)), key=lambda place: (place != since and _rank(steps, place), -place))
    kept = set(ranked[:most])
    found: list[Row] = []
    hidden = 0
    for place, step in enumerate(steps):
        turn = place == 0 or steps[place - 1].lane != step.lane
        if (turn or place in kept) and hidden:
            found.append(Row(lane=steps[place - 1].lane, hidden=hidden))
            hidden = 0
        if place not in kept:
            hidden += 1
            continue
        if place == since:
            found.append(Row(lane=step.lane))
        new = not found or found[-1].step is None or found[-1].lane != step.lane
        found.append(Row(lane=step.lane, step=step, turn=new))
    if hidden:
        found.append(Row(lane=steps[-1].lane, hidden=hidden))
    return tuple(_joined(found))


def _since(steps: Sequence[TraceStep], decisions: int | None) -> int | None:
    """The first step after so many decisions; None if it is not known or there is none."""
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


def rail(row: Row, count: int) -> str:
    """`│ ● │`: the lanes beside a row, in characters."""
    if row.inevitable:
        return " ".join("┄" for _ in range(count))
    own = ":" if row.step is None else sign(row.step)
    return " ".join(own if number == row.column else "│" for number in range(count))


def sign(step: TraceStep) -> str:
    """The character of a step."""
    if step.error:
        return "✗"
    if step.deviation:
        return "◆"
    return "●" if step.touched else "○"


def letter(number: int) -> str:
    """The letter of a lane."""
    return chr(ord("A") + number)


def name(trace: Trace, number: int) -> str:
    """The name of a lane."""
    return one_line(trace.lanes[number], 40) if number < len(trace.lanes) else f"lane {number + 1}"


def place(step: TraceStep) -> str:
    """`line 4` of the cell, `cell [2]:4` where the code is of several cells, `bank.py:4` of a file."""
    known = step.filename
    if not known.startswith("cell "):
        known = "" if step.cell is not None else PurePath(known).name
    known = one_line(known, 100)
    temporary = any(part.startswith("ipykernel") for part in PurePath(step.filename).parts)
    if temporary or known.startswith("<") or len(known) > _LONGEST_FILE:
        known = ""
    return f"{known}:{step.lineno}" if known and step.lineno else f"line {step.lineno}" if step.lineno else ""


def notes(step: TraceStep) -> list[str]:
    """What is said below a step, but not what it touches."""
    found = []
    if step.deviation:
        found.append(f"◆ {one_line(step.deviation, 120)}")
    if step.waits:
        found.append(f"waits for {one_line(step.waits, 120)}")
    if step.error:
        found.append(f"raises {one_line(step.error, 160)}")
    return found


def touches(step: TraceStep) -> str:
    """`touches self.free`, where the line itself does not show it."""
    return f"touches {one_line(step.touched, 60)}" if step.touched and step.touched not in step.line else ""


def more(hidden: int) -> str:
    """`… 3 more steps`."""
    return f"… {hidden:,} more step{'s' if hidden != 1 else ''}"
