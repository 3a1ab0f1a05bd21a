"""The tables of rewrites: every row is made by an example, and what a pattern matches."""

import runpy
from pathlib import Path

import pytest

from cot_magic.reasoners.offline.syntax import expression_rows, header_rows, statement_rows, target_rows
from cot_magic.reasoners.offline.syntax.expression_rows import OPERATORS
from cot_magic.reasoners.offline.syntax.problem import Problem, attempt, meaning
from cot_magic.reasoners.offline.syntax.rewrites import Rewrite, Rewrites

EXAMPLES = [
    ('syntax.missing-colon', 'if x > 3 then\n    y = 1\n', 'if x > 3:\n    y = 1\n'),
    ('syntax.for-loop', 'for in names:\n    print(i)\n', 'for i in names:\n    print(i)\n'),
    ('syntax.for-loop', 'for range(3):\n    print(i)\n', 'for i in range(3):\n    print(i)\n'),
    ('syntax.for-loop', 'for (x in xs)\n    print(x)\n', 'for x in xs:\n    print(x)\n'),
    ('syntax.for-loop', 'for x in xs if x > 2:\n    print(x)\n', 'for x in (x for x in xs if x > 2):\n    print(x)\n'),
    ('syntax.foreign-loop', 'unless done:\n    go()\n', 'if not (done):\n    go()\n'),
    ('syntax.foreign-loop', 'repeat 3:\n    go()\n', 'for _ in range(3):\n    go()\n'),
    ('syntax.class-form', 'class Dog Animal:\n    pass\n', 'class Dog(Animal):\n    pass\n'),
    ('syntax.parameter-form', 'def f(string name):\n    return name\n', 'def f(name):\n    return name\n'),
    ('syntax.parameter-form', 'def f(self, self.size):\n    pass\n', 'def f(self, size):\n    pass\n'),
    ('syntax.arrow', 'f = (a, b) => a + b\n', 'f = lambda a, b: a + b\n'),
    ('syntax.argument-name', 'plot(line-width=2)\n', 'plot(line_width=2)\n'),
    ('syntax.repeated-token', 'total = price price * 2\n', 'total = price * 2\n'),
    ('syntax.attribute-sign', 'x = math::sqrt(2)\n', 'x = math.sqrt(2)\n'),
    ('syntax.conditional-value', 'x = 1 if y else x = 2\n', 'x = 1 if y else 2\n'),
    ('syntax.lambda-form', 'f = lambda x: pass\n', 'f = lambda x: None\n'),
    ('syntax.assignment-target', 'price("a") = 3\n', 'price["a"] = 3\n'),
    ('syntax.assignment-target', 'a = 1, b = 2\n', 'a = 1\nb = 2\n'),
    ('syntax.star', 'd = **other\n', 'd = {**other}\n'),
    ('syntax.deletion', 'del prices("a")\n', 'del prices\n'),
    ('syntax.deletion', 'del "a"\n', 'del a\n'),
    ('syntax.loop-target', 'for "i" in x:\n    pass\n', 'for i in x:\n    pass\n'),
    ('syntax.repeated-argument', 'f(a=1, b=2, a=3)\n', 'f(a=1, b=2)\n'),
    ('syntax.star-import', 'def f():\n    from os import *\n    return 1\n', 'from os import *\ndef f():\n    return 1\n'),
    ('syntax.raised-digit', 'x² = 4\n', 'x2 = 4\n'),
    ('syntax.exception-handler', 'try:\n    x = 1\nprint(x)\n', 'try:\n    x = 1\nexcept Exception as error:\n    print(error)\nprint(x)\n'),
]  # fmt: skip
FOLDER = Path(__file__).parent
TABLES = [
    runpy.run_path(str(FOLDER / f"test_syntax_{name}.py"))["EXAMPLES"]
    for name in ("statements", "structure", "tokens")
]
MODULES = (header_rows, expression_rows, statement_rows, target_rows)
ROWS = [(code, row) for module in MODULES for code, table in module.TABLES.items() for row in table.rows]
SOURCES = [
    *(f"if a {written} b:\n    pass\n" for written, _ in OPERATORS),
    *("x = `5`\n", "if a ! in b:\n    pass\n", "f(size=)\n"),
    *(source for table in (*TABLES, EXAMPLES) for _, source, _ in table),
]


