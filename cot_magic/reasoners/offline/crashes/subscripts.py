"""Rules for lookups in brackets: things that have no elements, positions of the wrong type, things that
cannot be
changed."""

import ast
import json
from collections.abc import Iterator

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import CALLABLE, kind_of, pure
from cot_magic.reasoners.offline.described import shown
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

# methods that are called without arguments more often than with one in brackets
_NO_ARGUMENTS = (
    "split", "keys", "values", "items", "copy", "readlines", "readline", "read", "tolist", "strip",
    "lower", "upper", "popitem", "elements", "most_common", "to_list", "groups", "splitlines", "title",
    "mean", "sum", "max", "min", "describe", "head", "tail", "unique", "value_counts", "transpose",
    "flatten", "ravel", "nonzero", "isna", "isnull",
)  # fmt: skip


@rule(
    "subscript.function",
    "TypeError",
    lesson="Round brackets call a function, square ones look up an element. A method must be called "
    "before its result "
    "can be looked into: `text.split()[0]`.",
)
def function(site: Site) -> Iterator[Suspicion]:
    if not site.says(
        r"'(builtin_function_or_method|method|function|type|ABCMeta|method_descriptor)' object is not "
        r"subscriptable"
    ) and not site.says(r"'(builtin_function_or_method|method|function)' object does not support item"):
        return
    for node in site.find(
        ast.Subscript, lambda node: kind_of(site, node.value) in (*CALLABLE, "type", "abc.ABCMeta", "")
    ):
        text = site.text(node.value)
        name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        start = src.span(site.cell.source, node.value)[1]
        end = src.span(site.cell.source, node)[1]
        opening = site.cell.source.index("[", start)
        called = site.repair(
            "Round brackets call it.",
            src.Change(start=opening, end=opening + 1, text="("),
            src.Change(start=end - 1, end=end, text=")"),
        )
        looked = site.repair(f"`{text}()` is the result, which is looked into.", site.after(node.value, "()"))
        store = not isinstance(node.ctx, ast.Load)
        first = _needs_call_first(site, node.value, name) or store
        claim = f"`{text}` is a function" + (
            ", which is not called before the lookup." if first else ", called with square brackets."
        )
        repairs = [looked] if store else [looked, called] if first else [called]
        yield site.cause(claim, f"`{text}` can be called.", f"callable({text})", *repairs[:1], weight=0.93)
        if first and not store and name not in _NO_ARGUMENTS:
            yield site.reading(claim, called, weight=0.4)
        return


def _needs_call_first(site: Site, node: ast.expr, name: str) -> bool:
    """Whether the function takes no argument, as far as its name or the notebook's definition tell."""
    found = next(site.functions(name), None)
    if found is not None:
        names = [item for item in src.parameters(found[1]) if item not in ("self", "cls")]
        return len(names) - len(found[1].args.defaults) <= 0 and not (names and found[1].args.defaults == [])
    return isinstance(node, ast.Attribute) and name in _NO_ARGUMENTS


@rule(
    "subscript.attribute",
    "TypeError",
    lesson="The parts of an object are its attributes, reached with a dot. Brackets are for lists and "
    "dictionaries.",
)
def attribute(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"object is not subscriptable|object does not support item assignment"):
        return
    for node in site.find(ast.Subscript):
        if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)):
            continue
        found, name = site.value(node.value), node.slice.value
        if found is None or not name.isidentifier() or name not in site.members(found):
            continue
        text = site.text(node.value)
        yield site.cause(
            f"`{name}` is an attribute of `{text}`, not a key.",
            f"`{text}` has the attribute and no lookup.",
            f"hasattr({text}, {name!r}) and not hasattr({text}, '__getitem__')",
            site.repair("Attributes are reached with a dot.", site.over(node, f"{text}.{name}")),
            weight=0.95,
        )
        return


