"""One fix in the notebooks of its group, without kernels: where it goes, what is run, what is kept."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cot_magic.actions.sweep.group_fix import moved, try_group_fixes
from cot_magic.actions.sweep.journal import Journal
from cot_magic.actions.sweep.tasks import Task
from cot_magic.render.fleet.rows import groups_of

EDIT = {"before": "import os\nt = d['prize']\nshow(t)", "after": "import os\nt = d['price']\nshow(t)"}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["d = {}", EDIT["before"]], {1: EDIT["after"]}),
        (["d = {}", "t = d['prize']"], {1: "t = d['price']"}),
        (["t = d['prize']", "t = d['prize']"], {1: "t = d['price']"}),  # the one that failed first
        (["t = d['prize']", "t"], {0: "t = d['price']"}),
        (["d", "if d:\n        t = d['prize']\nt"], {1: "if d:\n        t = d['price']\nt"}),
        (["d", "t = e['prize']"], {}),
    ],
)
def test_an_edit_goes_where_its_lines_are(cells: Sequence[str], expected: dict[int, str]) -> None:
    found = moved([EDIT], cells, 1)
    assert {edit["cell_index"]: edit["source"] for edit in found} == expected


def test_what_is_only_inserted_goes_below_the_line_above_it() -> None:
    edit = {"before": "a = 1\nb = c", "after": "a = 1\nc = 2\nb = c"}
    (found,) = moved([edit], ["x = 0\na = 1\nprint(a)\nb = c"], 0)
    assert found["source"] == "x = 0\na = 1\nc = 2\nprint(a)\nb = c"


def test_of_two_edits_both_must_have_a_place() -> None:
    other = {"before": "x = 1", "after": "x = 2"}
    assert moved([EDIT, other], ["t = d['prize']", "y = 1"], 0) == []
    assert len(moved([EDIT, other], ["t = d['prize']", "x = 1"], 0)) == 2


def row(name: str, index: int, *, source: str = "", result: str = "unresolved") -> dict[str, Any]:
    failure = {"cell_index": index, "ename": "KeyError", "evalue": "'prize'", "lineno": 1}
    fix = {"edits": [{"cell_index": index, "source": source}]} if source else None
    return {"notebook": name, "result": result, "failure": failure, "fix": fix, "group": "KeyError: prize"}


def test_what_is_known_is_not_run_and_what_ended_otherwise_is_told(tmp_path: Path) -> None:
    bad, good = "t = d['prize']", "t = d['price']"
    sources = {"a": [bad], "same": [bad], "other": ["x = 1", bad], "none": ["q"], "lost": [bad], "gone": []}
    rows = [row("a", 0, source=good, result="verified"), row("same", 0, source=good, result="verified")]
    rows += [row("other", 1), row("none", 0), row("lost", 0), row("gone", 0)]
    tasks = {name: Task(named=name, path=f"/p/{name}", settings={}) for name in sources}
    ran: list[tuple[str, Any]] = []

    def run(task: Task) -> dict[str, Any]:
        ran.append((task.named, task.trial))
        if task.named == "lost":
            raise RuntimeError("the worker died")
        return {"notebook": task.named, "result": "holds", "note": ""}

    def results() -> dict[str, str]:
        return {item["notebook"]: item["group_fix"]["result"] for item in journal.rows()}

    with Journal(tmp_path / "j.sqlite") as journal, ThreadPoolExecutor(1) as threads:
        journal.choose(task.path for task in tasks.values())
        for item in rows:
            journal.keep(tasks[item["notebook"]].path, "f", item)
        how: dict[str, Any] = {"at_once": 2, "sources_of": lambda task: sources[task.named], "run": run}
        list(try_group_fixes(tasks, journal, threads, **how))
        expected = {
            "a": "holds", "same": "holds", "other": "holds", "none": "no-place", "lost": "not-run", "gone": "no-place",
        }  # fmt: skip
        assert results() == expected
        edited = {"edits": [{"cell_index": 1, "source": good}], "cell_index": 1}
        assert sorted(ran) == [("lost", {**edited, "edits": [{"cell_index": 0, "source": good}], "cell_index": 0}), ("other", edited)]  # fmt: skip
        (group,) = groups_of(journal.rows())
        assert group.one_fix == "the fix of a holds in 3 of 6, 1 could not be run with it"
        assert journal.knows("/p/other", "f")  # it is the same row still
        ran.clear()
        list(try_group_fixes(tasks, journal, threads, **how))
        assert [name for name, _ in ran] == ["lost"]
