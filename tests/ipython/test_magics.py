"""The magics in a real kernel: the cell runs as without them, and what is wrong is said in one line."""

import json
import re

import pytest

pytestmark = pytest.mark.slow

FAILING = "total = 3\nprint(totl)"


def five_phases(text: str) -> bool:
    return all(phase in text for phase in ("ANALYZE", "PLAN", "VALIDATE", "IMPLEMENT", "CONFIRM"))


def test_a_failing_cell_gets_five_phases_and_keeps_its_error_status(shared_kernel) -> None:
    ran = shared_kernel.run(f"%%cot+\n{FAILING}")
    assert (ran.status, ran.ename) == ("error", "NameError")
    assert ran.displays, ran.stderr
    assert any(five_phases(bundle.get("text/plain", "")) for bundle in ran.displays)
    assert any("<details" in bundle.get("text/html", "") for bundle in ran.displays)
    assert ran.stderr == ""


def test_the_final_output_has_no_widget_view(shared_kernel) -> None:
    ran = shared_kernel.run(f"%%cot\n{FAILING}")
    panel = next(bundle for bundle in ran.displays if five_phases(bundle.get("text/plain", "")))
    assert "application/vnd.jupyter.widget-view+json" not in panel


def test_line_numbers_and_prompt_numbers_stay(shared_kernel) -> None:
    ran = shared_kernel.run("%%cot --insert none\na = 1\nb = 2\n1 / 0")
    assert f"In[{ran.count}]" in ran.traceback.replace(" ", "") or f"[{ran.count}]" in ran.traceback
    assert "line 4" in ran.traceback or "----> 4" in ran.traceback
    after = shared_kernel.run("pass")
    assert after.count == ran.count + 1


def test_a_passing_cell_shows_nothing_and_gives_its_value(shared_kernel) -> None:
    ran = shared_kernel.run("%%cot+\n1 + 1")
    assert ran.status == "ok"
    assert [bundle["text/plain"] for bundle in ran.displays] == ["2"]
    assert ran.stdout == ran.stderr == ""


@pytest.mark.parametrize(
    ("body", "printed"),
    [
        ("import asyncio\nawait asyncio.sleep(0)\nprint('awaited')", "awaited"),
        ("!echo from-shell", "from-shell"),
        ("%%time\nprint('timed')", "timed"),
        ("print('it''s')", "its"),
        ("x = %who_ls\nprint(type(x).__name__)", "list"),
    ],
)
def test_bodies_run_as_without_the_magic(shared_kernel, body: str, printed: str) -> None:
    ran = shared_kernel.run(f"%%cot++\n{body}")
    assert ran.status == "ok", ran.traceback
    assert printed in ran.stdout


@pytest.mark.parametrize(
    "text", ['it doesn\'t "work"', "{totl} $HOME {", "a -- b --insert", "100 % of 'cases", "«why» — 為什麼?"]
)
def test_free_text_is_taken_as_it_is(shared_kernel, text: str) -> None:
    ran = shared_kernel.run(f"%%cot {text}\n{FAILING}")
    assert ran.ename == "NameError"
    prompt = shared_kernel.run("import cot_magic, json; print(json.dumps(cot_magic.last.case.prompt))").stdout
    assert json.loads(prompt) == text


def test_an_unknown_option_is_one_line_and_nothing_runs(shared_kernel) -> None:
    shared_kernel.run("ran = False")
    ran = shared_kernel.run("%%cot+ --inset all\nran = True")
    assert ran.status == "error"
    assert "--insert" in ran.stderr + ran.evalue
    assert len((ran.stderr or ran.evalue).strip().splitlines()) == 1
    assert shared_kernel.value("ran") == "False"


def test_an_unknown_reasoner_is_one_line_and_the_cell_has_run(shared_kernel) -> None:
    ran = shared_kernel.run("%%cot --reasoner oracle\ndone = 1\n1 / 0")
    assert ran.ename == "ZeroDivisionError"
    assert "oracle" in ran.stdout
    assert "offline" in ran.stdout
    assert shared_kernel.value("done") == "1"


@pytest.mark.parametrize("line", ["%%cot+?", "?%%cot++", "%cot?", "%cot++?", "?%cot+"])
def test_help_is_shown(shared_kernel, line: str) -> None:
    ran = shared_kernel.run(line)
    assert ran.status == "ok", ran.traceback
    page = json.dumps(ran.reply.get("payload", "")) + ran.stdout
    assert "--insert" in page


def test_the_magics_are_listed_and_complete(shared_kernel) -> None:
    listed = shared_kernel.run("%lsmagic").displays[0]["text/plain"]
    for name in ("%%cot+", "%%cot++", "%cot_insert", "%cot_undo"):
        assert name in listed
    shared_kernel.client.complete("%%co", 4)
    matches = shared_kernel.client.get_shell_msg(timeout=20)["content"]["matches"]
    assert any(match.startswith("%%cot") for match in matches)


