"""What a report knows of one session: the cells to run again in order, and what cannot be repeated."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cot_magic.core.case import Case, Cell, Freshness, Raised
from cot_magic.core.events import EvidenceGathered, RunProbe, Stamped
from cot_magic.core.experiments import replayed
from cot_magic.core.findings import Evidence, EvidenceKind, Fix, Probe, Stage
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import Session
from cot_magic.core.verdict import TIMEOUT
from cot_magic.notebook.report.kit import Kit, awaits, free_name
from cot_magic.notebook.report.lineage import VALUES, cells_before, missing_names, page_place, recorded_values

KERNEL_DIED = "KernelDied"
_VARYING = re.compile(
    r"coroutine|0x[0-9a-f]{4,}|<redacted|\{['\"][^:{}]*\}|…|ipykernel_|[/\\]te?mp[/\\]", re.IGNORECASE
)
_CHANGES = ("write ", "remove", "make folder", "truncate ", "rename ", "link ", "open database ")
_WRITES = re.compile(
    r"\bopen\([^)]*['\"][rwaxbt+]*[wax+][bt+]*['\"]|\.(?:to_(?:csv|json|excel|parquet|pickle|sql)|write_(?:text|bytes)"
    r"|savefig|mkdir|makedirs|touch|dump)\b|sqlite3\.connect|^\s*[!%]",
    re.MULTILINE,
)
_ASKS = re.compile(r"\b(?:input|getpass)\s*\(")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A session, prepared for a report.

    Attributes
    ----------
    probes
        The requested probes in order, each with its evidence; None if it could not run.
    before
        The cells that create the state before the failing one, in the order in which they ran.
    kit
        The Python code that runs these cells again.
    missing
        Names that the cells use but no cell defines: without them the state cannot be rebuilt.
    skip
        Why the cells of this report cannot run on their own; empty if they can.
    """

    session: Session
    case: Case
    probes: tuple[tuple[Probe, Evidence | None], ...]
    before: tuple[Cell, ...]
    fix: Fix | None
    kit: Kit
    missing: tuple[str, ...] = ()
    skip: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources that cells of the report run."""
        fix = self.fix
        tests = self.session.tests_of(fix.id) if fix is not None else ()
        return (
            *(cell.source for cell in (*self.before, self.case.cell)),
            *(self.source_fixed(cell) for cell in self.fixed),
            *(probe.source for probe, _ in self.probes),
            *(view.test.source for view in tests),
        )

    @property
    def writes(self) -> bool:
        """Whether the cells change files, so that they should run in another folder."""
        tried = (effect for item in self.session.evidence for effect in item.effects)
        return any(effect.startswith(_CHANGES) for effect in tried) or any(map(_WRITES.search, self.sources))

    @property
    def hung(self) -> bool:
        """Whether the failing cell did not finish."""
        return self.case.raised is not None and self.case.raised.ename == TIMEOUT

    @property
    def stale(self) -> tuple[str, ...]:
        """Cells that changed since they ran, so that the state may come out differently."""
        return tuple(
            self.case.label(item.cell.id) for item in self.case.lineage if item.freshness is Freshness.STALE
        )

    @property
    def races(self) -> bool:
        """Whether the failure depends on the order in which concurrent code runs."""
        return any(item.kind is EvidenceKind.SCHEDULE for item in self.session.evidence)

    @property
    def unsure(self) -> bool:
        """Whether the cells, run again in order, may behave differently from the recording."""
        again = [
            run
            for fix in self.session.fixes
            if all(edit.cell == self.case.cell.id for edit in fix.edits)  # otherwise earlier cells ran twice
            and (run := self.run_of_fix(Stage.BEFORE, fix)) is not None
        ]
        other = [run for run in again if run.outcome is Outcome.PASSED or _another(run, self.case.raised)]
        return bool(self.stale or self.races or other)

    @property
    def fixed(self) -> tuple[Cell, ...]:
        """The cells that run to show the fix: those from the first edited one on, or from the first that made
        what an edited one reads and has changed since."""
        if self.fix is None:
            return ()
        after = {edit.cell: edit.after for edit in self.fix.edits}
        known = {cell.id: cell for cell in (*self.case.cells, *self.before)}
        added = [known[cell] for cell in after if cell in known and cell not in {c.id for c in self.before}]
        chain = sorted(
            [*self.before, *(cell for cell in added if cell.id != self.case.cell.id)], key=page_place
        )
        again = {step.cell for step in replayed(self.case, self.fix.edits, Stage.AFTER)} | after.keys()
        first = next((place for place, cell in enumerate(chain) if cell.id in again), len(chain))
        return (*chain[first:], self.case.cell)

    def source_fixed(self, cell: Cell) -> str:
        """Return the source of a cell with the fix."""
        edits = {edit.cell: edit.after for edit in self.fix.edits} if self.fix is not None else {}
        return edits.get(cell.id, cell.source)

    def label(self, cell: Cell) -> str:
        """Return `cell [3]`, by which the reader finds it."""
        if cell.id == VALUES:
            return VALUES
        return self.case.label(cell.id)

    def run_of_fix(self, stage: Stage, fix: Fix | None = None) -> Evidence | None:
        """Return the latest run of the failing cell without or with a fix (by default the best one)."""
        fix = fix or self.fix
        runs = [
            item
            for item in self.session.evidence
            if fix is not None
            and item.kind is EvidenceKind.FIX
            and item.about == fix.id
            and item.stage is stage
        ]
        return runs[-1] if runs else None

    @property
    def steady(self) -> bool:
        """Whether the failure's message is the same in every process, as far as is known."""
        raised = self.case.raised
        if raised is None or raised.syntax is not None or raised.group or self.unsure:
            return False
        here = self.case.environment.cwd
        seen = [item.raised for item in self.session.evidence if item.stage is Stage.BEFORE and item.raised]
        fails = [item.evalue for item in seen if item.ename == raised.ename]
        same = all(text == raised.evalue for text in fails)
        return same and not _VARYING.search(raised.evalue) and not (here and here in raised.evalue)

    @property
    def silent(self) -> bool:
        """Whether a run in a copy showed that the failing cell prints nothing before it raises."""
        return any(
            item.output == ""
            for fix in self.session.fixes
            if all(edit.cell == self.case.cell.id for edit in fix.edits)
            for item in [self.run_of_fix(Stage.BEFORE, fix)]
            if item is not None and item.outcome is Outcome.RAISED
        ) or any(
            item is not None
            and probe.frame is not None
            and item.held is not None
            and item.output == str(item.held)
            for probe, item in self.probes
        )


