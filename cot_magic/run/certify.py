"""Runs a whole notebook in a fresh, confined kernel and says of each cell what that showed."""

import ast
import re
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cot_magic.capture.lineage.dataflow import flow_of
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.capture.secrets.withhold import withheld
from cot_magic.core.certificate import CellOutcome, Certificate, CertifiedCell, OutputVerdict
from cot_magic.core.errors import NotebookError
from cot_magic.core.events import Certifying
from cot_magic.sandbox.blocked import NO_INPUT
from cot_magic.sandbox.notebook_process import DIED, FORGED, TOO_LATE, CellAnswer, NotebookProcess
from cot_magic.sandbox.steps import without_cot_line
from cot_magic.verdict.certificate import OutputsCompared, compare

SKIPPED, EXPECTED, TEST = "skip-execution", "raises-exception", "cot-test"  # tags of cells
VARIES = "nbval-ignore-output"
LIMIT_S = 60.0
MORE = 2.0  # times what a cell took last time: what it may take if the person says so
_OUR_MAGIC = re.compile(r"^[ \t]*%%?cot(?:\+{1,2}|_\w+)?(?:[ \t]|$)", re.MULTILINE)
_NETWORK = ("connect ", "sendto ", "bind ", "look up ", "fetch ")
_PROCESS = ("run ", "fork a process", "run in a terminal")
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_MISSING = ("FileNotFoundError", "NotADirectoryError")  # perhaps what a cell that did not run would make


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCell:
    """One cell that a certificate is to run.

    Attributes
    ----------
    place, label
        As in `CertifiedCell`.
    earlier
        The outputs that it had; None if nothing is known of them.
    seconds
        How long it took last time, if that is known.
    varies, expected
        Whether the notebook says that its outputs differ each time, and that it raises.
    """

    place: int
    label: str
    source: str
    earlier: tuple[Mapping[str, Any], ...] | None = None
    seconds: float | None = None
    test: bool = False
    varies: bool = False
    expected: bool = False


Ask = Callable[[PlannedCell], bool]
"""Whether to run a cell that took longer last time than it may."""
Served = Callable[[PlannedCell], tuple[str, bytes] | None]
"""For a cell that is too dear to run: its definitions as source and its other values pickled, if known."""
Progress = Generator[Certifying, None, Certificate]
"""A run of a notebook: says which cell is next, and returns the certificate."""


def plan_of(
    notebook: Any,
    *,
    original: Any = None,
    ran: Any = None,
    has_outputs: bool = True,
    took: Mapping[str, float] | None = None,
) -> tuple[PlannedCell, ...]:
    """The cells of a notebook (nbformat 4.5) as a plain execution would run them.

    Cells without source and those that are tagged to be skipped are left out.

    Parameters
    ----------
    original
        The notebook before it was fixed: cells have their place and their outputs from it.
    ran
        An execution of the original, whose outputs are taken if the original has none.
    has_outputs
        Whether the outputs of executed cells are known.
    took
        How many seconds cells took last time, by their ids, where the notebook does not say so.
    """
    original = notebook if original is None else original
    known = original if ran is None or _was_executed(original) else ran
    places = {cell.id: place for place, cell in enumerate(original.cells)}
    with_outputs = {cell.id: cell for cell in known.cells}
    found, last = [], 0
    for cell in notebook.cells:
        last = places.get(cell.id, last)
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or SKIPPED in tags:
            continue
        planned = _planned(cell, with_outputs.get(cell.id, cell), last, has_outputs)
        if planned.seconds is None and took is not None:
            planned = replace(planned, seconds=took.get(cell.id))
        found.append(planned)
    return tuple(found)


def _planned(cell: Any, stored: Any, place: int, has_outputs: bool) -> PlannedCell:
    tags = cell.metadata.get("tags", [])
    executed = stored.get("execution_count") is not None or bool(stored.get("outputs"))
    test = TEST in tags
    return PlannedCell(
        place=place,
        label=_name_of_test(cell.source) if test else _label(stored, place),
        source=cell.source,
        earlier=tuple(stored.outputs) if executed and has_outputs else None,
        seconds=_took(stored),
        test=test,
        varies=VARIES in tags,
        expected=EXPECTED in tags,
    )


