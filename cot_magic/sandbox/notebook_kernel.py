"""A kernel that runs the cells of a whole notebook, confined from before its first cell to its end.

It is a new process, started by `notebook_process`. It is an ipykernel in all but its sockets. What judges the
cells keeps out of their reach as far as one address space allows: its modules leave `sys.modules`, it has
builtins of its own, and it waits as a task while a cell runs as another, with no frame below it.
"""

import asyncio
import builtins
import json
import os
import signal
import sys
from asyncio import sleep
from importlib import import_module
from posix import _exit, fstat, pread, read, write
from typing import Any

from cot_magic.core.jobs import Limits
from cot_magic.sandbox import effects, integrity, kept_outputs, syscalls, wire
from cot_magic.sandbox.blocked import NO_INPUT, why_blocked
from cot_magic.sandbox.confine import ReadableFiles, confine
from cot_magic.sandbox.permissions import Permissions

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a cell may change the others
MESSAGE_BYTES = 32 << 20
"""What one answer may take."""
WAIT_S = 0.002  # between looks for the next request; tasks of earlier cells go on meanwhile, as in a kernel
ENDED_WELL, FAILED, BROKEN, ALONE, STOPPED = 0, 70, 71, 72, 73


def main() -> None:
    """Set up, confine, and run one cell for each request. Never returns."""
    _begin(json.loads(sys.argv.pop(1))).run_forever()
    _exit(STOPPED)  # a cell has stopped the event loop


def _begin(plan: dict[str, Any]) -> asyncio.AbstractEventLoop:
    """The event loop in which the judge waits for requests; nothing else refers to it."""
    requests, results = plan["requests"], plan["results"]
    for fd in (requests, results):
        os.set_inheritable(fd, False)
    try:
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != plan["parent"]:
            raise RuntimeError("the process that started it has ended")
        kept = kept_outputs.Kept()
        shell, startup = kept_outputs.kernel_shell(kept)
        threads = len(os.listdir("/proc/self/task"))
        if threads != 1:
            raise RuntimeError(f"{threads} threads run before it is confined")
        permissions = Permissions.parse(plan["allow"])
        limits = Limits(cpu_s=plan["cpu_s"], memory_mb=plan["memory_mb"], file_mb=plan["file_mb"])
        confine(
            limits, permissions, scratch=plan["scratch"], reading=ReadableFiles.without(plan["unreadable"])
        )
    except BaseException as error:
        _emit(results, wire.pack({"failed": f"{type(error).__name__}: {error}"[:500]}))
        _exit(FAILED)
    sys.dont_write_bytecode = True
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    judge = _Judge(shell, kept, permissions, plan)
    startup()
    _withdraw(may_start=permissions.proc)
    task = loop.create_task(judge.serve(requests, results))
    task.add_done_callback(lambda _: _exit(BROKEN))
    return loop


