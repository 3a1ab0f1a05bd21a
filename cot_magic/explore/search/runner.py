"""Runs batches in forked children of this process, or on any concurrent.futures.Executor."""

import os
import selectors
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any

from cot_magic.explore.program import Program, of_function, of_source
from cot_magic.explore.search.run_batch import InlineRunner, run_batch
from cot_magic.explore.search.values import (
    Batch,
    BatchResult,
    Runner,
    batch_from,
    encoded,
    result_from,
    run_one,
)

SPARE_S = 30.0
"""Seconds on top of those of a batch before its process is stopped, so that a running schedule may end."""
TRIES = 4
"""How often a batch is submitted before it counts as lost."""


class ForkRunner:
    """Forks a child for each batch. What the children print is discarded; everything else they do is real.

    Parameters
    ----------
    at_once
        How many children run at a time.
    """

    def __init__(self, program: Program, at_once: int | None = None) -> None:
        self._program = program
        self.at_once = at_once or max(1, min(4, len(os.sched_getaffinity(0))))

    def run(self, batches: Iterable[Batch]) -> Iterator[BatchResult]:
        """Yield results in the order of the batches; no child is left at the end of the iteration."""
        children: deque[_Child] = deque()
        try:
            for batch in batches:
                try:
                    children.append(_Child(self._program, batch))
                except PermissionError:  # a confined process may not fork: it runs them itself
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
    """The result of the oldest child; meanwhile the pipes of all children are read."""
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
    """A forked child and the pipe that its result comes through."""

    def __init__(self, program: Program, batch: Batch) -> None:
        self.batch, self.ended, self._data = batch, False, bytearray()
        self.fd, writing = os.pipe()
        sys.stdout.flush()
        with warnings.catch_warnings():
            # CPython 3.12 warns of a fork with threads: the child uses only threads that it starts
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
            return BatchResult(trouble=f"the process of a batch ended with {how} before it returned a result")

    def stop(self) -> BatchResult:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self._pid, 0)
        return BatchResult(trouble="the process of a batch took too long and was killed")


def _be_child(program: Program, batch: Batch, writing: int) -> None:
    """Run the batch in the new process; never returns."""
    code = 70
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which kills its children
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
    """Submits batches to an Executor (local processes, a Dask cluster), and again if a worker is lost.

    Parameters
    ----------
    work
        A picklable function that takes a batch as JSON and returns its result as JSON.
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
                except RuntimeError as shut:  # BrokenProcessPool: this executor is unusable
                    return BatchResult(trouble=f"{trouble}; {shut}"[:400])
        return BatchResult(trouble=f"a batch was lost {TRIES} times: {trouble}")


class FileWork:
    """Runs batches of a file's code on another machine: its source goes along."""

    def __init__(self, source: str, filename: str, function: str | None, free_threaded: bool = False) -> None:
        self._given: tuple[Any, ...] = (source, filename, function, free_threaded)

    def __call__(self, text: str) -> str:
        source, filename, function, free_threaded = self._given
        program = of_source(source, filename, function, free_threaded=free_threaded)
        return _in_a_process(program, text)


class FunctionWork:
    """Runs batches of a function that can be pickled."""

    def __init__(self, fn: Callable[[], Any], free_threaded: bool = False) -> None:
        self._fn, self._free_threaded = fn, free_threaded

    def __call__(self, text: str) -> str:
        return _in_a_process(of_function(self._fn, free_threaded=self._free_threaded), text)


def _in_a_process(program: Program, text: str) -> str:
    """Run a batch in a child: a worker may have several threads, in which nothing may be replaced."""
    runner: Runner = ForkRunner(program, 1) if hasattr(os, "fork") else InlineRunner(program)
    return encoded(run_one(runner, batch_from(text)))
