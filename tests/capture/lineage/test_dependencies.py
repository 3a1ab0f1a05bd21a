from typing import Any

import pytest

from cot_magic.capture.lineage.dependencies import lineage
from cot_magic.core.case import Cell, CellId, Freshness


class Book:
    """A notebook of cells named by letters, run in any order."""

    def __init__(self, notebook: Any, **sources: str) -> None:
        self.notebook, self.sources = notebook, sources
        self.tell()

    def tell(self) -> None:
        self.notebook.history.known(
            [
                Cell(id=CellId(name), source=source, index=place)
                for place, (name, source) in enumerate(self.sources.items())
            ]
        )

    def run(self, order: str) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Run those cells; what the last one depends on."""
        for name in order:
            self.notebook.run(self.sources[name], name)
        shell = self.notebook.shell
        found = lineage(self.notebook.cell, self.notebook.history, shell.user_ns)
        return {item.cell.id: (item.freshness.value, item.names) for item in found}


def test_a_cell_depends_on_those_that_give_its_names_through_others_too(notebook: Any) -> None:
    book = Book(
        notebook,
        a="x = 1",
        b="unrelated = 0",
        c="def f(v): return v + scale",
        d="y = f",
        e="scale = x",
        g="y(1)",
    )
    assert book.run("abcdeg") == {
        "a": ("fresh", ("x",)),
        "c": ("fresh", ("f",)),
        "d": ("fresh", ("y",)),
        "e": ("fresh", ("scale",)),
    }


def test_changes_in_place_count_and_displays_do_not(notebook: Any) -> None:
    book = Book(
        notebook,
        a="xs = []",
        b="xs.append(1)",
        c="xs.count(1)",
        d="print(xs)",
        e="xs[0] = 2",
        f="xs += [3]",
        g="n = len(xs)",
        h="xs[9]",
    )
    assert set(book.run("abcdefgh")) == {"a", "b", "e", "f"}


def test_only_the_last_binding_counts(notebook: Any) -> None:
    book = Book(notebook, a="x = 1", b="x = 2", c="x / 0")
    assert book.run("abc") == {"b": ("fresh", ("x",))}


def test_an_edited_cell_is_stale(notebook: Any) -> None:
    book = Book(notebook, a="x = 1", b="x / 0")
    book.run("a")
    book.sources["a"] = "x = 2"
    book.tell()
    assert book.run("b") == {"a": ("stale", ("x",))}


def test_a_cell_is_stale_when_what_it_used_ran_again(notebook: Any) -> None:
    book = Book(notebook, a="x = 1", b="y = x", c="y / 0")
    assert book.run("abac")["b"] == ("stale", ("y",))
    assert book.run("abc")["b"] == ("fresh", ("y",))


def test_without_positions_a_cell_that_ran_again_makes_others_stale_as_well(notebook: Any) -> None:
    for source in ("x = 1", "y = x", "x = 1", "y / 0"):
        notebook.run(source)
    found = lineage(notebook.cell, notebook.history, notebook.shell.user_ns)
    assert ("in-2", Freshness.STALE) in [(item.cell.id, item.freshness) for item in found]


def test_a_cell_below_the_failing_one_is_out_of_order(notebook: Any) -> None:
    book = Book(notebook, a="pass", b="x / 0", c="x = 1")
    assert book.run("acb") == {"c": ("out-of-order", ("x",))}


def test_a_cell_that_ran_after_one_below_it_is_out_of_order(notebook: Any) -> None:
    book = Book(notebook, a="x = 1", b="x = x + 1", c="x / 0")
    assert book.run("abac") == {"a": ("out-of-order", ("x",))}


def test_running_the_cells_above_again_and_then_the_failing_one_is_in_order(notebook: Any) -> None:
    book = Book(notebook, a="x = 1", b="y = x", c="y / 0")
    assert {freshness for freshness, _ in book.run("abcabc").values()} == {"fresh"}


def test_a_cell_that_has_not_run_is_named_if_it_defines_what_is_missing(notebook: Any) -> None:
    book = Book(notebook, a="x = 1", b="def helper(): ...", c="helper(x)")
    assert book.run("ac") == {"a": ("fresh", ("x",)), "b": ("not-run", ("helper",))}


def test_a_deleted_name_leads_to_the_cell_that_deleted_it(notebook: Any) -> None:
    book = Book(notebook, a="x = 1", b="del x", c="x")
    assert set(book.run("abc")) == {"b", "a"}


@pytest.mark.parametrize(
    "source",
    [
        "%%time\nx / 0",
        "%time x / 0",
        "files = !ls\nx / 0",
        "%matplotlib_not_there\nx / 0",
        "x / 0 +",
        "x?",
        "%%time\n%%capture\nx / 0",
    ],
)
def test_the_syntax_of_ipython_and_broken_cells_keep_their_dependencies(notebook: Any, source: str) -> None:
    book = Book(notebook, a="x = 1", b=source)
    if source == "%time x / 0" or source == "x?":
        assert set(book.run("ab")) <= {"a"}  # the expression is text to IPython
    else:
        assert set(book.run("ab")) == {"a"}


def test_names_imported_with_a_star_are_found(notebook: Any) -> None:
    book = Book(notebook, a="from math import *", b="x = 1", c="sqrt('a')")
    assert set(book.run("abc")) == {"a"}


def test_calling_a_function_of_a_module_does_not_change_it(notebook: Any) -> None:
    book = Book(notebook, a="import sys", b="sys.getsizeof(1)\nx = 1", c="sys.nothing")
    assert set(book.run("abc")) == {"a"}


def test_changes_under_another_name_count(notebook: Any) -> None:
    book = Book(
        notebook,
        a="xs, ys = [1], [2]",
        b="other = xs",
        c="other.append(2)",
        d="for part in (xs, ys):\n    part.append(3)",
        e="zs = [ys]",
        g="len(xs)",
    )
    assert set(book.run("abcdeg")) == {"a", "b", "c", "d"}


def test_what_a_function_of_the_notebook_changes_counts(notebook: Any) -> None:
    book = Book(
        notebook,
        a="rows = [1]",
        b="def cleaned(table):\n    table.append(0)\n    return table",
        c="new = cleaned(rows)",
        d="size = len(rows)",
        e="rows[1]",
    )
    assert set(book.run("abcde")) == {"a", "b", "c"}
