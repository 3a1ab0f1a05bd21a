"""The process that holds a PostgreSQL and a Redis for `services.py`, and ends them when it ends."""

import ctypes
import fcntl
import json
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROGRAMS = {"initdb": "postgresql", "postgres": "postgresql", "redis-server": "redis-server"}
"""Programs, and the Debian package of each."""
PREFIX, LOCK = "cot-services-", "keeper.lock"
USERS = ("postgres", "nobody")
"""Whom root becomes: PostgreSQL refuses to run as root."""
TRIES, READY_S, END_S = 3, 30.0, 15.0
PR_SET_PDEATHSIG = 1
GREETINGS = {
    "postgres": (b"\x00\x00\x00\x13\x00\x03\x00\x00user\x00shop\x00\x00", b"R"),  # protocol 3.0, as shop
    "redis-server": (b"PING\r\n", b"-"),
}
"""What each server is told to see whether it is up, and how an answer begins that asks for the password."""


class ServicesError(Exception):
    """The services cannot be had; the text says why, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Where the services answer. The addresses hold passwords: do not print them.

    Attributes
    ----------
    postgres, redis
        Addresses to connect to, on 127.0.0.1.
    folder
        Their data; it is removed at the end.
    keeper
        Process that holds both, and ends them when it ends.
    """

    postgres: str
    redis: str
    versions: tuple[str, ...]
    folder: str
    keeper: int

    def __str__(self) -> str:
        ports = (address.rpartition(":")[2].partition("/")[0] for address in (self.postgres, self.redis))
        return ", ".join(
            f"{version} on 127.0.0.1:{port}" for version, port in zip(self.versions, ports, strict=True)
        )


def keep() -> int:
    """Start both, print where they are as one line, and hold them until told to end or the parent is gone."""
    attached = os.environ.pop("COT_SERVICES_ATTACHED", "0") == "1"
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        with _folder() as folder, _servers(folder) as (servers, said):
            print(json.dumps(asdict(said)), flush=True)
            while all(server.poll() is None for server in servers):
                if select.select([sys.stdin] if attached else [], [], [], 0.5)[0]:
                    break  # end of file: the parent is gone
    except ServicesError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    return 0


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of our own; what keepers left that were killed is removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/"):
        with suppress(OSError), open(left / LOCK, "r+") as lock:  # held by a keeper, or another user's
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
    if user := other_user():
        os.chown(made, user.pw_uid, user.pw_gid)
    with open(made / LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = made.rename(
            made.with_name(made.name[1:])
        )  # seen by other keepers only now that it is locked
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


@contextmanager
def _servers(folder: Path) -> Iterator[tuple[list["subprocess.Popen[bytes]"], Services]]:
    """Both, started; ended afterwards."""
    servers: list[subprocess.Popen[bytes]] = []
    try:
        postgres = _start_postgres(folder, servers)
        redis = _start_redis(folder, servers)
        versions = (_version("postgres", "PostgreSQL"), _version("redis-server", "Redis"))
        yield (
            servers,
            Services(
                postgres=postgres, redis=redis, versions=versions, folder=str(folder), keeper=os.getpid()
            ),
        )
    finally:
        for server in servers:
            server.send_signal(signal.SIGINT)  # PostgreSQL: end now, in order, without waiting for clients
        for server in servers:
            try:
                server.wait(END_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _start_postgres(folder: Path, servers: list["subprocess.Popen[bytes]"]) -> str:
    data, password = folder / "postgres", secrets.token_hex(16)
    _write(folder / "password", password)
    _run("initdb", "-D", str(data), "-U", "shop", "--pwfile", str(folder / "password"),
         "--auth=scram-sha-256", "--no-sync", "--locale=C", "--encoding=UTF8", folder=folder)  # fmt: skip
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder), "fsync": "off",
                "max_connections": "120", "shared_buffers": "32MB"}  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    port = _listening("postgres", ["-D", str(data), *options, "-p"], folder, servers)
    return f"postgresql://shop:{password}@127.0.0.1:{port}/postgres"


def _start_redis(folder: Path, servers: list["subprocess.Popen[bytes]"]) -> str:
    password = secrets.token_hex(16)
    settings = folder / "redis.conf"  # not on the command line, where every user sees the password
    _write(
        settings,
        f'bind 127.0.0.1\nunixsocket {folder}/redis.sock\nrequirepass {password}\nsave ""\n'
        f"appendonly no\ndir {folder}\n",
    )
    port = _listening("redis-server", [str(settings), "--port"], folder, servers)
    return f"redis://:{password}@127.0.0.1:{port}/0"


def _listening(
    program: str, arguments: list[str], folder: Path, servers: list["subprocess.Popen[bytes]"]
) -> int:
    """Start a server on a free port, and wait until it takes connections; another port if that was taken."""
    log = folder / f"{program}.log"
    for _ in range(TRIES):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = int(sock.getsockname()[1])
        with open(log, "ab") as output:
            server = subprocess.Popen(  # noqa: S603
                [str(program_of(program)), *arguments, str(port)], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env=_environment(folder), cwd=folder, preexec_fn=_end_with_parent,
                **_as_other_user(),
            )  # fmt: skip
        servers.append(server)
        until = time.monotonic() + READY_S
        while server.poll() is None and time.monotonic() < until:
            if _answers(program, port):
                return port
            time.sleep(0.05)
        servers.remove(server)
        server.kill()
        server.wait()
    raise ServicesError(f"{program} does not start: {_last_line(log)}")


def _answers(program: str, port: int) -> bool:
    """Whether a server takes connections and asks for the password: one that starts up says otherwise."""
    greeting, wanted = GREETINGS[program]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as sock:
            sock.sendall(greeting)
            return sock.recv(1) == wanted
    except OSError:
        return False


def _end_with_parent() -> None:
    """In the new process: a keeper that is killed takes its servers with it (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _run(program: str, *arguments: str, folder: Path) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603
        [str(program_of(program)), *arguments], env=_environment(folder), cwd=folder, capture_output=True,
        text=True, **_as_other_user(),
    )  # fmt: skip
    if done.returncode:
        raise ServicesError(f"{program} failed: {(done.stderr.strip() or 'no word').splitlines()[-1]}")
    return done.stdout


def _version(program: str, name: str) -> str:
    text = _run(program, "--version", folder=Path("/"))
    words = text.replace("v=", "").split()
    return f"{name} {next(word for word in words if word[:1].isdigit())}"


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def program_of(name: str) -> Path | None:
    given = os.environ.get("COT_SERVICES_PATH")
    if given is not None:
        folders = [Path(part) for part in given.split(os.pathsep) if part]
    else:
        known = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
        folders = [*reversed(known), *map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))]
    return next((folder / name for folder in folders if os.access(folder / name, os.X_OK)), None)


def _write(file: Path, text: str) -> None:
    """A file that only the servers' user reads."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    if user := other_user():
        os.chown(file, user.pw_uid, user.pw_gid)


def _as_other_user() -> dict[str, Any]:
    user = other_user()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def other_user() -> pwd.struct_passwd | None:
    """Whom the servers run as where this is root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in USERS:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(keep())
