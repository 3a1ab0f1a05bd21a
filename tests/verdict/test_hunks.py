"""The changes of an edit, taken back one by one and tried alone."""

from cot_magic.core.case import CellId
from cot_magic.core.findings import CellEdit
from cot_magic.verdict.hunks import added_statements, alone, changes, unwrapped


def edit(before: str, after: str) -> tuple[CellEdit, ...]:
    return (CellEdit(cell=CellId("a"), before=before, after=after),)


def test_each_of_three_changes_is_tried_alone() -> None:
    edits = edit("p = point(x=3, y=4, labels=1)", "p = point(y=3, x=4, label=1)")
    sources = [made[0].after for made in alone(edits, changes(edits)) if made]
    assert "p = point(x=3, y=4, label=1)" in sources


def test_a_statement_that_is_added_is_taken_back() -> None:
    edits = edit("titel.append(1)\n", "titles.append(1)\ntitles.append(1)\n")
    assert [made[0].after for _, made in added_statements(edits)] == ["titles.append(1)\n"] * 2


def test_an_argument_that_is_added_at_the_end_is_taken_back() -> None:
    edits = edit("n = int(txt)", "n = int(text, 8)")
    assert ("`8`", edit("n = int(txt)", "n = int(text)")) in unwrapped(edits)


def test_brackets_that_are_added_around_a_value_are_taken_back() -> None:
    edits = edit("print(name + age)", "print(name + str([age]))")
    assert ("`[age]`", edit("print(name + age)", "print(name + str(age))")) in unwrapped(edits)
    kept = edit("total(x[['a']])", "totals(x[['a']])")
    assert not [text for text, _ in unwrapped(kept) if "[" in text]
