"""The order of what is tried, and edits that are put together."""

from dataclasses import replace

from cot_magic.core.case import Case, Cell, CellId, Environment, Raised
from cot_magic.core.findings import CellEdit, Evidence, EvidenceId, EvidenceKind
from cot_magic.core.jobs import Outcome
from cot_magic.core.progress import edited
from cot_magic.reasoners.offline.ranking import (
    candidates,
    combined,
    suspects,
)
from cot_magic.reasoners.offline.rule import Repair, Suspicion

CELL = Cell(id=CellId("a"), source="x = 1\ny = 2\n", index=0, execution_count=1)
CASE = Case(cell=CELL, raised=None, environment=Environment(python="", platform=""), cells=(CELL,))


class Says:
    lesson = "A lesson."

    def __init__(self, code, *found):
        self.code, self.found = code, found

    def suspicions(self, case):
        yield from self.found


def suspicion(claim, weight, *afters):
    repairs = tuple(
        Repair(edits=(CellEdit(cell=CELL.id, before=CELL.source, after=text),), why=claim) for text in afters
    )
    return Suspicion(claim=claim, prediction="p", checks=(), repairs=repairs, weight=weight)


def probe(about, held):
    return Evidence(
        id=EvidenceId("e1"), kind=EvidenceKind.PROBE, about=about, code="", outcome=Outcome.PASSED, held=held
    )


def test_the_likeliest_suspicion_is_the_first_hypothesis():
    found, faults = suspects(CASE, [Says("a.b", suspicion("low", 0.2), suspicion("high", 0.9))])
    assert [item.hypothesis.claim for item in found] == ["high", "low"]
    assert [item.hypothesis.id for item in found] == ["h1", "h2"]
    assert faults == []


def test_a_rule_is_asked_about_the_exceptions_that_it_is_on_and_without_on_about_all():
    class On(Says):
        on = ("LookupError",)

    case = replace(CASE, raised=Raised(ename="KeyError", evalue="", bases=("KeyError", "LookupError")))
    other = replace(CASE, raised=Raised(ename="TypeError", evalue="", bases=("TypeError",)))
    rules = [On("a.b", suspicion("on", 0.5)), Says("c.d", suspicion("always", 0.4))]
    assert [item.hypothesis.claim for item in suspects(case, rules)[0]] == ["on", "always"]
    assert [item.hypothesis.claim for item in suspects(other, rules)[0]] == ["always"]


def test_the_same_claim_of_two_rules_is_stated_once():
    found, _ = suspects(CASE, [Says("a.b", suspicion("same", 0.5)), Says("c.d", suspicion("same", 0.4))])
    assert len(found) == 1


def test_a_confirmed_hypothesis_goes_before_a_likelier_one():
    found, _ = suspects(
        CASE, [Says("a.b", suspicion("one", 0.9, "x = 3\ny = 2\n"), suspicion("two", 0.6, "x = 4\ny = 2\n"))]
    )
    ranked = candidates(CASE, found, [probe("h2", True)], 8)
    assert [item.hypothesis for item in ranked] == ["h2", "h1"]


def test_a_refuted_hypothesis_gives_no_fix():
    found, _ = suspects(CASE, [Says("a.b", suspicion("one", 0.9, "x = 3\ny = 2\n"))])
    assert candidates(CASE, found, [probe("h1", False)], 8) == []


def test_beside_a_cause_that_is_shown_a_way_around_it_is_no_candidate():
    found, _ = suspects(
        CASE,
        [
            Says(
                "a.b",
                suspicion("one", 0.9, "x = 3\ny = 2\n"),
                suspicion("around", 0.8, "if 0:\n    x = 1\ny = 2\n"),
            )
        ],
    )
    assert [item.hypothesis for item in candidates(CASE, found, [probe("h1", True)], 8)] == ["h1"]
    assert [item.hypothesis for item in candidates(CASE, found, [], 8)] == ["h1", "h2"]


def made_there(source: str, line: int, after: str, *, held: bool | None = True) -> list[str]:
    """The hypotheses of repairs without a prediction, beside what an autopsy showed of a line."""
    cell = replace(CELL, source=source)
    raised = Raised(ename="ValueError", evalue="", bases=("ValueError",))
    case = replace(CASE, cell=cell, cells=(cell,), raised=raised)
    place = replace(suspicion("made here", 0.3), cell=cell.id, lineno=line)
    edit = CellEdit(cell=cell.id, before=source, after=after)
    reading = replace(suspicion("reading", 0.9), repairs=(Repair(edits=(edit,), why=""),))
    found, _ = suspects(case, [Says("origin.made", place), Says("a.b", reading)])
    evidence = [probe("h2", held)] if held is not None else []
    return [item.hypothesis for item in candidates(case, found, evidence, 8)]


def test_a_repair_without_a_prediction_follows_from_what_was_shown_of_the_line_that_it_changes():
    assert made_there("x = 1\ny = 2\n", 2, "x = 1\ny = 3\n") == ["h2"]
    assert made_there("x = 1\ny = 2\n", 1, "x = 1\ny = 3\n") == ["h1"], "another line"
    assert made_there("x = 1\ny = 2\n", 2, "x = 1\ny = 3\n", held=False) == ["h1"], "it is not so"
    assert made_there("x = 1\ny = 2\n", 2, "x = 1\ny = 3\n", held=None) == ["h1"], "nothing was run"


def test_where_a_function_begins_shows_nothing_of_what_is_wrong_in_it():
    assert made_there("def f(a=[]):\n    a.append(1)\n", 1, "def f(a=()):\n    a.append(1)\n") == ["h1"]


def test_the_same_edit_is_tried_once():
    found, _ = suspects(CASE, [Says("a.b", suspicion("one", 0.9, "z = 1"), suspicion("two", 0.8, "z = 1"))])
    assert len(candidates(CASE, found, [], 8)) == 1


def test_edits_on_top_of_edits_are_one_edit_of_the_first_source():
    first = (CellEdit(cell=CellId("a"), before="1", after="2"),)
    then = (
        CellEdit(cell=CellId("a"), before="2", after="3"),
        CellEdit(cell=CellId("b"), before="x", after="y"),
    )
    assert combined(first, then) == (
        CellEdit(cell=CellId("a"), before="1", after="3"),
        CellEdit(cell=CellId("b"), before="x", after="y"),
    )


def test_an_edited_case_has_the_new_sources_everywhere():
    case = edited(CASE, (CellEdit(cell=CELL.id, before=CELL.source, after="x = 9"),))
    assert case.cell.source == "x = 9"
    assert case.cells[0].source == "x = 9"
