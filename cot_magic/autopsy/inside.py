"""Values inside: what each part of the failing expression gave, and both sides of an assert."""

import ast
import types
from collections.abc import Iterator

from cot_magic.autopsy.evaluation import UNKNOWN, parts
from cot_magic.autopsy.scene import Scene, is_instance
from cot_magic.capture.describe import objects
from cot_magic.core.facts import Fact

MOST_PARTS = 12
LONGEST = 120  # characters of an object's description by its private attributes
_PLAIN = (ast.Constant, ast.Lambda)
_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def inside(scene: Scene) -> Iterator[Fact]:
    """`inside.compared` for a comparison in an assert, `inside.empty`, `inside.value` for each other part."""
    root = _root(scene)
    if root is None:
        return
    if isinstance(scene.statement, ast.Assert):
        yield from _compared(scene, root)
    yield from _empty(scene, root)
    said: set[str] = set()
    for node in reversed(list(parts(root))):
        if node is root or isinstance(node, _PLAIN) or len(said) >= MOST_PARTS:
            continue
        value = scene.value(node)
        if value is UNKNOWN or objects.is_a(value, *_CODE) or _is_called(value):
            continue
        source = scene.source(node)
        text = scene.text(value, name=source)
        if source in said or source == text:
            continue
        said.add(source)
        if len(text) > LONGEST and "(_" in text:  # attributes that a library keeps for itself say nothing
            text = objects.qualified(type(value))
        yield Fact.of(
            "inside.value",
            f"`{source}` is `{text}`.",
            expression=source,
            value=text,
            type=objects.qualified(type(value)),
        )


_FAIL_ON_NOTHING = ("IndexError", "ValueError", "ZeroDivisionError", "StopIteration", "StatisticsError")


def _empty(scene: Scene, root: ast.AST) -> Iterator[Fact]:
    """`inside.empty`: the first name in the expression with nothing in it, if that can be why it fails."""
    if not scene.is_a(*_FAIL_ON_NOTHING):
        return
    for node in parts(root):
        value = scene.value(node) if isinstance(node, ast.Name) else UNKNOWN
        table = is_instance(value, "pandas.DataFrame", "pandas.Series", "numpy.ndarray")
        if not isinstance(node, ast.Name) or not (table or type(value) in (list, tuple, dict, set, str)):
            continue
        if len(value) == 0:
            has = "has no rows" if is_instance(value, "pandas.DataFrame") else "is empty"
            yield Fact.of("inside.empty", f"`{node.id}` {has}.", expression=node.id)
            return


def _is_called(value: object) -> bool:
    """Whether it is something to call or an indexer (`df.loc`): it has no value to tell."""
    kind = type(value)
    return "__call__" in vars(kind) or kind.__module__ == "pandas.core.indexing" or kind.__name__ == "ufunc"


def _root(scene: Scene) -> ast.AST | None:
    if isinstance(scene.statement, ast.Assert) and scene.is_a("AssertionError"):
        return scene.statement.test
    return scene.node if isinstance(scene.node, ast.expr) else None


def _compared(scene: Scene, test: ast.AST) -> Iterator[Fact]:
    """Both sides of what an assert compares."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.expr()):
            negated, test = True, test.operand
        case _:
            negated = False
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        value = scene.value(test)
        if value is not UNKNOWN:
            source, text = scene.source(test), scene.text(value)
            yield Fact.of(
                "inside.tested", f"`{source}` is `{text}`.", expression=source, value=text, negated=negated
            )
        return
    left, right = scene.value(test.left), scene.value(test.comparators[0])
    if left is UNKNOWN or right is UNKNOWN:
        return
    sides = [scene.source(test.left), scene.source(test.comparators[0])]
    texts = [scene.text(left), scene.text(right)]
    said = f"`{sides[0]}` is `{texts[0]}`"
    if isinstance(test.ops[0], ast.Eq) and not negated:
        said += f", not `{texts[1]}`"
    elif not isinstance(test.comparators[0], ast.Constant):
        said += f" and `{sides[1]}` is `{texts[1]}`"
    yield Fact.of(
        "inside.compared",
        f"{said}.",
        left=sides[0],
        right=sides[1],
        left_value=texts[0],
        right_value=texts[1],
        operator=type(test.ops[0]).__name__,
        negated=negated,
    )