def test_a_line_magic_debugs_the_last_failure_without_running_it_again(kernel) -> None:
    kernel.run("runs = []")
    assert kernel.run("runs.append(1)\ntotal = 3\ntotl").ename == "NameError"
    ran = kernel.run("%cot+ what is wrong")
    assert ran.status == "ok", ran.traceback
    assert any(five_phases(bundle.get("text/plain", "")) for bundle in ran.displays)
    assert kernel.value("runs") == "[1]"


def test_a_line_magic_before_any_failure_says_so_in_one_line(kernel) -> None:
    ran = kernel.run("%cot")
    assert ran.status == "error"
    assert "nothing has failed yet" in ran.stderr + ran.evalue


def test_the_session_is_at_hand(shared_kernel) -> None:
    shared_kernel.run("values = [1, 2]\nimport cot_magic")
    shared_kernel.run("%%cot+\ndoubled = sum(valus) * 2")
    assert shared_kernel.value("cot_magic.last.result") == "'verified'"


def test_the_experiments_leave_the_kernel_as_it_is(shared_kernel) -> None:
    shared_kernel.run("items = [1, 2]\nlog = []")
    shared_kernel.run("%%cot+\nlog.append('ran')\nitems.appendd(3)")
    assert shared_kernel.value("items") == "[1, 2]"
    assert shared_kernel.value("log") == "['ran']"


def test_the_fix_and_the_tests_are_inserted_on_request(kernel) -> None:
    kernel.run("%%cot+\ntotal = 3\ndouble = totl * 2\nprint(double)")
    ran = kernel.run("%cot_insert all")
    assert ran.status == "ok", ran.traceback
    texts = [item["text"] for item in ran.reply["payload"] if item["source"] == "set_next_input"]
    assert texts
    assert "double = total * 2" in "".join(texts)
    assert "def test_" in "".join(texts)


def test_defaults_can_be_shown_and_changed(kernel) -> None:
    assert "insert=none" in kernel.run("%cot_config insert=none").stdout
    refused = kernel.run("%cot_config colour=red")
    assert refused.status == "error"
    assert "unknown option --colour" in refused.stderr
    assert "insert=none" in kernel.run("%cot_config").stdout


def test_auto_investigates_every_failing_cell(kernel) -> None:
    kernel.run("%cot_auto on")
    assert any(five_phases(bundle.get("text/plain", "")) for bundle in kernel.run(FAILING).displays)
    kernel.run("%cot_auto off")
    assert not any(five_phases(bundle.get("text/plain", "")) for bundle in kernel.run(FAILING).displays)


def test_a_saved_session_is_shown_again(kernel, tmp_path) -> None:
    kernel.run(f"%%cot --save s.cot.jsonl\n{FAILING}")
    assert (tmp_path / "s.cot.jsonl").exists()
    ran = kernel.run("%cot_replay s.cot.jsonl")
    assert any(five_phases(bundle.get("text/plain", "")) for bundle in ran.displays)
    assert "cannot read" in kernel.run("%cot_replay none").stderr
    for line in ("", "s.cot.jsonl --verfy", "s.cot.jsonl --verify --notebook", "cot1-0--00000000 x", "'s"):
        refused = kernel.run(f"%cot_replay {line}")
        assert "expected %cot_replay FILE" in refused.stderr, line
        assert len(refused.stderr.strip().splitlines()) == 1


def test_the_experiments_of_a_saved_session_run_afresh_from_the_notebook(kernel) -> None:
    kernel.run("values = [1, 2, 3]")
    kernel.run("%%cot --save s.cot.jsonl\ntotal = sum(valus)")
    ran = kernel.run("%cot_replay s.cot.jsonl --verify")
    assert re.search(r"([1-9]\d*) experiments: \1 as recorded, 0 not", ran.stdout), ran.stdout
    assert kernel.value("values") == "[1, 2, 3]"


def test_a_syntax_error_is_investigated(shared_kernel) -> None:
    ran = shared_kernel.run("%%cot+\nprint 'hello'")
    assert ran.ename == "SyntaxError"
    assert any("print('hello')" in bundle.get("text/plain", "") for bundle in ran.displays)


def test_unloading_takes_everything_out(kernel) -> None:
    assert kernel.run("%unload_ext cot_magic").status == "ok"
    assert kernel.run("%%cot\n1").status == "error"
    assert kernel.run("%load_ext cot_magic").status == "ok"
    assert kernel.run("%%cot\n1").status == "ok"


