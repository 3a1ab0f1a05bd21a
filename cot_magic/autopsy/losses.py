"""Values that were lost: writes into a copy of a part of a table, missing values that became integers."""

import ast
from collections.abc import Iterator
from typing import Any

from cot_magic.autopsy.bindings import Binding
from cot_magic.autopsy.evaluation import UNKNOWN, called_name
from cot_magic.autopsy.scene import is_instance, loaded
from cot_magic.autopsy.story import MadeBy, Story, told

_TABLES = ("pandas.DataFrame", "pandas.Series")


def lost_writes(story: Story) -> Iterator[MadeBy]:
    """`df[…][…] = value` and `df[…].fillna(…, inplace=True)` change a copy of a part of the table."""
    for name in story.names:
        table = story.scene.globals.get(name, UNKNOWN)
        if not is_instance(table, *_TABLES):
            continue
        for item in reversed(story.of(name)):
            if item.cell.id != story.failing and (found := _written(item)) is not None:
                part, check = found
                yield MadeBy(
                    binding=item,
                    why="chained assignment",
                    text=f"{told(story, item)} changes a copy of `{part}`, and not `{name}`.",
                    check=check,
                    prediction=f"`{name}` still has the old values there.",
                )
                return


def _written(item: Binding) -> tuple[str, str] | None:
    """The part that a statement changes a copy of, and an expression that is True if that was lost."""
    match item.statement:
        case ast.Assign(
            targets=[ast.Subscript(value=ast.Subscript() | ast.Attribute() as part) as target], value=value
        ) if isinstance(part, ast.Subscript) or isinstance(part.value, ast.Subscript):
            held, wanted = ast.unparse(target), ast.unparse(value)
            return ast.unparse(part), f"bool(__import__('numpy').any({held} != {wanted}))"
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Subscript() as part)) as call):
            words = [word for word in call.keywords if word.arg != "inplace"]
            if len(words) == len(call.keywords):
                return None
            again = ast.unparse(ast.Call(func=call.func, args=call.args, keywords=words))
            return ast.unparse(part), f"not {ast.unparse(part)}.equals({again})"
    return None


def casts(story: Story) -> Iterator[MadeBy]:
    """Missing values that a conversion to integers made huge negative numbers of."""
    numpy: Any = loaded("numpy")
    if numpy is None or not story.scene.is_a("IndexError", "ValueError", "OverflowError", "KeyError"):
        return
    chain = [item for name in story.names for item in story.chain(name)]
    for item in chain:
        array: Any = story.scene.globals.get(item.name, UNKNOWN)
        if not is_instance(array, "numpy.ndarray", *_TABLES[1:]) or not _converts(item):
            continue
        if getattr(array.dtype, "kind", "") != "i" or not (array == numpy.iinfo(array.dtype).min).any():
            continue
        least = int(numpy.iinfo(array.dtype).min)
        yield MadeBy(
            binding=item,
            why="cast",
            text=f"{told(story, item)} makes {least} of each missing value.",
            check=f"bool(({item.name} == {least}).any())",
            prediction=f"`{item.name}` holds {least}.",
        )
        return


def _converts(item: Binding) -> bool:
    return any(
        called_name(part) in ("astype", "array", "asarray", "int64", "int32", "view")
        for part in ast.walk(item.statement)
        if isinstance(part, ast.Call)
    )
