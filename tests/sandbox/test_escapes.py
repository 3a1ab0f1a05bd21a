"""What a job tries on the world outside fails, and is told as BLOCKED or has no effect."""

import pytest

from cot_magic.core.jobs import Job, JobStep, Outcome
from cot_magic.sandbox import landlock

HOSTILE_SETUP = """
import socket, tempfile, threading
tcp = socket.socket(); tcp.bind(('127.0.0.1', 0)); tcp.listen(); tcp_port = tcp.getsockname()[1]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(('127.0.0.1', 0)); udp_port = udp.getsockname()[1]
socket_path = tempfile.mkdtemp() + '/socket'
unix = socket.socket(socket.AF_UNIX); unix.bind(socket_path); unix.listen()
abstract = socket.socket(socket.AF_UNIX); abstract.bind('\\0cot-test-' + str(os.getpid())); abstract.listen()
one, other = socket.socketpair(); other.setblocking(False)
datagram_path = socket_path + '-datagrams'
datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); datagrams.bind(datagram_path)
kernel_pid = os.getpid()
import ctypes, mmap
named_pipe = socket_path + '-pipe'; os.mkfifo(named_pipe); kept_end = os.open(named_pipe, os.O_RDWR); os.write(kept_end, b'mine')
in_memory = os.memfd_create('of the kernel'); os.write(in_memory, b'original')
backing = open('backing.bin', 'w+b'); backing.write(b'o' * (65 << 20)); backing.flush()
read_only = mmap.mmap(backing.fileno(), 4096, prot=mmap.PROT_READ)
large = mmap.mmap(backing.fileno(), 65 << 20, offset=0)
anonymous = mmap.mmap(-1, 65 << 20); anonymous[:8] = b'original'
libc = ctypes.CDLL(None, use_errno=True)
key_file = open(os.path.expanduser('~/.ssh/id_rsa'))
"""
PROBES = {
    "write a file of the working directory": "open('data.csv', 'a').write('evil')",
    "make a file in the working directory": "open('new.txt', 'w').write('evil')",
    "append to the shell's start-up file": "open(os.path.expanduser('~/.bashrc'), 'a').write('evil')",
    "write to /tmp": "open(f'/tmp/cot-test-{kernel_pid}', 'w')",
    "empty a file by opening it to read": "os.open('data.csv', os.O_RDONLY | os.O_TRUNC)",
    "send a datagram to a path": "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); a.sendto(b'evil', datagram_path)",
    "have a signal sent": "import fcntl; fcntl.fcntl(open('data.csv'), fcntl.F_SETOWN, kernel_pid)",
    "lease a file": "import fcntl; fcntl.fcntl(open('data.csv'), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
    "change the flags of a file": "import fcntl; fcntl.ioctl(open('data.csv'), 0x40086602, b'\\x10' + bytes(7))",
    "type on a terminal": "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSTI, b'x')",
    "read a named pipe": "open(named_pipe).read()",
    "read a named pipe through a link": "import tempfile; l = tempfile.gettempdir() + '/l'; os.symlink(named_pipe, l); open(l).read()",
    "read credentials that the kernel has open": "key_file.read()",
    "open a terminal": "os.open('/dev/ptmx', os.O_RDONLY)",
    "make a file in memory": "os.memfd_create('beyond the limit')",
    "write to shared memory": "open(f'/dev/shm/cot-test-{kernel_pid}', 'w')",
    "rename a file": "os.rename('data.csv', 'renamed.csv')",
    "remove a file": "os.remove('data.csv')",
    "write through a link": "import tempfile; os.symlink(os.getcwd(), tempfile.gettempdir() + '/l');"
    " open(tempfile.gettempdir() + '/l/linked.txt', 'w')",
    "read an SSH key": "open(os.path.expanduser('~/.ssh/id_rsa')).read()",
    "read the profiles of the model's client": "open(os.path.expanduser('~/.config/anthropic/default.json')).read()",
    "read the kernel's connection file": "open(get_ipython().kernel.parent.abs_connection_file).read()",
    "read the environment of the kernel": "open(f'/proc/{kernel_pid}/environ', 'rb').read()",
    "read the memory of the kernel": "open(f'/proc/{kernel_pid}/mem', 'rb')",
    "read the environment of the parked copy": "open(f'/proc/{os.getppid()}/environ', 'rb').read()",
    "connect by TCP": "socket.create_connection(('127.0.0.1', tcp_port), timeout=2)",
    "listen": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
    "send by UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'evil', ('127.0.0.1', udp_port))",
    "connect to a unix socket": "socket.socket(socket.AF_UNIX).connect(socket_path)",
    "connect to an abstract socket": "socket.socket(socket.AF_UNIX).connect(f'\\0cot-test-{kernel_pid}')",
    "kill the kernel": "os.kill(kernel_pid, 9)",
    "kill the parked copy": "os.kill(os.getppid(), 9)",
    "kill all": "os.kill(-1, 9)",
    "kill the group of the kernel": "os.killpg(os.getpgid(kernel_pid), 9)",
    "signal by pidfd": "os.pidfd_open(kernel_pid)",
    "limit the kernel": "import resource; resource.prlimit(kernel_pid, resource.RLIMIT_NOFILE, (8, 8))",
    "bind the kernel to a processor": "os.sched_setaffinity(kernel_pid, {0})",
    "leave the session": "os.setsid()",
    "leave the group": "os.setpgid(0, kernel_pid)",
    "run a program": "import subprocess; subprocess.run(['id'])",
    "run by the shell": "os.posix_spawn('/bin/true', ['true'], {})",
    "fork": "os.fork()",
    "multiprocessing": "import multiprocessing; multiprocessing.get_context('fork').Process(target=print).start()",
}
RAW_CALLS = {
    "ptrace the kernel": "libc.ptrace(0x4206, kernel_pid, 0, 0)",
    "unshare namespaces": "libc.unshare(0x10000000)",
    "io_uring": "libc.syscall(425, 4, ctypes.create_string_buffer(120))",
    "System V memory": "libc.shmget(0, 4096, 0o1600)",
    "outlive the kernel": "libc.prctl(1, 0, 0, 0, 0)",
    "a call newer than the list": "libc.syscall(463, 0, 0, 0, 0, 0, 0)",
    "read a queue of messages": "libc.msgrcv(0, ctypes.create_string_buffer(64), 8, 0, 0o4000)",
    "open with flags in memory": "libc.syscall(437, -100, b'data.csv', ctypes.create_string_buffer(24), 24)",
    "read memory of the kernel": "libc.process_vm_readv(kernel_pid, 0, 0, 0, 0, 0)",
}
ON_MEMORY = (
    "fd = os.open(f'/proc/self/fd/{in_memory}', os.O_RDWR); os.pwrite(fd, b'changed!', 0)",
    "os.pwrite(in_memory, b'changed!', 0)",
    "address = ctypes.addressof(ctypes.c_char.from_buffer(large)); libc.mprotect(ctypes.c_void_p(address), 4096, 3); large[:4] = b'evil'",
    "anonymous[:8] = b'changed!'",
    "import numpy; address = numpy.frombuffer(read_only, 'u1').ctypes.data\n"
    "libc.mprotect(ctypes.c_void_p(address), 4096, 3); ctypes.memmove(address, b'evil', 4)",
)
NO_EFFECT = {
    "chmod": ("os.chmod('data.csv', 0o600)", "oct(os.stat('data.csv').st_mode)"),
    "utime": ("os.utime('data.csv', (1, 1))", "os.stat('data.csv').st_mtime"),
    "setxattr": ("os.setxattr('data.csv', 'user.evil', b'1')", "os.listxattr('data.csv')"),
}
WITHHELD = {
    "os.environ": "'ANTHROPIC_API_KEY' in os.environ",
    "posix.environ": "import posix\nb'ANTHROPIC_API_KEY' in posix.environ",
    "getenv": "get = ctypes.CDLL(None).getenv; get.restype = ctypes.c_char_p\nget(b'ANTHROPIC_API_KEY') is not None",
    "/proc/self/environ": "b'sk-ant' in open('/proc/self/environ', 'rb').read()",
}


