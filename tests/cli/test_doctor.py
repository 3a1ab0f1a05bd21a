"""`cot-magic doctor`: one line for each part, never a traceback, never a secret."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cot_magic.actions import checkup
from cot_magic.actions.checkup import Requirement
from cot_magic.cli.doctor import doctor_command
from cot_magic.cli.main import build_parser
from cot_magic.core.jobs import SandboxStatus
from cot_magic.sandbox import machine, new_process

SECRET = "sk-ant-api03-neverprintthisvalue"


@pytest.mark.slow
def test_it_is_one_json_object_that_tells_where_a_credential_is_and_not_what(tmp_path: Path) -> None:
    environment = {**os.environ, "ANTHROPIC_API_KEY": SECRET, "JUPYTER_PATH": str(tmp_path)}
    folder = tmp_path / "kernels" / "gone"
    folder.mkdir(parents=True)
    spec = {"argv": ["/nowhere/python", "-m", "x"], "display_name": "Gone", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    command = [sys.executable, "-m", "cot_magic.cli.main", "doctor", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert SECRET not in done.stdout + done.stderr
    found = json.loads(done.stdout)
    parts = {part["what"]: part for part in found["parts"]}
    assert found["good"] is (done.returncode == 0)
    assert "ANTHROPIC_API_KEY" in parts["model (anthropic)"]["detail"]
    assert parts["kernel gone"]["good"] is False
    assert "/nowhere/python" in parts["kernel gone"]["detail"]
    assert parts["kernel gone"]["remedy"]
    assert {"Python", "platform", "packages", "sandbox", "front ends", "front-end extension"} <= set(parts)
    assert [part for part in found["parts"] if not part["optional"] and not part["good"]] == []


def test_a_check_that_breaks_is_a_line_and_the_others_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Requirement]:
        raise ImportError("no module\nnamed half")
        yield

    monkeypatch.setattr(checkup, "_kernels", broken)
    found = {part.what: part for part in checkup.checkup()}
    assert found["kernels"].detail == "could not be checked: ImportError: no module named half"
    assert (found["kernels"].good, found["kernels"].optional) == (False, False)
    assert "Python" in found
    assert "extras" not in found
    assert not found["cot-magic run and sweep"].good


def test_without_confinement_it_says_what_will_not_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "probe", lambda: SandboxStatus(available=False, reason="no Landlock"))
    monkeypatch.setattr(new_process, "_trial", lambda: new_process.NO_MEANS)
    code = doctor_command(build_parser().parse_args(["doctor"]))
    lines = capsys.readouterr().out.splitlines()
    assert code == 0  # cot-magic is still of use
    assert any(line.startswith("miss  sandbox: no Landlock -> Linux 5.13") for line in lines)
    assert any("UNVERIFIED" in line for line in lines)
    assert all(line.startswith(("ok    ", "miss  ")) for line in lines)
    assert all(" -> " in line or line.startswith("ok") or "not" in line or "UNV" in line for line in lines)


def test_an_installed_library_that_does_not_survive_a_fork_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "polars.py").write_text("raise SystemExit('it must not be imported')")
    monkeypatch.syspath_prepend(tmp_path)
    found = {part.what: part for part in checkup.checkup()}
    assert "do not survive a fork" in found["polars"].detail
    assert found["polars"].optional


def test_without_landlock_it_says_whether_new_processes_can_be_confined(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "probe", lambda: SandboxStatus(available=False, reason="no Landlock"))
    monkeypatch.setattr(new_process, "_trial", lambda: "bubblewrap does not work here (no namespaces)")
    doctor_command(build_parser().parse_args(["doctor"]))
    assert (
        "miss  new processes: bubblewrap does not work here (no namespaces); `--allow"
        in capsys.readouterr().out
    )
    assert doctor_command(build_parser().parse_args(["doctor", "--attack"])) == 1
    assert capsys.readouterr().out.startswith(
        "nothing was tried, as nothing would run here: no Landlock; bubblewrap"
    )


@pytest.mark.slow
def test_without_landlock_it_attacks_the_new_processes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cot_magic.sandbox.attacks import elsewhere, on_any_system

    if trouble := new_process._trial():
        pytest.skip(trouble)
    monkeypatch.setattr(machine, "probe", lambda: SandboxStatus(available=False, reason="no Landlock"))
    some = [attack.name for attack in on_any_system.portable()][::8]
    every = elsewhere.attack_elsewhere
    monkeypatch.setattr(elsewhere, "attack_elsewhere", lambda: every(names=some))
    assert doctor_command(build_parser().parse_args(["doctor", "--attack"])) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert (
        line
        == f"new processes by bubblewrap; {len(some)} attempts as this user: {len(some)} held, 0 listed, 0 escaped"
    )
