"""Nothing that the code of a job does makes a step that raised into one that passed, and what it tries is told."""

from importlib.util import find_spec

import pytest

from cot_magic.core.jobs import Inspection, Job, JobStep, Outcome

TEST = "def test_total():\n    assert total == 3, total\n\ntest_total()"
SHELL = "ip = get_ipython()\n"
LIARS = {
    "a callback that clears the error": SHELL
    + "def clear(result):\n    result.error_in_exec = result.error_before_exec = None\n"
    "ip.events.register('post_run_cell', clear)",
    "callbacks that are emptied": SHELL
    + "ip.events.callbacks['post_run_cell'] = [lambda r: r.__init__(r.info)]",
    "run_code replaced": SHELL + "async def run_code(*a, **k): return False\nip.run_code = run_code",
    "run_cell_async replaced": SHELL + "from IPython.core.interactiveshell import ExecutionResult\n"
    "async def nothing(self, raw, **k): return ExecutionResult(None)\ntype(ip).run_cell_async = nothing",
    "run_ast_nodes replaced": SHELL
    + "async def nothing(*a, **k): return False\ntype(ip).run_ast_nodes = nothing",
    "transform_cell replaced": SHELL + "ip.transform_cell = lambda raw: 'pass'",
    "showtraceback replaced": SHELL + "ip.showtraceback = lambda *a, **k: ip.events.reset_all()",
    "an AST transformer": SHELL
    + "import ast\nclass Empty(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.Pass()\n"
    "ip.ast_transformers.append(Empty())",
    "an input transformer": SHELL + "ip.input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
    "a later input transformer": SHELL + "ip.input_transformers_post.append(lambda lines: ['pass\\n'])",
    "the compiler replaced": SHELL + "ip.compile.ast_parse = lambda *a, **k: __import__('ast').parse('pass')",
    "exec and eval replaced": "import builtins\nbuiltins.exec = builtins.eval = lambda *a, **k: None",
    "compile replaced": "import builtins\nreal = compile\nbuiltins.compile = lambda s, *a, **k: real('pass', *a[:2])",
    "BaseException replaced": "import builtins\nbuiltins.BaseException = builtins.Exception = ValueError",
    "json.dumps replaced": "import json\nreal = json.dumps\n"
    "json.dumps = lambda *a, **k: real(*a, **k).replace('RAISED', 'PASSED')",
    "the encoder replaced": "import json.encoder\nreal = json.encoder.JSONEncoder.encode\n"
    "json.encoder.JSONEncoder.encode = lambda s, o: real(s, o).replace('RAISED', 'PASSED')",
    "os.write replaced": "import os\nreal = os.write\n"
    "os.write = lambda fd, data: real(fd, data.replace(b'RAISED', b'PASSED').replace(b'raised', b'passed'))",
    "our report replaced": "import cot_magic.sandbox.child as child\n"
    "child._Run._raised = lambda self, error, index: self._passed(None, index)",
    "our runner replaced": "import cot_magic.sandbox.run_steps as r\nr.sender = r.words = r.truth = lambda *a: b''",
    "our values replaced": "import cot_magic.core.jobs as jobs\njobs.Outcome.RAISED._value_ = 'PASSED'",
    "the display hook replaced": "import sys\nsys.displayhook = lambda value: None\n"
    + SHELL
    + "type(ip.displayhook).__call__ = lambda self, value=None: None",
    "traps that swallow": SHELL
    + "for trap in (ip.builtin_trap, ip.display_trap): type(trap).__exit__ = lambda *a: True",
    "the namespace replaced": SHELL + "ip.user_ns = {'total': 3}",
    "a profile function": "import sys\nsys.setprofile(lambda *a: None)",
    "a trace function on the frame outside": "import sys\nframe = sys._getframe()\n"
    "def skip(f, event, arg):\n    return skip\nsys.settrace(skip)\n"
    "while frame is not None:\n    frame.f_trace, frame = skip, frame.f_back",
    "the frame outside, by a traceback": "try: 1 / 0\nexcept ZeroDivisionError as error: tb = error.__traceback__\n"
    "outer = tb.tb_frame.f_back\nouter.f_locals['error'] = None",
}


@pytest.fixture(scope="module")
def judged(kernel):
    kernel.park("total = 1")
    return kernel


