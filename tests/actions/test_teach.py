"""Lessons in a real kernel: answered by line magics, judged by runs, and nothing given away before."""

import json
import re
import time
from pathlib import Path

import pytest

from cot_magic.cli.main import main

pytestmark = pytest.mark.slow

ORDERS = 'orders = [{"id": 1, "total": 120.0}, {"id": 2, "total": 80.5}]\nruns = []'
REVENUE = 'def revenue(orders):\n    runs.append(1)\n    return sum(order["totl"] for order in orders)'
FAILS = "%%cot+ --teach --save lesson.cot.jsonl\nincome = revenue(orders)"
FIXED = 'order["total"] for'


def text(ran) -> str:
    return "\n".join(bundle.get("text/plain", "") for bundle in ran.displays)


def choice(shown: str, claim: str) -> str:
    """The number that stands before a claim."""
    found = re.search(rf"(?m)^\s*(\d+)\. .*{re.escape(claim)}", shown)
    assert found is not None, shown
    return found[1]


@pytest.fixture
def taught(shared_kernel):
    """A kernel with a lesson on its third cell, and that cell's prompt number."""
    shared_kernel.run(ORDERS)
    cell = shared_kernel.run(REVENUE).count
    assert shared_kernel.run(FAILS).ename == "KeyError"
    return shared_kernel, cell


def test_a_lesson_from_a_wrong_guess_to_the_learners_own_fix(taught) -> None:
    kernel, cell = taught
    heard = []

    def say(line: str):
        ran = kernel.run(f"%cot_answer {line}")
        heard.append(ran.messages)
        return ran

    assert "✗" in text(say("2"))
    assert "hint 1" in text(say("--hint"))
    assert "question 2 of 4" in text(say(f"[{cell}] 3"))
    kernel.run("unrelated = 1")
    assert "✗" in text(say("['id']"))
    shown = text(say("['id', 'total']"))
    assert "ANALYZE" in shown
    assert "question 3 of 4" in shown
    assert kernel.run("%%cot\nbroken = nonesuch").ename == "NameError", "another session in between"
    assert "✗" in text(say(choice(shown, "Nothing is wrong with the code")))
    assert "question 4 of 4" in text(say(choice(shown, "the closest is")))
    refused = kernel.run("%cot_answer x = 1")
    assert "is not an edit" in refused.stderr
    assert "rejected" in text(say("totl -> id"))
    assert FIXED not in json.dumps(heard, default=str), "the fix was given away"
    assert "[1, 1]" not in kernel.value("runs"), "an answer ran in the kernel itself"

    ended = text(say("totl -> total"))
    for part in ("How you debugged", "verified", "IMPLEMENT", "CONFIRM", FIXED):
        assert part in ended
    assert kernel.value("__import__('cot_magic').last.result") == "'verified'"
    assert kernel.run("%cot_insert fix").status == "ok"
    assert "has ended" in kernel.run("%cot_answer 3").stderr


def test_nothing_that_is_withheld_can_be_had_otherwise(taught, shared_kernel) -> None:
    kernel, cell = taught
    for line in ("%cot_insert", "%cot_insert tests", "%cot_export rca.ipynb"):
        ran = kernel.run(line)
        assert ran.status == "error"
        assert ran.stderr.startswith("UsageError: the fix is withheld")
        assert len(ran.stderr.strip().splitlines()) == 1
    assert "question 1 of 4" in text(kernel.run("%cot_last"))
    assert kernel.value("__import__('cot_magic').last.fixes") == "()"
    assert kernel.value("__import__('cot_magic').last.hypotheses") == "()"
    assert kernel.value("'FixProposed' in open('lesson.cot.jsonl').read()") == "False"
    kernel.run(f"%cot_answer [{cell}] 3")
    for _ in range(3):
        assert kernel.run("%cot_answer --show").status == "ok"
    assert kernel.value("'FixProposed' in open('lesson.cot.jsonl').read()") == "True"
    assert kernel.value("len(__import__('cot_magic').last.phases)") == "5"


def test_the_panel_of_the_cell_holds_all_that_was_revealed_and_no_widget_in_the_end(shared_kernel) -> None:
    kernel = shared_kernel
    kernel.run(ORDERS)
    cell = kernel.run(REVENUE).count
    whole = kernel.run(FAILS)
    for line in (f"[{cell}] 3", "--show", "--show", "--show"):
        step = kernel.run(f"%cot_answer {line}")
        whole.messages += step.messages
    panel, row = whole.displays[0], whole.displays[1]
    assert FIXED in panel["text/plain"]
    assert all(f">{phase}</b>" in panel["text/html"] for phase in ("ANALYZE", "PLAN", "CONFIRM"))
    assert sorted(row) == ["text/html", "text/plain"]


def test_a_secret_stays_withheld_in_a_lesson(shared_kernel) -> None:
    kernel = shared_kernel
    secret = "Zx8Kq2Lm4Np6Rt8Vw0Yb2Dc4"
    kernel.run(f"db_password = {secret!r}")
    kernel.run("def share(password, parts):\n    return len(password) / (parts - 3)")
    seen = kernel.run(f"%%cot --teach\nother = {secret!r}\nshare(other, 3)").displays
    while "your turn: the fix" not in seen[0]["text/plain"]:
        ran = kernel.run("%cot_answer --show")
        assert ran.status == "ok"
        seen = [*ran.displays, *seen]
    tried = kernel.run(f"%cot_answer {secret} -> nothing")
    assert "your edit 1 · rejected" in text(tried)
    everything = json.dumps([*seen, *tried.displays])
    assert "redacted" in everything
    assert secret not in everything


