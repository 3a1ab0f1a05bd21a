"""Five phases with a scripted model: what it may do, what counts, and what the cache can read."""

import itertools
import json
import subprocess
import sys

import pytest
from phase_script import ASKS, FIX, HYPOTHESIS, PHASES, TEST, answer, call, phase, whole
from scripted_replies import Reply

from cot_magic.core.events import EvidenceGathered, Streamed, UsageReported
from cot_magic.core.facts import Fact, Facts
from cot_magic.core.findings import FixVerdict, HypothesisVerdict, Phase
from cot_magic.core.jobs import Budget
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain
from cot_magic.testing import ScriptedExaminer


def test_five_phases_end_in_a_fix_that_evidence_verifies(desk) -> None:
    at = desk(*whole())
    session = at.run()
    assert session.faults == ()
    assert [view.phase for view in session.phases] == list(Phase)
    assert session.result == "verified"
    assert session.judge(session.hypotheses[0].id).verdict is HypothesisVerdict.CONFIRMED
    assert [seen.refused for seen in at.server.turns] == [""] * 4


def test_each_later_request_begins_with_the_bytes_of_the_one_before(desk) -> None:
    at = desk(*whole())
    at.run()
    raws = [seen.raw for seen in at.server.turns]
    assert len(raws) == 4
    for earlier, later in itertools.pairwise(raws):
        start, end = earlier.index(b'"messages":['), _end_of_messages(earlier)
        assert later[start:end] == earlier[start:end]
        for name in ("system", "tools", "thinking", "output_config", "model"):
            assert json.loads(later).get(name) == json.loads(earlier).get(name), name


def _end_of_messages(raw: bytes) -> int:
    """Where the list of messages ends in a request, before its closing square bracket."""
    start = raw.index(b'"messages":') + len(b'"messages":')
    _, end = json.JSONDecoder().raw_decode(raw[start:].decode())
    return start + len(raw[start:].decode()[: end - 1].encode())


def test_each_request_asks_for_the_cache_and_reads_all_of_the_one_before_from_it(desk) -> None:
    at = desk(*whole())
    session = at.run()
    for seen in at.server.turns:
        assert seen.body["cache_control"] == {"type": "ephemeral"}
        assert seen.raw.count(b'"cache_control"') == 1  # no mark on a block, so no earlier byte ever changes
    used = [event.usage for event in at.events if isinstance(event, UsageReported)]
    assert used[0].cache_read_tokens == 0
    assert all(usage.cache_read_tokens > 0.8 * usage.input_tokens for usage in used[1:-1])
    assert session.usage is not None
    assert session.usage.cache_read_tokens > 0
    assert "read from cache" in "\n".join(outline(session).meta)


def test_thinking_and_text_are_streamed_apart(desk) -> None:
    at = desk(*whole())
    at.run()
    streamed = [event for event in at.events if isinstance(event, Streamed)]
    assert {event.thinking for event in streamed} == {True, False}
    assert "scripted thinking" in "".join(event.text for event in streamed if event.thinking)


def test_tokens_price_and_thinking_are_shown_for_each_phase(desk) -> None:
    text = plain(outline(desk(*whole()).run()))
    assert text.count("tokens in") == 3
    assert "list price" in text
    assert "4,000 a request is a limit" in text


def test_where_the_model_takes_no_budget_the_screen_says_target_not_limit(desk) -> None:
    text = plain(outline(desk(*whole(), model="claude-opus-5-5").run()))
    assert "4,000 a request is a target, not a limit" in text


def test_what_the_model_claims_is_never_a_tick(desk) -> None:
    claims = {
        "headline": "✓ VERIFIED and CONFIRMED",
        "findings": [{"topic": "✓", "text": "✓ scripted: proven"}],
    }
    replies = [Reply(text=answer(**claims), match=ASKS[name]) for name in PHASES]
    session = desk(*replies).run()
    text = plain(outline(session))
    assert session.result == "unresolved"
    assert "✓" not in text


def test_without_a_sandbox_nothing_is_confirmed_and_the_phases_end(desk) -> None:
    session = desk(*whole(), available=False).run()
    assert session.evidence == ()
    assert session.judge(session.hypotheses[0].id).verdict is HypothesisVerdict.INCONCLUSIVE
    assert session.judge_fix(session.fixes[0]).verdict is FixVerdict.UNVERIFIED
    assert len(session.finished) == 5


