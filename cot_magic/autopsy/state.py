"""State: how the names of the failing line came about in an order, or from a source, that no longer holds."""

import ast
import builtins
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from cot_magic.autopsy.bindings import Binding, bindings, names_in, tree_of
from cot_magic.autopsy.evaluation import UNKNOWN, changes
from cot_magic.autopsy.modules import edited_modules
from cot_magic.autopsy.scene import Scene
from cot_magic.autopsy.story import Story, told
from cot_magic.capture.describe import objects
from cot_magic.core.case import Cell, Freshness
from cot_magic.core.facts import Fact

MOST_BEFORE = 4
_BINDS = ("=", "op=", "for", "with", "def", "class", "import")


def state(scene: Scene) -> Iterator[Fact]:
    """`state.shadowed`, `state.module`, `state.again`, `state.edited`, `state.order`, `state.below` and
    `state.before`."""
    story = Story(scene=scene, known=bindings(scene))
    yield from _shadowed(story)
    yield from edited_modules(scene)
    yield from _again(scene)
    yield from _order(scene)
    yield from _before(story)


# --- library names that the person's names hide -------------------------------------------------------------


def _shadowed(story: Story) -> Iterator[Fact]:
    """Names that the failing statement reads and a cell took from Python or from a library."""
    scene = story.scene
    for name in dict.fromkeys(names_in(scene.statement)):
        made = story.made(name)
        if made is None or made.how == "import":
            continue
        imported = [item for item in story.of(name) if item.how == "import" and _earlier(item, made)]
        was = ""
        if imported:
            was = _imported_from(imported[-1], name)
        elif hasattr(builtins, name):
            was = f"builtins.{name}"
        if not was:
            continue
        value = scene.globals.get(name, UNKNOWN)
        now = scene.text(value, 60, name) if value is not UNKNOWN else "gone"
        yield Fact.of(
            "state.shadowed",
            f"`{name}` was `{was}` until {told(story, made)}; it is `{now}` now.",
            cell=made.cell.id,
            lineno=made.lineno,
            name=name,
            was=was,
            now=now,
        )


def _earlier(one: Binding, other: Binding) -> bool:
    return (one.order, one.lineno) < (other.order, other.lineno)


def _imported_from(item: Binding, name: str) -> str:
    """What an import statement bound to the name."""
    statement = item.statement
    if isinstance(statement, ast.Import | ast.ImportFrom):
        module = f"{statement.module}." if isinstance(statement, ast.ImportFrom) and statement.module else ""
        for alias in statement.names:
            if (alias.asname or alias.name.partition(".")[0]) == name:
                return f"{module}{alias.name}"
    return name


# --- cells that ran twice, out of order, or are not what ran ------------------------------------------------


def _again(scene: Scene) -> Iterator[Fact]:
    """Cells that ran several times and change what they read: a second run gives something else."""
    count = Counter(run.cell for run in scene.history.runs)
    for cell in (scene.case.cell, *(item.cell for item in scene.case.lineage)):
        if count[cell.id] < 2:
            continue
        for statement in _own_input(cell):
            line = scene.redactor.source(
                (ast.get_source_segment(cell.source, statement) or "").split("\n")[0]
            )
            yield Fact.of(
                "state.again",
                f"{scene.label(cell.id).capitalize()} ran {count[cell.id]} times, and `{line[:120]}` changes "
                "what it reads.",
                cell=cell.id,
                lineno=statement.lineno,
                times=count[cell.id],
                statement=line[:160],
            )
            break


def _own_input(cell: Cell) -> Iterator[ast.stmt]:
    """Statements at the top of a cell that assign to a name which the cell did not make, and read it."""
    made: set[str] = set()
    tree = tree_of(cell.source)
    for statement in tree.body if tree is not None else ():
        targets = (
            [
                item.id
                for target in statement.targets
                for item in ast.walk(target)
                if isinstance(item, ast.Name)
            ]
            if isinstance(statement, ast.Assign)
            else [statement.target.id]
            if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name)
            else []
        )
        read = names_in(statement.value) if isinstance(statement, ast.Assign | ast.AugAssign) else []
        again = isinstance(statement, ast.AugAssign) or any(name in read for name in targets)
        if again and not made.issuperset(targets):
            yield statement
        made.update(targets)


def _order(scene: Scene) -> Iterator[Fact]:
    """Cells of the lineage that were edited since they ran, ran out of order, or have not run."""
    said = {
        Freshness.STALE: ("edited", "was edited since it ran, or what it reads was made anew"),
        Freshness.OUT_OF_ORDER: ("order", "ran out of order"),
        Freshness.NOT_RUN: ("below", "has not run"),
    }
    for item in scene.case.lineage:
        if item.freshness not in said:
            continue
        kind, text = said[item.freshness]
        names = ", ".join(f"`{name}`" for name in item.names[:5])
        yield Fact.of(
            f"state.{kind}",
            f"{scene.label(item.cell.id).capitalize()} defines {names} and {text}.",
            cell=item.cell.id,
            names=list(item.names[:20]),
        )


# --- what the names were before -----------------------------------------------------------------------------


def _before(story: Story) -> Iterator[Fact]:
    """What a name held before the statement that gave it its value, if that can still be told.

    The values of earlier statements are gone; they are evaluated again where they read only names that
    nothing has bound or changed since, and call nothing that changes something.
    """
    scene = story.scene
    told_of = 0
    for name in story.names:
        made = [item for item in story.of(name) if item.how in _BINDS]
        if len(made) < 2 or told_of >= MOST_BEFORE:
            continue
        earlier, last = made[-2], made[-1]
        value = _value_then(story, earlier)
        now = scene.globals.get(name, UNKNOWN)
        if value is UNKNOWN or now is UNKNOWN:
            continue
        before, after = scene.text(value, 100, name), scene.text(now, 100, name)
        kinds = [objects.qualified(type(item)) for item in (value, now)]
        if before == after and kinds[0] == kinds[1]:
            continue
        told_of += 1
        yield Fact.of(
            "state.before",
            f"`{name}` was `{before}` before {told(story, last)}; it is `{after}` since.",
            cell=last.cell.id,
            lineno=last.lineno,
            name=name,
            before=before,
            after=after,
            types=kinds,
        )


def _value_then(story: Story, item: Binding) -> Any:
    """The value that a statement gave its name, or UNKNOWN."""
    scene = story.scene
    if item.how == "import":
        module = _imported_from(item, item.name)
        owner, _, last = module.rpartition(".")
        found: Any = sys.modules.get(module, UNKNOWN)
        return (
            found
            if found is not UNKNOWN
            else objects.instance_dict(sys.modules.get(owner)).get(last, UNKNOWN)
        )
    target = item.statement.targets[0] if isinstance(item.statement, ast.Assign) else None
    if item.how != "=" or not isinstance(target, ast.Name) or item.value is None or changes(item.value):
        return UNKNOWN
    later = {other.name for other in story.known if _earlier(item, other)}
    if later.intersection(names_in(item.value)) or not scene.spots:
        return UNKNOWN
    return scene.spots[-1].evaluation.value(item.value)
