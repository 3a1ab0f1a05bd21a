"""All operators, and the mistakes they can put into a notebook, in an order that a seed decides."""

import ast
import random
from collections.abc import Iterator, Sequence

from cot_magic.core.edits import parsed
from cot_magic.faults import calls, counting, statements, syntax, words
from cot_magic.faults.mistakes import Mistake
from cot_magic.faults.operator import CellCode, Operator

OPERATORS: tuple[Operator, ...] = (
    *words.OPERATORS,
    *counting.OPERATORS,
    *calls.OPERATORS,
    *statements.OPERATORS,
    *syntax.OPERATORS,
)
KINDS: tuple[str, ...] = tuple(operator.kind for operator in OPERATORS)
WHILE_RUNNING: tuple[str, ...] = tuple(operator.kind for operator in OPERATORS if operator.parses)
"""Mistakes that show when the code runs; a syntax error is found by reading where Python points."""


def mistakes_of(operator: Operator, code: CellCode, cell: int) -> Iterator[Mistake]:
    """Yield the mistakes of one kind that can be made in a cell.

    A change that gives the same program, or parses where it should not (or the reverse), is skipped.
    """
    for change in operator.find(code):
        mistake = Mistake(
            kind=operator.kind,
            lesson=operator.lesson,
            cell=cell,
            lineno=change.lineno,
            before=code.text,
            replacements=change.replacements,
        )
        tree = parsed(mistake.after)
        if (tree is not None) != operator.parses:
            continue
        if tree is None or code.tree is None or ast.dump(tree) != ast.dump(code.tree):
            yield mistake


def candidates(
    cells: Sequence[tuple[int, str]],
    *,
    kinds: Sequence[str] = KINDS,
    seed: int = 0,
    spared: Sequence[int] = (),
) -> Iterator[Mistake]:
    """Yield mistakes for a notebook, taking the kinds in turn so that one with few places is not rare.

    Parameters
    ----------
    cells
        Index and source of the code cells.
    kinds
        Names of the operators that may be used.
    seed
        The same seed gives the same order.
    spared
        Indexes of cells that are left unchanged.
    """
    codes = _codes(cells, spared)
    chance = random.Random(seed)  # noqa: S311 - a repeatable order, not a secret
    by_kind: list[list[Mistake]] = []
    for operator in OPERATORS:
        if operator.kind in kinds:
            found = [item for place, code in codes for item in mistakes_of(operator, code, place)]
            chance.shuffle(found)
            by_kind.append(found)
    chance.shuffle(by_kind)
    while any(by_kind):
        for found in by_kind:
            if found:
                yield found.pop()


def _codes(cells: Sequence[tuple[int, str]], spared: Sequence[int]) -> list[tuple[int, CellCode]]:
    trees = [tree for _, source in cells if (tree := parsed(source)) is not None]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    functions = frozenset(
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    given = {node.arg for node in nodes if isinstance(node, ast.arg)}
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    bound = frozenset(stored | given | functions | classes)
    return [(place, CellCode(source, bound, functions)) for place, source in cells if place not in spared]