def certifying(
    plan: Sequence[PlannedCell],
    folder: Path,
    *,
    name: str,
    python: str = sys.executable,
    allow: Sequence[str] = (),
    limit: float = LIMIT_S,
    unreadable: Sequence[str] = (),
    redactor: Redactor | None = None,
    ask: Ask = lambda cell: False,
    serve: Served = lambda cell: None,
    edited: Sequence[int] = (),
    debugged: int | None = None,
    notes: Sequence[str] = (),
) -> Progress:
    """Run the cells from top to bottom in a fresh kernel, confined to a copy of the folder.

    Parameters
    ----------
    name
        What the notebook is called.
    limit
        Seconds for each cell. A cell that took longer last time runs only if `ask` says so.
    serve
        Gives the values of a cell that does not run for that reason: it is not certified, but what uses its
        values can be.
    redactor
        Withholds secrets from the certificate.
    edited, debugged
        The places of the cells that the fix edits, and of the cell that was debugged.

    Raises SandboxError, with nothing run, where the confinement does not work. Ctrl-C ends the run; the
    certificate says what was done until then.
    """
    started = time.monotonic()
    told = list(notes)
    cpu_s = int(limit * (len(plan) + 1) * 4) + 60
    kernel = NotebookProcess(folder, python=python, allow=allow, cpu_s=cpu_s, unreadable=unreadable)
    run = _Run(plan, kernel, allow, limit, ask, serve)
    interrupted = False
    packages: tuple[tuple[str, str], ...] = ()
    try:
        with kernel:
            yield from run.go()
            packages = run.finish(_imported(plan))
    except KeyboardInterrupt:
        interrupted = True
    run.rest("interrupted" if interrupted else "")
    run.relate(edited, debugged)
    if kernel.copy.linked:
        told.append(_linked(kernel.copy.linked))
    certificate = replace(
        run.certificate(name),
        seconds=round(time.monotonic() - started, 3),
        packages=packages,
        notes=tuple(told),
        interrupted=interrupted,
    )
    return withheld(certificate, redactor or Redactor())


def certify(plan: Sequence[PlannedCell], folder: Path, **how: Any) -> Certificate:
    """The same at once; see `certifying`."""
    return drained(certifying(plan, folder, **how))


def drained(run: Progress, tell: Callable[[Certifying], object] = lambda step: None) -> Certificate:
    """The certificate of a run, each step of which is told.

    Ctrl-C, also while telling, ends the run and keeps what is done.
    """
    while True:
        try:
            step = next(run)
            try:
                tell(step)
            except KeyboardInterrupt as stop:
                run.throw(stop)
        except StopIteration as ended:
            found: Certificate = ended.value
            return found


