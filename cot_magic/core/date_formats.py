"""Formats of dates in which day, month and year change places: only where the old order cannot be read."""

import ast
import re
from collections.abc import Iterator
from datetime import datetime

from cot_magic.core.shifts import Shift, Symptom

_FIELD = re.compile(r"%([a-zA-Z])")
_KINDS = {"Y": "year", "y": "year", "m": "month", "b": "month", "B": "month", "d": "day"}
_TOLD = re.compile(r"time data (['\"])(.*?)\1")


def reordered_dates(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """A format with its fields in another order, though the date can be read in the order that was there."""
    told = _TOLD.search(failure.said)
    before, after = list(_formats(old)), list(_formats(new))
    for was, now in zip(before, after, strict=False):
        if _order(was) == _order(now) or {*_order(was)} != {*_order(now)}:
            continue
        if told is None or _reads(told[2], _in_order_of(was, now)):
            yield Shift(text=f"`{now}` has day, month and year in another order")


def _formats(tree: ast.Module) -> Iterator[str]:
    """The formats by which dates are read."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        given = node.args[1:] if called == "strptime" else []
        given = [*given, *(word.value for word in node.keywords if word.arg == "format")]
        for item in given:
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                yield item.value


def _order(format: str) -> list[str]:
    return [_KINDS[field] for field in _FIELD.findall(format) if field in _KINDS]


def _in_order_of(was: str, now: str) -> str:
    """The new format with its fields in the order of the old one."""
    fields = {_KINDS[field]: field for field in _FIELD.findall(now) if field in _KINDS}
    rest = iter(_order(was))
    return _FIELD.sub(lambda found: f"%{fields[next(rest)]}" if found[1] in _KINDS else found[0], now)


def _reads(text: str, format: str) -> bool:
    """Whether a string is a date in a format."""
    try:
        datetime.strptime(text, format)
    except ValueError:
        return False
    return True
