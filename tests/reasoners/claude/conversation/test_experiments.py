"""Several experiments in one call: what each shows, what is refused beside them, and what decides nothing."""

from dataclasses import replace
from typing import Any

import pytest
from phase_script import EDIT, FIX, HYPOTHESIS, answer, call
from scripted_replies import Reply

from cot_magic.core.certificate import CellOutcome, Certificate, CertifiedCell
from cot_magic.core.events import PhaseStarted, RunProbe, Sent, TryFix
from cot_magic.core.findings import LOOK, FixVerdict, HypothesisVerdict, Phase
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain

WRONG = {
    **HYPOTHESIS,
    "claim": "a scripted claim: the list has four values",
    "probe": "len(values) == 4",
}
DONE = Reply(text=answer(), sticky=True)


def first(*tools) -> Reply:
    return Reply(tools=tools, match="What failed, what does this error mean")


def test_several_hypotheses_are_decided_by_one_request(desk) -> None:
    at = desk(first(call("hypothesize", hypotheses=[WRONG, HYPOTHESIS])), DONE)
    session = at.run()
    assert [session.judge(item.id).verdict for item in session.hypotheses] == [
        HypothesisVerdict.REFUTED,
        HypothesisVerdict.CONFIRMED,
    ]
    told = at.results()[0]["content"]
    assert "h1: REFUTED by e1" in told
    assert "h2: CONFIRMED by e2" in told


def test_a_hypothesis_that_cannot_be_tested_is_refused_and_the_others_run(desk) -> None:
    broken = {**HYPOTHESIS, "claim": "a scripted claim without an end", "probe": "values =="}
    at = desk(first(call("hypothesize", hypotheses=[broken, HYPOTHESIS])), DONE)
    session = at.run()
    result = at.results()[0]
    assert "is_error" not in result
    assert "Not run: the probe is not valid Python" in result["content"]
    assert [item.claim for item in session.hypotheses] == [HYPOTHESIS["claim"]]
    shown = [
        remark
        for view in session.phases
        for remark in view.remarks
        if remark.startswith("Refused a call of hypothesize")
    ]
    assert len(shown) == 1


def test_rival_fixes_are_one_round_and_each_is_told_its_verdict(desk) -> None:
    rival = {**FIX, "edits": [{**EDIT, "replace": "[6]"}], "why": "scripted: another way to six"}
    wrong = {**FIX, "edits": [{**EDIT, "replace": "[7]"}], "why": "scripted: a wrong one"}
    at = desk(
        first(call("hypothesize", hypotheses=[HYPOTHESIS]), call("try_fixes", fixes=[wrong, rival, FIX])),
        DONE,
    )
    session = at.run()
    tried = session.fixes[:3]
    assert [edit.after for fix in tried for edit in fix.edits][2] == "total = sum(values)"
    assert session.judge_fix(tried[0]).verdict is FixVerdict.REJECTED
    assert at.reasoner._dialogue.bench.rounds == 1


def test_what_a_fix_withstood_is_told_with_its_runs(desk) -> None:
    calls = call("hypothesize", hypotheses=[HYPOTHESIS]), call("try_fixes", fixes=[FIX])
    at = desk(first(*calls), DONE)
    at.case = replace(at.case, prompt="why does it fail?")  # else nothing more is asked
    at.run()
    told = at.results()[1]["content"]
    for trial in ("survival", "null fixes"):
        assert f"challenge of f1 ({trial}): withstood" in told
    assert "f1: VERIFIED by" in told


def certificate(**last: Any) -> Certificate:
    cells = (
        CertifiedCell(place=0, label="cell [1]", outcome=CellOutcome.PASSED),
        CertifiedCell(**{"place": 1, "label": "cell [2]", "outcome": CellOutcome.PASSED, **last}),
    )
    return Certificate(notebook="n.ipynb", cells=cells)


BROKEN = certificate(outcome=CellOutcome.FAILED, reason="KeyError: 'scripted'", relation="It uses the fix")


def test_a_verified_fix_is_told_with_what_the_whole_notebook_does_with_it(desk) -> None:
    calls = call("hypothesize", hypotheses=[HYPOTHESIS]), call("try_fixes", fixes=[FIX])
    at = desk(first(*calls), DONE)
    at.certificates = [BROKEN]
    session = at.run()
    told = at.results()[1]["content"]
    assert "certificate of f1" in told
    assert "1 of 2 cells pass in a fresh kernel." in told
    assert "cell [2]: failed: KeyError: 'scripted'. It uses the fix" in told
    assert session.certificate == BROKEN
    assert at.certificates == [], "it is made once for a fix, not again at the end"


def test_a_certificate_is_told_once(desk) -> None:
    rival = {**FIX, "edits": [{**EDIT, "replace": "[7]"}], "why": "scripted: a wrong one"}
    calls = call("hypothesize", hypotheses=[HYPOTHESIS]), call("try_fixes", fixes=[FIX])
    at = desk(first(*calls), Reply(tools=[call("try_fixes", fixes=[rival])]), DONE)
    at.certificates = [BROKEN, certificate()]
    session = at.run()
    assert at.said.count("1 of 2 cells pass in a fresh kernel.") == len(at.server.turns) - 1
    assert len(at.certificates) == 1, "the second is not asked for, as the best fix is the same"
    assert session.certificate == BROKEN


def test_nothing_more_is_asked_once_the_whole_notebook_passes(desk) -> None:
    calls = call("hypothesize", hypotheses=[HYPOTHESIS]), call("try_fixes", fixes=[FIX])
    at = desk(first(*calls), DONE)
    at.certificates = [certificate()]
    session = at.run()
    assert session.result == "verified"
    assert len(at.server.turns) == 1
    assert session.certificate == certificate()


