"""Runs the compiled steps of a job, and says how each one ended before anything else can run.

The code of a job may change whatever it can name: IPython, the built-in functions, modules, callbacks. What
is needed here after its first line has run is therefore held in the variables of closures. The words of a
step's end are ready bytes, written at once; the parked copy compares them with the result reported later.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cot_magic.sandbox import wire
from cot_magic.sandbox.steps import ReadyInspection, ReadyPart, ReadyStep

Send = Callable[[bytes], None]


@dataclass(slots=True)
class Ran:
    """How one step ended: what it raised, or the value of its last expression."""

    error: BaseException | None = None
    value: Any = None


def sender(fd: int) -> Send:
    """A function that writes bytes to a pipe, whole, from any thread."""
    write, one_at_a_time = os.write, threading.RLock()

    def send(data: bytes) -> None:
        with one_at_a_time:
            while data:
                data = data[write(fd, data) :]

    return send


def truth(value: Any) -> bool | None:
    """The value if it is exactly True or False, also numpy's; else None."""
    if value is True:
        return True
    if value is False:
        return False
    numpy = sys.modules.get("numpy")
    kind = getattr(numpy, "bool_", None)
    return bool(value) if kind is not None and type(value) is kind else None


def words(key: bytes, kind: str, index: int) -> dict[bool | None, bytes]:
    """The line that says `kind` (`passed`, `raised`, `looked`) of a step, for each truth of its value."""
    return {held: wire.pack({kind: index, "held": held}, key) for held in (True, False, None)}


def step_runner(
    shell: Any, steps: Sequence[ReadyStep], begin: Callable[[int], None], send: Send, key: bytes
) -> Callable[[int], Awaitable[Ran]]:
    """A function that runs one step as IPython runs a cell: with top-level await, `_` and callbacks."""
    from IPython.core.interactiveshell import ExecutionResult

    new_result: Callable[[Any], Any] = ExecutionResult
    evaluate, error_now, modules, true_of = eval, sys.exc_info, sys, truth
    names, module_names = shell.user_ns, shell.user_global_ns
    builtin_trap, display_trap = shell.builtin_trap, shell.display_trap
    trigger, hook, suppress, anything = shell.events.trigger, shell.excepthook, contextlib.suppress, Exception
    starting = [wire.pack({"step": index}, key) for index in range(len(steps))]
    passed = [words(key, "passed", index) for index in range(len(steps))]
    raised = [words(key, "raised", index)[None] for index in range(len(steps))]
    inner = NestedCells(shell)

    async def run(index: int) -> Ran:
        step, value = steps[index], None
        result: Any = new_result(step.info)
        error: BaseException | None = None
        send(starting[index])
        begin(index)
        inner.error = None
        if not step.blank:
            with suppress(anything):  # what callbacks do is no part of the cell
                trigger("pre_execute")
                trigger("pre_run_cell", step.info)
        with builtin_trap, display_trap:
            shell.displayhook.exec_result = result
            before, modules.excepthook = modules.excepthook, hook
            try:
                for part in step.parts:
                    if part.error is not None:
                        error = part.error
                        break
                    assert part.code is not None
                    value = evaluate(part.code, module_names, names)
                    if part.awaits:
                        value = await value
                    if part.shows:
                        modules.displayhook(value)
                if error is None:
                    error = inner.error  # as in the kernel, where a failure inside counts for the cell
                send(passed[index][true_of(value)] if error is None else raised[index])
            except:  # noqa: E722 - SystemExit too; the names of exceptions may have another meaning by now
                error = error_now()[1]
                send(raised[index])
            modules.excepthook = before
        result.result, result.error_in_exec = value, error
        shell.last_execution_succeeded, shell.last_execution_result = error is None, result
        with suppress(anything):
            trigger("post_execute")
            trigger("post_run_cell", result)
        return Ran(error, value if error is None else None)

    return run


def inspector(
    inspection: ReadyInspection, index: int, send: Send, key: bytes
) -> Callable[[dict[str, Any]], Ran]:
    """A function that evaluates the inspection in a namespace."""
    evaluate, error_now, true_of = eval, sys.exc_info, truth
    looked = words(key, "looked", index)
    parts: tuple[ReadyPart, ...] = inspection.parts

    def look(namespace: dict[str, Any]) -> Ran:
        value = None
        try:
            for part in parts:
                if part.error is not None:
                    return Ran(part.error)
                assert part.code is not None
                value = evaluate(part.code, namespace)
        except:  # noqa: E722 - as above
            return Ran(error_now()[1])
        send(looked[true_of(value)])
        return Ran(None, value)

    return look


class NestedCells:
    """Keeps the failure of a cell that a step runs inside (`%%capture`): IPython only shows it."""

    def __init__(self, shell: Any) -> None:
        self.error: BaseException | None = None
        shell.events.callbacks["post_run_cell"].insert(0, self.after_cell)

    def after_cell(self, result: Any) -> None:
        found = result.error_before_exec or result.error_in_exec
        if found is not None:
            self.error = found
