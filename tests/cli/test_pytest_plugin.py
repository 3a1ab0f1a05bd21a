"""`pytest --cot` as a user runs it: real runs of pytest, real kernels, real copies."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = "cot_magic.cli.pytest_plugin"


def run(*arguments: str, cwd: Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run pytest with this plugin alone: others take seconds to load, in each copy again."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout)


def sections(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    """The lines below each failure."""
    found: list[list[str]] = []
    inside = False
    for line in done.stdout.splitlines():
        if set(line[:3]) <= {"-", "_", "="} and line[:3]:
            inside = " cot-magic " in line
            if inside:
                found.append([])
        elif inside:
            found[-1].append(line)
    return found


def write(folder: Path, **sources: str) -> None:
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)


def test_pytest_finds_it_by_its_entry_point() -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert points == {"cot-magic": PLUGIN}


def test_loading_it_loads_next_to_nothing() -> None:
    """Every run of pytest in the environment pays for it."""
    code = (
        "import sys, json, pytest; before = set(sys.modules)\n"
        f"import {PLUGIN}; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["cot_magic", "cot_magic.cli", PLUGIN]


def test_without_the_option_nothing_is_said(tmp_path: Path) -> None:
    write(tmp_path, test_a="def test_a():\n    assert [][0]\n")
    done = run("-q", cwd=tmp_path)
    assert done.returncode == 1
    assert "cot" not in done.stdout.replace(str(tmp_path), "").lower()


def test_a_wrong_option_is_one_line_and_nothing_runs(tmp_path: Path) -> None:
    write(tmp_path, test_a="open('ran', 'w')\n")
    done = run("--cot", "--cot-options", "--reasoner nobody", cwd=tmp_path)
    assert done.returncode == 4
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("ERROR: --cot-options: ")
    assert "nobody" in line
    assert not (tmp_path / "ran").exists()


def test_where_nothing_can_be_confined_one_line_says_so(tmp_path: Path) -> None:
    write(
        tmp_path,
        conftest="from cot_magic.actions.failing_test import debug\ndebug.why_not_here = lambda: 'no Landlock'\n",
        test_a="def test_a():\n    assert [][0]\n",
    )
    done = run("-q", "--cot", cwd=tmp_path)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if "cot-magic" in line]
    assert line == (
        "cot-magic: no failure is debugged here: no Landlock. `cot-magic doctor` says what to do."
    )


SHOP = """\
RATES = {"de": 19, "fr": 20}


def rate(country):
    return RATES[country]


def discount(price, percent):
    return price + price * percent / 100
"""
TESTS = """\
import pytest
import shop
from shop import rate


@pytest.fixture
def order(tmp_path):
    (tmp_path / "order.txt").write_text("de")
    return {"country": (tmp_path / "order.txt").read_text()}


def test_discount():
    assert shop.discount(200, 15) == 170
    assert shop.discount(100, 10) == 90


def test_fixture(order):
    assert rate(order["Country"]) == 19


@pytest.mark.parametrize("country", ["de", "FR"])
def test_parametrised(country):
    assert rate(country) in (19, 20)


def test_good():
    assert rate("de") == 19
"""


DEBUG = ["--cot", "--cot-options", "--reasoner offline", "--cot-time", "300"]
PROVED = "fails without it, passes with it; 2 other tests of its file passed as before."


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_fix_of_another_module_is_run_on_the_project_and_the_project_stays(tmp_path: Path) -> None:
    write(tmp_path, shop=SHOP, test_shop=TESTS)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = run(*DEBUG, "-k", "discount or good", cwd=tmp_path, timeout=890)
    assert done.returncode == 1
    (lines,) = sections(done)
    assert len(lines) <= 24
    assert "-    return price + price * percent / 100" in lines
    assert "+    return price - price * percent / 100" in lines
    assert lines[-1].endswith(PROVED)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_test_with_a_fixture_is_debugged_with_what_the_fixture_gives(tmp_path: Path) -> None:
    write(tmp_path, shop=SHOP, test_shop=TESTS)
    done = run(*DEBUG, "-k", "fixture", cwd=tmp_path, timeout=890)
    (lines,) = sections(done)
    assert len(lines) <= 24
    assert '-    assert rate(order["Country"]) == 19' in lines
    assert '+    assert rate(order["country"]) == 19' in lines
    assert lines[-1].endswith(PROVED)


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_one_case_of_a_parametrised_test_is_debugged_with_its_own_arguments(tmp_path: Path) -> None:
    write(tmp_path, shop=SHOP, test_shop=TESTS)
    done = run(*DEBUG, "-k", "parametrised", cwd=tmp_path, timeout=890)
    (lines,) = sections(done)
    assert len(lines) <= 24
    assert any("'FR'" in line or "fr" in line for line in lines), lines
    assert "in a copy" not in lines[0]  # it failed there in the same way


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_cell_that_nbval_runs_is_debugged_once_for_its_notebook(tmp_path: Path) -> None:
    pytest.importorskip("nbval")
    cells = [nbformat.v4.new_markdown_cell("# A")]
    cells += [
        nbformat.v4.new_code_cell(source) for source in ("values = [1, 2]", "total = sum(valus)", "total")
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    done = run("-p", "nbval.plugin", "--nbval-lax", *DEBUG, "n.ipynb", cwd=tmp_path, timeout=890)
    assert done.returncode == 1
    (lines,) = sections(done)
    assert "+total = sum(values)" in lines
    assert lines[0].startswith("✓ a verified fix")


CART = """\
def discount(price, percent):
    '''Take percent off.

    >>> discount(200, 15)
    170.0
    '''
    return price + price * percent / 100
