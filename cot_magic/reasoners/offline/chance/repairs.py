"""Edits that take chance out of a cell: a seed, a sorted listing, a sorted set, a named time zone."""

import ast
from collections.abc import Iterable, Iterator

from cot_magic.core.case import Case, Cell
from cot_magic.core.chance import Axis
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound

_LISTINGS = {"listdir", "glob", "iglob", "iterdir", "rglob"}
_SETS = {"set", "frozenset"}
_OF_SETS = {"union", "intersection", "difference", "symmetric_difference"}
_SEED = "Seed the generator, so that each run draws the same numbers."
_ANY_ORDER = {"sorted", "len", "min", "max", "sum", "any", "all", "set", "frozenset"}
_IN_ORDER = {"list", "tuple", "enumerate", "iter", "zip", "map", "join"}


def repairs(case: Case, axis: Axis) -> Iterator[Repair]:
    """Edits of the cell, and of those that it depends on, that hold this axis."""
    found = []
    for cell in (case.cell, *(item.cell for item in case.lineage)):
        tree = src.parse(cell.source)
        if tree is not None:
            found += list(_of(case, cell, tree, axis))
    yield from sound(Suspicion(claim="", prediction="", checks=(), repairs=tuple(found))).repairs


def _of(case: Case, cell: Cell, tree: ast.Module, axis: Axis) -> Iterator[Repair]:
    match axis:
        case Axis.RANDOM:
            yield from _seeded_here(cell, tree, ("Random",))
            if cell is case.cell:
                yield _seeded_module(cell, tree, "random", "random", "random.seed(0)")
        case Axis.NUMPY:
            yield from _seeded_here(cell, tree, ("default_rng", "RandomState"))
            if cell is case.cell:
                name = _numpy_name(tree, case)
                yield _seeded_module(cell, tree, "numpy", name, f"{name}.random.seed(0)")
        case Axis.FILES:
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _lists(node)]
            yield from _sorted(cell, tree, calls, "Sort the names: a folder lists its files in any order.")
        case Axis.HASH:
            sets = list(_ordered_sets(case, cell, tree))
            yield from _sorted(cell, tree, sets, "Sort the set: its order differs from process to process.")
        case Axis.ZONE:
            yield from _in_utc(cell, tree)
        case _:
            return  # no edit that holds in general is known for the clock and for the system's entropy


def _seeded_here(cell: Cell, tree: ast.Module, makers: tuple[str, ...]) -> Iterator[Repair]:
    """Seed the generators that are made in this cell."""
    bare = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _last(node.func) in makers and not (node.args or node.keywords)
    ]
    changes = [src.over(cell.source, node, f"{src.text_of(cell.source, node.func)}(0)") for node in bare]
    if changes:
        yield Repair(edits=(src.edit(cell, *changes),), why=_SEED)


def _seeded_module(cell: Cell, tree: ast.Module, module: str, name: str, line: str) -> Repair:
    """Seed the generator of a module, below its import in this cell, else at the top."""
    imported = next(
        (
            node
            for node in tree.body
            if isinstance(node, ast.Import)
            and any(alias.name == module and (alias.asname or module) == name for alias in node.names)
        ),
        None,
    )
    if imported is not None:
        change = src.line_after(cell.source, imported, line)
    else:
        alias = f" as {name}" if name != module else ""
        place = src.import_line(cell.source)
        change = src.line_before(cell.source, place, f"import {module}{alias}\n{line}")
    return Repair(edits=(src.edit(cell, change),), why=_SEED)


def _sorted(cell: Cell, tree: ast.Module, nodes: Iterable[ast.expr], why: str) -> Iterator[Repair]:
    inside = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _last(node.func) in _ANY_ORDER
        for argument in node.args
    }
    changes = [
        change
        for node in nodes
        if id(node) not in inside
        for change in src.wrap(cell.source, node, "sorted(", ")")
    ]
    if changes:
        yield Repair(edits=(src.edit(cell, *changes),), why=why)


def _lists(call: ast.Call) -> bool:
    return _last(call.func) in _LISTINGS


def _ordered_sets(case: Case, cell: Cell, tree: ast.Module) -> Iterator[ast.expr]:
    """Sets in places where their order shows."""
    names = {item.name for item in case.namespace if item.type in _SETS}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_set(node.value, names):
            names |= {item.id for item in node.targets if isinstance(item, ast.Name)}
    for node in ast.walk(tree):
        places: list[ast.expr] = []
        if isinstance(node, ast.For | ast.comprehension):
            places = [node.iter]
        elif isinstance(node, ast.Call) and _last(node.func) in _IN_ORDER:
            places = list(node.args)
        elif isinstance(node, ast.Starred):
            places = [node.value]
        yield from (item for item in places if _is_set(item, names))


def _is_set(node: ast.expr, names: set[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Name(id=name):
            return name in names
        case ast.Call(func=ast.Name(id=name)):
            return name in _SETS
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _OF_SETS:
            return _is_set(value, names)
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return _is_set(left, names) or _is_set(right, names)
        case _:
            return False


def _in_utc(cell: Cell, tree: ast.Module) -> Iterator[Repair]:
    """Read the clock in one zone on every machine."""
    changes: dict[src.Splice, None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="now"), args=[], keywords=[]):
                holder = src.text_of(cell.source, value)
                module = holder.removesuffix(".datetime")
                if module != holder:
                    changes[src.over(cell.source, node, f"{holder}.now({module}.UTC)")] = None
                elif holder == "datetime":
                    changes[src.over(cell.source, node, "datetime.now(UTC)")] = None
                    changes[src.add_import(cell, "from datetime import UTC")] = None
            case _:
                continue
    if changes:
        why = "Read the time in UTC, which is the same on every machine."
        yield Repair(edits=(src.edit(cell, *changes),), why=why)


def _last(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _numpy_name(tree: ast.Module, case: Case) -> str:
    """The name that NumPy has in this cell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "numpy":
                    return alias.asname or "numpy"
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known = {item.name for item in case.namespace if item.type == "module"}
    return "np" if "np" in used | known else "numpy"
