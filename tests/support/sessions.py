"""Realistic sessions for the screens: built event by event, each through the codec and back."""

from collections.abc import Iterable
from dataclasses import replace

from cot_magic.core.case import (
    Case,
    Cell,
    CellId,
    Dependency,
    Environment,
    Frame,
    Freshness,
    Raised,
    Variable,
)
from cot_magic.core.codec import decode, encode
from cot_magic.core.events import (
    Event,
    EvidenceGathered,
    Finding,
    FixProposed,
    HypothesisStated,
    PhaseEnded,
    PhaseStarted,
    RunProbe,
    SessionEnded,
    SessionStarted,
    Stamped,
    Streamed,
    TestWritten,
    TryFix,
)
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    Hypothesis,
    HypothesisId,
    Phase,
    Probe,
    RegressionTest,
    Stage,
)
from cot_magic.core.jobs import Budget, Outcome, Schedule, StateItem, Witness
from cot_magic.core.schedules import ScheduleSearch, Trace, TraceStep
from cot_magic.core.session import Session
from cot_magic.testing import withstood

LOAD = """records = [
    {"item": "tea", "pirce": 3.5},
    {"item": "milk", "pirce": 1.2},
]
open("out.csv", "w").write(str(len(records)))"""
LOAD_FIXED = LOAD.replace("pirce", "price")
TOTAL = """#%%cot+ the total is wrong
def total(rows):
    amount = 0
    for row in rows:
        amount += row["price"]
    return amount

total(records)"""
TOTAL_SKIPPING = TOTAL.replace('row["price"]', 'row.get("price", 0)')
TEST = """def test_each_record_has_a_price():
    assert all("price" in record for record in records)


test_each_record_has_a_price()
"""
BUDGET = Budget(thinking_tokens=10_000, search_s=20.0, rounds=3, schedules=2_000)
H1, H2, H3 = HypothesisId("h1"), HypothesisId("h2"), HypothesisId("h3")
F1, F2 = FixId("f1"), FixId("f2")


def key_error() -> Raised:
    row = Variable(
        name="row",
        type="dict",
        text="{'item': 'tea', 'pirce': 3.5}",
        facts=(("len", "2"),),
        keys=("'item'", "'pirce'"),
    )
    outer = Frame(
        function="<module>",
        filename="<cell>",
        lineno=8,
        line="total(records)",
        cell=CellId("c7"),
    )
    inner = Frame(
        function="total",
        filename="<cell>",
        lineno=5,
        line='amount += row["price"]',
        cell=CellId("c7"),
        expression='row["price"]',
        operands=(row,),
        variables=(
            Variable(name="amount", type="int", text="0"),
            Variable(name="rows", type="list", text="[{'item': 'tea', …}, …]", facts=(("len", "2"),)),
        ),
    )
    return Raised(
        ename="KeyError",
        evalue="'price'",
        qualname="KeyError",
        bases=("KeyError", "LookupError", "Exception", "BaseException"),
        frames=(outer, inner),
        name="'price'",
    )


def key_error_case(**changes: object) -> Case:
    load = Cell(id=CellId("c5"), source=LOAD, index=2, execution_count=5)
    failing = Cell(id=CellId("c7"), source=TOTAL, index=4, execution_count=7)
    facts: dict[str, object] = {
        "cell": failing,
        "raised": key_error(),
        "environment": Environment(python="3.11.7", platform="linux"),
        "lineage": (Dependency(cell=load, names=("records",), freshness=Freshness.FRESH),),
        "cells": (Cell(id=CellId("c1"), source="import json", index=0, execution_count=1), load, failing),
        "prompt": "the total is wrong",
        "redactions": 3,
    }
    return Case(**(facts | changes))  # type: ignore[arg-type]


def probe(number: int, about: HypothesisId, code: str, **shown: object) -> Evidence:
    facts: dict[str, object] = {"outcome": Outcome.PASSED, "seconds": 0.21, "held": True}
    return Evidence(
        id=EvidenceId(f"e{number}"), kind=EvidenceKind.PROBE, about=about, code=code, **(facts | shown)
    )  # type: ignore[arg-type]


