"""The rules of this package by the exceptions that they are for; modules of other rules are not imported."""

from collections.abc import Iterator
from importlib import import_module

from cot_magic.core.case import Case
from cot_magic.reasoners.offline.races.order import may_race
from cot_magic.reasoners.offline.rule import AnyRule, LoadedRules, matches

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
    ("ties:RULES", "TypeError"),
    ("steps:RULES", "AttributeError TypeError ValueError"),
    ("wrong_kinds:RULES", "IndexError TypeError"),
    ("subscripts:RULES", "AttributeError TypeError"),
    ("tables:RULES", "InvalidIndexError KeyError MergeError TypeError ValueError"),
    ("callables:RULES", "TypeError"),
    ("classes:METHODS", "AttributeError TypeError"),
    ("arguments:RULES", "AttributeError TypeError ValueError"),
    ("order:RULES", "AttributeError TypeError ValueError"),
    ("classes:RULES", "AttributeError TypeError ValueError"),
    ("formats:RULES", "AttributeError TypeError ValueError"),
    ("keys:RULES", "KeyError ValueError"),
    ("given_up:RULES", "KeyError"),
    ("indexes:RULES", "IndexError"),
    ("values:RULES", "StatisticsError ValueError"),
    ("unpacking:RULES", "TypeError ValueError"),
    ("arrays:RULES", "ValueError"),
    ("arithmetic:RULES", "OverflowError ZeroDivisionError"),
    ("unbound:RULES", "UnboundLocalError"),
    ("imports:RULES", "ImportError ModuleNotFoundError"),
    ("paths:RULES", "FileNotFoundError IndexError IsADirectoryError OSError StopIteration TypeError "
                    "ValueError ZeroDivisionError"),
    ("stored:RULES", "ArrowInvalid BadZipFile IndexError JSONDecodeError KeyError OSError ParserError "
                     "UnicodeDecodeError UnpicklingError ValueError"),
    ("files:RULES", "Error JSONDecodeError TypeError UnicodeDecodeError UnsupportedOperation ValueError"),
    ("edited:RULES", "AttributeError ImportError KeyError TypeError ValueError"),
    ("pickled:RULES", "AttributeError PicklingError TypeError"),
    ("sql:RULES", "DatabaseError OperationalError"),
    ("command_line:RULES", "SystemExit"),
    ("recursion:RULES", "RecursionError"),
    ("iteration:RULES", "IndexError KeyboardInterrupt RuntimeError StopIteration Timeout TimeoutError "
                        "ValueError ZeroDivisionError"),
    ("asserts:RULES", "AssertionError"),
    ("surprises:RULES", "AssertionError IndexError KeyError ValueError"),
    ("told:RULES", "AttributeError FutureWarning ImportError InvalidArgumentError InvalidParameterError "
                   "KeyError NotImplementedError OSError PolarsError RuntimeError TypeError ValueError"),
    ("bounds:RULES", "ValueError"),
    ("looped:RULES", "AttributeError IndexError KeyError TypeError ValueError"),
    ("looped:ITEMS", "ArithmeticError AttributeError LookupError TypeError ValueError"),
    ("queries:RULES", "PatsyError SyntaxError UndefinedVariableError"),
    ("splits:RULES", "ValueError"),
    ("kept:RULES", "AssertionError AttributeError KeyError TypeError ValueError"),
    ("options:RULES", "AssertionError"),
    ("axes:RULES", "AttributeError TypeError ValueError"),
    ("filtered:RULES", "KeyError TypeError ValueError"),
    ("cleaning:RULES", "TypeError ValueError"),
    ("columns:RULES", "AssertionError AttributeError IndexError KeyError ValueError ZeroDivisionError"),
    ("rebound:RULES", "AttributeError IndexError KeyError TypeError ValueError"),
    ("remedies.pandas_rows:ROWS", "AssertionError AttributeError DateParseError IndexError IndexingError "
                                 "InvalidIndexError KeyError MergeError OutOfBoundsDatetime ParserError "
                                 "SpecificationError TypeError UnsortedIndexError ValueError"),
    ("remedies.date_rows:ROWS", "AttributeError TypeError"),
    ("remedies.numpy_rows:ROWS", "IndexError LinAlgError TypeError UFuncTypeError ValueError "
                                 "_UFuncOutputCastingError"),
    ("remedies.model_rows:ROWS", "AssertionError AttributeError NotFittedError TypeError ValueError"),
    ("remedies.plot_rows:ROWS", "AttributeError TypeError ValueError"),
    ("remedies.python_rows:ROWS", "AssertionError AttributeError FrozenInstanceError IndexError "
                                 "InterfaceError KeyError OverflowError PatternError ProgrammingError "
                                 "StopIteration TypeError ValueError ZeroDivisionError error"),
    ("remedies.polars_rows:ROWS", "PolarsError"),
    ("remedies.missing_rows:ROWS", "AttributeError IntCastingNaNError TypeError ValueError"),
    ("alike:RULES", "AttributeError ImportError ValueError"),
    ("looked_up:RULES", "KeyError ValueError"),
    ("legal:RULES", "ArithmeticError AttributeError IndexError KeyError RuntimeError TypeError ValueError"),
    ("remade:RULES", "IndexError KeyError OverflowError TypeError ValueError"),
    ("remade:AGAIN", "IndexError KeyError StopIteration TypeError ValueError ZeroDivisionError"),
    ("origins:RULES", "ArithmeticError AssertionError AttributeError IndexingError InvalidIndexError "
                      "LookupError RuntimeError StopIteration TypeError ValueError"),
    ("notebook:RULES", "AssertionError AttributeError IndexError KeyError NameError TypeError ValueError "
                       "ZeroDivisionError"),
)  # fmt: skip
COMMONEST = (
    "name.typo", "name.missing_import", "name.missing_quotes", "name.other_cell",
    "import.not_installed", "file.near_name",
    "attribute.typo", "none.origin",
    "operator.text_and_number", "call.keyword", "call.missing_argument",
    "key.typo", "key.type", "key.form", "key.absent",
    "index.range_too_long", "index.past_end",
    "value.number_text", "division.zero", "unbound.missing_global",
)  # fmt: skip
"""The rules that are translated: those of the classes of errors that notebooks raise most often."""
RACES = ("shared", "threads", "waiting", "ends", "load")
_SYNTAX_RULES = "syntax.catalogue:RULES"
SYNTAX = "IndentationError SyntaxError TabError"


