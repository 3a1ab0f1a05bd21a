"""Same seed, same decisions, same trace: in another process, and on other versions of Python."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cot_magic

Find = Callable[[str], Path]
VERSIONS = ("3.11", "3.12", "3.13")
CODE = """
import json, sys
from pathlib import Path
from cot_magic.core.codec import to_json
from cot_magic.explore.api import explore_file
told = []
for name in sys.argv[1:]:
    result = explore_file(Path(name), seed=5)
    found = result.search.found
    steps = [(s.at, s.lane, s.lineno, s.touched, s.deviation) for s in found.trace.steps]
    told.append([found.number, found.choices, found.minimised, str(found.failure.ename), result.token, steps])
print(json.dumps(told))
"""
THREADS = textwrap.dedent("""
    import json, random, sys, threading
    from cot_magic.explore.decisions import Decisions, Replay
    from cot_magic.explore.threads.run import run_threads

    class Account:
        def __init__(self): self.balance = 0
        def amount(self): return 1
        def pay_in(self):
            for _ in range(5): self.balance += self.amount()
        def bare(self):
            for _ in range(5): self.balance += 1

    def run(method):
        def fn():
            account = Account()
            threads = [threading.Thread(target=getattr(account, method)) for _ in range(2)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            assert account.balance == 10, account.balance
        return fn

    class Walk:
        def __init__(self, seed): self.random = random.Random(seed)
        def pick(self, kind, n, lanes): return self.random.randrange(n) if self.random.random() < 0.2 else 0

    def outcome(result): return [result.failure and result.failure.evalue, list(result.choices), result.steps]
    runs = [run_threads(run("pay_in"), Decisions(Walk(seed))) for seed in range(20)]
    again = [run_threads(run("pay_in"), Decisions(Replay(item.choices), detailed=True)) for item in runs]
    bare = [run_threads(run("bare"), Decisions(Walk(seed)), free_threaded=False) for seed in range(100)]
    free = [run_threads(run("bare"), Decisions(Walk(seed)), free_threaded=True) for seed in range(20)]
    print(json.dumps({
        "runs": [outcome(item) for item in runs],
        "same": [outcome(item) for item in runs] == [outcome(item) for item in again],
        "lines": [step.line for item in again for step in item.trace.steps],
        "found": sum(item.failure is not None for item in runs),
        "bare": sum(item.failure is not None for item in bare),
        "free": sum(item.failure is not None for item in free),
    }))
""")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]


def interpreter(version: str) -> str:
    """The path of a Python of that version; skips the test if there is none."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    folders = (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")
    for path in (shutil.which(f"python{version}"), *map(str, sorted(folders))):
        if path is not None and not subprocess.run([path, "-c", ""], capture_output=True).returncode:
            return path
    pytest.skip(f"there is no Python {version} here")


def explored(python: str, *programs: Path) -> Any:
    package = str(Path(cot_magic.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": package, "PYTHONHASHSEED": "random"}
    done = subprocess.run(
        [python, "-c", CODE, *map(str, programs)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_seed_makes_the_same_decisions_and_trace(program: Find, version: str) -> None:
    programs = [program(name) for name in ("ticket_office", "job_reaper", "crossed_locks", "price_cache")]
    here = explored(sys.executable, *programs)
    assert explored(interpreter(version), *programs) == here


@pytest.mark.parametrize("version", VERSIONS)
def test_threads_are_explored_alike_on_each_version(version: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(THREADS, encoding="utf-8")
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    answers = []
    for _ in range(2):
        ran = subprocess.run(
            [interpreter(version), "-W", "error", str(file)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stderr
        answers.append(json.loads(ran.stdout))
    first, second = answers
    assert first == second
    assert first["same"]
    assert first["found"] >= 5
    assert first["bare"] == 0
    assert first["free"] >= 1
    assert "for _ in range(5): self.balance += self.amount()" in first["lines"]
