"""What an operation failed on: the object of an AttributeError, the container of a KeyError, a module."""

import ast
import re
import sys
from typing import Any

from cot_magic.capture.describe import objects
from cot_magic.capture.describe.oneline import LONGEST_TEXT, oneline, tidy
from cot_magic.capture.describe.operands import Executed, SafeEvaluator, source_of, value_of
from cot_magic.capture.describe.values import variable
from cot_magic.capture.frames import TracebackLevel
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Variable

SubjectAndName = tuple[Variable | None, str | None]

_NAME = re.compile(r"(?:name|variable) '([^']+)'")
_ATTRIBUTE = re.compile(r"(?:has no attribute|object attribute) '([^']+)'")
_IMPORTED = re.compile(r"cannot import name '([^']+)'(?: from (?:partially initialized module )?'([\w.]+)')?")
_MISSING_MODULE = re.compile(r"No module named '([^']+)'")


def subject_and_name(error: BaseException, found: list[TracebackLevel], redactor: Redactor) -> SubjectAndName:
    """The object that the operation failed on, and the name or key that it lacks, where they are known."""
    subject: Variable | None = None
    name: str | None = None
    if objects.is_a(error, NameError):
        name = _told(NameError, "name", error) or _by_message(_NAME, error)
    elif objects.is_a(error, AttributeError):
        subject, name = _of_attribute(error, found, redactor)
    elif objects.is_a(error, ImportError):
        subject, name = _of_import(error, redactor)
    elif objects.is_a(error, LookupError):
        subject = _container(found, redactor)
        arguments = BaseException.__dict__["args"].__get__(error)
        if objects.is_a(error, KeyError) and arguments:
            name = oneline(arguments[0], redactor)
    return subject, tidy(redactor.text(name), LONGEST_TEXT) if name is not None else None


def _of_attribute(error: BaseException, found: list[TracebackLevel], redactor: Redactor) -> SubjectAndName:
    name = _told(AttributeError, "name", error) or _by_message(_ATTRIBUTE, error)
    level, executed = _last_cell(found)
    node = executed.node
    if isinstance(node, ast.Call):
        node = node.func
    fits = isinstance(node, ast.Attribute) and (name is None or node.attr == name)
    source = source_of(node.value, executed.source) if fits and isinstance(node, ast.Attribute) else None
    if _told(AttributeError, "name", error) is not None:  # CPython sets both
        failed_on = AttributeError.__dict__["obj"].__get__(error)
        return variable(source or _label(failed_on), failed_on, redactor), name
    if level is None or not isinstance(node, ast.Attribute) or source is None:
        return None, name
    value = value_of(node.value, SafeEvaluator(level.frame))
    return (None if value is objects.MISSING else variable(source, value, redactor)), name


def _of_import(error: BaseException, redactor: Redactor) -> SubjectAndName:
    """The module that lacks the name; for a missing submodule, its package."""
    imported = _IMPORTED.search(_first_argument(error))
    module = _told(ImportError, "name", error) or (imported[2] if imported else None)
    module = module or _by_message(_MISSING_MODULE, error)
    name = _told(ImportError, "name_from", error) or (imported[1] if imported else None)
    package = module if name is not None else (module or "").rpartition(".")[0]
    loaded = sys.modules.get(package or "")
    return (variable(package or "", loaded, redactor) if loaded is not None else None), name or module


def _container(found: list[TracebackLevel], redactor: Redactor) -> Variable | None:
    """The object that was subscripted, or whose method failed, in the innermost cell: the nearest part of the
    expression with a known value."""
    level, executed = _last_cell(found)
    node: Any = executed.node
    if level is None:
        return None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func
    elif isinstance(node, ast.Delete | ast.AugAssign | ast.Assign):
        node = next((part for part in ast.walk(node) if isinstance(part, ast.Subscript)), None)
    if not isinstance(node, ast.Subscript | ast.Attribute):
        return None
    evaluator = SafeEvaluator(level.frame)
    while isinstance(node, ast.Subscript | ast.Attribute):  # `df.loc` is a property: take df
        node = node.value
        value = value_of(node, evaluator)
        if value is not objects.MISSING:
            return variable(source_of(node, executed.source), value, redactor)
    return None


def _last_cell(found: list[TracebackLevel]) -> tuple[TracebackLevel | None, Executed]:
    level = next((level for level in reversed(found) if level.place is not None), None)
    return level, level.executed() if level is not None else Executed()


def _label(value: object) -> str:
    return f"<{objects.qualified(type(value))}>"


def _told(cls: type, field: str, error: BaseException) -> str | None:
    """A field that CPython sets, read past any override in a subclass."""
    descriptor = cls.__dict__.get(field)
    told = descriptor.__get__(error) if descriptor is not None else None
    return told if type(told) is str else None


def _by_message(pattern: re.Pattern[str], error: BaseException) -> str | None:
    match = pattern.search(_first_argument(error))
    return match[1] if match else None


def _first_argument(error: BaseException) -> str:
    arguments = BaseException.__dict__["args"].__get__(error)
    return arguments[0][:10_000] if arguments and type(arguments[0]) is str else ""
