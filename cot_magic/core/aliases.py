"""Which names may hold the same object, so that a change through one of them is seen through the other."""

import ast
import builtins
from collections.abc import Iterable, Iterator

_BUILTINS = frozenset(vars(builtins)) | {"display"}
_SHALLOW = frozenset(("copy", "fillna", "rename"))  # they copy; `deep=False` and `copy=False` keep the parts


def aliases(tree: ast.AST) -> frozenset[tuple[str, str]]:
    """Pairs of a name and another whose object, or a part of it, it may hold: `a = b`, `for a in (b, c)`."""
    found: set[tuple[str, str]] = set()
    for node in _outside_functions(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                found |= {(name, held) for target in targets for name, held in _pairs(target, value)}
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.NamedExpr(target=target, value=value)
            ):
                found |= set(_pairs(target, value))
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                found |= set(_pairs(target, value))
    return frozenset(pair for pair in found if pair[0] != pair[1])


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of the tree; of a function or a class, whose names are its own, none."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield node
            pending.extend(ast.iter_child_nodes(node))


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    """The names that the target binds, each with those whose objects the value holds."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for left, right in zip(target.elts, value.elts, strict=True):
            yield from _pairs(left, right)
        return
    names = [
        node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    yield from ((name, held) for name in names for held in _held(value))


def _held(value: ast.expr) -> Iterator[str]:
    """The names whose objects the value of the expression is, or holds."""
    match value:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from _held(part)
        case ast.Dict(values=parts):
            for part in parts:
                yield from _held(part)
        case ast.IfExp(body=first, orelse=second):
            yield from (*_held(first), *_held(second))
        case ast.Starred(value=inner) | ast.NamedExpr(value=inner):
            yield from _held(inner)
        case ast.Call(func=ast.Name(id="zip" | "enumerate" | "list" | "tuple" | "dict"), args=parts):
            for part in parts:
                yield from _held(part)
        case ast.Call(func=ast.Attribute(attr="items" | "values", value=inner), args=[]):
            yield from _held(inner)
        case ast.Call(func=ast.Attribute(attr=method, value=inner), args=args, keywords=words):
            kept = any(
                word.arg in ("deep", "copy") and getattr(word.value, "value", None) is False for word in words
            )
            if method in _SHALLOW and kept:
                yield from _held(inner)
            elif method == "copy" and getattr(inner, "id", None) == "copy":  # `copy.copy(x)`
                for part in args:
                    yield from _held(part)


def objects_of(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Of each name that is in a pair, the names whose objects it may hold, its own included."""
    direct: dict[str, set[str]] = {}
    for name, held in pairs:
        direct.setdefault(name, {name}).add(held)
        direct.setdefault(held, {held})
    found = {}
    for name in direct:
        pending, seen = [name], {name}
        while pending:
            new = direct[pending.pop()] - seen
            seen |= new
            pending += new
        found[name] = frozenset(seen)
    return found


def reached(names: Iterable[str], objects: dict[str, frozenset[str]]) -> frozenset[str]:
    """The names whose objects change if those of `names` are changed in place."""
    changed = frozenset(names)
    for name in changed:
        changed |= objects.get(name, frozenset())
    return changed | {name for name, held in objects.items() if held & changed}


def handed_over(call: ast.Call) -> list[ast.expr]:
    """What a call that is a statement may change: its object, or the arguments of a function of the notebook.

    Its value is discarded, so it is there for what it does.
    """
    if isinstance(call.func, ast.Attribute):
        return [call.func.value]
    if isinstance(call.func, ast.Name) and call.func.id not in _BUILTINS:
        return [*call.args, *(word.value for word in call.keywords)]
    return []


def changers(trees: Iterable[ast.AST]) -> frozenset[str]:
    """The names of functions and methods that are defined there and change what they are given."""
    return frozenset(
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and mutated(node) & {item.arg for item in ast.walk(node.args) if isinstance(item, ast.arg)}
    )


# methods that change their object, some of them only with `inplace=True`
_CHANGING = frozenset((
    "append", "add", "clear", "discard", "drop", "drop_duplicates", "dropna", "extend", "fillna", "fit",
    "insert", "pop", "popitem", "remove", "rename", "reset_index", "reverse", "set_index", "setdefault",
    "shuffle", "sort", "sort_values", "update",
))  # fmt: skip


def mutated(tree: ast.AST | None) -> set[str]:
    """Names whose objects the code may change in place: it assigns to a part, or calls such a method."""
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                found |= loaded(node.value)
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _CHANGING:
                found |= loaded(value)
            case ast.Call(
                func=ast.Name(id="next" | "list" | "sum" | "max" | "min" | "sorted" | "tuple" | "set"),
                args=args,
            ):
                found |= {item.id for item in args if isinstance(item, ast.Name)}  # it may be an iterator
    return found


def acted_on(tree: ast.AST, own: frozenset[str]) -> set[str]:
    """Names whose objects are given to a call that is a statement, or to one of the functions `own`."""
    calls = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    parts = [part for call in calls if isinstance(call, ast.Call) for part in handed_over(call)]
    return set().union(*map(loaded, parts), (name for function, name in given(tree) if function in own))


def given(tree: ast.AST) -> frozenset[tuple[str, str]]:
    """Pairs of a function or method that is called, and a name that is its object or in an argument."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                function, object_ = name, set[str]()
            case ast.Call(func=ast.Attribute(attr=name, value=value)):
                function, object_ = name, loaded(value)
            case _:
                continue
        arguments = (*node.args, *(word.value for word in node.keywords))
        found |= {(function, item) for item in object_.union(*map(loaded, arguments))}
    return frozenset(found)


def loaded(tree: ast.AST) -> set[str]:
    """The names that the code reads."""
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
