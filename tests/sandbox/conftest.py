"""A real ipykernel in which copies are parked, and a plain IPython in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kernels import python_kernel, started

from cot_magic.core.codec import from_json, to_json
from cot_magic.core.jobs import Inspection, Job, JobResult, JobStep, Limits
from cot_magic.sandbox import landlock

SECRET = "sk-ant-test-1234567890"
PRELUDE = """
import json, os, sys
import cot_magic.sandbox.snapshot as snapshot
import cot_magic.sandbox.steps as steps
from cot_magic.core.case import Frame, Raised, SyntaxDetail
from cot_magic.core.codec import from_json, to_json
from cot_magic.core.jobs import Job

def describe(error, cells):
    frames = tuple(
        Frame(function=f.f_code.co_name, filename=f.f_code.co_filename, lineno=n, cell=cells.get(f.f_code.co_filename))
        for f, n in steps.frames_of(error, cells)
    )
    syntax = SyntaxDetail(lineno=error.lineno or 0) if isinstance(error, SyntaxError) else None
    return Raised(ename=type(error).__name__, evalue=str(error)[:2000], frames=frames, syntax=syntax)

def park(**options):
    global S
    S = snapshot.park(get_ipython(), describe=describe, **options)

def run_jobs(text):
    results = S.run(from_json(tuple[Job, ...], json.loads(text)))
    print("@@" + json.dumps(to_json(results)))
"""


def need_confinement() -> None:
    """Skip the test where nothing can be confined."""
    if sys.platform != "linux" or landlock.abi() < 1:
        pytest.skip("needs Linux with Landlock")


def job(*sources: str, wall: float = 20.0, **options: Any) -> Job:
    limits = options.pop("limits", Limits(wall_s=wall, cpu_s=20))
    return Job(steps=tuple(JobStep(source=source) for source in sources), limits=limits, **options)


class LiveKernel:
    """An ipykernel with a home, a working directory and a secret of its own."""

    def __init__(self, root: Path) -> None:
        self.home, self.cwd = root / "home", root / "work"
        (self.home / ".ssh").mkdir(parents=True)
        (self.home / ".ssh" / "id_rsa").write_text("PRIVATE")
        (self.home / ".config" / "anthropic").mkdir(parents=True)
        (self.home / ".config" / "anthropic" / "default.json").write_text("PRIVATE")
        (self.home / ".config" / "matplotlibrc").write_text("readable")
        (self.home / ".bashrc").write_text("original\n")
        self.cwd.mkdir()
        (self.cwd / "data.csv").write_text("a\n1\n")
        environment = os.environ | {
            "HOME": str(self.home),
            "ANTHROPIC_API_KEY": SECRET,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "IPYTHONDIR": str(root / "ipython"),
        }
        self.manager, self.client = started(python_kernel, cwd=str(self.cwd), env=environment)
        self.messages: list[dict[str, Any]] = []
        self.run(PRELUDE)

    def execute(self, code: str, timeout: float = 60) -> tuple[str, str]:
        """What a cell printed, and the text of its error; all messages of it are kept."""
        self.messages = []
        reply = self.client.execute_interactive(
            code, output_hook=self.messages.append, timeout=timeout, allow_stdin=False
        )
        texts = [m["content"]["text"] for m in self.messages if m["msg_type"] == "stream"]
        content = reply["content"]
        error = f"{content['ename']}: {content['evalue']}" if content["status"] == "error" else ""
        return "".join(texts), error

    def run(self, code: str, timeout: float = 60) -> str:
        """What a cell printed; it must not fail."""
        output, error = self.execute(code, timeout)
        assert not error, error
        return output

    def jobs(self, *jobs: Job) -> list[JobResult]:
        """Run jobs in copies of the snapshot `S` of this kernel."""
        text = json.dumps(to_json(jobs))
        output = self.run(f"run_jobs({text!r})", timeout=120)
        before, marked, after = output.partition("@@")
        assert marked, output
        assert not before, f"leaked to the front end: {before}"
        return list(from_json(tuple[JobResult, ...], json.loads(after)))

    def job(self, *sources: str, **options: Any) -> JobResult:
        return self.jobs(job(*sources, **options))[0]

    def inspect(self, source: str, frame: int, *sources: str) -> JobResult:
        return self.job(*sources, inspect=Inspection(source=source, frame=frame))

    def park(self, setup: str = "", **options: Any) -> None:
        """Run the setup, then park a new snapshot of what it left."""
        given = ", ".join(f"{name}={value!r}" for name, value in options.items())
        self.run(f"S.close() if 'S' in globals() else None\n{setup}\npark({given})")
        assert "True" in self.run("print(S.status().available, S.status().reason)")

    def stop(self) -> None:
        if self.manager.is_alive():
            self.execute("S.close() if 'S' in globals() else None")
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKernel]:
    need_confinement()
    live = LiveKernel(tmp_path_factory.mktemp("live"))
    yield live
    live.stop()


@pytest.fixture
def new_kernel(tmp_path: Path) -> Iterator[LiveKernel]:
    """One that a test may kill."""
    need_confinement()
    live = LiveKernel(tmp_path)
    yield live
    live.stop()


@pytest.fixture
def plain_ipython() -> Callable[[str], str]:
    need_confinement()
    return run_in_plain_ipython


def run_in_plain_ipython(code: str) -> str:
    """What a script prints that runs after the prelude in a process with an InteractiveShell and no kernel."""
    shell = (
        "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()\n"
    )
    shell += "get_ipython = InteractiveShell.instance\n"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", shell + PRELUDE + code],
        capture_output=True, text=True, timeout=90, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
