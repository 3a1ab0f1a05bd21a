"""Values inside the failing expression."""


def test_both_sides_of_an_assert_are_told(mortuary) -> None:
    facts = mortuary.facts(
        "def discount(price, percent):\n    return price - percent * 20", "assert discount(200, 15) == 170"
    )
    assert facts.first("inside.compared").text == "`discount(200, 15)` is `-100`, not `170`."


def test_a_call_inside_the_failing_expression_has_a_value(mortuary) -> None:
    facts = mortuary.facts("import re", "re.match('b', 'abc').group(0)")
    values = {item.value["expression"]: item.value["value"] for item in facts.of("inside.value")}
    assert values["re.match('b', 'abc')"] == "None"


def test_a_call_that_takes_something_away_is_not_repeated(mortuary) -> None:
    facts = mortuary.facts("rows = ['a', 'b']", "int(rows.pop())")
    assert "rows.pop()" not in [item.value["expression"] for item in facts.of("inside.value")]


def test_each_part_is_evaluated_once(mortuary) -> None:
    facts = mortuary.facts(
        "calls = []\ndef once():\n    calls.append(1)\n    return len(calls)",
        "assert [once()] + [2] == 3 + once()",
    )
    values = {item.value["expression"]: item.value["value"] for item in facts.of("inside.value")}
    assert values["[once()]"] == "[3]"  # the cell itself made two calls
