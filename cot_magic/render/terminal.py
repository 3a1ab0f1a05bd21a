"""The screen of a terminal: a progress line while it runs, then the session in colour; else plain text."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, assert_never

from cot_magic.core.events import Stamped
from cot_magic.core.session import Session
from cot_magic.render.blocks import (
    Block,
    Code,
    Diff,
    Fold,
    Mark,
    Outline,
    Picture,
    Rows,
    RunRow,
    Section,
    State,
    Table,
    Tests,
    Text,
)
from cot_magic.render.outline import activity, outline
from cot_magic.render.pace import Pace
from cot_magic.render.plain import plain, short, words
from cot_magic.render.prose import Part, ProseKind, Span, parse, spans
from cot_magic.render.safe_text import elapsed, spaces_shown
from cot_magic.render.timeline import LEGEND, PANEL_ROWS
from cot_magic.render.timeline import text as picture

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text as RichText

MOST_LINES = 24  # of the answer at a prompt
_REST = "%cot_last shows all phases."
_WIDEST = 110  # columns; longer lines are hard to read
_COLOURS = {"✗": "bold red", "?": "bold yellow", "·": "dim"}
_LINES = {"+": "green", "-": "red", "…": "dim"}
_STEPS = {"◆": "yellow", "✗": "bold red", "●": "bold", "┄": "red", "raises ": "red"}  # of a picture


class TerminalRenderer:
    """Shows a session with rich. Without a terminal, or if NO_COLOR is set, only plain text at the end.

    Parameters
    ----------
    output
        A `rich.console.Console` or a file open for text; standard output if None.
    clock
        A monotonic clock in seconds, for the pace of the progress line.
    magics
        Whether magics can be used: at an IPython prompt, not on the command line.
    """

    def __init__(
        self,
        output: "Console | IO[str] | None" = None,
        clock: Callable[[], float] = time.monotonic,
        environ: Mapping[str, str] = os.environ,
        *,
        magics: bool = True,
    ) -> None:
        from rich.console import Console

        self._console = output if isinstance(output, Console) else Console(file=output or sys.stdout)
        unicode = self._console.encoding.lower().startswith("utf")
        self._plain = not (unicode and self._console.is_terminal) or bool(environ.get("NO_COLOR"))
        self._pace, self._magics = Pace(clock), magics
        self._live: Any = None
        self._doing = ""

    def update(self, session: Session, last: Stamped) -> None:
        """Show the running phase, its time and its activity on one line."""
        doing = activity(session, last.event)
        self._doing = self._doing if doing is None else doing
        if self._plain or not self._pace.due(last.event):
            return
        if self._live is None:
            from rich.live import Live

            self._live = Live(
                console=self._console,
                auto_refresh=False,  # no extra thread
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(self._progress(session), refresh=True)

    def close(self, session: Session) -> None:
        """Remove the line and show the session."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._print(outline(session, magics=self._magics), brief=self._magics and session.ended)

    def _print(self, drawn: Outline, brief: bool) -> None:
        """At a prompt, print only the answer; on the command line, the phases and then the answer."""
        width = min(self._console.width, _WIDEST)
        if self._plain:
            encoding = self._console.encoding
            text = short(drawn, width, MOST_LINES, _REST) if brief else plain(drawn, width)
            self._console.file.write(text.encode(encoding, "replace").decode(encoding))
            self._console.file.flush()
        elif brief:
            self._console.print(_short(drawn, _REST), width=width)
        else:
            self._console.print(_panel(drawn), width=width)
            if drawn.answer:
                self._console.print(_short(replace(drawn, notes=())), width=width)

    def _progress(self, session: Session) -> "RichText":
        from rich.text import Text as RichText

        running = session.running
        line = RichText(no_wrap=True, overflow="ellipsis")
        line.append(f"{session.intensity}  ", style="bold")
        if running is not None:
            line.append(f"{running.phase.value}  ", style="bold cyan")
            line.append(f"{elapsed(max(0.0, session.seconds - running.started))}  ", style="dim")
        line.append(words(self._doing))
        return line


