"""`cot-magic sweep --batch` as a user runs it, with real kernels and a scripted server."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from messages_server import MessagesServer
from phase_script import FIX, HYPOTHESIS, answer, call
from scripted_replies import Reply

pytestmark = pytest.mark.slow
LOOKS = Reply(
    thinking="scripted thinking",
    tools=[call("inspect", expression="values")],
    match="What failed, what does this error mean",
)
FIXES = Reply(text=answer(hypotheses=[HYPOTHESIS], fixes=[FIX]), sticky=True)


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer(LOOKS, LOOKS, FIXES) as running:
        yield running


class Sweeps:
    """Sweeps of a folder with two notebooks that fail alike."""

    def __init__(self, folder: Path, server: MessagesServer) -> None:
        self.folder = folder
        (folder / "nbs").mkdir()
        for name in ("a", "b"):
            cells = [
                nbformat.v4.new_code_cell(source) for source in ("values = [1, 2, 3]", "total = sum(valus)")
            ]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"nbs/{name}.ipynb")
        self.environment = {
            **os.environ, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k", "HOME": str(folder),
        }  # fmt: skip

    def begin(self, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cot_magic.cli.main", "sweep", "nbs", "--jobs", "2"]
        command += ["--intensity", "cot", "--json", "rows.jsonl", *options]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *options: str) -> tuple[int, str, str]:
        process = self.begin(*options)
        out, errors = process.communicate(timeout=280)
        return process.returncode, out, errors

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "rows.jsonl").read_text().splitlines()]


@pytest.mark.timeout(600)
def test_a_killed_sweep_goes_on_with_its_batch_and_nothing_is_sent_twice(
    tmp_path: Path, server: MessagesServer
) -> None:
    sweeps = Sweeps(tmp_path, server)
    server.batches.held = True
    first = sweeps.begin("--batch", "--reasoner", "claude")
    server.wait(lambda seen: any("msgbatch" in one.path for one in seen.requests), timeout=200)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    code, _, errors = sweeps.run("--reasoner", "claude")
    assert code == 2
    assert "2 notebooks wait for batches" in errors
    server.batches.held = False
    code, out, errors = sweeps.run("--batch", "--reasoner", "claude")
    assert code == 3, out + errors
    asked = [
        [len(one["params"]["messages"]) for one in batch["requests"]]
        for batch in server.batches.made.values()
    ]
    assert asked == [[1, 1], [3, 3]]  # each question once, and then the answer to what was looked at
    assert server.turns == []
    assert "4 answers in batches: $0." in out
    assert "at half the list price" in out
    for row in sweeps.rows:
        assert (row["result"], row["usage"]["usd"]) == ("verified", row["usage"]["batch_usd"])
        assert row["usage"]["usd"] > 0
        assert "waits" not in row


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--reasoner", "offline"], "asks no model"),
        (["--platform", "bedrock"], "no credential"),
    ],
)
def test_what_cannot_be_asked_in_batches_is_one_line(
    tmp_path: Path, server: MessagesServer, options: list[str], said: str
) -> None:
    code, _, errors = Sweeps(tmp_path, server).run("--batch", *options)
    (line,) = errors.splitlines()
    assert code == 2
    assert said in line
    assert server.requests == []