def built_in(case: Case) -> LoadedRules:
    """The rules of this package for the failure of a case."""
    places = [f"crashes.{place}" for place, on in CRASHES if matches(on.split(), case)]
    if may_race(case):
        places += [f"races.{name}:RULES" for name in RACES]
    if matches(SYNTAX.split(), case) and not _ran(case):
        places = [_SYNTAX_RULES]
    found: list[AnyRule] = []
    faults: list[str] = []
    for place in places:
        try:
            found += _rules_at(place)
        except Exception as error:
            module = place.partition(":")[0]
            faults.append(f"the rules in `{module}` could not be loaded: {type(error).__name__}: {error}")
    return LoadedRules(rules=tuple(found), faults=tuple(faults))


def _ran(case: Case) -> bool:
    """Whether the cell ran: its own code compiled, and what raised the error read another source."""
    return case.raised is not None and any(frame.cell is not None for frame in case.raised.frames)


def all_rules() -> Iterator[AnyRule]:
    """Every rule of this package; loads all of them."""
    for place in (*(f"crashes.{place}" for place, _ in CRASHES), *(f"races.{name}:RULES" for name in RACES)):
        yield from _rules_at(place)
    yield from _rules_at(_SYNTAX_RULES)


def _rules_at(place: str) -> tuple[AnyRule, ...]:
    """The rules that a place names, `module:NAME`; whatever the module raises."""
    module, _, name = place.partition(":")
    found: tuple[AnyRule, ...] = getattr(import_module(f"{_PACKAGE}.{module}"), name)
    return found
