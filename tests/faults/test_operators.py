"""Each operator makes its own kind of mistake, and nothing else."""

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cot_magic.core.edits import parsed
from cot_magic.faults.catalogue import KINDS, OPERATORS, candidates
from cot_magic.faults.mistakes import Mistake, with_mistakes
from cot_magic.faults.operator import CellCode
from cot_magic.faults.words import slips

PACKAGE = Path(__file__).parents[2] / "cot_magic" / "faults"

LARGEST = "def largest(values):\n    best = values[0]\n    for i in range(1, len(values)):\n        best = max(best, values[i])\n    return best"
GUARDED = "def add(item, basket=None):\n    if basket is None:\n        basket = []\n    basket.append(item)\n    return basket"
CLASS = "class Account:\n    def pay(self, amount):\n        self.total = self.total + amount"

SPOILT = [
    ("name", "total = 3\nprint(total)", "total = 3\nprint(toatl)"),
    ("variable", "def area(width, height):\n    return width * height", "    return height * height"),
    ("key", 'cost = row["price"]', 'cost = row["pirce"]'),
    ("key", "cost = row['price']", "cost = row['Price']"),
    ("attribute", "x = order.total", "x = order.toatl"),
    ("method", "rows.append(1)", "rows.add(1)"),
    ("method", "x = text.strip()", "x = text.trim()"),
    ("self", CLASS, "        self.total = total + amount"),
    ("self", CLASS, "    def pay(amount):"),
    ("off-by-one", LARGEST, "    for i in range(1, len(values) + 1):"),
    ("off-by-one", "x = values[i + 1]", "x = values[i]"),
    ("off-by-one", "x = values[-1]", "x = values[-2]"),
    ("off-by-one", "x = values[:n]", "x = values[:n + 1]"),
    ("off-by-one", "for i in range(len(rows) - 1):\n    pass", "for i in range(len(rows)):\n    pass"),
    ("comparison", "if a <= b:\n    c = 1", "if a < b:\n    c = 1"),
    ("comparison", "x = (a) not in (b)", "x = (a) in (b)"),
    ("arithmetic", "mean = total / count", "mean = total // count"),
    ("accumulator", "total += price", "total = price"),
    ("logic", "ok = a and not b", "ok = a or not b"),
    ("logic", "ok = a and not b", "ok = a and b"),
    ("first-value", "total = 0", 'total = ""'),
    ("call", "x = text.strip()", "x = text.strip"),
    ("argument-order", "x = isinstance(a, int)", "x = isinstance(int, a)"),
    ("argument", "def f(a, b):\n    return a\n\n\nf(1, 2)", "f(1)"),
    ("conversion", "x = int(text) + 1", "x = text + 1"),
    ("conversion", "x = int(a or b) + 1", "x = (a or b) + 1"),
    ("await", "x = await fetch(3)", "x = fetch(3)"),
    ("in-place", "rows.sort()", "rows = rows.sort()"),
    ("in-place", "x = sorted(rows, key=len)", "x = rows.sort(key=len)"),
    ("pairs", "for k, v in table.items():\n    pass", "for k, v in table:\n    pass"),
    ("pairs", "x = [i for i, row in enumerate(rows)]", "x = [i for i, row in rows]"),
    ("return", "def f(a):\n    return a + 1", "def f(a):\n    a + 1"),
    ("import", "import math\nx = math.pi", "x = math.pi"),
    ("import", "from collections import Counter, deque", "from collections import Counter"),
    (
        "mutable-default",
        GUARDED,
        "def add(item, basket=[]):\n    basket.append(item)\n    return basket",
    ),
    ("indentation", LARGEST, "        return best"),
    ("indentation", "for x in y:\n    a = x\n    print(a)", "for x in y:\n    a = x\nprint(a)"),
    ("equal-sign", "if x == 1:\n    y = 2", "if x = 1:\n    y = 2"),
    ("colon", "for x in y:\n    print(x)", "for x in y\n    print(x)"),
    ("bracket", "print(max(1, 2))", "print(max(1, 2)"),
    ("block", "def f():\n    return 1", "def f():\nreturn 1"),
]  # fmt: skip


def made(kind: str, *sources: str) -> list[Mistake]:
    return list(candidates(list(enumerate(sources)), kinds=[kind]))


