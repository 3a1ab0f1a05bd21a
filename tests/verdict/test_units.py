"""A value gets where it is used in the unit that its name says and the documentation asks for."""

import ast
import math
from datetime import timedelta
from typing import Any

import pytest

from cot_magic.core.case import CellId, Frame, Raised
from cot_magic.core.findings import CellEdit, Fix, FixId, HypothesisId
from cot_magic.core.jobs import JobResult, Limits, Outcome
from cot_magic.core.units import unconverted, unit_of, unit_told
from cot_magic.testing import case
from cot_magic.verdict.units import NOT_ASKED, converts, units

CELL = CellId("c1")


def edited(before: str, after: str) -> Fix:
    edit = CellEdit(cell=CELL, before=before, after=after)
    return Fix(id=FixId("f1"), hypothesis=HypothesisId("h1"), edits=(edit,), why="")


def seen(before: str, after: str, **names: Any) -> tuple[bool | None, str]:
    """What comes of a fix of a line that failed, in a frame with these names."""
    frame = Frame(function="<module>", filename="<cell>", lineno=1, cell=CELL)
    raised = Raised(ename="TypeError", evalue="", bases=("TypeError", "Exception"), frames=(frame,))
    experiment = units(case(before, raised=raised), edited(before, after), limits=Limits(), allow=())
    assert experiment is not None
    assert experiment.job.inspect is not None
    tree = ast.parse(experiment.job.inspect.source)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    space = dict(names)
    exec(compile(tree, "<run>", "exec"), space)
    value = repr(eval(compile(ast.Expression(last.value), "<run>", "eval"), space))
    assert experiment.read is not None
    return experiment.read(JobResult(outcome=Outcome.PASSED, value=value))


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("angle_deg", "degrees"),
        ("waitMinutes", "minutes"),
        ("sent_ms", "milliseconds"),
        ("time_s", "seconds"),
    ],
)
def test_the_last_word_of_a_name_is_its_unit(name: str, unit: str) -> None:
    found = unit_of(name)
    assert found is not None
    assert found.name == unit


@pytest.mark.parametrize("name", ["x_min", "s", "height", "days_left", "degree_of"])
def test_other_names_say_no_unit(name: str) -> None:
    assert unit_of(name) is None


def test_a_documentation_says_first_what_is_taken() -> None:
    told = unit_told("Convert angle x from degrees to radians.", "angle")
    assert told is not None
    assert told.name == "degrees"
    assert unit_told("Delta degrees of freedom", "angle") is None
    assert unit_told("The second argument", "time") is None


def test_degrees_are_no_radians() -> None:
    held, note = seen("h = math.sin(a_deg)", "h = math.sin(float(a_deg))", math=math, a_deg="30")
    assert held is False
    assert note == "`math.sin` takes radians, and the name `a_deg` says degrees"


@pytest.mark.parametrize("value", ["math.radians(float(a_deg))", "float(a_deg) * math.pi / 180"])
def test_degrees_that_are_converted_are_radians(value: str) -> None:
    held, note = seen("h = math.sin(a_deg)", f"h = math.sin({value})", math=math, a_deg="30")
    assert held, note


@pytest.mark.parametrize(
    ("given", "right"),
    [("int(wait_minutes)", False), ("hours=int(wait_minutes)", False), ("minutes=int(wait_minutes)", True)],
)
def test_the_name_of_a_parameter_is_its_unit(given: str, right: bool) -> None:
    names = {"timedelta": timedelta, "wait_minutes": "90"}
    held, note = seen("end = timedelta(wait_minutes)", f"end = timedelta({given})", **names)
    assert held is right, note


def test_what_nothing_documents_asks_for_no_conversion() -> None:
    def area(radius: int, angle: float) -> float:
        return radius * radius * angle / 2

    names = {"area": area, "a_deg": "90", "math": math}
    assert seen("a = area(2, a_deg)", "a = area(2, float(a_deg))", **names)[0]
    held, note = seen("a = area(2, a_deg)", "a = area(2, math.radians(float(a_deg)))", **names)
    assert (held, note) == (False, NOT_ASKED)


def test_what_is_computed_beside_a_value_is_no_conversion() -> None:
    names = {"timedelta": timedelta, "wait_minutes": "90"}
    assert seen("e = timedelta(wait_minutes)", "e = timedelta(minutes=int(wait_minutes) + 7)", **names)[0]


def test_only_a_conversion_of_a_value_with_a_unit_is_left_out() -> None:
    assert (
        unconverted(CellEdit(cell=CELL, before="f(t_ms)", after="f(int(t_ms) / 1000)")).after
        == "f(int(t_ms))"
    )
    assert not converts(edited("f(t)", "f(int(t) / 1000)"))
    assert not converts(edited("f(t_ms)", "f(int(t_ms) / 11)"))