@pytest.fixture(scope="module")
def hostile(kernel):
    kernel.park(HOSTILE_SETUP)
    return kernel


@pytest.mark.parametrize("attempt", PROBES)
def test_an_attempt_is_blocked(hostile, attempt):
    before = sorted(path.name for path in hostile.cwd.iterdir())
    result = hostile.job("import os, socket", PROBES[attempt] + "\n'escaped'")
    assert result.outcome is Outcome.BLOCKED, result
    assert result.value is None
    assert result.note.startswith("not permitted in a sandboxed copy")
    assert sorted(path.name for path in hostile.cwd.iterdir()) == before
    assert (hostile.cwd / "data.csv").read_text() == "a\n1\n"
    assert (hostile.home / ".bashrc").read_text() == "original\n"


@pytest.mark.slow
def test_the_kernel_and_its_sockets_are_untouched_after_all_attempts(hostile):
    sources = [*PROBES.values(), "os.write(one.fileno(), b'evil')", "other.send(b'evil')", *ON_MEMORY]
    for start in range(0, len(sources), 8):
        hostile.jobs(*(Job(steps=(JobStep(source="import os\n" + s),)) for s in sources[start : start + 8]))
    hostile.run("tcp.setblocking(False); udp.setblocking(False); unix.setblocking(False)")
    hostile.run("datagrams.setblocking(False)")
    for call in ("tcp.accept()", "udp.recv(9)", "unix.accept()", "other.recv(9)", "datagrams.recv(9)"):
        assert hostile.execute(call)[1].startswith("BlockingIOError"), call
    assert hostile.run("print(os.read(kept_end, 9))") == "b'mine'\n"
    seen = "print(os.pread(in_memory, 8, 0), read_only[:4], large[:4], anonymous[:8])"
    assert hostile.run(seen) == "b'original' b'oooo' b'oooo' b'original'\n"
    assert hostile.job("1 + 1").value == "2"


