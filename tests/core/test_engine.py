"""drive(): the stream of a run, whatever happens in it."""

import itertools
from dataclasses import replace

from cot_magic.core.engine import drive
from cot_magic.core.events import (
    EvidenceGathered,
    Examine,
    FactsFound,
    Faulted,
    FixProposed,
    Interrupted,
    PhaseEnded,
    PhaseStarted,
    RunProbe,
    Screen,
    Screened,
    SessionEnded,
    SessionStarted,
    Stamped,
    TryFix,
)
from cot_magic.core.facts import NO_FACTS, Fact, Facts
from cot_magic.core.findings import CellEdit, Fix, FixId, HypothesisId, Phase, Probe, RegressionTest
from cot_magic.core.jobs import Budget, Outcome
from cot_magic.core.session import Session
from cot_magic.testing import (
    BUDGET,
    AbsentSandbox,
    NamespaceSandbox,
    ScriptedExaminer,
    ScriptedReasoner,
    case,
    through_codec,
)

H = HypothesisId("h1")
CASE = case("y = x / 0")
FIX = Fix(
    id=FixId("f1"),
    edits=(CellEdit(cell=CASE.cell.id, before="y = x / 0", after="y = x / 1"),),
    why="",
    hypothesis=H,
)
TEST = RegressionTest(name="test_y", source="def test_y():\n    assert y == 8\ntest_y()")


def run(steps, sandbox=None, budget=BUDGET, clock=None, examiner=None):
    reasoner = ScriptedReasoner(steps)
    sandbox = sandbox or NamespaceSandbox({"x": 8})
    events = list(
        drive(
            CASE,
            reasoner,
            sandbox,
            intensity="cot",
            budget=budget,
            clock=clock or itertools.count().__next__,
            examiner=examiner,
        )
    )
    for order, event in enumerate(events):
        through_codec(Stamped(order=order, seconds=0.0, event=event))
    return events, reasoner


def probe(source: str, frame: int | None = None) -> RunProbe:
    return RunProbe(probe=Probe(about=H, source=source, frame=frame))


def test_a_run_starts_and_ends_with_its_records() -> None:
    events, _ = run([])
    assert isinstance(events[0], SessionStarted)
    assert isinstance(events[-1], SessionEnded)


def test_an_examination_is_answered_with_its_facts_and_the_session_keeps_them() -> None:
    seen = Facts(found=(Fact.of("elements.guilty", "Two of them.", places=[3, 5]),))
    events, reasoner = run([Examine()], examiner=ScriptedExaminer(seen))
    assert reasoner.replies == [seen]
    assert [event.facts for event in events if isinstance(event, FactsFound)] == [seen]
    session = Session()
    for order, event in enumerate(events):
        session = session.evolve(Stamped(order=order, seconds=0.0, event=event))
    assert session.facts.first("elements").value == {"places": [3, 5]}


def test_where_no_failed_kernel_is_left_there_are_no_facts() -> None:
    events, reasoner = run([Examine()])
    assert reasoner.replies == [None]
    assert not any(isinstance(event, FactsFound) for event in events)
    session = Session()
    for order, event in enumerate(events):
        session = session.evolve(Stamped(order=order, seconds=0.0, event=event))
    assert session.facts == NO_FACTS


def test_a_screening_is_answered_with_what_it_printed_and_is_no_evidence() -> None:
    sandbox = NamespaceSandbox({"x": 8})
    events, reasoner = run([Screen(source="x += 1", seconds=2.0)], sandbox)
    assert [type(reply) for reply in reasoner.replies] == [Screened]
    assert reasoner.replies[0] in events
    assert not any(isinstance(event, EvidenceGathered) for event in events)


def test_a_screening_gets_no_more_time_than_is_left_for_experiments() -> None:
    sandbox = NamespaceSandbox({"x": 8})
    run([Screen(source="x", seconds=900.0)], sandbox, budget=replace(BUDGET, search_s=3.0))
    assert sandbox.jobs[0].limits.wall_s == 3.0
    _, reasoner = run(
        [probe("x == 8"), Screen(source="x", seconds=1.0)], sandbox, budget=replace(BUDGET, search_s=1.0)
    )
    assert reasoner.replies[1] is None


def test_a_probe_is_answered_with_the_evidence_that_the_stream_shows() -> None:
    events, reasoner = run([probe("x == 8")])
    gathered = [event.evidence for event in events if isinstance(event, EvidenceGathered)]
    assert reasoner.replies == [tuple(gathered)]
    assert (gathered[0].id, gathered[0].held, gathered[0].about) == ("e1", True, H)


def test_a_probe_in_a_frame_sees_the_names_of_the_failing_cell() -> None:
    events, _ = run([probe("x == 8", frame=-1)])
    assert events[2].evidence.held is True


