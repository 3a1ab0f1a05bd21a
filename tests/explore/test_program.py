"""Whether a program is explored as tasks or as threads follows from what its entry point runs."""

import asyncio
from typing import Any

import pytest

from cot_magic.explore.program import ASYNC, THREADS, of_cell, of_function, of_source
from cot_magic.explore.search.run_batch import run_batch
from cot_magic.explore.search.values import Batch

BOTH = '''
import asyncio as aio
import threading
from asyncio import run as go


class Counter:
    """Used from asyncio as well."""

    def __init__(self):
        self.count = 0

    def add(self):
        seen = int(self.count)
        self.count = seen + 1


async def ask():
    await aio.sleep(0.1)


def main():
    counter = Counter()
    threads = [threading.Thread(target=counter.add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.count == 2


def serve():
    aio.run(ask())


def serve_by_name():
    go(ask())


def indirectly():
    return serve()
'''


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("main", THREADS),
        ("ask", ASYNC),
        ("serve", ASYNC),
        ("serve_by_name", ASYNC),
        ("indirectly", ASYNC),
    ],
)
def test_the_entry_point_decides_and_not_what_the_file_mentions(function: str, kind: str) -> None:
    assert of_source(BOTH, "both.py", function).kind == kind


@pytest.mark.parametrize(
    ("last", "kind"),
    [("main()", THREADS), ("serve()", ASYNC), ("aio.run(ask())", ASYNC), ("go(ask())", ASYNC)],
)
def test_a_script_and_a_cell_that_define_all_themselves(last: str, kind: str) -> None:
    source = f"{BOTH.replace('def main', 'def work')}\n{last.replace('main', 'work')}\n"
    assert of_cell(source, {}, "cell").kind == kind
    assert of_source(source.replace("def test", "def check"), "script.py").kind == kind


def test_a_cell_that_calls_what_earlier_cells_define() -> None:
    namespace: dict[str, Any] = {}
    exec(compile(BOTH, "earlier", "exec"), namespace)
    assert of_cell("main()", namespace, "cell").kind == THREADS
    assert of_cell("serve()", namespace, "cell").kind == ASYNC
    assert of_cell("await ask()", namespace, "cell").kind == ASYNC


def test_a_function_that_hands_calls_to_threads_is_explored_as_tasks() -> None:
    async def main() -> None:
        await asyncio.to_thread(print)

    assert of_function(main).kind == ASYNC


def test_a_threaded_main_beside_asyncio_code_is_preempted() -> None:
    result = run_batch(of_source(BOTH, "both.py", "main"), Batch(stop=60, horizon=20))
    assert result.failed > 0