def _panel(drawn: Outline) -> "RenderableType":
    """Return the phases; the answer is printed below them, so that it is just above the prompt."""
    from rich.box import ROUNDED
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text as RichText

    title = RichText.assemble((drawn.name, "bold"), "  ", _inline(drawn.title), "  ", _badge(drawn))
    parts: list[RenderableType] = [_strong(drawn.cause, True)] if drawn.cause and not drawn.answer else []
    parts += [RichText(note, style="yellow") for note in drawn.notes]
    parts += _drawn([Fold(title=drawn.more_title, blocks=drawn.more)] if drawn.more else [], indent=2)
    for index, section in enumerate(drawn.sections):
        parts += [RichText("")] if index or drawn.notes or drawn.more else []
        parts += [_heading(section), *_drawn(section.blocks, indent=2)]
        parts += [RichText(stream.text, style="dim") for stream in section.streams]
    meta = RichText(" · ".join(drawn.meta), style="dim")
    return Panel(
        Group(*parts), title=title, subtitle=meta, title_align="left", subtitle_align="right", box=ROUNDED
    )


def _short(drawn: Outline, rest: str = "") -> "RenderableType":
    """Return verdict, cause and notes, then the change that helps, so that it is just above the prompt."""
    from rich.console import Group
    from rich.text import Text as RichText

    change = [block for block in drawn.answer if isinstance(block, Diff)]
    others = [block for block in drawn.answer if not isinstance(block, Diff)]
    parts: list[RenderableType] = [RichText.assemble(_badge(drawn), "  ", _inline(drawn.title))]
    parts += [_strong(drawn.cause, True)] if drawn.cause else []
    parts += [RichText(note, style="yellow") for note in drawn.notes]
    parts += [*_drawn(others, indent=2), *([RichText(rest, style="dim")] if rest else [])]
    parts += _drawn(change, indent=2)
    return Group(*parts)


def _badge(drawn: Outline) -> "RichText":
    from rich.text import Text as RichText

    styles = dict.fromkeys(("plausible", "your choice"), "bold black on yellow")
    styles["verified"] = "bold black on green"
    return RichText(f" {drawn.badge.text} ", style=styles.get(drawn.badge.word, "bold reverse"))


