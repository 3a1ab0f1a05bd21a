import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from cot_magic.capture.lineage.history import History, as_executed
from cot_magic.core.case import Cell, CellId


def test_cells_are_known_by_the_id_of_the_front_end_else_by_their_number(notebook: Any) -> None:
    notebook.run("a = 1", "abc")
    notebook.run("b = 2")
    assert [(cell.id, cell.source, cell.execution_count) for cell in notebook.history.cells] == [
        ("abc", "a = 1", 1),
        ("in-2", "b = 2", 2),
    ]


def test_the_id_is_also_found_in_the_request_of_a_kernel(shell: Any) -> None:
    shell.get_parent = lambda: {"metadata": {"cellId": "from-request"}}
    info = SimpleNamespace(
        raw_cell="x", store_history=True, silent=False, cell_id=None, transformed_cell="x\n"
    )
    assert History().begin(shell, info).id == "from-request"


def test_a_cell_that_runs_again_is_listed_once_with_its_last_source(notebook: Any) -> None:
    notebook.run("a = 1", "abc")
    notebook.run("b = 1", "def")
    notebook.run("a = 2", "abc")
    assert [(cell.id, cell.source, cell.execution_count) for cell in notebook.history.cells] == [
        ("abc", "a = 2", 3),
        ("def", "b = 1", 2),
    ]
    assert [run.cell for run in notebook.history.runs] == ["abc", "def", "abc"]


def test_cells_of_the_notebook_come_in_its_order_with_what_ran(notebook: Any) -> None:
    notebook.history.known(
        [
            Cell(id=CellId("one"), source="a = 1", index=0),
            Cell(id=CellId("two"), source="b = 2", index=2),
        ]
    )
    notebook.run("b = 2", "two")
    notebook.run("scratch = 1")
    assert [(cell.id, cell.index, cell.execution_count) for cell in notebook.history.cells] == [
        ("one", 0, None),
        ("two", 2, 1),
        ("in-2", None, 2),
    ]


def test_without_ids_a_cell_of_the_notebook_is_known_by_its_source(notebook: Any) -> None:
    notebook.history.known(
        [Cell(id=CellId(name), source="x = 1", index=place) for place, name in enumerate("ab")]
    )
    notebook.run("x = 1")
    notebook.run("x = 1")
    assert [run.cell for run in notebook.history.runs] == ["a", "b"]


def test_functions_keep_their_cell(notebook: Any) -> None:
    notebook.run("def f(): pass", "first")
    notebook.run("g = lambda: 1", "second")
    names = notebook.shell.user_ns
    assert notebook.history.cell_of(names["f"].__code__.co_filename) == "first"
    assert notebook.history.cell_of(names["g"].__code__.co_filename) == "second"
    assert notebook.history.cell_of("/usr/lib/python3/json.py") is None


def test_the_file_name_is_found_when_ipython_does_not_tell_the_transformed_source(shell: Any) -> None:
    history = History()

    def before(info: Any) -> None:
        info.transformed_cell = None
        history.begin(shell, info)

    shell.events.register("pre_run_cell", before)
    shell.run_cell("def f(): pass", store_history=True)
    shell.events.unregister("pre_run_cell", before)
    assert history.cell_of(shell.user_ns["f"].__code__.co_filename) == "in-1"


def test_a_cell_that_a_cell_runs_is_part_of_it(notebook: Any) -> None:
    notebook.run("%%capture out\nx = 1\ndef f():\n    return 1/0", "outer")
    assert [run.cell for run in notebook.history.runs] == ["outer"]
    raised = notebook.raised("f()")
    frame = raised.innermost_in_cells
    assert (frame.cell, frame.lineno) == ("outer", 4)


def test_failures_and_ends_are_noted(notebook: Any) -> None:
    for source in ("x = 1", "1/0", "x = ="):
        notebook.run(source)
    assert [(run.ended, run.raised) for run in notebook.history.runs] == [
        (True, False),
        (True, True),
        (True, True),
    ]


def test_an_empty_cell_changes_nothing(notebook: Any) -> None:
    notebook.run("x = 1")
    notebook.shell.run_cell("   \n", store_history=True)
    assert len(notebook.history.runs) == 1


def test_a_cell_whose_end_was_never_told_does_not_swallow_the_next(notebook: Any) -> None:
    notebook.shell.events.unregister("post_run_cell", notebook._after)
    notebook.run("x = 1", "one")
    notebook.shell.events.register("post_run_cell", notebook._after)
    notebook.run("y = 1", "two")
    assert [(run.cell, run.ended) for run in notebook.history.runs] == [("one", False), ("two", True)]


def test_silent_and_unnumbered_cells_get_ids_of_their_own(notebook: Any) -> None:
    notebook.shell.run_cell("x = 1", store_history=False)
    notebook.shell.run_cell("y = 1", store_history=False)
    ids = [run.cell for run in notebook.history.runs]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        ("x = 1", "x = 1"),
        ("%%cot\nx = 1", "#%%cot\nx = 1"),
        ("\n%%cot++ it's {odd}\nx = 1\n", "\n#%%cot++ it's {odd}\nx = 1\n"),
        ("%%cot+\n%%time\nx = 1", "%%time\nx = 1"),
        ("%%cotton\nx", "%%cotton\nx"),
        ("# note\n%%cot\nx", "# note\n%%cot\nx"),
        ("", ""),
    ],
)
def test_the_source_is_kept_as_it_runs(raw: str, source: str) -> None:
    assert as_executed(raw) == source


def test_following_cells_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from types import SimpleNamespace\n"
        "import cot_magic.capture.lineage.history as history\n"
        "loaded = {'executing', 'pure_eval', 'detect_secrets', 'numpy', 'pandas', 'importlib.metadata'}\n"
        "print(sorted(loaded & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
