"""A model whose service fails, on the command line and in a program: what is said to do next can be done there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from messages_server import MessagesServer
from scripted_replies import Reply

pytestmark = pytest.mark.slow
FAULTS = {
    "rejected": Reply(status=401, message="scripted: expired", sticky=True),
    "declined": Reply(stop_reason="refusal", stop_details={"type": "refusal", "category": "cyber"}),
}


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer() as running:
        yield running


@pytest.fixture
def program(server: MessagesServer, tmp_path: Path):
    """Runs Python in the folder, with the scripted server as its only model; gives what it printed on one line."""

    def run(*arguments: str) -> str:
        environment = {**os.environ, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k"}
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=150
        )
        assert "Traceback" not in done.stderr
        return " ".join(done.stdout.split())

    return run


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_on_the_command_line_names_no_magic_but_what_can_be_done_there(
    name: str, server: MessagesServer, program, tmp_path: Path
) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in ("values = [1, 2, 3]", "total = sum(valus)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    server.add(FAULTS[name])
    ran = program(
        "-m", "cot_magic.cli.main", "run", "n.ipynb", "--reasoner", "claude", "--save", "s.cot.jsonl"
    )
    again = program("-m", "cot_magic.cli.main", "replay", "s.cot.jsonl")
    for text in (ran, again):
        assert "Stopped: " in text
        assert "%cot_resume" not in text
        fault, begins, rest = text.partition("Stopped: ")[2].partition("Run it again to start anew.")
        assert "un it again" in fault
        assert begins
        assert "cot-magic replay FILE" in rest


def test_a_fault_in_a_program_names_no_magic(server: MessagesServer, program) -> None:
    server.add(FAULTS["rejected"])
    code = (
        "import cot_magic\n"
        "session = cot_magic.debug('assert sum(values) == 7', {'values': [1, 2, 3]})\n"
        "print(session.faults, session is cot_magic.last)"
    )
    text = program("-c", code)
    assert "Renew it, then run it again." in text
    assert "%cot_resume" not in text
    assert text.endswith("True")
