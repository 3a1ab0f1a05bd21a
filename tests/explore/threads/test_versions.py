"""The same on interpreters with another way to interrupt code: found, replayed, and equal from run to run."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = textwrap.dedent("""
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


def interpreter(version: str) -> str:
    """The path of that Python; skips the test where there is none."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    found = str(managed[-1]) if managed else shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"Python {version} is not installed")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_threads_are_explored_alike_on_each_version(version: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM, encoding="utf-8")
    root = Path(__file__).parents[3]
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
