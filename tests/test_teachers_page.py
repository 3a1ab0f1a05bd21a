"""What the page for teachers says is what the code does."""

import re
from pathlib import Path

import pytest

from cot_magic.cli.main import build_parser
from cot_magic.faults.catalogue import OPERATORS
from cot_magic.lessons.guidance import parse
from cot_magic.lessons.lesson import Guidance, Level, Reveal

PAGE = (Path(__file__).parents[1] / "docs" / "teachers.md").read_text(encoding="utf-8")


def test_its_example_of_a_guidance_is_understood() -> None:
    (example,) = re.findall(r"```markdown\n(.*?)```", PAGE, re.DOTALL)
    guidance, remarks = parse(example)
    assert remarks == ()
    assert guidance == Guidance(
        topics=("dictionaries", "loops"),
        hints=2,
        level=Level.BEGINNER,
        reveal=Reveal.AFTER_TRYING,
        text="Read the last line of the traceback first.",
    )


def test_its_table_of_a_guidance_tells_all_values_and_the_defaults() -> None:
    rows = {row[0]: row for row in re.findall(r"^\| ([A-Z][^|]*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)}
    plain = Guidance()
    assert rows["Hints allowed"][2] == str(plain.hints)
    assert rows["Language level"][2] == f"`{plain.level.value}`"
    assert rows["Reveal fix"][2] == f"`{plain.reveal.value}`"
    assert all(f"`{item.value}`" in rows["Reveal fix"][1] for item in Reveal)


def test_its_kinds_of_syntax_are_all_of_them() -> None:
    (named,) = re.findall(r"Those of syntax \((.*?)\)", PAGE)
    assert set(re.findall(r"[\w-]+", named)) == {item.kind for item in OPERATORS if not item.parses}


@pytest.mark.parametrize("line", re.findall(r"^cot-magic (assignment .*)$", PAGE, re.MULTILINE))
def test_its_commands_can_be_given(line: str) -> None:
    assert build_parser().parse_args(line.split()).notebook == Path("week3.ipynb")


def test_its_options_are_all_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["assignment", "--help"])
    known = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    section = PAGE[PAGE.index("## Assignments") : PAGE.index("## A class")]
    assert known == set(re.findall(r"--[a-z]+", section))