@pytest.mark.parametrize(("kind", "source", "spoilt"), SPOILT)
def test_an_operator_makes_its_mistake(kind: str, source: str, spoilt: str) -> None:
    results = [mistake.after for mistake in made(kind, source)]
    assert any(spoilt in result for result in results), results


def test_every_operator_is_among_the_examples() -> None:
    assert {kind for kind, _, _ in SPOILT} == set(KINDS)
    assert all(operator.lesson.endswith(".") for operator in OPERATORS)


@pytest.mark.parametrize(("kind", "source", "spoilt"), SPOILT)
def test_a_mistake_is_another_program_and_python_unless_it_is_one_of_syntax(
    kind: str, source: str, spoilt: str
) -> None:
    parses = next(operator.parses for operator in OPERATORS if operator.kind == kind)
    for mistake in made(kind, source):
        tree = parsed(mistake.after)
        assert (tree is not None) is parses
        if tree is not None:
            assert ast.dump(tree) != ast.dump(ast.parse(source))
        assert mistake.before == source
        assert mistake.lineno in mistake.lines


@pytest.mark.parametrize(
    "source",
    [
        "assert total == 3",
        "def test_total():\n    assert total == sum(values)\n    value = total + 1",
        "raise ValueError(total + 1)",
        "%%bash\necho total",
        "%%writefile x.py\nif total == 3:\n    print(total)",
        "total = = 3",
        "x = !ls",
        "",
    ],
)
def test_checks_and_what_is_no_python_stay_as_they_are(source: str) -> None:
    cells = [(0, "total = 0"), (1, source)]
    assert [mistake for mistake in candidates(cells) if mistake.cell == 1] == []


def test_a_cell_under_a_magic_that_runs_python_can_be_spoilt() -> None:
    results = [mistake.after for mistake in made("name", "total = 3", "%%time\nprint(total)")]
    assert "%%time\nprint(toatl)" in results


def test_places_are_right_after_letters_that_are_more_than_one_byte() -> None:
    assert any(mistake.after == 'x = "é", [1][1]' for mistake in made("off-by-one", 'x = "é", [1][0]'))


def test_what_is_in_an_f_string_is_left_alone() -> None:
    assert made("name", "total = 3", 'print(f"{total}")') == []


def test_a_cell_that_is_spared_gets_no_mistake() -> None:
    cells = [(0, "total = 3\nprint(total)"), (1, "print(total)")]
    places = {mistake.cell for mistake in candidates(cells, kinds=["name"], spared=[0])}
    assert places == {1}


def test_the_same_seed_gives_the_same_order_and_another_seed_another() -> None:
    cells = [(0, LARGEST), (1, GUARDED), (2, CLASS)]
    first = list(candidates(cells, seed=1))
    assert first == list(candidates(cells, seed=1))
    other = list(candidates(cells, seed=2))
    assert first != other
    assert {mistake.after for mistake in first} == {mistake.after for mistake in other}


def test_kinds_take_turns() -> None:
    first = list(candidates([(0, LARGEST), (1, GUARDED), (2, CLASS)]))
    kinds = {mistake.kind for mistake in first}
    assert len({mistake.kind for mistake in first[: len(kinds)]}) == len(kinds)


def test_several_mistakes_of_one_cell_are_made_at_once() -> None:
    (one,) = made("accumulator", "total = 1\ncost = a / b\ntotal *= cost")
    other = next(
        mistake
        for mistake in made("arithmetic", "total = 1\ncost = a / b\ntotal *= cost")
        if "//" in mistake.after
    )
    assert with_mistakes(one.before, (one, other)) == "total = 1\ncost = a // b\ntotal = cost"


@given(st.text(alphabet="abcdef_s", min_size=0, max_size=12))
def test_a_slip_is_a_name_that_is_free_and_near(word: str) -> None:
    for slip in slips(word, frozenset({"abcd"})):
        assert slip.isidentifier()
        assert slip not in (word, "abcd")
        assert abs(len(slip) - len(word)) <= 1


def test_the_operators_need_nothing_but_the_core() -> None:
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                own = name.startswith(("cot_magic.core", "cot_magic.faults"))
                assert own or name.partition(".")[0] in sys.stdlib_module_names, f"{path.name}: {name}"


def test_a_cell_tells_what_surrounds_a_node() -> None:
    code = CellCode(LARGEST)
    (back,) = code.nodes(ast.Return)
    assert code.piece(back) == "return best"
    assert code.around(back, ast.FunctionDef) is code.tree.body[0]
