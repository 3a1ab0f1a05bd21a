"""The same in the shell of a terminal, in a process of its own."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
from traitlets.config import Config
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from cot_magic.capture.case import capture_case
from cot_magic.capture.lineage.history import History
from cot_magic.core import codec

config = Config()
config.HistoryManager.enabled = False
config.TerminalInteractiveShell.simple_prompt = True
config.TerminalInteractiveShell.colors = sys.argv[1]
shell, history, cells = TerminalInteractiveShell.instance(config=config), History(), []
shell.events.register("pre_run_cell", lambda info: cells.append(history.begin(shell, info)))
shell.events.register("post_run_cell", lambda result: history.finish(shell, result))
for source in ("def half(order):\\n    return order['total'] / 2", "half({'sum': 1})"):
    result = shell.run_cell(source, store_history=True)
case = capture_case(shell, history, cells[-1], result.error_in_exec, front_end="terminal")
print("CASE" + json.dumps(codec.to_json(case)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("colors", ["nocolor", "linux", "lightbg", "neutral"])
def test_a_failure_in_a_terminal_has_the_same_case(colors: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, colors], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("CASE"))
    raised = json.loads(line.removeprefix("CASE"))["raised"]
    frames = [(frame["cell"], frame["lineno"], frame["expression"]) for frame in raised["frames"]]
    assert frames == [("in-2", 1, "half({'sum': 1})"), ("in-1", 2, "order['total']")]