def test_a_fix_is_tried_without_and_with_its_edits_and_so_are_its_tests() -> None:
    _, reasoner = run([TryFix(fix=FIX, tests=(TEST,))])
    outcomes = [(item.kind, item.stage, item.outcome) for item in reasoner.replies[0]]
    assert outcomes == [
        ("fix", "before", Outcome.RAISED),
        ("fix", "after", Outcome.PASSED),
        ("test", "before", Outcome.RAISED),
        ("test", "after", Outcome.PASSED),
    ]


def test_the_same_job_is_not_run_twice() -> None:
    sandbox = NamespaceSandbox({"x": 8})
    run([TryFix(fix=FIX), TryFix(fix=FIX, tests=(TEST,))], sandbox)
    assert len(sandbox.jobs) == len(set(sandbox.jobs)) == 4


def test_notices_are_not_answered() -> None:
    _, reasoner = run([PhaseStarted(phase=Phase.ANALYZE)])
    assert reasoner.replies == [None]


def test_a_phase_out_of_order_is_a_fault_that_keeps_what_was_there() -> None:
    events, _ = run([PhaseStarted(phase=Phase.ANALYZE), PhaseStarted(phase=Phase.VALIDATE)])
    assert isinstance(events[1], PhaseStarted)
    assert isinstance(events[-2], Faulted)
    assert "VALIDATE cannot follow ANALYZE" in events[-2].message


def test_ending_a_phase_that_is_not_under_way_is_a_fault() -> None:
    events, _ = run([PhaseEnded(phase=Phase.PLAN, headline="")])
    assert isinstance(events[-2], Faulted)


def interrupted(reply):
    raise KeyboardInterrupt


def test_ctrl_c_in_each_phase_keeps_the_phases_before_it() -> None:
    for number, phase in enumerate(Phase):
        steps = []
        for earlier in list(Phase)[:number]:
            steps += [PhaseStarted(phase=earlier), PhaseEnded(phase=earlier, headline=f"{earlier} done")]
        events, _ = run([*steps, PhaseStarted(phase=phase), interrupted])
        assert events[-2] == Interrupted(phase=phase)
        session = Session()
        for order, event in enumerate(events):
            session = session.evolve(Stamped(order=order, seconds=0.0, event=event))
        assert session.interrupted
        assert [view.headline for view in session.phases[:-1]] == [
            f"{earlier} done" for earlier in list(Phase)[:number]
        ]


def test_a_reasoner_that_breaks_is_a_fault_in_one_line() -> None:
    events, _ = run([lambda reply: {}["missing"]])
    assert isinstance(events[-2], Faulted)
    assert "KeyError" in events[-2].message
    assert "\n" not in events[-2].message


def test_without_a_sandbox_requests_get_no_evidence_and_the_run_goes_on() -> None:
    events, reasoner = run([probe("x == 8"), PhaseStarted(phase=Phase.ANALYZE)], AbsentSandbox())
    assert reasoner.replies == [(), None]
    assert not [event for event in events if isinstance(event, EvidenceGathered)]


def test_a_fix_that_could_not_run_is_unverified_and_says_why() -> None:
    events, _ = run([FixProposed(fix=FIX), TryFix(fix=FIX)], AbsentSandbox("this machine has no Landlock"))
    session = Session()
    for order, event in enumerate(events):
        session = session.evolve(Stamped(order=order, seconds=0.0, event=event))
    judgement = session.judge_fix(FIX)
    assert judgement.verdict == "UNVERIFIED"
    assert judgement.reasons == ("it was not run: this machine has no Landlock",)


def test_experiments_stop_when_their_time_is_spent() -> None:
    tight = Budget(thinking_tokens=1, search_s=1.0, rounds=1, schedules=1)
    _, reasoner = run([probe("x == 8"), probe("x == 9")], budget=tight)
    assert [len(reply) for reply in reasoner.replies] == [1, 0]


class EndlessSandbox(NamespaceSandbox):
    """No run with a fix ends within its limits."""

    def _run(self, job):
        result = super()._run(job)
        fixed = any("x / 0" not in step.source for step in job.steps)
        return replace(result, outcome=Outcome.TIMED_OUT) if fixed else result


def test_after_a_fix_that_does_not_end_others_get_a_part_of_the_time_limit() -> None:
    sandbox = EndlessSandbox({"x": 8})
    other = replace(FIX, id=FixId("f2"), edits=(replace(FIX.edits[0], after="y = x / 2"),))
    run([TryFix(fix=FIX), TryFix(fix=other), probe("x == 8")], sandbox)
    limits = [(job.limits.wall_s, job.limits.cpu_s) for job in sandbox.jobs]
    assert limits[:2] == [(10.0, 10)] * 2
    assert limits[2:4] == [(2.0, 2)] * 2
    assert limits[-1] == (10.0, 10)
