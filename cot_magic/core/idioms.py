"""Idioms that mean what was there: a file opened in a `with`, an entry that is begun before it is used."""

import ast
import builtins
import copy
import functools
from collections.abc import Iterator

_EMPTY = ("{}", "dict()")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)
_BLOCKS = ("body", "orelse", "finalbody")


@functools.lru_cache(maxsize=256)
def plainly(old: ast.Module | None, new: ast.Module | None) -> tuple[ast.Module | None, ast.Module | None]:
    """Both trees without what only says the same in another way, so that they can be compared; copies if
    anything differs."""
    if old is None or new is None:
        return old, new
    files = _with_files(new) & (_with_files(old) | _opened(old))
    begun = {name for name in _begun_empty(old) & _begun_empty(new) if not _may_hold(old, name)}
    before = _Plain(files, begun, old).visit(copy.deepcopy(old)) if files else old
    after = _Plain(files, begun, old).visit(copy.deepcopy(new)) if files or begun else new
    return before, after


def held_elsewhere(old: ast.Module, new: ast.Module, others: tuple[ast.Module, ...]) -> set[str]:
    """The names of dictionaries to which other cells may give entries before those that an edit begins.

    A key that is missing there may be misspelled. What is used where it is bound has the entries of its cell.
    """
    begun = {
        name for name in _begun_empty(old) & _begun_empty(new) if _is_used_in_functions(old, name)
    } & _bound_on_top(old)
    held = {name for name in begun if any(_gets(tree, name) for tree in others)}
    plain = _Plain(set(), held, old).visit(copy.deepcopy(new)) if held else new
    changed = ast.dump(plain) != ast.dump(new)
    return held if changed else set()


class _Plain(ast.NodeTransformer):
    """Writes idioms out: files that a `with` opens are assigned, and nothing closes them; an entry that is
    begun where it is needed is only used, as in the `old` source."""

    def __init__(self, files: set[str], begun: set[str], old: ast.Module) -> None:
        self.files, self.begun = files, begun
        self.there = {
            ast.unparse(node) for node in ast.walk(old) if isinstance(node, ast.Expr | ast.AugAssign)
        }

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list):
                block[:] = [
                    statement
                    for place, statement in enumerate(block)
                    if not self._only_begins(statement, block[place + 1 :])
                ]
        return node

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if not all(name in self.files for name in _files(node)) or len(_files(node)) != len(node.items):
            return node
        opened: list[ast.stmt] = [
            ast.copy_location(ast.Assign(targets=[item.optional_vars], value=item.context_expr), node)
            for item in node.items
            if item.optional_vars is not None
        ]
        return [*opened, *node.body]

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if ast.unparse(node) in {f"{name}.close()" for name in self.files}:
            return None
        match node.value:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(
                        func=ast.Attribute(value=ast.Name(id=name) as owner, attr="setdefault"),
                        args=[key, empty],
                    ),
                )
            ) if name in self.begun:
                made = copy.deepcopy(node)
                entry = ast.Subscript(value=owner, slice=key, ctx=ast.Load())
                made.value.func.value = ast.copy_location(entry, node)  # type: ignore[attr-defined]
                return made if self._is_use(made, ast.unparse(entry), empty) else node
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """`n[key] = n.get(key, 0) + step` for `n[key] += step`."""
        match node:
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=name), slice=key) as target],
                value=ast.BinOp(left=ast.Call() as asked, op=ast.Add() as op, right=step),
            ) if name in self.begun and ast.unparse(asked) == f"{name}.get({ast.unparse(key)}, 0)":
                made = ast.copy_location(ast.AugAssign(target=target, op=op, value=step), node)
                return made if ast.unparse(made) in self.there else node
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """`if key in n: n[key] += step`, else `n[key] = step`, for the first of these."""
        self.generic_visit(node)
        match node:
            case ast.If(
                test=ast.Compare(
                    left=key, ops=[ast.In() | ast.NotIn() as asks], comparators=[ast.Name(id=name)]
                ),
                body=[one],
                orelse=[other],
            ) if name in self.begun:
                use, first = (one, other) if isinstance(asks, ast.In) else (other, one)
                entry = f"{name}[{ast.unparse(key)}]"
                if self._is_use(use, entry) and ast.unparse(first) in _first_values(use, entry):
                    return use
        return node

    def _only_begins(self, statement: ast.stmt, below: list[ast.stmt]) -> bool:
        """Whether a statement only begins the entry that one below it uses, come what may: `if key not in
        groups: groups[key] = []`, or `groups.setdefault(key, [])`."""
        begun = _begins(statement)
        if begun is None or begun[0] not in self.begun:
            return False
        name, key, empty = begun
        entry = f"{name}[{ast.unparse(key)}]"
        asked = {node.id for node in ast.walk(key) if isinstance(node, ast.Name)}
        for later in below:
            if self._is_use(later, entry, empty):
                return True
            used = {node.id for node in ast.walk(later) if isinstance(node, ast.Name)}
            if not isinstance(later, _SIMPLE) or name in used or asked & set(_stored(later)):
                return False
        return False

    def _is_use(self, statement: ast.AST, entry: str, empty: ast.expr | None = None) -> bool:
        """Whether a statement of the old source uses an entry that can begin as `empty`, if that is given."""
        used = _use(statement)
        if used is None or used[0] != entry or ast.unparse(statement) not in self.there:
            return False
        return empty is None or ast.unparse(empty) in used[1]


