"""The guard in a real kernel: a doomed cell does not run, every other cell runs as without it."""

import os
import re
import time
from collections.abc import Iterator

import pytest

from tests.conftest import Kernel
from tests.support.guard_cells import CRASHING, DESCRIBE, HEALTHY, SECRET, SETUP
from tests.support.more_guard_cells import MORE_CRASHING, MORE_HEALTHY

pytestmark = pytest.mark.slow
UNTOUCHED = "Nothing in your kernel changed"
PATIENT = "%cot_config guard_ms=20000"  # a busy machine decides nothing here
EVERYDAY = ("files", "environment", "network")
ALL_CRASHING = CRASHING | MORE_CRASHING
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def quietly(kernel: Kernel, expression: str) -> str:
    """The value of an expression, asked as a front end does: it is no cell, and no copy is given up for it."""
    sent = kernel.client.execute("", silent=True, user_expressions={"value": expression})
    while (reply := kernel.client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != sent:
        pass
    found = reply["content"]["user_expressions"]["value"]
    assert found["status"] == "ok", found
    return str(found["data"]["text/plain"])


def ended(kernel: Kernel) -> str:
    return quietly(kernel, "get_ipython()._cot_magics.state.guard.ended").strip("'")


def started(kernel: Kernel, source: str) -> Kernel:
    for cell in (source, PATIENT, "%cot_guard on"):
        ran = kernel.run(cell)
        assert ran.status == "ok", ran.traceback
    assert "each cell is rehearsed" in ran.stdout
    return kernel


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("crashing"))
    yield started(kernel, SETUP + DESCRIBE)
    kernel.stop()


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    os.environ.update(SECRET)
    kernel = Kernel(tmp_path_factory.mktemp("healthy"))
    for name in SECRET:
        del os.environ[name]
    yield started(kernel, SETUP)
    kernel.stop()


@pytest.fixture
def guarded(shared_kernel: Kernel) -> Kernel:
    shared_kernel.run("%cot_guard off")
    return started(shared_kernel, "total = 3\ndef half(k):\n    return {}[k]")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if place % 16 == 0 and name in CRASHING else [pytest.mark.nightly])
        for place, name in enumerate(ALL_CRASHING)
    ],
)
def test_a_cell_that_crashes_is_stopped_before_it_runs(crashing: Kernel, name: str) -> None:
    before = quietly(crashing, "_describe()")
    ran = crashing.run(ALL_CRASHING[name])
    assert ran.status == "error"
    assert any(UNTOUCHED in bundle.get("text/plain", "") for bundle in ran.displays), ended(crashing)
    assert quietly(crashing, "_describe()") == before


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[] if kind in EVERYDAY else [pytest.mark.nightly])
        for kind in dict.fromkeys(name.partition(":")[0] for name in HEALTHY)
    ],
)
def test_a_healthy_cell_runs(healthy: Kernel, kind: str) -> None:
    run_all(healthy, HEALTHY, kind)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", dict.fromkeys(name.partition(":")[0] for name in MORE_HEALTHY))
def test_a_healthy_cell_of_more_kinds_runs(healthy: Kernel, kind: str) -> None:
    run_all(healthy, MORE_HEALTHY, kind)


def run_all(kernel: Kernel, cells: dict[str, str], kind: str) -> None:
    for name, cell in cells.items():
        if name.startswith(f"{kind}:"):
            ran = kernel.run(cell)
            assert ran.status == "ok", (name, ran.traceback)
            assert "Error in callback" not in ran.stdout, name


@pytest.mark.parametrize(
    ("kept", "used"),
    [
        ("mine = __import__('os').getpid()", "assert __import__('os').getpid() == mine"),
        ("log = open('log', 'w')", "log.write('x')\nlog.close()\nassert open('log').read() == 'x'"),
        (
            "import logging\nlogging.getLogger('x').addHandler(logging.FileHandler('logged'))",
            "logging.getLogger('x').warning('w')\nassert open('logged').read() == 'w\\n'",
        ),
        (
            "import mmap\nfile = open('map', 'w+b')\nfile.truncate(8)\ntable = mmap.mmap(file.fileno(), 8)",
            "table[0] = 1\nassert open('map', 'rb').read(1) == b'\\x01'",
        ),
        (
            "import threading, time\nticks = []\ndef tick():\n    while len(ticks) < 2_000:\n        time.sleep(0.01)\n"
            "        ticks.append(1)\nthreading.Thread(target=tick, daemon=True).start()",
            "before = len(ticks)\ntime.sleep(0.2)\nassert len(ticks) > before",
        ),
        (
            "import asyncio\nbeats = []\nasync def beat():\n    while True:\n        beats.append(1)\n"
            "        await asyncio.sleep(0.01)\ntask = asyncio.ensure_future(beat())",
            "before = len(beats)\nawait asyncio.sleep(0.2)\nassert len(beats) > before\ntask.cancel()",
        ),
    ],
    ids=["process", "file", "log", "map", "thread", "task"],
)
def test_what_only_the_kernel_has_stops_no_cell(guarded: Kernel, kept: str, used: str) -> None:
    guarded.run("%cot_guard off")
    assert guarded.run(kept).status == "ok"
    guarded.run("%cot_guard on")
    ran = guarded.run(used)
    assert ended(guarded) == "blocked"
    assert ran.status == "ok", ran.traceback


def test_a_rehearsed_cell_has_its_own_source_in_the_history(guarded: Kernel) -> None:
    for cell in ("here = len(In)", "assert In[-1].startswith('assert')\nassert len(In) == here + 1"):
        assert guarded.run(cell).status == "ok"
        assert ended(guarded) == "passed"


