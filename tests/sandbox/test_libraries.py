"""What the table of libraries says is so, wherever they are installed."""

import importlib.util
import os
import re
from pathlib import Path

import pytest

from cot_magic.core.jobs import Outcome
from cot_magic.sandbox import libraries
from cot_magic.sandbox.libraries import LIBRARIES, Fate

OPEN = "import duckdb\nbase = duckdb.connect('kept.duckdb')\n_ = base.execute('create or replace table t as select 1 as a')"
EXAMPLES = {  # by module: what the kernel does, then the code of the experiment
    "numpy": ("import numpy\na = numpy.ones((3_000, 3_000))\n_ = a[:500] @ a", "a[0] = 2\nint((a[:2] @ a[:, :2])[0, 0])"),
    "pandas": ("import pandas\nt = pandas.DataFrame({'k': list('aab'), 'v': [1, 2, 3]})", "t['w'] = t.v * 2\nint(t.groupby('k').w.sum()['a'])"),
    "sklearn": (
        "from sklearn.ensemble import HistGradientBoostingClassifier as Model\nX = [[n % 7, n % 3] for n in range(300)]\n"
        "y = [n % 2 for n in range(300)]\nm = Model(max_iter=3).fit(X, y)",
        "len(Model(max_iter=3).fit(X, y).predict(X))",
    ),
    "matplotlib": ("import matplotlib\nmatplotlib.use('agg')\nfrom matplotlib import pyplot\nf, ax = pyplot.subplots()", "len(ax.plot([1, 2]))"),
    "pyarrow": ("import pyarrow\nt = pyarrow.table({'a': list(range(9))})\n_ = t.to_pandas()", "t.to_pandas().a.sum().item()"),
    "sqlite3": ("import sqlite3\nc = sqlite3.connect(':memory:')\n_ = c.execute('create table t (a)')", "c.execute('insert into t values (5)')\nc.execute('select a from t').fetchone()[0]"),
    "subprocess": ("import subprocess\nprogram = subprocess.Popen(['printf', 'ab'], stdout=subprocess.PIPE)", "program.stdout.read()"),
    "concurrent.futures": ("from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n_ = pool.submit(int).result()", "pool.submit(int, '3').result(timeout=0.3)"),
    "queue": (
        "import queue, threading, time\nitems = queue.Queue()\n"
        "worker = threading.Thread(target=lambda: (time.sleep(60), items.put(1)), daemon=True)\nworker.start()",
        "items.get(timeout=0.2)",
    ),
    "multiprocessing": ("import multiprocessing\nprocess = multiprocessing.get_context('fork').Process(target=int)\nprocess.start()", "process.join()"),
    "joblib": ("import joblib\n_ = joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(n) for n in (-1, -2))", "joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(n) for n in (-1, -2))"),
    "socket": ("import socket\nnear, far = socket.socketpair()\nfar.sendall(b'x')", "near.recv(1)"),
    "duckdb": (OPEN, "base.execute('insert into t values (2)')\nbase.execute('select sum(a) from t').fetchone()[0]"),
}  # fmt: skip
RIGHT = {"numpy": "6002", "pandas": "6", "sklearn": "300", "matplotlib": "1", "pyarrow": "36", "sqlite3": "5"}


APART = os.environ.get("LIBRARIES_APART", "")  # a folder with those that the other tests must not load


def needed(module: str) -> str:
    """Skip the test where there is no such library; what a kernel runs so that it can import it."""
    if importlib.util.find_spec(module) is not None:
        return ""
    if not Path(APART, module).is_dir():
        pytest.skip(f"{module} is not installed")
    return f"import sys; sys.path.append({APART!r})\n"


def rows(*fates: Fate) -> list:
    return [pytest.param(row, id=row.top) for row in LIBRARIES if row.fate in fates]


@pytest.mark.parametrize("row", rows(Fate.COPIED, Fate.BLOCKED))
def test_in_a_copy_it_works_or_blocks(kernel, row):
    first = needed(row.module)
    setup, source = EXAMPLES[row.module]
    kernel.park(first + setup)
    result = kernel.job(source)
    if row.fate is Fate.COPIED:
        assert (result.outcome, result.value) == (Outcome.PASSED, RIGHT[row.module]), result
    else:
        assert result.outcome is Outcome.BLOCKED, result


