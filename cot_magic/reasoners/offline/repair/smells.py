"""Smells of code that works by accident: what is never used, compared with itself, read after its loop, or
cannot be reached."""

import ast
import builtins
from collections.abc import Iterator, Set

ENDS = (ast.Return, ast.Break, ast.Continue, ast.Raise)


def smells(tree: ast.Module) -> int:
    """How many there are."""
    return sum(count for node in ast.walk(tree) for count in _of(node))


def unbound(tree: ast.Module, known: Set[str]) -> set[str]:
    """Names that the program reads, and neither binds anywhere nor finds among the known ones."""
    bound = set(known) | vars(builtins).keys()
    read: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                if name == "*":
                    return set()
                bound.add(other or name.partition(".")[0])
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                bound.add(name)
            case ast.MatchMapping(rest=str(name)):
                bound.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                bound |= set(names)
    return read - bound


def _of(node: ast.AST) -> Iterator[int]:
    match node:
        case ast.FunctionDef():
            yield _unused(node)
            yield _turned_out(node)
        case ast.Compare(ops=[_], comparators=[right]):
            yield ast.dump(node.left) == ast.dump(right)
        case ast.BinOp() if not isinstance(node.op, ast.Mult | ast.Add):
            yield ast.dump(node.left) == ast.dump(node.right)
        case ast.Subscript(value=ast.Call(func=ast.Attribute(attr="groupby"), args=[key]), slice=column):
            yield ast.dump(key) == ast.dump(column)  # a column grouped by itself
        case ast.BoolOp():
            yield len({ast.dump(value) for value in node.values}) < len(node.values)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)):
            yield name == same
        case ast.While(test=ast.Constant(value=True)):
            pass
        case ast.If(test=ast.Constant()) | ast.While(test=ast.Constant()) | ast.IfExp(test=ast.Constant()):
            yield 1
    if isinstance(node, ast.For | ast.While):
        yield _turns_once(node)
    for name in ("body", "orelse"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield sum(isinstance(item, ENDS) for item in body[:-1])


def _turns_once(loop: ast.For | ast.While) -> bool:
    """Whether its first turn always ends it, so that it is no loop."""
    again = any(isinstance(node, ast.Continue) for node in ast.walk(loop))
    return isinstance(loop.body[-1], ast.Return | ast.Break | ast.Raise) and not again


def _unused(function: ast.FunctionDef) -> int:
    """Arguments and variables of loops that are not read, and statements on which nothing depends that the
    caller can see."""
    given = {arg.arg for arg in function.args.args} - {"self"}
    turned = {
        name
        for node in ast.walk(function)
        if isinstance(node, ast.For | ast.comprehension)
        for name in _roots(node.target)
        if not name.startswith("_")
    }
    read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and _is_read(node)}
    made: list[tuple[set[str], set[str]]] = []  # what a statement changes, and what that depends on
    live = given | {"self"}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets):
                changed = {root for target in targets for root in _roots(target)}
                made.append((changed, _names(node)))
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                made.append((_roots(target), _names(node)))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner))) if roots := _roots(owner):
                made.append((roots, _names(node)))
            case ast.Return() | ast.Expr() | ast.Assert() | ast.Raise() | ast.With() | ast.Global():
                live |= _names(node)
            case ast.If(test=test) | ast.While(test=test) | ast.For(iter=test):
                live |= _names(test)
            case ast.FunctionDef() | ast.Lambda() if node is not function:
                live |= _names(node)
    size = -1
    while size < len(live):
        size = len(live)
        live = live.union(*(used for changed, used in made if not live.isdisjoint(changed)))
    unused = sum(
        live.isdisjoint(changed) and not any(name.startswith("_") for name in changed) for changed, _ in made
    )
    return len((given | turned) - read) + unused


def _is_read(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Store)


def _names(node: ast.AST) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name) and _is_read(item)}


def _roots(target: ast.AST) -> set[str]:
    """The variables that an assignment to the target changes."""
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
        target = target.value
    match target:
        case ast.Name(id=name):
            return {name}
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return {name for part in parts for name in _roots(part)}
    return set()


def _turned_out(function: ast.FunctionDef) -> int:
    """Variables of `for` loops that are read after their loop, though nothing else sets them and the loop has
    no `break`: they hold what came last."""
    found = 0
    for node in ast.walk(function):
        block = getattr(node, "body", None)
        if not isinstance(block, list):
            continue  # the body of a lambda is an expression
        for place, loop in enumerate(block):
            if not isinstance(loop, ast.For) or any(isinstance(item, ast.Break) for item in ast.walk(loop)):
                continue
            turned = {item.id for item in ast.walk(loop.target) if isinstance(item, ast.Name)}
            later = [item for after in block[place + 1 :] for item in ast.walk(after)]
            names = [item for item in later if isinstance(item, ast.Name) and item.id in turned]
            stored = {item.id for item in names if isinstance(item.ctx, ast.Store)}
            found += len({item.id for item in names} - stored)
    return found
