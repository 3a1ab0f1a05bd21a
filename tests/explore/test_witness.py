"""The schedule that failed is run on edited code; if it does not fit, nothing is claimed."""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cot_magic.core.jobs import Witness
from cot_magic.explore.program import of_function
from cot_magic.explore.search.run_batch import InlineRunner
from cot_magic.explore.witness import WitnessRuns

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "fork"), reason="needs the loop of Unix"
)
Main = Callable[[], Awaitable[None]]
Make = Callable[..., Any]


def passes(witness: Witness, before: Main, after: Main) -> bool | None:
    runners = [InlineRunner(of_function(main)) for main in (before, after)]
    return WitnessRuns().passes(witness, *runners)


def test_a_fix_that_removes_a_completion_is_judged_by_the_rest_of_the_schedule(
    asking: Make, witness_of: Make
) -> None:
    before, after = asking(), asking(first=False, ordered=True)
    assert passes(witness_of(before), before, after) is True


def test_a_fix_that_adds_a_completion_is_judged_as_well(asking: Make, witness_of: Make) -> None:
    before, after = asking(first=False), asking(ordered=True)
    assert passes(witness_of(before), before, after) is True


def test_an_edit_that_removes_a_completion_and_mends_nothing_still_fails(
    asking: Make, witness_of: Make
) -> None:
    before, after = asking(), asking(first=False)
    assert passes(witness_of(before), before, after) is False


def test_nothing_is_said_if_what_was_held_back_is_there_no_more(asking: Make, witness_of: Make) -> None:
    before, after = asking(), asking(first=False, answers=False)
    assert passes(witness_of(before), before, after) is None


def test_nothing_is_said_if_a_sleep_that_took_longer_is_there_no_more(asking: Make, witness_of: Make) -> None:
    before, after = asking(pause=0.01), asking(ordered=True)
    assert passes(witness_of(before, 4), before, after) is None
    assert passes(witness_of(before, 4), before, asking(ordered=True, pause=0.02)) is True


def test_nothing_is_said_of_a_schedule_that_does_not_fail_on_the_code_as_it_was(
    asking: Make, witness_of: Make
) -> None:
    before = asking()
    witness = witness_of(before)
    assert passes(witness, asking(ordered=True), asking(ordered=True)) is None
