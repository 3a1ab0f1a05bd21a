"""Results that were not kept: `df.dropna()` and `text.replace(…)` return a new object and change nothing."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site, type_name
from cot_magic.reasoners.offline.written import rule

_STRINGS = """
    replace strip lstrip rstrip lower upper title capitalize removeprefix removesuffix zfill center casefold
    translate swapcase
"""
_TABLES = """
    drop_duplicates dropna fillna drop sort_values sort_index reset_index set_index rename replace
    astype merge join assign round clip reindex ffill bfill interpolate explode melt add_prefix
    add_suffix strip lower upper title zfill mask where shift abs query filter pipe map apply
    tz_localize tz_convert
"""
_ARRAYS = "reshape astype clip round flatten ravel transpose squeeze"
_RETURN_NEW = {
    "str": frozenset(_STRINGS.split()),
    "pandas.core.frame.DataFrame": frozenset(_TABLES.split()),
    "pandas.core.series.Series": frozenset(_TABLES.split()),
    "numpy.ndarray": frozenset(_ARRAYS.split()),
}
_FUNCTIONS = ("append", "insert", "delete", "concatenate", "sorted", "reversed", "to_datetime", "to_numeric")


@rule(
    "result.not_kept",
    "AssertionError",
    "AttributeError",
    "KeyError",
    "TypeError",
    "ValueError",
    lesson="Strings never change, and most methods of tables return a new table: assign the result, as in "
    "`df = df.dropna()`.",
)
def not_kept(site: Site) -> Iterator[Suspicion]:
    """A call whose result is dropped, on an object on which the failing statement depends."""
    weight = 0.86 if site.raised.ename == "AssertionError" else 0.8
    for cell, statement, target in _dropped(site):
        text = src.text_of(cell.source, statement)
        start = src.span(cell.source, statement)[0]
        change = src.Splice(start=start, end=start, text=f"{target} = ")
        repair = Repair(edits=(src.edit(cell, change),), why=f"Keep the result: `{target} = …`.")
        shown = text if len(text) < 60 else f"{text[:57]}…"
        claim = f"`{shown}` returns a new object, which is not kept; `{target}` stays as it was."
        suspicion = site.reading(claim, repair, weight=weight)
        yield replace(suspicion, cell=cell.id, lineno=statement.lineno)
        weight -= 0.05
        if weight < 0.7:
            return


def _dropped(site: Site) -> Iterator[tuple[Cell, ast.Expr, str]]:
    """Statements that are only such a call, the nearest first, and what their result belongs to."""
    wanted = src.used_names(site.statement) if site.statement is not None else set()
    for cell, tree in site.cells():
        for statement in reversed(list(src.statements(tree))):
            if cell.id == site.cell.id and statement.lineno >= site.frame.lineno:
                continue
            if isinstance(statement, ast.Assign) and src.bound_names(statement) & wanted:
                wanted = wanted | src.used_names(statement)
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                target = _target(site, cell, statement.value)
                if target is not None and target[0] in wanted:
                    yield cell, statement, target[1]


def _target(site: Site, cell: Cell, call: ast.Call) -> tuple[str, str] | None:
    """The variable whose new value the call returns, and the code to assign it to; None for other calls."""
    if any(word.arg == "inplace" for word in call.keywords):
        return None
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    first = call.args[0] if call.args else None
    base = call.func.value if isinstance(call.func, ast.Attribute) else None
    if name in _FUNCTIONS and isinstance(first, ast.Name) and _is_module(site, base):
        return first.id, first.id
    if base is None:
        return None
    while isinstance(base, ast.Attribute | ast.Call):  # `df.dropna().reset_index()`, `df['a'].str.strip()`
        base = base.func if isinstance(base, ast.Call) else base.value
    match base:
        case ast.Name(id=root):
            known = type_name(site.known(root))
            return (root, root) if name in _RETURN_NEW.get(known, ()) else None
        case ast.Subscript(value=ast.Name(id=root), slice=ast.Constant(value=str())):
            table = type_name(site.known(root)) == "pandas.core.frame.DataFrame"
            known = "pandas.core.series.Series" if table else ""
            return (root, src.text_of(cell.source, base)) if name in _RETURN_NEW.get(known, ()) else None
    return None


def _is_module(site: Site, base: ast.expr | None) -> bool:
    """Whether the function is one of a module, or a built-in one."""
    return base is None or (isinstance(base, ast.Name) and type_name(site.known(base.id)) == "module")


RULES = (not_kept,)
