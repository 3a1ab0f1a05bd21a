"""Rules for keys that cannot be keys, and for slices of things without positions."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_UNHASHABLE = (
    "Keys of dictionaries and elements of sets must never change, so lists and dictionaries "
    "cannot be used. A tuple can."
)


@rule("hash.unhashable", "TypeError", lesson=_UNHASHABLE)
def unhashable(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"unhashable type: '([\w.]+)'")
    if said is None:
        return
    convert = {"list": "tuple", "set": "frozenset", "numpy.ndarray": "tuple", "dict": ""}.get(said[1])
    if said[1] == "slice":
        yield from _slice(site)
        return
    if convert is None:
        return
    for node in _keys(site):
        kind = kind_of(site, node)
        claim = f"`{site.one_line(node)}` is a `{said[1]}`, which cannot be a key or an element of a set."
        if convert and kind.rsplit(".", 1)[-1] == said[1].rsplit(".", 1)[-1]:
            alike = [item for item in _siblings(site, node) if type(item) is type(node)]
            changes = [change for item in alike for change in _hashable(site, item, convert)]
            check = f"type({site.text(node)}).__hash__ is None"
            repair = site.repair(f"A {convert} can be used there.", *changes)
            if pure(node):
                yield site.cause(claim, "It has no hash.", check, repair, weight=0.9)
            else:
                yield site.reading(claim, repair, weight=0.8)
            return
    for call in site.find(
        ast.Call,
        lambda node: (
            getattr(node.func, "id", "") in ("set", "frozenset", "Counter", "dict")
            or getattr(node.func, "attr", "") in ("fromkeys", "Counter", "update")
        ),
    ):
        if call.args and convert:
            repair = site.repair(
                f"Each becomes a {convert}.",
                *src.wrap(site.cell.source, call.args[0], f"map({convert}, ", ")"),
            )
            claim = (
                f"The elements of `{site.one_line(call.args[0])}` are of type `{said[1]}`, which "
                "cannot be in a set."
            )
            yield site.cause(
                claim,
                f"They are of type `{said[1]}`.",
                f"type(next(iter({site.text(call.args[0])}))).__name__ == {said[1].rsplit('.', 1)[-1]!r}",
                repair,
                weight=0.85,
            )
            return


def _hashable(site: Site, node: ast.expr, convert: str) -> tuple[src.Change, ...]:
    """The changes that make a tuple or frozenset of the node; a list that is written out becomes `( … )`."""
    if isinstance(node, ast.List) and convert == "tuple":
        inner = site.text(node)[1:-1].rstrip().rstrip(",")
        return (site.over(node, f"({inner}{',' if len(node.elts) == 1 else ''})"),)
    return site.call(convert, node)


def _siblings(site: Site, node: ast.expr) -> list[ast.expr]:
    """The node and, in a set or dictionary that is written out, the other elements or keys."""
    for item in ast.walk(site.statement or site.tree):
        elements = item.elts if isinstance(item, ast.Set) else item.keys if isinstance(item, ast.Dict) else []
        if any(part is node for part in elements):
            return [part for part in elements if part is not None]
    return [node]


def _keys(site: Site) -> Iterator[ast.expr]:
    """Expressions that were used as a key or as an element of a set."""
    for node in site.find(ast.Subscript):
        yield node.slice
    for call in site.find(
        ast.Call,
        lambda node: (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in ("add", "get", "pop", "setdefault", "discard", "remove")
        ),
    ):
        yield from call.args[:1]
    for display in site.find(ast.Dict):
        yield from [item for item in display.keys if item is not None]
    for display_ in site.find(ast.Set):
        yield from display_.elts
    for compare in site.find(ast.Compare):
        yield compare.left


def _slice(site: Site) -> Iterator[Suspicion]:
    """A slice of a dictionary or of a table."""
    for node in site.find(ast.Subscript):
        kind = kind_of(site, node.value)
        text = site.text(node.value)
        if kind == "pandas.core.frame.DataFrame":
            repair = site.repair(
                "`iloc` looks up rows and columns by position.", site.after(node.value, ".iloc")
            )
            yield site.cause(
                f"`{text}` is a table; positions of rows and columns go through `iloc`.",
                "It has `iloc`.",
                f"hasattr({text}, 'iloc')",
                repair,
                weight=0.9,
            )
        elif kind == "dict":
            repair = site.repair(
                "A list of its pairs can be sliced.", site.over(node.value, f"list({text}.items())")
            )
            yield site.reading(f"`{text}` is a dictionary, which has no positions.", repair, weight=0.6)
        return


RULES = (unhashable,)
