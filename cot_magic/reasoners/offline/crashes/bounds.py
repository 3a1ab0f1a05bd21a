"""A number that is outside the bounds which the message states: `n_components=10 must be … =4`."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_NUMBER = r"-?\d+(?:\.\d+)?"
# `n_components=10`, `n_components(10)`, `n_neighbors = 5`, `perplexity (30.0)`, `min_periods 5`
_NAMED = re.compile(rf"[`'\"]?\b([A-Za-z_]\w*)[`'\"]?\s*(?:=\s*|\(\s*|\s)({_NUMBER})\b")
_GOT = re.compile(
    rf"'(\w+)' parameter of .*?in the range ([\[(])({_NUMBER}), ([\w.]+).*?Got ('?)({_NUMBER})\b"
)
_SHARE = re.compile(r"[\[(]0(?:\.0)?, 1(?:\.0)?[\])]")  # a share of the data is allowed too
_COMPARED = re.compile(
    r"must be (?:in|between|<|>|less|smaller|greater|at (?:most|least))|should be|has to be|<=|>=|greater "
    r"than|less than|larger than|smaller than|exceed",
)
_STRICT = re.compile(r"must be (?:strictly )?(?:less|smaller) than (?!or)|must be < ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A parameter, the value that the message gives it, and values that it may have instead, best first."""

    name: str
    value: float | str
    instead: tuple[str, ...]


def stated_bounds(message: str) -> Iterator[Bound]:
    """The bounds that a message states.

    A number with a name is a parameter or what bounds it: each is read as the parameter once, and those that
    the code does not give drop out later.
    """
    got = _GOT.search(message)
    if got is not None:
        yield Bound(name=got[1], value=got[6] if got[5] else float(got[6]), instead=_in_range(got, message))
        return
    if not _COMPARED.search(message):
        return
    named = list(dict.fromkeys(_NAMED.findall(message)))
    numbers = {float(value) for _, value in named} | set(map(float, re.findall(rf"=\s*({_NUMBER})", message)))
    for name, text in named:
        value = float(text)
        below = sorted((number for number in numbers if 1 <= number < value), reverse=True)
        if _STRICT.search(message):
            below = [number - 1 for number in below if number > 1]
        instead = [*_share(value, message), *(f"{number:g}" for number in below)]
        if instead:
            yield Bound(name=name, value=value, instead=tuple(dict.fromkeys(instead)))


def _in_range(got: re.Match[str], message: str) -> tuple[str, ...]:
    """What to give where a class checks its parameters: the same as a whole number, a share, or the least."""
    value, lowest = float(got[6]), float(got[3])
    inside = lowest < value or (got[2] == "[" and lowest == value)
    whole = [f"{value:g}"] if inside and "an int" in message and value.is_integer() else []
    least = f"{lowest if got[2] == '[' else lowest + 1:g}"
    return tuple(dict.fromkeys([*whole, *_share(value, message), *([] if whole else [least])]))


def _share(value: float, message: str) -> list[str]:
    """A percentage as a share, where a share is allowed."""
    return [f"{value / 100:g}"] if 1 < value < 100 and _SHARE.search(message) else []


@rule(
    "told.bound",
    "ValueError",
    lesson="Some numbers depend on the data: there are no more components than columns, no more neighbours "
    "than rows. The message states the bound.",
)
def told_bound(site: Site) -> Iterator[Suspicion]:
    """`PCA(n_components=10)` on four columns: the number where it is written, and the bound in its place."""
    for bound in stated_bounds(site.raised.evalue):
        for cell, node in _written(site, bound):
            repairs = tuple(
                Repair(
                    edits=(src.edit(cell, src.over(cell.source, node, text)),),
                    why=f"Use {text}, the bound that the message states.",
                )
                for text in bound.instead[:2]
            )
            claim = f"`{bound.name}` is {src.text_of(cell.source, node)}; the data allow {bound.instead[0]}."
            yield replace(site.reading(claim, *repairs, weight=0.86), cell=cell.id, lineno=node.lineno)
            return


def _written(site: Site, bound: Bound) -> Iterator[tuple[Cell, ast.expr]]:
    """Where the parameter gets that value: a keyword argument, an entry of a dictionary, or a variable."""
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.keyword(arg=str() as name, value=value) if name == bound.name:
                    yield from _number(site, cell, value, bound)
                case ast.Dict(keys=keys, values=values):
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and str(key.value).endswith(bound.name):
                            yield from _number(site, cell, value, bound)
    for call in site.find(ast.Call):  # a positional argument: the only one of that value
        given = [item for item in call.args if _is(item, bound.value)]
        if len(given) == 1:
            yield site.cell, given[0]


def _number(site: Site, cell: Cell, node: ast.expr, bound: Bound) -> Iterator[tuple[Cell, ast.expr]]:
    """The number itself, or where the variable gets it."""
    if _is(node, bound.value):
        yield cell, node
    elif isinstance(node, ast.Name):
        for home, made in site.assignments(node.id):
            if _is(made.value, bound.value):
                yield home, made.value
                return


def _is(node: ast.expr, value: float | str) -> bool:
    """Whether the code is this number; or this string, if the message quotes it."""
    match node:
        case ast.Constant(value=str() as given):
            return given == value
        case ast.Constant(value=int() | float() as given) if not isinstance(given, bool):
            return given == value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as given)):
            return -given == value
    return False


RULES = (told_bound,)
