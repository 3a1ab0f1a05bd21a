"""Sweeps without kernels: what is run again, what is kept, how failures are grouped, what is written."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cot_magic.actions.sweep.groups import group_of
from cot_magic.actions.sweep.journal import Journal
from cot_magic.actions.sweep.sweep import Swept, sweep
from cot_magic.actions.sweep.tasks import Ceilings, Task, notebooks_in
from cot_magic.core.errors import NotebookError, UsageError
from cot_magic.render.fleet.junit import junit
from cot_magic.render.fleet.overview import overview
from cot_magic.render.fleet.sarif import sarif


def tasks(folder: Path, count: int, **settings: Any) -> list[Task]:
    made = []
    for number in range(count):
        path = folder / f"n{number}.ipynb"
        path.write_text(f"{number}")
        made.append(Task(named=path.name, path=str(path), settings=settings))
    return made


def row(name: str, result: str = "no-failure", **more: Any) -> dict[str, Any]:
    return {"notebook": name, "result": result, "seconds": 0.5, **more}


def failing(
    name: str, ename: str, evalue: str, frame: str = "", result: str = "unresolved"
) -> dict[str, Any]:
    failure = {"cell_index": 2, "ename": ename, "evalue": evalue, "lineno": 1}
    return row(name, result, failure=failure, frame=frame)


class Runner:
    """Stands for the run of a notebook, and counts."""

    def __init__(self, *, interrupt_at: int | None = None, usd: float = 0.0) -> None:
        self.ran: list[str] = []
        self._interrupt_at, self._usd = interrupt_at, usd

    def __call__(self, task: Task) -> dict[str, Any]:
        self.ran.append(task.named)
        return row(task.named, usage={"usd": self._usd})

    def tell(self, so_far: Swept, row: dict[str, Any] | None) -> None:
        if so_far.ran == self._interrupt_at:
            raise KeyboardInterrupt


def swept(given: list[Task], path: Path, runner: Runner, **how: Any) -> tuple[Swept, list[str]]:
    with Journal(path) as journal, ThreadPoolExecutor(2) as threads:
        journal.choose(task.path for task in given)
        done = sweep(given, journal, threads, at_once=2, run=runner, tell=runner.tell, **how)
        return done, [item["notebook"] for item in journal.rows()]


def test_a_sweep_that_was_interrupted_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    given, path = tasks(tmp_path, 9), tmp_path / "j.sqlite"
    first, second = Runner(interrupt_at=4), Runner()
    with pytest.raises(KeyboardInterrupt):
        swept(given, path, first)
    with Journal(path) as journal:
        journal.choose(task.path for task in given)
        kept = [item["notebook"] for item in journal.rows()]
    assert len(kept) == 4
    done, rows = swept(given, path, second)
    assert (done.known, done.ran) == (4, 5)
    assert not set(second.ran) & set(kept)
    assert rows == [task.named for task in given]


def test_what_changed_runs_again_and_nothing_else(tmp_path: Path) -> None:
    given, path = tasks(tmp_path, 3), tmp_path / "j.sqlite"
    swept(given, path, Runner())
    Path(given[1].path).write_text("other")
    again = Runner()
    swept(given, path, again)
    assert again.ran == ["n1.ipynb"]
    other_settings = Runner()
    swept(tasks(tmp_path, 3, intensity="cot"), path, other_settings)
    assert sorted(other_settings.ran) == ["n0.ipynb", "n1.ipynb", "n2.ipynb"]


def test_a_row_whose_worker_was_lost_is_shown_and_runs_again(tmp_path: Path) -> None:
    given, path = tasks(tmp_path, 2), tmp_path / "j.sqlite"

    class Dying(Runner):
        def __call__(self, task: Task) -> dict[str, Any]:
            if task.named == "n0.ipynb":
                raise RuntimeError("the worker died")
            return super().__call__(task)

    swept(given, path, Dying())
    with Journal(path) as journal:
        journal.choose(task.path for task in given)
        assert [item["result"] for item in journal.rows()] == ["lost", "no-failure"]
    again = Runner()
    swept(given, path, again)
    assert again.ran == ["n0.ipynb"]


def test_no_notebook_is_begun_beyond_what_all_may_cost(tmp_path: Path) -> None:
    given, path = tasks(tmp_path, 20), tmp_path / "j.sqlite"
    runner = Runner(usd=1.0)
    done, rows = swept(given, path, runner, dollars=3.0)
    assert "--total-cost" in done.stopped
    assert 3 <= len(rows) <= 5  # two were running when the ceiling was reached
    done, _ = swept(given, path, runner, seconds=0.0)
    assert "--total-time" in done.stopped
    assert done.ran == 0


def test_at_most_as_many_run_as_are_asked_for(tmp_path: Path) -> None:
    held: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, *args: Any, **kwargs: Any) -> Any:
            held.append(self._work_queue.qsize())
            return super().submit(*args, **kwargs)

    given = tasks(tmp_path, 30)
    with Journal(tmp_path / "j.sqlite") as journal, Counting(1) as threads:
        sweep(given, journal, threads, at_once=3, run=Runner())
    assert len(held) == 30
    assert max(held) <= 2


def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes, which are long enough to be no empty database" * 20)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="Choose another --journal"):
        Journal(path)
    assert path.read_bytes() == before


def test_notebooks_are_found_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b.ipynb", "a/z.ipynb", "a/.ipynb_checkpoints/z.ipynb", ".hidden/x.ipynb", "a/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = list(notebooks_in([tmp_path / "b.ipynb", tmp_path, tmp_path / "a"]))
    assert [str(path.relative_to(tmp_path)) for path in found] == ["b.ipynb", "a/z.ipynb"]
    with pytest.raises(NotebookError, match="no such file"):
        list(notebooks_in([tmp_path / "missing.ipynb"]))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotebookError, match="no notebook"):
        list(notebooks_in([tmp_path / "empty"]))


def test_how_a_notebook_is_run_is_part_of_its_fingerprint(tmp_path: Path) -> None:
    (one,) = tasks(tmp_path, 1)
    same = Task(named="other name", path=one.path, settings={})
    assert one.fingerprint() == same.fingerprint()
    for other in (
        Task(named="", path=one.path, settings={"certify": True}),
        Task(named="", path=one.path, settings={}, kernel="ir"),
        Task(named="", path=one.path, settings={}, ceilings=Ceilings(seconds=5)),
        Task(named="", path=one.path, settings={}, version="2.0"),
    ):
        assert other.fingerprint() != one.fingerprint()


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        # the same module is missing, wherever it is imported
        ([failing("n/a.ipynb", "ModuleNotFoundError", "No module named 'seaborn'", "import seaborn"),
          failing("n/b.ipynb", "ModuleNotFoundError", "No module named 'seaborn'", "import seaborn as sns")], 1),
        ([failing("n/a.ipynb", "ModuleNotFoundError", "No module named 'seaborn'"),
          failing("n/b.ipynb", "ModuleNotFoundError", "No module named 'plotly'")], 2),
        # the same column
        ([failing("n/a.ipynb", "KeyError", "'Price'", "x.py:get_loc"), failing("n/b.ipynb", "KeyError", "'Price'", "y")], 1),
        ([failing("n/a.ipynb", "KeyError", "'Price'"), failing("n/b.ipynb", "KeyError", "'price'")], 2),
        # numbers and addresses are of a run
        ([failing("n/a.ipynb", "ValueError", "shapes (3,4) and (5,) not aligned", "np:dot"),
          failing("n/b.ipynb", "ValueError", "shapes (9,8) and (2,) not aligned", "np:dot")], 1),
        ([failing("n/a.ipynb", "TypeError", "<X object at 0x7f01> is odd", "f"),
          failing("n/b.ipynb", "TypeError", "<X object at 0x7fee> is odd", "f")], 1),
        # the same words from another place
        ([failing("n/a.ipynb", "ValueError", "bad", "p/a.py:f"), failing("n/b.ipynb", "ValueError", "bad", "p/b.py:g")], 2),
        ([row("n/a.ipynb", "limit", note="stopped after 60 s (--time-limit)."),
          row("n/b.ipynb", "limit", note="stopped after 60 s (--time-limit).")], 1),
        ([row("n/a.ipynb", "not-run", note="n/a.ipynb: not a notebook"), row("n/b.ipynb", "not-run", note="n/b.ipynb: not a notebook")], 1),
    ],
)  # fmt: skip
def test_failures_are_grouped_by_what_they_have_in_common(rows: list[dict[str, Any]], groups: int) -> None:
    assert len({group_of(item) for item in rows}) == groups


def test_a_notebook_that_passed_has_no_group() -> None:
    assert group_of(row("a")) is None


HARD = 'a<b>&"quoted" \x07 \ud83d ünïcode'


def told() -> list[dict[str, Any]]:
    fix = {
        "verdict": "VERIFIED",
        "why": "the key is called `price`",
        "edits": [{"cell_index": 2, "source": HARD}],
    }
    found = [
        row("nb/ok.ipynb"),
        failing("nb/a b.ipynb", "KeyError", "'prize'", result="verified")
        | {"fix": fix, "root_cause": {"claim": HARD}, "report": "/r/x.ipynb",
           "certificate": {"holds": True, "passed": 3, "cells": 3}},
        failing("nb/c.ipynb", "KeyError", "'prize'"),
        failing("nb/d.ipynb", "ValueError", HARD),
        row("nb/e.ipynb", "limit", note="stopped after 60 s (--time-limit)."),
    ]  # fmt: skip
    for item in found:
        item["group"] = group_of(item)
    return found


def rows(group: str | None = None) -> Iterable[dict[str, Any]]:
    return [item for item in told() if group in (None, item["group"])]


def test_junit_counts_failures_and_errors_and_holds_any_text() -> None:
    tree = ElementTree.fromstring("\n".join(junit(rows)))
    suite = tree[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "5", "failures": "3", "errors": "1",
    }  # fmt: skip
    cases = {case.get("name"): case for case in suite}
    assert len(cases["ok.ipynb"]) == 0
    failure = cases["a b.ipynb"][0]
    assert (failure.tag, failure.get("type")) == ("failure", "KeyError")
    assert "VERIFIED fix: the key is called" in (failure.text or "")
    assert cases["e.ipynb"][0].tag == "error"
    assert "ünïcode" in (cases["d.ipynb"][0].get("message") or "")


def test_sarif_has_a_rule_for_each_cause_and_a_result_for_each_failure() -> None:
    (run,) = json.loads("".join(sarif(rows, "1.0")))["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules)) == 3
    assert [item["ruleId"] in rules for item in run["results"]] == [True] * 4
    assert run["results"][0]["ruleId"] == run["results"][1]["ruleId"]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "nb/a%20b.ipynb"


def test_the_overview_tells_causes_with_the_largest_first_and_hides_no_mark() -> None:
    page = "".join(overview(rows, Path("/r/overview.html")))
    assert "<h1>4 of 5 notebooks fail, for 3 causes</h1>" in page
    assert page.index("2 × <code>KeyError: prize") < page.index("1 × <code>ValueError")
    assert "A fix is verified in 1 of 2." in page
    assert '<a href="x.ipynb">report</a>' in page
    assert "3 of 3 cells pass with the fix" in page
    assert "a<b>" not in page
    assert "http" not in page  # nothing is loaded
    assert "<script" not in page
