"""The picture of a schedule: which steps it shows, and that nothing in it can do harm."""

import html
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import bleach
import pytest

from cot_magic.core.schedules import Trace, TraceStep
from cot_magic.render.timeline import MOST_ROWS, in_page, rows, svg, text

CHROMIUM = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
SVG = "{http://www.w3.org/2000/svg}"


def step(lane: int, line: str = "x = 1", **fields: object) -> TraceStep:
    return TraceStep(at=0.0, lane=lane, lineno=7, line=line, filename="bank.py", **fields)  # type: ignore[arg-type]


STORY = Trace(
    lanes=("main", "teller", "auditor"),
    steps=(
        step(0, "start()", waits="the end of teller"),
        step(1, "if self.balance >= amount:", touched="self.balance"),
        step(2, "if self.balance >= amount:", touched="self.balance", deviation="runs before teller"),
        step(2, "self.balance -= amount", touched="self.balance"),
        step(1, "self.balance -= amount", touched="self.balance"),
        step(0, "assert balance >= 0", error="AssertionError: -60"),
    ),
)


def words(picture: str) -> str:
    root = ElementTree.fromstring(picture)
    return "\n".join("".join(item.itertext()) for item in root.iter(f"{SVG}text"))


def test_the_text_has_a_lane_for_each_thread_and_says_what_was_disturbed() -> None:
    lines = text(STORY).splitlines()
    assert lines[:3] == ["A = main", "B = teller", "C = auditor"]
    assert "│ ● │       bank.py:7  if self.balance >= amount:" in lines
    assert "│ │ ◆       bank.py:7  if self.balance >= amount:" in lines
    assert any(line.endswith("◆ runs before teller") for line in lines)
    assert any(line.startswith("✗ │ │") for line in lines)
    assert any(line.endswith("raises AssertionError: -60") for line in lines)


def test_the_svg_says_the_same() -> None:
    said = words(svg(STORY))
    for part in ("A main", "B teller", "C auditor", "self.balance -= amount", "runs before teller"):
        assert part in said
    assert "raises AssertionError: -60" in said
    assert "waits for the end of teller" in said


def test_what_is_shared_stands_out_in_its_line() -> None:
    root = ElementTree.fromstring(svg(STORY))
    bold = [item.text for item in root.iter(f"{SVG}tspan") if item.get("font-weight") == "700"]
    assert bold == ["self.balance"] * 4


def test_source_lines_cannot_leave_the_text() -> None:
    evil = '</text><script>alert(1)</script><a href="javascript:x">&\x1b[31m\u202e'
    trace = Trace(
        lanes=(evil, "b"), steps=(step(0, evil, touched=evil, deviation=evil), step(1, evil, error=evil))
    )
    picture = svg(trace)
    kinds = {item.tag.removeprefix(SVG) for item in ElementTree.fromstring(picture).iter()}
    assert kinds <= {"svg", "title", "desc", "text", "tspan", "line", "path", "circle", "rect"}
    assert "\x1b" not in picture + text(trace)
    assert "\u202e" not in picture + text(trace)


def test_colours_follow_the_text_around_the_picture() -> None:
    for picture in (svg(STORY), in_page(STORY)):
        assert 'fill="currentColor"' in picture
        assert "<style" not in picture
        assert "href" not in picture
    assert "color:inherit" in in_page(STORY)


def test_an_image_by_itself_has_a_ground_of_its_own() -> None:
    root = ElementTree.fromstring(svg(STORY))
    ground = next(iter(root.iter(f"{SVG}rect")))
    assert ground.get("fill") == "#fff"
    assert (ground.get("width"), ground.get("height")) == (root.get("width"), root.get("height"))
    assert "color:#1f1f1f" in root.get("style", "")
    assert "#fff" not in in_page(STORY)


def test_without_its_tags_the_picture_in_a_page_is_its_text_form() -> None:
    left = bleach.clean(in_page(STORY), tags={"pre"}, strip=True)
    lines = html.unescape(left).removeprefix("<pre>").removesuffix("</pre>").splitlines()
    assert lines[0].split() == ["A", "B", "C"]
    assert lines[1].startswith("○ │ │  A main")
    assert lines[1].endswith("bank.py:7  start()")
    assert lines[2].strip() == "waits for the end of teller"
    assert lines[4].startswith("│ │ ◆  C auditor")
    assert lines[-1].strip() == "raises AssertionError: -60"
    steps = [line for line in lines if "bank.py:7" in line]
    assert len(steps) == len(STORY.steps)
    assert len({line.index("bank.py:7") for line in steps}) == 1, "the places stand below one another"


