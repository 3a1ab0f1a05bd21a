"""Which runs are asked for to tell how often a cell fails."""

import pytest

from cot_magic.core.case import Case, Cell, CellId, Environment
from cot_magic.core.chance import Axis, Repeats
from cot_magic.core.events import RepeatRuns
from cot_magic.core.findings import Evidence, EvidenceId, EvidenceKind, Stage
from cot_magic.core.jobs import Budget, Outcome
from cot_magic.reasoners.offline.chance.study import Study


def asked(source: str) -> list[RepeatRuns]:
    """The runs that a study of a cell asks for which passes each time."""
    cell = Cell(id=CellId("c1"), source=source, index=0, execution_count=1)
    case = Case(cell=cell, raised=None, environment=Environment(python="3", platform="linux"), cells=(cell,))
    budget = Budget(thinking_tokens=1, search_s=1.0, rounds=1, schedules=1, runs=5)
    steps = Study(case=case, budget=budget).measure()
    requests: list[RepeatRuns] = []
    step = next(steps)
    try:
        while True:
            if isinstance(step, RepeatRuns):
                requests.append(step)
                step = steps.send((passing(step),))
            else:
                step = next(steps)
    except StopIteration:
        return requests


def passing(request: RepeatRuns) -> Evidence:
    return Evidence(
        id=EvidenceId("e1"),
        kind=EvidenceKind.RUNS,
        about=request.about or "",
        code="",
        outcome=Outcome.PASSED,
        stage=Stage.BEFORE,
        repeats=Repeats(vary=request.vary, asked=request.runs, runs=request.runs, failed=0, other=0),
    )


@pytest.mark.parametrize(("source", "whole"), [("draw()", False), ("next(iter({'a', 'b'}))", True)])
def test_the_whole_notebook_runs_again_only_if_its_code_uses_sets_or_hashes(source: str, whole: bool) -> None:
    requests = asked(source)
    assert requests
    assert any(Axis.HASH in request.vary for request in requests) is whole
