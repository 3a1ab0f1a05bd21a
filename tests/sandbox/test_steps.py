"""Cells of a job run as they would in the kernel, and code is evaluated in the frames of their failure."""

import pytest

from cot_magic.core.case import CellId
from cot_magic.core.jobs import Inspection, Job, JobStep, Outcome
from cot_magic.sandbox.steps import frames_of, without_cot_line

FAILING = """%%cot++ why?
def inner(rows, wanted):
    limit = 3
    return [row for row in rows if row > wanted['key']]

def outer():
    local = [1, 2]
    return inner(local, {})

outer()
"""


@pytest.fixture(scope="module")
def steps(kernel):
    kernel.park("x = 1\ndef helper(v): return 1 / v")
    return kernel


def test_output_and_value_are_those_of_the_cell(steps):
    result = steps.job("print('one')", "print('two', x)\nx + 1")
    assert (result.outcome, result.step, result.output, result.value) == (
        Outcome.PASSED,
        1,
        "one\ntwo 1\n",
        "2",
    )
    assert result.held is None
    assert result.seconds > 0


@pytest.mark.parametrize(
    ("source", "held", "value"),
    [
        ("x == 1", True, "True"),
        ("x == 2", False, "False"),
        ("x == 1;", True, "True"),
        ("1", None, "1"),
        ("None", None, None),
        ("x == 1\ny = 3", None, None),
        ("", None, None),
    ],
)
def test_a_prediction_holds_only_if_its_value_is_true(steps, source, held, value):
    result = steps.job(source)
    assert (result.outcome, result.held, result.value) == (Outcome.PASSED, held, value)


def test_a_truth_value_of_numpy_counts(steps):
    pytest.importorskip("numpy")
    assert steps.job("import numpy\nnumpy.array([1]).all()").held is True
    assert steps.job("import numpy\nnumpy.array([0]).any()").held is False
    assert steps.job("import numpy\nnumpy.array([True])").held is None


def test_what_a_step_raises_ends_the_job_at_that_step(steps):
    result = steps.job("print('a')", "1 / 0", "print('never')")
    assert (result.outcome, result.step, result.raised.ename) == (Outcome.RAISED, 1, "ZeroDivisionError")
    assert result.output == "a\n"


def test_a_step_that_may_raise_does_not_end_the_job(steps):
    cells = (JobStep(source="y = 1; 1 / 0", may_raise=True), JobStep(source="y == 1"))
    result = steps.jobs(Job(steps=cells))[0]
    assert (result.outcome, result.step, result.held, result.raised) == (Outcome.PASSED, 1, True, None)
    last = steps.jobs(Job(steps=tuple(reversed(cells))))[0]
    assert (last.outcome, last.step) == (Outcome.RAISED, 0)


def test_frames_are_named_by_their_cells_and_keep_their_lines(steps):
    cells = (
        JobStep(source="def f(v):\n\n    return helper(v)", cell=CellId("c1")),
        JobStep(source="%%cot\n\nf(0)", cell=CellId("c2")),
    )
    raised = steps.jobs(Job(steps=cells))[0].raised
    assert [(frame.cell, frame.lineno, frame.function) for frame in raised.frames] == [
        ("c2", 3, "<module>"),
        ("c1", 3, "f"),
        (None, 3, "helper"),  # of a cell that ran before the snapshot
    ]


def test_a_syntax_error_is_raised_by_its_step(steps):
    result = steps.job("1", "x = = 3\nprint('never')")
    assert (result.outcome, result.step, result.raised.ename) == (Outcome.RAISED, 1, "SyntaxError")
    assert result.raised.syntax.lineno == 1
    assert steps.job("if x:\npass").raised.ename == "IndentationError"


@pytest.mark.parametrize(
    ("source", "output", "value"),
    [
        ("import asyncio\nawait asyncio.sleep(0.01)\nasyncio.get_running_loop().is_running()", "", "True"),
        ("import asyncio\nt = asyncio.create_task(asyncio.sleep(0, 5))\nawait t", "", "5"),
        ("async def g():\n    yield 1\n[i async for i in g()]", "", "[1]"),
        ("%%capture out\nprint('hidden')", "", None),
        ("%time 1 + 1", None, "2"),
        ("from IPython.display import display, Markdown\ndisplay(5, Markdown('*x*'))", None, None),
        ("_ = 3\n_", "", "3"),
    ],
)
def test_the_machinery_of_ipython_is_there(steps, source, output, value):
    result = steps.job(source)
    assert (result.outcome, result.value) == (Outcome.PASSED, value)
    assert output is None or result.output == output


def test_asyncio_run_fails_as_it_does_in_a_kernel(steps):
    result = steps.job("import asyncio\nasync def main(): pass\nasyncio.run(main())")
    assert (result.outcome, result.raised.ename) == (Outcome.RAISED, "RuntimeError")


def test_a_task_of_the_kernel_cannot_be_awaited_in_a_copy(kernel):
    kernel.park("import asyncio\nlong = asyncio.ensure_future(asyncio.sleep(1000))\nlock = asyncio.Lock()")
    result = kernel.job("await long")
    assert result.outcome is Outcome.BLOCKED
    assert "different loop" in result.note
    kernel.run("long.cancel()")


def test_the_last_value_is_at_hand_in_the_next_step(steps):
    assert steps.job("6 * 7", "_ == 42").held is True


def test_leaving_the_interpreter_is_what_the_code_raised(steps):
    assert steps.job("raise SystemExit(3)").raised.ename == "SystemExit"
    assert steps.job("raise KeyboardInterrupt").raised.ename == "KeyboardInterrupt"


