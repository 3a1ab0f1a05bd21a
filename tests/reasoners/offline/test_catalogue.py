"""The catalogue knows which rules a failure needs, and loads no others."""

import json
import pkgutil
import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import pytest

from cot_magic.core.case import Case, Cell, CellId, Environment, Raised
from cot_magic.reasoners.offline import crashes, races
from cot_magic.reasoners.offline.catalogue import CRASHES, RACES, SYNTAX, built_in
from cot_magic.reasoners.offline.crashes.alike import AlikeRule
from cot_magic.reasoners.offline.crashes.asserts import FactorRule
from cot_magic.reasoners.offline.crashes.cleaning import Cleaning
from cot_magic.reasoners.offline.crashes.edited import ReloadRule
from cot_magic.reasoners.offline.crashes.legal import LegalRule
from cot_magic.reasoners.offline.crashes.looked_up import LookedUpRule
from cot_magic.reasoners.offline.crashes.looped import BlankItems, GuiltyItems, HeaderRow, MissingItems
from cot_magic.reasoners.offline.crashes.origins import OriginRule
from cot_magic.reasoners.offline.crashes.remade import AgainRule, RemadeRule
from cot_magic.reasoners.offline.crashes.remedies.remedy import Remedy
from cot_magic.reasoners.offline.crashes.sql import SqlRule
from cot_magic.reasoners.offline.races.order import TASKS, THREADS, may_race
from cot_magic.reasoners.offline.races.program import ConcurrentCode
from cot_magic.reasoners.offline.races.rule import RaceRule
from cot_magic.reasoners.offline.written import SiteRule

PACKAGE = "cot_magic.reasoners.offline"
LOADED = """
import json, sys
from cot_magic.core.case import Case, Cell, CellId, Environment, Raised
from cot_magic.core.engine import drive
from cot_magic.core.jobs import Budget
from cot_magic.reasoners.offline.inquiry import OfflineReasoner
from cot_magic.testing import NamespaceSandbox

cell = Cell(id=CellId("c"), source="total = sum(valus)", execution_count=1)
raised = Raised(ename="NameError", evalue="name 'valus' is not defined", bases=("NameError", "Exception"), name="valus")
case = Case(cell=cell, raised=raised, environment=Environment(python="", platform=""), cells=(cell,))
budget = Budget(thinking_tokens=0, search_s=9, rounds=1, schedules=0)
events = drive(case, OfflineReasoner(), NamespaceSandbox({}), intensity="cot", budget=budget, clock=lambda: 0.0)
assert list(events)
print(json.dumps(sorted(name for name in sys.modules if name.startswith("cot_magic.reasoners."))))
"""


def failure(ename: str, source: str = "x", *bases: str) -> Case:
    cell = Cell(id=CellId("c"), source=source, execution_count=1)
    raised = Raised(ename=ename, evalue="", bases=(ename, *bases, "Exception"))
    return Case(cell=cell, raised=raised, environment=Environment(python="", platform=""), cells=(cell,))


def rules_at(place: str):
    module, _, name = place.partition(":")
    return getattr(import_module(f"{PACKAGE}.{module}"), name)


def codes(case: Case) -> list[str]:
    loaded = built_in(case)
    assert loaded.faults == ()
    return [rule.code for rule in loaded.rules]


@pytest.mark.parametrize(("place", "on"), CRASHES)
def test_the_exceptions_of_a_module_are_those_of_its_rules(place: str, on: str) -> None:
    assert set(on.split()) == {name for rule in rules_at(f"crashes.{place}") for name in rule.on}


def test_the_exceptions_of_syntax_are_those_of_its_rules() -> None:
    assert set(SYNTAX.split()) == {name for rule in rules_at("syntax.catalogue:RULES") for name in rule.on}


@pytest.mark.parametrize(
    ("package", "kind"),
    [
        (
            crashes,
            SiteRule
            | OriginRule
            | RemadeRule
            | AgainRule
            | ReloadRule
            | SqlRule
            | LegalRule
            | FactorRule
            | LookedUpRule
            | AlikeRule
            | LookedUpRule
            | Remedy
            | Cleaning
            | HeaderRow
            | BlankItems
            | GuiltyItems
            | MissingItems,
        ),
        (races, RaceRule),
    ],
)
def test_every_rule_that_is_written_is_in_the_catalogue_once(package, kind) -> None:
    written = [
        item.code
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        for value in vars(import_module(info.name)).values()
        for item in (
            value
            if isinstance(value, tuple) and value and isinstance(value[0], Remedy | Cleaning)
            else (value,)
        )
        if isinstance(item, kind)
    ]
    places = [f"crashes.{place}" for place, _ in CRASHES] if package is crashes else []
    places += [f"races.{name}:RULES" for name in RACES] if package is races else []
    assert sorted(written) == sorted(rule.code for place in places for rule in rules_at(place))


def test_a_name_error_loads_few_modules_and_none_about_anything_else() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = [name.removeprefix(f"{PACKAGE}.") for name in json.loads(done.stdout)]
    assert len(loaded) <= 35
    rules = [name for name in loaded if name.startswith(("crashes.", "races.", "syntax.", "review"))]
    assert rules == ["crashes.names", "crashes.notebook", "crashes.scopes", "races.order"]


def test_rules_for_a_base_class_are_loaded_for_its_subclasses() -> None:
    assert {"name.typo", "unbound.typo"} <= set(codes(failure("UnboundLocalError", "x", "NameError")))
    assert "unbound.typo" not in codes(failure("NameError"))


def test_rules_about_races_are_loaded_where_something_runs_concurrently() -> None:
    case = failure("KeyError", "async def f(): ...\nawait asyncio.gather(f(), f())")
    assert "race.lost_update" in codes(case)
    assert "race.lost_update" not in codes(replace(case, cell=replace(case.cell, source="d['a']")))


def test_rules_about_races_are_not_loaded_for_failures_that_no_order_causes() -> None:
    assert "race.lost_update" not in codes(failure("NameError", "await asyncio.gather(f(), f())"))


@pytest.mark.parametrize("name", sorted(TASKS | THREADS))
def test_all_code_that_is_read_as_concurrent_may_race(name: str) -> None:
    case = failure("KeyError", f"a.{name} (f)")
    assert ConcurrentCode.of(case) is not None
    assert may_race(case)


def test_rules_about_syntax_are_loaded_for_syntax_errors_alone() -> None:
    assert all(code.startswith("syntax.") for code in codes(failure("IndentationError", "x", "SyntaxError")))
    assert not any(code.startswith("syntax.") for code in codes(failure("TypeError")))


def test_a_module_that_cannot_be_imported_costs_its_rules_and_one_line(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, f"{PACKAGE}.crashes.scopes", None)
    loaded = built_in(failure("NameError"))
    assert "name.typo" in [rule.code for rule in loaded.rules]
    assert "name.later" not in [rule.code for rule in loaded.rules]
    (fault,) = loaded.faults
    assert fault.startswith("the rules in `crashes.scopes` could not be loaded: ModuleNotFoundError")
