"""Contracts: what every implementation of a role must do. A check raises AssertionError if it does not."""

import time
from typing import Any

from cot_magic.core.case import Case, CellRole, NewCell
from cot_magic.core.engine import drive
from cot_magic.core.events import Interrupted, PhaseEnded, PhaseStarted, SessionEnded, SessionStarted, Stamped
from cot_magic.core.findings import Phase
from cot_magic.core.jobs import Inspection, Job, JobStep, Outcome
from cot_magic.core.protocols import Inserter, Reasoner, Renderer, Sandbox
from cot_magic.core.session import Session
from cot_magic.testing.doubles import BUDGET, AbsentSandbox, case, through_codec


def check_sandbox(sandbox: Sandbox) -> None:
    """Results in order; jobs do not see one another; user failures are values; `held` only for exact
    booleans."""
    assert sandbox.status().available, sandbox.status().reason

    def job(*sources: str, inspect: Inspection | None = None, may_raise: bool = False) -> Job:
        steps = tuple(JobStep(source=source, may_raise=may_raise) for source in sources)
        return Job(steps=steps, inspect=inspect)

    first, second, third, fourth = sandbox.run(
        [job("contract_x = 1", "contract_x == 1"), job("contract_x"), job("1 / 0"), job("'True'")]
    )
    assert (first.outcome, first.held) == (Outcome.PASSED, True), first
    assert second.outcome is Outcome.RAISED, second
    assert second.raised is not None, second
    assert second.raised.ename == "NameError", "one job saw what another one defined"
    assert third.raised is not None, third
    assert third.raised.ename == "ZeroDivisionError", third
    assert fourth.held is None, "the string 'True' is not True"
    (went_on,) = sandbox.run([job("1 / 0", "2 > 1", may_raise=True)])
    assert (went_on.outcome, went_on.step, went_on.held) == (Outcome.PASSED, 1, True), went_on
    failing = "def contract_f(a):\n    return a / 0\ncontract_f(7)"
    (looked,) = sandbox.run([job(failing, inspect=Inspection(source="a == 7", frame=-1))])
    assert (looked.outcome, looked.held) == (Outcome.PASSED, True), looked
    (syntax,) = sandbox.run([job("def (")])
    assert syntax.raised is not None, syntax
    assert syntax.raised.ename == "SyntaxError", syntax


def check_reasoner(reasoner: Reasoner, example: Case, sandbox: Sandbox) -> Session:
    """Phases are in order and end; every event survives the codec; it works without a sandbox too."""
    final = Session()
    for place in (AbsentSandbox(), sandbox):
        session = Session()
        events = drive(example, reasoner, place, intensity="cot+", budget=BUDGET, clock=time.monotonic)
        for order, event in enumerate(events):
            session = session.evolve(through_codec(Stamped(order=order, seconds=float(order), event=event)))
        assert not session.faults, session.faults
        assert tuple(view.phase for view in session.phases) == tuple(Phase), "five phases, in order"
        assert all(view.headline for view in session.phases), (
            "every phase ends with its result in one sentence"
        )
        assert session.ended
        final = session
    return final


def check_renderer(renderer: Renderer, example: Case | None = None) -> None:
    """Takes events in order without raising, also of an interrupted session."""
    session = Session(id="contract")
    events: list[Any] = [
        SessionStarted(case=example or case(), intensity="cot", reasoner="scripted", budget=BUDGET)
    ]
    for phase in Phase:
        events += [PhaseStarted(phase=phase), PhaseEnded(phase=phase, headline=f"{phase} is done")]
    events += [Interrupted(phase=Phase.CONFIRM), SessionEnded()]
    for order, event in enumerate(events):
        stamped = Stamped(order=order, seconds=float(order), event=event)
        session = session.evolve(stamped)
        renderer.update(session, stamped)
    renderer.close(session)


def check_inserter(inserter: Inserter) -> None:
    """Says in one sentence what it did, and can undo it."""
    said = inserter.insert([NewCell(source="x = 1", role=CellRole.FIX)])
    assert said, "an insertion is answered with a sentence"
    assert inserter.undo(), "so is taking it back"
