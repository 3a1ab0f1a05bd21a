"""What the confinement or a lost resource caused is told apart from a failure of the code."""

import errno
import os
import socket
import sqlite3

import pytest

from cot_magic.core.jobs import Outcome
from cot_magic.sandbox.blocked import NO_INPUT, why_blocked

WITHHELD = frozenset({"API_KEY"})


def why(error: BaseException, *, net: bool = False) -> str | None:
    return why_blocked(error, net=net, withheld=WITHHELD)


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "out.csv"),
        OSError(errno.EPERM, "Operation not permitted"),
        OSError(errno.EROFS, "Read-only file system"),
        OSError(errno.EFBIG, "File too large"),
        OSError(errno.EBADF, "Bad file descriptor"),
        MemoryError(),
        BrokenPipeError(),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        socket.gaierror(-3, "Temporary failure in name resolution"),
        RuntimeError("Task got Future attached to a different loop"),
        RuntimeError("can't start new thread"),
        OSError("out of pty devices"),
        sqlite3.OperationalError("database is locked"),
        sqlite3.OperationalError("disk I/O error"),
        sqlite3.OperationalError("attempt to write a readonly database"),
        KeyError("API_KEY"),
        EOFError(NO_INPUT),
        RuntimeError(f"login failed: {NO_INPUT}"),
    ],
)
def test_the_copy_is_the_cause(error):
    assert why(error)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file", "data.csv"),
        IsADirectoryError(errno.EISDIR, "Is a directory"),
        KeyError("OTHER"),
        KeyError(("API_KEY", [])),
        TimeoutError(),
        ValueError("I/O operation on closed file"),
        sqlite3.OperationalError("no such table: t"),
        RuntimeError("asyncio.run() cannot be called from a running event loop"),
        EOFError("EOF when reading a line"),
    ],
)
def test_the_code_is_the_cause(error):
    assert why(error) is None


def test_a_cause_anywhere_in_the_chain_counts():
    try:
        try:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except PermissionError as error:
            raise ValueError("cannot save") from error
    except ValueError as error:
        assert why(error)
    assert why(ExceptionGroup("two", [ValueError(), ExceptionGroup("one", [MemoryError()])]))


def test_a_chain_that_bites_its_tail_ends():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert why(one) is None


def test_a_refused_connection_is_the_codes_own_where_the_network_is_open():
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    assert why(refused, net=True) is None
    assert why(ConnectionResetError(errno.ECONNRESET, "reset"), net=True)


def test_an_exception_whose_text_raises_is_no_reason():
    class Bad(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert why(Bad()) is None


# --- in real copies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "ename"),
    [
        ("raise ConnectionError('queue empty')", "ConnectionError"),
        ("raise PermissionError('only the owner may do this')", "PermissionError"),
        ("import errno\nraise PermissionError(errno.EACCES, 'not for you')", "PermissionError"),
        ("raise BrokenPipeError('the pipeline is broken')", "BrokenPipeError"),
        ("raise MemoryError('too many rows')", "MemoryError"),
        ("raise TimeoutError('slow')", "TimeoutError"),
        ("raise OSError('out of pty devices')", "OSError"),
        ("raise RuntimeError('attached to a different loop')", "RuntimeError"),
        ("raise KeyError('ANTHROPIC_API_KEY')", "KeyError"),
        ("{}['ANTHROPIC_API_KEY']", "KeyError"),
        ("try:\n    raise ConnectionError('queue empty')\nexcept ConnectionError:\n    {}['a']", "KeyError"),
        ("import socket\nraise socket.gaierror(8, 'no such host')", "gaierror"),
        ("import os\nr, w = os.pipe()\nos.close(r)\nos.write(w, b'x')", "BrokenPipeError"),
        ("import os\nr, w = os.pipe()\nos.close(r)\nos.read(r, 1)", "OSError"),
        ("f = open('data.csv')\nf.close()\nf.read()", "ValueError"),
        ("import queue\nqueue.Queue().get_nowait()", "Empty"),
        ("import sqlite3\nsqlite3.connect(':memory:').execute('select * from nothing')", "OperationalError"),
        ("import os, sqlite3, tempfile\npath = os.path.join(tempfile.gettempdir(), 'a.db')\n"
         "one, two = (sqlite3.connect(path, timeout=0, isolation_level=None) for _ in range(2))\n"
         "one.execute('create table t (a)')\none.execute('begin exclusive')\ntwo.execute('insert into t values (1)')",
         "OperationalError"),
        ("import numpy\nnumpy.zeros((10**7, 10**7))", "MemoryError"),
        ("import os\nos.get_terminal_size()", "OSError"),
        ("import sys\nsys.stdout.buffer", "AttributeError"),
    ],
)  # fmt: skip
def test_an_error_of_the_code_itself_is_its_own(kernel, source, ename):
    if not getattr(kernel, "owns_errors", False):
        kernel.park()
        kernel.owns_errors = True
    result = kernel.job(source)
    assert (result.outcome, result.raised.ename) == (Outcome.RAISED, ename), result


