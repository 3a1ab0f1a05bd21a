"""Snapshots of a live kernel: the state before the cell is kept, and nothing of a copy leaks into the kernel."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cot_magic.core.errors import SandboxError
from cot_magic.core.jobs import Job, JobStep, Limits, Outcome, SandboxStatus
from cot_magic.sandbox.snapshot import NoSandbox


def children(pid: int) -> set[int]:
    """All processes below that one, zombies too."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    found, before = {pid}, set[int]()
    while found != before:
        before = set(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found - {pid}


def gone(pids: set[int]) -> bool:
    """Whether all ended, within a time that only a broken program needs."""
    for _ in range(500):
        states = [state for pid in pids if (state := state_of(pid)) not in (None, "Z")]
        if not states:
            return True
        time.sleep(0.02)
    return False


def state_of(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return None


def test_the_right_fix_passes_although_the_failing_cell_changed_the_state(kernel):
    kernel.park("columns = {'a': 1, 'b': 2}")
    _, error = kernel.execute("del columns['a']; columns['a']")
    assert error == "KeyError: 'a'"
    for _ in range(2):  # each job starts from the same state again
        fixed, as_it_was = kernel.jobs(
            *(
                Job(steps=(JobStep(source=s),))
                for s in ("del columns['a']; columns['b'] == 2", "columns['a']; 1/0")
            )
        )
        assert (fixed.outcome, fixed.held) == (Outcome.PASSED, True)
        assert as_it_was.raised.ename == "ZeroDivisionError"
    assert kernel.run("print(columns)") == "{'b': 2}\n"


@pytest.mark.slow
def test_a_column_dropped_in_place_is_there_again(kernel):
    pytest.importorskip("pandas")
    kernel.park("import pandas as pd; df = pd.DataFrame({'a': [1], 'b': [2]})")
    _, error = kernel.execute("df.drop(columns='a', inplace=True); df['a']")
    assert error == "KeyError: 'a'"
    result = kernel.job("df.drop(columns='a', inplace=True); df['b'].sum() == 2", "list(df.columns)")
    assert (result.outcome, result.value) == (Outcome.PASSED, "['b']")


def test_a_snapshot_parked_by_a_hook_holds_the_state_before_that_cell(kernel):
    kernel.run("S.close() if 'S' in globals() else None")
    kernel.run(
        "items = [1]\ndef once(info):\n    park(); get_ipython().events.unregister('pre_run_cell', once)"
    )
    kernel.run("get_ipython().events.register('pre_run_cell', once)")
    kernel.execute("items.append(2); items[5]")
    assert kernel.job("items").value == "[1]"


def test_nothing_that_a_job_shows_reaches_the_front_end(kernel):
    pytest.importorskip("ipywidgets")
    kernel.park(
        "import logging, ipywidgets\n"
        "logger = logging.getLogger('old'); logger.addHandler(logging.StreamHandler(sys.stdout))\n"
        "saved = sys.stdout; slider = ipywidgets.IntSlider(value=3)"
    )
    result = kernel.job(
        "import sys, os, ctypes\nfrom IPython.display import display, HTML, clear_output\n"
        "print('printed'); print('error', file=sys.stderr); logger.warning('logged'); saved.write('saved\\n')\n"
        "display(HTML('<b>x</b>')); display(7); os.write(1, b'raw\\n'); sys.__stdout__.write('dunder\\n')\n"
        "slider.value = 9; display(slider); ipywidgets.IntText(5); clear_output()\n"
        "ctypes.CDLL(None).puts(b'from C'); ctypes.CDLL(None).fflush(None); slider.value"
    )
    assert result.outcome is Outcome.PASSED
    assert result.value == "9"
    for text in (
        "printed",
        "error",
        "logged",
        "saved",
        "<IPython.core.display.HTML object>",
        "7",
        "raw",
        "dunder",
    ):
        assert text in result.output
    assert "from C" in result.output
    kinds = {message["msg_type"] for message in kernel.messages}
    assert kinds <= {"status", "execute_input", "stream"}  # the stream is what the test itself printed
    assert kernel.run("print(slider.value)") == "3\n"


def test_inherited_files_and_shared_memory_of_the_kernel_stay_as_they_are(kernel):
    kernel.park(
        "import mmap, multiprocessing\n"
        "open('in.txt', 'w').write('one\\ntwo\\nthree\\n'); reading = open('in.txt'); reading.readline()\n"
        "writing = open('out.txt', 'w'); writing.write('kernel|')\n"
        "backing = open('map.bin', 'w+b'); backing.write(b'a' * 5000); backing.flush()\n"
        "mapped = mmap.mmap(backing.fileno(), 5000); shared = multiprocessing.Value('i', 3)"
    )
    kernel.run("mapped[1:2] = b'k'; shared.value = 4")  # after the snapshot: a copy must not see it
    result = kernel.job(
        "first = (mapped[0:2], shared.value, reading.readline()); mapped[0:1] = b'z'; shared.value = 55; first"
    )
    assert result.value == "(b'aa', 3, 'two\\n')"
    assert kernel.job("writing.write('copy'); writing.flush()").outcome is Outcome.BLOCKED
    kernel.run("writing.write('again'); writing.close()")
    assert kernel.run("print(mapped[0:2], shared.value, reading.readline(), open('out.txt').read())") == (
        "b'ak' 4 two\n kernel|again\n"
    )


def test_the_parked_copy_does_not_hold_a_port_that_the_cell_closes(kernel):
    kernel.park(
        "import socket\nserver = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen()\n"
        "port = server.getsockname()[1]"
    )
    kernel.run("server.close(); again = socket.socket(); again.bind(('127.0.0.1', port)); again.close()")
    assert kernel.job("1").outcome is Outcome.PASSED


def test_a_secret_of_the_environment_is_redacted_where_a_job_shows_it(kernel):
    kernel.park("held = os.environ['ANTHROPIC_API_KEY']")
    shown = kernel.job("print(held); held", watch=("held",))
    raised = kernel.job("raise ValueError(held)")
    assert shown.output == "[ANTHROPIC_API_KEY]\n"
    assert shown.value == "'[ANTHROPIC_API_KEY]'"
    assert shown.state[0].text == "'[ANTHROPIC_API_KEY]'"
    assert raised.raised.evalue == "[ANTHROPIC_API_KEY]"


def test_hooks_see_that_they_are_in_a_copy(kernel):
    kernel.park()
    assert kernel.job("snapshot.in_child()").held is True
    assert kernel.run("print(snapshot.in_child())") == "False\n"


def test_a_copy_is_not_copied_again(kernel):
    kernel.park()
    assert kernel.job("park(); S.status().reason").value == "'a copy cannot be copied again'"


def test_results_are_in_the_order_of_the_jobs(kernel):
    kernel.park()
    jobs = [
        Job(steps=(JobStep(source=f"import time; time.sleep({0.2 if n == 0 else 0}); {n}"),))
        for n in range(5)
    ]
    assert [result.value for result in kernel.jobs(*jobs)] == ["0", "1", "2", "3", "4"]


def test_the_state_after_the_failure_is_named_as_such(kernel):
    kernel.run("S.close()\nS = snapshot.park_after(get_ipython(), describe=describe)")
    assert kernel.run("print(S.status().available, S.status().state)") == "True after\n"
    assert "the state after the failure" in kernel.run("print(S.status().reason)")
    assert kernel.job("1 + 1").value == "2"


def test_an_interrupt_stops_the_job_and_leaves_the_snapshot_usable(kernel):
    kernel.park("kept = 5")
    pid = int(kernel.run("print(os.getpid())"))

    def interrupt_when_it_runs() -> None:
        while len(children(pid)) < 2:
            time.sleep(0.02)
        os.kill(pid, signal.SIGINT)

    thread = threading.Thread(target=interrupt_when_it_runs)
    thread.start()
    job = "Job(steps=(JobStep(source='while True: pass'),), limits=Limits(wall_s=60, cpu_s=60))"
    _, error = kernel.execute(f"from cot_magic.core.jobs import JobStep, Limits\nS.run([{job}])")
    thread.join()
    assert error.startswith("KeyboardInterrupt")
    assert kernel.job("kept").value == "5"
    kernel.run("S.close()")
    assert gone(children(pid))


@pytest.mark.slow
def test_a_hundred_jobs_leave_no_process_descriptor_or_folder(kernel):
    kernel.park()
    pid = int(kernel.run("print(os.getpid())"))
    count = "print(len(os.listdir('/proc/self/fd')), os.listdir(S._scratch.path))"
    kernel.job("1")
    before = kernel.run(count)
    copies = children(pid)
    for _ in range(10):
        results = kernel.jobs(
            *(
                Job(steps=(JobStep(source="import tempfile; open(tempfile.mkstemp()[1], 'w').write('x')"),))
                for _ in range(10)
            )
        )
        assert {result.outcome for result in results} == {Outcome.PASSED}
    after = kernel.run(count)
    assert int(after.split()[0]) < int(before.split()[0]) + 10  # the kernel itself opens and closes some
    assert after.split()[1] == "[]"
    assert children(pid) == copies
    scratch = Path(kernel.run("print(S._scratch.path)").strip())
    assert scratch.is_dir()
    kernel.run("S.close(); S.close()")
    assert gone(copies)
    assert not scratch.exists()


@pytest.mark.slow
def test_copies_die_with_the_kernel(new_kernel):
    new_kernel.park()
    pid = int(new_kernel.run("print(os.getpid())"))
    job = "Job(steps=(JobStep(source='import time; time.sleep(100)'),), limits=Limits(wall_s=100))"
    new_kernel.client.execute(f"from cot_magic.core.jobs import JobStep, Limits\nS.run([{job}])")
    while len(children(pid)) < 2:  # the parked copy and its job
        time.sleep(0.02)
    copies = children(pid)
    os.kill(pid, signal.SIGKILL)
    assert gone({pid, *copies})  # the kernel too: while it ends, a busy machine has it for alive


@pytest.mark.slow
def test_a_copy_that_is_killed_is_reported_and_the_kernel_lives(kernel):
    kernel.park()
    pid = int(kernel.run("print(S._pid)"))
    os.kill(pid, signal.SIGKILL)
    result = kernel.job("1")
    assert (result.outcome, result.note) == (Outcome.BLOCKED, "the copy of the kernel died")
    _, error = kernel.execute("S.run([Job(steps=())])")
    assert error.startswith("SandboxError: the copy of the kernel died")
    assert kernel.run("print(S.status().available)") == "False\n"


@pytest.mark.slow
def test_threads_of_the_user_that_print_and_log_do_not_hang_jobs(kernel):
    kernel.run(
        "import threading, logging, time\nfrom cot_magic.core.jobs import JobStep\nstop = False\nlog = logging.getLogger('noisy')\n"
        "log.addHandler(logging.StreamHandler(sys.stdout)); log.propagate = False\n"
        "def noise():\n    while not stop:\n        log.warning('x'); [dict(a=1) for _ in range(50)]; time.sleep(.01)\n"
        "threads = [threading.Thread(target=noise) for _ in range(3)]; [t.start() for t in threads]"
    )
    for _ in range(20):
        kernel.park()
        kernel.run("R = S.run([Job(steps=(JobStep(source=\"log.warning('copy'); print('copy')\"),))] * 2)")
        assert "['PASSED', 'PASSED']" in kernel.run("print([str(r.outcome) for r in R])")
    kernel.run("stop = True; [t.join() for t in threads]")


def test_a_kernel_above_the_size_limit_is_not_copied(kernel):
    kernel.run("S.close(); park(size_limit_mb=1)")
    assert "copies are made up to 1 MB" in kernel.run("print(S.status().reason)")
    _, error = kernel.execute("S.run([])")
    assert error.startswith("SandboxError")


@pytest.mark.parametrize(
    ("setup", "reason"),
    [
        (
            "sys.modules['jax'] = sys",
            "a copy of this kernel could hang: the threads of jax do not survive a fork",
        ),
        ("park = snapshot._park; import threading", "main thread"),
    ],
)
def test_a_kernel_that_could_hang_in_a_copy_is_not_copied(plain_ipython, setup, reason):
    run = "sandbox = snapshot.park(shell, describe=describe)"
    if "thread" in reason and "main" in reason:
        run = (
            "def run():\n    global sandbox\n    sandbox = snapshot.park(shell, describe=describe)\n"
            "thread = threading.Thread(target=run); thread.start(); thread.join()"
        )
    assert reason in plain_ipython(f"{setup}\n{run}\nprint(sandbox.status().reason)")


def test_elsewhere_than_on_linux_there_is_a_reason_and_nothing_of_linux_is_loaded():
    code = (
        "import sys; sys.platform = 'darwin'\nfrom cot_magic.sandbox import snapshot\n"
        "print(snapshot.park(None, describe=None).status().reason, snapshot.probe().available)\n"
        "assert 'cot_magic.sandbox.syscalls' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("copies of the kernel need Linux")
    assert done.stdout.endswith("False\n")


def test_no_sandbox_says_why_and_runs_nothing():
    sandbox = NoSandbox("it is too large")
    assert (sandbox.status().available, sandbox.status().reason) == (False, "it is too large")
    with pytest.raises(SandboxError, match=r"it is too large\. No generated code was run\."):
        sandbox.run([Job(steps=(JobStep(source="1"),), limits=Limits())])
    sandbox.close()


def test_a_plain_ipython_is_copied_as_well(plain_ipython):
    printed = plain_ipython(
        "import asyncio\nshell.run_cell('x = [1]'); park(); shell.run_cell('x.append(2)')\n"
        "from cot_magic.core.jobs import JobStep\n"
        "job = lambda source: Job(steps=(JobStep(source=source),))\n"
        "for result in S.run([job('print(x)'), job('import asyncio; asyncio.run(asyncio.sleep(0, 3))'),"
        " job('import asyncio\\nawait asyncio.sleep(0, 4)')]): print(result.outcome, result.output, result.value)\n"
        "S.close()"
    )
    assert printed == "PASSED [1]\n None\nPASSED  3\nPASSED  4\n"


def test_a_process_that_the_user_forks_does_not_close_the_snapshot(plain_ipython):
    printed = plain_ipython(
        "from cot_magic.core.jobs import JobStep\nimport warnings; warnings.simplefilter('ignore')\n"
        "park()\npid = os.fork()\nif pid == 0: sys.exit(0)\nos.waitpid(pid, 0)\n"
        "print(S.run([Job(steps=(JobStep(source='1'),))])[0].outcome)"
    )
    assert printed == "PASSED\n"


@pytest.mark.parametrize("moment", ["fork", "Snapshot"])
def test_ctrl_c_while_a_copy_is_made_leaves_no_socket_open(monkeypatch, moment):
    from types import SimpleNamespace

    from cot_magic.sandbox import snapshot

    pairs, pair = [], snapshot.socket.socketpair

    def noted():
        pairs.append(pair())
        return pairs[-1]

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(snapshot.socket, "socketpair", noted)
    monkeypatch.setattr(snapshot.os, "fork", interrupted if moment == "fork" else lambda: 1)
    monkeypatch.setattr(snapshot, "Snapshot", interrupted)
    with pytest.raises(KeyboardInterrupt):
        snapshot._fork(SimpleNamespace(user_ns={}), describe_nothing, (), SandboxStatus(available=True), None)
    assert [end.fileno() for ends in pairs for end in ends] == [-1, -1]


def describe_nothing(error, cells):
    raise AssertionError
