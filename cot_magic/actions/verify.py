"""Runs the experiments of a recording again and compares the results."""

import itertools
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cot_magic.core.case import Case
from cot_magic.core.codec import encode
from cot_magic.core.errors import CotError, RecordingError, UsageError
from cot_magic.core.events import (
    EvidenceGathered,
    ExploreSchedules,
    InspectVariable,
    Request,
    RunProbe,
    SessionStarted,
    Stamped,
    TryFix,
)
from cot_magic.core.findings import LOOK, Evidence, EvidenceKind
from cot_magic.core.session import Session
from cot_magic.core.withheld import holds_mask, withheld_cells
from cot_magic.run.choose_reasoner import AFRESH
from cot_magic.settings import Settings

_REQUESTS = (RunProbe, TryFix, ExploreSchedules, InspectVariable)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_NB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# durations are printed with a unit and differ each time
_DURATION = re.compile(r"\b\d[\d.,]*(?:e[+-]?\d+)?\s*(?:ns|µs|μs|us|ms|s|secs?|seconds?|min|minutes?)\b")
NOT_RUN = "not run"
CELL, CONTEXT = 60, 12  # characters of a cell of the table, and of what precedes a difference in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One experiment: its recorded result and its result now."""

    evidence: str
    what: str
    then: str
    now: str

    @property
    def same(self) -> bool:
        return self.then == self.now


