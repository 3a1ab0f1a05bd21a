"""The copy in which cells are rehearsed: it runs each cell first, and so follows the kernel.

It is confined once and then lives on: a cell that passes leaves it as the kernel will be after the same cell.
What it says of a cell is a hint. That a cell fails is believed only when a new copy of the kernel has failed
in the same way.
"""

import ast
import asyncio
import gc
import inspect
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from cot_magic.core import processes
from cot_magic.core.case import Case, CellId
from cot_magic.core.codec import from_json, to_json
from cot_magic.core.facts import Fact
from cot_magic.core.jobs import JobStep, Limits
from cot_magic.sandbox import (
    busy,
    disguise,
    effects,
    foresight,
    quarantine,
    rebind,
    run_steps,
    secret_places,
    steps,
    wire,
)
from cot_magic.sandbox.blocked import why_blocked
from cot_magic.sandbox.confine import ReadableFiles, confine
from cot_magic.sandbox.lost import LostResources
from cot_magic.sandbox.parked import Kernel, detach
from cot_magic.sandbox.permissions import Permissions

LIMITS = Limits(cpu_s=86_400, memory_mb=1_024)
"""Of the copy, which runs many cells; the time of each is limited by the kernel."""
LONGEST_TRACEBACK = 400_000
DEEPEST_LITERAL = 2_000
SIGNALS = (SystemExit, KeyboardInterrupt, GeneratorExit, BaseExceptionGroup)
"""Never a reason to stop a cell: they end it on purpose, or IPython shows them in a way of its own."""
ENOUGH_FACTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What the copy keeps of the cells that it ran, and how it looks at a failure.

    `begin` and `finish` are called around each cell with IPython's info and result; `examine` makes facts of
    a failure.
    """

    begin: Callable[[Any], object]
    finish: Callable[[Any], object]
    examine: Callable[[BaseException, Case], Iterator[Fact]]


def follow(shell: Any, control: int, kernel: Kernel, accounts: Accounts, scratch: str) -> NoReturn:
    """Be the copy: confine it, then serve the kernel until it closes its end."""
    try:
        collects = gc.isenabled()
        gc.disable()
        gc.freeze()  # the kernel finalises its garbage; it must not happen again here
        send = run_steps.sender(control)

        def tell(message: dict[str, Any]) -> None:
            send(wire.pack(message))

        try:
            lost = detach(control, kernel, written_apart=True)
            # the environment keeps its secrets: the cell is the person's own and has no network
            closed = (
                *secret_places.of_environment(os.environ),
                *secret_places.of_kernels(rebind.connection_file(shell)),
            )
            reading = ReadableFiles.without(closed)
            rebind.forget_threads()
            environment = disguise.environment(rebind.CHANGED)
            rebind.rebind(shell)
            rebind.limit_thread_pools()
            loop = rebind.new_loop()
            processes.forbid()
            kernel.generators.restore()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            tempfile.tempdir = scratch
            disguise.set_environment(environment)  # the cell is to see that of the kernel
            confine(LIMITS, Permissions(), scratch=scratch, reading=reading)
        except BaseException as error:
            tell({"failed": f"{type(error).__name__}: {error}"[:500]})
            os._exit(70)
        if collects:
            gc.enable()
        attempts = effects.watch(scratch, lambda effect: None)
        sockets = _watch_sockets()
        copy = FollowingCopy(shell, loop, kernel, accounts, tell)
        copy.lost, copy.attempts, copy.sockets = lost, attempts, sockets
        tell({"ready": True})
        copy.serve(control)
    finally:
        os._exit(71)


class FollowingCopy:
    """The loop over what the kernel asks: rehearse a cell, then perhaps examine its failure."""

    lost: LostResources
    attempts: Collection[str]
    sockets: Collection[str]

    def __init__(
        self,
        shell: Any,
        loop: asyncio.AbstractEventLoop,
        kernel: Kernel,
        accounts: Accounts,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._shell, self._loop, self._kernel = shell, loop, kernel
        self._accounts, self._tell = accounts, tell
        self._error: BaseException | None = None
        self._shared: int | None = None
        self._waits = 0
        self._files: Collection[tuple[int, int]] = ()

    def serve(self, control: int) -> NoReturn:
        """Answer one message after the other."""
        self._shared = quarantine.digest_of_memory(self.lost.shared)
        lines = wire.Lines()
        while data := os.read(control, 65_536):
            for message in lines.feed(data):
                if "rehearse" in message:
                    self._rehearse(message["rehearse"])
                if "examine" in message:
                    self._examine(from_json(Case, message["examine"]))
        os._exit(0)

    def _rehearse(self, asked: Mapping[str, Any]) -> None:
        shell, source = self._shell, asked["source"]
        shell.execution_count = asked["count"]  # the number of the prompt, for the names of files
        info = steps.info_of(source, asked["transformed"], asked["cell"])
        self._foresee(asked["transformed"])
        if not asked["runs"]:
            self._tell({"ended": "foreseen"})
            return
        names = disguise.kernel_file_names(shell, self._kernel.pid)
        ready = steps.ReadySteps(shell, [JobStep(source=source, cell=CellId(asked["cell"]))], names)
        ready.leave_names()
        _number_files(shell, ready.cells, asked["count"])
        shell.execution_count = asked["count"] + 1
        if shell.history_manager is not None:  # `In` and `_i`, which IPython extends after its callbacks
            shell.history_manager.store_inputs(shell.execution_count, asked["transformed"], source)
        self._accounts.begin(info)
        before = len(self.attempts) + len(self.sockets)
        self._files = self._state_of_files()
        threads = set(threading.enumerate())
        self._waits = busy.waits()
        ran = self._run(ready)
        self._accounts.finish(shell.last_execution_result)
        uses = len(self.attempts) + len(self.sockets) > before or self._state_of_files() != self._files
        self._answer(ran.error, ready, uses=uses, threads=threads)

    def _foresee(self, source: str) -> None:
        started = time.perf_counter()
        found = foresight.foresee(source, self._shell.user_ns)
        self._tell(
            {
                "foreseen": [to_json(item) for item in found],
                "seconds": time.perf_counter() - started,
            }
        )

    def _run(self, ready: steps.ReadySteps) -> run_steps.Ran:
        run = run_steps.step_runner(self._shell, ready, ready.begin, _say_nothing, b"")
        ran = run_steps.Ran()

        async def main() -> None:
            nonlocal ran
            ran = await run(0)

        try:
            steps.drive(self._shell, self._loop, main, awaits=ready[0].awaits)
        finally:
            callbacks = self._shell.events.callbacks["post_run_cell"]
            callbacks[:] = [
                one
                for one in callbacks
                if not isinstance(getattr(one, "__self__", None), run_steps.NestedCells)
            ]
        return ran

    def _answer(
        self,
        error: BaseException | None,
        ready: steps.ReadySteps,
        *,
        uses: bool,
        threads: set[threading.Thread],
    ) -> None:
        """What the cell came to. Only a failure without any attempt to reach the outside counts as one."""
        self._error = error
        if error is None:
            goes_on = bool(asyncio.all_tasks(self._loop)) or bool(set(threading.enumerate()) - threads)
            self._tell({"ended": "passed", "follows": not (uses or goes_on)})
            self._shared = quarantine.digest_of_memory(self.lost.shared)
            return
        why = why_blocked(error, net=False, withheld=frozenset(), lost=self.lost, attempts=self.attempts)
        why = why or self._misses_the_rest_of_the_kernel(error, ready)
        if why is not None or uses or isinstance(error, SIGNALS) or not isinstance(error, Exception):
            self._tell({"ended": "blocked", "why": why or "it does more than fail"})
            return
        lineno = _line_in_cell(error, ready)
        self._tell({"ended": "raised", "ename": type(error).__name__, "lineno": lineno})
        self._tell({"error": described(error, self._shell, ready.cells)})

    def _state_of_files(self) -> Collection[tuple[int, int]]:
        """Sizes and times of the files that the kernel has open for writing: whether one was written to."""
        states = (os.fstat(fd) for fd in sorted(self.lost.files) if _is_open(fd))
        return [(state.st_size, state.st_mtime_ns) for state in states]

    def _misses_the_rest_of_the_kernel(self, error: BaseException, ready: steps.ReadySteps) -> str | None:
        """Why a failure may be one of the copy alone: there, nobody reads what was written to shared memory,
        and nothing comes of waiting."""
        if self._kernel.beside and busy.waits() > self._waits:
            return f"it waits, and {self._kernel.beside} of the kernel does not go on in a copy"
        if self.lost.shared and (
            self._shared is None or quarantine.digest_of_memory(self.lost.shared) != self._shared
        ):
            return "it writes to memory that the kernel shares with a file or with another process"
        codes = [part.code for part in ready[0].parts if part.code is not None]
        used = self.lost.named_by(error, codes, self._loop)
        return f"it uses what is another in a copy ({used})" if used else None

    def _examine(self, case: Case) -> None:
        if self._error is not None:
            for fact in self._accounts.examine(self._error, case):
                self._tell({"fact": to_json(fact)})
        self._tell({"examined": True})


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:  # the cell closed it
        return False
    return True


def described(error: BaseException, shell: Any, files: Mapping[str, CellId]) -> dict[str, Any]:
    """What is needed to raise an exception like this one in another process, and to show it in the same way.

    Plain data: its classes by name, its arguments where they are literals, its message, the lines of its
    traceback.
    """
    kinds = [(kind.__module__, kind.__qualname__) for kind in type(error).__mro__ if kind is not object]
    given = error.args
    if isinstance(error, OSError) and len(given) == 2 and error.filename is not None:
        given = (*given, error.filename)  # which `args` leaves out
    arguments = [_literal(item) for item in given]
    try:
        message = str(error)
    except Exception as failure:
        message = f"<__str__ raised {type(failure).__name__}>"
    lines: list[str] = []
    if not isinstance(error, SyntaxError):
        _name_the_module_of_cells(error)
        lines = shell.InteractiveTB.structured_traceback(
            type(error), error, _from_the_cell(error, files), tb_offset=0
        )
    return {
        "kinds": kinds,
        "arguments": None if None in arguments else arguments,
        "message": wire.plain(message),
        "lines": [wire.plain(line) for line in lines] if sum(map(len, lines)) < LONGEST_TRACEBACK else [],
        "notes": [wire.plain(str(note)) for note in getattr(error, "__notes__", ())],
    }


def _name_the_module_of_cells(error: BaseException) -> None:
    """Let `inspect` find the module of code of cells, which has no file: for each level of a deep recursion,
    it would look through all modules."""
    entry = error.__traceback__
    while entry is not None:
        frame = entry.tb_frame
        if frame.f_globals.get("__name__") == "__main__":
            inspect.modulesbyfile.setdefault(os.path.abspath(frame.f_code.co_filename), "__main__")
        entry = entry.tb_next


def _literal(value: Any) -> str | None:
    """The argument as source of a literal; None if it is no literal, or a long one."""
    kinds = (str, int, float, complex, bytes, bool, type(None))
    if type(value) is tuple:
        return None if any(_literal(item) is None for item in value) else repr(value)
    text = repr(value) if type(value) in kinds else None
    try:
        ast.literal_eval(text or "-")
    except (ValueError, SyntaxError):  # nan and inf
        return None
    return text if text is not None and len(text) <= DEEPEST_LITERAL else None


def _from_the_cell(error: BaseException, files: Mapping[str, CellId]) -> Any:
    """The traceback from the first level in the cell on; what is above it runs the rehearsal."""
    entry = error.__traceback__
    while entry is not None and entry.tb_frame.f_code.co_filename not in files:
        entry = entry.tb_next
    return entry if entry is not None else error.__traceback__


def _line_in_cell(error: BaseException, ready: steps.ReadySteps) -> int:
    entry = _from_the_cell(error, ready.cells)
    return entry.tb_lineno if entry is not None and entry.tb_frame.f_code.co_filename in ready.cells else 1


def _number_files(shell: Any, files: Mapping[str, CellId], count: int) -> None:
    """Let tracebacks name the cell by its prompt, as in the kernel."""
    numbers = getattr(shell.compile, "_filename_map", None)
    if numbers is not None:
        numbers.update(dict.fromkeys(files, count))


def _watch_sockets() -> Collection[str]:
    """What was tried with the network before any address is named: it is refused, and code may go on."""
    tried: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.__new__" and arguments[1] in (socket.AF_INET, socket.AF_INET6):
            tried.append(event)

    sys.addaudithook(hook)
    return tried


def _say_nothing(data: bytes) -> None:
    """The end of a step is told once, by the answer."""
