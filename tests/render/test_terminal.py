"""The terminal: colour on a terminal, plain text elsewhere, and rich's markup never read in foreign text."""

import io
from typing import Any

import pytest
import sessions
from rich.console import Console

from cot_magic.core.events import Stamped
from cot_magic.core.session import Session
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain
from cot_magic.render.terminal import MOST_LINES, TerminalRenderer
from cot_magic.testing import check_renderer


def console(width: int = 100, **more: Any) -> Console:
    settings: dict[str, Any] = {"force_terminal": True, "color_system": "truecolor", "_environ": {}} | more
    return Console(file=io.StringIO(), width=width, **settings)


def shown(screen: Console, session: Session) -> str:
    """The whole session, as on the command line."""
    TerminalRenderer(screen, environ={}, magics=False).close(session)
    return screen.file.getvalue()  # type: ignore[attr-defined]


def test_it_takes_every_kind_of_event() -> None:
    check_renderer(TerminalRenderer(console()))


def test_foreign_markup_is_shown_literally() -> None:
    text = shown(console(color_system=None), sessions.fold(sessions.hostile_events("[red]boom[/red] [/]")))
    assert text.count("[red]boom[/red] [/]") > 10


@pytest.mark.slow
def test_no_escape_of_a_foreign_text_reaches_the_terminal() -> None:
    for name, hostile in sessions.HOSTILE.items():
        text = shown(console(color_system=None), sessions.fold(sessions.hostile_events(hostile)))
        assert "\x1b" not in text, name
        assert "\u202e" not in text, name


@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_is_wider_than_the_terminal(width: int, verified: Session) -> None:
    text = shown(console(width, color_system=None), verified)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "CONFIRM" in text


def test_the_diff_is_coloured(verified: Session) -> None:
    text = shown(console(), verified)
    assert '\x1b[31m-     {"item": "tea", "\x1b[0m\x1b[7;31mpirce\x1b[0m' in text
    assert "\x1b[32m+ " in text


def test_a_schedule_is_drawn_with_what_was_disturbed_and_what_failed_in_colour() -> None:
    lines = shown(console(80), sessions.fold(sessions.race_events())).splitlines()
    assert any("\x1b[33m│ ◆" in line and "rows.clear()" in line for line in lines)
    assert any("\x1b[31m┄ ┄  from here on, every continuation" in line for line in lines)
    assert any("\x1b[1;31m✗ │" in line and 'amount += row["price"]' in line for line in lines)


def test_a_line_tells_what_runs_and_is_gone_at_the_end(
    verified_stream: list[Stamped], verified: Session
) -> None:
    screen = console()
    renderer = TerminalRenderer(screen, clock=lambda: 0.0, environ={})
    session = Session()
    for stamped in verified_stream:
        session = session.evolve(stamped)
        renderer.update(session, stamped)
    during = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "testing: The key is misspelt" in during
    assert "ANALYZE" in during
    renderer.close(verified)
    assert "\x1b[2K" in screen.file.getvalue()[len(during) :]  # type: ignore[attr-defined]


def test_without_a_terminal_only_plain_text_is_written_at_the_end(
    verified_stream: list[Stamped], verified: Session
) -> None:
    file = io.StringIO()
    renderer = TerminalRenderer(file, environ={}, magics=False)
    for stamped in verified_stream:
        renderer.update(verified, stamped)
    assert file.getvalue() == ""
    renderer.close(verified)
    assert file.getvalue() == plain(outline(verified), width=80)


def test_at_a_prompt_the_change_comes_last_and_the_answer_is_short(verified: Session) -> None:
    file = io.StringIO()
    TerminalRenderer(file, environ={}).close(verified)
    lines = file.getvalue().splitlines()
    assert len(lines) <= MOST_LINES
    assert lines[:2] == [
        "[✓ verified]  KeyError in cell [7], caused in cell [5]",
        "The key is misspelt where the records are made: 'pirce' for 'price'.",
    ]
    assert any('+     {"item": "tea", "price": 3.5}' in line for line in lines[-6:])
    assert "%cot_last shows all phases." in lines
    coloured = console()
    TerminalRenderer(coloured, environ={}).close(verified)
    assert len(coloured.file.getvalue().splitlines()) <= MOST_LINES  # type: ignore[attr-defined]


def test_no_color_means_plain_text_on_a_terminal_too(verified: Session) -> None:
    screen = console()
    TerminalRenderer(screen, environ={"NO_COLOR": "1"}).close(verified)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in text
    assert "[✓ verified]" in text


def test_a_stream_that_cannot_encode_the_signs_gets_question_marks(verified: Session) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    TerminalRenderer(file, environ={}).close(verified)
    assert b"[? verified]" in raw.getvalue()