def fix_run(number: int, fix: FixId, stage: Stage, outcome: Outcome, **shown: object) -> Evidence:
    facts: dict[str, object] = {"seconds": 0.18, "code": "--- the diff of the edits"}
    return Evidence(
        id=EvidenceId(f"e{number}"),
        kind=EvidenceKind.FIX,
        about=fix,
        stage=stage,
        outcome=outcome,
        **(facts | shown),  # type: ignore[arg-type]
    )


def run_of_test(number: int, fix: FixId, stage: Stage, outcome: Outcome, **shown: object) -> Evidence:
    facts: dict[str, object] = {"seconds": 0.09, "code": TEST, "test": "test_each_record_has_a_price"}
    return Evidence(
        id=EvidenceId(f"e{number}"),
        kind=EvidenceKind.TEST,
        about=fix,
        stage=stage,
        outcome=outcome,
        **(facts | shown),  # type: ignore[arg-type]
    )


def analyze(case: Case) -> list[Event]:
    return [
        SessionStarted(case=case, intensity="cot+", reasoner="offline", budget=BUDGET),
        PhaseStarted(phase=Phase.ANALYZE),
        Finding(
            phase=Phase.ANALYZE,
            topic="pattern",
            text="A `KeyError` on a dict: the key `'price'` is not among `'item'`, `'pirce'`.",
        ),
        HypothesisStated(
            hypothesis=Hypothesis(
                id=H1,
                claim="The key is misspelt where the records are made: `'pirce'` for `'price'`.",
                prediction="every record has `'pirce'` and none has `'price'`",
                cell=CellId("c5"),
                lineno=2,
                rule="key.typo",
            )
        ),
        HypothesisStated(
            hypothesis=Hypothesis(
                id=H2,
                claim="Only some records lack a price.",
                prediction="at least one record has `'price'`",
                cell=CellId("c5"),
            )
        ),
        HypothesisStated(
            hypothesis=Hypothesis(
                id=H3,
                claim="The price list of the shop has changed.",
                prediction="the server names the field `pirce`",
            )
        ),
        PhaseEnded(phase=Phase.ANALYZE, headline="`row['price']` is read, but the records hold `'pirce'`"),
    ]


def plan() -> list[Event]:
    return [
        PhaseStarted(phase=Phase.PLAN),
        Finding(
            phase=Phase.PLAN,
            topic="strategy",
            text="1. Look at the keys of **all** records.\n2. Rename the key where it is made.\n\n"
            "- P0 rename the key\n- P1 read with a default",
        ),
        PhaseEnded(phase=Phase.PLAN, headline="3 hypotheses, 3 probes; P0 rename the key"),
    ]


def validate() -> list[Event]:
    one = 'all("pirce" in record and "price" not in record for record in records)'
    two = 'any("price" in record for record in records)'
    three = 'import urllib.request\nurllib.request.urlopen("http://shop.example").status == 200'
    found = [
        probe(1, H1, one, output="2 records\n"),
        probe(2, H2, two, held=False, seconds=0.19),
        probe(
            3,
            H3,
            three,
            held=None,
            outcome=Outcome.BLOCKED,
            note="needs the network (--allow net)",
            effects=("connect shop.example:80",),
            seconds=0.02,
        ),
    ]
    events: list[Event] = [PhaseStarted(phase=Phase.VALIDATE)]
    for item in found:
        events.append(RunProbe(probe=Probe(about=HypothesisId(item.about), source=item.code)))
        events.append(EvidenceGathered(evidence=item))
    return [*events, PhaseEnded(phase=Phase.VALIDATE, headline="1 confirmed, 1 refuted, 1 inconclusive")]