def _use(statement: ast.AST) -> tuple[str, tuple[str, ...]] | None:
    """The entry of a dictionary that a statement adds to, and what it can only begin with."""
    match statement:
        case ast.AugAssign(target=ast.Subscript(value=ast.Name()) as entry, op=ast.Add()):
            return ast.unparse(entry), ("0",)
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Subscript(value=ast.Name()) as entry)) as call
        ):
            return ast.unparse(entry), _empties(call)
    return None


def _empties(call: ast.Call) -> tuple[str, ...]:
    """What has the method of a call and is empty; both sets and dictionaries have `update`."""
    match call:
        case ast.Call(func=ast.Attribute(attr="append" | "extend")):
            return ("[]", "list()")
        case ast.Call(func=ast.Attribute(attr="add")):
            return ("set()",)
        case (
            ast.Call(func=ast.Attribute(attr="update"), args=[])
            | ast.Call(func=ast.Attribute(attr="update"), args=[ast.Dict() | ast.DictComp()])
        ):
            return ("{}", "dict()")
        case ast.Call(func=ast.Attribute(attr="update"), args=[ast.Set() | ast.SetComp()], keywords=[]):
            return ("set()",)
    return ()


def _first_values(use: ast.AST, entry: str) -> tuple[str, ...]:
    """What gives an entry the value that the statement makes of an empty one."""
    match use:
        case ast.AugAssign(value=step):
            return (f"{entry} = {ast.unparse(step)}",)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[item])):
            return (f"{entry} = [{ast.unparse(item)}]",)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add"), args=[item])):
            return (f"{entry} = {{{ast.unparse(item)}}}",)
    return ()


def _begins(statement: ast.stmt) -> tuple[str, ast.expr, ast.expr] | None:
    """The dictionary, the key and the value, where a statement only begins an entry that is not there."""
    match statement:
        case ast.If(
            test=ast.Compare(left=key, ops=[ast.NotIn()], comparators=[ast.Name(id=name)]),
            body=[ast.Assign(targets=[ast.Subscript() as entry], value=empty)],
            orelse=[],
        ) if ast.unparse(entry) == f"{name}[{ast.unparse(key)}]":
            return name, key, empty
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="setdefault"), args=[key, empty], keywords=[]
            )
        ):
            return name, key, empty
    return None


def _files(node: ast.With) -> list[str]:
    """The names that a `with` gives to files that it opens."""
    return [
        item.optional_vars.id
        for item in node.items
        if isinstance(item.optional_vars, ast.Name) and _opens(item.context_expr)
    ]


def _opens(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"


def _with_files(tree: ast.Module) -> set[str]:
    if "open" in set(_stored(tree)):
        return set()
    return {name for node in ast.walk(tree) if isinstance(node, ast.With) for name in _files(node)}


def _opened(tree: ast.Module) -> set[str]:
    """The names that are given to files that are opened; those are closed by the `with`."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and _opens(node.value)]
    return {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}


# --- dictionaries that have nothing before ------------------------------------------------------------------


def _begun_empty(tree: ast.Module) -> set[str]:
    """The names that are bound once, to an empty dictionary that has no other name."""
    bound = list(_stored(tree))
    return {
        node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and ast.unparse(node.value) in _EMPTY
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and bound.count(node.targets[0].id) == 1
    }


def _bound_on_top(tree: ast.Module) -> set[str]:
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _may_hold(tree: ast.Module, name: str) -> bool:
    """Whether a dictionary may have entries before it is added to: a missing key may be misspelled."""
    uses = [
        item.lineno for item in ast.walk(tree) if isinstance(item, ast.Subscript) and _is(item.value, name)
    ]
    if not uses or _is_filled(tree, name):
        return bool(uses)
    lent = list(_lent(tree, name))
    return any(line <= min(uses) for line in lent) or (bool(lent) and _is_used_in_functions(tree, name))


def _gets(tree: ast.Module, name: str) -> bool:
    """Whether a dictionary of that name gets entries in a source, or is given to what may give it some."""
    return _is_filled(tree, name) or any(_lent(tree, name))


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_filled(tree: ast.Module, name: str) -> bool:
    """Whether a dictionary gets items in another way than by adding to one."""
    return any(
        isinstance(node, ast.Subscript | ast.Attribute)
        and _is(node.value, name)
        and (
            node.attr in ("update", "setdefault")
            if isinstance(node, ast.Attribute)
            else isinstance(node.ctx, ast.Store) and not _is_added_to(tree, node)
        )
        for node in ast.walk(tree)
    )


def _lent(tree: ast.Module, name: str) -> Iterator[int]:
    """The lines in which a function is given the dictionary, or something else that then has it as well;
    builtin functions only read it."""
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            reads = isinstance(node.func, ast.Name) and hasattr(builtins, node.func.id)
            given = [] if reads else [*node.args, *(word.value for word in node.keywords)]
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            given = [node.value]
        elif isinstance(node, ast.List | ast.Tuple | ast.Dict | ast.Set):
            given = [item for item in ast.iter_child_nodes(node) if isinstance(item, ast.expr)]
        yield from (item.lineno for item in given if _is(item, name))


def _is_used_in_functions(tree: ast.Module, name: str) -> bool:
    """Whether functions add to entries of a dictionary that is not their own."""
    return any(
        any(isinstance(node, ast.Subscript) and _is(node.value, name) for node in ast.walk(function))
        and name not in set(_stored(function))
        for function in ast.walk(tree)
        if isinstance(function, _FUNCTIONS)
    )


def _is_added_to(tree: ast.Module, node: ast.Subscript) -> bool:
    return any(isinstance(item, ast.AugAssign) and item.target is node for item in ast.walk(tree))


def _stored(tree: ast.AST) -> Iterator[str]:
    """The names that are bound, those of parameters and imports too."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=given):
                yield (given or name).partition(".")[0]
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                yield name
