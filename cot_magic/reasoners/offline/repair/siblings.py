"""Statements that a method lacks and another method of its class has, as they are or the other way round."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cot_magic.reasoners.offline.repair.drafts import Drafts, Function
from cot_magic.reasoners.offline.repair.tables import CHANGERS

METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)
ADDING = frozenset(["append", "appendleft", "add", "insert", "extend", "push", "update"])
TAKING = frozenset(["pop", "popleft", "popitem", "remove", "discard", "clear"])
OPPOSITE = {ast.Add: "-=", ast.Sub: "+="}
MOST_NAMES = 4
UNTOUCHED = -0.6  # of an attribute that the method does not change itself
STARVED = -1.0  # of adding to what is only taken from
COUNTERPART = 0.8  # how much likelier the reverse is than the same in a method that undoes the other
MOVED = frozenset(["move_to_end", *CHANGERS, *ADDING, *TAKING])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """A statement to insert, and what it costs more or less than one without a reason."""

    text: str
    extra: float


def siblings(drafts: Drafts, function: Function) -> list[Sibling]:
    """What changes the object in the other methods of the class, in the names of this one."""
    owner = drafts.parent.get(function)
    if not isinstance(owner, ast.ClassDef) or not drafts.params:
        return []
    here = drafts.params[0]
    mine = {target for node in ast.walk(function) for target in _changed(drafts, node, here)}
    found: dict[str, float] = {}
    for other in owner.body:
        if not isinstance(other, METHODS) or other is function or not other.args.args:
            continue
        if other.args.args[0].arg != here:
            continue
        undone = _undoes(drafts, function, other, here)
        for donor in ast.walk(other):
            changed = _changed(drafts, donor, here)
            if not isinstance(donor, ast.stmt) or not changed or not drafts.alone(donor):
                continue
            extra = 0.0 if changed & mine else UNTOUCHED
            if other.name == "__init__":
                extra += 1.0
            ways = [
                (text, extra + (0.0 if reverse == undone else COUNTERPART))
                for text, reverse in _both_ways(drafts, donor)
            ]
            ways += [
                (text, cost if undone else cost + COUNTERPART)
                for text, cost in _of_another_attribute(drafts, donor, here, owner)
            ]
            for text, cost in ways:
                for fitted in _in_own_names(drafts, text, here):
                    found[fitted] = min(cost, found.get(fitted, cost))
    return [Sibling(text=text, extra=extra) for text, extra in found.items()]


def _changed(drafts: Drafts, node: ast.AST, here: str) -> set[str]:
    """The attributes of the object that a simple statement changes."""
    targets: Sequence[ast.expr] = ()
    match node:
        case ast.Assign(targets=[target]) | ast.AugAssign(target=target):
            targets = [target]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr=name))) if name in MOVED:
            targets = [owner]
        case ast.Delete(targets=[ast.Subscript(value=owner)]):
            targets = [owner]
    found = set()
    for target in targets:
        while isinstance(target, ast.Subscript):
            target = target.value
        match target:
            case ast.Attribute(value=ast.Name(id=name)) if name == here and "\n" not in drafts.text(target):
                found.add(target.attr)
    return found


def _of_another_attribute(
    drafts: Drafts, donor: ast.stmt, here: str, owner: ast.ClassDef
) -> Iterator[tuple[str, float]]:
    """The statement with another attribute that starts with the same value: likeliest with one that the class
    takes from, and adds nothing to."""
    match donor:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute() as target, attr=name))) if (
            name in ADDING
        ):
            pass
        case ast.AugAssign(target=ast.Attribute() as target):
            name = ""
        case _:
            return
    first, (start, end) = drafts.span(donor)[0], drafts.span(target)
    text = drafts.text(donor)
    starts = {
        item.targets[0].attr: ast.dump(item.value)
        for item in ast.walk(owner)
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Attribute)
    }
    grown = {attribute for attribute, grows in _ways(drafts, owner, here) if grows}
    taken = {attribute for attribute, grows in _ways(drafts, owner, here) if not grows}
    for other, value in starts.items():
        if other != target.attr and value == starts.get(target.attr) and "\n" not in text:
            new = f"{here}.{other}"
            starved = bool(name) and new in taken - grown
            yield text[: start - first] + new + text[end - first :], STARVED if starved else COUNTERPART


def _undoes(drafts: Drafts, function: Function, other: Function, here: str) -> bool:
    """Whether one of the two takes from an attribute what the other one adds to it."""
    ways = [dict(_ways(drafts, method, here)) for method in (function, other)]
    return any(ways[1].get(name, way) != way for name, way in ways[0].items())


def _ways(drafts: Drafts, method: ast.AST, here: str) -> Iterator[tuple[str, bool]]:
    """For each attribute that a method or class changes in one direction: whether it grows."""
    prefix = f"{here}."
    for node in ast.walk(method):
        match node:
            case ast.AugAssign(target=ast.Attribute() as target, op=ast.Add() | ast.Sub()):
                owner, grows = drafts.text(target), isinstance(node.op, ast.Add)
            case ast.Call(func=ast.Attribute(value=ast.Attribute() as target, attr=name)) if (
                name in ADDING | TAKING
            ):
                owner, grows = drafts.text(target), name in ADDING
            case _:
                continue
        if owner.startswith(prefix):
            yield owner, grows


def _both_ways(drafts: Drafts, donor: ast.stmt) -> Iterator[tuple[str, bool]]:
    """The statement, and what does the reverse (True)."""
    text = drafts.text(donor)
    if "\n" not in text:
        yield text, False
    match donor:
        case ast.AugAssign(op=ast.Add() | ast.Sub() as sign):
            yield f"{drafts.text(donor.target)} {OPPOSITE[type(sign)]} {drafts.text(donor.value)}", True
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=owner, attr="append"), args=[ast.Name() as item])
        ):
            yield f"{drafts.text(owner)}.append(-{drafts.text(item)})", True
            yield f"{drafts.text(owner)}.remove({drafts.text(item)})", True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="add"), args=[item])):
            yield f"{drafts.text(owner)}.discard({drafts.text(item)})", True
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=owner, attr="remove" | "discard"), args=[item])
        ):
            for name in ("append", "add"):
                yield f"{drafts.text(owner)}.{name}({drafts.text(item)})", True
        case ast.Assign(targets=[ast.Subscript(value=owner, slice=key)]):
            yield f"{drafts.text(owner)}.pop({drafts.text(key)}, None)", True


def _in_own_names(drafts: Drafts, text: str, here: str) -> Iterator[str]:
    """The statement as it is, or with a variable of this method for the only one that it does not have."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a literal over several lines
        return
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    known = {here, *drafts.locals, *drafts.hints.globals, *drafts.builtins}
    strange = dict.fromkeys(node.id for node in names if node.id not in known)
    if not strange:
        yield text
    elif len(strange) == 1 and text.isascii():
        places = sorted((node.col_offset, node.end_col_offset or 0) for node in names if node.id in strange)
        for other in [name for name in drafts.names if name != here and name in drafts.locals][:MOST_NAMES]:
            new = text
            for start, end in reversed(places):
                new = new[:start] + other + new[end:]
            yield new
