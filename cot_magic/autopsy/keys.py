"""Keys: which key is missing on which axis, what is there instead, and where else it is."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cot_magic.autopsy.evaluation import UNKNOWN, parts
from cot_magic.autopsy.scene import Scene, is_instance
from cot_magic.capture.describe import objects
from cot_magic.core.facts import Fact
from cot_magic.core.likeness import alike

MOST_KEYS = 40
MOST_TABLES = 8
DEEPEST = 2  # levels of dictionaries below the second one
CLOSE = 0.9
_LISTED = re.compile(
    r"\[(?:Index\()?\[?((?:'[^']*'|\"[^\"]*\"|[\w.-]+)(?:,\s*(?:'[^']*'|\"[^\"]*\"|[\w.-]+))*)\]?"
)
_TABLE_ERRORS = ("KeyError", "ValueError", "AttributeError", "IndexError", "SpecificationError")


_NO_SUCH = re.compile(r"no such (table|column): ([\w.]+)")


@dataclass(frozen=True, slots=True)
class _Axis:
    """The keys of one axis of something: the source of the whole, the name of the axis, its keys."""

    source: str
    name: str
    keys: list[Any]


def keys(scene: Scene) -> Iterator[Fact]:
    """`keys.missing`, `keys.near`, `keys.inside` and `keys.elsewhere` for each key that was not found."""
    if scene.is_a("OperationalError", "DatabaseError"):
        yield from _of_database(scene)
    if not scene.is_a(*_TABLE_ERRORS) or scene.spot is None:
        return
    axes = list(_axes(scene))
    wanted = [key for key in wanted_keys(scene) if not scene.is_a("ValueError") or _named(scene, key)]
    for key in wanted[:5]:
        lacking = [axis for axis in axes if not _has(axis.keys, key)]
        if not lacking:
            continue
        near = [(axis, item) for axis in lacking for item in alike(key, axis.keys)]
        near.sort(key=lambda pair: -pair[1].score)
        axis = near[0][0] if near else min(lacking, key=lambda item: _unlikely(scene, item))
        if scene.is_a("AttributeError") and not (near and near[0][1].score > CLOSE):
            continue  # it was hardly meant as a column
        yield _missing(scene, key, axis)
        if near:
            yield _near(scene, key, [(at, item) for at, item in near if at.source == axis.source])
        yield from _inside(scene, key, lacking)
        yield from _of_level(scene, key)
        yield from _of_series(scene, key)
        if places := list(_elsewhere(scene, key, axis.source)):
            shown = ", ".join(f"`{place}`" for place in places[:3])
            yield Fact.of(
                "keys.elsewhere", f"`{scene.text(key)}` is in {shown}.", wanted=scene.text(key), places=places
            )


def _unlikely(scene: Scene, axis: _Axis) -> int:
    """0 for the axis that a lookup of this form means."""
    node = scene.node
    by_label = (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in ("loc", "at")
    )
    meant = "index" if by_label else "columns"
    return ["dict", meant].index(axis.name) if axis.name in ("dict", meant) else 2


def _missing(scene: Scene, key: Any, axis: _Axis) -> Fact:
    present = [scene.text(item, 60) for item in axis.keys[:MOST_KEYS]]
    few = ", ".join(present[:8]) + (", …" if len(axis.keys) > 8 else "")
    return Fact.of(
        "keys.missing",
        _lacks(axis, scene.text(key), few),
        expression=axis.source,
        axis=axis.name,
        wanted=scene.text(key),
        present=present,
        count=len(axis.keys),
    )


def _near(scene: Scene, key: Any, near: list[tuple[_Axis, Any]]) -> Fact:
    axis, best = near[0]
    how = {
        "blanks": "differs only in blanks",
        "case": "differs only in case",
        "signs": "differs only in case, blanks and signs",
        "type": f"is a `{objects.qualified(type(best.key))}`, not a `{objects.qualified(type(key))}`",
    }.get(best.how, "is most like it")
    return Fact.of(
        "keys.near",
        f"`{scene.text(best.key)}` in {_said(axis)} {how}.",
        expression=axis.source,
        axis=axis.name,
        wanted=scene.text(key),
        candidates=[
            {"text": scene.text(item.key), "score": item.score, "how": item.how, "axis": at.name}
            for at, item in near[:5]
        ],
    )


def _lacks(axis: _Axis, key: str, few: str) -> str:
    """That an axis has no such key, and what it has."""
    if axis.name == "columns":
        has = f"its columns are {few}" if few else "it has no columns"
        return f"`{axis.source}` has no column `{key}`; {has}."
    who, what = ("have", "they have") if axis.name.startswith("SQL") else ("has", "it has")
    return f"{_said(axis)} {who} no `{key}`; {what} {few or 'none at all'}."


def _said(axis: _Axis) -> str:
    if axis.name.startswith("SQL"):
        return f"the {axis.name.removeprefix('SQL ')}s of `{axis.source}`"
    return f"`{axis.source}`" if axis.name == "dict" else f"the {axis.name} of `{axis.source}`"


def wanted_keys(scene: Scene) -> Iterator[Any]:
    """The keys that the exception names, else those in the failing expression."""
    error = scene.raised
    if scene.is_a("AttributeError"):
        name = AttributeError.__dict__["name"].__get__(error)
        if type(name) is str:
            yield name
        return
    arguments: Any = BaseException.__dict__["args"].__get__(error)
    first = arguments[0] if arguments else None
    if type(first) is str and (" " in first or "[" in first) and not _literal_key(scene, first):
        for found in _LISTED.finditer(first):
            for part in re.findall(r"'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?", found[1]):
                yield ast.literal_eval(part)
        return
    if scene.is_a("KeyError") and first is not None:
        yield first


def _literal_key(scene: Scene, text: str) -> bool:
    """Whether the message is the key itself: it may have blanks in it."""
    nodes = ast.walk(scene.node) if scene.node is not None else iter(())
    return any(isinstance(node, ast.Constant) and node.value == text for node in nodes)


def _named(scene: Scene, key: Any) -> bool:
    return type(key) is str and "column" in scene.message.lower()


def _axes(scene: Scene) -> Iterator[_Axis]:
    """The axes of everything in the failing expression, what is looked up first."""
    node = scene.node
    seen: set[int] = set()
    for part in reversed(list(parts(node)) if node is not None else []):
        if isinstance(part, ast.Constant):
            continue
        value = scene.value(part)
        if value is UNKNOWN or id(value) in seen:
            continue
        seen.add(id(value))
        yield from axes_of(scene.source(part), value)


def axes_of(source: str, value: Any) -> Iterator[_Axis]:
    """The axes of a table, a column or a dict; none of anything else."""
    if is_instance(value, "pandas.DataFrame"):
        yield _Axis(source, "columns", list(islice(value.columns, 2_000)))
        yield _Axis(source, "index", list(islice(value.index, 2_000)))
        yield _Axis(source, "index names", [name for name in value.index.names if name is not None])
    elif is_instance(value, "pandas.Series"):
        yield _Axis(source, "index", list(islice(value.index, 2_000)))
        yield _Axis(source, "index names", [name for name in value.index.names if name is not None])
    elif objects.is_a(value, dict):
        yield _Axis(source, "dict", list(islice(dict.keys(value), 2_000)))


def _inside(scene: Scene, key: Any, lacking: list[_Axis]) -> Iterator[Fact]:
    """`keys.inside`: the paths to the key in dictionaries that a dictionary without it holds."""
    inner = list(parts(scene.node)) if scene.node is not None else []
    for axis in lacking:
        node = next((part for part in inner if scene.source(part) == axis.source), None)
        if axis.name != "dict" or node is None:
            continue
        paths = [
            "".join(f"[{step!r}]" for step in path) for path in islice(_paths(scene.value(node), key), 3)
        ]
        if paths:
            yield Fact.of(
                "keys.inside",
                f"`{scene.text(key)}` is inside of it: `{axis.source}{paths[0]}`.",
                expression=axis.source,
                wanted=scene.text(key),
                paths=paths,
            )
            return


def _of_level(scene: Scene, key: Any) -> Iterator[Fact]:
    """`keys.level`: a level of several that has the key, as it is or of another type."""
    for part in parts(scene.node) if scene.node is not None else ():
        value = scene.value(part)
        if not is_instance(value, "pandas.Series", "pandas.DataFrame") or value.index.nlevels < 2:
            continue
        for place, name in enumerate(value.index.names):
            present = list(islice(value.index.levels[place], MOST_KEYS))
            if any(str(item) == str(key) for item in present):
                yield Fact.of(
                    "keys.level",
                    f"`{scene.text(key)}` is in the level `{name}` of the index of `{scene.source(part)}`.",
                    expression=scene.source(part),
                    wanted=scene.text(key),
                    level=name if type(name) is str else place,
                    present=[scene.text(item, 60) for item in present],
                )
                return


def _of_series(scene: Scene, key: Any) -> Iterator[Fact]:
    """`keys.series`: a column is asked for a column: for itself, or for another one of its table."""
    node = scene.node
    if not isinstance(node, ast.Subscript) or not is_instance(
        column := scene.value(node.value), "pandas.Series"
    ):
        return
    held = node.value
    table = scene.value(held.value) if isinstance(held, ast.Subscript) else UNKNOWN
    if type(column.name) is type(key) and column.name == key:
        write = scene.source(held, 2_000)
    elif (
        isinstance(held, ast.Subscript)
        and is_instance(table, "pandas.DataFrame")
        and _has(list(table.columns), key)
    ):
        write = f"{scene.source(held.value, 2_000)}[{scene.source(node.slice)}]"
    else:
        return
    yield Fact.of(
        "keys.series",
        f"`{scene.source(held)}` is one column and has labels of rows; `{scene.text(key)}` is `{write}`.",
        expression=scene.source(node, 2_000),
        wanted=scene.text(key),
        write=write,
    )


def _paths(holder: dict[Any, Any], key: Any, depth: int = 0) -> Iterator[tuple[Any, ...]]:
    """The keys to follow to each value under `key` below the first level, nearest first."""
    inner = [(name, item) for name, item in islice(dict.items(holder), MOST_KEYS) if type(item) is dict]
    for name, item in inner:
        if type(name) in (str, int) and _has(list(islice(dict.keys(item), 2_000)), key):
            yield name, key
    for name, item in inner if depth < DEEPEST else ():
        if type(name) in (str, int):
            yield from ((name, *path) for path in _paths(item, key, depth + 1))


def _has(present: list[Any], key: Any) -> bool:
    try:
        return any(type(item) is type(key) and item == key for item in present)
    except Exception:  # comparing keys of the person's own class
        return False


def _of_database(scene: Scene) -> Iterator[Fact]:
    """The tables of an SQLite database, or the columns of those that the statement names."""
    told = _NO_SUCH.search(scene.message)
    found = next(_databases(scene), None)
    if told is None or found is None:
        return
    source, database = found
    names = [
        row[0] for row in database.execute("select name from sqlite_master where type in ('table', 'view')")
    ]
    if told[1] == "column":
        words = set(re.findall(r"\w+", " ".join(_texts(scene)).lower()))
        tables = [name for name in names if name.lower() in words] or names
        rows = [
            row
            for name in tables
            for row in database.execute("select name from pragma_table_info(?)", (name,))
        ]
        names = list(dict.fromkeys(row[0] for row in rows))
    axis = _Axis(source, f"SQL {told[1]}", names)
    wanted = told[2].rpartition(".")[2]
    yield _missing(scene, wanted, axis)
    if near := alike(wanted, names):
        yield _near(scene, wanted, [(axis, item) for item in near])


def _databases(scene: Scene) -> Iterator[tuple[str, Any]]:
    """The connections that the failing expression uses, each with its source."""
    for part in parts(scene.node) if scene.node is not None else ():
        value = scene.value(part)
        if is_instance(value, "sqlite3.Cursor"):
            yield f"{scene.source(part)}.connection", value.connection
        elif is_instance(value, "sqlite3.Connection"):
            yield scene.source(part), value


def _texts(scene: Scene) -> Iterator[str]:
    """The strings in the failing expression."""
    for part in parts(scene.node) if scene.node is not None else ():
        value = scene.value(part)
        if type(value) is str:
            yield value


def _elsewhere(scene: Scene, key: Any, source: str) -> Iterator[str]:
    """Where the key is found: other tables and dicts in scope, or another axis of the same."""
    names = {**scene.globals, **(scene.spot.evaluation.names if scene.spot is not None else {})}
    looked = 0
    for name, value in names.items():
        if name.startswith("_") or looked >= MOST_TABLES * 8:
            continue
        for axis in axes_of(name, value):
            looked += 1
            if (
                len(axis.keys) <= 2_000
                and _has(axis.keys, key)
                and not (name == source and axis.name == "columns")
            ):
                yield name if axis.name == "dict" else f"{name}.{axis.name.replace(' ', '.')}"