@pytest.mark.parametrize(
    "version", [pytest.param(n, marks=() if n in (1, 4) else pytest.mark.nightly) for n in range(1, 8)]
)
def test_nothing_gets_out_with_an_older_landlock(hostile, version):
    if version > landlock.abi():
        pytest.skip(f"this Linux has no Landlock {version}")
    before = sorted(path.name for path in hostile.cwd.iterdir())
    hostile.park(f"from cot_magic.sandbox import landlock; landlock.abi = lambda: {version}")
    try:
        jobs = [
            Job(steps=(JobStep(source=f"import os, socket\n{source}\n'escaped'"),))
            for source in PROBES.values()
        ]
        results = [
            result for start in range(0, len(jobs), 16) for result in hostile.jobs(*jobs[start : start + 16])
        ]
    finally:
        hostile.run("import importlib; importlib.reload(landlock)")
        hostile.park(HOSTILE_SETUP)
    assert {
        name: result
        for name, result in zip(PROBES, results, strict=True)
        if result.outcome is not Outcome.BLOCKED
    } == {}
    assert sorted(path.name for path in hostile.cwd.iterdir()) == before
    assert (hostile.cwd / "data.csv").read_text() == "a\n1\n"


def test_large_shared_memory_can_be_written_in_a_copy(hostile):
    result = hostile.job(
        "large[:4] = b'mine'; anonymous[:4] = b'mine'; (large[:5], anonymous[:8], read_only[:4])"
    )
    assert result.value == "(b'mineo', b'mineinal', b'oooo')"


