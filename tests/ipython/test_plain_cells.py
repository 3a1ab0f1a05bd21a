"""A line magic after a cell without one: the state from before the cell is made again, or it is said that it is not."""

import pytest

FAILS = "runs.append(1)\nfound = d['alhpa']"
ANSWER = "from cot_magic import last as s; print(s.result, s.sandbox.state, s.sandbox.reason)"


def after(kernel, *cells: str) -> str:
    """What a line magic finds after these cells, of which the last one fails."""
    for cell in cells:
        ran = kernel.run(cell)
    assert ran.status == "error"
    assert kernel.run("%cot+").status == "ok"
    return kernel.run(ANSWER).stdout.strip()


def test_a_fix_is_verified_as_with_the_magic_above_the_cell(kernel) -> None:
    told = after(kernel, "runs = []\nd = {'alpha': 1, 'beta': 2}", FAILS)
    assert told.startswith("verified before"), told
    assert "each experiment first runs cell [2] again" in told
    assert kernel.value("runs") == "[1]", "nothing of that happened in the kernel"
    panel = kernel.run("%cot_last").displays[-1]["text/plain"]
    assert "copy was made before the cell ran: each experiment first runs cell [2] again" in " ".join(
        panel.split()
    )


def test_values_that_several_cells_made_are_made_again_in_their_order(kernel) -> None:
    told = after(
        kernel,
        "class Account:\n    def __init__(self): self.balance = 0\n    def add(self, sum): self.balance += sum",
        "mine = Account()\nunused = 1",
        "mine.add(5)\nprint('noise')",
        "mine.add(2)\ntotal = mine.balances * 2",
    )
    assert told.startswith("verified before"), told
    assert "runs cell [2], cell [3] and cell [4] again" in told
    output = kernel.run("print([item.output for item in s.evidence if 'noise' in item.output])").stdout
    assert output == "[]\n", "what the earlier cells print is no output of the cell"


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (
            "import random\nruns = [random.random()]\nd = {'alpha': 1}",
            "a value that is another one each time",
        ),
        (
            "runs = [0]\nd = {'alpha': 1}\nruns.append(2)\nruns.append(x for x in [1])",
            "not comparable",
        ),
        ("import time\ntime.sleep(2.1)\nruns = []\nd = {'alpha': 1}", "cells that take long"),
    ],
)
def test_a_state_that_cannot_be_made_again_is_not_taken_for_the_one_before(
    kernel, made: str, why: str
) -> None:
    told = after(kernel, made, FAILS)
    assert told.startswith("plausible after"), (why, told)


def test_a_cell_that_ran_twice_and_changed_values_each_time_is_tried_on_what_is_there(kernel) -> None:
    kernel.run("runs = []\nd = {'alpha': 1, 'beta': 2}", cell_id="given")
    kernel.run(FAILS, cell_id="fails")
    kernel.run(FAILS, cell_id="fails")
    kernel.run("%cot+")
    assert kernel.run(ANSWER).stdout.startswith("plausible after")


def test_a_name_that_the_failing_cell_bound_is_not_there_before_it(kernel) -> None:
    told = after(kernel, "d = {'alpha': 1, 'beta': 2}", "early = 3\nfound = d['alhpa'] + early")
    assert told.startswith("verified before"), told
    kernel.run("before = [item for item in s.evidence if item.stage == 'before' and item.test]")
    assert kernel.value("{item.raised.ename for item in before}") == "{'NameError'}"


def test_a_cell_that_is_no_python_has_changed_nothing(kernel) -> None:
    told = after(kernel, "values = iter([1, 2])", "total = sum(values\ntotal")
    assert told.startswith("verified before"), told
