"""What differs between two runs of the same code says nothing about a fix."""

import pytest

from cot_magic.core.findings import Evidence, EvidenceId, EvidenceKind
from cot_magic.core.jobs import Outcome, StateItem
from cot_magic.verdict.challenge import Noise


def ran(output: str = "", **state: str) -> Evidence:
    return Evidence(
        id=EvidenceId("e1"),
        kind=EvidenceKind.FIX,
        about="f1",
        code="",
        outcome=Outcome.PASSED,
        output=output,
        state=tuple(StateItem(name=k, type="int", expression=k, text=v) for k, v in state.items()),
    )


def test_a_printed_duration_is_noise_and_what_was_computed_is_not() -> None:
    noise = Noise.between(ran("3.5 ms", total="7"), ran("4.1 ms", total="7"))
    assert not noise.unlike(ran("3.5 ms", total="7"), ran("9.9 ms", total="7"), exactly=True)
    assert noise.unlike(ran("3.5 ms", total="7"), ran("9.9 ms", total="8"), exactly=True)


def test_a_drawn_number_is_noise_and_the_rest_of_the_state_is_not() -> None:
    noise = Noise.between(ran(drawn="1", total="7"), ran(drawn="2", total="7"))
    assert not noise.unlike(ran(drawn="1", total="7"), ran(drawn="3", total="7"))
    assert noise.unlike(ran(drawn="1", total="7"), ran(drawn="1", total="8"))


@pytest.mark.parametrize(
    ("one", "other", "unlike", "exactly"),
    [
        (ran("5"), ran("2"), True, True),
        (ran("2"), ran("2.0"), False, True),
        (ran(x="2"), ran(x="2.0"), False, True),
        (ran(x="2"), ran(), True, True),
        (ran(x="2"), ran(x="2"), False, False),
    ],
)
def test_runs_without_noise_are_compared_by_output_and_state(
    one: Evidence, other: Evidence, unlike: bool, exactly: bool
) -> None:
    noise = Noise.between(one, one)
    assert noise.unlike(one, other) is unlike
    assert noise.unlike(one, other, exactly=True) is exactly


def test_what_a_library_warns_of_is_no_result() -> None:
    quiet = Noise(expressions=frozenset(), output=False)
    warned = "<cell>:1: UserWarning: Parsing dates as %Y.\n  days = read(texts)\n"
    assert not quiet.unlike(ran("5\n"), ran(f"{warned}5\n"))
    assert quiet.unlike(ran("5\n"), ran(f"{warned}6\n"))
    assert quiet.unlike(ran("5\n"), ran(f"{warned}5\n"), exactly=True)
