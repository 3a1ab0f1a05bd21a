"""What the names were before, and cells that ran twice, out of order, or are not what ran."""

import sys
from dataclasses import replace

from cot_magic.core.case import Cell


def test_a_builtin_and_an_imported_function_that_a_cell_hides_are_told_with_the_statement(mortuary) -> None:
    facts = mortuary.facts("from math import sqrt\nsum = 3", "sqrt = 2", "sum([sqrt])")
    found = [(fact.cell, fact.value["was"], fact.value["now"]) for fact in facts.of("state.shadowed")]
    assert found == [("c0", "builtins.sum", "3"), ("c1", "math.sqrt", "2")]


def test_what_a_name_was_before_is_told_if_it_can_still_be_known(mortuary) -> None:
    facts = mortuary.facts("rows = [3, 4]\nn = 2\nk = n", "rows = 'ab'\nn = 5\nk = 7", "rows + n + k")
    found = {
        fact.value["name"]: (fact.value["before"], fact.value["after"]) for fact in facts.of("state.before")
    }
    assert found == {"rows": ("[3, 4]", "'ab'"), "n": ("2", "5")}  # what `k` was is not known any more


def test_a_cell_that_ran_twice_and_changes_what_it_reads_is_told(mortuary) -> None:
    mortuary.shell.run_cell("x = 8", store_history=True, cell_id="c0")
    for _ in range(2):
        mortuary.shell.run_cell("y = 1\nx = x / 2", store_history=True, cell_id="again")
        mortuary.shell.run_cell("z = 1\nz = z + 1", store_history=True, cell_id="harmless")
    fact, *more = mortuary.facts("x0 = 0", "[1][int(x + z)]").of("state.again")
    assert (fact.cell, fact.lineno, fact.value["times"]) == ("again", 2, 2)
    assert not more


def test_a_cell_that_was_edited_since_it_ran_and_one_below_are_told(mortuary) -> None:
    mortuary.history.known(
        [
            Cell(id="c0", source="x = 1", index=0),
            Cell(id="c1", source="x + missing", index=1),
            Cell(id="c2", source="missing = 3", index=2),
        ]
    )
    shell = mortuary.shell
    shell.run_cell("x = 1", store_history=True, cell_id="c0")
    known = list(mortuary.history.cells)
    mortuary.history.known([replace(known[0], source="x = 2"), *known[1:]])
    error = shell.run_cell("x + missing", store_history=True, cell_id="c1").error_in_exec
    facts = mortuary.examined(error)
    assert (facts.first("state.edited").cell, facts.first("state.edited").value["names"]) == ("c0", ["x"])
    assert (facts.first("state.below").cell, facts.first("state.below").value["names"]) == ("c2", ["missing"])


def test_cells_in_order_have_no_state_to_tell(mortuary) -> None:
    assert not mortuary.facts("a = 1", "b = a", "b / 0").of("state")


def test_a_module_whose_file_was_edited_since_it_was_imported_is_told(
    mortuary, tmp_path, monkeypatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "cot_measures.py"
    file.write_text("def area(w):\n    return w\n")
    imports = "import cot_measures as measures\nfrom cot_measures import area as size"
    edits = f"import pathlib\npathlib.Path({str(file)!r}).write_text('def area(w, h):\\n    return w * h\\n\\nround_to = 2\\n')"
    fact = mortuary.facts(imports, edits, "size(2, 3)").first("state.module")
    assert (fact.value["alias"], fact.value["bound"]) == ("measures", {"size": "area"})
    assert (fact.value["new"], fact.value["other"]) == (["round_to"], ["area"])