def implement() -> list[Event]:
    rename = Fix(
        id=F1,
        edits=(CellEdit(cell=CellId("c5"), before=LOAD, after=LOAD_FIXED),),
        why="Spell the key `price` where the records are made",
        hypothesis=H1,
    )
    default = Fix(
        id=F2,
        edits=(CellEdit(cell=CellId("c7"), before=TOTAL, after=TOTAL_SKIPPING),),
        why="Read the key with a default of 0",
        hypothesis=H2,
    )
    state = (StateItem(name="amount", type="float", expression="total(records)", text="4.7", literal=True),)
    events: list[Event] = [PhaseStarted(phase=Phase.IMPLEMENT), FixProposed(fix=rename)]
    test = RegressionTest(name="test_each_record_has_a_price", source=TEST)
    events += [TestWritten(fix=F1, test=test), TryFix(fix=rename, tests=(test,))]
    runs = [
        fix_run(
            4, F1, Stage.BEFORE, Outcome.RAISED, raised=key_error(), effects=("open for writing out.csv",)
        ),
        fix_run(5, F1, Stage.AFTER, Outcome.PASSED, state=state, output="4.7"),
        run_of_test(6, F1, Stage.BEFORE, Outcome.RAISED, raised=Raised(ename="AssertionError", evalue="")),
        run_of_test(7, F1, Stage.AFTER, Outcome.PASSED),
        *withstood(F1, "test_each_record_has_a_price"),
    ]
    events += [EvidenceGathered(evidence=item) for item in runs]
    events += [FixProposed(fix=default), TryFix(fix=default)]
    events += [
        EvidenceGathered(evidence=item)
        for item in (
            fix_run(8, F2, Stage.BEFORE, Outcome.RAISED, raised=key_error()),
            fix_run(9, F2, Stage.AFTER, Outcome.PASSED, state=state, output="4.7"),
        )
    ]
    return [
        *events,
        Finding(phase=Phase.IMPLEMENT, topic="rollback", text="Undo takes the cells out again."),
        PhaseEnded(phase=Phase.IMPLEMENT, headline="Spell the key `price` where the records are made"),
    ]


def confirm() -> list[Event]:
    return [
        PhaseStarted(phase=Phase.CONFIRM),
        Finding(phase=Phase.CONFIRM, topic="limits", text="Records that are loaded later were not seen."),
        PhaseEnded(phase=Phase.CONFIRM, headline="cell [7] passes; 1 test fails before and passes after"),
    ]


def verified_events() -> list[Event]:
    return [*analyze(key_error_case()), *plan(), *validate(), *implement(), *confirm(), SessionEnded()]


def failing_schedule(number: int, *, line: str = "rows.clear()", lane: str = "cleaner") -> Evidence:
    """A search that found a schedule under which the cell fails; two lanes, three steps."""
    steps = (
        TraceStep(at=0.0, lane=0, lineno=4, line="for row in rows:", cell=CellId("c7")),
        TraceStep(
            at=0.1,
            lane=1,
            lineno=9,
            line=line,
            cell=CellId("c7"),
            touched="rows",
            deviation="takes 4x as long",
            decided=1,
        ),
        TraceStep(
            at=0.2, lane=0, lineno=5, line='amount += row["price"]', error="KeyError: 'price'", decided=2
        ),
    )
    search = ScheduleSearch(
        schedules=100,
        failed=7,
        asked=500,
        first_failure=3,
        witness=Witness(
            schedule=Schedule(seed=3, choices=(0, 1)), minimised=(0, 1), replays=6, replays_failed=6
        ),
        trace=Trace(lanes=("main", lane), steps=steps),
        decisions=2,
        inevitable_after=2,
    )
    return Evidence(
        id=EvidenceId(f"e{number}"),
        kind=EvidenceKind.SCHEDULE,
        about="order",
        code="",
        outcome=Outcome.RAISED,
        raised=key_error(),
        stage=Stage.BEFORE,
        schedule=search,
    )


def race_events() -> list[Event]:
    """The session of the KeyError with a schedule under which it comes, and under which it is gone with the
    fix."""
    events = verified_events()
    found = failing_schedule(10)
    gone = replace(
        found,
        id=EvidenceId("e11"),
        about=F1,
        outcome=Outcome.PASSED,
        raised=None,
        stage=Stage.AFTER,
        schedule=ScheduleSearch(schedules=500, failed=0, asked=500, witness_passed=True),
    )
    return [*events[:-1], EvidenceGathered(evidence=found), EvidenceGathered(evidence=gone), events[-1]]


