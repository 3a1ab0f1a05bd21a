"""What the kernel had and a copy has not blocks an experiment, also one that runs to its end."""

import pytest

from cot_magic.core.jobs import Outcome

THREAD = """
import queue, threading, time
asked, answers, seen = queue.Queue(), [], {"n": 0}
def serve():
    while True:
        answers.append(asked.get() * 2)
worker = threading.Thread(target=serve, daemon=True)
worker.start()
from concurrent.futures import ThreadPoolExecutor, wait
pool = ThreadPoolExecutor(1)
_ = pool.submit(int).result()
import subprocess
program = subprocess.Popen(["sleep", "60"])
import socket
near, far = socket.socketpair()
import asyncio
task = asyncio.get_event_loop().create_task(asyncio.sleep(60))
piped = __import__("os").popen("echo hi")
"""
WRONG = {
    "a queue that a thread serves": "asked.put(3)\ntime.sleep(0.2)\nanswers",
    "a thread": "worker.is_alive()",
    "an executor": "len(wait([pool.submit(int)], timeout=0.2).done)",
    "a program": "program.poll() is None",
    "a connection": "try:\n    near.send(b'x')\n    sent = True\nexcept OSError:\n    sent = False\nsent",
    "a function that names it": "def alive(): return worker.is_alive()\nalive()",
    "a task": "task.done()",
    "a pipe that is wrapped": "piped.read()",
}
RIGHT = {
    "a computation": ("sum(range(9))", "36"),
    "a queue": ("own = queue.Queue()\nown.put(5)\nown.get()", "5"),
    "a task of its own": ("own = asyncio.ensure_future(asyncio.sleep(0, 4))\nawait own", "4"),
}  # fmt: skip


@pytest.fixture(scope="module")
def with_resources(kernel):
    kernel.park(THREAD)
    yield kernel
    kernel.run("program.kill(); program.wait(); task.cancel(); near.close(); far.close()")


@pytest.mark.parametrize("source", WRONG.values(), ids=WRONG)
def test_what_a_lost_resource_answers_is_no_result(with_resources, source):
    result = with_resources.job(source)
    assert (result.outcome, result.value) == (Outcome.BLOCKED, None), result
    assert result.note


@pytest.mark.parametrize(("source", "value"), RIGHT.values(), ids=RIGHT)
def test_what_needs_none_of_them_has_a_result(with_resources, source, value):
    result = with_resources.job(source)
    assert (result.outcome, result.value) == (Outcome.PASSED, value), result


def test_waiting_is_a_result_where_no_thread_of_the_notebook_runs(new_kernel):
    new_kernel.park("import time")
    result = new_kernel.job("time.sleep(0.05)\n5")
    assert (result.outcome, result.value) == (Outcome.PASSED, "5")
