"""One contract for everything that runs jobs: the double and the confined copies alike."""

import subprocess
import sys

import pytest

from cot_magic.core.errors import SandboxError
from cot_magic.core.jobs import Job, JobStep
from cot_magic.sandbox.snapshot import probe
from cot_magic.testing import AbsentSandbox, NamespaceSandbox, check_sandbox

CODE = """
from IPython.core.interactiveshell import InteractiveShell
from cot_magic.capture.failure import sandbox_describe
from cot_magic.capture.lineage.history import History
from cot_magic.sandbox.snapshot import {park}
from cot_magic.testing import check_sandbox
snapshot = {park}(InteractiveShell(), describe=sandbox_describe(History()))
check_sandbox(snapshot)
snapshot.close()
print("met")
"""


def test_the_double_meets_the_contract() -> None:
    check_sandbox(NamespaceSandbox())


@pytest.mark.slow
@pytest.mark.parametrize("park", ["park", "park_after", "begin"])
def test_confined_copies_meet_the_contract(park: str) -> None:
    status = probe()
    if not status.available:
        pytest.skip(status.reason)
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(park=park)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "met"


def test_where_nothing_can_run_a_job_is_an_error_of_ours_with_the_reason() -> None:
    with pytest.raises(SandboxError, match="Landlock"):
        AbsentSandbox("this machine has no Landlock").run([Job(steps=(JobStep(source="1"),))])
