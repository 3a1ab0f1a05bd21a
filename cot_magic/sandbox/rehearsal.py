"""Rehearses cells: keeps a copy of the kernel that runs each cell before the kernel does."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cot_magic.core.case import Case, Cell
from cot_magic.core.codec import from_json, to_json
from cot_magic.core.errors import RecordingError
from cot_magic.core.facts import Fact
from cot_magic.sandbox import busy, machine, snapshot, wire
from cot_magic.sandbox.exact import GeneratorStates
from cot_magic.sandbox.following import Accounts, follow
from cot_magic.sandbox.foresight import Foreseen
from cot_magic.sandbox.lost import running_programs, threads_of_the_person, working_beside
from cot_magic.sandbox.parked import INTERRUPTS, Kernel
from cot_magic.sandbox.scratch import ScratchFolder

READY_SECONDS = 5.0
FORESEEN_SECONDS = 2.0
TOLD_SECONDS = 15.0  # for the traceback of a failure: IPython reads and parses each file that is in it
EXAMINED_SECONDS = 3.0
LEAST_WAIT = 0.002
MOST_STRETCH = 10.0
"""The rehearsal of a cell that is not known to be long may take so many times longer on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """How it ended: `passed`, `raised`, `blocked`, `timed-out`, `foreseen` (nothing was run), `late` (nothing
    was run, and no answer came in time) or `lost`.

    `ename` and `lineno` (in the code that IPython compiles) are those of a failure. `follows` says whether
    the copy can rehearse the next cell too.
    """

    ended: str
    ename: str = ""
    lineno: int = 0
    follows: bool = False
    foreseen: tuple[Foreseen, ...] = ()
    seconds: float = 0.0
    foresight_seconds: float = 0.0


