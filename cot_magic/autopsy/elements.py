"""Elements: which elements of a container are guilty, found by doing the failing thing to parts of it."""

import ast
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cot_magic.autopsy.evaluation import UNKNOWN, parts
from cot_magic.autopsy.scene import Scene, Spot, is_instance
from cot_magic.capture.describe import objects
from cot_magic.core.facts import Fact

MOST_GUILTY = 400
LOAD = ast.Load()
MOST_TOLD = 40
MOST_GROUPS = 8
MOST_ITEMS = 100_000
SEARCH_S = 0.12
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
LENGTHS = ("broadcast", "shape", "length", "dimension", "sample")


Test = Callable[[Any], bool]


def elements(scene: Scene) -> Iterator[Fact]:
    """`elements.guilty` for the container whose elements fail, `elements.columns` for a table,
    `elements.missing` and `elements.types`."""
    if scene.is_a("AssertionError"):
        return
    for spot in scene.spots[:1]:
        seen: set[int] = set()
        for source, value in _containers(spot):
            if id(value) not in seen:
                seen.add(id(value))
                yield from _missing(scene, source, value)
                yield from _types(scene, source, value)
    for spot in scene.spots[:3]:
        yield from _columns(scene, spot)
        found = next(_guilty(scene, spot), None)
        if found is not None:
            yield found
            return


# --- which elements are guilty ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspected:
    """A container, what is done with it, and whether that fails for a part of it."""

    source: str
    items: Any
    operation: str
    fails: Test


def _guilty(scene: Scene, spot: Spot) -> Iterator[Fact]:
    """One fact for each container in which some elements fail as the whole did."""
    for suspected in (*_in_loops(scene, spot), *_in_expression(scene, spot)):
        found, complete = _search(suspected.items, suspected.fails)
        beside = None
        counts = any(re.search(rf"\b{word}", scene.message, re.IGNORECASE) for word in LENGTHS)
        if not found and complete and len(suspected.items) > 1 and not counts:
            beside = _at(suspected.items, 0)
            found, complete = _search(suspected.items, suspected.fails, beside=True)
        if not found or len(found) == len(suspected.items) == 1:
            continue
        if len(found) == len(suspected.items) and any(word in scene.message.lower() for word in LENGTHS):
            continue  # it does not fail for what is in it
        if len(found) == len(suspected.items) and is_instance(suspected.items, "pandas.DataFrame"):
            continue
        if beside is not None and len(found) > 1:
            found = [place for place in found if place]  # the first one beside itself tells nothing
        yield _told(scene, suspected, found, complete, beside)


def _search(items: Any, fails: Test, *, beside: bool = False) -> tuple[list[int], bool]:
    """The positions of the elements that fail alone, or beside the first one; whether all were found.

    Halves what fails, over the distinct elements: equal ones fail alike.
    """
    groups = _equal_ones(items)
    guilty: list[int] = []
    waiting, ends = [(0, len(groups))], time.monotonic() + SEARCH_S
    while waiting and len(guilty) < MOST_GUILTY:
        if time.monotonic() > ends:
            return sorted(guilty), False
        start, end = waiting.pop()
        some = [*([0] if beside else []), *(group[0] for group in groups[start:end])]
        if not fails(_taken(items, some)):
            continue
        if end - start > 1:
            middle = (start + end) // 2
            waiting += [(middle, end), (start, middle)]
        else:
            guilty += groups[start]
    return sorted(guilty), not waiting


def _equal_ones(items: Any) -> list[list[int]]:
    """The positions of equal strings and numbers, together."""
    groups: dict[Any, list[int]] = {}
    if is_instance(items, "pandas.DataFrame") or getattr(items, "ndim", 1) > 1:
        return [[place] for place in range(len(items))]
    for place, item in enumerate(items):
        plain = (
            type(item) in (str, int, float, bool, type(None)) or objects.module_name(type(item)) == "numpy"
        )
        key = (type(item).__name__, repr(item)) if plain else place
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def _taken(items: Any, places: list[int]) -> Any:
    if hasattr(items, "iloc"):
        return items.iloc[places]
    if is_instance(items, "pandas.Index", "numpy.ndarray"):
        return items[places]
    some = [items[place] for place in places]
    return tuple(some) if objects.is_a(items, tuple) else some