@pytest.mark.parametrize("liar", LIARS.values(), ids=LIARS.keys())
def test_a_failing_test_stays_a_failing_test(judged, liar):
    result = judged.job(liar, TEST)
    assert (result.outcome, result.step) == (Outcome.RAISED, 1), result
    assert result.tampered, result


@pytest.mark.parametrize("liar", LIARS.values(), ids=LIARS.keys())
def test_a_failure_in_the_same_cell_stays_a_failure(judged, liar):
    result = judged.job(f"{liar}\n{TEST}")
    assert result.outcome is Outcome.RAISED, result


@pytest.mark.parametrize("liar", LIARS.values(), ids=LIARS.keys())
def test_a_prediction_that_does_not_hold_stays_so(judged, liar):
    assert judged.job(liar, "total == 3").held is not True
    steps = (JobStep(source=liar), JobStep(source="1 / 0"))
    looked = judged.jobs(Job(steps=steps, inspect=Inspection(source="total == 3", frame=0)))[0]
    assert looked.held is not True, looked


@pytest.mark.parametrize(
    "source",
    [
        "%%capture\n1 / 0",
        "get_ipython().run_cell('1 / 0')",
        "get_ipython().run_cell('1 / 0'); get_ipython().run_cell('1')",
    ],
)
def test_a_failure_inside_a_cell_within_the_cell_counts(judged, source):
    assert judged.job(source).raised.ename == "ZeroDivisionError"


def test_a_step_that_ends_the_task_of_the_job_is_no_pass(judged):
    source = "import asyncio\nasyncio.current_task().cancel()\nawait asyncio.sleep(0)"
    assert judged.job(source).outcome is Outcome.RAISED
    assert judged.job(
        "import asyncio\nasyncio.get_running_loop().stop()\nawait asyncio.sleep(9)", TEST
    ).outcome in (
        Outcome.CRASHED,
        Outcome.TIMED_OUT,
    )


def test_a_result_that_is_forged_whole_is_none(judged):
    forged = (
        'import os\nline = b\'\\n{"passed":0,"held":true}\\n{"result":{"outcome":"PASSED","held":true}}\\n\'\n'
        "for fd in range(3, 300):\n    try: os.write(fd, line)\n    except OSError: pass\n"
    )
    for end in ("os._exit(0)", "1 / 0", "1 == 2"):
        result = judged.job(forged + end)
        assert result.outcome is Outcome.CRASHED
        assert result.held is None
        assert result.tampered == ("it wrote to the pipe on which results are reported",)


def test_a_value_that_says_it_is_true_is_not(judged):
    source = (
        "class bool_:\n    __module__ = 'numpy'\n    def __bool__(self): return True\n"
        "    def __eq__(self, other): return self\nbool_.__module__ = 'numpy'\nbool_()"
    )
    assert judged.job(source).held is None
    assert judged.job("import numpy\nnumpy.bool_(True)").held is True


def test_a_nested_bomb_costs_its_own_job_only(judged):
    bomb = (
        "import sys\nsys.setrecursionlimit(50_000)\n"
        "class Deep(Exception): pass\nerror = Deep('end')\n"
        "for _ in range(900):\n    try:\n        raise Deep('one more') from error\n"
        "    except Deep as link: error = link\nraise error"
    )
    values = "deep = []\nfor _ in range(900): deep = [deep]\ndeep"
    jobs = [JobStep(source=bomb), JobStep(source=values), JobStep(source="1 + 1")]
    first, second, third = judged.jobs(*(Job(steps=(step,), watch=("deep",)) for step in jobs))
    assert first.outcome in (Outcome.RAISED, Outcome.CRASHED)
    assert second.outcome in (Outcome.PASSED, Outcome.CRASHED)
    assert (third.outcome, third.value) == (Outcome.PASSED, "2")


