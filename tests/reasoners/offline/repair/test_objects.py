"""Objects of the program as inputs on which survivors are compared."""

import pytest

from cot_magic.reasoners.offline.repair.inputs import Call
from cot_magic.reasoners.offline.repair.objects import varied
from cot_magic.reasoners.offline.repair.program import CheckedProgram
from cot_magic.reasoners.offline.repair.survivors import Judging, used_objects
from cot_magic.reasoners.offline.repair.time_limit import TimeLimit

DIAL = """
class Dial:
    def __init__(self, size):
        self.size = size
        self._at = 0
    def turn(self, by):
        self._at = (self._at + by) % self.size
        return self._seen()
    def _seen(self):
        return self._at
"""
CHECK = "\nd = Dial(3)\nassert d.turn(1) == 1\nassert d.turn(by=1) == 2\n"


def test_an_object_is_recorded_with_the_calls_from_outside(bench):
    (use,) = used_objects(bench(DIAL + CHECK))
    assert use.text == "Dial(3).turn(1).turn(by=1)"


@pytest.mark.parametrize(
    "source",
    ["from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n", "class P:\n    def __new__(cls, x):\n        return super().__new__(cls)\n"],
    ids=["a named tuple", "its own __new__"],
)  # fmt: skip
def test_what_takes_its_arguments_before_it_is_made_still_works(bench, source):
    made = bench(source + "    def twice(self):\n        return 2\n\nassert P(1).twice() == 2\n")
    assert used_objects(made) == []
    assert made.recorder.passed == {0: True}


def test_what_is_given_an_object_of_the_program_is_not_replayed(bench):
    source = "class Box:\n    def __init__(self):\n        self.inside = []\n    def put(self, what):\n        self.inside.append(what)\n"
    made = bench(source + "\na, b = Box(), Box()\na.put(b)\nb.put(1)\nassert a.inside\n")
    assert [use.text for use in used_objects(made)] == ["Box().put(1)"]


def test_variations_are_the_same_each_time_and_begin_with_what_was_seen():
    use = Call(
        function="Dial", arguments=(3,), words={}, then=(Call(function="turn", arguments=(1,), words={}),)
    )
    first, again = list(varied([use])), list(varied([use]))
    assert first == again
    assert first[0] == use
    assert {call.arguments for call in first} > {(3,)}


def test_objects_tell_programs_apart_that_the_checks_do_not(bench):
    made = bench(DIAL + CHECK)
    judging = Judging(bench=made, limit=TimeLimit(5, 50))
    calls = list(varied(used_objects(made)))
    right, _ = judging.behaviour(made.program, calls, [])
    other = CheckedProgram((DIAL.replace("% self.size", "% 9") + CHECK).encode())
    wrong, _ = judging.behaviour(other, calls, [])
    assert right[0] == wrong[0] == "1; 2; size=3"
    assert right[1] == "1; 2; 0; 1; size=3"
    assert wrong[1] == "1; 2; 3; 4; size=3"
