"""The comms with the front-end extension: one asks for cells, the other receives hello and Cancel."""

import _thread
import os
import signal
import threading
from dataclasses import dataclass
from typing import Any

from cot_magic.notebook.front_end import request

PROTOCOL = 1
TARGET, CONTROL = "cot_magic", "cot_ctl"
KEPT = 20  # latest answers of pages


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCell:
    """A code cell on a page: its id, source and position among all cells, and the number that it shows."""

    id: str
    source: str
    index: int
    count: int | None


class Bridge:
    """The channel to the front ends of one kernel.

    The kernel opens a comm `cot_magic` when the extension is loaded; each page with the front-end extension
    answers by opening a comm `cot_ctl`. The kernel never sends on that one: ipykernel serves a comm on a
    subshell only as long as the main shell has not published on it, so Cancel is received while a cell runs.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._comm: Any = None
        self._clients: set[str] = set()  # pages that said hello with our protocol
        self._cells: dict[str, tuple[PageCell, ...]] = {}  # by page
        self.guard = False  # whether the settings of a page ask for the guard
        self._refused = ""  # why a page was refused
        self._lock = threading.Lock()
        self._session: str | None = None  # running: what Cancel stops
        self.answers: tuple[dict[str, Any], ...] = ()  # of pages, the latest ones

    def open(self) -> None:
        """Open the kernel's comm. Does nothing in a shell without a kernel."""
        kernel = getattr(self._shell, "kernel", None)
        if kernel is None or getattr(kernel, "comm_manager", None) is None:
            return
        from comm import create_comm

        kernel.comm_manager.register_target(CONTROL, self._opened)
        self._comm = create_comm(target_name=TARGET, data={"protocol": PROTOCOL})
        self._comm.on_msg(lambda message: self._heard(message["content"]["data"]))

    def close(self) -> None:
        """Close the comms."""
        if self._comm is None:
            return
        self._shell.kernel.comm_manager.unregister_target(CONTROL, self._opened)
        self._comm.close()
        self._comm = None
        self._clients.clear()
        self._cells.clear()

    @property
    def connected(self) -> bool:
        """Whether the page that sent the current message has the extension with our protocol."""
        return self._comm is not None and self._client in self._clients

    @property
    def cells(self) -> "tuple[PageCell, ...]":
        """The code cells that the page which sent the current message told; empty if it told none."""
        return self._cells.get(self._client, ())

    @property
    def refused(self) -> str:
        """Why a page with the extension was refused; empty if none was."""
        return self._refused

    def ask(self, op: str, **content: Any) -> None:
        """Ask the page that sent the current message. It answers only after the cell has finished."""
        self._comm.send(
            {"op": op, "protocol": PROTOCOL, "req": os.urandom(16).hex(), "client": self._client, **content}
        )

    def begin(self, session_id: str) -> None:
        """From now on, Cancel in the panel of that session raises KeyboardInterrupt in the main thread."""
        with self._lock:
            self._session = session_id

    def end(self) -> None:
        """From now on, Cancel does nothing."""
        with self._lock:
            self._session = None

    @property
    def _client(self) -> str:
        session = request(self._shell).get("header", {}).get("session")
        return session if isinstance(session, str) else ""

    def _opened(self, comm: Any, message: dict[str, Any]) -> None:
        comm.on_msg(lambda heard: self._heard(heard["content"]["data"]))
        self._heard(message["content"]["data"])

    def _heard(self, data: dict[str, Any]) -> None:
        """Handle a message of a page, perhaps on a subshell's thread: nothing may be published here."""
        match data:
            case {"op": "hello", "protocol": int(protocol), "client": str(client)}:
                if protocol == PROTOCOL:
                    self._clients.add(client)
                    self.guard = self.guard or data.get("guard") is True
                else:
                    self._refused = (
                        f"the front-end extension uses protocol {protocol}, this kernel {PROTOCOL}: install "
                        "the same version of cot-magic for the server and the kernel"
                    )
            case {"op": "guard", "on": bool(on)}:
                self.guard = on
            case {"op": "cells", "client": str(client), "cells": list(cells)}:
                found = (_page_cell(cell) for cell in cells)
                self._cells[client] = tuple(cell for cell in found if cell is not None)
            case {"op": "cancel", "session": str(session_id)}:
                self._cancel(session_id)
            case {"req": str(), "ok": bool()}:
                self.answers = (*self.answers[1 - KEPT :], data)

    def _cancel(self, session_id: str) -> None:
        with self._lock:
            if self._session != session_id:
                return  # finished already, or the panel of another run
            main = threading.main_thread().ident
            if main is not None and hasattr(signal, "pthread_kill"):
                signal.pthread_kill(main, signal.SIGINT)  # also interrupts waiting for a copy of the kernel
            else:
                _thread.interrupt_main()


def _page_cell(told: Any) -> PageCell | None:
    match told:
        case {"id": str(name), "source": str(source), "index": int(index)}:
            count = told.get("count")
            return PageCell(
                id=name, source=source, index=index, count=count if isinstance(count, int) else None
            )
    return None


def last_failed_cell(shell: Any) -> str | None:
    """Return the id of the cell whose failure can be debugged: empty without one, None without the magics.

    The front end asks before it debugs a cell without running it again.
    """
    magics = getattr(shell, "_cot_magics", None)
    if magics is None:
        return None
    failure = magics.state.failure
    return str(failure.cell.id) if failure is not None else ""


def last_failure(shell: Any) -> dict[str, Any] | None:
    """Return `id` and `count` of that cell, for a program that is not a front end; as `last_failed_cell`
    empty without a failure, None without the magics."""
    magics = getattr(shell, "_cot_magics", None)
    if magics is None:
        return None
    failure = magics.state.failure
    return {} if failure is None else {"id": str(failure.cell.id), "count": failure.cell.execution_count}


class Said:
    """A sentence that a page asks for: as the value of an expression it is shown without quotation marks."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def after_insertion(shell: Any, session_id: str) -> Said:
    """Do what follows a fix that a click put into the notebook; the page asks for it, and shows the sentence.

    The page inserts without the kernel, which would otherwise not know of it.
    """
    magics = getattr(shell, "_cot_magics", None)
    return Said(magics.inserted(session_id) if magics is not None else "")


def chosen(shell: Any, session_id: str, number: int) -> Said:
    """Take a choice that was clicked in the panel of that session; the page shows the sentence."""
    magics = getattr(shell, "_cot_magics", None)
    return Said(magics.chosen(session_id, number) if magics is not None else "")
