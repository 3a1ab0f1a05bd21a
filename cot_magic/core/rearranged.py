"""What an edit arranges anew or uses in part: parentheses, indices, statements, targets, items, formats."""

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from cot_magic.core.edits import parsed
from cot_magic.core.shifts import Shift, Symptom

_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_EAGER = (ast.ListComp, ast.SetComp, ast.DictComp)
# what takes all items of what it is given
_TAKES_ALL = frozenset(
    {
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "sorted",
        "sum",
        "min",
        "max",
        "join",
        "Counter",
        "fsum",
        "array",
    }
)
_PRECISION = re.compile(r"\.(\d+)[a-zA-Z%]?\Z")
_NO_RESULT = re.compile(r"math domain|nonnegative|non-finite|\bNaN\b|\bnan\b|infinity|[Ss]ingular")
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def rearranged(
    old: ast.Module, new: ast.Module, failure: Symptom, others: tuple[str, ...]
) -> Iterator[Shift]:
    """Changes after which the same parts are there, and mean something else or are used in part only."""
    if not failure.of_types:
        yield from _nested(old, new)
    yield from _indices(old, new)
    if not failure.bases & {"NameError", "UnboundLocalError"}:
        yield from _statements(old, new)
    if "unpack" in failure.said:
        yield from _more_targets(old, new, others)
    yield from _not_all(old, new)
    yield from _one_of_several(old, new)
    yield from _formats(old, new)
    yield from _as_text(old, new)
    yield from _of_objects(old, new)
    yield from _without_zone(old, new)
    if "ArithmeticError" in failure.bases or _NO_RESULT.search(failure.said):
        yield from _evaded(old, new, failure)
    if "NoneType" in failure.said:
        yield from _around_nothing(old, new, failure)
    if "IndexError" in failure.bases:
        yield from _other_container(old, new)
    if "AttributeError" in failure.bases:
        yield from _arguments_gone(old, new, failure)


def _nested(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """`a / (b - 1)` becomes `a / b - 1`: as many operators, of other operands."""
    before, after = _nestings(old), _nestings(new)
    if before != after and _operators(old) == _operators(new):
        yield Shift(text="it computes in another order: the parentheses are elsewhere")


def _nestings(tree: ast.Module) -> Counter[str]:
    return Counter(
        f"{type(node.op).__name__} {side} {type(inner.op).__name__}"
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC)
        for side, inner in (("left", node.left), ("right", node.right))
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, _ARITHMETIC)
    )


def _operators(tree: ast.Module) -> Counter[str]:
    return Counter(type(node.op).__name__ for node in ast.walk(tree) if isinstance(node, ast.BinOp))


def _indices(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """`grid[row][column]` becomes `grid[column][row]`."""
    before, after = _indexed(old), _indexed(new)
    for root, names in after - before:
        if any(
            was == root and given != names and sorted(given) == sorted(names) for was, given in before - after
        ):
            yield Shift(text=f"it exchanges the indices of `{root}`")


def _indexed(tree: ast.Module) -> set[tuple[str, tuple[str, ...]]]:
    """What is indexed by names, with those in their order."""
    found = set()
    for node in ast.walk(tree):
        names: list[str] = []
        root: ast.expr | None = node if isinstance(node, ast.Subscript) else None
        while isinstance(root, ast.Subscript):
            parts = root.slice.elts if isinstance(root.slice, ast.Tuple) else [root.slice]
            names = [*(ast.unparse(part) for part in parts), *names]
            root = root.value
        if root is not None and len(names) > 1:
            found.add((ast.unparse(root), tuple(names)))
    return found


def _statements(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """Assignments that change places, where both were there: what one takes, the other does not find."""
    before, after = _assignments(old), _assignments(new)
    both = [text for text in before if text in after and before.count(text) == after.count(text) == 1]
    places = [after.index(text) for text in both]
    for (one, first), (_, second) in itertools.pairwise(zip(both, places, strict=True)):
        if second < first:
            yield Shift(text=f"it runs `{one[:60]}` later than before")


def _assignments(tree: ast.Module) -> list[str]:
    return [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign)]


def _more_targets(old: ast.Module, new: ast.Module, others: tuple[str, ...]) -> Iterator[Shift]:
    """A name more takes what was left over: which value it is, only the notebook can say."""
    before, after = _targets(old), _targets(new)
    known = {names for source in others if (tree := parsed(source)) is not None for names in _tuples(tree)}
    for names in after - before:
        kept = [was for was in before - after if len(was) < len(names) and set(was) <= set(names)]
        if kept and names in _of_records(new) and names[: len(kept[0])] == kept[0]:
            continue  # the fields of a record keep their places
        if kept and not any(_agrees(kept[0], names, told) for told in known):
            yield Shift(text=f"which of the values is left over, it does not know: `{', '.join(names)}`")


def _of_records(tree: ast.Module) -> set[tuple[str, ...]]:
    """The targets of loops, which take one item after another apart."""
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension)]
    return {
        tuple(map(ast.unparse, loop.target.elts))
        for loop in loops
        if isinstance(loop.target, ast.Tuple | ast.List)
    }


