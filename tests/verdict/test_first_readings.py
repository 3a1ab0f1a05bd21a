"""The edits that come to mind first at the line that failed."""

import pytest

from cot_magic.core.case import CellId, Frame, Raised, Variable
from cot_magic.core.findings import CellEdit
from cot_magic.testing import case
from cot_magic.verdict.first_readings import at_the_failure
from cot_magic.verdict.neighbours import neighbours


def readings(
    source: str,
    ename: str,
    evalue: str,
    *,
    line: int = 1,
    name: str | None = None,
    expression: str = "",
    after: str = "",
) -> set[str]:
    """The sources that are tried for a cell that failed so, with a fix that does something else."""
    lines = source.splitlines()
    frame = Frame(
        function="<module>",
        filename="<cell>",
        lineno=line,
        line=lines[line - 1].strip(),
        cell=CellId("c1"),
        expression=expression or None,
        variables=(Variable(name="self", type="A", text="", members=("radius",)),),
    )
    raised = Raised(ename=ename, evalue=evalue, bases=(ename, "Exception"), name=name, frames=(frame,))
    edit = CellEdit(cell=CellId("c1"), before=source, after=after or source + "\npass")
    return {made[0].after for made in at_the_failure(case(source, raised=raised), (edit,))}


def test_an_attribute_is_spelled_as_the_notebook_spells_it() -> None:
    found = readings("titles = a.titles\na.title.append(title)", "AttributeError", "", line=2, name="title")
    assert found == {"titles = a.titles\na.titles.append(title)"}


def test_a_name_that_is_an_attribute_of_self_is_one() -> None:
    assert "x = self.radius * 2" in readings("x = radius * 2", "NameError", "", name="radius")


def test_rows_have_their_own_value_where_shapes_do_not_go_together() -> None:
    evalue = "operands could not be broadcast together with shapes (4,3) (4,)"
    found = readings("c = marks - means", "ValueError", evalue, expression="marks - means")
    assert found == {"c = marks[:, None] - means", "c = marks - means[:, None]"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2,50", {'n = float(x.replace(",", "."))'}),
        ("1,234", {'n = float(x.replace(",", ""))'}),
        ("1,234.5", {'n = float(x.replace(",", ""))'}),
        ("n/a", set()),
    ],
)
def test_a_number_with_a_comma_is_read_in_the_only_way(text: str, expected: set[str]) -> None:
    evalue = f"could not convert string to float: '{text}'"
    assert readings("n = float(x)", "ValueError", evalue, expression="float(x)") == expected


def test_an_operand_is_converted_but_no_literal() -> None:
    found = readings("t = 'n: ' + count", "TypeError", "", expression="'n: ' + count")
    assert found == {f"t = 'n: ' + {kind}(count)" for kind in ("str", "int", "float")}


def test_a_fix_that_converts_is_such_a_reading_itself() -> None:
    made = readings("t = a + b", "TypeError", "", expression="a + b", after="t = a + str(b)")
    assert made == set()


def nearby(before: str, after: str, ename: str) -> set[str]:
    frame = Frame(function="<module>", filename="<cell>", lineno=2, cell=CellId("c1"))
    raised = Raised(ename=ename, evalue="", bases=(ename, "Exception"), frames=(frame,))
    edit = CellEdit(cell=CellId("c1"), before=before, after=after)
    return {made[0].after for made in neighbours(case(before, raised=raised), (edit,), 24)}


def test_under_an_assert_other_ways_to_count_are_tried() -> None:
    before, after = "m = v[len(v) // 2 - 1]\nassert m == 5", "m = sum(v) / len(v)\nassert m == 5"
    assert "m = v[len(v) // 2]\nassert m == 5" in nearby(before, after, "AssertionError")


def test_a_parameter_that_nothing_uses_is_tried() -> None:
    before = "class A(B):\n    def __init__(self, name, unit):\n        self.unit = unit\n"
    after = before.replace("        self", "        super().__init__(unit)\n        self")
    assert after.replace("__init__(unit)", "__init__(name)") in nearby(before, after, "AttributeError")


def test_dates_are_tried_with_the_day_first() -> None:
    before, after = "d = t.day.dt", 'd = to_datetime(t.day, format="mixed").dt'
    assert any("dayfirst=True" in made for made in nearby(before, after, "AttributeError"))


def test_what_is_added_up_may_be_a_number_in_a_string_whatever_else_a_fix_calls() -> None:
    source, failure = "n += row['x']", "unsupported operand type(s) for +=: 'int' and 'str'"
    after = "n += max(map(float, row['x'].split('.')))"
    found = readings(source, "TypeError", failure, expression=source, after=after)
    assert {"n += float(row['x'])", "n += int(row['x'])"} <= found
    direct = readings(source, "TypeError", failure, expression=source, after="n += float(row['x'])")
    assert direct == set()
