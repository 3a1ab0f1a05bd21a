"""A column that an earlier statement gave up: dropped, renamed, made the index, or not selected."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.aliases import aliases, objects_of, reached
from cot_magic.core.case import Cell
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.keys import lookups, missing_key
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule


@rule(
    "key.dropped_column",
    "KeyError",
    lesson="`drop`, `rename` and `set_index` change the columns of a DataFrame. If such a cell runs twice, "
    "the column is missing the second time.",
)
def dropped_column(site: Site) -> Iterator[Suspicion]:
    wanted = missing_key(site)
    if not isinstance(wanted, str):
        return
    for holder, key in lookups(site):
        if kind_of(site, holder) != "pandas.core.frame.DataFrame" or not isinstance(holder, ast.Name):
            continue
        again = ""  # the method of this cell that takes the column away, if it ran before
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
                    again = again or method if method in ("drop", "rename", "set_index", "pop") else again
                    continue
                suspicion = _removed_by(site, holder, key, wanted, cell.id, method, call)
                # without another name to use here, the place to mend is there
                yield suspicion if suspicion.repairs else replace(suspicion, cell=cell.id, lineno=call.lineno)
                return
        if again:
            yield _ran_twice(site, holder, wanted, again)
            return


def _ran_twice(site: Site, holder: ast.Name, wanted: str, method: str) -> Suspicion:
    return site.cause(
        f"`{holder.id}` has no column {wanted!r}: this cell calls `{method}`, and probably ran before. First "
        "run the cell that creates the table again.",
        f"{wanted!r} is not a column of `{holder.id}` before the cell runs.",
        f"{wanted!r} not in {holder.id}.columns",
        weight=0.85,
    )


def _removed_by(
    site: Site, holder: ast.Name, key: ast.expr, wanted: str, cell: str, method: str, call: ast.Call
) -> Suspicion:
    where = site.case.label(next(item.id for item in (site.case.cell, *site.case.cells) if item.id == cell))
    claim = f"`{holder.id}` no longer has the column {wanted!r}: `{method}` in {where} removed it."
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
                        repairs = [site.repair(f"Use {new.value!r}, the new name of the column.", *changes)]
                        check += f" and {new.value!r} in {holder.id}.columns"
    elif method == "set_index" and isinstance(site.statement, ast.Assign | ast.Expr):
        for node in site.find(ast.Subscript, lambda node: node.slice is key):
            if isinstance(node.ctx, ast.Load):
                repairs = [
                    site.repair(
                        "Use the index, which the column became.", site.over(node, f"{holder.id}.index")
                    )
                ]
                check += f" and {holder.id}.index.name == {wanted!r}"
    return site.cause(claim, f"{wanted!r} is not one of the columns.", check, *repairs, weight=0.9)


@rule(
    "key.given_up",
    "KeyError",
    lesson="A column that a later cell needs is dropped after its last use. `b = a` is no copy: what is "
    "dropped in place from `b` is gone from `a` too.",
)
def given_up(site: Site) -> Iterator[Suspicion]:
    """The statement that took the column away, changed so that it leaves the column there."""
    wanted = missing_key(site)
    tables = [
        holder
        for holder, key in lookups(site)
        if isinstance(holder, ast.Name) and isinstance(wanted, str) and _names(key, wanted)
    ]
    if not isinstance(wanted, str) or not tables:
        return
    trees = [tree for _, tree in site.cells()]
    objects = objects_of(pair for tree in trees for pair in aliases(tree))
    names = {tables[0].id}  # the table, and those that it was made from
    for cell, statement in _earlier(site):
        bound = src.bound_names(statement) & names
        edit = _kept(site, cell, statement, wanted)
        takes = {name for name in src.used_names(statement) if names & reached((name,), objects)}
        if edit is not None and (takes if _in_place(statement) else bound):
            kept = Repair(edits=(edit,), why=f"Keep {wanted!r} there.")
            repairs = (kept,) if takes & names else (*_copied(site, takes, names), kept)
            claim = f"`{tables[0].id}` lost {wanted!r} in {site.case.label(cell.id)}."
            yield replace(site.reading(claim, *repairs, weight=0.88), cell=cell.id, lineno=statement.lineno)
            return
        if bound:
            names |= src.used_names(statement)


def _earlier(site: Site) -> Iterator[tuple[Cell, ast.stmt]]:
    """The simple statements that ran before the failing line, the last one first."""
    for cell, tree in site.cells():
        for statement in sorted(src.statements(tree), key=lambda node: -node.lineno):
            above = cell.id != site.cell.id or statement.lineno < site.frame.lineno
            if above and isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.Delete):
                yield cell, statement


def _in_place(statement: ast.stmt) -> bool:
    """Whether the statement changes a table itself."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    words = [word for call in calls for word in call.keywords]
    return (
        isinstance(statement, ast.Delete)
        or any(word.arg == "inplace" for word in words)
        or any(getattr(call.func, "attr", "") == "pop" for call in calls)
    )


