"""A failing test as cells, and edits of its cells as edits of its files. No kernel runs here."""

import ast
import asyncio
import textwrap
from pathlib import Path

import pytest

from cot_magic.actions.failing_test.assertions import as_statements
from cot_magic.actions.failing_test.failing import FailingTest, ProjectModule
from cot_magic.actions.failing_test.live import _called
from cot_magic.actions.failing_test.rebuilt_test import cells_of
from cot_magic.actions.failing_test.source import (
    SourceCell,
    applied,
    body_cell,
    can_be_a_body,
    in_order_of_imports,
    in_words_of_files,
    module_cell,
)
from cot_magic.actions.failing_test.stage import outside_the_loop
from cot_magic.core.errors import UsageError

SHOP = """\
from pathlib import Path

HERE = Path(__file__).parent
NAME = __name__


def discount(price, percent):
    return price + price * percent / 100
"""
TESTS = """\
import pytest
import shop
from shop import discount


@pytest.fixture
def price():
    return 200


def test_discount(price):
    got = discount(price, 15)
    assert got == shop.discount(200, 15)


def test_other():
    assert True
"""


def project(folder: Path, **sources: str) -> None:
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)


def failing(folder: Path, function: str, line: int, **more: object) -> FailingTest:
    given: dict[str, object] = {
        "root": str(folder),
        "test_id": f"test_shop.py::{function}",
        "module": ProjectModule(name="test_shop", path=str(folder / "test_shop.py")),
        "function": function,
        "firstlineno": line,
        "ename": "AssertionError",
        "modules": (ProjectModule(name="shop", path=str(folder / "shop.py")),),
        "path": (str(folder),),
    }
    return FailingTest(**{**given, **more})  # type: ignore[arg-type]


def test_a_test_becomes_the_cells_of_what_it_runs_through_and_its_own_body(tmp_path: Path) -> None:
    project(tmp_path, shop=SHOP, test_shop=TESTS)
    test = failing(tmp_path, "test_discount", 11, arguments=("price",), arranged=True)
    enter, shop, shown, own, arranged, body = cells_of(test, str(tmp_path))
    assert (enter.path, shown.path, arranged.path) == ("", "", "")
    assert shop.path == "shop.py"
    assert f"HERE = Path({str(tmp_path / 'shop.py')!r}).parent" in shop.source
    assert "NAME = 'shop'" in shop.source
    assert "from shop import discount" not in own.source  # it is the function of the other cell
    assert "def test_" not in own.source
    assert len(own.source.split("\n")) == len(TESTS.splitlines())  # line for line
    assert arranged.source.startswith("price = ")
    assert body.source == "got = discount(price, 15)\nassert got == discount(200, 15)"
    assert (body.start, body.indent) == (11, "    ")


def test_an_edit_of_a_cell_is_an_edit_of_its_file(tmp_path: Path) -> None:
    project(tmp_path, shop=SHOP, test_shop=TESTS)
    test = failing(tmp_path, "test_discount", 11, arguments=("price",), arranged=True)
    _, shop, _, own, _, body = cells_of(test, str(tmp_path))
    edited = shop.source.replace("price + price", "price - price").replace("NAME = ", "NAME = 'a' + ")
    assert applied(SHOP, shop, edited) == SHOP.replace("price + price", "price - price").replace(
        "NAME = ", "NAME = 'a' + "
    )
    edited = body.source.replace("discount(200, 15)", "discount(200, 20)")
    assert applied(TESTS, body, edited) == TESTS.replace("shop.discount(200, 15)", "shop.discount(200, 20)")
    assert applied(TESTS, own, own.source) == TESTS
    with pytest.raises(UsageError, match="not the same"):
        applied(TESTS, own, "\n".join(["x = 1"] * len(own.source.splitlines())))


@pytest.mark.parametrize(
    ("line", "relative", "expected"),
    [
        ("from . import rates", "rates", "from shop.eu import rates"),
        ("from .rates import vat", "rates", "from shop.eu.rates import vat"),
        ("from ..money import round_up", "money", "from shop.money import round_up"),
        ("é = 1; from ..money import round_up", "money", "é = 1; from shop.money import round_up"),
    ],
)
def test_relative_imports_name_the_same_module(line: str, relative: str, expected: str) -> None:
    module = ProjectModule(name="shop.eu.vat", path="/p/shop/eu/vat.py")
    cell = module_cell(module, "shop/eu/vat.py", line, here="/c/vat.py", cells={})
    assert cell.source == expected
    assert applied(line, cell, f"{cell.source}  # why") == f"{line}  # why"


