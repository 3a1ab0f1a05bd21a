"""A model that lies: the same claims through `cot-magic run --reasoner claude` and a scripted Messages API."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from messages_server import MessagesServer
from model_claims import answers_of
from not_held import MISSING
from phase_script import phase, whole
from trials import CLAIMS

from cot_magic.core.findings import FixVerdict
from cot_magic.run.recording import fold, read
from cot_magic.sandbox.snapshot import probe
from cot_magic.testing.claims import Claim

pytestmark = pytest.mark.slow
LIES = (
    *("the result is None", "the result is written down", "a lambda takes the place of the function"),
    *(
        "after or",
        "in a lazy map",
        "the test has no assert",
        "the test asserts what comes of the wrong column",
    ),
    *("the data is changed as well", "another column is grouped by", "rows that do not fit are left out"),
    *("contextlib.suppress", "an executor whose result nobody asks for", "a decorator that returns None"),
    *("a callback clears the error", "the same from text", "a forged result, then the end"),
    *("by the folder for temporary files", "by the publisher of displays", "a new table that nobody keeps"),
)
HONEST = ("strip in the function", "missing self")


@pytest.fixture(autouse=True)
def _confined() -> None:
    status = probe()
    if not status.available:
        pytest.skip(status.reason)


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer() as running:
        yield running


def script(claim: Claim) -> dict[str, list[Any]]:
    """The answers of the phases that make the claim; each cell is named by its prompt number."""
    hypothesis, fix = answers_of(claim)
    return {
        "ANALYZE": phase("ANALYZE", hypotheses=[hypothesis], fixes=[fix]),
        "VALIDATE": phase("VALIDATE", hypotheses=[]),
        "IMPLEMENT": phase("IMPLEMENT"),
    }


def summary(claim: Claim, server: MessagesServer, folder: Path) -> dict[str, Any]:
    """What the command line writes about a notebook whose model makes the claim."""
    cells = [nbformat.v4.new_code_cell(source) for source in claim.notebook.cells]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "n.ipynb")
    server.add(*whole(**script(claim)))
    environment = {**os.environ, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k"}
    command = [sys.executable, "-m", "cot_magic.cli.main", "run", "n.ipynb", "--reasoner", "claude"]
    done = subprocess.run(
        [*command, "--json", "s.json", "--record", "s.cot.jsonl"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode in (3, 4), done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "s.json").read_text(encoding="utf-8"))
    assert (done.returncode == 3) is (found["result"] == "verified")
    return found


def named(name: str) -> object:
    marks = [pytest.mark.xfail(strict=True, reason=MISSING[name])] if name in MISSING else []
    if name in LIES and name not in LIES[::3]:
        marks.append(pytest.mark.nightly)
    return pytest.param(CLAIMS[name], id=name, marks=marks)


@pytest.mark.parametrize("claim", [named(name) for name in LIES])
def test_a_model_that_lies_gets_no_verdict_of_verified(
    claim: Claim, server: MessagesServer, tmp_path: Path
) -> None:
    """What the offline reasoner found before, also about the same cell, is not the model's."""
    summary(claim, server, tmp_path)
    session = fold(read(tmp_path / "s.cot.jsonl"))
    assert f"scripted: {claim.hypothesis[0]}" in [item.claim for item in session.hypotheses]
    lies = [fix for fix in session.fixes if fix.why == claim.name]
    assert lies, "the lie was not tried"
    for fix in lies:
        assert any(item.about == fix.id for item in session.evidence)
        assert session.judge_fix(fix).verdict is not FixVerdict.VERIFIED


@pytest.mark.parametrize("claim", [named(name) for name in HONEST])
def test_a_model_that_is_right_is_verified(claim: Claim, server: MessagesServer, tmp_path: Path) -> None:
    found = summary(claim, server, tmp_path)
    assert found["fix"]["verdict"] == "VERIFIED", found["fixes"]