LOST = {
    "pandas over the pipe of a program": (
        "import subprocess, pandas\nprogram = subprocess.Popen(['printf', 'a,b\\\\n1,2'], stdout=subprocess.PIPE)",
        "pandas.read_csv(program.stdout)",
    ),
    "the end of a program": (
        "import subprocess\nprogram = subprocess.Popen(['sleep', '60'])",
        "assert program.wait() != 0",
    ),
    "an executor of the kernel": (
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n_ = pool.submit(int).result()",
        "pool.submit(int, '3').result(timeout=0.3)",
    ),
    "a queue that a thread fills": (
        "import queue, threading, time\nitems = queue.Queue()\n"
        "worker = threading.Thread(target=lambda: (time.sleep(60), items.put(1)), daemon=True)\nworker.start()",
        "items.get(timeout=0.2)",
    ),
    "a thread that runs": (
        "import threading, time\nworker = threading.Thread(target=time.sleep, args=(60,), daemon=True)\nworker.start()",
        "assert worker.is_alive()",
    ),
    "a connection": (
        "import socket\nnear, far = socket.socketpair()\nfar.sendall(b'hello')",
        "near.recv(5).decode()",
    ),
    "a connection inside an object": (
        "import socket\nclass Client:\n    def __init__(self): self.near, self.far = socket.socketpair()\n"
        "    def ask(self): return self.near.send(b'?')\nclient = Client()",
        "client.ask()",
    ),
    "a pipe": ("import os\nr, w = os.pipe()\n_ = os.write(w, b'abc')", "os.read(r, 3).decode('ascii')"),
    "an event": ("import os\nevent = os.eventfd(1)", "os.eventfd_read(event)"),
    "what the kernel waits for": (
        "import os, select\nr, w = os.pipe()\n_ = os.write(w, b'x')\n"
        "waiting = select.epoll()\nwaiting.register(r, select.EPOLLIN)",
        "waiting.poll(0)",
    ),
    "what a selector waits for": (
        "import selectors, socket\nnear, far = socket.socketpair()\nchosen = selectors.DefaultSelector()\n"
        "_ = chosen.register(near, selectors.EVENT_WRITE)",
        "chosen.select(0)",
    ),
    "processes of joblib": (
        "import joblib\n_ = joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(n) for n in (-1, -2))",
        "joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(n) for n in (-1, -2))",
    ),
    "a file that is written": ("out = open('log.txt', 'w')", "out.write('x')\nout.flush()"),
    "a database that the kernel has open": (
        "import sqlite3\ndb = sqlite3.connect('kept.db')\n_ = db.execute('create table if not exists t (a)')",
        "db.execute('insert into t values (1)')\ndb.commit()",
    ),
    "a process pool": (
        "import multiprocessing\nmultiprocessing.set_start_method('fork', force=True)\n"
        "process = multiprocessing.Process(target=int)\nprocess.start()",
        "process.join()",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("setup", "source"), LOST.values(), ids=LOST.keys())
def test_a_resource_that_a_copy_has_lost_blocks_and_gives_no_wrong_value(kernel, setup, source):
    kernel.park(setup)
    kernel.owns_errors = False
    result = kernel.job(source)
    assert result.outcome is Outcome.BLOCKED, result
    kernel.run("program.kill(); program.wait()" if "Popen" in setup else "pass")


@pytest.mark.parametrize(
    "source",
    [
        "open('out.csv', 'w')",
        "try:\n    open('out.csv', 'w')\nexcept OSError:\n    {}['a']",
        "import urllib.request\nurllib.request.urlopen('http://example.org')",
        "import subprocess\nsubprocess.run(['ls'])",
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "import socket\nsocket.getaddrinfo('example.org', 80)",
        "import sqlite3\nsqlite3.connect('new.db').execute('create table t (a)')",
        "input()",
        "import os\nos.environ['ANTHROPIC_API_KEY']",
        "import pandas\npandas.DataFrame({'a': [1]}).to_csv('out.csv')",
    ],
)
def test_what_the_system_refused_blocks(kernel, source):
    if not getattr(kernel, "owns_errors", False):
        kernel.park()
        kernel.owns_errors = True
    result = kernel.job(source)
    assert result.outcome is Outcome.BLOCKED, result


def test_an_error_of_the_code_beside_a_lost_resource_stays_its_own(kernel):
    kernel.park(LOST["a thread that runs"][0])
    kernel.owns_errors = False
    result = kernel.job("name = worker.name\nprices = {}\nprices[name]")
    assert (result.outcome, result.raised.ename) == (Outcome.RAISED, "KeyError")
