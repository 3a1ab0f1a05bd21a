"""COT_TEACH.md: where it is found, what it sets, and that bad content is one clear line."""

import os
from pathlib import Path

import pytest

from cot_magic.lessons.guidance import (
    LARGEST,
    NAME,
    find,
    find_here,
    parse,
)
from cot_magic.lessons.lesson import Guidance, Level, Reveal

WHOLE = """# Debugging, week 3
Anything here is for people.

## Topics
- loops
- dictionaries, and their keys

## Hints allowed: 2

## Language level
beginner

## Reveal fix: after trying

## Guidance
Read the traceback first.

### Then
- say what you expect
- look: is it so?
"""


def test_every_setting_is_read_from_its_heading() -> None:
    guidance, remarks = parse(WHOLE)
    assert remarks == ()
    assert guidance.topics == ("loops", "dictionaries, and their keys")
    assert (guidance.hints, guidance.level) == (2, Level.BEGINNER)
    assert guidance.reveal is Reveal.AFTER_TRYING
    assert guidance.text.startswith("Read the traceback first.")
    assert guidance.text.endswith("- look: is it so?")


def test_settings_may_be_plain_lines() -> None:
    guidance, remarks = parse(
        "Topics: loops, keys\nHints allowed: 1\nLanguage level: Advanced\nreveal fix: never\n"
    )
    assert remarks == ()
    assert guidance == Guidance(topics=("loops", "keys"), hints=1, level=Level.ADVANCED, reveal=Reveal.NEVER)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# Title\n## Hints allowed: 7", "line 2: Hints allowed must be a number from 0 to 3, not '7'"),
        (
            "## Language level: expert",
            "line 1: Language level must be one of beginner, intermediate, advanced",
        ),
        (
            "## Reveal fix\nat once",
            "line 1: Reveal fix must be one of after trying, when asked, never, not 'at once'",
        ),
        ("# A\n\n## Hints alowed: 2", "line 3: unknown heading 'Hints alowed'; did you mean Hints"),
        ("# A\n<!--\n# no\n-->\n## Colours\nred", "line 5: unknown heading 'Colours'; expected one of"),
    ],
)
def test_what_is_not_understood_is_one_line_and_the_default_holds(text: str, said: str) -> None:
    guidance, remarks = parse(text)
    assert guidance == Guidance()
    assert len(remarks) == 1
    assert said in remarks[0]
    assert "\n" not in remarks[0]


def test_code_in_the_guidance_is_not_read_as_headings() -> None:
    guidance, remarks = parse("## Guidance\n```\n# Hints allowed: 0\n```\n")
    assert remarks == ()
    assert guidance.hints == 3
    assert "# Hints allowed: 0" in guidance.text


def test_the_nearest_file_above_the_notebook_counts(tmp_path: Path) -> None:
    inner = tmp_path / "course" / "week"
    inner.mkdir(parents=True)
    assert find(inner, tmp_path) == (Guidance(), ())
    (tmp_path / "course" / NAME).write_text("Hints allowed: 1")
    assert find(inner, tmp_path)[0].hints == 1
    (inner / NAME).write_text("Hints allowed: 0")
    assert find(inner, tmp_path)[0].hints == 0


def test_the_search_begins_in_the_current_folder_if_there_is_one(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / NAME).write_text("Hints allowed: 1")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    assert find_here()[0].hints == 1
    gone.rmdir()
    guidance, (remark,) = find_here()
    assert guidance == Guidance()
    assert "was not looked for" in remark


def test_the_search_ends_at_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "notebooks").mkdir(parents=True)
    (tmp_path / NAME).write_text("Hints allowed: 0")
    assert find(home / "notebooks", home)[0].hints == 3
    assert find(home / "notebooks", tmp_path / "elsewhere")[0].hints == 0


def test_a_file_that_cannot_be_read_is_named_and_the_lesson_runs(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\xff\xfe\xff")
    guidance, (remark,) = find(tmp_path, tmp_path)
    assert guidance == Guidance()
    assert "not UTF-8" in remark
    (tmp_path / NAME).write_text("x" * (LARGEST + 1))
    assert "larger than" in find(tmp_path, tmp_path)[1][0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_of_that_name_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)  # reading it would never end
    assert "not a file" in find(tmp_path, tmp_path)[1][0]
