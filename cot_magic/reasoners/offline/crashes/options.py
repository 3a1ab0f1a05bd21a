"""Arguments that change what a function gives, for asserts: `sorted(…, reverse=True)`, `mean(axis=0)`."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site, type_name
from cot_magic.reasoners.offline.written import rule

_REDUCED = ("axis=0", "axis=1")
# function or method -> arguments that are tried, those that are forgotten most often first
OPTIONS: dict[str, tuple[str, ...]] = {
    "sorted": ("reverse=True", "key=len", "key=float", "key=str.lower"),
    "sort": ("reverse=True", "key=len", "key=float", "key=str.lower"),
    "max": ("key=len", "key=abs", *_REDUCED), "min": ("key=len", "key=abs", *_REDUCED),
    "sort_values": ("ascending=False", "key=lambda column: column.astype(float)", "ignore_index=True"),
    "sort_index": ("ascending=False",),
    "concat": ("ignore_index=True", "axis=1"),
    "mean": _REDUCED, "sum": _REDUCED, "median": _REDUCED, "argmax": _REDUCED, "argmin": _REDUCED,
    "cumsum": _REDUCED, "prod": _REDUCED, "diff": _REDUCED, "norm": _REDUCED,
    "std": ("ddof=0", "ddof=1", *_REDUCED), "var": ("ddof=0", "ddof=1", *_REDUCED),
    "value_counts": ("normalize=True", "dropna=False", "sort=False"),
    "rank": ("ascending=False", "method='min'", "method='dense'"),
    "drop_duplicates": ("keep='last'", "ignore_index=True", "keep=False"),
    "duplicated": ("keep=False", "keep='last'"),
    "groupby": ("as_index=False", "sort=False", "dropna=False"),
    "rolling": ("min_periods=1", "center=True"), "cut": ("right=False", "include_lowest=True"),
    "linspace": ("endpoint=False",), "split": ("maxsplit=1", "sep=','"), "rsplit": ("maxsplit=1",),
    "contains": ("case=False", "regex=False", "na=False"), "replace": ("regex=True", "regex=False"),
    "between": ("inclusive='left'", "inclusive='neither'"), "reset_index": ("drop=True",),
    "to_datetime": ("dayfirst=True", "utc=True"), "histogram": ("density=True",),
    "nunique": ("dropna=False",),
    "unique": ("axis=0",), "pivot_table": ("aggfunc='sum'", "fill_value=0"),
    "crosstab": ("normalize='index'",),
    "merge": ("how='left'", "how='outer'"), "join": ("how='inner'", "how='outer'"),
    "resample": ("label='right'",),
    "read_csv": ("dtype=str", "index_col=0", "header=None", "skipinitialspace=True", "keep_default_na=False"),
    "to_csv": ("index=False",), "get_dummies": ("drop_first=True", "dtype=int"),
    "reindex": ("fill_value=0",), "enumerate": ("start=1",),
    "dumps": ("sort_keys=True", "ensure_ascii=False"), "zip": ("strict=True",), "quantile": _REDUCED,
    "mode": ("dropna=False",), "corr": ("method='spearman'",), "sub": ("axis=0",), "div": ("axis=0",),
    "any": _REDUCED, "all": _REDUCED, "apply": ("axis=1",), "melt": ("ignore_index=False",),
    "count": _REDUCED,
    "date_range": ("inclusive='left'",), "cumcount": ("ascending=False",),
}  # fmt: skip
_MOST = 6  # arguments that are tried in one call
_CALLS = 4  # calls in which they are tried


@rule(
    "assert.option",
    "AssertionError",
    lesson="Many functions decide something by default: the order, the axis, what happens to missing values. "
    "An argument changes it.",
)
def option(site: Site) -> Iterator[Suspicion]:
    """A call above the assert, on which it depends, with one argument more."""
    count = 0
    for cell, call, name in _calls(site):
        given = {word.arg for word in call.keywords}
        words = [
            text for text in OPTIONS[name] if text.partition("=")[0] not in given and _fits(site, call, text)
        ]
        if not words:
            continue
        end = src.span(cell.source, call)[1] - 1
        comma = ", " if call.args or call.keywords else ""
        text = src.text_of(cell.source, call)
        repairs = tuple(
            Repair(
                edits=(src.edit(cell, src.Splice(start=end, end=end, text=f"{comma}{word}")),),
                why=f"Call it with `{word}`.",
            )
            for word in words[:_MOST]
        )
        claim = (
            f"`{text if len(text) < 60 else name + '(…)'}` may need another argument, such as `{words[0]}`."
        )
        yield replace(
            site.reading(claim, *repairs, weight=0.58 - 0.02 * count), cell=cell.id, lineno=call.lineno
        )
        count += 1
        if count == _CALLS:
            return


def _calls(site: Site) -> Iterator[tuple[Cell, ast.Call, str]]:
    """Calls of known functions on whose results the assert depends, the nearest first."""
    wanted = src.used_names(site.statement) if site.statement is not None else set()
    for cell, tree in site.cells():
        here = cell.id == site.cell.id
        for statement in reversed(tree.body):
            if here and statement.lineno >= site.frame.lineno:
                continue
            if not _bears_on(statement, wanted):
                continue
            wanted = wanted | src.used_names(statement)
            for call in [node for node in ast.walk(statement) if isinstance(node, ast.Call)]:
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name in OPTIONS and not any(isinstance(item, ast.Starred) for item in call.args):
                    yield cell, call, name


def _bears_on(statement: ast.stmt, wanted: set[str]) -> bool:
    """Whether the statement makes or changes one of the names."""
    if src.bound_names(statement) & wanted:
        return True
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    changed = {
        node.id
        for target in targets
        if target is not None
        for node in ast.walk(target)
        if isinstance(node, ast.Name)
    }
    return bool(changed & wanted)


def _fits(site: Site, call: ast.Call, word: str) -> bool:
    """Whether the argument makes sense: an axis only for methods and functions of modules."""
    if word.startswith("key=") and "lambda" not in word:
        given = site.value(call.args[0]) if len(call.args) == 1 else None
        return given is not None and ("'" in given.text) is not (word == "key=abs")
    if not word.startswith(("axis=", "ddof=")):
        return True
    if not isinstance(call.func, ast.Attribute):
        return False
    held = call.func.value
    known = type_name(site.known(held.id)) if isinstance(held, ast.Name) else ""
    return known not in ("str", "list", "dict", "set", "tuple", "pandas.core.series.Series")


RULES = (option,)