@pytest.mark.parametrize("attempt", RAW_CALLS)
def test_a_system_call_is_refused(hostile, attempt):
    result = hostile.job(f"({RAW_CALLS[attempt]}, ctypes.get_errno())")
    assert result.value in ("(-1, 1)", "(-1, 38)"), result


@pytest.mark.parametrize("attempt", NO_EFFECT)
def test_changes_of_metadata_do_nothing(hostile, attempt):
    change, look = NO_EFFECT[attempt]
    before = hostile.run(f"print({look})")
    assert hostile.job(f"import os; {change}").outcome is Outcome.PASSED
    assert hostile.run(f"print({look})") == before


@pytest.mark.parametrize("place", WITHHELD)
def test_a_key_of_the_environment_is_not_there(hostile, place):
    assert hostile.job("import os", WITHHELD[place]).held is False
    assert hostile.run("print(os.environ['ANTHROPIC_API_KEY'])") == "sk-ant-test-1234567890\n"


def test_code_that_needs_a_withheld_variable_is_blocked_and_not_wrong(hostile):
    result = hostile.job("import os; os.environ['ANTHROPIC_API_KEY']")
    assert result.outcome is Outcome.BLOCKED
    assert "withheld" in result.note
    assert hostile.job("import os; os.environ['NO_SUCH_THING']").outcome is Outcome.RAISED


def test_what_is_harmless_works(hostile):
    result = hostile.job(
        "import tempfile, threading, shutil, os",
        "assert open('data.csv').read() == 'a\\n1\\n'",
        "assert open(os.path.expanduser('~/.config/matplotlibrc')).read() == 'readable'",
        "with tempfile.NamedTemporaryFile('w') as f: f.write('x'); f.flush()",
        "t = threading.Thread(target=lambda: print('thread')); t.start(); t.join()",
        "shutil.copy2('data.csv', tempfile.gettempdir()); open(os.devnull, 'w').write('x')",
        "a, b = socket.socketpair(); a.send(b'x'); b.recv(1)",
    )
    assert (result.outcome, result.output, result.effects) == (Outcome.PASSED, "thread\n", ())


def test_the_effects_name_what_was_attempted(hostile):
    result = hostile.job(
        "import subprocess, socket, os, pathlib\n"
        "def attempt(call, *args):\n    try: call(*args)\n    except OSError: pass\n"
        "attempt(open, 'out.csv', 'w'); attempt(subprocess.run, ['git', 'push']); attempt(os.remove, pathlib.Path('data.csv'))\n"
        "attempt(os.rename, 'data.csv', 'b.csv'); attempt(os.system, 'rm x')\n"
        "s, _ = socket.socketpair(); attempt(s.connect, '/run/x.sock')\n"
    )
    assert result.outcome is Outcome.PASSED
    assert result.effects == (
        "write out.csv", "run git push", "remove data.csv", "rename data.csv to b.csv", "run rm x",
        "connect /run/x.sock",
    )  # fmt: skip


def test_a_forged_result_of_no_known_shape_is_no_result(hostile):
    result = hostile.job(
        'import os\nfor fd in range(3, 300):\n    try: os.write(fd, b\'\\n{"result": {"outcome": 3}}\\n\')\n'
        "    except OSError: pass\nos._exit(0)"
    )
    assert (result.outcome, result.held) == (Outcome.CRASHED, None)
    assert "it wrote to the pipe on which results are reported" in result.tampered


