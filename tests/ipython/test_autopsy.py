"""The autopsy in a real kernel, in a terminal's IPython, and where nothing can be copied."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
LOOK = "import cot_magic, json; print(json.dumps([[f.kind, f.text] for f in cot_magic.last.facts]))"
DEFINE = "import re\nruns = []\ndef found(text):\n    runs.append(text)\n    return re.match('b', text)"
FAILING = "found('abc').group(0)"


def test_a_kernel_sees_values_inside_and_the_cell_is_not_run_again(kernel) -> None:
    assert kernel.run(DEFINE).status == "ok"
    ran = kernel.run(f"%%cot\n{FAILING}")
    assert (ran.status, ran.ename) == ("error", "AttributeError")
    facts = json.loads(kernel.run(LOOK).stdout)
    assert ["inside.value", "`found('abc')` is `None`."] in facts
    assert kernel.value("runs") == "['abc']"


def test_without_a_sandbox_there_are_no_facts(kernel) -> None:
    kernel.run(
        "from cot_magic.sandbox import machine\nmachine.why_not_fork = lambda limit, **more: 'this kernel cannot be copied'"
    )
    kernel.run(DEFINE)
    ran = kernel.run(f"%%cot\n{FAILING}")
    assert "CONFIRM" in ran.displays[0]["text/plain"]
    assert json.loads(kernel.run(LOOK).stdout) == []


def test_a_terminal_sees_the_same(tmp_path) -> None:
    script = tmp_path / "session.ipy"
    script.write_text(
        f"%load_ext cot_magic\n{DEFINE}\n\nget_ipython().run_cell('''%%cot\n{FAILING.replace(chr(39), chr(34))}''')\n{LOOK}\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")},
    )
    facts = json.loads(ran.stdout.strip().splitlines()[-1])
    assert ["inside.value", '`found("abc")` is `None`.'] in facts
