"""Words for what a job tries to do outside its copy, from CPython's audit events."""

import errno
import os
import pathlib
import stat
import sys
from collections.abc import Callable, Collection
from typing import Any

MOST = 50
LONGEST = 200
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
DEVICES = ("/dev/null", "/dev/full", "/dev/tty", "/dev/urandom")
ON_A_PATH = {
    "os.remove": "remove",
    "os.rmdir": "remove folder",
    "os.mkdir": "make folder",
    "os.truncate": "truncate",
    "os.chmod": "change mode of",
    "os.chown": "change owner of",
    "os.utime": "change times of",
    "os.setxattr": "change attributes of",
    "os.removexattr": "change attributes of",
    "shutil.rmtree": "remove folder",
    "sqlite3.connect": "open database",
}
ON_TWO_PATHS = {"os.rename": "rename", "os.link": "link", "os.symlink": "link"}
ALONE = {"os.fork": "fork a process", "os.forkpty": "fork a process", "pty.spawn": "run in a terminal"}
Word = Callable[[str, tuple[Any, ...]], str | None]


def watch(scratch: str, report: Callable[[str], None]) -> Collection[str]:
    """Report each attempt once, at most 50; what stays in `scratch` is no effect. Cannot be undone.

    Opening a named pipe is refused here, as Landlock cannot do it: what is read is lost to its reader.

    Returns the attempts so far, which grow.
    """
    seen: set[str] = set()
    inside, own = False, os.path.realpath(scratch)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal inside
        if event == "open" and _is_pipe(arguments[0], own):
            opened = f"open the pipe {_text(arguments[0])}"[:LONGEST]
            if opened not in seen and len(seen) < MOST:
                seen.add(opened)
                report(opened)
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        if event not in WATCHED or inside or len(seen) >= MOST:
            return
        inside = True  # do not report what happens in here
        try:
            effect = word(event, arguments, scratch)
            if effect and effect not in seen:
                seen.add(effect)
                report(effect)
        finally:
            inside = False

    sys.addaudithook(hook)
    return seen


def _is_pipe(path: Any, scratch: str) -> bool:
    """Whether it is a named pipe of someone else; `/dev/stdout` and its like are the job's own."""
    text = _text(path)
    if type(path) is int:
        return False
    try:
        if not stat.S_ISFIFO(os.stat(text).st_mode):
            return False
        # a pipe of the job itself has no path: its link reads `/proc/<pid>/fd/pipe:[<inode>]`
        real = os.path.realpath(text)
        return not real.startswith((f"{scratch}/", "/proc/"))
    except (OSError, ValueError):
        return False  # whoever opens it hears the same


def word(event: str, arguments: tuple[Any, ...], scratch: str) -> str | None:
    """The effect of an audit event in words; None if it reaches nothing outside `scratch`.

    Looks at exact built-in types only, so that no user code runs in a hook.
    """
    effect = _word(event, arguments, scratch)
    return effect[:LONGEST] if effect else None


def _word(event: str, arguments: tuple[Any, ...], scratch: str) -> str | None:
    if event == "open":
        path, _, flags = arguments
        if not (type(flags) is int and flags & WRITING):
            return None
        return _about("write", path, scratch)
    if event in ON_A_PATH:
        return _about(ON_A_PATH[event], arguments[0], scratch)
    if event in ON_TWO_PATHS:
        source, target = _about("", arguments[0], scratch), _about("", arguments[1], scratch)
        return (
            f"{ON_TWO_PATHS[event]} {_text(arguments[0])} to {_text(arguments[1])}"
            if source or target
            else None
        )
    if event in ALONE:
        return ALONE[event]
    return _network_or_process(event, arguments)


def _network_or_process(event: str, arguments: tuple[Any, ...]) -> str | None:
    match event:
        case "socket.connect" | "socket.bind" | "socket.sendto":
            return f"{event.removeprefix('socket.')} {_address(arguments[1])}"
        case "socket.getaddrinfo" | "socket.gethostbyname":
            return f"look up {_text(arguments[0])}"
        case "urllib.Request":
            return f"fetch {_text(arguments[0])}"
        case "subprocess.Popen":
            return f"run {_command(arguments[0], arguments[1])}"
        case "os.system":
            return f"run {_text(arguments[0])}"
        case "os.exec" | "os.posix_spawn" | "os.spawn":
            return f"run {_text(arguments[1] if event == 'os.spawn' else arguments[0])}"
        case "os.kill" | "os.killpg" if type(arguments[0]) is int and arguments[0] != os.getpid():
            return f"send signal {arguments[1]:d} to process {arguments[0]}"
        case _:
            return None


WATCHED = frozenset({
    "open", *ON_A_PATH, *ON_TWO_PATHS, *ALONE, "socket.connect", "socket.bind", "socket.sendto",
    "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "subprocess.Popen", "os.system",
    "os.exec", "os.posix_spawn", "os.spawn", "os.kill", "os.killpg",
})  # fmt: skip


def _about(verb: str, path: Any, scratch: str) -> str | None:
    text = _text(path)
    if type(path) is int or text in DEVICES or text.startswith(("/proc/self/", ":memory:", scratch)):
        return None
    here = os.getcwd() + "/"
    return f"{verb} {text.removeprefix(here)}"


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if type(value) is bytes:
        return os.fsdecode(value)
    if type(value) is pathlib.PosixPath:
        return str(value)
    return f"descriptor {value}" if type(value) is int else type(value).__name__


def _address(address: Any) -> str:
    if type(address) is tuple and len(address) >= 2 and type(address[1]) is int:
        return f"{_text(address[0])}:{address[1]}"
    return _text(address)


def _command(program: Any, arguments: Any) -> str:
    if type(arguments) in (list, tuple):
        return " ".join(map(_text, arguments))
    return _text(arguments if arguments is not None else program)
