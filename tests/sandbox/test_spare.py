"""A spare runs a job as a copy would that is forked when the job is known, and nothing of it is left."""

import os
from pathlib import Path

import pytest

from cot_magic.core.jobs import Limits, Outcome
from tests.sandbox.conftest import job

STATE = """
import asyncio, gc, linecache, os, random, resource, signal, sys, tempfile, threading
[
    len(os.listdir('/proc/self/fd')), random.random(), gc.isenabled(), gc.get_threshold(), os.getcwd(),
    [resource.getrlimit(kind) for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)],
    os.getsid(0) == os.getpid(), threading.active_count(), os.listdir(tempfile.gettempdir()), sorted(os.environ),
    signal.getsignal(signal.SIGINT) is signal.default_int_handler, open('/proc/self/oom_score_adj').read(),
    [line for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewPrivs', 'Seccomp'))],
    globals().get('left'), len(asyncio.all_tasks()), sys.get_asyncgen_hooks()[0] is None,
    sorted(name for name in linecache.cache if 'rehears' in name), 'get_code_name' in vars(get_ipython().compile),
    sorted(name for name in get_ipython().compile._filename_map if 'rehears' in name),
]
"""


def children(pid: int) -> set[int]:
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(name))
    return found


def parked(kernel) -> int:
    return int(kernel.run("print(S._pid)"))


def spares(kernel) -> set[int]:
    """Wait until there are as many as processors, at most two: the parked copy makes them after its answer."""
    wanted, pid = min(2, len(os.sched_getaffinity(0))), parked(kernel)
    while len(found := children(pid)) < wanted:
        assert os.path.exists(f"/proc/{pid}")
    return found


@pytest.fixture
def waiting(kernel):
    """A kernel whose parked copy has spares."""
    kernel.park()
    kernel.job("1")
    kernel.job("1")
    return kernel


def test_a_job_finds_the_same_in_a_spare_as_in_a_new_copy(kernel):
    kernel.park("import random; random.seed(4)")
    first = kernel.job(STATE, "os.getpid()")
    kernel.job("1")
    ready = spares(kernel)
    second = kernel.job(STATE, "os.getpid()")
    assert (first.outcome, second.outcome) == (Outcome.PASSED, Outcome.PASSED)
    assert int(first.value) not in ready
    assert int(second.value) in ready
    (one,), (other,) = (kernel.jobs(job(STATE)) for _ in range(2))
    kernel.park("import random; random.seed(4)")
    (new,) = kernel.jobs(job(STATE))
    assert one.value == other.value == new.value
    assert new.value is not None


def test_what_a_spare_rehearses_counts_no_task(kernel):
    kernel.park()
    source = "import asyncio, os\n(asyncio.current_task().get_name(), os.getpid())"
    name, _ = eval(kernel.job(source).value)
    kernel.job("1")
    ready = spares(kernel)
    again, pid = eval(kernel.job(source).value)
    assert (again, pid in ready) == (name, True)


def test_a_job_sees_nothing_of_the_one_before(waiting):
    spares(waiting)
    leave = "left = 1\nimport builtins, os, tempfile\nbuiltins.left = 1\nos.environ['LEFT'] = '1'"
    waiting.job(f"{leave}\nopen(tempfile.gettempdir() + '/left', 'w').close()")
    look = "import builtins, os, tempfile\n[hasattr(builtins, 'left'), os.environ.get('LEFT'), 'left' in globals(),"
    assert waiting.job(f"{look} os.listdir(tempfile.gettempdir())]").value == "[False, None, False, []]"


def test_what_may_be_read_is_decided_when_the_job_starts(waiting):
    spares(waiting)
    secret, plain = waiting.cwd / ".env", waiting.cwd / "plain.txt"
    secret.write_text("PRIVATE")
    plain.write_text("x")
    try:
        assert waiting.job("open('.env').read()").outcome is Outcome.BLOCKED
        spares(waiting)  # now the folder is opened entry by entry
        (waiting.cwd / "later.txt").write_text("x")
        assert waiting.job("open('later.txt').read() + open('plain.txt').read()").value == "'xx'"
    finally:
        for name in (".env", "plain.txt", "later.txt"):
            (waiting.cwd / name).unlink(missing_ok=True)


