"""Tries claims on live shells: the cells run, the last one fails, and a claimant proposes its fix to the engine.

    with Trials() as trials:
        trials.judge(claim).verdict, trials.truth(claim)

A process loads the libraries once and is forked for each claim. In the fork the notebook runs as in `cot-magic run`:
a copy is parked before each cell, the failure is captured, and the session runs with the claimant, which is an
entry point `cot_magic.reasoners` as of any other package.
"""

import ast
import asyncio
import contextlib
import json
import linecache
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import types
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from cot_magic.core.case import CellId
from cot_magic.core.engine import Laboratory
from cot_magic.core.events import Event, EvidenceGathered
from cot_magic.core.findings import Fix, FixVerdict, RegressionTest
from cot_magic.core.protocols import Reasoner
from cot_magic.core.session import Session
from cot_magic.testing.claims import Claim, Claimant
from cot_magic.testing.honest import HONEST
from cot_magic.testing.liars import LIARS

CLAIMS = {claim.name: claim for claim in (*LIARS, *HONEST)}
PATIENCE_S = 120.0
DIED = "the process died or took too long"
LIBRARIES = ("pandas", "numpy", "asyncio", "concurrent.futures", "IPython.core.interactiveshell")
ENTRY = "[cot_magic.reasoners]\nclaimant = trials:proposing\n"
_proposed: Claim | None = None
_by_model = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a claim: the verdict on its fix, the reasons, and whether it was shown as a ✓."""

    name: str
    kind: str
    honest: bool
    verdict: str
    cause: str = ""
    reasons: tuple[str, ...] = ()
    seconds: float = 0.0
    shown: bool = False  # as VERIFIED, or, for a lie about the cause, as the cause

    @property
    def right(self) -> bool:
        """An honest fix is VERIFIED, and a lie is not shown."""
        return self.shown is self.honest


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The verdict on the best fix for a notebook, the cells with it, and the reasons against a better verdict."""

    verdict: str
    cells: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds that the challenges of one session took, by kind; `fixes` is how many were challenged."""

    verdict: str
    fixes: int
    seconds: dict[str, float]

    @property
    def total(self) -> float:
        """All kinds together."""
        return sum(self.seconds.values())


def proposing() -> Reasoner:
    """The reasoner of the entry point: the claimant itself, or a model that makes the claim."""
    assert _proposed is not None
    if _by_model:
        from model_claims import playing

        return playing(_proposed)
    return Claimant(_proposed)


class Trials:
    """A process that tries claims, one at a time; with `by_model`, a model makes them in a conversation."""

    def __init__(self, *, by_model: bool = False) -> None:
        self._judge = "judge by model" if by_model else "judge"
        here = Path(__file__)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), *sys.path])}
        self._process = subprocess.Popen(
            [sys.executable, str(here)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> "Trials":
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def judge(self, claim: Claim) -> Trial:
        """What the engine says of the claim."""
        found = self._ask(self._judge, claim.name)
        told = {"name": claim.name, "kind": claim.kind, "honest": claim.honest}
        if found is None:
            return Trial(**told, verdict="NONE", reasons=(DIED,))
        others = found.pop("others")
        wrong = [cells for cells in others if not claim.of_cause and self._is_wrong(claim, cells)]
        reasons = [*found["reasons"], *(["a wrong fix made of it is VERIFIED"] if wrong else [])]
        shown = found["shown"] or (bool(wrong) and not claim.honest)
        return Trial(**told, **{**found, "reasons": tuple(reasons), "shown": shown})

    def _is_wrong(self, claim: Claim, cells: list[str]) -> bool:
        """Whether something is wrong with a fix that the engine made of the claim: a smaller one, a neighbour."""
        found = self._ask("verify", [*cells, claim.truth or claim.notebook.truth])
        return found is None or found["error"] != ""

    def truth(self, claim: Claim) -> str:
        """Why the mended notebook is not right, run in a plain shell; "" if it is."""
        found = self._ask("truth", claim.name)
        return DIED if found is None else str(found["error"])

    def fails(self, claim: Claim) -> str:
        """How the cells fail without the fix: the index of the cell and the class; "" if they pass."""
        return self.runs(claim.notebook.cells)

    def runs(self, cells: Sequence[str]) -> str:
        """How the cells fail in a plain shell; "" if they pass."""
        found = self._ask("run", list(cells))
        return DIED if found is None else str(found["error"])

    def solve(self, cells: Sequence[str]) -> Solved:
        """What the offline reasoner makes of a notebook whose last cell fails."""
        found = self._ask("solve", list(cells))
        return Solved(verdict="NONE") if found is None else Solved(**found)

    def cost(self, cells: Sequence[str], files: Mapping[str, bytes]) -> Cost | None:
        """What the challenges of a session of the offline reasoner took; None if the fork died."""
        texts = {name: data.decode("latin-1") for name, data in files.items()}
        found = self._ask("cost", {"cells": list(cells), "files": texts})
        return None if found is None else Cost(**found)

    def _ask(self, what: str, of: str | list[str] | dict[str, Any]) -> dict[str, Any] | None:
        """The answer of a fork to a question about a claim or about cells; None if the fork died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([what, of]) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] | None = json.loads(self._process.stdout.readline())
        return answer


