"""What the cells of a confined kernel touch: streams and messages that are kept, and the steps of one cell.

Nothing here knows who judges the cells, so nothing that a cell can reach from here leads there.
"""

import getpass
import io
import sys
import traceback
from collections.abc import Callable
from typing import Any

MOST_TEXT = 1 << 20  # characters of one output
MOST_OUTPUTS = 1_000


class Kept:
    """What the running cell has shown, as nbformat keeps it."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self._shown: dict[str, dict[str, Any]] = {}  # displays that can be updated
        self._clearing = False

    def begin(self) -> None:
        """Another cell starts."""
        self.outputs, self._clearing = [], False

    def heard(self, kind: str, content: dict[str, Any], transient: dict[str, Any]) -> None:
        """Take one message to the front end."""
        if kind == "clear_output":
            self._clearing = bool(content.get("wait"))
            if not self._clearing:
                self.outputs.clear()
            return
        if kind not in ("stream", "display_data", "execute_result", "update_display_data"):
            return
        if self._clearing:
            self.outputs.clear()
            self._clearing = False
        if kind == "stream":
            self.write(content["name"], content["text"])
            return
        data = {str(mime): value for mime, value in content["data"].items()}
        name = transient.get("display_id")
        if kind == "update_display_data":
            if name in self._shown:
                self._shown[name]["data"] = data
        elif len(self.outputs) < MOST_OUTPUTS:
            self.outputs.append({"output_type": kind, "data": data})
            if name is not None:
                self._shown[name] = self.outputs[-1]

    def write(self, name: str, text: str) -> None:
        """Add text of a stream."""
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] = (last["text"] + text)[:MOST_TEXT]
        elif text and len(self.outputs) < MOST_OUTPUTS:
            self.outputs.append({"output_type": "stream", "name": name, "text": text[:MOST_TEXT]})


class KeptStream(io.TextIOBase):
    """Standard output or error of the kernel: what is written becomes an output of the running cell."""

    def __init__(self, name: str, number: int, write: Callable[[str, str], None]) -> None:
        self.name, self._number, self._write = name, number, write

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "UTF-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "backslashreplace"

    def fileno(self) -> int:
        return self._number

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._write(self.name, text)
        return len(text)


def redirect(kept: Kept) -> None:
    """Keep what is written to standard output and error; standard input is empty."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = KeptStream(name, number, kept.write)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BytesIO())  # type: ignore[misc]


def kernel_shell(kept: Kept) -> tuple[Any, Callable[[], None]]:
    """IPython as a kernel has it, without sockets or threads, and a function that runs the person's startup
    files and extensions."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from jupyter_client.session import Session

    class KeepingSession(Session):
        """Keeps messages instead of sending them."""

        def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **more: Any) -> Any:
            whole = isinstance(msg_or_type, dict)
            kind = msg_or_type.get("msg_type", "") if whole else msg_or_type
            content = msg_or_type.get("content") if whole else content
            content = content if isinstance(content, dict) else {}
            kept.heard(kind, content, content.get("transient") or {})
            return msg_or_type if whole else self.msg(kind, content)

    app = IPKernelApp.instance()
    super(IPKernelApp, app).initialize([])  # type: ignore[no-untyped-call]  # reads the configuration
    app.config.HistoryManager.enabled = False  # its thread would not be confined
    app.session = KeepingSession(key=b"", parent=app)
    app.kernel = IPythonKernel.instance(
        parent=app, session=app.session, log=app.log, profile_dir=app.profile_dir, user_ns=app.user_ns
    )
    redirect(kept)
    app.init_path()  # type: ignore[no-untyped-call]
    app.init_shell()  # type: ignore[no-untyped-call]
    app.init_gui_pylab()  # type: ignore[no-untyped-call]

    def startup() -> None:
        app.init_extensions()  # type: ignore[no-untyped-call]
        app.init_code()  # type: ignore[no-untyped-call]

    return app.kernel.shell, startup


def refuse_input(shell: Any, why: str) -> None:
    """Make `input()` and `getpass()` raise EOFError."""
    import builtins

    def refuse(*_: Any, **__: Any) -> None:
        raise EOFError(why)

    builtins.input = getpass.getpass = refuse  # type: ignore[assignment]
    shell.kernel.raw_input = shell.kernel.getpass = refuse


# --- one cell: each step is a task of its own, so that no frame of who asked is below the cell --------------


async def read_cell(shell: Any, source: str, transform: Any, plain: Any) -> tuple[str, str, Any]:
    """The source as IPython reads it, and as it does without what cells have added; or what was raised."""
    try:
        transformed = transform(shell, source)
    except Exception:
        return source, source, sys.exc_info()
    kept = shell.input_transformer_manager, shell.input_transformers_post
    shell.input_transformer_manager, shell.input_transformers_post = plain[0], list(plain[1])
    try:
        return transformed, transform(shell, source), None
    except Exception:
        return transformed, "", None
    finally:
        shell.input_transformer_manager, shell.input_transformers_post = kept


async def run_cell(shell: Any, source: str, read: tuple[str, str, Any], run: Any) -> Any:
    """Run one cell as a kernel does."""
    transformed, _, trouble = read
    return await run(
        shell, source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=trouble
    )


async def call_back(shell: Any, result: Any) -> None:
    """What extensions want to be told after a cell."""
    shell.events.trigger("post_execute")
    shell.events.trigger("post_run_cell", result)


WhyBlocked = Callable[[BaseException], str | None]


async def describe(error: BaseException, name: str, why_blocked: WhyBlocked) -> dict[str, Any]:
    """A failure as plain data; its message may run code of the notebook."""
    try:
        text = str(error)[:2_000]
    except Exception:
        text = ""
    if isinstance(error, SyntaxError) and error.filename == name:
        lineno = error.lineno
    else:
        walked = traceback.walk_tb(error.__traceback__)
        lineno = next(iter([n for frame, n in walked if frame.f_code.co_filename == name][-1:]), None)
    return {"ename": type(error).__name__, "evalue": text, "blocked": why_blocked(error), "lineno": lineno}
