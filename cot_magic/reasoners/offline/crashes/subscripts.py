"""Rules for `x[i]`: objects without elements, indices and keys of the wrong type, immutable objects."""

import ast
import json
import re
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import CALLABLE, kind_of, pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

# methods that are usually called without arguments
_NO_ARGUMENTS = (
    "split", "keys", "values", "items", "copy", "readlines", "readline", "read", "tolist", "strip",
    "lower", "upper", "popitem", "elements", "most_common", "to_list", "groups", "splitlines", "title",
    "mean", "sum", "max", "min", "describe", "head", "tail", "unique", "value_counts", "transpose",
    "flatten", "ravel", "nonzero", "isna", "isnull",
)  # fmt: skip


@rule(
    "subscript.function",
    "TypeError",
    lesson="Parentheses call a function, square brackets look up an element. Call a method before you look "
    "into its result: `text.split()[0]`.",
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
            "Call it with parentheses.",
            src.Splice(start=opening, end=opening + 1, text="("),
            src.Splice(start=end - 1, end=end, text=")"),
        )
        looked = site.repair(
            f"Call it first, then look into the result: `{text}()`.", site.after(node.value, "()")
        )
        store = not isinstance(node.ctx, ast.Load)
        first = _needs_call_first(site, node.value, name) or store
        other = not first and _takes_something_else(site, node)
        claim = f"`{text}` is a function" + (
            ", which is not called before the lookup." if first else ", called with square brackets."
        )
        if other:
            yield site.reading(claim, looked, called, weight=0.93)
            return
        repairs = [looked] if store else [looked, called] if first else [called]
        yield site.cause(claim, f"`{text}` is callable.", f"callable({text})", *repairs[:1], weight=0.93)
        if first and not store and name not in _NO_ARGUMENTS:
            yield site.reading(claim, called, weight=0.4)
        return


def _takes_something_else(site: Site, node: ast.Subscript) -> bool:
    """Whether the first parameter is a flag: what is in the square brackets is then a key of the result."""
    described = site.value(node.value)
    signature = dict(described.facts).get("signature", "") if described is not None else ""
    first = re.match(r"\((?:self, )?\w+(?:: [^=,]+)?\s*=\s*(True|False)\b", signature)
    key = site.literal(node.slice)
    return first is not None and isinstance(key, int | str) and not isinstance(key, bool)


def _needs_call_first(site: Site, node: ast.expr, name: str) -> bool:
    """Whether the function takes no argument, judging by its name or the notebook's definition."""
    found = next(site.functions(name), None)
    if found is not None:
        names = [item for item in src.parameters(found[1]) if item not in ("self", "cls")]
        return len(names) - len(found[1].args.defaults) <= 0 and not (names and found[1].args.defaults == [])
    return isinstance(node, ast.Attribute) and name in _NO_ARGUMENTS


@rule(
    "subscript.attribute",
    "TypeError",
    lesson="Attributes of an object are accessed with a dot. Use square brackets for the elements of lists "
    "and dictionaries.",
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
            f"`{text}` has the attribute, and no keys.",
            f"hasattr({text}, {name!r}) and not hasattr({text}, '__getitem__')",
            site.repair("Access the attribute with a dot.", site.over(node, f"{text}.{name}")),
            weight=0.95,
        )
        return


@rule(
    "subscript.number",
    "TypeError",
    lesson="A number has no elements. To get a digit, convert the number to a string: `str(n)[0]`.",
)
def number(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"'(int|float)' object is not subscriptable")
    if said is None:
        return
    for node in site.find(ast.Subscript, lambda node: kind_of(site, node.value) == said[1])[:1]:
        claim = f"{site.mention(node.value)} is a number and has no elements."
        check = f"type({site.text(node.value)}).__name__ == {said[1]!r}"
        if pure(node.value):
            yield site.cause(claim, "It is a number.", check, weight=0.6)
        yield site.reading(
            "You may have meant one digit.",
            site.repair("Convert the number to a string.", *site.call("str", node.value)),
            weight=0.4,
        )
        if isinstance(node.value, ast.Subscript) and isinstance(node.value.value, ast.Name):
            plain = site.repair(
                "Remove the second index: the list is not nested.", site.over(node, site.text(node.value))
            )
            yield site.reading("The second index may be one too many.", plain, weight=0.45)


