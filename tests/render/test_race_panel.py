"""A cell whose failure comes and goes, in a real kernel: the bar while schedules run, then the picture."""

import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="schedules run in forked copies"),
]
OFFICE = Path(__file__).parents[1] / "explore" / "programs" / "ticket_office.py"
BAR = re.compile(
    r"█*·* [\d,]+ of 300 schedules, [\d,]+/s, [\d,]+ failed, at most [\d,]+ s left",
)


@pytest.fixture(scope="module")
def ran(shared_kernel: Any) -> Any:
    assert shared_kernel.run(OFFICE.read_text()).status == "ok"
    return shared_kernel.run("%%cot++ --schedules 300\nawait main()")


def titles(ran: Any) -> list[str]:
    """What the widgets were told to show as titles of folds, in order."""
    found = []
    for message in ran.messages:
        if message["msg_type"] == "comm_msg":
            state = message["content"]["data"].get("state", {})
            found += [title for title in state.get("titles", ()) if title]
    return found


def test_the_bar_tells_how_many_how_fast_how_many_failed_and_how_long(ran: Any) -> None:
    bars = [title for title in titles(ran) if BAR.search(title)]
    assert bars
    assert all("ANALYZE" in title for title in bars[:1])


def test_the_static_panel_has_the_picture_and_its_text_form(ran: Any) -> None:
    shown = next(data for data in ran.displays if "<section" in data.get("text/html", ""))
    drawn = re.search(r"<svg.*?</svg>", shown["text/html"], re.DOTALL)
    assert drawn is not None
    root = ElementTree.fromstring(drawn.group().replace("&#10;", "\n"))
    said = " ".join(root.itertext())
    for part in ("A main", "customer(3, 0.0)", "self.seats", "◆ takes", "raises AssertionError: oversold"):
        assert part in said, part
    for kind in ("text/plain", "text/markdown"):
        text = shown[kind]
        assert "The failing schedule" in text
        assert re.search(r"^ *[✗] │ │ .*assert office.seats >= 0", text, re.MULTILINE), kind
        assert re.search(r"^ *│ .*◆", text, re.MULTILINE), kind


def test_a_cell_that_passed_and_can_fail_is_not_called_no_failure(ran: Any) -> None:
    shown = next(data for data in ran.displays if "<section" in data.get("text/html", ""))
    first = shown["text/plain"].splitlines()[0]
    assert "no failure" not in first
    assert "AssertionError" in first
