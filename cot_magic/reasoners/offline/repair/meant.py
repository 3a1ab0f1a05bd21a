"""What a function is said to do, in its name and docstring: edits that bring in what is said are likelier."""

import ast
import re
from collections.abc import Mapping

SAID: Mapping[str, tuple[str, ...]] = {
    "abs": ("absolute", "distance"),
    "max": ("maximum", "maximal", "largest", "greatest", "biggest", "highest", "longest"),
    "min": ("minimum", "minimal", "smallest", "least", "lowest", "shortest"),
    "sum": ("total", "add", "sums"),
    "len": ("length", "size"),
    "sorted": ("sort", "order", "ascending", "descending", "increasing", "decreasing"),
    "sort": ("sorted", "order", "ascending", "descending", "increasing", "decreasing"),
    "reverse": ("reversed", "descending", "decreasing", "backwards"),
    "reversed": ("reverse", "backwards"),
    "set": ("unique", "distinct", "duplicates"),
    "round": ("rounded", "nearest"),
    "lower": ("lowercase",),
    "upper": ("uppercase", "capital"),
    "isdigit": ("digit", "digits", "numeric"),
    "isalpha": ("letter", "letters", "alphabetic", "alphabetical"),
    "count": ("times", "occurrences", "often"),
    "remove": ("delete", "without"),
    "mean": ("average",),
}
"""Words of English for functions and methods, beside their own names."""
_OWN = frozenset(
    [
        *("sum", "max", "min", "abs", "sorted", "sort", "reverse", "reversed", "round", "count", "mean"),
        *("upper", "lower", "split", "join", "strip", "replace", "capitalize", "swapcase", "median"),
        *("floor", "ceil", "union", "intersection"),
    ]
)
"""Names that say in English what they do; `items`, `all` or `set` are words of any docstring."""
_WORD = re.compile(r"[a-z]+")
_NAME = re.compile(r"[A-Za-z_]\w*")


def missing(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """The functions and methods that its name and docstring mean and its code does not use."""
    text = (ast.get_docstring(function) or "").partition(">>>")[0]
    words = set(_WORD.findall(f"{function.name} {text}".lower()))
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                words -= {name, *SAID.get(name, ())}
    meant = {name for name, others in SAID.items() if not words.isdisjoint(others)}
    return frozenset(meant | (words & _OWN))


def brings_in(names: frozenset[str], old: str, new: str) -> bool:
    """Whether the new code has one of the names and the old one has not."""
    return bool(names) and not names.isdisjoint(set(_NAME.findall(new)) - set(_NAME.findall(old)))
