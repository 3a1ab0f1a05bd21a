"""Where a fault was made: statements that made a value what the failing expression cannot use."""

import ast
import builtins
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from cot_magic.autopsy.bindings import Binding, names_in, root_name
from cot_magic.autopsy.evaluation import UNKNOWN, called_name
from cot_magic.autopsy.keys import axes_of, wanted_keys
from cot_magic.autopsy.losses import casts, lost_writes
from cot_magic.autopsy.scene import is_instance
from cot_magic.autopsy.story import MadeBy, Story, told
from cot_magic.capture.describe import objects
from cot_magic.core.likeness import alike

READERS = re.compile(r"^(read_\w+|loadtxt|genfromtxt|load|loads|reader|DictReader|open|imread)$")
CONVERSIONS = frozenset(
    ["astype", "to_numeric", "to_datetime", "float", "int", "fit", "strptime", "Decimal", "array"]
)
_RESHAPING = """
    rename drop set_index pop melt pivot pivot_table stack unstack agg groupby crosstab get_dummies explode
    insert rename_axis
"""
_RESHAPED = frozenset(_RESHAPING.split())
_TABLES = ("pandas.DataFrame", "pandas.Series", "numpy.ndarray")
_STRINGS = ("object", "str", "string")
_FEWER = frozenset(
    [
        "dropna",
        "drop",
        "query",
        "drop_duplicates",
        "sample",
        "head",
        "tail",
        "range",
        "arange",
        "diff",
        "pop",
        "remove",
    ]
)
_LENGTHS = re.compile(
    r"length|shape|inconsistent|broadcast|dimension|match|number of samples|boolean index|same size|align",
    re.I,
)


def suspects(story: Story) -> Iterator[MadeBy]:
    """The statements that may have made the fault; the first kind that fits ends the search."""
    for find in _KINDS:
        found = list(find(story))
        if found:
            yield from found
            return


# --- names --------------------------------------------------------------------------------------------------


def _shadowed(story: Story) -> Iterator[MadeBy]:
    """A name of the builtins that a cell took for something else, and that is called here."""
    for node in ast.walk(story.top) if story.top is not None else ():
        if (
            not isinstance(node, ast.Call)
            or not isinstance(node.func, ast.Name)
            or not hasattr(builtins, node.func.id)
        ):
            continue
        name = node.func.id
        last = next(iter(story.of(name)), None)
        if last is not None and not callable(story.scene.globals.get(name)):
            yield MadeBy(
                binding=last,
                why="shadowed",
                text=f"`{name}` is no longer the built-in function since {told(story, last)}.",
                check=f"{name} is not __import__('builtins').{name}",
                prediction=f"`{name}` is not the built-in function.",
            )


def _rebound(story: Story) -> Iterator[MadeBy]:
    """A name that was bound as one thing and bound again as another."""
    if not story.scene.is_a("TypeError", "AttributeError", "ValueError", "KeyError", "IndexError"):
        return
    for name in story.names:
        made = [item for item in story.of(name) if item.how in ("=", "for", "def", "class", "import", "with")]
        value = story.scene.globals.get(name, UNKNOWN)
        if len(made) < 2 or value is UNKNOWN or made[-1].cell.id == story.failing:
            continue
        last, first = (
            made[-1],
            next((item for item in reversed(made[:-1]) if item.cell.id != made[-1].cell.id), None),
        )
        hidden = first is not None and first.how in ("import", "def", "class") and not _is_code(value)
        if first is None or (
            last.how == "=" and not hidden and (first.how == "=" or name in names_in(last.value))
        ):
            continue
        if first.how == last.how == "for":
            continue
        kind = objects.class_name(type(value))
        yield MadeBy(
            binding=last,
            why="rebound",
            text=f"`{name}` was bound in {told(story, first)} and is something else since "
            f"{told(story, last)}.",
            check=_is_now(name, value),
            prediction=f"`{name}` is what that line made: a `{kind}`.",
        )


def _is_code(value: Any) -> bool:
    """Whether a value still is what an import or a definition gives."""
    return isinstance(value, ModuleType) or callable(value)


