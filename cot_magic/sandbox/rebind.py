"""Detaches IPython in a copy from the front end: output, displays, comms and input stay in the copy."""

import asyncio
import builtins
import functools
import getpass
import importlib
import io
import os
import signal
import sys
import threading
import types
from typing import Any, NoReturn

from cot_magic.sandbox.blocked import NO_INPUT

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

CHANGED = (*ONE_THREAD, "TMPDIR")
"""Environment variables that a copy has other values of."""

_kept: list[Any] = []  # inherited streams: freeing them would write their buffers again


def keep_value(self: Any, result: Any = None) -> None:
    """Instead of showing the value of an expression, set `_` and `Out` as in the kernel."""
    if result is not None:
        self.update_user_ns(result)
        self.fill_exec_result(result)


def publish_text(
    self: Any, data: Any, metadata: Any = None, *_: Any, update: bool = False, **__: Any
) -> None:
    """Write the plain text of displayed objects to standard output, in order with other output."""
    if type(data) is dict and not update:
        text = data.get("text/plain", f"<{', '.join(map(str, data))}>")
        sys.stdout.write(f"{text}\n")


def clear_nothing(self: Any, wait: bool = False) -> None:
    """Output is evidence and stays."""


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
    threading.settrace(None)
    threading.setprofile(None)
    importlib._bootstrap._module_locks.clear()  # type: ignore[attr-defined]
    for name, module in list(sys.modules.items()):
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            del sys.modules[name]


def rebind(shell: Any) -> None:
    """Detach this copy's IPython from the front end for good."""
    _rebind_streams()
    forget_callbacks(shell)
    # on the classes: a copy has the kernel's own objects, and what the person kept of them changes too
    _replace(type(shell.displayhook), "__call__", keep_value)
    shell.display_trap.hook = sys.displayhook = shell.displayhook
    _replace(type(shell.display_pub), "publish", publish_text)
    _replace(type(shell.display_pub), "clear_output", clear_nothing)
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
    loky = sys.modules.get("joblib.externals.loky.backend.context")
    if loky is not None and vars(loky).get("physical_cores_cache", 1) is None:
        vars(loky)["physical_cores_cache"] = os.cpu_count() or 1  # it would ask a program: a job starts none
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def connection_file(shell: Any) -> str:
    """The file with the key of this kernel, or an empty string: whoever reads it can control the kernel."""
    path = getattr(getattr(getattr(shell, "kernel", None), "parent", None), "abs_connection_file", "")
    return path if isinstance(path, str) else ""


def _rebind_streams() -> None:
    for fd, name in ((1, "stdout"), (2, "stderr")):
        inherited = getattr(sys, name)
        _kept.extend((inherited, getattr(sys, f"__{name}__")))
        # while a cell runs, IPython shadows the `write` of the stream
        getattr(inherited, "__dict__", {}).pop("write", None)
        raw = io.FileIO(fd, "w", closefd=False)
        stream = io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)
        if type(inherited).__module__ != "ipykernel.iostream":  # whose class is changed below
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

    def write(self: Any, string: str) -> int:
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        data = string.encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(2 if self.name == "stderr" else 1, data) :]
        return len(string)

    _replace(Session, "send", _send_nothing)
    for name in ("send_multipart", "schedule", "start", "stop", "close"):
        _replace(IOPubThread, name, _do_nothing)
    for name in ("flush", "_flush", "_schedule_flush", "close"):
        _replace(OutStream, name, _do_nothing)
    _replace(OutStream, "write", write)
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        for name in ("raw_input", "getpass"):
            _replace(type(kernel), name, _no_input)
        builtins.input, getpass.getpass = kernel.raw_input, kernel.getpass
        if kernel.session is not None:
            kernel.session.key = b""  # with `--allow net` it would give access to the kernel's ports


def _replace(kind: type, name: str, function: Any) -> None:
    """Put a function in the place of a method, under the names of the method."""
    original = getattr(kind, name, None)
    own = types.FunctionType(
        function.__code__, function.__globals__, name, function.__defaults__, function.__closure__
    )
    own.__kwdefaults__ = function.__kwdefaults__
    functools.update_wrapper(own, original or function, updated=())
    vars(own).clear()  # without `__wrapped__`
    setattr(kind, name, own)


def forget_callbacks(shell: Any) -> None:
    """Remove cot-magic's own callbacks of cells: they would return at once in a copy."""
    for functions in shell.events.callbacks.values():
        functions[:] = [function for function in functions if not _is_ours(function)]


def _is_ours(function: Any) -> bool:
    module = getattr(getattr(function, "__func__", function), "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] == "cot_magic"


def _no_input(*_: Any, **__: Any) -> NoReturn:
    raise EOFError(NO_INPUT)


def _do_nothing(*_: Any, **__: Any) -> None:
    return None


def _send_nothing(self: Any, stream: Any, msg_or_type: Any, *_: Any, **__: Any) -> Any:
    """Return the message like Session.send, unsent."""
    return msg_or_type if isinstance(msg_or_type, dict) else {"msg_type": msg_or_type}
