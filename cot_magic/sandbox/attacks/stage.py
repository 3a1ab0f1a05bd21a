"""The process in which attempts are made: an IPython whose copies run them, watched from outside."""

import importlib
import json
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from multiprocessing import resource_tracker
from typing import Any

import cot_magic.sandbox
from cot_magic.core.errors import SandboxError
from cot_magic.core.jobs import Job, JobResult, JobStep, Limits, Outcome
from cot_magic.sandbox import fresh, landlock, snapshot, syscalls
from cot_magic.sandbox.attacks.attack import Attack, AttackEnding, AttackKind, AttackResult
from cot_magic.sandbox.attacks.catalogue import catalogue
from cot_magic.sandbox.attacks.outside import Look, Outside, changes

LEAVING_SECONDS = 60.0  # for which what a job made is removed behind it on a busy disk; then it is left
MB = 128  # of memory for an attempt; its files may have a hundredth of that
MODULES = (
    "ast", "atexit", "asyncio", "builtins", "concurrent.futures.process", "concurrent.futures.thread",
    "ctypes", "errno", "fcntl", "gc", "getpass", "importlib.machinery", "importlib.util", "json",
    "linecache", "logging", "mmap", "multiprocessing.pool", "multiprocessing.synchronize",
    "multiprocessing.shared_memory", "multiprocessing.popen_fork", "multiprocessing.queues",
    "multiprocessing.sharedctypes", "multiprocessing.heap", "pathlib", "posix", "pty", "re", "resource",
    "shutil", "signal", "sqlite3", "stat", "subprocess", "tempfile", "termios", "threading", "types",
    "urllib.request", "zlib", "IPython.core.page", "IPython.display", "IPython.core.magics.osm",
    "IPython.core.magics.script", "IPython.core.interactiveshell", "encodings.idna",
)  # fmt: skip
"""Imported before the user changes, who may not be able to read the interpreter's files."""
PRELUDE = """
import ctypes, fcntl, mmap, os, socket, stat, struct, tempfile, threading
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.shmat.restype = ctypes.c_void_p
scratch = tempfile.gettempdir
"""
HARMLESS = """
assert open('data.csv').read() == 'a\\n1\\n' and len(os.listdir(work)) > 5
with open(scratch() + '/x', 'w') as file: file.write('x')
assert open(scratch() + '/x').read() == 'x'
thread = threading.Thread(target=print); thread.start(); thread.join()
a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'
"""
BROKEN = frozenset({
    "NameError", "SyntaxError", "IndentationError", "AttributeError", "ImportError", "ModuleNotFoundError",
    "TypeError", "ArgumentError", "error", "FileNotFoundError", "IndexError", "KeyError", "StopIteration",
})  # fmt: skip
"""What an attempt raises that was not made: it tells nothing of the confinement."""


def main(folder: str, token: str, user: str, version: str, names: str) -> None:
    """Make the attempts, and print a line of JSON for each.

    Parameters
    ----------
    folder
        For everything that is planted.
    user
        The number of the user to become, or an empty string.
    version
        Of Landlock to simulate, or an empty string.
    names
        JSON: the names of the attempts, or null for all.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    ours = [f"cot_magic.sandbox.{module.name}" for module in pkgutil.iter_modules(cot_magic.sandbox.__path__)]
    for name in (*MODULES, *ours):
        importlib.import_module(name)
    _redirect(folder)
    shell = _rehearsed()
    if user:
        become(int(user))
    if version:
        landlock.abi = lambda: int(version)
    chosen = json.loads(names)
    known = (attack for attack in catalogue() if chosen is None or attack.name in chosen)
    todo = [attack for attack in known if not attack.needs or os.path.exists(attack.needs)]
    try:
        outside = Outside(folder, token)
        shell.user_ns.update(outside.names)
        AttackStage(shell, outside).play(todo, answers)
    except BaseException:
        answers.write(json.dumps({"trouble": traceback.format_exc(limit=-3)}) + "\n")
        answers.flush()
        os._exit(1)
    outside.close()
    answers.close()
    os._exit(0)


def _rehearsed() -> Any:
    """An IPython all of which is loaded, as another user may not be able to read the interpreter."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    resource_tracker.ensure_running()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    copy = snapshot.park(shell, describe=fresh.describe)
    if isinstance(copy, snapshot.Snapshot):
        steps = (JobStep(source=PRELUDE), JobStep(source="1 / 0"))
        copy.run([Job(steps=steps), Job(steps=steps[:1])])
        copy.close()
    for source in ("1", "1 / 0"):
        shell.run_cell(source)  # type: ignore[no-untyped-call]
    return shell