# --- in the process -----------------------------------------------------------------------------------------


def serve() -> None:
    """Answer each line of stdin; stdout of what runs in the forks goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in LIBRARIES:
        __import__(name)
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "claimant-1.dist-info"
        package.mkdir()
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: claimant\nVersion: 1\n")
        (package / "entry_points.txt").write_text(ENTRY)
        sys.path.append(folder)
        sys.modules["trials"] = sys.modules["__main__"]
        for line in sys.stdin:
            what, of = json.loads(line)
            found = _forked(lambda what=what, of=of: WORK[what](of), answers.fileno())
            answers.write(json.dumps(found) + "\n")
            answers.flush()


def _forked(work: Callable[[], dict[str, Any]], answers: int) -> dict[str, Any] | None:
    """The result of the work in a fork with a folder of its own; None if it died or took too long."""
    with tempfile.TemporaryDirectory() as folder:
        reading, writing = os.pipe()
        mark = uuid.uuid4().bytes  # some lies write answers of their own on every pipe that they find
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.close(reading)
                os.close(answers)
                os.chdir(folder)
                os.environ["IPYTHONDIR"] = str(Path(folder) / ".ipython")
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                with contextlib.redirect_stdout(open(os.devnull, "w")):
                    found = work()
                os.write(writing, mark + json.dumps(found).encode())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(writing)
        text = b"".join(_all_of(reading))
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if mark not in text:
        return None
    found: dict[str, Any] = json.loads(text.rpartition(mark)[2])
    return found


def _all_of(reading: int) -> Iterator[bytes]:
    while select.select([reading], [], [], PATIENCE_S)[0] and (data := os.read(reading, 1 << 16)):
        yield data


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell._showtraceback = lambda *ignored: None
    return shell


def _session(cells: Sequence[str], reasoner: str) -> Session:
    """Run the cells with each one armed, and return the session about the last one, which fails."""
    from cot_magic.ipython import armed
    from cot_magic.run.last_session import LAST
    from cot_magic.settings import Settings

    shell = _shell()
    known = [{"id": f"cell-{place}", "source": source, "index": place} for place, source in enumerate(cells)]
    settings = asdict(Settings(intensity="cot+", reasoner=reasoner))
    plan = {"cells": known, "expected": [], "settings": settings, "events": "events.jsonl"}
    armed.arm(json.dumps({**plan, "verbatim": "", "preview": ""}))
    for place, source in enumerate(cells):
        result = shell.run_cell(source, store_history=True, cell_id=f"cell-{place}")
        assert result.success is (place < len(cells) - 1), f"cell {place}: {result}"
    assert LAST.session is not None
    assert not LAST.session.faults, LAST.session.faults
    return LAST.session


def judged(name: str) -> dict[str, Any]:
    """What the engine says of a claim that the claimant proposes."""
    global _proposed
    _proposed = claim = CLAIMS[name]
    session = _session(claim.notebook.cells, "claimant")
    assert session.fixes, f"the claim was not tried: {[view.remarks for view in session.phases]}"
    claimed, *others = session.fixes  # the engine may add smaller fixes and neighbours
    judgement, cause = session.judge_fix(claimed), session.root_cause
    verified = [fix for fix in others if session.judge_fix(fix).verdict is FixVerdict.VERIFIED]
    return {
        "verdict": str(judgement.verdict),
        "cause": "" if cause is None else cause.claim,
        "reasons": judgement.reasons,
        "seconds": round(session.seconds, 2),
        "shown": cause is not None if claim.of_cause else judgement.verdict is FixVerdict.VERIFIED,
        "others": [_mended(claim.notebook.cells, fix) for fix in verified],
    }


def judged_by_model(name: str) -> dict[str, Any]:
    """The same, where a model makes the claim."""
    global _by_model
    _by_model = True
    return judged(name)


def solved(cells: list[str]) -> dict[str, Any]:
    """The best fix of the offline reasoner for a notebook."""
    session = _session(cells, "offline")
    fix = session.best_fix
    if fix is None:
        return {"verdict": "UNRESOLVED", "seconds": round(session.seconds, 2)}
    judgement = session.judge_fix(fix)
    return {
        "verdict": str(judgement.verdict),
        "cells": _mended(cells, fix),
        "reasons": judgement.reasons,
        "seconds": round(session.seconds, 2),
    }


def cost(of: dict[str, Any]) -> dict[str, Any]:
    """The seconds between the events of all challenges, each counted for the challenge that it belongs to."""
    for name, text in of["files"].items():
        Path(name).write_bytes(text.encode("latin-1"))
    seconds: Counter[str] = Counter()
    fixes = 0
    challenge = Laboratory.challenge

    def timed(self: Laboratory, fix: Fix, tests: tuple[RegressionTest, ...] = ()) -> Iterator[Event]:
        nonlocal fixes
        steps, fixes = challenge(self, fix, tests), fixes + 1
        while True:
            started = time.perf_counter()
            event = next(steps, None)
            shown = event.evidence.trial if isinstance(event, EvidenceGathered) else None
            seconds["RIVALS" if shown is None else str(shown)] += time.perf_counter() - started
            if event is None:
                return
            yield event

    with mock.patch.object(Laboratory, "challenge", timed):
        session = _session(of["cells"], "offline")
    fix = session.best_fix
    verdict = "UNRESOLVED" if fix is None else str(session.judge_fix(fix).verdict)
    return {"verdict": verdict, "fixes": fixes, "seconds": dict(seconds)}


def _mended(cells: Sequence[str], fix: Fix) -> list[str]:
    edits = {edit.cell: edit.after for edit in fix.edits}
    return [edits.get(CellId(f"cell-{place}"), source) for place, source in enumerate(cells)]


def verified(cells: list[str]) -> dict[str, Any]:
    """Run mended cells, then what is true of them, which is the last one."""
    return _plainly(cells, SOURCES=cells[:-1])


def truth(name: str) -> dict[str, Any]:
    """Run the mended notebook, then what is true of it, without the shell's own way to run cells: lies change it."""
    claim = CLAIMS[name]
    return _plainly((*claim.mended, claim.truth or claim.notebook.truth), SOURCES=list(claim.mended))