def _heading(section: Section) -> "RenderableType":
    from rich.table import Table as Grid
    from rich.text import Text as RichText

    icon = "" if section.state is State.DONE else f"{section.state.icon} "
    grid = Grid.grid(expand=True, padding=(0, 1))
    grid.add_column(width=10, no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    name = RichText(section.phase.value, style="dim" if section.state is State.WAITING else "bold cyan")
    grid.add_row(name, RichText(icon) + _inline(section.headline), RichText(section.time, style="dim"))
    return grid


def _drawn(blocks: Sequence[Block], indent: int) -> "Iterator[RenderableType]":
    from rich.padding import Padding

    for block in blocks:
        for part in _block(block):
            yield Padding(part, (0, 0, 0, indent))


def _block(block: Block) -> "Iterator[RenderableType]":
    from rich.text import Text as RichText

    match block:
        case Text():
            yield from _prose(block)
        case Code():
            if block.title:
                yield RichText(words(block.title), style="dim")
            yield _highlighted(block.source) if block.language else RichText(block.source)
        case Rows():
            if block.title:
                yield RichText(block.title, style="bold")
            yield _marks(
                [
                    (row.mark, _strong(row.claim, row.strong) + RichText(" ") + _inline(row.detail), row.runs)
                    for row in block.rows
                ]
            )
        case Table():
            yield _table(block)
        case Diff():
            yield RichText(block.title, style="dim")
            yield _diff(block)
        case Tests():
            yield _marks(
                [
                    (
                        row.mark,
                        RichText.assemble(
                            (row.name, "cyan"), (f"  before: {row.before}  after: {row.after}", "dim")
                        ),
                        (),
                    )
                    for row in block.rows
                ]
            )
        case Picture():
            yield RichText(block.title, style="bold")
            yield RichText(LEGEND, style="dim")
            yield _picture(block)
        case Fold():
            yield RichText(block.title, style="dim italic")
            yield from _drawn(block.blocks, indent=2)
        case _:
            assert_never(block)


def _prose(block: Text) -> "Iterator[RenderableType]":
    from rich.text import Text as RichText

    lead = RichText(f"{block.topic}  " if block.topic else "", style="dim")
    for part in parse(block.text):
        for line in _part(part):
            whole = RichText().append_text(lead).append_text(line)
            if block.quiet:
                whole.stylize("dim")
            yield whole
            lead = RichText("")


def _part(part: Part) -> "Iterator[RichText]":
    from rich.text import Text as RichText

    match part.kind:
        case ProseKind.PARAGRAPH:
            yield _spans(part.items[0])
        case ProseKind.HEADING:
            heading = _spans(part.items[0])
            heading.stylize("bold")
            yield heading
        case ProseKind.BULLETS | ProseKind.NUMBERS:
            for number, item in enumerate(part.items, 1):
                sign = f"{number}. " if part.kind is ProseKind.NUMBERS else "• "
                yield RichText(sign) + _spans(item)
        case ProseKind.CODE:
            yield RichText(part.source, style="cyan")
        case ProseKind.TABLE:
            widths = [max(_width(row[n]) for row in part.rows) for n in range(len(part.rows[0]))]
            for row in part.rows:
                line = RichText()
                for cell, width in zip(row, widths, strict=True):
                    line.append_text(_spans(cell)).append(" " * (width - _width(cell) + 2))
                line.rstrip()
                yield line
        case _:
            assert_never(part.kind)


def _width(cell: Sequence[Span]) -> int:
    return sum(len(span.text) for span in cell)


def _inline(text: str) -> "RichText":
    return _spans(spans(" ".join(text.split())))


def _spans(found: Sequence[Span]) -> "RichText":
    """Return spans as rich text. Rich's markup is not interpreted: `[red]` in a value is shown literally."""
    from rich.text import Text as RichText

    text = RichText()
    for span in found:
        text.append(spaces_shown(span.text), style=" ".join(["bold"] * span.bold + ["cyan"] * span.code))
    return text


def _strong(claim: str, strong: bool) -> "RichText":
    text = _inline(claim)
    if strong:
        text.stylize("bold")
    return text


def _marks(rows: "Sequence[tuple[Mark, RichText, Sequence[RunRow]]]") -> "RenderableType":
    from rich.table import Table as Grid
    from rich.text import Text as RichText

    grid = Grid.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column()
    for mark, text, runs in rows:
        grid.add_row(RichText(mark.sign, style=_COLOURS.get(mark.sign, "bold green")), text)
        for run in runs:
            grid.add_row("", RichText(run.label, style="dim"))
    return grid


def _table(table: Table) -> "RenderableType":
    from rich.table import Table as Grid
    from rich.text import Text as RichText

    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, head in enumerate(table.headers):
        code = index in table.code
        grid.add_column(RichText(head), overflow="fold", style="cyan" if code else "", max_width=60)
    for row in table.rows:
        grid.add_row(*(RichText(cell) for cell in row))
    return grid


def _picture(block: Picture) -> "RichText":
    """Return lanes and steps without breaking lines; disturbed and failing steps in colour."""
    from rich.text import Text as RichText

    width = _WIDEST - 2 * len("│ ") - 2  # within the frame and the indentation
    drawn = picture(block.trace, width=width, most=PANEL_ROWS, inevitable_after=block.inevitable_after)
    lines = RichText(no_wrap=True, overflow="ellipsis")
    for line in drawn.splitlines(keepends=True):
        style = next((style for sign, style in _STEPS.items() if sign in line), "")
        lines.append(line, style=style)
    return lines


def _highlighted(source: str) -> "RichText":
    from rich.syntax import Syntax

    return Syntax("", "python", theme="ansi_dark", background_color="default").highlight(source)


def _diff(diff: Diff) -> "RichText":
    """Return the lines with coloured signs; code that stays or is new is highlighted."""
    from rich.text import Text as RichText

    lines = []
    for line in diff.lines:
        code = RichText(line.text) if line.sign in "-…" else _highlighted(line.text)
        code.rstrip()
        whole = RichText(f"{line.sign} ", style=_LINES.get(line.sign, "")) + code
        if line.sign in "-…":
            whole.stylize(_LINES[line.sign])
        for start, end in line.marks:
            whole.stylize("reverse", start + 2, end + 2)
        lines.append(whole)
    return RichText("\n").join(lines)
