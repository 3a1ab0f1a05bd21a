"""Detaches IPython in a copy from the front end: output, displays, comms and input stay in the copy."""

import asyncio
import builtins
import getpass
import importlib
import io
import os
import signal
import sys
from typing import Any, NoReturn

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

from cot_magic.sandbox.blocked import NO_INPUT

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_kept: list[Any] = []  # inherited streams: freeing them would write their buffers again


class KeepingHook(DisplayHook):
    """Keeps the value of the last expression instead of showing it; sets `_` and `Out` as in the kernel."""

    last: Any = None

    def __call__(self, result: Any = None) -> None:
        self.last = result
        if result is not None:
            self.update_user_ns(result)  # type: ignore[no-untyped-call]
            self.fill_exec_result(result)  # type: ignore[no-untyped-call]


class TextPublisher(DisplayPublisher):
    """Writes the plain text of displayed objects to standard output, in order with other output."""

    def _setup_execution_tracking(self) -> None:
        """Track nothing: a copy has no output history."""

    def publish(self, data: Any, metadata: Any = None, *_: Any, update: bool = False, **__: Any) -> None:
        if type(data) is dict and not update:
            text = data.get("text/plain", f"<{', '.join(map(str, data))}>")
            sys.stdout.write(f"{text}\n")

    def clear_output(self, wait: bool = False) -> None:
        """Do nothing: output is evidence and stays."""


def forget_signals() -> None:
    """Undo the signal setup of the kernel; its wakeup descriptor would write to the kernel's event loop."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the kernel, which stops its copies


def forget_threads() -> None:
    """Undo what only threads missing here could finish: imports in progress, tracing."""
    sys.settrace(None)
    sys.setprofile(None)
    importlib._bootstrap._module_locks.clear()  # type: ignore[attr-defined]
    for name, module in list(sys.modules.items()):
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            del sys.modules[name]


def rebind(shell: Any) -> None:
    """Detach this copy's IPython from the front end for good."""
    _rebind_streams()
    hook = KeepingHook(shell=shell)  # type: ignore[no-untyped-call]
    shell.displayhook = shell.display_trap.hook = sys.displayhook = hook
    shell.display_pub = TextPublisher(shell=shell)  # type: ignore[no-untyped-call]
    # an exception is described directly; formatting its traceback would only cost time
    for name in ("showtraceback", "showsyntaxerror", "showindentationerror", "_showtraceback"):
        setattr(shell, name, _show_nothing)
    shell.custom_exceptions = ()
    if shell.history_manager is not None:
        shell.history_manager.enabled = False
    builtins.input = getpass.getpass = getpass.unix_getpass = _no_input  # type: ignore[attr-defined]
    sys.dont_write_bytecode = True
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    if "ipykernel" in sys.modules:
        _rebind_kernel(shell)


def new_loop() -> asyncio.AbstractEventLoop:
    """A new event loop; the inherited one shares its epoll set with the kernel."""
    import IPython.core.async_helpers as async_helpers

    asyncio._set_running_loop(None)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    async_helpers._asyncio_event_loop = loop
    return loop


def limit_thread_pools() -> None:
    """Limit OpenMP to one thread if it was used: libgomp cannot restart a team after a fork."""
    if "sklearn" in sys.modules or "threadpoolctl" in sys.modules:
        import threadpoolctl

        threadpoolctl.threadpool_limits(1)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def connection_files(shell: Any) -> tuple[str, ...]:
    """Files with the key of this kernel: whoever reads one can control the kernel."""
    path = getattr(getattr(getattr(shell, "kernel", None), "parent", None), "abs_connection_file", "")
    return (path,) if path else ()


def _rebind_streams() -> None:
    for fd, name in ((1, "stdout"), (2, "stderr")):
        inherited = getattr(sys, name)
        _kept.extend((inherited, getattr(sys, f"__{name}__")))
        # while a cell runs, IPython shadows the `write` of the stream
        getattr(inherited, "__dict__", {}).pop("write", None)
        raw = io.FileIO(fd, "w", closefd=False)
        stream = io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    _kept.extend((sys.stdin, sys.__stdin__))
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BytesIO())  # type: ignore[misc]


def _rebind_kernel(shell: Any) -> None:
    """Cut off Session.send, which sends every message of a kernel, and OutStream, which writes all output.

    On the classes, because users keep such objects: a logging handler holds the stream it was created with.
    """
    from ipykernel.iostream import IOPubThread, OutStream
    from jupyter_client.session import Session

    def write(self: Any, text: str) -> int:
        return int((sys.stderr if self.name == "stderr" else sys.stdout).write(text))

    setattr(Session, "send", _send_nothing)  # noqa: B010 - mypy rejects assigning to a method
    for name in ("send_multipart", "schedule", "start", "stop", "close"):
        setattr(IOPubThread, name, _do_nothing)
    for name in ("flush", "_flush", "_schedule_flush", "close"):
        setattr(OutStream, name, _do_nothing)
    setattr(OutStream, "write", write)  # noqa: B010
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        kernel.raw_input = kernel.getpass = _no_input
        if kernel.session is not None:
            kernel.session.key = b""  # with `--allow net` it would give access to the kernel's ports


def _no_input(*_: Any, **__: Any) -> NoReturn:
    raise EOFError(NO_INPUT)


def _do_nothing(*_: Any, **__: Any) -> None:
    return None


def _show_nothing(*_: Any, **__: Any) -> None:
    return None


def _send_nothing(self: Any, stream: Any, msg_or_type: Any, *_: Any, **__: Any) -> Any:
    """Return the message like Session.send, unsent."""
    return msg_or_type if isinstance(msg_or_type, dict) else {"msg_type": msg_or_type}
