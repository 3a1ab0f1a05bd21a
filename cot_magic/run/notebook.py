"""Runs a notebook in a kernel of its own up to the failing cell, and follows what that kernel finds."""

import json
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cot_magic.core.case import Case, Cell, CellId, Environment, Raised
from cot_magic.core.errors import NotebookError
from cot_magic.core.events import SessionStarted, Stamped
from cot_magic.core.session import Session
from cot_magic.run.recording import fold, read
from cot_magic.settings import Settings

KERNEL_DIED = "KernelDied"
_POLL_S = 0.1  # how often the events that the kernel has written are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookRun:
    """The result of running a notebook.

    `failed` is the index of the failing cell among all cells, None if every cell passed; `notebook` has the
    outputs. `session` may be shown and written: secrets are withheld in it. `verbatim` has the sources as
    they are, for writing a fix into the notebook; it is `session` unless it was asked for. `preview` is the
    request that `--preview` asks for, else "".
    """

    session: Session
    verbatim: Session
    notebook: Any
    failed: int | None
    preview: str = ""


def read_notebook(path: Path) -> Any:
    """Read a notebook as nbformat 4.5. Raises NotebookError if anything is wrong with the file."""
    import nbformat

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotebookError(f"{path}: no such file. Give the path of a notebook (.ipynb).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NotebookError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not text'})."
        ) from None
    try:
        data = json.loads(text)
        version = data["nbformat"]
        if not isinstance(data.get("cells", data.get("worksheets")), list):
            raise KeyError("cells")
    except (ValueError, KeyError, TypeError):
        raise NotebookError(f"{path}: not a notebook (JSON with `nbformat` and `cells` expected).") from None
    if version != 4:
        raise NotebookError(
            f"{path}: nbformat {version}; convert it first: jupyter nbconvert --to notebook {path.name}"
        )
    data.setdefault("nbformat_minor", 5)
    notebook = nbformat.from_dict(data)  # type: ignore[no-untyped-call]
    notebook.nbformat_minor = max(5, notebook.nbformat_minor)
    for place, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{place}")
        cell.setdefault("metadata", {})
        if isinstance(cell.get("source"), list):
            cell["source"] = "".join(cell["source"])
        if cell.get("cell_type") == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise NotebookError(f"{path}: not a valid notebook: {str(error).splitlines()[0]}") from None
    return notebook


def run_notebook(
    path: Path,
    settings: Settings,
    *,
    kernel: str | None = None,
    on_event: Callable[[Session, Stamped], None] = lambda session, stamped: None,
    on_cell: Callable[[int, int], None] = lambda place, total: None,
    verbatim: bool = False,
    notebook: Any = None,
) -> NotebookRun:
    """Run the cells of a notebook in order until one fails, in a kernel of its own in the notebook's folder.

    The kernel writes its events to a file that is read here, so what was found survives the kernel. `on_cell`
    hears which cell begins, by its index, and how many there are. With `notebook`, that notebook runs as if
    it were at `path`, and its cells get the outputs. The file at `path` is never written. Raises
    NotebookError if it cannot be read or its kernel cannot be started; KeyboardInterrupt passes through after
    the kernel has ended.
    """
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    if notebook is None:
        notebook = read_notebook(path)
    code = [
        place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()
    ]
    failed: int | None = None
    died = False
    with tempfile.TemporaryDirectory(prefix="cot-run-") as folder:
        events = Path(folder) / "session.cot.jsonl"
        whole = Path(folder) / "verbatim.cot.jsonl" if verbatim else None  # in a folder of this user alone
        preview = Path(folder) / "preview.json"
        armed = arming(notebook, settings, events, whole, preview)
        with running_kernel(notebook, path, kernel, armed) as client:
            follower = Follower(events, on_event)
            try:
                for place in code:
                    failed = place
                    on_cell(place, len(notebook.cells))
                    client.execute_cell(notebook.cells[place], place)
                failed = None
            except CellExecutionError:
                pass  # the failure that we are here for: it is in the cell's outputs and in the events
            except DeadKernelError:
                died = True
            except KeyboardInterrupt:
                _end_tasks()
                raise
            finally:
                follower.stop()
        session = fold(read(events)) if events.exists() else Session()
        real = fold(read(whole)) if whole is not None and whole.exists() else session
        shown = preview.read_text(encoding="utf-8") if preview.exists() else ""
    if died:
        session = _of_dead_kernel(session, notebook, failed or 0, settings)
    return NotebookRun(session=session, verbatim=real, notebook=notebook, failed=failed, preview=shown)


def arming(
    notebook: Any, settings: Settings, events: Path, verbatim: Path | None = None, preview: Path | None = None
) -> str:
    """The code that makes a kernel investigate its first failure.

    The kernel writes its events to `events`, the same with sources as they are to `verbatim`, and what
    `--preview` shows to `preview`.
    """
    cells = [
        {"id": cell.id, "source": cell.source, "index": place}
        for place, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
    ]
    # a cell with this tag is there to fail (nbclient goes on after it too)
    expected = [cell.source for cell in notebook.cells if "raises-exception" in cell.metadata.get("tags", [])]
    inside = replace(settings, certify=False)  # whoever started the kernel does that when it has ended
    plan = {"cells": cells, "expected": expected, "settings": asdict(inside), "events": str(events)}
    plan["verbatim"] = str(verbatim) if verbatim is not None else ""
    plan["preview"] = str(preview) if preview is not None else ""
    config = json.dumps(plan)
    return f"import cot_magic.ipython.armed as _cot\n_cot.arm({config!r})\ndel _cot"


