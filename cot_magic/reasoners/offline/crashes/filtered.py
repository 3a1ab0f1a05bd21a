"""Rows that were left out of one of two columns only: the same selection for the other one."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.keys import lookups, missing_key
from cot_magic.reasoners.offline.crashes.operands import pandas_name
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site, type_name
from cot_magic.reasoners.offline.written import rule

_LENGTHS = (
    r"same (first dimension|size|length)|inconsistent numbers? of samples|broadcast|[Ll]ength of values|must "
    r"be of the same length|lengths? must match|[Ll]engths? mismatch|different lengths?|different number"
)
_LESSON = "Rows that are left out of one column have to be left out of the columns that belong to it."


@rule("rows.same_selection", "ValueError", "TypeError", lesson=_LESSON)
def same_selection(site: Site) -> Iterator[Suspicion]:
    """`x = x[mask]` above `plt.plot(x, y)`: `y` needs the same selection."""
    if not site.says(_LENGTHS) or site.statement is None:
        return
    used = [node.id for node in ast.walk(site.statement) if isinstance(node, ast.Name)]
    used = [name for name in dict.fromkeys(used) if site.known(name) is not None]
    for name in used:
        for cell, assign, selection in _selections(site, name):
            for other in used:
                if other == name or type_name(site.known(other)) not in _ROWS:
                    continue
                line = f"{other} = {other}[{selection}]"
                change = src.line_before(cell.source, src.first_line(assign), line)
                repair = Repair(edits=(src.edit(cell, change),), why=f"Select the same rows of `{other}`.")
                claim = f"`{name}` was cut to `{selection}`, and `{other}` still has all rows."
                yield replace(site.reading(claim, repair, weight=0.9), cell=cell.id, lineno=assign.lineno)
                return


@rule(
    "rows.filtered_after_grouping",
    "KeyError",
    lesson="A result for each group has no column of the rows any more: choose the rows first, then group "
    "them.",
)
def filtered_after_grouping(site: Site) -> Iterator[Suspicion]:
    """`sums[sums['sold'] > 0]`, where `sums` comes from a `groupby` of the table that has the column."""
    wanted = missing_key(site)
    for holder, _ in lookups(site) if isinstance(wanted, str) else ():
        if not isinstance(holder, ast.Name) or site.statement is None:
            continue
        masked = [
            node
            for node in ast.walk(site.statement)
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == holder.id
            and isinstance(node.slice, ast.Compare | ast.BinOp | ast.UnaryOp)
        ]
        cell, made = next(site.assignments(holder.id), (None, None))
        table = _grouped_table(made.value) if made is not None else None
        if not masked or cell is None or made is None or table is None:
            continue
        if repr(wanted) not in site.keys(ast.Name(id=table.id, ctx=ast.Load())):
            continue
        changes = [site.over(node, holder.id) for node in masked]
        mask = ast.unparse(_of_another(masked[0].slice, holder.id, table.id))
        first = src.over(cell.source, table, f"{table.id}[{mask}]")
        edits = [src.edit(cell, first), src.edit(site.cell, *changes)]
        if cell.id == site.cell.id:
            edits = [src.edit(cell, first, *changes)]
        found = site.cause(
            f"`{holder.id}` has a value for each group, and no `{wanted}` any more; `{table.id}` has it.",
            f"{wanted!r} is a column of `{table.id}`, and `{holder.id}` does not have it.",
            f"{wanted!r} in {table.id}.columns and {wanted!r} not in getattr({holder.id}, 'columns', ())",
            Repair(edits=tuple(edits), why=f"Choose the rows of `{table.id}` before they are grouped."),
            weight=0.95,
        )
        yield replace(found, cell=cell.id, lineno=made.lineno)
        return


def _grouped_table(value: ast.expr) -> ast.Name | None:
    """The table whose rows a chain of calls groups: `sales` of `sales.groupby('region')['units'].sum()`."""
    grouped, node = False, value
    while not isinstance(node, ast.Name):
        match node:
            case ast.Call(func=inner) | ast.Subscript(value=inner):
                node = inner
            case ast.Attribute(value=inner, attr=name):
                grouped, node = grouped or name == "groupby", inner
            case _:
                return None
    return node if grouped else None


def _of_another(mask: ast.expr, name: str, other: str) -> ast.expr:
    """The condition on another table."""
    found = copy.deepcopy(mask)
    for node in src.named(found, name):
        node.id = other
    return found


_ROWS = ("numpy.ndarray", "pandas.core.series.Series", "pandas.core.frame.DataFrame")


def _selections(site: Site, name: str) -> Iterator[tuple[Cell, ast.Assign, str]]:
    """Statements `name = name[selection]`, where the selection is a mask: a name or a comparison."""
    for cell, assign in site.assignments(name):
        match assign.value:
            case ast.Subscript(value=ast.Name(id=same), slice=mask) if same == name:
                if isinstance(mask, ast.Name | ast.Compare | ast.BinOp | ast.UnaryOp):
                    yield cell, assign, src.text_of(cell.source, mask)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=same), attr="dropna"), args=[], keywords=[]):
                if same == name:
                    yield cell, assign, f"{name}.notna()"


@rule("rows.of_the_selection", "ValueError", lesson=_LESSON)
def of_the_selection(site: Site) -> Iterator[Suspicion]:
    """`df['b'] = [f(v) for v in kept['a']]`, where `kept` has some of the rows of `df`."""
    said = site.says(r"Length of values \((\d+)\) does not match length of index \((\d+)\)")
    if said is None:
        return
    match site.statement:
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=table) as target)], value=value):
            pass
        case _:
            return
    for other in _tables(site, value):
        rows = dict(found.facts).get("shape", "") if (found := site.known(other)) is not None else ""
        if other == table or not rows.startswith(f"({said[1]},"):
            continue
        if (key := _grouped_by(site, other)) is not None:
            looked_up = site.over(value, f"{table}[{key}].map({other})")
            yield site.cause(
                f"`{other}` has one value for each {key}, {said[1]} in all; `{table}` has {said[2]} rows.",
                f"Each {key} of `{table}` has a value in `{other}`.",
                f"bool({table}[{key}].isin({other}.index).all())",
                site.repair(f"Look up the value for the {key} of each row.", looked_up),
                weight=0.95,
            )
        pandas = pandas_name(site)
        aligned = f"{pandas}.Series(list({site.text(value)}), index={other}.index)"
        repairs = (
            site.repair(
                f"Give the values the labels of `{other}`; other rows get none.", site.over(value, aligned)
            ),
            site.repair(f"Assign them to `{other}`.", site.over(target, other)),
        )
        claim = f"The {said[1]} values are for the rows of `{other}`; `{table}` has {said[2]}."
        check = f"len({other}) == {said[1]} and len({table}) == {said[2]}"
        yield site.cause(claim, "It has as many rows.", check, *repairs, weight=0.85)
        return


def _grouped_by(site: Site, name: str) -> str | None:
    """The key of the `groupby` that made a series, as it is written; None if no single one did."""
    made = next(site.assignments(name), None)
    if made is None or type_name(site.known(name)) != _ROWS[1]:
        return None
    keys = [
        src.text_of(made[0].source, call.args[0])
        for call in ast.walk(made[1].value)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "groupby"
        and len(call.args) == 1
        and isinstance(call.args[0], ast.Constant)
    ]
    return keys[0] if len(keys) == 1 else None


def _tables(site: Site, value: ast.expr, depth: int = 2) -> Iterator[str]:
    """Names of tables in an expression, or in what its names are made from."""
    for node in ast.walk(value):
        if not isinstance(node, ast.Name):
            continue
        if type_name(site.known(node.id)) in _ROWS:
            yield node.id
        elif depth and (made := next(site.assignments(node.id), None)) is not None:
            yield from _tables(site, made[1].value, depth - 1)


RULES = (same_selection, of_the_selection, filtered_after_grouping)
