"""All rules about code that Python cannot parse."""

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

SLIPS: tuple[Slip, ...] = tuple(
    slip
    for module in (
        pasted, characters, imports, blocks, fstrings, strings, numbers, statement_rows, header_rows,
        expression_rows, arguments, target_rows, words, scopes, items,
    )
    for slip in module.SLIPS
)  # fmt: skip

RULES: tuple[SyntaxRule, ...] = tuple(
    SyntaxRule(slip=slip, slips=SLIPS)
    for slip in {slip.code: slip for slip in (*SEARCHED.values(), *SLIPS)}.values()
)