@rule(
    "subscript.text_position",
    "TypeError",
    lesson="The elements of a list or string are looked up with an integer index. Strings are keys of "
    "dictionaries.",
)
def text_position(site: Site) -> Iterator[Suspicion]:
    """`rows['name']` on a list of dictionaries, JSON that was not decoded, an element in place of its
    index."""
    if not site.says(r"indices must be integers"):
        return
    for node in site.find(ast.Subscript):
        kind = kind_of(site, node.value)
        key = site.literal(node.slice)
        value = site.literal(node.value)
        if kind == "str" and _is_json(value):
            yield _not_decoded(site, node.value)
            return
        if (
            kind in ("list", "tuple")
            and isinstance(value, list | tuple)
            and value
            and all(isinstance(item, dict) and key in item for item in value)
        ):
            yield _key_of_elements(site, node, key, len(value))
            return
        yield from _element_as_position(site, node)
        if kind in ("list", "tuple") and isinstance(node.slice, ast.Tuple):
            chained = "".join(f"[{site.text(item)}]" for item in node.slice.elts)
            change = site.over(node, f"{site.text(node.value)}{chained}")
            claim = (
                f"`{site.one_line(node.value)}` is a nested list; each level needs square brackets of its "
                "own."
            )
            check = f"type({site.text(node.value)}).__name__ == {kind!r}"
            yield site.cause(
                claim,
                "It is a list, not an array.",
                check,
                site.repair("Use one index for each level.", change),
                weight=0.85,
            )
        return


def _not_decoded(site: Site, node: ast.expr) -> Suspicion:
    text = site.text(node)
    return site.cause(
        f"`{text}` is a string of JSON that was not decoded.",
        "It is valid JSON.",
        f"import json\nisinstance(json.loads({text}), (dict, list))",
        site.repair(
            "Decode it with `json.loads`.",
            *site.call("json.loads", node),
            src.add_import(site.cell, "import json"),
        ),
        weight=0.93,
    )


def _key_of_elements(site: Site, node: ast.Subscript, key: object, size: int) -> Suspicion:
    claim = f"`{site.one_line(node.value)}` is a list; {key!r} is a key of the dictionaries in it."
    first = site.repair("Take it from the first dictionary.", site.after(node.value, "[0]"))
    values = f"[item[{site.text(node.slice)}] for item in {site.text(node.value)}]"
    changes = [site.over(node, values)]
    for call in ast.walk(site.statement) if site.statement is not None else ():
        match call:
            case ast.Call(func=ast.Attribute(attr="add" | "append" as one, value=owner) as func, args=[only]):
                if only is node:
                    several = {"add": "update", "append": "extend"}[one]
                    changes.append(site.over(func, f"{site.text(owner)}.{several}"))
    every = site.repair("Take it from every dictionary.", *changes)
    return site.reading(claim, *([first, every] if size == 1 else [every, first]), weight=0.7)


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
            claim = f"`{target.id}` is an element of `{site.text(iterated)}`, not its index."
            by_position = site.repair(
                "Loop over the indices.", *site.call("range", iterated), *site.call("len", iterated)
            )
            direct = site.repair("Use the element itself.", site.over(node, target.id))
            repairs = [by_position] if not isinstance(node.ctx, ast.Load) else [direct, by_position]
            yield site.reading(claim, *repairs, weight=0.8)
            return


_UNHASHABLE = (
    "Keys of dictionaries and elements of sets must be immutable, so a list, dictionary or set cannot be "
    "one. A tuple can."
)


def _added(site: Site, kind: str) -> Suspicion | None:
    """`found.add([… for …])`: each of them is meant, or all of them as one element."""
    many = (ast.ListComp, ast.SetComp)
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "add" and bool(node.args)):
        if isinstance(call.args[0], many) and isinstance(call.func, ast.Attribute):
            owner, values = site.text(call.func.value), site.text(call.args[0])
            each = site.repair("Add each of them, with `update`.", site.over(call.func, f"{owner}.update"))
            one = "tuple" if kind == "list" else "frozenset"
            whole = site.repair(f"Add all of them as one {one}.", site.over(call.args[0], f"{one}({values})"))
            claim = f"`add` adds one element, and a `{kind}` cannot be one."
            return site.reading(claim, each, whole, weight=0.8)
    return None


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
    if (added := _added(site, said[1])) is not None:
        yield added
        return
    for node in _keys(site):
        kind = kind_of(site, node)
        claim = f"`{site.one_line(node)}` is a `{said[1]}`, which cannot be a key or an element of a set."
        if convert and kind.rsplit(".", 1)[-1] == said[1].rsplit(".", 1)[-1]:
            alike = [item for item in _siblings(site, node) if type(item) is type(node)]
            changes = [change for item in alike for change in _hashable(site, item, convert)]
            check = f"type({site.text(node)}).__hash__ is None"
            repair = site.repair(f"Convert it to a {convert}.", *changes)
            if pure(node):
                yield site.cause(claim, "It is not hashable.", check, repair, weight=0.9)
            else:
                yield site.reading(claim, repair, weight=0.8)
            return
    for call in site.find(ast.Call, lambda node: kind_of(site, node.func).endswith("_lru_cache_wrapper")):
        yield from _cached(site, call, said[1], convert)
        return
    for call in site.calls("set", "frozenset", "Counter", "dict", "fromkeys", "update"):
        if call.args and convert:
            repair = site.repair(
                f"Convert each element to a {convert}.",
                *src.wrap(site.cell.source, call.args[0], f"map({convert}, ", ")"),
            )
            claim = (
                f"The elements of `{site.one_line(call.args[0])}` are of type `{said[1]}`, which cannot be "
                "in a set."
            )
            yield site.cause(
                claim,
                f"They are of type `{said[1]}`.",
                f"type(next(iter({site.text(call.args[0])}))).__name__ == {said[1].rsplit('.', 1)[-1]!r}",
                repair,
                weight=0.85,
            )
            return