class VerificationStopped(CotError):
    """The person interrupted a verification; the message says how far it got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All experiments of a recording. `notes` say what could not be repeated."""

    compared: tuple[Compared, ...]
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether every experiment ran again and ended as recorded."""
        return all(item.same for item in self.compared)


def verify(
    recorded: Sequence[Stamped], notebook: Path | None = None, kernel: str | None = None
) -> Verification:
    """Run the recorded experiments in a real kernel and compare.

    Parameters
    ----------
    recorded
        The events of one session.
    notebook
        The notebook it was recorded in; without one, the recorded cells run in their recorded order up to the
        failing one. Files that they read have to be in the current folder.

    Raises
    ------
    RecordingError
        If there is no session in the recording.
    UsageError
        If nothing failed in it, or a withheld source is needed.
    VerificationStopped
        At Ctrl-C.
    """
    case = _case_of(recorded)
    if case.raised is None:
        raise UsageError("nothing failed in this session: there are no experiments to repeat.")
    notes = []
    if notebook is None and (hidden := withheld_cells(case)):
        labels = ", ".join(case.label(cell.id) for cell in hidden)
        notes.append(
            f"Part of the source of {labels} was withheld in this recording: what needs it does not run. "
            "Give the notebook with --notebook."
        )
    fresh: list[Stamped] = []
    try:
        _run(recorded, case, notebook, kernel, fresh)
    except KeyboardInterrupt:
        raise VerificationStopped(how_far(recorded, fresh)) from None
    if not any(isinstance(stamped.event, SessionStarted) for stamped in fresh):
        notes.append("The recorded cell did not fail again, or another one failed first: nothing was run.")
    return Verification(compared=_compared(recorded, fresh), notes=tuple(notes))


def how_far(recorded: Sequence[Stamped], fresh: Sequence[Stamped]) -> str:
    """One line for a verification that was interrupted after the fresh events."""
    ran = [item for item in _compared(recorded, fresh) if not item.now.startswith(NOT_RUN)]
    count = sum(isinstance(stamped.event, EvidenceGathered) for stamped in recorded)
    same = sum(item.same for item in ran)
    return (
        f"interrupted: {len(ran)} of {count} experiments were compared, {same} as recorded, "
        f"{len(ran) - same} not."
    )


def _compared(recorded: Sequence[Stamped], fresh: Sequence[Stamped]) -> tuple[Compared, ...]:
    left = list(_answered(fresh))
    compared: list[Compared] = []
    for request, gathered in _answered(recorded):
        place = next((n for n, (other, _) in enumerate(left) if _same_request(request, other)), None)
        compared += _rows(request, gathered, left.pop(place)[1] if place is not None else [])
    return tuple(compared)


def _case_of(recorded: Sequence[Stamped]) -> Case:
    for stamped in recorded:
        if isinstance(stamped.event, SessionStarted):
            return stamped.event.case
    raise RecordingError("there is no session in the recording: there is nothing to verify.")


def _run(
    recorded: Sequence[Stamped], case: Case, notebook: Path | None, kernel: str | None, events: list[Stamped]
) -> None:
    """Add the events of a run in a kernel whose reasoner repeats the recording."""
    from cot_magic.run.notebook import run_notebook

    def hear(session: Session, stamped: Stamped) -> None:
        events.append(stamped)

    with tempfile.TemporaryDirectory(prefix="cot-verify-") as folder:
        recording = Path(folder) / "recorded.cot.jsonl"
        lines = "".join(f"{encode(item)}\n" for item in recorded)
        recording.write_text(lines, encoding="utf-8", errors="backslashreplace")
        path = notebook or _notebook_of(case)
        settings = Settings(intensity="cot++", reasoner=f"{AFRESH}{recording}", insert="none")
        try:
            run_notebook(path, settings, kernel=kernel, on_event=hear)
        finally:
            if notebook is None:
                path.unlink()


def _notebook_of(case: Case) -> Path:
    """Write a notebook of the recorded cells in the current folder, where they find the same files.

    An earlier cell may have failed too; the run continues after it as the person did. A cell with the source
    of the failing one was an earlier attempt and is left out.
    """
    import nbformat

    ran = [
        cell
        for cell in case.cells
        if cell.execution_count is not None and cell.source != case.cell.source and cell.id != case.cell.id
    ]
    last = case.cell.execution_count
    before = [cell for cell in ran if last is None or (cell.execution_count or 0) < last]
    cells = []
    for cell in (*sorted(before, key=lambda item: item.execution_count or 0), case.cell):
        made = nbformat.v4.new_code_cell(cell.source)  # type: ignore[no-untyped-call]
        if _NB_ID.fullmatch(cell.id):
            made["id"] = cell.id
        if cell is not case.cell:
            made["metadata"]["tags"] = ["raises-exception"]
        cells.append(made)
    made = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix=".cot-verify-", suffix=".ipynb", dir=Path(), delete=False, encoding="utf-8"
        ) as file:
            nbformat.write(made, file)  # type: ignore[no-untyped-call]
    except OSError as error:
        where = f"cannot write a notebook into {Path().resolve()} ({error.strerror})"
        raise UsageError(f"{where}: run it in a folder you can write to.") from None
    return Path(file.name)


def _answered(events: Sequence[Stamped]) -> Iterator[tuple[Request, list[Evidence]]]:
    """Each request with its evidence."""
    request: Request | None = None
    gathered: list[Evidence] = []
    for stamped in events:
        if isinstance(stamped.event, _REQUESTS):
            if request is not None:
                yield request, gathered
            request, gathered = stamped.event, []
        elif isinstance(stamped.event, EvidenceGathered):
            gathered.append(stamped.event.evidence)
    if request is not None:
        yield request, gathered


def _same_request(one: Request, other: Request) -> bool:
    """Whether both ask for the same; what was withheld in their sources may differ."""
    match one, other:
        case TryFix(), TryFix():
            return (one.fix.id, one.tests) == (other.fix.id, other.tests)
        case ExploreSchedules(), ExploreSchedules():
            return replace(one, fix=None) == replace(other, fix=None)
        case _:
            return one == other


def _rows(request: Request, then: Sequence[Evidence], now: Sequence[Evidence]) -> Iterator[Compared]:
    for one, other in itertools.zip_longest(then, now if then else ()):
        known = one or other
        if known is None:
            continue
        recorded = NOT_RUN if one is None else _ending(one)
        ending = NOT_RUN if other is None else _ending(other)
        if other is None and holds_mask(repr(request)):
            ending = f"{NOT_RUN}: a source was withheld"
        if one is not None and other is not None and recorded == ending:
            recorded, ending = _with_values(recorded, one, other)
        yield Compared(evidence=known.id, what=_what(known), then=recorded, now=ending)


def _with_values(ending: str, then: Evidence, now: Evidence) -> tuple[str, str]:
    """Add values to two equal endings where the values differ; masked values are not compared."""
    differing = [
        _excerpts(name, one, other)
        for (name, one), (_, other) in zip(_seen(then), _seen(now), strict=True)
        if one != other and not holds_mask(one) and not holds_mask(other)
    ]
    if not differing:
        return ending, ending
    room = CELL if len(differing) == 1 else CELL // 2
    shown = ["; ".join(pair[side][:room] for pair in differing) for side in (0, 1)]
    return f"{ending}: {shown[0]}", f"{ending}: {shown[1]}"


def _excerpts(name: str, one: str, other: str) -> tuple[str, str]:
    """Both strings from shortly before their first difference."""
    same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    start = max(0, same - CONTEXT) if max(len(one), len(other)) > CELL // 2 else 0
    first, second = (f"{name}{'…' if start else ''}{text[start:]}" for text in (one, other))
    return first, second


def _seen(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """What can be compared, each on one line: values of a look or after a fix, what a probe printed, and
    attempts to reach outside the copy. Addresses and durations are left out."""
    look = evidence.about == LOOK
    values = evidence.output if look else ", ".join(f"{s.expression} = {s.text}" for s in evidence.state)
    printed = evidence.output if evidence.kind is EvidenceKind.PROBE and not look else ""
    texts = (values, _DURATION.sub("(a duration)", printed), ", ".join(sorted(evidence.effects)))
    lines = (_ADDRESS.sub("0x…", " ".join(text.split())) for text in texts)
    return tuple(zip(("", "printed ", "effects "), lines, strict=True))


def _what(evidence: Evidence) -> str:
    if evidence.about == LOOK:
        return f"value of {evidence.code}"
    name = evidence.test or evidence.kind.value
    stage = f" {evidence.stage}" if evidence.stage is not None else ""
    return f"{name}{stage} of {evidence.about}"


def _ending(evidence: Evidence) -> str:
    """Outcome, whether the prediction held, and what was raised, without addresses."""
    parts = [evidence.outcome.value]
    if evidence.held is not None:
        parts.append("held" if evidence.held else "did not hold")
    if evidence.raised is not None:
        message = _ADDRESS.sub("0x…", " ".join(evidence.raised.evalue.split()))
        parts.append(f"{evidence.raised.ename}: {message}" if message else evidence.raised.ename)
    return " ".join(parts)


def table(verification: Verification) -> str:
    """The comparison as lines for a terminal; differences are marked."""
    rows = [("", "id", "experiment", "recorded", "now")]
    for item in verification.compared:
        rows.append(("=" if item.same else "≠", item.evidence, item.what, item.then, item.now))
    cut = [tuple(text if len(text) <= CELL else text[: CELL - 1] + "…" for text in row) for row in rows]
    widths = [max(len(row[column]) for row in cut) for column in range(len(rows[0]))]
    lines = [
        "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in cut
    ]
    differ = sum(not item.same for item in verification.compared)
    count = len(verification.compared)
    lines += ["", *verification.notes]
    lines.append(f"{count} experiments: {count - differ} as recorded, {differ} not.")
    return "\n".join(lines)
