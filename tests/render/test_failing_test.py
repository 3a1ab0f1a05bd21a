"""The lines below a failing test."""

import pytest

from cot_magic.render.failing_test import MOST, WIDTH, failing_test

DIFF = [*("--- shop.py", "+++ shop.py", "@@ -1 +1 @@"), *(f"+line {number}" for number in range(60))]


@pytest.mark.parametrize("result", ["verified", "plausible", "unresolved"])
@pytest.mark.parametrize("unconfirmed", ["", "the test does not fail in a copy"])
def test_there_are_never_more_than_24_lines_and_all_say_something(result: str, unconfirmed: str) -> None:
    lines = failing_test(
        result=result, claim="c" * 500, diff=DIFF, note="n\n" * 40, question="q\n" * 40,
        unconfirmed=unconfirmed, others=3, broken=("a::b",),
    )  # fmt: skip
    assert len(lines) <= MOST == 24
    assert all(0 < len(line) <= WIDTH for line in lines)
    assert lines[0].startswith("✓") is False  # something else broke, or it was not confirmed


def test_a_check_mark_needs_a_verified_fix_that_was_confirmed_on_the_project() -> None:
    said = failing_test(result="verified", claim="It is -.", diff=DIFF[:4], others=2)
    assert said[0] == "✓ a verified fix. It is -."
    assert said[-1].endswith("fails without it, passes with it; 2 other tests of its file passed as before.")
    for more in ({"unconfirmed": "x"}, {"broken": ("t",)}, {}):
        result = "verified" if more else "plausible"
        assert "✓" not in "".join(failing_test(result=result, others=2, **more))  # type: ignore[arg-type]


def test_what_was_not_debugged_is_one_line() -> None:
    assert failing_test(result="", note="not debugged: why") == ["not debugged: why"]


def test_a_long_diff_says_how_much_of_it_is_left_out() -> None:
    said = failing_test(result="verified", diff=DIFF, others=0)
    (left_out,) = [line for line in said if line.startswith("…")]
    shown = len([line for line in said if line in DIFF])
    assert left_out == f"… {len(DIFF) - shown} more lines"