def _in_loops(scene: Scene, spot: Spot) -> Iterator[_Suspected]:
    """Loops around the failing expression that go over a container: the expression for each element."""
    node = spot.node
    if not isinstance(node, ast.expr) or not isinstance(getattr(node, "ctx", LOAD), ast.Load):
        return
    for target, source_node in _loops(node):
        names = {name.id for name in ast.walk(target) if isinstance(name, ast.Name)}
        items = _gone_over(spot, source_node)
        if items is None or not any(
            isinstance(part, ast.Name) and part.id in names for part in ast.walk(node)
        ):
            continue
        bind, run = _binding(target), spot.evaluation.prepared(node, ())

        def fails(some: Any, bind: Any = bind, run: Any = run) -> bool:
            return any(_fails_bound(scene, spot, bind, run, item) for item in some)

        yield _Suspected(
            source=spot.source(source_node), items=items, operation=spot.source(node), fails=fails
        )


def _gone_over(spot: Spot, node: ast.expr) -> Any:
    """What a loop goes over, as something that has positions."""
    value = spot.value(node)
    if is_instance(value, "pandas.DataFrame"):
        return list(value.columns)
    if isinstance(node, ast.Call) and objects.from_class(type(value), "__next__") is not objects.MISSING:
        return listed(list(islice(value, MOST_ITEMS)))  # our own call made this iterator
    return listed(value)