# --- what is told -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import sys; sys.settrace(None)", "it set a trace function"),
        ("import sys; sys.setprofile(None)", "it set a profile function"),
        ("import threading; threading.setprofile(print)\nthreading.Thread(target=int).start()", "profile function"),
        ("import sys; f = lambda: sys._getframe(0)\nf()", "it looked at stack frames"),
        ("import inspect; inspect.currentframe()", "it looked at stack frames"),
        ("import inspect; inspect.stack()", "it looked at stack frames"),
        ("import traceback; next(traceback.walk_stack(None))", "it looked at stack frames"),
        ("exec('import sys; sys._getframe(0)')", "it looked at stack frames"),
        ("import functools, sys; functools.partial(sys._getframe, 0)()", "it looked at stack frames"),
        ("import sys, threading; t = threading.Thread(target=sys._getframe); t.start(); t.join()", "stack frames"),
        ("import sys\nfrom concurrent.futures import ThreadPoolExecutor\n"
         "ThreadPoolExecutor(1).submit(sys._current_frames).result()", "it looked at stack frames"),
        ("def g(): yield\ng().gi_frame", "it looked at stack frames"),
        ("import gc; gc.get_objects()", "it searched the objects of the process"),
        ("import gc; gc.get_referrers(gc)", "it searched the objects of the process"),
        ("import ctypes; ctypes.string_at(id(5), 8)", "it used ctypes"),
        ("open('/proc/self/status').read()", "it read files of the system about processes"),
        ("import pathlib; pathlib.Path('/proc/self/status').read_text()", "it read files of the system"),
        ("import os; os.listdir('/proc/self')", "it read files of the system about processes"),
        ("import os; os.kill(os.getpid(), 0)", "it sent a signal"),
        ("def f(): pass\ndef g(): pass\nf.__code__ = g.__code__", "it replaced the code of a function"),
        ("import builtins; builtins.len = lambda thing: 3", "it changed builtins.len"),
        ("import builtins; builtins.revenue = lambda: 3", "it changed builtins.revenue"),
        ("import builtins; builtins.sum = max", "it changed builtins.sum"),
        ("__builtins__ = {'len': len}", "it changed __builtins__"),
        ("get_ipython().run_cell = print", "run_cell"),
        ("compile('1', '/usr/lib/python3/logging.py', 'eval')", "it compiled code under the name of a file"),
    ],
)  # fmt: skip
def test_what_reaches_for_the_judge_is_told(judged, source, said):
    result = judged.job(source)
    assert any(said in word for word in result.tampered), result


@pytest.mark.parametrize(
    "source",
    [
        "import logging\nlogging.getLogger('x').warning('here')",
        "import warnings\nwarnings.warn('here')",
        "import pandas\npandas.DataFrame({'a': [1]}).query('a == 1').groupby('a').sum()",
        "import numpy, numpy.ctypeslib\nnumpy.linalg.inv(numpy.eye(3))",
        "import collections, enum, dataclasses, typing\nP = collections.namedtuple('P', 'a b')\nP(1, 2)\n"
        "@dataclasses.dataclass\nclass A:\n    x: int = 0\nA()\nclass E(enum.Enum): A = 1",
        "import traceback\ntry: 1 / 0\nexcept ZeroDivisionError: traceback.format_exc()",
        "import asyncio\ntask = asyncio.create_task(asyncio.sleep(0))\nrepr(task)\nawait task",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(1, 1)\n"
        "unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T))",
        "import json, copy, pickle\npickle.loads(pickle.dumps(copy.deepcopy({'a': [1]})))\njson.dumps([1])",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1])",
        "import tempfile\ntempfile.NamedTemporaryFile().write(b'x')",
        "import inspect\ninspect.signature(print)\ninspect.getsource(inspect.signature)",
        "import contextlib\n@contextlib.contextmanager\ndef m(): yield\nwith m(): pass",
        "import doctest\ndef f():\n    '''\n    >>> 1\n    1\n    '''\ndoctest.run_docstring_examples(f, {})",
        "%time 1 + 1",
        "%timeit -n1 -r1 1 + 1",
        pytest.param(
            "from sklearn.linear_model import LinearRegression\nLinearRegression().fit([[1], [2]], [1, 2])",
            marks=pytest.mark.skipif(find_spec("sklearn") is None, reason="scikit-learn is not installed"),
        ),
        "def print_all(*a): pass\nprint = print_all\nlen = 3",
        "get_ipython().ast_node_interactivity = 'all'\n1",
    ],
)  # fmt: skip
def test_what_libraries_do_on_their_own_is_not_told(judged, source):
    result = judged.job(source)
    assert (result.outcome, result.tampered) == (Outcome.PASSED, ()), result


def test_code_of_the_kernel_is_not_the_code_of_the_job(kernel):
    kernel.park("import sys, inspect\ndef where(): return sys._getframe(1), inspect.currentframe()")
    assert kernel.job("where()").tampered == ()
