"""A PostgreSQL and a Redis of one's own, for as long as they are needed: start, status, stop.

`python services.py start` starts both on free ports of 127.0.0.1, with a data folder and passwords of their
own, and `python services.py stop` ends them and removes the folder. In a notebook, `services.start()` gives
services that end with the kernel, also if that is killed.

The programs are looked for in `COT_SERVICES_PATH` if that is set, else where Debian has PostgreSQL's, and on
PATH.
"""

import fcntl
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import services_keeper
from services_keeper import (
    END_S,
    LOCK,
    PREFIX,
    PROGRAMS,
    USERS,
    Services,
    ServicesError,
    other_user,
    program_of,
)

__all__ = ["Services", "ServicesError", "alive", "missing", "skip_cells", "start", "stop"]
PACKAGES = ("asyncpg", "redis")
USAGE = "usage: python services.py start | status | stop"


def missing() -> str:
    """What the services need and is not there, and how to get it; empty if all is there."""
    absent = sorted({package for program, package in PROGRAMS.items() if program_of(program) is None})
    modules = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    ways = []
    if absent:
        ways.append(f"no {' and no '.join(absent)} found (apt-get install {' '.join(absent)})")
    if modules:
        ways.append(f"no {' and no '.join(modules)} in this Python (pip install {' '.join(modules)})")
    if os.geteuid() == 0 and other_user() is None:
        ways.append(f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS)}")
    return "; ".join(ways)


_held: dict[int, "subprocess.Popen[str]"] = {}


def start(*, attached: bool = True) -> Services:
    """Start both, and wait until they answer. Raises ServicesError.

    Parameters
    ----------
    attached
        They end with this process; otherwise by `stop`.
    """
    if reason := missing():
        raise ServicesError(reason)
    keeper = subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, services_keeper.__file__],
        stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if attached else subprocess.DEVNULL,  # nobody who reads ours waits for its end
        env={**os.environ, "COT_SERVICES_ATTACHED": str(int(attached))},
        text=True,
        start_new_session=True,
    )
    assert keeper.stdout is not None
    with keeper.stdout:
        line = keeper.stdout.readline()
    said: dict[str, Any] = json.loads(line) if line.strip() else {"error": "the keeper ended without a word"}
    if "error" in said:
        _end(keeper)
        raise ServicesError(said["error"])
    _held[keeper.pid] = keeper
    return Services(**{**said, "versions": tuple(said["versions"])})


def stop(running: Services) -> None:
    """End both, and wait until they are gone. Ended ones stay ended."""
    keeper = _held.pop(running.keeper, None)
    if keeper is not None:
        _end(keeper)
    elif alive(running):
        os.kill(running.keeper, signal.SIGTERM)
        until = time.monotonic() + 2 * END_S
        while alive(running) and time.monotonic() < until:
            time.sleep(0.05)


def alive(running: Services) -> bool:
    """Whether the keeper still holds its services: it keeps a lock on their folder, whatever its number."""
    try:
        with open(Path(running.folder, LOCK)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def skip_cells(reason: str, shell: Any) -> None:
    """From the next cell on, each cell says only that it was skipped, and why."""
    line = f"print({f'skipped: {reason}'!r})\n"
    shell.input_transformers_cleanup.insert(0, lambda lines: [line])


def _end(keeper: "subprocess.Popen[str]") -> None:
    keeper.terminate()
    if keeper.stdin is not None:
        keeper.stdin.close()
    keeper.wait(timeout=3 * END_S)


def _state() -> Path:
    return Path(tempfile.gettempdir(), f"{PREFIX}{os.getuid()}.json")


def _known() -> Services | None:
    """The services that this user's `start` left running."""
    try:
        said = json.loads(_state().read_text())
    except FileNotFoundError:
        return None
    running = Services(**{**said, "versions": tuple(said["versions"])})
    return running if alive(running) else None


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in ("start", "status", "stop"):
        print(USAGE, file=sys.stderr)
        return 2
    running, action = _known(), arguments[0]
    try:
        if action == "start" and running is None:
            running = start(attached=False)
            _held.clear()
            fd = os.open(_state(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with open(fd, "w") as file:
                json.dump(asdict(running), file)
    except ServicesError as error:
        print(f"the services cannot start: {error}", file=sys.stderr)
        return 1
    if action == "stop" and running is not None:
        stop(running)
        _state().unlink(missing_ok=True)
    if action == "start":
        print(f"running: {running}\naddresses with passwords: {_state()}")
    else:
        print(
            "not running"
            if running is None
            else f"stopped: {running}"
            if action == "stop"
            else f"running: {running}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