def _agrees(kept: tuple[str, ...], names: tuple[str, ...], told: tuple[str, ...]) -> bool:
    """Whether the notebook has a tuple in which the names that are kept have these places."""
    return len(told) == len(names) and all(told[names.index(name)] == name for name in kept)


def _targets(tree: ast.Module) -> set[tuple[str, ...]]:
    return {
        tuple(ast.unparse(item) for item in node.elts)
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Store)
    }


def _tuples(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
            yield tuple(ast.unparse(item) for item in node.elts)


def _not_all(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """Items are not all made any more, or not all used."""
    if _starred(new) > _starred(old):
        yield Shift(text="it takes a part only: the starred name gets the rest", loses=True)
    if _count(new, _EAGER) < _count(old, _EAGER) and _lazy(new) > _lazy(old):
        yield Shift(text="the items are made only as far as they are asked for", loses=True)


def _starred(tree: ast.Module) -> int:
    return sum(isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Store) for node in ast.walk(tree))


def _count(tree: ast.Module, kinds: tuple[type[ast.AST], ...]) -> int:
    return sum(isinstance(node, kinds) for node in ast.walk(tree))


def _lazy(tree: ast.Module) -> int:
    """Generators and `map`s that nothing takes whole at once."""
    taken = {
        id(item)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        in _TAKES_ALL
        for item in node.args
    }
    taken |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Starred)}
    return sum(
        id(node) not in taken
        for node in ast.walk(tree)
        if isinstance(node, ast.GeneratorExp)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "map")
    )


