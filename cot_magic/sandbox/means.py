"""What confines a new process where Linux's own means are missing, by the system that this is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Protocol

from cot_magic.sandbox import app_container, bubblewrap, seatbelt
from cot_magic.sandbox.bounds import Bounds

Command = Callable[[Bounds, Sequence[str]], list[str]]


class ConfinedProcess(Protocol):
    """A process that was started in its bounds, with three pipes."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; raises `subprocess.TimeoutExpired`."""
        ...

    def kill(self) -> None: ...


class Means(Protocol):
    """One way to start a process that is confined from its first instruction.

    `name` is in words; `confines` is False only for what a person asked for by `--allow unconfined`.
    """

    @property
    def name(self) -> str: ...

    @property
    def confines(self) -> bool: ...

    def start(
        self, bounds: Bounds, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> ConfinedProcess:
        """Raises OSError or ValueError; nothing runs then."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCommand:
    """Means that are a program of the system which starts another one in its bounds."""

    name: str
    command: Command
    confines: bool = True

    def start(
        self, bounds: Bounds, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> ConfinedProcess:
        return GroupOfProcesses(
            self.command(bounds, arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,
        )


class GroupOfProcesses(subprocess.Popen[bytes]):
    """A process that is killed with those that it started."""

    def kill(self) -> None:
        """Raises nothing if it has ended."""
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        super().kill()


UNCONFINED = ByCommand(name="no confinement", command=lambda _, arguments: [*arguments], confines=False)


def means_here(platform: str = sys.platform) -> Means | None:
    """Those of this system; None if it has none."""
    if platform == "darwin" and os.path.exists(seatbelt.PROGRAM):
        return ByCommand(name="sandbox-exec", command=seatbelt.command)
    if platform == "linux" and bubblewrap.is_there():
        return ByCommand(name="bubblewrap", command=bubblewrap.command)
    if platform == "win32":
        return app_container.AppContainer()
    return None
