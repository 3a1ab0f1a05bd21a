"""The last failure of a live kernel, debugged by the extension in it: only its own magic runs there."""

import ast
import ipaddress
import json
import tempfile
import time
from pathlib import Path
from queue import Empty
from typing import Any

from cot_magic.core.errors import UsageError
from cot_magic.core.session import Session
from cot_magic.run.notebook import Follower
from cot_magic.run.recording import fold, read

READY_S = 20.0  # how long a kernel may take to answer before it is called busy
_ASKED = (
    "__import__('cot_magic.notebook.bridge', fromlist=['_']).last_failure(get_ipython()) "
    "if 'cot_magic' in __import__('sys').modules else None"
)
_HOW = "Run %load_ext cot_magic there, then the failing cell again."


def debug_live(kernel: str, cell: str, root: Path, on_event: Any) -> Session:
    """Have the kernel debug its last failure and return the session.

    Parameters
    ----------
    kernel
        The id of a kernel of this user, or the path of its connection file.
    cell
        The id or the prompt number of the cell that is expected to have failed; "" for any.
    root
        The folder below which a connection file may be, besides Jupyter's own.
    on_event
        Hears each event while the kernel works.

    Raises UsageError if the kernel cannot be reached, lacks the extension, or had no such failure.
    """
    client = _client(connection_file(kernel, root), kernel)
    try:
        _expected(_last_failure(client, kernel), kernel, cell)
        with tempfile.TemporaryDirectory(prefix="cot-live-") as folder:
            recording = Path(folder) / "session.cot.jsonl"
            follower = Follower(recording, on_event)
            try:
                content = _run(client, f"%cot+ --insert none --save {recording}")
            finally:
                follower.stop()
            if not recording.exists():
                said = content.get("evalue") or "it made no recording"
                raise UsageError(f"kernel {kernel} could not debug its failure: {said}")
            return fold(read(recording))
    finally:
        client.stop_channels()


def connection_file(kernel: str, root: Path) -> Path:
    """The connection file of a kernel, by its id or its path. Raises UsageError."""
    from jupyter_core.paths import jupyter_runtime_dir

    runtime = Path(jupyter_runtime_dir()).resolve()
    if kernel.endswith(".json") or "/" in kernel:
        path = (root / kernel).resolve()
        if not (path.is_relative_to(runtime) or path.is_relative_to(root.resolve())):
            raise UsageError(
                f"{kernel}: outside of {root} and of Jupyter's runtime folder. Give the id of a kernel."
            )
    else:
        path = runtime / f"kernel-{kernel}.json"
    if not path.is_file():
        raise UsageError(
            f"kernel {kernel}: no connection file {path}. Is it running, and for this user? "
            "%connect_info in a cell names the file."
        )
    return path


def _client(path: Path, kernel: str) -> Any:
    from jupyter_client.blocking.client import BlockingKernelClient

    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        address = str(info["ip"]) if info.get("transport") != "ipc" else "127.0.0.1"
        local = address == "localhost" or ipaddress.ip_address(address).is_loopback
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path}: not a connection file of a kernel. Give the id of a kernel.") from None
    if not local:
        raise UsageError(f"kernel {kernel} is on another machine ({address}): run cot-magic there.")
    client = BlockingKernelClient()
    client.load_connection_info(info)
    client.start_channels(stdin=False)
    client.hb_channel.unpause()
    return client


def _last_failure(client: Any, kernel: str) -> Any:
    """What the extension says of its last failure; None without the extension."""
    request = client.execute("", silent=True, user_expressions={"cot": _ASKED}, allow_stdin=False)
    try:
        content = _reply(client, request, time.monotonic() + READY_S)
    except Empty:
        raise UsageError(
            f"kernel {kernel} did not answer within {READY_S:.0f} s: it is busy or gone. Try again when its "
            "cell has finished."
        ) from None
    told = content.get("user_expressions", {}).get("cot", {})
    if told.get("status") != "ok":
        return None
    return ast.literal_eval(told["data"]["text/plain"])


def _expected(failure: Any, kernel: str, cell: str) -> None:
    """Raise UsageError unless the last failure is that of the cell that was asked about."""
    if failure is None:
        raise UsageError(f"kernel {kernel} has not loaded cot-magic. {_HOW}")
    if not failure:
        raise UsageError(f"kernel {kernel}: no cell has failed since cot-magic was loaded. {_HOW}")
    known = (str(failure.get("id")), str(failure.get("count")), f"[{failure.get('count')}]")
    if cell and cell not in known:
        last = f"[{failure.get('count')}] (id {failure.get('id')})"
        raise UsageError(
            f"kernel {kernel}: the last cell that failed is {last}, not {cell}. Run that cell again, or "
            "leave `cell` out."
        )


def _run(client: Any, code: str) -> dict[str, Any]:
    """Run our magic and wait for its end; an interrupt here stops it there, and nothing else."""
    request = client.execute(code, store_history=False, allow_stdin=False)
    try:
        return _reply(client, request, None)
    except KeyboardInterrupt:
        if _runs(client, request):
            client.control_channel.send(client.session.msg("interrupt_request", {}))
        raise


def _runs(client: Any, request: str) -> bool:
    """Whether the kernel is at work on our request: an interrupt must not hit a cell of the person."""
    state = ""
    while True:
        try:
            message = client.get_iopub_msg(timeout=0)
        except Empty:
            return state == "busy"
        if message["parent_header"].get("msg_id") == request and message["msg_type"] == "status":
            state = message["content"]["execution_state"]


def _reply(client: Any, request: str, until: float | None) -> dict[str, Any]:
    """The reply to a request. Raises Empty after `until`, UsageError if the kernel's heart stops."""
    silent = 0
    while until is None or time.monotonic() < until:
        try:
            message = client.get_shell_msg(timeout=1.0)
        except Empty:
            silent = 0 if client.hb_channel.is_beating() else silent + 1
            if silent > READY_S and until is None:
                raise UsageError("the kernel died while it debugged. Restart it and run its cells.") from None
            continue
        if message["parent_header"].get("msg_id") == request:
            content: dict[str, Any] = message["content"]
            return content
    raise Empty
