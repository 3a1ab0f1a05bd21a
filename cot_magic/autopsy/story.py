"""The story of the names in a failing expression: which statements made them what they are."""

import ast
from dataclasses import dataclass
from functools import cached_property

from cot_magic.autopsy.bindings import Binding, names_in
from cot_magic.autopsy.scene import Scene
from cot_magic.core.case import CellId

DEEPEST = 8


@dataclass(kw_only=True)
class Story:
    """The scene with all bindings of its cells."""

    scene: Scene
    known: list[Binding]

    @cached_property
    def top(self) -> ast.AST | None:
        """What the failing cell itself was executing: the expression, for an assert its condition."""
        spot = self.scene.spots[-1] if self.scene.spots else None
        if spot is None:
            return None
        if isinstance(spot.executed.statement, ast.Assert):
            return spot.executed.statement.test
        return spot.node

    @property
    def failing(self) -> CellId | None:
        return self.scene.case.cell.id

    @cached_property
    def names(self) -> list[str]:
        """The global names that the failing expression of the failing cell reads."""
        return [name for name in names_in(self.top) if self.of(name)]

    def of(self, name: str) -> list[Binding]:
        """The bindings of a name, the last one last."""
        return [item for item in self.known if item.name == name]

    def last(self, name: str) -> Binding | None:
        """The statement that made the name what it is; a change of its value counts."""
        found = self.of(name)
        return found[-1] if found else None

    def made(self, name: str) -> Binding | None:
        """The statement that bound the name last; changes of its value do not count."""
        found = [
            item
            for item in self.of(name)
            if item.how in ("=", "for", "def", "class", "with", "import", "op=")
        ]
        return found[-1] if found else None

    def chain(self, name: str) -> list[Binding]:
        """The bindings that the value of a name goes back to, latest first."""
        found: list[Binding] = []
        waiting = [(name, len(self.known))]
        while waiting and len(found) < DEEPEST:
            wanted, before = waiting.pop(0)
            for place in range(before - 1, -1, -1):
                item = self.known[place]
                if item.name != wanted or item.how == "import" or item in found:
                    continue
                found.append(item)
                if item.how in ("=", "op=", "for", "with"):
                    waiting += [(other, place) for other in names_in(item.value) if other != wanted]
                    if item.how == "=" and wanted not in names_in(item.value):
                        break
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBy:
    """A statement and what it did.

    `check` is an expression that is True in the state before the failing cell if that is so; `prediction`
    says it in words. `sizes` are the lengths of operands that differ.
    """

    binding: Binding
    why: str
    text: str
    check: str
    prediction: str
    sizes: tuple[tuple[str, int], ...] = ()


def told(story: Story, binding: Binding) -> str:
    """The place and source of a statement for a sentence."""
    source = story.scene.redactor.source(binding.text)
    return f"{story.scene.label(binding.cell.id)}, line {binding.lineno} (`{source.rstrip(':')}`)"
