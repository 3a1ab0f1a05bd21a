"""Rules for races: what they suspect in concurrent code, and that their edits remove the failure."""

import ast
import builtins
import os
from dataclasses import replace
from pathlib import Path

import pytest

from cot_magic.core.case import Case, Cell, CellId, Dependency, Environment, Frame, Raised
from cot_magic.explore.program import of_source
from cot_magic.explore.run_result import RunFailure
from cot_magic.explore.search.runner import ForkRunner
from cot_magic.explore.search.search import Search
from cot_magic.explore.search.values import SearchResult
from cot_magic.reasoners.offline.races import (
    ends as race_ends,
)
from cot_magic.reasoners.offline.races import (
    load as race_load,
)
from cot_magic.reasoners.offline.races import (
    shared as race_shared,
)
from cot_magic.reasoners.offline.races import (
    threads as race_threads,
)
from cot_magic.reasoners.offline.races import (
    waiting as race_waiting,
)
from cot_magic.reasoners.offline.rule import Suspicion

PROGRAMS = Path(__file__).parent / "race_programs"
RULES = (
    *race_shared.RULES,
    *race_threads.RULES,
    *race_waiting.RULES,
    *race_ends.RULES,
    *race_load.RULES,
)
EXPECTED = {
    "seats": "race.check_then_act",
    "stock": "race.lost_update",
    "points": "race.lost_update",
    "report": "race.missing_await",
    "connections": "race.unbounded_gather",
    "import_batch": "race.gather_errors",
    "prices": "race.cache_order",
    "orders": "race.double_processing",
    "mailbox": "race.lost_wakeup",
    "printer": "race.cancel_leak",
    "sessions": "race.deleted_meanwhile",
    "guests": "race.changed_while_iterating",
    "visitors": "race.lost_update",
    "settings_once": "race.lazy_init",
    "accounts": "race.compound",
}


def searched(source: str, schedules: int) -> SearchResult:
    program = of_source(source, str(PROGRAMS / "program.py"))
    return Search(ForkRunner(program, 1), schedules=schedules, seconds=30.0, seed=3).go()


def case_of(source: str, failure: RunFailure | None = None, earlier: str = "") -> Case:
    cell = Cell(id=CellId("now"), source=source)
    failure = failure or RunFailure(ename="AssertionError")
    kind = getattr(builtins, failure.ename, Exception)
    line = source.splitlines()[failure.lineno - 1].strip() if failure.lineno else ""
    frame = Frame(
        function=failure.function, filename="program.py", lineno=failure.lineno, line=line, cell=cell.id
    )
    raised = Raised(
        ename=failure.ename,
        evalue=failure.evalue,
        bases=tuple(item.__name__ for item in kind.__mro__),
        frames=(frame,) if failure.lineno else (),
    )
    before = Cell(id=CellId("earlier"), source=earlier, execution_count=1)
    return Case(
        cell=cell,
        raised=raised,
        environment=Environment(python="3.11", platform="linux"),
        lineage=(Dependency(cell=before, names=()),) if earlier else (),
    )


def suspicions(case: Case) -> list[tuple[str, Suspicion]]:
    found = [(rule.code, item) for rule in RULES for item in rule.suspicions(case)]
    return sorted(found, key=lambda pair: -pair[1].weight)


def only(case: Case, code: str) -> Suspicion:
    return next(item for name, item in suspicions(case) if name == code)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="schedules are searched in forked processes")
@pytest.mark.parametrize("name", EXPECTED)
def test_the_likeliest_rule_fits_and_each_of_its_edits_removes_the_failure(name: str) -> None:
    source = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    before = searched(source, 1000)
    assert before.found is not None
    code, likeliest = suspicions(case_of(source, before.found.failure))[0]
    assert code == EXPECTED[name]
    assert likeliest.repairs
    for repair in likeliest.repairs:
        after = searched(repair.edits[0].after, 150)
        assert (after.failed, after.others, after.trouble) == (0, (), ""), repair.edits[0].after
        assert after.schedules >= 100


def test_code_without_tasks_and_threads_is_passed_over() -> None:
    source = (
        "stock = {}\ndef take(n):\n    if stock['a'] >= n:\n        check()\n        stock['a'] -= n\ntake(1)"
    )
    assert suspicions(case_of(source)) == []