class TestWhatThePersonAllows:
    def test_net_opens_connections_but_no_unix_sockets(self, hostile):
        hostile.run("tcp.setblocking(True)")
        connected = hostile.job(
            "socket.create_connection(('127.0.0.1', tcp_port), timeout=5).close()", allow=("net",)
        )
        unix = hostile.job("socket.socket(socket.AF_UNIX).connect(socket_path)", allow=("net",))
        assert connected.outcome is Outcome.PASSED
        assert connected.effects[-1:] == (f"connect 127.0.0.1:{hostile.run('print(tcp_port)').strip()}",)
        assert unix.outcome is Outcome.BLOCKED
        hostile.run("tcp.accept()[0].close()")

    def test_write_opens_one_folder(self, hostile):
        (hostile.cwd / "open").mkdir(exist_ok=True)
        allow = (f"write={hostile.cwd}/open",)
        assert hostile.job("open('open/new.txt', 'w').write('x')", allow=allow).outcome is Outcome.PASSED
        assert (hostile.cwd / "open" / "new.txt").read_text() == "x"
        assert hostile.job("open('new.txt', 'w')", allow=allow).outcome is Outcome.BLOCKED

    def test_unconfined_lifts_nothing_where_copies_are_confined(self, hostile):
        assert hostile.job("open('new.txt', 'w')", allow=("unconfined",)).outcome is Outcome.BLOCKED
        assert hostile.job("socket.socket()", allow=("unconfined",)).outcome is Outcome.BLOCKED

    def test_write_does_not_open_protected_names(self, hostile):
        tree = hostile.cwd / "project"
        (tree / ".git" / "hooks").mkdir(parents=True, exist_ok=True)
        (tree / "src").mkdir(exist_ok=True)
        (tree / "here.txt").write_text("")
        allow = (f"write={tree}",)
        outcomes = [
            hostile.job(f"open('project/{name}', 'w').write('x')", allow=allow).outcome
            for name in ("here.txt", "src/new.py", ".git/hooks/pre-commit", ".bashrc")
        ]
        assert outcomes == [Outcome.PASSED, Outcome.PASSED, Outcome.BLOCKED, Outcome.BLOCKED]

    @pytest.mark.parametrize("path", ["/", "~/.ssh", "no/such/folder"])
    def test_write_refuses_what_cannot_be_opened_and_then_runs_nothing(self, hostile, path):
        result = hostile.job("print('ran')", allow=(f"write={path}",))
        assert (result.outcome, result.output) == (Outcome.BLOCKED, "")
        assert f"cannot allow write={path}: " in result.note

    def test_the_home_folder_gets_no_new_files(self, hostile):
        (hostile.home / "notes.txt").write_text("")
        allow = ("write=~",)
        source = "import os; open(os.path.expanduser('~/{}'), 'w').write('x')"
        outcomes = [
            hostile.job(source.format(n), allow=allow).outcome for n in ("notes.txt", ".bashrc", ".zshrc")
        ]
        assert outcomes == [Outcome.PASSED, Outcome.BLOCKED, Outcome.BLOCKED]

    def test_proc_runs_programs_that_end_with_the_job(self, hostile):
        result = hostile.job(
            "import subprocess, os\nprint(subprocess.run(['echo', 'hello'], capture_output=True, text=True).stdout)\n"
            "child = subprocess.Popen(['sleep', '300']); child.pid",
            "os.kill(kernel_pid, 0)",
            allow=("proc",),
        )
        assert result.output == "hello\n\n"
        assert result.outcome is Outcome.BLOCKED  # the signal to the kernel
        alone = hostile.job("subprocess.Popen(['sleep', '300']).pid", "import subprocess", allow=("proc",))
        assert alone.outcome is Outcome.RAISED
        started = hostile.job("import subprocess; subprocess.Popen(['sleep', '300']).pid", allow=("proc",))
        assert hostile.execute(f"os.kill({started.value}, 0)")[1].startswith("ProcessLookupError")

    def test_what_is_not_known_is_refused(self, hostile):
        assert "choose from net, proc, write=PATH" in hostile.job("1", allow=("nett",)).note
        assert hostile.execute("park(allow=('everything',))")[1].startswith("SandboxError")


