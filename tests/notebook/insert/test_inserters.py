"""Cells reach the notebook by what each front end offers, seen from real shells."""

import atexit
import builtins
import sys
from typing import Any

import pytest

from cot_magic.core.case import CellRole, NewCell
from cot_magic.notebook.front_end import front_end
from cot_magic.notebook.insert.inserters import PrintInserter, TerminalInserter, choose
from cot_magic.testing import check_inserter

FIX = NewCell(source="x = 1", role=CellRole.FIX)
TEST = NewCell(source="def test_x():\n    assert x == 1\n\ntest_x()", role=CellRole.TEST)
SETUP = f"""
from cot_magic.core.case import CellRole, NewCell
from cot_magic.notebook.front_end import front_end
from cot_magic.notebook.insert.inserters import choose, PayloadInserter, VSCodeInserter
fix, test = {FIX!r}, {TEST!r}
shell = get_ipython()
""".replace("role=<CellRole.FIX: 'fix'>", "role=CellRole.FIX").replace(
    "role=<CellRole.TEST: 'test'>", "role=CellRole.TEST"
)


@pytest.fixture(scope="module")
def prepared(shared_kernel: Any) -> Any:
    ran = shared_kernel.run(SETUP)
    assert ran.status == "ok", ran.traceback
    return shared_kernel


def texts(reply: dict[str, Any]) -> list[str]:
    return [item["text"] for item in reply["payload"] if item["source"] == "set_next_input"]


def test_one_payload_holds_fix_and_tests(prepared: Any) -> None:
    ran = prepared.run("print(PayloadInserter(shell).insert([fix, test]))")
    assert texts(ran.reply) == [f"{FIX.source}\n\n\n{TEST.source}"]
    assert ran.stdout == "The fix and the tests will be inserted in a new cell below this one when it ends.\n"


def test_for_vs_code_the_fix_is_asked_for_last_so_that_it_ends_on_top(prepared: Any) -> None:
    ran = prepared.run("print(VSCodeInserter(shell).insert([fix, test]))")
    assert texts(ran.reply) == [TEST.source, FIX.source]
    assert "2 new cells" in ran.stdout


def test_after_a_cell_that_failed_the_code_is_printed_since_a_payload_would_be_dropped(prepared: Any) -> None:
    prepared.run(
        "def hook(result):\n"
        "    if result.error_in_exec is not None:\n"
        "        print(PayloadInserter(shell).insert([fix]))\n"
        "shell.events.register('post_run_cell', hook)"
    )
    ran = prepared.run("1 / 0")
    prepared.run("shell.events.unregister('post_run_cell', hook)")
    assert texts(ran.reply) == []
    assert "\nx = 1\n" in ran.stdout
    assert "copy the code into a cell" in ran.stdout
    again = prepared.run("print(PayloadInserter(shell).insert([fix]))")
    assert texts(again.reply) == [FIX.source], "the failure before does not count in a later cell"


def test_a_cell_magic_gets_a_cell_of_its_own(prepared: Any) -> None:
    ran = prepared.run(
        "from dataclasses import replace\n"
        "print(PayloadInserter(shell).insert([replace(fix, source='%%time\\nx = 1'), test]))"
    )
    assert texts(ran.reply) == ["%%time\nx = 1"]
    assert TEST.source in ran.stdout


def seen_by(kernel: Any, metadata: dict[str, str], environ: dict[str, str]) -> str:
    """The front end that a cell takes for its own, and the inserter for it."""
    code = f"name = front_end(shell, {environ})\nseen = f'{{name}}: {{type(choose(shell, name)).__name__}}'"
    session = kernel.client.session
    message = session.msg("execute_request", {"code": code, "silent": False, "store_history": True})
    message["metadata"] = metadata
    kernel.client.shell_channel.send(message)
    return str(kernel.value("seen")).strip("'")


@pytest.mark.parametrize(
    ("metadata", "environ", "seen"),
    [
        ({}, {}, "unknown: PrintInserter"),
        ({}, {"VSCODE_PID": "1"}, "vscode: VSCodeInserter"),
        ({"cellId": "6b1c0c2e"}, {"VSCODE_PID": "1"}, "jupyterlab-like: PayloadInserter"),
        ({"cellId": "vscode-notebook-cell:/home/a.ipynb#W0"}, {}, "vscode: VSCodeInserter"),
    ],
)
def test_the_request_and_the_environment_tell_the_front_end(
    prepared: Any, metadata: dict[str, str], environ: dict[str, str], seen: str
) -> None:
    assert seen_by(prepared, metadata, environ) == seen


def test_colab_is_told_by_its_module(prepared: Any) -> None:
    prepared.run("import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')")
    seen = prepared.value("(front_end(shell, {}), type(choose(shell, 'colab')).__name__)")
    prepared.run("del sys.modules['google.colab']")
    assert seen == "('colab', 'PayloadInserter')"


@pytest.fixture
def terminal(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A terminal IPython in this process."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("IPY_TEST_SIMPLE_PROMPT", "1")
    from IPython.terminal.interactiveshell import TerminalInteractiveShell

    display_hook, known = sys.displayhook, set(vars(builtins))
    shell = TerminalInteractiveShell()
    yield shell
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)
    sys.displayhook = display_hook
    for name in set(vars(builtins)) - known:
        delattr(builtins, name)


def test_in_a_terminal_the_code_is_at_the_next_prompt(terminal: Any) -> None:
    assert front_end(terminal, {}) == "terminal"
    inserter = choose(terminal, "terminal")
    assert isinstance(inserter, TerminalInserter)
    said = inserter.insert([FIX, TEST])
    assert (
        said == "The fix and the tests will be at your next prompt: Enter runs the code, Ctrl-C discards it."
    )
    assert terminal.rl_next_input == f"{FIX.source}\n\n\n{TEST.source}"
    inserter.undo()
    assert terminal.rl_next_input is None


def test_printing_is_the_last_resort(capsys: pytest.CaptureFixture[str]) -> None:
    said = PrintInserter().insert([FIX, TEST])
    assert said.startswith("The fix and the tests printed above")
    assert capsys.readouterr().out == f"\n{FIX.source}\n\n\n{TEST.source}\n\n"
    check_inserter(PrintInserter())


def test_all_inserters_keep_the_contract(prepared: Any) -> None:
    ran = prepared.run(
        "from cot_magic.testing import check_inserter\n"
        "check_inserter(PayloadInserter(shell)); check_inserter(VSCodeInserter(shell))"
    )
    assert ran.status == "ok", ran.traceback
