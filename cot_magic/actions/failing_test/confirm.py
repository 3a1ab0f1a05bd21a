"""A fix tried on the project itself: pytest runs in confined copies of it, without the fix and with it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cot_magic.actions.failing_test.failing import FailingTest
from cot_magic.core.errors import SandboxError
from cot_magic.sandbox.notebook_process import CellAnswer, NotebookProcess

_RUN = """import json, os, sys
for _path, _text in json.loads({files!r}).items():
    with open(_path, "w", encoding="utf-8") as _file:
        _file.write(_text)
sys.path[:0] = [os.path.normpath(os.path.join(os.getcwd(), _item)) for _item in {path!r}]
sys.dont_write_bytecode = True
import contextlib, io, pytest
from cot_magic.actions.failing_test.stage import outside_the_loop
class _Heard:
    def __init__(self):
        self.ended = {{}}
    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.ended.setdefault(report.nodeid, report.outcome)
_heard = _Heard()
_out = io.StringIO()
with contextlib.redirect_stdout(_out), contextlib.redirect_stderr(_out), outside_the_loop():
    pytest.main([*{options!r}, {test_file!r}], plugins=[_heard])
print(json.dumps(_heard.ended))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """How the tests of one file end without and with a fix.

    Attributes
    ----------
    why_not
        Why nothing can be said; "" if the test failed without the fix, passed with it, and nothing broke.
    others
        How many other tests of the file pass without the fix and with it.
    broken
        Tests that pass only without it.
    """

    why_not: str = ""
    others: int = 0
    broken: tuple[str, ...] = ()


def confirmed(test: FailingTest, files: Mapping[str, str], *, seconds: float) -> Confirmed:
    """Run the file of a test in two fresh confined copies of the project.

    Parameters
    ----------
    files
        The whole text of each file that the fix changes, by its path in the project.
    seconds
        How long one run may take.
    """
    test_id, root = test.test_id, test.root
    test_file = test_id.partition("::")[0]
    places = tuple(os.path.relpath(item, root) for item in test.path)
    ended: list[dict[str, str]] = []
    for edits in ({}, files):
        source = _RUN.format(files=json.dumps(edits), path=places, test_file=test_file, options=test.options)
        try:
            with NotebookProcess(Path(root)) as process:
                answer = process.run(source, seconds)
        except SandboxError as error:
            return Confirmed(why_not=str(error))
        if not answer.passed:
            return Confirmed(why_not=f"pytest could not run in a confined copy: {_why(answer)}")
        ended.append(_ended(answer))
    before, after = ended
    passed = {name for name, how in before.items() if how == "passed"}
    broken = tuple(sorted(name for name in passed if after.get(name) != "passed"))
    found = Confirmed(others=len(passed) - len(broken), broken=broken)
    if before.get(test_id) != "failed":
        return Confirmed(why_not="the test does not fail in a confined copy of the project")
    if after.get(test_id) != "passed":
        return Confirmed(why_not="with the fix in its file, the test fails in a copy of the project")
    return found


def _why(answer: CellAnswer) -> str:
    return answer.blocked or answer.lost or answer.changed or f"{answer.ename}: {answer.evalue}"


def _ended(answer: CellAnswer) -> dict[str, str]:
    """What the run printed last."""
    text = "".join(str(item.get("text", "")) for item in answer.outputs if item.get("name") == "stdout")
    try:
        found = json.loads(text.strip().rpartition("\n")[2])
    except ValueError:
        return {}
    return {str(name): str(how) for name, how in found.items()} if isinstance(found, dict) else {}
