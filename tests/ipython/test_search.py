"""Repair by search in a real kernel: screened in one confined copy, the survivors tried in fresh ones."""

import json

import pytest

pytestmark = pytest.mark.slow
DEFINE = (
    "runs = []\ndef windows(xs, n):\n    runs.append(n)\n    return [xs[i:i + n] for i in range(len(xs) - n)]"
)
FAILING = "assert windows([1, 2, 3], 2) == [[1, 2], [2, 3]]\nassert windows([], 1) == []\nassert len(windows('abcd', 1)) == 4"
LOOK = """
import cot_magic, json
session = cot_magic.last
fix = session.best_fix
print(json.dumps([session.result, fix.edits[0].after, fix.why, session.judge_fix(fix).verdict.value]))
"""


def test_a_mistake_in_an_earlier_cell_is_found_by_the_asserts(kernel) -> None:
    assert kernel.run(DEFINE).status == "ok"
    ran = kernel.run(f"%%cot+\n{FAILING}")
    assert (ran.status, ran.ename) == ("error", "AssertionError")
    result, source, why, verdict = json.loads(kernel.run(LOOK).stdout)
    assert "range(len(xs) - n + 1)" in source
    assert "(line 4 of cell [" in why
    assert (result, verdict) == ("plausible", "PLAUSIBLE")
    assert kernel.value("runs") == "[2]", "the kernel ran the cell once, and no candidate"