def _withdraw(*, may_start: bool) -> None:
    """Leave `sys.modules`: cells that import cot-magic get modules of their own."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "cot_magic"]:
        del sys.modules[name]
    if not may_start:
        path = list(sys.path)
        sys.path[:] = filter(None, path)  # not a folder of that name in the notebook's
        import_module("cot_magic.core.processes").forbid()
        sys.path[:] = path


class _Judge:
    """Has cells run, and says how they ended."""

    def __init__(
        self, shell: Any, kept: kept_outputs.Kept, permissions: Permissions, plan: dict[str, Any]
    ) -> None:
        # those of IPython, whatever a cell puts in their place
        from IPython.core.inputtransformer2 import TransformerManager
        from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

        self._run, self._transform = InteractiveShell.run_cell_async, InteractiveShell.transform_cell
        manager = TransformerManager()  # type: ignore[no-untyped-call]
        self._result, self._plain = ExecutionResult, (manager, tuple(shell.input_transformers_post))
        self._shell, self._kept = shell, kept
        self._folder = os.getcwd()
        self._files: set[str] = set()
        self._effects: list[str] = []
        self._reaches: list[str] = []
        self._printed, self._count = fstat(1).st_size, 0
        net, withheld = permissions.net, frozenset(plan["withheld"])
        self._why_blocked = lambda error: why_blocked(error, net=net, withheld=withheld)
        self._whole = integrity.Integrity(shell)
        effects.watch(plan["scratch"], self._effects.append)
        integrity.watch(self._is_cell, __file__, self._reaches.append)

    async def serve(self, requests: int, results: int) -> None:
        """Answer requests until the one that ends the kernel."""
        _emit(results, wire.pack({"ready": sys.version.split()[0]}))
        lines, waiting = wire.Lines(), list[dict[str, Any]]()
        while True:
            while not waiting:
                if wire.readable(requests, 0):
                    data = read(requests, 1 << 20)
                    if not data:
                        _exit(ALONE)  # whoever asked has ended
                    waiting += lines.feed(data)
                else:
                    await sleep(WAIT_S)
            request = waiting.pop(0)
            token = request["token"]
            if "packages" in request:
                versions = wire.pack({"packages": _versions(request["packages"])})
                _emit(results, _verdict(token, passed=True, changed="", reaches=[]) + versions)
                _exit(ENDED_WELL)  # threads of the notebook do not keep it alive
            _emit(results, await self._judge(request["source"], token))

    async def _judge(self, source: str, token: str) -> bytes:
        """Have one cell run; read how it ended before any callback can change that."""
        shell, kept, task = self._shell, self._kept, asyncio.ensure_future
        kept.begin()
        self._effects.clear()
        self._reaches.clear()
        self._count += 1
        changed = self._whole.changed()
        kept_outputs.refuse_input(shell, NO_INPUT)
        transformed = await task(kept_outputs.read_cell(shell, source, self._transform, self._plain))
        if changed is None and transformed[0] != transformed[1]:
            changed = "how cells are read"
        name = shell.compile.get_code_name(source, transformed[0], self._count)
        self._files.add(name)
        result = await task(kept_outputs.run_cell(shell, source, transformed, self._run))
        own = vars(result) if type(result) is self._result else {"error_in_exec": RuntimeError("no result")}
        error = own.get("error_before_exec") or own.get("error_in_exec")
        succeeded = vars(shell)["_trait_values"].get("last_execution_succeeded") is True
        unshown = bool(vars(shell).get("_last_traceback_during_displayhook"))
        changed = changed or self._whole.changed()
        details: dict[str, Any] = {}
        if error is not None:
            details = await task(kept_outputs.describe(error, name, self._why_blocked))
        elif unshown:  # a kernel counts it as a failure of the cell
            details = {"ename": "RuntimeError", "evalue": "the value of the cell cannot be shown"}
        await task(kept_outputs.call_back(shell, result))
        self._read_descriptors()
        details["outputs"], details["effects"] = kept.outputs, self._effects[:50]
        passed = error is None and succeeded and not unshown
        changed = changed or self._whole.changed() or ""
        verdict = _verdict(token, passed=passed, changed=changed, reaches=self._reaches)
        return verdict + _packed(details)

    def _read_descriptors(self) -> None:
        """What C code and processes have written to descriptors 1 and 2 counts as standard output."""
        size = fstat(1).st_size
        if size > self._printed:
            text = pread(1, min(size - self._printed, kept_outputs.MOST_TEXT), self._printed)
            self._kept.write("stdout", text.decode("utf-8", "replace"))
        self._printed = size

    def _is_cell(self, file: str) -> bool:
        """Whether code of that file name belongs to the notebook: a cell, its folder, or text it executes."""
        return file in self._files or file == "<string>" or file.startswith(f"{self._folder}/")


def _verdict(token: str, *, passed: bool, changed: str, reaches: list[str]) -> bytes:
    """The verdict on a cell, written by hand: a cell may have changed `json`."""
    texts = [_plain(text) for text in (token, changed, "; ".join(dict.fromkeys(reaches)))]
    word = "true" if passed else "false"
    return (
        f'\n{{"token":"{texts[0]}","passed":{word},"changed":"{texts[1]}","reaches":"{texts[2]}"}}\n'
    ).encode("ascii")


def _plain(text: str) -> str:
    return "".join(sign for sign in text[:200] if " " <= sign <= "~" and sign not in '"\\')


def _packed(details: dict[str, Any]) -> bytes:
    """What a cell showed and raised: data that nobody needs to believe. What is not JSON becomes its text."""
    try:
        data = wire.pack(json.loads(json.dumps(details, default=str)))
    except (TypeError, ValueError, RecursionError):
        return wire.pack({"outputs": [], "unreadable": True})
    return data if len(data) < MESSAGE_BYTES else wire.pack({**details, "outputs": []})


def _versions(names: list[str]) -> list[list[str]]:
    """Name and version of the loaded ones of these packages."""
    modules = ((name, sys.modules.get(name)) for name in names)
    found = ((name, vars(module).get("__version__")) for name, module in modules if module is not None)
    return [[name, version[:40]] for name, version in found if type(version) is str]


def _emit(fd: int, data: bytes) -> None:
    while data:
        data = data[write(fd, data) :]