def _loops(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Target and iterable of the loops and comprehensions around a node, inner ones first."""
    child, above = node, getattr(node, "parent", None)
    while above is not None and not isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        if isinstance(above, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            for part in reversed(above.generators):
                if part is not child:
                    yield _without_count(part.target, part.iter)
        elif isinstance(above, ast.For) and child is not above.iter:
            yield _without_count(above.target, above.iter)
        child, above = above, getattr(above, "parent", None)


def _without_count(target: ast.expr, goes_over: ast.expr) -> tuple[ast.expr, ast.expr]:
    """For `i, x in enumerate(xs)`: x and xs."""
    match target, goes_over:
        case ast.Tuple(elts=[_, inner]), ast.Call(func=ast.Name(id="enumerate"), args=[items, *_]):
            return inner, items
    return target, goes_over


def _binding(target: ast.expr) -> Any:
    bind = ast.Assign(targets=[target], value=ast.Name(id="_cot_item", ctx=ast.Load()))
    return compile(
        ast.fix_missing_locations(ast.Module(body=[bind], type_ignores=[])), "<cot autopsy>", "exec"
    )


def _fails_bound(scene: Scene, spot: Spot, bind: Any, run: Any, item: Any) -> bool:
    """Whether the expression raises the same with the loop's names bound to this element."""
    names = {**spot.evaluation.names, "_cot_item": item}
    try:
        exec(bind, names)  # noqa: S102 - in a confined copy
    except Exception:  # this element does not fit the names of the loop
        return False
    return _same(scene, run((), names))


def _in_expression(scene: Scene, spot: Spot) -> Iterator[_Suspected]:
    """Containers in the failing expression: the expression with a part of the container in place of it."""
    node = spot.node
    if not isinstance(node, ast.expr) or not isinstance(getattr(node, "ctx", LOAD), ast.Load):
        return
    for part in reversed(list(parts(node))):
        if part is node or isinstance(part, ast.Constant | ast.Starred):
            continue
        items = listed(spot.value(part))
        if items is None or len(items) < 2:
            continue
        run = spot.evaluation.prepared(node, (part,))

        def fails(some: Any, run: Any = run) -> bool:
            return len(some) > 0 and _same(scene, run((some,)))

        yield _Suspected(source=spot.source(part), items=items, operation=spot.source(node), fails=fails)


def _columns(scene: Scene, spot: Spot) -> Iterator[Fact]:
    """The columns of a table for which the expression fails alone."""
    node = spot.node
    if not isinstance(node, ast.expr) or not isinstance(getattr(node, "ctx", LOAD), ast.Load):
        return
    for part in _taken_whole(node):
        value = spot.value(part)
        if not is_instance(value, "pandas.DataFrame") or not 2 <= len(value.columns) <= 60:
            continue
        run = spot.evaluation.prepared(node, (part,))
        failing = [at for at in range(len(value.columns)) if _same(scene, run((value.iloc[:, [at]],)))]
        if 0 < len(failing) < len(value.columns):
            names = [scene.text(value.columns[at], 60) for at in failing]
            kinds = [str(value.dtypes.iloc[at]) for at in failing]
            said = ", ".join(f"`{name}` ({kind})" for name, kind in zip(names[:5], kinds, strict=False))
            yield Fact.of(
                "elements.columns",
                f"`{spot.source(node)}` fails for {len(failing)} of {len(value.columns)} columns: {said}.",
                expression=spot.source(part),
                operation=spot.source(node),
                columns=names,
                dtypes=kinds,
            )
            return


def _taken_whole(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression that are not looked up in, outer ones first."""
    looked_up = {id(part.value) for part in ast.walk(node) if isinstance(part, ast.Subscript)}
    for part in reversed(list(parts(node))):
        if (
            part is not node
            and id(part) not in looked_up
            and not isinstance(part, ast.Constant | ast.Starred)
        ):
            yield part


def _same(scene: Scene, got: Any) -> bool:
    """Whether what came is an exception of the same class."""
    return type(got) is type(scene.raised)


def listed(value: Any) -> Any:
    """The value if it has positions, a list of its items if it is another container, else None."""
    if is_instance(value, "pandas.Series", "pandas.Index", "pandas.DataFrame", "numpy.ndarray"):
        if getattr(value, "ndim", 1) == 0:
            return None
        found = value
    elif objects.is_a(value, list, tuple):
        found = value
    elif objects.is_a(value, dict, set, frozenset, range, *_VIEWS):
        found = list(value)
    else:
        return None
    return found if 1 <= len(found) <= MOST_ITEMS else None


# --- what they look like ------------------------------------------------------------------------------------


def _told(scene: Scene, suspected: _Suspected, guilty: list[int], complete: bool, beside: Any) -> Fact:
    source, items, operation = suspected.source, suspected.items, suspected.operation
    bad = [_at(items, place) for place in guilty]
    chosen = set(guilty)
    good = [_at(items, place) for place in range(min(len(items), 2_000)) if place not in chosen]
    groups = like(scene, bad)
    said = ", ".join(
        f"{group['count']} like `{group['like']}`" if group["count"] > 1 else f"`{group['like']}`"
        for group in groups[:4]
    )
    at_least = "" if complete else "at least "
    parts_of = "rows" if is_instance(items, "pandas.DataFrame") else "elements"
    first = ", ".join(str(place) for place in guilty[:5]) + (", …" if len(guilty) > 5 else "")
    also = f", together with `{scene.text(beside, 40)}`" if beside is not None else ""
    return Fact.of(
        "elements.guilty",
        f"`{operation}` fails for {at_least}{len(guilty)} of {len(items)} {parts_of} of `{source}`: {said}, "
        f"at position{'s' * (len(guilty) > 1)} {first}{also}.",
        expression=source,
        operation=operation,
        count=len(guilty),
        of=len(items),
        complete=complete,
        beside=None if beside is None else raw(scene, beside),
        positions=guilty[:MOST_TOLD],
        labels=_labels(scene, items, guilty[:MOST_TOLD]),
        groups=groups,
        distinct=list(dict.fromkeys(raw(scene, item) for item in bad))[:MOST_TOLD],
        good=list(dict.fromkeys(raw(scene, item) for item in good))[:8],
        types=dict(Counter(objects.qualified(type(item)) for item in bad)),
    )


def _at(items: Any, place: int) -> Any:
    if is_instance(items, "pandas.DataFrame"):
        # a row as its values: a Series would show its dtype and length first
        return next(items.iloc[place : place + 1].itertuples(index=False, name=None))
    return items.iloc[place] if hasattr(items, "iloc") else items[place]


def _labels(scene: Scene, items: Any, places: Sequence[int]) -> list[str]:
    if not is_instance(items, "pandas.Series", "pandas.DataFrame"):
        return []
    return [scene.text(items.index[place], 40) for place in places]


def raw(scene: Scene, value: Any) -> str:
    """A string as it is, anything else as one line."""
    return scene.redactor.text(value[:80]) if type(value) is str else scene.text(value, 80)


def like(scene: Scene, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Values by their shape, the most frequent first: letters and digits do not matter, signs do."""
    shapes: dict[str, list[Any]] = {}
    for value in values:
        shapes.setdefault(shape_of(value), []).append(value)
    found = sorted(shapes.items(), key=lambda pair: -len(pair[1]))[:MOST_GROUPS]
    return [
        {
            "like": scene.text(members[0], 60),
            "text": raw(scene, members[0]),
            "shape": shape,
            "count": len(members),
        }
        for shape, members in found
    ]


def shape_of(value: Any) -> str:
    """`$9,999.99` as `$9,9.9`, `12 kg` as `9 a`; the type of what is no string."""
    if type(value) is not str:
        return objects.qualified(type(value))
    text = re.sub(r"\d+", "9", value[:80])
    return re.sub(r"[^\W\d_]+", "a", text)


# --- missing values and mixed types -------------------------------------------------------------------------


def _containers(spot: Spot) -> Iterator[tuple[str, Any]]:
    node = spot.node
    for part in _taken_whole(node) if isinstance(node, ast.expr) else ():
        value = spot.value(part)
        if value is not UNKNOWN and listed(value) is not None:
            yield spot.source(part), value


def _missing(scene: Scene, source: str, value: Any) -> Iterator[Fact]:
    """How many values are missing, by column."""
    if is_instance(value, "pandas.DataFrame"):
        counts = {scene.text(name, 60): int(count) for name, count in value.isna().sum().items() if count}
    elif is_instance(value, "pandas.Series"):
        counts = {"": int(value.isna().sum())}
    elif is_instance(value, "numpy.ndarray") and value.dtype.kind in "fc":
        counts = {"": int((value != value).sum())}
    elif objects.is_a(value, list, tuple):
        counts = {"": sum(1 for item in value if item is None or (type(item) is float and item != item))}
    else:
        return
    total = sum(counts.values())
    if total:
        where = ", ".join(f"{count} in `{name}`" for name, count in list(counts.items())[:5] if name)
        yield Fact.of(
            "elements.missing",
            f"`{source}` has {total} missing values of {len(value)}{' rows' if where else ''}"
            f"{f': {where}' if where else ''}.",
            expression=source,
            total=total,
            of=len(value),
            columns={name: count for name, count in counts.items() if name},
        )


def _types(scene: Scene, source: str, value: Any) -> Iterator[Fact]:
    """The types in a container that holds several."""
    if is_instance(value, "pandas.Series", "numpy.ndarray"):
        if str(value.dtype) not in ("object", "str", "string") or getattr(value, "ndim", 1) != 1:
            return
        items: Any = list(value[:5_000])
    elif objects.is_a(value, list, tuple):
        items = value[:5_000]
    else:
        return
    counts = Counter(objects.qualified(type(item)) for item in items)
    if len(counts) > 1:
        said = ", ".join(f"{count} `{name}`" for name, count in counts.most_common(5))
        yield Fact.of("elements.types", f"`{source}` holds {said}.", expression=source, types=dict(counts))
