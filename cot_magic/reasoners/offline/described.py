"""Described values as rules read them: plain data where the whole text is known, and types by one name."""

import ast
from typing import Any

from cot_magic.core.case import Variable

# pandas 3 calls its types by the public names
_TYPES_NOW = {
    "pandas.DataFrame": "pandas.core.frame.DataFrame",
    "pandas.Series": "pandas.core.series.Series",
}


class _Unknown:
    """Stands for a value that its text does not tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()


def type_name(variable: Variable | None) -> str:
    """The type as it is called in every version of its library, empty where unknown."""
    if variable is None:
        return ""
    return _TYPES_NOW.get(variable.type, variable.type)


def literal(variable: Variable | None) -> Any:
    """The value of a described variable if its text is a whole literal, else UNKNOWN."""
    if variable is None or len(variable.text) > 400:
        return UNKNOWN
    try:
        return ast.literal_eval(variable.text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return UNKNOWN


def number_in(text: object) -> str:
    """`int` or `float` if the text is such a number as Python reads it, else empty."""
    if not isinstance(text, str):
        return ""
    for kind in (int, float):
        try:
            kind(text)
        except (ValueError, OverflowError):
            continue
        return kind.__name__
    return ""


def shown(variable: Variable | None, limit: int = 60) -> str:
    """A value for a sentence: its text in backquotes, cut."""
    if variable is None:
        return "a value that is not known"
    text = variable.text.replace("`", "'")
    return f"`{text if len(text) <= limit else text[: limit - 1] + '…'}`"
