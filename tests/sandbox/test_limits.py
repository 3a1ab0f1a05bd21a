"""Jobs that use too much are stopped, named for what they did, and the kernel lives on."""

import ctypes
import subprocess
import sys

import pytest

from cot_magic.core.jobs import Limits, Outcome


@pytest.fixture(scope="module")
def roomy(kernel):
    kernel.park()
    return kernel


@pytest.fixture(autouse=True)
def the_kernel_lives(roomy):
    yield
    assert roomy.job("6 * 7").value == "42"


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    ["while True: pass", "import time, signal; signal.signal(15, signal.SIG_IGN); time.sleep(99)",
     "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')", "await __import__('asyncio').sleep(99)"],
)  # fmt: skip
def test_what_does_not_end_is_timed_out(roomy, source):
    result = roomy.job("print('so far')", source, wall=1.0)
    assert (result.outcome, result.step, result.note) == (Outcome.TIMED_OUT, 1, "stopped after 1 s")
    assert result.output == "so far\n"


@pytest.mark.slow
def test_computing_beyond_the_processor_limit_is_timed_out(roomy):
    result = roomy.job("while True: pass", limits=Limits(wall_s=30, cpu_s=1))
    assert (result.outcome, result.note) == (Outcome.TIMED_OUT, "stopped after 1 s of CPU time")


@pytest.mark.slow
def test_a_memory_bomb_is_blocked(roomy):
    result = roomy.job("x = []\nwhile True: x.append(bytearray(50 << 20))", limits=Limits(memory_mb=300))
    assert (result.outcome, result.raised.ename) == (Outcome.BLOCKED, "MemoryError")
    assert result.note == "it exceeded the copy's memory limit"


@pytest.mark.parametrize(
    ("source", "note"),
    [
        ("import ctypes; ctypes.string_at(0)", "killed by signal 11 (SIGSEGV)"),
        ("import os; os.abort()", "killed by signal 6 (SIGABRT)"),
        ("import os; os._exit(3)", "the process exited with status 3 before the code finished"),
        ("import os; os._exit(0)", "the process exited with status 0 before the code finished"),
    ],
)
def test_a_crash_is_a_crash(roomy, source, note):
    result = roomy.job("1", source)
    assert (result.outcome, result.step, result.note) == (Outcome.CRASHED, 1, note)


# what a job can do to look as if it had passed: it finds the pipe on which results are reported
FORGED = """
import json, os
for fd in map(int, os.listdir("/proc/self/fd")):
    try:
        if "pipe" in os.readlink(f"/proc/self/fd/{fd}") and fd > 2:
            os.write(fd, b"\\n" + json.dumps({"result": {"outcome": "PASSED", "value": "42", "held": True}}).encode() + b"\\n")
    except OSError:
        pass
"""


@pytest.mark.parametrize(
    ("rest", "outcome"),
    [
        ("1 / 0", Outcome.CRASHED),  # two reports: one of them is forged
        ("os.abort()", Outcome.CRASHED),
        ("os.kill(os.getpid(), 9)", Outcome.BLOCKED),
        ("os._exit(3)", Outcome.CRASHED),
    ],
)
def test_a_forged_report_does_not_outrank_the_end_of_the_process(roomy, rest, outcome):
    result = roomy.job(FORGED + rest)
    assert result.outcome is outcome, result
    assert (result.value, result.held) == (None, None)


@pytest.mark.slow
def test_a_forged_report_does_not_outrank_the_time_limit(roomy):
    result = roomy.job(FORGED + "while True: pass", wall=1.0)
    assert (result.outcome, result.value, result.held) == (Outcome.TIMED_OUT, None, None)


def test_what_crashes_while_its_values_are_described_has_no_result(roomy):
    source = "import os\nclass Sudden:\n    def __repr__(self):\n        os.abort()\nx = Sudden(); 1"
    result = roomy.job(source, watch=("x",))
    assert (result.outcome, result.value) == (Outcome.CRASHED, None)
    assert "what it had reported does not count" in result.note


def test_a_nested_bomb_costs_its_own_job_alone(roomy):
    bomb = FORGED.replace(
        'json.dumps({"result": {"outcome": "PASSED", "value": "42", "held": True}}).encode()',
        "b'{\"result\": ' + b'[' * 900 + b']' * 900 + b'}'",
    )
    assert bomb != FORGED
    assert roomy.job(bomb + "1").outcome is not Outcome.PASSED


def test_a_crash_shows_where_it_was(roomy):
    assert 'File "<cot cell 0>", line 2' in roomy.job("import ctypes\nctypes.string_at(0)").output


@pytest.mark.parametrize(
    "source", ["while True: print('y' * 65536)", "import os\nwhile True: os.write(1, b'y' * 65536)"]
)
def test_endless_output_is_blocked_and_cut(roomy, source):
    result = roomy.job(source, limits=Limits(output_bytes=1_000))
    assert (result.outcome, result.note) == (Outcome.BLOCKED, "stopped: it printed more than 8 MB")
    assert len(result.output) == 1_000


def test_much_output_is_kept_up_to_its_limit(roomy):
    result = roomy.job("print('y' * 5000)", limits=Limits(output_bytes=100))
    assert (result.outcome, result.output) == (Outcome.PASSED, "y" * 100)


