"""Rows that were left out of one of two columns only: the same selection for the other one."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
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


RULES = (same_selection, of_the_selection)