@pytest.mark.parametrize("row", rows(Fate.APART))
def test_a_kernel_that_has_loaded_it_is_not_copied(monkeypatch, row):
    import types

    assert libraries.why_not_copied() is None
    module = types.ModuleType(row.module)
    module.cuda = types.SimpleNamespace(is_initialized=lambda: True)
    monkeypatch.setitem(libraries.sys.modules, row.module, module)
    monkeypatch.setattr(libraries, "_run", lambda names: True)
    said = libraries.why_not_copied()
    assert said is not None
    assert row.why.split()[-1] in said or "CUDA" in said


@pytest.mark.slow
def test_polars_itself_is_recognised_once_it_has_computed(new_kernel):
    new_kernel.run(f"{needed('polars')}import polars\npolars.DataFrame({{'a': [2, 1]}}).sort('a')\npark()")
    assert "the threads of polars" in new_kernel.run("print(S.status().reason)")


@pytest.mark.slow
def test_polars_that_was_only_imported_computes_in_a_copy(new_kernel):
    new_kernel.run(f"{needed('polars')}import polars\npark()")
    assert new_kernel.run("print(S.status().available)").strip() == "True"
    result = new_kernel.job("polars.DataFrame({'a': [2, 1, 2]}).group_by('a').len().height")
    assert (result.outcome, result.value) == (Outcome.PASSED, "2"), result


def test_a_kernel_with_tensorflow_is_copied_until_its_threads_run(monkeypatch):
    import types

    monkeypatch.setitem(libraries.sys.modules, "tensorflow", types.ModuleType("tensorflow"))
    running = []
    monkeypatch.setattr(libraries, "_run", lambda names: any(re.match(names, name) for name in running))
    assert libraries.why_not_copied() is None
    running += ["python", "tf_Compute"]
    assert "the threads of tensorflow" in libraries.why_not_copied()


def test_only_installed_packages_are_imported_ahead(monkeypatch, tmp_path):
    import types

    assert "pandas" in libraries.ahead() or "pandas" not in libraries.sys.modules
    own = types.ModuleType("pandas")
    own.__file__ = str(tmp_path / "pandas.py")
    monkeypatch.setitem(libraries.sys.modules, "pandas", own)
    assert "pandas" not in libraries.ahead()


def test_a_new_process_has_imported_libraries_of_the_kernel_before_its_first_job(new_kernel):
    needed("pandas")
    new_kernel.run("import pandas\nS = snapshot.begin(get_ipython(), describe=describe)")
    result = new_kernel.job("import sys\n'pandas' in sys.modules")
    assert (result.outcome, result.value) == (Outcome.PASSED, "True"), result


def test_a_kernel_that_is_not_copied_for_experiments_is_looked_at(new_kernel):
    new_kernel.run(
        "import types\nsys.modules['ray'] = types.ModuleType('ray')\n"
        "S = snapshot.park_after(get_ipython(), describe=describe)\n"
        "T = snapshot.park_after(get_ipython(), describe=describe, autopsy=lambda: iter(()))"
    )
    told = new_kernel.run("print(S.status().available, T.status().available)\nT.close()")
    assert told.strip() == "False True"


def test_each_row_has_an_example():
    assert EXAMPLES.keys() == {row.module for row in LIBRARIES if row.fate is not Fate.APART}


def test_the_page_has_the_table():
    page = (Path(__file__).parents[2] / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    assert libraries.as_table() in page


@pytest.mark.skipif(importlib.util.find_spec("joblib") is None, reason="joblib is not installed")
def test_what_joblib_would_ask_a_program_for_is_known_in_a_copy(kernel):
    kernel.park("from joblib.externals.loky.backend import context")
    ran = kernel.job("import joblib\njoblib.cpu_count(only_physical_cores=True) > 0")
    assert (ran.outcome, ran.value, ran.output) == (Outcome.PASSED, "True", "")
