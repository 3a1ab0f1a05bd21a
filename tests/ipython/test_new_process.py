"""A kernel that cannot be copied: experiments run in a new process, after the cells above."""

import os

import pytest

pytestmark = pytest.mark.slow
# what a library with threads of its own comes to, once it is loaded; only the kernel has it
UNSAFE = "import sys, types\nsys.modules['ray'] = types.ModuleType('ray')\ndel sys, types"
TOTAL = "def total(rows):\n    return sum(row['amont'] for row in rows)"
ORDERS = "import shop\norders = shop.orders()"
FAILS = "income = total(orders)\nincome"
SHOP = "def orders():\n    return [{'region': 'n', 'amount': 1}, {'region': 's', 'amount': 2}]\n"
ANSWER = "from cot_magic import last as s; print(s.result, s.sandbox.state, s.sandbox.reason)"


def after(kernel, *cells: str) -> str:
    """What `%%cot+` finds on the last of these cells."""
    kernel.run(f"open('shop.py', 'w').write({SHOP!r})")
    for cell in (*cells[:-1], f"%%cot+ --insert none\n{cells[-1]}"):
        kernel.run(cell)
    return kernel.run(ANSWER).stdout.strip()


def test_a_fix_is_proven_after_the_cells_above_have_run_there(kernel) -> None:
    told = after(kernel, TOTAL, ORDERS, UNSAFE, FAILS)
    assert told.startswith("verified rebuilt a copy of this kernel could hang: the connections of ray"), told
    assert "runs cell [3] and cell [4] again in a new process" in told
    assert kernel.value("'income' in dir()") == "False", "nothing ran in the kernel"


NO_CONFINEMENT = """
from cot_magic.core.jobs import SandboxStatus
from cot_magic.sandbox import new_process, snapshot
snapshot.probe = lambda s=SandboxStatus(available=False, reason="this Linux has no Landlock"): s
new_process.means_here = lambda: None
del SandboxStatus, new_process, snapshot
"""


def test_where_nothing_can_be_confined_only_the_person_can_have_it_run(kernel) -> None:
    kernel.run(NO_CONFINEMENT)
    told = after(kernel, TOTAL, ORDERS, FAILS)
    assert told.startswith("unresolved before this Linux has no Landlock; this system has no means"), told
    assert told.endswith("`--allow unconfined` runs experiments with all your rights")
    shown = kernel.run("%cot+ --allow unconfined --insert none")
    told = kernel.run(ANSWER + "; print(s.sandbox.confined)").stdout.strip()
    assert told.startswith("verified rebuilt this Linux has no Landlock: each experiment first runs"), told
    assert told.endswith("False")
    assert "Nothing confined these experiments" in str(shown.displays)


def test_what_the_cells_above_do_to_files_is_refused_there(kernel, tmp_path) -> None:
    writes = "open('report.txt', 'a').write('x')\nrows = orders"
    told = after(kernel, TOTAL, ORDERS, writes, UNSAFE, "income = total(rows)\nincome")
    assert "rebuilt" not in told, told
    assert "a cell above it ends otherwise" in told
    found = [path for path, _, files in os.walk(tmp_path) if "report.txt" in files]
    assert len(found) == 1
    with open(os.path.join(found[0], "report.txt"), encoding="utf-8") as file:
        assert file.read() == "x", "written once, by the kernel"


def test_another_failure_there_is_told_and_nothing_is_verified(kernel) -> None:
    told = after(kernel, UNSAFE, "import sys", "1 / ('ray' not in sys.modules)")
    assert told.startswith("unresolved before a copy of this kernel could hang"), told
    assert "run again in a new process, the cell ends otherwise" in told
