"""Divisions that become whole ones: where a number of items or a place is asked for, and nowhere else."""

import ast
from collections.abc import Iterator

from cot_magic.core.shifts import Shift, Symptom

_COUNTS = frozenset({"range", "int", "islice", "zeros", "ones", "empty", "full", "head", "tail", "sample"})


def made_whole(
    old: ast.Module, new: ast.Module, failure: Symptom, others: tuple[ast.Module, ...]
) -> Iterator[Shift]:
    """Quotients of which the fraction is lost though more is done with them than to count or to look up."""
    known = {ast.dump(node) for node in ast.walk(old)}
    was = {ast.unparse(node) for node in ast.walk(old) if isinstance(node, ast.BinOp)}
    for statement in (node for node in ast.walk(new) if isinstance(node, ast.stmt)):
        for node in _expressions(statement):
            if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.FloorDiv):
                continue
            plain = ast.unparse(ast.BinOp(left=node.left, op=ast.Div(), right=node.right))
            if ast.dump(node) in known or plain not in was or any(plain in text for text in failure.running):
                continue
            told = ast.unparse(node)[:40]
            if not isinstance(statement, ast.Assign) and id(node) not in _places(statement):
                if not isinstance(statement, ast.Return):
                    yield Shift(text=f"`{told}` cuts off what is after the point")
                continue
            for name in _bound(statement):
                if _has_fraction(name, failure) and any(_does_more(tree, name) for tree in (new, *others)):
                    yield Shift(
                        text=f"`{told}` cuts off what is after the point: `{name}` is no mere number of items"
                    )


def _expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that belong to no statement inside it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt):
            yield from ast.walk(child)


def _bound(statement: ast.stmt) -> list[str]:
    if not isinstance(statement, ast.Assign):
        return []
    return [target.id for target in statement.targets if isinstance(target, ast.Name)]


def _has_fraction(name: str, failure: Symptom) -> bool:
    """Whether the quotient is no whole number, as far as it is known."""
    value = failure.value(name)
    return value is None or not value.text.endswith(".0")


def _does_more(tree: ast.AST, name: str) -> bool:
    """Whether a name is used for something else than places and numbers of items."""
    places = _places(tree)
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and id(node) not in places
        for node in ast.walk(tree)
    )


def _places(tree: ast.AST) -> set[int]:
    """What is in an index, or says how many."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            found.append(node.slice)
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found += [*node.args, *(word.value for word in node.keywords)] if called in _COUNTS else []
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            sides = (node.left, node.right)
            repeats = any(
                isinstance(side, ast.List | ast.Tuple | ast.Constant | ast.JoinedStr) for side in sides
            )
            found += sides if repeats else []
    return {id(part) for node in found for part in ast.walk(node)}