def _is_now(name: str, value: Any) -> str:
    code = getattr(value, "__code__", None)
    if code is not None:
        names = code.co_varnames[: code.co_argcount]
        return f"{name}.__code__.co_varnames[:{name}.__code__.co_argcount] == {names!r}"
    return f"type({name}).__name__ == {objects.class_name(type(value))!r}"


def _none(story: Story) -> Iterator[MadeBy]:
    """A name that is None since a statement."""
    if "NoneType" not in story.scene.message:
        return
    for name in story.names:
        last = story.made(name)
        if last is not None and story.scene.globals.get(name, UNKNOWN) is None:
            yield MadeBy(
                binding=last,
                why="none",
                text=f"`{name}` is None since {told(story, last)}.",
                check=f"{name} is None",
                prediction=f"`{name}` is None.",
            )


def _used_up(story: Story) -> Iterator[MadeBy]:
    """An iterator that an earlier cell went through, itself or under what was made empty from it."""
    names = dict.fromkeys(story.names)
    for name in story.names:
        value = story.scene.globals.get(name, UNKNOWN)
        emptied = objects.is_a(value, dict, list, tuple, set) and not value
        emptied = emptied or (is_instance(value, *_TABLES) and not len(value))
        chain = story.chain(name) if emptied else []
        names |= dict.fromkeys(other for item in chain if item.how == "=" for other in names_in(item.value))
    for name in names:
        value, made = story.scene.globals.get(name, UNKNOWN), story.made(name)
        if made is None or objects.from_class(type(value), "__next__") is objects.MISSING:
            continue
        if objects.is_a(value, type(_ for _ in ())) and value.gi_frame is not None:
            continue
        for cell in story.scene.cells[made.order :]:
            line = _first_use(cell.source, name, made.lineno if cell.id == made.cell.id else 0)
            if line and cell.id != story.failing:
                use = Binding(name=name, how="use", cell=cell, order=0, lineno=line, statement=made.statement)
                yield MadeBy(
                    binding=use,
                    why="used up",
                    text=f"The iterator `{name}` was used up in {told(story, use)}; it can be gone through "
                    "once.",
                    check=f"next({name}, None) is None",
                    prediction=f"`{name}` has no item left.",
                )
                return


def _first_use(source: str, name: str, after: int) -> int:
    from cot_magic.autopsy.bindings import tree_of

    tree = tree_of(source)
    lines = [
        node.lineno
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and node.lineno > after
    ]
    return min(lines, default=0)


# --- keys ---------------------------------------------------------------------------------------------------


def _key(story: Story) -> Iterator[MadeBy]:
    """A key that a statement took away, or that a file has in another form."""
    scene = story.scene
    if not scene.is_a("KeyError", "AttributeError", "ValueError", "IndexError"):
        return
    for name in story.names:
        value = scene.globals.get(name, UNKNOWN)
        for axis in axes_of(name, value):
            for key in wanted_keys(scene):
                if type(key) not in (str, int, float) or key in axis.keys or axis.name == "index names":
                    continue
                if scene.is_a("AttributeError") and key in _called_methods(story):
                    continue
                place = name if axis.name == "dict" else f"{name}.{axis.name}"
                if (found := _taken_away(story, name, key, axis.keys, axis.name)) is None:
                    continue
                binding, why = found
                yield MadeBy(
                    binding=binding,
                    why="key",
                    text=f"`{place}` has no `{scene.text(key)}` since {told(story, binding)}: {why}.",
                    check=f"{key!r} not in {place}",
                    prediction=f"`{scene.text(key)}` is not in `{place}`.",
                )
                return


def _called_methods(story: Story) -> set[str]:
    """The attributes that the failing statement calls: none of them is a column or a key."""
    spot = story.scene.spots[-1] if story.scene.spots else None
    statement = spot.executed.statement if spot is not None else None
    parts = ast.walk(statement) if statement is not None else iter(())
    calls = [part.func for part in parts if isinstance(part, ast.Call)]
    return {function.attr for function in calls if isinstance(function, ast.Attribute)}


