"""The operation that failed: the expressions on its way through the cells, and what an edit leaves."""

import ast
import builtins
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cot_magic.core.case import Case, CellId, Frame
from cot_magic.core.edits import parsed
from cot_magic.core.findings import CellEdit
from cot_magic.core.meaning import same_operation

_BUILTIN = frozenset(dir(builtins))
_BINDS_OWN = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# methods whose result is all that they do: by themselves they do nothing
_PURE = frozenset(
    {
        *(name for kind in (str, bytes, int, float, tuple) for name in dir(kind) if not name.startswith("_")),
        *("sort_values", "sort_index", "drop", "dropna", "drop_duplicates", "fillna", "rename", "replace"),
        *("astype", "reset_index", "set_index", "merge", "assign", "round", "reshape"),
    }
)
_UNWRAPPABLE = (ast.Starred, ast.GeneratorExp, ast.Slice, ast.Yield, ast.YieldFrom, ast.FormattedValue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One expression that was running when the cell failed, in the code of a cell."""

    cell: CellId
    source: str
    node: ast.expr
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """Where the operation of a link is in the edited source: `node` is what to watch, None if it is gone.

    `thrown_away` says that its value is not used although the operation is another one.
    """

    link: Link
    source: str
    node: ast.expr | None
    thrown_away: bool = False


def links(case: Case) -> tuple[Link, ...]:
    """The expressions of the cells on the way to the failure, outermost first; none if it did not run."""
    raised = case.raised
    if raised is None or raised.syntax is not None:
        return ()
    found: dict[tuple[CellId, str, int, int], Link] = {}
    for frame in raised.frames:
        cell = case.cell_by_id(frame.cell) if frame.cell is not None else None
        tree = parsed(cell.source) if cell is not None else None
        if cell is None or tree is None:
            continue
        node = _running(tree, cell.source, frame)
        if node is not None:
            link = Link(
                cell=cell.id,
                source=cell.source,
                node=node,
                text=ast.get_source_segment(cell.source, node) or "",
            )
            found.setdefault((cell.id, link.text, node.lineno, node.col_offset), link)
    return tuple(found.values())


def imports_only(case: Case) -> bool:
    """Whether what failed is an import statement: it has no operands, and runs with the cell."""
    frame = case.raised.innermost_in_cells if case.raised is not None else None
    cell = case.cell_by_id(frame.cell) if frame is not None and frame.cell is not None else None
    tree = parsed(cell.source) if cell is not None else None
    if tree is None or frame is None:
        return False
    return isinstance(statement_at(tree, frame.lineno), ast.Import | ast.ImportFrom)


def keeps_the_operation(case: Case, edits: Sequence[CellEdit]) -> bool:
    """Whether what failed is still done by the edited sources; else an edit is no alternative to a fix."""
    found = [counterpart(case, link, edits) for link in links(case)]
    return all(item.node is not None and not item.thrown_away for item in found)


def counterpart(case: Case, link: Link, edits: Sequence[CellEdit]) -> Counterpart:
    """The operation of the link in the edited sources: unchanged, or what takes the same operands in its
    place."""
    edit = next((edit for edit in edits if edit.cell == link.cell), None)
    if edit is None or edit.after == link.source:
        return Counterpart(link=link, source=link.source, node=link.node)
    tree = parsed(edit.after)
    if tree is None:
        return Counterpart(link=link, source=edit.after, node=None)
    same = _unchanged(link, tree)
    if same is not None:
        return Counterpart(link=link, source=edit.after, node=same)
    node = _replacement(case, link, tree)
    thrown = node is not None and _thrown_away(link, tree, node)
    return Counterpart(link=link, source=edit.after, node=node, thrown_away=thrown)


def until_the_failure(case: Case, edits: Sequence[CellEdit]) -> str:
    """The edited failing cell up to the statement that does what failed; empty if that is the first one, or
    not known."""
    link = next((item for item in links(case) if item.cell == case.cell.id), None)
    if link is None:
        return ""
    found = counterpart(case, link, edits)
    tree = parsed(found.source)
    if tree is None or found.node is None:
        return ""
    statement = _statement_of(tree, found.node.lineno)
    lines = found.source.splitlines(keepends=True)
    return "".join(lines[: statement.lineno - 1]) if statement is not None else ""


def _statement_of(tree: ast.Module, lineno: int) -> ast.stmt | None:
    """The statement of the cell itself that a line belongs to, with its decorators."""
    around = (item for item in tree.body if item.lineno <= lineno <= (item.end_lineno or item.lineno))
    return next(around, None)


# --- the failing expression ---------------------------------------------------------------------------------


def _running(tree: ast.Module, source: str, frame: Frame) -> ast.expr | None:
    """The expression that was running in a frame; for a `raise` the condition that led to it."""
    statement = statement_at(tree, frame.lineno)
    if statement is None:
        return None
    if isinstance(statement, ast.Raise):
        guards = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and any(child is statement for child in ast.walk(node))
        ]
        return guards[-1].test if guards else statement.exc
    if isinstance(statement, ast.Assert):
        return statement.test
    if frame.expression:
        for node in _expressions(statement):
            if ast.get_source_segment(source, node) == frame.expression and _covers(node, frame.lineno):
                return _operation(statement, node)
    values = list(_values(statement))
    return values[0] if values else None


def _covers(node: ast.expr, lineno: int) -> bool:
    return node.lineno <= lineno <= (node.end_lineno or node.lineno)


def _operation(statement: ast.stmt, node: ast.expr) -> ast.expr:
    """The call that a name or attribute is the callee of, else the expression itself; what cannot be watched
    by itself is widened."""
    parents = {child: parent for parent in ast.walk(statement) for child in ast.iter_child_nodes(parent)}
    parent = parents.get(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        node = parent
    while not watchable(node) or _inside_string(node, parents):
        above = parents.get(node)
        if not isinstance(above, ast.expr):
            values = [value for value in _values(statement) if watchable(value)]
            return values[0] if values else node
        node = above
    return node


def watchable(node: ast.AST) -> bool:
    """Whether the expression can be put into a call without changing what it means."""
    return (
        isinstance(node, ast.expr)
        and not isinstance(node, _UNWRAPPABLE)
        and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
    )


def _inside_string(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    above = parents.get(node)
    while above is not None:
        if isinstance(above, ast.JoinedStr):
            return True
        above = parents.get(above)
    return False


def statement_at(tree: ast.Module, lineno: int) -> ast.stmt | None:
    """The innermost statement that has the line."""
    found: ast.stmt | None = None
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or not node.lineno <= lineno <= (node.end_lineno or node.lineno):
            continue
        if found is None or (node.lineno, -(node.end_lineno or 0)) >= (
            found.lineno,
            -(found.end_lineno or 0),
        ):
            found = node
    return found


def _expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement, outermost first, also those of statements in it."""
    yield from (node for node in ast.walk(statement) if isinstance(node, ast.expr))


def _values(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions that a statement evaluates itself, not those of statements in it."""
    for _, field in ast.iter_fields(statement):
        for item in field if isinstance(field, list) else [field]:
            if watchable(item):
                yield item
            elif isinstance(item, ast.withitem):
                yield item.context_expr


# --- its counterpart in the edited source -------------------------------------------------------------------


def _unchanged(link: Link, tree: ast.Module) -> ast.expr | None:
    """The same expression in the edited tree, at the same place among equal ones if there are as many."""
    before = parsed(link.source)
    dump = ast.dump(link.node)
    there = [node for node in ast.walk(tree) if isinstance(node, ast.expr) and ast.dump(node) == dump]
    there = [node for node in there if watchable(node)]
    if not there or before is None:
        return None
    here = [node for node in ast.walk(before) if isinstance(node, ast.expr) and ast.dump(node) == dump]
    place = next(
        (
            n
            for n, node in enumerate(here)
            if (node.lineno, node.col_offset) == (link.node.lineno, link.node.col_offset)
        ),
        0,
    )
    return there[place] if len(here) == len(there) else there[0]


def operands(case: Case, node: ast.expr) -> set[str]:
    """The names whose values the expression works on: without builtins, imports, names of its own, and the
    name that was missing."""
    missing = case.raised.name if case.raised is not None and "NameError" in case.raised.bases else None
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for cell in (case.cell, *case.cells)
        if (tree := parsed(cell.source)) is not None
        for item in ast.walk(tree)
        if isinstance(item, ast.Import | ast.ImportFrom)
        for alias in item.names
    }
    return loaded(node) - imported - _BUILTIN - {missing or ""}


def loaded(node: ast.AST) -> set[str]:
    """Names that are read in a tree and not bound by a comprehension or lambda of it."""
    names = {
        item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load)
    }
    own: set[str] = set()
    for item in ast.walk(node):
        if isinstance(item, _BINDS_OWN):
            own |= {n.id for gen in item.generators for n in ast.walk(gen.target) if isinstance(n, ast.Name)}
        elif isinstance(item, ast.Lambda):
            own |= {arg.arg for arg in (*item.args.posonlyargs, *item.args.args, *item.args.kwonlyargs)}
    return names - own


def _replacement(case: Case, link: Link, tree: ast.Module) -> ast.expr | None:
    """What is in the place of a changed operation: an expression of the changed statements that works on the
    same operands, the most similar one."""
    before = parsed(link.source)
    if before is None:
        return None
    needed, constants = operands(case, link.node), _constants(link.node)
    changed = _changed(before, tree)
    given = _given(changed)
    best: tuple[float, ast.expr] | None = None
    for statement in changed:
        parents = {child: parent for parent in ast.walk(statement) for child in ast.iter_child_nodes(parent)}
        for node in _own_expressions(statement):
            if not watchable(node) or _inside_string(node, parents):
                continue
            if isinstance(node, ast.Name) and not isinstance(link.node, ast.Name):
                continue  # a name alone is no operation
            if _plain(node) and not (needed or _keeps(case, link, node, constants)):
                continue
            if isinstance(parents.get(node), ast.Call) and getattr(parents[node], "func", None) is node:
                continue  # the callee alone is no operation
            has = _closure(loaded(node), given)
            if not needed <= has and not _respelled(case, needed - has, has - needed):
                continue
            if not needed and constants and not (constants & _constants(node) or loaded(node)):
                continue
            closeness = _likeness(link, node)
            if best is None or closeness > best[0]:
                best = closeness, node
    return best[1] if best is not None else None


def _keeps(case: Case, link: Link, node: ast.expr, constants: set[str]) -> bool:
    """Whether an expression of constants works on the constants of the operation, or is what a missing name
    means (`true`)."""
    if isinstance(node, ast.Constant):
        missing = case.raised.name if case.raised is not None else None
        return isinstance(link.node, ast.Name) and same_operation(missing, repr(node.value))
    return bool(constants) and constants <= _constants(node)


def _plain(node: ast.expr) -> bool:
    """Whether it is a constant or display of constants, which is no operation."""
    return not any(
        isinstance(item, ast.Name | ast.Call | ast.Attribute | ast.JoinedStr) for item in ast.walk(node)
    )


def _respelled(case: Case, gone: set[str], new: set[str]) -> bool:
    """Whether the missing names may be new spellings: only of a name that could not be found."""
    raised = case.raised
    return (
        raised is not None
        and "NameError" in raised.bases
        and len(gone) <= len(new) <= 1
        and raised.name in gone
    )


def _own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement without those of statements in it."""
    pending: list[ast.AST] = [
        item
        for _, field in ast.iter_fields(statement)
        for item in (field if isinstance(field, list) else [field])
        if isinstance(item, ast.AST) and not isinstance(item, ast.stmt)
    ]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.expr):
            yield node
        pending += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]


