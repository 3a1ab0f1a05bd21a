"""Where batches run: in this process, in forked children of it, or on any concurrent.futures.Executor."""

import json
import os
import selectors
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, Protocol

from cot_magic.core.codec import from_json, to_json
from cot_magic.explore.program import Program
from cot_magic.explore.search.batches import Batch, BatchResult, run_batch

SPARE_S = 30.0
"""On top of a batch's own time, before its process is given up: a schedule that is under way may end."""
TRIES = 4
"""How often a batch is given out before it counts as lost."""


class Runner(Protocol):
    """Runs batches, each in a state that no other batch has touched, and answers in their order."""

    at_once: int

    def run(self, batches: Iterable[Batch]) -> Iterator[BatchResult]: ...


def encoded(value: Batch | BatchResult) -> str:
    return json.dumps(to_json(value), separators=(",", ":"))


def batch_from(text: str) -> Batch:
    batch: Batch = from_json(Batch, json.loads(text))
    return batch


def result_from(text: str) -> BatchResult:
    result: BatchResult = from_json(BatchResult, json.loads(text))
    return result


class InlineRunner:
    """Runs batches in this process, where no other can be made; the state is put back between schedules."""

    at_once = 1

    def __init__(self, program: Program) -> None:
        self._program = program

    def run(self, batches: Iterable[Batch]) -> Iterator[BatchResult]:
        for batch in batches:
            yield run_batch(self._program, batch)


class ForkRunner:
    """Forks a child for each batch. What the children print goes nowhere; what else they do is real.

    Parameters
    ----------
    at_once
        How many children run at a time.
    """

    def __init__(self, program: Program, at_once: int | None = None) -> None:
        self._program = program
        self.at_once = at_once or max(1, min(4, len(os.sched_getaffinity(0))))

    def run(self, batches: Iterable[Batch]) -> Iterator[BatchResult]:
        """Results in the order of the batches; at the end of the iteration no child is left."""
        children: deque[_Child] = deque()
        try:
            for batch in batches:
                try:
                    children.append(_Child(self._program, batch))
                except PermissionError:  # this process is confined and may not fork: it runs them itself
                    yield run_batch(self._program, batch)
                    continue
                if len(children) >= self.at_once:
                    yield _oldest(children)
            while children:
                yield _oldest(children)
        finally:
            while children:
                children.popleft().stop()


def _oldest(children: "deque[_Child]") -> BatchResult:
    """The answer of the oldest child, while the pipes of all are emptied."""
    first = children[0]
    with selectors.DefaultSelector() as selector:
        for child in children:
            if not child.ended:
                selector.register(child.fd, selectors.EVENT_READ, child)
        while not first.ended:
            events = selector.select(SPARE_S + first.batch.seconds)
            if not events:
                break
            for key, _ in events:
                if not key.data.read():
                    selector.unregister(key.fd)
    children.popleft()
    return first.result() if first.ended else first.stop()


class _Child:
    """One forked child and the pipe that it answers through."""

    def __init__(self, program: Program, batch: Batch) -> None:
        self.batch, self.ended, self._data = batch, False, bytearray()
        self.fd, writing = os.pipe()
        sys.stdout.flush()
        with warnings.catch_warnings():
            # CPython 3.12 warns of a fork with threads: the child runs none but those that it starts
            warnings.filterwarnings("ignore", r".*multi-threaded.*fork\(\)", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            _be_child(program, batch, writing)
        os.close(writing)

    def read(self) -> bool:
        data = os.read(self.fd, 1 << 16)
        self._data += data
        self.ended = not data
        return bool(data)

    def result(self) -> BatchResult:
        os.close(self.fd)
        status = os.waitpid(self._pid, 0)[1]
        try:
            return result_from(self._data.decode())
        except ValueError:
            how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"status {status >> 8}"
            return BatchResult(trouble=f"the process of a batch ended with {how} before it answered")

    def stop(self) -> BatchResult:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self._pid, 0)
        return BatchResult(trouble="the process of a batch did not answer in time and was stopped")


def _be_child(program: Program, batch: Batch, writing: int) -> None:
    """Run the batch in the new process, never to return."""
    code = 70
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops its children
        signal.set_wakeup_fd(-1)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc] # noqa: SIM115
        sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # type: ignore[misc] # noqa: SIM115
        answer = encoded(run_batch(program, batch)).encode()
        while answer:
            answer = answer[os.write(writing, answer) :]
        code = 0
    finally:
        os._exit(code)


class ExecutorRunner:
    """Gives batches to an Executor, processes of this machine or a Dask cluster, and again if a worker is
    lost.

    Parameters
    ----------
    work
        A picklable function that takes a batch as text and returns its result as text.
    """

    def __init__(self, executor: Executor, work: Callable[[str], str], at_once: int) -> None:
        self._executor, self._work, self.at_once = executor, work, max(1, at_once)
        self.lost = 0

    def run(self, batches: Iterable[Batch]) -> Iterator[BatchResult]:
        flying: deque[tuple[Batch, Future[str]]] = deque()
        try:
            for batch in batches:
                flying.append((batch, self._submit(batch)))
                if len(flying) >= self.at_once:
                    yield self._answer(*flying.popleft())
            while flying:
                yield self._answer(*flying.popleft())
        finally:
            for _, future in flying:
                future.cancel()

    def _submit(self, batch: Batch) -> "Future[str]":
        return self._executor.submit(self._work, encoded(batch))

    def _answer(self, batch: Batch, future: "Future[str]") -> BatchResult:
        trouble = ""
        for _ in range(TRIES):
            try:
                return result_from(future.result())
            except Exception as error:  # a lost worker has as many classes as there are executors
                trouble = f"{type(error).__name__}: {error}"[:300]
                self.lost += 1
                try:
                    future = self._submit(batch)
                except RuntimeError as shut:  # BrokenProcessPool: this executor takes nothing any more
                    return BatchResult(trouble=f"{trouble}; {shut}"[:400])
        return BatchResult(trouble=f"a batch was lost {TRIES} times: {trouble}")


class FileWork:
    """Runs batches of a file's code on another machine: it carries the source with it."""

    def __init__(self, source: str, filename: str, function: str | None, free_threaded: bool = False) -> None:
        self._given: tuple[Any, ...] = (source, filename, function, free_threaded)

    def __call__(self, text: str) -> str:
        from cot_magic.explore.program import of_source

        source, filename, function, free_threaded = self._given
        program = of_source(source, filename, function, free_threaded=free_threaded)
        return _in_a_process(program, text)


class FunctionWork:
    """The same of a function that can be pickled."""

    def __init__(self, fn: Callable[[], Any], free_threaded: bool = False) -> None:
        self._fn, self._free_threaded = fn, free_threaded

    def __call__(self, text: str) -> str:
        from cot_magic.explore.program import of_function

        return _in_a_process(of_function(self._fn, free_threaded=self._free_threaded), text)


def _in_a_process(program: Program, text: str) -> str:
    """A worker may run several tasks in threads: what a schedule replaces is replaced in a child of it."""
    runner: Runner = ForkRunner(program, 1) if hasattr(os, "fork") else InlineRunner(program)
    return encoded(next(iter(runner.run([batch_from(text)]))))