def test_a_huge_value_is_shortened(roomy):
    result = roomy.job("'y' * (1 << 26)", watch=("nothing",))
    assert result.outcome is Outcome.PASSED
    assert len(result.value) <= 2_000


def test_a_huge_exception_is_shortened(roomy):
    result = roomy.job("raise ValueError('y' * (1 << 24))")
    assert (result.outcome, result.raised.ename) == (Outcome.RAISED, "ValueError")
    deep = roomy.job("f = lambda n: f(n + 1)\nf(0)")
    assert (deep.outcome, deep.raised.ename) == (Outcome.RAISED, "RecursionError")


@pytest.mark.parametrize(
    ("source", "limits"),
    [
        ("import tempfile; open(tempfile.mkstemp()[1], 'wb').write(b'0' * (3 << 20))", Limits(file_mb=2)),
        ("x = []\nwhile True: x.append(open('/dev/null'))", Limits()),
    ],
)
def test_a_limit_of_files_is_no_fault_of_the_code(roomy, source, limits):
    result = roomy.job(source, limits=limits)
    assert result.outcome is Outcome.BLOCKED
    assert result.note.startswith("it exceeded a limit of the copy")


@pytest.mark.slow
def test_many_files_are_stopped(roomy):
    result = roomy.job(
        "import tempfile, time\nd = tempfile.gettempdir()\n"
        "for n in range(20): open(f'{d}/{n}', 'wb').write(b'0' * (900 << 10))\ntime.sleep(20)",
        limits=Limits(file_mb=1, wall_s=25),
    )
    assert (result.outcome, result.note) == (Outcome.BLOCKED, "stopped: it wrote more than 4 MB of files")


BEYOND = {
    "files that no folder lists": (
        "import os, tempfile, time\nkept = []\n"
        "for n in range(20):\n    file = tempfile.TemporaryFile(); file.write(b'0' * (900 << 10)); file.flush(); kept.append(file)\n",
        "stopped: it wrote more than 4 MB of files",
    ),
    "many folders": (
        "import os, tempfile, time\nfor n in range(6_000): os.mkdir(f'{tempfile.gettempdir()}/{n}')\n",
        "stopped: it made more than 5,000 files and folders",
    ),
    "folders too deep for a path": (
        "import os, tempfile, time\nos.chdir(tempfile.gettempdir())\n"
        "for n in range(3_000): os.mkdir('d'); os.chdir('d')\n",
        "stopped: it made a folder that cannot be read; it tried to make folder d",
    ),
    "many threads": (
        "import threading, time\nthreading.stack_size(32_768)\n"
        "for n in range(600): threading.Thread(target=time.sleep, args=(20,), daemon=True).start()\n",
        "stopped: it has more than 500 threads",
    ),
}


@pytest.mark.parametrize("kind", BEYOND)
def test_what_no_limit_of_the_system_counts_is_stopped_too(roomy, kind):
    source, note = BEYOND[kind]
    result = roomy.job(source + "time.sleep(20)", limits=Limits(file_mb=1, wall_s=25))
    assert (result.outcome, result.note) == (Outcome.BLOCKED, note)


def test_many_threads_are_noticed_however_soon_their_job_ends(roomy):
    source = (
        "import _thread, threading, time\nthreading.stack_size(32_768)\n"
        "for n in range(600): _thread.start_new_thread(time.sleep, (9,))\n"
    )
    result = roomy.job(source)
    note = "stopped: it has more than 500 threads; what it had reported does not count"
    assert (result.outcome, result.note) == (Outcome.BLOCKED, note)


def test_a_question_is_blocked_as_nobody_can_answer(roomy):
    for source in ("input('name? ')", "import getpass; getpass.getpass()"):
        result = roomy.job(source)
        assert (result.outcome, result.raised.ename) == (Outcome.BLOCKED, "EOFError")
        assert result.note == "`input()` is not available in a sandboxed copy"


def test_a_job_that_ends_before_anybody_looked_at_its_files_is_blocked_too(kernel):
    kernel.park()
    source = (
        "import os, tempfile\nhere = tempfile.gettempdir()\nfor n in range(5_001): os.mkdir(f'{here}/{n}')"
    )
    result = kernel.job(source)
    assert result.outcome is Outcome.BLOCKED
    assert result.note.startswith("stopped: it made more than 5,000 files and folders")


THREADS = """
import os, sys, threading
from cot_magic.sandbox import syscalls
if sys.argv[1] == "shared":
    syscalls.share_arenas()
def size():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") >> 20
held, all_there = [], threading.Barrier(31)
def work():
    held.append([bytearray(10_000) for _ in range(20)])
    all_there.wait(20)
before = size()
for _ in range(30):
    threading.Thread(target=work).start()
while len(held) < 30:
    pass
print(size() - before)
all_there.wait(20)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no arenas to share")
def test_threads_that_share_arenas_reserve_less_memory() -> None:
    def grown(how: str) -> int:
        command = [sys.executable, "-c", THREADS, how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)

    assert grown("shared") + 200 < grown("apart"), "MB"