def _changed(before: ast.Module, after: ast.Module) -> list[ast.stmt]:
    """The statements of `after` that `before` does not have, compared by what they evaluate themselves."""
    old = [_head(node) for node in ast.walk(before) if isinstance(node, ast.stmt)]
    changed = []
    for node in ast.walk(after):
        if isinstance(node, ast.stmt):
            head = _head(node)
            if head in old:
                old.remove(head)
            else:
                changed.append(node)
    return changed


def _head(statement: ast.stmt) -> str:
    """A statement without the statements in it."""
    parts = [
        ast.dump(item) if isinstance(item, ast.AST) else repr(item)
        for _, field in ast.iter_fields(statement)
        for item in (field if isinstance(field, list) else [field])
        if not isinstance(item, ast.stmt)
    ]
    return f"{type(statement).__name__}({', '.join(parts)})"


def _given(statements: Sequence[ast.stmt]) -> dict[str, set[str]]:
    """For names that the statements bind, the names that their values are made of."""
    given: dict[str, set[str]] = {}
    for statement in statements:
        match statement:
            case ast.Assign(targets=targets, value=value):
                bound = [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                bound = [name]
            case ast.For(target=target, iter=value):
                bound = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
            case ast.With(items=items):
                for item in items:
                    if isinstance(item.optional_vars, ast.Name):
                        given.setdefault(item.optional_vars.id, set()).update(loaded(item.context_expr))
                continue
            case _:
                continue
        for name in bound:
            given.setdefault(name, set()).update(loaded(value))
    return given


def _closure(names: set[str], given: dict[str, set[str]]) -> set[str]:
    known, pending = set(names), list(names)
    while pending:
        for name in given.get(pending.pop(), set()) - known:
            known.add(name)
            pending.append(name)
    return known


def _constants(node: ast.AST) -> set[str]:
    return {repr(item.value) for item in ast.walk(node) if isinstance(item, ast.Constant)}


def _likeness(link: Link, node: ast.expr) -> float:
    """How much an expression looks like the failing one: the same kind of operation counts most."""
    alike = difflib.SequenceMatcher(None, link.text, ast.unparse(node), autojunk=False).ratio()
    if type(node) is type(link.node):
        alike += 0.5
    if isinstance(node, ast.Call) and isinstance(link.node, ast.Call):
        alike += 0.5 * (ast.dump(node.func) == ast.dump(link.node.func))
    return alike


def _thrown_away(link: Link, tree: ast.Module, node: ast.expr) -> bool:
    """Whether a method call by itself became another expression that nobody uses.

    `df.append(row)` may have been meant to change `df`; `pd.concat([df, row])` by itself does nothing.
    """
    if not isinstance(link.node, ast.Call) or not isinstance(link.node.func, ast.Attribute):
        return False
    before = parsed(link.source)
    if before is None or not _stands_alone(before, link.node):
        return False
    if not any(isinstance(item, ast.Expr) and item.value is node for item in ast.walk(tree)):
        return False
    shown = isinstance(tree.body[-1], ast.Expr) and tree.body[-1].value is node  # as the value of the cell
    if not shown and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        in_place = any(word.arg == "inplace" for word in node.keywords)
        if node.func.attr in _PURE and not in_place:
            return True
    if not isinstance(node, ast.Call):
        return False
    if not isinstance(node.func, ast.Attribute):
        return True
    same_receiver = ast.dump(node.func.value) == ast.dump(link.node.func.value)
    return not same_receiver and node.func.attr != link.node.func.attr


def _stands_alone(tree: ast.Module, node: ast.expr) -> bool:
    where = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
    return any(
        isinstance(item, ast.Expr)
        and (item.value.lineno, item.value.col_offset, item.value.end_lineno, item.value.end_col_offset)
        == where
        for item in ast.walk(tree)
    )