@pytest.fixture(scope="module")
def problems():
    return [
        Problem(source, found, frozenset({"size", "5"})) for source in SOURCES if (found := attempt(source))
    ]


@pytest.mark.parametrize(("code", "source", "expected"), EXAMPLES)
def test_the_likeliest_rewrite_comes_first(first_finding, code, source, expected):
    found = first_finding(source)
    assert (found.code, found.tree) == (code, found.tree_of(expected))


@pytest.mark.parametrize(("written", "meant"), OPERATORS)
def test_what_other_languages_write_for_an_operator_is_understood(repairs, written, meant):
    if meant in ("+=", "-=", "*=", "/="):
        source, expected = f"a {written} b\n", f"a {meant} b\n"
    elif meant == ":=":
        source, expected = f"if (a {written} b):\n    pass\n", "if (a := b):\n    pass\n"
    else:
        source, expected = f"if a {written} b:\n    pass\n", f"if a {meant} b:\n    pass\n"
    assert attempt(source) is not None
    assert meaning(expected) in [meaning(edit.after) for edit in repairs(source)]


@pytest.mark.parametrize(("code", "row"), ROWS, ids=[f"{code}: {row.pattern}" for code, row in ROWS])
def test_every_rewrite_is_made_by_an_example(problems, code, row):
    assert any(True for problem in problems for _ in Rewrites(row)(problem))


@pytest.mark.parametrize(
    ("pattern", "write", "source", "expected"),
    [
        ("START N = X END", "{X}", "x = f(1, 2) 3", ["f(1, 2) 3"]),
        ("N N2", "{N2}{N}", "x y", ["yx"]),
        ("N N", "{N}", "x y", []),
        ("=> N", "{N}", "x => y z", ["x y z"]),
        ("=> N", "{N}", "x = > y z", []),
        ("a|b N", "{N}", "b x y", ["x y"]),
        ("W=a|b N", "{N}{W}", "b x y", ["xb y"]),
        ("X!in in", "{X}", "x y in z", ["x y z", "x y z"]),
        ("OPERAND ! N", "{N}", "x + !y z", []),
        ("SIGN ! N", "{N}", "x + !y z", ["x + y z"]),
        ("ARGUMENT N", "_{N}", "f(x y, (z))", ["f(_x y, (z))"]),
        ("PARAMETER N", "_{N}", "def f(x y): z", ["def f(_x y): z"]),
        ("S", "{S_bare}", "x 'a' 'a b'", ["x a 'a b'"]),
        ("D N", "{D_next} {N}", "x 9 y", ["x 10 y"]),
        ("N END", "{N}(", "x y; z", ["x y(; z"]),
        ("( X )", "[{X}]", "x (y, (z)) z", ["x [y, (z)] z", "x (y, [z]) z"]),
    ],
)
def test_a_pattern_matches_tokens_of_the_failing_statement(pattern, write, source, expected):
    failure = attempt(source)
    assert failure is not None
    [*found] = Rewrites(Rewrite(pattern, write, "", ""))(Problem(source, failure))
    edited = [item.after for one in found for item in one.alternatives]
    assert set(expected) <= set(edited) if expected else edited == []


def test_all_places_are_rewritten_together_then_each():
    source = "f(x y, z 1, a b)\n"
    failure = attempt(source)
    assert failure is not None
    [reading] = Rewrites(Rewrite("N N2", "{N}, {N2}", "", ""))(Problem(source, failure))
    assert [item.after for item in reading.alternatives] == [
        "f(x, y, z 1, a, b)\n",
        "f(x, y, z 1, a b)\n",
        "f(x y, z 1, a, b)\n",
    ]


def test_a_known_name_between_backticks_is_not_a_string(repairs):
    assert repairs("x = `size`\n", "size")[0].after == "x = repr(size)\n"
    assert repairs("f(size=)\n", "size")[0].after == "f(size=size)\n"
