"""Each sentence of a screen is shown by evidence: in recorded sessions, and in sessions of small notebooks."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import sessions
from autopsies import mortuary_open
from first_fold import words_above
from sentences import untrue

from cot_magic.core.case import Case
from cot_magic.core.codec import decode
from cot_magic.core.events import (
    Event,
    EvidenceGathered,
    Finding,
    Interrupted,
    PhaseEnded,
    SessionEnded,
    Stamped,
    TestWritten,
)
from cot_magic.core.facts import Facts
from cot_magic.core.findings import FixVerdict, Phase, Stage
from cot_magic.core.jobs import Outcome
from cot_magic.core.question import question
from cot_magic.core.session import Session
from cot_magic.render.blocks import Diff, Rows
from cot_magic.render.html import html
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain
from cot_magic.render.room import MOST_WORDS

REPOSITORY = Path(__file__).parents[3]
RACE = sessions.key_error_case(raised=None)
NOTEBOOKS = {
    "key": ("prices = {'tea': 3.5, 'milk': 1.2}", "total = prices['Tea'] + 1"),
    "name": ("rows = [1, 2]", "total = sum(row)"),
    "index": ("rows = [1, 2, 3]", "rows[3]"),
    "type": ("price = '3'", "total = price + 1"),
    "assert": (
        "def discount(price, percent):\n    return price - percent\n",
        "assert discount(200, 15) == 170",
    ),
    "syntax": ("a = 1", "print(a"),
    "attribute": ("word = 'tea'", "word.uper()"),
    "division": ("rows = []", "sum(rows) / len(rows)"),
    "in a function": (
        "def first(rows):\n    # the head\n    return rows[0]['nmae']\n",
        "people = [{'name': 'Ada'}]\nfirst(people)",
    ),
    "unknown": ("class Odd(Exception):\n    pass\n", "raise Odd('nobody knows')"),
}


def recorded() -> Iterator[tuple[str, list[str]]]:
    """Each recorded session of the repository: in files, and in the metadata of reports."""
    for path in sorted(REPOSITORY.rglob("*.cot.jsonl")):
        yield path.name, path.read_text(encoding="utf-8").splitlines()
    for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
        told = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("cot", {}).get("session")
        if told:
            yield path.name, told


def as_if_ended(events: list[Event], cut: int) -> list[Event]:
    return [*events[:cut], Interrupted(phase=None), SessionEnded()]


@pytest.mark.parametrize(("name", "lines"), list(recorded()))
def test_no_sentence_of_a_recorded_session_says_more_than_its_evidence(name: str, lines: list[str]) -> None:
    session = Session()
    for line in lines:
        stamped = decode(line)
        assert isinstance(stamped, Stamped)
        session = session.evolve(stamped)
    assert list(untrue(session)) == []
    assert len(words_above(html(outline(session)))) <= MOST_WORDS


def test_there_are_recorded_sessions_to_check() -> None:
    assert list(recorded())


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("available", [True, False], ids=["with copies", "without"])
def test_no_sentence_of_a_session_says_more_than_its_evidence(
    name: str, available: bool, failing: Callable[..., Case], solve: Callable[..., Session]
) -> None:
    assert list(untrue(solve(failing(*NOTEBOOKS[name]), available=available))) == []


SEEN = {
    **{name: cells for name, cells in NOTEBOOKS.items() if name not in ("syntax", "name")},
    "None": ("def find(rows):\n    pass", "found = find([1])\nfound['n']"),
    "some elements": ("raw = ['1', '2', 'three']", "total = sum(int(one) for one in raw)"),
    "all elements": ("class Odd:\n    pass\nrows = [Odd(), Odd()]", "total = sum(rows)"),
    "arguments": ("def area(width, height):\n    return width * height", "area(3)"),
    "no base case": ("def down(n):\n    return n + down(n - 1)", "down(2)"),
}


@pytest.fixture(scope="module")
def seen() -> dict[str, Facts]:
    """What an autopsy finds of each failure."""
    found = {}
    for name, cells in SEEN.items():
        with mortuary_open() as mortuary:
            found[name] = mortuary.facts(*cells)
    return found


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("available", [True, False], ids=["with copies", "without"])
def test_no_sentence_of_a_session_with_facts_says_more_than_facts_and_evidence(
    name: str,
    available: bool,
    seen: dict[str, Facts],
    failing: Callable[..., Case],
    solve: Callable[..., Session],
) -> None:
    assert seen[name], "the autopsy found something"
    session = solve(failing(*SEEN[name]), available=available, facts=seen[name])
    assert session.facts == seen[name]
    assert list(untrue(session)) == []
    assert len(words_above(html(outline(session)))) <= MOST_WORDS
    shown = {row.claim for block in outline(session).answer if isinstance(block, Rows) for row in block.rows}
    facts = {fact.text for fact in seen[name]}
    if session.result == "unresolved":
        assert shown <= facts, "what is listed where nothing helps was seen"


@pytest.mark.parametrize("name", ["None", "arguments", "no base case", "all elements"])
def test_the_first_sentence_says_what_is_wrong_and_not_where_a_value_is_from(
    name: str, seen: dict[str, Facts], failing: Callable[..., Case], solve: Callable[..., Session]
) -> None:
    drawn = outline(solve(failing(*SEEN[name]), facts=seen[name]))
    assert not re.search(r"got its value in|was defined in|fails for (\d+) of \1 ", drawn.cause), drawn.cause
    assert drawn.cause


@pytest.mark.parametrize(
    ("total", "told"),
    [("0.0", "The error is gone, but `income` is 0.0: is that right?"), ("2.5", "")],
)
def test_a_fix_that_leaves_nothing_says_so(
    total: str, told: str, failing: Callable[..., Case], solve: Callable[..., Session]
) -> None:
    orders = f"orders = [{{'id': 1, 'total': {total}}}]\ndef revenue():\n    return sum(one['totl'] for one in orders)"
    drawn = outline(solve(failing(orders, "income = revenue()")))
    claims = [row.claim for block in drawn.answer if isinstance(block, Rows) for row in block.rows]
    assert [claim for claim in claims if claim.startswith("The error is gone")] == ([told] if told else [])


def test_another_fix_is_named_by_what_it_does(
    failing: Callable[..., Case], solve: Callable[..., Session]
) -> None:
    session = solve(failing("import numpy as np\na = np.ones((3, 4))\nb = np.arange(3)", "c = a * b"))
    text = plain(outline(session))
    assert "passes too and behaves differently" in text
    assert not re.search(r"\bf\d+ passes too", text)


def test_a_line_that_each_choice_removes_is_shown_once_and_the_choices_can_be_told_apart(
    failing: Callable[..., Case], solve: Callable[..., Session]
) -> None:
    session = solve(failing("import numpy as np\na = np.ones((3, 4))\nb = np.arange(3)", "c = a * b"))
    choices = [block for block in outline(session).answer if isinstance(block, Diff)]
    assert len(choices) > 1
    assert [sum(line.sign == "-" for line in item.lines) for item in choices] == [
        1,
        *[0] * (len(choices) - 1),
    ]
    assert len({item.title[3:] for item in choices}) == len(choices)


def test_nobody_is_asked_to_choose_between_two_roundings(
    failing: Callable[..., Case], solve: Callable[..., Session]
) -> None:
    session = solve(
        failing(
            "def discount(price, percent):\n    return price - percent / 100\n",
            "assert discount(200, 15) == 170",
        )
    )
    asked = question(session)
    given = [] if asked is None else [re.findall(r"-?\d+\.\d+", item.does)[:1] for item in asked.choices]
    values = sorted(float(found[0]) for found in given if found)
    assert all(later - earlier > 1e-6 for earlier, later in pairwise(values)), values


def test_a_warning_is_told_as_one(failing: Callable[..., Case], solve: Callable[..., Session]) -> None:
    session = solve(failing("import numpy as np\na = np.ones((3, 4))\nb = np.arange(3)", "c = a * b"))
    warning = "<cot cell 0>:2: RuntimeWarning: invalid value in cast\n  c = a * b\n[1]\n"
    best = session.best_fix
    assert best is not None
    warned = tuple(
        replace(item, output=warning) if item.about == best.id and item.stage is Stage.AFTER else item
        for item in session.evidence
    )
    asked = question(replace(session, evidence=warned))
    assert asked is not None
    assert asked.choices[0].does.startswith("prints [1], and warns: invalid value in cast")


def test_no_sentence_is_untrue_wherever_a_session_is_interrupted() -> None:
    events = sessions.race_events()
    for cut in range(2, len(events)):
        session = sessions.fold(as_if_ended(events, cut))
        assert list(untrue(session)) == [], cut


def test_nothing_is_verified_after_an_interrupt_before_the_last_phase_ended() -> None:
    events = sessions.verified_events()
    whole = sessions.fold(events)
    assert whole.best_fix is not None
    assert whole.judge_fix(whole.best_fix).verdict is FixVerdict.VERIFIED
    last = next(n for n, e in enumerate(events) if isinstance(e, PhaseEnded) and e.phase is Phase.CONFIRM)
    cut = sessions.fold(as_if_ended(events, last))
    assert cut.best_fix is not None
    assert cut.judge_fix(cut.best_fix).verdict is FixVerdict.PLAUSIBLE
    assert cut.result == "plausible"


@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.BLOCKED, Outcome.RAISED, Outcome.PASSED])
@pytest.mark.parametrize("stage", list(Stage))
def test_what_a_run_came_to_is_said_and_nothing_else(stage: Stage, outcome: Outcome) -> None:
    for kind in ("fix", "test"):
        events = [
            EvidenceGathered(evidence=replace(e.evidence, outcome=outcome))
            if isinstance(e, EvidenceGathered) and e.evidence.kind == kind and e.evidence.stage is stage
            else e
            for e in sessions.verified_events()
        ]
        assert list(untrue(sessions.fold(events))) == [], kind


def test_without_a_test_none_is_said_to_pass() -> None:
    events = [e for e in sessions.verified_events() if not isinstance(e, TestWritten)]
    session = sessions.fold(events)
    assert list(untrue(session)) == []
    assert "test" not in outline(session).sections[4].headline


def test_a_reasoner_that_claims_too_much_is_not_quoted() -> None:
    boast = "f1 is verified: the cell and its tests failed without it and pass with it"
    events = [
        replace(e, headline=boast) if isinstance(e, PhaseEnded) else e
        for e in sessions.analyze(sessions.key_error_case())
    ]
    events += [
        Finding(phase=Phase.CONFIRM, topic="confidence", text=boast),
        SessionEnded(),
    ]
    assert boast not in plain(outline(sessions.fold(events)))


def test_a_refuted_guess_is_no_headline() -> None:
    events = [*sessions.analyze(sessions.key_error_case()), *sessions.plan(), *sessions.validate()]
    refuted = replace(sessions.probe(1, sessions.H1, "False"), held=False)
    events = [EvidenceGathered(evidence=refuted) if _about(e, "e1") else e for e in events]
    drawn = outline(sessions.fold([*events, SessionEnded()]))
    assert (drawn.cause, drawn.sections[0].headline) == ("`'price'`", "KeyError")


def _about(event: Event, known: str) -> bool:
    return isinstance(event, EvidenceGathered) and event.evidence.id == known


def test_a_line_is_never_joined_to_another_cell(
    failing: Callable[..., Case], solve: Callable[..., Session]
) -> None:
    drawn = outline(solve(failing(*NOTEBOOKS["in a function"]), available=False))
    assert drawn.title == "KeyError in cell [2], line 2"
    assert "cell [1], line 3 in first" in plain(drawn)


def test_a_cell_that_has_not_run_is_named_by_its_first_line(failing: Callable[..., Case]) -> None:
    case = failing("a = 1", "b", extra=("b = a\nc = 2",))
    assert case.label(case.cells[-1].id) == "cell [ ] `b = a`"


def test_the_keys_of_another_axis_are_not_named(
    failing: Callable[..., Case], solve: Callable[..., Session]
) -> None:
    frames = "import pandas as pd\ndf = pd.DataFrame({'city': ['a']})\nother = pd.DataFrame({'town': ['a']})"
    for last in ("df.loc[5]", "df.merge(other, on='city')"):
        claims = [item.claim for item in solve(failing(frames, last)).hypotheses]
        assert not any("its keys are" in claim or "closest is 'city'" in claim for claim in claims), claims
