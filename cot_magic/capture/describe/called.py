"""What the failing expression calls: signature and documentation, read without running code of the user."""

import ast
import types
from typing import Any

from cot_magic.capture.describe import objects
from cot_magic.capture.describe.oneline import signature
from cot_magic.capture.describe.operands import Executed, SafeEvaluator, source_of, value_of
from cot_magic.capture.secrets.redactor import Redactor, bounded

LONGEST_DOC = 900
_DOCUMENTED: tuple[Any, ...] = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
)


def called(executed: Executed, evaluator: SafeEvaluator, redactor: Redactor) -> str:
    """The signature of what the expression calls, and the beginning of its documentation; "" if unknown."""
    node = executed.node
    if not isinstance(node, ast.Call):
        return ""
    function = _function(node.func, evaluator)
    if function is objects.MISSING:
        return ""
    parameters, doc = signature(function, redactor), _documentation(function)
    if not parameters and not doc:
        return ""
    heading = redactor.text(source_of(node.func, executed.source)[:200]) + parameters
    return f"{heading}\n{bounded(redactor, doc, LONGEST_DOC)}".rstrip()


def _function(node: ast.expr, evaluator: SafeEvaluator) -> Any:
    """The function, method or class that a call would call, else MISSING."""
    found = value_of(node, evaluator)
    if found is objects.MISSING and isinstance(node, ast.Attribute):
        owner: Any = value_of(node.value, evaluator)
        if owner is not objects.MISSING:
            found = objects.from_class(owner if objects.is_a(owner, type) else type(owner), node.attr)
    if objects.exactly(found, staticmethod, classmethod, types.MethodType):
        found = found.__func__
    return found


def _documentation(function: Any) -> str:
    """The docstring without indentation, from CPython's own fields."""
    if objects.is_a(function, type):
        doc = objects.class_dict(function).get("__doc__")
    elif objects.exactly(function, *_DOCUMENTED):
        doc = type(function).__dict__["__doc__"].__get__(function)
    else:
        return ""
    lines = [line.strip() for line in doc.split("\n")] if type(doc) is str else []
    return "\n".join(lines).strip()
