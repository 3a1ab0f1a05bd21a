"""The replay reasoner: repeats the notices of a recorded session, and requests its runs again."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TypeAlias

from cot_magic.core.case import Case
from cot_magic.core.errors import RecordingError
from cot_magic.core.events import (
    Certified,
    Certifying,
    Decided,
    EvidenceGathered,
    ExploreSchedules,
    FactsFound,
    Faulted,
    FixProposed,
    InspectVariable,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    RepeatRuns,
    Reply,
    Resumed,
    RunAhead,
    RunProbe,
    Screen,
    Screened,
    SearchAdvanced,
    SessionEnded,
    SessionStarted,
    Stamped,
    Step,
    TryFix,
)
from cot_magic.core.findings import CellEdit, Evidence, Phase
from cot_magic.core.jobs import Budget
from cot_magic.core.withheld import holds_mask
from cot_magic.reasoners.claude.conversation.cells import Misfit, restored

Steps: TypeAlias = Generator[Step, Reply, None]
_RECORDS = (
    SessionStarted,
    Resumed,
    EvidenceGathered,
    FactsFound,
    Screen,  # a request, but what survived it is in the fixes that follow
    Screened,
    SearchAdvanced,
    Certifying,
    Certified,
    Interrupted,
    Faulted,
    Decided,
    SessionEnded,
)


class ReplayReasoner:
    """A reasoner without a model. Its requests are run again, so the results may differ.

    Parameters
    ----------
    recorded
        The events of one session, from SessionStarted on.

    Raises
    ------
    RecordingError
        If they do not begin with the start of a session.
    """

    name = "replay"

    def __init__(self, recorded: Sequence[Stamped]) -> None:
        first = recorded[0].event if recorded else None
        if not isinstance(first, SessionStarted):
            raise RecordingError(
                "the recording does not begin with the start of a session: nothing to replay."
            )
        self.recorded = tuple(recorded)
        self.started = first

    @property
    def case(self) -> Case:
        """The recorded case."""
        return self.started.case

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The recorded evidence, in order."""
        events = (stamped.event for stamped in self.recorded)
        return tuple(event.evidence for event in events if isinstance(event, EvidenceGathered))

    def reason(self, case: Case, budget: Budget) -> Steps:
        """The recorded steps in order. A phase that was interrupted and started again is one phase here.

        Where recorded edits are masked and the sources of `case` are not, the edits are made on the latter; a
        request with an unknown part is left out.
        """
        seen: set[Phase] = set()
        others = False
        for stamped in self.recorded:
            event = stamped.event
            if isinstance(event, _RECORDS):
                continue  # the engine adds these again
            if isinstance(event, PhaseStarted):
                if others and not event.by:
                    seen.clear()  # the session's own reasoner begins after another one
                others = bool(event.by)
                if event.phase in seen:
                    continue
                seen.add(event.phase)
            if isinstance(event, PhaseEnded) and event.phase not in seen:
                raise RecordingError(f"the recording ends {event.phase} out of order: it cannot be replayed.")
            whole = _whole(event, case) if holds_mask(repr(event)) else event
            if whole is not None:
                yield whole


def _whole(step: Step, case: Case) -> Step | None:
    """The step with edits of the unmasked sources; None for a request with an unknown part."""
    match step:
        case FixProposed() | TryFix() | ExploreSchedules() | RepeatRuns():
            fix = step.fix
            known = [_edited(edit, case) for edit in fix.edits] if fix is not None else []
            edits = tuple(edit for edit in known if edit is not None)
            if fix is None or len(edits) < len(known):
                return step if isinstance(step, FixProposed) else None
            found: Step = replace(step, fix=replace(fix, edits=edits))
            return None if isinstance(found, TryFix) and holds_mask(repr(found.tests)) else found
        case RunProbe() | InspectVariable() | RunAhead():
            return None
        case _:
            return step


def _edited(edit: CellEdit, case: Case) -> CellEdit | None:
    cell = case.cell_by_id(edit.cell)
    if cell is None or holds_mask(cell.source):
        return None
    try:
        return replace(edit, before=cell.source, after=restored(cell.source, edit.before, edit.after))
    except Misfit:
        return None
