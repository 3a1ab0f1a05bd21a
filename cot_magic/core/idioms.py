"""Idioms that mean what was there: a file opened in a `with`, an entry that is begun before it is used."""

import ast
import copy
import functools
from collections.abc import Iterator

_BEGINS = {
    "append": ("[]", "list()"),
    "extend": ("[]", "list()"),
    "add": ("set()",),
    "update": ("set()", "{}"),
}
_EMPTY = ("{}", "dict()")


@functools.lru_cache(maxsize=256)
def plainly(old: ast.Module | None, new: ast.Module | None) -> tuple[ast.Module | None, ast.Module | None]:
    """Both trees without what only says the same in another way, so that they can be compared; copies if
    anything differs."""
    if old is None or new is None:
        return old, new
    files = _with_files(new) & (_with_files(old) | _opened(old))
    begun = (_begun_empty(old) - _filled(old)) & _begun_empty(new)
    before = _Plain(files, begun, old).visit(copy.deepcopy(old)) if files else old
    after = _Plain(files, begun, old).visit(copy.deepcopy(new)) if files or begun else new
    return before, after


class _Plain(ast.NodeTransformer):
    """Writes idioms out: files that a `with` opens are assigned, and nothing closes them; an entry that is
    begun where it is needed is only used, as in the `old` source."""

    def __init__(self, files: set[str], begun: set[str], old: ast.Module) -> None:
        self.files, self.begun = files, begun
        self.there = {
            ast.unparse(node) for node in ast.walk(old) if isinstance(node, ast.Expr | ast.AugAssign)
        }

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
        plain = ast.unparse(node)
        match node.value:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(
                        func=ast.Attribute(value=ast.Name(id=name) as owner, attr="setdefault"),
                        args=[key, empty],
                    ),
                    attr=method,
                )
            ) if name in self.begun and ast.unparse(empty) in _BEGINS.get(method, ()):
                made = copy.deepcopy(node)
                entry = ast.Subscript(value=owner, slice=key, ctx=ast.Load())
                made.value.func.value = ast.copy_location(entry, node)  # type: ignore[attr-defined]
                return made if ast.unparse(made) in self.there and plain not in self.there else node
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

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """`if key not in groups: groups[key] = []` before it is used."""
        self.generic_visit(node)
        match node:
            case ast.If(
                test=ast.Compare(left=key, ops=[ast.NotIn()], comparators=[ast.Name(id=name)]),
                body=[ast.Assign(targets=[ast.Subscript() as entry], value=empty)],
                orelse=[],
            ) if name in self.begun and ast.unparse(entry) == f"{name}[{ast.unparse(key)}]":
                used = [text for text in self.there if text.startswith(ast.unparse(entry))]
                if used and all(_fits(text[len(ast.unparse(entry)) :], ast.unparse(empty)) for text in used):
                    return None
        return node


def _fits(use: str, empty: str) -> bool:
    """Whether a value is what an entry begins with: a list before `.append(…)`, 0 before `+= …`."""
    if use.startswith(" += "):
        return empty == "0"
    return use.startswith(".") and empty in _BEGINS.get(use[1:].partition("(")[0], ())


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


def _begun_empty(tree: ast.Module) -> set[str]:
    """The names that are bound once, to an empty dictionary."""
    bound = list(_stored(tree))
    return {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.value) in _EMPTY
        for target in node.targets
        if isinstance(target, ast.Name) and bound.count(target.id) == 1
    }


def _filled(tree: ast.Module) -> set[str]:
    """The names of what gets items in another way: a key that is missing there may be misspelled."""
    return {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript | ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (
            node.attr in ("update", "setdefault")
            if isinstance(node, ast.Attribute)
            else isinstance(node.ctx, ast.Store) and not _is_added_to(tree, node)
        )
    }


def _is_added_to(tree: ast.Module, node: ast.Subscript) -> bool:
    return any(isinstance(item, ast.AugAssign) and item.target is node for item in ast.walk(tree))


def _stored(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
