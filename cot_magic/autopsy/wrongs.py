"""Where a wrong result was made: what an assert reads goes back to a statement that is known to surprise."""

import ast
from collections.abc import Iterator
from typing import Any

from cot_magic.autopsy.bindings import Binding, names_in, root_name
from cot_magic.autopsy.evaluation import UNKNOWN, called_name
from cot_magic.autopsy.losses import lost_writes
from cot_magic.autopsy.scene import is_instance
from cot_magic.autopsy.story import MadeBy, Story, told
from cot_magic.capture.describe import objects


def wrongs(story: Story) -> Iterator[MadeBy]:
    """The statements that a false assert goes back to, most telling first."""
    chain = _chain(story)
    for find in (_alias, _lost, _groupby, _merge, _function):
        found = list(find(story, chain))
        if found:
            yield from found[:1]
            return


def _chain(story: Story) -> list[Binding]:
    """All bindings that the condition goes back to, latest first."""
    found: dict[int, Binding] = {}
    for name in story.names:
        for item in story.chain(name):
            found.setdefault(id(item), item)
    return sorted(found.values(), key=lambda item: (-item.order, -item.lineno))


def _alias(story: Story, chain: list[Binding]) -> Iterator[MadeBy]:
    """`b = a` makes a second name for one object, which was then changed."""
    for item in chain:
        if item.how != "=" or not isinstance(item.value, ast.Name):
            continue
        one, other = item.name, item.value.id
        value = story.scene.globals.get(one, UNKNOWN)
        changed = [
            later
            for later in story.known
            if later.name in (one, other) and later.how in ("[]=", ".=", "in place", "op=")
            if (later.order, later.lineno) > (item.order, item.lineno)
        ]
        mutable = objects.is_a(value, list, dict, set) or is_instance(
            value, "pandas.DataFrame", "numpy.ndarray"
        )
        if mutable and value is story.scene.globals.get(other, UNKNOWN) and changed:
            yield MadeBy(
                binding=item,
                why="alias",
                text=f"`{one}` and `{other}` are one object since {told(story, item)}, so "
                f"{told(story, changed[0])} changes both.",
                check=f"{one} is {other}",
                prediction=f"`{one}` is `{other}`.",
            )


def _lost(story: Story, chain: list[Binding]) -> Iterator[MadeBy]:
    """A statement that changes a copy of a part of a table."""
    yield from lost_writes(story)


def _groupby(story: Story, chain: list[Binding]) -> Iterator[MadeBy]:
    """A groupby leaves out the rows whose key is missing."""
    for item in chain:
        for call in _calls(item, "groupby"):
            if not isinstance(call.func, ast.Attribute) or any(
                word.arg == "dropna" for word in call.keywords
            ):
                continue
            table, keys = (
                _value(story, call.func.value),
                _value(story, call.args[0]) if call.args else UNKNOWN,
            )
            if not is_instance(table, "pandas.DataFrame") or keys is UNKNOWN:
                continue
            source = f"{ast.unparse(call.func.value)}[{ast.unparse(call.args[0])}].isna()"
            missing = _value(story, ast.parse(f"int({source}.to_numpy().sum())", mode="eval").body)
            if missing is not UNKNOWN and missing:
                yield MadeBy(
                    binding=item,
                    why="groupby",
                    text=f"{told(story, item)} leaves out {missing} row{'s' * (missing != 1)} whose key is "
                    "missing.",
                    check=f"bool({source}.to_numpy().any())",
                    prediction="Some keys are missing.",
                )


def _merge(story: Story, chain: list[Binding]) -> Iterator[MadeBy]:
    """A merge that loses rows, or repeats them because keys of the other table are not unique."""
    for item in chain:
        for call in _calls(item, "merge"):
            if not isinstance(call.func, ast.Attribute):
                continue
            sources = [call.func.value, *call.args][-2:]
            left, right = _value(story, sources[0]), _value(story, sources[-1])
            joined = story.scene.globals.get(item.name, UNKNOWN)
            tables = (left, right, joined)
            if len(sources) != 2 or not all(is_instance(table, "pandas.DataFrame") for table in tables):
                continue
            if len(left) != len(joined):
                more = "repeats" if len(joined) > len(left) else "leaves out"
                name = ast.unparse(sources[0])
                yield MadeBy(
                    binding=item,
                    why="merge",
                    text=f"{told(story, item)} {more} rows: {len(left)} before, {len(joined)} after.",
                    check=f"len({name}) != len({item.name})",
                    prediction=f"`{item.name}` does not have as many rows as `{name}`.",
                )


def _function(story: Story, chain: list[Binding]) -> Iterator[MadeBy]:
    """The only function of the person's own that the result goes through."""
    read = [name for item in chain for name in names_in(item.value)]
    called = [story.made(name) for name in dict.fromkeys([*story.names, *read])]
    functions = [item for item in called if item is not None and item.how == "def"]
    test = ast.unparse(story.top) if story.top is not None else ""
    if len(functions) == 1 and test:
        yield MadeBy(
            binding=functions[0],
            why="function",
            text=f"The result comes from `{functions[0].name}`, defined in {told(story, functions[0])}.",
            check=f"not ({test})",
            prediction="The condition is false each time.",
        )


def _calls(item: Binding, name: str) -> Iterator[ast.Call]:
    for part in ast.walk(item.value) if item.value is not None else ():
        if isinstance(part, ast.Call) and called_name(part) == name:
            yield part


def _value(story: Story, node: ast.expr) -> Any:
    """The value of an expression of another cell in the names as they are now."""
    return (
        story.scene.spots[-1].evaluation.value(node)
        if root_name(node) or isinstance(node, ast.Constant | ast.List | ast.Call)
        else UNKNOWN
    )
