"""Turns a live value into a Variable: bounded, redacted, and without running user code."""

import collections
from itertools import islice
from typing import Any

from cot_magic.capture.describe import arrays, objects
from cot_magic.capture.describe.oneline import oneline, signature, tidy, withholdable
from cot_magic.capture.secrets.names import name_weight
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.case import Variable

MOST_MEMBERS = 500
MOST_KEYS = 500
MOST_BRIEF = 60  # keys of a value that is only mentioned
LONGEST_FACT = 1_000
LONGEST_KEY = 120
MOST_LEARNED = 1_000  # strings in a withheld value that are then withheld everywhere
_SIZED: tuple[Any, ...] = (str, bytes, bytearray, list, tuple, dict, set, frozenset, collections.deque)


def variable(name: str, value: object, redactor: Redactor) -> Variable:
    """The value in full: text, facts, members and keys.

    Parameters
    ----------
    name
        A variable's name or the source of the expression; a secret-looking name withholds the value.
    """
    return _described(name, value, redactor, most_keys=MOST_KEYS, most_members=MOST_MEMBERS)


def mention(name: str, value: object, redactor: Redactor) -> Variable:
    """The value in brief, as one of many: no members, few keys."""
    return _described(name, value, redactor, most_keys=MOST_BRIEF, most_members=0)


def _described(
    name: str, value: object, redactor: Redactor, *, most_keys: int, most_members: int
) -> Variable:
    kind = tidy(redactor.text(objects.qualified(type(value))), 200)
    shown_name = tidy(redactor.text(name), 200)
    members = objects.members(value, most_members) if most_members else ()
    members = tuple(tidy(redactor.text(member), LONGEST_KEY) for member in members)
    text = oneline(value, redactor)
    _learn_columns(value, redactor)
    if withholdable(value) and redactor.hides(name, text):
        _learn_strings(name, value, redactor, [MOST_LEARNED])
        return Variable(name=shown_name, type=kind, text=redactor.named(name, text), members=members)
    try:
        facts, keys = _facts(value, redactor, full=most_members > 0), _keys(value, redactor, most_keys)
    except Exception as error:  # a broken array or table must not hide the failure itself
        facts, keys = (("unreadable", objects.qualified(type(error))),), ()
    return Variable(name=shown_name, type=kind, text=text, facts=facts, members=members, keys=keys)


def _learn_columns(value: object, redactor: Redactor) -> None:
    """Learn the strings in columns whose names say that they are secret."""
    for name, items in arrays.named_columns(value, MOST_LEARNED):
        if name_weight(name) == 2:
            _learn_strings(name, items, redactor, [MOST_LEARNED])


def _learn_strings(name: str, value: Any, redactor: Redactor, left: list[int], depth: int = 0) -> None:
    """Learn the strings in a withheld value, including those its text leaves out."""
    if left[0] <= 0 or depth > 4:
        return
    left[0] -= 1
    if type(value) is str:
        redactor.learn_telling(name, value)
    elif type(value) is dict:
        for item in list(islice(value.values(), MOST_LEARNED)):
            _learn_strings(name, item, redactor, left, depth + 1)
    elif objects.exactly(value, list, tuple, set, frozenset):
        for item in list(islice(value, MOST_LEARNED)):
            _learn_strings(name, item, redactor, left, depth + 1)
    elif (items := arrays.items(value, MOST_LEARNED)) is not None:
        _learn_strings(name, items, redactor, left, depth + 1)


def _facts(value: Any, redactor: Redactor, *, full: bool) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    if arrays.is_array(value):
        found += (
            arrays.facts(value, lambda item: oneline(item, redactor, 60), redactor.named)
            if full
            else arrays.shape(value)
        )
    for base in _SIZED:
        if objects.is_a(value, base):
            found.append(("len", str(base.__len__(value))))
            break
    if parameters := signature(value, redactor):
        found.append(("signature", parameters))
    return tuple((name, tidy(redactor.text(text), LONGEST_FACT)) for name, text in found)


def _keys(value: Any, redactor: Redactor, most: int) -> tuple[str, ...]:
    if objects.is_a(value, dict):
        keys: Any = list(islice(dict.keys(value), most))
    elif (names := _environment_keys(value)) is not None:
        keys = names[:most]
    else:
        return arrays.labels(value, lambda item: oneline(item, redactor, LONGEST_KEY))[:most]
    return tuple(oneline(key, redactor, LONGEST_KEY) for key in keys)


def _environment_keys(value: object) -> list[str] | None:
    """The names in `os.environ`, a mapping but no dict; its values are never shown."""
    data = objects.instance_dict(value).get("_data") if objects.is_environment(value) else None
    if type(data) is not dict:
        return None
    return sorted(key.decode(errors="replace") if type(key) is bytes else str(key) for key in list(data))
