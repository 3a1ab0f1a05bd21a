"""The rules of this package by the exceptions that they are for; modules of other rules are not imported."""

from importlib import import_module

from cot_magic.core.case import Case
from cot_magic.reasoners.offline.races.order import may_race
from cot_magic.reasoners.offline.rule import LoadedRules, Rule, matches

_PACKAGE = "cot_magic.reasoners.offline"
# where rules are, and the exceptions that they are `on` (subclasses included); in the order in which equally
# likely suspicions are kept
CRASHES: tuple[tuple[str, str], ...] = (
    ("names:RULES", "NameError"),
    ("scopes:RULES", "NameError"),
    ("names:FORMS", "NameError"),
    ("attributes:RULES", "AttributeError TypeError"),
    ("module_members:RULES", "AttributeError ImportError"),
    ("instances:RULES", "AttributeError"),
    ("nones:RULES", "AttributeError TypeError"),
    ("operators:RULES", "TypeError"),
    ("wrong_kinds:RULES", "IndexError TypeError"),
    ("subscripts:RULES", "AttributeError TypeError"),
    ("tables:RULES", "AttributeError IntCastingNaNError InvalidIndexError KeyError TypeError ValueError"),
    ("callables:RULES", "TypeError"),
    ("classes:METHODS", "AttributeError TypeError"),
    ("arguments:RULES", "TypeError"),
    ("order:RULES", "AttributeError TypeError ValueError"),
    ("classes:RULES", "AttributeError TypeError"),
    ("formats:RULES", "AttributeError TypeError ValueError"),
    ("keys:RULES", "KeyError ValueError"),
    ("indexes:RULES", "IndexError"),
    ("values:RULES", "StatisticsError ValueError"),
    ("unpacking:RULES", "TypeError ValueError"),
    ("arrays:RULES", "ValueError"),
    ("arithmetic:RULES", "OverflowError ZeroDivisionError"),
    ("unbound:RULES", "UnboundLocalError"),
    ("imports:RULES", "ImportError ModuleNotFoundError"),
    ("files:RULES", "FileNotFoundError JSONDecodeError UnicodeDecodeError"),
    ("recursion:RULES", "RecursionError"),
    ("iteration:RULES", "IndexError KeyboardInterrupt RuntimeError StopIteration Timeout TimeoutError "
                        "ValueError ZeroDivisionError"),
    ("asserts:RULES", "AssertionError"),
    ("notebook:RULES", "AssertionError AttributeError IndexError KeyError NameError TypeError ValueError "
                       "ZeroDivisionError"),
)  # fmt: skip
RACES = ("shared", "threads", "waiting", "ends", "load")
SYNTAX = "IndentationError SyntaxError TabError"


def built_in(case: Case) -> LoadedRules:
    """The rules of this package for the failure of a case."""
    places = [f"crashes.{place}" for place, on in CRASHES if matches(on.split(), case)]
    if may_race(case):
        places += [f"races.{name}:RULES" for name in RACES]
    if matches(SYNTAX.split(), case):
        places.append("syntax.catalogue:RULES")
    found: list[Rule] = []
    faults: list[str] = []
    for place in places:
        module, _, name = place.partition(":")
        try:
            found += getattr(import_module(f"{_PACKAGE}.{module}"), name)
        except Exception as error:
            faults.append(f"the rules in `{module}` could not be loaded: {type(error).__name__}: {error}")
    return LoadedRules(rules=tuple(found), faults=tuple(faults))
