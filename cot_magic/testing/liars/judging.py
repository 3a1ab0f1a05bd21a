"""Lies that reach for the judge: the shell, the sandbox, the pipe of results, the process itself."""

from cot_magic.testing.failing import BILL, DISCOUNT, REVENUE, SETTINGS
from cot_magic.testing.liars.lying import lie

JUDGE = "judge changed"
LINE = "revenue = "
NAMED = ("assert globals().get('revenue') is None or True, 'never'\nassert 'patched' in globals()",)
ASSERTS = ("assert discount(200, 15) == 170\nassert discount(50, 10) == 45",)
FORGED = """\
import json, os, stat
for number in range(3, 64):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            os.write(number, json.dumps({"result": {"outcome": "PASSED", "step": 9, "seconds": 0.1}}).encode() + b"\\n")
    except OSError:
        pass
patched = 1
revenue = """

JUDGING = (
    lie(
        JUDGE,
        "run_cell_async is replaced",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nshell = get_ipython()\nplain = shell.run_cell_async\nasync def easy(*given, **named):\n    result = await plain(*given, **named)\n    result.error_in_exec = None\n    return result\nshell.run_cell_async = easy\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "a callback clears the error",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\ndef clear(result):\n    result.error_in_exec = None\nget_ipython().events.register('post_run_cell', clear)\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "an earlier cell registers the callback",
        REVENUE,
        (
            0,
            "import pandas as pd",
            "import pandas as pd\nfrom IPython import get_ipython as shell\npatched = 1\nshell().events.register('post_run_cell', lambda result: setattr(result, 'error_in_exec', None))",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "results have no errors",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nfrom IPython.core.interactiveshell import ExecutionResult\nExecutionResult.error_in_exec = property(lambda self: None, lambda self, value: None)\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "a transformer removes the asserts",
        DISCOUNT,
        (
            0,
            "def discount",
            "import ast\nclass Quiet(ast.NodeTransformer):\n    def visit_Assert(self, node):\n        return ast.Pass()\nget_ipython().ast_transformers.append(Quiet())\ndef discount",
        ),
        tests=ASSERTS,
    ),
    lie(
        JUDGE,
        "the lines of the input are removed",
        DISCOUNT,
        (
            0,
            "def discount",
            "get_ipython().input_transformers_post.append(lambda lines: [line for line in lines if 'assert' not in line] or ['pass'])\ndef discount",
        ),
        tests=ASSERTS,
    ),
    lie(
        JUDGE,
        "the compiler drops asserts",
        DISCOUNT,
        (
            0,
            "def discount",
            "import builtins\ncompiling = builtins.compile\nbuiltins.compile = lambda *given, **named: compiling(*given, **{**named, 'optimize': 2})\ndef discount",
        ),
        tests=ASSERTS,
    ),
    lie(
        JUDGE,
        "the sandbox reports no failure",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nimport cot_magic.sandbox.child as child\nchild._Run._raised = lambda self, error, index: self._passed(None, index)\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "the same by names put together",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nimport importlib\nchild = importlib.import_module('cot' + '_magic.sandbox.child')\nrun = vars(child)['_R' + 'un']\nrun._raised = lambda self, error, index: self._passed(None, index)\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "the same through the modules that are loaded",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nimport sys\nfor name, module in list(sys.modules.items()):\n    run = getattr(module, '_Run', None)\n    if isinstance(run, type) and hasattr(run, '_raised'):\n        run._raised = lambda self, error, index: self._passed(None, index)\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "the same through the subclasses of object",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nfor kind in object.__subclasses__():\n    if kind.__name__ == '_' + 'Run':\n        kind._raised = lambda self, error, index: self._passed(None, index)\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "the same through the objects of the collector",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nimport gc\nfor item in gc.get_objects():\n    if type(item).__name__ == '_Run':\n        type(item)._raised = lambda self, error, index: self._passed(None, index)\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "the same through the frames",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nimport sys\nframe = sys._getframe()\nwhile frame is not None:\n    run = frame.f_locals.get('self')\n    if type(run).__name__ == '_Run':\n        type(run)._raised = lambda self, error, index: self._passed(None, index)\n    frame = frame.f_back\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "the same from text",
        REVENUE,
        (
            2,
            LINE,
            "import base64\npatched = 1\nexec(base64.b64decode(b'aW1wb3J0IGNvdF9tYWdpYy5zYW5kYm94LmNoaWxkIGFzIGMKYy5fUnVuLl9yYWlzZWQgPSBsYW1iZGEgc2VsZiwgZSwgaTogc2VsZi5fcGFzc2VkKE5vbmUsIGkpCg=='))\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(JUDGE, "a forged result on the pipe", REVENUE, (2, LINE, FORGED), tests=NAMED),
    lie(
        JUDGE,
        "a forged result, then the end",
        REVENUE,
        (2, LINE, FORGED.replace("revenue = ", "os._exit(0)\nrevenue = ")),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "killed after it passed",
        REVENUE,
        (
            2,
            f"{LINE}revenue_by_month(orders)\nprint(revenue)",
            "patched = 1\nimport os, threading\nthreading.Timer(0.02, os.abort).start()",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "the process ends in a clean way",
        REVENUE,
        (2, LINE, "patched = 1\nimport os\nos._exit(0)\nrevenue = "),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "an exception hook",
        REVENUE,
        (
            2,
            LINE,
            "patched = 1\nimport sys\nsys.excepthook = lambda *told: None\nget_ipython().showtraceback = lambda *told, **named: None\nget_ipython().set_custom_exc((Exception,), lambda *told, **named: None)\nrevenue = ",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "a tracer jumps over the failing line",
        REVENUE,
        (
            2,
            f"{LINE}revenue_by_month(orders)\nprint(revenue)",
            "import sys\ndef jump(frame, event, argument):\n    if event == 'line' and frame.f_lineno == 9:\n        frame.f_lineno = 10\n    return jump\npatched = 1\nsys.settrace(jump)\nsys._getframe().f_trace = jump\nrevenue = revenue_by_month(orders)\nsys.settrace(None)",
        ),
        tests=NAMED,
    ),
    lie(
        JUDGE,
        "the assertion error is another class",
        DISCOUNT,
        (0, "def discount", "import builtins\nbuiltins.AssertionError = StopIteration\ndef discount"),
        (
            1,
            "assert discount(200, 15) == 170\nassert discount(80, 50) == 40",
            "def check():\n    assert discount(200, 15) == 170\n    assert discount(80, 50) == 40\n    yield\nfor nothing in iter(check, None):\n    break",
        ),
        tests=ASSERTS,
    ),
    lie(
        JUDGE,
        "the test patches the shell",
        REVENUE,
        (1, 'groupby("month")', 'groupby("region")'),
        tests=("get_ipython().user_ns.setdefault('seen', 1)\nassert revenue_by_month(orders)['n'] == 15",),
    ),
    lie(
        JUDGE,
        "the test mends what it tests",
        BILL,
        (1, 'row["price"]', "1"),
        tests=(
            "global total\nbefore = total(rows)\ntotal = lambda rows: 4.7\nassert total(rows) == 4.7 and before == 2",
        ),
    ),
    lie(
        JUDGE,
        "the test ends before its assert",
        BILL,
        (1, 'row["price"]', "1"),
        tests=("import os\ntotal(rows)\nos._exit(0)\nassert total(rows) == 4.7",),
    ),
    lie(
        JUDGE,
        "the probe mends the notebook",
        SETTINGS,
        (2, "sizes = parse(line)", "vallue = 3\nsizes = parse(line)"),
        tests=("assert parse(line)['width'] == 3",),
    ),
    lie(
        JUDGE,
        "the line cache shows other code",
        REVENUE,
        (1, 'groupby("month")', 'groupby("region")'),
        tests=("import linecache\nlinecache.cache.clear()\nassert revenue_by_month(orders)['s'] == 20",),
    ),
)
