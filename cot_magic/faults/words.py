"""Mistakes in names: misspelt names, keys, attributes and methods, the wrong variable, a missing `self`."""

import ast
import builtins
import keyword
from collections.abc import Iterator

from cot_magic.faults.operator import CellCode, Change, Functions, Operator

SHORTEST = 4  # letters; a slip in a shorter word is easy to see
_TAKEN = frozenset(vars(builtins))
CONFUSED = {
    "add": ("append",),
    "append": ("add", "push", "extend"),
    "count": ("length",),
    "endswith": ("ends_with",),
    "extend": ("append",),
    "groupby": ("group_by",),
    "index": ("index_of",),
    "items": ("iteritems", "pairs"),
    "join": ("concat",),
    "keys": ("key",),
    "lower": ("lowercase", "to_lower"),
    "mean": ("average",),
    "remove": ("delete",),
    "replace": ("substitute",),
    "sort": ("sorted",),
    "sort_values": ("sort",),
    "split": ("tokenize",),
    "startswith": ("starts_with",),
    "strip": ("trim",),
    "update": ("add",),
    "upper": ("uppercase", "to_upper"),
    "values": ("value",),
}
"""Methods, and the names they have on another type or in another language."""


def misspelt_names(code: CellCode) -> Iterator[Change]:
    """`total` becomes `toatl` where it is read."""
    for node in code.nodes(ast.Name):
        if isinstance(node.ctx, ast.Load) and node.id in code.bound:
            yield from (code.swap(node, slip) for slip in slips(node.id, code.bound))


def wrong_variables(code: CellCode) -> Iterator[Change]:
    """One parameter of a function is used instead of another."""
    for node in code.nodes(ast.Name):
        function = code.around(node, ast.FunctionDef, ast.AsyncFunctionDef)
        if not isinstance(function, Functions) or not isinstance(node.ctx, ast.Load):
            continue
        given = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
        if node.id in given and node.id != "self" and _in_body(code, node, function):
            yield from (code.swap(node, other) for other in given if other not in (node.id, "self"))


def misspelt_keys(code: CellCode) -> Iterator[Change]:
    """`row["price"]` becomes `row["pirce"]` or `row["Price"]`."""
    for node in code.nodes(ast.Subscript):
        key = node.slice
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            continue
        if not isinstance(node.ctx, ast.Load) or not key.value.isidentifier():
            continue
        quote = code.piece(key)[0]
        if code.piece(key) != f"{quote}{key.value}{quote}":
            continue
        other_case = key.value.capitalize() if key.value.islower() else key.value.lower()
        for wrong in dict.fromkeys((*slips(key.value), other_case)):
            if wrong != key.value:
                yield code.swap(key, f"{quote}{wrong}{quote}")


def misspelt_attributes(code: CellCode) -> Iterator[Change]:
    """`order.total` becomes `order.toatl`, unless it is called."""
    for node in code.nodes(ast.Attribute):
        if isinstance(node.ctx, ast.Load) and not _is_called(code, node):
            yield from (_attribute(code, node, slip) for slip in slips(node.attr))


def wrong_methods(code: CellCode) -> Iterator[Change]:
    """A method gets the name that it has elsewhere, or is misspelt."""
    for node in code.nodes(ast.Attribute):
        if _is_called(code, node):
            for name in (*CONFUSED.get(node.attr, ()), *slips(node.attr)):
                yield _attribute(code, node, name)


def lost_self(code: CellCode) -> Iterator[Change]:
    """`self.total` becomes `total`, or a method loses its `self` parameter."""
    for node in code.nodes(ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id == "self" and isinstance(node.ctx, ast.Load):
            yield code.swap(node, node.attr)
    for function in code.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(function, Functions)
        given = function.args.args
        if given and given[0].arg == "self" and isinstance(code.parent(function), ast.ClassDef):
            begin = code.start(given[0])
            if code.text[begin : begin + 6] == "self, ":
                yield code.between(begin, begin + 6, "")
            elif code.text[begin : begin + 5] == "self)":
                yield code.between(begin, begin + 4, "")


def slips(word: str, taken: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return misspellings of a word that are still valid names, in a fixed order; none for a short word.

    Two neighbouring letters are swapped, a letter is left out, or a final `s` is lost or added. `taken` are
    names that exist already.
    """
    if len(word) < SHORTEST:
        return ()
    found = dict.fromkeys(_slips(word))
    return tuple(
        slip
        for slip in found
        if slip != word
        and slip.isidentifier()
        and not keyword.iskeyword(slip)
        and slip not in taken
        and slip not in _TAKEN
    )


def _slips(word: str) -> Iterator[str]:
    places = range(1, len(word) - 1)
    for place in places:
        one, other = word[place], word[place + 1]
        if one != other and one.isalpha() and other.isalpha():
            yield word[:place] + other + one + word[place + 2 :]
    for place in places:
        if word[place].isalpha():
            yield word[:place] + word[place + 1 :]
    yield word[:-1] if word.endswith("s") else f"{word}s"


def _attribute(code: CellCode, node: ast.Attribute, name: str) -> Change:
    return code.between(code.end(node) - len(node.attr), code.end(node), name)


def _is_called(code: CellCode, node: ast.Attribute) -> bool:
    around = code.parent(node)
    return isinstance(around, ast.Call) and around.func is node


def _in_body(code: CellCode, node: ast.Name, function: Functions) -> bool:
    return node.lineno >= function.body[0].lineno


OPERATORS = (
    Operator(
        kind="name",
        lesson="A name is spelt differently from where it was defined, so Python does not find it.",
        find=misspelt_names,
    ),
    Operator(
        kind="variable",
        lesson="The wrong variable is used: the code runs, but computes something else.",
        find=wrong_variables,
    ),
    Operator(
        kind="key",
        lesson="The key that is looked up differs from the stored one by a letter or in case.",
        find=misspelt_keys,
    ),
    Operator(kind="attribute", lesson="The object has no attribute of that name.", find=misspelt_attributes),
    Operator(
        kind="method",
        lesson="A method is called by a name from another type or language, or the name is misspelt.",
        find=wrong_methods,
    ),
    Operator(
        kind="self",
        lesson="`self` is missing in a class: without it an attribute is a plain name, and a method gets one "
        "argument too many.",
        find=lost_self,
    ),
)
