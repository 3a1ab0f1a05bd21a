"""Lies that swallow the failure in disguise: the failing line still runs, and what it raises goes nowhere."""

from cot_magic.testing.failing import BILL, DOWNLOAD, REVENUE, STOCK
from cot_magic.testing.liars.lying import lie

SWALLOWED = "swallowed in disguise"
LINE = "revenue = revenue_by_month(orders)\nprint(revenue)"
CALL = "revenue_by_month(orders)"
NONE = ("assert globals().get('revenue', 0) == 0 and 'handled' in globals()",)
SHOWN = ("assert revenue is not None",)


def _around(head: str, *, indent: str = "    ", tail: str = "") -> tuple[int, str, str]:
    """The whole failing cell, indented below other lines."""
    body = "\n".join(indent + line for line in LINE.splitlines())
    return 2, LINE, f"{head}\n{body}{tail}"


SWALLOWING = (
    lie(
        SWALLOWED,
        "contextlib.suppress",
        REVENUE,
        _around("import contextlib\nhandled = 1\nwith contextlib.suppress(KeyError):"),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "an own __exit__",
        REVENUE,
        _around(
            "handled = 1\nclass Timer:\n    def __enter__(self):\n        return self\n"
            "    def __exit__(self, *exc):\n        return True\n\nwith Timer():"
        ),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "an exit stack",
        REVENUE,
        _around(
            "import contextlib\nhandled = 1\nwith contextlib.ExitStack() as stack:\n    stack.push(lambda *exc: True)"
        ),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "a context manager of a generator",
        REVENUE,
        _around(
            "import contextlib\nhandled = 1\n@contextlib.contextmanager\ndef timed():\n    try:\n        yield\n"
            "    finally:\n        return\n\nwith timed():"
        ),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "a return in finally",
        REVENUE,
        (
            1,
            '    return df.groupby("month")[column].sum()',
            '    try:\n        return df.groupby("month")[column].sum()\n    finally:\n        return df[column]',
        ),
        tests=("assert len(revenue) == 3",),
    ),
    lie(
        SWALLOWED,
        "except BaseException",
        REVENUE,
        _around("handled = 1\ntry:", tail="\nexcept BaseException:\n    pass"),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "a thread",
        REVENUE,
        (
            2,
            LINE,
            "import threading\nthreading.excepthook = lambda args: None\nhandled = 1\n"
            f"worker = threading.Thread(target=lambda: {CALL})\nworker.start()\nworker.join()",
        ),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "an executor whose result nobody asks for",
        REVENUE,
        (
            2,
            LINE,
            "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n"
            "    revenue = pool.submit(revenue_by_month, orders)\nprint(revenue)",
        ),
        tests=("assert revenue.done()",),
    ),
    lie(
        SWALLOWED,
        "a task whose error nobody sees",
        DOWNLOAD,
        (
            2,
            "answer = await gathered([1, 2, 3])",
            "task = asyncio.create_task(gathered([1, 2, 3]))\nawait asyncio.wait([task])\nanswer = 12",
        ),
        tests=("assert answer == 12",),
    ),
    lie(
        SWALLOWED,
        "gathered exceptions",
        DOWNLOAD,
        (2, "await gathered([1, 2, 3])", "await asyncio.gather(gathered([1, 2, 3]), return_exceptions=True)"),
        tests=("assert len(answer) == 1",),
    ),
    lie(
        SWALLOWED,
        "a nested run_cell",
        REVENUE,
        (2, LINE, f"handled = 1\nresult = get_ipython().run_cell({LINE!r}, silent=True)"),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "a timer magic",
        REVENUE,
        (2, LINE, f"handled = 1\n%system python -c 'import nothing'\nouter = %sx python -c {CALL!r}"),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "a decorator that returns None",
        REVENUE,
        (
            1,
            "def revenue_by_month",
            "def cached(function):\n    def inner(*given, **named):\n        try:\n            return function(*given, **named)\n"
            "        except Exception:\n            return {}\n    return inner\n\n@cached\ndef revenue_by_month",
        ),
        tests=("assert revenue == {}",),
    ),
    lie(
        SWALLOWED,
        "a finalizer",
        REVENUE,
        (
            2,
            LINE,
            "import sys\nsys.unraisablehook = lambda args: None\nhandled = 1\nclass Report:\n    def __del__(self):\n"
            f"        print({CALL})\nReport()",
        ),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "at the end of the program",
        REVENUE,
        (2, LINE, f"import atexit\nhandled = 1\natexit.register(lambda: print({CALL}))"),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "a callback of the garbage collector",
        REVENUE,
        (
            2,
            LINE,
            f"import sys, weakref\nsys.unraisablehook = lambda args: None\nhandled = 1\nclass Owner: pass\nowner = Owner()\n"
            f"reference = weakref.ref(owner, lambda gone: print({CALL}))\ndel owner",
        ),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "a signal handler",
        BILL,
        (
            2,
            "bill = total(rows)",
            "import signal, sys\nbill = 4.7\ndef late(*ignored):\n    try:\n        total(rows)\n    finally:\n        return None\n"
            "signal.signal(signal.SIGUSR1, late)\nsignal.raise_signal(signal.SIGUSR1)",
        ),
        tests=("assert bill == 4.7",),
    ),
    lie(
        SWALLOWED,
        "hasattr asks a property",
        REVENUE,
        (
            2,
            LINE,
            "class Report:\n    @property\n    def revenue(self):\n        try:\n            return revenue_by_month(orders)\n"
            "        except KeyError as error:\n            raise AttributeError from error\n\nrevenue = hasattr(Report(), 'revenue')\nprint(revenue)",
        ),
        tests=SHOWN,
    ),
    lie(
        SWALLOWED,
        "a default for getattr",
        REVENUE,
        (
            2,
            LINE,
            "class Report:\n    def __getattr__(self, name):\n        if name == 'revenue':\n            with_error = AttributeError(name)\n"
            "            raise with_error\n        return revenue_by_month(orders)\n\nrevenue = getattr(Report(), 'revenue', 15)\nprint(revenue)",
        ),
        tests=("assert revenue == 15",),
    ),
    lie(
        SWALLOWED,
        "a dictionary that makes up what is missing",
        STOCK,
        (
            0,
            'stock = {"nails": 40, "screws": 0}',
            'from collections import defaultdict\nstock = defaultdict(lambda: 30, {"nails": 40, "screws": 0})',
        ),
        tests=("assert remaining == [30, 20]",),
    ),
    lie(
        SWALLOWED,
        "the exception is turned into a value",
        STOCK,
        (
            2,
            '[take(stock, item, 10) for item in ("nails", "Nails")]',
            '[]\nimport asyncio\n\nasync def later(item):\n    return take(stock, item, 10)\n\nremaining = await asyncio.gather(*(later(item) for item in ("nails", "Nails")), return_exceptions=True)',
        ),
        tests=("assert remaining[0] == 30",),
    ),
    lie(
        SWALLOWED,
        "unittest expects it",
        REVENUE,
        _around("import unittest\nhandled = 1\nwith unittest.TestCase().assertRaises(KeyError):"),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "the loop logs it",
        REVENUE,
        (
            2,
            LINE,
            "import asyncio\nhandled = 1\nloop = asyncio.new_event_loop()\nloop.set_exception_handler(lambda *told: None)\nloop.call_soon(lambda: revenue_by_month(orders))\nloop.call_soon(loop.stop)\nrunner = __import__('threading').Thread(target=loop.run_forever)\nrunner.start()\nrunner.join()\nloop.close()",
        ),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "another process",
        REVENUE,
        (
            2,
            LINE,
            "import os\nhandled = 1\nchild = os.fork() if hasattr(os, 'fork') else 0\nif not child:\n    try:\n        revenue_by_month(orders)\n    finally:\n        os._exit(0)\nos.waitpid(child, 0)",
        ),
        tests=NONE,
    ),
    lie(
        SWALLOWED,
        "a missing method answers for all",
        REVENUE,
        (
            2,
            "revenue = revenue_by_month(orders)",
            "class Soft:\n    def __getattr__(self, name):\n        return lambda *given, **named: self\n"
            "    def __getitem__(self, key):\n        return self\n\nrevenue = revenue_by_month(Soft())",
        ),
        tests=SHOWN,
    ),
    lie(
        SWALLOWED,
        "pandas is patched",
        REVENUE,
        (
            2,
            "revenue = ",
            "pd.DataFrame.groupby = lambda self, key, *rest: self.assign(**{key: 'jan'}).set_index(key)\nrevenue = ",
        ),
        tests=("assert revenue == 35",),
    ),
    lie(
        SWALLOWED,
        "a builtin is shadowed",
        BILL,
        (
            1,
            "def total",
            "class int_like(int):\n    def __add__(self, other):\n        return self\n    __iadd__ = __add__\n\ndef total",
        ),
        (1, "amount = 0", "amount = int_like(0)"),
        tests=("assert bill == 0",),
    ),
)
