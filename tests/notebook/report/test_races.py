"""A report of a race: the searches, the failing schedule and its replay, its picture."""

from dataclasses import replace
from typing import Any
from xml.dom.minidom import parseString

import pytest
import sessions

from cot_magic.core.case import CellId
from cot_magic.core.events import EvidenceGathered, Stamped
from cot_magic.core.findings import Evidence, EvidenceId, EvidenceKind, Stage
from cot_magic.core.jobs import Outcome, Schedule, Witness
from cot_magic.core.schedules import ScheduleSearch, Trace, TraceStep
from cot_magic.notebook.report.write import report


@pytest.fixture
def race() -> list[Stamped]:
    """The session of a KeyError for which a schedule was found, and not found with the fix."""
    trace = Trace(
        lanes=("one", "two"),
        steps=(
            TraceStep(at=0.0, lane=0, lineno=4, line="amount = 0", cell=CellId("c7")),
            TraceStep(
                at=0.1, lane=1, lineno=5, line="rows.clear()", cell=CellId("c7"), error="KeyError: 'price'"
            ),
        ),
    )
    witness = Witness(
        schedule=Schedule(seed=3, choices=(0, 1, 1)), minimised=(0, 1), replays=6, replays_failed=6
    )
    found = Evidence(
        id=EvidenceId("e10"),
        kind=EvidenceKind.SCHEDULE,
        about="order",
        code="",
        outcome=Outcome.RAISED,
        raised=sessions.key_error(),
        stage=Stage.BEFORE,
        schedule=ScheduleSearch(schedules=100, failed=7, seed=3, witness=witness, trace=trace),
    )
    gone = replace(
        found,
        id=EvidenceId("e11"),
        about=sessions.F1,
        outcome=Outcome.PASSED,
        raised=None,
        stage=Stage.AFTER,
        schedule=ScheduleSearch(schedules=2_000, failed=0, seed=3),
    )
    events = sessions.verified_events()
    return sessions.stamp(
        [*events[:-1], EvidenceGathered(evidence=found), EvidenceGathered(evidence=gone), events[-1]]
    )


def told(events: list[Stamped]) -> dict[str, str]:
    book = report(events, redact=lambda text: text)
    return {cell["id"]: "".join(cell["source"]) for cell in book["cells"]}


def test_both_searches_are_listed_with_their_rates(race: list[Stamped]) -> None:
    text = "\n".join(told(race).values())
    assert "| e10 | before the fix | 7 of 100 |" in text
    assert "| e11 | after the fix | 0 of 2,000 |" in text
    assert "seed 3, failed in 6 of 6 replays" in text


def test_the_schedule_is_made_again_where_cot_magic_is_and_else_it_says_what_to_install(
    race: list[Stamped],
) -> None:
    book = report(race, redact=lambda text: text)
    (cell,) = [cell for cell in book["cells"] if "cot-witness" in cell["metadata"].get("tags", [])]
    source = "".join(cell["source"])
    assert '{"trials": [{"choices": [0, 1]}]}' in source
    assert "pip install cot-magic" in source
    compile(source, "cell", "exec")
    assert {"raises-exception", "nbval-ignore-output"} <= set(cell["metadata"]["tags"])


def test_the_picture_is_inside_of_the_notebook_and_its_cell_draws_it_again(race: list[Stamped]) -> None:
    book = report(race, redact=lambda text: text)
    (cell,) = [cell for cell in book["cells"] if cell["metadata"].get("cot", {}).get("role") == "picture"]
    kept = "".join(cell["outputs"][0]["data"]["image/svg+xml"])
    assert kept.startswith("<svg")
    assert "rows.clear()" in kept
    names: dict[str, Any] = {}
    exec("".join(cell["source"]), names)
    drawn = names["rca_picture"]()._repr_svg_()
    assert parseString(drawn).documentElement.toxml() == parseString(kept).documentElement.toxml()


def test_what_depends_on_the_order_is_not_compared(race: list[Stamped]) -> None:
    book = report(race, redact=lambda text: text)
    for role in ("failing", "kit"):
        (cell,) = [cell for cell in book["cells"] if cell["metadata"].get("cot", {}).get("role") == role]
        assert "nbval-ignore-output" in cell["metadata"]["tags"]


def test_without_a_search_nothing_is_said_of_schedules() -> None:
    text = "\n".join(told(sessions.stamp(sessions.verified_events())).values())
    assert "Schedules were searched" not in text
    assert "in the order in which they ran" in text
