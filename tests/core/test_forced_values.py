"""Constants and operators for which a failure leaves nothing else, and those that only look like them."""

import pytest

from cot_magic.core.case import CellId, Frame, Raised, Variable
from cot_magic.core.findings import CellEdit
from cot_magic.core.meaning import meaning_changes
from cot_magic.testing import case

TABLE = "pandas.core.frame.DataFrame"


def table(name: str, *columns: str) -> Variable:
    return Variable(name=name, type=TABLE, text="", keys=tuple(map(repr, columns)))


def numbers(name: str, dtype: str) -> Variable:
    return Variable(name=name, type="numpy.ndarray", text="", facts=(("dtype", dtype),))


def mapping(name: str, *keys: str) -> Variable:
    return Variable(name=name, type="dict", text="", keys=tuple(map(repr, keys)))


def text(name: str, written: str) -> Variable:
    return Variable(name=name, type="str", text=written)


def changes(before: str, after: str, error: str, *values: Variable, running: str = "") -> str:
    """What an edit changes, where an expression failed with `Class: message`; by default the first line."""
    ename, _, said = error.partition(": ")
    line = next((item for item in before.splitlines() if running in item), before)
    place = before[: before.index(line)].count("\n") + 1
    frame = Frame(
        function="<module>", filename="<cell>", lineno=place, cell=CellId("c1"), line=line.strip(),
        expression=running or None, operands=values,
    )  # fmt: skip
    raised = Raised(ename=ename, evalue=said, bases=(ename, "Exception"), frames=(frame,))
    edit = CellEdit(cell=CellId("c1"), before=before, after=after)
    return "; ".join(meaning_changes(case(before, raised=raised), (edit,)))


@pytest.mark.parametrize(
    ("digits", "base", "forced"),
    [("0b101", 2, True), ("0b101", 0, True), ("0b101", 16, False), ("0o17", 8, True), ("0x1f", 16, True),
     ("-ff", 16, True), ("ff", 0, False), ("10", 2, False), ("1z", 36, False), ("b1", 16, True)],
)  # fmt: skip
def test_the_digits_of_a_number_say_its_base(digits: str, base: int, forced: bool) -> None:
    error = f"ValueError: invalid literal for int() with base 10: '{digits}'"
    found = changes("y = int(x)", f"y = int(x, {base})", error)
    assert (found == "") is forced


LOOP = "for i in range(len(x)):\n    y.append(x[i + 1] - x[i])"
WHILE = "while i <= len(x):\n    y += x[i]\n    i += 1"
INDEX = "IndexError: list index out of range"


@pytest.mark.parametrize(
    ("before", "after", "running", "forced"),
    [
        (LOOP, LOOP.replace("len(x)", "len(x) - 1"), "x[i + 1]", True),
        (LOOP, LOOP.replace("len(x)", "len(x) - 2"), "x[i + 1]", False),
        (LOOP, LOOP.replace("len(x)", "len(x) - 1"), "z[i]", False),
        (LOOP, LOOP.replace("len(x)", "len(y) - 1"), "x[i + 1]", False),
        (LOOP.replace("x[i]", "x[i + 2]"), LOOP.replace("x[i]", "x[i + 2]").replace("len(x)", "len(x) - 1"), "x[i + 2]", False),
        (LOOP.replace("len(x)", "1, len(x)"), LOOP.replace("len(x)", "1, len(x) - 1"), "x[i + 1]", True),
        (LOOP.replace("len(x)", "1, len(x)"), LOOP.replace("len(x)", "2, len(x) - 1"), "x[i + 1]", False),
        (WHILE, WHILE.replace("<=", "<"), "x[i]", True),
        (WHILE, WHILE.replace("<=", "<"), "z[i]", False),
        (WHILE, WHILE.replace("<= len(x)", "< len(x) - 1"), "x[i]", False),
        (WHILE, WHILE.replace("<=", "!="), "x[i]", False),
    ],
)  # fmt: skip
def test_a_loop_ends_before_the_first_round_that_fails(
    before: str, after: str, running: str, forced: bool
) -> None:
    before, after = (source if running in source else f"{source}\n{running}" for source in (before, after))
    assert (changes(before, after, INDEX, running=running) == "") is forced


