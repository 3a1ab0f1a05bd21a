"""What is tried in the place of a value that a fix brings in."""

from cot_magic.core.case import CellId, Frame, Raised, Variable
from cot_magic.core.findings import CellEdit
from cot_magic.testing import case
from cot_magic.verdict.stand_ins import stand_ins


def tried(before: str, after: str, *, text: str = "", **types: str) -> set[str]:
    """The sources that are tried; `types` are those of the variables of the notebook."""
    known = tuple(Variable(name=name, type=kind, text="") for name, kind in types.items())
    row = Variable(name="row", type="str", text=repr(text))
    frame = Frame(function="f", filename="<cell>", lineno=1, line="", cell=CellId("c1"), variables=(row,))
    raised = Raised(ename="ValueError", evalue="", bases=("ValueError",), frames=(frame,))
    edit = CellEdit(cell=CellId("c1"), before=before, after=after)
    return {made[0].after for made in stand_ins(case(before, raised=raised, namespace=known), (edit,))}


def test_a_variable_of_the_same_type_is_tried_where_a_statement_did_not_read_one() -> None:
    found = tried("m.transform(a)", "m.fit(b).transform(a)", m="Scaler", a="list", b="list", n="int")
    assert found == {"m.fit(a).transform(a)"}


def test_what_a_statement_works_with_is_not_exchanged() -> None:
    assert tried("m.transform(a)", "m.fit(a).transform(a)", m="Scaler", a="list", b="list") == set()


def test_a_call_is_not_given_a_variable_that_it_has() -> None:
    assert tried("m.fit(x)", "m.fit(x, y)", m="Model", x="list", y="list") == set()
    assert tried("m.fit(x)", "m.fit(x, y)", m="Model", x="list", y="list", z="list") == {"m.fit(x, z)"}


RESULTS = "def f(n):\n    net = n\n    gross = net * 2\n    print(gross)"


def test_another_result_is_one_from_which_nothing_else_is_computed() -> None:
    assert tried(RESULTS, f"{RESULTS}\n    return net") == {f"{RESULTS}\n    return gross"}
    assert tried(RESULTS, f"{RESULTS}\n    return gross") == set()


def test_a_row_is_split_at_its_other_marks_unless_they_are_in_numbers() -> None:
    assert tried("row.split()", "row.split(',')", text="tea;2,5") == {"row.split(';')"}
    assert tried("row.split()", "row.split(';')", text="tea;2,5") == set()


def test_a_parameter_that_nothing_uses_is_tried_in_a_new_call() -> None:
    before, after = (f"def f(a, b):\n    return g({given})" for given in ("", "a"))
    assert tried(before, after) == {"def f(a, b):\n    return g(b)"}
