"""Claude in a real kernel, against the scripted server: faults, Ctrl-C, going on, and what is said in one line."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from messages_server import MessagesServer
from phase_script import answer, call, whole
from scripted_replies import Reply

from cot_magic.core.session import Session
from cot_magic.run.recording import fold, read

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="copies need fork and Landlock"),
]
FAILING = "total = sum(valus)"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MessagesServer]:
    """The only server that the kernel of this test knows."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "COT_MAGIC_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with MessagesServer() as running:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
        yield running


@pytest.fixture
def notebook(server, kernel):
    """A kernel in which the first cell has run."""
    kernel.run("values = [1, 2, 3]")
    return kernel


def panel(ran) -> str:
    return "\n".join(bundle.get("text/plain", "") for bundle in ran.displays)


def result(kernel) -> str:
    return kernel.value("__import__('cot_magic').last.result").strip("'")


def in_kernel(lineno: int = 2) -> list[Reply]:
    """The whole script, its hypothesis about the line below `%%cot`. The first answer is enough where the fix is
    verified already."""
    first = whole()[0]
    data = json.loads(first.text)
    data["hypotheses"][0]["line"] = lineno
    return [Reply(thinking="scripted thinking", text=json.dumps(data), match=first.match), *whole()[1:]]


def test_a_failing_cell_is_debugged_by_the_model_that_was_asked_for(server, notebook) -> None:
    server.add(*in_kernel())
    ran = notebook.run(f"%%cot+ --reasoner claude\n{FAILING}")
    assert (ran.status, ran.ename) == ("error", "NameError")
    text = panel(ran)
    assert "✓ verified" in text
    assert "a scripted headline" in text
    assert "list price" in text
    assert ran.stderr == ""
    assert [seen.refused for seen in server.turns] == [""]


def test_where_the_offline_fix_is_verified_a_credential_sends_nothing(server, notebook) -> None:
    text = panel(notebook.run(f"%%cot+\n{FAILING}"))
    assert "✓ verified" in text
    assert "A credential was found (ANTHROPIC_API_KEY): using claude where" in " ".join(text.split())
    assert "nothing sent" in text
    assert server.requests == []


def test_without_a_credential_the_offline_reasoner_works_and_says_so_in_one_line(
    tmp_path, monkeypatch, server
) -> None:
    from cot_magic.run.choose_reasoner import chosen
    from cot_magic.settings import Settings

    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.delenv("ANTHROPIC_BASE_URL")
    monkeypatch.setenv("HOME", str(tmp_path))
    name, note = chosen(Settings())
    assert name == "offline"
    assert "No model credential" in note
    assert "\n" not in note


@pytest.mark.parametrize("address", ["http://elsewhere.invalid:11434", "localhost:11434"])
def test_an_address_that_needs_a_key_is_explained_where_no_credential_is_found(
    address: str, tmp_path, monkeypatch, server
) -> None:
    from cot_magic.run.choose_reasoner import chosen
    from cot_magic.settings import Settings

    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
    monkeypatch.setenv("HOME", str(tmp_path))
    name, note = chosen(Settings())
    assert name == "offline"
    assert "set ANTHROPIC_API_KEY too" in note
    assert "ANTHROPIC_BASE_URL" not in chosen(Settings(platform="vertex"))[1]


def test_the_preview_sends_nothing_and_the_cell_keeps_its_error(server, notebook) -> None:
    ran = notebook.run(f"%%cot+ --preview --reasoner claude\n{FAILING}")
    assert ran.ename == "NameError"
    shown, _, note = ran.stdout.rpartition("\nThis is the first request")
    assert "Nothing was sent" in note
    assert json.loads(shown)["messages"][0]["role"] == "user"
    assert server.requests == []
    ran = notebook.run("%cot+ --preview")
    assert "Nothing would be sent" in ran.stdout
    assert server.requests == []


