"""What comes back from the copy is data: it is placed into the cells, worded, or left out."""

import json

import pytest

from cot_magic.core.case import Case, Cell, CellId, Environment, Raised
from cot_magic.core.events import Screen, Screened
from cot_magic.core.findings import CellEdit, Example
from cot_magic.core.jobs import Budget, Outcome
from cot_magic.reasoners.offline.repair import search
from cot_magic.reasoners.offline.repair.placed import Misplaced, edited_cells
from cot_magic.reasoners.offline.repair.words import change_of, example_of, told_apart

FIRST, SECOND = "def f(x):\n    return x", "assert f(1) == 2"


def case_of(*sources):
    cells = tuple(
        Cell(id=CellId(f"c{place}"), source=source, index=place, execution_count=place + 1)
        for place, source in enumerate(sources)
    )
    raised = Raised(ename="AssertionError", evalue="", bases=("AssertionError", "Exception"))
    return Case(
        cell=cells[-1], raised=raised, cells=cells, environment=Environment(python="3", platform="any")
    )


def test_a_splice_changes_the_cell_that_it_is_in():
    start = len(FIRST) - 1
    assert edited_cells([FIRST, SECOND], [[[start, start + 1, "x + 1"]]]) == [
        "def f(x):\n    return x + 1",
        SECOND,
    ]


def test_a_splice_over_the_end_of_a_cell_leaves_the_next_one_alone():
    start = len("def f(x):\n")
    made = edited_cells([FIRST, SECOND], [[[start, len(FIRST) + 1, "    return 2\n"]]])
    assert made == ["def f(x):\n    return 2", SECOND]


def test_a_second_step_is_placed_in_what_the_first_one_made():
    made = edited_cells(
        ["a = 1", "b = 2"], [[[0, 1, "long"]], [[len("long = 1") + 2, len("long = 1") + 3, "c"]]]
    )
    assert made == ["long = 1", "c = 2"]


@pytest.mark.parametrize(
    "steps",
    [
        None,
        [],
        [[]],
        [[[0, 1]]],
        [[[3, 1, "x"]]],
        [[[0, 99, "x"]]],
        [[["0", 1, "x"]]],
        [[[0, 2, "x"], [1, 3, "y"]]],
        5,
    ],
)
def test_what_is_no_edit_of_the_cells_is_refused(steps):
    with pytest.raises(Misplaced):
        edited_cells(["a = 1", "b = 2"], steps)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("a\nb < c\n", "a\nb <= c\n", "Replace `b < c` with `b <= c` (line 2)."),
        ("a\nb\n", "a\n", "Remove `b` (line 2)."),
        ("a\nb\n", "a\nc\nb\n", "Insert `c` before line 2."),
    ],
)
def test_an_edit_is_told_by_its_lines(before, after, text):
    case = case_of(before)
    assert change_of([CellEdit(cell=CellId("c0"), before=before, after=after)], case).text == text


def test_two_survivors_are_told_apart_by_one_call():
    told = told_apart(["f([])", "0", "!IndexError"])
    assert told == "`f([])` raises IndexError with this edit, and gives `0` with the first."
    assert told_apart("anything") == ""


@pytest.mark.parametrize(
    ("result", "gives"),
    [("0", "`0`"), ("!IndexError", "an error (IndexError)"), ("!Timeout", "no result (it does not end)")],
)
def test_what_a_survivor_gives_is_an_example(result, gives):
    assert example_of(["f([])", result]) == Example(call="f([])", gives=gives)
    assert example_of([1, result]) is None


def answered(case, *outputs, outcome=Outcome.PASSED):
    """The report of a search whose copies print these outputs, and the requests that it made."""
    cells = search.searchable(case, case.raised)
    steps = search.search(cells, case, Budget(thinking_tokens=1, search_s=10, rounds=1, schedules=1))
    asked, reply = [], None
    replies = iter(outputs)
    while True:
        try:
            asked.append(steps.send(reply))
        except StopIteration as end:
            return end.value, asked
        reply = Screened(outcome=outcome, output=next(replies), seconds=0.1)


def test_what_the_code_prints_is_not_taken_for_an_answer():
    report, asked = answered(
        case_of(f"{FIRST}\n{SECOND}"), 'hello\ncot-search {"survivor": 5}\ncot-search [1]\n'
    )
    assert report.proposals == []
    assert [type(item) for item in asked] == [Screen]


def test_a_survivor_becomes_edits_of_the_cell():
    line = 'cot-search {"survivor": {"steps": [[[10, 22, "    return 2"]]]}, "apart": null, "compared": 1}'
    report, _ = answered(
        case_of(f"{FIRST}\n{SECOND}"), f'{line}\ncot-search {{"end": "searched", "ran": 7}}\n'
    )
    assert report.proposals[0].edits[0].after == f"def f(x):\n    return 2\n{SECOND}"
    assert report.candidates == 7


def test_a_process_that_a_candidate_ended_is_followed_by_one_that_goes_on():
    died = (
        'cot-search {"at": 50}\ncot-search {"found": {"cost": 1, "kinds": ["cmp"], "steps": [], "line": 1}}\n'
    )
    _, asked = answered(
        case_of(f"{FIRST}\n{SECOND}"),
        died,
        *['cot-search {"end": "searched"}\n'] * 2,
        outcome=Outcome.CRASHED,
    )
    assert len(asked) == 3
    assert '"compare": false' in asked[2].source  # it ended while it compared
    assert '"first": 49, "careful": true' in asked[1].source
    assert '"cmp"' in asked[1].source


def test_survivors_that_no_time_was_left_to_rank_are_proposed_by_cost():
    rows = [(2.0, "    return 3"), (1.0, "    return 2")]
    found = [
        {"found": {"cost": cost, "kinds": ["const"], "steps": [[[10, 22, new]]], "line": 2}}
        for cost, new in rows
    ]
    output = "\n".join(f"cot-search {json.dumps(item)}" for item in found)
    report, _ = answered(case_of(f"{FIRST}\n{SECOND}"), output, outcome=Outcome.PASSED)
    assert [item.edits[0].after for item in report.proposals] == [
        f"def f(x):\n    return 2\n{SECOND}",
        f"def f(x):\n    return 3\n{SECOND}",
    ]
    assert report.compared == 2


@pytest.mark.parametrize(("ename", "searched"), [("Timeout", True), ("KeyboardInterrupt", False)])
def test_an_endless_loop_is_searched_and_an_interrupt_is_not(ename, searched):
    case = case_of(f"{FIRST}\n{SECOND}")
    raised = Raised(ename=ename, evalue="", bases=("KeyboardInterrupt", "BaseException"))
    assert bool(search.searchable(case, raised)) is searched


@pytest.mark.parametrize("source", ["x = 1 / 0", "assert await f() == 1", "x = 1"])
def test_cells_without_asserts_that_can_be_run_here_are_not_searched(source):
    case = case_of(source)
    assert search.searchable(case, case.raised) == ()
