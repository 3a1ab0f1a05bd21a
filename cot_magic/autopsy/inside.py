"""Values inside: what each part of the failing expression gave, and both sides of an assert."""

import ast
import re
import types
from collections.abc import Iterator
from typing import Any

from cot_magic.autopsy.evaluation import UNKNOWN, parts
from cot_magic.autopsy.scene import Scene, is_instance
from cot_magic.capture.describe import objects
from cot_magic.capture.describe.oneline import tidy
from cot_magic.capture.describe.operands import source_of
from cot_magic.core.facts import Fact

MOST_PARTS = 12
LONGEST = 120  # characters of an object's description by its private attributes
_UNPACKED = re.compile(r"(?:too many|not enough) values to unpack \(expected (?:at least )?(\d+)")
_UNBOUND = re.compile(r"local variable '(\w+)'")
_MOST_ELEMENTS = 10_000
_PLAIN = (ast.Constant, ast.Lambda)
_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def inside(scene: Scene) -> Iterator[Fact]:
    """`inside.compared` for a comparison in an assert, `inside.unpacked`, `inside.unbound`, `inside.empty`,
    `inside.value` for each other part."""
    yield from _unpacked(scene)
    yield from _unbound(scene)
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


def _unpacked(scene: Scene) -> Iterator[Fact]:
    """`inside.unpacked`: the number of values and of names, of what is taken apart or an element."""
    told = _UNPACKED.match(scene.message) if scene.is_a("ValueError") else None
    if told is None:
        return
    for spot in scene.spots:
        for target, taken, looped in _taken_apart(spot.around):
            value = spot.value(taken)
            written = tidy(source_of(taken, spot.text), LONGEST)
            source, value, size = _guilty(written, value, int(told[1]), looped=looped)
            if size is None:
                continue
            listed = tidy(source_of(target, spot.text), LONGEST).strip("()")
            names = f"the name{'' if told[1] == '1' else 's'} `{listed}`"
            has = f"{size} value{'' if size == 1 else 's'}"
            yield Fact.of(
                "inside.unpacked",
                f"`{source}` is `{scene.text(value)}`: {has} for {names}.",
                expression=source,
                size=size,
                names=int(told[1]),
            )
            return


def _taken_apart(statement: ast.AST | None) -> Iterator[tuple[ast.expr, ast.expr, bool]]:
    """The names of each unpacking in the statement, what is unpacked, and whether a loop takes it from it."""
    for node in ast.walk(statement) if statement is not None else ():
        match node:
            case ast.Assign(targets=[ast.Tuple() | ast.List() as target], value=value):
                yield target, value, False
            case ast.For(target=ast.Tuple() as target, iter=over):
                yield target, over, True
            case ast.comprehension(target=ast.Tuple() as target, iter=over):
                yield target, over, True


def _guilty(source: str, value: Any, names: int, *, looped: bool) -> tuple[str, Any, int | None]:
    """What has another number of values than there are names, and how many; None if nothing has."""
    if not looped:
        plain = objects.exactly(value, list, tuple, str, dict)
        return source, value, len(value) if plain and len(value) != names else None
    if objects.exactly(value, list, tuple):
        for place, item in enumerate(value[:_MOST_ELEMENTS]):
            if objects.exactly(item, list, tuple, str) and len(item) != names:
                return f"{source}[{place}]", item, len(item)
    return source, value, None


def _unbound(scene: Scene) -> Iterator[Fact]:
    """`inside.unbound`: where a function assigns the name, which makes it local, and what is outside."""
    told = _UNBOUND.search(scene.message) if scene.is_a("UnboundLocalError") else None
    spot = scene.spot
    if told is None or spot is None:
        return
    name, function = told[1], spot.level.frame.f_code
    lines = [
        node.lineno
        for node in ast.walk(spot.function or ast.Module(body=[], type_ignores=[]))
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
    ]
    if not lines:
        return
    outside = spot.level.frame.f_globals.get(name, UNKNOWN)
    said = f"`{name}` is local to `{function.co_name}`, which assigns it in line {min(lines)}"
    told_of = "" if outside is UNKNOWN else f"; the `{name}` outside is `{scene.text(outside, 60, name)}`"
    yield Fact.of(
        "inside.unbound",
        f"{said}, and has no value yet{told_of}.",
        expression=name,
        function=function.co_name,
        lines=sorted(lines),
    )


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