def _taken_away(
    story: Story, name: str, key: Any, present: list[Any], axis: str
) -> tuple[Binding, str] | None:
    chain = story.chain(name)
    for item in chain:
        if axis == "index" and item.how == "=" and _makes_fewer(item):
            return item, "it leaves out rows and keeps their labels"
        if axis != "index" and _mentions(item, key):
            return item, "it gives the name up"
        if axis == "columns" and _selects_others(item, key, present):
            return item, "it keeps other columns only"
        if (
            f"{key}_x" in present
            and f"{key}_y" in present
            and any(c in ("merge", "join") for c in _calls(item))
        ):
            return item, "both tables have it, so it got suffixes"
    if axis == "index" or type(key) is not str:
        return None
    reader = next((item for item in chain if any(READERS.match(call) for call in _calls(item))), None)
    near = alike(key, present, 1)
    if (
        reader is not None
        and len(present) == 1
        and type(present[0]) is str
        and re.search(r"[;|\t,]", present[0])
    ):
        return reader, "all columns landed in one"
    if reader is not None and near and near[0].how == "blanks":
        return reader, f"the file has it as {near[0].key!r}"
    return None


def _calls(item: Binding) -> list[str]:
    return [called_name(part) for part in ast.walk(item.statement) if isinstance(part, ast.Call)]


def _mentions(item: Binding, key: Any) -> bool:
    """Whether a statement renames, drops or moves this key."""
    if isinstance(item.statement, ast.Delete):
        return any(isinstance(part, ast.Constant) and part.value == key for part in ast.walk(item.statement))
    return any(
        isinstance(part, ast.Constant) and part.value == key
        for call in ast.walk(item.statement)
        if isinstance(call, ast.Call) and called_name(call) in _RESHAPED
        for part in ast.walk(call)
    )


def _selects_others(item: Binding, key: Any, present: list[Any]) -> bool:
    """Whether a statement takes the columns that are there from a list that leaves this one out."""
    for part in ast.walk(item.value) if item.how == "=" and item.value is not None else ():
        match part:
            case ast.Subscript(slice=ast.List(elts=[_, *_] as names)):
                pass
            case ast.keyword(arg="usecols" | "columns" | "items", value=ast.List(elts=[_, *_] as names)):
                pass
            case _:
                continue
        named = [name.value for name in names if isinstance(name, ast.Constant)]
        if len(named) == len(names) and key not in named and set(named) <= set(present):
            return True
    return False


def _makes_fewer(item: Binding) -> bool:
    """Whether a statement leaves out elements."""
    if any(call in _FEWER for call in _calls(item)):
        return True
    return any(
        isinstance(part, ast.Subscript)
        and (
            isinstance(part.slice, ast.Slice)
            or any(isinstance(inner, ast.Compare) for inner in ast.walk(part.slice))
        )
        for part in ast.walk(item.value or item.statement)
    )


# --- values -------------------------------------------------------------------------------------------------


def _lengths(story: Story) -> Iterator[MadeBy]:
    """Of two operands whose lengths differ, the one that was shortened."""
    if not story.scene.is_a("ValueError", "IndexError", "IndexingError", "TypeError") or not _LENGTHS.search(
        story.scene.message
    ):
        return
    sized = [
        (name, size) for name in story.names if (size := _length(story.scene.globals.get(name))) is not None
    ]
    pairs = [(one, other) for one in sized for other in sized if one[0] < other[0] and one[1] != other[1]]
    if not pairs:
        return
    (one, first), (other, second) = pairs[0]
    if _dimensions(story, one) != _dimensions(story, other) and not story.scene.is_a("IndexingError"):
        return
    made = [item for name in (one, other) if (item := story.made(name)) is not None]
    if not made or all(item.cell.id == story.failing for item in made):
        return
    shortened = [item for item in made if _makes_fewer(item)]
    # what a statement left out of one operand and not of the other, else the one that was made last
    binding = max(shortened or made, key=lambda item: (item.order, item.lineno))
    yield MadeBy(
        binding=binding,
        why="length",
        text=f"`{one}` has {_size(story, one, first)} and `{other}` has {_size(story, other, second)}; "
        f"`{binding.name}` was made in {told(story, binding)}.",
        check=f"len({one}) != len({other})",
        prediction="Their lengths differ.",
        sizes=((one, first), (other, second)),
    )