FAIL_CLOSED = {
    "Landlock is refused": "syscalls.LANDLOCK_RESTRICT_SELF = 9999",
    "Landlock takes no rules": "syscalls.LANDLOCK_ADD_RULE = 9999",
    "Landlock is not there": "syscalls.LANDLOCK_CREATE_RULESET = 9999",
    "Landlock does nothing": "landlock.restrict = lambda **_: None",
    "seccomp is refused": "syscalls.PR_SET_SECCOMP = 9999",
    "seccomp does nothing": "seccomp.install = lambda code: None",
    "no limits can be set": "import resource; resource.RLIMIT_CPU = 9999",
    "privileges stay": "syscalls.PR_SET_NO_NEW_PRIVS = 9999",
}


@pytest.mark.parametrize("broken", FAIL_CLOSED)
def test_where_a_part_of_the_confinement_fails_nothing_runs(plain_ipython, broken):
    printed = plain_ipython(
        "from cot_magic.core.jobs import JobStep\nfrom cot_magic.sandbox import landlock, seccomp, syscalls\n"
        f"snapshot.probe()\n{FAIL_CLOSED[broken]}\npark()\n"
        "result = S.run([Job(steps=(JobStep(source='print(1)'), JobStep(source='open(\"/tmp/ran\", \"w\")')))])[0]\n"
        "print(result.outcome, repr(result.output), result.effects, result.note)"
    )
    assert printed.startswith("BLOCKED '' () nothing was run: "), printed


@pytest.mark.parametrize("broken", ["Landlock is refused", "Landlock is not there", "seccomp does nothing"])
def test_the_probe_says_that_nothing_can_be_confined(plain_ipython, broken):
    printed = plain_ipython(
        "from cot_magic.sandbox import landlock, seccomp, syscalls\n"
        f"{FAIL_CLOSED[broken]}\npark(); print(S.status().available, S.status().reason)"
    )
    assert printed.startswith("False "), printed


TROUBLE = {
    "no temporary folder": (
        "import tempfile; tempfile.tempdir = '/nonexistent'",
        "No such file or directory",
    ),
    "no further process": (
        "import errno\ndef fork(): raise BlockingIOError(errno.EAGAIN, 'Resource temporarily unavailable')\nos.fork = fork",
        "Resource temporarily unavailable",
    ),
}


@pytest.mark.parametrize("kind", TROUBLE)
def test_where_no_copy_can_be_made_the_reason_is_given_and_passes(plain_ipython, kind):
    broken, reason = TROUBLE[kind]
    printed = plain_ipython(
        f"import tempfile; fork, tempdir = os.fork, tempfile.gettempdir()\nkept = fork\n{broken}\n"
        "park(); print(S.status().available, S.status().reason)\n"
        "os.fork, tempfile.tempdir = kept, tempdir\npark(); print(S.status().available)"
    )
    assert printed == f"False copies of the kernel could not be tried: {reason}\nTrue\n"


def test_without_a_folder_for_its_files_nothing_runs(plain_ipython):
    printed = plain_ipython(
        "import tempfile\nfrom cot_magic.core.errors import SandboxError\nfrom cot_magic.core.jobs import JobStep\npark()\n"
        "tempfile.tempdir = '/nonexistent'\n"
        "try: S.run([Job(steps=(JobStep(source='1'),))])\nexcept SandboxError as error: print(error)"
    )
    assert printed.startswith("no folder for temporary files: No such file or directory: /nonexistent"), (
        printed
    )


def test_a_set_up_of_the_copy_that_fails_runs_nothing(plain_ipython):
    printed = plain_ipython(
        "from cot_magic.core.jobs import JobStep\nfrom cot_magic.sandbox import rebind\n"
        "def broken(shell): raise RuntimeError('no way')\nrebind.rebind = broken\npark()\n"
        "print(S.run([Job(steps=(JobStep(source='print(1)'),))])[0].note)"
    )
    assert printed == "nothing was run: the copy could not be set up: RuntimeError: no way\n"