"""
PARAMETRISED = """\
import pytest
from shop.cart import discount


@pytest.mark.parametrize(("price", "expected"), [(0, 0), (50, 25)], ids=["nothing", "half"])
def test_discount(price, expected):
    assert discount(price, 50) == expected


@pytest.mark.xfail
def test_expected():
    assert discount(10, 10) == 9
"""
ASYNCHRONOUS = """\
import unittest
import asyncio


class TestPrices(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.prices = {}

    async def asyncSetUp(self):
        await asyncio.sleep(0)
        self.prices["pen"] = 3

    async def test_price(self):
        await asyncio.sleep(0)
        self.assertEqual(self.prices["Pen"], 3)

    async def test_count(self):
        self.assertEqual(len(self.prices), 1)
"""
OBJECTS = """\
import unittest
from shop.order import Order


class TestOrder(unittest.TestCase):
    def setUp(self):
        self.order = Order()
        self.order.add(3, 2)

    def test_total(self):
        self.assertEqual(self.order.total(), 6)

    def test_count(self):
        self.assertEqual(len(self.order.lines), 1)
"""
ORDER = """\
class Order:
    def __init__(self):
        self.lines = []

    def add(self, price, count):
        self.lines.append((price, count))

    def total(self):
        return sum(price + count for price, count in self.lines)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_modules_of_one_name_async_tests_and_doctests_in_workers_whom_the_project_asks_for(
    tmp_path: Path,
) -> None:
    sources = {
        "shop/__init__.py": "",
        "shop/cart.py": CART,
        "tests/api/test_cart.py": PARAMETRISED,
        "tests/unit/test_cart.py": ASYNCHRONOUS,
        "pytest.ini": "[pytest]\naddopts = --import-mode=importlib --doctest-modules -n 2 --cot -x\n",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    done = run("-p", "xdist.plugin", "--maxfail=9", *DEBUG[1:], "shop", "tests", cwd=tmp_path, timeout=890)
    assert done.returncode == 1
    assert "3 failed, 2 passed, 1 xfailed" in done.stdout, done.stdout
    texts = ["\n".join(lines) for lines in sections(done)]
    assert "not debugged: it is a DoctestItem; only test functions and cells that nbval runs are." in texts
    (discount,) = (text for text in texts if "shop/cart.py" in text)
    assert "+    return price - price * percent / 100" in discount
    assert discount.endswith("fails without it, passes with it; 1 other test of its file passed as before.")
    (price,) = (text for text in texts if "tests/unit/test_cart.py" in text)
    assert '+        self.assertEqual(self.prices["pen"], 3)' in price
    assert price.endswith("fails without it, passes with it; 1 other test of its file passed as before.")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_object_that_set_up_made_is_made_anew_where_its_class_is_edited(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    write(tmp_path, **{"shop/__init__": "", "shop/order": ORDER, "test_order": OBJECTS})
    done = run(*DEBUG, cwd=tmp_path, timeout=890)
    (lines,) = sections(done)
    assert "+        return sum(price * count for price, count in self.lines)" in lines
    assert lines[-1].endswith("fails without it, passes with it; 1 other test of its file passed as before.")


def test_no_cot_wins_over_the_options_of_the_project(tmp_path: Path) -> None:
    write(tmp_path, test_a="def test_a():\n    assert [][0]\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --cot\n")
    done = run("-q", "--no-cot", cwd=tmp_path)
    assert done.returncode == 1
    assert sections(done) == []
