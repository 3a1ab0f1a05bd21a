"""Rules for things that cannot be changed, and for types that were not called."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "assign.unchangeable",
    "TypeError",
    lesson="Texts and tuples cannot be changed once they are made. Make a new one, or use a list.",
)
def unchangeable(site: Site) -> Iterator[Suspicion]:
    said = site.says(
        r"'(str|tuple|range|bytes|frozenset)' object (?:does not support item|doesn't support item) "
        r"(assignment|deletion)"
    )
    if said is None:
        return
    for node in site.find(ast.Subscript, lambda node: not isinstance(node.ctx, ast.Load))[:1]:
        text = site.text(node.value)
        claim = f"`{text}` is a `{said[1]}`, which cannot be changed."
        if isinstance(node.value, ast.Name):
            for cell, assign in site.assignments(node.value.id):
                yield site.reading(claim, _as_list(cell, assign), weight=0.7)
                break
        rebuilt = _rebuilt(site, node, said[1])
        if rebuilt is not None and said[2] == "assignment":
            weight = 0.75 if said[1] == "str" else 0.5
            yield site.reading(
                claim, site.repair("A new one is made with the change.", rebuilt), weight=weight
            )
        return


def _as_list(cell: Cell, assign: ast.Assign) -> Repair:
    source, value = cell.source, assign.value
    if isinstance(value, ast.Tuple):
        text = src.text_of(source, value)
        inner = text[1:-1] if text.startswith("(") else text
        changes = [src.over(source, value, f"[{inner.rstrip().rstrip(',')}]")]
    else:
        changes = [*src.wrap(source, value, "list(", ")")]
    return Repair(edits=(src.edit(cell, *changes),), why="A list can be changed.")


def _rebuilt(site: Site, node: ast.Subscript, kind: str) -> src.Change | None:
    """`s = s[:i] + c + s[i + 1:]` for `s[i] = c` with a position that counts from the start."""
    statement = site.statement
    if (
        not isinstance(statement, ast.Assign)
        or len(statement.targets) != 1
        or isinstance(node.slice, ast.Slice)
    ):
        return None
    position = site.literal(node.slice)
    if not isinstance(position, int) or position < 0 or kind not in ("str", "tuple"):
        return None
    text, at = site.text(node.value), site.text(node.slice)
    after = str(position + 1) if isinstance(node.slice, ast.Constant) else f"{at} + 1"
    value = site.text(statement.value)
    new = value if kind == "str" else f"({value},)"
    if kind == "str" and isinstance(statement.value, ast.BinOp | ast.IfExp | ast.Compare):
        new = f"({value})"
    return site.over(statement, f"{text} = {text}[:{at}] + {new} + {text}[{after}:]")


@rule(
    "assign.type_not_called",
    "TypeError",
    "AttributeError",
    lesson="`list` is the type, `list()` makes a new empty list.",
)
def type_not_called(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"'type' object (does not support item|is not subscriptable|is not iterable)|unbound "
        r"method|descriptor '\w+' for|type object '(list|dict|set)' has no"
    ):
        return
    statement = site.statement
    names = (
        [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
        if statement is not None
        else []
    )
    for name in dict.fromkeys(names):
        for cell, assign in site.assignments(name):
            if isinstance(assign.value, ast.Name) and assign.value.id in (
                "list",
                "dict",
                "set",
                "str",
                "tuple",
            ):
                change = src.after(cell.source, assign.value, "()")
                yield site.cause(
                    f"`{name}` is the type `{assign.value.id}` itself, since the parentheses are missing.",
                    f"`{name}` is a type.",
                    f"isinstance({name}, type)",
                    Repair(edits=(src.edit(cell, change),), why=f"`{assign.value.id}()` makes a new one."),
                    weight=0.95,
                )
                return
            break


RULES = (
    unchangeable,
    type_not_called,
)