def become(user: int) -> None:
    """Give up being root for good, and stay as open to other processes of that user as any program is."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)


def _redirect(folder: str) -> None:
    """What is printed goes to a file, which must stay empty."""
    fd = os.open(os.path.join(folder, "printed"), os.O_RDWR | os.O_CREAT, 0o600)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (1, 2):
        os.dup2(fd, number)
    os.dup2(null, 0)


class AttackStage:
    """Runs attempts one after the other, and compares the outside after each."""

    def __init__(self, shell: Any, outside: Outside) -> None:
        self._shell, self._outside = shell, outside
        self._before: Look = {}

    def play(self, todo: Sequence[Attack], answers: Any) -> None:
        """Make the attempts and write how each one ended."""
        copy = self._park()
        _check(copy.run([Job(steps=(JobStep(source=PRELUDE), JobStep(source=HARMLESS)))])[0])
        self._look()  # to read memory for the first time takes pages of it
        self._before = self._look()
        for together in _pairs(todo):
            if not copy.status().available:
                copy = self._park()
            results = copy.run([_job(attack) for attack in together])
            after = self._look()
            changed, self._before = changes(self._before, after), after
            for attack, result in zip(together, results, strict=True):
                ended = self._judged(attack, result, changed)
                line = {"name": ended.name, "kind": ended.kind, "ending": ended.ending, "shown": ended.shown}
                answers.write(json.dumps(line) + "\n")
            answers.flush()
        copy.close()

    def _park(self) -> snapshot.Snapshot:
        copy = snapshot.park(self._shell, describe=fresh.describe)
        if not isinstance(copy, snapshot.Snapshot):
            raise RuntimeError(copy.status().reason)
        return copy

    def _look(self) -> Look:
        printed = os.path.join(self._outside.folder, "printed")
        until = time.monotonic() + LEAVING_SECONDS
        while (left := self._left()) and time.monotonic() < until:
            time.sleep(0.1)
        return self._outside.look() | {
            "what is printed": os.stat(printed).st_size,
            "what is left of jobs": left,
        }

    def _left(self) -> list[str]:
        """What is in the folders of ended jobs."""
        above = self._outside.temporary
        folders = [name for name in os.listdir(above) if name.startswith("cot-magic-")]
        return [name for folder in folders for name in os.listdir(f"{above}/{folder}")]

    def _judged(self, attack: Attack, result: JobResult, changed: Sequence[str]) -> AttackResult:
        shown = _escape(attack, result, changed, self._outside.token)
        ending = AttackEnding.HELD
        if shown:
            ending = AttackEnding.LISTED if attack.listed else AttackEnding.ESCAPED
        elif (trouble := _trouble(attack, result)) != "":
            ending, shown = AttackEnding.BROKEN, trouble
        said = result.raised.evalue if result.raised else result.value or ""
        shown = attack.listed if ending is AttackEnding.LISTED else shown
        detail = shown or f"{result.outcome}: {result.note or said}"[:200]
        return AttackResult(name=attack.name, kind=attack.kind, ending=ending, shown=detail)


def _pairs(todo: Sequence[Attack]) -> Iterator[Sequence[Attack]]:
    """One attempt at a time, so that a change has one cause; those that only wait to be stopped, two."""
    waiting = [attack for attack in todo if attack.kind is AttackKind.RESOURCES]
    yield from ((attack,) for attack in todo if attack.kind is not AttackKind.RESOURCES)
    yield from (waiting[start : start + 2] for start in range(0, len(waiting), 2))


def _check(result: JobResult) -> None:
    """Where not even this runs, all attempts would be held for nothing. Raises SandboxError."""
    if result.outcome is not Outcome.PASSED:
        raise SandboxError(f"what any cell may do does not run: {result.note or result.raised}"[:500])


def _job(attack: Attack) -> Job:
    steps = [JobStep(source=PRELUDE), JobStep(source=attack.source)]
    if attack.kind is AttackKind.RESULTS:
        steps = [JobStep(source="import os, threading, ctypes"), steps[1]]
    if attack.then:
        steps.append(JobStep(source=attack.then))
    limits = Limits(wall_s=attack.seconds, cpu_s=int(attack.seconds), memory_mb=MB, file_mb=1)
    return Job(steps=tuple(steps), limits=limits)


def _escape(attack: Attack, result: JobResult, changed: Sequence[str], token: str) -> str:
    """What shows that it got out, or an empty string."""
    if changed:
        return f"changed: {', '.join(changed)}"[:300]
    told = " ".join((result.value or "", result.output, result.raised.evalue if result.raised else ""))
    if any(form in told for form in (token, token[::-1], token.encode().hex())):
        return "it read a secret"
    if attack.then:
        passed = result.outcome is Outcome.PASSED and not result.tampered
        return "a step that fails passed, and nothing was told" if passed else ""
    return "it got what it claims" if result.held is True and result.step == 1 else ""


def _trouble(attack: Attack, result: JobResult) -> str:
    """Why it was no attempt, or an empty string."""
    if "nothing was run" in result.note or (result.step == 0 and result.outcome is not Outcome.CRASHED):
        return f"{result.outcome}: {result.note or result.raised}"[:300]
    raised = result.raised if result.outcome is Outcome.RAISED and not attack.then else None
    return f"{raised.ename}: {raised.evalue}"[:300] if raised and raised.ename in BROKEN else ""


if __name__ == "__main__":
    main(*sys.argv[1:])