@pytest.mark.parametrize(
    ("body", "is_body"),
    [
        ("assert 1 == 2", True),
        ("def inner():\n    return 1\nassert inner() == 2", True),
        ("if x:\n    return\nassert 0", False),
        ("yield 1", False),
        ("nonlocal x\nassert x", False),
        ("text = '''a\n    b'''\nassert text", False),
        ("super().check()", False),
    ],
)
def test_a_body_that_would_do_something_else_in_a_cell_is_called(body: str, is_body: bool) -> None:
    if "nonlocal" in body:
        (outer,) = ast.parse(f"def f(x):\n def g():\n{textwrap.indent(body, '  ')}").body
        assert isinstance(outer, ast.FunctionDef)
        (function,) = outer.body
    else:
        (function,) = ast.parse(f"def f():\n{textwrap.indent(body, '    ')}").body
    assert isinstance(function, ast.FunctionDef)
    assert can_be_a_body(function) is is_body


def test_a_decorated_test_and_one_whose_names_are_taken_are_called(tmp_path: Path) -> None:
    decorated = "import functools\n\n\n@functools.lru_cache\ndef test_a():\n    assert 0\n"
    project(tmp_path, shop=SHOP, test_shop=decorated)
    assert cells_of(failing(tmp_path, "test_a", 4), str(tmp_path))[-1].source == "test_a()"
    project(tmp_path, test_shop="from shop import discount\n\n\ndef test_a():\n    HERE = 1\n    assert 0\n")
    cells = cells_of(failing(tmp_path, "test_a", 4), str(tmp_path))
    assert cells[-1].source == "test_a()"
    assert "def test_a" in cells[-2].source
    method = "class TestA:\n    def test_a(self, x):\n        return 1\n"
    project(tmp_path, test_shop=method)
    test = failing(tmp_path, "TestA.test_a", 2, arguments=("self", "x"), arranged=True)
    *_, arranged, last = cells_of(test, str(tmp_path))
    assert arranged.source.startswith("self, x = ")
    assert last.source == "self.test_a(x=x)"


def test_a_module_whose_names_are_others_in_the_test_is_no_cell(tmp_path: Path) -> None:
    project(tmp_path, shop=SHOP, test_shop="def discount():\n    pass\n\n\ndef test_a():\n    assert 0\n")
    assert "shop.py" not in [cell.path for cell in cells_of(failing(tmp_path, "test_a", 5), str(tmp_path))]


def test_a_test_that_is_not_in_its_source_is_refused(tmp_path: Path) -> None:
    project(tmp_path, shop=SHOP, test_shop=TESTS)
    with pytest.raises(UsageError, match="was not found"):
        cells_of(failing(tmp_path, "test_made_up", 3), str(tmp_path))
    project(tmp_path, test_shop="def test_a(:\n")
    with pytest.raises(UsageError, match="cannot be read"):
        cells_of(failing(tmp_path, "test_a", 1), str(tmp_path))


def test_modules_come_after_those_that_they_import() -> None:
    sources = {"a": "import b\nfrom c import x", "b": "from c import y", "c": "import a", "d": ""}
    modules = [ProjectModule(name=name, path="") for name in sources]
    found = in_order_of_imports(modules, [ast.parse(source) for source in sources.values()])
    assert [module.name for module in found] == ["c", "b", "a", "d"]


def test_a_body_keeps_what_belongs_to_the_file_only() -> None:
    text = "import shop as s\n\n\ndef test_a():\n\tassert s.total(1) == 2\n"
    function = ast.parse(text).body[1]
    assert isinstance(function, ast.FunctionDef)
    cell = body_cell("t.py", text, function, cells={"shop": {"total"}})
    assert cell == SourceCell(
        path="t.py", source="assert total(1) == 2", start=4, indent="\t", swapped=(("s.total", "total"),)
    )
    assert applied(text, cell, "assert total(1) == 3") == text.replace("2", "3")


def test_what_is_said_of_cells_is_said_of_files() -> None:
    cells = [
        SourceCell(path="", source=""),
        SourceCell(path="shop.py", source=""),
        SourceCell(path="test_shop.py", source="", start=11),
    ]
    for said, expected in [
        ("Replace it (line 5 of cell [2]).", "Replace it (shop.py, line 5)."),
        ("KeyError in cell [3], line 2: x", "KeyError in test_shop.py, line 13: x"),
        ("made in cell [1], then cell [9]", "made in the setup of the test, then the setup of the test"),
        ("It may be in line 4.", "It may be in shop.py, line 4."),
        ("no place", "no place"),
    ]:
        assert in_words_of_files(said, cells, 1) == expected


def test_in_a_package_too_an_absolute_import_names_the_module_itself() -> None:
    module = ProjectModule(name="tests.unit.test_shop", path="/p/tests/unit/test_shop.py")
    text = "from shop.cart import Cart\nfrom shop.cart import gone\n"
    cell = module_cell(module, "tests/unit/test_shop.py", text, here="/c", cells={"shop.cart": {"Cart"}})
    assert cell.source == "\nfrom shop.cart import gone"


