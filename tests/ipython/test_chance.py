"""Cells that fail by chance, in a real kernel: how often, what decides, a line that repeats it, and fixes."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ASK = """
import cot_magic, json
from cot_magic.render.summary import summary
print(json.dumps(summary(cot_magic.last, "n.ipynb", "cot")))
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run cells in a new kernel each time, the last one with `%%cot`; return the summary of its session."""
    from tests.conftest import Kernel

    def ask(*cells: str, line: str = "%%cot --runs 40") -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("chance")
        (folder / "data").mkdir()
        for name in ("b.txt", "d.txt", "a.txt", "c.txt"):
            (folder / "data" / name).write_text(name)
        kernel = Kernel(folder)
        try:
            for cell in cells[:-1]:
                ran = kernel.run(cell)
                assert ran.status == "ok", ran.traceback
            kernel.run(f"{line}\n{cells[-1]}", timeout=300)
            answer = kernel.run(ASK)
            assert answer.status == "ok", answer.traceback
            return dict(json.loads(answer.stdout))
        finally:
            kernel.stop()

    return ask


@pytest.mark.parametrize(
    ("axis", "cells"),
    [
        ("random", ("import random", "assert random.random() > 0.3")),
        ("random", ("import random\ndice = random.Random()", "assert dice.randint(1, 6) > 2")),
        (
            "numpy",
            ("import numpy as np\nrng = np.random.default_rng()", "assert rng.normal(size=5).mean() > 0"),
        ),
        ("entropy", ("import uuid", "assert int(uuid.uuid4().hex[0], 16) < 8")),
        ("files", ("import os", "first = os.listdir('data')[0]\nassert first != 'c.txt'")),
        ("clock", ("from datetime import datetime", "assert datetime.now().second % 2 == 0")),
        ("zone", ("import time", "assert time.localtime().tm_gmtoff >= 0")),
    ],
)
def test_the_axis_that_decides_is_found_and_its_line_repeats_the_failure(
    asked: Any, axis: str, cells: tuple[str, ...]
) -> None:
    if axis == "numpy":
        pytest.importorskip("numpy")
    data = asked(*cells)
    rate = data["rate"]
    assert rate["axis"] == axis
    assert rate["runs"] == 40
    assert 0 < rate["low"] < rate["failed"] / 40 < rate["high"] < 1
    text = next(phase["text"] for phase in data["phases"] if phase["phase"] == "VALIDATE")
    assert f"{rate['failed']} of 40 runs fail" in text
    assert "to see it fail (3 of 3 times)" in text
    assert "did not repeat" not in text.partition("<details>")[0]


@pytest.mark.timeout(900)  # forty processes are started, one after another
def test_the_order_of_a_set_is_decided_by_the_process_and_sorting_ends_it(asked: Any) -> None:
    cells = ("names = {'red', 'green', 'blue'}", "order = list(names)\nassert order == sorted(order), order")
    data = asked(*cells, line="%%cot+ --runs 40")
    decided = next(item for item in data["hypotheses"] if "hash seed" in item["claim"])
    assert decided["verdict"] == "CONFIRMED"
    text = next(phase["text"] for phase in data["phases"] if phase["phase"] == "VALIDATE")
    assert "PYTHONHASHSEED=" in text
    assert "sorted(names)" in data["fix"]["edits"][0]["source"]
    assert data["fix"]["verdict"] == "PLAUSIBLE"


def test_a_cell_that_always_passes_is_said_to_with_a_bound_and_no_axis(asked: Any) -> None:
    data = asked("values = [1, 2, 3]", "assert sum(values) == 6")
    assert (data["rate"]["runs"], data["rate"]["failed"], data["rate"]["axis"]) == (40, 0, None)
    assert data["result"] == "no-failure"
    text = next(phase["text"] for phase in data["phases"] if phase["phase"] == "CONFIRM")
    assert "0 of 40 runs fail: below 7.2 % at 95 %" in text


def test_what_the_notebook_seeded_fails_in_each_run(asked: Any) -> None:
    data = asked(
        "import random\nrandom.seed(19)\nrows = list(range(10))",
        "rows[random.randint(10, 12)]",
    )
    assert (data["rate"]["failed"], data["rate"]["axis"]) == (40, None)


def test_a_failure_by_chance_is_run_repeatedly_without_being_asked(kernel: Any) -> None:
    kernel.run("import uuid")
    cell = "%%cot+\nassert int(uuid.uuid4().hex, 16) % 2"
    assert any(kernel.run(cell, timeout=300).status == "error" for _ in range(12))
    data = json.loads(kernel.run(ASK).stdout)
    assert data["rate"]["axis"] == "entropy"
    assert data["rate"]["runs"] >= 20


def test_a_flaky_assert_is_not_called_false_each_time(asked: Any) -> None:
    cells = ("import random", "x = random.random()\nassert x > 2")
    data = asked(*cells, line="%%cot+")
    said = json.dumps(data)
    assert "each time" not in said
    assert "runs fail" in said
