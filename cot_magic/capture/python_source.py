"""The source of a cell as plain Python, and its words where it is none."""

import ast
import builtins
import io
import keyword
import re
import tokenize
import warnings
from collections.abc import Iterator
from typing import Any

_BODY_MAGICS = re.compile(
    r"\s*%%(?:time|timeit|capture|prun|memit|mprun|debug|heat|scalene|cot\+{0,2})\b[^\n]*\n?"
)
_BUILTINS = frozenset(vars(builtins))


def python_of(source: str) -> str:
    """The source as Python: magics and shell lines become calls; `%%time` and its like give way to their
    body."""
    from IPython.core.inputtransformer2 import TransformerManager

    while match := _BODY_MAGICS.match(source):
        source = source[match.end() :]
    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]
    transformed: str = manager.transform_cell(source)
    return transformed


def words_of(source: str) -> Iterator[str]:
    """The names in a source that cannot be parsed, without keywords and builtins, each once."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                found.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass  # what was read up to there is all that can be told
    yield from dict.fromkeys(name for name in found if name not in _BUILTINS)


def is_python(source: str) -> bool:
    """Whether a source can be parsed."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes in the person's strings
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def literal(text: str) -> object:
    """The value that a text is the repr of, else the text."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