def test_ctrl_c_during_the_experiments_keeps_what_was_found_and_the_kernel_usable(kernel) -> None:
    interrupted = []

    def watch(message) -> None:
        if message["msg_type"] == "display_data" and not interrupted:
            interrupted.append(True)
            kernel.manager.interrupt_kernel()

    kernel.run("import time\nvalues = [1]")
    ran = kernel.run("%%cot++\ntime.sleep(0.7)\ntotal = sum(valus)", watch=watch)
    assert interrupted
    assert ran.ename == "NameError"
    text = "".join(bundle.get("text/plain", "") for bundle in ran.displays)
    assert "interrupted" in text
    assert "ANALYZE" in text
    assert kernel.value("__import__('cot_magic').last.interrupted") == "True"
    assert kernel.run("%%cot+\ntotal = sum(valus)").ename == "NameError"
    assert kernel.value("__import__('cot_magic').last.result") == "'verified'"


def test_a_cell_stops_a_run_where_it_would_have_stopped_without_the_magic(tmp_path) -> None:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    sources = ["%load_ext cot_magic", "%%cot\n1 / 0", "after = 1"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with pytest.raises(CellExecutionError):
        NotebookClient(book, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert [cell.execution_count for cell in book.cells] == [1, 2, None]
    assert any(five_phases(output.get("data", {}).get("text/plain", "")) for output in book.cells[1].outputs)


def test_a_kernel_above_the_size_limit_is_tried_on_the_state_after_the_failure_and_says_so(kernel) -> None:
    kernel.run("%cot_config snapshot_limit_mb=20")  # less than any kernel, eight times it is enough
    # a generator cannot be compared, so nobody can tell whether the state before the cell is made again
    kernel.run("values = [1]\nrest = (value for value in values)\nimport cot_magic")
    kernel.run("%%cot+\ntotal = sum(valus)\nnext(rest)")
    assert kernel.value("cot_magic.last.result") == "'plausible'"
    assert "the state after the failure" in kernel.value(
        "cot_magic.last.judge_fix(cot_magic.last.best_fix).reasons"
    )


def test_where_no_copy_can_be_made_findings_come_and_fixes_are_not_called_verified(kernel) -> None:
    kernel.run("%cot_config snapshot_limit_mb=1")
    # no cell binds `rate`, so that no run of cells gives the state before the cell
    kernel.run("values = [1]\nimport cot_magic\nget_ipython().push({'rate': 2})")
    ran = kernel.run("%%cot+\ntotal = sum(valus) * rate")
    assert any(five_phases(bundle.get("text/plain", "")) for bundle in ran.displays)
    assert not any("✓" in bundle.get("text/plain", "") for bundle in ran.displays)
    assert kernel.value("cot_magic.last.result") == "'unresolved'"
    assert "it was not run" in kernel.value("cot_magic.last.judge_fix(cot_magic.last.best_fix).reasons")


@pytest.mark.parametrize("magic", ["%%time", "%%capture", "%%timeit -n1 -r1"])
def test_a_failure_under_another_cell_magic_is_investigated(kernel, magic: str) -> None:
    kernel.run("values = [1]\nimport cot_magic")
    kernel.run(f"%%cot+\n{magic}\ntotal = sum(valus)")
    assert kernel.value("cot_magic.last.case.raised.ename") == "'NameError'"
    assert kernel.run("%%cot+\ntotal = sum(valus)").ename == "NameError"
    assert kernel.value("cot_magic.last.result") == "'verified'"


def test_a_mistyped_option_does_not_take_the_place_of_the_last_failure(kernel) -> None:
    kernel.run("values = [1]\nimport cot_magic")
    kernel.run("total = sum(valus)")
    assert kernel.run("%cot --inset all").status == "error"
    assert kernel.run("%%cot --inset all\npass").status == "error"
    kernel.run("%cot")
    assert kernel.value("cot_magic.last.case.raised.ename") == "'NameError'"


@pytest.mark.parametrize(
    "between",
    ["%%cot is this fine?\nother = 1", "%cot_last\nraise ValueError('a failure below a line magic')"],
)
def test_the_copy_from_before_one_cell_is_not_used_for_the_failure_of_another(kernel, between: str) -> None:
    kernel.run("import cot_magic\nvalues = [1]\nrest = (value for value in values)")
    kernel.run("%%cot+\nvalues = [1, 2]\ntotal = sum(valus)")
    assert kernel.value("cot_magic.last.result") == "'verified'"
    if between.startswith("%%cot"):
        kernel.run("values = [3]\ntotal = sum(valus)\nnext(rest)")
    kernel.run(between)
    kernel.run("%cot+")
    runs = "[item.snapshot for item in cot_magic.last.evidence]"
    assert "'after'" in kernel.value(runs)
    assert "'before'" not in kernel.value(runs)