def dossier(stampeds: Sequence[Stamped], session: Session, case: Case) -> Dossier:
    """Return the session with more from its events, and whether its cells can run again."""
    probes = tuple(_probes(stampeds))
    fix = session.best_fix
    also = [probe.source for probe, _ in probes]
    if fix is not None:
        also += [edit.after for edit in fix.edits]
        also += [view.test.source for view in session.tests_of(fix.id)]
    before = cells_before(case, also)
    missing = tuple(missing_names(case, before))
    values = recorded_values(case, missing)
    if values is not None:
        before = (values, *before)
        missing = tuple(missing_names(case, before))
    told = Dossier(
        session=session,
        case=case,
        probes=probes,
        before=before,
        fix=fix,
        kit=Kit(before={}, failing={}, fixed={}),
        missing=missing,
        skip=_skip(case, missing, [cell.source for cell in (*before, case.cell)]),
    )
    return replace(told, kit=_kit(told))


def _kit(told: Dossier) -> Kit:
    """Return the Python code that runs the cells of this session again."""
    case, fix = told.case, told.fix
    after = told.run_of_fix(Stage.AFTER)
    limit = max(2.0, round(5 * after.seconds, 1) if after is not None else 0.0)
    asked = [probe for probe, run in told.probes if ran(run) and probe.frame is None and not plainly(run)]
    sources = told.sources
    return Kit(
        before={told.label(cell): cell.source for cell in told.before},
        failing={told.label(case.cell): case.cell.source},
        fixed={told.label(cell): told.source_fixed(cell) for cell in told.fixed},
        limit=limit if told.hung else None,
        frames=any(probe.frame is not None for probe, run in told.probes if ran(run)),
        values=bool(asked),
        tests=fix is not None and bool(told.session.tests_of(fix.id)),
        name=free_name(sources),
        awaits=any(awaits(source) for source in sources),
    )


def ran(evidence: Evidence | None) -> bool:
    """Return whether the code passed or raised by itself, so that it should do the same again."""
    return evidence is not None and evidence.outcome in (Outcome.PASSED, Outcome.RAISED)


def plainly(evidence: Evidence | None) -> bool:
    """Return whether a probe printed only True or False, so that its code can be a cell."""
    return (
        evidence is not None and evidence.held is not None and evidence.output.strip() == str(evidence.held)
    )


def _another(item: Evidence, raised: Raised | None) -> bool:
    return item.raised is not None and raised is not None and item.raised.ename != raised.ename


def _probes(stampeds: Sequence[Stamped]) -> Iterator[tuple[Probe, Evidence | None]]:
    events = [stamped.event for stamped in stampeds]
    for place, event in enumerate(events):
        if isinstance(event, RunProbe):
            answer = events[place + 1] if place + 1 < len(events) else None
            yield event.probe, answer.evidence if isinstance(answer, EvidenceGathered) else None


def _skip(case: Case, missing: Sequence[str], sources: Sequence[str]) -> str:
    raised = case.raised
    if raised is None:
        return "the cell did not fail"
    if raised.ename == KERNEL_DIED:
        return "the failing cell kills its kernel"
    if missing:
        names = ", ".join(f"`{name}`" for name in missing[:8])
        return f"no known cell defines {names}, which the kernel had when the cell failed"
    if any(_ASKS.search(source) for source in sources):
        return "a cell asks for input"
    return ""