def _shapes(story: Story) -> Iterator[MadeBy]:
    """Of two arrays whose shapes do not fit, the one that was made last, if other cells made both."""
    if not story.scene.is_a("ValueError", "IndexError") or not _LENGTHS.search(story.scene.message):
        return
    arrays = [
        (name, made)
        for name in story.names
        if is_instance(story.scene.globals.get(name), "numpy.ndarray", "pandas.DataFrame")
        and (made := story.made(name)) is not None
    ]
    if len(arrays) < 2 or any(made.cell.id == story.failing for _, made in arrays):
        return
    (one, _), (other, _) = arrays[:2]
    shapes = [story.scene.globals[name].shape for name in (one, other)]
    product = re.search(r"matmul|not aligned|core dimension", story.scene.message) is not None
    if shapes[0] == shapes[1] or not (product or len(shapes[0]) == len(shapes[1])):
        return  # with another number of axes, it is the use that does not fit
    name, binding = max(arrays[:2], key=lambda pair: (pair[1].order, pair[1].lineno))
    sizes = ["×".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]} elements" for shape in shapes]
    yield MadeBy(
        binding=binding,
        why="length",
        text=f"`{one}` ({sizes[0]}) and `{other}` ({sizes[1]}) do not fit; `{name}` comes from "
        f"{told(story, binding)}.",
        check=f"{one}.shape == {shapes[0]!r} and {other}.shape == {shapes[1]!r}",
        prediction="They have these shapes.",
    )


def _size(story: Story, name: str, length: int) -> str:
    """`3 elements`; the shape of an array that has more than one axis."""
    value: Any = story.scene.globals.get(name)
    if is_instance(value, "numpy.ndarray", "pandas.DataFrame") and value.ndim > 1:
        return f"the shape {tuple(map(int, value.shape))}"
    return f"{length} element{'s' * (length != 1)}"


def _dimensions(story: Story, name: str) -> int:
    """1 for what pairs with rows, whatever it is; the number of axes of arrays."""
    value = story.scene.globals.get(name)
    return int(getattr(value, "ndim", 1)) if is_instance(value, "numpy.ndarray") else 1


def _length(value: Any) -> int | None:
    sized = is_instance(value, "pandas.Series", "pandas.DataFrame", "pandas.Index", "numpy.ndarray")
    if (sized and getattr(value, "ndim", 1) > 0) or objects.is_a(value, list, tuple, range):
        return len(value)
    return None


def _missing(story: Story) -> Iterator[MadeBy]:
    """A table or column with missing values that the operation does not take."""
    if not re.search(r"\bNaN\b|\bnan\b|missing|non-finite|infinity|NAType", story.scene.message):
        return
    for name in story.names:
        value, made = story.scene.globals.get(name, UNKNOWN), story.made(name)
        if made is None or not is_instance(value, "pandas.Series", "pandas.DataFrame", "numpy.ndarray"):
            continue
        check = f"__import__('pandas').isna({name}).any(axis=None)"
        if is_instance(value, "numpy.ndarray"):
            check = f"bool(({name} != {name}).any())"
        elif not value.isna().to_numpy().any():
            continue
        first = [item for item in story.chain(name) if item.how == "="][-1:] or [made]
        yield MadeBy(
            binding=first[0],
            why="missing",
            text=f"`{name}` has missing values, which come from {told(story, first[0])}.",
            check=f"bool({check})",
            prediction=f"`{name}` has missing values.",
        )
        return


