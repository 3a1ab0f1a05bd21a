"""`%cot_certify` and `--certify` in real kernels, and at an IPython prompt."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from messages_server import MessagesServer
from phase_script import FIX, HYPOTHESIS, answer, call
from scripted_replies import Reply

from cot_magic.actions.certify import notebook_file
from cot_magic.sandbox.machine import probe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not probe().available, reason="no confinement here"),
]
KEYS = ("text/html", "text/markdown", "text/plain")


def shown(ran: Any) -> str:
    assert ran.displays, ran
    return str(ran.displays[-1]["text/plain"])


def test_the_cells_of_the_session_run_again_with_the_fix(kernel: Any) -> None:
    kernel.run("prices = {'tea': 3.5}")
    kernel.run("raise ValueError('a mistake at the prompt')")
    kernel.run("%%cot --reasoner offline --insert none\ntotal = prices['tae'] * 2")
    ran = kernel.run("%cot_certify")
    assert ran.status == "ok", ran.traceback
    assert set(KEYS) <= set(ran.displays[-1])
    text = shown(ran)
    assert "holds" in text
    assert "2 of 2 cells pass" in text
    assert "in the order in which they ran" in text
    assert len(ran.displays) == 1, "progress and result are one display"
    assert kernel.value("__import__('cot_magic').last.certificate.holds") == "True"
    assert kernel.value("'total' in globals()") == "False", "nothing ran in the kernel"
    kernel.run("%cot_export r.ipynb")
    assert "The whole notebook" in kernel.value("open('r.ipynb').read()")


def test_the_panel_has_the_certificate_and_says_what_fails_below(kernel: Any, tmp_path: Path) -> None:
    cells = [
        "values = [1, 2, 3]",
        "%%cot --reasoner offline --certify --insert none\ntotal = sum(valus)",
        "total / 0",
    ]
    made = [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made), tmp_path / "n.ipynb")
    kernel.run(f"import os\nos.environ['JPY_SESSION_NAME'] = {str(tmp_path / 'n.ipynb')!r}")
    kernel.run(cells[0], cell_id="c0")
    ran = kernel.run(cells[1], cell_id="c1")
    assert ran.ename == "NameError"
    text = " ".join(shown(ran).split())
    assert (
        "The certificate does not hold: cell 2 fails at line 1: ZeroDivisionError: division by zero" in text
    )
    assert "which uses what the fix changes" in text
    assert "2 of 3 cells pass" in text


def test_a_model_is_told_which_cell_fails_with_its_verified_fix(kernel: Any, tmp_path: Path) -> None:
    cells = ["values = [1, 2, 3]", "total = sum(valus)", "total / 0"]
    made = [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made), tmp_path / "n.ipynb")
    tries = call("hypothesize", hypotheses=[HYPOTHESIS]), call("try_fixes", fixes=[FIX])
    with MessagesServer(
        Reply(tools=tries, match="What failed, what does this error mean"), Reply(text=answer(), sticky=True)
    ) as server:
        settings = {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k"}
        settings["JPY_SESSION_NAME"] = str(tmp_path / "n.ipynb")
        kernel.run(f"import os\nos.environ.update({settings!r})")
        kernel.run(cells[0], cell_id="c0")
        ran = kernel.run(f"%%cot --reasoner claude --certify --insert none\n{cells[1]}", cell_id="c1")
        sent = server.turns[-1].raw.decode()
    assert "ZeroDivisionError: division by zero" in sent, "the cell below, which nobody had run"
    assert "2 of 3 cells pass in a fresh kernel." in sent
    assert "The certificate does not hold" in " ".join(shown(ran).split())
    assert kernel.value("__import__('cot_magic').last.result") == "'verified'"


def test_a_fix_that_is_inserted_is_certified_by_itself_where_that_is_quick(kernel: Any) -> None:
    kernel.run("prices = {'tea': 3.5}")
    kernel.run("%%cot --reasoner offline --insert none\ntotal = prices['tae'] * 2")
    ran = kernel.run("%cot_insert all")
    assert "The certificate holds: 2 of 2 cells pass" in ran.stdout
    assert kernel.value("__import__('cot_magic').last.certificate.holds") == "True"
    again = kernel.run("%cot_insert all")
    assert "certificate" not in again.stdout, "once is enough"


def test_a_fix_for_slow_cells_is_inserted_and_only_says_how_to_certify(kernel: Any) -> None:
    kernel.run("import time\ntime.sleep(3.2)\nprices = {'tea': 3.5}")
    kernel.run("%%cot --reasoner offline --insert none\ntotal = prices['tae'] * 2")
    ran = kernel.run("%cot_insert fix")
    assert "%cot_certify runs the whole notebook with it; its cells took" in ran.stdout
    assert kernel.value("__import__('cot_magic').last.certificate") == "None"


def test_values_of_the_live_kernel_stand_in_for_a_cell_that_is_too_dear(kernel: Any) -> None:
    kernel.run(
        "import time\nfrom pathlib import Path\ntime.sleep(1.5)\n"
        "class Price:\n    tea = 3.5\ndef double(x): return 2 * x\nprices = [Price()]\nfolder = Path('.')"
    )
    kernel.run("total = double(prices[0].tea)\nassert folder.is_dir()")
    ran = kernel.run("%cot_certify --certify-limit 1")
    assert ran.status == "ok", ran.traceback
    text = " ".join(shown(ran).split())
    assert "1 of 2 cells pass" in text, text
    assert "does not hold" in text
    assert "its values are those of the live kernel" in text
    assert "live" in text


def test_ctrl_c_keeps_what_is_done_and_the_kernel_works(kernel: Any) -> None:
    kernel.run("done = 1")
    kernel.run("import time\ntime.sleep(3 * done)")
    interrupted = False

    def interrupt(message: dict[str, Any]) -> None:
        nonlocal interrupted
        data = message["content"].get("data", {}) if message["msg_type"].endswith("display_data") else {}
        if "(1 of 2 ran)" in data.get("text/plain", "") and not interrupted:
            interrupted = True
            kernel.manager.interrupt_kernel()

    ran = kernel.run("%cot_certify", watch=interrupt)
    assert interrupted
    assert ran.status == "ok", ran.traceback
    assert "interrupted" in shown(ran)
    assert "1 of 2 cells pass" in shown(ran)
    assert kernel.run("1 + 1").status == "ok"
    look = (
        "import os\nfrom pathlib import Path\n"
        "children = Path(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read_text().split()\n"
        "print([child for child in children if b'notebook_kernel' in Path(f'/proc/{child}/cmdline').read_bytes()])"
    )
    assert kernel.run(look).stdout.strip() == "[]"


def test_another_notebook_can_be_named(kernel: Any, tmp_path: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), tmp_path / "o.ipynb")
    assert "does not hold" in shown(kernel.run("%cot_certify o.ipynb"))
    ran = kernel.run("%cot_certify none.ipynb")
    assert ran.status == "error"
    assert "no such file" in ran.evalue


def test_without_a_cell_there_is_nothing_to_certify(kernel: Any) -> None:
    ran = kernel.run("%cot_certify")
    assert (ran.status, ran.ename) == ("error", "UsageError")
    assert "no cell has run" in ran.evalue


def test_at_the_prompt_of_ipython_it_is_plain_text(tmp_path: Path) -> None:
    lines = ["%load_ext cot_magic", "rows = [1, 2]", "%cot_certify"]
    command = [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt", "--colors=NoColor"]
    done = subprocess.run(
        command, input="\n".join(lines) + "\n", cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert "1 of 1 cell passes" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("told", [{"JPY_SESSION_NAME": "n.ipynb"}, {}])
def test_the_file_is_what_the_front_end_says(
    told: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert notebook_file({}, told) is None
    (tmp_path / "n.ipynb").write_text(json.dumps({}))
    assert notebook_file({}, told) == (Path("n.ipynb") if told else None)
    assert notebook_file({"__vsc_ipynb_file__": str(tmp_path / "n.ipynb")}, {}) == tmp_path / "n.ipynb"
    assert notebook_file({"__vsc_ipynb_file__": 3}, {"JPY_SESSION_NAME": "n"}) is None
