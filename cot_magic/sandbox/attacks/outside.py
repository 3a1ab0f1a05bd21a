"""What attempts are made on: files, secrets, sockets, memory, a program; and whether any of it changed."""

import contextlib
import ctypes
import fcntl
import hashlib
import logging
import mmap
import multiprocessing
import os
import resource
import select
import signal
import socket
import sqlite3
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping
from multiprocessing import shared_memory
from typing import Any

from cot_magic.sandbox import syscalls
from cot_magic.sandbox.attacks.on_secrets import FOLDERS, IN_HOME, IN_PROJECT, NAMED, VARIABLES
from cot_magic.sandbox.scratch import PREFIX
from cot_magic.sandbox.syscalls import libc

PLANTED = "planted"
LARGE = 65 << 20  # more than is copied when a copy is parked
TIMERFD_CREATE, MQ_OPEN, MQ_UNLINK = 283, 240, 241  # on x86_64, where alone they are used
Look = dict[str, Any]


def planted(token: str, place: str) -> str:
    """A secret for one place; all of a run begin with the token, which begins with `PLANTED`."""
    return f"{token}{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def environment(folder: str, token: str) -> dict[str, str]:
    """The variables of the stage: its folders, and planted secrets."""
    found = {name: pattern.format(planted(token, name)) for name, pattern in VARIABLES.items()}
    found |= {name: os.path.join(folder, path) for name, path in NAMED.items()}
    found |= {name: os.path.join(folder, path) for name, (path, _) in FOLDERS.items()}
    return found | {
        "HOME": os.path.join(folder, "home"),
        "TMPDIR": os.path.join(folder, "tmp"),
        "IPYTHONDIR": os.path.join(folder, "ipython"),
    }