PEOPLE, BUYERS = table("people", "id", "name"), table("orders", "order_id", "person_id", "sum")


@pytest.mark.parametrize(
    ("before", "keys", "tables", "forced"),
    [
        ("b = people.merge(orders, on='id')", "left_on='id', right_on='person_id'", (PEOPLE, BUYERS), True),
        ("b = people.merge(orders, on='id')", "left_on='id', right_on='order_id'", (PEOPLE, BUYERS), False),
        ("b = people.merge(orders, on='id')", "left_on='id', right_on='sum'", (PEOPLE, BUYERS), False),
        ("b = orders.merge(people, on='person_id')", "left_on='person_id', right_on='id'", (PEOPLE, BUYERS), True),
        ("b = orders.merge(people, on='person_id')", "left_on='person_id', right_on='name'", (PEOPLE, BUYERS), False),
        ("b = pd.merge(people, orders, on='id')", "left_on='id', right_on='PersonID'", (PEOPLE, table("orders", "PersonID")), True),
        ("b = people.merge(orders, on='id')", "left_on='id', right_on='person_id'", (PEOPLE, table("orders", "person_id", "PersonID")), False),
        ("b = people.merge(orders, on='id')", "left_on='id', right_on='person_id'", (), False),
    ],
)  # fmt: skip
def test_the_key_of_a_merge_may_have_one_name_in_each_table(
    before: str, keys: str, tables: tuple[Variable, ...], forced: bool
) -> None:
    on = before[before.index("on=") : -1]
    assert (changes(before, before.replace(on, keys), f"KeyError: '{on[4:-1]}'", *tables) == "") is forced


ARRAY = "ValueError: The truth value of an array with more than one element is ambiguous."
PLUS = "TypeError: unsupported operand type(s) for +: 'dict' and 'dict'"


@pytest.mark.parametrize(
    ("before", "after", "error", "values", "told"),
    [
        ("c = a and b", "c = a & b", ARRAY, (numbers("a", "bool"), numbers("b", "bool")), ""),
        ("c = a and b", "c = a & b", ARRAY, (numbers("a", "int64"), numbers("b", "int64")), "BitAnd"),
        ("c = a or b", "c = a | b", ARRAY, (numbers("a", "bool"), numbers("b", "int64")), "BitOr"),
        ("c = not a", "c = ~a", ARRAY, (numbers("a", "bool"),), ""),
        ("c = not a", "c = ~a", ARRAY, (numbers("a", "int64"),), "Invert"),
        ("c = a + b", "c = a | b", PLUS, (mapping("a", "x"), mapping("b", "y")), ""),
        ("c = a + b", "c = a | b", PLUS, (mapping("a", "x"), mapping("b", "x", "y")), "BitOr"),
    ],
)
def test_operators_of_bits_are_for_conditions_and_for_keys_that_differ(
    before: str, after: str, error: str, values: tuple[Variable, ...], told: str
) -> None:
    found = changes(before, after, error, *values)
    assert told in found if told else not found


FLOAT = "TypeError: 'float' object cannot be interpreted as an integer"
MEAN = "m = sum(x) / len(x)\nfor i in range(m): f(i)\n"


@pytest.mark.parametrize(
    ("before", "more", "running", "told"),
    [
        (MEAN, "print(m)", "range(m)", "no mere number of items"),
        (MEAN, "y = m", "range(m)", "no mere number of items"),
        (MEAN, "y = x[m:]", "range(m)", ""),
        (MEAN, "y = [0] * m", "range(m)", ""),
        ("x[len(x) / 2]\n", "", "x[len(x) / 2]", ""),
        ("def half(x): return len(x) / 2\n", "y = x[half(x)]", "x[half(x)]", ""),
        ("x[len(x) / 2]\n", "y.append(sum(x) / 3)", "x[len(x) / 2]", "cuts off"),
    ],
)
def test_a_division_becomes_a_whole_one_only_for_places_and_numbers_of_items(
    before: str, more: str, running: str, told: str
) -> None:
    found = changes(before + more, (before + more).replace("/", "//"), FLOAT, running=running)
    assert told in found if told else not found