ASYNC = """\
import unittest


class TestShop(unittest.IsolatedAsyncioTestCase):
    async def test_rate(self):
        return await super().rate()
"""


def test_a_coroutine_that_is_called_is_awaited_and_what_sets_it_up_runs_before(tmp_path: Path) -> None:
    project(tmp_path, shop=SHOP, test_shop=ASYNC)
    test = failing(
        tmp_path,
        "TestShop.test_rate",
        5,
        arguments=("self",),
        arranged=True,
        sets_up=("self.setUp()", "await self.asyncSetUp()"),
        options=("-q", "--no-cot"),
    )
    *_, arranged, call = cells_of(test, str(tmp_path))
    assert arranged.source.splitlines()[1:] == ["self.setUp()", "await self.asyncSetUp()"]
    assert "['-q', '--no-cot']" in arranged.source
    assert call.source == "await self.test_rate()"


@pytest.mark.parametrize(
    ("call", "statement"),
    [
        ("self.assertEqual(f(200, 15), 170)", "assert f(200, 15) == 170"),
        ("self.assertIn(a or b, (1, 2))  # why", "assert (a or b) in (1, 2)  # why"),
        ("é = 1; self.assertLessEqual(a, [é])", "é = 1; assert a <= [é]"),
        ("self.assertFalse(a == b)", "assert not (a == b)"),
        ("if a:\n    self.assertTrue(await f())", "if a:\n    assert (await f())"),
        ("with self.subTest(1): self.assertIs(a, None)", "with self.subTest(1): assert a is None"),
    ],
)
def test_an_assertion_of_unittest_is_a_statement(call: str, statement: str) -> None:
    source, lines = as_statements(call, "self")
    assert source == statement
    assert lines == {statement.count("\n")}


@pytest.mark.parametrize(
    "call",
    [
        "self.assertEqual(a, b, 'why')",
        "self.assertEqual(a, second=b)",
        "self.assertEqual(*pair)",
        "self.assertEqual(\n    a, b\n)",
        "other.assertEqual(a, b)",
        "self.assertRaises(KeyError, f)",
        "found = self.assertTrue(a)",
        "self.assertTrue(",
    ],
)
def test_any_other_call_stays_as_it_is(call: str) -> None:
    assert as_statements(call, "self") == (call, frozenset())


UNITTEST = """\
import unittest
from shop import discount


class TestShop(unittest.TestCase):
    def test_discount(self):
        got = discount(200, 15)
        self.assertEqual(got, 170)
"""


@pytest.mark.parametrize(
    ("ename", "last"), [("AssertionError", "assert got == 170"), ("KeyError", "self.assertEqual(got, 170)")]
)
def test_the_assertion_that_failed_cannot_be_the_fix(tmp_path: Path, ename: str, last: str) -> None:
    project(tmp_path, shop=SHOP, test_shop=UNITTEST)
    more = {"arguments": ("self",), "arranged": True, "sets_up": ("self.setUp()",), "ename": ename}
    body = cells_of(failing(tmp_path, "TestShop.test_discount", 6, **more), str(tmp_path))[-1]
    assert body.source.splitlines() == ["got = discount(200, 15)", last]
    assert "discount(200, 10)" in applied(UNITTEST, body, body.source.replace("15", "10"))
    edited = body.source.replace("170", "230")
    if ename == "KeyError":
        assert applied(UNITTEST, body, edited) == UNITTEST.replace("170", "230")
    else:
        with pytest.raises(UsageError, match="not the same"):
            applied(UNITTEST, body, edited)


def test_the_arguments_depend_on_what_the_fixtures_use_and_cells_define(tmp_path: Path) -> None:
    project(tmp_path, shop=SHOP, test_shop=TESTS)
    more = {"arguments": ("price",), "arranged": True, "set_up_with": ("HERE", "discount", "open")}
    arranged = cells_of(failing(tmp_path, "test_discount", 11, **more), str(tmp_path))[-2]
    assert arranged.source.endswith(", ['price'], [], discount)")


def test_an_asynchronous_fixture_can_be_made_in_a_cell_which_itself_runs_in_a_loop() -> None:
    async def fixture() -> asyncio.AbstractEventLoop:
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    async def cell() -> None:
        own, task = asyncio.get_running_loop(), asyncio.current_task()
        with outside_the_loop():
            assert asyncio.run(fixture()) is not own
        assert (asyncio.get_running_loop(), asyncio.current_task()) == (own, task)
        await asyncio.sleep(0)

    asyncio.run(cell())


def test_a_proxy_that_stands_for_nothing_now_has_no_module() -> None:
    class Proxy:
        def __getattribute__(self, name: str) -> object:
            raise RuntimeError("outside of a request")

    def test_uses_it() -> object:
        return PROXY

    names = {"PROXY": Proxy()}
    assert list(_called([(test_uses_it.__code__, names)], "/nowhere")) == []


PROXY = None
