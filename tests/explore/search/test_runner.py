"""Local processes and a Dask cluster find the same as one process."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from cot_magic.explore.api import explore_file
from cot_magic.explore.report import Exploration
from cot_magic.explore.search.runner import ExecutorRunner, FileWork
from cot_magic.explore.search.values import Batch

Find = Callable[[str], Path]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]


@pytest.fixture(scope="module", autouse=True)
def main_that_can_be_spawned() -> Iterator[None]:
    """Give `__main__` a `__spec__`, which starting a process needs; in a test worker it may have none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["__main__"], "__spec__", None, raising=False)
        yield


def same(one: Exploration, other: Exploration) -> None:
    assert one.search.found is not None
    assert other.search.found is not None
    assert (one.search.found.number, one.search.found.choices, one.token) == (
        other.search.found.number,
        other.search.found.choices,
        other.token,
    )


def test_processes_find_what_one_process_finds(program: Find) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        result = explore_file(program("ticket_office"), seed=3, executor=executor)
    same(result, explore_file(program("ticket_office"), seed=3))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as local,
    ):
        yield local


@pytest.mark.filterwarnings("ignore")  # of the cluster, while it starts and ends
def test_a_dask_cluster_finds_the_same(program: Find, cluster: Any) -> None:
    from contextlib import ExitStack

    from cot_magic.cli.explore import dask_executor

    with ExitStack() as stack:
        executor, workers = dask_executor(cluster.scheduler_address, stack, None)
        assert workers == 4
        result = explore_file(program("ticket_office"), seed=3, executor=executor, workers=workers)
    same(result, explore_file(program("ticket_office"), seed=3))


class Dying:
    """Work that kills its process the first time."""

    def __init__(self, work: FileWork, mark: Path) -> None:
        self._work, self._mark = work, mark

    def __call__(self, text: str) -> str:
        if not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self._work(text)


@pytest.mark.filterwarnings("ignore")
def test_a_lost_worker_is_made_up_for(program: Find, cluster: Any, tmp_path: Path) -> None:
    from contextlib import ExitStack

    from cot_magic.cli.explore import dask_executor

    path = program("ticket_office")
    work = FileWork(path.read_text(), str(path), None)
    with ExitStack() as stack:
        executor, _ = dask_executor(cluster.scheduler_address, stack, None)
        runner = ExecutorRunner(executor, Dying(work, tmp_path / "died"), 2)
        results = list(runner.run([Batch(seed=3, first=n, stop=n + 5, horizon=16) for n in range(0, 20, 5)]))
    assert (tmp_path / "died").exists()
    assert [result.ran for result in results] == [5, 5, 5, 5]
    assert not any(result.trouble for result in results)


class Unlucky(ProcessPoolExecutor):
    """An executor that loses every other batch."""

    given = 0

    def submit(self, fn: Any, /, *arguments: Any, **named: Any) -> "Future[Any]":
        self.given += 1
        if self.given % 2:
            lost: Future[Any] = Future()
            lost.set_exception(ConnectionError("the worker is gone"))
            return lost
        return super().submit(fn, *arguments, **named)


def test_a_batch_that_is_lost_is_given_out_again(program: Find) -> None:
    path = program("ticket_office")
    work = FileWork(path.read_text(), str(path), None)
    with Unlucky(1, mp_context=get_context("spawn")) as executor:
        runner = ExecutorRunner(executor, work, 2)
        results = list(runner.run([Batch(first=0, stop=3), Batch(first=3, stop=6)]))
    assert [result.ran for result in results] == [3, 3]
    assert runner.lost > 0


def test_the_command_runs_on_a_cluster(
    program: Find, cluster: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from cot_magic.cli.main import main

    code = main(["explore", str(program("price_cache")), "--dask", cluster.scheduler_address, "--json"])
    assert code == 4
    assert '"found": true' in capsys.readouterr().out
    assert sys.modules.get("distributed") is not None
