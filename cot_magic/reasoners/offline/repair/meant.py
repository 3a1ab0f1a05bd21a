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
    "sorted": ("sort", "ascending", "descending", "increasing", "decreasing"),
    "sort": ("sorted", "ascending", "descending", "increasing", "decreasing"),
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
    "sqrt": ("root", "rms", "rmse", "euclidean", "deviation", "std", "norm", "hypotenuse"),
}
"""Words of English for functions and methods, beside their own names."""
UNITS: Mapping[str, tuple[float, ...]] = {
    "percent": (100,), "percentage": (100,), "percentages": (100,), "cents": (100,), "pence": (100,),
    "seconds": (60, 3600), "minutes": (60,), "hours": (60, 24), "days": (24, 7), "weeks": (7,),
    "months": (12,), "milliseconds": (1000,), "ms": (1000,),
    "km": (1000,), "kilometres": (1000,), "kilometers": (1000,),
    "grams": (1000,), "kg": (1000,), "centimetres": (100,), "cm": (100,), "dozen": (12,), "dozens": (12,),
    "bits": (8,), "kilobytes": (1024,), "kb": (1024,), "mb": (1024,),
    "fahrenheit": (32, 1.8), "kelvin": (273.15,), "letters": (26,), "alphabet": (26,), "degrees": (360,),
    "leap": (4, 100, 400),
}  # fmt: skip
"""Words for units, and the numbers by which their amounts are converted."""
_OWN = frozenset(
    [
        *("sum", "max", "min", "abs", "sorted", "sort", "reverse", "reversed", "round", "count", "mean"),
        *("upper", "lower", "split", "join", "strip", "replace", "capitalize", "swapcase", "median"),
        *("floor", "ceil", "union", "intersection", "sqrt"),
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


def conversions(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[float, ...]:
    """The numbers of the units that its name and docstring mention and its code does not have."""
    text = f"{function.name} {ast.get_docstring(function) or ''}".lower()
    found = dict.fromkeys(number for word in _WORD.findall(text) for number in UNITS.get(word, ()))
    used = {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)}
    return tuple(number for number in found if number not in used)


def brings_in(names: frozenset[str], old: str, new: str) -> bool:
    """Whether the new code has one of the names and the old one has not."""
    return bool(names) and not names.isdisjoint(set(_NAME.findall(new)) - set(_NAME.findall(old)))