def interpreter_of(notebook: Any, path: Path, kernel: str | None) -> str:
    """The Python that runs a notebook. Raises NotebookError if there is none."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    spec = notebook.metadata.get("kernelspec", {})
    if spec.get("language", "python").lower() not in ("python", "ipython"):
        raise NotebookError(f"{path}: a notebook for {spec['language']}; cot-magic runs Python.")
    asked = kernel or spec.get("name", "python3")
    if asked == "python3":
        return sys.executable
    try:
        argv = KernelSpecManager().get_kernel_spec(asked).argv
    except NoSuchKernel:
        raise NotebookError(
            f"{path}: no kernel named {asked!r}; choose another, e.g. --kernel python3."
        ) from None
    return str(argv[0]) if argv else sys.executable


class _Run:
    """One run of a plan: what each cell came to, and which names the cells that do not count leave open."""

    def __init__(
        self,
        plan: Sequence[PlannedCell],
        kernel: NotebookProcess,
        allow: Sequence[str],
        limit: float,
        ask: Ask,
        serve: Served,
    ) -> None:
        self._plan, self._kernel, self._limit, self._ask = plan, kernel, limit, ask
        self._serve = serve
        self.served = False  # whether values of the live kernel are used
        self._net = "net" in allow
        self.done: list[CertifiedCell] = []
        self._open: dict[str, str] = {}  # a name, and the cell that would have bound or changed it
        self._maybe: dict[str, str] = {}  # the same with what it imports, perhaps before it ended
        self._inside: dict[str, set[str]] = {}  # a function or class, and the names that it reads when called
        self._stopped = ""  # why no more cells run

    def go(self) -> Iterator[Certifying]:
        """Run cells until one fails or the kernel is lost."""
        dear = {id(planned) for planned in self._plan if self._is_dear(planned) and self._ask(planned)}
        for planned in self._plan:
            yield Certifying(label=planned.label, ran=len(self.done), total=len(self._plan))
            limit = self._limit
            if id(planned) in dear:
                limit = max(limit, MORE * (planned.seconds or 0.0))
            elif why := self._why_not(planned):
                if not self._is_dear(planned) or not self._take_over(planned, why):
                    self._leave(planned, why)
                continue
            answer = self._kernel.run(without_cot_line(planned.source), limit)
            self._take(planned, answer)
            if self._stopped:
                return

    def _take_over(self, planned: PlannedCell, why: str) -> bool:
        """Give the notebook the values that the live kernel has of a cell; return whether it has them now."""
        if self._depends_on(planned) or (given := self._serve(planned)) is None:
            return False
        source, data = given
        path = self._kernel.keep(data)
        load = f"globals().update(__import__('pickle').load(open({path!r}, 'rb')))"
        answer = self._kernel.run(f"{source}\n{load}", self._limit)
        if not answer.passed or answer.lost or answer.changed or answer.reaches:
            if answer.lost or answer.changed:
                self._lose(planned, answer)
                return True
            return False
        self._maybe[""] = planned.label  # files that it writes are not there
        self._add(planned, CellOutcome.NOT_RUN, reason=f"{why}; its values are those of the live kernel")
        self.served = True
        return True

    def finish(self, modules: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """End the kernel; if it does not end as it should, its word for the last cell does not count."""
        if self._stopped:
            return ()
        lost, packages = self._kernel.finish(modules)
        if lost and self.done:
            why = "the process did not end as it said: what it reported does not count"
            self.done[-1] = replace(self.done[-1], outcome=CellOutcome.NOT_RUN, reason=why)
        return packages

    def rest(self, why: str) -> None:
        """The cells that were not reached."""
        for planned in self._plan[len(self.done) :]:
            self._add(planned, CellOutcome.NOT_RUN, reason=why or f"not reached: {self._stopped}")

    def certificate(self, name: str) -> Certificate:
        """What the cells came to, and on what."""
        pairs = tuple(zip(self.done, self._plan, strict=True))
        return Certificate(
            notebook=name,
            cells=tuple(cell for cell, planned in pairs if not planned.test),
            tests=tuple(cell for cell, planned in pairs if planned.test),
            state="live" if self.served else "fresh",
            python=self._kernel.version,
            seed=self._kernel.seed,
        )

    def relate(self, edited: Sequence[int], debugged: int | None) -> None:
        """Say of a failure what it has to do with the fix."""
        if debugged is None:
            return
        for place, (cell, planned) in enumerate(zip(self.done, self._plan, strict=True)):
            if cell.outcome is CellOutcome.FAILED:
                relation = self._relation(planned, edited, debugged)
                self.done[place] = replace(cell, relation=relation)

    # --- details --------------------------------------------------------------------------------------------

    def _relation(self, planned: PlannedCell, edited: Sequence[int], debugged: int) -> str:
        if planned.test:
            return "which is a test of this fix"
        if planned.place in edited:
            return "which the fix edits"
        touched: dict[str, str] = {}
        for other in self._plan:
            flow = flow_of(other.source)
            if other.place >= planned.place:
                break
            if other.place in edited or (touched and self._uses(other, touched)):
                touched |= dict.fromkeys(flow.touches, other.label)
        if touched and (source := self._uses(planned, touched)):
            return f"which uses what the fix changes (through {source})"
        if planned.place > debugged:
            return "not related to this fix: the failure above it had hidden it"
        return "not related to this fix: in a fresh kernel it fails before the cell that was debugged"

    def _why_not(self, planned: PlannedCell) -> str:
        """Why a cell is not even tried."""
        if _OUR_MAGIC.search(without_cot_line(planned.source)):
            return "it calls a magic of cot-magic: a certificate investigates nothing"
        if self._is_dear(planned):
            more = int(MORE * (planned.seconds or 0.0)) + 1
            return f"it took {planned.seconds:.0f} s last time: `--certify-limit {more}` runs it"
        return ""

    def _is_dear(self, planned: PlannedCell) -> bool:
        return planned.seconds is not None and planned.seconds > self._limit

    def _take(self, planned: PlannedCell, answer: CellAnswer) -> None:
        if answer.lost or answer.changed:
            self._lose(planned, answer)
            return
        needs = self._depends_on(planned)
        why = self._why_not_counted(planned, answer) or (
            f"it needs what {needs} would have made" if needs else ""
        )
        if answer.passed or (planned.expected and not why):
            if why:
                self._leave(planned, why, answer)
            elif answer.reaches:
                self._add(
                    planned,
                    CellOutcome.NOT_RUN,
                    answer,
                    f"it {answer.reaches}: it could change what judges it",
                )
            else:
                self._passed(planned, answer)
            return
        if not why and self._maybe and answer.ename in _MISSING:
            why = f"a file is missing that {next(iter(self._maybe.values()))} may make"
        undefined = _UNDEFINED.match(answer.evalue)
        if not why and undefined is not None and undefined[1] in self._maybe:
            why = f"it needs what {self._maybe[undefined[1]]} would have made"
        if why:
            self._leave(planned, why, answer)
            return
        error = (
            f"{answer.ename}: {answer.evalue}".strip().rstrip(":") if answer.ename else "it did not end well"
        )
        self._add(planned, CellOutcome.FAILED, answer, error.splitlines()[0] if error else error)
        self._stopped = f"{planned.label} fails"

    def _passed(self, planned: PlannedCell, answer: CellAnswer) -> None:
        outputs = list(answer.outputs)
        if answer.ename:
            outputs.append({"output_type": "error", "ename": answer.ename, "evalue": answer.evalue})
        compared = compare(planned.earlier, outputs, planned.source, {self._kernel.copy.path: "."})
        if _OUR_MAGIC.search(planned.source):
            compared = OutputsCompared(verdict=OutputVerdict.OPEN, reason="nothing is investigated here")
        elif planned.varies:
            compared = OutputsCompared(verdict=OutputVerdict.OPEN, reason="its tag says so")
        self._add(planned, CellOutcome.PASSED, answer, compared.reason)
        self.done[-1] = replace(self.done[-1], outputs=compared.verdict, was=compared.was, now=compared.now)
        for name in flow_of(planned.source).defines:
            self._open.pop(name, None)

    def _lose(self, planned: PlannedCell, answer: CellAnswer) -> None:
        """The kernel is gone, or its word does not count any more."""
        outcome = CellOutcome.NOT_RUN
        if answer.lost == TOO_LATE:
            why = f"it was stopped after {self._limit:g} s: `--certify-limit S` gives it more"
            self._stopped = f"{planned.label} takes too long"
        elif answer.lost == DIED:
            outcome, why = CellOutcome.FAILED, "the kernel died"
            self._stopped = f"{planned.label} ends the kernel"
        elif answer.lost == FORGED:
            why = "it writes into the reports of the kernel: nothing that the kernel says counts"
            self._stopped = f"{planned.label} writes into the reports of the kernel"
        else:
            why = f"it replaces what runs cells ({answer.changed}): nothing after it proves anything"
            self._stopped = f"{planned.label} replaces what runs cells"
        self._add(planned, outcome, answer, why)

    def _why_not_counted(self, planned: PlannedCell, answer: CellAnswer) -> str:
        """Why the confinement, and not the code, decided how a cell ended."""
        if not self._net and any(effect.startswith(_NETWORK) for effect in answer.effects):
            return "it uses the network (`--allow net`)"
        names = [name for name in sorted(self._kernel.withheld) if name in planned.source]
        if names:
            return f"it reads the environment variable {names[0]}, which is withheld"
        if not answer.blocked:
            return ""
        if NO_INPUT in answer.blocked:
            return "it asks for input"
        if any(effect.startswith(_PROCESS) for effect in answer.effects):
            return "it starts a process (`--allow proc`)"
        return answer.blocked

    def _depends_on(self, planned: PlannedCell) -> str:
        """A cell that was not certified and that this one builds on; "" if there is none."""
        return self._uses(planned, self._open)

    def _uses(self, planned: PlannedCell, given: Mapping[str, str]) -> str:
        """The cell that gave one of the names which this one uses, also through functions."""
        flow = flow_of(planned.source)
        used, waiting = set[str](), [*flow.uses, *flow.changes, *flow.modules]
        while waiting:
            name = waiting.pop()
            if name not in used:
                used.add(name)
                waiting += self._inside.get(name, ())
        return next((cell for name, cell in given.items() if name in used), "")

    def _note(self, planned: PlannedCell) -> None:
        """Remember what the functions of a cell read, and what no investigation has left in `cot_magic`."""
        flow = flow_of(planned.source)
        for name in flow.defines if flow.later else ():
            self._inside[name] = set(flow.later)
        if _OUR_MAGIC.search(planned.source):
            self._open["cot_magic"] = planned.label

    def _leave(self, planned: PlannedCell, why: str, answer: CellAnswer | None = None) -> None:
        """A cell does not count: what it binds is not what it would be."""
        self._add(planned, CellOutcome.NOT_RUN, answer, why)
        for name in flow_of(planned.source).touches - _bound_by_imports(planned.source):
            self._open[name] = planned.label
        self._maybe |= dict.fromkeys(flow_of(planned.source).touches, planned.label)

    def _add(
        self, planned: PlannedCell, outcome: CellOutcome, answer: CellAnswer | None = None, reason: str = ""
    ) -> None:
        self._note(planned)
        self.done.append(
            CertifiedCell(
                place=planned.place,
                label=planned.label,
                outcome=outcome,
                reason=reason,
                lineno=answer.lineno if answer is not None and outcome is CellOutcome.FAILED else None,
                seconds=answer.seconds if answer is not None else 0.0,
            )
        )


def _bound_by_imports(source: str) -> set[str]:
    """Names that a cell gives to what it imports: they are the same whether or not it counts."""
    lines = ("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}


def _linked(linked: Sequence[str]) -> str:
    more = f" and {len(linked) - 3} more" if len(linked) > 3 else ""
    return f"Too large to copy, so read where they are: {', '.join(sorted(linked)[:3])}{more}."


def _was_executed(notebook: Any) -> bool:
    return any(
        cell.cell_type == "code" and (cell.get("outputs") or cell.get("execution_count") is not None)
        for cell in notebook.cells
    )


def _label(stored: Any, place: int) -> str:
    count = stored.get("execution_count")
    return f"cell [{count}]" if count is not None else f"cell {place}"


def _name_of_test(source: str) -> str:
    found = re.search(r"^(?:async )?def (test_\w+)", source, re.MULTILINE)
    return found[1] if found is not None else "a test"


def _took(cell: Any) -> float | None:
    """How long a cell took, if its metadata says so as JupyterLab and nbclient write it."""
    from datetime import datetime

    times = cell.metadata.get("execution", {})
    texts = [times.get("iopub.execute_input"), times.get("shell.execute_reply")]
    try:
        started, ended = (datetime.fromisoformat(str(text).replace("Z", "+00:00")) for text in texts if text)
    except ValueError:
        return None
    return max(0.0, (ended - started).total_seconds())


def _imported(plan: Iterable[PlannedCell]) -> list[str]:
    """The top-level modules that the cells import and that do not come with Python."""
    names: Iterator[str] = (name for cell in plan for name in sorted(flow_of(cell.source).modules))
    return [name for name in dict.fromkeys(names) if name not in sys.stdlib_module_names][:30]