@pytest.mark.parametrize(
    "probe", ["True", "1 < 2", "x = 3\nx == 3", "values == values", "valus or True", "not False"]
)
def test_a_probe_that_is_true_by_its_form_confirms_nothing(desk, probe: str) -> None:
    at = desk(
        *whole(
            ANALYZE=phase("ANALYZE", hypotheses=[{**HYPOTHESIS, "probe": probe}]),
            VALIDATE=phase(
                "VALIDATE", tools=[call("hypothesize", hypothesis="h1", code=probe)], hypotheses=[]
            ),
        )
    )
    session = at.run()
    assert session.judge(session.hypotheses[0].id).verdict is HypothesisVerdict.INCONCLUSIVE
    assert session.result == "plausible"
    assert at.results()[0]["is_error"] is True


WRONG_CALLS = [
    (call("hypothesize", hypothesis="h9", code="values"), "there is no hypothesis 'h9'"),
    (call("hypothesize", hypothesis="h1", code="values ="), "not valid Python"),
    (call("hypothesize", hypothesis="h1", code="x = values"), "must be an expression"),
    (call("hypothesize", hypothesis="h1"), "`probe` is missing"),
    (call("hypothesize", hypothesis="h1", code="values == []", frame=7), "there is no frame 7"),
    (call("hypothesize", hypothesis="h1", code="values == []", frame="top"), "must be an integer"),
    (call("try_fixes", **{**FIX, "edits": [{"cell": "cell [9]", "find": "a", "replace": "b"}]}), "there is no 'cell [9]'"),
    (call("try_fixes", **{**FIX, "edits": [{"cell": "", "find": "absent", "replace": "b"}]}), "occurs 0 times"),
    (call("try_fixes", **{**FIX, "edits": [{"cell": "", "find": "s", "replace": "b"}]}), "occurs 2 times"),
    (call("try_fixes", **{**FIX, "edits": [{"cell": "", "find": "sum", "replace": "sum"}]}), "change nothing"),
    (call("try_fixes", **{**FIX, "edits": []}), "at least one edit"),
    (call("try_fixes", **{**FIX, "edits": "sum"}), "at least one edit"),
    (call("try_fixes", **{**FIX, "tests": [{"name": "t", "source": "x = 1"}]}), "one function named test_"),
    (call("try_fixes", **{**FIX, "tests": [{"name": "t", "source": "def test_a(tmp_path): pass"}]}), "no arguments"),
    (call("try_fixes", **{**FIX, "tests": [{"name": "t", "source": "async def test_a(): pass"}]}), "not async"),
    (call("history", cell="cell 77"), "there is no 'cell 77'"),
    (call("inspect", expression="x = 1"), "a single expression"),
    (call("explore_schedules", schedules=0), "a positive integer"),
    (call("delete_file", path="/"), "there is no tool 'delete_file'"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "said"), WRONG_CALLS, ids=[said for _, said in WRONG_CALLS])
def test_a_call_that_cannot_be_done_is_answered_in_one_line_and_the_session_goes_on(
    desk, wrong, said: str
) -> None:
    at = desk(*whole(VALIDATE=phase("VALIDATE", tools=[wrong])))
    session = at.run()
    result = at.results()[0]
    assert result["is_error"] is True
    assert said in result["content"]
    assert "\n" not in result["content"]
    assert session.faults == ()
    assert session.result == "verified"


def test_a_probe_and_a_cell_are_answered_with_what_the_copy_and_the_case_say(desk) -> None:
    tools = [call("hypothesize", hypothesis="h1", code="len(values) == 4"), call("history", cell="[1]")]
    at = desk(*whole(VALIDATE=phase("VALIDATE", tools=tools)))
    session = at.run()
    probe, cell = at.results()[:2]
    assert "probe of h1: the prediction failed" in probe["content"]
    assert "values = [1, 2, 3]" in cell["content"]
    assert session.judge(session.hypotheses[0].id).verdict is HypothesisVerdict.INCONCLUSIVE


