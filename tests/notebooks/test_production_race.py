"""What the notebook about a race in production and the example of a report show as they are shipped."""

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cot_magic.core.verdict import FixVerdict
from cot_magic.notebook.report.session import embedded, folded

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
RACE, REPORT = NOTEBOOKS / "03_production_race.ipynb", NOTEBOOKS / "04_rca_example.ipynb"


@pytest.fixture(scope="module")
def race() -> Any:
    return nbformat.read(RACE, as_version=4)


def shown(book: Any, words: str) -> str:
    """The outputs of the one code cell whose source holds these words, as text."""
    (cell,) = [cell for cell in book.cells if cell.cell_type == "code" and words in cell.source]
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs
    )


def row(table: str, name: str) -> tuple[int, int]:
    """Failed and ran of a row."""
    found = re.search(rf"^{re.escape(name)} +(\d+) +(\d+) ", table, re.MULTILINE)
    assert found is not None, table
    return int(found[1]), int(found[2])


def test_the_failure_comes_in_a_few_of_a_hundred_plain_runs_and_in_none_after_the_fix(race: Any) -> None:
    table = shown(race, "seen_after, left_after")
    failed, ran = row(table, "before")
    assert 0.005 <= failed / ran <= 0.10
    assert row(table, "after") == (0, ran)


def test_exploration_finds_it_within_a_minute_and_each_replay_fails(race: Any) -> None:
    told = shown(race, "first = next(")
    assert float(re.findall(r"found: True, .* in ([\d.]+) s", told)[0]) < 60
    failed, replays = re.findall(r"replayed: (\d+) of (\d+)", told)[0]
    assert failed == replays
    assert re.search(r"No failure found\. 0 of \d+: rate below", shown(race, "async def fixed_batch"))


def test_the_cause_goes_with_the_cache_and_the_cancellation_and_stays_with_a_larger_pool(race: Any) -> None:
    table = shown(race, "variants = {")
    for name in ("without the cache", "without the cancellation", "both in one statement"):
        assert row(table, name)[0] == 0
    assert row(table, "a pool of 100")[0] > 0


def test_a_load_of_a_thousand_orders_has_no_failure_after_the_fix(race: Any) -> None:
    assert row(shown(race, "async def load("), "SafeOrderService, all at once") == (0, 1000)


def test_all_that_was_asked_held_and_the_text_states_no_figures(race: Any) -> None:
    checks = shown(race, "checks = {").strip().splitlines()
    assert checks
    assert all(line.startswith("held: ") for line in checks)
    prose = "\n".join(cell.source for cell in race.cells if cell.cell_type == "markdown")
    prose = re.sub(r"^#+ \d+\.|`[^`]*`", "", prose, flags=re.MULTILINE)
    assert not re.findall(r"\d", prose)


def test_the_report_carries_a_session_whose_fix_is_verified() -> None:
    session = folded(list(embedded(REPORT)))
    assert session.best_fix is not None
    assert session.judge_fix(session.best_fix).verdict is FixVerdict.VERIFIED
    assert json.loads(REPORT.read_text(encoding="utf-8"))["metadata"]["cot"]["format"] == 1
