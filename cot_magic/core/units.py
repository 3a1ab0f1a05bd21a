"""Units that a name says, `angle_deg`, and what a conversion between two of them looks like."""

import ast
import copy
import itertools
import math
import re
from dataclasses import dataclass, replace

from cot_magic.core.edits import parsed
from cot_magic.core.findings import CellEdit

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
# how many of the first unit of the line the others have, and how each is written
_TABLE = {
    "angle": "1 radian radians rad|0.017453292519943295 degree degrees deg",
    "time": (
        "1e-9 nanosecond nanoseconds nanos ns|1e-6 microsecond microseconds micros us"
        "|1e-3 millisecond milliseconds millis msec ms|1 seconds secs sec s|60 minute minutes mins"
        "|3600 hour hours hrs hr h|86400 day days|604800 week weeks"
    ),
    "length": (
        "1 meter meters metre metres m|1e-3 millimeter millimeters mm|1e-2 centimeter centimeters cm"
        "|1e3 kilometer kilometers kilometre kilometres km|1609.344 mile miles mi|0.0254 inch inches"
        "|0.3048 foot feet ft"
    ),
    "mass": "1e-3 gram grams g|1 kilogram kilograms kg kilo kilos|0.45359237 pound pounds lbs lb",
}
_ALONE = 2  # letters that a unit needs to be the whole name


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of something that is measured: how many of the basic one it has."""

    of: str
    size: float
    name: str


_UNITS = {
    word: Unit(of=of, size=float(size), name=max(words, key=len))
    for of, line in _TABLE.items()
    for size, *words in (group.split() for group in line.split("|"))
    for word in words
}
_TOLD = re.compile(
    rf"\b({'|'.join(sorted((word for word in _UNITS if len(word) > len('rad')), key=len, reverse=True))})\b"
    r"(?! of freedom)|\b(POSIX)\b"
)


def unit_of(name: str) -> Unit | None:
    """The unit that the last words of a name say: `angle_deg`, `wait_minutes`, `ms`."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or (len(words) == 1 and len(words[0]) < _ALONE):
        return None
    return _UNITS.get(words[-1])


def units_of(name: str) -> list[Unit]:
    """All units that a name says: `deg2rad` says two."""
    return [_UNITS[word.lower()] for word in _WORDS.findall(name) if word.lower() in _UNITS]


def unit_written(text: str) -> Unit | None:
    """The unit that is written: `s`, `ms`, `minutes`."""
    return _UNITS.get(text)


def unit_told(text: str, of: str) -> Unit | None:
    """The unit of that kind which a documentation mentions first; a POSIX time stamp has seconds."""
    found = (_UNITS["seconds"] if told[2] else _UNITS[told[1]] for told in _TOLD.finditer(text))
    return next((unit for unit in found if unit.of == of), None)


def named(node: ast.AST) -> dict[str, Unit]:
    """The parts of an expression whose names say a unit, by source: names, attributes, items, and what a
    comprehension takes out of one."""
    found: dict[str, Unit] = {}
    called = {id(item.func) for item in ast.walk(node) if isinstance(item, ast.Call)}
    for item in ast.walk(node):
        match item:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                unit = unit_of(name)
            case ast.Subscript(slice=ast.Constant(value=str() as name)):
                unit = unit_of(name)
            case _:
                continue
        if unit is not None and id(item) not in called:
            found[ast.unparse(item)] = unit
    return found


def without_conversions(old: ast.Module, new: ast.Module) -> ast.Module:
    """The new tree without what it does to the unit of a value whose name says one.

    `math.radians(angle_deg)`, `sent_ms / 1000`, `timedelta(minutes=wait_minutes)` and `unit="s"`: whether the
    conversion is the one that is needed, the documentation of what is called says.
    """
    known = {ast.dump(node) for node in ast.walk(old)}
    return _Converted(known).visit(copy.deepcopy(new)) if any(map(named, new.body)) else new


def unconverted(edit: CellEdit) -> CellEdit:
    """The edit without its conversions of units."""
    old, new = parsed(edit.before), parsed(edit.after)
    if old is None or new is None:
        return edit
    plain = without_conversions(old, new)
    return edit if ast.dump(plain) == ast.dump(new) else replace(edit, after=ast.unparse(plain))


class _Converted(ast.NodeTransformer):
    def __init__(self, known: set[str]) -> None:
        self.known = known

    def visit_Call(self, node: ast.Call) -> ast.expr:
        fresh = ast.dump(node) not in self.known
        given = [*node.args, *(word.value for word in node.keywords)]
        kinds = {unit.of for item in given for unit in named(item).values()}
        self.generic_visit(node)
        if not fresh or not kinds:
            return node
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if len(node.args) == 1 and not node.keywords and {unit.of for unit in units_of(called)} & kinds:
            return node.args[0]
        for word in list(node.keywords):
            unit = unit_of(word.arg or "")
            if unit is not None and unit.of in kinds and not node.args and len(node.keywords) == 1:
                node.args, node.keywords = [word.value], []
            elif word.arg in ("unit", "units") and isinstance(word.value, ast.Constant):
                said = unit_written(str(word.value.value))
                if said is not None and said.of in kinds:
                    node.keywords.remove(word)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        fresh = ast.dump(node) not in self.known
        kinds = {unit.of for unit in named(node.left).values()}
        self.generic_visit(node)
        match node:
            case ast.BinOp(op=ast.Mult() | ast.Div(), right=ast.Constant(value=int() | float() as number)):
                if fresh and any(is_ratio(number, of) for of in kinds):
                    return node.left
        return node


def is_ratio(number: float, of: str) -> bool:
    """Whether one unit has that many of another one."""
    sizes = {unit.size for unit in _UNITS.values() if unit.of == of}
    return any(
        math.isclose(one, number * other, rel_tol=1e-6) for one, other in itertools.permutations(sizes, 2)
    )