class Outside:
    """A folder with a home, a project and files of secrets, and what a kernel may hold; made once.

    Parameters
    ----------
    folder
        An empty folder of the user who runs this process.
    token
        The start of all planted secrets.
    """

    def __init__(self, folder: str, token: str) -> None:
        self.folder, self.token = folder, token
        self.marker = f"cot-{token.removeprefix(PLANTED)}"
        self.home, self.work = os.path.join(folder, "home"), os.path.join(folder, "project/runs")
        self.temporary = os.path.join(folder, "tmp")
        self._plant_files()
        os.chdir(self.work)
        self.signals: list[int] = []
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGIO, signal.SIGHUP, signal.SIGURG):
            signal.signal(number, lambda number, _: self.signals.append(number))
        self.names: dict[str, Any] = {
            "home": self.home, "work": self.work, "stage": folder, "temporary": self.temporary,
            "marker": self.marker, "kernel_pid": os.getpid(),
            "key_file": os.path.join(self.home, ".ssh/id_rsa"), "key_in_memory": planted(token, "memory"),
        }  # fmt: skip
        self.names |= self._files() | self._sockets() | self._memory() | self._descriptors()
        self.names |= self._queues() | self._terminal()
        self._start_program()

    def _plant_files(self) -> None:
        plain = {
            "home/.bashrc": "original\n", "home/.ssh/authorized_keys": "original\n",
            "home/.ipython/profile_default/startup/README": "", "project/runs/data.csv": "a\n1\n",
            "project/runs/read.txt": "one\ntwo\nthree\n", "project/runs/written.txt": "original",
            "project/runs/folder/inner.txt": "original", "project/runs/.git/hooks/README": "",
            "project/runs/module_of_work.py": "x = 1\n", "project/runs/log.txt": "", "tmp/README": "",
        }  # fmt: skip
        secret = [
            *(f"home/{path}" for path in IN_HOME),
            *(os.path.normpath(f"project/runs/{path}") for path in IN_PROJECT),
            *(path if not name.endswith("_DIR") else f"{path}/kernel-1.json" for name, path in NAMED.items()),
            *("/".join(parts) for parts in FOLDERS.values()),
        ]
        for path, content in plain.items() | {(path, planted(self.token, path)) for path in secret}:
            whole = os.path.join(self.folder, path)
            os.makedirs(os.path.dirname(whole), mode=0o700, exist_ok=True)
            with open(whole, "w", encoding="utf-8") as file:
                file.write(f"url = https://me:{content}@host/" if "/.git" in path else content)
        with contextlib.suppress(OSError):  # not on every file system
            os.setxattr(os.path.join(self.work, "read.txt"), "user.kept", b"1")

    def _files(self) -> dict[str, Any]:
        written = open("written.txt", "r+", encoding="utf-8")  # noqa: SIM115 - kept open, like those below
        fcntl.flock(written.fileno(), fcntl.LOCK_EX)
        base = sqlite3.connect("base.db")
        base.execute("create table t (a)")
        base.commit()
        logger = logging.getLogger(self.marker)
        logger.addHandler(logging.FileHandler("log.txt"))
        logger.propagate = False
        read_from = open("read.txt", encoding="utf-8")  # noqa: SIM115
        read_from.readline()
        return {
            "written": written,
            "base": base,
            "logger": logger,
            "read_from": read_from,
            "kept_folder": tempfile.TemporaryDirectory(dir=self.temporary),
            "folder_fd": os.open(self.work, os.O_RDONLY),
            "secret_folder_fd": os.open(os.path.join(self.home, ".ssh"), os.O_RDONLY),
            "secret_file": open(os.path.join(self.home, ".ssh/id_rsa"), encoding="utf-8"),
        }

    def _sockets(self) -> dict[str, Any]:
        path, abstract = os.path.join(self.temporary, "s"), f"\0{self.marker}"
        tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        unix, hidden = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        places: list[tuple[socket.socket, Any]] = [
            *((tcp, ("127.0.0.1", 0)), (udp, ("127.0.0.1", 0)), (unix, path), (hidden, abstract)),
            (datagrams, f"{path}d"),
        ]
        for one, place in places:
            one.bind(place)
            if one.type == socket.SOCK_STREAM:
                one.listen()
        self._listening = (tcp, udp, unix, hidden, datagrams)
        pair_end, other_end = socket.socketpair()
        pair_end.setblocking(True)
        return {
            "tcp": tcp, "udp": udp, "tcp_port": tcp.getsockname()[1], "udp_port": udp.getsockname()[1],
            "socket_path": path, "datagram_path": f"{path}d", "abstract_name": abstract, "pair_end": pair_end,
            "other_end": other_end,
        }  # fmt: skip

    def _memory(self) -> dict[str, Any]:
        backing = os.open("backing.bin", os.O_RDWR | os.O_CREAT, 0o600)
        os.truncate(backing, LARGE)
        os.pwrite(backing, b"original", 0)
        read_only = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, backing, 0)
        block = shared_memory.SharedMemory(name=self.marker, create=True, size=4096)
        context = multiprocessing.get_context("fork")
        libc.shmat.restype = ctypes.c_void_p
        system_v = libc.shmget(0, 4096, 0o1600)
        found = {
            "anonymous": mmap.mmap(-1, 4096), "large_anonymous": mmap.mmap(-1, LARGE),
            "mapped": mmap.mmap(backing, 4096), "large": mmap.mmap(backing, LARGE), "map_address": read_only,
            "shared_value": context.Value("i", 1), "shared_array": context.Array("i", 4), "block": block,
            "system_v_id": system_v, "system_v_address": libc.shmat(system_v, None, 0),
        }  # fmt: skip
        self._system_v = system_v, found["system_v_address"]
        return found

    def _descriptors(self) -> dict[str, Any]:
        memory = os.memfd_create("of the kernel")
        os.write(memory, b"original")
        pipe_start, pipe_end = os.pipe()
        os.write(pipe_end, b"kept")
        named = os.path.join(self.temporary, "named")
        os.mkfifo(named)
        named_fd = os.open(named, os.O_RDWR)
        os.write(named_fd, b"mine")
        pipes = {"far_pipe": os.path.join(self.folder, "elsewhere/pipe"), "pipe_of_project": "folder/pipe"}
        for path in pipes.values():
            os.mkfifo(path)
        kept = {f"{name}_fd": os.open(path, os.O_RDWR) for name, path in pipes.items()}
        for fd in kept.values():
            os.write(fd, b"mine")
        event = os.eventfd(1) if hasattr(os, "eventfd") else -1
        watch = libc.inotify_init1(os.O_NONBLOCK)
        libc.inotify_add_watch(watch, os.fsencode(os.path.join(self.home, ".ssh")), 0x100)
        open(os.path.join(self.home, ".ssh/noticed"), "w").close()
        waiting = select.epoll()
        waiting.register(pipe_start, select.EPOLLIN)
        return pipes | kept | {
            "memory_fd": memory, "pipe_start": pipe_start, "pipe_end": pipe_end, "named_pipe": named,
            "named_pipe_fd": named_fd, "event_fd": event, "watch_fd": watch, "waiting": waiting,
            "timer_fd": libc.syscall(TIMERFD_CREATE, 1, 0),
        }  # fmt: skip

    def _queues(self) -> dict[str, Any]:
        queue, semaphore = libc.msgget(0, 0o1600), libc.semget(0, 1, 0o1600)
        libc.msgsnd(queue, struct.pack("q", 1) + b"kept", 4, 0)
        name = self.marker.encode()
        posix = libc.syscall(MQ_OPEN, name, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o600, None)
        self._of_system_v = queue, semaphore
        return {"queue_id": queue, "semaphore_id": semaphore, "queue_fd": posix, "queue_name": name}

    def _terminal(self) -> dict[str, Any]:
        import sys

        self._master, slave = os.openpty()
        os.write(self._master, b"typed\n")
        return {
            "terminal": os.ttyname(slave), "terminal_fd": slave, "kept_stream": sys.stdout,
            "kept_output": os.dup(1),
        }  # fmt: skip

    def _start_program(self) -> None:
        """A program of the same user, which an attempt may try to stop or slow."""
        kernel, pid = os.getpid(), os.fork()
        if pid == 0:
            syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != kernel:
                os._exit(0)
            os.closerange(3, 1_024)
            for number in range(1, signal.NSIG):
                with contextlib.suppress(OSError, ValueError):
                    signal.signal(number, signal.SIG_DFL)
            while True:
                signal.pause()
        self.names |= {"victim_pid": pid, "victim_pidfd": os.pidfd_open(pid)}

    # --- whether it changed ---------------------------------------------------------------------------------

    def look(self) -> Look:
        """Everything that an attempt could have changed."""
        names = self.names
        found: Look = {f"{place}/{path}": state for place, path, state in self._tree()}
        for one in self._listening:
            found[f"socket {one.getsockname()!r}"] = _ready(one.fileno())
        for name in (
            "pair_end",
            "other_end",
            "pipe_start",
            "named_pipe_fd",
            "watch_fd",
            "queue_fd",
            "terminal_fd",
        ):
            fd = names[name] if type(names[name]) is int else names[name].fileno()
            found[name] = (_ready(fd), _waiting(fd), fcntl.fcntl(fd, fcntl.F_GETFL))
        found["terminal"] = _ready(self._master)
        folder = names["folder_fd"]
        found["folder_fd"] = (os.lseek(folder, 0, os.SEEK_CUR), fcntl.fcntl(folder, fcntl.F_GETFL))
        for name in ("anonymous", "large_anonymous", "mapped", "large"):
            found[name] = names[name][:8]
        address = self._system_v[1]
        found |= {
            "shared value": names["shared_value"].value, "shared array": names["shared_array"][:],
            "shared lock": names["shared_value"].get_lock()._semlock._get_value(),
            "shared block": bytes(names["block"].buf[:8]), "in memory": os.pread(names["memory_fd"], 9, 0),
            "system V memory": ctypes.string_at(address, 8), "read from": names["read_from"].buffer.tell(),
            "event": _ready(names["event_fd"]), "timer": _ready(names["timer_fd"]),
            "seals": fcntl.fcntl(names["memory_fd"], fcntl.F_GET_SEALS), "signals": list(self.signals),
            "pipe size": fcntl.fcntl(names["pipe_end"], 1032), "clock": _clock(),
        }  # fmt: skip
        return found | self._of_processes() | dict(self._in_the_system())

    def _tree(self) -> Iterator[tuple[str, str, object]]:
        for top in (self.home, os.path.join(self.folder, "project"), self.temporary, "/dev/shm"):  # noqa: S108
            for folder, folders, files in os.walk(top):
                if top == "/dev/shm":  # noqa: S108
                    folders[:], files = [], [name for name in files if self.marker in name]
                folders[:] = [name for name in folders if not name.startswith(PREFIX)]
                for name in (*folders, *files):
                    path = os.path.join(folder, name)
                    yield os.path.basename(top), os.path.relpath(path, top), _state(path)

    def _of_processes(self) -> Look:
        pid = self.names["victim_pid"]
        program: object = "gone"
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            with open(f"/proc/{pid}/oom_score_adj", encoding="utf-8") as file:
                spared = file.read()
            # state, group, session, priority, niceness; not how often it ran
            program = (fields[0] in "SRD", *fields[2:4], *fields[15:17], fields[38], spared, _settings(pid))
        return {"a program": program, "the kernel": (_settings(0), os.getpgid(0), os.umask(os.umask(0o077)))}

    def _in_the_system(self) -> Iterator[tuple[str, object]]:
        queue, semaphore = self._of_system_v
        yield "semaphore", libc.semctl(semaphore, 0, 12)
        with open("/proc/sysvipc/msg", encoding="utf-8") as file:
            yield "queue", [line.split()[:5] for line in file if line.split()[1] == str(queue)]
        with open("/proc/sysvipc/shm", encoding="utf-8") as file:
            yield (
                "system V",
                [line.split()[1:4] for line in file if line.split()[1] == str(self._system_v[0])],
            )
        yield "posix queue", os.pread(self.names["queue_fd"], 99, 0)
        yield "host", socket.gethostname()

    def close(self) -> None:
        """Remove what is not in the folder."""
        libc.shmctl(self._system_v[0], 0, None)
        libc.msgctl(self._of_system_v[0], 0, None)
        libc.semctl(self._of_system_v[1], 0, 0)
        libc.syscall(MQ_UNLINK, self.names["queue_name"])
        with contextlib.suppress(FileNotFoundError):
            self.names["block"].unlink()
        os.kill(self.names["victim_pid"], signal.SIGKILL)
        os.waitpid(self.names["victim_pid"], 0)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of what differs."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _state(path: str) -> object:
    try:
        found = os.lstat(path)
        attributes = os.listxattr(path, follow_symlinks=False)
        content = ""
        if os.path.isfile(path) and found.st_size < 1 << 20:
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        return error.errno
    of_folder = os.path.isdir(path)
    # the links and times of a folder change with the folders of jobs in it
    more = () if of_folder else (found.st_nlink, found.st_mtime_ns, found.st_size, found.st_blocks)
    return (found.st_mode, found.st_uid, found.st_gid, tuple(attributes), content, *more)


def _ready(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))


def _waiting(fd: int) -> bytes | None:
    """How many bytes can be read; None where that is no question."""
    with contextlib.suppress(OSError):
        return fcntl.ioctl(fd, 0x541B, bytes(4))
    return None


def _settings(pid: int) -> tuple[object, ...]:
    limits = tuple(resource.prlimit(pid, kind) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS))
    return (
        os.sched_getaffinity(pid),
        os.getpriority(os.PRIO_PROCESS, pid),
        os.sched_getscheduler(pid),
        limits,
    )


def _clock() -> int:
    """Tells a jump of the clock of more than some seconds."""
    return round((time.time() - time.monotonic()) / 10)
