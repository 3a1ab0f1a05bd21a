"""All rules about code that Python cannot parse."""

from collections.abc import Iterator
from types import ModuleType

from cot_magic.reasoners.offline.syntax import (
    arguments,
    blocks,
    characters,
    expression_rows,
    fstrings,
    header_rows,
    imports,
    items,
    numbers,
    pasted,
    scopes,
    statement_rows,
    strings,
    target_rows,
    words,
)
from cot_magic.reasoners.offline.syntax.problem import Slip
from cot_magic.reasoners.offline.syntax.rule import SEARCHED, SyntaxRule


def _slips_in(module: ModuleType) -> Iterator[Slip]:
    """Yield the slips of a module in their order: those of its tables, and those that are functions."""
    for value in vars(module).values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Slip):
                yield item


SLIPS: tuple[Slip, ...] = tuple(
    slip
    for module in (
        pasted, characters, imports, blocks, fstrings, strings, numbers, statement_rows, header_rows,
        expression_rows, arguments, target_rows, words, scopes, items,
    )
    for slip in _slips_in(module)
)  # fmt: skip

RULES: tuple[SyntaxRule, ...] = tuple(
    SyntaxRule(slip=slip, slips=SLIPS)
    for slip in {slip.code: slip for slip in (*SEARCHED.values(), *SLIPS)}.values()
)
