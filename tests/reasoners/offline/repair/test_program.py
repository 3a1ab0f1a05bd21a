"""What is edited, what checks it, and what a run records."""

import pytest

from cot_magic.reasoners.offline.repair.program import CheckedProgram

CELL = """def double(x):
    return x + 2

assert double(2) == 4
assert double(3) == 6
assert double(0) == 0
"""


def test_definitions_are_edited_and_asserts_are_not():
    program = CheckedProgram(CELL.encode())
    assert (program.editable, sorted(program.checks), program.asserts) == ([0], [1, 2, 3], 3)


def test_a_function_of_asserts_and_its_call_are_checks():
    program = CheckedProgram(b"def f(x):\n    return x\n\ndef check(f):\n    assert f(1) == 2\n\ncheck(f)\n")
    assert sorted(program.checks) == [1, 2]


def test_a_function_that_asserts_what_it_is_given_is_code():
    program = CheckedProgram(b"def f(x):\n    assert x > 0\n    return x\n\nassert f(1) == 2\n")
    assert program.editable == [0]


def test_one_failing_assert_does_not_hide_the_others(bench):
    outcome = bench(CELL).run()
    assert outcome.passed == {0: True, 1: False, 2: False}
    assert outcome.stopped == ""


def test_a_line_for_ipython_is_a_comment():
    program = CheckedProgram(b"%matplotlib inline\nx = 1\nassert x == 2\n")
    assert program.source.startswith(b"#matplotlib inline\n")


def test_a_modulo_at_the_start_of_a_line_is_no_magic():
    source = b"x = (7\n     % 4)\nassert x == 2\n"
    assert CheckedProgram(source).source == source


def test_what_is_not_python_is_refused():
    with pytest.raises(SyntaxError):
        CheckedProgram(b"assert (")


def test_an_endless_loop_is_stopped_by_counting_its_turns(bench):
    made = bench("def f():\n    while True:\n        pass\n\nassert f() == 1\n")
    made.ticks = 1_000
    assert made.run().passed == {0: False}


def test_a_method_counts_its_turns_too(bench):
    made = bench(
        "class A:\n    def f(self):\n        while True:\n            self.x = 1\n\nassert A().f() == 1\n"
    )
    made.ticks = 1_000
    assert made.run().passed == {0: False}
    assert made.used == 1_000


def test_a_run_ends_when_many_checks_have_failed(bench):
    made = bench(
        "calls = []\ndef f(x):\n    calls.append(x)\n    return x\n\nfor x in range(500):\n    assert f(x) == -1\n"
    )
    assert made.run().stopped == "Enough"
    assert len(made.namespace["calls"]) == 25
