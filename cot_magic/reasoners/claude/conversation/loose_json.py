"""JSON as models write it: among words, in pieces, or nearly JSON."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

_FENCED = re.compile(r"\s*```\w*\n(.*?)\n?```\s*", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)  # line breaks inside of texts are taken as they stand
_TRIES = 400


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects in a text, in order; what only looks like one is passed over, so that of an
    object that is broken the whole ones inside are found."""
    place, tries = 0, 0
    while (place := text.find("{", place)) >= 0 and tries < _TRIES:
        tries += 1
        try:
            data, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            place += 1
            continue
        if isinstance(data, dict):
            yield data
        place = end


def as_python(text: str) -> dict[str, Any] | None:
    """An object that is written as Python writes a dictionary, the only thing in the text; else None."""
    fenced = _FENCED.fullmatch(text)
    try:
        data = ast.literal_eval((fenced[1] if fenced else text).strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    return data if isinstance(data, dict) and all(isinstance(name, str) for name in data) else None


def decoded(value: Any) -> Any:
    """A list or an object that came as text; everything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return _DECODER.decode(value.strip())
        except (ValueError, RecursionError):
            return value
    return value