@dataclass(eq=False)
class RehearsalCopy:
    """The copy as the kernel sees it."""

    pid: int
    control: socket.socket
    scratch: ScratchFolder
    ready: bool = False
    _lines: wire.Lines = field(default_factory=wire.Lines)
    _heard: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._owner, self._pidfd = os.getpid(), os.pidfd_open(self.pid)
        snapshot.close_at_exit(self)

    def __del__(self) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.pid != 0

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> bool:
        """Whether it is set up and confined; waits for it. Else it is closed, and nothing was run."""
        if not self.ready and self.alive:
            message = self._within(("ready", "failed"), seconds)
            self.ready = message is not None and "ready" in message
            if not self.ready:
                self.close()
        return self.ready and self.alive

    def rehearse(
        self,
        cell: Cell,
        *,
        source: str,
        transformed: str,
        count: int,
        seconds: float,
        whole: float | None = None,
    ) -> Rehearsed:
        """Run the cell in the copy for at most so many seconds; with 0, only look what can be foreseen.

        The copy is closed unless it follows or has a failure to tell of: it would compute beside the cell, or
        share its memory, which the kernel then copies page by page. KeyboardInterrupt passes through.

        Parameters
        ----------
        whole
            After so many seconds the kernel waits no longer, whatever the copy is at, and on a busy machine
            too. None: setting up and looking ahead have limits of their own, and only the time in which the
            copy has a processor counts.
        """
        last = None if whole is None else time.monotonic() + whole
        if not self.wait_until_ready(READY_SECONDS if whole is None else whole):
            return Rehearsed(ended="lost" if whole is None else "late")
        asked = {
            "source": source,
            "transformed": transformed,
            "cell": cell.id,
            "count": count,
            "runs": seconds > 0,
        }
        self._send({"rehearse": asked})
        found = self._within(("foreseen",), FORESEEN_SECONDS, last) or {}
        began = time.monotonic()
        ended = self._within(("ended",), seconds or FORESEEN_SECONDS, last) if found else None
        if ended is None:
            ended = {"ended": ("timed-out" if found and seconds else "late") if self.alive else "lost"}
            self.close()
        result = Rehearsed(
            ended=str(ended["ended"]),
            ename=str(ended.get("ename", "")),
            lineno=int(ended.get("lineno", 0)),
            follows=bool(ended.get("follows")),
            foreseen=tuple(_foreseen(found.get("foreseen", ()))),
            seconds=time.monotonic() - began,
            foresight_seconds=float(found.get("seconds", 0.0)),
        )
        if result.ended != "raised" and not result.follows:
            self.close()
        return result

    def error(self) -> dict[str, Any] | None:
        """The exception of the cell that raised, as plain data; None if it could not be described."""
        message = self._within(("error",), TOLD_SECONDS)
        found = message["error"] if message is not None else None
        return found if isinstance(found, dict) else None

    def examine(self, case: Case) -> Iterator[Fact]:
        """The facts of an autopsy of the copy in which the cell failed, as they come."""
        if not self.alive:
            return
        self._send({"examine": to_json(case)})
        ends = time.monotonic() + EXAMINED_SECONDS
        while (message := self._next(("fact", "examined"), ends)) is not None and "fact" in message:
            try:
                yield from_json(Fact, message["fact"])
            except RecordingError:  # the person's code ran there and may write anything
                continue

    def close(self) -> None:
        """End the copy and remove its files; does not wait for it. May be called repeatedly."""
        if self.pid == 0 or os.getpid() != self._owner:
            return
        pid, self.pid = self.pid, 0
        self.control.close()
        snapshot.kill(self._pidfd)
        pidfd, scratch = self._pidfd, self.scratch

        def end() -> None:
            snapshot.wait_for(pid, pidfd)
            scratch.remove()

        threading.Thread(target=end, name="cot-magic-reaper", daemon=True).start()

    # --- the conversation -----------------------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self.control.sendall(wire.pack(message))
        except OSError:  # it died
            self.close()

    def _within(
        self, kinds: tuple[str, ...], seconds: float, last: float | None = None
    ) -> dict[str, Any] | None:
        """The next such message within so many seconds.

        Without a last moment (of `time.monotonic()`), time in which the copy waits for a processor does not
        count.
        """
        if last is not None:
            return self._next(kinds, min(time.monotonic() + seconds, last))
        began, before = time.monotonic(), busy.waited(self.pid)

        def end() -> float:
            return began + seconds + busy.allowance(seconds, self.pid, before, most=MOST_STRETCH)

        while True:
            ends = end()
            message = self._next(kinds, ends)
            if message is not None or not self.alive or end() <= ends + LEAST_WAIT:
                return message

    def _next(self, kinds: tuple[str, ...], ends: float) -> dict[str, Any] | None:
        """The next message that has one of these keys; None at the time limit, or if the copy died."""
        while self.alive:
            for place, message in enumerate(self._heard):
                if any(kind in message for kind in kinds):
                    del self._heard[: place + 1]
                    return message
            left = ends - time.monotonic()
            if left <= 0 or not wire.readable(self.control.fileno(), left):
                return None
            try:
                data = self.control.recv(262_144)
            except ConnectionResetError:
                data = b""
            if not data:
                self.close()
            self._heard += self._lines.feed(data)
        return None


def start(shell: Any, accounts: Accounts, *, size_limit_mb: int) -> RehearsalCopy | str:
    """Fork a copy for rehearsals, or say why there is none. Returns at once: the copy sets itself up."""
    if snapshot.in_child():
        return "a copy cannot be copied again"
    reason = machine.why_not_fork(size_limit_mb)
    if reason is None and not (tried := machine.probe()).available:
        reason = tried.reason
    if reason is not None:
        return reason
    machine.quiet_fork_warning()
    scratch = ScratchFolder()
    ours, theirs = socket.socketpair()
    kernel = Kernel(
        pid=os.getpid(),
        parent=os.getppid(),
        generators=GeneratorStates((shell.user_ns,)),
        threads=threads_of_the_person(),
        beside=working_beside(shell.user_ns),
        programs=running_programs(shell.user_ns),
    )
    with snapshot.blocked(INTERRUPTS):
        try:
            pid = os.fork()
        except OSError as error:
            ours.close()
            theirs.close()
            scratch.remove()
            return f"the kernel could not be copied: {error.strerror}"
        if pid == 0:
            snapshot.be_child()
            follow(shell, theirs.detach(), kernel, accounts, scratch.path)
        theirs.close()
        return RehearsalCopy(pid=pid, control=ours, scratch=scratch)


def _foreseen(data: Any) -> Iterator[Foreseen]:
    for item in data:
        try:
            yield from_json(Foreseen, item)
        except RecordingError:
            continue
