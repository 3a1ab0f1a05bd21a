"""The picture of a race shows the steps on what is disputed, and nothing else."""

from cot_magic.core.schedules import Trace, TraceStep
from cot_magic.render.disputed import LANES, STEPS, disputed


def step(lane: int, **more: object) -> TraceStep:
    return TraceStep(**({"at": 0.0, "lane": lane, "lineno": 1, "line": "x = 1"} | more))  # type: ignore[arg-type]


NOISE = [step(lane) for lane in range(9) for _ in range(20)]


def test_the_culprit_and_the_failing_step_are_always_there() -> None:
    told = [
        step(7, touched="balance", deviation="goes first"),
        step(2, touched="balance", error="ValueError: -1"),
    ]
    shown = disputed(Trace(lanes=tuple("abcdefghi"), steps=(*NOISE, told[0], *NOISE, told[1])))
    assert shown.lanes == ("c", "h")
    assert [(item.lane, item.error, item.deviation) for item in shown.steps] == [
        (1, "", "goes first"),
        (0, "ValueError: -1", ""),
    ]


def test_steps_on_another_variable_are_left_out() -> None:
    steps = (
        step(0, touched="log"),
        step(0, touched="balance"),
        step(1, touched="balance", error="E"),
    )
    assert [item.touched for item in disputed(Trace(lanes=("a", "b"), steps=steps)).steps] == ["balance"] * 2


def test_however_long_the_schedule_the_picture_is_small() -> None:
    steps = tuple(
        step(place % 9, touched="balance", error="E" if place == 99 else "") for place in range(100)
    )
    shown = disputed(Trace(lanes=tuple("abcdefghi"), steps=steps))
    assert len(shown.steps) <= STEPS
    assert len(shown.lanes) <= LANES
    assert shown.steps[-1].error == "E"


def test_a_trace_in_which_nothing_is_told_apart_keeps_its_end() -> None:
    shown = disputed(Trace(lanes=("a",), steps=tuple(step(0, lineno=n) for n in range(1, 31))))
    assert [item.lineno for item in shown.steps] == list(range(17, 31))


def test_a_trace_without_steps_stays_empty() -> None:
    assert disputed(Trace(lanes=("a",), steps=())).steps == ()


def test_the_task_that_took_it_away_is_there_although_the_failing_line_does_not_name_it() -> None:
    steps = (
        *NOISE,
        step(3, touched="self.users"),
        step(5, touched="self.users", line="self.users.pop(user)"),
        *(step(8, touched="self.pool", deviation="goes first") for _ in range(30)),
        step(3, error="TypeError: 'NoneType' object is not subscriptable"),
    )
    shown = disputed(
        Trace(lanes=tuple("abcdefghi"), steps=steps), "`cancel` removes from `self.users` too early."
    )
    assert "f" in shown.lanes
    assert any(item.line == "self.users.pop(user)" for item in shown.steps)
    assert shown.steps[-1].error
    assert len(shown.steps) <= STEPS
