"""Axes of matplotlib in loops: a grid that is gone through row by row, and a single one that is indexed."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_LESSON = (
    "`plt.subplots(rows, columns)` gives one axes, a row of them, or a grid. `axes.flat` goes through all of "
    "a grid; `squeeze=False` gives a grid in any case."
)


@rule("plot.loop_over_rows", "AttributeError", "ValueError", "TypeError", lesson=_LESSON)
def loop_over_rows(site: Site) -> Iterator[Suspicion]:
    """`for ax, name in zip(axes, names): ax.plot(…)`, where `axes` is a grid: the loop takes whole rows."""
    if not site.says(r"'numpy\.ndarray' object has no attribute '\w+'"):
        return
    for loop in [node for node in ast.walk(site.tree) if isinstance(node, ast.For)]:
        inside = loop.lineno < site.frame.lineno <= (loop.end_lineno or loop.lineno)
        names = [loop.iter, *(loop.iter.args if isinstance(loop.iter, ast.Call) else [])]
        for held in [node for node in names if inside and isinstance(node, ast.Name)]:
            if kind_of(site, held) == "numpy.ndarray" and _made(site, held.id) is not None:
                repair = site.repair("Go through all axes of the grid.", site.after(held, ".flat"))
                check = f"getattr({held.id}, 'ndim', 0) > 1 and hasattr({held.id}.flat[0], 'figure')"
                claim = f"`{held.id}` is a grid of axes, and the loop takes whole rows of it."
                yield site.cause(claim, "It has two dimensions.", check, repair, weight=0.94)
                return


@rule("plot.only_axes", "TypeError", lesson=_LESSON)
def only_axes(site: Site) -> Iterator[Suspicion]:
    """`axes[i]` in a loop, where `plt.subplots(1, n)` made one axes only, since `n` is 1."""
    if not site.says(r"'Axes(Subplot)?' object is not (subscriptable|iterable)"):
        return
    for node in ast.walk(site.statement) if site.statement is not None else ():
        made = _made(site, node.id) if isinstance(node, ast.Name) else None
        if made is None or not isinstance(node, ast.Name) or not _in_loop(site):
            continue
        cell, assign, call = made
        end = src.span(cell.source, call)[1] - 1
        comma = ", " if call.args or call.keywords else ""
        changes = [
            src.Splice(start=end, end=end, text=f"{comma}squeeze=False"),
            src.line_after(cell.source, assign, f"{node.id} = {node.id}.ravel()"),
        ]
        repair = Repair(edits=(src.edit(cell, *changes),), why="Make a row of axes, also of a single one.")
        check = f"hasattr({node.id}, 'figure')"
        claim = f"`{node.id}` is one axes here, since only one was asked for."
        yield site.cause(claim, "It is one axes, not an array.", check, repair, weight=0.92)
        return


def _in_loop(site: Site) -> bool:
    return any(
        isinstance(node, ast.For) and node.lineno <= site.frame.lineno <= (node.end_lineno or node.lineno)
        for node in ast.walk(site.tree)
    )


def _made(site: Site, name: str) -> tuple[Cell, ast.Assign, ast.Call] | None:
    """The call of `subplots` that makes the axes: `fig, axes = plt.subplots(…)`."""
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Tuple(elts=[_, ast.Name(id=found)])], value=ast.Call() as call):
                    if found == name and getattr(call.func, "attr", "") == "subplots":
                        return cell, node, call
    return None


RULES = (loop_over_rows, only_axes)