def test_the_preview_of_a_headless_run_is_printed_and_nothing_is_sent(server, tmp_path) -> None:
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in ("values = [1, 2, 3]", FAILING)]
    )
    nbformat.write(book, tmp_path / "n.ipynb")
    command = [
        sys.executable,
        "-m",
        "cot_magic.cli.main",
        "run",
        "n.ipynb",
        "--preview",
        "--reasoner",
        "claude",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=150)
    assert done.returncode == 4, done.stderr
    shown, _, note = done.stdout.rpartition("\nThis is the first request")
    assert "Nothing was sent" in note
    assert FAILING in json.dumps(json.loads(shown)["messages"])
    assert server.requests == []
    done = subprocess.run([*command, "--json", "s.json"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_after_a_fault_the_kernel_is_usable_and_the_session_goes_on(server, notebook, tmp_path) -> None:
    server.add(Reply(status=401, message="scripted: expired"))
    ran = notebook.run(f"%%cot+ --reasoner claude --save s.cot.jsonl\n{FAILING}")
    assert ran.ename == "NameError"
    text = panel(ran)
    assert "Stopped: " in text
    assert "%cot_resume continues from ANALYZE" in text
    assert "From ANALYZE on, this is the result of the offline reasoner." in " ".join(text.split())
    assert "✓ verified" in text
    server.script[:] = in_kernel()
    ran = notebook.run("%cot_resume")
    assert ran.status == "ok", ran.traceback
    assert "✓ verified" in panel(ran)
    assert notebook.value("1 + 1") == "2"
    session = fold(read(tmp_path / "s.cot.jsonl"))
    assert session.result == "verified"
    assert len(session.phases) == 5
    orders = [stamped.order for stamped in read(tmp_path / "s.cot.jsonl")]
    assert orders == list(range(len(orders)))


def test_ctrl_c_in_a_stream_keeps_the_partial_text_and_goes_on_later(server, notebook) -> None:
    slow = Reply(text=f"scripted words {'and more ' * 600}", chunk=6, delay=0.02)
    server.add(slow)
    interrupted = []

    def watch(message) -> None:
        if not interrupted and any(seen.body for seen in server.turns):
            interrupted.append(True)
            notebook.manager.interrupt_kernel()

    ran = notebook.run(f"%%cot+ --reasoner claude\n{FAILING}", watch=watch)
    assert interrupted
    assert ran.ename == "NameError"
    assert "interrupted" in panel(ran)
    server.wait(lambda seen: seen.disconnects == 1)
    server.script[:] = in_kernel()
    ran = notebook.run("%cot_resume")
    assert ran.status == "ok", ran.traceback
    assert "✓ verified" in panel(ran)
    assert len(server.turns[1].body["messages"]) == 1


RACE = """import asyncio
balance = 100

async def withdraw(amount):
    global balance
    seen = balance
    await asyncio.sleep(0)
    balance = seen - amount

async def main():
    await asyncio.gather(withdraw(30), withdraw(50))

await main()
assert balance == 20, balance"""
UNLOCKED = "    seen = balance\n    await asyncio.sleep(0)\n    balance = seen - amount"
LOCKED = "    async with lock:\n" + "\n".join(f"    {line}" for line in UNLOCKED.split("\n"))


def test_a_race_is_searched_and_a_fix_tried_where_the_model_asks_for_it(server, kernel) -> None:
    claim = "a scripted race of two tasks"
    edits = [{"cell": "", "find": "balance = 100", "replace": "balance = 100\nlock = asyncio.Lock()"},
             {"cell": "", "find": UNLOCKED, "replace": LOCKED}]  # fmt: skip
    fix = call("try_fixes", hypothesis=claim, why="scripted: one at a time", edits=edits, tests=[])
    server.add(
        Reply(
            tools=[call("explore_schedules", schedules=20, seed=0, hypothesis="", fix="")],
            match="What failed, what does this error mean",
        ),
        Reply(tools=[fix]),
        Reply(text=answer()),
    )
    ran = kernel.run(f"%%cot+ --reasoner claude\n{RACE}")
    assert "scripted: one at a time" in panel(ran)
    assert "no schedule fails" in panel(ran)
    assert [seen.refused for seen in server.turns] == [""] * 3


def test_there_is_nothing_to_go_on_with_after_the_end(server, notebook) -> None:
    ran = notebook.run("%cot_resume")
    assert "there is no session yet" in ran.stderr + ran.evalue
    server.add(*in_kernel())
    notebook.run(f"%%cot+ --reasoner claude\n{FAILING}")
    ran = notebook.run("%cot_resume")
    assert "there is nothing to resume" in ran.stderr + ran.evalue


def test_the_offline_reasoner_simply_runs_again(server, notebook) -> None:
    server.add(Reply(status=401, sticky=True))
    notebook.run(f"%%cot+ --reasoner claude\n{FAILING}")
    ran = notebook.run("%cot_resume --reasoner offline")
    assert "no conversation to continue: it runs again" in ran.stdout
    assert "✓ verified" in panel(ran)


def test_a_model_without_a_credential_is_one_line(server, notebook) -> None:
    notebook.run("import os\nfor name in ('ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'):\n    del os.environ[name]\n"
                 "os.environ['HOME'] = '/nonexistent'")  # fmt: skip
    ran = notebook.run(f"%%cot --reasoner claude\n{FAILING}")
    assert ran.ename == "NameError"
    assert "no credential for the platform anthropic was found" in ran.stdout
    assert len(ran.stdout.strip().splitlines()) == 1


def test_a_recording_is_a_reasoner_and_shows_the_same_session(server, notebook, tmp_path) -> None:
    server.add(*in_kernel())
    notebook.run(f"%%cot+ --reasoner claude --save s.cot.jsonl\n{FAILING}")
    asked = len(server.requests)
    ran = notebook.run("%%cot --reasoner replay:s.cot.jsonl\nsum(valus)")
    assert "✓ verified" in panel(ran)
    assert len(server.requests) == asked
    same = notebook.value(
        "(lambda c, r, p: c.last == r.fold(r.read(p)))(__import__('cot_magic'),"
        " __import__('cot_magic.run.recording', fromlist=['x']), __import__('pathlib').Path('s.cot.jsonl'))"
    )
    assert same == "True"
    assert isinstance(fold(read(tmp_path / "s.cot.jsonl")), Session)


def test_the_scripted_answers_say_that_they_are_scripted() -> None:
    assert "scripted" in answer()


def test_a_key_is_renewed_in_a_cell_and_the_fix_is_still_proven_on_the_state_before_the_failure(
    server, notebook
) -> None:
    server.add(Reply(status=401, message="scripted: expired"))
    notebook.run(f"%%cot+ --reasoner claude\n{FAILING}")
    notebook.run("%env ANTHROPIC_API_KEY=renewed\nvalues = [4]")
    server.script[:] = in_kernel()
    ran = notebook.run("%cot_resume")
    assert "✓ verified" in panel(ran)
    assert server.turns[-1].headers["Authorization"] == "Bearer renewed"
    assert "[1, 2, 3]" in notebook.value("str(__import__('cot_magic').last.evidence)")


def test_ctrl_c_on_the_command_line_shows_what_was_found_and_nothing_else(server, tmp_path) -> None:
    slow = Reply(text=f"scripted words {'and more ' * 600}", chunk=6, delay=0.02)
    server.add(slow)
    sources = ("values = [1, 2, 3]", FAILING)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources]),
        tmp_path / "n.ipynb",
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "cot_magic.cli.main", "run", "n.ipynb", "--reasoner", "claude"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    server.wait(lambda seen: len(seen.turns) == 1, timeout=90)
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (130, "cot-magic: interrupted.\n")
    assert "■ interrupted" in out
    server.wait(lambda seen: seen.disconnects == 1)


def test_an_interrupt_that_reaches_our_own_line_is_no_failure_to_debug(server, notebook) -> None:
    server.add(Reply(status=401, message="scripted: expired"))
    notebook.run(f"%%cot+ --reasoner claude\n{FAILING}")
    # a second Ctrl-C may come when the first one is being answered: then the line itself ends in it
    notebook.run(
        "from cot_magic.actions import resume\nreal = resume.resume_session\n"
        "def interrupted(*given, **more):\n    resume.resume_session = real\n    raise KeyboardInterrupt\n"
        "resume.resume_session = interrupted"
    )
    ran = notebook.run("%cot_resume")
    assert ran.ename == "KeyboardInterrupt"
    server.script[:] = in_kernel()
    assert "✓ verified" in panel(notebook.run("%cot_resume"))