@rule(
    "subscript.number",
    "TypeError",
    lesson="A number has no elements. Its digits are elements of its text: `str(n)[0]`.",
)
def number(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"'(int|float)' object is not subscriptable")
    if said is None:
        return
    for node in site.find(ast.Subscript, lambda node: kind_of(site, node.value) == said[1])[:1]:
        claim = (
            f"`{site.one_line(node.value)}` is the number {shown(site.value(node.value))} and has "
            "no elements."
        )
        check = f"type({site.text(node.value)}).__name__ == {said[1]!r}"
        if pure(node.value):
            yield site.cause(claim, "It is a number.", check, weight=0.6)
        yield site.reading(
            "One digit may be meant.",
            site.repair("Digits are elements of its text.", *site.call("str", node.value)),
            weight=0.4,
        )
        if isinstance(node.value, ast.Subscript) and isinstance(node.value.value, ast.Name):
            plain = site.repair("The list has one level only.", site.over(node, site.text(node.value)))
            yield site.reading("The second lookup may be too many.", plain, weight=0.45)


@rule(
    "subscript.text_position",
    "TypeError",
    lesson="Elements of a list or text are looked up by position, a whole number. Names are keys of "
    "dictionaries.",
)
def text_position(site: Site) -> Iterator[Suspicion]:
    """`rows['name']` on a list of dictionaries, JSON that is still text, an element for its position."""
    if not site.says(r"indices must be integers"):
        return
    for node in site.find(ast.Subscript):
        kind = kind_of(site, node.value)
        key = site.literal(node.slice)
        value = site.literal(node.value)
        if kind == "str" and _is_json(value):
            decoded = site.repair(
                "`json.loads` makes data of it.",
                *site.call("json.loads", node.value),
                src.add_import(site.cell, "import json"),
            )
            text = site.text(node.value)
            yield site.cause(
                f"`{text}` is JSON as text, not the data.",
                "It can be read as JSON.",
                f"import json\nisinstance(json.loads({text}), (dict, list))",
                decoded,
                weight=0.93,
            )
            return
        if (
            kind in ("list", "tuple")
            and isinstance(value, list | tuple)
            and value
            and all(isinstance(item, dict) and key in item for item in value)
        ):
            claim = f"`{site.one_line(node.value)}` is a list; {key!r} is a key of the dictionaries in it."
            first = site.repair("The first of them is meant.", site.after(node.value, "[0]"))
            every = site.repair(
                "All of them are meant.",
                site.over(node, f"[item[{site.text(node.slice)}] for item in {site.text(node.value)}]"),
            )
            yield site.reading(claim, *([first, every] if len(value) == 1 else [every, first]), weight=0.7)
            return
        yield from _element_as_position(site, node)
        if kind in ("list", "tuple") and isinstance(node.slice, ast.Tuple):
            chained = "".join(f"[{site.text(item)}]" for item in node.slice.elts)
            change = site.over(node, f"{site.text(node.value)}{chained}")
            claim = f"`{site.one_line(node.value)}` is a list of lists; each level has brackets of its own."
            check = f"type({site.text(node.value)}).__name__ == {kind!r}"
            yield site.cause(
                claim,
                "It is a plain list.",
                check,
                site.repair("One level after the other.", change),
                weight=0.85,
            )
        return


def _is_json(value: object) -> bool:
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return False
    try:
        return isinstance(json.loads(value), dict | list)
    except ValueError:
        return False


def _element_as_position(site: Site, node: ast.Subscript) -> Iterator[Suspicion]:
    """`for x in xs: xs[x]`: the loop gives the elements themselves."""
    if not isinstance(node.slice, ast.Name):
        return
    for loop in ast.walk(site.tree):
        target, iterated = getattr(loop, "target", None), getattr(loop, "iter", None)
        if not isinstance(target, ast.Name) or iterated is None or target.id != node.slice.id:
            continue
        if site.text(iterated) == site.text(node.value):
            claim = f"`{target.id}` is an element of `{site.text(iterated)}`, not its position."
            by_position = site.repair(
                "The loop counts positions.", *site.call("range", iterated), *site.call("len", iterated)
            )
            direct = site.repair("The element is there already.", site.over(node, target.id))
            repairs = [by_position] if not isinstance(node.ctx, ast.Load) else [direct, by_position]
            yield site.reading(claim, *repairs, weight=0.8)
            return


RULES = (
    function,
    attribute,
    number,
    text_position,
)
