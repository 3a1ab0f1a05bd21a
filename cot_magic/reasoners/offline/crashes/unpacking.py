"""Rules for unpacking: more or fewer values than names."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "value.unpack",
    "ValueError",
    "TypeError",
    lesson="`a, b = x` needs exactly as many values as names. A name with a star takes the rest: `a, "
    "*rest = x`.",
)
def unpack(site: Site) -> Iterator[Suspicion]:
    many = site.says(r"too many values to unpack \(expected (\d+)")
    few = site.says(r"not enough values to unpack \(expected (?:at least )?(\d+), got (\d+)\)")
    statement = site.statement
    if not many and not few:
        return
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List):
        target, value = statement.targets[0], statement.value
        found = site.literal(value)
        size = len(found) if isinstance(found, list | tuple | str | dict) else None
        if few:
            size = int(few[2])
        names = len(target.elts)
        claim = (
            f"`{site.one_line(value)}` gives {size if size is not None else 'more'} value(s) for "
            f"{names} name(s)."
        )
        if pure(value) and not any(isinstance(item, ast.Starred) for item in target.elts):
            yield site.cause(claim, "The numbers differ.", f"len({site.text(value)}) != {names}", weight=0.85)
        if many:
            rest = site.repair(
                "The star takes the values that are left.", site.after(target.elts[-1], ", *_")
            )
            yield site.reading("The first values may be meant.", rest, weight=0.8)
            if size is not None and names and pure(value):
                cut = site.repair("Only as many as there are names.", site.after(value, f"[:{names}]"))
                yield site.reading("The first values may be meant.", cut, weight=0.5)
            star = src.span(site.cell.source, target.elts[-1])[0]
            tail = site.repair(
                "The last name takes all the rest.", src.Splice(start=star, end=star, text="*")
            )
            yield site.reading("The rest may belong to the last name.", tail, weight=0.6)
        if few and size is not None and size < names:
            kept = (
                site.cell.source[
                    src.span(site.cell.source, target.elts[0])[0] : src.span(
                        site.cell.source, target.elts[size - 1]
                    )[1]
                ]
                if size
                else ""
            )
            if size == 1 and isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "split":
                yield from _split(site, value, statement)
            elif kept:
                start, end = (
                    src.span(site.cell.source, target.elts[0])[0],
                    src.span(site.cell.source, target.elts[-1])[1],
                )
                comma = "," if size == 1 else ""
                change = src.Splice(start=start, end=end, text=kept + comma)
                yield site.reading(
                    "Some of the names may be too many.",
                    site.repair("As many names as values.", change),
                    weight=0.4,
                )
    elif isinstance(statement, ast.For) and isinstance(statement.target, ast.Tuple):
        yield from _unpack_loop(site, statement.target, many is not None)


def _split(site: Site, value: ast.Call, statement: ast.Assign) -> Iterator[Suspicion]:
    """`a, b = text.split(',')` where the text has another separator."""
    assert isinstance(value.func, ast.Attribute)
    text = site.literal(value.func.value)
    if not isinstance(text, str):
        return
    for separator in (",", ";", ":", "\t", "|", "-", "=", "/", " "):
        target = statement.targets[0]
        wanted = len(target.elts) if isinstance(target, ast.Tuple | ast.List) else 0
        if text.count(separator) == wanted - 1:
            start, end = src.span(site.cell.source, value.func)[1], src.span(site.cell.source, value)[1]
            change = src.Splice(start=start, end=end, text=f"({separator!r})")
            claim = (
                f"{text!r} is not divided by what `split` looks for; {separator!r} divides it into {wanted}."
            )
            yield site.reading(claim, site.repair(f"{separator!r} divides it.", change), weight=0.8)
            return


def _unpack_loop(site: Site, target: ast.Tuple, many: bool) -> Iterator[Suspicion]:
    claim = f"The elements do not have {len(target.elts)} parts."
    if many:
        rest = site.repair("The star takes the parts that are left.", site.after(target.elts[-1], ", *_"))
        yield site.reading(claim, rest, weight=0.7)


@rule(
    "unpack.dictionary",
    "TypeError",
    "ValueError",
    lesson="A loop over a dictionary goes through its keys. `d.items()` gives keys and values, "
    "`enumerate(x)` gives "
    "positions and elements.",
)
def unpack_loop(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"cannot unpack non-iterable|not enough values to unpack|too many values to unpack"):
        return
    statement = site.statement
    loops: list[tuple[ast.expr, ast.expr]] = []
    if isinstance(statement, ast.For):
        loops.append((statement.target, statement.iter))
    for node in ast.walk(statement) if statement is not None else ():
        for item in getattr(node, "generators", []):
            loops.append((item.target, item.iter))
    for target, iterated in loops:
        if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            continue
        kind, text = kind_of(site, iterated), site.text(iterated)
        if kind in ("dict", "collections.defaultdict", "collections.Counter", "collections.OrderedDict"):
            yield site.cause(
                f"`{text}` is a dictionary: the loop gets its keys, not pairs.",
                f"`{text}` is a dictionary.",
                f"isinstance({text}, dict)",
                site.repair("`items()` gives keys and values.", site.after(iterated, ".items()")),
                weight=0.94,
            )
        elif site.says(r"cannot unpack non-iterable (int|float|str|numpy)") and (
            kind in ("list", "tuple", "str", "range", "numpy.ndarray", "set")
            or isinstance(iterated, ast.Call)
        ):
            claim = (
                f"`{site.one_line(iterated)}` gives single elements, and the loop wants two names each time."
            )
            repair = site.repair(
                "`enumerate` gives positions and elements.", *site.call("enumerate", iterated)
            )
            yield site.reading(claim, repair, weight=0.75)
        elif kind in ("list", "tuple") and site.says(r"values to unpack"):
            claim = f"`{site.one_line(iterated)}` gives elements that are no pairs."
            repair = site.repair(
                "`enumerate` gives positions and elements.", *site.call("enumerate", iterated)
            )
            yield site.reading(claim, repair, weight=0.6)


RULES = (
    unpack,
    unpack_loop,
)