def _undated(story: Story) -> Iterator[MadeBy]:
    """A table whose index should hold dates, and holds text: where it was read or got that index."""
    if not re.search(r"Only valid with DatetimeIndex|window must be an integer", story.scene.message):
        return
    for name in story.names:
        table: Any = story.scene.globals.get(name, UNKNOWN)
        if not is_instance(table, *_TABLES[:2]) or str(table.index.dtype) not in _STRINGS:
            continue
        chain = story.chain(name)
        read = [item for item in chain if any(READERS.match(call) for call in _calls(item))]
        indexed = [item for item in chain if "set_index" in _calls(item)]
        for binding in (read or indexed)[:1]:
            yield MadeBy(
                binding=binding,
                why="dtype",
                text=f"The dates in the index of `{name}` are text since {told(story, binding)}.",
                check=f"str({name}.index.dtype) in {_STRINGS!r}",
                prediction=f"The index of `{name}` holds strings.",
            )
        return


def _dtype(story: Story) -> Iterator[MadeBy]:
    """A column that was read as another type than the operation takes."""
    top = story.top
    if top is None or not story.scene.is_a("TypeError", "AttributeError", "ValueError"):
        return
    calls = [called_name(part) for part in ast.walk(top) if isinstance(part, ast.Call)]
    if any(call in CONVERSIONS for call in calls):
        return
    for part in ast.walk(top):
        if not isinstance(part, ast.Subscript) or not isinstance(part.slice, ast.Constant):
            continue
        name, value = root_name(part), story.scene.spots[-1].value(part)
        if not is_instance(value, "pandas.Series"):
            continue
        reader = next(
            (item for item in story.chain(name) if any(READERS.match(call) for call in _calls(item))), None
        )
        if reader is not None and (str(value.dtype) in _STRINGS or ".str" in story.scene.message):
            source = ast.unparse(part)
            yield MadeBy(
                binding=reader,
                why="dtype",
                text=f"`{source}` was read as `{value.dtype}` in {told(story, reader)}.",
                check=f"str({source}.dtype) == {str(value.dtype)!r}",
                prediction=f"The dtype of `{source}` is `{value.dtype}`.",
            )
            return


def _merge_types(story: Story) -> Iterator[MadeBy]:
    """Keys of a merge that have different types: where the one that holds strings was made."""
    if "merge on" not in story.scene.message:
        return
    for name in story.names:
        made = story.made(name)
        table: Any = story.scene.globals.get(name)
        if made is None or not is_instance(table, "pandas.DataFrame"):
            continue
        if any(str(kind) in _STRINGS for kind in table.dtypes):
            origin = next((item for item in story.chain(name) if "DataFrame" in _calls(item)), made)
            yield MadeBy(
                binding=origin,
                why="dtype",
                text=f"The keys of `{name}` are strings since {told(story, origin)}.",
                check=f"any(str(kind) in {_STRINGS!r} for kind in {name}.dtypes)",
                prediction=f"`{name}` has a column of strings.",
            )
            return


# --- models -------------------------------------------------------------------------------------------------


def _model(story: Story) -> Iterator[MadeBy]:
    """An estimator that was not fitted, or features other than those it was fitted with."""
    top = story.top
    call = (
        next((part for part in ast.walk(top) if isinstance(part, ast.Call)), None)
        if top is not None
        else None
    )
    model = root_name(call.func if call is not None else top)
    if story.scene.is_a("NotFittedError") and (made := story.made(model)) is not None:
        yield MadeBy(
            binding=made,
            why="not fitted",
            text=f"`{model}` was made in {told(story, made)} and never fitted.",
            check=f"not [name for name in vars({model}) if name.endswith('_') and not name.startswith('_')]",
            prediction=f"`{model}` has no fitted attributes.",
        )
    if "feature" in story.scene.message and call is not None:
        for argument in call.args:
            name = root_name(argument)
            if (made := story.made(name)) is not None:
                yield MadeBy(
                    binding=made,
                    why="features",
                    text=f"`{name}` was made in {told(story, made)}; `{model}` was fitted with other "
                    "features.",
                    check=f"list({name}.columns) != list({model}.feature_names_in_)",
                    prediction="The columns are not those that the model was fitted with.",
                )
                return


_KINDS: tuple[Callable[[Story], Iterator[MadeBy]], ...] = (
    _shadowed,
    _none,
    _rebound,
    _used_up,
    _key,
    lost_writes,
    _model,
    _merge_types,
    _lengths,
    _shapes,
    casts,
    _missing,
    _undated,
    _dtype,
)