def test_a_certificate_that_the_person_stops_ends_the_session(desk) -> None:
    calls = call("hypothesize", hypotheses=[HYPOTHESIS]), call("try_fixes", fixes=[FIX])
    stopped = replace(certificate(), interrupted=True)
    at = desk(first(*calls), DONE)
    at.certificates = [stopped]
    session = at.run()
    assert session.interrupted
    assert len(at.server.turns) == 1
    assert session.certificate == stopped


def test_free_code_is_never_evidence(desk) -> None:
    code = "count = len(values)\nprint('scripted', count)\ncount == 3"
    at = desk(first(call("run", code=code, frame=None)), DONE)
    session = at.run()
    told = at.results()[0]["content"]
    assert "the last expression = True" in told
    assert "scripted 3" in told
    assert [item.about for item in session.evidence] == [LOOK]
    assert "✓" not in plain(outline(session))


def test_values_documentation_sources_and_cells_are_looked_up_in_one_request(desk) -> None:
    sources = (
        "import json\ndef parse(row):\n    '''Read one row.'''\n    return json.loads(row)",
        "parse('{')",
    )
    at = desk(
        first(
            call("inspect", expressions=["1 + 1", "parse.__name__", "x = 3"], frame=None),
            call("docs", name="parse"),
            call("docs", name="json.loads"),
            call("source", frame=-1),
            call("source", frame=0),
            call("history", cell="[1]"),
        ),
        DONE,
        sources=sources,
    )
    session = at.run()
    assert session.faults == ()
    values, own, library, inner, outer, cell = (result["content"] for result in at.results())
    assert "1 + 1 = 2" in values
    assert "parse.__name__ = 'parse'" in values
    assert "Not run: an expression must be a single expression" in values
    assert "parse(row)\nRead one row." in own
    assert "Deserialize" in library
    assert "raise JSONDecodeError(" in inner
    assert "parse('{')" in outer
    assert "return json.loads(row)" in cell
    assert len(at.server.turns) <= 3


@pytest.mark.parametrize("name", ["__import__('os')", "a b", "", "os.system('x')"])
def test_only_a_dotted_name_has_documentation(desk, name: str) -> None:
    at = desk(first(call("docs", name=name)), DONE)
    session = at.run()
    assert at.results()[0]["is_error"] is True
    assert session.evidence == ()


def test_a_headline_that_the_runs_refuted_is_not_kept(desk) -> None:
    early = answer(headline="The list has four values (scripted)", hypotheses=[WRONG, HYPOTHESIS])
    at = desk(Reply(text=early, match="What failed, what does this error mean"), DONE)
    session = at.run()
    view = session.phase(Phase.ANALYZE)
    assert view.headline == f"Confirmed (1 refuted): {HYPOTHESIS['claim']}"
    assert view.ended is not None


def test_a_headline_that_no_run_refuted_is_kept(desk) -> None:
    early = answer(headline="The name is misspelt (scripted)", hypotheses=[HYPOTHESIS])
    session = desk(Reply(text=early, match="What failed, what does this error mean"), DONE).run()
    assert session.phase(Phase.ANALYZE).headline == "The name is misspelt (scripted)"


class Counting:
    """A Sandbox that notes how many jobs come at once."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.sizes = inner, list[int]()

    def status(self) -> Any:
        return self.inner.status()

    def run(self, jobs: Any) -> Any:
        self.sizes += [len(jobs)] if jobs else []
        return self.inner.run(jobs)

    def close(self) -> None: ...


def test_the_probes_of_one_call_run_side_by_side(desk) -> None:
    other = {**HYPOTHESIS, "claim": "a scripted list is too long", "probe": "len(values) == 4"}
    at = desk(first(call("hypothesize", hypotheses=[HYPOTHESIS, other])), DONE)
    at.sandbox = counting = Counting(at.sandbox)
    session = at.run()
    assert counting.sizes[0] == 2
    assert [item.held for item in session.evidence[:2]] == [True, False]


def test_rival_fixes_of_one_call_run_side_by_side(desk) -> None:
    rival = {**FIX, "edits": [{**EDIT, "replace": "[6]"}], "why": "scripted: another way to six"}
    fixes = [{**item, "hypothesis": "the scripted name is misspelt"} for item in (FIX, rival)]
    at = desk(first(call("try_fixes", fixes=fixes)), DONE)
    at.sandbox = counting = Counting(at.sandbox)
    assert len(at.run().fixes) >= 2
    assert counting.sizes[0] >= 4  # of both, the cell and the test


def test_a_right_answer_is_the_only_one_that_is_asked_for(desk) -> None:
    at = desk(Reply(text=answer(hypotheses=[HYPOTHESIS], fixes=[FIX])))
    session = at.run()
    assert session.result == "verified"
    assert len(at.server.turns) == 1
    assert session.finished == tuple(Phase)
    started = [event.phase for event in at.events if isinstance(event, PhaseStarted)]
    assert started == list(Phase)
    places = {type(event): place for place, event in reversed([*enumerate(at.events)])}
    phases = {event.phase: place for place, event in enumerate(at.events) if isinstance(event, PhaseStarted)}
    assert phases[Phase.VALIDATE] < places[RunProbe] < phases[Phase.IMPLEMENT] < places[TryFix]


def test_what_the_session_may_still_use_is_told_with_each_request(desk) -> None:
    at = desk(first(call("history", cell="[1]")), DONE)
    at.run()
    left = [event.left for event in at.events if isinstance(event, Sent)]
    assert left[0].startswith("request 1 of 10, ")
    assert left[0].endswith(" and $1.00 left")
    assert left[1].startswith("request 2 of 10, ")