def _cached(site: Site, call: ast.Call, kind: str, convert: str) -> Iterator[Suspicion]:
    """A call of a function with a cache: its arguments are the keys of the cache."""
    same = [
        node
        for node in ast.walk(site.tree)
        if isinstance(node, ast.Call) and site.text(node.func) == site.text(call.func)
    ]
    short = kind.rsplit(".", 1)[-1]
    guilty = [
        item
        for node in same
        for item in (*node.args, *(word.value for word in node.keywords))
        if kind_of(site, item).rsplit(".", 1)[-1] == short
    ]
    repairs = []
    if guilty and convert:
        changes = [change for item in guilty for change in _hashable(site, item, convert)]
        repairs.append(site.repair(f"Give it a {convert}.", *changes))
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    for cell, function in site.functions(name):
        marks = [node for node in function.decorator_list if "cache" in src.text_of(cell.source, node)]
        for mark in marks:
            start, end = src.span(cell.source, mark)
            line = src.Splice(start=start - 1, end=end + 1, text="")
            repairs.append(Repair(edits=(src.edit(cell, line),), why="Remember no results."))
        break
    claim = f"`{name}` remembers its results by its arguments, and a `{kind}` cannot be a key."
    function_text = site.text(call.func)
    seen = f"`{function_text}` has a cache."
    yield site.cause(claim, seen, f"hasattr({function_text}, 'cache_info')", *repairs, weight=0.9)


def _hashable(site: Site, node: ast.expr, convert: str) -> tuple[src.Splice, ...]:
    """Make the node a tuple or frozenset; a list display becomes `( … )`."""
    if isinstance(node, ast.List) and convert == "tuple":
        inner = site.text(node)[1:-1].rstrip().rstrip(",")
        return (site.over(node, f"({inner}{',' if len(node.elts) == 1 else ''})"),)
    return site.call(convert, node)


def _siblings(site: Site, node: ast.expr) -> list[ast.expr]:
    """The node and, in a set or dictionary display, the other elements or keys."""
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
    """A slice of a dictionary or of a DataFrame."""
    for node in site.find(ast.Subscript):
        kind = kind_of(site, node.value)
        text = site.text(node.value)
        if kind == "pandas.core.frame.DataFrame":
            repair = site.repair(
                "Use `iloc`, which looks up rows and columns by position.", site.after(node.value, ".iloc")
            )
            yield site.cause(
                f"`{text}` is a DataFrame; use `iloc` for positions of rows and columns.",
                "It has the attribute `iloc`.",
                f"hasattr({text}, 'iloc')",
                repair,
                weight=0.9,
            )
        elif kind == "dict":
            repair = site.repair("Slice a list of its items.", site.over(node.value, f"list({text}.items())"))
            yield site.reading(f"`{text}` is a dictionary, which cannot be sliced.", repair, weight=0.6)
        return


@rule(
    "assign.unchangeable",
    "TypeError",
    lesson="Strings and tuples are immutable: they cannot be changed. Create a new one, or use a list.",
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
        claim = f"`{text}` is a `{said[1]}`, which is immutable."
        if isinstance(node.value, ast.Name):
            for cell, assign in site.assignments(node.value.id):
                yield site.reading(claim, _as_list(cell, assign), weight=0.7)
                break
        rebuilt = _rebuilt(site, node, said[1])
        if rebuilt is not None and said[2] == "assignment":
            weight = 0.75 if said[1] == "str" else 0.5
            yield site.reading(
                claim, site.repair(f"Create a new `{said[1]}` with the change.", rebuilt), weight=weight
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
    return Repair(edits=(src.edit(cell, *changes),), why="Use a list, which can be changed.")


def _rebuilt(site: Site, node: ast.Subscript, kind: str) -> src.Splice | None:
    """`s = s[:i] + c + s[i + 1:]` for `s[i] = c` with a non-negative index."""
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
    lesson="`list` is the type; `list()` creates a new empty list.",
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
                    f"`{name}` is the type `{assign.value.id}` itself, because its parentheses are missing.",
                    f"`{name}` is a type.",
                    f"isinstance({name}, type)",
                    Repair(
                        edits=(src.edit(cell, change),), why=f"Add the parentheses: `{assign.value.id}()`."
                    ),
                    weight=0.95,
                )
                return
            break


RULES = (function, attribute, number, text_position, unhashable, unchangeable, type_not_called)
