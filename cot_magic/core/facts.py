"""Facts: what the autopsy of a failed kernel found, as plain values. They suggest; they prove nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cot_magic.core.case import CellId

LONGEST_TEXT = 600
LONGEST_VALUES = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that was seen in the failed kernel.

    Attributes
    ----------
    kind
        The analyser and what it saw, `<analyser>.<what>`: `elements.guilty`, `callee.signature`.
    text
        One or two sentences for a reader, with `code` in backquotes.
    values
        The same for a program: a JSON object as text. `value` reads it.
    cell, lineno
        Where it is about, if that is not the failing line; the line is 1-based.
    """

    kind: str
    text: str
    values: str = "{}"
    cell: CellId | None = None
    lineno: int | None = None

    @classmethod
    def of(
        cls, kind: str, text: str, *, cell: CellId | None = None, lineno: int | None = None, **values: Any
    ) -> "Fact":
        """A fact with these values, which must be JSON data; too many of them are left out as a whole."""
        data = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        if len(data) > LONGEST_VALUES:
            data = '{"cut":true}'
        said = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
        return cls(kind=kind, text=said, values=data, cell=cell, lineno=lineno)

    @property
    def value(self) -> dict[str, Any]:
        """The values; empty if they are no JSON object."""
        try:
            found = json.loads(self.values)
        except (ValueError, RecursionError):  # written by a copy in which the person's code ran
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All facts of one autopsy, in the order in which a reader wants them.

    `unfinished` names the analysers that ran out of time or failed; what they found before is kept.
    """

    found: tuple[Fact, ...] = ()
    unfinished: tuple[str, ...] = ()
    seconds: float = 0.0

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.found)

    def __bool__(self) -> bool:
        return bool(self.found)

    def of(self, kind: str) -> tuple[Fact, ...]:
        """The facts of that kind, or of all kinds of an analyser: `elements` or `elements.guilty`."""
        return tuple(item for item in self.found if item.kind == kind or item.kind.startswith(f"{kind}."))

    def first(self, kind: str) -> Fact | None:
        """The first fact of that kind or analyser."""
        return next(iter(self.of(kind)), None)


READ_AT_A_GLANCE = 20
"""Pieces of a value: one that has no more needs no smaller one that fails as well."""


def for_a_reader(facts: Facts) -> tuple[Fact, ...]:
    """The facts that tell a person something, each once.

    That an operation fails for all elements is known from the failure, and so is a short input.
    """
    told: dict[str, Fact] = {}
    for item in facts:
        if not _is_idle(item):
            told.setdefault(item.text, item)
    return tuple(told.values())


def _is_idle(fact: Fact) -> bool:
    value = fact.value
    if fact.kind == "elements.guilty":
        return value.get("count") == value.get("of")
    if fact.kind == "smallest.input":
        kept = value.get("kept")
        return isinstance(kept, list) and all(
            isinstance(item, dict) and item.get("of", 0) <= READ_AT_A_GLANCE for item in kept
        )
    return False


NO_FACTS = Facts()
