"""The process of one call: reads the call from standard input, answers in lines of JSON, ends when its input
does. What `cot-magic run` does in a terminal happens here."""

import json
import os
import signal
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cot_magic.agents.answers import ToolAnswer, of_certificate, of_session, step_after_cell, step_after_run
from cot_magic.core.errors import CotError
from cot_magic.core.events import Certifying, EvidenceGathered, PhaseStarted, Stamped
from cot_magic.core.session import Session
from cot_magic.settings import Settings


class CallLines:
    """Writes lines of JSON to the caller; everything else that is printed here goes nowhere."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        self._lock = threading.Lock()

    def tell(self, **said: Any) -> None:
        with self._lock:
            self._out.write(json.dumps(said, ensure_ascii=True, default=str) + "\n")

    def event(self, session: Session, stamped: Stamped) -> None:
        """Say what goes on: phases, experiments, cells of a certificate."""
        match stamped.event:
            case PhaseStarted():
                self.tell(progress=f"{stamped.event.phase}")
            case EvidenceGathered():
                self.tell(progress=f"experiment {len(session.evidence)} ended")
            case Certifying():
                self.tell(progress=f"certificate: {stamped.event.ran} of {stamped.event.total} cells ran")

    def cell(self, place: int, total: int) -> None:
        """Say which cell runs."""
        self.tell(progress=f"cell_index {place} of {total} cells runs", cell=place)


def main() -> int:
    """Answer one call. Returns 0 with an answer or a refusal, 130 if the caller went away."""
    lines = CallLines()
    call = json.loads(sys.stdin.readline())
    threading.Thread(target=_watch, daemon=True).start()
    try:
        found = _TOOLS[call["tool"]](call, lines)
    except CotError as error:
        lines.tell(refused=str(error))
    except KeyboardInterrupt:
        return 130
    else:
        lines.tell(answer=asdict(found))
    return 0


def _watch() -> None:
    """Interrupt this process when the caller closes its end or dies."""
    while os.read(0, 1_024):
        pass
    os.kill(os.getpid(), signal.SIGINT)


def _settings(call: dict[str, Any]) -> Settings:
    from cot_magic.run.choose_reasoner import absolute, choose_reasoner

    settings = replace(
        Settings(**call["settings"]), intensity=call["intensity"], prompt=call["question"], certify=True
    )
    choose_reasoner(settings)  # refuses an unknown one before a kernel is started
    return absolute(settings)


def _debug_notebook(call: dict[str, Any], lines: CallLines) -> ToolAnswer:
    from cot_magic.actions.debug_notebook import debug_notebook

    no_certificate: list[str] = []
    done = debug_notebook(
        Path(call["path"]),
        _settings(call),
        on_event=lines.event,
        on_cell=lines.cell,
        on_certifying=lines.event,
        complain=lambda error: no_certificate.append(str(error)),
    )
    session = done.run.session
    if done.run.failed is not None and session.case is None:
        raise CotError(
            f"{call['named']}: cell_index {done.run.failed} failed before it could be examined. Run "
            f"cot-magic run {call['named']} in a terminal to see why."
        )
    found = of_session(session, call["named"], step_after_run(session, call["named"]))
    if no_certificate:
        found.data["no_certificate"] = no_certificate[0]
    return found


def _certify_notebook(call: dict[str, Any], lines: CallLines) -> ToolAnswer:
    from cot_magic.actions.certify import WholeNotebook, certificate_of
    from cot_magic.run.certify import drained
    from cot_magic.run.notebook import read_notebook

    path = Path(call["path"])
    steps = certificate_of(
        WholeNotebook(notebook=read_notebook(path), path=path), Settings(**call["settings"])
    )

    def tell(step: Certifying) -> None:
        lines.event(Session(), Stamped(order=0, seconds=0.0, event=step))

    return of_certificate(drained(steps, tell), call["named"])


def _debug_cell(call: dict[str, Any], lines: CallLines) -> ToolAnswer:
    from cot_magic.agents.live import debug_live

    session = debug_live(call["kernel"], call["cell"], Path(call["root"]), lines.event)
    return of_session(session, "", step_after_cell(session))


_TOOLS = {
    "debug_notebook": _debug_notebook,
    "certify_notebook": _certify_notebook,
    "debug_cell": _debug_cell,
}

if __name__ == "__main__":
    sys.exit(main())
