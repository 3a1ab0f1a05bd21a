"""Comparing two sources stays quick for cells that hold much of the same."""

from cot_magic.core.edits import opcodes, size
from cot_magic.core.findings import CellEdit, CellId


def test_head_and_tail_that_are_the_same_are_set_aside() -> None:
    assert opcodes("abxcd", "abyycd") == [
        ("equal", 0, 2, 0, 2),
        ("replace", 2, 3, 2, 4),
        ("equal", 3, 5, 4, 6),
    ]


def test_what_repeats_is_not_counted_for_head_and_tail_both() -> None:
    assert opcodes("aa", "aaa") == [("equal", 0, 2, 0, 2), ("insert", 2, 2, 2, 3)]
    assert opcodes("", "a") == [("insert", 0, 0, 0, 1)]
    assert opcodes("ab", "ab") == [("equal", 0, 2, 0, 2)]


def test_a_small_edit_in_a_cell_with_a_large_literal_has_its_true_size() -> None:
    data = f"data = [{'0, ' * 20_000}]\n"
    edit = CellEdit(cell=CellId("c"), before=f"{data}print(totl)", after=f"{data}print(total)")
    assert size([edit]) == 1


def test_a_large_rewrite_counts_as_replaced_in_one_piece() -> None:
    edit = CellEdit(cell=CellId("c"), before="a " * 5_000, after="b " + "a " * 4_000 + "b")
    assert size([edit]) == 5_000
