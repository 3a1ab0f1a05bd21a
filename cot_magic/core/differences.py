"""Where two syntax trees differ: the smallest parts that were replaced, put in or taken out."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cot_magic.core.edits import opcodes

_CONTEXTS = (ast.expr_context,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place at which two trees differ.

    Attributes
    ----------
    was, now
        What was there, and what is there now; None where something was put in or taken out.
    around
        What `now` is part of, outermost first.
    steps
        If `now` has `was` inside, what is put around it, outermost first: `now` down to the parent of `was`.
    """

    was: ast.AST | None
    now: ast.AST | None
    around: tuple[ast.AST, ...] = ()
    steps: tuple[ast.AST, ...] = ()

    @property
    def parent(self) -> ast.AST | None:
        """What `now` is a direct part of."""
        return self.around[-1] if self.around else None


def differences(old: ast.AST, new: ast.AST) -> Iterator[Difference]:
    """The places at which two trees differ, in the order of the new one."""
    yield from _Comparison().compare(old, new, ())


@dataclass
class _Comparison:
    """Numbers the shapes of nodes, so that two are compared in one step however large they are."""

    shapes: dict[tuple[object, ...], int] = field(default_factory=dict)
    numbers: dict[ast.AST, int] = field(default_factory=dict)

    def shape(self, node: ast.AST) -> int:
        """A number that all nodes of the same content have; load and store are no content."""
        if node not in self.numbers:
            content: list[object] = [type(node).__name__]
            for name, value in ast.iter_fields(node):
                if isinstance(value, _CONTEXTS) or name in ("kind", "type_comment"):
                    continue
                content.append(self._content(value))
            self.numbers[node] = self.shapes.setdefault(tuple(content), len(self.shapes))
        return self.numbers[node]

    def _content(self, value: object) -> object:
        if isinstance(value, ast.AST):
            return self.shape(value)
        if isinstance(value, list):
            return tuple(map(self._content, value))
        return (type(value).__name__, repr(value))

    def compare(self, old: ast.AST, new: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Difference]:
        if self.shape(old) == self.shape(new):
            return
        steps = self._path(new, self.shape(old)) if isinstance(old, ast.expr) else ()
        if steps:
            yield Difference(was=old, now=new, around=around, steps=steps)
        elif type(old) is not type(new) or self._differs_itself(old, new):
            yield Difference(was=old, now=new, around=around)
        else:
            for (_, mine), (_, theirs) in zip(ast.iter_fields(old), ast.iter_fields(new), strict=True):
                if isinstance(mine, ast.AST) and isinstance(theirs, ast.AST):
                    yield from self.compare(mine, theirs, (*around, new))
                elif isinstance(mine, list) and isinstance(theirs, list):
                    yield from self._compare_lists(mine, theirs, (*around, new))
                elif isinstance(mine, ast.AST) or isinstance(theirs, ast.AST):
                    yield Difference(was=_node(mine), now=_node(theirs), around=(*around, new))

    def _differs_itself(self, old: ast.AST, new: ast.AST) -> bool:
        """Whether more than the parts of two nodes differs: a name, a constant, the names of a `global`."""
        for (_, mine), (_, theirs) in zip(ast.iter_fields(old), ast.iter_fields(new), strict=True):
            if isinstance(mine, ast.AST) or isinstance(theirs, ast.AST):
                continue
            if isinstance(mine, list) and isinstance(theirs, list):
                if _own_items(mine) != _own_items(theirs):
                    return True
            elif mine != theirs:
                return True
        return False

    def _compare_lists(
        self, old: Sequence[object], new: Sequence[object], around: tuple[ast.AST, ...]
    ) -> Iterator[Difference]:
        mine, theirs = [_node(item) for item in old], [_node(item) for item in new]
        if len(mine) == len(theirs):
            yield from self._pairs(mine, theirs, around)
            return
        one, other = (
            [-1 if item is None else self.shape(item) for item in items] for items in (mine, theirs)
        )
        for tag, a, b, c, d in opcodes(one, other):
            if tag == "equal":
                continue
            same = min(b - a, d - c)
            yield from self._pairs(mine[a : a + same], theirs[c : c + same], around)
            yield from (Difference(was=item, now=None, around=around) for item in mine[a + same : b])
            yield from (Difference(was=None, now=item, around=around) for item in theirs[c + same : d])

    def _pairs(
        self,
        old: Sequence[ast.AST | None],
        new: Sequence[ast.AST | None],
        around: tuple[ast.AST, ...],
    ) -> Iterator[Difference]:
        for one, other in zip(old, new, strict=True):
            if one is not None and other is not None:
                yield from self.compare(one, other, around)
            elif one is not other:
                yield Difference(was=one, now=other, around=around)

    def _path(self, node: ast.AST, shape: int) -> tuple[ast.AST, ...]:
        """The nodes from this one down to the parent of a part of that shape; () if it has none."""
        for child in ast.iter_child_nodes(node):
            if self.shape(child) == shape:
                return (node,)
            if below := self._path(child, shape):
                return (node, *below)
        return ()


def _own_items(values: list[object]) -> list[object]:
    return [item for item in values if not isinstance(item, ast.AST)]


def _node(value: object) -> ast.AST | None:
    return value if isinstance(value, ast.AST) else None
