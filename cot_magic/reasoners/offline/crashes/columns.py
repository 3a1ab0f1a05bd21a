"""Rules for columns of a table that an earlier cell took away or renamed."""

import ast
from collections.abc import Iterator

from cot_magic.reasoners.offline.crashes.keys import lookups, missing_key
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "key.dropped_column",
    "KeyError",
    lesson="`drop`, `rename` and `set_index` change which columns a table has. If such a cell runs "
    "twice, the column is "
    "gone the second time.",
)
def dropped_column(site: Site) -> Iterator[Suspicion]:
    wanted = missing_key(site)
    if not isinstance(wanted, str):
        return
    for holder, key in lookups(site):
        if kind_of(site, holder) != "pandas.core.frame.DataFrame" or not isinstance(holder, ast.Name):
            continue
        for cell, tree in site.cells():
            for call in [
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            ]:
                method = call.func.attr  # type: ignore[attr-defined]
                mentions = [n for n in ast.walk(call) if isinstance(n, ast.Constant) and n.value == wanted]
                if method not in ("drop", "rename", "set_index", "groupby", "pop") or not mentions:
                    continue
                if cell.id == site.cell.id and call.lineno >= site.frame.lineno:
                    if method in ("drop", "rename", "set_index", "pop"):
                        yield _ran_twice(site, holder, wanted, method)
                        return
                    continue
                yield from _removed_by(site, holder, key, wanted, cell.id, method, call)
                return


def _ran_twice(site: Site, holder: ast.Name, wanted: str, method: str) -> Suspicion:
    return site.cause(
        f"`{holder.id}` has no column {wanted!r} any more: this cell runs `{method}` on it and "
        "probably ran before. "
        "Run the cell that makes the table first.",
        f"{wanted!r} is not a column of `{holder.id}` before the cell.",
        f"{wanted!r} not in {holder.id}.columns",
        weight=0.85,
    )


def _removed_by(
    site: Site, holder: ast.Name, key: ast.expr, wanted: str, cell: str, method: str, call: ast.Call
) -> Iterator[Suspicion]:
    where = site.case.label(next(item.id for item in (site.case.cell, *site.case.cells) if item.id == cell))
    claim = f"{wanted!r} is no column of `{holder.id}` any more since `{method}` in {where}."
    check = f"{wanted!r} not in {holder.id}.columns"
    repairs = []
    if method == "rename":
        for node in ast.walk(call):
            if isinstance(node, ast.Dict):
                for old, new in zip(node.keys, node.values, strict=True):
                    if (
                        isinstance(old, ast.Constant)
                        and old.value == wanted
                        and isinstance(new, ast.Constant)
                    ):
                        places = [
                            n for n in ast.walk(key) if isinstance(n, ast.Constant) and n.value == wanted
                        ]
                        changes = [site.over(item, repr(new.value)) for item in places]
                        repairs = [site.repair(f"It is called {new.value!r} since.", *changes)]
                        check += f" and {new.value!r} in {holder.id}.columns"
    elif method == "set_index" and isinstance(site.statement, ast.Assign | ast.Expr):
        for node in site.find(ast.Subscript, lambda node: node.slice is key):
            if isinstance(node.ctx, ast.Load):
                repairs = [site.repair("It is the index since.", site.over(node, f"{holder.id}.index"))]
                check += f" and {holder.id}.index.name == {wanted!r}"
    yield site.cause(claim, f"{wanted!r} is not among the columns.", check, *repairs, weight=0.9)


RULES = (dropped_column,)