def test_code_under_a_lock_is_not_suspected() -> None:
    source = (PROGRAMS / "seats.py").read_text(encoding="utf-8")
    repair = only(case_of(source), "race.check_then_act").repairs[0]
    again = suspicions(case_of(repair.edits[0].after))
    assert [code for code, _ in again if code == "race.check_then_act"] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_an_edit_keeps_all_lines_that_it_does_not_need(name: str) -> None:
    source = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    source = source.replace("\n\n\n", "\n\n# a note  of the author\n\n")
    for _, suspicion in suspicions(case_of(source)):
        for repair in suspicion.repairs:
            after = repair.edits[0].after
            ast.parse(after)
            assert after.count("# a note  of the author") == source.count("# a note  of the author")
            kept = {line.strip() for line in after.splitlines()}
            changed = [line for line in source.splitlines() if line.strip() and line.strip() not in kept]
            assert len(changed) <= 3, changed


def test_a_class_of_an_earlier_cell_is_edited_there() -> None:
    source = (PROGRAMS / "seats.py").read_text(encoding="utf-8")
    head, _, tail = source.partition("async def main():")
    case = case_of("async def main():" + tail + "\nawait main()", earlier=head)
    suspicion = only(case, "race.check_then_act")
    assert suspicion.cell == "earlier"
    assert {edit.cell for edit in suspicion.repairs[0].edits} == {"earlier"}


def test_an_existing_lock_is_used() -> None:
    source = (
        "import asyncio\n"
        "class Box:\n"
        "    def __init__(self):\n"
        "        self.n, self.gate = 0, asyncio.Lock()\n"
        "    async def add(self):\n"
        "        n = self.n\n"
        "        await asyncio.sleep(0)\n"
        "        self.n = n + 1\n"
        "async def main(box): await asyncio.gather(box.add(), box.add())\n"
    )
    after = only(case_of(source), "race.lost_update").repairs[0].edits[0].after
    assert "async with self.gate:" in after
    assert after.count("asyncio.Lock()") == 1


def test_statements_on_one_line_get_lines_of_their_own() -> None:
    source = (
        "import threading\n"
        "class Stats:\n"
        "    def __init__(self): self.n = 0\n"
        "    def one(self): return 1\n"
        "    def hit(self):\n"
        "        for _ in range(3): x = self.one(); self.n += self.one(); y = x\n"
        "threading.Thread(target=Stats().hit).start()\n"
    )
    after = only(case_of(source), "race.lost_update").repairs[0].edits[0].after
    loop = next(node for node in ast.walk(ast.parse(after)) if isinstance(node, ast.For))
    assert [type(node).__name__ for node in loop.body] == ["Assign", "With", "Assign"]


def test_texts_over_several_lines_are_not_indented() -> None:
    source = (
        "import asyncio\n"
        "total = {}\n"
        "async def add(k):\n"
        "    old = total[k]\n"
        '    await asyncio.sleep(0, """a\n'
        'b""")\n'
        "    total[k] = old + 1\n"
        "asyncio.run(asyncio.wait_for(add(1), 1))\n"
    )
    after = only(case_of(source), "race.lost_update").repairs[0].edits[0].after
    assert '"""a\nb""")' in after


def test_a_global_counter_of_threads_gets_a_global_lock() -> None:
    source = (
        "from threading import Thread\n"
        "count = 0\n"
        "def step(): return 1\n"
        "def work():\n"
        "    global count\n"
        "    count = count + step()\n"
        "threads = [Thread(target=work) for _ in range(2)]\n"
    )
    after = only(case_of(source), "race.lost_update").repairs[0].edits[0].after
    assert "import threading\n" in after
    assert "lock = threading.Lock()\ndef step" in after
    assert "    with lock:\n        count = count + step()\n" in after


def test_a_repair_never_takes_a_lock_that_it_holds() -> None:
    source = (
        "import asyncio\n"
        "done = set()\n"
        "async def work(k):\n"
        "    if k not in done:\n"
        "        await note(k)\n"
        "        done.add(k)\n"
        "async def note(k):\n"
        "    await asyncio.sleep(0)\n"
        "    done.add(k)\n"
        "asyncio.run(asyncio.wait_for(work(1), 1))\n"
    )
    for repair in only(case_of(source), "race.double_processing").repairs:
        assert repair.edits[0].after.count("async with") <= 1


def test_failures_that_no_order_brings_about_are_left_to_other_rules() -> None:
    case = case_of((PROGRAMS / "seats.py").read_text(encoding="utf-8"))
    assert case.raised is not None
    named = replace(case, raised=replace(case.raised, ename="NameError", bases=("NameError", "Exception")))
    assert suspicions(named) == []