def test_the_limits_are_those_of_the_job(waiting):
    spares(waiting)
    small = Limits(wall_s=20.0, cpu_s=7, file_mb=1)
    source = "import resource\n[resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_FSIZE)]"
    assert waiting.job(source, limits=small).value == "[(7, 8), (1048576, 1048576)]"


def test_a_job_that_is_too_long_or_asks_for_more_gets_a_copy_of_its_own(waiting):
    ready = spares(waiting)
    long = waiting.job(f"x = '{'y' * 70_000}'\nimport os\nos.getpid()")
    assert long.outcome is Outcome.PASSED
    assert int(long.value) not in ready
    ready = spares(waiting)
    disguised = waiting.job("import os\nos.getpid()", disguised=True)
    assert int(disguised.value) not in ready


def test_a_spare_that_was_killed_is_replaced(waiting):
    for pid in spares(waiting):
        os.kill(pid, 9)
    assert waiting.job("1").value == "1"


KILLED_BESIDE_THE_JOB = """
import os, signal
from cot_magic.sandbox.spare import Spare
run = Spare.run

def run_and_die(spare, job):
    os.kill(spare.started.pid, signal.SIGSTOP)  # it reads the job, and gets no further
    sent = run(spare, job)
    os.kill(spare.started.pid, signal.SIGKILL)
    return sent

Spare.run = run_and_die
"""
EACH_COPY_IS_NOTED = """
import os
from cot_magic.sandbox import forked
run_job = forked.run_job

def noted(*args):
    with open("copies", "a") as file:
        file.write("x")
    run_job(*args)

forked.run_job = noted
"""


def test_a_job_whose_spare_is_killed_before_any_of_it_ran_is_run_in_a_new_copy(new_kernel):
    new_kernel.park(KILLED_BESIDE_THE_JOB)
    new_kernel.job("1")
    new_kernel.job("1")
    ready = spares(new_kernel)
    result = new_kernel.job("import os\nprint('once')\nos.getpid()")
    assert (result.outcome, result.output, result.note) == (Outcome.PASSED, "once\n", "")
    assert int(result.value) not in ready


def test_a_job_whose_copies_are_killed_during_setup_is_given_up_after_the_second(new_kernel):
    die = "forked._enter = lambda *args, **options: os.kill(os.getpid(), 9)"
    new_kernel.park(EACH_COPY_IS_NOTED + die)
    result = new_kernel.job("1")
    assert (result.outcome, result.note) == (Outcome.BLOCKED, "nothing was run: the copy ended during setup")
    assert (new_kernel.cwd / "copies").read_text() == "xx"
    assert new_kernel.run("print(os.listdir(S._scratch.path))") == "[]\n"


def test_a_job_of_which_anything_may_have_run_is_not_run_again(new_kernel):
    new_kernel.park(EACH_COPY_IS_NOTED)
    assert new_kernel.job("import os\nos.kill(os.getpid(), 9)").outcome is Outcome.BLOCKED
    assert (new_kernel.cwd / "copies").read_text() == "x"


def test_no_spare_outlives_its_snapshot(waiting):
    ready = spares(waiting)
    waiting.run("S.close()")
    assert not {pid for pid in ready if os.path.exists(f"/proc/{pid}")}


def test_cells_that_pass_and_jobs_together_cost_no_spare(kernel):
    kernel.park()
    kernel.run("import time; time.sleep(0.3)")
    assert children(parked(kernel)) == set()
    kernel.jobs(job("1"), job("2"), job("3"))
    kernel.run("import time; time.sleep(0.3)")
    assert children(parked(kernel)) == set()
