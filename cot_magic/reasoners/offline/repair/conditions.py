"""Edits of conditions: made stronger, weaker, or replaced by another one that is in reach."""

import ast
import itertools
from collections.abc import Iterator

from cot_magic.reasoners.offline.repair.drafts import Drafts

SIZED = {"list", "str", "tuple", "dict", "set"}
NUMBERS = {"int", "float"}


def small_tests(drafts: Drafts, most: int = 60) -> list[str]:
    """Small conditions over the names in scope, by the types that they had."""
    names = drafts.some_names(9)
    found = [test for name in names for test in tests_of_one(name, drafts.types_of(name))]
    for name in names:
        kinds = sorted((types := drafts.types_of(name)) & SIZED) or sorted(types & NUMBERS)
        if len(types - {"NoneType"}) > 1:
            found[:0] = [f"{no}isinstance({name}, {kind})" for no in ("not ", "") for kind in kinds]
    counted = [name for name in names if "int" in drafts.types_of(name)]
    for name, number in itertools.product(counted, drafts.conversions):
        found[:0] = [f"{name} % {number} {sign} 0" for sign in ("==", "!=")]
    for one, other in itertools.permutations(names, 2):
        found += _of_two(one, other, drafts.types_of(one), drafts.types_of(other))
    return found[:most]


def tests_of_one(name: str, types: set[str]) -> Iterator[str]:
    """Conditions over one variable of these types."""
    if types & SIZED:
        yield from (f"not {name}", name, f"len({name}) == 1", f"len({name}) < 2")
    if "NoneType" in types:
        yield from (f"{name} is None", f"{name} is not None", name)
    if types & NUMBERS:
        yield from (f"{name} == 0", f"{name} > 0", f"{name} < 0", f"{name} == 1", f"{name} <= 1")
    if not types:
        yield from (f"{name} is None", f"not {name}")


def _of_two(one: str, other: str, types: set[str], others: set[str]) -> Iterator[str]:
    if types & others & NUMBERS:
        yield f"{one} < {other}"
        if one < other:
            yield f"{one} == {other}"
        yield f"{one} <= {other}"
    elif types & others - {"list", "dict", "NoneType"} and one < other:
        yield f"{one} == {other}"
    if others & {"list", "set", "dict", "tuple"} and types:
        yield from (f"{one} in {other}", f"{one} not in {other}")
    if "str" in types and "str" in others:
        yield from (f"{one} in {other}", f"{one} not in {other}")
    if others & {"list", "tuple", "str"} and "int" in types:
        yield from (f"{one} < len({other})", f"{one} == len({other})", f"{one} > len({other})")


def condition_edits(drafts: Drafts, test: ast.expr) -> None:
    """Join the condition with another by `and` or `or`, on either side, or replace it."""
    text = drafts.text(test)
    mine = f"({text})" if isinstance(test, ast.BoolOp | ast.IfExp) else text
    pool = [(other, 0.0) for other in drafts.tests if other != text]
    pool += [(other, 0.4) for other in small_tests(drafts)]
    for other, extra in pool:
        theirs = f"({other})" if " or " in other or " and " in other else other
        drafts.add("cond", test, f"{mine} and {theirs}", extra)
        drafts.add("cond", test, f"{mine} or {theirs}", extra)
        drafts.add("cond", test, f"{theirs} and {mine}", extra + 0.3)
        drafts.add("cond", test, f"{theirs} or {mine}", extra + 0.3)
        drafts.add("condatom", test, other, extra)
