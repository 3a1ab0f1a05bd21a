"""Rules for AttributeError: misspelt attributes, methods of other types, languages and versions."""

import ast
import re
from collections.abc import Iterator

from cot_magic.core.case import Variable
from cot_magic.core.language import worded
from cot_magic.core.spelling import closeness, near, only_near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site, type_name
from cot_magic.reasoners.offline.written import rule

# (type, wrong attribute): template of the right expression; {0} is the object, {1} its arguments as written.
# A template without {1} replaces the whole call, parentheses included.
FOREIGN: dict[tuple[str, str], str] = {
    ("list", "push"): "{0}.append({1})",
    ("list", "push_back"): "{0}.append({1})",
    ("list", "add"): "{0}.append({1})",
    ("list", "addAll"): "{0}.extend({1})",
    ("list", "concat"): "{0} + {1}",
    ("list", "indexOf"): "{0}.index({1})",
    ("list", "find"): "{0}.index({1})",
    ("list", "contains"): "({1} in {0})",
    ("list", "includes"): "({1} in {0})",
    ("list", "has"): "({1} in {0})",
    ("list", "delete"): "{0}.remove({1})",
    ("list", "join"): "{1}.join({0})",
    ("list", "sum"): "sum({0})",
    ("list", "max"): "max({0})",
    ("list", "min"): "min({0})",
    ("list", "mean"): "(sum({0}) / len({0}))",
    ("list", "sorted"): "sorted({0})",
    ("list", "reversed"): "{0}[::-1]",
    ("tuple", "contains"): "({1} in {0})",
    ("set", "append"): "{0}.add({1})",
    ("set", "push"): "{0}.add({1})",
    ("set", "insert"): "{0}.add({1})",
    ("set", "extend"): "{0}.update({1})",
    ("set", "contains"): "({1} in {0})",
    ("set", "has"): "({1} in {0})",
    ("set", "addAll"): "{0}.update({1})",
    ("collections.deque", "push"): "{0}.append({1})",
    ("collections.deque", "enqueue"): "{0}.append({1})",
    ("collections.deque", "dequeue"): "{0}.popleft()",
    ("dict", "has_key"): "({1} in {0})",
    ("dict", "has"): "({1} in {0})",
    ("dict", "contains"): "({1} in {0})",
    ("dict", "containsKey"): "({1} in {0})",
    ("dict", "hasKey"): "({1} in {0})",
    ("dict", "iteritems"): "{0}.items()",
    ("dict", "itervalues"): "{0}.values()",
    ("dict", "iterkeys"): "{0}.keys()",
    ("dict", "viewitems"): "{0}.items()",
    ("dict", "putAll"): "{0}.update({1})",
    ("dict", "extend"): "{0}.update({1})",
    ("str", "contains"): "({1} in {0})",
    ("str", "includes"): "({1} in {0})",
    ("str", "has"): "({1} in {0})",
    ("str", "toUpperCase"): "{0}.upper()",
    ("str", "toLowerCase"): "{0}.lower()",
    ("str", "to_upper"): "{0}.upper()",
    ("str", "to_lower"): "{0}.lower()",
    ("str", "uppercase"): "{0}.upper()",
    ("str", "lowercase"): "{0}.lower()",
    ("str", "toupper"): "{0}.upper()",
    ("str", "tolower"): "{0}.lower()",
    ("str", "trim"): "{0}.strip()",
    ("str", "trimStart"): "{0}.lstrip()",
    ("str", "trimEnd"): "{0}.rstrip()",
    ("str", "indexOf"): "{0}.find({1})",
    ("str", "charAt"): "{0}[{1}]",
    ("str", "startsWith"): "{0}.startswith({1})",
    ("str", "endsWith"): "{0}.endswith({1})",
    ("str", "replaceAll"): "{0}.replace({1})",
    ("str", "reverse"): "{0}[::-1]",
    ("str", "reversed"): "{0}[::-1]",
    ("str", "sort"): "''.join(sorted({0}))",
    ("str", "decode"): "{0}",
    ("str", "sub"): "{0}.replace({1})",
    ("bytes", "encode"): "{0}",
    ("int", "isdigit"): "str({0}).isdigit()",
    ("int", "sqrt"): "{0} ** 0.5",
    ("int", "abs"): "abs({0})",
    ("float", "abs"): "abs({0})",
    ("int", "round"): "round({0})",
    ("float", "round"): "round({0}, {1})",
    ("int", "toString"): "str({0})",
    ("float", "toString"): "str({0})",
    ("int", "zfill"): "str({0}).zfill({1})",
    ("numpy.ndarray", "append"): "{0} = np.append({0}, {1})",
    ("numpy.ndarray", "length"): "len({0})",
    ("generator", "next"): "next({0})",
    ("str_iterator", "next"): "next({0})",
    ("list_iterator", "next"): "next({0})",
    ("_csv.reader", "next"): "next({0})",
    ("_io.TextIOWrapper", "next"): "next({0})",
    ("pandas.core.frame.DataFrame", "append"): "pd.concat([{0}, {1}])",
    ("pandas.core.series.Series", "append"): "pd.concat([{0}, {1}])",
    ("pandas.core.frame.DataFrame", "iteritems"): "{0}.items()",
    ("pandas.core.series.Series", "iteritems"): "{0}.items()",
    ("pandas.core.frame.DataFrame", "as_matrix"): "{0}.to_numpy()",
    ("pandas.core.series.Series", "as_matrix"): "{0}.to_numpy()",
    ("pandas.core.frame.DataFrame", "applymap"): "{0}.map({1})",
    ("pandas.core.frame.DataFrame", "sort"): "{0}.sort_values({1})",
    ("pandas.core.series.Series", "order"): "{0}.sort_values()",
    ("pandas.core.frame.DataFrame", "mad"): "({0} - {0}.mean()).abs().mean()",
    ("pandas.core.series.Series", "mad"): "({0} - {0}.mean()).abs().mean()",
    ("pandas.core.frame.DataFrame", "length"): "len({0})",
    ("pandas.core.series.Series", "contains"): "{0}.str.contains({1})",
    ("pandas.core.series.Series", "lower"): "{0}.str.lower()",
    ("pandas.core.series.Series", "upper"): "{0}.str.upper()",
    ("pandas.core.series.Series", "strip"): "{0}.str.strip({1})",
    ("pandas.core.series.Series", "split"): "{0}.str.split({1})",
    ("pandas.core.series.Series", "startswith"): "{0}.str.startswith({1})",
    ("pandas.core.series.Series", "endswith"): "{0}.str.endswith({1})",
}