def stamp(events: Iterable[Event], pace: float = 0.3) -> list[Stamped]:
    """The events in order, `pace` seconds apart, each through the codec and back."""
    stamped = [Stamped(order=n, seconds=round(n * pace, 3), event=event) for n, event in enumerate(events)]
    return [decode(encode(item)) for item in stamped]


def fold(events: Iterable[Event], pace: float = 0.3) -> Session:
    session = Session(id="s-1")
    for stamped in stamp(events, pace):
        session = session.evolve(stamped)
    return session


def hostile_events(text: str) -> list[Event]:
    """A session in which every text that comes from outside is `text`."""
    load = Cell(id=CellId("c5"), source=text, index=2, execution_count=5)
    failing = Cell(id=CellId("c7"), source=text, index=4, execution_count=7)
    frame = Frame(
        function=text,
        filename=text,
        lineno=1,
        line=text,
        cell=CellId("c7"),
        operands=(Variable(name=text, type=text, text=text, facts=((text, text),)),),
    )
    raised = Raised(ename=text, evalue=text, frames=(frame, frame), notes=(text,), group=(key_error(),))
    case = key_error_case(
        cell=failing,
        cells=(load, failing),
        raised=raised,
        lineage=(Dependency(cell=load, names=(text,)),),
    )
    fix = Fix(
        id=F1,
        edits=(CellEdit(cell=CellId("c7"), before=text, after=f"{text}\npass"),),
        why=text,
        hypothesis=H1,
    )
    events: list[Event] = [
        SessionStarted(case=case, intensity="cot", reasoner=text, budget=BUDGET),
    ]
    for phase in Phase:
        events += [
            PhaseStarted(phase=phase),
            Finding(phase=phase, topic=text, text=text),
            Streamed(phase=phase, text=text),
            Streamed(phase=phase, text=text, thinking=True),
        ]
        if phase is Phase.VALIDATE:
            statement = Hypothesis(id=H1, claim=text, prediction=text, cell=CellId("c5"))
            events.append(HypothesisStated(hypothesis=statement))
            seen = probe(1, H1, text, output=text, note=text, effects=(text,))
            events += [EvidenceGathered(evidence=seen), FixProposed(fix=fix)]
            events.append(TestWritten(fix=F1, test=RegressionTest(name=text, source=text)))
            events += [
                EvidenceGathered(evidence=fix_run(2, F1, Stage.BEFORE, Outcome.RAISED, raised=raised)),
                EvidenceGathered(evidence=fix_run(3, F1, Stage.AFTER, Outcome.PASSED, output=text)),
                EvidenceGathered(evidence=run_of_test(4, F1, Stage.AFTER, Outcome.BLOCKED, note=text)),
                EvidenceGathered(evidence=failing_schedule(5, line=text, lane=text)),
            ]
        events.append(PhaseEnded(phase=phase, headline=text))
    return [*events, SessionEnded()]


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "closing": "</details></section></pre><img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "entity": "&lt;script&gt; &amp; &#x3c;b&#x3e;",
    "rich": "[red]boom[/red] [/] [link=http://x.example]y[/link]",
    "backquotes": "a ` b `` c ``` d ```` e",
    "fence": "```\n# head\n~~~~\n</details>\n- [x] **b**",
    "table": "| a | b |\n| --- | --- |\n> quote\n1. one",
    "emoji": "🙂 👩\u200d👩\u200d👧 é ﷽",
    "bidi": "ok \u202e evil \u2066 \u200f \u061c",
    "escape": "\x1b[31mred\x1b]0;title\x07\x9b1m\x00",
    "surrogate": "lone \ud800 half",
    "ticks": "✓ verified ✅ ✔ ☑",
    "long": "x" * 100_000,
    "lines": "line\n" * 20_000,
    "stars": "**" * 5_000 + "`" * 5_001,
    "empty": "",
}