@pytest.mark.slow
def test_a_figure_is_text(kernel):
    pytest.importorskip("matplotlib")
    kernel.park("%matplotlib inline\nimport matplotlib.pyplot as plt")
    assert "Figure" in kernel.job("plt.plot([1, 2]); plt.show()").output


def test_hooks_of_others_run_and_are_off_the_front_end(kernel):
    kernel.park("hook = lambda *_: print('hook')\nget_ipython().events.register('post_run_cell', hook)")
    kernel.run("get_ipython().events.unregister('post_run_cell', hook)")
    assert kernel.job("1").output == "hook\n"


class TestInspection:
    @pytest.mark.parametrize(
        ("frame", "source", "value"),
        [
            (-1, "sorted(wanted)", "[]"),
            (-1, "n = len(rows)\nn == 2 and limit", "3"),
            (-1, "all(row in rows for row in local_copy) if (local_copy := list(rows)) else None", "True"),
            (-1, "(lambda: limit)()", "3"),
            (-2, "local", "[1, 2]"),
            (1, "local", "[1, 2]"),
            (0, "x", "1"),
        ],
    )
    def test_code_is_evaluated_in_a_frame_of_the_failure(self, steps, frame, source, value):
        frame = frame if frame != -1 or "rows" not in source else -1
        result = steps.inspect(source, self.shifted(frame), FAILING)
        assert (result.outcome, result.value, result.raised) == (Outcome.PASSED, value, None), result

    @staticmethod
    def shifted(frame: int) -> int:
        """Before Python 3.12 a list comprehension has a frame of its own."""
        import sys

        return frame - 1 if sys.version_info < (3, 12) and frame < 0 else frame

    def test_whether_the_prediction_held_is_told(self, steps):
        assert steps.inspect("'key' in wanted", self.shifted(-1), FAILING).held is False
        assert steps.inspect("'key' not in wanted", self.shifted(-1), FAILING).held is True

    def test_what_the_inspection_raises_is_its_outcome(self, steps):
        result = steps.inspect("no_such_name", -1, FAILING)
        assert (result.outcome, result.raised.ename) == (Outcome.RAISED, "NameError")
        assert steps.inspect("1 +", -1, FAILING).raised.ename == "SyntaxError"
        assert steps.inspect("open('evil.txt', 'w')", -1, FAILING).outcome is Outcome.BLOCKED

    def test_a_failure_that_does_not_repeat_proves_nothing(self, steps):
        result = steps.inspect("True", -1, "x + 1")
        assert (result.outcome, result.held, result.value) == (Outcome.PASSED, None, None)
        assert result.note == "the failure did not repeat"
        elsewhere = steps.inspect("True", 7, "1 / 0")
        assert (elsewhere.outcome, elsewhere.held) == (Outcome.PASSED, None)
        assert elsewhere.note == "the failure did not repeat: frame 7 was requested; the traceback has 1"

    def test_a_cell_that_the_confinement_stopped_is_not_inspected(self, steps):
        result = steps.inspect("True", -1, "open('out.txt', 'w')")
        assert (result.outcome, result.held, result.raised.ename) == (
            Outcome.BLOCKED,
            None,
            "PermissionError",
        )

    def test_an_earlier_step_that_raises_is_the_outcome(self, steps):
        result = steps.inspect("True", -1, "1 / 0", "[][0]")
        assert (result.outcome, result.step, result.held) == (Outcome.RAISED, 0, None)

    def test_frames_count_from_a_probe_cell_without_an_id(self, steps):
        job = Job(steps=(JobStep(source=FAILING),), inspect=Inspection(source="local", frame=1))
        assert steps.jobs(job)[0].value == "[1, 2]"


def test_what_describe_itself_raises_is_told_and_hides_nothing(plain_ipython):
    printed = plain_ipython(
        "from cot_magic.core.jobs import JobStep\n"
        "def describe(error, cells):\n    if isinstance(error, KeyError): raise RuntimeError('ours')\n"
        "    return Raised(ename='x', evalue='y')\n"
        "park()\nresult = S.run([Job(steps=(JobStep(source='{}[1]'),))])[0]\n"
        "print(result.outcome, result.raised.ename, result.note)"
    )
    assert printed == "RAISED KeyError the failure could not be described: RuntimeError: ours\n"


def test_the_magic_line_becomes_a_comment_and_the_lines_stay():
    assert without_cot_line("%%cot++ fix 'it'\nx\n") == "# %%cot++ fix 'it'\nx\n"
    assert without_cot_line("\n  %%cot\nx") == "\n# %%cot\nx"
    assert without_cot_line("%%cotton\nx") == "%%cotton\nx"
    assert without_cot_line("%%time\n%%cot") == "%%time\n%%cot"
    assert without_cot_line("") == ""


def test_frames_before_the_first_of_a_cell_are_left_out():
    def code(name: str, source: str, **names: object) -> object:
        exec(compile(source, name, "exec"), names)
        return names["f"]

    cell = code("cell", "def f():\n    inner()", inner=code("library", "def f():\n    1 / 0"))
    outer = code("ipython", "def f():\n    cell()", cell=cell)
    with pytest.raises(ZeroDivisionError) as caught:
        outer()
    names = [frame.f_code.co_filename for frame, _ in frames_of(caught.value, {"cell"})]
    assert names == ["cell", "library"]
    assert len(frames_of(caught.value, set())) == 4