# other names for the length
LENGTHS = (
    "length",
    "lenght",
    "size",
    "len",
    "Length",
    "count",
    "getLength",
    "__length__",
    "get_size",
    "Count",
)


CALLABLE = ("function", "method", "builtin_function_or_method", "method_descriptor", "method-wrapper")


def wanted(site: Site) -> str:
    """The name of the missing attribute."""
    if site.raised.name:
        return site.raised.name
    found = site.says(r"has no attribute '(\w+)'")
    if found is not None:
        return found[1]
    return site.focus.attr if isinstance(site.focus, ast.Attribute) else ""


def places(site: Site) -> list[ast.Attribute]:
    """Where the missing attribute is used."""
    name = wanted(site)
    return site.find(ast.Attribute, lambda node: node.attr == name)


def subject(site: Site, node: ast.Attribute) -> Variable | None:
    """The object that does not have it."""
    return site.raised.subject or site.value(node.value)


def subject_type(site: Site, node: ast.Attribute) -> str:
    """The type of that object, from its description or from the message."""
    found = subject(site, node)
    if found is not None:
        return type_name(found)
    said = site.says(r"'([\w.]+)' object has no attribute")
    return said[1] if said else ""


def module_of(site: Site, node: ast.Attribute) -> str:
    """The name of the module, if the object is one."""
    said = site.says(r"module '([\w.]+)' has no attribute")
    found = subject(site, node)
    if said is None and found is not None and found.type == "module":
        said = re.search(r"module '([\w.]+)'", found.text)
    return said[1] if said else ""


def lacks(site: Site, node: ast.Attribute, *has: str) -> str:
    """Code of a check: the object does not have the first attribute, and has the others."""
    text = site.text(node.value)
    parts = [f"not hasattr({text}, {node.attr!r})", *(f"hasattr({text}, {name!r})" for name in has)]
    return " and ".join(parts)


def renamed(site: Site, node: ast.Attribute, name: str) -> src.Splice:
    """Replace the name of the attribute."""
    start = src.span(site.cell.source, node.value)[1]
    end = src.span(site.cell.source, node)[1]
    between = site.cell.source[start:end]
    dot = between.rindex(node.attr)
    return src.Splice(start=start + dot, end=end, text=name)


