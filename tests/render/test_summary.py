"""The summary keeps format 1."""

import json
from dataclasses import replace

import sessions

from cot_magic.core.events import SessionEnded, UsageReported
from cot_magic.core.findings import Phase, Usage
from cot_magic.core.session import Session
from cot_magic.render.summary import summary

KEYS = [
    *("format", "notebook", "result", "intensity", "reasoner", "seconds", "failure", "root_cause", "phases"),
    *(
        "hypotheses",
        "evidence",
        "fix",
        "fixes",
        "question",
        "tests",
        "usage",
        "sandbox",
        "witness",
        "certificate",
        "facts",
        "rate",
        "progress",
    ),
]


def test_a_verified_session_fills_every_key_of_the_format(verified: Session) -> None:
    data = summary(verified, "nb.ipynb", "cot+")
    assert list(data) == KEYS
    assert json.loads(json.dumps(data)) == data
    assert (data["format"], data["result"], data["notebook"]) == (1, "verified", "nb.ipynb")
    assert data["failure"] == {
        "cell_index": 4,
        "cell_id": "c7",
        "ename": "KeyError",
        "evalue": "'price'",
        "lineno": 5,
    }
    assert data["root_cause"]["cell_index"] == 2
    assert (data["root_cause"]["lineno"], data["root_cause"]["evidence"]) == (2, ["e1"])
    assert [phase["phase"] for phase in data["phases"]] == [phase.value for phase in Phase]
    assert "1 cause shown, 1 refuted, 1 not decided" in data["phases"][2]["text"]
    assert [item["verdict"] for item in data["hypotheses"]] == ["CONFIRMED", "REFUTED", "INCONCLUSIVE"]
    assert [item["id"] for item in data["evidence"] if item["kind"] != "challenge"] == [
        f"e{n}" for n in range(1, 10)
    ]
    assert {item["kind"] for item in data["evidence"]} == {"probe", "fix", "test", "challenge"}
    assert data["fix"]["verdict"] == "VERIFIED"
    assert data["fix"]["edits"][0]["cell_index"] == 2
    assert '"price": 3.5' in data["fix"]["edits"][0]["source"]
    assert data["tests"][0]["before"] == "RAISED"
    assert data["tests"][0]["after"] == "PASSED"
    assert (data["usage"], data["witness"]) == (None, None)


def test_a_passing_notebook_has_no_failure_and_no_fix() -> None:
    data = summary(Session(intensity="cot", reasoner="offline"), "nb.ipynb", "cot")
    assert list(data) == KEYS
    assert data["result"] == "no-failure"
    assert data["failure"] is data["root_cause"] is data["fix"] is None
    assert data["phases"] == data["hypotheses"] == data["evidence"] == data["tests"] == []


def test_tokens_are_given_where_a_model_was_asked() -> None:
    used = Usage(input_tokens=10, output_tokens=2, thinking_tokens=1, cache_read_tokens=4, usd=None)
    events = [*sessions.analyze(sessions.key_error_case()), UsageReported(phase=Phase.ANALYZE, usage=used)]
    data = summary(sessions.fold([*events, SessionEnded()]), "nb.ipynb", "cot")
    assert data["usage"] == {
        "input_tokens": 10,
        "output_tokens": 2,
        "thinking_tokens": 1,
        "cache_read_tokens": 4,
        "usd": None,
        "batch_usd": 0.0,
    }


def test_without_a_known_place_in_the_notebook_the_place_in_the_case_counts() -> None:
    case = sessions.key_error_case()
    case = replace(
        case,
        cell=replace(case.cell, index=None),
        cells=tuple(replace(cell, index=None) for cell in case.cells),
    )
    data = summary(sessions.fold(sessions.analyze(case)), "nb.ipynb", "cot")
    assert data["failure"]["cell_index"] == 2


def test_experiments_that_nothing_confined_are_told_on_screen_and_in_the_summary(verified: Session) -> None:
    from cot_magic.render.phases import UNCONFINED, blocks

    def shown(session: Session) -> str:
        return str(blocks(session, Phase.CONFIRM))

    free = replace(verified, sandbox=replace(verified.sandbox, state="rebuilt", confined=False))
    assert UNCONFINED in shown(free)
    assert UNCONFINED not in shown(verified)
    data = summary(free, "nb.ipynb", "cot+")
    assert data["sandbox"] == {"available": True, "confined": False, "state": "rebuilt", "reason": ""}
    assert summary(verified, "nb.ipynb", "cot+")["sandbox"]["confined"] is True
