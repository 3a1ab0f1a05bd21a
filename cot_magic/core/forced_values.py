"""Constants that an edit puts in for which the failure leaves nothing else."""

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from cot_magic.core.edits import parsed
from cot_magic.core.last_rounds import last_rounds
from cot_magic.core.not_kept import without_points
from cot_magic.core.shifts import Symptom
from cot_magic.core.spelling import respelled

_NEUTRAL = {ast.Add: 0, ast.Sub: 0, ast.Mult: 1}  # from where adding and multiplying begin
_NO_NUMBER = re.compile(r"invalid literal for int\(\) with base \d+: '(.*)'", re.DOTALL)
_PREFIXES = {"0b": 2, "0o": 8, "0x": 16}


def forced_values(
    old: ast.Module, new: ast.Module, failure: Symptom, others: tuple[str, ...]
) -> Counter[str]:
    """The constants for which the failure leaves nothing else."""
    found = _begun(new, failure, others)
    if without_points(old, new, failure):
        found["'.'"] += 1
    found.update(_only_places(old, new, failure))
    found.update(_bases(old, new, failure))
    found.update(_keys_of_both(old, new, failure))
    return found + last_rounds(old, new, failure).numbers


def _only_places(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[str]:
    """The index 0 where another one was asked of what gives one item, and that of a part of this item: which
    part, the neighbourhood of the fix decides."""
    if "IndexError" not in failure.bases:
        return
    left = {ast.unparse(node) for node in ast.walk(new) if isinstance(node, ast.Subscript)}
    for node in ast.walk(old):
        if not isinstance(node, ast.Subscript) or ast.unparse(node) not in failure.running:
            continue
        only = f"{ast.unparse(node.value)}[0]"
        found = re.search(rf"{re.escape(only)}\[(\d)\]", " ".join(left))
        if _gives_one(node.value) and ast.unparse(node) not in left and found is not None:
            yield from ("0", found[1])


def _gives_one(node: ast.expr) -> bool:
    """Whether a call is asked for one item: `most_common(1)`."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="most_common" | "nlargest" | "nsmallest"),
            args=[ast.Constant(value=1), *_],
        ):
            return True
    return False


def _begun(new: ast.Module, failure: Symptom, others: tuple[str, ...]) -> Counter[str]:
    """The numbers that a missing name is given right before the loop which adds to it, or multiplies it: 0
    or 1, if no other cell has a value of that name."""
    found: Counter[str] = Counter()
    if not failure.bases & {"NameError", "UnboundLocalError"}:
        return found
    trees = [tree for source in others if (tree := parsed(source)) is not None]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    known = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    known |= {
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    blocks = [block for node in ast.walk(new) if isinstance(block := getattr(node, "body", None), list)]
    for first, loop in (pair for block in blocks for pair in itertools.pairwise(block)):
        match first:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int() | float() as number)):
                steps = [
                    node
                    for node in ast.walk(loop)
                    if isinstance(node, ast.AugAssign) and ast.unparse(node.target) == name
                ]
                neutral = bool(steps) and all(_NEUTRAL.get(type(node.op)) == number for node in steps)
                if neutral and name in failure.missing - known and isinstance(loop, ast.For | ast.While):
                    found[repr(number)] += 1
    return found


def _bases(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[str]:
    """The base that the digits of a number say: by their prefix, or by letters that only one base has."""
    told = _NO_NUMBER.search(failure.said)
    digits = told[1].strip().lower().lstrip("+-").replace("_", "") if told is not None else ""
    base = _PREFIXES.get(digits[:2], 16 if re.fullmatch(r"[0-9a-f]*[a-f][0-9a-f]*", digits) else None)
    if base is None:
        return
    known = {ast.dump(node) for node in ast.walk(old)}
    for node in ast.walk(new):
        match node:
            case ast.Call(func=ast.Name(id="int"), args=[_, ast.Constant(value=int() as given)]) if (
                ast.dump(node) not in known
            ):
                if given == base or (given == 0 and digits[:2] in _PREFIXES):
                    yield repr(given)


def _keys_of_both(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[str]:
    """The name that a key of a merge has in the other table, where it can be no other column.

    It is another spelling, or what keys are called: `person_id` for the `id` of `people`.
    """
    if not failure.of_keys:
        return
    before = [named for node in ast.walk(old) if (named := _merged(node)) is not None]
    for left, right, keys in (named for node in ast.walk(new) if (named := _merged(node)) is not None):
        was = next((told for one, other, told in before if (one, other) == (left, right)), {})
        if "on" not in was or keys.keys() != {"left_on", "right_on"}:
            continue
        mine, theirs, key = keys["left_on"], keys["right_on"], was["on"]
        if key == mine and _is_only_key(failure, key, left, theirs, right):
            yield repr(theirs)
        elif key == theirs and _is_only_key(failure, key, right, mine, left):
            yield repr(mine)


def _merged(node: ast.AST) -> tuple[str, str, dict[str, str]] | None:
    """The two tables that are merged, and the names of the keys."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="pd" | "pandas"), attr="merge"), args=[left, right]
        ):
            tables = (left, right)
        case ast.Call(func=ast.Attribute(value=left, attr="merge"), args=[right]):
            tables = (left, right)
        case _:
            return None
    keys = {
        word.arg: word.value.value
        for word in node.keywords
        if word.arg in ("on", "left_on", "right_on")
        and isinstance(word.value, ast.Constant)
        and isinstance(word.value.value, str)
    }
    return ast.unparse(tables[0]), ast.unparse(tables[1]), keys


def _is_only_key(failure: Symptom, key: str, table: str, other_key: str, other: str) -> bool:
    """Whether `key` of a table can only be `other_key` of the other one: only its name says that."""
    columns = failure.keys_of(ast.parse(other, mode="eval").body)
    if key in columns or key not in failure.keys_of(ast.parse(table, mode="eval").body):
        return False
    fitting = [name for name in columns if _names_key(key, table, name, other)]
    return fitting == [other_key]


def _names_key(key: str, table: str, name: str, other: str) -> bool:
    if respelled(key, name):
        return True
    one, two = _plain(key), _plain(name)
    return two in {_plain(f"{stem}{key}") for stem in _one_of(table)} or one in {
        _plain(f"{stem}{name}") for stem in _one_of(other)
    }


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _one_of(table: str) -> set[str]:
    """What a row of a table is called: `customer` of `df_customers`, `city` of `cities`."""
    word = table.lower().removeprefix("df_").removesuffix("_df").removesuffix("_table")
    stems = {word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y"}
    return {"person" if stem == "people" else stem for stem in stems if stem}