def test_a_mean_that_is_whole_loses_nothing() -> None:
    mean = Variable(name="m", type="float", text="4.0")
    before = f"{MEAN}print(m)"
    assert not changes(before, before.replace("/", "//"), FLOAT, mean, running="range(m)")


@pytest.mark.parametrize(
    ("format", "told"),
    [("%I:%M %p", ""), ("%H:%M PM", "of its own"), ("%H:%M %p", "of its own"), ("%H:%M:%S", "")],
)
@pytest.mark.parametrize("call", ["datetime.strptime(x, '{}')", "pd.to_datetime(x, format='{}')"])
def test_a_format_reads_both_halves_of_the_day(call: str, format: str, told: str) -> None:
    error = "ValueError: time data '09:30 PM' does not match format '%H:%M'"
    found = changes(f"y = {call.format('%H:%M')}", f"y = {call.format(format)}", error)
    assert told in found if told else not found


@pytest.mark.parametrize(
    ("value", "forced"),
    [
        (text("x", r"'a,b\n1,2'"), True),
        (text("x", "'{\"a\": 1}'"), True),
        (text("x", "'data.csv'"), False),
        (numbers("x", "int64"), False),
    ],
)
def test_content_is_read_as_a_file_and_a_path_is_not(value: Variable, forced: bool) -> None:
    after = "import io\n\ny = pd.read_csv(io.StringIO(x))"
    found = changes("y = pd.read_csv(x)", after, "FileNotFoundError: No such file", value)
    assert ("StringIO" not in found) is forced


def test_an_index_that_is_no_column_is_not_dropped() -> None:
    error = "ValueError: cannot insert id, already exists"
    assert "leaves out the index" in changes("y = d.reset_index()", "y = d.reset_index(drop=True)", error)


SHORT = "ValueError: time data '03/05/24' does not match format '%d/%m/%Y'"
MONTH = 'ValueError: time data "13/02/2024" doesn\'t match format "%m/%d/%Y"'


@pytest.mark.parametrize(
    ("was", "now", "error", "forced"),
    [
        ("%d/%m/%Y", "%d/%m/%y", SHORT, True),
        ("%d/%m/%Y", "%y/%m/%d", SHORT, False),
        ("%d/%m/%Y", "%m/%d/%y", SHORT, False),
        ("%m/%d/%Y", "%d/%m/%Y", MONTH, True),
        ("%d/%m/%y", "%d/%m/%Y", "ValueError: unconverted data remains: 24", True),
        ("%d/%m/%y", "%m/%d/%Y", "ValueError: unconverted data remains: 24", False),
    ],
)
def test_a_date_is_read_in_the_order_that_was_there_if_it_can_be(
    was: str, now: str, error: str, forced: bool
) -> None:
    found = changes(f"y = datetime.strptime(x, '{was}')", f"y = datetime.strptime(x, '{now}')", error)
    assert ("in another order" not in found) is forced


@pytest.mark.parametrize(
    ("after", "sizes", "forced"),
    [
        ("dict(zip(a, b))", (2, 2), True),
        ("dict(zip(a, b))", (2, 3), False),
        ("dict(zip(b, a))", (2, 2), False),
        ("dict(zip(a, b))", (), False),
    ],
)
def test_keys_and_values_are_paired_where_there_are_as_many(
    after: str, sizes: tuple[int, ...], forced: bool
) -> None:
    values = [
        Variable(name=name, type="list", text="", facts=(("len", str(size)),))
        for name, size in zip("ab", sizes, strict=False)
    ]
    error = "TypeError: dict expected at most 1 argument, got 2"
    assert (not changes("c = dict(a, b)", f"c = {after}", error, *values, running="dict(a, b)")) is forced


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("y = x.rolling('3').mean()[-1]", "y = x.rolling(1).mean()[-1]", "of its own: 1"),
        ("y = x.sum(axis=1) + z[k]", "y = x.sum(axis=1) + z[1]", "of its own: 1"),
        ("y = x.rolling('3').mean()[-1]", "y = x.rolling(3).mean()[-1]", ""),
    ],
)
def test_a_number_that_is_used_once_more_is_a_value(before: str, after: str, told: str) -> None:
    found = changes(before, after, "ValueError: passed window is not compatible")
    assert told in found if told else "of its own" not in found
