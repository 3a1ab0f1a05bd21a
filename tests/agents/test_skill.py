"""The skill is followed to the letter on a failing notebook."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cot_magic import __version__
from cot_magic.agents.skill import Skill
from cot_magic.core.errors import UsageError
from cot_magic.sandbox.machine import probe

COMMAND = re.compile(r"^ *(cot-magic .+)$", re.MULTILINE)


def test_the_skill_names_its_version_and_what_it_is_for() -> None:
    text = Skill().text
    assert text.startswith("---\nname: cot-magic\ndescription: ")
    assert f"cot-magic {__version__}" in text
    assert "VERSION" not in text + Skill().lines


@pytest.mark.slow
@pytest.mark.skipif(not probe().available, reason="no confinement here")
def test_a_script_that_follows_the_skill_literally_ends_with_a_proven_notebook(tmp_path: Path) -> None:
    cells = ["prices = {'tea': 3}", "total = prices['Tea'] * 2\nassert total == 6"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(book, tmp_path / "NOTEBOOK")
    codes = []
    for line in COMMAND.findall(Skill().text):
        command = [sys.executable, "-m", "cot_magic.cli", *shlex.split(line)[1:]]
        codes.append(subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=170).returncode)
    assert codes == [3, 0], "a verified fix, then a certificate that holds: as the skill says"
    assert {path.name for path in tmp_path.iterdir()} >= {"FIXED", "SUMMARY", "CERTIFICATE"}


def test_the_options_that_the_lines_for_agents_name_exist() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cot_magic.cli", "run", "--help"], capture_output=True, text=True, check=True
    )
    for option in re.findall(r"--[a-z][a-z-]+", Skill().text + Skill().lines):
        assert option in done.stdout


def test_the_skill_is_updated_and_a_file_of_someone_else_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "skills" / "SKILL.md"
    assert Skill().write(path).endswith("written.")
    assert Skill().write(path).endswith("up to date.")
    path.write_text(Skill().text.replace(__version__, "0.0.1"))
    assert Skill().write(path).endswith("updated.")
    assert path.read_text() == Skill().text
    mine = tmp_path / "mine.md"
    mine.write_text("mine")
    with pytest.raises(UsageError, match="Nothing was written"):
        Skill().write(mine)
    assert mine.read_text() == "mine"
