"""Edits at the places of nodes keep everything else as it stands."""

import ast

import pytest

from cot_magic.core.case import Cell, CellId
from cot_magic.reasoners.offline import source as src


def node_of(text, kind):
    return next(node for node in ast.walk(src.parse(text)) if isinstance(node, kind))


def test_letters_of_several_bytes_do_not_move_an_edit():
    text = "größe = 'ü€😀'; y = bad + 1  # é"
    node = node_of(text, ast.BinOp)
    assert src.splice(text, [src.over(text, node.left, "good")]) == "größe = 'ü€😀'; y = good + 1  # é"


def test_comments_and_layout_stay():
    text = "x = f(\n    a,  # first\n    b\n)\n"
    call = node_of(text, ast.Call)
    assert src.splice(text, [src.over(text, call.args[0], "c")]) == "x = f(\n    c,  # first\n    b\n)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1", "import a\nx = 1"),
        ("# note\nx = 1", "# note\nimport a\nx = 1"),
        ("%matplotlib inline\nx = 1", "%matplotlib inline\nimport a\nx = 1"),
        ("'''Doc.'''\nx = 1", "'''Doc.'''\nimport a\nx = 1"),
        ("from __future__ import annotations\nx = 1", "from __future__ import annotations\nimport a\nx = 1"),
        ("@d\ndef f(): pass", "import a\n@d\ndef f(): pass"),
    ],
)
def test_an_import_goes_below_what_must_stand_first(text, expected):
    cell = Cell(id=CellId("c"), source=text)
    assert src.edit(cell, src.add_import(cell, "import a")).after == expected


def test_a_cell_with_magics_can_be_read():
    tree = src.parse("%time x = 1\n!ls\ny = !pwd\nz = %who\nlen?\nw = 5 % 2\n")
    assert [type(node).__name__ for node in tree.body] == [
        "Pass",
        "Pass",
        "Assign",
        "Assign",
        "Pass",
        "Assign",
    ]


def test_a_remainder_at_the_start_of_a_line_is_no_magic_only_where_python_says_so():
    assert src.parse("x = (5\n% 2)") is None  # IPython too would take the second line for a magic


def test_of_two_changes_of_one_place_the_first_counts():
    text = "abc"
    changes = [src.Splice(start=0, end=2, text="X"), src.Splice(start=1, end=3, text="Y")]
    assert src.splice(text, changes) == "Xc"


def test_names_of_inner_functions_are_not_bound_outside():
    tree = src.parse("def f(a):\n    b = 1\nc = [d for d in a]\nimport e.g as h, i.j\nfor k in a: pass\n")
    assert src.bound_names(tree) == {"f", "c", "d", "h", "i", "k"}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_python_whatever_ends_them(newline):
    text = newline.join(
        ["%time a = 1", "if a:", "    b = '\f\x85\u2028'  # \x0b\x1c", "    d = 3", "e = 4", ""]
    )
    tree = src.parse(text)
    first, second = tree.body[1].body
    assert src.lines_of(text, first) == "    b = '\f\x85\u2028'  # \x0b\x1c"
    assert src.text_of(text, second) == "d = 3"
    assert src.splice(text, [src.without_lines(text, second)]) == text.replace(f"    d = 3{newline}", "")
    assert src.splice(text, [src.line_before(text, 4, "c = 2")]) == text.replace("    d", "    c = 2\n    d")
    assert src.splice(text, [src.line_after(text, second, "c = 2")]) == text.replace("= 3", "= 3\n    c = 2")


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        ('x = d["totl"]', '"totl"', "'total'", 'x = d["total"]'),
        ("x = d['totl']", "'totl'", '"total"', "x = d['total']"),
        ('x = d["a"] + e["b"]', '"a"', "'it\\'s'", "x = d['it\\'s'] + e[\"b\"]"),
        ('x = d["a"]', '"a"', "'say \"a\"'", "x = d['say \"a\"']"),
        ('x = d["a"]; y = f["b"]', '"a"', "f\"{q['c']}\"", 'x = d[f"{q[\'c\']}"]; y = f["b"]'),
        ("x = d[1]", "1", "'one'", "x = d['one']"),
        ('x = d["a"]', '"a"', "r'\\d+'", 'x = d[r"\\d+"]'),
        ('%time x = d["a"]\ny = d["b"]', '"b"', "'c'", '%time x = d["a"]\ny = d["c"]'),
        ('x = d["a"], d["b"], \'kept\'', '"a"', "'new'", 'x = d["new"], d["b"], \'kept\''),
    ],
)
def test_an_edit_keeps_the_quotes_of_its_cell(before: str, old: str, new: str, after: str) -> None:
    start = before.index(old)
    change = src.Splice(start=start, end=start + len(old), text=new)
    assert src.edit(Cell(id=CellId("c1"), source=before), change).after == after
