"""`cot-magic explore`: its JSON, its exit codes, its errors in one line."""

import json
import os
from pathlib import Path

import pytest

from cot_magic.cli.main import main

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
PROGRAMS = Path(__file__).parents[1] / "explore" / "programs"


def test_the_json_has_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", str(PROGRAMS / "price_cache.py"), "--json", "--seed", "3"]) == 4
    data = json.loads(capsys.readouterr().out)
    assert data["found"] is True
    assert 1 <= data["first_failure"] <= data["schedules"]
    low, high = data["failure_rate"]
    assert 0 < low < high <= 1
    assert data["error"] == "AssertionError: stale price 3"
    witness = data["witness"]
    assert witness["seed"] == 3
    assert (witness["replays"], witness["replays_failed"]) == (10, 10)
    assert 0 < sum(1 for choice in witness["minimised"] if choice) <= 3
    assert all(type(choice) is int for choice in witness["choices"])
    assert data["schedules_per_second"] > 0


def test_a_function_can_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "two.py"
    file.write_text(
        "import asyncio\n\n\nasync def main(): ...\n\n\nasync def other():\n    raise ValueError('mine')\n"
    )
    assert main(["explore", str(file), "--schedules", "20", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["found"], data["witness"], data["first_failure"], data["schedules"]) == (
        False,
        None,
        None,
        20,
    )
    assert data["failure_rate"][0] == 0
    assert main(["explore", f"{file}:other", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"] == "ValueError: mine"


def test_a_script_without_a_function_runs_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "script.py"
    source = (PROGRAMS / "forgotten_task.py").read_text().replace("main", "work")
    file.write_text(f"{source}\n\nif __name__ == '__main__':\n    asyncio.run(work())\n")
    assert main(["explore", str(file)]) == 4
    assert "KeyError: 'mean'" in capsys.readouterr().out


def test_the_text_says_what_was_disturbed_and_how_to_replay_it(capsys: pytest.CaptureFixture[str]) -> None:
    target = str(PROGRAMS / "forgotten_task.py")
    assert main(["explore", target]) == 4
    text = capsys.readouterr().out
    assert "main, line 14: `await asyncio.sleep(0.03)` takes 0.5x as long" in text
    drawn = text.partition("step by step:")[2].splitlines()
    assert any(
        line.startswith("◆ ") and "forgotten_task.py:14  await asyncio.sleep" in line for line in drawn
    )
    assert any(line.startswith("✗ ") for line in drawn)
    token = text.partition("--seed ")[2].split()[0]
    assert main(["explore", target, "--seed", token]) == 4
    assert "replayed 10 times, failed 10 times" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.py"], "no such file: nothing.py"),
        ([str(PROGRAMS / "price_cache.py") + ":nothing"], "defines no function nothing: choose one of main"),
        ([str(PROGRAMS / "price_cache.py"), "--seed", "x"], "neither a number nor a token"),
        ([str(PROGRAMS / "price_cache.py"), "--schedules", "0"], "must be positive"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