def _kept(site: Site, cell: Cell, statement: ast.stmt, wanted: str) -> CellEdit | None:
    """The edit with which the statement leaves the column there; None if it does not take it away."""
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Attribute(attr="drop", value=table)):
                for at, names in _lists(site, cell, node):
                    others = [src.text_of(at.source, item) for item in names.elts if not _is(item, wanted)]
                    if 0 < len(others) < len(names.elts):
                        return src.edit(at, src.over(at.source, names, f"[{', '.join(others)}]"))
                if any(_names(item, wanted) for item in (*node.args, *_values(node))):
                    return src.edit(cell, src.over(cell.source, node, src.text_of(cell.source, table)))
            case ast.Call(func=ast.Attribute(attr="pop", value=table), args=[key]) if _is(key, wanted):
                text = f"{src.text_of(cell.source, table)}[{src.text_of(cell.source, key)}]"
                return src.edit(cell, src.over(cell.source, node, text))
            case ast.Delete(targets=[ast.Subscript(slice=key)]) if _is(key, wanted):
                return src.edit(cell, src.over(cell.source, node, "pass"))
            case ast.Subscript(slice=ast.List(elts=[*_, last] as items) as names) if isinstance(
                statement, ast.Assign
            ):
                texts = all(isinstance(getattr(item, "value", None), str) for item in items)
                if texts and node in ast.walk(statement.value) and not _names(names, wanted):
                    return src.edit(cell, src.after(cell.source, last, f", {wanted!r}"))
    return None


def _lists(site: Site, cell: Cell, call: ast.Call) -> Iterator[tuple[Cell, ast.List]]:
    """The lists among the arguments, written there or in the assignment of a variable."""
    for item in (*call.args, *_values(call)):
        if isinstance(item, ast.List):
            yield cell, item
        elif isinstance(item, ast.Name):
            made = next(site.assignments(item.id), None)
            if made is not None and isinstance(made[1].value, ast.List):
                yield made[0], made[1].value


def _values(call: ast.Call) -> list[ast.expr]:
    return [word.value for word in call.keywords]


def _is(node: ast.expr, wanted: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == wanted


def _names(node: ast.expr, wanted: str) -> bool:
    return any(_is(item, wanted) for item in ast.walk(node) if isinstance(item, ast.expr))


def _copied(site: Site, takes: set[str], names: set[str]) -> Iterator[Repair]:
    """The assignment `b = a` as `b = a.copy()`."""
    for name in sorted(takes):
        for cell, assign in site.assignments(name):
            if isinstance(assign.value, ast.Name) and assign.value.id in names:
                copied = src.after(cell.source, assign.value, ".copy()")
                why = f"Make a copy: `{name}` is the same table as `{assign.value.id}`."
                yield Repair(edits=(src.edit(cell, copied),), why=why)
                return


RULES = (dropped_column, given_up)
