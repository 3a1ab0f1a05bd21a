"""What other packages add by entry points."""

import pytest

from cot_magic import plugins
from cot_magic.core.case import Case, Cell, CellId, Environment, Raised
from cot_magic.core.errors import UnknownPlugin

CELL = Cell(id=CellId("c"), source="x")
RAISED = Raised(ename="NameError", evalue="name 'x' is not defined", bases=("NameError",))
CASE = Case(cell=CELL, raised=RAISED, environment=Environment(python="", platform=""), cells=(CELL,))


class Mine:
    code = "mine.rule"
    lesson = "A lesson."

    def suspicions(self, case):
        yield from ()


class Entry:
    def __init__(self, name, value):
        self.name, self.value = name, value

    def load(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def with_entries(monkeypatch, *entries):
    monkeypatch.setattr(plugins, "entry_points", lambda **_: entries)


def test_rules_of_other_packages_come_after_the_built_in_ones(monkeypatch) -> None:
    with_entries(monkeypatch, Entry("class", Mine), Entry("object", Mine()))
    loaded = plugins.rules(CASE)
    assert [type(rule).__name__ for rule in loaded.rules[-3:]] == ["SiteRule", "Mine", "Mine"]
    assert loaded.faults == ()


def test_a_rule_that_cannot_be_imported_costs_that_rule_and_one_line(monkeypatch) -> None:
    with_entries(monkeypatch, Entry("broken", ImportError("no such package")), Entry("class", Mine))
    loaded = plugins.rules(CASE)
    assert loaded.rules[-1].code == "mine.rule"
    assert loaded.faults == ("the rule `broken` could not be loaded: ImportError: no such package",)


def test_a_rule_whose_class_cannot_be_instantiated_costs_one_line_too(monkeypatch) -> None:
    class Wants(Mine):
        def __init__(self, key):
            self.key = key

    with_entries(monkeypatch, Entry("wants", Wants))
    (fault,) = plugins.rules(CASE).faults
    assert fault.startswith("the rule `wants` could not be loaded: TypeError")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownPlugin) as caught:
        plugins.load("renderers", "acordion")
    assert "accordion" in str(caught.value)