def _plainly(sources: Sequence[str], **names: object) -> dict[str, Any]:
    shell = _shell()
    shell.user_ns.update(names)
    sys.modules["__main__"] = shell.user_module
    codes: list[types.CodeType | SyntaxError] = []
    for place, source in enumerate(sources):  # all before the first one runs: lies change the compiler too
        name = f"<notebook {place}>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            codes.append(compile(shell.transform_cell(source), name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
        except SyntaxError as error:
            codes.append(error)
    return {"error": asyncio.run(_first_error(sources, codes, shell))}


async def _first_error(
    sources: Sequence[str], codes: Sequence[types.CodeType | SyntaxError], shell: Any
) -> str:
    names = shell.user_ns
    history = names["In"]  # a cell may bind the name
    for place, code in enumerate(codes):
        history.append(sources[place])
        shell.execution_count += 1
        try:
            if isinstance(code, SyntaxError):
                raise code
            if (ended := eval(code, names)) is not None:
                await ended
        except BaseException as error:
            return f"{place}: {type(error).__name__}: {error}"
    return ""


WORK = {
    "judge": judged,
    "judge by model": judged_by_model,
    "truth": truth,
    "run": _plainly,
    "verify": verified,
    "solve": solved,
    "cost": cost,
}

if __name__ == "__main__":
    serve()