@rule(
    "attribute.typo",
    "AttributeError",
    lesson="Every type has its own methods and attributes, each with one exact spelling. Press Tab after the "
    "dot to list them.",
)
def typo(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"has no attribute|is not defined"):
        return  # the attribute exists, and refuses this value
    for node in places(site)[:1]:
        found = subject(site, node)
        if found is None or not site.members(found):
            return
        name = node.attr
        members = [item for item in site.members(found) if name.startswith("_") or not item.startswith("_")]
        certain = only_near(name, members)
        text, owner = site.one_line(node.value), module_of(site, node) or found.type
        what = f"`{text}`" if text == owner else f"`{text}` (`{owner}`)"
        for place, meant in enumerate(near(name, members)):
            claim = worded(
                "{what} has no attribute `{name}`; the closest is `{meant}`.",
                what=what,
                name=name,
                meant=meant,
            )
            repair = site.repair(worded("Write `{meant}`.", meant=meant), *_everywhere(site, node, meant))
            weight = 0.9 - 0.1 * place - 0.03 * closeness(name, meant)
            if meant == certain:
                prediction = worded(
                    "It has no attribute `{name}`, but it has `{meant}`.", name=name, meant=meant
                )
                yield site.cause(claim, prediction, lacks(site, node, meant), repair, weight=weight)
            else:
                yield site.reading(claim, repair, weight=weight - 0.15)


def _everywhere(site: Site, node: ast.Attribute, meant: str) -> list[src.Splice]:
    """Replace the same misspelt attribute of the same object everywhere in the cell."""
    text = site.text(node.value)
    return [
        renamed(site, item, meant)
        for item in ast.walk(site.tree)
        if isinstance(item, ast.Attribute) and item.attr == node.attr and site.text(item.value) == text
    ]


def call_of(site: Site, func: ast.AST) -> ast.Call | None:
    """The call whose function is this node."""
    calls = [node for node in ast.walk(site.tree) if isinstance(node, ast.Call)]
    return next((node for node in calls if node.func is func), None)


