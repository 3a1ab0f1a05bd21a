"""Only a mistake that was seen to fail, twice in the same way, is kept."""

from collections.abc import Sequence

from cot_magic.actions.mistake_search import CodeCell, MistakeSearch, search
from cot_magic.core.jobs import Outcome
from cot_magic.faults.catalogue import KINDS
from cot_magic.faults.mistakes import CheckedMistake
from cot_magic.testing import NamespaceSandbox

SALES = (
    CodeCell(place=0, source="rows = [{'price': 3}, {'price': 4}]"),
    CodeCell(place=2, source="def total(rows):\n    amount = 0\n    for row in rows:\n        amount += row['price']\n    return amount"),
    CodeCell(place=3, source="assert total(rows) == 7"),
)  # fmt: skip


def find(cells: Sequence[CodeCell], *kinds: str, count: int = 1, seed: int = 0) -> MistakeSearch:
    return search(NamespaceSandbox(), cells, kinds=kinds or KINDS, seed=seed, count=count, wall_s=20)


def shown(found: MistakeSearch) -> CheckedMistake:
    (item,) = found.kept
    return item


def test_a_mistake_is_kept_with_the_failure_that_it_causes() -> None:
    item = shown(find(SALES, "return"))
    assert item.mistake.cell == 2
    assert "    amount" in item.mistake.after.splitlines()
    assert (item.shown.outcome, item.shown.cell, item.shown.ename) == (Outcome.RAISED, 3, "AssertionError")


def test_a_mistake_that_no_cell_notices_is_dropped() -> None:
    silent = (CodeCell(place=0, source="a = 3\nb = a + 1"),)
    found = find(silent, "arithmetic")
    assert found.kept == ()
    assert found.tried > 0
    assert dict(found.dropped) == {"every cell passed": found.tried}


def test_a_cell_that_is_there_to_fail_proves_nothing() -> None:
    cells = (*SALES[:2], CodeCell(place=3, source="assert total(rows) == 7", may_raise=True))
    assert find(cells, "return").kept == ()


def test_a_notebook_that_fails_itself_is_told_and_nothing_else_runs() -> None:
    found = find((*SALES, CodeCell(place=5, source="1 / 0")))
    assert (found.original.outcome, found.original.cell, found.original.ename) == (
        Outcome.RAISED,
        5,
        "ZeroDivisionError",
    )
    assert found.kept == ()
    assert found.tried == 0


def test_a_failure_that_changes_from_run_to_run_is_dropped() -> None:
    sandbox = NamespaceSandbox({"errors": [ValueError, KeyError]})  # the list outlives a job
    cells = (
        CodeCell(place=0, source="def price(row):\n    return row[0]"),
        CodeCell(place=1, source="if price([3]) is None:\n    raise errors.pop()"),
    )
    found = search(sandbox, cells, kinds=["return"], seed=0, count=1, wall_s=20)
    assert found.kept == ()
    assert found.dropped == (("it failed in another way the second time", 1),)


def test_several_mistakes_are_of_several_kinds_and_touch_no_line_twice() -> None:
    found = find(SALES, count=4, seed=3)
    mistakes = [item.mistake for item in found.kept]
    assert len({mistake.kind for mistake in mistakes}) == 4
    touched = [(mistake.cell, line) for mistake in mistakes for line in mistake.lines]
    assert len(touched) == len(set(touched))


def test_one_kind_may_be_used_more_than_once_if_no_other_is_wanted() -> None:
    assert [item.mistake.kind for item in find(SALES, "name", count=2).kept] == ["name", "name"]


def test_the_same_seed_finds_the_same() -> None:
    one, again, other = (find(SALES, seed=seed) for seed in (1, 1, 2))
    assert shown(one).mistake == shown(again).mistake
    assert shown(one).mistake != shown(other).mistake


def test_a_mistake_that_cannot_be_made_is_not_tried() -> None:
    found = find(SALES, "await")
    assert (found.kept, found.tried) == ((), 0)