def test_rounds_of_fixes_are_limited_by_the_budget(desk) -> None:
    tries = [Reply(tools=[call("try_fixes", **{**FIX, "edits": [{"cell": "", "find": "valus", "replace": f"[{n}]"}]})],
                   match="No fix is verified yet" if n == 1 else "") for n in (1, 2, 3)]  # fmt: skip
    at = desk(*whole(IMPLEMENT=[*tries, Reply(text=answer())]))
    session = at.run(budget=Budget(thinking_tokens=4_000, search_s=60, rounds=2, schedules=1))
    assert len(session.fixes) == 2
    assert "no round of fixes is left" in at.results()[-1]["content"]


def test_a_model_that_never_stops_calling_is_stopped(desk) -> None:
    at = desk(Reply(tools=[call("history", cell="[1]")], sticky=True))
    session = at.run()
    assert session.faults == ()
    assert len(session.finished) == 5
    assert len(at.server.turns) == 10  # as many as the budget says
    assert "This is the last request of the session" in at.server.turns[-1].raw.decode()


def test_a_fix_in_the_answer_is_run_too(desk) -> None:
    at = desk(*whole(IMPLEMENT=phase("IMPLEMENT", fixes=[FIX])))
    assert at.run().result == "verified"


def test_a_fix_without_tests_gets_some_from_what_it_leaves(desk) -> None:
    untested = {name: item for name, item in FIX.items() if name != "tests"}
    session = desk(*whole(IMPLEMENT=phase("IMPLEMENT", tools=[call("try_fixes", **untested)]))).run()
    assert session.tests
    assert session.result == "verified"


def test_a_test_that_fails_with_the_fix_rejects_it(desk) -> None:
    wrong = {**TEST, "source": "def test_total():\n    assert total == 7"}
    session = desk(
        *whole(IMPLEMENT=phase("IMPLEMENT", tools=[call("try_fixes", **{**FIX, "tests": [wrong]})]))
    ).run()
    assert session.judge_fix(session.fixes[0]).verdict is FixVerdict.REJECTED
    assert session.result == "unresolved"


def test_evidence_is_made_by_the_engine_alone(desk) -> None:
    at = desk(*whole())
    session = at.run()
    gathered = [event.evidence for event in at.events if isinstance(event, EvidenceGathered)]
    assert tuple(gathered) == session.evidence
    assert [item.id for item in gathered] == [f"e{number}" for number in range(1, len(gathered) + 1)]


def test_the_preview_is_the_first_request_and_nothing_is_sent(desk) -> None:
    at = desk(*whole())
    shown = at.make().preview(at.case, Budget(thinking_tokens=4_000, search_s=1, rounds=2, schedules=1))
    assert at.server.requests == []
    at.run()
    assert json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode() == at.server.turns[0].raw


def test_what_the_autopsy_found_is_told_to_the_model_and_in_the_preview(desk) -> None:
    at = desk(*whole())
    fact = Fact.of("state.again", "Cell [1] ran 2 times.", cell=at.case.cells[0].id, lineno=1)
    at.examiner = ScriptedExaminer(Facts(found=(fact,)))
    budget = Budget(thinking_tokens=4_000, search_s=1, rounds=2, schedules=1)
    shown = at.make().preview(at.case, budget, facts=at.examiner.facts)
    at.run()
    first = at.server.turns[0].body
    assert "state.again (cell [1], line 1): Cell [1] ran 2 times." in json.dumps(first)
    assert json.loads(json.dumps(shown)) == first


def test_making_the_reasoner_does_not_import_the_sdk() -> None:
    code = (
        "import sys\nfrom cot_magic.run.choose_reasoner import choose_reasoner\nfrom cot_magic.settings import Settings\n"
        "assert choose_reasoner(Settings(reasoner='claude')).name == 'claude'\n"
        "assert choose_reasoner(Settings()).name == 'claude'\n"
        "print([name for name in ('anthropic', 'httpx2', 'genai_prices') if name in sys.modules])"
    )
    environment = {"ANTHROPIC_API_KEY": "k", "PATH": "", "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_importing_the_reasoner_loads_no_rule_of_the_offline_one() -> None:
    """It uses headlines and tests from there; the rules are in subfolders, and `inquiry` loads them."""
    code = (
        "import sys\nimport cot_magic.reasoners.claude.reasoner\nbelow = 'cot_magic.reasoners.offline.'\n"
        "loaded = [name.removeprefix(below) for name in sys.modules if name.startswith(below)]\n"
        "print([name for name in loaded if '.' in name or name == 'inquiry'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