class Follower:
    """Reads the events on a thread while the kernel writes them, and passes them on."""

    def __init__(self, path: Path, on_event: Callable[[Session, Stamped], None]) -> None:
        self._path, self._on_event = path, on_event
        self._session = Session()
        self._seen = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read what is left and stop."""
        self._done.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._done.wait(_POLL_S):
            self._look()
        self._look()

    def _look(self) -> None:
        if not self._path.exists():
            return
        for place, stamped in enumerate(read(self._path)):
            if place >= self._seen:
                self._session = self._session.evolve(stamped)
                self._seen += 1
                self._on_event(self._session, stamped)


class running_kernel:
    """Context manager: a client of a kernel that has silently run `code`; the kernel is shut down on exit.

    The kernel runs in the folder of `path`. Raises NotebookError if it cannot be started.
    """

    def __init__(self, notebook: Any, path: Path, name: str | None, code: str) -> None:
        self._notebook, self._path, self._name, self._code = notebook, path, name, code
        self._contexts: Any = None

    def __enter__(self) -> Any:
        from contextlib import ExitStack

        from jupyter_client.kernelspec import NoSuchKernel
        from nbclient import NotebookClient

        asked = self._name or self._notebook.metadata.get("kernelspec", {}).get("name", "python3")
        language = self._notebook.metadata.get("kernelspec", {}).get("language", "python")
        if language.lower() not in ("python", "ipython"):
            raise NotebookError(f"{self._path}: a notebook for {language}; cot-magic runs Python.")
        folder = {"metadata": {"path": str(self._path.resolve().parent)}}
        client = NotebookClient(
            self._notebook, kernel_name=asked, resources=folder, timeout=None, allow_errors=False
        )
        try:
            client.create_kernel_manager()
            _own_interpreter(client.km, asked)
        except NoSuchKernel:
            raise NotebookError(
                f"{self._path}: no kernel named {asked!r}; choose another, e.g. --kernel python3."
            ) from None
        self._contexts = ExitStack()
        try:
            # what the kernel process itself writes (warnings at its start) is not output of the notebook
            silenced = self._contexts.enter_context(open(os.devnull, "wb"))
            self._contexts.enter_context(client.setup_kernel(stderr=silenced))
            self._arm(client)
        except BaseException:
            self._contexts.close()
            raise
        return client

    def __exit__(self, *exc: object) -> None:
        self._contexts.close()

    def _arm(self, client: Any) -> None:
        reply = client.kc.execute(self._code, silent=True, store_history=False, reply=True)
        if hasattr(reply, "__await__"):
            from jupyter_core.utils import run_sync

            async def answered() -> Any:
                return await reply

            reply = run_sync(answered)()
        content = reply["content"]
        if content["status"] != "ok":
            reason = f"{content.get('ename')}: {content.get('evalue')}"
            raise NotebookError(
                f"the kernel cannot load cot_magic ({reason}): install cot-magic in its environment."
            )


def _own_interpreter(manager: Any, asked: str) -> None:
    """Make `python3` mean this interpreter, whatever kernel spec of that name the machine has.

    Raises NoSuchKernel for an unknown name.
    """
    import sys

    spec = manager.kernel_spec  # looks the name up
    if asked == "python3" and spec.argv:
        spec.argv[0] = sys.executable


def _end_tasks() -> None:
    """Cancel what an interrupt left in the event loop of the cells; the interpreter would print its errors at
    exit."""
    import asyncio

    from jupyter_core.utils import run_sync

    async def end() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run_sync(end)()  # inside a kernel the cells ran in a second loop: the tasks of the first one continue


def _of_dead_kernel(session: Session, notebook: Any, place: int, settings: Settings) -> Session:
    """The session of a cell that killed its kernel: what had been found, or at least which cell it was."""
    from cot_magic.capture.secrets.redactor import Redactor
    from cot_magic.capture.secrets.withhold import withheld
    from cot_magic.core.events import Faulted, SessionEnded
    from cot_magic.run.choose_reasoner import leaving

    fault = Faulted(
        phase=None, message="the kernel died while this cell ran; nothing more can be learned from it."
    )
    events: list[Any] = []
    if session.case is None:
        cells = tuple(
            Cell(id=CellId(cell.id), source=cell.source, index=index)
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code"
        )
        cell = next(cell for cell in cells if cell.index == place)
        raised = Raised(ename=KERNEL_DIED, evalue="the kernel died while this cell ran", bases=(KERNEL_DIED,))
        case = Case(cell=cell, cells=cells, raised=raised, environment=Environment(python="", platform=""))
        events.append(
            SessionStarted(
                case=withheld(case, leaving(Redactor(), settings)),
                intensity=settings.intensity,
                reasoner=settings.reasoner,
                budget=settings.effective_budget(),
            )
        )
    for event in (*events, fault, SessionEnded()):
        session = session.evolve(Stamped(order=0, seconds=session.seconds, event=event))
    return session