def test_a_stopped_cell_ends_as_it_would_have_ended(guarded: Kernel) -> None:
    cell = (
        "total = 4\n\ntry:\n    half('a')\nexcept KeyError as error:\n    raise ValueError('no a') from error"
    )
    stopped = guarded.run(cell)
    assert ended(guarded) == "raised"
    assert guarded.value("total") == "3"
    guarded.run("%cot_guard off")
    ran = guarded.run(cell)
    assert guarded.value("total") == "4"
    assert (stopped.status, stopped.ename, stopped.evalue) == (ran.status, ran.ename, ran.evalue)
    assert without_numbers(stopped.traceback) == without_numbers(ran.traceback)
    assert guarded.run("pass").count > ran.count > stopped.count


def without_numbers(traceback: str) -> str:
    return re.sub(r"In\[\d+\]", "In[]", COLOR.sub("", traceback))


def test_the_history_and_the_last_error_are_those_of_the_cell(guarded: Kernel) -> None:
    guarded.run("await half(1)")
    assert ended(guarded) == "raised"
    assert quietly(guarded, "In[-1]") == "'await half(1)'"
    assert quietly(guarded, "__import__('sys').last_value.args") == "(1,)"
    assert quietly(guarded, "get_ipython().custom_exceptions") == "()"
    assert quietly(guarded, "'__cot_stopped__' in vars(__import__('builtins'))") == "False"
    assert quietly(guarded, "get_ipython().ast_transformers") == "[]"


def test_an_exception_is_of_its_own_class(guarded: Kernel) -> None:
    guarded.run("class Late(LookupError):\n    def __str__(self):\n        return f'{self.args[0]} h'")
    ran = guarded.run("raise Late(3)")
    assert (ended(guarded), ran.ename, ran.evalue) == ("raised", "Late", "3 h")
    assert quietly(guarded, "isinstance(__import__('sys').last_value, Late)") == "True"


def test_what_is_foreseen_stops_a_cell_that_a_rehearsal_cannot_finish(guarded: Kernel) -> None:
    guarded.run("%cot_config guard_ms=100")
    ran = guarded.run("total = 5\nimport time\ntime.sleep(60)\nprint(totl)")
    assert (ran.ename, ran.evalue) == ("NameError", "name 'totl' is not defined")
    assert "----> 4 print(totl)" in COLOR.sub("", ran.traceback)
    assert any(UNTOUCHED in bundle.get("text/plain", "") for bundle in ran.displays)
    assert guarded.value("total") == "3"


def test_what_is_only_likely_is_a_hint(guarded: Kernel) -> None:
    guarded.run("%cot_config guard_ms=100")
    ran = guarded.run("import time\ntime.sleep(0.5)\nif total > 100:\n    print(totl)")
    assert ran.status == "ok", ran.traceback
    assert "line 4 may raise NameError: name 'totl' is not defined" in ran.stderr


def test_a_long_cell_is_not_rehearsed_in_full_again(guarded: Kernel) -> None:
    guarded.run("%cot_config guard_ms=100")
    cell = "import time\ntime.sleep(0.3)"
    for expected in (("timed-out",), ("foreseen", "late", "")):  # nothing if there is no copy in time
        assert guarded.run(cell, cell_id="slow").status == "ok"
        assert ended(guarded) in expected


@pytest.mark.parametrize(
    "cell", ["!true", "%who_ls", "%%bash\ntrue", "x = 'input' if False else 1; input and 1"]
)
def test_a_cell_runs_as_without_the_guard(guarded: Kernel, cell: str) -> None:
    assert guarded.run(cell).status == "ok"


def test_a_cell_that_asks_a_person_is_not_rehearsed(guarded: Kernel) -> None:
    ran = guarded.run("total = 9\nname = input('who?')")
    assert ran.ename == "StdinNotImplementedError"
    assert ended(guarded) == ""
    assert guarded.value("total") == "9"


def test_of_a_cell_that_cannot_be_parsed_nothing_runs_anyway(guarded: Kernel) -> None:
    ran = guarded.run("total = 9\nfor name in 'ab'\n    print(name)")
    assert (ran.ename, ended(guarded)) == ("SyntaxError", "")
    assert quietly(guarded, "total") == "3"


def test_one_cell_is_rehearsed_on_request(kernel: Kernel) -> None:
    kernel.run(f"total = 3\n{PATIENT}")
    kernel.run(PATIENT)
    ran = kernel.run("%%cot --rehearse\ntotal = 4\ntotl")
    assert ran.ename == "NameError"
    assert kernel.value("total") == "3"
    assert any(UNTOUCHED in bundle.get("text/plain", "") for bundle in ran.displays)
    assert kernel.run("total = 4\ntotl").ename == "NameError"
    assert kernel.value("total") == "4"


def test_an_interrupt_in_a_rehearsal_is_one_of_the_cell(guarded: Kernel) -> None:
    def interrupt(message: dict) -> None:
        if message["msg_type"] == "execute_input":
            time.sleep(0.5)
            guarded.manager.interrupt_kernel()

    ran = guarded.run("import time\ntotal = 5\ntime.sleep(30)", watch=interrupt)
    assert ran.ename == "KeyboardInterrupt"
    assert guarded.value("total") == "3"


def test_the_guard_takes_on_or_off(kernel: Kernel) -> None:
    ran = kernel.run("%cot_guard maybe")
    assert "%cot_guard takes on or off." in ran.stderr + ran.evalue
