"""The smallest input that still fails the same way, by delta debugging of the values in the failing call."""

import ast
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cot_magic.autopsy.elements import LENGTHS, listed
from cot_magic.autopsy.evaluation import UNKNOWN, parts
from cot_magic.autopsy.scene import Scene, Spot, is_instance
from cot_magic.capture.describe import objects
from cot_magic.capture.failure import message_of
from cot_magic.core.facts import Fact

SEARCH_S = 0.2
MOST_CHARACTERS = 20_000
LONGEST_CODE = 200
Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One way to make a value smaller: how many pieces it has, and the value with some of them."""

    unit: str
    count: int
    take: Callable[[Sequence[int]], Any]


def smallest(scene: Scene) -> Iterator[Fact]:
    """`smallest.input`: the outermost call that fails, with the smallest input that fails as it did."""
    if scene.is_a("AssertionError", "NameError", "ImportError", "MemoryError", "KeyboardInterrupt"):
        return
    if any(word in scene.message.lower() for word in LENGTHS):
        return  # it does not fail for what is in its input
    ends = time.monotonic() + SEARCH_S
    for spot in reversed(scene.spots):
        for part in _inputs(spot):
            found = _reduced(scene, spot, part, ends)
            if found is not None:
                yield found
                return


def _inputs(spot: Spot) -> Iterator[ast.expr]:
    """The parts of the failing expression that can be made smaller, outer ones first."""
    node = spot.node
    if not isinstance(node, ast.Call | ast.BinOp):
        return
    for part in reversed(list(parts(node))):
        if part is node or (isinstance(part, ast.Constant) and type(part.value) is not str):
            continue
        value = spot.value(part)
        if value is not UNKNOWN and next(sides(value), None) is not None:
            yield part


def _reduced(scene: Scene, spot: Spot, part: ast.expr, ends: float) -> Fact | None:
    """The fact about one part, if less of it fails the same way."""
    node = spot.node
    assert isinstance(node, ast.expr)
    whole = spot.value(part)
    run = spot.evaluation.prepared(node, (part,))
    wanted = _likeness(scene.raised)

    def fails(value: Any) -> bool:
        got = run((value,))
        return isinstance(got, BaseException) and _likeness(got) == wanted

    if not fails(whole):
        return None  # it does not fail again: chance, a used-up iterator, a resource
    value, kept = whole, []
    for place in range(2):
        side = next(islice(sides(value), place, None), None)
        if side is None or side.count < 2:
            continue
        take = side.take
        pieces = ddmin(side.count, _over(take, fails), ends)
        if len(pieces) < side.count:
            value = take(pieces)
            kept.append((len(pieces), side.count, side.unit))
    if not kept:
        return None
    return _told(scene, spot, part, value, kept)


def _over(take: Callable[[Sequence[int]], Any], fails: Test) -> Callable[[Sequence[int]], bool]:
    """Whether the value with these pieces fails."""
    return lambda some: fails(take(some))


def _likeness(error: BaseException) -> tuple[type, str]:
    """What two failures of one kind have in common: the class, and the message without its values."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "#", message_of(error).partition("\n")[0])
    return type(error), re.sub(r"#(?:\W{1,3}#)*", "#", text)[:80]


def ddmin(count: int, fails: Callable[[Sequence[int]], bool], ends: float) -> list[int]:
    """The positions that are enough to fail, none of which can be left out (Zeller, Hildebrandt 2002).

    When the time is up, what has been reached is returned.
    """
    kept, pieces = list(range(count)), 2
    while len(kept) >= 2 and time.monotonic() < ends:
        size = max(len(kept) // pieces, 1)
        parts_of = [kept[start : start + size] for start in range(0, len(kept), size)]
        smaller = next((some for some in parts_of if time.monotonic() < ends and fails(some)), None)
        if smaller is not None:
            kept, pieces = smaller, 2
            continue
        rest = None
        for some in parts_of if len(parts_of) > 2 else ():
            without = [place for place in kept if place not in set(some)]
            if time.monotonic() < ends and fails(without):
                rest = without
                break
        if rest is not None:
            kept, pieces = rest, max(pieces - 1, 2)
        elif size == 1:
            break
        else:
            pieces = min(pieces * 2, len(kept))
    return kept


def sides(value: Any) -> Iterator[_Side]:
    """Rows and columns of a table, items of a container, characters of a string."""
    if type(value) is str:
        if 1 < len(value) <= MOST_CHARACTERS:
            yield _Side(
                unit="characters", count=len(value), take=lambda some: "".join(value[place] for place in some)
            )
    elif is_instance(value, "pandas.DataFrame"):
        yield _Side(unit="rows", count=len(value), take=lambda some: value.iloc[list(some)])
        yield _Side(unit="columns", count=value.shape[1], take=lambda some: value.iloc[:, list(some)])
    elif is_instance(value, "pandas.Series"):
        yield _Side(unit="items", count=len(value), take=lambda some: value.iloc[list(some)])
    elif is_instance(value, "numpy.ndarray", "pandas.Index"):
        if getattr(value, "ndim", 1) > 0:
            unit = "rows" if value.ndim > 1 else "items"
            yield _Side(unit=unit, count=len(value), take=lambda some: value[list(some)])
    elif type(value) is dict:
        keys = list(value)
        yield _Side(
            unit="items",
            count=len(keys),
            take=lambda some: {keys[place]: value[keys[place]] for place in some},
        )
    elif objects.is_a(value, list, tuple, set, frozenset) and (items := listed(value)) is not None:
        make: Any = next(kind for kind in (list, tuple, frozenset, set) if objects.is_a(value, kind))
        yield _Side(unit="items", count=len(items), take=lambda some: make(items[place] for place in some))


def _told(scene: Scene, spot: Spot, part: ast.expr, value: Any, kept: list[tuple[int, int, str]]) -> Fact:
    source, operation = spot.source(part), spot.source(spot.node) if spot.node is not None else ""
    text = scene.text(value, 120, source)
    of = " and ".join(f"{few:,} of {many:,} {unit}" for few, many, unit in kept)
    return Fact.of(
        "smallest.input",
        f"`{operation}` fails the same way with {of} of `{source}`: `{text}`.",
        cell=spot.cell,
        lineno=spot.lineno,
        expression=source,
        operation=operation,
        value=text,
        kept=[{"count": few, "of": many, "unit": unit} for few, many, unit in kept],
        code=_code(scene, value, source),
    )


def _code(scene: Scene, value: Any, name: str) -> str:
    """Code that makes the value, if it is plain and hides nothing; else empty."""
    try:
        text = repr(value) if type(value) in (str, list, tuple, dict, set) else ""
        if not text or len(text) > LONGEST_CODE or ast.literal_eval(text) != value:
            return ""
    except (ValueError, SyntaxError, TypeError, RecursionError):  # not made of literals
        return ""
    return text if scene.redactor.named(name, scene.redactor.text(text)) == text else ""
