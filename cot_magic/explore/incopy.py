"""What a confined copy of the kernel runs: batches of schedules of a cell. The result is printed."""

import io
import re
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import Any

from cot_magic.explore.decisions import Decisions, Replay
from cot_magic.explore.places import outside_of_copy
from cot_magic.explore.program import Program, of_cell
from cot_magic.explore.search.run_batch import run_batch
from cot_magic.explore.search.values import Batch, BatchResult, batch_from, encoded, result_from

MARK = "cot-explored: "
COT_LINE = re.compile(r"(\s*)%%cot", re.ASCII)


def step_source(cell_source: str, batch: Batch, *, raises: bool = False) -> str:
    """The source of the last step of a job, which runs the batch in the copy.

    With `raises`, the batch is one schedule; the step raises what that raised, for the sandbox to describe.
    """
    call = "raise_again" if raises else "run"
    return (
        f"from cot_magic.explore.incopy import {call} as _cot_explored\n"
        f"_cot_explored({cell_source!r}, {encoded(batch)!r}, globals())"
    )


def read_output(output: str) -> BatchResult:
    """The result that a job printed."""
    line = next((line for line in reversed(output.splitlines()) if line.startswith(MARK)), None)
    if line is None:
        return BatchResult(trouble="the copy returned no result")
    return result_from(line.removeprefix(MARK))


def run(source: str, batch_text: str, namespace: MutableMapping[str, Any]) -> None:
    """Run a batch on the cell, and print the result."""
    batch = batch_from(batch_text)
    program = _program(source, namespace)
    with _silenced():
        result = run_batch(program, batch)
    cell_file = _filename(namespace)
    print(f"{MARK}{encoded(_placed(result, cell_file))}")


def raise_again(source: str, batch_text: str, namespace: MutableMapping[str, Any]) -> None:
    """Run the one schedule of a batch, and raise what it raised."""
    trial = batch_from(batch_text).trials[0]
    program = _program(source, namespace)
    with _silenced():
        result = program.run(Decisions(Replay(trial.choices or ())), trial.random_seed)
    if result.exception is not None:
        raise result.exception


@contextmanager
def _silenced() -> Iterator[None]:
    """While entered, discard what is printed; and later discard tracebacks of threads that are left.

    These fail because their schedule is over, at a time when the output of the job counts again.
    """
    before = frozenset(threading.enumerate())
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield
        left, told = frozenset(threading.enumerate()) - before, threading.excepthook

        def hook(failed: threading.ExceptHookArgs) -> None:
            if failed.thread not in left:
                told(failed)

        if left:
            threading.excepthook = hook


def _program(source: str, namespace: MutableMapping[str, Any]) -> Program:
    transformed = COT_LINE.sub(r"\1# %%cot", source, count=1) if COT_LINE.match(source) else source
    shell = namespace.get("get_ipython", lambda: None)()
    if shell is not None:
        transformed = shell.transform_cell(transformed)
    namespace.pop("_cot_explored", None)
    return of_cell(transformed, namespace, _filename(namespace))


def _filename(namespace: MutableMapping[str, Any]) -> str:
    """The file name under which the sandbox runs this step: its frames count as frames of the cell."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals is not namespace:
        frame = frame.f_back
    return frame.f_code.co_filename


def _placed(result: BatchResult, cell_file: str) -> BatchResult:
    """The result without file names that mean nothing outside of this copy."""
    placed = [
        trial if trial.trace is None else replace(trial, trace=outside_of_copy(trial.trace, cell_file))
        for trial in result.results
    ]
    return replace(result, results=tuple(placed))