def _one_of_several(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """A `return` that is added and leaves out another value that the function computes for nothing else."""
    returns = {ast.dump(node) for node in ast.walk(old) if isinstance(node, ast.Return)}
    for function in (node for node in ast.walk(new) if isinstance(node, _FUNCTIONS)):
        if not any(isinstance(node, ast.Return) and ast.dump(node) not in returns for node in function.body):
            continue
        read = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        for node in function.body:
            for target in node.targets if isinstance(node, ast.Assign) else ():
                if isinstance(target, ast.Name) and target.id not in read and not target.id.startswith("_"):
                    yield Shift(text=f"`{target.id}` is computed and not returned")


def _of_objects(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """An array of objects takes everything, and computes with lists as lists."""
    if _objects(new) > _objects(old):
        yield Shift(text="it makes an array of objects: what it computes is another thing")


def _objects(tree: ast.Module) -> int:
    return sum(
        isinstance(node, ast.keyword)
        and node.arg == "dtype"
        and ast.unparse(node.value) in ("object", "'object'", "'O'")
        for node in ast.walk(tree)
    )


def _formats(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """A precision that is gone from a format, or comes in: other digits are shown."""
    before, after = _precisions(old), _precisions(new)
    for text in sorted((before - after) | (after - before)):
        verb = "does not show" if text in before else "now shows"
        yield Shift(text=f"it {verb} {text} digits after the point")


def _precisions(tree: ast.Module) -> set[str]:
    specs = [
        str(part.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr)
        for part in node.format_spec.values
        if isinstance(part, ast.Constant)
    ]
    return {told[1] for spec in specs if (told := _PRECISION.search(spec)) is not None}


def _as_text(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """`age > limit` becomes `age > str(limit)`: strings are ordered by letters, "9" after "18"."""
    known = {ast.dump(node) for node in ast.walk(old)}
    for node in ast.walk(new):
        if not isinstance(node, ast.Compare) or ast.dump(node) in known:
            continue
        sides = (node.left, *node.comparators)
        if any(isinstance(op, _ORDERED) for op in node.ops) and any(
            isinstance(side, ast.Call) and ast.unparse(side.func) == "str" for side in sides
        ):
            yield Shift(text="it compares as text, by letters")


def _without_zone(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """The time zone of a moment is left out, not converted."""
    if _zones_left_out(new) > _zones_left_out(old):
        yield Shift(text="it leaves out the time zone without a conversion")


def _zones_left_out(tree: ast.Module) -> int:
    found = 0
    for node in (item for item in ast.walk(tree) if isinstance(item, ast.Call)):
        given = [word.value for word in node.keywords if word.arg in ("tzinfo", "tz")]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "tz_localize":
            given += node.args
        found += sum(isinstance(item, ast.Constant) and item.value is None for item in given)
    return found


def _evaded(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Something is computed around a number for which the operation has no result, so that it has one."""
    known = {ast.dump(node) for node in ast.walk(old)}
    for node in ast.walk(new):
        if not isinstance(node, ast.Call) or ast.dump(node) in known:
            continue
        given = [*node.args, *(word.value for word in node.keywords)]
        if isinstance(node.func, ast.Attribute) and node.func.attr not in failure.words:
            given.append(node.func.value)
        read = {item.id for part in given for item in ast.walk(part) if isinstance(item, ast.Name)}
        if read & failure.words:
            yield Shift(text=f"`{ast.unparse(node)[:60]}` gives a result where there is none")
            return


def _around_nothing(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Something is made of None: `len([find(x)])`, `str(found)`, `[load()]`."""
    known = {ast.dump(node) for node in ast.walk(old)}
    for node in ast.walk(new):
        if ast.dump(node) in known:
            continue
        inside: list[ast.expr] = []
        if isinstance(node, ast.List | ast.Tuple | ast.Set) and not isinstance(
            getattr(node, "ctx", None), ast.Store
        ):
            inside = node.elts
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            inside = node.args
        for item in inside:
            if failure.type_of(ast.unparse(item)) not in ("", "NoneType"):
                continue  # None is what was made of it
            if ast.dump(item) in known and any(ast.unparse(item) in text for text in failure.running):
                yield Shift(text=f"it computes with None: `{ast.unparse(node)[:60]}`", choice=False)
                return


def _other_container(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """The item is taken out of something that is made of the sequence, in which the place exists."""
    before = {
        ast.dump(node.slice): {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
        for node in ast.walk(old)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
    }
    for node in ast.walk(new):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.List | ast.Tuple | ast.Call):
            names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            if before.get(ast.dump(node.slice), set()) & names:
                yield Shift(text=f"it takes the item out of `{ast.unparse(node.value)[:60]}`")


def _arguments_gone(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """A method that is not there gives way to one that is told less: `df.sort("n")` to `df.sort_index()`."""
    told = {ast.dump(node) for node in ast.walk(new) if isinstance(node, ast.Constant)}
    there = {ast.unparse(node) for node in ast.walk(new)} if failure.missing else set()
    for node in (item for item in ast.walk(old) if isinstance(item, ast.Call)):
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in failure.missing:
            continue
        if ast.unparse(node) in there:
            continue
        for item in node.args:
            if isinstance(item, ast.Constant) and isinstance(item.value, str) and ast.dump(item) not in told:
                yield Shift(text=f"it drops the argument {ast.unparse(item)} of `{node.func.attr}`")