def test_the_failing_cell_itself_may_be_edited_and_run_again(shared_kernel) -> None:
    kernel = shared_kernel
    kernel.run("values = [1, 2, 3]")

    def run(source: str):
        return kernel.run(f"%%cot+ --teach\n{source}", cell_id="the-cell")

    assert "question 1 of" in text(run("middle = values[len(valus) // 2]"))
    kernel.run("%cot_answer 2")
    again = run("middle = values[len(valus) // 2]")
    assert "question 1 of" not in text(again), "the lesson goes on where it was"
    assert "the lesson waits" in run("middle = values[1]").stdout.lower()
    while "your turn: the fix" not in text(kernel.run("%cot_answer")):
        assert kernel.run("%cot_answer --show").status == "ok"
    wrong = run("middle = values[len(val) // 2]")
    assert wrong.ename == "NameError"
    assert "your edit 1 · rejected" in text(wrong)
    right = run("middle = values[len(values) // 2]")
    assert right.status == "ok"
    assert "How you debugged" in text(right)


def test_ctrl_c_while_an_answer_is_tried_leaves_lesson_and_kernel_as_they_were(taught) -> None:
    kernel, cell = taught
    kernel.run(f"%cot_answer [{cell}] 3")
    interrupted = []

    def watch(message) -> None:
        if message["msg_type"] == "execute_input":
            time.sleep(2)  # at this moment the kernel itself is still at work, and not yet the cell
            interrupted.append(True)
            kernel.manager.interrupt_kernel()

    ran = kernel.run("%cot_answer __import__('time').sleep(60)", watch=watch)
    assert interrupted
    assert ran.status == "error"
    assert kernel.value("6 * 7") == "42"
    assert "question 2 of 4" in text(kernel.run("%cot_answer"))
    assert "question 3 of 4" in text(kernel.run("%cot_answer ['id', 'total']"))


def test_the_teachers_file_sets_hints_and_words_and_its_mistakes_are_told(shared_kernel) -> None:
    kernel = shared_kernel
    sets = "# Week 1\\n## Hints allowed: 0\\n## Reveal fix: never\\n## Level: easy\\n## Guidance\\nTake your time."
    kernel.run(f"open('COT_TEACH.md', 'w').write('{sets}')")
    try:
        kernel.run(ORDERS)
        cell = kernel.run(REVENUE).count
        shown = text(kernel.run(FAILS))
        assert "Take your time." in shown
        assert "line 4: unknown heading 'Level'" in " ".join(shown.split())
        assert "gives no hints" in kernel.run("%cot_answer --hint").stderr
        for line in (f"[{cell}] 3", "--show", "--show"):
            kernel.run(f"%cot_answer {line}")
        assert "once one of your own passes" in kernel.run("%cot_answer --show").stderr
    finally:
        kernel.run("import os; os.remove('COT_TEACH.md')")


def test_what_cannot_be_a_lesson_is_one_line(shared_kernel) -> None:
    kernel = shared_kernel
    kernel.run("%reload_ext cot_magic")
    assert "there is no lesson" in kernel.run("%cot_answer 3").stderr
    assert "this one passed" in kernel.run("%%cot --teach is it right?\nfine = 1").stdout
    kernel.run("%%cot --save s.cot.jsonl\n1 / 0")
    assert (
        "cannot be combined with --reasoner replay"
        in kernel.run("%%cot --teach --reasoner replay:s.cot.jsonl\n1 / 0").stdout
    )
    kernel.run("%%cot --teach\n1 / 0")
    ran = kernel.run("%cot_answer --hnit")
    assert "expected --hint, --show or an answer" in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_the_command_line_refuses_a_lesson(capsys, tmp_path: Path) -> None:
    assert main(["run", str(tmp_path / "any.ipynb"), "--teach"]) == 2
    assert capsys.readouterr().err == (
        "cot-magic: --teach needs a person at the notebook: put it on the %%cot line there.\n"
    )


def test_a_lesson_in_german_takes_german_answers(shared_kernel) -> None:
    kernel = shared_kernel
    kernel.run(ORDERS)
    cell = kernel.run(REVENUE).count
    shown = text(kernel.run("%%cot+ --teach --language de\nincome = revenue(orders)"))
    assert "Frage 1 von 4" in shown
    assert "In welcher Zeile liegt der Fehler?" in shown
    assert "Frage 2 von 4" in text(kernel.run(f"%cot_answer Zelle [{cell}] Zeile 3"))
    shown = text(kernel.run("%cot_answer ['id', 'total']"))
    assert "hat keinen Schlüssel 'totl'" in shown
    assert "the closest is" not in shown
    number = choice(shown, "hat keinen Schlüssel 'totl'")
    assert "Wie lautet die Lösung?" in text(kernel.run(f"%cot_answer {number}"))
    ended = text(kernel.run("%cot_answer totl -> total"))
    assert "Wie du den Fehler gesucht hast" in ended
    assert "Genutzte Hinweise: 0." in ended


def test_the_teachers_file_can_name_the_language(shared_kernel) -> None:
    kernel = shared_kernel
    kernel.run("open('COT_TEACH.md', 'w').write('# Woche 1\\n## Language: de\\n')")
    try:
        kernel.run(ORDERS)
        kernel.run(REVENUE)
        assert "Frage 1 von 4" in text(kernel.run(FAILS))
        assert "Hinweis 1" in text(kernel.run("%cot_answer --hint"))
    finally:
        kernel.run("import os; os.remove('COT_TEACH.md')")