DECIDED = Trace(lanes=STORY.lanes, steps=tuple(replace(s, decided=n) for n, s in enumerate(STORY.steps)))


@pytest.mark.parametrize(("decisions", "before"), [(0, 0), (3, 3), (5, 5)])
def test_the_point_after_which_it_is_bound_to_fail_stands_between_two_steps(
    decisions: int, before: int
) -> None:
    shown = rows(DECIDED, inevitable_after=decisions)
    place = next(place for place, row in enumerate(shown) if row.inevitable)
    assert place == before
    assert shown[place + 1].step == DECIDED.steps[before]
    drawn = text(DECIDED, inevitable_after=decisions).splitlines()
    line = next(number for number, line in enumerate(drawn) if line.startswith("┄ ┄ ┄  from here on"))
    assert STORY.steps[before].line in drawn[line + 1]
    assert "from here on, every continuation that was tried fails" in words(
        svg(DECIDED, inevitable_after=decisions)
    )


def test_no_such_point_is_drawn_where_none_is_known() -> None:
    for drawn in (text(DECIDED), svg(DECIDED), in_page(DECIDED), text(STORY, inevitable_after=2)):
        assert "from here on" not in drawn


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("/home/someone/a/long/way/to/ticket_office.py", "ticket_office.py:7"),
        ("cell [12]", "cell [12]:7"),
        ("/tmp/ipykernel_1/2.py", "line 7"),
        ("<string>", "line 7"),
        ("a_name_that_is_much_too_long_to_be_shown.py", "line 7"),
    ],
)
def test_a_step_names_its_file_or_cell(filename: str, shown: str) -> None:
    one = replace(STORY.steps[0], filename=filename)
    assert f" {shown}  start()" in text(Trace(lanes=("main",), steps=(one,)))
    assert f"{shown}  start()" in words(svg(Trace(lanes=("main",), steps=(one,))))


def test_a_long_trace_keeps_what_tells_the_story() -> None:
    dull = [step(0, f"n = {number}") for number in range(500)]
    steps = (*dull[:250], step(1, "disturbed", deviation="runs before main"), *dull[250:], STORY.steps[-1])
    shown = rows(Trace(lanes=("main", "other"), steps=steps))
    kept = [row.step for row in shown if row.step is not None]
    assert len(kept) == MOST_ROWS
    assert steps[250] in kept
    assert steps[-1] in kept
    assert sum(row.hidden for row in shown) == len(steps) - MOST_ROWS


def test_steps_that_were_not_recorded_are_told() -> None:
    assert "1,200 later steps were not recorded." in text(
        Trace(lanes=("a",), steps=(step(0),), left_out=1200)
    )


def test_without_steps_there_is_no_picture() -> None:
    nothing = Trace(lanes=("main",), steps=())
    assert svg(nothing) == ""
    assert text(nothing) == "No step was recorded."


@pytest.mark.parametrize("count", [1, 2, 6, 12, 15])
def test_no_text_leaves_the_picture_however_many_lanes_there_are(count: int) -> None:
    long = "value = " + "some_function_with_a_long_name(" * 6
    trace = Trace(
        lanes=tuple(f"Thread-{number} (worker_with_a_long_name)" for number in range(count)),
        steps=tuple(step(number % count, long) for number in range(30)),
    )
    root = ElementTree.fromstring(svg(trace))
    width = float(root.get("viewBox", "").split()[2])
    for item in root.iter(f"{SVG}text"):
        shown = "".join(part for part in item.itertext() if part)
        for title in item.iter(f"{SVG}title"):
            shown = shown.replace(title.text or "", "", 1)
        end = float(item.get("x", "0")) + 7.3 * len(shown)
        assert item.get("text-anchor") == "middle" or end <= width + 1, shown
    lines = text(trace, width=80).splitlines()
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_draws_the_picture_light_and_dark(tmp_path: Path) -> None:
    sizes = []
    for name, back, front in (("light", "#fff", "#000"), ("dark", "#000", "#fff")):
        page, image = tmp_path / f"{name}.html", tmp_path / f"{name}.png"
        page.write_text(
            f'<meta charset="utf-8"><body style="background:{back};color:{front}">{svg(STORY)}',
            encoding="utf-8",
        )
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        command = [str(CHROMIUM), *flags, "--window-size=900,400", f"--screenshot={image}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        sizes.append(len(image.read_bytes()))
    empty = tmp_path / "empty.png"
    command = [str(CHROMIUM), *flags, "--window-size=900,400", f"--screenshot={empty}", "data:text/html,"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert min(sizes) > 4 * len(empty.read_bytes())
