"""Describes numpy arrays, pandas objects and frames of polars, without importing these libraries."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from cot_magic.capture.describe import objects

Write = Callable[[object], str]  # writes an element: bounded and redacted
Named = Callable[[str, str], str]  # withholds the text of a column with a secret name

HEAD_ROWS = 5
HEAD_COLUMNS = 20
MOST_LABELS = 500
MOST_COUNTED = 1_000_000  # elements; missing values are not counted in larger arrays and tables
_MADE_WITH = {"DataFrame": ("_mgr",), "Series": ("_mgr", "_name"), "polars": ("_df",)}
"""The attributes that the `__init__` of a table or column sets, without which nothing of it can be read."""
_SCALAR_KINDS = "biufcmMSUO"


def _numpy() -> Any:
    return sys.modules.get("numpy")


def _pandas() -> Any:
    pandas = sys.modules.get("pandas")
    return pandas if hasattr(pandas, "DataFrame") else None  # it may be only partly imported


def _polars() -> Any:
    polars = sys.modules.get("polars")
    return polars if hasattr(polars, "DataFrame") else None


def is_array(value: object) -> bool:
    """Whether it is of numpy, pandas or polars, and exactly of such a type: a subclass may be user code."""
    return _kind(value) is not None


def _kind(value: object) -> str | None:
    """What it is read as. A table whose `__init__` failed is in the traceback, and has no data yet: None."""
    kind = _declared_kind(value)
    own = objects.instance_dict(value) if kind in _MADE_WITH else {}
    return kind if all(name in own for name in _MADE_WITH.get(kind or "", ())) else None


def _declared_kind(value: object) -> str | None:
    cls = type(value)
    module = objects.module_name(cls)
    numpy, pandas = _numpy(), _pandas()
    if numpy is not None and module == "numpy":
        if cls is numpy.ndarray:
            return "ndarray"
        return "scalar" if objects.is_a(value, numpy.generic) else None
    if pandas is not None and module.partition(".")[0] == "pandas":
        for name in ("DataFrame", "Series"):
            if cls is getattr(pandas, name):
                return name
        if objects.is_a(value, pandas.Index):
            return "Index"
        if (
            cls is pandas.Timestamp
            or cls is pandas.Timedelta
            or cls is type(pandas.NaT)
            or cls is type(pandas.NA)
        ):
            return "plain"
    polars = _polars()
    if polars is not None and module.partition(".")[0] == "polars" and cls is polars.DataFrame:
        return "polars"
    return None


def items(value: Any, most: int) -> list[object] | None:
    """The first elements of an array, Series or Index if they can be read safely, else None."""
    match _kind(value):
        case "ndarray" if value.dtype.kind in "SUO":
            return list(value.flat[:most].tolist())
        case "Series" | "Index" if _is_safe(value.dtype):
            return list(value[:most].tolist() if _kind(value) == "Index" else value.iloc[:most].tolist())
    return None


def named_columns(value: Any, most: int) -> Iterator[tuple[str, list[object]]]:
    """Name and first elements of each object column of a DataFrame, or of a Series."""
    columns: list[tuple[object, Any]] = []
    match _kind(value):
        case "DataFrame":
            labels = list(value.columns[:MOST_LABELS])
            columns = [(label, place) for place, label in enumerate(labels)]
        case "Series":
            columns = [(value.name, None)]
    for label, place in columns:
        if type(label) is str:
            column = value if place is None else value.iloc[:, place]
            if column.dtype.kind == "O" and (found := items(column, most)) is not None:
                yield label, found


def text(value: Any, write: Write, named: Named) -> str | None:
    """The value on one line; None if it is no such object."""
    kind = _kind(value)
    match kind:
        case None:
            return None
        case "scalar":
            name = type(value).__name__
            plain = value.item() if value.dtype.kind in "biufcSU" else None
            if plain is None or type(plain) is type(value):
                return f"{name}({str(value)!r})" if value.dtype.kind in "mM" else f"<numpy.{name}>"
            return f"{name}({write(plain)})"
        case "plain":
            return repr(value)
        case "ndarray":
            return f"array(shape={value.shape}, dtype={value.dtype}, {_head_of_array(value, write)})"
        case "DataFrame" | "polars":
            rows, columns = value.shape
            labels = ", ".join(write(label) for label in list(value.columns[:12]))
            return f"DataFrame of {rows} rows × {columns} columns: {labels}{', …' if columns > 12 else ''}"
    name = f" {write(value.name)}" if value.name is not None else ""
    head = named(name, _head(value, write))
    return f"{type(value).__name__}{name} of {len(value)} {value.dtype}: {head}"


def shape(value: Any) -> tuple[tuple[str, str], ...]:
    """Only shape and dtype, for a value that is one of many."""
    match _kind(value):
        case "ndarray" | "Series" | "Index":
            return (("shape", str(value.shape)), ("dtype", str(value.dtype)))
        case "DataFrame" | "polars":
            return (("shape", str(value.shape)),)
    return ()


def facts(value: Any, write: Write, named: Named) -> tuple[tuple[str, str], ...]:
    """Shape, dtypes, index, missing values and first rows, where they apply."""
    match _kind(value):
        case "ndarray":
            found = [
                ("shape", str(value.shape)),
                ("dtype", str(value.dtype)),
                ("head", _head_of_array(value, write)),
            ]
            if value.dtype.kind in "fc" and value.size <= MOST_COUNTED:
                found.append(("nan", str(int(_numpy().isnan(value).sum()))))
            return tuple(found)
        case "DataFrame":
            return _facts_of_frame(value, write, named)
        case "polars":
            pairs = zip(value.columns[:HEAD_COLUMNS], value.dtypes, strict=False)
            types = ", ".join(f"{write(name)} {dtype}" for name, dtype in pairs)
            return (("shape", str(value.shape)), ("dtypes", types))
        case "Series" | "Index":
            found = [("shape", str(value.shape)), ("dtype", str(value.dtype))]
            name = write(value.name) if value.name is not None else ""
            if name:
                found.append(("name", name))
            if _kind(value) == "Series":
                found += [("index", _index(value.index, write)), *_missing_of(value)]
            return (*found, ("head", named(name, _head(value, write))))
        case "scalar":
            return (("dtype", str(value.dtype)),)
    return ()


def labels(value: Any, write: Write) -> tuple[str, ...]:
    """The column labels of a DataFrame or the index labels of a Series, written out."""
    match _kind(value):
        case "DataFrame" | "polars":
            return tuple(write(label) for label in list(value.columns[:MOST_LABELS]))
        case "Series":
            return tuple(write(label) for label in list(value.index[:MOST_LABELS]))
    return ()


def _facts_of_frame(value: Any, write: Write, named: Named) -> tuple[tuple[str, str], ...]:
    names = [write(label) for label in list(value.columns[:HEAD_COLUMNS])]
    columns = [value.iloc[:, place] for place in range(len(names))]
    head = [
        f"{name}: {named(name, _head(column, write))}" for name, column in zip(names, columns, strict=True)
    ]
    found = [
        ("shape", str(value.shape)),
        ("dtypes", ", ".join(f"{name} {column.dtype}" for name, column in zip(names, columns, strict=True))),
        ("index", _index(value.index, write)),
        ("head", "; ".join(head)),
    ]
    if value.size <= MOST_COUNTED:
        missing = [
            f"{name} {count}"
            for name, column in zip(names, columns, strict=True)
            if (count := _count_missing(column))
        ]
        found.append(("missing", ", ".join(missing) or "none"))
    return tuple(found)


def _index(index: Any, write: Write) -> str:
    shown = ", ".join(write(label) for label in list(index[:HEAD_ROWS]))
    return f"{type(index).__name__} of {len(index)}: {shown}{', …' if len(index) > HEAD_ROWS else ''}"


def _missing_of(series: Any) -> list[tuple[str, str]]:
    count = _count_missing(series) if series.size <= MOST_COUNTED else 0
    return [("missing", str(count))] if count else []


def _count_missing(series: Any) -> int:
    return int(series.isna().sum()) if _is_safe(series.dtype) else 0


def _head(series: Any, write: Write) -> str:
    if not _is_safe(series.dtype):
        return f"<{objects.qualified(type(series.dtype))}>"
    items = series[:HEAD_ROWS] if _kind(series) == "Index" else series.iloc[:HEAD_ROWS]
    shown = ", ".join(write(item) for item in items.tolist())
    return f"[{shown}{', …' if len(series) > HEAD_ROWS else ''}]"


def _is_safe(dtype: Any) -> bool:
    """Whether elements can be read without user code: a dtype of numpy or pandas, not an extension."""
    return objects.module_name(type(dtype)).partition(".")[0] in ("numpy", "pandas")


def _head_of_array(value: Any, write: Write) -> str:
    if value.dtype.kind not in _SCALAR_KINDS:
        return f"<{value.dtype.kind}>"
    if value.ndim == 0:
        return write(value.item())
    if value.ndim == 1:
        return _row(value, write)
    if value.ndim == 2:
        rows = ", ".join(_row(row, write) for row in value[:HEAD_ROWS])
        return f"[{rows}{', …' if len(value) > HEAD_ROWS else ''}]"
    return _row(value.flat[: HEAD_ROWS + 1], write)


def _row(value: Any, write: Write) -> str:
    shown = ", ".join(write(item) for item in value[:HEAD_ROWS].tolist())
    return f"[{shown}{', …' if len(value) > HEAD_ROWS else ''}]"