@rule(
    "attribute.other_name",
    "AttributeError",
    lesson="Other languages and other types have other names for this operation. In Python every type has "
    "its own methods, and some operations are functions or operators instead: `len(x)`, `a in b`.",
)
def other_name(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        kind, name = subject_type(site, node), node.attr
        call = call_of(site, node)
        whole: ast.expr = call or node
        text = site.text(node.value)
        sized = (
            "list",
            "str",
            "tuple",
            "dict",
            "set",
            "frozenset",
            "bytes",
            "range",
            "collections.deque",
            "dict_keys",
        )
        pattern = FOREIGN.get((kind, name)) or FOREIGN.get((kind.rsplit(".", 1)[-1], name))
        if name in LENGTHS and kind in sized and (call is None or not call.args):
            pattern = "len({0})"
        if pattern is None or (call is None and "{1}" in pattern):
            return
        if kind.endswith("DataFrame") and name == "append":
            return  # `pandas.append_kept` and `pandas.append_alone` have the repairs
        arguments = ", ".join(site.text(item) for item in (call.args if call is not None else []))
        if "{1}" in pattern and not arguments and not pattern.endswith("({1})"):
            return
        new = pattern.format(text, arguments)
        assigned = isinstance(site.statement, ast.Assign)
        if assigned and " = " in new:
            new = new.split(" = ", 1)[1]
        elif kind.startswith("pandas") and "concat" in new and not assigned:
            return  # `DataFrame.append` changed nothing in place, so the intent is open
        yield site.cause(
            f"A `{kind}` has no `{name}`; write `{new}`.",
            f"`{text}` is a `{kind}`, which has no `{name}`.",
            f"not hasattr({text}, {name!r}) and type({text}).__name__ == {kind.rsplit('.', 1)[-1]!r}",
            site.repair(f"Write `{new}` for a `{kind}`.", site.over(whole, new)),
            weight=0.93,
        )


@rule(
    "attribute.missing_call",
    "AttributeError",
    lesson="Without parentheses, a method is not called: `text.upper` is the method, `text.upper()` is its "
    "result.",
)
def missing_call(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        text = site.text(node.value)
        if subject_type(site, node) in CALLABLE:
            yield site.cause(
                f"`{text}` is a function that is not called; its result may have `{node.attr}`.",
                f"`{text}` is callable and has no attribute `{node.attr}`.",
                f"callable({text}) and not hasattr({text}, {node.attr!r})",
                site.repair(f"Call it: `{text}()`.", site.after(node.value, "()")),
                weight=0.85,
            )


@rule(
    "attribute.key",
    "AttributeError",
    lesson="The values of a dictionary are looked up with their keys in square brackets: `d['name']`. The "
    "dot is for attributes.",
)
def key(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        found, text = subject(site, node), site.text(node.value)
        if found is None:
            return
        if repr(node.attr) in found.keys:
            yield site.cause(
                f"`{node.attr}` is a key of `{text}`, not an attribute.",
                f"`{node.attr!r}` is one of the keys.",
                f"{node.attr!r} in {text} and not hasattr({text}, {node.attr!r})",
                site.repair(
                    f"Look up the key: `{text}[{node.attr!r}]`.", site.over(node, f"{text}[{node.attr!r}]")
                ),
                weight=0.95,
            )
            return
        names = [item.strip("'\"") for item in found.keys if item[:1] in "'\""]
        meant = only_near(node.attr, names)
        if meant is not None:
            yield site.cause(
                f"`{text}` has no `{node.attr}`; the closest key is `{meant!r}`.",
                f"`{meant!r}` is one of the keys, and `{node.attr!r}` is not.",
                f"{meant!r} in {text} and {node.attr!r} not in {text}",
                site.repair(f"Look up the key `{meant!r}`.", site.over(node, f"{text}[{meant!r}]")),
                weight=0.85,
            )
        elif found.type == "dict" and isinstance(node.ctx, ast.Store):
            change = site.over(node, f"{text}[{node.attr!r}]")
            yield site.reading(
                "A value is stored in a dictionary under a key, in square brackets.",
                site.repair(f"Store it as `{text}[{node.attr!r}]`.", change),
            )


@rule(
    "attribute.elements",
    "AttributeError",
    lesson="A list does not have the methods of its elements. Call the method on each element.",
)
def elements(site: Site) -> Iterator[Suspicion]:
    for node in places(site)[:1]:
        call = call_of(site, node)
        value = site.literal(node.value)
        if call is None or not isinstance(value, list | tuple) or not value:
            return
        if all(hasattr(item, node.attr) for item in value):
            inside = (
                f"[item{site.text(call)[len(site.text(node.value)) :]} for item in {site.text(node.value)}]"
            )
            yield site.reading(
                f"`{site.one_line(node.value)}` is a {type(value).__name__}; its elements have the method "
                f"`{node.attr}`.",
                site.repair("Call it on each element.", site.over(call, inside)),
                weight=0.7,
            )
            first = f"{site.text(node.value)}[0]"
            yield site.reading(
                f"You may have meant one element of `{site.one_line(node.value)}`.",
                site.repair("Call it on the first element.", site.over(node.value, first)),
                weight=0.3,
            )


@rule(
    "attribute.comma_meant",
    "AttributeError",
    lesson="A dot accesses an attribute of the object before it. Separate arguments or elements with commas.",
)
def comma_meant(site: Site) -> Iterator[Suspicion]:
    """`print(first.second)` where `second` is a variable; `len.text` where a call is meant."""
    for node in places(site)[:1]:
        if (
            not isinstance(node.ctx, ast.Load)
            or site.known(node.attr) is None
            or call_of(site, node) is not None
        ):
            continue
        text, name = site.text(node.value), node.attr
        check = f"not hasattr({text}, {name!r}) and ({name!r} in locals() or {name!r} in globals())"
        if subject_type(site, node) in (*CALLABLE, "type"):
            repair = site.repair(f"Call the function: `{text}({name})`.", site.over(node, f"{text}({name})"))
            claim = f"`{text}` is a function and `{name}` is a variable: you may have meant to call it."
            yield site.cause(
                claim,
                f"`{name}` is a variable, and not an attribute of `{text}`.",
                check,
                repair,
                weight=0.85,
            )
        elif _stands_among_others(site, node):
            repair = site.repair(
                f"Put a comma between `{text}` and `{name}`.", site.over(node, f"{text}, {name}")
            )
            claim = f"`{name}` is a variable, not an attribute of `{text}`: the dot may be meant as a comma."
            yield site.reading(claim, repair, weight=0.75)


def _stands_among_others(site: Site, node: ast.Attribute) -> bool:
    """Whether it is an argument of a call or an element of a list, where a comma makes sense."""
    return any(
        node in (item.args if isinstance(item, ast.Call) else item.elts)
        for item in ast.walk(site.statement or site.tree)
        if isinstance(item, ast.Call | ast.List | ast.Tuple | ast.Set)
    )


@rule(
    "attribute.tuple_by_comma",
    "AttributeError",
    "TypeError",
    lesson="A comma at the end of an assignment makes a tuple of one element: `x = 3,` assigns `(3,)`.",
)
def tuple_by_comma(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"'tuple'|\(not \"tuple\"\)"):
        return
    statement = site.statement
    names = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)] if statement else []
    for name in dict.fromkeys(names):
        for cell, assign in site.assignments(name):
            value = assign.value
            text = src.text_of(cell.source, value)
            if not isinstance(value, ast.Tuple) or len(value.elts) != 1 or text.startswith("("):
                break
            end = src.span(cell.source, value.elts[0])[1]
            change = src.Splice(start=end, end=src.span(cell.source, value)[1], text="")
            yield site.cause(
                f"The comma at the end of line {assign.lineno} makes `{name}` a tuple.",
                f"`{name}` is a tuple of one element.",
                f"isinstance({name}, tuple) and len({name}) == 1",
                Repair(edits=(src.edit(cell, change),), why="Remove the comma at the end of the line."),
                weight=0.93,
            )
            break


RULES = (comma_meant, tuple_by_comma, typo, other_name, missing_call, key, elements)
